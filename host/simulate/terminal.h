/*
 * Trades along a path whose payoff depends on the price at their expiry alone from here on (digitals, pools,
 * formulas of S[T], whatever has one fixing left), as a forward and calls that pay the same.
 *
 * The payoff f is taken at prices about the forward and joined by straight lines: f = const + b S + sum of
 * (change of slope) (S - K)+, the piecewise linear case of Carr and Madan (1998). Cells are halved until f is
 * within 1e-5 of its own size from its line, at a half and a quarter of the cell, or until they are 1e-5 of
 * the price wide, as at a jump, which so becomes a spread of calls. Below the lowest and above the highest
 * price f goes on straight. The constant does not move and is left out, but for one
 * settled in coin, whose worth goes by the coin's rate: it is the difference of two forwards.
 */
#ifndef QS_HOST_SIMULATE_TERMINAL_H
#define QS_HOST_SIMULATE_TERMINAL_H

#include "host/base/arena.h"
#include "host/base/context.h"
#include "host/book/book.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why a contract along a path cannot be so put (a static text), or null where it can. */
const char *qs_terminal_flaw(const qs_contract *contract);

/* parts[count], the arena's: contracts of the same underlying, book and expiry whose sum pays what the
 * contract does, up to a constant. QS_ERROR_INPUT where the payoff is no number at a price, or is too rough.
 */
qs_status qs_terminal_parts(qs_context *context, qs_arena *arena, const qs_contract *contract,
                            qs_contract **parts, size_t *count);

#ifdef __cplusplus
}
#endif
#endif
