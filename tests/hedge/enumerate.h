// The exact solution of a small hedge problem without impact, by trying every support: each trade at a kink,
// at a limit or free on a side, each row at a bound or not, each gross limit binding or not; the best
// feasible point among the stationary ones is the optimum of a convex problem.
#ifndef QS_TESTS_HEDGE_ENUMERATE_H
#define QS_TESTS_HEDGE_ENUMERATE_H

#include <vector>

#include "tests/hedge/problems.h"

namespace hedge_test {

struct Enumeration {
  bool found = false;
  double objective = 0;
  std::vector<double> x;
};

Enumeration enumerate_supports(const Problem &problem);

} // namespace hedge_test
#endif
