#include "host/market/fit_report.h"

#include <math.h>
#include <string.h>

#include "host/market/build.h"
#include "host/market/fit_range.h"
#include "host/market/fit_shift.h"
#include "host/market/time.h"

static const double price_tolerance = 1e-11;
static const double poor_spreads = 3; /* typical error that is worth a warning */
static const double max_lost_share = 0.1;
static const double wide_share = 0.125; /* of its range: a standard error beyond it says nothing */

size_t qs_fit_least_quotes(const qs_fit_problem *problem) {
  return 2 * problem->parameter_count + (problem->shifted ? problem->slice_count : 0);
}

static bool inside(const qs_option_quote *option, double vol) {
  return vol <= option->ask_vol && (isnan(option->bid_vol) || vol >= option->bid_vol);
}

/* Quotes and expiries: errors in volatility, and shares between bid and ask. */
static qs_status report_quotes(qs_context *context, qs_arena *arena, const qs_fit_problem *problem,
                               const double *model_vol, qs_underlying_market *market) {
  qs_calibration_result *result = &market->calibration;
  qs_quote_fit *fits = QS_NEW(arena, problem->quote_count, qs_quote_fit);
  qs_expiry_fit *expiries = QS_NEW(arena, problem->slice_count, qs_expiry_fit);
  if (!fits || !expiries) {
    return qs_fail_memory(context, "reporting a calibration");
  }
  double squares = 0, objective = 0;
  size_t hits = 0;
  for (size_t s = 0; s < problem->slice_count; s++) {
    const qs_fit_slice *slice = &problem->slices[s];
    const qs_option_quote *first = &market->options[problem->option[slice->begin]];
    double here = 0;
    size_t hits_here = 0;
    for (size_t i = slice->begin; i < slice->end; i++) {
      const qs_option_quote *option = &market->options[problem->option[i]];
      double error = model_vol[i] - problem->vol[i];
      here += error * error;
      objective += problem->weight[i] * error * (problem->weight[i] * error);
      hits_here += inside(option, model_vol[i]);
      fits[i] = (qs_quote_fit){option->quote->instrument, option->expiry, option->strike,
                               option->mid_vol,           model_vol[i],   option->bid_vol,
                               option->ask_vol,           option->weight};
    }
    double count = (double)(slice->end - slice->begin);
    expiries[s] = (qs_expiry_fit){first->expiry, first->forward, slice->end - slice->begin,
                                  100 * sqrt(here / count), (double)hits_here / count};
    squares += here;
    hits += hits_here;
  }
  double count = (double)problem->quote_count;
  result->rmse_vol_points = problem->quote_count ? 100 * sqrt(squares / count) : NAN;
  result->inside_bid_ask = problem->quote_count ? (double)hits / count : NAN;
  result->objective = objective;
  result->quotes_used = problem->quote_count;
  result->fits = fits;
  result->fit_count = problem->quote_count;
  result->expiries = expiries;
  result->expiry_count = problem->slice_count;
  double spreads = sqrt(result->objective / count);
  if (spreads > poor_spreads) {
    return qs_market_warn(context, arena, result,
                          "the typical error is %.3g times the spread: %s does not follow this smile",
                          spreads, qs_model_name(problem->type));
  }
  return QS_OK;
}

/* Adds a reason not to trust the fit. */
static qs_status distrust(qs_context *context, qs_arena *arena, qs_calibration_result *result,
                          const char *reason) {
  result->trusted = false;
  result->why = result->why ? qs_arena_printf(arena, "%s; %s", result->why, reason) : reason;
  return result->why ? QS_OK : qs_fail_memory(context, "reporting a calibration");
}

/* An end of the range at which a search stopped: a warning where it is the parameter's own end, else not to
 * be trusted.
 */
static qs_status report_end(qs_context *context, qs_arena *arena, qs_parameter parameter, bool low,
                            qs_calibration_result *result) {
  const qs_fit_range *range = qs_fit_range_of(parameter);
  const char *text =
      qs_arena_printf(arena, "%s is at the %s end of its range, %g", qs_parameter_name(parameter),
                      low ? "lower" : "upper", range->offset + (low ? range->low : range->high));
  if (!text) {
    return qs_fail_memory(context, "reporting a calibration");
  }
  if (low ? range->natural_low : range->natural_high) {
    return qs_market_warn(context, arena, result, "%s, and has no standard error", text);
  }
  return distrust(context, arena, result, text);
}

