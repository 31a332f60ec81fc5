/* A real chain of ../shared/data/chains, read with a few lines of its own so that the market's tests do not
 * stand on the product's CSV reader. */
#ifndef QS_TESTS_MARKET_CHAIN_H
#define QS_TESTS_MARKET_CHAIN_H

#include <cmath>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "host/market/time.h"
#include "quickset/inputs.h"

struct Chain {
  std::deque<std::string> names; /* whose texts the quotes borrow */
  std::vector<qs_quote> quotes;
  std::string underlying, file;
  qs_time as_of = 0;

  /* False when the folder or the file is absent. The name of the file is asset_YYYYMMDDTHHMMSSZ.csv. */
  bool load(const std::string &name) {
    file = name;
    if (!read(std::string(QS_SOURCE_DIR "/../shared/data/chains/") + name)) {
      return false;
    }
    size_t split = name.find('_');
    for (char c : name.substr(0, split)) {
      underlying += static_cast<char>(std::toupper(c));
    }
    std::string t = name.substr(split + 1);
    std::string iso = t.substr(0, 4) + "-" + t.substr(4, 2) + "-" + t.substr(6, 2) + "T" + t.substr(9, 2) +
                      ":" + t.substr(11, 2) + ":" + t.substr(13, 2) + "Z";
    if (!qs_time_parse(iso.c_str(), &as_of)) {
      return false;
    }
    return true;
  }

  /* Reads the rows of a file; the name tells nothing. */
  bool read(const std::string &path) {
    std::ifstream in(path);
    std::string line;
    if (!in || !std::getline(in, line)) {
      return false;
    }
    for (uint32_t number = 2; std::getline(in, line); number++) {
      add(line, number);
    }
    return true;
  }

  qs_underlying_spec spec() const {
    qs_underlying_spec spec;
    qs_underlying_spec_init(&spec);
    spec.name = underlying.c_str();
    spec.quotes_source = file.c_str();
    spec.quotes = quotes.data();
    spec.quote_count = quotes.size();
    return spec;
  }

private:
  static double number(const std::string &cell) {
    return cell.empty() ? NAN : std::strtod(cell.c_str(), nullptr);
  }

  void add(const std::string &line, uint32_t number_of_line) {
    std::vector<std::string> cells;
    std::stringstream stream(line);
    for (std::string cell; std::getline(stream, cell, ',');) {
      cells.push_back(cell);
    }
    cells.resize(5);
    names.push_back(cells[0]);
    quotes.push_back({names.back().c_str(), number(cells[1]), number(cells[2]), number(cells[3]),
                      number(cells[4]), NAN, NAN, number_of_line});
  }
};

inline const std::vector<std::string> &chain_files() {
  static const std::vector<std::string> files = {"btc_20260801T175804Z.csv", "btc_20260427T085457Z.csv",
                                                 "btc_20260521T100410Z.csv", "eth_20260521T100842Z.csv",
                                                 "eth_20240108T111941Z.csv"};
  return files;
}

#endif
