/*
 * Fourier prices of European options for the model family, with all derivatives.
 *
 * Undiscounted prices of calls per unit of forward, as functions of k = ln(K/F) and the time to expiry in
 * years:
 *
 *   c(k) = E[(S_T/F - e^k)^+] = Black(k, w0) + e^{k/2}/pi  int_0^inf Re[e^{-ixk} (phi0(x) - phi(x))]/(x^2 +
 * 1/4) dx
 *
 * (Lewis 2001, equation 3.11, on the line of host/market/characteristic.h, with a Black-76 price of the same
 * variance w0 as control variate: phi0 = exp(-w0 (x^2 + 1/4)/2)). The integral is a midpoint sum of step h.
 * Its error is the time value at strikes 2 pi m/h away, m = 1, 2, ... (Poisson summation), so that h follows
 * from moment bounds of both tails, and the sum ends where its estimated rest is small. The same nodes serve
 * every strike.
 *
 * A put costs c - 1 + e^k, its delta is the call's less 1; every other derivative is the same. Strikes beyond
 * which the moment bounds leave less than a hundredth of the tolerance get intrinsic value, and derivatives
 * of 0.
 *
 * Rounding is multiplied by e^{k/2}: strikes more than about e^20 forwards, which matter only where ln S_T
 * varies by several units, cannot reach 1e-11, and say so. Slow decay (v0 and theta tiny beside xi, with
 * jumps) costs nodes: most sums take 32 to 500, the hardest tens of thousands.
 *
 * All functions are pure: no memory is allocated, nothing is shared, any thread may call them. Loops over
 * nodes give the same bits on every instruction set; exp and erfc of the C library enter through the control
 * variate. They take about 100 kB of stack.
 *
 * Status: QS_OK; QS_ERROR_INPUT for bad arguments (outputs untouched, `problem` says why); QS_ERROR_UNTRUSTED
 * when the estimated error exceeds the tolerance (outputs are filled, `error` holds the estimate).
 */
#ifndef QS_HOST_MARKET_FOURIER_H
#define QS_HOST_MARKET_FOURIER_H

#include <stdbool.h>
#include <stddef.h>

#include "quickset/model.h"
#include "quickset/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_fourier_settings {
  double tolerance;            /* of prices, absolute, per unit of forward; 1e-12 <= tolerance <= 1e-2 */
  double derivative_tolerance; /* of derivatives, relative to their size near the money; same range */
  size_t node_limit;           /* nodes that may be spent on one sum */
  double added_variance;       /* priced beside the model: of a normal part of ln S_T of its own, >= 0 (0) */
} qs_fourier_settings;

/* 1e-11, 1e-9 and 2^18. Every function takes a null pointer for them. */
qs_fourier_settings qs_fourier_defaults(void);

typedef struct qs_fourier_report {
  double error;        /* estimated absolute error of the prices, per unit of forward */
  size_t nodes;        /* nodes used, all sums together */
  const char *problem; /* a static text that says what is wrong or not trusted, else null */
} qs_fourier_report;

/* Where the results go: arrays of one value a strike, owned by the caller; null where not wanted, except
 * `price`. Parameters that the model does not use get 0. */
typedef struct qs_fourier_output {
  double *price;                         /* c, within [intrinsic value, 1] */
  double *delta;                         /* d(F c)/dF at fixed strike = c - dc/dk; it is (d price/d ln F)/F */
  double *gamma;                         /* F d2(F c)/dF2 at fixed strike */
  double *time;                          /* dc/dT, per year, at fixed k; theta's sign is the opposite */
  double *parameter[QS_PARAMETER_COUNT]; /* dc/d parameter, at fixed forward */
} qs_fourier_output;

/* Prices and the wanted derivatives of `count` >= 0 calls of one expiry, `years` >= 0, any finite
 * log-moneyness in any order. */
qs_status qs_fourier_strip(const qs_model *model, double years, size_t count, const double *log_moneyness,
                           const qs_fourier_settings *settings, const qs_fourier_output *output,
                           qs_fourier_report *report);

/* One option with everything. */
typedef struct qs_fourier_option_value {
  double price, delta, gamma, time;
  double parameter[QS_PARAMETER_COUNT];
} qs_fourier_option_value;

qs_status qs_fourier_option(const qs_model *model, double years, bool call, double log_moneyness,
                            const qs_fourier_settings *settings, qs_fourier_option_value *value,
                            qs_fourier_report *report);

/*
 * Prices for many starting variances at once: price[i * strike_count + j] is the call of log-moneyness j with
 * v0[i] >= 0 in place of the model's own. One characteristic function serves them all (variances within a
 * factor of four share its nodes). Models of constant volatility ignore v0 and give equal rows.
 */
qs_status qs_fourier_surface(const qs_model *model, double years, size_t v0_count, const double *v0,
                             size_t strike_count, const double *log_moneyness,
                             const qs_fourier_settings *settings, double *price, qs_fourier_report *report);

#ifdef __cplusplus
}
#endif
#endif
