#include "host/policy/ratios.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "host/base/exchange.h"
#include "host/base/numbers.h"
#include "host/market/characteristic.h"
#include "host/market/clones.h"
#include "host/market/complex_lane.h"
#include "host/market/fourier_plan.h"
#include "host/policy/affine.h"

enum { PRICE, DELTA, GAMMA, VEGA, LOCAL, COIN, QUANTITIES };
enum { BLOCK = QS_CHARACTERISTIC_BLOCK, TILE = 64, MAX_NODES = 1 << 15 };

static const double tail = 1e-9;       /* time value of images, per unit of forward */
static const double small_phi = 1e-11; /* where sums end */

/* Options that expire together. */
typedef struct expiry {
  double years, forward, added;
  size_t date; /* at which they expire, or date_count */
  size_t first, count;
  double farthest; /* largest |k| */
} expiry;

typedef struct sorted_option {
  double k, weight; /* log-moneyness at 0, -infinity for a call of strike 0 */
  bool call, coin;
} sorted_option;

typedef struct book {
  sorted_option *options;
  expiry *expiries;
  size_t expiry_count;
  bool coin;
} book;

/* What one date's sums work in. */
typedef struct workspace {
  size_t rows, width;    /* quantities x y; x padded to whole tiles */
  double *sum;           /* [rows][width] */
  double *cosine, *sine; /* [BLOCK][width] */
  double *re, *im;       /* [BLOCK][rows] */
  double *y;             /* [y_count]: v of the row */
} workspace;

static qs_status sort_book(qs_arena *arena, const qs_policy_problem *p, book *out) {
  out->options = QS_NEW(arena, p->option_count + 1, sorted_option);
  out->expiries = QS_NEW(arena, p->option_count + 1, expiry);
  bool *taken = QS_NEW(arena, p->option_count + 1, bool);
  if (!out->options || !out->expiries || !taken) {
    return QS_ERROR_MEMORY;
  }
  size_t placed = 0;
  for (size_t i = 0; i < p->option_count; i++) {
    if (taken[i]) {
      continue;
    }
    const qs_policy_option *head = &p->options[i];
    expiry *e = &out->expiries[out->expiry_count++];
    *e = (expiry){head->years, head->forward, head->added, qs_policy_expiry_date(p, head), placed, 0, 0};
    for (size_t j = i; j < p->option_count; j++) {
      const qs_policy_option *o = &p->options[j];
      if (!taken[j] && o->years == e->years && o->forward == e->forward && o->added == e->added) {
        double k = log(o->strike / o->forward);
        out->options[placed++] = (sorted_option){k, o->weight, o->call, o->coin};
        e->farthest = isfinite(k) ? fmax(e->farthest, fabs(k)) : e->farthest;
        e->count++;
        taken[j] = true;
        out->coin |= o->coin;
      }
    }
  }
  return QS_OK;
}

static double node_variance(const qs_policy_nodes *nodes, size_t y) {
  double root = nodes->y_low + (double)y * nodes->y_step;
  return root * root;
}

/* The step of u: images of every strike stand where time value is negligible. */
static double frequency_step(const qs_policy_problem *p, const qs_policy_nodes *nodes, const expiry *e,
                             double years, double added) {
  double reach = 0;
  for (int real = 0; real <= (p->real ? 1 : 0); real++) {
    qs_model high = real ? *p->real : *p->model, low = high;
    high.value[QS_V0] = node_variance(nodes, nodes->y_count - 1);
    low.value[QS_V0] = node_variance(nodes, 0);
    qs_characteristic one = qs_characteristic_shifted(&high, years, added);
    qs_characteristic other = qs_characteristic_shifted(&low, years, added);
    qs_fourier_plan plan = qs_fourier_make_plan(&one, &other, -20, 20, tail, tail);
    reach = plan.low > plan.high ? reach : fmax(reach, fmax(-plan.low, plan.high));
  }
  double widest = e->farthest + fabs(nodes->x_low) + fabs(p->drift) * p->dates[p->date_count - 1].years;
  return 2 * QS_PI / (widest + 1.2 * reach + 0.1);
}

