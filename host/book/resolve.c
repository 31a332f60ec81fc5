#include "host/book/resolve.h"

#include <math.h>
#include <string.h>

#include "host/market/fixings.h"
#include "host/market/time.h"

/* Beyond it a maturity is taken for a slip: a date or days where years are meant. */
static const double max_years = 100;

static const char *text_or(const char *text, const char *otherwise) {
  return text && text[0] ? text : otherwise;
}

static bool given(double x) {
  return !isnan(x) && x != 0;
}

static qs_status check_quantity(qs_context *context, const char *place, const char *field, double quantity) {
  if (isnan(quantity)) {
    return qs_fail(context, QS_ERROR_INPUT, "%s: %s: missing or not a number", place, field);
  }
  if (isinf(quantity)) {
    return qs_fail(context, QS_ERROR_INPUT, "%s: %s: %g; must be finite", place, field, quantity);
  }
  return QS_OK;
}

/* Applies an entry price that was given: futures and perpetual are valued from it. */
static qs_status apply_entry(qs_context *context, const char *place, double entry_price,
                             qs_contract *contract) {
  if (isnan(entry_price)) {
    return QS_OK;
  }
  bool margined = contract->kind == QS_CONTRACT_FUTURE || contract->kind == QS_CONTRACT_PERPETUAL;
  if (!isfinite(entry_price) || entry_price < 0 || (margined && entry_price == 0)) {
    return qs_fail(context, QS_ERROR_INPUT, "%s: entry_price: %.10g; must be finite and %s", place,
                   entry_price, margined ? "greater than 0" : "at least 0");
  }
  contract->entry_price = entry_price;
  return QS_OK;
}

qs_status qs_resolve_position(qs_context *context, const qs_market *market, const char *place,
                              const qs_position_spec *position, qs_contract *contract) {
  qs_contract out;
  qs_status status = qs_resolve_name(context, market, place, position->instrument, &out);
  if (status != QS_OK || (status = check_quantity(context, place, "quantity", position->quantity)) != QS_OK ||
      (status = apply_entry(context, place, position->entry_price, &out)) != QS_OK) {
    return status;
  }
  out.quantity = position->quantity;
  out.book = text_or(position->book, "main");
  out.venue = text_or(position->venue, NULL);
  *contract = out;
  return QS_OK;
}

/* What each type of trade needs. */
typedef struct trade_rule {
  const char *name;
  qs_contract_kind kind;
  bool strike, expiry, coin;
} trade_rule;

static const trade_rule *find_rule(qs_trade_type type) {
  static const trade_rule rules[] = {
      [QS_TRADE_EUROPEAN] = {"european", QS_CONTRACT_OPTION, true, true, true},
      [QS_TRADE_FORWARD] = {"forward", QS_CONTRACT_FORWARD, true, true, false},
      [QS_TRADE_FUTURE] = {"future", QS_CONTRACT_FUTURE, false, true, true},
      [QS_TRADE_PERPETUAL] = {"perpetual", QS_CONTRACT_PERPETUAL, false, false, true},
      [QS_TRADE_SPOT] = {"spot", QS_CONTRACT_SPOT, false, false, false},
      [QS_TRADE_DIGITAL] = {"digital", QS_CONTRACT_PATH, true, true, true},
      [QS_TRADE_ASIAN] = {"asian", QS_CONTRACT_PATH, true, true, true},
      [QS_TRADE_BARRIER] = {"barrier", QS_CONTRACT_PATH, true, true, true},
      [QS_TRADE_LOOKBACK] = {"lookback", QS_CONTRACT_PATH, true, true, true},
      [QS_TRADE_FORWARD_START] = {"forward_start", QS_CONTRACT_PATH, false, true, true},
      [QS_TRADE_CLIQUET] = {"cliquet", QS_CONTRACT_PATH, false, true, true},
      [QS_TRADE_VARIANCE_SWAP] = {"variance_swap", QS_CONTRACT_PATH, true, true, false},
      [QS_TRADE_VOLATILITY_SWAP] = {"volatility_swap", QS_CONTRACT_PATH, true, true, false},
      [QS_TRADE_SCRIPT] = {"script", QS_CONTRACT_PATH, false, true, true},
      [QS_TRADE_BERMUDAN] = {"bermudan", QS_CONTRACT_PATH, true, true, true},
      [QS_TRADE_AMERICAN] = {"american", QS_CONTRACT_PATH, true, true, true},
      [QS_TRADE_BASKET] = {"basket", QS_CONTRACT_PATH, true, true, true},
      [QS_TRADE_SPREAD] = {"spread", QS_CONTRACT_PATH, true, true, true},
      [QS_TRADE_EXCHANGE] = {"exchange", QS_CONTRACT_PATH, false, true, true},
      [QS_TRADE_BEST_OF] = {"best_of", QS_CONTRACT_PATH, true, true, true},
      [QS_TRADE_WORST_OF] = {"worst_of", QS_CONTRACT_PATH, true, true, true},
      [QS_TRADE_AUTOCALLABLE] = {"autocallable", QS_CONTRACT_PATH, false, true, true},
      [QS_TRADE_POOL] = {"pool", QS_CONTRACT_PATH, false, true, true},
  };
  return (unsigned)type < sizeof rules / sizeof rules[0] ? &rules[type] : NULL;
}

