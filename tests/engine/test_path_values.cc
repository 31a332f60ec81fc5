// Trades along paths through the engine: closed forms, bumps of the inputs, shocks, and that none of them
// depends on the others.
#include "host/base/model.h"
#include "tests/engine/world.h"

#include <algorithm>
#include <map>

#include "host/market/fourier.h"

namespace {

const qs_time kDay = QS_SECONDS_PER_DAY;
const std::vector<std::pair<int, double>> kHeston = {
    {QS_V0, 0.25}, {QS_KAPPA, 2}, {QS_THETA, 0.36}, {QS_XI, 0.8}, {QS_RHO, -0.5}};

double normal_cdf(double x) {
  return 0.5 * std::erfc(-x / std::sqrt(2.0));
}

qs_trade_spec &add(World &w, const char *id, qs_trade_type type, qs_time expiry, double strike = NAN,
                   const char *underlying = "X") {
  qs_trade_spec trade;
  qs_trade_spec_init(&trade);
  trade.id = id;
  trade.type = type;
  trade.underlying = underlying;
  trade.expiry = expiry;
  trade.strike = strike;
  trade.quantity = 1;
  w.trades.push_back(trade);
  return w.trades.back();
}

// One of each type on X, with fixings every `days` days, some off the calendar's nodes.
void add_all(World &w, uint32_t days, qs_time expiry) {
  add(w, "digital", QS_TRADE_DIGITAL, expiry, 105).path.amount = 10;
  add(w, "asset", QS_TRADE_DIGITAL, expiry, 105).path.pays = QS_PAYS_ASSET;
  add(w, "asian", QS_TRADE_ASIAN, expiry, 100).path.rule.days = days;
  qs_trade_spec &geometric = add(w, "geometric", QS_TRADE_ASIAN, expiry, 100);
  geometric.path.rule.days = days;
  geometric.path.average = QS_AVERAGE_GEOMETRIC;
  qs_trade_spec &floating = add(w, "floating", QS_TRADE_ASIAN, expiry);
  floating.path.rule.days = days;
  floating.path.floating = true;
  floating.call_put = QS_PUT;
  qs_trade_spec &strike = add(w, "geometric strike", QS_TRADE_ASIAN, expiry);
  strike.path.rule.days = days;
  strike.path.average = QS_AVERAGE_GEOMETRIC;
  strike.path.floating = true;
  qs_trade_spec &pool = add(w, "pool", QS_TRADE_POOL, expiry);
  pool.path.pays = QS_PAYS_DIVERGENCE_LOSS;
  pool.path.entry = 98;
  pool.path.deposit = 1000;
  pool.path.lower = 80;
  pool.path.upper = 130;
  qs_trade_spec &line = add(w, "line", QS_TRADE_POOL, expiry);
  line.path.pays = QS_PAYS_VALUE;
  line.path.entry = 98;
  line.path.deposit = 1000;
  static const double initial = 101, calls[] = {1.05};
  qs_trade_spec &note = add(w, "note", QS_TRADE_AUTOCALLABLE, expiry);
  note.path.rule.days = days;
  note.path.initial = &initial;
  note.path.initial_count = 1;
  note.path.autocall = calls;
  note.path.autocall_count = 1;
  note.path.coupon = 0.01;
  note.path.coupon_barrier = 1;
  note.path.memory = true;
  note.path.knock_in = 0.85;
  note.path.knock_in_at = QS_KNOCK_IN_AT_FIXINGS;
  note.quantity = 100;
  qs_trade_spec &start = add(w, "start", QS_TRADE_FORWARD_START, expiry);
  start.path.start = expiry - 20 * kDay - 4321;
  qs_trade_spec &out = add(w, "out", QS_TRADE_BARRIER, expiry, 100);
  out.path.lower = 70;
  out.path.upper = 150;
  out.path.rebate = 3;
  qs_trade_spec &in = add(w, "in", QS_TRADE_BARRIER, expiry, 100);
  in.path.knock = QS_KNOCK_IN;
  in.path.monitoring = QS_MONITORING_DISCRETE;
  in.path.upper = 120;
  in.path.rule.days = days;
  qs_trade_spec &hit = add(w, "hit", QS_TRADE_BARRIER, expiry, 100);
  hit.path.lower = 80;
  hit.path.rebate = 3;
  hit.path.rebate_paid = QS_REBATE_AT_HIT;
  add(w, "lookback", QS_TRADE_LOOKBACK, expiry, 100).path.rule.days = days;
  qs_trade_spec &extreme = add(w, "extreme", QS_TRADE_LOOKBACK, expiry);
  extreme.path.rule.days = days;
  extreme.path.floating = true;
  qs_trade_spec &cliquet = add(w, "cliquet", QS_TRADE_CLIQUET, expiry);
  cliquet.path.rule.days = days;
  cliquet.path.local_cap = 0.1;
  cliquet.path.global_floor = 0;
  cliquet.quantity = 1000;
  qs_trade_spec &variance = add(w, "variance", QS_TRADE_VARIANCE_SWAP, expiry, 0.5);
  variance.path.rule.days = days;
  variance.quantity = 100;
  qs_trade_spec &volatility = add(w, "volatility", QS_TRADE_VOLATILITY_SWAP, expiry, 0.5);
  volatility.path.rule.days = days;
  volatility.path.cap = 1;
  volatility.quantity = 100;
}

const qs_time kOdd = 90 * kDay + 5 * 3600 + 17;

TEST(PathValues, ClosedFormsOfConstantVolatility) {
  const double sigma = 0.6, carry = 0.03, rate = 0.05;
  World w;
  w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, sigma}}, 100, carry, rate);
  const qs_time expiry = w.inputs.as_of + kOdd;
  add_all(w, 7, expiry);
  for (qs_trade_spec &t : w.trades) {
    t.path.rule.skip_first = t.type == QS_TRADE_ASIAN;
  }
  w.value();
  const double t = kOdd / (365.0 * kDay), discount = std::exp(-rate * t), forward = 100 * std::exp(carry * t);
  const double s = sigma * std::sqrt(t), d2 = std::log(forward / 105) / s - s / 2;
  EXPECT_NEAR(w.trade("digital").price.estimate, discount * 10 * normal_cdf(d2), 1e-5);
  EXPECT_NEAR(w.trade("asset").price.estimate, discount * forward * normal_cdf(d2 + s), 1e-4);
  const double root = std::exp(0.5 * carry * t - sigma * sigma * t / 8); // E[sqrt(S / 100)]
  EXPECT_NEAR(w.trade("line").price.estimate, discount * 1000 * std::sqrt(100 / 98.0) * root, 1e-3);
  // The geometric mean: ln G has the mean of ln S(d) and the variance sum_ij min(t_i, t_j) sigma^2 / n^2.
  std::vector<double> times;
  for (qs_time at = 7 * kDay; at < kOdd; at += 7 * kDay) {
    times.push_back(static_cast<double>(at) / (365.0 * kDay));
  }
  times.push_back(t);
  double mean = 0, variance = 0, n = static_cast<double>(times.size());
  for (double a : times) {
    mean += (std::log(100.0) + (carry - sigma * sigma / 2) * a) / n;
    for (double b : times) {
      variance += sigma * sigma * std::min(a, b) / (n * n);
    }
  }
  double g = std::exp(mean + variance / 2), sg = std::sqrt(variance);
  double g2 = (mean - std::log(100.0)) / sg;
  EXPECT_NEAR(w.trade("geometric").price.estimate,
              discount * (g * normal_cdf(g2 + sg) - 100 * normal_cdf(g2)), 1e-4);
  // A forward start is a European on its last part.
  double part = (20 * kDay + 4321) / (365.0 * kDay), sp = sigma * std::sqrt(part);
  double q = carry * part, p2 = q / sp - sp / 2;
  double expected = discount * (forward * normal_cdf(p2 + sp) - forward * std::exp(-q) * normal_cdf(p2));
  const qs_estimate start = w.trade("start").price;
  EXPECT_NEAR(start.estimate, expected, 4 * start.std_error + 1e-4);
  // E sum of squared log-returns: each has variance sigma^2 dt and mean (carry - sigma^2/2) dt.
  double sum = 0, last = 0;
  std::vector<double> fixed = times;
  for (double a : fixed) {
    double dt = a - last, drift = (carry - sigma * sigma / 2) * dt;
    sum += sigma * sigma * dt + drift * drift;
    last = a;
  }
  const qs_estimate swap = w.trade("variance").price;
  EXPECT_NEAR(swap.estimate, discount * (sum / t - 0.25), 4 * swap.std_error + 1e-6);
}

