// The shift of the variance on the real CPU backend, against Fourier prices with the same shift and closed
// forms, and its derivatives against bumps.
#include "host/base/model.h"
#include "tests/engine/world.h"

#include <algorithm>
#include <cstring>

#include "host/engine/greeks.h"
#include "host/engine/horizon.h"
#include "host/market/fourier.h"

namespace {

constexpr double kNone = NAN;
// Ends off the grid and on no expiry; the second piece adds nothing, the last one goes on.
const std::vector<qs_shift_spec> kShift = {{0, 0.03, 0.3}, {0, 0.11, 0}, {0, 0.4, 0.15}};

double added(double from, double to) {
  double sum = 0, begin = 0;
  for (size_t i = 0; i < kShift.size(); i++) {
    double end = i + 1 < kShift.size() ? kShift[i].expiry_years : 1e9;
    sum += kShift[i].variance * std::max(0.0, std::min(end, to) - std::max(begin, from));
    begin = end;
  }
  return sum;
}

std::vector<std::pair<int, double>> typical(qs_model_type type) {
  const double value[QS_PARAMETER_COUNT] = {.25, 2, .36, .8, -.5, 3, -.05, .12, .1, -.3, .4, 20, 12, .3};
  std::vector<std::pair<int, double>> values;
  for (int p = 0; p < QS_PARAMETER_COUNT; p++) {
    if (qs_model_parameters(type) >> p & 1) {
      values.push_back({p, value[p]});
    }
  }
  return values;
}

void add_shifted(World &w, qs_model_type type, const std::vector<qs_shift_spec> &shift) {
  qs_underlying_spec &spec = w.add_underlying("X", type, typical(type));
  spec.shift = shift.data();
  spec.shift_count = shift.size();
}

qs_fourier_option_value exact(const World &w, double from, double to, bool call, double strike) {
  const qs_underlying_market &u = w.market->underlyings[0];
  qs_fourier_settings settings = qs_fourier_defaults();
  settings.added_variance = added(from, to);
  qs_fourier_option_value value;
  qs_fourier_report report;
  double forward = qs_curve_forward(&u.curve, to - from);
  EXPECT_EQ(
      qs_fourier_option(&u.model, to - from, call, std::log(strike / forward), &settings, &value, &report),
      QS_OK)
      << report.problem;
  return value;
}

// Scores of many numbers that should be standard normal: the maximum below the Bonferroni limit at 1% of 250
// numbers, and the mean square within four of its errors.
void judge(const std::vector<double> &z) {
  double square = 0, worst = 0;
  for (double x : z) {
    square += x * x / double(z.size());
    worst = std::max(worst, std::fabs(x));
  }
  std::printf("%zu scores: mean square %.3f, largest %.2f\n", z.size(), square, worst);
  EXPECT_LT(worst, 4.1);
  EXPECT_LE(z.size(), 250u);
  // Scores of one model share its paths: four expiries are about as many independent numbers.
  EXPECT_LT(square, 2);
  EXPECT_GT(square, 0.3);
}

TEST(Shift, MonteCarloMeetsFourier) {
  std::vector<double> z;
  for (qs_model_type type : {QS_MODEL_MERTON, QS_MODEL_KOU, QS_MODEL_HESTON, QS_MODEL_BATES, QS_MODEL_SVCJ}) {
    World w;
    w.inputs.simulation.paths = 131072;
    add_shifted(w, type, kShift);
    const double years[] = {0.02, 0.08, 0.3, 1}, moneyness[] = {0.9, 1.05};
    std::vector<std::string> ids;
    for (double t : years) {
      for (double m : moneyness) {
        ids.push_back(std::to_string(t) + "/" + std::to_string(m));
      }
    }
    for (size_t i = 0; i < ids.size(); i++) {
      double t = years[i / 2], forward = 100 * std::exp(0.03 * t);
      w.add_option(ids[i].c_str(), "X", i % 2 ? QS_CALL : QS_PUT, moneyness[i % 2] * forward, t);
    }
    w.value();
    for (size_t i = 0; i < ids.size(); i++) {
      const qs_trade_result &r = w.trade(ids[i]);
      double t = years[i / 2], day = 1.0 / 365, forward = 100 * std::exp(0.03 * t),
             discount = std::exp(-0.05 * t);
      double strike = moneyness[i % 2] * forward;
      qs_fourier_option_value value = exact(w, 0, t, i % 2, strike);
      z.push_back((r.price.estimate - discount * forward * value.price) / r.price.std_error);
      auto score = [&](int greek, double expected) {
        z.push_back((r.greeks.value[greek].estimate - expected) / r.greeks.value[greek].std_error);
      };
      score(QS_GREEK_DELTA, discount * forward / 100 * value.delta);
      score(QS_GREEK_GAMMA, discount * forward / 1e4 * value.gamma);
      int first = type == QS_MODEL_MERTON || type == QS_MODEL_KOU ? QS_SIGMA : QS_V0;
      score(QS_GREEK_PARAMETER + first, discount * forward * value.parameter[first]);
      qs_fourier_option_value later = exact(w, day, t, i % 2, strike);
      double forward_later = 100 * std::exp(0.03 * (t - day)), discount_later = std::exp(-0.05 * (t - day));
      score(QS_GREEK_THETA, discount_later * forward_later * later.price - discount * forward * value.price);
    }
  }
  judge(z);
}

// Constant volatility is exact, and so is Euler where the variance hardly moves.
TEST(Shift, BlackIsExact) {
  for (double xi : {0.0, 1e-4}) {
    World w;
    w.inputs.simulation.precision = QS_DOUBLE;
    w.inputs.simulation.paths = 4096;
    if (xi > 0) {
      w.inputs.simulation.scheme = QS_SCHEME_CHOICE_EULER;
      qs_underlying_spec &spec =
          w.add_underlying("X", QS_MODEL_HESTON, {{QS_V0, .09}, {QS_KAPPA, 1}, {QS_THETA, .09}, {QS_XI, xi}});
      spec.given |= 1u << QS_RHO;
      spec.shift = kShift.data(), spec.shift_count = kShift.size();
    } else {
      add_shifted(w, QS_MODEL_GBM, kShift);
    }
    w.add_option("a", "X", QS_CALL, 103, 0.02);
    w.add_option("b", "X", QS_PUT, 90, 0.7);
    w.value();
    for (auto [id, t, strike, call] : {std::make_tuple("a", 0.02, 103.0, true), {"b", 0.7, 90.0, false}}) {
      double forward = 100 * std::exp(0.03 * t), s = std::sqrt(0.09 * t + added(0, t));
      double d1 = std::log(forward / strike) / s + s / 2, sign = call ? 1 : -1;
      auto phi = [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); };
      double price = sign * (forward * phi(sign * d1) - strike * phi(sign * (d1 - s)));
      EXPECT_NEAR(w.trade(id).price.estimate, std::exp(-0.05 * t) * price, xi > 0 ? 1e-4 : 1e-9) << id;
    }
  }
}

