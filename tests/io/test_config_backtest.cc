/* The section backtest as it is read. */
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "host/io/config.h"
#include "host/market/time.h"
#include "sample_config.h"
#include "scratch.h"

namespace {

struct Loaded {
  Scratch folder;
  qs_context context;
  qs_config *config = nullptr;
  const qs_inputs *in = nullptr;
  qs_status status;
  explicit Loaded(const std::vector<const char *> &overrides) {
    folder.write(sample_files());
    qs_context_init(&context);
    status = qs_config_read(&context, (folder / "config.yaml").c_str(), overrides.data(), overrides.size(),
                            &config);
    in = config ? qs_config_inputs(config) : nullptr;
  }
  ~Loaded() { qs_config_destroy(config); }
  Loaded(const Loaded &) = delete;
};

TEST(BacktestConfig, UsesEveryKey) {
  Loaded c({});
  ASSERT_EQ(c.status, QS_OK) << c.context.message;
  EXPECT_TRUE(c.in->sections & QS_SECTION_BACKTEST);
  const qs_backtest_spec &b = c.in->backtest;
  EXPECT_STREQ(b.position, "t5");
  EXPECT_STREQ(b.instrument, "K-PERPETUAL");
  ASSERT_EQ(b.record.count, 20u);
  EXPECT_EQ(b.record.first, qs_time_civil(2026, 3, 2) + 6 * 3600);
  EXPECT_EQ(b.record.bar_seconds, 6 * 3600);
  EXPECT_EQ(b.record.prices[1], 10.25);
  EXPECT_EQ(b.record.prices[18], 9.75);
  ASSERT_EQ(b.funding.count, 3u);
  EXPECT_EQ(b.funding.first, qs_time_civil(2026, 3, 2) + 16 * 3600);
  EXPECT_EQ(b.funding.rate_seconds, 2 * 86400);
  EXPECT_EQ(b.funding.rates[1], -0.0002);
  EXPECT_EQ(b.dates.count, 9u);
  EXPECT_EQ(b.dates.spacing_days, 0.5);
  EXPECT_EQ(b.costs.proportional, 0.0005);
  EXPECT_EQ(b.costs.relative_half_spread, 0.0001);
  EXPECT_EQ(b.costs.impact, 0.01);
  ASSERT_EQ(b.costs.schedule_count, 2u);
  EXPECT_EQ(b.costs.schedule[0].from, qs_time_civil(2026, 3, 4) + 8 * 3600);
  EXPECT_EQ(b.costs.schedule[0].proportional, 0.0004);
  EXPECT_TRUE(std::isnan(b.costs.schedule[0].impact)) << "as before";
  EXPECT_EQ(b.costs.schedule[1].relative_half_spread, 0.0002);
  EXPECT_EQ(b.costs.schedule[1].impact, 0.02);
  EXPECT_EQ(b.limits.min, -70);
  EXPECT_EQ(b.limits.max, 80);
  EXPECT_EQ(b.latency_bars, 1u);
  EXPECT_EQ(b.margin.collateral, 1000);
  EXPECT_EQ(b.margin.maintenance, 0.1);
  EXPECT_EQ(b.margin.parts, 4u);
  EXPECT_EQ(b.margin.fee, 0.005);
  EXPECT_EQ(b.account, QS_ACCOUNT_COIN);
  EXPECT_EQ(b.risk_aversion, 0.5);
  EXPECT_TRUE(std::isnan(b.cost_weight));
  ASSERT_EQ(b.policy_count, 2u);
  EXPECT_EQ(b.policies[0].type, QS_HEDGE_POLICY_NONE);
  EXPECT_EQ(b.policies[1].width, 0.03);
  EXPECT_STREQ(b.compare, "band");
  EXPECT_EQ(b.variance.marks, QS_STATE_EXPECTED);
  EXPECT_EQ(b.variance.told, QS_STATE_SAME);
  EXPECT_EQ(b.intervals.level, 0.9);
  EXPECT_EQ(b.intervals.replicates, 500u);
  EXPECT_EQ(b.intervals.seed, 3u);
}

TEST(BacktestConfig, DatesMayBeAList) {
  Loaded later({"backtest.dates=[2026-03-03,2026-03-03T12:00:00Z,2026-03-04,"
                "2026-03-04T12:00:00Z,2026-03-05,2026-03-05T12:00:00Z,2026-03-06,"
                "2026-03-06T07:00:00Z,2026-03-06T13:00:00Z,2026-03-07]",
                "backtest.latency_bars=0", "backtest.account=reporting"});
  ASSERT_EQ(later.status, QS_OK) << later.context.message;
  EXPECT_EQ(later.in->backtest.dates.time_count, 10u);
  EXPECT_EQ(later.in->backtest.account, QS_ACCOUNT_REPORTING);
}

} // namespace
