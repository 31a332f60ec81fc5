// Every function of math_list.h in a loop over lanes; QS_LOOP_SET names the instruction set it is compiled
// for.
#include "tests/core/math_loops.h"

#include "kernels/core/philox.h"

// ---- functions of one number ----

static inline float sine_f(float u) {
  return qs_sincos_turns_f(u).sine;
}

static inline float cosine_f(float u) {
  return qs_sincos_turns_f(u).cosine;
}

static inline float normal_cdf_pair_f(float x) {
  const float e = qs_normal_kernel_f(x);
  const qs_pair_f pair = qs_normal_cdf_pair_f(x, e, -x, e);
  return pair.first - pair.second;
}

static inline double sine_d(double u) {
  return qs_sincos_turns_d(u).sine;
}

static inline double cosine_d(double u) {
  return qs_sincos_turns_d(u).cosine;
}

static inline double normal_cdf_pair_d(double x) {
  const double e = qs_normal_kernel_d(x);
  const qs_pair_d pair = qs_normal_cdf_pair_d(x, e, -x, e);
  return pair.first - pair.second;
}

static inline float sincos_f(float u) {
  const qs_sincos_f both = qs_sincos_turns_f(u);
  return both.sine + both.cosine;
}

static inline float normal_cdf_from_kernel_f(float x) {
  return qs_normal_cdf_from_kernel_f(x, qs_normal_kernel_f(x));
}

static inline float normal_quantile_from_log_f(float l) {
  return qs_normal_quantile_from_log_f(0.75f, l);
}

// The bits of a number, scrambled, serve as a random word.
static inline uint32_t word_of(float x) {
  return qs_to_bits_f(x) * 0x9E3779B1u;
}

static inline float normal_word_f(float x) {
  return qs_normal_f(word_of(x));
}

static inline float uniform_word_f(float x) {
  return qs_uniform_f(word_of(x));
}

static inline float philox_f(float x) {
  const qs_words counter = {qs_to_bits_f(x), 1, 2, 3};
  const qs_words words = qs_philox(counter, 4, 5);
  return qs_centre_f(words.a ^ words.b ^ words.c ^ words.d);
}

static inline double normal_word_d(double x) {
  const uint64_t bits = qs_to_bits_d(x) * 0x9E3779B97F4A7C15u;
  return qs_normal_d((uint32_t)(bits >> 32), (uint32_t)bits);
}

// ---- random words ----

#define QS_LANES 64
#include "kernels/core/philox_lanes.inc"

#define QS_PASTE(a, b)     a##b
#define QS_NAME(stem, set) QS_PASTE(stem, set)

void QS_NAME(qs_philox_block_, QS_LOOP_SET)(uint32_t path_low, uint32_t *words) {
  qs_philox_lanes(path_low, 1, 2, 3, 4, 5, words, words + 64, words + 128, words + 192);
}

// ---- loops of the functions ----

#define QS_TYPE  float
#define QS_LOOP  loop_exp_f
#define QS_VALUE qs_exp_f
#include "tests/core/math_loop.inc"
#define QS_LOOP  loop_exp_any_f
#define QS_VALUE qs_exp_any_f
#include "tests/core/math_loop.inc"
#define QS_LOOP  loop_log_f
#define QS_VALUE qs_log_f
#include "tests/core/math_loop.inc"
#define QS_LOOP  loop_log1p_f
#define QS_VALUE qs_log1p_f
#include "tests/core/math_loop.inc"
#define QS_LOOP  loop_sine_f
#define QS_VALUE sine_f
#include "tests/core/math_loop.inc"
#define QS_LOOP  loop_cosine_f
#define QS_VALUE cosine_f
#include "tests/core/math_loop.inc"
#define QS_LOOP  loop_sincos_f
#define QS_VALUE sincos_f
#include "tests/core/math_loop.inc"
#define QS_LOOP  loop_normal_pdf_f
#define QS_VALUE qs_normal_pdf_f
#include "tests/core/math_loop.inc"
#define QS_LOOP  loop_normal_cdf_f
#define QS_VALUE qs_normal_cdf_f
#include "tests/core/math_loop.inc"
#define QS_LOOP  loop_normal_cdf_from_kernel_f
#define QS_VALUE normal_cdf_from_kernel_f
#include "tests/core/math_loop.inc"
#define QS_LOOP  loop_normal_cdf_pair_f
#define QS_VALUE normal_cdf_pair_f
#include "tests/core/math_loop.inc"
#define QS_LOOP  loop_normal_quantile_f
#define QS_VALUE qs_normal_quantile_f
#include "tests/core/math_loop.inc"
#define QS_LOOP  loop_normal_quantile_from_log_f
#define QS_VALUE normal_quantile_from_log_f
#include "tests/core/math_loop.inc"
#define QS_LOOP  loop_normal_word_f
#define QS_VALUE normal_word_f
#include "tests/core/math_loop.inc"
#define QS_LOOP  loop_uniform_word_f
#define QS_VALUE uniform_word_f
#include "tests/core/math_loop.inc"
#define QS_LOOP  loop_philox_f
#define QS_VALUE philox_f
#include "tests/core/math_loop.inc"
#undef QS_TYPE
#define QS_TYPE  double
#define QS_LOOP  loop_exp_d
#define QS_VALUE qs_exp_d
#include "tests/core/math_loop.inc"
#define QS_LOOP  loop_exp_any_d
#define QS_VALUE qs_exp_any_d
#include "tests/core/math_loop.inc"
#define QS_LOOP  loop_log_d
#define QS_VALUE qs_log_d
#include "tests/core/math_loop.inc"
#define QS_LOOP  loop_log1p_d
#define QS_VALUE qs_log1p_d
#include "tests/core/math_loop.inc"
#define QS_LOOP  loop_sine_d
#define QS_VALUE sine_d
#include "tests/core/math_loop.inc"
#define QS_LOOP  loop_cosine_d
#define QS_VALUE cosine_d
#include "tests/core/math_loop.inc"
#define QS_LOOP  loop_normal_pdf_d
#define QS_VALUE qs_normal_pdf_d
#include "tests/core/math_loop.inc"
#define QS_LOOP  loop_normal_cdf_d
#define QS_VALUE qs_normal_cdf_d
#include "tests/core/math_loop.inc"
#define QS_LOOP  loop_normal_cdf_pair_d
#define QS_VALUE normal_cdf_pair_d
#include "tests/core/math_loop.inc"
#define QS_LOOP  loop_normal_quantile_d
#define QS_VALUE qs_normal_quantile_d
#include "tests/core/math_loop.inc"
#define QS_LOOP  loop_normal_word_d
#define QS_VALUE normal_word_d
#include "tests/core/math_loop.inc"

#define QS_SINGLE_f(loop) loop
#define QS_SINGLE_d(loop) 0
#define QS_TWICE_f(loop)  0
#define QS_TWICE_d(loop)  loop
#define QS_EACH(name, suffix, low, high)                                                                     \
  {#name "_" #suffix, low, high, QS_SINGLE_##suffix(loop_##name##_##suffix),                                 \
   QS_TWICE_##suffix(loop_##name##_##suffix)},

static const qs_math_loop loops[] = {
#include "tests/core/math_list.h"
    {0, 0, 0, 0, 0}};

const qs_math_loop *QS_NAME(qs_math_loops_, QS_LOOP_SET)(void) {
  return loops;
}
