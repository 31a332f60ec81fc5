/* results.json: calibration, risk, stress, hedge. A section that was not run is an empty mapping. */
#include <string.h>

#include "host/io/results.h"

static void write_interval(qs_buffer *b, const char *key, qs_interval value) {
  qs_json_open(b, key, '{', true);
  qs_json_number(b, "estimate", value.estimate);
  qs_json_number(b, "low", value.low);
  qs_json_number(b, "high", value.high);
  qs_json_close(b);
}

/* Counts by reason, in the order in which the reasons first appear. */
static void write_exclusions(qs_buffer *b, const qs_calibration_result *c) {
  qs_json_open(b, "quotes_excluded", '{', true);
  for (size_t i = 0; i < c->exclusion_count; i++) {
    bool seen = false;
    uint64_t count = 0;
    for (size_t k = 0; k < c->exclusion_count && !seen; k++) {
      bool same = strcmp(c->exclusions[k].reason, c->exclusions[i].reason) == 0;
      seen = same && k < i;
      count += same;
    }
    if (!seen) {
      qs_json_count(b, c->exclusions[i].reason, count);
    }
  }
  qs_json_close(b);
  qs_json_open(b, "exclusions", '[', false);
  for (size_t i = 0; i < c->exclusion_count; i++) {
    qs_json_open(b, NULL, '{', true);
    qs_json_text(b, "instrument", c->exclusions[i].instrument);
    qs_json_text(b, "reason", c->exclusions[i].reason);
    qs_json_close(b);
  }
  qs_json_close(b);
}

static void write_parameter(qs_buffer *b, qs_parameter parameter, double estimate, double std_error,
                            bool identified) {
  qs_json_open(b, qs_parameter_name(parameter), '{', true);
  qs_json_number(b, "estimate", estimate);
  qs_json_number(b, "std_error", std_error);
  qs_json_bool(b, "identified", identified);
  qs_json_close(b);
}

/* Those of the fit, else those given, which are exact. */
static void write_parameters(qs_buffer *b, const qs_calibration_result *c) {
  qs_json_open(b, "parameters", '{', false);
  for (size_t i = 0; i < c->parameter_count; i++) {
    const qs_parameter_result *p = &c->parameters[i];
    write_parameter(b, p->parameter, p->estimate, p->std_error, p->identified);
  }
  uint32_t used = c->parameter_count ? 0 : qs_model_parameters(c->model.type);
  for (unsigned i = 0; i < QS_PARAMETER_COUNT; i++) {
    if (used >> i & 1) {
      write_parameter(b, (qs_parameter)i, c->model.value[i], 0, true);
    }
  }
  qs_json_close(b);
}

static void write_shift(qs_buffer *b, const qs_calibration_result *c) {
  qs_json_open(b, "shift", '[', false);
  for (size_t i = 0; i < c->shift_count; i++) {
    const qs_shift_result *s = &c->shift[i];
    qs_json_open(b, NULL, '{', true);
    qs_json_time(b, "expiry", s->expiry);
    qs_json_number(b, "variance", s->variance);
    qs_json_number(b, "std_error", s->std_error);
    qs_json_number(b, "market_vol", s->market_vol);
    qs_json_number(b, "model_vol", s->model_vol);
    qs_json_close(b);
  }
  qs_json_close(b);
}

