/*
 * From a path unit's leverage to the numbers that its paths need (kernels/core/local.inc), in double:
 * computed once per unit, whatever the backend.
 */
#ifndef QS_KERNELS_LOCAL_TABLE_H
#define QS_KERNELS_LOCAL_TABLE_H

#include "kernels/table.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_local_table {
  double *numbers;      /* [main steps, then the dates' side steps][QS_LOCAL_NUMBERS] (core/leverage.h) */
  double *coefficients; /* [table][node_count + 2] */
  double *inverse;  /* [date]: 1 / the sum of the weights of likelihood ratios up to it; 0 where it is 0 */
  uint32_t *tables; /* [main steps, then side steps] */
  size_t step_count, number_count, coefficient_count, date_count; /* step_count: main and side steps */
  int32_t nodes;
  double v0, theta, xi, rho, own; /* own: sqrt(1 - rho^2) */
  void *memory;                   /* holds all arrays */
} qs_local_table;

/* `table` is that of the unit's path. False when memory is out. Free it with qs_local_table_free. */
bool qs_local_table_build(const qs_path_unit *unit, const qs_table *table, qs_local_table *local);
void qs_local_table_free(qs_local_table *local);

#ifdef __cplusplus
}
#endif
#endif
