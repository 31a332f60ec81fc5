#include <math.h>
#include <stdio.h>
#include <string.h>

#include "host/cli/summary.h"
#include "host/cli/table.h"

/* "[low, high]" of an interval; nothing of the policy that others are compared with. */
static void add_range(table *t, const qs_backtest_interval *i) {
  char low[TABLE_CELL], high[TABLE_CELL];
  format_number(i->low, low);
  format_number(i->high, high);
  table_add(t, "[%s, %s]", low, high);
}

static void print_policies(FILE *file, const qs_backtest_result *b) {
  static const char *const names[] = {"policy",  "objective", "interval", "difference", "interval",
                                      "net P&L", "cost",      "turnover", "trades",     "liquidations"};
  table t;
  table_begin(&t, sizeof names / sizeof names[0]);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    table_add(&t, "%s", names[i]);
  }
  for (size_t i = 0; i < b->policy_count; i++) {
    const qs_backtest_policy_result *p = &b->policies[i];
    const bool own = strcmp(p->name, b->compare) == 0;
    table_add(&t, "%s", p->name);
    table_number(&t, p->objective.estimate);
    add_range(&t, &p->objective);
    table_number(&t, own ? NAN : p->difference.estimate);
    if (own) {
      table_add(&t, "-");
    } else {
      add_range(&t, &p->difference);
    }
    table_number(&t, p->net);
    table_number(&t, p->cost);
    table_number(&t, p->total.turnover);
    table_add(&t, "%zu", p->total.trades);
    table_add(&t, "%zu", p->total.liquidated);
  }
  table_end(&t, file);
}

static void print_gains(FILE *file, const qs_backtest_step *s) {
  static const char *const names[] = {"position gains", "theta",    "delta",  "gamma",
                                      "vega",           "residual", "premium"};
  const double parts[] = {s->options, s->theta, s->delta, s->gamma, s->vega, s->residual, s->premium};
  table t;
  table_begin(&t, sizeof names / sizeof names[0]);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    table_add(&t, "%s", names[i]);
  }
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    table_number(&t, parts[i]);
  }
  table_end(&t, file);
}

void summary_backtest(FILE *file, const qs_results *r) {
  const qs_backtest_result *b = &r->backtest;
  if (!b->present) {
    return;
  }
  char weight[TABLE_CELL];
  format_number(b->cost_weight, weight);
  fprintf(file,
          "\nBacktest of %s hedged by %s; objective: variance + %s x cost, %s; differences are to %s; "
          "intervals of %.6g%%\n",
          b->position, b->instrument, weight, r->currency, b->compare, 100 * b->level);
  fprintf(file, "  %s\n", b->label);
  print_trust(file, b->trusted, b->why);
  print_policies(file, b);
  print_gains(file, &b->policies[0].total);
}
