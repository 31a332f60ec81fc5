#include "host/policy/law.h"

#include <math.h>
#include <string.h>

#include "host/base/model.h"
#include "host/base/numbers.h"
#include "host/market/characteristic.h"
#include "host/market/clones.h"
#include "host/market/lane_math.h"
#include "host/policy/gauss.h"

enum { BLOCK = QS_CHARACTERISTIC_BLOCK, VARIANCES = 6, VARIANCES_JUMP = 3, JUMP_SIZES = 5, MOST_JUMPS = 12 };
static const double normal_reach = 6.5; /* deviations */
static const double jump_step = 1;      /* of the normal where there was a jump, in deviations */
static const double rare = 1e-9;        /* probability of more jumps */
static const double law_step = 0.5;     /* of the normal, for the operator */
static const double dropped = 1e-13;    /* weights */

/* A list of points that grows; or one of normals. */
typedef struct builder {
  qs_arena *arena;
  qs_policy_point *point;
  size_t count, room;
  bool whole; /* normals stay whole, in `part` */
  qs_policy_part *part;
} builder;

static bool add_point(builder *b, double z, double v, double weight) {
  if (b->count == b->room) {
    size_t room = b->room ? 2 * b->room : 512;
    qs_policy_point *more = QS_NEW(b->arena, room, qs_policy_point);
    if (!more) {
      return false;
    }
    if (b->count) {
      memcpy(more, b->point, b->count * sizeof *more);
    }
    b->point = more;
    b->room = room;
  }
  b->point[b->count++] = (qs_policy_point){z, v, weight};
  return true;
}

static bool add_part(builder *b, double mean, double deviation, double v, double weight) {
  if (b->count == b->room) {
    size_t room = b->room ? 2 * b->room : 32;
    qs_policy_part *more = QS_NEW(b->arena, room, qs_policy_part);
    if (!more) {
      return false;
    }
    if (b->count) {
      memcpy(more, b->part, b->count * sizeof *more);
    }
    b->part = more;
    b->room = room;
  }
  b->part[b->count++] = (qs_policy_part){mean, deviation, v, weight};
  return true;
}

/* Scales the weights to sum 1 and moves the points so that E[e^z] = 1. */
static void balance(builder *b) {
  double sum = 0, mean = 0;
  for (size_t i = 0; i < b->count; i++) {
    sum += b->point[i].weight;
  }
  for (size_t i = 0; i < b->count; i++) {
    b->point[i].weight /= sum;
    mean += b->point[i].weight * expm1(b->point[i].z);
  }
  double shift = log1p(mean);
  for (size_t i = 0; i < b->count; i++) {
    b->point[i].z -= shift;
  }
}

/* ---- constant variance ---- */

/* Adds a block of nodes to the sums of density x e^(z/2). */
QS_CLONES static void add_density(const double *u, const double *re, const double *im, double spacing,
                                  long half, double *sum) {
  for (long j = -half; j <= half; j++) {
    double total = 0;
    for (int k = 0; k < BLOCK; k++) {
      double s, c;
      qs_lane_sincos(u[k] * ((double)j * spacing), &s, &c);
      total += re[k] * c + im[k] * s;
    }
    sum[j + half] += total;
  }
}

/* Weights by Fourier inversion on the line p = 1/2 + i u. */
static bool density_points(builder *b, const qs_policy_step *step) {
  long half = (long)ceil(step->reach / step->spacing);
  double *sum = QS_NEW(b->arena, (size_t)(2 * half + 1), double);
  if (!sum) {
    return false;
  }
  qs_characteristic law = qs_characteristic_shifted(step->model, step->years, step->added);
  double h = QS_PI / (2.5 * step->reach), largest = 1, u[BLOCK], re[BLOCK], im[BLOCK];
  for (size_t first = 0; largest > 1e-17 && first < 1u << 16; first += BLOCK) {
    qs_characteristic_block block;
    for (size_t k = 0; k < BLOCK; k++) {
      u[k] = ((double)(first + k) + 0.5) * h;
    }
    qs_characteristic_evaluate(&law, u, false, &block);
    largest = 0;
    for (size_t k = 0; k < BLOCK; k++) {
      double size = exp(block.c.re[k]);
      re[k] = size * cos(block.c.im[k]);
      im[k] = size * sin(block.c.im[k]);
      largest = fmax(largest, size);
    }
    add_density(u, re, im, step->spacing, half, sum);
  }
  double total = 0, mean = 0;
  for (long j = -half; j <= half; j++) {
    double z = (double)j * step->spacing, weight = sum[j + half] * exp(-0.5 * z) * h / QS_PI * step->spacing;
    sum[j + half] = weight > dropped ? weight : 0;
    total += sum[j + half];
  }
  double square = 0;
  for (long j = -half; j <= half; j++) {
    sum[j + half] /= total;
    mean += sum[j + half] * expm1((double)j * step->spacing);
    square += sum[j + half] * pow(expm1((double)j * step->spacing), 2);
  }
  for (long j = -half; j <= half; j++) {
    double gain = expm1((double)j * step->spacing);
    /* what truncation took from the mean comes back by a tilt */
    double weight = sum[j + half] * (1 - mean * (gain - mean) / (square - mean * mean));
    if (weight > 0 && !add_point(b, (double)j * step->spacing, 0, weight)) {
      return false;
    }
  }
  return true;
}

