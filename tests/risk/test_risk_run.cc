// The risk section on simulated paths, against closed forms.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "tests/risk/distributions.h"
#include "tests/risk/risk_world.h"

namespace {

constexpr double day = 1.0 / 365;

// Black's price of a call on a forward, undiscounted (Black 1976).
double black_call(double forward, double strike, double total_vol) {
  double d1 = std::log(forward / strike) / total_vol + total_vol / 2;
  return forward * loss::cdf(d1) - strike * loss::cdf(d1 - total_vol);
}

// VaR and shortfall of a loss that falls with the standard normal z: its value at the quantile, and Simpson's
// rule over the tail.
struct Exact {
  double var, shortfall;
};

template <class Loss> Exact exact_falling(Loss value, double level) {
  double z = -loss::Normal::var(level);
  constexpr int steps = 4000;
  double low = z - 12, h = (z - low) / steps, sum = 0;
  for (int i = 0; i <= steps; i++) {
    double x = low + i * h;
    sum += (i == 0 || i == steps ? 1 : i % 2 ? 4 : 2) * value(x) * loss::pdf(x);
  }
  return {value(z), sum * h / 3 / (1 - level)};
}

bool holds(const qs_interval &interval, double truth) {
  return interval.low <= truth && truth <= interval.high;
}

// Fewest hits that 95% intervals leave in all but one of 2,000 samples of `count`.
int least_hits(int count) {
  double tail = 0, p = std::pow(0.05, count);
  for (int k = 0;; k++) {
    tail += p;
    if (tail > 1.0 / 2000) {
      return k;
    }
    p *= static_cast<double>(count - k) / (k + 1) * 0.95 / 0.05;
  }
}

// Runs many seeds and counts how often the intervals hold the exact numbers.
template <class Loss> void expect_coverage(RiskWorld &w, Loss value) {
  constexpr int seeds = 60;
  std::vector<Exact> exact;
  for (double level : w.levels) {
    exact.push_back(exact_falling(value, level));
  }
  std::vector<int> var(exact.size()), shortfall(exact.size());
  for (int seed = 1; seed <= seeds; seed++) {
    ASSERT_EQ(w.run(static_cast<uint64_t>(seed)), QS_OK) << w.context.message;
    for (size_t l = 0; l < exact.size(); l++) {
      var[l] += holds(w.risk.levels[l].var, exact[l].var);
      shortfall[l] += holds(w.risk.levels[l].expected_shortfall, exact[l].shortfall);
    }
  }
  for (size_t l = 0; l < exact.size(); l++) {
    EXPECT_GE(var[l], least_hits(seeds)) << w.levels[l];
    EXPECT_GE(shortfall[l], least_hits(seeds)) << w.levels[l];
  }
}

TEST(RiskRun, SpotOfGbmInClosedForm) {
  RiskWorld w;
  w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, 0.6}}, 100, 0.03, 0.05);
  w.add("x", QS_TRADE_SPOT, "X", 10);
  w.inputs.risk.drift = 0.2;
  w.inputs.risk.horizon_days = 2;
  w.build_book();
  double t = 2 * day, s = 0.6 * std::sqrt(t);
  expect_coverage(w, [=](double z) { return 10 * (100 - 100 * std::exp(0.23 * t - s * s / 2 + s * z)); });
}

TEST(RiskRun, LongCallOfGbmInClosedForm) {
  RiskWorld w;
  w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, 0.6}}, 100, 0.03, 0.05);
  w.add_option("call", "X", QS_CALL, 105, 0.25, 3);
  w.build_book();
  double t = w.book->contracts[0].years, s = 0.6 * std::sqrt(day);
  double forward = 100 * std::exp(0.03 * t);
  double now = std::exp(-0.05 * t) * black_call(forward, 105, 0.6 * std::sqrt(t));
  expect_coverage(w, [=](double z) {
    double moved = forward * std::exp(-s * s / 2 + s * z);
    return 3 * (now - std::exp(-0.05 * (t - day)) * black_call(moved, 105, 0.6 * std::sqrt(t - day)));
  });
}

