// What a perpetual pays per interval of 8 hours, from its premium over the index (both decimals), and how the
// premium moves. One form holds for the venues that average a premium:
//
//   rate = clamp(P + clamp(I - P, -band, band), -cap, cap)
//
//   Binance: I = .01%, band .05%, so that the rate is I wherever |P - I| <= band
//   Deribit: I = 0, band .025%, which is max(band, P) + min(-band, P)
//
// P is an Ornstein-Uhlenbeck process: over a time dt it goes to
//   mean + (P - mean) exp(-kappa dt) + deviation (rho z + sqrt(1 - rho^2) e),
//   deviation^2 = volatility^2 (1 - exp(-2 kappa dt)) / (2 kappa),
// z the standardised return of the spot over the same time and e standard normal.
#ifndef QS_CORE_FUNDING_H
#define QS_CORE_FUNDING_H

#include "kernels/core/compiler.h"

// limit >= 0, infinity included.
QS_CORE double qs_funding_clamp_d(double x, double limit) {
  return x > limit ? limit : x < -limit ? -limit : x;
}

// The rate per 8 hours.
QS_CORE double qs_funding_rate_d(double premium, double interest, double band, double cap) {
  return qs_funding_clamp_d(premium + qs_funding_clamp_d(interest - premium, band), cap);
}

// decay = exp(-kappa dt); own = sqrt(1 - rho^2); spot and noise are standard normal.
QS_CORE double qs_premium_next_d(double premium, double mean, double decay, double deviation, double rho,
                                 double own, double spot, double noise) {
  return mean + (premium - mean) * decay + deviation * (rho * spot + own * noise);
}

#endif
