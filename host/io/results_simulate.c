/* The section simulate as JSON and as CSV. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>

#include "host/io/results.h"

typedef struct named_estimate {
  const char *name;
  size_t offset;
} named_estimate;

#define ESTIMATE(name)                                                                                       \
  { #name, offsetof(qs_policy_result, name) }

static const named_estimate figures[] = {
    ESTIMATE(objective),
    ESTIMATE(variance),
    ESTIMATE(cost),
    ESTIMATE(mean),
    ESTIMATE(std_dev),
    ESTIMATE(skewness),
    ESTIMATE(excess_kurtosis),
    ESTIMATE(turnover),
    ESTIMATE(trades),
    ESTIMATE(liquidated),
    ESTIMATE(failed),
};

/* What the net P&L is made of. */
static const named_estimate parts[] = {
    ESTIMATE(options), ESTIMATE(hedge),     ESTIMATE(funding), ESTIMATE(collateral),
    ESTIMATE(fees),    ESTIMATE(spread),    ESTIMATE(impact),  ESTIMATE(liquidation),
    ESTIMATE(lost),    ESTIMATE(transfers), ESTIMATE(net),
};

#define PART(name)                                                                                           \
  { #name, offsetof(qs_option_attribution, name) }

/* What the position gains by. */
static const named_estimate gains[] = {
    PART(options), PART(theta), PART(delta), PART(gamma), PART(vega), PART(residual), PART(premium),
};

enum { GAINS = sizeof gains / sizeof gains[0] };

static qs_estimate gain_of(const qs_option_attribution *a, const named_estimate *which) {
  return *(const qs_estimate *)((const char *)a + which->offset);
}

enum { FIGURES = sizeof figures / sizeof figures[0], PARTS = sizeof parts / sizeof parts[0] };

static qs_estimate estimate_of(const qs_policy_result *policy, const named_estimate *which) {
  return *(const qs_estimate *)((const char *)policy + which->offset);
}

static void write_quantiles(qs_buffer *b, const qs_simulate_result *s, const qs_policy_result *policy) {
  qs_json_open(b, "quantiles", '[', false);
  for (size_t k = 0; k < s->quantile_count; k++) {
    qs_json_open(b, NULL, '{', true);
    qs_json_number(b, "probability", s->probabilities[k]);
    qs_json_number(b, "estimate", policy->quantiles[k].estimate);
    qs_json_number(b, "low", policy->quantiles[k].low);
    qs_json_number(b, "high", policy->quantiles[k].high);
    qs_json_close(b);
  }
  qs_json_close(b);
}

static void write_venues(qs_buffer *b, const qs_simulate_result *s, const qs_policy_result *policy) {
  qs_json_open(b, "venues", '[', false);
  for (size_t v = 0; v < s->venue_count; v++) {
    qs_json_open(b, NULL, '{', false);
    qs_json_text(b, "name", s->venues[v]);
    qs_json_estimate(b, "turnover", policy->venues[v].turnover);
    qs_json_estimate(b, "cost", policy->venues[v].cost);
    qs_json_close(b);
  }
  qs_json_close(b);
}

static void write_policy(qs_buffer *b, const qs_simulate_result *s, const qs_policy_result *policy) {
  qs_json_open(b, NULL, '{', false);
  qs_json_text(b, "name", policy->name);
  qs_json_text(b, "type", policy->type);
  qs_json_count(b, "rank", policy->rank);
  for (size_t k = 0; k < FIGURES; k++) {
    qs_json_estimate(b, figures[k].name, estimate_of(policy, &figures[k]));
  }
  qs_json_open(b, "attribution", '{', false);
  for (size_t k = 0; k < PARTS; k++) {
    qs_json_estimate(b, parts[k].name, estimate_of(policy, &parts[k]));
  }
  qs_json_close(b);
  write_venues(b, s, policy);
  qs_json_levels(b, policy->levels, s->level_count);
  write_quantiles(b, s, policy);
  qs_json_close(b);
}

static void write_frontier(qs_buffer *b, const qs_simulate_result *s) {
  qs_json_open(b, "frontier", '[', false);
  for (size_t i = 0; i < s->frontier_count; i++) {
    const qs_frontier_point *point = &s->frontier[i];
    qs_json_open(b, NULL, '{', false);
    qs_json_number(b, "cost_weight", point->cost_weight);
    qs_json_number(b, "risk_aversion", point->risk_aversion);
    qs_json_estimate(b, "objective", point->objective);
    qs_json_estimate(b, "variance", point->variance);
    qs_json_estimate(b, "cost", point->cost);
    qs_json_estimate(b, "lower_bound", point->lower_bound);
    qs_json_estimate(b, "gap", point->gap);
    qs_json_close(b);
  }
  qs_json_close(b);
}

void qs_json_simulate(qs_buffer *b, const qs_results *r) {
  const qs_simulate_result *s = &r->simulate;
  qs_json_open(b, "simulate", '{', false);
  if (s->present) {
    qs_json_trust(b, s->trusted, s->why);
    qs_json_text(b, "position", s->position);
    qs_json_text(b, "underlying", s->underlying);
    qs_json_texts(b, "instruments", s->instruments, s->instrument_count);
    qs_json_number(b, "cost_weight", s->cost_weight);
    qs_json_number(b, "risk_aversion", s->risk_aversion);
    qs_json_text(b, "objective", s->objective);
    qs_json_number(b, "objective_level", s->objective_level);
    qs_json_open(b, "dates", '[', false);
    for (size_t d = 0; d < s->date_count; d++) {
      qs_json_time(b, NULL, s->dates[d]);
    }
    qs_json_close(b);
    qs_json_open(b, "policies", '[', false);
    for (size_t i = 0; i < s->policy_count; i++) {
      write_policy(b, s, &s->policies[i]);
    }
    qs_json_close(b);
    qs_json_estimate(b, "lower_bound", s->lower_bound);
    qs_json_text(b, "lower_bound_why", s->lower_bound_why);
    qs_json_estimate(b, "gap", s->gap);
    write_frontier(b, s);
    qs_json_open(b, "tuning", '{', true);
    if (s->tuning.present) {
      qs_json_number(b, "cost_weight", s->tuning.cost_weight);
      qs_json_number(b, "scale", s->tuning.scale);
      qs_json_number(b, "tilt", s->tuning.tilt);
    }
    qs_json_close(b);
    qs_json_open(b, "attribution", '{', false);
    for (size_t k = 0; s->attribution.present && k < GAINS; k++) {
      qs_json_estimate(b, gains[k].name, gain_of(&s->attribution, &gains[k]));
    }
    qs_json_close(b);
  }
  qs_json_close(b);
}

enum { COLUMN_TEXT = 64 };

/* "var_0.99" and the like. */
static void name_column(qs_buffer *b, const char *what, double at) {
  char text[COLUMN_TEXT];
  snprintf(text, sizeof text, "%s_%.10g", what, at);
  qs_csv_text(b, text);
}

static void name_columns(qs_buffer *b, const qs_simulate_result *s) {
  qs_csv_text(b, "name");
  qs_csv_text(b, "type");
  qs_csv_text(b, "rank");
  for (size_t k = 0; k < FIGURES; k++) {
    qs_csv_name_estimate(b, "", figures[k].name);
  }
  for (size_t k = 0; k < PARTS; k++) {
    qs_csv_name_estimate(b, "", parts[k].name);
  }
  for (size_t v = 0; v < s->venue_count; v++) {
    qs_csv_name_estimate(b, "turnover_", s->venues[v]);
    qs_csv_name_estimate(b, "cost_", s->venues[v]);
  }
  for (size_t l = 0; l < s->level_count && s->policy_count; l++) {
    name_column(b, "var", s->policies[0].levels[l].level);
    name_column(b, "expected_shortfall", s->policies[0].levels[l].level);
  }
  for (size_t k = 0; k < s->quantile_count; k++) {
    name_column(b, "quantile", s->probabilities[k]);
  }
  qs_csv_end_row(b);
}

void qs_csv_simulate(qs_buffer *b, const qs_results *r) {
  const qs_simulate_result *s = &r->simulate;
  name_columns(b, s);
  for (size_t i = 0; i < s->policy_count; i++) {
    const qs_policy_result *policy = &s->policies[i];
    qs_csv_text(b, policy->name);
    qs_csv_text(b, policy->type);
    qs_csv_count(b, policy->rank);
    for (size_t k = 0; k < FIGURES; k++) {
      qs_csv_estimate(b, estimate_of(policy, &figures[k]));
    }
    for (size_t k = 0; k < PARTS; k++) {
      qs_csv_estimate(b, estimate_of(policy, &parts[k]));
    }
    for (size_t v = 0; v < s->venue_count; v++) {
      qs_csv_estimate(b, policy->venues[v].turnover);
      qs_csv_estimate(b, policy->venues[v].cost);
    }
    for (size_t l = 0; l < s->level_count; l++) {
      qs_csv_number(b, policy->levels[l].var.estimate);
      qs_csv_number(b, policy->levels[l].expected_shortfall.estimate);
    }
    for (size_t k = 0; k < s->quantile_count; k++) {
      qs_csv_number(b, policy->quantiles[k].estimate);
    }
    qs_csv_end_row(b);
  }
}

void qs_csv_simulate_attribution(qs_buffer *b, const qs_results *r) {
  static const char *const names[] = {"part", "estimate", "std_error", NULL};
  qs_csv_texts(b, names);
  qs_csv_end_row(b);
  for (size_t k = 0; k < GAINS; k++) {
    qs_csv_text(b, gains[k].name);
    qs_csv_estimate(b, gain_of(&r->simulate.attribution, &gains[k]));
    qs_csv_end_row(b);
  }
}

void qs_csv_simulate_pnl(qs_buffer *b, const qs_results *r) {
  const qs_simulate_result *s = &r->simulate;
  qs_csv_text(b, "path");
  for (size_t i = 0; i < s->policy_count; i++) {
    qs_csv_text(b, s->policies[i].name);
  }
  qs_csv_end_row(b);
  for (size_t p = 0; p < s->policies[0].pnl_count; p++) {
    qs_csv_count(b, p);
    for (size_t i = 0; i < s->policy_count; i++) {
      qs_csv_number(b, s->policies[i].pnl[p]);
    }
    qs_csv_end_row(b);
  }
}
