/* What a run says about numbers that are approximations, or less exact than was asked for. */
#ifndef QS_HOST_API_APPROXIMATED_H
#define QS_HOST_API_APPROXIMATED_H

#include "host/base/arena.h"
#include "host/base/context.h"
#include "host/book/book.h"
#include "quickset/results.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Adds a warning that names the trades along paths of the book and of risk.what_if, where any of the sections
 * that approximate them runs. */
qs_status qs_warn_approximated(qs_context *context, qs_arena *arena, const qs_book *book,
                               const qs_inputs *inputs, uint32_t sections, qs_results *results);

/* Adds a warning that names the trades whose price did not reach the error that was asked for. */
qs_status qs_warn_target(qs_context *context, qs_arena *arena, qs_results *results);

#ifdef __cplusplus
}
#endif
#endif
