// Payoffs along a path, against real.h. One header a family; the registry is the list below, in the order of
// qs_path_payoff in kernels/plan.h.
//
// A payoff takes a lane block's case (path_terms.inc), fills its price and, with greeks, derivatives and
// gamma, and returns the chain that takes its derivatives to the quantities of the result.
#include "kernels/core/path_terms.inc"

#include "kernels/core/path_asian.h"

#include "kernels/core/path_barrier.h"

#include "kernels/core/path_autocall.h"

#include "kernels/core/path_cliquet.h"

#include "kernels/core/path_continuous.h"

#include "kernels/core/path_digital.h"

#include "kernels/core/path_early.h"

#include "kernels/core/path_geometric.h"

#include "kernels/core/path_lookback.h"

#include "kernels/core/path_pool.h"

#include "kernels/core/path_script.h"

#include "kernels/core/path_variance.h"

// The code of a payoff, the function that values it, and whether it may need the price's own noise.
#define QS_PATH_PAYOFFS(X)                                                                                   \
  X(0, asian, 1)                                                                                             \
  X(1, asian_strike, 1)                                                                                      \
  X(2, asian_geometric, 0)                                                                                   \
  X(3, barrier, 1)                                                                                           \
  X(4, barrier_continuous, 1)                                                                                \
  X(5, lookback, 1)                                                                                          \
  X(6, lookback_floating, 1)                                                                                 \
  X(7, digital, 0)                                                                                           \
  X(8, cliquet, 1)                                                                                           \
  X(9, variance, 1)                                                                                          \
  X(10, volatility, 1)                                                                                       \
  X(11, script, 1)                                                                                           \
  X(12, early, 1)                                                                                            \
  X(13, pool, 0)                                                                                             \
  X(14, asian_geometric_strike, 0)                                                                           \
  X(15, autocall, 1)

// All rows of the result but the price from what a payoff has yielded; `open`: a continuous barrier.
QS_CORE void QS_R(qs_path_quantities)(int chain, int open, const QS_R(qs_path_case) * p, uint32_t n,
                                      const QS_R(qs_chain_jumps) * jumps, qs_real *delta, qs_real *carry,
                                      qs_real *parameter) {
  QS_R(qs_path_chain)(chain, p, n, jumps, delta, carry, parameter);
  if (chain == QS_CHAIN_PATH) {
    QS_R(qs_path_ratio)(p, delta);
  }
  if (open) {
    QS_R(qs_continuous_rest)(p, n, jumps, parameter);
  }
  if (jumps->scored) {
    const qs_real *score = QS_R(qs_path_y)(p, p->of.count - 1) + QS_NOISE_SCORE * QS_ROW;
    QS_R(qs_path_scores)(jumps, p->price, score, score + QS_ROW, parameter);
  }
}
