#define _GNU_SOURCE /* strerrordesc_np, memrchr */
#include "host/io/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOCK_ATTEMPTS = 16, NUMBER_TEXT = 24 };

qs_status qs_place_fail(const qs_place *p, const char *what, int error) {
  const char *text = strerrordesc_np(error);
  return qs_fail(p->context, error == ENOMEM ? QS_ERROR_MEMORY : QS_ERROR_IO, "%s: %s: %s", p->path, what,
                 text ? text : "unknown error");
}

qs_status qs_place_init(qs_place *p, qs_context *context, const char *what, const char *path, size_t spare) {
  memset(p, 0, sizeof *p);
  p->context = context;
  p->parent_file = p->lock_file = -1;
  struct stat status;
  char resolved[PATH_MAX];
  /* A link to a folder stays a link: what it points to is replaced. */
  if (lstat(path, &status) == 0 && S_ISLNK(status.st_mode)) {
    if (!realpath(path, resolved)) {
      return qs_fail(p->context, QS_ERROR_INPUT, "%s: got %s: a link that leads nowhere; must be a folder",
                     what, path);
    }
    path = resolved;
  }
  size_t length = strlen(path);
  while (length > 1 && path[length - 1] == '/') {
    length--;
  }
  const char *slash = memrchr(path, '/', length);
  const char *name = slash ? slash + 1 : path;
  size_t name_length = length - (size_t)(name - path);
  bool dots = (name_length == 1 && name[0] == '.') || (name_length == 2 && name[0] == '.' && name[1] == '.');
  if (name_length == 0 || dots) {
    return qs_fail(p->context, QS_ERROR_INPUT,
                   "%s: got '%s': must be a folder's own name, which can be made anew", what, path);
  }
  if (length >= sizeof p->path || name_length + spare > sizeof p->name) {
    return qs_fail(p->context, QS_ERROR_INPUT, "%s: the name is too long; must have at most %zu bytes", what,
                   sizeof p->name - spare);
  }
  snprintf(p->path, sizeof p->path, "%.*s", (int)length, path);
  snprintf(p->name, sizeof p->name, "%.*s", (int)name_length, name);
  size_t parent_length = slash == path ? 1 : slash ? (size_t)(slash - path) : 0;
  snprintf(p->parent, sizeof p->parent, "%.*s", (int)parent_length, path);
  if (parent_length == 0) {
    snprintf(p->parent, sizeof p->parent, ".");
  }
  return QS_OK;
}

qs_status qs_place_make(qs_place *p) {
  size_t length = strlen(p->parent);
  p->made_from = length;
  for (size_t i = 1; i <= length; i++) {
    char c = p->parent[i];
    if (c != '/' && c != '\0') {
      continue;
    }
    p->parent[i] = '\0';
    bool made = mkdir(p->parent, 0777) == 0;
    int error = made ? 0 : errno;
    p->parent[i] = c;
    if (made && p->made_from == length) {
      p->made_from = i - 1;
      while (p->made_from > 0 && p->parent[p->made_from] != '/') {
        p->made_from--;
      }
    } else if (!made && error != EEXIST && error != EROFS) {
      return qs_place_fail(p, "the folder above cannot be made", error);
    }
  }
  p->parent_file = open(p->parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return p->parent_file < 0 ? qs_place_fail(p, "the folder above cannot be opened", errno) : QS_OK;
}

void qs_place_unmake(qs_place *p) {
  size_t length = strlen(p->parent);
  while (length > p->made_from && length > 0) {
    p->parent[length] = '\0';
    if (rmdir(p->parent) != 0) {
      return;
    }
    while (length > 0 && p->parent[length - 1] != '/') {
      length--;
    }
    while (length > 0 && p->parent[length - 1] == '/') {
      length--;
    }
  }
}

/* Writes the process number into the lock; where it cannot be written, a second writer is not told it. */
static void sign(int file) {
  char text[NUMBER_TEXT];
  int length = snprintf(text, sizeof text, "%ld\n", (long)getpid());
  bool written = ftruncate(file, 0) == 0 && pwrite(file, text, (size_t)length, 0) == length;
  (void)written;
}

/* Names the writer that holds the lock, as far as it is known. */
static qs_status refuse(const qs_place *p) {
  char text[NUMBER_TEXT] = "";
  ssize_t length = p->lock_file < 0 ? 0 : pread(p->lock_file, text, sizeof text - 1, 0);
  long process = length > 0 && strchr(text, '\n') ? strtol(text, NULL, 10) : 0;
  if (process <= 0) {
    return qs_fail(p->context, QS_ERROR_IO, "%s: another run is writing its results there", p->path);
  }
  return qs_fail(p->context, QS_ERROR_IO, "%s: another run is writing its results there, process %ld",
                 p->path, process);
}

qs_status qs_place_lock(qs_place *p) {
  for (int attempt = 0; attempt < LOCK_ATTEMPTS; attempt++) {
    p->lock_file = openat(p->parent_file, p->lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (p->lock_file < 0) {
      return qs_place_fail(p, "its lock cannot be made", errno);
    }
    if (flock(p->lock_file, LOCK_EX | LOCK_NB) != 0) {
      int error = errno;
      qs_status status =
          error == EWOULDBLOCK ? refuse(p) : qs_place_fail(p, "its lock cannot be taken", error);
      close(p->lock_file);
      p->lock_file = -1;
      return status;
    }
    struct stat held;
    struct stat named;
    bool same = fstat(p->lock_file, &held) == 0 &&
                fstatat(p->parent_file, p->lock, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
                held.st_ino == named.st_ino && held.st_dev == named.st_dev;
    if (same) {
      sign(p->lock_file);
      return QS_OK;
    }
    /* Its last holder removed it between our opening and our locking. */
    close(p->lock_file);
    p->lock_file = -1;
  }
  return refuse(p);
}

void qs_place_release(qs_place *p) {
  if (p->lock_file >= 0) {
    unlinkat(p->parent_file, p->lock, 0);
    close(p->lock_file);
  }
  if (p->parent_file >= 0) {
    close(p->parent_file);
  }
  p->parent_file = p->lock_file = -1;
}
