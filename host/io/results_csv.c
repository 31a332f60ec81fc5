/* The CSV files of a results folder: one table each, one row per thing. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "host/base/greek.h"
#include "host/io/policy_file.h"
#include "host/io/results.h"
#include "host/market/time.h"

static void write_time(qs_buffer *b, qs_time time) {
  char text[QS_TIME_TEXT];
  qs_time_format(time, text);
  qs_csv_text(b, time ? text : NULL);
}

void qs_csv_estimate(qs_buffer *b, qs_estimate value) {
  qs_csv_number(b, value.estimate);
  qs_csv_number(b, isfinite(value.estimate) ? value.std_error : NAN);
}

/* Two columns, the estimate and its error. */
void qs_csv_name_estimate(qs_buffer *b, const char *prefix, const char *name) {
  char text[64];
  snprintf(text, sizeof text, "%s%s", prefix, name);
  qs_csv_text(b, text);
  snprintf(text, sizeof text, "%s%s_error", prefix, name);
  qs_csv_text(b, text);
}

static void name_greeks(qs_buffer *b, const char *prefix, uint32_t present) {
  for (unsigned i = 0; i < QS_GREEK_COUNT; i++) {
    if (present >> i & 1) {
      qs_csv_name_estimate(b, prefix, qs_greek_name((qs_greek)i));
    }
  }
}

static void write_greeks(qs_buffer *b, const qs_greeks *greeks, uint32_t columns) {
  static const qs_estimate none = {NAN, NAN};
  for (unsigned i = 0; i < QS_GREEK_COUNT; i++) {
    if (columns >> i & 1) {
      qs_csv_estimate(b, greeks->present >> i & 1 ? greeks->value[i] : none);
    }
  }
}

/* trusted, why and untrusted: "price gamma d_xi". */
static void name_trust(qs_buffer *b) {
  static const char *const names[] = {"trusted", "why", "untrusted", NULL};
  qs_csv_texts(b, names);
}

static void write_trust(qs_buffer *b, bool trusted, const char *why, uint32_t untrusted) {
  char names[QS_NUMBERS_TEXT];
  qs_numbers_list(untrusted, " ", names);
  qs_csv_bool(b, trusted);
  qs_csv_text(b, why);
  qs_csv_text(b, untrusted ? names : NULL);
}

static bool is_valued(const qs_results *r) {
  return r->valued;
}

static void write_trades(qs_buffer *b, const qs_results *r) {
  uint32_t greeks = 0;
  uint32_t coin = 0;
  for (size_t i = 0; i < r->trade_count; i++) {
    greeks |= r->trades[i].greeks.present;
    coin |= r->trades[i].greeks_coin.present;
  }
  static const char *const names[] = {"id",       "instrument", "underlying",       "book", "venue", "kind",
                                      "quantity", "mark",       "model_minus_mark", NULL};
  qs_csv_texts(b, names);
  static const char *const estimates[] = {"price", "price_coin", "value", "value_coin"};
  for (size_t i = 0; i < 4; i++) {
    qs_csv_name_estimate(b, "", estimates[i]);
  }
  name_greeks(b, "", greeks);
  name_greeks(b, "coin_", coin);
  name_trust(b);
  qs_csv_end_row(b);
  for (size_t i = 0; i < r->trade_count; i++) {
    const qs_trade_result *t = &r->trades[i];
    const char *const texts[] = {t->id, t->instrument, t->underlying, t->book, t->venue, t->kind};
    for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
      qs_csv_text(b, texts[k]);
    }
    qs_csv_number(b, t->quantity);
    qs_csv_number(b, t->mark);
    qs_csv_number(b, t->model_minus_mark);
    qs_csv_estimate(b, t->price);
    qs_csv_estimate(b, t->price_coin);
    qs_csv_estimate(b, t->value);
    qs_csv_estimate(b, t->value_coin);
    write_greeks(b, &t->greeks, greeks);
    write_greeks(b, &t->greeks_coin, coin);
    write_trust(b, t->trusted, t->why, t->untrusted);
    qs_csv_end_row(b);
  }
}

