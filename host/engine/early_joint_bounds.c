/* Bounds of early exercise of formulas over several underlyings (early_joint.h). */
#include <math.h>
#include <string.h>

#include "host/base/numbers.h"
#include "host/engine/early_joint_state.h"
#include "host/engine/early_state.h"

enum {
  MOST_STATES = 1 << 25, /* numbers of x kept for all groups, were they kept */
  PATHS_SHARE = 4,
  MOST_PATHS = 1 << 16, /* of the unit's paths, and at most, in all groups */
  OUTER_SHARE = 256,
  LEAST_OUTER = 16,
  MOST_OUTER = 64, /* those of a group that samples start on */
  SAMPLES = 512    /* from each of their states; a multiple of QS_EARLY_LANES */
};

/* What a group's paths yield in the mean. */
typedef struct group_means {
  double earned[QS_EARLY_LEVELS]; /* by the policies, less their martingales */
  double paid[QS_EARLY_LEVELS], paid_years[QS_EARLY_LEVELS], gap;
} group_means;

/* A group at work. */
typedef struct group {
  const qs_early_joint *e;
  uint32_t number;
  size_t paths, outer;
  qs_early_states states; /* [date][path] */
  double *earned;         /* [level][path], then paid and paid_years likewise */
  double *rooms;          /* [block]: see block_room */
  size_t room;
  qs_early_states at, samples;               /* outer states at one date, of all groups; their samples */
  double *upper, *lower, *held, *martingale; /* [outer] */
} group;

static size_t block_room(const qs_early_joint *e) {
  return ((size_t)e->features + 4 * (size_t)e->assets + 2) * QS_EARLY_LANES + qs_early_joint_room(e);
}

/* Rows of a block's own. */
typedef struct block {
  double *features, *increments, *slopes, *pays, *hold, *room;
} block;

static block block_of(const group *g, size_t number) {
  const qs_early_joint *e = g->e;
  const size_t n = e->assets;
  block b = {.features = g->rooms + number * g->room};
  b.increments = b.features + (size_t)e->features * QS_EARLY_LANES;
  b.slopes = b.increments + 2 * n * QS_EARLY_LANES;
  b.pays = b.slopes + 2 * n * QS_EARLY_LANES;
  b.hold = b.pays + QS_EARLY_LANES;
  b.room = b.hold + QS_EARLY_LANES;
  return b;
}

/* What exercise pays at a date and what holding is worth there, with the features; nothing at the last. */
static void evaluate(const qs_early_joint *e, uint32_t level, uint32_t date, const qs_early_states *states,
                     size_t at, const block *b) {
  if (date + 1 == e->dates) {
    qs_early_joint_pays(e, date, states, at, b->room, b->pays);
    memset(b->hold, 0, QS_EARLY_LANES * sizeof *b->hold);
    return;
  }
  qs_early_joint_features(e, date, states, at, b->room, b->features, b->pays);
  qs_early_joint_hold(e, e->coefficient[level] + (size_t)date * e->features, b->features, b->hold);
}

/* Factors of the start. */
static void start_features(const qs_early_joint *e, const block *b) {
  memset(b->features, 0, (size_t)e->features * QS_EARLY_LANES * sizeof *b->features);
  for (int i = 0; i < QS_EARLY_LANES; i++) {
    b->features[i] = 1;
  }
}

