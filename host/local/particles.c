#include "host/local/particles.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "host/market/time.h"
#include "kernels/core/key.h"
#include "kernels/core/leverage.h"

enum { BINS = 1280, NODES = QS_LEVERAGE_NODES, BLOCK = QS_LOCAL_BLOCK };

static const double reach = 9;        /* of the nodes and bins, in deviations of x */
static const double bandwidth = 1;    /* of the quartic kernel, times a deviation and particles^(-1/5) */
static const double least_count = 60; /* particles in a kernel's reach; else it widens */

void qs_local_start(const qs_local_fit *fit, qs_local_state *state) {
  for (int i = 0; i < BLOCK; i++) {
    state->x[i] = 0;
    state->v[i] = fit->model->value[QS_V0];
  }
}

static double years_of(const qs_leverage_step *s) {
  return qs_time_years(s->begin, s->end);
}

void qs_local_step(const qs_local_fit *fit, size_t step, uint32_t dimension, uint64_t block,
                   qs_local_state *state) {
  const qs_leverage_step *s = &fit->leverage.steps[step];
  const double *p = fit->model->value;
  double dt = years_of(s), root = sqrt(dt), rho = p[QS_RHO], own = sqrt(1 - rho * rho);
  uint32_t key0 = (uint32_t)fit->key, key1 = (uint32_t)(fit->key >> 32);
  for (uint64_t i = 0; i < BLOCK; i += 2) {
    qs_words words = qs_philox(qs_counter((block * BLOCK + i) / 2, dimension, (uint32_t)step, 0), key0, key1);
    double z[2] = {qs_normal_d(words.a, words.b), qs_normal_d(words.c, words.d)};
    for (uint64_t j = i; j < i + 2; j++) {
      double sign = j == i ? 1 : -1, place = (state->x[j] - s->low) / s->spacing;
      double l = qs_leverage_at_d(s->leverage, NODES, place, 1 / s->spacing).value;
      qs_local_moved_d moved = qs_local_move_d(state->x[j], state->v[j], l, p[QS_KAPPA] * dt, p[QS_THETA],
                                               p[QS_XI], root, sign * (rho * z[0] + own * z[1]), sign * z[0]);
      state->x[j] = moved.x;
      state->v[j] = moved.v;
    }
  }
}

/* Counts of particles and sums of their variances over bins of x. */
typedef struct histogram {
  double count[BINS], sum[BINS];
} histogram;

static void fill_histogram(const qs_local_state *state, double low, double width, histogram *h) {
  memset(h, 0, sizeof *h);
  for (int i = 0; i < BLOCK; i++) {
    double place = fmin(fmax((state->x[i] - low) / width - 0.5, 0), BINS - 1.000001);
    size_t j = (size_t)place;
    double right = place - (double)j, v = fmax(state->v[i], 0);
    h->count[j] += 1 - right;
    h->count[j + 1] += right;
    h->sum[j] += (1 - right) * v;
    h->sum[j + 1] += right * v;
  }
}

/* E[v | x] by a quartic kernel that reaches `h` on both sides, further where too few particles are. */
static double conditional_mean(const histogram *all, double low, double width, double x, double h) {
  for (;;) {
    double count = 0, weights = 0, sum = 0;
    double first = floor((x - h - low) / width), last = ceil((x + h - low) / width);
    bool whole = first <= 0 && last >= BINS - 1;
    for (size_t j = first > 0 ? (size_t)first : 0; j < BINS && (double)j <= last; j++) {
      double d = (low + ((double)j + 0.5) * width - x) / h, q = 1 - d * d;
      double weight = q > 0 ? q * q : 0;
      count += weight > 0 ? all->count[j] : 0;
      weights += weight * all->count[j];
      sum += weight * all->sum[j];
    }
    if ((count >= least_count && weights > 0) || whole) {
      return weights > 0 ? sum / weights : NAN;
    }
    h *= 1.5;
  }
}

typedef struct fitter {
  qs_context *context;
  const qs_svi_surface *surface;
  qs_local_fit *fit;
  qs_leverage_step *steps; /* the fit's */
  qs_local_state *states;  /* [blocks] */
  histogram *parts;        /* [blocks] */
  long blocks;
  size_t kept, looked_at;
} fitter;