static void write_total(qs_buffer *b, const char *kind, const qs_total_result *t, uint32_t columns) {
  qs_csv_text(b, kind);
  qs_csv_text(b, t->name);
  qs_csv_count(b, t->count);
  qs_csv_estimate(b, t->value);
  write_greeks(b, &t->greeks, columns);
  write_trust(b, t->trusted, t->why, t->untrusted);
  qs_csv_end_row(b);
}

static void write_books(qs_buffer *b, const qs_results *r) {
  uint32_t columns = r->total.greeks.present;
  for (size_t i = 0; i < r->book_count; i++) {
    columns |= r->books[i].greeks.present;
  }
  for (size_t i = 0; i < r->underlying_count; i++) {
    columns |= r->underlyings[i].greeks.present;
  }
  static const char *const names[] = {"kind", "name", "count", NULL};
  qs_csv_texts(b, names);
  qs_csv_name_estimate(b, "", "value");
  name_greeks(b, "", columns);
  name_trust(b);
  qs_csv_end_row(b);
  for (size_t i = 0; i < r->book_count; i++) {
    write_total(b, "book", &r->books[i], columns);
  }
  for (size_t i = 0; i < r->underlying_count; i++) {
    write_total(b, "underlying", &r->underlyings[i], columns);
  }
  write_total(b, "total", &r->total, columns);
}

static bool has_sensitivities(const qs_results *r) {
  return r->sensitivity_count > 0;
}

static void write_named(qs_buffer *b, const char *underlying, const char *kind, const qs_named_estimate *list,
                        size_t count) {
  for (size_t i = 0; i < count; i++) {
    qs_csv_text(b, underlying);
    qs_csv_text(b, kind);
    qs_csv_text(b, list[i].name);
    qs_csv_text(b, list[i].label);
    qs_csv_estimate(b, list[i].value);
    qs_csv_bool(b, !list[i].untrusted);
    qs_csv_end_row(b);
  }
}

static void write_sensitivities(qs_buffer *b, const qs_results *r) {
  static const char *const names[] = {"underlying", "kind",      "name",    "moneyness",
                                      "estimate",   "std_error", "trusted", NULL};
  qs_csv_texts(b, names);
  qs_csv_end_row(b);
  for (size_t i = 0; i < r->sensitivity_count; i++) {
    const qs_sensitivity_result *s = &r->sensitivities[i];
    qs_named_estimate parallel = {.value = s->vega_parallel, .untrusted = s->vega_parallel_untrusted};
    write_named(b, s->underlying, "vega_parallel", &parallel, isfinite(s->vega_parallel.estimate) ? 1 : 0);
    write_named(b, s->underlying, "vega_by_bucket", s->vega_by_bucket, s->bucket_count);
    write_named(b, s->underlying, "vega_by_quote", s->vega_by_quote, s->vega_count);
    write_named(b, s->underlying, "delta_by_future", s->delta_by_future, s->delta_count);
    write_named(b, s->underlying, "d_shift", s->d_shift, s->d_shift_count);
  }
}

static bool has_calibration(const qs_results *r) {
  return r->calibration_count > 0;
}

/* A row of each piece of the shift: the parameter is "shift 2026-08-07T08:00:00Z". */
static void write_shift(qs_buffer *b, const qs_calibration_result *c) {
  for (size_t i = 0; i < c->shift_count; i++) {
    char name[sizeof "shift " + QS_TIME_TEXT] = "shift ";
    qs_time_format(c->shift[i].expiry, name + strlen(name));
    qs_csv_text(b, c->underlying);
    qs_csv_text(b, qs_model_name(c->model.type));
    qs_csv_bool(b, c->calibrated);
    qs_csv_bool(b, c->trusted);
    qs_csv_text(b, name);
    qs_csv_number(b, c->shift[i].variance);
    qs_csv_number(b, c->shift[i].std_error);
    qs_csv_bool(b, true);
    qs_csv_end_row(b);
  }
}

