#define QS_REAL_DOUBLE 0
#define QS_LANES       256
#define QS_CPU_KERNELS qs_cpu_lanes_256
#include "kernels/cpu/kernels.h"

extern const qs_cpu_kernels qs_cpu_lanes_256;
#include "kernels/cpu/kernels.inc"
