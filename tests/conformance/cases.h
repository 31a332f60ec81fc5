// The units that every backend must answer with the same bits: every model, payoff, scheme, precision and
// kind of value unit, and horizons. A new model or payoff is picked up from plan.h unasked.
#ifndef QS_TESTS_CONFORMANCE_CASES_H
#define QS_TESTS_CONFORMANCE_CASES_H

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/plan.h"

namespace conformance {

enum class kind { price, greeks, shifts, horizon };
const char *kind_name(kind what);

// One unit with all that it borrows. Neither copied nor moved.
struct unit_case {
  std::string name;
  kind what;
  std::vector<qs_step> steps;
  std::vector<qs_date> dates;
  std::vector<qs_payoff_plan> payoffs;
  std::vector<double> shifts;
  std::vector<std::uint64_t> keys;
  std::vector<double> weights, more_weights, starts;
  qs_value_unit value{};
  qs_horizon_unit horizon{};

  unit_case(qs_model_type model, int variant, kind what, qs_scheme scheme, qs_precision precision,
            qs_sampling sampling = QS_SAMPLING_PSEUDO);
  // Down to one batch of 64 paths and the payoffs of the first date, for tests that run it very often.
  void shorten();
  unit_case(const unit_case &) = delete;
  unit_case &operator=(const unit_case &) = delete;
};

// What a unit yields, as bits.
struct answer {
  std::vector<qs_moment> moments;
  std::vector<double> x, v;
};
answer room(const unit_case &c);
// Empty when they are equal to the last bit, else what differs first.
std::string difference(const unit_case &c, const answer &got, const answer &want);

} // namespace conformance

#endif
