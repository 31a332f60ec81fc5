#define QS_CPU_REGRESSION qs_cpu_regression_v4
#include "kernels/cpu/regression.inc"
