#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/market/build.h"
#include "host/market/names.h"
#include "host/market/time.h"

enum { ROW_TEXT = 480 };

/* A row as it is read: its parsed name beside it. */
typedef struct row {
  const qs_quote *quote;
  qs_listed_name name;
} row;

/* Where messages point to. */
typedef struct source {
  qs_context *context;
  const char *place;
  const qs_underlying_spec *spec;
} source;

double qs_quote_bid(const qs_quote *quote) {
  return quote->bid > 0 ? quote->bid : NAN;
}

double qs_quote_ask(const qs_quote *quote) {
  return quote->ask > 0 ? quote->ask : NAN;
}

double qs_quote_mid(const qs_quote *quote) {
  return 0.5 * (qs_quote_bid(quote) + qs_quote_ask(quote));
}

static double quote_mark(const qs_quote *quote) {
  return quote->mark > 0 ? quote->mark : NAN;
}

static double first_number(double a, double b) {
  return isnan(a) ? b : a;
}

/* Fails with "underlyings[0] (BTC): quotes row 17 (btc.csv:18): ..." */
__attribute__((format(printf, 3, 4))) static qs_status fail_row(const source *from, const qs_quote *quote,
                                                                const char *format, ...) {
  char text[ROW_TEXT];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  size_t number = (size_t)(quote - from->spec->quotes) + 1;
  const char *file = from->spec->quotes_source;
  if (file && quote->line) {
    return qs_fail(from->context, QS_ERROR_INPUT, "%s: quotes row %zu (%.200s:%u): %s", from->place, number,
                   file, quote->line, text);
  }
  return qs_fail(from->context, QS_ERROR_INPUT, "%s: quotes row %zu: %s", from->place, number, text);
}

static qs_status check_numbers(const source *from, const qs_quote *quote) {
  const struct {
    const char *field;
    double value;
  } numbers[] = {{"bid", quote->bid},           {"ask", quote->ask},
                 {"mark", quote->mark},         {"open_interest", quote->open_interest},
                 {"bid_size", quote->bid_size}, {"ask_size", quote->ask_size}};
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    if (numbers[i].value < 0 || isinf(numbers[i].value)) {
      return fail_row(from, quote, "%s: %s %.10g; must be a finite number of at least 0, or empty",
                      quote->instrument, numbers[i].field, numbers[i].value);
    }
  }
  if (quote->bid > quote->ask) {
    return fail_row(from, quote, "%s: bid %.10g is above ask %.10g; a quote must not be crossed",
                    quote->instrument, quote->bid, quote->ask);
  }
  return QS_OK;
}

static qs_status read_row(const source *from, const qs_quote *quote, row *out) {
  if (!quote->instrument || !quote->instrument[0]) {
    return fail_row(from, quote, "instrument: missing");
  }
  if (!qs_listed_name_parse(quote->instrument, &out->name)) {
    return fail_row(
        from, quote,
        "instrument: \"%.80s\" is not the name of a listed instrument, such as %s-7AUG26-62000-C, "
        "%s-25SEP26, %s-PERPETUAL or %s-INDEX",
        quote->instrument, from->spec->name, from->spec->name, from->spec->name, from->spec->name);
  }
  if (strcmp(out->name.underlying, from->spec->name) != 0) {
    return fail_row(from, quote, "instrument: %s belongs to %s; the quotes of %s are allowed here",
                    quote->instrument, out->name.underlying, from->spec->name);
  }
  out->quote = quote;
  return check_numbers(from, quote);
}

/* Index and perpetual, futures by expiry, options by expiry, strike, call before put. */
static int compare_rows(const void *left, const void *right) {
  const qs_listed_name *a = &((const row *)left)->name;
  const qs_listed_name *b = &((const row *)right)->name;
  if (a->kind != b->kind) {
    return a->kind < b->kind ? -1 : 1;
  }
  if (a->expiry != b->expiry) {
    return a->expiry < b->expiry ? -1 : 1;
  }
  if (a->strike != b->strike) {
    return a->strike < b->strike ? -1 : 1;
  }
  return (a->call_put > b->call_put) - (a->call_put < b->call_put);
}

