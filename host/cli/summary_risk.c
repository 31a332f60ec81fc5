/* Risk, stress and hedge of the summary. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host/cli/summary.h"
#include "host/cli/table.h"

enum { SHOWN_PARTS = 8 };

static void add_names(table *t, const char *const *names, size_t count) {
  for (size_t i = 0; i < count; i++) {
    table_add(t, "%s", names[i]);
  }
}

static void add_interval(table *t, qs_interval value) {
  char low[TABLE_CELL];
  char high[TABLE_CELL];
  format_number(value.low, low);
  format_number(value.high, high);
  table_number(t, value.estimate);
  table_add(t, "%.16s to %.16s", low, high);
}

static void print_levels(FILE *file, const qs_results *r) {
  const qs_risk_result *risk = &r->risk;
  table t;
  table_begin(&t, 6);
  static const char *const names[] = {"level", "VaR", "95% interval", "shortfall", "95% interval", "trusted"};
  add_names(&t, names, 6);
  for (size_t i = 0; i < risk->level_count; i++) {
    table_add(&t, "%.4g%%", 100 * risk->levels[i].level);
    add_interval(&t, risk->levels[i].var);
    add_interval(&t, risk->levels[i].expected_shortfall);
    table_add(&t, "%s", risk->levels[i].trusted ? "yes" : "NO");
  }
  table_end(&t, file);
  if (!risk->historical_count) {
    return;
  }
  table_begin(&t, 5);
  static const char *const past[] = {"past prices", "VaR", "shortfall", "days beyond VaR", "Kupiec p"};
  add_names(&t, past, 5);
  for (size_t i = 0; i < risk->historical_count; i++) {
    const qs_historical_level *h = &risk->historical[i];
    table_add(&t, "%.4g%%", 100 * h->level);
    table_number(&t, h->var.estimate);
    table_number(&t, h->expected_shortfall.estimate);
    table_add(&t, "%zu of %zu", h->violations, h->observations);
    table_add(&t, "%.3f", h->kupiec_p_value);
  }
  table_end(&t, file);
}

/* The component with the largest part of the last level's shortfall, in size, among those not done. */
static const qs_risk_component *largest(const qs_risk_result *risk, const bool *done) {
  size_t last = risk->level_count - 1;
  const qs_risk_component *found = NULL;
  for (size_t i = 0; i < risk->component_count; i++) {
    const qs_risk_component *c = &risk->components[i];
    if (!c->is_underlying && !done[i] &&
        (!found ||
         fabs(c->expected_shortfall[last].estimate) > fabs(found->expected_shortfall[last].estimate))) {
      found = c;
    }
  }
  return found;
}

static void print_components(FILE *file, const qs_risk_result *risk) {
  bool *done = calloc(risk->component_count + 1, sizeof *done);
  if (!done || !risk->component_count || !risk->level_count) {
    free(done);
    return;
  }
  size_t last = risk->level_count - 1;
  table t;
  table_begin(&t, 3);
  table_add(&t, "parts of the %.4g%% shortfall", 100 * risk->levels[last].level);
  table_add(&t, "part");
  table_add(&t, "+-");
  for (size_t i = 0; i < risk->component_count; i++) {
    if (risk->components[i].is_underlying) {
      table_add(&t, "all of %s", risk->components[i].name);
      table_number(&t, risk->components[i].expected_shortfall[last].estimate);
      table_number(&t, risk->components[i].expected_shortfall[last].std_error);
    }
  }
  for (size_t shown = 0; shown < SHOWN_PARTS; shown++) {
    const qs_risk_component *c = largest(risk, done);
    if (!c) {
      break;
    }
    done[c - risk->components] = true;
    table_add(&t, "%s", c->name);
    table_number(&t, c->expected_shortfall[last].estimate);
    table_number(&t, c->expected_shortfall[last].std_error);
  }
  free(done);
  table_end(&t, file);
}

static void print_incremental(FILE *file, const qs_risk_result *risk) {
  if (!risk->incremental_count || !risk->level_count) {
    return;
  }
  size_t last = risk->level_count - 1;
  table t;
  table_begin(&t, 3);
  table_add(&t, "with the trade, at %.4g%%", 100 * risk->levels[last].level);
  table_add(&t, "VaR moves");
  table_add(&t, "shortfall moves");
  for (size_t i = 0; i < risk->incremental_count; i++) {
    table_add(&t, "%s", risk->incremental[i].id);
    table_number(&t, risk->incremental[i].var[last]);
    table_number(&t, risk->incremental[i].expected_shortfall[last]);
  }
  table_end(&t, file);
}

void summary_risk(FILE *file, const qs_results *r) {
  if (!r->risk.present) {
    return;
  }
  fprintf(file, "\nRisk over %.4g day(s), losses in %s\n", r->risk.horizon_days, r->currency);
  print_trust(file, r->risk.trusted, r->risk.why);
  print_levels(file, r);
  print_components(file, &r->risk);
  print_incremental(file, &r->risk);
}

/* The axis of one shock: its distinct values in the order in which they come. */
static size_t collect_axis(const qs_stress_result *stress, bool spot, double *axis, size_t capacity) {
  size_t count = 0;
  for (size_t i = 0; i < stress->grid_count; i++) {
    double value = spot ? stress->grid[i].spot : stress->grid[i].volatility;
    bool known = false;
    for (size_t k = 0; k < count; k++) {
      known = known || axis[k] == value;
    }
    if (!known && count < capacity) {
      axis[count++] = value;
    }
  }
  return count;
}

static double grid_value(const qs_stress_result *stress, double spot, double volatility) {
  for (size_t i = 0; i < stress->grid_count; i++) {
    if (stress->grid[i].spot == spot && stress->grid[i].volatility == volatility) {
      return stress->grid[i].pnl.estimate;
    }
  }
  return NAN;
}

