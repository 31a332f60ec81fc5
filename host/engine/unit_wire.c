#include "host/engine/unit_wire.h"

#include <string.h>

#include "host/engine/scheduler.h"

/* A message that is measured (bytes null), written or read. */
typedef struct wire {
  char *bytes;
  size_t size, used; /* size: of a message that is read */
  bool broken;
  /* Of a rebalancing or regression unit: the paths that go along, and the stride that its arrays have here.
   */
  uint64_t first, paths, stride;
} wire;

static size_t padded(size_t size) {
  return (size + QS_WIRE_ALIGNMENT - 1) / QS_WIRE_ALIGNMENT * QS_WIRE_ALIGNMENT;
}

/* Place for `size` bytes to be written; null while the message is measured. */
static char *reserve(wire *w, size_t size) {
  char *place = w->bytes ? w->bytes + w->used : NULL;
  w->used += padded(size);
  return place;
}

static void put(wire *w, const void *bytes, size_t size) {
  char *place = reserve(w, size);
  if (place && size) {
    memcpy(place, bytes, size);
  }
}

/* Of an array: 0 for null, else its length and 1. */
static const void *put_head(wire *w, const void *place, uint64_t count) {
  const void *array = NULL;
  memcpy(&array, place, sizeof array);
  const uint64_t head = array ? count + 1 : 0;
  put(w, &head, sizeof head);
  return array;
}

static void write_value(void *data, void *member, size_t size) {
  put(data, member, size);
}

static void write_array(void *data, void *place, size_t count, size_t size) {
  const void *array = put_head(data, place, count);
  if (array) {
    put(data, array, count * size);
  }
}

/* The structures themselves are made where they are read. */
static bool write_structures(void *data, void *place, size_t count, size_t size) {
  const void *array = put_head(data, place, count);
  char *room = array ? reserve(data, count * size) : NULL;
  if (room) {
    memset(room, 0, count * size);
  }
  return array != NULL;
}

static void write_rows(void *data, void *place, const qs_unit_rows *rows) {
  wire *w = data;
  const size_t count = rows->blocks * rows->count, width = (size_t)w->paths;
  const double *from = put_head(w, place, count);
  char *room = from ? reserve(w, count * width * sizeof(double)) : NULL;
  for (size_t block = 0; room && block < rows->blocks; block++) {
    for (size_t i = rows->begin; i < rows->end; i++) {
      const size_t row = block * rows->count + i;
      memcpy(room + row * width * sizeof(double), from + row * w->stride + w->first, width * sizeof(double));
    }
  }
}

/* The next `count` elements of the message; null where it has no such. */
static char *take(wire *w, size_t count, size_t size) {
  const size_t left = w->size - w->used;
  if (w->broken || (size && count > left / size) || padded(count * size) > left) {
    w->broken = true;
    return NULL;
  }
  char *found = w->bytes + w->used;
  w->used += padded(count * size);
  return found;
}

static void read_value(void *data, void *member, size_t size) {
  const char *found = take(data, 1, size);
  if (found) {
    memcpy(member, found, size);
  }
}

/* Whether an array of that length comes next. */
static bool read_head(wire *w, uint64_t count) {
  uint64_t head = 0;
  read_value(w, &head, sizeof head);
  w->broken = w->broken || (head && head != count + 1);
  return head && !w->broken;
}

static void read_array(void *data, void *place, size_t count, size_t size) {
  const void *found = read_head(data, count) ? take(data, count, size) : NULL;
  memcpy(place, &found, sizeof found);
}

static bool read_structures(void *data, void *place, size_t count, size_t size) {
  read_array(data, place, count, size);
  const void *found = NULL;
  memcpy(&found, place, sizeof found);
  return found != NULL;
}

static void read_rows(void *data, void *place, const qs_unit_rows *rows) {
  const wire *w = data;
  const size_t most = w->size / sizeof(double), count = rows->blocks * rows->count;
  const bool fits = !rows->count || rows->blocks <= most / rows->count;
  read_array(data, place, fits ? count : SIZE_MAX / 2, (size_t)w->paths * sizeof(double));
}

