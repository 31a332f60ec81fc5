#include "host/base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { ALIGNMENT = 64, CHUNK = 256 * 1024 };

/* A chunk's header; its blocks follow, each aligned. */
typedef struct chunk {
  struct chunk *next;
  size_t used, size;
} chunk;

struct qs_arena {
  qs_allocator allocator;
  chunk *chunks;
};

qs_arena *qs_arena_create(const qs_context *context) {
  qs_arena *arena = context->allocator.allocate(context->allocator.data, sizeof *arena);
  if (!arena) {
    return NULL;
  }
  arena->allocator = context->allocator;
  arena->chunks = NULL;
  return arena;
}

void qs_arena_destroy(qs_arena *arena) {
  if (!arena) {
    return;
  }
  qs_allocator allocator = arena->allocator;
  for (chunk *c = arena->chunks; c;) {
    chunk *next = c->next;
    allocator.release(allocator.data, c);
    c = next;
  }
  allocator.release(allocator.data, arena);
}

static size_t padding(const char *address) {
  return (ALIGNMENT - (uintptr_t)address % ALIGNMENT) % ALIGNMENT;
}

void *qs_arena_alloc(qs_arena *arena, size_t count, size_t size) {
  if (size && count > (SIZE_MAX / 2) / size) {
    return NULL;
  }
  size_t bytes = count * size;
  chunk *c = arena->chunks;
  size_t pad = c ? padding((char *)(c + 1) + c->used) : 0;
  if (!c || c->used + pad + bytes > c->size) {
    size_t want = bytes + ALIGNMENT > CHUNK ? bytes + ALIGNMENT : CHUNK;
    c = arena->allocator.allocate(arena->allocator.data, sizeof *c + want);
    if (!c) {
      return NULL;
    }
    c->next = arena->chunks;
    c->used = 0;
    c->size = want;
    arena->chunks = c;
    pad = padding((char *)(c + 1));
  }
  char *block = (char *)(c + 1) + c->used + pad;
  c->used += pad + bytes;
  memset(block, 0, bytes);
  return block;
}

char *qs_arena_strndup(qs_arena *arena, const char *text, size_t length) {
  char *copy = qs_arena_alloc(arena, length + 1, 1);
  if (copy) {
    memcpy(copy, text, length);
  }
  return copy;
}

char *qs_arena_strdup(qs_arena *arena, const char *text) {
  return qs_arena_strndup(arena, text, strlen(text));
}

char *qs_arena_printf(qs_arena *arena, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  if (length < 0) {
    return NULL;
  }
  char *text = qs_arena_alloc(arena, (size_t)length + 1, 1);
  if (text) {
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
  }
  return text;
}