TEST(RiskRun, ShortCoinPutOfGbmInClosedForm) {
  RiskWorld w;
  w.add_underlying("B", QS_MODEL_GBM, {{QS_SIGMA, 0.7}}, 60000, 0.08, 0);
  w.underlyings[0].coin_rate = 0.01;
  w.add_option("put", "B", QS_PUT, 55000, 0.1, -2, QS_SETTLE_COIN);
  w.build_book();
  double t = w.book->contracts[0].years, s = 0.7 * std::sqrt(day);
  double forward = 60000 * std::exp(0.08 * t);
  // USD value of a coin-settled put: spot x coin discount x put/forward.
  auto value = [=](double spot, double f, double years) {
    double put = black_call(f, 55000, 0.7 * std::sqrt(years)) - f + 55000;
    return spot * std::exp(-0.01 * years) * put / f;
  };
  double now = value(60000, forward, t);
  expect_coverage(w, [=](double z) {
    double x = -s * s / 2 + s * z;
    return 2 * (value(60000 * std::exp(0.08 * day + x), forward * std::exp(x), t - day) - now);
  });
}

// Two correlated underlyings of low volatility are jointly normal over a day, to 1e-3 of a deviation; a
// position's part of the shortfall is then w_i (C w)_i/sigma n(z)/(1 - a) (Tasche 1999). z-scores of the
// parts over many seeds: mean 0, deviation 1.
TEST(RiskRun, ComponentsOfALinearBookInClosedForm) {
  RiskWorld w;
  w.inputs.simulation.paths = 8192;
  w.add_underlying("A", QS_MODEL_GBM, {{QS_SIGMA, 0.02}}, 100, 0, 0);
  w.add_underlying("B", QS_MODEL_GBM, {{QS_SIGMA, 0.03}}, 100, 0, 0);
  qs_correlation_spec correlation = {{"A", "B"}, 0.4};
  w.inputs.correlations = &correlation;
  w.inputs.correlation_count = 1;
  w.add("a", QS_TRADE_SPOT, "A", 5);
  w.add("b", QS_TRADE_SPOT, "B", -2);
  w.build_book();
  double deviation[] = {5 * 100 * 0.02 * std::sqrt(day), -2 * 100 * 0.03 * std::sqrt(day)};
  double covariance = 0.4 * deviation[0] * deviation[1];
  double total = std::sqrt(deviation[0] * deviation[0] + deviation[1] * deviation[1] + 2 * covariance);
  constexpr int seeds = 200;
  double sum[4] = {}, square[4] = {};
  for (int seed = 1; seed <= seeds; seed++) {
    ASSERT_EQ(w.run(static_cast<uint64_t>(seed)), QS_OK) << w.context.message;
    ASSERT_EQ(w.risk.component_count, 4u);
    for (size_t i = 0; i < 2; i++) {
      double with_total = deviation[i] * deviation[i] + covariance;
      for (size_t l = 0; l < 2; l++) {
        double exact = with_total / total * loss::Normal::shortfall(w.levels[l]);
        const qs_estimate &part = w.risk.components[i].expected_shortfall[l];
        double z = (part.estimate - exact) / part.std_error;
        sum[2 * i + l] += z;
        square[2 * i + l] += z * z;
        // The underlying holds this position alone.
        EXPECT_EQ(part.estimate, w.risk.components[2 + i].expected_shortfall[l].estimate);
        EXPECT_EQ(part.std_error, w.risk.components[2 + i].expected_shortfall[l].std_error);
      }
    }
  }
  for (int k = 0; k < 4; k++) {
    double mean = sum[k] / seeds, spread = std::sqrt(square[k] / seeds - mean * mean);
    EXPECT_LE(std::fabs(mean), 3.5 / std::sqrt(seeds)) << k;
    EXPECT_NEAR(spread, 1, 3.5 / std::sqrt(2.0 * seeds)) << k;
  }
}

