#include "host/simulate/failure.h"

#include <math.h>

#include "kernels/core/key.h"

struct qs_failures {
  const qs_simulate_problem *problem;
  const qs_simulate_venue *venues;
  uint32_t count;
  uint64_t key[QS_MAX_VENUES];
};

static const double unlimited = 1e300;

bool qs_failures_possible(const qs_simulate_spec *spec) {
  bool possible = false;
  for (size_t v = 0; v < spec->venue_count; v++) {
    possible = possible || spec->venues[v].hazard > 0 || !isnan(spec->venues[v].limit);
  }
  return possible;
}

qs_status qs_failures_make(qs_context *context, qs_arena *arena, const qs_simulate_problem *p,
                           const qs_failures **failures) {
  const qs_simulate_spec *spec = p->spec;
  *failures = NULL;
  if (!qs_failures_possible(spec)) {
    return QS_OK;
  }
  qs_failures *made = QS_NEW(arena, 1, qs_failures);
  if (!made) {
    return qs_fail_memory(context, "preparing venues");
  }
  *made = (qs_failures){.problem = p, .venues = spec->venues, .count = (uint32_t)spec->venue_count};
  for (uint32_t v = 0; v < made->count; v++) {
    made->key[v] = qs_key(p->simulation.seed, QS_PURPOSE_FAILURE, spec->venues[v].name);
  }
  *failures = made;
  return QS_OK;
}

qs_status qs_failures_rows(qs_context *context, qs_arena *arena, const qs_failures *f, uint64_t paths,
                           qs_failure_rows *rows) {
  const size_t dated = f->problem->date_count * (size_t)paths;
  const qs_failure_rows made = {.kept = QS_NEW(arena, dated, double),
                                .lost = QS_NEW(arena, dated, double),
                                .room = QS_NEW(arena, dated, double),
                                .closed = QS_NEW(arena, f->count * (size_t)paths, double),
                                .failed = QS_NEW(arena, paths, double)};
  if (!made.kept || !made.lost || !made.room || !made.closed || !made.failed) {
    return qs_fail_memory(context, "simulating venues");
  }
  *rows = made;
  return QS_OK;
}

/* The date from which on a venue is closed; date_count: none. */
static size_t closes(const qs_failures *f, uint32_t venue, uint64_t path) {
  const qs_simulate_problem *p = f->problem;
  const double hazard = f->venues[venue].hazard;
  const qs_words w =
      qs_philox(qs_counter(path, 0, 0, 0), (uint32_t)f->key[venue], (uint32_t)(f->key[venue] >> 32));
  const double years = hazard > 0 ? -log(qs_uniform_d(w.a, w.b)) / hazard : INFINITY;
  size_t date = 0;
  while (date < p->date_count && p->fill_years[date] < years) {
    date++;
  }
  return date;
}

/* One path, whose venues close at these dates. */
static void walk(const qs_failures *f, const size_t *closed, uint64_t stride, uint64_t at,
                 const qs_failure_rows *rows) {
  for (size_t d = 0; d < f->problem->date_count; d++) {
    double before = 0, after = 0, lost = 0, room = unlimited;
    for (uint32_t v = 0; v < f->count; v++) {
      const qs_simulate_venue *venue = &f->venues[v];
      before += closed[v] >= d ? venue->share : 0;
      after += closed[v] > d ? venue->share : 0;
      lost += closed[v] == d ? venue->share * venue->loss : 0;
    }
    for (uint32_t v = 0; v < f->count; v++) { /* what lies at each must be within its limit */
      const qs_simulate_venue *venue = &f->venues[v];
      const bool binds = closed[v] > d && venue->share > 0 && !isnan(venue->limit);
      room = binds ? fmin(room, venue->limit * (after / venue->share)) : room;
    }
    rows->kept[d * stride + at] = before > 0 ? after / before : 0;
    rows->lost[d * stride + at] = before > 0 ? lost / before : 0;
    rows->room[d * stride + at] = after > 0 ? room : 0;
  }
}

void qs_failures_run(const qs_failures *f, uint64_t begin, uint64_t stride, uint64_t from, uint64_t count,
                     const qs_failure_rows *rows) {
  for (uint64_t i = from; i < from + count; i++) {
    size_t closed[QS_MAX_VENUES];
    bool failed = false;
    for (uint32_t v = 0; v < f->count; v++) {
      closed[v] = closes(f, v, begin + i);
      rows->closed[v * stride + i] = (double)closed[v];
      failed = failed || closed[v] < f->problem->date_count;
    }
    rows->failed[i] = failed;
    walk(f, closed, stride, i, rows);
  }
}
