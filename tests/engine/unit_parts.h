// What small units of work are made of.
#ifndef QS_TESTS_ENGINE_UNIT_PARTS_H
#define QS_TESTS_ENGINE_UNIT_PARTS_H

#include <cstdint>
#include <vector>

#include "kernels/plan.h"

struct Parts {
  std::vector<qs_step> steps;
  std::vector<qs_date> dates = {{3, {0, 0, 0, 0}}, {7, {0.05, 1, 3, 0}}, {10, {0, 0, 0, 0}}};
  std::vector<qs_payoff_plan> payoffs;
  std::vector<qs_path_payoff_plan> path_payoffs;
  double shifts[3] = {0, -0.1, 0.25}, ones[3] = {1, 1, 1};
  std::uint32_t observed[3] = {0, 1, 2};
  qs_path_plan path = {};
  Parts() {
    for (std::uint32_t i = 0; i < 10; i++) {
      steps.push_back({0.1, i / 4, i % 4, 0});
    }
    for (std::uint32_t i = 0; i < 11; i++) {
      payoffs.push_back({i / 4, QS_PAYOFF_CALL, -0.3 + 0.07 * i});
    }
    for (std::uint32_t i = 0; i < 7; i++) {
      path_payoffs.push_back({QS_PATH_ASIAN,
                              1,
                              observed + i % 3,
                              ones,
                              3 - i % 3,
                              {0.8 + 0.1 * i},
                              nullptr,
                              nullptr,
                              nullptr,
                              nullptr,
                              0,
                              0});
    }
    path.model.type = QS_MODEL_BATES;
    path.key = 42;
    path.steps = steps.data();
    path.step_count = 10;
    path.dates = dates.data();
    path.date_count = 3;
  }
  qs_value_unit value(std::uint64_t key = 42) const {
    qs_value_unit u = {};
    u.path = path;
    u.path.key = key;
    u.payoffs = payoffs.data();
    u.payoff_count = 11;
    u.shifts = shifts;
    u.shift_count = 3;
    u.path_count = 64 * 64 - 64;
    u.batch_paths = 64;
    u.batch_begin = 3;
    u.batch_end = 63;
    return u;
  }
  qs_path_unit along() const {
    qs_path_unit u = {};
    u.path = path;
    u.log_forwards = u.years = ones;
    u.payoffs = path_payoffs.data();
    u.payoff_count = 7;
    u.shifts = shifts;
    u.shift_count = 3;
    u.path_count = 64 * 64 - 64;
    u.batch_paths = 64;
    u.batch_end = 63;
    return u;
  }
};

#endif
