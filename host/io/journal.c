#define _GNU_SOURCE /* strerrordesc_np */
#include "host/io/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host/io/journal_file.h"
#include "host/io/place.h"

enum { BUFFER = 1 << 18, FIRST_PIECES = 256, SPARE = 15 };
static const double longest_wait = 0.25; /* seconds */

/* A piece in the file. */
typedef struct held_piece {
  qs_piece_key key;
  uint64_t bytes, offset;
} held_piece;

struct qs_journal {
  qs_context *context;
  qs_work_store store;
  qs_journal_info count;
  journal_head head;
  qs_place place; /* its name is the file's */
  char fresh[QS_PLACE_NAME];
  int file; /* -1: not there yet, or not to be read */
  held_piece *pieces;
  size_t piece_count, room;
  char *buffer; /* [BUFFER] */
  size_t used;
  uint64_t whole; /* pieces that end in the buffer */
  double written; /* when */
  bool failed;
};

static double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static qs_status fail_file(qs_journal *j, const char *what, int error) {
  const char *text = strerrordesc_np(error);
  j->failed = true;
  return qs_fail(j->context, error == ENOMEM ? QS_ERROR_MEMORY : QS_ERROR_IO, "%s/%s: the journal %s: %s",
                 j->place.parent, j->place.name, what, text ? text : "unknown error");
}

/* ---- what it holds ---- */

static int compare(uint64_t a, uint64_t b) {
  return a < b ? -1 : a > b;
}

/* By unit and payoffs, then by first item, the longest first. */
static int compare_pieces(const void *left, const void *right) {
  const qs_piece_key *a = &((const held_piece *)left)->key, *b = &((const held_piece *)right)->key;
  int order = compare(a->unit.word[0], b->unit.word[0]);
  order = order ? order : compare(a->unit.word[1], b->unit.word[1]);
  order = order ? order : compare(a->payoff_begin, b->payoff_begin);
  order = order ? order : compare(a->payoff_count, b->payoff_count);
  order = order ? order : compare(a->begin, b->begin);
  return order ? order : compare(b->end, a->end);
}

static bool same_work(const qs_piece_key *a, const qs_piece_key *b) {
  return qs_digest_equal(a->unit, b->unit) && a->payoff_begin == b->payoff_begin &&
         a->payoff_count == b->payoff_count;
}

