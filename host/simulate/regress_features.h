/*
 * What the regression of host/simulate/regress.h knows of a path at a date, and the functions of it that it
 * combines.
 *
 * Of the state: x = ln S/F and, where the variance is random, y = sqrt(v). Of the fixings so far, in units of
 * the forward at as_of: their mean, the mean that comes out if the price stays at its forward ("expected"),
 * and how far the price is from the greatest, the least and the last of them. Each is a line and hinges at
 * quantiles over the paths, and there are products: of x and the mean, of all with y. Where barriers are
 * watched at all times, all is times the share of them that were not touched, and functions of x and y times
 * the share of those that were stand beside it.
 */
#ifndef QS_HOST_SIMULATE_REGRESS_FEATURES_H
#define QS_HOST_SIMULATE_REGRESS_FEATURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a path has seen of its fixings. */
typedef struct qs_path_seen {
  double sum, least, most, last; /* the sum of prices, logs of the others */
  uint32_t count;
  bool earlier;     /* one at least was before this date */
  uint64_t touched; /* of barriers watched at all times, by their bits */
} qs_path_seen;

/* A date at which the price, relative to the forward at as_of, is e^price; fixes: one of the fixings. What
 * was touched is the caller's to say. */
void qs_path_look(qs_path_seen *seen, bool first, bool fixes, double price);

/* The coordinates that have hinges. */
enum {
  QS_FEATURE_X,
  QS_FEATURE_EXPECTED,
  QS_FEATURE_UP,   /* from the price to the greatest fixing */
  QS_FEATURE_DOWN, /* and from the least */
  QS_FEATURE_GAP,  /* from the last */
  QS_FEATURE_MEAN,
  QS_FEATURE_COORDINATES
};

enum { QS_FEATURE_HINGES = 16 };

/* Where features bend, at one date. */
typedef struct qs_feature_knots {
  double carry;     /* ln F(date)/F(as_of) */
  uint32_t left;    /* fixings after the date */
  bool random;      /* the variance is */
  uint32_t watched; /* barriers that are at all times */
  double knot[QS_FEATURE_COORDINATES][QS_FEATURE_HINGES];
} qs_feature_knots;

/* The first are those that ratios of further instruments are made of. */
enum {
  QS_FEATURES_TOUCHED = 20,
  QS_FEATURES_FEW = QS_FEATURES_TOUCHED + 61,
  QS_FEATURES = QS_FEATURES_TOUCHED + 94
};

/* to[QS_FEATURE_COORDINATES]; but for x all are 0 where nothing was fixed before. */
void qs_feature_coordinates(const qs_feature_knots *knots, double x, const qs_path_seen *seen, double *to);

/* How many hinges a coordinate has, at quantiles of it over the paths. */
size_t qs_feature_hinges(size_t coordinate);

/* to[QS_FEATURES]. */
void qs_features(const qs_feature_knots *knots, double x, double v, const qs_path_seen *seen, double *to);

#ifdef __cplusplus
}
#endif
#endif
