#define _POSIX_C_SOURCE 200809L /* threads */
/* A run on a thread of its own, polled and cancelled from another. */
#include <pthread.h>
#include <string.h>

#include "host/api/engine.h"

struct qs_job {
  qs_engine *engine;
  const qs_inputs *inputs;
  uint32_t sections;
  qs_progress_callback progress; /* the engine's own, called on */
  void *progress_data;
  pthread_t thread;
  pthread_mutex_t mutex; /* guards state and results */
  qs_job_state state;
  const qs_results *results;
  bool joined;
};

static void note_progress(void *data, const char *stage, uint64_t done, uint64_t total) {
  qs_job *job = data;
  pthread_mutex_lock(&job->mutex);
  job->state.stage = stage;
  job->state.done = done;
  job->state.total = total;
  pthread_mutex_unlock(&job->mutex);
  if (job->progress) {
    job->progress(job->progress_data, stage, done, total);
  }
}

static void *work(void *data) {
  qs_job *job = data;
  const qs_results *results = NULL;
  qs_status status = qs_run(job->engine, job->inputs, job->sections, &results);
  pthread_mutex_lock(&job->mutex);
  job->state.finished = true;
  job->state.status = status;
  job->results = status ? NULL : results;
  pthread_mutex_unlock(&job->mutex);
  return NULL;
}

qs_status qs_job_start(qs_engine *engine, const qs_inputs *inputs, uint32_t sections, qs_job **job) {
  qs_context *context = &engine->context;
  qs_job *made = context->allocator.allocate(context->allocator.data, sizeof *made);
  if (!made) {
    return qs_fail_memory(context, "starting a job");
  }
  memset(made, 0, sizeof *made);
  made->engine = engine;
  made->inputs = inputs;
  made->sections = sections;
  made->progress = context->progress;
  made->progress_data = context->progress_data;
  made->state.struct_size = sizeof made->state;
  pthread_mutex_init(&made->mutex, NULL);
  context->progress = note_progress;
  context->progress_data = made;
  __atomic_store_n(&engine->cancel, 0, __ATOMIC_RELAXED);
  if (pthread_create(&made->thread, NULL, work, made) != 0) {
    context->progress = made->progress;
    context->progress_data = made->progress_data;
    pthread_mutex_destroy(&made->mutex);
    context->allocator.release(context->allocator.data, made);
    return qs_fail(context, QS_ERROR_MEMORY, "no thread could be started for the job");
  }
  *job = made;
  return QS_OK;
}

void qs_job_poll(qs_job *job, qs_job_state *state) {
  uint32_t size = state->struct_size;
  pthread_mutex_lock(&job->mutex);
  memcpy(state, &job->state, size && size < sizeof job->state ? size : sizeof job->state);
  pthread_mutex_unlock(&job->mutex);
  state->struct_size = size;
}

void qs_job_cancel(qs_job *job) {
  __atomic_store_n(&job->engine->cancel, 1, __ATOMIC_RELAXED);
}

static void join(qs_job *job) {
  if (!job->joined) {
    pthread_join(job->thread, NULL);
    job->joined = true;
    job->engine->context.progress = job->progress;
    job->engine->context.progress_data = job->progress_data;
    __atomic_store_n(&job->engine->cancel, 0, __ATOMIC_RELAXED);
  }
}

qs_status qs_job_wait(qs_job *job, const qs_results **results) {
  join(job);
  if (!job->state.status) {
    *results = job->results;
    job->results = NULL;
  }
  return job->state.status;
}

void qs_job_destroy(qs_job *job) {
  if (!job) {
    return;
  }
  if (!job->joined) {
    qs_job_cancel(job);
    join(job);
  }
  qs_results_destroy(job->results);
  qs_allocator allocator = job->engine->context.allocator;
  pthread_mutex_destroy(&job->mutex);
  allocator.release(allocator.data, job);
}
