// Path-steps and payoff values a second of the CPU backend, finishing and payoff included, for each
// instruction set that this processor has, on one thread and on two.
//
// Usage: bench_paths [--benchmark_out=FILE | --json FILE] [--seconds S] [FILTER]
// A figure is the best of many short runs, one thread and two in turn: by the processor's time on one thread,
// so that a busy machine does not show, by the wall's on two. Cycles are those of the core's clock, which is
// measured on a chain of multiplications (3 cycles each); they are given for 16 path-steps, the lanes of an
// AVX-512 register. The limit of a kernel is what its vector arithmetic needs at least: its instructions,
// counted one by one (instructions.h), at two a cycle on AVX-512 and three on AVX2, as Intel's and AMD's
// cores issue them; divisions and roots, which take longer, count as one. The last columns are the
// instructions and vector instructions for 16 path-steps and the share of that limit that was reached.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

#include "bench/instructions.h"
#include "kernels/backend.h"
#include "kernels/core/key.h"

namespace {

constexpr double kMultiplyCycles = 3;
constexpr const char *kTargets[] = {"x86-64-v4", "x86-64-v3"};
constexpr double kIssue[] = {2, 3}; // vector instructions a cycle of each target

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double processor_seconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

// The core's clock in Hz, best of several.
double clock_rate() {
  double best = 0;
  for (int run = 0; run < 50; run++) {
    constexpr int kCount = 100000;
    uint64_t x = 3;
    const double begin = processor_seconds();
    for (int i = 0; i < kCount; i++) {
      x *= x;
      __asm__ volatile("" : "+r"(x));
    }
    best = std::max(best, kCount * kMultiplyCycles / (processor_seconds() - begin));
  }
  return best;
}

enum class Unit { kValue, kGreeks, kHorizon, kAsianGreeks, kBarrier };

struct Case {
  const char *name;
  qs_model_type model;
  qs_scheme scheme;
  Unit unit;
  qs_precision precision;
  int steps;
  int payoffs;
  uint64_t paths;
  double target;      // M path-steps or payoff values a second on one AVX-512 core; 0: none
  bool pairs = false; // a call and a put at each strike, as a listed chain has them
};

const Case kCases[] = {
    {"heston_price", QS_MODEL_HESTON, QS_SCHEME_QE, Unit::kValue, QS_PRECISION_MIXED, 100, 1, 65536, 550},
    {"heston_tangents", QS_MODEL_HESTON, QS_SCHEME_QE, Unit::kGreeks, QS_PRECISION_MIXED, 100, 1, 65536, 310},
    {"heston_full", QS_MODEL_HESTON, QS_SCHEME_QE, Unit::kHorizon, QS_PRECISION_MIXED, 100, 0, 65536, 400},
    {"heston_euler", QS_MODEL_HESTON, QS_SCHEME_EULER, Unit::kValue, QS_PRECISION_MIXED, 100, 1, 65536, 0},
    {"svcj_price", QS_MODEL_SVCJ, QS_SCHEME_QE, Unit::kValue, QS_PRECISION_MIXED, 365, 1, 32768, 420},
    {"svcj_tangents", QS_MODEL_SVCJ, QS_SCHEME_QE, Unit::kGreeks, QS_PRECISION_MIXED, 365, 1, 32768, 250},
    {"bates_price", QS_MODEL_BATES, QS_SCHEME_QE, Unit::kValue, QS_PRECISION_MIXED, 100, 1, 65536, 0},
    {"merton_price", QS_MODEL_MERTON, QS_SCHEME_QE, Unit::kValue, QS_PRECISION_MIXED, 100, 1, 65536, 0},
    {"kou_price", QS_MODEL_KOU, QS_SCHEME_QE, Unit::kValue, QS_PRECISION_MIXED, 100, 1, 65536, 0},
    {"heston_price_double", QS_MODEL_HESTON, QS_SCHEME_QE, Unit::kValue, QS_PRECISION_DOUBLE, 100, 1, 32768,
     0},
    {"payoffs_price", QS_MODEL_HESTON, QS_SCHEME_QE, Unit::kValue, QS_PRECISION_MIXED, 1, 868, 16384, 600},
    {"payoffs_price_pairs", QS_MODEL_HESTON, QS_SCHEME_QE, Unit::kValue, QS_PRECISION_MIXED, 1, 868, 16384,
     900, true},
    {"payoffs_13_quantities", QS_MODEL_SVCJ, QS_SCHEME_QE, Unit::kGreeks, QS_PRECISION_MIXED, 1, 868, 4096,
     80},
    {"payoffs_13_quantities_pairs", QS_MODEL_SVCJ, QS_SCHEME_QE, Unit::kGreeks, QS_PRECISION_MIXED, 1, 868,
     4096, 0, true},
    // Payoffs along a path: a year's Asian on 12 dates and daily barriers, in path-steps for one payoff and
    // in payoff values for many.
    {"asian_12_greeks", QS_MODEL_SVCJ, QS_SCHEME_QE, Unit::kAsianGreeks, QS_PRECISION_MIXED, 365, 1, 16384,
     0},
    {"asian_12_greeks_many", QS_MODEL_SVCJ, QS_SCHEME_QE, Unit::kAsianGreeks, QS_PRECISION_MIXED, 12, 100,
     16384, 0},
    {"barrier_daily_price", QS_MODEL_SVCJ, QS_SCHEME_QE, Unit::kBarrier, QS_PRECISION_MIXED, 365, 1, 16384,
     0},
    {"barrier_daily_price_many", QS_MODEL_SVCJ, QS_SCHEME_QE, Unit::kBarrier, QS_PRECISION_MIXED, 365, 100,
     4096, 0},
};

qs_model model_of(qs_model_type type) {
  qs_model m{};
  m.type = type;
  const double value[QS_PARAMETER_COUNT] = {.25, 2, .36, .8, -.5, 3, -.05, .12, .1, -.3, .4, 20, 12, .6};
  std::copy(value, value + QS_PARAMETER_COUNT, m.value);
  return m;
}

// The unit of a case and what it points to.
struct Work {
  std::vector<qs_step> steps;
  std::vector<qs_payoff_plan> payoffs;
  std::vector<qs_moment> moments;
  std::vector<double> x, v;
  qs_date date{};
  double shift = 0, weight = 1;
  uint64_t key = 0;
  qs_value_unit value{};
  qs_horizon_unit horizon{};
  qs_path_unit path{};
  std::vector<qs_date> dates;
  std::vector<uint32_t> indices;
  std::vector<double> weights, years_of, log_forwards;
  std::vector<qs_path_payoff_plan> exotics;

