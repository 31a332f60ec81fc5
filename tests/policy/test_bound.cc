// The lower bound against known optima, on paths that this file draws by itself.
#include <cmath>
#include <random>

#include "host/policy/bound.h"
#include "tests/full_sample.h"
#include "tests/policy/policy_world.h"

namespace {

using namespace policy_world;

// States [date][path], drawn exactly in v (a Poisson mixture of gamma laws), the integral of v by the
// trapezoidal rule over eight parts of a step, jumps at the ends of the parts.
struct Paths {
  std::vector<std::vector<double>> x, v;
  std::vector<const double *> xs, vs;

  Paths(const World &world, size_t count, unsigned seed) {
    const size_t dates = world.dates.size();
    x.assign(dates, std::vector<double>(count, 0.0));
    v.assign(dates, std::vector<double>(count, 0.0));
    std::mt19937_64 random(seed);
    for (size_t i = 0; i < count; i++) {
      double at = 0, variance = world.model.value[QS_V0];
      v[0][i] = variance;
      for (size_t n = 1; n < dates; n++) {
        Step(world.model, world.dates[n].years - world.dates[n - 1].years, random, &at, &variance);
        x[n][i] = at;
        v[n][i] = variance;
      }
    }
    for (size_t n = 0; n < dates; n++) {
      xs.push_back(x[n].data());
      vs.push_back(v[n].data());
    }
  }

  template <class Random>
  static void Step(const qs_model &m, double years, Random &random, double *x, double *v) {
    const bool stochastic = m.type == QS_MODEL_HESTON || m.type == QS_MODEL_BATES || m.type == QS_MODEL_SVCJ;
    const bool jumps = m.type == QS_MODEL_MERTON || m.type == QS_MODEL_BATES || m.type == QS_MODEL_SVCJ;
    const double *p = m.value;
    std::normal_distribution<double> normal;
    const int parts = stochastic || jumps ? 8 : 1;
    const double dt = years / parts;
    for (int k = 0; k < parts; k++) {
      double integral = p[QS_SIGMA] * p[QS_SIGMA] * dt, own = integral;
      if (stochastic) {
        const double square = p[QS_XI] * p[QS_XI], decay = std::exp(-p[QS_KAPPA] * dt);
        const double scale = square * (1 - decay) / (4 * p[QS_KAPPA]);
        std::poisson_distribution<int> mixture(*v * decay / scale / 2);
        std::gamma_distribution<double> gamma(2 * p[QS_KAPPA] * p[QS_THETA] / square + mixture(random),
                                              2 * scale);
        const double next = gamma(random);
        integral = 0.5 * dt * (*v + next);
        own = (1 - p[QS_RHO] * p[QS_RHO]) * integral;
        *x += p[QS_RHO] / p[QS_XI] * (next - *v - p[QS_KAPPA] * (p[QS_THETA] * dt - integral));
        *v = next;
      }
      *x += -0.5 * integral + std::sqrt(own) * normal(random);
      if (jumps) {
        const double loading = m.type == QS_MODEL_SVCJ ? p[QS_RHO_J] : 0, mean_v = p[QS_MU_V];
        const double mean =
            std::exp(p[QS_MU_J] + 0.5 * p[QS_SIGMA_J] * p[QS_SIGMA_J]) / (1 - loading * mean_v) - 1;
        *x -= p[QS_LAMBDA] * mean * dt;
        for (int j = std::poisson_distribution<int>(p[QS_LAMBDA] * dt)(random); j > 0; j--) {
          const double z =
              m.type == QS_MODEL_SVCJ ? std::exponential_distribution<double>(1 / mean_v)(random) : 0;
          *x += p[QS_MU_J] + loading * z + p[QS_SIGMA_J] * normal(random);
          *v += z;
        }
      }
    }
  }
};

struct Certified {
  qs_policy_ground ground = {};
  qs_policy_optimum optimum = {};
  qs_policy_bound bound = {};
  std::vector<qs_policy_share> shares;
  std::vector<std::vector<double>> surprises;

