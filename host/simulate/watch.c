#include "host/simulate/watch.h"

#include <math.h>

#include "host/base/model.h"
#include "host/market/time.h"
#include "host/simulate/exercise.h"
#include "kernels/core/key.h"

static const double most_apart = 6 * 3600; /* seconds */
static const uint32_t dimension = 0xffff;  /* of the draws beside those of the paths */
static const double never = 1e-18;         /* a probability that no uniform is below */

/* One trade: logs of prices, the upper by row where `calls`. */
typedef struct level {
  double low, high;
  const double *calls;
  bool continuous, early;
  size_t along;
} level;

struct qs_watched {
  uint64_t key, before;
  double start_v;
  size_t count;
  level level[QS_MAX_WATCHED];
  const double *forward;       /* [1 + row]: ln F, the first at as_of */
  const double *years, *added; /* [row] of the interval that ends there */
  const qs_exercise *exercise;
  const uint64_t *looked; /* [row]: bits of those that are looked at there */
};

static bool is_watched(const qs_contract *contract) {
  return contract->path->type == QS_TRADE_BARRIER || contract->path->type == QS_TRADE_AUTOCALLABLE ||
         qs_exercise_possible(contract);
}

size_t qs_watched_rows(const qs_simulate_problem *p, qs_time *rows) {
  const bool jumps = qs_model_parameters(p->under->model.type) >> QS_LAMBDA & 1;
  qs_time last = 0;
  for (size_t c = 0; c < p->along_count; c++) {
    last = p->along[c].path->continuous && p->along[c].expiry > last ? p->along[c].expiry : last;
  }
  if (!last || !(jumps || qs_model_stochastic(&p->under->model))) {
    return 0;
  }
  const double whole = (double)(last - p->market->as_of);
  const double apart = fmax(most_apart, whole / QS_WATCH_ROWS);
  size_t count = 0;
  while (count < QS_WATCH_ROWS && (double)(count + 1) * apart < whole) {
    count++;
    rows[count - 1] = p->market->as_of + (qs_time)llround((double)count * apart);
  }
  return count;
}

const char *qs_watched_flaw(const qs_simulate_problem *p) {
  size_t count = 0;
  bool continuous = false;
  for (size_t c = 0; c < p->along_count; c++) {
    count += is_watched(&p->along[c]);
    continuous = continuous || p->along[c].path->continuous;
  }
  return count > QS_MAX_WATCHED ? "holds more than 64 barriers, notes and trades that may be exercised early"
         : continuous && p->spec->slices.count > 1 ? "what is watched at all times does not go with slices"
                                                   : NULL;
}

/* Adds one that may be exercised early. */
static void add_early(const qs_simulate_problem *p, size_t along, qs_watched *made, uint64_t *looked) {
  const uint64_t bit = UINT64_C(1) << made->count;
  made->level[made->count++] = (level){.early = true, .along = along};
  for (size_t row = 0; row < p->row_count; row++) {
    looked[row] |= qs_exercise_at(p->exercise, along, row) ? bit : 0;
  }
}

/* Adds a barrier or a note; false when memory is out. */
static bool add(qs_arena *arena, const qs_simulate_problem *p, size_t along, qs_watched *made,
                uint64_t *looked) {
  const qs_path_terms *terms = p->along[along].path;
  const uint64_t bit = UINT64_C(1) << made->count;
  const bool note = terms->type == QS_TRADE_AUTOCALLABLE;
  level *to = &made->level[made->count++];
  *to = (level){.low = note ? -INFINITY : log(terms->number[QS_TERM_LOWER]),
                .high = note ? INFINITY : log(terms->number[QS_TERM_UPPER]),
                .continuous = terms->continuous,
                .along = along};
  double *calls = note ? QS_NEW(arena, p->row_count, double) : NULL;
  made->before |= terms->knocked ? bit : 0;
  for (size_t k = 0; k < terms->count && (!note || calls); k++) {
    const size_t row = qs_simulate_row(p, terms->dates[k]);
    const double spot = p->under->spot;
    const bool outside =
        !note && (spot <= terms->number[QS_TERM_LOWER] || spot >= terms->number[QS_TERM_UPPER]);
    if (terms->dates[k] > terms->as_of) {
      looked[row] |= bit;
    } else if (terms->dates[k] == terms->as_of && outside) {
      made->before |= bit;
    }
    if (note) {
      calls[row] = log(terms->calls[k]);
    }
  }
  for (size_t row = 0; terms->continuous && p->rows[row] < p->along[along].expiry; row++) {
    looked[row] |= bit;
  }
  to->calls = calls;
  return !note || calls;
}

