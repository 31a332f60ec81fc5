#include <math.h>
#include <string.h>

#include "host/engine/greeks.h"
#include "host/engine/report.h"
#include "host/engine/trust.h"
#include "host/market/time.h"

/* Buckets of moneyness K / F. */
static const double bucket_edges[] = {0.8, 0.95, 1.05, 1.25};
static const char *const bucket_labels[] = {"below 0.8", "0.8-0.95", "0.95-1.05", "1.05-1.25", "above 1.25"};
enum { BUCKETS = sizeof bucket_labels / sizeof *bucket_labels, MAX_ROWS = QS_PARAMETER_COUNT + QS_MAX_ADDED };

typedef struct worker {
  qs_context *context;
  qs_arena *arena;
  const qs_valuation *valuation;
  const qs_underlying_market *market;
  int underlying;
  uint32_t batches;
  uint32_t jumps; /* mask of parameters of jumps that some contract has too few paths with a jump for */
} worker;

/* Weights of ln F(years) on the logarithms of spot (node 0) and the curve's nodes (1 ...): at most two differ
 * from 0. */
static void curve_weights(const qs_curve *curve, double years, size_t node[2], double weight[2]) {
  size_t right = 0;
  while (right < curve->node_count && curve->years[right] < years) {
    right++;
  }
  if (right == curve->node_count) { /* beyond the last node: its segment goes on */
    right = curve->node_count ? curve->node_count - 1 : 0;
  }
  node[0] = right;
  node[1] = right + 1;
  if (!curve->node_count) {
    weight[0] = 1;
    weight[1] = 0;
    return;
  }
  double left_years = right ? curve->years[right - 1] : 0;
  weight[1] = (years - left_years) / (curve->years[right] - left_years);
  weight[0] = 1 - weight[1];
}

static const qs_future *future_at(const qs_underlying_market *market, double years) {
  for (size_t j = 0; j < market->future_count; j++) {
    if (market->futures[j].years == years) {
      return &market->futures[j];
    }
  }
  return NULL;
}

static qs_status delta_by_future(const worker *w, qs_sensitivity_result *result) {
  const qs_valuation *v = w->valuation;
  const qs_curve *curve = &w->market->curve;
  size_t nodes = curve->node_count;
  double *sums = QS_NEW(w->arena, (nodes + 1) * w->batches, double);
  qs_named_estimate *deltas = QS_NEW(w->arena, nodes, qs_named_estimate);
  if (!sums || !deltas) {
    return qs_fail_memory(w->context, "splitting delta over futures");
  }
  for (size_t i = 0; i < v->count; i++) {
    const qs_contract *contract = &v->contracts[i];
    if (contract->underlying != w->underlying || contract->years <= 0 || !nodes) {
      continue;
    }
    qs_form form = qs_forward_form(v, i);
    size_t node[2];
    double weight[2];
    curve_weights(curve, contract->years, node, weight);
    for (int k = 0; k < 2; k++) {
      if (weight[k] != 0) {
        qs_form_add_batches(v, i, &form, contract->quantity * weight[k], sums + node[k] * w->batches);
      }
    }
  }
  for (size_t j = 0; j < nodes; j++) {
    const qs_future *future = future_at(w->market, curve->years[j]);
    const double *means = sums + (j + 1) * w->batches;
    qs_estimate moved = qs_judged_estimate(&v->simulation, means, &deltas[j].untrusted);
    double forward = exp(curve->log_forward[j]);
    deltas[j].name = future ? future->instrument : "carry";
    deltas[j].value.estimate = moved.estimate / forward;
    deltas[j].value.std_error = moved.std_error / forward;
  }
  result->delta_by_future = deltas;
  result->delta_count = nodes;
  return QS_OK;
}

/* Rows of a calibration's sensitivities: parameters, then the shift's pieces. */
static size_t rows_of(const qs_underlying_market *market) {
  return QS_PARAMETER_COUNT + market->shift.count;
}

