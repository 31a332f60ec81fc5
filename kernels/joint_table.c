#include "kernels/joint_table.h"

#include <string.h>

/* Hands out rows, one after the other. */
static uint32_t take_rows(qs_joint_layout *layout, size_t count) {
  const uint32_t at = layout->rows;
  layout->rows += (uint32_t)count;
  return at;
}

/* What an underlying has of each kind. */
static void count_part(const qs_joint_unit *unit, const qs_table *table, uint32_t a, qs_joint_part *part) {
  const uint32_t n = unit->asset_count;
  const qs_dynamics *m = &table->dynamics;
  const bool wanted = unit->greeks && n > 1;
  part->parameters = table->parameter_count;
  part->quantity = qs_joint_asset_quantity(unit, a);
  part->kicks = wanted && m->variance != QS_VARIANCE_CONSTANT ? n - 1 : 0;
  part->means = wanted && unit->assets[a].cross ? n : 0;
  part->added = unit->greeks ? unit->assets[a].added_count : 0;
  part->rows = part->parameters + part->kicks + part->means + part->added;
  part->kept_fields = unit->greeks ? QS_JOINT_FIXED + 3 * part->rows : QS_JOINT_PRICE;
  part->sized = n > 1 && (m->jumps == QS_JUMPS_COUNTED || m->jumps == QS_JUMPS_VARIANCE);
  part->common = unit->assets[a].path.common > 0.0;
}

static void lay_greeks(qs_joint_layout *layout, qs_joint_part *part) {
  part->roots = take_rows(layout, layout->steps);
  part->scores = take_rows(layout, layout->dates);
  part->inverses = take_rows(layout, layout->dates);
  part->by_date = take_rows(layout, layout->dates);
  part->delta = take_rows(layout, 1);
  part->carry = take_rows(layout, 1);
  part->first = take_rows(layout, 1);
  part->parameter = take_rows(layout, part->rows);
}

void qs_joint_layout_make(const qs_joint_unit *unit, const qs_table *tables, qs_joint_layout *layout) {
  const uint32_t n = unit->asset_count;
  size_t slots = 0, policy = 0;
  memset(layout, 0, sizeof *layout);
  layout->assets = n;
  layout->dates = unit->date_count;
  layout->steps = unit->dates[unit->date_count - 1];
  layout->quantities = qs_joint_unit_quantities(unit);
  layout->greeks = unit->greeks;
  layout->crossed = unit->assets[0].cross != NULL;
  layout->pair = qs_joint_pair_quantity(unit, 0, 0);
  layout->own = qs_joint_own_quantity(unit, 0, 0);
  layout->variance = qs_joint_variance_quantity(unit, 0, 0);
  layout->mean = qs_joint_mean_quantity(unit, 0, 0);
  for (uint32_t a = 0; a < n; a++) {
    qs_joint_part *part = layout->parts + a;
    count_part(unit, tables + a, a, part);
    part->kept = take_rows(layout, (size_t)part->kept_fields * layout->dates);
    if (unit->greeks) {
      lay_greeks(layout, part);
    }
  }
  for (uint32_t i = 0; i < unit->payoff_count; i++) {
    const qs_joint_payoff *p = unit->payoffs + i;
    const size_t room = p->policy ? qs_joint_policy_rows(p->policy, n) : 0;
    slots = p->program->slot_count > slots ? p->program->slot_count : slots;
    policy = room > policy ? room : policy;
  }
  layout->cross = take_rows(layout, unit->greeks ? (size_t)n * (n + 1) / 2 * layout->dates : 0);
  layout->slots = take_rows(layout, (unit->greeks ? 2 : 1) * slots);
  layout->policy = take_rows(layout, policy);
  layout->row = take_rows(layout, 1);
  layout->other = take_rows(layout, 1);
  layout->result = take_rows(layout, layout->quantities);
}

void qs_joint_weights_make(const qs_joint_unit *unit, qs_joint_weights *weights) {
  const uint32_t n = unit->asset_count;
  memset(weights, 0, sizeof *weights);
  for (uint32_t a = 0; a < n; a++) {
    const qs_joint_asset *asset = unit->assets + a;
    const double *variance = asset->variance ? asset->variance : asset->loadings;
    const double *variance_duals = asset->variance ? asset->variance_duals : asset->duals;
    for (uint32_t b = 0; b < n; b++) {
      const uint32_t at = a * n + b;
      double *stream = weights->streams + (size_t)at * QS_STREAM_WEIGHTS;
      stream[0] = asset->loadings[b];
      stream[1] = asset->cross ? asset->cross[b] : 0.0;
      stream[2] = asset->duals[b];
      stream[3] = variance[b];
      stream[4] = variance_duals[b];
      weights->sizes[at] = asset->common_sizes ? asset->common_sizes[b] : 0.0;
      for (uint32_t j = 0; j < n; j++) {
        weights->products[at] += asset->duals[j] * unit->assets[b].duals[j];
      }
    }
  }
}

bool qs_joint_variances(const qs_joint_unit *unit, const qs_table *tables) {
  bool some = unit->assets[0].cross != NULL;
  for (uint32_t a = 0; a < unit->asset_count; a++) {
    some = some || tables[a].dynamics.variance != QS_VARIANCE_CONSTANT;
  }
  return some;
}
