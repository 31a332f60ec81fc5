#include <math.h>
#include <stdio.h>
#include <string.h>

#include "host/cli/summary.h"
#include "host/cli/table.h"

static void print_policies(FILE *file, const qs_simulate_result *s) {
  const size_t last = s->level_count;
  table t;
  table_begin(&t, 9);
  static const char *const names[] = {"policy", "objective", "+-",     "std. deviation",
                                      "cost",   "turnover",  "trades", "mean net P&L"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    table_add(&t, "%s", names[i]);
  }
  if (last && s->policy_count) {
    table_add(&t, "%.6g%% shortfall", 100 * s->policies[0].levels[last - 1].level);
  } else {
    table_add(&t, "shortfall");
  }
  for (size_t i = 0; i < s->policy_count; i++) {
    const qs_policy_result *p = &s->policies[i];
    table_add(&t, "%s", p->name);
    table_number(&t, p->objective.estimate);
    table_number(&t, p->objective.std_error);
    table_number(&t, p->std_dev.estimate);
    table_number(&t, p->cost.estimate);
    table_number(&t, p->turnover.estimate);
    table_number(&t, p->trades.estimate);
    table_number(&t, p->net.estimate);
    table_number(&t, last ? p->levels[last - 1].expected_shortfall.estimate : NAN);
  }
  table_end(&t, file);
}

/* How hedges failed, where one did. */
static void print_failures(FILE *file, const qs_simulate_result *s) {
  bool some = false;
  for (size_t i = 0; i < s->policy_count; i++) {
    some = some || s->policies[i].liquidated.estimate > 0 || s->policies[i].failed.estimate > 0;
  }
  if (!some) {
    return;
  }
  static const char *const names[] = {"policy",       "liquidated", "liquidation fees",
                                      "venue failed", "lost there", "+-"};
  table t;
  table_begin(&t, sizeof names / sizeof names[0]);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    table_add(&t, "%s", names[i]);
  }
  for (size_t i = 0; i < s->policy_count; i++) {
    const qs_policy_result *p = &s->policies[i];
    table_add(&t, "%s", p->name);
    table_add(&t, "%.3g%%", 100 * p->liquidated.estimate);
    table_number(&t, p->liquidation.estimate);
    table_add(&t, "%.3g%%", 100 * p->failed.estimate);
    table_number(&t, p->lost.estimate);
    table_number(&t, p->lost.std_error);
  }
  table_end(&t, file);
}

static void print_attribution(FILE *file, const qs_option_attribution *a) {
  if (!a->present) {
    return;
  }
  static const char *const names[] = {"position gains", "theta",    "delta",  "gamma",
                                      "vega",           "residual", "premium"};
  const qs_estimate parts[] = {a->options, a->theta, a->delta, a->gamma, a->vega, a->residual, a->premium};
  table t;
  table_begin(&t, sizeof names / sizeof names[0]);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    table_add(&t, "%s", names[i]);
  }
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    table_number(&t, parts[i].estimate);
  }
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    char error[TABLE_CELL];
    format_number(parts[i].std_error, error);
    table_add(&t, "+- %s", error);
  }
  table_end(&t, file);
}

static void print_frontier(FILE *file, const qs_simulate_result *s) {
  if (s->frontier_count == 0) {
    return;
  }
  static const char *const names[] = {"frontier: weight", "objective", "std. deviation", "cost",
                                      "lower bound"};
  table t;
  table_begin(&t, sizeof names / sizeof names[0]);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    table_add(&t, "%s", names[i]);
  }
  for (size_t i = 0; i < s->frontier_count; i++) {
    const qs_frontier_point *point = &s->frontier[i];
    table_add(&t, "%.6g", point->cost_weight);
    table_number(&t, point->objective.estimate);
    table_number(&t, sqrt(point->variance.estimate));
    table_number(&t, point->cost.estimate);
    table_number(&t, point->lower_bound.estimate);
  }
  table_end(&t, file);
}

static void name_objective(const qs_simulate_result *s, char *text, size_t size) {
  char weight[TABLE_CELL];
  const char *name = s->objective ? s->objective : "variance";
  format_number(s->cost_weight, weight);
  if (strcmp(name, "exponential") == 0) {
    snprintf(text, size, "the certain loss at risk aversion %.6g", s->risk_aversion);
  } else if (strcmp(name, "expected_shortfall") == 0) {
    snprintf(text, size, "%.6g%% shortfall", 100 * s->objective_level);
  } else {
    snprintf(text, size, "variance + %s x cost", weight);
  }
}

void summary_simulate(FILE *file, const qs_results *r) {
  const qs_simulate_result *s = &r->simulate;
  if (!s->present) {
    return;
  }
  char goal[128], unwind[32];
  name_objective(s, goal, sizeof goal);
  format_time(s->date_count ? s->dates[s->date_count - 1] : 0, unwind);
  fprintf(file, "\nHedging %s over time by ", s->position);
  for (size_t i = 0; i < s->instrument_count; i++) {
    fprintf(file, "%s%s", i == 0 ? "" : i + 1 < s->instrument_count ? ", " : " and ", s->instruments[i]);
  }
  fprintf(file, ", %zu dates and the unwind at %s; objective: %s, %s\n",
          s->date_count ? s->date_count - 1 : 0, unwind, goal, r->currency);
  print_trust(file, s->trusted, s->why);
  print_policies(file, s);
  print_failures(file, s);
  if (s->tuning.present) {
    fprintf(file, "  optimal: bands %.3g as wide as those of weight %.6g, about %.3g of their centre\n",
            s->tuning.scale, s->tuning.cost_weight, 1 + s->tuning.tilt);
  }
  print_attribution(file, &s->attribution);
  char bound[TABLE_CELL], error[TABLE_CELL];
  if (isfinite(s->lower_bound.estimate)) {
    format_number(s->lower_bound.estimate, bound);
    format_number(s->lower_bound.std_error, error);
    fprintf(file, "  no policy is below %s +- %s", bound, error);
    if (isfinite(s->gap.estimate)) {
      format_number(s->gap.estimate, bound);
      format_number(s->gap.std_error, error);
      fprintf(file, "; the optimum is above it by %s +- %s", bound, error);
    }
    fprintf(file, "\n");
  } else if (s->lower_bound_why) {
    fprintf(file, "  no lower bound: %s\n", s->lower_bound_why);
  }
  print_frontier(file, s);
}
