/* Reads the reference tables under tests/reference: prices and derivatives of single contracts. */
#ifndef QS_TESTS_MARKET_REFERENCE_TABLE_H
#define QS_TESTS_MARKET_REFERENCE_TABLE_H

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "host/market/fourier.h"

/* One contract with its reference values; `call` is true where the table has no column for it. */
struct ReferenceRow {
  int id = 0;
  qs_model model = {};
  double years = 0, log_moneyness = 0, error = 0;
  bool call = true;
  qs_fourier_option_value value = {};
};

inline std::vector<ReferenceRow> read_reference(const std::string &name) {
  std::ifstream file(std::string(QS_SOURCE_DIR) + "/tests/reference/" + name);
  std::vector<ReferenceRow> rows;
  std::vector<std::string> header;
  std::string line;
  while (std::getline(file, line)) {
    std::map<std::string, std::string> cell;
    std::stringstream stream(line);
    std::string text;
    for (std::size_t i = 0; std::getline(stream, text, ','); i++) {
      if (rows.empty() && header.size() == i && line.compare(0, 3, "id,") == 0) {
        header.push_back(text);
      } else {
        cell[header.at(i)] = text;
      }
    }
    if (cell.empty()) {
      continue;
    }
    auto number = [&cell](const std::string &key) { return std::strtod(cell.at(key).c_str(), nullptr); };
    ReferenceRow row;
    row.id = static_cast<int>(number("id"));
    for (int type = 0; type < QS_MODEL_COUNT; type++) {
      if (cell["model"] == qs_model_name(static_cast<qs_model_type>(type))) {
        row.model.type = static_cast<qs_model_type>(type);
      }
    }
    for (int i = 0; i < QS_PARAMETER_COUNT; i++) {
      std::string parameter = qs_parameter_name(static_cast<qs_parameter>(i));
      row.model.value[i] = number(parameter);
      row.value.parameter[i] = number("d_" + parameter);
    }
    row.years = number("years");
    row.log_moneyness = number("log_moneyness");
    row.call = cell.count("call_put") == 0 || cell["call_put"] == "call";
    row.value.price = number("price");
    row.value.delta = number("delta");
    row.value.gamma = number("gamma");
    row.value.time = number("time");
    row.error = number("error");
    rows.push_back(row);
  }
  return rows;
}

#endif
