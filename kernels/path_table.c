#include "kernels/path_table.h"

#include <stdlib.h>
#include <string.h>

#include "kernels/core/elementary.h"

static double log_level(double level) {
  return level > 1e-300 ? (level < 1e300 ? qs_log_d(level) : 1e4) : -1e4;
}

/* dM/dp of the drift at every date. */
static void fill_drifts(const qs_table *table, const double *scores, double *drifts) {
  const qs_dynamics *m = &table->dynamics;
  const uint32_t lambda = m->variance == QS_VARIANCE_CONSTANT ? 0 : 5;
  double up = 0.0, down = 0.0;
  uint32_t taken = 0;
  for (uint32_t i = 0; i < table->date_count; i++) {
    const qs_law_date *date = table->dates + i;
    for (; taken < date->main_steps; taken++) {
      const double *k = scores + (size_t)table->steps[taken].kind * QS_SCORE_COUNT;
      up += k[QS_SCORE_DRIFT_UP];
      down += k[QS_SCORE_DRIFT_DOWN];
    }
    const double *side = scores + (size_t)date->step.kind * QS_SCORE_COUNT;
    const double side_up = date->side ? side[QS_SCORE_DRIFT_UP] : 0.0;
    const double side_down = date->side ? side[QS_SCORE_DRIFT_DOWN] : 0.0;
    const double by_up = up + side_up, by_down = down + side_down;
    if (m->jumps == QS_JUMPS_EXPONENTIAL) {
      drifts[i] = m->p * by_up + (1.0 - m->p) * by_down;
      drifts[table->date_count + i] = m->lambda * (by_up - by_down);
    } else {
      drifts[i] = table->constants[(size_t)i * QS_D_COUNT + QS_D_DRIFT_0 + lambda];
      drifts[table->date_count + i] = 0.0;
    }
  }
}

/* The added variance up to a date; `*taken` steps and `*sum` are those up to a date before, or 0. */
static double added_until(const qs_path_plan *plan, uint32_t date, uint32_t *taken, double *sum) {
  const qs_date *at = plan->dates + date;
  for (; *taken < at->main_steps; ++*taken) {
    *sum += plan->steps[*taken].added;
  }
  return *sum + (at->side.years > 0.0 ? at->side.added : 0.0);
}

/* What bridges between dates need of every interval: added[date] and quarter[date]. */
static void fill_intervals(const qs_path_unit *unit, const qs_path_payoff_plan *plan, double *added,
                           double *quarter) {
  double sum = 0.0, before = 0.0;
  uint32_t taken = 0;
  for (uint32_t d = 0; d < plan->date_count; d++) {
    const double until = added_until(&unit->path, plan->dates[d], &taken, &sum);
    added[d] = d ? until - before : 0.0;
    quarter[d] = d ? 0.25 * (unit->years[plan->dates[d]] - unit->years[plan->dates[d - 1]]) : 0.0;
    before = until;
  }
}

/* `numbers` takes qs_path_number_count. */
static void fill_terms(const qs_path_unit *unit, const qs_path_payoff_plan *plan, double *numbers,
                       qs_path_terms *terms) {
  const uint32_t n = plan->date_count;
  const double last = unit->log_forwards[plan->dates[n - 1]];
  terms->first = n;
  for (uint32_t d = n; d-- > 0;) {
    const uint32_t date = plan->dates[d];
    numbers[d] = unit->log_forwards[date] - last;
    numbers[n + d] = plan->weights ? plan->weights[d] : 0.0;
    numbers[2 * (size_t)n + d] = unit->years[date];
    terms->first = unit->years[date] > 0.0 ? d : terms->first;
  }
  for (size_t i = 0; i < (size_t)n * plan->policy_width; i++) {
    numbers[5 * (size_t)n + i] = plan->policy[i];
  }
  fill_intervals(unit, plan, numbers + 3 * (size_t)n, numbers + 4 * (size_t)n);
  terms->sign = plan->sign < 0.0 ? -1.0 : 1.0;
  for (int i = 0; i < QS_PATH_LEVELS; i++) {
    terms->log_level[i] = log_level(plan->level[i]);
  }
}

static void measure(const qs_path_unit *unit, qs_path_table *path) {
  for (uint32_t i = 0; i < unit->payoff_count; i++) {
    const qs_path_payoff_plan *plan = unit->payoffs + i;
    const size_t slots = qs_path_slot_rows(plan, unit->greeks);
    path->number_count += qs_path_number_count(plan);
    path->cuts = path->cuts || plan->payoff == QS_PATH_BARRIER_CONTINUOUS;
    path->most_dates = plan->date_count > path->most_dates ? plan->date_count : path->most_dates;
    path->most_slots = slots > path->most_slots ? slots : path->most_slots;
  }
}

bool qs_path_table_build(const qs_path_unit *unit, const qs_table *table, qs_path_table *path) {
  qs_path_table made;
  memset(&made, 0, sizeof made);
  measure(unit, &made);
  made.score_count = (size_t)table->kind_count * QS_SCORE_COUNT;
  made.drift_count = 2 * (size_t)table->date_count;
  const size_t terms = unit->payoff_count * sizeof *made.terms;
  made.memory =
      malloc(terms + (made.score_count + made.drift_count + made.number_count + 1) * sizeof(double));
  if (!made.memory) {
    return false;
  }
  made.terms = made.memory;
  made.scores = (double *)(made.terms + unit->payoff_count);
  made.drifts = made.scores + made.score_count;
  made.numbers = made.drifts + made.drift_count;
  const qs_dynamics *m = &table->dynamics;
  for (uint32_t i = 0; i < table->kind_count; i++) {
    qs_score_step(m, table->coefficients[(size_t)i * QS_K_COUNT + QS_K_YEARS],
                  made.scores + (size_t)i * QS_SCORE_COUNT);
  }
  fill_drifts(table, made.scores, made.drifts);
  size_t used = 0;
  for (uint32_t i = 0; i < unit->payoff_count; i++) {
    made.terms[i].numbers = used;
    fill_terms(unit, unit->payoffs + i, made.numbers + used, made.terms + i);
    used += qs_path_number_count(unit->payoffs + i);
  }
  made.cuts = made.cuts && m->jumps != QS_JUMPS_NONE;
  made.dynamics = *m;
  made.lambda = m->variance == QS_VARIANCE_CONSTANT ? 0 : 5;
  made.scored = m->jumps == QS_JUMPS_NONE ? 0 : m->jumps == QS_JUMPS_EXPONENTIAL ? 2 : 1;
  made.inverse_lambda = m->lambda > m->common ? 1.0 / (m->lambda - m->common) : 0.0;
  const double own = 1.0 - m->rho * m->rho;
  made.whole = unit->leverage ? 1.0 : 1.0 / (own > 1e-4 ? own : 1e-4);
  made.whole_rho = unit->leverage ? 0.0 : 2.0 * m->rho * made.whole;
  made.slope = unit->leverage ? 0.0 : m->rho * m->xi;
  *path = made;
  return true;
}

void qs_path_table_free(qs_path_table *path) {
  free(path->memory);
  memset(path, 0, sizeof *path);
}
