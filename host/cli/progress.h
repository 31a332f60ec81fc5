/* How far a run has come, on standard error: one line that is redrawn on a terminal, plain lines elsewhere.
 */
#ifndef QS_HOST_CLI_PROGRESS_H
#define QS_HOST_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct progress {
  FILE *file; /* null: say nothing */
  bool terminal;
  const char *stage;                     /* being shown; null before the first */
  double began, stage_began, last_shown; /* seconds of a clock that never steps back */
  uint64_t done, total;
} progress;

/* Shows on `file`, or nowhere when quiet. */
void progress_begin(progress *p, FILE *file, bool terminal, bool quiet);

/* The stage (null: none yet) has done this much at the time `now`. */
void progress_show(progress *p, const char *stage, uint64_t done, uint64_t total, double now);

/* Ends the last stage. */
void progress_end(progress *p, double now);

/* Seconds of a clock that never steps back. */
double progress_clock(void);

#endif
