/*
 * Delta-gamma and delta-vega hedges with an option, as tables of targets: of the option so much that the
 * position's gamma (or vega, dV/dv) is met, of the first instrument what delta is left,
 *
 *   n = -G_position/G_option, cut at its limits;  h = -(delta_position + n delta_option)
 *
 * (Hull 2018, 19.8). Where the option has next to no such sensitivity, below a millionth of the largest of
 * the date, it can meet nothing and n = 0.
 */
#ifndef QS_HOST_POLICY_NEUTRAL_H
#define QS_HOST_POLICY_NEUTRAL_H

#include "host/policy/ratios.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum qs_neutral_kind { QS_NEUTRAL_GAMMA, QS_NEUTRAL_VEGA } qs_neutral_kind;

/* tables[0] of the first instrument, tables[1] of the option (whose ratios are those of a problem that holds
 * one unit of it, on the same nodes); low <= high may be infinite. Everything is the arena's. QS_ERROR_INPUT:
 * vega where the variance is not random. */
qs_status qs_policy_neutral(qs_context *context, qs_arena *arena, const qs_policy_ratios *position,
                            const qs_policy_ratios *option, qs_neutral_kind kind, double low, double high,
                            qs_policy_table tables[2]);

#ifdef __cplusplus
}
#endif
#endif
