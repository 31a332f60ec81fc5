// What venues give of an order. One asks start u + impact u^1.5 for u >= 0 units beyond the mid, so that its
// marginal cost is start + 1.5 impact sqrt(u): at marginal cost m it gives rate (m - start)^2, rate = (1.5
// impact)^-2 (infinite without impact), up to its room. Costs are convex: the cheapest split has equal
// marginal costs wherever something is given, below its room.
#ifndef QS_CORE_VENUE_H
#define QS_CORE_VENUE_H

#include "kernels/core/compiler.h"
#include "kernels/core/elementary.h"

// At a marginal cost; without impact nothing at the start itself, its room beyond it.
QS_CORE double qs_venue_given_d(double marginal, double start, double rate, double room) {
  const double above = marginal - start, wanted = rate * (above * above);
  return above > 0.0 ? (wanted < room ? wanted : room) : 0.0;
}

// The rise t >= 0 of the marginal cost that brings `more`, a t^2 + 2 b t: a is the sum of the rates of those
// that move, b that of rate (marginal - start). 0 where none moves.
QS_CORE double qs_venue_rise_d(double a, double b, double more) {
  const double root = b + qs_sqrt_d(qs_fma_d(b, b, a * more));
  return root > 0.0 ? qs_div_d(more, root) : 0.0;
}

#endif
