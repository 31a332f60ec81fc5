/*
 * quickset: every GPU in a process of its own. Some errors of a GPU cannot be cleared in the process that met
 * them; a worker process is replaced instead, and the run goes on with the same bits.
 *
 * An engine whose qs_engine_spec.worker_program names a program starts that program once for every GPU, and
 * talks to it over a socket and shared memory, the descriptors 3 and 4; it has no other, and its standard
 * input and output are the null device. A worker that dies, does not answer or reports that its device is
 * lost is replaced, up to three times for one piece of work and sixteen times in all; then the device counts
 * as failed, and the others go on. Workers end with their engine, however that ends.
 */
#ifndef QUICKSET_WORKER_H
#define QUICKSET_WORKER_H

#include <stdbool.h>

#include "quickset/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Called first in main by a program that qs_engine_spec.worker_program names. False where the program was not
 * started as a worker; else the worker has done its work, and main returns *code. */
QS_API bool qs_worker_main(int count, char **arguments, int *code);

#ifdef __cplusplus
}
#endif
#endif
