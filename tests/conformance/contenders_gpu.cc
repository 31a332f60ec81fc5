// Every GPU of this machine, alone and together with the CPU.
#include "tests/conformance/contenders.h"

namespace conformance {

std::vector<std::string> contender_names() {
  return {"cuda", "cuda_and_cpu"};
}

std::unique_ptr<contender> open_contender(const std::string &name) {
  if (name == "portable") {
    return open_cpu("portable", 1);
  }
  auto c = std::make_unique<contender>();
  qs_context context;
  qs_context_init(&context);
  if (qs_devices_open(&context, QS_BACKEND_CUDA, 1, nullptr, &c->devices) != QS_OK) {
    c->reason = context.message;
  } else if (name == "cuda_and_cpu") {
    qs_devices_close(c->devices);
    c->devices = nullptr;
    if (qs_devices_open(&context, QS_BACKEND_AUTO, 2, nullptr, &c->devices) != QS_OK) {
      c->reason = context.message;
    }
  }
  return c;
}

} // namespace conformance
