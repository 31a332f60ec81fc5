// Variance against plain Monte Carlo at equal time, for each kind of payoff under Heston.
//
// Usage: bench_variance [--benchmark_out=FILE | --json FILE] [FILTER]
// Plain: pseudo-random paths of the whole state, the payoff of S as it is, written here; where a barrier is
// watched at all times, the probability of the bridges between the nodes. It has the same time steps. Beside
// it stand what a run does: control variates on pseudo-random paths, Sobol points, and both (conditional
// payoffs always). Time is the processor's on one thread, with planning, Fourier prices and regression. An
// error is the root mean square of the standard errors under several seeds; all seeds' mean must agree with
// plain's. `gain` is plain's variance times its time over the same of the method. Sobol's gain grows with the
// number of paths, plain's does not.
#include <cmath>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "host/engine/greeks.h"
#include "host/engine/grid.h"
#include "host/engine/valuation.h"
#include "host/market/time.h"
#include "kernels/core/key.h"

namespace {

constexpr uint64_t kPlainPaths = 1 << 18, kChunk = 1 << 13, kPaths = 1 << 17;
constexpr int kSeeds = 8, kDays = 360;
constexpr double kSpot = 100;

double processor_seconds() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

// A path at the payoff's dates: S and v, and the years between the dates.
struct Path {
  const double *s, *v, *years;
  size_t count;
};

struct Case {
  const char *name;
  double goal;
  int every; // days between the dates; 0: the last alone; -1: the time steps
  std::function<void(qs_trade_spec *)> trade;
  std::function<double(const Path &)> payoff;
};

double call(double s, double k) {
  return std::fmax(s - k, 0);
}

double barrier_payoff(const Path &p, double lower, bool bridged) {
  double alive = 1, before = kSpot;
  for (size_t i = 0; i < p.count; i++) {
    if (p.s[i] <= lower) {
      return 0;
    }
    const double v = i ? 0.5 * (p.v[i - 1] + p.v[i]) : 0.5 * (p.v[0] + 0.25);
    if (bridged) {
      alive *= -std::expm1(-2 * std::log(before / lower) * std::log(p.s[i] / lower) / (v * p.years[i]));
    }
    before = p.s[i];
  }
  return alive * call(before, kSpot);
}

std::vector<Case> cases() {
  const auto option = [](qs_trade_type type, double strike, int every) {
    return [=](qs_trade_spec *t) {
      t->type = type;
      t->strike = strike;
      t->path.rule.days = every > 0 ? uint32_t(every) : 0;
      t->path.rule.skip_first = true;
    };
  };
  const auto last = [](const Path &p) { return p.s[p.count - 1]; };
  return {
      {"call", 100, 0, option(QS_TRADE_EUROPEAN, 100, 0),
       [=](const Path &p) { return call(last(p), kSpot); }},
      {"put_80", 100, 0,
       [](qs_trade_spec *t) {
         t->type = QS_TRADE_EUROPEAN;
         t->strike = 80;
         t->call_put = QS_PUT;
       },
       [=](const Path &p) { return call(80, last(p)); }},
      {"digital", 100, 0, option(QS_TRADE_DIGITAL, 100, 0),
       [=](const Path &p) { return last(p) > kSpot ? 1.0 : 0.0; }},
      {"asian_monthly", 20, 30, option(QS_TRADE_ASIAN, 100, 30),
       [](const Path &p) {
         double sum = 0;
         for (size_t i = 0; i < p.count; i++) {
           sum += p.s[i];
         }
         return call(sum / double(p.count), kSpot);
       }},
      {"barrier_weekly", 5, 7,
       [](qs_trade_spec *t) {
         t->type = QS_TRADE_BARRIER;
         t->strike = 100;
         t->path.lower = 80;
         t->path.monitoring = QS_MONITORING_DISCRETE;
         t->path.rule.days = 7;
         t->path.rule.skip_first = true;
       },
       [](const Path &p) { return barrier_payoff(p, 80, false); }},
      {"barrier_continuous", 5, -1,
       [](qs_trade_spec *t) {
         t->type = QS_TRADE_BARRIER;
         t->strike = 100;
         t->path.lower = 80;
       },
       [](const Path &p) { return barrier_payoff(p, 80, true); }},
      {"lookback_weekly", 0, 7, option(QS_TRADE_LOOKBACK, 100, 7),
       [](const Path &p) {
         double most = 0;
         for (size_t i = 0; i < p.count; i++) {
           most = std::fmax(most, p.s[i]);
         }
         return call(most, kSpot);
       }},
      {"cliquet_monthly", 0, 30,
       [](qs_trade_spec *t) {
         t->type = QS_TRADE_CLIQUET;
         t->path.rule.days = 30;
         t->path.local_floor = -0.05;
         t->path.local_cap = 0.1;
         t->path.global_floor = 0;
       },
       [](const Path &p) {
         double sum = 0, before = kSpot;
         for (size_t i = 0; i < p.count; before = p.s[i++]) {
           sum += std::fmax(-0.05, std::fmin(0.1, p.s[i] / before - 1));
         }
         return std::fmax(sum, 0);
       }},
      {"variance_swap_daily", 0, 1,
       [](qs_trade_spec *t) {
         t->type = QS_TRADE_VARIANCE_SWAP;
         t->strike = 0.5;
         t->path.rule.days = 1;
       },
       [](const Path &p) {
         double sum = 0, before = kSpot;
         for (size_t i = 0; i < p.count; before = p.s[i++]) {
           sum += std::pow(std::log(p.s[i] / before), 2);
         }
         return sum * 365 / kDays - 0.25;
       }},
  };
}

struct Figure {
  const Case *of;
  const char *method;
  double value, error, seconds, gain;
};

// What every run needs; members are freed by the destructor.
struct Engine {
  Engine() {
    qs_context_init(&context);
    arena = qs_arena_create(&context);
    qs_inputs_init(&inputs);
    inputs.as_of = qs_time_civil(2026, 3, 2) + QS_EXPIRY_SECOND;
    qs_underlying_spec_init(&underlying);
    underlying.name = "X";
    underlying.spot = kSpot;
    underlying.model.type = QS_MODEL_HESTON;
    const double value[] = {0.25, 2, 0.36, 0.8, -0.5};
    for (int p = 0; p < 5; p++) {
      underlying.model.value[p] = value[p];
      underlying.given |= 1u << p;
    }
    inputs.underlyings = &underlying;
    inputs.underlying_count = 1;
    ready = arena && qs_devices_open(&context, QS_BACKEND_CPU, 1, nullptr, &devices) == QS_OK;
  }
  ~Engine() {
    qs_devices_close(devices);
    qs_arena_destroy(arena);
  }
  Engine(const Engine &) = delete;

