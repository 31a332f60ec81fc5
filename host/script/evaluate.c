/* A program run once, on the host: what a formula pays when all it observes is known. */
#include <math.h>

#include "host/script/build.h"

static double quotient(double a, double b) {
  return b == 0 ? NAN : a / b;
}

static double logarithm(double x) {
  return x > 0 ? log(x) : NAN;
}

/* An extreme that keeps what is no number. */
static double lesser(double a, double b) {
  return a < b || isnan(a) ? a : b;
}

static double greater(double a, double b) {
  return a > b || isnan(a) ? a : b;
}

static double below(double a, double b) {
  return isnan(a) || isnan(b) ? NAN : a < b;
}

static double ramp(double a, double b, double slope) {
  return isnan(a) || isnan(b) ? NAN : fmin(1, fmax(0, (b - a) * slope + 0.5));
}

static double choose(double a, double b, double c) {
  return c >= 1 ? a : c <= 0 ? b : c * a + (1 - c) * b;
}

double qs_script_apply_once(uint32_t op, double a, double b, double c, double number) {
  switch (op) {
  case QS_SCRIPT_ADD:
    return a + b;
  case QS_SCRIPT_SUBTRACT:
    return a - b;
  case QS_SCRIPT_MULTIPLY:
    return a * b;
  case QS_SCRIPT_DIVIDE:
    return quotient(a, b);
  case QS_SCRIPT_POWER:
    return a < 0 || (a == 0 && b < 0) ? (b == 0 ? 1 : NAN) : pow(a, b);
  case QS_SCRIPT_RETURN:
    return quotient(a - b, b);
  case QS_SCRIPT_LOG_RETURN:
    return logarithm(quotient(a, b));
  case QS_SCRIPT_LESSER:
    return lesser(a, b);
  case QS_SCRIPT_GREATER:
    return greater(a, b);
  case QS_SCRIPT_BELOW:
    return below(a, b);
  case QS_SCRIPT_RAMP:
    return ramp(a, b, number);
  case QS_SCRIPT_ABS:
    return fabs(a);
  case QS_SCRIPT_EXP:
    return exp(a);
  case QS_SCRIPT_LOG:
    return logarithm(a);
  case QS_SCRIPT_ROOT:
    return a >= 0 ? sqrt(a) : NAN;
  case QS_SCRIPT_CHOOSE:
    return choose(a, b, c);
  default: /* of a series */
    return NAN;
  }
}

static void run_series(const qs_script_program *program, const qs_script_code *code, double *value) {
  const double *a = value + code->a;
  double *to = value + code->to;
  double result = code->op == QS_SCRIPT_GATHER ? 0 : a[0];
  for (uint32_t k = 0; k < code->count; k++) {
    switch (code->op) {
    case QS_SCRIPT_SUM:
      result = k ? result + a[k] : result;
      break;
    case QS_SCRIPT_LEAST:
      result = k ? lesser(a[k], result) : result;
      break;
    case QS_SCRIPT_GREATEST:
      result = k ? greater(a[k], result) : result;
      break;
    case QS_SCRIPT_PRODUCT:
      result = k ? result * a[k] : result;
      to[k] = result;
      break;
    default: /* QS_SCRIPT_GATHER */
      to[k] = value[program->rows[code->a + k]];
      break;
    }
  }
  if (code->op == QS_SCRIPT_SUM) {
    to[0] = code->number * result;
  } else if (code->op == QS_SCRIPT_LEAST || code->op == QS_SCRIPT_GREATEST) {
    to[0] = result;
  }
}

static void run_code(const qs_script_program *program, const qs_script_code *code, double *value) {
  if (code->op >= QS_SCRIPT_SUM) {
    run_series(program, code, value);
    return;
  }
  for (uint32_t k = 0; k < code->count; k++) {
    const double a = value[code->a + (code->flags & QS_SCRIPT_SERIES_A ? k : 0)];
    const double b = value[code->b + (code->flags & QS_SCRIPT_SERIES_B ? k : 0)];
    const double c = value[code->c + (code->flags & QS_SCRIPT_SERIES_C ? k : 0)];
    value[code->to + k] = qs_script_apply_once(code->op, a, b, c, code->number);
  }
}

bool qs_script_evaluate(qs_arena *arena, const qs_script_program *program, const double *observed,
                        double *payoff) {
  double *value = QS_NEW(arena, program->slot_count, double);
  if (!value) {
    return false;
  }
  for (uint32_t o = 0; o < program->observation_count; o++) {
    value[o] = observed[o];
  }
  for (uint32_t j = 0; j < program->constant_count; j++) {
    value[program->observation_count + j] = program->constants[j];
  }
  for (uint32_t j = 0; j < program->code_count; j++) {
    run_code(program, &program->codes[j], value);
  }
  *payoff = value[program->result];
  return true;
}
