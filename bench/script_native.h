// Payoffs along a path by hand, for bench/script.cc: the payoff and its derivative to each observation.
#ifndef QS_BENCH_SCRIPT_NATIVE_H
#define QS_BENCH_SCRIPT_NATIVE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum qs_native_payoff {
  QS_NATIVE_ASIAN,          // (mean S - K)+
  QS_NATIVE_BARRIER,        // (S_T - K)+ unless min S < B
  QS_NATIVE_BARRIER_SMOOTH, // the same with a ramp of width 5
  QS_NATIVE_CLIQUET         // (sum of returns within [-0.03, 0.05])+
} qs_native_payoff;

// Rows of dates, lanes apart, of the set's precision.
typedef struct qs_native_set {
  void (*run)(qs_native_payoff payoff, uint32_t dates, double k, double b, const void *s, void *value,
              void *derivative);
} qs_native_set;

extern const qs_native_set qs_native_v4_float_128, qs_native_v3_float_128, qs_native_v4_double_64;

#ifdef __cplusplus
}
#endif

#endif