qs_status qs_watched_make(qs_context *context, qs_arena *arena, const qs_simulate_problem *p,
                          const qs_watched **watched) {
  *watched = NULL;
  bool any = false;
  for (size_t c = 0; c < p->along_count; c++) {
    any = any || is_watched(&p->along[c]);
  }
  if (!any) {
    return QS_OK;
  }
  qs_watched *made = QS_NEW(arena, 1, qs_watched);
  double *numbers = QS_NEW(arena, 3 * p->row_count + 1, double);
  uint64_t *looked = QS_NEW(arena, p->row_count, uint64_t);
  bool whole = made && numbers && looked;
  for (size_t c = 0; whole && c < p->along_count; c++) {
    if (qs_exercise_possible(&p->along[c])) {
      add_early(p, c, made, looked);
    } else if (is_watched(&p->along[c])) {
      whole = add(arena, p, c, made, looked);
    }
  }
  if (!whole) {
    return qs_fail_memory(context, "watching barriers");
  }
  const qs_model *model = &p->under->model;
  made->key = qs_key(p->simulation.seed, QS_PURPOSE_SIMULATE, p->under->name);
  made->start_v = qs_model_stochastic(model) ? model->value[QS_V0] : pow(model->value[QS_SIGMA], 2);
  double *forward = numbers, *years = numbers + p->row_count + 1, *added = years + p->row_count;
  forward[0] = log(qs_curve_forward(&p->under->curve, 0));
  for (size_t r = 0; r < p->row_count; r++) {
    forward[r + 1] = log(qs_curve_forward(&p->under->curve, p->row_years[r]));
    years[r] = p->row_years[r] - (r ? p->row_years[r - 1] : 0);
    added[r] = qs_shift_added(&p->under->shift, r ? p->rows[r - 1] : p->market->as_of, p->rows[r]);
  }
  made->exercise = p->exercise;
  made->looked = looked;
  made->forward = forward;
  made->years = years;
  made->added = added;
  *watched = made;
  return QS_OK;
}

size_t qs_watched_count(const qs_watched *watched) {
  return watched ? watched->count : 0;
}

uint64_t qs_watched_before(const qs_watched *watched) {
  return watched ? watched->before : 0;
}

uint64_t qs_watched_bit(const qs_watched *watched, size_t along) {
  uint64_t bit = 0;
  for (size_t k = 0; k < qs_watched_count(watched); k++) {
    bit = watched->level[k].along == along ? UINT64_C(1) << k : bit;
  }
  return bit;
}

/* How likely the level at the distances a and b, above 0 on the way to it, is touched. */
static double touch(double a, double b, double variance) {
  return a <= 0 || b <= 0 ? 1 : variance > 0 ? exp(-2 * a * b / variance) : 0;
}

uint64_t qs_watched_touched(const qs_watched *w, uint64_t path, size_t row, const double *x, const double *v,
                            uint64_t stride) {
  const bool first = row == 0;
  const double from_v = first ? w->start_v : v[(row - 1) * stride], v_now = v[row * stride];
  const double from = w->forward[row] + (first ? 0 : x[(row - 1) * stride]);
  const double now = w->forward[row + 1] + x[row * stride];
  const double variance = 0.5 * (from_v + v_now) * w->years[row] + w->added[row];
  double up = NAN, down = NAN;
  uint64_t bits = 0;
  for (size_t k = 0; k < w->count; k++) {
    const level *at = &w->level[k];
    if (!(w->looked[row] >> k & 1)) {
      continue;
    }
    if (at->early) {
      const bool due = qs_exercise_due(w->exercise, at->along, row, x[row * stride], v_now);
      bits |= due ? UINT64_C(1) << k : 0;
      continue;
    }
    const double high = at->calls ? at->calls[row] : at->high;
    bool touched = now >= high || now <= at->low;
    const double above = at->continuous ? touch(high - from, high - now, variance) : 0;
    const double below = at->continuous ? touch(from - at->low, now - at->low, variance) : 0;
    if (isnan(up) && (above > never || below > never)) {
      const qs_words u = qs_philox(qs_counter(path, dimension, (uint32_t)row, 0), (uint32_t)w->key,
                                   (uint32_t)(w->key >> 32));
      up = qs_uniform_d(u.a, u.b);
      down = qs_uniform_d(u.c, u.d);
    }
    touched = touched || up < above || down < below;
    bits |= touched ? UINT64_C(1) << k : 0;
  }
  return bits;
}
