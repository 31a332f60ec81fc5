// An allocator that fails at one call and counts the blocks that are out.
#ifndef QS_TESTS_FAILING_ALLOCATOR_H
#define QS_TESTS_FAILING_ALLOCATOR_H

#include <cstddef>
#include <cstdlib>

struct Failing {
  long left = -1, live = 0;
};

inline void *failing_allocate(void *data, std::size_t size) {
  Failing *f = static_cast<Failing *>(data);
  if (f->left == 0) {
    return nullptr;
  }
  f->left--;
  void *block = std::malloc(size);
  f->live += block != nullptr;
  return block;
}

inline void failing_release(void *data, void *block) {
  static_cast<Failing *>(data)->live -= block != nullptr;
  std::free(block);
}

#endif
