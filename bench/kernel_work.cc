#include "bench/kernel_work.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

#include "kernels/core/key.h"

namespace {

constexpr uint64_t kBatchPaths = 1024;
constexpr int kNodes = 161;

qs_model model_of(qs_model_type type) {
  qs_model m{};
  m.type = type;
  const double value[QS_PARAMETER_COUNT] = {.25, 2, .36, .8, -.5, 3, -.05, .12, .1, -.3, .4, 20, 12, .6};
  std::copy(value, value + QS_PARAMETER_COUNT, m.value);
  return m;
}

[[noreturn]] void fail(const char *name, const char *message) {
  std::fprintf(stderr, "%s: %s\n", name, message);
  std::exit(1);
}

// How a unit's batches are cut.
template <class Any> void cut(Any *unit, uint64_t paths) {
  unit->path_count = paths;
  unit->batch_paths = std::min<uint64_t>(kBatchPaths, paths);
  unit->batch_end = uint32_t(paths / unit->batch_paths);
}

} // namespace

Work::Work(const Case &c, double dt) : case_(c) {
  qs_context_init(&context_);
  plan(dt > 0 ? dt : c.steps == 1 ? 0.01 : 1.0 / c.steps);
  switch (c.unit) {
  case Unit::kValue:
  case Unit::kGreeks:
    make_value();
    break;
  case Unit::kHorizon:
  case Unit::kHorizonOfTwo:
    make_horizon();
    break;
  case Unit::kPath:
  case Unit::kPathGreeks:
    make_path();
    break;
  case Unit::kJoint:
  case Unit::kJointGreeks:
    make_joint();
    break;
  case Unit::kRebalance:
    make_rebalance();
    break;
  }
}

Work::~Work() {
  qs_arena_destroy(arena_);
}

void Work::plan(double dt) {
  for (uint32_t i = 0; i < uint32_t(case_.steps); i++)
    steps_.push_back({dt, i / 4, i % 4, 0});
  plan_.model = model_of(case_.model);
  plan_.scheme = case_.scheme;
  plan_.key = qs_key(1, QS_PURPOSE_TEST, "bench");
  plan_.sampling = case_.sampling;
  plan_.steps = steps_.data();
  plan_.step_count = uint32_t(case_.steps);
  const bool along = case_.unit == Unit::kPath || case_.unit == Unit::kPathGreeks;
  for (uint32_t at = uint32_t(along ? case_.days : case_.steps); at <= uint32_t(case_.steps);
       at += uint32_t(along ? case_.days : case_.steps)) {
    dates_.push_back({at, {0, 0, 0, 0}});
    years_.push_back(dt * at);
  }
  plan_.dates = dates_.data();
  plan_.date_count = uint32_t(dates_.size());
}

void Work::make_value() {
  for (int i = 0; i < case_.payoffs; i++) {
    const int strike = case_.pairs ? i / 2 * 2 : i;
    payoffs_.push_back(
        {0, i % 2 ? QS_PAYOFF_PUT : QS_PAYOFF_CALL, case_.payoffs == 1 ? 0 : -0.5 + strike / 868.0});
  }
  value_.path = plan_;
  value_.payoffs = payoffs_.data();
  value_.payoff_count = uint32_t(payoffs_.size());
  value_.shifts = shifts_.data();
  value_.shift_count = 1;
  value_.greeks = case_.unit == Unit::kGreeks;
  value_.precision = case_.precision;
  cut(&value_, case_.paths);
  moments_.resize(size_t(value_.batch_end) * payoffs_.size() * qs_value_unit_quantities(&value_));
}

void Work::make_horizon() {
  const bool two = case_.unit == Unit::kHorizonOfTwo;
  keys_ = {plan_.key};
  weights_ = {1};
  if (two)
    keys_.push_back(qs_key(1, QS_PURPOSE_TEST, "another")), weights_ = {.8, .6};
  x_.resize(case_.paths);
  v_.resize(case_.paths);
  horizon_.path = plan_;
  horizon_.keys = keys_.data();
  horizon_.weights = weights_.data();
  horizon_.key_count = uint32_t(keys_.size());
  horizon_.precision = case_.precision;
  horizon_.path_end = case_.paths;
}

// ---- payoffs along a path ----

// Of prices A and B at the first `dates` dates, `dates` and the last of them, T.
void Work::compile(const char *text, uint32_t dates, qs_script *script) {
  const char *underlyings[] = {"A", "B"};
  std::vector<uint32_t> all;
  for (uint32_t i = 0; i < dates; i++)
    all.push_back(i);
  const qs_script_constant constants[] = {{"K", 1}};
  const qs_script_schedule schedules[] = {{"dates", all.data(), dates, false}, {"T", &all.back(), 1, true}};
  const qs_script_names names = {constants, schedules, underlyings, 1, 2, 2, dates};
  arena_ = qs_arena_create(&context_);
  if (qs_script_compile(&context_, arena_, "bench", text, std::strlen(text), &names, script) != QS_OK)
    fail(case_.name, context_.message);
  for (uint32_t i = 0; i < script->program.observation_count; i++) {
    observed_[0].push_back(script->observations[i].underlying);
    observed_[1].push_back(script->observations[i].date);
    known_.push_back(0);
  }
}

