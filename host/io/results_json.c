/* results.json: the document, positions and sums. */
#include <math.h>
#include <string.h>

#include "host/io/results.h"
#include "host/market/time.h"

/* The keys of an estimate; with `untrusted` it says so. */
static void write_parts(qs_buffer *b, qs_estimate value, bool untrusted) {
  qs_json_number(b, "estimate", value.estimate);
  qs_json_number(b, "std_error", value.std_error);
  if (untrusted) {
    qs_json_bool(b, "trusted", false);
  }
}

static void write_estimate(qs_buffer *b, const char *key, qs_estimate value, bool untrusted) {
  if (!isfinite(value.estimate)) {
    qs_json_text(b, key, NULL);
    return;
  }
  qs_json_open(b, key, '{', true);
  write_parts(b, value, untrusted);
  qs_json_close(b);
}

void qs_json_estimate(qs_buffer *b, const char *key, qs_estimate value) {
  write_estimate(b, key, value, false);
}

void qs_json_time(qs_buffer *b, const char *key, qs_time time) {
  char text[QS_TIME_TEXT];
  qs_time_format(time, text);
  qs_json_text(b, key, time ? text : NULL);
}

void qs_json_greeks(qs_buffer *b, const char *key, const qs_greeks *greeks, uint32_t untrusted) {
  qs_json_open(b, key, '{', false);
  for (unsigned i = 0; i < QS_GREEK_COUNT; i++) {
    if (greeks->present >> i & 1) {
      write_estimate(b, qs_greek_name((qs_greek)i), greeks->value[i], untrusted >> i & 1);
    }
  }
  qs_json_close(b);
}

void qs_json_trust(qs_buffer *b, bool trusted, const char *why) {
  qs_json_bool(b, "trusted", trusted);
  if (why) {
    qs_json_text(b, "why", why);
  }
}

void qs_json_texts(qs_buffer *b, const char *key, const char *const *texts, size_t count) {
  qs_json_open(b, key, '[', false);
  for (size_t i = 0; i < count; i++) {
    qs_json_text(b, NULL, texts[i]);
  }
  qs_json_close(b);
}

static void write_bounds(qs_buffer *b, const qs_bounds_result *bounds) {
  qs_json_open(b, "bounds", '{', false);
  qs_json_count(b, "dates", bounds->dates);
  qs_json_estimate(b, "lower", bounds->lower);
  qs_json_estimate(b, "upper", bounds->upper);
  qs_json_estimate(b, "gap", bounds->gap);
  qs_json_estimate(b, "extrapolation", bounds->extrapolation);
  qs_json_close(b);
}

static void write_trade(qs_buffer *b, const qs_trade_result *t) {
  qs_json_open(b, NULL, '{', false);
  qs_json_text(b, "id", t->id);
  qs_json_text(b, "instrument", t->instrument);
  qs_json_text(b, "underlying", t->underlying);
  qs_json_text(b, "book", t->book);
  qs_json_text(b, "venue", t->venue);
  qs_json_text(b, "kind", t->kind);
  qs_json_number(b, "quantity", t->quantity);
  qs_json_number(b, "mark", t->mark);
  qs_json_number(b, "model_minus_mark", t->model_minus_mark);
  const bool few = t->untrusted >> QS_UNTRUSTED_PRICE & 1;
  write_estimate(b, "price", t->price, few);
  write_estimate(b, "price_coin", t->price_coin, few);
  write_estimate(b, "value", t->value, few);
  write_estimate(b, "value_coin", t->value_coin, few);
  qs_json_greeks(b, "greeks", &t->greeks, t->untrusted);
  if (t->greeks_coin.present) {
    qs_json_greeks(b, "greeks_coin", &t->greeks_coin, t->untrusted);
  } else {
    qs_json_text(b, "greeks_coin", NULL);
  }
  qs_json_open(b, "variance_reduction", '{', true);
  qs_json_text(b, "controls", t->controls);
  qs_json_number(b, "ratio", t->variance_ratio);
  qs_json_close(b);
  if (t->bounds.present) {
    write_bounds(b, &t->bounds);
  }
  qs_json_trust(b, t->trusted, t->why);
  qs_json_close(b);
}

