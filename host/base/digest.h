/*
 * A 128-bit hash of a stream of bytes, to tell what is equal from what is not: MurmurHash3_x64_128 with seed
 * 0 (Austin Appleby 2011, public domain), on a little-endian machine. Fast, and no protection against
 * forgery.
 */
#ifndef QS_HOST_BASE_DIGEST_H
#define QS_HOST_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_digest {
  uint64_t word[2];
} qs_digest;

/* A stream that is being hashed; begins as {0}. */
typedef struct qs_digester {
  uint64_t state[2];
  uint64_t size;
  unsigned char rest[16]; /* bytes that make no whole block yet */
} qs_digester;

/* Goes on with `size` bytes. How a stream is cut into calls does not matter. */
void qs_digest_add(qs_digester *digester, const void *bytes, size_t size);

/* The hash of what was added so far. */
qs_digest qs_digest_end(const qs_digester *digester);

/* The first word of the hash of one block of bytes. */
uint64_t qs_digest_of(const void *bytes, size_t size);

static inline bool qs_digest_equal(qs_digest a, qs_digest b) {
  return a.word[0] == b.word[0] && a.word[1] == b.word[1];
}

#ifdef __cplusplus
}
#endif
#endif
