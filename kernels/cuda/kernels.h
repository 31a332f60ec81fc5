// What the host part of this backend (value.cu, horizon.cu) launches. Each kernel file is compiled once per
// precision, so that its functions end in _f or _d; this header is the same for both. For the files of this
// folder alone.
#ifndef QS_CUDA_KERNELS_H
#define QS_CUDA_KERNELS_H

#include <cuda_runtime.h>

#include "kernels/core/moments.h"
#include "kernels/core/net.h"
#include "kernels/local_table.h"
#include "kernels/path_table.h"

// A plan's table in device memory; numbers are float or double, as the kernels that read them.
struct qs_cuda_plan {
  qs_variance variance;
  qs_jumps jumps;
  bool greeks;
  uint32_t quantities; // of a payoff
  const void *coefficients, *weights, *constants;
  const void *thresholds, *steps, *dates;
  double v0, start_weight;
  uint32_t key0, key1;
  bool mirrored; // antithetic paths
  bool fast;     // by the kernels of fast.cuh
};

// Rows that threads fill or read side by side: each warp has a tile of its own, [row][thread].
enum { QS_CUDA_TILE = 32 };

// Draws that paths find ready, in tiles: a source's words are the rows [step] from word_row on, the price's
// normals [step + 1]. words null: paths draw for themselves.
struct qs_cuda_draws {
  uint32_t *words;
  void *normals, *room;
  uint32_t word_rows, normal_rows;  // of a tile
  uint32_t word_row[QS_DRAW_COUNT]; // QS_CUDA_NONE: the source has no words
};
enum { QS_CUDA_NONE = 0x7fffffff };

// Which points the paths of a block take: path i is the point `offset` + i of the batches from `batch` on,
// each of which begins at the point `first`.
struct qs_cuda_points {
  uint32_t batch, paths;
  uint64_t first, offset, batch_paths, path_begin;
};

// A block of observations in device memory, [date - date_begin][field][path], and the paths that it holds.
struct qs_cuda_block {
  void *observed;
  uint32_t fields, date_begin, date_end;
  uint64_t path_begin;
  uint32_t paths; // of the block: the stride of a field
};

// A payoff under a shift: what its value needs and where it goes.
struct qs_cuda_strike {
  double k, log_k; // K / F and its logarithm, both under the shift
  double scale;    // from the shifted to the unshifted forward
  uint32_t payoff; // its code
  uint32_t slot;   // number of its first moment within a batch
};

// Strikes of one date that a block of threads values together.
struct qs_cuda_group {
  uint32_t date, first, count;
};

// A launch of payoffs over the batches of a block of observations.
struct qs_cuda_payoffs {
  const qs_cuda_strike *strikes;
  const qs_cuda_group *groups;
  uint32_t group_count;
  uint32_t batches; // in the block
  uint64_t batch_paths, path_count;
  uint32_t stride;    // moments of a batch
  qs_moment *moments; // of the block's first batch on
};

// Streams of normals for a horizon, in device memory; single: one stream of weight 1.
struct qs_cuda_streams {
  const void *keys, *weights, *variance, *cross; // variance and cross where apart
  const void *sizes;                             // of common jumps, where there are any
  uint64_t common_key;
  uint32_t count;
  bool single, apart, common;
};

// x and v of the paths of a block, each [date][path]; starts (or null): where the variance of each
// start_paths paths begins, in device memory.
struct qs_cuda_horizon_block {
  uint64_t path_begin;
  uint32_t paths, dates;
  double *x, *v;
  const void *starts;
  uint64_t start_paths;
};

// A path unit's leverage in device memory; `table` is the host's, null without.
struct qs_cuda_local {
  const qs_local_table *table;
  const void *numbers, *coefficients, *inverse, *tables;
};

// A path unit's arrays in device memory, its payoffs' one after the other; unit, table and places [payoff]
// are the host's.
struct qs_cuda_places {
  size_t dates, seen, codes, constants, rows, clears;
};
struct qs_cuda_path_plan {
  const qs_path_unit *unit;
  const qs_path_table *table;
  const qs_cuda_places *places;
  const void *scores, *drifts, *numbers, *added;
  const void *dates, *seen, *known;
  const void *codes, *constants, *rows, *clears;
  qs_cuda_local local;
  double intensity, p; // of the model's jumps
  uint32_t parameters, steps, table_dates;
  bool noise; // wanted; set with the layout
};

// A block of a path unit, in tiles: the observations [date][field], room for a payoff, and its results
// [quantity].
struct qs_cuda_path_block {
  void *rows;
  uint64_t path_begin;
  uint32_t paths, dates;
  uint32_t tile_rows, room_row, result_row;
};

