#include "host/engine/expansion.h"

#include "host/engine/greeks.h"

/* Power of the factor by which a volatility shock multiplies each parameter (qs_model_scale_volatility). */
static const double scaling[QS_PARAMETER_COUNT] = {
    [QS_V0] = 2,    [QS_THETA] = 2,   [QS_MU_V] = 2,   [QS_XI] = 1,    [QS_MU_J] = 1,
    [QS_SIGMA] = 1, [QS_SIGMA_J] = 1, [QS_RHO_J] = -1, [QS_ETA1] = -1, [QS_ETA2] = -1,
};

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
