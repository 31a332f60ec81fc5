/* Returns from a price file, matched to the market. */
#include <math.h>
#include <string.h>

#include "host/market/time.h"
#include "host/risk/section.h"

static const double early = 0.95;     /* of the horizon: a row this much earlier starts a return */
static const double too_coarse = 1.5; /* times the horizon */

static bool held(const qs_book *book, size_t underlying) {
  for (size_t i = 0; i < book->count; i++) {
    if (book->contracts[i].underlying == (int)underlying) {
      return true;
    }
  }
  return false;
}

/* The file's column of an underlying; history_name_count when there is none. */
static size_t find_column(const qs_risk_spec *spec, const char *name) {
  size_t c = 0;
  while (c < spec->history_name_count && strcmp(spec->history_names[c], name) != 0) {
    c++;
  }
  return c;
}

static qs_status check_names(qs_context *context, const qs_risk_spec *spec, const qs_market *market,
                             const qs_book *book) {
  for (size_t c = 0; c < spec->history_name_count; c++) {
    const char *name = spec->history_names[c];
    if (qs_market_find(market, name) < 0) {
      return qs_fail(context, QS_ERROR_INPUT, "risk.history: %.64s is none of this run's underlyings", name);
    }
    if (find_column(spec, name) != c) {
      return qs_fail(context, QS_ERROR_INPUT, "risk.history: two columns are named %.64s", name);
    }
  }
  for (size_t u = 0; u < market->underlying_count; u++) {
    const char *name = market->underlyings[u].name;
    if (held(book, u) && find_column(spec, name) == spec->history_name_count) {
      return qs_fail(context, QS_ERROR_INPUT, "risk.history: no column for %s, which the book holds", name);
    }
  }
  return QS_OK;
}

qs_status qs_history_check(qs_context *context, const qs_risk_spec *spec, const qs_market *market,
                           const qs_book *book) {
  qs_status status = check_names(context, spec, market, book);
  if (status) {
    return status;
  }
  if (spec->history_count == 0) {
    return qs_fail(context, QS_ERROR_INPUT, "risk.history: empty; at least two rows are needed");
  }
  if (spec->history_window < 2) {
    return qs_fail(context, QS_ERROR_INPUT, "risk.history_window: %zu; must be at least 2",
                   spec->history_window);
  }
  for (size_t r = 0; r < spec->history_count; r++) {
    const qs_price_row *row = &spec->history[r];
    char date[QS_TIME_TEXT];
    qs_time_format(row->time, date);
    if (r > 0 && row->time <= row[-1].time) {
      return qs_fail(context, QS_ERROR_INPUT,
                     "risk.history: row %zu: %s; times must ascend and this is not after the row before",
                     r + 1, date);
    }
    for (size_t c = 0; c < spec->history_name_count; c++) {
      if (!(row->close[c] > 0 && isfinite(row->close[c]))) {
        return qs_fail(context, QS_ERROR_INPUT,
                       "risk.history: row %zu (%s): %s: %.10g; must be finite and greater than 0", r + 1,
                       date, spec->history_names[c], row->close[c]);
      }
    }
  }
  return QS_OK;
}

/* For every row the row that its return starts from, SIZE_MAX for none; how many have one, or 0 when most of
 * them span too much. */
static size_t pair_rows(const qs_risk_spec *spec, double seconds, size_t *start) {
  size_t next = 0, count = 0, long_spans = 0;
  for (size_t r = 0; r < spec->history_count; r++) {
    double latest = (double)spec->history[r].time - early * seconds;
    while ((double)spec->history[next].time <= latest) {
      next++;
    }
    start[r] = next == 0 ? SIZE_MAX : next - 1;
    if (next > 0) {
      count++;
      long_spans += (double)(spec->history[r].time - spec->history[next - 1].time) > too_coarse * seconds;
    }
  }
  return 2 * long_spans > count ? 0 : count;
}

qs_status qs_history_moves(qs_context *context, qs_arena *arena, const qs_risk_spec *spec,
                           const qs_market *market, const qs_book *book, double days, qs_moves *moves) {
  size_t *start = QS_NEW(arena, spec->history_count, size_t);
  if (!start) {
    return qs_fail_memory(context, "reading the price history");
  }
  size_t n = market->underlying_count, count = pair_rows(spec, days * QS_SECONDS_PER_DAY, start);
  double *log_move = QS_NEW(arena, count * n, double);
  if (!log_move) {
    return qs_fail_memory(context, "reading the price history");
  }
  for (size_t u = 0; u < n; u++) {
    size_t c = find_column(spec, market->underlyings[u].name);
    if (!held(book, u) || c == spec->history_name_count) {
      continue;
    }
    size_t made = 0;
    for (size_t r = 0; r < spec->history_count && made < count; r++) {
      if (start[r] != SIZE_MAX) {
        log_move[made++ * n + u] = log(spec->history[r].close[c] / spec->history[start[r]].close[c]);
      }
    }
  }
  qs_moves result = {count, n, log_move};
  *moves = result;
  return QS_OK;
}
