/* What a trader reads after a run: tables on standard output. */
#ifndef QS_HOST_CLI_SUMMARY_H
#define QS_HOST_CLI_SUMMARY_H

#include <stdio.h>

#include "quickset/results.h"

/* The whole summary; `folder` is where the results lie (null: they were not written). */
void summary_print(FILE *file, const qs_results *results, const char *config, const char *folder);

/* Its parts. Each prints nothing when the results have nothing of it. */
void summary_calibration(FILE *file, const qs_results *results);
void summary_value(FILE *file, const qs_results *results);
void summary_risk(FILE *file, const qs_results *results);
void summary_stress(FILE *file, const qs_results *results);
void summary_hedge(FILE *file, const qs_results *results);
void summary_simulate(FILE *file, const qs_results *results);
void summary_backtest(FILE *file, const qs_results *results);

/* "2026-08-01 17:58:04 UTC" without seconds where they are 0, into text[32]. */
void format_time(qs_time time, char text[32]);

/* "(not trusted: why)" on a line of its own, where it is so. */
void print_trust(FILE *file, bool trusted, const char *why);

#endif