/* sum of weight exp(k (1 - p)), p = 1/2 + i u, over the options of an expiry. */
static qs_cx weight_of(const book *b, const expiry *e, double u, bool coin) {
  qs_cx sum = {0, 0};
  for (size_t i = e->first; i < e->first + e->count; i++) {
    const sorted_option *o = &b->options[i];
    if (isfinite(o->k) && (!coin || o->coin)) {
      double s, c, size = o->weight * exp(0.5 * o->k);
      qs_lane_sincos(u * o->k, &s, &c);
      sum.re += size * c;
      sum.im -= size * s;
    }
  }
  return sum;
}

/* Adds BLOCK nodes to the sums; rows whose coefficients are all negligible are left out. */
QS_CLONES static void add_nodes(const workspace *w) {
  for (size_t r = 0; r < w->rows; r++) {
    double largest = 0;
    for (size_t k = 0; k < BLOCK; k++) {
      largest = fmax(largest, fabs(w->re[k * w->rows + r]) + fabs(w->im[k * w->rows + r]));
    }
    if (!(largest > 1e-14)) {
      continue;
    }
    for (size_t tile = 0; tile < w->width; tile += TILE) {
      double *restrict sum = w->sum + r * w->width + tile;
      double local[TILE];
      memcpy(local, sum, sizeof local);
      for (size_t k = 0; k < BLOCK; k++) {
        double re = w->re[k * w->rows + r], im = w->im[k * w->rows + r];
        const double *restrict c = w->cosine + k * w->width + tile, *restrict s =
                                                                        w->sine + k * w->width + tile;
        for (size_t j = 0; j < TILE; j++) {
          local[j] += re * c[j] - im * s[j];
        }
      }
      memcpy(sum, local, sizeof local);
    }
  }
}

QS_CLONES static void fill_waves(const workspace *w, const qs_policy_nodes *nodes, const double *u) {
  for (size_t k = 0; k < BLOCK; k++) {
    for (size_t j = 0; j < w->width; j++) {
      double s, c;
      qs_lane_sincos(u[k] * (nodes->x_low + (double)j * nodes->x_step), &s, &c);
      w->cosine[k * w->width + j] = c;
      w->sine[k * w->width + j] = s;
    }
  }
}

/* One expiry's part of a date: what the sums need at every node. */
typedef struct transform {
  const qs_policy_problem *problem;
  const qs_policy_nodes *nodes;
  const book *book;
  const expiry *expiry;
  bool step;                       /* the local ratio is wanted: there is a next date */
  double rest;                     /* from the next date, or this one without a step, to the expiry */
  double added_rest, years, added; /* of the step */
  double drift;                    /* x gains so much more over the step */
} transform;

/* Characteristic exponents at a block of nodes, and the coefficients of all rows. Returns the largest |phi|.
 */
