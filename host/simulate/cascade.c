#include "host/simulate/cascade.h"

#include <math.h>

#include "kernels/core/cascade.h"
#include "kernels/core/key.h"

/* From one row to the next. */
typedef struct step {
  double base, weight, decay; /* jumps of the base; kernels/core/cascade.h */
  double log_forward;
  uint32_t date, block; /* which numbers are drawn */
  bool excites;         /* a date ends it */
} step;

struct qs_cascade {
  qs_simulate_cascade terms;
  const step *steps; /* [row_count], the first not used where it is as_of */
  size_t first, row_count;
  double log_spot;
  uint64_t key;
};

qs_status qs_cascade_make(qs_context *context, qs_arena *arena, const qs_simulate_problem *p,
                          const qs_cascade **cascade) {
  const qs_simulate_cascade *terms = &p->spec->cascade;
  *cascade = NULL;
  if (isnan(terms->decay)) {
    return QS_OK;
  }
  qs_cascade *made = QS_NEW(arena, 1, qs_cascade);
  step *steps = QS_NEW(arena, p->row_count, step);
  if (!made || !steps) {
    return qs_fail_memory(context, "preparing cascades");
  }
  const size_t first = p->now ? 1 : 0;
  double from = 0;
  uint32_t block = 0, date = 0;
  for (size_t row = first; row < p->row_count; row++) {
    const double years = p->row_years[row] - from;
    while (date < p->date_count && p->date_row[date] < row) { /* the date that last began */
      date++;
      block = 0;
    }
    steps[row] = (step){.base = terms->base * years,
                        .weight = -expm1(-terms->decay * years) / terms->decay,
                        .decay = exp(-terms->decay * years),
                        .log_forward = log(qs_curve_forward(&p->under->curve, p->row_years[row])),
                        .date = date,
                        .block = block,
                        .excites = date < p->date_count && p->date_row[date] == row};
    from = p->row_years[row];
    block++;
  }
  *made = (qs_cascade){.terms = *terms,
                       .steps = steps,
                       .first = first,
                       .row_count = p->row_count,
                       .log_spot = log(qs_curve_forward(&p->under->curve, 0)),
                       .key = qs_key(p->simulation.seed, QS_PURPOSE_CASCADE, p->under->name)};
  *cascade = made;
  return QS_OK;
}

void qs_cascade_run(const qs_cascade *c, uint64_t begin, uint64_t count, uint64_t stride, double *x,
                    double *jumps) {
  const qs_simulate_cascade *terms = &c->terms;
  for (uint64_t i = 0; i < count; i++) {
    double excited = 0, sum = 0, last = c->log_spot;
    for (size_t row = c->first; row < c->row_count; row++) {
      const step *s = &c->steps[row];
      const qs_words w =
          qs_philox(qs_counter(begin + i, 0, s->date, s->block), (uint32_t)c->key, (uint32_t)(c->key >> 32));
      const double mean = qs_cascade_expected_d(s->base, excited, s->weight);
      const int32_t n = qs_poisson_d(qs_uniform_d(w.a, w.b), mean);
      sum += n ? qs_cascade_jump_d(n, terms->mean, terms->deviation, qs_normal_d(w.c, w.d)) : 0;
      excited *= s->decay;
      x[row * stride + i] += sum;
      if (jumps) {
        jumps[row * stride + i] = (double)n;
      }
      if (s->excites) {
        const double now = x[row * stride + i] + s->log_forward;
        excited = qs_cascade_excited_d(excited, terms->excitation, last - now, terms->threshold);
        last = now;
      }
    }
  }
}
