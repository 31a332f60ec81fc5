// What a scripted payoff costs beside the same payoff written by hand, derivatives to every observation
// included, on one thread. bench/script_native.c has the loops by hand, compiled like the interpreter.
//
// Usage: bench_script [--benchmark_out=FILE]
// A figure is the best of many short runs by the processor's time; scripted and native runs alternate.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

#include "bench/script_native.h"
#include "host/script/script.h"
#include "tests/script/script_loops.h"

namespace {

constexpr int kRounds = 400;
constexpr double kRoundSeconds = 100e-6;

double processor_seconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

struct Case {
  const char *name, *text;
  uint32_t dates;
  qs_native_payoff native;
};

const Case kCases[] = {
    {"asian_monthly", "max(mean(S[dates]) - K, 0)", 12, QS_NATIVE_ASIAN},
    {"asian_daily", "max(mean(S[dates]) - K, 0)", 365, QS_NATIVE_ASIAN},
    {"barrier_daily", "if(min(S[dates]) < B, 0, max(S[T] - K, 0))", 365, QS_NATIVE_BARRIER},
    {"barrier_smooth", "if(min(S[dates]) < B, 0, max(S[T] - K, 0), 5)", 365, QS_NATIVE_BARRIER_SMOOTH},
    {"cliquet_monthly", "max(sum(max(min(returns(S[dates]), cap), floor)), 0)", 13, QS_NATIVE_CLIQUET},
};

struct Set {
  const qs_script_set *script;
  const qs_native_set *native;
};

const Set kSets[] = {{&qs_script_v4_float_128, &qs_native_v4_float_128},
                     {&qs_script_v3_float_128, &qs_native_v3_float_128},
                     {&qs_script_v4_double_64, &qs_native_v4_double_64}};

bool runs_here(const char *name) {
  return std::strncmp(name, "v4", 2)
             ? __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
             : __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq");
}

// Seconds a block of the work, as often as it takes to fill a round.
template <class Work> double round_of(const Work &work, int repeats) {
  const double begin = processor_seconds();
  for (int i = 0; i < repeats; i++)
    work();
  return (processor_seconds() - begin) / repeats;
}

struct Result {
  std::string name;
  double script, native; // seconds a block
};

template <class Real> Result measure(const Case &c, const Set &set) {
  qs_context context;
  qs_context_init(&context);
  qs_arena *arena = qs_arena_create(&context);
  std::vector<uint32_t> dates(c.dates);
  for (uint32_t d = 0; d < c.dates; d++)
    dates[d] = d;
  const uint32_t last = c.dates - 1;
  const qs_script_constant constants[] = {{"K", 100}, {"B", 80}, {"cap", 0.05}, {"floor", -0.03}};
  const qs_script_schedule schedules[] = {{"dates", dates.data(), c.dates, false}, {"T", &last, 1, true}};
  const char *underlyings[] = {"BTC"};
  const qs_script_names names = {constants, schedules, underlyings, 4, 2, 1, c.dates};
  qs_script script;
  if (qs_script_compile(&context, arena, c.name, c.text, std::strlen(c.text), &names, &script) != QS_OK) {
    std::fprintf(stderr, "%s\n", context.message);
    std::exit(1);
  }
  const size_t lanes = size_t(set.script->lanes), rows = script.program.slot_count;
  const size_t bytes = (rows * lanes * sizeof(Real) + 63) / 64 * 64;
  Real *value = static_cast<Real *>(std::aligned_alloc(64, bytes));
  Real *adjoint = static_cast<Real *>(std::aligned_alloc(64, bytes));
  Real *native_adjoint = static_cast<Real *>(std::aligned_alloc(64, bytes));
  std::vector<Real> payoff(lanes);
  srandom(1);
  for (size_t i = 0; i < lanes; i++) {
    double s = 100;
    for (uint32_t d = 0; d < c.dates; d++) {
      s *= std::exp(0.8 / std::sqrt(double(c.dates)) * (double(random()) / RAND_MAX - 0.5));
      value[d * lanes + i] = Real(s);
    }
  }
  set.script->start(&script.program, value);
  const auto scripted = [&] {
    set.script->forward(&script.program, value);
    set.script->reverse(&script.program, value, adjoint);
  };
  const auto native = [&] {
    set.native->run(c.native, c.dates, constants[0].value, constants[1].value, value, payoff.data(),
                    native_adjoint);
  };
  scripted();
  native();
  for (size_t i = 0; i < lanes; i++) {
    double gap = std::fabs(double(payoff[i] - value[script.program.result * lanes + i]));
    for (uint32_t d = 0; d < c.dates; d++)
      gap = std::max(gap, std::fabs(double(adjoint[d * lanes + i] - native_adjoint[d * lanes + i])));
    if (!(gap < 1e-3)) {
      std::fprintf(stderr, "%s: script and native differ by %g in lane %zu\n", c.name, gap, i);
      std::exit(1);
    }
  }
  Result result = {std::string(c.name) + "/" + set.script->name, 1e9, 1e9};
  const int repeats = int(kRoundSeconds / round_of(native, 100)) + 1;
  for (int round = 0; round < kRounds; round++) {
    result.script = std::min(result.script, round_of(scripted, repeats));
    result.native = std::min(result.native, round_of(native, repeats));
  }
  const double numbers = double(lanes) * c.dates;
  std::printf("%-32s %10.3f %10.3f %8.2f\n", result.name.c_str(), result.script / numbers * 1e9,
              result.native / numbers * 1e9, result.script / result.native);
  std::free(value);
  std::free(adjoint);
  std::free(native_adjoint);
  qs_arena_destroy(arena);
  return result;
}

} // namespace

int main(int argc, char **argv) {
  const char *json = nullptr;
  for (int i = 1; i < argc; i++)
    if (std::strncmp(argv[i], "--benchmark_out=", 16) == 0)
      json = argv[i] + 16;
  std::printf("%-32s %10s %10s %8s\n", "ns a path and date", "script", "native", "ratio");
  std::vector<Result> results;
  for (const Set &set : kSets) {
    if (!runs_here(set.script->name))
      continue;
    for (const Case &c : kCases)
      results.push_back(set.script->is_double ? measure<double>(c, set) : measure<float>(c, set));
  }
  FILE *file = json ? std::fopen(json, "w") : nullptr;
  if (json && !file) {
    std::fprintf(stderr, "cannot write %s\n", json);
    return 1;
  }
  for (size_t i = 0; file && i < results.size(); i++)
    std::fprintf(file,
                 "%s\n  {\"name\": \"script/%s\", \"script_seconds\": %.4g, \"native_seconds\": %.4g, "
                 "\"ratio\": %.3f}",
                 i ? "," : "{\"benchmarks\": [", results[i].name.c_str(), results[i].script,
                 results[i].native, results[i].script / results[i].native);
  if (file)
    std::fprintf(file, "\n]}\n");
  return file && std::fclose(file) ? 1 : 0;
}