/* ---- random variance ---- */

/* A step of the diffusion from variance v, as gathered points: n jumps of price with these moments, and what
 * is added to v'. */
typedef struct diffusion {
  const qs_policy_step *step;
  double v, mean, variance, added_v, weight;
  size_t nodes;
  bool spread; /* I has two points */
  double normal_step;
} diffusion;

/* Moments of I given the roots at both ends: those of the integral of the square of a Brownian bridge. */
static void bridge_moments(double xi, double years, double a, double b, double *mean, double *variance) {
  double square = xi * xi * years;
  *mean = years * ((a * a + a * b + b * b) / 3 + square / 24);
  *variance = square * years * years * ((a * a + b * b) / 45 + 7 * a * b / 180);
}

static bool add_normals(builder *b, double mean, double deviation, double step, double v, double weight) {
  if (b->whole) {
    return add_part(b, mean, deviation, v, weight);
  }
  if (deviation == 0) {
    return add_point(b, mean, v, weight);
  }
  long half = (long)(normal_reach / step);
  for (long j = -half; j <= half; j++) {
    double e = (double)j * step;
    if (!add_point(b, mean + deviation * e, v, weight * step * exp(-0.5 * e * e) / sqrt(2 * QS_PI))) {
      return false;
    }
  }
  return true;
}

/* Nodes of v' and their mean of I, rescaled. */
static size_t variance_nodes(const diffusion *d, double *end, double *weight, double *mean,
                             double *variance) {
  const double *p = d->step->model->value;
  double years = d->step->years, decay = exp(-p[QS_KAPPA] * years), square = p[QS_XI] * p[QS_XI];
  double scale = square * -expm1(-p[QS_KAPPA] * years) / (4 * p[QS_KAPPA]);
  double freedom = 4 * p[QS_KAPPA] * p[QS_THETA] / square, far = d->v * decay / scale;
  double cumulant[2 * QS_GAUSS_MOST] = {0}, factor = 0.5, power = 1;
  for (size_t n = 1; n < 2 * d->nodes; n++) {
    factor *= n > 1 ? 2 * (double)(n - 1) : 2;
    power *= scale;
    cumulant[n] = factor * (freedom + (double)n * far) * power;
  }
  size_t count = qs_gauss_from_cumulants(d->nodes, cumulant, end, weight);
  double reach = -expm1(-p[QS_KAPPA] * years) / p[QS_KAPPA];
  double exact = p[QS_THETA] * years + (d->v - p[QS_THETA]) * reach, sum = 0;
  for (size_t i = 0; i < count; i++) {
    end[i] = fmax(end[i], 0);
    bridge_moments(p[QS_XI], years, sqrt(d->v), sqrt(end[i]), &mean[i], &variance[i]);
    sum += weight[i] * mean[i];
  }
  for (size_t i = 0; i < count; i++) {
    mean[i] *= exact / sum;
  }
  return count;
}

