/* Positions, trades and cash against the underlyings and as_of; what stress and hedge name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/io/draft.h"
#include "host/market/fixings.h"
#include "host/market/names.h"
#include "host/market/time.h"
#include "host/script/meant.h"
#include "host/script/trade.h"

/* Complains about the instrument of position number i. */
static qs_status bad_instrument(qs_reader *reader, const qs_positions_source *source, size_t i,
                                const char *why) {
  if (source->csv) {
    return qs_csv_bad(reader, source->csv, i, source->instrument_column, "%s", why);
  }
  return qs_node_bad(reader, qs_node_get(qs_node_at(source->list, i), "instrument"), "%s", why);
}

/* A future has its price as its entry, and 1/entry must exist where it settles in coin. */
static bool needs_positive_entry(const char *instrument) {
  qs_listed_name name;
  return qs_listed_name_parse(instrument, &name) && name.kind != QS_LISTED_OPTION;
}

static qs_status check_positions(qs_reader *reader, const qs_draft *draft, const qs_positions_source *source,
                                 const qs_position_spec *positions, size_t count) {
  for (size_t i = 0; i < count; i++) {
    char text[QS_WHY_TEXT];
    const char *why = qs_draft_instrument_flaw(draft, positions[i].instrument, text);
    if (!why && positions[i].entry_price == 0 && needs_positive_entry(positions[i].instrument)) {
      why = "the entry price of a future or perpetual must be greater than 0";
    }
    if (why) {
      return bad_instrument(reader, source, i, why);
    }
  }
  return QS_OK;
}

static qs_status bad_underlying(qs_reader *reader, const qs_draft *draft, const qs_node *node) {
  char names[QS_NAMES_TEXT];
  qs_draft_names(draft, names);
  return qs_node_bad(reader, node, "unknown underlying; must be one of %s", names);
}

typedef struct named_node {
  const char *name;
  const qs_node *node;
  size_t index;
} named_node;

static int by_name(const void *a, const void *b) {
  const named_node *x = a;
  const named_node *y = b;
  int order = strcmp(x->name, y->name);
  return order ? order : (x->index > y->index) - (x->index < y->index);
}

/* Every mapping of the list must have its own text under `key`. */
static qs_status check_unique(qs_reader *reader, const qs_node *list, const char *key) {
  named_node *nodes = QS_NEW(reader->scratch, list->count, named_node);
  if (!nodes) {
    return qs_reader_no_memory(reader);
  }
  size_t count = 0;
  for (const qs_node *node = list->first; node; node = node->next, count++) {
    const qs_node *value = qs_node_get(node, key);
    nodes[count] = (named_node){value->text, value, count};
  }
  qsort(nodes, count, sizeof *nodes, by_name);
  for (size_t i = 1; i < count; i++) {
    if (strcmp(nodes[i - 1].name, nodes[i].name) == 0) {
      return qs_node_bad(reader, nodes[i].node,
                         "duplicate %s, given before at line %u; every %s may stand once", key,
                         nodes[i - 1].node->line, key);
    }
  }
  return QS_OK;
}

/* A script's formula; its own complaints say the column in it. */
static qs_status check_formula(qs_reader *reader, const qs_draft *draft, const qs_node *node,
                               const qs_trade_spec *trade, const qs_fixings *fixings) {
  const qs_node *formula = qs_node_get(node, "payoff");
  char path[QS_PATH_TEXT];
  qs_node_path(formula, NULL, path);
  const char *place = formula->line ? qs_arena_printf(reader->scratch, "%s:%u:%u: %s", formula->source,
                                                      formula->line, formula->column, path)
                                    : qs_arena_printf(reader->scratch, "%s: %s", formula->source, path);
  qs_script script;
  return place ? qs_script_of_trade(reader->context, reader->scratch, place, trade, NULL, draft->inputs.as_of,
                                    fixings, &script)
               : qs_reader_no_memory(reader);
}

/* The terms of a trade along a path, and the dates that they make. */
static qs_status check_path(qs_reader *reader, const qs_draft *draft, const qs_node *node,
                            const qs_trade_spec *trade) {
  qs_fixings fixings;
  qs_flaw flaw;
  qs_meant meant;
  qs_time as_of = draft->inputs.as_of;
  qs_status status = qs_trade_meant(reader->scratch, trade, as_of, 0, &meant, &flaw);
  if (!status) {
    status = qs_fixings_make(reader->scratch, &meant.trade, as_of, &fixings, &flaw);
  }
  if (status == QS_ERROR_MEMORY) {
    return qs_reader_no_memory(reader);
  }
  if (status) {
    const qs_node *child = qs_node_get(node, flaw.key);
    return child ? qs_node_bad(reader, child, "%s", flaw.why)
                 : qs_node_missing(reader, node, flaw.key, "%s", flaw.why);
  }
  return qs_trade_by_formula(trade) ? check_formula(reader, draft, node, trade, &fixings) : QS_OK;
}