/* Whether the quotes tell the parameter; says so where they do not. */
static qs_status report_parameter(qs_context *context, qs_arena *arena, const qs_fit_problem *problem,
                                  const qs_fit_curvature *curvature, size_t j, qs_parameter_result *out,
                                  qs_calibration_result *result) {
  const char *name = qs_parameter_name(out->parameter);
  const qs_fit_range *range = qs_fit_range_of(problem->parameter[j]);
  double wide = range->logarithmic ? out->estimate - range->offset : wide_share * (range->high - range->low);
  out->identified = false;
  switch (curvature->hold[j]) {
  case QS_FIT_AT_LOW:
  case QS_FIT_AT_HIGH:
    return report_end(context, arena, out->parameter, curvature->hold[j] == QS_FIT_AT_LOW, result);
  case QS_FIT_MUTE:
    return qs_market_warn(context, arena, result, "%s is not identified: no quote moves with it", name);
  case QS_FIT_FREE:
    break;
  }
  if (qs_fit_lost_share(curvature, j) > max_lost_share) {
    return qs_market_warn(
        context, arena, result,
        "%s is not identified: together with other parameters it moves without moving any quote", name);
  }
  if (!(out->std_error <= wide)) {
    return qs_market_warn(context, arena, result,
                          "%s is hardly identified: %.4g with a standard error of %.2g", name, out->estimate,
                          out->std_error);
  }
  out->identified = true;
  return QS_OK;
}

/* Without a curvature the model was not fitted: every parameter gets the standard error `otherwise`, 0 for a
 * given one and NaN for a stand-in. */
static qs_status report_parameters(qs_context *context, qs_arena *arena, const qs_fit_problem *problem,
                                   const qs_fit_curvature *curvature, const double *std_error,
                                   double otherwise, const qs_model *model, qs_calibration_result *result) {
  qs_parameter_result *parameters = QS_NEW(arena, problem->parameter_count, qs_parameter_result);
  if (!parameters) {
    return qs_fail_memory(context, "reporting a calibration");
  }
  result->parameters = parameters;
  result->parameter_count = problem->parameter_count;
  for (size_t j = 0; j < problem->parameter_count; j++) {
    qs_parameter parameter = problem->parameter[j];
    parameters[j] = (qs_parameter_result){parameter, model->value[parameter], otherwise, otherwise == 0};
    if (curvature) {
      parameters[j].std_error = std_error[j];
      qs_status status = report_parameter(context, arena, problem, curvature, j, &parameters[j], result);
      if (status != QS_OK) {
        return status;
      }
    }
  }
  return QS_OK;
}

/* The fitted shift and the sensitivities that go with it; its parameters' standard errors to std_error. */
static qs_status report_shift(qs_context *context, qs_arena *arena, const qs_fit_problem *problem,
                              const qs_fit_descent *descent, const qs_fit_curvature *curvature,
                              double *std_error, qs_underlying_market *market) {
  qs_calibration_result *result = &market->calibration;
  const qs_fit_workspace *w = &descent->workspace;
  size_t slices = problem->slice_count;
  qs_fit_shift_result fitted;
  qs_status status =
      qs_fit_shift_report(context, arena, problem, descent, &market->model, curvature, &fitted);
  qs_shift_piece *pieces = QS_NEW(arena, slices, qs_shift_piece);
  qs_shift_result *list = QS_NEW(arena, slices, qs_shift_result);
  if (status == QS_OK && (!pieces || !list)) {
    status = qs_fail_memory(context, "reporting a calibration");
  }
  for (size_t s = 0; status == QS_OK && s < slices; s++) {
    qs_time expiry = market->options[problem->option[problem->slices[s].begin]].expiry;
    pieces[s] = (qs_shift_piece){expiry, fitted.phi[s]};
    list[s] = (qs_shift_result){expiry, fitted.phi[s], fitted.std_error[problem->parameter_count + s],
                                problem->anchors[s].vol, w->atm[s]};
    if (!w->active[s]) {
      char text[QS_TIME_TEXT];
      qs_time_format(expiry, text);
      status =
          qs_market_warn(context, arena, result,
                         "the shift up to %s is 0: volatility at the money there is missed by %.3g points",
                         text, 100 * (w->atm[s] - problem->anchors[s].vol));
    }
  }
  if (status != QS_OK) {
    return status;
  }
  memcpy(std_error, fitted.std_error, problem->parameter_count * sizeof *std_error);
  market->shift = (qs_shift){slices, pieces};
  result->shift = list;
  result->shift_count = slices;
  market->parameter_by_quote = fitted.by_quote;
  market->sensitivity_option = problem->option;
  market->sensitivity_count = problem->quote_count;
  return QS_OK;
}