  Certified(World *world, const Paths &paths) {
    EXPECT_EQ(QS_OK, qs_policy_make_ground(&world->context, world->arena, &world->problem, &world->settings,
                                           &ground));
    EXPECT_EQ(QS_OK,
              qs_policy_optimise(&world->context, world->arena, &ground, &world->settings, true, &optimum));
    const size_t count = paths.x[0].size(), dates = ground.ratios.date_count;
    shares.resize(count);
    surprises.assign(dates, std::vector<double>(count));
    std::vector<double *> at;
    for (auto &row : surprises) {
      at.push_back(row.data());
    }
    qs_policy_follow(&world->context, &ground, &optimum, paths.xs.data(), paths.vs.data(), count,
                     shares.data(), at.data());
    bound = qs_policy_bound_of(&ground, shares.data(), count);
  }
  // Of the mean over dates of e^2/(4 v), e the surprise's mean in bins of x: unbiased for the bins' own
  // means.
  double Remainder(const World &world, const Paths &paths) const {
    double total = 0;
    const size_t count = shares.size();
    for (size_t n = 0; n < surprises.size(); n++) {
      const int bins = 40;
      const double unit = world.dates[n].gain, low = -3.5, width = 7.0 / bins;
      const double root = ground.ratios.relative[n][ground.ratios.nodes->y_count / 2];
      const double far = std::sqrt(root * (static_cast<double>(n) + 0.01));
      std::vector<double> sum(bins), square(bins), held(bins);
      for (size_t i = 0; i < count; i++) {
        const int b = std::min(bins - 1, std::max(0, static_cast<int>((paths.x[n][i] / far - low) / width)));
        sum[b] += surprises[n][i], square[b] += surprises[n][i] * surprises[n][i], held[b]++;
      }
      for (int b = 0; b < bins; b++) {
        if (held[b] > 1) {
          const double mean = sum[b] / held[b], own = (square[b] / held[b] - mean * mean) / (held[b] - 1);
          const double v = unit * unit * root * std::exp(2 * far * (low + (b + 0.5) * width));
          total += held[b] / static_cast<double>(count) * (mean * mean - own) / (4 * v);
        }
      }
    }
    return total;
  }
};

// The known optima of the short call. What it is found by, less the gap, has no noise but the gap's.
TEST(Bound, IsTheKnownOptimum) {
  const double known[2][2] = {{1, 1.2847}, {100, 10.7976}};
  for (const auto &k : known) {
    World world(Gbm(0.6));
    ShortCall(&world);
    world.Problem(k[0]);
    const Paths paths(world, 1 << 16, 3);
    const Certified c(&world, paths);
    const qs_policy_bound &b = c.bound;
    EXPECT_LT(b.lower, k[1] + 1e-4 * k[1] + 4 * b.lower_error);
    EXPECT_NEAR(k[1], b.lower, 4 * b.lower_error + 1e-4 * k[1]);
    EXPECT_NEAR(k[1], c.optimum.value.objective - b.gap, 1e-4 * k[1]);
    EXPECT_LT(b.lower_error, 2e-3 * k[1]);
    EXPECT_LT(b.gap, 1e-5 * k[1]);
    EXPECT_GT(b.gap, -4 * b.gap_error - 1e-9);
    EXPECT_NEAR(b.objective, b.lower + b.gap, 1e-12);
    EXPECT_LT(c.Remainder(world, paths), 2e-5 * k[1]);
  }
}

// A long call is hedged by holdings below 0, a strangle by both sides of it: a holding that waits at 0 then
// stands within a jump of the derivative.
TEST(Bound, HoldsOnBothSidesOfNoHolding) {
  for (int kind = 0; kind < 3; kind++) {
    World world(Gbm(0.6));
    world.Dates(20, 1.0 / 365, 0.0005);
    if (kind == 0) {
      world.Option(true, 100, 1);
    } else {
      world.Option(true, 104, kind == 1 ? 1 : -1).Option(false, 96, kind == 1 ? 1 : -1);
    }
    world.Problem(kind == 2 ? 300 : 100);
    const Certified c(&world, Paths(world, 1 << 13, 5));
    const qs_policy_bound &b = c.bound;
    EXPECT_NEAR(b.objective, c.optimum.value.objective, 4 * b.objective_error) << kind;
    EXPECT_LT(b.gap, 5e-4 * b.lower) << kind;
    EXPECT_GT(b.gap, -4 * b.gap_error - 1e-9) << kind;
  }
}

// What is held at the start is in the bound too.
TEST(Bound, CountsWhatIsHeldAtTheStart) {
  for (double held : {0.5, -0.3, 2.0}) {
    World world(Gbm(0.6));
    ShortCall(&world, 10);
    world.Problem(100)->holding = held;
    const Certified c(&world, Paths(world, 1 << 13, 6));
    EXPECT_NEAR(c.bound.objective, c.optimum.value.objective, 4 * c.bound.objective_error) << held;
    EXPECT_LT(c.bound.gap, 1e-4 * c.bound.lower) << held;
  }
}

// Finer tables have a policy whose objective no bound may pass: on the same paths the default's does not, and
// is not lower by more than its gap. (Tables of 9 holdings would say 2% too much.)
TEST(Bound, DefaultTablesAreFineEnough) {
  struct Case {
    qs_model model;
    size_t days, count;
    qs_policy_settings fine;
    bool digital;
  };
  std::vector<Case> cases = {{Gbm(0.6), 10, 1 << 14, {2001, 0, 1023, 0}, false}};
  if (FullSample()) {
    cases = {{Gbm(0.6), 30, 1 << 14, {2001, 0, 1023, 0}, false},
             {Heston(), 6, 1 << 15, {401, 32, 191, 0}, false},
             {Gbm(0.6), 10, 1 << 14, {2001, 0, 1023, 0}, true},
             {Heston(), 5, 1 << 15, {401, 32, 191, 0}, true}};
  }
  for (const auto &k : cases) {
    World world(k.model), other(k.model);
    for (World *w : {&world, &other}) {
      if (k.digital) { // a spread 1e-5 of the price wide, which pays 10
        w->Dates(k.days, 1.0 / 365, 0.0005).Option(true, 99.9995, -1e4).Option(true, 100.0005, 1e4);
      } else {
        ShortCall(w, k.days);
      }
      w->Problem(100);
    }
    other.settings = k.fine;
    const Paths paths(world, k.count, 7);
    const Certified usual(&world, paths), fine(&other, paths);
    double sum = 0, square = 0;
    for (size_t i = 0; i < k.count; i++) {
      const qs_policy_share &f = fine.shares[i], &u = usual.shares[i];
      const double above = u.tracking + 100 * u.cost - u.gap - (f.tracking + 100 * f.cost);
      sum += above, square += above * above;
    }
    const double n = static_cast<double>(k.count), mean = sum / n,
                 error = std::sqrt((square / n - mean * mean) / n);
    EXPECT_LT(mean, 4 * error + 1e-5 * usual.bound.lower) << k.model.type;
    EXPECT_GT(mean, -4 * error - 2e-5 * usual.bound.lower) << k.model.type;
    EXPECT_LT(error, 1e-5 * usual.bound.lower) << k.model.type;
    EXPECT_NEAR(usual.ground.j0, fine.ground.j0, 1e-4 * usual.bound.lower) << k.model.type;
  }
}

// Random variance and jumps: the policy is within half a percent of the bound, and what simulation says of it
// is what dynamic programming does. Ten days always, all thirty in the full sample.
TEST(Bound, GapOfRandomVarianceAndJumps) {
  const qs_model calm =
      Make(QS_MODEL_HESTON, {{QS_V0, 0.04}, {QS_KAPPA, 1.5}, {QS_THETA, 0.04}, {QS_XI, 0.5}, {QS_RHO, -0.7}});
  for (const qs_model &model : {Merton(), calm, Heston(), Svcj()}) {
    World world(model);
    ShortCall(&world, FullSample() ? 30 : 10);
    world.Problem(100);
    const Paths paths(world, 1 << 14, 8);
    const Certified c(&world, paths);
    const qs_policy_bound &b = c.bound;
    EXPECT_NEAR(b.objective, c.optimum.value.objective, 4 * b.objective_error) << model.type;
    EXPECT_LT(b.lower, c.optimum.value.objective + 4 * b.lower_error) << model.type;
    EXPECT_LT(b.lower_error, 5e-3 * b.lower) << model.type;
    EXPECT_LT(b.gap + 4 * b.gap_error, 5e-3 * b.lower) << model.type;
    EXPECT_LT(b.gap, 5e-4 * b.lower) << model.type;
    EXPECT_GT(b.gap, -4 * b.gap_error) << model.type;
    EXPECT_LT(c.Remainder(world, paths), 2e-4 * b.lower) << model.type;
  }
}

TEST(Bound, BitsDoNotDependOnThreads) {
  std::vector<double> bits[2];
  for (int i = 0; i < 2; i++) {
    World world(Heston());
    ShortCall(&world, 4);
    world.settings = {81, 8, 31, 0};
    world.Problem(10);
    world.context.threads = i == 0 ? 1 : 5;
    const Certified c(&world, Paths(world, 3000, 9));
    bits[i] = {c.bound.lower, c.bound.gap, c.bound.objective, c.bound.gap_error};
    for (const qs_policy_share &share : c.shares) {
      bits[i].push_back(share.gap + share.cost);
    }
  }
  EXPECT_EQ(bits[0], bits[1]);
}

} // namespace