// What configs/GREEKS.md calls conditional draws nothing where the variance is constant; all others do.
TEST(PathValues, ConditionalGreeksHaveNoNoise) {
  World w;
  w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, 0.6}});
  w.inputs.simulation.paths = 2048;
  w.inputs.simulation.variance_reduction = QS_REDUCTION_NONE;
  add_all(w, 30, w.inputs.as_of + kOdd);
  w.value();
  const std::vector<std::string> conditional = {"digital", "asset", "geometric", "geometric strike",
                                                "pool",    "line",  "variance"};
  for (size_t i = 0; i < w.results.trade_count; i++) {
    const qs_trade_result &t = w.results.trades[i];
    const bool exact = std::find(conditional.begin(), conditional.end(), t.id) != conditional.end();
    for (qs_greek g : {QS_GREEK_DELTA, QS_GREEK_GAMMA, qs_greek(QS_GREEK_PARAMETER + QS_SIGMA)}) {
      const qs_estimate e = t.greeks.value[g];
      const double size = std::fabs(e.estimate);
      if (size < 1e-12) { // a forward start has no gamma
        continue;
      }
      EXPECT_EQ(e.std_error < 1e-6 * size, exact)
          << t.id << " " << qs_greek_name(g) << " " << e.estimate << " +- " << e.std_error;
    }
  }
}

