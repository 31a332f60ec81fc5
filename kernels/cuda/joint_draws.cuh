// What the paths of one underlying of a joint unit are drawn from: its part of all streams' normals, and its
// own jumps. For joint_paths.cu alone.
#ifndef QS_CUDA_JOINT_DRAWS_CUH
#define QS_CUDA_JOINT_DRAWS_CUH

#define QS_RESPONDS 1
#include "kernels/cuda/law.cuh"

#include "kernels/core/horizon.inc"

#include "kernels/core/path_noise.inc"

#include "kernels/core/path_terms.inc"

#include "kernels/core/joint.inc"

#include "kernels/cuda/joint_kernels.h"

// What all threads have in common.
struct QS_R(joint_law) {
  qs_joint_part part;
  uint32_t asset, assets, steps;
  uint32_t room; // row: normals of the streams' variances [stream][4], their duals [stream], moves [stream]
  int crossed;
  qs_real sigma_j; // 0 where sizes have no normals
  uint32_t sigma_row;
  uint32_t common0, common1;
  const uint32_t *keys, *dates;
  const QS_R(qs_stream_weights) * streams; // [stream], of this underlying
  const QS_R(qs_stream_weights) * all;     // [underlying][stream]
  const qs_real *sizes;                    // [stream]
  const double *added;
  size_t added_step;
};

// A thread's draws for four steps beside its words and its price's normals.
struct QS_R(joint_drawn) {
  qs_real dual[QS_NORMALS][1], variance[QS_NORMALS][1], size[QS_NORMALS][1], common_size[QS_NORMALS][1];
  uint32_t common[5][1];
  uint32_t block, common_block;
  bool filled, common_filled;
};

// A thread's place: its path, its column of the tile, and of the draws that are ready.
struct QS_R(joint_place) {
  uint64_t path;
  qs_real *rows;
  const qs_real *normals; // null: none are ready
};

QS_CORE uint64_t key_of(const uint32_t *keys, uint32_t j) {
  return (uint64_t)keys[2 * j + 1] << 32 | keys[2 * j];
}

// Four rows of normals that are ready, from a source's first row on.
QS_CORE void take_normals(const QS_R(joint_place) & at, uint32_t row, uint32_t block, qs_real (*to)[1]) {
  const qs_real *from = at.normals + ((size_t)row + 1 + 4 * (size_t)block) * QS_ROW;
#pragma unroll
  for (int w = 0; w < 4; w++) {
    to[w][0] = from[w * QS_ROW];
  }
}

template <bool stochastic, bool greeks>
QS_CORE void draw_streams(const QS_R(joint_law) & joint, const qs_cuda_joint_draws &draws,
                          const QS_R(joint_place) & at, int mirrors, uint32_t block, qs_real (*normal)[1],
                          QS_R(joint_drawn) * drawn) {
  const bool variances = stochastic || joint.crossed;
  const bool kept = greeks && !at.normals && joint.part.kicks + joint.part.means > 0;
#pragma unroll 1
  for (uint32_t j = 0; j < joint.assets; j++) {
    QS_R(qs_stream) s;
    if (at.normals) {
      take_normals(at, draws.price[j], block - draws.first_block, s.price);
      if (variances) {
        take_normals(at, draws.variance[j], block - draws.first_block, s.variance);
      }
    } else {
      QS_R(qs_stream_fill)(key_of(joint.keys, j), variances, at.path - (mirrors ? QS_MIRROR : 0), block, &s);
      if (mirrors) {
        QS_R(qs_noise_mirror)(s.price);
        QS_R(qs_noise_mirror)(s.variance);
      }
    }
    const QS_R(qs_stream_weights) weights = joint.streams[j];
#pragma unroll
    for (int w = 0; w < 4; w++) {
      const QS_R(qs_stream_rows) to = {normal[w], greeks ? drawn->dual[w] : nullptr,
                                       stochastic ? drawn->variance[w] : nullptr, nullptr};
      QS_R(qs_stream_mix)(s.price[w], s.variance[w], weights, joint.crossed, j == 0, to);
      if (kept) {
        at.rows[((size_t)joint.room + 4 * j + (uint32_t)w) * QS_ROW] = s.variance[w][0];
      }
    }
  }
}

// The word of a step, picked as qs_lane_words picks.
QS_CORE const uint32_t *pick_word(uint32_t (*words)[1], uint32_t word) {
  const uint32_t low = word & 1u ? words[1][0] : words[0][0], high = word & 1u ? words[3][0] : words[2][0];
  words[4][0] = word & 2u ? high : low;
  return words[4];
}

