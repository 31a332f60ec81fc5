// Whole runs of several processes, here threads with an engine each: the bits of a run alone, with what has a
// number for every path or state among it; and the exchange of such numbers by itself.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <string>
#include <thread>

#include "host/base/exchange.h"
#include "quickset/quickset.h"
#include "tests/engine/thread_team.h"

namespace {

// Runs `of(rank, member)` on a thread for each rank.
void each(Team *team, const std::function<void(std::uint32_t, Member *)> &of) {
  std::vector<Member> members(team->ranks);
  std::vector<std::thread> threads;
  for (std::uint32_t r = 0; r < team->ranks; r++) {
    members[r] = {team, r};
    threads.emplace_back([&, r] { of(r, &members[r]); });
  }
  for (std::thread &t : threads) {
    t.join();
  }
}

TEST(Exchange, EachGetsTheOthersItems) {
  for (std::uint32_t ranks : {1u, 2u, 3u, 7u}) {
    for (std::uint64_t items : {0u, 1u, 2u, 6u, 1000u}) {
      Team team(ranks);
      std::atomic<std::uint64_t> computed{0};
      each(&team, [&](std::uint32_t rank, Member *member) {
        qs_context context;
        qs_context_init(&context);
        const qs_exchange exchange = {rank, ranks, Member::gather, member};
        context.exchange = ranks > 1 ? &exchange : nullptr;
        std::vector<int> wide(3 * 1100, -1), narrow(items, -1); // rows of 1,100, of which `items` belong
        std::uint64_t begin, end;
        qs_exchange_range(&context, items, &begin, &end);
        computed += end - begin;
        for (std::uint64_t i = begin; i < end; i++) {
          narrow[i] = static_cast<int>(7 * i);
          for (int row = 0; row < 3; row++) {
            wide[row * 1100 + i] = static_cast<int>(10 * i) + row;
          }
        }
        const qs_exchange_rows list[] = {{wide.data(), 3, 1100 * sizeof(int), sizeof(int), items},
                                         {narrow.data(), 1, 0, sizeof(int), items}};
        EXPECT_EQ(qs_exchange_all(&context, "test", list, 2, QS_OK), QS_OK) << context.message;
        for (std::uint64_t i = 0; i < items; i++) {
          ASSERT_EQ(narrow[i], static_cast<int>(7 * i));
          ASSERT_EQ(wide[2 * 1100 + i], static_cast<int>(10 * i) + 2);
        }
        for (std::uint64_t i = items; i < 1100; i++) {
          ASSERT_EQ(wide[i], -1) << "nothing between the rows";
        }
      });
      EXPECT_EQ(computed, items);
    }
  }
}

// More than goes into one message.
TEST(Exchange, OfManyRows) {
  Team team(2);
  each(&team, [&](std::uint32_t rank, Member *member) {
    qs_context context;
    qs_context_init(&context);
    const qs_exchange exchange = {rank, 2, Member::gather, member};
    context.exchange = &exchange;
    const std::size_t rows = 9, width = 1 << 20; // 72 MiB
    std::vector<double> numbers(rows * width);
    for (std::size_t row = 0; row < rows; row++) {
      for (std::size_t i = rank * width / 2; i < (rank + 1) * width / 2; i++) {
        numbers[row * width + i] = static_cast<double>(row * width + i);
      }
    }
    const qs_exchange_rows list = {numbers.data(), rows, width * sizeof(double), sizeof(double), width};
    EXPECT_EQ(qs_exchange_all(&context, "test", &list, 1, QS_OK), QS_OK) << context.message;
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < numbers.size(); i++) {
      wrong += numbers[i] != static_cast<double>(i);
    }
    EXPECT_EQ(wrong, 0u);
  });
}

TEST(Exchange, OneThatFailsEndsAll) {
  for (qs_status failure : {QS_ERROR_MEMORY, QS_ERROR_INPUT, QS_ERROR_CANCELLED}) {
    Team team(3);
    each(&team, [&](std::uint32_t rank, Member *member) {
      qs_context context;
      qs_context_init(&context);
      const qs_exchange exchange = {rank, 3, Member::gather, member};
      context.exchange = &exchange;
      int number = 5;
      const qs_exchange_rows list = {&number, 1, 0, sizeof number, 1};
      const qs_status own = rank == 1 ? qs_fail(&context, failure, "mine") : QS_OK;
      const qs_status status = qs_exchange_all(&context, "test", &list, 1, own);
      EXPECT_EQ(status, failure);
      EXPECT_STREQ(context.message, "mine");
      EXPECT_EQ(number, 5);
    });
  }
}