static bool add_diffusion(builder *b, const diffusion *d) {
  const double *p = d->step->model->value;
  double end[QS_GAUSS_MOST], weight[QS_GAUSS_MOST], mean[QS_GAUSS_MOST], variance[QS_GAUSS_MOST];
  size_t count = variance_nodes(d, end, weight, mean, variance);
  double loading = p[QS_RHO] / p[QS_XI], left = 1 - p[QS_RHO] * p[QS_RHO];
  for (size_t i = 0; i < count; i++) {
    double spread = d->spread ? fmin(sqrt(variance[i]), 0.9 * mean[i]) : 0;
    for (int side = -1; side <= 1; side += 2) {
      double integral = mean[i] + side * spread;
      double log_mean = d->mean - 0.5 * integral +
                        loading * (end[i] - d->v - p[QS_KAPPA] * (p[QS_THETA] * d->step->years - integral));
      double own = left * integral + d->step->added, deviation = sqrt(own + d->variance);
      /* a wide jump still has to resolve what the diffusion's width does */
      double step =
          d->variance > 0 ? fmin(d->normal_step, fmax(2 * sqrt(own) / deviation, 0.2)) : d->normal_step;
      if (!add_normals(b, log_mean, deviation, step, end[i] + d->added_v,
                       d->weight * weight[i] * (d->spread ? 0.5 : 1))) {
        return false;
      }
      if (!d->spread) {
        break;
      }
    }
  }
  return true;
}

/* n jumps: Gauss quadrature of the sum of their variance jumps, which is a gamma law. */
static bool add_jumps(builder *b, const qs_policy_step *step, double v, int n, double probability) {
  const double *p = step->model->value;
  bool variance_jumps = step->model->type == QS_MODEL_SVCJ && p[QS_MU_V] > 0;
  double size[QS_GAUSS_MOST] = {0}, weight[QS_GAUSS_MOST] = {1}, cumulant[2 * QS_GAUSS_MOST] = {0};
  size_t count = 1;
  if (variance_jumps) {
    double factor = n;
    for (int k = 1; k < 2 * JUMP_SIZES; k++) {
      factor *= k > 1 ? k - 1 : 1;
      factor *= p[QS_MU_V];
      cumulant[k] = factor;
    }
    count = qs_gauss_from_cumulants(JUMP_SIZES, cumulant, size, weight);
  }
  double decay = exp(-p[QS_KAPPA] * step->years), half = sqrt(decay);
  double loading = variance_jumps ? p[QS_RHO_J] : 0;
  for (size_t i = 0; i < count; i++) {
    diffusion d = {.step = step,
                   .v = v + 0.5 * size[i],
                   .mean = n * p[QS_MU_J] + loading * size[i],
                   .variance = n * p[QS_SIGMA_J] * p[QS_SIGMA_J],
                   .added_v = size[i] * (half - 0.5 * decay),
                   .weight = probability * weight[i],
                   .nodes = VARIANCES_JUMP,
                   .normal_step = fmax(step->normal_step, jump_step)};
    if (!add_diffusion(b, &d)) {
      return false;
    }
  }
  return true;
}

static bool random_points(builder *b, const qs_policy_step *step, double v) {
  const double *p = step->model->value;
  bool jumps = qs_model_parameters(step->model->type) >> QS_LAMBDA & 1;
  double expected = jumps ? p[QS_LAMBDA] * step->years : 0, probability = exp(-expected),
         left = 1 - probability;
  diffusion d = {.step = step,
                 .v = v,
                 .weight = probability,
                 .nodes = VARIANCES,
                 .spread = true,
                 .normal_step = step->normal_step};
  if (!add_diffusion(b, &d)) {
    return false;
  }
  for (int n = 1; n <= MOST_JUMPS && left > rare; n++) {
    probability *= expected / n;
    left -= probability;
    if (!add_jumps(b, step, v, n, probability)) {
      return false;
    }
  }
  return true;
}

qs_status qs_policy_make_points(qs_arena *arena, const qs_policy_step *step, double v,
                                qs_policy_points *points) {
  builder b = {.arena = arena};
  bool random = qs_model_stochastic(step->model);
  if (!(random ? random_points(&b, step, v) : density_points(&b, step))) {
    return QS_ERROR_MEMORY;
  }
  if (random) {
    balance(&b);
  }
  *points = (qs_policy_points){b.count, b.point};
  return QS_OK;
}

/* Weights to sum 1, and means so that E[e^z] = 1. */
static void balance_parts(builder *b) {
  double sum = 0, mean = 0;
  for (size_t i = 0; i < b->count; i++) {
    sum += b->part[i].weight;
  }
  for (size_t i = 0; i < b->count; i++) {
    qs_policy_part *p = &b->part[i];
    p->weight /= sum;
    mean += p->weight * expm1(p->mean + 0.5 * p->deviation * p->deviation);
  }
  for (size_t i = 0; i < b->count; i++) {
    b->part[i].mean -= log1p(mean);
  }
}

