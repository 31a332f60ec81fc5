/* A plan from two runs on few paths: what grows with the paths is carried over to all of them. */
#include "quickset/plan.h"

#include <math.h>
#include <string.h>

#include "host/api/run.h"
#include "host/api/warm.h"
#include "host/io/plan_json.h"

/* The second run has at most so many paths, enough for every batch to have its part of them. */
static const uint64_t most_tried = 32768, fewest_tried = 1024;

typedef struct plan_owner {
  qs_plan plan;
  qs_arena *arena;
} plan_owner;

/* The caller's allocator, with a count of what is held, and the most of it in every stage: each grows with
 * the paths in its own way, and which one holds most may change with them. */
typedef struct counter {
  qs_allocator base;
  uint64_t held;
  const size_t *stage; /* which one runs */
  uint64_t most[QS_MAX_STAGES + 1];
} counter;

enum { HEADER = 64 }; /* before each block: its size; a multiple of every alignment that is promised */

static void *count_allocate(void *data, size_t size) {
  counter *c = data;
  char *block = size < SIZE_MAX - HEADER ? c->base.allocate(c->base.data, size + HEADER) : NULL;
  if (!block) {
    return NULL;
  }
  memcpy(block, &size, sizeof size);
  c->held += size;
  uint64_t *most = &c->most[*c->stage];
  *most = c->held > *most ? c->held : *most;
  return block + HEADER;
}

static void count_release(void *data, void *block) {
  counter *c = data;
  if (block) {
    size_t size;
    char *start = (char *)block - HEADER;
    memcpy(&size, start, sizeof size);
    c->held -= size;
    c->base.release(c->base.data, start);
  }
}

/* One run on few paths: its inputs and results, and what it took. */
typedef struct trial {
  qs_inputs inputs;
  qs_results results;
  uint64_t paths;
  qs_stage_time stages[QS_MAX_STAGES];
  size_t stage_count;
  uint64_t memory[QS_MAX_STAGES + 1];
} trial;

/* Everything that is made on the way to a plan. */
typedef struct planning {
  qs_results prepared; /* before the sections */
  qs_stage_time times[QS_MAX_STAGES];
  trial few, more;
} planning;

/* Runs the sections of a prepared state on `paths` paths. */
static qs_status try_paths(qs_run_state *r, counter *count, uint64_t paths, trial *out) {
  const qs_run_state before = *r;
  out->results = *r->results;
  out->inputs = *r->inputs;
  out->inputs.simulation.paths = paths;
  out->inputs.simulation.target_std_error = NAN;
  r->inputs = &out->inputs;
  r->simulation = qs_simulation_resolve(&out->inputs.simulation);
  r->simulation.fourier_stress = before.simulation.fourier_stress;
  r->results = &out->results;
  r->arena = qs_arena_create(r->context);
  r->scratch = qs_arena_create(r->context);
  out->results.times = r->stages = out->stages;
  out->results.time_count = 0;
  const size_t *stage = count->stage;
  count->stage = &out->results.time_count;
  memset(count->most, 0, sizeof count->most);
  qs_status status =
      r->arena && r->scratch ? qs_run_sections(r) : qs_fail_memory(r->context, "planning the run");
  out->paths = r->simulation.paths;
  out->stage_count = out->results.time_count;
  memcpy(out->memory, count->most, sizeof out->memory);
  for (size_t i = 0; i < r->book->count; i++) {
    r->book->contracts[i].expansion = NULL; /* they were the scratch's */
  }
  qs_arena_destroy(r->scratch);
  qs_arena_destroy(r->arena);
  count->stage = stage;
  const double started = r->started;
  const qs_tally tally = r->tally;
  *r = before;
  r->started = started;
  r->tally = tally;
  return status;
}

/* a + b x through two points, b at least 0, at `x`. */
static double carried(double x0, double y0, double x1, double y1, double x) {
  const double slope = y1 > y0 ? (y1 - y0) / (x1 - x0) : 0;
  return fmax(y1 + slope * (x - x1), 0);
}

static uint64_t carried_count(const trial *few, const trial *more, uint64_t y0, uint64_t y1, uint64_t paths) {
  return (uint64_t)llround(
      carried((double)few->paths, (double)y0, (double)more->paths, (double)y1, (double)paths));
}

/* Seconds of a stage: of the devices as their work grows, of the rest at most so. */
static double carried_seconds(const trial *few, const trial *more, size_t stage, uint64_t steps,
                              uint64_t paths) {
  const qs_stage_time *a = &few->stages[stage], *b = &more->stages[stage];
  const double growth = (double)paths / (double)more->paths, rest = b->seconds - b->simulating;
  const double simulating =
      b->path_steps ? b->simulating * (double)steps / (double)b->path_steps : b->simulating;
  const double others =
      carried((double)few->paths, a->seconds - a->simulating, (double)more->paths, rest, (double)paths);
  return simulating + fmin(others, fmax(growth, 1) * rest);
}

