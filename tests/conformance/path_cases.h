// The path units that every backend must answer with the same bits: every payoff, model, scheme and sampling,
// and a formula that has every operation. A new payoff is picked up from tests/core/path_world.h.
#ifndef QS_TESTS_CONFORMANCE_PATH_CASES_H
#define QS_TESTS_CONFORMANCE_PATH_CASES_H

#include <string>
#include <vector>

#include "tests/core/path_world.h"

namespace conformance {

// What a path is drawn from, and by which law it moves.
struct path_law {
  const char *name;
  qs_model_type model;
  qs_scheme scheme;
  bool leverage = false; // of a heston by Euler steps, under a leverage function
};
const std::vector<path_law> &path_laws();
const char *sampling_name(qs_sampling sampling);

// A unit ready to run.
class path_case {
public:
  path_case(const path_law &law, qs_sampling sampling, qs_precision precision, bool greeks);
  path_case(const path_case &) = delete;
  path_case &operator=(const path_case &) = delete;

  const qs_path_unit &unit() const { return run_.unit; }
  std::vector<qs_moment> room() const;
  // Empty when they are equal to the last bit, else what differs first.
  std::string difference(const std::vector<qs_moment> &got, const std::vector<qs_moment> &want) const;
  // Down to one batch of 64 paths and two payoffs, a formula among them, for tests that run it very often.
  void shorten();

  std::string name;

private:
  void add_leverage();

  paths::PathValuation run_;
  // Two tables over nodes on either side of ln S / F = 0, the second from the fourth step on.
  std::vector<double> low_, spacing_, values_, step_offset_, date_offset_;
  std::vector<std::uint32_t> step_table_, date_table_;
  qs_path_leverage leverage_{};
};

} // namespace conformance

#endif