static void write_calibration(qs_buffer *b, const qs_results *r) {
  static const char *const names[] = {"underlying", "model",     "calibrated", "trusted", "parameter",
                                      "estimate",   "std_error", "identified", NULL};
  qs_csv_texts(b, names);
  qs_csv_end_row(b);
  for (size_t i = 0; i < r->calibration_count; i++) {
    const qs_calibration_result *c = &r->calibration[i];
    uint32_t given = c->parameter_count ? 0 : qs_model_parameters(c->model.type);
    for (unsigned k = 0; k < c->parameter_count + QS_PARAMETER_COUNT; k++) {
      bool fitted = k < c->parameter_count;
      unsigned p = fitted ? (unsigned)c->parameters[k].parameter : (unsigned)(k - c->parameter_count);
      if (!fitted && !(given >> p & 1)) {
        continue;
      }
      qs_csv_text(b, c->underlying);
      qs_csv_text(b, qs_model_name(c->model.type));
      qs_csv_bool(b, c->calibrated);
      qs_csv_bool(b, c->trusted);
      qs_csv_text(b, qs_parameter_name((qs_parameter)p));
      qs_csv_number(b, fitted ? c->parameters[k].estimate : c->model.value[p]);
      qs_csv_number(b, fitted ? c->parameters[k].std_error : 0);
      qs_csv_bool(b, fitted ? c->parameters[k].identified : true);
      qs_csv_end_row(b);
    }
    write_shift(b, c);
  }
}

static bool has_quotes(const qs_results *r) {
  for (size_t i = 0; i < r->calibration_count; i++) {
    if (r->calibration[i].fit_count + r->calibration[i].exclusion_count > 0) {
      return true;
    }
  }
  return false;
}

/* Every quote once: with its fit, or with the reason why it took no part. */
static void write_quotes(qs_buffer *b, const qs_results *r) {
  static const char *const names[] = {"underlying", "instrument", "expiry",  "strike",
                                      "market_vol", "model_vol",  "bid_vol", "ask_vol",
                                      "weight",     "excluded",   NULL};
  qs_csv_texts(b, names);
  qs_csv_end_row(b);
  for (size_t i = 0; i < r->calibration_count; i++) {
    const qs_calibration_result *c = &r->calibration[i];
    for (size_t k = 0; k < c->fit_count; k++) {
      const qs_quote_fit *f = &c->fits[k];
      qs_csv_text(b, c->underlying);
      qs_csv_text(b, f->instrument);
      write_time(b, f->expiry);
      const double numbers[] = {f->strike, f->market_vol, f->model_vol, f->bid_vol, f->ask_vol, f->weight};
      for (size_t n = 0; n < sizeof numbers / sizeof numbers[0]; n++) {
        qs_csv_number(b, numbers[n]);
      }
      qs_csv_text(b, NULL);
      qs_csv_end_row(b);
    }
    for (size_t k = 0; k < c->exclusion_count; k++) {
      static const char *const empty[] = {"", "", "", "", "", "", "", NULL};
      qs_csv_text(b, c->underlying);
      qs_csv_text(b, c->exclusions[k].instrument);
      qs_csv_texts(b, empty);
      qs_csv_text(b, c->exclusions[k].reason);
      qs_csv_end_row(b);
    }
  }
}

static bool has_risk(const qs_results *r) {
  return r->risk.present;
}

static void write_risk_row(qs_buffer *b, const char *method, double level, const char *measure,
                           qs_interval value) {
  qs_csv_text(b, method);
  qs_csv_number(b, level);
  qs_csv_text(b, measure);
  qs_csv_number(b, value.estimate);
  qs_csv_number(b, value.low);
  qs_csv_number(b, value.high);
  qs_csv_end_row(b);
}

