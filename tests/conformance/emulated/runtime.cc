#include "tests/conformance/emulated/cuda_runtime.h"

#include <csetjmp>
#include <ucontext.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "tests/conformance/emulated/streams.h"

dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace emulation {
state &the() {
  static state s;
  return s;
}
} // namespace emulation

namespace {

cudaError_t last_error = cudaSuccess;

// What every fallible call asks first: its turn to fail?
cudaError_t turn() {
  emulation::state &s = emulation::the();
  int call = s.calls++;
  if (s.fail_at >= 0 && (call == s.fail_at || (s.sticky && call > s.fail_at))) {
    last_error = s.failure;
    return s.failure;
  }
  return cudaSuccess;
}

// ---- a block's threads as fibers ----

constexpr std::size_t stack_bytes = 64 * 1024;
constexpr std::size_t warp_threads = 32;

enum class state { ready, at_block, at_warp, finished };

// A fiber is entered once by setcontext; from then on it and the scheduler change places by longjmp, which
// makes no system call and so is many times faster than swapcontext.
struct fiber {
  ucontext_t context;
  std::jmp_buf resume;
  bool entered;
  std::vector<char> stack;
  dim3 index;
  std::size_t position, warp; // within the block
  state now;
  double exchanged;
};

std::jmp_buf scheduler;
fiber *running;
std::vector<std::unique_ptr<fiber>> *block_fibers;
const std::function<void()> *body;

void leave(state now) {
  running->now = now;
  if (_setjmp(running->resume) == 0) {
    _longjmp(scheduler, 1);
  }
}

void enter() {
  (*body)();
  leave(state::finished);
}

void start(fiber *f) {
  f->now = state::ready;
  f->entered = false;
  getcontext(&f->context);
  f->context.uc_stack.ss_sp = f->stack.data();
  f->context.uc_stack.ss_size = f->stack.size();
  f->context.uc_link = nullptr;
  makecontext(&f->context, enter, 0);
}

// Lets those go on that wait at a barrier which all their unfinished peers have reached; false when none can.
bool release() {
  bool whole_block = true;
  std::size_t at_warp[1024 / warp_threads] = {};
  for (auto &f : *block_fibers) {
    whole_block = whole_block && (f->now == state::at_block || f->now == state::finished);
    at_warp[f->warp] += f->now == state::at_warp;
  }
  bool released = false;
  for (auto &f : *block_fibers) {
    if ((f->now == state::at_block && whole_block) ||
        (f->now == state::at_warp && at_warp[f->warp] == warp_threads)) {
      f->now = state::ready;
      released = true;
    }
  }
  return released;
}

void resume(fiber *f) {
  running = f;
  threadIdx = f->index;
  if (_setjmp(scheduler) == 0) {
    if (f->entered) {
      _longjmp(f->resume, 1);
    }
    f->entered = true;
    setcontext(&f->context);
  }
}

void run_block() {
  for (auto &f : *block_fibers) {
    start(f.get());
  }
  do {
    for (auto &f : *block_fibers) {
      if (f->now == state::ready) {
        resume(f.get());
      }
    }
  } while (release());
  for (auto &f : *block_fibers) {
    if (f->now != state::finished) {
      std::fputs("emulated CUDA: threads wait at a barrier that others never reach\n", stderr);
      std::abort();
    }
  }
}

} // namespace

void __syncthreads() {
  leave(state::at_block);
}

double __shfl_down_sync(unsigned mask, double value, unsigned delta) {
  if (mask != 0xffffffffu) {
    std::fputs("emulated CUDA: only full warps shuffle\n", stderr);
    std::abort();
  }
  running->exchanged = value;
  leave(state::at_warp);
  std::size_t lane = running->position % warp_threads;
  double result = lane + delta < warp_threads ? (*block_fibers)[running->position + delta]->exchanged : value;
  leave(state::at_warp); // nobody overwrites before all have read
  return result;
}

namespace {

void run_grid(const dim3 &grid, const dim3 &block, const std::function<void()> &thread) {
  gridDim = grid;
  blockDim = block;
  body = &thread;
  static std::vector<std::unique_ptr<fiber>> fibers; // kept: their stacks cost more than a launch
  block_fibers = &fibers;
  fibers.resize(block.x * block.y * block.z);
  for (std::size_t i = 0; i < fibers.size(); i++) {
    if (!fibers[i]) {
      fibers[i] = std::make_unique<fiber>();
      fibers[i]->stack.resize(stack_bytes);
    }
    const unsigned linear = static_cast<unsigned>(i);
    fibers[i]->index = dim3(linear % block.x, linear / block.x % block.y, linear / block.x / block.y);
    fibers[i]->position = i;
    fibers[i]->warp = i / warp_threads;
  }
  for (unsigned z = 0; z < grid.z; z++) {
    for (unsigned y = 0; y < grid.y; y++) {
      for (unsigned x = 0; x < grid.x; x++) {
        blockIdx = dim3(x, y, z);
        run_block();
      }
    }
  }
}

} // namespace

cudaError_t emulated_launch(const cudaLaunchConfig_t *config, const std::function<void()> &thread) {
  cudaError_t error = turn();
  const dim3 grid = config->gridDim, block = config->blockDim;
  if (error == cudaSuccess &&
      (!grid.x || !grid.y || !grid.z || !block.x || !block.y || grid.y > 65535 || grid.z > 65535 ||
       grid.x > 0x7fffffffu || block.x * block.y * block.z > 1024)) {
    error = last_error = cudaErrorInvalidConfiguration;
  }
  if (error == cudaSuccess) {
    emulation::the().launches++;
    streams::queue(config->stream, [=] { run_grid(grid, block, thread); });
  }
  return error;
}

