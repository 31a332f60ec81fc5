// Others' liquidations along paths: Merton's law, a second date in closed form, and a simulation of its own.
#include <random>

#include "host/simulate/paths.h"
#include "kernels/core/cascade.h"
#include "tests/simulate/simulate_black.h"
#include "tests/simulate/simulate_world.h"

namespace {

constexpr double kSigma = .6, kDay = 1.0 / 365;
constexpr uint64_t kPaths = 1 << 17;

class Falling : public SimulateWorld {
public:
  explicit Falling(uint64_t days) {
    add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, kSigma}}, 100, 0, 0);
    add_option("t1", "X", QS_CALL, 100, double(days) * kDay, 1);
    every_day(days);
    spec.cost_weight = 1;
    inputs.simulation.paths = kPaths;
    add_policy(QS_HEDGE_POLICY_NONE);
  }

  // x at the rows of the problem.
  std::vector<double> paths(uint64_t begin = 0, uint64_t count = kPaths) {
    if (!market)
      build();
    spec.position = "t1";
    spec.instruments = instruments.data();
    spec.instrument_count = instruments.size();
    spec.policies = policies.data();
    spec.policy_count = policies.size();
    qs_simulate_paths made;
    EXPECT_EQ(qs_simulate_problem_make(&context, arena, &inputs, market, book, &problem), QS_OK)
        << context.message;
    EXPECT_EQ(qs_simulate_paths_make(&context, arena, devices, &problem, &made), QS_OK) << context.message;
    std::vector<double> x(problem.row_count * count), v(x.size());
    EXPECT_EQ(qs_simulate_paths_run(&context, &made, begin, count, x.data(), v.data()), QS_OK);
    return x;
  }

  qs_simulate_problem problem = {};
};

// Central moments with their errors.
struct Moments {
  double mean = 0, central[7] = {};
  double n;

  Moments(const double *x, uint64_t count) : n(double(count)) {
    for (uint64_t i = 0; i < count; i++)
      mean += x[i] / n;
    for (uint64_t i = 0; i < count; i++)
      for (int k = 2; k < 7; k++)
        central[k] += std::pow(x[i] - mean, k) / n;
  }
  double error() const { return std::sqrt(central[2] / n); }
  double third_error() const {
    const double *m = central;
    return std::sqrt((m[6] - m[3] * m[3] - 6 * m[4] * m[2] + 9 * m[2] * m[2] * m[2]) / n);
  }
  double variance_error() const { return std::sqrt((central[4] - central[2] * central[2]) / n); }

  void expect(double want_mean, double want_variance, const char *what) const {
    EXPECT_LE(std::fabs(mean - want_mean), 4 * error()) << what << ": " << mean << ", not " << want_mean;
    EXPECT_LE(std::fabs(central[2] - want_variance), 4 * variance_error())
        << what << ": " << central[2] << ", not " << want_variance;
    EXPECT_LE(variance_error(), .03 * want_variance) << what;
  }
};

TEST(Cascade, PoissonNumbersHaveTheirLaw) {
  for (double mean : {0.0, .01, 1.0, 20.0, 64.0}) {
    // Every u falls between the distribution function below and at its number.
    double cdf = 0, term = std::exp(-mean);
    for (int n = 0; n < 200 && cdf < 1 - 1e-9; n++, term *= mean / n) {
      if (term > 1e-9) {
        EXPECT_EQ(qs_poisson_d(cdf + .5 * term, mean), n) << mean;
      }
      cdf += term;
    }
    EXPECT_LT(qs_poisson_d(1 - 0x1p-53, mean), mean + 20 * std::sqrt(mean) + 20);
  }
}

TEST(Cascade, OfABaseAloneIsMertons) {
  const double lambda = 40, mean = -.06, deviation = .05, years = 20 * kDay;
  Falling w(20);
  w.spec.cascade = {50, 0, 0, lambda, mean, deviation};
  const double growth = std::exp(mean + .5 * deviation * deviation) - 1;
  w.spec.drift = -lambda * growth; // Merton's compensator
  const std::vector<double> x = w.paths();
  const double expected = lambda * years, square = mean * mean + deviation * deviation;
  const Moments m(x.data() + 20 * kPaths, kPaths);
  m.expect(-.5 * kSigma * kSigma * years + expected * (mean - growth),
           kSigma * kSigma * years + expected * square, "Merton");
  const double third = expected * (mean * mean * mean + 3 * mean * deviation * deviation);
  EXPECT_LE(std::fabs(m.central[3] - third), 4 * m.third_error());
  EXPECT_LE(m.third_error(), .05 * std::fabs(third));
  // What a call pays on average is Merton's price (1976): the series over the number of jumps.
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  double price = 0, weight = std::exp(-expected);
  for (int n = 0; n < 60; n++, weight *= expected / n)
    price += weight * black(100 * std::exp(n * std::log1p(growth) - expected * growth), 100,
                            std::sqrt(kSigma * kSigma * years + n * deviation * deviation));
  const double now = black(100, 100, kSigma * std::sqrt(years));
  expect_within(w.policy(0).options, price - now, 4, .05, "call");
  EXPECT_STREQ(w.result.lower_bound_why, "the policy optimal is not among the policies");
}

