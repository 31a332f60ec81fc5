#include "host/engine/grid.h"

#include <math.h>

#include "host/market/time.h"

enum {
  QUARTER = QS_SECONDS_PER_DAY / 4,
  MAX_LEVEL = 5,         /* 32 quarters, 8 days */
  CONSTANT_LEVEL = 15,   /* marks the draws of a grid with constant steps */
  LEVEL_SHIFT = 26,      /* a draw block is level << 26 | block; quarters since 1970 need 18 bits */
  STEPS_PER_DISTANCE = 8 /* a step is at most this part of the distance already covered */
};

/* Longest step of the model in quarters. Measured (bench/results): with Feller's condition violated finer
 * steps make Greeks noisier and change no price beyond noise. A step expects at most .05 jumps: svcj draws at
 * most one of the variance in a step, and the others are exact up to three. */
static int64_t longest_step(const qs_model *model) {
  double jumps_per_quarter = model->value[QS_LAMBDA] / (4 * 365);
  switch (model->type) {
  case QS_MODEL_GBM:
  case QS_MODEL_HESTON:
    return 16;
  case QS_MODEL_MERTON:
  case QS_MODEL_KOU:
  case QS_MODEL_BATES:
  case QS_MODEL_SVCJ: {
    int64_t length = 16;
    while (length > 1 && (double)length * jumps_per_quarter > 0.05) {
      length /= 2;
    }
    return length;
  }
  case QS_MODEL_COUNT:
    break;
  }
  return 4;
}

static int64_t floor_divide(int64_t a, int64_t b) {
  return a / b - (a % b < 0);
}

static qs_step make_step(qs_time from, qs_time to, uint32_t level, int64_t index) {
  qs_step step;
  step.years = qs_time_years(from, to);
  step.draw_block = level << LEVEL_SHIFT | ((uint32_t)(index >> 2) & ((1u << LEVEL_SHIFT) - 1));
  step.draw_word = (uint32_t)(index & 3);
  return step;
}

/* The calendar step that begins at `from`: its end and its draws. */
typedef struct calendar_step {
  qs_time end;
  uint32_t level;
  int64_t index;
} calendar_step;

static calendar_step next_calendar_step(const qs_model *model, qs_time as_of, qs_time from) {
  int64_t quarter = floor_divide(from - QS_EXPIRY_SECOND, QUARTER);
  int64_t most = longest_step(model);
  int64_t covered = (from - as_of) / QUARTER;
  uint32_t level = 0;
  while (level < MAX_LEVEL && (2ll << level) <= most && (2ll << level) * STEPS_PER_DISTANCE <= covered &&
         quarter % (2ll << level) == 0) {
    level++;
  }
  int64_t index = quarter >> level;
  calendar_step step = {(index + 1) * ((int64_t)1 << level) * QUARTER + QS_EXPIRY_SECOND, level, index};
  return step;
}

static calendar_step next_constant_step(qs_time as_of, qs_time from, double step_days) {
  double seconds = step_days * QS_SECONDS_PER_DAY;
  int64_t index = (int64_t)floor((double)(from - as_of) / seconds + 0.5);
  calendar_step step = {as_of + (qs_time)llround((double)(index + 1) * seconds), CONSTANT_LEVEL, index};
  if (step.end <= from) {
    step.end = from + 1;
  }
  return step;
}

static calendar_step next_step(const qs_model *model, qs_time as_of, qs_time from, double step_days) {
  return isnan(step_days) ? next_calendar_step(model, as_of, from)
                          : next_constant_step(as_of, from, step_days);
}

qs_status qs_grid_build(qs_context *context, qs_arena *arena, const qs_model *model, qs_time as_of,
                        const qs_time *times, size_t count, double step_days, qs_grid *grid) {
  uint32_t step_count = 0;
  qs_time last = count ? times[count - 1] : as_of;
  for (qs_time t = as_of; t < last; step_count++) {
    t = next_step(model, as_of, t, step_days).end;
  }
  qs_step *steps = QS_NEW(arena, step_count, qs_step);
  qs_date *dates = QS_NEW(arena, count, qs_date);
  if (!steps || !dates) {
    return qs_fail_memory(context, "laying out the time grid");
  }
  qs_time t = as_of;
  uint32_t taken = 0;
  for (size_t d = 0; d < count; d++) {
    calendar_step next = next_step(model, as_of, t, step_days);
    while (next.end <= times[d]) {
      steps[taken++] = make_step(t, next.end, next.level, next.index);
      t = next.end;
      next = next_step(model, as_of, t, step_days);
    }
    dates[d].main_steps = taken;
    dates[d].side = make_step(t, times[d], next.level, next.index);
  }
  grid->steps = steps;
  grid->step_count = taken;
  grid->dates = dates;
  grid->date_count = (uint32_t)count;
  return QS_OK;
}
