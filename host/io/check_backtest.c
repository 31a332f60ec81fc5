/* What the section backtest names, and whether its dates lie on its record. */
#include <math.h>
#include <string.h>

#include "host/base/backtest_spec.h"
#include "host/base/model.h"
#include "host/io/draft.h"
#include "host/market/names.h"
#include "host/market/time.h"

static const char *name_of(const qs_hedge_policy_spec *policy) {
  return policy->name ? policy->name : qs_hedge_policy_name(policy->type);
}

static qs_status check_policies(qs_reader *reader, const qs_node *section, const qs_backtest_spec *spec) {
  const qs_node *node = qs_node_get(section, "policies")->first, *compare = qs_node_get(section, "compare");
  bool found = !compare;
  for (size_t i = 0; i < spec->policy_count; i++, node = node->next) {
    const char *flaw = qs_backtest_policy_flaw(spec->policies[i].type);
    if (flaw) {
      return qs_node_bad(reader, node->kind == QS_NODE_MAP ? qs_node_get(node, "type") : node, "%s", flaw);
    }
    found = found || strcmp(name_of(&spec->policies[i]), spec->compare) == 0;
  }
  return found ? QS_OK : qs_node_bad(reader, compare, "must be the name of a policy of the section");
}

/* The instrument's underlying, and whether a record says all of the instrument. */
static qs_status check_instrument(qs_reader *reader, const qs_draft *draft, const qs_node *node,
                                  const qs_underlying_spec **underlying) {
  qs_listed_name name;
  const char *flaw = NULL;
  qs_hedge_name_parse(draft->inputs.backtest.instrument, &name, &flaw);
  if (name.expiry) {
    return qs_node_bad(reader, node, "its own price is not recorded; must be a spot or a perpetual");
  }
  for (size_t i = 0; i < draft->inputs.underlying_count; i++) {
    if (strcmp(draft->inputs.underlyings[i].name, name.underlying) == 0) {
      *underlying = &draft->inputs.underlyings[i];
    }
  }
  return (*underlying)->discount_rate == 0
             ? QS_OK
             : qs_node_bad(reader, node, "the discount_rate of %s is %g; must be 0, money being of the day",
                           (*underlying)->name, (*underlying)->discount_rate);
}

static qs_status check_dates(qs_reader *reader, const qs_draft *draft, const qs_node *section) {
  const qs_backtest_spec *spec = &draft->inputs.backtest;
  size_t date;
  const qs_backtest_flaw flaw = qs_backtest_dates_flaw(spec, draft->inputs.as_of, &date);
  if (flaw == QS_BACKTEST_LATE) {
    return qs_node_bad(reader, qs_node_get(section, "latency_bars"), "%s", qs_backtest_flaw_text(flaw));
  }
  const qs_node *dates = qs_node_get(section, "dates"), *node = dates;
  if (flaw == QS_BACKTEST_FEW) {
    return qs_node_bad(reader, dates, "%s", qs_backtest_flaw_text(flaw));
  }
  if (dates->kind == QS_NODE_LIST) {
    node = dates->first;
    for (size_t d = 0; d < date; d++) {
      node = node->next;
    }
  }
  if (flaw == QS_BACKTEST_OUTSIDE) {
    char own[QS_TIME_TEXT], from[QS_TIME_TEXT], to[QS_TIME_TEXT];
    qs_time_format(qs_simulate_date(&spec->dates, draft->inputs.as_of, date), own);
    qs_time_format(spec->record.first, from);
    qs_time_format(spec->record.first + (qs_time)(spec->record.count - 1) * spec->record.bar_seconds, to);
    return qs_node_bad(reader, node, "%s is none of the prices' times; %s, from %s to %s", own,
                       qs_backtest_flaw_text(flaw), from, to);
  }
  return flaw ? qs_node_bad(reader, node, "date %zu %s", date, qs_backtest_flaw_text(flaw)) : QS_OK;
}

static qs_status check_funding(qs_reader *reader, const qs_draft *draft, const qs_node *section) {
  const qs_backtest_spec *spec = &draft->inputs.backtest;
  qs_listed_name name;
  const char *flaw = NULL;
  qs_hedge_name_parse(spec->instrument, &name, &flaw);
  flaw = qs_backtest_funding_flaw(spec, draft->inputs.as_of, name.kind == QS_LISTED_PERPETUAL);
  return flaw ? qs_node_bad(reader, qs_node_get(section, "funding"), "%s", flaw) : QS_OK;
}

static qs_status check_states(qs_reader *reader, const qs_draft *draft, const qs_node *section,
                              const qs_underlying_spec *underlying) {
  const qs_backtest_spec *spec = &draft->inputs.backtest;
  const qs_node *node = qs_node_get(section, "variance");
  const struct {
    const char *key;
    qs_variance_state state;
  } keys[] = {{"marks", spec->variance.marks}, {"told", spec->variance.told}};
  for (size_t i = 0; node && i < sizeof keys / sizeof keys[0]; i++) {
    const char *flaw = qs_backtest_state_flaw(spec, draft->inputs.as_of, keys[i].state,
                                              qs_model_stochastic(&underlying->model));
    if (flaw) {
      return qs_node_bad(reader, qs_node_get(node, keys[i].key), "%s", flaw);
    }
  }
  return QS_OK;
}

static qs_status check_schedule(qs_reader *reader, const qs_draft *draft, const qs_node *section) {
  const qs_backtest_costs *costs = &draft->inputs.backtest.costs;
  const qs_node *node = qs_node_get(section, "costs");
  node = node ? qs_node_get(node, "schedule") : NULL;
  node = node ? node->first : NULL;
  for (size_t i = 0; i < costs->schedule_count; i++, node = node->next) {
    if (i && costs->schedule[i].from < costs->schedule[i - 1].from) {
      return qs_node_bad(reader, qs_node_get(node, "from"), "must not be before the one in front of it");
    }
  }
  return QS_OK;
}

qs_status qs_draft_check_backtest(qs_reader *reader, const qs_draft *draft) {
  const qs_node *section = qs_node_get(draft->root, "backtest");
  if (!section) {
    return QS_OK;
  }
  const qs_node *instrument = qs_node_get(section, "instrument");
  const qs_underlying_spec *underlying = NULL;
  bool along = false;
  qs_draft as_simulate = *draft;
  qs_cost_change *room = QS_NEW(reader->arena, draft->inputs.backtest.costs.schedule_count, qs_cost_change);
  if (!room) {
    return qs_fail_memory(reader->context, "checking a backtest");
  }
  qs_instrument_limit limit;
  qs_backtest_as_simulate(&draft->inputs.backtest, room, &limit, &as_simulate.inputs.simulate);
  qs_status status = check_policies(reader, section, &draft->inputs.backtest);
  status = status ? status : check_schedule(reader, draft, section);
  status = status ? status : qs_draft_check_hedging(reader, &as_simulate, section, instrument, &along);
  if (!status && along) {
    status = qs_node_bad(reader, qs_node_get(section, "position"),
                         "has a trade along a path, which has no price before its expiry");
  }
  status = status ? status : check_instrument(reader, draft, instrument, &underlying);
  status = status ? status : check_dates(reader, draft, section);
  status = status ? status : check_funding(reader, draft, section);
  return status ? status : check_states(reader, draft, section, underlying);
}
