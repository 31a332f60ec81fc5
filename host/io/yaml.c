#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "host/base/text.h"
#include "host/io/tree.h"

enum { MAX_NODES = 1 << 20 };

typedef struct builder {
  qs_reader *reader;
  const char *source, *base, *bytes;
  size_t size;
  bool positions; /* false: an override, whose lines and columns would tell nothing */
  yaml_parser_t parser;
  qs_node *root, *open; /* the document's node; the innermost list or mapping that is not closed */
  size_t depth, nodes, documents;
  bool has_key; /* the open mapping waits for the value of: */
  const char *key;
  yaml_mark_t key_mark;
} builder;

static uint32_t position(const builder *b, size_t from_zero) {
  return b->positions ? (uint32_t)from_zero + 1 : 0;
}

/* Complains at the mark, under the path of what is open there. */
static qs_status bad_at(builder *b, yaml_mark_t mark, const char *value, const char *allowed) {
  char path[QS_PATH_TEXT] = "";
  if (b->open) {
    qs_node_path(b->open, b->has_key ? b->key : NULL, path);
  } else if (b->base) {
    snprintf(path, sizeof path, "%s", b->base);
  }
  qs_place place = {
      .source = b->source, .line = position(b, mark.line), .column = position(b, mark.column), .path = path};
  return qs_reader_bad(b->reader, &place, value, "%s", allowed);
}

/* The line that holds the byte, as far as a message shows it. */
static void show_line(const builder *b, size_t index, char *shown) {
  char line[QS_SHOWN_TEXT];
  size_t begin = index < b->size ? index : b->size;
  while (begin > 0 && (begin == b->size || b->bytes[begin] == '\n')) {
    begin--;
  }
  while (begin > 0 && b->bytes[begin - 1] != '\n') {
    begin--;
  }
  size_t length = 0;
  while (begin + length < b->size && length < sizeof line - 1 && b->bytes[begin + length] != '\n' &&
         b->bytes[begin + length] != '\r') {
    line[length] = b->bytes[begin + length];
    length++;
  }
  line[length] = '\0';
  qs_text_show(line, shown);
}

/* libyaml's marks count characters; its bytes are counted here. */
static size_t byte_of(const builder *b, yaml_mark_t mark) {
  size_t at = 0;
  for (size_t line = 0; line < mark.line && at < b->size; at++) {
    line += b->bytes[at] == '\n';
  }
  return at;
}

static qs_status bad_syntax(builder *b) {
  const yaml_parser_t *p = &b->parser;
  if (p->error == YAML_MEMORY_ERROR || p->error == YAML_NO_ERROR) {
    return qs_reader_no_memory(b->reader);
  }
  yaml_mark_t mark = p->problem_mark;
  char value[QS_SHOWN_TEXT];
  show_line(b, byte_of(b, mark), value);
  char allowed[256];
  snprintf(allowed, sizeof allowed, "%s%s%s; must be YAML or JSON",
           p->problem ? p->problem : "cannot be read", p->context ? " " : "", p->context ? p->context : "");
  return bad_at(b, mark, value, allowed);
}

static qs_status check_decoration(builder *b, const yaml_event_t *event, const yaml_char_t *anchor,
                                  const yaml_char_t *tag) {
  char shown[QS_SHOWN_TEXT];
  char value[QS_SHOWN_TEXT];
  if (anchor) {
    qs_text_show((const char *)anchor, shown);
    snprintf(value, sizeof value, "&%.*s", QS_SHOWN_TEXT - 2, shown);
    return bad_at(b, event->start_mark, value, "anchors and aliases are not allowed; write the value out");
  }
  if (tag) {
    qs_text_show((const char *)tag, shown);
    return bad_at(b, event->start_mark, shown, "tags are not allowed; write the value alone");
  }
  return QS_OK;
}

