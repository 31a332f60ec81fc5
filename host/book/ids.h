/* A set of texts, to tell names that occur again from new ones. */
#ifndef QS_HOST_BOOK_IDS_H
#define QS_HOST_BOOK_IDS_H

#include <stdbool.h>
#include <stdint.h>

#include "host/base/arena.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_ids qs_ids;

/* A set for at most `capacity` texts; null when memory is out. */
qs_ids *qs_ids_create(qs_arena *arena, size_t capacity);

/* Adds the text, which is borrowed; false when it is there already. */
bool qs_ids_add(qs_ids *ids, const char *text);

/* Adds the text, or the text with "#2", "#3" ..., whichever is new, and returns it; null when memory is out.
 */
const char *qs_ids_add_numbered(qs_ids *ids, qs_arena *arena, const char *text);

#ifdef __cplusplus
}
#endif
#endif
