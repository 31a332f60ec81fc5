// Barriers watched at all times, at default settings, against tests/reference/continuous_barriers.csv, which
// continuous_barriers.py beside it made by finite differences, Laplace transforms and unbiased simulation.
#include "tests/engine/world.h"

#include <algorithm>
#include <deque>
#include <fstream>
#include <sstream>

namespace {

const qs_parameter kColumns[] = {QS_V0,   QS_KAPPA,   QS_THETA, QS_XI,   QS_RHO,  QS_LAMBDA,
                                 QS_MU_J, QS_SIGMA_J, QS_P,     QS_ETA1, QS_ETA2, QS_SIGMA};

struct Row {
  std::string id;
  double value[3], error[3]; // price, delta, gamma; NaN: none
};

// Adds an underlying of its own and the barrier on it.
Row add(World &w, std::deque<std::string> &names, std::string line) {
  std::vector<std::string> cell;
  std::stringstream stream(line + ",");
  for (std::string s; std::getline(stream, s, ',');)
    cell.push_back(s);
  EXPECT_EQ(cell.size(), 9 + std::size(kColumns) + 6) << line;
  const std::string model = cell[1];
  names.push_back(model + " " + cell[0]);
  const qs_model_type type = model == "heston" ? QS_MODEL_HESTON
                             : model == "kou"  ? QS_MODEL_KOU
                                               : QS_MODEL_MERTON;
  std::vector<std::pair<int, double>> values;
  for (size_t k = 0; k < std::size(kColumns); k++)
    if (qs_model_parameters(type) >> kColumns[k] & 1)
      values.push_back({kColumns[k], std::stod(cell[9 + k])});
  const char *name = names.back().c_str();
  w.add_underlying(name, type, values, 100, std::stod(cell[7]), std::stod(cell[6]));
  qs_trade_spec trade;
  qs_trade_spec_init(&trade);
  trade.id = trade.underlying = name;
  trade.type = QS_TRADE_BARRIER;
  trade.call_put = cell[3] == "1" ? QS_CALL : QS_PUT;
  trade.strike = std::stod(cell[4]);
  trade.expiry = w.inputs.as_of + qs_time(std::stoi(cell[8])) * QS_SECONDS_PER_DAY;
  trade.quantity = 1;
  (cell[2] == "down" ? trade.path.lower : trade.path.upper) = std::stod(cell[5]);
  w.trades.push_back(trade);
  Row row = {names.back(), {}, {}};
  for (size_t q = 0; q < 3; q++) {
    const std::string value = cell[9 + std::size(kColumns) + 2 * q],
                      error = cell[10 + std::size(kColumns) + 2 * q];
    row.value[q] = value.empty() ? NAN : std::stod(value);
    row.error[q] = error.empty() ? NAN : std::stod(error);
  }
  return row;
}

void check(qs_sampling_choice sampling) {
  std::ifstream file(QS_BARRIER_REFERENCE);
  ASSERT_TRUE(file) << QS_BARRIER_REFERENCE;
  World w;
  w.inputs.simulation.paths = 262144;
  w.inputs.simulation.sampling = sampling;
  std::deque<std::string> names;
  std::vector<Row> rows;
  std::string line;
  for (std::getline(file, line); std::getline(file, line);)
    rows.push_back(add(w, names, line));
  ASSERT_EQ(rows.size(), 13u);
  w.value();
  const char *what[] = {"price", "delta", "gamma"};
  double squares = 0, count = 0;
  for (const Row &row : rows) {
    const qs_trade_result &t = w.trade(row.id);
    const qs_estimate found[] = {t.price, t.greeks.value[QS_GREEK_DELTA], t.greeks.value[QS_GREEK_GAMMA]};
    for (int q = 0; q < 3; q++) {
      if (std::isnan(row.value[q]))
        continue;
      const double z = (found[q].estimate - row.value[q]) / std::hypot(found[q].std_error, row.error[q]);
      std::printf("%-18s %-5s %12.6f +- %.6f, reference %12.6f +- %.6f, z %5.2f\n", row.id.c_str(), what[q],
                  found[q].estimate, found[q].std_error, row.value[q], row.error[q], z);
      EXPECT_LT(std::fabs(z), 4) << row.id << " " << what[q];
      squares += z * z;
      count++;
    }
  }
  EXPECT_LT(squares / count, 1 + 4 * std::sqrt(2 / count));
}

TEST(Barriers, WatchedAtAllTimesAreTheReferences) {
  check(QS_SAMPLING_CHOICE_PSEUDO);
}

// Errors of the prices are a third of the others': what the bridges were wrong by would show sooner.
TEST(Barriers, OnSobolPointsAreTheReferences) {
  check(QS_SAMPLING_CHOICE_SOBOL);
}

// A variance that hardly moves, beside a shift: all of it is constant, and reflection gives the price (Merton
// 1973). With a rho of -0.7 a bridge that took the shift for the price's own part would have nearly twice its
// variance.
TEST(Barriers, OverAShiftBesideARho) {
  World w;
  const double years = 0.5, sigma = 0.3, barrier = 85;
  const qs_shift_spec shift = {0, years, 0.05};
  w.inputs.simulation.precision = QS_DOUBLE;
  w.inputs.simulation.sampling = QS_SAMPLING_CHOICE_SOBOL;
  w.inputs.simulation.paths = 65536;
  qs_underlying_spec &x = w.add_underlying(
      "X", QS_MODEL_HESTON, {{QS_V0, 0.04}, {QS_KAPPA, 1}, {QS_THETA, 0.04}, {QS_XI, 1e-3}, {QS_RHO, -0.7}},
      100, 0, 0);
  x.shift = &shift;
  x.shift_count = 1;
  qs_trade_spec trade;
  qs_trade_spec_init(&trade);
  trade.id = "out";
  trade.underlying = "X";
  trade.type = QS_TRADE_BARRIER;
  trade.call_put = QS_CALL;
  trade.strike = 100;
  trade.expiry_years = years;
  trade.quantity = 1;
  trade.path.lower = barrier;
  w.trades.push_back(trade);
  w.value();
  const auto call = [&](double spot) {
    const double root = sigma * std::sqrt(years), d1 = std::log(spot / 100) / root + 0.5 * root;
    const auto cdf = [](double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); };
    return spot * cdf(d1) - 100 * cdf(d1 - root);
  };
  const double exact = call(100) - 100 / barrier * call(barrier * barrier / 100);
  const qs_estimate price = w.trade("out").price;
  EXPECT_LT(price.std_error, 0.02);
  EXPECT_NEAR(price.estimate, exact, 4 * price.std_error) << price.std_error;
}

} // namespace