qs_trade_spec &add_path(World &w, const char *id, qs_trade_type type, double strike, uint32_t days) {
  qs_trade_spec &t = w.add_option(id, "X", QS_CALL, strike, 0.3);
  t.type = type;
  t.path.rule = {days, 0, 0, 0, false};
  return t;
}

// A digital against the slope of the Fourier price; a variance swap's mean in closed form: returns of known
// drift and variance. Both under control variates, whose exact means have the shift as well.
TEST(Shift, PathsMeetClosedForms) {
  World w;
  w.inputs.simulation.paths = 131072;
  add_shifted(w, QS_MODEL_HESTON, kShift);
  qs_trade_spec &digital = w.add_option("digital", "X", QS_CALL, 105, 0.3);
  digital.type = QS_TRADE_DIGITAL;
  w.value();
  qs_fourier_option_value value = exact(w, 0, 0.3, true, 105);
  double forward = 100 * std::exp(0.03 * 0.3), discount = std::exp(-0.05 * 0.3);
  double expected = discount * (value.delta - value.price) * forward / 105;
  EXPECT_LT(std::fabs(w.trade("digital").price.estimate - expected) / w.trade("digital").price.std_error, 4);

  World g;
  g.inputs.simulation.paths = 65536;
  add_shifted(g, QS_MODEL_GBM, kShift);
  qs_trade_spec &swap = add_path(g, "swap", QS_TRADE_VARIANCE_SWAP, kNone, 7);
  swap.call_put = QS_CALL;
  swap.strike = 1e-6;
  swap.path.annualisation = 52;
  g.value();
  std::vector<double> dates;
  for (double t = 0; t < 0.3 - 1e-9; t += 7.0 / 365) {
    dates.push_back(t);
  }
  dates.push_back(0.3);
  double sum = 0;
  for (size_t i = 1; i < dates.size(); i++) {
    double v = 0.09 * (dates[i] - dates[i - 1]) + added(dates[i - 1], dates[i]);
    double drift = 0.03 * (dates[i] - dates[i - 1]) - v / 2;
    sum += drift * drift + v;
  }
  double variance = 52 * sum / double(dates.size() - 1);
  const qs_trade_result &r = g.trade("swap");
  EXPECT_LT(std::fabs(r.price.estimate - discount * variance), 4 * r.price.std_error + 1e-7 * variance);
}

