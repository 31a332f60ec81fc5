// Hedging by regression with options beside the price, against covariances by Fourier.
#include <cstring>
#include <random>

#include "host/policy/pair.h"
#include "host/simulate/normal.h"
#include "host/simulate/policies.h"
#include "host/simulate/regress_features.h"
#include "tests/simulate/simulate_world.h"

namespace {

constexpr double kDay = 1.0 / 365;
enum { DATES = 10 };

// Ten dates, three days apart; calls of 60 and 61 days hedge too.
class WithOption : public SimulateWorld {
public:
  std::vector<qs_time> days;
  std::vector<qs_schedule_spec> schedules;

  explicit WithOption(bool heston, size_t count = 2) {
    if (heston)
      add_underlying("X", QS_MODEL_HESTON,
                     {{QS_V0, .36}, {QS_KAPPA, 3}, {QS_THETA, .4}, {QS_XI, 1.2}, {QS_RHO, -.4}}, 100, 0, 0);
    else
      add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, .6}}, 100, 0, 0);
    for (int d = 1; d <= DATES; d++)
      days.push_back(inputs.as_of + d * 3 * 86400);
    schedules.push_back({"daily", days.data(), days.size(), {}, false});
    add_option("sixty", "X", QS_CALL, 100, 60 * kDay, 0);
    add_option("sixty-one", "X", QS_CALL, 100, 61 * kDay, 0);
    instruments = {"X-SPOT", "sixty", "sixty-one"};
    instruments.resize(count);
    spec.position = "t1";
    spec.cost_weight = 1;
    spec.dates.count = DATES;
    spec.dates.spacing_days = 3;
    inputs.simulation.paths = 1 << 16;
  }
  void add_script(const char *payoff) {
    qs_trade_spec trade;
    qs_trade_spec_init(&trade);
    trade.id = "t1";
    trade.type = QS_TRADE_SCRIPT;
    trade.underlying = "X";
    trade.expiry = days.back();
    trade.quantity = -1;
    trade.script.payoff = payoff;
    trade.script.schedules = schedules.data();
    trade.script.schedule_count = 1;
    trades.push_back(trade);
  }
  double variance(const char *payoff) {
    add_script(payoff);
    add_policy(QS_HEDGE_POLICY_REGRESSION);
    EXPECT_EQ(run(), QS_OK) << context.message;
    return policy(0).variance.estimate;
  }
};

// The locally optimal holdings of both, from covariances by Fourier and the law of a step.
struct Local {
  qs_policy_problem first;
  qs_policy_pair_problem both{};
  qs_policy_pair pair;
  qs_simulate_problem problem;

  void make(WithOption &w) {
    w.spec.instruments = w.instruments.data();
    w.spec.instrument_count = w.instruments.size();
    w.spec.policies = w.policies.data();
    w.spec.policy_count = w.policies.size();
    w.build();
    ASSERT_EQ(qs_market_calibrate(&w.context, w.arena, w.market), QS_OK) << w.context.message;
    ASSERT_EQ(qs_simulate_problem_make(&w.context, w.arena, &w.inputs, w.market, w.book, &problem), QS_OK)
        << w.context.message;
    ASSERT_EQ(qs_simulate_policy_problem(&w.context, w.arena, &problem, &first), QS_OK);
    both.first = &first;
    both.cap = INFINITY;
    both.low[0] = both.low[1] = -10;
    both.high[0] = both.high[1] = 10;
    qs_simulate_policy_option(&problem, &problem.instruments[1].option, &both.option);
    const qs_policy_settings settings = {0, 0, 0, 0};
    ASSERT_EQ(qs_policy_pair_ground(&w.context, w.arena, &both, &settings, &pair), QS_OK)
        << w.context.message;
  }
  static qs_status hold(void *data, const qs_policy_view *view, double *target) {
    const Local *l = static_cast<Local *>(data);
    for (size_t i = 0; i < view->path_count; i++) {
      const qs_policy_pair_state s = qs_policy_pair_state_at(
          &l->pair, view->date, std::log(view->spot[i] / 100), std::sqrt(view->variance[i]));
      const double *c = s.covariance, whole = c[0] * c[2] - c[1] * c[1];
      target[i] = (c[2] * s.beta[0] - c[1] * s.beta[1]) / whole;
      target[view->path_count + i] = (c[0] * s.beta[1] - c[1] * s.beta[0]) / whole;
    }
    return QS_OK;
  }
};

