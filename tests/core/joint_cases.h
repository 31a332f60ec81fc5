// What the tests of joint units have in common: underlyings, and units of five pairs of models.
#ifndef TESTS_CORE_JOINT_CASES_H
#define TESTS_CORE_JOINT_CASES_H

#include <cstring>
#include <functional>

#include "tests/core/joint_world.h"

namespace paths {

using Underlying = JointValuation::Underlying;

inline Underlying asset(const char *name, const qs_model &model, double spot = 100, double carry = 0.05) {
  return {name, model, spot, carry, {}, {}, {}, {}, {}};
}

inline qs_model gbm(double sigma) {
  return make_model(QS_MODEL_GBM, {{QS_SIGMA, sigma}});
}

inline double cdf(double x) {
  return std::erfc(-x / std::sqrt(2)) / 2;
}
inline double pdf(double x) {
  return std::exp(-x * x / 2) / std::sqrt(2 * M_PI);
}

inline void expect_near(const Estimate &e, double exact, const char *what, double errors = 4.5) {
  EXPECT_GT(e.error, 0) << what;
  EXPECT_NEAR(e.value, exact, errors * e.error + 1e-5 * std::fabs(exact)) << what << ", error " << e.error;
}

// Number 5 has jumps in common.
inline JointValuation mixed_run(int index) {
  const qs_model_type types[] = {QS_MODEL_HESTON, QS_MODEL_SVCJ,   QS_MODEL_BATES, QS_MODEL_KOU,
                                 QS_MODEL_MERTON, QS_MODEL_HESTON, QS_MODEL_BATES};
  const int first = index == 5 ? 4 : index, second = index == 5 ? 6 : index + 1;
  JointValuation run(0.5, 24, 3,
                     {asset("A", typical(types[first])), asset("B", typical(types[second]), 90, -0.02)},
                     {{1, 0.6}, {0.6, 1}});
  if (index == 5)
    run.common = 2, run.sizes = 0.5;
  run.add("max((mean(A[every]) + B[T]) / 2 - K, 0)");
  run.add("max(A[T] - B[d1], 0) + max(B[d0] - K, 0)");
  run.unit.precision = QS_PRECISION_DOUBLE;
  run.unit.path_count = 1 << 14;
  run.unit.batch_paths = 256;
  return run;
}

// The same with correlations of the variances, and of each price's own normals with the other's variance.
inline JointValuation full_run(int index) {
  JointValuation run = mixed_run(index);
  run.correlation = {{1, 0.55}, {0.55, 1}};
  run.variances = {{1, 0.7}, {0.7, 1}};
  run.crosses = {{0, -0.3}, {0.2, 0}};
  return run;
}

// The mean of what each batch says, and its error.
inline Estimate of_batches(uint32_t batches, const std::function<double(uint32_t)> &says) {
  double mean = 0, square = 0;
  for (uint32_t b = 0; b < batches; b++)
    mean += says(b) / double(batches);
  for (uint32_t b = 0; b < batches; b++)
    square += std::pow(says(b) - mean, 2) / double(batches);
  return {mean, std::sqrt(square / double(batches - 1))};
}

// A derivative beside the central difference of two runs on the same draws.
inline void expect_bump(const JointValuation &base, uint32_t payoff, uint32_t quantity,
                        const JointValuation &up, const JointValuation &down, double h,
                        const std::string &what) {
  const Estimate gap = of_batches(base.unit.batch_end, [&](uint32_t b) {
    const double bump = (up.moment(b, payoff, 0).mean - down.moment(b, payoff, 0).mean) / (2 * h);
    return base.moment(b, payoff, quantity).mean - bump;
  });
  const double size = base.estimate(payoff, quantity).value;
  EXPECT_NEAR(gap.value, 0, 4.5 * gap.error + 1e-5 * (1 + std::fabs(size)))
      << what << ", formula " << payoff << " = " << size;
}

// The same bits from every instruction set, by one thread and by three, and batch by batch.
inline void expect_same_bits(const std::function<JointValuation()> &make, const std::string &what) {
  std::vector<qs_moment> oracle;
  for (const char *target : {"portable", "x86-64-v3", "x86-64-v4"})
    for (int threads : {1, 3}) {
      Device device(target, threads);
      if (device.status() != QS_OK)
        continue;
      JointValuation run = make();
      ASSERT_EQ(run.run(device), QS_OK) << device.message;
      if (oracle.empty())
        oracle = run.moments;
      for (const qs_moment &m : run.moments)
        ASSERT_TRUE(std::isfinite(m.mean) && std::isfinite(m.m2) && m.m2 >= 0);
      const size_t bytes = oracle.size() * sizeof(qs_moment);
      EXPECT_EQ(std::memcmp(oracle.data(), run.moments.data(), bytes), 0) << target << " " << what;
      const size_t stride = run.payoffs.size() * run.quantities();
      std::vector<qs_moment> cut(run.moments.size());
      const uint32_t batches = run.unit.batch_end;
      for (uint32_t b = 0; b < batches; b++) {
        run.unit.batch_begin = b, run.unit.batch_end = b + 1;
        ASSERT_EQ(qs_backend_cpu()->joint(device.get(), &run.unit, nullptr, device.message, &cut[b * stride]),
                  QS_OK);
      }
      EXPECT_EQ(std::memcmp(oracle.data(), cut.data(), bytes), 0) << "cut " << what;
    }
}

// What the backend says of a unit that was changed once all its pointers were set.
inline qs_status status_of(JointValuation &&run, const std::function<void(JointValuation *)> &change) {
  Device device;
  run.connect();
  change(&run);
  const qs_status status =
      qs_backend_cpu()->joint(device.get(), &run.unit, nullptr, device.message, run.moments.data());
  EXPECT_EQ(status == QS_OK, device.message[0] == 0);
  return status;
}

} // namespace paths

#endif
