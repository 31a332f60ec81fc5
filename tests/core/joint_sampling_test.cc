// Several underlyings from Sobol points and mirrored paths, and with variance added to their steps: closed
// forms, bumps, the same law as pseudo-random paths, and the same bits from everywhere.
#include "tests/core/joint_cases.h"

namespace {

using namespace paths;
JointValuation any_run(int index) {
  return index % 2 ? full_run(index) : mixed_run(index);
}

// From the batches' means.
Estimate by_batch(const JointValuation &run, uint32_t payoff, uint32_t q) {
  return of_batches(run.unit.batch_end, [&](uint32_t b) { return run.moment(b, payoff, q).mean; });
}

// max(A - B, 0) of two geometric Brownian motions (Margrabe 1978).
TEST(JointSampling, ExchangeInClosedForm) {
  const double c = 0.6, s1 = 0.4, s2 = 0.25, T = 1.5;
  double errors[3][3] = {};
  for (qs_sampling sampling : {QS_SAMPLING_PSEUDO, QS_SAMPLING_SOBOL, QS_SAMPLING_ANTITHETIC}) {
    JointValuation run(T, 12, 1, {asset("A", gbm(s1)), asset("B", gbm(s2), 95, 0.02)}, {{1, c}, {c, 1}});
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
    expect_near(found[0], f1 * cdf(d1) - f2 * cdf(d2), "exchange", 5);
    expect_near(found[1], f1 * cdf(d1), "its delta to A", 5);
    expect_near(found[2], -f2 * cdf(d2), "its delta to B", 5);
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
      JointValuation pseudo = any_run(index), other = any_run(index);
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
        const auto make = [&] {
          JointValuation run = any_run(index);
          run.add("if(A[T] > B[T], A[T], B[d1])");
          run.sampling = sampling;
          run.widen(0.02);
          run.unit.precision = precision;
          run.unit.path_count = 1024, run.unit.batch_paths = 256;
          run.unit.first_path = 256;
          return run;
        };
        expect_same_bits(make, std::to_string(index));
      }
}

// Of Brownian motions added variance is as much more of their own.
TEST(JointShift, WidensBrownianMotions) {
  Device device;
  const auto make = [](double s1, double s2) {
    return JointValuation(1, 8, 2, {asset("A", gbm(s1)), asset("B", gbm(s2), 95, 0.02)},
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
      JointValuation run = any_run(index);
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
          expect_bump(base, p, q, up, down, h,
                      "piece " + std::to_string(k) + " of " + std::to_string(a) + " of model " +
                          std::to_string(index));
        }
      }
  }
}

TEST(JointShift, UnitsAreChecked) {
  const auto refused = [&](const std::function<void(JointValuation *)> &change) {
    JointValuation run = mixed_run(0);
    run.widen(0.02);
    return status_of(std::move(run), change);
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
