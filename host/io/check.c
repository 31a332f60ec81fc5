/* What depends on several keys: names, correlations. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "host/io/draft.h"
#include "host/market/names.h"
#include "host/market/pairs.h"
#include "host/market/shift.h"
#include "host/market/time.h"

static int find_underlying(const qs_draft *draft, const char *name) {
  for (size_t i = 0; i < draft->inputs.underlying_count; i++) {
    if (strcmp(draft->inputs.underlyings[i].name, name) == 0) {
      return (int)i;
    }
  }
  return -1;
}

bool qs_draft_knows(const qs_draft *draft, const char *underlying) {
  return find_underlying(draft, underlying) >= 0;
}

bool qs_draft_has_book(const qs_draft *draft, const char *name) {
  const qs_inputs *in = &draft->inputs;
  bool found = false;
  for (size_t i = 0; i < in->position_count && !found; i++) {
    found = strcmp(in->positions[i].book ? in->positions[i].book : "main", name) == 0;
  }
  for (size_t i = 0; i < in->trade_count && !found; i++) {
    found = strcmp(in->trades[i].book ? in->trades[i].book : "main", name) == 0;
  }
  for (size_t i = 0; i < in->cash_count && !found; i++) {
    found = strcmp(in->cash[i].book ? in->cash[i].book : "main", name) == 0;
  }
  return found;
}

void qs_draft_names(const qs_draft *draft, char *text) {
  size_t used = 0;
  text[0] = '\0';
  for (size_t i = 0; i < draft->inputs.underlying_count && used < QS_NAMES_TEXT; i++) {
    used += (size_t)snprintf(text + used, QS_NAMES_TEXT - used, "%s%s", i ? ", " : "",
                             draft->inputs.underlyings[i].name);
  }
  if (used >= QS_NAMES_TEXT) {
    memcpy(text + QS_NAMES_TEXT - 4, "...", 4);
  }
}

const char *qs_draft_instrument_flaw(const qs_draft *draft, const char *instrument, char why[QS_WHY_TEXT]) {
  qs_listed_name name;
  if (!qs_listed_name_parse(instrument, &name)) {
    return "unknown instrument; must be a listed name such as BTC-7AUG26-62000-C, BTC-25SEP26 or "
           "BTC-PERPETUAL";
  }
  if (name.kind == QS_LISTED_INDEX) {
    return "an index cannot be traded; must be an option, a future or a perpetual";
  }
  if (!qs_draft_knows(draft, name.underlying)) {
    char names[QS_NAMES_TEXT];
    qs_draft_names(draft, names);
    snprintf(why, QS_WHY_TEXT, "unknown underlying; must be an instrument of %s", names);
    return why;
  }
  if (name.kind != QS_LISTED_PERPETUAL && name.expiry <= draft->inputs.as_of) {
    char expiry[QS_TIME_TEXT];
    char as_of[QS_TIME_TEXT];
    qs_time_format(name.expiry, expiry);
    qs_time_format(draft->inputs.as_of, as_of);
    snprintf(why, QS_WHY_TEXT, "expired at %s; must expire after as_of, which is %s", expiry, as_of);
    return why;
  }
  return NULL;
}

static qs_status check_names(qs_reader *reader, const qs_draft *draft) {
  const qs_node *node = qs_node_get(draft->root, "underlyings")->first;
  for (size_t i = 0; i < draft->inputs.underlying_count; i++, node = node->next) {
    const char *name = draft->inputs.underlyings[i].name;
    if (find_underlying(draft, name) != (int)i) {
      return qs_node_bad(reader, qs_node_get(node, "name"),
                         "duplicate name; every underlying must have its own");
    }
    if (strcmp(name, draft->inputs.reporting_currency) == 0) {
      return qs_node_bad(reader, qs_node_get(node, "name"), "must not be the reporting currency");
    }
  }
  return QS_OK;
}

/* Reads the drivers that a correlation is between, numbered as in pairs.h. */
static qs_status find_drivers(qs_reader *reader, const qs_draft *draft, const qs_node *between,
                              const qs_correlation_spec *spec, const char *const *names, size_t at[2]) {
  const size_t n = draft->inputs.underlying_count;
  int found[2] = {-1, -1};
  for (size_t side = 0; side < 2; side++) {
    bool variance = false;
    found[side] = qs_driver_find(spec->between[side], names, n, &variance);
    if (found[side] < 0) {
      char known[QS_NAMES_TEXT];
      qs_draft_names(draft, known);
      return qs_node_bad(reader, qs_node_at(between, side),
                         "unknown underlying; must be one of %s, or one of them with .variance", known);
    }
    if (variance && isnan(qs_pair_rho(&draft->inputs.underlyings[found[side]].model))) {
      return qs_node_bad(reader, qs_node_at(between, side),
                         "the variance of %s is constant; must be of a model with v0", names[found[side]]);
    }
    at[side] = (size_t)found[side] + (variance ? n : 0);
  }
  if (found[0] == found[1]) {
    return qs_node_bad(
        reader, qs_node_at(between, 1),
        "price and variance of one underlying have the rho of its model; must be two underlyings");
  }
  return QS_OK;
}

