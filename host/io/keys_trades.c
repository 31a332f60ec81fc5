/* trades, and the trades of risk.what_if. */
#include <stddef.h>
#include <string.h>

#include "host/io/draft.h"
#include "host/market/fixings.h"

/* A list of times, or a rule. */
static qs_status read_fixings(qs_reader *reader, const qs_field *field, const qs_node *node, void *object) {
  qs_path_spec *path = &((qs_trade_spec *)object)->path;
  return qs_read_dates(reader, field->key, node, &path->rule, &path->fixings, &path->fixing_count);
}

#define AT(member)  offsetof(qs_trade_spec, member)
#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static const qs_choice trade_types[] = {{"european", QS_TRADE_EUROPEAN},
                                        {"forward", QS_TRADE_FORWARD},
                                        {"future", QS_TRADE_FUTURE},
                                        {"perpetual", QS_TRADE_PERPETUAL},
                                        {"spot", QS_TRADE_SPOT},
                                        {"digital", QS_TRADE_DIGITAL},
                                        {"asian", QS_TRADE_ASIAN},
                                        {"barrier", QS_TRADE_BARRIER},
                                        {"lookback", QS_TRADE_LOOKBACK},
                                        {"forward_start", QS_TRADE_FORWARD_START},
                                        {"cliquet", QS_TRADE_CLIQUET},
                                        {"variance_swap", QS_TRADE_VARIANCE_SWAP},
                                        {"volatility_swap", QS_TRADE_VOLATILITY_SWAP},
                                        {"script", QS_TRADE_SCRIPT},
                                        {"bermudan", QS_TRADE_BERMUDAN},
                                        {"american", QS_TRADE_AMERICAN},
                                        {"pool", QS_TRADE_POOL},
                                        {"autocallable", QS_TRADE_AUTOCALLABLE},
                                        {"basket", QS_TRADE_BASKET},
                                        {"spread", QS_TRADE_SPREAD},
                                        {"exchange", QS_TRADE_EXCHANGE},
                                        {"best_of", QS_TRADE_BEST_OF},
                                        {"worst_of", QS_TRADE_WORST_OF}};
static const qs_choice call_put_choices[] = {{"call", QS_CALL}, {"put", QS_PUT}};
static const qs_choice settlement_choices[] = {{"linear", QS_SETTLE_LINEAR}, {"coin", QS_SETTLE_COIN}};
static const qs_choice average_choices[] = {{"arithmetic", QS_AVERAGE_ARITHMETIC},
                                            {"geometric", QS_AVERAGE_GEOMETRIC}};
static const qs_choice pays_choices[] = {{"cash", QS_PAYS_CASH},
                                         {"asset", QS_PAYS_ASSET},
                                         {"value", QS_PAYS_VALUE},
                                         {"divergence_loss", QS_PAYS_DIVERGENCE_LOSS}};
static const qs_choice knock_choices[] = {{"out", QS_KNOCK_OUT}, {"in", QS_KNOCK_IN}};
static const qs_choice monitoring_choices[] = {{"continuous", QS_MONITORING_CONTINUOUS},
                                               {"discrete", QS_MONITORING_DISCRETE}};
static const qs_choice knock_in_choices[] = {{"expiry", QS_KNOCK_IN_AT_EXPIRY},
                                             {"fixings", QS_KNOCK_IN_AT_FIXINGS}};
static const qs_choice rebate_choices[] = {{"expiry", QS_REBATE_AT_EXPIRY}, {"hit", QS_REBATE_AT_HIT}};

#define CHOICE(list) .choices = (list), .choice_count = COUNT(list)
#define RELATIVE(above)                                                                                      \
  { 0, 1000, above, false }
#define PRICE                                                                                                \
  { 0, 1e15, true, false }

