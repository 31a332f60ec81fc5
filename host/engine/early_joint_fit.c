/* The policy: its variables and terms, then backwards from date to date a regression of what it earns. */
#include <math.h>
#include <string.h>

#include "host/engine/early_joint_state.h"
#include "host/market/clones.h"

enum {
  CHUNKS = 16, /* of paths, whose sums are added up in order */
  MOST_TERMS = 66,
  MOST_DEGREE = 6,
  MOST_GROWTHS = 64, /* controls of prices */
  MOST_RISES = 32,   /* of variances */
  MOST_COLUMNS = QS_POLICY_TERMS + 1 + 2 * QS_POLICY_MOVES * QS_MAX_JOINT + MOST_GROWTHS + MOST_RISES
};

/* Equations are solved as if every column had this much noise of its own, relative to its square. */
static const double ridge = 1e-7;

/* ---- layout ---- */

/* Products of `degree` of the variables, appended to those of one less, which begin at `from`. */
static uint32_t add_degree(const uint32_t *list, uint32_t count, uint32_t from, uint32_t terms, bool mixed,
                           uint32_t *parent, uint32_t *variable, uint32_t *last) {
  uint32_t to = terms;
  for (uint32_t k = from; k < terms; k++) {
    const uint32_t first = k ? last[k] : 0;
    for (uint32_t i = first; i < count && (mixed || !k || i == first); i++) {
      parent[to] = k;
      variable[to] = list[i];
      last[to++] = i;
    }
  }
  return to;
}

static uint32_t binomial(uint32_t n, uint32_t k) {
  uint32_t result = 1;
  for (uint32_t i = 1; i <= k && result <= MOST_TERMS; i++) {
    result = result * (n - k + i) / i;
  }
  return result;
}

/* Terms of all degrees that there is room for; of many variables only their squares beside themselves. */
static qs_status lay_terms(const qs_early_joint *e, qs_arena *arena, const uint32_t *list, uint32_t count) {
  qs_policy *policy = e->task->policy;
  uint32_t *parent = QS_NEW(arena, QS_POLICY_TERMS, uint32_t);
  uint32_t *variable = QS_NEW(arena, QS_POLICY_TERMS, uint32_t);
  uint32_t last[QS_POLICY_TERMS] = {0};
  if (!parent || !variable) {
    return qs_fail_memory(e->context, "laying out a policy");
  }
  uint32_t degree = 1;
  while (degree < MOST_DEGREE && binomial(count + degree + 1, degree + 1) <= MOST_TERMS) {
    degree++;
  }
  const bool mixed = degree > 1;
  uint32_t terms = 1, from = 0;
  for (uint32_t k = 0; k < (mixed ? degree : 2); k++) {
    const uint32_t begin = terms;
    terms = add_degree(list, count, from, terms, mixed, parent, variable, last);
    from = begin;
  }
  policy->parent = parent;
  policy->variable = variable;
  policy->terms = terms;
  return QS_OK;
}

/* How many factors the controls have. */
static void lay_controls(qs_early_joint *e, uint32_t variables) {
  uint32_t random = 0;
  for (uint32_t a = 0; a < e->assets; a++) {
    random += e->random[a];
  }
  const uint32_t linear = 1 + variables, square = linear + variables * (variables + 1) / 2;
  const uint32_t terms = e->task->policy->terms;
  e->growth_terms = variables <= 3 && square <= terms          ? square
                    : e->assets * (linear + 1) <= MOST_GROWTHS ? linear
                                                               : 1;
  e->variance_terms = random * linear <= MOST_RISES ? linear : 1;
  e->controls = e->assets * (e->growth_terms + 1) + random * e->variance_terms;
}

/* Mean and deviation of a row of paths. */
static void spread(const double *x, const double *before, size_t paths, bool root, double *mean,
                   double *deviation) {
  double sum = 0, square = 0;
  for (size_t p = 0; p < paths; p++) {
    const double y = root ? sqrt(x[p]) : x[p] - (before ? before[p] : 0);
    sum += y;
    square += y * y;
  }
  *mean = sum / (double)paths;
  *deviation = sqrt(fmax(square / (double)paths - *mean * *mean, 0));
}

/* Moves of an underlying's price, from small to large: as many as there is room for. */
static uint32_t moves_of(uint32_t assets) {
  return assets <= 5 ? 2 : 1;
}

/* How far move k goes, in deviations of a price over one interval or a quarter of those that are left. */
static double move_size(uint32_t k, uint32_t moves) {
  static const double sizes[][2] = {{1}, {0.5, 1.5}};
  return sizes[moves - 1][k];
}