static void write_local(qs_buffer *b, const qs_local_result *l) {
  qs_json_open(b, "local", '{', false);
  qs_json_count(b, "quotes", l->quotes);
  qs_json_number(b, "inside_bid_ask", l->inside_bid_ask);
  qs_json_number(b, "surface_inside", l->surface_inside);
  qs_json_number(b, "least_density", l->least_density);
  qs_json_number(b, "least_increase", l->least_increase);
  qs_json_number(b, "kept", l->kept);
  qs_json_count(b, "particles", l->particles);
  qs_json_count(b, "paths", l->paths);
  qs_json_open(b, "expiries", '[', false);
  for (size_t i = 0; i < l->expiry_count; i++) {
    const qs_local_expiry *e = &l->expiries[i];
    qs_json_open(b, NULL, '{', true);
    qs_json_time(b, "expiry", e->expiry);
    qs_json_count(b, "quotes", e->quotes);
    qs_json_number(b, "inside_bid_ask", e->inside_bid_ask);
    qs_json_number(b, "surface_inside", e->surface_inside);
    qs_json_number(b, "largest_std_error", e->largest_std_error);
    qs_json_close(b);
  }
  qs_json_close(b);
  qs_json_open(b, "quotes_repriced", '[', false);
  for (size_t i = 0; i < l->fit_count; i++) {
    const qs_local_quote *q = &l->fits[i];
    qs_json_open(b, NULL, '{', true);
    qs_json_text(b, "instrument", q->instrument);
    qs_json_time(b, "expiry", q->expiry);
    qs_json_number(b, "strike", q->strike);
    qs_json_number(b, "bid_vol", q->bid_vol);
    qs_json_number(b, "ask_vol", q->ask_vol);
    qs_json_number(b, "surface_vol", q->surface_vol);
    qs_json_estimate(b, "model_vol", q->model_vol);
    qs_json_bool(b, "inside", q->inside);
    qs_json_close(b);
  }
  qs_json_close(b);
  qs_json_close(b);
}

static void write_fit(qs_buffer *b, const qs_calibration_result *c) {
  qs_json_open(b, "expiries", '[', false);
  for (size_t i = 0; i < c->expiry_count; i++) {
    const qs_expiry_fit *e = &c->expiries[i];
    qs_json_open(b, NULL, '{', true);
    qs_json_time(b, "expiry", e->expiry);
    qs_json_number(b, "forward", e->forward);
    qs_json_count(b, "quotes", e->quotes);
    qs_json_number(b, "rmse_vol_points", e->rmse_vol_points);
    qs_json_number(b, "inside_bid_ask", e->inside_bid_ask);
    qs_json_close(b);
  }
  qs_json_close(b);
  qs_json_open(b, "quotes", '[', false);
  for (size_t i = 0; i < c->fit_count; i++) {
    const qs_quote_fit *f = &c->fits[i];
    qs_json_open(b, NULL, '{', true);
    qs_json_text(b, "instrument", f->instrument);
    qs_json_time(b, "expiry", f->expiry);
    qs_json_number(b, "strike", f->strike);
    qs_json_number(b, "market_vol", f->market_vol);
    qs_json_number(b, "model_vol", f->model_vol);
    qs_json_number(b, "bid_vol", f->bid_vol);
    qs_json_number(b, "ask_vol", f->ask_vol);
    qs_json_number(b, "weight", f->weight);
    qs_json_close(b);
  }
  qs_json_close(b);
}

void qs_json_calibration(qs_buffer *b, const qs_results *r) {
  qs_json_open(b, "calibration", '[', false);
  for (size_t i = 0; i < r->calibration_count; i++) {
    const qs_calibration_result *c = &r->calibration[i];
    qs_json_open(b, NULL, '{', false);
    qs_json_text(b, "underlying", c->underlying);
    qs_json_trust(b, c->trusted, c->why);
    qs_json_text(b, "model", qs_model_name(c->model.type));
    qs_json_bool(b, "calibrated", c->calibrated);
    write_parameters(b, c);
    if (c->shift_count) {
      write_shift(b, c);
    }
    if (c->local) {
      write_local(b, c->local);
    }
    qs_json_number(b, "rmse_vol_points", c->rmse_vol_points);
    qs_json_number(b, "inside_bid_ask", c->inside_bid_ask);
    qs_json_number(b, "objective", c->objective);
    qs_json_count(b, "quotes_used", c->quotes_used);
    qs_json_count(b, "quotes_total", c->quotes_total);
    write_exclusions(b, c);
    qs_json_texts(b, "warnings", c->warnings, c->warning_count);
    write_fit(b, c);
    qs_json_close(b);
  }
  qs_json_close(b);
}

