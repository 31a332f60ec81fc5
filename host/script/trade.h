/* The formula of a trade, compiled against the trade's own names and dates. */
#ifndef QS_HOST_SCRIPT_TRADE_H
#define QS_HOST_SCRIPT_TRADE_H

#include "host/market/fixings.h"
#include "host/script/script.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Compiles trade->script, which names its underlyings by `names` (null: by their own). Its dates are
 * `fixings` (qs_fixings_make); the script lives in the arena. Errors as qs_script_compile's. */
qs_status qs_script_of_trade(qs_context *context, qs_arena *arena, const char *place,
                             const qs_trade_spec *trade, const char *const *names, qs_time as_of,
                             const qs_fixings *fixings, qs_script *script);

/* An order of programs by what they hold; 0 where they are the same. */
int qs_script_compare(const qs_script *a, const qs_script *b);

#ifdef __cplusplus
}
#endif
#endif