qs_status qs_policy_make_parts(qs_arena *arena, const qs_policy_step *step, double v,
                               qs_policy_parts *parts) {
  builder b = {.arena = arena, .whole = true};
  if (!qs_model_stochastic(step->model)) {
    return QS_ERROR_INPUT;
  }
  if (!random_points(&b, step, v)) {
    return QS_ERROR_MEMORY;
  }
  balance_parts(&b);
  *parts = (qs_policy_parts){b.count, b.part};
  return QS_OK;
}

/* ---- the operator ---- */

size_t qs_policy_cubic(double place, size_t count, double weight[4]) {
  place = place < 0 ? 0 : place > (double)(count - 1) ? (double)(count - 1) : place;
  double below = floor(place) - 1;
  below = below < 0 ? 0 : below > (double)(count - 4) ? (double)(count - 4) : below;
  double t = place - below;
  weight[0] = -(t - 1) * (t - 2) * (t - 3) / 6;
  weight[1] = t * (t - 2) * (t - 3) / 2;
  weight[2] = -t * (t - 1) * (t - 3) / 2;
  weight[3] = t * (t - 1) * (t - 2) / 6;
  return (size_t)below;
}

/* Spreads the points on nodes: row[y][x offset + half]. */
static void spread_points(const qs_policy_nodes *nodes, const qs_policy_points *points, long half,
                          double *dense) {
  for (size_t i = 0; i < points->count; i++) {
    const qs_policy_point *p = &points->point[i];
    double wx[4], wy[4] = {1, 0, 0, 0}, place = p->z / nodes->x_step;
    size_t y = 0, rows = 1;
    if (nodes->y_count > 1) {
      y = qs_policy_cubic((sqrt(p->v) - nodes->y_low) / nodes->y_step, nodes->y_count, wy);
      rows = 4;
    }
    long width = 2 * half + 1;
    size_t x = qs_policy_cubic(place + (double)half, (size_t)width, wx);
    for (size_t r = 0; r < rows; r++) {
      for (size_t c = 0; c < 4; c++) {
        dense[(y + r) * (size_t)width + x + c] += p->weight * wy[r] * wx[c];
      }
    }
  }
}

/* The dense rows as runs without the negligible, whose sum goes to the largest coefficient. */
static bool compress(qs_arena *arena, const qs_policy_nodes *nodes, long half, double *dense,
                     qs_policy_run **runs, size_t *run_count) {
  size_t width = (size_t)(2 * half + 1), size = width * nodes->y_count, count = 0, kept = 0, largest = 0;
  double lost = 0;
  for (size_t i = 0; i < size; i++) {
    largest = fabs(dense[i]) > fabs(dense[largest]) ? i : largest;
    if (fabs(dense[i]) < dropped) {
      lost += dense[i];
      dense[i] = 0;
    } else {
      kept++;
      count += i % width == 0 || dense[i - 1] == 0;
    }
  }
  dense[largest] += lost;
  *runs = QS_NEW(arena, count, qs_policy_run);
  double *weight = QS_NEW(arena, kept, double);
  if (!*runs || !weight) {
    return false;
  }
  size_t run = 0;
  for (size_t i = 0; i < size; i++) {
    if (dense[i] == 0) {
      continue;
    }
    if (i % width == 0 || dense[i - 1] == 0) {
      (*runs)[run++] = (qs_policy_run){i / width, (long)(i % width) - half, 0, weight};
    }
    *weight++ = dense[i];
    (*runs)[run - 1].count++;
  }
  *run_count = count;
  return true;
}

static qs_status make_row(qs_arena *arena, const qs_policy_nodes *nodes, const qs_policy_step *step, size_t y,
                          qs_policy_run **runs, size_t *run_count) {
  double root = nodes->y_low + (double)y * nodes->y_step;
  long half = (long)nodes->x_count + 2;
  qs_policy_points points;
  double *dense = QS_NEW(arena, (size_t)(2 * half + 1) * nodes->y_count, double);
  if (!dense || qs_policy_make_points(arena, step, root * root, &points)) {
    return QS_ERROR_MEMORY;
  }
  spread_points(nodes, &points, half, dense);
  return compress(arena, nodes, half, dense, runs, run_count) ? QS_OK : QS_ERROR_MEMORY;
}

