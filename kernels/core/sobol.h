// Sobol points with nested uniform scrambles.
//
// Point n of a dimension, in Gray-code order (Antonov, Saleev 1979): the exclusive or of the direction
// vectors at the bits of n ^ n >> 1. Every aligned block of 2^k points is a digital net. An Owen (1995)
// scramble is hashed: each bit is flipped by a function of the bits above it and of a seed (Laine, Karras
// 2011; rounds of Burley 2020, JCGT 9(4), sec. 4), which keeps the net and makes every point uniform;
// independent seeds make independent estimates.
//
// Vectors and points are kept bit-reversed up to the last operation, since the hash carries from low to high.
#ifndef QS_CORE_SOBOL_H
#define QS_CORE_SOBOL_H

#include "kernels/core/compiler.h"

enum { QS_SOBOL_BITS = 32 };

QS_CORE uint32_t qs_reverse_bits(uint32_t x) {
  x = (x >> 1 & 0x55555555u) | (x & 0x55555555u) << 1;
  x = (x >> 2 & 0x33333333u) | (x & 0x33333333u) << 2;
  x = (x >> 4 & 0x0f0f0f0fu) | (x & 0x0f0f0f0fu) << 4;
  x = (x >> 8 & 0x00ff00ffu) | (x & 0x00ff00ffu) << 8;
  return x >> 16 | x << 16;
}

// Bit-reversed point n, unscrambled. directions[32] are bit-reversed too.
QS_CORE uint32_t qs_sobol_reversed(const uint32_t *directions, uint32_t n) {
  const uint32_t gray = n ^ n >> 1;
  uint32_t x = 0;
  for (uint32_t j = 0; j < QS_SOBOL_BITS; j++) {
    x ^= directions[j] & (0u - (gray >> j & 1u));
  }
  return x;
}

// The scrambled point, as a word whose value is (word + 1/2) 2^-32.
QS_CORE uint32_t qs_sobol_scramble(uint32_t reversed, uint32_t seed) {
  uint32_t x = reversed + seed;
  x ^= x * 0x6c50b47cu;
  x ^= x * 0xb82f1e52u;
  x ^= x * 0xc7afe638u;
  x ^= x * 0x8d22f6e6u;
  return qs_reverse_bits(x);
}

#endif
