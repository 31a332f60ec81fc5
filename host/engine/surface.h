/*
 * Fourier prices of one expiry tabulated over log-moneyness k and volatility y = sqrt(v), and sums of options
 * on it as functions of the underlying's state (x, y).
 *
 * c(k, v) is the undiscounted call per unit of forward with `years` to go. Nodes are uniform in k, at
 * multiples of the step, and in u = asinh(y / 0.2), which spaces volatilities evenly near 0 and in proportion
 * far out, so that the table is the same for every list of contracts. Between nodes it is cubic (four-point
 * Lagrange) in each direction. The steps are halved until the error half way between nodes, measured against
 * Fourier prices, is at most 2.5e-6; a sum of options is interpolated three times, so its error stays under
 * 1e-5 a unit (tests/engine/test_surface.cc). Outside its range of k an option is worth its intrinsic value
 * to 1e-6.
 */
#ifndef QS_HOST_ENGINE_SURFACE_H
#define QS_HOST_ENGINE_SURFACE_H

#include <stdbool.h>

#include "host/base/arena.h"
#include "host/base/context.h"
#include "quickset/model.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_surface {
  double step_k, step_u;
  long first_k; /* node j of k stands at (first_k + j) step_k */
  size_t k_count, y_count;
  const double *price; /* [y_count][k_count] */
  bool stochastic;     /* false: one row, y is ignored */
} qs_surface;

/* The states that the surface must cover. */
typedef struct qs_state_range {
  double x_low, x_high, v_low, v_high;
} qs_state_range;

/* What is tabulated. */
typedef struct qs_surface_law {
  const qs_model *model;
  double years;
  double added; /* deterministic variance to go beside the model's */
} qs_surface_law;

qs_status qs_surface_build(qs_context *context, qs_arena *arena, const qs_surface_law *law,
                           const qs_state_range *range, qs_surface *surface);

/* One option in a sum: weight x price per unit of forward at log-moneyness k now, k - x in state x. */
typedef struct qs_surface_option {
  double k, weight;
  bool call;
} qs_surface_option;

/* The sum of options as a table over (x, y), at multiples of the surface's step in x. */
typedef struct qs_state_table {
  double step_x, step_u;
  long first_x;
  size_t x_count, y_count;
  double *value; /* [y_count][x_count] */
  bool stochastic;
} qs_state_table;

/* How many values a table over the range holds. */
size_t qs_state_table_size(const qs_surface *surface, const qs_state_range *range);

/* Lays the table out over the range, in values of the caller (qs_state_table_size), and adds the options up.
 */
void qs_state_table_fill(const qs_surface *surface, const qs_state_range *range,
                         const qs_surface_option *options, size_t count, double *values,
                         qs_state_table *table);

/* The sum in state (x, v), inside the range. */
double qs_state_table_value(const qs_state_table *table, double x, double v);

/* The same by the place of v, for those who look into several tables at one v. */
double qs_state_place(double v);
double qs_state_table_at(const qs_state_table *table, double x, double place);

#ifdef __cplusplus
}
#endif
#endif
