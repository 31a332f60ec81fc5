#include "host/simulate/callback.h"

#include <math.h>
#include <string.h>

#include "host/engine/scheduler.h"
#include "host/simulate/option.h"

static const char stage[] = "simulate";

qs_status qs_callback_room_make(qs_context *context, qs_arena *arena, const qs_rebalance_unit *unit,
                                const qs_simulate_policy *policies, uint64_t paths, qs_callback_room *room) {
  bool asked = false;
  for (uint32_t i = 0; i < unit->policy_count; i++) {
    asked = asked || policies[i].function;
  }
  *room = (qs_callback_room){0};
  if (!asked) {
    return QS_OK;
  }
  const size_t width = (size_t)paths * unit->instrument_count;
  room->given = QS_NEW(arena, width * (unit->date_count - 1), double);
  room->spot = QS_NEW(arena, paths, double);
  room->holding = QS_NEW(arena, width, double);
  room->target = QS_NEW(arena, width, double);
  room->price = QS_NEW(arena, width, double);
  return room->given && room->spot && room->holding && room->target && room->price
             ? QS_OK
             : qs_fail_memory(context, "preparing a caller's policy");
}

/* x as decisions of a date see it. */
static const double *seen_at(const qs_rebalance_unit *unit, uint32_t date) {
  return unit->seen ? unit->seen + date * unit->stride : unit->x + unit->decided[date] * unit->stride;
}

/* What is held when the date comes: a notional that was held stays, and its units follow the price, of which
 * `forward` is that of the spot now; what lay at a venue that failed is gone. */
static void find_holding(const qs_simulate_problem *p, const qs_rebalance_unit *unit, uint32_t date,
                         double forward, const double *rows, double *holding) {
  const uint64_t n = unit->stride;
  memset(holding, 0, n * unit->instrument_count * sizeof *holding);
  for (uint32_t k = 0; date && k < unit->instrument_count; k++) {
    const qs_rebalance_instrument *instrument = &unit->instruments[k];
    const double *held = rows + (QS_REBALANCE_ROWS + k) * n;
    const double *x = seen_at(unit, date), *then = unit->x + unit->filled[date - 1] * n;
    const double now = p->instruments[k].kind == QS_HEDGE_FUTURE ? instrument->scale[date] : forward;
    const double scale = instrument->scale[date - 1] / now;
    const double *kept = unit->failure ? unit->failure->kept + date * n : NULL;
    for (uint64_t i = 0; i < n; i++) {
      const double units = instrument->inverse ? held[i] * scale * exp(then[i] - x[i]) : held[i];
      holding[k * n + i] = kept ? units * kept[i] : units;
    }
  }
}

/* What a unit of every instrument costs at the decision, once the spot's price is there. */
static void find_prices(const qs_simulate_problem *p, const qs_rebalance_unit *unit, uint32_t date,
                        const qs_callback_room *room) {
  const uint64_t n = unit->stride;
  const size_t row = unit->decided[date];
  const double *x = seen_at(unit, date), *v = unit->v + row * n;
  for (uint32_t k = 0; k < unit->instrument_count; k++) {
    const qs_hedge_instrument *instrument = &p->instruments[k];
    double *price = room->price + k * n;
    if (instrument->kind == QS_HEDGE_OPTION && room->quotes) {
      const qs_state_table *table = &room->quotes[(k - 1) * p->date_count + date];
      const double scale = qs_simulate_option_price(p, &instrument->option, p->row_years[row]);
      for (uint64_t i = 0; i < n; i++) {
        price[i] = scale * exp(x[i]) * qs_state_table_value(table, x[i], v[i]);
      }
    } else {
      const double scale =
          instrument->kind == QS_HEDGE_FUTURE
              ? unit->instruments[k].scale[date] / qs_curve_forward(&p->under->curve, p->row_years[row])
              : 1;
      for (uint64_t i = 0; i < n; i++) {
        price[i] = scale * room->spot[i];
      }
    }
  }
}

static qs_status check_target(qs_context *context, const qs_simulate_problem *p,
                              const qs_simulate_policy *policy, const qs_policy_view *view,
                              const double *target) {
  for (size_t i = 0; i < view->instrument_count * view->path_count; i++) {
    const unsigned long long path = view->first_path + i % view->path_count;
    const qs_hedge_instrument *instrument = &p->instruments[i / view->path_count];
    const bool left = target[i] == view->holding[i];
    if (!isfinite(target[i]) || (!left && !(target[i] >= instrument->low && target[i] <= instrument->high))) {
      return qs_fail(context, QS_ERROR_INPUT,
                     "simulate.policies: %.80s: date %zu, path %llu: got %g of %.80s: a holding must be %s",
                     policy->name, view->date, path, target[i], instrument->name,
                     isfinite(target[i]) ? "within the instrument's limits" : "finite");
    }
  }
  return QS_OK;
}

