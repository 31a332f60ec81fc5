#include "host/simulate/moved.h"

#include <math.h>
#include <string.h>

#include "host/market/clones.h"
#include "host/simulate/along.h"
#include "kernels/core/impact.h"

enum { CHUNK = 512 }; /* paths that one thread moves at a time */

qs_status qs_moved_make(qs_context *context, qs_arena *arena, const qs_shown_plan *plan, uint64_t paths,
                        qs_moved_room *room) {
  const size_t states = plan->problem->row_count * (size_t)paths;
  qs_moved_room made = {.x = QS_NEW(arena, states, double),
                        .growth = QS_NEW(arena, states, double),
                        .lasting = QS_NEW(arena, paths, double),
                        .passing = QS_NEW(arena, paths, double),
                        .held = QS_NEW(arena, paths, double),
                        .gain = QS_NEW(arena, paths, double)};
  if (!made.x || !made.growth || !made.lasting || !made.passing || !made.held || !made.gain) {
    return qs_fail_memory(context, "simulating policies");
  }
  const qs_status status = qs_shown_make(context, arena, plan, paths, &made.shown);
  if (!status) {
    *room = made;
  }
  return status;
}

/* What a block's dates are run with. */
typedef struct walk {
  const qs_simulate_problem *problem;
  const qs_shown_plan *plan;
  const qs_rebalance_unit *unit;
  const qs_moved_room *room;
  double *rows;
} walk;

void qs_moved_begin(const qs_context *context, const qs_simulate_problem *problem,
                    const qs_rebalance_unit *unit, const qs_moved_room *room) {
  const uint64_t n = unit->stride;
  const long rows = (long)problem->row_count;
#pragma omp parallel for num_threads(context->threads) schedule(static)
  for (long row = 0; row < rows; row++) {
    qs_shown_growth(unit->x + (uint64_t)row * n, n, room->growth + (uint64_t)row * n);
  }
}

/* x once M is moved so far. */
QS_FMA_CLONES static void shift(const double *x, const double *growth, const double *moved, uint64_t count,
                                double *to) {
  for (uint64_t i = 0; i < count; i++) {
    to[i] = qs_impact_state_d(x[i], growth[i], moved[i]);
  }
}

/* Moves the rows after the last date's fill up to this one's; false where own trades move one too far. */
static bool move(const walk *w, size_t date, uint64_t from, uint64_t count) {
  const qs_simulate_problem *p = w->problem;
  const uint64_t n = w->unit->stride;
  bool near = true;
  for (size_t row = date ? p->fill_row[date - 1] + 1 : 0; row <= p->fill_row[date]; row++) {
    const double decay =
        date ? exp(-p->spec->own_impact.decay * (p->row_years[row] - p->fill_years[date - 1])) : 0;
    double moved[CHUNK];
    for (uint64_t i = 0; i < count; i++) {
      const double growth = w->room->growth[row * n + from + i];
      moved[i] = w->room->lasting[from + i] + decay * w->room->passing[from + i];
      near = near && moved[i] >= qs_impact_least_d(growth) && moved[i] <= qs_impact_most_d(growth);
    }
    const uint64_t at = row * n + from;
    shift(w->unit->x + at, w->room->growth + at, moved, count, w->room->x + at);
  }
  return near;
}

/* What is held when the date's trades begin: a notional in coin follows the price, and what lay at a venue
 * that failed is gone. */
static void take_held(const walk *w, size_t date, uint64_t from, uint64_t count) {
  const qs_simulate_problem *p = w->problem;
  const qs_rebalance_instrument *first = w->unit->instruments;
  const uint64_t n = w->unit->stride;
  const double *held = w->rows + (size_t)QS_REBALANCE_ROWS * n;
  const double *kept = w->unit->failure ? w->unit->failure->kept + date * n : NULL;
  const double *x = w->room->x + p->fill_row[date] * n;
  const double *then = date ? w->room->x + p->fill_row[date - 1] * n : NULL;
  for (uint64_t i = from; i < from + count; i++) {
    const double units = date && first->inverse
                             ? held[i] * (first->scale[date - 1] / first->scale[date]) * exp(then[i] - x[i])
                         : date ? held[i]
                                : 0;
    w->room->held[i] = kept && date ? units * kept[i] : units;
  }
}