static qs_status take_key(builder *b, const yaml_event_t *event) {
  if (event->type != YAML_SCALAR_EVENT) {
    return bad_at(b, event->start_mark, event->type == YAML_SEQUENCE_START_EVENT ? "a list" : "a mapping",
                  "a key must be a text");
  }
  const char *text = (const char *)event->data.scalar.value;
  char shown[QS_SHOWN_TEXT];
  qs_text_show(text, shown);
  if (strlen(text) != event->data.scalar.length || text[0] == '\0') {
    return bad_at(b, event->start_mark, shown[0] ? shown : "nothing",
                  "a key must be a text that is not empty");
  }
  if (strcmp(text, "<<") == 0) {
    return bad_at(b, event->start_mark, shown, "merge keys are not allowed; write the values out");
  }
  qs_node *other = qs_node_get(b->open, text);
  if (other) {
    char allowed[96];
    snprintf(allowed, sizeof allowed, "duplicate key, given before at line %u; every key may stand once",
             other->key_line);
    return bad_at(b, event->start_mark, shown, allowed);
  }
  if (b->open->count >= QS_TREE_KEYS) {
    return bad_at(b, event->start_mark, shown, "too many keys; a mapping may have at most 128");
  }
  b->key = qs_arena_strdup(b->reader->scratch, text);
  if (!b->key) {
    return qs_reader_no_memory(b->reader);
  }
  b->key_mark = event->start_mark;
  b->has_key = true;
  return QS_OK;
}

static qs_status new_node(builder *b, const yaml_event_t *event, qs_node_kind kind, qs_node **made) {
  if (++b->nodes > MAX_NODES) {
    return bad_at(b, event->start_mark, NULL, "too many values; a document may have at most 1048576");
  }
  qs_node *node = QS_NEW(b->reader->scratch, 1, qs_node);
  if (!node) {
    return qs_reader_no_memory(b->reader);
  }
  node->kind = kind;
  node->source = b->source;
  node->line = position(b, event->start_mark.line);
  node->column = position(b, event->start_mark.column);
  if (!b->open) {
    node->key = b->base;
    b->root = node;
  } else if (b->open->kind == QS_NODE_MAP) {
    node->key = b->key;
    node->key_line = position(b, b->key_mark.line);
    node->key_column = position(b, b->key_mark.column);
    b->has_key = false;
    qs_node_append(b->open, node);
  } else {
    node->index = b->open->count;
    qs_node_append(b->open, node);
  }
  *made = node;
  return QS_OK;
}

static qs_status add_scalar(builder *b, const yaml_event_t *event) {
  qs_node *node = NULL;
  qs_status status = new_node(b, event, QS_NODE_SCALAR, &node);
  if (status != QS_OK) {
    return status;
  }
  const char *text = (const char *)event->data.scalar.value;
  node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
  node->text = qs_arena_strdup(b->reader->scratch, text);
  if (!node->text) {
    return qs_reader_no_memory(b->reader);
  }
  if (strlen(text) != event->data.scalar.length) {
    return qs_node_bad(b->reader, node, "holds a zero byte; must be a text of printable characters");
  }
  return QS_OK;
}

static qs_status add_container(builder *b, const yaml_event_t *event, qs_node_kind kind) {
  if (++b->depth > QS_TREE_DEPTH) {
    return bad_at(b, event->start_mark, NULL, "nested too deeply; must have at most 24 levels");
  }
  qs_node *node = NULL;
  qs_status status = new_node(b, event, kind, &node);
  if (status == QS_OK) {
    b->open = node;
  }
  return status;
}

