/*
 * What is to be simulated: a position on one underlying, the instruments that hedge it, and when.
 *
 * Times. Rows are the times at which paths are looked at, ascending and distinct: trade dates, their fills
 * where there is a latency, the unwind, the position's expiries up to it, and where stale prices are of. Row
 * 0 may be as_of itself, where every path has x = 0 and the model's v0.
 *
 * Money is of as_of: what is paid at t counts exp(-discount_rate t). A unit of an instrument gains, between
 * two dates, in that money (e^x moves from one to the other, F the forward at as_of):
 *   spot             D(t_n) F(t_n) (e^x' - e^x)     its yield reinvested, its price borrowed at discount_rate
 *   future           D(t_n+1) F(T) (e^x' - e^x)     linear: margined
 *   perpetual        D(t_n+1) F(t_n) (e^x' - e^x)   its expected funding, the forward's growth, paid
 *   option           D(t_N) P(t_N) (M' - M)         M e^x times its price per unit of the forward, P M its
 *                                                   price (host/simulate/option.h)
 * An order that is filled in parts is traded, and gains from, where the last is filled, at their mean price.
 * Futures and perpetuals settled in coin gain the same: N (1/P - 1/P') coins are changed into money at every
 * date, and what stays between dates is the notional N.
 */
#ifndef QS_HOST_SIMULATE_PROBLEM_H
#define QS_HOST_SIMULATE_PROBLEM_H

#include "host/base/arena.h"
#include "host/base/context.h"
#include "host/book/book.h"
#include "host/engine/backends.h"
#include "host/engine/grid.h"
#include "host/engine/valuation.h"
#include "host/market/market.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum qs_hedge_kind {
  QS_HEDGE_SPOT,
  QS_HEDGE_FUTURE,
  QS_HEDGE_PERPETUAL,
  QS_HEDGE_OPTION
} qs_hedge_kind;

typedef struct qs_hedge_instrument {
  const char *name;
  qs_hedge_kind kind;
  bool coin;      /* settled in coin */
  qs_time expiry; /* of a future or option */
  double years;
  qs_contract option; /* of an option: its terms, quantity 1 */
  double low, high;   /* limits of what is held after a trade; infinite: none */
} qs_hedge_instrument;

enum { QS_MAX_SLICES = 64 }; /* parts in which an order is filled */

typedef struct qs_simulate_problem {
  const qs_simulate_spec *spec;
  const qs_market *market;
  int underlying;
  const qs_underlying_market *under;
  qs_simulation simulation;
  double weight; /* w */
  /* The position: what it holds of the underlying, and cash in the reporting currency left out. */
  const qs_contract *contracts;
  size_t contract_count;
  /* Those along paths, which have no price before their expiry (host/simulate/along.h). */
  const qs_contract *along;
  size_t along_count;
  const qs_hedge_instrument *instruments; /* the first is no option, the others are */
  size_t instrument_count;
  const qs_time *dates; /* [date_count]: trades, and last the unwind */
  const double *years;  /* [date_count] from as_of */
  size_t date_count;
  const qs_time *rows; /* [row_count] */
  const double *row_years;
  size_t row_count;
  const uint32_t *date_row; /* [date_count]: the row of each date */
  const uint32_t *fill_row; /* [date_count]: where what is decided at each date is traded */
  const double *fill_years;
  /* [date_count - 1][spec->slices.count]: where the parts of an order are filled, the last at fill_row. */
  const uint32_t *slice_row;
  bool now;                           /* row 0 is as_of */
  const struct qs_exercise *exercise; /* when trades along paths are exercised early; null: at their expiry */
  const struct qs_simulate_problem *also; /* what else lies in the account (also.h), with these dates and
                                             rows; null: nothing */
} qs_simulate_problem;

/* Resolves the section; QS_ERROR_INPUT names the key. Everything is owned by the arena, market and book are
 * borrowed. Models must be fitted before paths are simulated, not before this. */
qs_status qs_simulate_problem_make(qs_context *context, qs_arena *arena, const qs_inputs *inputs,
                                   const qs_market *market, const qs_book *book,
                                   qs_simulate_problem *problem);

/* Finds the section's instruments in market and book: the first step of the above. */
qs_status qs_simulate_find_instruments(qs_context *context, qs_arena *arena, const qs_book *book,
                                       qs_simulate_problem *problem);

/* Why no lower bound of the objective is known with these mechanics, a static text; null where one is. */
const char *qs_simulate_beyond(const qs_simulate_problem *problem);

/* Whether paths follow another law than the prices, drift left out. */
bool qs_simulate_real_differs(const qs_simulate_spec *spec);

/* Whether own trades move the price. */
bool qs_simulate_moves(const qs_simulate_spec *spec);

/* The law of the paths, once the model is there; QS_ERROR_INPUT names what it cannot be. */
qs_status qs_simulate_real_model(qs_context *context, const qs_simulate_problem *problem, qs_model *model);

/* exp(-discount_rate t). */
double qs_simulate_discount(const qs_simulate_problem *problem, double years);

/* The forwards of all dates; null where memory is out. */
const double *qs_simulate_forwards(qs_arena *arena, const qs_simulate_problem *problem);

/* The row at a time that is one. */
size_t qs_simulate_row(const qs_simulate_problem *problem, qs_time time);

#ifdef __cplusplus
}
#endif
#endif
