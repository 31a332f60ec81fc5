// The paths of one underlying of a joint unit, one a thread: its part of all streams' normals, moved step by
// step to the last date, and kept at the dates; what the Greeks need of every step goes to the tile. Tiles
// and their rows are those of kernels/core/joint_layout.h, and after them room for what threads hold between
// steps.
#include "kernels/cuda/joint_walk.cuh"

enum { BLOCK = 128 };

template <qs_variance variance, qs_jumps jumps, bool greeks>
__global__ void __launch_bounds__(BLOCK)
    QS_R(joint_paths)(const __grid_constant__ QS_R(qs_law) law,
                      const __grid_constant__ QS_R(qs_noise_law) from,
                      const __grid_constant__ QS_R(joint_law) joint,
                      const __grid_constant__ qs_cuda_joint_draws draws, qs_cuda_path_block block) {
  constexpr uint32_t n = parameters_of(variance != QS_VARIANCE_CONSTANT, jumps);
  constexpr uint32_t fields = greeks ? QS_O_TANGENTS + 2 * n : (uint32_t)QS_O_PRICE;
  const uint32_t thread = blockIdx.x * BLOCK + threadIdx.x;
  if (thread >= block.paths) {
    return;
  }
  QS_R(qs_noise_law) noise = from;
  noise.law = &law;
  const QS_R(joint_place) at = {
      block.path_begin + thread, static_cast<qs_real *>(block.rows) + column_of(thread, block.tile_rows),
      draws.normals ? static_cast<const qs_real *>(draws.normals) + column_of(thread, draws.normal_rows)
                    : nullptr};
  QS_R(joint_walk)<fields, n> w;
  start<variance, jumps, greeks>(noise, joint, draws, thread, &w);
  qs_real *now = at.rows + (size_t)joint.part.kept * QS_ROW;
  if (greeks) {
    clear_moves(joint, n, at.rows, now);
  }
  uint32_t date = 0, end = joint.dates[0];
#pragma unroll 1
  for (uint32_t i = 0; i < joint.steps; i++) {
    uint32_t word;
    take_step<variance, jumps, greeks>(law, noise, joint, draws, at, i, &word, &w);
    const qs_real *normal = QS_R(qs_lane_normals)(w.lanes.normal, word);
    const qs_real *dual = greeks ? QS_R(qs_lane_normals)(w.drawn.dual, word) : nullptr;
    const qs_real *size = QS_R(qs_lane_normals)(w.drawn.size, word);
    const QS_R(qs_joint_step)
        step = {w.before, w.after, w.lanes.own,   normal,          dual, w.number,       size,
                nullptr,  nullptr, joint.sigma_j, joint.sigma_row, n,    joint.part.rows};
    add_noise<jumps>(joint, step, &w);
    if (greeks) {
      add_step<variance>(law, joint, draws, at, i, word, step, now, &w);
    }
    if (i + 1 == end) {
      const bool last = i + 1 == joint.steps;
      keep_date<jumps, greeks>(joint, step, noise.inverse_lambda, now, last, &w);
      now += (size_t)joint.part.kept_fields * QS_ROW;
      end = last ? 0 : joint.dates[++date];
    }
#pragma unroll
    for (uint32_t f = 0; f < fields; f++) {
      w.before[f] = w.after[f];
    }
  }
}

static QS_R(joint_law) law_of_asset(const qs_cuda_joint_plan &plan, uint32_t asset) {
  typedef QS_R(qs_stream_weights) weights;
  const qs_cuda_joint_asset &of = plan.assets[asset];
  const qs_joint_layout &layout = plan.layout;
  QS_R(joint_law) law = {};
  law.part = layout.parts[asset];
  law.asset = asset;
  law.assets = layout.assets;
  law.steps = layout.steps;
  law.room = layout.rows;
  law.crossed = layout.crossed;
  law.sigma_j = law.part.sized ? static_cast<qs_real>(of.sigma_j) : QS_C(0.0);
  law.sigma_row = law.part.sized ? of.lambda + 2 : law.part.parameters;
  law.common0 = of.common0;
  law.common1 = of.common1;
  law.keys = static_cast<const uint32_t *>(plan.keys);
  law.dates = static_cast<const uint32_t *>(plan.dates);
  law.all = static_cast<const weights *>(plan.streams);
  law.streams = law.all + asset * layout.assets;
  law.sizes = static_cast<const qs_real *>(plan.sizes) + asset * layout.assets;
  law.added = static_cast<const double *>(of.added);
  law.added_step = plan.unit->assets[asset].path.step_count;
  return law;
}

cudaError_t QS_R(qs_cuda_launch_joint_paths)(const qs_cuda_joint_plan &plan, uint32_t asset,
                                             const qs_cuda_path_block &block,
                                             const qs_cuda_joint_draws &draws, cudaStream_t stream) {
  const cudaLaunchConfig_t config = launch_of(block.paths, BLOCK, stream);
  const qs_cuda_joint_asset &of = plan.assets[asset];
  QS_R(qs_noise_law) noise;
  noise.law = nullptr; // the kernel's own
  noise.scores = static_cast<const qs_real *>(of.scores);
  noise.inverse_lambda = static_cast<qs_real>(of.inverse_lambda);
  noise.step_count = plan.layout.steps;
  noise.wanted = 1;
  const QS_R(joint_law) joint = law_of_asset(plan, asset);
#define LAUNCH(v, j, g)                                                                                      \
  if (of.plan.variance == v && of.plan.jumps == j && of.plan.greeks == g) {                                  \
    return cudaLaunchKernelEx(&config, QS_R(joint_paths) < v, j, g >, law_of(of.plan), noise, joint, draws,  \
                              block);                                                                        \
  }
#define LAUNCHES(v, j) LAUNCH(v, j, false) LAUNCH(v, j, true)
  QS_CUDA_LAWS(LAUNCHES)
#undef LAUNCHES
#undef LAUNCH
  return cudaErrorInvalidValue;
}
