// The script's interpreter, compiled once for each instruction set, precision and number of lanes
// (script_loops.cmake).
#ifndef QS_TESTS_SCRIPT_LOOPS_H
#define QS_TESTS_SCRIPT_LOOPS_H

#include <stddef.h>

#include "kernels/core/script.h"

#ifdef __cplusplus
extern "C" {
#endif

// Rows are `lanes` apart; value and adjoint have slot_count rows of float or double.
typedef struct qs_script_set {
  const char *name;
  int lanes, is_double;
  void (*start)(const qs_script_program *program, void *value);
  void (*forward)(const qs_script_program *program, void *value);
  void (*reverse)(const qs_script_program *program, const void *value, void *adjoint);
} qs_script_set;

#define QS_SCRIPT_SETS(set)                                                                                  \
  extern const qs_script_set qs_script_##set##_float_64, qs_script_##set##_float_128,                        \
      qs_script_##set##_double_64;
QS_SCRIPT_SETS(v4)
QS_SCRIPT_SETS(v3)
QS_SCRIPT_SETS(baseline)

#ifdef __cplusplus
}
#endif

#endif
