// The time grid: it follows the calendar, reaches every date exactly, and no date changes another's steps.
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

#include "host/engine/grid.h"
#include "host/market/time.h"

namespace {

class Grid : public ::testing::Test {
protected:
  void SetUp() override {
    qs_context_init(&context_);
    arena_ = qs_arena_create(&context_);
    model_.type = QS_MODEL_HESTON;
  }
  void TearDown() override { qs_arena_destroy(arena_); }

  qs_grid build(const std::vector<qs_time> &times, double step_days = NAN) {
    qs_grid grid = {};
    EXPECT_EQ(qs_grid_build(&context_, arena_, &model_, as_of_, times.data(), times.size(), step_days, &grid),
              QS_OK);
    return grid;
  }

  // Years from as_of at which date d is reached.
  static double reached(const qs_grid &grid, uint32_t d) {
    double years = grid.dates[d].side.years;
    for (uint32_t s = 0; s < grid.dates[d].main_steps; s++) {
      years += grid.steps[s].years;
    }
    return years;
  }

  qs_context context_;
  qs_arena *arena_ = nullptr;
  qs_model model_ = {};
  qs_time as_of_ = qs_time_civil(2026, 8, 1) + 17 * 3600 + 58 * 60 + 4;
};

TEST_F(Grid, ReachesEveryDate) {
  std::vector<qs_time> times;
  for (int day : {1, 2, 3, 6, 13, 27, 90, 145, 328, 730}) {
    times.push_back(qs_time_civil(2026, 8, 1) + day * 86400 + 8 * 3600);
  }
  times.push_back(times.back() + 12345); // off the calendar
  for (int type = 0; type < QS_MODEL_COUNT; type++) {
    model_.type = qs_model_type(type);
    model_.value[QS_LAMBDA] = 5;
    qs_grid grid = build(times);
    ASSERT_EQ(grid.date_count, times.size());
    for (uint32_t d = 0; d < grid.date_count; d++) {
      EXPECT_NEAR(reached(grid, d), qs_time_years(as_of_, times[d]), 1e-12) << d;
    }
  }
}

TEST_F(Grid, StepsEndAtMultiplesOfTheirLength) {
  qs_grid grid = build({as_of_ + 500 * 86400});
  double seconds = double(as_of_);
  for (uint32_t s = 0; s < grid.step_count; s++) {
    seconds += grid.steps[s].years * QS_SECONDS_PER_YEAR;
    double quarters = (seconds - QS_EXPIRY_SECOND) / (QS_SECONDS_PER_DAY / 4);
    EXPECT_NEAR(quarters, std::round(quarters), 1e-6) << s;
  }
  EXPECT_LE(grid.steps[grid.step_count - 1].years * 365, 4 + 1e-9);
  EXPECT_LE(grid.steps[0].years * 365, 0.25 + 1e-9);
}

TEST_F(Grid, ADateChangesNoOther) {
  qs_time early = as_of_ + 3 * 86400 + 777, middle = as_of_ + 40 * 86400, late = as_of_ + 300 * 86400;
  qs_grid alone = build({late}), together = build({early, middle, late});
  ASSERT_EQ(alone.step_count, together.step_count);
  for (uint32_t s = 0; s < alone.step_count; s++) {
    EXPECT_EQ(alone.steps[s].years, together.steps[s].years);
    EXPECT_EQ(alone.steps[s].draw_block, together.steps[s].draw_block);
    EXPECT_EQ(alone.steps[s].draw_word, together.steps[s].draw_word);
  }
  EXPECT_EQ(alone.dates[0].main_steps, together.dates[2].main_steps);
  EXPECT_EQ(alone.dates[0].side.years, together.dates[2].side.years);
}

TEST_F(Grid, EveryStepHasItsOwnDraws) {
  qs_grid grid = build({as_of_ + 800 * 86400});
  std::set<std::pair<uint32_t, uint32_t>> seen;
  for (uint32_t s = 0; s < grid.step_count; s++) {
    EXPECT_TRUE(seen.insert({grid.steps[s].draw_block, grid.steps[s].draw_word}).second) << s;
    EXPECT_LT(grid.steps[s].draw_word, 4u);
  }
}

TEST_F(Grid, FarStepsAreSharedByLaterRuns) {
  // The same calendar interval has the same draws a day later: common random numbers for theta.
  qs_time late = as_of_ + 300 * 86400;
  qs_grid today = build({late});
  as_of_ += 86400;
  qs_grid tomorrow = build({late});
  std::set<std::pair<uint32_t, uint32_t>> draws;
  for (uint32_t s = 0; s < today.step_count; s++) {
    draws.insert({today.steps[s].draw_block, today.steps[s].draw_word});
  }
  uint32_t shared = 0;
  for (uint32_t s = 0; s < tomorrow.step_count; s++) {
    shared += uint32_t(draws.count({tomorrow.steps[s].draw_block, tomorrow.steps[s].draw_word}));
  }
  EXPECT_GT(shared, tomorrow.step_count * 3 / 4);
}

// Dates that are observed together are nodes: a step that one cuts goes on with draws of its own.
TEST_F(Grid, ThePathGoesThroughDates) {
  const std::vector<qs_time> times = {as_of_ + 40 * 86400, as_of_ + 40 * 86400 + 3600, as_of_ + 90 * 86400};
  const bool through[] = {true, true, false}, none[] = {false, false, false};
  qs_grid cut = {}, whole = {};
  ASSERT_EQ(qs_grid_build_through(&context_, arena_, &model_, as_of_, times.data(), through, 3, NAN, &cut),
            QS_OK);
  ASSERT_EQ(qs_grid_build_through(&context_, arena_, &model_, as_of_, times.data(), none, 3, NAN, &whole),
            QS_OK);
  EXPECT_EQ(cut.step_count, whole.step_count + 2);
  EXPECT_EQ(cut.dates[0].side.years, 0);
  EXPECT_EQ(cut.dates[1].side.years, 0);
  EXPECT_GT(cut.dates[2].side.years, 0);
  std::set<std::pair<uint32_t, uint32_t>> draws;
  for (uint32_t s = 0; s < cut.step_count; s++) {
    EXPECT_TRUE(draws.insert({cut.steps[s].draw_block, cut.steps[s].draw_word}).second) << s;
  }
  for (uint32_t d = 0; d < 3; d++) {
    EXPECT_NEAR(reached(cut, d), qs_time_years(as_of_, times[d]), 1e-12) << d;
  }
  // Before the cut and after its step's end all is as it was.
  const uint32_t at = whole.dates[0].main_steps;
  for (uint32_t s = 0; s < whole.step_count; s++) {
    uint32_t other = s < at ? s : s + 2;
    if (s != at) {
      EXPECT_EQ(cut.steps[other].years, whole.steps[s].years) << s;
    }
    EXPECT_EQ(cut.steps[s < at + 1 ? s : other].draw_block, whole.steps[s].draw_block) << s;
  }
  // The steps end with the one that the last date lies in.
  double years = 0;
  for (uint32_t s = 0; s < cut.step_count; s++) {
    years += cut.steps[s].years;
  }
  EXPECT_GT(years, qs_time_years(as_of_, times[2]));
  const qs_time *nodes = nullptr;
  size_t count = 0;
  ASSERT_EQ(qs_grid_nodes(&context_, arena_, &model_, as_of_, times[2], NAN, &nodes, &count), QS_OK);
  EXPECT_EQ(count, whole.step_count);
  EXPECT_NEAR(qs_time_years(as_of_, nodes[count - 1]), years, 1e-12);
  EXPECT_LE(nodes[count - 2], times[2]);
}

TEST_F(Grid, ConstantSteps) {
  qs_grid grid = build({as_of_ + 10 * 86400}, 2.0);
  EXPECT_EQ(grid.dates[0].main_steps, 5u);
  ASSERT_EQ(grid.step_count, 6u); // and the one after
  for (uint32_t s = 0; s < 6; s++) {
    EXPECT_NEAR(grid.steps[s].years, 2.0 / 365, 1e-12);
  }
  EXPECT_EQ(grid.dates[0].side.years, 0);
}

} // namespace
