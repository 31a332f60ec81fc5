// Several underlyings from Sobol points and mirrored paths, and with variance added to their steps: closed
// forms, bumps, the same law as pseudo-random paths, and the same bits from everywhere.
#include <cstring>
#include <functional>

#include "tests/core/joint_world.h"

namespace {

using namespace paths;
using Underlying = JointValuation::Underlying;

Underlying asset(const char *name, const qs_model &model, double spot = 100, double carry = 0.05) {
  return {name, model, spot, carry, {}, {}, {}, {}, {}};
}

double cdf(double x) {
  return std::erfc(-x / std::sqrt(2)) / 2;
}

const qs_model_type kTypes[] = {QS_MODEL_HESTON, QS_MODEL_SVCJ, QS_MODEL_BATES, QS_MODEL_KOU,
                                QS_MODEL_MERTON};

// Two underlyings, with correlations of all four normals where `full`.
JointValuation mixed_run(int index, bool full = false) {
  JointValuation run(
      0.5, 24, 3,
      {asset("A", typical(kTypes[index])), asset("B", typical(kTypes[(index + 1) % 5]), 90, -0.02)},
      {{1, 0.6}, {0.6, 1}});
  if (full) {
    run.correlation = {{1, 0.55}, {0.55, 1}};
    run.variances = {{1, 0.7}, {0.7, 1}};
    run.crosses = {{0, -0.3}, {0.2, 0}};
  }
  run.add("max((mean(A[every]) + B[T]) / 2 - K, 0)");
  run.add("max(A[T] - B[d1], 0) + max(B[d0] - K, 0)");
  run.unit.precision = QS_PRECISION_DOUBLE;
  run.unit.path_count = 1 << 14;
  run.unit.batch_paths = 256;
  return run;
}

// From the batches' means.
Estimate by_batch(const JointValuation &run, uint32_t payoff, uint32_t q) {
  double mean = 0, square = 0;
  const double batches = run.unit.batch_end;
  for (uint32_t b = 0; b < run.unit.batch_end; b++)
    mean += run.moment(b, payoff, q).mean / batches;
  for (uint32_t b = 0; b < run.unit.batch_end; b++)
    square += std::pow(run.moment(b, payoff, q).mean - mean, 2) / batches;
  return {mean, std::sqrt(square / (batches - 1))};
}

void expect_near(const Estimate &e, double exact, const char *what) {
  EXPECT_GT(e.error, 0) << what;
  EXPECT_NEAR(e.value, exact, 5 * e.error + 1e-5 * std::fabs(exact)) << what << ", error " << e.error;
}

// max(A - B, 0) of two geometric Brownian motions (Margrabe 1978).
TEST(JointSampling, ExchangeInClosedForm) {
  const double c = 0.6, s1 = 0.4, s2 = 0.25, T = 1.5;
  double errors[3][3] = {};
  for (qs_sampling sampling : {QS_SAMPLING_PSEUDO, QS_SAMPLING_SOBOL, QS_SAMPLING_ANTITHETIC}) {
    JointValuation run(T, 12, 1,
                       {asset("A", make_model(QS_MODEL_GBM, {{QS_SIGMA, s1}})),
                        asset("B", make_model(QS_MODEL_GBM, {{QS_SIGMA, s2}}), 95, 0.02)},
                       {{1, c}, {c, 1}});
    run.add("max(A[T] - B[T], 0)");
    run.sampling = sampling;
    run.unit.path_count = 1 << 16;
    run.unit.batch_paths = 2048;
    Device device;
    ASSERT_EQ(run.run(device), QS_OK) << device.message;
    const double f1 = 100 * std::exp(0.05 * T), f2 = 95 * std::exp(0.02 * T);
    const double v = std::sqrt((s1 * s1 + s2 * s2 - 2 * c * s1 * s2) * T);
    const double d1 = std::log(f1 / f2) / v + v / 2, d2 = d1 - v;
    const uint32_t a = qs_joint_asset_quantity(&run.unit, 0), b = qs_joint_asset_quantity(&run.unit, 1);
    const Estimate found[] = {by_batch(run, 0, 0), by_batch(run, 0, a), by_batch(run, 0, b)};
    expect_near(found[0], f1 * cdf(d1) - f2 * cdf(d2), "exchange");
    expect_near(found[1], f1 * cdf(d1), "its delta to A");
    expect_near(found[2], -f2 * cdf(d2), "its delta to B");
    for (int k = 0; k < 3; k++)
      errors[sampling][k] = found[k].error;
  }
  EXPECT_LT(errors[QS_SAMPLING_SOBOL][0], errors[QS_SAMPLING_PSEUDO][0] / 10);
  EXPECT_LT(errors[QS_SAMPLING_SOBOL][1], errors[QS_SAMPLING_PSEUDO][1] / 10);
  EXPECT_LT(errors[QS_SAMPLING_ANTITHETIC][1], 0.9 * errors[QS_SAMPLING_PSEUDO][1]);
}

// All quantities of all models, jumps included, beside pseudo-random paths.
TEST(JointSampling, TheLawOfPseudoRandomPaths) {
  Device device;
  for (qs_sampling sampling : {QS_SAMPLING_SOBOL, QS_SAMPLING_ANTITHETIC})
    for (int index = 0; index < 5; index++) {
      JointValuation pseudo = mixed_run(index, index % 2), other = mixed_run(index, index % 2);
      pseudo.unit.path_count = other.unit.path_count = 1 << 15;
      pseudo.unit.batch_paths = other.unit.batch_paths = 512;
      other.sampling = sampling;
      ASSERT_EQ(pseudo.run(device), QS_OK) << device.message;
      ASSERT_EQ(other.run(device), QS_OK) << device.message;
      for (uint32_t p = 0; p < 2; p++)
        for (uint32_t q = 0; q < pseudo.quantities(); q++) {
          const Estimate x = by_batch(pseudo, p, q), y = by_batch(other, p, q);
          EXPECT_NEAR(x.value, y.value, 4.8 * std::hypot(x.error, y.error) + 1e-9)
              << "quantity " << q << " of model " << index << ", sampling " << sampling;
        }
      // Paths 0 and 32 are mirrored, so that their average is not that of independent ones.
      const Estimate x = by_batch(pseudo, 1, 0), y = by_batch(other, 1, 0);
      EXPECT_NE(x.value, y.value);
    }
}

TEST(JointSampling, SameBits) {
  for (qs_sampling sampling : {QS_SAMPLING_SOBOL, QS_SAMPLING_ANTITHETIC})
    for (qs_precision precision : {QS_PRECISION_MIXED, QS_PRECISION_DOUBLE})
      for (int index = 0; index < 5; index++) {
        std::vector<qs_moment> oracle;
        for (const char *target : {"portable", "x86-64-v3", "x86-64-v4"})
          for (int threads : {1, 3}) {
            Device device(target, threads);
            if (device.status() != QS_OK)
              continue;
            JointValuation run = mixed_run(index, index % 2);
            run.add("if(A[T] > B[T], A[T], B[d1])");
            run.sampling = sampling;
            run.widen(0.02);
            run.unit.precision = precision;
            run.unit.path_count = 1024, run.unit.batch_paths = 256;
            run.unit.first_path = 256;
            ASSERT_EQ(run.run(device), QS_OK) << device.message;
            if (oracle.empty())
              oracle = run.moments;
            for (const qs_moment &m : run.moments)
              ASSERT_TRUE(std::isfinite(m.mean) && std::isfinite(m.m2) && m.m2 >= 0);
            EXPECT_EQ(std::memcmp(oracle.data(), run.moments.data(), oracle.size() * sizeof(qs_moment)), 0)
                << target << " " << index;
            const size_t stride = run.payoffs.size() * run.quantities();
            std::vector<qs_moment> cut(run.moments.size());
            for (uint32_t b = 0; b < 4; b++) {
              run.unit.batch_begin = b, run.unit.batch_end = b + 1;
              ASSERT_EQ(
                  qs_backend_cpu()->joint(device.get(), &run.unit, nullptr, device.message, &cut[b * stride]),
                  QS_OK);
            }
            EXPECT_EQ(std::memcmp(oracle.data(), cut.data(), oracle.size() * sizeof(qs_moment)), 0) << "cut";
          }
      }
}

// Of Brownian motions added variance is as much more of their own.
TEST(JointShift, WidensBrownianMotions) {
  Device device;
  const auto make = [](double s1, double s2) {
    return JointValuation(1, 8, 2,
                          {asset("A", make_model(QS_MODEL_GBM, {{QS_SIGMA, s1}})),
                           asset("B", make_model(QS_MODEL_GBM, {{QS_SIGMA, s2}}), 95, 0.02)},
                          {{1, 0.6}, {0.6, 1}});
  };
  JointValuation plain = make(std::sqrt(0.16 + 0.05), std::sqrt(0.0625 + 0.05)), shifted = make(0.4, 0.25);
  for (JointValuation *run : {&plain, &shifted}) {
    run->add("max(A[T] - B[d0], 0)");
    run->unit.precision = QS_PRECISION_DOUBLE;
  }
  shifted.widen(0.05);
  ASSERT_EQ(plain.run(device), QS_OK) << device.message;
  ASSERT_EQ(shifted.run(device), QS_OK) << device.message;
  for (uint32_t q : {0u, qs_joint_asset_quantity(&plain.unit, 0)})
    EXPECT_NEAR(plain.estimate(0, q).value, shifted.estimate(0, q).value, 1e-9);
  // d/d(variance) of the whole time is d/dsigma over 2 sigma.
  const uint32_t a = qs_joint_asset_quantity(&shifted.unit, 0) + 2;
  EXPECT_NEAR(shifted.estimate(0, a + 1).value + shifted.estimate(0, a + 2).value,
              shifted.estimate(0, a).value / 0.8, 1e-9);
}

// The derivatives to the added variance, of derivatives and of ratios, against bumps on the same draws.
TEST(JointShift, DerivativesAgainstBumps) {
  Device device;
  for (int index = 0; index < 5; index++) {
    const auto make = [&] {
      JointValuation run = mixed_run(index, index % 2);
      run.widen(0.03);
      run.add("if((A[d1] + B[T]) / 2 > K, (A[d1] + B[T]) / 2 - K, 0)");
      return run;
    };
    JointValuation base = make();
    ASSERT_EQ(base.run(device), QS_OK) << device.message;
    for (uint32_t a = 0; a < 2; a++)
      for (uint32_t k = 0; k < 2; k++) {
        const double h = 1e-4;
        JointValuation up = make(), down = make();
        for (size_t i = 0; i < up.underlyings[a].steps.size(); i++) {
          const double by = h * base.added[k][i];
          up.underlyings[a].steps[i].added += by, down.underlyings[a].steps[i].added -= by;
        }
        up.unit.greeks = down.unit.greeks = false;
        ASSERT_EQ(up.run(device), QS_OK) << device.message;
        ASSERT_EQ(down.run(device), QS_OK) << device.message;
        const uint32_t q = qs_joint_asset_quantity(&base.unit, a + 1) - 2 + k;
        for (uint32_t p = 0; p < 3; p++) {
          double mean = 0, square = 0;
          const double batches = base.unit.batch_end;
          for (uint32_t b = 0; b < base.unit.batch_end; b++) {
            const double bump = (up.moment(b, p, 0).mean - down.moment(b, p, 0).mean) / (2 * h);
            const double gap = base.moment(b, p, q).mean - bump;
            mean += gap / batches, square += gap * gap / batches;
          }
          const double error = std::sqrt((square - mean * mean) / (batches - 1));
          const double size = base.estimate(p, q).value;
          EXPECT_NEAR(mean, 0, 4.5 * error + 1e-5 * (1 + std::fabs(size)))
              << "piece " << k << " of " << a << " of model " << index << ", formula " << p << " = " << size;
        }
      }
  }
}

TEST(JointShift, UnitsAreChecked) {
  Device device;
  const auto refused = [&](const std::function<void(JointValuation *)> &change) {
    JointValuation run = mixed_run(0);
    run.widen(0.02);
    run.connect();
    change(&run);
    return qs_backend_cpu()->joint(device.get(), &run.unit, nullptr, device.message, run.moments.data());
  };
  EXPECT_EQ(refused([](JointValuation *) {}), QS_OK);
  EXPECT_EQ(refused([](JointValuation *r) { r->assets[1].path.sampling = QS_SAMPLING_SOBOL; }),
            QS_ERROR_INPUT);
  EXPECT_EQ(refused([](JointValuation *r) { r->assets[0].added_count = QS_MAX_ADDED + 1; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](JointValuation *r) { r->assets[0].added_weights = nullptr; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](JointValuation *r) { r->unit.greeks = false; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](JointValuation *r) { r->flat_added[3] = NAN; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](JointValuation *r) {
              for (qs_joint_asset &a : r->assets)
                a.path.sampling = QS_SAMPLING_SOBOL;
              r->unit.first_path = 64;
            }),
            QS_ERROR_INPUT);
}

} // namespace
