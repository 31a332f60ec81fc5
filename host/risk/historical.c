/* Historical simulation and its backtest. */
#include <math.h>
#include <string.h>

#include "host/risk/section.h"

void qs_risk_kupiec(size_t violations, size_t observations, double level, double *statistic,
                    double *p_value) {
  double x = (double)violations, rest = (double)(observations - violations), n = (double)observations;
  double p = 1 - level;
  /* Kupiec (1995), equation 7; 0 ln 0 is 0. */
  double hit = x > 0 ? x * log(x / (n * p)) : 0;
  double miss = rest > 0 ? rest * log(rest / (n * level)) : 0;
  double ratio = fmax(2 * (hit + miss), 0);
  *statistic = ratio;
  *p_value = erfc(sqrt(ratio / 2));
}

/* A window of losses in ascending order that moves along a series. */
typedef struct window {
  double *sorted;
  size_t count;
} window;

/* First place of a value that is not below `loss`. */
static size_t place_of(const window *w, double loss) {
  size_t low = 0, high = w->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (w->sorted[middle] < loss) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

static void insert(window *w, double loss) {
  size_t at = place_of(w, loss);
  memmove(w->sorted + at + 1, w->sorted + at, (w->count - at) * sizeof *w->sorted);
  w->sorted[at] = loss;
  w->count++;
}

static void discard(window *w, double loss) {
  size_t at = place_of(w, loss);
  w->count--;
  memmove(w->sorted + at, w->sorted + at + 1, (w->count - at) * sizeof *w->sorted);
}

/* Violations of the VaR that the `form` days before each day give. pnl [days]. `room` holds form + 1 values.
 */
static void backtest(const double *pnl, size_t days, size_t form, double *room, qs_historical_level *levels,
                     size_t level_count) {
  window w = {room, 0};
  for (size_t t = 0; t < days; t++) {
    for (size_t l = 0; t >= form && l < level_count; l++) {
      levels[l].observations++;
      levels[l].violations += -pnl[t] > w.sorted[qs_risk_rank(form, levels[l].level) - 1];
    }
    insert(&w, -pnl[t]);
    if (t >= form) {
      discard(&w, -pnl[t - form]);
    }
  }
  for (size_t l = 0; l < level_count; l++) {
    if (levels[l].observations > 0) {
      qs_risk_kupiec(levels[l].violations, levels[l].observations, levels[l].level,
                     &levels[l].kupiec_statistic, &levels[l].kupiec_p_value);
    }
  }
}

typedef struct simulation {
  qs_context *context;
  qs_arena *arena, *scratch;
  const qs_risk_spec *spec;
  const qs_market *market;
  const qs_book *book;
  qs_risk_result *result;
} simulation;

/* The book's P&L under every return over `days` of the file. */
static qs_status past_pnl(const simulation *s, double days, size_t *count, double **pnl) {
  qs_moves moves;
  bool precise = true;
  qs_status status = qs_history_moves(s->context, s->scratch, s->spec, s->market, s->book, days, &moves);
  if (status) {
    return status;
  }
  double *made = QS_NEW(s->scratch, moves.count, double);
  if (!made) {
    return qs_fail_memory(s->context, "simulating past moves");
  }
  status = qs_history_pnl(s->context, s->market, s->book, &moves, made, &precise);
  if (!status && (!precise || !qs_risk_finite(made, moves.count))) {
    status = qs_risk_distrust(s->context, s->arena, s->result,
                              "historical simulation: some price missed its tolerance");
  }
  *count = moves.count;
  *pnl = made;
  return status;
}

/* VaR and shortfall from the last `count` returns over the horizon. */
static qs_status measure(const simulation *s, const double *pnl, size_t count, qs_historical_level *levels) {
  double *losses = QS_NEW(s->scratch, count, double);
  if (!losses) {
    return qs_fail_memory(s->context, "simulating past moves");
  }
  for (size_t i = 0; i < count; i++) {
    losses[i] = -pnl[i];
  }
  qs_risk_sort_tail(losses, count, 0);
  qs_status status = QS_OK;
  for (size_t l = 0; !status && l < s->spec->level_count; l++) {
    qs_risk_level tail;
    status = qs_risk_tail(losses, count, s->spec->levels[l], &tail);
    levels[l].level = tail.level;
    levels[l].var = tail.var;
    levels[l].expected_shortfall = tail.expected_shortfall;
    levels[l].kupiec_statistic = NAN;
    levels[l].kupiec_p_value = NAN;
  }
  return status;
}

static qs_status test_levels(const simulation *s, const double *pnl, size_t days,
                             qs_historical_level *levels) {
  size_t form = s->spec->history_window < days / 2 ? s->spec->history_window : days / 2;
  if (form == 0) {
    return QS_OK;
  }
  double *room = QS_NEW(s->scratch, form + 1, double);
  if (!room) {
    return qs_fail_memory(s->context, "testing past VaR");
  }
  backtest(pnl, days, form, room, levels, s->spec->level_count);
  return QS_OK;
}

static qs_status run(const simulation *s) {
  double *pnl = NULL, horizon = s->result->horizon_days;
  size_t count = 0, wanted = s->spec->history_window;
  qs_status status = past_pnl(s, horizon, &count, &pnl);
  if (!status && count < wanted) {
    status = qs_risk_distrust(s->context, s->arena, s->result,
                              "the price history has %zu returns over %g days of the %zu that history_window "
                              "asks for",
                              count, horizon, wanted);
  }
  if (status || count < 2) {
    return status;
  }
  qs_historical_level *levels = QS_NEW(s->arena, s->spec->level_count, qs_historical_level);
  if (!levels) {
    return qs_fail_memory(s->context, "simulating past moves");
  }
  size_t used = count < wanted ? count : wanted;
  status = measure(s, pnl + (count - used), used, levels);
  double *daily = pnl;
  size_t days = count;
  if (!status && horizon != 1) {
    status = past_pnl(s, 1, &days, &daily);
  }
  if (!status) {
    status = test_levels(s, daily, days, levels);
  }
  if (!status) {
    s->result->historical = levels;
    s->result->historical_count = s->spec->level_count;
  }
  return status;
}

qs_status qs_risk_historical(qs_context *context, qs_arena *arena, const qs_inputs *inputs,
                             const qs_market *market, const qs_book *book, qs_risk_result *result) {
  const qs_risk_spec *spec = &inputs->risk;
  if (spec->history_count == 0 && spec->history_name_count == 0) {
    return QS_OK;
  }
  qs_status status = qs_history_check(context, spec, market, book);
  if (status) {
    return status;
  }
  qs_arena *scratch = qs_arena_create(context);
  if (!scratch) {
    return qs_fail_memory(context, "simulating past moves");
  }
  simulation s = {context, arena, scratch, spec, market, book, result};
  s.result->horizon_days = inputs->risk.horizon_days;
  status = run(&s);
  qs_arena_destroy(scratch);
  return status;
}