/* What is not a caller's own knows no limits, and is kept within them; what is left alone stays. */
static void keep_within(const qs_simulate_problem *p, const qs_policy_view *view, double *target) {
  for (size_t i = 0; i < view->instrument_count * view->path_count; i++) {
    const qs_hedge_instrument *instrument = &p->instruments[i / view->path_count];
    const double kept = fmin(fmax(target[i], instrument->low), instrument->high);
    target[i] = isnan(target[i]) || target[i] == view->holding[i] ? target[i] : kept;
  }
}

/* Asks the caller what to hold from the date on. */
static qs_status ask(qs_context *context, const qs_simulate_problem *p, const qs_simulate_policy *policy,
                     const qs_rebalance_unit *unit, uint32_t date, uint64_t first_path,
                     const qs_callback_room *room, const double *rows) {
  const uint64_t n = unit->stride;
  const size_t row = unit->decided[date];
  const double forward = qs_curve_forward(&p->under->curve, p->row_years[row]);
  for (uint64_t i = 0; i < n; i++) {
    room->spot[i] = forward * exp(seen_at(unit, date)[i]);
  }
  find_prices(p, unit, date, room);
  find_holding(p, unit, date, forward, rows, room->holding);
  memcpy(room->target, room->holding, n * unit->instrument_count * sizeof *room->target);
  const qs_policy_view view = {.struct_size = sizeof view,
                               .date = date,
                               .date_count = p->date_count,
                               .dates = p->dates,
                               .years = p->row_years[row],
                               .first_path = first_path,
                               .path_count = n,
                               .spot = room->spot,
                               .variance = unit->v + row * n,
                               .instrument_count = unit->instrument_count,
                               .holding = room->holding,
                               .price = room->price};
  if (policy->look) {
    policy->look(policy->data, unit, date, first_path);
  }
  qs_status status = policy->function(policy->data, &view, room->target);
  if (status) {
    return qs_fail(context, status, "simulate.policies: %.80s: the caller's function failed at date %u: %s",
                   policy->name, date, qs_status_name(status));
  }
  if (strcmp(policy->type, qs_hedge_policy_name(QS_HEDGE_POLICY_CALLBACK)) != 0) {
    keep_within(p, &view, room->target);
  }
  status = check_target(context, p, policy, &view, room->target);
  for (uint32_t k = 0; k < unit->instrument_count; k++) {
    double *given = room->given + ((size_t)k * (unit->date_count - 1) + date) * n;
    for (uint64_t i = 0; i < n;
         i++) { /* what was left alone does not trade, whatever the price at the fill */
      const double target = room->target[k * n + i];
      given[i] = target == room->holding[k * n + i] ? NAN : target;
    }
  }
  return status;
}

qs_status qs_callback_date(qs_context *context, const qs_simulate_paths *paths,
                           const qs_simulate_policy *policy, const qs_rebalance_unit *unit, uint32_t date,
                           uint64_t first_path, const qs_callback_room *room, double *rows) {
  qs_rebalance_unit part = *unit;
  qs_rebalance_policy plan = *unit->policies;
  qs_status status = QS_OK;
  if (policy->function) {
    plan.given = room->given;
    status = date + 1 < unit->date_count
                 ? ask(context, paths->problem, policy, unit, date, first_path, room, rows)
                 : QS_OK;
  }
  part.policies = &plan;
  part.policy_count = 1;
  part.date_begin = date;
  part.date_end = date + 1;
  return status ? status : qs_schedule_rebalance(context, paths->devices, stage, &part, NULL, rows);
}

/* One policy, the caller's own. */
static qs_status run_asked(qs_context *context, const qs_simulate_paths *paths,
                           const qs_simulate_policy *policy, const qs_rebalance_unit *unit,
                           uint64_t first_path, const qs_callback_room *room, double *rows) {
  qs_status status = QS_OK;
  for (uint32_t date = 0; !status && date < unit->date_count; date++) {
    status = qs_cancelled(context)
                 ? qs_fail(context, QS_ERROR_CANCELLED, "cancelled")
                 : qs_callback_date(context, paths, policy, unit, date, first_path, room, rows);
  }
  return status;
}

qs_status qs_callback_rebalance(qs_context *context, const qs_simulate_paths *paths,
                                const qs_simulate_policy *policies, const qs_rebalance_unit *unit,
                                uint64_t first_path, const qs_callback_room *room, double *rows) {
  const size_t width = qs_rebalance_unit_rows(unit) * unit->stride;
  qs_progress_callback progress = context->progress; /* blocks are reported, not their parts */
  context->progress = NULL;
  qs_status status = QS_OK;
  for (uint32_t i = 0, end = 0; !status && i < unit->policy_count; i = end) {
    qs_rebalance_unit part = *unit;
    part.policies = unit->policies + i;
    end = i + 1;
    while (!policies[i].function && end < unit->policy_count && !policies[end].function) {
      end++;
    }
    part.policy_count = end - i;
    status = policies[i].function
                 ? run_asked(context, paths, &policies[i], &part, first_path, room, rows + i * width)
                 : qs_schedule_rebalance(context, paths->devices, stage, &part, NULL, rows + i * width);
  }
  context->progress = progress;
  return status;
}
