/*
 * From a path unit to the numbers that its payoffs and their Greeks need beside the steps' and dates'
 * (kernels/table.h), in double: computed once per unit, whatever the backend.
 */
#ifndef QS_KERNELS_PATH_TABLE_H
#define QS_KERNELS_PATH_TABLE_H

#include "kernels/core/path_score.h"
#include "kernels/table.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a payoff keeps of all its dates together. */
typedef struct qs_path_terms {
  size_t numbers; /* where its own begin in qs_path_table.numbers: [date] ln F_d / F_T, [date] weight, [date]
                     years, [date] added variance of the interval before, [date] a quarter of its years,
                     [date][policy_width] policy */
  uint32_t first; /* first date later than as_of, date_count if there is none */
  double sign, log_level[QS_PATH_LEVELS]; /* ln of the levels; of 0 and infinity -+1e4 */
} qs_path_terms;

typedef struct qs_path_table {
  double *scores;       /* [kind][QS_SCORE_COUNT] */
  double *drifts;       /* [2][date]: dM/dp of the drift alone, for the parameters that have scores */
  double *numbers;      /* [number_count] */
  qs_path_terms *terms; /* [payoff] */
  size_t score_count, drift_count, number_count;
  uint32_t lambda, scored; /* the intensity's place among the parameters; how many have scores */
  double inverse_lambda;   /* 0 without jumps */
  qs_dynamics dynamics;
  double whole, whole_rho; /* 1 / (1 - rho^2), kept finite, and 2 rho times it; under a leverage 1 and 0, its
                              rows are of the whole variance */
  double slope;            /* rho xi; under a leverage 0 */
  bool cuts;               /* intervals are cut at their jumps: barriers are watched at all times */
  uint32_t most_dates;     /* of a payoff */
  size_t most_slots;       /* of a payoff: qs_path_slot_rows */
  void *memory;            /* holds all arrays */
} qs_path_table;

/* False when memory is out. Free it with qs_path_table_free. */
bool qs_path_table_build(const qs_path_unit *unit, const qs_table *table, qs_path_table *path);
void qs_path_table_free(qs_path_table *path);

/* How many numbers a payoff has in qs_path_table.numbers. */
static inline size_t qs_path_number_count(const qs_path_payoff_plan *plan) {
  return plan->date_count * (5 + (size_t)plan->policy_width);
}

#ifdef __cplusplus
}
#endif
#endif
