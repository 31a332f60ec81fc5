// Units of hedging over time that every backend must answer with the same bits: one with everything in it,
// and one with a single instrument, which a device may treat by itself.
#ifndef QS_TESTS_CONFORMANCE_REBALANCE_CASES_H
#define QS_TESTS_CONFORMANCE_REBALANCE_CASES_H

#include <cstring>

#include "tests/core/rebalance_world.h"

namespace conformance {

constexpr std::uint64_t kHedgedPaths = 384; // three blocks of threads

inline rebalance::Unit single_instrument(std::uint64_t paths) {
  rebalance::Unit u(6, paths, 11);
  rebalance::charge(&u, &u.add_instrument());
  rebalance::give_margin(&u, 120);
  const qs_rebalance_rule rules[] = {QS_RULE_ALWAYS, QS_RULE_INTERVAL, QS_RULE_VARIANCE, QS_RULE_MOVE};
  const double limits[] = {1, 2, .004, .01};
  for (int i = 0; i < 4; i++) {
    rebalance::Policy &p = u.add_policy(i % 2 ? 0 : .5, 7, 1 + i % 3);
    p.rule = rules[i];
    p.limit = limits[i];
  }
  u.connect();
  return u;
}

inline rebalance::Unit hedged(bool everything, std::uint64_t paths) {
  return everything ? rebalance::everything(paths) : single_instrument(paths);
}

inline bool same_rows(const std::vector<double> &a, const std::vector<double> &b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

} // namespace conformance

#endif
