#include "kernels/cuda/strikes.h"

#include <stdlib.h>

#include "kernels/core/elementary.h"

bool qs_cuda_strikes_build(const qs_value_unit &unit, uint32_t quantities, qs_cuda_strike_list *list) {
  const size_t count = (size_t)unit.payoff_count * unit.shift_count;
  const uint32_t most = unit.greeks ? QS_CUDA_GREEKS_PER_GROUP : QS_CUDA_PRICES_PER_GROUP;
  *list = {};
  list->strikes = static_cast<qs_cuda_strike *>(malloc(count * sizeof *list->strikes));
  list->groups = static_cast<qs_cuda_group *>(malloc(count * sizeof *list->groups));
  if (!list->strikes || !list->groups) {
    qs_cuda_strikes_free(list);
    return false;
  }
  for (uint32_t payoff = 0; payoff < unit.payoff_count; payoff++) {
    const qs_payoff_plan &p = unit.payoffs[payoff];
    for (uint32_t shift = 0; shift < unit.shift_count; shift++) {
      const double log_k = p.log_strike - unit.shifts[shift];
      const uint32_t slot = (shift * unit.payoff_count + payoff) * quantities;
      qs_cuda_group *group = list->group_count ? &list->groups[list->group_count - 1] : nullptr;
      if (!group || group->date != p.date || group->count == most) {
        group = &list->groups[list->group_count++];
        *group = {p.date, list->strike_count, 0};
      }
      group->count++;
      list->strikes[list->strike_count++] = {qs_exp_any_d(log_k), log_k, qs_exp_d(unit.shifts[shift]),
                                             static_cast<uint32_t>(p.payoff), slot};
    }
  }
  return true;
}

void qs_cuda_strikes_free(qs_cuda_strike_list *list) {
  free(list->strikes);
  free(list->groups);
  *list = {};
}