static void write_risk(qs_buffer *b, const qs_results *r) {
  static const char *const names[] = {"method", "level", "measure", "estimate", "low", "high", NULL};
  qs_csv_texts(b, names);
  qs_csv_end_row(b);
  for (size_t i = 0; i < r->risk.level_count; i++) {
    const qs_risk_level *l = &r->risk.levels[i];
    write_risk_row(b, "simulated", l->level, "var", l->var);
    write_risk_row(b, "simulated", l->level, "expected_shortfall", l->expected_shortfall);
  }
  for (size_t i = 0; i < r->risk.historical_count; i++) {
    const qs_historical_level *h = &r->risk.historical[i];
    write_risk_row(b, "historical", h->level, "var", h->var);
    write_risk_row(b, "historical", h->level, "expected_shortfall", h->expected_shortfall);
  }
}

static void write_risk_components(qs_buffer *b, const qs_results *r) {
  static const char *const names[] = {"name", "kind", "level", "expected_shortfall", "std_error", NULL};
  qs_csv_texts(b, names);
  qs_csv_end_row(b);
  for (size_t i = 0; i < r->risk.component_count; i++) {
    const qs_risk_component *c = &r->risk.components[i];
    for (size_t k = 0; k < r->risk.level_count; k++) {
      qs_csv_text(b, c->name);
      qs_csv_text(b, c->is_underlying ? "underlying" : "position");
      qs_csv_number(b, r->risk.levels[k].level);
      qs_csv_estimate(b, c->expected_shortfall[k]);
      qs_csv_end_row(b);
    }
  }
}

static bool has_pnl(const qs_results *r) {
  return r->risk.present && r->risk.pnl_count > 0;
}

static void write_pnl(qs_buffer *b, const qs_results *r) {
  static const char *const names[] = {"path", "pnl", NULL};
  qs_csv_texts(b, names);
  qs_csv_end_row(b);
  for (size_t i = 0; i < r->risk.pnl_count; i++) {
    qs_csv_count(b, i);
    qs_csv_number(b, r->risk.pnl[i]);
    qs_csv_end_row(b);
  }
}

static bool has_stress(const qs_results *r) {
  return r->stress.present;
}

static void begin_cell(qs_buffer *b, const char *kind, const qs_stress_cell *cell) {
  qs_csv_text(b, kind);
  qs_csv_text(b, cell->name);
  qs_csv_number(b, cell->spot);
  qs_csv_number(b, cell->volatility);
}

static void write_cells(qs_buffer *b, const char *kind, const qs_stress_cell *cells, size_t count) {
  for (size_t i = 0; i < count; i++) {
    begin_cell(b, kind, &cells[i]);
    qs_csv_estimate(b, cells[i].pnl);
    qs_csv_number(b, cells[i].unwind_cost);
    qs_csv_number(b, cells[i].lost);
    qs_csv_end_row(b);
  }
}

static void write_stress(qs_buffer *b, const qs_results *r) {
  static const char *const names[] = {"kind",      "name",        "spot", "volatility", "pnl",
                                      "std_error", "unwind_cost", "lost", NULL};
  qs_csv_texts(b, names);
  qs_csv_end_row(b);
  write_cells(b, "grid", r->stress.grid, r->stress.grid_count);
  write_cells(b, "scenario", r->stress.scenarios, r->stress.scenario_count);
  write_cells(b, "margin", r->stress.margin, r->stress.margin_count);
}

static void write_cell_positions(qs_buffer *b, const char *kind, const qs_stress_cell *cells, size_t count,
                                 const qs_results *r) {
  for (size_t i = 0; i < count; i++) {
    for (size_t k = 0; k < r->trade_count && cells[i].by_position; k++) {
      begin_cell(b, kind, &cells[i]);
      qs_csv_text(b, r->trades[k].id);
      qs_csv_text(b, r->trades[k].book);
      qs_csv_estimate(b, cells[i].by_position[k]);
      qs_csv_end_row(b);
    }
  }
}

