#include "kernels/cuda/sampling.h"

#include <stdio.h>
#include <stdlib.h>

#include "kernels/net.h"

// Rows of a tile: words of every source but the price's in whole blocks of four steps, and of the price's
// normals and the bridge's room one more.
static void lay_rows(const qs_net &net, qs_precision precision, qs_cuda_sampling *sampling) {
  const uint32_t padded = (net.steps + 3) / 4 * 4;
  const size_t real = precision == QS_PRECISION_DOUBLE ? sizeof(double) : sizeof(float);
  qs_cuda_draws *draws = &sampling->draws;
  for (int source = 0; source < QS_DRAW_COUNT; source++) {
    const bool has = source != QS_DRAW_PRICE && net.stride[source] > 0;
    draws->word_row[source] = has ? draws->word_rows : static_cast<uint32_t>(QS_CUDA_NONE);
    draws->word_rows += has ? padded : 0;
  }
  const uint32_t price = net.stride[QS_DRAW_PRICE] > 0, bridged = net.stride[QS_DRAW_VARIANCE] > 0;
  draws->normal_rows = padded + 1;
  sampling->path_bytes = draws->word_rows * sizeof(uint32_t) + (price + bridged) * draws->normal_rows * real;
}

qs_status qs_cuda_sampling_make(const qs_path_plan &plan, const qs_table &table, qs_precision precision,
                                bool noise, char *message, qs_cuda_sampling *sampling) {
  *sampling = {};
  sampling->precision = precision;
  if (plan.sampling != QS_SAMPLING_SOBOL) {
    return QS_OK;
  }
  sampling->net = qs_net_create(&plan, &table.dynamics, noise);
  if (!sampling->net) {
    snprintf(message, QS_DEVICE_TEXT, "out of memory for a net of %u steps", plan.step_count);
    return QS_ERROR_MEMORY;
  }
  lay_rows(*sampling->net, precision, sampling);
  return QS_OK;
}

void qs_cuda_sampling_free(qs_cuda_sampling *sampling) {
  free(sampling->net);
  sampling->net = nullptr;
}

void qs_cuda_sampling_arrays(qs_cuda_sampling *sampling, qs_cuda_array *arrays) {
  static const qs_net none = {};
  const qs_net &net = sampling->net ? *sampling->net : none;
  arrays[0] = {net.directions, (size_t)net.dimensions * QS_SOBOL_BITS, sizeof *net.directions,
               &sampling->directions};
  arrays[1] = {net.bridge, net.steps, sizeof *net.bridge, &sampling->bridge};
  arrays[2] = {net.inverse_root, net.steps, sizeof *net.inverse_root, &sampling->inverse_root};
}

qs_status qs_cuda_sampling_reserve(qs_device *device, uint64_t paths, char *message,
                                   qs_cuda_sampling *sampling) {
  if (!sampling->path_bytes) {
    return QS_OK;
  }
  const uint64_t tiles = (paths + QS_CUDA_TILE - 1) / QS_CUDA_TILE, threads = tiles * QS_CUDA_TILE;
  const size_t words = threads * sampling->draws.word_rows * sizeof(uint32_t);
  const qs_status status = qs_cuda_reserve(device, &device->draws, threads * sampling->path_bytes, message);
  if (status == QS_OK) {
    const size_t real = sampling->precision == QS_PRECISION_DOUBLE ? sizeof(double) : sizeof(float);
    char *data = static_cast<char *>(device->draws.data);
    const bool price = sampling->net->stride[QS_DRAW_PRICE] > 0;
    sampling->draws.words = words ? reinterpret_cast<uint32_t *>(data) : nullptr;
    sampling->draws.normals = price ? data + words : nullptr;
    sampling->draws.room = data + words + (price ? threads * sampling->draws.normal_rows * real : 0);
  }
  return status;
}

qs_status qs_cuda_sampling_draw(qs_device *device, const qs_cuda_sampling &sampling,
                                const qs_cuda_points &points, char *message) {
  if (!sampling.path_bytes) {
    return QS_OK;
  }
  qs_net net = *sampling.net;
  net.directions = static_cast<const uint32_t *>(sampling.directions);
  net.bridge = static_cast<const qs_bridge_point *>(sampling.bridge);
  net.inverse_root = static_cast<const double *>(sampling.inverse_root);
  const bool precise = sampling.precision == QS_PRECISION_DOUBLE;
  const cudaError_t error =
      (precise ? qs_cuda_launch_net_d : qs_cuda_launch_net_f)(net, points, sampling.draws, device->stream);
  return qs_cuda_check(device, error, "drawing Sobol points", message);
}
