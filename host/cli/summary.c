#include "host/cli/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host/cli/table.h"

enum { SHOWN_MARKS = 5, SHOWN_BUCKETS = 12, SHOWN_UNTRUSTED = 5 };

void format_time(qs_time time, char text[32]) {
  /* civil_from_days, Hinnant 2013 */
  int64_t days = time / 86400 - (time % 86400 < 0);
  int64_t second = time - days * 86400;
  int64_t z = days + 719468;
  int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  int64_t day_of_era = z - era * 146097;
  int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t month = (5 * day_of_year + 2) / 153;
  int64_t day = day_of_year - (153 * month + 2) / 5 + 1;
  month = month < 10 ? month + 3 : month - 9;
  int64_t year = year_of_era + era * 400 + (month <= 2);
  snprintf(text, 32, "%04d-%02d-%02d %02d:%02d:%02d UTC", (int)year % 10000, (int)month % 100, (int)day % 100,
           (int)(second / 3600) % 100, (int)(second / 60 % 60), (int)(second % 60));
}

void print_trust(FILE *file, bool trusted, const char *why) {
  if (!trusted) {
    fprintf(file, "  NOT TRUSTED: %s\n", why ? why : "no reason was given");
  }
}

static void print_parameters(FILE *file, const qs_calibration_result *c) {
  bool loose = false;
  fprintf(file, "  %s %s:", c->underlying, qs_model_name(c->model.type));
  for (size_t i = 0; i < c->parameter_count; i++) {
    const qs_parameter_result *p = &c->parameters[i];
    fprintf(file, "%s %s %.4g", i ? "," : "", qs_parameter_name(p->parameter), p->estimate);
    if (isfinite(p->std_error)) {
      fprintf(file, " +- %.2g", p->std_error);
    }
    fprintf(file, "%s", p->identified ? "" : " (?)");
    loose = loose || !p->identified;
  }
  fprintf(file, "%s\n", loose ? "   (?): the quotes hardly tell" : "");
  for (size_t i = 0; i < c->shift_count; i++) {
    char text[32];
    format_time(c->shift[i].expiry, text);
    fprintf(file, "%s%.10s %.4f +- %.2g", i ? ", " : "  shift of the variance: to ", text,
            c->shift[i].variance, c->shift[i].std_error);
  }
  fprintf(file, "%s", c->shift_count ? "\n" : "");
  if (c->local) {
    fprintf(file,
            "  leverage function: %.1f%% of %zu two-sided quotes within bid-ask (7 days or more; surface "
            "%.1f%%)\n",
            100 * c->local->inside_bid_ask, c->local->quotes, 100 * c->local->surface_inside);
  }
}

/* A fit that was asked for, also one that could not even begin. */
static bool was_fitted(const qs_calibration_result *c) {
  return c->calibrated || !c->trusted;
}

void summary_calibration(FILE *file, const qs_results *r) {
  size_t fitted = 0;
  table t;
  table_begin(&t, 7);
  static const char *const names[] = {
      "fit", "model", "error, vol points", "inside bid-ask", "quotes used", "excluded", "trusted"};
  for (size_t i = 0; i < 7; i++) {
    table_add(&t, "%s", names[i]);
  }
  for (size_t i = 0; i < r->calibration_count; i++) {
    const qs_calibration_result *c = &r->calibration[i];
    if (was_fitted(c)) {
      fitted++;
      table_add(&t, "%s", c->underlying);
      table_add(&t, "%s", qs_model_name(c->model.type));
      table_add(&t, isfinite(c->rmse_vol_points) ? "%.2f" : "-", c->rmse_vol_points);
      table_add(&t, isfinite(c->inside_bid_ask) ? "%.0f%%" : "-", 100 * c->inside_bid_ask);
      table_add(&t, "%zu of %zu", c->quotes_used, c->quotes_total);
      table_add(&t, "%zu", c->exclusion_count);
      table_add(&t, "%s", c->trusted ? "yes" : "NO");
    }
  }
  if (!fitted) {
    free(t.text);
    return;
  }
  fprintf(file, "\nCalibration\n");
  table_end(&t, file);
  for (size_t i = 0; i < r->calibration_count; i++) {
    if (was_fitted(&r->calibration[i])) {
      print_parameters(file, &r->calibration[i]);
      print_trust(file, r->calibration[i].trusted, r->calibration[i].why);
    }
  }
}

static const qs_greek shown_greeks[] = {QS_GREEK_DELTA, QS_GREEK_GAMMA, QS_GREEK_THETA, QS_GREEK_VEGA};
enum { GREEKS = sizeof shown_greeks / sizeof shown_greeks[0] };

