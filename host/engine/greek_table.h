/*
 * What a sum of options of one expiry gains over a step by each of its Greeks, as a table over the state at
 * the step's start: Fourier derivatives on the nodes of a surface (host/engine/surface.h), added up once, so
 * that a path pays one look-up, however many options there are.
 *
 * The sum is worth e^x g(x, v) with g = sum of weight c(k - x, v). Over a step of time, with S the price:
 *
 *   theta   what it gains at a fixed S and v: weight (-dc/dT years - (c'' - c')/2 added + growth c +
 *           rolled (c - c')) for an option, c' its derivative to k: time, the variance beside the model's
 * that passes, the growth of its weight, and the roll of the forward delta   S dP/dS, gamma S^2 d2P/dS2, vega
 * dP/dv
 *
 * all divided by e^x.
 */
#ifndef QS_HOST_ENGINE_GREEK_TABLE_H
#define QS_HOST_ENGINE_GREEK_TABLE_H

#include "host/engine/surface.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_STEP_THETA, QS_STEP_DELTA, QS_STEP_GAMMA, QS_STEP_VEGA, QS_STEP_GREEKS };

typedef struct qs_greek_option {
  qs_surface_option option;
  double growth; /* of its weight over the step, at a fixed x */
} qs_greek_option;

typedef struct qs_greek_step {
  double years;
  double added;  /* variance that passes beside the model's */
  double rolled; /* F(t)/F(t + years) - 1 */
} qs_greek_step;

typedef struct qs_greek_table {
  double step_x, step_u;
  long first_x;
  size_t x_count, y_count;
  const double *value; /* [y_count][x_count][QS_STEP_GREEKS] */
  bool stochastic;     /* false: one row, v is ignored */
} qs_greek_table;

/* `law` is that from the step's start to the expiry. The table is the arena's. */
qs_status qs_greek_table_make(qs_context *context, qs_arena *arena, const qs_surface_law *law,
                              const qs_state_range *range, const qs_greek_step *step,
                              const qs_greek_option *options, size_t count, qs_greek_table *table);

/* greeks[QS_STEP_GREEKS] in state (x, v), inside the range; without the factor e^x. */
void qs_greek_table_at(const qs_greek_table *table, double x, double v, double greeks[QS_STEP_GREEKS]);

#ifdef __cplusplus
}
#endif
#endif
