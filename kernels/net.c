#include "kernels/net.h"

#include <math.h>
#include <stdlib.h>

#include "kernels/sobol.h"

static double time_of(const double *times, uint32_t node) {
  return node ? times[node - 1] : 0;
}

/* The node strictly between two that is nearest to the middle of their times. */
static uint32_t middle_of(const double *times, uint32_t left, uint32_t right) {
  double middle = 0.5 * (time_of(times, left) + time_of(times, right));
  uint32_t node = left + 1;
  while (node + 1 < right && fabs(times[node] - middle) < fabs(times[node - 1] - middle)) {
    node++;
  }
  return node;
}

static qs_bridge_point point_between(const double *times, uint32_t left, uint32_t right) {
  uint32_t node = middle_of(times, left, right);
  double before = times[node - 1] - time_of(times, left), after = times[right - 1] - times[node - 1];
  double whole = before + after;
  return (qs_bridge_point){node, left, right, after / whole, before / whole, sqrt(before * after / whole)};
}

void qs_bridge_build(const double *times, uint32_t count, qs_bridge_point *points) {
  uint32_t made = 0;
  if (count) {
    points[made++] = (qs_bridge_point){count, 0, 0, 0, 0, sqrt(times[count - 1])};
  }
  for (uint32_t i = 0; made < count; i++) {
    const qs_bridge_point p = points[i];
    if (p.node - p.left > 1) {
      points[made++] = point_between(times, p.left, p.node);
    }
    if (p.right > p.node + 1) {
      points[made++] = point_between(times, p.node, p.right);
    }
  }
}

uint32_t qs_net_steps(const qs_path_plan *plan) {
  uint32_t steps = plan->step_count;
  for (uint32_t i = 0; i < plan->date_count; i++) {
    bool beyond = plan->dates[i].main_steps == plan->step_count && plan->dates[i].side.years > 0;
    steps = beyond ? plan->step_count + 1 : steps;
  }
  return steps;
}

/* Ends of the steps, and 1 / sqrt of their lengths. A step beyond the main ones is as long as the first side
 * step there. */
static void fill_times(const qs_path_plan *plan, uint32_t steps, double *times, double *inverse_root) {
  double t = 0;
  for (uint32_t j = 0; j < steps; j++) {
    double years = 1;
    if (j < plan->step_count) {
      years = plan->steps[j].years;
    } else {
      uint32_t i = 0;
      while (plan->dates[i].main_steps < plan->step_count || !(plan->dates[i].side.years > 0)) {
        i++;
      }
      years = plan->dates[i].side.years;
    }
    t += years;
    times[j] = t;
    inverse_root[j] = 1 / sqrt(years);
  }
}

/* Gives each source that the law draws its dimensions; returns how many there are. */
static size_t number_sources(const qs_dynamics *m, bool noise, qs_net *net) {
  const bool drawn[QS_DRAW_COUNT] = {[QS_DRAW_VARIANCE] = m->variance != QS_VARIANCE_CONSTANT,
                                     [QS_DRAW_PRICE] = noise,
                                     [QS_DRAW_JUMP] = m->jumps != QS_JUMPS_NONE,
                                     [QS_DRAW_DOWN] = m->jumps == QS_JUMPS_EXPONENTIAL};
  static const uint32_t order[2][2] = {{QS_DRAW_VARIANCE, QS_DRAW_PRICE}, {QS_DRAW_JUMP, QS_DRAW_DOWN}};
  uint32_t dimension = 0;
  for (int kind = 0; kind < 2; kind++) {
    const uint32_t count = (uint32_t)drawn[order[kind][0]] + (uint32_t)drawn[order[kind][1]];
    uint32_t place = 0;
    for (int k = 0; k < 2; k++) {
      const uint32_t source = order[kind][k];
      net->first[source] = dimension + place;
      net->stride[source] = drawn[source] ? count : 0;
      place += drawn[source];
    }
    dimension += count * net->steps;
  }
  return dimension;
}

