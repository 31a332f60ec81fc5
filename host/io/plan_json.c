#include "host/io/plan_json.h"

#include "host/io/buffer.h"

qs_status qs_plan_to_json(qs_context *context, const qs_plan *plan, char **text) {
  qs_buffer b;
  qs_buffer_init(&b, context);
  qs_json_open(&b, NULL, '{', false);
  qs_json_count(&b, "schema", 1);
  qs_json_count(&b, "paths", plan->paths);
  qs_json_bool(&b, "at_most", plan->at_most);
  qs_json_count(&b, "batches", plan->batches);
  qs_json_open(&b, "tried", '[', true);
  qs_json_count(&b, NULL, plan->tried[0]);
  qs_json_count(&b, NULL, plan->tried[1]);
  qs_json_close(&b);
  qs_json_open(&b, "stages", '[', false);
  for (size_t i = 0; i < plan->stage_count; i++) {
    const qs_plan_stage *s = &plan->stages[i];
    qs_json_open(&b, NULL, '{', true);
    qs_json_text(&b, "stage", s->stage);
    qs_json_count(&b, "orders", s->orders);
    qs_json_count(&b, "units", s->units);
    qs_json_count(&b, "path_steps", s->path_steps);
    qs_json_number(&b, "seconds", s->seconds);
    qs_json_close(&b);
  }
  qs_json_close(&b);
  qs_json_open(&b, "devices", '[', false);
  for (size_t d = 0; d < plan->device_count; d++) {
    qs_json_open(&b, NULL, '{', true);
    qs_json_text(&b, "name", plan->devices[d].name);
    qs_json_text(&b, "target", plan->devices[d].target);
    qs_json_number(&b, "path_steps_per_second", plan->devices[d].rate);
    qs_json_close(&b);
  }
  qs_json_close(&b);
  qs_json_number(&b, "seconds", plan->seconds);
  qs_json_count(&b, "memory_bytes", plan->memory);
  qs_json_close(&b);
  qs_buffer_append(&b, "\n", 1);
  return qs_buffer_finish(&b, text);
}