/* An expiry in the past, or a trade along a path that makes no sense. */
static qs_status check_dates(qs_reader *reader, const qs_draft *draft, const qs_node *node,
                             const qs_trade_spec *trade) {
  qs_time expiry = qs_trade_expiry(trade, draft->inputs.as_of);
  if (expiry && expiry <= draft->inputs.as_of) {
    char as_of[QS_TIME_TEXT];
    qs_time_format(draft->inputs.as_of, as_of);
    const char *dates = trade->type == QS_TRADE_BERMUDAN ? "exercise" : "fixings";
    const qs_node *at = qs_node_get(node, trade->expiry ? "expiry" : dates);
    return qs_node_bad(reader, at, "in the past; must be after as_of, which is %s", as_of);
  }
  bool average = trade->path.settlement_average.minutes > 0;
  return qs_trade_along_path(trade->type) || average ? check_path(reader, draft, node, trade) : QS_OK;
}

static qs_status check_underlyings(qs_reader *reader, const qs_draft *draft, const qs_node *node,
                                   const qs_trade_spec *trade) {
  if (!trade->underlying_count) {
    return qs_draft_knows(draft, trade->underlying)
               ? QS_OK
               : bad_underlying(reader, draft, qs_node_get(node, "underlying"));
  }
  const qs_node *name = qs_node_get(node, "underlyings")->first;
  for (; name; name = name->next) {
    if (!qs_draft_knows(draft, name->text)) {
      return bad_underlying(reader, draft, name);
    }
  }
  return QS_OK;
}

static bool is_local(const qs_draft *draft, const char *underlying) {
  bool local = false;
  for (size_t i = 0; i < draft->inputs.underlying_count; i++) {
    const qs_underlying_spec *spec = &draft->inputs.underlyings[i];
    local = local || (spec->local && strcmp(spec->name, underlying) == 0);
  }
  return local;
}

/* What a leverage function does not take. */
static qs_status check_local(qs_reader *reader, const qs_draft *draft, const qs_node *node,
                             const qs_trade_spec *trade) {
  bool early = qs_trade_early(trade->type);
  if (early && !trade->underlying_count && is_local(draft, trade->underlying)) {
    return qs_node_bad(reader, qs_node_get(node, "type"),
                       "must not be exercised early where the underlying's model is local");
  }
  const qs_node *name = trade->underlying_count > 1 || (early && trade->underlying_count)
                            ? qs_node_get(node, "underlyings")->first
                            : NULL;
  while (name && !is_local(draft, name->text)) {
    name = name->next;
  }
  return name ? qs_node_bad(reader, name,
                            "must be an underlying whose model is not local, as of all of several")
              : QS_OK;
}

static qs_status check_trades(qs_reader *reader, const qs_draft *draft, const qs_node *list,
                              const qs_trade_spec *trades) {
  if (!list) {
    return QS_OK;
  }
  size_t i = 0;
  for (const qs_node *node = list->first; node; node = node->next, i++) {
    qs_status status = check_underlyings(reader, draft, node, &trades[i]);
    if (status == QS_OK) {
      status = check_local(reader, draft, node, &trades[i]);
    }
    if (status == QS_OK) {
      status = check_dates(reader, draft, node, &trades[i]);
    }
    if (status) {
      return status;
    }
  }
  return check_unique(reader, list, "id");
}

static qs_status check_cash(qs_reader *reader, const qs_draft *draft) {
  const qs_node *list = qs_node_get(draft->root, "cash");
  size_t i = 0;
  for (const qs_node *node = list ? list->first : NULL; node; node = node->next, i++) {
    const char *currency = draft->inputs.cash[i].currency;
    if (strcmp(currency, draft->inputs.reporting_currency) != 0 && !qs_draft_knows(draft, currency)) {
      char names[QS_NAMES_TEXT];
      qs_draft_names(draft, names);
      return qs_node_bad(reader, qs_node_get(node, "currency"), "unknown currency; must be %s, or one of %s",
                         draft->inputs.reporting_currency, names);
    }
  }
  return QS_OK;
}

