#include <math.h>
#include <omp.h>
#include <string.h>

#include "host/local/local.h"
#include "host/market/black.h"
#include "host/market/time.h"

static const double counted_days = 7; /* expiries before it are reported, but not in the total */

/* Sums over antithetic pairs: of the payoff p, its square, and its product with e = exp(x) - 1, whose mean is
 * 0. */
typedef struct sums {
  double p, pp, pe;
} sums;

typedef struct repricer {
  qs_context *context;
  const qs_svi_surface *surface;
  const qs_local_fit *fit;
  size_t count;           /* distinct strikes of all expiries */
  const double *k;        /* [count] */
  const size_t *first;    /* [slices + 1] of each slice's strikes */
  sums *strike, *forward; /* [blocks][count], [blocks][slices]; forward: p and pp of e */
} repricer;

/* Out-of-the-money payoffs of a block at a slice. */
static void observe(const repricer *r, size_t slice, const qs_local_state *state, sums *strikes,
                    sums *forward) {
  double e[QS_LOCAL_BLOCK / 2], growth[QS_LOCAL_BLOCK];
  for (int i = 0; i < QS_LOCAL_BLOCK; i++) {
    growth[i] = exp(state->x[i]);
  }
  for (int i = 0; i < QS_LOCAL_BLOCK / 2; i++) {
    e[i] = 0.5 * (growth[2 * i] + growth[2 * i + 1]) - 1;
    forward->p += e[i];
    forward->pp += e[i] * e[i];
  }
  for (size_t j = r->first[slice]; j < r->first[slice + 1]; j++) {
    double sign = r->k[j] >= 0 ? 1 : -1, level = exp(r->k[j]);
    for (int i = 0; i < QS_LOCAL_BLOCK / 2; i++) {
      double p =
          0.5 * (fmax(sign * (growth[2 * i] - level), 0) + fmax(sign * (growth[2 * i + 1] - level), 0));
      strikes[j].p += p;
      strikes[j].pp += p * p;
      strikes[j].pe += p * e[i];
    }
  }
}

static void simulate(const repricer *r, uint64_t block) {
  qs_local_state state;
  qs_local_start(r->fit, &state);
  for (size_t s = 0; s < r->fit->leverage.count; s++) {
    qs_local_step(r->fit, s, 1, block, &state);
    size_t slice = r->fit->slice[s];
    if (slice < r->surface->count) {
      observe(r, slice, &state, r->strike + block * r->count, r->forward + block * r->surface->count + slice);
    }
  }
}

static void add(sums *to, const sums *from) {
  to->p += from->p;
  to->pp += from->pp;
  to->pe += from->pe;
}

/* The option's price per unit of forward, out of the money, with the forward as control variate. */
static qs_estimate estimate(const sums *s, const sums *forward, double pairs) {
  double mean = s->p / pairs, e = forward->p / pairs;
  double var_e = forward->pp / pairs - e * e, cov = s->pe / pairs - mean * e;
  double beta = var_e > 0 ? cov / var_e : 0;
  double variance = s->pp / pairs - mean * mean - beta * cov;
  return (qs_estimate){mean - beta * e, sqrt(fmax(variance, 0) / (pairs - 1))};
}

/* Its volatility; NaN where there is none. */
static qs_estimate volatility(double k, double root, qs_estimate price) {
  double total = NAN;
  if (qs_black_implied_vol(k >= 0, k, price.estimate, &total) != QS_BLACK_OK) {
    return (qs_estimate){NAN, NAN};
  }
  return (qs_estimate){total / root, price.std_error / (qs_black_vega(k, total) * root)};
}

static bool is_two_sided(const qs_option_quote *option) {
  return option->years > 0 && qs_quote_bid(option->quote) > 0 && qs_quote_ask(option->quote) > 0;
}

/* A price out of the money as the quote's own, per unit of forward. */
static double own_price(const qs_option_quote *option, double k, double price) {
  bool call = option->call_put == QS_CALL;
  return call == (k >= 0) ? price : call ? price + 1 - exp(k) : price - 1 + exp(k);
}

static bool inside(const qs_underlying_market *market, const qs_option_quote *option, double price) {
  double coin = exp(-market->coin_rate * option->years) * price;
  return coin >= qs_quote_bid(option->quote) && coin <= qs_quote_ask(option->quote);
}

/* The quotes of the surface's expiries; their strikes to k, one a quote. */
static size_t list_quotes(const qs_underlying_market *market, const qs_svi_surface *surface, size_t *options,
                          double *k, size_t *first) {
  size_t count = 0;
  for (size_t slice = 0, i = 0; slice < surface->count; slice++) {
    first[slice] = count;
    for (; i < market->option_count && market->options[i].expiry <= surface->slices[slice].expiry; i++) {
      const qs_option_quote *option = &market->options[i];
      if (option->expiry == surface->slices[slice].expiry && is_two_sided(option)) {
        options[count] = i;
        k[count++] = log(option->strike / option->forward);
      }
    }
  }
  first[surface->count] = count;
  return count;
}

