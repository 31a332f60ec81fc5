#include "kernels/backend.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernels/cpu/kernels.h"
#include "kernels/refuse.h"

/* An instruction set that the kernels are compiled for, best first. */
typedef struct target {
  const char *name;
  bool (*runs)(void);
  const qs_cpu_kernels *mixed, *precise;
  const qs_cpu_rebalance *rebalance;
  const qs_cpu_regression *regression;
} target;

/* By feature, since clang 14 does not know the levels' names. */
static bool runs_v3(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
         __builtin_cpu_supports("bmi2");
}

static bool runs_v4(void) {
  return runs_v3() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl");
}

static bool runs_always(void) {
  return true;
}

static const target targets[] = {
    {"x86-64-v4", runs_v4, &qs_cpu_v4_mixed, &qs_cpu_v4_double, &qs_cpu_rebalance_v4, &qs_cpu_regression_v4},
    {"x86-64-v3", runs_v3, &qs_cpu_v3_mixed, &qs_cpu_v3_double, &qs_cpu_rebalance_v3, &qs_cpu_regression_v3},
    {"portable", runs_always, &qs_cpu_portable_mixed, &qs_cpu_portable_double, &qs_cpu_rebalance_portable,
     &qs_cpu_regression_portable},
};
enum { TARGET_COUNT = sizeof targets / sizeof *targets };

struct qs_device {
  const target *target;
  int threads;
};

static uint32_t cpu_count(char *message) {
  (void)message;
  return 1;
}

static qs_status find_target(const char *name, char *message, const target **found) {
  for (int i = 0; i < TARGET_COUNT; i++) {
    if (name && strcmp(name, targets[i].name) != 0) {
      continue;
    }
    if (targets[i].runs()) {
      *found = targets + i;
      return QS_OK;
    }
    if (name) {
      return refuse(message, QS_ERROR_DEVICE, "this processor does not run %s", name);
    }
  }
  return refuse(message, QS_ERROR_DEVICE, "no CPU target \"%s\": there are x86-64-v4, x86-64-v3 and portable",
                name);
}

static qs_status cpu_open(uint32_t index, const qs_device_options *options, char *message,
                          qs_device **device) {
  const target *found = NULL;
  if (index > 0) {
    return refuse(message, QS_ERROR_DEVICE, "there is one CPU device, not number %u", index);
  }
  if (options->threads < 1) {
    return refuse(message, QS_ERROR_INPUT, "%d threads: at least 1 is needed", options->threads);
  }
  const qs_status status = find_target(options->cpu_target, message, &found);
  if (status) {
    return status;
  }
  qs_device *opened = malloc(sizeof *opened);
  if (!opened) {
    return refuse(message, QS_ERROR_MEMORY, "out of memory for a device");
  }
  opened->target = found;
  opened->threads = options->threads;
  *device = opened;
  return QS_OK;
}

static void cpu_close(qs_device *device) {
  free(device);
}

/* The model name that the system reports, or "CPU". */
static void processor_name(char *name, size_t size) {
  snprintf(name, size, "CPU");
  FILE *file = fopen("/proc/cpuinfo", "r");
  if (!file) {
    return;
  }
  char line[256];
  while (fgets(line, sizeof line, file)) {
    const char *colon = strchr(line, ':');
    if (strncmp(line, "model name", 10) == 0 && colon) {
      const size_t length = strcspn(colon + 1, "\n");
      snprintf(name, size, "%.*s", (int)(length > 1 ? length - 1 : 0), colon + 2);
      break;
    }
  }
  fclose(file);
}

static void cpu_describe(const qs_device *device, qs_device_info *info) {
  memset(info, 0, sizeof *info);
  processor_name(info->name, sizeof info->name);
  snprintf(info->target, sizeof info->target, "%s", device->target->name);
  info->threads = device->threads;
  const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  info->memory_bytes = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : 0;
}

static bool stopped(const volatile int *cancel) {
  return cancel && *cancel;
}

