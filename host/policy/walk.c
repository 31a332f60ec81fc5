#include "host/policy/walk.h"

#include <math.h>

#include "host/market/characteristic.h"
#include "host/policy/apply.h"
#include "kernels/core/key.h"

static const double spacing = 0.25; /* between points, in deviations of a period's diffusion */
static const double normal_step = 0.5;

static qs_status make_period(qs_arena *arena, const qs_policy_walk *walk, double years, double added,
                             qs_policy_period *made) {
  const qs_model *model = walk->problem->model;
  const qs_policy_nodes *nodes = walk->nodes;
  qs_policy_points *points = QS_NEW(arena, nodes->y_count, qs_policy_points);
  const qs_characteristic law = qs_characteristic_prepare(model, years);
  const qs_policy_step step = {.model = model,
                               .years = years,
                               .added = added,
                               .spacing = spacing * sqrt(law.variance + added),
                               .reach = -nodes->x_low,
                               .normal_step = normal_step};
  for (size_t y = 0; points && y < nodes->y_count; y++) {
    const double root = nodes->y_low + (double)y * nodes->y_step;
    if (qs_policy_make_points(arena, &step, root * root, &points[y])) {
      return QS_ERROR_MEMORY;
    }
  }
  *made = (qs_policy_period){years, added, points};
  return points ? QS_OK : QS_ERROR_MEMORY;
}

qs_status qs_policy_walk_make(qs_arena *arena, const qs_policy_problem *problem, const qs_policy_nodes *nodes,
                              const qs_policy_law *const *laws, qs_policy_walk *walk) {
  const qs_policy_date *dates = problem->dates;
  const size_t periods = problem->date_count - 1;
  qs_policy_period *made = QS_NEW(arena, periods + 1, qs_policy_period);
  const qs_policy_period **of = QS_NEW(arena, periods, const qs_policy_period *);
  *walk = (qs_policy_walk){.problem = problem, .nodes = nodes, .period = of};
  qs_status status = made && of ? QS_OK : QS_ERROR_MEMORY;
  if (!status && dates[0].years > 1e-8) {
    status = make_period(arena, walk, dates[0].years, dates[0].added, &made[periods]);
    walk->first = &made[periods];
  }
  for (size_t n = 0; !status && n < periods; n++) {
    for (size_t k = 0; k < n && !of[n]; k++) {
      of[n] = laws[k] == laws[n] ? of[k] : NULL;
    }
    if (!of[n]) {
      status = make_period(arena, walk, laws[n]->years, laws[n]->added, &made[n]);
      of[n] = &made[n];
    }
  }
  return status;
}

static double uniform(uint32_t word) {
  return ((double)word + 0.5) / 4294967296.0;
}

static void move(const qs_policy_nodes *nodes, const qs_policy_period *law, uint64_t key, uint64_t path,
                 size_t step, double *x, double *y) {
  const qs_words w = qs_philox(qs_counter(path, 0, (uint32_t)step, 0), (uint32_t)key, (uint32_t)(key >> 32));
  const double u = uniform(w.a);
  double up;
  size_t row = qs_policy_linear((*y - nodes->y_low) / nodes->y_step, nodes->y_count, &up);
  row += nodes->y_count > 1 && uniform(w.b) < up;
  const qs_policy_points *points = &law->points[row];
  double sum = 0;
  size_t i = 0;
  for (; i + 1 < points->count; i++) {
    sum += points->point[i].weight;
    if (u < sum) {
      break;
    }
  }
  *x += points->point[i].z;
  *y = sqrt(points->point[i].v);
}

void qs_policy_walk_start(const qs_policy_walk *walk, uint64_t key, uint64_t path, double *x, double *y) {
  *x = 0;
  *y = walk->nodes->y_count > 1 ? sqrt(walk->problem->model->value[QS_V0]) : 0;
  if (walk->first) {
    move(walk->nodes, walk->first, key, path, 0, x, y);
  }
}

void qs_policy_walk_step(const qs_policy_walk *walk, uint64_t key, uint64_t path, size_t n, double *x,
                         double *y) {
  move(walk->nodes, walk->period[n], key, path, n + 1, x, y);
}

size_t qs_policy_walk_rows(const qs_policy_walk *walk, double y, bool cubic, size_t *count,
                           double weight[4]) {
  const qs_policy_nodes *nodes = walk->nodes;
  const double along = (y - nodes->y_low) / nodes->y_step;
  *count = nodes->y_count == 1 ? 1 : cubic ? 4 : 2;
  weight[0] = 1;
  if (*count == 4) {
    return qs_policy_cubic(along, nodes->y_count, weight);
  }
  if (*count == 1) {
    return 0;
  }
  const size_t row = qs_policy_linear(along, nodes->y_count, &weight[1]);
  weight[0] = 1 - weight[1];
  return row;
}
