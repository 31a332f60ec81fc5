/* What the sections simulate and backtest name: a position, instruments, dates that fit both, and policies.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "host/base/model.h"
#include "host/io/draft.h"
#include "host/market/fixings.h"
#include "host/market/names.h"
#include "host/market/time.h"
#include "quickset/policy.h"

/* One thing of the book. */
typedef struct holding {
  const char *id, *book;
  size_t number;          /* how often the id stood before, where that matters: 1 in id#2 */
  const char *underlying; /* null: cash that does not move */
  qs_time expiry;         /* 0: none */
  bool on_path;
} holding;

/* Whether the text is this id, or may be one of its numbered ones. */
static bool begins_with(const char *text, const char *id) {
  return strncmp(text, id, strlen(id)) == 0;
}

static const char *or_main(const char *book) {
  return book ? book : "main";
}

static holding hold_position(const qs_draft *draft, size_t i, qs_listed_name *name) {
  const qs_position_spec *positions = draft->inputs.positions;
  holding made = {.id = positions[i].instrument, .book = or_main(positions[i].book)};
  const bool counts = begins_with(draft->inputs.simulate.position, made.id);
  for (size_t k = 0; counts && k < i; k++) {
    made.number += strcmp(positions[k].instrument, made.id) == 0;
  }
  if (qs_listed_name_parse(made.id, name)) { /* it is known to be one */
    made.underlying = name->underlying;
    made.expiry = name->expiry;
  }
  return made;
}

static holding hold_trade(const qs_draft *draft, size_t i) {
  const qs_trade_spec *trade = &draft->inputs.trades[i];
  return (holding){.id = trade->id,
                   .book = or_main(trade->book),
                   .underlying = trade->underlying_count ? trade->underlyings[0] : trade->underlying,
                   .expiry = qs_trade_expiry(trade, draft->inputs.as_of),
                   .on_path = qs_trade_along_path(trade->type) || trade->underlying_count ||
                              trade->path.settlement_average.minutes > 0};
}

enum { CASH_ID = 64 };

static holding hold_cash(const qs_draft *draft, size_t i, char id[CASH_ID]) {
  const qs_cash_spec *cash = draft->inputs.cash;
  holding made = {.id = id, .book = or_main(cash[i].book)};
  snprintf(id, CASH_ID, "cash-%s", cash[i].currency);
  const bool counts = begins_with(draft->inputs.simulate.position, id);
  for (size_t k = 0; counts && k < i; k++) {
    made.number += strcmp(cash[k].currency, cash[i].currency) == 0;
  }
  made.underlying = qs_draft_knows(draft, cash[i].currency) ? cash[i].currency : NULL;
  return made;
}

/* The texts that a holding points to, where they are not the config's. */
typedef struct room {
  qs_listed_name name;
  char id[CASH_ID];
} room;

/* The i-th of the book, in the order of the results; false past its end. */
static bool hold(const qs_draft *draft, size_t i, room *texts, holding *made) {
  const qs_inputs *in = &draft->inputs;
  if (i < in->position_count) {
    *made = hold_position(draft, i, &texts->name);
    return true;
  }
  i -= in->position_count;
  if (i < in->trade_count) {
    *made = hold_trade(draft, i);
    return true;
  }
  i -= in->trade_count;
  if (i < in->cash_count) {
    *made = hold_cash(draft, i, texts->id);
    return true;
  }
  return false;
}

static bool has_id(const holding *h, const char *text) {
  size_t length = strlen(h->id);
  if (!h->number) {
    return strcmp(text, h->id) == 0;
  }
  char number[24];
  snprintf(number, sizeof number, "#%zu", h->number + 1);
  return begins_with(text, h->id) && strcmp(text + length, number) == 0;
}

static bool is_date(const qs_draft *draft, qs_time time) {
  const qs_simulate_dates *dates = &draft->inputs.simulate.dates;
  if (isnan(dates->spacing_days)) {
    bool found = false;
    for (size_t d = 0; !found && d < dates->time_count; d++) {
      found = dates->times[d] == time;
    }
    return found;
  }
  const double apart = dates->spacing_days * QS_SECONDS_PER_DAY;
  const double number = round((double)(time - draft->inputs.as_of) / apart);
  return number >= 0 && number <= (double)dates->count &&
         draft->inputs.as_of + (qs_time)llround(number * apart) == time;
}

