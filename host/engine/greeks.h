/*
 * Prices and Greeks of a contract as linear forms in what its payoff yields (kernels/plan.h, quantities).
 *
 * With y0, y1, y2, yp the quantities price, delta, gamma and parameter p per unit of forward, S spot, F =
 * F(T), D the discount factor of the contract's own currency: linear option      coin-settled, in USD
 * coin-settled, in coin price      D F y0             S D y0                    D y0 delta      D F y1 / S D
 * y1                      D (y1 - y0) / S gamma      D F y2 / S^2       D y2 / S                  D (y2 - 2
 * (y1 - y0)) / S^2 net_delta                                               D (y1 - y0) d_rate     -T price -T
 * price                  -T price d_carry    T D F y1           T S D (y1 - y0)           T D (y1 - y0) d_p
 * D F yp             S D yp                    D yp theta is the price a calendar day later, with spot,
 * forward curve by tenor and model unchanged, less the price now; what expires within the day is then worth
 * its payoff on the spot.
 */
#ifndef QS_HOST_ENGINE_GREEKS_H
#define QS_HOST_ENGINE_GREEKS_H

#include "host/engine/valuation.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Price of one unit, in the reporting currency or (coin) in the underlying's coin. */
qs_form qs_price_form(const qs_valuation *valuation, size_t contract, bool coin);

/* One unit's Greek; false when the contract does not have it. Vega is through the calibration (per volatility
 * point of every quote at once), or 0.01 d_sigma for gbm. */
bool qs_greek_form(const qs_valuation *valuation, size_t contract, qs_greek greek, bool coin, qs_form *form);

/* One unit's derivative to a piece of the variance's shift; false for contracts without optionality. */
bool qs_shift_form(const qs_valuation *valuation, size_t contract, size_t piece, bool coin, qs_form *form);

/* dV/d ln F(T) of one unit at fixed spot, in the reporting currency: what its expiry's forward moves. A
 * path's whole sensitivity to its forwards is laid on its last date. */
qs_form qs_forward_form(const qs_valuation *valuation, size_t contract);

/* Index of a parameter among the model's own, or -1. */
int qs_parameter_slot(qs_model_type type, qs_parameter parameter);

/* What 1 that a formula over several underlyings pays is worth now: discounted, or, where it is paid in the
 * first underlying's coin at the price of its date, S / F exp(-coin_rate T). The additions are a shock's, to
 * that underlying's growth and to the discount rate. */
double qs_joint_discount(const qs_market *market, const qs_contract *leg, double carry_add, double rate_add);

/* True for contracts that are settled in coin, and so have coin values. */
bool qs_contract_in_coin(const qs_contract *contract);

#ifdef __cplusplus
}
#endif
#endif
