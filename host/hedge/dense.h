/*
 * Dense symmetric systems of the hedge optimiser, factorised without a BLAS.
 *
 * Why not LAPACK: its bits depend on what is installed. With OpenBLAS the solution of one 200 x 200 system
 * changes with the number of threads, at any size with the processor, and again with the reference BLAS; a
 * hedge of some hundred instruments is small enough to do without. Every loop here adds in one fixed order.
 */
#ifndef QS_HOST_HEDGE_DENSE_H
#define QS_HOST_HEDGE_DENSE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Factorises the symmetric quasi-definite matrix K = U' D U in place (Vanderbei 1995: such a matrix has this
 * factorisation for every order of its rows). `a` is n x n row-major, of which the upper triangle is read and
 * replaced by D (diagonal) and the rows of the unit-triangular U. sign[i] is +1 or -1, the sign that the
 * pivot must have. A pivot of the wrong sign, or lost to cancellation (below 1e-13 of the largest value that
 * the diagonal entry had on the way), is replaced by an infinite one, so that its unknown is solved as zero:
 * how a dependent constraint is passed over. Returns how many were. */
size_t qs_dense_factor(size_t n, double *a, const signed char *sign);

/* Solves K x = rhs in place from the factors. */
void qs_dense_solve(size_t n, const double *factors, double *rhs);

/* y = A x for a symmetric matrix of which the upper triangle is read. */
void qs_dense_multiply(size_t n, const double *a, const double *x, double *y);

#ifdef __cplusplus
}
#endif
#endif