/* Why the trade, which lies along a path, is not simulated, or null. `along`: it has no price before its
 * expiry, since its payoff depends on more prices than one (host/simulate/terminal.h). */
static const char *path_flaw(qs_reader *reader, const qs_draft *draft, size_t i, bool *along) {
  const qs_trade_spec *trade = &draft->inputs.trades[i];
  const bool watched = trade->type == QS_TRADE_BARRIER && trade->path.monitoring == QS_MONITORING_CONTINUOUS;
  const bool early = qs_trade_early(trade->type);
  if (trade->underlying_count || (early && qs_trade_by_formula(trade)) ||
      trade->path.settlement_average.minutes > 0) {
    return "is a trade along a path, which is not simulated";
  }
  if (watched && draft->inputs.simulate.slices.count > 1) {
    return "is watched at all times, which slices do not go with";
  }
  qs_fixings fixings = {.count = 0};
  qs_flaw flaw;
  if (qs_fixings_make(reader->scratch, trade, draft->inputs.as_of, &fixings, &flaw)) {
    return "is a trade along a path, which is not simulated"; /* what is wrong was said where it stands */
  }
  bool on = true;
  for (size_t k = fixings.known; k < fixings.count; k++) {
    on = on && is_date(draft, fixings.dates[k]);
  }
  const bool several = watched || early || fixings.count > fixings.known + 1;
  *along = *along || several;
  return several && !on ? "has fixings, or an expiry, that are none of the dates" : NULL;
}

/* What is to be hedged, and when the last of it expires (INT64_MAX: never). */
static qs_status check_position(qs_reader *reader, const qs_draft *draft, const qs_node *node,
                                const char *underlying, qs_time *last, bool *along) {
  const char *position = draft->inputs.simulate.position;
  room texts;
  holding h;
  bool by_id = false, held = false, moves = false;
  for (size_t i = 0; !by_id && hold(draft, i, &texts, &h); i++) {
    by_id = has_id(&h, position);
  }
  *last = 0;
  *along = false;
  for (size_t i = 0; hold(draft, i, &texts, &h); i++) {
    const bool all = strcmp(position, "portfolio") == 0;
    if (!(by_id ? has_id(&h, position) : all || strcmp(h.book, position) == 0)) {
      continue;
    }
    held = true;
    if (!h.underlying) {
      continue;
    }
    moves = true;
    const char *flaw = h.on_path ? path_flaw(reader, draft, i - draft->inputs.position_count, along) : NULL;
    if (flaw) {
      return qs_node_bad(reader, node, "%s %s", h.id, flaw);
    }
    if (strcmp(h.underlying, underlying) != 0) {
      return qs_node_bad(reader, node, "%s is not of the underlying %s of the instruments", h.id, underlying);
    }
    const qs_time end = h.expiry ? h.expiry : INT64_MAX;
    *last = end > *last ? end : *last;
  }
  if (!held) {
    return qs_node_bad(reader, node, "must be portfolio, a book or the id of a position");
  }
  return moves ? QS_OK : qs_node_bad(reader, node, "holds cash alone, which needs no hedge");
}

/* What else lies in the account. */
static qs_status check_also(qs_reader *reader, const qs_draft *draft, const qs_node *node,
                            const char *underlying, qs_time unwind) {
  const char *also = draft->inputs.simulate.margin.also;
  room texts;
  holding h;
  char other[64] = "";
  bool by_id = false;
  for (size_t i = 0; node && !by_id && hold(draft, i, &texts, &h); i++) {
    by_id = has_id(&h, also);
  }
  for (size_t i = 0; node && hold(draft, i, &texts, &h); i++) {
    if (!(by_id ? has_id(&h, also) : strcmp(h.book, also) == 0) || !h.underlying) {
      continue;
    }
    const char *flaw =
        strcmp(h.underlying, underlying) == 0        ? "is of the hedge's underlying; must be of another"
        : *other && strcmp(h.underlying, other) != 0 ? "is of a further underlying; must be of one alone"
        : h.on_path                     ? "is a trade along a path, which has no price before its expiry"
        : h.expiry && h.expiry < unwind ? "expires before the unwind"
                                        : NULL;
    if (flaw) {
      return qs_node_bad(reader, node, "%s %s", h.id, flaw);
    }
    snprintf(other, sizeof other, "%s", h.underlying);
  }
  return node && !*other ? qs_node_bad(reader, node, "must be a book or the id of a position") : QS_OK;
}