/* Follows the policy of a level along the paths from `first` on. */
static void follow(const group *g, uint32_t level, size_t first, const block *b) {
  const qs_early_joint *e = g->e;
  double martingale[QS_EARLY_LANES] = {0}, alive[QS_EARLY_LANES];
  double *earned = g->earned + level * g->paths + first;
  double *paid = earned + e->levels * g->paths, *paid_years = paid + e->levels * g->paths;
  for (int i = 0; i < QS_EARLY_LANES; i++) {
    alive[i] = 1;
    earned[i] = 0;
  }
  start_features(e, b);
  for (uint32_t d = 0; d < e->dates; d++) {
    if (!qs_early_joint_allowed(e, level, d)) {
      continue;
    }
    const uint32_t before = qs_early_joint_before(e, level, d);
    qs_early_mean means[QS_MAX_JOINT];
    qs_early_joint_means(e, before, d, means);
    qs_early_joint_slopes(e, e->control[level] + (size_t)before * e->controls, b->features, b->slopes);
    qs_early_joint_increments(e, before ? &g->states : NULL, before ? (before - 1) * g->paths + first : 0,
                              &g->states, d * g->paths + first, means, b->increments);
    for (size_t k = 0; k < 2 * (size_t)e->assets * QS_EARLY_LANES; k++) {
      martingale[k % QS_EARLY_LANES] += b->slopes[k] * b->increments[k];
    }
    evaluate(e, level, d, &g->states, d * g->paths + first, b);
    const bool last = d + 1 == e->dates;
    for (int i = 0; i < QS_EARLY_LANES; i++) {
      const bool held = b->pays[i] <= 0 || b->pays[i] < b->hold[i];
      if (alive[i] > 0 && (last || !held)) {
        const double pays = held ? 0 : b->pays[i];
        alive[i] = 0;
        earned[i] = pays - martingale[i];
        paid[i] = pays;
        paid_years[i] = pays * e->unit->years[d];
      }
    }
  }
}

/* ---- samples that start on the paths ---- */

/* The greater of exercise and holding at a date, less what the controls' slopes give it: in the mean over the
 * samples of one path. */
static double expected(const group *g, uint32_t date, size_t path, const double *slopes, const block *b,
                       const qs_early_mean *means) {
  const qs_early_joint *e = g->e;
  double sum[QS_EARLY_LANES] = {0};
  for (size_t s = path * SAMPLES; s < (path + 1) * SAMPLES; s += QS_EARLY_LANES) {
    evaluate(e, 0, date, &g->samples, s, b);
    for (int i = 0; i < QS_EARLY_LANES; i++) {
      sum[i] += b->pays[i] <= b->hold[i] ? b->hold[i] : b->pays[i] <= 0 ? 0 : b->pays[i];
    }
    for (uint32_t a = 0; a < e->assets; a++) {
      const size_t from = g->number * g->outer + path;
      const double *x = g->samples.x[a] + s, *v = g->samples.v[a] + s;
      const double x0 = g->at.x[a][from];
      const double v0 = isnan(means[a].slope) ? 0 : means[a].constant + means[a].slope * g->at.v[a][from];
      for (int i = 0; i < QS_EARLY_LANES; i++) {
        const double rise = isnan(means[a].slope) ? 0 : v[i] - v0;
        sum[i] -= slopes[a] * expm1(x[i] - x0) + slopes[e->assets + a] * rise;
      }
    }
  }
  double mean = 0;
  for (int i = 0; i < QS_EARLY_LANES; i++) {
    mean += sum[i] / SAMPLES;
  }
  return mean;
}

/* Draws the samples of a date from the states at the date before it; x becomes ln S / F with the shift. */
static qs_status draw_samples(const group *g, uint32_t date) {
  const qs_early_joint *e = g->e;
  const size_t first = g->number * g->outer;
  for (uint32_t a = 0; a < e->assets; a++) {
    memcpy(g->at.x[a] + first, g->states.x[a] + (date - 1) * g->paths, g->outer * sizeof(double));
    memcpy(g->at.v[a] + first, g->states.v[a] + (date - 1) * g->paths, g->outer * sizeof(double));
  }
  qs_status status = qs_early_joint_onwards(e, date, &g->at, first, g->outer, SAMPLES, &g->samples);
  for (uint32_t a = 0; !status && a < e->assets; a++) {
    for (size_t s = 0; s < g->outer * SAMPLES; s++) {
      g->samples.x[a][s] += g->at.x[a][first + s / SAMPLES];
    }
  }
  return status;
}

