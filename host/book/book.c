#include "host/book/book.h"

#include <stdio.h>

#include "host/book/ids.h"
#include "host/book/resolve.h"

const char *qs_contract_kind_name(qs_contract_kind kind) {
  static const char *const names[] = {"european", "forward", "future", "perpetual", "spot", "cash", "path"};
  return (unsigned)kind < sizeof names / sizeof names[0] ? names[kind] : NULL;
}

const char *qs_contract_name(const qs_contract *contract) {
  return contract->path ? qs_trade_type_name(contract->path->called) : qs_contract_kind_name(contract->kind);
}

/* "positions[3] (line 5)", without the line where there is none. */
static void format_place(char *text, const char *where, size_t index, uint32_t line) {
  if (line) {
    snprintf(text, QS_BOOK_PLACE_SIZE, "%.100s[%zu] (line %u)", where, index, line);
  } else {
    snprintf(text, QS_BOOK_PLACE_SIZE, "%.100s[%zu]", where, index);
  }
}

static qs_status positions_into(qs_context *context, qs_arena *arena, const qs_market *market,
                                const char *where, const qs_position_spec *positions, size_t count,
                                qs_ids *ids, qs_contract *out) {
  for (size_t i = 0; i < count; i++) {
    char place[QS_BOOK_PLACE_SIZE];
    format_place(place, where, i, positions[i].line);
    qs_status status = qs_resolve_position(context, market, place, &positions[i], &out[i]);
    if (status != QS_OK) {
      return status;
    }
    out[i].id = qs_ids_add_numbered(ids, arena, out[i].id);
    if (!out[i].id) {
      return qs_fail_memory(context, "building the book");
    }
  }
  return QS_OK;
}

/* Contracts that a trade makes: one, or one for each of its underlyings. */
static size_t legs_of(const qs_trade_spec *trade) {
  return trade->underlying_count > 1 ? trade->underlying_count : 1;
}

/* The other legs of a trade, after its first. */
static qs_status add_legs(qs_context *context, qs_arena *arena, const qs_market *market, size_t legs,
                          qs_contract *first) {
  for (size_t k = 1; k < legs; k++) {
    first[k] = first[0];
    first[k].leg = (uint32_t)k;
    first[k].settlement = QS_SETTLE_LINEAR; /* the coin is the first leg's */
    first[k].underlying = first->joint->underlyings[k];
    const qs_underlying_market *mine = &market->underlyings[first[k].underlying];
    first[k].forward = qs_curve_forward(&mine->curve, first->years);
    first[k].id = qs_arena_printf(arena, "%s/%s", first->id, mine->name);
    if (!first[k].id) {
      return qs_fail_memory(context, "building the book");
    }
  }
  return QS_OK;
}

static qs_status trades_into(qs_context *context, qs_arena *arena, const qs_market *market, const char *where,
                             const qs_trade_spec *trades, size_t count, qs_ids *ids, qs_contract *out) {
  for (size_t i = 0; i < count; i++) {
    char place[QS_BOOK_PLACE_SIZE];
    format_place(place, where, i, trades[i].line);
    size_t legs = legs_of(&trades[i]);
    qs_status status = qs_resolve_trade(context, arena, market, place, &trades[i], out);
    if (status == QS_OK && legs > 1) {
      status = add_legs(context, arena, market, legs, out);
    }
    if (status != QS_OK) {
      return status;
    }
    for (size_t k = 0; k < legs; k++) {
      if (!qs_ids_add(ids, out[k].id)) {
        return qs_fail(context, QS_ERROR_INPUT, "%s: id: %.64s is a duplicate; ids must be unique", place,
                       out[k].id);
      }
    }
    out += legs;
  }
  return QS_OK;
}

static qs_status cash_into(qs_context *context, qs_arena *arena, const qs_market *market,
                           const qs_cash_spec *cash, size_t count, qs_ids *ids, qs_contract *out) {
  for (size_t i = 0; i < count; i++) {
    char place[QS_BOOK_PLACE_SIZE];
    format_place(place, "cash", i, 0);
    qs_status status = qs_resolve_cash(context, arena, market, place, &cash[i], &out[i]);
    if (status != QS_OK) {
      return status;
    }
    out[i].id = qs_ids_add_numbered(ids, arena, out[i].id);
    if (!out[i].id) {
      return qs_fail_memory(context, "building the book");
    }
  }
  return QS_OK;
}