/* Number of pieces that stand before that of the key. */
static size_t place_of(const qs_journal *j, const qs_piece_key *key) {
  const held_piece wanted = {.key = *key};
  size_t low = 0, high = j->piece_count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (compare_pieces(&j->pieces[middle], &wanted) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

static bool find(void *data, qs_piece_key *key) {
  const qs_journal *j = data;
  qs_piece_key first = *key;
  first.end = UINT64_MAX;
  for (size_t i = place_of(j, &first); i < j->piece_count && same_work(&j->pieces[i].key, key); i++) {
    const qs_piece_key *held = &j->pieces[i].key;
    if (held->begin >= key->end) {
      return false;
    }
    if (held->begin < held->end && held->end <= key->end) {
      *key = *held;
      return true;
    }
  }
  return false;
}

static qs_status recall(void *data, qs_context *context, const qs_piece_key *key, const qs_piece_place *to) {
  qs_journal *j = data;
  const held_piece *piece = &j->pieces[place_of(j, key)]; /* it was found */
  if (piece->bytes != to->rows * to->row_bytes) {
    return qs_fail(context, QS_ERROR_INPUT, "%s/%s: the journal holds a result of another size",
                   j->place.parent, j->place.name);
  }
  qs_digester digester = {0};
  int error = 0;
  for (size_t row = 0; !error && row < to->rows; row++) {
    char *at = to->first + row * to->stride;
    error = qs_journal_read_at(j->file, at, to->row_bytes, piece->offset + row * to->row_bytes);
    qs_digest_add(&digester, at, error ? 0 : to->row_bytes);
  }
  uint64_t sum = 0;
  error = error ? error : qs_journal_read_at(j->file, &sum, sizeof sum, piece->offset + piece->bytes);
  if (error) {
    return fail_file(j, "cannot be read", error);
  }
  if (sum != qs_digest_end(&digester).word[0]) {
    return qs_fail(context, QS_ERROR_IO, "%s/%s: the journal has changed while it was in use",
                   j->place.parent, j->place.name);
  }
  j->count.recalled++;
  return QS_OK;
}

static bool hold(void *data, const qs_piece_key *key, uint64_t bytes, uint64_t offset) {
  qs_journal *j = data;
  const qs_allocator *memory = &j->context->allocator;
  if (j->piece_count == j->room) {
    const size_t room = j->room ? 2 * j->room : FIRST_PIECES;
    held_piece *more = memory->allocate(memory->data, room * sizeof *more);
    if (!more) {
      return false;
    }
    if (j->piece_count) {
      memcpy(more, j->pieces, j->piece_count * sizeof *more);
      memory->release(memory->data, j->pieces);
    }
    j->pieces = more;
    j->room = room;
  }
  j->pieces[j->piece_count++] = (held_piece){*key, bytes, offset};
  return true;
}

/* ---- what is added ---- */

static int write_all(int file, const char *bytes, size_t size) {
  for (size_t done = 0; done < size;) {
    ssize_t count = write(file, bytes + done, size - done);
    if (count == 0 || (count < 0 && errno != EINTR)) {
      return count == 0 ? ENOSPC : errno;
    }
    done += count > 0 ? (size_t)count : 0;
  }
  return 0;
}

static qs_status write_buffer(qs_journal *j) {
  const size_t size = j->used;
  j->used = 0;
  j->written = seconds_now();
  int error = size ? write_all(j->file, j->buffer, size) : 0;
  if (error) {
    return fail_file(j, "cannot be written", error);
  }
  j->count.kept += j->whole;
  j->whole = 0;
  return QS_OK;
}

static qs_status put(qs_journal *j, const void *bytes, size_t size) {
  const char *from = bytes;
  qs_status status = QS_OK;
  while (!status && size) {
    const size_t room = BUFFER - j->used, part = size < room ? size : room;
    memcpy(j->buffer + j->used, from, part);
    j->used += part;
    from += part;
    size -= part;
    status = j->used == BUFFER ? write_buffer(j) : QS_OK;
  }
  return status;
}

/* Makes the file with its head under another name and puts it in its place. */
static qs_status make_file(qs_journal *j) {
  unlinkat(j->place.parent_file, j->fresh, 0);
  j->file = openat(j->place.parent_file, j->fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (j->file < 0) {
    return fail_file(j, "cannot be made", errno);
  }
  int error = write_all(j->file, (const char *)&j->head, sizeof j->head);
  if (!error && renameat(j->place.parent_file, j->fresh, j->place.parent_file, j->place.name) != 0) {
    error = errno;
  }
  if (error) {
    unlinkat(j->place.parent_file, j->fresh, 0);
    close(j->file);
    j->file = -1;
    return fail_file(j, "cannot be made", error);
  }
  j->count.found = true;
  return QS_OK;
}

static qs_status keep(void *data, qs_context *context, const qs_piece_key *key, const qs_piece_place *from) {
  qs_journal *j = data;
  if (j->failed) {
    return qs_fail(context, QS_ERROR_IO, "%s/%s: the journal could not be written", j->place.parent,
                   j->place.name);
  }
  qs_status status = j->file < 0 ? make_file(j) : QS_OK;
  journal_record record;
  qs_journal_record_fill(&record, key, from->rows * from->row_bytes);
  status = status ? status : put(j, &record, sizeof record);
  qs_digester digester = {0};
  for (size_t row = 0; !status && row < from->rows; row++) {
    const char *at = from->first + row * from->stride;
    qs_digest_add(&digester, at, from->row_bytes);
    status = put(j, at, from->row_bytes);
  }
  const uint64_t sum = qs_digest_end(&digester).word[0];
  status = status ? status : put(j, &sum, sizeof sum);
  j->whole += !status;
  if (!status && seconds_now() - j->written > longest_wait) {
    status = write_buffer(j);
  }
  return status;
}

static qs_status settle(void *data, qs_context *context) {
  (void)context;
  qs_journal *j = data;
  return j->file < 0 || j->failed ? QS_OK : write_buffer(j);
}

/* ---- beginning and end ---- */

/* Reads what is there; what was cut off at its end is cut away. */
static qs_status read_file(qs_journal *j) {
  char path[QS_PLACE_PATH + QS_PLACE_NAME + 1];
  snprintf(path, sizeof path, "%s/%s", j->place.parent, j->place.name);
  uint64_t end = 0;
  qs_status status = qs_journal_read(j->context, j->file, path, &j->head, hold, j, &end);
  if (status) {
    return status;
  }
  j->count.held = j->piece_count;
  if (j->piece_count) {
    qsort(j->pieces, j->piece_count, sizeof *j->pieces, compare_pieces);
  }
  if (ftruncate(j->file, (off_t)end) != 0 || lseek(j->file, (off_t)end, SEEK_SET) < 0) {
    return fail_file(j, "cannot be written", errno);
  }
  return QS_OK;
}

static qs_status look(qs_journal *j, bool resume) {
  if (!resume) { /* it is replaced once there is something to keep */
    j->count.found = faccessat(j->place.parent_file, j->place.name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    return QS_OK;
  }
  j->file = openat(j->place.parent_file, j->place.name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (j->file < 0) {
    return errno == ENOENT ? QS_OK : fail_file(j, "cannot be opened", errno);
  }
  j->count.found = true;
  return read_file(j);
}

/* Where the journal lies: its own path, or hidden beside the results. */
static qs_status find_place(qs_journal *j, const qs_journal_spec *spec) {
  const char *path = spec->path ? spec->path : spec->folder;
  qs_status status = qs_place_init(&j->place, j->context, spec->path ? "journal" : "output", path, SPARE);
  if (status == QS_OK) {
    char name[QS_PLACE_NAME];
    memcpy(name, j->place.name, sizeof name);
    const int length = (int)strnlen(name, QS_PLACE_NAME - SPARE);
    const char *dot = spec->path ? "" : ".", *end = spec->path ? "" : ".journal";
    snprintf(j->place.name, sizeof j->place.name, "%s%.*s%s", dot, length, name, end);
    snprintf(j->fresh, sizeof j->fresh, ".%.*s%s.new", length, name, end);
    snprintf(j->place.lock, sizeof j->place.lock, ".%.*s%s.lock", length, name, end);
  }
  return status;
}

qs_status qs_journal_begin(qs_context *context, const qs_journal_spec *spec, qs_journal **journal) {
  const qs_allocator *memory = &context->allocator;
  qs_journal *j = memory->allocate(memory->data, sizeof *j);
  char *buffer = j ? memory->allocate(memory->data, BUFFER) : NULL;
  if (!buffer) {
    if (j) {
      memory->release(memory->data, j);
    }
    return qs_fail_memory(context, "beginning a journal");
  }
  memset(j, 0, sizeof *j);
  j->context = context;
  j->store = (qs_work_store){j, find, recall, keep, settle};
  j->buffer = buffer;
  j->file = -1;
  qs_journal_head_fill(&j->head, spec->inputs, spec->sections);
  qs_status status = find_place(j, spec);
  if (!status) {
    status = qs_place_make(&j->place);
    status = status ? status : qs_place_lock(&j->place);
    status = status ? status : look(j, spec->resume);
  }
  if (status) {
    qs_journal_end(j, false);
    return status;
  }
  j->written = seconds_now();
  *journal = j;
  return QS_OK;
}

const qs_work_store *qs_journal_store(const qs_journal *journal) {
  return &journal->store;
}

void qs_journal_counts(const qs_journal *journal, qs_journal_info *info) {
  const uint32_t size = info->struct_size;
  memcpy(info, &journal->count, size && size < sizeof *info ? size : sizeof *info);
  info->struct_size = size;
}

void qs_journal_end(qs_journal *j, bool remove) {
  if (!j) {
    return;
  }
  if (j->file >= 0) {
    (void)settle(j, j->context);
    close(j->file);
  }
  if (remove && j->place.lock_file >= 0) {
    unlinkat(j->place.parent_file, j->place.name, 0);
  }
  qs_place_release(&j->place);
  qs_place_unmake(&j->place);
  const qs_allocator memory = j->context->allocator;
  if (j->pieces) {
    memory.release(memory.data, j->pieces);
  }
  memory.release(memory.data, j->buffer);
  memory.release(memory.data, j);
}
