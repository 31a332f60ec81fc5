// Philox against the published known answers, Random123's own header and cuRAND's host generator; conversions
// of words into numbers; keys and counters.
#include "kernels/core/philox.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "kernels/core/key.h"
#include "tests/core/math_loops.h"

#if QS_HAVE_RANDOM123
#include <Random123/philox.h>
#endif
#if QS_HAVE_CURAND
#include <curand.h>
#endif

namespace {

void ExpectWords(qs_words words, uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  EXPECT_EQ(words.a, a);
  EXPECT_EQ(words.b, b);
  EXPECT_EQ(words.c, c);
  EXPECT_EQ(words.d, d);
}

// Random123 1.14, tests/kat_vectors, the lines of philox4x32 with 10 rounds.
TEST(Philox, GivesThePublishedAnswers) {
  ExpectWords(qs_philox({0, 0, 0, 0}, 0, 0), 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
  const uint32_t ones = 0xffffffff;
  ExpectWords(qs_philox({ones, ones, ones, ones}, ones, ones), 0x408f276d, 0x41c83b0e, 0xa20bc7c6,
              0x6d5451fd);
  ExpectWords(qs_philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0xa4093822, 0x299f31d0), 0xd16cfe09,
              0x94fdcceb, 0x5001e420, 0x24126ea1);
}

TEST(Philox, EqualsRandom123) {
#if QS_HAVE_RANDOM123
  uint32_t state = 12345;
  const auto next = [&state] { return state = state * 1664525u + 1013904223u; };
  for (int i = 0; i < 100000; ++i) {
    const philox4x32_ctr_t counter = {{next(), next(), next(), next()}};
    const philox4x32_key_t key = {{next(), next()}};
    const philox4x32_ctr_t expected = philox4x32(counter, key);
    const qs_words words =
        qs_philox({counter.v[0], counter.v[1], counter.v[2], counter.v[3]}, key.v[0], key.v[1]);
    ASSERT_TRUE(words.a == expected.v[0] && words.b == expected.v[1] && words.c == expected.v[2] &&
                words.d == expected.v[3])
        << i;
  }
#else
  GTEST_SKIP() << "Random123 (librandom123-dev) is not installed";
#endif
}

// cuRAND's sequence has 2^16 subsequences dealt out four words at a time: its word n is word n % 4 of the
// counter (low, high half of n / 2^18, n / 4 % 2^16, 0) under the key (low, high half of the seed).
TEST(Philox, EqualsCurandsHostGenerator) {
#if QS_HAVE_CURAND
  for (uint64_t seed : {uint64_t{0}, uint64_t{0x123456789abcdef}})
    for (uint64_t offset : {uint64_t{0}, uint64_t{4} << 40}) {
      curandGenerator_t generator;
      ASSERT_EQ(curandCreateGeneratorHost(&generator, CURAND_RNG_PSEUDO_PHILOX4_32_10),
                CURAND_STATUS_SUCCESS);
      ASSERT_EQ(curandSetPseudoRandomGeneratorSeed(generator, seed), CURAND_STATUS_SUCCESS);
      ASSERT_EQ(curandSetGeneratorOffset(generator, offset), CURAND_STATUS_SUCCESS);
      std::vector<uint32_t> expected(600000);
      ASSERT_EQ(curandGenerate(generator, expected.data(), expected.size()), CURAND_STATUS_SUCCESS);
      curandDestroyGenerator(generator);
      for (size_t i = 0; i < expected.size(); i += 4) {
        const uint64_t block = (offset + i) / 4, position = block >> 16;
        const qs_words words =
            qs_philox({static_cast<uint32_t>(position), static_cast<uint32_t>(position >> 32),
                       static_cast<uint32_t>(block & 0xffff), 0},
                      static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32));
        ASSERT_TRUE(words.a == expected[i] && words.b == expected[i + 1] && words.c == expected[i + 2] &&
                    words.d == expected[i + 3])
            << "seed " << seed << " word " << offset + i;
      }
    }
#else
  GTEST_SKIP() << "cuRAND was not found when this was built";
#endif
}

TEST(Philox, LanesGiveTheSameWords) {
  for (uint32_t path : {0u, 64u, 0x7fffffc0u, 0xffffffc0u}) {
    uint32_t words[256];
    qs_philox_block_baseline(path, words);
    for (uint32_t i = 0; i < 64; ++i)
      ExpectWords(qs_philox({path + i, 1, 2, 3}, 4, 5), words[i], words[64 + i], words[128 + i],
                  words[192 + i]);
  }
}

