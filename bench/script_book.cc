// What a book of scripts costs beside the same book of built-in types, through the engine: planning, paths,
// payoffs and Greeks, on one thread.
//
// Usage: bench_script_book [--benchmark_out=FILE] [FILTER]
// A figure is the best of several valuations by the processor's time, the two books in turn. A book has
// trades of one kind at several strikes, or of all kinds.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

#include "host/engine/valuation.h"
#include "host/market/time.h"

namespace {

constexpr uint64_t kPaths = 1 << 14;
constexpr int kDays = 360, kEach = 8, kRounds = 5;
constexpr qs_time kDay = QS_SECONDS_PER_DAY;

double processor_seconds() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

struct Kind {
  const char *name;
  qs_trade_type type;
  uint32_t days; // between its fixings; 0: none
  const char *formula;
};

// K is 90, 92 .. by trade, k a hundredth of it.
const Kind kKinds[] = {
    {"european", QS_TRADE_EUROPEAN, 0, "max(S[T] - K, 0)"},
    {"digital", QS_TRADE_DIGITAL, 0, "if(S[T] > K, 1, 0)"},
    {"asian", QS_TRADE_ASIAN, 7, "max(mean(S[fixings]) - K, 0)"},
    {"lookback", QS_TRADE_LOOKBACK, 7, "max(max(S[fixings]) - K, 0)"},
    {"barrier", QS_TRADE_BARRIER, 7, "if(min(S[fixings]) < 70, 0, max(S[T] - K, 0))"},
    {"cliquet", QS_TRADE_CLIQUET, 30, "max(sum(max(min(returns(S[fixings]), 0.05 * k), -0.05)), 0)"},
    {"volatility_swap", QS_TRADE_VOLATILITY_SWAP, 7, "sqrt(52 * mean(logreturns(S[fixings])^2)) - k"},
};

struct Book {
  std::vector<qs_trade_spec> trades;
  std::vector<std::string> ids;
};

const qs_schedule_spec *schedule_of(uint32_t days) {
  static const qs_schedule_spec lists[] = {{"fixings", nullptr, 0, {7, 0, 0, 0, false, 0}, false},
                                           {"fixings", nullptr, 0, {30, 0, 0, 0, false, 0}, false}};
  return &lists[days == 30];
}

const qs_constant_spec *constants_of(int strike) {
  static qs_constant_spec all[kEach][2];
  all[strike][0] = {"K", 90.0 + 2 * strike};
  all[strike][1] = {"k", (90.0 + 2 * strike) / 100};
  return all[strike];
}

qs_trade_spec make(const Kind &kind, int strike, bool scripted) {
  qs_trade_spec t;
  qs_trade_spec_init(&t);
  t.underlying = "X";
  t.quantity = 1;
  t.expiry_years = kDays / 365.0;
  t.type = scripted ? QS_TRADE_SCRIPT : kind.type;
  const qs_constant_spec *constants = constants_of(strike);
  if (scripted) {
    t.script.payoff = kind.formula;
    t.script.constants = constants;
    t.script.constant_count = 2;
    t.script.schedules = schedule_of(kind.days);
    t.script.schedule_count = kind.days ? 1 : 0;
    return t;
  }
  t.path.rule.days = kind.days;
  t.strike = kind.type == QS_TRADE_VOLATILITY_SWAP ? constants[1].value : constants[0].value;
  t.path.annualisation = kind.type == QS_TRADE_VOLATILITY_SWAP ? 52 : NAN;
  if (kind.type == QS_TRADE_BARRIER) {
    t.path.monitoring = QS_MONITORING_DISCRETE;
    t.path.lower = 70;
  }
  if (kind.type == QS_TRADE_CLIQUET) {
    t.strike = NAN;
    t.path.local_cap = 0.05 * constants[1].value;
    t.path.local_floor = -0.05;
    t.path.global_floor = 0;
  }
  return t;
}

Book make_book(const std::vector<Kind> &kinds, bool scripted) {
  Book book;
  for (const Kind &kind : kinds)
    for (int strike = 0; strike < kEach; strike++) {
      book.trades.push_back(make(kind, strike, scripted));
      book.ids.push_back(std::string(kind.name) + std::to_string(strike));
    }
  for (size_t i = 0; i < book.trades.size(); i++)
    book.trades[i].id = book.ids[i].c_str();
  return book;
}

// Processor seconds of one valuation.
double value(const Book &of, bool greeks, qs_variance_reduction reduction) {
  qs_context context;
  qs_context_init(&context);
  qs_arena *arena = qs_arena_create(&context);
  qs_inputs inputs;
  qs_inputs_init(&inputs);
  qs_underlying_spec x;
  qs_underlying_spec_init(&x);
  x.name = "X", x.spot = 100, x.carry = 0.01, x.discount_rate = 0.03;
  x.model = {QS_MODEL_HESTON, {0.16, 2, 0.16, 0.5, -0.5}};
  x.given = 31;
  inputs.as_of = qs_time_civil(2026, 3, 2) + 8 * 3600;
  inputs.underlyings = &x, inputs.underlying_count = 1;
  inputs.trades = of.trades.data(), inputs.trade_count = of.trades.size();
  inputs.simulation.paths = kPaths;
  inputs.simulation.variance_reduction = reduction;
  qs_market *market = nullptr;
  qs_book *book = nullptr;
  qs_devices *devices = nullptr;
  qs_valuation valuation;
  qs_status status = qs_devices_open(&context, QS_BACKEND_CPU, 1, nullptr, &devices);
  status = status ? status : qs_market_build(&context, arena, &inputs, &market);
  status = status ? status : qs_book_build(&context, arena, &inputs, market, &book);
  const qs_simulation simulation = qs_simulation_resolve(&inputs.simulation);
  const double begin = processor_seconds();
  status = status ? status
                  : qs_valuation_run(&context, arena, devices, market, book->contracts, book->count,
                                     &simulation, greeks, &valuation);
  const double seconds = processor_seconds() - begin;
  if (status) {
    std::fprintf(stderr, "%s\n", context.message);
    std::exit(1);
  }
  qs_devices_close(devices);
  qs_arena_destroy(arena);
  return seconds;
}

struct Result {
  std::string name;
  double built_in, scripted; // seconds
};

void compare(const char *name, const std::vector<Kind> &kinds, std::vector<Result> *results) {
  const Book built_in = make_book(kinds, false), scripted = make_book(kinds, true);
  for (qs_variance_reduction reduction : {QS_REDUCTION_NONE, QS_REDUCTION_AUTO})
    for (bool greeks : {false, true}) {
      double best[2] = {1e9, 1e9};
      for (int round = 0; round < kRounds; round++) {
        best[0] = std::min(best[0], value(built_in, greeks, reduction));
        best[1] = std::min(best[1], value(scripted, greeks, reduction));
      }
      std::printf("%-16s %-9s %-8s %10.1f %10.1f %8.2f\n", name, greeks ? "greeks" : "price",
                  reduction == QS_REDUCTION_NONE ? "none" : "controls", best[0] * 1e3, best[1] * 1e3,
                  best[1] / best[0]);
      results->push_back({std::string(name) + (greeks ? "/greeks" : "/price") +
                              (reduction == QS_REDUCTION_NONE ? "" : "/controls"),
                          best[0], best[1]});
    }
}

} // namespace

