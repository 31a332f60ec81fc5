#include "host/engine/joint_correlation.h"

#include <math.h>
#include <string.h>

qs_status qs_joint_regression(qs_context *context, qs_arena *arena, const qs_joint_drivers *joint,
                              const double **regression) {
  const qs_drivers *d = &joint->drivers;
  const size_t n = d->count;
  *regression = NULL;
  if (!d->cross) {
    return QS_OK;
  }
  double *made = QS_NEW(arena, n * n, double);
  if (!made) {
    return qs_fail_memory(context, "differentiating to correlations");
  }
  /* B = C m + ... and m = V^-1 z, so B = (C V^-1) z + ...; duals are V^-T. */
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < n; j++) {
      double sum = 0;
      for (size_t k = 0; k < n; k++) {
        sum += joint->variance_duals[i * n + k] * d->cross[j * n + k];
      }
      made[i * n + j] = sum;
    }
  }
  *regression = made;
  return QS_OK;
}

typedef struct quantities {
  const qs_joint_unit *unit;
  const double *h; /* regression, or null */
  const qs_moment *row;
} quantities;

/* To the covariance of own normals given the variances, entry (a, b) with (b, a). */
static double by_own(const quantities *q, uint32_t a, uint32_t b) {
  return q->row[a < b ? qs_joint_own_quantity(q->unit, a, b) : qs_joint_own_quantity(q->unit, b, a)].mean;
}

static double by_variance(const quantities *q, uint32_t a, uint32_t b) {
  return q->row[qs_joint_variance_quantity(q->unit, a, b)].mean;
}

static double by_mean(const quantities *q, uint32_t a, uint32_t b) {
  return q->row[qs_joint_mean_quantity(q->unit, a, b)].mean;
}

/* To the correlation of two variances. With z = V m moved by half the move's product with the duals, and B =
 * H' z + rest: H' takes back its part of that, and the rest's covariance is P - H' Q H. */
static double variances_slope(const quantities *q, uint32_t a, uint32_t b) {
  const uint32_t n = q->unit->asset_count;
  double slope = 0.5 * (by_variance(q, a, b) + by_variance(q, b, a));
  for (uint32_t c = 0; q->h && c < n; c++) {
    const double ac = q->h[a * n + c], bc = q->h[b * n + c];
    slope -= 0.5 * (ac * by_mean(q, c, b) + bc * by_mean(q, c, a));
    for (uint32_t d = c; d < n; d++) {
      const double both = ac * q->h[b * n + d] + bc * q->h[a * n + d];
      slope += both * by_own(q, c, d);
    }
  }
  return slope;
}

/* To the correlation of a's own normals with b's variance. */
static double own_variance_slope(const quantities *q, uint32_t a, uint32_t b) {
  const uint32_t n = q->unit->asset_count;
  if (!q->h) {
    return 0; /* not asked of the unit */
  }
  double slope = by_mean(q, a, b);
  for (uint32_t c = 0; c < n; c++) {
    slope -= (c == a ? 2 : 1) * q->h[b * n + c] * by_own(q, a, c);
  }
  return slope;
}

void qs_joint_drawn_slopes(const qs_joint_plan *plan, const qs_moment *row, uint32_t a, uint32_t b,
                           double slopes[QS_DRAWN_COUNT]) {
  const quantities q = {&plan->unit, plan->regression, row};
  slopes[QS_DRAWN_VARIANCES] = variances_slope(&q, a, b);
  slopes[QS_DRAWN_OWN] = by_own(&q, a, b);
  slopes[QS_DRAWN_OWN_VARIANCE] = own_variance_slope(&q, a, b);
  slopes[QS_DRAWN_VARIANCE_OWN] = own_variance_slope(&q, b, a);
}

static void read_given(const qs_market *market, const qs_joint_terms *terms, uint32_t a, uint32_t b,
                       double given[QS_PAIR_COUNT]) {
  qs_pair_read(market->given, market->underlying_count, (size_t)terms->underlyings[a],
               (size_t)terms->underlyings[b], given);
}

void qs_joint_given_slopes(const qs_market *market, const qs_joint_terms *terms, const qs_drivers *drivers,
                           uint32_t a, uint32_t b, double slopes[QS_DRAWN_COUNT][QS_PAIR_COUNT]) {
  double given[QS_PAIR_COUNT];
  read_given(market, terms, a, b, given);
  qs_pair_slopes(drivers->rho[a], drivers->rho[b], given, slopes);
  if (drivers->fallback) {
    slopes[QS_DRAWN_VARIANCES][QS_PAIR_PRICES] = slopes[QS_DRAWN_OWN][QS_PAIR_PRICES] = 1;
  }
}

double qs_joint_rho_slope(const qs_market *market, const qs_joint_terms *terms, const qs_joint_plan *plan,
                          const qs_moment *row, uint32_t asset) {
  const qs_drivers *drivers = &plan->joint.drivers;
  double sum = 0;
  for (uint32_t b = 0; b < drivers->count && !drivers->fallback && !isnan(drivers->rho[asset]); b++) {
    if (b == asset) {
      continue;
    }
    double given[QS_PAIR_COUNT], moved[QS_DRAWN_COUNT], slopes[QS_DRAWN_COUNT];
    read_given(market, terms, asset, b, given);
    qs_pair_by_rho(drivers->rho[asset], drivers->rho[b], given, moved);
    qs_joint_drawn_slopes(plan, row, asset, b, slopes);
    for (int d = 0; d < QS_DRAWN_COUNT; d++) {
      sum += slopes[d] * moved[d];
    }
  }
  return sum;
}
