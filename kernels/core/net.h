// A Sobol net for the random numbers of a path: which dimension feeds which draw, and the Brownian bridge.
//
// A path's steps are numbered; step j's draws stand in block j / 4, word j % 4. Sources that are normals
// (the variance's draw and the price's own) are taken as increments of a Brownian motion over the steps,
// which is built end first, then middles of what is between, breadth first (Caflisch, Morokoff, Owen 1997):
// the first dimensions of the net settle the most. Rank r of the bridge takes dimension r * bridged + place.
// Jumps take theirs step by step from bridged * steps on. Of several underlyings the sources of all are
// interleaved so, each underlying's in a net of its own. What lies beyond the dimensions that there are is
// pseudo-random.
#ifndef QS_CORE_NET_H
#define QS_CORE_NET_H

#include "kernels/core/law.h"
#include "kernels/core/philox.h"
#include "kernels/core/sobol.h"

// Sources of counters beside those of law.h: scrambles' seeds, and draws beyond the net's dimensions.
enum { QS_DRAW_SCRAMBLE = 8, QS_DRAW_BEYOND = 16 };

// Sources that may have dimensions: those of law.h.
enum { QS_NET_SOURCES = QS_DRAW_SIZE + 1 };

// W(node) = from_left W(left) + from_right W(right) + spread Z; node 0 is W = 0.
typedef struct qs_bridge_point {
  uint32_t node, left, right;
  double from_left, from_right, spread;
} qs_bridge_point;

// Arrays are borrowed.
typedef struct qs_net {
  const uint32_t *directions; // [dimensions][QS_SOBOL_BITS]
  uint32_t dimensions;
  uint32_t steps;                                         // that have draws
  const qs_bridge_point *bridge;                          // [steps] by rank
  const double *inverse_root;                             // [steps] 1 / sqrt(length)
  uint32_t first[QS_NET_SOURCES], stride[QS_NET_SOURCES]; // dimensions of a source; stride 0: none
  uint32_t key0, key1;
} qs_net;

#endif