static const qs_underlying_spec *find_underlying(const qs_draft *draft, const char *name) {
  for (size_t i = 0; i < draft->inputs.underlying_count; i++) {
    if (strcmp(draft->inputs.underlyings[i].name, name) == 0) {
      return &draft->inputs.underlyings[i];
    }
  }
  return NULL;
}

static qs_status check_first(qs_reader *reader, const qs_draft *draft, const qs_node *node,
                             qs_listed_name *name) {
  const char *flaw = NULL;
  if (!qs_hedge_name_parse(draft->inputs.simulate.instruments[0], name, &flaw)) {
    return qs_node_bad(reader, node, "%s", flaw);
  }
  const qs_underlying_spec *spec = find_underlying(draft, name->underlying);
  if (spec) {
    return spec->local
               ? qs_node_bad(reader, node, "the model of %s is local; must be one that is not", spec->name)
               : QS_OK;
  }
  char names[QS_NAMES_TEXT];
  qs_draft_names(draft, names);
  return qs_node_bad(reader, node, "unknown underlying; must be an instrument of %s", names);
}

/* The underlying and expiry of an option that hedges: a listed one, or a european of the trades. */
static bool find_option(const qs_draft *draft, const char *text, qs_listed_name *name) {
  if (qs_listed_name_parse(text, name) && qs_draft_knows(draft, name->underlying)) {
    return name->kind == QS_LISTED_OPTION;
  }
  for (size_t i = 0; i < draft->inputs.trade_count; i++) {
    const qs_trade_spec *trade = &draft->inputs.trades[i];
    if (strcmp(trade->id, text) == 0 && trade->type == QS_TRADE_EUROPEAN && !hold_trade(draft, i).on_path) {
      *name = (qs_listed_name){.expiry = qs_trade_expiry(trade, draft->inputs.as_of)};
      snprintf(name->underlying, sizeof name->underlying, "%s", trade->underlying);
      return true;
    }
  }
  return false;
}

/* The instruments after the first. */
static qs_status check_options(qs_reader *reader, const qs_draft *draft, const qs_node *node,
                               const char *underlying, qs_time unwind) {
  const qs_simulate_spec *spec = &draft->inputs.simulate;
  for (size_t i = 1; i < spec->instrument_count; i++) {
    node = node->next;
    qs_listed_name name;
    char text[QS_TIME_TEXT];
    if (!find_option(draft, spec->instruments[i], &name)) {
      return qs_node_bad(reader, node, "must be an option: a listed one, or the id of a european trade");
    }
    if (strcmp(name.underlying, underlying) != 0) {
      return qs_node_bad(reader, node, "must be of the first one's underlying, %s", underlying);
    }
    if (name.expiry <= unwind) {
      qs_time_format(name.expiry, text);
      return qs_node_bad(reader, node, "expires at %s; must expire after the last date", text);
    }
  }
  return QS_OK;
}

/* The limits of the i-th instrument, or null. */
static const qs_instrument_limit *limit_of(const qs_simulate_spec *spec, size_t i) {
  for (size_t k = 0; k < spec->instrument_limit_count; k++) {
    if (strcmp(spec->instrument_limits[k].instrument, spec->instruments[i]) == 0) {
      return &spec->instrument_limits[k];
    }
  }
  return NULL;
}

