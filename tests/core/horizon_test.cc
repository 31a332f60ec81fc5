// The whole state at dates: martingale, moments of the variance, agreement with the conditional law, and the
// correlation that shared streams give.
#include "tests/core/paths_world.h"

namespace {

using namespace paths;

constexpr double kDeviations = 4.5;

struct States {
  std::vector<double> x, v;
};

States simulate(const qs_model &model, double years, int steps, std::vector<uint64_t> keys,
                std::vector<double> weights, uint64_t paths = 1 << 16, qs_scheme scheme = QS_SCHEME_QE) {
  Device device;
  Valuation run(model, years, steps, {{QS_PAYOFF_CALL, 0}});
  run.unit.path.scheme = scheme;
  run.connect();
  const qs_horizon_unit unit = {run.unit.path,
                                keys.data(),
                                weights.data(),
                                uint32_t(keys.size()),
                                QS_PRECISION_MIXED,
                                0,
                                paths,
                                nullptr,
                                0,
                                0};
  States s{std::vector<double>(paths), std::vector<double>(paths)};
  EXPECT_EQ(qs_backend_cpu()->horizon(device.get(), &unit, nullptr, device.message, s.x.data(), s.v.data()),
            QS_OK)
      << device.message;
  return s;
}

Estimate mean_of(const std::vector<double> &values, double (*f)(double)) {
  double mean = 0, square = 0;
  const double n = double(values.size());
  for (double x : values)
    mean += f(x) / n;
  for (double x : values)
    square += (f(x) - mean) * (f(x) - mean);
  return {mean, std::sqrt(square / n / (n - 1))};
}

const qs_model_type kAll[] = {QS_MODEL_GBM,    QS_MODEL_MERTON, QS_MODEL_KOU,
                              QS_MODEL_HESTON, QS_MODEL_BATES,  QS_MODEL_SVCJ};

TEST(Horizon, IsAMartingaleWithTheVariancesMean) {
  const uint64_t key = qs_key(3, QS_PURPOSE_TEST, "horizon"), other = qs_key(3, QS_PURPOSE_TEST, "other");
  for (qs_model_type type : kAll)
    for (qs_scheme scheme : {QS_SCHEME_QE, QS_SCHEME_EULER})
      for (bool shared : {false, true}) {
        const qs_model model = typical(type, true);
        const States s =
            simulate(model, 0.25, 30, shared ? std::vector<uint64_t>{key, other} : std::vector<uint64_t>{key},
                     shared ? std::vector<double>{0.6, -0.8} : std::vector<double>{1.0}, 1 << 15, scheme);
        const Estimate forward = mean_of(s.x, [](double x) { return std::exp(x); });
        EXPECT_NEAR(forward.value, 1, kDeviations * forward.error) << qs_model_name(type);
        const Estimate v = mean_of(s.v, [](double x) { return x; });
        if (type <= QS_MODEL_KOU) {
          EXPECT_NEAR(v.value, model.value[QS_SIGMA] * model.value[QS_SIGMA], 1e-7);
        } else if (scheme == QS_SCHEME_QE) {
          const double kappa = model.value[QS_KAPPA], e = std::exp(-0.25 * kappa);
          const double jumps =
              type == QS_MODEL_SVCJ ? model.value[QS_LAMBDA] * model.value[QS_MU_V] / kappa : 0;
          const double exact = model.value[QS_V0] * e + (model.value[QS_THETA] + jumps) * (1 - e);
          EXPECT_NEAR(v.value, exact, kDeviations * v.error) << qs_model_name(type);
        }
      }
}

TEST(Horizon, PricesAsTheConditionalLawDoes) {
  const uint64_t key = qs_key(4, QS_PURPOSE_TEST, "horizon");
  Device device;
  for (qs_model_type type : kAll) {
    const States s = simulate(typical(type, true), 0.25, 30, {key}, {1.0});
    const Estimate whole = mean_of(s.x, [](double x) { return std::fmax(std::exp(x) - 1.05, 0); });
    Valuation run(typical(type, true), 0.25, 30, {{QS_PAYOFF_CALL, std::log(1.05)}});
    run.unit.path_count = 1 << 16;
    run.value(device);
    const Estimate law = run.estimate(0, 0);
    const double error = std::hypot(whole.error, law.error);
    EXPECT_NEAR(whole.value, law.value, kDeviations * error) << qs_model_name(type);
    // The conditional law saves noise, or it would not be worth its while.
    EXPECT_LT(law.error, whole.error) << qs_model_name(type);
  }
}

TEST(Horizon, SharedStreamsCorrelate) {
  // Two underlyings, the second with weights (r, sqrt(1 - r^2)) on its own and the first's stream.
  const uint64_t a = qs_key(5, QS_PURPOSE_TEST, "a"), b = qs_key(5, QS_PURPOSE_TEST, "b");
  const double r = 0.6;
  const qs_model gbm = typical(QS_MODEL_GBM), heston = typical(QS_MODEL_HESTON);
  const auto correlation = [](const std::vector<double> &x, const std::vector<double> &y) {
    double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
    for (size_t i = 0; i < x.size(); i++)
      mx += x[i] / double(x.size()), my += y[i] / double(x.size());
    for (size_t i = 0; i < x.size(); i++)
      xx += (x[i] - mx) * (x[i] - mx), yy += (y[i] - my) * (y[i] - my), xy += (x[i] - mx) * (y[i] - my);
    return xy / std::sqrt(xx * yy);
  };
  // Fisher's transform: the error of a correlation is (1 - r^2) / sqrt(n).
  const double error = kDeviations / std::sqrt(65536.0);
  const States first = simulate(gbm, 0.25, 8, {a}, {1.0});
  EXPECT_NEAR(correlation(first.x, simulate(gbm, 0.25, 8, {a, b}, {r, std::sqrt(1 - r * r)}).x), r, error);
  EXPECT_NEAR(correlation(first.x, simulate(gbm, 0.25, 8, {b}, {1.0}).x), 0, error);
  EXPECT_NEAR(correlation(first.x, simulate(gbm, 0.25, 8, {a}, {-1.0}).x), -1, 1e-6);
  // The variances too: of small vol of vol they are next to normal.
  const States v1 = simulate(heston, 0.02, 8, {a}, {1.0});
  const States v2 = simulate(heston, 0.02, 8, {a, b}, {r, std::sqrt(1 - r * r)});
  EXPECT_NEAR(correlation(v1.v, v2.v), r, error + 0.01);
  // One stream of weight 1 and two of weights (1, 0) are the same paths, but for roundings.
  const States same = simulate(heston, 0.02, 8, {a, b}, {1.0, 0.0});
  for (size_t i = 0; i < 1000; i++) {
    EXPECT_NEAR(same.x[i], v1.x[i], 1e-4);
    EXPECT_NEAR(same.v[i], v1.v[i], 1e-4);
  }
}

// Paths that start from variances of their own are those of models that start there.
TEST(Horizon, StartsWhereItIsTold) {
  Device device;
  const std::vector<double> starts = {0.0, 0.09, 0.4};
  const uint64_t key = 77, share = 128, paths = share * starts.size();
  const double one = 1;
  for (qs_model_type type : {QS_MODEL_HESTON, QS_MODEL_SVCJ, QS_MODEL_GBM}) {
    Valuation run(typical(type), 0.4, 20, {{QS_PAYOFF_CALL, 0.1}});
    run.connect();
    qs_horizon_unit unit = {run.unit.path,           &key, &one,  1,
                            QS_PRECISION_MIXED,      0,    paths, starts.data(),
                            uint32_t(starts.size()), share};
    std::vector<double> x(paths), v(paths), own_x(share), own_v(share);
    ASSERT_EQ(qs_backend_cpu()->horizon(device.get(), &unit, nullptr, device.message, x.data(), v.data()),
              QS_OK)
        << device.message;
    unit.starts = nullptr;
    for (size_t k = 0; k < starts.size(); k++) {
      if (type != QS_MODEL_GBM)
        unit.path.model.value[QS_V0] = starts[k];
      unit.path_begin = k * share;
      unit.path_end = (k + 1) * share;
      ASSERT_EQ(
          qs_backend_cpu()->horizon(device.get(), &unit, nullptr, device.message, own_x.data(), own_v.data()),
          QS_OK)
          << device.message;
      EXPECT_TRUE(std::equal(own_x.begin(), own_x.end(), x.begin() + long(k * share)));
      EXPECT_TRUE(std::equal(own_v.begin(), own_v.end(), v.begin() + long(k * share)));
    }
  }
}

TEST(Horizon, RefusesWhatMakesNoSense) {
  Device device;
  Valuation run(typical(QS_MODEL_HESTON), 0.4, 20, {{QS_PAYOFF_CALL, 0.1}});
  run.connect();
  const uint64_t key = 1;
  const double one = 1, two = 2;
  double x[64] = {-7}, v[64] = {-7};
  const qs_horizon_unit good = {run.unit.path, &key, &one, 1, QS_PRECISION_MIXED, 0, 64, nullptr, 0, 0};
  qs_horizon_unit bad[] = {good, good, good, good, good, good, good};
  const double negative = -0.1;
  for (int i = 4; i < 7; i++) {
    bad[i].starts = &one;
    bad[i].start_count = 1;
    bad[i].start_paths = 64;
  }
  bad[4].starts = &negative;
  bad[5].start_paths = 32;
  bad[6].path_end = 128;
  bad[0].path_end = 100;
  bad[1].path_begin = 64;
  bad[2].key_count = 0;
  bad[3].weights = &two;
  for (const qs_horizon_unit &unit : bad)
    EXPECT_EQ(qs_backend_cpu()->horizon(device.get(), &unit, nullptr, device.message, x, v), QS_ERROR_INPUT);
  EXPECT_EQ(x[0], -7);
  volatile int cancel = 1;
  EXPECT_EQ(qs_backend_cpu()->horizon(device.get(), &good, &cancel, device.message, x, v),
            QS_ERROR_CANCELLED);
}

} // namespace