TEST(PathValues, DigitalsUnderHestonAreSpreadsOfFourierPrices) {
  World w;
  w.add_underlying("X", QS_MODEL_HESTON, kHeston, 100, 0.03, 0.05);
  add(w, "digital", QS_TRADE_DIGITAL, w.inputs.as_of + 180 * kDay, 105);
  w.value();
  double years = w.book->contracts[0].years, forward = w.book->contracts[0].forward;
  auto call = [&](double strike) {
    qs_fourier_option_value value;
    qs_fourier_report report;
    EXPECT_EQ(qs_fourier_option(&w.underlyings[0].model, years, true, std::log(strike / forward), nullptr,
                                &value, &report),
              QS_OK);
    return std::exp(-0.05 * years) * forward * value.price;
  };
  const qs_estimate price = w.trade("digital").price;
  EXPECT_NEAR(price.estimate, (call(104.95) - call(105.05)) / 0.1, 4 * price.std_error);
}

TEST(PathValues, AnAverageOfOneIsAEuropean) {
  World w;
  w.inputs.simulation.variance_reduction = QS_REDUCTION_NONE; // controls would make it exact
  w.add_underlying("X", QS_MODEL_HESTON, kHeston, 100, 0.03, 0.05);
  qs_time expiry = w.inputs.as_of + kOdd;
  qs_trade_spec &one = add(w, "one", QS_TRADE_ASIAN, expiry, 105);
  one.path.fixings = &expiry;
  one.path.fixing_count = 1;
  w.add_option("european", "X", QS_CALL, 105, kOdd / (365.0 * kDay));
  w.value();
  const qs_trade_result &a = w.trade("one"), &e = w.trade("european");
  EXPECT_NEAR(a.price.estimate, e.price.estimate, 2e-4);
  for (int g = 0; g < QS_GREEK_COUNT; g++) {
    ASSERT_EQ(a.greeks.present >> g & 1, e.greeks.present >> g & 1) << g;
    EXPECT_NEAR(a.greeks.value[g].estimate, e.greeks.value[g].estimate,
                2e-3 * (1 + std::fabs(e.greeks.value[g].estimate)))
        << qs_greek_name(qs_greek(g));
  }
}

