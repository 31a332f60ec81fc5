#include "failing_calls.h"

#include <dlfcn.h>
#include <sys/types.h>

#include <cerrno>
#include <cstddef>

namespace {

FailingKind armed = FAIL_NOTHING;
long counted, failing_at;
int failing_error;

/* Whether this call is the one that fails. */
bool fails(FailingKind kind) {
  if (armed != kind || ++counted != failing_at) {
    return false;
  }
  errno = failing_error;
  return true;
}

template <class Function> Function *real(const char *name) {
  return reinterpret_cast<Function *>(dlsym(RTLD_NEXT, name));
}

} // namespace

void fail_call(FailingKind kind, long at, int error) {
  counted = 0;
  failing_at = at;
  failing_error = error;
  armed = kind;
}

long fail_nothing() {
  armed = FAIL_NOTHING;
  return counted;
}

/* gcc and clang each tell it in their own way. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OWN_MALLOC 1
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OWN_MALLOC 1
#endif

#ifdef OWN_MALLOC

bool memory_can_fail() {
  return false;
}

#else

bool memory_can_fail() {
  return true;
}

extern "C" {

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);

void *malloc(size_t size) {
  return fails(FAIL_MEMORY) ? nullptr : __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  return fails(FAIL_MEMORY) ? nullptr : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) {
  return fails(FAIL_MEMORY) ? nullptr : __libc_realloc(block, size);
}
}

#endif

extern "C" {

int openat(int folder, const char *path, int flags, ...) {
  /* The mode is read whether or not it was given; the system ignores it then. */
  __builtin_va_list arguments;
  __builtin_va_start(arguments, flags);
  mode_t mode = __builtin_va_arg(arguments, mode_t);
  __builtin_va_end(arguments);
  return fails(FAIL_FILES) ? -1 : real<int(int, const char *, int, ...)>("openat")(folder, path, flags, mode);
}

int mkdirat(int folder, const char *path, mode_t mode) {
  return fails(FAIL_FILES) ? -1 : real<int(int, const char *, mode_t)>("mkdirat")(folder, path, mode);
}

int unlinkat(int folder, const char *path, int flags) {
  return fails(FAIL_FILES) ? -1 : real<int(int, const char *, int)>("unlinkat")(folder, path, flags);
}

ssize_t write(int file, const void *bytes, size_t size) {
  return fails(FAIL_FILES) ? -1 : real<ssize_t(int, const void *, size_t)>("write")(file, bytes, size);
}

int fdatasync(int file) {
  return fails(FAIL_FILES) ? -1 : real<int(int)>("fdatasync")(file);
}

int fsync(int file) {
  return fails(FAIL_FILES) ? -1 : real<int(int)>("fsync")(file);
}

int flock(int file, int operation) noexcept {
  return fails(FAIL_FILES) ? -1 : real<int(int, int)>("flock")(file, operation);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to) noexcept {
  return fails(FAIL_FILES)
             ? -1
             : real<int(int, const char *, int, const char *)>("renameat")(from_folder, from, to_folder, to);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) noexcept {
  if (fails(FAIL_RENAMEAT2) || fails(FAIL_FILES)) {
    return -1;
  }
  return real<int(int, const char *, int, const char *, unsigned)>("renameat2")(from_folder, from, to_folder,
                                                                                to, flags);
}
}
