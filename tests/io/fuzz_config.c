#define _GNU_SOURCE /* mkdtemp */
/*
 * A libFuzzer target: whatever a config, a CSV file or an override holds, reading it ends with a config or
 * with one line of complaint. The first byte of the input says what the rest stands for. From the root:
 *
 *   cmake --preset asan -B build/fuzz -DQS_SANITIZE= -DQS_FUZZ=ON \
 *     -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++
 *   cmake --build build/fuzz --target fuzz_config && mkdir -p build/corpus
 *   build/fuzz/bin/fuzz_config -max_total_time=60 build/corpus configs/demo
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/io/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char config_text[] =
    "as_of: 2026-03-02\n"
    "underlyings: [{name: BTC, quotes: quotes.csv, model: {type: gbm, sigma: 0.2}}, {name: X, spot: 1, "
    "model: {type: "
    "heston, v0: 0.04, kappa: 1, theta: 0.04, xi: 0.5, rho: 0}}]\n"
    "portfolio: positions.csv\nrisk: {history: prices.csv}\n"
    "stress: {scenarios: scenarios.yaml}\nhedge: {instruments: [BTC-PERPETUAL], cost_weight: 1}\n"
    "simulate: {position: main, instruments: [BTC-PERPETUAL], cost_weight: 1, dates: {count: 2, "
    "spacing_days: 1}, "
    "policies: [none, {type: delta_band, width: 1}]}\n";

static const char *const names[] = {"config.yaml", "quotes.csv", "positions.csv", "prices.csv",
                                    "scenarios.yaml"};
static const char *const texts[] = {
    config_text, "instrument,bid,ask\nBTC-INDEX,1,2\n", "instrument,quantity\nBTC-PERPETUAL,1\n",
    "date,BTC\n2026-01-01,1\n2026-01-02,2\n2026-01-03,3\n", "[{name: a, spot: 0.1}]\n"};
enum { FILES = 5 };

static void put(const char *folder, const char *name, const void *bytes, size_t size) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0 || write(file, bytes, size) != (ssize_t)size || close(file) != 0) {
    abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static char folder[] = "/dev/shm/quickset-fuzz-XXXXXX";
  static int made = 0;
  if (!made && !mkdtemp(folder)) {
    abort();
  }
  for (int i = 0; i < FILES && !made; i++) {
    put(folder, names[i], texts[i], strlen(texts[i]));
  }
  made = 1;
  if (size == 0) {
    return 0;
  }
  unsigned what = data[0] % (FILES + 1);
  char *override = NULL;
  if (what < FILES) {
    put(folder, names[what], data + 1, size - 1);
  } else {
    override = malloc(size);
    memcpy(override, data + 1, size - 1);
    override[size - 1] = '\0';
  }
  char path[128];
  snprintf(path, sizeof path, "%s/config.yaml", folder);
  qs_context context;
  qs_context_init(&context);
  qs_config *config = NULL;
  const char *overrides[] = {override};
  qs_status status = qs_config_read(&context, path, overrides, override ? 1 : 0, &config);
  if (status != QS_OK && (context.message[0] == '\0' || strchr(context.message, '\n') || config)) {
    abort();
  }
  qs_config_destroy(config);
  free(override);
  if (what < FILES) {
    put(folder, names[what], texts[what], strlen(texts[what]));
  }
  return 0;
}
