/*
 * The file of a journal: a head that says whose it is, then records, each a piece of work with its result.
 * Appended to and never changed, so that a kill at any instant leaves whole records and at most one that is
 * cut off. Numbers are the machine's own (little-endian); every part has a check sum.
 *
 *   head     journal_head
 *   record   journal_record, `bytes` bytes of result, 8 bytes: their check sum
 */
#ifndef QS_HOST_IO_JOURNAL_FILE_H
#define QS_HOST_IO_JOURNAL_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "host/base/context.h"
#include "host/engine/work_store.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct journal_head {
  char magic[8];
  uint32_t format, abi; /* of this file; QS_BACKEND_ABI, which a change of bits raises or the version does */
  uint32_t sections, reserved;
  char version[32]; /* of the library */
  char inputs[80];  /* whatever tells these inputs from others; zeros after it */
  uint64_t check;   /* of all before it */
} journal_head;

typedef struct journal_record {
  uint64_t magic;
  qs_piece_key key;
  uint64_t bytes;
  uint64_t check; /* of all before it */
} journal_record;

/* The head of this library's journals. `inputs` may be null: nothing. */
void qs_journal_head_fill(journal_head *head, const char *inputs, uint32_t sections);

void qs_journal_record_fill(journal_record *record, const qs_piece_key *key, uint64_t bytes);

/* Called for every whole record, with the offset of its result; false: memory is out. */
typedef bool (*journal_visit)(void *data, const qs_piece_key *key, uint64_t bytes, uint64_t offset);

/*
 * Reads the open file `file` (named `path` in messages) from its beginning: the head must be `head`, and
 * every record must be sound. `end` gets where the last whole record ends; what follows it was cut off while
 * it was written. QS_ERROR_INPUT when the file is no journal, is damaged or belongs to another run (the
 * message says which), QS_ERROR_IO when it cannot be read, QS_ERROR_MEMORY, QS_ERROR_CANCELLED.
 */
qs_status qs_journal_read(qs_context *context, int file, const char *path, const journal_head *head,
                          journal_visit visit, void *data, uint64_t *end);

/* Reads `size` bytes at the offset; 0, or the error number (ENODATA where the file ends before). */
int qs_journal_read_at(int file, void *bytes, size_t size, uint64_t offset);

#ifdef __cplusplus
}
#endif
#endif
