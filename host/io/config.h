/*
 * Reading a config with everything that it names: the implementation of qs_config_load.
 */
#ifndef QS_HOST_IO_CONFIG_H
#define QS_HOST_IO_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include "host/base/context.h"
#include "host/io/schema.h"
#include "quickset/inputs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Reads and checks; `overrides` are "key.path=value" texts, applied in their order. The config keeps the
 * context's allocator and nothing else of it. QS_ERROR_INPUT, QS_ERROR_USAGE (an override without "="),
 * QS_ERROR_IO or QS_ERROR_MEMORY with one message, which for bad input is one line
 * "file:line:column: dotted.path: got VALUE: what is allowed". */
qs_status qs_config_read(qs_context *context, const char *path, const char *const *overrides,
                         size_t override_count, qs_config **config);

/* The config file's own path, as it was given. */
const char *qs_config_path(const qs_config *config);

/* The overrides that were applied, in their order. */
size_t qs_config_override_count(const qs_config *config);
const char *qs_config_override(const qs_config *config, size_t index);

/* Bytes of the file qs_config_file tells of. */
uint64_t qs_config_file_size(const qs_config *config, size_t index);

/* The table of all keys, for documents and tests. */
const qs_table *qs_config_schema(void);

#ifdef __cplusplus
}
#endif
#endif
