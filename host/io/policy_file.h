/*
 * simulate_policy.txt: a hedging policy as a text that is read back to the last bit.
 *
 *   quickset policy,1                                  the version of this form
 *   name,NAME                                          and so type, underlying, instrument
 *   as_of,TIME
 *   cost_weight,W
 *   dates,COUNT
 *   date,TIME,FORWARD,X_LOW,X_STEP,X_COUNT,Y_LOW,Y_STEP,Y_COUNT     COUNT times, each with Y_COUNT pairs of
 *   low,X_COUNT numbers
 *   high,X_COUNT numbers
 *   unwind,TIME,FORWARD
 *   sha256,HASH                                        of all bytes before this line
 *
 * Numbers are decimal; -inf and inf where nothing is traded.
 *
 * A policy of two instruments:
 *
 *   quickset policy,2
 *   name,NAME                                          and so type, underlying, instrument, second
 *   as_of,TIME                                         and cost_weight
 *   bands,FORM                                         `apart` or `together`
 *   grid,LOW,HIGH,BELOW,ABOVE                          twice, of bands together alone: limits and steps
 *   dates,COUNT
 *   date,...                                           as above; apart: low, high and then second_low,
 *                                                      second_high of the second instrument, Y_COUNT times;
 *                                                      together: Y_COUNT times X_COUNT lines, x the faster
 *   state,NUMBERS                                      the bands of include/quickset/policy.h
 *   unwind, sha256                                     as above
 *
 * NUMBERS are single-precision IEEE numbers of 32 bits, each five characters of Z85 (ZeroMQ RFC 32: base 85,
 * the highest digit first): 5 bytes a number. By default grids that is .27 MB a date where the variance is
 * constant, .96 MB where it is random; a whole file has at most QS_MAX_POLICY_FILE bytes.
 */
#ifndef QS_HOST_IO_POLICY_FILE_H
#define QS_HOST_IO_POLICY_FILE_H

#include "host/base/arena.h"
#include "host/io/buffer.h"
#include "quickset/policy.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  QS_MAX_POLICY_FILE = QS_SAVED_POLICY_BYTES,
  QS_MAX_POLICY_LINE = 4 << 20,
  QS_MAX_POLICY_DATES = 4096,
  QS_MAX_POLICY_NODES = 65536 /* of x, and of y */
};

void qs_policy_file_write(qs_buffer *buffer, const qs_saved_policy *policy);

/* What is read is the arena's. QS_ERROR_INPUT when the file is not one, damaged, or of another version;
 * QS_ERROR_IO when the system refuses. */
qs_status qs_policy_file_read(qs_context *context, qs_arena *arena, const char *path,
                              qs_saved_policy *policy);

#ifdef __cplusplus
}
#endif
#endif
