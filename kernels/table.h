/*
 * From a plan to the numbers its steps and dates need, in double: computed once per unit, whatever the
 * backend, by kernels/core/law.h. Checks the plan on the way.
 */
#ifndef QS_KERNELS_TABLE_H
#define QS_KERNELS_TABLE_H

#include <math.h>

#include "kernels/core/law.h"
#include "kernels/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_table {
  qs_dynamics dynamics;
  uint32_t parameter_count;  /* of the model */
  uint32_t kind_count;       /* distinct steps, draws apart */
  double *coefficients;      /* [kind][QS_K_COUNT] */
  qs_thresholds *thresholds; /* [kind] */
  uint32_t step_count;
  qs_law_step *steps; /* [step] */
  double *weights;    /* [step] */
  uint32_t date_count;
  qs_law_date *dates; /* [date] */
  double *constants;  /* [date][QS_D_COUNT] */
  double start_weight;
  void *memory; /* holds all arrays */
} qs_table;

/* Fills the table from the plan. The message (QS_DEVICE_TEXT bytes) says what is wrong on QS_ERROR_INPUT or
 * QS_ERROR_MEMORY, and the table is untouched then. Free it with qs_table_free. */
qs_status qs_table_build(const qs_path_plan *plan, char *message, qs_table *table);

/* Gives step i the draws of block i / 4, word i % 4, for rows of draws that are made beforehand
 * (kernels/core/net.h, kernels/cpu/joint.inc); a side step has those of the step that it replaces. */
void qs_table_number(qs_table *table);

/* Null arrays are allowed. */
void qs_table_free(qs_table *table);

/* QS_OK, or QS_ERROR_INPUT with a message where the unit's ranges, batches or payoffs make no sense. */
qs_status qs_value_unit_check(const qs_value_unit *unit, char *message);
qs_status qs_horizon_unit_check(const qs_horizon_unit *unit, char *message);
qs_status qs_path_unit_check(const qs_path_unit *unit, char *message);
qs_status qs_joint_unit_check(const qs_joint_unit *unit, char *message);
qs_status qs_rebalance_unit_check(const qs_rebalance_unit *unit, char *message);
qs_status qs_regression_unit_check(const qs_regression_unit *unit, char *message);

/* Whether a policy of early exercise over `dates` dates of `assets` underlyings is finite, of terms and
 * variables that it has. */
bool qs_policy_sound(const qs_policy *policy, size_t assets, size_t dates);

/* Whether a payoff that is exercised early has a strike and a policy that make sense. */
static inline bool qs_policy_valid(const qs_path_payoff_plan *p) {
  size_t count = (size_t)p->date_count * p->policy_width, i = 0;
  while (p->policy && i < count && isfinite(p->policy[i])) {
    i++;
  }
  return count && i == count && p->level[0] > 0.0 && (p->policy_width < 3 || p->policy_step > 0.0);
}

#ifdef __cplusplus
}
#endif
#endif
