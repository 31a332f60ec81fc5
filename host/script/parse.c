/* Recursive descent over the grammar of script.h, one token ahead. */
#include <stdio.h>
#include <string.h>

#include "host/script/build.h"

typedef struct parser {
  qs_script_build *build;
  qs_token token; /* not yet taken */
  int depth;
} parser;

static qs_status expression(parser *p, qs_script_term *term);

static qs_status take(parser *p) {
  return qs_lexer_read(&p->build->lexer, &p->token);
}

static bool token_is(const parser *p, const qs_token *token, const char *word) {
  return strlen(word) == token->length && memcmp(word, p->build->lexer.text + token->at, token->length) == 0;
}

/* Takes the token, which must be of the kind. */
static qs_status expect(parser *p, int kind, const char *allowed) {
  if (p->token.kind != kind) {
    return qs_lexer_bad(&p->build->lexer, &p->token, "%s", allowed);
  }
  return take(p);
}

/* Goes one level deeper, or complains of the token. */
static qs_status descend(parser *p, const qs_token *token) {
  if (p->depth == QS_SCRIPT_MAX_DEPTH) {
    return qs_lexer_bad(&p->build->lexer, token, "nested deeper than %d levels", QS_SCRIPT_MAX_DEPTH);
  }
  p->depth++;
  return QS_OK;
}

/* ---- names ---- */

/* Adds a name to a list for a message, as long as there is room. */
static void list_name(char *list, size_t size, const char *name) {
  const size_t used = strlen(list);
  if (used + strlen(name) + 8 < size) {
    snprintf(list + used, size - used, "%s%s", used ? ", " : "", name);
  } else if (used + 5 < size && list[used - 1] != '.') {
    snprintf(list + used, size - used, ", ...");
  }
}

enum { LIST = 160 };

static qs_status schedule_named(parser *p, uint32_t *found) {
  const qs_script_names *names = p->build->names;
  char list[LIST] = "";
  for (*found = 0; *found < names->schedule_count; ++*found) {
    if (p->token.kind == QS_TOKEN_NAME && token_is(p, &p->token, names->schedules[*found].name)) {
      return take(p);
    }
    list_name(list, sizeof list, names->schedules[*found].name);
  }
  return qs_lexer_bad(&p->build->lexer, &p->token, "no dates of that name; there are %s",
                      list[0] ? list : "none");
}

/* underlying "[" schedule "]"; the underlying's name has been taken. */
static qs_status observation(parser *p, const qs_token *name, qs_script_value *value) {
  const qs_script_names *names = p->build->names;
  char list[LIST] = "";
  uint32_t underlying = 0, schedule = 0;
  while (underlying < names->underlying_count && !token_is(p, name, names->underlyings[underlying])) {
    list_name(list, sizeof list, names->underlyings[underlying++]);
  }
  if (underlying == names->underlying_count) {
    if (names->underlying_count != 1 || !token_is(p, name, "S")) {
      return qs_lexer_bad(&p->build->lexer, name, "no underlying of that name; there are %s%s",
                          names->underlying_count == 1 ? "S, " : "", list[0] ? list : "none");
    }
    underlying = 0;
  }
  qs_status status = take(p);
  if (status == QS_OK) {
    status = schedule_named(p, &schedule);
  }
  if (status == QS_OK) {
    status = expect(p, ']', "']' must follow the name of the dates");
  }
  return status != QS_OK ? status : qs_script_observe(p->build, underlying, schedule, value);
}

static const qs_script_binding *binding_named(const parser *p, const qs_token *name) {
  const qs_lexer *lexer = &p->build->lexer;
  for (uint32_t i = 0; i < p->build->binding_count; i++) {
    const qs_token *other = &p->build->bindings[i].name;
    if (other->length == name->length &&
        memcmp(lexer->text + other->at, lexer->text + name->at, name->length) == 0) {
      return &p->build->bindings[i];
    }
  }
  return NULL;
}

static const qs_script_constant *constant_named(const parser *p, const qs_token *name) {
  for (uint32_t i = 0; i < p->build->names->constant_count; i++) {
    if (token_is(p, name, p->build->names->constants[i].name)) {
      return &p->build->names->constants[i];
    }
  }
  return NULL;
}