  // The dates of a path unit, the last on the last step, and its payoffs on all of them.
  void observe(const Case &c, const qs_path_plan &plan) {
    const uint32_t count = c.unit == Unit::kBarrier ? uint32_t(c.steps) : 12;
    for (uint32_t i = 0; i < count; i++) {
      dates.push_back({uint32_t(c.steps) * (i + 1) / count, {0, 0, 0}});
      indices.push_back(i);
      years_of.push_back(steps[0].years * dates[i].main_steps);
    }
    weights.assign(count, 1.0 / count);
    log_forwards.assign(count, 0);
    const qs_path_payoff payoff = c.unit == Unit::kBarrier ? QS_PATH_BARRIER : QS_PATH_ASIAN;
    for (int i = 0; i < c.payoffs; i++)
      exotics.push_back({payoff,
                         1,
                         indices.data(),
                         weights.data(),
                         count,
                         {0.9 + 0.002 * i, 0.7, 1e300},
                         nullptr,
                         nullptr,
                         nullptr,
                         nullptr,
                         0,
                         0});
    if (c.unit == Unit::kAsianGreeks)
      for (auto &e : exotics)
        e.level[1] = 0;
    path.path = plan;
    path.path.dates = dates.data();
    path.path.date_count = count;
    path.log_forwards = log_forwards.data();
    path.years = years_of.data();
    path.payoffs = exotics.data();
    path.payoff_count = uint32_t(exotics.size());
    path.shifts = &shift;
    path.shift_count = 1;
    path.greeks = c.unit == Unit::kAsianGreeks;
    path.precision = c.precision;
    path.path_count = c.paths;
    path.batch_paths = 1024;
    path.batch_end = uint32_t(c.paths / path.batch_paths);
    moments.resize(size_t(path.batch_end) * exotics.size() * qs_path_unit_quantities(&path));
  }

