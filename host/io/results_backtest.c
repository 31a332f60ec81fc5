/* The section backtest as JSON and as CSV. */
#include <stddef.h>

#include "host/io/results.h"
#include "host/market/time.h"

typedef struct named_part {
  const char *name;
  size_t offset;
} named_part;

#define PART(name)                                                                                           \
  { #name, offsetof(qs_backtest_step, name) }

/* What the net gain is made of; those after GAINS are paid. */
static const named_part parts[] = {PART(options), PART(hedge),  PART(funding),    PART(fees),
                                   PART(spread),  PART(impact), PART(liquidation)};

/* What the position gains by. */
static const named_part gains[] = {PART(theta), PART(delta),    PART(gamma),
                                   PART(vega),  PART(residual), PART(premium)};

enum { PARTS = sizeof parts / sizeof parts[0], GAINS = sizeof gains / sizeof gains[0], RECEIVED = 3 };

static double part_of(const qs_backtest_step *step, const named_part *which) {
  return *(const double *)((const char *)step + which->offset);
}

static double net_of(const qs_backtest_step *step) {
  double sum = 0;
  for (size_t k = 0; k < PARTS; k++) {
    sum += k < RECEIVED ? part_of(step, &parts[k]) : -part_of(step, &parts[k]);
  }
  return sum;
}

static void write_interval(qs_buffer *b, const char *key, const qs_backtest_interval *i) {
  qs_json_open(b, key, '{', true);
  qs_json_number(b, "estimate", i->estimate);
  qs_json_number(b, "std_error", i->std_error);
  qs_json_number(b, "low", i->low);
  qs_json_number(b, "high", i->high);
  qs_json_number(b, "block", i->block);
  qs_json_close(b);
}

static void write_policy(qs_buffer *b, const qs_backtest_policy_result *p) {
  qs_json_open(b, NULL, '{', false);
  qs_json_text(b, "name", p->name);
  qs_json_text(b, "type", p->type);
  qs_json_count(b, "rank", p->rank);
  write_interval(b, "objective", &p->objective);
  write_interval(b, "difference", &p->difference);
  qs_json_number(b, "variance", p->variance);
  qs_json_number(b, "cost", p->cost);
  qs_json_number(b, "turnover", p->total.turnover);
  qs_json_count(b, "trades", p->total.trades);
  qs_json_count(b, "liquidations", p->total.liquidated);
  qs_json_open(b, "attribution", '{', false);
  for (size_t k = 0; k < PARTS; k++) {
    qs_json_number(b, parts[k].name, part_of(&p->total, &parts[k]));
  }
  qs_json_number(b, "net", p->net);
  qs_json_close(b);
  qs_json_open(b, "options", '{', false);
  for (size_t k = 0; k < GAINS; k++) {
    qs_json_number(b, gains[k].name, part_of(&p->total, &gains[k]));
  }
  qs_json_close(b);
  qs_json_close(b);
}

static void write_times(qs_buffer *b, const char *key, const qs_time *times, size_t count) {
  qs_json_open(b, key, '[', false);
  for (size_t i = 0; i < count; i++) {
    qs_json_time(b, NULL, times[i]);
  }
  qs_json_close(b);
}

void qs_json_backtest(qs_buffer *b, const qs_results *r) {
  const qs_backtest_result *t = &r->backtest;
  qs_json_open(b, "backtest", '{', false);
  if (t->present) {
    qs_json_trust(b, t->trusted, t->why);
    qs_json_text(b, "label", t->label);
    qs_json_text(b, "position", t->position);
    qs_json_text(b, "underlying", t->underlying);
    qs_json_text(b, "instrument", t->instrument);
    qs_json_text(b, "account", t->account);
    qs_json_text(b, "funding", t->funding);
    qs_json_number(b, "cost_weight", t->cost_weight);
    qs_json_number(b, "risk_aversion", t->risk_aversion);
    qs_json_text(b, "compare", t->compare);
    qs_json_open(b, "variance", '{', true);
    qs_json_text(b, "marks", t->marks);
    qs_json_text(b, "told", t->told);
    qs_json_close(b);
    qs_json_open(b, "intervals", '{', true);
    qs_json_number(b, "level", t->level);
    qs_json_count(b, "replicates", t->replicates);
    qs_json_count(b, "seed", t->seed);
    qs_json_close(b);
    qs_json_number(b, "days", t->days);
    qs_json_number(b, "bar_seconds", (double)t->bar_seconds);
    write_times(b, "dates", t->dates, t->date_count);
    write_times(b, "bars", t->bars, t->date_count);
    qs_json_numbers(b, "prices", t->prices, t->date_count);
    qs_json_numbers(b, "states", t->states, t->date_count);
    qs_json_open(b, "policies", '[', false);
    for (size_t i = 0; i < t->policy_count; i++) {
      write_policy(b, &t->policies[i]);
    }
    qs_json_close(b);
  }
  qs_json_close(b);
}

static void write_parts(qs_buffer *b, const qs_backtest_step *step) {
  for (size_t k = 0; k < GAINS; k++) {
    qs_csv_number(b, part_of(step, &gains[k]));
  }
  for (size_t k = 0; k < PARTS; k++) {
    qs_csv_number(b, part_of(step, &parts[k]));
  }
  qs_csv_number(b, net_of(step));
  qs_csv_number(b, step->turnover);
  qs_csv_count(b, step->trades);
  qs_csv_count(b, step->liquidated);
}

static void name_parts(qs_buffer *b) {
  for (size_t k = 0; k < GAINS; k++) {
    qs_csv_text(b, gains[k].name);
  }
  for (size_t k = 0; k < PARTS; k++) {
    qs_csv_text(b, parts[k].name);
  }
  static const char *const last[] = {"net", "turnover", "trades", "liquidations", NULL};
  qs_csv_texts(b, last);
  qs_csv_end_row(b);
}

static void write_time(qs_buffer *b, qs_time time) {
  char text[QS_TIME_TEXT];
  qs_time_format(time, text);
  qs_csv_text(b, text);
}

void qs_csv_backtest(qs_buffer *b, const qs_results *r) {
  const qs_backtest_result *t = &r->backtest;
  static const char *const names[] = {"policy", "step", "from", "to", "price", "state", "holding", NULL};
  qs_csv_texts(b, names);
  name_parts(b);
  for (size_t i = 0; i < t->policy_count; i++) {
    for (size_t n = 0; n + 1 < t->date_count; n++) {
      const qs_backtest_step *step = &t->policies[i].steps[n];
      qs_csv_text(b, t->policies[i].name);
      qs_csv_count(b, n);
      write_time(b, t->bars[n]);
      write_time(b, t->bars[n + 1]);
      qs_csv_number(b, t->prices[n]);
      qs_csv_number(b, t->states[n]);
      qs_csv_number(b, step->holding);
      write_parts(b, step);
      qs_csv_end_row(b);
    }
  }
}

static void write_cells(qs_buffer *b, const qs_backtest_interval *i) {
  const double values[] = {i->estimate, i->std_error, i->low, i->high, i->block};
  for (size_t k = 0; k < sizeof values / sizeof values[0]; k++) {
    qs_csv_number(b, values[k]);
  }
}

void qs_csv_backtest_policies(qs_buffer *b, const qs_results *r) {
  const qs_backtest_result *t = &r->backtest;
  static const char *const names[] = {"name",
                                      "type",
                                      "rank",
                                      "objective",
                                      "objective_error",
                                      "objective_low",
                                      "objective_high",
                                      "objective_block",
                                      "difference",
                                      "difference_error",
                                      "difference_low",
                                      "difference_high",
                                      "difference_block",
                                      "variance",
                                      "cost",
                                      NULL};
  qs_csv_texts(b, names);
  name_parts(b);
  for (size_t i = 0; i < t->policy_count; i++) {
    const qs_backtest_policy_result *p = &t->policies[i];
    qs_csv_text(b, p->name);
    qs_csv_text(b, p->type);
    qs_csv_count(b, p->rank);
    write_cells(b, &p->objective);
    write_cells(b, &p->difference);
    qs_csv_number(b, p->variance);
    qs_csv_number(b, p->cost);
    write_parts(b, &p->total);
    qs_csv_end_row(b);
  }
}
