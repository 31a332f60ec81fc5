/* An allocator that counts what is out and fails at one call. */
#ifndef QS_TESTS_IO_LEDGER_H
#define QS_TESTS_IO_LEDGER_H

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "host/base/context.h"

struct Ledger {
  long calls = 0, fail_at = 0;
  std::set<void *> out;
  static void *allocate(void *data, size_t size) {
    Ledger *ledger = static_cast<Ledger *>(data);
    if (++ledger->calls == ledger->fail_at) {
      return nullptr;
    }
    void *block = std::malloc(size);
    ledger->out.insert(block);
    return block;
  }
  static void release(void *data, void *block) {
    EXPECT_EQ(static_cast<Ledger *>(data)->out.erase(block), 1u) << "released what was not allocated";
    std::free(block);
  }
  qs_context context() {
    qs_context context;
    qs_context_init(&context);
    context.allocator = {allocate, release, this};
    return context;
  }
};

#endif
