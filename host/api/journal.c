/* The engine's journal, over host/io, its share of a run, and the team that it is of. */
#include <string.h>

#include "host/api/engine.h"

void qs_journal_spec_init(qs_journal_spec *spec) {
  memset(spec, 0, sizeof *spec);
  spec->struct_size = sizeof *spec;
  spec->sync_seconds = 10;
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
  if (spec->shares > 1 && (spec->share >= spec->shares || spec->shares > QS_MAX_RANKS || !spec->path)) {
    return qs_fail(
        context, QS_ERROR_USAGE,
        "qs_journal_spec: share %u of %u: must be one of 0 to shares - 1, at most %d shares, with a path",
        spec->share, spec->shares, QS_MAX_RANKS);
  }
  if (!(spec->sync_seconds >= 0)) {
    return qs_fail(context, QS_ERROR_USAGE, "qs_journal_spec.sync_seconds is %g: must be at least 0",
                   spec->sync_seconds);
  }
  if (spec->shares > 1 && engine->team.ranks > 1) {
    return qs_fail(context, QS_ERROR_USAGE, "qs_journal_spec: an engine in a team takes no other share");
  }
  qs_status status = qs_journal_begin(context, spec, engine->team.rank, &engine->journal);
  if (!status) {
    engine->share = spec->share;
    engine->shares = spec->shares;
  }
  return status;
}

void qs_journal_state(const qs_engine *engine, qs_journal_info *info) {
  const uint32_t size = info->struct_size;
  qs_journal_info now = {.struct_size = sizeof now};
  if (engine->journal) {
    qs_journal_counts(engine->journal, &now);
  }
  now.more = engine->more;
  memcpy(info, &now, size && size < sizeof now ? size : sizeof now);
  info->struct_size = size;
}

void qs_journal_close(qs_engine *engine, bool remove) {
  qs_journal_end(engine->journal, remove);
  engine->journal = NULL;
  engine->share = engine->shares = 0;
  engine->more = false;
}

void qs_team_init(qs_team *team) {
  memset(team, 0, sizeof *team);
  team->struct_size = sizeof *team;
}

qs_status qs_team_join(qs_engine *engine, const qs_team *team) {
  qs_context *context = &engine->context;
  if (team->struct_size < sizeof *team) {
    return qs_fail(context, QS_ERROR_USAGE, "qs_team.struct_size is %u: call qs_team_init first",
                   team->struct_size);
  }
  if (engine->journal || !team->gather || team->rank >= team->ranks || team->ranks > QS_MAX_RANKS) {
    return qs_fail(
        context, QS_ERROR_USAGE,
        "qs_team: rank %u of %u: must be one of 0 to ranks - 1, at most %d ranks, with a function to gather, "
        "before a journal is opened",
        team->rank, team->ranks, QS_MAX_RANKS);
  }
  engine->team = *team;
  engine->exchange = (qs_exchange){team->rank, team->ranks, team->gather, team->data};
  return QS_OK;
}

/* Of an engine without a journal. */
static bool find_nothing(void *data, qs_piece_key *key) {
  (void)data;
  (void)key;
  return false;
}

static qs_status recall_nothing(void *data, qs_context *context, const qs_piece_key *key,
                                const qs_piece_place *to) {
  (void)data;
  (void)key;
  (void)to;
  return qs_fail(context, QS_ERROR_INTERNAL, "there is no journal");
}

static qs_status keep_nothing(void *data, qs_context *context, const qs_piece_key *key,
                              const qs_piece_place *from) {
  (void)data;
  (void)context;
  (void)key;
  (void)from;
  return QS_OK;
}

static qs_status settle_nothing(void *data, qs_context *context) {
  (void)data;
  (void)context;
  return QS_OK;
}

const qs_work_store *qs_engine_store(qs_engine *engine, qs_arena *arena) {
  static const qs_work_store nothing = {
      .find = find_nothing, .recall = recall_nothing, .keep = keep_nothing, .settle = settle_nothing};
  const qs_team *team = &engine->team;
  if (!engine->journal && team->ranks < 2) {
    return NULL;
  }
  engine->store = engine->journal ? *qs_journal_store(engine->journal) : nothing;
  engine->store.rank = team->ranks > 1 ? team->rank : engine->share;
  engine->store.ranks = team->ranks > 1 ? team->ranks : engine->shares;
  engine->store.gather = team->ranks > 1 ? team->gather : NULL;
  engine->store.gather_data = team->data;
  engine->store.memo = team->ranks > 1 ? qs_work_memo_create(arena) : NULL;
  return &engine->store;
}
