// An emulated GPU, opened and closed by a test; nothing may be left of it.
#ifndef QS_TESTS_EMULATED_DEVICE_H
#define QS_TESTS_EMULATED_DEVICE_H

#include <gtest/gtest.h>

#include <cuda_runtime.h>

#include "tests/conformance/emulated/backend.h"

namespace emulated {

class DeviceTest : public ::testing::Test {
protected:
  void SetUp() override { emulation::the() = emulation::state(); }
  void TearDown() override {
    close();
    EXPECT_EQ(emulation::the().allocations, 0);
    EXPECT_EQ(emulation::the().streams, 0);
    EXPECT_EQ(emulation::the().events, 0);
  }
  void close() {
    if (device) {
      backend->close(device);
    }
    device = nullptr;
  }
  qs_status open() {
    const qs_device_options options = {1, nullptr};
    return backend->open(0, &options, message, &device);
  }
  // The emulated GPU anew: with so much memory free, or failing at a call.
  void fresh(std::size_t memory) {
    emulation::the() = emulation::state();
    emulation::the().memory = memory;
  }
  void failing(int at, cudaError_t error, bool sticky) {
    emulation::the() = emulation::state();
    emulation::the().fail_at = at;
    emulation::the().failure = error;
    emulation::the().sticky = sticky;
    message[0] = '\0';
  }

  const qs_backend *backend = emulated::backend();
  qs_device *device = nullptr;
  char message[QS_DEVICE_TEXT] = "";
};

// How a call fails.
struct failure {
  cudaError_t error;
  bool sticky;
};
constexpr failure failures[] = {
    {cudaErrorIllegalAddress, false}, {cudaErrorIllegalAddress, true}, {cudaErrorMemoryAllocation, false}};

} // namespace emulated

#endif
