/* The inside of early exercise of formulas over several underlyings (early_joint.h): early_joint.c puts its
 * parts in order, early_joint_states.c simulates, early_joint_lanes.c evaluates features over lanes,
 * early_joint_fit.c regresses, early_joint_bounds.c bounds, early_joint_kept.c keeps. */
#ifndef QS_HOST_ENGINE_EARLY_JOINT_STATE_H
#define QS_HOST_ENGINE_EARLY_JOINT_STATE_H

#include "host/base/digest.h"
#include "host/engine/early_joint.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_EARLY_LANES = 64 };

typedef struct qs_early_joint {
  qs_context *context;
  qs_devices *devices;
  const qs_early_joint_task *task;
  const qs_joint_unit *unit;
  const qs_joint_payoff *payoff;
  uint32_t assets, dates, features;
  bool random[QS_MAX_JOINT]; /* the variance */
  qs_regression_counts counts;
  uint32_t controls;                    /* increments times factors */
  uint32_t levels;                      /* every date; every second; every fourth */
  double *coefficient[QS_EARLY_LEVELS]; /* [date][features] of each level, the first being the policy's */
  double *control[QS_EARLY_LEVELS]; /* [date + 1][controls]: of the interval that begins at the date before, 0
                                       the start */
  double start;                     /* what holding on from the start is worth */
} qs_early_joint;

/* Paths that stand side by side: x and v of each underlying, [paths]; x holds the shift. */
typedef struct qs_early_states {
  double *x[QS_MAX_JOINT], *v[QS_MAX_JOINT];
} qs_early_states;

/* An increment's mean: that of the variance at an interval's end is constant + slope x before; not known
 * where slope is NaN. */
typedef struct qs_early_mean {
  double constant, slope;
} qs_early_mean;

/* ---- early_joint_states.c ---- */

/* Whether a level exercises at a date. */
bool qs_early_joint_allowed(const qs_early_joint *e, uint32_t level, uint32_t date);

/* The date before `date` at which the level exercises, plus 1; 0: the start. */
uint32_t qs_early_joint_before(const qs_early_joint *e, uint32_t level, uint32_t date);

bool qs_early_states_make(qs_arena *arena, const qs_early_joint *e, size_t paths, qs_early_states *states);

/* States at all dates, [date * count + path], for the paths [begin, begin + count). */
qs_status qs_early_joint_simulate(const qs_early_joint *e, const uint64_t *keys, uint64_t begin,
                                  uint64_t count, const qs_early_states *states);

/* States at `date` alone for `each` paths from each of `count` states at the date before it, `from`, whose
 * variances are at from->v[a]; the paths are numbered from `first` x each. x is the move alone. */
qs_status qs_early_joint_onwards(const qs_early_joint *e, uint32_t date, const qs_early_states *from,
                                 uint64_t first, uint64_t count, uint64_t each, const qs_early_states *to);

/* Of every underlying's variance over the interval from date before - 1 (0: the start) to `date`. */
void qs_early_joint_means(const qs_early_joint *e, uint32_t before, uint32_t date, qs_early_mean *means);

/* ---- early_joint_lanes.c: rows of QS_EARLY_LANES ---- */

/* Numbers that one thread's features need beside them. */
size_t qs_early_joint_room(const qs_early_joint *e);

/* features[feature][lane] and what exercise pays, weighted, pays[lane], of the states at `at`. */
void qs_early_joint_features(const qs_early_joint *e, uint32_t date, const qs_early_states *states, size_t at,
                             double *room, double *features, double *pays);

/* What exercise pays alone. */
void qs_early_joint_pays(const qs_early_joint *e, uint32_t date, const qs_early_states *states, size_t at,
                         double *room, double *pays);

/* What holding on is worth, by coefficient[features]. */
void qs_early_joint_hold(const qs_early_joint *e, const double *coefficient, const double *features,
                         double *to);

/* Increments of prices, [asset][lane], S'/S less 1 at constant forward, and then of variances less their
 * means; `from` at `at` (null: the start), `to` at `to_at`. */
void qs_early_joint_increments(const qs_early_joint *e, const qs_early_states *from, size_t at,
                               const qs_early_states *to, size_t to_at, const qs_early_mean *means,
                               double *increments);

/* What the controls' sum is per increment: slopes [2 assets][lane]. */
void qs_early_joint_slopes(const qs_early_joint *e, const double *control, const double *features,
                           double *slopes);

/* ---- early_joint_fit.c ---- */

/* Lays out the policy and fits its levels. */
qs_status qs_early_joint_fit(qs_early_joint *e, qs_arena *arena, uint64_t paths);

/* ---- early_joint_bounds.c ---- */

qs_status qs_early_joint_bound(const qs_early_joint *e, qs_early_bounds *bounds);

/* The solution's key in the context's store; whether it is there, and then the task has it, in the arena; and
 * keeping it. */
qs_digest qs_early_joint_key(const qs_early_joint *e);
qs_status qs_early_joint_take(const qs_early_joint *e, qs_early_joint_task *task, qs_arena *arena,
                              qs_digest key, bool *found);
qs_status qs_early_joint_put(const qs_early_joint *e, qs_digest key);

#ifdef __cplusplus
}
#endif
#endif
