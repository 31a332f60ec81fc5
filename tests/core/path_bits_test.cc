// Payoffs along a path: the same bits from every instruction set, number of lanes and threads, cut into
// units, and whatever other payoffs share the unit; and what a unit refuses.
#include <cstdlib>
#include <cstring>

#include "kernels/cpu/kernels.h"
#include "tests/core/path_world.h"

extern "C" const qs_cpu_kernels qs_cpu_lanes_64, qs_cpu_lanes_256;

namespace {

using namespace paths;

// Every payoff under every law, and some of them with Sobol points and mirrored.
PathValuation law_run(int index, qs_precision precision, bool greeks) {
  const qs_model_type types[] = {QS_MODEL_GBM,   QS_MODEL_MERTON, QS_MODEL_KOU,    QS_MODEL_HESTON,
                                 QS_MODEL_BATES, QS_MODEL_SVCJ,   QS_MODEL_HESTON, QS_MODEL_BATES,
                                 QS_MODEL_SVCJ,  QS_MODEL_SVCJ,   QS_MODEL_KOU,    QS_MODEL_SVCJ};
  const qs_sampling sampling = index < 9    ? QS_SAMPLING_PSEUDO
                               : index < 11 ? QS_SAMPLING_SOBOL
                                            : QS_SAMPLING_ANTITHETIC;
  PathValuation run = every_payoff(types[index], index > 5 && index < 9 ? QS_SCHEME_EULER : QS_SCHEME_QE,
                                   sampling, precision, greeks);
  run.unit.path_count = 1344;
  return run;
}

constexpr int kLaws = 12;

void expect_equal_bits(const std::vector<qs_moment> &a, const std::vector<qs_moment> &b,
                       const std::string &what) {
  ASSERT_EQ(a.size(), b.size());
  EXPECT_EQ(std::memcmp(a.data(), b.data(), a.size() * sizeof(qs_moment)), 0) << what;
}

TEST(PathBits, FromEveryInstructionSet) {
  for (qs_precision precision : {QS_PRECISION_MIXED, QS_PRECISION_DOUBLE})
    for (int law = 0; law < kLaws; law++)
      for (bool greeks : {false, true}) {
        PathValuation oracle = law_run(law, precision, greeks);
        Device portable("portable", 1);
        oracle.value(portable);
        for (const qs_moment &m : oracle.moments)
          ASSERT_TRUE(std::isfinite(m.mean) && std::isfinite(m.m2) && m.m2 >= 0) << law;
        for (const char *target : {"x86-64-v3", "x86-64-v4"})
          for (int threads : {1, 3}) {
            Device device(target, threads);
            if (device.status() != QS_OK)
              continue;
            PathValuation run = law_run(law, precision, greeks);
            run.value(device);
            expect_equal_bits(oracle.moments, run.moments,
                              std::string(target) + " law " + std::to_string(law));
          }
      }
}

TEST(PathBits, FromAnyCutIntoUnits) {
  Device device;
  for (int law = 0; law < kLaws; law++) {
    PathValuation whole = law_run(law, QS_PRECISION_MIXED, true);
    whole.value(device);
    PathValuation part = law_run(law, QS_PRECISION_MIXED, true);
    part.connect();
    const size_t stride = part.payoffs.size() * part.quantities();
    const uint32_t cuts[] = {0, 1, 4, 7};
    for (int i = 0; i < 3; i++) {
      part.unit.batch_begin = cuts[i];
      part.unit.batch_end = cuts[i + 1];
      ASSERT_EQ(qs_backend_cpu()->path(device.get(), &part.unit, nullptr, device.message,
                                       part.moments.data() + cuts[i] * stride),
                QS_OK);
    }
    expect_equal_bits(whole.moments, part.moments, "law " + std::to_string(law));
  }
}

TEST(PathBits, WithAnyOtherPayoffs) {
  // Each payoff alone, on its own dates alone: dates and payoffs of others change nothing.
  Device device;
  for (int law = 0; law < kLaws; law++)
    for (bool greeks : {false, true}) {
      PathValuation whole = law_run(law, QS_PRECISION_MIXED, greeks);
      whole.value(device);
      const size_t payoffs = whole.payoffs.size(), n = whole.quantities(), shifts = whole.shifts.size();
      for (size_t p = 0; p < payoffs; p++) {
        PathValuation alone = law_run(law, QS_PRECISION_MIXED, greeks);
        Exotic exotic = alone.exotics[p];
        std::vector<qs_date> dates;
        for (uint32_t &d : exotic.dates) {
          dates.push_back(alone.dates[d]);
          d = uint32_t(dates.size()) - 1;
        }
        alone.dates = dates;
        alone.exotics = {exotic};
        alone.value(device);
        for (size_t b = 0; b < whole.unit.batch_end; b++)
          for (size_t s = 0; s < shifts; s++)
            ASSERT_EQ(std::memcmp(&alone.moments[(b * shifts + s) * n],
                                  &whole.moments[((b * shifts + s) * payoffs + p) * n],
                                  n * sizeof(qs_moment)),
                      0)
                << "law " << law << " payoff " << p;
      }
    }
}

// The kernels themselves, one batch after the other.
std::vector<qs_moment> run_kernels(const qs_cpu_kernels &kernels, PathValuation *run) {
  run->connect();
  qs_table table;
  char message[QS_DEVICE_TEXT];
  EXPECT_EQ(qs_table_build(&run->unit.path, message, &table), QS_OK);
  qs_cpu_law *law = kernels.law_create(&table, &run->unit.path, true);
  qs_cpu_path *path = kernels.path_create(law, &table, &run->unit);
  const size_t size = (kernels.path_scratch(path, &run->unit) + 63) & ~size_t(63);
  void *scratch = std::aligned_alloc(64, size);
  const size_t stride = run->shifts.size() * run->payoffs.size() * run->quantities();
  for (uint32_t b = 0; b < run->unit.batch_end; b++)
    kernels.path(path, &run->unit, b, scratch, nullptr, run->moments.data() + b * stride);
  std::free(scratch);
  kernels.path_destroy(path);
  kernels.law_destroy(law);
  qs_table_free(&table);
  return run->moments;
}

TEST(PathBits, FromAnyNumberOfLanes) {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
    GTEST_SKIP() << "the lane variants are compiled for x86-64-v3";
  for (int law = 0; law < kLaws; law++)
    for (bool greeks : {false, true}) {
      PathValuation a = law_run(law, QS_PRECISION_MIXED, greeks), b = a, c = a;
      const std::vector<qs_moment> usual = run_kernels(qs_cpu_v3_mixed, &c);
      expect_equal_bits(usual, run_kernels(qs_cpu_lanes_64, &a), "64 lanes, law " + std::to_string(law));
      expect_equal_bits(usual, run_kernels(qs_cpu_lanes_256, &b), "256 lanes, law " + std::to_string(law));
    }
}

TEST(PathBits, PrecisionsAgree) {
  Device device;
  for (int law = 0; law < kLaws; law++) {
    PathValuation mixed = law_run(law, QS_PRECISION_MIXED, false),
                  exact = law_run(law, QS_PRECISION_DOUBLE, false);
    mixed.value(device);
    exact.value(device);
    for (size_t i = 0; i < mixed.moments.size(); i++)
      ASSERT_NEAR(mixed.moments[i].mean, exact.moments[i].mean, 1e-4) << law << " " << i;
  }
}

// What each change makes of a good unit.
qs_status refused(void (*change)(PathValuation *)) {
  Device device;
  PathValuation run = law_run(3, QS_PRECISION_MIXED, true);
  run.connect();
  change(&run);
  const qs_status status =
      qs_backend_cpu()->path(device.get(), &run.unit, nullptr, device.message, run.moments.data());
  EXPECT_EQ(status == QS_OK, device.message[0] == 0);
  return status;
}

TEST(PathUnits, AreChecked) {
  EXPECT_EQ(refused([](PathValuation *) {}), QS_OK);
  EXPECT_EQ(refused([](PathValuation *r) { r->unit.batch_paths = 100; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](PathValuation *r) { r->unit.batch_end = 99; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](PathValuation *r) { r->unit.payoff_count = 0; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](PathValuation *r) { r->unit.shift_count = 2; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](PathValuation *r) { r->shifts[0] = 30; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](PathValuation *r) { r->payoffs[0].date_count = 0; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](PathValuation *r) { r->unit.path.date_count = 3; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](PathValuation *r) { r->payoffs[0].payoff = QS_PATH_COUNT; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](PathValuation *r) { r->payoffs[14].policy = nullptr; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](PathValuation *r) { r->payoffs[14].policy_step = 0; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](PathValuation *r) { r->exotics[14].policy[4] = NAN; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](PathValuation *r) { r->exotics[0].dates[1] = 1; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](PathValuation *r) { r->exotics[0].weights[1] = -1; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](PathValuation *r) { r->exotics[0].weights[1] = kNone; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](PathValuation *r) { r->payoffs[0].level[2] = std::nan(""); }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](PathValuation *r) { r->exotics[0].weights.assign(4, 0.0); }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](PathValuation *r) { r->payoffs[1].level[0] = 0; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](PathValuation *r) { r->payoffs[2].level[1] = 0; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](PathValuation *r) { r->payoffs[3].level[2] = .7; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](PathValuation *r) { r->payoffs[5].level[2] = .7; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](PathValuation *r) { r->payoffs[8].level[0] = 0; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](PathValuation *r) { r->payoffs[12].level[0] = 0; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](PathValuation *r) { r->payoffs[12].program = nullptr; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](PathValuation *r) { r->payoffs[12].known = nullptr; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](PathValuation *r) { r->payoffs[16].level[0] = 0; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](PathValuation *r) { r->payoffs[16].level[2] = .8; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](PathValuation *r) { r->payoffs[17].level[1] = 0; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](PathValuation *r) { r->exotics[17].weights[0] = -1; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](PathValuation *r) { r->payoffs[18].policy = nullptr; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](PathValuation *r) { r->payoffs[18].policy_width = 1; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](PathValuation *r) { r->exotics[18].policy[3] = kNone; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](PathValuation *r) { r->payoffs[18].level[1] = -1; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](PathValuation *r) { r->payoffs[18].level[3] = 0; }), QS_ERROR_INPUT);
  static const uint32_t beyond[] = {0, 1, 3};
  EXPECT_EQ(refused([](PathValuation *r) { r->payoffs[12].observed = beyond; }), QS_ERROR_INPUT);
  static const qs_script_program empty{};
  EXPECT_EQ(refused([](PathValuation *r) { r->payoffs[12].program = &empty; }), QS_ERROR_INPUT);
}

TEST(PathUnits, CanBeCancelled) {
  Device device;
  PathValuation run = law_run(3, QS_PRECISION_MIXED, true);
  run.connect();
  const volatile int cancel = 1;
  EXPECT_EQ(qs_backend_cpu()->path(device.get(), &run.unit, &cancel, device.message, run.moments.data()),
            QS_ERROR_CANCELLED);
}

} // namespace
