// What formulas mean: values against plain C++, derivatives known in closed form, folding, jumps, limits.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>

#include "tests/script/formula.h"

namespace script_test {
namespace {

using Path = std::function<double(uint32_t)>;
using Payoff = std::function<double(const Path &, const Path &)>; // BTC, ETH

double mean_of(const Path &s, const char *dates) {
  const auto &d = two().dates.at(dates);
  double sum = 0;
  for (uint32_t i : d)
    sum += s(i);
  return sum / double(d.size());
}

double least_of(const Path &s, const char *dates) {
  double least = INFINITY;
  for (uint32_t i : two().dates.at(dates))
    least = std::min(least, s(i));
  return least;
}

double over_returns(const Path &s, const char *dates, const std::function<double(double)> &f) {
  const auto &d = two().dates.at(dates);
  double sum = 0;
  for (size_t i = 1; i < d.size(); i++)
    sum += f(s(d[i]) / s(d[i - 1]));
  return sum;
}

struct Case {
  const char *text;
  Payoff payoff;
};

const double K = 100, B = 80;

const std::vector<Case> &cases() {
  static const std::vector<Case> list = {
      {"max(mean(BTC[monthly]) - K, 0)",
       [](const Path &s, const Path &) { return std::max(mean_of(s, "monthly") - K, 0.0); }},
      {"if(min(BTC[daily]) < B, 0, max(BTC[T] - K, 0))",
       [](const Path &s, const Path &) { return least_of(s, "daily") < B ? 0 : std::max(s(59) - K, 0.0); }},
      {"max(sum(max(min(returns(BTC[monthly]), cap), floor)), 0)",
       [](const Path &s, const Path &) {
         return std::max(
             over_returns(s, "monthly", [](double x) { return std::max(std::min(x - 1, 0.05), -0.02); }),
             0.0);
       }},
      {"r = returns(BTC[monthly]); r = 1; r", nullptr},
      {"r = returns(BTC[monthly]);\nc = max(min(r, cap), floor);\nmax(sum(c), 0);",
       [](const Path &s, const Path &) {
         return std::max(
             over_returns(s, "monthly", [](double x) { return std::max(std::min(x - 1, 0.05), -0.02); }),
             0.0);
       }},
      {"sqrt(sum(logreturns(BTC[daily])^2) * 365 / 59)",
       [](const Path &s, const Path &) {
         return std::sqrt(over_returns(s, "daily", [](double x) { return std::log(x) * std::log(x); }) * 365 /
                          59);
       }},
      {"max(max(BTC[T]/BTC[t0], ETH[T]/ETH[t0]) - 1, 0)",
       [](const Path &s, const Path &e) { return std::max(std::max(s(59) / s(0), e(59) / e(0)) - 1, 0.0); }},
      {"max(max(BTC[daily]) - BTC[T], 0)",
       [](const Path &s, const Path &) {
         double most = 0;
         for (uint32_t d = 0; d < 60; d++)
           most = std::max(most, s(d));
         return most - s(59);
       }},
      {"product(BTC[monthly])^(1/12)",
       [](const Path &s, const Path &) {
         double log_sum = 0;
         for (uint32_t d = 4; d < 60; d += 5)
           log_sum += std::log(s(d));
         return std::exp(log_sum / 12);
       }},
      {"mean(if(BTC[daily] > ETH[daily] and not BTC[daily] >= 110, 1, 0))",
       [](const Path &s, const Path &e) {
         double days = 0;
         for (uint32_t d = 0; d < 60; d++)
           days += s(d) > e(d) && !(s(d) >= 110);
         return days / 60;
       }},
      {"if(any(BTC[daily] < 90) or all(ETH[daily] <= 110), 1, 2)",
       [](const Path &s, const Path &e) {
         bool any = false, all = true;
         for (uint32_t d = 0; d < 60; d++) {
           any = any || s(d) < 90;
           all = all && e(d) <= 110;
         }
         return any || all ? 1 : 2;
       }},
      {"if(BTC[T] < K, 0, 1, width)",
       [](const Path &s, const Path &) { return 1 - std::min(1.0, std::max(0.0, (K - s(59)) / 5 + 0.5)); }},
      {"last(BTC[monthly]) - first(BTC[monthly]) + abs(BTC[once]/1)", nullptr},
      {"last(BTC[monthly]) - first(BTC[monthly]) + first(abs(BTC[once] - K))",
       [](const Path &s, const Path &) { return s(59) - s(4) + std::fabs(s(30) - K); }},
      {"-BTC[T]^2 + 2^-1*3", [](const Path &s, const Path &) { return -s(59) * s(59) + 1.5; }},
      {"2^3^2 + 10 - 4 - 3 + 8/4/2 + BTC[T]*zero", [](const Path &, const Path &) { return 516.0; }},
      {"BTC[T]^0.5 + BTC[T]^-3 * 1e6 + BTC[T]^1 + 0 * BTC[T]^0",
       [](const Path &s, const Path &) { return std::sqrt(s(59)) + 1e6 / (s(59) * s(59) * s(59)) + s(59); }},
      {"exp(log(BTC[T]) / 2)", [](const Path &s, const Path &) { return std::sqrt(s(59)); }},
      {"if(BTC[T] > K, log(BTC[T] - K), 1/zero2)", nullptr},
      {"if(BTC[T] > K, sqrt(BTC[T] - K), 0)",
       [](const Path &s, const Path &) { return s(59) > K ? std::sqrt(s(59) - K) : 0; }},
      {"sum(BTC[monthly]^0)", [](const Path &, const Path &) { return 12.0; }},
      {"BTC[T]", [](const Path &s, const Path &) { return s(59); }},
      {"7", [](const Path &, const Path &) { return 7.0; }},
      {"min(BTC[T], ETH[T], K)",
       [](const Path &s, const Path &e) { return std::min(std::min(s(59), e(59)), K); }},
  };
  return list;
}

TEST(Formulas, MeanWhatTheySay) {
  for (const Case &c : cases()) {
    Formula formula(c.text, two());
    if (!c.payoff) {
      EXPECT_EQ(formula.status, QS_ERROR_INPUT) << c.text;
      continue;
    }
    ASSERT_EQ(formula.status, QS_OK) << c.text << ": " << formula.context.message;
    ASSERT_TRUE(qs_script_valid(&formula.script.program)) << c.text;
    const auto found = run<double>(formula.script, qs_script_baseline_double_64, 192, price);
    const auto single = run<float>(formula.script, qs_script_baseline_float_64, 192, price);
    for (size_t i = 0; i < 192; i++) {
      const Path btc = [i](uint32_t d) { return price(0, d, i); },
                 eth = [i](uint32_t d) { return price(1, d, i); };
      const double expected = c.payoff(btc, eth);
      EXPECT_NEAR(found.value[i], expected, 1e-12 * (1 + std::fabs(expected))) << c.text;
      EXPECT_NEAR(double(single.value[i]), expected, 3e-4 * (1 + std::fabs(expected) / 10)) << c.text;
    }
  }
}

TEST(Formulas, DerivativesOfAnAsianCall) {
  Formula formula("max(mean(S[monthly]) - K, 0)", one());
  ASSERT_EQ(formula.status, QS_OK) << formula.context.message;
  ASSERT_EQ(formula.script.program.observation_count, 12u);
  const auto found = run<double>(formula.script, qs_script_baseline_double_64, 64, price);
  for (size_t i = 0; i < 64; i++)
    for (uint32_t o = 0; o < 12; o++)
      EXPECT_EQ(found.derivative[o][i], found.value[i] > 0 ? 1.0 / 12 : 0.0);
}

// Each date once, by underlying and then date, whatever the order in the formula; only what is needed.
TEST(Formulas, ObserveWhatTheyNeed) {
  Formula formula("a = sum(ETH[early]); ETH[T] - last(BTC[monthly]) + max(BTC[pair])", two());
  ASSERT_EQ(formula.status, QS_OK) << formula.context.message;
  const qs_script &s = formula.script;
  ASSERT_EQ(s.program.observation_count, 3u);
  const uint32_t expected[3][2] = {{0, 10}, {0, 59}, {1, 59}};
  for (int i = 0; i < 3; i++) {
    EXPECT_EQ(s.observations[i].underlying, expected[i][0]);
    EXPECT_EQ(s.observations[i].date, expected[i][1]);
  }
}

TEST(Formulas, ConstantsAreFolded) {
  Formula formula("2 * K - max(K, B, 3^2) + sqrt(16) + if(B < K, 1, 2) + log(exp(1))", one());
  ASSERT_EQ(formula.status, QS_OK) << formula.context.message;
  EXPECT_EQ(formula.script.program.code_count, 0u);
  EXPECT_EQ(formula.script.program.observation_count, 0u);
  EXPECT_EQ(formula.script.program.constant_count, 1u);
  const auto found = run<double>(formula.script, qs_script_baseline_double_64, 64, price);
  EXPECT_DOUBLE_EQ(found.value[0], 200 - 100 + 4 + 1 + 1);
}

TEST(Formulas, TheSameIsComputedOnce) {
  Formula formula("max(mean(S[monthly]) - K, 0) + max(mean(S[monthly]) - K, 0)", one());
  ASSERT_EQ(formula.status, QS_OK) << formula.context.message;
  EXPECT_EQ(formula.script.program.code_count, 4u);
}

TEST(Formulas, TellOfJumps) {
  struct {
    const char *text;
    uint32_t count, column;
  } list[] = {{"max(S[T] - K, 0)", 0, 0},
              {"if(S[T] < B, 1, 0, 2)", 0, 0},
              {"if(S[T] < B, 1, 0)", 1, 9},
              {"a = if(S[T] < 3, 1, 0); if(S[T] < B, 1, 0, 2)", 0, 0},
              {"if(S[T] < B and S[t0] > K, 1, 0)", 2, 9},
              {"if(K < B, 1, 0) + S[T]", 0, 0}};
  for (const auto &c : list) {
    Formula formula(c.text, one());
    ASSERT_EQ(formula.status, QS_OK) << c.text << formula.context.message;
    EXPECT_EQ(formula.script.jump_count, c.count) << c.text;
    EXPECT_EQ(formula.script.jump_column, c.column) << c.text;
  }
}

// Where a function is not defined the payoff is no number, unless the branch is not taken.
TEST(Formulas, UndefinedIsNotANumber) {
  for (const char *text : {"log(S[T] - 1e6)", "sqrt(S[T] - 1e6)", "K / (S[T] - S[T])", "(0 - S[T])^0.5",
                           "max(log(0 * S[T]), 3)", "max(3, log(-S[T]))", "min(log(-S[daily]))",
                           "if(log(-S[T]) < 3, 1, 2)", "max(log(-S[T]), log(-S[t0]))",
                           "if(log(-S[T]) < 3, 1, 2, 1)", "any_ = sum(if(log(-S[daily]) < 3, 1, 2)); any_"}) {
    Formula formula(text, one());
    ASSERT_EQ(formula.status, QS_OK) << text << formula.context.message;
    const auto found = run<double>(formula.script, qs_script_baseline_double_64, 64, price);
    const auto single = run<float>(formula.script, qs_script_baseline_float_64, 64, price);
    EXPECT_TRUE(std::isnan(found.value[5]) && std::isnan(single.value[5])) << text << " " << found.value[5];
  }
  for (const char *text : {"if(S[T] > 1e6, log(S[T] - 1e6), S[T])", "if(S[T] > 1e6, 1 / (S[T] - S[T]), S[T])",
                           "if(S[T] > 1e6, sqrt(S[T] - S[T]), S[T], 1)"}) {
    Formula formula(text, one());
    ASSERT_EQ(formula.status, QS_OK) << text << formula.context.message;
    const auto found = run<double>(formula.script, qs_script_baseline_double_64, 64, price);
    EXPECT_EQ(found.value[5], price(0, 59, 5)) << text;
    EXPECT_EQ(found.derivative[0][5], 1.0) << text;
  }
}

TEST(Formulas, MemoryIsBounded) {
  std::string text = "sum(S[daily]";
  for (int i = 0; i < 300; i++)
    text += " * exp(S[daily] / " + std::to_string(i + 2) + ")";
  Formula formula(text + ")", one());
  EXPECT_EQ(formula.status, QS_ERROR_INPUT);
  EXPECT_NE(std::string(formula.context.message).find("too many numbers a path"), std::string::npos)
      << formula.context.message;
  Formula small("max(mean(S[monthly]) - K, 0)", one());
  EXPECT_EQ(small.script.program.slot_count, 12u + 2 + 3);
  EXPECT_EQ(qs_script_scratch(&small.script.program, 64, 4, true), 17u * 64 * 4 * 2);
}

// configs/SCRIPT.md: every example compiles, and its message is the one there is.
TEST(Formulas, DocumentedOnesCompile) {
  std::ifstream file(QS_SOURCE_DIR "/configs/SCRIPT.md");
  const std::vector<uint32_t> all = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  const uint32_t last = 9, first = 0;
  const qs_script_schedule schedules[] = {{"T", &last, 1, true},
                                          {"t0", &first, 1, true},
                                          {"daily", all.data(), 10, false},
                                          {"monthly", all.data(), 5, false},
                                          {"last_week", all.data() + 5, 5, false}};
  std::vector<qs_script_constant> constants;
  for (const char *name : {"K", "B", "cash", "rebate", "cap", "floor", "coupon", "low", "high"})
    constants.push_back({name, 0.5});
  const char *underlyings[] = {"BTC", "ETH"};
  qs_script_names names = {constants.data(), schedules, underlyings, uint32_t(constants.size()), 5, 1, 10};
  std::string line, whole;
  int examples = 0;
  for (bool inside = false; std::getline(file, line); whole += line + "\n") {
    inside = line.rfind("## ", 0) == 0 ? line == "## Examples" : inside;
    const size_t end = line.find("` |", 3);
    if (!inside || line.rfind("| `", 0) != 0 || end == std::string::npos)
      continue;
    const std::string text = line.substr(3, end - 3);
    names.underlying_count = text.find("ETH") == std::string::npos ? 1 : 2;
    qs_context context;
    qs_context_init(&context);
    qs_arena *arena = qs_arena_create(&context);
    qs_script script;
    EXPECT_EQ(qs_script_compile(&context, arena, "trade x", text.data(), text.size(), &names, &script), QS_OK)
        << text << context.message;
    EXPECT_EQ(script.jump_count, 0u) << text;
    qs_arena_destroy(arena);
    examples++;
  }
  EXPECT_GE(examples, 10);
  const std::string wrong = "max(mean(S[monthyl]) - K, 0)";
  qs_context context;
  qs_context_init(&context);
  qs_script script;
  names.underlying_count = 1;
  EXPECT_EQ(qs_script_compile(&context, nullptr, "trade x", wrong.data(), wrong.size(), &names, &script),
            QS_ERROR_INPUT);
  EXPECT_NE(whole.find("\n" + std::string(context.message) + "\n"), std::string::npos) << context.message;
}

} // namespace
} // namespace script_test
