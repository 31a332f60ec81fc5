// Control variates of formulas over several underlyings: their simulated means are their exact values, prices
// with them are unbiased and their errors honest, and a target is reached.
#include <array>

#include "host/engine/joint_set.h"
#include "host/engine/scheduler.h"
#include "tests/engine/world.h"

namespace {

const std::vector<std::pair<int, double>> kHeston = {
    {QS_V0, 0.25}, {QS_KAPPA, 2}, {QS_THETA, 0.36}, {QS_XI, 0.8}, {QS_RHO, -0.5}};
const std::vector<std::pair<int, double>> kSvcj = {
    {QS_V0, 0.2},   {QS_KAPPA, 3},    {QS_THETA, 0.25},   {QS_XI, 0.9},    {QS_RHO, -0.4},
    {QS_LAMBDA, 1}, {QS_MU_J, -0.05}, {QS_SIGMA_J, 0.12}, {QS_MU_V, 0.05}, {QS_RHO_J, -0.3}};
const std::vector<std::pair<int, double>> kKou = {
    {QS_SIGMA, 0.4}, {QS_LAMBDA, 2}, {QS_P, 0.4}, {QS_ETA1, 20}, {QS_ETA2, 12}};

// A formula over the underlyings named, on two dates.
qs_trade_spec formula(const World &w, const char *payoff, const char *const *names, size_t count,
                      const qs_schedule_spec *schedule) {
  qs_trade_spec t;
  qs_trade_spec_init(&t);
  t.id = "formula";
  t.type = QS_TRADE_SCRIPT;
  t.underlyings = names;
  t.underlying_count = count;
  t.expiry = w.inputs.as_of + 180 * QS_SECONDS_PER_DAY;
  t.quantity = 1;
  t.script.payoff = payoff;
  t.script.schedules = schedule;
  t.script.schedule_count = schedule ? 1 : 0;
  return t;
}

TEST(JointControls, AreWorthWhatTheyAreSaidToBe) {
  World w;
  w.inputs.simulation.paths = 65536;
  w.add_underlying("H", QS_MODEL_HESTON, kHeston, 100);
  w.add_underlying("S", QS_MODEL_SVCJ, kSvcj, 20);
  w.add_underlying("K", QS_MODEL_KOU, kKou, 3);
  const qs_correlation_spec correlations[] = {{{"H", "S"}, 0.5}, {{"H", "K"}, 0.3}};
  w.inputs.correlations = correlations;
  w.inputs.correlation_count = 2;
  const qs_time early = w.inputs.as_of + 97 * QS_SECONDS_PER_DAY + 77;
  const qs_schedule_spec schedule = {"t", &early, 1, {}, true};
  const char *const names[] = {"H", "S", "K"};
  w.trades.push_back(formula(w, "max(max(H[T] / 100, S[T] / 20), K[t] / 3)", names, 3, &schedule));
  w.build();
  const double none[QS_MAX_JOINT] = {};
  qs_joint_plan plan;
  ASSERT_EQ(qs_joint_plan_build(&w.context, w.arena, w.market, w.book->contracts[0].joint, &w.simulation,
                                nullptr, none, 1, false, true, nullptr, &plan),
            QS_OK)
      << w.context.message;
  qs_joint_unit with;
  qs_controls controls;
  ASSERT_EQ(qs_controls_of_joint(&w.context, w.arena, &plan.unit, &with, &controls), QS_OK);
  ASSERT_EQ(controls.count, 1u);
  ASSERT_EQ(controls.payoffs[0].count, unsigned(QS_MOST_CONTROLS));
  ASSERT_EQ(controls.all, 1u + QS_MOST_CONTROLS);
  std::vector<qs_moment> moments(qs_joint_unit_moments(&with));
  qs_moment *place = moments.data();
  ASSERT_EQ(qs_schedule_joint(&w.context, w.devices, "test", &with, 1, nullptr, &place), QS_OK)
      << w.context.message;
  size_t scores = 0;
  double square = 0;
  for (uint32_t c = 1; c < controls.all; c++) {
    for (uint32_t q = 0; q < controls.quantities; q++) {
      const double exact = controls.exact[size_t(c) * controls.quantities + q];
      if (std::isnan(exact)) {
        continue;
      }
      std::vector<double> means;
      for (uint32_t b = 0; b < w.simulation.batches; b++) {
        means.push_back(moments[(size_t(b) * controls.all + c) * controls.quantities + q].mean);
      }
      const qs_estimate e = qs_batch_estimate(&w.simulation, means.data());
      if (e.std_error < 1e-9) {
        EXPECT_NEAR(e.estimate, exact, 1e-6) << c << " " << q;
        continue;
      }
      const double z = (e.estimate - exact) / e.std_error;
      EXPECT_LT(std::fabs(z), 4.8) << "control " << c << ", quantity " << q << ": " << e.estimate << " +- "
                                   << e.std_error << ", exact " << exact;
      square += z * z;
      scores++;
    }
  }
  EXPECT_GT(scores, 100u);
  EXPECT_LT(square / double(scores), 1.7); // they share their paths
}

double cdf(double x) {
  return std::erfc(-x / std::sqrt(2.0)) / 2;
}

// The exchange of one geometric Brownian motion for another (Margrabe 1978), over seeds.
TEST(JointControls, PricesAreUnbiasedAndTheirErrorsHonest) {
  const char *const names[] = {"A", "B"};
  const qs_correlation_spec correlation = {{"A", "B"}, 0.6};
  auto run = [&](uint64_t seed, double target) {
    World w;
    w.inputs.simulation.seed = seed;
    w.inputs.simulation.paths = 4096;
    w.add_underlying("A", QS_MODEL_GBM, {{QS_SIGMA, 0.4}}, 100, 0.02, 0.05);
    w.add_underlying("B", QS_MODEL_GBM, {{QS_SIGMA, 0.25}}, 95, 0.02, 0.05);
    w.inputs.correlations = &correlation;
    w.inputs.correlation_count = 1;
    w.trades.push_back(formula(w, "max(A[T] - B[T], 0)", names, 2, nullptr));
    w.build();
    w.simulation.target = target;
    w.simulation.most_paths = 1 << 20;
    EXPECT_EQ(qs_valuation_run(&w.context, w.arena, w.devices, w.market, w.book->contracts, w.book->count,
                               &w.simulation, false, &w.valuation),
              QS_OK)
        << w.context.message;
    w.results = qs_results();
    EXPECT_EQ(qs_report_values(&w.context, w.arena, &w.valuation, &w.results), QS_OK);
    EXPECT_STREQ(w.trade("formula").controls, "forward, european");
    EXPECT_GT(w.trade("formula").variance_ratio, 3);
    EXPECT_EQ(w.trade("formula/B").controls, nullptr);
    if (!std::isnan(target)) {
      EXPECT_TRUE(w.results.target_reached);
      EXPECT_GT(w.valuation.simulation.paths, 4096u);
    }
    return w.trade("formula").price;
  };
  const double years = 180 / 365.0, spread = std::sqrt((0.16 + 0.0625 - 2 * 0.6 * 0.1) * years),
               d = std::log(100 / 95.0) / spread + spread / 2;
  const double exact = std::exp(-0.03 * years) * (100 * cdf(d) - 95 * cdf(d - spread));
  const int seeds = 100;
  double sum = 0, square = 0;
  for (int seed = 1; seed <= seeds; seed++) {
    const qs_estimate price = run(uint64_t(seed), NAN);
    const double z = (price.estimate - exact) / price.std_error;
    sum += z / seeds;
    square += z * z / seeds;
  }
  const double freedom = 63 - 8, variance = freedom / (freedom - 2); // 64 batches
  EXPECT_LT(std::fabs(sum), 4 * std::sqrt(variance / seeds));
  EXPECT_NEAR(square, variance, 4 * variance * std::sqrt(2.4 / seeds));
  const qs_estimate aimed = run(7, 2e-4);
  EXPECT_LE(aimed.std_error, 2e-4 * 100);
  EXPECT_NEAR(aimed.estimate, exact, 4.5 * aimed.std_error);
}

} // namespace
