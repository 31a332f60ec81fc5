/*
 * Functions of the state (x = ln S / F, variance v) on a grid, and their conditional expectations over one
 * interval of time: what values of early exercise are worked backwards on.
 *
 * Nodes are uniform in x and in y = sqrt(v). A function is given by its values at the nodes and is cubic
 * (four-point Lagrange) between them; outside the grid it is what it is at the edge. The increment of x
 * depends on v alone, so the expectation of a function from a node of v is a convolution in x: every sample
 * of (x increment, v afterwards), simulated from that node by the engine itself, adds its weights of
 * interpolation to a kernel (a Monte Carlo quadrature of the step's own law, for all models alike; compare
 * the moments of Glau, Mahlstedt, Poetz 2019).
 */
#ifndef QS_HOST_ENGINE_EARLY_GRID_H
#define QS_HOST_ENGINE_EARLY_GRID_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_early_grid {
  double first_x, step_x, step_y;
  size_t x_count, y_count; /* y_count 1: the variance is constant */
} qs_early_grid;

/* Values at the nodes: row j at j * qs_early_row(grid), its x_count values after qs_early_pad(grid) copies of
 * the first and before as many of the last. */
size_t qs_early_pad(const qs_early_grid *grid);
size_t qs_early_row(const qs_early_grid *grid);
size_t qs_early_size(const qs_early_grid *grid);

/* Writes the edges' copies of every row. */
void qs_early_fill_edges(const qs_early_grid *grid, double *values);

/* Where a state lies: the node below in each direction and the weights around it. */
typedef struct qs_early_place {
  long x;
  size_t y;
  double weight_x[4], weight_y[4];
} qs_early_place;

qs_early_place qs_early_locate(const qs_early_grid *grid, double x, double v);

/* The function there: `nodes` are its values at the nodes alone, row y at y * stride. */
double qs_early_value(const qs_early_grid *grid, const double *nodes, size_t stride,
                      const qs_early_place *place);

/* Expectations from one node of v: weight[y * (2 reach + 1) + reach + offset] of the value at `offset` nodes
 * of x, 0 outside [low, high]. Begins as zeros. */
typedef struct qs_early_kernel {
  double *weight; /* [qs_early_kernel_size] */
  long reach, low, high;
} qs_early_kernel;

size_t qs_early_kernel_size(const qs_early_grid *grid);

/* What is known of the variance after the interval, from a node of it: its mean (NaN: not known), and about
 * its standard deviation. */
typedef struct qs_early_law {
  double mean, deviation;
} qs_early_law;

/* The kernel of node `y` from `count` samples. Two control variates keep their noise out, by the function's
 * slopes in exp(x) and in v: E exp(increment) = 1, and E v = law.mean. The slope in v is a chord over at
 * least two of law.deviation: over less, the samples' mean would be off by more than the chord spans, and
 * the control would add noise, growing from step to step. */
void qs_early_kernel_fill(const qs_early_grid *grid, size_t y, qs_early_law law, const double *x,
                          const double *v, size_t count, qs_early_kernel *kernel);

/* Zeros; then sums of kernels of one node. */
void qs_early_kernel_clear(const qs_early_grid *grid, qs_early_kernel *kernel);
void qs_early_kernel_add(const qs_early_grid *grid, double share, const qs_early_kernel *from,
                         qs_early_kernel *to);

/* to[x_count] = the expectation of the function from each node of x. */
void qs_early_expect(const qs_early_grid *grid, const qs_early_kernel *kernel, const double *values,
                     double *to);

/* Two functions in one state, each by its nodes' values [y_count][x_count]. */
void qs_early_pair(const qs_early_grid *grid, const float *first, const float *second, double x, double v,
                   double value[2]);

#ifdef __cplusplus
}
#endif
#endif
