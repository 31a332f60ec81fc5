/*
 * The shift of an underlying's variance: deterministic variance beside the model's, piecewise constant in
 * calendar time. ln S has one Brownian motion more, independent of everything, whose variance grows at
 * phi(t) >= 0 (Pacati, Pompa, Reno 2018, section 2, here on the variance of ln S alone): the characteristic
 * function gains the factor exp(-(x^2 + 1/4)/2 Phi), Phi the integral of phi, and v is what it was.
 */
#ifndef QS_HOST_MARKET_SHIFT_H
#define QS_HOST_MARKET_SHIFT_H

#include "quickset/inputs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One piece: phi from the end of the piece before (the first: from ever) to `end`. The last one goes on. */
typedef struct qs_shift_piece {
  qs_time end;
  double variance; /* phi, annual, >= 0 */
} qs_shift_piece;

typedef struct qs_shift {
  size_t count;                 /* 0: no shift */
  const qs_shift_piece *pieces; /* ascending */
} qs_shift;

enum { QS_MAX_SHIFT_PIECES = 64 };

/* When a piece of the inputs ends. */
qs_time qs_shift_end(const qs_shift_spec *spec, qs_time as_of);

/* How long the times from `from` to `to` lie in a piece, in years. */
double qs_shift_years(const qs_shift *shift, size_t piece, qs_time from, qs_time to);

/* Phi: the integral of phi from `from` to `to`; 0 where `to` is not later. */
double qs_shift_added(const qs_shift *shift, qs_time from, qs_time to);

#ifdef __cplusplus
}
#endif
#endif
