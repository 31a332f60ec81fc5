#define QS_LANES         64
#define QS_CPU_REBALANCE qs_cpu_rebalance_v4
#include "kernels/cpu/rebalance.inc"
