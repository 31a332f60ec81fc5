/*
 * What a config may hold, as tables: one table per mapping, one line per key. qs_schema_read checks a node
 * against a table and fills the struct that the table describes; whatever a table does not say (keys that
 * depend on each other) its check function does.
 */
#ifndef QS_HOST_IO_SCHEMA_H
#define QS_HOST_IO_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include "host/io/reader.h"
#include "host/io/tree.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum qs_field_type {
  QS_FIELD_NUMBER,      /* double */
  QS_FIELD_COUNT,       /* uint64_t, a whole number */
  QS_FIELD_BOOL,        /* bool */
  QS_FIELD_TEXT,        /* const char *, not empty, one line */
  QS_FIELD_TIME,        /* qs_time */
  QS_FIELD_CHOICE,      /* int: an enum's value */
  QS_FIELD_CHOICE_TEXT, /* const char *: the choice itself, a static string */
  QS_FIELD_NUMBERS,     /* const double * and size_t */
  QS_FIELD_TEXTS,       /* const char *const * and size_t */
  QS_FIELD_MAP,         /* a struct inside this one, by `table` */
  QS_FIELD_LIST,        /* const struct * and size_t, by `table` */
  QS_FIELD_OTHER        /* by `read` */
} qs_field_type;

/* Limits of a number, or of each number of a list. */
typedef struct qs_range {
  double min, max;
  bool above; /* min itself is not allowed */
  bool below; /* max itself is not allowed */
} qs_range;

typedef struct qs_choice {
  const char *name;
  int value;
} qs_choice;

typedef struct qs_table qs_table;
typedef struct qs_field qs_field;

struct qs_field {
  const char *key;
  qs_field_type type;
  size_t offset;       /* of the value in the struct */
  size_t count_offset; /* of the size_t, for lists */
  bool required;
  qs_range range;              /* of numbers; of a list's numbers */
  size_t min_count, max_count; /* of a list's elements; of a text's bytes. 0: 0 and the table's own limit */
  bool distinct;               /* no element of a list twice */
  bool or_one;                 /* one number stands for a list of it */
  const qs_choice *choices;
  size_t choice_count;
  const qs_table *table;
  qs_status (*read)(qs_reader *reader, const qs_field *field, const qs_node *node, void *object);
};

struct qs_table {
  const qs_field *fields;
  size_t field_count;
  size_t size;                /* of the struct, where it stands in lists */
  void (*init)(void *object); /* fills the defaults in; null: zero */
  /* May be null; called once the fields are read. */
  qs_status (*check)(qs_reader *reader, const qs_node *node, void *object);
};

enum { QS_LIST_MAX = 1 << 20, QS_TEXT_MAX = 255, QS_FILE_NAME_MAX = 4000 };

/* Any finite number. */
#define QS_ANY                                                                                               \
  { -1.7e308, 1.7e308, false, false }

/* Reads the mapping into `object`, whose defaults must be there already. Texts are copied into the config's
 * arena. On failure the object holds rubbish that owns nothing. */
qs_status qs_schema_read(qs_reader *reader, const qs_table *table, const qs_node *node, void *object);

/* Reads one field's value from the node: for fields that hold one of several forms. */
qs_status qs_schema_read_field(qs_reader *reader, const qs_field *field, const qs_node *node, void *object);

/* For a field that is a list, or the name of a file with that list (alone, or under the field's key): makes
 * *list the list. A mapping does instead of a list where `kind` is QS_NODE_MAP. */
qs_status qs_schema_follow(qs_reader *reader, const qs_field *field, const qs_node *node, qs_node_kind kind,
                           const qs_node **list);

/* The text of a scalar that must be the name of a file, resolved against the file that it stands in. */
qs_status qs_schema_file_name(qs_reader *reader, const qs_node *node, const char **path);

/* "a number greater than 0 and at most 1", into text[QS_RANGE_TEXT]. */
enum { QS_RANGE_TEXT = 160 };
void qs_range_text(const qs_range *range, char *text);

/* Whether the value is inside. */
bool qs_range_holds(const qs_range *range, double value);

#ifdef __cplusplus
}
#endif
#endif
