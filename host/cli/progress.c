#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include "host/cli/progress.h"

#include <string.h>
#include <time.h>

static const double terminal_interval = 0.1;
static const double plain_interval = 10;

double progress_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void progress_begin(progress *p, FILE *file, bool terminal, bool quiet) {
  memset(p, 0, sizeof *p);
  p->file = quiet ? NULL : file;
  p->terminal = terminal;
  p->began = progress_clock();
}

/* "1.2k/s" */
static void format_rate(double rate, char text[16]) {
  const char *unit = rate >= 1e9 ? "G" : rate >= 1e6 ? "M" : rate >= 1e3 ? "k" : "";
  double scale = rate >= 1e9 ? 1e9 : rate >= 1e6 ? 1e6 : rate >= 1e3 ? 1e3 : 1;
  snprintf(text, 16, "%.3g%s/s", rate / scale, unit);
}

static void format_seconds(double seconds, char text[16]) {
  if (seconds < 100) {
    snprintf(text, 16, "%.1f s", seconds);
  } else if (seconds < 360000) {
    snprintf(text, 16, "%d:%02d:%02d", (int)(seconds / 3600), (int)(seconds / 60) % 60, (int)seconds % 60);
  } else {
    snprintf(text, 16, "long");
  }
}

static void draw(progress *p, double now) {
  double elapsed = now - p->stage_began;
  double share = p->total ? (double)p->done / (double)p->total : 0;
  char rate[16] = "";
  char left[16] = "";
  if (p->done && elapsed > 0) {
    format_rate((double)p->done / elapsed, rate);
    format_seconds(elapsed * (1 - share) / share, left);
  }
  fprintf(p->file, "%s%-16s %3.0f%%  %llu of %llu%s%s%s%s%s", p->terminal ? "\r\033[K" : "", p->stage,
          100 * share, (unsigned long long)p->done, (unsigned long long)p->total, rate[0] ? "  " : "", rate,
          left[0] ? "  " : "", left, left[0] ? " left" : "");
  fputs(p->terminal ? "" : "\n", p->file);
  fflush(p->file);
  p->last_shown = now;
}

static void end_stage(progress *p, double now) {
  char took[16];
  format_seconds(now - p->stage_began, took);
  fprintf(p->file, "%s%-16s done in %s\n", p->terminal ? "\r\033[K" : "", p->stage, took);
  fflush(p->file);
}

void progress_show(progress *p, const char *stage, uint64_t done, uint64_t total, double now) {
  if (!p->file || !stage) {
    return;
  }
  bool changed = !p->stage || strcmp(p->stage, stage) != 0;
  if (changed) {
    if (p->stage) {
      end_stage(p, now);
    }
    p->stage = stage;
    p->stage_began = now;
    p->last_shown = now;
  }
  p->done = done;
  p->total = total;
  if (now - p->last_shown >= (p->terminal ? terminal_interval : plain_interval) || (changed && p->terminal)) {
    draw(p, now);
  }
}

void progress_end(progress *p, double now) {
  if (p->file && p->stage) {
    end_stage(p, now);
  }
  p->stage = NULL;
}