  // Of one year in all its steps, or of its steps of `dt` years.
  explicit Work(const Case &c, double dt = 0) {
    const double step = dt > 0 ? dt : c.steps == 1 ? 0.01 : 1.0 / c.steps;
    for (uint32_t i = 0; i < uint32_t(c.steps); i++)
      steps.push_back({step, i / 4, i % 4});
    date.main_steps = uint32_t(c.steps);
    for (int i = 0; i < c.payoffs; i++) {
      const int strike = c.pairs ? i / 2 * 2 : i;
      payoffs.push_back(
          {0, i % 2 ? QS_PAYOFF_PUT : QS_PAYOFF_CALL, c.payoffs == 1 ? 0 : -0.5 + strike / 868.0});
    }
    key = qs_key(1, QS_PURPOSE_TEST, "bench");
    qs_path_plan plan{};
    plan.model = model_of(c.model);
    plan.scheme = c.scheme;
    plan.key = key;
    plan.steps = steps.data();
    plan.step_count = uint32_t(c.steps);
    plan.dates = &date;
    plan.date_count = 1;
    if (c.unit == Unit::kHorizon) {
      x.resize(c.paths);
      v.resize(c.paths);
      horizon = {plan, &key, &weight, 1, c.precision, 0, c.paths, nullptr, 0, 0};
      return;
    }
    if (c.unit == Unit::kAsianGreeks || c.unit == Unit::kBarrier) {
      observe(c, plan);
      return;
    }
    value.path = plan;
    value.payoffs = payoffs.data();
    value.payoff_count = uint32_t(payoffs.size());
    value.shifts = &shift;
    value.shift_count = 1;
    value.greeks = c.unit == Unit::kGreeks;
    value.precision = c.precision;
    value.path_count = c.paths;
    value.batch_paths = std::min<uint64_t>(1024, c.paths);
    value.batch_end = uint32_t(c.paths / value.batch_paths);
    moments.resize(size_t(value.batch_end) * payoffs.size() * qs_value_unit_quantities(&value));
  }
};

struct Figure {
  const Case *work;
  const char *target;
  int threads;
  double rate;               // path-steps, or payoff values, a second
  double cycles;             // of one core, for 16 of them
  double speed_up;           // over one thread, run by run in turn: the median; 0 for one thread
  Instructions instructions; // for 16 of them; 0 where they could not be counted
  double share;              // of the limit
};

struct Seconds {
  double wall, processor;
};

// One run; exits on failure, since there is nothing to measure then.
Seconds run_once(qs_device *device, const Case &c, Work &work) {
  const qs_backend *cpu = qs_backend_cpu();
  char message[QS_DEVICE_TEXT] = "";
  const Seconds begin = {wall_seconds(), processor_seconds()};
  const qs_status status =
      c.unit == Unit::kHorizon
          ? cpu->horizon(device, &work.horizon, nullptr, message, work.x.data(), work.v.data())
      : work.path.payoffs ? cpu->path(device, &work.path, nullptr, message, work.moments.data())
                          : cpu->value(device, &work.value, nullptr, message, work.moments.data());
  const Seconds taken = {wall_seconds() - begin.wall, processor_seconds() - begin.processor};
  if (status != QS_OK) {
    std::fprintf(stderr, "%s: %s\n", c.name, message);
    std::exit(1);
  }
  return taken;
}

// One thread and two in turn, so that both meet the same clock and the same neighbours.
std::array<Figure, 2> measure(const Case &c, const char *target, qs_device *const devices[2], double clock,
                              double seconds) {
  Work work(c);
  double best[2] = {1e9, 1e9};
  std::vector<double> speed_up;
  const double stop = wall_seconds() + seconds;
  while (speed_up.size() < 5 || wall_seconds() < stop) {
    const Seconds one = run_once(devices[0], c, work), two = run_once(devices[1], c, work);
    best[0] = std::min(best[0], one.processor);
    best[1] = std::min(best[1], two.wall);
    speed_up.push_back(one.wall / two.wall);
  }
  std::sort(speed_up.begin(), speed_up.end());
  const double done = double(c.paths) * (c.payoffs > 1 ? c.payoffs : c.steps);
  std::array<Figure, 2> figures;
  for (int t = 0; t < 2; t++)
    figures[t] = {&c, target, t + 1, done / best[t], clock * (t + 1) * best[t] / done * 16, 0, {}, 0};
  figures[1].speed_up = speed_up[speed_up.size() / 2];
  return figures;
}

constexpr uint64_t kBlock = 128; // paths: a multiple of the kernels' lanes

// The same case, small enough to be stepped: two sizes of which the difference is counted.
void count(const Case &c, int target, qs_device *device, Figure *figure) {
  Case less = c, more = c;
  less.paths = more.paths = kBlock;
  if (c.payoffs > 1) {
    less.payoffs = 2, more.payoffs = 6;
  } else {
    less.steps = 4, more.steps = 8;
  }
  const double units = 4.0 * double(less.paths) / 16, dt = c.steps == 1 ? 0.01 : 1.0 / c.steps;
  Work small(less, dt), large(more, dt);
  const auto run = [&](const Case &size, Work &work) {
    return [&size, &work, device] { run_once(device, size, work); };
  };
  if (count_difference(run(less, small), run(more, large), units, &figure->instructions))
    figure->share = figure->instructions.vector / kIssue[target] / figure->cycles;
}

bool write_json(const char *path, const std::vector<Figure> &figures, double clock) {
  FILE *file = std::fopen(path, "w");
  if (!file)
    return false;
  std::fprintf(file, "{\"clock_hz\": %.4g, \"benchmarks\": [", clock);
  const char *separator = "";
  for (const Figure &f : figures) {
    std::fprintf(
        file,
        "%s\n  {\"name\": \"%s/%s/threads:%d\", \"%s_per_second\": %.6g, \"cycles_per_16\": %.4g, "
        "\"instructions_per_16\": %.4g, \"vector_instructions_per_16\": %.4g, \"share_of_limit\": %.4g, "
        "\"speed_up\": %.4g, \"steps\": %d, \"payoffs\": %d, \"paths\": %llu, \"target\": %.4g}",
        separator, f.work->name, f.target, f.threads, f.work->payoffs > 1 ? "payoffs" : "path_steps", f.rate,
        f.cycles, f.instructions.all, f.instructions.vector, f.share, f.speed_up, f.work->steps,
        f.work->payoffs, (unsigned long long)f.work->paths, f.work->target * 1e6);
    separator = ",";
  }
  std::fprintf(file, "\n]}\n");
  return std::fclose(file) == 0;
}

void print_row(const Figure &f) {
  std::printf("%-27s %-10s %7d %10.1f %12.1f", f.work->name, f.target, f.threads, f.rate / 1e6, f.cycles);
  if (f.speed_up > 0)
    std::printf("   %.2f x one thread", f.speed_up);
  if (f.share > 0)
    std::printf(" %8.1f %8.1f %7.0f%%", f.instructions.all, f.instructions.vector, 100 * f.share);
  if (f.threads == 1 && f.work->target > 0 && !std::strcmp(f.target, kTargets[0]))
    std::printf("   %.2f of the target %.0f", f.rate / 1e6 / f.work->target, f.work->target);
  std::printf("\n");
  std::fflush(stdout);
}

} // namespace