const char *qs_trade_type_name(qs_trade_type type) {
  const trade_rule *rule = find_rule(type);
  return rule ? rule->name : NULL;
}

/* An average or an extreme is the strike. */
static bool strike_floats(const qs_trade_spec *trade) {
  return (trade->type == QS_TRADE_ASIAN || trade->type == QS_TRADE_LOOKBACK) && trade->path.floating;
}

/* A number that the trade gives is its strike. */
static bool has_strike(const trade_rule *rule, const qs_trade_spec *trade) {
  return rule->strike && !strike_floats(trade) && !qs_trade_by_formula(trade);
}

static qs_status check_strike(qs_context *context, const char *place, const trade_rule *rule,
                              const qs_trade_spec *trade) {
  if (!has_strike(rule, trade)) {
    return given(trade->strike) ? qs_fail(context, QS_ERROR_INPUT, "%s: strike: a %s%s%s has none", place,
                                          strike_floats(trade) ? "floating " : "", rule->name,
                                          rule->strike && qs_trade_by_formula(trade) ? " by formula" : "")
                                : QS_OK;
  }
  if (isnan(trade->strike)) {
    return qs_fail(context, QS_ERROR_INPUT, "%s: strike: missing or not a number; a %s needs it", place,
                   rule->name);
  }
  if (!(trade->strike > 0) || isinf(trade->strike)) {
    return qs_fail(context, QS_ERROR_INPUT, "%s: strike: %.10g; must be finite and greater than 0", place,
                   trade->strike);
  }
  return QS_OK;
}

/* Exactly one of expiry and expiry_years, later than as_of. */
static qs_status resolve_expiry(qs_context *context, const qs_market *market, const char *place,
                                const trade_rule *rule, const qs_trade_spec *trade, qs_contract *out) {
  bool by_years = given(trade->expiry_years);
  qs_time by_fixings = rule->kind == QS_CONTRACT_PATH ? qs_trade_expiry(trade, market->as_of) : 0;
  qs_time date = trade->expiry || by_years ? trade->expiry : by_fixings;
  bool by_date = date != 0;
  if (!rule->expiry) {
    return by_date || by_years
               ? qs_fail(context, QS_ERROR_INPUT, "%s: expiry: a %s has none", place, rule->name)
               : QS_OK;
  }
  if (by_date == by_years) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "%s: expiry: %s; exactly one of expiry and expiry_years (greater than 0)", place,
                   by_date ? "given twice" : "missing");
  }
  double years = by_date ? qs_time_years(market->as_of, date) : trade->expiry_years;
  if (by_date && !(years > 0 && years <= max_years)) {
    char expiry[QS_TIME_TEXT];
    char now[QS_TIME_TEXT];
    qs_time_format(date, expiry);
    qs_time_format(market->as_of, now);
    return qs_fail(context, QS_ERROR_INPUT, "%s: expiry: %s; must be after as_of %s and within %g years",
                   place, expiry, now, max_years);
  }
  if (!(years > 0 && years <= max_years)) {
    return qs_fail(context, QS_ERROR_INPUT, "%s: expiry_years: %.10g; must be greater than 0 and at most %g",
                   place, years, max_years);
  }
  out->years = years;
  out->expiry = by_date ? date : market->as_of + (qs_time)llround(years * QS_SECONDS_PER_YEAR);
  return QS_OK;
}

