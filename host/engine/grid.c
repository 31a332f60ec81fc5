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

/* Draws of a step that begins where another was cut: the second it begins at, apart from all levels. */
static const uint32_t cut_block = 1u << 31;

static int64_t floor_divide(int64_t a, int64_t b) {
  return a / b - (a % b < 0);
}

static qs_step make_step(qs_time from, qs_time to, uint32_t level, int64_t index) {
  qs_step step;
  step.years = qs_time_years(from, to);
  step.added = 0;
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

/* How far the main path has come: at time t, inside or at the beginning of a calendar step. */
typedef struct walk {
  const qs_model *model;
  qs_time as_of;
  double step_days;
  qs_time t, begin; /* of the calendar step */
  calendar_step step;
} walk;

static walk walk_from(const qs_model *model, qs_time as_of, double step_days) {
  walk w = {model, as_of, step_days, as_of, as_of, next_step(model, as_of, as_of, step_days)};
  return w;
}

/* The step from where the path is to a time that is not after the calendar step's end. */
static qs_step step_to(const walk *w, qs_time to) {
  qs_step step = make_step(w->t, to, w->step.level, w->step.index);
  if (w->t != w->begin) {
    step.draw_block = cut_block | (uint32_t)((uint64_t)w->t >> 2 & (cut_block - 1));
    step.draw_word = (uint32_t)(w->t & 3);
  }
  return step;
}

static void walk_to(walk *w, qs_time to) {
  w->t = to;
  if (to == w->step.end) {
    w->begin = to;
    w->step = next_step(w->model, w->as_of, to, w->step_days);
  }
}

qs_status qs_grid_nodes(qs_context *context, qs_arena *arena, const qs_model *model, qs_time as_of,
                        qs_time last, double step_days, const qs_time **nodes, size_t *count) {
  size_t found = 1;
  for (walk w = walk_from(model, as_of, step_days); w.step.end <= last; walk_to(&w, w.step.end)) {
    found++;
  }
  qs_time *times = QS_NEW(arena, found, qs_time);
  if (!times) {
    return qs_fail_memory(context, "laying out the time grid");
  }
  walk w = walk_from(model, as_of, step_days);
  for (size_t k = 0; k < found; k++) {
    times[k] = w.step.end;
    walk_to(&w, w.step.end);
  }
  *nodes = times;
  *count = found;
  return QS_OK;
}

qs_status qs_grid_build_through(qs_context *context, qs_arena *arena, const qs_model *model, qs_time as_of,
                                const qs_time *times, const bool *through, size_t count, double step_days,
                                qs_grid *grid) {
  size_t most = count + 1; /* every time may cut one step in two */
  qs_time last = count ? times[count - 1] : as_of;
  for (walk w = walk_from(model, as_of, step_days); w.t < last; walk_to(&w, w.step.end)) {
    most++;
  }
  qs_step *steps = QS_NEW(arena, most, qs_step);
  qs_date *dates = QS_NEW(arena, count, qs_date);
  if (!steps || !dates) {
    return qs_fail_memory(context, "laying out the time grid");
  }
  walk w = walk_from(model, as_of, step_days);
  uint32_t taken = 0;
  for (size_t d = 0; d < count; d++) {
    while (w.step.end <= times[d]) {
      steps[taken++] = step_to(&w, w.step.end);
      walk_to(&w, w.step.end);
    }
    if (through && through[d] && w.t < times[d]) {
      steps[taken++] = step_to(&w, times[d]);
      walk_to(&w, times[d]);
    }
    dates[d].main_steps = taken;
    dates[d].side = step_to(&w, times[d]);
  }
  if (count) {
    steps[taken++] = step_to(&w, w.step.end);
  }
  grid->steps = steps;
  grid->step_count = taken;
  grid->dates = dates;
  grid->date_count = (uint32_t)count;
  return QS_OK;
}

qs_status qs_grid_build(qs_context *context, qs_arena *arena, const qs_model *model, qs_time as_of,
                        const qs_time *times, size_t count, double step_days, qs_grid *grid) {
  return qs_grid_build_through(context, arena, model, as_of, times, NULL, count, step_days, grid);
}

/* A step's length is a whole number of seconds. */
static qs_time end_of(qs_time begin, const qs_step *step) {
  return begin + (qs_time)llround(step->years * QS_SECONDS_PER_YEAR);
}

qs_status qs_grid_shift(qs_context *context, qs_arena *arena, const qs_shift *shift, double factor,
                        qs_time origin, qs_grid *grid) {
  if (!shift->count) {
    return QS_OK;
  }
  qs_step *steps = QS_NEW(arena, grid->step_count, qs_step);
  qs_date *dates = QS_NEW(arena, grid->date_count, qs_date);
  if (!steps || !dates) {
    return qs_fail_memory(context, "laying out the time grid");
  }
  qs_time t = origin;
  uint32_t taken = 0;
  for (uint32_t d = 0; d <= grid->date_count; d++) {
    uint32_t until = d < grid->date_count ? grid->dates[d].main_steps : grid->step_count;
    for (; taken < until; taken++) {
      qs_time end = end_of(t, &grid->steps[taken]);
      steps[taken] = grid->steps[taken];
      steps[taken].added = factor * qs_shift_added(shift, t, end);
      t = end;
    }
    if (d < grid->date_count) {
      dates[d] = grid->dates[d];
      dates[d].side.added = factor * qs_shift_added(shift, t, end_of(t, &dates[d].side));
    }
  }
  grid->steps = steps;
  grid->dates = dates;
  return QS_OK;
}

void qs_grid_shift_weights(const qs_shift *shift, qs_time origin, const qs_grid *grid, double *weights) {
  for (size_t piece = 0; piece < shift->count; piece++) {
    qs_time t = origin;
    for (uint32_t i = 0; i < grid->step_count; i++) {
      const qs_time end = end_of(t, &grid->steps[i]);
      weights[piece * grid->step_count + i] = qs_shift_years(shift, piece, t, end);
      t = end;
    }
  }
}