static double coefficients(const transform *t, const double *u, const workspace *w) {
  qs_characteristic_block later;
  const qs_model *model = t->problem->model;
  memset(&later, 0, sizeof later);
  if (t->rest > 0) {
    qs_characteristic law = qs_characteristic_shifted(model, t->rest, t->added_rest);
    qs_characteristic_evaluate(&law, u, false, &later);
  }
  double largest = 0;
  size_t rows = t->nodes->y_count;
  for (int k = 0; k < BLOCK; k++) {
    qs_cx p = {0.5, u[k]}, c = {later.c.re[k], later.c.im[k]}, d = {later.d.re[k], later.d.im[k]};
    qs_affine zero = {c.re, c.im, d.re, d.im}, one = {0}, real = {0};
    if (t->step) {
      zero = qs_affine_step(model, t->years, t->added, 0.5, u[k], d.re, d.im);
      const qs_model *law = t->problem->real ? t->problem->real : model;
      one = qs_affine_step(law, t->years, t->added, 1.5, u[k], d.re, d.im);
      real = t->problem->real ? qs_affine_step(law, t->years, t->added, 0.5, u[k], d.re, d.im) : zero;
      zero.a_re += c.re, zero.a_im += c.im;
      real.a_re += c.re, real.a_im += c.im;
      one.a_re += c.re, one.a_im += c.im;
    }
    qs_cx shift = qs_cx_exp(qs_cx_scale((qs_cx){-0.5, u[k]}, t->drift));
    qs_cx all = weight_of(t->book, t->expiry, u[k], false);
    qs_cx coin = t->book->coin ? weight_of(t->book, t->expiry, u[k], true) : (qs_cx){0, 0};
    double inverse = 1 / (u[k] * u[k] + 0.25);
    for (size_t y = 0; y < rows; y++) {
      double v = node_variance(t->nodes, y);
      qs_cx phi = qs_cx_exp((qs_cx){zero.a_re + v * zero.b_re, zero.a_im + v * zero.b_im});
      qs_cx base = qs_cx_scale(qs_cx_mul(all, phi), inverse), value[QUANTITIES];
      value[PRICE] = base;
      value[DELTA] = qs_cx_mul(p, base);
      value[GAMMA] = qs_cx_scale(qs_cx_mul(all, phi), -1);
      value[VEGA] = qs_cx_mul((qs_cx){zero.b_re, zero.b_im}, base);
      value[COIN] = qs_cx_scale(qs_cx_mul(coin, phi), inverse);
      value[LOCAL] = (qs_cx){0, 0};
      double size = fabs(phi.re) + fabs(phi.im);
      if (t->step) {
        qs_cx tilted = qs_cx_exp((qs_cx){one.a_re + v * one.b_re, one.a_im + v * one.b_im});
        qs_cx mean =
            t->problem->real ? qs_cx_exp((qs_cx){real.a_re + v * real.b_re, real.a_im + v * real.b_im}) : phi;
        size += fabs(tilted.re) + fabs(tilted.im) + (t->problem->real ? fabs(mean.re) + fabs(mean.im) : 0);
        tilted = qs_cx_mul(qs_cx_mul(all, qs_cx_sub(tilted, mean)), shift);
        value[LOCAL] = qs_cx_scale(tilted, inverse);
      }
      for (size_t q = 0; q < QUANTITIES; q++) {
        w->re[(size_t)k * w->rows + q * rows + y] = value[q].re;
        w->im[(size_t)k * w->rows + q * rows + y] = value[q].im;
      }
      largest = fmax(largest, size);
    }
  }
  return largest;
}

/* Where a date's tables lie; those not wanted are null. */
typedef struct targets {
  double *table[QUANTITIES];
  double *relative;
} targets;

/* Adds an expiry's sums, and what is no integral, to the date's tables. */
static void add_expiry(const transform *t, const workspace *w, double step, double gain, double forward,
                       const targets *out) {
  static const double power[QUANTITIES] = {0.5, -0.5, -1.5, 0.5, -0.5, 0.5};
  double slope = 0, level = 0, coin_slope = 0, coin_level = 0;
  /* What a sum of step h adds to the integral: images of min(S, K), 2 pi/h apart with alternating sign, which
   * are S or K there, as time value is negligible; together c (S + K). */
  double far = exp(-QS_PI / step), image = far / (1 + far);
  for (size_t i = t->expiry->first; i < t->expiry->first + t->expiry->count; i++) {
    const sorted_option *o = &t->book->options[i];
    double size = o->weight, strike = exp(o->k), c = isfinite(o->k) ? image : 0;
    double per_spot = (o->call ? size : 0) - c * size, constant = ((o->call ? 0 : size) - c * size) * strike;
    slope += per_spot;
    level += constant;
    coin_slope += o->coin ? per_spot : 0;
    coin_level += o->coin ? constant : 0;
  }
  double F = t->expiry->forward;
  const qs_policy_nodes *nodes = t->nodes;
  for (size_t y = 0; y < nodes->y_count; y++) {
    for (size_t j = 0; j < nodes->x_count; j++) {
      double x = nodes->x_low + (double)j * nodes->x_step, e = exp(x);
      for (size_t q = 0; q < QUANTITIES; q++) {
        if (!out->table[q] || (q == LOCAL && !t->step)) {
          continue;
        }
        double integral = w->sum[(q * nodes->y_count + y) * w->width + j] * exp(power[q] * x) * step / QS_PI;
        double plain = q == PRICE                 ? slope * e + level
                       : q == COIN                ? coin_slope * e + coin_level
                       : q == DELTA || q == LOCAL ? slope
                                                  : 0;
        double scale = q == DELTA || q == LOCAL ? F / gain : q == GAMMA ? F / (gain * forward) : F;
        integral = q == LOCAL ? integral / out->relative[y] : integral;
        out->table[q][y * nodes->x_count + j] += scale * (plain - integral);
      }
    }
  }
}

