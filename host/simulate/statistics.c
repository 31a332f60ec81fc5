#include "host/simulate/statistics.h"

#include <math.h>

#include "host/base/exchange.h"
#include "host/engine/tail.h"

const double qs_simulate_probabilities[QS_SIMULATE_QUANTILES] = {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};

enum { PART = 1024, POWERS = 4 }; /* values that are summed up together */

/* Sums of the first powers of the values' deviations from `centre`, over the count. */
static void central(const double *values, uint64_t count, double centre, double power[POWERS]) {
  for (int k = 0; k < POWERS; k++) {
    power[k] = 0;
  }
  for (uint64_t from = 0; from < count; from += PART) {
    const uint64_t end = count - from < PART ? count : from + PART;
    double sum[POWERS] = {0};
    for (uint64_t i = from; i < end; i++) {
      const double d = values[i] - centre;
      sum[0] += d;
      sum[1] += d * d;
      sum[2] += d * d * d;
      sum[3] += d * d * d * d;
    }
    for (int k = 0; k < POWERS; k++) {
      power[k] += sum[k];
    }
  }
  for (int k = 0; k < POWERS; k++) {
    power[k] /= (double)count;
  }
}

static double mean_of(const double *values, uint64_t count) {
  double power[POWERS];
  central(values, count, 0, power);
  const double first = power[0];
  central(values, count, first, power);
  return first + power[0];
}

/* What the gross error and the cost are, together. */
typedef struct pair {
  double mean, cost; /* means */
  double m2, m3, m4; /* central moments of the error */
  double variance_square, skew_square, kurtosis_square, objective_square,
      cost_square; /* means of influences' squares */
} pair;

static pair look(const qs_simulate_sample *s, double weight) {
  double power[POWERS];
  pair p = {.mean = mean_of(s->gross, s->paths), .cost = mean_of(s->cost, s->paths)};
  central(s->gross, s->paths, p.mean, power);
  p.m2 = power[1];
  p.m3 = power[2];
  p.m4 = power[3];
  const double deviation = sqrt(p.m2), skew = p.m3 / (p.m2 * deviation), kurtosis = p.m4 / (p.m2 * p.m2);
  for (uint64_t from = 0; from < s->paths; from += PART) {
    const uint64_t end = s->paths - from < PART ? s->paths : from + PART;
    double sum[5] = {0};
    for (uint64_t i = from; i < end; i++) {
      const double d = s->gross[i] - p.mean, c = s->cost[i] - p.cost, z = d / deviation;
      const double by_variance = d * d - p.m2, by_objective = by_variance + weight * c;
      const double by_skew = z * z * z - skew - 3 * z - 1.5 * skew * (z * z - 1);
      const double by_kurtosis = z * z * z * z - kurtosis - 4 * skew * z - 2 * kurtosis * (z * z - 1);
      sum[0] += by_variance * by_variance;
      sum[1] += by_skew * by_skew;
      sum[2] += by_kurtosis * by_kurtosis;
      sum[3] += by_objective * by_objective;
      sum[4] += c * c;
    }
    p.variance_square += sum[0] / (double)s->paths;
    p.skew_square += sum[1] / (double)s->paths;
    p.kurtosis_square += sum[2] / (double)s->paths;
    p.objective_square += sum[3] / (double)s->paths;
    p.cost_square += sum[4] / (double)s->paths;
  }
  return p;
}

qs_estimate qs_simulate_mean(const qs_simulate_moment *m, double paths) {
  return (qs_estimate){m->mean, sqrt(m->m2 / (paths - 1) / paths)};
}

static void fill_moments(const qs_simulate_sample *s, double weight, qs_policy_result *r) {
  const double n = (double)s->paths;
  const pair p = look(s, weight);
  const double variance = p.m2 * (n / (n - 1)), deviation = sqrt(variance);
  r->variance = (qs_estimate){variance, sqrt(p.variance_square / n)};
  r->cost = (qs_estimate){p.cost, sqrt(p.cost_square / n)};
  r->objective = (qs_estimate){variance + weight * p.cost, sqrt(p.objective_square / n)};
  r->mean = (qs_estimate){p.mean, deviation / sqrt(n)};
  r->std_dev = (qs_estimate){deviation, deviation > 0 ? r->variance.std_error / (2 * deviation) : 0};
  r->skewness = (qs_estimate){p.m3 / (p.m2 * sqrt(p.m2)), sqrt(p.skew_square / n)};
  r->excess_kurtosis = (qs_estimate){p.m4 / (p.m2 * p.m2) - 3, sqrt(p.kurtosis_square / n)};
  if (!(p.m2 > 0)) {
    r->skewness = r->excess_kurtosis = (qs_estimate){NAN, NAN};
  }
  r->options = qs_simulate_mean(&s->moments.options, n);
  r->hedge = qs_simulate_mean(&s->moments.row[QS_REBALANCE_HEDGE], n);
  r->funding = qs_simulate_mean(&s->moments.row[QS_REBALANCE_FUNDING], n);
  r->fees = qs_simulate_mean(&s->moments.row[QS_REBALANCE_FEE], n);
  r->spread = qs_simulate_mean(&s->moments.row[QS_REBALANCE_SPREAD], n);
  r->impact = qs_simulate_mean(&s->moments.row[QS_REBALANCE_IMPACT], n);
  r->collateral = qs_simulate_mean(&s->moments.row[QS_REBALANCE_YIELD], n);
  r->transfers = qs_simulate_mean(&s->moments.row[QS_REBALANCE_MOVING], n);
  r->liquidation = qs_simulate_mean(&s->moments.row[QS_REBALANCE_LIQUIDATION], n);
  r->lost = qs_simulate_mean(&s->moments.row[QS_REBALANCE_LOST], n);
  r->turnover = qs_simulate_mean(&s->moments.row[QS_REBALANCE_TURNOVER], n);
  r->trades = qs_simulate_mean(&s->moments.row[QS_REBALANCE_TRADES], n);
  r->liquidated = qs_simulate_mean(&s->moments.liquidated, n);
  r->failed = qs_simulate_mean(&s->moments.failed, n);
}

