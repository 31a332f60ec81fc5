#include "host/history/depth.h"

#include <math.h>
#include <stdlib.h>

#include "host/base/numbers.h"
#include "host/history/bootstrap.h"

enum { SIZES = 24, LEAST_BOOKS = 10, LEAST_SIZES = 3, REPLICATES = 1000 };

double qs_book_mid(const qs_order_book *book) {
  return 0.5 * (book->bid_price[0] + book->ask_price[0]);
}

double qs_book_half_spread(const qs_order_book *book) {
  return 0.5 * (book->ask_price[0] - book->bid_price[0]);
}

static double coins(double size, double price, double contract) {
  return contract > 0 ? size * contract / price : size;
}

double qs_book_shown(const qs_order_book *book, double contract, bool buy) {
  const double *price = buy ? book->ask_price : book->bid_price,
               *size = buy ? book->ask_size : book->bid_size;
  double sum = 0;
  for (size_t i = 0; i < book->levels; i++) {
    sum += coins(size[i], price[i], contract);
  }
  return sum;
}

double qs_book_cost(const qs_order_book *book, double contract, bool buy, double size) {
  const double *price = buy ? book->ask_price : book->bid_price,
               *shown = buy ? book->ask_size : book->bid_size;
  double mid = qs_book_mid(book), left = size, cost = 0;
  for (size_t i = 0; i < book->levels && left > 0; i++) {
    double taken = fmin(left, coins(shown[i], price[i], contract));
    cost += taken * fabs(price[i] - mid);
    left -= taken;
  }
  return left > 1e-12 * size ? NAN : cost;
}

static qs_status check_book(qs_context *context, const qs_order_book *book, size_t number) {
  if (book->levels < 1 || !(book->bid_price[0] > 0 && book->bid_price[0] < book->ask_price[0])) {
    return qs_fail(context, QS_ERROR_INPUT, "order book %zu: best bid must be above 0 and below best ask",
                   number);
  }
  for (size_t i = 0; i < book->levels; i++) {
    bool sorted = i == 0 || (book->bid_price[i] < book->bid_price[i - 1] &&
                             book->ask_price[i] > book->ask_price[i - 1]);
    if (!sorted || !(book->bid_price[i] > 0) || !isfinite(book->ask_price[i])) {
      return qs_fail(context, QS_ERROR_INPUT, "order book %zu: prices of level %zu are not in order", number,
                     i);
    }
    if (!(book->bid_size[i] > 0 && book->ask_size[i] > 0 &&
          isfinite(book->bid_size[i] + book->ask_size[i]))) {
      return qs_fail(context, QS_ERROR_INPUT, "order book %zu: sizes of level %zu must be above 0", number,
                     i);
    }
  }
  return QS_OK;
}

/* Costs beyond the half-spread per coin, [count][2 sides][SIZES], NaN where not shown. */
typedef struct costs {
  size_t count, sizes;
  double size[SIZES];
  const double *excess, *half_spread;
} costs;

static double mean_half_spread(const size_t *index, size_t count, const void *data) {
  const costs *c = data;
  double sum = 0;
  for (size_t i = 0; i < count; i++) {
    sum += c->half_spread[index[i]];
  }
  return sum / (double)count;
}

static double impact_of(const size_t *index, size_t count, const void *data) {
  const costs *c = data;
  double products = 0, squares = 0;
  for (size_t i = 0; i < count; i++) {
    for (size_t k = 0; k < 2 * c->sizes; k++) {
      double y = c->excess[index[i] * 2 * SIZES + k / c->sizes * SIZES + k % c->sizes];
      double q = c->size[k % c->sizes];
      products += isnan(y) ? 0 : y * sqrt(q);
      squares += isnan(y) ? 0 : q;
    }
  }
  return products / squares;
}

/* Mean excess cost a coin at a size. */
static double mean_excess(const costs *c, const size_t *index, size_t count, size_t k) {
  double sum = 0, known = 0;
  for (size_t i = 0; i < count; i++) {
    for (size_t side = 0; side < 2; side++) {
      double y = c->excess[(index[i] * 2 + side) * SIZES + k];
      sum += isnan(y) ? 0 : y;
      known += isnan(y) ? 0 : 1;
    }
  }
  return sum / known;
}

/* 1 and the slope of the log of the mean excess a coin over the log of the size. */
static double exponent_of(const size_t *index, size_t count, const void *data) {
  const costs *c = data;
  double mx = 0, my = 0, xx = 0, xy = 0, x[SIZES], y[SIZES], used = 0;
  for (size_t k = 0; k < c->sizes; k++) {
    double excess = mean_excess(c, index, count, k);
    x[k] = log(c->size[k]);
    y[k] = excess > 0 ? log(excess) : NAN; /* the smallest sizes may never leave the best level */
    if (!isnan(y[k])) {
      mx += x[k];
      my += y[k];
      used++;
    }
  }
  for (size_t k = 0; k < c->sizes; k++) {
    if (!isnan(y[k])) {
      xx += (x[k] - mx / used) * (x[k] - mx / used);
      xy += (x[k] - mx / used) * y[k];
    }
  }
  return used > 2 ? 1 + xy / xx : NAN;
}