/* One for each thread; null where memory ran out. */
static workspace *make_workspaces(qs_arena *arena, const qs_policy_nodes *nodes, int threads) {
  workspace *made = QS_NEW(arena, (size_t)threads, workspace);
  for (int i = 0; made && i < threads; i++) {
    workspace *w = &made[i];
    w->rows = QUANTITIES * nodes->y_count;
    w->width = (nodes->x_count + TILE - 1) / TILE * TILE;
    w->sum = QS_NEW(arena, w->rows * w->width, double);
    w->cosine = QS_NEW(arena, BLOCK * w->width, double);
    w->sine = QS_NEW(arena, BLOCK * w->width, double);
    w->re = QS_NEW(arena, BLOCK * w->rows, double);
    w->im = QS_NEW(arena, BLOCK * w->rows, double);
    if (!w->sum || !w->cosine || !w->sine || !w->re || !w->im) {
      return NULL;
    }
  }
  return made;
}

/* All of one date. */
static void fill_date(const qs_policy_problem *p, const book *b, size_t n, const qs_policy_nodes *nodes,
                      workspace *w, const targets *out) {
  bool step = n + 1 < p->date_count;
  const qs_policy_date *now = &p->dates[n], *next = step ? now + 1 : now;
  transform t = {.problem = p, .nodes = nodes, .book = b, .step = step, .years = next->years - now->years};
  t.added = next->added - now->added;
  t.drift = p->drift * t.years;
  for (size_t y = 0; step && y < nodes->y_count; y++) {
    qs_affine square = qs_affine_step(p->real ? p->real : p->model, t.years, t.added, 2, 0, 0, 0);
    out->relative[y] = expm1(square.a_re + square.b_re * node_variance(nodes, y));
  }
  for (size_t i = 0; i < b->expiry_count; i++) {
    const expiry *e = &b->expiries[i];
    if (e->date <= n) {
      continue;
    }
    t.expiry = e;
    bool ends = step && e->date == n + 1;
    t.rest = ends ? 0 : e->years - next->years;
    t.added_rest = ends ? 0 : fmax(e->added - next->added, 0);
    double h = frequency_step(p, nodes, e, e->years - now->years, fmax(e->added - now->added, 0));
    double u[BLOCK], largest = 1;
    memset(w->sum, 0, w->rows * w->width * sizeof *w->sum);
    for (size_t first = 0; first < MAX_NODES && largest > small_phi; first += BLOCK) {
      for (size_t k = 0; k < BLOCK; k++) {
        u[k] = ((double)(first + k) + 0.5) * h;
      }
      largest = coefficients(&t, u, w);
      fill_waves(w, nodes, u);
      add_nodes(w);
    }
    add_expiry(&t, w, h, step ? now->gain : 1, now->forward, out);
  }
  if (step) {
    for (size_t y = 0; y < nodes->y_count; y++) {
      out->relative[y] *= exp(2 * t.drift);
    }
  }
}

/* The dates in the order in which they lie in memory: every rank-th one after the other, so that each process
 * of a team has late ones, which take longest. */
static size_t *order_dates(qs_arena *arena, const qs_context *context, size_t dates) {
  const size_t ranks = context->exchange ? context->exchange->ranks : 1;
  size_t *order = QS_NEW(arena, dates, size_t), placed = 0;
  for (size_t r = 0; order && r < ranks; r++) {
    for (size_t n = r; n < dates; n += ranks) {
      order[placed++] = n;
    }
  }
  return order;
}

static double **make_tables(qs_arena *arena, const size_t *order, size_t dates, size_t size) {
  double **tables = QS_NEW(arena, dates, double *), *all = QS_NEW(arena, dates * size, double);
  for (size_t k = 0; tables && all && k < dates; k++) {
    tables[order[k]] = all + k * size;
  }
  return all ? tables : NULL;
}

