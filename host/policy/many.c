#include "host/policy/many.h"

#include <math.h>

#include "host/base/model.h"

enum { WINDOW = 40, OPTION_STEPS = 7, WINDOW_RANDOM = 28, OPTION_RANDOM = 6, ALONE_STEPS = 24 };
enum { X_RANDOM = 97, Y_RANDOM = 14, X_PLAIN = 241 };
enum {
  COARSE_WINDOW = 20,
  COARSE_OPTION = 7,
  COARSE_X_RANDOM = 41,
  COARSE_Y_RANDOM = 7,
  COARSE_X = 81,
  COARSE_Y_JUMPS = 9
};
enum { RANGE_PATHS = 1024, ZOOMS = 2 };
static const double dropped = 0.005; /* paths whose holdings lie outside of the finer grid, on either side */
static const double reach_of_window = 4; /* on either side, in what the step is a part of */
static const double least_range = 0.002; /* of the limits' range, that a window is wide */
static const size_t most_bytes = (size_t)1 << 29;
static const char what[] = "optimising several hedge instruments";

static double clamp(double a, double low, double high) {
  return fmin(fmax(a, low), high);
}

void qs_policy_make_axis(double low, double high, size_t steps, qs_policy_axis *axis) {
  const size_t all = high > low ? (steps > QS_POLICY_NODES - 2 ? QS_POLICY_NODES - 2
                                   : steps < 2                 ? 2
                                                               : steps)
                                : 0;
  size_t below = high <= 0 && low < 0 ? all : 0, above = all - below;
  const bool through = low < 0 && high > 0;
  if (through) {
    below = (size_t)clamp(round(-low / (high - low) * (double)all), 1, (double)(all - 1));
    above = all - below;
  }
  qs_policy_axis made = {.split = through ? below + 1 : below ? below + 1 : 0};
  const double top = through ? 0 : high, bottom = through ? 0 : low;
  made.below = below ? (top - low) / (double)below : 0;
  made.above = above ? (high - bottom) / (double)above : 0;
  for (size_t i = 0; below && i <= below; i++) {
    made.node[made.count++] = i == below ? top : low + (double)i * made.below;
  }
  for (size_t i = 0; (!below || through) && i <= above; i++) {
    made.node[made.count++] = i == above ? high : bottom + (double)i * made.above;
  }
  *axis = made;
}

qs_policy_cell qs_policy_find_on_axis(const qs_policy_axis *a, double b) {
  const size_t last = a->count - 1;
  if (a->split == 0 || (b >= 0 && a->split <= last)) {
    const double most = (double)(last - a->split);
    const double place = a->above > 0 ? clamp((b - a->node[a->split]) / a->above, 0, most) : 0;
    const size_t i = (size_t)place, at = a->split + i;
    return (qs_policy_cell){at, at < last ? at + 1 : at, place - (double)i};
  }
  const size_t end = a->split - 1;
  const double place = clamp((a->node[end] - b) / a->below, 0, (double)end);
  const size_t i = (size_t)place, at = end - i;
  return (qs_policy_cell){at, at > 0 ? at - 1 : at, place - (double)i};
}

qs_policy_cell qs_policy_find_in_window(const qs_policy_many *m, int32_t origin, double b) {
  const double last = (double)(m->window - 1);
  const double place = b / m->step + (b > 0 ? 2 : b < 0 ? 0 : 1) - (double)origin;
  const double inside = place > 0 ? (place < last ? place : last) : 0;
  const size_t at = (size_t)inside;
  return (qs_policy_cell){at, at + 1 < m->window ? at + 1 : at, inside - (double)at};
}

/* Where a grid is laid and what the policy by it leaves. */
typedef struct found {
  double low[QS_POLICY_MANY], high[QS_POLICY_MANY], objective;
  double idle[QS_POLICY_MANY];
  bool unused[QS_POLICY_MANY]; /* hardly any path holds of it */
} found;

/* Steps of the options' holdings in proportion to how far they go, at least 2: as many as leave no more nodes
 * than `option` steps of each would. */
