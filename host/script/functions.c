#include <math.h>
#include <string.h>

#include "host/script/build.h"

/* How a function's arguments are checked and turned into codes. */
typedef enum function_kind {
  BY_DATE,  /* one number or series */
  EXTREME,  /* of one series, or date by date of several terms */
  WHOLE,    /* of one series */
  END,      /* a date of one series */
  CHANGES,  /* of neighbours in one series */
  QUANTIFY, /* of one condition date by date */
  CHOICE
} function_kind;

typedef struct function {
  const char *name;
  function_kind kind;
  uint32_t least, most; /* arguments */
  qs_script_op op, pair;
} function;

enum { MANY = QS_SCRIPT_MAX_ARGUMENTS };

static const function functions[] = {
    {"abs", BY_DATE, 1, 1, QS_SCRIPT_ABS, 0},
    {"exp", BY_DATE, 1, 1, QS_SCRIPT_EXP, 0},
    {"log", BY_DATE, 1, 1, QS_SCRIPT_LOG, 0},
    {"sqrt", BY_DATE, 1, 1, QS_SCRIPT_ROOT, 0},
    {"min", EXTREME, 1, MANY, QS_SCRIPT_LEAST, QS_SCRIPT_LESSER},
    {"max", EXTREME, 1, MANY, QS_SCRIPT_GREATEST, QS_SCRIPT_GREATER},
    {"sum", WHOLE, 1, 1, QS_SCRIPT_SUM, 0},
    {"mean", WHOLE, 1, 1, QS_SCRIPT_SUM, 0},
    {"product", WHOLE, 1, 1, QS_SCRIPT_PRODUCT, 0},
    {"first", END, 1, 1, 0, 0},
    {"last", END, 1, 1, 0, 0},
    {"returns", CHANGES, 1, 1, QS_SCRIPT_RETURN, 0},
    {"logreturns", CHANGES, 1, 1, QS_SCRIPT_LOG_RETURN, 0},
    {"any", QUANTIFY, 1, 1, 0, 0},
    {"all", QUANTIFY, 1, 1, 0, 0},
    {"if", CHOICE, 3, 4, QS_SCRIPT_CHOOSE, 0},
};

static const function *function_named(const char *name, size_t length) {
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    if (strlen(functions[i].name) == length && memcmp(functions[i].name, name, length) == 0) {
      return &functions[i];
    }
  }
  return NULL;
}

bool qs_script_reserved(const char *name, size_t length) {
  static const char *const words[] = {"and", "or", "not"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (strlen(words[i]) == length && memcmp(words[i], name, length) == 0) {
      return true;
    }
  }
  return function_named(name, length) != NULL;
}

qs_status qs_script_want_function(const qs_script_build *build, const qs_token *name) {
  return function_named(build->lexer.text + name->at, name->length)
             ? QS_OK
             : qs_lexer_bad(&build->lexer, name,
                            "no such function; there are abs, exp, log, sqrt, min, max, sum, mean, product, "
                            "first, last, returns, logreturns, any, all and if");
}

qs_status qs_script_raise(qs_script_build *build, const qs_token *at, const qs_script_value *operand,
                          qs_script_value *result) {
  double power, base;
  const bool whole =
      qs_script_known(build, &operand[1], &power) && power == rint(power) && power != 0 && fabs(power) <= 64;
  if (!whole) {
    return qs_script_make(build, at, QS_SCRIPT_POWER, 0, operand, result);
  }
  qs_status status = qs_script_make_constant(build, 1, result);
  if (qs_script_known(build, &operand[0], &base)) {
    const double value = pow(base, power);
    return !isfinite(value) ? qs_lexer_bad(&build->lexer, at, "of these constants it is no finite number")
                            : qs_script_make_constant(build, value, result);
  }
  /* Products by the bits of the power, lowest first. */
  qs_script_value square[2] = {operand[0], operand[0]};
  bool begun = false;
  for (unsigned bits = (unsigned)fabs(power); bits && status == QS_OK; bits >>= 1) {
    if (bits & 1) {
      const qs_script_value both[2] = {*result, square[0]};
      status = begun ? qs_script_make(build, at, QS_SCRIPT_MULTIPLY, 0, both, result) : QS_OK;
      *result = begun ? *result : square[0];
      begun = true;
    }
    if (bits > 1 && status == QS_OK) {
      status = qs_script_make(build, at, QS_SCRIPT_MULTIPLY, 0, square, &square[0]);
      square[1] = square[0];
    }
  }
  if (power < 0 && status == QS_OK) {
    qs_script_value quotient[2] = {{0}, {0}};
    quotient[1] = *result;
    status = qs_script_make_constant(build, 1, &quotient[0]);
    return status != QS_OK ? status : qs_script_make(build, at, QS_SCRIPT_DIVIDE, 0, quotient, result);
  }
  return status;
}

