// What every machine can run: the CPU's targets and thread counts, and the CUDA backend on an emulated GPU.
#include "tests/conformance/contenders.h"
#include "tests/conformance/emulated/backend.h"

namespace conformance {

std::vector<std::string> contender_names() {
  return {"v3", "v4", "best_threads2", "best_threads7", "emulated_cuda", "emulated_cuda_and_cpu"};
}

std::unique_ptr<contender> open_contender(const std::string &name) {
  if (name == "portable") {
    return open_cpu("portable", 1);
  }
  if (name == "v3" || name == "v4") {
    return open_cpu(name == "v3" ? "x86-64-v3" : "x86-64-v4", 1);
  }
  if (name == "best_threads2" || name == "best_threads7") {
    return open_cpu(nullptr, name == "best_threads2" ? 2 : 7);
  }
  auto c = std::make_unique<contender>();
  qs_context context;
  qs_context_init(&context);
  const qs_backend *const backends[] = {emulated::backend(), qs_backend_cpu()};
  const qs_device_options options = {1, nullptr};
  if (qs_devices_open_from(&context, backends, name == "emulated_cuda" ? 1 : 2, &options, nullptr,
                           &c->devices) != QS_OK) {
    c->reason = context.message;
  }
  return c;
}

} // namespace conformance
