/* What makes a unit of hedging over time runnable. */
#include <math.h>

#include "kernels/refuse.h"
#include "kernels/table.h"

static bool costs_hold(const qs_trade_cost *c) {
  const double costs[] = {c->fee, c->cap, c->spread, c->unit, c->impact, c->fixed};
  bool hold = true;
  for (size_t i = 0; i < sizeof costs / sizeof costs[0]; i++) {
    hold = hold && costs[i] >= 0 && isfinite(costs[i]);
  }
  return hold;
}

static const char *instrument_problem(const qs_rebalance_unit *unit, uint32_t number) {
  const qs_rebalance_instrument *in = &unit->instruments[number];
  const uint32_t venues = number || !unit->venue_count ? 1 : unit->venue_count;
  if (!in->scale || !in->gain || !in->costs) {
    return "an instrument needs scales, gains and costs";
  }
  for (uint32_t i = 0; i < unit->date_count * venues; i++) {
    if (!costs_hold(&in->costs[i])) {
      return "costs must be finite and at least 0";
    }
  }
  for (uint32_t d = 0; d < unit->date_count; d++) {
    if (!isfinite(in->scale[d]) || (d + 1 < unit->date_count && !isfinite(in->gain[d]))) {
      return "scales and gains must be finite";
    }
    if (in->inverse && (in->value || !(in->scale[d] > 0))) {
      return "an instrument margined in coin must follow the underlying, its scale above 0";
    }
  }
  return NULL;
}

static const char *band_problem(const qs_band_table *t, bool both) {
  const bool counted = t->low && (t->high || !both) && t->x_count >= 2 && t->y_count >= 1 &&
                       t->y_count <= INT32_MAX / t->x_count;
  const bool placed = isfinite(t->x_low) && isfinite(t->y_low) && t->x_rate > 0 && isfinite(t->x_rate) &&
                      isfinite(t->y_rate) && (t->y_rate > 0 || t->y_count == 1);
  if (!counted || !placed) {
    return "a table needs two nodes of x and one of y, at finite places";
  }
  const size_t count = (size_t)t->x_count * (size_t)t->y_count;
  for (size_t i = 0; i < count; i++) {
    if (!isfinite(t->low[i]) || (both && !(isfinite(t->high[i]) && t->low[i] <= t->high[i]))) {
      return "a band must be finite and its low edge at most its high one";
    }
  }
  return NULL;
}

static const char *policy_problem(const qs_rebalance_unit *unit, const qs_rebalance_policy *policy) {
  if (!policy->bands == !policy->given) {
    return "a policy has either bands or given holdings";
  }
  const bool interval = policy->rule == QS_RULE_INTERVAL;
  const bool limited = policy->limit > 0 && isfinite(policy->limit) &&
                       (!interval || (policy->limit >= 1 && policy->limit <= INT32_MAX));
  if ((unsigned)policy->rule > QS_RULE_MOVE || (policy->rule != QS_RULE_ALWAYS && !limited)) {
    return "a policy that looks back needs a limit above 0, or a number of dates";
  }
  const uint32_t decisions = unit->date_count - 1;
  const uint32_t end = unit->date_end < decisions ? unit->date_end : decisions;
  const char *problem = NULL;
  for (uint32_t d = unit->date_begin; !problem && d < end; d++) { /* the dates that are run */
    for (uint32_t k = 0; !problem && policy->bands && k < unit->instrument_count; k++) {
      problem = band_problem(&policy->bands[k * decisions + d], true);
    }
    problem = problem || !policy->weights ? problem : band_problem(&policy->weights[d], false);
  }
  return problem;
}

