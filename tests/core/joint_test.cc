// Several underlyings together: closed forms (Margrabe 1978; products of lognormals), bumps on the same
// draws, the horizon unit's law, likelihood ratios beside derivatives, the same bits from everywhere, and
// what is refused.
#include <cstring>
#include <functional>

#include "tests/core/joint_cases.h"

namespace {

using namespace paths;

// max(A - B, 0) and 1 where A > B, of two geometric Brownian motions (Margrabe 1978), undiscounted.
TEST(Joint, ExchangeInClosedForm) {
  const double c = 0.6, s1 = 0.4, s2 = 0.25, T = 1.5;
  JointValuation run(T, 12, 1, {asset("A", gbm(s1)), asset("B", gbm(s2), 95, 0.02)}, {{1, c}, {c, 1}});
  run.add("max(A[T] - B[T], 0)");
  run.add("if(A[T] > B[T], 1, 0)");
  run.unit.path_count = 1 << 17;
  Device device;
  ASSERT_EQ(run.run(device), QS_OK) << device.message;
  const double f1 = 100 * std::exp(0.05 * T), f2 = 95 * std::exp(0.02 * T);
  const double v = std::sqrt((s1 * s1 + s2 * s2 - 2 * c * s1 * s2) * T);
  const double d1 = std::log(f1 / f2) / v + v / 2, d2 = d1 - v, root = std::sqrt(T);
  const uint32_t a = qs_joint_asset_quantity(&run.unit, 0), b = qs_joint_asset_quantity(&run.unit, 1);
  expect_near(run.estimate(0, 0), f1 * cdf(d1) - f2 * cdf(d2), "exchange");
  expect_near(run.estimate(0, a), f1 * cdf(d1), "its delta to A");
  expect_near(run.estimate(0, b), -f2 * cdf(d2), "its delta to B");
  expect_near(run.estimate(0, a + 1), f1 * cdf(d1) * T, "its carry of A");
  const double vega = f1 * pdf(d1) * root, by_v = 1 / (v / root);
  expect_near(run.estimate(0, a + 2), vega * (s1 - c * s2) * by_v, "its vega of A");
  expect_near(run.estimate(0, b + 2), vega * (s2 - c * s1) * by_v, "its vega of B");
  const double curve = f1 * pdf(d1) / v; // F^2 times gamma
  expect_near(run.estimate(0, qs_joint_pair_quantity(&run.unit, 0, 0)), curve, "gamma of A");
  expect_near(run.estimate(0, qs_joint_pair_quantity(&run.unit, 1, 1)), curve, "gamma of B");
  expect_near(run.estimate(0, qs_joint_pair_quantity(&run.unit, 0, 1)), -curve, "cross gamma");
  expect_near(run.estimate(0, qs_joint_own_quantity(&run.unit, 0, 1)), -vega * s1 * s2 * by_v, "correlation");
  EXPECT_EQ(run.estimate(0, qs_joint_variance_quantity(&run.unit, 0, 1)).value, 0);
  // The digital is N(d2) of the lognormal ratio under the measure of money.
  const double m = (std::log(f1 / f2) - (s1 * s1 - s2 * s2) * T / 2) / v, slope = pdf(m) / v;
  expect_near(run.estimate(1, 0), cdf(m), "digital");
  expect_near(run.estimate(1, a), slope, "its delta to A");
  expect_near(run.estimate(1, b), -slope, "its delta to B");
  const double by_sigma = pdf(m) * (-s1 * T / v - m * (s1 - c * s2) * T / (v * v));
  expect_near(run.estimate(1, a + 2), by_sigma, "its vega of A");
  expect_near(run.estimate(1, qs_joint_pair_quantity(&run.unit, 0, 0)), -m * slope / v - slope, "its gamma");
  expect_near(run.estimate(1, qs_joint_pair_quantity(&run.unit, 0, 1)), m * slope / v, "its cross gamma");
  expect_near(run.estimate(1, qs_joint_own_quantity(&run.unit, 0, 1)), pdf(m) * m * s1 * s2 * T / (v * v),
              "its correlation");
}

// Three underlyings whose product is lognormal, observed at two dates.
TEST(Joint, ProductsInClosedForm) {
  const double c12 = 0.5, c13 = -0.3, c23 = 0.2, s[] = {0.3, 0.5, 0.2}, T = 1;
  JointValuation run(T, 8, 2, {asset("A", gbm(s[0])), asset("B", gbm(s[1])), asset("C", gbm(s[2]))},
                     {{1, c12, c13}, {c12, 1, c23}, {c13, c23, 1}});
  run.add("A[T] * B[T] / K");
  run.add("A[d0] * C[T] / K");
  run.add("A[T] * B[T] * C[d0] / K / K");
  run.unit.path_count = 1 << 16;
  Device device;
  ASSERT_EQ(run.run(device), QS_OK) << device.message;
  const double half = std::exp(0.05 * T / 2), whole = std::exp(0.05 * T);
  const double ab = 100 * whole * whole * std::exp(c12 * s[0] * s[1] * T);
  const double ac = 100 * half * whole * std::exp(c13 * s[0] * s[2] * T / 2);
  const double cross = c12 * s[0] * s[1] * T + (c13 * s[0] + c23 * s[1]) * s[2] * T / 2;
  expect_near(run.estimate(0, 0), ab, "A B");
  expect_near(run.estimate(1, 0), ac, "A C");
  expect_near(run.estimate(2, 0), 100 * whole * whole * half * std::exp(cross), "A B C");
  expect_near(run.estimate(0, qs_joint_asset_quantity(&run.unit, 0)), ab, "delta");
  expect_near(run.estimate(0, qs_joint_asset_quantity(&run.unit, 0) + 2), ab * c12 * s[1] * T, "vega");
  expect_near(run.estimate(0, qs_joint_asset_quantity(&run.unit, 1) + 2), ab * c12 * s[0] * T, "vega");
  expect_near(run.estimate(1, qs_joint_asset_quantity(&run.unit, 0) + 1), ac * T / 2, "carry of A");
  expect_near(run.estimate(1, qs_joint_asset_quantity(&run.unit, 2) + 1), ac * T, "carry of C");
  expect_near(run.estimate(0, qs_joint_pair_quantity(&run.unit, 0, 1)), ab, "cross gamma");
  expect_near(run.estimate(1, qs_joint_pair_quantity(&run.unit, 0, 1)), 0, "no cross gamma");
  expect_near(run.estimate(0, qs_joint_own_quantity(&run.unit, 0, 1)), ab * s[0] * s[1] * T, "correlation");
  expect_near(run.estimate(1, qs_joint_own_quantity(&run.unit, 0, 2)), ac * s[0] * s[2] * T / 2,
              "correlation over half the time");
  const double abc = 100 * whole * whole * half * std::exp(cross);
  expect_near(run.estimate(2, qs_joint_own_quantity(&run.unit, 1, 2)), abc * s[1] * s[2] * T / 2,
              "correlation of B and C");
}

// The law of the horizon unit, whose states have the same correlation, from other draws.
TEST(Joint, LawOfTheHorizon) {
  const double c = 0.7, T = 0.5;
  JointValuation run(T, 40, 1,
                     {asset("A", typical(QS_MODEL_HESTON), 1, 0), asset("B", typical(QS_MODEL_SVCJ), 1, 0)},
                     {{1, c}, {c, 1}});
  run.add("A[T] * B[T]");
  run.add("max(one - A[T], 0) * max(one - B[T], 0)");
  run.unit.path_count = 1 << 17;
  run.unit.greeks = false;
  Device device;
  ASSERT_EQ(run.run(device), QS_OK) << device.message;
  const size_t paths = 1 << 17;
  std::vector<double> x[2], v(paths);
  for (int a = 0; a < 2; a++) {
    const uint64_t keys[] = {qs_key(7, QS_PURPOSE_TEST, "one"), qs_key(7, QS_PURPOSE_TEST, "two")};
    const double weights[2][2] = {{1, 0}, {c, std::sqrt(1 - c * c)}};
    const qs_date end = {40, {0, 0, 0}};
    qs_horizon_unit unit{};
    unit.path = run.assets[size_t(a)].path;
    unit.path.dates = &end, unit.path.date_count = 1;
    unit.keys = keys, unit.weights = weights[a], unit.key_count = a ? 2 : 1;
    unit.precision = QS_PRECISION_MIXED, unit.path_end = paths;
    x[a].resize(paths);
    ASSERT_EQ(qs_backend_cpu()->horizon(device.get(), &unit, nullptr, device.message, x[a].data(), v.data()),
              QS_OK);
  }
  const auto compare = [&](uint32_t payoff, const std::function<double(double, double)> &pays) {
    double mean = 0, square = 0;
    for (size_t i = 0; i < paths; i++) {
      const double p = pays(std::exp(x[0][i]), std::exp(x[1][i]));
      mean += p / double(paths), square += p * p / double(paths);
    }
    const Estimate e = run.estimate(payoff, 0);
    EXPECT_NEAR(e.value, mean, 4.5 * std::hypot(e.error, std::sqrt((square - mean * mean) / double(paths))));
  };
  compare(0, [](double a, double b) { return a * b; });
  compare(1, [](double a, double b) { return std::max(1 - a, 0.0) * std::max(1 - b, 0.0); });
}

// Every derivative against a central difference on the same draws.
TEST(Joint, DerivativesAgainstBumps) {
  Device device;
  for (int index = 0; index < 6; index++) {
    JointValuation base = mixed_run(index);
    ASSERT_EQ(base.run(device), QS_OK) << device.message;
    const auto check = [&](uint32_t quantity, double h, const std::string &what,
                           const std::function<void(JointValuation *, double)> &move) {
      JointValuation up = mixed_run(index), down = mixed_run(index);
      move(&up, h), move(&down, -h);
      up.unit.greeks = down.unit.greeks = false;
      ASSERT_EQ(up.run(device), QS_OK) << device.message;
      ASSERT_EQ(down.run(device), QS_OK) << device.message;
      for (uint32_t p = 0; p < 2; p++)
        expect_bump(base, p, quantity, up, down, h, what + " of model " + std::to_string(index));
    };
    for (uint32_t a = 0; a < 2; a++) {
      const uint32_t q = qs_joint_asset_quantity(&base.unit, a);
      check(q, 1e-4, "delta", [a](JointValuation *r, double h) {
        r->shifts = {0, 0};
        r->shifts[a] = h;
      });
      check(q + 1, 1e-4, "carry", [a](JointValuation *r, double h) { r->underlyings[a].carry += h; });
      uint32_t at = q + 2;
      for (uint32_t p = 0; p < QS_PARAMETER_COUNT; p++)
        if (qs_model_parameters(base.underlyings[a].model.type) >> p & 1)
          check(at++, 1e-4 * std::fabs(base.underlyings[a].model.value[p]), std::to_string(p),
                [a, p](JointValuation *r, double h) { r->underlyings[a].model.value[p] += h; });
    }
  }
}

// A formula that jumps where its branches meet: likelihood ratios of what derivatives give as well.
TEST(Joint, RatiosBesideDerivatives) {
  Device device;
  for (int index = 0; index < 11; index++) {
    JointValuation run = index < 6 ? mixed_run(index) : full_run(index - 6);
    run.formulas.clear();
    run.add("max((A[d1] + B[T]) / 2 - K, 0)");
    run.add("if((A[d1] + B[T]) / 2 > K, (A[d1] + B[T]) / 2 - K, 0)");
    run.unit.path_count = 1 << 16;
    ASSERT_EQ(run.run(device), QS_OK) << device.message;
    ASSERT_FALSE(run.payoffs[0].jumps);
    ASSERT_TRUE(run.payoffs[1].jumps);
    for (uint32_t q = 0; q < run.quantities(); q++) {
      const Estimate gap = of_batches(run.unit.batch_end, [&](uint32_t b) {
        return run.moment(b, 1, q).mean - run.moment(b, 0, q).mean;
      });
      EXPECT_NEAR(gap.value, 0, 4.5 * gap.error + 1e-9)
          << "quantity " << q << " of model " << index << ": " << run.estimate(0, q).value << " "
          << run.estimate(1, q).value;
    }
  }
}

// A policy over two underlyings of which the first date's coefficients are given: [1, z_A, z_B, what exercise
// pays, and that moved up and down for A and for B].
struct Policy {
  std::vector<double> weights, centre, rate, bump, coefficient;
  std::vector<uint32_t> parent = {0, 0, 0}, variable = {0, 0, 1};
  qs_policy plan{};

