#include "host/simulate/run.h"

#include <math.h>
#include <string.h>

#include "host/base/exchange.h"
#include "host/simulate/account.h"
#include "host/simulate/along.h"
#include "host/simulate/also.h"
#include "host/simulate/callback.h"
#include "host/simulate/failure.h"
#include "host/simulate/moved.h"
#include "host/simulate/option.h"
#include "host/simulate/shown.h"
#include "host/simulate/unit.h"

enum { CHUNK = 512 }; /* paths whose position one thread values at a time */

/* A block of paths and what the policies make of it. */
typedef struct block {
  uint64_t begin, count;
  double *x, *v;   /* [row][count] */
  double *gain;    /* [count]: of the position */
  double *parts;   /* [part][count]: of it, where they are asked for */
  double *rows;    /* [policy][row][count] */
  double *room;    /* [policy][count] */
  double *funding; /* [date][count], where it is on */
  qs_shown shown;
  qs_moved_room moved;     /* where own trades move the price */
  qs_failure_rows failing; /* where venues fail */
  qs_callback_room asked;
} block;

/* What the blocks leave, that of each for itself until all are there. */
typedef struct left {
  uint64_t blocks;
  qs_simulate_sample *samples;  /* [policy], with room for whole blocks of paths */
  qs_simulate_moments *moments; /* [block][policy] */
  qs_simulate_moment *parts;    /* [block][QS_ATTRIBUTION_PARTS + 1] */
} left;

/* What a block is run with. */
typedef struct plan {
  const qs_simulate_paths *paths;
  const qs_claim *claim;
  const qs_attribution *attribution; /* null: not asked for */
  const qs_simulate_policy *policies;
  const qs_simulate_premium *premium; /* null: no funding */
  const qs_failures *failures;        /* null: no venue fails */
  qs_shown_plan shown;
  const qs_state_table *quotes; /* of options at decisions; null: no caller asks */
  qs_margin_rule margin;
  qs_also *also; /* null: nothing else lies in the account */
  qs_rebalance_unit unit;
} plan;

static qs_simulate_moment moment_of(const double *values, uint64_t count) {
  qs_simulate_moment m = {0, 0};
  for (uint64_t i = 0; i < count; i++) {
    m.mean += values[i];
  }
  m.mean /= (double)count;
  for (uint64_t i = 0; i < count; i++) {
    const double d = values[i] - m.mean;
    m.m2 += d * d;
  }
  return m;
}

/* `of` more values beside so many (Chan, Golub, LeVeque 1983). */
static void merge(qs_simulate_moment *into, double count, const qs_simulate_moment *of, double more) {
  const double total = count + more, d = of->mean - into->mean;
  into->m2 += of->m2 + d * d * (count * more / total);
  into->mean += d * (more / total);
}

/* What one policy left on the block. The order of every sum is fixed. */
static void take(const block *b, const qs_rebalance_unit *unit, const double *gain, const double *rows,
                 const qs_simulate_sample *sample, qs_simulate_moments *moments, double *room) {
  const uint64_t n = b->count;
  double *gross = sample->gross + b->begin, *cost = sample->cost + b->begin;
  for (uint64_t i = 0; i < n; i++) {
    gross[i] = gain[i] + rows[QS_REBALANCE_HEDGE * n + i] + rows[QS_REBALANCE_YIELD * n + i] -
               rows[QS_REBALANCE_LOST * n + i];
    cost[i] = rows[QS_REBALANCE_FEE * n + i] + rows[QS_REBALANCE_SPREAD * n + i] +
              rows[QS_REBALANCE_IMPACT * n + i] + rows[QS_REBALANCE_LIQUIDATION * n + i] +
              rows[QS_REBALANCE_MOVING * n + i] - rows[QS_REBALANCE_FUNDING * n + i];
    room[i] = rows[QS_REBALANCE_LIQUIDATED * n + i] > 0;
  }
  moments->options = moment_of(gain, n);
  moments->liquidated = moment_of(room, n);
  if (unit->failure) {
    moments->failed = moment_of(b->failing.failed, n);
  }
  for (size_t r = 0; r < QS_REBALANCE_LAST_X; r++) {
    moments->row[r] = moment_of(rows + r * n, n);
  }
  const size_t first = QS_REBALANCE_ROWS + unit->instrument_count;
  for (size_t r = 0; r < 2 * (size_t)unit->venue_count; r++) {
    moments->venues[r] = moment_of(rows + (first + r) * n, n);
  }
}