/* The stages before the sections as they were, the sections carried over. */
static void lay_out(const qs_results *prepared, const trial *few, const trial *more, qs_plan *plan,
                    qs_plan_stage *stages) {
  for (size_t i = 0; i < prepared->time_count; i++) {
    const qs_stage_time *t = &prepared->times[i];
    stages[plan->stage_count++] = (qs_plan_stage){t->stage, t->orders, t->units, t->path_steps, t->seconds};
  }
  for (size_t i = 0; i < more->stage_count; i++) {
    const qs_stage_time *a = &few->stages[i], *b = &more->stages[i];
    const uint64_t steps = carried_count(few, more, a->path_steps, b->path_steps, plan->paths);
    stages[plan->stage_count++] = (qs_plan_stage){b->stage, b->orders, b->units, steps,
                                                  carried_seconds(few, more, i, steps, plan->paths)};
  }
  for (size_t i = 0; i < plan->stage_count; i++) {
    plan->seconds += stages[i].seconds;
  }
  plan->stages = stages;
  for (size_t i = 0; i <= more->stage_count; i++) {
    const uint64_t memory = carried_count(few, more, few->memory[i], more->memory[i], plan->paths);
    plan->memory = memory > plan->memory ? memory : plan->memory;
  }
}

/* What the devices did between two reports. */
static qs_status note_devices(const qs_run_state *r, const qs_device_report *before, qs_arena *arena,
                              qs_plan *plan) {
  const size_t count = qs_devices_count(r->engine->devices);
  qs_plan_device *devices = QS_NEW(arena, count, qs_plan_device);
  if (!devices) {
    return qs_fail_memory(r->context, "planning the run");
  }
  for (size_t d = 0; d < count; d++) {
    qs_device_report after;
    qs_devices_report(r->engine->devices, d, &after);
    const double seconds = after.seconds - before[d].seconds;
    const double steps = (double)(after.path_steps - before[d].path_steps);
    devices[d].name = qs_arena_strdup(arena, after.info.name);
    devices[d].target = qs_arena_strdup(arena, after.info.target);
    devices[d].rate = seconds > 0 ? steps / seconds : 0;
    if (!devices[d].name || !devices[d].target) {
      return qs_fail_memory(r->context, "planning the run");
    }
  }
  plan->devices = devices;
  plan->device_count = count;
  return QS_OK;
}

/* Prepares, tries twice and lays the plan out in the owner's arena. */
static qs_status make(qs_run_state *r, counter *count, plan_owner *owner) {
  const size_t devices = qs_devices_count(r->engine->devices);
  planning *p = QS_NEW(owner->arena, 1, planning);
  qs_plan_stage *stages = QS_NEW(owner->arena, 2 * QS_MAX_STAGES, qs_plan_stage);
  qs_device_report *reports = QS_NEW(owner->arena, devices, qs_device_report);
  if (!p || !stages || !reports) {
    return qs_fail_memory(r->context, "planning the run");
  }
  r->results = &p->prepared;
  count->stage = &p->prepared.time_count;
  r->stages = p->times;
  qs_status status = qs_run_prepare(r);
  if (status) {
    return status;
  }
  qs_plan *plan = &owner->plan;
  for (size_t i = 0; i <= p->prepared.time_count; i++) {
    plan->memory = count->most[i] > plan->memory ? count->most[i] : plan->memory;
  }
  qs_simulation_spec spec = r->inputs->simulation;
  plan->at_most = spec.target_std_error > 0 && spec.max_paths > spec.paths;
  spec.paths = plan->at_most ? spec.max_paths : spec.paths;
  const qs_simulation whole = qs_simulation_resolve(&spec);
  plan->paths = whole.paths;
  plan->batches = whole.batches;
  uint64_t second = spec.paths / 2 < most_tried ? spec.paths / 2 : most_tried;
  second = second > 2 * fewest_tried ? second : 2 * fewest_tried;
  status = try_paths(r, count, second / 2, &p->few);
  for (size_t d = 0; d < devices; d++) {
    qs_devices_report(r->engine->devices, d, &reports[d]);
  }
  if (!status) {
    status = try_paths(r, count, second, &p->more);
  }
  if (!status) {
    plan->tried[0] = p->few.paths;
    plan->tried[1] = p->more.paths;
    lay_out(&p->prepared, &p->few, &p->more, plan, stages);
    status = note_devices(r, reports, owner->arena, plan);
  }
  return status;
}

qs_status qs_plan_make(qs_engine *engine, const qs_inputs *inputs, uint32_t sections, const qs_plan **plan) {
  /* The run's own memory is counted; the plan's is the engine's. */
  static const size_t first = 0;
  counter count = {.base = engine->context.allocator, .stage = &first};
  qs_context context = engine->context;
  context.allocator = (qs_allocator){count_allocate, count_release, &count};
  context.store = NULL;
  qs_run_state r = {
      .engine = engine, .context = &context, .inputs = inputs, .sections = sections & inputs->sections};
  qs_arena *arena = qs_arena_create(&engine->context);
  r.arena = qs_arena_create(&context);
  plan_owner *owner = arena ? QS_NEW(arena, 1, plan_owner) : NULL;
  qs_status status = QS_ERROR_MEMORY;
  if (!owner || !r.arena) {
    qs_fail_memory(&context, "planning the run");
  } else {
    owner->arena = arena;
    status = make(&r, &count, owner);
  }
  qs_warm_release(r.warm);
  qs_arena_destroy(r.arena);
  if (status) {
    qs_fail(&engine->context, status, "%s", context.message);
    qs_arena_destroy(arena);
    return status;
  }
  *plan = &owner->plan;
  return QS_OK;
}

void qs_plan_destroy(const qs_plan *plan) {
  if (plan) {
    qs_arena_destroy(((const plan_owner *)plan)->arena);
  }
}

qs_status qs_plan_json(qs_engine *engine, const qs_plan *plan, char **text) {
  return qs_plan_to_json(&engine->context, plan, text);
}
