// What a GPU does per second, as JSON: path-steps a second of every model with and without Greeks, how the
// payoffs weigh, fast arithmetic, payoffs along paths and formulas, a leverage function, Sobol points,
// policies of hedging over time, states of paths, the regression of early exercise, and the time of one
// valuation, cold (a fresh process) and warm. Every timed kernel's bits are compared with the CPU's; fast
// arithmetic's means with the exact ones.
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

#include "bench/gpu_bench_early.h"
#include "bench/gpu_bench_hedge.h"
#include "bench/gpu_bench_units.h"
#include "bench/gpu_facts.h"
#include "host/engine/backends.h"
#include "host/engine/scheduler.h"

namespace {

typedef std::chrono::steady_clock timer;

double seconds_since(timer::time_point start) {
  return std::chrono::duration<double>(timer::now() - start).count();
}

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

std::vector<qs_moment> run(machine *m, qs_devices *devices, const qs_path_unit &unit) {
  std::vector<qs_moment> moments(qs_path_unit_moments(&unit));
  qs_moment *place = moments.data();
  if (qs_schedule_path(&m->context, devices, "bench", &unit, 1, nullptr, &place) != QS_OK) {
    give_up(m->context);
  }
  return moments;
}

std::vector<double> run(machine *m, qs_devices *devices, const qs_rebalance_unit &unit) {
  std::vector<double> rows(unit.policy_count * qs_rebalance_unit_rows(&unit) * unit.stride);
  if (qs_schedule_rebalance(&m->context, devices, "bench", &unit, nullptr, rows.data()) != QS_OK) {
    give_up(m->context);
  }
  return rows;
}

std::vector<qs_moment> run(machine *m, qs_devices *devices, const qs_joint_unit &unit) {
  std::vector<qs_moment> moments(qs_joint_unit_moments(&unit));
  qs_moment *place = moments.data();
  if (qs_schedule_joint(&m->context, devices, "bench", &unit, 1, nullptr, &place) != QS_OK) {
    give_up(m->context);
  }
  return moments;
}

std::vector<double> run(machine *m, qs_devices *devices, const qs_regression_unit &unit) {
  std::vector<double> result(qs_regression_unit_numbers(&unit));
  if (qs_schedule_regression(&m->context, devices, "bench", &unit, nullptr, result.data()) != QS_OK) {
    give_up(m->context);
  }
  return result;
}

// x, then v.
std::vector<double> run(machine *m, qs_devices *devices, const qs_horizon_unit &unit) {
  const std::size_t half = (unit.path_end - unit.path_begin) * unit.path.date_count;
  std::vector<double> states(2 * half);
  double *x = states.data(), *v = x + half;
  if (qs_schedule_horizon(&m->context, devices, "bench", &unit, 1, nullptr, &x, &v) != QS_OK) {
    give_up(m->context);
  }
  return states;
}

// Whether all of the unit's numbers are the same.
template <typename Unit> bool same_numbers(machine *m, const Unit &unit) {
  const std::vector<double> a = run(m, m->gpu, unit), b = run(m, m->cpu, unit);
  const bool same = std::memcmp(a.data(), b.data(), a.size() * sizeof a[0]) == 0;
  m->differs = m->differs || !same;
  return same;
}

// Whether the GPU and the CPU agree to the last bit on the unit's first `batches` batches.
template <typename Unit> bool same_bits(machine *m, const Unit &unit, std::uint32_t batches) {
  Unit part = unit;
  part.batch_end = part.batch_begin + batches;
  std::vector<qs_moment> a = run(m, m->gpu, part), b = run(m, m->cpu, part);
  bool same = std::memcmp(a.data(), b.data(), a.size() * sizeof a[0]) == 0;
  m->differs = m->differs || !same;
  return same;
}

// Median of the times of `repeats` runs after one that is not timed.
template <typename Unit> double median_seconds(machine *m, const Unit &unit, int repeats) {
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

// `arithmetic: fast`, and how far its means are from the exact ones, in standard errors.
void fast_throughput(machine *m, qs_model_type type, bool greeks, bool last) {
  const std::uint32_t steps = 365;
  const std::uint64_t paths = std::uint64_t{1} << 21;
  valuation v(type, greeks, steps, 1, paths);
  const std::vector<qs_moment> exact = run(m, m->gpu, v.unit);
  v.unit.arithmetic = QS_ARITHMETIC_FAST;
  double seconds = median_seconds(m, v.unit, 5);
  const std::vector<qs_moment> fast = run(m, m->gpu, v.unit);
  const std::size_t quantities = exact.size() / QS_MAX_BATCHES;
  double apart = 0;
  for (std::size_t q = 0; q < quantities; q++) {
    double difference = 0, m2 = 0;
    for (std::size_t b = 0; b < QS_MAX_BATCHES; b++) {
      difference += fast[b * quantities + q].mean - exact[b * quantities + q].mean;
      m2 += exact[b * quantities + q].m2;
    }
    const double n = static_cast<double>(paths), error = std::sqrt(m2) / n;
    apart = std::fmax(apart, error > 0 ? std::fabs(difference / QS_MAX_BATCHES) / error : 0);
  }
  m->differs = m->differs || !(apart < 0.1);
  double rate = 1e-9 * static_cast<double>(paths) * steps / seconds;
  std::fprintf(m->out,
               "    {\"model\": \"%s\", \"greeks\": %s, \"paths\": %llu, \"steps\": %u, \"seconds\": %.6g, "
               "\"g_path_steps_per_second\": %.6g, \"std_errors_from_exact\": %.4g}%s\n",
               qs_model_name(type), greeks ? "true" : "false", static_cast<unsigned long long>(paths), steps,
               seconds, rate, apart, last ? "" : ",");
  std::printf("%-7s %-6s fast            %8.2f G path-steps/s  %.4f standard errors from exact\n",
              qs_model_name(type), greeks ? "greeks" : "price", rate, apart);
}

// Policies of hedging over time, the transfer of paths and results with it.
void hedge_throughput(machine *m, std::uint32_t instruments, bool last) {
  const std::uint64_t paths = std::uint64_t{1} << 16;
  const hedge_job job(paths, instruments);
  double seconds = median_seconds(m, job.unit, 5);
  double rate = 1e-6 * static_cast<double>(paths) * hedge_job::DATES * hedge_job::POLICIES / seconds;
  const std::vector<double> a = run(m, m->gpu, job.unit), b = run(m, m->cpu, job.unit);
  bool same = std::memcmp(a.data(), b.data(), a.size() * sizeof a[0]) == 0;
  m->differs = m->differs || !same;
  std::fprintf(
      m->out,
      "    {\"instruments\": %u, \"paths\": %llu, \"dates\": %d, \"policies\": %d, \"seconds\": %.6g, "
      "\"m_path_dates_per_second\": %.6g, \"same_bits_as_cpu\": %s}%s\n",
      instruments, static_cast<unsigned long long>(paths), hedge_job::DATES, hedge_job::POLICIES, seconds,
      rate, same ? "true" : "false", last ? "" : ",");
  std::printf("hedging, %u instrument(s)  %10.2f M path-dates/s of all policies  %s\n", instruments, rate,
              same ? "same bits" : "BITS DIFFER");
}

struct path_row {
  const char *name;
  qs_path_payoff payoff;
  qs_model_type model;
  bool greeks;
  qs_sampling sampling;
  bool leverage = false;
};

void path_throughput(machine *m, const path_row &row, bool last) {
  const std::uint64_t paths = std::uint64_t{1} << 18;
  path_valuation v(row.payoff, row.model, row.greeks, row.sampling, paths);
  if (row.leverage) {
    v.add_leverage();
  }
  double seconds = median_seconds(m, v.unit, 3);
  double rate = 1e-9 * static_cast<double>(paths) * path_valuation::STEPS / seconds;
  bool same = same_bits(m, v.unit, 1);
  const char *sampling = row.sampling == QS_SAMPLING_SOBOL ? "sobol" : "pseudo";
  std::fprintf(
      m->out,
      "    {\"payoff\": \"%s\", \"model\": \"%s\", \"greeks\": %s, \"sampling\": \"%s\", \"paths\": %llu, "
      "\"steps\": %d, \"dates\": %d, \"seconds\": %.6g, \"g_path_steps_per_second\": %.6g, "
      "\"same_bits_as_cpu\": %s}%s\n",
      row.name, qs_model_name(row.model), row.greeks ? "true" : "false", sampling,
      static_cast<unsigned long long>(paths), path_valuation::STEPS, path_valuation::WEEKS, seconds, rate,
      same ? "true" : "false", last ? "" : ",");
  std::printf("%-8s %-7s %-6s %-6s  %8.2f G path-steps/s  %s\n", row.name, qs_model_name(row.model),
              row.greeks ? "greeks" : "price", sampling, rate, same ? "same bits" : "BITS DIFFER");
}

void along_paths(machine *m) {
  const path_row rows[] = {
      {"asian", QS_PATH_ASIAN, QS_MODEL_HESTON, false, QS_SAMPLING_PSEUDO},
      {"asian", QS_PATH_ASIAN, QS_MODEL_HESTON, true, QS_SAMPLING_PSEUDO},
      {"asian", QS_PATH_ASIAN, QS_MODEL_HESTON, true, QS_SAMPLING_SOBOL},
      {"barrier", QS_PATH_BARRIER, QS_MODEL_HESTON, true, QS_SAMPLING_PSEUDO},
      {"lookback", QS_PATH_LOOKBACK, QS_MODEL_HESTON, true, QS_SAMPLING_PSEUDO},
      {"script", QS_PATH_SCRIPT, QS_MODEL_HESTON, false, QS_SAMPLING_PSEUDO},
      {"script", QS_PATH_SCRIPT, QS_MODEL_HESTON, true, QS_SAMPLING_PSEUDO},
      {"asian", QS_PATH_ASIAN, QS_MODEL_SVCJ, true, QS_SAMPLING_PSEUDO},
      {"asian", QS_PATH_ASIAN, QS_MODEL_GBM, true, QS_SAMPLING_PSEUDO},
      {"leverage", QS_PATH_ASIAN, QS_MODEL_HESTON, false, QS_SAMPLING_PSEUDO, true},
      {"leverage", QS_PATH_ASIAN, QS_MODEL_HESTON, true, QS_SAMPLING_PSEUDO, true},
  };
  const std::size_t count = sizeof rows / sizeof *rows;
  for (std::size_t i = 0; i < count; i++) {
    path_throughput(m, rows[i], i + 1 == count);
  }
}

// Steps count once for each underlying.
void of_several(machine *m) {
  const struct {
    qs_model_type model;
    bool greeks;
    qs_sampling sampling;
    std::uint32_t assets;
  } rows[] = {{QS_MODEL_GBM, true, QS_SAMPLING_PSEUDO, 2},    {QS_MODEL_BATES, true, QS_SAMPLING_PSEUDO, 2},
              {QS_MODEL_SVCJ, false, QS_SAMPLING_PSEUDO, 2},  {QS_MODEL_SVCJ, true, QS_SAMPLING_PSEUDO, 2},
              {QS_MODEL_SVCJ, true, QS_SAMPLING_SOBOL, 2},    {QS_MODEL_HESTON, true, QS_SAMPLING_PSEUDO, 2},
              {QS_MODEL_HESTON, false, QS_SAMPLING_PSEUDO, 5}};
  const std::size_t count = sizeof rows / sizeof *rows;
  for (std::size_t i = 0; i < count; i++) {
    const std::uint64_t paths = std::uint64_t{1} << 17;
    const joint_valuation v(rows[i].model, rows[i].greeks, rows[i].sampling, paths, rows[i].assets);
    double seconds = median_seconds(m, v.unit, 3);
    double rate = 1e-9 * rows[i].assets * static_cast<double>(paths) * joint_valuation::STEPS / seconds;
    bool same = same_bits(m, v.unit, 1);
    const char *sampling = rows[i].sampling == QS_SAMPLING_SOBOL ? "sobol" : "pseudo";
    std::fprintf(
        m->out,
        "    {\"payoff\": \"basket of %u\", \"model\": \"%s\", \"greeks\": %s, \"sampling\": \"%s\", "
        "\"paths\": %llu, \"steps\": %d, \"dates\": %d, \"seconds\": %.6g, "
        "\"g_path_steps_per_second\": %.6g, \"same_bits_as_cpu\": %s}%s\n",
        rows[i].assets, qs_model_name(rows[i].model), rows[i].greeks ? "true" : "false", sampling,
        static_cast<unsigned long long>(paths), joint_valuation::STEPS, joint_valuation::WEEKS, seconds, rate,
        same ? "true" : "false", i + 1 == count ? "" : ",");
    std::printf("basket of %u %-7s %-6s %-6s  %8.2f G path-steps/s  %s\n", rows[i].assets,
                qs_model_name(rows[i].model), rows[i].greeks ? "greeks" : "price", sampling, rate,
                same ? "same bits" : "BITS DIFFER");
  }
}

// The policy of a put on the worse of two: states of all paths at twelve dates, which leave the device, and
// one interval's sums of products and exercise.
void early_exercise(machine *m) {
  const std::uint64_t paths = std::uint64_t{1} << 16;
  const std::uint32_t steps = 365, dates = 12;
  valuation v(QS_MODEL_HESTON, false, steps, 1, paths);
  std::vector<qs_date> at;
  for (std::uint32_t d = 1; d <= dates; d++) {
    at.push_back({steps * d / dates, {0, 0, 0}});
  }
  const std::uint64_t key = 1;
  const double whole = 1;
  qs_horizon_unit states{};
  states.path = v.unit.path;
  states.path.dates = at.data(), states.path.date_count = dates;
  states.keys = &key, states.weights = &whole, states.key_count = 1;
  states.path_end = paths;
  const double seconds = median_seconds(m, states, 5);
  const bool same = same_numbers(m, states);
  std::fprintf(m->out,
               "    {\"states_dates\": %u, \"paths\": %llu, \"steps\": %u, \"seconds\": %.6g, "
               "\"same_bits_as_cpu\": %s}",
               dates, static_cast<unsigned long long>(paths), steps, seconds, same ? "true" : "false");
  std::printf("states at %u dates   %8.3f ms  %s\n", dates, 1e3 * seconds,
              same ? "same bits" : "BITS DIFFER");
  regression_job job(paths);
  for (qs_regression_task task : {QS_REGRESSION_SUM, QS_REGRESSION_EARN}) {
    job.unit.task = task;
    const bool sums = task == QS_REGRESSION_SUM;
    const double taken = median_seconds(m, job.unit, 5);
    const bool equal = same_numbers(m, job.unit);
    std::fprintf(m->out,
                 ",\n    {\"regression\": \"%s\", \"paths\": %llu, \"columns\": %u, \"seconds\": %.6g, "
                 "\"g_products_per_second\": %.6g, \"same_bits_as_cpu\": %s}",
                 sums ? "sums" : "exercise", static_cast<unsigned long long>(paths),
                 qs_regression_columns(&job.unit.counts), taken,
                 sums ? 1e-9 * static_cast<double>(paths) * qs_regression_products(&job.unit.counts) / taken
                      : 0,
                 equal ? "true" : "false");
    std::printf("regression, %-8s %8.3f ms  %s\n", sums ? "sums" : "exercise", 1e3 * taken,
                equal ? "same bits" : "BITS DIFFER");
  }
  std::fputs("\n", m->out);
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
  std::fputs("  ],\n  \"fast\": [\n", m->out);
  for (qs_model_type type : {QS_MODEL_HESTON, QS_MODEL_BATES, QS_MODEL_SVCJ}) {
    for (bool greeks : {false, true}) {
      fast_throughput(m, type, greeks, type == QS_MODEL_SVCJ && greeks);
    }
  }
  std::fputs("  ],\n  \"along_paths\": [\n", m->out);
  along_paths(m);
  std::fputs("  ],\n  \"hedging\": [\n", m->out);
  hedge_throughput(m, 1, false);
  hedge_throughput(m, 3, true);
  std::fputs("  ],\n  \"of_several\": [\n", m->out);
  of_several(m);
  std::fputs("  ],\n  \"early\": [\n", m->out);
  early_exercise(m);
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
