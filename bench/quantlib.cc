// quickset beside QuantLib on one core: a European call under Heston by QE-M Monte Carlo, same model, same
// steps, and all Greeks: pathwise here, central bumps with common random numbers there (one valuation for the
// price, two for each of spot, v0, kappa, theta, xi and rho: 13).
//
// Prints path-steps a second, and the time that each needs for the same standard error (time x error^2
// compared, since a Monte Carlo error falls with the root of the time). Every figure is the median of several
// runs, taken in turn. Usage: bench_quantlib [--benchmark_out=FILE]
#include <ql/instruments/vanillaoption.hpp>
#include <ql/models/equity/hestonmodel.hpp>
#include <ql/pricingengines/vanilla/mceuropeanhestonengine.hpp>
#include <ql/processes/hestonprocess.hpp>
#include <ql/quotes/simplequote.hpp>
#include <ql/settings.hpp>
#include <ql/termstructures/yield/flatforward.hpp>
#include <ql/time/calendars/nullcalendar.hpp>
#include <ql/time/daycounters/actual365fixed.hpp>
#include <ql/version.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "kernels/backend.h"
#include "kernels/core/key.h"

namespace {

constexpr double kYears = 1.0, kSpot = 100, kStrike = 100;
constexpr int kSteps = 100, kRounds = 5;
constexpr uint64_t kOurPaths = 1 << 18;
constexpr size_t kTheirPaths = 1 << 14;

struct Parameters {
  double spot = kSpot, v0 = 0.09, kappa = 2, theta = 0.09, xi = 0.6, rho = -0.5;
};

double seconds(const std::function<void()> &work) {
  auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return x[x.size() / 2];
}

struct Estimate {
  double value, error;
};

Estimate quantlib_price(const Parameters &p, size_t paths, long seed) {
  using namespace QuantLib;
  Date today(1, January, 2026);
  Settings::instance().evaluationDate() = today;
  DayCounter day_counter = Actual365Fixed();
  Handle<YieldTermStructure> zero(ext::make_shared<FlatForward>(today, 0.0, day_counter));
  Handle<Quote> spot(ext::make_shared<SimpleQuote>(p.spot));
  auto process = ext::make_shared<HestonProcess>(zero, zero, spot, p.v0, p.kappa, p.theta, p.xi, p.rho,
                                                 HestonProcess::QuadraticExponentialMartingale);
  VanillaOption option(ext::make_shared<PlainVanillaPayoff>(Option::Call, kStrike),
                       ext::make_shared<EuropeanExercise>(today + 365 * Days));
  option.setPricingEngine(MakeMCEuropeanHestonEngine<PseudoRandom>(process)
                              .withSteps(kSteps)
                              .withSamples(paths)
                              .withSeed(BigNatural(seed))
                              .
                              operator ext::shared_ptr<PricingEngine>());
  return {option.NPV(), option.errorEstimate()};
}

// Central difference with common random numbers, its error from independent repetitions.
struct Bump {
  const char *name;
  double Parameters::*field;
  double size;
};
const Bump kBumps[] = {{"delta", &Parameters::spot, 1.0},    {"d_v0", &Parameters::v0, 0.009},
                       {"d_kappa", &Parameters::kappa, 0.2}, {"d_theta", &Parameters::theta, 0.009},
                       {"d_xi", &Parameters::xi, 0.06},      {"d_rho", &Parameters::rho, 0.05}};
constexpr int kGreeks = sizeof kBumps / sizeof *kBumps;

double quantlib_bump(const Bump &b, size_t paths, long seed) {
  Parameters up, down;
  up.*b.field += b.size;
  down.*b.field -= b.size;
  return (quantlib_price(up, paths, seed).value - quantlib_price(down, paths, seed).value) / (2 * b.size);
}

struct Ours {
  std::vector<qs_step> steps;
  qs_date date{};
  qs_payoff_plan payoff{};
  double shift = 0;
  qs_value_unit unit{};
  qs_device *device = nullptr;
  std::vector<qs_moment> moments;

  explicit Ours(bool greeks) {
    for (int i = 0; i < kSteps; i++) {
      steps.push_back({kYears / kSteps, uint32_t(i / 4), uint32_t(i % 4)});
    }
    date.main_steps = kSteps;
    payoff.payoff = QS_PAYOFF_CALL;
    payoff.log_strike = std::log(kStrike / kSpot);
    Parameters p;
    unit.path.model.type = QS_MODEL_HESTON;
    const double values[] = {p.v0, p.kappa, p.theta, p.xi, p.rho};
    std::copy(values, values + 5, unit.path.model.value);
    unit.path.key = qs_key(1, QS_PURPOSE_TEST, "X");
    unit.path.steps = steps.data();
    unit.path.step_count = kSteps;
    unit.path.dates = &date;
    unit.path.date_count = 1;
    unit.payoffs = &payoff;
    unit.payoff_count = 1;
    unit.shifts = &shift;
    unit.shift_count = 1;
    unit.greeks = greeks;
    unit.path_count = kOurPaths;
    unit.batch_paths = kOurPaths / 256;
    unit.batch_end = 256;
    moments.resize(size_t(256) * qs_value_unit_quantities(&unit));
    qs_device_options options = {1, nullptr};
    char message[QS_DEVICE_TEXT] = "";
    if (qs_backend_cpu()->open(0, &options, message, &device)) {
      std::fprintf(stderr, "%s\n", message);
      std::exit(1);
    }
  }

