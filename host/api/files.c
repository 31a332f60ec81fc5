/* What the library reads from and writes to files, over host/io. */
#include "host/api/engine.h"
#include "host/io/config.h"
#include "host/io/results.h"

qs_status qs_config_load(qs_engine *engine, const char *path, const char *const *overrides,
                         size_t override_count, qs_config **config) {
  return qs_config_read(&engine->context, path, overrides, override_count, config);
}

qs_status qs_results_json(qs_engine *engine, const qs_results *results, char **text) {
  return qs_results_to_json(&engine->context, results, false, text);
}

qs_status qs_results_write(qs_engine *engine, const qs_results *results, const qs_config *config,
                           const char *path) {
  return qs_results_write_folder(&engine->context, results, config, path);
}

qs_status qs_results_check_folder(qs_engine *engine, const char *path) {
  return qs_results_folder_check(&engine->context, path);
}