  Policy(size_t dates, std::vector<double> first) {
    for (size_t d = 0; d < dates; d++) {
      weights.push_back(1 + 0.01 * double(dates - 1 - d));
      centre.insert(centre.end(), {0.01, -0.02, 0, 0});
      rate.insert(rate.end(), {3, 4, 0, 0});
      bump.insert(bump.end(), {1.1, 1.2});
      for (size_t k = 0; k < 8; k++)
        coefficient.push_back(first[std::min(k, first.size() - 1)]);
    }
    plan = {weights.data(),
            centre.data(),
            rate.data(),
            bump.data(),
            coefficient.data(),
            parent.data(),
            variable.data(),
            3,
            1};
  }
};

// Exercise at the first date of all, or at the last alone, is a formula of that date.
TEST(Joint, EarlyExerciseAtOneDateIsAFormulaOfIt) {
  Device device;
  for (bool first : {false, true})
    for (bool jumps : {false, true})
      for (int index = 0; index < 5; index++) {
        JointValuation run = mixed_run(index);
        run.formulas.clear();
        run.unit.precision = QS_PRECISION_DOUBLE;
        run.unit.path_count = 4096;
        const std::string text =
            jumps ? "if(A[d0] > B[d0], A[d0], 2 * B[d0])" : "max(A[d0], B[d0]) + 0.1 * A[d0]";
        run.add(text);
        std::string plain = first ? "1.02 * (" + text + ")" : text;
        for (size_t at; !first && (at = plain.find("d0")) != std::string::npos;)
          plain.replace(at, 2, "T");
        run.add(plain);
        Policy policy(run.dates.size(), {first ? -1e6 : 1e6, 0});
        run.connect();
        run.payoffs[0].policy = &policy.plan;
        ASSERT_EQ(
            qs_backend_cpu()->joint(device.get(), &run.unit, nullptr, device.message, run.moments.data()),
            QS_OK)
            << device.message;
        for (uint32_t q = 0; q < run.quantities(); q++) {
          const Estimate early = run.estimate(0, q), exact = run.estimate(1, q);
          EXPECT_NEAR(early.value, exact.value, 1e-9 * (1 + std::fabs(exact.value)))
              << first << jumps << " quantity " << q << " of model " << index;
        }
      }
}

// Exercised where it is worth more than a linear form of what is seen: the same as one formula with
// conditions, whose Greeks are ratios as well.
TEST(Joint, PoliciesAreFollowed) {
  Device device;
  for (int index = 0; index < 5; index++) {
    JointValuation run = mixed_run(index);
    run.formulas.clear();
    run.unit.path_count = 4096;
    const std::vector<double> c = {70, 12, -7, 0.1, 0.2, -0.13, 0.11, 0.04};
    Policy policy(run.dates.size(), c);
    run.add("max(A[d0], B[d0]) - 80");
    const double dt = run.years_whole / 24;
    const auto number = [](double x) { return "(" + std::to_string(x) + ")"; };
    const auto pays = [&](int d, double a, double b) {
      const std::string at = "[d" + std::to_string(d) + "]";
      return "(max(" + number(a) + " * A" + at + ", " + number(b) + " * B" + at + ") - 80)";
    };
    std::string whole = "max(" + pays(2, 1, 1) + ", 0)";
    for (int d = 1; d >= 0; d--) {
      std::string holds = number(c[0]);
      for (int k = 0; k < 2; k++) {
        const JointValuation::Underlying &u = run.underlyings[k];
        const double forward = u.spot * std::exp(u.carry * run.dates[d] * dt);
        char log_forward[40];
        std::snprintf(log_forward, sizeof log_forward, "%.17g", std::log(forward));
        const std::string log_price = "log(" + u.name + "[d" + std::to_string(d) + "])";
        holds += " + " + number(c[1 + k]) + " * min(4, max(-4, (" + log_price + " - " + log_forward + " - " +
                 number(policy.centre[k]) + ") * " + number(policy.rate[k]) + "))";
      }
      const double moves[5][2] = {{1, 1}, {1.1, 1}, {1 / 1.1, 1}, {1, 1.2}, {1, 1 / 1.2}};
      for (int k = 0; k < 5; k++) {
        char down[2][40];
        std::string moved = "max(";
        for (int a = 0; a < 2; a++) {
          std::snprintf(down[a], sizeof down[a], "%.17g", moves[k][a]);
          moved += std::string(a ? ", " : "") + down[a] + (a ? " * B[d" : " * A[d") + std::to_string(d) + "]";
        }
        holds += " + " + number(c[3 + k]) + " * max(" + moved + ") - 80, 0)";
      }
      const std::string paid = number(policy.weights[d]) + " * " + pays(d, 1, 1);
      whole = "if(" + paid + " > 0 and " + paid + " >= " + holds + ", " + paid + ", " + whole + ")";
    }
    run.add(whole);
    run.connect();
    run.payoffs[0].policy = &policy.plan;
    run.payoffs[0].jumps = true;
    ASSERT_EQ(qs_backend_cpu()->joint(device.get(), &run.unit, nullptr, device.message, run.moments.data()),
              QS_OK)
        << device.message;
    for (uint32_t q = 0; q < run.quantities(); q++) {
      const Estimate early = run.estimate(0, q), exact = run.estimate(1, q);
      EXPECT_NEAR(early.value, exact.value, 1e-8 * (1 + std::fabs(exact.value)))
          << "quantity " << q << " of model " << index;
    }
    EXPECT_GT(run.estimate(0, 0).value, 0);
  }
}

TEST(Joint, SameBits) {
  for (qs_precision precision : {QS_PRECISION_MIXED, QS_PRECISION_DOUBLE})
    for (int index = 0; index < 6; index++) {
      const Policy policy(3, {100, 2, -1, 0.1, 0.02, -0.03, 0.01, 0.04});
      const auto make = [&] {
        JointValuation run = index % 2 ? full_run(index) : mixed_run(index);
        run.add("if(A[T] > B[T], A[T], B[d1])");
        run.add("max(A[d0], B[d0])");
        run.policies[run.formulas.size() - 1] = &policy.plan;
        run.unit.precision = precision;
        run.unit.path_count = 1344, run.unit.batch_paths = 192;
        return run;
      };
      expect_same_bits(make, std::to_string(index));
    }
}

qs_status refused(const std::function<void(JointValuation *)> &change) {
  return status_of(mixed_run(0), change);
}

TEST(Joint, UnitsAreChecked) {
  EXPECT_EQ(refused([](JointValuation *) {}), QS_OK);
  EXPECT_EQ(refused([](JointValuation *r) { r->unit.asset_count = 0; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](JointValuation *r) { r->unit.asset_count = 99; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](JointValuation *r) { r->unit.payoff_count = 0; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](JointValuation *r) { r->unit.batch_paths = 100; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](JointValuation *r) { r->unit.date_count = 0; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](JointValuation *r) { r->dates[0] = 0; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](JointValuation *r) { r->dates[2] = 99; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](JointValuation *r) { r->dates[1] = r->dates[0]; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](JointValuation *r) { r->shifts[1] = 30; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](JointValuation *r) { r->underlyings[1].steps[3].years *= 2; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](JointValuation *r) { r->underlyings[1].ends[3].main_steps = 3; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](JointValuation *r) { r->underlyings[1].loadings[0] = 0; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](JointValuation *r) { r->assets[1].path.common = 1; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](JointValuation *r) { r->assets[1].common_sizes = r->underlyings[1].loadings.data(); }),
            QS_ERROR_INPUT);
  EXPECT_EQ(refused([](JointValuation *r) { r->assets[1].variance = r->underlyings[1].loadings.data(); }),
            QS_ERROR_INPUT);
  EXPECT_EQ(refused([](JointValuation *r) { r->assets[0].cross = r->underlyings[0].cross.data(); }),
            QS_ERROR_INPUT);
  EXPECT_EQ(refused([](JointValuation *r) {
              for (size_t a = 0; a < 2; a++) {
                r->underlyings[a].cross = {0.5, 0.5};
                r->assets[a].cross = r->underlyings[a].cross.data();
              }
            }),
            QS_ERROR_INPUT);
  EXPECT_EQ(refused([](JointValuation *r) { r->underlyings[1].forward[2] = 0; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](JointValuation *r) { r->payoffs[1].date_count = 4; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](JointValuation *r) { r->formulas[1].assets[0] = 2; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](JointValuation *r) { r->payoffs[1].known = nullptr; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](JointValuation *r) {
              r->formulas[1].dates[0] = 3;
              r->formulas[1].known[0] = NAN;
            }),
            QS_ERROR_INPUT);
}

TEST(Joint, PoliciesAreChecked) {
  const auto with = [](const std::function<void(Policy *)> &change) {
    Policy policy(3, {100, 2, -1, 0.1, 0.02, -0.03, 0.01, 0.04});
    change(&policy);
    return refused([&](JointValuation *r) { r->payoffs[1].policy = &policy.plan; });
  };
  EXPECT_EQ(with([](Policy *) {}), QS_OK);
  EXPECT_EQ(with([](Policy *p) { p->plan.terms = 0; }), QS_ERROR_INPUT);
  EXPECT_EQ(with([](Policy *p) { p->plan.terms = QS_POLICY_TERMS + 1; }), QS_ERROR_INPUT);
  EXPECT_EQ(with([](Policy *p) { p->plan.moves = QS_POLICY_MOVES + 1; }), QS_ERROR_INPUT);
  EXPECT_EQ(with([](Policy *p) { p->plan.coefficient = nullptr; }), QS_ERROR_INPUT);
  EXPECT_EQ(with([](Policy *p) { p->coefficient[9] = NAN; }), QS_ERROR_INPUT);
  EXPECT_EQ(with([](Policy *p) { p->weights[2] = INFINITY; }), QS_ERROR_INPUT);
  EXPECT_EQ(with([](Policy *p) { p->bump[1] = 0; }), QS_ERROR_INPUT);
  EXPECT_EQ(with([](Policy *p) { p->parent[2] = 2; }), QS_ERROR_INPUT);
  EXPECT_EQ(with([](Policy *p) { p->variable[1] = 4; }), QS_ERROR_INPUT);
  EXPECT_EQ(with([](Policy *p) { p->variable[1] = 2; }), QS_ERROR_INPUT); // its rate is 0
}

TEST(Joint, CanBeCancelled) {
  Device device;
  JointValuation run = mixed_run(0);
  run.connect();
  const volatile int cancel = 1;
  EXPECT_EQ(qs_backend_cpu()->joint(device.get(), &run.unit, &cancel, device.message, run.moments.data()),
            QS_ERROR_CANCELLED);
}

} // namespace
