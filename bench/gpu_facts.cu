#include "bench/gpu_facts.h"

bool gpu_facts_of(int ordinal, gpu_facts *facts) {
  int kilohertz = 0;
  bool known = cudaDeviceGetAttribute(&facts->multiprocessors, cudaDevAttrMultiProcessorCount, ordinal) ==
                   cudaSuccess &&
               cudaDeviceGetAttribute(&kilohertz, cudaDevAttrClockRate, ordinal) == cudaSuccess &&
               cudaDriverGetVersion(&facts->driver) == cudaSuccess &&
               cudaRuntimeGetVersion(&facts->runtime) == cudaSuccess;
  facts->clock_ghz = 1e-6 * kilohertz;
  return known;
}
