#define _GNU_SOURCE /* strerrordesc_np */
#include "host/io/journal_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/digest.h"
#include "kernels/backend.h"
#include "quickset/engine.h"

enum { FORMAT = 1, CHUNK = 1 << 16 };

static const char magic[8] = {'q', 's', 'j', 'o', 'u', 'r', 'n', '\n'};
static const uint64_t record_magic = 0x0a6365722d736a71; /* "qjs-rec\n" */

_Static_assert(sizeof(journal_head) == 144 && sizeof(journal_record) == 64,
               "a part of the journal has bytes that belong to no member");

void qs_journal_head_fill(journal_head *head, const char *inputs, uint32_t sections) {
  memset(head, 0, sizeof *head);
  memcpy(head->magic, magic, sizeof magic);
  head->format = FORMAT;
  head->abi = QS_BACKEND_ABI;
  head->sections = sections;
  strncpy(head->version, qs_version(), sizeof head->version - 1);
  strncpy(head->inputs, inputs ? inputs : "", sizeof head->inputs - 1);
  head->check = qs_digest_of(head, offsetof(journal_head, check));
}

void qs_journal_record_fill(journal_record *record, const qs_piece_key *key, uint64_t bytes) {
  *record = (journal_record){.magic = record_magic, .key = *key, .bytes = bytes};
  record->check = qs_digest_of(record, offsetof(journal_record, check));
}

int qs_journal_read_at(int file, void *bytes, size_t size, uint64_t offset) {
  char *to = bytes;
  for (size_t done = 0; done < size;) {
    ssize_t count = pread(file, to + done, size - done, (off_t)(offset + done));
    if (count == 0 || (count < 0 && errno != EINTR)) {
      return count == 0 ? ENODATA : errno;
    }
    done += count > 0 ? (size_t)count : 0;
  }
  return 0;
}

/* A file while it is read. */
typedef struct reading {
  qs_context *context;
  int file;
  const char *path;
  uint64_t size;
  unsigned char *chunk; /* [CHUNK] */
} reading;

static qs_status fail_reading(const reading *r, int error) {
  const char *text = strerrordesc_np(error);
  return qs_fail(r->context, QS_ERROR_IO, "%s: the journal cannot be read: %s", r->path,
                 text ? text : "unknown error");
}

static qs_status fail_damaged(const reading *r, uint64_t at) {
  return qs_fail(r->context, QS_ERROR_INPUT,
                 "%s: the journal is damaged at byte %llu; without it the run begins anew", r->path,
                 (unsigned long long)at);
}

static qs_status check_head(const reading *r, const journal_head *wanted) {
  journal_head head;
  const size_t size = r->size < sizeof head ? (size_t)r->size : sizeof head;
  int error = qs_journal_read_at(r->file, &head, size, 0);
  if (error) {
    return fail_reading(r, error);
  }
  if (size < sizeof magic || memcmp(head.magic, magic, sizeof magic) != 0) {
    return qs_fail(r->context, QS_ERROR_INPUT, "%s: it is no journal of quickset", r->path);
  }
  if (size < sizeof head || head.check != qs_digest_of(&head, offsetof(journal_head, check))) {
    return fail_damaged(r, 0);
  }
  if (head.format != wanted->format || head.abi != wanted->abi ||
      strncmp(head.version, wanted->version, sizeof head.version) != 0) {
    return qs_fail(r->context, QS_ERROR_INPUT,
                   "%s: the journal is of quickset %.31s (%u.%u), not of this one, %s (%u.%u)", r->path,
                   head.version, head.format, head.abi, wanted->version, wanted->format, wanted->abi);
  }
  if (strncmp(head.inputs, wanted->inputs, sizeof head.inputs) != 0) {
    return qs_fail(
        r->context, QS_ERROR_INPUT,
        "%s: the journal is of other inputs: a file that the config names, the config itself or an "
        "override has changed since",
        r->path);
  }
  if (head.sections != wanted->sections) {
    return qs_fail(r->context, QS_ERROR_INPUT,
                   "%s: the journal is of another command: its sections are %u, not %u", r->path,
                   head.sections, wanted->sections);
  }
  return QS_OK;
}

