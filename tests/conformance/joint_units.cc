#include "tests/conformance/joint_units.h"

#include <cmath>
#include <cstring>
#include <sstream>

#include "tests/conformance/path_cases.h"

namespace conformance {

namespace {

using paths::asset;
using paths::JointValuation;
using paths::typical;
using paths::Underlying;

enum { STEPS = 10, DATES = 3 };

std::vector<Underlying> underlyings_of(int world) {
  const qs_model_type models[][3] = {
      {QS_MODEL_MERTON, QS_MODEL_BATES, QS_MODEL_COUNT}, {QS_MODEL_HESTON, QS_MODEL_SVCJ, QS_MODEL_COUNT},
      {QS_MODEL_SVCJ, QS_MODEL_BATES, QS_MODEL_COUNT},   {QS_MODEL_KOU, QS_MODEL_GBM, QS_MODEL_HESTON},
      {QS_MODEL_HESTON, QS_MODEL_SVCJ, QS_MODEL_BATES},  {QS_MODEL_BATES, QS_MODEL_COUNT, QS_MODEL_COUNT},
      {QS_MODEL_MERTON, QS_MODEL_KOU, QS_MODEL_COUNT}};
  const char *names[] = {"A", "B", "C"};
  std::vector<Underlying> list;
  for (int i = 0; i < 3 && models[world][i] != QS_MODEL_COUNT; i++) {
    list.push_back(asset(names[i], typical(models[world][i]), 100 - 5 * i, 0.03 * i - 0.02));
  }
  return list;
}

JointValuation::Matrix alike(std::size_t n, double off) {
  JointValuation::Matrix m(n, std::vector<double>(n, off));
  for (std::size_t i = 0; i < n; i++) {
    m[i][i] = off == 0 ? 0 : 1;
  }
  return m;
}

void add_formulas(JointValuation *run) {
  const bool alone = run->underlyings.size() == 1;
  run->add(alone ? "max(mean(A[every]) - K, 0)" : "max((mean(A[every]) + B[T]) / 2 - K, 0)"); // a basket
  run->add(alone ? "max(A[T] - A[d1], 0)" : "max(A[T] - B[d1], 0) + max(B[d0] - K, 0)");      // spreads
  run->add(alone ? "max(A[d0], A[d1])" : "max(max(A[d0], B[d1]), K)");                        // the best
  run->add(alone ? "if(A[d0] > K, 105, if(A[T] < 70, A[T], K))"                               // called early
                 : "if(min(A[d0], B[d0]) > K, 105, if(min(A[T], B[T]) < 70, min(A[T], B[T]), K))");
  run->add(alone ? "max(K - A[T], 0)" : "max(K - min(A[T], B[T]), 0)");         // exercised early, as
  run->add(alone ? "if(A[T] < K, K - A[T], 0)" : "if(B[T] < K, A[T] / 10, 0)"); // the next
}

JointValuation valuation(int world, qs_sampling sampling, qs_precision precision, bool greeks) {
  JointValuation run(0.5, STEPS, DATES, underlyings_of(world), {});
  const std::size_t n = run.underlyings.size();
  run.correlation = alike(n, 0.5);
  if (world == 1 || world == 4 || world == 6) {
    run.correlation = alike(n, 0.45);
    run.variances = alike(n, 0.6);
    run.crosses = alike(n, -0.2);
    for (std::size_t i = 0; i < n; i++) {
      run.crosses[i][i] = 0;
    }
  }
  if (world == 0) {
    run.common = 2;
    run.sizes = 0.5;
  }
  add_formulas(&run);
  if (world == 2 || world == 5) {
    run.widen(0.02);
  }
  for (Underlying &u : run.underlyings) {
    for (std::size_t i = 0; i < u.steps.size(); i++) { // draws by a calendar of their own
      u.steps[i].draw_block = static_cast<std::uint32_t>(7 + (i + 2) / 4);
      u.steps[i].draw_word = static_cast<std::uint32_t>((i + 2) % 4);
    }
  }
  run.sampling = sampling;
  run.unit.precision = precision;
  run.unit.greeks = greeks;
  run.unit.path_count = 192 + 64; // the last batch is a short one
  run.unit.batch_paths = 192;
  run.unit.first_path = 512;
  for (std::size_t i = 0; !greeks && i < 2 * n; i++) { // two shifts
    run.shifts.push_back(i < n ? 0.1 : -0.05 * static_cast<double>(i));
  }
  return run;
}

} // namespace

const std::vector<std::string> &joint_worlds() {
  static const std::vector<std::string> names = {
      "common_jumps", "heston_svcj", "svcj_bates", "kou_gbm_heston", "euler", "alone", "merton_kou"};
  return names;
}

any_policy::any_policy(std::uint32_t assets, std::uint32_t dates) {
  policy.terms = 5;
  policy.moves = 2;
  parent = {0, 0, 0, 1, 2};
  variable = {0, 0, assets - 1, 0, assets - 1};
  for (std::uint32_t d = 0; d < dates; d++) {
    weights.push_back(1 + 0.01 * (dates - 1 - d));
    for (std::uint32_t j = 0; j < 2 * assets; j++) {
      centre.push_back(j < assets ? -0.02 : 0.5);
      rate.push_back(j < assets ? 4 : 2);
    }
    for (std::uint32_t k = 0; k < assets * policy.moves; k++) {
      bump.push_back(1.05 + 0.05 * k);
    }
    for (std::uint32_t k = 0; k < qs_policy_features(&policy, assets); k++) {
      coefficient.push_back(k == 0 ? 3 : k < policy.terms ? -0.4 : k == policy.terms ? 0.6 : 0.03);
    }
  }
  policy.weights = weights.data();
  policy.centre = centre.data();
  policy.rate = rate.data();
  policy.bump = bump.data();
  policy.coefficient = coefficient.data();
  policy.parent = parent.data();
  policy.variable = variable.data();
}

joint_case::joint_case(int world, qs_sampling sampling, qs_precision precision, bool greeks)
    : name(joint_worlds()[static_cast<std::size_t>(world)] + "_" + sampling_name(sampling) +
           (greeks ? "_greeks" : "_price") + (precision == QS_PRECISION_MIXED ? "_mixed" : "_double")),
      run_(valuation(world, sampling, precision, greeks)),
      policy_(static_cast<std::uint32_t>(run_.underlyings.size()), DATES) {
  run_.policies = {{4, &policy_.policy}, {5, &policy_.policy}};
  paths::JointValuation::Formula &best = run_.formulas[2];
  best.dates[0] = DATES; // known, and the unit's last date is none of its own
  best.known[0] = 97;
  run_.connect();
  run_.payoffs[2].date_count = 2;
  for (qs_joint_asset &a : run_.assets) {
    a.path.scheme = world == 4 ? QS_SCHEME_EULER : QS_SCHEME_QE;
  }
}

void joint_case::shorten() {
  run_.payoffs = {run_.payoffs[0], run_.payoffs[4]};
  run_.unit.payoffs = run_.payoffs.data();
  run_.unit.payoff_count = 2;
  run_.unit.path_count = run_.unit.batch_paths = 64;
  run_.unit.batch_end = 1;
}

std::vector<qs_moment> joint_case::room() const {
  const qs_joint_unit &u = run_.unit;
  return std::vector<qs_moment>(static_cast<std::size_t>(u.batch_end - u.batch_begin) * u.shift_count *
                                    u.payoff_count * qs_joint_unit_quantities(&u),
                                qs_moment{-7, -7});
}

std::string joint_case::difference(const std::vector<qs_moment> &got,
                                   const std::vector<qs_moment> &want) const {
  if (got.size() != want.size()) {
    return "another number of moments";
  }
  std::ostringstream text;
  text.precision(17);
  const std::size_t quantities = run_.quantities(), payoffs = run_.unit.payoff_count;
  std::size_t differing = 0;
  for (std::size_t i = 0; i < want.size(); i++) {
    if (std::memcmp(&got[i], &want[i], sizeof want[i]) == 0 || differing++) {
      continue;
    }
    const std::size_t row = i / quantities;
    text << "batch " << row / payoffs / run_.unit.shift_count << " shift "
         << row / payoffs % run_.unit.shift_count << " formula " << row % payoffs << " quantity "
         << i % quantities << ": mean " << got[i].mean << " not " << want[i].mean << ", m2 " << got[i].m2
         << " not " << want[i].m2;
  }
  if (differing) {
    text << " (" << differing << " of " << want.size() << " differ)";
  }
  return text.str();
}

} // namespace conformance
