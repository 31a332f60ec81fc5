#ifndef QS_TESTS_HEDGE_FAKE_HORIZON_H
#define QS_TESTS_HEDGE_FAKE_HORIZON_H

#include <map>
#include <string>
#include <vector>

#include "host/engine/horizon.h"

namespace hedge_test {

// P&L of one unit by instrument (or id) and path.
struct FakeHorizon {
  uint64_t paths = 0;
  std::map<std::string, std::vector<double>> pnl;
  int calls = 0, fail_at = 0; // the call that fails; 0: none
  qs_horizon *handle() { return reinterpret_cast<qs_horizon *>(this); }
};

} // namespace hedge_test
#endif
