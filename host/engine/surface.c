#include "host/engine/surface.h"

#include <math.h>
#include <string.h>

#include "host/base/model.h"
#include "host/engine/surface_nodes.h"
#include "host/market/fourier.h"

static const double max_step_k = 0.1;
static const double max_k = 12;        /* ln 160,000 */
static const double negligible = 1e-6; /* time value at the table's ends */
static const double first_step_u = 0.2;
static const double table_tolerance = 1e-8;
static const double tolerated = 2.5e-6; /* of interpolation in each direction; k's is applied twice */
enum { MAX_K = 8192, MAX_Y = 512, ROWS = 8 };

/* Expected variance to go from v: the integral of E v over `years`, jumps of the price left out. */
static double total_variance(const qs_surface_law *law, double v) {
  const double *p = law->model->value, years = law->years;
  if (!qs_model_stochastic(law->model)) {
    return p[QS_SIGMA] * p[QS_SIGMA] * years + law->added;
  }
  double reach = -expm1(-p[QS_KAPPA] * years) / p[QS_KAPPA];
  return v * reach + p[QS_THETA] * (years - reach) + law->added;
}

/* Spacing whose error for a Black price is tolerated: (3/128) (0.8/s^3) h^4. Where the model's distribution
 * is more peaked than the normal it is a start. */
static double spacing(double total_vol) {
  double h = pow(tolerated * 128 / (3 * 0.8), 0.25) * pow(total_vol, 0.75);
  return h > max_step_k ? max_step_k : h;
}

static qs_status price_row(qs_context *context, const qs_surface_law *law, size_t y_count, const double *v,
                           size_t k_count, const double *k, double *price) {
  qs_fourier_settings settings = qs_fourier_defaults();
  settings.tolerance = table_tolerance;
  settings.added_variance = law->added;
  qs_fourier_report report;
  qs_status status =
      qs_fourier_surface(law->model, law->years, y_count, v, k_count, k, &settings, price, &report);
  if (status && !(status == QS_ERROR_UNTRUSTED && report.error < 1e-6)) {
    return qs_fail(context, status, "pricing at the horizon: %s", report.problem);
  }
  return QS_OK;
}

/* The range of k outside of which time value is negligible at the largest variance. */
static qs_status find_range(qs_context *context, const qs_surface_law *law, double v, double start,
                            double *k_high) {
  for (int tries = 0;; tries++) {
    double k = start * pow(1.3, tries);
    double at[2] = {-k, k}, price[2];
    qs_status status = price_row(context, law, 1, &v, 2, at, price);
    if (status) {
      return status;
    }
    bool small = price[0] - (1 - exp(-k)) < negligible && price[1] < negligible;
    if (small || k > max_k) {
      *k_high = k;
      return QS_OK;
    }
  }
}

/* Largest error of cubic interpolation half way between nodes, from a row's values at every half node. */
static double halfway_error(const double *price, size_t count, size_t stride) {
  double worst = 0;
  for (size_t j = 3; j + 3 < count; j += 2) {
    const double *p = price + j * stride;
    double between = (9 * (p[-(long)stride] + p[stride]) - (p[-3 * (long)stride] + p[3 * stride])) / 16;
    double error = fabs(between - p[0]);
    worst = error > worst ? error : worst;
  }
  return worst;
}

/* Halves the step of k until the lowest variance's row, the most peaked, is interpolated well enough. */
static qs_status choose_step_k(qs_context *context, qs_arena *arena, const qs_surface_law *law, double v_low,
                               double k_high, double start, double *step) {
  double *k = QS_NEW(arena, 2 * MAX_K + 1, double);
  double *price = QS_NEW(arena, 2 * MAX_K + 1, double);
  if (!k || !price) {
    return qs_fail_memory(context, "tabulating prices at the horizon");
  }
  for (int halvings = 0;; halvings++) {
    double h = ldexp(start, -halvings);
    double reach = fmin(k_high, fmax(1.0, 40 * h));
    size_t half = (size_t)ceil(reach / (h / 2)), count = 2 * half + 1;
    if (2 * ceil(k_high / h) + 5 > MAX_K || count > 2 * MAX_K) {
      *step = 2 * h;
      return QS_OK;
    }
    for (size_t j = 0; j < count; j++) {
      k[j] = ((double)j - (double)half) * h / 2;
    }
    qs_status status = price_row(context, law, 1, &v_low, count, k, price);
    /* Nodes stand at even places whatever the parity of `half`, so both sets are tried. */
    if (status || fmax(halfway_error(price, count, 1), halfway_error(price + 1, count - 1, 1)) <= tolerated) {
      *step = h;
      return status;
    }
  }
}

