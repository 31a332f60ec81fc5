/* What depends on several keys: names, correlations. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "host/io/draft.h"
#include "host/market/names.h"
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

/* Fills the symmetric matrix [n][n] from the pairs. */
static qs_status fill_correlations(qs_reader *reader, const qs_draft *draft, const qs_node *list,
                                   double *matrix) {
  size_t n = draft->inputs.underlying_count;
  for (size_t i = 0; i < n; i++) {
    matrix[i * n + i] = 1;
  }
  const qs_node *node = list->first;
  for (size_t k = 0; k < draft->inputs.correlation_count; k++, node = node->next) {
    const qs_correlation_spec *spec = &draft->inputs.correlations[k];
    size_t at[2];
    for (size_t side = 0; side < 2; side++) {
      int index = find_underlying(draft, spec->between[side]);
      if (index < 0) {
        char names[QS_NAMES_TEXT];
        qs_draft_names(draft, names);
        return qs_node_bad(reader, qs_node_at(qs_node_get(node, "between"), side),
                           "unknown underlying; must be one of %s", names);
      }
      at[side] = (size_t)index;
    }
    double *cell = &matrix[at[0] * n + at[1]];
    if (!isnan(*cell)) {
      return qs_node_bad(reader, qs_node_get(node, "value"),
                         "%s and %s have a correlation already; every pair may stand once", spec->between[0],
                         spec->between[1]);
    }
    *cell = spec->value;
    matrix[at[1] * n + at[0]] = spec->value;
  }
  return QS_OK;
}

/* Cholesky in place; false when the matrix is not positive definite. */
static bool factorise(double *matrix, size_t n) {
  for (size_t j = 0; j < n; j++) {
    for (size_t i = j; i < n; i++) {
      double sum = matrix[i * n + j];
      for (size_t k = 0; k < j; k++) {
        sum -= matrix[i * n + k] * matrix[j * n + k];
      }
      if (i == j && sum <= 1e-12) {
        return false;
      }
      matrix[i * n + j] = i == j ? sqrt(sum) : sum / matrix[j * n + j];
    }
  }
  return true;
}

static qs_status check_correlations(qs_reader *reader, const qs_draft *draft) {
  const qs_node *list = qs_node_get(draft->root, "correlations");
  if (!list) {
    return QS_OK;
  }
  size_t n = draft->inputs.underlying_count;
  double *matrix = QS_NEW(reader->scratch, n * n, double);
  if (!matrix) {
    return qs_reader_no_memory(reader);
  }
  for (size_t i = 0; i < n * n; i++) {
    matrix[i] = NAN;
  }
  qs_status status = fill_correlations(reader, draft, list, matrix);
  if (status != QS_OK) {
    return status;
  }
  for (size_t i = 0; i < n * n; i++) {
    matrix[i] = isnan(matrix[i]) ? 0 : matrix[i];
  }
  if (!factorise(matrix, n)) {
    char names[QS_NAMES_TEXT];
    qs_draft_names(draft, names);
    return qs_node_bad(
        reader, list,
        "not positive definite: these correlations of %s cannot hold together (pairs that are not given "
        "are 0); must be those of a positive definite matrix",
        names);
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
    status = qs_draft_check_book(reader, draft);
  }
  if (status == QS_OK) {
    status = check_history(reader, draft);
  }
  if (status == QS_OK) {
    status = check_limits(reader, draft);
  }
  return status == QS_OK ? qs_draft_check_actions(reader, draft) : status;
}
