/*
 * quickset: what a run will take, before it runs.
 *
 * The book is run on few paths, twice, and what grows with the paths is carried over to all of them: so the
 * plan is of this book on this machine as it is now. Calibration is done once, at its full cost.
 */
#ifndef QUICKSET_PLAN_H
#define QUICKSET_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quickset/inputs.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_plan_stage {
  const char *stage; /* "prepare", "calibrate", "value", "risk", "stress", "hedge", "simulate",
                        "backtest": static */
  uint64_t orders;   /* times that the devices are given work, among all of them */
  uint64_t units;    /* of work in those: one law (an underlying or a group under one shock), its dates and a
                        portion of payoffs; devices take them in pieces of paths */
  uint64_t path_steps; /* paths times time steps */
  double seconds;
} qs_plan_stage;

typedef struct qs_plan_device {
  const char *name, *target;
  double rate; /* path-steps a second over the second of the two runs; 0: it did nothing */
} qs_plan_device;

typedef struct qs_plan {
  uint64_t paths;    /* of the run that is planned */
  bool at_most;      /* they are max_paths: with a target_std_error it may end before */
  uint64_t tried[2]; /* paths that the two runs had */
  uint32_t batches;  /* equal parts of the paths, the finest that a unit is cut into */
  const qs_plan_stage *stages;
  size_t stage_count;
  const qs_plan_device *devices;
  size_t device_count;
  double seconds;  /* of all stages */
  uint64_t memory; /* most bytes that are held at once, without the devices' own */
} qs_plan;

/* Plans a run of these sections (as qs_run). The plan belongs to the caller. Errors as qs_run's. */
QS_API qs_status qs_plan_make(qs_engine *engine, const qs_inputs *inputs, uint32_t sections,
                              const qs_plan **plan);
QS_API void qs_plan_destroy(const qs_plan *plan);

/* The plan as JSON; freed by qs_text_free. */
QS_API qs_status qs_plan_json(qs_engine *engine, const qs_plan *plan, char **text);

#ifdef __cplusplus
}
#endif
#endif
