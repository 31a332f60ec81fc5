#include "host/simulate/objective.h"

#include <math.h>

enum { PART = 1024 }; /* values that are summed up together */

qs_status qs_simulate_objective_check(qs_context *context, const qs_simulate_problem *p) {
  const qs_simulate_spec *spec = p->spec;
  if ((unsigned)spec->objective > QS_OBJECTIVE_EXPECTED_SHORTFALL) {
    return qs_fail(context, QS_ERROR_INPUT, "simulate.objective: got %d: no such objective",
                   (int)spec->objective);
  }
  if (spec->objective == QS_OBJECTIVE_EXPONENTIAL && !(p->weight > 0)) {
    return qs_fail(
        context, QS_ERROR_INPUT,
        "simulate.cost_weight: got %g: must be above 0 for exponential, whose risk aversion is 2 / it",
        p->weight);
  }
  if (!(spec->objective_level > 0 && spec->objective_level < 1)) {
    return qs_fail(context, QS_ERROR_INPUT, "simulate.objective_level: got %g: must be between 0 and 1",
                   spec->objective_level);
  }
  if (spec->objective != QS_OBJECTIVE_VARIANCE && spec->frontier_count) {
    return qs_fail(context, QS_ERROR_INPUT, "simulate.frontier: is of the objective variance alone");
  }
  return QS_OK;
}

qs_certainty qs_simulate_certainty(const double *losses, uint64_t count, double a) {
  double worst = -INFINITY, sum = 0, squares = 0;
  for (uint64_t i = 0; i < count; i++) {
    worst = fmax(worst, losses[i]);
  }
  for (uint64_t from = 0; from < count; from += PART) { /* of exp(a (loss - worst)), at most 1 */
    const uint64_t end = count - from < PART ? count : from + PART;
    double part = 0, square = 0;
    for (uint64_t i = from; i < end; i++) {
      const double e = exp(a * (losses[i] - worst));
      part += e;
      square += e * e;
    }
    sum += part;
    squares += square;
  }
  const double n = (double)count, mean = sum / n, spread = fmax(squares / n - mean * mean, 0);
  return (qs_certainty){.loss = {worst + log(mean) / a, sqrt(spread / (n - 1)) / (a * mean)},
                        .paths = sum * sum / squares};
}

qs_estimate qs_simulate_shortfall(const double *losses, uint64_t count, double level) {
  const double n = (double)count, tail = n * (1 - level);
  const uint64_t whole = (uint64_t)fmin(floor(tail), n - 1);
  const double edge = losses[count - 1 - whole]; /* value at risk */
  double sum = 0, squares = 0;
  for (uint64_t i = count - whole; i < count; i++) {
    const double over = losses[i] - edge;
    sum += over;
    squares += over * over;
  }
  /* Rockafellar and Uryasev (2000): edge + E (loss - edge)+ / (1 - level), least at the edge. */
  const double mean = sum / n, spread = fmax(squares / n - mean * mean, 0);
  return (qs_estimate){edge + mean / (1 - level), sqrt(spread / n) / (1 - level)};
}

void qs_simulate_rank(const qs_estimate *objectives, size_t count, size_t *ranks) {
  for (size_t i = 0; i < count; i++) {
    const double own = isnan(objectives[i].estimate) ? INFINITY : objectives[i].estimate;
    ranks[i] = 1;
    for (size_t k = 0; k < count; k++) {
      const double other = isnan(objectives[k].estimate) ? INFINITY : objectives[k].estimate;
      ranks[i] += other < own || (other == own && k < i);
    }
  }
}
