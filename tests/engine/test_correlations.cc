// Correlations of underlyings' prices and variances: what the drawn paths have, derivatives to them against
// closed forms (Margrabe 1978, Stulz 1982) and against runs with another correlation, and stressed ones.
#include <functional>
#include <map>

#include "host/engine/expansion.h"
#include "host/engine/horizon_state.h"
#include "host/stress/stress.h"
#include "tests/engine/world.h"

namespace {

double cdf(double x) {
  return std::erfc(-x / std::sqrt(2)) / 2;
}

// Formulas over the world's underlyings, expiring together.
class Correlated : public World {
public:
  explicit Correlated(uint64_t paths = 1 << 16) {
    inputs.simulation.paths = paths;
    inputs.simulation.variance_reduction = QS_REDUCTION_NONE;
    T.name = "T";
  }
  void heston(const char *name, double rho, double spot = 100) {
    add_underlying(name, QS_MODEL_HESTON,
                   {{QS_V0, 0.2}, {QS_KAPPA, 2}, {QS_THETA, 0.25}, {QS_XI, 0.8}, {QS_RHO, rho}}, spot, 0,
                   0.05);
  }
  void gbm(const char *name, double sigma, double spot = 100) {
    add_underlying(name, QS_MODEL_GBM, {{QS_SIGMA, sigma}}, spot, 0, 0.05);
  }
  void correlate(const char *a, const char *b, double value) { correlations.push_back({{a, b}, value}); }
  void formula(const char *id, const char *payoff, double years, const char *in = nullptr) {
    qs_trade_spec t;
    qs_trade_spec_init(&t);
    t.id = id;
    t.type = QS_TRADE_SCRIPT;
    t.quantity = 10;
    t.expiry_years = years;
    t.book = in;
    t.script.payoff = payoff;
    trades.push_back(t);
  }
  void run() {
    names.clear();
    for (const qs_underlying_spec &u : underlyings)
      names.push_back(u.name);
    for (qs_trade_spec &t : trades)
      t.underlyings = names.data(), t.underlying_count = names.size();
    inputs.correlations = correlations.data();
    inputs.correlation_count = correlations.size();
    value();
    ASSERT_EQ(qs_report_correlations(&context, arena, &valuation, &results), QS_OK) << context.message;
  }
  const qs_correlation_result *find(const char *id, const char *in, const char *a, const char *b) const {
    for (size_t i = 0; i < results.d_correlation_count; i++) {
      const qs_correlation_result &c = results.d_correlations[i];
      const bool named = id ? c.id && std::string(id) == c.id : !c.id;
      const bool booked = !in || (c.book && std::string(in) == c.book);
      const bool total = id || in || !c.book;
      if (named && booked && total && std::string(a) == c.between[0] && std::string(b) == c.between[1])
        return &c;
    }
    return nullptr;
  }
  std::vector<qs_correlation_spec> correlations;
  std::vector<const char *> names;
  qs_schedule_spec T;
};

void expect_near(const qs_estimate &e, double exact, const char *what) {
  EXPECT_GT(e.std_error, 0) << what;
  EXPECT_NEAR(e.estimate, exact, 4.5 * e.std_error + 1e-5 * std::fabs(exact))
      << what << ", error " << e.std_error;
}

// ---- the law ----

// Over a time too short for v to move much, the sample correlations of x and v over the horizon are those of
// the drivers.
TEST(Correlations, OfTheHorizonAreThoseGiven) {
  const double rho[] = {-0.6, 0.3};
  const double given[4] = {0.5, 0.8, -0.4, 0.35}; // prices, variances, A's price with B's variance, the other
  for (int kind = 0; kind < 3; kind++) {
    Correlated w;
    w.heston("A", rho[0]), w.heston("B", rho[1]);
    w.correlate("A", "B", given[0]);
    if (kind)
      w.correlate("A.variance", "B.variance", given[1]);
    if (kind == 2)
      w.correlate("A", "B.variance", given[2]), w.correlate("B", "A.variance", given[3]);
    w.inputs.correlations = w.correlations.data();
    w.inputs.correlation_count = w.correlations.size();
    w.build();
    const uint64_t paths = 1 << 18;
    const qs_horizon_spec spec = {1e-3, 0, paths, 1, QS_PRECISION_DOUBLE, QS_SCHEME_QE, NAN};
    qs_horizon *horizon = nullptr;
    ASSERT_EQ(qs_horizon_create(&w.context, w.arena, w.devices, w.market, &spec, &horizon), QS_OK)
        << w.context.message;
    const double *rows[4]; // x and v of A, x and v of B
    for (size_t u = 0; u < 2; u++) {
      const qs_horizon_states *states;
      ASSERT_EQ(qs_horizon_states_at(horizon, &w.context, u, qs_horizon_end(horizon), &states), QS_OK)
          << w.context.message;
      rows[2 * u] = states->x, rows[2 * u + 1] = states->v;
    }
    const double passed = rho[0] * rho[1] + std::sqrt((1 - rho[0] * rho[0]) * (1 - rho[1] * rho[1]));
    const double vv = kind ? given[1] : given[0] / passed;
    const double expected[4][4] = {{1, rho[0], given[0], kind == 2 ? given[2] : rho[0] * vv},
                                   {0, 1, kind == 2 ? given[3] : rho[1] * vv, vv},
                                   {0, 0, 1, rho[1]},
                                   {0, 0, 0, 1}};
    for (int i = 0; i < 4; i++)
      for (int j = i + 1; j < 4; j++) {
        double mean[2] = {0, 0}, square[2] = {0, 0}, product = 0;
        for (uint64_t p = 0; p < paths; p++)
          mean[0] += rows[i][p] / double(paths), mean[1] += rows[j][p] / double(paths);
        for (uint64_t p = 0; p < paths; p++) {
          const double a = rows[i][p] - mean[0], b = rows[j][p] - mean[1];
          square[0] += a * a, square[1] += b * b, product += a * b;
        }
        const double r = product / std::sqrt(square[0] * square[1]), c = expected[i][j];
        EXPECT_NEAR(r, c, 4.5 * (1 - c * c) / std::sqrt(double(paths)) + 5e-4)
            << kind << ": " << i << " " << j;
      }
  }
}

// ---- derivatives ----

// The call on the lesser of two geometric Brownian motions (Stulz 1982), by one integral over A's normal.
double worst_of(double c) {
  const double s1 = 0.4, s2 = 0.25, T = 0.5, K = 95, f1 = 100, f2 = 98;
  const auto black = [](double f, double k, double d) {
    const double up = std::log(f / k) / d + d / 2;
    return f * cdf(up) - k * cdf(up - d);
  };
  const int n = 40000;
  double sum = 0;
  for (int i = 0; i <= n; i++) {
    const double z = -8 + 16.0 * i / n, a = f1 * std::exp(s1 * std::sqrt(T) * z - s1 * s1 * T / 2);
    const double b = f2 * std::exp(c * s2 * std::sqrt(T) * z - c * c * s2 * s2 * T / 2);
    const double deviation = s2 * std::sqrt(T * (1 - c * c));
    const double pays = a > K ? black(b, K, deviation) - black(b, a, deviation) : 0;
    sum += pays * std::exp(-z * z / 2) / std::sqrt(2 * M_PI) * 16 / n;
  }
  return std::exp(-0.05 * T) * sum;
}

TEST(Correlations, DerivativesInClosedForm) {
  const double c = 0.6, s1 = 0.4, s2 = 0.25, T = 0.5, a = 100, b = 98;
  Correlated w(1 << 18);
  w.gbm("A", s1, a), w.gbm("B", s2, b);
  w.correlate("A", "B", c);
  w.formula("exchange", "max(A[T] - B[T], 0)", T, "one");
  w.formula("worst", "max(min(A[T], B[T]) - 95, 0)", T, "two");
  w.formula("jumping", "if(A[T] > B[T], 1, 0)", T, "two");
  w.run();
  const double v = std::sqrt((s1 * s1 + s2 * s2 - 2 * c * s1 * s2) * T), d = std::log(a / b) / v + v / 2;
  const double df = std::exp(-0.05 * T), vega = df * a * std::exp(-d * d / 2) / std::sqrt(2 * M_PI);
  const double exchange = -10 * vega * s1 * s2 * T / v,
               worst = 10 * (worst_of(c + 1e-4) - worst_of(c - 1e-4)) / 2e-4;
  const double m = (std::log(a / b) - (s1 * s1 - s2 * s2) * T / 2) / v;
  const double digital = 10 * df * std::exp(-m * m / 2) / std::sqrt(2 * M_PI) * m * s1 * s2 * T / (v * v);
  ASSERT_EQ(w.results.d_correlation_count, 6u); // three trades, two books, the total
  expect_near(w.trade("worst").value, 10 * worst_of(c), "value of the worst");
  expect_near(w.find("exchange", nullptr, "A", "B")->value, exchange, "exchange");
  expect_near(w.find("worst", nullptr, "A", "B")->value, worst, "worst of two");
  expect_near(w.find("jumping", nullptr, "A", "B")->value, digital, "digital");
  expect_near(w.find(nullptr, "two", "A", "B")->value, worst + digital, "a book");
  expect_near(w.find(nullptr, nullptr, "A", "B")->value, exchange + worst + digital, "all");
}

// Derivatives beside runs with the input moved, over seeds: the mean gap against its own spread.
struct Moved {
  const char *what;
  std::function<void(Correlated *, double)> move;
  std::function<double(const Correlated &)> read;
};

void expect_bumps(const std::function<void(Correlated *)> &fill, const std::vector<Moved> &list) {
  const int seeds = 8;
  const double step = 0.01;
  std::vector<std::vector<double>> gaps(list.size());
  for (int seed = 1; seed <= seeds; seed++) {
    const auto run = [&](const std::function<void(Correlated *)> &change, bool greeks) {
      auto w = std::make_unique<Correlated>(1 << 13);
      fill(w.get());
      w->inputs.simulation.seed = uint64_t(seed);
      if (change)
        change(w.get());
      w->inputs.value.greeks = greeks;
      w->run();
      return w;
    };
    const auto base = run(nullptr, true);
    for (size_t i = 0; i < list.size(); i++) {
      const auto up = run([&](Correlated *w) { list[i].move(w, step); }, false);
      const auto down = run([&](Correlated *w) { list[i].move(w, -step); }, false);
      const double bump = (up->trade("f").value.estimate - down->trade("f").value.estimate) / (2 * step);
      gaps[i].push_back(list[i].read(*base) - bump);
    }
  }
  for (size_t i = 0; i < list.size(); i++) {
    double mean = 0, square = 0;
    for (double gap : gaps[i])
      mean += gap / seeds;
    for (double gap : gaps[i])
      square += (gap - mean) * (gap - mean);
    const double error = std::sqrt(square / seeds / (seeds - 1));
    EXPECT_NEAR(mean, 0, 7 * error + 1e-3) << list[i].what << ", error " << error; // Student's t of 7 degrees
  }
}

double slope(const Correlated &w, const char *a, const char *b) {
  const qs_correlation_result *found = w.find("f", nullptr, a, b);
  EXPECT_TRUE(found) << a << " " << b;
  return found ? found->value.estimate : 0;
}

void move_rho(Correlated *w, size_t u, double by) {
  w->underlyings[u].model.value[QS_RHO] += by;
}

TEST(Correlations, DerivativesOfTheImpliedMatrixAgainstBumps) {
  expect_bumps(
      [](Correlated *w) {
        w->heston("A", -0.6), w->heston("B", 0.2);
        w->correlate("A", "B", 0.5);
        w->formula("f", "max(A[T] - B[T], 0)", 0.5);
      },
      {{"correlation", [](Correlated *w, double h) { w->correlations[0].value += h; },
        [](const Correlated &w) { return slope(w, "A", "B"); }},
       {"rho of A", [](Correlated *w, double h) { move_rho(w, 0, h); },
        [](const Correlated &w) {
          return w.trade("f").greeks.value[QS_GREEK_PARAMETER + QS_RHO].estimate;
        }}});
}

TEST(Correlations, DerivativesOfTheFullMatrixAgainstBumps) {
  std::vector<Moved> list;
  const char *names[4][2] = {{"A", "B"}, {"A.variance", "B.variance"}, {"A", "B.variance"}, {"A", "C"}};
  for (size_t k = 0; k < 4; k++)
    list.push_back({names[k][1], [k](Correlated *w, double h) { w->correlations[k].value += h; },
                    [=](const Correlated &w) { return slope(w, names[k][0], names[k][1]); }});
  list.push_back({"rho of B", [](Correlated *w, double h) { move_rho(w, 1, h); },
                  [](const Correlated &w) {
                    return w.trade("f/B").greeks.value[QS_GREEK_PARAMETER + QS_RHO].estimate;
                  }});
  expect_bumps(
      [&](Correlated *w) {
        w->heston("A", -0.6), w->heston("B", 0.2), w->gbm("C", 0.3);
        for (size_t k = 0; k < 4; k++)
          w->correlate(names[k][0], names[k][1], std::vector<double>{0.5, 0.7, -0.3, 0.2}[k]);
        w->formula("f", "max(A[T] - (B[T] + C[T]) / 2, 0)", 0.5);
      },
      list);
}

// A price on one of them is what it is without correlations.
TEST(Correlations, LeaveMarginalsAlone) {
  double values[2], errors[2];
  for (int full = 0; full < 2; full++) {
    Correlated w(1 << 17);
    w.heston("A", -0.6), w.heston("B", 0.2);
    if (full) {
      w.correlate("A", "B", 0.3), w.correlate("A.variance", "B.variance", 0.7);
      w.correlate("B", "A.variance", -0.5), w.correlate("A", "B.variance", -0.2);
    }
    w.inputs.simulation.seed = uint64_t(full + 1);
    w.formula("f", "max(B[T] - 100, 0) + 0 * A[T]", 0.5);
    w.run();
    values[full] = w.trade("f").value.estimate, errors[full] = w.trade("f").value.std_error;
  }
  EXPECT_NEAR(values[0], values[1], 4.5 * std::hypot(errors[0], errors[1]));
}

// ---- jumps in common ----

// The horizon, and x of both underlyings at its end, [path].
void make_horizon(Correlated *w, const qs_horizon_spec *spec, qs_horizon **horizon, const double *x[2]) {
  ASSERT_EQ(qs_horizon_create(&w->context, w->arena, w->devices, w->market, spec, horizon), QS_OK)
      << w->context.message;
  for (size_t u = 0; u < 2; u++) {
    const qs_horizon_states *states;
    ASSERT_EQ(qs_horizon_states_at(*horizon, &w->context, u, qs_horizon_end(*horizon), &states), QS_OK);
    x[u] = states->x;
  }
}

const double kMuJ[] = {-0.1, 0.05}, kSigmaJ[] = {0.15, 0.2};

// Two of Merton's, A and B, that jump together 1.5 times a year.
void add_jumps(Correlated *w) {
  static const char *const names[] = {"A", "B"};
  static const qs_common_jump_spec common = {names, 2, 1.5, 0.6};
  for (int a = 0; a < 2; a++)
    w->add_underlying(names[a], QS_MODEL_MERTON,
                      {{QS_SIGMA, 0.3}, {QS_LAMBDA, 3 - a}, {QS_MU_J, kMuJ[a]}, {QS_SIGMA_J, kSigmaJ[a]}},
                      100, 0, 0.05);
  w->correlate("A", "B", 0.4);
  w->inputs.common_jumps = &common;
  w->inputs.common_jump_count = 1;
}

// The mean of the product of two of Merton's, whose log jumps are correlated at the common times.
double product_mean(double lambda, double sizes) {
  const double T = 0.5, sigma = 0.3, c = 0.4;
  double mean[2];
  for (int a = 0; a < 2; a++)
    mean[a] = std::exp(kMuJ[a] + kSigmaJ[a] * kSigmaJ[a] / 2);
  const double both = mean[0] * mean[1] * std::exp(sizes * kSigmaJ[0] * kSigmaJ[1]);
  return std::exp(-0.05 * T + c * sigma * sigma * T + lambda * T * (both - mean[0] - mean[1] + 1)) * 100;
}

TEST(Correlations, CommonJumpsInEverySection) {
  Correlated w(1 << 18);
  add_jumps(&w);
  w.formula("product", "A[T] * B[T] / 100", 0.5);
  w.formula("call", "max(A[T] - 100, 0) + 0 * B[T]", 0.5);
  w.run();
  expect_near(w.trade("product").value, 10 * product_mean(1.5, 0.6), "product");
  // The same call on A alone, which knows of no common jumps.
  w.trades.clear();
  w.add_option("alone", "A", QS_CALL, 100, 0.5, 10);
  const qs_estimate call = w.trade("call").value;
  w.value();
  const qs_estimate alone = w.trade("alone").value;
  EXPECT_NEAR(call.estimate, alone.estimate, 4.5 * std::hypot(call.std_error, alone.std_error));
  // Risk: the mean of the product over the horizon.
  const uint64_t paths = 1 << 18;
  const qs_horizon_spec spec = {0.5 * 365, 0, paths, 1, QS_PRECISION_MIXED, QS_SCHEME_QE, NAN};
  qs_horizon *horizon = nullptr;
  const double *x[2];
  make_horizon(&w, &spec, &horizon, x);
  ASSERT_FALSE(testing::Test::HasFatalFailure());
  double mean = 0, square = 0;
  for (uint64_t p = 0; p < paths; p++) {
    const double both = 100 * std::exp(x[0][p] + x[1][p] - 0.05 * 0.5);
    mean += both / double(paths), square += both * both / double(paths);
  }
  EXPECT_NEAR(mean, product_mean(1.5, 0.6), 4.5 * std::sqrt((square - mean * mean) / double(paths)));
}

TEST(Correlations, StressScalesCommonJumps) {
  Correlated w(1 << 17);
  add_jumps(&w);
  w.formula("product", "A[T] * B[T] / 100", 0.5);
  w.run();
  qs_scenario_spec scenarios[2];
  for (qs_scenario_spec &s : scenarios)
    qs_scenario_spec_init(&s);
  scenarios[0].name = "more", scenarios[0].jump_intensity = 1;
  scenarios[1].name = "none", scenarios[1].jump_intensity = -1;
  qs_estimate pnl[2];
  double lost[2];
  ASSERT_EQ(qs_scenario_pnl(&w.context, w.arena, w.devices, w.market, w.book->contracts, w.book->count,
                            &w.simulation, scenarios, 2, pnl, nullptr, lost),
            QS_OK)
      << w.context.message;
  expect_near(pnl[0], 10 * (product_mean(3, 0.6) - product_mean(1.5, 0.6)), "more");
  expect_near(pnl[1], 10 * (product_mean(0, 0.6) - product_mean(1.5, 0.6)), "none");
}

// ---- over a horizon ----

// Trades on several underlyings are expanded there, with what two underlyings do together.
TEST(Correlations, HorizonHasCrossTerms) {
  Correlated w(1 << 17);
  w.gbm("A", 0.4), w.gbm("B", 0.25);
  w.correlate("A", "B", 0.5);
  w.formula("f", "A[T] * B[T] / 100", 0.5);
  w.run();
  const uint64_t paths = 1 << 14;
  const qs_horizon_spec spec = {1, 0, paths, 1, QS_PRECISION_DOUBLE, QS_SCHEME_QE, NAN};
  qs_horizon *horizon = nullptr;
  const double *x[2];
  make_horizon(&w, &spec, &horizon, x);
  ASSERT_FALSE(testing::Test::HasFatalFailure());
  qs_expansion expansions[2];
  std::vector<double> scratch(w.simulation.batches), weights, pnl(paths);
  ASSERT_EQ(w.book->count, 2u);
  for (size_t i = 0; i < 2; i++) {
    qs_expansion_find(&w.valuation, i, scratch.data(), &expansions[i]);
    w.book->contracts[i].expansion = &expansions[i];
    weights.push_back(w.book->contracts[i].quantity);
  }
  ASSERT_EQ(qs_horizon_pnl(horizon, &w.context, w.book->contracts, weights.data(), 2, pnl.data()), QS_OK)
      << w.context.message;
  const double covariance = 0.5 * 0.4 * 0.25, day = 1.0 / 365;
  const double now = 1000 * std::exp((covariance - 0.05) * 0.5),
               later = now * std::exp((0.05 - covariance) * day);
  double off = 0, together = 0, mean = 0; // the mean gap is theta's own error
  for (uint64_t p = 0; p < paths; p++) {
    const double gap = pnl[p] - (later * std::exp(x[0][p] + x[1][p]) - now), both = now * x[0][p] * x[1][p];
    off += gap * gap / double(paths), together += both * both / double(paths), mean += gap / double(paths);
  }
  EXPECT_LT(std::sqrt(off - mean * mean), 0.4 * std::sqrt(together));
}

// ---- stress ----

TEST(Correlations, StressMovesThem) {
  const double s1 = 0.4, s2 = 0.25, T = 0.5, a = 100, b = 98;
  Correlated w(1 << 17);
  w.gbm("A", s1, a), w.gbm("B", s2, b);
  w.correlate("A", "B", 0.6);
  w.formula("exchange", "max(A[T] - B[T], 0)", T);
  w.run();
  const char *only[] = {"A"};
  qs_scenario_spec scenarios[3];
  for (qs_scenario_spec &s : scenarios)
    qs_scenario_spec_init(&s);
  scenarios[0].name = "more", scenarios[0].correlation = 0.25;
  scenarios[1].name = "beyond one", scenarios[1].correlation = 2;
  scenarios[2].name = "of A alone", scenarios[2].correlation = 0.25;
  scenarios[2].underlyings = only, scenarios[2].underlying_count = 1;
  qs_estimate pnl[3];
  double lost[3];
  ASSERT_EQ(qs_scenario_pnl(&w.context, w.arena, w.devices, w.market, w.book->contracts, w.book->count,
                            &w.simulation, scenarios, 3, pnl, nullptr, lost),
            QS_OK)
      << w.context.message;
  const auto value = [&](double c) {
    const double v = std::sqrt((s1 * s1 + s2 * s2 - 2 * c * s1 * s2) * T), d = std::log(a / b) / v + v / 2;
    return 10 * std::exp(-0.05 * T) * (a * cdf(d) - b * cdf(d - v));
  };
  expect_near(pnl[0], value(0.85) - value(0.6), "more");
  expect_near(pnl[1], value(0.999) - value(0.6), "beyond one");
  EXPECT_NEAR(pnl[2].estimate, 0, 1e-9);
}

} // namespace
