#include "host/hedge/moments.h"

#include <math.h>
#include <string.h>

enum { CHUNK = 256, LANES = 8 };

static uint64_t block_begin(uint64_t paths, size_t block) {
  return paths / QS_MOMENT_BLOCKS * block + paths % QS_MOMENT_BLOCKS * block / QS_MOMENT_BLOCKS;
}

static double add_lanes(const double *sums) {
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

/* Chunks are padded with zeros to a multiple of LANES. */
static double inner(const double *a, const double *b, size_t count) {
  double sums[LANES] = {0};
  for (size_t i = 0; i < count; i += LANES) {
    for (size_t l = 0; l < LANES; l++) {
      sums[l] += a[i + l] * b[i + l];
    }
  }
  return add_lanes(sums);
}

static double mean_of(const double *a, size_t count) {
  double sums[LANES] = {0};
  for (size_t i = 0; i < count; i++) {
    sums[i % LANES] += a[i];
  }
  return add_lanes(sums) / (double)count;
}

/* Merges a part into (count, mean, sums); only upper triangles are kept. */
static void merge(size_t width, double count, double *mean, double *sums, double part_count,
                  const double *part_mean, const double *part_sums) {
  double total = count + part_count, weight = count * part_count / total;
  for (size_t i = 0; i < width; i++) {
    double shift = weight * (part_mean[i] - mean[i]);
    for (size_t j = i; j < width; j++) {
      sums[i * width + j] += part_sums[i * width + j] + shift * (part_mean[j] - mean[j]);
    }
  }
  for (size_t i = 0; i < width; i++) {
    mean[i] += (part_mean[i] - mean[i]) * (part_count / total);
  }
}

/* One block; `scratch` has room for width x (CHUNK + width + 1). */
static void compute_block(const qs_moments *m, const double *vectors, size_t block, double *scratch) {
  size_t width = m->width;
  double *centred = scratch, *sums = centred + width * CHUNK, *mean = sums + width * width;
  uint64_t end = block_begin(m->paths, block + 1);
  double done = 0;
  for (uint64_t from = block_begin(m->paths, block); from < end; from += CHUNK) {
    size_t count = end - from < CHUNK ? (size_t)(end - from) : CHUNK;
    size_t padded = (count + LANES - 1) / LANES * LANES;
    for (size_t i = 0; i < width; i++) {
      const double *vector = vectors + i * m->paths + from;
      mean[i] = mean_of(vector, count);
      for (size_t p = 0; p < padded; p++) {
        centred[i * CHUNK + p] = p < count ? vector[p] - mean[i] : 0;
      }
    }
    for (size_t i = 0; i < width; i++) {
      for (size_t j = i; j < width; j++) {
        sums[i * width + j] = inner(centred + i * CHUNK, centred + j * CHUNK, padded);
      }
    }
    merge(width, done, m->means + block * width, m->sums + block * width * width, (double)count, mean, sums);
    done += (double)count;
  }
}

qs_status qs_moments_compute(qs_context *context, qs_arena *arena, const double *vectors, size_t width,
                             uint64_t paths, qs_moments **moments) {
  size_t threads = (size_t)context->threads, room = width * (CHUNK + width + 1);
  qs_moments *m = QS_NEW(arena, 1, qs_moments);
  double *means = QS_NEW(arena, QS_MOMENT_BLOCKS * width, double);
  double *sums = QS_NEW(arena, QS_MOMENT_BLOCKS * width * width, double);
  double *scratch = QS_NEW(arena, (threads < QS_MOMENT_BLOCKS ? threads : QS_MOMENT_BLOCKS) * room, double);
  if (!m || !means || !sums || !scratch) {
    return qs_fail_memory(context, "computing covariances");
  }
  m->width = width;
  m->paths = paths;
  m->means = means;
  m->sums = sums;
  int used = (int)(threads < QS_MOMENT_BLOCKS ? threads : QS_MOMENT_BLOCKS);
#pragma omp parallel for num_threads(used) schedule(static)
  for (int slot = 0; slot < used; slot++) {
    for (int block = slot; block < QS_MOMENT_BLOCKS; block += used) {
      compute_block(m, vectors, (size_t)block, scratch + (size_t)slot * room);
    }
  }
  for (size_t block = 0; block < QS_MOMENT_BLOCKS; block++) {
    m->counts[block] = block_begin(paths, block + 1) - block_begin(paths, block);
  }
  *moments = m;
  return QS_OK;
}

void qs_moments_covariance(const qs_moments *moments, int without, double *covariance, double *mean) {
  size_t width = moments->width;
  double count = 0;
  memset(covariance, 0, width * width * sizeof *covariance);
  memset(mean, 0, width * sizeof *mean);
  for (int block = 0; block < QS_MOMENT_BLOCKS; block++) {
    if (block != without) {
      double part = (double)moments->counts[block];
      merge(width, count, mean, covariance, part, moments->means + (size_t)block * width,
            moments->sums + (size_t)block * width * width);
      count += part;
    }
  }
  for (size_t i = 0; i < width; i++) {
    for (size_t j = i; j < width; j++) {
      covariance[i * width + j] /= count - 1;
      covariance[j * width + i] = covariance[i * width + j];
    }
  }
}

/* Sums of second and fourth powers of the combination's deviations from `mean` over one block. */
static void block_powers(const qs_moments *m, const double *vectors, const double *weights, double mean,
                         size_t block, double *second, double *fourth) {
  double squares[LANES] = {0}, fourths[LANES] = {0};
  uint64_t end = block_begin(m->paths, block + 1);
  for (uint64_t from = block_begin(m->paths, block); from < end; from += CHUNK) {
    double deviation[CHUNK];
    size_t count = end - from < CHUNK ? (size_t)(end - from) : CHUNK;
    for (size_t p = 0; p < count; p++) {
      deviation[p] = -mean;
    }
    for (size_t i = 0; i < m->width; i++) {
      for (size_t p = 0; p < count && weights[i] != 0; p++) {
        deviation[p] += weights[i] * vectors[i * m->paths + from + p];
      }
    }
    for (size_t p = 0; p < count; p++) {
      double square = deviation[p] * deviation[p];
      squares[p % LANES] += square;
      fourths[p % LANES] += square * square;
    }
  }
  *second = add_lanes(squares);
  *fourth = add_lanes(fourths);
}

void qs_moments_variance(qs_context *context, const qs_moments *moments, const double *vectors,
                         const double *weights, double *variance, double *std_error) {
  double second[QS_MOMENT_BLOCKS], fourth[QS_MOMENT_BLOCKS], mean = 0;
  double paths = (double)moments->paths;
  for (size_t block = 0; block < QS_MOMENT_BLOCKS; block++) {
    for (size_t i = 0; i < moments->width; i++) {
      mean +=
          weights[i] * moments->means[block * moments->width + i] * ((double)moments->counts[block] / paths);
    }
  }
#pragma omp parallel for num_threads(context->threads) schedule(static)
  for (int block = 0; block < QS_MOMENT_BLOCKS; block++) {
    block_powers(moments, vectors, weights, mean, (size_t)block, &second[block], &fourth[block]);
  }
  double m2 = 0, m4 = 0;
  for (size_t block = 0; block < QS_MOMENT_BLOCKS; block++) {
    m2 += second[block] / paths;
    m4 += fourth[block] / paths;
  }
  *variance = m2 * (paths / (paths - 1));
  *std_error = sqrt(fmax(m4 - m2 * m2, 0) / paths);
}