/* One unit's derivative to a row. */
static bool row_form(const qs_valuation *v, size_t contract, size_t row, qs_form *form) {
  return row < QS_PARAMETER_COUNT
             ? qs_greek_form(v, contract, (qs_greek)(QS_GREEK_PARAMETER + row), false, form)
             : qs_shift_form(v, contract, row - QS_PARAMETER_COUNT, false, form);
}

/* sums[row][batch]: the book's derivative with respect to each parameter and piece of the shift; w->jumps. */
static void sum_parameters(worker *w, double *sums) {
  const qs_valuation *v = w->valuation;
  for (size_t i = 0; i < v->count; i++) {
    if (v->contracts[i].underlying != w->underlying ||
        (v->payoff_of[i] == QS_NO_PAYOFF && !v->contracts[i].joint)) {
      continue;
    }
    qs_trust trust = {0};
    qs_trust_jumps(v, i, &trust);
    w->jumps |= trust.jumps >> QS_GREEK_PARAMETER;
    for (size_t p = 0; p < rows_of(w->market); p++) {
      qs_form form;
      if (row_form(v, i, p, &form)) {
        qs_form_add_batches(v, i, &form, v->contracts[i].quantity, sums + p * w->batches);
      }
    }
  }
}

/* Vega, per volatility point, of a direction in the quotes: direction[row] = sum of d parameter / d vol over
 * it. Not trusted where few paths carry it, or where it goes by a derivative to jumps that few paths have. */
static qs_estimate vega_estimate(const worker *w, const double *sums, const double *direction,
                                 double *scratch, bool *untrusted) {
  bool jumps = false;
  memset(scratch, 0, w->batches * sizeof *scratch);
  for (size_t p = 0; p < rows_of(w->market); p++) {
    for (uint32_t b = 0; b < w->batches && direction[p] != 0; b++) {
      scratch[b] += 0.01 * direction[p] * sums[p * w->batches + b];
    }
  }
  for (size_t p = 0; p < QS_PARAMETER_COUNT; p++) {
    jumps = jumps || (direction[p] != 0 && w->jumps >> p & 1);
  }
  const qs_estimate vega = qs_judged_estimate(&w->valuation->simulation, scratch, untrusted);
  *untrusted = *untrusted || jumps;
  return vega;
}

static int bucket_of(double moneyness) {
  int bucket = 0;
  while (bucket < BUCKETS - 1 && moneyness >= bucket_edges[bucket]) {
    bucket++;
  }
  return bucket;
}

static qs_status vega_by_bucket(const worker *w, const double *sums, double *scratch,
                                qs_sensitivity_result *result) {
  const qs_underlying_market *market = w->market;
  size_t quotes = market->sensitivity_count;
  qs_named_estimate *buckets = QS_NEW(w->arena, quotes, qs_named_estimate);
  if (!buckets) {
    return qs_fail_memory(w->context, "bucketing vega");
  }
  size_t count = 0;
  /* Columns are sorted by expiry and strike, so a bucket is a run of them. */
  for (size_t j = 0; j < quotes;) {
    double direction[MAX_ROWS] = {0};
    const qs_option_quote *head = &market->options[market->sensitivity_option[j]];
    int bucket = bucket_of(head->strike / head->forward);
    for (; j < quotes; j++) {
      const qs_option_quote *option = &market->options[market->sensitivity_option[j]];
      if (option->expiry != head->expiry || bucket_of(option->strike / option->forward) != bucket) {
        break;
      }
      for (size_t p = 0; p < rows_of(market); p++) {
        direction[p] += market->parameter_by_quote[p * quotes + j];
      }
    }
    char text[QS_TIME_TEXT];
    qs_time_format(head->expiry, text);
    char *name = qs_arena_strdup(w->arena, text);
    if (!name) {
      return qs_fail_memory(w->context, "bucketing vega");
    }
    buckets[count].name = name;
    buckets[count].label = bucket_labels[bucket];
    buckets[count].value = vega_estimate(w, sums, direction, scratch, &buckets[count].untrusted);
    count++;
  }
  result->vega_by_bucket = buckets;
  result->bucket_count = count;
  return QS_OK;
}

