#include "kernels/sobol.h"

#include "kernels/core/sobol.h"

/* Dimension by dimension from the second: the polynomial's inner coefficients, then its initial numbers. */
static const uint16_t numbers[] = {
#include "kernels/sobol_numbers.csv"
};

/* Primitive polynomials over GF(2) of degree 1, 2 ..., phi(2^s - 1) / s each: the order of the dimensions. */
static const uint16_t polynomials[] = {1, 1, 2, 2, 6, 6, 18, 16, 48, 60, 176, 144, 630, 756, 1800, 2048};

/* Bit-reversed, vector j is m_(j+1) with its 2^j digits in reversed order: shifts go the other way round. */
static void fill(uint32_t degree, uint32_t inner, const uint16_t *initial, uint32_t *v) {
  for (uint32_t j = 0; j < degree; j++) {
    v[j] = qs_reverse_bits((uint32_t)initial[j] << (QS_SOBOL_BITS - 1 - j));
  }
  for (uint32_t j = degree; j < QS_SOBOL_BITS; j++) {
    v[j] = v[j - degree] ^ v[j - degree] << degree;
    for (uint32_t k = 1; k < degree; k++) {
      v[j] ^= inner >> (degree - 1 - k) & 1u ? v[j - k] : 0;
    }
  }
}

void qs_sobol_directions(uint32_t count, uint32_t *directions) {
  for (uint32_t j = 0; j < QS_SOBOL_BITS && count; j++) {
    directions[j] = 1u << j;
  }
  const uint16_t *next = numbers;
  uint32_t degree = 1, left = polynomials[0];
  for (uint32_t d = 1; d < count; d++) {
    if (!left) {
      left = polynomials[degree++];
    }
    fill(degree, next[0], next + 1, directions + (size_t)d * QS_SOBOL_BITS);
    next += 1 + degree;
    left--;
  }
}