/* Likewise the step of u, at log-moneyness around 0. */
static qs_status choose_step_u(qs_context *context, qs_arena *arena, const qs_surface_law *law, double v_high,
                               double k_scale, double *step) {
  enum { STRIKES = 9, MIDDLE = 4 };
  double k[STRIKES];
  double *v = QS_NEW(arena, 2 * MAX_Y + 1, double);
  double *price = QS_NEW(arena, (2 * MAX_Y + 1) * STRIKES, double);
  if (!v || !price) {
    return qs_fail_memory(context, "tabulating prices at the horizon");
  }
  for (int j = 0; j < STRIKES; j++) {
    k[j] = (j - MIDDLE) * 0.5 * k_scale;
  }
  for (int halvings = 0;; halvings++) {
    double h = ldexp(first_step_u, -halvings);
    size_t rows = 2 * (size_t)ceil(qs_surface_place(v_high) / h) + 3;
    if (rows > 2 * MAX_Y) {
      *step = 2 * h;
      return QS_OK;
    }
    for (size_t i = 0; i < rows; i++) {
      v[i] = qs_surface_variance((double)i * h / 2);
    }
    qs_status status = price_row(context, law, rows, v, STRIKES, k, price);
    double worst = 0;
    for (int j = 0; j < STRIKES && !status; j++) {
      worst = fmax(worst, halfway_error(price + j, rows, STRIKES));
    }
    if (status || worst <= tolerated) {
      *step = h;
      return status;
    }
  }
}

/* Fills the table's rows, a few rows a task. */
static qs_status fill_rows(qs_context *context, const qs_surface_law *law, const qs_surface *surface,
                           const double *v, const double *k, double *price) {
  long chunks = (long)((surface->y_count + ROWS - 1) / ROWS);
  int failed = 0;
#pragma omp parallel for num_threads(context->threads) schedule(dynamic) reduction(| : failed)
  for (long c = 0; c < chunks; c++) {
    size_t first = (size_t)c * ROWS;
    size_t rows = surface->y_count - first < ROWS ? surface->y_count - first : ROWS;
    qs_fourier_settings settings = qs_fourier_defaults();
    settings.tolerance = table_tolerance;
    settings.added_variance = law->added;
    qs_fourier_report report;
    qs_status status = qs_fourier_surface(law->model, law->years, rows, v + first, surface->k_count, k,
                                          &settings, price + first * surface->k_count, &report);
    failed |= status && !(status == QS_ERROR_UNTRUSTED && report.error < 1e-6);
  }
  return failed ? qs_fail(context, QS_ERROR_UNTRUSTED, "Fourier prices at the horizon did not converge")
                : QS_OK;
}

static qs_status lay_out(qs_context *context, qs_arena *scratch, const qs_surface_law *law,
                         const qs_state_range *range, qs_surface *made) {
  double low = sqrt(total_variance(law, range->v_low));
  double high = sqrt(total_variance(law, range->v_high));
  double k_high;
  made->stochastic = qs_model_stochastic(law->model);
  made->step_u = first_step_u;
  qs_status status = find_range(context, law, range->v_high, 4 * high, &k_high);
  if (!status) {
    status = choose_step_k(context, scratch, law, range->v_low, k_high, spacing(low), &made->step_k);
  }
  if (!status && made->stochastic) {
    status = choose_step_u(context, scratch, law, range->v_high, low, &made->step_u);
  }
  if (!status) {
    made->first_k = -(long)ceil(k_high / made->step_k) - 2;
    made->k_count = (size_t)(1 - 2 * made->first_k);
    made->y_count = made->stochastic ? (size_t)ceil(qs_surface_place(range->v_high) / made->step_u) + 4 : 1;
  }
  return status;
}

