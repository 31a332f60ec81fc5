/*
 * A text that grows, and the two forms that results take in it: JSON and CSV. A write that finds no memory
 * marks the buffer; later writes do nothing, and the end tells.
 */
#ifndef QS_HOST_IO_BUFFER_H
#define QS_HOST_IO_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/base/context.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_JSON_DEPTH = 32 };

typedef struct qs_buffer {
  qs_context *context;
  char *text;
  size_t used, capacity;
  bool failed;
  /* JSON alone */
  int depth;
  bool filled[QS_JSON_DEPTH]; /* something stands in the container of that depth */
  bool flat[QS_JSON_DEPTH];   /* it is written on one line */
  char closing[QS_JSON_DEPTH];
  /* CSV alone */
  bool row_begun;
} qs_buffer;

/* An empty buffer over the context's allocator. */
void qs_buffer_init(qs_buffer *buffer, qs_context *context);

/* Frees the text. */
void qs_buffer_free(qs_buffer *buffer);

void qs_buffer_append(qs_buffer *buffer, const char *bytes, size_t size);

/* Hands out the text, zero-terminated and owned by the caller through the context's allocator;
 * QS_ERROR_MEMORY when a write failed, and the buffer is freed then. */
qs_status qs_buffer_finish(qs_buffer *buffer, char **text);

/* JSON. A key is null inside arrays and at the top. Numbers that are not finite become null; texts that are
 * not UTF-8 get U+FFFD for each bad byte; a null text becomes null. */
void qs_json_open(qs_buffer *buffer, const char *key, char bracket, bool flat);
void qs_json_close(qs_buffer *buffer);
void qs_json_number(qs_buffer *buffer, const char *key, double value);
void qs_json_numbers(qs_buffer *buffer, const char *key, const double *values, size_t count);
void qs_json_count(qs_buffer *buffer, const char *key, uint64_t value);
void qs_json_bool(qs_buffer *buffer, const char *key, bool value);
void qs_json_text(qs_buffer *buffer, const char *key, const char *value);

/* CSV as in RFC 4180, with LF. Numbers that are not finite and null texts are empty cells. */
void qs_csv_number(qs_buffer *buffer, double value);
void qs_csv_count(qs_buffer *buffer, uint64_t value);
void qs_csv_text(qs_buffer *buffer, const char *value);
void qs_csv_bool(qs_buffer *buffer, bool value);
void qs_csv_end_row(qs_buffer *buffer);

/* Several texts, the last followed by null. */
void qs_csv_texts(qs_buffer *buffer, const char *const *values);

#ifdef __cplusplus
}
#endif
#endif
