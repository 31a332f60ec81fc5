#define _GNU_SOURCE /* renameat2, strerrordesc_np */
#include "host/io/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOCK_ATTEMPTS = 16 };

static qs_status fail_io(qs_folder *f, const char *what, int error) {
  const char *text = strerrordesc_np(error);
  return qs_fail(f->context, error == ENOMEM ? QS_ERROR_MEMORY : QS_ERROR_IO, "%s: %s: %s", f->path, what,
                 text ? text : "unknown error");
}

/* Splits the path into parent and name. */
static qs_status split(qs_folder *f, const char *path) {
  struct stat status;
  char resolved[PATH_MAX];
  /* A link to a folder stays a link: what it points to is replaced. */
  if (lstat(path, &status) == 0 && S_ISLNK(status.st_mode)) {
    if (!realpath(path, resolved)) {
      return qs_fail(f->context, QS_ERROR_INPUT,
                     "output: got %s: a link that leads nowhere; must be a folder", path);
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
    return qs_fail(f->context, QS_ERROR_INPUT,
                   "output: got '%s': must be a folder's own name, which can be made anew", path);
  }
  if (length >= sizeof f->path || name_length + 8 >= sizeof f->name) {
    return qs_fail(f->context, QS_ERROR_INPUT, "output: the name is too long; must have at most %zu bytes",
                   sizeof f->name - 9);
  }
  snprintf(f->path, sizeof f->path, "%.*s", (int)length, path);
  snprintf(f->name, sizeof f->name, "%.*s", (int)name_length, name);
  size_t parent_length = slash == path ? 1 : slash ? (size_t)(slash - path) : 0;
  snprintf(f->parent, sizeof f->parent, "%.*s", (int)parent_length, path);
  if (parent_length == 0) {
    snprintf(f->parent, sizeof f->parent, ".");
  }
  snprintf(f->fresh, sizeof f->fresh, ".%.*s.new", (int)name_length, name);
  snprintf(f->aside, sizeof f->aside, ".%.*s.old", (int)name_length, name);
  snprintf(f->lock, sizeof f->lock, ".%.*s.lock", (int)name_length, name);
  return QS_OK;
}

static qs_status init(qs_folder *f, qs_context *context, const char *path,
                      bool (*is_ours)(const char *name)) {
  memset(f, 0, sizeof *f);
  f->context = context;
  f->is_ours = is_ours;
  f->parent_file = f->fresh_file = f->lock_file = -1;
  return split(f, path);
}

/* The next name in the folder that is not . or ..; null at the end. */
static const char *next_name(DIR *stream) {
  for (struct dirent *entry = readdir(stream); entry; entry = readdir(stream)) {
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
      return entry->d_name;
    }
  }
  return NULL;
}

static DIR *open_stream(int parent, const char *name) {
  int file = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  DIR *stream = file < 0 ? NULL : fdopendir(file);
  if (file >= 0 && !stream) {
    int error = errno;
    close(file);
    errno = error;
  }
  return stream;
}

