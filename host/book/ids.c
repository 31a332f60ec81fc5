#include "host/book/ids.h"

#include <string.h>

typedef struct entry {
  const char *text;
  size_t last; /* number that the last "#n" of this text had; 1: none yet */
} entry;

struct qs_ids {
  entry *entries; /* open addressing, at most half full */
  size_t mask;
};

qs_ids *qs_ids_create(qs_arena *arena, size_t capacity) {
  size_t size = 16;
  while (size < 2 * capacity) {
    size *= 2;
  }
  qs_ids *ids = QS_NEW(arena, 1, qs_ids);
  entry *entries = QS_NEW(arena, size, entry);
  if (!ids || !entries) {
    return NULL;
  }
  *ids = (qs_ids){.entries = entries, .mask = size - 1};
  return ids;
}

/* Its entry, or the free one where it belongs (FNV-1a). */
static entry *find(qs_ids *ids, const char *text) {
  uint64_t hash = 14695981039346656037u;
  for (const char *c = text; *c; c++) {
    hash = (hash ^ (unsigned char)*c) * 1099511628211u;
  }
  size_t i = (size_t)hash & ids->mask;
  while (ids->entries[i].text && strcmp(ids->entries[i].text, text) != 0) {
    i = (i + 1) & ids->mask;
  }
  return &ids->entries[i];
}

bool qs_ids_add(qs_ids *ids, const char *text) {
  entry *place = find(ids, text);
  if (place->text) {
    return false;
  }
  *place = (entry){.text = text, .last = 1};
  return true;
}

const char *qs_ids_add_numbered(qs_ids *ids, qs_arena *arena, const char *text) {
  if (qs_ids_add(ids, text)) {
    return text;
  }
  entry *base = find(ids, text);
  for (;;) {
    const char *numbered = qs_arena_printf(arena, "%s#%zu", text, ++base->last);
    if (!numbered || qs_ids_add(ids, numbered)) {
      return numbered;
    }
  }
}
