// One underlying of a joint unit on its way along the steps: what a thread holds, a step, and what is kept at
// a date. For joint_paths.cu alone.
#ifndef QS_CUDA_JOINT_WALK_CUH
#define QS_CUDA_JOINT_WALK_CUH

#include "kernels/cuda/joint_draws.cuh"

// What a thread holds from step to step.
template <uint32_t fields, uint32_t n> struct QS_R(joint_walk) {
  QS_R(qs_noise_lanes) lanes;
  QS_R(joint_drawn) drawn;
  qs_real y[1], z[1], moved[n * QS_LANES], number[1];
  qs_real common[1], common_size[1], taken[1]; // common jumps of the step; so far
  qs_real own[1], jumped[1], pull[1];
  qs_real before[fields], after[fields], noise[QS_NOISE_COUNT];
};

template <qs_variance variance, qs_jumps jumps, bool greeks, typename Walk>
QS_CORE void start(const QS_R(qs_noise_law) & noise, const QS_R(joint_law) & joint,
                   const qs_cuda_joint_draws &draws, uint32_t thread, Walk *w) {
  constexpr qs_shape shape = {variance, jumps, greeks};
  QS_R(qs_noise_start)(shape, &noise, &w->lanes);
  w->drawn.filled = w->drawn.common_filled = false;
#pragma unroll
  for (int source = QS_DRAW_JUMP; source < QS_DRAW_COUNT; source++) {
    const uint32_t row = draws.word_row[joint.asset][source];
    if (draws.words && row != QS_CUDA_NONE) {
      w->lanes.base.rows[source] = draws.words + column_of(thread, draws.word_rows) + (size_t)row * QS_ROW;
    }
  }
  w->y[0] = w->z[0] = w->taken[0] = QS_C(0.0);
  for (qs_real &x : w->moved) {
    x = QS_C(0.0);
  }
  for (qs_real &x : w->before) {
    x = QS_C(0.0);
  }
  for (qs_real &x : w->noise) {
    x = QS_C(0.0);
  }
}

// Draws and takes step i; `word` says which of its block's draws are its.
template <qs_variance variance, qs_jumps jumps, bool greeks, typename Walk>
QS_CORE void take_step(const QS_R(qs_law) & law, const QS_R(qs_noise_law) & noise,
                       const QS_R(joint_law) & joint, const qs_cuda_joint_draws &draws,
                       const QS_R(joint_place) & at, uint32_t i, uint32_t *word, Walk *w) {
  constexpr qs_shape shape = {variance, jumps, greeks};
  qs_law_step step = law.steps[i];
  qs_real *number = w->lanes.base.row[QS_S_JUMP];
  if (jumps == QS_JUMPS_COUNTED && joint.part.common) { // before the step, whose own variance leaves them out
    if (!w->drawn.common_filled || w->drawn.common_block != step.draw_block) {
      draw_common(law, joint, at, step.draw_block, &w->drawn);
    }
    qs_real common[1] = {QS_C(0.0)};
    QS_R(qs_step_counted)
    (common, &law.thresholds[step.kind].common, pick_word(w->drawn.common, step.draw_word));
    number[0] += common[0];
    w->taken[0] += common[0];
    w->common[0] = common[0];
    w->common_size[0] = *QS_R(qs_lane_normals)(w->drawn.common_size, step.draw_word);
  }
  if (at.normals && draws.numbered) { // rows of four steps each
    step.draw_block = i / 4;
    step.draw_word = i % 4;
  }
  if (!w->drawn.filled || w->drawn.block != step.draw_block) {
    draw_block<variance, jumps, greeks>(law, joint, draws, at, step.draw_block, &w->lanes, &w->drawn);
  }
  w->number[0] = number[0];
  QS_R(qs_noise_move)(shape, &noise, &w->lanes, step, law.weights[i]);
  w->number[0] = number[0] - w->number[0];
  const qs_real *d = law.constants + (size_t)i * QS_D_COUNT;
  QS_R(qs_observe)(shape, &w->lanes.base, d, d[QS_D_REBASE], w->after, 1);
  QS_R(qs_noise_put)(shape, &noise, &w->lanes, d[QS_D_MARK_WEIGHT], w->after, w->noise, 1);
  *word = step.draw_word;
}

// Moves Y by the step.
template <qs_jumps jumps, typename Walk>
QS_CORE void add_noise(const QS_R(joint_law) & joint, QS_R(qs_joint_step) step, Walk *w) {
  constexpr bool may_size = jumps == QS_JUMPS_COUNTED || jumps == QS_JUMPS_VARIANCE;
  step.number = nullptr;
  step.common = step.common_size = nullptr;
  if (!may_size || !joint.part.sized) {
    QS_R(qs_joint_noise)(&step, w->own, w->jumped, w->y);
    return;
  }
  step.number = w->number;
  if (jumps == QS_JUMPS_COUNTED && joint.part.common) {
    step.common = w->common;
    step.common_size = w->common_size;
    QS_R(qs_joint_noise)(&step, w->own, w->jumped, w->y);
    return;
  }
  QS_R(qs_joint_noise)(&step, w->own, w->jumped, w->y);
}

