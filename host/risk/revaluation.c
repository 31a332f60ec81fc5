/* The book under instantaneous moves of its spots, by Fourier prices; along paths by their expansions. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host/engine/expansion.h"
#include "host/market/fourier.h"
#include "host/risk/section.h"

static const double tolerance = 1e-9; /* of a price, per unit of forward */
enum { STRIPS = 64 };                 /* strikes priced before they are added up */

/* All options of one strike and expiry: P&L of a move r is calls (e^r c(k - r) - c(k)) + puts (1 - e^r),
 * with c the call's price per unit of forward and puts held as calls by parity. */
typedef struct strip {
  int underlying;
  qs_time expiry;
  double years, strike, log_moneyness;
  double calls, puts;
  size_t order; /* in the book */
} strip;

static int by_strike(const void *a, const void *b) {
  const strip *x = a, *y = b;
  if (x->underlying != y->underlying) {
    return x->underlying < y->underlying ? -1 : 1;
  }
  if (x->expiry != y->expiry) {
    return x->expiry < y->expiry ? -1 : 1;
  }
  if (x->strike != y->strike) {
    return x->strike < y->strike ? -1 : 1;
  }
  return x->order < y->order ? -1 : 1;
}

static strip make_strip(const qs_underlying_market *market, const qs_contract *contract, size_t order) {
  bool coin = contract->settlement == QS_SETTLE_COIN;
  double forward = qs_curve_forward(&market->curve, contract->years);
  double unit = (coin ? market->spot : forward) *
                exp(-(coin ? market->coin_rate : market->discount_rate) * contract->years);
  strip s = {contract->underlying,
             contract->expiry,
             contract->years,
             contract->strike,
             log(contract->strike / forward),
             unit * contract->quantity,
             0,
             order};
  s.puts = contract->call_put == QS_PUT ? s.calls : 0;
  return s;
}

/* The book's options, those of one strike and expiry merged; how many strips that makes. */
static size_t collect_strips(const qs_market *market, const qs_book *book, strip *strips) {
  size_t count = 0, merged = 0;
  for (size_t i = 0; i < book->count; i++) {
    const qs_contract *contract = &book->contracts[i];
    if (contract->kind == QS_CONTRACT_OPTION) {
      strips[count++] = make_strip(&market->underlyings[contract->underlying], contract, i);
    }
  }
  qsort(strips, count, sizeof *strips, by_strike);
  for (size_t i = 0; i < count; i++) {
    strip *last = merged > 0 ? &strips[merged - 1] : NULL;
    if (last && last->underlying == strips[i].underlying && last->expiry == strips[i].expiry &&
        last->strike == strips[i].strike && last->years == strips[i].years) {
      last->calls += strips[i].calls;
      last->puts += strips[i].puts;
    } else {
      strips[merged++] = strips[i];
    }
  }
  return merged;
}

/* P&L of one unit of what is no option, when every price moves by `growth`. */
static double unit_pnl(const qs_underlying_market *market, const qs_contract *contract, double growth) {
  double forward = contract->kind == QS_CONTRACT_PERPETUAL
                       ? market->spot
                       : qs_curve_forward(&market->curve, contract->years);
  switch (contract->kind) {
  case QS_CONTRACT_FORWARD:
    return exp(-market->discount_rate * contract->years) * forward * (growth - 1);
  case QS_CONTRACT_FUTURE:
  case QS_CONTRACT_PERPETUAL:
    return contract->settlement == QS_SETTLE_COIN ? market->spot * (growth - 1) / contract->entry_price
                                                  : forward * (growth - 1);
  case QS_CONTRACT_PATH: {
    double move = log(growth);
    return contract->expansion->slope * move + 0.5 * contract->expansion->curvature * move * move;
  }
  case QS_CONTRACT_OPTION:
  case QS_CONTRACT_SPOT:
  case QS_CONTRACT_CASH:
    break;
  }
  return market->spot * (growth - 1);
}