// What is excited at the first date falls by the second: all of it by the normal law of the first day.
TEST(Cascade, AfterAFallInClosedForm) {
  const double excitation = 6000, decay = 100, threshold = .01, mean = -.03, deviation = .02;
  Falling w(2);
  w.spec.cascade = {decay, excitation, threshold, 0, mean, deviation};
  const std::vector<double> x = w.paths();
  const double day = kSigma * kSigma * kDay, s = std::sqrt(day), weight = -std::expm1(-decay * kDay) / decay;
  double g = 0, g_square = 0, with = 0; // the expected number, its square, and with the first day's move
  const int nodes = 4000;
  for (int i = 0; i <= nodes; i++) {
    const double z = -8 + 16.0 * i / nodes, move = -.5 * day + s * z;
    const double p = std::exp(-.5 * z * z) / std::sqrt(2 * M_PI) * 16 / nodes;
    const double number = excitation * weight * std::fmax(-move - threshold, 0);
    g += p * number;
    g_square += p * number * number;
    with += p * number * (move + .5 * day);
  }
  Moments(x.data() + kPaths, kPaths).expect(-.5 * day, day, "first day");
  const double square = mean * mean + deviation * deviation;
  Moments(x.data() + 2 * kPaths, kPaths)
      .expect(-day + mean * g, 2 * day + square * g + mean * mean * (g_square - g * g) + 2 * mean * with,
              "second day");
  EXPECT_GT(g, .1);
  // The jumps themselves, over the same paths without them.
  Falling bare(2);
  std::vector<double> y = bare.paths(), jumps(y.size());
  const qs_cascade *cascade = nullptr;
  ASSERT_EQ(qs_cascade_make(&w.context, w.arena, &w.problem, &cascade), QS_OK);
  qs_cascade_run(cascade, 0, kPaths, kPaths, y.data(), jumps.data());
  EXPECT_EQ(x, y);
  Moments(jumps.data() + 2 * kPaths, kPaths).expect(g, g + g_square - g * g, "number of jumps");
  EXPECT_EQ(Moments(jumps.data() + kPaths, kPaths).mean, 0);
  // A fill between the dates changes nothing at the dates.
  Falling late(2);
  late.spec.cascade = w.spec.cascade;
  late.spec.latency_seconds = 6 * 3600;
  y = late.paths();
  ASSERT_EQ(late.problem.row_count, 5u);
  Moments(y.data() + 4 * kPaths, kPaths)
      .expect(-day + mean * g, 2 * day + square * g + mean * mean * (g_square - g * g) + 2 * mean * with,
              "second day");
}

TEST(Cascade, ThatFeedsOnItselfAsInASimulationOfItsOwn) {
  const int days = 30;
  const double excitation = 900, decay = 60, threshold = .02, base = 5, mean = -.05, deviation = .02;
  Falling w(days);
  w.spec.cascade = {decay, excitation, threshold, base, mean, deviation};
  const std::vector<double> x = w.paths();
  const Moments got(x.data() + days * kPaths, kPaths);
  std::mt19937_64 random(29);
  std::normal_distribution<> normal;
  std::vector<double> own(kPaths);
  double number = 0;
  for (double &sum : own) {
    double excited = 0;
    sum = 0;
    for (int d = 0; d < days; d++) {
      const double expected = base * kDay + excited * -std::expm1(-decay * kDay) / decay;
      const int n = expected > 0 ? std::poisson_distribution<>(expected)(random) : 0;
      double move = -.5 * kSigma * kSigma * kDay + kSigma * std::sqrt(kDay) * normal(random);
      for (int k = 0; k < n; k++)
        move += mean + deviation * normal(random);
      number += double(n) / kPaths;
      sum += move;
      excited = excited * std::exp(-decay * kDay) + excitation * std::fmax(-move - threshold, 0);
    }
  }
  const Moments want(own.data(), kPaths);
  EXPECT_LE(std::fabs(got.mean - want.mean), 4 * std::hypot(got.error(), want.error()));
  EXPECT_LE(std::fabs(got.central[2] - want.central[2]),
            4 * std::hypot(got.variance_error(), want.variance_error()));
  EXPECT_GT(number, 2 * base * days * kDay); // most come from falls
  // The mean number by the mean fall it leaves.
  EXPECT_LE(std::fabs(got.mean + .5 * kSigma * kSigma * days * kDay - mean * number), 5 * got.error());
}

TEST(Cascade, PathsAreThemselvesInAnyBlock) {
  Falling w(5);
  w.spec.cascade = {60, 900, .02, 50, -.05, .02};
  const std::vector<double> whole = w.paths(0, 256), part = w.paths(64, 128);
  for (size_t row = 0; row < w.problem.row_count; row++)
    for (size_t i = 0; i < 128; i++)
      ASSERT_EQ(part[row * 128 + i], whole[row * 256 + 64 + i]);
  // Without a base and a fall nothing happens, to the bit.
  Falling none(5), off(5);
  none.spec.cascade = {60, 900, 50, 0, -.05, .02};
  EXPECT_EQ(none.paths(0, 256), off.paths(0, 256));
}

TEST(Cascade, HedgesFail) {
  // The bound is none of this law, and a hedge of the delta is worse for it.
  double variance[2];
  for (int i : {0, 1}) {
    Falling w(4);
    w.inputs.simulation.paths = 1 << 14;
    w.policies.clear();
    w.add_policy(QS_HEDGE_POLICY_OPTIMAL);
    if (i)
      w.spec.cascade = {60, 900, .02, 20, -.08, .02};
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    EXPECT_EQ(std::isnan(w.result.lower_bound.estimate), i == 1);
    if (i) {
      EXPECT_STREQ(w.result.lower_bound_why,
                   "cascades of others' liquidations are no part of the prices' law");
    }
    variance[i] = w.policy(0).variance.estimate;
  }
  EXPECT_GT(variance[1], 2 * variance[0]);
}

} // namespace