const char *cudaGetErrorString(cudaError_t error) {
  return error == cudaSuccess ? "no error" : "an emulated error";
}

const char *cudaGetErrorName(cudaError_t error) {
  return error == cudaErrorMemoryAllocation ? "cudaErrorMemoryAllocation" : "cudaErrorIllegalAddress";
}

cudaError_t cudaGetLastError() {
  emulation::state &s = emulation::the();
  cudaError_t error = last_error;
  if (!(s.sticky && s.fail_at >= 0 && s.calls > s.fail_at)) {
    last_error = cudaSuccess;
  }
  return error;
}

cudaError_t cudaGetDeviceCount(int *count) {
  *count = 1;
  return turn();
}

cudaError_t cudaSetDevice(int device) {
  return device == 0 ? turn() : cudaErrorInvalidDevice;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp *properties, int) {
  std::snprintf(properties->name, sizeof properties->name, "emulated GPU");
  properties->major = 9;
  properties->minor = 0;
  properties->multiProcessorCount = 3;
  return turn();
}

cudaError_t cudaMemGetInfo(std::size_t *free, std::size_t *total) {
  *free = *total = emulation::the().memory;
  return turn();
}

// Every byte is set to a pattern: memory that is read before it is written shows.
static cudaError_t allocate(void **data, std::size_t bytes) {
  cudaError_t error = turn();
  if (error == cudaSuccess && bytes > emulation::the().largest) {
    error = last_error = cudaErrorMemoryAllocation;
  }
  if (error == cudaSuccess) {
    *data = std::malloc(bytes);
    std::memset(*data, 0xa5, bytes);
    emulation::the().allocations++;
  }
  return error;
}

static cudaError_t release(void *data) {
  streams::run_all();
  emulation::the().allocations -= data != nullptr;
  std::free(data);
  return turn();
}

cudaError_t cudaMalloc(void **data, std::size_t bytes) {
  return allocate(data, bytes);
}

cudaError_t cudaFree(void *data) {
  return release(data);
}

cudaError_t cudaMallocHost(void **data, std::size_t bytes) {
  const cudaError_t error = allocate(data, bytes);
  if (error == cudaSuccess) {
    streams::pin(*data, bytes);
  }
  return error;
}

cudaError_t cudaFreeHost(void *data) {
  streams::unpin(data);
  return release(data);
}

static void copy_rows(void *to, std::size_t to_pitch, const void *from, std::size_t from_pitch,
                      std::size_t width, std::size_t height) {
  for (std::size_t row = 0; row < height; row++) {
    std::memcpy(static_cast<char *>(to) + row * to_pitch, static_cast<const char *>(from) + row * from_pitch,
                width);
  }
}

cudaError_t cudaMemcpy2DAsync(void *to, std::size_t to_pitch, const void *from, std::size_t from_pitch,
                              std::size_t width, std::size_t height, cudaMemcpyKind kind,
                              cudaStream_t stream) {
  cudaError_t error = turn();
  if (error == cudaSuccess && (width > to_pitch || width > from_pitch)) {
    error = last_error = cudaErrorInvalidValue;
  }
  if (error != cudaSuccess || !width || !height) {
    return error;
  }
  const bool in = kind == cudaMemcpyHostToDevice;
  if (streams::pinned(in ? from : to)) {
    streams::queue(stream, [=] { copy_rows(to, to_pitch, from, from_pitch, width, height); });
  } else if (in) {
    const auto staged = std::make_shared<std::vector<char>>(width * height);
    copy_rows(staged->data(), width, from, from_pitch, width, height);
    streams::queue(stream, [=] { copy_rows(to, to_pitch, staged->data(), width, width, height); });
  } else {
    streams::run(stream);
    copy_rows(to, to_pitch, from, from_pitch, width, height);
  }
  return error;
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  return cudaMemcpy2DAsync(to, bytes, from, bytes, bytes, 1, kind, stream);
}

// On the default stream, which waits for no stream that is "non-blocking".
cudaError_t cudaMemcpy2D(void *to, std::size_t to_pitch, const void *from, std::size_t from_pitch,
                         std::size_t width, std::size_t height, cudaMemcpyKind) {
  cudaError_t error = turn();
  if (error == cudaSuccess && (width > to_pitch || width > from_pitch)) {
    error = last_error = cudaErrorInvalidValue;
  }
  if (error == cudaSuccess) {
    copy_rows(to, to_pitch, from, from_pitch, width, height);
  }
  return error;
}

cudaError_t cudaMemcpy(void *to, const void *from, std::size_t bytes, cudaMemcpyKind kind) {
  return cudaMemcpy2D(to, bytes, from, bytes, bytes, 1, kind);
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned) {
  cudaError_t error = turn();
  if (error == cudaSuccess) {
    *stream = streams::make();
    emulation::the().streams++;
  }
  return error;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  streams::end(stream);
  emulation::the().streams--;
  return turn();
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  streams::run(stream);
  return turn();
}

cudaError_t cudaStreamQuery(cudaStream_t stream) {
  emulation::state &s = emulation::the();
  if (s.sticky && s.fail_at >= 0 && s.calls > s.fail_at) {
    return last_error = s.failure;
  }
  return streams::idle(stream) ? cudaSuccess : cudaErrorNotReady;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  cudaError_t error = turn();
  if (error == cudaSuccess) {
    streams::wait(stream, event);
  }
  return error;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned) {
  cudaError_t error = turn();
  if (error == cudaSuccess) {
    *event = streams::make_event();
    emulation::the().events++;
  }
  return error;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  streams::end(event);
  emulation::the().events--;
  return turn();
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  cudaError_t error = turn();
  if (error == cudaSuccess) {
    streams::record(event, stream);
  }
  return error;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  streams::run(event);
  return turn();
}
