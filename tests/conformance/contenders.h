// Who takes part in the conformance suite. Two programs are built from it: one for what every machine can run
// (contenders_cpu.cc), one for GPUs (contenders_gpu.cc).
#ifndef QS_TESTS_CONFORMANCE_CONTENDERS_H
#define QS_TESTS_CONFORMANCE_CONTENDERS_H

#include <memory>
#include <string>
#include <vector>

#include "host/engine/backends.h"

namespace conformance {

// An open set of devices, or the reason why there is none here.
struct contender {
  qs_devices *devices = nullptr;
  std::string reason;
  ~contender() { qs_devices_close(devices); }
};

std::vector<std::string> contender_names();

// "portable" is always known and is the reference.
std::unique_ptr<contender> open_contender(const std::string &name);

// The CPU's devices with this target (null: the best) and number of threads.
std::unique_ptr<contender> open_cpu(const char *target, int threads);

} // namespace conformance

#endif
