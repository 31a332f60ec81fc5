#include "kernels/cuda/path_arrays.h"

#include <stdlib.h>
#include <string.h>

static void count(const qs_path_payoff_plan &plan, qs_cuda_places *total) {
  total->dates += plan.date_count;
  if (plan.payoff == QS_PATH_SCRIPT) {
    total->seen += plan.program->observation_count;
    total->codes += plan.program->code_count;
    total->constants += plan.program->constant_count;
    total->rows += plan.program->row_count;
    total->clears += plan.program->clear_count;
  }
}

template <typename T> static bool allocate(size_t count, T **array) {
  *array = static_cast<T *>(malloc((count ? count : 1) * sizeof **array));
  return *array != nullptr;
}

template <typename T> static void put(const T *from, size_t count, T *to) {
  if (count) {
    memcpy(to, from, count * sizeof *to);
  }
}

bool qs_cuda_path_arrays_build(const qs_path_unit &unit, qs_cuda_path_arrays *arrays) {
  *arrays = {};
  qs_cuda_places &total = arrays->total;
  for (uint32_t i = 0; i < unit.payoff_count; i++) {
    count(unit.payoffs[i], &total);
  }
  const bool got = allocate(unit.payoff_count, &arrays->places) && allocate(total.dates, &arrays->dates) &&
                   allocate(total.seen, &arrays->seen) && allocate(total.seen, &arrays->known) &&
                   allocate(total.codes, &arrays->codes) && allocate(total.constants, &arrays->constants) &&
                   allocate(total.rows, &arrays->rows) && allocate(total.clears, &arrays->clears);
  if (!got) {
    qs_cuda_path_arrays_free(arrays);
    return false;
  }
  qs_cuda_places at = {};
  for (uint32_t i = 0; i < unit.payoff_count; i++) {
    const qs_path_payoff_plan &plan = unit.payoffs[i];
    arrays->places[i] = at;
    put(plan.dates, plan.date_count, arrays->dates + at.dates);
    if (plan.payoff == QS_PATH_SCRIPT) {
      const qs_script_program &program = *plan.program;
      put(plan.observed, program.observation_count, arrays->seen + at.seen);
      put(plan.known, program.observation_count, arrays->known + at.seen);
      put(program.codes, program.code_count, arrays->codes + at.codes);
      put(program.constants, program.constant_count, arrays->constants + at.constants);
      put(program.rows, program.row_count, arrays->rows + at.rows);
      put(program.clears, program.clear_count, arrays->clears + at.clears);
    }
    count(plan, &at);
  }
  return true;
}

void qs_cuda_path_arrays_free(qs_cuda_path_arrays *arrays) {
  void *const all[] = {arrays->places, arrays->dates,     arrays->seen, arrays->known,
                       arrays->codes,  arrays->constants, arrays->rows, arrays->clears};
  for (void *array : all) {
    free(array);
  }
  *arrays = {};
}
