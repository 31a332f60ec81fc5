// Tables of prices at the horizon against Fourier prices at random states: the stated error, 1e-5 a unit.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "host/engine/surface.h"
#include "host/market/fourier.h"

namespace {

struct Case {
  qs_model model;
  double years, v_low, v_high;
};

class Surface : public ::testing::TestWithParam<Case> {};

TEST_P(Surface, IsWithinTheStatedError) {
  const Case c = GetParam();
  qs_context context;
  qs_context_init(&context);
  qs_arena *arena = qs_arena_create(&context);
  qs_state_range range = {-0.45, 0.45, c.v_low, c.v_high};
  qs_surface surface;
  const qs_surface_law law = {&c.model, c.years, 0};
  ASSERT_EQ(qs_surface_build(&context, arena, &law, &range, &surface), QS_OK) << context.message;
  std::vector<double> values(qs_state_table_size(&surface, &range));
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> uniform(0, 1);
  double worst = 0;
  for (int i = 0; i < 24; i++) {
    qs_surface_option option = {-0.6 + 0.05 * i + 0.01 * uniform(random), 1, i % 2 == 0};
    qs_state_table table;
    qs_state_table_fill(&surface, &range, &option, 1, values.data(), &table);
    for (int j = 0; j < 60; j++) {
      // Every other state is near the strike, where prices bend most; variances crowd at the low end.
      double x = j % 2 ? option.k + 0.02 * (uniform(random) - 0.5)
                       : range.x_low + (range.x_high - range.x_low) * uniform(random);
      if (x < range.x_low || x > range.x_high) {
        continue;
      }
      double v = c.v_low + (c.v_high - c.v_low) * std::pow(uniform(random), 3);
      qs_model model = c.model;
      model.value[QS_V0] = v;
      qs_fourier_option_value exact;
      qs_fourier_report report;
      ASSERT_EQ(qs_fourier_option(&model, c.years, option.call, option.k - x, nullptr, &exact, &report),
                QS_OK);
      worst = std::fmax(worst, std::fabs(qs_state_table_value(&table, x, v) - exact.price));
    }
  }
  EXPECT_LT(worst, 1e-5);
  qs_arena_destroy(arena);
}

const qs_model kSvcj = {QS_MODEL_SVCJ, {0.16, 5, 0.25, 1.2, -0.3, 4, -0.05, 0.06, 0.1, -0.2}};
const qs_model kWild = {QS_MODEL_HESTON, {0.16, 2, 0.25, 2.5, -0.5}}; // 2 kappa theta / xi^2 = 0.16
const qs_model kGbm = {QS_MODEL_GBM, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.6}};
const qs_model kMerton = {QS_MODEL_MERTON, {0, 0, 0, 0, 0, 4, -0.1, 0.1, 0, 0, 0, 0, 0, 0.4}};

INSTANTIATE_TEST_SUITE_P(Cases, Surface,
                         ::testing::Values(Case{kSvcj, 0.0016, 0.05, 0.6}, Case{kSvcj, 0.02, 0.02, 4},
                                           Case{kSvcj, 0.9, 0.02, 4}, Case{kWild, 0.0016, 0.0005, 0.6},
                                           Case{kWild, 0.0044, 0.0001, 1}, Case{kWild, 0.08, 0, 1},
                                           Case{kWild, 0.9, 0, 1.5}, Case{kGbm, 0.0016, 0.36, 0.36},
                                           Case{kGbm, 1, 0.36, 0.36}, Case{kMerton, 0.01, 0.16, 0.16}));

} // namespace
