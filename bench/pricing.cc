// Options per second of the pricing component on one core: a chain of 868 options in 13 expiries, shaped as a
// large venue's, priced as calibration and revaluation do.
#include <benchmark/benchmark.h>

#include <cmath>
#include <vector>

#include "host/market/black.h"
#include "host/market/fourier.h"

namespace {

struct Expiry {
  double years;
  std::vector<double> log_moneyness;
};

// Days to expiry and options of each; strikes spread evenly over three and a half deviations at 42% a year.
std::vector<Expiry> Chain() {
  const double days[] = {0.58, 1.58, 2.58, 3.58, 5.58, 12.6, 19.6, 26.6, 54.6, 89.6, 145.6, 236.6, 327.6};
  const int counts[] = {44, 44, 42, 42, 44, 36, 34, 98, 120, 70, 118, 102, 74};
  std::vector<Expiry> chain;
  for (int e = 0; e < 13; e++) {
    Expiry expiry = {days[e] / 365, {}};
    double reach = 3.5 * 0.42 * std::sqrt(expiry.years);
    for (int i = 0; i < counts[e]; i++)
      expiry.log_moneyness.push_back(reach * (2.0 * i / (counts[e] - 1) - 1));
    chain.push_back(expiry);
  }
  return chain;
}

qs_model Svcj() {
  qs_model m = {QS_MODEL_SVCJ, {}};
  const double values[] = {0.12, 3, 0.2, 1.5, -0.3, 2, -0.05, 0.08, 0.1, -0.2};
  for (int i = QS_V0; i <= QS_RHO_J; i++)
    m.value[i] = values[i];
  return m;
}

void PriceChain(benchmark::State &state, bool derivatives, double tolerance) {
  const std::vector<Expiry> chain = Chain();
  const qs_model model = Svcj();
  const qs_fourier_settings settings = {tolerance, 100 * tolerance, 1 << 18};
  std::vector<double> buffer(128 * 11);
  qs_fourier_output output = {};
  output.price = buffer.data();
  for (int i = QS_V0; derivatives && i <= QS_RHO_J; i++)
    output.parameter[i] = &buffer[128 * (i + 1)];
  int64_t options = 0;
  double error = 0, nodes = 0;
  for (auto _ : state) {
    nodes = 0;
    for (const Expiry &e : chain) {
      qs_fourier_report report;
      if (qs_fourier_strip(&model, e.years, e.log_moneyness.size(), e.log_moneyness.data(), &settings,
                           &output, &report) != QS_OK)
        state.SkipWithError(report.problem);
      error = std::fmax(error, report.error);
      nodes += static_cast<double>(report.nodes);
      options += static_cast<int64_t>(e.log_moneyness.size());
    }
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(options);
  state.counters["nodes"] = nodes;
  state.counters["error"] = error;
}

void Surface(benchmark::State &state, double years) {
  std::vector<double> v0, k;
  for (int i = 0; i < 40; i++)
    v0.push_back(0.005 * std::pow(1.18, i));
  for (int i = -50; i < 50; i++)
    k.push_back(0.02 * i);
  std::vector<double> price(v0.size() * k.size());
  const qs_model model = Svcj();
  const qs_fourier_settings settings = {1e-7, 1e-6, 1 << 18};
  for (auto _ : state) {
    qs_fourier_report report;
    if (qs_fourier_surface(&model, years, v0.size(), v0.data(), k.size(), k.data(), &settings, price.data(),
                           &report) != QS_OK)
      state.SkipWithError(report.problem);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(price.size()));
}

void ImpliedVolatility(benchmark::State &state) {
  std::vector<double> k, price;
  for (double s = 0.02; s < 2; s *= 1.25)
    for (double z = -6; z <= 6; z += 0.25) {
      k.push_back(z * s);
      price.push_back(qs_black_out_of_the_money(z * s, s));
    }
  for (auto _ : state) {
    double sum = 0, found = 0;
    for (size_t i = 0; i < k.size(); i++)
      sum += qs_black_implied_vol(k[i] >= 0, k[i], price[i], &found) == QS_BLACK_OK ? found : 0;
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(k.size()));
}

BENCHMARK_CAPTURE(PriceChain, svcj_price, false, 1e-11)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(PriceChain, svcj_price_and_gradient, true, 1e-11)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(PriceChain, svcj_price_and_gradient_1e_8, true, 1e-8)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Surface, svcj_40_by_100_one_day, 1 / 365.0)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Surface, svcj_40_by_100_half_a_year, 0.5)->Unit(benchmark::kMicrosecond);
BENCHMARK(ImpliedVolatility)->Unit(benchmark::kMicrosecond);

} // namespace

BENCHMARK_MAIN();
