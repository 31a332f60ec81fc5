#include "host/history/bootstrap.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

#include "host/base/numbers.h"
#include "kernels/core/key.h"

/* Longer than any underlying's name, so that no paths share its draws. */
static const char stream[] = "stationary block bootstrap of a recorded series";

static double covariance_at(const double *x, size_t count, double mean, size_t lag) {
  double sum = 0;
  for (size_t i = lag; i < count; i++) {
    sum += (x[i] - mean) * (x[i - lag] - mean);
  }
  return sum / (double)count;
}

/* The covariance at a lag relative to that of the two pieces with themselves. */
static double correlation_at(const double *x, size_t count, double mean, size_t lag) {
  double both = 0, early = 0, late = 0;
  for (size_t i = lag; i < count; i++) {
    both += (x[i] - mean) * (x[i - lag] - mean);
  }
  for (size_t i = lag + 1; i < count; i++) {
    late += (x[i] - mean) * (x[i] - mean);
    early += (x[i - lag - 1] - mean) * (x[i - lag - 1] - mean);
  }
  return early > 0 && late > 0 ? both / sqrt(early * late) : 0;
}

/* The first of `run` lags in a row whose correlations are insignificant; `most` where there is none. */
static size_t first_quiet(const double *x, size_t count, double mean, size_t run, size_t most) {
  double bound = 2 * sqrt(log10((double)count) / (double)count);
  size_t quiet = 0;
  for (size_t lag = 1; lag < most; lag++) {
    quiet = fabs(correlation_at(x, count, mean, lag)) < bound ? quiet + 1 : 0;
    if (quiet == run) {
      return lag + 1 - run;
    }
  }
  return most;
}

double qs_bootstrap_block(const double *x, size_t count) {
  double n = (double)count, mean = 0, least = x[0], greatest = x[0];
  for (size_t i = 0; i < count; i++) {
    mean += x[i] / n;
    least = fmin(least, x[i]);
    greatest = fmax(greatest, x[i]);
  }
  if (!(least < greatest)) {
    return 1;
  }
  double run = fmax(5, floor(log10(n)));
  size_t most = (size_t)(ceil(sqrt(n)) + run), room = (size_t)(count - 2);
  most = most < room ? most : room;
  size_t quiet = first_quiet(x, count, mean, (size_t)run, most);
  size_t lags = quiet < most && 2 * quiet < most ? 2 * quiet : most;
  double spectrum = covariance_at(x, count, mean, 0), bend = 0;
  for (size_t lag = 1; lag <= lags; lag++) {
    double place = (double)lag / (double)lags, window = place <= 0.5 ? 1 : 2 * (1 - place);
    double part = 2 * window * covariance_at(x, count, mean, lag);
    spectrum += part;
    bend += part * (double)lag;
  }
  if (!(fabs(spectrum) > 0)) {
    return 1;
  }
  double block = cbrt(bend * bend / (spectrum * spectrum) * n);
  return fmax(1, fmin(block, ceil(fmin(3 * sqrt(n), n / 3))));
}

void qs_bootstrap_draw(const qs_bootstrap *bootstrap, uint64_t replicate, size_t *index) {
  uint64_t key = qs_key(bootstrap->seed, QS_PURPOSE_SIMULATE, stream);
  uint32_t key0 = (uint32_t)key, key1 = (uint32_t)(key >> 32);
  double threshold = 0x1p32 / bootstrap->block;
  uint64_t count = bootstrap->count;
  qs_words words = {0, 0, 0, 0};
  for (uint64_t i = 0; i < count; i++) {
    if (i % 2 == 0) {
      words = qs_philox(qs_counter(replicate, 0, (uint32_t)(i / 2), 0), key0, key1);
    }
    uint32_t ends = i % 2 ? words.c : words.a, start = i % 2 ? words.d : words.b;
    if (i == 0 || (double)ends < threshold) {
      index[i] = (size_t)((uint64_t)start * count >> 32);
    } else {
      index[i] = index[i - 1] + 1 < count ? index[i - 1] + 1 : 0;
    }
  }
}

static double quantile(const double *sorted, size_t count, double level) {
  double place = level * (double)(count - 1);
  size_t below = (size_t)place;
  below = below < count - 1 ? below : count - 2;
  return sorted[below] + (place - (double)below) * (sorted[below + 1] - sorted[below]);
}

static qs_status check(qs_context *context, const qs_bootstrap *b) {
  if (b->count < 2 || b->count > UINT32_MAX) {
    return qs_fail(context, QS_ERROR_INPUT, "bootstrap of %zu values: at least 2", b->count);
  }
  if (!(b->block >= 1 && isfinite(b->block))) {
    return qs_fail(context, QS_ERROR_INPUT, "bootstrap block %g: at least 1", b->block);
  }
  if (b->replicates < 2) {
    return qs_fail(context, QS_ERROR_INPUT, "%zu bootstrap replicates: at least 2", b->replicates);
  }
  if (!(b->level > 0 && b->level < 1)) {
    return qs_fail(context, QS_ERROR_INPUT, "bootstrap level %g: in (0, 1)", b->level);
  }
  return QS_OK;
}

static qs_status summarise(qs_context *context, const qs_bootstrap *b, double estimate, double *values,
                           qs_bootstrap_result *result) {
  double mean = 0, squares = 0;
  for (size_t r = 0; r < b->replicates; r++) {
    if (!isfinite(values[r])) {
      return qs_fail(context, QS_ERROR_INPUT, "a bootstrapped statistic is not finite");
    }
    mean += values[r] / (double)b->replicates;
  }
  for (size_t r = 0; r < b->replicates; r++) {
    squares += (values[r] - mean) * (values[r] - mean);
  }
  qsort(values, b->replicates, sizeof *values, qs_ascending);
  *result = (qs_bootstrap_result){.estimate = estimate,
                                  .std_error = sqrt(squares / (double)(b->replicates - 1)),
                                  .low = quantile(values, b->replicates, 0.5 * (1 - b->level)),
                                  .high = quantile(values, b->replicates, 0.5 * (1 + b->level))};
  return QS_OK;
}

qs_status qs_bootstrap_interval(qs_context *context, const qs_bootstrap *b, qs_bootstrap_statistic statistic,
                                const void *data, qs_bootstrap_result *result) {
  qs_status status = check(context, b);
  if (status) {
    return status;
  }
  qs_arena *scratch = qs_arena_create(context);
  size_t threads = (size_t)context->threads;
  double *values = scratch ? QS_NEW(scratch, b->replicates, double) : NULL;
  size_t *indices = scratch ? (size_t *)qs_arena_alloc(scratch, threads, b->count * sizeof *indices) : NULL;
  if (!values || !indices) {
    qs_arena_destroy(scratch);
    return qs_fail_memory(context, "resampling a series");
  }
  for (size_t i = 0; i < b->count; i++) {
    indices[i] = i;
  }
  double estimate = statistic(indices, b->count, data);
#pragma omp parallel for num_threads(context->threads) schedule(static)
  for (size_t r = 0; r < b->replicates; r++) {
    size_t *index = indices + (size_t)omp_get_thread_num() * b->count;
    qs_bootstrap_draw(b, r, index);
    values[r] = statistic(index, b->count, data);
  }
  status = isfinite(estimate) ? summarise(context, b, estimate, values, result)
                              : qs_fail(context, QS_ERROR_INPUT, "the statistic is not finite");
  qs_arena_destroy(scratch);
  return status;
}
