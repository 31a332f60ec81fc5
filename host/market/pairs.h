/*
 * Correlations of what moves the underlyings. Each has the Brownian motion W of its price and, where its
 * variance is random, U of its variance; within an underlying the two are correlated by the model's rho, and
 * dW = rho dU + sqrt(1 - rho^2) dB, B the price's own. Of two underlyings a and b there are four more, of
 * which any may be given:
 *
 *   not given                 is
 *   W_a, W_b                  0
 *   U_a, U_b                  that of W_a, W_b over rho_a rho_b + sqrt(1 - rho_a^2) sqrt(1 - rho_b^2), with
 *                             which B_a, B_b have the same
 *   W_a, U_b                  rho_a times that of U_a, U_b: B_a has no part in U_b
 *
 * A driver is numbered u, the price of underlying u, or count + u, its variance.
 */
#ifndef QS_HOST_MARKET_PAIRS_H
#define QS_HOST_MARKET_PAIRS_H

#include <stdbool.h>
#include <stddef.h>

#include "host/base/arena.h"
#include "quickset/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The four of a pair. */
enum { QS_PAIR_PRICES, QS_PAIR_VARIANCES, QS_PAIR_PRICE_VARIANCE, QS_PAIR_VARIANCE_PRICE, QS_PAIR_COUNT };

/* What a pair's paths are drawn from: the correlations of U_a and U_b, of B_a and B_b, of B_a and U_b, of U_a
 * and B_b. */
enum { QS_DRAWN_VARIANCES, QS_DRAWN_OWN, QS_DRAWN_OWN_VARIANCE, QS_DRAWN_VARIANCE_OWN, QS_DRAWN_COUNT };

/* The model's rho; NaN where its variance does not move. */
double qs_pair_rho(const qs_model *model);

/* Reads a pair out of given[2 count][2 count]. */
void qs_pair_read(const double *given, size_t count, size_t a, size_t b, double value[QS_PAIR_COUNT]);

/* Fills in what is not given (NaN). */
void qs_pair_fill(double rho_a, double rho_b, double value[QS_PAIR_COUNT]);

/* From four values, none of them NaN, to what is drawn. */
void qs_pair_draw(double rho_a, double rho_b, const double value[QS_PAIR_COUNT],
                  double drawn[QS_DRAWN_COUNT]);

/* d drawn / d value of those that are given (and of the prices'), what is not given following by the rule;
 * 0 for the others. */
void qs_pair_slopes(double rho_a, double rho_b, const double given[QS_PAIR_COUNT],
                    double slopes[QS_DRAWN_COUNT][QS_PAIR_COUNT]);

/* d drawn / d rho_a of a pair, its given correlations held. */
void qs_pair_by_rho(double rho_a, double rho_b, const double given[QS_PAIR_COUNT],
                    double slopes[QS_DRAWN_COUNT]);

/* Several underlyings' drivers. */
typedef struct qs_driver_list {
  size_t count;
  const char *const *names;
  const double *rho;   /* NaN: no variance that moves, or one that is not known yet */
  const double *given; /* [2 count][2 count], symmetric, NaN: not given */
} qs_driver_list;

/* Whether a correlation of a variance is given. */
bool qs_drivers_full(size_t count, const double *given);

/* Which underlying the driver's name says, and whether it is its variance: "X" or "X.variance"; -1: none. An
 * underlying's own name comes first. */
int qs_driver_find(const char *name, const char *const *names, size_t count, bool *variance);

enum { QS_NEAREST_TEXT = 500 };

/* The smallest eigenvalue of all correlations together; of the prices' alone where no other is given. Where
 * it is below QS_LEAST_EIGENVALUE, `text` names the values that the nearest valid matrix (Frobenius norm,
 * smallest eigenvalue 0.001) changes, as "BTC-ETH 0.81, BTC-ETH.variance -0.2": Higham (2002), algorithm 3.3,
 * with every rho held (Higham and Strabic 2016). False: out of memory. */
bool qs_drivers_check(qs_arena *arena, const qs_driver_list *list, double *smallest,
                      char text[QS_NEAREST_TEXT]);

#define QS_LEAST_EIGENVALUE 1e-8
#define QS_LARGEST_RHO      0.999 /* beside correlations of variances */

/* Replaces the correlation matrix [n][n] by the nearest whose eigenvalues are 0.001 or more; entries with
 * `fixed` (may be null) are kept. False: out of memory. */
bool qs_nearest_correlation(qs_arena *arena, size_t n, const bool *fixed, double *matrix);

#ifdef __cplusplus
}
#endif
#endif
