#include "host/market/fit_shift.h"

#include <math.h>
#include <string.h>

#include "host/market/black.h"
#include "host/market/fit_range.h"

enum { STEPS = 16, K = QS_FIT_MAX_PARAMETERS };

static const double met = 1e-9;              /* volatility */
static const double target_step = 1e-4;      /* of the central differences in volatilities at the money */
static const double price_tolerance = 1e-11; /* of the report */

void qs_fit_shift_anchor(qs_fit_problem *problem) {
  for (size_t s = 0; s < problem->slice_count; s++) {
    const qs_fit_slice *slice = &problem->slices[s];
    const double *k = problem->log_moneyness;
    size_t right = slice->begin;
    while (right + 1 < slice->end && k[right] < 0) {
      right++;
    }
    size_t left = right > slice->begin && k[right] > 0 ? right - 1 : right;
    double weight = left < right && k[left] < 0 ? -k[left] / (k[right] - k[left]) : 1;
    qs_fit_anchor *anchor = &problem->anchors[s];
    *anchor = (qs_fit_anchor){{left, right}, {1 - weight, weight}, 0};
    anchor->vol = (1 - weight) * problem->vol[left] + weight * problem->vol[right];
    problem->weight[problem->quote_count + s] = QS_SHIFT_PENALTY;
    problem->vol[problem->quote_count + s] = 0;
  }
}

static size_t prior_row(const qs_fit_problem *problem, size_t j) {
  return problem->quote_count + problem->slice_count + j;
}

void qs_fit_shift_centre(qs_fit_problem *problem, const qs_model *about) {
  for (size_t j = 0; j < problem->parameter_count; j++) {
    size_t row = prior_row(problem, j);
    problem->weight[row] = QS_SHIFT_PRIOR;
    problem->vol[row] = qs_fit_to_search(problem->parameter[j], about->value[problem->parameter[j]]);
  }
}

void qs_fit_shift_prior(const qs_fit_problem *problem, const qs_model *model, double *model_vol,
                        double *jacobian) {
  for (size_t j = 0; j < problem->parameter_count; j++) {
    size_t row = prior_row(problem, j);
    double slope, u = qs_fit_to_search(problem->parameter[j], model->value[problem->parameter[j]]);
    (void)qs_fit_from_search(problem->parameter[j], u, &slope);
    model_vol[row] = u;
    for (size_t k = 0; jacobian && k < problem->parameter_count; k++) {
      jacobian[k * problem->residual_count + row] = k == j ? 1 / slope : 0;
    }
  }
}

/* The model's volatility at the money with the added variance of the settings, and its derivative to that. */
static bool at_the_money(const qs_fit_problem *problem, const qs_model *model, size_t s,
                         const qs_fourier_settings *settings, double *vol, double *slope) {
  const qs_fit_anchor *anchor = &problem->anchors[s];
  double k[2], price[2], gamma[2], root = sqrt(problem->slices[s].years);
  for (int i = 0; i < 2; i++) {
    k[i] = problem->log_moneyness[anchor->quote[i]];
  }
  qs_fourier_output output = {.price = price, .gamma = gamma};
  if (!qs_fit_price(model, problem->slices[s].years, 2, k, settings, &output)) {
    return false;
  }
  *vol = *slope = 0;
  for (int i = 0; i < 2; i++) {
    double by_price;
    *vol += anchor->weight[i] * qs_fit_implied(problem, anchor->quote[i], root, price[i], &by_price);
    *slope += anchor->weight[i] * by_price * 0.5 * gamma[i];
  }
  return *slope > 0 && isfinite(*slope);
}

/* Years between the slice and the one before. */
static double piece_years(const qs_fit_problem *problem, size_t s) {
  return problem->slices[s].years - (s ? problem->slices[s - 1].years : 0);
}

/* The market's own level of the piece's variance. */
static double level(const qs_fit_problem *problem, size_t s) {
  return problem->anchors[s].vol * problem->anchors[s].vol * piece_years(problem, s);
}

bool qs_fit_shift_solve(const qs_fit_problem *problem, const qs_model *model, size_t s,
                        qs_fourier_settings *settings, const qs_fit_workspace *workspace) {
  double before = s ? workspace->total[s - 1] : 0, years = problem->slices[s].years;
  double target = problem->anchors[s].vol, vol, slope;
  settings->added_variance = before;
  if (!at_the_money(problem, model, s, settings, &vol, &slope)) {
    return false;
  }
  workspace->active[s] = vol < target;
  workspace->added[s] = (target - vol) / slope;
  /* Newton's method in the total variance, in which the answer is next to linear. */
  for (int step = 0; workspace->active[s] && fabs(vol - target) > met; step++) {
    double next =
        settings->added_variance + (target * target - vol * vol) / (2 * fmax(vol, 0.1 * target) * slope);
    settings->added_variance = fmin(fmax(next, before), before + 4 * target * target * years);
    if (step == STEPS || !at_the_money(problem, model, s, settings, &vol, &slope)) {
      return false;
    }
    workspace->added[s] = settings->added_variance - before;
  }
  workspace->total[s] = settings->added_variance;
  workspace->atm[s] = vol;
  return true;
}

