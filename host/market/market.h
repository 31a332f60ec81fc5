/*
 * The market of a run: per underlying spot, forward curve, quotes that passed the filters, and the model,
 * given or fitted. Built from the inputs, which are borrowed for the market's life; owned by the arena that
 * it is built in.
 *
 * An option's quote is left out of the fit (exclusion) when it is
 *   expired          its expiry is not after as_of
 *   one_sided        it has no bid or no ask (0 is none); a mark alone is no quote
 *   wide_spread      (ask - bid)/mid is above the underlying's max_spread
 *   below_intrinsic  its mid is at or below the intrinsic value
 *   above_maximum    its ask is at or above the price that no volatility reaches
 *   no_time_value    its mid's time value is under 1e-7 of the forward
 *   in_the_money     the option of the other kind at its strike is used, or its spread in volatility is above
 * max_spread of the volatility
 */
#ifndef QS_HOST_MARKET_MARKET_H
#define QS_HOST_MARKET_MARKET_H

#include "host/base/arena.h"
#include "host/base/context.h"
#include "host/market/leverage.h"
#include "host/market/shift.h"
#include "quickset/inputs.h"
#include "quickset/results.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Forward curve: F(0) = spot, log-linear in time between nodes; beyond the last node it grows at the last
 * segment's rate. A curve from `carry` has one rate and no nodes. */
typedef struct qs_curve {
  double spot;
  double carry;      /* growth rate where there is no node */
  size_t node_count; /* futures, ascending */
  const double *years;
  const double *log_forward;
} qs_curve;

/* Forward at `years` >= 0 from as_of. */
double qs_curve_forward(const qs_curve *curve, double years);

/* A listed future, or the perpetual (expiry 0). */
typedef struct qs_future {
  const char *instrument;
  qs_time expiry;
  double years;
  double price;    /* mid of a two-sided quote, else mark; NaN: none */
  double bid, ask; /* NaN: none */
  double mark;
} qs_future;

/* An option row of the quotes, whether or not it passed the filters. */
typedef struct qs_option_quote {
  const qs_quote *quote;
  qs_time expiry;
  double years, strike, forward;
  qs_call_put call_put;
  double bid_vol, ask_vol, mid_vol; /* implied; NaN where there is none */
  double weight;                    /* in the fit: 1 / max(ask_vol - bid_vol, 0.005); 0 when excluded */
  const char *exclusion;            /* null: used */
} qs_option_quote;

typedef struct qs_underlying_market {
  const char *name;
  const qs_underlying_spec *spec;
  double spot, discount_rate, coin_rate;
  qs_curve curve;
  const qs_future *futures; /* ascending in expiry */
  size_t future_count;
  qs_future perpetual;      /* instrument null: none */
  qs_option_quote *options; /* every option row, sorted by expiry, strike, call before put */
  size_t option_count;
  qs_model model;                    /* given, or the fit's after qs_market_calibrate */
  qs_shift shift;                    /* likewise */
  const qs_leverage *leverage;       /* fitted by host/local, or null; values then go by it */
  qs_calibration_result calibration; /* after qs_market_calibrate; exclusions already after qs_market_build */
  /* After a calibration: d parameter / d mid_vol (a volatility as a fraction) of every used quote by the
   * implicit function theorem, [QS_PARAMETER_COUNT + shift.count][sensitivity_count], the shift's pieces
   * after the parameters, and which option each column is. Null without a fit. */
  const double *parameter_by_quote;
  const size_t *sensitivity_option;
  size_t sensitivity_count;
} qs_underlying_market;

/* A group of underlyings with jumps in common (common_jumps.h). */
typedef struct qs_common_jumps {
  const char *name; /* of its random stream */
  double lambda, correlation;
} qs_common_jumps;

typedef struct qs_market {
  qs_time as_of;
  const char *currency;
  qs_underlying_market *underlyings;
  size_t underlying_count;
  const double
      *correlation; /* [underlying_count][underlying_count], of returns; unit diagonal, positive definite */
  const double
      *given; /* [2 underlying_count][2 underlying_count]: of the drivers of pairs.h, NaN: not given */
  bool full;  /* a correlation of a variance is given */
  const qs_common_jumps *common_jumps;
  size_t common_jump_count;
  const int *common_of; /* [underlying_count]: index of its group, or -1 */
} qs_market;

/* Checks the inputs' underlyings, quotes and correlations and builds the market; QS_ERROR_INPUT names the
 * place. */
qs_status qs_market_build(qs_context *context, qs_arena *arena, const qs_inputs *inputs, qs_market **market);

/* Fits every underlying that asks for it (threads over underlyings and starts; the bits do not depend on how
 * many), and holds given models against their quotes. The fit minimises the sum of squared weight x (model's
 * implied volatility - mid's). It is not trusted (calibration.trusted false, why says so) when it did not
 * converge, ends at an end of a parameter's range that is not the parameter's own, or has fewer than two
 * quotes a parameter. A fit that fails leaves the best parameters found (or given) in model and returns
 * QS_OK: one underlying that fails does not cost the night. */
qs_status qs_market_calibrate(qs_context *context, qs_arena *arena, qs_market *market);

/* Bid, ask and mid of a quotes row; NaN where that side is not quoted (empty or 0). */
double qs_quote_bid(const qs_quote *quote);
double qs_quote_ask(const qs_quote *quote);
double qs_quote_mid(const qs_quote *quote);

/* Index of the underlying, or -1. */
int qs_market_find(const qs_market *market, const char *name);

#ifdef __cplusplus
}
#endif
#endif
