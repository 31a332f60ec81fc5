// The same bits from every instruction set, number of threads, number of lanes, and cut into units.
#include <cstdlib>
#include <cstring>

#include "kernels/cpu/kernels.h"
#include "tests/core/paths_world.h"

extern "C" const qs_cpu_kernels qs_cpu_lanes_64, qs_cpu_lanes_256;

namespace {

using namespace paths;

// A unit of every law, with dates on and off the grid, and a batch that no number of lanes divides.
Valuation law_run(int index, qs_precision precision, bool greeks) {
  const qs_model_type types[] = {QS_MODEL_GBM,   QS_MODEL_MERTON, QS_MODEL_KOU,    QS_MODEL_HESTON,
                                 QS_MODEL_BATES, QS_MODEL_SVCJ,   QS_MODEL_HESTON, QS_MODEL_BATES,
                                 QS_MODEL_SVCJ,  QS_MODEL_SVCJ,   QS_MODEL_KOU,    QS_MODEL_SVCJ};
  Valuation run(typical(types[index], true), 0.2, 10,
                {{QS_PAYOFF_CALL, 0.05, 0},
                 {QS_PAYOFF_PUT, -0.4, 0},
                 {QS_PAYOFF_FORWARD, 0.0, 1},
                 {QS_PAYOFF_CALL, 0.0, 2}});
  run.dates = {{3, {0.003, 0, 3}}, {6, {0, 0, 0}}, {10, {0, 0, 0}}};
  run.unit.path.scheme = index > 5 && index < 9 ? QS_SCHEME_EULER : QS_SCHEME_QE;
  run.unit.path.sampling = index < 9    ? QS_SAMPLING_PSEUDO
                           : index < 11 ? QS_SAMPLING_SOBOL
                                        : QS_SAMPLING_ANTITHETIC;
  run.unit.precision = precision;
  run.unit.greeks = greeks;
  run.unit.path_count = 1344;
  run.unit.batch_paths = 192;
  return run;
}

constexpr int kLaws = 12;

void expect_equal_bits(const std::vector<qs_moment> &a, const std::vector<qs_moment> &b,
                       const std::string &what) {
  ASSERT_EQ(a.size(), b.size());
  EXPECT_EQ(std::memcmp(a.data(), b.data(), a.size() * sizeof(qs_moment)), 0) << what;
}

TEST(SameBits, FromEveryInstructionSet) {
  for (qs_precision precision : {QS_PRECISION_MIXED, QS_PRECISION_DOUBLE})
    for (int law = 0; law < kLaws; law++)
      for (bool greeks : {false, true}) {
        Valuation oracle = law_run(law, precision, greeks);
        Device portable("portable", 1);
        oracle.value(portable);
        for (const qs_moment &m : oracle.moments)
          ASSERT_TRUE(std::isfinite(m.mean) && std::isfinite(m.m2) && m.m2 >= 0) << law;
        for (const char *target : {"x86-64-v3", "x86-64-v4"}) {
          Device device(target, 1);
          if (device.status() != QS_OK)
            continue;
          Valuation run = law_run(law, precision, greeks);
          run.value(device);
          expect_equal_bits(oracle.moments, run.moments, std::string(target) + " law " + std::to_string(law));
        }
      }
}

TEST(SameBits, FromAnyNumberOfThreads) {
  for (int law = 0; law < kLaws; law++) {
    Valuation one = law_run(law, QS_PRECISION_MIXED, true);
    Device single(nullptr, 1);
    one.value(single);
    for (int threads : {2, 7}) {
      Device device(nullptr, threads);
      Valuation run = law_run(law, QS_PRECISION_MIXED, true);
      run.value(device);
      expect_equal_bits(one.moments, run.moments,
                        std::to_string(threads) + " threads, law " + std::to_string(law));
    }
  }
}

TEST(SameBits, FromAnyCutIntoUnits) {
  Device device;
  for (int law = 0; law < kLaws; law++) {
    Valuation whole = law_run(law, QS_PRECISION_MIXED, true);
    whole.value(device);
    Valuation part = law_run(law, QS_PRECISION_MIXED, true);
    part.connect();
    const size_t stride = part.payoffs.size() * part.quantities();
    const uint32_t cuts[] = {0, 1, 4, 7};
    for (int i = 0; i < 3; i++) {
      part.unit.batch_begin = cuts[i];
      part.unit.batch_end = cuts[i + 1];
      ASSERT_EQ(qs_backend_cpu()->value(device.get(), &part.unit, nullptr, device.message,
                                        part.moments.data() + cuts[i] * stride),
                QS_OK);
    }
    expect_equal_bits(whole.moments, part.moments, "law " + std::to_string(law));
  }
}

// Payoffs at one strike share its terms; none of them knows.
TEST(SameBits, FromPayoffsAloneOrWithOthersAtTheirStrike) {
  Device device;
  for (int law = 0; law < kLaws; law++)
    for (bool greeks : {false, true}) {
      Valuation together = law_run(law, QS_PRECISION_MIXED, greeks);
      const double strike = together.payoffs[0].log_strike;
      together.payoffs = {
          {0, QS_PAYOFF_CALL, strike}, {0, QS_PAYOFF_PUT, strike}, {0, QS_PAYOFF_FORWARD, strike}};
      together.value(device);
      for (uint32_t payoff = 0; payoff < 3; payoff++) {
        Valuation alone = together;
        alone.payoffs = {together.payoffs[payoff]};
        alone.value(device);
        std::vector<qs_moment> mine;
        const uint32_t q = together.quantities();
        for (size_t row = payoff * q; row < together.moments.size(); row += 3 * q)
          mine.insert(mine.end(), together.moments.begin() + ptrdiff_t(row),
                      together.moments.begin() + ptrdiff_t(row + q));
        expect_equal_bits(alone.moments, mine,
                          "payoff " + std::to_string(payoff) + ", law " + std::to_string(law));
      }
    }
}

// The kernels themselves, one batch after the other.
std::vector<qs_moment> run_kernels(const qs_cpu_kernels &kernels, Valuation *run) {
  run->connect();
  qs_table table;
  char message[QS_DEVICE_TEXT];
  EXPECT_EQ(qs_table_build(&run->unit.path, message, &table), QS_OK);
  qs_cpu_law *law = kernels.law_create(&table, &run->unit.path, false);
  const size_t size = (kernels.value_scratch(law, &run->unit) + 63) & ~size_t(63);
  void *scratch = std::aligned_alloc(64, size);
  const size_t stride = run->payoffs.size() * run->quantities();
  for (uint32_t b = 0; b < run->unit.batch_end; b++)
    kernels.value(law, &run->unit, b, scratch, nullptr, run->moments.data() + b * stride);
  std::free(scratch);
  kernels.law_destroy(law);
  qs_table_free(&table);
  return run->moments;
}

TEST(SameBits, FromAnyNumberOfLanes) {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
    GTEST_SKIP() << "the lane variants are compiled for x86-64-v3";
  for (int law = 0; law < kLaws; law++)
    for (bool greeks : {false, true}) {
      Valuation a = law_run(law, QS_PRECISION_MIXED, greeks), b = a, c = a;
      const std::vector<qs_moment> usual = run_kernels(qs_cpu_v3_mixed, &c);
      expect_equal_bits(usual, run_kernels(qs_cpu_lanes_64, &a), "64 lanes, law " + std::to_string(law));
      expect_equal_bits(usual, run_kernels(qs_cpu_lanes_256, &b), "256 lanes, law " + std::to_string(law));
    }
}

TEST(SameBits, HorizonStates) {
  const uint64_t keys[2] = {qs_key(1, QS_PURPOSE_TEST, "a"), qs_key(1, QS_PURPOSE_TEST, "b")};
  const double weights[2] = {0.6, 0.8};
  for (int law = 0; law < kLaws; law++)
    for (uint32_t count : {1u, 2u})
      for (qs_precision precision : {QS_PRECISION_MIXED, QS_PRECISION_DOUBLE}) {
        Valuation run = law_run(law, precision, false);
        run.connect();
        run.unit.path.sampling = QS_SAMPLING_PSEUDO;
        const double one = 1, starts[8] = {0.04, 0, 0.5, 0.09, 0.01, 0.3, 0.16, 1};
        qs_horizon_unit unit = {run.unit.path,
                                keys,
                                count == 1 ? &one : weights,
                                count,
                                precision,
                                64,
                                64 + 448,
                                count == 1 ? nullptr : starts,
                                8,
                                64};
        std::vector<std::vector<double>> results;
        for (const char *target : {"portable", "x86-64-v3", "x86-64-v4"})
          for (int threads : {1, 3}) {
            Device device(target, threads);
            if (device.status() != QS_OK)
              continue;
            std::vector<double> states(2 * 3 * 448);
            ASSERT_EQ(qs_backend_cpu()->horizon(device.get(), &unit, nullptr, device.message, states.data(),
                                                states.data() + 3 * 448),
                      QS_OK)
                << device.message;
            results.push_back(states);
          }
        for (auto &r : results)
          EXPECT_EQ(std::memcmp(r.data(), results[0].data(), r.size() * sizeof(double)), 0) << law << count;
        // A path's numbers do not depend on the block that it is in.
        unit.path_begin = 128, unit.path_end = 192;
        std::vector<double> x(3 * 64), v(3 * 64);
        Device device;
        ASSERT_EQ(qs_backend_cpu()->horizon(device.get(), &unit, nullptr, device.message, x.data(), v.data()),
                  QS_OK);
        for (int date = 0; date < 3; date++)
          for (int i = 0; i < 64; i++) {
            ASSERT_EQ(x[size_t(date) * 64 + i], results[0][size_t(date) * 448 + 64 + i]);
            ASSERT_EQ(v[size_t(date) * 64 + i], results[0][size_t(3 + date) * 448 + 64 + i]);
          }
      }
}

} // namespace
