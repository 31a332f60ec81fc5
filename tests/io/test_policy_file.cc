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

/* Two dates of a model with random variance, unwound on the third. */
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
  qs_hedge_advice ask(const char *time, double spot, double variance, double holding) {
    qs_live_state state = {0, spot, variance, holding};
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

/* Whatever byte is changed, and wherever it is cut. */
TEST_F(PolicyFile, DamageIsRefused) {
  for (size_t i = 0; i < text.size(); i++) {
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
      {"quickset policy,1", "quickset policy,2", "p.csv:1:1: not a policy that this version can read"},
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
      {"high,inf,0.1,", "high,inf,0.0,", "p.csv:11:14: must be at least the number of low above it"},
      {"unwind,2026-08-03", "unwind,2026-08-02", "must be after the last date"},
      {"104.04", "-104.04", "must be above 0"},
  };
  for (const auto &c : cases) {
    expect_refused(hashed(c[0], c[1]), c[2]);
  }
  expect_refused("", "");
  expect_refused(std::string("quickset policy,1\n\0\0", 20), "p.csv:2:1");
  qs_saved_policy *made = nullptr;
  EXPECT_EQ(qs_saved_policy_load(&engine, (folder / "none").c_str(), &made), QS_ERROR_INPUT);
  EXPECT_EQ(qs_saved_policy_load(&engine, (folder / "").c_str(), &made), QS_ERROR_INPUT);
}

/* Behind a hash that fits: every bit turned over, every byte left out or doubled, and every cut. What is read
 * then has an answer, or an error that says why there is none. */
TEST_F(PolicyFile, WhatIsHashedAgainIsReadOrRefused) {
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
        const qs_live_state state = {1785571200 + 86400, spot, variance, 0.5};
        qs_hedge_advice advice = {};
        const qs_status asked = qs_saved_policy_ask(&engine, made, &state, &advice);
        EXPECT_TRUE(asked == QS_ERROR_INPUT || (asked == QS_OK && std::isfinite(advice.trade))) << asked;
      }
    }
    qs_saved_policy_destroy(made);
  };
  for (size_t i = 0; i < body.size(); i++) {
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
}

} // namespace
