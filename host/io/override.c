/* `--set key.path=value`. */
#include <stdio.h>
#include <string.h>

#include "host/base/text.h"
#include "host/io/tree.h"

enum { MAX_KEY = 128 };

/* What one override works on; `source` is what messages call it. */
typedef struct change {
  qs_reader *reader;
  const char *source;
} change;

static qs_status bad_key_path(const change *c, const char *problem) {
  return qs_fail(c->reader->context, QS_ERROR_USAGE,
                 "%s: %s; must be key=value, such as simulation.seed=7 or "
                 "underlyings.0.spot=100",
                 c->source, problem);
}

/* Cuts the next key off the dotted path. */
static qs_status next_key(const change *c, const char **path, char key[MAX_KEY]) {
  size_t length = strcspn(*path, ".");
  if (length == 0) {
    return bad_key_path(c, "a key is empty");
  }
  if (length >= MAX_KEY) {
    return bad_key_path(c, "a key is longer than 127 bytes");
  }
  memcpy(key, *path, length);
  key[length] = '\0';
  *path += length + ((*path)[length] == '.');
  return QS_OK;
}

static qs_status add_child(const change *c, qs_node *parent, const char *key, qs_node **child) {
  qs_node *node = QS_NEW(c->reader->scratch, 1, qs_node);
  char *copy = qs_arena_strdup(c->reader->scratch, key);
  if (!node || !copy) {
    return qs_reader_no_memory(c->reader);
  }
  node->kind = QS_NODE_SCALAR;
  node->text = "";
  node->source = c->source;
  node->key = parent->kind == QS_NODE_MAP ? copy : NULL;
  node->index = parent->count;
  qs_node_append(parent, node);
  *child = node;
  return QS_OK;
}

/* The child called `key`, made where it is missing. */
static qs_status step(const change *c, qs_node *parent, const char *key, qs_node **child) {
  uint64_t index = 0;
  bool number = qs_text_count(key, &index);
  qs_place place = {.source = c->source};
  char path[QS_PATH_TEXT];
  qs_node_path(parent, key, path);
  place.path = path;
  if (parent->kind == QS_NODE_SCALAR && qs_text_classify(parent->text, NULL) == QS_TEXT_NULL &&
      !parent->quoted) {
    parent->kind = number ? QS_NODE_LIST : QS_NODE_MAP;
  }
  if (parent->kind == QS_NODE_SCALAR) {
    char shown[QS_SHOWN_TEXT];
    qs_node_show(parent, shown);
    return qs_reader_bad(c->reader, &place, shown,
                         "has no keys below it; only mappings and lists of the config itself do");
  }
  if (parent->kind == QS_NODE_MAP) {
    *child = qs_node_get(parent, key);
  } else {
    if (!number || index > parent->count) {
      return qs_reader_bad(c->reader, &place, key, "no such element; must be a number from 0 to %zu",
                           parent->count);
    }
    *child = qs_node_at(parent, (size_t)index);
  }
  return *child ? QS_OK : add_child(c, parent, key, child);
}

static void replace(qs_node *node, const qs_node *value) {
  node->kind = value->kind;
  node->quoted = value->quoted;
  node->line = node->column = node->key_line = node->key_column = 0;
  node->source = value->source;
  node->text = value->text;
  node->first = value->first;
  node->last = value->last;
  node->count = value->count;
  for (qs_node *child = node->first; child; child = child->next) {
    child->parent = node;
  }
}

qs_status qs_tree_override(qs_reader *reader, qs_node *root, const char *override) {
  char shown[QS_SHOWN_TEXT];
  qs_text_show(override, shown);
  change c = {.reader = reader, .source = qs_arena_printf(reader->scratch, "--set %s", shown)};
  if (!c.source) {
    return qs_reader_no_memory(reader);
  }
  const char *equals = strchr(override, '=');
  if (!equals) {
    return bad_key_path(&c, "there is no =");
  }
  if (equals > override && equals[-1] == '.') {
    return bad_key_path(&c, "a key is empty");
  }
  qs_text_flaw flaw;
  if (!qs_text_valid(override, strlen(override), QS_MAX_YAML_LINE, &flaw)) {
    return bad_key_path(&c, "it is not a text in UTF-8 without control characters");
  }
  char *path = qs_arena_strndup(reader->scratch, override, (size_t)(equals - override));
  if (!path) {
    return qs_reader_no_memory(reader);
  }
  qs_node *node = root;
  const char *rest = path;
  size_t depth = 0;
  do {
    char key[MAX_KEY];
    qs_status status =
        ++depth > QS_TREE_DEPTH ? bad_key_path(&c, "it goes too deep") : next_key(&c, &rest, key);
    if (status == QS_OK) {
      status = step(&c, node, key, &node);
    }
    if (status != QS_OK) {
      return status;
    }
  } while (*rest);
  const char *text = equals + 1;
  qs_node *value = NULL;
  qs_status status = qs_tree_parse(reader, c.source, path, text, strlen(text), &value);
  if (status == QS_OK) {
    replace(node, value);
  }
  return status;
}