void qs_fit_shift_derive(const qs_fit_problem *problem, size_t s, const qs_fit_workspace *workspace,
                         const double *jacobian) {
  const qs_fit_anchor *anchor = &problem->anchors[s];
  size_t n = problem->residual_count, slices = problem->slice_count;
  double slope = 0;
  for (int i = 0; i < 2; i++) {
    slope += anchor->weight[i] * workspace->by_added[anchor->quote[i]];
  }
  workspace->slope[s] = slope;
  for (size_t j = 0; j < problem->parameter_count; j++) {
    double direct = 0, before = s ? workspace->total_by[j * slices + s - 1] : 0;
    for (int i = 0; i < 2; i++) {
      direct += anchor->weight[i] * jacobian[j * n + anchor->quote[i]];
    }
    double met_by = -direct / slope;
    workspace->total_by[j * slices + s] = workspace->active[s] ? met_by : before;
    workspace->added_by[j * slices + s] = met_by - before;
  }
}

double qs_fit_shift_penalty(const qs_fit_problem *problem, size_t s, const qs_fit_workspace *workspace,
                            double *slope) {
  double share = workspace->added[s] / level(problem, s);
  *slope = share < QS_SHIFT_MARGIN ? 1 / level(problem, s) : 0;
  return fmin(share - QS_SHIFT_MARGIN, 0);
}

/* ---- the report ---- */

typedef struct reporter {
  const qs_fit_problem *problem;
  const qs_fit_descent *descent;
  const qs_model *model;
  const qs_fit_curvature *curvature;
  double *by_target; /* [QS_PARAMETER_COUNT + slices][slices] */
} reporter;

/* Half the gradient in the free parameters z with one volatility at the money moved. */
static bool gradient_at(const reporter *r, size_t s, double move, double *z) {
  const qs_fit_problem *p = r->problem;
  const qs_fit_curvature *c = r->curvature;
  double gradient[K];
  p->anchors[s].vol += move;
  bool priced = qs_fit_evaluate(p, r->model, price_tolerance, &r->descent->workspace, r->descent->model_vol,
                                r->descent->jacobian);
  p->anchors[s].vol -= move;
  qs_fit_half_gradient(p, r->descent->model_vol, r->descent->jacobian, gradient);
  for (size_t a = 0; a < c->free_count; a++) {
    z[a] = gradient[c->free[a]] * c->scale[c->free[a]];
  }
  return priced;
}

/* The parameters' derivatives to every volatility at the money; columns of by_target. */
static bool move_targets(const reporter *r) {
  const qs_fit_problem *p = r->problem;
  const qs_fit_curvature *c = r->curvature;
  for (size_t s = 0; s < p->slice_count; s++) {
    double up[K] = {0}, down[K] = {0}, z[K] = {0};
    if (!gradient_at(r, s, target_step, up) || !gradient_at(r, s, -target_step, down)) {
      return false;
    }
    for (size_t a = 0; a < c->free_count; a++) {
      up[a] = -(up[a] - down[a]) / (2 * target_step);
    }
    qs_fit_curvature_solve(c, up, z);
    for (size_t a = 0; a < c->free_count; a++) {
      size_t row = p->parameter[c->free[a]];
      r->by_target[row * p->slice_count + s] = z[a] * c->scale[c->free[a]];
    }
  }
  return true;
}

/* d total added variance up to slice s / d volatility at the money of slice t, the parameters fixed. */
static double total_by_target(const qs_fit_workspace *w, size_t s, size_t t) {
  size_t last = s;
  while (last > 0 && !w->active[last]) {
    last--;
  }
  return w->active[last] && last == t ? 1 / w->slope[t] : 0;
}

/* Rows of phi from those of the parameters: in `columns` columns, with the direct part of column i given. */
static void follow(const reporter *r, size_t columns, size_t i, const double *direct, double *table) {
  const qs_fit_problem *p = r->problem;
  const qs_fit_workspace *w = &r->descent->workspace;
  double before = 0;
  for (size_t s = 0; s < p->slice_count; s++) {
    double total = direct ? direct[s] : 0;
    for (size_t j = 0; j < p->parameter_count; j++) {
      total += w->total_by[j * p->slice_count + s] * table[p->parameter[j] * columns + i];
    }
    table[(QS_PARAMETER_COUNT + s) * columns + i] = (total - before) / piece_years(p, s);
    before = total;
  }
}

