/* The policy: its variables and terms, then backwards from date to date a regression of what it earns. */
#include <math.h>
#include <string.h>

#include "host/engine/early_joint_state.h"
#include "host/engine/scheduler.h"

enum {
  CHUNKS = 16, /* of paths, whose sums are added up in order: part of the bits */
  MOST_TERMS = 66,
  MOST_DEGREE = 6,
  MOST_GROWTHS = 64, /* controls of prices */
  MOST_RISES = 32,   /* of variances */
  MOST_COLUMNS = QS_POLICY_TERMS + 1 + 2 * QS_POLICY_MOVES * QS_MAX_JOINT + MOST_GROWTHS + MOST_RISES
};

static const char stage[] = "exercise";

/* How much of what is earned is taken from the regression in place of the path, date by date: over many dates
 * that costs little bias and saves noise, by which holders exercise too early; measured on 48 dates, where a
 * quarter to a half did best. */
enum { FEW_DATES = 12 };
static const double blend_of_many = 0.25;

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
  qs_regression_counts *n = &e->counts;
  uint32_t random = 0;
  for (uint32_t a = 0; a < e->assets; a++) {
    random += e->random[a];
    n->random |= (uint32_t)e->random[a] << a;
  }
  const uint32_t linear = 1 + variables, square = linear + variables * (variables + 1) / 2;
  const uint32_t terms = e->task->policy->terms;
  n->assets = e->assets;
  n->terms = terms;
  n->features = e->features;
  n->growth_terms = variables <= 3 && square <= terms          ? square
                    : e->assets * (linear + 1) <= MOST_GROWTHS ? linear
                                                               : 1;
  n->variance_terms = random * linear <= MOST_RISES ? linear : 1;
  e->controls = qs_regression_controls(n);
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
  e->features = qs_policy_features(policy, e->assets);
  lay_controls(e, count);
  lay_dates(e, s, paths, centre, rate, bump);
  policy->centre = centre;
  policy->rate = rate;
  policy->bump = bump;
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

/* Least squares of one interval, by units of the regression that the devices run. */
typedef struct equations {
  const qs_early_joint *e;
  const qs_early_states *states;
  double *earned,
      *next; /* [path]: what the policy earns from the interval's end on, and from its beginning */
  size_t paths;
  uint32_t from, to; /* the interval, from date from - 1 (0: the start) */
  uint32_t columns;
  double *sums;   /* [chunk][product] */
  double *matrix; /* [columns][columns], the lower triangle */
} equations;

/* The policy of one date. */
static qs_policy policy_at(const qs_early_joint *e, uint32_t date, const double *coefficient) {
  const qs_policy *all = e->task->policy;
  const size_t n = e->assets;
  qs_policy one = *all;
  one.weights += date;
  one.centre += date * 2 * n;
  one.rate += date * 2 * n;
  one.bump += date * n * all->moves;
  one.coefficient = coefficient;
  return one;
}

/* Runs a task over the interval; coefficient and control are those of its beginning. */
static qs_status regress(const equations *q, qs_regression_task task, const double *coefficient,
                         const double *control, double *result) {
  const qs_early_joint *e = q->e;
  const bool ends = task == QS_REGRESSION_END;
  const uint32_t date = ends ? q->to : q->from ? q->from - 1 : 0;
  const qs_policy policy = policy_at(e, date, coefficient);
  const size_t before = q->from && !ends ? (q->from - 1) * q->paths : 0, after = q->to * q->paths;
  qs_regression_asset assets[QS_MAX_JOINT];
  qs_early_mean means[QS_MAX_JOINT];
  qs_early_joint_means(e, ends ? q->to : q->from, q->to, means);
  for (uint32_t a = 0; a < e->assets; a++) {
    const bool begins = q->from && !ends, known = !isnan(means[a].slope);
    const qs_joint_asset *asset = &e->unit->assets[a];
    assets[a] = (qs_regression_asset){.x_before = begins ? q->states->x[a] + before : NULL,
                                      .v_before = begins ? q->states->v[a] + before : NULL,
                                      .x = q->states->x[a] + after,
                                      .v = q->states->v[a] + after,
                                      .forward = asset->forward[date],
                                      .x_start = e->unit->shifts[a],
                                      .v_start = e->random[a] ? asset->path.model.value[QS_V0] : 0,
                                      .constant = known ? means[a].constant : 0,
                                      .slope = known ? means[a].slope : 0,
                                      .known = known};
  }
  const qs_regression_unit unit = {.task = task,
                                   .counts = e->counts,
                                   .assets = assets,
                                   .program = e->payoff->program,
                                   .observed_asset = e->payoff->observed_asset,
                                   .policy = &policy,
                                   .control = control,
                                   .earned = ends ? NULL : q->earned,
                                   .blend = e->dates > FEW_DATES ? blend_of_many : 0,
                                   .path_end = q->paths,
                                   .stride = q->paths,
                                   .chunk_paths = q->paths / CHUNKS};
  return qs_schedule_regression(e->context, e->devices, stage, &unit, NULL, result);
}

/* Sums the products over all paths, into the matrix. */
static qs_status sum_products(const equations *q, const double *coefficient) {
  const size_t each = qs_regression_products(&q->e->counts);
  qs_status status = regress(q, QS_REGRESSION_SUM, coefficient, NULL, q->sums);
  for (size_t i = 0; !status && i < each; i++) {
    for (size_t chunk = 1; chunk < CHUNKS; chunk++) {
      q->sums[i] += q->sums[chunk * each + i];
    }
  }
  const double *row = q->sums;
  for (uint32_t i = 0; !status && i < q->columns; i++) {
    memcpy(q->matrix + (size_t)i * q->columns, row, (i + 1) * sizeof *row);
    row += i + 1;
  }
  return status;
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

static qs_status fit_level(qs_early_joint *e, uint32_t level, equations *q) {
  double *const coefficients = e->coefficient[level];
  q->to = e->dates - 1;
  q->from = q->to + 1;
  qs_status status =
      regress(q, QS_REGRESSION_END, coefficients + (size_t)q->to * e->features, NULL, q->earned);
  while (!status) {
    q->from = qs_early_joint_before(e, level, q->to);
    double *coefficient = coefficients + (size_t)(q->from ? q->from - 1 : 0) * e->features;
    double *control = e->control[level] + (size_t)q->from * e->controls;
    status = sum_products(q, coefficient);
    if (status) {
      break;
    }
    solve(q->columns, q->matrix);
    const double *solution = q->matrix + (size_t)(q->columns - 1) * q->columns;
    memcpy(control, solution + e->features, e->controls * sizeof *control);
    if (!q->from) {
      e->start = level ? e->start : solution[0];
      break;
    }
    memcpy(coefficient, solution, e->features * sizeof *coefficient);
    status = regress(q, QS_REGRESSION_EARN, coefficient, control, q->next);
    double *earned = q->next;
    q->next = q->earned;
    q->earned = earned;
    q->to = q->from - 1;
  }
  return status;
}

static bool allocate(qs_arena *scratch, equations *q) {
  q->columns = qs_regression_columns(&q->e->counts);
  q->earned = QS_NEW(scratch, q->paths, double);
  q->next = QS_NEW(scratch, q->paths, double);
  q->sums = QS_NEW(scratch, (size_t)CHUNKS * qs_regression_products(&q->e->counts), double);
  q->matrix = QS_NEW(scratch, (size_t)q->columns * q->columns, double);
  return q->earned && q->next && q->sums && q->matrix;
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
    status = fit_level(e, level, &q);
  }
  qs_arena_destroy(scratch);
  return status;
}