static void share_steps(const qs_policy_many *m, const found *where, size_t option, size_t *steps) {
  double widest = 0;
  size_t most = 1;
  for (size_t e = 1; e < m->active_count; e++) {
    widest = fmax(widest, where->high[m->active[e]] - where->low[m->active[e]]);
    most *= option + 2;
  }
  for (size_t wide = option; wide <= ALONE_STEPS || wide == option; wide++) {
    size_t tried[QS_POLICY_ACTIVE] = {0}, nodes = 1;
    for (size_t e = 1; e < m->active_count; e++) {
      const double width = where->high[m->active[e]] - where->low[m->active[e]];
      const double part = widest > 0 ? ceil(width / widest * (double)wide) : 0;
      tried[e] = part > 2 ? (size_t)part : 2;
      nodes *= tried[e] + 2;
    }
    if (nodes > most && wide > option) {
      return;
    }
    for (size_t e = 1; e < m->active_count; e++) {
      steps[e] = tried[e];
    }
  }
}

/* The first holding's step: a part of how far from the local optimum alone its cost may keep it. */
static void lay(qs_policy_many *m, const found *where, size_t window, size_t option) {
  const qs_policy_many_problem *p = m->problem;
  const double y = m->nodes->y_count > 1 ? sqrt(p->first->model->value[QS_V0]) : 0;
  qs_policy_many_state s;
  qs_policy_many_state_at(m, m->date_count / 2, 0, y, &s);
  const double range = p->high[0] - p->low[0], unit = s.covariance[0][0];
  const double band = unit > 0 ? s.cost[0] / (2 * unit) : range;
  window = window < 8 ? 8 : window > QS_POLICY_WINDOW ? QS_POLICY_WINDOW : window;
  m->window = window;
  m->step = range > 0 ? clamp(2 * reach_of_window * band, least_range * range, range) / (double)window : 1;
  size_t best[QS_POLICY_ACTIVE];
  share_steps(m, where, option, best);
  for (size_t e = 1; e < m->active_count; e++) {
    qs_policy_make_axis(where->low[m->active[e]], where->high[m->active[e]], best[e], &m->axis[e]);
  }
}

/* The shares of costs at which the derivatives of what is not held are nearest to 0 at the first date. */
static void balance_idle(const qs_policy_many *m, found *where) {
  double b[QS_POLICY_MANY] = {0}, slope[QS_POLICY_MANY];
  const double y = m->nodes->y_count > 1 ? sqrt(m->problem->first->model->value[QS_V0]) : 0;
  qs_policy_many_state now, last;
  qs_policy_many_state_at(m, 0, 0, y, &now);
  qs_policy_many_state_at(m, m->date_count, 0, y, &last);
  qs_policy_many_settle(m, 0, 0, y, &now, b, slope);
  for (size_t i = 0; i < m->count; i++) {
    bool held = false; /* what is held, if at 0, counts the cost of buying it */
    for (size_t e = 1; e < m->active_count; e++) {
      held = held || m->active[e] == i;
    }
    const double already = held ? last.cost[i] : m->idle[i] * last.cost[i];
    where->idle[i] = last.cost[i] > 0 ? clamp((already - slope[i]) / last.cost[i], -1, 1) : 0;
  }
}

/* Coarse programmes for the active instruments, each where the one before holds something. */
static qs_status zoom(qs_context *context, const qs_policy_many *coarse, found *where) {
  const qs_policy_many_problem *p = coarse->problem;
  for (size_t i = 0; i < coarse->count; i++) {
    where->low[i] = p->low[i];
    where->high[i] = p->high[i];
  }
  qs_status status = QS_OK;
  for (size_t pass = 0; !status && pass < ZOOMS; pass++) {
    qs_policy_many m = *coarse;
    qs_arena *arena = qs_arena_create(context);
    double low[QS_POLICY_MANY], high[QS_POLICY_MANY];
    lay(&m, where, COARSE_WINDOW, COARSE_OPTION);
    status = arena ? qs_policy_many_solve(context, arena, &m) : qs_fail_memory(context, what);
    status = status ? status
                    : qs_policy_many_range(context, &m, RANGE_PATHS, dropped, low, high, &where->objective);
    if (!status) {
      balance_idle(&m, where);
    }
    for (size_t e = 1; !status && e < m.active_count; e++) { /* half a step beyond */
      const size_t i = m.active[e];
      const double room = 0.5 * fmax(m.axis[e].below, m.axis[e].above);
      where->unused[i] = low[i] == 0 && high[i] == 0;
      where->low[i] = fmax(low[i] - room, where->low[i]);
      where->high[i] = fmin(high[i] + room, where->high[i]);
    }
    qs_arena_destroy(arena);
  }
  return status;
}