static size_t size_of(qs_unit_kind kind) {
  switch (kind) {
  case QS_UNIT_VALUE:
    return sizeof(qs_value_unit);
  case QS_UNIT_PATH:
    return sizeof(qs_path_unit);
  case QS_UNIT_JOINT:
    return sizeof(qs_joint_unit);
  case QS_UNIT_HORIZON:
    return sizeof(qs_horizon_unit);
  case QS_UNIT_REBALANCE:
    return sizeof(qs_rebalance_unit);
  case QS_UNIT_REGRESSION:
    return sizeof(qs_regression_unit);
  }
  return 0;
}

/* The paths of a unit whose arrays are by path. */
typedef struct path_range {
  uint64_t *begin, *end, *stride;
} path_range;

static bool by_path(qs_unit_kind kind) {
  return kind == QS_UNIT_REBALANCE || kind == QS_UNIT_REGRESSION;
}

static path_range range_of(qs_unit_kind kind, void *unit) {
  if (kind == QS_UNIT_REBALANCE) {
    qs_rebalance_unit *r = unit;
    return (path_range){&r->path_begin, &r->path_end, &r->stride};
  }
  qs_regression_unit *r = unit;
  return (path_range){&r->path_begin, &r->path_end, &r->stride};
}

/* A walk writes nothing to the unit; it reads it by way of a copy whose ranges are those of the message. */
static void write_unit(wire *w, qs_unit_kind kind, const void *unit) {
  const qs_unit_walker walker = {.data = w,
                                 .value = write_value,
                                 .array = write_array,
                                 .structures = write_structures,
                                 .rows = write_rows,
                                 .ranges = true};
  if (!by_path(kind)) {
    qs_unit_walk(&walker, kind, (void *)unit);
    return;
  }
  union {
    qs_rebalance_unit rebalance;
    qs_regression_unit regression;
  } part;
  memcpy(&part, unit, size_of(kind));
  const path_range range = range_of(kind, &part);
  w->first = *range.begin;
  w->paths = *range.end - *range.begin;
  w->stride = *range.stride;
  put(w, &w->paths, sizeof w->paths);
  *range.begin = 0;
  *range.end = *range.stride = w->paths;
  qs_unit_walk(&walker, kind, &part);
}

size_t qs_unit_wire_size(qs_unit_kind kind, const void *unit) {
  wire w = {0};
  write_unit(&w, kind, unit);
  return w.used;
}

void qs_unit_wire_write(qs_unit_kind kind, const void *unit, void *bytes) {
  wire w = {.bytes = bytes};
  write_unit(&w, kind, unit);
}

bool qs_unit_wire_read(qs_unit_kind kind, void *bytes, size_t size, void *unit) {
  wire w = {.bytes = bytes, .size = size};
  const qs_unit_walker walker = {.data = &w,
                                 .value = read_value,
                                 .array = read_array,
                                 .structures = read_structures,
                                 .rows = read_rows,
                                 .ranges = true};
  memset(unit, 0, size_of(kind));
  if (by_path(kind)) {
    read_value(&w, &w.paths, sizeof w.paths);
    w.broken = w.broken || w.paths > size / sizeof(double);
  }
  qs_unit_walk(&walker, kind, unit);
  return !w.broken && w.used == size;
}

size_t qs_unit_result_size(qs_unit_kind kind, const void *unit) {
  switch (kind) {
  case QS_UNIT_VALUE:
    return qs_value_unit_moments(unit) * sizeof(qs_moment);
  case QS_UNIT_PATH:
    return qs_path_unit_moments(unit) * sizeof(qs_moment);
  case QS_UNIT_JOINT:
    return qs_joint_unit_moments(unit) * sizeof(qs_moment);
  case QS_UNIT_HORIZON: {
    const qs_horizon_unit *horizon = unit;
    return 2 * (size_t)(horizon->path_end - horizon->path_begin) * horizon->path.date_count * sizeof(double);
  }
  case QS_UNIT_REBALANCE: {
    const qs_rebalance_unit *r = unit;
    return (size_t)(r->path_end - r->path_begin) * r->policy_count * qs_rebalance_unit_rows(r) *
           sizeof(double);
  }
  case QS_UNIT_REGRESSION: {
    const qs_regression_unit *r = unit;
    return r->chunk_paths && r->path_begin <= r->path_end ? qs_regression_unit_numbers(r) * sizeof(double)
                                                          : 0;
  }
  }
  return 0;
}
