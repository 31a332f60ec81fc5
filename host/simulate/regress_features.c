#include "host/simulate/regress_features.h"

#include <math.h>

static const size_t hinges[QS_FEATURE_COORDINATES] = {[QS_FEATURE_X] = QS_FEATURE_HINGES,
                                                      [QS_FEATURE_EXPECTED] = 7,
                                                      [QS_FEATURE_UP] = 3,
                                                      [QS_FEATURE_DOWN] = 3,
                                                      [QS_FEATURE_GAP] = 3,
                                                      [QS_FEATURE_MEAN] = 3};

size_t qs_feature_hinges(size_t coordinate) {
  return hinges[coordinate];
}

void qs_path_look(qs_path_seen *seen, bool first, bool fixes, double price) {
  if (first) {
    *seen = (qs_path_seen){.touched = seen->touched};
  }
  seen->earlier = seen->count > 0;
  if (fixes) {
    seen->sum += exp(price);
    seen->least = seen->count ? fmin(seen->least, price) : price;
    seen->most = seen->count ? fmax(seen->most, price) : price;
    seen->last = price;
    seen->count++;
  }
}

void qs_feature_coordinates(const qs_feature_knots *knots, double x, const qs_path_seen *seen, double *to) {
  const double price = knots->carry + x;
  for (size_t c = 0; c < QS_FEATURE_COORDINATES; c++) {
    to[c] = 0;
  }
  to[QS_FEATURE_X] = x;
  if (seen->earlier) {
    to[QS_FEATURE_EXPECTED] = log((seen->sum + knots->left * exp(price)) / (seen->count + knots->left));
    to[QS_FEATURE_UP] = seen->most - price;
    to[QS_FEATURE_DOWN] = price - seen->least;
    to[QS_FEATURE_GAP] = price - seen->last;
    to[QS_FEATURE_MEAN] = log(seen->sum / seen->count);
  }
}

/* A coordinate's hinges, each times `by`; returns where the next feature goes. */
static double *bend(const qs_feature_knots *knots, const double *at, size_t coordinate, double by,
                    double *to) {
  for (size_t k = 0; k < hinges[coordinate]; k++) {
    const double past = at[coordinate] - knots->knot[coordinate][k];
    *to++ = past > 0 ? by * past : 0;
  }
  return to;
}

static double *add_few(const qs_feature_knots *knots, const double *at, double y, double *to) {
  *to++ = 1;
  *to++ = y;
  *to++ = y * y;
  for (size_t c = 0; c < QS_FEATURE_MEAN; c++) {
    *to++ = at[c];
    *to++ = y * at[c];
    to = bend(knots, at, c, 1, to);
  }
  return bend(knots, at, QS_FEATURE_X, y, to);
}

/* The share of the barriers that were touched. */
static double share_touched(const qs_feature_knots *knots, const qs_path_seen *seen) {
  uint32_t touched = 0;
  for (uint64_t bits = seen->touched; bits; bits &= bits - 1) {
    touched++;
  }
  return knots->watched ? (double)touched / knots->watched : 0;
}

static double *add_touched(const qs_feature_knots *knots, const double *at, double y, double share,
                           double *to) {
  *to++ = share;
  *to++ = share * y;
  *to++ = share * at[QS_FEATURE_X];
  *to++ = share * y * at[QS_FEATURE_X];
  return bend(knots, at, QS_FEATURE_X, share, to);
}

void qs_features(const qs_feature_knots *knots, double x, double v, const qs_path_seen *seen, double *to) {
  double at[QS_FEATURE_COORDINATES];
  const double y = knots->random ? sqrt(fmax(v, 0)) : 0;
  const double touched = share_touched(knots, seen);
  qs_feature_coordinates(knots, x, seen, at);
  to = add_touched(knots, at, y, touched, to);
  double *const rest = to;
  to = add_few(knots, at, y, to);
  const double *bends = knots->knot[QS_FEATURE_X];
  const double by[] = {1, x, x - bends[5], x - bends[10]};
  for (size_t i = 0; i < sizeof by / sizeof by[0]; i++) {
    const double past = i < 2 || by[i] > 0 ? by[i] : 0;
    *to++ = past * at[QS_FEATURE_MEAN];
    to = bend(knots, at, QS_FEATURE_MEAN, past, to);
  }
  for (size_t c = QS_FEATURE_UP; c < QS_FEATURE_MEAN; c++) {
    *to++ = x * at[c];
  }
  for (size_t c = QS_FEATURE_EXPECTED; c < QS_FEATURE_GAP; c++) {
    to = bend(knots, at, c, y, to);
  }
  *to = y * at[QS_FEATURE_MEAN];
  for (size_t k = 0; touched > 0 && k < QS_FEATURES - QS_FEATURES_TOUCHED; k++) {
    rest[k] *= 1 - touched;
  }
}