/* A constant or a binding. */
static qs_status named(parser *p, const qs_token *name, qs_script_value *value) {
  const qs_script_binding *binding = binding_named(p, name);
  const qs_script_constant *constant = constant_named(p, name);
  const qs_script_names *names = p->build->names;
  if (binding) {
    *value = binding->value;
    return QS_OK;
  }
  if (constant) {
    return qs_script_make_constant(p->build, constant->value, value);
  }
  for (uint32_t i = 0; i < names->underlying_count; i++) {
    if (token_is(p, name, names->underlyings[i]) ||
        (names->underlying_count == 1 && token_is(p, name, "S"))) {
      return qs_lexer_bad(&p->build->lexer, name, "an underlying needs dates in brackets, such as S[T]");
    }
  }
  if (qs_script_reserved(p->build->lexer.text + name->at, name->length)) {
    return qs_lexer_bad(&p->build->lexer, name, "a function needs arguments in parentheses");
  }
  char list[LIST] = "";
  for (uint32_t i = 0; i < names->constant_count; i++) {
    list_name(list, sizeof list, names->constants[i].name);
  }
  return qs_lexer_bad(&p->build->lexer, name, "no constant of that name; there are %s",
                      list[0] ? list : "none");
}

/* ---- expressions, tightest first ---- */

/* function "(" arguments ")"; the function's name has been taken, "(" has not. */
static qs_status call(parser *p, const qs_token *name, qs_script_term *term) {
  qs_script_term terms[QS_SCRIPT_MAX_ARGUMENTS];
  uint32_t count = 0;
  qs_status status = qs_script_want_function(p->build, name);
  if (status == QS_OK) {
    status = descend(p, name);
  }
  do {
    if (status == QS_OK && count == QS_SCRIPT_MAX_ARGUMENTS) {
      status = qs_lexer_bad(&p->build->lexer, &p->token, "a function takes at most %d arguments",
                            QS_SCRIPT_MAX_ARGUMENTS);
    }
    if (status == QS_OK) {
      status = take(p); /* "(" or "," */
    }
    if (status == QS_OK) {
      status = expression(p, &terms[count++]);
    }
  } while (status == QS_OK && p->token.kind == ',');
  p->depth--;
  if (status == QS_OK) {
    status = expect(p, ')', "',' or ')' or an operator must stand here");
  }
  return status != QS_OK ? status : qs_script_call(p->build, name, terms, count, term);
}

static qs_status name_or_call(parser *p, qs_script_term *term) {
  const qs_token name = p->token;
  qs_status status = take(p);
  if (status != QS_OK) {
    return status;
  }
  if (p->token.kind == '(') {
    return call(p, &name, term);
  }
  if (name.kind == QS_TOKEN_IF) {
    return qs_lexer_bad(&p->build->lexer, &p->token, "'(' must follow if: if(condition, then, else)");
  }
  return p->token.kind == '[' ? observation(p, &name, &term->value) : named(p, &name, &term->value);
}

static qs_status primary(parser *p, qs_script_term *term) {
  const qs_token token = p->token;
  qs_status status;
  *term = (qs_script_term){.type = QS_SCRIPT_NUMBER, .at = token};
  switch (token.kind) {
  case QS_TOKEN_NUMBER:
    status = take(p);
    return status != QS_OK ? status : qs_script_make_constant(p->build, token.number, &term->value);
  case QS_TOKEN_NAME:
  case QS_TOKEN_IF:
    return name_or_call(p, term);
  case '(':
    status = descend(p, &token);
    if (status == QS_OK) {
      status = take(p);
    }
    if (status == QS_OK) {
      status = expression(p, term);
    }
    p->depth--;
    return status != QS_OK ? status : expect(p, ')', "')' or an operator must stand here");
  default:
    return qs_lexer_bad(&p->build->lexer, &token, "a number, a name, '(' or '-' must stand here");
  }
}

static qs_status unary(parser *p, qs_script_term *term);

/* A binary operator on two terms. */
static qs_status combine(parser *p, const qs_token *at, qs_script_op op, qs_script_term *left,
                         const qs_script_term *right) {
  const qs_script_value operand[2] = {left->value, right->value};
  qs_status status = qs_script_want(p->build, left, QS_SCRIPT_NUMBER);
  if (status == QS_OK) {
    status = qs_script_want(p->build, right, QS_SCRIPT_NUMBER);
  }
  if (status != QS_OK) {
    return status;
  }
  return op == QS_SCRIPT_POWER ? qs_script_raise(p->build, at, operand, &left->value)
                               : qs_script_make(p->build, at, op, 0, operand, &left->value);
}

