/*
 * Which numbers few paths carry: their errors, which are estimates from the same paths, cannot be trusted.
 *
 * Where a share p of N paths carries a number with equal weight and the rest with none, a path's value has
 * the excess kurtosis 1/p to leading order, and the mean of one of B batches of N/B paths B/(N p). So K = B /
 * (excess kurtosis of the batch means) estimates the number N p of the paths that carry it, and the error's
 * own relative error is 1/sqrt(4 K) or more. Chance gives normal batch means a kurtosis too, the more the
 * fewer they are: it must stand out from that as well (Anscombe, Glynn 1983). Of 256 batches K < 20 does; of
 * 32, as Sobol points have, K < 2 alone.
 *
 * What no path showed is no part of a kurtosis. Where few paths are expected to have a jump at all, the
 * derivatives to what jumps are like are not trusted, whatever those paths say that had one.
 */
#ifndef QS_HOST_ENGINE_TRUST_H
#define QS_HOST_ENGINE_TRUST_H

#include "host/base/arena.h"
#include "host/engine/valuation.h"
#include "quickset/results.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A position's numbers that are not trusted: bits as qs_trade_result.untrusted has them. */
typedef struct qs_trust {
  uint32_t few;         /* fewer than 20 paths carry them */
  uint32_t jumps;       /* they depend on what jumps are like, and fewer than 100 paths should have one */
  double jumping_paths; /* how many should, where `jumps` is not 0 */
} qs_trust;

/* Whether fewer than 20 paths carry a number with these batch means [batches], beyond chance: K < 20, and a
 * kurtosis that normal batch means pass once in 3 million times. Never so where its standard error is at most
 * `rounding`, nor for fewer than 8 batches. */
bool qs_few_paths(const qs_simulation *simulation, const double *means, double rounding);

/* The estimate of such batch means, and whether it is so. Rounding is 1e-7 of the estimate. */
qs_estimate qs_judged_estimate(const qs_simulation *simulation, const double *means, bool *few);

/* The standard error of a form that is next to rounding in single precision: 1e-7 of its payoff's unit, the
 * forward. */
double qs_form_rounding(const qs_form *form);

/* Fills jumps and jumping_paths of a contract. */
void qs_trust_jumps(const qs_valuation *valuation, size_t contract, qs_trust *trust);

/* What is not trusted and why, from the arena; null: it is out of memory. Something must be untrusted. */
const char *qs_trust_why(qs_arena *arena, const qs_trust *trust);

#ifdef __cplusplus
}
#endif
#endif