static qs_status check_enums(qs_context *context, const char *place, const trade_rule *rule,
                             const qs_trade_spec *trade) {
  if (trade->call_put != QS_CALL && trade->call_put != QS_PUT) {
    return qs_fail(context, QS_ERROR_INPUT, "%s: call_put: %d; must be call or put", place,
                   (int)trade->call_put);
  }
  if (trade->settlement != QS_SETTLE_LINEAR && trade->settlement != QS_SETTLE_COIN) {
    return qs_fail(context, QS_ERROR_INPUT, "%s: settlement: %d; must be linear or coin", place,
                   (int)trade->settlement);
  }
  if (trade->settlement == QS_SETTLE_COIN && !rule->coin) {
    return qs_fail(context, QS_ERROR_INPUT, "%s: settlement: coin; a %s is linear", place, rule->name);
  }
  return QS_OK;
}

/* The rows of several underlyings with that of `at` before the others. */
static bool row_first(qs_arena *arena, const double *rows, size_t count, size_t each, size_t at,
                      const double **moved) {
  double *made = QS_NEW(arena, count * each, double);
  for (size_t a = 0; made && a < count; a++) {
    const size_t to = a == at ? 0 : a < at ? a + 1 : a;
    memcpy(made + to * each, rows + a * each, each * sizeof *made);
  }
  *moved = made;
  return made != NULL;
}

/* A trade on several underlyings that is paid in the coin of `underlying`: the same with that one first,
 * whose leg holds the value. */
static qs_status coin_first(qs_context *context, qs_arena *arena, const char *place, qs_meant *meant) {
  qs_trade_spec *trade = &meant->trade;
  const size_t n = trade->underlying_count, past = trade->path.past_count;
  const char **names = QS_NEW(arena, n, const char *), **own = QS_NEW(arena, n, const char *);
  size_t at = 0;
  while (at < n && !(trade->underlyings[at] && strcmp(trade->underlyings[at], trade->underlying) == 0)) {
    at++;
  }
  if (at == n) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "%s: underlying: %.64s; must be one of underlyings, in whose coin the trade is settled",
                   place, trade->underlying);
  }
  const bool rows = past && past % n == 0; /* else what counts them says so */
  if (!names || !own || (rows && !row_first(arena, trade->path.past, n, past / n, at, &trade->path.past))) {
    return qs_fail_memory(context, "building the book");
  }
  for (size_t a = 0; a < n; a++) {
    const size_t to = a == at ? 0 : a < at ? a + 1 : a;
    names[to] = trade->underlyings[a];
    own[to] = meant->names ? meant->names[a] : NULL;
  }
  trade->underlyings = names;
  meant->names = meant->names ? own : NULL;
  return QS_OK;
}

/* The path of a trade that lies along one, or means one that does. */
static qs_status resolve_meaning(qs_context *context, qs_arena *arena, const qs_market *market,
                                 const char *place, const qs_trade_spec *trade, qs_contract *out) {
  double rate = market->underlyings[out->underlying].discount_rate;
  qs_meant meant;
  qs_flaw flaw;
  qs_status status = qs_trade_meant(arena, trade, market->as_of, rate, &meant, &flaw);
  if (status) {
    return status == QS_ERROR_INPUT
               ? qs_fail(context, QS_ERROR_INPUT, "%s: %s: %s", place, flaw.key, flaw.why)
               : qs_fail_memory(context, "building the book");
  }
  if (!qs_trade_along_path(meant.trade.type)) {
    return QS_OK;
  }
  if (trade->type == QS_TRADE_AUTOCALLABLE && trade->underlying_count > 1 &&
      trade->settlement == QS_SETTLE_COIN) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "%s: settlement: coin; an autocallable on several underlyings is linear", place);
  }
  if (meant.trade.underlying_count > 1 && trade->underlying && trade->settlement == QS_SETTLE_COIN) {
    status = coin_first(context, arena, place, &meant);
    if (status) {
      return status;
    }
    out->underlying = qs_market_find(market, trade->underlying);
    out->forward = qs_curve_forward(&market->underlyings[out->underlying].curve, out->years);
  }
  out->kind = QS_CONTRACT_PATH;
  return qs_resolve_path(context, arena, market, place, &meant, trade->type, out);
}

