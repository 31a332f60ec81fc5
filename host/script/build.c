#include "host/script/build.h"

#include <math.h>
#include <string.h>

enum { MAX_CONDITION_DEPTH = 256 };

qs_status qs_script_build_start(qs_script_build *build) {
  /* No four bytes of text make more than x^63 does, eleven codes. */
  const size_t most = 4 * build->lexer.size + 16;
  build->capacity = most < QS_SCRIPT_MAX_CODES ? (uint32_t)most : QS_SCRIPT_MAX_CODES;
  build->constants = QS_NEW(build->arena, build->capacity, double);
  build->views = QS_NEW(build->arena, build->capacity, qs_script_view);
  build->codes = QS_NEW(build->arena, build->capacity, qs_script_draft);
  build->conditions = QS_NEW(build->arena, build->capacity, qs_script_condition);
  build->bindings = QS_NEW(build->arena, build->capacity, qs_script_binding);
  if (!build->constants || !build->views || !build->codes || !build->conditions || !build->bindings) {
    return qs_fail_memory(build->lexer.context, "reading a formula");
  }
  return QS_OK;
}

static qs_status too_long(const qs_script_build *build, const qs_token *at) {
  return qs_lexer_bad(&build->lexer, at, "a formula has at most %d operations", QS_SCRIPT_MAX_CODES);
}

qs_status qs_script_make_constant(qs_script_build *build, double number, qs_script_value *value) {
  uint32_t i = 0;
  number += 0.0; /* no negative zero */
  while (i < build->constant_count && build->constants[i] != number) {
    i++;
  }
  if (i == build->capacity) {
    return too_long(build, &(qs_token){.kind = QS_TOKEN_END, .at = build->lexer.next});
  }
  build->constant_count += i == build->constant_count;
  build->constants[i] = number;
  *value = (qs_script_value){QS_SCRIPT_CONSTANT, i, 0, 1, false};
  return QS_OK;
}

qs_status qs_script_observe(qs_script_build *build, uint32_t underlying, uint32_t schedule,
                            qs_script_value *value) {
  uint32_t i = 0;
  while (i < build->view_count &&
         (build->views[i].underlying != underlying || build->views[i].schedule != schedule)) {
    i++;
  }
  if (i == build->capacity) {
    return too_long(build, &(qs_token){.kind = QS_TOKEN_END, .at = build->lexer.next});
  }
  build->view_count += i == build->view_count;
  build->views[i] = (qs_script_view){underlying, schedule};
  const qs_script_schedule *s = &build->names->schedules[schedule];
  *value = (qs_script_value){QS_SCRIPT_OBSERVED, i, 0, s->count, !s->single};
  return QS_OK;
}

bool qs_script_known(const qs_script_build *build, const qs_script_value *value, double *number) {
  if (value->source != QS_SCRIPT_CONSTANT) {
    return false;
  }
  *number = build->constants[value->index];
  return true;
}

static bool same_value(const qs_script_value *x, const qs_script_value *y) {
  return x->source == y->source && x->index == y->index && x->row == y->row && x->count == y->count;
}

static bool same_draft(const qs_script_draft *x, const qs_script_draft *y) {
  return x->op == y->op && x->count == y->count && x->series == y->series && x->number == y->number &&
         same_value(&x->operand[0], &y->operand[0]) && same_value(&x->operand[1], &y->operand[1]) &&
         same_value(&x->operand[2], &y->operand[2]);
}

/* A code like one before is that one. */
static qs_status add(qs_script_build *build, const qs_token *at, const qs_script_draft *draft,
                     qs_script_value *result) {
  uint32_t i = 0;
  while (i < build->code_count && !same_draft(&build->codes[i], draft)) {
    i++;
  }
  if (i == build->capacity) {
    return too_long(build, at);
  }
  if (i == build->code_count) {
    build->codes[i] = *draft;
    build->code_count++;
  }
  const bool whole = draft->op >= QS_SCRIPT_SUM;
  *result = (qs_script_value){QS_SCRIPT_COMPUTED, i, 0, whole ? 1 : draft->count, draft->series};
  result->row = draft->op == QS_SCRIPT_PRODUCT ? draft->count - 1 : 0;
  return QS_OK;
}

qs_status qs_script_make(qs_script_build *build, const qs_token *at, qs_script_op op, double number,
                         const qs_script_value *operand, qs_script_value *result) {
  const int operands = qs_script_operands(op);
  qs_script_draft draft = {.op = op, .count = 1, .number = number};
  draft.column = qs_lexer_column(&build->lexer, at->at);
  bool all_known = true;
  double known[3] = {0, 0, 0};
  for (int i = 0; i < 3 && i < operands; i++) {
    draft.operand[i] = operand[i];
    all_known = all_known && qs_script_known(build, &operand[i], &known[i]);
    if (!operand[i].series) {
      continue;
    }
    if (draft.series && draft.count != operand[i].count) {
      return qs_lexer_bad(&build->lexer, at, "series of %u and of %u dates; they must have the same number",
                          draft.count, operand[i].count);
    }
    draft.series = true;
    draft.count = operand[i].count;
  }
  if (!all_known) {
    return add(build, at, &draft, result);
  }
  const double value = qs_script_apply_once(op, known[0], known[1], known[2], number);
  if (!isfinite(value)) {
    return qs_lexer_bad(&build->lexer, at, "of these constants it is no finite number");
  }
  return qs_script_make_constant(build, value, result);
}

