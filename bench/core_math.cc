// Elements per second of the core's functions on one core, for each instruction set that this processor has.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/core/math_loops.h"

namespace {

constexpr int kCount = 4096; // inputs and outputs stay in the first two levels of cache

template <class Real, class Loop> void Run(benchmark::State &state, const qs_math_loop &f, Loop loop) {
  std::vector<Real> x(kCount), y(kCount);
  for (int i = 0; i < kCount; ++i)
    x[i] = static_cast<Real>(f.low / 2 + (f.high / 2 - f.low / 2) * (i + 0.5) / kCount);
  for (auto _ : state) {
    loop(kCount, x.data(), y.data());
    benchmark::DoNotOptimize(y.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * kCount);
}

void Register(const std::string &set, const qs_math_loop *loops) {
  for (const qs_math_loop *f = loops; f->name; ++f)
    benchmark::RegisterBenchmark((set + "/" + f->name).c_str(), [f](benchmark::State &state) {
      if (f->single)
        Run<float>(state, *f, f->single);
      else
        Run<double>(state, *f, f->twice);
    });
}

void RegisterPhilox(const std::string &set, void (*block)(uint32_t, uint32_t *)) {
  benchmark::RegisterBenchmark((set + "/philox_lanes (words)").c_str(), [block](benchmark::State &state) {
    std::vector<uint32_t> words(256);
    uint32_t path = 0;
    for (auto _ : state) {
      block(path, words.data());
      path += 64;
      benchmark::DoNotOptimize(words.data());
      benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * 256);
  });
}

} // namespace

int main(int argc, char **argv) {
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw"))
    Register("v4", qs_math_loops_v4()), RegisterPhilox("v4", qs_philox_block_v4);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    Register("v3", qs_math_loops_v3()), RegisterPhilox("v3", qs_philox_block_v3);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv))
    return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
