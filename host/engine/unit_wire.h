/*
 * A unit of work as bytes for another process of this machine and this build (engine_fingerprint of
 * device_worker.c), over the one walk of unit_walk.h. For the files of this folder alone.
 *
 * Of a horizon, rebalancing or regression unit only the range of paths that it runs goes along: arrays by
 * path have that range's own stride in the other process. Rows of dates that are not run have a place there
 * and no numbers.
 */
#ifndef QS_HOST_ENGINE_UNIT_WIRE_H
#define QS_HOST_ENGINE_UNIT_WIRE_H

#include "kernels/unit_walk.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_WIRE_ALIGNMENT = 16 }; /* of a message, and of every array in it */

/* Bytes of the unit as a message, a multiple of the alignment. */
size_t qs_unit_wire_size(qs_unit_kind kind, const void *unit);

/* Writes the message into bytes[0 .. qs_unit_wire_size). */
void qs_unit_wire_write(qs_unit_kind kind, const void *unit, void *bytes);

/* Makes `unit`, a structure of that kind, point into the message, which it changes. False when the bytes are
 * no whole message; nothing beyond them is read. */
bool qs_unit_wire_read(qs_unit_kind kind, void *bytes, size_t size, void *unit);

/* Bytes of what the unit yields: moments; x and v of every date and path; rows of its paths. */
size_t qs_unit_result_size(qs_unit_kind kind, const void *unit);

#ifdef __cplusplus
}
#endif
#endif
