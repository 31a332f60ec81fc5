#define _GNU_SOURCE /* strerrordesc_np */
#include "host/io/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/base/clock.h"
#include "host/io/journal_file.h"
#include "host/io/place.h"

enum { BUFFER = 1 << 18, FIRST_PIECES = 256, SPARE = 20 };
static const double longest_wait = 0.25; /* seconds */
static const double sync_share = 0.02;   /* most of the time that waits for a disk */

/* A piece in one of the files. */
typedef struct held_piece {
  qs_piece_key key;
  uint64_t bytes, offset;
  size_t file;
} held_piece;

struct qs_journal {
  qs_context *context;
  qs_work_store store;
  qs_journal_info count;
  journal_head head;
  qs_place place; /* its name is the file's */
  char fresh[QS_PLACE_NAME];
  char beside[QS_PLACE_NAME]; /* what the names of the other processes' files begin with; empty: there are
                                 none */
  int file;                   /* its own; -1: not there yet */
  int *files;                 /* [file_count] that are read, its own among them */
  size_t file_count, file_room;
  uint32_t rank;
  held_piece *pieces;
  size_t piece_count, room;
  char *buffer; /* [BUFFER] */
  size_t used;
  uint64_t whole;                         /* pieces that end in the buffer */
  double written;                         /* when */
  double sync_seconds, synced, sync_cost; /* how often, when last, and what that took */
  bool failed;
};

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
  const int file = j->files[piece->file];
  qs_digester digester = {0};
  int error = 0;
  for (size_t row = 0; !error && row < to->rows; row++) {
    char *at = to->first + row * to->stride;
    error = qs_journal_read_at(file, at, to->row_bytes, piece->offset + row * to->row_bytes);
    qs_digest_add(&digester, at, error ? 0 : to->row_bytes);
  }
  uint64_t sum = 0;
  error = error ? error : qs_journal_read_at(file, &sum, sizeof sum, piece->offset + piece->bytes);
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

/* Room for one more in a list of `count` of `room`, which may move; null when memory is out. */
static void *grow(qs_journal *j, void *list, size_t count, size_t *room, size_t size) {
  const qs_allocator *memory = &j->context->allocator;
  if (count < *room) {
    return list;
  }
  const size_t more = *room ? 2 * *room : FIRST_PIECES;
  void *made = memory->allocate(memory->data, more * size);
  if (made && count) {
    memcpy(made, list, count * size);
    memory->release(memory->data, list);
  }
  *room = made ? more : *room;
  return made;
}