TEST(Words, TailAndCentreAreTheRoundedNumbers) {
  std::vector<uint32_t> words = {0,          1,          2,          0x7ffffffe, 0x7fffffff,
                                 0x80000000, 0x80000001, 0xfffffffe, 0xffffffff};
  for (uint32_t i = 0; i < 200000; ++i)
    words.push_back(i * 2654435761u);
  for (uint32_t k : words) {
    const double u = (k + 0.5) * 0x1p-32;
    const double q = std::min(u, 1 - u), x = 2 * u - 1;
    EXPECT_LE(std::fabs(qs_tail_f(k) - q), 0x1p-23 * q) << k;
    EXPECT_LE(std::fabs(qs_centre_f(k) - x), 0x1p-23 * std::fabs(x)) << k;
    EXPECT_EQ(qs_upper_mask(k), u > 0.5 ? 0xffffffffu : 0u);
    EXPECT_EQ(qs_uniform_f(k), static_cast<float>(((k >> 9) + 0.5) * 0x1p-23)) << k;
    EXPECT_EQ(qs_tail_f(k), qs_tail_f(~k)) << k;
  }
  EXPECT_EQ(qs_tail_f(0), 0x1p-33f);
  EXPECT_EQ(qs_tail_f(0x7fffffff), 0.5f);
  EXPECT_EQ(qs_uniform_f(0), 0x1p-24f);
  EXPECT_EQ(qs_uniform_f(0xffffffff), 1 - 0x1p-24f);
}

TEST(Words, DoublesAreExact) {
  for (uint32_t i = 0; i < 100000; ++i) {
    const uint32_t high = i * 2654435761u, low = i * 2246822519u;
    const uint64_t k = uint64_t{high} << 32 | low;
    const bool upper = k >> 63;
    const uint64_t fold = ((upper ? ~k : k) >> 11) & 0xfffffffffffff;
    const double q = std::ldexp(static_cast<double>(2 * fold + 1), -54);
    EXPECT_EQ(qs_tail_d(high, low), q) << i;
    EXPECT_EQ(qs_centre_d(high, low), upper ? 1 - 2 * q : 2 * q - 1) << i;
    EXPECT_EQ(qs_uniform_d(high, low), std::ldexp(static_cast<double>(2 * (k >> 12) + 1), -53)) << i;
  }
  EXPECT_EQ(qs_tail_d(0, 0), 0x1p-54);
  EXPECT_EQ(qs_tail_d(0xffffffff, 0xffffffff), 0x1p-54);
  EXPECT_EQ(qs_uniform_d(0, 0), 0x1p-53);
  EXPECT_EQ(qs_uniform_d(0xffffffff, 0xffffffff), 1 - 0x1p-53);
}

// Published values of FNV-1a 64 (Fowler, Noll, Vo: "a", "foobar") and of splitmix64 (first output from state
// 0).
TEST(Key, IsFnvThenSplitmix) {
  const auto fnv = [](const std::string &text) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (unsigned char c : text)
      hash = qs_key_byte(hash, c);
    return hash;
  };
  EXPECT_EQ(fnv("a"), 0xaf63dc4c8601ec8cu);
  EXPECT_EQ(fnv("foobar"), 0x85944171f73967e8u);
  EXPECT_EQ(qs_key_finalise(0x9e3779b97f4a7c15u), 0xe220a8397b1dcdafu);
  const std::string bytes =
      std::string("\x08\x07\x06\x05\x04\x03\x02\x01", 8) + std::string("\x02\0\0\0", 4) + "ETH";
  EXPECT_EQ(qs_key(0x0102030405060708u, QS_PURPOSE_HEDGE, "ETH"), qs_key_finalise(fnv(bytes)));
}

TEST(Key, DiffersBySeedPurposeAndName) {
  std::set<uint64_t> keys;
  for (uint64_t seed = 0; seed < 100; ++seed)
    for (int purpose = 0; purpose < 7; ++purpose)
      for (const char *name : {"", "B", "BT", "BTC", "ETH", "BTC2"})
        keys.insert(qs_key(seed, static_cast<qs_purpose>(purpose), name));
  EXPECT_EQ(keys.size(), 100u * 7 * 6);
}

TEST(Counter, HoldsPathDimensionIntervalAndBlock) {
  ExpectWords(qs_counter(0xabcd12345678u, 0x9876, 365, 7), 0x12345678, 0x9876abcd, 365, 7);
  ExpectWords(qs_counter(0, 0, 0, 0), 0, 0, 0, 0);
}

} // namespace
