// An allocator that fails at one call and counts the blocks that are out, for code whose threads allocate
// too.
#ifndef QS_TESTS_SIMULATE_FAILING_THREADS_H
#define QS_TESTS_SIMULATE_FAILING_THREADS_H

#include <atomic>
#include <cstdlib>

// Allocations until one fails, and blocks held; threads allocate too.
inline std::atomic<long> left{-1}, live{0};

inline void *allocate(void *, size_t size) {
  long was = left;
  while (was > 0 && !left.compare_exchange_weak(was, was - 1)) {
  }
  if (was == 0) {
    return nullptr;
  }
  void *block = std::malloc(size);
  live += block != nullptr;
  return block;
}

inline void release(void *, void *block) {
  live -= block != nullptr;
  std::free(block);
}

#endif