static qs_status take_value(builder *b, const yaml_event_t *event) {
  const yaml_char_t *anchor = event->data.scalar.anchor;
  const yaml_char_t *tag = event->data.scalar.tag;
  qs_node_kind kind = QS_NODE_SCALAR;
  if (event->type == YAML_SEQUENCE_START_EVENT) {
    anchor = event->data.sequence_start.anchor;
    tag = event->data.sequence_start.tag;
    kind = QS_NODE_LIST;
  } else if (event->type == YAML_MAPPING_START_EVENT) {
    anchor = event->data.mapping_start.anchor;
    tag = event->data.mapping_start.tag;
    kind = QS_NODE_MAP;
  }
  qs_status status = check_decoration(b, event, anchor, tag);
  if (status != QS_OK) {
    return status;
  }
  if (b->open && b->open->kind == QS_NODE_MAP && !b->has_key) {
    return take_key(b, event);
  }
  return kind == QS_NODE_SCALAR ? add_scalar(b, event) : add_container(b, event, kind);
}

static qs_status take_event(builder *b, const yaml_event_t *event) {
  char shown[QS_SHOWN_TEXT];
  char value[QS_SHOWN_TEXT];
  switch (event->type) {
  case YAML_DOCUMENT_START_EVENT:
    if (++b->documents > 1) {
      return bad_at(b, event->start_mark, "a second document", "must be one document");
    }
    return QS_OK;
  case YAML_ALIAS_EVENT:
    qs_text_show((const char *)event->data.alias.anchor, shown);
    snprintf(value, sizeof value, "*%.*s", QS_SHOWN_TEXT - 2, shown);
    return bad_at(b, event->start_mark, value, "anchors and aliases are not allowed; write the value out");
  case YAML_SCALAR_EVENT:
  case YAML_SEQUENCE_START_EVENT:
  case YAML_MAPPING_START_EVENT:
    return take_value(b, event);
  case YAML_SEQUENCE_END_EVENT:
  case YAML_MAPPING_END_EVENT:
    b->open = b->open->parent;
    b->depth--;
    return QS_OK;
  default:
    return QS_OK;
  }
}

static qs_status build(builder *b) {
  bool finished = false;
  while (!finished) {
    yaml_event_t event;
    if (!yaml_parser_parse(&b->parser, &event)) {
      return bad_syntax(b);
    }
    finished = event.type == YAML_STREAM_END_EVENT;
    qs_status status = take_event(b, &event);
    yaml_event_delete(&event);
    if (status != QS_OK) {
      return status;
    }
  }
  if (!b->root) {
    qs_place place = {.source = b->source, .path = b->base};
    return qs_reader_bad(b->reader, &place, "nothing", "the text is empty; must be YAML or JSON");
  }
  return QS_OK;
}

static qs_status parse(builder *b, qs_node **root) {
  if (!yaml_parser_initialize(&b->parser)) {
    return qs_reader_no_memory(b->reader);
  }
  yaml_parser_set_encoding(&b->parser, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string(&b->parser, (const unsigned char *)b->bytes, b->size);
  qs_status status = build(b);
  yaml_parser_delete(&b->parser);
  if (status == QS_OK) {
    *root = b->root;
  }
  return status;
}

qs_status qs_tree_parse(qs_reader *reader, const char *source, const char *base, const char *bytes,
                        size_t size, qs_node **root) {
  builder b = {.reader = reader, .source = source, .base = base, .bytes = bytes, .size = size};
  return parse(&b, root);
}

qs_status qs_tree_read(qs_reader *reader, const char *path, const char *base, const qs_place *named_at,
                       qs_node **root) {
  const char *bytes = NULL;
  size_t size = 0;
  qs_status status =
      qs_reader_file(reader, path, named_at, QS_MAX_YAML_FILE, QS_MAX_YAML_LINE, &bytes, &size);
  if (status != QS_OK) {
    return status;
  }
  const char *mark = "\xef\xbb\xbf";
  size_t skip = size >= 3 && memcmp(bytes, mark, 3) == 0 ? 3 : 0;
  builder b = {.reader = reader,
               .source = path,
               .base = base,
               .bytes = bytes + skip,
               .size = size - skip,
               .positions = true};
  return parse(&b, root);
}
