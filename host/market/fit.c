#include "host/market/fit.h"

#include <math.h>

#include "host/market/black.h"
#include "host/market/fit_shift.h"
#include "host/market/implied_near.h"

static const double least_floor_price = 1e-6;
static const double floor_share = 0.01; /* of the mid's own time value */
static const double worst_error = 1e-7; /* of prices that miss their tolerance, to be used all the same */
static const size_t node_limit =
    16384; /* no model near a minimum needs a tenth of it; others are not worth more */

static size_t count_used(const qs_underlying_market *market, size_t *slices) {
  size_t used = 0;
  qs_time last = 0;
  *slices = 0;
  for (size_t i = 0; i < market->option_count; i++) {
    const qs_option_quote *option = &market->options[i];
    if (option->exclusion || !(option->weight > 0)) {
      continue;
    }
    *slices += used == 0 || option->expiry != last;
    last = option->expiry;
    used++;
  }
  return used;
}

/* Where the tangent takes over, of quote i. */
static void set_floor(qs_fit_problem *problem, size_t i, double years) {
  double k = problem->log_moneyness[i];
  double root = sqrt(years);
  double value = qs_black_out_of_the_money(k, problem->vol[i] * root);
  double price = fmin(least_floor_price, floor_share * value);
  double total = problem->vol[i] * root;
  (void)qs_black_implied_vol(k >= 0, k, price, &total);
  problem->floor_price[i] = price;
  problem->floor_vol[i] = total / root;
  problem->floor_slope[i] = 1 / (qs_black_vega(k, total) * root);
}

static void fill(const qs_underlying_market *market, qs_fit_problem *problem) {
  size_t n = 0;
  qs_time last = 0;
  for (size_t i = 0; i < market->option_count; i++) {
    const qs_option_quote *option = &market->options[i];
    if (option->exclusion || !(option->weight > 0)) {
      continue;
    }
    if (n == 0 || option->expiry != last) {
      problem->slices[problem->slice_count++] = (qs_fit_slice){option->years, n, n};
      last = option->expiry;
    }
    problem->option[n] = i;
    problem->log_moneyness[n] = log(option->strike / option->forward);
    problem->vol[n] = option->mid_vol;
    problem->weight[n] = option->weight;
    set_floor(problem, n, option->years);
    problem->slices[problem->slice_count - 1].end = ++n;
  }
}

qs_status qs_fit_problem_create(qs_context *context, qs_arena *arena, const qs_underlying_market *market,
                                qs_time as_of, qs_model_type type, bool shifted, qs_fit_problem *problem) {
  size_t slices = 0;
  size_t n = count_used(market, &slices);
  qs_fit_problem made = {.type = type, .quote_count = n, .shifted = shifted};
  made.residual_count = n + (shifted ? slices : 0);
  uint32_t used = qs_model_parameters(type);
  for (unsigned i = 0; i < QS_PARAMETER_COUNT; i++) {
    if (used >> i & 1) {
      made.parameter[made.parameter_count++] = (qs_parameter)i;
    }
  }
  made.residual_count += shifted ? made.parameter_count : 0;
  made.slices = QS_NEW(arena, slices, qs_fit_slice);
  made.added = QS_NEW(arena, slices, double);
  made.anchors = QS_NEW(arena, slices, qs_fit_anchor);
  made.option = QS_NEW(arena, n, size_t);
  double **arrays[] = {&made.log_moneyness, &made.vol,       &made.weight,
                       &made.floor_price,   &made.floor_vol, &made.floor_slope};
  bool complete = made.slices && made.added && made.anchors && made.option;
  for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) {
    *arrays[i] = QS_NEW(arena, made.residual_count, double);
    complete = complete && *arrays[i];
  }
  if (!complete) {
    return qs_fail_memory(context, "preparing a calibration");
  }
  fill(market, &made);
  for (size_t s = 0; s < made.slice_count; s++) {
    qs_time expiry = market->options[made.option[made.slices[s].begin]].expiry;
    made.added[s] = qs_shift_added(&market->shift, as_of, expiry);
  }
  if (shifted) {
    qs_fit_shift_anchor(&made);
  }
  *problem = made;
  return QS_OK;
}

qs_status qs_fit_workspace_create(qs_context *context, qs_arena *arena, const qs_fit_problem *problem,
                                  qs_fit_workspace *workspace) {
  size_t n = problem->quote_count, slices = problem->slice_count, k = problem->parameter_count;
  *workspace = (qs_fit_workspace){.active = QS_NEW(arena, slices, bool)};
  struct {
    double **array;
    size_t count;
  } arrays[] = {
      {&workspace->price, n},      {&workspace->gradient, n * k},      {&workspace->gamma, n},
      {&workspace->total, slices}, {&workspace->added, slices},        {&workspace->atm, slices},
      {&workspace->slope, slices}, {&workspace->total_by, slices * k}, {&workspace->added_by, slices * k},
      {&workspace->by_added, n}};
  bool complete = workspace->active;
  for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) {
    *arrays[i].array = QS_NEW(arena, arrays[i].count, double);
    complete = complete && *arrays[i].array;
  }
  return complete ? QS_OK : qs_fail_memory(context, "preparing a calibration");
}