  qs_context context;
  qs_arena *arena = nullptr;
  qs_devices *devices = nullptr;
  qs_inputs inputs;
  qs_underlying_spec underlying;
  bool ready = false;
};

bool run_plain(const Case &c, Figure *figure) {
  Engine e;
  const qs_time as_of = e.inputs.as_of, end = as_of + kDays * QS_SECONDS_PER_DAY;
  std::vector<qs_time> times;
  if (c.every > 0) {
    for (qs_time t = as_of + c.every * QS_SECONDS_PER_DAY; t < end; t += c.every * QS_SECONDS_PER_DAY) {
      times.push_back(t);
    }
  } else if (c.every < 0) {
    const qs_time *nodes = nullptr;
    size_t count = 0;
    if (qs_grid_nodes(&e.context, e.arena, &e.underlying.model, as_of, end, NAN, &nodes, &count)) {
      return false;
    }
    for (size_t i = 0; i < count && nodes[i] < end; i++) {
      times.push_back(nodes[i]);
    }
  }
  times.push_back(end);
  std::vector<double> years;
  for (size_t i = 0; i < times.size(); i++) {
    years.push_back(qs_time_years(i ? times[i - 1] : as_of, times[i]));
  }
  qs_grid grid;
  std::vector<char> through(times.size(), 1);
  if (!e.ready ||
      qs_grid_build_through(&e.context, e.arena, &e.underlying.model, as_of, times.data(),
                            reinterpret_cast<const bool *>(through.data()), times.size(), NAN, &grid)) {
    return false;
  }
  const qs_backend *backend = qs_backend_cpu();
  const qs_device_options options = {1, nullptr};
  qs_device *device = nullptr;
  char message[QS_DEVICE_TEXT];
  if (backend->open(0, &options, message, &device)) {
    return false;
  }
  const uint64_t key = qs_key(99, QS_PURPOSE_TEST, "plain");
  const double weight = 1;
  qs_horizon_unit unit{};
  unit.path.model = e.underlying.model;
  unit.path.steps = grid.steps;
  unit.path.step_count = grid.step_count;
  unit.path.dates = grid.dates;
  unit.path.date_count = grid.date_count;
  unit.keys = &key;
  unit.weights = &weight;
  unit.key_count = 1;
  const size_t dates = times.size();
  std::vector<double> x(dates * kChunk), v(dates * kChunk), s(dates), variance(dates);
  double mean = 0, m2 = 0, count = 0;
  const double start = processor_seconds();
  qs_status status = QS_OK;
  for (uint64_t begin = 0; begin < kPlainPaths && !status; begin += kChunk) {
    unit.path_begin = begin;
    unit.path_end = begin + kChunk;
    status = backend->horizon(device, &unit, nullptr, message, x.data(), v.data());
    for (uint64_t i = 0; i < kChunk && !status; i++) {
      for (size_t d = 0; d < dates; d++) {
        s[d] = kSpot * std::exp(x[d * kChunk + i]);
        variance[d] = v[d * kChunk + i];
      }
      const double y = c.payoff({s.data(), variance.data(), years.data(), dates}), delta = y - mean;
      mean += delta / ++count;
      m2 += delta * (y - mean);
    }
  }
  *figure = {&c, "plain", mean, std::sqrt(m2 / count / (count - 1)), processor_seconds() - start, 1};
  backend->close(device);
  return status == QS_OK;
}

struct Method {
  const char *name;
  qs_sampling_choice sampling;
  qs_variance_reduction reduction;
};

constexpr Method kMethods[] = {
    {"conditional", QS_SAMPLING_CHOICE_PSEUDO, QS_REDUCTION_NONE},
    {"antithetic", QS_SAMPLING_CHOICE_PSEUDO, QS_REDUCTION_ANTITHETIC},
    {"control", QS_SAMPLING_CHOICE_PSEUDO, QS_REDUCTION_AUTO},
    {"sobol", QS_SAMPLING_CHOICE_SOBOL, QS_REDUCTION_NONE},
    {"sobol+control", QS_SAMPLING_CHOICE_SOBOL, QS_REDUCTION_AUTO},
};

bool run_method(const Case &c, const Method &method, const Figure &plain, Figure *figure) {
  double mean = 0, square = 0, seconds = 0;
  for (int seed = 1; seed <= kSeeds; seed++) {
    Engine e;
    e.inputs.simulation.paths = kPaths;
    e.inputs.simulation.seed = uint64_t(seed);
    e.inputs.simulation.sampling = method.sampling;
    e.inputs.simulation.variance_reduction = method.reduction;
    qs_trade_spec trade;
    qs_trade_spec_init(&trade);
    trade.id = "t";
    trade.underlying = "X";
    trade.quantity = 1;
    trade.expiry = e.inputs.as_of + kDays * QS_SECONDS_PER_DAY;
    c.trade(&trade);
    e.inputs.trades = &trade;
    e.inputs.trade_count = 1;
    qs_market *market = nullptr;
    qs_book *book = nullptr;
    qs_valuation valuation;
    if (!e.ready || qs_market_build(&e.context, e.arena, &e.inputs, &market) ||
        qs_book_build(&e.context, e.arena, &e.inputs, market, &book)) {
      std::fprintf(stderr, "%s: %s\n", c.name, e.context.message);
      return false;
    }
    const qs_simulation simulation = qs_simulation_resolve(&e.inputs.simulation);
    std::vector<double> scratch(simulation.batches);
    const double start = processor_seconds();
    if (qs_valuation_run(&e.context, e.arena, e.devices, market, book->contracts, book->count, &simulation,
                         false, &valuation)) {
      std::fprintf(stderr, "%s: %s\n", c.name, e.context.message);
      return false;
    }
    const qs_form form = qs_price_form(&valuation, 0, false);
    const qs_estimate price = qs_form_estimate(&valuation, 0, &form, scratch.data());
    seconds += (processor_seconds() - start) / kSeeds;
    mean += price.estimate / kSeeds;
    square += price.std_error * price.std_error / kSeeds;
  }
  const double gain = plain.error * plain.error * plain.seconds / (square * seconds);
  *figure = {&c, method.name, mean, std::sqrt(square), seconds, gain};
  const double z = (mean - plain.value) / std::sqrt(square / kSeeds + plain.error * plain.error);
  if (std::fabs(z) > 4.5) {
    std::fprintf(stderr, "%s, %s: %g, but plain %g: %.1f standard errors\n", c.name, method.name, mean,
                 plain.value, z);
    return false;
  }
  return true;
}

bool write_json(const char *path, const std::vector<Figure> &figures) {
  FILE *file = std::fopen(path, "w");
  if (!file) {
    return false;
  }
  std::fprintf(file,
               "{\"context\": {\"plain_paths\": %llu, \"paths\": %llu, \"seeds\": %d},\n\"benchmarks\": [",
               (unsigned long long)kPlainPaths, (unsigned long long)kPaths, kSeeds);
  for (size_t i = 0; i < figures.size(); i++) {
    const Figure &f = figures[i];
    std::fprintf(file,
                 "%s\n  {\"name\": \"%s/%s\", \"value\": %.8g, \"std_error\": %.4g, \"seconds\": %.4g, "
                 "\"gain\": %.4g, \"goal\": %g}",
                 i ? "," : "", f.of->name, f.method, f.value, f.error, f.seconds, f.gain, f.of->goal);
  }
  std::fprintf(file, "\n]}\n");
  return std::fclose(file) == 0;
}

void print(const Figure &f) {
  std::printf("%-20s %-14s %12.6f %10.2e %9.3f %10.4g\n", f.of->name, f.method, f.value, f.error, f.seconds,
              f.gain);
  std::fflush(stdout);
}

} // namespace

