// Loops of the core's functions over arrays, compiled once for each instruction set (math_loops.c).
#ifndef QS_TESTS_MATH_LOOPS_H
#define QS_TESTS_MATH_LOOPS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// One function: exactly one of single and twice is set. Arrays have count elements, a multiple of 64, not
// overlapping.
typedef struct qs_math_loop {
  const char *name; // as in math_list.h, with its suffix
  double low, high; // range of the argument
  void (*single)(int count, const float *x, float *y);
  void (*twice)(int count, const double *x, double *y);
} qs_math_loop;

// The functions of math_list.h in its order, ended by one without a name.
const qs_math_loop *qs_math_loops_v4(void);       // x86-64-v4, 512-bit vectors
const qs_math_loop *qs_math_loops_v3(void);       // x86-64-v3
const qs_math_loop *qs_math_loops_baseline(void); // the compiler's default: x86-64, no fma

// Words of the 64 counters (path_low + i, 1, 2, 3) under the key (4, 5): word j of path i at words[64 j + i].
void qs_philox_block_v4(uint32_t path_low, uint32_t *words);
void qs_philox_block_v3(uint32_t path_low, uint32_t *words);
void qs_philox_block_baseline(uint32_t path_low, uint32_t *words);

#ifdef __cplusplus
}
#endif

#endif