static qs_status check_duplicates(const source *from, const row *rows, size_t count) {
  for (size_t i = 1; i < count; i++) {
    if (compare_rows(&rows[i - 1], &rows[i]) == 0) {
      const qs_quote *a = rows[i - 1].quote;
      const qs_quote *b = rows[i].quote;
      const qs_quote *first = a < b ? a : b;
      return fail_row(from, a < b ? b : a, "instrument: %s is a duplicate of row %zu",
                      (a < b ? b : a)->instrument, (size_t)(first - from->spec->quotes) + 1);
    }
  }
  return QS_OK;
}

static size_t count_kind(const row *rows, size_t count, qs_listed_kind kind) {
  size_t found = 0;
  for (size_t i = 0; i < count; i++) {
    found += rows[i].name.kind == kind;
  }
  return found;
}

static qs_future make_future(const row *from, qs_time as_of) {
  const qs_quote *quote = from->quote;
  bool perpetual = from->name.kind == QS_LISTED_PERPETUAL;
  return (qs_future){.instrument = quote->instrument,
                     .expiry = from->name.expiry,
                     .years = perpetual ? 0 : qs_time_years(as_of, from->name.expiry),
                     .price = first_number(qs_quote_mid(quote), quote_mark(quote)),
                     .bid = qs_quote_bid(quote),
                     .ask = qs_quote_ask(quote),
                     .mark = quote_mark(quote)};
}

static void make_option(const row *from, qs_time as_of, qs_option_quote *out) {
  *out = (qs_option_quote){.quote = from->quote,
                           .expiry = from->name.expiry,
                           .years = qs_time_years(as_of, from->name.expiry),
                           .strike = from->name.strike,
                           .forward = NAN,
                           .call_put = from->name.call_put,
                           .bid_vol = NAN,
                           .ask_vol = NAN,
                           .mid_vol = NAN};
}

/* Deals the sorted rows out. */
static qs_status distribute(const source *from, qs_arena *arena, qs_time as_of, const row *rows, size_t count,
                            qs_underlying_market *market, qs_reference_prices *prices) {
  qs_future *futures = QS_NEW(arena, count_kind(rows, count, QS_LISTED_FUTURE), qs_future);
  market->options = QS_NEW(arena, count_kind(rows, count, QS_LISTED_OPTION), qs_option_quote);
  if (!futures || !market->options) {
    return qs_fail_memory(from->context, "reading quotes");
  }
  for (size_t i = 0; i < count; i++) {
    qs_future future = make_future(&rows[i], as_of);
    switch (rows[i].name.kind) {
    case QS_LISTED_INDEX:
      prices->index = first_number(future.mark, qs_quote_mid(rows[i].quote));
      break;
    case QS_LISTED_PERPETUAL:
      market->perpetual = future;
      prices->perpetual = future.price;
      break;
    case QS_LISTED_FUTURE:
      if (future.years > 0) {
        futures[market->future_count++] = future;
        break;
      }
      if (qs_market_warn(from->context, arena, &market->calibration, "%s has expired and is left out",
                         future.instrument) != QS_OK) {
        return QS_ERROR_MEMORY;
      }
      break;
    case QS_LISTED_OPTION:
      make_option(&rows[i], as_of, &market->options[market->option_count++]);
      break;
    case QS_LISTED_SPOT: /* no quote's name is one */
      break;
    }
  }
  market->futures = futures;
  return QS_OK;
}

qs_status qs_market_read_quotes(qs_context *context, qs_arena *arena, const char *place, qs_time as_of,
                                qs_underlying_market *market, qs_reference_prices *prices) {
  const qs_underlying_spec *spec = market->spec;
  const source from = {context, place, spec};
  prices->index = prices->perpetual = NAN;
  row *rows = QS_NEW(arena, spec->quote_count, row);
  if (!rows) {
    return qs_fail_memory(context, "reading quotes");
  }
  for (size_t i = 0; i < spec->quote_count; i++) {
    qs_status status = read_row(&from, &spec->quotes[i], &rows[i]);
    if (status != QS_OK) {
      return status;
    }
  }
  if (spec->quote_count > 0) {
    qsort(rows, spec->quote_count, sizeof *rows, compare_rows);
  }
  qs_status status = check_duplicates(&from, rows, spec->quote_count);
  if (status != QS_OK) {
    return status;
  }
  return distribute(&from, arena, as_of, rows, spec->quote_count, market, prices);
}
