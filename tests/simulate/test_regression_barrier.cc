// Barriers and notes along paths: what they pay and are worth against the engine, and how well they are
// hedged.
#include <cstring>
#include <functional>
#include <random>

#include "host/simulate/exercise.h"
#include "host/simulate/regress.h"
#include "host/simulate/watch.h"
#include "tests/simulate/simulate_black.h"
#include "tests/simulate/simulate_world.h"

namespace {

constexpr double kSigma = .6, kDay = 1.0 / 365;
enum { DAYS = 20 };

class Barrier : public SimulateWorld {
public:
  std::vector<qs_time> days, fixings;

  explicit Barrier(qs_model_type model = QS_MODEL_GBM, double rate = 0) {
    std::vector<std::pair<int, double>> values = {{QS_SIGMA, kSigma}};
    if (model == QS_MODEL_HESTON)
      values = {{QS_V0, .36}, {QS_KAPPA, 3}, {QS_THETA, .4}, {QS_XI, 1.2}, {QS_RHO, -.4}};
    if (model == QS_MODEL_MERTON)
      values = {{QS_SIGMA, .5}, {QS_LAMBDA, 5}, {QS_MU_J, -.05}, {QS_SIGMA_J, .1}};
    add_underlying("X", model, values, 100, rate, rate);
    for (int d = 1; d <= DAYS; d++)
      days.push_back(inputs.as_of + d * 86400);
    spec.cost_weight = 1;
    inputs.simulation.paths = 1 << 14;
    every_day(DAYS);
  }
  qs_trade_spec &add(qs_trade_type type, double quantity) {
    qs_trade_spec trade;
    qs_trade_spec_init(&trade);
    trade.id = "t1";
    trade.type = type;
    trade.underlying = "X";
    trade.expiry = days.back();
    trade.quantity = quantity;
    trade.call_put = QS_CALL;
    trade.strike = 100;
    trades.push_back(trade);
    return trades.back();
  }
  qs_trade_spec &add_barrier(qs_knock knock, double lower, double upper) {
    qs_trade_spec &trade = add(QS_TRADE_BARRIER, -1);
    trade.path.knock = knock;
    trade.path.lower = lower > 0 ? lower : std::nan("");
    trade.path.upper = upper > 0 ? upper : std::nan("");
    return trade;
  }
  void watch_at_fixings(qs_trade_spec &trade) {
    trade.path.monitoring = QS_MONITORING_DISCRETE;
    trade.path.fixings = days.data();
    trade.path.fixing_count = days.size();
  }
};

using Add = std::function<void(Barrier &)>;
struct Case {
  const char *name;
  qs_model_type model;
  Add add;
};

const double initial = 101, calls[] = {1.05};

void add_note(Barrier &w) {
  qs_trade_spec &note = w.add(QS_TRADE_AUTOCALLABLE, -100);
  note.strike = std::nan("");
  note.path.initial = &initial;
  note.path.initial_count = 1;
  note.path.autocall = calls;
  note.path.autocall_count = 1;
  note.path.coupon = .01;
  note.path.coupon_barrier = 1;
  note.path.memory = true;
  note.path.knock_in = .85;
  note.path.knock_in_at = QS_KNOCK_IN_AT_FIXINGS;
  for (size_t d = 3; d < w.days.size(); d += 4)
    w.fixings.push_back(w.days[d]);
  note.path.fixings = w.fixings.data();
  note.path.fixing_count = w.fixings.size();
}

// A put that may be exercised on every second day, and at its expiry.
void add_bermudan(Barrier &w, double quantity) {
  qs_trade_spec &put = w.add(QS_TRADE_BERMUDAN, quantity);
  put.call_put = QS_PUT;
  put.strike = 105;
  for (size_t d = 1; d < w.days.size(); d += 2)
    w.fixings.push_back(w.days[d]);
  put.path.fixings = w.fixings.data();
  put.path.fixing_count = w.fixings.size();
}

const Case cases[] = {
    {"TwoARebateAtTheHit", QS_MODEL_GBM,
     [](Barrier &w) {
       qs_trade_spec &t = w.add_barrier(QS_KNOCK_OUT, 85, 125);
       t.path.rebate = 3;
       t.path.rebate_paid = QS_REBATE_AT_HIT;
     }},
    {"AtFixingsARebateAtTheHit", QS_MODEL_GBM,
     [](Barrier &w) {
       qs_trade_spec &t = w.add_barrier(QS_KNOCK_OUT, 0, 115);
       w.watch_at_fixings(t);
       t.path.rebate = 3;
       t.path.rebate_paid = QS_REBATE_AT_HIT;
     }},
    {"ANote", QS_MODEL_GBM, add_note},
    {"Bermudan", QS_MODEL_GBM, [](Barrier &w) { add_bermudan(w, -10); }},
    {"BermudanUnderHeston", QS_MODEL_HESTON, [](Barrier &w) { add_bermudan(w, 10); }},
    {"DownAndOut", QS_MODEL_HESTON, [](Barrier &w) { w.add_barrier(QS_KNOCK_OUT, 92, 0); }},
    {"UpAndIn", QS_MODEL_MERTON, [](Barrier &w) { w.add_barrier(QS_KNOCK_IN, 0, 115); }},
    {"AtFixingsIn", QS_MODEL_HESTON,
     [](Barrier &w) {
       qs_trade_spec &t = w.add_barrier(QS_KNOCK_IN, 90, 0);
       w.watch_at_fixings(t);
     }},
};

class AgainstTheEngine : public testing::TestWithParam<Case> {};

// Its price now, which the hedge makes exact, is the engine's.
TEST_P(AgainstTheEngine, ThePriceIsTheSame) {
  Barrier w(GetParam().model, .2), engine(GetParam().model, .2);
  GetParam().add(w);
  GetParam().add(engine);
  w.add_policy(QS_HEDGE_POLICY_REGRESSION);
  w.add_policy(QS_HEDGE_POLICY_NONE);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  engine.inputs.simulation.paths = 1 << 16;
  engine.value();
  qs_estimate price = engine.trade("t1").price; // of one
  price.estimate *= w.trades[0].quantity;
  price.std_error *= std::fabs(w.trades[0].quantity);
  qs_simulate_problem p;
  qs_regression *made = nullptr;
  ASSERT_EQ(qs_simulate_problem_make(&w.context, w.arena, &w.inputs, w.market, w.book, &p), QS_OK);
  ASSERT_EQ(qs_exercise_make(&w.context, w.arena, w.devices, &p, &p.exercise), QS_OK) << w.context.message;
  ASSERT_EQ(qs_regression_make(&w.context, w.arena, w.devices, &p, &made), QS_OK) << w.context.message;
  const double error =
      std::hypot(price.std_error, std::sqrt(w.policy(0).variance.estimate / double(1 << 14)));
  EXPECT_NEAR(qs_regression_value(made), price.estimate, 4 * error);
  EXPECT_LT(error, .03 * std::fabs(price.estimate));
  EXPECT_LT(w.policy(0).variance.estimate, .25 * w.policy(1).variance.estimate);
  EXPECT_NEAR(w.policy(0).net.estimate, 0, 4 * std::hypot(error, w.policy(0).net.std_error));
}

std::string name_of(const testing::TestParamInfo<Case> &info) {
  return info.param.name;
}
INSTANTIATE_TEST_SUITE_P(Trades, AgainstTheEngine, testing::ValuesIn(cases, cases + 4), name_of);
INSTANTIATE_TEST_SUITE_P(SlowTrades, AgainstTheEngine, testing::ValuesIn(cases + 4, std::end(cases)),
                         name_of);

// A short down-and-out call with the barrier below the strike, no rates: daily hedges by the locally optimal
// ratio from Merton's (1973) formula, touched between dates as a bridge is: nothing is shared with what is
// tested.
struct Restated {
  static constexpr int kNodes = 400;
  const double step = kSigma * std::sqrt(kDay), apart = 1.2 / kNodes;
  double variance = 0, error = 0;
  std::vector<std::vector<double>> ratio;

