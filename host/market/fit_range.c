#include "host/market/fit_range.h"

#include <math.h>
#include <stddef.h>

static const double inside = 1e-4; /* of the range, for starts */
static const double near_end = 1e-3;

/*
 * Wide enough for any listed underlying: a fit that ends at one of them (natural ends apart) is not trusted.
 *
 * lambda ends at a jump a month. Jumps of this family are rare events; the chain cannot tell more frequent
 * ones from diffusion, and a fit that is let go there takes them for a second, faster variance factor: on the
 * BTC chain of 2026-08-01 svcj then ends at lambda 119, xi 6 and 2 kappa theta / xi^2 = 0.03 with an
 * objective 18% lower (303 for 368), a model that hardly any scheme simulates well and whose parameters say
 * nothing.
 */
static const qs_fit_range ranges[QS_PARAMETER_COUNT] = {
    [QS_V0] = {1e-4, 9, true, 0, true, false},        [QS_KAPPA] = {0.02, 120, true, 0, false, false},
    [QS_THETA] = {1e-4, 9, true, 0, true, false},     [QS_XI] = {0.01, 40, true, 0, true, false},
    [QS_RHO] = {-0.995, 0.995, false, 0, true, true}, [QS_LAMBDA] = {1e-3, 12, true, 0, true, false},
    [QS_MU_J] = {-3, 3, false, 0, false, false},      [QS_SIGMA_J] = {1e-3, 2, true, 0, true, false},
    [QS_MU_V] = {1e-4, 10, true, 0, true, false},     [QS_RHO_J] = {-4, 4, false, 0, false, false},
    [QS_P] = {1e-3, 1 - 1e-3, false, 0, true, true},  [QS_ETA1] = {0.05, 500, true, 1, false, false},
    [QS_ETA2] = {0.5, 500, true, 0, false, false},    [QS_SIGMA] = {0.01, 5, true, 0, false, false},
};

const qs_fit_range *qs_fit_range_of(qs_parameter parameter) {
  return (unsigned)parameter < QS_PARAMETER_COUNT ? &ranges[parameter] : NULL;
}

double qs_fit_from_search(qs_parameter parameter, double u, double *slope) {
  const qs_fit_range *r = &ranges[parameter];
  double s = 1 / (1 + exp(-u));
  double ds = s * (1 / (1 + exp(u)));
  double width = r->logarithmic ? log(r->high / r->low) : r->high - r->low;
  double scaled = r->logarithmic ? r->low * exp(width * s) : r->low + width * s;
  if (slope) {
    *slope = width * ds * (r->logarithmic ? scaled : 1);
  }
  return r->offset + scaled;
}

/* Place in the range, 0 to 1 inside. */
static double share(const qs_fit_range *r, double value) {
  return r->logarithmic ? log(fmax(value - r->offset, 1e-300) / r->low) / log(r->high / r->low)
                        : (value - r->low) / (r->high - r->low);
}

double qs_fit_to_search(qs_parameter parameter, double value) {
  double s = fmin(fmax(share(&ranges[parameter], value), inside), 1 - inside);
  return log(s / (1 - s));
}

int qs_fit_end(qs_parameter parameter, double value) {
  double s = share(&ranges[parameter], value);
  return s < near_end ? -1 : s > 1 - near_end ? 1 : 0;
}
