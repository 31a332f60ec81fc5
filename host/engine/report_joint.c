/* The cross gammas of formulas over several underlyings. */
#include <math.h>

#include "host/engine/report.h"

static size_t pairs_of(const qs_contract *contract) {
  size_t n = contract->joint && contract->leg == 0 ? contract->joint->asset_count : 1;
  return n * (n - 1) / 2;
}

/* Mean and error of one quantity of the trade's unit, times `scale`. */
static qs_estimate pair_estimate(const qs_valuation *v, const qs_joint_leg *leg, uint32_t a, uint32_t b,
                                 double scale, double *scratch) {
  const uint32_t stride = qs_joint_unit_quantities(leg->unit), q = qs_joint_pair_quantity(leg->unit, a, b);
  for (uint32_t k = 0; k < v->simulation.batches; k++) {
    scratch[k] = scale * leg->moments[(size_t)k * stride + q].mean;
  }
  return qs_batch_estimate(&v->simulation, scratch);
}

qs_status qs_report_cross_gammas(qs_context *context, qs_arena *arena, const qs_valuation *v,
                                 qs_results *results) {
  size_t count = 0, listed = 0;
  for (size_t i = 0; v->legs && v->greeks && i < v->count; i++) {
    count += pairs_of(&v->contracts[i]);
  }
  qs_cross_gamma_result *list = QS_NEW(arena, count, qs_cross_gamma_result);
  double *scratch = QS_NEW(arena, v->simulation.batches, double);
  if (!list || !scratch) {
    return qs_fail_memory(context, "reporting values");
  }
  for (size_t i = 0; listed < count && i < v->count; i++) {
    const qs_contract *contract = &v->contracts[i];
    for (uint32_t a = 0; pairs_of(contract) && a < contract->joint->asset_count; a++) {
      for (uint32_t b = a + 1; b < contract->joint->asset_count; b++) {
        const qs_underlying_market *x = &v->market->underlyings[contract->joint->underlyings[a]];
        const qs_underlying_market *y = &v->market->underlyings[contract->joint->underlyings[b]];
        const double scale =
            contract->quantity * exp(-x->discount_rate * contract->years) / (x->spot * y->spot);
        list[listed++] = (qs_cross_gamma_result){
            contract->id, {x->name, y->name}, pair_estimate(v, &v->legs[i], a, b, scale, scratch)};
      }
    }
  }
  results->cross_gammas = list;
  results->cross_gamma_count = count;
  return QS_OK;
}
