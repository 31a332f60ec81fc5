// How own trades move the price: by a part that stays, linear in what is traded (Almgren and Chriss 2000),
// and one that decays (Obizhaeva and Wang 2013). M = e^x is moved to M + lasting + passing; u units raise
// these by permanent u and transient u. A trade is filled at the price half way, so that beside what it is
// worth at the price before it, it costs (permanent + transient) u^2 / 2: a permanent part alone returns on
// the way back what it took on the way there.
#ifndef QS_CORE_IMPACT_H
#define QS_CORE_IMPACT_H

#include "kernels/core/elementary.h"

// M of the underlying, as rebalancing has it.
QS_CORE double qs_impact_growth_d(double x) {
  const double above = x > -300.0 ? x : -300.0;
  return qs_exp_d(above > 300.0 ? 300.0 : above);
}

// The most that own trades may move the price by: to half of it and to twice.
QS_CORE double qs_impact_least_d(double growth) {
  return -0.5 * growth;
}

QS_CORE double qs_impact_most_d(double growth) {
  return growth;
}

// ln M once it is moved; x where nothing moved it. Within those limits.
QS_CORE double qs_impact_state_d(double x, double growth, double moved) {
  const double least = qs_impact_least_d(growth), most = qs_impact_most_d(growth);
  const double to = moved < least ? least : moved > most ? most : moved;
  return moved != 0.0 ? qs_log_d(growth + to) : x;
}

// Of M, beside its value at the price before.
QS_CORE double qs_impact_cost_d(double permanent, double transient, double units) {
  return 0.5 * (permanent + transient) * (units * units);
}

#endif
