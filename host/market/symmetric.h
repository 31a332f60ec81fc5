/*
 * Small symmetric matrices, row-major double[n][n]: what correlations and fits need.
 *
 * Written out rather than taken from LAPACK, because these results enter every later number: the bits then do
 * not depend on which BLAS a machine has, nor on its threads. Sizes are a few dozen at most. All functions
 * are pure and need no memory of their own.
 */
#ifndef QS_HOST_MARKET_SYMMETRIC_H
#define QS_HOST_MARKET_SYMMETRIC_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Eigenvalues, ascending, and orthonormal eigenvectors of a symmetric matrix by cyclic Jacobi rotations
 * (Golub and Van Loan 2013, algorithm 8.5.3). `matrix` is overwritten; vectors[i * n + k] is element i of the
 * eigenvector of values[k]. */
void qs_symmetric_eigen(size_t n, double *matrix, double *values, double *vectors);

#ifdef __cplusplus
}
#endif
#endif