static void add_total(table *t, const char *kind, const qs_total_result *total) {
  table_add(t, "%s%s%s", kind, kind[0] && total->name ? " " : "", total->name ? total->name : "");
  table_add(t, "%zu", total->count);
  table_number(t, total->value.estimate);
  table_number(t, total->value.std_error);
  for (size_t i = 0; i < GREEKS; i++) {
    bool there = total->greeks.present >> shown_greeks[i] & 1;
    table_number(t, there ? total->greeks.value[shown_greeks[i]].estimate : NAN);
  }
}

static void print_totals(FILE *file, const qs_results *r) {
  table t;
  table_begin(&t, 4 + GREEKS);
  table_add(&t, "%s", "");
  table_add(&t, "positions");
  table_add(&t, "value, %s", r->currency);
  table_add(&t, "+-");
  for (size_t i = 0; i < GREEKS; i++) {
    table_add(&t, "%s", qs_greek_name(shown_greeks[i]));
  }
  for (size_t i = 0; i < r->book_count; i++) {
    add_total(&t, "book", &r->books[i]);
  }
  for (size_t i = 0; i < r->underlying_count; i++) {
    add_total(&t, "in", &r->underlyings[i]);
  }
  add_total(&t, "", &r->total);
  table_end(&t, file);
}

static void print_untrusted(FILE *file, const qs_results *r) {
  print_trust(file, r->total.trusted, r->total.why);
  size_t shown = 0;
  for (size_t i = 0; i < r->trade_count && shown < SHOWN_UNTRUSTED; i++) {
    if (!r->trades[i].trusted) {
      const char *why = r->trades[i].why;
      fprintf(file, "    %s: %s\n", r->trades[i].id, why ? why : "no reason was given");
      shown++;
    }
  }
}

/* What a position is worth above its mark, in the reporting currency. A coin-settled option is marked in
 * coin; a coin-settled future or perpetual in the currency per coin, and its quantity is a notional in the
 * currency. */
static double over_mark(const qs_trade_result *t) {
  double difference = t->model_minus_mark * t->quantity;
  bool coin = isfinite(t->value_coin.estimate);
  if (coin && strcmp(t->kind, "european") == 0) {
    return t->price_coin.estimate != 0 ? difference * t->price.estimate / t->price_coin.estimate : difference;
  }
  bool notional = strcmp(t->kind, "future") == 0 || strcmp(t->kind, "perpetual") == 0;
  return coin && notional && t->mark != 0 ? difference / t->mark : difference;
}

static void print_marks(FILE *file, const qs_results *r) {
  bool *done = calloc(r->trade_count + 1, sizeof *done);
  table t;
  table_begin(&t, 6);
  static const char *const names[] = {"furthest from mark", "book",  "quantity", "mark",
                                      "model - mark",       "in all"};
  for (size_t i = 0; i < 6; i++) {
    table_add(&t, "%s", names[i]);
  }
  size_t shown = 0;
  for (; done && shown < SHOWN_MARKS; shown++) {
    const qs_trade_result *worst = NULL;
    for (size_t i = 0; i < r->trade_count; i++) {
      const qs_trade_result *candidate = &r->trades[i];
      bool marked = isfinite(candidate->model_minus_mark) && candidate->kind && !done[i];
      if (marked && (!worst || fabs(over_mark(candidate)) > fabs(over_mark(worst)))) {
        worst = candidate;
      }
    }
    if (!worst) {
      break;
    }
    done[worst - r->trades] = true;
    table_add(&t, "%s", worst->id);
    table_add(&t, "%s", worst->book ? worst->book : "-");
    table_number(&t, worst->quantity);
    table_number(&t, worst->mark);
    table_number(&t, worst->model_minus_mark);
    table_number(&t, over_mark(worst));
  }
  free(done);
  if (shown) {
    fprintf(file, "\n");
    table_end(&t, file);
  } else {
    free(t.text);
  }
}

static void print_vega(FILE *file, const qs_sensitivity_result *s) {
  size_t count = s->bucket_count < SHOWN_BUCKETS ? s->bucket_count : SHOWN_BUCKETS;
  if (!isfinite(s->vega_parallel.estimate) && count == 0) {
    return;
  }
  char total[TABLE_CELL];
  format_number(s->vega_parallel.estimate, total);
  fprintf(file, "\n  %s: vega of a parallel vol point %s\n", s->underlying, total);
  table t;
  table_begin(&t, 3);
  for (size_t i = 0; i < count; i++) {
    table_add(&t, "%s", s->vega_by_bucket[i].name);
    table_add(&t, "%s", s->vega_by_bucket[i].label ? s->vega_by_bucket[i].label : "");
    table_number(&t, s->vega_by_bucket[i].value.estimate);
  }
  table_end(&t, file);
  if (count < s->bucket_count) {
    fprintf(file, "  ... and %zu buckets more in vega.csv\n", s->bucket_count - count);
  }
}

