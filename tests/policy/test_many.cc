// Several options as hedge instruments: the covariances against quadrature, the programme against that of two
// instruments, the policy against a simulation that knows nothing of it, the minimum in a box against all
// faces, and the gap to the bound.
#include <cmath>
#include <cstring>
#include <random>
#include <string>

#include "host/market/black.h"
#include "host/policy/many.h"
#include "tests/failing_allocator.h"
#include "tests/policy/policy_world.h"

namespace {

using namespace policy_world;

// A short call, hedged with the spot at five basis points and options that outlive it by thirty days.
struct Many {
  World world;
  std::vector<qs_policy_option> options;
  qs_policy_many_problem problem = {};
  qs_policy_many_settings settings = {};
  qs_policy_many many = {};
  size_t days;

  Many(const qs_model &model, double weight, const std::vector<double> &strikes, size_t days_ = 30)
      : world(model), days(days_) {
    world.Dates(days, 1.0 / 365, 0.0005).Option(true, 100, -1);
    world.Problem(weight);
    for (double strike : strikes) {
      options.push_back({true, false, static_cast<double>(days + 30) / 365, strike, 100, 1, 0});
    }
    problem.first = &world.problem;
    problem.options = options.data();
    problem.option_count = options.size();
    problem.of_spot = 0.0003;
    problem.cap = INFINITY;
    problem.of_value = 0.01;
    Limits(0, -0.8, 1.6);
    for (size_t i = 1; i <= options.size(); i++) {
      Limits(i, -0.4, 1.6);
    }
  }
  Many &Limits(size_t instrument, double low, double high) {
    problem.low[instrument] = low;
    problem.high[instrument] = high;
    return *this;
  }
  // Coarser than the default, for what is quick.
  Many &Coarse() {
    settings = {{121, 8, 0, 0}, 28, 5};
    return *this;
  }
  Many &Optimise() {
    EXPECT_EQ(QS_OK, qs_policy_many_optimise(&world.context, world.arena, &problem, &settings, &many))
        << world.context.message;
    return *this;
  }
  qs_policy_pair_value Measure(uint64_t paths) {
    qs_policy_pair_value value = {};
    EXPECT_EQ(QS_OK, qs_policy_many_measure(&world.context, &many, 1, paths, &value));
    return value;
  }
};

// The same with the first option alone, by the programme of two instruments.
qs_policy_pair_value MeasurePair(Many &m, uint64_t paths) {
  qs_policy_pair_problem problem = {};
  problem.first = &m.world.problem;
  problem.option = m.options[0];
  problem.of_spot = m.problem.of_spot;
  problem.cap = m.problem.cap;
  problem.of_value = m.problem.of_value;
  for (int i = 0; i < 2; i++) {
    problem.low[i] = m.problem.low[i];
    problem.high[i] = m.problem.high[i];
  }
  const qs_policy_pair_settings settings = {};
  qs_policy_pair pair = {};
  qs_policy_pair_value value = {};
  EXPECT_EQ(QS_OK, qs_policy_pair_optimise(&m.world.context, m.world.arena, &problem, &settings, &pair));
  EXPECT_EQ(QS_OK, qs_policy_pair_measure(&m.world.context, &pair, 1, paths, &value));
  return value;
}

double Call(double spot, double strike, double years) {
  return years > 1e-12 ? spot * qs_black_price(true, std::log(strike / spot), 0.6 * std::sqrt(years))
                       : std::fmax(spot - strike, 0);
}

// Covariances of a day's gains under gbm, by the trapezoidal rule over the normal with Black's prices.
TEST(Many, CovariancesAgreeWithQuadrature) {
  Many m(Gbm(0.6), 3, {100, 110});
  const qs_policy_settings settings = {};
  ASSERT_EQ(QS_OK, qs_policy_many_ground(&m.world.context, m.world.arena, &m.problem, &settings, &m.many));
  const double day = 1.0 / 365, deviation = 0.6 * std::sqrt(day);
  for (size_t n : {size_t{0}, size_t{29}}) {
    for (double x : {-0.12, 0.05}) {
      const double spot = 100 * std::exp(x), years = static_cast<double>(n) * day;
      const double strikes[4] = {0, 100, 110, 100}, left[4] = {0, 60 * day, 60 * day, 30 * day};
      double mean[4] = {}, square[4][4] = {};
      for (int k = -8000; k <= 8000; k++) {
        const double z = k / 1000.0, weight = std::exp(-0.5 * z * z) / 1000 / std::sqrt(2 * std::acos(-1));
        const double next = spot * std::exp(deviation * z - 0.5 * deviation * deviation);
        double gain[4] = {next - spot};
        for (int i = 1; i < 4; i++) {
          gain[i] = (i == 3 ? -1 : 1) * (Call(next, strikes[i], std::fmax(left[i] - years - day, 0)) -
                                         Call(spot, strikes[i], left[i] - years));
        }
        for (int i = 0; i < 4; i++) {
          mean[i] += weight * gain[i];
          for (int j = 0; j < 4; j++) {
            square[i][j] += weight * gain[i] * gain[j];
          }
        }
      }
      qs_policy_many_state s;
      qs_policy_many_state_at(&m.many, n, x, 0, &s);
      const double unit = square[0][0] - mean[0] * mean[0];
      for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) {
          EXPECT_NEAR(square[i][j] - mean[i] * mean[j], s.covariance[i][j], 2e-6 * unit) << i << j;
        }
        // The expiring payoff's kink costs the quadrature the most.
        EXPECT_NEAR(-(square[i][3] - mean[i] * mean[3]), s.beta[i], 2e-5 * unit) << n << " " << x << " " << i;
      }
      EXPECT_NEAR(square[3][3] - mean[3] * mean[3], s.variance, 5e-5 * unit);
      EXPECT_NEAR(3 * (0.0003 * spot + 0.01 * Call(spot, 110, 60 * day - years)), s.cost[2], 1e-6);
    }
  }
}

