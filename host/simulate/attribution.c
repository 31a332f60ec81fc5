#include "host/simulate/attribution.h"

#include <math.h>
#include <string.h>

#include "host/base/model.h"
#include "host/engine/greek_table.h"
#include "host/market/time.h"
#include "host/policy/affine.h"

enum { TILE = 128 }; /* paths whose Greeks are looked up together */

/* One step. The rest of the position, what is no option, gains time_a + time_b e^x in time and has the slope
 * b e^x. */
typedef struct step {
  bool first; /* from as_of, where there is no row */
  size_t from, to;
  double years, growth; /* of the forward */
  double time_a, time_b, b;
  double square_a, square_b; /* E[e^(2 (x' - x))] = exp(square_a + square_b v) */
  const qs_greek_table *tables;
  size_t table_count;
} step;

struct qs_attribution {
  double v0;
  const step *steps;
  size_t count;
};

static bool lives_on(const qs_contract *contract, qs_time time) {
  return contract->expiry == 0 || contract->expiry > time;
}

/* Whether a row is a date or an expiry, and not a fill alone. */
static bool counts(const qs_simulate_problem *p, size_t row) {
  bool found = false;
  for (size_t d = 0; d < p->date_count; d++) {
    found = found || p->date_row[d] == row;
  }
  for (size_t i = 0; i < p->contract_count; i++) {
    found = found || p->contracts[i].expiry == p->rows[row];
  }
  return found;
}

static qs_time begins(const qs_simulate_problem *p, const step *s) {
  return s->first ? p->market->as_of : p->rows[s->from];
}

static qs_status add_table(qs_context *context, qs_arena *arena, const qs_simulate_problem *p, const step *s,
                           qs_time expiry, const qs_state_range *range, qs_greek_table *table) {
  const qs_time begin = begins(p, s), end = p->rows[s->to];
  const qs_surface_law law = {&p->under->model, qs_time_years(begin, expiry),
                              qs_shift_added(&p->under->shift, begin, expiry)};
  const double ended = end < expiry ? qs_shift_added(&p->under->shift, end, expiry) : 0;
  const qs_greek_step lapse = {s->years, law.added - ended, 1 / s->growth - 1};
  qs_greek_option *options = QS_NEW(arena, p->contract_count, qs_greek_option);
  if (!options) {
    return qs_fail_memory(context, "tabulating Greeks");
  }
  const double earned = exp((p->under->coin_rate - p->under->discount_rate) * s->years);
  size_t count = 0;
  for (size_t i = 0; i < p->contract_count; i++) {
    const qs_contract *c = &p->contracts[i];
    if (c->kind == QS_CONTRACT_OPTION && c->expiry == expiry) {
      options[count].option = qs_claim_option_at(p, c, begin);
      options[count++].growth = c->settlement == QS_SETTLE_COIN ? earned * s->growth - 1 : 0;
    }
  }
  return qs_greek_table_make(context, arena, &law, range, &lapse, options, count, table);
}

static void add_plain(const qs_simulate_problem *p, const qs_contract *c, step *s) {
  const double begin = s->first ? 0 : p->row_years[s->from], end = p->row_years[s->to];
  const double now = c->quantity * qs_simulate_discount(p, begin);
  const double then = c->quantity * qs_simulate_discount(p, end);
  double a, b, later_a, later_b;
  qs_claim_plain(p, c, begin, &a, &b);
  qs_claim_plain(p, c, end, &later_a, &later_b);
  s->time_a += then * later_a - now * a;
  s->time_b += then * later_b / s->growth - now * b;
  s->b += now * b;
}

static qs_status make_step(qs_context *context, qs_arena *arena, const qs_simulate_problem *p,
                           const qs_state_range *range, step *s) {
  const qs_time begin = begins(p, s), end = p->rows[s->to];
  const double from = s->first ? 0 : p->row_years[s->from];
  s->years = p->row_years[s->to] - from;
  s->growth =
      qs_curve_forward(&p->under->curve, p->row_years[s->to]) / qs_curve_forward(&p->under->curve, from);
  const qs_affine square =
      qs_affine_step(&p->under->model, s->years, qs_shift_added(&p->under->shift, begin, end), 2, 0, 0, 0);
  s->square_a = square.a_re;
  s->square_b = square.b_re;
  qs_greek_table *tables = QS_NEW(arena, p->contract_count, qs_greek_table);
  qs_status status = tables ? QS_OK : qs_fail_memory(context, "tabulating Greeks");
  for (size_t i = 0; !status && i < p->contract_count; i++) {
    const qs_contract *c = &p->contracts[i];
    if (c->kind == QS_CONTRACT_OPTION && lives_on(c, begin)) {
      bool made = false;
      for (size_t k = 0; k < i; k++) {
        made = made || (p->contracts[k].kind == QS_CONTRACT_OPTION && p->contracts[k].expiry == c->expiry);
      }
      status = made ? QS_OK : add_table(context, arena, p, s, c->expiry, range, &tables[s->table_count++]);
    } else if (c->kind != QS_CONTRACT_OPTION && lives_on(c, begin)) {
      add_plain(p, c, s);
    }
  }
  s->tables = tables;
  return status;
}

