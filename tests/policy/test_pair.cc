// Two hedge instruments: the programme against that of one instrument, its covariances against quadrature,
// its policy against a simulation that knows nothing of it, and the gap to the bound.
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>

#include "host/market/black.h"
#include "host/policy/optimum.h"
#include "host/policy/pair.h"
#include "tests/full_sample.h"
#include "tests/policy/policy_world.h"

namespace {

using namespace policy_world;

// The short call of thirty days, hedged with the spot at five basis points and a call of sixty days.
struct Pair {
  World world;
  qs_policy_pair_problem problem = {};
  qs_policy_pair_settings settings = {};
  qs_policy_pair pair = {};

  Pair(const qs_model &model, double weight, double scale = 1) : world(model) {
    world.Dates(30, 1.0 / 365, 0.0005 * scale).Option(true, 100, -1);
    world.Problem(weight);
    problem.first = &world.problem;
    problem.option = {true, false, 60.0 / 365, 100, 100, 1, 0};
    problem.of_spot = 0.0003 * scale;
    problem.cap = INFINITY;
    problem.of_value = 0.01 * scale;
    Limits(0, -0.8, 1.6);
    Limits(1, -0.4, 1.6);
  }
  Pair &Limits(int instrument, double low, double high) {
    problem.low[instrument] = low;
    problem.high[instrument] = high;
    return *this;
  }
  Pair &Steps(size_t first, size_t second) {
    settings.holding_count[0] = first;
    settings.holding_count[1] = second;
    return *this;
  }
  qs_policy_pair &Optimise() {
    EXPECT_EQ(QS_OK, qs_policy_pair_optimise(&world.context, world.arena, &problem, &settings, &pair))
        << world.context.message;
    return pair;
  }
  qs_policy_pair_value Measure(uint64_t paths, uint64_t seed = 1) {
    qs_policy_pair_value value = {};
    EXPECT_EQ(QS_OK, qs_policy_pair_measure(&world.context, &pair, seed, paths, &value));
    return value;
  }
  double One() {
    qs_policy_ground ground = {};
    qs_policy_optimum optimum = {};
    EXPECT_EQ(QS_OK,
              qs_policy_make_ground(&world.context, world.arena, &world.problem, &world.settings, &ground));
    EXPECT_EQ(QS_OK,
              qs_policy_optimise(&world.context, world.arena, &ground, &world.settings, false, &optimum));
    return optimum.value.objective;
  }
};

// Covariances of a day's gains under gbm, by the trapezoidal rule over the normal with Black's prices.
TEST(Pair, CovariancesAgreeWithQuadrature) {
  Pair p(Gbm(0.6), 3);
  qs_policy_pair pair = {};
  ASSERT_EQ(QS_OK,
            qs_policy_pair_ground(&p.world.context, p.world.arena, &p.problem, &p.settings.state, &pair));
  const double day = 1.0 / 365, deviation = 0.6 * std::sqrt(day);
  auto call = [](double spot, double years) {
    return years > 1e-12 ? spot * qs_black_price(true, std::log(100 / spot), 0.6 * std::sqrt(years))
                         : std::fmax(spot - 100, 0);
  };
  for (size_t n : {size_t{0}, size_t{17}, size_t{29}}) {
    for (double x : {-0.12, 0.0, 0.05}) {
      const double spot = 100 * std::exp(x), years = static_cast<double>(n) * day;
      double mean[3] = {}, square[3][3] = {}, total = 0;
      for (int k = -8000; k <= 8000; k++) {
        const double z = k / 1000.0, weight = std::exp(-0.5 * z * z) / 1000 / std::sqrt(2 * std::acos(-1));
        const double next = spot * std::exp(deviation * z - 0.5 * deviation * deviation);
        const double gain[3] = {next - spot, call(next, 59 * day - years) - call(spot, 60 * day - years),
                                -call(next, std::fmax(29 * day - years, 0)) + call(spot, 30 * day - years)};
        total += weight;
        for (int i = 0; i < 3; i++) {
          mean[i] += weight * gain[i];
          for (int j = 0; j < 3; j++) {
            square[i][j] += weight * gain[i] * gain[j];
          }
        }
      }
      ASSERT_NEAR(1, total, 1e-12);
      auto covariance = [&](int i, int j) { return square[i][j] - mean[i] * mean[j]; };
      const qs_policy_pair_state s = qs_policy_pair_state_at(&pair, n, x, 0);
      // Relative to the variances; the expiring payoff's kink costs the quadrature the most.
      const double unit = covariance(0, 0), position = covariance(2, 2), option = covariance(1, 1);
      EXPECT_NEAR(unit, s.covariance[0], 1e-6 * unit) << n << " " << x;
      EXPECT_NEAR(covariance(0, 1), s.covariance[1], 2e-6 * unit) << n << " " << x;
      EXPECT_NEAR(option, s.covariance[2], 2e-6 * unit) << n << " " << x;
      EXPECT_NEAR(-covariance(0, 2), s.beta[0], 2e-5 * unit) << n << " " << x;
      EXPECT_NEAR(-covariance(1, 2), s.beta[1], 2e-5 * unit) << n << " " << x;
      EXPECT_NEAR(position, s.variance, 5e-5 * unit) << n << " " << x;
      EXPECT_NEAR(3 * 0.0005 * spot, s.cost[0], 1e-8);
      EXPECT_NEAR(3 * (0.0003 * spot + 0.01 * call(spot, 60 * day - years)), s.cost[1], 1e-6);
    }
  }
}

TEST(Pair, TheFeeIsCappedByTheOptionsPrice) {
  Pair p(Gbm(0.6), 3);
  p.problem.cap = 0.125;
  qs_policy_pair pair = {};
  ASSERT_EQ(QS_OK,
            qs_policy_pair_ground(&p.world.context, p.world.arena, &p.problem, &p.settings.state, &pair));
  const double deviation = 0.6 * std::sqrt(50.0 / 365);
  size_t capped = 0;
  for (size_t j = 0; j < pair.nodes->x_count; j++) {
    const double spot = 100 * std::exp(X(*pair.nodes, j));
    const double price = spot * qs_black_price(true, std::log(100 / spot), deviation);
    capped += 0.125 * price < 0.0003 * spot;
    EXPECT_NEAR(3 * (std::fmin(0.0003 * spot, 0.125 * price) + 0.01 * price), pair.state[10][j].cost[1],
                1e-6);
  }
  EXPECT_GT(capped, pair.nodes->x_count / 10);
  EXPECT_LT(capped, pair.nodes->x_count / 2);
}

// The second may not be held: the one programme is the other.
TEST(Pair, WithOneInstrumentItIsTheProgrammeOfOne) {
  const std::vector<double> weights = {100, 1};
  for (size_t i = 0; i < (FullSample() ? 2 : 1); i++) {
    const double weight = weights[i];
    Pair p(Gbm(0.6), weight);
    p.Limits(0, -0.25, 1.25).Limits(1, 0, 0).Steps(250, 0).Optimise();
    EXPECT_NEAR(1, p.pair.objective / p.One(), 1e-3) << weight;
    const qs_policy_pair_value v = p.Measure(4096);
    EXPECT_NEAR(p.pair.objective, v.objective.mean, 4 * v.objective.error + 1e-3 * p.pair.objective);
    EXPECT_LT(v.gap.mean, 0.005 * v.objective.mean) << weight;
  }
  if (!FullSample()) {
    return;
  }
  Pair heston(Heston(), 10);
  heston.settings.state.x_count = 161;
  heston.settings.state.y_count = 24;
  heston.Limits(0, -0.25, 1.25).Limits(1, 0, 0).Steps(120, 0).Optimise();
  EXPECT_NEAR(1, heston.pair.objective / heston.One(), 2e-3);
}

struct GapCase {
  const char *name;
  qs_model model;
  double weight, low, high;
};

void PrintTo(const GapCase &c, std::ostream *out) {
  *out << c.name;
}

class PairGap : public testing::TestWithParam<GapCase> {};

// At most 3% above what cannot be beaten; an instrument more is no worse; no bound above a value.
TEST_P(PairGap, IsAtMostThreePercent) {
  const GapCase &c = GetParam();
  Pair p(c.model, c.weight);
  p.Limits(0, c.low, c.high).Optimise();
  const qs_policy_pair_value v = p.Measure(512);
  RecordProperty("objective", std::to_string(v.objective.mean));
  RecordProperty("gap", std::to_string(v.gap.mean / v.objective.mean));
  EXPECT_LT(v.gap.mean + 2 * v.gap.error, 0.03 * v.objective.mean);
  EXPECT_GT(v.gap.mean, 0);
  EXPECT_NEAR(v.objective.mean, v.lower.mean + v.gap.mean, 1e-9);
  EXPECT_NEAR(v.objective.mean, v.variance.mean + c.weight * v.cost.mean, 1e-9);
  // The programme's own figure is right up to its grid of holdings.
  EXPECT_NEAR(p.pair.objective, v.objective.mean, 4 * v.objective.error + 0.04 * p.pair.objective);
  EXPECT_LT(v.lower.mean - 4 * v.lower.error, p.pair.objective);
  if (c.low <= -0.8) {
    EXPECT_LT(v.objective.mean - 3 * v.objective.error, p.One());
  }
}

INSTANTIATE_TEST_SUITE_P(Quick, PairGap,
                         testing::Values(GapCase{"gbm_1", Gbm(0.6), 1, -0.8, 1.6},
                                         GapCase{"gbm_limited", Gbm(0.6), 4, 0, 0.3},
                                         GapCase{"heston_limited", Heston(), 4, 0, 0.3}),
                         [](const testing::TestParamInfo<GapCase> &param) { return param.param.name; });

INSTANTIATE_TEST_SUITE_P(Slow, PairGap,
                         testing::Values(GapCase{"gbm_10", Gbm(0.6), 10, -0.8, 1.6},
                                         GapCase{"merton_4", Merton(), 4, -0.8, 1.6},
                                         GapCase{"heston_1", Heston(), 1, -0.8, 1.6},
                                         GapCase{"heston_10", Heston(), 10, -0.8, 1.6},
                                         GapCase{"svcj_4", Svcj(), 4, -0.8, 1.6}),
                         [](const testing::TestParamInfo<GapCase> &param) { return param.param.name; });

// Lognormal paths, Black's prices and sums of gains: nothing of the tables but the trades.
TEST(Pair, ValueAgreesWithSimulation) {
  Pair p(Gbm(0.6), 2);
  p.Optimise();
  const qs_policy_pair_value v = p.Measure(8192);
  const double day = 1.0 / 365, deviation = 0.6 * std::sqrt(day);
  auto call = [](double spot, double years) {
    return years > 1e-12 ? spot * qs_black_price(true, std::log(100 / spot), 0.6 * std::sqrt(years))
                         : std::fmax(spot - 100, 0);
  };
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  const int paths = 20000;
  std::vector<double> error(paths), cost(paths);
  for (int k = 0; k < paths; k++) {
    double x = 0, held[2] = {0, 0}, paid = 0, gained = call(100, 30 * day);
    for (size_t n = 0; n < 30; n++) {
      const double spot = 100 * std::exp(x), left = (60 - static_cast<double>(n)) * day;
      const double before[2] = {held[0], held[1]}, price = call(spot, left);
      qs_policy_pair_trade(&p.pair, n, x, 0, held);
      paid += 0.0005 * spot * std::fabs(held[0] - before[0]) +
              (0.0003 * spot + 0.01 * price) * std::fabs(held[1] - before[1]);
      x += deviation * normal(random) - 0.5 * deviation * deviation;
      const double next = 100 * std::exp(x);
      gained += held[0] * (next - spot) + held[1] * (call(next, left - day) - price);
    }
    const double spot = 100 * std::exp(x), price = call(spot, 30 * day);
    paid += 0.0005 * spot * std::fabs(held[0]) + (0.0003 * spot + 0.01 * price) * std::fabs(held[1]);
    error[k] = gained - call(spot, 0);
    cost[k] = paid;
  }
  double mean = 0, mean_cost = 0, square = 0, fourth = 0, square_cost = 0;
  for (int k = 0; k < paths; k++) {
    mean += error[k] / paths;
    mean_cost += cost[k] / paths;
  }
  for (int k = 0; k < paths; k++) {
    const double d = error[k] - mean;
    square += d * d / paths;
    fourth += d * d * d * d / paths;
    square_cost += (cost[k] - mean_cost) * (cost[k] - mean_cost) / paths;
  }
  const double variance_error = std::hypot(std::sqrt((fourth - square * square) / paths), v.variance.error);
  EXPECT_LT(std::fabs(square - v.variance.mean), 4 * variance_error) << square << " " << v.variance.mean;
  EXPECT_LT(std::fabs(mean_cost - v.cost.mean), 4 * std::hypot(std::sqrt(square_cost / paths), v.cost.error));
  EXPECT_LT(std::fabs(mean), 4 * std::sqrt(square / paths)); // gains are martingales
}

TEST(Pair, WithoutCostItIsTheLocalOptimumAndWithProhibitiveCostNothing) {
  Pair free(Gbm(0.6), 1, 0);
  free.Limits(0, -4, 4).Limits(1, -4, 4).Optimise();
  for (size_t n : {size_t{0}, size_t{20}}) {
    const qs_policy_pair_state s = qs_policy_pair_state_at(&free.pair, n, 0, 0);
    const double det = s.covariance[0] * s.covariance[2] - s.covariance[1] * s.covariance[1];
    double held[2] = {0, 0};
    qs_policy_pair_trade(&free.pair, n, 0, 0, held);
    // Again and again, as one axis follows the other and the valley is narrow.
    for (int i = 0; i < 400; i++) {
      qs_policy_pair_trade(&free.pair, n, 0, 0, held);
    }
    EXPECT_NEAR((s.covariance[2] * s.beta[0] - s.covariance[1] * s.beta[1]) / det, held[0], 0.01) << n;
    EXPECT_NEAR((s.covariance[0] * s.beta[1] - s.covariance[1] * s.beta[0]) / det, held[1], 0.01) << n;
  }
  Pair dear(Gbm(0.6), 1000, 100);
  dear.Optimise();
  const qs_policy_pair_value v = dear.Measure(512);
  EXPECT_EQ(0, v.cost.mean);
  EXPECT_NEAR(1, v.lower.mean / v.objective.mean, 1e-5); // interpolation's error, squared
}

TEST(Pair, HoldingsStayWithinLimits) {
  Pair p(Heston(), 1);
  p.Limits(0, 0, 0.3).Limits(1, -0.1, 0.5).Steps(12, 12).Optimise();
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> u;
  for (int k = 0; k < 2000; k++) {
    double held[2] = {0.3 * u(random), 0.6 * u(random) - 0.1};
    qs_policy_pair_trade(&p.pair, random() % 30, 2 * u(random) - 1, 1.5 * u(random), held);
    for (int i = 0; i < 2; i++) {
      EXPECT_GE(held[i], p.problem.low[i] - 1e-6);
      EXPECT_LE(held[i], p.problem.high[i] + 1e-6);
    }
  }
}

TEST(Pair, AHoldingAtTheStartAndFreeEntryCount) {
  Pair plain(Gbm(0.6), 4), held(Gbm(0.6), 4), entry(Gbm(0.6), 4), unwind(Gbm(0.6), 4);
  held.world.problem.holding = 0.2;
  held.problem.holding = 0.5;
  entry.problem.free_entry = true;
  unwind.problem.free_unwind = true;
  for (Pair *p : {&plain, &held, &entry, &unwind}) {
    p->Optimise();
  }
  EXPECT_LT(held.pair.objective, plain.pair.objective);
  EXPECT_LT(entry.pair.objective, plain.pair.objective);
  EXPECT_LT(unwind.pair.objective, plain.pair.objective);
  const qs_policy_pair_value v = held.Measure(2048);
  EXPECT_NEAR(held.pair.objective, v.objective.mean, 4 * v.objective.error + 0.03 * held.pair.objective);
}

TEST(Pair, BitsDoNotDependOnThreads) {
  qs_policy_pair_value value[2];
  double objective[2];
  for (int k = 0; k < 2; k++) {
    Pair p(Heston(), 4);
    p.world.context.threads = k ? 7 : 1;
    p.settings.state.x_count = 41;
    p.settings.state.y_count = 6;
    p.Steps(10, 10).Optimise();
    objective[k] = p.pair.objective;
    value[k] = p.Measure(300);
  }
  EXPECT_EQ(objective[0], objective[1]);
  EXPECT_EQ(0, std::memcmp(&value[0], &value[1], sizeof value[0]));
}

TEST(Pair, SurvivesEveryFailedAllocation) {
  struct Failing {
    int left;
    static void *Allocate(void *data, size_t size) {
      return static_cast<Failing *>(data)->left-- > 0 ? std::malloc(size) : nullptr;
    }
    static void Release(void *, void *memory) { std::free(memory); }
  };
  qs_status status = QS_ERROR_MEMORY;
  for (int allowed = 1; status; allowed++) {
    ASSERT_LT(allowed, 1000);
    Pair p(Gbm(0.6), 4);
    p.settings.state.x_count = 61;
    p.Steps(6, 6);
    Failing failing = {allowed};
    qs_context context = p.world.context;
    context.allocator = {Failing::Allocate, Failing::Release, &failing};
    qs_arena *arena = qs_arena_create(&context);
    ASSERT_NE(nullptr, arena);
    qs_policy_pair pair = {};
    qs_policy_pair_value value = {};
    status = qs_policy_pair_optimise(&context, arena, &p.problem, &p.settings, &pair);
    EXPECT_EQ(status == QS_OK, pair.nodes != nullptr);
    if (!status) {
      status = qs_policy_pair_measure(&context, &pair, 1, 8, &value);
      EXPECT_EQ(status == QS_OK, value.objective.error > 0) << value.objective.mean;
    }
    if (status) {
      EXPECT_EQ(QS_ERROR_MEMORY, status) << context.message;
      EXPECT_EQ(0u, std::string(context.message).find("out of memory while")) << context.message;
    }
    qs_arena_destroy(arena);
  }
}

TEST(Pair, RefusesWhatMakesNoSense) {
  auto refused = [](auto change) {
    Pair p(Gbm(0.6), 4);
    change(&p);
    qs_policy_pair pair = {};
    const qs_status status =
        qs_policy_pair_optimise(&p.world.context, p.world.arena, &p.problem, &p.settings, &pair);
    EXPECT_EQ(nullptr, pair.nodes);
    return status == QS_ERROR_INPUT;
  };
  EXPECT_TRUE(refused([](Pair *p) { p->problem.option.years = 20.0 / 365; }));
  EXPECT_TRUE(refused([](Pair *p) { p->problem.low[0] = 0.1; }));
  EXPECT_TRUE(refused([](Pair *p) { p->problem.high[1] = INFINITY; }));
  EXPECT_TRUE(refused([](Pair *p) { p->problem.high[1] = NAN; }));
  EXPECT_TRUE(refused([](Pair *p) { p->problem.holding = 2; }));
  EXPECT_TRUE(refused([](Pair *p) { p->problem.of_spot = -1; }));
  EXPECT_TRUE(refused([](Pair *p) { p->problem.of_value = NAN; }));
  EXPECT_TRUE(refused([](Pair *p) { p->problem.cap = -1; }));
  EXPECT_TRUE(refused([](Pair *p) { p->problem.cap = NAN; }));
  EXPECT_TRUE(refused([](Pair *p) { p->world.problem.drift = 0.1; }));
  EXPECT_TRUE(refused([](Pair *p) { p->world.problem.cost_weight = -1; }));
}

} // namespace