/* The price after the date's trades, and what these paid for it. */
static void push(const walk *w, size_t date, uint64_t from, uint64_t count) {
  const qs_simulate_problem *p = w->problem;
  const qs_simulate_own_impact *own = &p->spec->own_impact;
  const uint64_t n = w->unit->stride;
  const double *held = w->rows + (size_t)QS_REBALANCE_ROWS * n;
  const double decay = date ? exp(-own->decay * (p->fill_years[date] - p->fill_years[date - 1])) : 0;
  const double money = w->unit->discount[date] * w->unit->instruments[0].scale[date];
  for (uint64_t i = from; i < from + count; i++) {
    const double units = held[i] - w->room->held[i];
    w->rows[QS_REBALANCE_IMPACT * n + i] += money * qs_impact_cost_d(own->permanent, own->transient, units);
    w->room->lasting[i] += own->permanent * units;
    w->room->passing[i] = decay * w->room->passing[i] + own->transient * units;
  }
}

/* Before the date's trades, or after them. */
static bool step(const qs_context *context, const walk *w, size_t date, bool before) {
  const uint64_t n = w->unit->stride;
  const long chunks = (long)((n + CHUNK - 1) / CHUNK);
  int far = 0;
#pragma omp parallel for num_threads(context->threads) schedule(static) reduction(+ : far)
  for (long c = 0; c < chunks; c++) {
    const uint64_t from = (uint64_t)c * CHUNK, count = n - from < CHUNK ? n - from : CHUNK;
    if (!before) {
      push(w, date, from, count);
      continue;
    }
    far += !move(w, date, from, count);
    take_held(w, date, from, count);
    qs_shown_date(w->plan, &w->room->shown, date, w->room->x, w->unit->v, n, from, count);
    if (date + 1 == w->problem->date_count) {
      qs_claim_gain(w->plan->claim, w->room->x + from, w->unit->v + from, n, count, w->room->gain + from);
    }
  }
  return far == 0;
}

qs_status qs_moved_run(qs_context *context, const qs_simulate_paths *paths, const qs_shown_plan *plan,
                       const qs_simulate_policy *policy, const qs_rebalance_unit *unit, uint64_t first_path,
                       const qs_callback_room *asked, const qs_moved_room *room, double *rows) {
  const qs_simulate_problem *p = plan->problem;
  qs_rebalance_unit own = *unit;
  qs_rebalance_instrument instruments[QS_MAX_HEDGES];
  memcpy(instruments, unit->instruments, unit->instrument_count * sizeof *instruments);
  own.instruments = instruments;
  own.x = room->x;
  qs_shown_read(plan, &room->shown, unit->stride, instruments, &own);
  const walk w = {p, plan, unit, room, rows};
  memset(room->lasting, 0, unit->stride * sizeof *room->lasting);
  memset(room->passing, 0, unit->stride * sizeof *room->passing);
  qs_progress_callback progress = context->progress; /* blocks are reported, not their parts */
  context->progress = NULL;
  qs_status status = QS_OK;
  for (uint32_t date = 0; !status && date < unit->date_count; date++) {
    if (qs_cancelled(context)) {
      status = qs_fail(context, QS_ERROR_CANCELLED, "cancelled");
    } else if (!step(context, &w, date, true)) {
      status = qs_fail(context, QS_ERROR_INPUT,
                       "simulate.own_impact: trades of %.80s before date %u move the price to less than half "
                       "of it, or more than twice; must be smaller",
                       policy->name, date);
    }
    if (!status && date + 1 == unit->date_count) {
      status = qs_along_pay(context, p, room->x, unit->v, first_path, unit->stride, unit->stride, room->gain);
      qs_shown_settle(plan, &room->shown, room->gain, unit->stride);
    }
    status = status ? status : qs_callback_date(context, paths, policy, &own, date, first_path, asked, rows);
    if (!status) {
      step(context, &w, date, false);
    }
  }
  context->progress = progress;
  return status;
}
