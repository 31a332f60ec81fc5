/*
 * Order books: half-spread, what a size costs, and the fit of cost(q) = half_spread |q| + impact |q|^{3/2},
 * the cost that host/hedge and host/simulate take; the split of an order over venues and over time.
 *
 * Sizes are in coins, costs in the currency of the prices. The 3/2 power is that of a book whose depth grows
 * linearly away from the mid (impact per unit as the square root of size: Almgren, Thum, Hauptmann, Li 2005).
 */
#ifndef QS_HOST_HISTORY_DEPTH_H
#define QS_HOST_HISTORY_DEPTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/base/arena.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One snapshot. Levels from the best outwards; bids fall, asks rise, best bid < best ask. */
typedef struct qs_order_book {
  size_t levels;
  const double *bid_price, *bid_size; /* [levels] */
  const double *ask_price, *ask_size; /* [levels] */
} qs_order_book;

/* Sizes are in coins (contract 0) or in contracts of so many units of currency (100 USD for coin-margined
 * ones). */
typedef struct qs_order_books {
  const qs_order_book *books; /* [count], equally far apart in time */
  size_t count;
  double contract;
} qs_order_books;

double qs_book_mid(const qs_order_book *book);
double qs_book_half_spread(const qs_order_book *book);

/* Coins shown on a side; `buy` takes the asks. */
double qs_book_shown(const qs_order_book *book, double contract, bool buy);

/* What `size` coins cost beyond the mid; NaN where the side does not show as much. size >= 0. */
double qs_book_cost(const qs_order_book *book, double contract, bool buy, double size);

typedef struct qs_depth_settings {
  double smallest, largest; /* coins; 0: a 200th and four fifths of what the median side shows */
  uint64_t seed;            /* of the bootstrap */
} qs_depth_settings;

/* Each with the error of a stationary bootstrap over the snapshots, which are not independent. Regression is
 * of (cost - half_spread q) / q on sqrt(q) over 24 sizes in geometric progression, by side and snapshot,
 * where the side shows as much; sizes that under half of the sides show are left out. */
typedef struct qs_depth_fit {
  double mid;                            /* mean */
  double half_spread, half_spread_error; /* currency per coin, mean */
  double impact, impact_error;           /* currency per coin^{3/2} */
  double exponent, exponent_error; /* of q in cost - half_spread q where it is free: 3/2 if the law holds */
  double worst;                    /* greatest miss of the mean cost at a size, relative to it */
  double smallest, largest;        /* coins, the sizes used */
  size_t sizes;
} qs_depth_fit;

/* QS_ERROR_INPUT where a book is crossed, unsorted or has a size that is not positive, or fewer than 10 books
 * or 3 sizes are there; QS_ERROR_MEMORY. */
qs_status qs_depth_fit_books(qs_context *context, const qs_order_books *books,
                             const qs_depth_settings *settings, qs_depth_fit *fit);

/* What one venue asks for a size q: proportional q + impact q^{3/2}, up to `limit`. */
typedef struct qs_venue_cost {
  double proportional, impact; /* >= 0: fee and half-spread per coin; currency per coin^{3/2} */
  double limit;                /* coins, >= 0, infinity where there is none */
} qs_venue_cost;

double qs_venue_cost_of(const qs_venue_cost *venue, double size);

/* The split of `size` coins >= 0 that costs least: marginal costs proportional + 1.5 impact sqrt(q) are equal
 * on all venues that get a part, except where a limit binds. Between the places where a venue starts or is
 * full the size is a quadratic of the marginal cost, so it is solved exactly. shares[count]; returns the
 * marginal cost, infinity where the limits leave a rest: all shares are then at their limits, and *rest says
 * how much stays. Ties of venues without impact go to the first. count <= QS_VENUES_MOST. */
enum { QS_VENUES_MOST = 64 };
double qs_venue_split(const qs_venue_cost *venues, size_t count, double size, double *shares, double *rest);

/* An order of `size` coins in `count` fills at equal times, between which the volume taken from the book
 * comes back by the factor `left` = exp(-recovery dt) of what is missing, 0 <= left < 1: the fills that cost
 * least in all (Alfonsi, Fruth, Schied 2010, theorem 4.1 with the book of the 3/2 power, for which it is
 * closed): the first is size / ((count - 1)(1 - left) + c^2), c = (1 - left^{3/2}) / (1 - left), those
 * between it times (1 - left), the last what remains. fills[count]. */
void qs_slice_order(double size, size_t count, double left, double *fills);

/* Impact of any fills (>= 0) in that book: sum of impact ((E + q)^{3/2} - E^{3/2}), E the volume missing
 * before the fill. */
double qs_slice_cost(double impact, const double *fills, size_t count, double left);

#ifdef __cplusplus
}
#endif
#endif
