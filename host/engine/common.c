#include "host/engine/common.h"

#include <math.h>

static int group_of(const qs_market *market, const qs_driver_choice *choice, size_t i) {
  return market->common_of[choice->which[i]];
}

/* The least ratio of the chosen members' lambda to the market's, and how many they are. */
static double least_ratio(const qs_market *market, const qs_driver_choice *choice, int group,
                          size_t *members) {
  double least = INFINITY;
  *members = 0;
  for (size_t i = 0; i < choice->count; i++) {
    if (group_of(market, choice, i) == group) {
      const double base = market->underlyings[choice->which[i]].model.value[QS_LAMBDA];
      const double now = choice->models ? choice->models[i]->value[QS_LAMBDA] : base;
      least = fmin(least, base > 0 ? now / base : 0);
      (*members)++;
    }
  }
  return least;
}

/* Row by row the Cholesky factor of 1 on the diagonal and the group's correlation within a group. */
static void factorise(const qs_market *market, const qs_driver_choice *choice, double *factor) {
  const size_t n = choice->count;
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j <= i; j++) {
      const int group = group_of(market, choice, i);
      const bool same = group >= 0 && group == group_of(market, choice, j);
      double sum = i == j ? 1 : same ? market->common_jumps[group].correlation : 0;
      for (size_t k = 0; k < j; k++) {
        sum -= factor[i * n + k] * factor[j * n + k];
      }
      factor[i * n + j] = i == j ? sqrt(fmax(sum, 0)) : factor[j * n + j] > 0 ? sum / factor[j * n + j] : 0;
    }
  }
}

qs_status qs_common_make(qs_context *context, qs_arena *arena, const qs_market *market,
                         const qs_driver_choice *choice, qs_common *common) {
  const size_t n = choice->count;
  double *lambda = QS_NEW(arena, n, double), *sizes = QS_NEW(arena, n * n, double);
  const char **group = QS_NEW(arena, n, const char *);
  if (!lambda || !sizes || !group) {
    return qs_fail_memory(context, "laying out common jumps");
  }
  for (size_t i = 0; i < n; i++) {
    const int mine = group_of(market, choice, i);
    size_t members = 0;
    const double ratio = mine < 0 ? 0 : least_ratio(market, choice, mine, &members);
    if (members > 1 && ratio > 0) {
      lambda[i] = ratio * market->common_jumps[mine].lambda;
      group[i] = market->common_jumps[mine].name;
    }
  }
  factorise(market, choice, sizes);
  *common = (qs_common){lambda, group, sizes};
  return QS_OK;
}
