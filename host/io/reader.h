/*
 * What reading a config works within: where its memory comes from, which files it has read, and how it
 * complains. Every complaint is one line: "file:line:column: dotted.path: got VALUE: what is allowed".
 */
#ifndef QS_HOST_IO_READER_H
#define QS_HOST_IO_READER_H

#include <stddef.h>
#include <stdint.h>

#include "host/base/arena.h"
#include "host/base/context.h"
#include "host/io/sha256.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  QS_PATH_TEXT = 256,          /* a dotted path in a message; longer ones are cut */
  QS_MAX_YAML_FILE = 64 << 20, /* bytes */
  QS_MAX_YAML_LINE = 1 << 20,  /* a config in JSON may stand on one line */
  QS_MAX_CSV_FILE = 256 << 20,
  QS_MAX_CSV_LINE = 64 << 10
};

typedef struct qs_file {
  const char *path;
  uint64_t size;
  char sha256[QS_SHA256_TEXT];
  struct qs_file *next;
} qs_file;

struct qs_draft;

typedef struct qs_reader {
  qs_context *context;
  qs_arena *arena;   /* of the config: what outlives the reading */
  qs_arena *scratch; /* until the config is read */
  const char *config_path;
  struct qs_draft *draft; /* what is being filled; draft.h */
  qs_file *files;         /* in the order read; a file that is read twice stands here once */
  size_t file_count;
} qs_reader;

/* Where something was written. */
typedef struct qs_place {
  const char *source;    /* file name, or "--set key=value" */
  uint32_t line, column; /* from 1; 0: not known */
  const char *path;      /* dotted; null or empty: the whole file */
} qs_place;

/* Records the complaint and returns QS_ERROR_INPUT. `value` (may be null: nothing to quote) is shown in full;
 * the format says what is allowed. */
qs_status qs_reader_bad(qs_reader *reader, const qs_place *place, const char *value, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Out of memory while reading. */
qs_status qs_reader_no_memory(qs_reader *reader);

/* Reads the whole regular file into the scratch arena, with a zero after its last byte, checks that it is a
 * text of at most `max_size` bytes with lines of at most `max_line`, and notes its hash. `named_at` (may be
 * null) is where the config names it. QS_ERROR_INPUT when there is no such file or it is no such text,
 * QS_ERROR_IO when the system refuses. */
qs_status qs_reader_file(qs_reader *reader, const char *path, const qs_place *named_at, size_t max_size,
                         size_t max_line, const char **bytes, size_t *size);

/* `path` as seen from the folder of the file `from`, in the config's arena; null when memory is out. */
char *qs_reader_resolve(qs_reader *reader, const char *from, const char *path);

#ifdef __cplusplus
}
#endif
#endif