static qs_status by_shift(const worker *w, const double *sums, qs_sensitivity_result *result) {
  const qs_shift *shift = &w->market->shift;
  qs_named_estimate *pieces = QS_NEW(w->arena, shift->count, qs_named_estimate);
  if (!pieces) {
    return qs_fail_memory(w->context, "reporting sensitivities");
  }
  for (size_t i = 0; i < shift->count; i++) {
    char text[QS_TIME_TEXT];
    qs_time_format(shift->pieces[i].end, text);
    pieces[i].name = qs_arena_strdup(w->arena, text);
    if (!pieces[i].name) {
      return qs_fail_memory(w->context, "reporting sensitivities");
    }
    pieces[i].value = qs_judged_estimate(&w->valuation->simulation,
                                         sums + (QS_PARAMETER_COUNT + i) * w->batches, &pieces[i].untrusted);
  }
  result->d_shift = pieces;
  result->d_shift_count = shift->count;
  return QS_OK;
}

static qs_status vegas(const worker *w, const double *sums, double *scratch, qs_sensitivity_result *result) {
  const qs_underlying_market *market = w->market;
  size_t quotes = market->sensitivity_count;
  qs_named_estimate *by_quote = QS_NEW(w->arena, quotes, qs_named_estimate);
  if (!by_quote) {
    return qs_fail_memory(w->context, "spreading vega over quotes");
  }
  double parallel[MAX_ROWS] = {0};
  for (size_t j = 0; j < quotes; j++) {
    double direction[MAX_ROWS] = {0};
    for (size_t p = 0; p < rows_of(market); p++) {
      direction[p] = market->parameter_by_quote[p * quotes + j];
      parallel[p] += direction[p];
    }
    by_quote[j].name = market->options[market->sensitivity_option[j]].quote->instrument;
    by_quote[j].value = vega_estimate(w, sums, direction, scratch, &by_quote[j].untrusted);
  }
  result->vega_by_quote = by_quote;
  result->vega_count = quotes;
  result->vega_parallel = vega_estimate(w, sums, parallel, scratch, &result->vega_parallel_untrusted);
  return vega_by_bucket(w, sums, scratch, result);
}

qs_status qs_report_sensitivities(qs_context *context, qs_arena *arena, const qs_valuation *valuation,
                                  bool vega, qs_results *results) {
  const qs_market *market = valuation->market;
  qs_sensitivity_result *list = QS_NEW(arena, market->underlying_count, qs_sensitivity_result);
  if (!list) {
    return qs_fail_memory(context, "reporting sensitivities");
  }
  for (size_t u = 0; u < market->underlying_count; u++) {
    worker w = {.context = context,
                .arena = arena,
                .valuation = valuation,
                .market = &market->underlyings[u],
                .underlying = (int)u,
                .batches = valuation->simulation.batches};
    qs_sensitivity_result *result = &list[u];
    result->underlying = w.market->name;
    result->vega_parallel.estimate = NAN;
    result->vega_parallel.std_error = NAN;
    double *sums = QS_NEW(arena, rows_of(w.market) * w.batches, double);
    double *scratch = QS_NEW(arena, w.batches, double);
    if (!sums || !scratch) {
      return qs_fail_memory(context, "reporting sensitivities");
    }
    sum_parameters(&w, sums);
    qs_status status = delta_by_future(&w, result);
    if (!status && w.market->shift.count) {
      status = by_shift(&w, sums, result);
    }
    if (!status && vega && w.market->parameter_by_quote) {
      status = vegas(&w, sums, scratch, result);
    }
    if (status) {
      return status;
    }
  }
  results->sensitivities = list;
  results->sensitivity_count = market->underlying_count;
  return QS_OK;
}
