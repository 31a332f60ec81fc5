#include <math.h>

#include "host/market/build.h"

/* Index of the first node after `years`; node_count when there is none. */
static size_t first_after(const qs_curve *curve, double years) {
  size_t low = 0;
  size_t high = curve->node_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (curve->years[middle] > years) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

double qs_curve_forward(const qs_curve *curve, double years) {
  if (!(years > 0)) {
    return curve->spot;
  }
  if (curve->node_count == 0) {
    return curve->spot * exp(curve->carry * years);
  }
  size_t right = first_after(curve, years);
  if (right == curve->node_count) {
    right--;
  }
  double t0 = right > 0 ? curve->years[right - 1] : 0;
  double log0 = right > 0 ? curve->log_forward[right - 1] : log(curve->spot);
  double share = (years - t0) / (curve->years[right] - t0);
  return exp(log0 + share * (curve->log_forward[right] - log0));
}

/* Options are sorted: the last one has the last expiry. */
static qs_status warn_of_extrapolation(qs_context *context, qs_arena *arena, qs_underlying_market *market) {
  const qs_curve *curve = &market->curve;
  if (curve->node_count == 0 || market->option_count == 0) {
    return QS_OK;
  }
  double node = curve->years[curve->node_count - 1];
  double last = market->options[market->option_count - 1].years;
  if (last <= node) {
    return QS_OK;
  }
  double rate = log(qs_curve_forward(curve, last) / qs_curve_forward(curve, node)) / (last - node);
  return qs_market_warn(
      context, arena, &market->calibration,
      "options expire up to %.2f years after the last future: there the forward goes on at that "
      "segment's %.2f%% a year",
      last - node, 100 * rate);
}

qs_status qs_curve_build(qs_context *context, qs_arena *arena, qs_underlying_market *market) {
  qs_curve curve = {.spot = market->spot, .carry = market->spec->carry};
  if (isnan(market->spec->carry)) {
    curve.carry = 0;
    double *years = QS_NEW(arena, market->future_count, double);
    double *log_forward = QS_NEW(arena, market->future_count, double);
    if (!years || !log_forward) {
      return qs_fail_memory(context, "building the forward curve");
    }
    for (size_t i = 0; i < market->future_count; i++) {
      const qs_future *future = &market->futures[i];
      if (isnan(future->price)) {
        qs_status status = qs_market_warn(
            context, arena, &market->calibration,
            "%s has neither a two-sided quote nor a mark and is no node of the curve", future->instrument);
        if (status != QS_OK) {
          return status;
        }
        continue;
      }
      years[curve.node_count] = future->years;
      log_forward[curve.node_count++] = log(future->price);
    }
    curve.years = years;
    curve.log_forward = log_forward;
  }
  market->curve = curve;
  return warn_of_extrapolation(context, arena, market);
}
