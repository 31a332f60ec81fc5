// A horizon whose P&L the test gives: in place of host/engine/horizon.c.
#include "tests/hedge/fake_horizon.h"

#include <algorithm>

using hedge_test::FakeHorizon;

static FakeHorizon *fake(const qs_horizon *horizon) {
  return const_cast<FakeHorizon *>(reinterpret_cast<const FakeHorizon *>(horizon));
}

uint64_t qs_horizon_paths(const qs_horizon *horizon) {
  return fake(horizon)->paths;
}

qs_status qs_horizon_pnl(qs_horizon *horizon, qs_context *context, const qs_contract *contracts,
                         const double *weights, size_t count, double *pnl) {
  FakeHorizon *f = fake(horizon);
  std::fill(pnl, pnl + f->paths, 0.0);
  for (size_t i = 0; i < count; i++) {
    const auto found = f->pnl.find(contracts[i].instrument ? contracts[i].instrument : contracts[i].id);
    if (found == f->pnl.end()) {
      return qs_fail(context, QS_ERROR_INTERNAL, "no P&L for %s", contracts[i].id);
    }
    for (uint64_t p = 0; p < f->paths; p++) {
      pnl[p] += weights[i] * found->second[p];
    }
  }
  f->calls++;
  return f->calls == f->fail_at ? qs_fail(context, QS_ERROR_DEVICE, "the device is gone") : QS_OK;
}
