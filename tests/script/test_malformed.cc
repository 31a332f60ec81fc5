// Formulas that are refused, each with the column, what was found and a word of what is allowed; and whatever
// bytes there are, an answer in bounded time.
#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <random>

#include "tests/script/formula.h"

namespace script_test {
namespace {

struct Bad {
  const char *text;
  unsigned column;
  const char *got, *allowed;
};

const Bad kBad[] = {
    // bytes and tokens
    {"", 1, "the formula's end", "a number, a name"},
    {"   ", 4, "the formula's end", "a number, a name"},
    {"S[T] $ 2", 6, "$", "no such character"},
    {"S[T] & K", 6, "&", "no such character"},
    {"\"S\"", 1, "\"", "no such character"},
    {"S[T] % 2", 6, "%", "no such character"},
    {"{S[T]}", 1, "{", "no such character"},
    {"S[T] \xE2\x89\xA4 K", 6, "\xE2\x89\xA4", "no such character"},
    {"S[T] \xFF", 6, "\\xFF", "no such character"},
    {"S[T] \x01", 6, "\\x01", "no such character"},
    {"S[T] == K", 6, "==", "equality"},
    {"S[T] != K", 6, "!=", "equality"},
    {"S[T] ! K", 6, "!", "no such character"},
    {"12abc", 1, "12a", "not a number"},
    {"1.2.3", 1, "1.2.", "not a number"},
    {"1e", 1, "1e", "not a number"},
    {"1e+", 1, "1e", "not a number"},
    {"1e999", 1, "1e999", "finite"},
    {"0x10", 1, "0x", "not a number"},
    {"S[T] + 1_000", 8, "1_", "not a number"},
    {".", 1, ".", "no such character"},
    {"1000000000000000000000000000000000000000000000000000", 1, "1000", "at most 48"},
    {"a_name_that_is_longer_than_any_name_may_be", 1, "a_name_that", "at most 31"},
    // names
    {"X", 1, "X", "no constant of that name; there are K, B"},
    {"k", 1, "k", "no constant"},
    {"S[T] + Q", 8, "Q", "no constant"},
    {"S", 1, "S", "dates in brackets"},
    {"BTC - K", 1, "BTC", "dates in brackets"},
    {"max", 1, "max", "arguments in parentheses"},
    {"max + 1", 1, "max", "arguments in parentheses"},
    {"ETH[T]", 1, "ETH", "no underlying of that name; there are S, BTC"},
    {"K[T]", 1, "K", "no underlying"},
    {"S[weekly]", 3, "weekly", "no dates of that name; there are T, daily"},
    {"S[3]", 3, "3", "no dates"},
    {"S[]", 3, "]", "no dates"},
    {"S[T", 4, "the formula's end", "']'"},
    {"S[T)", 4, ")", "']'"},
    {"S[daily, T]", 8, ",", "']'"},
    {"S(T)", 1, "S", "no such function"},
    {"maxx(S[T], K)", 1, "maxx", "no such function"},
    {"K(3)", 1, "K", "no such function"},
    // shape
    {"S[T] +", 7, "the formula's end", "a number, a name"},
    {"S[T] + * 2", 8, "*", "a number, a name"},
    {"+ S[T]", 1, "+", "a number, a name"},
    {"S[T] S[T]", 6, "S", "an operator or the formula's end"},
    {"S[T] 2", 6, "2", "an operator or the formula's end"},
    {"(S[T]", 6, "the formula's end", "')'"},
    {"(S[T]]", 6, "]", "')'"},
    {"S[T])", 5, ")", "an operator or the formula's end"},
    {"()", 2, ")", "a number, a name"},
    {"max(S[T], K", 12, "the formula's end", "',' or ')'"},
    {"max(S[T] K)", 10, "K", "',' or ')'"},
    {"max()", 5, ")", "a number, a name"},
    {"max(S[T],)", 10, ")", "a number, a name"},
    {"max(,K)", 5, ",", "a number, a name"},
    {"S[T], K", 5, ",", "an operator or the formula's end"},
    {"S[T]^", 6, "the formula's end", "a number, a name"},
    {"S[T] < K < B", 10, "<", "join them by and"},
    {"if S[T] < K, 1, 0", 4, "S", "'(' must follow if"},
    {"if(S[T] < K, 1, 0", 18, "the formula's end", "',' or ')'"},
    {"S[T] and", 9, "the formula's end", "a number, a name"},
    {"if(not, 1, 0)", 7, ",", "a number, a name"},
    {"and", 1, "and", "a number, a name"},
    // names that the formula gives
    {"a = 1", 6, "the formula's end", "';'"},
    {"a = 1;", 7, "the formula's end", "a number, a name"},
    {"a = ; a", 5, ";", "a number, a name"},
    {"K = 1; K", 1, "K", "the name is taken"},
    {"a = 1; a = 2; a", 8, "a", "the name is taken"},
    {"max = 1; max", 1, "max", "the name is taken"},
    {"a = a + 1; a", 5, "a", "no constant"},
    {"b; a = 1", 1, "b", "no constant"},
    {"1; a = 1", 4, "a", "an operator or the formula's end"},
    {"S[T];;", 6, ";", "an operator or the formula's end"},
    {"a = S[T] < K; if(a, 1, 0)", 5, "S", "a condition"},
    {"a = 1 b = 2; a", 7, "b", "';'"},
    {"3 = a", 3, "=", "an operator or the formula's end"},
    // types
    {"S[daily]", 1, "S", "a series of 60 dates"},
    {"S[once]", 1, "S", "a series of 1 dates"},
    {"S[T] < K", 1, "S", "the payoff is a condition"},
    {"not S[T] < K", 5, "S", "the payoff is a condition"},
    {"(S[T] < K) + 1", 2, "S", "a condition; here must be a number"},
    {"1 + (S[T] < K)", 6, "S", "a condition; here must be a number"},
    {"-(S[T] < K)", 3, "S", "a condition; here must be a number"},
    {"max(S[T] < K, 1)", 5, "S", "a condition; here must be a number"},
    {"abs(S[T] < K)", 5, "S", "a condition; here must be a number"},
    {"if(S[T], 1, 0)", 4, "S", "no condition"},
    {"if(1, 1, 0)", 4, "1", "no condition"},
    {"if(S[T] < K, S[T] < B, 0)", 14, "S", "a condition; here must be a number"},
    {"if(S[T] and K, 1, 0)", 4, "S", "no condition"},
    {"if(S[T] < K or K, 1, 0)", 16, "K", "no condition"},
    {"if(not S[T], 1, 0)", 8, "S", "no condition"},
    {"if((S[T] < K) < B, 1, 0)", 5, "S", "a condition; here must be a number"},
    {"if(S[T] < K, 1)", 1, "if", "2 arguments; if takes 3"},
    {"if(S[T] < K, 1, 0, 1, 1)", 1, "if", "5 arguments"},
    {"if(S[T] < K, 1, 0, 0)", 20, "0", "the width must be"},
    {"if(S[T] < K, 1, 0, -1)", 20, "-", "the width must be"},
    {"if(S[T] < K, 1, 0, S[T])", 20, "S", "the width must be"},
    {"if(S[T] < K, 1, 0, zero)", 20, "zero", "the width must be"},
    {"sum(S[daily] + S[monthly])", 14, "+", "60 and of 12 dates"},
    {"if(any(S[daily] < S[early]), 1, 0)", 17, "<", "60 and of 10 dates"},
    {"sum(if(S[daily] < K, S[early], 0))", 5, "if", "dates"},
    {"if(any(S[daily] < K and S[pair] < K), 1, 0)", 21, "and", "60 and of 2 dates"},
    {"mean(S[T])", 6, "S", "one number; mean needs a series"},
    {"sum(K)", 5, "K", "one number; sum needs a series"},
    {"last(3)", 6, "3", "one number; last needs a series"},
    {"sum(S[daily], 1)", 1, "sum", "2 arguments; sum takes one"},
    {"abs(1, 2)", 1, "abs", "2 arguments; abs takes one"},
    {"max(K)", 5, "K", "one number alone"},
    {"min(S[T])", 5, "S", "one number alone"},
    {"returns(S[T])", 9, "S", "one number; returns needs a series"},
    {"sum(returns(S[once]))", 13, "S", "two at least"},
    {"sum(logreturns(returns(S[pair])))", 16, "returns", "two at least"},
    {"if(any(S[T] < K), 1, 0)", 8, "S", "one condition; any needs a condition date by date"},
    {"if(all(S[daily]), 1, 0)", 8, "S", "no condition"},
    {"any(S[daily] < K)", 1, "any", "the payoff is a condition"},
    {"max(1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17)", 43, ",", "at most 16 arguments"},
    // constants
    {"1 / 0", 3, "/", "no finite number"},
    {"S[T] + K / zero", 10, "/", "no finite number"},
    {"log(0)", 1, "log", "no finite number"},
    {"sqrt(-1)", 1, "sqrt", "no finite number"},
    {"exp(1000)", 1, "exp", "no finite number"},
    {"(-2)^0.5", 5, "^", "no finite number"},
    {"0^-1", 2, "^", "no finite number"},
    {"1e308 * 10", 7, "*", "no finite number"},
};

TEST(Malformed, IsRefusedWithItsPlace) {
  for (const Bad &bad : kBad) {
    Formula formula(bad.text, one());
    const std::string message = formula.context.message;
    EXPECT_EQ(formula.status, QS_ERROR_INPUT) << bad.text;
    const std::string begin = "trade x: column " + std::to_string(bad.column) + ": got " + bad.got;
    EXPECT_EQ(message.substr(0, begin.size()), begin) << bad.text << "\n" << message;
    EXPECT_NE(message.find(bad.allowed), std::string::npos) << bad.text << "\n" << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
  EXPECT_GE(sizeof kBad / sizeof *kBad, 60u);
}

TEST(Malformed, LinesAreCounted) {
  Formula formula("a = S[T];\nb = 2;\n  max(a, c)", one());
  EXPECT_STREQ(formula.context.message,
               "trade x: line 3, column 10: got c: no constant of that name; there are "
               "K, B, floor, cap, width, zero");
}

TEST(Malformed, DeepNestingIsRefused) {
  const auto message = [](const std::string &text) {
    Formula formula(text, one());
    return std::string(formula.status == QS_OK ? "ok" : formula.context.message);
  };
  const auto repeated = [](const char *text, int count) {
    std::string all;
    for (int i = 0; i < count; i++)
      all += text;
    return all;
  };
  EXPECT_EQ(message(repeated("(", 64) + "1" + repeated(")", 64)), "ok");
  const char *deep[] = {"(", "-", "abs(", "1^", "-(", "if(not ", "if(1<", "max(1,"};
  for (const char *text : deep)
    EXPECT_NE(message(repeated(text, 1600) + "1").find("nested deeper than 64"), std::string::npos) << text;
  EXPECT_NE(message("if(" + repeated("not ", 1600) + "S[T]<1,1,2)").find("nested deeper"), std::string::npos);
  EXPECT_NE(message("if(" + repeated("S[T]<1 and ", 400) + "S[T]<1,1,2)").find("256 conditions"),
            std::string::npos);
  EXPECT_EQ(message(repeated("S[T] + ", 2000) + "1"), "ok"); // long is not deep
  std::string powers;
  for (int i = 0; i < 900; i++)
    powers += "(S[T]+" + std::to_string(i) + ")^63+";
  EXPECT_NE(message(powers + "1").find("at most 4096 operations"), std::string::npos);
}

TEST(Malformed, GreatTextsAreRefused) {
  for (const std::string &text : {std::string(10 << 20, '('), std::string(10 << 20, '\0'),
                                  std::string(10 << 20, '1'), std::string((1 << 14) + 1, ' ')}) {
    Formula formula(text, one());
    EXPECT_EQ(formula.status, QS_ERROR_INPUT);
    EXPECT_NE(std::string(formula.context.message).find("at most 16384"), std::string::npos);
  }
}

TEST(Malformed, NamesAreChecked) {
  const uint32_t dates[] = {3, 2}, far[] = {60};
  struct {
    qs_script_constant constant;
    qs_script_schedule schedule;
    const char *message;
  } list[] = {
      {{"1a", 1}, {"d", far, 0, false}, "got 1a: a name in a formula is of letters"},
      {{"a b", 1}, {"d", far, 0, false}, "got a b: a name in a formula is of letters"},
      {{"", 1}, {"d", far, 0, false}, "a name in a formula has 1 to 31"},
      {{"max", 1}, {"d", far, 0, false}, "got max: the formula's language has this word"},
      {{"or", 1}, {"d", far, 0, false}, "got or: the formula's language has this word"},
      {{"a", INFINITY}, {"d", far, 0, false}, "got a: its value must be finite"},
      {{"a", 1}, {"d", far, 0, false}, "got d: it holds no dates"},
      {{"a", 1}, {"d", dates, 2, false}, "got d: its dates must ascend"},
      {{"a", 1}, {"d", dates, 2, true}, "got d: a single date must be one"},
      {{"a", 1}, {"d", far, 1, false}, "got d: its dates must ascend and be of the trade"},
  };
  for (const auto &c : list) {
    const char *underlyings[] = {"BTC"};
    Names names({"BTC"});
    names.names = {&c.constant, &c.schedule, underlyings, 1, 1, 1, 60};
    Formula formula("1", names);
    EXPECT_EQ(formula.status, QS_ERROR_INPUT) << c.message;
    EXPECT_NE(std::string(formula.context.message).find(c.message), std::string::npos)
        << formula.context.message;
  }
}

// An allocator that fails after a number of calls.
struct Meagre {
  int left;
};

void *allocate(void *data, size_t size) {
  return static_cast<Meagre *>(data)->left-- > 0 ? std::malloc(size) : nullptr;
}

void release(void *, void *block) {
  std::free(block);
}

TEST(Malformed, MemoryThatIsOutIsTold) {
  const std::string text = "if(min(BTC[daily]) < B, 0, max(mean(BTC[monthly]) - K, ETH[T]))";
  int failures = 0;
  for (bool done = false; !done; failures++) {
    Meagre meagre = {1 << 30};
    qs_context context;
    qs_context_init(&context);
    context.allocator = {allocate, release, &meagre};
    qs_arena *arena = qs_arena_create(&context);
    ASSERT_TRUE(arena);
    meagre.left = failures;
    qs_script script;
    const qs_status status =
        qs_script_compile(&context, arena, "trade x", text.data(), text.size(), &two().names, &script);
    done = status == QS_OK;
    if (!done) {
      EXPECT_EQ(status, QS_ERROR_MEMORY) << failures;
      EXPECT_NE(std::string(context.message).find("out of memory while"), std::string::npos);
    }
    qs_arena_destroy(arena);
    ASSERT_LT(failures, 1000);
  }
  EXPECT_GT(failures, 1);
}

// ---- any bytes ----

// Compiles; what is accepted must be a sound program, what is not a message on one line.
void try_text(const std::string &text) {
  Formula formula(text, two());
  if (formula.status == QS_OK) {
    ASSERT_TRUE(qs_script_valid(&formula.script.program)) << text;
    run<float>(formula.script, qs_script_baseline_float_64, 64, price);
  } else {
    const std::string message = formula.context.message;
    ASSERT_EQ(formula.status, QS_ERROR_INPUT) << text;
    ASSERT_TRUE(message.rfind("trade x: ", 0) == 0 && message.find('\n') == std::string::npos) << message;
  }
}

TEST(Malformed, AnyBytesHaveAnAnswer) {
  std::mt19937_64 random(5);
  const std::string pieces[] = {"BTC[daily]", "ETH[T]",   "BTC[monthly]",
                                "K",          "(",        ")",
                                "max(",       "min(",     "if(",
                                "sum(",       "mean(",    "product(",
                                ",",          ";",        "=",
                                "+",          "-",        "*",
                                "/",          "^",        "<",
                                ">",          "<=",       "and ",
                                "or ",        "not ",     "any(",
                                "all(",       "returns(", "last(",
                                "1",          "0.5",      "2e3",
                                "a",          " ",        "\n",
                                "[",          "]"};
  const std::string good[] = {
      "if(min(BTC[daily]) < B and not ETH[T] >= K, max(mean(BTC[monthly]) - K, 0), 1, 5)",
      "r = returns(BTC[monthly]); max(sum(min(max(r, floor), cap)), 0) * 2^0.5",
      "sqrt(sum(logreturns(BTC[daily])^2)) + product(ETH[pair] / 100) - last(BTC[early])"};
  const auto begin = std::chrono::steady_clock::now();
  const auto left = [&] { return std::chrono::steady_clock::now() - begin < std::chrono::seconds(4); };
  int tried = 0;
  for (; left() || tried < 3000; tried++) {
    std::string text;
    if (tried % 3 == 0) {
      const size_t length = random() % 200;
      for (size_t i = 0; i < length; i++)
        text += char(random() % 5 ? 32 + random() % 95 : random() % 256);
    } else if (tried % 3 == 1) {
      const size_t length = random() % 40;
      for (size_t i = 0; i < length; i++)
        text += pieces[random() % (sizeof pieces / sizeof *pieces)];
    } else {
      text = good[random() % 3];
      for (size_t edits = 1 + random() % 4; edits > 0 && !text.empty(); edits--) {
        const size_t at = random() % text.size();
        switch (random() % 4) {
        case 0:
          text.erase(at, 1 + random() % 4);
          break;
        case 1:
          text.insert(at, pieces[random() % (sizeof pieces / sizeof *pieces)]);
          break;
        case 2:
          text[at] = char(random() % 256);
          break;
        default:
          text.insert(at, text.substr(random() % text.size(), random() % 20));
          break;
        }
      }
    }
    try_text(text);
    if (HasFatalFailure())
      return;
  }
}

} // namespace
} // namespace script_test
