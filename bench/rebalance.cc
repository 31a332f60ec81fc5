// Time of policies of hedging over time: paths x dates x policies a second of the CPU backend on one thread,
// paths and the position left out. Cases: a target ratio, a band, and a band of the price and the variance
// with one instrument and a proportional cost; then with every cost, a rule that looks back, margin, and
// three instruments.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "kernels/backend.h"

namespace {

constexpr uint64_t kPaths = 8192;
constexpr uint32_t kDates = 31, kPolicies = 4;
constexpr int32_t kNodes = 161;

struct Case {
  bool target;
  int32_t y_count;
  bool costs;
  qs_rebalance_rule rule;
  bool margin;
  uint32_t instruments;
};

// A month of daily dates about 100.
struct Job {
  std::mt19937 random{3};
  std::vector<double> x, v, position, scale, discount, lapse, low, high;
  std::vector<uint32_t> rows;
  std::vector<qs_trade_cost> costs;
  std::vector<qs_band_table> bands;
  std::vector<qs_rebalance_instrument> instruments;
  std::vector<qs_rebalance_policy> policies;
  qs_margin_rule margin = {60, .2, .1, 10, .01};
  qs_rebalance_unit unit = {};

  explicit Job(const Case &c) {
    std::normal_distribution<> normal;
    x.assign(kDates * kPaths, 0);
    v.assign(kDates * kPaths, .36);
    for (size_t i = kPaths; i < x.size(); i++) {
      x[i] = x[i - kPaths] + .0314 * normal(random);
      v[i] = v[i - kPaths] * std::exp(.05 * normal(random));
    }
    for (size_t i = 0; i < x.size(); i++)
      position.push_back(30 * x[i]);
    scale.assign(kDates, 100);
    discount.assign(kDates, 1);
    lapse.assign(kDates, 1.0 / 365);
    for (uint32_t d = 0; d < kDates; d++)
      rows.push_back(d);
    const qs_trade_cost all = {.0005, .125, .0001, .01, .001, .02, 1}, plain = {.0005, 1e300, 0, 0, 0, 0, 0};
    costs.assign(kDates, c.costs ? all : plain);
    for (int32_t k = 0; k < kNodes * c.y_count; k++) {
      const double delta = .5 * std::erfc(-8 * (-.4 + .005 * (k % kNodes)));
      low.push_back(delta - .03);
      high.push_back(delta + .03);
    }
    const qs_band_table table = {-.4,    200,       .2,         c.y_count / .8,
                                 kNodes, c.y_count, low.data(), c.target ? low.data() : high.data()};
    bands.assign(c.instruments * (kDates - 1), table);
    instruments.assign(c.instruments, {scale.data(), scale.data(), nullptr, costs.data(), nullptr, false});
    const double limit = c.rule == QS_RULE_VARIANCE ? .002 : c.rule == QS_RULE_MOVE ? .0005 : 1;
    policies.assign(kPolicies, {bands.data(), nullptr, nullptr, c.rule, limit, false});
    unit.path_end = unit.stride = kPaths;
    unit.x = x.data();
    unit.v = v.data();
    unit.row_count = unit.date_count = unit.date_end = kDates;
    unit.decided = unit.filled = rows.data();
    unit.forward = scale.data();
    unit.discount = discount.data();
    unit.lapse = lapse.data();
    unit.instruments = instruments.data();
    unit.instrument_count = c.instruments;
    unit.policies = policies.data();
    unit.policy_count = kPolicies;
    unit.margin = c.margin ? &margin : nullptr;
    unit.position = c.margin ? position.data() : nullptr;
  }
};

void rebalance(benchmark::State &state, const Case &c, const char *target) {
  const Job job(c);
  char message[QS_DEVICE_TEXT] = "";
  const qs_device_options options = {1, target};
  qs_device *device = nullptr;
  std::vector<double> out(kPolicies * qs_rebalance_unit_rows(&job.unit) * kPaths);
  if (qs_backend_cpu()->open(0, &options, message, &device) != QS_OK) {
    state.SkipWithError(message);
    return;
  }
  for (auto _ : state) {
    if (qs_backend_cpu()->rebalance(device, &job.unit, nullptr, message, out.data()) != QS_OK)
      state.SkipWithError(message);
    benchmark::DoNotOptimize(out.data());
  }
  qs_backend_cpu()->close(device);
  state.SetItemsProcessed(int64_t(state.iterations()) * int64_t(kPaths * kDates * kPolicies));
}

} // namespace

int main(int argc, char **argv) {
  const std::pair<const char *, Case> cases[] = {
      {"target", {true, 1, false, QS_RULE_ALWAYS, false, 1}},
      {"band", {false, 1, false, QS_RULE_ALWAYS, false, 1}},
      {"band_with_variance", {false, 21, false, QS_RULE_ALWAYS, false, 1}},
      {"every_cost", {false, 21, true, QS_RULE_ALWAYS, false, 1}},
      {"variance_interval", {false, 21, true, QS_RULE_VARIANCE, false, 1}},
      {"gamma_weighted", {false, 21, true, QS_RULE_MOVE, false, 1}},
      {"margin", {false, 21, true, QS_RULE_ALWAYS, true, 1}},
      {"margin_three_instruments", {false, 21, true, QS_RULE_ALWAYS, true, 3}},
  };
  for (const char *target : {"x86-64-v4", "x86-64-v3"})
    for (const auto &[name, c] : cases) {
      const Case one = c;
      const std::string full = std::string(name) + "/" + target;
      benchmark::RegisterBenchmark(full.c_str(), [one, target](benchmark::State &state) {
        rebalance(state, one, target);
      })->Unit(benchmark::kMillisecond);
    }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
