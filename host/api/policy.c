/* Saved policies: read, and asked in a live state. */
#include <math.h>
#include <string.h>

#include "host/api/engine.h"
#include "host/io/policy_file.h"
#include "host/market/time.h"
#include "host/policy/apply.h"
#include "quickset/policy.h"

/* What a caller sees is the first member. */
typedef struct policy_owner {
  qs_saved_policy policy;
  qs_arena *arena;
} policy_owner;

qs_status qs_saved_policy_load(qs_engine *engine, const char *path, qs_saved_policy **policy) {
  qs_context *context = &engine->context;
  qs_arena *arena = qs_arena_create(context);
  policy_owner *made = arena ? QS_NEW(arena, 1, policy_owner) : NULL;
  qs_status status = made ? qs_policy_file_read(context, arena, path, &made->policy)
                          : qs_fail_memory(context, "reading a policy");
  if (status) {
    qs_arena_destroy(arena);
    return status;
  }
  made->arena = arena;
  *policy = &made->policy;
  return QS_OK;
}

void qs_saved_policy_destroy(qs_saved_policy *policy) {
  if (policy) {
    qs_arena_destroy(((policy_owner *)policy)->arena);
  }
}

bool qs_time_from_text(const char *text, qs_time *time) {
  return qs_time_parse(text, time);
}

static qs_status check_state(qs_context *context, const qs_saved_policy *p, const qs_live_state *s) {
  const bool random = p->dates[0].y_count > 1;
  char first[QS_TIME_TEXT], last[QS_TIME_TEXT];
  qs_time_format(p->dates[0].date, first);
  qs_time_format(p->unwind, last);
  if (s->time < p->dates[0].date || s->time > p->unwind) {
    char now[QS_TIME_TEXT];
    qs_time_format(s->time, now);
    return qs_fail(context, QS_ERROR_INPUT, "time: got %s: the policy is for %s to %s", now, first, last);
  }
  if (!(s->spot > 0) || !isfinite(s->spot)) {
    return qs_fail(context, QS_ERROR_INPUT, "spot: got %g: must be above 0", s->spot);
  }
  if (!isfinite(s->holding)) {
    return qs_fail(context, QS_ERROR_INPUT, "holding: got %g: must be a number", s->holding);
  }
  if (random && !(s->variance >= 0 && isfinite(s->variance))) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "variance: got %g: must be at least 0; the policy depends on the variance", s->variance);
  }
  if (!random && !isnan(s->variance)) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "variance: got %g: the policy does not depend on the variance; leave it out", s->variance);
  }
  return QS_OK;
}

/* F at a time from date n on, log-linear to the next. */
static double forward_at(const qs_saved_policy *p, uint64_t n, qs_time time) {
  const bool last = n + 1 == p->date_count;
  const qs_time to = last ? p->unwind : p->dates[n + 1].date;
  const double from = p->dates[n].forward, ahead = last ? p->unwind_forward : p->dates[n + 1].forward;
  const double part = (double)(time - p->dates[n].date) / (double)(to - p->dates[n].date);
  return from * pow(ahead / from, part);
}

static bool within(double place, double low, double step, uint64_t count) {
  return place >= low && place <= low + step * (double)(count - 1);
}

qs_status qs_saved_policy_ask(qs_engine *engine, const qs_saved_policy *policy, const qs_live_state *state,
                              qs_hedge_advice *advice) {
  qs_status status = check_state(&engine->context, policy, state);
  if (status) {
    return status;
  }
  if (state->time == policy->unwind) {
    *advice = (qs_hedge_advice){.date = policy->unwind, .trade = -state->holding, .inside_table = true};
    return QS_OK;
  }
  uint64_t n = 0;
  while (n + 1 < policy->date_count && policy->dates[n + 1].date <= state->time) {
    n++;
  }
  const qs_saved_date *d = &policy->dates[n];
  const qs_policy_nodes nodes = {.x_low = d->x_low,
                                 .x_step = d->x_step,
                                 .x_count = d->x_count,
                                 .y_low = d->y_low,
                                 .y_step = d->y_step,
                                 .y_count = d->y_count};
  const qs_policy_table table = {1, &nodes, &d->low, &d->high};
  const bool random = d->y_count > 1;
  const double x = log(state->spot / forward_at(policy, n, state->time));
  const double y = random ? sqrt(state->variance) : 0;
  const qs_policy_band band = qs_policy_band_at(&table, 0, x, y);
  *advice = (qs_hedge_advice){.date = d->date,
                              .next = n + 1 < policy->date_count ? policy->dates[n + 1].date : policy->unwind,
                              .low = band.low,
                              .high = band.high,
                              .trade = qs_policy_trade(&band, state->holding),
                              .inside_table = within(x, d->x_low, d->x_step, d->x_count) &&
                                              (!random || within(y, d->y_low, d->y_step, d->y_count))};
  return QS_OK;
}