// A process that is elsewhere is told from one that is here.
TEST(Exchange, OfOtherThingsIsRefused) {
  Team team(2);
  each(&team, [&](std::uint32_t rank, Member *member) {
    qs_context context;
    qs_context_init(&context);
    const qs_exchange exchange = {rank, 2, Member::gather, member};
    context.exchange = &exchange;
    std::vector<int> numbers(8, 5);
    const qs_exchange_rows list = {numbers.data(), 1, 0, sizeof(int), rank ? 8u : 6u};
    EXPECT_EQ(qs_exchange_all(&context, "test", &list, 1, QS_OK), QS_ERROR_DEVICE);
    EXPECT_NE(std::string(context.message).find("does other work"), std::string::npos) << context.message;
    EXPECT_EQ(numbers, std::vector<int>(8, 5));
  });
}

// ---- whole runs ----

const char kSimulate[] =
    "simulate={position: BTC-27MAR26-70000-C, instruments: [BTC-PERPETUAL], dates: {count: 4, spacing_days: "
    "1}, "
    "costs: {proportional: 0.0005}, risk_aversion: 1.0e-6, policies: [none, delta_every_date, optimal]}";

struct Job {
  std::string config;
  std::vector<const char *> overrides;
};

// results.json of the job, of a team's member or alone.
std::string run(const Job &job, const qs_team *team) {
  qs_engine_spec spec;
  qs_engine_spec_init(&spec);
  spec.backend = QS_BACKEND_CPU;
  spec.threads = 1;
  qs_engine *engine = nullptr;
  char message[256] = "";
  EXPECT_EQ(qs_engine_create(&spec, message, sizeof message, &engine), QS_OK) << message;
  std::string text;
  qs_config *config = nullptr;
  const qs_results *results = nullptr;
  char *json = nullptr;
  const bool done =
      (!team || qs_team_join(engine, team) == QS_OK) &&
      qs_config_load(engine, job.config.c_str(), job.overrides.data(), job.overrides.size(), &config) ==
          QS_OK &&
      qs_run(engine, qs_config_inputs(config), qs_config_inputs(config)->sections, &results) == QS_OK &&
      qs_results_json(engine, results, &json) == QS_OK;
  text = done ? json : qs_engine_message(engine);
  qs_text_free(engine, json);
  qs_results_destroy(results);
  if (config) {
    qs_config_destroy(config);
  }
  qs_engine_destroy(engine);
  return text;
}

void expect_the_bits_of_a_run_alone(const Job &job, const char *part) {
  const std::string alone = run(job, nullptr);
  ASSERT_NE(alone.find(part), std::string::npos) << alone.substr(0, 400);
  for (std::uint32_t ranks : {2u, 3u}) {
    Team threads(ranks);
    std::vector<std::string> texts(ranks);
    each(&threads, [&](std::uint32_t rank, Member *member) {
      qs_team team;
      qs_team_init(&team);
      team.rank = rank;
      team.ranks = ranks;
      team.gather = Member::gather;
      team.data = member;
      texts[rank] = run(job, &team);
    });
    for (const std::string &text : texts) {
      EXPECT_TRUE(text == alone) << ranks << " ranks: " << text.substr(0, 200);
    }
  }
}

TEST(TeamRun, OfEverySectionGivesTheBitsOfARunAlone) {
  expect_the_bits_of_a_run_alone(
      {QS_SOURCE_DIR "/tests/consumer/inprocess/nightly.yaml",
       {"simulation.paths=1024", "stress.spot=[-0.1]", "stress.volatility=[0]", kSimulate}},
      "\"optimal\"");
}

const Job &crypto() { // three blocks of paths, the last one smaller
  static const Job job = {
      QS_SOURCE_DIR "/configs/hedging/crypto.yaml",
      {"simulation.paths=20480", "simulate.dates.count=4", "simulate.policies=[none, delta_every_date]"}};
  return job;
}

