// Whether the whole of a sample is asked for (./run test --all) or the part that runs always.
#ifndef QS_TESTS_FULL_SAMPLE_H
#define QS_TESTS_FULL_SAMPLE_H

#include <cstdlib>
#include <cstring>

inline bool FullSample() {
  const char *all = std::getenv("QS_TEST_ALL");
  return all && std::strcmp(all, "1") == 0;
}

#endif