static void report_expiry(const repricer *r, const qs_underlying_market *market, size_t slice,
                          const size_t *options, double pairs, qs_local_quote *quotes,
                          qs_local_result *result, qs_local_expiry *out) {
  const qs_svi_slice *of = &r->surface->slices[slice];
  double root = sqrt(of->years), hits = 0, surface_hits = 0;
  size_t begin = r->first[slice], end = r->first[slice + 1];
  for (size_t j = begin; j < end; j++) {
    const qs_option_quote *option = &market->options[options[j]];
    qs_estimate price = estimate(&r->strike[j], &r->forward[slice], pairs);
    qs_estimate vol = volatility(r->k[j], root, price);
    double total = sqrt(fmax(qs_svi_smile(&of->svi, r->k[j]).w, 0));
    double smooth = qs_black_price(r->k[j] >= 0, r->k[j], total);
    bool in = inside(market, option, own_price(option, r->k[j], price.estimate));
    quotes[j] = (qs_local_quote){option->quote->instrument,
                                 option->expiry,
                                 option->strike,
                                 option->bid_vol,
                                 option->ask_vol,
                                 total / root,
                                 vol,
                                 in};
    hits += in;
    surface_hits += inside(market, option, own_price(option, r->k[j], smooth));
    out->largest_std_error =
        isnan(vol.std_error) ? out->largest_std_error : fmax(out->largest_std_error, vol.std_error);
  }
  double n = (double)(end - begin);
  out->expiry = of->expiry;
  out->quotes = end - begin;
  out->inside_bid_ask = n > 0 ? hits / n : NAN;
  out->surface_inside = n > 0 ? surface_hits / n : NAN;
  if (of->years * 365 >= counted_days) {
    result->quotes += end - begin;
    result->inside_bid_ask += hits;
    result->surface_inside += surface_hits;
  }
}

qs_status qs_local_reprice(qs_context *context, qs_arena *arena, const qs_underlying_market *market,
                           const qs_svi_surface *surface, const qs_local_fit *fit, uint64_t paths,
                           qs_local_result *result) {
  qs_arena *scratch = qs_arena_create(context);
  uint64_t blocks = paths / QS_LOCAL_BLOCK;
  size_t slices = surface->count;
  if (!scratch) {
    return qs_fail_memory(context, "repricing under the leverage");
  }
  size_t *options = QS_NEW(scratch, market->option_count, size_t),
         *first = QS_NEW(scratch, slices + 1, size_t);
  double *k = QS_NEW(scratch, market->option_count, double);
  qs_local_expiry *expiries = QS_NEW(arena, slices, qs_local_expiry);
  bool complete = options && first && k && expiries;
  size_t count = complete ? list_quotes(market, surface, options, k, first) : 0;
  repricer r = {context, surface, fit, count, k, first, NULL, NULL};
  r.strike = QS_NEW(scratch, blocks * count, sums);
  r.forward = QS_NEW(scratch, blocks * slices, sums);
  qs_local_quote *quotes = QS_NEW(arena, count, qs_local_quote);
  if (!complete || !r.strike || !r.forward || !quotes) {
    qs_arena_destroy(scratch);
    return qs_fail_memory(context, "repricing under the leverage");
  }
  long todo = (long)blocks;
#pragma omp parallel for num_threads(context->threads) schedule(dynamic)
  for (long b = 0; b < todo; b++) {
    if (!qs_cancelled(context)) {
      simulate(&r, (uint64_t)b);
    }
  }
  for (uint64_t b = 1; b < blocks; b++) { /* in order */
    for (size_t j = 0; j < count; j++) {
      add(&r.strike[j], &r.strike[b * count + j]);
    }
    for (size_t s = 0; s < slices; s++) {
      add(&r.forward[s], &r.forward[b * slices + s]);
    }
  }
  *result = (qs_local_result){.least_density = surface->least_density,
                              .least_increase = surface->least_increase,
                              .kept = fit->kept,
                              .paths = blocks * QS_LOCAL_BLOCK,
                              .expiries = expiries,
                              .expiry_count = slices,
                              .fits = quotes,
                              .fit_count = count};
  for (size_t s = 0; s < slices; s++) {
    report_expiry(&r, market, s, options, (double)(result->paths / 2), quotes, result, &expiries[s]);
  }
  result->inside_bid_ask = result->quotes ? result->inside_bid_ask / (double)result->quotes : NAN;
  result->surface_inside = result->quotes ? result->surface_inside / (double)result->quotes : NAN;
  qs_arena_destroy(scratch);
  return qs_cancelled(context) ? qs_fail(context, QS_ERROR_CANCELLED, "cancelled while repricing") : QS_OK;
}
