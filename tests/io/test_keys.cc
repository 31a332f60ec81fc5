/* configs/README.md says what the schema says: every key, and every number's range. */
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>

#include "host/base/text.h"
#include "host/io/config.h"
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
                     key == "trades[].fixings" || key == "trades[].exercise";
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

} // namespace