static int compare_ratios(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void print_controls(FILE *file, const qs_results *r) {
  double *ratios = calloc(r->trade_count + 1, sizeof *ratios);
  size_t count = 0;
  for (size_t i = 0; ratios && i < r->trade_count; i++) {
    if (r->trades[i].controls) {
      ratios[count++] = r->trades[i].variance_ratio;
    }
  }
  if (count) {
    qsort(ratios, count, sizeof *ratios, compare_ratios);
    fprintf(file,
            "\n  Control variates lower the price variance of %zu position%s by %.3g to %.3g times, median "
            "%.3g\n",
            count, count == 1 ? "" : "s", ratios[0], ratios[count - 1], ratios[count / 2]);
  }
  free(ratios);
  if (r->target_std_error > 0) {
    fprintf(file, "\n  Standard errors of prices: %s %.3g of spot with %llu paths\n",
            r->target_reached ? "all within" : "NOT all within", r->target_std_error,
            (unsigned long long)r->paths);
  }
}

void summary_value(FILE *file, const qs_results *r) {
  if (!r->valued) {
    return;
  }
  fprintf(file, "\nValue and Greeks\n");
  print_totals(file, r);
  print_untrusted(file, r);
  print_marks(file, r);
  print_controls(file, r);
  for (size_t i = 0; i < r->sensitivity_count; i++) {
    print_vega(file, &r->sensitivities[i]);
  }
}

static void print_breaches(FILE *file, const qs_results *r) {
  if (!r->breach_count) {
    return;
  }
  fprintf(file, "\nLimits breached\n");
  table t;
  table_begin(&t, 6);
  static const char *const names[] = {"measure", "level", "book", "underlying", "value", "limit"};
  for (size_t i = 0; i < 6; i++) {
    table_add(&t, "%s", names[i]);
  }
  for (size_t i = 0; i < r->breach_count; i++) {
    const qs_breach *b = &r->breaches[i];
    table_add(&t, "%s", b->measure);
    table_add(&t, b->level > 0 ? "%.4g%%" : "-", 100 * b->level);
    table_add(&t, "%s", b->book ? b->book : "all");
    table_add(&t, "%s", b->underlying ? b->underlying : "all");
    table_number(&t, b->value);
    table_number(&t, b->max);
  }
  table_end(&t, file);
}

static void print_end(FILE *file, const qs_results *r, const char *folder) {
  if (r->warning_count) {
    fprintf(file, "\nWarnings\n");
  }
  for (size_t i = 0; i < r->warning_count; i++) {
    fprintf(file, "  %s\n", r->warnings[i]);
  }
  double seconds = 0;
  for (size_t i = 0; i < r->time_count; i++) {
    seconds += r->times[i].seconds;
  }
  fprintf(file, "\nDone in %.1f s on", seconds);
  for (size_t i = 0; i < r->device_count; i++) {
    fprintf(file, "%s %s (%s)", i ? "," : "", r->devices[i].name,
            r->devices[i].target ? r->devices[i].target : "");
  }
  fprintf(file, "%s\n", r->device_count ? "" : " this machine");
  if (r->backend_note) {
    fprintf(file, "%s\n", r->backend_note);
  }
  if (folder) {
    fprintf(file, "Results: %s\n", folder);
  } else {
    fprintf(file, "Results were not written: the config has no output, and --out was not given\n");
  }
}

void summary_print(FILE *file, const qs_results *r, const char *config, const char *folder) {
  char as_of[32];
  format_time(r->as_of, as_of);
  bool named = r->sampling && strcmp(r->sampling, "pseudo") != 0;
  bool fast = r->arithmetic && strcmp(r->arithmetic, "exact") != 0;
  fprintf(file, "quickset %s   %s   as of %s   %llu paths, seed %llu, %s%s%s%s\n", qs_version(), config,
          as_of, (unsigned long long)r->paths, (unsigned long long)r->seed, r->precision ? r->precision : "",
          fast ? ", fast" : "", named ? ", " : "", named ? r->sampling : "");
  summary_calibration(file, r);
  summary_value(file, r);
  summary_risk(file, r);
  summary_stress(file, r);
  summary_hedge(file, r);
  summary_simulate(file, r);
  summary_backtest(file, r);
  print_breaches(file, r);
  print_end(file, r, folder);
}
