#include "host/simulate/funding.h"

#include <math.h>

#include "host/base/model.h"
#include "host/market/characteristic.h"
#include "kernels/core/funding.h"
#include "kernels/core/key.h"

enum { MOST_PARTS = 1100 }; /* of the time between two fills; a year has 1095 times 8 hours */

static const double part_years = 8.0 / 24 / 365;

/* From one fill to the next. */
typedef struct interval {
  uint32_t parts;
  double years, share;     /* of it all; of 8 hours that a part lasts */
  double decay, deviation; /* of the premium over a part */
  double fixed, growth;    /* variance beside the path's; the forward's growth */
  double discount;         /* from the next fill to this one */
} interval;

struct qs_simulate_premium {
  const qs_simulate_problem *problem;
  qs_simulate_funding terms;
  interval *intervals; /* [date_count - 1] */
  double cap, start, own;
  uint64_t key;
};

static void lay_interval(const qs_simulate_problem *p, const qs_model *model, size_t d, interval *made) {
  const qs_simulate_funding *terms = &p->spec->funding;
  const double from = p->fill_years[d], to = p->fill_years[d + 1], years = to - from;
  const double parts = fmin(MOST_PARTS, fmax(1, ceil(years / part_years - 1e-9)));
  const double step = years / parts, decay = exp(-terms->reversion * step);
  made->parts = (uint32_t)parts;
  made->years = years;
  made->share = step / part_years;
  made->decay = decay;
  made->deviation = terms->volatility * sqrt(-expm1(-2 * terms->reversion * step) / (2 * terms->reversion));
  made->fixed = qs_characteristic_prepare(model, years).jump_variance +
                qs_shift_added(&p->under->shift, p->rows[p->fill_row[d]], p->rows[p->fill_row[d + 1]]);
  made->growth = qs_curve_forward(&p->under->curve, to) / qs_curve_forward(&p->under->curve, from) - 1;
  made->discount = qs_simulate_discount(p, to) / qs_simulate_discount(p, from);
}

qs_status qs_simulate_premium_make(qs_context *context, qs_arena *arena, const qs_simulate_problem *problem,
                                   qs_simulate_premium **premium) {
  const qs_simulate_funding *terms = &problem->spec->funding;
  *premium = NULL;
  if (isnan(terms->reversion)) {
    return QS_OK;
  }
  qs_simulate_premium *made = QS_NEW(arena, 1, qs_simulate_premium);
  interval *intervals = QS_NEW(arena, problem->date_count - 1, interval);
  if (!made || !intervals) {
    return qs_fail_memory(context, "preparing funding");
  }
  qs_model model;
  qs_status status = qs_simulate_real_model(context, problem, &model);
  if (status) {
    return status;
  }
  for (size_t d = 0; d + 1 < problem->date_count; d++) {
    lay_interval(problem, &model, d, &intervals[d]);
  }
  made->problem = problem;
  made->terms = *terms;
  made->intervals = intervals;
  made->cap = isnan(terms->cap) ? INFINITY : terms->cap;
  made->start = isnan(terms->start) ? terms->mean : terms->start;
  made->own = sqrt(1 - terms->correlation * terms->correlation);
  made->key = qs_key(problem->simulation.seed, QS_PURPOSE_FUNDING, problem->under->name);
  *premium = made;
  return QS_OK;
}

/* The spot's return between two fills, standardised. */
static double standardised(const qs_simulate_premium *f, const interval *t, double move, double v,
                           double next) {
  const double variance = 0.5 * (v + next) * t->years + t->fixed;
  const double drift = f->problem->spec->drift * t->years;
  return variance > 0 ? (move - drift + 0.5 * variance) / sqrt(variance) : 0;
}

/* What is paid over the interval; the premium is moved on. Without a correlation the spot is
 * not drawn. `room` holds 2 MOST_PARTS numbers. */
static double pay(const qs_simulate_premium *f, const interval *t, uint64_t path, uint32_t date, double whole,
                  double *room, double *premium) {
  double *spot = room, *own = room + MOST_PARTS, sum = 0, paid = 0;
  const bool follows = f->terms.correlation != 0;
  for (uint32_t k = 0; k < t->parts; k++) {
    const qs_words w = qs_philox(qs_counter(path, 0, date, k), (uint32_t)f->key, (uint32_t)(f->key >> 32));
    spot[k] = follows ? qs_normal_d(w.a, w.b) : 0;
    own[k] = qs_normal_d(w.c, w.d);
    sum += spot[k];
  }
  const double root = sqrt((double)t->parts), lift = (whole - sum / root) / root;
  for (uint32_t k = 0; k < t->parts; k++) {
    *premium = qs_premium_next_d(*premium, f->terms.mean, t->decay, t->deviation, f->terms.correlation,
                                 f->own, spot[k] + lift, own[k]);
    paid += qs_funding_rate_d(*premium, f->terms.interest, f->terms.band, f->cap);
  }
  return paid * t->share;
}

void qs_simulate_premium_run(const qs_simulate_premium *f, uint64_t first, uint64_t count, uint64_t stride,
                             const double *x, const double *v, double *funding) {
  const qs_simulate_problem *p = f->problem;
  double room[2 * MOST_PARTS] = {0};
  for (uint64_t i = 0; i < count; i++) {
    double premium = f->start;
    for (size_t d = 0; d + 1 < p->date_count; d++) {
      const interval *t = &f->intervals[d];
      const uint64_t at = p->fill_row[d] * stride + i, next = p->fill_row[d + 1] * stride + i;
      const double move = x[next] - x[at], whole = standardised(f, t, move, v[at], v[next]);
      const double paid = pay(f, t, first + i, (uint32_t)d, whole, room, &premium);
      funding[d * stride + i] = t->discount * (paid - t->growth * exp(move));
    }
  }
}