qs_status qs_attribution_make(qs_context *context, qs_arena *arena, const qs_simulate_paths *paths,
                              const qs_attribution **attribution) {
  const qs_simulate_problem *p = paths->problem;
  const qs_model *model = &p->under->model;
  qs_attribution *made = QS_NEW(arena, 1, qs_attribution);
  step *steps = QS_NEW(arena, p->row_count, step);
  qs_state_range *ranges = QS_NEW(arena, p->row_count, qs_state_range);
  if (!made || !steps || !ranges) {
    return qs_fail_memory(context, "tabulating Greeks");
  }
  const double v0 =
      qs_model_stochastic(model) ? model->value[QS_V0] : model->value[QS_SIGMA] * model->value[QS_SIGMA];
  const qs_state_range start = {0, 0, v0, v0};
  qs_status status = qs_simulate_paths_ranges(context, paths, ranges);
  bool first = !p->now;
  for (size_t row = p->now ? 1 : 0, from = 0; !status && row < p->row_count; row++) {
    if (counts(p, row)) {
      step *s = &steps[made->count++];
      *s = (step){.first = first, .from = from, .to = row};
      status = make_step(context, arena, p, first ? &start : &ranges[from], s);
      from = row;
      first = false;
    }
  }
  made->v0 = v0;
  made->steps = steps;
  if (!status) {
    *attribution = made;
  }
  return status;
}

/* Adds what one step gains on `count` <= TILE paths to the parts. */
static void run_step(const qs_attribution *a, const step *s, const double *x, const double *v,
                     uint64_t stride, uint64_t count, double *parts) {
  double greeks[TILE][QS_STEP_GREEKS] = {{0}}, one[QS_STEP_GREEKS];
  const double *from_x = x + s->from * stride, *from_v = v + s->from * stride;
  for (size_t t = 0; t < s->table_count; t++) {
    for (uint64_t i = 0; i < count; i++) {
      qs_greek_table_at(&s->tables[t], s->first ? 0 : from_x[i], s->first ? a->v0 : from_v[i], one);
      for (int q = 0; q < QS_STEP_GREEKS; q++) {
        greeks[i][q] += one[q];
      }
    }
  }
  for (uint64_t i = 0; i < count; i++) {
    const double at = s->first ? 0 : from_x[i], variance = s->first ? a->v0 : from_v[i], e = exp(at);
    const double over = expm1(x[s->to * stride + i] - at), moved = s->growth * over + (s->growth - 1);
    const double gamma = 0.5 * e * greeks[i][QS_STEP_GAMMA];
    parts[QS_ATTRIBUTION_THETA * stride + i] += s->time_a + e * (greeks[i][QS_STEP_THETA] + s->time_b);
    parts[QS_ATTRIBUTION_DELTA * stride + i] += e * (greeks[i][QS_STEP_DELTA] + s->b) * moved;
    parts[QS_ATTRIBUTION_GAMMA * stride + i] += gamma * moved * moved;
    parts[QS_ATTRIBUTION_VEGA * stride + i] +=
        e * greeks[i][QS_STEP_VEGA] * (v[s->to * stride + i] - variance);
    parts[QS_ATTRIBUTION_PREMIUM * stride + i] +=
        gamma * (over * over - expm1(s->square_a + s->square_b * variance));
  }
}

void qs_attribution_run(const qs_attribution *a, const double *x, const double *v, const double *gain,
                        uint64_t stride, uint64_t count, double *parts) {
  for (int q = 0; q < QS_ATTRIBUTION_PARTS; q++) {
    memset(parts + (uint64_t)q * stride, 0, count * sizeof *parts);
  }
  for (size_t n = 0; n < a->count; n++) {
    for (uint64_t from = 0; from < count; from += TILE) {
      const uint64_t some = count - from < TILE ? count - from : TILE;
      run_step(a, &a->steps[n], x + from, v + from, stride, some, parts + from);
    }
  }
  for (uint64_t i = 0; i < count; i++) {
    parts[QS_ATTRIBUTION_RESIDUAL * stride + i] =
        gain[i] - (parts[QS_ATTRIBUTION_THETA * stride + i] + parts[QS_ATTRIBUTION_DELTA * stride + i] +
                   parts[QS_ATTRIBUTION_GAMMA * stride + i] + parts[QS_ATTRIBUTION_VEGA * stride + i]);
  }
}
