/* The program's parts: the command line, progress, tables, the summary. */
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "sample_results.h"

extern "C" {
#include "host/cli/options.h"
#include "host/cli/progress.h"
#include "host/cli/summary.h"
#include "host/cli/table.h"
}

namespace {

struct Parsed {
  options o{};
  bool good;
  std::string message;
  explicit Parsed(std::vector<const char *> arguments) {
    arguments.insert(arguments.begin(), "quickset");
    char text[MAX_USAGE_MESSAGE] = "";
    good = options_parse(&o, (int)arguments.size(), const_cast<char **>(arguments.data()), text);
    message = text;
  }
};

/* What a function prints. */
template <class Function> std::string printed(Function function) {
  char *text = nullptr;
  size_t size = 0;
  FILE *file = open_memstream(&text, &size);
  function(file);
  fclose(file);
  std::string copy(text, size);
  free(text);
  return copy;
}

TEST(Options, AllOfThem) {
  Parsed p({"run", "--out", "dir", "--backend=cuda", "a.yaml", "--threads", "3", "--seed=9", "--set",
            "risk.drift=1", "--paths", "64", "--quiet", "--json", "--fail-on-breach", "--set=a.b=c=d"});
  ASSERT_TRUE(p.good) << p.message;
  EXPECT_EQ(p.o.command, COMMAND_RUN);
  EXPECT_EQ(p.o.sections, 0u);
  EXPECT_STREQ(p.o.config, "a.yaml");
  EXPECT_STREQ(p.o.out, "dir");
  EXPECT_EQ(p.o.backend, QS_BACKEND_CUDA);
  EXPECT_EQ(p.o.threads, 3);
  EXPECT_TRUE(p.o.quiet && p.o.json && p.o.fail_on_breach);
  ASSERT_EQ(p.o.override_count, 4u);
  EXPECT_STREQ(p.o.overrides[0], "risk.drift=1");
  EXPECT_STREQ(p.o.overrides[1], "a.b=c=d");
  EXPECT_STREQ(p.o.overrides[2], "simulation.seed=9") << "after --set, whatever the order";
  EXPECT_STREQ(p.o.overrides[3], "simulation.paths=64");
}

TEST(Options, ASavedPolicyInPlaceOfAConfig) {
  Parsed p({"hedge", "--policy", "p.csv", "--spot=101.5", "--holding", "-0.5", "--variance", "0.04", "--time",
            "2026-01-07"});
  ASSERT_TRUE(p.good) << p.message;
  EXPECT_EQ(p.o.command, COMMAND_ADVISE);
  EXPECT_STREQ(p.o.policy, "p.csv");
  EXPECT_EQ(p.o.spot, 101.5);
  ASSERT_EQ(p.o.holding_count, 1u);
  EXPECT_EQ(p.o.holdings[0].value, -0.5);
  EXPECT_EQ(p.o.holdings[0].name, nullptr);
  Parsed two({"hedge", "--policy", "p", "--spot=1", "--holding=a=b=-2", "--holding", "c=3e-1"});
  ASSERT_TRUE(two.good) << two.message;
  ASSERT_EQ(two.o.holding_count, 2u);
  EXPECT_EQ(std::string(two.o.holdings[0].name, two.o.holdings[0].name_length), "a=b");
  EXPECT_EQ(two.o.holdings[0].value, -2);
  EXPECT_EQ(two.o.holdings[1].value, 0.3);
  EXPECT_EQ(p.o.variance, 0.04);
  EXPECT_STREQ(p.o.time, "2026-01-07");
  EXPECT_TRUE(std::isnan(Parsed({"hedge", "c"}).o.spot));
  EXPECT_TRUE(Parsed({"risk", "c", "--resume"}).o.resume);
  EXPECT_EQ(Parsed({"risk", "c", "--max-hours=1.5"}).o.max_hours, 1.5);
  EXPECT_TRUE(std::isnan(Parsed({"risk", "c"}).o.max_hours));
  Parsed shard({"shard", "c", "--shard", "3/8", "--out", "f"});
  EXPECT_EQ(shard.o.command, COMMAND_SHARD);
  EXPECT_EQ(shard.o.share, 2u);
  EXPECT_EQ(shard.o.shares, 8u);
  Parsed merge({"run", "c", "--merge", "a", "--merge=b"});
  ASSERT_EQ(merge.o.merged_count, 2u);
  EXPECT_STREQ(merge.o.merged[1], "b");
}

TEST(Options, Commands) {
  const std::vector<std::pair<const char *, uint32_t>> sections = {{"run", 0},
                                                                   {"calibrate", QS_SECTION_CALIBRATE},
                                                                   {"value", QS_SECTION_VALUE},
                                                                   {"risk", QS_SECTION_RISK},
                                                                   {"stress", QS_SECTION_STRESS},
                                                                   {"hedge", QS_SECTION_HEDGE},
                                                                   {"simulate", QS_SECTION_SIMULATE},
                                                                   {"backtest", QS_SECTION_BACKTEST}};
  for (const auto &[name, section] : sections) {
    Parsed p({name, "c"});
    ASSERT_TRUE(p.good) << name;
    EXPECT_EQ(p.o.command, COMMAND_RUN);
    EXPECT_EQ(p.o.sections, section) << name;
  }
  EXPECT_EQ(Parsed({"check", "c"}).o.command, COMMAND_CHECK);
  EXPECT_EQ(Parsed({"plan", "c"}).o.command, COMMAND_PLAN);
  EXPECT_EQ(Parsed({"info"}).o.command, COMMAND_INFO);
  EXPECT_EQ(Parsed({"--version"}).o.command, COMMAND_VERSION);
  EXPECT_EQ(Parsed({"--help"}).o.command, COMMAND_HELP);
  EXPECT_TRUE(Parsed({"run", "--help"}).good) << "help needs no config";
}

TEST(Options, NonsenseIsRefusedByName) {
  const std::vector<std::pair<std::vector<const char *>, const char *>> cases = {
      {{}, "a command is missing"},
      {{"rnu", "c"}, "unknown command 'rnu'"},
      {{"run"}, "a config is missing after 'run'"},
      {{"plan"}, "a config is missing after 'plan'"},
      {{"run", "c", "d"}, "one argument too many: 'd'"},
      {{"info", "c"}, "one argument too many: 'c'"},
      {{"simulated", "c"}, "unknown command 'simulated'"},
      {{"check", "c", "--resume"}, "there is no run to be resumed in 'check'"},
      {{"info", "--max-hours", "1"}, "there is no run to be stopped in 'info'"},
      {{"run", "c", "--max-hours", "0"}, "--max-hours must be greater than 0, not '0'"},
      {{"run", "c", "--max-hours", "long"}, "--max-hours must be a number, not 'long'"},
      {{"run", "c", "--max-hours"}, "a value is missing after '--max-hours'"},
      {{"run", "c", "--resume=x"}, "unknown option '--resume=x'"},
      {{"shard", "c", "--out", "f"}, "--shard I/N is missing after 'shard'"},
      {{"shard", "c", "--shard", "1/2"}, "--out FILE is missing after 'shard'"},
      {{"run", "c", "--shard", "1/2"}, "--shard goes with the command shard, not 'run'"},
      {{"value", "c", "--shard", "1/2", "--out", "f"}, "--shard goes with the command shard, not 'value'"},
      {{"check", "c", "--merge", "g"}, "--merge goes with a run, not with 'check'"},
      {{"shard", "c", "--shard", "3/2"}, "--shard must be such as 3/8, with 2 to 4096 shares, not '3/2'"},
      {{"shard", "c", "--shard", "0/2"}, "--shard must be such as 3/8"},
      {{"shard", "c", "--shard", "1/1"}, "--shard must be such as 3/8"},
      {{"shard", "c", "--shard", "1/4097"}, "--shard must be such as 3/8"},
      {{"shard", "c", "--shard", "2"}, "--shard must be such as 3/8"},
      {{"shard", "c", "--shard", "/2"}, "--shard must be such as 3/8"},
      {{"shard", "c", "--shard", "1/"}, "--shard must be such as 3/8"},
      {{"run", "c", "--frobnicate"}, "unknown option '--frobnicate'"},
      {{"run", "c", "-q"}, "unknown option '-q'"},
      {{"hedge", "--policy", "p", "--spot", "1"}, "--holding is missing beside 'p'"},
      {{"hedge", "--policy", "p", "--holding", "1"}, "--spot is missing beside 'p'"},
      {{"hedge", "--policy", "p", "--spot", "1", "--holding", "much"},
       "--holding must be a number, not 'much'"},
      {{"hedge", "--policy", "p", "--spot", "1", "--holding", "a=nan"},
       "--holding must be a number, not 'nan'"},
      {{"hedge", "--policy", "p", "--spot", "1", "--holding", "=1"},
       "--holding must be a number or NAME=NUMBER, not '=1'"},
      {{"hedge", "--policy", "p", "--spot", "1", "--holding", "1", "--holding", "b=2"},
       "either all holdings are named, --holding NAME=NUMBER, or none is; see 'b=2'"},
      {{"hedge", "--holding=1", "--holding=2", "--holding=3", "--holding=4", "--holding=5", "--holding=6",
        "--holding=7", "--holding=8", "--holding=9"},
       "too many holdings; one too many is '9'"},
      {{"hedge", "--policy", "p", "--spot", "inf", "--holding", "1"}, "--spot must be a number, not 'inf'"},
      {{"hedge", "--policy", "p", "--spot"}, "a value is missing after '--spot'"},
      {{"hedge", "c", "--policy", "p", "--spot", "1", "--holding", "0"}, "one argument too many: 'c'"},
      {{"risk", "--policy", "p", "--spot", "1", "--holding", "0"},
       "--policy goes with the command hedge, not 'risk'"},
      {{"hedge", "c", "--variance", "1"}, "a saved policy is missing, --policy FILE, after 'hedge'"},
      {{"run", "c", "--out"}, "a value is missing after '--out'"},
      {{"run", "c", "--out="}, "a value is missing after '--out='"},
      {{"run", "c", "--backend", "gpu"}, "--backend must be auto, cpu or cuda, not 'gpu'"},
      {{"run", "c", "--threads", "0"}, "--threads must be a whole number from 1 to 4096, not '0'"},
      {{"run", "c", "--threads", "9999"}, "--threads must be"},
      {{"run", "c", "--seed", "-1"}, "--seed must be a whole number below 2^64, not '-1'"},
      {{"run", "c", "--paths", "1e6"}, "--paths must be a whole number"},
      {{"run", "c", "--seed", "18446744073709551616"}, "--seed must be"},
  };
  for (const auto &[arguments, said] : cases) {
    Parsed p(arguments);
    EXPECT_FALSE(p.good) << said;
    EXPECT_NE(p.message.find(said), std::string::npos) << p.message;
  }
  std::vector<const char *> many = {"run", "c"};
  for (int i = 0; i < 300; i++) {
    many.insert(many.end(), {"--set", "a=b"});
  }
  EXPECT_FALSE(Parsed(many).good);
  many = {"run", "c"};
  for (int i = 0; i < 1025; i++) {
    many.insert(many.end(), {"--merge", "f"});
  }
  EXPECT_FALSE(Parsed(many).good);
}

TEST(Progress, PlainLinesWhereThereIsNoTerminal) {
  std::string text = printed([](FILE *file) {
    progress p;
    progress_begin(&p, file, false, false);
    progress_show(&p, nullptr, 0, 0, 0);
    progress_show(&p, "calibrate", 0, 2, 1);
    progress_show(&p, "calibrate", 1, 2, 2);
    progress_show(&p, "value", 0, 1000, 3);
    progress_show(&p, "value", 500, 1000, 14);
    progress_show(&p, "value", 1000, 1000, 15);
    progress_end(&p, 15.5);
  });
  EXPECT_EQ(text, "calibrate        done in 2.0 s\n"
                  "value             50%  500 of 1000  45.5/s  11.0 s left\n"
                  "value            done in 12.5 s\n");
}

TEST(Progress, OneLineOnATerminalAndNothingWhenQuiet) {
  auto run = [](bool terminal, bool quiet) {
    return printed([=](FILE *file) {
      progress p;
      progress_begin(&p, file, terminal, quiet);
      for (int i = 0; i <= 100; i++) {
        progress_show(&p, "value", (uint64_t)i, 100, 0.01 * i);
      }
      progress_end(&p, 1);
    });
  };
  std::string text = run(true, false);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  auto redrawn = std::count(text.begin(), text.end(), '\r');
  EXPECT_GT(redrawn, 5);
  EXPECT_LE(redrawn, 12) << "ten times a second";
  EXPECT_EQ(run(true, true), "");
  EXPECT_EQ(run(false, true), "");
}

TEST(Progress, OddCountsDoNotBreakIt) {
  std::string text = printed([](FILE *file) {
    progress p;
    progress_begin(&p, file, true, false);
    progress_show(&p, "value", 5, 0, 0);
    progress_show(&p, "value", UINT64_MAX, 1, 1e9);
    progress_end(&p, 1e9);
  });
  EXPECT_FALSE(text.empty());
}

TEST(Table, NumbersForPeople) {
  const std::vector<std::pair<double, const char *>> cases = {{1234567.8, "1,234,568"},
                                                              {-1234567.8, "-1,234,568"},
                                                              {999.96, "1,000.0"},
                                                              {123.456, "123.5"},
                                                              {12.3456, "12.35"},
                                                              {-1.23456, "-1.235"},
                                                              {0.0123456, "0.01235"},
                                                              {0, "0"},
                                                              {1e-7, "1.000e-07"},
                                                              {1e20, "1.000e+20"},
                                                              {NAN, "-"},
                                                              {1000, "1,000"},
                                                              {100, "100.0"},
                                                              {-100000, "-100,000"}};
  for (const auto &[value, expected] : cases) {
    char text[TABLE_CELL];
    format_number(value, text);
    EXPECT_STREQ(text, expected);
  }
}

TEST(Table, ColumnsAreAligned) {
  std::string text = printed([](FILE *file) {
    table t;
    table_begin(&t, 3);
    for (const char *cell : {"name", "a", "b", "long name", "1", "22222", "\xc3\xa4", "333", "4"}) {
      table_add(&t, "%s", cell);
    }
    table_end(&t, file);
  });
  EXPECT_EQ(text, "  name         a      b\n"
                  "  long name    1  22222\n"
                  "  \xc3\xa4          333      4\n");
}

TEST(Summary, TellsWhatMatters) {
  SampleResults sample;
  std::string text = printed([&](FILE *file) { summary_print(file, &sample.results, "c.yaml", "out/x"); });
  for (const char *part :
       {"c.yaml", "2026-08-01 08:00:00 UTC", "Calibration", "Value and Greeks", "Risk over", "Stress",
        "Worst:", "Hedge now", "before", "after", "Hedging position",
        "1 dates and the unwind at 2026-08-02 08:00:00 UTC", "no policy is below", "Limits breached",
        "Warnings", "NOT TRUSTED", "Results: out/x"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}

/* Worked by hand: 2 options 0.001 coin above their mark, a coin at 50,000: 100. A notional of 600,000 short
 * at a mark of 60,000 is 10 coin short; a model 3 above it loses 30. A linear future of 4 coin, 5 above: 20.
 */
TEST(Summary, DistanceFromMarkIsMoney) {
  qs_trade_result option{};
  option.id = "o";
  option.kind = "european";
  option.quantity = 2;
  option.mark = 0.02;
  option.model_minus_mark = 0.001;
  option.price = {1050, 0};
  option.price_coin = {0.021, 0};
  option.value_coin = {0.042, 0};
  qs_trade_result perpetual = option;
  perpetual.id = "p";
  perpetual.kind = "perpetual";
  perpetual.quantity = -600000;
  perpetual.mark = 60000;
  perpetual.model_minus_mark = 3;
  qs_trade_result future = perpetual;
  future.id = "f";
  future.kind = "future";
  future.quantity = 4;
  future.model_minus_mark = 5;
  future.value_coin = {NAN, NAN};
  qs_trade_result trades[] = {option, perpetual, future};
  qs_results results{};
  results.currency = "USD";
  results.valued = true;
  results.trades = trades;
  results.trade_count = 3;
  std::string text = printed([&](FILE *file) { summary_value(file, &results); });
  std::vector<std::string> ends;
  for (size_t at = text.find("furthest"); (at = text.find('\n', at + 1)) != std::string::npos;) {
    ends.push_back(text.substr(text.rfind(' ', at) + 1, at - text.rfind(' ', at) - 1));
  }
  EXPECT_EQ(ends, (std::vector<std::string>{"all", "100.0", "-30.00", "20.00"})) << text;
}

TEST(Summary, SaysWhyThereIsNoLowerBound) {
  SampleResults sample;
  sample.results.simulate.lower_bound = {NAN, NAN};
  sample.results.simulate.lower_bound_why = "there is a drift";
  std::string text = printed([&](FILE *file) { summary_simulate(file, &sample.results); });
  EXPECT_NE(text.find("no lower bound: there is a drift"), std::string::npos) << text;
  EXPECT_NE(text.find(sample.results.simulate.policies[1].name), std::string::npos) << text;
  EXPECT_NE(text.find("position gains"), std::string::npos) << text;
}

TEST(Summary, SaysWhatABacktestIsEvidenceOf) {
  SampleResults sample;
  const qs_backtest_result &b = sample.results.backtest;
  std::string text = printed([&](FILE *file) { summary_backtest(file, &sample.results); });
  EXPECT_NE(text.find(b.label), std::string::npos) << text;
  EXPECT_NE(text.find(b.policies[1].name), std::string::npos) << text;
  EXPECT_NE(text.find(std::string("NOT TRUSTED: ") + b.why), std::string::npos) << text;
  EXPECT_NE(text.find("position gains"), std::string::npos) << text;
}

TEST(Summary, NamesTheFirstTradesThatAreNotTrusted) {
  SampleResults sample;
  const qs_results &r = sample.results;
  std::string text = printed([&](FILE *file) { summary_value(file, &r); });
  const std::string expected = std::string("  NOT TRUSTED: ") + r.total.why + "\n    " + r.trades[0].id +
                               ": " + r.trades[0].why + "\n    " + r.trades[1].id + ": " + r.trades[1].why +
                               "\n";
  EXPECT_NE(text.find(expected), std::string::npos) << text;
}

TEST(Summary, NothingOfWhatWasNotRun) {
  qs_results results{};
  results.currency = "USD";
  results.trusted = true;
  std::string text = printed([&](FILE *file) { summary_print(file, &results, "c.yaml", nullptr); });
  for (const char *part :
       {"Calibration", "Value", "Risk", "Stress", "Hedge", "Hedging", "breached", "Warnings", "TRUSTED"}) {
    EXPECT_EQ(text.find(part), std::string::npos) << part << "\n" << text;
  }
  EXPECT_NE(text.find("Results were not written"), std::string::npos);
}

TEST(Summary, AnInfeasibleHedgeNamesTheConflict) {
  SampleResults sample;
  sample.results.hedge.feasible = false;
  std::string text = printed([&](FILE *file) { summary_hedge(file, &sample.results); });
  EXPECT_NE(text.find(sample.results.hedge.conflicts[0]), std::string::npos) << text;
  EXPECT_EQ(text.find("after"), std::string::npos);
}

} // namespace
