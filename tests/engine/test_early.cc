// Early exercise through the engine: against dynamic programming by quadrature, finite differences of it,
// published and tabulated prices, and European options.
#include <fstream>
#include <sstream>

#include "host/base/model.h"
#include "tests/engine/american_tree.h"
#include "tests/engine/bermudan.h"
#include "tests/engine/early_cases.h"

namespace {

const qs_time kDay = QS_SECONDS_PER_DAY;

struct Model {
  qs_model_type type;
  std::vector<std::pair<int, double>> values;
};

const std::vector<Model> kModels = {
    {QS_MODEL_GBM, {{QS_SIGMA, 0.6}}},
    {QS_MODEL_HESTON, {{QS_V0, 0.3}, {QS_KAPPA, 2}, {QS_THETA, 0.4}, {QS_XI, 1.5}, {QS_RHO, -0.5}}},
    {QS_MODEL_BATES,
     {{QS_V0, 0.3},
      {QS_KAPPA, 2},
      {QS_THETA, 0.4},
      {QS_XI, 0.8},
      {QS_RHO, -0.5},
      {QS_LAMBDA, 2},
      {QS_MU_J, -0.1},
      {QS_SIGMA_J, 0.1}}},
    {QS_MODEL_SVCJ,
     {{QS_V0, 0.3},
      {QS_KAPPA, 3},
      {QS_THETA, 0.3},
      {QS_XI, 0.8},
      {QS_RHO, -0.5},
      {QS_LAMBDA, 2},
      {QS_MU_J, -0.05},
      {QS_SIGMA_J, 0.08},
      {QS_MU_V, 0.1},
      {QS_RHO_J, -0.3}}},
    {QS_MODEL_MERTON, {{QS_SIGMA, 0.4}, {QS_LAMBDA, 2}, {QS_MU_J, -0.1}, {QS_SIGMA_J, 0.2}}},
    {QS_MODEL_KOU, {{QS_SIGMA, 0.4}, {QS_LAMBDA, 3}, {QS_P, 0.4}, {QS_ETA1, 12}, {QS_ETA2, 8}}}};

qs_trade_spec &add_american(World &w, const char *id, qs_call_put call_put, double strike, double years,
                            const char *underlying = "X") {
  qs_trade_spec &trade = w.add_option(id, underlying, call_put, strike, years);
  trade.type = QS_TRADE_AMERICAN;
  return trade;
}

qs_trade_spec &add_bermudan(World &w, const char *id, qs_call_put call_put, double strike,
                            const std::vector<qs_time> &dates, const char *underlying = "X") {
  qs_trade_spec &trade = w.add_option(id, underlying, call_put, strike, NAN);
  trade.type = QS_TRADE_BERMUDAN;
  trade.path.fixings = dates.data();
  trade.path.fixing_count = dates.size();
  return trade;
}

std::vector<qs_time> dates_after(qs_time as_of, const std::vector<double> &days) {
  std::vector<qs_time> dates;
  for (double d : days) {
    dates.push_back(as_of + static_cast<qs_time>(std::llround(d * kDay)));
  }
  return dates;
}

struct ConstantCase {
  const char *name;
  Bermudan exact;
  qs_settlement settlement;
};

// Puts and calls that are worth exercising, on dates on and off the calendar's nodes.
std::vector<ConstantCase> constant_cases(const std::vector<double> &years) {
  Bermudan put;
  put.times = years;
  put.sigma = 0.4, put.rate = 0.07, put.carry = 0.03, put.strike = 105;
  Bermudan call = put;
  call.phi = 1, call.carry = -0.06, call.strike = 95;
  Bermudan coin = call;
  coin.coin = true, coin.carry = -0.02, coin.rate = 0.08;
  return {{"put", put, QS_SETTLE_LINEAR}, {"call", call, QS_SETTLE_LINEAR}, {"coin", coin, QS_SETTLE_COIN}};
}

TEST(Early, BermudansOfConstantVolatility) {
  const std::vector<double> days = {30, 61.3, 90, 125.77, 160};
  std::vector<double> years;
  for (double d : days) {
    years.push_back(std::round(d * kDay) / (365.0 * kDay));
  }
  for (const ConstantCase &c : constant_cases(years)) {
    World w;
    w.inputs.simulation.paths = 131072;
    const double market_rate = c.exact.coin ? 0.05 : c.exact.rate;
    w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, c.exact.sigma}}, 100, c.exact.carry, market_rate);
    w.underlyings.back().coin_rate = c.exact.coin ? c.exact.rate : 0;
    const auto dates = dates_after(w.inputs.as_of, days);
    add_bermudan(w, "b", c.exact.phi > 0 ? QS_CALL : QS_PUT, c.exact.strike, dates).settlement = c.settlement;
    w.value();
    const qs_trade_result &t = w.trade("b");
    const double exact = c.exact.price();
    const std::string name = c.name;
    expect_near(t.price, exact, name);
    EXPECT_EQ(t.bounds.dates, days.size());
    EXPECT_NEAR(t.bounds.lower.estimate, t.price.estimate, 1e-9);
    EXPECT_EQ(t.bounds.extrapolation.estimate, 0);
    EXPECT_LT(t.bounds.lower.estimate - kDeviations * t.bounds.lower.std_error, exact) << name;
    EXPECT_GT(t.bounds.upper.estimate + kDeviations * t.bounds.upper.std_error, exact) << name;
    EXPECT_GT(t.bounds.gap.estimate, 0) << name;
    EXPECT_LT(t.bounds.gap.estimate, 0.002 * exact) << name;
    EXPECT_LT(t.price.std_error, 0.003 * exact) << name;
    EXPECT_TRUE(t.trusted) << t.why;
    // Greeks by central differences of the dynamic programme, whose policy follows.
    const auto greek = [&](qs_greek g) { return t.greeks.value[g]; };
    expect_near(greek(QS_GREEK_DELTA), c.exact.derivative(&Bermudan::spot, 0.1), name + " delta");
    expect_near(greek(QS_GREEK_GAMMA), c.exact.second(&Bermudan::spot, 0.3), name + " gamma");
    expect_near(greek(static_cast<qs_greek>(QS_GREEK_PARAMETER + QS_SIGMA)),
                c.exact.derivative(&Bermudan::sigma, 1e-3), name + " d_sigma");
    expect_near(greek(QS_GREEK_D_CARRY), c.exact.derivative(&Bermudan::carry, 1e-3), name + " d_carry");
    expect_near(greek(QS_GREEK_D_RATE), c.exact.derivative(&Bermudan::rate, 1e-3), name + " d_rate");
    Bermudan later = c.exact;
    for (double &time : later.times) {
      time -= 1.0 / 365;
    }
    expect_near(greek(QS_GREEK_THETA), later.price() - exact, name + " theta");
  }
}

