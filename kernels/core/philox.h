// Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011): four random words as a pure function of a 128-bit counter
// and a 64-bit key, equal bit for bit to Random123's philox4x32 and cuRAND's Philox generator; and the
// conversions of words into uniform numbers. What the counter's words mean is in key.h.
//
// One path:        qs_philox(counter, key0, key1)
// Lanes of paths:  qs_philox_lanes (philox_lanes.inc), the same words by wide multiplications
//
// A word k stands for u = (k + 1/2) 2^-32 in (0, 1):
//   qs_tail_f(k)        q = min(u, 1 - u) in (0, 1/2], rounded relatively: both tails keep full precision
//   qs_upper_mask(k)    all ones where q is the upper tail, u > 1/2
//   qs_centre_f(k)      x = 2u - 1 in [-1, 1], rounded relatively near 0; its sign says which tail
//   qs_normal_f(k)      Phi^-1(u) from x and the log of qs_normal_quantile_argument_f(q)
//   qs_uniform_f(k)     (floor(k / 2^9) + 1/2) 2^-23: 23 bits, exact, symmetric, never 0 or 1
//
// Two words (high, low) give, all exact:
//   qs_tail_d, qs_centre_d, qs_normal_d     of their top 53 bits, q >= 2^-54
//   qs_uniform_d                            of their top 52 bits, never 0 or 1
#ifndef QS_CORE_PHILOX_H
#define QS_CORE_PHILOX_H

#include "kernels/core/compiler.h"
#include "kernels/core/normal.h"

#define QS_PHILOX_M0 0xD2511F53u
#define QS_PHILOX_M1 0xCD9E8D57u
#define QS_PHILOX_W0 0x9E3779B9u
#define QS_PHILOX_W1 0xBB67AE85u

enum { QS_PHILOX_ROUNDS = 10 };

typedef struct qs_words {
  uint32_t a, b, c, d;
} qs_words;

typedef struct qs_wide_words {
  qs_wide a, b, c, d;
} qs_wide_words;

#define QS_WORD                    uint32_t
#define QS_WORDS                   qs_words
#define QS_PRODUCT_TYPE            uint64_t
#define QS_PRODUCT(word, constant) ((uint64_t)(word) * (constant))
#define QS_HIGH(product)           ((uint32_t)((product) >> 32))
#define QS_P(name)                 name
#include "kernels/core/philox_rounds.inc"

#define QS_WORD                    qs_wide
#define QS_WORDS                   qs_wide_words
#define QS_PRODUCT_TYPE            qs_wide_product
#define QS_PRODUCT(word, constant) qs_wide_multiply(word, constant)
#define QS_HIGH(product)           qs_wide_high(product)
#define QS_P(name)                 name##_wide
#include "kernels/core/philox_rounds.inc"

// All ones where the word's top bit is set, i.e. u > 1/2.
QS_CORE uint32_t qs_upper_mask(uint32_t word) {
  return (uint32_t)((int32_t)word >> 31);
}

QS_CORE float qs_tail_f(uint32_t word) {
  const int32_t fold = (int32_t)(word ^ qs_upper_mask(word));
  return qs_fma_f((float)fold, 0x1p-32f, 0x1p-33f);
}

QS_CORE float qs_centre_f(uint32_t word) {
  return qs_fma_f((float)(int32_t)(word ^ 0x80000000u), 0x1p-31f, 0x1p-32f);
}

QS_CORE float qs_normal_f(uint32_t word) {
  const float log_a = qs_log_f(qs_normal_quantile_argument_f(qs_tail_f(word)));
  return qs_normal_quantile_from_log_f(qs_centre_f(word), log_a);
}

QS_CORE float qs_uniform_f(uint32_t word) {
  return qs_from_bits_f(0x3f800000u | (word >> 9)) - 0x1.fffffep-1f;
}

// fold of the top 53 bits, as a double in [0, 1) of 52 bits.
QS_CORE double qs_fold_d(uint32_t high, uint32_t low) {
  const uint64_t bits = ((uint64_t)high << 32 | low) >> 11;
  const uint64_t mask = 0u - (bits >> 52);
  return qs_from_bits_d(0x3ff0000000000000u | ((bits ^ mask) & 0x000fffffffffffffu)) - 1.0;
}

QS_CORE double qs_tail_d(uint32_t high, uint32_t low) {
  return 0.5 * qs_fold_d(high, low) + 0x1p-54;
}

QS_CORE double qs_centre_d(uint32_t high, uint32_t low) {
  const double x = 1.0 - 2.0 * qs_tail_d(high, low);
  return high & 0x80000000u ? x : -x;
}

QS_CORE double qs_normal_d(uint32_t high, uint32_t low) {
  const double log_a = qs_log_d(qs_normal_quantile_argument_d(qs_tail_d(high, low)));
  return qs_normal_quantile_from_log_d(qs_centre_d(high, low), log_a);
}

QS_CORE double qs_uniform_d(uint32_t high, uint32_t low) {
  const uint64_t bits = ((uint64_t)high << 32 | low) >> 12;
  return qs_from_bits_d(0x3ff0000000000000u | bits) - 0x1.fffffffffffffp-1;
}

#endif
