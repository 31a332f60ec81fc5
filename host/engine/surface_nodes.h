/* The nodes of tabulated prices (host/engine/surface.h) and interpolation between them. */
#ifndef QS_HOST_ENGINE_SURFACE_NODES_H
#define QS_HOST_ENGINE_SURFACE_NODES_H

#include <math.h>
#include <stddef.h>

#define QS_VOLATILITY_SCALE 0.2 /* u = asinh(y / scale) */

static inline double qs_surface_variance(double u) {
  const double y = QS_VOLATILITY_SCALE * sinh(u);
  return y * y;
}

static inline double qs_surface_place(double v) {
  return asinh(sqrt(v) / QS_VOLATILITY_SCALE);
}

/* Weights of four-point Lagrange interpolation at `t` in [0, 1] between the middle nodes. */
static inline void qs_surface_cubic(double t, double weight[4]) {
  weight[0] = -t * (t - 1) * (t - 2) / 6;
  weight[1] = (t + 1) * (t - 1) * (t - 2) / 2;
  weight[2] = -(t + 1) * t * (t - 2) / 2;
  weight[3] = (t + 1) * t * (t - 1) / 6;
}

/* Node below, at least 1 and with two above, and the weights around it. */
static inline size_t qs_surface_locate(double place, size_t count, double weight[4]) {
  double below = floor(place);
  below = below < 1 ? 1 : below > (double)count - 3 ? (double)count - 3 : below;
  qs_surface_cubic(place - below, weight);
  return (size_t)below;
}

#endif
