#include "host/history/garch.h"

#include <math.h>

#include "host/base/numbers.h"
#include "host/history/likelihood.h"

enum { LEAST = 50, BEFORE = 75, OMEGA = 0, ALPHA, BETA };

double qs_garch_before(const double *target, size_t count) {
  double sum = 0, weights = 0, weight = 1;
  for (size_t i = 0; i < count && i < BEFORE; i++) {
    sum += weight * target[i];
    weights += weight;
    weight *= 0.94;
  }
  return sum / weights;
}

double qs_garch_filter(const qs_garch *m, const double *shock, size_t count, double before, double *each) {
  double h = m->omega + (m->alpha + m->beta) * before;
  for (size_t t = 0; t < count; t++) {
    if (each) {
      each[t] = h;
    }
    h = m->omega + m->alpha * shock[t] + m->beta * h;
  }
  return h;
}

typedef struct record {
  const double *shock, *target;
  size_t count;
  double before;
} record;

static bool terms_of(const double *p, double *terms, void *data) {
  const record *r = data;
  if (!(p[OMEGA] > 0 && p[ALPHA] >= 0 && p[BETA] >= 0 && p[ALPHA] + p[BETA] < 1)) {
    return false;
  }
  qs_garch model = {p[OMEGA], p[ALPHA], p[BETA]};
  (void)qs_garch_filter(&model, r->shock, r->count, r->before, terms);
  for (size_t t = 0; t < r->count; t++) {
    double h = terms[t];
    terms[t] = -0.5 * (log(2 * QS_PI) + log(h) + r->target[t] / h);
  }
  return true;
}

/* The best of a few usual shapes with the mean of the series. */
static void guess(record *r, double mean, qs_likelihood *problem, double *scratch) {
  static const double shapes[][2] = {{0.03, 0.95}, {0.08, 0.88}, {0.2, 0.7}, {0.4, 0.4}, {0.05, 0.5}};
  double best = -INFINITY;
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
    double p[] = {mean * (1 - shapes[s][0] - shapes[s][1]), shapes[s][0], shapes[s][1]}, sum = 0;
    if (terms_of(p, scratch, r)) {
      for (size_t t = 0; t < r->count; t++) {
        sum += scratch[t];
      }
    }
    if (sum > best || s == 0) {
      best = sum;
      for (size_t k = 0; k < 3; k++) {
        problem->start[k] = p[k];
      }
    }
  }
  problem->scale[OMEGA] = 0.3 * problem->start[OMEGA];
  problem->scale[ALPHA] = 0.3 * problem->start[ALPHA];
  problem->scale[BETA] = -0.1 * problem->start[BETA]; /* inwards */
}

qs_status qs_garch_fit_series(qs_context *context, const double *shock, const double *target, size_t count,
                              qs_garch_fit *fit) {
  double mean = 0;
  for (size_t t = 0; t < count; t++) {
    if (!(shock[t] >= 0 && target[t] >= 0 && isfinite(shock[t] + target[t]))) {
      return qs_fail(context, QS_ERROR_INPUT, "variance %zu: finite and at least 0", t);
    }
    mean += target[t] / (double)count;
  }
  if (count < LEAST || !(mean > 0)) {
    return qs_fail(context, QS_ERROR_INPUT, "%zu variances: at least %d, not all 0", count, LEAST);
  }
  qs_arena *arena = qs_arena_create(context);
  double *scratch = arena ? QS_NEW(arena, count, double) : NULL;
  if (!scratch) {
    qs_arena_destroy(arena);
    return qs_fail_memory(context, "fitting variances");
  }
  record r = {shock, target, count, qs_garch_before(target, count)};
  qs_likelihood problem = {terms_of, &r, count, 3, {0}, {0}};
  guess(&r, mean, &problem, scratch);
  qs_likelihood_fit found;
  qs_status status = qs_likelihood_maximise(context, &problem, &found);
  qs_arena_destroy(arena);
  if (status) {
    return status;
  }
  qs_garch_fit made = {.model = {found.estimate[OMEGA], found.estimate[ALPHA], found.estimate[BETA]},
                       .std_error = {found.std_error[OMEGA], found.std_error[ALPHA], found.std_error[BETA]},
                       .log_likelihood = found.value,
                       .converged = found.converged};
  made.next = qs_garch_filter(&made.model, shock, count, r.before, NULL);
  *fit = made;
  return QS_OK;
}

double qs_garch_forecast(const qs_garch *m, double next, size_t horizon) {
  double sum = 0, h = next;
  for (size_t k = 0; k < horizon; k++) {
    sum += h;
    h = m->omega + (m->alpha + m->beta) * h;
  }
  return sum / (double)horizon;
}
