// Two precisions from one body. No include guard: include it again after changing QS_REAL_DOUBLE.
//
// A body that serves both precisions stands in an .inc file, written against
//   qs_real      float or double          qs_bits      uint32_t or uint64_t
//   QS_R(name)   name_f or name_d         QS_C(1.5)    the literal, 1.5f or 1.5 (with a point or an exponent)
//
// A header compiles the body once per precision, so that both stand side by side under suffixed names: it
// defines QS_REAL_DOUBLE as 0, includes real.h and the body, and does the same with 1, between push_macro and
// pop_macro of QS_REAL_DOUBLE. A kernel's translation unit defines QS_REAL_DOUBLE once, on the command line
// or at its top, includes the headers it needs, then real.h last, and writes QS_R(qs_exp)(x) with qs_real.
#ifndef QS_REAL_DOUBLE
#error "define QS_REAL_DOUBLE as 0 (float) or 1 (double) before including real.h"
#endif
#include "kernels/core/compiler.h"

#undef qs_real
#undef qs_bits
#undef QS_R
#undef QS_C
#undef QS_R_PASTE
#define QS_R_PASTE(a, b) a##b
#if QS_REAL_DOUBLE
#define qs_real     double
#define qs_bits     uint64_t
#define QS_R(name)  QS_R_PASTE(name, _d)
#define QS_C(value) (value)
#else
#define qs_real     float
#define qs_bits     uint32_t
#define QS_R(name)  QS_R_PASTE(name, _f)
#define QS_C(value) QS_R_PASTE(value, f)
#endif