/* The tables of all dates, each `sizes` numbers a date; what is not wanted is null. */
enum { TABLES = QUANTITIES + 1 };
typedef struct tables {
  const size_t *order;
  double **of[TABLES]; /* by quantity, and the last is `relative` */
  size_t sizes[TABLES];
} tables;

static bool make_all(qs_arena *arena, const qs_context *context, size_t dates, const qs_policy_nodes *nodes,
                     bool coin, tables *t) {
  *t = (tables){.order = order_dates(arena, context, dates)};
  bool made = t->order;
  for (size_t q = 0; made && q < TABLES; q++) {
    t->sizes[q] = q == QUANTITIES ? nodes->y_count : nodes->x_count * nodes->y_count;
    if ((q != VEGA || nodes->y_count > 1) && (q != COIN || coin)) {
      t->of[q] = make_tables(arena, t->order, dates, t->sizes[q]);
      made = t->of[q];
    }
  }
  return made;
}

/* Every process of a team has filled its dates, and gets the others'. */
static qs_status exchange(qs_context *context, const tables *t, size_t dates) {
  qs_exchange_rows list[TABLES];
  size_t count = 0;
  for (size_t q = 0; q < TABLES; q++) {
    if (t->of[q]) {
      list[count++] = (qs_exchange_rows){t->of[q][t->order[0]], 1, 0, t->sizes[q] * sizeof(double), dates};
    }
  }
  return qs_exchange_all(context, "simulate", list, count, QS_OK);
}

qs_status qs_policy_ratios_on(qs_context *context, qs_arena *arena, const qs_policy_problem *problem,
                              const qs_policy_nodes *nodes, qs_policy_ratios *ratios) {
  book b = {0};
  tables t;
  const size_t all = problem->date_count; /* the last one has values alone */
  if (sort_book(arena, problem, &b) || !make_all(arena, context, all, nodes, b.coin, &t)) {
    return qs_fail_memory(context, "tabulating hedge ratios");
  }
  qs_arena *scratch = qs_arena_create(context);
  workspace *spaces = scratch ? make_workspaces(scratch, nodes, context->threads) : NULL;
  if (!spaces) {
    qs_arena_destroy(scratch);
    return qs_fail_memory(context, "tabulating hedge ratios");
  }
  uint64_t begin, end;
  qs_exchange_range(context, all, &begin, &end);
#pragma omp parallel for num_threads(context->threads) schedule(dynamic)
  for (uint64_t i = 0; i < end - begin; i++) {
    const size_t n = t.order[end - 1 - i]; /* the last dates take longest */
    targets out = {{NULL}, NULL};
    for (size_t q = 0; q < QUANTITIES && (n + 1 < all || q == PRICE); q++) {
      out.table[q] = t.of[q] ? t.of[q][n] : NULL;
    }
    out.relative = n + 1 < all ? t.of[QUANTITIES][n] : NULL;
    fill_date(problem, &b, n, &nodes[n], &spaces[omp_get_thread_num()], &out);
  }
  qs_arena_destroy(scratch);
  *ratios = (qs_policy_ratios){.date_count = all - 1,
                               .nodes = nodes,
                               .value = t.of[PRICE],
                               .delta = t.of[DELTA],
                               .gamma = t.of[GAMMA],
                               .vega = t.of[VEGA],
                               .coin_value = t.of[COIN],
                               .local = t.of[LOCAL],
                               .relative = t.of[QUANTITIES]};
  return exchange(context, &t, all);
}

qs_status qs_policy_make_ratios(qs_context *context, qs_arena *arena, const qs_policy_problem *problem,
                                const qs_policy_settings *settings, qs_policy_ratios *ratios) {
  qs_status status = qs_policy_check(context, problem);
  if (status) {
    return status;
  }
  const qs_policy_nodes *nodes = qs_policy_make_nodes(arena, problem, settings);
  if (!nodes) {
    return qs_fail_memory(context, "tabulating hedge ratios");
  }
  return qs_policy_ratios_on(context, arena, problem, nodes, ratios);
}

double qs_policy_gain_variance(const qs_policy_problem *problem, const qs_policy_ratios *ratios, size_t n,
                               size_t y, double x) {
  double unit = problem->dates[n].gain * exp(x);
  return unit * unit * ratios->relative[n][y];
}
