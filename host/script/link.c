/*
 * From draft codes to a program: what the payoff does not depend on is left out, every value gets its slots,
 * and every adjoint its first writer.
 */
#include <string.h>

#include "host/script/build.h"

static const uint32_t NO_SLOT = UINT32_MAX;

typedef struct linker {
  const qs_script_build *build;
  const qs_script_value *result;
  qs_arena *arena;        /* of the program */
  bool *live;             /* [draft] */
  uint32_t *observed;     /* [underlying][date]: slot */
  uint32_t *constant;     /* [constant]: slot */
  uint32_t *computed;     /* [draft]: first slot */
  bool *active, *touched; /* [slot]: whether a derivative goes through it; whether its adjoint is written */
  bool *cleared;          /* [slot] */
  qs_script_code *codes;
  uint32_t *rows;
  uint32_t code_count, code_capacity, row_count, row_capacity;
  uint32_t slot_count, observation_count, constant_count;
  bool full; /* gathered series take more than there are slots */
} linker;

static qs_status no_memory(const linker *l) {
  return qs_fail_memory(l->build->lexer.context, "compiling a formula");
}

/* The observation's entry at row k of a value. */
static uint32_t *observation_of(const linker *l, const qs_script_value *value, uint32_t k) {
  const qs_script_view *view = &l->build->views[value->index];
  const uint32_t date = l->build->names->schedules[view->schedule].dates[value->row + k];
  return &l->observed[(size_t)view->underlying * l->build->names->date_count + date];
}

/* Marks what a value comes from; counts what a gathering of it might take. */
static void need(linker *l, const qs_script_value *value) {
  if (value->source == QS_SCRIPT_COMPUTED) {
    l->live[value->index] = true;
  } else if (value->source == QS_SCRIPT_CONSTANT) {
    l->constant[value->index] = 0;
  } else {
    for (uint32_t k = 0; k < value->count; k++) {
      *observation_of(l, value, k) = 0;
    }
    const uint32_t room = QS_SCRIPT_MAX_SLOTS - l->row_capacity;
    l->row_capacity += value->count < room ? value->count : room;
    l->code_capacity++;
  }
}

static qs_status mark(linker *l) {
  const qs_script_build *build = l->build;
  const size_t cells = (size_t)build->names->underlying_count * build->names->date_count;
  l->live = QS_NEW(build->arena, build->code_count, bool);
  l->observed = QS_NEW(build->arena, cells, uint32_t);
  l->constant = QS_NEW(build->arena, build->constant_count, uint32_t);
  l->computed = QS_NEW(build->arena, build->code_count, uint32_t);
  if (!l->live || !l->observed || !l->constant || !l->computed) {
    return no_memory(l);
  }
  memset(l->observed, 0xff, cells * sizeof *l->observed);
  memset(l->constant, 0xff, build->constant_count * sizeof *l->constant);
  need(l, l->result);
  for (uint32_t i = build->code_count; i-- > 0;) {
    for (int j = 0; l->live[i] && (j == 0 || j < qs_script_operands(build->codes[i].op)); j++) {
      need(l, &build->codes[i].operand[j]);
    }
    l->code_capacity += l->live[i];
  }
  return QS_OK;
}

/* Slots of observations and constants. */
static qs_status place_inputs(linker *l, qs_script *script) {
  const qs_script_names *names = l->build->names;
  const size_t cells = (size_t)names->underlying_count * names->date_count;
  for (size_t i = 0; i < cells; i++) {
    l->observation_count += l->observed[i] != NO_SLOT;
  }
  for (uint32_t i = 0; i < l->build->constant_count; i++) {
    l->constant_count += l->constant[i] != NO_SLOT;
  }
  qs_script_observation *observations = QS_NEW(l->arena, l->observation_count, qs_script_observation);
  double *constants = QS_NEW(l->arena, l->constant_count, double);
  if (!observations || !constants) {
    return no_memory(l);
  }
  for (size_t i = 0; i < cells; i++) {
    if (l->observed[i] != NO_SLOT) {
      const qs_script_observation o = {(uint32_t)(i / names->date_count), (uint32_t)(i % names->date_count)};
      observations[l->slot_count] = o;
      l->observed[i] = l->slot_count++;
    }
  }
  for (uint32_t i = 0; i < l->build->constant_count; i++) {
    if (l->constant[i] != NO_SLOT) {
      constants[l->slot_count - l->observation_count] = l->build->constants[i];
      l->constant[i] = l->slot_count++;
    }
  }
  script->observations = observations;
  script->program.constants = constants;
  return QS_OK;
}