static void print_grid(FILE *file, const qs_stress_result *stress) {
  enum { MAX_SPOTS = 15, MAX_VOLATILITIES = 32 };
  double spots[MAX_SPOTS];
  double volatilities[MAX_VOLATILITIES];
  size_t n = collect_axis(stress, true, spots, MAX_SPOTS);
  size_t m = collect_axis(stress, false, volatilities, MAX_VOLATILITIES);
  if (n == 0 || m == 0) {
    return;
  }
  table t;
  table_begin(&t, n + 1);
  table_add(&t, "spot");
  for (size_t i = 0; i < n; i++) {
    table_add(&t, "%+.4g%%", 100 * spots[i]);
  }
  for (size_t k = 0; k < m; k++) {
    table_add(&t, "volatility %+.4g%%", 100 * volatilities[k]);
    for (size_t i = 0; i < n; i++) {
      table_number(&t, grid_value(stress, spots[i], volatilities[k]));
    }
  }
  table_end(&t, file);
}

static void print_scenarios(FILE *file, const qs_stress_result *stress) {
  if (!stress->scenario_count) {
    return;
  }
  fprintf(file, "\n");
  table t;
  table_begin(&t, 5);
  static const char *const names[] = {"scenario", "P&L", "+-", "unwinding costs", "lost at venue"};
  add_names(&t, names, 5);
  for (size_t i = 0; i < stress->scenario_count; i++) {
    const qs_stress_cell *cell = &stress->scenarios[i];
    table_add(&t, "%s", cell->name ? cell->name : "");
    table_number(&t, cell->pnl.estimate);
    table_number(&t, cell->pnl.std_error);
    table_number(&t, cell->unwind_cost);
    table_number(&t, cell->lost);
  }
  table_end(&t, file);
}

void summary_stress(FILE *file, const qs_results *r) {
  const qs_stress_result *stress = &r->stress;
  if (!stress->present) {
    return;
  }
  fprintf(file, "\nStress, P&L in %s\n", r->currency);
  print_trust(file, stress->trusted, stress->why);
  print_grid(file, stress);
  print_scenarios(file, stress);
  char text[TABLE_CELL];
  if (stress->worst && stress->worst->name) {
    format_number(stress->worst->pnl.estimate, text);
    fprintf(file, "  Worst: %s, %s\n", stress->worst->name, text);
  } else if (stress->worst) {
    format_number(stress->worst->pnl.estimate, text);
    fprintf(file, "  Worst: spot %+.4g%%, volatility %+.4g%%, %s\n", 100 * stress->worst->spot,
            100 * stress->worst->volatility, text);
  }
  if (isfinite(stress->margin_requirement)) {
    format_number(stress->margin_requirement, text);
    fprintf(file, "  Margin by the exchange's grid: %s\n", text);
  }
}

static void print_hedge_trades(FILE *file, const qs_hedge_result *hedge) {
  table t;
  table_begin(&t, 5);
  static const char *const names[] = {"trade", "quantity", "+-", "cost", "of it funding"};
  add_names(&t, names, 5);
  size_t idle = 0;
  for (size_t i = 0; i < hedge->trade_count; i++) {
    const qs_hedge_trade *trade = &hedge->trades[i];
    if (trade->quantity == 0) {
      idle++;
      continue;
    }
    table_add(&t, "%s", trade->instrument);
    table_number(&t, trade->quantity);
    table_number(&t, trade->ratio.std_error);
    table_number(&t, trade->cost);
    table_number(&t, trade->funding);
  }
  table_end(&t, file);
  if (idle) {
    fprintf(file, "  not traded: %zu of %zu instruments\n", idle, hedge->trade_count);
  }
}

static void print_states(FILE *file, const qs_hedge_result *hedge) {
  const qs_hedge_state *states[] = {&hedge->before, &hedge->after};
  static const char *const names[] = {"", "std. deviation", "delta", "gamma", "vega", "margin", "leverage"};
  table t;
  table_begin(&t, 7);
  add_names(&t, names, 7);
  for (size_t i = 0; i < 2; i++) {
    table_add(&t, "%s", i ? "after" : "before");
    table_number(&t, states[i]->std_dev);
    table_number(&t, states[i]->delta);
    table_number(&t, states[i]->gamma);
    table_number(&t, states[i]->vega);
    table_number(&t, states[i]->margin);
    table_number(&t, states[i]->leverage);
  }
  table_end(&t, file);
}

void summary_hedge(FILE *file, const qs_results *r) {
  const qs_hedge_result *hedge = &r->hedge;
  if (!hedge->present) {
    return;
  }
  fprintf(file, "\nHedge now, over %.4g day(s)\n", hedge->horizon_days);
  print_trust(file, hedge->trusted, hedge->why);
  if (!hedge->feasible) {
    fprintf(file, "  No trades can hold these limits together:\n");
    for (size_t i = 0; i < hedge->conflict_count; i++) {
      fprintf(file, "    %s\n", hedge->conflicts[i]);
    }
    return;
  }
  print_hedge_trades(file, hedge);
  print_states(file, hedge);
  char cost[TABLE_CELL];
  format_number(hedge->cost, cost);
  fprintf(file, "  cost %s %s; optimality residual %.1e\n", cost, r->currency, hedge->kkt_residual);
  for (size_t i = 0; i < hedge->shadow_count; i++) {
    if (hedge->shadow_prices[i].price != 0) {
      fprintf(file, "  limit %s binds: %.4g per unit\n", hedge->shadow_prices[i].limit,
              hedge->shadow_prices[i].price);
    }
  }
}