static double median_shown(const qs_order_books *b, double *scratch) {
  for (size_t i = 0; i < b->count; i++) {
    scratch[2 * i] = qs_book_shown(&b->books[i], b->contract, false);
    scratch[2 * i + 1] = qs_book_shown(&b->books[i], b->contract, true);
  }
  qsort(scratch, 2 * b->count, sizeof *scratch, qs_ascending);
  return 0.5 * (scratch[b->count - 1] + scratch[b->count]);
}

/* Fills c->size and the excess costs; sizes that too few sides show are dropped from the end. */
static void tabulate(const qs_order_books *b, double smallest, double largest, double *excess, costs *c) {
  c->sizes = SIZES;
  for (size_t k = 0; k < SIZES; k++) {
    c->size[k] = smallest * pow(largest / smallest, (double)k / (SIZES - 1));
    size_t shown = 0;
    for (size_t i = 0; i < 2 * b->count; i++) {
      const qs_order_book *book = &b->books[i / 2];
      double cost = qs_book_cost(book, b->contract, i % 2 == 1, c->size[k]);
      excess[i * SIZES + k] = cost / c->size[k] - qs_book_half_spread(book);
      shown += isnan(cost) ? 0 : 1;
    }
    if (shown < b->count && c->sizes == SIZES) {
      c->sizes = k;
    }
  }
}

static qs_status estimate(qs_context *context, const qs_order_books *b, const qs_depth_settings *settings,
                          const costs *c, double *series, qs_depth_fit *fit) {
  size_t one[1];
  for (size_t i = 0; i < b->count; i++) { /* the impact of each book by itself says how they depend */
    one[0] = i;
    series[i] = impact_of(one, 1, c);
    series[i] = isfinite(series[i]) ? series[i] : 0;
    fit->mid += qs_book_mid(&b->books[i]) / (double)b->count;
  }
  double by_impact = qs_bootstrap_block(series, b->count),
         by_spread = qs_bootstrap_block(c->half_spread, b->count);
  qs_bootstrap boot = {b->count, fmax(by_impact, by_spread), REPLICATES, settings->seed, 0.95};
  qs_bootstrap_result spread, impact, exponent;
  qs_status status = qs_bootstrap_interval(context, &boot, mean_half_spread, c, &spread);
  status = status ? status : qs_bootstrap_interval(context, &boot, impact_of, c, &impact);
  status = status ? status : qs_bootstrap_interval(context, &boot, exponent_of, c, &exponent);
  if (status) {
    return status;
  }
  fit->half_spread = spread.estimate;
  fit->half_spread_error = spread.std_error;
  fit->impact = impact.estimate;
  fit->impact_error = impact.std_error;
  fit->exponent = exponent.estimate;
  fit->exponent_error = exponent.std_error;
  return QS_OK;
}

static double worst_miss(const costs *c, const size_t *all, size_t count, const qs_depth_fit *fit) {
  double worst = 0;
  for (size_t k = 0; k < c->sizes; k++) {
    double cost = mean_excess(c, all, count, k) + fit->half_spread;
    double fitted = fit->half_spread + fit->impact * sqrt(c->size[k]);
    worst = fmax(worst, fabs(fitted - cost) / cost);
  }
  return worst;
}

qs_status qs_depth_fit_books(qs_context *context, const qs_order_books *b, const qs_depth_settings *settings,
                             qs_depth_fit *fit) {
  if (b->count < LEAST_BOOKS) {
    return qs_fail(context, QS_ERROR_INPUT, "%zu order books: at least %d", b->count, LEAST_BOOKS);
  }
  for (size_t i = 0; i < b->count; i++) {
    qs_status status = check_book(context, &b->books[i], i);
    if (status) {
      return status;
    }
  }
  qs_arena *scratch = qs_arena_create(context);
  double *excess = scratch ? QS_NEW(scratch, b->count * 2 * SIZES, double) : NULL;
  double *half_spread = scratch ? QS_NEW(scratch, b->count, double) : NULL;
  double *series = scratch ? QS_NEW(scratch, 2 * b->count, double) : NULL;
  size_t *all = scratch ? QS_NEW(scratch, b->count, size_t) : NULL;
  if (!excess || !half_spread || !series || !all) {
    qs_arena_destroy(scratch);
    return qs_fail_memory(context, "fitting order books");
  }
  double shown = median_shown(b, series);
  double smallest = settings->smallest > 0 ? settings->smallest : shown / 200;
  double largest = settings->largest > 0 ? settings->largest : 0.8 * shown;
  costs c = {.count = b->count, .excess = excess, .half_spread = half_spread};
  for (size_t i = 0; i < b->count; i++) {
    half_spread[i] = qs_book_half_spread(&b->books[i]);
    all[i] = i;
  }
  tabulate(b, smallest, largest, excess, &c);
  qs_depth_fit made = {.smallest = smallest, .sizes = c.sizes};
  qs_status status = QS_OK;
  if (!(smallest < largest) || c.sizes < LEAST_SIZES) {
    status = qs_fail(context, QS_ERROR_INPUT, "order books show %g coins: sizes %g to %g need more", shown,
                     smallest, largest);
  }
  if (!status) {
    made.largest = c.size[c.sizes - 1];
    status = estimate(context, b, settings, &c, series, &made);
  }
  if (!status) {
    made.worst = worst_miss(&c, all, b->count, &made);
    *fit = made;
  }
  qs_arena_destroy(scratch);
  return status;
}
