#include "host/engine/early_grid.h"

#include <math.h>
#include <string.h>

#include "host/market/clones.h"

size_t qs_early_pad(const qs_early_grid *grid) {
  return grid->x_count + 8;
}

size_t qs_early_row(const qs_early_grid *grid) {
  return grid->x_count + 2 * qs_early_pad(grid);
}

size_t qs_early_size(const qs_early_grid *grid) {
  return grid->y_count * qs_early_row(grid);
}

void qs_early_fill_edges(const qs_early_grid *grid, double *values) {
  size_t pad = qs_early_pad(grid), n = grid->x_count;
  for (size_t y = 0; y < grid->y_count; y++) {
    double *row = values + y * qs_early_row(grid);
    for (size_t i = 0; i < pad; i++) {
      row[i] = row[pad];
      row[pad + n + i] = row[pad + n - 1];
    }
  }
}

/* Weights of four-point Lagrange interpolation at `t` in [0, 1] between the middle nodes. */
static inline void cubic(double t, double weight[4]) {
  weight[0] = -t * (t - 1) * (t - 2) / 6;
  weight[1] = (t + 1) * (t - 1) * (t - 2) / 2;
  weight[2] = -(t + 1) * t * (t - 2) / 2;
  weight[3] = (t + 1) * t * (t - 1) / 6;
}

static inline double clip(double x, double low, double high) {
  return x < low ? low : x > high ? high : x;
}

static inline size_t locate_y(const qs_early_grid *grid, double v, double weight[4]) {
  double at = clip(sqrt(v) / grid->step_y, 0, (double)(grid->y_count - 1));
  double below = clip(floor(at), 1, (double)grid->y_count - 3);
  cubic(at - below, weight);
  return (size_t)below;
}

QS_CLONES qs_early_place qs_early_locate(const qs_early_grid *grid, double x, double v) {
  qs_early_place place = {.weight_y = {0, 1, 0, 0}, .y = 1};
  double at = clip((x - grid->first_x) / grid->step_x, -4, (double)grid->x_count + 4), below = floor(at);
  cubic(at - below, place.weight_x);
  place.x = (long)below;
  if (grid->y_count > 1) {
    place.y = locate_y(grid, v, place.weight_y);
  }
  return place;
}

/* Along a row, whose ends go on beyond it. */
static inline double along_x(const double *row, long count, const qs_early_place *place) {
  double sum = 0;
  for (int k = 0; k < 4; k++) {
    long at = place->x - 1 + k;
    sum += place->weight_x[k] * row[at < 0 ? 0 : at < count ? at : count - 1];
  }
  return sum;
}

QS_CLONES double qs_early_value(const qs_early_grid *grid, const double *nodes, size_t stride,
                                const qs_early_place *place) {
  long count = (long)grid->x_count;
  if (grid->y_count == 1) {
    return along_x(nodes, count, place);
  }
  double sum = 0;
  const double *row = nodes + (place->y - 1) * stride;
  for (int r = 0; r < 4; r++, row += stride) {
    sum += place->weight_y[r] * along_x(row, count, place);
  }
  return sum;
}

QS_CLONES void qs_early_pair(const qs_early_grid *grid, const float *first, const float *second, double x,
                             double v, double value[2]) {
  long count = (long)grid->x_count;
  double wx[4], wy[4] = {0, 1, 0, 0};
  double at = clip((x - grid->first_x) / grid->step_x, -4, (double)count + 4), below = floor(at);
  cubic(at - below, wx);
  size_t from = 0;
  int rows = 1;
  if (grid->y_count > 1) {
    from = (locate_y(grid, v, wy) - 1) * grid->x_count;
    rows = 4;
  }
  long node[4];
  for (int k = 0; k < 4; k++) {
    long wanted = (long)below - 1 + k;
    node[k] = wanted < 0 ? 0 : wanted < count ? wanted : count - 1;
  }
  double sum[2] = {0, 0};
  for (int r = 0; r < rows; r++, from += grid->x_count) {
    const float *a = first + from, *b = second + from;
    double scale = rows > 1 ? wy[r] : 1;
    sum[0] += scale * (wx[0] * a[node[0]] + wx[1] * a[node[1]] + wx[2] * a[node[2]] + wx[3] * a[node[3]]);
    sum[1] += scale * (wx[0] * b[node[0]] + wx[1] * b[node[1]] + wx[2] * b[node[2]] + wx[3] * b[node[3]]);
  }
  value[0] = sum[0];
  value[1] = sum[1];
}