// From a payoff's results to the moments of the block's batches. Where a batch comes in parts, of which
// `leaves_before` leaves are done, the block holds one part, and `kept` [quantity][position] lasts from one
// to the next.
struct qs_cuda_path_moments {
  qs_moment *moments; // of the first batch
  size_t stride;      // from batch to batch
  uint32_t quantities, batches;
  uint64_t batch_paths, leaves_before;
  qs_position *kept;
  bool first, last; // part
};

// Most strikes in a group.
enum { QS_CUDA_PRICES_PER_GROUP = 16, QS_CUDA_GREEKS_PER_GROUP = 4 };

#define QS_CUDA_LAUNCHERS(suffix)                                                                            \
  uint32_t qs_cuda_fields##suffix(bool greeks, uint32_t parameter_count);                                    \
  cudaError_t qs_cuda_launch_paths##suffix(const qs_cuda_plan &plan, const qs_cuda_block &block,             \
                                           const qs_cuda_draws &draws, cudaStream_t stream);                 \
  cudaError_t qs_cuda_launch_payoffs##suffix(const qs_cuda_plan &plan, const qs_cuda_block &block,           \
                                             const qs_cuda_payoffs &payoffs, cudaStream_t stream);           \
  cudaError_t qs_cuda_launch_horizon##suffix(const qs_cuda_plan &plan, const qs_cuda_streams &streams,       \
                                             const qs_cuda_horizon_block &block, cudaStream_t stream);       \
  cudaError_t qs_cuda_launch_net##suffix(const qs_net &net, const qs_cuda_points &points,                    \
                                         const qs_cuda_draws &draws, cudaStream_t stream);                   \
  void qs_cuda_path_layout##suffix(qs_cuda_path_plan *path, qs_cuda_path_block *block);                      \
  cudaError_t qs_cuda_launch_noise##suffix(const qs_cuda_plan &plan, const qs_cuda_path_plan &path,          \
                                           const qs_cuda_path_block &block, const qs_cuda_draws &draws,      \
                                           cudaStream_t stream);                                             \
  cudaError_t qs_cuda_launch_path_payoff##suffix(const qs_cuda_plan &plan, const qs_cuda_path_plan &path,    \
                                                 const qs_cuda_path_block &block, uint32_t payoff,           \
                                                 double shift, cudaStream_t stream);                         \
  cudaError_t qs_cuda_launch_local##suffix(const qs_cuda_plan &plan, const qs_cuda_path_plan &path,          \
                                           const qs_cuda_path_block &block, const qs_cuda_draws &draws,      \
                                           double shift, cudaStream_t stream);                               \
  cudaError_t qs_cuda_launch_local_greeks##suffix(const qs_cuda_path_plan &path,                             \
                                                  const qs_cuda_path_block &block, uint32_t payoff,          \
                                                  double shift, cudaStream_t stream);                        \
  cudaError_t qs_cuda_launch_path_moments##suffix(const qs_cuda_path_block &block,                           \
                                                  const qs_cuda_path_moments &moments, cudaStream_t stream);
QS_CUDA_LAUNCHERS(_f)
QS_CUDA_LAUNCHERS(_d)
QS_CUDA_LAUNCHERS(_q) // of paths and noise alone

// Whether paths move by a law that fast.cuh's kernels have, in mixed precision.
static inline bool qs_cuda_has_fast(qs_arithmetic arithmetic, qs_precision precision, qs_variance variance) {
  return arithmetic == QS_ARITHMETIC_FAST && precision == QS_PRECISION_MIXED && variance == QS_VARIANCE_QE;
}

// Every law that a model can have (kernels/table.c): what the path kernels are instantiated for.
#ifdef QS_CUDA_FAST
#define QS_CUDA_LAWS(X)                                                                                      \
  X(QS_VARIANCE_QE, QS_JUMPS_NONE)                                                                           \
  X(QS_VARIANCE_QE, QS_JUMPS_COUNTED)                                                                        \
  X(QS_VARIANCE_QE, QS_JUMPS_VARIANCE)
#else
#define QS_CUDA_LAWS(X)                                                                                      \
  X(QS_VARIANCE_CONSTANT, QS_JUMPS_NONE)                                                                     \
  X(QS_VARIANCE_CONSTANT, QS_JUMPS_COUNTED)                                                                  \
  X(QS_VARIANCE_CONSTANT, QS_JUMPS_EXPONENTIAL)                                                              \
  X(QS_VARIANCE_QE, QS_JUMPS_NONE)                                                                           \
  X(QS_VARIANCE_QE, QS_JUMPS_COUNTED)                                                                        \
  X(QS_VARIANCE_QE, QS_JUMPS_VARIANCE)                                                                       \
  X(QS_VARIANCE_EULER, QS_JUMPS_NONE)                                                                        \
  X(QS_VARIANCE_EULER, QS_JUMPS_COUNTED)                                                                     \
  X(QS_VARIANCE_EULER, QS_JUMPS_VARIANCE)
#endif

#endif
