#include "host/script/meant.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/market/time.h"
#include "host/script/script.h"

enum { MOST_UNDERLYINGS = 16 };

bool qs_trade_on_several(qs_trade_type type) {
  return type >= QS_TRADE_BASKET && type <= QS_TRADE_WORST_OF;
}

/* ---- the average at settlement ---- */

static qs_status meant_average(const qs_trade_spec *trade, qs_time as_of, qs_meant *meant, qs_flaw *flaw) {
  static const char key[] = "settlement_average";
  const qs_settlement_average *average = &trade->path.settlement_average;
  uint64_t apart = average->every_seconds, whole = average->minutes * 60;
  if (average->minutes > QS_MAX_SETTLEMENT_MINUTES || apart < 1 || whole % apart) {
    return qs_flaw_set(
        flaw, key, "%llu minutes every %llu seconds; must be whole parts of at most %d minutes",
        (unsigned long long)average->minutes, (unsigned long long)apart, QS_MAX_SETTLEMENT_MINUTES);
  }
  if (whole / apart > QS_MAX_FIXINGS) {
    return qs_flaw_set(flaw, key, "%llu prices; must be at most %d", (unsigned long long)(whole / apart),
                       QS_MAX_FIXINGS);
  }
  qs_time expiry = qs_trade_expiry(trade, as_of);
  qs_path_spec *path = &meant->trade.path;
  meant->trade.type = QS_TRADE_ASIAN;
  path->fixings = NULL;
  path->fixing_count = 0;
  path->floating = false;
  path->average = QS_AVERAGE_ARITHMETIC;
  path->rule = (qs_fixing_rule){
      .seconds = (uint32_t)apart, .from = expiry - (qs_time)whole, .to = expiry, .skip_first = true};
  return QS_OK;
}

/* ---- formulas ---- */

/* A formula's text, and the constants and dates it names. */
typedef struct writer {
  qs_arena *arena;
  char *text; /* [QS_SCRIPT_MAX_TEXT + 1] */
  size_t size;
  qs_constant_spec *constants;
  size_t constant_count;
  qs_schedule_spec *schedules;
  size_t schedule_count;
  bool failed, too_long; /* memory is out; the text is */
} writer;