/* What the simulation was asked to reach; null: nothing. */
static void write_target(qs_buffer *b, const qs_results *r) {
  if (!(r->target_std_error > 0)) {
    qs_json_text(b, "target", NULL);
    return;
  }
  qs_json_open(b, "target", '{', true);
  qs_json_number(b, "std_error", r->target_std_error);
  qs_json_bool(b, "reached", r->target_reached);
  qs_json_open(b, "missed", '[', true);
  for (size_t i = 0; i < r->trade_count; i++) {
    if (r->trades[i].target_missed) {
      qs_json_text(b, NULL, r->trades[i].id);
    }
  }
  qs_json_close(b);
  qs_json_close(b);
}

static void write_total(qs_buffer *b, const char *key, const char *name_key, const qs_total_result *t) {
  qs_json_open(b, key, '{', false);
  if (name_key) {
    qs_json_text(b, name_key, t->name);
  }
  qs_json_count(b, "count", t->count);
  write_estimate(b, "value", t->value, t->untrusted >> QS_UNTRUSTED_PRICE & 1);
  qs_json_greeks(b, "greeks", &t->greeks, t->untrusted);
  qs_json_trust(b, t->trusted, t->why);
  qs_json_close(b);
}

static void write_totals(qs_buffer *b, const char *key, const char *name_key, const qs_total_result *totals,
                         size_t count) {
  qs_json_open(b, key, '[', false);
  for (size_t i = 0; i < count; i++) {
    write_total(b, NULL, name_key, &totals[i]);
  }
  qs_json_close(b);
}

static void write_cross_gammas(qs_buffer *b, const qs_results *r) {
  qs_json_open(b, "cross_gammas", '[', false);
  for (size_t i = 0; i < r->cross_gamma_count; i++) {
    const qs_cross_gamma_result *g = &r->cross_gammas[i];
    qs_json_open(b, NULL, '{', true);
    qs_json_text(b, "id", g->id);
    qs_json_open(b, "between", '[', true);
    qs_json_text(b, NULL, g->between[0]);
    qs_json_text(b, NULL, g->between[1]);
    qs_json_close(b);
    write_parts(b, g->value, g->untrusted);
    qs_json_close(b);
  }
  qs_json_close(b);
}

static void write_correlations(qs_buffer *b, const qs_results *r) {
  qs_json_open(b, "d_correlation", '[', false);
  for (size_t i = 0; i < r->d_correlation_count; i++) {
    const qs_correlation_result *c = &r->d_correlations[i];
    qs_json_open(b, NULL, '{', true);
    qs_json_text(b, "id", c->id);
    qs_json_text(b, "book", c->book);
    qs_json_open(b, "between", '[', true);
    qs_json_text(b, NULL, c->between[0]);
    qs_json_text(b, NULL, c->between[1]);
    qs_json_close(b);
    write_parts(b, c->value, c->untrusted);
    qs_json_close(b);
  }
  qs_json_close(b);
}

static void write_named(qs_buffer *b, const char *key, const char *name_key, const char *label_key,
                        const qs_named_estimate *list, size_t count) {
  qs_json_open(b, key, '[', false);
  for (size_t i = 0; i < count; i++) {
    qs_json_open(b, NULL, '{', true);
    qs_json_text(b, name_key, list[i].name);
    if (label_key) {
      qs_json_text(b, label_key, list[i].label);
    }
    write_parts(b, list[i].value, list[i].untrusted);
    qs_json_close(b);
  }
  qs_json_close(b);
}

static void write_sensitivities(qs_buffer *b, const qs_results *r) {
  qs_json_open(b, "sensitivities", '[', false);
  for (size_t i = 0; i < r->sensitivity_count; i++) {
    const qs_sensitivity_result *s = &r->sensitivities[i];
    qs_json_open(b, NULL, '{', false);
    qs_json_text(b, "underlying", s->underlying);
    write_named(b, "delta_by_future", "instrument", NULL, s->delta_by_future, s->delta_count);
    write_estimate(b, "vega_parallel", s->vega_parallel, s->vega_parallel_untrusted);
    write_named(b, "vega_by_bucket", "expiry", "moneyness", s->vega_by_bucket, s->bucket_count);
    write_named(b, "vega_by_quote", "instrument", NULL, s->vega_by_quote, s->vega_count);
    if (s->d_shift_count) {
      write_named(b, "d_shift", "expiry", NULL, s->d_shift, s->d_shift_count);
    }
    qs_json_close(b);
  }
  qs_json_close(b);
}

