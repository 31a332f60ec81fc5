// The draws of one path a thread from a Sobol net, for all its steps, neighbours side by side.
#include "kernels/cuda/law.cuh"

#include "kernels/core/horizon.inc"

#include "kernels/core/path_noise.inc"

#include "kernels/core/net.inc"

#include "kernels/cuda/joint_kernels.h"

enum { BLOCK = 128 };

// Rows beyond the last step's: whole blocks of four are read.
template <typename T> QS_CORE void pad(T *rows, uint32_t from, uint32_t to) {
  for (uint32_t j = from; j < to; j++) {
    rows[(size_t)j * QS_ROW] = T(0);
  }
}

// Thread i's point.
QS_CORE qs_net_block point_of(const qs_cuda_points &points, uint32_t i) {
  const uint64_t at = points.offset + i;
  const qs_net_block block = {points.batch + static_cast<uint32_t>(at / points.batch_paths),
                              static_cast<uint32_t>(points.first + at % points.batch_paths),
                              points.path_begin + i};
  return block;
}

__global__ void __launch_bounds__(BLOCK) QS_R(net)(const __grid_constant__ qs_net net, qs_cuda_points points,
                                                   const __grid_constant__ qs_cuda_draws draws) {
  const uint32_t i = blockIdx.x * BLOCK + threadIdx.x;
  if (i >= points.paths) {
    return;
  }
  const qs_net_block block = point_of(points, i);
  const size_t column = column_of(i, draws.normal_rows);
  if (draws.normals) {
    qs_real *normals = static_cast<qs_real *>(draws.normals) + column;
    QS_R(qs_net_normals)(&net, QS_DRAW_PRICE, block, normals);
    pad(normals, net.steps + 1, draws.normal_rows);
  }
  for (uint32_t source = 0; source < QS_DRAW_COUNT; source++) {
    if (draws.word_row[source] != QS_CUDA_NONE) {
      uint32_t *words = draws.words + column_of(i, draws.word_rows) + (size_t)draws.word_row[source] * QS_ROW;
      QS_R(qs_net_words)
      (&net, source, source == QS_DRAW_VARIANCE, block, words, static_cast<qs_real *>(draws.room) + column);
      pad(words, net.steps, draws.normal_rows - 1);
    }
  }
}

cudaError_t QS_R(qs_cuda_launch_net)(const qs_net &net, const qs_cuda_points &points,
                                     const qs_cuda_draws &draws, cudaStream_t stream) {
  const cudaLaunchConfig_t config = launch_of(points.paths, BLOCK, stream);
  return cudaLaunchKernelEx(&config, QS_R(net), net, points, draws);
}

// One net of several: a stream's normals, and what its underlying alone draws.
__global__ void __launch_bounds__(BLOCK)
    QS_R(joint_net)(const __grid_constant__ qs_net net, uint32_t asset, qs_cuda_points points,
                    const __grid_constant__ qs_cuda_joint_draws draws) {
  const uint32_t i = blockIdx.x * BLOCK + threadIdx.x;
  if (i >= points.paths) {
    return;
  }
  const qs_net_block block = point_of(points, i);
  qs_real *normals = static_cast<qs_real *>(draws.normals) + column_of(i, draws.normal_rows);
#pragma unroll 1
  for (int price = 0; price < 2; price++) {
    const uint32_t source = price ? QS_DRAW_PRICE : QS_DRAW_VARIANCE;
    const uint32_t row = price ? draws.price[asset] : draws.variance[asset];
    if (row != QS_CUDA_NONE) {
      qs_real *to = normals + (size_t)row * QS_ROW;
      QS_R(qs_net_normals)(&net, source, block, to);
      pad(to, net.steps + 1, draws.padded + 1);
    }
  }
#pragma unroll 1
  for (uint32_t source = QS_DRAW_JUMP; source < QS_NET_SOURCES; source++) {
    const bool words = source < QS_DRAW_COUNT;
    const uint32_t row = words ? draws.word_row[asset][source] : draws.size[asset];
    for (uint32_t j = 0; row != QS_CUDA_NONE && (words || source == QS_DRAW_SIZE) && j < draws.padded; j++) {
      uint32_t word[1] = {0};
      if (j < net.steps) {
        QS_R(qs_net_dimension)(&net, source, j, block, word);
      }
      if (words) {
        draws.words[column_of(i, draws.word_rows) + ((size_t)row + j) * QS_ROW] = word[0];
      } else {
        QS_R(qs_noise_quantiles)(word, normals + ((size_t)row + 1 + j) * QS_ROW);
      }
    }
  }
}

cudaError_t QS_R(qs_cuda_launch_joint_net)(const qs_net &net, uint32_t asset, const qs_cuda_points &points,
                                           const qs_cuda_joint_draws &draws, cudaStream_t stream) {
  const cudaLaunchConfig_t config = launch_of(points.paths, BLOCK, stream);
  return cudaLaunchKernelEx(&config, QS_R(joint_net), net, asset, points, draws);
}