// Every kind of contract on two models with stochastic variance and jumps.
void fill_book(RiskWorld &w) {
  w.add_underlying("B", QS_MODEL_SVCJ,
                   {{QS_V0, 0.3},
                    {QS_KAPPA, 4},
                    {QS_THETA, 0.35},
                    {QS_XI, 1.2},
                    {QS_RHO, -0.3},
                    {QS_LAMBDA, 2},
                    {QS_MU_J, -0.05},
                    {QS_SIGMA_J, 0.1},
                    {QS_MU_V, 0.1},
                    {QS_RHO_J, -0.1}},
                   60000, 0.06, 0.01);
  w.add_underlying("X", QS_MODEL_HESTON,
                   {{QS_V0, 0.04}, {QS_KAPPA, 1.5}, {QS_THETA, 0.05}, {QS_XI, 0.5}, {QS_RHO, -0.7}});
  w.add_option("coin call", "B", QS_CALL, 65000, 0.2, -3, QS_SETTLE_COIN);
  w.add_option("coin put", "B", QS_PUT, 50000, 0.2, -4, QS_SETTLE_COIN);
  w.add_option("dying", "B", QS_PUT, 60000, 0.002, -1, QS_SETTLE_COIN);
  w.add_option("equity put", "X", QS_PUT, 95, 0.5, -500);
  w.add("future", QS_TRADE_FUTURE, "B", 90000).expiry_years = 0.25;
  w.trades.back().settlement = QS_SETTLE_COIN;
  w.add("perpetual", QS_TRADE_PERPETUAL, "B", -30000).settlement = QS_SETTLE_COIN;
  w.add("forward", QS_TRADE_FORWARD, "X", 200).expiry_years = 0.3;
  w.trades.back().strike = 101;
  w.add("share", QS_TRADE_SPOT, "X", 50);
  w.add_cash("USD", 1e6);
  w.add_cash("B", 0.5);
}

TEST(RiskRun, ComponentsAddUp) {
  RiskWorld w;
  w.set_levels({0.99, 0.6, 0.975});
  fill_book(w);
  w.build_book();
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  EXPECT_TRUE(w.risk.present && w.risk.trusted);
  EXPECT_EQ(w.risk.why, nullptr);
  ASSERT_EQ(w.risk.component_count, w.book->count + 2);
  for (size_t l = 0; l < 3; l++) {
    double positions = 0, underlyings = 0, gross = 0;
    for (size_t i = 0; i < w.risk.component_count; i++) {
      const qs_risk_component &part = w.risk.components[i];
      double value = part.expected_shortfall[l].estimate;
      EXPECT_EQ(part.is_underlying, i >= w.book->count);
      EXPECT_STREQ(part.name, i < w.book->count ? w.book->contracts[i].id
                                                : w.market->underlyings[i - w.book->count].name);
      (part.is_underlying ? underlyings : positions) += value;
      gross += std::fabs(value);
      if (part.name != std::string("cash-USD")) {
        EXPECT_GT(part.expected_shortfall[l].std_error, 0) << part.name;
      } else {
        EXPECT_EQ(value, 0);
      }
    }
    // Rounding alone: tables summed in another order, a few hundred terms of 60,000 x 4 good to 1e-16 each.
    EXPECT_NEAR(positions, w.risk.levels[l].expected_shortfall.estimate, 1e-10 * gross);
    EXPECT_NEAR(underlyings, w.risk.levels[l].expected_shortfall.estimate, 1e-10 * gross);
  }
}

TEST(RiskRun, ComponentsOfACertainLossAreZero) {
  RiskWorld w;
  w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, 0.6}});
  w.add_cash("USD", 100);
  w.build_book();
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  for (size_t l = 0; l < 2; l++) {
    EXPECT_EQ(w.risk.levels[l].expected_shortfall.estimate, 0);
    for (size_t i = 0; i < w.risk.component_count; i++) {
      EXPECT_EQ(w.risk.components[i].expected_shortfall[l].estimate, 0);
      EXPECT_EQ(w.risk.components[i].expected_shortfall[l].std_error, 0);
    }
  }
}