static bool hold(void *data, const qs_piece_key *key, uint64_t bytes, uint64_t offset) {
  qs_journal *j = data;
  held_piece *pieces = grow(j, j->pieces, j->piece_count, &j->room, sizeof *pieces);
  if (!pieces) {
    return false;
  }
  j->pieces = pieces;
  pieces[j->piece_count++] = (held_piece){*key, bytes, offset, j->file_count - 1};
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

/* Makes what was written safe from the end of the machine; the file's name too, the first time. A file that
 * knows no such thing is as safe as it gets. */
static int sync_file(qs_journal *j) {
  const double start = qs_seconds_now();
  int error = fdatasync(j->file) == 0 ? 0 : errno;
  if (!error && !j->count.synced) {
    (void)fsync(j->place.parent_file);
  }
  j->synced = qs_seconds_now();
  j->sync_cost = j->synced - start;
  j->count.synced += !error;
  return error == EINVAL || error == EROFS ? 0 : error;
}

static bool sync_is_due(const qs_journal *j) {
  const double since = j->written - j->synced;
  return j->sync_seconds <= 0 || (since >= j->sync_seconds && since * sync_share >= j->sync_cost);
}

static qs_status write_buffer(qs_journal *j) {
  const size_t size = j->used;
  j->used = 0;
  j->written = qs_seconds_now();
  int error = size ? write_all(j->file, j->buffer, size) : 0;
  if (!error && size && sync_is_due(j)) {
    error = sync_file(j);
  }
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
  if (!status && qs_seconds_now() - j->written > longest_wait) {
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

/* Reads an open file, which is closed with the journal; where its whole records end. */
static qs_status read_file(qs_journal *j, int file, const char *path, uint64_t *end) {
  int *files = grow(j, j->files, j->file_count, &j->file_room, sizeof *files);
  if (!files) {
    close(file);
    return qs_fail_memory(j->context, "reading a journal");
  }
  j->files = files;
  files[j->file_count++] = file;
  return qs_journal_read(j->context, file, path, &j->head, hold, j, end);
}

/* Its own file; what was cut off at its end is cut away. */
static qs_status read_own(qs_journal *j) {
  char path[QS_PLACE_PATH + QS_PLACE_NAME + 1];
  snprintf(path, sizeof path, "%s/%s", j->place.parent, j->place.name);
  const int file = openat(j->place.parent_file, j->place.name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) {
    return errno == ENOENT ? QS_OK : fail_file(j, "cannot be opened", errno);
  }
  j->count.found = true;
  uint64_t end = 0;
  qs_status status = read_file(j, file, path, &end);
  if (status) {
    return status;
  }
  j->file = file;
  if (ftruncate(file, (off_t)end) != 0 || lseek(file, (off_t)end, SEEK_SET) < 0) {
    return fail_file(j, "cannot be written", errno);
  }
  return QS_OK;
}

static qs_status read_other(qs_journal *j, int folder, const char *name, const char *path) {
  const int file = openat(folder, name, O_RDONLY | O_CLOEXEC);
  uint64_t end = 0;
  if (file < 0) {
    const char *text = strerrordesc_np(errno);
    return qs_fail(j->context, errno == ENOENT ? QS_ERROR_INPUT : QS_ERROR_IO,
                   "%s: the journal cannot be opened: %s", path, text ? text : "unknown error");
  }
  j->count.found = true;
  return read_file(j, file, path, &end);
}

/* Whether the name is that of another process's journal of the same run. */
static bool is_beside(const qs_journal *j, const char *name) {
  const size_t length = strlen(j->beside);
  if (!length || strncmp(name, j->beside, length) != 0 || strcmp(name, j->place.name) == 0) {
    return false;
  }
  const char *rank = name + length;
  return !*rank || (*rank == '-' && rank[1] && !rank[1 + strspn(rank + 1, "0123456789")]);
}

/* Reads the journals of the other processes, or removes them. */
static qs_status walk_beside(qs_journal *j, bool remove) {
  const int file = openat(j->place.parent_file, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *stream = file < 0 ? NULL : fdopendir(file);
  if (!stream) {
    const int error = errno;
    if (file >= 0) {
      close(file);
    }
    return fail_file(j, "cannot be looked for", error);
  }
  qs_status status = QS_OK;
  for (struct dirent *entry = readdir(stream); entry && !status; entry = readdir(stream)) {
    if (is_beside(j, entry->d_name)) {
      char path[QS_PLACE_PATH + QS_PLACE_NAME + 1];
      snprintf(path, sizeof path, "%s/%s", j->place.parent, entry->d_name);
      if (remove) {
        unlinkat(j->place.parent_file, entry->d_name, 0);
      } else {
        status = read_other(j, j->place.parent_file, entry->d_name, path);
      }
    }
  }
  closedir(stream);
  return status;
}

/* What is there: its own file and the other processes', and those that are to be merged. */
static qs_status look(qs_journal *j, const qs_journal_spec *spec) {
  qs_status status = QS_OK;
  if (!spec->resume) { /* its own is replaced once there is something to keep */
    j->count.found = faccessat(j->place.parent_file, j->place.name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    status = j->rank ? QS_OK : walk_beside(j, true);
  } else {
    status = read_own(j);
    status = status ? status : walk_beside(j, false);
  }
  for (size_t i = 0; !status && i < spec->merged_count; i++) {
    status = read_other(j, AT_FDCWD, spec->merged[i], spec->merged[i]);
  }
  j->count.held = j->piece_count;
  if (!status && j->piece_count) {
    qsort(j->pieces, j->piece_count, sizeof *j->pieces, compare_pieces);
  }
  return status;
}

/* Where the journal lies: its own path, or hidden beside the results. */
static qs_status find_place(qs_journal *j, const qs_journal_spec *spec) {
  const char *path = spec->path ? spec->path : spec->folder;
  qs_status status = qs_place_init(&j->place, j->context, spec->path ? "journal" : "output", path, SPARE);
  if (status != QS_OK) {
    return status;
  }
  char name[QS_PLACE_NAME], number[16] = "";
  const int length = (int)strnlen(j->place.name, QS_PLACE_NAME - SPARE);
  if (j->rank && !spec->path) {
    snprintf(number, sizeof number, "-%u", j->rank);
  }
  snprintf(name, sizeof name, "%s%.*s%s%s", spec->path ? "" : ".", length, j->place.name,
           spec->path ? "" : ".journal", number);
  if (!spec->path) {
    snprintf(j->beside, sizeof j->beside, ".%.*s.journal", length, j->place.name);
  }
  memcpy(j->place.name, name, sizeof name);
  const char *hidden = spec->path ? "." : "";
  const int whole = (int)strnlen(name, QS_PLACE_NAME - 6);
  snprintf(j->fresh, sizeof j->fresh, "%s%.*s.new", hidden, whole, name);
  snprintf(j->place.lock, sizeof j->place.lock, "%s%.*s.lock", hidden, whole, name);
  return QS_OK;
}

qs_status qs_journal_begin(qs_context *context, const qs_journal_spec *spec, uint32_t rank,
                           qs_journal **journal) {
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
  j->store = (qs_work_store){.data = j, .find = find, .recall = recall, .keep = keep, .settle = settle};
  j->rank = rank;
  j->buffer = buffer;
  j->file = -1;
  j->sync_seconds = spec->sync_seconds;
  qs_journal_head_fill(&j->head, spec->inputs, spec->sections);
  qs_status status = find_place(j, spec);
  if (!status) {
    status = qs_place_make(&j->place);
    status = status ? status : qs_place_lock(&j->place);
    status = status ? status : look(j, spec);
  }
  if (!status && spec->shares > 1 && j->file < 0) {
    status = make_file(j); /* a share of nothing is a journal too */
  }
  if (status) {
    qs_journal_end(j, false);
    return status;
  }
  j->written = j->synced = qs_seconds_now();
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
  if (j->file >= 0 && settle(j, j->context) == QS_OK && !remove && j->sync_seconds < INFINITY) {
    (void)sync_file(j);
  }
  bool own = false;
  for (size_t i = 0; i < j->file_count; i++) {
    own = own || j->files[i] == j->file;
    close(j->files[i]);
  }
  if (j->file >= 0 && !own) {
    close(j->file);
  }
  if (remove && j->place.lock_file >= 0) {
    unlinkat(j->place.parent_file, j->place.name, 0);
    if (j->rank == 0) {
      (void)walk_beside(j, true);
    }
  }
  qs_place_release(&j->place);
  qs_place_unmake(&j->place);
  const qs_allocator memory = j->context->allocator;
  if (j->pieces) {
    memory.release(memory.data, j->pieces);
  }
  if (j->files) {
    memory.release(memory.data, j->files);
  }
  memory.release(memory.data, j->buffer);
  memory.release(memory.data, j);
}
