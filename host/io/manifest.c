/* manifest.json: what the results came from and who made them. */
#include <time.h>

#include "host/io/config.h"
#include "host/io/results.h"

static void write_sections(qs_buffer *b, const qs_results *r) {
  bool calibrated = false;
  for (size_t i = 0; i < r->calibration_count; i++) {
    calibrated = calibrated || r->calibration[i].calibrated;
  }
  const struct {
    bool present;
    const char *name;
  } sections[] = {{calibrated, "calibrate"},        {r->valued, "value"},
                  {r->risk.present, "risk"},        {r->stress.present, "stress"},
                  {r->hedge.present, "hedge"},      {r->simulate.present, "simulate"},
                  {r->backtest.present, "backtest"}};
  qs_json_open(b, "sections", '[', true);
  for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
    if (sections[i].present) {
      qs_json_text(b, NULL, sections[i].name);
    }
  }
  qs_json_close(b);
}

static void write_inputs(qs_buffer *b, const qs_config *config) {
  qs_json_open(b, "inputs", '[', false);
  for (size_t i = 0; config && i < qs_config_file_count(config); i++) {
    const char *path = NULL;
    const char *sha256 = NULL;
    qs_config_file(config, i, &path, &sha256);
    qs_json_open(b, NULL, '{', true);
    qs_json_text(b, "path", path);
    qs_json_count(b, "bytes", qs_config_file_size(config, i));
    qs_json_text(b, "sha256", sha256);
    qs_json_close(b);
  }
  qs_json_close(b);
}

static void write_overrides(qs_buffer *b, const qs_config *config) {
  qs_json_open(b, "overrides", '[', false);
  for (size_t i = 0; config && i < qs_config_override_count(config); i++) {
    qs_json_text(b, NULL, qs_config_override(config, i));
  }
  qs_json_close(b);
}

static void write_counts_in(qs_buffer *b, const qs_inputs *in) {
  size_t quotes = 0;
  for (size_t i = 0; i < in->underlying_count; i++) {
    quotes += in->underlyings[i].quote_count;
  }
  qs_json_open(b, "counts_in", '{', true);
  qs_json_count(b, "underlyings", in->underlying_count);
  qs_json_count(b, "quotes", quotes);
  qs_json_count(b, "positions", in->position_count);
  qs_json_count(b, "trades", in->trade_count);
  qs_json_count(b, "cash", in->cash_count);
  qs_json_count(b, "history", in->risk.history_count);
  qs_json_count(b, "scenarios", in->stress.scenario_count);
  qs_json_count(b, "policies", in->simulate.policy_count);
  qs_json_count(b, "recorded_prices", in->backtest.record.count);
  qs_json_count(b, "backtest_policies", in->backtest.policy_count);
  qs_json_count(b, "limits", in->limit_count);
  qs_json_close(b);
}

static void write_counts_out(qs_buffer *b, const qs_results *r) {
  size_t used = 0;
  size_t excluded = 0;
  size_t untrusted = 0;
  for (size_t i = 0; i < r->calibration_count; i++) {
    used += r->calibration[i].quotes_used;
    excluded += r->calibration[i].exclusion_count;
  }
  for (size_t i = 0; i < r->trade_count; i++) {
    untrusted += !r->trades[i].trusted;
  }
  qs_json_open(b, "counts_out", '{', true);
  qs_json_count(b, "trades", r->trade_count);
  qs_json_count(b, "trades_not_trusted", untrusted);
  qs_json_count(b, "books", r->book_count);
  qs_json_count(b, "quotes_used", used);
  qs_json_count(b, "quotes_excluded", excluded);
  qs_json_count(b, "stress_cells", r->stress.grid_count + r->stress.scenario_count + r->stress.margin_count);
  qs_json_count(b, "hedge_trades", r->hedge.trade_count);
  qs_json_count(b, "policies", r->simulate.policy_count);
  qs_json_count(b, "backtest_policies", r->backtest.policy_count);
  qs_json_count(b, "breaches", r->breach_count);
  qs_json_count(b, "warnings", r->warning_count);
  qs_json_close(b);
}

static void write_files(qs_buffer *b, const qs_written_file *files, size_t count) {
  qs_json_open(b, "files", '[', false);
  for (size_t i = 0; i < count; i++) {
    qs_json_open(b, NULL, '{', true);
    qs_json_text(b, "name", files[i].name);
    qs_json_count(b, "bytes", files[i].size);
    qs_json_text(b, "sha256", files[i].sha256);
    qs_json_close(b);
  }
  qs_json_close(b);
}

void qs_manifest_write(qs_buffer *b, const qs_results *r, const qs_config *config,
                       const qs_written_file *files, size_t file_count) {
  qs_json_open(b, NULL, '{', false);
  qs_json_count(b, "schema", 1);
  qs_json_text(b, "program", "quickset");
  qs_json_text(b, "version", qs_version());
  qs_json_time(b, "written", (qs_time)time(NULL));
  qs_json_time(b, "as_of", r->as_of);
  qs_json_count(b, "seed", r->seed);
  qs_json_count(b, "paths", r->paths);
  qs_json_text(b, "precision", r->precision);
  qs_json_text(b, "arithmetic", r->arithmetic);
  qs_json_bool(b, "trusted", r->trusted);
  write_sections(b, r);
  qs_json_text(b, "config", config ? qs_config_path(config) : NULL);
  write_overrides(b, config);
  write_inputs(b, config);
  if (config) {
    write_counts_in(b, qs_config_inputs(config));
  } else {
    qs_json_text(b, "counts_in", NULL);
  }
  write_counts_out(b, r);
  write_files(b, files, file_count);
  qs_json_run_info(b, r);
  qs_json_close(b);
  qs_buffer_append(b, "\n", 1);
}
