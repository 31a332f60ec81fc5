#define QS_REAL_DOUBLE 1
#define QS_LANES       128
#define QS_CPU_KERNELS qs_cpu_v3_double
#include "kernels/cpu/kernels.inc"