/* A run of a unit: its table and law, and scratch memory for each thread. */
typedef struct run {
  const qs_cpu_kernels *kernels;
  qs_table table;
  qs_cpu_law *law;
  char *scratch;
  size_t scratch_size; /* of one thread */
  int threads;
} run;

static void run_end(run *r) {
  free(r->scratch);
  if (r->law) {
    r->kernels->law_destroy(r->law);
  }
  qs_table_free(&r->table);
}

/* Threads beyond the number of parts stay idle. On failure nothing is left to end. */
static qs_status run_begin(const qs_device *device, qs_precision precision, const qs_path_plan *plan,
                           bool path, char *message, run *r) {
  memset(r, 0, sizeof *r);
  r->kernels = precision == QS_PRECISION_DOUBLE ? device->target->precise : device->target->mixed;
  const qs_status status = qs_table_build(plan, message, &r->table);
  if (status) {
    return status;
  }
  r->law = r->kernels->law_create(&r->table, plan, path);
  if (!r->law) {
    run_end(r);
    return refuse(message, QS_ERROR_MEMORY, "out of memory for a law of %u steps", plan->step_count);
  }
  return QS_OK;
}

static qs_status run_memory(const qs_device *device, size_t size, uint64_t parts, char *message, run *r) {
  r->threads = parts < (uint64_t)device->threads ? (int)parts : device->threads;
  r->scratch_size = (size + 4095) & ~(size_t)4095;
  r->scratch = aligned_alloc(4096, r->scratch_size * (size_t)r->threads);
  if (r->scratch) {
    return QS_OK;
  }
  run_end(r);
  return refuse(message, QS_ERROR_MEMORY, "out of memory for %d threads of %zu bytes", r->threads,
                r->scratch_size);
}

static void *thread_scratch(const run *r) {
  return r->scratch + r->scratch_size * (size_t)omp_get_thread_num();
}

static qs_status cpu_value(qs_device *device, const qs_value_unit *unit, const volatile int *cancel,
                           char *message, qs_moment *moments) {
  run r;
  qs_status status = qs_value_unit_check(unit, message);
  if (!status) {
    status = run_begin(device, unit->precision, &unit->path, false, message, &r);
  }
  if (status) {
    return status;
  }
  status = run_memory(device, r.kernels->value_scratch(r.law, unit), unit->batch_end - unit->batch_begin,
                      message, &r);
  if (status) {
    return status;
  }
  const size_t stride = (size_t)unit->shift_count * unit->payoff_count * qs_value_unit_quantities(unit);
  const long first = unit->batch_begin, last = unit->batch_end;
#pragma omp parallel for schedule(dynamic, 1) num_threads(r.threads)
  for (long batch = first; batch < last; batch++) {
    if (!stopped(cancel)) {
      r.kernels->value(r.law, unit, (uint32_t)batch, thread_scratch(&r), cancel,
                       moments + (size_t)(batch - first) * stride);
    }
  }
  run_end(&r);
  return stopped(cancel) ? refuse(message, QS_ERROR_CANCELLED, "cancelled") : QS_OK;
}

static qs_status cpu_horizon(qs_device *device, const qs_horizon_unit *unit, const volatile int *cancel,
                             char *message, double *x, double *v) {
  run r;
  qs_status status = qs_horizon_unit_check(unit, message);
  if (!status) {
    status = run_begin(device, unit->precision, &unit->path, false, message, &r);
  }
  if (status) {
    return status;
  }
  const uint64_t lanes = r.kernels->lanes;
  const long blocks = (long)((unit->path_end - unit->path_begin + lanes - 1) / lanes);
  status = run_memory(device, r.kernels->horizon_scratch(unit), (uint64_t)blocks, message, &r);
  if (status) {
    return status;
  }
#pragma omp parallel for schedule(dynamic, 1) num_threads(r.threads)
  for (long block = 0; block < blocks; block++) {
    if (!stopped(cancel)) {
      r.kernels->horizon(r.law, unit, unit->path_begin + (uint64_t)block * lanes, thread_scratch(&r), x, v);
    }
  }
  run_end(&r);
  return stopped(cancel) ? refuse(message, QS_ERROR_CANCELLED, "cancelled") : QS_OK;
}