/* Where the variables of each date lie, and how far its payoffs are moved. */
static void lay_dates(const qs_early_joint *e, const qs_early_states *s, size_t paths, double *centre,
                      double *rate, double *bump) {
  const uint32_t n = e->assets, moves = e->task->policy->moves;
  for (uint32_t d = 0; d < e->dates; d++) {
    for (uint32_t a = 0; a < n; a++) {
      const size_t at = d * paths;
      double mean, deviation, *c = centre + d * 2 * (size_t)n, *r = rate + d * 2 * (size_t)n;
      spread(s->x[a] + at, NULL, paths, false, &mean, &deviation);
      c[a] = mean;
      r[a] = 1 / fmax(deviation, 1e-9);
      if (e->random[a]) {
        spread(s->v[a] + at, NULL, paths, true, &mean, &deviation);
        c[n + a] = mean;
        r[n + a] = 1 / fmax(deviation, 1e-9);
      }
      const uint32_t next = d + 1 < e->dates ? d + 1 : d, left = e->dates - 1 - d;
      spread(s->x[a] + next * paths, d < next ? s->x[a] + at : NULL, paths, false, &mean, &deviation);
      for (uint32_t k = 0; k < moves; k++) {
        const double size = move_size(k, moves) * deviation * sqrt(fmax(1, left / 4.0));
        bump[(d * (size_t)n + a) * moves + k] = exp(fmin(size, 2));
      }
    }
  }
}

static qs_status lay_out(qs_early_joint *e, qs_arena *arena, const qs_early_states *s, size_t paths) {
  qs_policy *policy = e->task->policy;
  const size_t n = e->assets;
  uint32_t list[2 * QS_MAX_JOINT], count = 0;
  double *centre = QS_NEW(arena, e->dates * 2 * n, double), *rate = QS_NEW(arena, e->dates * 2 * n, double);
  policy->moves = moves_of(e->assets);
  double *bump = QS_NEW(arena, e->dates * n * policy->moves, double);
  for (uint32_t j = 0; j < 2 * e->assets; j++) {
    if (j < e->assets || e->random[j - e->assets]) {
      list[count++] = j;
    }
  }
  qs_status status = centre && rate && bump ? lay_terms(e, arena, list, count)
                                            : qs_fail_memory(e->context, "laying out a policy");
  if (status) {
    return status;
  }
  lay_controls(e, count);
  lay_dates(e, s, paths, centre, rate, bump);
  policy->centre = centre;
  policy->rate = rate;
  policy->bump = bump;
  e->features = qs_policy_features(policy, e->assets);
  for (uint32_t level = 0; level < e->levels; level++) {
    e->coefficient[level] = QS_NEW(arena, e->dates * (size_t)e->features, double);
    e->control[level] = QS_NEW(arena, (e->dates + (size_t)1) * e->controls, double);
    if (!e->coefficient[level] || !e->control[level]) {
      return qs_fail_memory(e->context, "laying out a policy");
    }
  }
  policy->coefficient = e->coefficient[0];
  return QS_OK;
}

/* ---- normal equations ---- */

/* Least squares of one interval: columns are features, then controls, then what is explained. */
typedef struct equations {
  const qs_early_joint *e;
  const qs_early_states *states;
  double *earned; /* [path]: what the policy earns from the interval's end on */
  size_t paths;
  uint32_t from, to; /* the interval, from date from - 1 (0: the start) */
  uint32_t columns;
  qs_early_mean means[QS_MAX_JOINT];
  double *sums[CHUNKS]; /* [columns][columns], the lower triangle */
  double *room[CHUNKS]; /* of columns, increments, and features' own */
  const double *solution;
} equations;

static double *increments_in(const equations *q, uint32_t chunk) {
  return q->room[chunk] + (size_t)q->columns * QS_EARLY_LANES;
}

static double *features_room_in(const equations *q, uint32_t chunk) {
  return increments_in(q, chunk) + (2 * (size_t)q->e->assets + 1) * QS_EARLY_LANES;
}

/* The columns of the paths from `at` on; `pays` is what exercise pays at the interval's beginning. */
static void fill_columns(const equations *q, uint32_t chunk, size_t at, double *pays) {
  const qs_early_joint *e = q->e;
  double *columns = q->room[chunk], *increments = increments_in(q, chunk);
  const size_t before = q->from ? (q->from - 1) * q->paths + at : 0;
  if (q->from) {
    qs_early_joint_features(e, q->from - 1, q->states, before, features_room_in(q, chunk), columns, pays);
  } else {
    memset(columns, 0, e->features * sizeof *columns * QS_EARLY_LANES);
    for (int i = 0; i < QS_EARLY_LANES; i++) {
      columns[i] = 1;
    }
  }
  qs_early_joint_increments(e, q->from ? q->states : NULL, before, q->states, q->to * q->paths + at, q->means,
                            increments);
  qs_early_joint_controls(e, columns, increments, columns + (size_t)e->features * QS_EARLY_LANES);
  memcpy(columns + (size_t)(q->columns - 1) * QS_EARLY_LANES, q->earned + at,
         QS_EARLY_LANES * sizeof *columns);
}