// The words and normals of a block of steps.
template <qs_variance variance, qs_jumps jumps, bool greeks>
QS_CORE void draw_block(const QS_R(qs_law) & law, const QS_R(joint_law) & joint,
                        const qs_cuda_joint_draws &draws, const QS_R(joint_place) & at, uint32_t block,
                        QS_R(qs_noise_lanes) * state, QS_R(joint_drawn) * drawn) {
  constexpr bool stochastic = variance != QS_VARIANCE_CONSTANT;
  const int mirrors = QS_R(qs_mirrors)(&law, at.path);
  drawn->filled = true;
  drawn->block = block;
  draw_streams<stochastic, greeks>(joint, draws, at, mirrors, block, state->normal, drawn);
  if (stochastic) {
#pragma unroll
    for (int w = 0; w < 4; w++) {
      QS_R(qs_stream_words)(drawn->variance[w], state->base.words[QS_DRAW_VARIANCE][w]);
    }
  }
  if (jumps != QS_JUMPS_NONE) {
    QS_R(qs_paths_fill)(&law, &state->base, QS_DRAW_JUMP, at.path, block);
  }
  if (jumps == QS_JUMPS_EXPONENTIAL) {
    QS_R(qs_paths_fill)(&law, &state->base, QS_DRAW_DOWN, at.path, block);
  }
  if ((jumps == QS_JUMPS_COUNTED || jumps == QS_JUMPS_VARIANCE) && joint.part.sized) {
    if (at.normals && draws.numbered) {
      take_normals(at, draws.size[joint.asset], block, drawn->size);
      return;
    }
    QS_R(qs_stream) s;
    const uint64_t key = (uint64_t)law.key1 << 32 | law.key0;
    QS_R(qs_sizes_fill)(key, QS_DRAW_SIZE, at.path - (mirrors ? QS_MIRROR : 0), block, &s);
    if (mirrors) {
      QS_R(qs_noise_mirror)(s.price);
    }
#pragma unroll
    for (int w = 0; w < 4; w++) {
      drawn->size[w][0] = s.price[w][0];
    }
  }
}

// The words and the sizes of common jumps, pseudo-random whatever the rest is.
QS_CORE void draw_common(const QS_R(qs_law) & law, const QS_R(joint_law) & joint,
                         const QS_R(joint_place) & at, uint32_t block, QS_R(joint_drawn) * drawn) {
  const int mirrors = QS_R(qs_mirrors)(&law, at.path);
  const uint64_t path = at.path - (mirrors ? QS_MIRROR : 0);
  drawn->common_filled = true;
  drawn->common_block = block;
#pragma unroll 1
  for (uint32_t j = 0; j < joint.assets; j++) {
    QS_R(qs_stream) s;
    QS_R(qs_sizes_fill)(key_of(joint.keys, j), QS_DRAW_COMMON, path, block, &s);
    if (mirrors) {
      QS_R(qs_noise_mirror)(s.price);
    }
#pragma unroll
    for (int w = 0; w < 4; w++) {
      QS_R(qs_stream_add)(s.price[w], joint.sizes[j], j == 0, drawn->common_size[w]);
    }
  }
  const qs_words c = qs_counter(path, QS_DRAW_JUMP, block, 0);
  qs_philox_lanes(c.a, c.b, c.c, c.d, joint.common0, joint.common1, drawn->common[0], drawn->common[1],
                  drawn->common[2], drawn->common[3]);
  if (mirrors) {
    qs_mirror_words(drawn->common);
  }
}

// The duals of the variances' normals of a word of a block, to the tile.
QS_CORE void fill_duals(const QS_R(joint_law) & joint, const qs_cuda_joint_draws &draws,
                        const QS_R(joint_place) & at, uint32_t block, uint32_t word, qs_real *to) {
  const size_t ready = 1 + 4 * (size_t)(block - draws.first_block) + word;
#pragma unroll 1
  for (uint32_t b = 0; b < joint.assets; b++, to += QS_ROW) {
    const QS_R(qs_stream_weights) *weights = joint.all + b * joint.assets;
    qs_real sum[1];
#pragma unroll 1
    for (uint32_t j = 0; j < joint.assets; j++) {
      const qs_real *m = at.normals ? at.normals + (draws.variance[j] + ready) * QS_ROW
                                    : at.rows + ((size_t)joint.room + 4 * j + word) * QS_ROW;
      QS_R(qs_stream_add)(m, weights[j].variance_dual, j == 0, sum);
    }
    *to = sum[0];
  }
}

#endif
