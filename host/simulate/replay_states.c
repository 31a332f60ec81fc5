#include "host/simulate/replay_states.h"

#include <math.h>

#include "host/history/forecast.h"
#include "host/history/realised.h"
#include "host/simulate/backtest.h"

enum { HOUR = 3600, DAY = 24 };
static const qs_forecast_run by_the_hour = {.refit = DAY, .horizon = DAY, .lag = {1, DAY, 5 * DAY}};

/* forecasts[hours]: of the day from each hour's begin on. */
static qs_status forecast(qs_context *context, qs_arena *scratch, const qs_price_record *record, size_t first,
                          size_t hours, qs_variance_state state, const double **forecasts) {
  const size_t bars = (size_t)(HOUR / record->bar_seconds);
  double *realised = QS_NEW(scratch, hours, double), *returns = QS_NEW(scratch, hours, double);
  double *made = QS_NEW(scratch, hours, double);
  if (!realised || !returns || !made) {
    return qs_fail_memory(context, "forecasting variances");
  }
  qs_realised_periods(record->prices, hours * bars + 1, bars, 1, realised, NULL);
  for (size_t k = 0; k < hours; k++) {
    returns[k] = log(record->prices[(k + 1) * bars] / record->prices[k * bars]);
  }
  qs_forecast_run run = by_the_hour;
  run.returns = returns;
  run.variances = realised;
  run.count = hours;
  run.first = first;
  const qs_forecast_method method = (qs_forecast_method)((int)QS_FORECAST_LAST + (int)state - QS_STATE_LAST);
  size_t unconverged;
  qs_status status = qs_forecast_series(context, &run, method, made, &unconverged);
  *forecasts = made;
  return status;
}

static qs_status update(qs_context *context, qs_arena *scratch, const qs_policy_problem *problem,
                        const qs_price_record *record, const size_t *bar, qs_variance_state state,
                        double *variance) {
  const size_t count = problem->date_count, bars = (size_t)(HOUR / record->bar_seconds);
  const size_t whole = (record->count - 1) / bars, last = bar[count - 1] / bars;
  const size_t hours = last + 1 < whole ? last + 1 : whole; /* later ones are nobody's business */
  double *at = QS_NEW(scratch, count, double);
  const double *forecasts = NULL;
  qs_status status = at ? forecast(context, scratch, record, bar[0] / bars, hours, state, &forecasts)
                        : qs_fail_memory(context, "forecasting variances");
  for (size_t d = 0; !status && d < count; d++) {
    const size_t hour = bar[d] / bars;
    at[d] = forecasts[hour < hours ? hour : hours - 1];
    if (!(at[d] > 0 && isfinite(at[d]))) {
      status = qs_fail(context, QS_ERROR_INPUT,
                       "backtest.variance: %s forecasts %g on date %zu; must be above 0: do prices move?",
                       qs_variance_state_name(state), at[d], d);
    }
  }
  if (!status) {
    qs_backtest_states(problem->model->value[QS_V0], at, count, variance);
  }
  return status;
}

qs_status qs_replay_states(qs_context *context, const qs_policy_problem *problem,
                           const qs_price_record *record, const size_t *bar, qs_variance_state state,
                           double *variance) {
  if (state == QS_STATE_EXPECTED) {
    qs_backtest_expected(problem, variance);
    return QS_OK;
  }
  qs_arena *scratch = qs_arena_create(context);
  qs_status status = scratch ? update(context, scratch, problem, record, bar, state, variance)
                             : qs_fail_memory(context, "forecasting variances");
  qs_arena_destroy(scratch);
  return status;
}
