// What a GPU does per second, as JSON: path-steps a second of every model with and without Greeks, how the
// payoffs weigh, and the time of one valuation, cold (a fresh process) and warm. Every timed kernel's bits
// are compared with the CPU's.
//
// usage: gpu_bench OUT.json           throughput and warm time of a valuation
//        gpu_bench --cold OUT.json    the first valuation of this process, device start included
// Exit status: 0; 1 when bits differ; 2 usage; 5 no GPU, or it failed.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "bench/gpu_facts.h"
#include "host/engine/backends.h"
#include "host/engine/scheduler.h"

namespace {

typedef std::chrono::steady_clock timer;

double seconds_since(timer::time_point start) {
  return std::chrono::duration<double>(timer::now() - start).count();
}

// European calls on one underlying, `payoffs` of them at the end of `steps` equal steps of one year.
struct valuation {
  std::vector<qs_step> steps;
  qs_date date;
  std::vector<qs_payoff_plan> payoffs;
  double shift = 0.0;
  qs_value_unit unit{};

  valuation(qs_model_type type, bool greeks, std::uint32_t step_count, std::uint32_t payoff_count,
            std::uint64_t paths) {
    for (std::uint32_t i = 0; i < step_count; i++) {
      steps.push_back({1.0 / step_count, i / 4, i % 4});
    }
    date = {step_count, {0, 0, 0}};
    for (std::uint32_t i = 0; i < payoff_count; i++) {
      payoffs.push_back({0, QS_PAYOFF_CALL, payoff_count > 1 ? -0.5 + 1.0 * i / (payoff_count - 1) : 0.0});
    }
    const double values[QS_PARAMETER_COUNT] = {0.25, 2.0,  0.36, 0.8,  -0.5, 3.0, -0.05,
                                               0.1,  0.02, -0.3, 0.55, 12.0, 9.0, 0.6};
    unit.path.model.type = type;
    std::memcpy(unit.path.model.value, values, sizeof values);
    unit.path.scheme = QS_SCHEME_QE;
    unit.path.key = 1;
    unit.path.steps = steps.data();
    unit.path.step_count = step_count;
    unit.path.dates = &date;
    unit.path.date_count = 1;
    unit.payoffs = payoffs.data();
    unit.payoff_count = payoff_count;
    unit.shifts = &shift;
    unit.shift_count = 1;
    unit.greeks = greeks;
    unit.precision = QS_PRECISION_MIXED;
    unit.path_count = paths;
    unit.batch_paths = paths / QS_MAX_BATCHES;
    unit.batch_end = QS_MAX_BATCHES;
  }
  valuation(const valuation &) = delete;
  valuation &operator=(const valuation &) = delete;
};

struct machine {
  qs_context context;
  qs_devices *gpu = nullptr, *cpu = nullptr;
  gpu_facts facts{};
  FILE *out = nullptr;
  bool differs = false;
};

[[noreturn]] void give_up(const qs_context &context) {
  std::fprintf(stderr, "gpu_bench: %s\n", context.message);
  std::exit(5);
}

std::vector<qs_moment> run(machine *m, qs_devices *devices, const qs_value_unit &unit) {
  std::vector<qs_moment> moments(qs_value_unit_moments(&unit));
  qs_moment *place = moments.data();
  if (qs_schedule_value(&m->context, devices, "bench", &unit, 1, nullptr, &place) != QS_OK) {
    give_up(m->context);
  }
  return moments;
}

// Whether the GPU and the CPU agree to the last bit on the unit's first `batches` batches.
bool same_bits(machine *m, const qs_value_unit &unit, std::uint32_t batches) {
  qs_value_unit part = unit;
  part.batch_end = part.batch_begin + batches;
  std::vector<qs_moment> a = run(m, m->gpu, part), b = run(m, m->cpu, part);
  bool same = std::memcmp(a.data(), b.data(), a.size() * sizeof a[0]) == 0;
  m->differs = m->differs || !same;
  return same;
}

// Median of the times of `repeats` runs after one that is not timed.
double median_seconds(machine *m, const qs_value_unit &unit, int repeats) {
  std::vector<double> times;
  run(m, m->gpu, unit);
  for (int i = 0; i < repeats; i++) {
    timer::time_point start = timer::now();
    run(m, m->gpu, unit);
    times.push_back(seconds_since(start));
  }
  std::nth_element(times.begin(), times.begin() + repeats / 2, times.end());
  return times[static_cast<std::size_t>(repeats / 2)];
}

void throughput(machine *m, qs_model_type type, bool greeks, std::uint32_t payoffs, bool last) {
  const std::uint32_t steps = 365;
  const std::uint64_t paths = std::uint64_t{1} << (payoffs > 1 ? 18 : 21);
  const valuation v(type, greeks, steps, payoffs, paths);
  double seconds = median_seconds(m, v.unit, 5);
  double rate = 1e-9 * static_cast<double>(paths) * steps / seconds;
  bool same = same_bits(m, v.unit, payoffs > 1 ? 1 : 2);
  std::fprintf(m->out,
               "    {\"model\": \"%s\", \"greeks\": %s, \"payoffs\": %u, \"paths\": %llu, \"steps\": %u, "
               "\"seconds\": %.6g, \"g_path_steps_per_second\": %.6g, \"same_bits_as_cpu\": %s}%s\n",
               qs_model_name(type), greeks ? "true" : "false", payoffs,
               static_cast<unsigned long long>(paths), steps, seconds, rate, same ? "true" : "false",
               last ? "" : ",");
  std::printf("%-7s %-6s %4u payoff(s)  %8.2f G path-steps/s  %s\n", qs_model_name(type),
              greeks ? "greeks" : "price", payoffs, rate, same ? "same bits" : "BITS DIFFER");
}

// One valuation: a call under svcj with all Greeks, one year of days, 2^18 paths.
const valuation &one_valuation() {
  static const valuation v(QS_MODEL_SVCJ, true, 365, 1, std::uint64_t{1} << 18);
  return v;
}

void describe(machine *m) {
  qs_device_report report;
  qs_devices_report(m->gpu, 0, &report);
  if (!gpu_facts_of(0, &m->facts)) {
    std::fputs("gpu_bench: the device does not say what it is\n", stderr);
    std::exit(5);
  }
  std::fprintf(m->out,
               "  \"device\": \"%s\", \"target\": \"%s\", \"memory_bytes\": %llu, \"multiprocessors\": %d, "
               "\"clock_ghz\": %.4g, \"driver\": %d, \"runtime\": %d,\n",
               report.info.name, report.info.target,
               static_cast<unsigned long long>(report.info.memory_bytes), m->facts.multiprocessors,
               m->facts.clock_ghz, m->facts.driver, m->facts.runtime);
}

int bench_warm(machine *m) {
  std::fputs("{\n", m->out);
  describe(m);
  std::fputs("  \"throughput\": [\n", m->out);
  for (int type = 0; type < QS_MODEL_COUNT; type++) {
    for (bool greeks : {false, true}) {
      throughput(m, static_cast<qs_model_type>(type), greeks, 1, false);
    }
  }
  throughput(m, QS_MODEL_SVCJ, false, 256, false);
  throughput(m, QS_MODEL_SVCJ, true, 256, true);
  double warm = median_seconds(m, one_valuation().unit, 21);
  std::fprintf(m->out, "  ],\n  \"warm_valuation_seconds\": %.6g\n}\n", warm);
  std::printf("one valuation, warm: %.3f ms\n", 1e3 * warm);
  return m->differs ? 1 : 0;
}

int bench_cold(machine *m, timer::time_point begin) {
  double opened = seconds_since(begin);
  run(m, m->gpu, one_valuation().unit);
  double done = seconds_since(begin);
  std::fprintf(m->out, "{\"device_start_seconds\": %.6g, \"cold_valuation_seconds\": %.6g}\n", opened, done);
  std::printf("one valuation, cold: %.1f ms, of which the device's start %.1f ms\n", 1e3 * done,
              1e3 * opened);
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  timer::time_point begin = timer::now();
  bool cold = argc == 3 && std::strcmp(argv[1], "--cold") == 0;
  if (argc != 2 + cold) {
    std::fputs("usage: gpu_bench [--cold] OUT.json\n", stderr);
    return 2;
  }
  machine m;
  qs_context_init(&m.context);
  if (qs_devices_open(&m.context, QS_BACKEND_CUDA, 1, nullptr, &m.gpu) != QS_OK ||
      (!cold && qs_devices_open(&m.context, QS_BACKEND_CPU, m.context.threads, nullptr, &m.cpu) != QS_OK)) {
    give_up(m.context);
  }
  m.out = std::fopen(argv[1 + cold], "w");
  if (!m.out) {
    std::perror(argv[1 + cold]);
    return 5;
  }
  int status = cold ? bench_cold(&m, begin) : bench_warm(&m);
  bool written = std::fclose(m.out) == 0;
  qs_devices_close(m.gpu);
  qs_devices_close(m.cpu);
  return written ? status : 5;
}
