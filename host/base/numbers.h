/* Lists of numbers, and constants that C17 does not have. */
#ifndef QS_HOST_BASE_NUMBERS_H
#define QS_HOST_BASE_NUMBERS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define QS_PI        3.14159265358979323846
#define QS_LN2       0.69314718055994530942
#define QS_ROOT_HALF 0.70710678118654752440

/* For qsort of doubles, none of them NaN. */
int qs_ascending(const void *a, const void *b);

/* The mean, summed in order; count >= 1. */
double qs_mean(const double *x, size_t count);

#ifdef __cplusplus
}
#endif
#endif