// Without rates an option's value is a martingale: the mean P&L over a horizon is 0, which takes the same
// shift on the way there and from there on.
TEST(Shift, HorizonIsAMartingale) {
  for (qs_model_type type : {QS_MODEL_GBM, QS_MODEL_HESTON, QS_MODEL_SVCJ}) {
    World w;
    qs_underlying_spec &spec = w.add_underlying("X", type, typical(type), 100, 0, 0);
    spec.shift = kShift.data(), spec.shift_count = kShift.size();
    w.add_option("soon", "X", QS_CALL, 102, 0.02);
    w.add_option("call", "X", QS_CALL, 102, 0.2);
    w.add_option("put", "X", QS_PUT, 95, 0.6);
    w.build();
    qs_horizon_spec horizon = {10, 0, 1 << 17, 1, QS_PRECISION_MIXED, QS_SCHEME_QE, NAN};
    qs_horizon *h = nullptr;
    ASSERT_EQ(qs_horizon_create(&w.context, w.arena, w.devices, w.market, &horizon, &h), QS_OK);
    for (size_t i = 0; i < 3; i++) {
      double weights[3] = {0, 0, 0}, mean = 0, square = 0;
      weights[i] = 1;
      std::vector<double> pnl(horizon.paths);
      ASSERT_EQ(qs_horizon_pnl(h, &w.context, w.book->contracts, weights, 3, pnl.data()), QS_OK)
          << w.context.message;
      for (double x : pnl) {
        mean += x / double(pnl.size());
        square += x * x / double(pnl.size());
      }
      double error = std::sqrt((square - mean * mean) / double(pnl.size()));
      // The surface is right to 1e-5 of spot.
      EXPECT_LT(std::fabs(mean), 4 * error + 1e-3) << qs_model_name(type) << " " << w.trades[i].id;
      EXPECT_GT(error, 3e-4);
    }
  }
}

// What every kind of trade yields with these pieces.
std::vector<double> prices(qs_model_type type, const std::vector<qs_shift_spec> &shift, World *keep = nullptr,
                           uint64_t paths = 2048) {
  World own;
  World &w = keep ? *keep : own;
  w.inputs.simulation.precision = QS_DOUBLE;
  w.inputs.simulation.paths = paths;
  w.inputs.simulation.variance_reduction = QS_REDUCTION_NONE; // bumps on the same paths
  add_shifted(w, type, shift);
  w.add_option("call", "X", QS_CALL, 104, 0.2);
  add_path(w, "asian", QS_TRADE_ASIAN, 101, 10);
  qs_trade_spec &barrier = add_path(w, "barrier", QS_TRADE_BARRIER, 98, 10);
  barrier.path.lower = 70;
  barrier.path.monitoring = QS_MONITORING_DISCRETE;
  add_path(w, "lookback", QS_TRADE_LOOKBACK, 110, 20);
  add_path(w, "swap", QS_TRADE_VARIANCE_SWAP, 0.4, 10).path.annualisation = 36;
  add_path(w, "volatility", QS_TRADE_VOLATILITY_SWAP, 0.4, 10).path.annualisation = 36;
  qs_trade_spec &cliquet = add_path(w, "cliquet", QS_TRADE_CLIQUET, NAN, 30);
  cliquet.path.local_cap = 0.05;
  w.value();
  std::vector<double> values;
  for (size_t i = 0; i < w.results.trade_count; i++) {
    values.push_back(w.results.trades[i].price.estimate);
  }
  return values;
}

TEST(Shift, DerivativesAreBumps) {
  const uint64_t paths = 16384;
  for (qs_model_type type : {QS_MODEL_HESTON, QS_MODEL_SVCJ, QS_MODEL_KOU}) {
    World w;
    std::vector<double> base = prices(type, kShift, &w, paths);
    std::vector<double> scratch(w.simulation.batches);
    for (size_t piece = 0; piece < kShift.size(); piece++) {
      const double h = 2e-5;
      std::vector<qs_shift_spec> up = kShift, down = kShift;
      up[piece].variance += 2 * h; // no piece may be negative: from one side, to second order
      down[piece].variance += h;
      std::vector<double> two = prices(type, up, nullptr, paths), one = prices(type, down, nullptr, paths);
      for (size_t i = 0; i < base.size(); i++) {
        qs_form form;
        ASSERT_TRUE(qs_shift_form(&w.valuation, i, piece, false, &form));
        double slope = (4 * one[i] - two[i] - 3 * base[i]) / (2 * h);
        qs_estimate found = qs_form_estimate(&w.valuation, i, &form, scratch.data());
        // A terminal payoff's derivative goes through gamma and is the bump's path by path. Along a path the
        // noise between dates is scaled as a whole, that of the steps within one by one: the same in law,
        // with errors of their own.
        double tolerance = i == 0 ? 1e-6 : 4 * std::sqrt(2.0) * found.std_error + 1e-5 * std::fabs(base[i]);
        EXPECT_NEAR(found.estimate, slope, tolerance)
            << w.results.trades[i].id << " piece " << piece << " " << qs_model_name(type);
        EXPECT_LT(found.std_error, 0.1 * std::fabs(found.estimate) + 1e-4 * std::fabs(base[i]))
            << w.results.trades[i].id << " piece " << piece << " " << qs_model_name(type);
      }
    }
  }
}