/* Refuses a place that holds anything but files of ours: replacing it would destroy it. */
static qs_status check_place(qs_folder *f) {
  struct stat status;
  if (fstatat(f->parent_file, f->name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno == ENOENT ? QS_OK : fail_io(f, "cannot be looked at", errno);
  }
  if (!S_ISDIR(status.st_mode)) {
    return qs_fail(f->context, QS_ERROR_INPUT,
                   "output: got %s: it is a file; must be a folder, new or with results", f->path);
  }
  DIR *stream = open_stream(f->parent_file, f->name);
  if (!stream) {
    return fail_io(f, "cannot be opened", errno);
  }
  qs_status result = QS_OK;
  bool manifest = false;
  bool empty = true;
  for (const char *name = next_name(stream); name && result == QS_OK; name = next_name(stream)) {
    empty = false;
    manifest = manifest || strcmp(name, "manifest.json") == 0;
    if (!f->is_ours(name)) {
      result = qs_fail(
          f->context, QS_ERROR_INPUT,
          "output: got %s: it holds '%.100s', which is not results and would be lost; must be a new or "
          "empty folder, or one with results alone",
          f->path, name);
    }
  }
  closedir(stream);
  if (result == QS_OK && !empty && !manifest) {
    result =
        qs_fail(f->context, QS_ERROR_INPUT,
                "output: got %s: it has no manifest.json, so it is not a folder of results; must be a new or "
                "empty folder, or one with results alone",
                f->path);
  }
  return result;
}

/* Removes the folder with all files of ours in it; true when it is gone. */
static bool remove_folder(const qs_folder *f, const char *folder_name) {
  DIR *stream = open_stream(f->parent_file, folder_name);
  if (!stream) {
    return errno == ENOENT;
  }
  for (const char *name = next_name(stream); name; name = next_name(stream)) {
    if (f->is_ours(name)) {
      unlinkat(dirfd(stream), name, 0);
    }
  }
  closedir(stream);
  return unlinkat(f->parent_file, folder_name, AT_REMOVEDIR) == 0;
}

/* Makes the folders that lead to the place, and remembers which were there. */
static qs_status make_parents(qs_folder *f) {
  size_t length = strlen(f->parent);
  f->made_from = length;
  for (size_t i = 1; i <= length; i++) {
    char c = f->parent[i];
    if (c != '/' && c != '\0') {
      continue;
    }
    f->parent[i] = '\0';
    bool made = mkdir(f->parent, 0777) == 0;
    int error = made ? 0 : errno;
    f->parent[i] = c;
    if (made && f->made_from == length) {
      f->made_from = i - 1;
      while (f->made_from > 0 && f->parent[f->made_from] != '/') {
        f->made_from--;
      }
    } else if (!made && error != EEXIST && error != EROFS) {
      return fail_io(f, "the folder above cannot be made", error);
    }
  }
  f->parent_file = open(f->parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return f->parent_file < 0 ? fail_io(f, "the folder above cannot be opened", errno) : QS_OK;
}

/* Removes the folders that make_parents made, the innermost first; those that are in use by now stay. */
static void remove_parents(qs_folder *f) {
  size_t length = strlen(f->parent);
  while (length > f->made_from && length > 0) {
    f->parent[length] = '\0';
    if (rmdir(f->parent) != 0) {
      return;
    }
    while (length > 0 && f->parent[length - 1] != '/') {
      length--;
    }
    while (length > 0 && f->parent[length - 1] == '/') {
      length--;
    }
  }
}

static qs_status take_lock(qs_folder *f) {
  for (int attempt = 0; attempt < LOCK_ATTEMPTS; attempt++) {
    f->lock_file = openat(f->parent_file, f->lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (f->lock_file < 0) {
      return fail_io(f, "its lock cannot be made", errno);
    }
    if (flock(f->lock_file, LOCK_EX | LOCK_NB) != 0) {
      int error = errno;
      close(f->lock_file);
      f->lock_file = -1;
      return error == EWOULDBLOCK
                 ? qs_fail(f->context, QS_ERROR_IO, "%s: another run is writing its results there", f->path)
                 : fail_io(f, "its lock cannot be taken", error);
    }
    struct stat held;
    struct stat named;
    bool same = fstat(f->lock_file, &held) == 0 &&
                fstatat(f->parent_file, f->lock, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
                held.st_ino == named.st_ino && held.st_dev == named.st_dev;
    if (same) {
      return QS_OK;
    }
    /* Its last holder removed it between our opening and our locking. */
    close(f->lock_file);
    f->lock_file = -1;
  }
  return qs_fail(f->context, QS_ERROR_IO, "%s: another run is writing its results there", f->path);
}

static void release(qs_folder *f) {
  if (f->fresh_file >= 0) {
    close(f->fresh_file);
  }
  if (f->lock_file >= 0) {
    unlinkat(f->parent_file, f->lock, 0);
    close(f->lock_file);
  }
  if (f->parent_file >= 0) {
    close(f->parent_file);
  }
  f->parent_file = f->fresh_file = f->lock_file = -1;
}

void qs_folder_abandon(qs_folder *f) {
  if (f->lock_file >= 0) {
    remove_folder(f, f->fresh);
  }
  release(f);
  remove_parents(f);
}

static qs_status make_fresh(qs_folder *f) {
  if (!remove_folder(f, f->fresh)) {
    return fail_io(f, "what an earlier run left beside it cannot be removed", errno);
  }
  if (mkdirat(f->parent_file, f->fresh, 0777) != 0) {
    return fail_io(f, "cannot be made", errno);
  }
  f->fresh_file = openat(f->parent_file, f->fresh, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  return f->fresh_file < 0 ? fail_io(f, "cannot be opened", errno) : QS_OK;
}

qs_status qs_folder_begin(qs_folder *f, qs_context *context, const char *path,
                          bool (*is_ours)(const char *name)) {
  qs_status status = init(f, context, path, is_ours);
  if (status != QS_OK) {
    return status;
  }
  status = make_parents(f);
  if (status == QS_OK) {
    status = take_lock(f);
  }
  if (status == QS_OK) {
    status = check_place(f);
  }
  if (status == QS_OK) {
    status = make_fresh(f);
  }
  if (status != QS_OK) {
    qs_folder_abandon(f);
  }
  return status;
}

qs_status qs_folder_write(qs_folder *f, const char *name, const char *bytes, size_t size) {
  int file = openat(f->fresh_file, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file < 0) {
    return fail_io(f, name, errno);
  }
  int error = 0;
  for (size_t done = 0; done < size && !error;) {
    ssize_t count = write(file, bytes + done, size - done);
    if (count > 0) {
      done += (size_t)count;
    } else if (count == 0 || errno != EINTR) {
      error = count == 0 ? ENOSPC : errno;
    }
  }
  if (!error && fsync(file) != 0) {
    error = errno;
  }
  if (close(file) != 0 && !error) {
    error = errno;
  }
  return error ? fail_io(f, name, error) : QS_OK;
}

/* Puts the fresh folder in the place of the old one, which then bears the fresh one's name; in one step where
 * the file system can, else with the old one aside for a moment. */
static int exchange(const qs_folder *f) {
  if (renameat2(f->parent_file, f->fresh, f->parent_file, f->name, RENAME_EXCHANGE) == 0) {
    return 0;
  }
  if (errno != EINVAL && errno != ENOSYS) {
    return errno;
  }
  if (!remove_folder(f, f->aside) || renameat(f->parent_file, f->name, f->parent_file, f->aside) != 0) {
    return errno;
  }
  if (renameat(f->parent_file, f->fresh, f->parent_file, f->name) != 0) {
    int error = errno;
    renameat(f->parent_file, f->aside, f->parent_file, f->name);
    return error;
  }
  renameat(f->parent_file, f->aside, f->parent_file, f->fresh);
  return 0;
}

qs_status qs_folder_commit(qs_folder *f) {
  int error = fsync(f->fresh_file) == 0 ? 0 : errno;
  if (!error) {
    struct stat status;
    bool there = fstatat(f->parent_file, f->name, &status, AT_SYMLINK_NOFOLLOW) == 0;
    error = there                                                              ? exchange(f)
            : renameat(f->parent_file, f->fresh, f->parent_file, f->name) == 0 ? 0
                                                                               : errno;
  }
  if (error) {
    qs_status status = fail_io(f, "cannot be put in its place", error);
    qs_folder_abandon(f);
    return status;
  }
  /* What is left is the old folder; the new one stands. A parent that cannot be synced changes nothing of
   * that. */
  (void)fsync(f->parent_file);
  remove_folder(f, f->fresh);
  release(f);
  return QS_OK;
}

qs_status qs_folder_check(qs_context *context, const char *path, bool (*is_ours)(const char *name)) {
  qs_folder f;
  qs_status status = init(&f, context, path, is_ours);
  if (status != QS_OK) {
    return status;
  }
  f.parent_file = open(f.parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (f.parent_file < 0 && errno == ENOENT) {
    return QS_OK;
  }
  if (f.parent_file < 0) {
    return fail_io(&f, "the folder above cannot be opened", errno);
  }
  status = check_place(&f);
  if (status == QS_OK && faccessat(f.parent_file, ".", W_OK | X_OK, 0) != 0) {
    status = fail_io(&f, "the folder above cannot be written to", errno);
  }
  close(f.parent_file);
  return status;
}