/* Without a list they are a backtest's, of its one instrument. */
static qs_status check_limits(qs_reader *reader, const qs_node *list, const qs_simulate_spec *spec) {
  const qs_node *node = list ? list->first : NULL;
  for (size_t k = 0; node && k < spec->instrument_limit_count; k++, node = node->next) {
    const char *name = spec->instrument_limits[k].instrument;
    size_t i = 0;
    while (i < spec->instrument_count && strcmp(name, spec->instruments[i]) != 0) {
      i++;
    }
    if (i == spec->instrument_count || limit_of(spec, i) != &spec->instrument_limits[k]) {
      return qs_node_bad(reader, qs_node_get(node, "instrument"), "must be %s",
                         i == spec->instrument_count ? "one of simulate.instruments" : "given once");
    }
  }
  return QS_OK;
}

enum { MOST_PAIR_DATES = 366 }; /* as host/simulate/paired.h says */

static size_t trade_count(const qs_simulate_spec *spec) {
  return isnan(spec->dates.spacing_days) ? spec->dates.time_count - 1 : spec->dates.count;
}

/* What keeps the section from having an optimum. */
static const char *optimum_flaw(const qs_simulate_spec *spec) {
  bool all = true;
  for (size_t i = 0; i < spec->instrument_count; i++) {
    all = all && limit_of(spec, i);
  }
  return spec->instrument_count > 2 && !all
             ? "with several options it needs instrument_limits of every instrument"
         : spec->instrument_count == 2 && !all
             ? "with an option it needs instrument_limits of both instruments"
         : (spec->instrument_count > 1 || limit_of(spec, 0)) && trade_count(spec) > MOST_PAIR_DATES
             ? "with an option or instrument_limits it takes at most 366 dates"
             : NULL;
}

/* What a policy needs of the instruments and the model. */
static const char *policy_flaw(const qs_simulate_spec *spec, const qs_model *model, bool along,
                               qs_hedge_policy_type type) {
  if (along && type != QS_HEDGE_POLICY_NONE && type != QS_HEDGE_POLICY_REGRESSION) {
    return "needs a price before the expiry, which trades along paths have not";
  }
  const bool neutral = type == QS_HEDGE_POLICY_DELTA_GAMMA || type == QS_HEDGE_POLICY_DELTA_VEGA;
  if (neutral && spec->instrument_count != 2) {
    return "needs exactly one option among the instruments";
  }
  if (type == QS_HEDGE_POLICY_DELTA_VEGA && !qs_model_stochastic(model)) {
    return "needs a model whose variance is random";
  }
  return type != QS_HEDGE_POLICY_OPTIMAL            ? NULL
         : spec->objective == QS_OBJECTIVE_VARIANCE ? optimum_flaw(spec)
         : spec->instrument_count > 1 || limit_of(spec, 0)
             ? "knows no option and no instrument_limits under this objective"
             : NULL;
}

static qs_status check_policies(qs_reader *reader, const qs_draft *draft, const qs_node *section,
                                const char *underlying, bool along) {
  const qs_simulate_spec *spec = &draft->inputs.simulate;
  const qs_node *frontier = qs_node_get(section, "frontier");
  const qs_node *node = qs_node_get(section, "policies")->first;
  static const char *const priced[] = {"attribution", "frontier"};
  for (size_t k = 0; along && k < sizeof priced / sizeof priced[0]; k++) {
    const qs_node *key = qs_node_get(section, priced[k]);
    if (key && (k || spec->attribution)) {
      return qs_node_bad_key(reader, key,
                             "needs a price before the expiry, which trades along paths have not");
    }
  }
  for (size_t i = 0; i < spec->policy_count; i++, node = node->next) {
    const char *flaw =
        policy_flaw(spec, &find_underlying(draft, underlying)->model, along, spec->policies[i].type);
    if (flaw) {
      return qs_node_bad(reader, node->kind == QS_NODE_MAP ? qs_node_get(node, "type") : node, "%s", flaw);
    }
  }
  return frontier && optimum_flaw(spec) ? qs_node_bad(reader, frontier, "%s", optimum_flaw(spec)) : QS_OK;
}

