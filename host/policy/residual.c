#include "host/policy/residual.h"

#include <math.h>
#include <stdlib.h>

#include "host/base/numbers.h"

static const double fine = 16;            /* nodes of the payoff's table for each of x */
static const double fine_normal = 0.1;    /* normal's step where something expires, in deviations */
static const double fine_spacing = 0.125; /* spacing of points likewise, in steps of x */

enum { LEGENDRE = 5 };
static const double legendre_node[LEGENDRE] = {-0.9061798459386640, -0.5384693101056831, 0,
                                               0.5384693101056831, 0.9061798459386640};
static const double legendre_weight[LEGENDRE] = {0.2369268850561891, 0.4786286704993665, 0.5688888888888889,
                                                 0.4786286704993665, 0.2369268850561891};
static const double panel = 1.5;        /* the longest that such a rule takes, in deviations */
static const double normal_reach = 6.5; /* deviations */
static const double same = 1e-12;       /* strikes nearer than that are one */

/* What expires on date n as a table over x, linear between nodes; where it jumps as it is, too. */
typedef struct payoff {
  double low, step;
  size_t count;
  double *value; /* null: nothing expires */
  /* a[j] + b[j] e^x, j the number of strikes at or below x; `jumps` are those between which it jumps. */
  size_t strike_count, jump_count; /* no jump: there are no strikes either */
  double *strike, *a, *b, *jump;
} payoff;

static double exact_payoff(const payoff *t, double x) {
  size_t low = 0, high = t->strike_count;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (t->strike[middle] <= x) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return t->a[low] + t->b[low] * exp(x);
}

static double payoff_at(const payoff *t, double x) {
  if (t->jump_count) {
    return exact_payoff(t, x);
  }
  double place = (x - t->low) / t->step;
  place = fmin(fmax(place, 0), (double)(t->count - 2));
  size_t i = (size_t)place;
  return t->value[i] + (place - (double)i) * (t->value[i + 1] - t->value[i]);
}

/* What a strike adds, from there on. */
typedef struct turn {
  double at, a, b;
} turn;

static int by_place(const void *one, const void *other) {
  const double a = ((const turn *)one)->at, b = ((const turn *)other)->at;
  return (a > b) - (a < b);
}

/* The strikes in order, and in a[0] and b[0] what is paid below them all; returns how many. */
static size_t take_turns(const qs_policy_problem *p, size_t n, payoff *t, turn *turns) {
  size_t count = 0;
  for (size_t i = 0; i < p->option_count; i++) {
    const qs_policy_option *o = &p->options[i];
    if (qs_policy_expiry_date(p, o) != n) {
      continue;
    }
    const double a = o->weight * o->strike, b = o->weight * o->forward;
    t->a[0] += o->call ? 0 : a;
    t->b[0] -= o->call ? 0 : b;
    if (o->strike > 0) {
      turns[count++] = (turn){log(o->strike / o->forward), -a, b};
    } else {
      t->b[0] += b; /* a call of strike 0 is the price, a put nothing */
    }
  }
  qsort(turns, count, sizeof *turns, by_place);
  return count;
}

/* Two strikes within a cell of the table are a jump. */
static qs_status find_jumps(qs_arena *arena, const qs_policy_problem *p, size_t n, payoff *t) {
  turn *turns = QS_NEW(arena, p->option_count, turn);
  t->a = QS_NEW(arena, p->option_count + 1, double);
  t->b = QS_NEW(arena, p->option_count + 1, double);
  t->strike = QS_NEW(arena, p->option_count, double);
  t->jump = QS_NEW(arena, p->option_count, double);
  if (!turns || !t->a || !t->b || !t->strike || !t->jump) {
    return QS_ERROR_MEMORY;
  }
  const size_t count = take_turns(p, n, t, turns);
  for (size_t i = 0; i < count; i++) {
    t->strike[i] = turns[i].at;
    t->a[i + 1] = t->a[i] + turns[i].a;
    t->b[i + 1] = t->b[i] + turns[i].b;
  }
  for (size_t i = 0; i < count; i++) {
    const double before = i > 0 ? turns[i].at - turns[i - 1].at : t->step;
    const double after = i + 1 < count ? turns[i + 1].at - turns[i].at : t->step;
    if ((before > same && before < t->step) || (after > same && after < t->step)) {
      t->jump[t->jump_count++] = turns[i].at;
    }
  }
  t->strike_count = t->jump_count ? count : 0;
  return QS_OK;
}

