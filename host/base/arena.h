/*
 * Memory that lives and dies together. An arena hands out zeroed, 64-byte aligned blocks and frees them all
 * at once.
 */
#ifndef QS_HOST_BASE_ARENA_H
#define QS_HOST_BASE_ARENA_H

#include <stddef.h>

#include "host/base/context.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_arena qs_arena;

/* A new, empty arena over the context's allocator, which it copies; null when memory is out. */
qs_arena *qs_arena_create(const qs_context *context);

/* Frees the arena and every block it handed out; null is allowed. */
void qs_arena_destroy(qs_arena *arena);

/* `count` zeroed objects of `size` bytes, 64-byte aligned; null when memory is out or the product overflows.
 * A count of zero gives a valid pointer to nothing. */
void *qs_arena_alloc(qs_arena *arena, size_t count, size_t size);

/* A copy of the string, or null when memory is out. */
char *qs_arena_strdup(qs_arena *arena, const char *text);

/* A copy of the first `length` bytes with a terminating zero, or null when memory is out. */
char *qs_arena_strndup(qs_arena *arena, const char *text, size_t length);

/* A formatted string (printf style), or null when memory is out. */
char *qs_arena_printf(qs_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* `count` typed objects. */
#define QS_NEW(arena, count, type) ((type *)qs_arena_alloc((arena), (count), sizeof(type)))

#ifdef __cplusplus
}
#endif
#endif