qs_status qs_policy_make_law(qs_context *context, qs_arena *arena, const qs_policy_nodes *nodes,
                             const qs_model *model, double years, double added, qs_policy_law *law) {
  size_t rows = nodes->y_count;
  size_t *count = QS_NEW(arena, rows, size_t);
  const qs_policy_run **run = QS_NEW(arena, rows, const qs_policy_run *);
  qs_policy_step step = {.model = model,
                         .years = years,
                         .added = added,
                         .spacing = nodes->x_step,
                         .reach = (double)(nodes->x_count - 1) * nodes->x_step,
                         .normal_step = law_step};
  if (!count || !run) {
    return qs_fail_memory(context, "tabulating the law of a period");
  }
  for (size_t y = 0; y < rows; y++) {
    qs_policy_run *made;
    if (make_row(arena, nodes, &step, y, &made, &count[y])) {
      return qs_fail_memory(context, "tabulating the law of a period");
    }
    run[y] = made;
  }
  *law = (qs_policy_law){years, added, nodes->x_count, rows, count, run};
  return QS_OK;
}

qs_status qs_policy_make_laws(qs_context *context, qs_arena *arena, const qs_policy_problem *problem,
                              const qs_policy_nodes *nodes, const qs_policy_law **laws) {
  size_t periods = problem->date_count - 1;
  for (size_t n = 0; n < periods; n++) {
    const qs_policy_date *d = &problem->dates[n];
    double years = d[1].years - d->years, added = d[1].added - d->added;
    laws[n] = NULL;
    for (size_t m = 0; m < n && !laws[n]; m++) {
      bool same = fabs(laws[m]->years - years) <= 1e-9 * years &&
                  fabs(laws[m]->added - added) <= 1e-9 * (added + years);
      laws[n] = same ? laws[m] : NULL;
    }
    if (!laws[n]) {
      qs_policy_law *made = QS_NEW(arena, 1, qs_policy_law);
      if (!made) {
        return qs_fail_memory(context, "tabulating the law of a period");
      }
      qs_status status = qs_policy_make_law(context, arena, nodes, problem->model, years, added, made);
      if (status) {
        return status;
      }
      laws[n] = made;
    }
  }
  return QS_OK;
}

/* The nodes begin .. end - 1 of a row. */
QS_CLONES static void expect_row(const qs_policy_law *law, size_t y, long begin, long end, size_t lanes,
                                 const double *f, double *out) {
  enum { LANES = QS_POLICY_LANES };
  long last = (long)law->x_count - 1;
  for (long x = begin; x < end; x++) {
    for (size_t lane = 0; lane < lanes; lane += LANES) {
      double sum[LANES] = {0};
      for (size_t r = 0; r < law->run_count[y]; r++) {
        const qs_policy_run *run = &law->run[y][r];
        const double *row = f + run->to * law->x_count * lanes + lane;
        for (size_t i = 0; i < run->count; i++) {
          long at = x + run->first + (long)i;
          at = at < 0 ? 0 : at > last ? last : at;
          const double *restrict from = row + (size_t)at * lanes;
          double w = run->weight[i];
          for (int l = 0; l < LANES; l++) {
            sum[l] += w * from[l];
          }
        }
      }
      memcpy(out + (y * law->x_count + (size_t)x) * lanes + lane, sum, sizeof sum);
    }
  }
}

void qs_policy_expect_part(const qs_policy_law *law, int threads, size_t lanes, const double *f, size_t begin,
                           size_t end, double *out) {
  enum { PIECE = 32 };
  const size_t width = law->x_count, pieces = (width + PIECE - 1) / PIECE;
#pragma omp parallel for num_threads(threads) schedule(dynamic)
  for (size_t i = 0; i < law->y_count * pieces; i++) {
    const size_t row = i / pieces * width, piece = row + i % pieces * PIECE;
    const size_t last = piece + PIECE < row + width ? piece + PIECE : row + width;
    const size_t from = piece > begin ? piece : begin, to = last < end ? last : end;
    if (from < to) {
      expect_row(law, i / pieces, (long)(from - row), (long)(to - row), lanes, f, out);
    }
  }
}

void qs_policy_expect(const qs_policy_law *law, int threads, size_t lanes, const double *f, double *out) {
  qs_policy_expect_part(law, threads, lanes, f, 0, law->x_count * law->y_count, out);
}

double qs_policy_at_start(const qs_policy_nodes *nodes, const double *f, double v) {
  size_t middle = nodes->x_count / 2;
  if (nodes->y_count == 1) {
    return f[middle];
  }
  double weight[4], sum = 0;
  size_t y = qs_policy_cubic((sqrt(v) - nodes->y_low) / nodes->y_step, nodes->y_count, weight);
  for (size_t r = 0; r < 4; r++) {
    sum += weight[r] * f[(y + r) * nodes->x_count + middle];
  }
  return sum;
}
