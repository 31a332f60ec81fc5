/* configs/README.md says what the schema says: every key, and every number's range. */
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>
#include <vector>

#include "host/base/text.h"
#include "host/io/config.h"
#include "quickset/results.h"
#include "scratch.h"

namespace {

using Keys = std::map<std::string, const qs_field *>;

/* A table that stands in several places is documented at the first. */
void collect(const qs_table *table, const std::string &prefix, std::set<const qs_table *> *seen, Keys *keys) {
  if (!seen->insert(table).second) {
    return;
  }
  for (size_t i = 0; i < table->field_count; i++) {
    const qs_field *field = &table->fields[i];
    std::string key = prefix + field->key;
    EXPECT_TRUE(keys->emplace(key, field).second) << key << " stands twice";
    if (field->table) {
      bool mapping = field->type == QS_FIELD_MAP || key == "stress.margin_grid" ||
                     key == "trades[].fixings" || key == "trades[].exercise" || key == "simulate.dates";
      collect(field->table, key + (mapping ? "." : "[]."), seen, keys);
    }
  }
}

Keys schema() {
  Keys keys;
  std::set<const qs_table *> seen;
  collect(qs_config_schema(), "", &seen, &keys);
  return keys;
}

/* Rows of the README whose first cell is a key. */
std::map<std::string, std::string> documented() {
  std::map<std::string, std::string> rows;
  std::stringstream lines(Scratch::read(QS_SOURCE_DIR "/configs/README.md"));
  bool in_keys = false;
  for (std::string line; std::getline(lines, line);) {
    in_keys = line == "## Keys" || (in_keys && line != "### Parameters of the models");
    if (in_keys && line.rfind("| `", 0) == 0) {
      std::string key = line.substr(3, line.find('`', 3) - 3);
      EXPECT_TRUE(rows.emplace(key, line).second) << key << " is documented twice";
    }
  }
  return rows;
}

std::string number(double value) {
  char text[QS_NUMBER_TEXT];
  qs_text_from_number(value, text);
  std::string plain = text;
  size_t plus = plain.find("e+");
  return plus == std::string::npos ? plain : plain.erase(plus + 1, 1);
}

/* "(0, 1e15]", or the one bound there is; nothing without bounds. */
std::string interval(const qs_range &range) {
  bool low = range.min > -1e300;
  bool high = range.max < 1e300;
  if (low && high) {
    return (range.above ? "(" : "[") + number(range.min) + ", " + number(range.max) +
           (range.below ? ")" : "]");
  }
  return low ? (range.above ? "> " : "\xe2\x89\xa5 ") + number(range.min) : "";
}

TEST(Keys, AreAllDocumented) {
  auto rows = documented();
  for (const auto &[key, field] : schema()) {
    EXPECT_TRUE(rows.count(key)) << key << " is not in configs/README.md";
  }
}

TEST(Keys, DocumentedOnesExist) {
  Keys keys = schema();
  for (const auto &[key, row] : documented()) {
    EXPECT_TRUE(keys.count(key)) << key << " is no key";
  }
  EXPECT_GT(keys.size(), 120u);
}

TEST(Keys, RangesAndChoicesAreThoseOfTheSchema) {
  auto rows = documented();
  size_t ranges = 0;
  for (const auto &[key, field] : schema()) {
    if (field->type == QS_FIELD_NUMBER || field->type == QS_FIELD_NUMBERS) {
      std::string text = interval(field->range);
      EXPECT_NE(rows[key].find(text), std::string::npos) << key << ": " << text;
      ranges += !text.empty();
    }
    for (size_t i = 0; i < field->choice_count; i++) {
      EXPECT_NE(rows[key].find(std::string("`") + field->choices[i].name + "`"), std::string::npos) << key;
    }
    EXPECT_EQ(field->required, rows[key].find("| required |") != std::string::npos) << key;
  }
  EXPECT_GT(ranges, 50u);
}

/* The words in backticks. */
std::vector<std::string> words_in(const std::string &text) {
  std::vector<std::string> words;
  for (size_t at = text.find('`'); at != std::string::npos; at = text.find('`', at + 1)) {
    size_t end = text.find('`', at + 1);
    words.push_back(text.substr(at + 1, end - at - 1));
    at = end;
  }
  return words;
}

/* The cells of a table's row. */
std::vector<std::string> cells(const std::string &row) {
  std::vector<std::string> list;
  std::stringstream parts(row.substr(1));
  for (std::string cell; std::getline(parts, cell, '|');) {
    list.push_back(cell);
  }
  return list;
}

/* configs/GREEKS.md: every type of trade has a method for every Greek, and every method is explained. */
TEST(Keys, EveryPayoffsGreeksHaveAMethod) {
  std::stringstream lines(Scratch::read(QS_SOURCE_DIR "/configs/GREEKS.md"));
  std::set<std::string> methods, types, used, greeks;
  std::string section;
  size_t width = 0;
  for (std::string line; std::getline(lines, line);) {
    section = line.rfind("## ", 0) == 0 ? line.substr(3) : section;
    if (section == "Payoffs" && line.rfind("| type |", 0) == 0) {
      width = cells(line).size();
    }
    if (section == "Payoffs") { /* those that share a column stand in the text or the head */
      for (const std::string &word : words_in(line)) {
        greeks.insert(word);
      }
    }
    if (line.rfind("| `", 0) != 0) {
      continue;
    }
    const std::vector<std::string> row = cells(line);
    if (section == "Methods") {
      methods.insert(words_in(row[0])[0]);
      continue;
    }
    ASSERT_EQ(row.size(), width) << line;
    for (const std::string &type : words_in(row[0])) {
      types.insert(type);
    }
    for (size_t i = 1; i < row.size(); i++) {
      const std::vector<std::string> words = words_in(row[i]);
      EXPECT_FALSE(words.empty()) << line;
      used.insert(words.begin(), words.end());
    }
  }
  EXPECT_EQ(used, methods);
  std::set<std::string> registered;
  const qs_field *type = schema()["trades[].type"];
  for (size_t i = 0; i < type->choice_count; i++) {
    registered.insert(type->choices[i].name);
  }
  EXPECT_EQ(types, registered);
  for (int g = 0; g < QS_GREEK_COUNT; g++) {
    EXPECT_TRUE(greeks.count(qs_greek_name(qs_greek(g)))) << qs_greek_name(qs_greek(g));
  }
}

} // namespace
