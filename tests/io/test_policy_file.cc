/* A policy as a file: back to the last bit, and nothing else is taken for one; then asked. */
#include <cmath>
#include <cstring>
#include <limits>

#include "host/api/engine.h"
#include "host/io/policy_file.h"
#include "host/io/sha256.h"
#include "host/market/time.h"
#include "scratch.h"

namespace {

const double inf = std::numeric_limits<double>::infinity();

enum Form { ALONE, APART, TOGETHER };

/* Two dates of a model with random variance, unwound on the third; of one instrument, of two whose bands know
 * nothing of each other, or of two whose bands do. */
class PolicyFile : public testing::Test {
public:
  qs_engine engine = {};
  qs_context *context = &engine.context;
  Scratch folder{true};
  double low[2][6] = {{-inf, 0.1, -0.0, 1e-300, 0.3, 1.0 / 3}, {0, 1, 2, 10, 11, 12}};
  double high[2][6] = {{inf, 0.1, 0.5, 0.25, inf, 7}, {1, 2, 3, 11, 12, 13}};
  qs_saved_date dates[2];
  qs_saved_policy policy = {};
  std::string text;

  PolicyFile() {
    qs_context_init(context);
    for (int n = 0; n < 2; n++) {
      dates[n] = {1785571200 + 86400 * n, 100.0 + n, -1, 1, 3, 0.1, 0.2, 2, low[n], high[n]};
    }
    policy = {"a, \"name\"", "optimal", "X", "X-SPOT", 1785571200, 4.5, dates, 2, 1785744000, 104.04};
    text = written();
  }
  qs_saved_grid grid[2] = {{-0.5, 1, 1, 2}, {0, 2, 0, 1}}; /* 5 and 3 points: 20 numbers a state */
  float bands[2][4 * 20];
  void become(Form form) {
    policy.second = form == ALONE ? nullptr : "X-27FEB26-100-C";
    policy.grid = form == TOGETHER ? grid : nullptr;
    for (int n = 0; n < 2; n++) {
      dates[n] = {1785571200 + 86400 * n, 100.0 + n, -1, 1, 3, 0.1, 0.2, 2, low[n], high[n]};
      if (form == APART) {
        dates[n].second_low = low[1 - n];
        dates[n].second_high = high[1 - n];
      } else if (form == TOGETHER) {
        dates[n].x_count = 2;
        dates[n].low = dates[n].high = nullptr;
        dates[n].bands = bands[n];
      }
      for (int k = 0; k < 4 * 20; k++) { /* low edges below high ones, both ascending with the state */
        const int i = k % 20;
        const bool is_high = (i >= 3 && i < 6) || i >= 13;
        bands[n][k] = float((is_high ? 0.5 : -0.3) + 0.01 * (k / 20) + 0.003 * i + 0.1 * n);
      }
    }
    text = written();
  }
  std::string written() {
    qs_buffer b;
    qs_buffer_init(&b, context);
    qs_policy_file_write(&b, &policy);
    std::string made(b.text, b.used);
    qs_buffer_free(&b);
    return made;
  }
  qs_status read(const std::string &bytes, qs_saved_policy **made) {
    folder.write("p.csv", bytes);
    return qs_saved_policy_load(&engine, (folder / "p.csv").c_str(), made);
  }
  /* With a hash that fits what is above it. */
  std::string hashed(const std::string &from, const std::string &to) {
    std::string changed = text.substr(0, text.rfind("sha256,"));
    const size_t at = changed.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    changed.replace(at, from.size(), to);
    char hash[QS_SHA256_TEXT];
    qs_sha256(changed.data(), changed.size(), hash);
    return changed + "sha256," + hash + "\n";
  }
  void expect_refused(const std::string &bytes, const std::string &said) {
    qs_saved_policy *made = nullptr;
    EXPECT_EQ(read(bytes, &made), QS_ERROR_INPUT) << said;
    EXPECT_EQ(made, nullptr);
    EXPECT_NE(std::string(context->message).find(said), std::string::npos) << context->message;
  }
  void damage();
  void fail_all();
  void hash_again();
  qs_hedge_advice ask(const char *time, double spot, double variance, double holding, double second = 0) {
    qs_live_state state = {0, spot, variance, holding, second};
    EXPECT_TRUE(qs_time_from_text(time, &state.time));
    qs_hedge_advice advice = {};
    EXPECT_EQ(qs_saved_policy_ask(&engine, &policy, &state, &advice), QS_OK) << context->message;
    return advice;
  }
};

TEST_F(PolicyFile, ComesBackToTheLastBit) {
  qs_saved_policy *made = nullptr;
  ASSERT_EQ(read(text, &made), QS_OK) << context->message;
  EXPECT_STREQ(made->name, policy.name);
  EXPECT_STREQ(made->type, policy.type);
  EXPECT_STREQ(made->underlying, policy.underlying);
  EXPECT_STREQ(made->instrument, policy.instrument);
  EXPECT_EQ(made->as_of, policy.as_of);
  EXPECT_EQ(made->cost_weight, policy.cost_weight);
  EXPECT_EQ(made->unwind, policy.unwind);
  EXPECT_EQ(made->unwind_forward, policy.unwind_forward);
  ASSERT_EQ(made->date_count, 2u);
  for (int n = 0; n < 2; n++) {
    const qs_saved_date &d = made->dates[n];
    EXPECT_EQ(d.date, dates[n].date);
    EXPECT_EQ(d.forward, dates[n].forward);
    EXPECT_EQ(d.x_low, -1);
    EXPECT_EQ(d.x_step, 1);
    EXPECT_EQ(d.x_count, 3u);
    EXPECT_EQ(d.y_low, 0.1);
    EXPECT_EQ(d.y_step, 0.2);
    EXPECT_EQ(d.y_count, 2u);
    EXPECT_EQ(std::memcmp(d.low, low[n], sizeof low[n]), 0);
    EXPECT_EQ(std::memcmp(d.high, high[n], sizeof high[n]), 0);
  }
  qs_saved_policy_destroy(made);
  qs_saved_policy_destroy(nullptr);
}

TEST_F(PolicyFile, ALineBreakInANameIsASpace) {
  policy.name = "two\nlines";
  qs_saved_policy *made = nullptr;
  ASSERT_EQ(read(written(), &made), QS_OK) << context->message;
  EXPECT_STREQ(made->name, "two lines");
  qs_saved_policy_destroy(made);
}

TEST_F(PolicyFile, TwoInstrumentsComeBackToTheLastBit) {
  for (Form form : {APART, TOGETHER}) {
    become(form);
    qs_saved_policy *made = nullptr;
    ASSERT_EQ(read(text, &made), QS_OK) << context->message;
    EXPECT_EQ(text.substr(0, 18), "quickset policy,2\n");
    EXPECT_STREQ(made->instrument, policy.instrument);
    EXPECT_STREQ(made->second, policy.second);
    ASSERT_EQ(made->grid != nullptr, form == TOGETHER);
    for (int n = 0; n < 2; n++) {
      const qs_saved_date &d = made->dates[n];
      if (form == APART) {
        EXPECT_EQ(std::memcmp(d.low, low[n], sizeof low[n]), 0);
        EXPECT_EQ(std::memcmp(d.high, high[n], sizeof high[n]), 0);
        EXPECT_EQ(std::memcmp(d.second_low, low[1 - n], sizeof low[n]), 0);
        EXPECT_EQ(std::memcmp(d.second_high, high[1 - n], sizeof high[n]), 0);
        EXPECT_EQ(d.bands, nullptr);
        continue;
      }
      EXPECT_EQ(std::memcmp(d.bands, bands[n], sizeof bands[n]), 0);
      EXPECT_EQ(d.low, nullptr);
      EXPECT_EQ(made->grid[n].low, grid[n].low);
      EXPECT_EQ(made->grid[n].high, grid[n].high);
      EXPECT_EQ(made->grid[n].below, grid[n].below);
      EXPECT_EQ(made->grid[n].above, grid[n].above);
    }
    qs_saved_policy_destroy(made);
  }
}

/* Its numbers are those of the published form of Z85, and all bits come through. */
TEST_F(PolicyFile, NumbersOfAStateAreZ85) {
  become(TOGETHER);
  const uint32_t published = 0x864FD26F; /* RFC 32's test: 86 4F D2 6F B5 59 F7 5B is HelloWorld */
  std::memcpy(&bands[0][0], &published, 4);
  text = written();
  EXPECT_NE(text.find("\nstate,Hello"), std::string::npos);
  qs_saved_policy *made = nullptr;
  ASSERT_EQ(read(text, &made), QS_OK) << context->message;
  EXPECT_EQ(std::memcmp(made->dates[0].bands, bands[0], sizeof bands[0]), 0);
  qs_saved_policy_destroy(made);
}

/* Whatever byte is changed, and wherever it is cut. */
TEST_F(PolicyFile, DamageIsRefused) {
  for (Form form : {ALONE, APART, TOGETHER}) {
    become(form);
    damage();
  }
}

void PolicyFile::damage() {
  for (size_t i = 0; i < text.size(); i += i < 700 || i + 100 > text.size() ? 1 : 7) {
    qs_saved_policy *made = nullptr;
    EXPECT_EQ(read(text.substr(0, i), &made), QS_ERROR_INPUT) << "cut at " << i;
    for (char other : {'0', '7', ',', '\n', 'x'}) {
      std::string changed = text;
      if (changed[i] != other) {
        changed[i] = other;
        EXPECT_EQ(read(changed, &made), QS_ERROR_INPUT) << "byte " << i << " as " << other;
      }
    }
    EXPECT_EQ(made, nullptr);
  }
  expect_refused(text + "more\n", "not the hash of what is above it");
}

TEST_F(PolicyFile, WhatMakesNoSenseIsRefusedWithItsPlace) {
  const char first[] = "date,2026-08-01T08:00:00Z,100,-1,1,3,0.1,0.2,2";
  const std::vector<std::vector<std::string>> cases = {
      {"quickset policy,1", "quickset policy,3", "p.csv:1:1: not a policy that this version can read"},
      {"name,", "nome,", "p.csv:2:1: must be the line `name,...`"},
      {"as_of,2026", "as_of,when2026", "p.csv:6:7: got when2026-08-01T08:00:00Z: must be a time"},
      {"cost_weight,4.5", "cost_weight,much", "p.csv:7:13: got much: must be a number"},
      {"cost_weight,4.5", "cost_weight,inf", "must be a number"},
      {"cost_weight,4.5", "cost_weight,4.5,5", "the line must end here"},
      {"dates,2", "dates,0", "p.csv:8:7: must be a whole number from 1 to 4096"},
      {"dates,2", "dates,1.5", "must be a whole number"},
      {"dates,2", "dates,5000", "must be a whole number"},
      {"dates,2", "dates,3", "must be the line `date,...`"},
      {"dates,2", "dates,1", "must be the line `unwind,...`"},
      {first, "date,2026-07-01T08:00:00Z,100,-1,1,3,0.1,0.2,2", "dates must ascend, none before as_of"},
      {first, "date,2026-08-03T08:00:00Z,100,-1,1,3,0.1,0.2,2", "dates must ascend"},
      {first, "date,2026-08-01T08:00:00Z,0,-1,1,3,0.1,0.2,2", "p.csv:9:27: must be above 0"},
      {first, "date,2026-08-01T08:00:00Z,100,-1,0,3,0.1,0.2,2", "must be above 0"},
      {first, "date,2026-08-01T08:00:00Z,100,-1,1,1,0.1,0.2,2", "must be a whole number from 2"},
      {first, "date,2026-08-01T08:00:00Z,100,-1,1,3,0.1,0,2", "the step of y must be above 0"},
      {first, "date,2026-08-01T08:00:00Z,100,-1,1,65536,0.1,0.2,65536",
       "more nodes than the file has numbers"},
      {first, "date,2026-08-01T08:00:00Z,100,-1,1,4,0.1,0.2,2", "the line must go on with a comma"},
      {first, "date,2026-08-01T08:00:00Z,100,-1,1,2,0.1,0.2,2", "the line must end here"},
      {"low,-inf,0.1", "low,nan,0.1", "got nan: must be a number, inf or -inf"},
      {"low,-inf,0.1", "low,inf,0.1", "p.csv:10:9: must not be above all numbers"},
      {"high,inf,0.1,", "high,-inf,0.1,", "must not be below all numbers"},
      {"high,inf,0.1,", "high,inf,0.0,", "p.csv:11:14: must be at least the number of low above it"},
      {"unwind,2026-08-03", "unwind,2026-08-02", "must be after the last date"},
      {"104.04", "-104.04", "must be above 0"},
  };
  for (const auto &c : cases) {
    expect_refused(hashed(c[0], c[1]), c[2]);
  }
  become(APART);
  const std::vector<std::vector<std::string>> apart = {
      {"quickset policy,2", "quickset policy,1", "p.csv:6:1: must be the line `as_of,...`"},
      {"bands,apart", "bands,both", "got both: bands must be apart or together"},
      {"bands,apart", "bands,together", "must be the line `grid,...`"},
      {"second_low", "third_low", "must be the line `second_low,...`"},
      {"second_high,1,", "second_high,-1,", "must be at least the number of low above it"}};
  for (const auto &c : apart) {
    expect_refused(hashed(c[0], c[1]), c[2]);
  }
  become(TOGETHER);
  const size_t begin = text.find("state,");
  const std::string cell = text.substr(begin + 6, 5), line = text.substr(begin, 6 + 20 * 5 + 1);
  ASSERT_EQ(line.back(), '\n');
  const std::vector<std::vector<std::string>> together = {
      {"bands,together", "bands,apart", "must be the line `dates,...`"},
      {"grid,-0.5,1,1,2", "grid,0.5,1,1,2", "limits must hold 0"},
      {"grid,-0.5,1,1,2", "grid,-0.5,1,0,2", "limits must hold 0"},
      {"grid,-0.5,1,1,2", "grid,-0.5,1,1,255", "must be a whole number from 0 to 254"},
      {"grid,0,2,0,1", "grid,0,2,0,0", "limits must hold 0"},
      {"grid,0,2,0,1", "grid,0,2,0,2", "p.csv:14:"},
      {line, line.substr(0, 6 + 19 * 5) + "\n", "p.csv:14:102: must be five digits of Z85"},
      {line, line.substr(0, 6 + 20 * 5) + cell + "\n", "p.csv:14:107: the line must end here"},
      {"state," + cell, "state,#####", "p.csv:14:7: must be a finite number of 32 bits in Z85"},
      {"state," + cell, "state,%nSc1", "must be a finite number of 32 bits in Z85"}, /* 2^32 */
      {"state," + cell, "state,E$dI0", "must be a finite number of 32 bits in Z85"}, /* inf */
      {"state," + cell, "state,k$b:*", "a high edge must be at least the low one"},  /* 12.34 */
      {"state," + cell, "state,1\n234", "must be five digits of Z85"},
      {"state," + cell, "sate," + cell, "must be the line `state,...`"}};
  for (const auto &c : together) {
    expect_refused(hashed(c[0], c[1]), c[2]);
  }
  become(ALONE);
  expect_refused("", "");
  expect_refused(std::string("quickset policy,1\n\0\0", 20), "p.csv:2:1");
  qs_saved_policy *made = nullptr;
  EXPECT_EQ(qs_saved_policy_load(&engine, (folder / "none").c_str(), &made), QS_ERROR_INPUT);
  EXPECT_EQ(qs_saved_policy_load(&engine, (folder / "").c_str(), &made), QS_ERROR_INPUT);
}

/* Behind a hash that fits: every bit turned over, every byte left out or doubled, and every cut. What is read
 * then has an answer, or an error that says why there is none. */
TEST_F(PolicyFile, WhatIsHashedAgainIsReadOrRefused) {
  for (Form form : {ALONE, APART, TOGETHER}) {
    become(form);
    hash_again();
  }
}

void PolicyFile::hash_again() {
  const std::string body = text.substr(0, text.rfind("sha256,"));
  int good = 0, refused = 0;
  auto attempt = [&](const std::string &changed) {
    char hash[QS_SHA256_TEXT];
    qs_sha256(changed.data(), changed.size(), hash);
    qs_saved_policy *made = nullptr;
    const qs_status status = read(changed + "sha256," + hash + "\n", &made);
    if (status) {
      refused++;
      EXPECT_EQ(status, QS_ERROR_INPUT);
      EXPECT_EQ(made, nullptr);
      EXPECT_NE(std::string(context->message).find("p.csv"), std::string::npos) << context->message;
      return;
    }
    good++;
    for (double spot : {1e-300, 1.0, 104.0, 1e300}) {
      for (double variance : {0.0, 0.2, 1e9}) {
        const qs_live_state state = {1785571200 + 86400, spot, variance, 0.5, policy.second ? 0.25 : 0};
        qs_hedge_advice advice = {};
        const qs_status asked = qs_saved_policy_ask(&engine, made, &state, &advice);
        EXPECT_TRUE(asked == QS_ERROR_INPUT ||
                    (asked == QS_OK && std::isfinite(advice.trade) && std::isfinite(advice.second_trade)))
            << asked;
      }
    }
    qs_saved_policy_destroy(made);
  };
  for (size_t i = 0; i < body.size(); i += i < 700 ? 1 : 7) { /* numbers of states are all alike */
    for (int bit = 0; bit < 8; bit++) {
      std::string changed = body;
      changed[i] = char(changed[i] ^ (1 << bit));
      attempt(changed);
    }
    attempt(body.substr(0, i) + body.substr(i + 1));
    attempt(body.substr(0, i) + body.substr(i, 1) + body.substr(i));
    attempt(body.substr(0, i));
  }
  EXPECT_GT(good, 100);
  EXPECT_GT(refused, 1000);
}

struct Failing {
  long left, held;
  static void *allocate(void *data, size_t size) {
    Failing *f = static_cast<Failing *>(data);
    if (f->left-- == 0) {
      f->left = 0;
      return nullptr;
    }
    f->held++;
    return malloc(size);
  }
  static void release(void *data, void *block) {
    static_cast<Failing *>(data)->held -= block != nullptr;
    free(block);
  }
};

TEST_F(PolicyFile, EveryAllocationMayFail) {
  for (Form form : {ALONE, APART, TOGETHER}) {
    become(form);
    fail_all();
  }
}

void PolicyFile::fail_all() {
  folder.write("p.csv", text);
  qs_status status = QS_ERROR_MEMORY;
  long tried = 0;
  for (long at = 0; status == QS_ERROR_MEMORY; at++, tried++) {
    Failing failing = {at, 0};
    context->allocator = {Failing::allocate, Failing::release, &failing};
    qs_saved_policy *made = nullptr;
    status = qs_saved_policy_load(&engine, (folder / "p.csv").c_str(), &made);
    ASSERT_TRUE(status == QS_OK || (status == QS_ERROR_MEMORY && !made)) << at;
    qs_saved_policy_destroy(made);
    EXPECT_EQ(failing.held, 0) << at;
  }
  EXPECT_GT(tried, 2);
  qs_context_init(context);
}

TEST_F(PolicyFile, IsAskedBetweenItsNodesAndDates) {
  /* at the first node of x and y of the second date, and between; its forward is 101 */
  qs_hedge_advice a = ask("2026-08-02T08:00:00Z", 101 * std::exp(-1), 0.1 * 0.1, 0.5);
  EXPECT_NEAR(a.low, 0, 1e-12);
  EXPECT_NEAR(a.high, 1, 1e-12);
  EXPECT_EQ(a.trade, 0);
  EXPECT_EQ(a.date, 1785571200 + 86400);
  EXPECT_EQ(a.next, policy.unwind);
  a = ask("2026-08-02T08:00:00Z", 101 * std::exp(0.5), 0.2 * 0.2, 3);
  EXPECT_NEAR(a.low, 6.5, 1e-12);
  EXPECT_NEAR(a.trade, 3.5, 1e-12);
  EXPECT_TRUE(a.inside_table);
  /* twelve hours later the forward is the geometric mean of 101 and 104.04 */
  a = ask("2026-08-02T20:00:00Z", std::sqrt(101 * 104.04), 0.1 * 0.1, 9);
  EXPECT_NEAR(a.high, 2, 1e-12);
  EXPECT_NEAR(a.trade, -7, 1e-12);
  a = ask("2026-08-01T09:00:00Z", 90, 4, 9);
  EXPECT_FALSE(a.inside_table) << "sqrt(4) is above the nodes of y";
  EXPECT_EQ(a.high, inf) << "nothing is sold";
  a = ask("2026-08-03T08:00:00Z", 90, 4, 9);
  EXPECT_EQ(a.trade, -9) << "the unwind";
  EXPECT_EQ(a.next, 0);
  qs_live_state state = {1785571200, 100, NAN, 0};
  EXPECT_EQ(qs_saved_policy_ask(&engine, &policy, &state, &a), QS_ERROR_INPUT);
  EXPECT_STREQ(context->message, "variance: got nan: must be at least 0; the policy depends on the variance");
  state.variance = 0.04;
  state.holding = inf;
  EXPECT_EQ(qs_saved_policy_ask(&engine, &policy, &state, &a), QS_ERROR_INPUT);
  EXPECT_STREQ(context->message, "holding: got inf of X-SPOT: must be a number");
  state.holding = 0;
  state.second = 1;
  EXPECT_EQ(qs_saved_policy_ask(&engine, &policy, &state, &a), QS_ERROR_INPUT);
  EXPECT_STREQ(context->message, "holding: got 1 of a second instrument: the policy has X-SPOT alone");
}

TEST_F(PolicyFile, TwoTablesAreAskedEachForItself) {
  become(APART);
  const qs_hedge_advice a = ask("2026-08-02T08:00:00Z", 101 * std::exp(-1), 0.1 * 0.1, 3, 0.75);
  EXPECT_NEAR(a.trade, -2, 1e-12) << "the band is 0 to 1";
  EXPECT_EQ(a.second_trade, 0) << "nothing is traded of the second";
  EXPECT_EQ(a.second_high, inf);
  const qs_hedge_advice end = ask("2026-08-03T08:00:00Z", 101, 0.01, 3, 0.75);
  EXPECT_EQ(end.trade, -3);
  EXPECT_EQ(end.second_trade, -0.75);
}

/* By hand, at the first node of the first date: the numbers are -.3 or .5 and .003 for each place. */
TEST_F(PolicyFile, BandsThatDependOnEachOther) {
  become(TOGETHER);
  auto at = [&](int i) { return double(bands[0][i]); };
  const double spot = 100 * std::exp(-1);
  /* The first at .75, halfway from .5 to 1, points 3 and 4 of 5: the second's lower edge is between places 9
   * and 10, but not below place 11, with the first at its lowest, and so goes up to that. */
  qs_hedge_advice a = ask("2026-08-01T08:00:00Z", spot, 0.01, 0.75, 0);
  EXPECT_NEAR(a.second_low, at(11), 1e-12);
  EXPECT_NEAR(a.second_high, at(18), 1e-12);
  EXPECT_EQ(a.second_trade, 0);
  /* 0 is the second point of the second's grid. */
  EXPECT_NEAR(a.low, at(1), 1e-12);
  EXPECT_NEAR(a.high, at(4), 1e-12);
  EXPECT_NEAR(a.trade, at(4) - 0.75, 1e-12);
  /* The second at 2 goes down first; the first's band is where that has gone to. */
  a = ask("2026-08-01T08:00:00Z", spot, 0.01, -0.5, 2);
  const double to = at(18);
  EXPECT_NEAR(a.second_trade, to - 2, 1e-12);
  EXPECT_NEAR(a.low, at(1) + (at(2) - at(1)) * to / 2, 1e-12);
  EXPECT_NEAR(a.trade, a.low + 0.5, 1e-12);
  qs_live_state state = {1785571200, 100, 0.04, 1.5, 0};
  EXPECT_EQ(qs_saved_policy_ask(&engine, &policy, &state, &a), QS_ERROR_INPUT);
  EXPECT_STREQ(context->message, "holding: got 1.5 of X-SPOT: must be within the policy's limits, -0.5 to 1");
  state.holding = 1;
  state.second = NAN;
  EXPECT_EQ(qs_saved_policy_ask(&engine, &policy, &state, &a), QS_ERROR_INPUT);
  EXPECT_STREQ(context->message, "holding: got nan of X-27FEB26-100-C: must be a number");
}

} // namespace
