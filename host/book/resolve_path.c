/* Trades along a path. */
#include <math.h>

#include "host/book/resolve.h"
#include "host/market/fixings.h"
#include "host/market/time.h"

/* Where nothing bounds a number. */
static double or_else(double x, double otherwise) {
  return isnan(x) ? otherwise : x;
}

/* What the realised variance of a swap is per sum of squared returns. */
static double variance_scale(const qs_path_spec *path, const qs_fixings *fixings) {
  double returns = (double)(fixings->count - 1);
  return isnan(path->annualisation) ? 1 / qs_time_years(fixings->dates[0], fixings->dates[fixings->count - 1])
                                    : path->annualisation / returns;
}

/* The liquidity whose value at the entry price is the deposit. */
static void fill_pool(const qs_path_spec *path, double *number) {
  double lower = or_else(path->lower, 0), upper = or_else(path->upper, INFINITY), base = 0;
  double quote = qs_pool_tokens(1, lower, upper, path->entry, &base);
  number[QS_TERM_LOWER] = lower;
  number[QS_TERM_UPPER] = upper;
  number[QS_TERM_SCALE] = path->deposit / (quote + base * path->entry);
  number[QS_TERM_STRIKE] = path->pays == QS_PAYS_DIVERGENCE_LOSS ? path->entry : 0;
}

static void fill_numbers(const qs_trade_spec *trade, const qs_fixings *fixings, double *number) {
  const qs_path_spec *path = &trade->path;
  number[QS_TERM_STRIKE] = or_else(trade->strike, 0);
  switch (trade->type) {
  case QS_TRADE_DIGITAL:
    number[QS_TERM_AMOUNT] = path->pays == QS_PAYS_ASSET ? 0 : path->amount;
    break;
  case QS_TRADE_AUTOCALLABLE:
    number[QS_TERM_STRIKE] = path->initial[0];
    number[QS_TERM_AMOUNT] = path->redemption;
    number[QS_TERM_LOWER] = or_else(path->knock_in, 0) * path->initial[0];
    number[QS_TERM_COUPON] = path->coupon;
    number[QS_TERM_COUPON_LEVEL] = path->coupon_barrier * path->initial[0];
    break;
  case QS_TRADE_POOL:
    fill_pool(path, number);
    break;
  case QS_TRADE_BARRIER:
    number[QS_TERM_LOWER] = or_else(path->lower, 0);
    number[QS_TERM_UPPER] = or_else(path->upper, INFINITY);
    number[QS_TERM_REBATE] = path->rebate;
    break;
  case QS_TRADE_FORWARD_START:
    number[QS_TERM_MONEYNESS] = path->moneyness;
    break;
  case QS_TRADE_CLIQUET:
    number[QS_TERM_MONEYNESS] = path->moneyness;
    number[QS_TERM_LOCAL_FLOOR] = or_else(path->local_floor, -INFINITY);
    number[QS_TERM_LOCAL_CAP] = or_else(path->local_cap, INFINITY);
    number[QS_TERM_GLOBAL_FLOOR] = or_else(path->global_floor, -INFINITY);
    number[QS_TERM_GLOBAL_CAP] = or_else(path->global_cap, INFINITY);
    break;
  case QS_TRADE_VARIANCE_SWAP:
    number[QS_TERM_STRIKE] = trade->strike * trade->strike;
    number[QS_TERM_CAP] = or_else(path->cap * path->cap, INFINITY);
    number[QS_TERM_SCALE] = variance_scale(path, fixings);
    break;
  case QS_TRADE_VOLATILITY_SWAP:
    number[QS_TERM_CAP] = or_else(path->cap, INFINITY);
    number[QS_TERM_SCALE] = variance_scale(path, fixings);
    break;
  default:
    break;
  }
}

