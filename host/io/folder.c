#define _GNU_SOURCE /* renameat2 */
#include "host/io/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static qs_status fail_io(const qs_folder *f, const char *what, int error) {
  return qs_place_fail(&f->place, what, error);
}

static qs_status init(qs_folder *f, qs_context *context, const char *path,
                      bool (*is_ours)(const char *name)) {
  memset(f, 0, sizeof *f);
  f->context = context;
  f->is_ours = is_ours;
  f->fresh_file = -1;
  qs_status status = qs_place_init(&f->place, context, "output", path, 9);
  if (status == QS_OK) {
    const char *name = f->place.name;
    const int length = (int)strlen(name);
    snprintf(f->fresh, sizeof f->fresh, ".%.*s.new", length, name);
    snprintf(f->aside, sizeof f->aside, ".%.*s.old", length, name);
    snprintf(f->place.lock, sizeof f->place.lock, ".%.*s.lock", length, name);
  }
  return status;
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
  if (fstatat(f->place.parent_file, f->place.name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno == ENOENT ? QS_OK : fail_io(f, "cannot be looked at", errno);
  }
  if (!S_ISDIR(status.st_mode)) {
    return qs_fail(f->context, QS_ERROR_INPUT,
                   "output: got %s: it is a file; must be a folder, new or with results", f->place.path);
  }
  DIR *stream = open_stream(f->place.parent_file, f->place.name);
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
          f->place.path, name);
    }
  }
  closedir(stream);
  if (result == QS_OK && !empty && !manifest) {
    result =
        qs_fail(f->context, QS_ERROR_INPUT,
                "output: got %s: it has no manifest.json, so it is not a folder of results; must be a new or "
                "empty folder, or one with results alone",
                f->place.path);
  }
  return result;
}

/* Removes the folder with all files of ours in it; true when it is gone. */
static bool remove_folder(const qs_folder *f, const char *folder_name) {
  DIR *stream = open_stream(f->place.parent_file, folder_name);
  if (!stream) {
    return errno == ENOENT;
  }
  for (const char *name = next_name(stream); name; name = next_name(stream)) {
    if (f->is_ours(name)) {
      unlinkat(dirfd(stream), name, 0);
    }
  }
  closedir(stream);
  return unlinkat(f->place.parent_file, folder_name, AT_REMOVEDIR) == 0;
}

static void release(qs_folder *f) {
  if (f->fresh_file >= 0) {
    close(f->fresh_file);
  }
  f->fresh_file = -1;
  qs_place_release(&f->place);
}

void qs_folder_abandon(qs_folder *f) {
  if (f->place.lock_file >= 0) {
    remove_folder(f, f->fresh);
  }
  release(f);
  qs_place_unmake(&f->place);
}

static qs_status make_fresh(qs_folder *f) {
  if (!remove_folder(f, f->fresh)) {
    return fail_io(f, "what an earlier run left beside it cannot be removed", errno);
  }
  if (mkdirat(f->place.parent_file, f->fresh, 0777) != 0) {
    return fail_io(f, "cannot be made", errno);
  }
  f->fresh_file = openat(f->place.parent_file, f->fresh, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  return f->fresh_file < 0 ? fail_io(f, "cannot be opened", errno) : QS_OK;
}

qs_status qs_folder_begin(qs_folder *f, qs_context *context, const char *path,
                          bool (*is_ours)(const char *name)) {
  qs_status status = init(f, context, path, is_ours);
  if (status != QS_OK) {
    return status;
  }
  status = qs_place_make(&f->place);
  if (status == QS_OK) {
    status = qs_place_lock(&f->place);
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
  if (renameat2(f->place.parent_file, f->fresh, f->place.parent_file, f->place.name, RENAME_EXCHANGE) == 0) {
    return 0;
  }
  if (errno != EINVAL && errno != ENOSYS) {
    return errno;
  }
  if (!remove_folder(f, f->aside) ||
      renameat(f->place.parent_file, f->place.name, f->place.parent_file, f->aside) != 0) {
    return errno;
  }
  if (renameat(f->place.parent_file, f->fresh, f->place.parent_file, f->place.name) != 0) {
    int error = errno;
    renameat(f->place.parent_file, f->aside, f->place.parent_file, f->place.name);
    return error;
  }
  renameat(f->place.parent_file, f->aside, f->place.parent_file, f->fresh);
  return 0;
}

qs_status qs_folder_commit(qs_folder *f) {
  int error = fsync(f->fresh_file) == 0 ? 0 : errno;
  if (!error) {
    struct stat status;
    bool there = fstatat(f->place.parent_file, f->place.name, &status, AT_SYMLINK_NOFOLLOW) == 0;
    error = there                                                                                ? exchange(f)
            : renameat(f->place.parent_file, f->fresh, f->place.parent_file, f->place.name) == 0 ? 0
                                                                                                 : errno;
  }
  if (error) {
    qs_status status = fail_io(f, "cannot be put in its place", error);
    qs_folder_abandon(f);
    return status;
  }
  /* What is left is the old folder; the new one stands. A parent that cannot be synced changes nothing of
   * that. */
  (void)fsync(f->place.parent_file);
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
  f.place.parent_file = open(f.place.parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (f.place.parent_file < 0 && errno == ENOENT) {
    return QS_OK;
  }
  if (f.place.parent_file < 0) {
    return fail_io(&f, "the folder above cannot be opened", errno);
  }
  status = check_place(&f);
  if (status == QS_OK && faccessat(f.place.parent_file, ".", W_OK | X_OK, 0) != 0) {
    status = fail_io(&f, "the folder above cannot be written to", errno);
  }
  close(f.place.parent_file);
  return status;
}