/* Puts the mean price of an order's parts where its last is filled: after all else that looks there. */
static void average_fills(const qs_simulate_problem *p, double *x, uint64_t stride, uint64_t count) {
  const size_t parts = p->spec->slices.count;
  for (size_t d = 0; d + 1 < p->date_count; d++) {
    const uint32_t *rows = p->slice_row + d * parts;
    const double forward = qs_curve_forward(&p->under->curve, p->fill_years[d]);
    double *filled = x + p->fill_row[d] * stride;
    for (uint64_t i = 0; i < count; i++) {
      double sum = 0;
      for (size_t k = 0; k < parts; k++) { /* a future's price is that of its expiry's forward */
        const double at = p->instruments[0].kind == QS_HEDGE_FUTURE
                              ? 1
                              : qs_curve_forward(&p->under->curve, p->row_years[rows[k]]) / forward;
        sum += at * exp(x[rows[k] * stride + i]);
      }
      filled[i] = log(sum / (double)parts);
    }
  }
}

static void average_block(const qs_context *context, const qs_simulate_problem *problem, const block *b) {
  const long chunks = (long)((b->count + CHUNK - 1) / CHUNK);
#pragma omp parallel for num_threads(context->threads) schedule(static)
  for (long c = 0; c < chunks; c++) {
    const uint64_t from = (uint64_t)c * CHUNK;
    average_fills(problem, b->x + from, b->count, b->count - from < CHUNK ? b->count - from : CHUNK);
  }
}

/* The position, and what hedges it where that is no plain price. */
static void value_block(const qs_context *context, const plan *made, const block *b) {
  const qs_simulate_problem *problem = made->paths->problem;
  const bool moves = qs_simulate_moves(problem->spec);
  const long chunks = (long)((b->count + CHUNK - 1) / CHUNK);
#pragma omp parallel for num_threads(context->threads) schedule(static)
  for (long c = 0; c < chunks; c++) {
    const uint64_t from = (uint64_t)c * CHUNK;
    const uint64_t count = b->count - from < CHUNK ? b->count - from : CHUNK;
    qs_claim_gain(made->claim, b->x + from, b->v + from, b->count, count, b->gain + from);
    if (made->attribution) {
      qs_attribution_run(made->attribution, b->x + from, b->v + from, b->gain + from, b->count, count,
                         b->parts + from);
    }
    for (size_t d = 0; !moves && d < problem->date_count; d++) {
      qs_shown_date(&made->shown, &b->shown, d, b->x, b->v, b->count, from, count);
    }
    if (made->failures) {
      qs_failures_run(made->failures, b->begin, b->count, from, count, &b->failing);
    }
    if (made->premium) {
      qs_simulate_premium_run(made->premium, b->begin + from, count, b->count, b->x + from, b->v + from,
                              b->funding + from);
    }
  }
}

/* Runs the policies on the paths as each one's own trades move them, and takes what they leave. */
static qs_status run_moved(qs_context *context, const plan *made, const block *b,
                           const qs_rebalance_unit *unit, const left *l, qs_simulate_moments *moments) {
  const size_t width = qs_rebalance_unit_rows(unit) * b->count;
  qs_moved_begin(context, made->paths->problem, unit, &b->moved);
  qs_status status = QS_OK;
  for (uint32_t i = 0; !status && i < unit->policy_count; i++) {
    qs_rebalance_unit own = *unit;
    own.policies += i;
    own.policy_count = 1;
    status = qs_moved_run(context, made->paths, &made->shown, &made->policies[i], &own, b->begin, &b->asked,
                          &b->moved, b->rows + i * width);
    if (!status) {
      take(b, unit, b->moved.gain, b->rows + i * width, &l->samples[i], &moments[i], b->room);
    }
  }
  return status;
}

