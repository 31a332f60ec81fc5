#include "host/io/buffer.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "host/base/text.h"

void qs_buffer_init(qs_buffer *buffer, qs_context *context) {
  memset(buffer, 0, sizeof *buffer);
  buffer->context = context;
}

void qs_buffer_free(qs_buffer *buffer) {
  qs_context *context = buffer->context;
  if (buffer->text) {
    context->allocator.release(context->allocator.data, buffer->text);
  }
  qs_buffer_init(buffer, context);
}

/* Room for `size` bytes more and a zero. */
static bool reserve(qs_buffer *buffer, size_t size) {
  if (buffer->failed) {
    return false;
  }
  if (buffer->used + size < buffer->capacity) {
    return true;
  }
  size_t capacity = buffer->capacity ? buffer->capacity : 4096;
  while (capacity <= buffer->used + size) {
    capacity *= 2;
  }
  qs_context *context = buffer->context;
  char *text = context->allocator.allocate(context->allocator.data, capacity);
  if (!text) {
    buffer->failed = true;
    return false;
  }
  if (buffer->text) {
    memcpy(text, buffer->text, buffer->used);
    context->allocator.release(context->allocator.data, buffer->text);
  }
  buffer->text = text;
  buffer->capacity = capacity;
  return true;
}

void qs_buffer_append(qs_buffer *buffer, const char *bytes, size_t size) {
  if (reserve(buffer, size)) {
    memcpy(buffer->text + buffer->used, bytes, size);
    buffer->used += size;
    buffer->text[buffer->used] = '\0';
  }
}

static void append_text(qs_buffer *buffer, const char *text) {
  qs_buffer_append(buffer, text, strlen(text));
}

qs_status qs_buffer_finish(qs_buffer *buffer, char **text) {
  qs_buffer_append(buffer, "", 0);
  if (buffer->failed) {
    qs_context *context = buffer->context;
    qs_buffer_free(buffer);
    return qs_fail_memory(context, "writing results");
  }
  *text = buffer->text;
  return QS_OK;
}

static void append_number(qs_buffer *buffer, double value) {
  char text[QS_NUMBER_TEXT];
  qs_text_from_number(value, text);
  append_text(buffer, text);
}

static void append_count(qs_buffer *buffer, uint64_t value) {
  char text[QS_NUMBER_TEXT];
  snprintf(text, sizeof text, "%" PRIu64, value);
  append_text(buffer, text);
}

static void append_quoted(qs_buffer *buffer, const char *text) {
  static const char hex[] = "0123456789abcdef";
  size_t left = strlen(text);
  append_text(buffer, "\"");
  while (left > 0) {
    unsigned char c = (unsigned char)*text;
    size_t length = qs_text_character(text, left);
    if (c == '"' || c == '\\') {
      char escape[2] = {'\\', (char)c};
      qs_buffer_append(buffer, escape, 2);
    } else if (c < 0x20) {
      char escape[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
      qs_buffer_append(buffer, escape, 6);
    } else if (length == 0) {
      append_text(buffer, "\xef\xbf\xbd");
      length = 1;
    } else {
      qs_buffer_append(buffer, text, length);
    }
    text += length;
    left -= length;
  }
  append_text(buffer, "\"");
}

static void indent(qs_buffer *buffer) {
  append_text(buffer, "\n");
  for (int i = 0; i < buffer->depth; i++) {
    append_text(buffer, " ");
  }
}

/* The comma, the place and the key of the next value. */
static void begin_value(qs_buffer *buffer, const char *key) {
  if (buffer->depth > 0) {
    bool *filled = &buffer->filled[buffer->depth - 1];
    if (*filled) {
      append_text(buffer, ",");
    }
    if (!buffer->flat[buffer->depth - 1]) {
      indent(buffer);
    } else if (*filled) {
      append_text(buffer, " ");
    }
    *filled = true;
  }
  if (key) {
    append_quoted(buffer, key);
    append_text(buffer, ": ");
  }
}

void qs_json_open(qs_buffer *buffer, const char *key, char bracket, bool flat) {
  begin_value(buffer, key);
  qs_buffer_append(buffer, &bracket, 1);
  if (buffer->depth >= QS_JSON_DEPTH) {
    buffer->failed = true;
    return;
  }
  buffer->filled[buffer->depth] = false;
  buffer->flat[buffer->depth] = flat || (buffer->depth > 0 && buffer->flat[buffer->depth - 1]);
  buffer->closing[buffer->depth] = bracket == '{' ? '}' : ']';
  buffer->depth++;
}

void qs_json_close(qs_buffer *buffer) {
  if (buffer->depth == 0) {
    buffer->failed = true;
    return;
  }
  buffer->depth--;
  if (buffer->filled[buffer->depth] && !buffer->flat[buffer->depth]) {
    indent(buffer);
  }
  qs_buffer_append(buffer, &buffer->closing[buffer->depth], 1);
}

void qs_json_number(qs_buffer *buffer, const char *key, double value) {
  begin_value(buffer, key);
  if (isfinite(value)) {
    append_number(buffer, value);
  } else {
    append_text(buffer, "null");
  }
}

void qs_json_numbers(qs_buffer *buffer, const char *key, const double *values, size_t count) {
  qs_json_open(buffer, key, '[', true);
  for (size_t i = 0; i < count; i++) {
    qs_json_number(buffer, NULL, values[i]);
  }
  qs_json_close(buffer);
}

void qs_json_count(qs_buffer *buffer, const char *key, uint64_t value) {
  begin_value(buffer, key);
  append_count(buffer, value);
}

void qs_json_bool(qs_buffer *buffer, const char *key, bool value) {
  begin_value(buffer, key);
  append_text(buffer, value ? "true" : "false");
}

void qs_json_text(qs_buffer *buffer, const char *key, const char *value) {
  begin_value(buffer, key);
  if (value) {
    append_quoted(buffer, value);
  } else {
    append_text(buffer, "null");
  }
}

static void begin_cell(qs_buffer *buffer) {
  if (buffer->row_begun) {
    append_text(buffer, ",");
  }
  buffer->row_begun = true;
}

void qs_csv_number(qs_buffer *buffer, double value) {
  begin_cell(buffer);
  if (isfinite(value)) {
    append_number(buffer, value);
  }
}

void qs_csv_count(qs_buffer *buffer, uint64_t value) {
  begin_cell(buffer);
  append_count(buffer, value);
}

void qs_csv_bool(qs_buffer *buffer, bool value) {
  begin_cell(buffer);
  append_text(buffer, value ? "true" : "false");
}

void qs_csv_text(qs_buffer *buffer, const char *value) {
  begin_cell(buffer);
  if (!value) {
    return;
  }
  if (!strpbrk(value, ",\"\r\n") && value[0] != ' ') {
    append_text(buffer, value);
    return;
  }
  append_text(buffer, "\"");
  for (const char *c = value; *c; c++) {
    qs_buffer_append(buffer, c, 1);
    if (*c == '"') {
      append_text(buffer, "\"");
    }
  }
  append_text(buffer, "\"");
}

void qs_csv_texts(qs_buffer *buffer, const char *const *values) {
  for (; *values; values++) {
    qs_csv_text(buffer, *values);
  }
}

void qs_csv_end_row(qs_buffer *buffer) {
  append_text(buffer, "\n");
  buffer->row_begun = false;
}
