#include "tests/conformance/contenders.h"

namespace conformance {

std::unique_ptr<contender> open_cpu(const char *target, int threads) {
  auto c = std::make_unique<contender>();
  qs_context context;
  qs_context_init(&context);
  if (qs_devices_open(&context, QS_BACKEND_CPU, threads, target, &c->devices) != QS_OK) {
    c->reason = context.message;
  }
  return c;
}

const contender &contender_of(const std::string &name) {
  static std::map<std::string, std::unique_ptr<contender>> open;
  std::unique_ptr<contender> &c = open[name];
  if (!c) {
    c = open_contender(name);
  }
  return *c;
}

} // namespace conformance