// A long and a short of the same leave nothing: every path ties at VaR and has the same weight, so each
// side's part is its mean loss over all paths.
TEST(RiskRun, PartsOfAPerfectHedgeAreMeans) {
  RiskWorld hedged, alone;
  for (RiskWorld *w : {&hedged, &alone}) {
    w->add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, 0.6}}, 100, 0.03, 0.05);
    w->add("long", QS_TRADE_SPOT, "X", 10);
  }
  hedged.add("short", QS_TRADE_SPOT, "X", -10);
  for (RiskWorld *w : {&hedged, &alone}) {
    w->build_book();
    ASSERT_EQ(w->run(), QS_OK) << w->context.message;
  }
  double mean = alone.risk.mean.estimate, error = alone.risk.mean.std_error;
  for (size_t l = 0; l < 2; l++) {
    const qs_estimate &part = hedged.risk.components[0].expected_shortfall[l];
    EXPECT_EQ(hedged.risk.levels[l].expected_shortfall.estimate, 0);
    EXPECT_NEAR(part.estimate, -mean, 1e-9 * error);
    EXPECT_NEAR(part.std_error, error, 1e-4 * error); // n and n - 1
    EXPECT_NEAR(hedged.risk.components[1].expected_shortfall[l].estimate, mean, 1e-9 * error);
  }
}

// Two digital-like positions that lose the same on most paths: VaR is an atom, and its paths share the weight
// that is left, whatever their order.
TEST(RiskRun, TiesAtVarAreShared) {
  RiskWorld w;
  w.set_levels({0.5});
  w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, 0.5}}, 100, 0, 0);
  w.inputs.risk.horizon_days = 30;
  // Expires inside the horizon; worthless on most paths, so the loss is the premium on an atom.
  w.add_option("a", "X", QS_CALL, 120, 20 * day, 1);
  w.add_option("b", "X", QS_PUT, 80, 20 * day, 1);
  w.build_book();
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  double s = 0.5 * std::sqrt(20 * day);
  double call = black_call(100, 120, s), put = black_call(100, 80, s) - 20;
  EXPECT_NEAR(w.risk.levels[0].var.estimate, call + put, 1e-7);
  EXPECT_NEAR(w.risk.levels[0].expected_shortfall.estimate, call + put, 1e-7);
  EXPECT_NEAR(w.risk.components[0].expected_shortfall[0].estimate, call, 1e-7);
  EXPECT_NEAR(w.risk.components[1].expected_shortfall[0].estimate, put, 1e-7);
}

TEST(RiskRun, OppositeTradeTakesAllRiskAway) {
  RiskWorld w;
  w.add_underlying("X", QS_MODEL_HESTON,
                   {{QS_V0, 0.04}, {QS_KAPPA, 1.5}, {QS_THETA, 0.05}, {QS_XI, 0.5}, {QS_RHO, -0.7}});
  w.add_option("put", "X", QS_PUT, 95, 0.5, -500);
  w.what_if = {w.trades[0], w.trades[0]};
  w.what_if[0].id = "opposite";
  w.what_if[0].quantity = 500;
  w.what_if[1].id = "again";
  w.build_book();
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  ASSERT_EQ(w.risk.incremental_count, 3u);
  EXPECT_STREQ(w.risk.incremental[0].id, "opposite");
  EXPECT_STREQ(w.risk.incremental[1].id, "again");
  EXPECT_STREQ(w.risk.incremental[2].id, "all");
  for (size_t l = 0; l < 2; l++) {
    double var = w.risk.levels[l].var.estimate, shortfall = w.risk.levels[l].expected_shortfall.estimate;
    EXPECT_GT(var, 0);
    EXPECT_EQ(w.risk.incremental[0].var[l], -var);
    EXPECT_EQ(w.risk.incremental[0].expected_shortfall[l], -shortfall);
    EXPECT_NEAR(w.risk.incremental[1].var[l], var, 1e-12 * var); // the same again doubles it
    EXPECT_NEAR(w.risk.incremental[1].expected_shortfall[l], shortfall, 1e-12 * shortfall);
    EXPECT_NEAR(w.risk.incremental[2].var[l], 0, 1e-12 * var); // both cancel
    EXPECT_NEAR(w.risk.incremental[2].expected_shortfall[l], 0, 1e-12 * shortfall);
  }
}

