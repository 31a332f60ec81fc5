/*
 * European options in shocked markets by Fourier prices, for an answer while somebody waits; for revalue.c
 * alone.
 *
 * A price depends on its own contract and shock and on nothing beside them: strikes are priced in fixed
 * intervals of ln(K/F), each with the nodes that its whole interval needs.
 */
#ifndef QS_HOST_ENGINE_REVALUE_FOURIER_H
#define QS_HOST_ENGINE_REVALUE_FOURIER_H

#include "host/engine/valuation.h"

/* The payoffs of a set in one shocked market, under shifts of ln F. */
typedef struct qs_fourier_unit {
  const qs_underlying_market *underlying;
  const qs_option_set *set;
  qs_unit_market market;        /* greeks and next_day are not looked at */
  double *yields;               /* [payoff][shift], per unit of the unshifted forward */
  double *errors;               /* likewise; 0 where the inversion reached its tolerance */
  struct qs_fourier_item *room; /* [payoff][shift] */
} qs_fourier_unit;

/* Makes room for the results of the unit, whose other members are set. */
qs_status qs_fourier_unit_room(qs_context *context, qs_arena *arena, qs_fourier_unit *unit);

/* Fills yields and errors of units[0 .. count), on the context's threads. */
qs_status qs_fourier_units_run(qs_context *context, qs_arena *arena, qs_time as_of,
                               const qs_fourier_unit *units, size_t count);

#endif
