#define QS_REAL_DOUBLE 0
#define QS_LANES       128
#define QS_CPU_KERNELS qs_cpu_v3_mixed
#include "kernels/cpu/kernels.inc"
