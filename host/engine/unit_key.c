#include "host/engine/unit_key.h"

#include <string.h>

#include "kernels/unit_walk.h"

enum { KIND_EARLY = 32 }; /* beside those of units */

static void digest_value(void *data, void *member, size_t size) {
  qs_digest_add(data, member, size);
}

/* The array with its length; one without elements is as none. */
static void digest_array(void *data, void *place, size_t count, size_t size) {
  const void *array = NULL;
  memcpy(&array, place, sizeof array);
  const uint64_t length = array ? count : 0;
  qs_digest_add(data, &length, sizeof length);
  if (length) {
    qs_digest_add(data, array, count * size);
  }
}

static bool digest_structures(void *data, void *place, size_t count, size_t size) {
  (void)size;
  const void *array = NULL;
  memcpy(&array, place, sizeof array);
  const uint64_t length = array ? count : 0;
  qs_digest_add(data, &length, sizeof length);
  return array != NULL;
}

static void digest_unit(qs_digester *d, qs_unit_kind kind, const void *unit) {
  const qs_unit_walker walker = {
      .data = d, .value = digest_value, .array = digest_array, .structures = digest_structures};
  const uint64_t number = kind;
  qs_digest_add(d, &number, sizeof number);
  qs_unit_walk(&walker, kind, (void *)unit); /* which a digest only reads */
}

static qs_digest key_of(qs_unit_kind kind, const void *unit) {
  qs_digester d = {0};
  digest_unit(&d, kind, unit);
  return qs_digest_end(&d);
}

qs_digest qs_value_unit_key(const qs_value_unit *unit) {
  return key_of(QS_UNIT_VALUE, unit);
}

qs_digest qs_path_unit_key(const qs_path_unit *unit) {
  return key_of(QS_UNIT_PATH, unit);
}

qs_digest qs_joint_unit_key(const qs_joint_unit *unit) {
  return key_of(QS_UNIT_JOINT, unit);
}

qs_digest qs_early_key(const qs_path_unit *unit, const qs_path_payoff_plan *plan, const uint64_t *keys,
                       size_t key_count, uint64_t wanted) {
  qs_path_unit alone = *unit; /* what else the unit values does not matter */
  alone.payoffs = plan;
  alone.payoff_count = 1;
  const uint64_t number = KIND_EARLY, count = key_count;
  qs_digester d = {0};
  qs_digest_add(&d, &number, sizeof number);
  digest_unit(&d, QS_UNIT_PATH, &alone);
  qs_digest_add(&d, &count, sizeof count);
  qs_digest_add(&d, keys, key_count * sizeof *keys);
  qs_digest_add(&d, &wanted, sizeof wanted);
  return qs_digest_end(&d);
}