/* Adds to the active instruments the option with which the coarse policy leaves the least. */
static qs_status add_best(qs_context *context, qs_policy_many *coarse) {
  qs_status status = QS_OK;
  double least = INFINITY;
  size_t best = 0;
  for (size_t q = 1; !status && q < coarse->count; q++) {
    bool in = false;
    for (size_t e = 0; e < coarse->active_count; e++) {
      in = in || coarse->active[e] == q;
    }
    qs_policy_many m = *coarse;
    m.active[m.active_count++] = q;
    found where = {.objective = NAN};
    status = in ? QS_OK : zoom(context, &m, &where);
    if (!status && !in && where.objective < least) {
      least = where.objective;
      best = q;
    }
  }
  coarse->active[coarse->active_count++] = best;
  return status;
}

/* Which instruments are active, where they are held, and what is nearest to 0 of the others. */
static qs_status search(qs_context *context, const qs_policy_many_problem *problem, bool random,
                        double x_reach, qs_policy_many *made, found *where) {
  qs_arena *arena = qs_arena_create(context);
  qs_policy_many coarse = {.count = 0};
  const qs_model *model = problem->first->model;
  const bool jumps = random && qs_model_parameters(model->type) >> QS_MU_V & 1; /* of the variance */
  const qs_policy_settings settings = {.x_count = random && !jumps ? COARSE_X_RANDOM : COARSE_X,
                                       .y_count = jumps ? COARSE_Y_JUMPS : COARSE_Y_RANDOM,
                                       .x_reach = x_reach};
  qs_progress_callback progress = context->progress; /* of the last programme alone */
  context->progress = NULL;
  qs_status status = arena ? qs_policy_many_ground(context, arena, problem, &settings, &coarse)
                           : qs_fail_memory(context, what);
  coarse.active_count = 1;
  const size_t wanted = coarse.count < QS_POLICY_ACTIVE ? coarse.count : QS_POLICY_ACTIVE;
  if (coarse.count == wanted) {
    for (; coarse.active_count < wanted; coarse.active_count++) {
      coarse.active[coarse.active_count] = coarse.active_count;
    }
  }
  while (!status && coarse.active_count < wanted) {
    status = add_best(context, &coarse);
  }
  status = status ? status : zoom(context, &coarse, where);
  context->progress = progress;
  made->active_count = 1;
  for (size_t e = 1; e < coarse.active_count; e++) {
    if (!where->unused[coarse.active[e]]) {
      made->active[made->active_count++] = coarse.active[e];
    }
  }
  qs_arena_destroy(arena);
  return status;
}

/* Coarser where the tables would be too large. */
static void fit_memory(const qs_policy_many *m, size_t *window, size_t *option) {
  const size_t states = m->nodes->x_count * m->nodes->y_count * m->date_count;
  for (;;) {
    size_t numbers = *window * m->count;
    for (size_t e = 1; e < m->active_count; e++) {
      numbers *= *option + 1;
    }
    if (states * numbers * sizeof(float) <= most_bytes || (*window <= 16 && *option <= 3)) {
      return;
    }
    *window -= *window > 16 ? 2 : 0;
    *option -= *option > 3 && *window % 4 == 0 ? 1 : 0;
  }
}

qs_status qs_policy_many_optimise(qs_context *context, qs_arena *arena, const qs_policy_many_problem *problem,
                                  const qs_policy_many_settings *settings, qs_policy_many *many) {
  const bool random = problem->first->model && qs_model_stochastic(problem->first->model);
  qs_policy_settings state = settings->state;
  state.x_count = state.x_count ? state.x_count : random ? X_RANDOM : X_PLAIN;
  state.y_count = state.y_count ? state.y_count : Y_RANDOM;
  qs_policy_many made = {.count = 0};
  found where = {.objective = NAN};
  qs_status status = qs_policy_many_ground(context, arena, problem, &state, &made);
  status = status ? status : search(context, problem, random, state.x_reach, &made, &where);
  if (status) {
    return status;
  }
  const bool pair = made.active_count == 2;
  size_t window = settings->window, option = settings->option_steps;
  window = window ? window : random ? WINDOW_RANDOM : WINDOW;
  option = option ? option : pair ? ALONE_STEPS : random ? OPTION_RANDOM : OPTION_STEPS;
  fit_memory(&made, &window, &option);
  lay(&made, &where, window, option);
  for (size_t i = 0; i < made.count; i++) {
    made.idle[i] = where.idle[i];
  }
  status = qs_policy_many_solve(context, arena, &made);
  if (!status) {
    *many = made;
  }
  return status;
}
