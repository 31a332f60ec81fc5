// Time of the optimum of hedging over time: the tables that every policy shares, the dynamic programme over
// price, variance and holding, and the lower bound along paths (states a second). Thirty daily dates, one
// short call, all threads; the objective and the gap stand beside as what was found.
#include <benchmark/benchmark.h>

#include <cmath>
#include <random>
#include <vector>

#include "host/policy/bound.h"

namespace {

constexpr size_t kTrades = 30, kPaths = 4096;

qs_model Make(qs_model_type type) {
  qs_model m = {};
  m.type = type;
  m.value[QS_SIGMA] = 0.6;
  m.value[QS_V0] = 0.2014;
  m.value[QS_KAPPA] = 4.967;
  m.value[QS_THETA] = 0.2624;
  m.value[QS_XI] = 1.68;
  m.value[QS_RHO] = -0.3456;
  m.value[QS_LAMBDA] = 0.9329;
  m.value[QS_MU_J] = -0.1002;
  m.value[QS_SIGMA_J] = 0.001;
  m.value[QS_MU_V] = 0.1088;
  m.value[QS_RHO_J] = -0.1976;
  return m;
}

struct Job {
  qs_model model;
  qs_context context;
  std::vector<qs_policy_date> dates;
  qs_policy_option option;
  qs_policy_problem problem;
  qs_policy_settings settings = {};
  explicit Job(qs_model_type type) : model(Make(type)) {
    qs_context_init(&context);
    for (size_t n = 0; n <= kTrades; n++)
      dates.push_back({double(n) / 365, 100, 100, 1, 0.0005, 0, 0});
    option = {true, false, dates.back().years, 100, 100, -1, 0};
    problem = {&model, &option, 1, dates.data(), dates.size(), 0, 100, 0};
  }
};

void Ground(benchmark::State &state, qs_model_type type) {
  Job job(type);
  for (auto _ : state) {
    qs_arena *arena = qs_arena_create(&job.context);
    qs_policy_ground ground;
    if (qs_policy_make_ground(&job.context, arena, &job.problem, &job.settings, &ground))
      state.SkipWithError(job.context.message);
    else
      state.counters["j0"] = ground.j0;
    qs_arena_destroy(arena);
  }
}

void Optimum(benchmark::State &state, qs_model_type type) {
  Job job(type);
  qs_arena *arena = qs_arena_create(&job.context);
  qs_policy_ground ground;
  if (qs_policy_make_ground(&job.context, arena, &job.problem, &job.settings, &ground))
    state.SkipWithError(job.context.message);
  else
    for (auto _ : state) {
      qs_arena *own = qs_arena_create(&job.context);
      qs_policy_optimum optimum;
      if (qs_policy_optimise(&job.context, own, &ground, &job.settings, true, &optimum))
        state.SkipWithError(job.context.message);
      else
        state.counters["objective"] = optimum.value.objective;
      qs_arena_destroy(own);
    }
  qs_arena_destroy(arena);
}

// On paths of a normal walk: what they cost does not depend on their law.
void Bound(benchmark::State &state, qs_model_type type) {
  Job job(type);
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  std::vector<std::vector<double>> x(kTrades + 1, std::vector<double>(kPaths)), v(x);
  std::vector<const double *> xs, vs;
  for (size_t n = 0; n <= kTrades; n++) {
    for (size_t i = 0; i < kPaths; i++) {
      x[n][i] = n ? x[n - 1][i] + 0.03 * normal(random) : 0;
      v[n][i] = 0.2 * std::exp(0.3 * normal(random));
    }
    xs.push_back(x[n].data());
    vs.push_back(v[n].data());
  }
  qs_arena *arena = qs_arena_create(&job.context);
  qs_policy_ground ground;
  qs_policy_optimum optimum;
  std::vector<qs_policy_share> shares(kPaths);
  if (qs_policy_make_ground(&job.context, arena, &job.problem, &job.settings, &ground) ||
      qs_policy_optimise(&job.context, arena, &ground, &job.settings, true, &optimum))
    state.SkipWithError(job.context.message);
  else
    for (auto _ : state)
      qs_policy_follow(&job.context, &ground, &optimum, xs.data(), vs.data(), kPaths, shares.data(), nullptr);
  state.SetItemsProcessed(int64_t(state.iterations()) * int64_t(kPaths * kTrades));
  qs_arena_destroy(arena);
}

} // namespace

int main(int argc, char **argv) {
  const std::pair<const char *, qs_model_type> models[] = {
      {"gbm", QS_MODEL_GBM}, {"heston", QS_MODEL_HESTON}, {"svcj", QS_MODEL_SVCJ}};
  const std::pair<const char *, void (*)(benchmark::State &, qs_model_type)> parts[] = {
      {"ground", Ground}, {"optimum", Optimum}, {"bound", Bound}};
  for (const auto &[part, run] : parts)
    for (const auto &[name, type] : models) {
      const auto of = type;
      const auto call = run;
      benchmark::RegisterBenchmark((std::string(part) + "/" + name).c_str(),
                                   [call, of](benchmark::State &state) { call(state, of); })
          ->Unit(benchmark::kMillisecond)
          ->UseRealTime();
    }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
