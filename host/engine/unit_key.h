/* What a unit is, as a digest: all that its result depends on but its range of batches. For the files of this
 * folder alone. */
#ifndef QS_HOST_ENGINE_UNIT_KEY_H
#define QS_HOST_ENGINE_UNIT_KEY_H

#include "host/base/digest.h"
#include "kernels/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Every array that the unit reaches is read. Two units whose results may differ have different keys, whatever
 * their kinds. */
qs_digest qs_value_unit_key(const qs_value_unit *unit);
qs_digest qs_path_unit_key(const qs_path_unit *unit);
qs_digest qs_joint_unit_key(const qs_joint_unit *unit);

/* Of the early exercise of `plan` in the unit: `keys` [key_count] of random streams, and `wanted`, whatever
 * else the solution depends on. */
qs_digest qs_early_key(const qs_path_unit *unit, const qs_path_payoff_plan *plan, const uint64_t *keys,
                       size_t key_count, uint64_t wanted);

#ifdef __cplusplus
}
#endif
#endif
