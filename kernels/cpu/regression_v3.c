#define QS_CPU_REGRESSION qs_cpu_regression_v3
#include "kernels/cpu/regression.inc"