/* Appends a code and gives it its slots. */
static qs_script_code *append(linker *l, const qs_script_code *code) {
  qs_script_code *to = &l->codes[l->code_count++];
  *to = *code;
  to->to = l->slot_count;
  l->slot_count += qs_script_written(to);
  return to;
}

/* The first slot of a value; a series whose observations do not stand in a row is gathered once. */
static uint32_t slot_of(linker *l, const qs_script_value *value) {
  if (value->source == QS_SCRIPT_CONSTANT) {
    return l->constant[value->index];
  }
  if (value->source == QS_SCRIPT_COMPUTED) {
    return l->computed[value->index] + value->row;
  }
  const uint32_t first = *observation_of(l, value, 0), last = *observation_of(l, value, value->count - 1);
  if (last - first == value->count - 1) {
    return first;
  }
  const uint32_t begin = l->row_count;
  if (value->count > l->row_capacity - begin) {
    l->full = true;
    return first;
  }
  for (uint32_t k = 0; k < value->count; k++) {
    l->rows[begin + k] = *observation_of(l, value, k);
  }
  for (uint32_t i = 0; i < l->code_count; i++) {
    const qs_script_code *other = &l->codes[i];
    if (other->op == QS_SCRIPT_GATHER && other->count == value->count &&
        memcmp(l->rows + other->a, l->rows + begin, value->count * sizeof *l->rows) == 0) {
      return other->to;
    }
  }
  l->row_count += value->count;
  const qs_script_code gather = {.op = QS_SCRIPT_GATHER, .count = value->count, .a = begin};
  return append(l, &gather)->to;
}

static qs_status too_many(const linker *l) {
  return qs_fail(
      l->build->lexer.context, QS_ERROR_INPUT,
      "%s: got a formula of too many numbers a path: observations and intermediate series together "
      "are at most %d",
      l->build->lexer.place, QS_SCRIPT_MAX_SLOTS);
}

/* Codes in order, with slots. */
static qs_status place_codes(linker *l) {
  const qs_script_build *build = l->build;
  uint64_t slots = l->slot_count;
  for (uint32_t i = 0; i < build->code_count; i++) {
    const bool one = build->codes[i].op >= QS_SCRIPT_SUM && build->codes[i].op != QS_SCRIPT_PRODUCT;
    slots += !l->live[i] ? 0 : one ? 1 : build->codes[i].count;
  }
  if (slots > QS_SCRIPT_MAX_SLOTS) {
    return too_many(l);
  }
  l->codes = QS_NEW(l->arena, l->code_capacity, qs_script_code);
  l->rows = QS_NEW(l->arena, l->row_capacity, uint32_t);
  if (!l->codes || !l->rows) {
    return no_memory(l);
  }
  for (uint32_t i = 0; i < build->code_count; i++) {
    if (!l->live[i]) {
      continue;
    }
    const qs_script_draft *draft = &build->codes[i];
    const int operands = qs_script_operands(draft->op);
    uint32_t slot[3] = {0, 0, 0};
    qs_script_code code = {.op = (uint16_t)draft->op, .count = draft->count, .number = draft->number};
    for (int j = 0; j < 3; j++) {
      slot[j] = j < operands ? slot_of(l, &draft->operand[j]) : slot[0];
      const bool series = draft->operand[j < operands ? j : 0].series;
      code.flags |= (uint16_t)(series ? QS_SCRIPT_SERIES_A << j : 0);
    }
    code.a = slot[0];
    code.b = slot[1];
    code.c = slot[2];
    l->computed[i] = append(l, &code)->to;
  }
  return l->full || l->slot_count > QS_SCRIPT_MAX_SLOTS ? too_many(l) : QS_OK;
}

/* ---- adjoints ---- */

/* Slot k of an operand. */
static uint32_t operand_slot(const linker *l, const qs_script_code *code, int operand, uint32_t k) {
  if (code->op == QS_SCRIPT_GATHER) {
    return l->rows[code->a + k];
  }
  const uint32_t first[3] = {code->a, code->b, code->c};
  return first[operand] + (code->flags & QS_SCRIPT_SERIES_A << operand ? k : 0);
}

static int operands_of(const qs_script_code *code) {
  return code->op == QS_SCRIPT_GATHER ? 1 : qs_script_operands(code->op);
}

/* Which operands derivatives go through. */
static void find_active(linker *l) {
  for (uint32_t i = 0; i < l->code_count; i++) {
    qs_script_code *code = &l->codes[i];
    for (int j = 0; code->op != QS_SCRIPT_BELOW && j < operands_of(code); j++) {
      bool active = false;
      for (uint32_t k = 0; k < code->count; k++) {
        active = active || l->active[operand_slot(l, code, j, k)];
      }
      code->flags |= (uint16_t)(active ? QS_SCRIPT_ACTIVE_A << j : 0);
    }
    const bool any = code->flags & (QS_SCRIPT_ACTIVE_A | QS_SCRIPT_ACTIVE_B | QS_SCRIPT_ACTIVE_C);
    for (uint32_t k = 0; k < qs_script_written(code); k++) {
      l->active[code->to + k] = any;
    }
  }
}

