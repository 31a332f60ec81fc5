#include "tests/conformance/path_cases.h"

#include <algorithm>
#include <cstring>
#include <sstream>

namespace conformance {

namespace {

using paths::Exotic;
using paths::PathValuation;

qs_script_code code(qs_script_op op, int flags, std::uint32_t count, std::uint32_t to, std::uint32_t a,
                    std::uint32_t b = 0, std::uint32_t c = 0, double number = 0) {
  return {static_cast<std::uint16_t>(op), static_cast<std::uint16_t>(flags), count, to, a, b, c, number};
}

// Every operation over five prices, of which the first is known, and three constants; all but one of the
// codes pass derivatives on.
const qs_script_program &every_operation() {
  enum { A = QS_SCRIPT_ACTIVE_A, AB = A | QS_SCRIPT_ACTIVE_B, ABC = AB | QS_SCRIPT_ACTIVE_C };
  enum { RUNS = QS_SCRIPT_SERIES_A, BOTH_RUN = QS_SCRIPT_SERIES_A | QS_SCRIPT_SERIES_B };
  static const double constants[] = {60.0, 0.0, 1.3};
  static const std::uint32_t rows[] = {0, 2, 4};
  static const qs_script_range clears[] = {{0, 52}};
  static const qs_script_code codes[] = {
      code(QS_SCRIPT_ADD, AB, 1, 8, 0, 1),
      code(QS_SCRIPT_SUBTRACT, AB, 1, 9, 8, 5),
      code(QS_SCRIPT_MULTIPLY, AB, 1, 10, 9, 2),
      code(QS_SCRIPT_DIVIDE, AB, 1, 11, 10, 3),
      code(QS_SCRIPT_POWER, AB, 1, 12, 3, 7),
      code(QS_SCRIPT_RETURN, AB | BOTH_RUN, 4, 13, 1, 0),
      code(QS_SCRIPT_LOG_RETURN, AB | BOTH_RUN, 4, 17, 1, 0),
      code(QS_SCRIPT_LESSER, AB, 1, 21, 11, 12),
      code(QS_SCRIPT_GREATER, AB, 1, 22, 21, 6),
      code(QS_SCRIPT_RAMP, AB, 1, 23, 0, 1, 0, 0.05),
      code(QS_SCRIPT_ABS, A, 1, 24, 9),
      code(QS_SCRIPT_EXP, A, 1, 25, 17),
      code(QS_SCRIPT_LOG, A, 1, 26, 4),
      code(QS_SCRIPT_ROOT, A, 1, 27, 24),
      code(QS_SCRIPT_CHOOSE, ABC, 1, 28, 22, 27, 23),
      code(QS_SCRIPT_SUM, A, 4, 29, 13, 0, 0, 1.0),
      code(QS_SCRIPT_LEAST, A, 5, 30, 0),
      code(QS_SCRIPT_GREATEST, A, 5, 31, 0),
      code(QS_SCRIPT_PRODUCT, A | QS_SCRIPT_SETS_A, 4, 32, 13),
      code(QS_SCRIPT_GATHER, A, 3, 36, 0),
      code(QS_SCRIPT_SUM, A, 3, 39, 36, 0, 0, 1.0 / 3),
      code(QS_SCRIPT_ADD, AB, 1, 40, 28, 29),
      code(QS_SCRIPT_ADD, AB, 1, 41, 40, 30),
      code(QS_SCRIPT_SUBTRACT, AB, 1, 42, 41, 31),
      code(QS_SCRIPT_ADD, AB, 1, 43, 42, 35),
      code(QS_SCRIPT_ADD, AB, 1, 44, 43, 39),
      code(QS_SCRIPT_ADD, AB, 1, 45, 44, 25),
      code(QS_SCRIPT_ADD, AB, 1, 46, 45, 26),
      code(QS_SCRIPT_ADD, AB, 1, 47, 46, 20),
      code(QS_SCRIPT_GREATER, AB, 1, 48, 47, 6),
      code(QS_SCRIPT_BELOW, 0, 1, 49, 0, 5),
      code(QS_SCRIPT_ADD, A, 1, 50, 48, 49),
      code(QS_SCRIPT_ADD, A, 1, 51, 50, 6),
  };
  static const qs_script_program program = {
      codes, constants, rows, clears, sizeof codes / sizeof *codes, 3, 3, 1, 5, 52, 51};
  return program;
}

const std::uint32_t seen[] = {4, 0, 1, 2, 3}; // 4: known
const double known[] = {54, 0, 0, 0, 0};

PathValuation valuation(const path_law &law, qs_sampling sampling, qs_precision precision, bool greeks) {
  PathValuation run = paths::every_payoff(law.model, law.scheme, sampling, precision, greeks);
  for (double jumps : {0.0, 1.0}) {
    Exotic exotic{QS_PATH_SCRIPT, 1, {1, 2, 3, 4}, paths::equal_weights(4), {55, jumps}};
    exotic.program = &every_operation();
    run.exotics.push_back(exotic);
  }
  if (law.leverage) { // takes neither early exercise nor a shifted variance
    const auto early = [](const Exotic &exotic) { return exotic.payoff == QS_PATH_EARLY; };
    run.exotics.erase(std::remove_if(run.exotics.begin(), run.exotics.end(), early), run.exotics.end());
  } else {
    for (std::size_t i = 0; i < run.steps.size(); i++) {
      run.steps[i].added = i % 2 ? 0.0005 : 0; // a shifted variance
    }
    run.added = {0, .1, .2, .3, .4, 0, 0, .1, .1, .1}; // two moves of it, by date
  }
  run.unit.path_count = 192 + 64; // the last batch is a short one
  run.unit.first_path = 512;
  return run;
}

} // namespace

const std::vector<path_law> &path_laws() {
  static const std::vector<path_law> laws = {{"gbm", QS_MODEL_GBM, QS_SCHEME_QE},
                                             {"merton", QS_MODEL_MERTON, QS_SCHEME_QE},
                                             {"kou", QS_MODEL_KOU, QS_SCHEME_QE},
                                             {"heston", QS_MODEL_HESTON, QS_SCHEME_QE},
                                             {"bates", QS_MODEL_BATES, QS_SCHEME_QE},
                                             {"svcj", QS_MODEL_SVCJ, QS_SCHEME_QE},
                                             {"heston_euler", QS_MODEL_HESTON, QS_SCHEME_EULER},
                                             {"bates_euler", QS_MODEL_BATES, QS_SCHEME_EULER},
                                             {"svcj_euler", QS_MODEL_SVCJ, QS_SCHEME_EULER},
                                             {"leverage", QS_MODEL_HESTON, QS_SCHEME_EULER, true}};
  return laws;
}

const char *sampling_name(qs_sampling sampling) {
  return sampling == QS_SAMPLING_PSEUDO ? "pseudo" : sampling == QS_SAMPLING_SOBOL ? "sobol" : "antithetic";
}

path_case::path_case(const path_law &law, qs_sampling sampling, qs_precision precision, bool greeks)
    : name(std::string(law.name) + "_" + sampling_name(sampling) + (greeks ? "_greeks" : "_price") +
           (precision == QS_PRECISION_MIXED ? "_mixed" : "_double")),
      run_(valuation(law, sampling, precision, greeks)) {
  run_.connect();
  for (qs_path_payoff_plan &payoff : run_.payoffs) {
    if (payoff.program == &every_operation()) {
      payoff.observed = seen;
      payoff.known = known;
    }
  }
  if (law.leverage) {
    add_leverage();
  }
}

void path_case::add_leverage() {
  const std::uint32_t nodes = 9;
  low_ = {-.6, -.5}, spacing_ = {.15, .13};
  for (std::uint32_t table = 0; table < 2; table++) {
    for (std::uint32_t j = 0; j < nodes; j++) {
      const double x = low_[table] + j * spacing_[table];
      values_.push_back((table ? 1.0 : 1.1) - .6 * x + .8 * x * x);
    }
  }
  for (std::uint32_t j = 0; j < run_.steps.size(); j++) {
    step_table_.push_back(j >= 4);
    step_offset_.push_back(.002 * j);
  }
  for (const qs_date &date : run_.dates) {
    date_table_.push_back(date.main_steps >= 4);
    date_offset_.push_back(.002 * date.main_steps);
  }
  leverage_ = {2,
               nodes,
               low_.data(),
               spacing_.data(),
               values_.data(),
               step_table_.data(),
               date_table_.data(),
               step_offset_.data(),
               date_offset_.data()};
  run_.unit.leverage = &leverage_;
}

void path_case::shorten() {
  run_.payoffs = {run_.payoffs.front(), run_.payoffs.back()};
  run_.unit.payoffs = run_.payoffs.data();
  run_.unit.payoff_count = 2;
  run_.unit.path_count = run_.unit.batch_paths = 64;
  run_.unit.batch_end = 1;
}

std::vector<qs_moment> path_case::room() const {
  const qs_path_unit &u = run_.unit;
  return std::vector<qs_moment>(static_cast<std::size_t>(u.batch_end - u.batch_begin) * u.shift_count *
                                    u.payoff_count * qs_path_unit_quantities(&u),
                                qs_moment{-7, -7});
}

std::string path_case::difference(const std::vector<qs_moment> &got,
                                  const std::vector<qs_moment> &want) const {
  if (got.size() != want.size()) {
    return "another number of moments";
  }
  std::ostringstream text;
  text.precision(17);
  std::size_t quantities = qs_path_unit_quantities(&run_.unit), payoffs = run_.unit.payoff_count,
              differing = 0;
  for (std::size_t i = 0; i < want.size(); i++) {
    if (std::memcmp(&got[i], &want[i], sizeof want[i]) == 0 || differing++) {
      continue;
    }
    std::size_t row = i / quantities;
    text << "batch " << row / payoffs / run_.unit.shift_count << " shift "
         << row / payoffs % run_.unit.shift_count << " payoff " << row % payoffs << " (kind "
         << run_.payoffs[row % payoffs].payoff << ") quantity " << i % quantities << ": mean " << got[i].mean
         << " not " << want[i].mean << ", m2 " << got[i].m2 << " not " << want[i].m2;
  }
  if (differing) {
    text << " (" << differing << " of " << want.size() << " differ)";
  }
  return text.str();
}

} // namespace conformance