// A volatility shock is the market whose model and shift were built with it.
TEST(Shift, VolatilityShocksScaleIt) {
  const double a = 1.3;
  World base, moved;
  std::vector<double> before = prices(QS_MODEL_HESTON, kShift, &base);
  qs_model model = qs_model_scale_volatility(&base.market->underlyings[0].model, a);
  std::vector<qs_shift_spec> scaled = kShift;
  for (qs_shift_spec &s : scaled) {
    s.variance *= a * a;
  }
  moved.inputs.simulation.precision = QS_DOUBLE;
  moved.inputs.simulation.paths = 2048;
  moved.inputs.simulation.variance_reduction = QS_REDUCTION_NONE;
  qs_underlying_spec &spec = moved.add_underlying("X", QS_MODEL_HESTON, {});
  spec.model = model;
  spec.given = qs_model_parameters(QS_MODEL_HESTON);
  spec.shift = scaled.data(), spec.shift_count = scaled.size();
  moved.trades = base.trades;
  moved.value();
  qs_shock shock = qs_shock_none(&model);
  shock.shift_rise = a * a - 1;
  std::vector<qs_estimate> parts(before.size());
  qs_estimate pnl;
  ASSERT_EQ(qs_revalue(&base.context, base.arena, base.devices, base.market, base.book->contracts,
                       base.book->count, &base.simulation, &shock, 1, &pnl, parts.data(), nullptr),
            QS_OK);
  for (size_t i = 0; i < parts.size(); i++) {
    double expected = moved.results.trades[i].price.estimate - before[i];
    EXPECT_NEAR(parts[i].estimate, expected, 1e-10 * (1 + std::fabs(before[i]))) << i;
    EXPECT_NE(parts[i].estimate, 0);
  }
}

// Pieces of no variance leave every bit as it is.
TEST(Shift, NoneIsTheUnshiftedBits) {
  for (int type = 0; type < QS_MODEL_COUNT; type++) {
    World with, without;
    std::vector<qs_shift_spec> none = kShift;
    for (qs_shift_spec &s : none) {
      s.variance = 0;
    }
    prices(static_cast<qs_model_type>(type), none, &with);
    prices(static_cast<qs_model_type>(type), {}, &without);
    for (size_t i = 0; i < with.results.trade_count; i++) {
      const qs_trade_result &a = with.results.trades[i], &b = without.results.trades[i];
      EXPECT_EQ(std::memcmp(&a.value, &b.value, sizeof a.value), 0) << a.id;
      for (int g = 0; g < QS_GREEK_COUNT; g++) {
        EXPECT_EQ(std::memcmp(&a.greeks.value[g], &b.greeks.value[g], sizeof a.value), 0)
            << a.id << " " << qs_greek_name(static_cast<qs_greek>(g));
      }
    }
  }
}

TEST(Shift, RefusesPiecesThatMakeNoSense) {
  auto message = [](std::vector<qs_shift_spec> shift) {
    World w;
    add_shifted(w, QS_MODEL_GBM, shift);
    w.inputs.underlyings = w.underlyings.data();
    w.inputs.underlying_count = w.underlyings.size();
    EXPECT_EQ(qs_market_build(&w.context, w.arena, &w.inputs, &w.market), QS_ERROR_INPUT);
    return std::string(w.context.message);
  };
  EXPECT_NE(message({{0, 0.1, -0.1}}).find("model.shift[0].variance: -0.1; must be in [0, 100]"),
            std::string::npos);
  EXPECT_NE(message({{0, 0.1, 0.1}, {0, 0.1, 0.1}}).find("must be after the expiry before it"),
            std::string::npos);
  EXPECT_NE(message({{0, kNone, 0.1}}).find("exactly one of expiry and expiry_years"), std::string::npos);
  EXPECT_NE(message({{0, -1, 0.1}}).find("expiry_years: -1; must be greater than 0"), std::string::npos);
  EXPECT_NE(message({{1, kNone, 0.1}}).find("must be after as_of"), std::string::npos);
  EXPECT_NE(message(std::vector<qs_shift_spec>(65, {0, 0.1, 0.1})).find("65 pieces; at most 64"),
            std::string::npos);
}

} // namespace