TEST(PathValues, AddingATradeChangesNoOther) {
  World weekly, crowd;
  qs_time list[] = {weekly.inputs.as_of + 11 * kDay + 77, weekly.inputs.as_of + 200 * kDay};
  for (World *w : {&weekly, &crowd}) {
    w->add_underlying("X", QS_MODEL_HESTON, kHeston);
    w->inputs.simulation.paths = 2048;
    add_all(*w, 7, w->inputs.as_of + kOdd);
  }
  crowd.add_option("option", "X", QS_CALL, 105, 0.5);
  qs_trade_spec &other = add(crowd, "other dates", QS_TRADE_ASIAN, 0, 100);
  other.path.fixings = list;
  other.path.fixing_count = 2;
  add(crowd, "longer", QS_TRADE_ASIAN, crowd.inputs.as_of + 300 * kDay + 55, 100).path.rule.days = 7;
  add(crowd, "calendar", QS_TRADE_DIGITAL, crowd.inputs.as_of + 300 * kDay, 100);
  weekly.value();
  crowd.value();
  for (size_t i = 0; i < weekly.results.trade_count; i++) {
    const qs_trade_result &a = weekly.results.trades[i], &b = crowd.trade(a.id);
    EXPECT_EQ(a.price.estimate, b.price.estimate) << a.id;
    EXPECT_EQ(a.price.std_error, b.price.std_error) << a.id;
    ASSERT_EQ(a.greeks.present, b.greeks.present) << a.id;
    for (int g = 0; g < QS_GREEK_COUNT; g++) {
      EXPECT_EQ(a.greeks.value[g].estimate, b.greeks.value[g].estimate) << a.id << " " << g;
    }
  }
}

// Theta is the value of tomorrow, with today's spot for what is fixed until then, less today's.
TEST(PathValues, ThetaIsTomorrowsValue) {
  const double past[] = {100};
  World now, tomorrow;
  tomorrow.inputs.as_of += kDay;
  const qs_time from = now.inputs.as_of + kDay / 2, expiry = now.inputs.as_of + kOdd;
  for (World *w : {&now, &tomorrow}) {
    w->add_underlying("X", QS_MODEL_HESTON, kHeston, 100, 0.03, 0.05);
    w->inputs.simulation.paths = 2048;
    add_all(*w, 7, expiry);
    for (qs_trade_spec &t : w->trades) {
      bool fixed = t.path.rule.days > 0;
      t.path.rule.from = fixed ? from : 0;
      if (fixed && w == &tomorrow && t.type != QS_TRADE_BARRIER) {
        t.path.past = past;
        t.path.past_count = 1;
      }
    }
    w->value();
  }
  for (size_t i = 0; i < now.results.trade_count; i++) {
    const qs_trade_result &a = now.results.trades[i], &b = tomorrow.results.trades[i];
    EXPECT_NEAR(a.greeks.value[QS_GREEK_THETA].estimate, b.value.estimate - a.value.estimate,
                1e-9 * (1 + std::fabs(a.value.estimate)))
        << a.id;
  }
}

TEST(PathValues, ThetaOfTheLastDay) {
  World w;
  w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, 0.6}}, 100, 0, 0.05);
  const double past[] = {90};
  const qs_time dates[] = {w.inputs.as_of - kDay, w.inputs.as_of + kDay / 2};
  qs_trade_spec &t = add(w, "asian", QS_TRADE_ASIAN, 0, 80);
  t.path.fixings = dates;
  t.path.fixing_count = 2;
  t.path.past = past;
  t.path.past_count = 1;
  w.value();
  const qs_trade_result &r = w.trade("asian");
  EXPECT_NEAR(r.greeks.value[QS_GREEK_THETA].estimate, (90 + 100) / 2.0 - 80 - r.price.estimate, 1e-9);
}

