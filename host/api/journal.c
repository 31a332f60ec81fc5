/* The engine's journal, over host/io. */
#include <string.h>

#include "host/api/engine.h"

void qs_journal_spec_init(qs_journal_spec *spec) {
  memset(spec, 0, sizeof *spec);
  spec->struct_size = sizeof *spec;
}

qs_status qs_journal_open(qs_engine *engine, const qs_journal_spec *spec) {
  qs_context *context = &engine->context;
  if (spec->struct_size < sizeof *spec) {
    return qs_fail(context, QS_ERROR_USAGE,
                   "qs_journal_spec.struct_size is %u: call qs_journal_spec_init first", spec->struct_size);
  }
  if (engine->journal) {
    return qs_fail(context, QS_ERROR_USAGE, "the engine has a journal already");
  }
  if (!spec->path && !spec->folder) {
    return qs_fail(context, QS_ERROR_USAGE, "qs_journal_spec: give a path or a folder");
  }
  return qs_journal_begin(context, spec, &engine->journal);
}

void qs_journal_state(const qs_engine *engine, qs_journal_info *info) {
  const uint32_t size = info->struct_size;
  if (engine->journal) {
    qs_journal_counts(engine->journal, info);
  } else {
    memset(info, 0, size && size < sizeof *info ? size : sizeof *info);
    info->struct_size = size;
  }
}

void qs_journal_close(qs_engine *engine, bool remove) {
  qs_journal_end(engine->journal, remove);
  engine->journal = NULL;
}
