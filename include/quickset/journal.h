/*
 * quickset: a journal, so that a run that was killed goes on from what it had finished.
 *
 *   qs_journal_open(engine, &spec);     takes the place; with spec.resume, reads what is there
 *   qs_run(engine, ...);                finished pieces of work are kept and not computed twice
 *   qs_results_write(engine, ...);
 *   qs_journal_close(engine, true);     the results are there: the journal is not needed any more
 *
 * A piece of work is a range of batches of the paths of one unit: values and Greeks of trades, under shocks
 * too. It is found by a digest of all that it depends on, never by its number, so a result is only ever used
 * for what it is the result of, and a resumed run gives the same bits as one that was never interrupted.
 * Kept too is the solution of early exercise. Not kept, and computed again: calibrations, and paths of states
 * (risk, hedging over time), which have a number for every path.
 *
 * Shares: where spec.shares is more than 1, qs_run computes this share of the work (of every unit a range of
 * batches) into the file spec.path and has no results: *results is set to null. Any number of machines may
 * each compute a share; a run with all their files in spec.merged finds that done and computes the rest, such
 * as what depends on results, and gives the bits that a run alone gives. Which shares are there, and whether
 * they are of one cut, does not matter to the results. What is not kept (above) is computed by every share as
 * far as it needs it, and by the merging run.
 *
 * With a target_std_error the paths of later rounds depend on what all shares of a round found. A share
 * computes its part of the first round of which something is missing in what it reads, and
 * qs_journal_info.more says that another round may be needed: all shares again, each into a file of its own,
 * with all files so far in spec.merged, until none says so. A run that merges fewer rounds computes the
 * others.
 *
 * What was computed is in the file at most a quarter of a second later, and survives the end of the process
 * at any instant. The file is synced to its disk when something is written and spec.sync_seconds have passed
 * since the last time, but never for more than a fiftieth of the time; and when it is closed and stays. So a
 * machine that loses power costs some ten seconds of work, and what its system holds back while nothing is
 * written (half a minute on Linux). A record that is cut
 * off at the file's end is left out in silence; a journal that is damaged elsewhere, or that belongs to other
 * inputs, other sections or another version, is refused.
 */
#ifndef QUICKSET_JOURNAL_H
#define QUICKSET_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quickset/engine.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_journal_spec {
  uint32_t struct_size;
  const char *path;   /* of the file; null: hidden, beside `folder` */
  const char *folder; /* a folder of results, such as qs_results_write is given: out has .out.journal */
  const char *inputs; /* one line, at most 79 bytes, that tells these inputs from others, such as
                         qs_config_fingerprint; null: none, nothing is refused for other inputs */
  uint32_t sections;  /* those that will be run (bit mask of qs_section) */
  bool resume;        /* go on from the file where it is there; false: replace it */
  const char *const *merged; /* [merged_count]: files of other journals of the same run that are read too */
  size_t merged_count;
  uint32_t share,
      shares;          /* with shares > 1 a run computes share 0 .. shares - 1 of its work alone: see below */
  double sync_seconds; /* 10 by qs_journal_spec_init; 0: after every write; infinite: left to the system */
} qs_journal_spec;

typedef struct qs_journal_info {
  uint32_t struct_size;
  bool found;        /* a file was there */
  uint64_t held;     /* pieces of work that were read from it */
  uint64_t recalled; /* how many results were taken from it */
  uint64_t kept;     /* pieces that were added to it and written */
  uint64_t synced;   /* times that it was synced */
  bool more;         /* the last share that was computed is not the last: see above */
} qs_journal_info;

QS_API void qs_journal_spec_init(qs_journal_spec *spec);

/* Every qs_run and job of the engine uses the journal until it is closed; one at a time. Its file is made
 * with the first piece; the folders above it, and a lock beside it, which keep another run out, at once.
 * Errors: QS_ERROR_USAGE when the engine has one already or the spec names no place, QS_ERROR_IO when another
 * run writes there (the message has its process number) or the system refuses, QS_ERROR_INPUT when what is to
 * be resumed is no journal, is damaged or belongs to another run, QS_ERROR_MEMORY. A run whose journal cannot
 * be written ends with QS_ERROR_IO; what the file held before stays. */
QS_API qs_status qs_journal_open(qs_engine *engine, const qs_journal_spec *spec);

/* What the engine's journal has; all zero where it has none. */
QS_API void qs_journal_state(const qs_engine *engine, qs_journal_info *info);

/* Closes it, if there is one, and removes its file or leaves it to be resumed. qs_engine_destroy leaves it.
 */
QS_API void qs_journal_close(qs_engine *engine, bool remove);

#ifdef __cplusplus
}
#endif
#endif