  static double price(double spot, double deviation) {
    return deviation > 0 ? black(spot, 100, deviation) - spot / 95 * black(95. * 95 / spot, 100, deviation)
                         : std::fmax(spot - 100, 0);
  }
  double touched(double spot, double next) const {
    return next <= 95 ? 1 : std::exp(-2 * std::log(spot / 95) * std::log(next / 95) / (step * step));
  }
  double ratio_at(int n, double spot) const {
    double sum[4] = {0, 0, 0, 0};
    for (double z = -6; z <= 6; z += .05) {
      const double next = spot * std::exp(step * z - step * step / 2), weight = std::exp(-z * z / 2);
      const double value =
          next > 95 ? (1 - touched(spot, next)) * price(next, step * std::sqrt(DAYS - 1. - n)) : 0;
      sum[0] += weight;
      sum[1] += weight * value;
      sum[2] += weight * value * (next - spot);
      sum[3] += weight * (next - spot) * (next - spot);
    }
    return sum[2] / sum[3];
  }
  explicit Restated(int paths) {
    for (int n = 0; n < DAYS; n++) {
      ratio.emplace_back();
      for (int k = 0; k <= kNodes; k++)
        ratio.back().push_back(ratio_at(n, 95 * std::exp(k * apart)));
    }
    std::mt19937_64 random(3);
    std::normal_distribution<double> normal;
    std::uniform_real_distribution<double> uniform;
    std::vector<double> gross(paths);
    double mean = 0, fourth = 0;
    for (double &g : gross) {
      double spot = 100;
      bool out = false;
      for (int n = 0; n < DAYS; n++) {
        const double next = spot * std::exp(step * normal(random) - step * step / 2);
        const double place = std::fmin(std::log(spot / 95) / apart, kNodes - 1);
        const int k = static_cast<int>(std::fmax(place, 0));
        g += out ? 0 : (ratio[n][k] + (place - k) * (ratio[n][k + 1] - ratio[n][k])) * (next - spot);
        out = out || uniform(random) < touched(spot, next);
        spot = next;
      }
      g -= out ? 0 : std::fmax(spot - 100, 0);
      mean += g / paths;
    }
    for (double g : gross) {
      variance += (g - mean) * (g - mean) / paths;
      fourth += std::pow(g - mean, 4) / paths;
    }
    error = std::sqrt((fourth - variance * variance) / paths);
    EXPECT_NEAR(mean, -price(100, step * std::sqrt(double(DAYS))), 4 * std::sqrt(variance / paths));
  }
};

TEST(RegressionBarrier, ADownAndOutCallIsHedgedAsByTheExactRatio) {
  Barrier w;
  w.inputs.simulation.paths = 1 << 16;
  w.add_barrier(QS_KNOCK_OUT, 95, 0);
  w.add_policy(QS_HEDGE_POLICY_REGRESSION);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  const Restated exact(1 << 16);
  const qs_estimate &found = w.policy(0).variance;
  const double error = std::hypot(found.std_error, exact.error);
  EXPECT_LT(found.estimate, 1.02 * exact.variance + 3 * error);
  EXPECT_GT(found.estimate, exact.variance - 4 * error);
  EXPECT_LT(error, .02 * exact.variance);
}

// What is exercised at once leaves nothing to hedge; what never is, is a European option.
TEST(RegressionEarly, AtOnceAndNever) {
  for (bool once : {true, false}) {
    Barrier w(QS_MODEL_GBM, once ? .5 : 0), european;
    w.inputs.simulation.paths = european.inputs.simulation.paths = 1 << 15;
    qs_trade_spec &trade = w.add(QS_TRADE_AMERICAN, -2);
    trade.call_put = QS_PUT;
    trade.strike = once ? 300 : 104;
    w.add_policy(QS_HEDGE_POLICY_REGRESSION);
    w.add_policy(QS_HEDGE_POLICY_NONE);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    if (once) {
      EXPECT_NEAR(w.policy(0).variance.estimate, 0, 1e-12);
      EXPECT_EQ(w.policy(0).trades.estimate, 0);
      EXPECT_NEAR(w.policy(1).options.estimate, 0, 1e-9);
      continue;
    }

    european.add_option("t1", "X", QS_PUT, 104, DAYS * kDay, -2);
    european.add_policy(QS_HEDGE_POLICY_LOCAL_EVERY_DATE);
    ASSERT_EQ(european.run(), QS_OK) << european.context.message;
    const qs_estimate &left = w.policy(0).variance, &least = european.policy(0).variance;
    EXPECT_NEAR(left.estimate, least.estimate, .03 * least.estimate);
  }
}

TEST(RegressionBarrier, BitsDoNotDependOnThreads) {
  double variance[2];
  for (int i : {0, 1}) {
    Barrier w(QS_MODEL_HESTON);
    w.inputs.simulation.paths = 2048;
    w.context.threads = i ? 3 : 1;
    w.add_barrier(QS_KNOCK_OUT, 95, 120);
    add_bermudan(w, 1);
    w.trades[1].id = "t2";
    w.add_policy(QS_HEDGE_POLICY_REGRESSION);
    EXPECT_EQ(w.run(), QS_OK) << w.context.message;
    variance[i] = w.policy(0).variance.estimate;
  }
  EXPECT_EQ(variance[0], variance[1]);
}

TEST(RegressionBarrier, MoreThanSixtyFourAreRefused) {
  Barrier w;
  std::vector<std::string> ids;
  for (int k = 0; k < 65; k++)
    ids.push_back("b" + std::to_string(k));
  for (const std::string &id : ids)
    w.add_barrier(QS_KNOCK_OUT, 90, 0).id = id.c_str();
  w.add_policy(QS_HEDGE_POLICY_NONE);
  EXPECT_EQ(w.run(), QS_ERROR_INPUT);
  EXPECT_NE(std::strstr(w.context.message, "holds more than 64 barriers"), nullptr) << w.context.message;
}

// The hits are those of the law: the probability that a Brownian motion with drift stays above a level.
TEST(Watch, TouchesAreThoseOfTheLaw) {
  Barrier w;
  w.inputs.simulation.paths = 1 << 16;
  qs_trade_spec &trade = w.add_barrier(QS_KNOCK_OUT, 90, 0);
  trade.strike = 1e-6;                // S at the end where it never was there
  trade.path.rebate = 100;            // and else this
  w.spec.dates = {1, 20, nullptr, 0}; // one interval
  w.add_policy(QS_HEDGE_POLICY_NONE);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  const double root = kSigma * std::sqrt(DAYS * kDay), b = std::log(.9);
  // P(touched) and E[S; not touched] by reflection, r = 0.
  const double touched =
      normal_cdf((b + root * root / 2) / root) + std::exp(-b) * normal_cdf((b - root * root / 2) / root);
  const double alive = 100 * (normal_cdf((-b + root * root / 2) / root) -
                              std::exp(b) * normal_cdf((b + root * root / 2) / root));
  qs_simulate_problem p;
  ASSERT_EQ(qs_simulate_problem_make(&w.context, w.arena, &w.inputs, w.market, w.book, &p), QS_OK);
  qs_regression *made = nullptr;
  ASSERT_EQ(qs_regression_make(&w.context, w.arena, w.devices, &p, &made), QS_OK) << w.context.message;
  const double paid = 100 * touched + alive, error = std::sqrt(w.policy(0).variance.estimate / 32768);
  EXPECT_NEAR(-qs_regression_value(made), paid, 4 * error);
  EXPECT_NEAR(w.policy(0).net.estimate, -paid - qs_regression_value(made), 4 * w.policy(0).net.std_error);
}

} // namespace