  void run() {
    char message[QS_DEVICE_TEXT] = "";
    if (qs_backend_cpu()->value(device, &unit, nullptr, message, moments.data())) {
      std::fprintf(stderr, "%s\n", message);
      std::exit(1);
    }
  }

  Estimate estimate(uint32_t quantity) const {
    uint32_t quantities = qs_value_unit_quantities(&unit);
    double n = 0, mean = 0, m2 = 0;
    for (int b = 0; b < 256; b++) {
      const qs_moment &m = moments[size_t(b) * quantities + quantity];
      double size = double(unit.batch_paths), d = m.mean - mean;
      m2 += m.m2 + d * d * n * size / (n + size);
      mean += d * size / (n + size);
      n += size;
    }
    return {mean, std::sqrt(m2 / n / (n - 1))};
  }
};

} // namespace

int main(int argc, char **argv) {
  const char *out = nullptr;
  for (int i = 1; i < argc; i++) {
    if (std::strncmp(argv[i], "--benchmark_out=", 16) == 0) {
      out = argv[i] + 16;
    }
  }
  Ours price(false), greeks(true);
  price.run();
  greeks.run();
  std::vector<double> our_price, our_greeks, their_price;
  Estimate theirs{};
  for (int r = 0; r < kRounds; r++) {
    our_price.push_back(seconds([&] { price.run(); }));
    our_greeks.push_back(seconds([&] { greeks.run(); }));
    their_price.push_back(seconds([&] { theirs = quantlib_price({}, kTheirPaths, 42 + r); }));
  }
  Estimate mine = price.estimate(0);
  mine.value *= kSpot;
  mine.error *= kSpot;
  double ours_rate = double(kOurPaths) * kSteps / median(our_price);
  double greeks_rate = double(kOurPaths) * kSteps / median(our_greeks);
  double their_rate = double(kTheirPaths) * kSteps / median(their_price);
  double same_error =
      median(their_price) * theirs.error * theirs.error / (median(our_price) * mine.error * mine.error);
  std::printf("Heston QE-M call, %d steps, one core\n", kSteps);
  std::printf("%-12s %14s %12s %12s\n", "", "path-steps/s", "price", "std error");
  std::printf("%-12s %14.3e %12.5f %12.5f  (%llu paths)\n", "quickset", ours_rate, mine.value, mine.error,
              (unsigned long long)kOurPaths);
  std::printf("%-12s %14.3e %12.5f %12.5f  (%zu paths)\n", "QuantLib", their_rate, theirs.value, theirs.error,
              kTheirPaths);
  std::printf("ratio: %.0fx in path-steps, %.0fx in time to the same error of the price\n",
              ours_rate / their_rate, same_error);

  // Greeks: QuantLib's whole set takes 13 valuations; its error at that work from independent repetitions.
  constexpr size_t kBumpPaths = 2048;
  constexpr int kRepetitions = 12;
  double worst = INFINITY, best = 0;
  double bump_time = 13 * median(their_price) * double(kBumpPaths) / double(kTheirPaths);
  std::printf("%-8s %12s %12s %12s %12s %12s\n", "greek", "quickset", "error", "QuantLib", "error",
              "time ratio");
  for (int g = 0; g < kGreeks; g++) {
    double n = 0, mean = 0, m2 = 0;
    for (int r = 0; r < kRepetitions; r++) {
      double x = quantlib_bump(kBumps[g], kBumpPaths, 1000 + r), d = x - mean;
      n++;
      mean += d / n;
      m2 += d * (x - mean);
    }
    double their_error = std::sqrt(m2 / (n - 1)); // of one repetition
    Estimate e =
        greeks.estimate(g == 0 ? uint32_t(QS_QUANTITY_DELTA) : uint32_t(QS_QUANTITY_PARAMETERS + g - 1));
    double scale = g == 0 ? 1 : kSpot;
    double ratio =
        bump_time * their_error * their_error / (median(our_greeks) * e.error * scale * e.error * scale);
    worst = std::min(worst, ratio);
    best = std::max(best, ratio);
    std::printf("%-8s %12.5f %12.5f %12.5f %12.5f %12.0f\n", kBumps[g].name, e.value * scale, e.error * scale,
                mean, their_error / std::sqrt(n), ratio);
  }
  std::printf("full Greek set to the same errors: %.0fx at least, %.0fx at most\n", worst, best);
  if (out) {
    FILE *f = std::fopen(out, "w");
    if (!f) {
      std::perror(out);
      return 1;
    }
    std::fprintf(f,
                 "{\"benchmark\": \"quantlib\", \"quantlib\": \"%s\", \"steps\": %d, "
                 "\"quickset_path_steps_per_s\": %.6g, "
                 "\"quickset_greeks_path_steps_per_s\": %.6g, \"quantlib_path_steps_per_s\": %.6g, "
                 "\"ratio_path_steps\": %.6g, \"ratio_time_same_error_price\": %.6g, "
                 "\"ratio_time_same_error_greeks_least\": %.6g}\n",
                 QL_VERSION, kSteps, ours_rate, greeks_rate, their_rate, ours_rate / their_rate, same_error,
                 worst);
    std::fclose(f);
  }
  return 0;
}