// What the Greeks need of the step. `now`: the rows that the moves of the next date are summed in.
template <qs_variance variance, typename Walk>
QS_CORE void add_step(const QS_R(qs_law) & law, const QS_R(joint_law) & joint,
                      const qs_cuda_joint_draws &draws, const QS_R(joint_place) & at, uint32_t i,
                      uint32_t word, const QS_R(qs_joint_step) & step, qs_real *now, Walk *w) {
  constexpr bool stochastic = variance != QS_VARIANCE_CONSTANT;
  const qs_joint_part &part = joint.part;
  qs_real root[1];
  QS_R(qs_joint_add)(&step, w->own, w->jumped, w->z, w->moved, root, w->pull);
  at.rows[((size_t)part.roots + i) * QS_ROW] = root[0];
  qs_real *duals = at.rows + ((size_t)joint.room + 4 * joint.assets) * QS_ROW;
  if (part.kicks + part.means > 0) {
    fill_duals(joint, draws, at, w->drawn.block, word, duals);
  }
  const QS_R(qs_joint_moves) moves = {joint.asset,
                                      stochastic ? part.kicks : 0,
                                      part.means,
                                      part.added,
                                      joint.added + i,
                                      joint.added_step,
                                      duals,
                                      QS_ROW,
                                      duals + (size_t)joint.assets * QS_ROW,
                                      now + ((size_t)QS_JOINT_FIXED + step.n) * QS_ROW,
                                      (size_t)part.rows * QS_ROW};
  const qs_real *k = law.coefficients + (size_t)law.steps[i].kind * QS_K_COUNT;
  const qs_real after = variance == QS_VARIANCE_QE ? k[QS_K_HALF_OWN] : QS_C(0.0);
  const qs_real *normal = stochastic ? QS_R(qs_lane_normals)(w->drawn.variance, word) : root;
  QS_R(qs_joint_move)(&moves, after, normal, root, w->pull, w->lanes.base.response);
}

// Keeps a date in the rows `now`; the moves are there already, and go on in those of the next.
template <qs_jumps jumps, bool greeks, typename Walk>
QS_CORE void keep_date(const QS_R(joint_law) & joint, const QS_R(qs_joint_step) & step,
                       qs_real inverse_lambda, qs_real *now, bool last, Walk *w) {
  const qs_joint_part &part = joint.part;
  QS_R(qs_joint_keep_price)(&step, w->y, w->noise + QS_NOISE_VARIANCE, now);
  if (!greeks) {
    return;
  }
  now[QS_JOINT_DUAL * QS_ROW] = w->z[0];
#pragma unroll
  for (uint32_t p = 0; p < step.n; p++) {
    now[((size_t)QS_JOINT_FIXED + part.rows + p) * QS_ROW] = w->moved[p];
  }
  QS_R(qs_joint_keep)(&step, w->lanes.base.row[QS_S_JUMP], w->noise + QS_NOISE_SCORE, now);
  if (jumps == QS_JUMPS_COUNTED && part.common) { // lambda moves the jumps of its own alone
    QS_R(qs_stream_add)(w->taken, -inverse_lambda, 0, now + QS_JOINT_SCORE * QS_ROW);
  }
  qs_real *next = now + (size_t)part.kept_fields * QS_ROW;
#pragma unroll 1
  for (uint32_t r = 0; !last && r < 3; r++) {
#pragma unroll 1
    for (uint32_t p = step.n; p < part.rows; p++) {
      const size_t row = ((size_t)QS_JOINT_FIXED + r * part.rows + p) * QS_ROW;
      next[row] = now[row];
    }
  }
}

// The moves of the first date begin at 0, and so do those of the variance.
QS_CORE void clear_moves(const QS_R(joint_law) & joint, uint32_t n, qs_real *rows, qs_real *now) {
  const qs_joint_part &part = joint.part;
#pragma unroll 1
  for (uint32_t r = 0; r < 3; r++) {
#pragma unroll 1
    for (uint32_t p = n; p < part.rows; p++) {
      now[((size_t)QS_JOINT_FIXED + r * part.rows + p) * QS_ROW] = QS_C(0.0);
    }
  }
  for (uint32_t k = 0; k < part.kicks; k++) {
    rows[((size_t)joint.room + 5 * joint.assets + k) * QS_ROW] = QS_C(0.0);
  }
}

#endif
