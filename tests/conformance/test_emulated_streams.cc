// The emulated runtime's streams: work is done as late as it may be, so that a wait that is missing shows.
#include <gtest/gtest.h>

#include <cuda_runtime.h>

#include "tests/conformance/emulated/device.h"

namespace {

void set(int *to, const int *from) {
  *to = *from;
}

class EmulatedStreams : public ::testing::Test {
protected:
  void SetUp() override {
    emulation::the() = emulation::state();
    for (cudaStream_t &s : stream) {
      ASSERT_EQ(cudaStreamCreateWithFlags(&s, cudaStreamNonBlocking), cudaSuccess);
    }
    ASSERT_EQ(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), cudaSuccess);
    ASSERT_EQ(cudaMallocHost(&memory, 2 * sizeof(int)), cudaSuccess);
    locked = static_cast<int *>(memory);
    locked[0] = 5;
    locked[1] = 0;
  }
  void TearDown() override {
    cudaFreeHost(memory);
    cudaEventDestroy(event);
    for (cudaStream_t s : stream) {
      cudaStreamDestroy(s);
    }
    EXPECT_EQ(emulation::the().allocations + emulation::the().streams + emulation::the().events, 0);
  }
  void launch(cudaStream_t on, int *to, const int *from) {
    cudaLaunchConfig_t config = {};
    config.gridDim = config.blockDim = dim3(1);
    config.stream = on;
    ASSERT_EQ(cudaLaunchKernelEx(&config, set, to, from), cudaSuccess);
  }
  cudaStream_t stream[2] = {};
  cudaEvent_t event = nullptr;
  void *memory = nullptr;
  int *locked = nullptr, there[2] = {1, 2};
};

TEST_F(EmulatedStreams, WorkWaitsUntilItIsWaitedFor) {
  launch(stream[0], &there[0], &locked[0]);
  EXPECT_EQ(there[0], 1);
  EXPECT_EQ(cudaStreamQuery(stream[0]), cudaErrorNotReady);
  cudaStreamSynchronize(stream[1]);
  EXPECT_EQ(there[0], 1);
  cudaStreamSynchronize(stream[0]);
  EXPECT_EQ(there[0], 5);
  EXPECT_EQ(cudaStreamQuery(stream[0]), cudaSuccess);
}

TEST_F(EmulatedStreams, AnEventIsWhatWasQueuedBeforeIt) {
  launch(stream[0], &there[0], &locked[0]);
  cudaEventRecord(event, stream[0]);
  launch(stream[0], &there[1], &locked[0]);
  cudaEventSynchronize(event);
  EXPECT_EQ(there[0], 5);
  EXPECT_EQ(there[1], 2);
}

TEST_F(EmulatedStreams, OneStreamWaitsForAnother) {
  launch(stream[0], &there[0], &locked[0]);
  launch(stream[1], &locked[1], &there[0]); // waits for nothing
  cudaStreamSynchronize(stream[1]);
  EXPECT_EQ(locked[1], 1);
  cudaEventRecord(event, stream[0]);
  cudaStreamWaitEvent(stream[1], event);
  launch(stream[1], &locked[1], &there[0]);
  cudaStreamSynchronize(stream[1]);
  EXPECT_EQ(locked[1], 5);
}

TEST_F(EmulatedStreams, LockedMemoryIsReadWhenItsTurnComes) {
  int pageable = 7;
  cudaMemcpyAsync(&there[0], &pageable, sizeof(int), cudaMemcpyHostToDevice, stream[0]);
  cudaMemcpyAsync(&there[1], &locked[0], sizeof(int), cudaMemcpyHostToDevice, stream[0]);
  pageable = locked[0] = 9;
  EXPECT_EQ(there[0], 1);
  cudaStreamSynchronize(stream[0]);
  EXPECT_EQ(there[0], 7);
  EXPECT_EQ(there[1], 9);
  there[0] = 3;
  cudaMemcpyAsync(&locked[1], &there[0], sizeof(int), cudaMemcpyDeviceToHost, stream[0]);
  EXPECT_EQ(locked[1], 0);
  cudaMemcpyAsync(&pageable, &there[0], sizeof(int), cudaMemcpyDeviceToHost, stream[0]);
  EXPECT_EQ(locked[1], 3);
  EXPECT_EQ(pageable, 3);
}

} // namespace