static qs_status power(parser *p, qs_script_term *term) {
  qs_status status = primary(p, term);
  if (status != QS_OK || p->token.kind != '^') {
    return status;
  }
  const qs_token at = p->token;
  qs_script_term exponent;
  status = descend(p, &at);
  if (status == QS_OK) {
    status = take(p);
  }
  if (status == QS_OK) {
    status = unary(p, &exponent);
  }
  p->depth--;
  return status != QS_OK ? status : combine(p, &at, QS_SCRIPT_POWER, term, &exponent);
}

static qs_status unary(parser *p, qs_script_term *term) {
  if (p->token.kind != '-') {
    return power(p, term);
  }
  const qs_token at = p->token;
  qs_script_term zero = {.type = QS_SCRIPT_NUMBER, .at = at};
  qs_status status = descend(p, &at);
  if (status == QS_OK) {
    status = take(p);
  }
  if (status == QS_OK) {
    status = unary(p, term);
  }
  p->depth--;
  if (status == QS_OK) {
    status = qs_script_make_constant(p->build, 0, &zero.value);
  }
  if (status == QS_OK) {
    status = combine(p, &at, QS_SCRIPT_SUBTRACT, &zero, term);
  }
  *term = zero;
  return status;
}

static qs_status product(parser *p, qs_script_term *term) {
  qs_status status = unary(p, term);
  while (status == QS_OK && (p->token.kind == '*' || p->token.kind == '/')) {
    const qs_token at = p->token;
    qs_script_term right;
    status = take(p);
    if (status == QS_OK) {
      status = unary(p, &right);
    }
    if (status == QS_OK) {
      status = combine(p, &at, at.kind == '*' ? QS_SCRIPT_MULTIPLY : QS_SCRIPT_DIVIDE, term, &right);
    }
  }
  return status;
}

static qs_status sum(parser *p, qs_script_term *term) {
  qs_status status = product(p, term);
  while (status == QS_OK && (p->token.kind == '+' || p->token.kind == '-')) {
    const qs_token at = p->token;
    qs_script_term right;
    status = take(p);
    if (status == QS_OK) {
      status = product(p, &right);
    }
    if (status == QS_OK) {
      status = combine(p, &at, at.kind == '+' ? QS_SCRIPT_ADD : QS_SCRIPT_SUBTRACT, term, &right);
    }
  }
  return status;
}

static bool compares(int kind) {
  return kind == '<' || kind == '>' || kind == QS_TOKEN_AT_MOST || kind == QS_TOKEN_AT_LEAST;
}

/* All four by "<": a > b is b < a, a <= b is not b < a. */
static qs_status comparison(parser *p, qs_script_term *term) {
  qs_status status = sum(p, term);
  if (status != QS_OK || !compares(p->token.kind)) {
    return status;
  }
  const qs_token at = p->token;
  qs_script_term right, below;
  status = take(p);
  if (status == QS_OK) {
    status = sum(p, &right);
  }
  if (status == QS_OK && compares(p->token.kind)) {
    status = qs_lexer_bad(&p->build->lexer, &p->token, "one comparison follows another; join them by and");
  }
  if (status == QS_OK) {
    status = qs_script_want(p->build, term, QS_SCRIPT_NUMBER);
  }
  if (status == QS_OK) {
    status = qs_script_want(p->build, &right, QS_SCRIPT_NUMBER);
  }
  if (status != QS_OK) {
    return status;
  }
  const bool turned = at.kind == '>' || at.kind == QS_TOKEN_AT_MOST;
  status = qs_script_relate(p->build, &at, QS_SCRIPT_IS_BELOW, turned ? &right : term, turned ? term : &right,
                            &below);
  if (status == QS_OK && (at.kind == QS_TOKEN_AT_MOST || at.kind == QS_TOKEN_AT_LEAST)) {
    const qs_script_term inner = below;
    status = qs_script_relate(p->build, &at, QS_SCRIPT_IS_NOT, &inner, NULL, &below);
  }
  below.at = term->at;
  *term = below;
  return status;
}

static qs_status negation(parser *p, qs_script_term *term) {
  if (p->token.kind != QS_TOKEN_NOT) {
    return comparison(p, term);
  }
  const qs_token at = p->token;
  qs_script_term inner;
  qs_status status = descend(p, &at);
  if (status == QS_OK) {
    status = take(p);
  }
  if (status == QS_OK) {
    status = negation(p, &inner);
  }
  p->depth--;
  if (status == QS_OK) {
    status = qs_script_want(p->build, &inner, QS_SCRIPT_CONDITION);
  }
  return status != QS_OK ? status : qs_script_relate(p->build, &at, QS_SCRIPT_IS_NOT, &inner, NULL, term);
}

