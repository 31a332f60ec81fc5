#include "host/base/greek.h"

#include <stdio.h>

#include "quickset/results.h"

static const char *const names[QS_GREEK_COUNT] = {
    [QS_GREEK_DELTA] = "delta",
    [QS_GREEK_GAMMA] = "gamma",
    [QS_GREEK_THETA] = "theta",
    [QS_GREEK_VEGA] = "vega",
    [QS_GREEK_D_RATE] = "d_rate",
    [QS_GREEK_D_CARRY] = "d_carry",
    [QS_GREEK_NET_DELTA] = "net_delta",
    [QS_GREEK_PARAMETER + QS_V0] = "d_v0",
    [QS_GREEK_PARAMETER + QS_KAPPA] = "d_kappa",
    [QS_GREEK_PARAMETER + QS_THETA] = "d_theta",
    [QS_GREEK_PARAMETER + QS_XI] = "d_xi",
    [QS_GREEK_PARAMETER + QS_RHO] = "d_rho",
    [QS_GREEK_PARAMETER + QS_LAMBDA] = "d_lambda",
    [QS_GREEK_PARAMETER + QS_MU_J] = "d_mu_j",
    [QS_GREEK_PARAMETER + QS_SIGMA_J] = "d_sigma_j",
    [QS_GREEK_PARAMETER + QS_MU_V] = "d_mu_v",
    [QS_GREEK_PARAMETER + QS_RHO_J] = "d_rho_j",
    [QS_GREEK_PARAMETER + QS_P] = "d_p",
    [QS_GREEK_PARAMETER + QS_ETA1] = "d_eta1",
    [QS_GREEK_PARAMETER + QS_ETA2] = "d_eta2",
    [QS_GREEK_PARAMETER + QS_SIGMA] = "d_sigma",
};

const char *qs_greek_name(qs_greek greek) {
  return (unsigned)greek < QS_GREEK_COUNT ? names[greek] : NULL;
}

void qs_numbers_list(uint32_t numbers, const char *separator, char text[QS_NUMBERS_TEXT]) {
  size_t used = 0;
  text[0] = 0;
  for (unsigned k = 0; k <= QS_GREEK_COUNT; k++) {
    const unsigned number = k ? k - 1 : QS_UNTRUSTED_PRICE; /* the price first */
    if (numbers >> number & 1 && used < QS_NUMBERS_TEXT) {
      used += (size_t)snprintf(text + used, QS_NUMBERS_TEXT - used, "%s%s", used ? separator : "",
                               k ? qs_greek_name((qs_greek)number) : "price");
    }
  }
}
