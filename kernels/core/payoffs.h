// The payoffs that a normal law of ln S finishes in closed form, against real.h. One file each; the registry
// is the list below, in the order of qs_payoff in kernels/plan.h.
//
// A payoff takes the law's terms at its strike (law_terms.inc) and returns, per unit of the forward,
//   price   E[payoff] / F
//   delta   d price / dM, which is the forward's derivative at fixed strike
//   edge    exp(M) phi(d1) sqrt(2 pi) times the second derivative of the payoff in ln S at the strike, over
//           exp(M): 1 for options, 0 for the forward, as a multiple of terms.edge
// whence gamma = edge / sqrt(2 pi V), and d price / dV = gamma / 2 (the heat equation).
#include "kernels/core/law_terms.inc"

#include "kernels/core/payoff_call.h"

#include "kernels/core/payoff_forward.h"

#include "kernels/core/payoff_put.h"

// The code of a payoff and the function that values it.
#define QS_PAYOFFS(X)                                                                                        \
  X(0, call)                                                                                                 \
  X(1, put)                                                                                                  \
  X(2, forward)

// The payoff of a code, a compile-time constant at every call in a lane loop.
QS_CORE QS_R(qs_payoff_value) QS_R(qs_payoff_of)(int payoff, QS_R(qs_strike_terms) t) {
#define QS_PAYOFF_RETURN(code, name)                                                                         \
  if (payoff == code) {                                                                                      \
    return QS_R(qs_payoff_##name)(t);                                                                        \
  }
  QS_PAYOFFS(QS_PAYOFF_RETURN)
#undef QS_PAYOFF_RETURN
  const QS_R(qs_payoff_value) none = {QS_C(0.0), QS_C(0.0), QS_C(0.0)};
  return none;
}