/* sums += the columns' products, lane by lane in eight parts that are added up in a fixed order. */
QS_CLONES static void add_products(const double *columns, uint32_t count, double *sums) {
  for (uint32_t i = 0; i < count; i++) {
    const double *x = columns + (size_t)i * QS_EARLY_LANES;
    for (uint32_t j = 0; j <= i; j++) {
      const double *y = columns + (size_t)j * QS_EARLY_LANES;
      double part[8] = {0};
      for (int l = 0; l < QS_EARLY_LANES; l += 8) {
        for (int k = 0; k < 8; k++) {
          part[k] += x[l + k] * y[l + k];
        }
      }
      sums[(size_t)i * count + j] +=
          ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7]));
    }
  }
}

static size_t chunk_begin(const equations *q, uint32_t chunk) {
  return q->paths / QS_EARLY_LANES * chunk / CHUNKS * QS_EARLY_LANES;
}

static void sum_products(const equations *q) {
#pragma omp parallel for num_threads(q->e->context->threads) schedule(static)
  for (int chunk = 0; chunk < CHUNKS; chunk++) {
    double pays[QS_EARLY_LANES];
    memset(q->sums[chunk], 0, (size_t)q->columns * q->columns * sizeof *q->sums[chunk]);
    for (size_t at = chunk_begin(q, (uint32_t)chunk); at < chunk_begin(q, (uint32_t)chunk + 1);
         at += QS_EARLY_LANES) {
      fill_columns(q, (uint32_t)chunk, at, pays);
      add_products(q->room[chunk], q->columns, q->sums[chunk]);
    }
  }
  for (int chunk = 1; chunk < CHUNKS; chunk++) {
    for (size_t i = 0; i < (size_t)q->columns * q->columns; i++) {
      q->sums[0][i] += q->sums[chunk][i];
    }
  }
}

/* Solves the equations of all columns but the last for it, by Cholesky of the matrix scaled to a diagonal of
 * ones; a column of zeros gets none. The last row becomes the solution. */
static void solve(uint32_t columns, double *a) {
  const uint32_t n = columns - 1;
  double *b = a + (size_t)n * columns, scale[MOST_COLUMNS];
  for (uint32_t i = 0; i < n; i++) {
    const double square = a[(size_t)i * columns + i];
    scale[i] = square > 0 ? 1 / sqrt(square) : 0;
  }
  for (uint32_t i = 0; i < n; i++) {
    double *row = a + (size_t)i * columns;
    b[i] *= scale[i];
    for (uint32_t j = 0; j <= i; j++) {
      double sum = i == j ? 1 + ridge : row[j] * scale[i] * scale[j];
      const double *other = a + (size_t)j * columns;
      for (uint32_t k = 0; k < j; k++) {
        sum -= row[k] * other[k];
      }
      row[j] = i == j ? sqrt(fmax(sum, ridge)) : sum / other[j];
    }
  }
  for (uint32_t i = 0; i < n; i++) {
    for (uint32_t k = 0; k < i; k++) {
      b[i] -= a[(size_t)i * columns + k] * b[k];
    }
    b[i] /= a[(size_t)i * columns + i];
  }
  for (uint32_t i = n; i-- > 0;) {
    for (uint32_t k = i + 1; k < n; k++) {
      b[i] -= a[(size_t)k * columns + i] * b[k];
    }
    b[i] /= a[(size_t)i * columns + i];
  }
  for (uint32_t i = 0; i < n; i++) {
    b[i] = isfinite(b[i] * scale[i]) ? b[i] * scale[i] : 0;
  }
}

/* ---- backwards ---- */

/* How much of what is earned is taken from the regression in place of the path, date by date: over many dates
 * that costs little bias and saves noise, by which holders exercise too early; measured on 48 dates, where a
 * quarter to a half did best. */
enum { FEW_DATES = 12 };
static const double blend_of_many = 0.25;