int main(int argc, char **argv) {
  const char *filter = "", *json = nullptr;
  for (int i = 1; i < argc; i++) {
    if (std::strncmp(argv[i], "--benchmark_out=", 16) == 0)
      json = argv[i] + 16;
    else if (argv[i][0] != '-')
      filter = argv[i];
  }
  std::vector<Result> results;
  std::printf("ms on one thread, %d trades a kind, %llu paths\n", kEach, (unsigned long long)kPaths);
  std::printf("%-16s %-9s %-8s %10s %10s %8s\n", "book", "asked", "controls", "built-in", "script", "ratio");
  std::vector<Kind> all;
  for (const Kind &kind : kKinds) {
    all.push_back(kind);
    if (std::strstr(kind.name, filter))
      compare(kind.name, {kind}, &results);
  }
  if (std::strstr("all", filter))
    compare("all", all, &results);
  FILE *file = json ? std::fopen(json, "w") : nullptr;
  for (size_t i = 0; file && i < results.size(); i++)
    std::fprintf(
        file, "%s\n  {\"name\": \"script_book/%s\", \"built_in_seconds\": %.4g, \"script_seconds\": %.4g}",
        i ? "," : "{\"benchmarks\": [", results[i].name.c_str(), results[i].built_in, results[i].scripted);
  if (file)
    std::fprintf(file, "\n]}\n");
  if (json && (!file || std::fclose(file))) {
    std::fprintf(stderr, "cannot write %s\n", json);
    return 1;
  }
  return 0;
}