int main(int argc, char **argv) {
  const char *json = nullptr, *filter = "";
  double seconds = 0.6;
  for (int i = 1; i < argc; i++) {
    const std::string argument = argv[i];
    if (argument.rfind("--benchmark_out=", 0) == 0)
      json = argv[i] + std::strlen("--benchmark_out=");
    else if (argument == "--json" && i + 1 < argc)
      json = argv[++i];
    else if (argument == "--seconds" && i + 1 < argc)
      seconds = std::strtod(argv[++i], nullptr);
    else if (argument.rfind("--", 0) != 0)
      filter = argv[i];
  }
  const double clock = clock_rate();
  std::printf("core clock %.2f GHz\n%-27s %-10s %7s %10s %12s %8s %8s %8s\n", clock * 1e-9, "case", "target",
              "threads", "M a second", "cycles/16", "instr.", "vector", "of limit");
  std::vector<Figure> figures;
  for (const Case &c : kCases) {
    for (int t = 0; t < 2 && std::strstr(c.name, filter); t++) {
      char message[QS_DEVICE_TEXT] = "";
      qs_device *devices[2] = {};
      bool open = true;
      for (int i = 0; i < 2 && open; i++) {
        const qs_device_options options = {i + 1, kTargets[t]};
        open = qs_backend_cpu()->open(0, &options, message, &devices[i]) == QS_OK;
      }
      if (open) {
        std::array<Figure, 2> pair = measure(c, kTargets[t], devices, clock, seconds);
        if (c.target > 0)
          count(c, t, devices[0], &pair[0]);
        for (const Figure &figure : pair) {
          figures.push_back(figure);
          print_row(figure);
        }
      }
      for (qs_device *device : devices) {
        if (device)
          qs_backend_cpu()->close(device);
      }
    }
  }
  if (json && !write_json(json, figures, clock)) {
    std::fprintf(stderr, "cannot write %s\n", json);
    return 1;
  }
  return 0;
}
