/* Inside of host/simulate/regress.h: one date's fit, and the paths that are regressed on. */
#ifndef QS_HOST_SIMULATE_REGRESS_FIT_H
#define QS_HOST_SIMULATE_REGRESS_FIT_H

#include "host/simulate/regress.h"
#include "host/simulate/regress_features.h"
#include "host/simulate/watch.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One date: where features bend, which are not 0 on every path, and what they weigh. */
typedef struct qs_regress_fit {
  qs_feature_knots knots;
  size_t active[QS_FEATURES], count, few; /* ascending; the first `few` are those of further instruments */
  double *weight;                         /* [instrument][QS_FEATURES] of the ratios */
  double value[QS_FEATURES];              /* of what is left, its mean given the path so far */
  qs_state_range range;                   /* of the states regressed on */
} qs_regress_fit;

struct qs_regression {
  qs_context *context;
  size_t date_count, instrument_count;
  const uint32_t *date_row, *fill_row;
  const bool *fixes;                      /* [date] whether it is a fixing */
  const double *forward;                  /* [date] */
  const qs_hedge_instrument *instruments; /* their limits */
  const qs_rebalance_instrument *gains;   /* what a unit of each gains */
  const qs_state_table *options;          /* [option][date] of M */
  qs_regress_fit *fits;                   /* [decision] */
  const qs_watched *watched;              /* along the paths that are asked about; null: none */
  qs_path_seen *seen;                     /* [QS_SIMULATE_BLOCK]: of the block that is asked about */
  double value;
};

/* The paths that are regressed on. */
typedef struct qs_regress_sample {
  qs_simulate_problem problem;
  qs_simulate_spec spec;
  uint64_t count;
  double *x, *v;      /* [row][count] */
  double *left, *own; /* [count]: what is still to be explained, and what trades along paths pay */
  double *value;      /* [option][date][count] of M */
  qs_path_seen *seen; /* [date][count] */
} qs_regress_sample;

/* What is known of the problem before any path; `regression` is overwritten. */
qs_status qs_regress_prepare(qs_context *context, qs_arena *arena, const qs_simulate_problem *problem,
                             qs_regression *regression);

/* Own paths under the pricing law, of a stream that `seed` sets apart, and what the position gains on them;
 * trades along paths from 0. Options' tables are the arena's, the rest scratch. */
qs_status qs_regress_sample_make(qs_context *context, qs_arena *arena, qs_arena *scratch, qs_devices *devices,
                                 const qs_simulate_problem *problem, uint64_t seed, qs_regression *regression,
                                 qs_regress_sample *sample);

/* Fits one date and takes off what is left what its holdings gain. */
qs_status qs_regress_date(qs_context *context, qs_regression *regression, qs_regress_sample *sample,
                          size_t n);

/* Where the states of a date begin. */
size_t qs_regress_row(const qs_regress_sample *sample, size_t date);

/* The features of path i at date n. */
void qs_regress_features(const qs_regress_sample *sample, const qs_regress_fit *fit, size_t n, uint64_t i,
                         double *to);

/* Minus what is to be held of an instrument, with these features. */
double qs_regress_ratio(const qs_regress_fit *fit, size_t instrument, const double *features);

/* How many units of the first instrument move as one of the k-th does, to first order in the price. */
double qs_regress_delta(const qs_regression *regression, size_t k, size_t date, double x, double v);

/* What a path knows at a date where its state is x. */
void qs_regress_look(const qs_regression *regression, size_t date, double x, qs_path_seen *seen);

/* What happens to a path of such states from the date before up to this one; row[date]. */
void qs_regress_look_between(const qs_watched *watched, const uint32_t *row, size_t date, uint64_t path,
                             const double *x, const double *v, uint64_t stride, qs_path_seen *seen);

#ifdef __cplusplus
}
#endif
#endif