static qs_status fill_correlations(qs_reader *reader, const qs_draft *draft, const qs_node *list,
                                   const char *const *names, double *given) {
  const size_t n = 2 * draft->inputs.underlying_count;
  const qs_node *node = list->first;
  for (size_t i = 0; i < n * n; i++) {
    given[i] = NAN;
  }
  for (size_t k = 0; k < draft->inputs.correlation_count; k++, node = node->next) {
    const qs_correlation_spec *spec = &draft->inputs.correlations[k];
    size_t at[2] = {0, 0};
    qs_status status = find_drivers(reader, draft, qs_node_get(node, "between"), spec, names, at);
    if (status != QS_OK) {
      return status;
    }
    double *cell = &given[at[0] * n + at[1]];
    if (!isnan(*cell)) {
      return qs_node_bad(reader, qs_node_get(node, "value"),
                         "%s and %s have a correlation already; every pair may stand once", spec->between[0],
                         spec->between[1]);
    }
    *cell = given[at[1] * n + at[0]] = spec->value;
  }
  return QS_OK;
}

/* What each model says of its rho; NaN where it is fitted, or has none. A rho that leaves no room beside
 * correlations of variances is refused. */
static qs_status fill_rho(qs_reader *reader, const qs_draft *draft, bool full, double *rho) {
  const qs_node *node = qs_node_get(draft->root, "underlyings")->first;
  for (size_t u = 0; u < draft->inputs.underlying_count; u++, node = node->next) {
    const qs_underlying_spec *spec = &draft->inputs.underlyings[u];
    rho[u] = spec->calibrate ? NAN : qs_pair_rho(&spec->model);
    if (full && fabs(rho[u]) > QS_LARGEST_RHO) {
      return qs_node_bad(reader, qs_node_get(qs_node_get(node, "model"), "rho"),
                         "must be at most %g in size beside correlations of variances", QS_LARGEST_RHO);
    }
  }
  return QS_OK;
}

static qs_status check_correlations(qs_reader *reader, const qs_draft *draft) {
  const qs_node *list = qs_node_get(draft->root, "correlations");
  if (!list) {
    return QS_OK;
  }
  const size_t n = draft->inputs.underlying_count;
  double *given = QS_NEW(reader->scratch, 4 * n * n, double);
  double *rho = QS_NEW(reader->scratch, n, double);
  const char **names = QS_NEW(reader->scratch, n, const char *);
  if (!given || !rho || !names) {
    return qs_reader_no_memory(reader);
  }
  for (size_t u = 0; u < n; u++) {
    names[u] = draft->inputs.underlyings[u].name;
  }
  qs_status status = fill_correlations(reader, draft, list, names, given);
  if (status == QS_OK) {
    status = fill_rho(reader, draft, qs_drivers_full(n, given), rho);
  }
  if (status != QS_OK) {
    return status;
  }
  const qs_driver_list drivers = {n, names, rho, given};
  double least = 0;
  char nearest[QS_NEAREST_TEXT];
  if (!qs_drivers_check(reader->scratch, &drivers, &least, nearest)) {
    return qs_reader_no_memory(reader);
  }
  if (least < QS_LEAST_EIGENVALUE) {
    return qs_node_bad(reader, list,
                       "not positive definite (smallest eigenvalue %.3g); must be those of a positive "
                       "definite matrix; the nearest valid values are %s",
                       least, nearest);
  }
  return QS_OK;
}

/* A group's underlyings are known, of models whose jumps can be common, and in no other group. */
static qs_status check_members(qs_reader *reader, const qs_draft *draft, size_t index, const qs_node *node,
                               bool *taken) {
  const qs_common_jump_spec *group = &draft->inputs.common_jumps[index];
  for (size_t k = 0; k < group->underlying_count; k++) {
    const qs_node *name = qs_node_at(qs_node_get(node, "underlyings"), k);
    const int u = find_underlying(draft, group->underlyings[k]);
    if (u < 0) {
      char names[QS_NAMES_TEXT];
      qs_draft_names(draft, names);
      return qs_node_bad(reader, name, "unknown underlying; must be one of %s", names);
    }
    const qs_underlying_spec *spec = &draft->inputs.underlyings[u];
    if (spec->model.type != QS_MODEL_MERTON && spec->model.type != QS_MODEL_BATES) {
      return qs_node_bad(reader, name, "its model is %s; common jumps need merton or bates",
                         qs_model_name(spec->model.type));
    }
    if (taken[u]) {
      return qs_node_bad(reader, name, "is in a group already; must be in one at most");
    }
    taken[u] = true;
    if (!spec->calibrate && group->lambda > spec->model.value[QS_LAMBDA]) {
      return qs_node_bad(reader, qs_node_get(node, "lambda"), "must be at most that of %s, which is %g",
                         spec->name, spec->model.value[QS_LAMBDA]);
    }
  }
  return QS_OK;
}