TEST(RiskRun, KeepsThePnlThatItsNumbersComeFrom) {
  RiskWorld w;
  fill_book(w);
  w.build_book();
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  EXPECT_EQ(w.risk.pnl, nullptr);
  w.inputs.risk.keep_pnl = true;
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  ASSERT_EQ(w.risk.pnl_count, 16384u);
  std::vector<double> losses;
  double sum = 0, square = 0;
  for (size_t p = 0; p < w.risk.pnl_count; p++) {
    losses.push_back(-w.risk.pnl[p]);
    sum += w.risk.pnl[p];
  }
  double mean = sum / 16384;
  for (double loss : losses) {
    square += (loss + mean) * (loss + mean);
  }
  std::sort(losses.begin(), losses.end());
  EXPECT_EQ(w.risk.levels[1].var.estimate, losses[16221 - 1]); // 16384 x 0.99 = 16220.16
  double deviation = std::sqrt(square / 16383);
  EXPECT_NEAR(w.risk.mean.estimate, mean, 1e-11 * deviation);
  EXPECT_NEAR(w.risk.std_dev.estimate, deviation, 1e-11 * deviation);
  EXPECT_NEAR(w.risk.mean.std_error, deviation / 128, 1e-11 * deviation);
}

// All numbers of a result, one after the other.
std::vector<double> numbers(const qs_risk_result &risk) {
  std::vector<double> all = {risk.mean.estimate, risk.mean.std_error, risk.std_dev.estimate,
                             risk.std_dev.std_error};
  auto add = [&](const qs_interval &x) { all.insert(all.end(), {x.estimate, x.low, x.high}); };
  for (size_t l = 0; l < risk.level_count; l++) {
    add(risk.levels[l].var);
    add(risk.levels[l].expected_shortfall);
    for (size_t i = 0; i < risk.component_count; i++) {
      const qs_estimate &x = risk.components[i].expected_shortfall[l];
      all.insert(all.end(), {x.estimate, x.std_error});
    }
    for (size_t i = 0; i < risk.incremental_count; i++) {
      all.insert(all.end(), {risk.incremental[i].var[l], risk.incremental[i].expected_shortfall[l]});
    }
  }
  for (size_t l = 0; l < risk.historical_count; l++) {
    add(risk.historical[l].var);
    add(risk.historical[l].expected_shortfall);
    all.push_back(risk.historical[l].kupiec_statistic);
  }
  return all;
}

void fill_history(RiskWorld &w) {
  w.inputs.risk.history_window = 40;
  w.history_names = {"X", "B"};
  for (int i = 0; i < 90; i++) {
    w.add_row(w.inputs.as_of - 86400 * (90 - i),
              {100 * std::exp(0.02 * std::sin(1.7 * i)), 60000 * std::exp(0.05 * std::cos(2.3 * i * i))});
  }
}

TEST(RiskRun, ThreadsDoNotMatter) {
  RiskWorld w;
  fill_book(w);
  fill_history(w);
  w.what_if = {RiskWorld::make("more", QS_TRADE_SPOT, "B", 1)};
  w.build_book();
  std::vector<double> first;
  for (int threads : {1, 2, 7}) {
    w.context.threads = threads;
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    std::vector<double> now = numbers(w.risk);
    ASSERT_GT(now.size(), 60u);
    if (first.empty()) {
      first = now;
    }
    ASSERT_EQ(now.size(), first.size());
    EXPECT_EQ(std::memcmp(now.data(), first.data(), now.size() * sizeof(double)), 0) << threads;
  }
}

TEST(RiskRun, SaysWhatIsNotToBeTrusted) {
  RiskWorld w;
  w.set_levels({0.95, 0.999});
  fill_book(w);
  w.build_book();
  w.market->underlyings[0].calibration.calibrated = true;
  w.market->underlyings[0].calibration.trusted = false;
  w.market->underlyings[0].calibration.why = "it went astray";
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  EXPECT_FALSE(w.risk.trusted);
  EXPECT_STREQ(w.risk.why,
               "the fit of B is not trusted: it went astray; level 0.999: 16.4 paths are expected "
               "in the tail, at least 100 are needed");
  EXPECT_TRUE(w.risk.levels[0].trusted);
  EXPECT_FALSE(w.risk.levels[1].trusted);
}

