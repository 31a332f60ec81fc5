#include "host/engine/expansion.h"

#include <math.h>

#include "host/engine/greeks.h"
#include "host/engine/joint_set.h"

/* Power of the factor by which a volatility shock multiplies each parameter (qs_model_scale_volatility). */
static const double scaling[QS_PARAMETER_COUNT] = {
    [QS_V0] = 2,    [QS_THETA] = 2,   [QS_MU_V] = 2,   [QS_XI] = 1,    [QS_MU_J] = 1,
    [QS_SIGMA] = 1, [QS_SIGMA_J] = 1, [QS_RHO_J] = -1, [QS_ETA1] = -1, [QS_ETA2] = -1,
};

/* What a leg does together with the others. */
static void find_together(const qs_valuation *valuation, size_t contract, double *scratch,
                          qs_expansion *expansion) {
  const qs_contract *of = &valuation->contracts[contract];
  const qs_joint_leg *leg = &valuation->legs[contract];
  const qs_joint_unit *unit = &leg->plan->unit;
  const uint32_t stride = qs_joint_unit_quantities(unit), a = of->leg;
  const double discount = qs_joint_discount(valuation->market, of, 0, 0);
  for (uint32_t b = 0; b < of->joint->asset_count; b++) {
    const uint32_t q = qs_joint_pair_quantity(unit, a < b ? a : b, a < b ? b : a);
    for (uint32_t k = 0; k < valuation->simulation.batches && b != a; k++) {
      scratch[k] = leg->moments[(size_t)k * stride + q].mean;
    }
    expansion->together[b] =
        b == a ? 0 : 0.5 * discount * qs_batch_estimate(&valuation->simulation, scratch).estimate;
  }
}

double qs_expansion_together(const qs_contract *contract, const double *moves) {
  double sum = 0;
  for (size_t b = 0; contract->joint && b < contract->joint->asset_count; b++) {
    sum += contract->expansion->together[b] * moves[contract->joint->underlyings[b]];
  }
  return sum;
}

void qs_expansion_find(const qs_valuation *valuation, size_t contract, double *scratch,
                       qs_expansion *expansion) {
  const qs_underlying_market *market =
      &valuation->market->underlyings[valuation->contracts[contract].underlying];
  double greek[QS_GREEK_COUNT];
  for (int g = 0; g < QS_GREEK_COUNT; g++) {
    qs_form form;
    bool there = qs_greek_form(valuation, contract, (qs_greek)g, false, &form);
    greek[g] = there ? qs_form_estimate(valuation, contract, &form, scratch).estimate : 0;
  }
  qs_form price = qs_price_form(valuation, contract, false);
  double spot = market->spot;
  qs_expansion made = {.value = qs_form_estimate(valuation, contract, &price, scratch).estimate,
                       .slope = spot * greek[QS_GREEK_DELTA],
                       .by_variance = greek[QS_GREEK_PARAMETER + QS_V0],
                       .theta = greek[QS_GREEK_THETA]};
  made.curvature = spot * spot * greek[QS_GREEK_GAMMA] + made.slope;
  for (unsigned p = 0; p < QS_PARAMETER_COUNT; p++) {
    made.by_volatility += scaling[p] * market->model.value[p] * greek[QS_GREEK_PARAMETER + p];
  }
  for (size_t piece = 0; piece < market->shift.count; piece++) {
    qs_form form;
    if (qs_shift_form(valuation, contract, piece, false, &form)) {
      made.by_volatility += 2 * market->shift.pieces[piece].variance *
                            qs_form_estimate(valuation, contract, &form, scratch).estimate;
    }
  }
  if (valuation->contracts[contract].joint) {
    find_together(valuation, contract, scratch, &made);
  }
  *expansion = made;
}

static bool lacks(const qs_contract *contract) {
  return contract->kind == QS_CONTRACT_PATH && !contract->expansion;
}

qs_status qs_expansions_fill(qs_context *context, qs_arena *arena, qs_devices *devices,
                             const qs_market *market, const qs_simulation *simulation, qs_contract *contracts,
                             size_t count) {
  size_t listed = 0, next = 0;
  for (size_t i = 0; i < count; i++) {
    listed += lacks(&contracts[i]);
  }
  if (!listed) {
    return QS_OK;
  }
  qs_contract *chosen = QS_NEW(arena, listed, qs_contract);
  qs_expansion *expansions = QS_NEW(arena, listed, qs_expansion);
  double *scratch = QS_NEW(arena, simulation->batches, double);
  if (!chosen || !expansions || !scratch) {
    return qs_fail_memory(context, "valuing trades along paths");
  }
  for (size_t i = 0; i < count; i++) {
    if (lacks(&contracts[i])) {
      chosen[next++] = contracts[i];
    }
  }
  qs_valuation valuation;
  qs_status status =
      qs_valuation_run(context, arena, devices, market, chosen, listed, simulation, true, &valuation);
  next = 0;
  for (size_t i = 0; !status && i < count; i++) {
    if (lacks(&contracts[i])) {
      qs_expansion_find(&valuation, next, scratch, &expansions[next]);
      contracts[i].expansion = &expansions[next++];
    }
  }
  return status;
}
