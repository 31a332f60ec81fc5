// A backend for tests: up to three devices whose results are a hash of what was asked, so that a piece in the
// wrong place shows, and that fail, dawdle or wait on command.
#ifndef QS_TESTS_ENGINE_FAKE_BACKEND_H
#define QS_TESTS_ENGINE_FAKE_BACKEND_H

#include <atomic>
#include <cstdint>
#include <thread>

#include "kernels/backend.h"

namespace fake {

struct behaviour {
  std::uint32_t fail_at = UINT32_MAX; // the call, from 0, that fails; every later one too
  qs_status failure = QS_ERROR_DEVICE;
  int delay_microseconds = 0;
  bool wait_for_cancel = false; // does not return before it is cancelled
  bool refuse_open = false;
};

// What the devices do and what was seen of them. Set before the devices are opened.
struct state {
  std::uint32_t devices = 1;
  behaviour device[3];
  std::atomic<std::uint32_t> calls[3];
  std::atomic<bool> overlapped{false}; // two calls at once on one device
  std::atomic<int> open{0};
  std::atomic<std::thread::id> thread[3]; // of the device's last call
};

state &the();
void reset(std::uint32_t devices);

const qs_backend *backend();
const qs_backend *backend_without_paths();

} // namespace fake

#endif
