#include "host/simulate/also.h"

#include <math.h>
#include <string.h>

#include "host/market/pairs.h"

static const double most = 0.999; /* of a correlation of what paths are drawn from */

static qs_status refuse(qs_context *context, const char *name, const char *flaw) {
  return qs_fail(context, QS_ERROR_INPUT, "simulate.margin.also: got %.80s: %s", name, flaw);
}

/* The section without all that is its own. */
static void strip(const qs_simulate_spec *spec, qs_simulate_spec *made) {
  *made = *spec;
  made->position = spec->margin.also;
  made->drift = 0;
  for (size_t i = 0; i < QS_PARAMETER_COUNT; i++) {
    made->real_world.value[i] = NAN;
  }
  made->funding.reversion = NAN;
  made->margin.collateral = NAN;
  made->margin.also = NULL;
  made->index_count = 0;
  made->cascade.decay = NAN;
  made->own_impact = (qs_simulate_own_impact){0};
  made->venue_count = 0;
  made->slices.count = 1;
}

static const char *flaw_of(const qs_simulate_problem *p, const qs_contract *c, int underlying) {
  return c->underlying != underlying      ? "must be of one underlying alone"
         : c->underlying == p->underlying ? "must be of another underlying than the hedge"
         : c->kind == QS_CONTRACT_PATH    ? "holds a trade along a path, which has no price before its expiry"
         : c->expiry && c->expiry < p->dates[p->date_count - 1] ? "expires before the unwind"
                                                                : NULL;
}

static qs_status find_contracts(qs_context *context, qs_arena *arena, const qs_book *book,
                                const qs_simulate_problem *p, qs_simulate_problem *q) {
  const char *name = p->spec->margin.also;
  qs_contract *made = QS_NEW(arena, book->count, qs_contract);
  if (!made) {
    return qs_fail_memory(context, "preparing a simulation");
  }
  bool by_id = false;
  for (size_t i = 0; i < book->count; i++) {
    by_id = by_id || strcmp(book->contracts[i].id, name) == 0;
  }
  for (size_t i = 0; i < book->count; i++) {
    const qs_contract *c = &book->contracts[i];
    if (strcmp(by_id ? c->id : c->book, name) != 0 || (c->kind == QS_CONTRACT_CASH && c->underlying < 0)) {
      continue;
    }
    q->underlying = q->contract_count ? q->underlying : c->underlying;
    const char *flaw = flaw_of(p, c, q->underlying);
    if (flaw) {
      return refuse(context, name, flaw);
    }
    made[q->contract_count++] = *c;
  }
  q->contracts = made;
  return q->contract_count ? QS_OK : refuse(context, name, "must be a book or the id of a position");
}

qs_status qs_also_find(qs_context *context, qs_arena *arena, const qs_book *book,
                       const qs_simulate_problem *p, const qs_simulate_problem **other) {
  if (isnan(p->spec->margin.collateral) || !p->spec->margin.also) {
    return QS_OK;
  }
  qs_simulate_problem *q = QS_NEW(arena, 1, qs_simulate_problem);
  qs_simulate_spec *spec = QS_NEW(arena, 1, qs_simulate_spec);
  if (!q || !spec) {
    return qs_fail_memory(context, "preparing a simulation");
  }
  strip(p->spec, spec);
  *q = *p;
  q->spec = spec;
  q->contract_count = q->along_count = q->instrument_count = 0;
  qs_status status = find_contracts(context, arena, book, p, q);
  if (status) {
    return status;
  }
  q->under = &p->market->underlyings[q->underlying];
  if (q->under->spec->local) {
    return refuse(context, spec->position, "the model of its underlying is local");
  }
  if (p->market->full) {
    return refuse(context, spec->position, "is not simulated beside correlations of variances");
  }
  *other = q;
  return QS_OK;
}

/* Of the normals. */
static double correlation_of(const qs_market *market, int a, int b) {
  const double rho_a = qs_pair_rho(&market->underlyings[a].model);
  const double rho_b = qs_pair_rho(&market->underlyings[b].model);
  const double given = market->correlation[(size_t)a * market->underlying_count + (size_t)b];
  double value[QS_PAIR_COUNT] = {given, NAN, NAN, NAN}, drawn[QS_DRAWN_COUNT];
  qs_pair_fill(rho_a, rho_b, value);
  qs_pair_draw(rho_a, rho_b, value, drawn);
  return fabs(drawn[QS_DRAWN_OWN]) <= most ? drawn[QS_DRAWN_OWN] : given;
}

qs_status qs_also_make(qs_context *context, qs_arena *arena, const qs_simulate_paths *paths, qs_also **also) {
  const qs_simulate_problem *p = paths->problem, *q = p->also;
  *also = NULL;
  if (!q) {
    return QS_OK;
  }
  qs_also *made = QS_NEW(arena, 1, qs_also);
  const size_t states = q->row_count * QS_SIMULATE_BLOCK, dated = q->date_count * QS_SIMULATE_BLOCK;
  if (made) {
    made->x = QS_NEW(arena, states, double);
    made->v = QS_NEW(arena, states, double);
    made->required = QS_NEW(arena, dated, double);
  }
  if (!made || !made->x || !made->v || !made->required) {
    return qs_fail_memory(context, "preparing a simulation");
  }
  const double r = correlation_of(p->market, p->underlying, q->underlying);
  qs_status status = qs_simulate_paths_beside(context, arena, paths, r, &made->paths);
  status = status ? status : qs_claim_make(context, arena, &made->paths, &made->claim);
  status = status ? status : qs_simulate_marks_make(context, arena, &made->paths, &made->marks);
  if (!status) {
    *also = made;
  }
  return status;
}

qs_status qs_also_run(qs_context *context, const qs_also *also, uint64_t begin, uint64_t count) {
  enum { CHUNK = 512 };
  const qs_simulate_problem *q = also->paths.problem;
  const qs_status status = qs_simulate_paths_run(context, &also->paths, begin, count, also->x, also->v);
  const long chunks = status ? 0 : (long)((count + CHUNK - 1) / CHUNK);
#pragma omp parallel for num_threads(context->threads) schedule(static)
  for (long c = 0; c < chunks; c++) {
    const uint64_t from = (uint64_t)c * CHUNK, some = count - from < CHUNK ? count - from : CHUNK;
    qs_simulate_marks_gain(q, &also->claim, also->marks, also->x + from, also->v + from, count, some,
                           also->required + from);
    for (size_t d = 0; d < q->date_count; d++) {
      for (uint64_t i = from; i < from + some; i++) {
        also->required[d * count + i] = -also->required[d * count + i];
      }
    }
  }
  return status;
}
