#include "host/simulate/backtest.h"

#include <math.h>

#include "host/policy/apply.h"

qs_backtest_rules qs_backtest_theory(void) {
  return (qs_backtest_rules){.collateral = INFINITY, .parts = 1};
}

double qs_backtest_gross(const qs_backtest_step *s) {
  return s->options + s->hedge + s->funding;
}

double qs_backtest_cost(const qs_backtest_step *s) {
  return s->fees + s->spread + s->impact + s->liquidation;
}

static double wanted(const qs_policy_table *table, size_t n, double x, double v, double held) {
  const qs_policy_band band = qs_policy_band_at(table, n, x, sqrt(v));
  return held < band.low ? band.low : held > band.high ? band.high : held;
}

/* The hedge along the bars. */
typedef struct account {
  const qs_backtest_rules *rules;
  double coins; /* held; of an inverse hedge notional / price */
  double money; /* in the account */
} account;

static const qs_backtest_rates *rates_of(const qs_backtest_rules *r, size_t date) {
  return r->dated ? &r->dated[date] : &r->rates;
}

static void trade(account *a, const qs_backtest_rates *rates, double target, double price,
                  qs_backtest_step *s) {
  double units = fabs(target - a->coins), size = units * price;
  if (!(units > 0)) {
    return;
  }
  double fee = rates->fee * size, spread = rates->half_spread * size;
  double impact = rates->impact * units * sqrt(units);
  s->fees += fee;
  s->spread += spread;
  s->impact += impact;
  s->turnover += size;
  s->trades++;
  a->money -= fee + spread + impact;
  a->coins = target;
}

/* One bar. What an inverse hedge gains in coin, N (1/p - 1/q), is N (q - p)/p in money of the later bar. */
static void pass(account *a, double from, double to, qs_backtest_step *s) {
  double gain = a->coins * (to - from);
  s->hedge += gain;
  a->money += gain;
  if (a->rules->inverse) {
    a->coins *= from / to;
  }
}

static void watch(account *a, double price, qs_backtest_step *s) {
  const qs_backtest_rules *r = a->rules;
  double part = fabs(a->coins) / (double)r->parts;
  bool closed = false;
  for (size_t i = 0; i < r->parts && fabs(a->coins) > 0 && a->money < r->maintenance * fabs(a->coins) * price;
       i++) {
    double size = i + 1 < r->parts ? fmin(part, fabs(a->coins)) : fabs(a->coins);
    double fee = r->liquidation_fee * size * price;
    a->coins -= copysign(size, a->coins);
    a->money -= fee;
    s->liquidation += fee;
    s->turnover += size * price;
    closed = true;
  }
  s->liquidated += closed ? 1 : 0;
}

static qs_status check(qs_context *context, const qs_policy_problem *p, const qs_backtest_record *record,
                       const qs_backtest_rules *r, const qs_backtest_policy *policy) {
  for (size_t d = 0; d < p->date_count; d++) {
    const qs_backtest_rates *now = rates_of(r, d);
    double costs[] = {now->fee, now->half_spread, now->impact, r->maintenance, r->liquidation_fee};
    static const char *const names[] = {"fee", "half_spread", "impact", "maintenance", "liquidation_fee"};
    for (size_t i = 0; i < sizeof costs / sizeof *costs; i++) {
      if (!(costs[i] >= 0 && isfinite(costs[i]))) {
        return qs_fail(context, QS_ERROR_INPUT, "backtest %s: %g; must be finite and at least 0", names[i],
                       costs[i]);
      }
    }
  }
  if (isnan(r->collateral) || r->parts < 1) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "backtest collateral %g in %zu parts: a number, at least one part", r->collateral,
                   r->parts);
  }
  if (policy->table->date_count + 1 < p->date_count) {
    return qs_fail(context, QS_ERROR_INPUT, "policy '%s' has %zu dates: %zu are traded", policy->name,
                   policy->table->date_count, p->date_count - 1);
  }
  for (size_t n = 0; n + 1 < p->date_count; n++) {
    if (r->latency >= record->bar[n + 1] - record->bar[n]) {
      return qs_fail(context, QS_ERROR_INPUT, "latency of %zu bars: step %zu has %zu", r->latency, n,
                     record->bar[n + 1] - record->bar[n]);
    }
  }
  return QS_OK;
}

static double funding_of(const qs_policy_problem *p, const qs_backtest_record *record, size_t n) {
  return record->funding ? record->funding[n] : p->dates[n + 1].forward / p->dates[n].forward - 1;
}

