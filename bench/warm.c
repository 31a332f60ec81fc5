/* The first and later calls of an engine that keeps its market: 100 scenarios of the demo's book, each call
 * another list of shocks, through the C interface. usage: bench_warm [--benchmark_out=FILE] [CONFIG [PATHS]]
 */
#define _POSIX_C_SOURCE 200809L /* clocks */
#include <quickset/quickset.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SCENARIOS = 100, CALLS = 4 };

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The list of call number `call`: spot, volatility and carry, all different. */
static void fill(qs_scenario_spec *list, int call) {
  for (int s = 0; s < SCENARIOS; s++) {
    qs_scenario_spec_init(&list[s]);
    list[s].name = "shock";
    list[s].spot = -0.3 + 0.006 * s + 0.001 * call;
    list[s].volatility = -0.2 + 0.01 * s + 0.002 * call;
    list[s].carry = 0.0005 * (s - 50) + 0.0001 * call;
  }
}

typedef struct figures {
  double create, load, call[CALLS];
} figures;

static int measure(const char *config_path, const char *paths, const char *options, figures *f) {
  const char *const overrides[] = {paths, options};
  qs_engine_spec spec;
  qs_engine_spec_init(&spec);
  spec.markets = 1;
  qs_engine *engine = NULL;
  char message[256] = "";
  double start = now();
  if (qs_engine_create(&spec, message, sizeof message, &engine) != QS_OK) {
    fprintf(stderr, "%s\n", message);
    return 1;
  }
  f->create = now() - start;
  start = now();
  qs_config *config = NULL;
  qs_status status = qs_config_load(engine, config_path, overrides, 2, &config);
  f->load = now() - start;
  for (int call = 0; status == QS_OK && call < CALLS; call++) {
    static qs_scenario_spec list[SCENARIOS];
    static qs_estimate pnl[SCENARIOS];
    fill(list, call);
    start = now();
    status = qs_scenarios(engine, qs_config_inputs(config), list, SCENARIOS, pnl);
    f->call[call] = now() - start;
  }
  if (status != QS_OK) {
    fprintf(stderr, "%s\n", qs_engine_message(engine));
  }
  if (config) {
    qs_config_destroy(config);
  }
  qs_engine_destroy(engine);
  return status != QS_OK;
}

static void print(FILE *file, const char *options, const figures *f, const char *end) {
  fprintf(file,
          " {\"options\": \"%s\", \"create\": %.4f, \"load\": %.4f, \"calls\": [%.4f, %.4f, %.4f, %.4f]}%s\n",
          options, f->create, f->load, f->call[0], f->call[1], f->call[2], f->call[3], end);
}

int main(int count, char **arguments) {
  static const char out[] = "--benchmark_out=";
  const char *config = QS_SOURCE_DIR "/configs/demo/nightly.yaml", *paths = "65536";
  FILE *file = stdout;
  int given = 0;
  for (int i = 1; i < count; i++) {
    if (strncmp(arguments[i], out, sizeof out - 1) == 0) {
      file = fopen(arguments[i] + sizeof out - 1, "w");
    } else if (arguments[i][0] != '-') {
      *(given++ ? &paths : &config) = arguments[i];
    }
  }
  char override[64];
  snprintf(override, sizeof override, "simulation.paths=%s", paths);
  figures fourier, simulated;
  if (!file || measure(config, override, "stress.european_options=fourier", &fourier) ||
      measure(config, override, "stress.european_options=simulated", &simulated)) {
    return 1;
  }
  fprintf(file, "{\"benchmark\": \"warm\", \"scenarios\": %d, \"paths\": %s, \"seconds\": [\n", SCENARIOS,
          paths);
  print(file, "fourier", &fourier, ",");
  print(file, "simulated", &simulated, "");
  fprintf(file, "]}\n");
  return fclose(file) != 0;
}
