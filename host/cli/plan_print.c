#include "host/cli/plan_print.h"

#include "host/cli/table.h"

static void print_duration(FILE *file, double seconds) {
  if (seconds < 120) {
    fprintf(file, "%.1f s", seconds);
  } else if (seconds < 7200) {
    fprintf(file, "%.0f min", seconds / 60);
  } else {
    fprintf(file, "%.1f h", seconds / 3600);
  }
}

void plan_print(FILE *file, const qs_plan *plan, const char *config) {
  fprintf(file, "Plan of %s: %s%llu paths in %u batches, tried with %llu and %llu\n", config,
          plan->at_most ? "at most " : "", (unsigned long long)plan->paths, plan->batches,
          (unsigned long long)plan->tried[0], (unsigned long long)plan->tried[1]);
  table t;
  table_begin(&t, 5);
  static const char *const names[] = {"stage", "orders", "units", "path-steps", "seconds"};
  for (size_t i = 0; i < 5; i++) {
    table_add(&t, "%s", names[i]);
  }
  for (size_t i = 0; i < plan->stage_count; i++) {
    const qs_plan_stage *s = &plan->stages[i];
    table_add(&t, "%s", s->stage);
    table_add(&t, "%llu", (unsigned long long)s->orders);
    table_add(&t, "%llu", (unsigned long long)s->units);
    s->path_steps ? table_number(&t, (double)s->path_steps) : table_add(&t, "-");
    table_add(&t, "%.2f", s->seconds);
  }
  table_end(&t, file);
  for (size_t d = 0; d < plan->device_count; d++) {
    fprintf(file, "%s (%s): %.3g M path-steps a second\n", plan->devices[d].name, plan->devices[d].target,
            1e-6 * plan->devices[d].rate);
  }
  fprintf(file, "In all about ");
  print_duration(file, plan->seconds);
  fprintf(file, ", and %.0f MB of memory at most\n", 1e-6 * (double)plan->memory);
}
