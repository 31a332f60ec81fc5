// Who takes part in the conformance suite. Two programs are built from it: one for what every machine can run
// (contenders_cpu.cc), one for GPUs (contenders_gpu.cc).
#ifndef QS_TESTS_CONFORMANCE_CONTENDERS_H
#define QS_TESTS_CONFORMANCE_CONTENDERS_H

#include <gtest/gtest.h>

#include <functional>
#include <map>
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

// Each opened once.
const contender &contender_of(const std::string &name);

// The portable target's answer to the case of that name, asked once: `answer_by` runs it on given devices.
template <class Answer>
const Answer &reference_of(const std::string &name,
                           const std::function<qs_status(qs_context *, qs_devices *, Answer *)> &answer_by) {
  static std::map<std::string, Answer> known;
  const auto found = known.find(name);
  if (found != known.end()) {
    return found->second;
  }
  qs_context context;
  qs_context_init(&context);
  Answer answer;
  const contender &portable = contender_of("portable");
  if (!portable.devices) {
    ADD_FAILURE() << portable.reason;
  } else {
    EXPECT_EQ(answer_by(&context, portable.devices, &answer), QS_OK) << context.message;
  }
  return known[name] = answer;
}

} // namespace conformance

#endif