static qs_status cpu_path(qs_device *device, const qs_path_unit *unit, const volatile int *cancel,
                          char *message, qs_moment *moments) {
  run r;
  qs_status status = qs_path_unit_check(unit, message);
  if (!status) {
    status = run_begin(device, unit->precision, &unit->path, true, message, &r);
  }
  if (status) {
    return status;
  }
  qs_cpu_path *path = r.kernels->path_create(r.law, &r.table, unit);
  if (!path) {
    run_end(&r);
    return refuse(message, QS_ERROR_MEMORY, "out of memory for %u payoffs", unit->payoff_count);
  }
  status = run_memory(device, r.kernels->path_scratch(path, unit), unit->batch_end - unit->batch_begin,
                      message, &r);
  if (status) {
    r.kernels->path_destroy(path);
    return status;
  }
  const size_t stride = (size_t)unit->shift_count * unit->payoff_count * qs_path_unit_quantities(unit);
  const long first = unit->batch_begin, last = unit->batch_end;
#pragma omp parallel for schedule(dynamic, 1) num_threads(r.threads)
  for (long batch = first; batch < last; batch++) {
    if (!stopped(cancel)) {
      r.kernels->path(path, unit, (uint32_t)batch, thread_scratch(&r), cancel,
                      moments + (size_t)(batch - first) * stride);
    }
  }
  r.kernels->path_destroy(path);
  run_end(&r);
  return stopped(cancel) ? refuse(message, QS_ERROR_CANCELLED, "cancelled") : QS_OK;
}

/* The laws of a joint unit's underlyings. */
typedef struct laws {
  qs_table tables[QS_MAX_JOINT];
  qs_cpu_law *laws[QS_MAX_JOINT];
  uint32_t count;
} laws;

static void laws_end(const qs_cpu_kernels *kernels, laws *l) {
  for (uint32_t a = 0; a < l->count; a++) {
    if (l->laws[a]) {
      kernels->law_destroy(l->laws[a]);
    }
    qs_table_free(&l->tables[a]);
  }
  free(l);
}

/* On failure nothing is left to end. */
static qs_status laws_begin(const qs_cpu_kernels *kernels, const qs_joint_unit *unit, char *message,
                            laws **made) {
  laws *l = calloc(1, sizeof *l);
  if (!l) {
    return refuse(message, QS_ERROR_MEMORY, "out of memory for %u underlyings", unit->asset_count);
  }
  qs_status status = QS_OK;
  for (uint32_t a = 0; !status && a < unit->asset_count; a++) {
    qs_path_plan plan = unit->assets[a].path;
    plan.sampling = QS_SAMPLING_PSEUDO; /* the unit draws for all of them */
    status = qs_table_build(&plan, message, &l->tables[a]);
    if (status) {
      break;
    }
    l->count = a + 1;
    qs_table_number(&l->tables[a]);
    l->laws[a] = kernels->law_create(&l->tables[a], &plan, true);
    if (!l->laws[a]) {
      status = refuse(message, QS_ERROR_MEMORY, "out of memory for a law of %u steps", plan.step_count);
    }
  }
  if (status) {
    laws_end(kernels, l);
    return status;
  }
  *made = l;
  return QS_OK;
}

