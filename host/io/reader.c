#define _GNU_SOURCE /* strerrordesc_np, which unlike strerror is safe in threads */
#include "host/io/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/text.h"

enum { MAX_SOURCE = 300 };

qs_status qs_reader_no_memory(qs_reader *reader) {
  return qs_fail_memory(reader->context, "reading the config");
}

qs_status qs_reader_bad(qs_reader *reader, const qs_place *place, const char *value, const char *format,
                        ...) {
  char allowed[QS_MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(allowed, sizeof allowed, format, arguments);
  va_end(arguments);
  char position[32] = "";
  if (place->line && place->column) {
    snprintf(position, sizeof position, "%u:%u:", place->line, place->column);
  } else if (place->line) {
    snprintf(position, sizeof position, "%u:", place->line);
  }
  bool has_path = place->path && place->path[0];
  /* A file name may be as long as the system allows; its end is what tells. */
  const char *source = place->source;
  size_t length = strlen(source);
  const char *cut = length > MAX_SOURCE ? source + length - MAX_SOURCE : source;
  qs_fail(reader->context, QS_ERROR_INPUT, "%s%s:%s %s%s%s%s%s%s", cut == source ? "" : "...", cut, position,
          has_path ? place->path : "", has_path ? ": " : "", value ? "got " : "", value ? value : "",
          value ? ": " : "", allowed);
  /* One line, whatever names and values hold. */
  for (char *c = reader->context->message; *c; c++) {
    *c = (unsigned char)*c < 0x20 || *c == 0x7f ? '?' : *c;
  }
  return QS_ERROR_INPUT;
}

static const char *system_error(int error) {
  const char *text = strerrordesc_np(error);
  return text ? text : "unknown error";
}

/* Complains about the file as a whole, at the place that names it where there is one. */
static qs_status bad_file(qs_reader *reader, const char *path, const qs_place *named_at, const char *problem,
                          const char *allowed) {
  if (named_at) {
    size_t length = strlen(path);
    size_t cut = length > MAX_SOURCE ? length - MAX_SOURCE : 0;
    return qs_reader_bad(reader, named_at, path + cut, "%s; %s", problem, allowed);
  }
  qs_place place = {.source = path};
  return qs_reader_bad(reader, &place, NULL, "%s; %s", problem, allowed);
}

static qs_status bad_open(qs_reader *reader, const char *path, const qs_place *named_at, int error) {
  bool absent =
      error == ENOENT || error == ENOTDIR || error == ELOOP || error == ENAMETOOLONG || error == ENXIO;
  if (absent) {
    return bad_file(reader, path, named_at, system_error(error), "must be a file that can be read");
  }
  return qs_fail(reader->context, QS_ERROR_IO, "%s: cannot be read: %s", path, system_error(error));
}

static qs_status read_all(qs_reader *reader, int file, const char *path, char *bytes, size_t capacity,
                          size_t *size) {
  size_t used = 0;
  while (used < capacity) {
    ssize_t count = read(file, bytes + used, capacity - used);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return qs_fail(reader->context, QS_ERROR_IO, "%s: cannot be read: %s", path, system_error(errno));
    }
    if (count == 0) {
      break;
    }
    used += (size_t)count;
  }
  *size = used;
  return QS_OK;
}

static qs_status check_text(qs_reader *reader, const char *path, const char *bytes, size_t size,
                            size_t max_line) {
  if (size >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0)) {
    qs_place start = {.source = path, .line = 1, .column = 1};
    return qs_reader_bad(reader, &start, "a UTF-16 byte-order mark", "must be a text in UTF-8");
  }
  qs_text_flaw flaw;
  if (qs_text_valid(bytes, size, max_line, &flaw)) {
    return QS_OK;
  }
  char value[16];
  snprintf(value, sizeof value, "byte 0x%02X", flaw.byte);
  qs_place place = {.source = path, .line = flaw.line, .column = flaw.column};
  return qs_reader_bad(
      reader, &place, value,
      "%s; must be a text in UTF-8 with lines of at most %zu bytes, without control characters", flaw.what,
      max_line);
}

static qs_status note_file(qs_reader *reader, const char *path, const char *bytes, size_t size) {
  qs_file **last = &reader->files;
  for (; *last; last = &(*last)->next) {
    if (strcmp((*last)->path, path) == 0) {
      return QS_OK;
    }
  }
  qs_file *file = QS_NEW(reader->arena, 1, qs_file);
  char *copy = qs_arena_strdup(reader->arena, path);
  if (!file || !copy) {
    return qs_reader_no_memory(reader);
  }
  file->path = copy;
  file->size = size;
  qs_sha256(bytes, size, file->sha256);
  *last = file;
  reader->file_count++;
  return QS_OK;
}

static qs_status read_open(qs_reader *reader, int file, const char *path, const qs_place *named_at,
                           size_t max_size, const char **bytes, size_t *size) {
  struct stat status;
  if (fstat(file, &status) != 0) {
    return bad_open(reader, path, named_at, errno);
  }
  if (!S_ISREG(status.st_mode)) {
    return bad_file(reader, path, named_at,
                    S_ISDIR(status.st_mode) ? "it is a folder" : "it is a device or pipe",
                    "must be a regular file");
  }
  if (status.st_size < 0 || (uintmax_t)status.st_size > max_size) {
    char problem[64];
    snprintf(problem, sizeof problem, "it has %jd bytes", (intmax_t)status.st_size);
    char allowed[64];
    snprintf(allowed, sizeof allowed, "must have at most %zu", max_size);
    return bad_file(reader, path, named_at, problem, allowed);
  }
  size_t capacity = (size_t)status.st_size;
  char *text = qs_arena_alloc(reader->scratch, capacity + 1, 1);
  if (!text) {
    return qs_reader_no_memory(reader);
  }
  *bytes = text;
  return read_all(reader, file, path, text, capacity, size);
}

qs_status qs_reader_file(qs_reader *reader, const char *path, const qs_place *named_at, size_t max_size,
                         size_t max_line, const char **bytes, size_t *size) {
  /* Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever. */
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) {
    return bad_open(reader, path, named_at, errno);
  }
  const char *text = NULL;
  size_t length = 0;
  qs_status status = read_open(reader, file, path, named_at, max_size, &text, &length);
  close(file);
  if (status == QS_OK) {
    status = check_text(reader, path, text, length, max_line);
  }
  if (status == QS_OK) {
    status = note_file(reader, path, text, length);
  }
  if (status == QS_OK) {
    *bytes = text;
    *size = length;
  }
  return status;
}

char *qs_reader_resolve(qs_reader *reader, const char *from, const char *path) {
  const char *slash = strrchr(from, '/');
  if (path[0] == '/' || !slash) {
    return qs_arena_strdup(reader->arena, path);
  }
  return qs_arena_printf(reader->arena, "%.*s%s", (int)(slash - from + 1), from, path);
}
