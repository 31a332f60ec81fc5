/* What is wrong with a config, and what must be said about it. Shared by the tests of the loader and of the
 * program. */
#ifndef QS_TESTS_IO_BAD_CASES_H
#define QS_TESTS_IO_BAD_CASES_H

#include <ostream>
#include <string>
#include <vector>

struct BadCase {
  const char *name;
  /* In this file, the first `find` (empty: the whole file) becomes `text`; an @ in it marks the place that
   * the message must name, and is taken out. "absent" as the text removes the file. */
  const char *file;
  std::string find, text;
  std::vector<std::string> said; /* all of it must be in the message */
};

/* For messages of a test. */
inline void PrintTo(const BadCase &c, std::ostream *out) {
  *out << c.name;
}

/* Bytes of a C array, zeros included. */
template <size_t N> std::string bytes(const char (&text)[N]) {
  return std::string(text, N - 1);
}

std::vector<BadCase> bad_cases();

/* Its parts about names that must fit together, and about the files that a config names. */
void add_reference_cases(std::vector<BadCase> &cases);
void add_file_cases(std::vector<BadCase> &cases);

/* Those of trades along a path. */
void add_trade_cases(std::vector<BadCase> &cases);

/* Those of the section simulate. */
void add_simulate_cases(std::vector<BadCase> &cases);
/* Options that hedge, and limits of what is held. */
void add_option_cases(std::vector<BadCase> &cases);
/* What paths follow, and what is said of them. */
void add_objective_cases(std::vector<BadCase> &cases);
/* Venues, changes of costs, and the account. */
void add_cost_cases(std::vector<BadCase> &cases);
/* The section backtest and its prices. */
void add_backtest_cases(std::vector<BadCase> &cases);

#endif