static void put(writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(writer *w, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  size_t room = QS_SCRIPT_MAX_TEXT + 1 - w->size;
  int size = w->failed ? -1 : vsnprintf(w->text + w->size, room, format, arguments);
  va_end(arguments);
  w->too_long = w->too_long || (size > 0 && (size_t)size >= room);
  w->failed = w->failed || w->too_long || size < 0;
  w->size += w->failed ? 0 : (size_t)size;
}

static const char *put_name(writer *w, const char *prefix, size_t number) {
  const char *name = qs_arena_printf(w->arena, "%s%zu", prefix, number);
  w->failed = w->failed || !name;
  return name;
}

static void put_constant(writer *w, const char *prefix, size_t number, double value) {
  w->constants[w->constant_count++] = (qs_constant_spec){put_name(w, prefix, number), value};
}

static bool make_writer(qs_arena *arena, size_t constants, size_t dates, writer *w) {
  *w = (writer){.arena = arena,
                .text = QS_NEW(arena, QS_SCRIPT_MAX_TEXT + 1, char),
                .constants = QS_NEW(arena, constants, qs_constant_spec),
                .schedules = QS_NEW(arena, dates, qs_schedule_spec)};
  return w->text && w->constants && w->schedules;
}

/* Makes the trade the script that was written, of underlyings named u1, u2 .. in it. */
static qs_status finish(const writer *w, qs_meant *meant) {
  static const char *const names[MOST_UNDERLYINGS] = {"u1", "u2",  "u3",  "u4",  "u5",  "u6",  "u7",  "u8",
                                                      "u9", "u10", "u11", "u12", "u13", "u14", "u15", "u16"};
  meant->trade.type = QS_TRADE_SCRIPT;
  meant->trade.script = (qs_script_spec){.payoff = w->text,
                                         .constants = w->constants,
                                         .constant_count = w->constant_count,
                                         .schedules = w->schedules,
                                         .schedule_count = w->schedule_count};
  meant->names = names;
  return w->failed ? QS_ERROR_MEMORY : QS_OK;
}

/* What the price of underlying a is multiplied with. */
static double factor_of(const qs_path_spec *path, size_t a) {
  double weight = path->weight_count ? path->weights[a] : 1;
  return path->initial_count ? weight / path->initial[a] : weight;
}

static qs_status check_list(const char *key, const double *list, size_t count, size_t wanted, bool positive,
                            qs_flaw *flaw) {
  if (count && count != wanted) {
    return qs_flaw_set(flaw, key, "%zu numbers for %zu underlyings; must be one for each", count, wanted);
  }
  for (size_t i = 0; i < count; i++) {
    if (!isfinite(list[i]) || (positive && !(list[i] > 0))) {
      return qs_flaw_set(flaw, key, "number %zu is %.10g; must be finite%s", i + 1, list[i],
                         positive ? " and greater than 0" : "");
    }
  }
  return QS_OK;
}

static qs_status check_several(const qs_trade_spec *trade, qs_flaw *flaw) {
  const qs_path_spec *path = &trade->path;
  bool two = trade->type == QS_TRADE_SPREAD || trade->type == QS_TRADE_EXCHANGE;
  size_t count = trade->underlying_count;
  if (count < 2 || count > MOST_UNDERLYINGS || (two && count != 2)) {
    return two ? qs_flaw_set(flaw, "underlyings", "%zu; must be 2", count)
               : qs_flaw_set(flaw, "underlyings", "%zu; must be 2 to %d", count, MOST_UNDERLYINGS);
  }
  qs_status status = check_list("weights", path->weights, path->weight_count, count, false, flaw);
  return status ? status : check_list("initial", path->initial, path->initial_count, count, true, flaw);
}

/* The sum, the difference, the greatest or the least of the underlyings at T. */
static void put_level(writer *w, const qs_trade_spec *trade) {
  bool extreme = trade->type == QS_TRADE_BEST_OF || trade->type == QS_TRADE_WORST_OF;
  bool difference = trade->type == QS_TRADE_SPREAD || trade->type == QS_TRADE_EXCHANGE;
  const char *between = extreme ? ", " : difference ? " - " : " + ";
  put(w, "%s", trade->type == QS_TRADE_BEST_OF ? "max(" : trade->type == QS_TRADE_WORST_OF ? "min(" : "(");
  for (size_t a = 0; a < trade->underlying_count; a++) {
    put_constant(w, "w", a + 1, factor_of(&trade->path, a));
    put(w, "%sw%zu * u%zu[T]", a ? between : "", a + 1, a + 1);
  }
  put(w, ")");
}

static qs_status meant_option(qs_arena *arena, const qs_trade_spec *trade, qs_meant *meant, qs_flaw *flaw) {
  writer w;
  qs_status status = check_several(trade, flaw);
  if (status || !make_writer(arena, trade->underlying_count + 1, 1, &w)) {
    return status ? status : QS_ERROR_MEMORY;
  }
  bool put_option = trade->call_put == QS_PUT && trade->type != QS_TRADE_EXCHANGE;
  put(&w, put_option ? "max(K0 - " : "max(");
  put_level(&w, trade);
  if (trade->type == QS_TRADE_EXCHANGE) {
    put(&w, ", 0)");
  } else {
    put_constant(&w, "K", 0, trade->strike);
    put(&w, put_option ? ", 0)" : " - K0, 0)");
  }
  return finish(&w, meant);
}

/* ---- autocallables on several ---- */

/* 1 where the worst performance at date i, p<i>, is at least the constant `level`, else 0. */
static void put_reached(writer *w, const char *name, size_t i, const char *level, size_t number) {
  put(w, "%s%zu = if(p%zu >= %s%zu, 1, 0, h0); ", name, i, i, level, number);
}

/* What date i names: its performance, whether it is called and pays its coupon, what is owed and whether it
 * was below the knock-in's level so far. */
static void put_date(writer *w, const qs_trade_spec *trade, size_t i, bool last) {
  put(w, "p%zu = min(", i);
  for (size_t a = 1; a <= trade->underlying_count; a++) {
    put(w, "%sw%zu * u%zu[d%zu]", a > 1 ? ", " : "", a, a, i);
  }
  put(w, "); ");
  put_reached(w, "c", i, "A", i);
  put_reached(w, "q", i, "B", 0);
  if (i == 1) {
    put(w, "o1 = 1; m1 = p1; a1 = 1; ");
    return;
  }
  put(w, "a%zu = a%zu * (1 - c%zu); ", i, i - 1, i - 1);
  if (trade->path.memory) {
    put(w, "o%zu = 1 + o%zu * (1 - q%zu); ", i, i - 1, i - 1);
  } else {
    put(w, "o%zu = 1; ", i);
  }
  bool watched = trade->path.knock_in_at == QS_KNOCK_IN_AT_FIXINGS;
  if (watched) {
    put(w, "m%zu = min(m%zu, p%zu); ", i, i - 1, i);
  } else if (last) {
    put(w, "m%zu = p%zu; ", i, i);
  }
}

/* Its payment while it is alive, discounted from its own date. */
static void put_payment(writer *w, const qs_trade_spec *trade, size_t i, bool last) {
  put(w, "D%zu * a%zu * (N0 * q%zu * o%zu + ", i, i, i, i);
  if (!last) {
    put(w, "R0 * c%zu) + ", i);
  } else if (isnan(trade->path.knock_in)) {
    put(w, "R0)");
  } else {
    put(w, "R0 - (1 - c%zu) * if(m%zu < I0, 1, 0, h0) * max(R0 - p%zu, 0))", i, i, i);
  }
}

/* A condition without a width where there is none. */
static void drop_widths(char *text) {
  static const char width[] = ", h0)";
  for (char *at = strstr(text, width); at; at = strstr(at, width)) {
    memmove(at, at + sizeof width - 2, strlen(at + sizeof width - 2) + 1);
  }
}

static void put_note(writer *w, const qs_trade_spec *trade, qs_time as_of, double rate,
                     const qs_fixings *fixings) {
  const qs_path_spec *path = &trade->path;
  size_t n = fixings->count;
  for (size_t a = 0; a < trade->underlying_count; a++) {
    put_constant(w, "w", a + 1, 1 / path->initial[a]);
  }
  put_constant(w, "N", 0, path->coupon);
  put_constant(w, "B", 0, path->coupon_barrier);
  put_constant(w, "R", 0, path->redemption);
  put_constant(w, "I", 0, isnan(path->knock_in) ? 0 : path->knock_in);
  put_constant(w, "h", 0, path->smoothing);
  for (size_t i = 1; i <= n; i++) {
    qs_time *date = QS_NEW(w->arena, 1, qs_time);
    w->failed = w->failed || !date;
    if (date) {
      *date = fixings->dates[i - 1];
    }
    w->schedules[w->schedule_count++] =
        (qs_schedule_spec){.name = put_name(w, "d", i), .dates = date, .date_count = 1, .single = true};
    put_constant(w, "A", i, path->autocall[path->autocall_count > 1 ? i - 1 : 0]);
    put_constant(w, "D", i, exp(rate * qs_time_years(fixings->dates[i - 1], fixings->dates[n - 1])));
    put_date(w, trade, i, i == n);
  }
  for (size_t i = 1; i <= n; i++) {
    if (fixings->dates[i - 1] >= as_of) { /* what was paid before is no part of the value */
      put_payment(w, trade, i, i == n);
    }
  }
  if (!(path->smoothing > 0)) {
    drop_widths(w->text);
  }
}

static qs_status meant_note(qs_arena *arena, const qs_trade_spec *trade, qs_time as_of, double rate,
                            qs_meant *meant, qs_flaw *flaw) {
  if (trade->underlying_count == 1) {
    meant->trade.underlying = trade->underlyings[0];
    meant->trade.underlying_count = 0;
    return QS_OK;
  }
  qs_fixings fixings;
  qs_status status = qs_fixings_make(arena, trade, as_of, &fixings, flaw);
  if (!status && fixings.count > QS_MAX_NOTE_FIXINGS) {
    status = qs_flaw_set(flaw, "fixings",
                         "%zu dates; must be at most %d for an autocallable on several underlyings",
                         fixings.count, QS_MAX_NOTE_FIXINGS);
  }
  writer w;
  if (status || !make_writer(arena, trade->underlying_count + 5 + 2 * fixings.count, fixings.count, &w)) {
    return status ? status : QS_ERROR_MEMORY;
  }
  put_note(&w, trade, as_of, rate, &fixings);
  if (w.too_long) {
    return qs_flaw_set(flaw, "fixings", "%zu dates of %zu underlyings make a formula of more than %d bytes",
                       fixings.count, trade->underlying_count, QS_SCRIPT_MAX_TEXT);
  }
  return finish(&w, meant);
}

qs_status qs_trade_meant(qs_arena *arena, const qs_trade_spec *trade, qs_time as_of, double rate,
                         qs_meant *meant, qs_flaw *flaw) {
  *meant = (qs_meant){*trade, NULL};
  if (trade->type == QS_TRADE_EUROPEAN && trade->path.settlement_average.minutes) {
    return meant_average(trade, as_of, meant, flaw);
  }
  if (qs_trade_on_several(trade->type)) {
    return meant_option(arena, trade, meant, flaw);
  }
  return trade->type == QS_TRADE_AUTOCALLABLE && trade->underlying_count
             ? meant_note(arena, trade, as_of, rate, meant, flaw)
             : QS_OK;
}
