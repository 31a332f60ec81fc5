/*
 * The payoff script: a formula over observations of prices, from text to a flat program
 * (kernels/core/script.h) that yields the payoff and its derivative to every observation.
 *
 *   max(mean(S[monthly]) - K, 0)
 *   if(min(S[daily]) < B, 0, max(S[T] - K, 0))
 *   r = max(returns(S[monthly]), floor); max(sum(min(r, cap)), 0)
 *   if(BTC[T] < B and ETH[T] < B, 0, 100, 5)
 *
 * Grammar, loosest first; spaces and line breaks mean nothing:
 *
 *   script      { name "=" expression ";" } expression [";"]
 *   expression  conjunction { "or" conjunction }
 *   conjunction negation { "and" negation }
 *   negation    "not" negation | comparison
 *   comparison  sum [ ("<" | "<=" | ">" | ">=") sum ]
 *   sum         product { ("+" | "-") product }
 *   product     unary { ("*" | "/") unary }
 *   unary       "-" unary | power
 *   power       primary [ "^" unary ]
 *   primary     number | name | underlying "[" schedule "]" | function "(" arguments ")" | "(" expression ")"
 *
 * Everything is a number, a series (one number for each date of a schedule) or a condition, of numbers or
 * date by date. Arithmetic works on numbers, on a series and a number, and on two series of equal length. A
 * schedule of a single date observes a number, a list of dates a series. S is the underlying where there is
 * one alone. configs/SCRIPT.md lists the functions.
 *
 * A condition in `if` may be given a width: if(x < B, a, b, width) passes linearly from b to a while B - x
 * goes from -width / 2 to width / 2, so that it has a derivative; `and` is then the lesser, `or` the greater
 * of such weights. Without a width the derivative leaves the jump out; qs_script tells of it, and likelihood
 * ratios take its place (kernels/core/path_script.h).
 *
 * Limits: QS_SCRIPT_MAX_*. Whatever the text holds, compiling it takes bounded time, memory and stack.
 */
#ifndef QS_HOST_SCRIPT_SCRIPT_H
#define QS_HOST_SCRIPT_SCRIPT_H

#include "host/base/arena.h"
#include "host/base/context.h"
#include "kernels/core/script.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  QS_SCRIPT_MAX_TEXT = 1 << 14,  /* bytes of a formula */
  QS_SCRIPT_MAX_DEPTH = 64,      /* parentheses, functions and signs within each other */
  QS_SCRIPT_MAX_ARGUMENTS = 16,  /* of a function */
  QS_SCRIPT_MAX_CODES = 4096,    /* operations */
  QS_SCRIPT_MAX_SLOTS = 1 << 14, /* numbers a path: observations, constants and intermediate results */
  QS_SCRIPT_MAX_NAME = 31        /* bytes of a name */
};

typedef struct qs_script_constant {
  const char *name;
  double value; /* finite */
} qs_script_constant;

/* Dates by their indices into the trade's own dates, strictly ascending. A date in the past is a date like
 * any other here: whoever runs the program fills its observation with the fixing. */
typedef struct qs_script_schedule {
  const char *name;
  const uint32_t *dates;
  uint32_t count; /* at least 1 */
  bool single;    /* one date, which observes a number */
} qs_script_schedule;

/* What a formula may name. Nothing is kept after the call. Names are letters, digits and _, and begin with a
 * letter or _. */
typedef struct qs_script_names {
  const qs_script_constant *constants;
  const qs_script_schedule *schedules;
  const char *const *underlyings;
  uint32_t constant_count, schedule_count, underlying_count;
  uint32_t date_count; /* of the trade: indices stay below it */
} qs_script_names;

typedef struct qs_script_observation {
  uint32_t underlying; /* index into qs_script_names.underlyings */
  uint32_t date;
} qs_script_observation;

typedef struct qs_script {
  qs_script_program program;
  const qs_script_observation *observations; /* [program.observation_count], by underlying, then date */
  uint32_t jump_count;                       /* conditions without a width that the payoff depends on */
  uint32_t jump_column;                      /* where the first of them stands; 0 for none */
} qs_script;

/* Compiles the formula of `size` bytes; what it yields lives in the arena. QS_ERROR_INPUT where the formula
 * or a name is wrong, with the message "<place>: column N: got WHAT: what is allowed"; columns are bytes from
 * 1, after "line L, " where the formula has several lines. QS_ERROR_MEMORY when memory is out. */
qs_status qs_script_compile(qs_context *context, qs_arena *arena, const char *place, const char *text,
                            size_t size, const qs_script_names *names, qs_script *script);

/* Bytes of scratch memory of one pass over `lanes` lanes, for values and, with_adjoints, derivatives. */
size_t qs_script_scratch(const qs_script_program *program, size_t lanes, size_t real_size,
                         bool with_adjoints);

/* What the program pays where every observation is known: `observed` is [program->observation_count]. Not a
 * number where it is undefined. False when memory is out. */
bool qs_script_evaluate(qs_arena *arena, const qs_script_program *program, const double *observed,
                        double *payoff);

#ifdef __cplusplus
}
#endif
#endif