void qs_json_levels(qs_buffer *b, const qs_risk_level *levels, size_t count) {
  qs_json_open(b, "levels", '[', false);
  for (size_t i = 0; i < count; i++) {
    const qs_risk_level *l = &levels[i];
    qs_json_open(b, NULL, '{', false);
    qs_json_number(b, "level", l->level);
    write_interval(b, "var", l->var);
    write_interval(b, "expected_shortfall", l->expected_shortfall);
    qs_json_bool(b, "trusted", l->trusted);
    qs_json_close(b);
  }
  qs_json_close(b);
}

static void write_risk_parts(qs_buffer *b, const qs_risk_result *risk) {
  qs_json_open(b, "components", '[', false);
  for (size_t i = 0; i < risk->component_count; i++) {
    const qs_risk_component *c = &risk->components[i];
    qs_json_open(b, NULL, '{', true);
    qs_json_text(b, "name", c->name);
    qs_json_text(b, "kind", c->is_underlying ? "underlying" : "position");
    qs_json_open(b, "expected_shortfall", '[', true);
    for (size_t k = 0; k < risk->level_count; k++) {
      qs_json_estimate(b, NULL, c->expected_shortfall[k]);
    }
    qs_json_close(b);
    qs_json_close(b);
  }
  qs_json_close(b);
  qs_json_open(b, "incremental", '[', false);
  for (size_t i = 0; i < risk->incremental_count; i++) {
    qs_json_open(b, NULL, '{', true);
    qs_json_text(b, "id", risk->incremental[i].id);
    qs_json_numbers(b, "var", risk->incremental[i].var, risk->level_count);
    qs_json_numbers(b, "expected_shortfall", risk->incremental[i].expected_shortfall, risk->level_count);
    qs_json_close(b);
  }
  qs_json_close(b);
}

static void write_historical(qs_buffer *b, const qs_risk_result *risk) {
  qs_json_open(b, "historical", '[', false);
  for (size_t i = 0; i < risk->historical_count; i++) {
    const qs_historical_level *h = &risk->historical[i];
    qs_json_open(b, NULL, '{', false);
    qs_json_number(b, "level", h->level);
    write_interval(b, "var", h->var);
    write_interval(b, "expected_shortfall", h->expected_shortfall);
    qs_json_count(b, "violations", h->violations);
    qs_json_count(b, "observations", h->observations);
    qs_json_number(b, "kupiec_statistic", h->kupiec_statistic);
    qs_json_number(b, "kupiec_p_value", h->kupiec_p_value);
    qs_json_close(b);
  }
  qs_json_close(b);
}

void qs_json_risk(qs_buffer *b, const qs_results *r) {
  const qs_risk_result *risk = &r->risk;
  qs_json_open(b, "risk", '{', false);
  if (risk->present) {
    qs_json_trust(b, risk->trusted, risk->why);
    qs_json_number(b, "horizon_days", risk->horizon_days);
    qs_json_estimate(b, "mean", risk->mean);
    qs_json_estimate(b, "std_dev", risk->std_dev);
    qs_json_levels(b, risk->levels, risk->level_count);
    write_risk_parts(b, risk);
    write_historical(b, risk);
    if (risk->pnl_count) {
      qs_json_numbers(b, "pnl", risk->pnl, risk->pnl_count);
    }
  }
  qs_json_close(b);
}

static void write_cell(qs_buffer *b, const char *key, const qs_stress_cell *cell, bool scenario,
                       size_t positions) {
  qs_json_open(b, key, '{', !cell->by_position);
  if (cell->name) {
    qs_json_text(b, "name", cell->name);
  }
  qs_json_number(b, "spot", cell->spot);
  qs_json_number(b, "volatility", cell->volatility);
  qs_json_estimate(b, "pnl", cell->pnl);
  if (scenario) {
    qs_json_number(b, "unwind_cost", cell->unwind_cost);
    qs_json_number(b, "lost", cell->lost);
  }
  if (cell->by_position) {
    qs_json_open(b, "by_position", '[', false);
    for (size_t i = 0; i < positions; i++) {
      qs_json_estimate(b, NULL, cell->by_position[i]);
    }
    qs_json_close(b);
  }
  qs_json_close(b);
}