static const qs_field settlement_fields[] = {
    {"minutes", QS_FIELD_COUNT, .offset = offsetof(qs_settlement_average, minutes), .required = true,
     .range = {1, QS_MAX_SETTLEMENT_MINUTES, false, false}},
    {"every_seconds", QS_FIELD_COUNT, .offset = offsetof(qs_settlement_average, every_seconds),
     .range = {1, 3600, false, false}},
};
static const qs_table settlement_table = {settlement_fields, COUNT(settlement_fields),
                                          sizeof(qs_settlement_average), NULL, NULL};

static const qs_field trade_fields[] = {
    {"id", QS_FIELD_TEXT, .offset = AT(id), .required = true},
    {"type", QS_FIELD_CHOICE, .offset = AT(type), .required = true, CHOICE(trade_types)},
    {"underlying", QS_FIELD_TEXT, .offset = AT(underlying)},
    {"underlyings", QS_FIELD_TEXTS, .offset = AT(underlyings), .count_offset = AT(underlying_count),
     .min_count = 1, .max_count = 16, .distinct = true},
    {"call_put", QS_FIELD_CHOICE, .offset = AT(call_put), CHOICE(call_put_choices)},
    {"strike", QS_FIELD_NUMBER, .offset = AT(strike), .range = PRICE},
    {"expiry", QS_FIELD_TIME, .offset = AT(expiry)},
    {"expiry_years", QS_FIELD_NUMBER, .offset = AT(expiry_years), .range = {0, 100, true, false}},
    {"quantity", QS_FIELD_NUMBER, .offset = AT(quantity), .required = true,
     .range = {-1e15, 1e15, false, false}},
    {"settlement", QS_FIELD_CHOICE, .offset = AT(settlement), CHOICE(settlement_choices)},
    {"entry_price", QS_FIELD_NUMBER, .offset = AT(entry_price), .range = {0, 1e15, false, false}},
    {"book", QS_FIELD_TEXT, .offset = AT(book)},
    {"venue", QS_FIELD_TEXT, .offset = AT(venue)},
    {"fixings", QS_FIELD_OTHER, .table = &qs_fixing_rule_table, .read = read_fixings},
    {"exercise", QS_FIELD_OTHER, .table = &qs_fixing_rule_table, .read = read_fixings},
    {"past", QS_FIELD_NUMBERS, .offset = AT(path.past), .count_offset = AT(path.past_count), .range = PRICE,
     .max_count = QS_MAX_FIXINGS},
    {"floating", QS_FIELD_BOOL, .offset = AT(path.floating)},
    {"average", QS_FIELD_CHOICE, .offset = AT(path.average), CHOICE(average_choices)},
    {"pays", QS_FIELD_CHOICE, .offset = AT(path.pays), CHOICE(pays_choices)},
    {"amount", QS_FIELD_NUMBER, .offset = AT(path.amount), .range = PRICE},
    {"knock", QS_FIELD_CHOICE, .offset = AT(path.knock), CHOICE(knock_choices)},
    {"lower", QS_FIELD_NUMBER, .offset = AT(path.lower), .range = PRICE},
    {"upper", QS_FIELD_NUMBER, .offset = AT(path.upper), .range = PRICE},
    {"monitoring", QS_FIELD_CHOICE, .offset = AT(path.monitoring), CHOICE(monitoring_choices)},
    {"knocked", QS_FIELD_BOOL, .offset = AT(path.knocked)},
    {"rebate", QS_FIELD_NUMBER, .offset = AT(path.rebate), .range = {0, 1e15, false, false}},
    {"rebate_paid", QS_FIELD_CHOICE, .offset = AT(path.rebate_paid), CHOICE(rebate_choices)},
    {"start", QS_FIELD_TIME, .offset = AT(path.start)},
    {"moneyness", QS_FIELD_NUMBER, .offset = AT(path.moneyness), .range = {0, 1000, true, false}},
    {"local_floor", QS_FIELD_NUMBER, .offset = AT(path.local_floor), .range = {-1000, 1000, false, false}},
    {"local_cap", QS_FIELD_NUMBER, .offset = AT(path.local_cap), .range = {-1000, 1000, false, false}},
    {"global_floor", QS_FIELD_NUMBER, .offset = AT(path.global_floor), .range = {-1000, 1000, false, false}},
    {"global_cap", QS_FIELD_NUMBER, .offset = AT(path.global_cap), .range = {-1000, 1000, false, false}},
    {"cap", QS_FIELD_NUMBER, .offset = AT(path.cap), .range = {0, 1000, true, false}},
    {"annualisation", QS_FIELD_NUMBER, .offset = AT(path.annualisation), .range = {0, 1000000, true, false}},
    {"entry", QS_FIELD_NUMBER, .offset = AT(path.entry), .range = PRICE},
    {"deposit", QS_FIELD_NUMBER, .offset = AT(path.deposit), .range = PRICE},
    {"settlement_average", QS_FIELD_MAP, .offset = AT(path.settlement_average), .table = &settlement_table},
    {"weights", QS_FIELD_NUMBERS, .offset = AT(path.weights), .count_offset = AT(path.weight_count),
     .range = {-1e15, 1e15, false, false}, .min_count = 1, .max_count = 16},
    {"initial", QS_FIELD_NUMBERS, .offset = AT(path.initial), .count_offset = AT(path.initial_count),
     .range = PRICE, .min_count = 1, .max_count = 16, .or_one = true},
    {"autocall", QS_FIELD_NUMBERS, .offset = AT(path.autocall), .count_offset = AT(path.autocall_count),
     .range = RELATIVE(true), .min_count = 1, .max_count = QS_MAX_FIXINGS, .or_one = true},
    {"coupon", QS_FIELD_NUMBER, .offset = AT(path.coupon), .range = RELATIVE(false)},
    {"coupon_barrier", QS_FIELD_NUMBER, .offset = AT(path.coupon_barrier), .range = RELATIVE(false)},
    {"memory", QS_FIELD_BOOL, .offset = AT(path.memory)},
    {"knock_in", QS_FIELD_NUMBER, .offset = AT(path.knock_in), .range = RELATIVE(true)},
    {"knock_in_at", QS_FIELD_CHOICE, .offset = AT(path.knock_in_at), CHOICE(knock_in_choices)},
    {"redemption", QS_FIELD_NUMBER, .offset = AT(path.redemption), .range = RELATIVE(false)},
    {"smoothing", QS_FIELD_NUMBER, .offset = AT(path.smoothing), .range = {0, 1, false, false}},
    {"payoff", QS_FIELD_TEXT, .offset = AT(script.payoff)},
    {"constants", QS_FIELD_OTHER, .read = qs_read_constants},
    {"schedules", QS_FIELD_OTHER, .read = qs_read_schedules},
};

