/* Paths of the underlying at a problem's rows, under its model with the real world's own parameters. */
#ifndef QS_HOST_SIMULATE_PATHS_H
#define QS_HOST_SIMULATE_PATHS_H

#include "host/engine/surface.h"
#include "host/simulate/cascade.h"
#include "host/simulate/problem.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_simulate_paths {
  const qs_simulate_problem *problem;
  qs_model model; /* the law that they follow */
  qs_devices *devices;
  qs_grid grid;
  uint64_t keys[2]; /* of the normals' streams, and their weights */
  double weights[2];
  uint32_t key_count;
  bool shared;               /* others have the same normals */
  const qs_cascade *cascade; /* null: none */
  qs_state_range *ranges;    /* [row]: once they are asked for */
  bool *ranged;              /* whether they are there */
} qs_simulate_paths;

/* Once the model is there. Owned by the arena. */
qs_status qs_simulate_paths_make(qs_context *context, qs_arena *arena, qs_devices *devices,
                                 const qs_simulate_problem *problem, qs_simulate_paths *paths);

/* Paths of problem->also beside these: its normals are r times theirs and sqrt(1 - r^2) times its own. Owned
 * by the arena. */
qs_status qs_simulate_paths_beside(qs_context *context, qs_arena *arena, const qs_simulate_paths *paths,
                                   double r, qs_simulate_paths *beside);

/* x[row * count + path] and v likewise of the paths [begin, begin + count), multiples of QS_LEAF_PATHS; the
 * drift and others' liquidations are in x. Does not report progress. */
qs_status qs_simulate_paths_run(qs_context *context, const qs_simulate_paths *paths, uint64_t begin,
                                uint64_t count, double *x, double *v);

/* ranges[row_count]: of the states at every row over all paths, as they are, as an index shows them, and as
 * far as own trades may move them. They are found once, and every process of a team looks at its part. */
qs_status qs_simulate_paths_ranges(qs_context *context, const qs_simulate_paths *paths,
                                   qs_state_range *ranges);

enum { QS_SIMULATE_BLOCK = 8192 }; /* paths that are simulated and summed up together */

/* How many of these the problem's paths are. */
static inline uint64_t qs_simulate_blocks(const qs_simulate_problem *problem) {
  return (problem->simulation.paths + QS_SIMULATE_BLOCK - 1) / QS_SIMULATE_BLOCK;
}

#ifdef __cplusplus
}
#endif
#endif