static qs_status make_payoff(qs_arena *arena, const qs_policy_problem *p, const qs_policy_nodes *nodes,
                             size_t n, payoff *t) {
  *t = (payoff){0};
  double far = 2 * fabs(nodes->x_low);
  for (size_t i = 0; i < p->option_count; i++) {
    const qs_policy_option *o = &p->options[i];
    if (qs_policy_expiry_date(p, o) != n) {
      continue;
    }
    if (!t->value) {
      *t = (payoff){.low = -far, .step = nodes->x_step / fine};
      t->count = (size_t)(2 * far / t->step) + 2;
      t->value = QS_NEW(arena, t->count, double);
      if (!t->value) {
        return QS_ERROR_MEMORY;
      }
    }
    for (size_t j = 0; j < t->count; j++) {
      double spot = o->forward * exp(t->low + (double)j * t->step), over = spot - o->strike;
      t->value[j] += o->weight * fmax(o->call ? over : -over, 0);
    }
  }
  return t->value ? find_jumps(arena, p, n, t) : QS_OK;
}

/* Values of date n + 1 in any state, with what expires then. */
typedef struct next_value {
  const qs_policy_nodes *nodes;
  const double *value;
  bool alive; /* something expires later */
  payoff payoff;
} next_value;

static double value_at(const next_value *next, double x, double v) {
  double sum = next->payoff.value ? payoff_at(&next->payoff, x) : 0;
  if (!next->alive) {
    return sum;
  }
  double wx[4], wy[4] = {1, 0, 0, 0};
  const qs_policy_nodes *nodes = next->nodes;
  size_t rows = 1, row = 0, j = qs_policy_cubic((x - nodes->x_low) / nodes->x_step, nodes->x_count, wx);
  if (nodes->y_count > 1) {
    row = qs_policy_cubic((sqrt(v) - nodes->y_low) / nodes->y_step, nodes->y_count, wy);
    rows = 4;
  }
  for (size_t r = 0; r < rows; r++) {
    const double *at = next->value + (row + r) * nodes->x_count + j;
    sum += wy[r] * (wx[0] * at[0] + wx[1] * at[1] + wx[2] * at[2] + wx[3] * at[3]);
  }
  return sum;
}

/* What all residuals of a date share. */
typedef struct date_task {
  const qs_policy_problem *problem;
  const qs_policy_ratios *ratios;
  const qs_policy_law *law;
  size_t n;
  next_value next;
  const qs_policy_points *points; /* [y_count] where something expires, else null */
  const qs_policy_parts *parts;   /* likewise where that jumps and the variance is random */
  double *residual;
} date_task;

/* From the points themselves: right for payoffs with kinks. */
static double residual_by_points(const date_task *t, size_t y, double x, double mean, double slope) {
  const qs_policy_points *points = &t->points[y];
  double sum = 0;
  for (size_t i = 0; i < points->count; i++) {
    const qs_policy_point *p = &points->point[i];
    double error = value_at(&t->next, x + p->z, p->v) - mean - slope * expm1(p->z);
    sum += p->weight * error * error;
  }
  return sum;
}

static double square_of(const date_task *t, double x, double z, double v, double mean, double slope) {
  const double error = value_at(&t->next, x + z, v) - mean - slope * expm1(z);
  return error * error;
}

