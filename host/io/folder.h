/*
 * A folder that is replaced whole or not at all. What is to be written goes into a hidden folder beside it,
 * each file synced, and is then exchanged with what was there in one step. A hidden lock file beside it keeps
 * a second writer out; what a crashed run left there is cleared away by the next.
 */
#ifndef QS_HOST_IO_FOLDER_H
#define QS_HOST_IO_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "host/base/context.h"
#include "host/io/place.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_folder {
  qs_context *context;
  /* True for the names that may stand in the folder: it is replaced only if it holds nothing else. */
  bool (*is_ours)(const char *name);
  qs_place place;
  char fresh[QS_PLACE_NAME], aside[QS_PLACE_NAME]; /* beside it */
  int fresh_file;                                  /* descriptor; -1: not open */
} qs_folder;

/* Locks the place and makes the hidden folder. On failure nothing is left behind. */
qs_status qs_folder_begin(qs_folder *folder, qs_context *context, const char *path,
                          bool (*is_ours)(const char *name));

/* Writes and syncs one file of it; on failure qs_folder_abandon must follow. */
qs_status qs_folder_write(qs_folder *folder, const char *name, const char *bytes, size_t size);

/* Puts it in its place, or abandons it. */
qs_status qs_folder_commit(qs_folder *folder);

/* Removes all that was written. */
void qs_folder_abandon(qs_folder *folder);

/* Whether qs_folder_begin would accept the path; changes nothing. */
qs_status qs_folder_check(qs_context *context, const char *path, bool (*is_ours)(const char *name));

#ifdef __cplusplus
}
#endif
#endif