/* The known fixings: what the trade says, and the spot at as_of where it does not. */
static const double *make_fixings(qs_arena *arena, const qs_trade_spec *trade, const qs_fixings *fixings,
                                  double spot) {
  double *values = QS_NEW(arena, fixings->count, double);
  for (size_t i = 0; values && i < fixings->count; i++) {
    bool given = i < trade->path.past_count && trade->type != QS_TRADE_BARRIER;
    bool now = i >= fixings->past && i < fixings->known;
    values[i] = given ? trade->path.past[i] : now ? spot : NAN;
  }
  return values;
}

/* The prices at which an autocallable is called; null for another, or when memory is out. */
static const double *make_calls(qs_arena *arena, const qs_trade_spec *trade, const qs_fixings *fixings) {
  const qs_path_spec *path = &trade->path;
  bool callable = trade->type == QS_TRADE_AUTOCALLABLE;
  double *calls = callable ? QS_NEW(arena, fixings->count, double) : NULL;
  for (size_t i = 0; calls && i < fixings->count; i++) {
    calls[i] = path->initial[0] * path->autocall[path->autocall_count > 1 ? i : 0];
  }
  return calls;
}

/* The known fixings of one of several underlyings. */
static void fill_fixings(const qs_trade_spec *trade, const qs_fixings *fixings, size_t asset, double spot,
                         double *values) {
  size_t each = trade->path.past_count / (trade->underlying_count ? trade->underlying_count : 1);
  for (size_t i = 0; i < fixings->count; i++) {
    bool now = i >= fixings->past && i < fixings->known;
    values[i] = i < each ? trade->path.past[asset * each + i] : now ? spot : NAN;
  }
}

/* A formula over several underlyings: the contract, its first leg, gets the terms of all. */
static qs_status resolve_joint(qs_context *context, qs_arena *arena, const qs_market *market,
                               const char *place, const qs_trade_spec *trade, const qs_fixings *fixings,
                               qs_contract *contract) {
  size_t n = trade->underlying_count ? trade->underlying_count : 1;
  const char *const *names = trade->underlying_count ? trade->underlyings : &trade->underlying;
  const bool early = qs_trade_early(trade->type);
  int *underlyings = QS_NEW(arena, n, int);
  double *values = QS_NEW(arena, n * fixings->count, double);
  qs_joint_terms *terms = QS_NEW(arena, 1, qs_joint_terms);
  if (!underlyings || !values || !terms) {
    return qs_fail_memory(context, "building the book");
  }
  for (size_t a = 0; a < n; a++) {
    const char *name = names[a];
    underlyings[a] = name ? qs_market_find(market, name) : -1;
    if (underlyings[a] < 0) {
      return qs_fail(context, QS_ERROR_INPUT, "%s: underlyings: %.64s is none of this run's underlyings",
                     place, name ? name : "nothing");
    }
    const qs_underlying_market *mine = &market->underlyings[underlyings[a]];
    if (mine->discount_rate != market->underlyings[underlyings[0]].discount_rate) {
      return qs_fail(context, QS_ERROR_INPUT,
                     "%s: underlyings: %.64s and %.64s have different discount rates; a trade needs one",
                     place, names[0], name);
    }
    if (mine->spec->local) {
      return qs_fail(
          context, QS_ERROR_INPUT,
          "%s: underlyings: the model of %.64s has a leverage function, which trades on several do not "
          "take",
          place, name);
    }
    if (early && (mine->spec->fit_shift || mine->spec->shift_count)) {
      return qs_fail(context, QS_ERROR_INPUT,
                     "%s: underlyings: the model of %.64s has a shift, which early exercise by formula does "
                     "not take yet",
                     place, name);
    }
    for (size_t b = 0; b < a; b++) {
      if (underlyings[b] == underlyings[a]) {
        return qs_fail(context, QS_ERROR_INPUT, "%s: underlyings: %.64s stands there twice", place, name);
      }
    }
    fill_fixings(trade, fixings, a, mine->spot, values + a * fixings->count);
  }
  *terms = (qs_joint_terms){.underlyings = underlyings,
                            .asset_count = n,
                            .as_of = market->as_of,
                            .expiry = contract->expiry,
                            .dates = fixings->dates,
                            .fixings = values,
                            .count = fixings->count,
                            .script = contract->path->script,
                            .early = early,
                            .all_times = trade->type == QS_TRADE_AMERICAN,
                            .coin = trade->settlement == QS_SETTLE_COIN};
  contract->joint = terms;
  return QS_OK;
}

