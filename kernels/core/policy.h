// When a payoff of several underlyings is exercised early: what holding on is worth at each date, a linear
// form in features of the state. Plain data that the host fits and policy.inc reads. Freestanding; C17, C++17
// and CUDA C++.
//
// The state at a date is ln S / F and the variance of every underlying. Its variables are, for underlying a,
// a: ln S_a / F_a, and assets + a: the root of its variance; each less its centre, times its rate, within
// QS_POLICY_REACH of 0; rate 0: not looked at. Features are
//   terms       products of variables: term 0 is 1, term k is that of parent[k] < k times variable[k]
//   1           what exercise pays, where that is positive
//   2 moves assets  the same with the price of one underlying times a bump, and divided by it: all moves of
//   an
//               underlying, then those of the next
// The last ones bring the bends of the payoff, wherever they lie, to where the value of holding has them.
#ifndef QS_CORE_POLICY_H
#define QS_CORE_POLICY_H

#include <stdint.h>

#include "kernels/core/compiler.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_POLICY_ASSETS = 16, QS_POLICY_TERMS = 128, QS_POLICY_MOVES = 4, QS_POLICY_REACH = 4 };

typedef struct qs_policy {
  const double *weights;       // [date]: what a unit paid at the date is worth at the last one, > 0
  const double *centre, *rate; // [date][2 assets]
  const double *bump;          // [date][assets][moves], > 0
  const double *coefficient; // [date][qs_policy_features]: of what holding is worth, as paid at the last date
  const uint32_t *parent, *variable; // [terms]
  uint32_t terms;                    // 1 to QS_POLICY_TERMS
  uint32_t moves;                    // at most QS_POLICY_MOVES
} qs_policy;

QS_CORE uint32_t qs_policy_features(const qs_policy *policy, uint32_t assets) {
  return policy->terms + 1 + 2 * policy->moves * assets;
}

#ifdef __cplusplus
}
#endif
#endif