size_t qs_early_kernel_size(const qs_early_grid *grid) {
  return grid->y_count * (2 * (grid->x_count + 2) + 1);
}

/* The nodes that a slope in v is taken between. */
static void chord(const qs_early_grid *grid, size_t y, double least, size_t *below, size_t *above) {
  const double square = grid->step_y * grid->step_y;
  size_t low = y, high = y;
  do {
    low = low ? low - 1 : 0;
    high = high + 1 < grid->y_count ? high + 1 : high;
  } while ((double)(high * high - low * low) * square < least && (low || high + 1 < grid->y_count));
  *below = low;
  *above = high;
}

/* Adds the slope's control: `amount` x the derivative to exp(x) and to v at the node itself. */
static void add_controls(const qs_early_grid *grid, size_t y, double excess, double drift, double deviation,
                         qs_early_kernel *kernel) {
  long width = 2 * kernel->reach + 1;
  double *own = kernel->weight + (long)y * width + kernel->reach;
  own[1] -= excess / (2 * grid->step_x);
  own[-1] += excess / (2 * grid->step_x);
  if (drift != 0) {
    size_t below, above;
    chord(grid, y, 2 * deviation, &below, &above);
    double low = (double)below * grid->step_y, high = (double)above * grid->step_y;
    double slope = drift / (high * high - low * low);
    kernel->weight[(long)above * width + kernel->reach] -= slope;
    kernel->weight[(long)below * width + kernel->reach] += slope;
  }
}

enum { CHUNK = 64 };

/* Where the samples of a chunk lie: the node below in each direction, and how far beyond it. */
typedef struct chunk {
  double below_x[CHUNK], below_y[CHUNK], beyond_x[CHUNK], beyond_y[CHUNK];
} chunk;

static inline void locate_chunk(double low, double high, const double *restrict at, double *restrict below,
                                double *restrict beyond) {
  for (int i = 0; i < CHUNK; i++) {
    double node = clip(floor(at[i]), low, high);
    below[i] = node;
    beyond[i] = at[i] - node;
  }
}

/* cubic(), in powers of t: four weights at once. */
static inline void cubic_powers(double t, double weight[4]) {
  static const double one[4] = {0, 1, 0, 0}, first[4] = {-1 / 3., -0.5, 1, -1 / 6.},
                      second[4] = {0.5, -1, 0.5, 0}, third[4] = {-1 / 6., 0.5, -0.5, 1 / 6.};
  for (int k = 0; k < 4; k++) {
    weight[k] = one[k] + t * (first[k] + t * (second[k] + t * third[k]));
  }
}

static inline void add_chunk(const qs_early_grid *grid, const chunk *c, size_t count, double unit,
                             qs_early_kernel *kernel) {
  size_t width = (size_t)(2 * kernel->reach + 1);
  int rows = grid->y_count > 1 ? 4 : 1;
  for (size_t i = 0; i < count; i++) {
    double *to = kernel->weight + kernel->reach + (long)c->below_x[i] - 1;
    double weight_x[4], weight_y[4] = {1, 0, 0, 0};
    cubic_powers(c->beyond_x[i], weight_x);
    if (rows > 1) {
      to += ((size_t)c->below_y[i] - 1) * width;
      cubic_powers(c->beyond_y[i], weight_y);
    }
    for (int r = 0; r < rows; r++, to += width) {
      double scale = unit * weight_y[r];
      for (int k = 0; k < 4; k++) {
        to[k] += scale * weight_x[k];
      }
    }
  }
}

/* The mean of exp(x) less 1 as the kernel has it; interpolation makes no difference that counts. */
static double excess_of(const qs_early_grid *grid, const qs_early_kernel *kernel) {
  double excess = 0;
  for (long o = kernel->low; o <= kernel->high; o++) {
    double sum = 0;
    for (size_t y = 0; y < grid->y_count; y++) {
      sum += kernel->weight[(long)y * (2 * kernel->reach + 1) + kernel->reach + o];
    }
    excess += sum * expm1((double)o * grid->step_x);
  }
  return excess;
}

