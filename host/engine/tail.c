#include "host/engine/tail.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "host/base/numbers.h"

static const double outside = 0.025;                 /* probability left out on either side of an interval */
static const double quantile_95 = 1.959963984540054; /* normal quantile of 1 - outside */
static const double negligible = 1e-20;              /* of a probability, relative to the largest */
static const double least_tail = 100;                /* expected paths in a tail that is trusted */

size_t qs_risk_rank(size_t count, double level) {
  /* A product such as 0.95 x 100 may come out a rounding above the integer that it is. */
  double rank = ceil((double)count * level * (1 - 2 * DBL_EPSILON));
  return rank < 1 ? 1 : rank > (double)count ? count : (size_t)rank;
}

qs_risk_ranks qs_risk_quantile_ranks(size_t count, double level) {
  /* Weights are probabilities of exactly k losses under the quantile, relative to the likeliest k. */
  double odds = level / (1 - level), weight = 1, total = 1;
  size_t mode = (size_t)(((double)count + 1) * level);
  mode = mode > count ? count : mode;
  size_t first = mode;
  while (first > 0 && weight > negligible) {
    weight *= (double)first / ((double)(count - first + 1) * odds);
    first--;
    total += weight;
  }
  double lowest = weight;
  weight = 1;
  for (size_t k = mode; k < count && weight > negligible; k++) {
    weight *= (double)(count - k) / (double)(k + 1) * odds;
    total += weight;
  }
  qs_risk_ranks ranks = {0, count + 1};
  double below = 0; /* probability, times total, of fewer than k */
  weight = lowest;
  for (size_t k = first; k <= count; k++) {
    double next = below + weight;
    if (below <= outside * total && next > outside * total) {
      ranks.low = k;
    }
    if (next >= (1 - outside) * total) {
      ranks.high = k + 1;
      break;
    }
    below = next;
    weight *= (double)(count - k) / (double)(k + 1) * odds;
  }
  return ranks;
}

size_t qs_risk_tail_begin(size_t count, const double *levels, size_t level_count) {
  size_t begin = count - 1;
  for (size_t l = 0; l < level_count; l++) {
    size_t low = qs_risk_quantile_ranks(count, levels[l]).low;
    size_t rank = qs_risk_rank(count, levels[l]);
    low = low < 1 ? 1 : low < rank ? low : rank;
    begin = low - 1 < begin ? low - 1 : begin;
  }
  return begin;
}

static void swap(double *a, double *b) {
  double t = *a;
  *a = *b;
  *b = t;
}

/* Hoare's partition of [low, high] about the median of three: returns j with [low, j] <= [j + 1, high], both
 * sides not empty. */
static size_t partition(double *x, size_t low, size_t high) {
  size_t middle = low + (high - low) / 2;
  if (x[middle] < x[low]) {
    swap(&x[middle], &x[low]);
  }
  if (x[high] < x[low]) {
    swap(&x[high], &x[low]);
  }
  if (x[high] < x[middle]) {
    swap(&x[high], &x[middle]);
  }
  double pivot = x[middle];
  size_t i = low, j = high;
  for (;;) {
    while (x[i] < pivot) {
      i++;
    }
    while (x[j] > pivot) {
      j--;
    }
    if (i >= j) {
      return j < high ? j : high - 1;
    }
    swap(&x[i++], &x[j--]);
  }
}

void qs_risk_sort_tail(double *losses, size_t count, size_t begin) {
  size_t low = 0, high = count - 1;
  /* A sample that defeats the choice of pivots is sorted as it is once the rounds are spent. */
  for (int rounds = 0; rounds < 128 && high - low > 64; rounds++) {
    size_t split = partition(losses, low, high);
    if (begin <= split) {
      high = split;
    } else {
      low = split + 1;
    }
  }
  qsort(losses + low, high - low + 1, sizeof *losses, qs_ascending);
  if (high + 1 < count) {
    qsort(losses + high + 1, count - high - 1, sizeof *losses, qs_ascending);
  }
}

/* Interval of expected shortfall: the estimate is, to first order, the mean of q + (L - q)^+/(1 - a), whose
 * skewness a normal interval ignores. Hall's (1992) cubic transformation of the studentised mean is normal to
 * second order; its inverse gives the interval. */
