// Which random number is which: the key and the counter of Philox.
//
// key = finalise(FNV-1a 64 over the bytes of seed (8, little-endian), purpose (4, little-endian) and name
// (without its terminating zero)); finalise is the last mix of splitmix64 (Steele, Lea, Flood 2014). key0 is
// its low half, key1 its high half. The name is the underlying's, so that two underlyings never share draws.
//
// counter = (path bits 0-31, path bits 32-47 | dimension << 16, calendar interval, block). A dimension is one
// source of randomness of a model (0 to 65535). A block is four words: draw n of a (path, dimension,
// interval) is word n % 4 of block n / 4. Nothing else moves when a trade, an underlying or a dimension is
// added.
#ifndef QS_CORE_KEY_H
#define QS_CORE_KEY_H

#include "kernels/core/philox.h"

// What a stream is for. The numbers are part of the results' reproducibility: never reuse or renumber.
typedef enum qs_purpose {
  QS_PURPOSE_VALUE = 0,    // paths of valuation
  QS_PURPOSE_RISK = 1,     // paths over the risk horizon
  QS_PURPOSE_HEDGE = 2,    // paths of the hedge optimiser
  QS_PURPOSE_SIMULATE = 3, // paths of hedging simulations
  QS_PURPOSE_SCRAMBLE = 4, // scrambles of low-discrepancy points
  QS_PURPOSE_TEST = 5,     // tests and benchmarks
  QS_PURPOSE_START = 6,    // starting points of fits
  QS_PURPOSE_LOCAL = 7,    // particles of the leverage (dimension 0), and paths under it (1)
  QS_PURPOSE_POLICY = 10,  // transitions that exercise policies are made from
  QS_PURPOSE_BOUNDS = 11,  // paths that bound what early exercise is worth
  QS_PURPOSE_NESTED = 12,  // samples that start on such paths
  QS_PURPOSE_FUNDING = 13, // premiums of perpetuals in hedging simulations
  QS_PURPOSE_CASCADE = 14, // others' liquidations in hedging simulations
  QS_PURPOSE_FAILURE = 15  // times at which venues fail in hedging simulations
} qs_purpose;

static inline uint64_t qs_key_byte(uint64_t hash, uint64_t byte) {
  return (hash ^ byte) * 0x100000001b3u;
}

// The last mix of splitmix64.
static inline uint64_t qs_key_finalise(uint64_t hash) {
  hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9u;
  hash = (hash ^ hash >> 27) * 0x94d049bb133111ebu;
  return hash ^ hash >> 31;
}

// name: a zero-terminated string, not NULL.
static inline uint64_t qs_key(uint64_t seed, qs_purpose purpose, const char *name) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (int i = 0; i < 8; ++i)
    hash = qs_key_byte(hash, seed >> (8 * i) & 0xffu);
  for (int i = 0; i < 4; ++i)
    hash = qs_key_byte(hash, (uint64_t)purpose >> (8 * i) & 0xffu);
  for (const char *c = name; *c; ++c)
    hash = qs_key_byte(hash, (unsigned char)*c);
  return qs_key_finalise(hash);
}

// path < 2^48, dimension < 2^16.
QS_CORE qs_words qs_counter(uint64_t path, uint32_t dimension, uint32_t interval, uint32_t block) {
  qs_words counter;
  counter.a = (uint32_t)path;
  counter.b = (uint32_t)(path >> 32) | dimension << 16;
  counter.c = interval;
  counter.d = block;
  return counter;
}

#endif
