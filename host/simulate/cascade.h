/* Others' liquidations, laid over a problem's paths (qs_simulate_cascade; kernels/core/cascade.h). */
#ifndef QS_HOST_SIMULATE_CASCADE_H
#define QS_HOST_SIMULATE_CASCADE_H

#include "host/simulate/problem.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_cascade qs_cascade;

/* Null without cascades. Owned by the arena. */
qs_status qs_cascade_make(qs_context *context, qs_arena *arena, const qs_simulate_problem *problem,
                          const qs_cascade **cascade);

/* Adds the jumps to x[row * stride + i] of the paths [begin, begin + count), and, where `jumps` is not null,
 * writes how many there were to jumps[row * stride + i], since the row before. The numbers are drawn by path,
 * date and how many rows have passed since the date. */
void qs_cascade_run(const qs_cascade *cascade, uint64_t begin, uint64_t count, uint64_t stride, double *x,
                    double *jumps);

#ifdef __cplusplus
}
#endif
#endif
