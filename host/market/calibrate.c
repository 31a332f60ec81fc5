#include <math.h>
#include <omp.h>

#include "host/base/exchange.h"
#include "host/market/build.h"
#include "host/market/common_jumps.h"
#include "host/market/fit_range.h"
#include "host/market/fit_refine.h"
#include "host/market/fit_report.h"
#include "host/market/fit_shift.h"
#include "host/market/fit_start.h"
#include "host/market/market.h"

enum {
  CHOSEN = 3,
  FINE = 2 * CHOSEN,
  STARTS = QS_FIT_MAX_STARTS + 1
}; /* the given values are one start more */

/* Coarse descents end when the objective moves by less than a thousandth: enough to tell one minimum from
 * another. */
static const qs_fit_settings coarse_settings = {1e-8, 1e-3, 60};
static const qs_fit_settings fine_settings = {1e-10, 1e-8, 300};
static const double same_minimum = 0.002; /* relative, of coarse objectives */

/* One underlying's fit. */
typedef struct job {
  qs_underlying_market *market;
  qs_fit_problem problem, base_problem;
  qs_fit_problem
      search;    /* where a shift is fitted: the problem without it, to find starts on; else problem */
  bool searched; /* has the quotes that a search needs */
  qs_model base_start, starts[STARTS], fine_starts[FINE];
  qs_fit_outcome base, coarse[STARTS], fine[FINE];
  size_t start_count, fine_count;
} job;

/* One descent. */
typedef struct task {
  const qs_fit_problem *problem;
  const qs_model *start;
  const qs_fit_settings *settings;
  qs_fit_outcome *outcome;
} task;

typedef struct calibration {
  qs_context *context;
  qs_arena *arena;
  job *jobs;
  size_t job_count;
  qs_fit_descent *descents; /* [context->threads], large enough for every problem */
  task *tasks;
  size_t task_count;
  uint64_t done, total; /* for progress */
} calibration;

/* Gives each process of a team the others' outcomes. */
static qs_status share_outcomes(calibration *all, qs_status own) {
  qs_arena *arena = all->context->exchange ? qs_arena_create(all->context) : NULL;
  qs_fit_outcome *outcomes = arena ? QS_NEW(arena, all->task_count, qs_fit_outcome) : NULL;
  if (!outcomes) {
    qs_arena_destroy(arena);
    return all->context->exchange ? qs_fail_memory(all->context, "calibrating") : own;
  }
  for (size_t i = 0; i < all->task_count; i++) {
    outcomes[i] = *all->tasks[i].outcome;
  }
  const qs_exchange_rows list = {
      .first = outcomes, .rows = 1, .item_bytes = sizeof *outcomes, .items = all->task_count};
  qs_status status = qs_exchange_all(all->context, "calibrate", &list, 1, own);
  for (size_t i = 0; i < all->task_count; i++) {
    *all->tasks[i].outcome = outcomes[i];
  }
  qs_arena_destroy(arena);
  return status;
}

/* Runs the tasks on all threads, of a team on those of all. Each is independent of the others and of the
 * thread that runs it. */
static qs_status run_tasks(calibration *all) {
  qs_context *context = all->context;
  uint64_t finished = 0, begin, end;
  qs_exchange_range(context, all->task_count, &begin, &end);
#pragma omp parallel for num_threads(context->threads) schedule(dynamic)
  for (uint64_t i = begin; i < end; i++) {
    const task *todo = &all->tasks[i];
    if (qs_cancelled(context)) {
      continue;
    }
    *todo->outcome =
        qs_fit_descend(todo->problem, todo->start, todo->settings, &all->descents[omp_get_thread_num()]);
    uint64_t now = 0;
#pragma omp atomic capture
    now = ++finished;
    if (omp_get_thread_num() == 0) { /* the calling thread */
      qs_progress(context, "calibrate", all->done + now, all->total);
    }
  }
  qs_status status =
      qs_cancelled(context) ? qs_fail(context, QS_ERROR_CANCELLED, "cancelled while calibrating") : QS_OK;
  status = share_outcomes(all, status);
  all->done += all->task_count;
  all->task_count = 0;
  return status;
}

static void add_task(calibration *all, const qs_fit_problem *problem, const qs_model *start,
                     const qs_fit_settings *settings, qs_fit_outcome *outcome) {
  all->tasks[all->task_count++] = (task){problem, start, settings, outcome};
}

