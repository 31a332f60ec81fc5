// Time of a hedge: the optimiser on chain-like problems (a perpetual, futures whose basis hardly moves,
// options of two factors and their own noise; quantities in dollars and coins; half-spreads, fees, impact, a
// margin and a leverage limit, delta limits), cold and from the solution of a sample close by, and the
// covariances of the P&L.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "host/hedge/moments.h"
#include "host/hedge/optimise.h"

namespace {

class Random {
public:
  explicit Random(uint64_t seed) : state(seed) {}
  double Uniform() { return (static_cast<double>(Bits() >> 12) + 0.5) / 4503599627370496.0; }
  double Normal() { return std::sqrt(-2 * std::log(Uniform())) * std::cos(6.283185307179586 * Uniform()); }

private:
  uint64_t Bits() { // splitmix64 (Steele, Lea, Flood 2014)
    uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  uint64_t state;
};

constexpr double spot = 60000;

struct Instrument {
  bool option;
  double delta, gamma, vega; // of one dollar of a future, of one option
};

// 1 perpetual, 5 futures, the rest options from deep in to far out of the money.
std::vector<Instrument> Instruments(size_t n) {
  std::vector<Instrument> out;
  for (size_t i = 0; i < n; i++) {
    if (i < 6) {
      out.push_back({false, 1 / spot, 0, 0});
    } else {
      const double m = 2.4 * (static_cast<double>(i - 6) / static_cast<double>(n - 6) - 0.5),
                   bell = std::exp(-m * m / 2);
      const double call_delta = 1 / (1 + std::exp(1.7 * m));
      out.push_back({true, i % 2 ? call_delta : call_delta - 1, 2e-5 * bell, 70 * bell});
    }
  }
  return out;
}

// P&L of one unit, by path, and of the book last: [n + 1][paths].
std::vector<double> PnL(const std::vector<Instrument> &instruments, size_t paths) {
  const size_t n = instruments.size();
  std::vector<double> out((n + 1) * paths);
  Random random(7);
  for (size_t p = 0; p < paths; p++) {
    const double ds = 0.03 * spot * random.Normal(), dv = 3 * random.Normal();
    for (size_t i = 0; i < n; i++) {
      const Instrument &k = instruments[i];
      const double own = k.option ? 12 * random.Normal() : 0.0006 * random.Normal();
      out[i * paths + p] = k.delta * ds + 0.5 * k.gamma * ds * ds + k.vega * dv + own;
    }
    out[n * paths + p] = -180 * ds - 0.5 * 4e-3 * ds * ds + 9000 * dv + 20000 * random.Normal();
  }
  return out;
}

struct Setting {
  qs_context context;
  qs_arena *arena;
  std::vector<Instrument> instruments;
  std::vector<double> vectors, covariance, cross, linear, impact, funding, lower, upper, position, delta,
      joint, mean;
  std::vector<double> margin_up, margin_down, leverage;
  qs_hedge_row row = {};
  qs_hedge_gross gross[2] = {};
  qs_hedge_problem problem = {};
  qs_moments *moments = nullptr;