/* Moves the martingale of every path to a date. */
static qs_status move_martingales(const group *g, uint32_t date) {
  const qs_early_joint *e = g->e;
  qs_status status = draw_samples(g, date);
  if (status) {
    return status;
  }
  qs_early_mean means[QS_MAX_JOINT];
  qs_early_joint_means(e, date, date, means);
#pragma omp parallel for num_threads(e->context->threads) schedule(dynamic, 1)
  for (long o = 0; o < (long)g->outer; o++) {
    const block b = block_of(g, (size_t)o);
    double slopes[2 * QS_MAX_JOINT];
    const size_t lanes = (size_t)o / QS_EARLY_LANES * QS_EARLY_LANES, lane = (size_t)o - lanes;
    evaluate(e, 0, date - 1, &g->states, (date - 1) * g->paths + lanes, &b);
    qs_early_joint_slopes(e, e->control[0] + (size_t)date * e->controls, b.features, b.slopes);
    for (uint32_t k = 0; k < 2 * e->assets; k++) {
      slopes[k] = b.slopes[k * QS_EARLY_LANES + lane];
    }
    const double mean = expected(g, date, (size_t)o, slopes, &b, means);
    evaluate(e, 0, date, &g->states, date * g->paths + lanes, &b);
    const double pays = b.pays[lane], hold = b.hold[lane];
    g->martingale[o] += (pays <= hold ? hold : pays <= 0 ? 0 : pays) - mean;
  }
  return QS_OK;
}

/* Exercise at a date by either bound. */
static void take(const group *g, uint32_t date) {
  const qs_early_joint *e = g->e;
  const block b = block_of(g, 0);
  const bool last = date + 1 == e->dates;
  for (size_t o = 0; o < g->outer; o++) {
    if (o % QS_EARLY_LANES == 0) {
      evaluate(e, 0, date, &g->states, date * g->paths + o, &b);
    }
    const double pays = b.pays[o % QS_EARLY_LANES], hold = b.hold[o % QS_EARLY_LANES];
    const bool held = pays <= 0 || pays < hold;
    const double worth = (last && held ? 0 : pays) - g->martingale[o];
    g->upper[o] = worth <= g->upper[o] ? g->upper[o] : worth;
    if (g->held[o] > 0 && (last || !held)) {
      g->held[o] = 0;
      g->lower[o] = worth;
    }
  }
}

static qs_status find_gap(const group *g, double *gap) {
  const qs_early_joint *e = g->e;
  for (size_t o = 0; o < g->outer; o++) {
    g->upper[o] = -INFINITY;
    g->martingale[o] = g->lower[o] = 0;
    g->held[o] = 1;
  }
  for (uint32_t d = 0; d < e->dates; d++) {
    qs_status status = d ? move_martingales(g, d) : QS_OK;
    if (status) {
      return status;
    }
    take(g, d);
  }
  *gap = 0;
  for (size_t o = 0; o < g->outer; o++) {
    *gap += (g->upper[o] - g->lower[o]) / (double)g->outer;
  }
  return QS_OK;
}

static qs_status run_group(const group *g, group_means *means) {
  const qs_early_joint *e = g->e;
  qs_status status =
      qs_early_joint_simulate(e, e->task->keys.bounds, g->number * (uint64_t)g->paths, g->paths, &g->states);
  if (status) {
    return status;
  }
#pragma omp parallel for num_threads(e->context->threads) schedule(static)
  for (long k = 0; k < (long)(g->paths / QS_EARLY_LANES); k++) {
    const block b = block_of(g, (size_t)k);
    for (uint32_t level = 0; level < e->levels; level++) {
      follow(g, level, (size_t)k * QS_EARLY_LANES, &b);
    }
  }
  for (uint32_t level = 0; level < e->levels; level++) {
    const double *earned = g->earned + level * g->paths;
    means->earned[level] = qs_mean(earned, g->paths);
    means->paid[level] = qs_mean(earned + e->levels * g->paths, g->paths);
    means->paid_years[level] = qs_mean(earned + (size_t)2 * e->levels * g->paths, g->paths);
  }
  return find_gap(g, &means->gap);
}

static bool allocate(qs_arena *arena, group *g) {
  const qs_early_joint *e = g->e;
  const size_t all = QS_EARLY_GROUPS * g->outer, blocks = g->paths / QS_EARLY_LANES;
  g->room = block_room(e);
  g->rooms = QS_NEW(arena, (blocks > g->outer ? blocks : g->outer) * g->room, double);
  g->earned = QS_NEW(arena, (size_t)3 * e->levels * g->paths, double);
  g->upper = QS_NEW(arena, g->outer, double);
  g->lower = QS_NEW(arena, g->outer, double);
  g->held = QS_NEW(arena, g->outer, double);
  g->martingale = QS_NEW(arena, g->outer, double);
  return g->rooms && g->earned && g->upper && g->lower && g->held && g->martingale &&
         qs_early_states_make(arena, e, e->dates * g->paths, &g->states) &&
         qs_early_states_make(arena, e, all, &g->at) &&
         qs_early_states_make(arena, e, g->outer * SAMPLES, &g->samples);
}