qs_status qs_surface_build(qs_context *context, qs_arena *arena, const qs_surface_law *law,
                           const qs_state_range *range, qs_surface *surface) {
  qs_arena *scratch = qs_arena_create(context);
  if (!scratch) {
    return qs_fail_memory(context, "tabulating prices at the horizon");
  }
  qs_surface made = {0};
  qs_status status = lay_out(context, scratch, law, range, &made);
  if (!status) {
    double *k = QS_NEW(scratch, made.k_count, double);
    double *v = QS_NEW(scratch, made.y_count, double);
    double *price = QS_NEW(arena, made.k_count * made.y_count, double);
    if (!k || !v || !price) {
      status = qs_fail_memory(context, "tabulating prices at the horizon");
    } else {
      for (size_t j = 0; j < made.k_count; j++) {
        k[j] = (double)(made.first_k + (long)j) * made.step_k;
      }
      for (size_t i = 0; i < made.y_count; i++) {
        v[i] = qs_surface_variance((double)i * made.step_u);
      }
      status = fill_rows(context, law, &made, v, k, price);
      made.price = price;
    }
  }
  qs_arena_destroy(scratch);
  if (!status) {
    *surface = made;
  }
  return status;
}

static void table_bounds(const qs_surface *surface, const qs_state_range *range, long *first, size_t *count) {
  *first = (long)floor(range->x_low / surface->step_k) - 1;
  long last = (long)floor(range->x_high / surface->step_k) + 2;
  *count = (size_t)(last - *first + 1);
}

size_t qs_state_table_size(const qs_surface *surface, const qs_state_range *range) {
  long first;
  size_t count;
  table_bounds(surface, range, &first, &count);
  return count * surface->y_count;
}

/* Adds one option to a table's row: nodes of x are nodes of k seen backwards, at one common offset. */
static void add_option(const qs_surface *surface, const qs_surface_option *option, const double *price,
                       long first_x, size_t x_count, double *row) {
  double place = option->k / surface->step_k;
  double below = floor(place);
  double weight[4];
  qs_surface_cubic(place - below, weight);
  double moneyness = exp(option->k - (double)first_x * surface->step_k);
  double ratio = exp(-surface->step_k);
  for (size_t j = 0; j < x_count; j++) {
    long node = (long)below - (first_x + (long)j) - surface->first_k;
    double call;
    if (node < 1 || node + 2 >= (long)surface->k_count) {
      call = moneyness < 1 ? 1 - moneyness : 0;
    } else {
      const double *p = price + node;
      call = weight[0] * p[-1] + weight[1] * p[0] + weight[2] * p[1] + weight[3] * p[2];
    }
    row[j] += option->weight * (option->call ? call : call - 1 + moneyness);
    moneyness *= ratio;
  }
}

void qs_state_table_fill(const qs_surface *surface, const qs_state_range *range,
                         const qs_surface_option *options, size_t count, double *values,
                         qs_state_table *table) {
  table_bounds(surface, range, &table->first_x, &table->x_count);
  table->step_x = surface->step_k;
  table->step_u = surface->step_u;
  table->y_count = surface->y_count;
  table->stochastic = surface->stochastic;
  table->value = values;
  memset(values, 0, table->x_count * table->y_count * sizeof *values);
  for (size_t i = 0; i < table->y_count; i++) {
    for (size_t o = 0; o < count; o++) {
      add_option(surface, &options[o], surface->price + i * surface->k_count, table->first_x, table->x_count,
                 values + i * table->x_count);
    }
  }
}

double qs_state_place(double v) {
  return qs_surface_place(v);
}

double qs_state_table_value(const qs_state_table *table, double x, double v) {
  return qs_state_table_at(table, x, table->stochastic ? qs_surface_place(v) : 0);
}

double qs_state_table_at(const qs_state_table *table, double x, double place) {
  double wx[4], wy[4];
  size_t j = qs_surface_locate(x / table->step_x - (double)table->first_x, table->x_count, wx) - 1;
  const double *p = table->value + j;
  if (!table->stochastic) {
    return wx[0] * p[0] + wx[1] * p[1] + wx[2] * p[2] + wx[3] * p[3];
  }
  size_t i = qs_surface_locate(place / table->step_u, table->y_count, wy) - 1;
  double sum = 0;
  for (int r = 0; r < 4; r++) {
    const double *q = p + (i + (size_t)r) * table->x_count;
    sum += wy[r] * (wx[0] * q[0] + wx[1] * q[1] + wx[2] * q[2] + wx[3] * q[3]);
  }
  return sum;
}