TEST(RiskRun, PnlThatIsNoNumber) {
  RiskWorld w;
  w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, 0.6}});
  w.add("x", QS_TRADE_SPOT, "X", 1);
  w.build_book();
  w.book->contracts[0].quantity = INFINITY;
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  EXPECT_FALSE(w.risk.trusted);
  EXPECT_STREQ(w.risk.why, "the P&L is not a finite number on some path");
  ASSERT_EQ(w.risk.level_count, 2u);
  EXPECT_TRUE(std::isnan(w.risk.levels[1].expected_shortfall.estimate));
  EXPECT_EQ(w.risk.component_count, 0u);
}

TEST(RiskRun, BadInputsAreNamed) {
  RiskWorld w;
  fill_book(w);
  w.build_book();
  w.set_levels({0.95, 1});
  EXPECT_EQ(w.run(), QS_ERROR_INPUT);
  EXPECT_STREQ(w.context.message, "risk.levels[1]: 1; must be greater than 0 and less than 1");
  w.set_levels({});
  EXPECT_EQ(w.run(), QS_ERROR_INPUT);
  EXPECT_STREQ(w.context.message, "risk.levels: empty; at least one is needed");
  w.set_levels({0.95});
  qs_trade_spec unknown = RiskWorld::make("t", QS_TRADE_SPOT, "Y", 1);
  w.inputs.risk.what_if = &unknown;
  w.inputs.risk.what_if_count = 1;
  EXPECT_EQ(w.run(), QS_ERROR_INPUT);
  EXPECT_NE(std::strstr(w.context.message, "risk.what_if"), nullptr) << w.context.message;
  EXPECT_NE(std::strstr(w.context.message, "Y"), nullptr) << w.context.message;
  EXPECT_FALSE(w.risk.present);
}

TEST(RiskRun, CanBeCancelled) {
  RiskWorld w;
  fill_book(w);
  w.build_book();
  int cancel = 1;
  w.context.cancel = &cancel;
  EXPECT_EQ(w.run(), QS_ERROR_CANCELLED);
  EXPECT_FALSE(w.risk.present);
}

// An allocator that refuses the n-th block and every later one.
struct Budget {
  long left = 0;
};

void *allocate(void *data, size_t size) {
  Budget *budget = static_cast<Budget *>(data);
  return budget->left-- > 0 ? std::malloc(size) : nullptr;
}

void release(void *, void *block) {
  std::free(block);
}

TEST(RiskRun, OutOfMemoryAnywhere) {
  RiskWorld w;
  w.inputs.simulation.paths = 1024;
  w.set_levels({0.9});
  w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, 0.6}});
  w.add_underlying("B", QS_MODEL_GBM, {{QS_SIGMA, 0.6}});
  w.add_option("call", "X", QS_CALL, 105, 0.25, 3);
  w.add_cash("USD", 1);
  fill_history(w);
  w.what_if = {RiskWorld::make("more", QS_TRADE_SPOT, "X", 1)};
  w.build_book();
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  qs_allocator allocator = w.context.allocator;
  Budget budget;
  long blocks = 0;
  qs_status status = QS_ERROR_MEMORY;
  for (; status == QS_ERROR_MEMORY && blocks < 10000; blocks++) {
    // The horizon's tables and states, made once, do not count.
    w.context.allocator = allocator;
    qs_arena *arena = qs_arena_create(&w.context);
    qs_horizon_spec spec = {1, 0, 1024, 1, w.simulation.precision, w.simulation.scheme, NAN};
    qs_horizon *horizon = nullptr;
    ASSERT_EQ(qs_horizon_create(&w.context, arena, w.devices, w.market, &spec, &horizon), QS_OK);
    budget.left = blocks;
    w.context.allocator = {allocate, release, &budget};
    qs_arena *results = qs_arena_create(&w.context);
    qs_risk_result risk = qs_risk_result();
    if (results) {
      status = qs_risk_run(&w.context, results, &w.inputs, w.market, w.book, horizon, &risk);
      EXPECT_EQ(risk.present, status == QS_OK);
    }
    qs_arena_destroy(results);
    w.context.allocator = allocator;
    qs_arena_destroy(arena);
  }
  EXPECT_EQ(status, QS_OK) << w.context.message;
  EXPECT_GT(blocks, 20);
}

} // namespace
