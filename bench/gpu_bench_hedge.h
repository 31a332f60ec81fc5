// Hedging over time for gpu_bench.cc: a month of daily dates, policies with bands over price and variance,
// every cost, and a margin.
#ifndef QS_BENCH_GPU_BENCH_HEDGE_H
#define QS_BENCH_GPU_BENCH_HEDGE_H

#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/plan.h"

struct hedge_job {
  enum { DATES = 31, POLICIES = 10, X_NODES = 161, Y_NODES = 21 };
  std::vector<double> x, v, position, scale, discount, lapse, low, high;
  std::vector<std::uint32_t> rows;
  std::vector<qs_trade_cost> costs;
  std::vector<qs_band_table> bands;
  std::vector<qs_rebalance_instrument> instruments;
  std::vector<qs_rebalance_policy> policies;
  qs_margin_rule margin{};
  qs_rebalance_unit unit{};

  hedge_job(std::uint64_t paths, std::uint32_t instrument_count)
      : x(DATES * paths, 0), v(DATES * paths), scale(DATES, 100.0), discount(DATES, 1.0),
        lapse(DATES, 1.0 / 365) {
    std::uint32_t state = 1; // a path's moves: any irregular numbers
    for (std::size_t i = 0; i < x.size(); i++) {
      state = state * 1664525u + 1013904223u;
      const double u = state * 0x1p-32 - 0.5;
      x[i] = i < paths ? 0 : x[i - paths] + 0.1 * u;
      v[i] = 0.36 + 0.2 * u;
      position.push_back(30 * x[i]);
    }
    for (std::uint32_t d = 0; d < DATES; d++) {
      rows.push_back(d);
    }
    costs.assign(DATES, {0.0005, 0.125, 0.0001, 0.01, 0.001, 0.02, 1});
    for (int k = 0; k < X_NODES * Y_NODES; k++) {
      const double delta = 0.5 * std::erfc(-8 * (-0.4 + 0.005 * (k % X_NODES)));
      low.push_back(delta - 0.03);
      high.push_back(delta + 0.03);
    }
    bands.assign((DATES - 1) * instrument_count,
                 {-0.4, 200, 0.2, Y_NODES / 0.8, X_NODES, Y_NODES, low.data(), high.data()});
    qs_rebalance_instrument instrument{};
    instrument.scale = instrument.gain = scale.data();
    instrument.costs = costs.data();
    instruments.assign(instrument_count, instrument);
    qs_rebalance_policy policy{};
    policy.bands = bands.data();
    policies.assign(POLICIES, policy);
    margin.collateral = 60, margin.initial = 0.2, margin.maintenance = 0.1, margin.parts = 10,
    margin.fee = 0.01;
    unit.path_end = unit.stride = paths;
    unit.x = x.data(), unit.v = v.data(), unit.position = position.data();
    unit.row_count = unit.date_count = unit.date_end = DATES;
    unit.decided = unit.filled = rows.data();
    unit.forward = scale.data(), unit.discount = discount.data(), unit.lapse = lapse.data();
    unit.instruments = instruments.data(), unit.instrument_count = instrument_count;
    unit.policies = policies.data(), unit.policy_count = POLICIES;
    unit.margin = &margin;
  }
  hedge_job(const hedge_job &) = delete;
  hedge_job &operator=(const hedge_job &) = delete;
};

#endif