/* losses[paths] ascending, of the net P&L. */
static void fill_quantiles(const double *losses, uint64_t paths, qs_interval *quantiles) {
  for (size_t k = 0; k < QS_SIMULATE_QUANTILES; k++) {
    const double probability = qs_simulate_probabilities[k];
    const size_t rank = qs_risk_rank(paths, probability);
    const qs_risk_ranks ranks = qs_risk_quantile_ranks(paths, probability);
    quantiles[k].estimate = -losses[paths - rank];
    quantiles[k].low = ranks.low >= 1 ? -losses[paths - ranks.low] : -INFINITY;
    quantiles[k].high = ranks.high <= paths ? -losses[paths - ranks.high] : INFINITY;
  }
}

/* Of one policy; tails [level_count] and quantiles [QS_SIMULATE_QUANTILES] are the result's to be. */
static qs_status look_at(qs_context *context, const qs_simulate_sample *sample,
                         const qs_simulate_judge *judge, const double *levels, size_t level_count,
                         qs_policy_result *result, qs_risk_level *tails, qs_interval *quantiles,
                         double *effective) {
  const uint64_t n = sample->paths;
  qs_arena *scratch = qs_arena_create(context);
  double *losses = scratch ? QS_NEW(scratch, n, double) : NULL;
  if (!losses) {
    qs_arena_destroy(scratch);
    return qs_fail_memory(context, "reporting a policy");
  }
  fill_moments(sample, judge->weight, result);
  for (uint64_t i = 0; i < n; i++) {
    losses[i] = sample->cost[i] - sample->gross[i];
  }
  qs_simulate_moment net = {0, 0};
  double power[POWERS];
  net.mean = mean_of(losses, n);
  central(losses, n, net.mean, power);
  result->net = (qs_estimate){-net.mean, sqrt(power[1] / (double)(n - 1))};
  *effective = INFINITY;
  if (judge->objective == QS_OBJECTIVE_EXPONENTIAL) {
    const qs_certainty c = qs_simulate_certainty(losses, n, 2 / judge->weight);
    result->objective = c.loss;
    *effective = c.paths;
  }
  qs_risk_sort_tail(losses, n, 0);
  if (judge->objective == QS_OBJECTIVE_EXPECTED_SHORTFALL) {
    result->objective = qs_simulate_shortfall(losses, n, judge->level);
  }
  qs_status status = QS_OK;
  for (size_t l = 0; !status && l < level_count; l++) {
    status = qs_risk_tail(losses, n, levels[l], &tails[l]);
  }
  if (!status) {
    fill_quantiles(losses, n, quantiles);
  }
  qs_arena_destroy(scratch);
  return status;
}

qs_status qs_simulate_statistics(qs_context *context, qs_arena *arena, const qs_simulate_sample *samples,
                                 size_t count, const qs_simulate_judge *judge, const double *levels,
                                 size_t level_count, qs_policy_result *results, double *effective) {
  qs_risk_level *tails = QS_NEW(arena, count * level_count, qs_risk_level);
  qs_interval *quantiles = QS_NEW(arena, count * QS_SIMULATE_QUANTILES, qs_interval);
  if (!tails || !quantiles) {
    return qs_fail_memory(context, "reporting a policy");
  }
  uint64_t begin, end;
  qs_exchange_range(context, count, &begin, &end);
  qs_status status = QS_OK;
  for (size_t i = begin; !status && i < end; i++) {
    status = look_at(context, &samples[i], judge, levels, level_count, &results[i], &tails[i * level_count],
                     &quantiles[i * QS_SIMULATE_QUANTILES], &effective[i]);
  }
  const qs_exchange_rows list[] = {
      {results, 1, 0, sizeof *results, count},
      {tails, 1, 0, level_count * sizeof *tails, count},
      {quantiles, 1, 0, QS_SIMULATE_QUANTILES * sizeof *quantiles, count},
      {effective, 1, 0, sizeof *effective, count},
  };
  status = qs_exchange_all(context, "simulate", list, sizeof list / sizeof list[0], status);
  for (size_t i = 0; !status && i < count; i++) {
    results[i].levels = &tails[i * level_count];
    results[i].quantiles = &quantiles[i * QS_SIMULATE_QUANTILES];
  }
  return status;
}