static void init_trade(void *object) {
  qs_trade_spec_init(object);
}

enum {
  EUROPEAN = 1 << QS_TRADE_EUROPEAN,
  FORWARD = 1 << QS_TRADE_FORWARD,
  FUTURE = 1 << QS_TRADE_FUTURE,
  PERPETUAL = 1 << QS_TRADE_PERPETUAL,
  DIGITAL = 1 << QS_TRADE_DIGITAL,
  ASIAN = 1 << QS_TRADE_ASIAN,
  BARRIER = 1 << QS_TRADE_BARRIER,
  LOOKBACK = 1 << QS_TRADE_LOOKBACK,
  FORWARD_START = 1 << QS_TRADE_FORWARD_START,
  CLIQUET = 1 << QS_TRADE_CLIQUET,
  VARIANCE_SWAP = 1 << QS_TRADE_VARIANCE_SWAP,
  VOLATILITY_SWAP = 1 << QS_TRADE_VOLATILITY_SWAP,
  SCRIPT = 1 << QS_TRADE_SCRIPT,
  BERMUDAN = 1 << QS_TRADE_BERMUDAN,
  AMERICAN = 1 << QS_TRADE_AMERICAN,
  POOL = 1 << QS_TRADE_POOL,
  AUTOCALLABLE = 1 << QS_TRADE_AUTOCALLABLE,
  SPREAD_TYPES = 1 << QS_TRADE_BASKET | 1 << QS_TRADE_SPREAD | 1 << QS_TRADE_BEST_OF | 1 << QS_TRADE_WORST_OF,
  SEVERAL = SPREAD_TYPES | 1 << QS_TRADE_EXCHANGE, /* on several underlyings */
  EARLY = BERMUDAN | AMERICAN,
  SWAPS = VARIANCE_SWAP | VOLATILITY_SWAP,
  OPTIONS = EUROPEAN | DIGITAL | ASIAN | BARRIER | LOOKBACK | FORWARD_START | EARLY,
  IN_COIN = OPTIONS | CLIQUET | SCRIPT | POOL | AUTOCALLABLE | SEVERAL | FUTURE | PERPETUAL,
  AVERAGED = ASIAN | LOOKBACK, /* by their fixings, which may be the strike */
  FIXED = AVERAGED | CLIQUET | SWAPS | AUTOCALLABLE,
  EXPIRING = OPTIONS | CLIQUET | SWAPS | SCRIPT | POOL | AUTOCALLABLE | SEVERAL | FORWARD | FUTURE
};

