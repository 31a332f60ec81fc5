// An American put under Heston beside QuantLib's Longstaff-Schwartz, one core: the same model, as many paths
// and exercise dates. quickset's time holds the policy, both bounds and the extrapolation to all times;
// QuantLib's its regression (on polynomials of the spot and the variance) and its lower bound.
//
// QuantLib has no Longstaff-Schwartz engine for Heston: the class below is the small one that its own
// MCLongstaffSchwartzEngine asks for, on HestonProcess with QE-M.
//
// Usage: bench_early [--benchmark_out=FILE]
#include <ql/instruments/vanillaoption.hpp>
#include <ql/methods/montecarlo/lsmbasissystem.hpp>
#include <ql/pricingengines/mclongstaffschwartzengine.hpp>
#include <ql/processes/hestonprocess.hpp>
#include <ql/quotes/simplequote.hpp>
#include <ql/settings.hpp>
#include <ql/termstructures/yield/flatforward.hpp>
#include <ql/time/daycounters/actual365fixed.hpp>
#include <ql/version.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <vector>

#include "quickset/quickset.h"

namespace {

constexpr double kSpot = 10, kStrike = 10, kRate = 0.1, kV0 = 0.0625, kKappa = 5, kTheta = 0.16, kXi = 0.9,
                 kRho = 0.1;
constexpr int kDays = 91, kDates = 48, kRounds = 3;
constexpr size_t kPaths = 1 << 16, kCalibrationPaths = 1 << 14;

double seconds(const std::function<void()> &work) {
  auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return x[x.size() / 2];
}

class PutPricer : public QuantLib::EarlyExercisePathPricer<QuantLib::MultiPath> {
public:
  QuantLib::Real operator()(const QuantLib::MultiPath &path, QuantLib::Size t) const override {
    return std::max(kStrike - path[0][t], 0.0);
  }
  QuantLib::Array state(const QuantLib::MultiPath &path, QuantLib::Size t) const override {
    QuantLib::Array s(2);
    s[0] = path[0][t] / kStrike;
    s[1] = path[1][t];
    return s;
  }
  std::vector<boost::function<QuantLib::Real(QuantLib::Array)>> basisSystem() const override {
    return QuantLib::LsmBasisSystem::multiPathBasisSystem(2, 3, QuantLib::LsmBasisSystem::Monomial);
  }
};

using Base = QuantLib::MCLongstaffSchwartzEngine<QuantLib::VanillaOption::engine, QuantLib::MultiVariate,
                                                 QuantLib::PseudoRandom>;

class HestonEngine : public Base {
public:
  HestonEngine(const QuantLib::ext::shared_ptr<QuantLib::HestonProcess> &process,
               QuantLib::Handle<QuantLib::YieldTermStructure> rate, QuantLib::BigNatural seed)
      : Base(process, kDates, QuantLib::Null<QuantLib::Size>(), false, false, false, kPaths,
             QuantLib::Null<QuantLib::Real>(), QuantLib::Null<QuantLib::Size>(), seed, kCalibrationPaths),
        rate_(std::move(rate)) {}

protected:
  QuantLib::ext::shared_ptr<QuantLib::LongstaffSchwartzPathPricer<QuantLib::MultiPath>>
  lsmPathPricer() const override {
    return QuantLib::ext::make_shared<QuantLib::LongstaffSchwartzPathPricer<QuantLib::MultiPath>>(
        this->timeGrid(), QuantLib::ext::make_shared<PutPricer>(), *rate_);
  }

private:
  QuantLib::Handle<QuantLib::YieldTermStructure> rate_;
};

struct Estimate {
  double value, error;
};

Estimate quantlib_price(long seed) {
  using namespace QuantLib;
  Date today(1, January, 2026);
  Settings::instance().evaluationDate() = today;
  Handle<YieldTermStructure> rate(ext::make_shared<FlatForward>(today, kRate, Actual365Fixed()));
  Handle<YieldTermStructure> none(ext::make_shared<FlatForward>(today, 0.0, Actual365Fixed()));
  Handle<Quote> spot(ext::make_shared<SimpleQuote>(kSpot));
  auto process = ext::make_shared<HestonProcess>(rate, none, spot, kV0, kKappa, kTheta, kXi, kRho,
                                                 HestonProcess::QuadraticExponentialMartingale);
  VanillaOption option(ext::make_shared<PlainVanillaPayoff>(Option::Put, kStrike),
                       ext::make_shared<AmericanExercise>(today, today + kDays * Days));
  option.setPricingEngine(ext::make_shared<HestonEngine>(process, rate, BigNatural(seed)));
  return {option.NPV(), option.errorEstimate()};
}

struct Ours {
  qs_engine *engine = nullptr;
  qs_inputs inputs;
  qs_underlying_spec underlying;
  qs_trade_spec trade;