qs_status qs_draft_check_book(qs_reader *reader, const qs_draft *draft) {
  const qs_inputs *in = &draft->inputs;
  const qs_node *risk = qs_node_get(draft->root, "risk");
  qs_status status = check_positions(reader, draft, &draft->portfolio, in->positions, in->position_count);
  if (status == QS_OK) {
    status = check_trades(reader, draft, qs_node_get(draft->root, "trades"), in->trades);
  }
  if (status == QS_OK && risk) {
    status = check_trades(reader, draft, qs_node_get(risk, "what_if"), in->risk.what_if);
  }
  for (size_t i = 0; status == QS_OK && i < in->risk.what_if_count; i++) {
    if (in->risk.what_if[i].underlying_count > 1) {
      const qs_node *trade = qs_node_at(qs_node_get(risk, "what_if"), i);
      status = qs_node_bad(reader, qs_node_get(trade, "underlyings"), "a what-if trade has one underlying");
    }
  }
  return status == QS_OK ? check_cash(reader, draft) : status;
}

static qs_status check_scenarios(qs_reader *reader, const qs_draft *draft) {
  if (!draft->scenarios) {
    return QS_OK;
  }
  for (const qs_node *node = draft->scenarios->first; node; node = node->next) {
    const qs_node *list = qs_node_get(node, "underlyings");
    for (const qs_node *name = list ? list->first : NULL; name; name = name->next) {
      if (!qs_draft_knows(draft, name->text)) {
        return bad_underlying(reader, draft, name);
      }
    }
  }
  return check_unique(reader, draft->scenarios, "name");
}

static qs_status check_costs(qs_reader *reader, const qs_draft *draft) {
  if (!draft->costs) {
    return QS_OK;
  }
  size_t i = 0;
  for (const qs_node *node = draft->costs->first; node; node = node->next, i++) {
    const char *name = draft->inputs.hedge.costs[i].instrument;
    bool kind = strcmp(name, "option") == 0 || strcmp(name, "future") == 0 ||
                strcmp(name, "perpetual") == 0 || strcmp(name, "spot") == 0;
    qs_listed_name listed;
    if (!kind && !(qs_listed_name_parse(name, &listed) && qs_draft_knows(draft, listed.underlying))) {
      char names[QS_NAMES_TEXT];
      qs_draft_names(draft, names);
      return qs_node_bad(reader, qs_node_get(node, "instrument"),
                         "must be option, future, perpetual, spot, or an instrument of %s", names);
    }
  }
  return check_unique(reader, draft->costs, "instrument");
}

static qs_status check_instruments(qs_reader *reader, const qs_draft *draft, const qs_node *hedge) {
  const qs_hedge_spec *spec = &draft->inputs.hedge;
  const qs_node *node = qs_node_get(hedge, "instruments")->first;
  for (size_t i = 0; i < spec->instrument_count; i++, node = node->next) {
    char text[QS_WHY_TEXT];
    const char *why = qs_draft_instrument_flaw(draft, spec->instruments[i], text);
    if (why) {
      return qs_node_bad(reader, node, "%s", why);
    }
  }
  const qs_node *limits = qs_node_get(hedge, "instrument_limits");
  for (size_t k = 0; k < spec->instrument_limit_count; k++) {
    bool found = false;
    for (size_t i = 0; i < spec->instrument_count; i++) {
      found = found || strcmp(spec->instruments[i], spec->instrument_limits[k].instrument) == 0;
    }
    if (!found) {
      return qs_node_bad(reader, qs_node_get(qs_node_at(limits, k), "instrument"),
                         "unknown instrument; must be one of hedge.instruments");
    }
  }
  return limits ? check_unique(reader, limits, "instrument") : QS_OK;
}

static qs_status check_hedge(qs_reader *reader, const qs_draft *draft, const qs_node *hedge) {
  const char *book = draft->inputs.hedge.book;
  if (book && !qs_draft_has_book(draft, book)) {
    return qs_node_bad(reader, qs_node_get(hedge, "book"),
                       "unknown book; must be one with a position, trade or cash");
  }
  return check_instruments(reader, draft, hedge);
}

qs_status qs_draft_check_actions(qs_reader *reader, const qs_draft *draft) {
  const qs_node *hedge = qs_node_get(draft->root, "hedge");
  qs_status status = check_scenarios(reader, draft);
  if (status == QS_OK && hedge) {
    status = check_hedge(reader, draft, hedge);
  }
  if (status == QS_OK) {
    status = check_costs(reader, draft);
  }
  return status == QS_OK && hedge ? check_positions(reader, draft, &draft->target, draft->inputs.hedge.target,
                                                    draft->inputs.hedge.target_count)
                                  : status;
}