static const char *date_problem(const qs_rebalance_unit *unit) {
  if (!unit->decided || !unit->filled || !unit->forward || !unit->discount || !unit->lapse) {
    return "dates need rows, forwards, discount factors and lapses";
  }
  for (uint32_t d = 0; d < unit->date_count; d++) {
    if (unit->decided[d] > unit->filled[d] || unit->filled[d] >= unit->row_count ||
        (d && (unit->filled[d] < unit->filled[d - 1] || unit->decided[d] < unit->decided[d - 1]))) {
      return "dates must ascend, and decisions not come after their trades";
    }
    if (!(unit->forward[d] > 0 && isfinite(unit->forward[d]) && unit->discount[d] > 0 &&
          isfinite(unit->discount[d]))) {
      return "forwards and discount factors must be positive";
    }
    if (d && !(unit->lapse[d] >= 0 && isfinite(unit->lapse[d]))) {
      return "time must not run back";
    }
  }
  return NULL;
}

static const char *margin_problem(const qs_rebalance_unit *unit) {
  const qs_margin_rule *m = unit->margin;
  if (!m) {
    return unit->required ? "what the position requires is for a margin" : NULL;
  }
  const bool holds = unit->position && isfinite(m->collateral) && m->initial >= m->maintenance &&
                     isfinite(m->initial) && m->maintenance > 0 && m->parts >= 1 && m->fee >= 0 &&
                     isfinite(m->fee);
  if (!holds) {
    return "margin needs the position's gains, initial at least maintenance, and a part";
  }
  const double sizes[] = {m->haircut, m->leverage, m->band, m->move, m->moved};
  bool sized = m->haircut < 1;
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    sized = sized && sizes[i] >= 0 && isfinite(sizes[i]);
  }
  for (uint32_t d = 1; m->grow && d < unit->date_count; d++) {
    sized = sized && m->grow[d] > 0 && isfinite(m->grow[d]);
  }
  return sized ? NULL : "collateral must grow by finite factors, and what moves it be finite and at least 0";
}

static const char *failure_problem(const qs_rebalance_unit *unit) {
  const qs_rebalance_failure *f = unit->failure;
  return !f || (f->kept && f->lost && f->room && isfinite(f->collateral) && !f->closed == !unit->venue_count)
             ? NULL
             : "venues that fail need what is kept, what is lost, what may be held, a collateral, and when "
               "each venue closes";
}

qs_status qs_rebalance_unit_check(const qs_rebalance_unit *unit, char *message) {
  if (unit->path_begin >= unit->path_end || unit->path_begin % QS_LEAF_PATHS ||
      unit->path_end % QS_LEAF_PATHS || unit->stride % QS_LEAF_PATHS || unit->stride < unit->path_end ||
      !unit->x || !unit->v) {
    return refuse(message, QS_ERROR_INPUT, "paths [%llu, %llu) of %llu: multiples of %d, with states",
                  (unsigned long long)unit->path_begin, (unsigned long long)unit->path_end,
                  (unsigned long long)unit->stride, QS_LEAF_PATHS);
  }
  if (unit->date_count < 2 || unit->date_begin >= unit->date_end || unit->date_end > unit->date_count ||
      !unit->instrument_count || unit->instrument_count > QS_MAX_HEDGES || !unit->instruments ||
      !unit->policy_count || !unit->policies || unit->venue_count > QS_MAX_VENUES) {
    return refuse(message, QS_ERROR_INPUT, "dates [%u, %u) of %u, %u instruments, %u venues, %u policies",
                  unit->date_begin, unit->date_end, unit->date_count, unit->instrument_count,
                  unit->venue_count, unit->policy_count);
  }
  const char *problem = date_problem(unit);
  problem = problem ? problem : margin_problem(unit);
  problem = problem ? problem : failure_problem(unit);
  for (uint32_t k = 0; !problem && k < unit->instrument_count; k++) {
    problem = instrument_problem(unit, k);
  }
  for (uint32_t p = 0; !problem && p < unit->policy_count; p++) {
    problem = policy_problem(unit, &unit->policies[p]);
  }
  return problem ? refuse(message, QS_ERROR_INPUT, "%s", problem) : QS_OK;
}
