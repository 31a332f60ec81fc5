/* Results in which every number and every text is another one, so that a test sees what is written and what
 * is not. */
#ifndef QS_TESTS_IO_SAMPLE_RESULTS_H
#define QS_TESTS_IO_SAMPLE_RESULTS_H

#include <deque>
#include <string>
#include <vector>

#include "quickset/results.h"

class SampleResults {
public:
  SampleResults();
  qs_results results{};
  /* All numbers and texts that were given out, in their order. */
  std::vector<double> numbers;
  std::vector<std::string> texts;

private:
  double number();
  const char *text(const char *what);
  qs_estimate estimate();
  qs_interval interval();
  size_t count();
  qs_greeks greeks();
  qs_total_result total(const char *what);
  void add_trades();
  void add_sensitivities();
  void add_calibration();
  void add_risk();
  void add_stress();
  void add_hedge();
  qs_policy_result policy(const char *name, const double *pnl, size_t pnl_count);
  void add_simulate();
  qs_backtest_interval backtest_interval();
  qs_backtest_policy_result backtest_policy(const char *name);
  void add_backtest();
  void add_run_info();
  qs_stress_cell cell(const char *name);

  double next_ = 1000.5;
  std::deque<std::string> strings_;
  std::deque<std::vector<qs_estimate>> kept_estimates_;
  std::deque<std::vector<qs_interval>> kept_intervals_;
  std::deque<std::vector<qs_venue_result>> kept_venues_;
  std::vector<const char *> venues_;
  std::vector<qs_time> dates_;
  std::vector<double> probabilities_;
  std::vector<const char *> instruments_;
  std::vector<qs_policy_result> policies_;
  std::vector<qs_time> bars_;
  std::vector<double> bar_prices_, states_;
  std::vector<qs_backtest_step> backtest_steps_;
  std::vector<qs_backtest_policy_result> backtest_policies_;
  std::vector<qs_frontier_point> frontier_;
  std::vector<double> saved_edges_;
  qs_saved_date saved_date_{};
  qs_saved_policy saved_{};
  std::vector<qs_trade_result> trades_;
  std::vector<qs_total_result> books_, underlyings_;
  std::vector<qs_correlation_result> correlations_;
  std::vector<qs_named_estimate> delta_, quote_vega_, bucket_vega_, shift_slope_;
  std::vector<qs_sensitivity_result> sensitivities_;
  std::vector<qs_parameter_result> parameters_;
  std::vector<qs_shift_result> shift_;
  std::vector<qs_local_expiry> local_expiries_;
  std::vector<qs_local_quote> local_quotes_;
  qs_local_result local_;
  std::vector<qs_exclusion> exclusions_;
  std::vector<qs_expiry_fit> expiries_;
  std::vector<qs_quote_fit> fits_;
  std::vector<const char *> warnings_, fit_warnings_, conflicts_;
  std::vector<qs_calibration_result> calibration_;
  std::vector<qs_risk_level> levels_;
  std::vector<qs_risk_component> components_;
  std::vector<double> incremental_var_, incremental_shortfall_, pnl_;
  std::vector<qs_risk_incremental> incremental_;
  std::vector<qs_historical_level> historical_;
  std::vector<qs_stress_cell> grid_, scenarios_, margin_;
  std::vector<qs_hedge_trade> hedge_trades_;
  std::vector<qs_shadow_price> shadow_;
  std::vector<qs_breach> breaches_;
  std::vector<qs_device_use> devices_;
  std::vector<qs_stage_time> times_;
};

#endif
