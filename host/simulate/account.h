/*
 * The account of position and hedge: what its collateral is worth and becomes, and whether it carries the
 * first hedge.
 */
#ifndef QS_HOST_SIMULATE_ACCOUNT_H
#define QS_HOST_SIMULATE_ACCOUNT_H

#include "host/simulate/run.h"

#ifdef __cplusplus
extern "C" {
#endif

/* QS_ERROR_INPUT names the key. */
qs_status qs_simulate_account_check(qs_context *context, const qs_simulate_spec *spec);

/* Once the dates are there, for a section that has a margin. `grow` of the rule is the arena's: per date
 * exp((yield - discount_rate) dt) of money, which is of as_of, and exp(yield dt) of coins. */
qs_status qs_simulate_account_rule(qs_context *context, qs_arena *arena, const qs_simulate_problem *problem,
                                   qs_margin_rule *rule);

/* Refuses (QS_ERROR_INPUT) an account that does not carry the first hedge of a policy that has tables, where
 * the first date is as_of and the section does not ask for what can be had of it: where the hedge's value (of
 * the first instrument, at the forward) needs more initial margin than counts in the account, or where its
 * costs leave less than the maintenance margin. The message names the limit and what would do. */
qs_status qs_simulate_account_carries(qs_context *context, const qs_simulate_problem *problem,
                                      const qs_simulate_policy *policies, size_t count);

#ifdef __cplusplus
}
#endif
#endif
