// The joint units that every backend must answer with the same bits: every law, correlations of all kinds,
// common jumps, added variance, formulas with and without jumps, and early exercise, in every sampling.
#ifndef QS_TESTS_CONFORMANCE_JOINT_UNITS_H
#define QS_TESTS_CONFORMANCE_JOINT_UNITS_H

#include <string>
#include <vector>

#include "tests/core/joint_cases.h"

namespace conformance {

// Underlyings by number, of joint_worlds() names.
const std::vector<std::string> &joint_worlds();

// An exercise policy and all that it points to.
struct any_policy {
  std::vector<double> weights, centre, rate, bump, coefficient;
  std::vector<std::uint32_t> parent, variable;
  qs_policy policy{};
  any_policy(std::uint32_t assets, std::uint32_t dates);
};

// A unit ready to run. Neither copied nor moved.
class joint_case {
public:
  joint_case(int world, qs_sampling sampling, qs_precision precision, bool greeks);
  joint_case(const joint_case &) = delete;
  joint_case &operator=(const joint_case &) = delete;

  const qs_joint_unit &unit() const { return run_.unit; }
  std::vector<qs_moment> room() const;
  // Empty when they are equal to the last bit, else what differs first.
  std::string difference(const std::vector<qs_moment> &got, const std::vector<qs_moment> &want) const;
  // Down to one batch of 64 paths and two formulas, one of them exercised early, for tests that run it often.
  void shorten();

  std::string name;

private:
  paths::JointValuation run_;
  any_policy policy_;
};

} // namespace conformance

#endif
