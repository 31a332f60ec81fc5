#include "tests/conformance/cases.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <sstream>

namespace conformance {

namespace {

// Two parameter sets: a calm one, and one that violates Feller's condition with large jumps.
qs_model model_of(qs_model_type type, int variant) {
  qs_model model = {};
  model.type = type;
  const double calm[QS_PARAMETER_COUNT] = {0.25, 2.0,  0.36, 0.6,  -0.5, 0.8, -0.05,
                                           0.1,  0.02, -0.3, 0.55, 12.0, 9.0, 0.6};
  const double wild[QS_PARAMETER_COUNT] = {0.09, 1.2, 0.5,  2.5, 0.3, 4.0, -0.2,
                                           0.25, 0.3, -0.5, 0.3, 4.0, 3.0, 1.3};
  std::memcpy(model.value, variant ? wild : calm, sizeof calm);
  return model;
}

} // namespace

const char *kind_name(kind what) {
  switch (what) {
  case kind::price:
    return "price";
  case kind::greeks:
    return "greeks";
  case kind::shifts:
    return "shifts";
  default:
    return "horizon";
  }
}

unit_case::unit_case(qs_model_type type, int variant, kind what_, qs_scheme scheme, qs_precision precision,
                     qs_sampling sampling)
    : what(what_) {
  name = std::string(qs_model_name(type)) + (variant ? "_wild_" : "_calm_") + kind_name(what) +
         (scheme == QS_SCHEME_QE ? "_qe_" : "_euler_") +
         (precision == QS_PRECISION_MIXED ? "mixed" : "double") +
         (sampling == QS_SAMPLING_PSEUDO  ? ""
          : sampling == QS_SAMPLING_SOBOL ? "_sobol"
                                          : "_antithetic");
  // A first partial interval, then days, then a coarse stretch: blocks of words begin, change and repeat.
  const double first = 0.4 / 365, day = 1.0 / 365;
  for (std::uint32_t i = 0; i < 23; i++) {
    steps.push_back({i == 0 ? first : i < 9 ? day : 5 * day, i / 4 + 2, i % 4});
  }
  // On the grid, off it (a side step that replaces main step 8), on it, off it within the coarse stretch.
  dates = {{7, {0, 0, 0}}, {8, {0.7 * day, 4, 0}}, {16, {0, 0, 0}}, {20, {2.5 * day, 7, 0}}, {23, {0, 0, 0}}};
  for (std::uint32_t d = 0; d < dates.size(); d++) {
    // Every payoff at a strike, which a backend may work out together, and then one alone.
    for (double k : {-0.2, 0.3}) {
      for (int p = 0; p < QS_PAYOFF_COUNT; p++) {
        payoffs.push_back({d, static_cast<qs_payoff>(p), k + 0.01 * d});
      }
    }
  }
  payoffs.push_back({4, QS_PAYOFF_CALL, -std::numeric_limits<double>::infinity()});
  payoffs.push_back({4, QS_PAYOFF_CALL, 6.0});
  shifts = what == kind::shifts ? std::vector<double>{0.0, -0.4, 0.07} : std::vector<double>{0.0};
  qs_path_plan path = {};
  path.model = model_of(type, variant);
  path.scheme = scheme;
  path.key = 0x0123456789abcdefu;
  path.steps = steps.data();
  path.step_count = static_cast<std::uint32_t>(steps.size());
  path.dates = dates.data();
  path.date_count = static_cast<std::uint32_t>(dates.size());
  value.path = path;
  value.path.sampling = sampling;
  value.payoffs = payoffs.data();
  value.payoff_count = static_cast<std::uint32_t>(payoffs.size());
  value.shifts = shifts.data();
  value.shift_count = static_cast<std::uint32_t>(shifts.size());
  value.greeks = what == kind::greeks;
  value.precision = precision;
  value.path_count = 3 * 128 + 64; // the last batch is a short one
  value.batch_paths = 128;
  value.batch_begin = 1;
  value.batch_end = 4;
  keys = {0x1111222233334444u, 0xfedcba9876543210u};
  weights = {0.8, -0.6};
  horizon.path = path;
  horizon.keys = keys.data();
  horizon.weights = weights.data();
  horizon.key_count = static_cast<std::uint32_t>(keys.size());
  horizon.precision = precision;
  horizon.path_begin = 128;
  horizon.path_end = 128 + 320;
  if (variant % 2) {
    starts = {0.04, 0.3, 0, 0.16};
    horizon.starts = starts.data();
    horizon.start_count = static_cast<std::uint32_t>(starts.size());
    horizon.start_paths = 128;
    /* A full correlation matrix, and jumps in common. */
    weights = {0.64, -0.48};
    more_weights = {0.6, 0.8, 0.36, -0.48, 0.6, -0.8};
    horizon.weights = weights.data();
    horizon.variance = more_weights.data();
    horizon.cross = more_weights.data() + 2;
    const double lambda = path.model.value[QS_LAMBDA];
    if ((type == QS_MODEL_MERTON || type == QS_MODEL_BATES) && lambda > 0) {
      horizon.path.common = lambda / 2;
      horizon.common_key = 0x7777u;
      horizon.common_sizes = more_weights.data() + 4;
    }
  }
}

void unit_case::shorten() {
  dates.resize(1);
  payoffs.resize(2);
  value.path.date_count = horizon.path.date_count = 1;
  value.payoff_count = 2;
  value.path_count = value.batch_paths = 64;
  value.batch_begin = 0;
  value.batch_end = 1;
  horizon.path_end = horizon.path_begin + 64;
}

answer room(const unit_case &c) {
  answer a;
  if (c.what == kind::horizon) {
    std::size_t n = (c.horizon.path_end - c.horizon.path_begin) * c.dates.size();
    a.x.assign(n, -7);
    a.v.assign(n, -7);
  } else {
    std::size_t n = (c.value.batch_end - c.value.batch_begin) * c.shifts.size() * c.payoffs.size() *
                    qs_value_unit_quantities(&c.value);
    a.moments.assign(n, qs_moment{-7, -7});
  }
  return a;
}

namespace {

template <typename T>
std::string first_difference(const char *what, const std::vector<T> &got, const std::vector<T> &want) {
  for (std::size_t i = 0; i < want.size(); i++) {
    if (got.size() != want.size() || std::memcmp(&got[i], &want[i], sizeof want[i]) != 0) {
      std::ostringstream text;
      text << what << "[" << i << "] of " << want.size();
      return text.str();
    }
  }
  return "";
}

} // namespace

std::string difference(const unit_case &c, const answer &got, const answer &want) {
  std::ostringstream text;
  std::string x = first_difference("x", got.x, want.x), v = first_difference("v", got.v, want.v);
  if (!x.empty() || !v.empty()) {
    text << x << " " << v;
    return text.str();
  }
  if (got.moments.size() != want.moments.size()) {
    return "another number of moments";
  }
  std::size_t quantities = qs_value_unit_quantities(&c.value), differing = 0;
  text.precision(17);
  for (std::size_t i = 0; i < want.moments.size(); i++) {
    if (std::memcmp(&got.moments[i], &want.moments[i], sizeof want.moments[i]) == 0 || differing++) {
      continue;
    }
    std::size_t row = i / quantities;
    text << "batch " << row / c.payoffs.size() / c.shifts.size() << " shift "
         << row / c.payoffs.size() % c.shifts.size() << " payoff " << row % c.payoffs.size() << " quantity "
         << i % quantities << ": mean " << got.moments[i].mean << " not " << want.moments[i].mean << ", m2 "
         << got.moments[i].m2 << " not " << want.moments[i].m2;
  }
  if (differing) {
    text << " (" << differing << " of " << want.moments.size() << " differ)";
  }
  return text.str();
}

} // namespace conformance