/* One normal of the law from the one end to the other, in deviations, where nothing jumps. */
static double smooth_part(const date_task *t, const qs_policy_part *p, double x, double from, double to,
                          double mean, double slope) {
  const size_t panels = (size_t)ceil((to - from) / panel);
  const double half = 0.5 * (to - from) / (double)panels;
  double sum = 0;
  for (size_t i = 0; i < panels; i++) {
    const double middle = from + half * (double)(2 * i + 1);
    for (int k = 0; k < LEGENDRE; k++) {
      const double e = middle + half * legendre_node[k];
      sum += legendre_weight[k] * exp(-0.5 * e * e) *
             square_of(t, x, p->mean + p->deviation * e, p->v, mean, slope);
    }
  }
  return sum * half / sqrt(2 * QS_PI);
}

/* Cut where the payoff jumps. */
static double residual_by_parts(const date_task *t, size_t y, double x, double mean, double slope) {
  const payoff *paid = &t->next.payoff;
  double sum = 0;
  for (size_t i = 0; i < t->parts[y].count; i++) {
    const qs_policy_part *p = &t->parts[y].part[i];
    if (p->deviation == 0) {
      sum += p->weight * square_of(t, x, p->mean, p->v, mean, slope);
      continue;
    }
    double from = -normal_reach, own = 0;
    for (size_t j = 0; j < paid->jump_count; j++) {
      const double at = (paid->jump[j] - x - p->mean) / p->deviation;
      if (at > from && at < normal_reach) {
        own += smooth_part(t, p, x, from, at, mean, slope);
        from = at;
      }
    }
    sum += p->weight * (own + smooth_part(t, p, x, from, normal_reach, mean, slope));
  }
  return sum;
}

/* The mean over a part of the cell between two points, nothing jumping within; by Gauss's rule of two nodes,
 * the density linear. from, to: 0 .. 1 of the cell. */
static double smooth_cell(const date_task *t, const qs_policy_point *p, double x, double from, double to,
                          double mean, double slope) {
  double sum = 0;
  for (int side = -1; side <= 1; side += 2) {
    const double at = 0.5 * (from + to + side * (to - from) / sqrt(3));
    const double weight = p[0].weight + at * (p[1].weight - p[0].weight);
    sum += weight * square_of(t, x, p[0].z + at * (p[1].z - p[0].z), 0, mean, slope);
  }
  return 0.5 * (to - from) * sum;
}

/* What the cells between points that hold a jump have more than the points give them. */
static double jump_cells(const date_task *t, size_t y, double x, double mean, double slope) {
  const payoff *paid = &t->next.payoff;
  const qs_policy_points *points = &t->points[y];
  const double first = points->point[0].z, spacing = points->point[1].z - first;
  double sum = 0;
  for (size_t j = 0; j < paid->jump_count;) {
    const double place = (paid->jump[j] - x - first) / spacing, cell = floor(place);
    if (!(place > 0 && place < (double)(points->count - 1))) {
      j++;
      continue;
    }
    const qs_policy_point *p = &points->point[(size_t)cell];
    double from = 0;
    sum -= 0.5 * (p[0].weight * square_of(t, x, p[0].z, 0, mean, slope) +
                  p[1].weight * square_of(t, x, p[1].z, 0, mean, slope));
    for (; j < paid->jump_count; j++) {
      const double to = (paid->jump[j] - x - first) / spacing - cell;
      if (to >= 1) {
        break;
      }
      sum += smooth_cell(t, p, x, from, to, mean, slope);
      from = to;
    }
    sum += smooth_cell(t, p, x, from, 1, mean, slope);
  }
  return sum;
}

/* On the nodes, where all is smooth. */
static double residual_by_law(const date_task *t, size_t y, long x, double mean, double slope,
                              const double *gain) {
  long last = (long)t->law->x_count - 1;
  double sum = 0;
  for (size_t r = 0; r < t->law->run_count[y]; r++) {
    const qs_policy_run *run = &t->law->run[y][r];
    const double *row = t->next.value + run->to * t->law->x_count;
    for (size_t i = 0; i < run->count; i++) {
      long at = x + run->first + (long)i;
      at = at < 0 ? 0 : at > last ? last : at;
      double error = row[at] - mean - slope * gain[at - x + last];
      sum += run->weight[i] * error * error;
    }
  }
  return sum;
}

