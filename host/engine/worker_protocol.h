/*
 * What a worker process and the engine that started it say to each other; for the files of this folder alone.
 * Orders and replies are packets of a socket; units and results lie in memory that both map: first the
 * header, then the unit (unit_wire.h), then its result.
 */
#ifndef QS_HOST_ENGINE_WORKER_PROTOCOL_H
#define QS_HOST_ENGINE_WORKER_PROTOCOL_H

#include "host/base/digest.h"
#include "host/engine/unit_wire.h"
#include "kernels/backend.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  QS_WORKER_SOCKET = 3, /* the worker's descriptors */
  QS_WORKER_MEMORY = 4,
  QS_WORKER_HEADER = 4096
};

#define QS_WORKER_ARGUMENT "--device-worker"

typedef struct qs_worker_header {
  volatile int cancel; /* set by the engine while a unit runs */
} qs_worker_header;

typedef enum qs_worker_task {
  QS_WORKER_COUNT, /* how many devices there are, and what their backend takes */
  QS_WORKER_OPEN,  /* the device `index` */
  QS_WORKER_RUN    /* a unit */
} qs_worker_task;

typedef struct qs_worker_order {
  qs_digest build; /* both sides must be of one build */
  qs_worker_task task;
  uint32_t index;
  int threads;
  qs_unit_kind kind;
  uint64_t unit_size, result_size, mapped; /* mapped: bytes of the memory now */
} qs_worker_order;

typedef struct qs_worker_reply {
  qs_status status;
  uint32_t count;
  qs_backend backend; /* its functions tell what is there by not being null */
  qs_device_info info;
  char message[QS_DEVICE_TEXT];
} qs_worker_reply;

/* Of this build: interface and layout of what is exchanged. */
qs_digest qs_worker_build(void);

/* Does what it is told over the two descriptors until the engine closes its side. `backend` may be null, with
 * the reason. Exit status of the process. */
int qs_worker_serve(const qs_backend *backend, const char *reason);

#ifdef __cplusplus
}
#endif
#endif