static void widen(const chunk *c, size_t count, qs_early_kernel *kernel) {
  for (size_t i = 0; i < count; i++) {
    // cppcheck-suppress uninitvar ; the chunk has been located before
    long offset = (long)c->below_x[i];
    kernel->low = offset - 1 < kernel->low ? offset - 1 : kernel->low;
    kernel->high = offset + 2 > kernel->high ? offset + 2 : kernel->high;
  }
}

void qs_early_kernel_clear(const qs_early_grid *grid, qs_early_kernel *kernel) {
  kernel->reach = (long)grid->x_count + 2;
  for (size_t y = 0; y < grid->y_count; y++) {
    double *row = kernel->weight + (long)y * (2 * kernel->reach + 1) + kernel->reach;
    memset(row + kernel->low, 0, (size_t)(kernel->high - kernel->low + 1) * sizeof *row);
  }
  kernel->low = -1;
  kernel->high = 1;
}

void qs_early_kernel_add(const qs_early_grid *grid, double share, const qs_early_kernel *from,
                         qs_early_kernel *to) {
  to->low = from->low < to->low ? from->low : to->low;
  to->high = from->high > to->high ? from->high : to->high;
  for (size_t y = 0; y < grid->y_count; y++) {
    const size_t row = y * (size_t)(2 * to->reach + 1);
    const double *restrict add = from->weight + row + to->reach;
    double *restrict sum = to->weight + row + to->reach;
    for (long o = from->low; o <= from->high; o++) {
      sum[o] += share * add[o];
    }
  }
}

QS_CLONES void qs_early_kernel_fill(const qs_early_grid *grid, size_t y, qs_early_law law, const double *x,
                                    const double *v, size_t count, qs_early_kernel *kernel) {
  qs_early_kernel_clear(grid, kernel);
  double most = (double)grid->x_count - 1, most_y = (double)(grid->y_count - 1);
  double rate = 1 / grid->step_x, rate_y = 1 / grid->step_y, unit = 1 / (double)count, drift = 0;
  double last_y = (double)grid->y_count - 3;
  for (size_t first = 0; first < count; first += CHUNK) {
    double at_x[CHUNK] = {0}, at_y[CHUNK] = {0};
    chunk c;
    size_t some = count - first < CHUNK ? count - first : CHUNK;
    for (size_t i = 0; i < some; i++) {
      at_x[i] = clip(x[first + i] * rate, -most, most);
      at_y[i] = clip(sqrt(v[first + i]) * rate_y, 0, most_y);
      drift += v[first + i] - law.mean;
    }
    locate_chunk(-most, most, at_x, c.below_x, c.beyond_x);
    locate_chunk(1, last_y, at_y, c.below_y, c.beyond_y);
    widen(&c, some, kernel);
    add_chunk(grid, &c, some, unit, kernel);
  }
  bool known = grid->y_count > 1 && !isnan(law.mean);
  add_controls(grid, y, excess_of(grid, kernel), known ? unit * drift : 0, law.deviation, kernel);
}

enum { TOGETHER = 4 }; /* offsets in one pass over a row */

/* to += sum_k weight[k] x from shifted by k. */
static inline void add_scaled(const double weight[TOGETHER], const double *restrict from, double *restrict to,
                              size_t count) {
  double w0 = weight[0], w1 = weight[1], w2 = weight[2], w3 = weight[3];
  for (size_t i = 0; i < count; i++) {
    to[i] += (w0 * from[i] + w1 * from[i + 1]) + (w2 * from[i + 2] + w3 * from[i + 3]);
  }
}

QS_CLONES void qs_early_expect(const qs_early_grid *grid, const qs_early_kernel *kernel, const double *values,
                               double *to) {
  size_t n = grid->x_count;
  long pad = (long)qs_early_pad(grid);
  memset(to, 0, n * sizeof *to);
  for (size_t y = 0; y < grid->y_count; y++) {
    const double *weight = kernel->weight + (long)y * (2 * kernel->reach + 1) + kernel->reach;
    const double *row = values + y * qs_early_row(grid) + pad;
    for (long o = kernel->low; o <= kernel->high; o += TOGETHER) {
      double w[TOGETHER] = {0};
      bool some = false;
      for (long k = 0; k < TOGETHER && o + k <= kernel->high; k++) {
        w[k] = weight[o + k];
        some = some || w[k] != 0;
      }
      if (some) {
        add_scaled(w, row + o, to, n);
      }
    }
  }
}