static void clear_untouched(linker *l, uint32_t slot) {
  l->cleared[slot] = l->cleared[slot] || !l->touched[slot];
  l->touched[slot] = true;
}

/* Goes through the reverse pass once: the first to reach an adjoint sets it; what is reached in part, or read
 * but never reached, is cleared before. */
static void find_first_writers(linker *l) {
  l->touched[slot_of(l, l->result)] = true;
  for (uint32_t i = l->code_count; i-- > 0;) {
    qs_script_code *code = &l->codes[i];
    const uint32_t written = qs_script_written(code);
    bool reached = false;
    for (uint32_t k = 0; k < written; k++) {
      reached = reached || l->touched[code->to + k];
    }
    if (!reached) {
      code->flags &= (uint16_t) ~(QS_SCRIPT_ACTIVE_A | QS_SCRIPT_ACTIVE_B | QS_SCRIPT_ACTIVE_C);
    }
    for (uint32_t k = code->op == QS_SCRIPT_PRODUCT ? written - 1 : 0; reached && k < written; k++) {
      clear_untouched(l, code->to + k);
    }
    for (int j = 0; j < operands_of(code); j++) {
      if (!(code->flags & QS_SCRIPT_ACTIVE_A << j)) {
        continue;
      }
      bool before = false;
      for (uint32_t k = 0; k < code->count; k++) {
        before = before || l->touched[operand_slot(l, code, j, k)];
      }
      code->flags |= (uint16_t)(before ? 0 : QS_SCRIPT_SETS_A << j);
      for (uint32_t k = 0; k < code->count; k++) {
        const uint32_t slot = operand_slot(l, code, j, k);
        l->cleared[slot] = l->cleared[slot] || (before && !l->touched[slot]);
        l->touched[slot] = true;
      }
    }
  }
  for (uint32_t i = 0; i < l->observation_count; i++) {
    clear_untouched(l, i);
  }
}

static qs_status link_adjoints(linker *l, qs_script *script) {
  l->active = QS_NEW(l->build->arena, l->slot_count, bool);
  l->touched = QS_NEW(l->build->arena, l->slot_count, bool);
  l->cleared = QS_NEW(l->build->arena, l->slot_count, bool);
  if (!l->active || !l->touched || !l->cleared) {
    return no_memory(l);
  }
  memset(l->active, 1, l->observation_count);
  find_active(l);
  find_first_writers(l);
  uint32_t count = 0;
  for (uint32_t i = 0; i < l->slot_count; i++) {
    count += l->cleared[i] && (i == 0 || !l->cleared[i - 1]);
  }
  qs_script_range *clears = QS_NEW(l->arena, count, qs_script_range);
  if (!clears) {
    return no_memory(l);
  }
  uint32_t range = 0;
  for (uint32_t i = 0; i < l->slot_count; i++) {
    if (l->cleared[i] && (i == 0 || !l->cleared[i - 1])) {
      clears[range++].slot = i;
    }
    if (l->cleared[i]) {
      clears[range - 1].count++;
    }
  }
  script->program.clears = clears;
  script->program.clear_count = count;
  return QS_OK;
}

/* Conditions without a width on what a path observes. */
static void find_jumps(const linker *l, qs_script *script) {
  for (uint32_t i = 0; i < l->build->code_count; i++) {
    const qs_script_draft *draft = &l->build->codes[i];
    if (l->live[i] && draft->op == QS_SCRIPT_BELOW) {
      script->jump_column = script->jump_count++ ? script->jump_column : draft->column;
    }
  }
}

qs_status qs_script_link(const qs_script_build *build, const qs_script_value *result, qs_arena *arena,
                         qs_script *script) {
  linker l = {.build = build, .result = result, .arena = arena};
  qs_status status = mark(&l);
  if (status == QS_OK) {
    status = place_inputs(&l, script);
  }
  if (status == QS_OK) {
    status = place_codes(&l);
  }
  if (status == QS_OK) {
    status = link_adjoints(&l, script);
  }
  if (status != QS_OK) {
    return status;
  }
  find_jumps(&l, script);
  script->program.codes = l.codes;
  script->program.code_count = l.code_count;
  script->program.constant_count = l.constant_count;
  script->program.rows = l.rows;
  script->program.row_count = l.row_count;
  script->program.observation_count = l.observation_count;
  script->program.slot_count = l.slot_count;
  script->program.result = slot_of(&l, result);
  return QS_OK;
}
