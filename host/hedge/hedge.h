/*
 * Hedge now: one rebalancing over a list of instruments.
 *
 * Minimises Var[P&L of the book less the target's + x . P&L of the instruments] + w cost(x) over the horizon,
 * with P&L by full revaluation on simulated paths (host/engine/horizon.h), w = cost_weight, or 2 /
 * risk_aversion, in the reporting currency, and cost(x) = sum (fee + half_spread) |x| + impact |x|^{3/2} +
 * expected funding. The solver, its KKT residual and what it does about ties are host/hedge/optimise.h.
 *
 * Costs, per unit of each instrument. An entry of the costs under its own name stands before the entry of its
 * kind (option, future, perpetual, spot), whole; without any: half-spread from its quotes and nothing else.
 *   fee          fraction of the underlying's spot (options; at most fee_cap times the option's price), of
 *                the notional (others)
 *   half_spread  as given, else (ask - bid)/2 of its quotes, in the reporting currency; 0 for spot. An
 *                instrument with neither is not traded, and the result says so and is not trusted.
 *   impact       as given, else 0
 *   funding      perpetuals alone: annual rate x horizon x notional, paid by a long
 *
 * Limits. Greeks are the hedged book's own (the target not taken off). The margin proxy is close to a crypto
 * venue's: 4% of the notional of a future, perpetual or forward; for a short option max(0.15 - out of the
 * money / S, 0.1) S and its price; nothing for a long option, spot and cash; for a short trade along a path
 * 15% of |delta| S and its value, for a long one what it owes. Leverage is the sum of |delta| S over options,
 * trades along paths, futures, perpetuals and forwards over the collateral: the value of all that the book
 * holds, cash included, now. Positions in an instrument of the hedge net with its trade, others do not net.
 *
 * Errors of sampling. The paths are cut into 32 fixed blocks. A ratio's standard error is the jackknife's:
 * the problem is solved again without each block, limits and no-trade bands included. Variances carry the
 * error of a sample variance (from the fourth moment) at the trades found; having been minimised on the same
 * paths, the variance after is low by about a share (number of free trades) / paths, which is not corrected.
 */
#ifndef QS_HOST_HEDGE_HEDGE_H
#define QS_HOST_HEDGE_HEDGE_H

#include "host/base/arena.h"
#include "host/base/context.h"
#include "host/book/book.h"
#include "host/engine/horizon.h"
#include "host/market/market.h"
#include "quickset/inputs.h"
#include "quickset/results.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Greeks of one unit: of every contract of the book, [book->count], and of every instrument of the hedge,
 * [instrument_count], in the order of the inputs. delta dV/dS (coin), gamma d2V/dS2, vega per volatility
 * point, of the value in the reporting currency; 0 where a contract has none. */
typedef struct qs_hedge_greeks {
  const double *book_delta, *book_gamma, *book_vega;
  const double *instrument_delta, *instrument_gamma, *instrument_vega;
} qs_hedge_greeks;

/*
 * The section. The horizon's days must be the spec's. What is returned is owned by the arena. QS_OK also when
 * no trade meets the limits (feasible false, conflicts named), the solver did not converge, funding pays
 * without limit or an instrument has no quote: then trusted is false and `why` says so. QS_ERROR_INPUT names
 * the field; QS_ERROR_MEMORY, QS_ERROR_CANCELLED.
 */
qs_status qs_hedge_run(qs_context *context, qs_arena *arena, const qs_inputs *inputs, const qs_market *market,
                       const qs_book *book, qs_horizon *horizon, const qs_hedge_greeks *greeks,
                       qs_hedge_result *result);

/*
 * What it costs to close every position among `contracts` in an instrument of the hedge (net by instrument)
 * under a scenario: its spot move (of quotes in coin and of fees on the underlying), spread_factor,
 * fee_factor, and depth_factor, which scales the impact by depth^{-1/2} (the impact of the square-root law at
 * constant relative size). Funding is no part of it. `unpriced` (may be null) counts held instruments that
 * have neither quotes nor a half-spread: they are not in the cost. The scenario must be valid.
 */
qs_status qs_hedge_unwind_cost(qs_context *context, const qs_market *market, const qs_hedge_spec *spec,
                               const qs_contract *contracts, size_t count, const qs_scenario_spec *scenario,
                               double *cost, size_t *unpriced);

#ifdef __cplusplus
}
#endif
#endif
