// Options as hedge instruments: what they gain and cost along paths, and policies that hold them.
#include <cmath>
#include <cstring>
#include <list>
#include <random>

#include "tests/simulate/simulate_black.h"
#include "tests/simulate/simulate_world.h"

namespace {

using Values = std::vector<std::pair<int, double>>;

const Values gbm = {{QS_SIGMA, 0.6}};
const Values heston = {{QS_V0, 0.36}, {QS_KAPPA, 3}, {QS_THETA, 0.4}, {QS_XI, 1.2}, {QS_RHO, -0.4}};

// Short one call of 30 days, S = K = 100; a call of 60 days hedges it too. Ten dates, three days apart.
class Hedged : public SimulateWorld {
public:
  Hedged(qs_model_type type, const Values &values, double carry = 0, double rate = 0) {
    add_underlying("X", type, values, 100, carry, rate);
    add_option("t1", "X", QS_CALL, 100, 30.0 / 365, -1);
    add_option("sixty", "X", QS_CALL, 100, 60.0 / 365, 0);
    instruments = {"X-SPOT", "sixty"};
    spec.position = "t1";
    spec.dates.count = 10;
    spec.dates.spacing_days = 3;
    spec.cost_weight = 1;
    spec.keep_pnl = true;
    inputs.simulation.paths = 8192;
  }
  // A policy that holds so much of every instrument from the first date on.
  void hold(const std::vector<double> &holdings) {
    held_.push_back(holdings);
    qs_hedge_policy_spec &policy = add_policy(QS_HEDGE_POLICY_CALLBACK);
    policy.function = Hold;
    policy.data = &held_.back();
  }
  double largest_pnl(size_t i) const {
    double largest = 0;
    for (size_t k = 0; k < policy(i).pnl_count; k++) {
      largest = std::fmax(largest, std::fabs(policy(i).pnl[k]));
    }
    return largest;
  }

private:
  std::list<std::vector<double>> held_;
  static qs_status Hold(void *data, const qs_policy_view *view, double *target) {
    const std::vector<double> &held = *static_cast<std::vector<double> *>(data);
    EXPECT_EQ(view->instrument_count, held.size());
    for (size_t i = 0; i < view->instrument_count * view->path_count; i++) {
      target[i] = held[i / view->path_count];
    }
    return QS_OK;
  }
};

// One short and the same one held are nothing, path by path: with rates, in coin, with a random variance.
TEST(SimulateOptions, OneHeldAgainstOneShortLeavesNothing) {
  for (bool random : {false, true}) {
    for (qs_settlement settlement : {QS_SETTLE_LINEAR, QS_SETTLE_COIN}) {
      Hedged w(random ? QS_MODEL_HESTON : QS_MODEL_GBM, random ? heston : gbm, 0.03, 0.05);
      w.underlyings[0].coin_rate = 0.02; // rate less carry: nothing grows for sure
      w.add_option("short", "X", QS_PUT, 95, 45.0 / 365, -1, settlement);
      w.spec.position = "short";
      w.instruments = {"X-SPOT", "sixty", "short"};
      w.hold({0, 0, 1});
      ASSERT_EQ(w.run(), QS_OK) << w.context.message;
      EXPECT_EQ(w.policy(0).trades.estimate, 2);
      EXPECT_GT(w.policy(0).options.std_error, 0.01);
      EXPECT_LT(w.largest_pnl(0), 3e-3) << "tables are right to 1e-5 of the forward";
    }
  }
}

// The fill is at the price then: what is left is the option's move until it.
TEST(SimulateOptions, FillsAreAtTheirOwnPrices) {
  Hedged w(QS_MODEL_GBM, gbm);
  w.spec.position = "sixty";
  w.trades[1].quantity = -1;
  w.spec.latency_seconds = 3600;
  w.hold({0, 1});
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  double delta;
  black(100, 100, 0.6 * std::sqrt(60.0 / 365), &delta);
  const double deviation = 100 * delta * 0.6 * std::sqrt(1.0 / 24 / 365);
  EXPECT_NEAR(w.policy(0).std_dev.estimate, deviation, 0.03 * deviation);
}

// An order in parts is filled at the mean of the option's prices: what is left is the price less that mean,
// of which each part counts by its own time's money.
TEST(SimulateOptions, AnOrderInPartsIsFilledAtTheMeanPrice) {
  const double day = 1.0 / 365, rate = .05;
  for (qs_settlement settlement : {QS_SETTLE_LINEAR, QS_SETTLE_COIN}) {
    Hedged w(QS_MODEL_GBM, gbm, rate, rate);
    w.spec.position = "sixty";
    w.trades[1].quantity = -1;
    w.trades[1].settlement = settlement; // without a rate of the coin it is worth the same
    w.spec.latency_seconds = 3600;
    w.spec.slices = {3, 2 * 86400};
    w.spec.costs.fixed = .1;
    w.spec.dates.count = 1;
    w.spec.dates.spacing_days = 30;
    w.inputs.simulation.paths = 1 << 16;
    w.hold({0, 1});
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    // By Black's formula on paths of its own.
    std::mt19937_64 random(7);
    std::normal_distribution<double> normal;
    double sum = 0, square = 0, fourth = 0;
    const int paths = 1 << 16;
    std::vector<double> left(paths);
    for (double &l : left) {
      double spot = 100, past = 0, mean = 0, last = 0;
      for (int k = 0; k < 3; k++) {
        const double now = day / 24 + k * day, step = 0.6 * std::sqrt(now - past), to_go = 60 * day - now;
        spot *= std::exp(step * normal(random) - step * step / 2 + rate * (now - past));
        last = std::exp(-rate * to_go) * black(spot * std::exp(rate * to_go), 100, 0.6 * std::sqrt(to_go));
        mean += last / 3;
        past = now;
      }
      l = std::exp(-rate * past) * mean;
      sum += l / paths;
    }
    for (double l : left) {
      square += (l - sum) * (l - sum) / paths;
      fourth += std::pow(l - sum, 4) / paths;
    }
    const qs_estimate &found = w.policy(0).variance;
    const double error = std::hypot(found.std_error, std::sqrt((fourth - square * square) / paths));
    EXPECT_NEAR(found.estimate, square, 4 * error);
    EXPECT_LT(error, .01 * square);
    EXPECT_NEAR(w.policy(0).fees.estimate,
                .3 * std::exp(-rate * (day / 24 + 2 * day)) + .1 * std::exp(-rate * 30 * day), 1e-9);
  }
}

TEST(SimulateOptions, PartsAtTheSameTimeAreOneFill) {
  std::vector<double> variance;
  for (uint64_t parts : {1, 3}) {
    Hedged w(QS_MODEL_HESTON, heston, 0.03, 0.05);
    w.inputs.simulation.paths = 2048;
    w.spec.slices = {parts, 0};
    w.hold({-.3, .7});
    w.add_policy(QS_HEDGE_POLICY_DELTA_VEGA);
    w.add_policy(QS_HEDGE_POLICY_REGRESSION);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    for (size_t i = 0; i < 3; i++)
      variance.push_back(w.policy(i).variance.estimate);
  }
  for (size_t i = 0; i < 3; i++)
    EXPECT_NEAR(variance[3 + i], variance[i], 1e-9 * variance[i]) << i;
}

// Listed ones are settled in coin.
TEST(SimulateOptions, ListedNamesAreOptionsInCoin) {
  Hedged w(QS_MODEL_GBM, gbm);
  w.underlyings[0].coin_rate = 0.1;
  w.instruments = {"X-PERPETUAL", "X-29MAY26-110-C"};
  w.spec.costs.charge_unwind = false;
  w.spec.costs.options.relative_half_spread = 1; // its price
  w.hold({0, 1});
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  const double years = qs_time_years(w.market->as_of, qs_time_civil(2026, 5, 29) + 8 * 3600);
  const double price = std::exp(-0.1 * years) * black(100, 110, 0.6 * std::sqrt(years));
  EXPECT_NEAR(w.policy(0).spread.estimate, price, 2e-3);
  expect_within(w.policy(0).hedge, 0, 4, 0.2, "a martingale");
}

TEST(SimulateOptions, CostsAreOfTheUnderlyingUpToTheCapAndOfThePrice) {
  const double price = black(100, 100, 0.6 * std::sqrt(60.0 / 365)), none = std::nan("");
  const struct {
    double fee, cap, spread, fixed, paid;
  } cases[] = {{0.0003, none, 0, 0, 0.03},
               {0.0003, 0.125, 0, 0, 0.03},
               {0.0003, 0.001, 0, 2, 2 + 0.001 * price},
               {0.0003, 0, 0, 0, 0}};
  for (const auto &c : cases) {
    Hedged w(QS_MODEL_GBM, gbm);
    w.spec.costs.proportional = w.spec.costs.half_spread = w.spec.costs.impact = 0.1; // of the spot alone
    w.spec.costs.options = {c.fee, c.cap, 0.01};
    w.spec.costs.fixed = c.fixed;
    w.spec.costs.charge_unwind = false;
    w.hold({0, -0.5});
    w.add_policy(QS_HEDGE_POLICY_NONE);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    EXPECT_NEAR(w.policy(0).fees.estimate, c.fixed + 0.5 * (c.paid - c.fixed), 2e-6) << c.fee << " " << c.cap;
    EXPECT_NEAR(w.policy(0).spread.estimate, 0.005 * price, 2e-5);
    EXPECT_EQ(w.policy(0).impact.estimate, 0);
    EXPECT_LT(w.policy(0).fees.std_error, 1e-9);
    EXPECT_EQ(w.policy(1).cost.estimate, 0);
  }
}

// What a caller is shown of prices: at the decision, whatever the fill.
qs_status look_at_prices(void *data, const qs_policy_view *view, double *) {
  EXPECT_EQ(view->struct_size, sizeof *view);
  for (size_t i = 0; i < view->path_count; i += 7) {
    const double spot = view->spot[i];
    const double left = 60.0 / 365 - view->years, deviation = 0.6 * std::sqrt(left);
    const double forward = spot * std::exp(0.03 * left), future = std::exp(0.03 * (90.0 / 365 - view->years));
    EXPECT_NEAR(view->price[i], spot * future, 1e-9 * spot); // the future, but for the hours of its expiry
    EXPECT_NEAR(view->price[view->path_count + i], std::exp(-0.05 * left) * black(forward, 100, deviation),
                2e-3);
  }
  ++*static_cast<size_t *>(data);
  return QS_OK;
}

TEST(SimulateOptions, ACallerIsShownPrices) {
  for (double latency : {0.0, 36000.0}) {
    size_t calls = 0;
    Hedged w(QS_MODEL_GBM, gbm, 0.03, 0.05);
    w.inputs.as_of = qs_time_civil(2026, 3, 28) + 8 * 3600; // so that the future expires in 90 days
    w.instruments = {"X-26JUN26", "sixty"};
    w.inputs.simulation.paths = 1024;
    w.spec.latency_seconds = latency;
    qs_hedge_policy_spec &policy = w.add_policy(QS_HEDGE_POLICY_CALLBACK);
    policy.function = look_at_prices;
    policy.data = &calls;
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    EXPECT_EQ(calls, 10u);
  }
}

double gamma_of(double spot, double years) {
  const double deviation = 0.6 * std::sqrt(years), d = std::log(spot / 100) / deviation + deviation / 2;
  return std::exp(-0.5 * d * d) / std::sqrt(2 * std::acos(-1)) / (spot * deviation);
}

// Delta-gamma along lognormal paths with Black's formulas: nothing is shared with what is tested.
struct Restated {
  double variance = 0, variance_error = 0, cost = 0, cost_error = 0;