/* Which types have a key, and which of them need it. */
static const struct {
  const char *key;
  unsigned types, need;
} key_types[] = {
    {"call_put", OPTIONS | SPREAD_TYPES, OPTIONS | SPREAD_TYPES},
    {"strike", EUROPEAN | FORWARD | DIGITAL | BARRIER | AVERAGED | SWAPS | EARLY | SPREAD_TYPES,
     EUROPEAN | FORWARD | DIGITAL | BARRIER | SWAPS | EARLY | SPREAD_TYPES},
    {"fixings", FIXED | BARRIER, FIXED},
    {"exercise", BERMUDAN, BERMUDAN},
    {"past", FIXED | FORWARD_START | SCRIPT | EUROPEAN, 0},
    {"floating", AVERAGED, 0},
    {"average", ASIAN, 0},
    {"pays", DIGITAL | POOL, POOL},
    {"amount", DIGITAL, 0},
    {"knock", BARRIER, BARRIER},
    {"lower", BARRIER | POOL, 0},
    {"upper", BARRIER | POOL, 0},
    {"monitoring", BARRIER, 0},
    {"knocked", BARRIER, 0},
    {"rebate", BARRIER, 0},
    {"rebate_paid", BARRIER, 0},
    {"start", FORWARD_START, FORWARD_START},
    {"moneyness", FORWARD_START | CLIQUET, 0},
    {"local_floor", CLIQUET, 0},
    {"local_cap", CLIQUET, 0},
    {"global_floor", CLIQUET, 0},
    {"global_cap", CLIQUET, 0},
    {"cap", SWAPS, 0},
    {"annualisation", SWAPS, 0},
    {"entry", POOL, POOL},
    {"deposit", POOL, POOL},
    {"settlement_average", EUROPEAN, 0},
    {"weights", SEVERAL, 0},
    {"initial", AUTOCALLABLE | SEVERAL, AUTOCALLABLE},
    {"autocall", AUTOCALLABLE, AUTOCALLABLE},
    {"coupon", AUTOCALLABLE, 0},
    {"coupon_barrier", AUTOCALLABLE, 0},
    {"memory", AUTOCALLABLE, 0},
    {"knock_in", AUTOCALLABLE, 0},
    {"knock_in_at", AUTOCALLABLE, 0},
    {"redemption", AUTOCALLABLE, 0},
    {"smoothing", AUTOCALLABLE, 0},
    {"payoff", SCRIPT | EARLY, SCRIPT},
    {"constants", SCRIPT | EARLY, 0},
    {"schedules", SCRIPT, 0},
};

/* Keys of what early exercise pays: either the first two, or the formula and its constants. */
enum { BY_STRIKE = 0, BY_FORMULA = 1, WITHOUT = 2 };

static int early_side(const char *key) {
  static const char *const strike[] = {"call_put", "strike"}, *const formula[] = {"payoff", "constants"};
  for (int i = 0; i < 2; i++) {
    if (strcmp(key, strike[i]) == 0) {
      return BY_STRIKE;
    }
    if (strcmp(key, formula[i]) == 0) {
      return BY_FORMULA;
    }
  }
  return WITHOUT;
}

