/*
 * What every Fourier sum does at its nodes, and when it may end. Shared by the strip and the surface.
 */
#ifndef QS_HOST_MARKET_FOURIER_TERMS_H
#define QS_HOST_MARKET_FOURIER_TERMS_H

#include <stdbool.h>

#include "host/market/characteristic.h"
#include "host/market/complex_lane.h"
#include "host/market/fourier.h"
#include "host/market/fourier_plan.h"

enum { QS_FOURIER_BLOCK = QS_CHARACTERISTIC_BLOCK };

#define QS_INV_PI 0.31830988618379067154

/* How large a block's weights are, and how large at most they and phi are from there on. */
typedef struct qs_fourier_sizes {
  double term[QS_FOURIER_BLOCK], weight[QS_FOURIER_BLOCK], phi[QS_FOURIER_BLOCK];
} qs_fourier_sizes;

/* How a sum has gone so far; starts as zeros. */
typedef struct qs_fourier_progress {
  double last_size; /* the largest |phi| among the last nodes */
  double absolute;  /* sum of |weight| */
  double rest;      /* estimated sum of all |weight| still to come */
} qs_fourier_progress;

/* Takes a block into account. The rest is estimated as twice a geometric series from the block's last two
 * quarters: the factor covers a decay that slows down from a normal law's to an exponential one, or to 1/x^2.
 */
void qs_fourier_track(const qs_fourier_sizes *sizes, qs_fourier_progress *progress);

/* True once what is left of the sum no longer matters: to prices, and with `derivatives` to them. */
bool qs_fourier_converged(const qs_fourier_progress *progress, const qs_fourier_settings *settings,
                          double scale, bool derivatives);

/* The largest factor e^{k/2} h/pi in front of a sum. */
double qs_fourier_scale(const qs_fourier_plan *plan);

/* The nodes first .. first + BLOCK - 1, at (j + 1/2) h. */
void qs_fourier_nodes(const qs_fourier_plan *plan, size_t first, double *x);

/* Writes error, nodes (added) and problem of a sum that has ended. */
qs_status qs_fourier_conclude(const qs_fourier_progress *progress, const qs_fourier_settings *settings,
                              double scale, bool derivatives, size_t nodes, qs_fourier_report *report);

/* Null, or what is wrong with the arguments. */
const char *qs_fourier_check(const qs_model *model, double years, size_t count, const double *log_moneyness,
                             const qs_fourier_settings *settings);

/* Prices from raw sums: the factor in front, the control variate, and intrinsic value outside the plan. */
void qs_fourier_finish_prices(const qs_fourier_plan *plan, size_t count, const double *log_moneyness,
                              double *price);

/* Smallest and largest. */
void qs_fourier_range(size_t count, const double *values, double *first, double *last);

/* phi and (phi0 - phi)/w at a block's nodes, with bounds of their sizes. */
QS_LANE void qs_fourier_values(const qs_characteristic_block *block, const double *x, double v0,
                               double control, qs_node_values *phi, qs_node_values *weight,
                               qs_fourier_sizes *sizes) {
  for (int i = 0; i < QS_FOURIER_BLOCK; i++) {
    double inv_w = 1 / (x[i] * x[i] + 0.25);
    double size = qs_lane_exp(block->c.re[i] + block->d.re[i] * v0);
    double phi0 = qs_lane_exp(-0.5 * control * (x[i] * x[i] + 0.25));
    double s, c;
    qs_lane_sincos(block->c.im[i] + block->d.im[i] * v0, &s, &c);
    phi->re[i] = size * c;
    phi->im[i] = size * s;
    weight->re[i] = (phi0 - size * c) * inv_w;
    weight->im[i] = -size * s * inv_w;
    sizes->term[i] = fabs(weight->re[i]) + fabs(weight->im[i]);
    sizes->phi[i] = size * qs_lane_exp(block->slack[i]);
    sizes->weight[i] = (phi0 + sizes->phi[i]) * inv_w;
  }
}

#endif
