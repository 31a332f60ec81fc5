#define QS_CPU_REGRESSION qs_cpu_regression_portable
#include "kernels/cpu/regression.inc"