// Paths, tables and statistics of hedging over time with every mechanic, and where its gain comes from.
TEST(TeamRun, OfHedgingOverTimeGivesTheBitsOfARunAlone) {
  expect_the_bits_of_a_run_alone(crypto(), "\"attribution\"");
}

// What makes no sense on some path is said alike by all, and as a run alone says it.
TEST(TeamRun, OfWhatFailsOnAPathSaysSoAlike) {
  Job job = crypto();
  job.overrides.push_back("simulate.own_impact.permanent=1");
  expect_the_bits_of_a_run_alone(job, "simulate.own_impact: trades of");
}

// Hedging with an option, by programme and by regression, and with what tuning and bounds take.
class TeamExample : public ::testing::TestWithParam<const char *> {};

TEST_P(TeamExample, GivesTheBitsOfARunAlone) {
  expect_the_bits_of_a_run_alone({QS_SOURCE_DIR "/configs/hedging/" + std::string(GetParam()) + ".yaml", {}},
                                 "\"policies\"");
}

INSTANTIATE_TEST_SUITE_P(Slow, TeamExample,
                         ::testing::Values("short_call", "with_option", "perpetual", "failing", "crypto",
                                           "with_options", "along", "backtest"),
                         [](const ::testing::TestParamInfo<const char *> &tested) {
                           return std::string(tested.param);
                         });

// A config written for the test.
std::string write_config(const char *name, const char *text) {
  const std::string path = ::testing::TempDir() + name;
  FILE *file = std::fopen(path.c_str(), "w");
  EXPECT_NE(file, nullptr);
  std::fputs(text, file);
  std::fclose(file);
  return path;
}

// Trades along paths, exercised early on the way, hedged by regression with an option.
TEST(TeamRun, OfHedgingAlongPathsGivesTheBitsOfARunAlone) {
  const std::string path = write_config("team_along.yaml", R"yaml(as_of: 2026-01-05T08:00:00Z
simulation: {paths: 9216}
underlyings:
  - {name: BTC, spot: 58000, carry: 0.05, model: {type: heston, v0: 0.28, kappa: 8, theta: 0.3, xi: 1.5, rho: -0.4}}
trades:
  - {id: call, type: european, underlying: BTC, call_put: call, strike: 60000, expiry: 2026-01-30T08:00:00Z, quantity: -10}
  - {id: asian, type: asian, underlying: BTC, call_put: put, strike: 60000, quantity: 2,
     fixings: [2026-01-06T08:00:00Z, 2026-01-07T08:00:00Z, 2026-01-08T08:00:00Z]}
  - {id: early, type: bermudan, underlying: BTC, call_put: put, strike: 58000, expiry: 2026-01-08T08:00:00Z, quantity: 1,
     exercise: [2026-01-07T08:00:00Z, 2026-01-08T08:00:00Z]}
simulate:
  position: portfolio
  instruments: [BTC-PERPETUAL, BTC-27FEB26-60000-C]
  dates: {count: 3, spacing_days: 1}
  costs: {proportional: 0.0005}
  risk_aversion: 1.0e-4
  policies: [none, regression]
)yaml");
  expect_the_bits_of_a_run_alone({path, {}}, "\"regression\"");
}

// The early exercise of a trade on several underlyings.
TEST(TeamRun, OfEarlyExerciseGivesTheBitsOfARunAlone) {
  const std::string path = write_config("team_early.yaml", R"yaml(as_of: 2026-03-02T09:30:00Z
simulation: {paths: 4096}
underlyings:
  - {name: X, spot: 100, model: {type: heston, v0: 0.04, kappa: 1.5, theta: 0.04, xi: 0.5, rho: -0.7}}
  - {name: Y, spot: 90, model: {type: gbm, sigma: 0.3}}
correlations: [{between: [X, Y], value: 0.5}]
trades:
  - {id: e, type: bermudan, underlyings: [X, Y], payoff: "max(100 - min(X[t], Y[t]), 0)", expiry: 2026-06-26T08:00:00Z,
     quantity: 1, exercise: [2026-03-27T08:00:00Z, 2026-04-24T08:00:00Z, 2026-06-26T08:00:00Z]
}
)yaml");
  expect_the_bits_of_a_run_alone({path, {}}, "\"bounds\"");
}

} // namespace