  explicit Restated(int paths) {
    const double day = 1.0 / 365, deviation = 0.6 * std::sqrt(3 * day);
    std::mt19937_64 random(11);
    std::normal_distribution<double> normal;
    std::vector<double> error(paths), paid(paths);
    for (int k = 0; k < paths; k++) {
      double spot = 100, held[2] = {0, 0}, price = 0;
      for (int n = 0; n < 10; n++) {
        const double left = (30 - 3 * n) * day, later = (60 - 3 * n) * day;
        double delta, other;
        black(spot, 100, 0.6 * std::sqrt(left), &delta);
        price = black(spot, 100, 0.6 * std::sqrt(later), &other);
        const double option = gamma_of(spot, left) / gamma_of(spot, later), first = delta - option * other;
        paid[k] +=
            0.0005 * spot * std::fabs(first - held[0]) + Fee(spot, price) * std::fabs(option - held[1]);
        held[0] = first;
        held[1] = option;
        const double next = spot * std::exp(deviation * normal(random) - deviation * deviation / 2);
        error[k] += held[0] * (next - spot) - held[1] * price;
        spot = next;
        price = black(spot, 100, 0.6 * std::sqrt(later - 3 * day));
        error[k] += held[1] * price;
      }
      error[k] -= std::fmax(spot - 100, 0);
      paid[k] += 0.0005 * spot * std::fabs(held[0]) + Fee(spot, price) * std::fabs(held[1]);
    }
    double square;
    Moments(paid, &cost, &square, &cost_error);
    double mean;
    Moments(error, &mean, &variance, &variance_error);
    for (double &e : error) {
      e = (e - mean) * (e - mean);
    }
    Moments(error, &mean, &square, &variance_error);
  }
  static double Fee(double spot, double price) {
    return std::fmin(0.0003 * spot, 0.125 * price) + 0.01 * price;
  }
  static void Moments(const std::vector<double> &x, double *mean, double *variance, double *error) {
    const double count = static_cast<double>(x.size());
    *mean = *variance = 0;
    for (double v : x) {
      *mean += v / count;
    }
    for (double v : x) {
      *variance += (v - *mean) * (v - *mean) / (count - 1);
    }
    *error = std::sqrt(*variance / count);
  }
};

TEST(SimulateOptions, DeltaGammaIsThatOfBlacksFormulas) {
  Hedged w(QS_MODEL_GBM, gbm);
  w.inputs.simulation.paths = 1 << 17;
  w.spec.costs.proportional = 0.0005;
  w.spec.costs.options = {0.0003, 0.125, 0.01};
  w.add_policy(QS_HEDGE_POLICY_DELTA_GAMMA);
  w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  const Restated plain(1 << 16);
  const qs_policy_result &p = w.policy(0);
  const double variance_error = std::hypot(p.variance.std_error, plain.variance_error);
  EXPECT_NEAR(p.variance.estimate, plain.variance, 4 * variance_error);
  EXPECT_LT(variance_error, 0.03 * plain.variance);
  EXPECT_NEAR(p.cost.estimate, plain.cost, 4 * std::hypot(p.cost.std_error, plain.cost_error));
  EXPECT_LT(p.cost.std_error, 0.01 * plain.cost);
  EXPECT_NEAR(p.trades.estimate, 22, 1e-9);
  EXPECT_LT(p.variance.estimate, w.policy(1).variance.estimate);
}

// What hedges is what is hedged: so much of it meets gamma, vega and all else.
TEST(SimulateOptions, TheOptionItselfMeetsEverything) {
  Hedged w(QS_MODEL_HESTON, heston);
  w.add_option("short", "X", QS_CALL, 100, 60.0 / 365, -2.5);
  w.spec.position = "short";
  w.add_policy(QS_HEDGE_POLICY_DELTA_GAMMA);
  w.add_policy(QS_HEDGE_POLICY_DELTA_VEGA);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  for (size_t i = 0; i < 2; i++) {
    EXPECT_LT(w.largest_pnl(i), 0.01);
    EXPECT_NEAR(w.policy(i).turnover.estimate, 48, 3) << "of the option alone, in and out";
  }
}

// Under a random variance the option meets what the price alone leaves open.
TEST(SimulateOptions, DeltaVegaLeavesLessThanDeltaUnderHeston) {
  Hedged w(QS_MODEL_HESTON, heston);
  w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
  w.add_policy(QS_HEDGE_POLICY_DELTA_VEGA);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  EXPECT_LT(w.policy(1).variance.estimate + 4 * w.policy(1).variance.std_error,
            0.7 * w.policy(0).variance.estimate);
}

TEST(SimulateOptions, BitsDoNotDependOnThreads) {
  std::vector<double> pnl[3];
  const int threads[] = {1, 2, 7};
  for (int k = 0; k < 3; k++) {
    Hedged w(QS_MODEL_HESTON, heston, 0.03, 0.05);
    w.context.threads = threads[k];
    w.inputs.simulation.paths = 8192 + 1024;
    w.spec.costs = {0.0005, true, true, 0.01, 0.01, 0.01, {0.0003, 0.125, 0.01}};
    w.spec.latency_seconds = 60;
    w.margin(20, 0.2, 0.1, 2, 0.01);
    w.hold({0.1, 0.4});
    w.add_policy(QS_HEDGE_POLICY_DELTA_GAMMA);
    w.add_policy(QS_HEDGE_POLICY_DELTA_VEGA);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    for (size_t i = 0; i < 3; i++) {
      pnl[k].insert(pnl[k].end(), w.policy(i).pnl, w.policy(i).pnl + w.policy(i).pnl_count);
    }
  }
  ASSERT_EQ(pnl[0].size(), 3u * (8192 + 1024));
  EXPECT_EQ(0, std::memcmp(pnl[0].data(), pnl[1].data(), pnl[0].size() * sizeof(double)));
  EXPECT_EQ(0, std::memcmp(pnl[0].data(), pnl[2].data(), pnl[0].size() * sizeof(double)));
}

} // namespace
