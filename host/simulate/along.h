/*
 * Trades of the position whose payoff depends on prices along the path: averages, lookbacks, cliquets, notes,
 * formulas of several dates. They pay at their expiry what the book's own terms say of the path's prices at
 * their fixings, each of which is a date of the section; they have no price in between. Barriers that are
 * watched at all times are touched where host/simulate/watch.h draws it.
 */
#ifndef QS_HOST_SIMULATE_ALONG_H
#define QS_HOST_SIMULATE_ALONG_H

#include "host/simulate/problem.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why a contract along a path is not simulated (a static text), or null; dates aside. */
const char *qs_along_flaw(const qs_contract *contract);

/* Whether all fixings to come, and the expiry, are dates of the problem. */
bool qs_along_on_dates(const qs_simulate_problem *problem, const qs_contract *contract);

/* Adds what the problem's trades along paths pay, money of as_of, to gain[count], on the paths from `first`
 * on whose states are x[row * stride + i], v likewise. Memory is asked for by the calling thread.
 * QS_ERROR_INPUT where a payoff is no number. */
qs_status qs_along_pay(qs_context *context, const qs_simulate_problem *problem, const double *x,
                       const double *v, uint64_t first, uint64_t stride, uint64_t count, double *gain);

/* What one of them pays, by its place there. */
qs_status qs_along_pay_one(qs_context *context, const qs_simulate_problem *problem, size_t number,
                           const double *x, const double *v, uint64_t first, uint64_t stride, uint64_t count,
                           double *gain);

#ifdef __cplusplus
}
#endif
#endif
