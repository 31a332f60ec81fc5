/* The inside of an early exercise, shared by early.c (backward induction) and early_bounds.c (paths). */
#ifndef QS_HOST_ENGINE_EARLY_STATE_H
#define QS_HOST_ENGINE_EARLY_STATE_H

#include "host/engine/early.h"
#include "host/engine/early_grid.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_early {
  qs_context *context;
  qs_devices *devices;
  const qs_path_unit *unit;
  const qs_path_payoff_plan *plan;
  qs_early_keys keys;
  uint32_t count;            /* dates */
  bool now;                  /* the first date is as_of */
  const qs_date *dates;      /* [count] of the path plan */
  const double *log_forward; /* [count]: ln F_d / F_T */
  double v0;
  qs_early_grid grid;
  uint32_t groups;
  double *policy[QS_EARLY_LEVELS]; /* [count][grid.y_count], as the payoff plan's, of every level wanted */
  /* For bounds, [group]: V_d and E[V_(d+1) | X_d] at the nodes, [count][y_count][x_count], and the latter
   * from the start on where that is before the first date. */
  float *value[QS_EARLY_GROUPS], *later[QS_EARLY_GROUPS];
  double start[QS_EARLY_GROUPS];
  double extrapolation, halved; /* value at n less n / 2 dates, at n / 2 less n / 4 */
} qs_early;

/* What exercise at date d pays at ln S / F = x. */
double qs_early_pays(const qs_early *e, uint32_t d, double x);

/* States at the dates for the paths [begin, begin + count): x[date * count + path], v likewise. */
qs_status qs_early_simulate(const qs_early *e, uint64_t key, uint64_t begin, uint64_t count, double *x,
                            double *v);

/* E v `years` after v; NaN where the scheme does not keep it. Of a model whose variance is random. */
double qs_early_mean_variance(const qs_path_plan *path, double years, double v);

/* Mean and (widened) standard error of the groups' numbers, [QS_EARLY_GROUPS]. */
qs_estimate qs_early_of_groups(const double *number);

/* The mean time of exercise from that of the policies of `levels` levels, group by group. */
void qs_early_set_years(double (*years)[QS_EARLY_GROUPS], uint32_t levels, qs_early_bounds *bounds);

/* From the tables to the bounds. */
qs_status qs_early_bound(const qs_early *e, qs_early_bounds *bounds);

#ifdef __cplusplus
}
#endif
#endif