/* The check sum of the file's bytes [from, from + size), and whether they are all 0. */
static int sum_bytes(const reading *r, uint64_t from, uint64_t size, uint64_t *sum, bool *zero) {
  qs_digester digester = {0};
  *zero = true;
  for (uint64_t done = 0; done < size;) {
    const size_t part = size - done < CHUNK ? (size_t)(size - done) : CHUNK;
    int error = qs_journal_read_at(r->file, r->chunk, part, from + done);
    if (error) {
      return error;
    }
    for (size_t i = 0; *zero && i < part; i++) {
      *zero = r->chunk[i] == 0;
    }
    qs_digest_add(&digester, r->chunk, part);
    done += part;
  }
  *sum = qs_digest_end(&digester).word[0];
  return 0;
}

/* Checks the record at *at and moves on to the next; *cut_off: it is not all there. */
static qs_status read_record(const reading *r, uint64_t *at, journal_record *record, bool *cut_off) {
  const uint64_t left = r->size - *at, frame = sizeof *record + sizeof(uint64_t);
  uint64_t sum = 0, kept = 0;
  bool zero = false;
  if (left < sizeof *record) {
    *cut_off = true;
    return QS_OK;
  }
  int error = qs_journal_read_at(r->file, record, sizeof *record, *at);
  if (!error && (record->magic != record_magic ||
                 record->check != qs_digest_of(record, offsetof(journal_record, check)))) {
    /* A machine that loses power may leave zeros where the last bytes should be. */
    error = sum_bytes(r, *at, left, &sum, &zero);
    *cut_off = error ? error == ENODATA : zero;
    return *cut_off ? QS_OK : error ? fail_reading(r, error) : fail_damaged(r, *at);
  }
  if (!error && (left < frame || record->bytes > left - frame)) {
    *cut_off = true;
    return QS_OK;
  }
  error = error ? error : sum_bytes(r, *at + sizeof *record, record->bytes, &sum, &zero);
  error =
      error ? error : qs_journal_read_at(r->file, &kept, sizeof kept, *at + sizeof *record + record->bytes);
  if (error == ENODATA) { /* the process whose file it is has cut that away in the meantime */
    *cut_off = true;
    return QS_OK;
  }
  if (error) {
    return fail_reading(r, error);
  }
  if (sum != kept) {
    return fail_damaged(r, *at);
  }
  *at += frame + record->bytes;
  return QS_OK;
}

static qs_status read_records(const reading *r, journal_visit visit, void *data, uint64_t *end) {
  for (uint64_t at = sizeof(journal_head); at < r->size;) {
    const uint64_t begin = at;
    bool cut_off = false;
    journal_record record = {0};
    qs_status status = qs_cancelled(r->context) ? qs_fail(r->context, QS_ERROR_CANCELLED, "cancelled")
                                                : read_record(r, &at, &record, &cut_off);
    if (status || cut_off) {
      return status;
    }
    if (!visit(data, &record.key, record.bytes, begin + sizeof record)) {
      return qs_fail_memory(r->context, "reading a journal");
    }
    *end = at;
  }
  return QS_OK;
}

qs_status qs_journal_read(qs_context *context, int file, const char *path, const journal_head *head,
                          journal_visit visit, void *data, uint64_t *end) {
  struct stat found;
  reading r = {.context = context, .file = file, .path = path};
  if (fstat(file, &found) != 0) {
    return fail_reading(&r, errno);
  }
  r.size = (uint64_t)found.st_size;
  qs_status status = check_head(&r, head);
  if (status) {
    return status;
  }
  r.chunk = context->allocator.allocate(context->allocator.data, CHUNK);
  if (!r.chunk) {
    return qs_fail_memory(context, "reading a journal");
  }
  *end = sizeof(journal_head);
  status = read_records(&r, visit, data, end);
  context->allocator.release(context->allocator.data, r.chunk);
  return status;
}