int main(int argc, char **argv) {
  const char *json = nullptr, *filter = "";
  for (int i = 1; i < argc; i++) {
    if (std::strncmp(argv[i], "--benchmark_out=", 16) == 0) {
      json = argv[i] + 16;
    } else if (std::strcmp(argv[i], "--json") == 0 && i + 1 < argc) {
      json = argv[++i];
    } else if (std::strncmp(argv[i], "--", 2) != 0) {
      filter = argv[i];
    }
  }
  const std::vector<Case> all = cases();
  std::vector<Figure> figures;
  bool good = true;
  std::printf("%-20s %-14s %12s %10s %9s %10s\n", "payoff", "method", "value", "std error", "seconds",
              "gain");
  for (const Case &c : all) {
    Figure plain;
    if (!std::strstr(c.name, filter)) {
      continue;
    }
    if (!run_plain(c, &plain)) {
      return 1;
    }
    print(plain);
    figures.push_back(plain);
    double best = 0;
    for (const Method &method : kMethods) {
      Figure figure{};
      good = run_method(c, method, plain, &figure) && good;
      print(figure);
      figures.push_back(figure);
      best = std::fmax(best, figure.gain);
    }
    if (c.goal > 0) {
      std::printf("%-20s best %.4g of the goal %g\n", c.name, best, c.goal);
    }
  }
  if (json && !write_json(json, figures)) {
    std::fprintf(stderr, "cannot write %s\n", json);
    return 1;
  }
  return good ? 0 : 1;
}
