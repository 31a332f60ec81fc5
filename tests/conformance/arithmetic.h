// Core's scalar functions as functions of 32 bits, one source for the host and the device, so that all inputs
// can be compared. Included by arithmetic.cu (device) and test_arithmetic.cc (host).
#ifndef QS_TESTS_CONFORMANCE_ARITHMETIC_H
#define QS_TESTS_CONFORMANCE_ARITHMETIC_H

#include <stdint.h>

#include "kernels/core/elementary.h"
#include "kernels/core/normal.h"
#include "kernels/core/philox.h"

enum arithmetic_function {
  ARITHMETIC_RECIPROCAL,
  ARITHMETIC_ROOT,
  ARITHMETIC_QUOTIENT,     // of two floats made from the word
  ARITHMETIC_QUOTIENT_ANY, // of the float of these bits by one of any size, infinite or no number too
  ARITHMETIC_ROOT_ANY,     // of the float's size
  ARITHMETIC_EXP,
  ARITHMETIC_LOG,
  ARITHMETIC_SINE,
  ARITHMETIC_COSINE,
  ARITHMETIC_CDF,
  ARITHMETIC_NORMAL,        // of the word itself
  ARITHMETIC_NORMAL_DOUBLE, // of the word and its mix, folded to 32 bits
  ARITHMETIC_COUNT
};

// A float in [2^-31, 2^32) with all 24 bits of its significand and its sign from the word.
QS_CORE float arithmetic_spread(uint32_t word) {
  const uint32_t exponent = 96u + (word >> 26);
  return qs_from_bits_f((exponent << 23 | (word & 0x7fffffu)) ^ (word << 8 & 0x80000000u));
}

// The bits, the same for all that is no number: those are the processor's own.
QS_CORE uint32_t arithmetic_bits(float x) {
  return x != x ? 0x7fc00000u : qs_to_bits_f(x);
}

// Whether the function is defined at these bits: the range that core states for it.
QS_CORE int arithmetic_covers(int function, uint32_t bits) {
  const float x = qs_from_bits_f(bits);
  const float size = x < 0.0f ? -x : x;
  switch (function) {
  case ARITHMETIC_RECIPROCAL:
    return size >= 0x1p-126f && size < 0x1p126f;
  case ARITHMETIC_ROOT:
    return bits == 0u || (x >= 0x1p-101f && size <= 0x1.fffffep127f);
  case ARITHMETIC_EXP:
    return x >= -87.33f && x <= 88.72f;
  case ARITHMETIC_LOG:
    return x >= 0x1p-126f && size <= 0x1.fffffep127f;
  case ARITHMETIC_SINE:
  case ARITHMETIC_COSINE:
    return size <= 1.0f;
  case ARITHMETIC_CDF:
    return size <= 0x1.fffffep127f;
  default:
    return 1;
  }
}

QS_CORE uint32_t arithmetic_apply(int function, uint32_t bits) {
  const float x = qs_from_bits_f(bits);
  const uint32_t mixed = (bits ^ bits >> 16) * 0x7feb352du + 0x9e3779b9u;
  switch (function) {
  case ARITHMETIC_RECIPROCAL:
    return qs_to_bits_f(qs_rcp_f(x));
  case ARITHMETIC_ROOT:
    return qs_to_bits_f(qs_sqrt_f(x));
  case ARITHMETIC_QUOTIENT:
    return qs_to_bits_f(qs_div_f(arithmetic_spread(mixed), arithmetic_spread(bits)));
  case ARITHMETIC_QUOTIENT_ANY:
    return arithmetic_bits(qs_div_any_f(x, qs_from_bits_f(mixed)));
  case ARITHMETIC_ROOT_ANY:
    return arithmetic_bits(qs_sqrt_any_f(x < 0.0f ? -x : x));
  case ARITHMETIC_EXP:
    return qs_to_bits_f(qs_exp_f(x));
  case ARITHMETIC_LOG:
    return qs_to_bits_f(qs_log_f(x));
  case ARITHMETIC_SINE:
    return qs_to_bits_f(qs_sincos_turns_f(x).sine);
  case ARITHMETIC_COSINE:
    return qs_to_bits_f(qs_sincos_turns_f(x).cosine);
  case ARITHMETIC_CDF:
    return qs_to_bits_f(qs_normal_cdf_f(x));
  case ARITHMETIC_NORMAL:
    return qs_to_bits_f(qs_normal_f(bits));
  case ARITHMETIC_NORMAL_DOUBLE: {
    const uint64_t z = qs_to_bits_d(qs_normal_d(bits, mixed));
    return (uint32_t)(z ^ z >> 32);
  }
  default:
    return 0;
  }
}

#ifdef __cplusplus
extern "C" {
#endif

enum { ARITHMETIC_TEXT = 256 };

// Runs the function on the GPU over `count` inputs from `first` on; results[count] is host memory. 0 when it
// worked, -1 when there is no GPU, 1 when one failed, with the reason in message[ARITHMETIC_TEXT].
int arithmetic_on_device(int function, uint32_t first, uint32_t count, uint32_t *results, char *message);

#ifdef __cplusplus
}
#endif
#endif
