/* Calls of the C library that fail on demand. Linked into a test, they stand before the library's own. */
#ifndef QS_TESTS_IO_FAILING_CALLS_H
#define QS_TESTS_IO_FAILING_CALLS_H

/* Memory: malloc, calloc, realloc. Files: openat, mkdirat, unlinkat, write, fsync, fdatasync, flock,
 * renameat, renameat2. */
enum FailingKind { FAIL_NOTHING, FAIL_MEMORY, FAIL_FILES, FAIL_RENAMEAT2 };

/* From now on the calls of this kind are counted, and number `at` (from 1; 0: none) fails with `error`. */
void fail_call(FailingKind kind, long at, int error);

/* Ends that; how many calls were counted. */
long fail_nothing();

/* False under a sanitizer, which has a malloc of its own. */
bool memory_can_fail();

#endif