static qs_status cpu_joint(qs_device *device, const qs_joint_unit *unit, const volatile int *cancel,
                           char *message, qs_moment *moments) {
  run r = {.threads = 1,
           .kernels =
               unit->precision == QS_PRECISION_DOUBLE ? device->target->precise : device->target->mixed};
  laws *l = NULL;
  qs_status status = qs_joint_unit_check(unit, message);
  if (!status) {
    status = laws_begin(r.kernels, unit, message, &l);
  }
  if (status) {
    return status;
  }
  qs_cpu_joint *joint = r.kernels->joint_create(unit, l->laws, l->tables);
  status = joint ? run_memory(device, r.kernels->joint_scratch(joint), unit->batch_end - unit->batch_begin,
                              message, &r)
                 : refuse(message, QS_ERROR_MEMORY, "out of memory for %u formulas", unit->payoff_count);
  const size_t stride = (size_t)unit->shift_count * unit->payoff_count * qs_joint_unit_quantities(unit);
  const long first = unit->batch_begin, last = status ? first : (long)unit->batch_end;
#pragma omp parallel for schedule(dynamic, 1) num_threads(r.threads)
  for (long batch = first; batch < last; batch++) {
    if (!stopped(cancel)) {
      r.kernels->joint(joint, (uint32_t)batch, thread_scratch(&r), cancel,
                       moments + (size_t)(batch - first) * stride);
    }
  }
  if (joint) {
    r.kernels->joint_destroy(joint);
  }
  laws_end(r.kernels, l);
  run_end(&r);
  if (status) {
    return status;
  }
  return stopped(cancel) ? refuse(message, QS_ERROR_CANCELLED, "cancelled") : QS_OK;
}

static qs_status cpu_rebalance(qs_device *device, const qs_rebalance_unit *unit, const volatile int *cancel,
                               char *message, double *rows) {
  const qs_cpu_rebalance *kernel = device->target->rebalance;
  run r = {.threads = 1};
  qs_status status = qs_rebalance_unit_check(unit, message);
  const long blocks = status ? 0 : (long)((unit->path_end - unit->path_begin) / QS_LEAF_PATHS);
  if (!status) {
    status = run_memory(device, kernel->scratch(unit), (uint64_t)blocks, message, &r);
  }
  if (status) {
    return status;
  }
#pragma omp parallel for schedule(static) num_threads(r.threads)
  for (long block = 0; block < blocks; block++) {
    if (!stopped(cancel)) {
      kernel->run(unit, unit->path_begin + (uint64_t)block * QS_LEAF_PATHS, thread_scratch(&r), rows);
    }
  }
  free(r.scratch);
  return stopped(cancel) ? refuse(message, QS_ERROR_CANCELLED, "cancelled") : QS_OK;
}

static qs_status cpu_regression(qs_device *device, const qs_regression_unit *unit, const volatile int *cancel,
                                char *message, double *result) {
  const qs_cpu_regression *kernel = device->target->regression;
  run r = {.threads = 1};
  qs_status status = qs_regression_unit_check(unit, message);
  const bool sums = unit->task == QS_REGRESSION_SUM;
  const uint64_t paths = status ? 0 : unit->path_end - unit->path_begin;
  const uint64_t chunk = status ? 1 : sums || unit->chunk_paths < paths ? unit->chunk_paths : paths;
  const long chunks = (long)((paths + chunk - 1) / chunk);
  if (!status) {
    status = run_memory(device, kernel->scratch(unit), (uint64_t)chunks, message, &r);
  }
  if (status) {
    return status;
  }
#pragma omp parallel for schedule(static) num_threads(r.threads)
  for (long i = 0; i < chunks; i++) {
    const uint64_t done = (uint64_t)i * chunk, left = paths - done;
    double *to = result + (sums ? (size_t)i * qs_regression_products(&unit->counts) : done);
    if (!stopped(cancel)) {
      kernel->run(unit, unit->path_begin + done, left < chunk ? left : chunk, thread_scratch(&r), to);
    }
  }
  free(r.scratch);
  return stopped(cancel) ? refuse(message, QS_ERROR_CANCELLED, "cancelled") : QS_OK;
}

const qs_backend *qs_backend_cpu(void) {
  static const qs_backend backend = {.abi = QS_BACKEND_ABI,
                                     .name = "cpu",
                                     .device_count = cpu_count,
                                     .open = cpu_open,
                                     .close = cpu_close,
                                     .describe = cpu_describe,
                                     .value = cpu_value,
                                     .horizon = cpu_horizon,
                                     .path = cpu_path,
                                     .any_sampling = true,
                                     .joint = cpu_joint,
                                     .leverage = true,
                                     .rebalance = cpu_rebalance,
                                     .regression = cpu_regression};
  return &backend;
}
