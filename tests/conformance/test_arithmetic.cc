// Every 32-bit input through core's scalar functions, on the GPU and here. Here division and root are the
// processor's own IEEE operations, so that the device's "seed and Newton" is compared with IEEE rounding over
// its whole range; the other functions must give the same bits because their source is the same.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "tests/conformance/arithmetic.h"

namespace {

const char *const names[ARITHMETIC_COUNT] = {"reciprocal", "root", "quotient", "quotient_any",
                                             "root_any",   "exp",  "log",      "sine",
                                             "cosine",     "cdf",  "normal",   "normal_double"};

constexpr std::uint32_t chunk = 1u << 26;

class Arithmetic : public ::testing::TestWithParam<int> {};

// The number of inputs in [first, first + chunk) where the results differ; the least of them in *where.
std::uint64_t differences(int function, std::uint32_t first, const std::vector<std::uint32_t> &results,
                          std::uint32_t *where) {
  std::uint64_t count = 0;
  std::uint32_t least = UINT32_MAX;
#pragma omp parallel for reduction(+ : count) reduction(min : least)
  for (std::int64_t i = 0; i < std::int64_t{chunk}; i++) {
    const std::uint32_t bits = first + static_cast<std::uint32_t>(i);
    const std::uint32_t want = arithmetic_covers(function, bits) ? arithmetic_apply(function, bits) : 0u;
    if (want != results[static_cast<std::size_t>(i)]) {
      count++;
      least = bits < least ? bits : least;
    }
  }
  *where = least;
  return count;
}

TEST_P(Arithmetic, TheDeviceGivesTheHostsBitsForEveryInput) {
  std::uint32_t one = 0;
  char message[ARITHMETIC_TEXT] = "";
  int status = arithmetic_on_device(GetParam(), 0, 1, &one, message);
  if (status < 0) {
    GTEST_SKIP() << message;
  }
  std::vector<std::uint32_t> results(chunk);
  std::uint64_t wrong = 0, covered = 0;
  std::uint32_t first_wrong = 0;
  for (std::uint64_t first = 0; first < (std::uint64_t{1} << 32); first += chunk) {
    status =
        arithmetic_on_device(GetParam(), static_cast<std::uint32_t>(first), chunk, results.data(), message);
    ASSERT_EQ(status, 0) << message;
    std::uint32_t where = 0;
    std::uint64_t count = differences(GetParam(), static_cast<std::uint32_t>(first), results, &where);
    first_wrong = wrong == 0 && count ? where : first_wrong;
    wrong += count;
    covered += chunk;
  }
  RecordProperty("inputs", std::to_string(covered));
  EXPECT_EQ(wrong, 0u) << names[GetParam()] << ": first at bits " << std::hex << first_wrong
                       << ", which gives " << arithmetic_apply(GetParam(), first_wrong) << " here";
}

std::string name_of(const ::testing::TestParamInfo<int> &test) {
  return names[test.param];
}

INSTANTIATE_TEST_SUITE_P(All, Arithmetic, ::testing::Range(0, static_cast<int>(ARITHMETIC_COUNT)), name_of);

} // namespace
