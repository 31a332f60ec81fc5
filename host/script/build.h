/*
 * A program in the making: typed terms, checked and folded as the parser meets them, and the draft codes that
 * compute them; for host/script alone.
 *
 * A condition makes no code until an `if` takes it, as only then is its width known.
 */
#ifndef QS_HOST_SCRIPT_BUILD_H
#define QS_HOST_SCRIPT_BUILD_H

#include "host/script/lexer.h"
#include "host/script/script.h"

typedef enum qs_script_source {
  QS_SCRIPT_CONSTANT, /* index into constants */
  QS_SCRIPT_OBSERVED, /* index into views */
  QS_SCRIPT_COMPUTED  /* index into codes */
} qs_script_source;

/* Where a number or a series comes from: rows from `row` on of its source. */
typedef struct qs_script_value {
  qs_script_source source;
  uint32_t index, row;
  uint32_t count; /* dates; 1 for a number */
  bool series;
} qs_script_value;

typedef enum qs_script_type { QS_SCRIPT_NUMBER, QS_SCRIPT_CONDITION } qs_script_type;

/* What an expression is. A condition's `value` has its count and series alone, `index` its node. */
typedef struct qs_script_term {
  qs_script_type type;
  qs_script_value value;
  qs_token at; /* where a message about it points */
} qs_script_term;

typedef struct qs_script_draft {
  qs_script_op op;
  uint32_t count;
  qs_script_value operand[3];
  double number;
  bool series;     /* whether what it yields is a series */
  unsigned column; /* of QS_SCRIPT_BELOW */
} qs_script_draft;

typedef enum qs_script_relation {
  QS_SCRIPT_IS_BELOW, /* a < b */
  QS_SCRIPT_IS_NOT,   /* left */
  QS_SCRIPT_IS_BOTH,
  QS_SCRIPT_IS_EITHER,
  QS_SCRIPT_IS_ALL, /* left, date by date */
  QS_SCRIPT_IS_ANY
} qs_script_relation;

typedef struct qs_script_condition {
  qs_script_relation relation;
  qs_script_value a, b;
  uint32_t left, right; /* conditions */
  uint32_t depth;
  unsigned column;
} qs_script_condition;

/* A series as it was observed. */
typedef struct qs_script_view {
  uint32_t underlying, schedule;
} qs_script_view;

typedef struct qs_script_binding {
  qs_token name;
  qs_script_value value;
} qs_script_binding;

typedef struct qs_script_build {
  qs_lexer lexer;
  const qs_script_names *names;
  qs_arena *arena;   /* for the time of compiling */
  uint32_t capacity; /* of each array */
  double *constants;
  qs_script_view *views;
  qs_script_draft *codes;
  qs_script_condition *conditions;
  qs_script_binding *bindings;
  uint32_t constant_count, view_count, code_count, condition_count, binding_count;
} qs_script_build;

/* Empties the build and gives it memory. */
qs_status qs_script_build_start(qs_script_build *build);

qs_status qs_script_make_constant(qs_script_build *build, double number, qs_script_value *value);

/* The series, or number, of an underlying at a schedule's dates. */
qs_status qs_script_observe(qs_script_build *build, uint32_t underlying, uint32_t schedule,
                            qs_script_value *value);

/* A code of the operands, date by date where one is a series; `at` is the operator, for messages. Numbers
 * alone are folded. */
qs_status qs_script_make(qs_script_build *build, const qs_token *at, qs_script_op op, double number,
                         const qs_script_value *operand, qs_script_value *result);

/* A code of a whole series, from QS_SCRIPT_SUM on. */
qs_status qs_script_reduce(qs_script_build *build, const qs_token *at, qs_script_op op, double number,
                           qs_script_value series, qs_script_value *result);

/* A new condition over terms that have been checked; of no `right` where the relation needs none. */
qs_status qs_script_relate(qs_script_build *build, const qs_token *at, qs_script_relation relation,
                           const qs_script_term *left, const qs_script_term *right, qs_script_term *result);

/* The condition as weights in [0, 1]; width 0: as 0 or 1. */
qs_status qs_script_weigh(qs_script_build *build, const qs_token *at, uint32_t condition, double width,
                          qs_script_value *result);

/* The value where it is one number known now. */
bool qs_script_known(const qs_script_build *build, const qs_script_value *value, double *number);

/* Complains unless there is a function of that name. */
qs_status qs_script_want_function(const qs_script_build *build, const qs_token *name);

/* A call of such a function: checks the terms and makes its codes. */
qs_status qs_script_call(qs_script_build *build, const qs_token *name, const qs_script_term *terms,
                         uint32_t count, qs_script_term *result);

/* a^b */
qs_status qs_script_raise(qs_script_build *build, const qs_token *at, const qs_script_value *operand,
                          qs_script_value *result);

/* True for the name of a function, or a word of the language. */
bool qs_script_reserved(const char *name, size_t length);

/* Complains unless the term is a number or series, or a condition. */
qs_status qs_script_want(const qs_script_build *build, const qs_script_term *term, qs_script_type type);

/* Reads the whole formula. */
qs_status qs_script_parse(qs_script_build *build, qs_script_value *result);

/* From drafts to the program, in the arena. */
qs_status qs_script_link(const qs_script_build *build, const qs_script_value *result, qs_arena *arena,
                         qs_script *script);

/* One operation at one date, as script.inc computes it; not a number where it is undefined, or of a series.
 */
double qs_script_apply_once(uint32_t op, double a, double b, double c, double number);

#endif