static void shortfall_interval(const double *losses, size_t count, size_t rank, double level,
                               qs_interval *shortfall) {
  double n = (double)count, var = losses[rank - 1];
  double s1 = 0, s2 = 0, s3 = 0;
  for (size_t i = rank; i < count; i++) {
    double excess = losses[i] - var;
    s1 += excess;
    s2 += excess * excess;
    s3 += excess * excess * excess;
  }
  s1 /= n;
  s2 /= n;
  s3 /= n;
  double variance = s2 - s1 * s1;
  double error = variance > 0 ? sqrt(variance / n) / (1 - level) : 0;
  double skewness = error > 0 ? (s3 - 3 * s1 * s2 + 2 * s1 * s1 * s1) / (variance * sqrt(variance * n)) : 0;
  double quantile[2] = {quantile_95, -quantile_95};
  for (int k = 0; k < 2; k++) {
    if (fabs(skewness) > 1e-6) {
      quantile[k] = 3 / skewness * (cbrt(1 + skewness * (quantile[k] - skewness / 6)) - 1);
    }
  }
  shortfall->low = shortfall->estimate - error * quantile[0];
  shortfall->high = shortfall->estimate - error * quantile[1];
}

qs_status qs_risk_tail(const double *losses, size_t count, double level, qs_risk_level *tail) {
  if (count == 0 || !(level > 0 && level < 1)) {
    return QS_ERROR_USAGE;
  }
  size_t rank = qs_risk_rank(count, level);
  qs_risk_ranks ranks = qs_risk_quantile_ranks(count, level);
  double mass = (double)count * (1 - level);
  qs_risk_level made = {.level = level, .trusted = mass * (1 + 1e-9) >= least_tail};
  made.var.estimate = losses[rank - 1];
  made.var.low = ranks.low > 0 ? losses[ranks.low - 1] : NAN;
  made.var.high = ranks.high <= count ? losses[ranks.high - 1] : NAN;
  double excess = 0;
  for (size_t i = rank; i < count; i++) {
    excess += losses[i] - losses[rank - 1];
  }
  made.expected_shortfall.estimate = losses[rank - 1] + excess / mass;
  if (count - rank < 2) {
    made.expected_shortfall.low = NAN;
    made.expected_shortfall.high = NAN;
  } else {
    shortfall_interval(losses, count, rank, level, &made.expected_shortfall);
  }
  *tail = made;
  return QS_OK;
}

bool qs_risk_finite(const double *values, size_t count) {
  bool finite = true;
  for (size_t i = 0; i < count; i++) {
    finite = finite && isfinite(values[i]);
  }
  return finite;
}

enum { POWERS = 4, BLOCK = 512 };

/* sums[p - 1] += sum of (values - center)^p, halving down to blocks. */
static void add_powers(const double *values, size_t count, double center, double sums[POWERS]) {
  double mine[POWERS] = {0};
  if (count > BLOCK) {
    size_t half = count / 2;
    add_powers(values, half, center, mine);
    double right[POWERS] = {0};
    add_powers(values + half, count - half, center, right);
    for (int p = 0; p < POWERS; p++) {
      mine[p] += right[p];
    }
  } else {
    for (size_t i = 0; i < count; i++) {
      double d = values[i] - center;
      mine[0] += d;
      mine[1] += d * d;
      mine[2] += d * d * d;
      mine[3] += d * d * (d * d);
    }
  }
  for (int p = 0; p < POWERS; p++) {
    sums[p] += mine[p];
  }
}

void qs_risk_moments(const double *values, size_t count, qs_estimate *mean, qs_estimate *std_dev) {
  double n = (double)count, sums[POWERS] = {0};
  add_powers(values, count, values[0], sums);
  double average = values[0] + sums[0] / n;
  double central[POWERS] = {0};
  add_powers(values, count, average, central);
  double deviation = sqrt(central[1] / (n - 1));
  double m2 = central[1] / n, m4 = central[3] / n;
  mean->estimate = average;
  mean->std_error = deviation / sqrt(n);
  std_dev->estimate = deviation;
  std_dev->std_error = m4 > m2 * m2 ? sqrt((m4 - m2 * m2) / n) / (2 * deviation) : 0;
}