/* "a european", "an asian", with what the trade's own keys say of it; static. */
static const char *name_of(const qs_trade_spec *spec) {
  static const char *const names[] = {
      "a european",        "a forward", "a future",    "a perpetual",     "a spot",    "a digital",
      "an asian",          "a barrier", "a lookback",  "a forward_start", "a cliquet", "a variance_swap",
      "a volatility_swap", "a script",  "a bermudan",  "an american",     "a pool",    "an autocallable",
      "a basket",          "a spread",  "an exchange", "a best_of",       "a worst_of"};
  if (qs_trade_early(spec->type) && spec->script.payoff) {
    return spec->type == QS_TRADE_AMERICAN ? "an american by formula" : "a bermudan by formula";
  }
  if (spec->path.floating) {
    return spec->type == QS_TRADE_ASIAN ? "a floating asian" : "a floating lookback";
  }
  return names[spec->type];
}

/* A key that the trade needs must be there, one that it has not must not. */
static qs_status check_key(qs_reader *reader, const qs_node *node, const qs_trade_spec *spec, const char *key,
                           bool has, bool needs) {
  const qs_node *child = qs_node_get(node, key);
  if (child && !has) {
    return qs_node_bad_key(reader, child, "%s has no %s; the key must be left out", name_of(spec), key);
  }
  if (!child && needs) {
    return qs_node_missing(reader, node, key, "%s needs this key", name_of(spec));
  }
  return QS_OK;
}

static qs_status check_keys(qs_reader *reader, const qs_node *node, const qs_trade_spec *spec) {
  qs_status status = QS_OK;
  const bool early = qs_trade_early(spec->type);
  const int other = qs_trade_by_formula(spec) ? BY_STRIKE : BY_FORMULA;
  for (size_t i = 0; i < COUNT(key_types) && status == QS_OK; i++) {
    const bool apart = early && early_side(key_types[i].key) == other;
    status = check_key(reader, node, spec, key_types[i].key, !apart && key_types[i].types >> spec->type & 1,
                       !apart && key_types[i].need >> spec->type & 1);
  }
  return status;
}

static qs_status check_expiry(qs_reader *reader, const qs_node *node, const qs_trade_spec *spec) {
  const qs_node *expiry = qs_node_get(node, "expiry");
  const qs_node *years = qs_node_get(node, "expiry_years");
  const qs_node *either = expiry ? expiry : years;
  bool expires = (unsigned)EXPIRING >> spec->type & 1;
  if (!expires && either) {
    return qs_node_bad_key(reader, either, "%s has no expiry; the key must be left out", name_of(spec));
  }
  bool by_fixings = spec->path.fixing_count || spec->path.rule.to;
  if (expires && !either && !by_fixings) {
    return qs_node_missing(reader, node, "expiry", "%s needs expiry or expiry_years", name_of(spec));
  }
  if (expiry && years) {
    return qs_node_bad_key(reader, years,
                           "expiry is given too; must be exactly one of expiry and expiry_years");
  }
  return QS_OK;
}