// Greeks are extrapolated from 48 dates as the price is; so are those of the same trade by formula.
TEST(Early, GreeksOfAmericans) {
  AmericanTree put;
  put.sigma = 0.25, put.rate = 0.1, put.carry = 0.08, put.strike = 105, put.years = 3;
  AmericanTree call = put;
  call.phi = 1, call.rate = 0.06, call.carry = -0.06, call.strike = 95, call.years = 1.5;
  for (const AmericanTree &exact : {put, call}) {
    const bool is_call = exact.phi > 0;
    const std::string name = is_call ? "call" : "put";
    World w;
    w.inputs.simulation.paths = 262144;
    w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, exact.sigma}}, 100, exact.carry, exact.rate);
    add_american(w, "strike", is_call ? QS_CALL : QS_PUT, exact.strike, exact.years);
    qs_constant_spec constant = {"K", exact.strike};
    qs_trade_spec &formula = add_american(w, "formula", QS_CALL, NAN, exact.years);
    formula.script.payoff = is_call ? "S[t] - K" : "K - S[t]";
    formula.script.constants = &constant;
    formula.script.constant_count = 1;
    w.value();
    for (const char *id : {"strike", "formula"}) {
      const qs_trade_result &t = w.trade(id);
      const std::string of = name + " by " + id;
      const bool by_formula = t.id == std::string("formula");
      const auto room = [&](double number) { return by_formula ? 0.004 * std::fabs(number) : 0; };
      expect_near(t.price, exact.price(), of, room(exact.price()) + t.bounds.extrapolation.std_error);
      const auto near = [&](int greek, double number, const char *what) {
        expect_near(t.greeks.value[greek], number, of + what, room(number) + 2e-4 * std::fabs(number));
      };
      near(QS_GREEK_DELTA, exact.derivative(&AmericanTree::spot, 0.5), " delta");
      near(QS_GREEK_GAMMA, exact.second(2), " gamma");
      near(QS_GREEK_PARAMETER + QS_SIGMA, exact.derivative(&AmericanTree::sigma, 0.005), " d_sigma");
      near(QS_GREEK_D_CARRY, exact.derivative(&AmericanTree::carry, 0.002), " d_carry");
      EXPECT_TRUE(t.trusted) << t.why;
    }
  }
}

