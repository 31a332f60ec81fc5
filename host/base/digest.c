#include "host/base/digest.h"

#include <string.h>

enum { BLOCK = 16 };

static const uint64_t factor[2] = {0x87c37b91114253d5, 0x4cf5ad432745937f};

static uint64_t rotate(uint64_t x, int bits) {
  return x << bits | x >> (64 - bits);
}

static uint64_t scatter(uint64_t word, int which) {
  return rotate(word * factor[which], which ? 33 : 31) * factor[1 - which];
}

static void absorb(uint64_t state[2], const unsigned char *block) {
  uint64_t word[2];
  memcpy(word, block, BLOCK);
  state[0] = (rotate(state[0] ^ scatter(word[0], 0), 27) + state[1]) * 5 + 0x52dce729;
  state[1] = (rotate(state[1] ^ scatter(word[1], 1), 31) + state[0]) * 5 + 0x38495ab5;
}

static uint64_t avalanche(uint64_t x) {
  x = (x ^ x >> 33) * 0xff51afd7ed558ccd;
  x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53;
  return x ^ x >> 33;
}

void qs_digest_add(qs_digester *d, const void *bytes, size_t size) {
  const unsigned char *from = bytes;
  size_t used = (size_t)(d->size % BLOCK);
  d->size += size;
  if (used + size < BLOCK) {
    if (size) {
      memcpy(d->rest + used, from, size);
    }
    return;
  }
  if (used) {
    memcpy(d->rest + used, from, BLOCK - used);
    absorb(d->state, d->rest);
    from += BLOCK - used;
    size -= BLOCK - used;
  }
  for (; size >= BLOCK; from += BLOCK, size -= BLOCK) {
    absorb(d->state, from);
  }
  if (size) {
    memcpy(d->rest, from, size);
  }
}

qs_digest qs_digest_end(const qs_digester *d) {
  uint64_t state[2] = {d->state[0], d->state[1]}, word[2] = {0, 0};
  memcpy(word, d->rest, (size_t)(d->size % BLOCK));
  for (int i = 0; i < 2; i++) {
    state[i] ^= scatter(word[i], i) ^ d->size;
  }
  state[0] += state[1];
  state[1] += state[0];
  state[0] = avalanche(state[0]);
  state[1] = avalanche(state[1]);
  state[0] += state[1];
  state[1] += state[0];
  return (qs_digest){{state[0], state[1]}};
}

uint64_t qs_digest_of(const void *bytes, size_t size) {
  qs_digester digester = {0};
  qs_digest_add(&digester, bytes, size);
  return qs_digest_end(&digester).word[0];
}
