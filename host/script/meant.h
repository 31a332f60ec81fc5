/*
 * What a trade means in terms of the types that are valued: a european that settles on an average is an
 * asian, a basket, a spread, an exchange, the best or the worst of several and an autocallable on several are
 * formulas. Everything else means itself.
 */
#ifndef QS_HOST_SCRIPT_MEANT_H
#define QS_HOST_SCRIPT_MEANT_H

#include "host/base/arena.h"
#include "host/market/fixings.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_MAX_NOTE_FIXINGS = 60 /* of an autocallable on several */ };

typedef struct qs_meant {
  qs_trade_spec trade;
  const char *const *names; /* of the underlyings in its formula; null: their own */
} qs_meant;

/* True for the types that become a formula on several underlyings whatever their keys. */
bool qs_trade_on_several(qs_trade_type type);

/* What it means lives in the arena. `rate` discounts payments before the expiry of what becomes a formula,
 * which pays all at its expiry. QS_ERROR_INPUT fills `flaw`, QS_ERROR_MEMORY when memory is out. */
qs_status qs_trade_meant(qs_arena *arena, const qs_trade_spec *trade, qs_time as_of, double rate,
                         qs_meant *meant, qs_flaw *flaw);

#ifdef __cplusplus
}
#endif
#endif