TEST(Early, ShocksAreRevaluedUnderTheirOwnPolicy) {
  const std::vector<double> days = {40, 80, 120};
  World w;
  w.inputs.simulation.paths = 131072;
  Bermudan exact;
  exact.sigma = 0.4, exact.rate = 0.07, exact.carry = 0.03, exact.strike = 105;
  exact.times = {40 / 365.0, 80 / 365.0, 120 / 365.0};
  w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, exact.sigma}}, 100, exact.carry, exact.rate);
  const auto dates = dates_after(w.inputs.as_of, days);
  add_bermudan(w, "b", QS_PUT, exact.strike, dates);
  w.build();
  std::vector<qs_shock> shocks;
  std::vector<double> expected;
  for (double spot : {-0.3, -0.1, 0.2}) {
    for (double a : {1.0, 1.5}) {
      qs_model model = qs_model_scale_volatility(&w.market->underlyings[0].model, a);
      qs_shock shock = qs_shock_none(&model);
      shock.log_spot = std::log1p(spot);
      shocks.push_back(shock);
      Bermudan moved = exact;
      moved.spot *= 1 + spot, moved.sigma *= a;
      expected.push_back(moved.price() - exact.price());
    }
  }
  std::vector<qs_estimate> pnl(shocks.size());
  ASSERT_EQ(qs_revalue(&w.context, w.arena, w.devices, w.market, w.book->contracts, 1, &w.simulation,
                       shocks.data(), shocks.size(), pnl.data(), nullptr, nullptr),
            QS_OK)
      << w.context.message;
  for (size_t i = 0; i < shocks.size(); i++) {
    expect_near(pnl[i], expected[i], "shock " + std::to_string(i));
  }
}

// Finite differences of Ikonen and Toivanen (2008), four digits.
TEST(Early, PublishedHestonPuts) {
  const struct {
    const char *id;
    double v0, price;
  } cases[] = {{"low", 0.0625, 0.5200}, {"high", 0.25, 0.7960}};
  World w;
  w.inputs.simulation.paths = 131072;
  for (const auto &c : cases) {
    w.add_underlying(c.id, QS_MODEL_HESTON,
                     {{QS_V0, c.v0}, {QS_KAPPA, 5}, {QS_THETA, 0.16}, {QS_XI, 0.9}, {QS_RHO, 0.1}}, 10, 0.1,
                     0.1);
    add_american(w, c.id, QS_PUT, 10, 0.25, c.id);
  }
  w.value();
  for (const auto &c : cases) {
    const qs_trade_result &t = w.trade(c.id);
    expect_near(t.price, c.price, c.id, 5e-5);
    EXPECT_LT(t.bounds.gap.estimate, 0.005 * c.price);
    EXPECT_LT(t.bounds.extrapolation.std_error, 0.001 * c.price);
    EXPECT_LT(t.price.std_error, 0.002 * c.price);
  }
}