// One option: what a programme of another kind says of the same problem.
TEST(Many, WithOneOptionItIsTheProgrammeOfTwoInstruments) {
  Many m(Gbm(0.6), 4, {100}, 10);
  m.Optimise();
  const qs_policy_pair_value v = m.Measure(512), pair = MeasurePair(m, 512);
  const double error = std::hypot(v.objective.error, pair.objective.error);
  EXPECT_NEAR(pair.objective.mean, v.objective.mean, 4 * error);
  EXPECT_LT(v.lower.mean, pair.objective.mean + 4 * error);
  EXPECT_LT(pair.lower.mean, v.objective.mean + 4 * error);
  EXPECT_LT(v.gap.mean + 2 * v.gap.error, 0.03 * v.objective.mean);
}

// A second option that may not be held, or never pays its cost, changes nothing: on the same paths.
TEST(Many, AnOptionOfNoUseIsNotHeld) {
  Many one(Gbm(0.6), 4, {100}, 4), two(Gbm(0.6), 4, {100, 110}, 4);
  two.Limits(2, 0, 0);
  one.Coarse().Optimise();
  two.Coarse().Optimise();
  const qs_policy_pair_value a = one.Measure(256), b = two.Measure(256);
  EXPECT_NEAR(a.objective.mean, b.objective.mean, 0.005 * a.objective.mean);
  EXPECT_LT(b.gap.mean, 0.03 * b.objective.mean);
  Many dear(Gbm(0.6), 4, {100, 110}, 2);
  dear.problem.of_spot = 5;
  dear.Coarse().Optimise();
  double held[3] = {0, 0, 0};
  qs_policy_many_trade(&dear.many, 0, 0, 0, held);
  EXPECT_NEAR(0, held[1], 1e-9);
  EXPECT_NEAR(0, held[2], 1e-9);
  EXPECT_GT(held[0], 0.4); // the call's delta
}

