/*
 * Means and covariances of P&L vectors, by blocks of paths.
 *
 * The paths are cut into QS_MOMENT_BLOCKS contiguous blocks whatever the number of threads; inside a block
 * chunks of fixed size are centred and merged in order (Chan, Golub, LeVeque 1983), and so are the blocks:
 * nothing is the difference of large sums, and the bits depend on the vectors alone.
 */
#ifndef QS_HOST_HEDGE_MOMENTS_H
#define QS_HOST_HEDGE_MOMENTS_H

#include <stddef.h>
#include <stdint.h>

#include "host/base/arena.h"
#include "host/base/context.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_MOMENT_BLOCKS = 32, QS_NO_BLOCK = -1 };

typedef struct qs_moments {
  size_t width; /* vectors */
  uint64_t paths;
  uint64_t counts[QS_MOMENT_BLOCKS];
  double *means; /* [block][width] */
  double *sums;  /* [block][width][width] sums of products of deviations from the block's means */
} qs_moments;

/* vectors: [width][paths], paths at least 2 x QS_MOMENT_BLOCKS. QS_ERROR_MEMORY. */
qs_status qs_moments_compute(qs_context *context, qs_arena *arena, const double *vectors, size_t width,
                             uint64_t paths, qs_moments **moments);

/* Sample covariance (divisor paths - 1) and mean of all blocks but `without` (QS_NO_BLOCK: of all):
 * covariance [width][width], mean [width]. */
void qs_moments_covariance(const qs_moments *moments, int without, double *covariance, double *mean);

/* Of the combination e = sum weights_i vector_i: sample variance, and its standard error from the fourth
 * moment, sqrt((m4 - variance^2) / paths). */
void qs_moments_variance(qs_context *context, const qs_moments *moments, const double *vectors,
                         const double *weights, double *variance, double *std_error);

#ifdef __cplusplus
}
#endif
#endif
