/* Dense positive definite systems of a few unknowns, in rows of n. */
#ifndef QS_HOST_HISTORY_SMALL_H
#define QS_HOST_HISTORY_SMALL_H

#include <stdbool.h>
#include <stddef.h>

/* The lower Cholesky factor in place (the upper part is left); false where the matrix is not positive
 * definite. */
bool qs_small_factor(double *a, size_t n);

/* b becomes the solution. */
void qs_small_solve(const double *lower, size_t n, double *b);

/* m becomes A^-1 m A^-1 for symmetric m, A the matrix of the factor. */
void qs_small_sandwich(const double *lower, size_t n, double *m);

#endif