/* The unwind, once the first date is not before as_of. */
static qs_status find_unwind(qs_reader *reader, const qs_draft *draft, const qs_node *node, qs_time *unwind) {
  const qs_simulate_dates *dates = &draft->inputs.simulate.dates;
  const qs_time as_of = draft->inputs.as_of;
  if (isnan(dates->spacing_days)) {
    char text[QS_TIME_TEXT];
    qs_time_format(as_of, text);
    *unwind = dates->times[dates->time_count - 1];
    return dates->times[0] >= as_of
               ? QS_OK
               : qs_node_bad(reader, node->first, "in the past; must not be before as_of, which is %s", text);
  }
  *unwind = as_of + (qs_time)llround((double)dates->count * dates->spacing_days * QS_SECONDS_PER_DAY);
  return QS_OK;
}

static qs_status check_names(qs_reader *reader, const qs_node *list, const qs_simulate_spec *spec) {
  const qs_node *node = list->first;
  for (size_t i = 0; i < spec->policy_count; i++, node = node->next) {
    const qs_hedge_policy_spec *a = &spec->policies[i];
    const char *name = a->name ? a->name : qs_hedge_policy_name(a->type);
    for (size_t k = 0; k < i; k++) {
      const qs_hedge_policy_spec *b = &spec->policies[k];
      if (strcmp(name, b->name ? b->name : qs_hedge_policy_name(b->type)) == 0) {
        return node->kind == QS_NODE_MAP && !a->name
                   ? qs_node_missing(reader, node, "name", "another policy is called %s; must be its own",
                                     name)
                   : qs_node_bad(reader, a->name ? qs_node_get(node, "name") : node,
                                 "another policy is called so; every policy must have its own name");
      }
    }
  }
  return QS_OK;
}

static qs_status check_saved(qs_reader *reader, const qs_node *node, const qs_simulate_spec *spec) {
  for (size_t i = 0; node && i < spec->policy_count; i++) {
    const qs_hedge_policy_spec *p = &spec->policies[i];
    if (strcmp(p->name ? p->name : qs_hedge_policy_name(p->type), spec->save_policy) == 0) {
      if (p->type == QS_HEDGE_POLICY_OPTIMAL && spec->instrument_count > QS_SAVED_INSTRUMENTS) {
        return qs_node_bad(reader, node, "it holds more than two instruments; must hold at most 2");
      }
      return qs_hedge_policy_looks_back(p->type)
                 ? qs_node_bad(reader, node, "it looks back at its last trade, which no table says")
                 : QS_OK;
    }
  }
  return node ? qs_node_bad(reader, node, "must be the name of a policy of the section") : QS_OK;
}

static const qs_node *entry(const qs_node *list, size_t i) {
  const qs_node *node = list->first;
  while (i--) {
    node = node->next;
  }
  return node;
}

/* The number of a venue among the first `count`, or count. */
static size_t find_venue(const qs_simulate_spec *spec, size_t count, const char *name) {
  size_t i = 0;
  while (i < count && strcmp(spec->venues[i].name, name) != 0) {
    i++;
  }
  return i;
}

/* Names of venues, what their makers are paid, and changes of costs. */
static qs_status check_costs(qs_reader *reader, const qs_node *section, const qs_simulate_spec *spec) {
  const qs_node *venues = qs_node_get(section, "venues"), *costs = qs_node_get(section, "costs");
  const qs_node *schedule = costs ? qs_node_get(costs, "schedule") : NULL;
  double shares = 0;
  for (size_t i = 0; i < spec->venue_count; i++) {
    const qs_simulate_venue *v = &spec->venues[i];
    const qs_node *node = entry(venues, i), *maker = qs_node_get(node, "maker_fee");
    if (find_venue(spec, i, v->name) < i) {
      return qs_node_bad(reader, qs_node_get(node, "name"), "another venue is called so; must be its own");
    }
    const double taker = isnan(v->taker_fee) ? spec->costs.proportional : v->taker_fee;
    const double fee = v->maker_share * v->maker_fee + (1 - v->maker_share) * taker;
    if (maker && fee < 0) {
      return qs_node_bad(reader, maker, "with it the fee of an order is %g; must leave it at least 0", fee);
    }
    shares += v->share;
  }
  if (venues && spec->venue_count && !(shares > 0)) {
    return qs_node_bad(reader, qs_node_get(venues->first, "share"), "one share at least must be above 0");
  }
  for (size_t i = 0; i < spec->costs.schedule_count; i++) {
    const qs_cost_change *change = &spec->costs.schedule[i];
    const qs_node *node = entry(schedule, i);
    if (i && change->from < spec->costs.schedule[i - 1].from) {
      return qs_node_bad(reader, qs_node_get(node, "from"), "must not be before the one in front of it");
    }
    if (change->venue && find_venue(spec, spec->venue_count, change->venue) == spec->venue_count) {
      return qs_node_bad(reader, qs_node_get(node, "venue"), "must be the name of one of simulate.venues");
    }
  }
  return QS_OK;
}