class AgainstFourier : public testing::TestWithParam<bool> {};

// A call, and the same as a formula that hides it: what is left is what the exact ratios leave.
TEST_P(AgainstFourier, ACallIsHedgedByBothAsByExactRatios) {
  const bool heston = GetParam();
  WithOption w(heston), hidden(heston);
  w.add_option("t1", "X", QS_CALL, 100, 30 * kDay, -1);
  Local local;
  qs_hedge_policy_spec &own = w.add_policy(QS_HEDGE_POLICY_CALLBACK, "local");
  own.function = Local::hold;
  own.data = &local;
  w.add_policy(QS_HEDGE_POLICY_REGRESSION);
  w.add_policy(QS_HEDGE_POLICY_LOCAL_EVERY_DATE); // of the price alone
  w.add_policy(heston ? QS_HEDGE_POLICY_DELTA_VEGA : QS_HEDGE_POLICY_DELTA_GAMMA);
  local.make(w);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  const double least = w.policy(0).variance.estimate;
  const double by_formula = hidden.variance("max(last(S[daily]) - 100, 0) + 0 * min(S[daily])");
  for (double found : {w.policy(1).variance.estimate, by_formula}) {
    EXPECT_LE(found, 1.02 * least);
    EXPECT_GE(found, .995 * least);
  }
  EXPECT_LT(least, .3 * w.policy(2).variance.estimate);
  EXPECT_LT(w.policy(1).variance.estimate, 1.02 * w.policy(3).variance.estimate);
}

INSTANTIATE_TEST_SUITE_P(Pair, AgainstFourier, testing::Values(false));
INSTANTIATE_TEST_SUITE_P(SlowPair, AgainstFourier, testing::Values(true));

class MoreInstruments : public testing::TestWithParam<const char *> {};

// The more there are the less is left; two that are nearly the same do no harm.
TEST_P(MoreInstruments, LeaveLess) {
  double left[3], error[3];
  for (size_t count = 1; count <= 3; count++) {
    WithOption w(true, count);
    w.inputs.simulation.paths = 1 << 14;
    left[count - 1] = w.variance(GetParam());
    error[count - 1] = w.policy(0).variance.std_error;
  }
  EXPECT_LT(left[1] + 4 * std::hypot(error[0], error[1]), .7 * left[0]);
  EXPECT_LT(left[2], left[1] + 2 * std::hypot(error[1], error[2]));
}

INSTANTIATE_TEST_SUITE_P(Average, MoreInstruments, testing::Values("max(mean(S[daily]) - 100, 0)"));
INSTANTIATE_TEST_SUITE_P(SlowLookback, MoreInstruments, testing::Values("max(S[daily]) - last(S[daily])"));

// An option that may not be held leaves what the price alone does, whatever was regressed.
TEST(RegressionPair, LimitsBindAndTheFirstMeetsTheRest) {
  WithOption w(false), alone(false, 1);
  w.inputs.simulation.paths = alone.inputs.simulation.paths = 1 << 14;
  const qs_instrument_limit limits[] = {{"sixty", -.2, 0}, {"X-SPOT", -5, .5}};
  const char *payoff = "max(last(S[daily]) - 100, 0) + 0 * min(S[daily])";
  w.spec.instrument_limits = limits; // a short call wants to hold what it may not
  w.spec.instrument_limit_count = 1;
  const double least = alone.variance(payoff), found = w.variance(payoff);
  EXPECT_LE(found, 1.03 * least);
  EXPECT_GE(found, .97 * least);
  w.spec.instrument_limit_count = 2;
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  EXPECT_GT(w.policy(0).variance.estimate, 2 * found);
}