// tests/reference/early.csv, made by early_quantlib.cc beside it: prices and their own errors.
TEST(Early, HestonAndBatesAgainstFiniteDifferences) {
  std::ifstream file(QS_EARLY_REFERENCE);
  ASSERT_TRUE(file) << QS_EARLY_REFERENCE;
  std::string line;
  std::getline(file, line);
  World w;
  w.inputs.simulation.paths = 131072;
  struct Row {
    std::string id;
    double price, price_error, delta, delta_error, gamma, gamma_error;
    std::vector<qs_time> dates;
  };
  std::vector<Row> rows;
  while (std::getline(file, line)) {
    std::replace(line.begin(), line.end(), ',', ' ');
    std::istringstream cells(line);
    std::string model;
    double strike, rate, carry, days, steps, x[8];
    Row row;
    cells >> row.id >> model >> strike >> rate >> carry >> days >> steps;
    for (double &value : x) {
      cells >> value;
    }
    cells >> row.price >> row.price_error >> row.delta >> row.delta_error >> row.gamma >> row.gamma_error;
    ASSERT_TRUE(cells) << line;
    for (double k = 1; k <= steps; k++) {
      row.dates.push_back(w.inputs.as_of + static_cast<qs_time>(days / steps * k) * kDay);
    }
    rows.push_back(row);
    const bool bates = model == "bates";
    std::vector<std::pair<int, double>> values = {
        {QS_V0, x[0]}, {QS_KAPPA, x[1]}, {QS_THETA, x[2]}, {QS_XI, x[3]}, {QS_RHO, x[4]}};
    if (bates) {
      values.insert(values.end(), {{QS_LAMBDA, x[5]}, {QS_MU_J, x[6]}, {QS_SIGMA_J, x[7]}});
    }
    w.add_underlying(nullptr, bates ? QS_MODEL_BATES : QS_MODEL_HESTON, values, 100, carry, rate);
    w.add_option(nullptr, nullptr, QS_PUT, strike, NAN).type = QS_TRADE_BERMUDAN;
  }
  ASSERT_GE(rows.size(), 4u);
  for (size_t i = 0; i < rows.size(); i++) {
    w.underlyings[i].name = w.trades[i].id = w.trades[i].underlying = rows[i].id.c_str();
    w.trades[i].path.fixings = rows[i].dates.data();
    w.trades[i].path.fixing_count = rows[i].dates.size();
  }
  w.value();
  for (const Row &row : rows) {
    const qs_trade_result &t = w.trade(row.id);
    expect_near(t.price, row.price, row.id, row.price_error);
    expect_near(t.greeks.value[QS_GREEK_DELTA], row.delta, row.id + " delta", row.delta_error);
    expect_near(t.greeks.value[QS_GREEK_GAMMA], row.gamma, row.id + " gamma", row.gamma_error);
    EXPECT_LT(t.bounds.gap.estimate, 0.005 * row.price) << row.id;
  }
}

// Nobody exercises a call that carries nothing: it is European, under every model and scheme.
TEST(Early, CallsThatCarryNothingAreEuropean) {
  for (const Model &m : kModels) {
    World w;
    w.inputs.simulation.paths = 65536;
    w.add_underlying("X", m.type, m.values, 100, 0.05, 0.05);
    const auto dates = dates_after(w.inputs.as_of, {50, 100.3, 182.5});
    add_american(w, "american", QS_CALL, 105, 0.5);
    add_bermudan(w, "bermudan", QS_CALL, 105, dates);
    w.value();
    const double exact = european_call(w, 105);
    const std::string name = qs_model_name(m.type);
    for (const char *id : {"american", "bermudan"}) {
      const qs_trade_result &t = w.trade(id);
      expect_near(t.price, exact, name + " " + id);
      EXPECT_LT(t.bounds.gap.estimate, 1e-4 * exact) << name;
      EXPECT_LT(std::fabs(t.bounds.extrapolation.estimate), 1e-4 * exact) << name;
      EXPECT_TRUE(t.trusted) << t.why;
    }
  }
}