/* Prices of one strip's calls after every move, and, last, without one. */
static qs_status price_strip(const qs_market *market, const strip *s, const qs_moves *moves, double *k,
                             double *price) {
  for (size_t m = 0; m < moves->count; m++) {
    k[m] = s->log_moneyness - moves->log_move[m * moves->underlyings + (size_t)s->underlying];
  }
  k[moves->count] = s->log_moneyness;
  qs_fourier_settings settings = qs_fourier_defaults();
  settings.tolerance = tolerance;
  settings.added_variance =
      qs_shift_added(&market->underlyings[s->underlying].shift, market->as_of, s->expiry);
  qs_fourier_output output = {.price = price};
  qs_fourier_report report;
  return qs_fourier_strip(&market->underlyings[s->underlying].model, s->years, moves->count + 1, k, &settings,
                          &output, &report);
}

static void add_strip(const strip *s, const qs_moves *moves, const double *price, double *pnl) {
  for (size_t m = 0; m < moves->count; m++) {
    double growth = exp(moves->log_move[m * moves->underlyings + (size_t)s->underlying]);
    pnl[m] += s->calls * (growth * price[m] - price[moves->count]) + s->puts * (1 - growth);
  }
}

static qs_status add_options(qs_context *context, const qs_market *market, const strip *strips, size_t count,
                             const qs_moves *moves, double *room, double *pnl, bool *precise) {
  size_t row = moves->count + 1;
  double *price = room, *k = room + STRIPS * row;
  qs_status statuses[STRIPS];
  for (size_t first = 0; first < count; first += STRIPS) {
    long batch = count - first < STRIPS ? (long)(count - first) : STRIPS;
    if (qs_cancelled(context)) {
      return qs_fail(context, QS_ERROR_CANCELLED, "cancelled");
    }
#pragma omp parallel for num_threads(context->threads) schedule(dynamic)
    for (long i = 0; i < batch; i++) {
      size_t at = (size_t)i * row;
      statuses[i] = price_strip(market, &strips[first + (size_t)i], moves, k + at, price + at);
    }
    for (long i = 0; i < batch; i++) {
      const strip *s = &strips[first + (size_t)i];
      if (statuses[i] && statuses[i] != QS_ERROR_UNTRUSTED) {
        return qs_fail(context, statuses[i], "historical simulation: no price for strike %.10g of %s",
                       s->strike, market->underlyings[s->underlying].name);
      }
      *precise = *precise && !statuses[i];
      add_strip(s, moves, price + (size_t)i * row, pnl);
    }
    qs_progress(context, "historical", first + (size_t)batch, count);
  }
  return QS_OK;
}

static qs_status revalue(qs_context *context, qs_arena *scratch, const qs_market *market, const qs_book *book,
                         const qs_moves *moves, double *pnl, bool *precise) {
  strip *strips = QS_NEW(scratch, book->count, strip);
  double *room = QS_NEW(scratch, 2 * STRIPS * (moves->count + 1), double);
  if (!strips || !room) {
    return qs_fail_memory(context, "revaluing under past moves");
  }
  memset(pnl, 0, moves->count * sizeof *pnl);
  for (size_t i = 0; i < book->count; i++) {
    const qs_contract *contract = &book->contracts[i];
    if (contract->kind == QS_CONTRACT_OPTION || contract->underlying < 0) {
      continue;
    }
    const qs_underlying_market *underlying = &market->underlyings[contract->underlying];
    for (size_t m = 0; m < moves->count; m++) {
      double growth = exp(moves->log_move[m * moves->underlyings + (size_t)contract->underlying]);
      pnl[m] += contract->quantity * unit_pnl(underlying, contract, growth);
      if (contract->joint) {
        const double *all = moves->log_move + m * moves->underlyings;
        pnl[m] += contract->quantity * all[contract->underlying] * qs_expansion_together(contract, all);
      }
    }
  }
  size_t count = collect_strips(market, book, strips);
  return add_options(context, market, strips, count, moves, room, pnl, precise);
}

qs_status qs_history_pnl(qs_context *context, const qs_market *market, const qs_book *book,
                         const qs_moves *moves, double *pnl, bool *precise) {
  qs_arena *scratch = qs_arena_create(context);
  *precise = true;
  qs_status status = scratch ? revalue(context, scratch, market, book, moves, pnl, precise)
                             : qs_fail_memory(context, "revaluing under past moves");
  qs_arena_destroy(scratch);
  return status;
}
