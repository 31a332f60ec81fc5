#include "host/engine/greek_table.h"

#include "host/engine/surface_nodes.h"
#include "host/market/fourier.h"

/* What is tabulated of one call per unit of forward, over k. */
enum { TIME, PRICE, DELTA, GAMMA, VEGA, KINDS };

static const double tolerance = 1e-8;

/* One row of v: call[kind][k_count]. */
typedef struct row {
  double v;
  double *call;
} row;

/* Derivatives of calls at every node of k; TIME becomes what time and the roll add over the step. */
static bool fill_row(const qs_surface_law *law, const qs_surface *surface, const double *k,
                     const qs_greek_step *step, const row *r) {
  const size_t n = surface->k_count;
  double *c = r->call;
  qs_model model = *law->model;
  qs_fourier_settings settings = qs_fourier_defaults();
  settings.tolerance = settings.derivative_tolerance = tolerance;
  settings.added_variance = law->added;
  qs_fourier_output out = {
      .price = c + PRICE * n, .delta = c + DELTA * n, .gamma = c + GAMMA * n, .time = c + TIME * n};
  if (surface->stochastic) {
    model.value[QS_V0] = r->v;
    out.parameter[QS_V0] = c + VEGA * n;
  }
  qs_fourier_report report;
  const qs_status status = qs_fourier_strip(&model, law->years, n, k, &settings, &out, &report);
  for (size_t j = 0; j < n; j++) {
    const double *at = c + j;
    c[TIME * n + j] =
        -step->years * at[TIME * n] - 0.5 * step->added * at[GAMMA * n] + step->rolled * at[DELTA * n];
  }
  return !status || (status == QS_ERROR_UNTRUSTED && report.error < 1e-6);
}

/* Adds one option to a table's row; nodes of x are nodes of k seen backwards, at one common offset. */
static void add_option(const qs_surface *surface, const qs_greek_option *o, const qs_greek_step *step,
                       const double *call, const qs_greek_table *table, double *to) {
  const double place = o->option.k / surface->step_k, below = floor(place);
  double weight[4];
  qs_surface_cubic(place - below, weight);
  double moneyness = exp(o->option.k - (double)table->first_x * surface->step_k);
  const double ratio = exp(-surface->step_k);
  for (size_t j = 0; j < table->x_count; j++, to += QS_STEP_GREEKS) {
    const long node = (long)below - (table->first_x + (long)j) - surface->first_k;
    const double in = moneyness < 1;
    double at[KINDS] = {step->rolled * in, in * (1 - moneyness), in, 0, 0};
    if (node >= 1 && node + 2 < (long)surface->k_count) {
      for (int q = 0; q < KINDS; q++) {
        const double *p = call + (size_t)q * surface->k_count + node;
        at[q] = weight[0] * p[-1] + weight[1] * p[0] + weight[2] * p[1] + weight[3] * p[2];
      }
    }
    if (!o->option.call) {
      at[TIME] -= step->rolled;
      at[PRICE] += moneyness - 1;
      at[DELTA] -= 1;
    }
    to[QS_STEP_THETA] += o->option.weight * (at[TIME] + o->growth * at[PRICE]);
    to[QS_STEP_DELTA] += o->option.weight * at[DELTA];
    to[QS_STEP_GAMMA] += o->option.weight * at[GAMMA];
    to[QS_STEP_VEGA] += o->option.weight * at[VEGA];
    moneyness *= ratio;
  }
}

qs_status qs_greek_table_make(qs_context *context, qs_arena *arena, const qs_surface_law *law,
                              const qs_state_range *range, const qs_greek_step *step,
                              const qs_greek_option *options, size_t count, qs_greek_table *table) {
  qs_arena *scratch = qs_arena_create(context);
  qs_surface surface = {0};
  qs_status status = scratch ? qs_surface_build(context, scratch, law, range, &surface)
                             : qs_fail_memory(context, "tabulating Greeks");
  if (status) {
    qs_arena_destroy(scratch);
    return status;
  }
  qs_greek_table made = {.step_x = surface.step_k,
                         .step_u = surface.step_u,
                         .first_x = (long)floor(range->x_low / surface.step_k) - 1,
                         .y_count = surface.y_count,
                         .stochastic = surface.stochastic};
  made.x_count = (size_t)((long)floor(range->x_high / surface.step_k) + 3 - made.first_x);
  const size_t width = made.x_count * QS_STEP_GREEKS, calls = KINDS * surface.k_count;
  double *values = QS_NEW(arena, width * made.y_count, double);
  double *k = QS_NEW(scratch, surface.k_count, double);
  double *call = QS_NEW(scratch, calls * made.y_count, double);
  if (!values || !k || !call) {
    qs_arena_destroy(scratch);
    return qs_fail_memory(context, "tabulating Greeks");
  }
  for (size_t j = 0; j < surface.k_count; j++) {
    k[j] = (double)(surface.first_k + (long)j) * surface.step_k;
  }
  int failed = 0;
#pragma omp parallel for num_threads(context->threads) schedule(dynamic) reduction(| : failed)
  for (size_t i = 0; i < made.y_count; i++) {
    const row r = {qs_surface_variance((double)i * surface.step_u), call + i * calls};
    failed |= !fill_row(law, &surface, k, step, &r);
    for (size_t o = 0; o < count; o++) {
      add_option(&surface, &options[o], step, r.call, &made, values + i * width);
    }
  }
  qs_arena_destroy(scratch);
  made.value = values;
  *table = made;
  return failed ? qs_fail(context, QS_ERROR_UNTRUSTED, "Fourier Greeks along the paths did not converge")
                : QS_OK;
}

void qs_greek_table_at(const qs_greek_table *table, double x, double v, double greeks[QS_STEP_GREEKS]) {
  double wx[4], wy[4] = {1, 0, 0, 0};
  const size_t j = qs_surface_locate(x / table->step_x - (double)table->first_x, table->x_count, wx) - 1;
  const int rows = table->stochastic ? 4 : 1;
  size_t i = 0;
  if (table->stochastic) {
    i = qs_surface_locate(qs_surface_place(v) / table->step_u, table->y_count, wy) - 1;
  }
  double sum[QS_STEP_GREEKS] = {0};
  for (int r = 0; r < rows; r++) {
    const double *p = table->value + ((i + (size_t)r) * table->x_count + j) * QS_STEP_GREEKS;
    for (int q = 0; q < QS_STEP_GREEKS; q++) {
      sum[q] += wy[r] * (wx[0] * p[q] + wx[1] * p[QS_STEP_GREEKS + q] + wx[2] * p[2 * QS_STEP_GREEKS + q] +
                         wx[3] * p[3 * QS_STEP_GREEKS + q]);
    }
  }
  for (int q = 0; q < QS_STEP_GREEKS; q++) {
    greeks[q] = sum[q];
  }
}
