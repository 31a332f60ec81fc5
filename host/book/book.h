/*
 * The book of a run: every position, trade and cash balance resolved to a contract that the engine can value.
 *
 * Value of one unit in the reporting currency (S spot now, F(T) forward, D discount factor of the currency):
 *   option, linear       D(T) F(T) y(ln K/F)          y: price per unit of forward, undiscounted
 *   option, coin         S exp(-coin_rate T) y        the coin price is exp(-coin_rate T) E[payoff]/F
 *   forward, linear      D(T) (F(T) - K)
 *   future, linear       F(T) - entry_price           margined, so undiscounted; quantity in coin
 *   future, coin         S (1/entry_price - 1/F(T))   quantity in USD notional
 *   perpetual            as a future with F = S
 *   spot                 S
 *   cash                 1, or S where it is coin
 *   path, linear         D(T) F(T) y                  y of the payoff (host/book/path_terms.h), T its last
 * date path, coin           S exp(-coin_rate T) y A future or perpetual without entry price is valued from
 * its own price now: worth 0, moving with the market.
 */
#ifndef QS_HOST_BOOK_BOOK_H
#define QS_HOST_BOOK_BOOK_H

#include "host/base/arena.h"
#include "host/base/context.h"
#include "host/book/path_terms.h"
#include "host/market/market.h"
#include "quickset/inputs.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum qs_contract_kind {
  QS_CONTRACT_OPTION,
  QS_CONTRACT_FORWARD,
  QS_CONTRACT_FUTURE,
  QS_CONTRACT_PERPETUAL,
  QS_CONTRACT_SPOT,
  QS_CONTRACT_CASH,
  QS_CONTRACT_PATH
} qs_contract_kind;

/* Static names: european, forward, future, perpetual, spot, cash, path. */
const char *qs_contract_kind_name(qs_contract_kind kind);

/* Static names of what trades can be, as in configs; null: none such. */
const char *qs_trade_type_name(qs_trade_type type);

/* What a contract along a path is worth near the market of now, one unit in the reporting currency. s is the
 * move of ln S, with every forward. */
typedef struct qs_expansion {
  double value;
  double slope, curvature; /* dV/ds, d2V/ds2 */
  double by_variance;      /* dV/dv of the variance now; 0 where the model's is constant */
  double by_volatility;    /* dV/d ln a, a the factor of qs_model_scale_volatility */
  double theta;            /* one calendar day later less now */
  /* A leg's: half of d2V / ds ds_b for every underlying b of its formula but its own, whose leg has the other
   * half. */
  double together[QS_MAX_JOINT];
} qs_expansion;

/* A formula over several underlyings. Its legs, one contract for each, share it. */
typedef struct qs_joint_terms {
  const int *underlyings; /* [asset_count], indices into the market */
  size_t asset_count;
  qs_time as_of, expiry;
  const qs_time *dates;  /* [count] ascending, the last is the expiry */
  const double *fixings; /* [asset][date]; NaN: after as_of */
  size_t count;
  const qs_script *script;
  bool early; /* the formula is what exercise pays at one of the dates, and observes prices of that date */
  bool all_times; /* it may be exercised at any time up to the expiry, the one date */
  bool coin;      /* paid in the first underlying's coin, at the price of the expiry */
} qs_joint_terms;

typedef struct qs_contract {
  const char *id; /* unique: the trade's id, or the instrument, with "#2" ... where it is held again */
  const char *instrument; /* null without a listed name */
  const char *book, *venue;
  int underlying; /* index into the market; -1 for cash in the reporting currency */
  qs_contract_kind kind;
  qs_call_put call_put;
  qs_settlement settlement;
  double strike;
  qs_time expiry; /* 0: none */
  double years;   /* to expiry, > 0; 0: none */
  double forward; /* F(years) now, or the spot */
  double quantity;
  double entry_price;        /* as valued: given, or the price now */
  double mark;               /* venue unit; NaN: none */
  const qs_future *future;   /* the listed future or perpetual it is, or null */
  const qs_path_terms *path; /* along a path, else null */
  const qs_path_terms
      *local; /* of an option that is valued along paths, under a leverage function; else null */
  const qs_expansion *expansion; /* along a path, once it was valued for what goes by it; else null */
  const qs_joint_terms
      *joint;   /* a leg of a formula over several underlyings: a QS_CONTRACT_PATH, else null */
  uint32_t leg; /* the first has the trade's value, each the Greeks to its underlying */
} qs_contract;

/* The trade's type where it lies along a path, else the kind's name. */
const char *qs_contract_name(const qs_contract *contract);

typedef struct qs_book {
  qs_contract *contracts; /* positions, then trades, then cash, in the order of the inputs */
  size_t count;
} qs_book;

/* Whether its value is that of a payoff along paths, and what that is. */
static inline const qs_path_terms *qs_contract_on_path(const qs_contract *contract) {
  return contract->kind == QS_CONTRACT_PATH ? contract->path : contract->local;
}

/* Gives the options on underlyings whose leverage is fitted the payoffs along paths that they then are. */
qs_status qs_book_use_leverage(qs_context *context, qs_arena *arena, const qs_market *market,
                               qs_contract *contracts, size_t count);

/* Resolves the whole book; QS_ERROR_INPUT names the row. */
qs_status qs_book_build(qs_context *context, qs_arena *arena, const qs_inputs *inputs,
                        const qs_market *market, qs_book **book);

/* Resolves a list of listed names or trades that are not in the book (hedge instruments, what-if trades, a
 * benchmark): `where` names the list in messages, e.g. "hedge.instruments". Quantities default to 1. */
qs_status qs_book_resolve_names(qs_context *context, qs_arena *arena, const qs_market *market,
                                const char *where, const char *const *names, size_t count,
                                qs_contract **contracts);
qs_status qs_book_resolve_positions(qs_context *context, qs_arena *arena, const qs_market *market,
                                    const char *where, const qs_position_spec *positions, size_t count,
                                    qs_contract **contracts);
qs_status qs_book_resolve_trades(qs_context *context, qs_arena *arena, const qs_market *market,
                                 const char *where, const qs_trade_spec *trades, size_t count,
                                 qs_contract **contracts);

#ifdef __cplusplus
}
#endif
#endif
