#include "host/io/tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/base/text.h"

qs_node *qs_node_get(const qs_node *map, const char *key) {
  if (map->kind != QS_NODE_MAP) {
    return NULL;
  }
  for (qs_node *child = map->first; child; child = child->next) {
    if (strcmp(child->key, key) == 0) {
      return child;
    }
  }
  return NULL;
}

qs_node *qs_node_at(const qs_node *list, size_t index) {
  qs_node *child = list->kind == QS_NODE_LIST ? list->first : NULL;
  while (child && index-- > 0) {
    child = child->next;
  }
  return child;
}

void qs_node_append(qs_node *parent, qs_node *child) {
  child->parent = parent;
  child->next = NULL;
  if (parent->last) {
    parent->last->next = child;
  } else {
    parent->first = child;
  }
  parent->last = child;
  parent->count++;
}

/* Puts ".text" before what path[at...] holds; returns the new beginning, 0 once there is no more room. */
static size_t prepend(char *path, size_t at, const char *text) {
  size_t length = strlen(text);
  size_t dot = path[at] ? 1 : 0;
  if (length + dot > at) {
    /* Too long: its end is what tells. */
    size_t fits = at - dot;
    memmove(path, text + length - fits, fits);
    path[fits] = dot ? '.' : path[fits];
    path[0] = path[1] = path[2] = '.';
    return 0;
  }
  at -= dot;
  path[at] = dot ? '.' : path[at];
  at -= length;
  for (size_t i = 0; i < length; i++) {
    path[at + i] = text[i];
  }
  return at;
}

void qs_node_path(const qs_node *node, const char *key, char *path) {
  size_t at = QS_PATH_TEXT - 1;
  path[at] = '\0';
  if (key) {
    at = prepend(path, at, key);
  }
  for (; node && at > 4; node = node->parent) {
    if (node->key) {
      at = prepend(path, at, node->key);
    } else if (node->parent) {
      char number[24];
      snprintf(number, sizeof number, "%zu", node->index);
      at = prepend(path, at, number);
    }
  }
  memmove(path, path + at, QS_PATH_TEXT - at);
  /* A key may hold anything printable in YAML, and control characters by escapes. */
  for (char *c = path; *c; c++) {
    *c = (unsigned char)*c < 0x20 || *c == 0x7f ? '?' : *c;
  }
}

void qs_node_show(const qs_node *node, char *shown) {
  const char *fixed = node->kind == QS_NODE_LIST               ? "a list"
                      : node->kind == QS_NODE_MAP              ? "a mapping"
                      : !node->quoted && node->text[0] == '\0' ? "nothing"
                                                               : NULL;
  if (fixed) {
    snprintf(shown, QS_SHOWN_TEXT, "%s", fixed);
    return;
  }
  if (!node->quoted) {
    qs_text_show(node->text, shown);
    return;
  }
  char inner[QS_SHOWN_TEXT];
  qs_text_show(node->text, inner);
  snprintf(shown, QS_SHOWN_TEXT, "\"%.*s\"", QS_SHOWN_TEXT - 3, inner);
}

static qs_status complain(qs_reader *reader, const qs_node *node, bool at_key, const char *key,
                          const char *format, va_list arguments) {
  char allowed[QS_MESSAGE_SIZE];
  vsnprintf(allowed, sizeof allowed, format, arguments);
  char path[QS_PATH_TEXT];
  qs_node_path(node, key, path);
  char shown[QS_SHOWN_TEXT];
  qs_node_show(node, shown);
  qs_place place = {.source = node->source,
                    .line = at_key ? node->key_line : node->line,
                    .column = at_key ? node->key_column : node->column,
                    .path = path};
  return qs_reader_bad(reader, &place, key ? "nothing" : shown, "%s", allowed);
}

qs_status qs_node_bad(qs_reader *reader, const qs_node *node, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  qs_status status = complain(reader, node, false, NULL, format, arguments);
  va_end(arguments);
  return status;
}

qs_status qs_node_bad_key(qs_reader *reader, const qs_node *node, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  qs_status status = complain(reader, node, true, NULL, format, arguments);
  va_end(arguments);
  return status;
}

qs_status qs_node_missing(qs_reader *reader, const qs_node *map, const char *key, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  qs_status status = complain(reader, map, false, key, format, arguments);
  va_end(arguments);
  return status;
}