/* Keys that other keys ask for or shut out. */
static qs_status check_choices(qs_reader *reader, const qs_node *node, const qs_trade_spec *spec) {
  const qs_path_spec *path = &spec->path;
  switch (spec->type) {
  case QS_TRADE_EUROPEAN:
    return path->settlement_average.minutes ? QS_OK : check_key(reader, node, spec, "past", false, false);
  case QS_TRADE_AUTOCALLABLE:
    if (spec->underlying_count < 2 && qs_node_get(node, "smoothing")) {
      return qs_node_bad_key(reader, qs_node_get(node, "smoothing"),
                             "on one underlying nothing is smoothed; the key must be left out");
    }
    return QS_OK;
  case QS_TRADE_ASIAN:
  case QS_TRADE_LOOKBACK:
    return check_key(reader, node, spec, "strike", !path->floating, !path->floating);
  case QS_TRADE_DIGITAL:
    if (path->pays == QS_PAYS_ASSET && qs_node_get(node, "amount")) {
      return qs_node_bad_key(reader, qs_node_get(node, "amount"),
                             "the digital pays the asset; the key must be left out");
    }
    return QS_OK;
  case QS_TRADE_BARRIER:
    if (path->monitoring == QS_MONITORING_CONTINUOUS && qs_node_get(node, "fixings")) {
      return qs_node_bad_key(reader, qs_node_get(node, "fixings"),
                             "monitoring is continuous; the key must be left out");
    }
    if (path->monitoring == QS_MONITORING_DISCRETE && !qs_node_get(node, "fixings")) {
      return qs_node_missing(reader, node, "fixings", "discrete monitoring needs this key");
    }
    return QS_OK;
  default:
    return QS_OK;
  }
}

/* Its underlying, or those of a trade on several. */
static qs_status check_underlyings(qs_reader *reader, const qs_node *node, const qs_trade_spec *spec) {
  const qs_node *several = qs_node_get(node, "underlyings");
  bool needs = (unsigned)SEVERAL >> spec->type & 1, early = qs_trade_early(spec->type);
  bool takes = needs || spec->type == QS_TRADE_AUTOCALLABLE || qs_trade_by_formula(spec);
  if (early && several && !spec->script.payoff) {
    return qs_node_missing(reader, node, "payoff", "%s on several underlyings needs this key", name_of(spec));
  }
  qs_status status = check_key(reader, node, spec, "underlyings", takes, needs);
  const bool in_coin = spec->underlying_count > 1 && spec->settlement == QS_SETTLE_COIN;
  if (status == QS_OK && in_coin && spec->type == QS_TRADE_AUTOCALLABLE) {
    return qs_node_bad(reader, qs_node_get(node, "settlement"), "must be linear on several underlyings");
  }
  if (status == QS_OK && several && spec->underlying && !in_coin) {
    return qs_node_bad_key(reader, several, "underlying is given too; must be exactly one of the two");
  }
  bool listed = !several || !spec->underlying;
  for (size_t k = 0; k < spec->underlying_count && !listed; k++) {
    listed = strcmp(spec->underlyings[k], spec->underlying) == 0;
  }
  if (status == QS_OK && !listed) {
    return qs_node_bad(reader, several, "must hold the underlying in whose coin they are settled");
  }
  if (status == QS_OK && early && qs_trade_joint(spec) && spec->settlement == QS_SETTLE_COIN) {
    return qs_node_bad(reader, qs_node_get(node, "settlement"), "must be linear for %s", name_of(spec));
  }
  return status == QS_OK && !several ? check_key(reader, node, spec, "underlying", true, true) : status;
}

static qs_status check_trade(qs_reader *reader, const qs_node *node, void *object) {
  qs_trade_spec *spec = object;
  spec->line = node->line;
  qs_status status = check_underlyings(reader, node, spec);
  if (status == QS_OK) {
    status = check_keys(reader, node, spec);
  }
  if (status == QS_OK) {
    status = check_choices(reader, node, spec);
  }
  if (status == QS_OK) {
    status = check_expiry(reader, node, spec);
  }
  if (status == QS_OK && spec->settlement == QS_SETTLE_COIN && !((unsigned)IN_COIN >> spec->type & 1)) {
    return qs_node_bad(reader, qs_node_get(node, "settlement"), "must be linear for %s", name_of(spec));
  }
  bool priced_from_entry = spec->type == QS_TRADE_FUTURE || spec->type == QS_TRADE_PERPETUAL;
  if (status == QS_OK && priced_from_entry && spec->entry_price == 0) {
    return qs_node_bad(reader, qs_node_get(node, "entry_price"), "must be greater than 0 for %s",
                       name_of(spec));
  }
  return status;
}

const qs_table qs_trade_table = {trade_fields, COUNT(trade_fields), sizeof(qs_trade_spec), init_trade,
                                 check_trade};
