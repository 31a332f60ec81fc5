#include "host/local/svi.h"

#include <cminpack-1/cminpack.h>
#include <math.h>

enum { PARAMETERS = 5, GRID = 61, STARTS = 6, EVALUATIONS = 2000 };

static const double least_half_spread = 0.0005; /* volatility */
static const double butterfly_weight = 100;
static const double calendar_weight = 500;
static const double least_density = 0.01;
static const double least_increase = 0.002; /* relative, of total variance to the next expiry */
static const double outside = 3;            /* errors beyond the spread count so much more */

qs_smile qs_svi_smile(const qs_svi *s, double k) {
  double d = k - s->m, root = sqrt(d * d + s->sigma * s->sigma);
  return (qs_smile){s->a + s->b * (s->rho * d + root), s->b * (s->rho + d / root),
                    s->b * s->sigma * s->sigma / (root * root * root)};
}

double qs_smile_density(const qs_smile *s, double k) {
  double tilt = 1 - k * s->slope / (2 * s->w);
  return tilt * tilt - 0.25 * s->slope * s->slope * (1 / s->w + 0.25) + 0.5 * s->curve;
}

/* The quotes of one expiry. */
typedef struct slice_problem {
  size_t count;
  const double *k, *vol, *half; /* volatilities of mids, half spreads */
  double root;                  /* of the years */
  double from, step;            /* the grid of the penalties */
  const qs_svi *after;          /* the next expiry's; null for the last */
} slice_problem;

static qs_svi svi_at(const double *u) {
  double rho = tanh(u[2]), b = exp(u[3]), sigma = exp(u[0]);
  return (qs_svi){exp(u[4]) - b * sigma * sqrt(1 - rho * rho), b, rho, u[1], sigma};
}

/* The error over half the spread, heavier beyond it. */
static double weighed(double error) {
  double size = fabs(error);
  return size <= 1 ? error : copysign(1 + outside * (size - 1), error);
}

static int residuals(void *data, int m, int n, const double *u, double *r, int flag) {
  const slice_problem *p = data;
  qs_svi svi = svi_at(u);
  (void)n, (void)flag;
  for (size_t i = 0; i < p->count; i++) {
    double w = fmax(qs_svi_smile(&svi, p->k[i]).w, 1e-12);
    r[i] = weighed((sqrt(w) / p->root - p->vol[i]) / p->half[i]);
  }
  for (int i = 0; i < GRID; i++) {
    double k = p->from + i * p->step;
    qs_smile smile = qs_svi_smile(&svi, k);
    double g = qs_smile_density(&smile, k);
    double most = p->after ? qs_svi_smile(p->after, k).w / (1 + least_increase) : INFINITY;
    double *penalty = r + p->count + 2 * i;
    penalty[0] = butterfly_weight * fmin(g - least_density, 0);
    penalty[1] = calendar_weight * fmax(smile.w / most - 1, 0);
  }
  for (int i = 0; i < m; i++) {
    r[i] = isfinite(r[i]) ? r[i] : 1e6;
  }
  return 0;
}

static double sum_of_squares(const double *r, int m) {
  double sum = 0;
  for (int i = 0; i < m; i++) {
    sum += r[i] * r[i];
  }
  return sum;
}

static double at_the_money(const slice_problem *p) {
  size_t nearest = 0;
  for (size_t i = 1; i < p->count; i++) {
    nearest = fabs(p->k[i]) < fabs(p->k[nearest]) ? i : nearest;
  }
  return p->vol[nearest] * p->root;
}

/* Levenberg-Marquardt (lmdif of MINPACK) from a few smiles around the volatility at the money. */
static qs_status fit_slice(qs_context *context, qs_arena *scratch, const slice_problem *p, qs_svi *svi) {
  static const double tilts[STARTS] = {-0.5, 0, 0.5, -0.5, 0, 0.5}, widths[STARTS] = {0.6, 0.6, 0.6, 2, 2, 2};
  int m = (int)p->count + 2 * GRID, n = PARAMETERS;
  double *r = QS_NEW(scratch, (size_t)m, double), *jacobian = QS_NEW(scratch, (size_t)m * PARAMETERS, double);
  double *room = QS_NEW(scratch, (size_t)m, double);
  if (!r || !jacobian || !room) {
    return qs_fail_memory(context, "fitting a smile");
  }
  double best = INFINITY, total = at_the_money(p);
  for (int s = 0; s < STARTS; s++) {
    double u[PARAMETERS] = {log(widths[s] * total), 0, tilts[s], log(0.5 * total), log(0.8 * total * total)};
    double diagonal[PARAMETERS], qtf[PARAMETERS], w1[PARAMETERS], w2[PARAMETERS], w3[PARAMETERS];
    int pivot[PARAMETERS], evaluations = 0;
    slice_problem copy = *p;
    (void)lmdif(residuals, &copy, m, n, u, r, 1e-10, 1e-10, 0, EVALUATIONS, 0, diagonal, 1, 1, 0,
                &evaluations, jacobian, m, pivot, qtf, w1, w2, w3, room);
    (void)residuals(&copy, m, n, u, r, 1);
    double sum = sum_of_squares(r, m);
    if (sum < best) {
      best = sum;
      *svi = svi_at(u);
    }
  }
  return QS_OK;
}

