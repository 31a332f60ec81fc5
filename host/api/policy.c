/* Saved policies: read, and asked in a live state. */
#include <math.h>
#include <string.h>

#include "host/api/engine.h"
#include "host/io/policy_file.h"
#include "host/market/time.h"
#include "host/policy/pair_bands.h"
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

static qs_status check_holding(qs_context *context, const char *name, const qs_saved_grid *grid,
                               double holding) {
  if (!isfinite(holding)) {
    return qs_fail(context, QS_ERROR_INPUT, "holding: got %g of %.80s: must be a number", holding, name);
  }
  if (grid && !(holding >= grid->low && holding <= grid->high)) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "holding: got %.10g of %.80s: must be within the policy's limits, %.10g to %.10g", holding,
                   name, grid->low, grid->high);
  }
  return QS_OK;
}

static qs_status check_holdings(qs_context *context, const qs_saved_policy *p, const qs_live_state *s) {
  if (!p->second && s->second != 0) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "holding: got %g of a second instrument: the policy has %.80s alone", s->second,
                   p->instrument);
  }
  qs_status status = check_holding(context, p->instrument, p->grid, s->holding);
  if (!status && p->second) {
    status = check_holding(context, p->second, p->grid ? p->grid + 1 : NULL, s->second);
  }
  return status;
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
  if (random && !(s->variance >= 0 && isfinite(s->variance))) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "variance: got %g: must be at least 0; the policy depends on the variance", s->variance);
  }
  if (!random && !isnan(s->variance)) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "variance: got %g: the policy does not depend on the variance; leave it out", s->variance);
  }
  return check_holdings(context, p, s);
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

/* Where the state is asked for. */
typedef struct question {
  const qs_saved_policy *policy;
  const qs_saved_date *date;
  qs_policy_nodes nodes;
  double x, y;
} question;

static void ask_table(const question *q, const double *low, const double *high, double holding,
                      qs_policy_band *band, double *trade) {
  const qs_policy_table table = {1, &q->nodes, &low, &high};
  *band = qs_policy_band_at(&table, 0, q->x, q->y);
  *trade = qs_policy_trade(band, holding);
}

/* Bands that depend on each other: the numbers of a state stand together. */
static qs_status ask_together(qs_context *context, const question *q, const double held[QS_POLICY_PAIR],
                              qs_policy_band band[QS_POLICY_PAIR], double trade[QS_POLICY_PAIR]) {
  const qs_saved_grid *grid = q->policy->grid;
  qs_policy_holdings holdings[QS_POLICY_PAIR];
  qs_arena *scratch = qs_arena_create(context);
  bool made = scratch;
  for (int i = 0; made && i < QS_POLICY_PAIR; i++) {
    made = qs_policy_pair_holdings(scratch, grid[i].low, grid[i].high, grid[i].below, grid[i].above,
                                   &holdings[i]);
  }
  if (!made) {
    qs_arena_destroy(scratch);
    return qs_fail_memory(context, "asking a policy");
  }
  qs_policy_pair_bands bands = {
      .holdings = holdings, .least = {grid[0].low, grid[1].low}, .most = {grid[0].high, grid[1].high}};
  const size_t one = holdings[0].count + 2, two = holdings[1].count;
  bands.low[0] = q->date->bands;
  bands.high[0] = bands.low[0] + two;
  bands.low[1] = bands.high[0] + two;
  bands.high[1] = bands.low[1] + one;
  bands.stride[0] = bands.stride[1] = 2 * (one + two);
  const qs_policy_corners corners = qs_policy_find_corners(&q->nodes, q->x, q->y);
  double to[QS_POLICY_PAIR] = {held[0], held[1]};
  qs_policy_pair_bands_trade(&bands, &corners, to, band);
  for (int i = 0; i < QS_POLICY_PAIR; i++) {
    trade[i] = to[i] - held[i];
  }
  qs_arena_destroy(scratch);
  return QS_OK;
}

static qs_status ask(qs_context *context, const question *q, const qs_live_state *state,
                     qs_policy_band band[QS_POLICY_PAIR], double trade[QS_POLICY_PAIR]) {
  if (q->policy->grid) {
    const double held[QS_POLICY_PAIR] = {state->holding, state->second};
    return ask_together(context, q, held, band, trade);
  }
  ask_table(q, q->date->low, q->date->high, state->holding, &band[0], &trade[0]);
  if (q->policy->second) {
    ask_table(q, q->date->second_low, q->date->second_high, state->second, &band[1], &trade[1]);
  }
  return QS_OK;
}

qs_status qs_saved_policy_ask(qs_engine *engine, const qs_saved_policy *policy, const qs_live_state *state,
                              qs_hedge_advice *advice) {
  qs_status status = check_state(&engine->context, policy, state);
  if (status) {
    return status;
  }
  if (state->time == policy->unwind) {
    *advice = (qs_hedge_advice){.date = policy->unwind,
                                .trade = -state->holding,
                                .inside_table = true,
                                .second_trade = -state->second};
    return QS_OK;
  }
  uint64_t n = 0;
  while (n + 1 < policy->date_count && policy->dates[n + 1].date <= state->time) {
    n++;
  }
  const qs_saved_date *d = &policy->dates[n];
  const bool random = d->y_count > 1;
  const question q = {policy,
                      d,
                      {.x_low = d->x_low,
                       .x_step = d->x_step,
                       .x_count = d->x_count,
                       .y_low = d->y_low,
                       .y_step = d->y_step,
                       .y_count = d->y_count},
                      log(state->spot / forward_at(policy, n, state->time)),
                      random ? sqrt(state->variance) : 0};
  qs_policy_band band[QS_POLICY_PAIR] = {{0, 0}, {0, 0}};
  double trade[QS_POLICY_PAIR] = {0, 0};
  status = ask(&engine->context, &q, state, band, trade);
  if (!status) {
    *advice =
        (qs_hedge_advice){.date = d->date,
                          .next = n + 1 < policy->date_count ? policy->dates[n + 1].date : policy->unwind,
                          .low = band[0].low,
                          .high = band[0].high,
                          .trade = trade[0],
                          .inside_table = within(q.x, d->x_low, d->x_step, d->x_count) &&
                                          (!random || within(q.y, d->y_low, d->y_step, d->y_count)),
                          .second_low = band[1].low,
                          .second_high = band[1].high,
                          .second_trade = trade[1]};
  }
  return status;
}