  Setting(size_t n, size_t paths) : instruments(Instruments(n)), vectors(PnL(instruments, paths)) {
    qs_context_init(&context);
    context.threads = 1;
    arena = qs_arena_create(&context);
    qs_moments_compute(&context, arena, vectors.data(), n + 1, paths, &moments);
    Random random(3);
    for (size_t i = 0; i < n; i++) {
      const Instrument &k = instruments[i];
      const double weight = 20000;
      linear.push_back(weight * (k.option ? 18 + 12 + 60 * random.Uniform() : 6e-4));
      impact.push_back(weight * (k.option ? 1.5 : 1e-8));
      funding.push_back(i == 0 ? weight * 0.06 / 365 : 0);
      lower.push_back(k.option ? -50 : -2e7);
      upper.push_back(k.option ? 50 : 2e7);
      position.push_back(i % 3 == 0 ? (k.option ? 20 : 1e6) * random.Normal() : 0);
      delta.push_back(k.delta);
      margin_up.push_back(k.option ? 0 : 0.04);
      margin_down.push_back(k.option ? 8000 : 0.04);
      leverage.push_back(std::fabs(k.delta) * spot);
    }
    covariance.resize(n * n);
    cross.resize(n);
    joint.resize((n + 1) * (n + 1));
    mean.resize(n + 1);
    row = {delta.data(), -180, -20, 20};
    gross[0] = {margin_up.data(), margin_down.data(), 1e5, 1.2e6};
    gross[1] = {leverage.data(), leverage.data(), 1e6, 1.6e7};
    problem.count = n;
    problem.covariance = covariance.data();
    problem.cross = cross.data();
    problem.linear = linear.data();
    problem.impact = impact.data();
    problem.funding = funding.data();
    problem.lower = lower.data();
    problem.upper = upper.data();
    problem.position = position.data();
    problem.rows = &row;
    problem.row_count = 1;
    problem.gross = gross;
    problem.gross_count = 2;
    Without(QS_NO_BLOCK);
  }
  ~Setting() { qs_arena_destroy(arena); }
  Setting(const Setting &) = delete;
  Setting &operator=(const Setting &) = delete;

  void Without(int block) {
    const size_t n = instruments.size();
    qs_moments_covariance(moments, block, joint.data(), mean.data());
    for (size_t i = 0; i < n; i++) {
      for (size_t j = 0; j < n; j++)
        covariance[i * n + j] = joint[i * (n + 1) + j];
      cross[i] = joint[i * (n + 1) + n];
    }
    problem.constant = joint[n * (n + 1) + n];
  }
};

// One solution; `warm` starts from the solution on all paths and solves without one block of them.
void Optimise(benchmark::State &state, bool warm) {
  Setting s(static_cast<size_t>(state.range(0)), 1 << 14);
  qs_hedge_solution *start = nullptr;
  qs_hedge_optimise(&s.context, s.arena, &s.problem, nullptr, &start);
  if (warm)
    s.Without(5);
  double kkt = 0, iterations = 0, trades = 0, failed = 0;
  for (auto _ : state) {
    qs_arena *arena = qs_arena_create(&s.context);
    qs_hedge_solution *solution = nullptr;
    failed += qs_hedge_optimise(&s.context, arena, &s.problem, warm ? start : nullptr, &solution) != QS_OK ||
              solution->outcome != QS_HEDGE_OPTIMAL;
    kkt = solution->kkt;
    iterations = solution->iterations;
    trades = 0;
    for (size_t i = 0; i < s.problem.count; i++)
      trades += solution->x[i] != 0;
    qs_arena_destroy(arena);
  }
  state.counters["kkt"] = kkt;
  state.counters["iterations"] = iterations;
  state.counters["trades"] = trades;
  state.counters["failed"] = failed;
}

// Covariances of n + 1 vectors of 2^18 paths on one thread.
void Covariances(benchmark::State &state) {
  const size_t n = static_cast<size_t>(state.range(0)), paths = 1 << 18;
  const std::vector<double> vectors = PnL(Instruments(n), paths);
  qs_context context;
  qs_context_init(&context);
  context.threads = 1;
  for (auto _ : state) {
    qs_arena *arena = qs_arena_create(&context);
    qs_moments *moments = nullptr;
    qs_moments_compute(&context, arena, vectors.data(), n + 1, paths, &moments);
    qs_arena_destroy(arena);
  }
  state.counters["products/s"] = benchmark::Counter(static_cast<double>(state.iterations()) *
                                                        static_cast<double>((n + 1) * (n + 2) / 2 * paths),
                                                    benchmark::Counter::kIsRate);
}

BENCHMARK_CAPTURE(Optimise, cold, false)->Arg(26)->Arg(60)->Arg(200)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Optimise, warm, true)->Arg(26)->Arg(60)->Arg(200)->Unit(benchmark::kMillisecond);
BENCHMARK(Covariances)->Arg(26)->Unit(benchmark::kMillisecond);

} // namespace

BENCHMARK_MAIN();
