// European options in shocked markets by Fourier prices: closed forms, simulation, and the same bits in any
// company.
#include <cstring>
#include <deque>

#include "host/base/model.h"
#include "host/market/black.h"
#include "tests/engine/world.h"

namespace {

const std::vector<std::pair<int, double>> kSvcj = {
    {QS_V0, 0.25},  {QS_KAPPA, 3},    {QS_THETA, 0.3},    {QS_XI, 1.5},    {QS_RHO, -0.3},
    {QS_LAMBDA, 1}, {QS_MU_J, -0.05}, {QS_SIGMA_J, 0.08}, {QS_MU_V, 0.08}, {QS_RHO_J, -0.2}};
const std::vector<qs_shift_spec> kShift = {{0, 0.1, 0.02}, {0, 0.6, 0.01}};

class Shocked : public World {
public:
  std::vector<qs_estimate> totals, parts;
  std::vector<double> values;

  // The shocks of every cell, one after the other, over all underlyings.
  void revalue(const std::vector<qs_shock> &shocks, bool fourier) {
    size_t cells = shocks.size() / market->underlying_count;
    totals.assign(cells, {}), parts.assign(cells * book->count, {}), values.assign(cells * book->count, 0);
    qs_simulation asked = simulation;
    asked.fourier_stress = fourier;
    ASSERT_EQ(qs_revalue(&context, arena, devices, market, book->contracts, book->count, &asked,
                         shocks.data(), cells, totals.data(), parts.data(), values.data()),
              QS_OK)
        << context.message;
  }
  qs_shock shock(size_t underlying, double spot, double volatility, double carry, double rate) {
    qs_shock s = qs_shock_none(&market->underlyings[underlying].model);
    s.model = qs_model_scale_volatility(&s.model, 1 + volatility);
    s.log_spot = std::log1p(spot);
    s.carry_add = carry;
    s.rate_add = rate;
    s.shift_rise = (1 + volatility) * (1 + volatility) - 1;
    return s;
  }
};

// The price of a unit under gbm, linear, or settled in coin at the coin's rate of 0.
double Black(bool call, bool coin, double strike, double years, double spot, double carry, double rate,
             double sigma) {
  double forward = spot * std::exp(carry * years);
  double c = qs_black_price(call, std::log(strike / forward), sigma * std::sqrt(years));
  return (coin ? spot : std::exp(-rate * years) * forward) * c;
}

TEST(RevalueFourier, GbmIsClosedForm) {
  Shocked w;
  w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, 0.6}}, 100, 0.03, 0.05);
  w.add_option("call", "X", QS_CALL, 105, 0.5, 3);
  w.add_option("put", "X", QS_PUT, 60, 0.5, 2);
  w.add_option("coin", "X", QS_PUT, 105, 0.25, -2, QS_SETTLE_COIN);
  w.build();
  const double spots[] = {-0.5, 0, 0.2};
  std::vector<qs_shock> shocks;
  for (double s : spots) {
    shocks.push_back(w.shock(0, s, 0.5, 0.02, 0.01));
  }
  shocks.push_back(qs_shock_none(&w.market->underlyings[0].model));
  w.revalue(shocks, true);
  const struct {
    bool call, coin;
    double strike, quantity;
  } kinds[] = {{true, false, 105, 3}, {false, false, 60, 2}, {false, true, 105, -2}};
  for (size_t c = 0; c < 3; c++) {
    double sum = 0;
    for (size_t i = 0; i < 3; i++) {
      const auto &k = kinds[i];
      double years = w.book->contracts[i].years;
      double before = k.quantity * Black(k.call, k.coin, k.strike, years, 100, 0.03, 0.05, 0.6);
      double after =
          k.quantity * Black(k.call, k.coin, k.strike, years, 100 * (1 + spots[c]), 0.05, 0.06, 0.9);
      EXPECT_NEAR(w.parts[c * 3 + i].estimate, after - before, 1e-7) << c << " " << i;
      EXPECT_NEAR(w.values[c * 3 + i], after, 1e-7) << c << " " << i;
      EXPECT_EQ(w.parts[c * 3 + i].std_error, 0);
      sum += after - before;
    }
    EXPECT_NEAR(w.totals[c].estimate, sum, 1e-7);
    EXPECT_LT(w.totals[c].std_error, 1e-10);
  }
  for (size_t i = 0; i < 3; i++) {
    EXPECT_EQ(w.parts[9 + i].estimate, 0) << "no shock is no profit";
  }
}