static void fill_row(const date_task *t, size_t y, const double *gain) {
  const qs_policy_nodes *nodes = &t->ratios->nodes[t->n];
  double unit = t->problem->dates[t->n].gain;
  for (size_t j = 0; j < nodes->x_count; j++) {
    size_t at = y * nodes->x_count + j;
    double x = nodes->x_low + (double)j * nodes->x_step;
    double mean = t->ratios->value[t->n][at], slope = t->ratios->local[t->n][at] * unit * exp(x);
    t->residual[at] = t->parts    ? residual_by_parts(t, y, x, mean, slope)
                      : t->points ? residual_by_points(t, y, x, mean, slope)
                                  : residual_by_law(t, y, (long)j, mean, slope, gain);
    if (t->next.payoff.jump_count && !t->parts) {
      t->residual[at] += jump_cells(t, y, x, mean, slope);
    }
  }
}

/* The law of the period about what expires: as normals where the payoff jumps and the variance is random. */
static qs_status make_fine_points(qs_arena *arena, date_task *t) {
  const qs_policy_nodes *nodes = &t->ratios->nodes[t->n];
  const bool whole = t->next.payoff.jump_count && nodes->y_count > 1;
  qs_policy_step step = {.model = t->problem->model,
                         .years = t->law->years,
                         .added = t->law->added,
                         .spacing = fine_spacing * nodes->x_step,
                         .reach = -nodes->x_low,
                         .normal_step = fine_normal};
  qs_policy_points *points = whole ? NULL : QS_NEW(arena, nodes->y_count, qs_policy_points);
  qs_policy_parts *parts = whole ? QS_NEW(arena, nodes->y_count, qs_policy_parts) : NULL;
  qs_status status = points || parts ? QS_OK : QS_ERROR_MEMORY;
  for (size_t y = 0; y < nodes->y_count && !status; y++) {
    double root = nodes->y_low + (double)y * nodes->y_step;
    status = whole ? qs_policy_make_parts(arena, &step, root * root, &parts[y])
                   : qs_policy_make_points(arena, &step, root * root, &points[y]);
  }
  t->points = points;
  t->parts = parts;
  return status;
}

static bool alive_after(const qs_policy_problem *p, size_t n) {
  for (size_t i = 0; i < p->option_count; i++) {
    if (qs_policy_expiry_date(p, &p->options[i]) > n) {
      return true;
    }
  }
  return false;
}

qs_status qs_policy_residual(qs_context *context, const qs_policy_ground *g, size_t n, double *residual) {
  const qs_policy_nodes *nodes = &g->ratios.nodes[n];
  qs_arena *arena = qs_arena_create(context);
  date_task t = {
      .problem = g->problem, .ratios = &g->ratios, .law = g->laws[n], .n = n, .residual = residual};
  t.next = (next_value){nodes, g->ratios.value[n + 1], alive_after(g->problem, n + 1), {.step = 1}};
  long last = (long)nodes->x_count - 1;
  double *gain = arena ? QS_NEW(arena, (size_t)(2 * last + 1), double) : NULL;
  qs_status status = gain ? make_payoff(arena, g->problem, nodes, n + 1, &t.next.payoff) : QS_ERROR_MEMORY;
  if (!status && t.next.payoff.value) {
    status = make_fine_points(arena, &t);
  }
  if (!status) {
    for (long i = -last; i <= last; i++) {
      gain[i + last] = expm1((double)i * nodes->x_step);
    }
#pragma omp parallel for num_threads(context->threads) schedule(dynamic)
    for (size_t y = 0; y < nodes->y_count; y++) {
      fill_row(&t, y, gain);
    }
  }
  qs_arena_destroy(arena);
  return status;
}