static qs_status run_block(qs_context *context, const plan *made, const block *b, const left *l) {
  const uint64_t index = b->begin / QS_SIMULATE_BLOCK;
  qs_simulate_moments *moments = l->moments + index * made->unit.policy_count;
  qs_simulate_moment *parts = l->parts + index * (QS_ATTRIBUTION_PARTS + 1);
  qs_status status = qs_simulate_paths_run(context, made->paths, b->begin, b->count, b->x, b->v);
  if (status) {
    return status;
  }
  value_block(context, made, b);
  status = qs_along_pay(context, made->paths->problem, b->x, b->v, b->begin, b->count, b->count, b->gain);
  if (status) {
    return status;
  }
  if (!qs_simulate_moves(made->paths->problem->spec)) {
    qs_shown_settle(&made->shown, &b->shown, b->gain, b->count);
  }
  if (made->paths->problem->spec->slices.count > 1) {
    average_block(context, made->paths->problem, b);
  }
  for (size_t q = 0; made->attribution && q < QS_ATTRIBUTION_PARTS; q++) {
    parts[q] = moment_of(b->parts + q * b->count, b->count);
  }
  if (made->attribution) {
    parts[QS_ATTRIBUTION_PARTS] = moment_of(b->gain, b->count);
  }
  qs_rebalance_unit unit = made->unit;
  qs_rebalance_instrument instruments[QS_MAX_HEDGES];
  memcpy(instruments, unit.instruments, unit.instrument_count * sizeof *instruments);
  unit.instruments = instruments;
  unit.path_end = unit.stride = b->count;
  unit.x = b->x;
  unit.v = b->v;
  if (made->premium) { /* the perpetual is the first */
    instruments[0].funding = b->funding;
  }
  unit.margin = made->shown.marks ? &made->margin : NULL;
  if (made->also) {
    status = qs_also_run(context, made->also, b->begin, b->count);
    unit.required = made->also->required;
    if (status) {
      return status;
    }
  }
  const qs_rebalance_failure failure = {
      .kept = b->failing.kept, .lost = b->failing.lost, .room = b->failing.room, .closed = b->failing.closed};
  unit.failure = made->failures ? &failure : NULL;
  if (qs_simulate_moves(made->paths->problem->spec)) {
    return run_moved(context, made, b, &unit, l, moments);
  }
  qs_shown_read(&made->shown, &b->shown, b->count, instruments, &unit);
  status = qs_callback_rebalance(context, made->paths, made->policies, &unit, b->begin, &b->asked, b->rows);
  if (status) {
    return status;
  }
  const size_t width = qs_rebalance_unit_rows(&unit) * b->count;
  const long count = (long)unit.policy_count;
#pragma omp parallel for num_threads(context->threads) schedule(dynamic, 1)
  for (long p = 0; p < count; p++) {
    take(b, &unit, b->gain, b->rows + (size_t)p * width, &l->samples[p], &moments[p],
         b->room + (size_t)p * b->count);
  }
  return QS_OK;
}

/* The samples are the arena's, the rest is scratch. */
static qs_status make_left(qs_context *context, qs_arena *arena, qs_arena *scratch,
                           const qs_simulate_problem *problem, size_t count, left *l) {
  const uint64_t blocks = qs_simulate_blocks(problem), room = blocks * QS_SIMULATE_BLOCK;
  *l = (left){.blocks = blocks,
              .samples = QS_NEW(arena, count, qs_simulate_sample),
              .moments = QS_NEW(scratch, blocks * count, qs_simulate_moments),
              .parts = QS_NEW(scratch, blocks * (QS_ATTRIBUTION_PARTS + 1), qs_simulate_moment)};
  bool made = l->samples && l->moments && l->parts;
  for (size_t i = 0; made && i < count; i++) {
    qs_simulate_sample *s = &l->samples[i];
    *s = (qs_simulate_sample){.paths = problem->simulation.paths,
                              .gross = QS_NEW(arena, room, double),
                              .cost = QS_NEW(arena, room, double)};
    made = s->gross && s->cost;
  }
  return made ? QS_OK : qs_fail_memory(context, "simulating policies");
}

