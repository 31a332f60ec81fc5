/*
 * A place in a folder that one run at a time may write: the folders above it are made, and a hidden lock file
 * beside it, which holds the writer's process number, keeps a second writer out.
 */
#ifndef QS_HOST_IO_PLACE_H
#define QS_HOST_IO_PLACE_H

#include <limits.h>
#include <stddef.h>

#include "host/base/context.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_PLACE_NAME = 256, QS_PLACE_PATH = 4096 };

typedef struct qs_place {
  qs_context *context;
  char path[QS_PLACE_PATH], parent[QS_PLACE_PATH];
  char name[QS_PLACE_NAME], lock[QS_PLACE_NAME];
  int parent_file, lock_file; /* descriptors; -1: not open */
  size_t made_from;           /* length of the part of `parent` that was there before; the rest was made */
} qs_place;

/* Splits the path into parent and name and opens nothing. A link to a folder is followed. `what` names the
 * path in messages. QS_ERROR_INPUT where it is no name that can be made anew, or is longer than
 * QS_PLACE_NAME less `spare` bytes. */
qs_status qs_place_init(qs_place *place, qs_context *context, const char *what, const char *path,
                        size_t spare);

/* Makes the folders above, and opens the one that holds the place. */
qs_status qs_place_make(qs_place *place);

/* Takes the lock, a file of the name `lock` beside the place. QS_ERROR_IO when another run holds it. */
qs_status qs_place_lock(qs_place *place);

/* Removes the lock and closes what is open. */
void qs_place_release(qs_place *place);

/* Removes the folders that were made, as far as they are empty; after qs_place_release. */
void qs_place_unmake(qs_place *place);

/* Fails with the system's text for `error`: QS_ERROR_MEMORY for ENOMEM, else QS_ERROR_IO. */
qs_status qs_place_fail(const qs_place *place, const char *what, int error);

#ifdef __cplusplus
}
#endif
#endif
