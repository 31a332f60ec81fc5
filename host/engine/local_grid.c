#include "host/engine/local_grid.h"

#include <math.h>
#include <string.h>

#include "host/market/time.h"

enum {
  QUARTER = QS_SECONDS_PER_DAY / 4,
  LEVEL = 14, /* marks the draws of these steps among those of grid.c */
  LEVEL_SHIFT = 26
};

/* Draws of a step that begins at another time than the calendar's: the second it begins at. */
static const uint32_t cut_block = 1u << 31;

/* A step from `from`, its draws those of the quarter of a day that it begins in. */
static qs_step make_step(qs_time origin, qs_time from, qs_time to) {
  qs_time since = from - QS_EXPIRY_SECOND, quarter = since / QUARTER - (since % QUARTER < 0);
  qs_step step = {.years = qs_time_years(from, to)};
  if (from == origin || since % QUARTER == 0) {
    step.draw_block = (uint32_t)LEVEL << LEVEL_SHIFT | ((uint32_t)(quarter >> 2) & ((1u << LEVEL_SHIFT) - 1));
    step.draw_word = (uint32_t)(quarter & 3);
  } else {
    step.draw_block = cut_block | (uint32_t)((uint64_t)from >> 2 & (cut_block - 1));
    step.draw_word = (uint32_t)(from & 3);
  }
  return step;
}

qs_status qs_local_grid_nodes(qs_context *context, qs_arena *arena, const qs_leverage *leverage,
                              qs_time origin, qs_time last, const qs_time **nodes, size_t *count) {
  size_t found = 1, step;
  for (qs_time t = origin; (t = qs_leverage_next(leverage, t, &step)) <= last;) {
    found++;
  }
  qs_time *times = QS_NEW(arena, found, qs_time);
  if (!times) {
    return qs_fail_memory(context, "laying out the time grid");
  }
  qs_time t = origin;
  for (size_t k = 0; k < found; k++) {
    times[k] = t = qs_leverage_next(leverage, t, &step);
  }
  *nodes = times;
  *count = found;
  return QS_OK;
}

qs_status qs_local_grid_build(qs_context *context, qs_arena *arena, const qs_leverage *leverage,
                              qs_time origin, const qs_time *times, const bool *through, size_t count,
                              qs_grid *grid) {
  const qs_time *nodes = NULL;
  size_t node_count = 0, next = 0;
  qs_status status = qs_local_grid_nodes(context, arena, leverage, origin, count ? times[count - 1] : origin,
                                         &nodes, &node_count);
  qs_step *steps = status ? NULL : QS_NEW(arena, node_count + count, qs_step);
  qs_date *dates = QS_NEW(arena, count, qs_date);
  if (!steps || !dates) {
    return qs_fail_memory(context, "laying out the time grid");
  }
  uint32_t taken = 0;
  qs_time t = origin;
  for (size_t d = 0; d < count; d++) {
    for (; nodes[next] <= times[d]; t = nodes[next++]) {
      steps[taken++] = make_step(origin, t, nodes[next]);
    }
    if (through && through[d] && t < times[d]) {
      steps[taken++] = make_step(origin, t, times[d]);
      t = times[d];
    }
    dates[d] = (qs_date){taken, make_step(origin, t, times[d])};
  }
  if (count) {
    steps[taken++] = make_step(origin, t, nodes[next]);
  }
  *grid = (qs_grid){steps, taken, dates, (uint32_t)count};
  return QS_OK;
}

/* ln of the unit's forward over the leverage's at `time`. */
static double offset_at(const qs_leverage *leverage, const qs_curve *curve, double carry_add, qs_time origin,
                        qs_time time) {
  double years = qs_time_years(origin, time);
  return log(qs_curve_forward(curve, years) / qs_curve_forward(curve, qs_time_years(leverage->as_of, time))) +
         carry_add * years;
}

/* Tables of the steps, in the unit's own arrays. */
static qs_status copy_tables(qs_context *context, qs_arena *arena, const qs_leverage *leverage,
                             qs_path_leverage *unit) {
  const size_t n = leverage->count;
  double *low = QS_NEW(arena, n, double), *spacing = QS_NEW(arena, n, double);
  double *values = QS_NEW(arena, n * QS_LEVERAGE_NODES, double);
  if (!low || !spacing || !values) {
    return qs_fail_memory(context, "laying out a leverage function");
  }
  for (size_t k = 0; k < n; k++) {
    low[k] = leverage->steps[k].low;
    spacing[k] = leverage->steps[k].spacing;
    memcpy(values + k * QS_LEVERAGE_NODES, leverage->steps[k].leverage + 1,
           QS_LEVERAGE_NODES * sizeof *values);
  }
  unit->table_count = (uint32_t)n;
  unit->node_count = QS_LEVERAGE_NODES;
  unit->low = low;
  unit->spacing = spacing;
  unit->values = values;
  return QS_OK;
}

qs_status qs_local_grid_leverage(qs_context *context, qs_arena *arena, const qs_leverage *leverage,
                                 const qs_curve *curve, double carry_add, qs_time origin, const qs_grid *grid,
                                 const qs_path_leverage **unit) {
  const uint32_t steps = grid->step_count, dates = grid->date_count;
  qs_path_leverage *made = QS_NEW(arena, 1, qs_path_leverage);
  uint32_t *tables = QS_NEW(arena, (size_t)steps + dates, uint32_t);
  double *offsets = QS_NEW(arena, (size_t)steps + dates, double);
  if (!made || !tables || !offsets) {
    return qs_fail_memory(context, "laying out a leverage function");
  }
  qs_status status = copy_tables(context, arena, leverage, made);
  qs_time t = origin;
  uint32_t taken = 0;
  size_t step;
  for (uint32_t d = 0; !status && d <= dates; d++) {
    const uint32_t until = d < dates ? grid->dates[d].main_steps : steps;
    for (; taken < until; taken++) {
      (void)qs_leverage_next(leverage, t, &step);
      tables[taken] = (uint32_t)step;
      offsets[taken] = offset_at(leverage, curve, carry_add, origin, t);
      t += (qs_time)llround(grid->steps[taken].years * QS_SECONDS_PER_YEAR); /* a whole number of seconds */
    }
    if (d < dates) {
      (void)qs_leverage_next(leverage, t, &step);
      tables[steps + d] = (uint32_t)step;
      offsets[steps + d] = offset_at(leverage, curve, carry_add, origin, t);
    }
  }
  made->step_table = tables;
  made->date_table = tables + steps;
  made->step_offset = offsets;
  made->date_offset = offsets + steps;
  *unit = made;
  return status;
}