qs_status qs_script_reduce(qs_script_build *build, const qs_token *at, qs_script_op op, double number,
                           qs_script_value series, qs_script_value *result) {
  const qs_script_draft draft = {.op = op, .count = series.count, .number = number, .operand = {series}};
  return add(build, at, &draft, result);
}

qs_status qs_script_relate(qs_script_build *build, const qs_token *at, qs_script_relation relation,
                           const qs_script_term *left, const qs_script_term *right, qs_script_term *result) {
  qs_script_condition condition = {.relation = relation, .column = qs_lexer_column(&build->lexer, at->at)};
  const qs_script_term *terms[2] = {left, right};
  *result = (qs_script_term){.type = QS_SCRIPT_CONDITION, .at = left->at, .value = {.count = 1}};
  for (int i = 0; i < 2 && terms[i]; i++) {
    const qs_script_value *value = &terms[i]->value;
    if (terms[i]->type == QS_SCRIPT_CONDITION) {
      const uint32_t depth = build->conditions[value->index].depth + 1;
      condition.depth = depth > condition.depth ? depth : condition.depth;
    }
    if (value->series && result->value.series && value->count != result->value.count) {
      return qs_lexer_bad(&build->lexer, at, "series of %u and of %u dates; they must have the same number",
                          result->value.count, value->count);
    }
    if (value->series) {
      result->value.series = true;
      result->value.count = value->count;
    }
  }
  if (relation == QS_SCRIPT_IS_ALL || relation == QS_SCRIPT_IS_ANY) {
    result->value.series = false;
    result->value.count = 1;
  }
  if (condition.depth > MAX_CONDITION_DEPTH || build->condition_count == build->capacity) {
    return qs_lexer_bad(&build->lexer, at, "at most %d conditions may be joined", MAX_CONDITION_DEPTH);
  }
  condition.a = left->value;
  condition.left = left->value.index;
  if (right) {
    condition.b = right->value;
    condition.right = right->value.index;
  }
  result->value.index = build->condition_count;
  build->conditions[build->condition_count++] = condition;
  return QS_OK;
}

/* Recursion is as deep as a condition, MAX_CONDITION_DEPTH. */
qs_status qs_script_weigh(qs_script_build *build, const qs_token *at, uint32_t index, double width,
                          qs_script_value *result) {
  const qs_script_condition *condition = &build->conditions[index];
  qs_script_value operand[2] = {{0}, {0}};
  if (condition->relation == QS_SCRIPT_IS_BELOW) {
    operand[0] = condition->a;
    operand[1] = condition->b;
    const qs_token own = {.kind = at->kind, .at = at->at, .length = at->length};
    qs_status status = qs_script_make(build, &own, width > 0 ? QS_SCRIPT_RAMP : QS_SCRIPT_BELOW,
                                      width > 0 ? 1 / width : 0, operand, result);
    if (status == QS_OK && result->source == QS_SCRIPT_COMPUTED) {
      build->codes[result->index].column = condition->column;
    }
    return status;
  }
  qs_status status = qs_script_weigh(build, at, condition->left, width, &operand[0]);
  if (status != QS_OK) {
    return status;
  }
  switch (condition->relation) {
  case QS_SCRIPT_IS_NOT:
    operand[1] = operand[0];
    status = qs_script_make_constant(build, 1, &operand[0]);
    return status != QS_OK ? status : qs_script_make(build, at, QS_SCRIPT_SUBTRACT, 0, operand, result);
  case QS_SCRIPT_IS_BOTH:
  case QS_SCRIPT_IS_EITHER:
    status = qs_script_weigh(build, at, condition->right, width, &operand[1]);
    return status != QS_OK ? status
                           : qs_script_make(build, at,
                                            condition->relation == QS_SCRIPT_IS_BOTH ? QS_SCRIPT_LESSER
                                                                                     : QS_SCRIPT_GREATER,
                                            0, operand, result);
  default:
    return qs_script_reduce(build, at,
                            condition->relation == QS_SCRIPT_IS_ALL ? QS_SCRIPT_LEAST : QS_SCRIPT_GREATEST, 0,
                            operand[0], result);
  }
}

qs_status qs_script_want(const qs_script_build *build, const qs_script_term *term, qs_script_type type) {
  if (term->type == type) {
    return QS_OK;
  }
  return qs_lexer_bad(&build->lexer, &term->at,
                      type == QS_SCRIPT_NUMBER ? "a condition; here must be a number or a series: "
                                                 "if(condition, 1, 0) makes it one"
                                               : "no condition; here must be one, such as S[T] < B");
}
