/* What hedges: names and ids to instruments. */
#include <math.h>
#include <string.h>

#include "host/market/names.h"
#include "host/market/time.h"
#include "host/simulate/problem.h"
#include "kernels/plan.h"

static qs_status refuse(qs_context *context, size_t i, const char *name, const char *flaw) {
  return qs_fail(context, QS_ERROR_INPUT, "simulate.instruments.%zu: got %.80s: %s", i, name, flaw);
}

static qs_status find_first(qs_context *context, qs_simulate_problem *p, const char *name,
                            qs_hedge_instrument *made) {
  qs_listed_name listed;
  const char *flaw = NULL;
  if (!qs_hedge_name_parse(name, &listed, &flaw)) {
    return refuse(context, 0, name, flaw);
  }
  p->underlying = qs_market_find(p->market, listed.underlying);
  *made = (qs_hedge_instrument){.name = name,
                                .kind = listed.kind == QS_LISTED_SPOT     ? QS_HEDGE_SPOT
                                        : listed.kind == QS_LISTED_FUTURE ? QS_HEDGE_FUTURE
                                                                          : QS_HEDGE_PERPETUAL,
                                .coin = listed.kind != QS_LISTED_SPOT,
                                .expiry = listed.expiry};
  return p->underlying >= 0 ? QS_OK : refuse(context, 0, name, "unknown underlying");
}

/* The terms of a listed option, or of an option of the book. */
static qs_status find_terms(qs_context *context, qs_arena *arena, const qs_simulate_problem *p,
                            const qs_book *book, size_t i, qs_contract *terms) {
  const char *name = p->spec->instruments[i];
  qs_listed_name listed;
  if (qs_listed_name_parse(name, &listed) && listed.kind == QS_LISTED_OPTION &&
      listed.expiry > p->market->as_of && qs_market_find(p->market, listed.underlying) >= 0) {
    qs_contract *found = NULL;
    const qs_status status =
        qs_book_resolve_names(context, arena, p->market, "simulate.instruments", &name, 1, &found);
    if (!status) {
      *terms = *found;
    }
    return status;
  }
  for (size_t k = 0; k < book->count; k++) {
    if (strcmp(book->contracts[k].id, name) == 0 && book->contracts[k].kind == QS_CONTRACT_OPTION) {
      *terms = book->contracts[k];
      return QS_OK;
    }
  }
  return refuse(context, i, name,
                "must be an option: a listed one that has not expired, or the id of a european of the book");
}

static qs_status find_option(qs_context *context, qs_arena *arena, const qs_simulate_problem *p,
                             const qs_book *book, size_t i, qs_hedge_instrument *made) {
  const char *name = p->spec->instruments[i];
  qs_contract terms = {.underlying = -1};
  const qs_status status = find_terms(context, arena, p, book, i, &terms);
  if (status) {
    return status;
  }
  if (terms.underlying != p->underlying) {
    return refuse(context, i, name, "must be of the first one's underlying");
  }
  terms.quantity = 1;
  *made = (qs_hedge_instrument){.name = name,
                                .kind = QS_HEDGE_OPTION,
                                .coin = terms.settlement == QS_SETTLE_COIN,
                                .expiry = terms.expiry,
                                .option = terms};
  for (size_t k = 0; k < i; k++) {
    if (strcmp(p->spec->instruments[k], name) == 0) {
      return refuse(context, i, name, "must not stand twice in the list");
    }
  }
  return QS_OK;
}

static qs_status take_limits(qs_context *context, const qs_simulate_spec *spec, qs_hedge_instrument *made) {
  for (size_t i = 0; i < spec->instrument_count; i++) {
    made[i].low = -INFINITY;
    made[i].high = INFINITY;
  }
  for (size_t k = 0; k < spec->instrument_limit_count; k++) {
    const qs_instrument_limit *limit = &spec->instrument_limits[k];
    size_t i = 0;
    while (i < spec->instrument_count && strcmp(limit->instrument, spec->instruments[i]) != 0) {
      i++;
    }
    if (i == spec->instrument_count || isfinite(made[i].low)) {
      return qs_fail(context, QS_ERROR_INPUT,
                     "simulate.instrument_limits.%zu.instrument: got %.80s: must be %s", k, limit->instrument,
                     i == spec->instrument_count ? "one of the instruments" : "given once");
    }
    if (!(limit->min >= -1e18 && limit->min <= 0 && limit->max >= 0 && limit->max <= 1e18)) {
      return qs_fail(context, QS_ERROR_INPUT,
                     "simulate.instrument_limits.%zu: got %g to %g: must be finite and hold 0", k, limit->min,
                     limit->max);
    }
    made[i].low = limit->min;
    made[i].high = limit->max;
  }
  return QS_OK;
}

qs_status qs_simulate_find_instruments(qs_context *context, qs_arena *arena, const qs_book *book,
                                       qs_simulate_problem *p) {
  const qs_simulate_spec *spec = p->spec;
  if (spec->instrument_count < 1 || spec->instrument_count > QS_MAX_HEDGES) {
    return qs_fail(context, QS_ERROR_INPUT, "simulate.instruments: got %zu: must be 1 to %d instruments",
                   spec->instrument_count, QS_MAX_HEDGES);
  }
  qs_hedge_instrument *made = QS_NEW(arena, spec->instrument_count, qs_hedge_instrument);
  if (!made) {
    return qs_fail_memory(context, "preparing a simulation");
  }
  qs_status status = find_first(context, p, spec->instruments[0], &made[0]);
  for (size_t i = 1; !status && i < spec->instrument_count; i++) {
    status = find_option(context, arena, p, book, i, &made[i]);
  }
  status = status ? status : take_limits(context, spec, made);
  for (size_t i = 0; !status && i < spec->instrument_count; i++) {
    made[i].years = made[i].expiry ? qs_time_years(p->market->as_of, made[i].expiry) : 0;
  }
  if (!status) {
    p->under = &p->market->underlyings[p->underlying];
    p->instruments = made;
    p->instrument_count = spec->instrument_count;
  }
  return status;
}
