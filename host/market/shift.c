#include "host/market/shift.h"

#include <math.h>

#include "host/market/build.h"
#include "host/market/time.h"

static const double max_variance = 100; /* a volatility of 1000% */
static const double max_years = 100;

qs_time qs_shift_end(const qs_shift_spec *spec, qs_time as_of) {
  return spec->expiry ? spec->expiry : as_of + (qs_time)llround(spec->expiry_years * QS_SECONDS_PER_YEAR);
}

double qs_shift_years(const qs_shift *shift, size_t piece, qs_time from, qs_time to) {
  qs_time begin = piece ? shift->pieces[piece - 1].end : from;
  qs_time end = piece + 1 < shift->count ? shift->pieces[piece].end : to;
  begin = begin > from ? begin : from;
  end = end < to ? end : to;
  return end > begin ? qs_time_years(begin, end) : 0;
}

double qs_shift_added(const qs_shift *shift, qs_time from, qs_time to) {
  double sum = 0;
  for (size_t i = 0; i < shift->count; i++) {
    sum += shift->pieces[i].variance * qs_shift_years(shift, i, from, to);
  }
  return sum;
}

static qs_status check_piece(qs_context *context, const char *place, qs_time as_of, const qs_shift_spec *spec,
                             size_t i, qs_time before, qs_time *end) {
  bool by_years = !isnan(spec->expiry_years);
  if (by_years == (spec->expiry != 0)) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "%s: model.shift[%zu].expiry: exactly one of expiry and expiry_years must be given", place,
                   i);
  }
  if (by_years && !(spec->expiry_years > 0 && spec->expiry_years <= max_years)) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "%s: model.shift[%zu].expiry_years: %.10g; must be greater than 0 and at most %g", place,
                   i, spec->expiry_years, max_years);
  }
  *end = qs_shift_end(spec, as_of);
  if (*end <= before) {
    return qs_fail(context, QS_ERROR_INPUT, "%s: model.shift[%zu].expiry: must be after %s", place, i,
                   i ? "the expiry before it" : "as_of");
  }
  if (!(spec->variance >= 0 && spec->variance <= max_variance)) {
    return qs_fail(context, QS_ERROR_INPUT, "%s: model.shift[%zu].variance: %.10g; must be in [0, %g]", place,
                   i, spec->variance, max_variance);
  }
  return QS_OK;
}

qs_status qs_shift_build(qs_context *context, qs_arena *arena, const char *place, qs_time as_of,
                         qs_underlying_market *market) {
  const qs_underlying_spec *spec = market->spec;
  if (spec->fit_shift && !spec->calibrate) {
    return qs_fail(context, QS_ERROR_INPUT, "%s: model.shift: true needs calibrate: true", place);
  }
  if (spec->shift_count && spec->calibrate) {
    return qs_fail(context, QS_ERROR_INPUT, "%s: model.shift: a given shift needs given parameters", place);
  }
  if (spec->shift_count > QS_MAX_SHIFT_PIECES) {
    return qs_fail(context, QS_ERROR_INPUT, "%s: model.shift: %zu pieces; at most %d", place,
                   spec->shift_count, QS_MAX_SHIFT_PIECES);
  }
  qs_shift_piece *pieces = QS_NEW(arena, spec->shift_count, qs_shift_piece);
  qs_shift_result *results = QS_NEW(arena, spec->shift_count, qs_shift_result);
  if (!pieces || !results) {
    return qs_fail_memory(context, "building the market");
  }
  for (size_t i = 0; i < spec->shift_count; i++) {
    qs_time before = i ? pieces[i - 1].end : as_of;
    qs_status status = check_piece(context, place, as_of, &spec->shift[i], i, before, &pieces[i].end);
    if (status != QS_OK) {
      return status;
    }
    pieces[i].variance = spec->shift[i].variance;
    results[i] = (qs_shift_result){pieces[i].end, pieces[i].variance, 0, NAN, NAN};
  }
  market->shift = (qs_shift){spec->shift_count, pieces};
  market->calibration.shift = results;
  market->calibration.shift_count = spec->shift_count;
  return QS_OK;
}
