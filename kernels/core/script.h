// A payoff's formula as a flat program over rows of lanes: plain data that host/script writes and script.inc
// runs. Freestanding; C17, C++17 and CUDA C++.
//
// A slot is a row of numbers, one for each lane; a series is a run of slots, one for each date. Slots stand
// in this order:
//   observations   S at a date of an underlying, absolute; the caller fills them for each block of lanes
//   constants      filled once
//   results        written by the codes, each slot by one code
// A code reads up to three operands a, b, c and writes `count` slots from `to` on. An operand moves on by a
// slot for each date (QS_SCRIPT_SERIES_*) or stays. In the reverse pass a code adds to its operands'
// adjoints, or sets them where it is the first to reach them (QS_SCRIPT_SETS_*), and passes over an operand
// on which no derivative depends (no QS_SCRIPT_ACTIVE_*).
//
// Undefined is not a number: a root or logarithm of no positive number (the root of 0 is 0), a quotient by 0,
// a power that is no real number. Not a number passes through everything but a branch of `if` that is not
// taken.
#ifndef QS_CORE_SCRIPT_H
#define QS_CORE_SCRIPT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum qs_script_op {
  // Date by date.
  QS_SCRIPT_ADD,        // a + b
  QS_SCRIPT_SUBTRACT,   // a - b
  QS_SCRIPT_MULTIPLY,   // a b
  QS_SCRIPT_DIVIDE,     // a / b
  QS_SCRIPT_POWER,      // a^b
  QS_SCRIPT_RETURN,     // (a - b) / b
  QS_SCRIPT_LOG_RETURN, // ln(a / b)
  QS_SCRIPT_LESSER,     // min(a, b)
  QS_SCRIPT_GREATER,    // max(a, b)
  QS_SCRIPT_BELOW,      // 1 where a < b, else 0; its derivative is taken as 0
  QS_SCRIPT_RAMP,       // (b - a) number + 1/2, within [0, 1]; number is 1 / width
  QS_SCRIPT_ABS,        // |a|
  QS_SCRIPT_EXP,
  QS_SCRIPT_LOG,
  QS_SCRIPT_ROOT,
  QS_SCRIPT_CHOOSE, // a where c = 1, b where c = 0, between them c a + (1 - c) b
  // Of a series; count is the number of dates.
  QS_SCRIPT_SUM,      // number times the sum of a
  QS_SCRIPT_LEAST,    // of a
  QS_SCRIPT_GREATEST, // of a
  QS_SCRIPT_PRODUCT,  // of a; writes count slots, the products so far, of which the last is the result
  QS_SCRIPT_GATHER,   // copies the slots rows[a] to rows[a + count - 1]
  QS_SCRIPT_OP_COUNT
} qs_script_op;

enum {
  QS_SCRIPT_SERIES_A = 1 << 0,
  QS_SCRIPT_SERIES_B = 1 << 1,
  QS_SCRIPT_SERIES_C = 1 << 2,
  QS_SCRIPT_ACTIVE_A = 1 << 3,
  QS_SCRIPT_ACTIVE_B = 1 << 4,
  QS_SCRIPT_ACTIVE_C = 1 << 5,
  QS_SCRIPT_SETS_A = 1 << 6,
  QS_SCRIPT_SETS_B = 1 << 7,
  QS_SCRIPT_SETS_C = 1 << 8
};

typedef struct qs_script_code {
  uint16_t op, flags;
  uint32_t count; // dates, at least 1
  uint32_t to, a, b, c;
  double number;
} qs_script_code;

typedef struct qs_script_range {
  uint32_t slot, count;
} qs_script_range;

typedef struct qs_script_program {
  const qs_script_code *codes;
  const double *constants;
  const uint32_t *rows;          // slots that QS_SCRIPT_GATHER copies
  const qs_script_range *clears; // adjoints that are 0 before the reverse pass
  uint32_t code_count, constant_count, row_count, clear_count;
  uint32_t observation_count, slot_count;
  uint32_t result; // the payoff's slot
} qs_script_program;

// Slots that a code writes.
static inline uint32_t qs_script_written(const qs_script_code *code) {
  const int one = code->op == QS_SCRIPT_SUM || code->op == QS_SCRIPT_LEAST || code->op == QS_SCRIPT_GREATEST;
  return one ? 1 : code->count;
}

// Number of operands: a; a and b; a, b and c. QS_SCRIPT_GATHER has none, its rows are in the program.
static inline int qs_script_operands(uint32_t op) {
  if (op == QS_SCRIPT_GATHER) {
    return 0;
  }
  return op == QS_SCRIPT_CHOOSE ? 3 : op < QS_SCRIPT_ABS ? 2 : 1;
}

static inline int qs_script_reads(const qs_script_code *code, uint32_t slot, int series) {
  const uint32_t span = series ? code->count : 1;
  return slot < code->to && span <= code->to - slot; // codes read what earlier slots hold, never their own
}

// True when every index is in range: what a backend asks of a program that it did not make. Codes may be
// run, and reversed, without further checks.
static inline int qs_script_valid(const qs_script_program *p) {
  if (p->observation_count > p->slot_count || p->constant_count > p->slot_count - p->observation_count ||
      p->result >= p->slot_count) {
    return 0;
  }
  uint32_t next = p->observation_count + p->constant_count; // codes write one slot after the other
  for (uint32_t i = 0; i < p->code_count; i++) {
    const qs_script_code *code = &p->codes[i];
    const uint32_t written = qs_script_written(code);
    const int operands = qs_script_operands(code->op);
    const int whole = code->op >= QS_SCRIPT_SUM;
    if (code->op >= QS_SCRIPT_OP_COUNT || code->count == 0 || code->to != next ||
        written > p->slot_count - next) {
      return 0;
    }
    next += written;
    if ((operands > 0 && !qs_script_reads(code, code->a, whole || (code->flags & QS_SCRIPT_SERIES_A))) ||
        (operands > 1 && !qs_script_reads(code, code->b, code->flags & QS_SCRIPT_SERIES_B)) ||
        (operands > 2 && !qs_script_reads(code, code->c, code->flags & QS_SCRIPT_SERIES_C))) {
      return 0;
    }
    if (code->op == QS_SCRIPT_GATHER && (code->a > p->row_count || code->count > p->row_count - code->a)) {
      return 0;
    }
  }
  for (uint32_t i = 0; i < p->row_count; i++) {
    if (p->rows[i] >= p->observation_count) {
      return 0;
    }
  }
  for (uint32_t i = 0; i < p->clear_count; i++) {
    if (p->clears[i].slot > p->slot_count || p->clears[i].count > p->slot_count - p->clears[i].slot) {
      return 0;
    }
  }
  return next == p->slot_count;
}

#ifdef __cplusplus
}
#endif
#endif