static void write_breaches(qs_buffer *b, const qs_results *r) {
  qs_json_open(b, "breaches", '[', false);
  for (size_t i = 0; i < r->breach_count; i++) {
    const qs_breach *breach = &r->breaches[i];
    qs_json_open(b, NULL, '{', true);
    qs_json_text(b, "measure", breach->measure);
    if (breach->level > 0) {
      qs_json_number(b, "level", breach->level);
    }
    qs_json_text(b, "book", breach->book);
    qs_json_text(b, "underlying", breach->underlying);
    qs_json_number(b, "value", breach->value);
    qs_json_number(b, "max", breach->max);
    qs_json_close(b);
  }
  qs_json_close(b);
}

void qs_json_run_info(qs_buffer *b, const qs_results *r) {
  qs_json_text(b, "backend_note", r->backend_note);
  qs_json_open(b, "devices", '[', false);
  for (size_t i = 0; i < r->device_count; i++) {
    qs_json_open(b, NULL, '{', true);
    qs_json_text(b, "name", r->devices[i].name);
    qs_json_text(b, "target", r->devices[i].target);
    qs_json_count(b, "units", r->devices[i].units);
    qs_json_number(b, "seconds", r->devices[i].seconds);
    qs_json_text(b, "failure", r->devices[i].failure);
    qs_json_count(b, "restarts", r->devices[i].restarts);
    qs_json_text(b, "restart", r->devices[i].restart);
    qs_json_close(b);
  }
  qs_json_close(b);
  qs_json_count(b, "recalled", r->recalled);
  qs_json_open(b, "times", '[', false);
  for (size_t i = 0; i < r->time_count; i++) {
    qs_json_open(b, NULL, '{', true);
    qs_json_text(b, "stage", r->times[i].stage);
    qs_json_number(b, "seconds", r->times[i].seconds);
    qs_json_count(b, "orders", r->times[i].orders);
    qs_json_count(b, "units", r->times[i].units);
    qs_json_count(b, "path_steps", r->times[i].path_steps);
    qs_json_number(b, "simulating", r->times[i].simulating);
    qs_json_close(b);
  }
  qs_json_close(b);
}

static void write_book(qs_buffer *b, const qs_results *r) {
  qs_json_bool(b, "valued", r->valued);
  qs_json_open(b, "trades", '[', false);
  for (size_t i = 0; i < r->trade_count; i++) {
    write_trade(b, &r->trades[i]);
  }
  qs_json_close(b);
  write_totals(b, "books", "book", r->books, r->book_count);
  write_totals(b, "underlyings", "underlying", r->underlyings, r->underlying_count);
  if (r->valued) {
    write_total(b, "total", NULL, &r->total);
    write_cross_gammas(b, r);
    write_correlations(b, r);
  } else {
    qs_json_open(b, "total", '{', true);
    qs_json_close(b);
  }
  write_sensitivities(b, r);
}

qs_status qs_results_to_json(qs_context *context, const qs_results *results, bool include_run_info,
                             char **text) {
  qs_buffer b;
  qs_buffer_init(&b, context);
  qs_json_open(&b, NULL, '{', false);
  qs_json_count(&b, "schema", 1);
  qs_json_text(&b, "currency", results->currency);
  qs_json_time(&b, "as_of", results->as_of);
  qs_json_count(&b, "seed", results->seed);
  qs_json_count(&b, "paths", results->paths);
  qs_json_text(&b, "precision", results->precision);
  qs_json_text(&b, "arithmetic", results->arithmetic);
  qs_json_text(&b, "sampling", results->sampling);
  write_target(&b, results);
  qs_json_bool(&b, "trusted", results->trusted);
  qs_json_texts(&b, "warnings", results->warnings, results->warning_count);
  write_breaches(&b, results);
  write_book(&b, results);
  qs_json_calibration(&b, results);
  qs_json_risk(&b, results);
  qs_json_stress(&b, results);
  qs_json_hedge(&b, results);
  qs_json_simulate(&b, results);
  qs_json_backtest(&b, results);
  if (include_run_info) {
    qs_json_run_info(&b, results);
  }
  qs_json_close(&b);
  qs_buffer_append(&b, "\n", 1);
  return qs_buffer_finish(&b, text);
}
