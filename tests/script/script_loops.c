// One set of script_loops.h: QS_REAL_DOUBLE, QS_LANES, QS_SCRIPT_SET (its variable) and QS_SCRIPT_NAME.
#include "tests/script/script_loops.h"

#include "kernels/core/script.inc"

static void start(const qs_script_program *program, void *value) {
  QS_R(qs_script_start)(program, QS_LANES, value);
}

static void forward(const qs_script_program *program, void *value) {
  QS_R(qs_script_forward)(program, QS_LANES, value);
}

static void reverse(const qs_script_program *program, const void *value, void *adjoint) {
  QS_R(qs_script_reverse)(program, QS_LANES, value, adjoint);
}

const qs_script_set QS_SCRIPT_SET = {QS_SCRIPT_NAME, QS_LANES, QS_REAL_DOUBLE, start, forward, reverse};
