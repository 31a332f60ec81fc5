// The cases of bench_paths: every kind of unit of the CPU backend, and what each points to.
#ifndef QS_BENCH_KERNEL_WORK_H
#define QS_BENCH_KERNEL_WORK_H

#include <cstdint>
#include <memory>
#include <vector>

#include "host/script/script.h"
#include "kernels/backend.h"

enum class Unit {
  kValue,
  kGreeks,
  kHorizon,
  kHorizonOfTwo,
  kPath,
  kPathGreeks,
  kJoint,
  kJointGreeks,
  kRebalance
};

struct Case {
  const char *name;
  qs_model_type model;
  qs_scheme scheme;
  Unit unit;
  qs_precision precision;
  int steps;
  int payoffs; // more than one: the rate is of payoff values, not of path-steps
  uint64_t paths;
  double target = 0;  // M path-steps or payoff values a second on one AVX-512 core; 0: none
  bool pairs = false; // a call and a put at each strike, as a listed chain has them
  qs_sampling sampling = QS_SAMPLING_PSEUDO;
  qs_path_payoff payoff = QS_PATH_ASIAN; // of path units
  int days = 1;                          // steps from one date of a path unit to the next
  bool leverage = false;
};

extern const std::vector<Case> kCases;

// Of joint cases, and of hedging over time.
constexpr uint32_t kJointAssets = 2, kHedgePolicies = 4;

// A case's unit. Neither copied nor moved.
class Work {
public:
  // Of one year in all its steps, or of its steps of `dt` years.
  explicit Work(const Case &c, double dt = 0);
  ~Work();
  Work(const Work &) = delete;
  Work &operator=(const Work &) = delete;

  // Exits on failure, since there is nothing to measure then.
  void run(qs_device *device);

private:
  void plan(double dt);
  void make_value();
  void make_horizon();
  void make_path();
  void add_exotic(int number);
  void add_leverage();
  void compile(const char *text, uint32_t dates, qs_script *script);
  void make_joint();
  void make_rebalance();

  const Case case_;
  qs_path_plan plan_{};
  std::vector<qs_step> steps_;
  std::vector<qs_date> dates_;
  std::vector<qs_payoff_plan> payoffs_;
  std::vector<qs_path_payoff_plan> exotics_;
  std::vector<uint32_t> indices_;
  std::vector<double> weights_, policy_, known_, years_, log_forwards_, shifts_ = {0.0};
  std::vector<uint64_t> keys_;
  std::vector<double> loadings_, duals_, forward_;
  std::vector<qs_joint_asset> assets_;
  std::vector<qs_joint_payoff> formulas_;
  std::vector<uint32_t> observed_[2];
  std::vector<double> low_, spacing_, values_, offsets_;
  std::vector<uint32_t> tables_;
  qs_path_leverage leverage_{};
  std::vector<double> scale_, ones_, lapse_, bands_[2];
  std::vector<qs_trade_cost> costs_;
  std::vector<qs_band_table> tables_of_bands_;
  std::vector<qs_rebalance_instrument> instruments_;
  std::vector<qs_rebalance_policy> policies_;
  qs_context context_;
  qs_arena *arena_ = nullptr;
  qs_script script_{};
  qs_value_unit value_{};
  qs_horizon_unit horizon_{};
  qs_path_unit path_{};
  qs_joint_unit joint_{};
  qs_rebalance_unit rebalance_{};
  std::vector<qs_moment> moments_;
  std::vector<double> x_, v_, rows_;
};

#endif
