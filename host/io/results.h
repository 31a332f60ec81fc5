/*
 * Results as texts and as a folder: the implementation of qs_results_json and qs_results_write.
 */
#ifndef QS_HOST_IO_RESULTS_H
#define QS_HOST_IO_RESULTS_H

#include <stdbool.h>

#include "host/base/context.h"
#include "host/io/buffer.h"
#include "quickset/inputs.h"
#include "quickset/results.h"

#ifdef __cplusplus
extern "C" {
#endif

/* results.json as text, owned by the caller through the context's allocator. With `include_run_info` devices
 * and times stand in it too; without, equal results give equal texts. */
qs_status qs_results_to_json(qs_context *context, const qs_results *results, bool include_run_info,
                             char **text);

/* Writes the folder whole or not at all, as qs_results_write says. `config` may be null. QS_ERROR_INPUT when
 * the path is taken by something else than results, QS_ERROR_IO when the disk is full or another run is
 * writing there, QS_ERROR_MEMORY, QS_ERROR_CANCELLED. */
qs_status qs_results_write_folder(qs_context *context, const qs_results *results, const qs_config *config,
                                  const char *path);

/* Whether it would take the folder; changes nothing. */
qs_status qs_results_folder_check(qs_context *context, const char *path);

/* One file of a results folder. */
typedef struct qs_results_file {
  const char *name;
  bool (*present)(const qs_results *results); /* null: always */
  void (*write)(qs_buffer *buffer, const qs_results *results);
} qs_results_file;

/* The CSV files and a kept policy, in the order written; the last is followed by one without a name. */
extern const qs_results_file qs_results_csv_files[];

/* A file that was written. */
typedef struct qs_written_file {
  const char *name;
  size_t size;
  char sha256[65];
} qs_written_file;

/* manifest.json. `config` may be null. */
void qs_manifest_write(qs_buffer *buffer, const qs_results *results, const qs_config *config,
                       const qs_written_file *files, size_t file_count);

/* An estimate as two cells, and the names of its two columns. */
void qs_csv_estimate(qs_buffer *buffer, qs_estimate value);
void qs_csv_name_estimate(qs_buffer *buffer, const char *prefix, const char *name);

/* simulate.csv has a row per policy; on request, simulate_attribution.csv one per part of the position's
 * gain, simulate_pnl.csv one per path and a column per policy. */
void qs_csv_simulate(qs_buffer *buffer, const qs_results *results);
void qs_csv_simulate_attribution(qs_buffer *buffer, const qs_results *results);
void qs_csv_simulate_pnl(qs_buffer *buffer, const qs_results *results);

/* backtest_policies.csv has a row per policy, backtest.csv one per policy and step. */
void qs_csv_backtest_policies(qs_buffer *buffer, const qs_results *results);
void qs_csv_backtest(qs_buffer *buffer, const qs_results *results);

/* Sections of the JSON document, under their keys. */
void qs_json_estimate(qs_buffer *buffer, const char *key, qs_estimate value);
void qs_json_time(qs_buffer *buffer, const char *key, qs_time time); /* null for 0 */
/* `untrusted`: bits as present. */
void qs_json_greeks(qs_buffer *buffer, const char *key, const qs_greeks *greeks, uint32_t untrusted);
void qs_json_trust(qs_buffer *buffer, bool trusted, const char *why);
void qs_json_levels(qs_buffer *buffer, const qs_risk_level *levels, size_t count);
void qs_json_texts(qs_buffer *buffer, const char *key, const char *const *texts, size_t count);
void qs_json_calibration(qs_buffer *buffer, const qs_results *results);
void qs_json_risk(qs_buffer *buffer, const qs_results *results);
void qs_json_stress(qs_buffer *buffer, const qs_results *results);
void qs_json_hedge(qs_buffer *buffer, const qs_results *results);
void qs_json_simulate(qs_buffer *buffer, const qs_results *results);
void qs_json_backtest(qs_buffer *buffer, const qs_results *results);
void qs_json_run_info(qs_buffer *buffer, const qs_results *results);

#ifdef __cplusplus
}
#endif
#endif