/* Gives every process of a team the blocks of all. */
static qs_status exchange(qs_context *context, qs_arena *scratch, const left *l, size_t count,
                          qs_status own) {
  const size_t block_bytes = QS_SIMULATE_BLOCK * sizeof(double), lists = 2 * count + 2;
  qs_exchange_rows *list = context->exchange ? QS_NEW(scratch, lists, qs_exchange_rows) : NULL;
  if (!list) {
    return context->exchange ? qs_fail_memory(context, "simulating policies") : own;
  }
  for (size_t i = 0; i < count; i++) {
    list[2 * i] = (qs_exchange_rows){l->samples[i].gross, 1, 0, block_bytes, l->blocks};
    list[2 * i + 1] = (qs_exchange_rows){l->samples[i].cost, 1, 0, block_bytes, l->blocks};
  }
  list[2 * count] = (qs_exchange_rows){l->moments, 1, 0, count * sizeof *l->moments, l->blocks};
  list[2 * count + 1] =
      (qs_exchange_rows){l->parts, 1, 0, (QS_ATTRIBUTION_PARTS + 1) * sizeof *l->parts, l->blocks};
  return qs_exchange_all(context, "simulate", list, lists, own);
}

/* Adds the blocks up, in their order. */
static void sum_up(const left *l, size_t count, qs_simulate_moment *parts) {
  enum { MOMENTS = sizeof(qs_simulate_moments) / sizeof(qs_simulate_moment) };
  const uint64_t paths = l->samples->paths;
  for (uint64_t k = 0; k < l->blocks; k++) {
    const uint64_t begin = k * QS_SIMULATE_BLOCK,
                   some = paths - begin < QS_SIMULATE_BLOCK ? paths - begin : QS_SIMULATE_BLOCK;
    for (size_t i = 0; i < count; i++) {
      qs_simulate_moment *into = (qs_simulate_moment *)&l->samples[i].moments;
      const qs_simulate_moment *of = (const qs_simulate_moment *)&l->moments[k * count + i];
      for (size_t m = 0; m < MOMENTS; m++) {
        merge(&into[m], (double)begin, &of[m], (double)some);
      }
    }
    for (size_t q = 0; parts && q <= QS_ATTRIBUTION_PARTS; q++) {
      merge(&parts[q], (double)begin, &l->parts[k * (QS_ATTRIBUTION_PARTS + 1) + q], (double)some);
    }
  }
}

/* Every process of a team runs its own. */
static qs_status run_blocks(qs_context *context, qs_arena *scratch, const plan *made, const left *l) {
  const qs_simulate_problem *problem = made->paths->problem;
  const uint64_t total = problem->simulation.paths;
  const size_t states = problem->row_count * QS_SIMULATE_BLOCK,
               dated = problem->date_count * QS_SIMULATE_BLOCK;
  const size_t policies = (size_t)made->unit.policy_count * QS_SIMULATE_BLOCK;
  block b = {.x = QS_NEW(scratch, states, double),
             .v = QS_NEW(scratch, states, double),
             .gain = QS_NEW(scratch, QS_SIMULATE_BLOCK, double),
             .parts =
                 QS_NEW(scratch, made->attribution ? QS_ATTRIBUTION_PARTS * QS_SIMULATE_BLOCK : 0, double),
             .room = QS_NEW(scratch, policies, double),
             .rows = QS_NEW(scratch, policies * qs_rebalance_unit_rows(&made->unit), double),
             .funding = made->premium ? QS_NEW(scratch, dated, double) : NULL};
  if (!b.x || !b.v || !b.gain || !b.parts || !b.rows || !b.room || (made->premium && !b.funding)) {
    return qs_fail_memory(context, "simulating policies");
  }
  qs_status status =
      qs_callback_room_make(context, scratch, &made->unit, made->policies, QS_SIMULATE_BLOCK, &b.asked);
  if (!status) {
    status = qs_simulate_moves(problem->spec)
                 ? qs_moved_make(context, scratch, &made->shown, QS_SIMULATE_BLOCK, &b.moved)
                 : qs_shown_make(context, scratch, &made->shown, QS_SIMULATE_BLOCK, &b.shown);
  }
  if (!status && made->failures) {
    status = qs_failures_rows(context, scratch, made->failures, QS_SIMULATE_BLOCK, &b.failing);
  }
  b.asked.quotes = made->quotes;
  uint64_t first, last;
  qs_exchange_range(context, l->blocks, &first, &last);
  first *= QS_SIMULATE_BLOCK;
  last = last * QS_SIMULATE_BLOCK < total ? last * QS_SIMULATE_BLOCK : total;
  for (b.begin = first; !status && b.begin < last; b.begin += b.count) {
    qs_progress(context, "simulate", b.begin - first, last - first);
    b.shown.first = b.moved.shown.first = b.begin;
    b.count = last - b.begin < QS_SIMULATE_BLOCK ? last - b.begin : QS_SIMULATE_BLOCK;
    status = run_block(context, made, &b, l);
  }
  if (first < last) {
    qs_progress(context, "simulate", last - first, last - first);
  }
  return status;
}

