/*
 * The law of the state one period ahead, as points with weights, and as a linear operator on the nodes.
 *
 * Constant variance: the density of x' - x by Fourier inversion, at multiples of a spacing. Random variance:
 *
 *   v'      Gauss quadrature of the exact (noncentral chi-square) law of the variance's diffusion
 *   I       the integral of v given v and v': two points that have the mean and the variance of the square of
 * a Brownian bridge between the roots, the mean rescaled so that E[I | v] is exact x' - x  given both:
 * normal, as Broadie and Kaya (2006) have it, by the trapezoidal rule jumps   their number by Poisson's law;
 * their variance jumps by Gauss quadrature, half of them there from the start of the period, so that I has
 * its mean
 *
 * and x' is shifted so that E[e^x' | v] = e^x. tests/policy/test_law.cc holds the points against the exact
 * transform of (x', v'), and the operator against Fourier values: over a day, with default nodes and a spot
 * of 100, it is within 5e-5 of values and 1.5e-4 of ratios where |x| is below 3/8 of the reach (two
 * deviations of the last date), but for the outermost nodes of y (5 below, 7 above), where the nearest node
 * stands for what lies beyond: there within .08 and .025. Up to 5/8 of the reach it is within .01 and .025;
 * further out nothing is shown, and hardly a path comes there.
 */
#ifndef QS_HOST_POLICY_LAW_H
#define QS_HOST_POLICY_LAW_H

#include "host/policy/problem.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_policy_point {
  double z, v, weight; /* x' - x; v', 0 where it is not random */
} qs_policy_point;

typedef struct qs_policy_points {
  size_t count;
  const qs_policy_point *point; /* the arena's */
} qs_policy_points;

typedef struct qs_policy_step {
  const qs_model *model;
  double years, added; /* of the period */
  double spacing;      /* constant variance: between points */
  double reach;        /* constant variance: points lie within +- this */
  double normal_step;  /* random variance: of the trapezoidal rule, in deviations */
} qs_policy_step;

/* The points from variance v (not read where it is constant). */
qs_status qs_policy_make_points(qs_arena *arena, const qs_policy_step *step, double v,
                                qs_policy_points *points);

/* The same of a random variance before its normals are cut into points: x' - x is normal given v'. */
typedef struct qs_policy_part {
  double mean, deviation, v, weight;
} qs_policy_part;

typedef struct qs_policy_parts {
  size_t count;
  const qs_policy_part *part; /* the arena's */
} qs_policy_parts;

/* The parts from variance v; normal_step is not read. QS_ERROR_INPUT where the variance is constant. */
qs_status qs_policy_make_parts(qs_arena *arena, const qs_policy_step *step, double v, qs_policy_parts *parts);

/* A run of coefficients: weight[i] goes with the node (to, x + first + i). */
typedef struct qs_policy_run {
  size_t to; /* row of y */
  long first;
  size_t count;
  const double *weight;
} qs_policy_run;

/* E[f(x', y') | x, y] on the nodes: cubic interpolation of f between nodes; outside them f is that of the
 * nearest node. */
typedef struct qs_policy_law {
  double years, added;
  size_t x_count, y_count;
  const size_t *run_count;         /* [y_count] */
  const qs_policy_run *const *run; /* [y_count] */
} qs_policy_law;

qs_status qs_policy_make_law(qs_context *context, qs_arena *arena, const qs_policy_nodes *nodes,
                             const qs_model *model, double years, double added, qs_policy_law *law);

/* One law per period; periods of equal length share theirs: [date_count - 1]. */
qs_status qs_policy_make_laws(qs_context *context, qs_arena *arena, const qs_policy_problem *problem,
                              const qs_policy_nodes *nodes, const qs_policy_law **laws);

enum { QS_POLICY_LANES = 32 };

/* out[y][x][lane] = E[f(x', y')[lane] | x, y], lane < lanes, a multiple of QS_POLICY_LANES. Bits do not
 * depend on `threads`. */
void qs_policy_expect(const qs_policy_law *law, int threads, size_t lanes, const double *f, double *out);

/* The states begin .. end - 1 of these, in the order of their numbers y x_count + x. */
void qs_policy_expect_part(const qs_policy_law *law, int threads, size_t lanes, const double *f, size_t begin,
                           size_t end, double *out);

/* f at (0, v), f[y][x] of one date: cubic in y at the middle node of x. */
double qs_policy_at_start(const qs_policy_nodes *nodes, const double *f, double v);

/* Weights of the cubic through four nodes around `place`, 0 .. count - 1 (clamped to them); returns the first
 * node. Fewer than four nodes: not allowed. */
size_t qs_policy_cubic(double place, size_t count, double weight[4]);

#ifdef __cplusplus
}
#endif
#endif