/* Takes the interval's martingale off what is earned, and exercises at its beginning where that is better. */
static void exercise(const equations *q, const double *coefficient, const double *control) {
  const qs_early_joint *e = q->e;
  const double blend = e->dates > FEW_DATES ? blend_of_many : 0;
#pragma omp parallel for num_threads(e->context->threads) schedule(static)
  for (int chunk = 0; chunk < CHUNKS; chunk++) {
    double pays[QS_EARLY_LANES], hold[QS_EARLY_LANES];
    const double *columns = q->room[chunk];
    for (size_t at = chunk_begin(q, (uint32_t)chunk); at < chunk_begin(q, (uint32_t)chunk + 1);
         at += QS_EARLY_LANES) {
      fill_columns(q, (uint32_t)chunk, at, pays);
      qs_early_joint_hold(e, coefficient, columns, hold);
      for (uint32_t k = 0; k < e->controls; k++) {
        const double *moved = columns + ((size_t)e->features + k) * QS_EARLY_LANES;
        for (int i = 0; i < QS_EARLY_LANES; i++) {
          q->earned[at + (size_t)i] -= control[k] * moved[i];
        }
      }
      for (int i = 0; i < QS_EARLY_LANES; i++) {
        const bool held = pays[i] <= 0 || pays[i] < hold[i];
        double *earned = &q->earned[at + (size_t)i];
        *earned = held ? *earned + blend * (hold[i] - *earned) : pays[i];
      }
    }
  }
}

/* What is earned at the last date. */
static void settle(const equations *q) {
  const qs_early_joint *e = q->e;
#pragma omp parallel for num_threads(e->context->threads) schedule(static)
  for (int chunk = 0; chunk < CHUNKS; chunk++) {
    double pays[QS_EARLY_LANES];
    for (size_t at = chunk_begin(q, (uint32_t)chunk); at < chunk_begin(q, (uint32_t)chunk + 1);
         at += QS_EARLY_LANES) {
      qs_early_joint_pays(e, e->dates - 1, q->states, (e->dates - 1) * q->paths + at,
                          features_room_in(q, (uint32_t)chunk), pays);
      for (int i = 0; i < QS_EARLY_LANES; i++) {
        q->earned[at + (size_t)i] = pays[i] <= 0 ? 0 : pays[i];
      }
    }
  }
}

static void fit_level(qs_early_joint *e, uint32_t level, equations *q) {
  settle(q);
  for (uint32_t to = e->dates - 1;;) {
    q->to = to;
    q->from = qs_early_joint_before(e, level, to);
    qs_early_joint_means(e, q->from, to, q->means);
    sum_products(q);
    solve(q->columns, q->sums[0]);
    const double *solution = q->sums[0] + (size_t)(q->columns - 1) * q->columns;
    double *control = e->control[level] + (size_t)q->from * e->controls;
    memcpy(control, solution + e->features, e->controls * sizeof *control);
    if (!q->from) {
      e->start = level ? e->start : solution[0];
      return;
    }
    double *coefficient = e->coefficient[level] + (size_t)(q->from - 1) * e->features;
    memcpy(coefficient, solution, e->features * sizeof *coefficient);
    exercise(q, coefficient, control);
    to = q->from - 1;
  }
}

static bool allocate(qs_arena *scratch, equations *q) {
  const qs_early_joint *e = q->e;
  q->columns = e->features + e->controls + 1;
  const size_t room = (q->columns + 2 * (size_t)e->assets + 1) * QS_EARLY_LANES + qs_early_joint_room(e);
  q->earned = QS_NEW(scratch, q->paths, double);
  bool good = q->earned != NULL;
  for (int chunk = 0; good && chunk < CHUNKS; chunk++) {
    q->sums[chunk] = QS_NEW(scratch, (size_t)q->columns * q->columns, double);
    q->room[chunk] = QS_NEW(scratch, room, double);
    good = q->sums[chunk] && q->room[chunk];
  }
  return good;
}

qs_status qs_early_joint_fit(qs_early_joint *e, qs_arena *arena, uint64_t paths) {
  qs_arena *scratch = qs_arena_create(e->context);
  qs_early_states states = {{NULL}, {NULL}};
  equations q = {.e = e, .states = &states, .paths = paths};
  qs_status status = scratch && qs_early_states_make(scratch, e, e->dates * paths, &states)
                         ? QS_OK
                         : qs_fail_memory(e->context, "fitting a policy");
  status = status ? status : qs_early_joint_simulate(e, e->task->keys.policy, 0, paths, &states);
  status = status ? status : lay_out(e, arena, &states, paths);
  if (!status && !allocate(scratch, &q)) {
    status = qs_fail_memory(e->context, "fitting a policy");
  }
  for (uint32_t level = 0; !status && level < e->levels; level++) {
    fit_level(e, level, &q);
  }
  qs_arena_destroy(scratch);
  return status;
}
