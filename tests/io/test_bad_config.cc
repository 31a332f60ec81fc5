/* Malformed configs and files: each is refused with one line that says where, what and what is allowed. */
#include <gtest/gtest.h>

#include <chrono>
#include <set>

#include "bad_folder.h"
#include "host/io/config.h"

namespace {

void expect_said(const BadCase &c, const std::string &message) {
  EXPECT_EQ(message.find('\n'), std::string::npos) << "more than one line: " << message;
  for (const std::string &part : c.said) {
    EXPECT_NE(message.find(part), std::string::npos) << "not said: " << part << "\nmessage: " << message;
  }
}

class Bad : public testing::TestWithParam<BadCase> {};

TEST_P(Bad, IsRefusedWithItsPlace) {
  const BadCase &c = GetParam();
  Scratch folder;
  std::string place = write_bad_case(folder, c);
  std::vector<std::string> before = folder.list();
  qs_context context;
  qs_context_init(&context);
  qs_config *config = nullptr;
  EXPECT_EQ(qs_config_read(&context, (folder / "config.yaml").c_str(), nullptr, 0, &config), QS_ERROR_INPUT);
  EXPECT_EQ(config, nullptr) << "outputs stay untouched";
  std::string message = context.message;
  EXPECT_EQ(message.rfind(place, 0), 0u) << "not at " << place << "\nmessage: " << message;
  EXPECT_FALSE(place.empty() && c.said.empty()) << "the case expects nothing";
  expect_said(c, message);
  EXPECT_EQ(folder.list(), before) << "something was written";
}

std::string case_name(const testing::TestParamInfo<BadCase> &info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Config, Bad, testing::ValuesIn(bad_cases()), case_name);

TEST(BadCases, AreManyAndNamedOnce) {
  std::set<std::string> names;
  for (const BadCase &c : bad_cases()) {
    EXPECT_TRUE(names.insert(c.name).second) << c.name;
  }
  EXPECT_GE(names.size(), 60u);
}

/* The sample itself is good, or the cases would prove nothing. */
TEST(BadCases, StartFromAGoodConfig) {
  Scratch folder;
  folder.write(sample_files());
  qs_context context;
  qs_context_init(&context);
  qs_config *config = nullptr;
  EXPECT_EQ(qs_config_read(&context, (folder / "config.yaml").c_str(), nullptr, 0, &config), QS_OK)
      << context.message;
  qs_config_destroy(config);
}

struct BadOverride {
  const char *text;
  qs_status status;
  std::vector<std::string> said;
};

TEST(BadOverrides, AreNamed) {
  const std::vector<BadOverride> cases = {
      {"simulation.seed", QS_ERROR_USAGE, {"--set simulation.seed: there is no =; must be key=value"}},
      {"=5", QS_ERROR_USAGE, {"--set =5: a key is empty"}},
      {"a..b=5", QS_ERROR_USAGE, {"a key is empty"}},
      {"simulation.=5", QS_ERROR_USAGE, {"a key is empty"}},
      {"simulation.seed=x",
       QS_ERROR_INPUT,
       {"--set simulation.seed=x: simulation.seed: got x: must be a whole number"}},
      {"simulation.seed=", QS_ERROR_INPUT, {"--set simulation.seed=: simulation.seed: got nothing"}},
      {"simulation.sede=1",
       QS_ERROR_INPUT,
       {"--set simulation.sede=1: simulation.sede: got 1: unknown key (did you mean 'seed'?)"}},
      {"underlyings.9.spot=1",
       QS_ERROR_INPUT,
       {"--set underlyings.9.spot=1: underlyings.9: got 9: no such element; must be a number from 0 to 4"}},
      {"underlyings.first.spot=1", QS_ERROR_INPUT, {"underlyings.first: got first: no such element"}},
      {"portfolio.0.quantity=1", QS_ERROR_INPUT, {"portfolio.0: got positions.csv: has no keys below it"}},
      {"underlyings.1.spot=[1",
       QS_ERROR_INPUT,
       {"--set underlyings.1.spot=[1: underlyings.1.spot: got [1: ", "must be YAML or JSON"}},
      {"underlyings.1.spot=-5",
       QS_ERROR_INPUT,
       {"underlyings.1.spot: got -5: must be a number greater than 0"}},
      {"risk.levels=&a [0.5]", QS_ERROR_INPUT, {"risk.levels: got &a: anchors and aliases are not allowed"}},
      {"trades.0.expiry_years=!!float 1", QS_ERROR_INPUT, {"tags are not allowed"}},
      {"portfolio=gone.csv",
       QS_ERROR_INPUT,
       {"--set portfolio=gone.csv: portfolio: got ", "/gone.csv: No such file"}},
      {"stress.scenarios=[{name: a},{name: a}]",
       QS_ERROR_INPUT,
       {"stress.scenarios.1.name: got a: duplicate name"}},
  };
  Scratch folder;
  folder.write(sample_files());
  for (const BadOverride &c : cases) {
    qs_context context;
    qs_context_init(&context);
    qs_config *config = nullptr;
    EXPECT_EQ(qs_config_read(&context, (folder / "config.yaml").c_str(), &c.text, 1, &config), c.status)
        << c.text;
    for (const std::string &part : c.said) {
      EXPECT_NE(std::string(context.message).find(part), std::string::npos)
          << c.text << "\nnot said: " << part << "\nmessage: " << context.message;
    }
  }
}

/* Hostile documents are refused at once: 20 s is far above what any of them takes, also under sanitizers. */
TEST(Hostile, CostsLittleTime) {
  Scratch folder;
  std::map<std::string, std::string> files = {
      {"open.yaml", std::string(1 << 20, '[')},
      {"nested.yaml",
       [] {
         std::string text;
         for (int i = 0; i < 5000; i++) {
           text += std::string((size_t)i, ' ') + "a:\n";
         }
         return text;
       }()},
      {"items.yaml", "a: [" +
                         [] {
                           std::string text;
                           for (int i = 0; i < 2000000; i++) {
                             text += i % 1000 ? "1," : "1,\n ";
                           }
                           return text;
                         }() +
                         "1]"},
      {"words.yaml",
       [] {
         std::string text = "a: ";
         for (int i = 0; i < 400000; i++) {
           text += "word \n ";
         }
         return text;
       }()},
  };
  folder.write(files);
  auto start = std::chrono::steady_clock::now();
  for (const auto &[name, text] : files) {
    qs_context context;
    qs_context_init(&context);
    qs_config *config = nullptr;
    EXPECT_EQ(qs_config_read(&context, (folder / name).c_str(), nullptr, 0, &config), QS_ERROR_INPUT) << name;
    EXPECT_NE(context.message[0], '\0');
  }
  EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), 20);
}

} // namespace
