#include "host/api/approximated.h"

#include <stdio.h>

#include "host/market/fixings.h"

enum { NAMED = 8, NAMES_TEXT = 640, MORE_TEXT = 48 };

/* Ids as they come: the first few in words, all of them counted. */
typedef struct names {
  char text[NAMES_TEXT];
  size_t used, count;
} names;

static void add_name(names *n, const char *id) {
  if (n->count++ < NAMED) {
    int length = snprintf(n->text + n->used, sizeof n->text - n->used, "%s%.64s", n->used ? ", " : "", id);
    n->used += length > 0 ? (size_t)length : 0;
  }
}

static void say_more(const names *n, char *text) {
  *text = 0;
  if (n->count > NAMED) {
    snprintf(text, MORE_TEXT, " and %zu more", n->count - NAMED);
  }
}

/* A null text is one that memory was out for. */
static qs_status add_warning(qs_context *context, qs_arena *arena, const char *text, qs_results *results) {
  const char **warnings = QS_NEW(arena, results->warning_count + 1, const char *);
  if (!text || !warnings) {
    return qs_fail_memory(context, "reporting approximations");
  }
  for (size_t i = 0; i < results->warning_count; i++) {
    warnings[i] = results->warnings[i];
  }
  warnings[results->warning_count] = text;
  results->warnings = warnings;
  results->warning_count++;
  return QS_OK;
}

qs_status qs_warn_approximated(qs_context *context, qs_arena *arena, const qs_book *book,
                               const qs_inputs *inputs, uint32_t sections, qs_results *results) {
  names n = {.count = 0};
  for (size_t i = 0; i < book->count; i++) {
    if (book->contracts[i].kind == QS_CONTRACT_PATH && !book->contracts[i].leg) {
      add_name(&n, book->contracts[i].id);
    }
  }
  for (size_t i = 0; sections & QS_SECTION_RISK && i < inputs->risk.what_if_count; i++) {
    if (qs_trade_along_path(inputs->risk.what_if[i].type)) {
      add_name(&n, inputs->risk.what_if[i].id);
    }
  }
  if (!n.count) {
    return QS_OK;
  }
  char more[MORE_TEXT];
  say_more(&n, more);
  bool risk = sections & QS_SECTION_RISK, hedge = sections & QS_SECTION_HEDGE;
  bool margin = sections & QS_SECTION_STRESS && inputs->stress.margin_grid;
  const char *text = qs_arena_printf(
      arena,
      "%s%s%s%s%s: trades along paths (%s%s) are approximated there: their value now, theta, and its "
      "second-order expansion in the logarithms of spots and first in the variances",
      risk ? "risk" : "", risk && hedge ? ", " : "", hedge ? "hedge" : "",
      (risk || hedge) && margin ? ", " : "", margin ? "margin grid" : "", n.text, more);
  return add_warning(context, arena, text, results);
}

qs_status qs_warn_target(qs_context *context, qs_arena *arena, qs_results *results) {
  names n = {.count = 0};
  for (size_t i = 0; i < results->trade_count; i++) {
    if (results->trades[i].target_missed) {
      add_name(&n, results->trades[i].id);
    }
  }
  if (!n.count) {
    return QS_OK;
  }
  char more[MORE_TEXT];
  say_more(&n, more);
  return add_warning(
      context, arena,
      qs_arena_printf(arena,
                      "simulation.target_std_error: %llu paths do not bring the standard error of "
                      "%s%s to %g of spot; simulation.max_paths allows no more",
                      (unsigned long long)results->paths, n.text, more, results->target_std_error),
      results);
}