// Every model with a shifted variance, against the simulated revaluation, whose errors are known to be right.
TEST(RevalueFourier, AgreesWithSimulation) {
  const struct {
    qs_model_type type;
    std::vector<std::pair<int, double>> values;
  } models[] = {
      {QS_MODEL_SVCJ, kSvcj},
      {QS_MODEL_HESTON, {{QS_V0, 0.2}, {QS_KAPPA, 3}, {QS_THETA, 0.3}, {QS_XI, 1.2}, {QS_RHO, -0.4}}},
      {QS_MODEL_KOU, {{QS_SIGMA, 0.5}, {QS_LAMBDA, 2}, {QS_P, 0.4}, {QS_ETA1, 12}, {QS_ETA2, 9}}}};
  for (const auto &m : models) {
    Shocked w;
    w.inputs.simulation.paths = 1 << 16;
    qs_underlying_spec &spec = w.add_underlying("X", m.type, m.values);
    spec.shift = kShift.data(), spec.shift_count = kShift.size();
    w.add_option("near", "X", QS_CALL, 100, 0.05, 2);
    w.add_option("far", "X", QS_PUT, 90, 0.9, -1);
    w.add_option("coin", "X", QS_CALL, 120, 0.4, 1, QS_SETTLE_COIN);
    w.build();
    std::vector<qs_shock> shocks = {w.shock(0, -0.2, 0.3, 0, 0), w.shock(0, 0.15, -0.2, 0.03, -0.01)};
    w.revalue(shocks, false);
    std::vector<qs_estimate> simulated = w.parts, sums = w.totals;
    w.revalue(shocks, true);
    for (size_t i = 0; i < simulated.size(); i++) {
      EXPECT_GT(simulated[i].std_error, 0);
      EXPECT_NEAR(w.parts[i].estimate, simulated[i].estimate, 4 * simulated[i].std_error)
          << m.type << " " << i;
    }
    for (size_t c = 0; c < shocks.size(); c++) {
      EXPECT_NEAR(w.totals[c].estimate, sums[c].estimate, 4 * sums[c].std_error);
    }
  }
}

// A price has the same bits alone, among others, among other cells and on any number of threads.
TEST(RevalueFourier, BitsDoNotDependOnCompany) {
  Shocked alone, crowd;
  for (Shocked *w : {&alone, &crowd}) {
    w->add_underlying("X", QS_MODEL_SVCJ, kSvcj);
    w->add_option("t", "X", QS_CALL, 105, 0.5);
  }
  crowd.add_underlying("Y", QS_MODEL_GBM, {{QS_SIGMA, 0.6}});
  std::deque<std::string> names;
  for (int i = 0; i < 400; i++) {
    names.push_back("o" + std::to_string(i));
    crowd.add_option(names.back().c_str(), "X", i % 2 ? QS_CALL : QS_PUT, 30 + 0.7 * i, i % 3 ? 0.5 : 0.3);
  }
  crowd.add_option("y", "Y", QS_CALL, 105, 0.5);
  alone.build();
  crowd.build();
  alone.context.threads = 1;
  crowd.context.threads = 4;
  const qs_shock down = alone.shock(0, -0.2, 0.3, 0.01, 0),
                 none = qs_shock_none(&crowd.market->underlyings[1].model);
  const qs_shock up = alone.shock(0, 0.4, 0.3, 0.01, 0), calm = alone.shock(0, 0.4, -0.3, 0.01, 0);
  alone.revalue({down}, true);
  crowd.revalue({calm, none, up, none, down, none}, true);
  const size_t last = 2 * crowd.book->count;
  EXPECT_EQ(alone.parts[0].estimate, crowd.parts[last].estimate);
  EXPECT_EQ(alone.values[0], crowd.values[last]);
  EXPECT_NE(alone.values[0], crowd.values[0]);
}

// What is along a path is simulated as ever, to the bit; the book's error is its.
TEST(RevalueFourier, OtherTradesAreSimulated) {
  Shocked both, without;
  for (Shocked *w : {&both, &without}) {
    w->add_underlying("X", QS_MODEL_SVCJ, kSvcj);
    qs_trade_spec digital;
    qs_trade_spec_init(&digital);
    digital.id = "d", digital.type = QS_TRADE_DIGITAL, digital.underlying = "X", digital.strike = 100;
    digital.call_put = QS_CALL, digital.expiry_years = 0.5, digital.quantity = 10;
    w->trades.push_back(digital);
  }
  both.add_option("t", "X", QS_CALL, 105, 0.5);
  both.build();
  without.build();
  both.revalue({both.shock(0, -0.2, 0.3, 0, 0)}, true);
  without.revalue({both.shock(0, -0.2, 0.3, 0, 0)}, false);
  EXPECT_EQ(std::memcmp(&both.parts[0], &without.parts[0], sizeof(qs_estimate)), 0);
  EXPECT_NEAR(both.totals[0].std_error, without.totals[0].std_error, 1e-9);
  EXPECT_GT(both.totals[0].std_error, 0);
  EXPECT_EQ(both.parts[1].std_error, 0);
}

} // namespace
