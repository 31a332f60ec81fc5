#include <math.h>
#include <string.h>

#include "host/base/model.h"
#include "host/base/numbers.h"
#include "host/market/characteristic.h"
#include "host/market/complex_lane.h"
#include "host/policy/affine.h"
#include "host/policy/frictionless.h"

static const double cut = 60; /* of the frequencies, in inverse deviations of a step */

/* Moments of a period's return at the nodes, and of sums and differences of them. */
typedef struct moments {
  size_t count, periods;
  double step, square;                  /* square: m(2) - 1 */
  qs_cx *weight, *one, *excess, *power; /* g/(u^2 + 1/4); m(p); m(p + 1) - m(p); m(p)^periods */
  qs_cx *both, *both_power;             /* m(1 + i j h), j = 0 .. 2 count */
} moments;

static qs_cx moment(const qs_model *model, const qs_policy_date *d, double re, double im) {
  qs_affine a = qs_affine_step(model, d[1].years - d->years, d[1].added - d->added, re, im, 0, 0);
  return qs_cx_exp((qs_cx){a.a_re, a.a_im});
}

static qs_cx power_of(qs_cx base, size_t exponent) {
  qs_cx out = {1, 0};
  for (size_t i = 0; i < exponent; i++) {
    out = qs_cx_mul(out, base);
  }
  return out;
}

static bool allocate(qs_arena *arena, moments *m) {
  m->weight = QS_NEW(arena, m->count, qs_cx);
  m->one = QS_NEW(arena, m->count, qs_cx);
  m->excess = QS_NEW(arena, m->count, qs_cx);
  m->power = QS_NEW(arena, m->count, qs_cx);
  m->both = QS_NEW(arena, 2 * m->count + 1, qs_cx);
  m->both_power = QS_NEW(arena, 2 * m->count + 1, qs_cx);
  return m->weight && m->one && m->excess && m->power && m->both && m->both_power;
}

static void fill(const qs_policy_problem *p, moments *m) {
  const qs_policy_date *d = p->dates;
  m->square = moment(p->model, d, 2, 0).re - 1;
  for (size_t j = 0; j < m->count; j++) {
    double u = ((double)j + 0.5) * m->step;
    qs_cx sum = {0, 0};
    for (size_t i = 0; i < p->option_count; i++) {
      const qs_policy_option *o = &p->options[i];
      if (o->strike > 0) {
        double k = log(o->strike / o->forward), size = o->forward * o->weight * exp(0.5 * k), s, c;
        qs_lane_sincos(u * k, &s, &c);
        sum = qs_cx_add(sum, (qs_cx){size * c, -size * s});
      }
    }
    m->weight[j] = qs_cx_scale(sum, 1 / (u * u + 0.25));
    m->one[j] = moment(p->model, d, 0.5, u);
    m->excess[j] = qs_cx_sub(moment(p->model, d, 1.5, u), m->one[j]);
    m->power[j] = power_of(m->one[j], m->periods);
  }
  for (size_t j = 0; j <= 2 * m->count; j++) {
    m->both[j] = moment(p->model, d, 1, (double)j * m->step);
    m->both_power[j] = power_of(m->both[j], m->periods);
  }
}

static qs_cx conjugate(qs_cx z) {
  return (qs_cx){z.re, -z.im};
}

/* The pair (p, q), or with `opposite` (p, conjugate of q). */
static double pair(const moments *m, size_t j, size_t k, bool opposite) {
  qs_cx one = m->one[k], excess = m->excess[k], weight = m->weight[k], power = m->power[k];
  size_t at = opposite ? (j > k ? j - k : k - j) : j + k + 1;
  qs_cx both = m->both[at], both_power = m->both_power[at];
  if (opposite) {
    one = conjugate(one), excess = conjugate(excess), weight = conjugate(weight), power = conjugate(power);
    both = j < k ? conjugate(both) : both;
    both_power = j < k ? conjugate(both_power) : both_power;
  }
  qs_cx product = qs_cx_mul(m->one[j], one), gap = qs_cx_sub(both, product), sum = {0, 0};
  qs_cx residual = qs_cx_sub(gap, qs_cx_scale(qs_cx_mul(m->excess[j], excess), 1 / m->square));
  if (gap.re * gap.re + gap.im * gap.im > 1e-8) {
    sum = qs_cx_div(qs_cx_sub(both_power, qs_cx_mul(m->power[j], power)), gap);
  } else {
    for (size_t n = 0; n < m->periods; n++) {
      sum = qs_cx_add(qs_cx_mul(sum, product), power_of(both, n));
    }
  }
  return qs_cx_mul(qs_cx_mul(m->weight[j], weight), qs_cx_mul(residual, sum)).re;
}

static const char *not_covered(const qs_policy_problem *p) {
  const qs_policy_date *d = p->dates;
  double years = d[1].years, added = d[1].added;
  if (qs_model_stochastic(p->model)) {
    return "the closed form needs independent returns: gbm, merton or kou";
  }
  for (size_t n = 0; n < p->date_count; n++) {
    if (fabs(d[n].years - (double)n * years) > 1e-7 || fabs(d[n].added - (double)n * added) > 1e-9) {
      return "the closed form needs evenly spaced dates from as_of on";
    }
  }
  for (size_t i = 0; i < p->option_count; i++) {
    if (qs_policy_expiry_date(p, &p->options[i]) + 1 != p->date_count) {
      return "the closed form needs options that expire at the last date";
    }
  }
  return NULL;
}

qs_status qs_policy_j0_independent(qs_context *context, qs_arena *arena, const qs_policy_problem *problem,
                                   double frequency, double *j0) {
  qs_status status = qs_policy_check(context, problem);
  const char *problem_text = status ? NULL : not_covered(problem);
  if (status || problem_text) {
    return status ? status : qs_fail(context, QS_ERROR_INPUT, "%s", problem_text);
  }
  const qs_policy_date *last = &problem->dates[problem->date_count - 1];
  qs_characteristic law = qs_characteristic_prepare(problem->model, last->years);
  double deviation = sqrt(law.variance + law.jump_variance + last->added), farthest = 0;
  for (size_t i = 0; i < problem->option_count; i++) {
    double k = fabs(log(problem->options[i].strike / problem->options[i].forward));
    farthest = isfinite(k) ? fmax(farthest, k) : farthest;
  }
  moments m = {.periods = problem->date_count - 1, .step = 2 * QS_PI / (2 * farthest + 20 * deviation + 0.5)};
  double of_step = sqrt((law.variance + last->added) / (double)m.periods);
  m.count = (size_t)((frequency > 0 ? frequency : cut / of_step) / m.step) + 1;
  if (!allocate(arena, &m)) {
    return qs_fail_memory(context, "the closed form of the frictionless minimum");
  }
  fill(problem, &m);
  double *row = QS_NEW(arena, m.count, double);
  if (!row) {
    return qs_fail_memory(context, "the closed form of the frictionless minimum");
  }
#pragma omp parallel for num_threads(context->threads) schedule(dynamic)
  for (size_t j = 0; j < m.count; j++) {
    for (size_t k = 0; k < m.count; k++) {
      row[j] += pair(&m, j, k, false) + pair(&m, j, k, true);
    }
  }
  double sum = 0;
  for (size_t j = 0; j < m.count; j++) {
    sum += row[j];
  }
  *j0 = sum * m.step * m.step / (2 * QS_PI * QS_PI);
  return QS_OK;
}