TEST(RegressionPair, BitsDoNotDependOnThreads) {
  double variance[2];
  for (int i : {0, 1}) {
    WithOption w(true, 3);
    w.inputs.simulation.paths = 4096;
    w.context.threads = i ? 3 : 1;
    variance[i] = w.variance("max(S[daily]) - last(S[daily])");
  }
  EXPECT_EQ(variance[0], variance[1]);
}

// Columns that are sums of others, columns of noise, and those that matter.
TEST(Normal, TakesWhatCounts) {
  enum { COLUMNS = 40, ROWS = 4096 };
  qs_context context;
  qs_context_init(&context);
  qs_arena *arena = qs_arena_create(&context);
  qs_normal normal;
  ASSERT_TRUE(qs_normal_make(arena, COLUMNS, &normal));
  std::mt19937_64 random(5);
  std::normal_distribution<double> draw;
  std::vector<double> rows(QS_NORMAL_ROWS * COLUMNS), targets(QS_NORMAL_ROWS);
  for (int i = 0; i < ROWS; i += 7) { // groups that are not full
    for (int r = 0; r < 7; r++) {
      double *row = &rows[r * COLUMNS];
      for (int k = 0; k < COLUMNS; k++)
        row[k] = draw(random);
      row[2] = row[0] + row[1];
      row[3] = row[0] * (1 + 1e-6);
      row[4] = 0;
      targets[r] = 3 * row[0] - 2 * row[1] + .5 * row[5] + draw(random);
    }
    qs_normal_add(&normal, rows.data(), targets.data(), 7);
  }
  double solution[COLUMNS];
  bool taken[COLUMNS];
  const size_t count = qs_normal_solve(&normal, taken, solution);
  EXPECT_LE(count, 8u); // ln 41 = 3.7 is passed by one in twenty of noise
  EXPECT_FALSE(taken[4]);
  EXPECT_FALSE(taken[0] && taken[3]);
  EXPECT_NEAR(solution[0] + solution[2] + solution[3], 3, .1);
  EXPECT_NEAR(solution[1] + solution[2], -2, .1);
  EXPECT_NEAR(solution[5], .5, .1);
  qs_arena_destroy(arena);
}

// As many as are promised, and none is out of place.
TEST(Features, FillTheirRoom) {
  qs_feature_knots knots;
  std::memset(&knots, 0, sizeof knots);
  knots.left = 2;
  knots.random = true;
  qs_path_seen seen;
  qs_path_look(&seen, true, true, .1);
  qs_path_look(&seen, false, true, -.2);
  qs_path_look(&seen, false, false, .3);
  double to[QS_FEATURES + 1], at[QS_FEATURE_COORDINATES];
  std::fill(to, to + QS_FEATURES + 1, -7);
  qs_features(&knots, .3, .25, &seen, to);
  EXPECT_EQ(to[QS_FEATURES], -7);
  EXPECT_NE(to[QS_FEATURES - 1], -7);
  EXPECT_EQ(to[0], 0); // of barriers, of which there are none
  EXPECT_EQ(to[QS_FEATURES_TOUCHED], 1);
  EXPECT_EQ(to[QS_FEATURES_TOUCHED + 1], .5);
  qs_feature_coordinates(&knots, .3, &seen, at);
  EXPECT_NEAR(at[QS_FEATURE_UP], -.2, 1e-15);
  EXPECT_NEAR(at[QS_FEATURE_DOWN], .5, 1e-15);
  EXPECT_NEAR(at[QS_FEATURE_GAP], .5, 1e-15);
  EXPECT_NEAR(at[QS_FEATURE_MEAN], std::log((std::exp(.1) + std::exp(-.2)) / 2), 1e-15);
  EXPECT_NEAR(at[QS_FEATURE_EXPECTED], std::log((std::exp(.1) + std::exp(-.2) + 2 * std::exp(.3)) / 4),
              1e-15);
}

} // namespace
