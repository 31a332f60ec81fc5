/*
 * The sums over nodes that Fourier prices are made of, for many strikes and many integrands ("channels") at
 * once.
 */
#ifndef QS_HOST_MARKET_FOURIER_SUM_H
#define QS_HOST_MARKET_FOURIER_SUM_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* nodes in a panel (a power of two), channels at most, strikes handled together */
enum { QS_PANEL_NODES = 128, QS_PANEL_CHANNELS = 20, QS_SUM_LANES = 8 };

/* Weights of a panel's nodes: `re` and `im` of channel c at node j stand in cell[j][c][0] and [1]. */
typedef struct qs_fourier_panel {
  size_t nodes, channels;
  double start, step; /* node j lies at start + j step */
  double low, high;   /* strikes are moved into this range first */
  double cell[QS_PANEL_NODES][QS_PANEL_CHANNELS][2];
} qs_fourier_panel;

/* target[c][i] += sum over nodes of Re[exp(-i x_j k_i) weight_cj], for the `count` strikes k_i. The order of
 * summation is fixed by the panel alone. Angles |x k| up to 1e6 keep their accuracy. */
void qs_fourier_panel_sum(const qs_fourier_panel *panel, size_t count, const double *log_moneyness,
                          double *const *target);

#ifdef __cplusplus
}
#endif
#endif
