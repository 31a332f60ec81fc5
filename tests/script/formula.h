// Formulas for tests: names to compile them with, and runs over a block of lanes.
#ifndef QS_TESTS_SCRIPT_FORMULA_H
#define QS_TESTS_SCRIPT_FORMULA_H

#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "host/script/script.h"
#include "tests/script/script_loops.h"

namespace script_test {

// Dates 0 to 59: T is the last, daily all, monthly every fifth, early the first ten, pair two, once one in a
// list.
struct Names {
  std::map<std::string, std::vector<uint32_t>> dates;
  std::vector<qs_script_constant> constants;
  std::vector<qs_script_schedule> schedules;
  std::vector<const char *> underlyings;
  qs_script_names names{};

  explicit Names(std::vector<const char *> of) : underlyings(std::move(of)) {
    for (uint32_t d = 0; d < 60; d++) {
      dates["daily"].push_back(d);
      if (d % 5 == 4)
        dates["monthly"].push_back(d);
      if (d < 10)
        dates["early"].push_back(d);
    }
    dates["T"] = {59};
    dates["t0"] = {0};
    dates["pair"] = {10, 59};
    dates["once"] = {30};
    constants = {{"K", 100}, {"B", 80}, {"floor", -0.02}, {"cap", 0.05}, {"width", 5}, {"zero", 0}};
    for (const auto &entry : dates)
      schedules.push_back({entry.first.c_str(), entry.second.data(), uint32_t(entry.second.size()),
                           entry.first == "T" || entry.first == "t0"});
    names = {constants.data(),
             schedules.data(),
             underlyings.data(),
             uint32_t(constants.size()),
             uint32_t(schedules.size()),
             uint32_t(underlyings.size()),
             60};
  }
  Names(const Names &) = delete;
  Names &operator=(const Names &) = delete;
};

inline const Names &one() {
  static const Names names({"BTC"});
  return names;
}

inline const Names &two() {
  static const Names names({"BTC", "ETH"});
  return names;
}

// A compiled formula, or the message why not.
struct Formula {
  qs_context context;
  qs_arena *arena;
  qs_script script;
  qs_status status;

  Formula(const std::string &text, const Names &names) {
    qs_context_init(&context);
    arena = qs_arena_create(&context);
    status = qs_script_compile(&context, arena, "trade x", text.data(), text.size(), &names.names, &script);
  }
  ~Formula() { qs_arena_destroy(arena); }
  Formula(const Formula &) = delete;
  Formula &operator=(const Formula &) = delete;
};

// Rows of lanes, 64-byte aligned, filled with bytes that a pass has to overwrite.
template <class Real> struct Rows {
  size_t lanes;
  Real *data;
  Rows(size_t rows, size_t lanes_) : lanes(lanes_) {
    const size_t bytes = (rows * lanes * sizeof(Real) + 63) / 64 * 64 + 64;
    data = static_cast<Real *>(std::aligned_alloc(64, bytes));
    for (size_t i = 0; i < bytes; i++)
      reinterpret_cast<unsigned char *>(data)[i] = 0xff; // not a number
  }
  ~Rows() { std::free(data); }
  Rows(const Rows &) = delete;
  Rows &operator=(const Rows &) = delete;
  Real *operator[](size_t row) { return data + row * lanes; }
};

// The payoff and its derivatives in each lane, given price(underlying, date, lane).
template <class Real> struct Outcome {
  std::vector<Real> value;                   // [lane]
  std::vector<std::vector<Real>> derivative; // [observation][lane]
};

template <class Real, class Price>
Outcome<Real> run(const qs_script &script, const qs_script_set &set, size_t lanes, const Price &price) {
  const qs_script_program &p = script.program;
  const size_t block = size_t(set.lanes);
  Outcome<Real> outcome;
  outcome.value.resize(lanes);
  outcome.derivative.assign(p.observation_count, std::vector<Real>(lanes));
  Rows<Real> value(p.slot_count, block), adjoint(p.slot_count, block);
  set.start(&p, value.data);
  for (size_t first = 0; first < lanes; first += block) {
    for (uint32_t o = 0; o < p.observation_count; o++)
      for (size_t i = 0; i < block; i++)
        value[o][i] = Real(price(script.observations[o].underlying, script.observations[o].date, first + i));
    set.forward(&p, value.data);
    set.reverse(&p, value.data, adjoint.data);
    for (size_t i = 0; i < block && first + i < lanes; i++) {
      outcome.value[first + i] = value[p.result][i];
      for (uint32_t o = 0; o < p.observation_count; o++)
        outcome.derivative[o][first + i] = adjoint[o][i];
    }
  }
  return outcome;
}

// A random walk that depends on its arguments alone, around 100.
inline double price(uint32_t underlying, uint32_t date, size_t lane) {
  double s = 100;
  uint64_t word = 0x9E3779B97F4A7C15u * (lane + 1) + underlying;
  for (uint32_t d = 0; d <= date; d++) {
    word = word * 6364136223846793005u + 1442695040888963407u;
    s *= 1 + 0.08 * (double(word >> 11) * 0x1p-53 - 0.5);
  }
  return s;
}

inline bool has_v3() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
}

inline bool has_v4() {
  return has_v3() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl");
}

} // namespace script_test

#endif
