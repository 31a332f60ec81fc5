// Every Greek of payoffs along a path against central differences of the price on the same draws: z-scores of
// the batches' differences.
#include "tests/core/path_world.h"

namespace {

using namespace paths;

constexpr int kDates = 8;
constexpr double kYears = 0.5;

// Strikes and barriers near enough to the money to be felt. Date 0 is now, which a continuous watch begins
// at.
std::vector<Exotic> smooth() {
  const auto all = all_dates(kDates + 1, 1), late = all_dates(kDates + 1, 4);
  const auto w = equal_weights(kDates), w5 = equal_weights(5);
  return {
      {QS_PATH_ASIAN, 1, all, w, {1.02, 0}},
      {QS_PATH_ASIAN, -1, late, {.1, .1, .2, .1, .1}, {1.0, 0.35}},
      {QS_PATH_ASIAN_STRIKE, 1, all, w, {1.05, 0}},
      {QS_PATH_ASIAN_STRIKE, -1, late, {.1, .1, .2, .1, 0}, {.98, 0.45}},
      {QS_PATH_ASIAN_GEOMETRIC, 1, all, w, {.95, 1}},
      {QS_PATH_ASIAN_GEOMETRIC, -1, late, w5, {1.1, 1.03}},
      {QS_PATH_DIGITAL, 1, {kDates}, {1}, {1.1, 2.0}},
      {QS_PATH_DIGITAL, -1, {4, kDates}, {0, 0}, {.9, 0}},
      {QS_PATH_POOL, 1, {kDates}, {1}, {1.5, .8, 1.3, .95}},
      {QS_PATH_POOL, 1, {4, kDates}, {0, 0}, {1, 0, kNone, 1}},
      {QS_PATH_ASIAN_GEOMETRIC_STRIKE, 1, all, w, {1.02, 1}},
      {QS_PATH_ASIAN_GEOMETRIC_STRIKE, -1, late, {.1, .1, .2, .1, 0}, {1.0, .99}},
      {QS_PATH_VARIANCE, 1, all, w, {.1, kNone, .05, 2.0}},
      {QS_PATH_VARIANCE, 1, late, w5, {.1, kNone, .05, 2.0, .9}},
  };
}

std::vector<Exotic> barriers() {
  const auto all = all_dates(kDates + 1, 1), late = all_dates(kDates + 1, 4), now = all_dates(kDates + 1);
  const auto w = equal_weights(kDates), w5 = equal_weights(5), w9 = equal_weights(kDates + 1);
  // Logs of the levels of the call, which falls, and of the coupon.
  const std::vector<double> steps = {.3,  -.1, .12, -.1, .1,  -.1, .08, -.1,
                                     .06, -.1, .04, -.1, .02, -.1, 0,   -.1};
  const std::vector<double> late_steps(steps.begin() + 6, steps.end());
  const std::vector<double> calls = {1.07, 1.06, 1.05, 1.04, 1.03, 1.02, 1.01, 1};
  const std::vector<double> ratios = {1.08, 1.07, 1.06, 1.05, 1.03, 1.02, 1.01, 1, 1};
  return {
      {QS_PATH_BARRIER, 1, all, w, {1, .8, kNone, .1}},
      {QS_PATH_BARRIER, -1, late, w5, {1.1, .7, 1.3, .1, 1}},
      {QS_PATH_BARRIER, 1, all, ratios, {.9, .8, 1.5, .1, 0, 1}},
      {QS_PATH_BARRIER, -1, all, w, {1.05, 0, 1.2}},
      {QS_PATH_BARRIER, 1, all, w, {1, .85, 1.4, .07, 1}},
      {QS_PATH_AUTOCALL, 1, all, calls, {.98, .04, .75, 1.02, 1, 0}, nullptr, steps},
      {QS_PATH_AUTOCALL, 1, late, calls, {.98, .04, .9, 1.02, 0, 2}, nullptr, late_steps},
      {QS_PATH_AUTOCALL, 1, all, calls, {.98, .04, .75, 1.02, 2, -1}, nullptr, steps},
      {QS_PATH_BARRIER_CONTINUOUS, 1, now, w9, {1, .8, kNone, .1}},
      {QS_PATH_BARRIER_CONTINUOUS, -1, late, w5, {1.1, .7, 1.3, .1, 1}},
      {QS_PATH_BARRIER_CONTINUOUS, 1, now, ratios, {.9, .8, 1.5, .1, 0, 1}},
      {QS_PATH_BARRIER_CONTINUOUS, 1, now, w9, {1, .85, 1.4, .07, 1}},
  };
}

std::vector<Exotic> sampled() {
  const auto all = all_dates(kDates + 1, 1), late = all_dates(kDates + 1, 4);
  const auto w = equal_weights(kDates), w5 = equal_weights(5);
  return {
      {QS_PATH_LOOKBACK, 1, all, w, {1.2, 1.1}},
      {QS_PATH_LOOKBACK, -1, late, w5, {.95, kNone}},
      {QS_PATH_LOOKBACK_FLOATING, 1, all, w, {0, .9}},
      {QS_PATH_LOOKBACK_FLOATING, -1, all, w, {0, 0}},
      {QS_PATH_CLIQUET, 1, all, w, {-.05, .1, -.02, .06, 1}},
      {QS_PATH_CLIQUET, 1, late, w5, {-.1, .2, -1, kNone, 1, 1.02}},
      {QS_PATH_VARIANCE, 1, all, w, {.1, .5, .05, 2.0}},
      {QS_PATH_VARIANCE, 1, late, w5, {.1, .5, .05, 2.0, .9}},
      {QS_PATH_VOLATILITY, 1, all, w, {.1, .6, .05, 2.0}},
      {QS_PATH_VOLATILITY, 1, late, w5, {.1, kNone, .05, 2.0, .9}},
      {QS_PATH_SCRIPT, 1, {4, kDates}, {0, 0}, {55, 0}, script_program(false)},
  };
}

// The payoffs' prices, batch by batch, with a parameter, the spot or the rate of growth moved.
struct Move {
  int parameter = -1; // of qs_parameter
  double by = 0, spot = 0, carry = 0;
  double added[2] = {0, 0}; // to the added variance a year, before kTurn steps and from there on
};

constexpr uint32_t kTurn = 10;

// The added variance of the steps, and what its moves add up to at the dates.
void add_variance(PathValuation &run, const Move &move, std::vector<double> &weights) {
  const double rates[] = {0.03 + move.added[0], 0.08 + move.added[1]};
  for (uint32_t j = 0; j < run.steps.size(); j++)
    run.steps[j].added = run.steps[j].years * rates[j >= kTurn];
  weights.clear();
  for (uint32_t piece = 0; piece < 2; piece++)
    for (qs_date &d : run.dates) {
      double years = 0;
      for (uint32_t j = 0; j < d.main_steps; j++)
        years += (j >= kTurn) == (piece == 1) ? run.steps[j].years : 0;
      const bool side = (d.main_steps >= kTurn) == (piece == 1);
      if (side)
        d.side.added = d.side.years * rates[piece];
      weights.push_back(years + (side ? d.side.years : 0));
    }
}

std::vector<double> prices(const PathValuation &base, Device &device, const Move &move) {
  PathValuation run = base;
  run.unit.greeks = false;
  if (move.parameter >= 0)
    run.model.value[move.parameter] += move.by;
  run.carry += move.carry;
  run.shifts = {move.spot + move.carry * kYears};
  std::vector<double> weights;
  if (run.unit.added_count)
    add_variance(run, move, weights);
  run.unit.added_count = 0;
  run.value(device);
  std::vector<double> result;
  for (const qs_moment &m : run.moments)
    result.push_back(m.mean);
  return result;
}

void expect_near_zero(const std::vector<double> &x, double size, const std::string &what) {
  double mean = 0, square = 0;
  for (double v : x)
    mean += v / double(x.size());
  for (double v : x)
    square += (v - mean) * (v - mean);
  const double error = std::sqrt(square / double(x.size()) / double(x.size() - 1));
  if (std::getenv("QS_SHOW"))
    std::printf("%-60s %12.3e +- %9.2e  z %5.2f\n", what.c_str(), mean, error, mean / error);
  EXPECT_NEAR(mean, 0, 4.5 * error + 1e-6 + 1e-5 * std::fabs(size)) << what;
}

void check_model(const qs_model &model, qs_scheme scheme, const std::vector<Exotic> &exotics,
                 bool added = false) {
  Device device;
  PathValuation run(model, kYears, 24, kDates, exotics);
  run.dates.insert(run.dates.begin(), {0, {0, 0, 0}});
  run.dates[3].side = {0.004, 2, 1}; // off the grid
  run.carry = 0.1;
  run.unit.path.scheme = scheme;
  run.unit.path_count = 1 << 14;
  run.unit.batch_paths = 256;
  run.unit.precision = QS_PRECISION_DOUBLE;
  run.unit.greeks = true;
  std::vector<double> weights;
  if (added) {
    add_variance(run, Move(), weights);
    run.unit.added_weights = weights.data();
    run.unit.added_count = 2;
  }
  run.value(device);
  const size_t batches = run.unit.batch_end, payoffs = exotics.size(), n = run.quantities();
  const auto compare = [&](uint32_t quantity, const std::string &name,
                           const std::vector<double> &differences) {
    for (size_t p = 0; p < payoffs; p++) {
      std::vector<double> x;
      double size = 0;
      for (size_t b = 0; b < batches; b++) {
        const double greek = run.moments[(b * payoffs + p) * n + quantity].mean;
        x.push_back(greek - differences[b * payoffs + p]);
        size += greek / double(batches);
      }
      expect_near_zero(x, size,
                       std::string(qs_model_name(model.type)) + " payoff " + std::to_string(p) + " (" +
                           std::to_string(exotics[p].payoff) + ") " + name + " = " + std::to_string(size));
    }
  };
  const auto central = [&](const Move &up, const Move &down, double width) {
    auto a = prices(run, device, up), b = prices(run, device, down);
    for (size_t i = 0; i < a.size(); i++)
      a[i] = (a[i] - b[i]) / width;
    return a;
  };
  Move up, down;
  up.spot = 1e-4, down.spot = -1e-4;
  const auto delta = central(up, down, 2e-4);
  compare(QS_PATH_DELTA, "delta", delta);
  // Second differences, extrapolated.
  const auto second = [&](double h) {
    up.spot = h, down.spot = -h;
    auto a = prices(run, device, up), b = prices(run, device, down), mid = prices(run, device, Move());
    for (size_t i = 0; i < a.size(); i++)
      a[i] = (a[i] + b[i] - 2 * mid[i]) / (h * h);
    return a;
  };
  auto gamma = second(0.005), wide = second(0.01);
  for (size_t i = 0; i < gamma.size(); i++)
    gamma[i] = (4 * gamma[i] - wide[i]) / 3 - delta[i];
  compare(QS_PATH_GAMMA, "gamma", gamma);
  up = down = Move();
  up.carry = 1e-4, down.carry = -1e-4;
  compare(QS_PATH_CARRY, "carry", central(up, down, 2e-4));
  for (int p = 0; p < QS_PARAMETER_COUNT; p++)
    if (qs_model_parameters(model.type) >> p & 1) {
      const bool jumps = p == QS_LAMBDA || p == QS_P;
      const double by = jumps ? 0.05 * model.value[p] : 1e-4 * std::max(0.1, std::fabs(model.value[p]));
      up = down = Move();
      up.parameter = down.parameter = p;
      up.by = by, down.by = -by;
      compare(path_quantity_of(model, qs_parameter(p)), qs_parameter_name(qs_parameter(p)),
              central(up, down, 2 * by));
    }
  const uint32_t parameters = uint32_t(n) - QS_PATH_PARAMETERS - run.unit.added_count;
  for (uint32_t piece = 0; piece < run.unit.added_count; piece++) {
    up = down = Move();
    up.added[piece] = 1e-5, down.added[piece] = -1e-5;
    compare(QS_PATH_PARAMETERS + parameters + piece, "added " + std::to_string(piece),
            central(up, down, 2e-5));
  }
}

void check_all(qs_model_type type, qs_scheme scheme = QS_SCHEME_QE) {
  for (auto &exotics : {smooth(), barriers(), sampled()})
    check_model(typical(type), scheme, exotics);
}

// A variance that is added moves what a bridge takes for the whole: by a model's own part, of its jumps or
// not.
TEST(PathGreeks, OfBarriersUnderAddedVariance) {
  for (qs_model_type type : {QS_MODEL_HESTON, QS_MODEL_KOU, QS_MODEL_SVCJ})
    check_model(typical(type), QS_SCHEME_QE, barriers(), true);
}

TEST(PathGreeks, Gbm) {
  check_all(QS_MODEL_GBM);
}
TEST(PathGreeks, Merton) {
  check_all(QS_MODEL_MERTON);
}
TEST(PathGreeks, Kou) {
  check_all(QS_MODEL_KOU);
}
TEST(PathGreeks, Heston) {
  check_all(QS_MODEL_HESTON);
}
TEST(PathGreeks, HestonByEuler) {
  check_all(QS_MODEL_HESTON, QS_SCHEME_EULER);
}
TEST(PathGreeks, Bates) {
  check_all(QS_MODEL_BATES);
}
TEST(PathGreeks, Svcj) {
  check_all(QS_MODEL_SVCJ);
}

} // namespace