TEST(Early, MoreDatesAreWorthMore) {
  World w;
  w.inputs.simulation.paths = 131072;
  w.add_underlying("X", kModels[1].type, kModels[1].values, 100, 0.1, 0.1);
  const qs_time as_of = w.inputs.as_of;
  const auto two = dates_after(as_of, {100, 200}), four = dates_after(as_of, {50, 100, 150, 200});
  std::vector<double> days;
  for (int k = 1; k <= 20; k++) {
    days.push_back(10 * k);
  }
  const auto twenty = dates_after(as_of, days);
  w.add_option("european", "X", QS_PUT, 110, 200 / 365.0);
  add_bermudan(w, "two", QS_PUT, 110, two);
  add_bermudan(w, "four", QS_PUT, 110, four);
  add_bermudan(w, "twenty", QS_PUT, 110, twenty);
  add_american(w, "american", QS_PUT, 110, 200 / 365.0);
  w.value();
  const char *ids[] = {"european", "two", "four", "twenty", "american"};
  for (int i = 1; i < 5; i++) {
    const qs_estimate less = w.trade(ids[i - 1]).price, more = w.trade(ids[i]).price;
    EXPECT_GT(more.estimate, less.estimate + 2 * std::hypot(less.std_error, more.std_error)) << ids[i];
  }
}

TEST(Early, WhatIsBestExercisedNowIsWorthThat) {
  for (const Model &m : {kModels[0], kModels[1]}) {
    World w;
    w.add_underlying("X", m.type, m.values, 30, 0.2, 0.2);
    add_american(w, "put", QS_PUT, 100, 0.5);
    w.value();
    expect_exercised_now(w.trade("put"), 70, 1e-9);
  }
}

// A date between now and tomorrow is not lost to theta: tomorrow takes its place.
TEST(Early, ADateWithinTheDayCountsForTheta) {
  World w;
  w.inputs.simulation.paths = 131072;
  Bermudan exact;
  exact.sigma = 0.4, exact.rate = 0.4, exact.carry = 0.4, exact.strike = 120;
  exact.times = {0.25 / 365, 200 / 365.0};
  w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, exact.sigma}}, 100, exact.carry, exact.rate);
  const auto dates = dates_after(w.inputs.as_of, {0.25, 200});
  add_bermudan(w, "b", QS_PUT, exact.strike, dates);
  w.value();
  const qs_trade_result &t = w.trade("b");
  // Tables are in single precision: a value of at most the strike is right to half a place.
  expect_near(t.price, exact.price(), "soon", 0x1p-24 * exact.strike);
  EXPECT_NEAR(t.price.estimate + t.greeks.value[QS_GREEK_THETA].estimate, 20, 1e-6);
}

std::vector<double> numbers_of(int threads, bool company, uint64_t seed) {
  World w;
  w.add_underlying("X", kModels[3].type, kModels[3].values, 100, 0.1, 0.1);
  const auto dates = dates_after(w.inputs.as_of, {33, 80.5, 120});
  add_bermudan(w, "b", QS_PUT, 110, dates);
  add_american(w, "a", QS_PUT, 105, 0.4);
  if (company) {
    w.add_option("european", "X", QS_PUT, 100, 1);
    add_american(w, "other", QS_CALL, 95, 0.4);
  }
  return early_numbers(&w, threads, seed, {"a", "b"});
}

TEST(Early, TheSameBitsForAnyThreadsAndCompany) {
  expect_same_bits(numbers_of);
}

// Holding a put is best far in the money too where money costs less than nothing and the underlying less
// still: a policy with one boundary misses that, and the bounds say so.
TEST(Early, AGapIsReported) {
  World w;
  w.inputs.simulation.paths = 65536;
  w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, 0.08}}, 20, 0.10, -0.05);
  add_american(w, "put", QS_PUT, 120, 5);
  w.value();
  const qs_trade_result &t = w.trade("put");
  EXPECT_GT(t.bounds.gap.estimate, 0.02 * t.price.estimate);
  EXPECT_FALSE(t.trusted);
  EXPECT_NE(std::string(t.why).find("bounds"), std::string::npos);
}

} // namespace
