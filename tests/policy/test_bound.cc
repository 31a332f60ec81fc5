// The lower bound against known optima, on paths that this file draws by itself.
#include <cmath>

#include "host/policy/bound.h"
#include "tests/full_sample.h"
#include "tests/policy/paths.h"

namespace {

using namespace policy_world;

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
