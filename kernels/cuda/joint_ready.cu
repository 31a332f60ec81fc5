// Draws of a joint unit that are made before its paths: where they lie, and their memory.
#include <algorithm>

#include "kernels/cuda/joint_run.h"

namespace {

// From how many streams on they are drawn once for all underlyings: each of n draws n of them else, in place
// of which memory carries a stream's numbers n + 1 times.
enum { LEAST_STREAMS = 3 };

// Whether a pseudo-random unit's streams are drawn once: the blocks of its steps' draws, unless many of them
// have no step.
bool draws_once(const qs_cuda_joint_run &run, uint32_t *first, uint32_t *rows) {
  const qs_table &table = run.tables[0];
  uint32_t least = UINT32_MAX, most = 0;
  for (uint32_t i = 0; i < run.plan.layout.steps; i++) {
    least = std::min(least, table.steps[i].draw_block);
    most = std::max(most, table.steps[i].draw_block);
  }
  const uint64_t wanted = least <= most ? 4 * ((uint64_t)most - least + 1) : 0;
  *first = least;
  *rows = static_cast<uint32_t>(wanted);
  return run.unit->asset_count >= LEAST_STREAMS && wanted &&
         wanted <= 2 * (uint64_t)run.plan.layout.steps + 8;
}

} // namespace

void qs_cuda_joint_lay_draws(qs_cuda_joint_run *run) {
  qs_cuda_joint_draws &to = run->draws;
  uint32_t first = 0, rows = 0;
  const bool once = !run->nets && draws_once(*run, &first, &rows);
  const bool variances = qs_joint_variances(run->unit, run->tables);
  to.numbered = run->nets != nullptr;
  to.first_block = once ? first : 0;
  to.padded = once ? rows : (run->plan.layout.steps + 3) / 4 * 4;
  const auto take = [](bool wanted, uint32_t *next, uint32_t count) {
    const uint32_t at = wanted ? *next : static_cast<uint32_t>(QS_CUDA_NONE);
    *next += wanted ? count : 0;
    return at;
  };
  for (uint32_t a = 0; a < run->unit->asset_count; a++) {
    const uint32_t *stride = run->nets ? run->nets[a].stride : nullptr;
    const auto has = [stride](int source) { return stride && stride[source] > 0; };
    to.price[a] = take(once || has(QS_DRAW_PRICE), &to.normal_rows, to.padded + 1);
    to.variance[a] = take((once && variances) || has(QS_DRAW_VARIANCE), &to.normal_rows, to.padded + 1);
    to.size[a] = take(has(QS_DRAW_SIZE), &to.normal_rows, to.padded + 1);
    for (int source = 0; source < QS_DRAW_COUNT; source++) {
      const bool words = source == QS_DRAW_JUMP || source == QS_DRAW_DOWN;
      to.word_row[a][source] = take(words && has(source), &to.word_rows, to.padded);
    }
  }
  const size_t real = run->precise ? sizeof(double) : sizeof(float);
  run->path_bytes = to.normal_rows * real + to.word_rows * sizeof(uint32_t);
}

qs_status qs_cuda_joint_reserve_draws(qs_cuda_joint_run *run, uint64_t paths, char *message) {
  if (!run->path_bytes) {
    return QS_OK;
  }
  const uint64_t threads = (paths + QS_CUDA_TILE - 1) / QS_CUDA_TILE * QS_CUDA_TILE;
  const size_t words = threads * run->draws.word_rows * sizeof(uint32_t);
  const qs_status status =
      qs_cuda_reserve(run->device, &run->device->draws, threads * run->path_bytes, message);
  if (status == QS_OK) {
    char *data = static_cast<char *>(run->device->draws.data);
    run->draws.words = words ? reinterpret_cast<uint32_t *>(data) : nullptr;
    run->draws.normals = data + words;
  }
  return status;
}
