/*
 * Early exercise: the policy of a payoff QS_PATH_EARLY by backward induction over sampled transitions
 * (early_grid.h), and bounds of its value from independent paths.
 *
 * Values are per unit of F_T, weighted as the payoff's own, so that no discounting is left. The policy
 * exercises on one side of a boundary in the price, which moves with the variance: the whole answer for a
 * call or put but where holding is better again further in the money (a put at rates below zero); the gap
 * between the bounds then shows it.
 *
 *   lower   E[Z_tau - M_tau], tau the policy's time: M is a martingale, there to take the noise out
 *   upper   E[max_d (Z_d - M_d)] (Rogers 2002; Haugh, Kogan 2004), M_d - M_(d-1) = V_d(X_d) - E[V_d |
 * X_(d-1)] with the expectation from samples that are independent of everything later, so that the noise in
 *           it raises the bound and never lowers it in expectation
 *
 * The policy comes from all samples of the transitions. Noise in what holding is worth makes the better of
 * exercise and holding look better than it is, which would defer exercise: d_carry and d_rate feel that to
 * first order, and the value to second. So the better of the two is a jackknife of two halves of the samples.
 *
 * Samples and paths come in groups, each with its own transitions; a standard error is that of the groups'
 * mean, so it holds what the transitions' sampling adds. Of few groups it is Student's: it is widened so that
 * (estimate - exact) / std_error has a deviation of one. Where the dates stand for all times the price is
 * extrapolated from n and n / 2 of them at equal samples, as if the difference to all times were in
 * proportion to 1 / n (Richardson's extrapolation, Geske, Johnson 1984); n / 4 dates tell how far that holds.
 * Greeks and the mean time of exercise are extrapolated likewise, from the policies of n / 2 and n / 4 dates
 * on the same paths.
 */
#ifndef QS_HOST_ENGINE_EARLY_H
#define QS_HOST_ENGINE_EARLY_H

#include "host/base/arena.h"
#include "host/base/context.h"
#include "host/engine/backends.h"
#include "kernels/plan.h"
#include "quickset/results.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_EARLY_GROUPS = 8, QS_EARLY_LEVELS = 3 /* every date, every second, every fourth */ };

/* The streams of a solution: two keys, of transitions and of the bounds' paths. */
typedef struct qs_early_keys {
  uint64_t policy, bounds;
} qs_early_keys;

/* Of one payoff, per unit of F_T. */
typedef struct qs_early_bounds {
  bool present;
  uint32_t dates;                /* exercise dates left */
  qs_estimate lower, upper, gap; /* for these dates */
  qs_estimate extrapolation;     /* from them to all times; 0 where the dates are all there are */
  double price[QS_EARLY_GROUPS]; /* lower + extrapolation, group by group */
  qs_estimate years;             /* mean time of exercise, weighted by what is paid; extrapolated likewise */
  double group_years[QS_EARLY_GROUPS];
  double years_error;  /* what the extrapolation of that may be wrong by */
  double *greek_error; /* [quantity] of the unit: what the extrapolation of each may be wrong by; null:
                          there is none */
  uint32_t fewer;      /* then the first of the unit's payoffs with fewer dates */
} qs_early_bounds;

/* Whether a payoff's value is extrapolated from its dates. */
bool qs_early_extrapolated(const qs_path_payoff_plan *plan);

/* Gives plan->policy, in the arena. plan is one of the unit's payoffs, or a copy. `fewer` [QS_EARLY_LEVELS -
 * 1] (may be null) gets the payoff with half and a quarter of the dates, where it is extrapolated. `bounds`
 * may be null: nothing but the policy, from fewer samples. */
qs_status qs_early_solve(qs_context *context, qs_arena *arena, qs_devices *devices, const qs_path_unit *unit,
                         const qs_early_keys *keys, qs_path_payoff_plan *plan, qs_path_payoff_plan *fewer,
                         qs_early_bounds *bounds);

struct qs_simulation;

/* Puts the price of the bounds in the place of a path unit's: moments[batch * stride], so that the mean, the
 * standard error and the spread of the batches' means are those of the groups. */
void qs_early_replace(const qs_early_bounds *bounds, const struct qs_simulation *simulation,
                      qs_moment *moments, size_t stride);

/* The price itself, the groups' mean. */
double qs_early_price(const qs_early_bounds *bounds);

/* Adds weight x the price x what the groups' mean times of exercise are off by to the batches' means
 * sums[batches], in the batches that have the groups' prices: nothing in all, but an error. */
void qs_early_add_years(const qs_early_bounds *bounds, const struct qs_simulation *simulation, double weight,
                        double *sums);

/* Extrapolates the Greeks of a payoff: rows[level][batch * stride + q] are its quantities and those with
 * fewer dates, of which the first's, but the price's, are replaced, with the errors that the batch means
 * have. error[quantities] gets what it may be wrong by. */
void qs_early_extrapolate(const struct qs_simulation *simulation, qs_moment *const *rows, size_t stride,
                          uint32_t quantities, double *error);

#ifdef __cplusplus
}
#endif
#endif