/* { `word` operand } over the level below; two levels in one: "or" holds "and". */
static qs_status joined(parser *p, int word, qs_script_term *term) {
  const bool outer = word == QS_TOKEN_OR;
  qs_status status = outer ? joined(p, QS_TOKEN_AND, term) : negation(p, term);
  while (status == QS_OK && p->token.kind == word) {
    const qs_token at = p->token;
    const qs_script_term left = *term;
    qs_script_term right;
    status = take(p);
    if (status == QS_OK) {
      status = outer ? joined(p, QS_TOKEN_AND, &right) : negation(p, &right);
    }
    if (status == QS_OK) {
      status = qs_script_want(p->build, &left, QS_SCRIPT_CONDITION);
    }
    if (status == QS_OK) {
      status = qs_script_want(p->build, &right, QS_SCRIPT_CONDITION);
    }
    if (status == QS_OK) {
      status = qs_script_relate(p->build, &at, outer ? QS_SCRIPT_IS_EITHER : QS_SCRIPT_IS_BOTH, &left, &right,
                                term);
    }
  }
  return status;
}

static qs_status expression(parser *p, qs_script_term *term) {
  return joined(p, QS_TOKEN_OR, term);
}

/* ---- the formula ---- */

/* name "=" expression ";"; the name is the token, "=" follows. */
static qs_status binding(parser *p) {
  qs_script_build *build = p->build;
  qs_script_binding *bound = &build->bindings[build->binding_count];
  const qs_token name = p->token;
  qs_script_term term;
  if (binding_named(p, &name) || constant_named(p, &name) ||
      qs_script_reserved(build->lexer.text + name.at, name.length)) {
    return qs_lexer_bad(&build->lexer, &name, "the name is taken; a name stands for one thing");
  }
  if (build->binding_count == build->capacity) {
    return qs_lexer_bad(&build->lexer, &name, "too many names");
  }
  qs_status status = take(p);
  if (status == QS_OK) {
    status = take(p); /* "=" */
  }
  if (status == QS_OK) {
    status = expression(p, &term);
  }
  if (status == QS_OK && term.type == QS_SCRIPT_CONDITION) {
    status = qs_lexer_bad(&build->lexer, &term.at,
                          "a condition; a name stands for a number or a series, conditions go into if");
  }
  if (status == QS_OK) {
    status = expect(p, ';', "';' or an operator must stand here");
  }
  if (status == QS_OK) {
    *bound = (qs_script_binding){name, term.value};
    build->binding_count++;
  }
  return status;
}

static bool at_binding(const parser *p) {
  if (p->token.kind != QS_TOKEN_NAME) {
    return false;
  }
  const qs_lexer *lexer = &p->build->lexer;
  size_t at = lexer->next;
  while (at < lexer->size && lexer->text[at] && strchr(" \t\r\n", lexer->text[at])) {
    at++;
  }
  return at < lexer->size && lexer->text[at] == '=' && !(at + 1 < lexer->size && lexer->text[at + 1] == '=');
}

qs_status qs_script_parse(qs_script_build *build, qs_script_value *result) {
  parser p = {.build = build};
  qs_script_term term;
  qs_status status = take(&p);
  while (status == QS_OK && at_binding(&p)) {
    status = binding(&p);
  }
  if (status == QS_OK) {
    status = expression(&p, &term);
  }
  if (status == QS_OK && p.token.kind == ';') {
    status = take(&p);
  }
  if (status == QS_OK && p.token.kind != QS_TOKEN_END) {
    return qs_lexer_bad(&build->lexer, &p.token, "an operator or the formula's end must stand here");
  }
  if (status == QS_OK && term.type == QS_SCRIPT_CONDITION) {
    return qs_lexer_bad(&build->lexer, &term.at,
                        "the payoff is a condition; it must be a number: if(condition, 1, 0)");
  }
  if (status == QS_OK && term.value.series) {
    return qs_lexer_bad(&build->lexer, &term.at,
                        "the payoff is a series of %u dates; it must be a number: sum, mean, min, max, last",
                        term.value.count);
  }
  if (status == QS_OK) {
    *result = term.value;
  }
  return status;
}
