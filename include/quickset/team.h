/*
 * quickset: one run by several processes, on one machine or many: each computes its share of every order of
 * work, then all get the others' results. The bits are those of a run alone, whatever their number.
 *
 * The library knows nothing of how they talk: the caller gives a function that does, such as quickset-mpi's
 * over MPI. Every process makes the same calls with the same inputs; the first one (rank 0) alone writes
 * results.
 */
#ifndef QUICKSET_TEAM_H
#define QUICKSET_TEAM_H

#include <stddef.h>
#include <stdint.h>

#include "quickset/engine.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_team {
  uint32_t struct_size;
  uint32_t rank, ranks; /* this process, 0 .. ranks - 1; 1 to 4,096 of them */
  /* Called by every process in the same sequence with the same sizes, from the thread that runs. `bytes` has
   * a part for every rank, of sizes[rank] bytes, one after the other; it has filled its own and is given the
   * others'. 0: done; anything else ends the run with QS_ERROR_DEVICE. */
  int (*gather)(void *data, void *bytes, const size_t *sizes);
  void *data;
} qs_team;

QS_API void qs_team_init(qs_team *team);

/* Makes the engine part of the team (copied), for all its runs; before qs_journal_open, and not for one that
 * has shares. A journal beside a folder of results is then one file for each process, of which each reads all
 * when it resumes; let none run before all have opened theirs. A run ends with QS_ERROR_DEVICE when another
 * process's has failed or does other work, with QS_ERROR_CANCELLED when it was cancelled; a process that
 * fails between two orders must end the others itself. QS_ERROR_USAGE for numbers that make no sense. */
QS_API qs_status qs_team_join(qs_engine *engine, const qs_team *team);

#ifdef __cplusplus
}
#endif
#endif