  Ours() {
    qs_engine_spec spec;
    qs_engine_spec_init(&spec);
    spec.threads = 1;
    spec.backend = QS_BACKEND_CPU;
    char message[256] = "";
    if (qs_engine_create(&spec, message, sizeof message, &engine)) {
      std::fprintf(stderr, "%s\n", message);
      std::exit(1);
    }
    qs_inputs_init(&inputs);
    qs_underlying_spec_init(&underlying);
    qs_trade_spec_init(&trade);
    const double values[] = {kV0, kKappa, kTheta, kXi, kRho};
    underlying.name = "X";
    underlying.spot = kSpot;
    underlying.carry = kRate;
    underlying.discount_rate = kRate;
    underlying.model.type = QS_MODEL_HESTON;
    std::copy(values, values + 5, underlying.model.value);
    underlying.given = qs_model_parameters(QS_MODEL_HESTON);
    trade.id = "put";
    trade.type = QS_TRADE_AMERICAN;
    trade.underlying = "X";
    trade.call_put = QS_PUT;
    trade.strike = kStrike;
    trade.expiry_years = kDays / 365.0;
    trade.quantity = 1;
    inputs.as_of = 1767225600; // 2026-01-01
    inputs.sections = QS_SECTION_VALUE;
    inputs.simulation.paths = kPaths;
    inputs.value.greeks = false;
    inputs.underlyings = &underlying;
    inputs.underlying_count = 1;
    inputs.trades = &trade;
    inputs.trade_count = 1;
  }
  ~Ours() { qs_engine_destroy(engine); }

  qs_trade_result run() {
    const qs_results *results = nullptr;
    if (qs_run(engine, &inputs, QS_SECTION_VALUE, &results)) {
      std::fprintf(stderr, "%s\n", qs_engine_message(engine));
      std::exit(1);
    }
    qs_trade_result result = results->trades[0];
    qs_results_destroy(results);
    return result;
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
  Ours ours;
  qs_trade_result mine = ours.run();
  Estimate theirs{};
  std::vector<double> our_time, their_time;
  for (int r = 0; r < kRounds; r++) {
    our_time.push_back(seconds([&] { mine = ours.run(); }));
    their_time.push_back(seconds([&] { theirs = quantlib_price(42 + r); }));
  }
  double ratio = median(their_time) / median(our_time);
  double error = mine.bounds.lower.std_error;
  double same_error = ratio * theirs.error * theirs.error / (error * error);
  std::printf("American put under Heston, %zu paths, %d dates, one core\n", kPaths, kDates);
  std::printf("%-10s %9s %10s %10s\n", "", "seconds", "price", "std error");
  std::printf("%-10s %9.3f %10.5f %10.5f  lower bound at %u dates\n", "quickset", median(our_time),
              mine.bounds.lower.estimate, error, mine.bounds.dates);
  std::printf("%-10s %9s %10.5f %10.5f  upper bound, %.4f%% of the price above\n", "", "",
              mine.bounds.upper.estimate, mine.bounds.upper.std_error,
              100 * mine.bounds.gap.estimate / mine.price.estimate);
  std::printf("%-10s %9s %10.5f %10.5f  at any time\n", "", "", mine.price.estimate, mine.price.std_error);
  std::printf("%-10s %9.3f %10.5f %10.5f  lower bound (%zu paths for the regression)\n", "QuantLib",
              median(their_time), theirs.value, theirs.error, kCalibrationPaths);
  std::printf("ratio: %.1fx in time, %.0fx in time to the same error\n", ratio, same_error);
  if (out) {
    FILE *f = std::fopen(out, "w");
    if (!f) {
      std::perror(out);
      return 1;
    }
    std::fprintf(f,
                 "{\"benchmark\": \"early\", \"quantlib\": \"%s\", \"paths\": %zu, \"dates\": %d, "
                 "\"quickset_seconds\": %.6g, \"quantlib_seconds\": %.6g, \"ratio_time\": %.6g, "
                 "\"ratio_time_same_error\": %.6g, \"gap_share\": %.6g}\n",
                 QL_VERSION, kPaths, kDates, median(our_time), median(their_time), ratio, same_error,
                 mine.bounds.gap.estimate / mine.price.estimate);
    std::fclose(f);
  }
  return 0;
}