/* A model that stands in where there is nothing to fit to: the given values, else ordinary ones. */
static qs_model stand_in(const qs_underlying_spec *spec) {
  qs_model model = {.type = spec->model.type,
                    .value = {[QS_V0] = 0.25,
                              [QS_KAPPA] = 4,
                              [QS_THETA] = 0.25,
                              [QS_XI] = 1,
                              [QS_RHO] = -0.3,
                              [QS_LAMBDA] = 0.5,
                              [QS_MU_J] = -0.05,
                              [QS_SIGMA_J] = 0.15,
                              [QS_MU_V] = 0.1,
                              [QS_RHO_J] = -0.1,
                              [QS_P] = 0.4,
                              [QS_ETA1] = 10,
                              [QS_ETA2] = 10,
                              [QS_SIGMA] = 0.5}};
  for (unsigned i = 0; i < QS_PARAMETER_COUNT; i++) {
    model.value[i] = spec->given >> i & 1 ? spec->model.value[i] : model.value[i];
  }
  return model;
}

/* The starts that the smile suggests, and one from the values given over the first of them. */
static void collect_starts(job *j) {
  const qs_underlying_spec *spec = j->market->spec;
  bool has_base = isfinite(j->base.objective);
  j->start_count = qs_fit_starts(&j->problem, has_base ? &j->base.model : &j->base_start, j->starts);
  uint32_t given = spec->given & qs_model_parameters(spec->model.type);
  if (given) {
    qs_model start = j->starts[0];
    for (unsigned i = 0; i < QS_PARAMETER_COUNT; i++) {
      start.value[i] = given >> i & 1 ? spec->model.value[i] : start.value[i];
    }
    j->starts[j->start_count++] = start;
  }
}

/* A start for the fine descents; where a shift is fitted, two: one with room for it below. */
static void add_fine(job *j, const qs_model *model) {
  static const double below = 0.7;
  j->fine_starts[j->fine_count++] = *model;
  if (j->problem.shifted) {
    qs_model *lower = &j->fine_starts[j->fine_count++];
    *lower = *model;
    lower->value[QS_V0] *= below;
    lower->value[QS_THETA] *= below;
    lower->value[QS_SIGMA] *= sqrt(below);
  }
}

/* The best coarse outcomes that are not the same minimum, as starts for the fine descents. */
static void choose_fine(job *j) {
  bool taken[STARTS] = {false};
  double last = -INFINITY;
  j->fine_count = 0;
  for (int chosen = 0; chosen < CHOSEN; chosen++) {
    size_t best = STARTS;
    for (size_t i = 0; i < j->start_count; i++) {
      double objective = j->coarse[i].objective;
      bool new_minimum = objective > last + same_minimum * fabs(last) || isinf(last);
      if (!taken[i] && new_minimum && isfinite(objective) &&
          (best == STARTS || objective < j->coarse[best].objective)) {
        best = i;
      }
    }
    if (best == STARTS) {
      return;
    }
    if (chosen == 0 && j->problem.shifted) {
      qs_fit_shift_centre(&j->problem, &j->coarse[best].model);
    }
    taken[best] = true;
    last = j->coarse[best].objective;
    add_fine(j, &j->coarse[best].model);
  }
}

/* Base fits, coarse descents from every start, fine ones from the best. */
static qs_status search(calibration *all) {
  for (size_t i = 0; i < all->job_count; i++) {
    job *j = &all->jobs[i];
    if (j->searched) {
      j->base_start = qs_fit_base_start(&j->base_problem);
      add_task(all, &j->base_problem, &j->base_start, &coarse_settings, &j->base);
    }
  }
  qs_status status = run_tasks(all);
  for (size_t i = 0; i < all->job_count && status == QS_OK; i++) {
    job *j = &all->jobs[i];
    if (j->searched) {
      collect_starts(j);
    }
    for (size_t s = 0; s < j->start_count; s++) {
      add_task(all, &j->search, &j->starts[s], &coarse_settings, &j->coarse[s]);
    }
  }
  status = status == QS_OK ? run_tasks(all) : status;
  for (size_t i = 0; i < all->job_count && status == QS_OK; i++) {
    job *j = &all->jobs[i];
    choose_fine(j);
    for (size_t f = 0; f < j->fine_count; f++) {
      add_task(all, &j->problem, &j->fine_starts[f], &fine_settings, &j->fine[f]);
    }
  }
  return status == QS_OK ? run_tasks(all) : status;
}