static qs_status check_common_jumps(qs_reader *reader, const qs_draft *draft) {
  const qs_node *list = qs_node_get(draft->root, "common_jumps");
  const qs_node *node = list ? list->first : NULL;
  bool *taken = QS_NEW(reader->scratch, draft->inputs.underlying_count, bool);
  if (!taken) {
    return qs_reader_no_memory(reader);
  }
  for (size_t g = 0; node; g++, node = node->next) {
    const qs_common_jump_spec *group = &draft->inputs.common_jumps[g];
    const double least = -1.0 / (double)(group->underlying_count - 1);
    if (group->correlation <= least) {
      return qs_node_bad(reader, qs_node_get(node, "correlation"),
                         "must be above %.4g, or so many cannot have it together", least);
    }
    qs_status status = check_members(reader, draft, g, node, taken);
    if (status != QS_OK) {
      return status;
    }
  }
  return QS_OK;
}

static qs_status check_history(qs_reader *reader, const qs_draft *draft) {
  if (!draft->history) {
    return QS_OK;
  }
  char names[QS_NAMES_TEXT];
  qs_draft_names(draft, names);
  for (size_t c = 1; c < draft->history->columns; c++) {
    if (!qs_draft_knows(draft, draft->history->header[c])) {
      return qs_csv_bad_header(reader, draft->history, c, "unknown underlying; must be one of %s", names);
    }
  }
  if (draft->history->rows < 3) {
    return qs_csv_bad(reader, draft->history, draft->history->rows - 1, 0, "must have at least 3 rows");
  }
  return QS_OK;
}

static qs_status check_limits(qs_reader *reader, const qs_draft *draft) {
  const qs_node *list = qs_node_get(draft->root, "limits");
  const qs_node *node = list ? list->first : NULL;
  for (size_t i = 0; node; i++, node = node->next) {
    const qs_limit_spec *limit = &draft->inputs.limits[i];
    const qs_risk_spec *risk = &draft->inputs.risk;
    const qs_node *level = qs_node_get(node, "level");
    bool found = !level;
    for (size_t k = 0; k < risk->level_count; k++) {
      found = found || risk->levels[k] == limit->level;
    }
    if (!found) {
      return qs_node_bad(reader, level, "must be one of risk.levels");
    }
    if (limit->book && !qs_draft_has_book(draft, limit->book)) {
      return qs_node_bad(reader, qs_node_get(node, "book"),
                         "unknown book; must be one with a position, trade or cash");
    }
    if (limit->underlying && !qs_draft_knows(draft, limit->underlying)) {
      char names[QS_NAMES_TEXT];
      qs_draft_names(draft, names);
      return qs_node_bad(reader, qs_node_get(node, "underlying"), "unknown underlying; must be one of %s",
                         names);
    }
  }
  return QS_OK;
}

/* The pieces of a given shift end after as_of and one after the other. */
static qs_status check_shifts(qs_reader *reader, const qs_draft *draft) {
  const qs_node *list = qs_node_get(draft->root, "underlyings");
  const qs_node *node = list ? list->first : NULL;
  for (size_t u = 0; node; u++, node = node->next) {
    const qs_underlying_spec *spec = &draft->inputs.underlyings[u];
    const qs_node *shift = qs_node_get(qs_node_get(node, "model"), "shift");
    const qs_node *piece = spec->shift_count ? shift->first : NULL;
    qs_time before = draft->inputs.as_of;
    for (size_t i = 0; piece; i++, piece = piece->next) {
      qs_time end = qs_shift_end(&spec->shift[i], draft->inputs.as_of);
      if (end <= before) {
        const char *key = spec->shift[i].expiry ? "expiry" : "expiry_years";
        return qs_node_bad(reader, qs_node_get(piece, key), "must be after %s",
                           i ? "the piece before it" : "as_of");
      }
      before = end;
    }
  }
  return QS_OK;
}

qs_status qs_draft_check(qs_reader *reader, qs_draft *draft) {
  qs_status status = check_names(reader, draft);
  if (status == QS_OK) {
    status = check_shifts(reader, draft);
  }
  if (status == QS_OK) {
    status = check_correlations(reader, draft);
  }
  if (status == QS_OK) {
    status = check_common_jumps(reader, draft);
  }
  if (status == QS_OK) {
    status = qs_draft_check_book(reader, draft);
  }
  if (status == QS_OK) {
    status = check_history(reader, draft);
  }
  if (status == QS_OK) {
    status = check_limits(reader, draft);
  }
  if (status == QS_OK) {
    status = qs_draft_check_actions(reader, draft);
  }
  if (status == QS_OK) {
    status = qs_draft_check_simulate(reader, draft);
  }
  return status == QS_OK ? qs_draft_check_backtest(reader, draft) : status;
}
