#include "host/simulate/run.h"

#include <math.h>
#include <string.h>

#include "host/engine/scheduler.h"
#include "host/simulate/unit.h"

enum { CHUNK = 512 }; /* paths whose position one thread values at a time */

/* A block of paths and what the policies make of it. */
typedef struct block {
  uint64_t begin, count;
  double *x, *v; /* [row][count] */
  double *gain;  /* [count]: of the position */
  double *rows;  /* [policy][row][count] */
  double *room;  /* [policy][count] */
} block;

static void merge(qs_simulate_moment *into, double count, const double *values, uint64_t more) {
  double mean = 0, m2 = 0;
  for (uint64_t i = 0; i < more; i++) {
    mean += values[i];
  }
  mean /= (double)more;
  for (uint64_t i = 0; i < more; i++) {
    const double d = values[i] - mean;
    m2 += d * d;
  }
  const double n = (double)more, total = count + n, d = mean - into->mean;
  into->m2 += m2 + d * d * (count * n / total);
  into->mean += d * (n / total);
}

/* Adds what one policy left on the block. The order of every sum is fixed. */
static void take(const block *b, const double *rows, qs_simulate_sample *sample, double *room) {
  const uint64_t n = b->count;
  const double done = (double)b->begin;
  double *gross = sample->gross + b->begin, *cost = sample->cost + b->begin;
  for (uint64_t i = 0; i < n; i++) {
    gross[i] = b->gain[i] + rows[QS_REBALANCE_HEDGE * n + i];
    cost[i] = rows[QS_REBALANCE_FEE * n + i] + rows[QS_REBALANCE_SPREAD * n + i] +
              rows[QS_REBALANCE_IMPACT * n + i] + rows[QS_REBALANCE_LIQUIDATION * n + i] -
              rows[QS_REBALANCE_FUNDING * n + i];
    room[i] = rows[QS_REBALANCE_LIQUIDATED * n + i] > 0;
  }
  merge(&sample->options, done, b->gain, n);
  merge(&sample->liquidated, done, room, n);
  for (size_t r = 0; r < QS_REBALANCE_LAST_X; r++) {
    merge(&sample->row[r], done, rows + r * n, n);
  }
}

static void value_position(const qs_context *context, const qs_claim *claim, const block *b) {
  const long chunks = (long)((b->count + CHUNK - 1) / CHUNK);
#pragma omp parallel for num_threads(context->threads) schedule(static)
  for (long c = 0; c < chunks; c++) {
    const uint64_t from = (uint64_t)c * CHUNK;
    const uint64_t count = b->count - from < CHUNK ? b->count - from : CHUNK;
    qs_claim_gain(claim, b->x + from, b->v + from, b->count, count, b->gain + from);
  }
}

static qs_status run_block(qs_context *context, const qs_simulate_paths *paths, const qs_claim *claim,
                           const qs_rebalance_unit *plan, const block *b, qs_simulate_sample *samples) {
  qs_status status = qs_simulate_paths_run(context, paths, b->begin, b->count, b->x, b->v);
  if (status) {
    return status;
  }
  value_position(context, claim, b);
  qs_rebalance_unit unit = *plan;
  unit.path_end = unit.stride = b->count;
  unit.x = b->x;
  unit.v = b->v;
  qs_progress_callback progress = context->progress;
  context->progress = NULL;
  status = qs_schedule_rebalance(context, paths->devices, "simulate", &unit, NULL, b->rows);
  context->progress = progress;
  if (status) {
    return status;
  }
  const size_t width = qs_rebalance_unit_rows(&unit) * b->count;
  const long count = (long)plan->policy_count;
#pragma omp parallel for num_threads(context->threads) schedule(dynamic, 1)
  for (long p = 0; p < count; p++) {
    take(b, b->rows + (size_t)p * width, &samples[p], b->room + (size_t)p * b->count);
  }
  return QS_OK;
}

static qs_status make_samples(qs_context *context, qs_arena *arena, uint64_t paths, size_t count,
                              qs_simulate_sample **samples) {
  qs_simulate_sample *made = QS_NEW(arena, count, qs_simulate_sample);
  for (size_t i = 0; made && i < count; i++) {
    made[i].paths = paths;
    made[i].gross = QS_NEW(arena, paths, double);
    made[i].cost = QS_NEW(arena, paths, double);
    if (!made[i].gross || !made[i].cost) {
      made = NULL;
    }
  }
  *samples = made;
  return made ? QS_OK : qs_fail_memory(context, "simulating policies");
}

static qs_status run_blocks(qs_context *context, qs_arena *scratch, const qs_simulate_paths *paths,
                            const qs_claim *claim, const qs_rebalance_unit *unit,
                            qs_simulate_sample *samples) {
  const uint64_t total = paths->problem->simulation.paths;
  const size_t rows = paths->problem->row_count;
  block b = {.x = QS_NEW(scratch, rows * QS_SIMULATE_BLOCK, double),
             .v = QS_NEW(scratch, rows * QS_SIMULATE_BLOCK, double),
             .gain = QS_NEW(scratch, QS_SIMULATE_BLOCK, double),
             .room = QS_NEW(scratch, (size_t)unit->policy_count * QS_SIMULATE_BLOCK, double),
             .rows = QS_NEW(scratch,
                            (size_t)unit->policy_count * qs_rebalance_unit_rows(unit) * QS_SIMULATE_BLOCK,
                            double)};
  if (!b.x || !b.v || !b.gain || !b.rows || !b.room) {
    return qs_fail_memory(context, "simulating policies");
  }
  qs_status status = QS_OK;
  for (b.begin = 0; !status && b.begin < total; b.begin += b.count) {
    qs_progress(context, "simulate", b.begin, total);
    b.count = total - b.begin < QS_SIMULATE_BLOCK ? total - b.begin : QS_SIMULATE_BLOCK;
    status = run_block(context, paths, claim, unit, &b, samples);
  }
  qs_progress(context, "simulate", total, total);
  return status;
}

qs_status qs_simulate_policies_run(qs_context *context, qs_arena *arena, const qs_simulate_paths *paths,
                                   const qs_claim *claim, const qs_simulate_policy *policies, size_t count,
                                   qs_simulate_sample **samples) {
  qs_arena *scratch = qs_arena_create(context);
  if (!scratch) {
    return qs_fail_memory(context, "simulating policies");
  }
  qs_rebalance_unit unit;
  qs_simulate_sample *made = NULL;
  qs_status status = qs_simulate_unit_make(context, scratch, paths->problem, policies, count, &unit);
  if (!status) {
    status = make_samples(context, arena, paths->problem->simulation.paths, count, &made);
  }
  if (!status) {
    status = run_blocks(context, scratch, paths, claim, &unit, made);
  }
  qs_arena_destroy(scratch);
  if (!status) {
    *samples = made;
  }
  return status;
}
