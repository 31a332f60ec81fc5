/*
 * The classical policies as tables of bands (host/policy/table.h), from the tables of host/policy/ratios.h.
 *
 *   none             never trades
 *   delta            the position's delta on every date
 *   local            the locally variance-optimal ratio on every date
 *   delta_band       delta +- half_width
 *   net_delta        delta less what the premium moves with where it stays in coin: F dc/dF = delta - V/S for
 *                    options settled in coin
 *   minimum_variance delta + (rho xi/S) dV/dv: what the variance's own move with the price adds (0 where v is
 *                    not random)
 *   leland           delta at sigma^2 (1 -+ A) for options held and sold, A = (k/sigma) sqrt(8/(pi dt)), k
 * the proportional cost one way, dt the mean distance of dates (Leland 1985) whalley_wilmott  delta +- (3/2
 * e^(-r tau) k S gamma^2/a)^(1/3) (Whalley and Wilmott 1997), a = 2/w the risk aversion zakamouline delta at
 * sigma^2 (1 + K) +- (H0 + H1) (Zakamouline 2006): H0 = k/(a S sigma^2 tau), H1 = 1.12 k^.31 tau^.05 (e^(-r
 * tau)/sigma)^.25 sqrt(|gamma|/a), K = -4.76 sign(gamma) k^.78 tau^-.02 (e^(-r tau)/sigma)^.25 (a S^2
 * |gamma|)^.15
 *
 * These say what to do of one position under Black and Scholes. Here sigma is that of the step's return in
 * the state, another volatility scales the whole model (v0, theta, mu_v by the square, xi, mu_j, sigma_j by
 * it), tau is the mean time to expiry of what is still alive, weighted by |weight|, and gamma is the
 * position's. Half-spreads per unit count as k of what a unit costs.
 */
#ifndef QS_HOST_POLICY_CLASSICAL_H
#define QS_HOST_POLICY_CLASSICAL_H

#include "host/policy/ratios.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum qs_policy_kind {
  QS_POLICY_NONE,
  QS_POLICY_DELTA,
  QS_POLICY_LOCAL,
  QS_POLICY_DELTA_BAND,
  QS_POLICY_NET_DELTA,
  QS_POLICY_MINIMUM_VARIANCE,
  QS_POLICY_LELAND,
  QS_POLICY_WHALLEY_WILMOTT,
  QS_POLICY_ZAKAMOULINE,
  QS_POLICY_KINDS
} qs_policy_kind;

/* "none", "delta_every_date", "local_every_date", "delta_band", "net_delta", "minimum_variance_delta",
 * "leland", "whalley_wilmott", "zakamouline"; null out of range. */
const char *qs_policy_kind_name(qs_policy_kind kind);

/* Fills the table [dates of trades], the arena's; `half_width` >= 0, in units of the instrument, of a delta
 * band alone. The ratios must be those of the problem. */
qs_status qs_policy_classical(qs_context *context, qs_arena *arena, const qs_policy_problem *problem,
                              const qs_policy_ratios *ratios, qs_policy_kind kind, double half_width,
                              qs_policy_table *table);

/* The formulas of one state: `spot`, `gamma` and so on as above; `discount` is e^(-r tau). */
typedef struct qs_band_state {
  double spot, gamma, volatility, years, discount, cost, risk_aversion;
} qs_band_state;

double qs_leland_number(double cost, double volatility, double interval_years);
double qs_whalley_wilmott_half_width(const qs_band_state *state);
double qs_zakamouline_half_width(const qs_band_state *state);
double qs_zakamouline_variance_change(const qs_band_state *state); /* K */

#ifdef __cplusplus
}
#endif
#endif