/* Room for `count` contracts and their ids. */
static qs_status allocate(qs_context *context, qs_arena *arena, size_t count, qs_contract **contracts,
                          qs_ids **ids) {
  qs_contract *room = QS_NEW(arena, count, qs_contract);
  qs_ids *set = qs_ids_create(arena, count);
  if (!room || !set) {
    return qs_fail_memory(context, "building the book");
  }
  *contracts = room;
  *ids = set;
  return QS_OK;
}

qs_status qs_book_build(qs_context *context, qs_arena *arena, const qs_inputs *inputs,
                        const qs_market *market, qs_book **book) {
  size_t positions = inputs->position_count;
  size_t trades = 0; /* contracts that they make */
  for (size_t i = 0; i < inputs->trade_count; i++) {
    trades += legs_of(&inputs->trades[i]);
  }
  qs_book *built = QS_NEW(arena, 1, qs_book);
  if (!built) {
    return qs_fail_memory(context, "building the book");
  }
  built->count = positions + trades + inputs->cash_count;
  qs_ids *ids = NULL;
  qs_status status = allocate(context, arena, built->count, &built->contracts, &ids);
  if (status != QS_OK ||
      (status = positions_into(context, arena, market, "positions", inputs->positions, positions, ids,
                               built->contracts)) != QS_OK ||
      (status = trades_into(context, arena, market, "trades", inputs->trades, inputs->trade_count, ids,
                            built->contracts + positions)) != QS_OK ||
      (status = cash_into(context, arena, market, inputs->cash, inputs->cash_count, ids,
                          built->contracts + positions + trades)) != QS_OK) {
    return status;
  }
  *book = built;
  return QS_OK;
}

qs_status qs_book_resolve_names(qs_context *context, qs_arena *arena, const qs_market *market,
                                const char *where, const char *const *names, size_t count,
                                qs_contract **contracts) {
  qs_contract *out = NULL;
  qs_ids *ids = NULL;
  qs_status status = allocate(context, arena, count, &out, &ids);
  for (size_t i = 0; i < count && status == QS_OK; i++) {
    char place[QS_BOOK_PLACE_SIZE];
    format_place(place, where, i, 0);
    status = qs_resolve_name(context, market, place, names[i], &out[i]);
    if (status == QS_OK && !qs_ids_add(ids, names[i])) {
      status = qs_fail(context, QS_ERROR_INPUT, "%s: %s is a duplicate", place, names[i]);
    }
  }
  if (status == QS_OK) {
    *contracts = out;
  }
  return status;
}

qs_status qs_book_resolve_positions(qs_context *context, qs_arena *arena, const qs_market *market,
                                    const char *where, const qs_position_spec *positions, size_t count,
                                    qs_contract **contracts) {
  qs_contract *out = NULL;
  qs_ids *ids = NULL;
  qs_status status = allocate(context, arena, count, &out, &ids);
  if (status == QS_OK) {
    status = positions_into(context, arena, market, where, positions, count, ids, out);
  }
  if (status == QS_OK) {
    *contracts = out;
  }
  return status;
}

qs_status qs_book_resolve_trades(qs_context *context, qs_arena *arena, const qs_market *market,
                                 const char *where, const qs_trade_spec *trades, size_t count,
                                 qs_contract **contracts) {
  qs_contract *out = NULL;
  qs_ids *ids = NULL;
  qs_status status = allocate(context, arena, count, &out, &ids);
  for (size_t i = 0; status == QS_OK && i < count; i++) {
    if (legs_of(&trades[i]) > 1) {
      status = qs_fail(context, QS_ERROR_INPUT, "%s[%zu]: underlyings: such a trade has one", where, i);
    }
  }
  if (status == QS_OK) {
    status = trades_into(context, arena, market, where, trades, count, ids, out);
  }
  if (status == QS_OK) {
    *contracts = out;
  }
  return status;
}
