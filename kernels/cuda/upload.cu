// One copy a unit: all arrays side by side in a block of host memory, numbers in the kernels' precision.
#include "kernels/cuda/upload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ARRAYS = QS_CUDA_TABLE_ARRAYS + 24, ALIGNMENT = 256 };

static size_t bytes_of(const qs_cuda_array &array, qs_precision precision) {
  const size_t number = precision == QS_PRECISION_DOUBLE ? sizeof(double) : sizeof(float);
  const size_t bytes = array.count * (array.size ? array.size : number);
  return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static void put(const qs_cuda_array &array, qs_precision precision, char *to) {
  const double *numbers = static_cast<const double *>(array.from);
  if (array.size) {
    if (array.count) {
      memcpy(to, array.from, array.count * array.size);
    }
    return;
  }
  for (size_t i = 0; i < array.count; i++) {
    if (precision == QS_PRECISION_DOUBLE) {
      reinterpret_cast<double *>(to)[i] = numbers[i];
    } else {
      reinterpret_cast<float *>(to)[i] = static_cast<float>(numbers[i]);
    }
  }
}

qs_status qs_cuda_send(qs_device *device, const qs_cuda_array *arrays, size_t count, qs_precision precision,
                       char *message) {
  size_t total = 0;
  for (size_t i = 0; i < count; i++) {
    total += bytes_of(arrays[i], precision);
  }
  char *host = static_cast<char *>(calloc(total ? total : 1, 1));
  if (!host) {
    snprintf(message, QS_DEVICE_TEXT, "out of memory for a plan of %zu bytes", total);
    return QS_ERROR_MEMORY;
  }
  qs_status status = qs_cuda_reserve(device, &device->plan, total, message);
  size_t used = 0;
  for (size_t i = 0; status == QS_OK && i < count; i++) {
    put(arrays[i], precision, host + used);
    *arrays[i].to = static_cast<char *>(device->plan.data) + used;
    used += bytes_of(arrays[i], precision);
  }
  if (status == QS_OK && total) {
    status = qs_cuda_check(
        device, cudaMemcpyAsync(device->plan.data, host, total, cudaMemcpyHostToDevice, device->stream),
        "copying the plan to the device", message);
  }
  free(host); // pageable memory has been read when the call returns
  return status;
}

void qs_cuda_table_arrays(const qs_table &table, const qs_path_plan &path, bool greeks, qs_cuda_array *arrays,
                          qs_cuda_plan *plan) {
  const qs_dynamics &m = table.dynamics;
  plan->variance = m.variance;
  plan->jumps = m.jumps;
  plan->greeks = greeks;
  plan->quantities = greeks ? QS_QUANTITY_PARAMETERS + table.parameter_count : 1;
  plan->v0 = m.variance == QS_VARIANCE_CONSTANT ? m.sigma * m.sigma : m.v0;
  plan->start_weight = table.start_weight;
  plan->key0 = static_cast<uint32_t>(path.key);
  plan->key1 = static_cast<uint32_t>(path.key >> 32);
  plan->mirrored = path.sampling == QS_SAMPLING_ANTITHETIC;
  arrays[0] = {table.coefficients, (size_t)table.kind_count * QS_K_COUNT, 0, &plan->coefficients};
  arrays[1] = {table.weights, table.step_count, 0, &plan->weights};
  arrays[2] = {table.constants, (size_t)table.date_count * QS_D_COUNT, 0, &plan->constants};
  arrays[3] = {table.thresholds, table.kind_count, sizeof(qs_thresholds), &plan->thresholds};
  arrays[4] = {table.steps, table.step_count, sizeof(qs_law_step), &plan->steps};
  arrays[5] = {table.dates, table.date_count, sizeof(qs_law_date), &plan->dates};
}

qs_status qs_cuda_upload(qs_device *device, const qs_table &table, const qs_path_plan &path,
                         qs_precision precision, bool greeks, const qs_cuda_array *more, size_t more_count,
                         char *message, qs_cuda_plan *plan) {
  qs_cuda_array arrays[MOST_ARRAYS];
  qs_cuda_table_arrays(table, path, greeks, arrays, plan);
  for (size_t i = 0; i < more_count && QS_CUDA_TABLE_ARRAYS + i < MOST_ARRAYS; i++) {
    arrays[QS_CUDA_TABLE_ARRAYS + i] = more[i];
  }
  return qs_cuda_send(device, arrays, QS_CUDA_TABLE_ARRAYS + more_count, precision, message);
}
