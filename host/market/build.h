/* The steps of qs_market_build, one file each; for host/market alone. */
#ifndef QS_HOST_MARKET_BUILD_H
#define QS_HOST_MARKET_BUILD_H

#include "host/market/market.h"

/* Text of a message's place: "underlyings[0] (BTC)". */
enum { QS_PLACE_SIZE = 160 };

/* What a quotes file says apart from options and futures. */
typedef struct qs_reference_prices {
  double index;     /* mark, else mid of the INDEX row; NaN: none */
  double perpetual; /* mid, else mark of the perpetual; NaN: none */
} qs_reference_prices;

/* Reads and checks the rows of market->spec: fills futures, perpetual and options (without forward,
 * volatilities and exclusions), and the warnings of rows that are left out of the curve. */
qs_status qs_market_read_quotes(qs_context *context, qs_arena *arena, const char *place, qs_time as_of,
                                qs_underlying_market *market, qs_reference_prices *prices);

/* The given shift, checked: market->shift, and what the calibration says of it. */
qs_status qs_shift_build(qs_context *context, qs_arena *arena, const char *place, qs_time as_of,
                         qs_underlying_market *market);

/* The forward curve from market->spot and the futures, or from the spec's carry. */
qs_status qs_curve_build(qs_context *context, qs_arena *arena, qs_underlying_market *market);

/* Forward, implied volatilities, exclusion and weight of every option, and the calibration's list of
 * exclusions. */
qs_status qs_quotes_filter(qs_context *context, qs_arena *arena, qs_underlying_market *market);

/* Appends a warning (printf style) to the calibration's warnings. */
qs_status qs_market_warn(qs_context *context, qs_arena *arena, qs_calibration_result *calibration,
                         const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The correlations of the inputs, checked; market->underlyings must have their names and models. */
qs_status qs_correlation_build(qs_context *context, qs_arena *arena, const qs_inputs *inputs,
                               qs_market *market);

/* Whether they hold together with every rho: those of underlyings that are calibrated count once `fitted`. */
qs_status qs_correlation_check(qs_context *context, qs_arena *arena, const qs_market *market, bool fitted);

#endif
