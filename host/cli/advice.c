#include "host/cli/advice.h"

#include <math.h>

#include "host/cli/summary.h"
#include "host/cli/table.h"

static void json_text(FILE *file, const char *key, const char *text) {
  fprintf(file, "  \"%s\": \"", key);
  for (const char *c = text; *c; c++) {
    fprintf(file, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
  }
  fputs("\",\n", file);
}

static void json_number(FILE *file, const char *key, double value, const char *end) {
  if (isfinite(value)) {
    fprintf(file, "  \"%s\": %.17g%s\n", key, value, end);
  } else {
    fprintf(file, "  \"%s\": null%s\n", key, end);
  }
}

static void json_time(FILE *file, const char *key, qs_time time) {
  char text[32];
  format_time(time, text);
  if (time) {
    fprintf(file, "  \"%s\": \"%.10sT%.8sZ\",\n", key, text, text + 11);
  } else {
    fprintf(file, "  \"%s\": null,\n", key);
  }
}

/* One instrument of a policy, and what it is told. */
typedef struct told {
  const char *instrument;
  double holding, low, high, trade;
} told;

static told first_of(const qs_saved_policy *p, const qs_live_state *s, const qs_hedge_advice *a) {
  return (told){p->instrument, s->holding, a->low, a->high, a->trade};
}

static told second_of(const qs_saved_policy *p, const qs_live_state *s, const qs_hedge_advice *a) {
  return (told){p->second, s->second, a->second_low, a->second_high, a->second_trade};
}

static void json_told(FILE *file, const told *t) {
  json_text(file, "instrument", t->instrument);
  json_number(file, "holding", t->holding, ",");
  json_number(file, "low", t->low, ",");
  json_number(file, "high", t->high, ",");
}

static void print_json(FILE *file, const qs_saved_policy *policy, const qs_live_state *state,
                       const qs_hedge_advice *advice) {
  const told first = first_of(policy, state, advice), second = second_of(policy, state, advice);
  fputs("{\n", file);
  json_text(file, "policy", policy->name);
  json_text(file, "type", policy->type);
  json_text(file, "underlying", policy->underlying);
  json_time(file, "time", state->time);
  json_time(file, "date", advice->date);
  json_time(file, "next", advice->next);
  json_number(file, "spot", state->spot, ",");
  json_number(file, "variance", state->variance, ",");
  json_told(file, &first);
  json_number(file, "trade", first.trade, ",");
  if (policy->second) {
    fputs("  \"second\": {\n", file);
    json_told(file, &second);
    json_number(file, "trade", second.trade, "");
    fputs("  },\n", file);
  }
  fprintf(file, "  \"inside_table\": %s\n}\n", advice->inside_table ? "true" : "false");
}

static void print_told(FILE *file, const told *t, const char *date) {
  fprintf(file, "  trade %.10g %s; held %.10g, the band of %s is %.10g to %.10g\n", t->trade, t->instrument,
          t->holding, date, t->low, t->high);
}

void advice_print(FILE *file, const qs_saved_policy *policy, const qs_live_state *state,
                  const qs_hedge_advice *advice, bool json) {
  if (json) {
    print_json(file, policy, state, advice);
    return;
  }
  char now[32], date[32], spot[TABLE_CELL];
  format_time(state->time, now);
  format_time(advice->date, date);
  format_number(state->spot, spot);
  fprintf(file, "Policy %s, %s by %s%s%s, at %s with %s at %s\n", policy->name, policy->underlying,
          policy->instrument, policy->second ? " and " : "", policy->second ? policy->second : "", now,
          policy->underlying, spot);
  const told first = first_of(policy, state, advice), second = second_of(policy, state, advice);
  print_told(file, &first, date);
  if (policy->second) {
    print_told(file, &second, date);
  }
  if (advice->next) {
    format_time(advice->next, date);
    fprintf(file, "  asked again at %s%s\n", date, advice->next == policy->unwind ? ", to unwind" : "");
  }
}
