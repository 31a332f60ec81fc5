#include "host/market/common_jumps.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *qs_common_correlation_flaw(size_t members, double correlation) {
  const double least = members > 1 ? -1.0 / (double)(members - 1) : -1;
  return correlation > least && correlation < 1 ? NULL : "must be above -1/(members - 1) and below 1";
}

bool qs_common_model(qs_model_type type) {
  return type == QS_MODEL_MERTON || type == QS_MODEL_BATES;
}

/* The key of the group's random stream: its members' names. */
static const char *name_group(qs_arena *arena, const qs_common_jump_spec *spec) {
  static const char head[] = "common jumps";
  size_t size = sizeof head, used = sizeof head - 1;
  for (size_t k = 0; k < spec->underlying_count; k++) {
    size += strlen(spec->underlyings[k]) + 1;
  }
  char *name = QS_NEW(arena, size, char);
  if (!name) {
    return NULL;
  }
  memcpy(name, head, sizeof head);
  for (size_t k = 0; k < spec->underlying_count; k++) {
    used += (size_t)snprintf(name + used, size - used, " %s", spec->underlyings[k]);
  }
  return name;
}

static qs_status add_member(qs_context *context, const qs_market *market, size_t group, const char *name,
                            int *common_of) {
  const int u = name ? qs_market_find(market, name) : -1;
  if (u < 0) {
    return qs_fail(context, QS_ERROR_INPUT, "common_jumps[%zu]: underlyings: %s is no underlying of this run",
                   group, name ? name : "nothing");
  }
  const qs_underlying_market *at = &market->underlyings[u];
  if (!qs_common_model(at->spec->model.type)) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "common_jumps[%zu]: underlyings: %s is a %s; must be merton or bates", group, name,
                   qs_model_name(at->spec->model.type));
  }
  if (common_of[u] >= 0) {
    return qs_fail(context, QS_ERROR_INPUT, "common_jumps[%zu]: underlyings: %s has common jumps already",
                   group, name);
  }
  common_of[u] = (int)group;
  return QS_OK;
}

qs_status qs_common_jumps_build(qs_context *context, qs_arena *arena, const qs_inputs *inputs,
                                qs_market *market) {
  const size_t n = market->underlying_count, groups = inputs->common_jump_count;
  int *common_of = QS_NEW(arena, n, int);
  qs_common_jumps *list = QS_NEW(arena, groups, qs_common_jumps);
  if (!common_of || !list) {
    return qs_fail_memory(context, "building the common jumps");
  }
  for (size_t u = 0; u < n; u++) {
    common_of[u] = -1;
  }
  for (size_t g = 0; g < groups; g++) {
    const qs_common_jump_spec *spec = &inputs->common_jumps[g];
    if (spec->underlying_count < 2 || !(spec->lambda > 0 && isfinite(spec->lambda))) {
      return qs_fail(context, QS_ERROR_INPUT,
                     "common_jumps[%zu]: %zu underlyings, lambda %g; must be two or more, above 0", g,
                     spec->underlying_count, spec->lambda);
    }
    const char *flaw = qs_common_correlation_flaw(spec->underlying_count, spec->correlation);
    if (flaw) {
      return qs_fail(context, QS_ERROR_INPUT, "common_jumps[%zu]: correlation: %g; %s", g, spec->correlation,
                     flaw);
    }
    for (size_t k = 0; k < spec->underlying_count; k++) {
      qs_status status = add_member(context, market, g, spec->underlyings[k], common_of);
      if (status) {
        return status;
      }
    }
    list[g] = (qs_common_jumps){name_group(arena, spec), spec->lambda, spec->correlation};
    if (!list[g].name) {
      return qs_fail_memory(context, "building the common jumps");
    }
  }
  market->common_of = common_of;
  market->common_jumps = list;
  market->common_jump_count = groups;
  return qs_common_jumps_check(context, market, false);
}

qs_status qs_common_jumps_check(qs_context *context, const qs_market *market, bool fitted) {
  for (size_t u = 0; u < market->underlying_count; u++) {
    const qs_underlying_market *at = &market->underlyings[u];
    if (market->common_of[u] < 0 || (at->spec->calibrate && !fitted)) {
      continue;
    }
    const double common = market->common_jumps[market->common_of[u]].lambda;
    if (!(common <= at->model.value[QS_LAMBDA])) {
      return qs_fail(context, QS_ERROR_INPUT,
                     "common_jumps[%d]: lambda: %g; must be at most that of %s, which is %g%s",
                     market->common_of[u], common, at->name, at->model.value[QS_LAMBDA],
                     at->spec->calibrate ? " after its fit" : "");
    }
  }
  return QS_OK;
}