double qs_fit_implied(const qs_fit_problem *problem, size_t i, double root, double call, double *slope) {
  double k = problem->log_moneyness[i];
  double price = k >= 0 ? call : call - 1 + exp(k);
  double total = 0;
  if (price >= problem->floor_price[i] && qs_implied_near(k, price, problem->vol[i] * root, &total)) {
    *slope = 1 / (qs_black_vega(k, total) * root);
    return total / root;
  }
  *slope = problem->floor_slope[i];
  return problem->floor_vol[i] + problem->floor_slope[i] * (price - problem->floor_price[i]);
}

bool qs_fit_price(const qs_model *model, double years, size_t count, const double *log_moneyness,
                  const qs_fourier_settings *settings, const qs_fourier_output *output) {
  qs_fourier_report report;
  qs_status status = qs_fourier_strip(model, years, count, log_moneyness, settings, output, &report);
  return status == QS_OK || (status == QS_ERROR_UNTRUSTED && report.error <= worst_error);
}

/* Adds what comes through the shift to the derivatives of a slice, and its penalty. */
static void add_shift(const qs_fit_problem *problem, size_t s, const qs_fit_workspace *workspace,
                      double *model_vol, double *jacobian) {
  const qs_fit_slice *slice = &problem->slices[s];
  size_t n = problem->residual_count, row = problem->quote_count + s, slices = problem->slice_count;
  double slope;
  model_vol[row] = qs_fit_shift_penalty(problem, s, workspace, &slope);
  if (!jacobian) {
    return;
  }
  qs_fit_shift_derive(problem, s, workspace, jacobian);
  for (size_t j = 0; j < problem->parameter_count; j++) {
    double total_by = workspace->total_by[j * slices + s];
    for (size_t i = slice->begin; i < slice->end; i++) {
      jacobian[j * n + i] += workspace->by_added[i] * total_by;
    }
    jacobian[j * n + row] = slope * workspace->added_by[j * slices + s];
  }
}

bool qs_fit_evaluate(const qs_fit_problem *problem, const qs_model *model, double tolerance,
                     const qs_fit_workspace *workspace, double *model_vol, double *jacobian) {
  qs_fourier_settings settings = qs_fourier_defaults();
  settings.tolerance = tolerance;
  settings.derivative_tolerance = 10 * tolerance;
  settings.node_limit = node_limit;
  size_t n = problem->quote_count;
  for (size_t s = 0; s < problem->slice_count; s++) {
    const qs_fit_slice *slice = &problem->slices[s];
    qs_fourier_output output = {.price = workspace->price + slice->begin};
    for (size_t j = 0; jacobian && j < problem->parameter_count; j++) {
      output.parameter[problem->parameter[j]] = workspace->gradient + j * n + slice->begin;
    }
    settings.added_variance = problem->added[s];
    if (problem->shifted) {
      output.gamma = workspace->gamma + slice->begin;
      if (!qs_fit_shift_solve(problem, model, s, &settings, workspace)) {
        return false;
      }
    }
    if (!qs_fit_price(model, slice->years, slice->end - slice->begin, problem->log_moneyness + slice->begin,
                      &settings, &output)) {
      return false;
    }
    double root = sqrt(slice->years);
    for (size_t i = slice->begin; i < slice->end; i++) {
      double slope = 0;
      model_vol[i] = qs_fit_implied(problem, i, root, workspace->price[i], &slope);
      workspace->by_added[i] = problem->shifted ? 0.5 * slope * workspace->gamma[i] : 0;
      for (size_t j = 0; jacobian && j < problem->parameter_count; j++) {
        jacobian[j * problem->residual_count + i] = slope * workspace->gradient[j * n + i];
      }
    }
    if (problem->shifted) {
      add_shift(problem, s, workspace, model_vol, jacobian);
    }
  }
  if (problem->shifted) {
    qs_fit_shift_prior(problem, model, model_vol, jacobian);
  }
  return true;
}

double qs_fit_objective(const qs_fit_problem *problem, const double *model_vol) {
  double sum = 0;
  for (size_t i = 0; i < problem->residual_count; i++) {
    double residual = problem->weight[i] * (model_vol[i] - problem->vol[i]);
    sum += residual * residual;
  }
  return sum;
}
