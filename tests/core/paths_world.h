// What the tests of paths share: models, plans over a regular grid, and a run of the CPU backend.
#ifndef TESTS_CORE_PATHS_WORLD_H
#define TESTS_CORE_PATHS_WORLD_H

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "kernels/backend.h"
#include "kernels/core/key.h"

namespace paths {

using Values = std::map<qs_parameter, double>;

inline qs_model make_model(qs_model_type type, const Values &values) {
  qs_model model{};
  model.type = type;
  for (auto &v : values)
    model.value[v.first] = v.second;
  return model;
}

// One of each type; Feller's condition holds for the first three with stochastic variance, and fails for
// `wild`.
inline qs_model typical(qs_model_type type, bool wild = false) {
  qs_model m{};
  m.type = type;
  const double value[QS_PARAMETER_COUNT] = {.25, 2, .36, .8, -.5, 3, -.05, .12, .1, -.3, .4, 20, 12, .6};
  std::copy(value, value + QS_PARAMETER_COUNT, m.value);
  m.value[QS_XI] = wild ? 2.5 : 0.8;
  if (type == QS_MODEL_MERTON || type == QS_MODEL_KOU)
    m.value[QS_SIGMA] = 0.3;
  return m;
}

struct Option {
  qs_payoff payoff;
  double log_strike;
  uint32_t date = 0;
};

struct Estimate {
  double value, error;
};

// A device of the CPU backend.
class Device {
public:
  explicit Device(const char *target = nullptr, int threads = 2) {
    const qs_device_options options = {threads, target};
    status_ = qs_backend_cpu()->open(0, &options, message, &device_);
  }
  ~Device() {
    if (device_)
      qs_backend_cpu()->close(device_);
  }
  Device(const Device &) = delete;
  qs_device *get() { return device_; }
  qs_status status() const { return status_; }
  char message[QS_DEVICE_TEXT] = "";

private:
  qs_device *device_ = nullptr;
  qs_status status_;
};

// A value unit and all that it points to. Steps are equal and share their years; dates are main nodes unless
// given otherwise.
struct Valuation {
  qs_model model;
  std::vector<qs_step> steps;
  std::vector<qs_date> dates;
  std::vector<qs_payoff_plan> payoffs;
  std::vector<double> shifts = {0.0};
  std::vector<qs_moment> moments;
  qs_value_unit unit{};

  Valuation(const qs_model &m, double years, int count, const std::vector<Option> &options) : model(m) {
    for (uint32_t i = 0; i < uint32_t(count); i++)
      steps.push_back({years / count, i / 4, i % 4});
    dates.push_back({uint32_t(count), {0, 0, 0}});
    for (auto &o : options)
      payoffs.push_back({o.date, o.payoff, o.log_strike});
    unit.path.key = qs_key(1, QS_PURPOSE_TEST, "paths");
    unit.path_count = 4096;
    unit.batch_paths = 1024;
    unit.precision = QS_PRECISION_MIXED;
  }

  uint32_t quantities() const { return qs_value_unit_quantities(&unit); }

  // Points the unit to its parts and covers all batches.
  void connect() {
    unit.path.model = model;
    unit.path.steps = steps.data();
    unit.path.step_count = uint32_t(steps.size());
    unit.path.dates = dates.data();
    unit.path.date_count = uint32_t(dates.size());
    unit.payoffs = payoffs.data();
    unit.payoff_count = uint32_t(payoffs.size());
    unit.shifts = shifts.data();
    unit.shift_count = uint32_t(shifts.size());
    unit.batch_begin = 0;
    unit.batch_end = uint32_t((unit.path_count + unit.batch_paths - 1) / unit.batch_paths);
    moments.assign(size_t(unit.batch_end) * shifts.size() * payoffs.size() * quantities(), qs_moment{-1, -1});
  }

  void value(Device &device) {
    connect();
    ASSERT_EQ(device.status(), QS_OK) << device.message;
    ASSERT_EQ(qs_backend_cpu()->value(device.get(), &unit, nullptr, device.message, moments.data()), QS_OK)
        << device.message;
  }

  Estimate estimate(uint32_t payoff, uint32_t quantity, uint32_t shift = 0) const {
    double count = 0, mean = 0, m2 = 0;
    for (uint32_t b = 0; b < unit.batch_end; b++) {
      const double n = double(std::min(unit.batch_paths, unit.path_count - b * unit.batch_paths));
      const qs_moment &x =
          moments[((b * shifts.size() + shift) * payoffs.size() + payoff) * quantities() + quantity];
      const double d = x.mean - mean;
      m2 += x.m2 + d * d * count * n / (count + n);
      mean += d * n / (count + n);
      count += n;
    }
    return {mean, std::sqrt(m2 / count / (count - 1))};
  }
};

// Index of a parameter's quantity.
inline uint32_t quantity_of(const qs_model &model, qs_parameter parameter) {
  uint32_t q = QS_QUANTITY_PARAMETERS;
  for (unsigned p = 0; p < unsigned(parameter); p++)
    q += qs_model_parameters(model.type) >> p & 1;
  return q;
}

} // namespace paths

#endif