qs_status qs_resolve_trade(qs_context *context, qs_arena *arena, const qs_market *market, const char *place,
                           const qs_trade_spec *trade, qs_contract *contract) {
  const trade_rule *rule = find_rule(trade->type);
  if (!trade->id || !trade->id[0]) {
    return qs_fail(context, QS_ERROR_INPUT, "%s: id: missing", place);
  }
  if (!rule) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "%s: type: %d; must be european, forward, future, perpetual, spot or a type along a path",
                   place, (int)trade->type);
  }
  const char *name = trade->underlying_count ? trade->underlyings[0] : trade->underlying;
  int underlying = name ? qs_market_find(market, name) : -1;
  if (underlying < 0) {
    return qs_fail(context, QS_ERROR_INPUT, "%s: underlying: %.64s is none of this run's underlyings", place,
                   text_or(name, "nothing"));
  }
  bool several =
      qs_trade_by_formula(trade) || trade->type == QS_TRADE_AUTOCALLABLE || qs_trade_on_several(trade->type);
  if (trade->underlying_count && !several) {
    return qs_fail(context, QS_ERROR_INPUT, "%s: underlyings: a %s%s has one, its underlying", place,
                   rule->name, qs_trade_early(trade->type) ? " without a payoff" : "");
  }
  qs_contract out = {.id = trade->id,
                     .book = text_or(trade->book, "main"),
                     .venue = text_or(trade->venue, NULL),
                     .underlying = underlying,
                     .kind = rule->kind,
                     .call_put = trade->call_put,
                     .settlement = trade->settlement,
                     .strike = has_strike(rule, trade) ? trade->strike : NAN,
                     .quantity = trade->quantity,
                     .entry_price = NAN,
                     .mark = NAN};
  qs_status status = check_enums(context, place, rule, trade);
  if (status != QS_OK || (status = check_strike(context, place, rule, trade)) != QS_OK ||
      (status = resolve_expiry(context, market, place, rule, trade, &out)) != QS_OK ||
      (status = check_quantity(context, place, "quantity", trade->quantity)) != QS_OK) {
    return status;
  }
  out.forward = qs_curve_forward(&market->underlyings[underlying].curve, out.years);
  if (out.kind == QS_CONTRACT_FUTURE || out.kind == QS_CONTRACT_PERPETUAL) {
    out.entry_price = out.forward;
  }
  if ((status = resolve_meaning(context, arena, market, place, trade, &out))) {
    return status;
  }
  status = apply_entry(context, place, trade->entry_price, &out);
  if (status == QS_OK) {
    *contract = out;
  }
  return status;
}

qs_status qs_resolve_cash(qs_context *context, qs_arena *arena, const qs_market *market, const char *place,
                          const qs_cash_spec *cash, qs_contract *contract) {
  const char *currency = text_or(cash->currency, NULL);
  if (!currency) {
    return qs_fail(context, QS_ERROR_INPUT, "%s: currency: missing", place);
  }
  int underlying = qs_market_find(market, currency);
  if (underlying < 0 && strcmp(currency, market->currency) != 0) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "%s: currency: %.64s; must be %s or one of this run's underlyings", place, currency,
                   market->currency);
  }
  qs_status status = check_quantity(context, place, "amount", cash->amount);
  if (status != QS_OK) {
    return status;
  }
  const char *id = qs_arena_printf(arena, "cash-%s", currency);
  if (!id) {
    return qs_fail_memory(context, "building the book");
  }
  *contract = (qs_contract){.id = id,
                            .book = text_or(cash->book, "main"),
                            .venue = text_or(cash->venue, NULL),
                            .underlying = underlying,
                            .kind = QS_CONTRACT_CASH,
                            .settlement = underlying < 0 ? QS_SETTLE_LINEAR : QS_SETTLE_COIN,
                            .strike = NAN,
                            .forward = underlying < 0 ? 1 : market->underlyings[underlying].spot,
                            .quantity = cash->amount,
                            .entry_price = NAN,
                            .mark = NAN};
  return QS_OK;
}