qs_status qs_resolve_path(qs_context *context, qs_arena *arena, const qs_market *market, const char *place,
                          const qs_meant *meant, qs_trade_type called, qs_contract *contract) {
  const qs_trade_spec *trade = &meant->trade;
  const qs_path_spec *path = &trade->path;
  qs_fixings fixings;
  qs_flaw flaw;
  const bool early_coin =
      qs_trade_joint(trade) && qs_trade_early(trade->type) && trade->settlement == QS_SETTLE_COIN;
  if (trade->underlying_count > QS_MAX_JOINT || early_coin) {
    return qs_fail(context, QS_ERROR_INPUT, "%s: underlyings: %zu; at most %d, settled linearly", place,
                   trade->underlying_count, QS_MAX_JOINT);
  }
  qs_status status = qs_fixings_make(arena, trade, market->as_of, &fixings, &flaw);
  if (status == QS_ERROR_INPUT) {
    return qs_fail(context, QS_ERROR_INPUT, "%s: %s: %s", place, flaw.key, flaw.why);
  }
  qs_path_terms *terms = status ? NULL : QS_NEW(arena, 1, qs_path_terms);
  const double *values =
      terms ? make_fixings(arena, trade, &fixings, market->underlyings[contract->underlying].spot) : NULL;
  if (!values) {
    return qs_fail_memory(context, "building the book");
  }
  bool barrier = trade->type == QS_TRADE_BARRIER;
  bool floats = trade->type == QS_TRADE_ASIAN || trade->type == QS_TRADE_LOOKBACK;
  terms->type = trade->type;
  terms->called = called;
  terms->put = trade->call_put == QS_PUT;
  terms->floating = floats && path->floating;
  terms->geometric = trade->type == QS_TRADE_ASIAN && path->average == QS_AVERAGE_GEOMETRIC;
  terms->asset = trade->type == QS_TRADE_DIGITAL && path->pays == QS_PAYS_ASSET;
  bool callable = trade->type == QS_TRADE_AUTOCALLABLE;
  terms->knock_in =
      callable ? path->knock_in_at == QS_KNOCK_IN_AT_FIXINGS : barrier && path->knock == QS_KNOCK_IN;
  terms->memory = callable && path->memory;
  terms->calls = make_calls(arena, trade, &fixings);
  if (callable && !terms->calls) {
    return qs_fail_memory(context, "building the book");
  }
  terms->continuous = barrier && path->monitoring == QS_MONITORING_CONTINUOUS;
  terms->knocked = barrier && path->knocked;
  bool early = qs_trade_early(trade->type);
  if (early && market->underlyings[contract->underlying].spec->local) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "%s: type: got %s: must not be exercised early where the model of the underlying is local",
                   place, trade->type == QS_TRADE_AMERICAN ? "american" : "bermudan");
  }
  terms->at_hit = early || callable || (barrier && path->rebate_paid == QS_REBATE_AT_HIT && path->rebate > 0);
  terms->as_of = market->as_of;
  terms->expiry = contract->expiry;
  terms->dates = fixings.dates;
  terms->fixings = values;
  terms->count = fixings.count;
  if (qs_trade_by_formula(trade)) {
    qs_script *script = QS_NEW(arena, 1, qs_script);
    status = script ? qs_script_of_trade(context, arena, place, trade, meant->names, market->as_of, &fixings,
                                         script)
                    : qs_fail_memory(context, "building the book");
    if (status) {
      return status;
    }
    terms->script = script;
  }
  fill_numbers(trade, &fixings, terms->number);
  contract->path = terms;
  return qs_trade_joint(trade) ? resolve_joint(context, arena, market, place, trade, &fixings, contract)
                               : QS_OK;
}