/* What the priors' centres add to the parameters' and the pieces' variances. */
static void add_prior(const reporter *r, double *column, double *variance) {
  const qs_fit_problem *p = r->problem;
  const qs_fit_curvature *c = r->curvature;
  for (size_t k = 0; k < p->parameter_count; k++) {
    size_t row = prior_row(p, k);
    double b[K] = {0}, z[K];
    for (size_t a = 0; a < c->free_count; a++) {
      b[a] =
          p->weight[row] * r->descent->jacobian[c->free[a] * p->residual_count + row] * c->scale[c->free[a]];
    }
    qs_fit_curvature_solve(c, b, z);
    memset(column, 0, (QS_PARAMETER_COUNT + p->slice_count) * sizeof *column);
    for (size_t a = 0; a < c->free_count; a++) {
      column[p->parameter[c->free[a]]] = z[a] * c->scale[c->free[a]];
    }
    follow(r, 1, 0, NULL, column);
    for (size_t i = 0; i < QS_PARAMETER_COUNT + p->slice_count; i++) {
      variance[i] += column[i] * column[i];
    }
  }
}

static void std_errors(const reporter *r, const double *model_vol, const double *by_prior,
                       const qs_fit_shift_result *result) {
  const qs_fit_problem *p = r->problem;
  size_t n = p->quote_count;
  for (size_t row = 0; row < p->parameter_count + p->slice_count; row++) {
    bool piece = row >= p->parameter_count;
    size_t at = piece ? QS_PARAMETER_COUNT + row - p->parameter_count : (size_t)p->parameter[row];
    const double *by = result->by_quote + at * n;
    double variance = by_prior[at];
    for (size_t i = 0; i < n; i++) {
      double error = model_vol[i] - p->vol[i], half = 1 / p->weight[i];
      variance += by[i] * by[i] * (error * error + half * half / 12);
    }
    bool held = !piece && r->curvature->hold[row] != QS_FIT_FREE;
    result->std_error[row] = held ? NAN : sqrt(variance);
  }
}

qs_status qs_fit_shift_report(qs_context *context, qs_arena *arena, const qs_fit_problem *problem,
                              const qs_fit_descent *descent, const qs_model *model,
                              const qs_fit_curvature *curvature, qs_fit_shift_result *result) {
  size_t n = problem->quote_count, slices = problem->slice_count, rows = QS_PARAMETER_COUNT + slices;
  const qs_fit_workspace *w = &descent->workspace;
  reporter r = {problem, descent, model, curvature, QS_NEW(arena, rows * slices, double)};
  double *direct = QS_NEW(arena, slices, double), *column = QS_NEW(arena, rows, double);
  double *by_prior = QS_NEW(arena, rows, double);
  result->by_quote = QS_NEW(arena, rows * n, double);
  result->std_error = QS_NEW(arena, problem->parameter_count + slices, double);
  result->phi = QS_NEW(arena, slices, double);
  if (!r.by_target || !direct || !column || !by_prior || !result->by_quote || !result->std_error ||
      !result->phi) {
    return qs_fail_memory(context, "reporting a calibration");
  }
  bool priced = move_targets(&r) &&
                qs_fit_evaluate(problem, model, price_tolerance, w, descent->model_vol, descent->jacobian);
  if (!priced) {
    return qs_fail(context, QS_ERROR_INTERNAL, "a fitted model cannot be priced");
  }
  qs_fit_by_quote(problem, curvature, descent->jacobian, result->by_quote);
  for (size_t i = 0; i < n; i++) {
    follow(&r, n, i, NULL, result->by_quote);
  }
  for (size_t t = 0; t < slices; t++) {
    for (size_t s = 0; s < slices; s++) {
      direct[s] = total_by_target(w, s, t);
    }
    follow(&r, slices, t, direct, r.by_target);
    for (int a = 0; a < 2; a++) {
      size_t quote = problem->anchors[t].quote[a];
      for (size_t row = 0; row < rows; row++) {
        result->by_quote[row * n + quote] += problem->anchors[t].weight[a] * r.by_target[row * slices + t];
      }
    }
  }
  add_prior(&r, column, by_prior);
  std_errors(&r, descent->model_vol, by_prior, result);
  for (size_t s = 0; s < slices; s++) {
    result->phi[s] = (w->total[s] - (s ? w->total[s - 1] : 0)) / piece_years(problem, s);
  }
  return QS_OK;
}