static bool is_used(const qs_option_quote *option) {
  return !option->exclusion && option->weight > 0;
}

/* What the quotes [begin, end) of one expiry say; false where too few are used. */
static bool gather(const qs_underlying_market *market, size_t begin, size_t end, const qs_svi *after,
                   double *room, slice_problem *p) {
  size_t n = 0, stride = end - begin;
  double *k = room, *vol = room + stride, *half = room + 2 * stride;
  for (size_t i = begin; i < end; i++) {
    const qs_option_quote *option = &market->options[i];
    if (is_used(option)) {
      k[n] = log(option->strike / option->forward);
      vol[n] = option->mid_vol;
      half[n++] =
          fmax(0.5 * (option->ask_vol - (isnan(option->bid_vol) ? 0 : option->bid_vol)), least_half_spread);
    }
  }
  if (n < QS_SVI_LEAST_QUOTES) {
    return false;
  }
  double low = k[0], high = k[0];
  for (size_t i = 1; i < n; i++) {
    low = fmin(low, k[i]);
    high = fmax(high, k[i]);
  }
  double beyond = 0.5 * (high - low);
  double wide = after ? 4 * sqrt(qs_svi_smile(after, 0).w) : 0;
  low = fmin(low - beyond, -wide);
  high = fmax(high + beyond, wide);
  *p = (slice_problem){n,    k, vol, half, sqrt(market->options[begin].years), low, (high - low) / (GRID - 1),
                       after};
  return true;
}

/* Arbitrage of the last slice, on a grid ten times as fine as the penalties'. */
static void check(const slice_problem *p, const qs_svi *svi, qs_svi_surface *surface) {
  for (int i = 0; i <= 10 * (GRID - 1); i++) {
    double k = p->from + 0.1 * i * p->step;
    qs_smile smile = qs_svi_smile(svi, k);
    surface->least_density = fmin(surface->least_density, qs_smile_density(&smile, k));
    if (p->after) {
      surface->least_increase = fmin(surface->least_increase, qs_svi_smile(p->after, k).w / smile.w - 1);
    }
  }
}

qs_status qs_svi_fit(qs_context *context, qs_arena *arena, const qs_underlying_market *market,
                     qs_svi_surface *surface) {
  qs_arena *scratch = qs_arena_create(context);
  qs_svi_slice *slices = QS_NEW(arena, market->option_count, qs_svi_slice);
  double *room = scratch ? QS_NEW(scratch, 3 * market->option_count, double) : NULL;
  qs_status status = slices && room ? QS_OK : qs_fail_memory(context, "fitting smiles");
  qs_svi_surface made = {slices, 0, INFINITY, INFINITY};
  size_t at = market->option_count; /* slices fill their room from the end */
  for (size_t end = market->option_count, begin; status == QS_OK && end > 0; end = begin) {
    const qs_option_quote *last = &market->options[end - 1];
    for (begin = end; begin > 0 && market->options[begin - 1].expiry == last->expiry;) {
      begin--;
    }
    slice_problem p;
    const qs_svi *after = made.count ? &slices[at].svi : NULL;
    if (!(last->years > 0) || !gather(market, begin, end, after, room, &p)) {
      continue;
    }
    qs_svi_slice *slice = &slices[--at];
    *slice = (qs_svi_slice){last->expiry, last->years, {0, 0, 0, 0, 0}, p.from, p.from + p.step * (GRID - 1)};
    status = fit_slice(context, scratch, &p, &slice->svi);
    check(&p, &slice->svi, &made);
    made.count++;
  }
  made.slices = slices + at;
  qs_arena_destroy(scratch);
  if (status == QS_OK) {
    *surface = made;
  }
  return status;
}

static qs_smile blend(const qs_smile *a, const qs_smile *b, double x) {
  return (qs_smile){a->w + x * (b->w - a->w), a->slope + x * (b->slope - a->slope),
                    a->curve + x * (b->curve - a->curve)};
}

qs_smile qs_svi_surface_smile(const qs_svi_surface *surface, double years, double k, double *rate) {
  static const qs_smile none = {0, 0, 0};
  size_t right = 0;
  while (right + 1 < surface->count && surface->slices[right].years < years) {
    right++;
  }
  const qs_svi_slice *last = &surface->slices[right];
  double begin = right ? surface->slices[right - 1].years : 0;
  qs_smile from = right ? qs_svi_smile(&surface->slices[right - 1].svi, k) : none;
  qs_smile to = qs_svi_smile(&last->svi, k);
  if (years > last->years) { /* beyond the last */
    begin = 0;
    from = none;
  }
  *rate = (to.w - from.w) / (last->years - begin);
  return blend(&from, &to, (years - begin) / (last->years - begin));
}

double qs_svi_local_variance(const qs_svi_surface *surface, double years, double k, bool *kept) {
  double rate, middle_rate;
  qs_smile smile = qs_svi_surface_smile(surface, years, k, &rate);
  qs_smile middle = qs_svi_surface_smile(surface, years, 0, &middle_rate);
  double level = middle.w / years;
  double found = rate / fmax(qs_smile_density(&smile, k), 1e-3);
  double inside = fmin(fmax(found, 0.01 * level), 100 * level);
  if (kept) {
    *kept = inside != found;
  }
  return inside;
}