/* Prices of options that a caller's own policy is shown, where there is one. */
static qs_status make_quotes(qs_context *context, qs_arena *scratch, plan *made) {
  const qs_simulate_problem *problem = made->paths->problem;
  bool asked = false;
  for (size_t i = 0; i < problem->spec->policy_count; i++) {
    asked = asked || problem->spec->policies[i].function;
  }
  const bool at_once = problem->spec->latency_seconds <= 0 && problem->spec->slices.count == 1;
  made->quotes = asked && at_once ? made->shown.options : NULL;
  return asked && !made->quotes
             ? qs_simulate_options_make(context, scratch, made->paths, problem->date_row, &made->quotes)
             : QS_OK;
}

qs_status qs_simulate_policies_run(qs_context *context, qs_arena *arena, const qs_simulate_paths *paths,
                                   const qs_claim *claim, const qs_attribution *attribution,
                                   const qs_simulate_policy *policies, size_t count,
                                   qs_simulate_sample **samples,
                                   qs_simulate_moment parts[QS_ATTRIBUTION_PARTS + 1]) {
  qs_arena *scratch = qs_arena_create(context);
  if (!scratch) {
    return qs_fail_memory(context, "simulating policies");
  }
  const qs_simulate_problem *problem = paths->problem;
  const qs_simulate_margin *margin = &problem->spec->margin;
  plan made = {.paths = paths,
               .claim = claim,
               .attribution = attribution,
               .policies = policies,
               .shown = {.problem = problem, .claim = claim}};
  qs_simulate_premium *premium = NULL;
  left l = {0};
  qs_status status = qs_simulate_unit_make(context, scratch, problem, policies, count, &made.unit);
  status = status ? status : qs_simulate_premium_make(context, scratch, problem, &premium);
  made.premium = premium;
  status = status ? status : qs_failures_make(context, scratch, problem, &made.failures);
  status = status ? status
                  : qs_simulate_options_make(context, scratch, paths, problem->fill_row, &made.shown.options);
  status = status ? status : qs_simulate_option_slices_make(context, scratch, paths, &made.shown.slices);
  status = status ? status : make_quotes(context, scratch, &made);
  if (!status && !isnan(margin->collateral)) {
    status = qs_simulate_account_rule(context, scratch, problem, &made.margin);
    status = status ? status : qs_also_make(context, scratch, paths, &made.also);
    status = status ? status : qs_simulate_marks_make(context, scratch, paths, &made.shown.marks);
  }
  status = status ? status : make_left(context, arena, scratch, problem, count, &l);
  if (!status) {
    status = exchange(context, scratch, &l, count, run_blocks(context, scratch, &made, &l));
  }
  if (!status) {
    sum_up(&l, count, attribution ? parts : NULL);
    *samples = l.samples;
  }
  qs_arena_destroy(scratch);
  return status;
}