qs_status qs_backtest_run(qs_context *context, const qs_policy_problem *p, const qs_backtest_record *record,
                          const qs_backtest_rules *rules, const qs_backtest_step *marks,
                          const qs_backtest_policy *policy, qs_backtest_step *steps) {
  qs_status status = check(context, p, record, rules, policy);
  if (status) {
    return status;
  }
  account a = {.rules = rules, .coins = p->holding, .money = rules->collateral};
  for (size_t n = 0; n + 1 < p->date_count; n++) {
    qs_backtest_step *s = &steps[n];
    *s = marks[n];
    size_t begin = record->bar[n], end = record->bar[n + 1];
    double price = record->prices[begin], x = log(price / p->dates[n].forward), start = price;
    const double *told = policy->variance ? policy->variance : record->variance;
    double v = told ? told[n] : p->model->value[QS_V0];
    double target = wanted(policy->table, n, x, v, a.coins), before = a.coins;
    for (size_t j = begin; j < end; j++) {
      if (j == begin + rules->latency && target != before) {
        trade(&a, rates_of(rules, n), target, record->prices[j], s);
      }
      s->holding = j <= begin + rules->latency ? a.coins : s->holding;
      pass(&a, record->prices[j], record->prices[j + 1], s);
      watch(&a, record->prices[j + 1], s);
    }
    double paid = funding_of(p, record, n) * s->holding * start;
    s->funding = -paid;
    a.money -= paid;
    if (n + 2 == p->date_count) {
      trade(&a, rates_of(rules, n + 1), 0, record->prices[end], s);
    }
  }
  return QS_OK;
}

qs_backtest_step qs_backtest_total(const qs_backtest_step *steps, size_t count) {
  qs_backtest_step t = {0};
  for (size_t n = 0; n < count; n++) {
    const qs_backtest_step *s = &steps[n];
    t.options += s->options;
    t.theta += s->theta;
    t.delta += s->delta;
    t.gamma += s->gamma;
    t.vega += s->vega;
    t.residual += s->residual;
    t.premium += s->premium;
    t.hedge += s->hedge;
    t.funding += s->funding;
    t.fees += s->fees;
    t.spread += s->spread;
    t.impact += s->impact;
    t.liquidation += s->liquidation;
    t.turnover += s->turnover;
    t.trades += s->trades;
    t.liquidated += s->liquidated;
    t.holding = s->holding;
  }
  return t;
}

typedef struct pair {
  const qs_backtest_step *steps, *other;
  double weight;
} pair;

static double objective(const qs_backtest_step *steps, const size_t *index, size_t count, double weight) {
  double n = (double)count, mean = 0, squares = 0, cost = 0;
  for (size_t i = 0; i < count; i++) {
    mean += qs_backtest_gross(&steps[index[i]]) / n;
    cost += qs_backtest_cost(&steps[index[i]]);
  }
  for (size_t i = 0; i < count; i++) {
    double e = qs_backtest_gross(&steps[index[i]]) - mean;
    squares += e * e;
  }
  return squares * n / (n - 1) + weight * cost;
}

static double statistic(const size_t *index, size_t count, const void *data) {
  const pair *p = data;
  double own = objective(p->steps, index, count, p->weight);
  return p->other ? own - objective(p->other, index, count, p->weight) : own;
}

qs_status qs_backtest_objective(qs_context *context, const qs_backtest_step *steps,
                                const qs_backtest_step *other, size_t count,
                                const qs_backtest_setting *setting, qs_bootstrap_result *result,
                                double *block) {
  if (count < 9) {
    return qs_fail(context, QS_ERROR_INPUT, "an interval of %zu steps: at least 9", count);
  }
  qs_arena *scratch = qs_arena_create(context);
  double *series = scratch ? QS_NEW(scratch, count, double) : NULL;
  if (!series) {
    qs_arena_destroy(scratch);
    return qs_fail_memory(context, "resampling a backtest");
  }
  for (size_t i = 0; i < count; i++) {
    double e = qs_backtest_gross(&steps[i]), o = other ? qs_backtest_gross(&other[i]) : 0;
    series[i] = e * e - o * o + setting->cost_weight * qs_backtest_cost(&steps[i]) -
                (other ? setting->cost_weight * qs_backtest_cost(&other[i]) : 0);
  }
  qs_bootstrap b = {count, qs_bootstrap_block(series, count), setting->replicates, setting->seed,
                    setting->level};
  pair data = {steps, other, setting->cost_weight};
  qs_status status = qs_bootstrap_interval(context, &b, statistic, &data, result);
  qs_arena_destroy(scratch);
  if (!status && block) {
    *block = b.block;
  }
  return status;
}