static void write_stress_positions(qs_buffer *b, const qs_results *r) {
  static const char *const names[] = {"kind", "name", "spot",      "volatility", "id",
                                      "book", "pnl",  "std_error", NULL};
  qs_csv_texts(b, names);
  qs_csv_end_row(b);
  write_cell_positions(b, "grid", r->stress.grid, r->stress.grid_count, r);
  write_cell_positions(b, "scenario", r->stress.scenarios, r->stress.scenario_count, r);
  write_cell_positions(b, "margin", r->stress.margin, r->stress.margin_count, r);
}

static bool has_hedge(const qs_results *r) {
  return r->hedge.present;
}

static void write_hedge(qs_buffer *b, const qs_results *r) {
  static const char *const names[] = {"instrument", "quantity", "ratio",  "ratio_error", "cost",
                                      "fee",        "spread",   "impact", "funding",     NULL};
  qs_csv_texts(b, names);
  qs_csv_end_row(b);
  for (size_t i = 0; i < r->hedge.trade_count; i++) {
    const qs_hedge_trade *t = &r->hedge.trades[i];
    qs_csv_text(b, t->instrument);
    qs_csv_number(b, t->quantity);
    qs_csv_estimate(b, t->ratio);
    const double numbers[] = {t->cost, t->fee, t->spread, t->impact, t->funding};
    for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
      qs_csv_number(b, numbers[k]);
    }
    qs_csv_end_row(b);
  }
}

static bool has_simulate(const qs_results *r) {
  return r->simulate.present;
}

static bool has_attribution(const qs_results *r) {
  return r->simulate.present && r->simulate.attribution.present;
}

static bool has_simulate_pnl(const qs_results *r) {
  return r->simulate.present && r->simulate.policy_count && r->simulate.policies[0].pnl_count;
}

static bool has_policy(const qs_results *r) {
  return r->simulate.present && r->simulate.saved;
}

static void write_saved_policy(qs_buffer *b, const qs_results *r) {
  qs_policy_file_write(b, r->simulate.saved);
}

static bool has_backtest(const qs_results *r) {
  return r->backtest.present;
}

static bool has_correlations(const qs_results *r) {
  return r->d_correlation_count > 0;
}

/* A sum has no id, the sum over all books no book either. */
static void write_correlations(qs_buffer *b, const qs_results *r) {
  static const char *const names[] = {"id",       "book",      "first",   "second",
                                      "estimate", "std_error", "trusted", NULL};
  qs_csv_texts(b, names);
  qs_csv_end_row(b);
  for (size_t i = 0; i < r->d_correlation_count; i++) {
    const qs_correlation_result *c = &r->d_correlations[i];
    qs_csv_text(b, c->id);
    qs_csv_text(b, c->book);
    qs_csv_text(b, c->between[0]);
    qs_csv_text(b, c->between[1]);
    qs_csv_estimate(b, c->value);
    qs_csv_bool(b, !c->untrusted);
    qs_csv_end_row(b);
  }
}

const qs_results_file qs_results_csv_files[] = {
    {"trades.csv", is_valued, write_trades},
    {"books.csv", is_valued, write_books},
    {"d_correlation.csv", has_correlations, write_correlations},
    {"vega.csv", has_sensitivities, write_sensitivities},
    {"calibration.csv", has_calibration, write_calibration},
    {"quotes.csv", has_quotes, write_quotes},
    {"risk.csv", has_risk, write_risk},
    {"risk_components.csv", has_risk, write_risk_components},
    {"pnl.csv", has_pnl, write_pnl},
    {"stress.csv", has_stress, write_stress},
    {"stress_positions.csv", has_stress, write_stress_positions},
    {"hedge.csv", has_hedge, write_hedge},
    {"simulate.csv", has_simulate, qs_csv_simulate},
    {"simulate_attribution.csv", has_attribution, qs_csv_simulate_attribution},
    {"simulate_pnl.csv", has_simulate_pnl, qs_csv_simulate_pnl},
    {"simulate_policy.txt", has_policy, write_saved_policy},
    {"backtest_policies.csv", has_backtest, qs_csv_backtest_policies},
    {"backtest.csv", has_backtest, qs_csv_backtest},
    {NULL, NULL, NULL},
};