void Work::add_exotic(int number) {
  const double strike = 0.9 + 0.002 * number, none = 1e300;
  qs_path_payoff_plan e{};
  const auto set = [&e](std::initializer_list<double> levels) {
    std::copy(levels.begin(), levels.end(), e.level);
  };
  e.payoff = case_.payoff, e.sign = 1;
  e.dates = indices_.data(), e.weights = weights_.data(), e.date_count = uint32_t(indices_.size());
  switch (e.payoff) {
  case QS_PATH_ASIAN_GEOMETRIC:
    set({strike, 1});
    break;
  case QS_PATH_BARRIER:
  case QS_PATH_BARRIER_CONTINUOUS:
    set({strike, 0.7, none});
    break;
  case QS_PATH_LOOKBACK:
  case QS_PATH_LOOKBACK_FLOATING:
    set({strike, 1});
    break;
  case QS_PATH_DIGITAL:
    set({strike, 1});
    break;
  case QS_PATH_CLIQUET:
    set({-0.03, 0.05, 0, none, 1});
    break;
  case QS_PATH_VARIANCE:
  case QS_PATH_VOLATILITY:
    set({0.3, none, 0, 1});
    break;
  case QS_PATH_EARLY:
    set({strike}), e.sign = -1, e.policy = policy_.data(), e.policy_width = 2, e.policy_step = 0.1;
    break;
  case QS_PATH_POOL:
    set({1, 0.8, 1.25});
    break;
  case QS_PATH_AUTOCALL:
    set({1, 0.04, 0.8, strike, 1, 1}), e.policy = policy_.data(), e.policy_width = 2;
    break;
  case QS_PATH_SCRIPT:
    set({1}), e.program = &script_.program, e.observed = observed_[1].data(), e.known = known_.data();
    break;
  default:
    set({strike});
    break;
  }
  exotics_.push_back(e);
}

// Two tables of nine nodes.
void Work::add_leverage() {
  enum { kLeverageNodes = 9 };
  low_ = {-.6, -.5}, spacing_ = {.15, .13};
  for (size_t table = 0; table < 2; table++)
    for (int j = 0; j < kLeverageNodes; j++) {
      const double x = low_[table] + j * spacing_[table];
      values_.push_back((table ? 1.0 : 1.1) - .6 * x + .8 * x * x);
    }
  for (size_t j = 0; j < std::max(steps_.size(), dates_.size()); j++)
    tables_.push_back(j >= 4), offsets_.push_back(0);
  leverage_ = {2,
               kLeverageNodes,
               low_.data(),
               spacing_.data(),
               values_.data(),
               tables_.data(),
               tables_.data(),
               offsets_.data(),
               offsets_.data()};
  path_.leverage = &leverage_;
}

void Work::make_path() {
  for (uint32_t i = 0; i < uint32_t(dates_.size()); i++) {
    indices_.push_back(i);
    log_forwards_.push_back(0);
    const bool autocall = case_.payoff == QS_PATH_AUTOCALL;
    policy_.insert(policy_.end(), {autocall ? 0.02 : -0.2, autocall ? -0.1 : 0.1});
  }
  weights_.assign(dates_.size(), 1.0 / double(dates_.size()));
  if (case_.payoff == QS_PATH_CLIQUET || case_.payoff == QS_PATH_EARLY || case_.payoff == QS_PATH_AUTOCALL)
    weights_.assign(dates_.size(), 1);
  if (case_.payoff == QS_PATH_SCRIPT)
    compile("max(mean(A[dates]) - K, 0)", uint32_t(dates_.size()), &script_);
  for (int i = 0; i < case_.payoffs; i++)
    add_exotic(i);
  path_.path = plan_;
  path_.log_forwards = log_forwards_.data();
  path_.years = years_.data();
  path_.payoffs = exotics_.data();
  path_.payoff_count = uint32_t(exotics_.size());
  path_.shifts = shifts_.data();
  path_.shift_count = 1;
  path_.greeks = case_.unit == Unit::kPathGreeks;
  path_.precision = case_.precision;
  if (case_.leverage)
    add_leverage();
  cut(&path_, case_.paths);
  moments_.resize(size_t(path_.batch_end) * exotics_.size() * qs_path_unit_quantities(&path_));
}

// ---- several underlyings, and hedging over time ----