/* Refines the best outcome and reports it. */
static qs_status finish(calibration *all, job *j) {
  qs_context *context = all->context;
  size_t best = 0;
  for (size_t f = 1; f < j->fine_count; f++) {
    best = j->fine[f].objective < j->fine[best].objective ? f : best;
  }
  qs_fit_curvature curvature;
  bool fitted = j->fine_count > 0 && isfinite(j->fine[best].objective) &&
                qs_fit_refine(&j->problem, all->descents, context->threads, &j->fine[best], &curvature);
  if (fitted) {
    return qs_fit_report(context, all->arena, &j->problem, all->descents, &j->fine[best], &curvature,
                         j->market);
  }
  qs_model model = stand_in(j->market->spec);
  const char *why = "no start of the search could be priced";
  if (!j->searched) {
    why = qs_arena_printf(all->arena, "too few quotes: %zu where %s needs %zu", j->problem.quote_count,
                          qs_model_name(j->problem.type), qs_fit_least_quotes(&j->problem));
  }
  return why ? qs_fit_report_failure(context, all->arena, &j->problem, &model, why, j->market)
             : qs_fail_memory(context, "reporting a calibration");
}

static qs_status create_problems(calibration *all, qs_market *market, size_t *most_quotes,
                                 size_t *most_slices) {
  for (size_t i = 0; i < market->underlying_count; i++) {
    job *j = &all->jobs[i];
    j->market = &market->underlyings[i];
    qs_model_type type = j->market->spec->model.type;
    qs_status status = qs_fit_problem_create(all->context, all->arena, j->market, market->as_of, type,
                                             j->market->spec->fit_shift, &j->problem);
    if (status == QS_OK) {
      status =
          qs_fit_problem_create(all->context, all->arena, j->market, market->as_of, type, false, &j->search);
    }
    if (status == QS_OK) {
      status = qs_fit_problem_create(all->context, all->arena, j->market, market->as_of,
                                     qs_fit_base_type(type), false, &j->base_problem);
    }
    if (status != QS_OK) {
      return status;
    }
    if (j->problem.shifted && j->problem.slice_count > QS_MAX_SHIFT_PIECES) {
      return qs_fail(all->context, QS_ERROR_INPUT,
                     "%s: model.shift: the quotes have %zu expiries; at most %d", j->market->name,
                     j->problem.slice_count, QS_MAX_SHIFT_PIECES);
    }
    j->searched = j->market->spec->calibrate && j->problem.quote_count >= j->problem.parameter_count;
    *most_quotes = j->problem.quote_count > *most_quotes ? j->problem.quote_count : *most_quotes;
    *most_slices = j->problem.slice_count > *most_slices ? j->problem.slice_count : *most_slices;
  }
  return QS_OK;
}

static qs_status create_descents(calibration *all, size_t quotes, size_t slices) {
  const qs_fit_problem largest = {.quote_count = quotes,
                                  .residual_count = quotes + slices + QS_FIT_MAX_PARAMETERS,
                                  .slice_count = slices,
                                  .parameter_count = QS_FIT_MAX_PARAMETERS};
  size_t threads = (size_t)all->context->threads;
  all->descents = QS_NEW(all->arena, threads, qs_fit_descent);
  all->tasks = QS_NEW(all->arena, all->job_count * STARTS, task);
  if (!all->descents || !all->tasks) {
    return qs_fail_memory(all->context, "preparing a calibration");
  }
  for (size_t t = 0; t < threads; t++) {
    qs_status status = qs_fit_descent_create(all->context, all->arena, &largest, &all->descents[t]);
    if (status != QS_OK) {
      return status;
    }
  }
  return QS_OK;
}

qs_status qs_market_calibrate(qs_context *context, qs_arena *arena, qs_market *market) {
  calibration all = {.context = context, .arena = arena, .job_count = market->underlying_count};
  size_t quotes = 0, slices = 0;
  all.jobs = QS_NEW(arena, all.job_count, job);
  if (!all.jobs) {
    return qs_fail_memory(context, "preparing a calibration");
  }
  qs_status status = create_problems(&all, market, &quotes, &slices);
  if (status == QS_OK) {
    status = create_descents(&all, quotes, slices);
  }
  all.total = all.job_count * (1 + STARTS + FINE);
  if (status == QS_OK) {
    status = search(&all);
  }
  for (size_t i = 0; i < all.job_count && status == QS_OK; i++) {
    job *j = &all.jobs[i];
    status = j->market->spec->calibrate
                 ? finish(&all, j)
                 : qs_fit_report_given(context, arena, &j->problem, &all.descents[0], j->market);
  }
  if (status == QS_OK && market->full) {
    status = qs_correlation_check(context, arena, market, true);
  }
  if (status == QS_OK) {
    status = qs_common_jumps_check(context, market, true);
  }
  if (status == QS_OK) {
    qs_progress(context, "calibrate", all.total, all.total);
  }
  return status;
}