static void write_cells(qs_buffer *b, const char *key, const qs_stress_cell *cells, size_t count,
                        bool scenario, size_t positions) {
  qs_json_open(b, key, '[', false);
  for (size_t i = 0; i < count; i++) {
    write_cell(b, NULL, &cells[i], scenario, positions);
  }
  qs_json_close(b);
}

void qs_json_stress(qs_buffer *b, const qs_results *r) {
  const qs_stress_result *stress = &r->stress;
  qs_json_open(b, "stress", '{', false);
  if (stress->present) {
    qs_json_trust(b, stress->trusted, stress->why);
    write_cells(b, "grid", stress->grid, stress->grid_count, false, r->trade_count);
    write_cells(b, "scenarios", stress->scenarios, stress->scenario_count, true, r->trade_count);
    write_cells(b, "margin", stress->margin, stress->margin_count, false, r->trade_count);
    if (stress->worst) {
      write_cell(b, "worst", stress->worst, stress->worst->name != NULL, r->trade_count);
    } else {
      qs_json_open(b, "worst", '{', true);
      qs_json_close(b);
    }
    qs_json_number(b, "margin_requirement", stress->margin_requirement);
  }
  qs_json_close(b);
}

static void write_hedge_trades(qs_buffer *b, const qs_hedge_result *hedge) {
  qs_json_open(b, "trades", '[', false);
  for (size_t i = 0; i < hedge->trade_count; i++) {
    const qs_hedge_trade *t = &hedge->trades[i];
    qs_json_open(b, NULL, '{', true);
    qs_json_text(b, "instrument", t->instrument);
    qs_json_number(b, "quantity", t->quantity);
    qs_json_estimate(b, "ratio", t->ratio);
    qs_json_number(b, "cost", t->cost);
    qs_json_number(b, "fee", t->fee);
    qs_json_number(b, "spread", t->spread);
    qs_json_number(b, "impact", t->impact);
    qs_json_number(b, "funding", t->funding);
    qs_json_close(b);
  }
  qs_json_close(b);
}

static void write_hedge_state(qs_buffer *b, const char *key, const qs_hedge_state *state) {
  qs_json_open(b, key, '{', false);
  qs_json_estimate(b, "variance", state->variance);
  qs_json_number(b, "std_dev", state->std_dev);
  qs_json_number(b, "delta", state->delta);
  qs_json_number(b, "gamma", state->gamma);
  qs_json_number(b, "vega", state->vega);
  qs_json_number(b, "margin", state->margin);
  qs_json_number(b, "leverage", state->leverage);
  qs_json_close(b);
}

void qs_json_hedge(qs_buffer *b, const qs_results *r) {
  const qs_hedge_result *hedge = &r->hedge;
  qs_json_open(b, "hedge", '{', false);
  if (hedge->present) {
    qs_json_trust(b, hedge->trusted, hedge->why);
    qs_json_bool(b, "feasible", hedge->feasible);
    qs_json_texts(b, "conflicts", hedge->conflicts, hedge->conflict_count);
    qs_json_number(b, "cost_weight", hedge->cost_weight);
    qs_json_number(b, "risk_aversion", hedge->risk_aversion);
    qs_json_number(b, "horizon_days", hedge->horizon_days);
    write_hedge_trades(b, hedge);
    write_hedge_state(b, "before", &hedge->before);
    write_hedge_state(b, "after", &hedge->after);
    qs_json_number(b, "cost", hedge->cost);
    qs_json_number(b, "objective_before", hedge->objective_before);
    qs_json_number(b, "objective_after", hedge->objective_after);
    qs_json_number(b, "kkt_residual", hedge->kkt_residual);
    qs_json_count(b, "iterations", hedge->iterations);
    qs_json_open(b, "shadow_prices", '[', false);
    for (size_t i = 0; i < hedge->shadow_count; i++) {
      qs_json_open(b, NULL, '{', true);
      qs_json_text(b, "limit", hedge->shadow_prices[i].limit);
      qs_json_number(b, "price", hedge->shadow_prices[i].price);
      qs_json_close(b);
    }
    qs_json_close(b);
  }
  qs_json_close(b);
}