static qs_status report_sensitivities(qs_context *context, qs_arena *arena, const qs_fit_problem *problem,
                                      const qs_fit_curvature *curvature, const double *jacobian,
                                      qs_underlying_market *market) {
  double *by_quote = QS_NEW(arena, QS_PARAMETER_COUNT * problem->quote_count, double);
  if (!by_quote) {
    return qs_fail_memory(context, "reporting a calibration");
  }
  qs_fit_by_quote(problem, curvature, jacobian, by_quote);
  market->parameter_by_quote = by_quote;
  market->sensitivity_option = problem->option;
  market->sensitivity_count = problem->quote_count;
  return QS_OK;
}

qs_status qs_fit_report(qs_context *context, qs_arena *arena, const qs_fit_problem *problem,
                        const qs_fit_descent *descent, const qs_fit_outcome *outcome,
                        const qs_fit_curvature *curvature, qs_underlying_market *market) {
  qs_calibration_result *result = &market->calibration;
  double std_error[QS_FIT_MAX_PARAMETERS];
  market->model = outcome->model;
  result->model = outcome->model;
  result->calibrated = true;
  result->trusted = true;
  if (!qs_fit_evaluate(problem, &outcome->model, price_tolerance, &descent->workspace, descent->model_vol,
                       descent->jacobian)) {
    return qs_fail(context, QS_ERROR_INTERNAL, "the fitted model of %s cannot be priced", market->name);
  }
  qs_status status = QS_OK;
  if (problem->shifted) {
    status = report_shift(context, arena, problem, descent, curvature, std_error, market);
  } else {
    qs_fit_std_errors(problem, curvature, descent->model_vol, descent->jacobian, std_error);
    status = report_sensitivities(context, arena, problem, curvature, descent->jacobian, market);
  }
  if (status == QS_OK) {
    status = report_quotes(context, arena, problem, descent->model_vol, market);
  }
  if (status == QS_OK && !outcome->converged) {
    status = distrust(context, arena, result, "the search did not converge");
  }
  if (status == QS_OK && problem->quote_count < qs_fit_least_quotes(problem)) {
    const char *text = qs_arena_printf(arena, "too few quotes: %zu where %s needs %zu", problem->quote_count,
                                       qs_model_name(problem->type), qs_fit_least_quotes(problem));
    status =
        text ? distrust(context, arena, result, text) : qs_fail_memory(context, "reporting a calibration");
  }
  if (status == QS_OK) {
    status = report_parameters(context, arena, problem, curvature, std_error, 0, &outcome->model, result);
  }
  return status;
}

qs_status qs_fit_report_given(qs_context *context, qs_arena *arena, const qs_fit_problem *problem,
                              const qs_fit_descent *descent, qs_underlying_market *market) {
  qs_calibration_result *result = &market->calibration;
  result->model = market->model;
  qs_status status = report_parameters(context, arena, problem, NULL, NULL, 0, &market->model, result);
  if (status != QS_OK || problem->quote_count == 0) {
    result->rmse_vol_points = result->inside_bid_ask = result->objective = NAN;
    return status;
  }
  if (!qs_fit_evaluate(problem, &market->model, price_tolerance, &descent->workspace, descent->model_vol,
                       NULL)) {
    result->rmse_vol_points = result->inside_bid_ask = result->objective = NAN;
    return qs_market_warn(context, arena, result, "the given model cannot price every quote");
  }
  return report_quotes(context, arena, problem, descent->model_vol, market);
}

qs_status qs_fit_report_failure(qs_context *context, qs_arena *arena, const qs_fit_problem *problem,
                                const qs_model *model, const char *why, qs_underlying_market *market) {
  qs_calibration_result *result = &market->calibration;
  market->model = *model;
  result->model = *model;
  result->rmse_vol_points = result->inside_bid_ask = result->objective = NAN;
  result->quotes_used = problem->quote_count;
  qs_status status = distrust(context, arena, result, why);
  return status == QS_OK ? report_parameters(context, arena, problem, NULL, NULL, NAN, model, result)
                         : status;
}
