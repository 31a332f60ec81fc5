/*
 * What a position gains until the unwind, path by path: what its contracts pay at their expiries, and what is
 * left of it at the unwind, less what it is worth now; money of as_of.
 *
 * What is paid at one time is piecewise linear in the price: its strikes are sorted and their slopes summed
 * up once, so a path pays one search of them, however many contracts there are. What lives on is tabulated
 * over the state (host/engine/surface.h), one table an expiry.
 */
#ifndef QS_HOST_SIMULATE_CLAIM_H
#define QS_HOST_SIMULATE_CLAIM_H

#include "host/engine/surface.h"
#include "host/simulate/paths.h"

#ifdef __cplusplus
extern "C" {
#endif

/* a[j] + b[j] e^x, j the number of strikes at or below e^x; strikes are per unit of the forward. */
typedef struct qs_claim_payment {
  size_t row, strike_count;
  const double *strike; /* [strike_count], ascending */
  const double *a, *b;  /* [strike_count + 1] */
} qs_claim_payment;

typedef struct qs_claim {
  double now; /* value of the position */
  const struct qs_regression
      *along;                       /* what values it on the way where some of it lies along paths; or null */
  const qs_claim_payment *payments; /* ascending in row */
  size_t payment_count;
  size_t end;                   /* row of the unwind */
  const qs_state_table *tables; /* times e^x there */
  size_t table_count;
} qs_claim;

qs_status qs_claim_make(qs_context *context, qs_arena *arena, const qs_simulate_paths *paths,
                        qs_claim *claim);

/* gain[path] of `count` paths whose states are x[row * stride + path], v likewise. */
void qs_claim_gain(const qs_claim *claim, const double *x, const double *v, uint64_t stride, uint64_t count,
                   double *gain);

/* Adds what is paid at one time to gain[count], on paths whose states then are x. */
void qs_claim_pay(const qs_claim_payment *payment, const double *x, uint64_t count, double *gain);

/* What one contract that is no option is worth at `years`, as a + b e^x, money then. */
void qs_claim_plain(const qs_simulate_problem *problem, const qs_contract *contract, double years, double *a,
                    double *b);

/* An option that lives on at a time of the rows, as a part of such a table there; money of as_of. */
qs_surface_option qs_claim_option_at(const qs_simulate_problem *problem, const qs_contract *contract,
                                     qs_time time);

/* A sum of options of one expiry after a row, as a table times e^x; k is of the forward to the expiry. */
qs_status qs_claim_tabulate(qs_context *context, qs_arena *arena, const qs_simulate_problem *problem,
                            size_t row, qs_time expiry, const qs_state_range *range,
                            const qs_surface_option *options, size_t count, qs_state_table *table);

/* The position's options of one expiry after a row; money of as_of. */
qs_status qs_claim_table(qs_context *context, qs_arena *arena, const qs_simulate_problem *problem, size_t row,
                         qs_time expiry, const qs_state_range *range, qs_state_table *table);

/* Puts `count` options together: weight[i] (strike[i] a unit of e^x, call: weight (e^x - strike)+), beside
 * base_a + base_b e^x. Arrays are made in the arena. */
typedef struct qs_claim_option {
  double strike, weight;
  bool call;
} qs_claim_option;
qs_status qs_claim_payment_make(qs_context *context, qs_arena *arena, const qs_claim_option *options,
                                size_t count, double base_a, double base_b, qs_claim_payment *payment);

#ifdef __cplusplus
}
#endif
#endif