// What only the host knows, by bumping the inputs on the same random numbers.
TEST(PathValues, HostGreeksAreBumpsOfTheInputs) {
  auto run = [](double spot, double carry, double rate, bool coin) {
    World w;
    w.add_underlying("X", QS_MODEL_HESTON, kHeston, spot, carry, rate).coin_rate = rate;
    w.inputs.simulation.precision = QS_DOUBLE;
    w.inputs.simulation.paths = 1024;
    w.inputs.simulation.variance_reduction = QS_REDUCTION_NONE; // else each bump has its own regression
    add_all(w, 30, w.inputs.as_of + kOdd);
    for (qs_trade_spec &t : w.trades) {
      bool swap = t.type == QS_TRADE_VARIANCE_SWAP || t.type == QS_TRADE_VOLATILITY_SWAP;
      t.settlement = coin && !swap ? QS_SETTLE_COIN : QS_SETTLE_LINEAR;
      t.path.rule.skip_first = true; // a fixing at as_of would move with the inputs
    }
    w.value();
    std::map<std::string, qs_trade_result> results;
    for (const char *id : {"digital", "asian", "geometric", "floating", "start", "variance", "volatility",
                           "extreme", "geometric strike", "pool", "line", "note", "hit"}) {
      results[id] = w.trade(id);
    }
    return results;
  };
  for (bool coin : {false, true}) {
    auto at = run(100, 0.03, 0.05, coin);
    auto expect = [&](qs_greek greek, const std::map<std::string, qs_trade_result> &up,
                      const std::map<std::string, qs_trade_result> &down, double width, double tolerance) {
      for (const auto &[id, result] : at) {
        double slope = (up.at(id).price.estimate - down.at(id).price.estimate) / width;
        EXPECT_NEAR(result.greeks.value[greek].estimate / result.quantity, slope, tolerance)
            << id << " " << qs_greek_name(greek) << (coin ? ", coin" : "");
      }
    };
    double h = 1e-3;
    expect(QS_GREEK_DELTA, run(100 + h, 0.03, 0.05, coin), run(100 - h, 0.03, 0.05, coin), 2 * h, 1e-5);
    h = 1e-4;
    expect(QS_GREEK_D_CARRY, run(100, 0.03 + h, 0.05, coin), run(100, 0.03 - h, 0.05, coin), 2 * h, 1e-3);
    expect(QS_GREEK_D_RATE, run(100, 0.03, 0.05 + h, coin), run(100, 0.03, 0.05 - h, coin), 2 * h, 1e-4);
  }
}

// A shocked market is the market built with the shocked numbers, on the same paths.
TEST(PathValues, ShocksAreAnotherMarket) {
  auto make = [](World &w, double spot, double carry, double rate, double factor) {
    qs_model model = {QS_MODEL_HESTON, {}};
    for (auto &v : kHeston) {
      model.value[v.first] = v.second;
    }
    model = qs_model_scale_volatility(&model, factor);
    std::vector<std::pair<int, double>> values;
    for (auto &v : kHeston) {
      values.push_back({v.first, model.value[v.first]});
    }
    w.add_underlying("X", QS_MODEL_HESTON, values, spot, carry, rate);
    w.inputs.simulation.paths = 2048;
    w.inputs.simulation.variance_reduction = QS_REDUCTION_NONE; // shocks have no controls
    add_all(w, 7, w.inputs.as_of + kOdd);
    for (qs_trade_spec &t : w.trades) {
      t.path.rule.skip_first = true;
    }
    w.value();
  };
  World base, moved;
  make(base, 100, 0.03, 0.05, 1);
  make(moved, 90, 0.05, 0.06, 1.2);
  qs_shock shock = {moved.market->underlyings[0].model, std::log(0.9), 0.02, 0.01};
  std::vector<qs_estimate> parts(base.book->count);
  qs_estimate pnl;
  ASSERT_EQ(qs_revalue(&base.context, base.arena, base.devices, base.market, base.book->contracts,
                       base.book->count, &base.simulation, &shock, 1, &pnl, parts.data(), nullptr),
            QS_OK)
      << base.context.message;
  for (size_t i = 0; i < parts.size(); i++) {
    const qs_trade_result &a = base.results.trades[i], &b = moved.results.trades[i];
    double expected = b.value.estimate - a.value.estimate;
    EXPECT_NEAR(parts[i].estimate, expected, 2e-5 * (std::fabs(a.value.estimate) + a.quantity)) << a.id;
  }
}

} // namespace