qs_net *qs_net_create(const qs_path_plan *plan, const qs_dynamics *m, bool noise) {
  const uint32_t steps = qs_net_steps(plan);
  qs_net made = {.steps = steps, .key0 = (uint32_t)plan->key, .key1 = (uint32_t)(plan->key >> 32)};
  const size_t dimensions = number_sources(m, noise, &made);
  made.dimensions = dimensions < QS_SOBOL_DIMENSIONS ? (uint32_t)dimensions : QS_SOBOL_DIMENSIONS;
  const size_t vectors = (size_t)made.dimensions * QS_SOBOL_BITS * sizeof(uint32_t);
  qs_net *net = malloc(sizeof *net + steps * (sizeof(qs_bridge_point) + 2 * sizeof(double)) + vectors);
  if (!net) {
    return NULL;
  }
  qs_bridge_point *bridge = (qs_bridge_point *)(net + 1);
  double *inverse_root = (double *)(bridge + steps), *times = inverse_root + steps;
  uint32_t *directions = (uint32_t *)(times + steps);
  fill_times(plan, steps, times, inverse_root);
  qs_bridge_build(times, steps, bridge);
  qs_sobol_directions(made.dimensions, directions);
  made.bridge = bridge;
  made.inverse_root = inverse_root;
  made.directions = directions;
  *net = made;
  return net;
}

/* Gives one source of an underlying its place among those that share a stride. */
static void place_source(qs_net *net, int source, uint32_t first, uint32_t *place) {
  net->first[source] = first + (*place)++;
  net->stride[source] = 1; /* its stride is known once all have places */
}

static void set_strides(qs_net *nets, uint32_t count, int source, uint32_t stride) {
  for (uint32_t a = 0; a < count; a++) {
    nets[a].stride[source] = nets[a].stride[source] ? stride : 0;
  }
}

/* Interleaves the sources of all underlyings; returns how many dimensions there are. */
static size_t number_joint(const qs_dynamics *const *m, uint32_t count, uint32_t steps, bool variances,
                           qs_net *nets) {
  uint32_t bridged = 0, jumping = 0;
  for (uint32_t a = 0; a < count; a++) {
    if (variances) {
      place_source(&nets[a], QS_DRAW_VARIANCE, 0, &bridged);
    }
    place_source(&nets[a], QS_DRAW_PRICE, 0, &bridged);
  }
  for (uint32_t a = 0; a < count; a++) {
    const qs_jumps jumps = m[a]->jumps;
    if (jumps != QS_JUMPS_NONE) {
      place_source(&nets[a], QS_DRAW_JUMP, bridged * steps, &jumping);
    }
    if (jumps == QS_JUMPS_EXPONENTIAL) {
      place_source(&nets[a], QS_DRAW_DOWN, bridged * steps, &jumping);
    }
    if (count > 1 && (jumps == QS_JUMPS_COUNTED || jumps == QS_JUMPS_VARIANCE)) {
      place_source(&nets[a], QS_DRAW_SIZE, bridged * steps, &jumping);
    }
  }
  set_strides(nets, count, QS_DRAW_VARIANCE, bridged);
  set_strides(nets, count, QS_DRAW_PRICE, bridged);
  set_strides(nets, count, QS_DRAW_JUMP, jumping);
  set_strides(nets, count, QS_DRAW_DOWN, jumping);
  set_strides(nets, count, QS_DRAW_SIZE, jumping);
  return ((size_t)bridged + jumping) * steps;
}

qs_net *qs_nets_create(const qs_path_plan *const *plans, const qs_dynamics *const *m, uint32_t count,
                       uint32_t steps, bool variances) {
  qs_net numbered[QS_MAX_JOINT] = {0};
  size_t dimensions = number_joint(m, count, steps, variances, numbered);
  dimensions = dimensions < QS_SOBOL_DIMENSIONS ? dimensions : QS_SOBOL_DIMENSIONS;
  const size_t vectors = dimensions * QS_SOBOL_BITS * sizeof(uint32_t);
  qs_net *nets =
      malloc(count * sizeof *nets + steps * (sizeof(qs_bridge_point) + 2 * sizeof(double)) + vectors);
  if (!nets) {
    return NULL;
  }
  qs_bridge_point *bridge = (qs_bridge_point *)(nets + count);
  double *inverse_root = (double *)(bridge + steps), *times = inverse_root + steps;
  uint32_t *directions = (uint32_t *)(times + steps);
  for (uint32_t i = 0; i < steps; i++) {
    times[i] = time_of(times, i) + plans[0]->steps[i].years;
    inverse_root[i] = 1 / sqrt(plans[0]->steps[i].years);
  }
  qs_bridge_build(times, steps, bridge);
  qs_sobol_directions((uint32_t)dimensions, directions);
  for (uint32_t a = 0; a < count; a++) {
    nets[a] = numbered[a];
    nets[a].directions = directions;
    nets[a].dimensions = (uint32_t)dimensions;
    nets[a].steps = steps;
    nets[a].bridge = bridge;
    nets[a].inverse_root = inverse_root;
    nets[a].key0 = (uint32_t)plans[a]->key;
    nets[a].key1 = (uint32_t)(plans[a]->key >> 32);
  }
  return nets;
}
