/*
 * Gauss quadrature of a law that is known by its cumulants: with n nodes, means of polynomials up to the
 * degree 2 n - 1 are exact. The recursion of the orthogonal polynomials comes from the moments (Chebyshev's
 * algorithm; Gautschi 2004, section 2.1.7), nodes and weights from its matrix (Golub and Welsch 1969).
 */
#ifndef QS_HOST_POLICY_GAUSS_H
#define QS_HOST_POLICY_GAUSS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_GAUSS_MOST = 8 };

/* Nodes of the law whose cumulants are cumulant[k], k = 1 .. 2 count - 1 (cumulant[0] is not read). Returns
 * how many nodes were made: `count`, at most QS_GAUSS_MOST, or fewer where the moments' own rounding forbids
 * more; 1 where the variance is 0. Weights sum to 1. */
size_t qs_gauss_from_cumulants(size_t count, const double *cumulant, double *node, double *weight);

#ifdef __cplusplus
}
#endif
#endif