static void size_group(const qs_early_joint *e, group *g) {
  const uint64_t unit = e->unit->path_count;
  uint64_t paths = unit / PATHS_SHARE < MOST_PATHS ? unit / PATHS_SHARE : MOST_PATHS;
  uint64_t outer = unit / OUTER_SHARE / QS_EARLY_GROUPS;
  while (paths > QS_EARLY_GROUPS * QS_EARLY_LANES && paths * e->dates * e->assets > MOST_STATES) {
    paths /= 2;
  }
  paths = paths / QS_EARLY_GROUPS / QS_EARLY_LANES * QS_EARLY_LANES;
  outer = outer < LEAST_OUTER ? LEAST_OUTER : outer > MOST_OUTER ? MOST_OUTER : outer;
  g->paths = (size_t)(paths > QS_EARLY_LANES ? paths : QS_EARLY_LANES);
  g->outer = (size_t)(outer < g->paths ? outer : g->paths);
}

/* The groups' means as bounds, per unit of what the task says. */
static void conclude(const qs_early_joint *e, const group_means *means, qs_early_bounds *bounds) {
  const qs_early_joint_task *task = e->task;
  double lower[QS_EARLY_GROUPS], upper[QS_EARLY_GROUPS], gap[QS_EARLY_GROUPS], more[QS_EARLY_GROUPS];
  double halved[QS_EARLY_GROUPS], years[QS_EARLY_LEVELS][QS_EARLY_GROUPS];
  for (int g = 0; g < QS_EARLY_GROUPS; g++) {
    const group_means *m = &means[g];
    const bool all = e->levels == QS_EARLY_LEVELS;
    lower[g] = task->exercised ? task->now : m->earned[0];
    upper[g] = fmax(task->now, m->earned[0] + m->gap); /* `now` may be no number */
    lower[g] /= task->per;
    upper[g] /= task->per;
    gap[g] = upper[g] - lower[g];
    more[g] = all && !task->exercised ? (m->earned[0] - m->earned[1]) / task->per : 0;
    halved[g] = all && !task->exercised ? (m->earned[1] - m->earned[2]) / task->per : 0;
    bounds->price[g] = lower[g] + more[g];
    for (uint32_t k = 0; k < QS_EARLY_LEVELS; k++) {
      const double waited = m->paid[k] > 0 ? m->paid_years[k] / m->paid[k] : e->unit->years[e->dates - 1];
      years[k][g] = task->exercised ? 0 : waited;
    }
  }
  bounds->present = true;
  bounds->dates = e->dates + (isnan(task->now) ? 0 : 1);
  bounds->lower = qs_early_of_groups(lower);
  bounds->upper = qs_early_of_groups(upper);
  bounds->gap = qs_early_of_groups(gap);
  bounds->extrapolation = qs_early_of_groups(more);
  bounds->extrapolation.std_error =
      hypot(bounds->extrapolation.std_error,
            bounds->extrapolation.estimate - 0.5 * qs_early_of_groups(halved).estimate);
  qs_early_set_years(years, e->levels, bounds);
}

qs_status qs_early_joint_bound(const qs_early_joint *e, qs_early_bounds *bounds) {
  group g = {.e = e};
  group_means means[QS_EARLY_GROUPS];
  memset(means, 0, sizeof means);
  size_group(e, &g);
  qs_arena *arena = qs_arena_create(e->context);
  qs_status status =
      arena && allocate(arena, &g) ? QS_OK : qs_fail_memory(e->context, "bounding early exercise");
  for (; !status && g.number < QS_EARLY_GROUPS; g.number++) {
    status = run_group(&g, &means[g.number]);
  }
  if (!status) {
    conclude(e, means, bounds);
  }
  qs_arena_destroy(arena);
  return status;
}
