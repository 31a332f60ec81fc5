/* What a set of devices is made of; for the files of this folder alone. */
#ifndef QS_HOST_ENGINE_DEVICE_SET_H
#define QS_HOST_ENGINE_DEVICE_SET_H

#include "host/base/arena.h"
#include "host/engine/backends.h"

typedef struct open_device {
  const qs_backend *backend;
  qs_device *handle;
  bool apart;  /* driven by a worker process */
  double rate; /* expected cost units a second, see scheduler.c; learnt from what it has done */
  qs_device_report report;
} open_device;

struct qs_devices {
  qs_arena *arena;
  open_device *items;
  size_t count;
  void *plugin; /* dlopen's handle of the CUDA plug-in, or null */
  const char *notes;
};

#endif