/* What the paths follow must be a model of the same type. */
static qs_status check_real_world(qs_reader *reader, const qs_draft *draft, const qs_node *node,
                                  const char *underlying) {
  const qs_underlying_spec *spec = NULL;
  for (size_t i = 0; node && i < draft->inputs.underlying_count; i++) {
    spec = strcmp(draft->inputs.underlyings[i].name, underlying) == 0 ? &draft->inputs.underlyings[i] : spec;
  }
  if (!spec) {
    return QS_OK;
  }
  const uint32_t used = qs_model_parameters(spec->model.type);
  qs_model real = qs_model_or_harmless(spec);
  for (unsigned i = 0; i < QS_PARAMETER_COUNT; i++) {
    const double own = draft->inputs.simulate.real_world.value[i];
    const qs_node *given = qs_node_get(node, qs_parameter_name((qs_parameter)i));
    if (given && !(used >> i & 1)) {
      return qs_node_bad_key(reader, given, "%s, the model of %s, has no such parameter",
                             qs_model_name(spec->model.type), spec->name);
    }
    real.value[i] = given ? own : real.value[i];
  }
  qs_parameter parameter = QS_V0;
  const char *flaw = qs_model_check(&real, &parameter);
  const qs_node *at = flaw ? qs_node_get(node, qs_parameter_name(parameter)) : NULL;
  return flaw ? qs_node_bad(reader, at ? at : node, "%s", flaw) : QS_OK;
}

qs_status qs_draft_check_hedging(qs_reader *reader, const qs_draft *draft, const qs_node *section,
                                 const qs_node *instrument, bool *along) {
  const qs_node *dates = qs_node_get(section, "dates");
  qs_listed_name name;
  qs_time last = 0, unwind = 0;
  char text[QS_TIME_TEXT];
  qs_status status = check_first(reader, draft, instrument, &name);
  if (!status) {
    status = check_position(reader, draft, qs_node_get(section, "position"), name.underlying, &last, along);
  }
  status = status ? status : find_unwind(reader, draft, dates, &unwind);
  if (!status && last < unwind) {
    qs_time_format(last, text);
    status = qs_node_bad(reader, dates, "the last is after %s, when the position has expired", text);
  }
  if (!status && name.expiry && name.expiry < unwind) {
    qs_time_format(name.expiry, text);
    status = qs_node_bad(reader, instrument, "expires at %s; must be there until the last date", text);
  }
  status = status ? status : check_options(reader, draft, instrument, name.underlying, unwind);
  status = status ? status
                  : check_limits(reader, qs_node_get(section, "instrument_limits"), &draft->inputs.simulate);
  status = status ? status : check_policies(reader, draft, section, name.underlying, *along);
  status =
      status ? status : check_real_world(reader, draft, qs_node_get(section, "real_world"), name.underlying);
  const qs_node *margin = qs_node_get(section, "margin");
  if (!status) {
    status = check_also(reader, draft, margin ? qs_node_get(margin, "also") : NULL, name.underlying, unwind);
  }
  status = status ? status : check_costs(reader, section, &draft->inputs.simulate);
  status = status ? status : check_names(reader, qs_node_get(section, "policies"), &draft->inputs.simulate);
  return status ? status : check_saved(reader, qs_node_get(section, "save_policy"), &draft->inputs.simulate);
}

qs_status qs_draft_check_simulate(qs_reader *reader, const qs_draft *draft) {
  const qs_node *section = qs_node_get(draft->root, "simulate");
  bool along = false;
  return section ? qs_draft_check_hedging(reader, draft, section, qs_node_get(section, "instruments")->first,
                                          &along)
                 : QS_OK;
}
