/*
 * A YAML document as a tree that remembers where everything was written. JSON is read the same way.
 *
 * What is refused, with its place: anchors and aliases (an alias bomb grows without bound), tags, merge keys,
 * several documents, keys that are not texts, duplicate keys, more than QS_TREE_DEPTH levels, more than
 * QS_TREE_KEYS keys in one mapping.
 */
#ifndef QS_HOST_IO_TREE_H
#define QS_HOST_IO_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/io/reader.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_TREE_DEPTH = 24, QS_TREE_KEYS = 128 };

typedef enum qs_node_kind { QS_NODE_SCALAR, QS_NODE_LIST, QS_NODE_MAP } qs_node_kind;

typedef struct qs_node {
  qs_node_kind kind;
  bool quoted;           /* a scalar in quotes is always a text */
  uint32_t line, column; /* from 1; 0 for what an override made */
  uint32_t key_line, key_column;
  const char *source; /* the file, or "--set key=value" */
  const char *text;   /* of a scalar */
  const char *key;    /* in a mapping; the path that a root stands at (null: the config itself) */
  size_t index;       /* in a list */
  struct qs_node *parent, *next;
  struct qs_node *first, *last; /* children */
  size_t count;                 /* of children */
} qs_node;

/* Reads the file as one document. `base` (may be null) is the dotted path at which its root stands, and
 * `named_at` (may be null) where the file's name was written. */
qs_status qs_tree_read(qs_reader *reader, const char *path, const char *base, const qs_place *named_at,
                       qs_node **root);

/* Parses a text, such as an override's value, as one document; `source` is what messages name. */
qs_status qs_tree_parse(qs_reader *reader, const char *source, const char *base, const char *bytes,
                        size_t size, qs_node **root);

/* Applies "key.path=value": the value is YAML, list elements are named by number, the number after the last
 * one appends, and missing mappings and lists on the way are made. */
qs_status qs_tree_override(qs_reader *reader, qs_node *root, const char *override);

/* The child with this key of a mapping, or null; null also for anything but a mapping. */
qs_node *qs_node_get(const qs_node *map, const char *key);

/* Child number `index`, or null. */
qs_node *qs_node_at(const qs_node *list, size_t index);

/* Adds a child at the end; its key or index must be set. */
void qs_node_append(qs_node *parent, qs_node *child);

/* The dotted path of the node, with ".key" behind it when key is not null, into path[QS_PATH_TEXT]; long ones
 * lose their beginning. */
void qs_node_path(const qs_node *node, const char *key, char *path);

/* What the node holds, for a message, into shown[QS_SHOWN_TEXT]: its text, "a list", "a mapping", "nothing".
 */
void qs_node_show(const qs_node *node, char *shown);

/* Complains about the node's value, quoting it. */
qs_status qs_node_bad(qs_reader *reader, const qs_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Complains about the node's key, quoting its value. */
qs_status qs_node_bad_key(qs_reader *reader, const qs_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Complains that the mapping lacks the key. */
qs_status qs_node_missing(qs_reader *reader, const qs_node *map, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#ifdef __cplusplus
}
#endif
#endif