// Two underlyings whose normals have the correlation .5.
void Work::make_joint() {
  dates_.clear();
  for (uint32_t i = 0; i < uint32_t(case_.steps); i++)
    dates_.push_back({i + 1, {0, 0, 0, 0}});
  plan_.dates = dates_.data(), plan_.date_count = uint32_t(dates_.size());
  indices_ = {uint32_t(case_.steps)};
  const double root = std::sqrt(.75);
  loadings_ = {1, 0, .5, root};
  duals_ = {1, -.5 / root, 0, 1 / root};
  forward_ = {1};
  keys_ = {qs_key(1, QS_PURPOSE_TEST, "first"), qs_key(1, QS_PURPOSE_TEST, "second")};
  for (size_t a = 0; a < kJointAssets; a++) {
    qs_joint_asset asset{};
    asset.path = plan_;
    asset.path.model = model_of(a ? QS_MODEL_SVCJ : case_.model);
    asset.path.key += a;
    asset.forward = forward_.data();
    asset.loadings = &loadings_[2 * a], asset.duals = &duals_[2 * a];
    assets_.push_back(asset);
  }
  compile("max((A[T] + B[T]) / 2 - K, 0)", 1, &script_);
  formulas_.push_back(
      {&script_.program, observed_[0].data(), observed_[1].data(), known_.data(), 1, false, nullptr});
  joint_.assets = assets_.data(), joint_.asset_count = kJointAssets;
  joint_.keys = keys_.data();
  joint_.dates = indices_.data(), joint_.years = years_.data(), joint_.date_count = 1;
  joint_.payoffs = formulas_.data(), joint_.payoff_count = 1;
  shifts_ = {0, 0};
  joint_.shifts = shifts_.data(), joint_.shift_count = 1;
  joint_.greeks = case_.unit == Unit::kJointGreeks;
  joint_.precision = case_.precision;
  cut(&joint_, case_.paths);
  moments_.resize(size_t(joint_.batch_end) * qs_joint_unit_quantities(&joint_));
}

// Four policies by bands of the price and the variance, with every cost.
void Work::make_rebalance() {
  const uint32_t dates = uint32_t(case_.steps) + 1;
  const uint64_t paths = case_.paths;
  uint32_t seed = 1;
  const auto uniform = [&seed] {
    return double((seed = seed * 1664525u + 1013904223u) >> 8) / 16777216 - .5;
  };
  x_.assign(dates * paths, 0), v_.assign(dates * paths, .36);
  for (size_t i = paths; i < x_.size(); i++) {
    x_[i] = x_[i - paths] + .108 * uniform();
    v_[i] = v_[i - paths] * std::exp(.17 * uniform());
  }
  scale_.assign(dates, 100), ones_.assign(dates, 1), lapse_.assign(dates, 1.0 / 365);
  for (uint32_t d = 0; d < dates; d++)
    indices_.push_back(d);
  costs_.assign(dates, {.0005, .125, .0001, .01, .001, .02, 1});
  const int columns = 21;
  for (int k = 0; k < kNodes * columns; k++) {
    const double delta = .5 * std::erfc(-8 * (-.4 + .005 * (k % kNodes)));
    bands_[0].push_back(delta - .03), bands_[1].push_back(delta + .03);
  }
  tables_of_bands_.assign(dates - 1,
                          {-.4, 200, .2, columns / .8, kNodes, columns, bands_[0].data(), bands_[1].data()});
  instruments_.assign(1, {scale_.data(), scale_.data(), nullptr, costs_.data(), nullptr, false, nullptr});
  policies_.assign(kHedgePolicies, {tables_of_bands_.data(), nullptr, nullptr, QS_RULE_ALWAYS, 1, false});
  rebalance_.path_end = rebalance_.stride = paths;
  rebalance_.x = x_.data(), rebalance_.v = v_.data();
  rebalance_.row_count = rebalance_.date_count = rebalance_.date_end = dates;
  rebalance_.decided = rebalance_.filled = indices_.data();
  rebalance_.forward = scale_.data(), rebalance_.discount = ones_.data(), rebalance_.lapse = lapse_.data();
  rebalance_.instruments = instruments_.data(), rebalance_.instrument_count = 1;
  rebalance_.policies = policies_.data(), rebalance_.policy_count = kHedgePolicies;
  rows_.resize(kHedgePolicies * qs_rebalance_unit_rows(&rebalance_) * paths);
}

void Work::run(qs_device *device) {
  const qs_backend *cpu = qs_backend_cpu();
  char message[QS_DEVICE_TEXT] = "";
  const qs_status status = value_.payoffs   ? cpu->value(device, &value_, nullptr, message, moments_.data())
                           : path_.payoffs  ? cpu->path(device, &path_, nullptr, message, moments_.data())
                           : joint_.payoffs ? cpu->joint(device, &joint_, nullptr, message, moments_.data())
                           : rebalance_.policies
                               ? cpu->rebalance(device, &rebalance_, nullptr, message, rows_.data())
                               : cpu->horizon(device, &horizon_, nullptr, message, x_.data(), v_.data());
  if (status != QS_OK)
    fail(case_.name, message);
}