static histogram *merged(fitter *f) {
  for (long b = 1; b < f->blocks; b++) { /* in order */
    for (int j = 0; j < BINS; j++) {
      f->parts[0].count[j] += f->parts[b].count[j];
      f->parts[0].sum[j] += f->parts[b].sum[j];
    }
  }
  return &f->parts[0];
}

static void fit_step(fitter *f, size_t step) {
  qs_leverage_step *s = &f->steps[step];
  double middle = qs_time_years(f->fit->leverage.as_of, s->begin) + 0.5 * years_of(s), rate;
  double deviation = sqrt(qs_svi_surface_smile(f->surface, middle, 0, &rate).w);
  double low = -reach * deviation, width = 2 * reach * deviation / BINS;
#pragma omp parallel for num_threads(f->context->threads) schedule(static)
  for (long b = 0; b < f->blocks; b++) {
    fill_histogram(&f->states[b], low, width, &f->parts[b]);
  }
  const histogram *all = merged(f);
  s->low = low;
  s->spacing = 2 * reach * deviation / (NODES - 1);
  double h = bandwidth * deviation * pow((double)f->blocks * BLOCK, -0.2);
  for (int j = 0; j < NODES; j++) {
    double x = s->low + j * s->spacing;
    bool kept;
    double local = qs_svi_local_variance(f->surface, middle, x, &kept);
    double mean = conditional_mean(all, low, width, x, h);
    s->leverage[j + 1] = sqrt(local / fmax(mean, 1e-8));
    f->looked_at += fabs(x) <= 4 * deviation;
    f->kept += kept && fabs(x) <= 4 * deviation;
  }
  s->leverage[0] = s->leverage[1];
  s->leverage[NODES + 1] = s->leverage[NODES];
#pragma omp parallel for num_threads(f->context->threads) schedule(static)
  for (long b = 0; b < f->blocks; b++) {
    qs_local_step(f->fit, step, 0, (uint64_t)b, &f->states[b]);
  }
}

/* Steps to every slice in turn; with `steps` null they are only counted. */
static size_t lay_out(const qs_svi_surface *surface, qs_time as_of, qs_leverage_step *steps, size_t *slices) {
  size_t count = 0;
  qs_time t = as_of;
  for (size_t slice = 0; slice < surface->count; slice++) {
    qs_time end = surface->slices[slice].expiry;
    while (t < end) {
      qs_time node = qs_leverage_calendar(as_of, t), next = node < end ? node : end;
      if (steps) {
        steps[count] = (qs_leverage_step){.begin = t, .end = next};
        slices[count] = next == end ? slice : surface->count;
      }
      t = next;
      count++;
    }
  }
  return count;
}

qs_status qs_leverage_fit(qs_context *context, qs_arena *arena, const qs_model *model,
                          const qs_svi_surface *surface, qs_time as_of, uint64_t key, uint64_t particles,
                          qs_local_fit *fit) {
  qs_arena *scratch = qs_arena_create(context);
  long blocks = (long)(particles / BLOCK);
  size_t count = lay_out(surface, as_of, NULL, NULL);
  qs_leverage_step *steps = QS_NEW(arena, count, qs_leverage_step);
  size_t *slices = QS_NEW(arena, count, size_t);
  qs_local_fit made = {.leverage = {as_of, steps, count}, .model = model, .key = key, .slice = slices};
  fitter f = {context, surface, &made, steps, NULL, NULL, blocks, 0, 0};
  f.states = scratch ? QS_NEW(scratch, (size_t)blocks, qs_local_state) : NULL;
  f.parts = scratch ? QS_NEW(scratch, (size_t)blocks, histogram) : NULL;
  qs_status status =
      steps && slices && f.states && f.parts ? QS_OK : qs_fail_memory(context, "fitting the leverage");
  if (status == QS_OK) {
    (void)lay_out(surface, as_of, steps, slices);
    for (long b = 0; b < blocks; b++) {
      qs_local_start(&made, &f.states[b]);
    }
  }
  for (size_t step = 0; status == QS_OK && step < count; step++) {
    fit_step(&f, step);
    qs_progress(context, "leverage", step + 1, count);
    if (qs_cancelled(context)) {
      status = qs_fail(context, QS_ERROR_CANCELLED, "cancelled while fitting the leverage");
    }
  }
  made.kept = f.looked_at ? (double)f.kept / (double)f.looked_at : 0;
  qs_arena_destroy(scratch);
  if (status == QS_OK) {
    *fit = made;
  }
  return status;
}