static qs_status want_series(const qs_script_build *build, const function *f, const qs_script_term *term,
                             uint32_t least) {
  if (!term->value.series) {
    return qs_lexer_bad(&build->lexer, &term->at, "one %s; %s needs %s, such as %s",
                        term->type == QS_SCRIPT_NUMBER ? "number" : "condition", f->name,
                        term->type == QS_SCRIPT_NUMBER ? "a series" : "a condition date by date",
                        term->type == QS_SCRIPT_NUMBER ? "S[dates]" : "S[dates] < B");
  }
  if (term->value.count < least) {
    return qs_lexer_bad(&build->lexer, &term->at, "a series of one date; %s needs two at least", f->name);
  }
  return QS_OK;
}

static qs_status choose(qs_script_build *build, const qs_token *name, const qs_script_term *terms,
                        uint32_t count, qs_script_value *result) {
  double width = 0;
  qs_status status = qs_script_want(build, &terms[0], QS_SCRIPT_CONDITION);
  for (uint32_t i = 1; i < count && status == QS_OK; i++) {
    status = qs_script_want(build, &terms[i], QS_SCRIPT_NUMBER);
  }
  if (status != QS_OK) {
    return status;
  }
  if (count == 4 &&
      (!qs_script_known(build, &terms[3].value, &width) || !(width > 0) || !isfinite(1 / width))) {
    return qs_lexer_bad(&build->lexer, &terms[3].at, "the width must be a constant above 0");
  }
  qs_script_value operand[3] = {terms[1].value, terms[2].value};
  status = qs_script_weigh(build, name, terms[0].value.index, width, &operand[2]);
  return status != QS_OK ? status : qs_script_make(build, name, QS_SCRIPT_CHOOSE, 0, operand, result);
}

static qs_status extreme(qs_script_build *build, const qs_token *name, const function *f,
                         const qs_script_term *terms, uint32_t count, qs_script_value *result) {
  qs_status status = QS_OK;
  *result = terms[0].value;
  if (count == 1) {
    if (!terms[0].value.series) {
      return qs_lexer_bad(&build->lexer, &terms[0].at,
                          "one number alone; %s needs a series or several arguments", f->name);
    }
    return qs_script_reduce(build, name, f->op, 0, terms[0].value, result);
  }
  for (uint32_t i = 1; i < count && status == QS_OK; i++) {
    const qs_script_value operand[2] = {*result, terms[i].value};
    status = qs_script_make(build, name, f->pair, 0, operand, result);
  }
  return status;
}

static qs_status of_one(qs_script_build *build, const qs_token *name, const function *f,
                        const qs_script_term *term, qs_script_value *result) {
  qs_script_value operand[2] = {term->value, term->value};
  qs_status status;
  if (f->kind == BY_DATE) {
    return qs_script_make(build, name, f->op, 0, operand, result);
  }
  status = want_series(build, f, term, f->kind == CHANGES ? 2 : 1);
  if (status != QS_OK) {
    return status;
  }
  if (f->kind == WHOLE) {
    const double number = strcmp(f->name, "mean") == 0 ? 1 / (double)term->value.count : 1;
    return qs_script_reduce(build, name, f->op, number, term->value, result);
  }
  if (f->kind == END) {
    *result = term->value;
    result->row += strcmp(f->name, "last") == 0 ? term->value.count - 1 : 0;
    result->count = 1;
    result->series = false;
    return QS_OK;
  }
  operand[0].row++;
  operand[0].count--;
  operand[1].count--;
  return qs_script_make(build, name, f->op, 0, operand, result);
}

qs_status qs_script_call(qs_script_build *build, const qs_token *name, const qs_script_term *terms,
                         uint32_t count, qs_script_term *result) {
  const function *f = function_named(build->lexer.text + name->at, name->length);
  if (count < f->least || count > f->most) {
    return qs_lexer_bad(&build->lexer, name, "%u arguments; %s takes %s", count, f->name,
                        f->kind == CHOICE    ? "3: condition, then, else; or 4: and a width"
                        : f->kind == EXTREME ? "a series, or several arguments"
                                             : "one");
  }
  *result = (qs_script_term){.type = QS_SCRIPT_NUMBER, .at = *name};
  if (f->kind == CHOICE) {
    return choose(build, name, terms, count, &result->value);
  }
  if (f->kind == QUANTIFY) {
    qs_status status = qs_script_want(build, &terms[0], QS_SCRIPT_CONDITION);
    if (status == QS_OK) {
      status = want_series(build, f, &terms[0], 1);
    }
    const qs_script_relation relation = strcmp(f->name, "all") == 0 ? QS_SCRIPT_IS_ALL : QS_SCRIPT_IS_ANY;
    if (status == QS_OK) {
      status = qs_script_relate(build, name, relation, &terms[0], NULL, result);
    }
    result->at = *name;
    return status;
  }
  for (uint32_t i = 0; i < count; i++) {
    qs_status status = qs_script_want(build, &terms[i], QS_SCRIPT_NUMBER);
    if (status != QS_OK) {
      return status;
    }
  }
  return f->kind == EXTREME ? extreme(build, name, f, terms, count, &result->value)
                            : of_one(build, name, f, &terms[0], &result->value);
}