// Of three options at most two are held; the bound knows all.
TEST(Many, OfThreeOptionsTheBestAreHeld) {
  Many one(Gbm(0.6), 1, {100}, 3), three(Gbm(0.6), 1, {100, 110, 140}, 3);
  one.Coarse().Optimise();
  three.Coarse().Optimise();
  EXPECT_EQ(4u, three.many.count);
  EXPECT_LE(three.many.active_count, static_cast<size_t>(QS_POLICY_ACTIVE));
  const qs_policy_pair_value a = one.Measure(256), b = three.Measure(256);
  EXPECT_LT(b.gap.mean + 2 * b.gap.error, 0.03 * b.objective.mean);
  EXPECT_LT(b.objective.mean, a.objective.mean + 3 * std::hypot(a.objective.error, b.objective.error));
}

// Lognormal paths, Black's prices and sums of gains: nothing of the tables but the trades; within limits.
TEST(Many, ValueAgreesWithSimulation) {
  Many m(Gbm(0.6), 2, {95, 115}, 5);
  m.Limits(1, 0, 0.3).Limits(2, -0.4, 0.8).Coarse().Optimise();
  const qs_policy_pair_value v = m.Measure(512);
  EXPECT_LT(v.gap.mean + 2 * v.gap.error, 0.03 * v.objective.mean);
  EXPECT_GT(v.gap.mean, 0);
  EXPECT_NEAR(v.objective.mean, v.lower.mean + v.gap.mean, 1e-9);
  EXPECT_NEAR(v.objective.mean, v.variance.mean + 2 * v.cost.mean, 1e-9);
  const double day = 1.0 / 365, deviation = 0.6 * std::sqrt(day), strikes[2] = {95, 115};
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  const int paths = 6000;
  std::vector<double> error(paths), cost(paths);
  for (int k = 0; k < paths; k++) {
    double x = 0, held[3] = {0, 0, 0}, paid = 0, gained = Call(100, 100, 5 * day);
    for (size_t n = 0; n <= 5; n++) {
      const double spot = 100 * std::exp(x), left = (35 - static_cast<double>(n)) * day;
      const double before[3] = {held[0], held[1], held[2]};
      if (n < 5) {
        qs_policy_many_trade(&m.many, n, x, 0, held);
        x += deviation * normal(random) - 0.5 * deviation * deviation;
      } else {
        held[0] = held[1] = held[2] = 0;
      }
      const double next = 100 * std::exp(x);
      paid += 0.0005 * spot * std::fabs(held[0] - before[0]);
      gained += held[0] * (next - spot);
      for (size_t i = 0; i < 2; i++) {
        const double price = Call(spot, strikes[i], left);
        ASSERT_GE(held[i + 1], m.problem.low[i + 1]);
        ASSERT_LE(held[i + 1], m.problem.high[i + 1]);
        paid += (0.0003 * spot + 0.01 * price) * std::fabs(held[i + 1] - before[i + 1]);
        gained += n < 5 ? held[i + 1] * (Call(next, strikes[i], left - day) - price) : 0;
      }
    }
    error[k] = gained - Call(100 * std::exp(x), 100, 0);
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

// Solves S b = r of `count` equations by elimination with pivots; false where it is singular.
bool Solve(size_t count, std::vector<std::vector<double>> s, std::vector<double> r, std::vector<double> *b) {
  for (size_t i = 0; i < count; i++) {
    size_t best = i;
    for (size_t k = i; k < count; k++) {
      best = std::fabs(s[k][i]) > std::fabs(s[best][i]) ? k : best;
    }
    std::swap(s[i], s[best]);
    std::swap(r[i], r[best]);
    if (std::fabs(s[i][i]) < 1e-13) {
      return false;
    }
    for (size_t k = i + 1; k < count; k++) {
      const double f = s[k][i] / s[i][i];
      for (size_t j = i; j < count; j++) {
        s[k][j] -= f * s[i][j];
      }
      r[k] -= f * r[i];
    }
  }
  for (size_t i = count; i-- > 0;) {
    for (size_t j = i + 1; j < count; j++) {
      r[i] -= s[i][j] * r[j];
    }
    r[i] /= s[i][i];
  }
  *b = r;
  return true;
}

// The least over all faces of the box, each where its gradient is 0.
TEST(Many, TheLeastInABoxIsThatOfAllFaces) {
  enum { COUNT = 4 };
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> u(-1, 1);
  for (int trial = 0; trial < 400; trial++) {
    qs_policy_many_state s = {};
    const int rank = 1 + trial % COUNT; // singular but for the last
    for (int k = 0; k < rank; k++) {
      double row[COUNT];
      for (double &entry : row) {
        entry = u(random) * (k ? 0.1 : 1);
      }
      for (size_t i = 0; i < COUNT; i++) {
        for (size_t j = 0; j < COUNT; j++) {
          s.covariance[i][j] += row[i] * row[j];
        }
      }
    }
    double d[COUNT], low[COUNT], high[COUNT], start[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
      d[i] = u(random) * (trial % 3 ? 0.1 : 1);
      low[i] = -std::fabs(u(random));
      high[i] = trial % 7 == 0 && i == 0 ? low[i] : std::fabs(u(random));
      start[i] = u(random);
    }
    double least = INFINITY;
    for (int face = 0; face < 81; face++) {
      double b[COUNT];
      std::vector<size_t> open;
      for (size_t i = 0, left = static_cast<size_t>(face); i < COUNT; i++, left /= 3) {
        b[i] = left % 3 == 0 ? low[i] : high[i];
        if (left % 3 == 2) {
          open.push_back(i);
          b[i] = 0;
        }
      }
      std::vector<std::vector<double>> matrix(open.size(), std::vector<double>(open.size()));
      std::vector<double> right(open.size()), found;
      for (size_t i = 0; i < open.size(); i++) {
        right[i] = -0.5 * d[open[i]];
        for (size_t j = 0; j < COUNT; j++) {
          right[i] -= s.covariance[open[i]][j] * b[j];
        }
        for (size_t j = 0; j < open.size(); j++) {
          matrix[i][j] = s.covariance[open[i]][open[j]];
        }
      }
      bool inside = Solve(open.size(), matrix, right, &found);
      for (size_t i = 0; inside && i < open.size(); i++) {
        b[open[i]] = found[i];
        inside = found[i] >= low[open[i]] && found[i] <= high[open[i]];
      }
      double value = 0;
      for (size_t i = 0; i < COUNT; i++) {
        value += d[i] * b[i];
        for (size_t j = 0; j < COUNT; j++) {
          value += b[i] * s.covariance[i][j] * b[j];
        }
      }
      least = inside ? std::fmin(least, value) : least;
    }
    const double found = qs_policy_least_in_box(COUNT, &s, d, low, high, start);
    EXPECT_LE(found, least + 1e-9) << trial;
    EXPECT_GE(found, least - 1e-5) << trial;
  }
}

struct GapCase {
  const char *name;
  qs_model model;
  double weight, high; // high: the limit of every option
  double largest;      // gap
};

void PrintTo(const GapCase &c, std::ostream *out) {
  *out << c.name;
}

class ManyGap : public testing::TestWithParam<GapCase> {};

// At most 3% above what nothing can beat (svcj is not there yet: 3.4%), and no worse than with the first
// option alone.
TEST_P(ManyGap, IsAtMostWhatItSays) {
  const GapCase &c = GetParam();
  Many m(c.model, c.weight, {100, 110});
  for (size_t i = 1; i <= 2; i++) {
    m.Limits(i, -0.4, c.high);
  }
  const qs_policy_pair_value v = m.Optimise().Measure(512), pair = MeasurePair(m, 512);
  RecordProperty("objective", std::to_string(v.objective.mean));
  RecordProperty("gap", std::to_string(v.gap.mean / v.objective.mean));
  EXPECT_LT(v.gap.mean + 2 * v.gap.error, c.largest * v.objective.mean);
  EXPECT_GT(v.gap.mean, 0);
  EXPECT_LT(v.lower.mean, pair.objective.mean);
  EXPECT_LT(v.objective.mean, pair.objective.mean + 3 * std::hypot(v.objective.error, pair.objective.error));
}

INSTANTIATE_TEST_SUITE_P(Slow, ManyGap,
                         testing::Values(GapCase{"gbm_1", Gbm(0.6), 1, 1.6, 0.03},
                                         GapCase{"gbm_4", Gbm(0.6), 4, 1.6, 0.03},
                                         GapCase{"gbm_10", Gbm(0.6), 10, 1.6, 0.03},
                                         GapCase{"gbm_limited", Gbm(0.6), 4, 0.3, 0.03},
                                         GapCase{"merton_4", Merton(), 4, 1.6, 0.03},
                                         GapCase{"heston_4", Heston(), 4, 1.6, 0.03},
                                         GapCase{"svcj_4", Svcj(), 4, 1.6, 0.04}),
                         [](const testing::TestParamInfo<GapCase> &param) { return param.param.name; });

TEST(Many, BitsDoNotDependOnThreads) {
  qs_policy_pair_value value[2];
  for (int k = 0; k < 2; k++) {
    Many m(Heston(), 4, {100}, 2);
    m.world.context.threads = k ? 5 : 1;
    m.settings = {{41, 6, 0, 0}, 16, 3};
    value[k] = m.Optimise().Measure(64);
  }
  EXPECT_EQ(0, std::memcmp(&value[0], &value[1], sizeof value[0]));
}

TEST(Many, RefusesWhatItCannotHedge) {
  const struct {
    const char *message;
    void (*change)(Many &m);
  } cases[] = {
      {"options that hedge: got 0: must be 1 to 7", [](Many &m) { m.problem.option_count = 0; }},
      {"without drift and from holdings of 0 alone", [](Many &m) { m.world.problem.drift = 0.1; }},
      {"without drift and from holdings of 0 alone", [](Many &m) { m.world.problem.holding = 0.1; }},
      {"the option 1 that hedges must expire after all dates", [](Many &m) { m.options[1].years = 0.001; }},
      {"limits of holding 3: [0.1, 1.6] must be finite and hold 0", [](Many &m) { m.problem.low[2] = 0.1; }},
      {"costs of the options that hedge must be at least 0", [](Many &m) { m.problem.of_value = -1; }},
  };
  for (const auto &c : cases) {
    Many m(Gbm(0.6), 4, {100, 110}, 3);
    c.change(m);
    EXPECT_EQ(QS_ERROR_INPUT,
              qs_policy_many_optimise(&m.world.context, m.world.arena, &m.problem, &m.settings, &m.many));
    EXPECT_NE(nullptr, std::strstr(m.world.context.message, c.message)) << m.world.context.message;
  }
}

// Calls fail, some of them, once each.
TEST(Many, SurvivesFailedAllocations) {
  qs_status status = QS_ERROR_MEMORY;
  for (long allowed = 1; status; allowed += allowed < 100 ? 9 : allowed / 3) {
    ASSERT_LT(allowed, 100000);
    Many m(Gbm(0.6), 4, {100, 110}, 2);
    m.settings = {{41, 0, 0, 0}, 16, 3};
    Failing failing = {allowed};
    qs_context context = m.world.context;
    context.allocator = {failing_allocate, failing_release, &failing};
    qs_arena *arena = qs_arena_create(&context);
    ASSERT_NE(nullptr, arena);
    qs_policy_pair_value value = {};
    status = qs_policy_many_optimise(&context, arena, &m.problem, &m.settings, &m.many);
    EXPECT_EQ(status == QS_OK, m.many.ahead != nullptr);
    if (!status) {
      status = qs_policy_many_measure(&context, &m.many, 1, 8, &value);
      EXPECT_EQ(status == QS_OK, value.objective.error > 0) << value.objective.mean;
    }
    EXPECT_TRUE(status == QS_OK || status == QS_ERROR_MEMORY) << context.message;
    qs_arena_destroy(arena);
    EXPECT_EQ(0, failing.live);
  }
}

} // namespace
