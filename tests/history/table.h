/* The tables of this folder and the recorded data of ../shared/data, which tests alone read. */
#ifndef QS_TESTS_HISTORY_TABLE_H
#define QS_TESTS_HISTORY_TABLE_H

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#ifdef QS_TESTS_ZLIB
#include <zlib.h>
#endif

namespace history {

inline std::vector<std::string> split(const std::string &line) {
  std::vector<std::string> cells;
  std::stringstream stream(line);
  for (std::string cell; std::getline(stream, cell, ',');) {
    cells.push_back(cell);
  }
  return cells;
}

/* Columns by name; an empty cell is NaN, and so is what is no number. */
struct Table {
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> rows;

  bool parse(std::istream &in) {
    std::string line;
    if (!std::getline(in, line)) {
      return false;
    }
    names = split(line);
    while (std::getline(in, line)) {
      rows.push_back(split(line));
      rows.back().resize(names.size());
    }
    return true;
  }

  bool read(const std::string &path) {
    std::ifstream in(path);
    return in && parse(in);
  }

  /* False where the file is absent, or this build has no zlib. */
  bool read_gz(const std::string &path) {
#ifdef QS_TESTS_ZLIB
    gzFile file = gzopen(path.c_str(), "rb");
    if (!file) {
      return false;
    }
    std::string text;
    char buffer[1 << 16];
    for (int got; (got = gzread(file, buffer, sizeof buffer)) > 0;) {
      text.append(buffer, static_cast<size_t>(got));
    }
    gzclose(file);
    std::stringstream in(text);
    return parse(in);
#else
    (void)path;
    return false;
#endif
  }

  size_t place(const std::string &name) const {
    for (size_t i = 0; i < names.size(); i++) {
      if (names[i] == name) {
        return i;
      }
    }
    throw std::runtime_error("no column " + name);
  }

  std::vector<std::string> texts(const std::string &name) const {
    std::vector<std::string> column;
    size_t at = place(name);
    for (const std::vector<std::string> &row : rows) {
      column.push_back(row[at]);
    }
    return column;
  }

  /* Up to the first empty cell. */
  std::vector<double> numbers(const std::string &name) const {
    std::vector<double> column;
    for (const std::string &cell : texts(name)) {
      if (cell.empty()) {
        break;
      }
      column.push_back(std::strtod(cell.c_str(), nullptr));
    }
    return column;
  }
};

inline std::string beside(const std::string &name) {
  return std::string(QS_SOURCE_DIR "/tests/history/") + name;
}

inline std::string recorded(const std::string &name) {
  return std::string(QS_SOURCE_DIR "/../shared/data/") + name;
}

inline std::vector<double> series(const std::string &name) {
  static Table table;
  if (table.names.empty() && !table.read(beside("series.csv"))) {
    throw std::runtime_error("no series.csv");
  }
  return table.numbers(name);
}

inline double reference(const std::string &name) {
  static std::map<std::string, double> values;
  if (values.empty()) {
    Table table;
    table.read(beside("references.csv"));
    std::vector<std::string> names = table.texts("name");
    std::vector<double> numbers = table.numbers("value");
    for (size_t i = 0; i < names.size(); i++) {
      values[names[i]] = numbers.at(i);
    }
  }
  return values.at(name);
}

} // namespace history

#endif
