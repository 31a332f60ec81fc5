// How the scheduler's work spreads over devices: unit times recorded on this machine, a discrete-event
// simulation of the queue on them, that simulation against the real scheduler with one and two devices, and
// then, by the same simulation, a bank's night on 1 to 512 GPUs (SCALE.md has the model and its parameters).
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <queue>
#include <random>
#include <string>
#include <vector>

#include "host/engine/backends.h"
#include "host/engine/scheduler.h"

namespace {

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// ---- the queue, simulated ----

// A unit of equal items as the queue knows it, and what an item takes in truth.
struct Unit {
  std::uint64_t items;
  double cost;    // what the scheduler believes of an item, in its own measure
  double seconds; // of one item on a device of speed 1
};

struct Outcome {
  double seconds = 0; // until the last piece is done
  double busy = 0;    // of all devices
  std::uint64_t pieces = 0;
};

// Guided self-scheduling as work_queue.c does it: half of a device's share of what is left, at most a fifth
// of a second, at least one item; `overhead` seconds a piece. All devices alike.
Outcome Simulate(const std::vector<Unit> &units, int devices, double rate, double overhead) {
  std::priority_queue<double, std::vector<double>, std::greater<double>> idle;
  for (int d = 0; d < devices; d++) {
    idle.push(0);
  }
  double remaining = 0;
  for (const Unit &u : units) {
    remaining += static_cast<double>(u.items) * u.cost;
  }
  Outcome out;
  std::size_t at = 0;
  std::uint64_t begun = 0; // items of units[at] that were taken
  while (at < units.size()) {
    const Unit &u = units[at];
    const double when = idle.top(), share = 1.0 / devices;
    double budget = rate * 0.2;
    if (devices > 1) {
      budget = std::min(budget, remaining * share * std::max(share, 0.5));
    }
    const double wanted = std::max(1.0, std::floor(budget / u.cost));
    const std::uint64_t left = u.items - begun, items = wanted < static_cast<double>(left)
                                                            ? static_cast<std::uint64_t>(wanted)
                                                            : left;
    const double took = overhead + static_cast<double>(items) * u.seconds;
    idle.pop();
    idle.push(when + took);
    out.busy += took;
    out.pieces++;
    out.seconds = std::max(out.seconds, when + took);
    remaining -= static_cast<double>(items) * u.cost;
    begun += items;
    if (begun == u.items) {
      at++;
      begun = 0;
    }
  }
  return out;
}

// ---- recorded units, and the real scheduler ----

// Value units of unlike size: heston, 20 to 365 steps, 1 to 60 payoffs a date.
struct Job {
  std::vector<std::vector<qs_step>> steps;
  std::vector<std::vector<qs_date>> dates;
  std::vector<std::vector<qs_payoff_plan>> payoffs;
  std::vector<qs_value_unit> units;
  double no_shift = 0;

  explicit Job(std::size_t count) {
    std::mt19937 random(4);
    steps.resize(count), dates.resize(count), payoffs.resize(count), units.resize(count);
    for (std::size_t i = 0; i < count; i++) {
      const std::uint32_t length = 20 + static_cast<std::uint32_t>(random() % 346);
      for (std::uint32_t k = 0; k < length; k++) {
        steps[i].push_back({1.0 / 365, k / 4, k % 4});
      }
      dates[i] = {{length / 2, {0, 0, 0}}, {length, {0, 0, 0}}};
      const std::uint32_t strikes = 1 + static_cast<std::uint32_t>(random() % 60);
      for (std::uint32_t p = 0; p < 2 * strikes; p++) {
        payoffs[i].push_back({p / strikes, QS_PAYOFF_CALL, -0.5 + (p % strikes) / 60.0});
      }
      qs_value_unit &u = units[i];
      u = {};
      u.path.model.type = QS_MODEL_HESTON;
      const double values[] = {0.25, 2, 0.36, 0.8, -0.5};
      const int which[] = {QS_V0, QS_KAPPA, QS_THETA, QS_XI, QS_RHO};
      for (int k = 0; k < 5; k++) {
        u.path.model.value[which[k]] = values[k];
      }
      u.path.key = i + 1;
      u.path.steps = steps[i].data();
      u.path.step_count = length;
      u.path.dates = dates[i].data();
      u.path.date_count = 2;
      u.payoffs = payoffs[i].data();
      u.payoff_count = 2 * strikes;
      u.shifts = &no_shift;
      u.shift_count = 1;
      u.path_count = 64 * 256;
      u.batch_paths = 64;
      u.batch_end = 256;
    }
  }
};

// Seconds of all units by the scheduler on so many CPU devices of one thread each.
double Run(const Job &job, int devices) {
  qs_context context;
  qs_context_init(&context);
  std::vector<const qs_backend *> backends(static_cast<std::size_t>(devices), qs_backend_cpu());
  const qs_device_options options = {1, nullptr};
  qs_devices *set = nullptr;
  std::vector<std::vector<qs_moment>> moments;
  std::vector<qs_moment *> places;
  for (const qs_value_unit &u : job.units) {
    moments.emplace_back(qs_value_unit_moments(&u));
    places.push_back(moments.back().data());
  }
  if (qs_devices_open_from(&context, backends.data(), backends.size(), &options, nullptr, &set) != QS_OK) {
    std::fprintf(stderr, "%s\n", context.message);
    return NAN;
  }
  const double start = Now();
  const qs_status status =
      qs_schedule_value(&context, set, "value", job.units.data(), job.units.size(), nullptr, places.data());
  const double seconds = Now() - start;
  qs_devices_close(set);
  return status == QS_OK ? seconds : NAN;
}

// What an item of every unit takes, alone on one device; its cost is its path-steps and payoffs.
std::vector<Unit> Record(const Job &job) {
  std::vector<Unit> units;
  char message[QS_DEVICE_TEXT] = "";
  const qs_device_options options = {1, nullptr};
  qs_device *device = nullptr;
  if (qs_backend_cpu()->open(0, &options, message, &device) != QS_OK) {
    std::fprintf(stderr, "%s\n", message);
    return units;
  }
  for (const qs_value_unit &u : job.units) {
    std::vector<qs_moment> out(qs_value_unit_moments(&u));
    const double start = Now();
    if (qs_backend_cpu()->value(device, &u, nullptr, message, out.data()) != QS_OK) {
      std::fprintf(stderr, "%s\n", message);
    }
    const double cost = 64.0 * (u.path.step_count + 1 + 4.0 * u.payoff_count);
    units.push_back({256, cost, (Now() - start) / 256});
  }
  qs_backend_cpu()->close(device);
  return units;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// ---- a bank's night ----

// One million positions on 500 underlyings, sizes as 1/rank, 2,000 scenarios that each move volatility too,
// 2^18 paths of 250 steps in 256 batches; every position a payoff of its own. Machines of eight GPUs, one
// process each; every process gets every other's results and adds all of them up (quickset-mpi).
struct Night {
  double positions = 1e6, underlyings = 500, scenarios = 2000, paths = 262144, steps = 250, batches = 256;
  int machine = 8;                   // GPUs
  double step_rate = 0.55 * 258e9;   // path-steps a second of a GPU: 55% of the counted limit
  double payoff_rate = 1.42 * 142e9; // payoffs a second: in the CPU's proportion to path-steps
  double overhead = 70e-6;           // of a piece: three launches and their results 30, a worker process 40
  double link = 50e9;                // bytes a second from a GPU, beside its work (two buffers)
  double network = 50e9;             // bytes a second into a machine
  double moment = 16;                // bytes of a batch's sum
  double settle = 7.4e-9;            // seconds a moment, one core, measured
  double cores = 128;                // of a machine
  double calibrate = 0.15;           // seconds a surface and core, measured
  double room = 64e9;                // bytes of moments that a chunk of scenarios may take
};

// Seconds of the run, and of its parts as if each were alone.
struct Spread {
  double seconds = 0, devices = 0, settling = 0, moving = 0, calibrating = 0;
};

// How a night is run. The scenarios of a chunk are one order of work; with a pipeline the devices work on the
// next while cores add up the last one's.
struct Way {
  const char *name;
  bool sums_on_device; // positions are added up by underlying and batch before they leave it
  bool pipeline;
  double chunk; // most scenarios in an order
};

Spread Simulate(const Night &n, int gpus, const Way &way) {
  double harmonic = 0;
  for (int u = 1; u <= static_cast<int>(n.underlyings); u++) {
    harmonic += 1.0 / u;
  }
  const double moments = (way.sums_on_device ? n.underlyings : n.positions) * n.batches; // of a scenario
  const double bytes = moments * n.moment;
  const double chunk = std::max(1.0, std::floor(std::min({n.scenarios, n.room / bytes, way.chunk})));
  const int machines = (gpus + n.machine - 1) / n.machine;
  std::vector<Unit> units;
  double all = 0, cost = 0;
  for (int s = 0; s < static_cast<int>(chunk); s++) {
    for (int u = 1; u <= static_cast<int>(n.underlyings); u++) {
      const double payoffs = n.positions / (u * harmonic), paths = n.paths / n.batches;
      const double seconds = paths * (n.steps / n.step_rate + payoffs / n.payoff_rate);
      units.push_back({static_cast<std::uint64_t>(n.batches), paths * (n.steps + 4 * payoffs), seconds});
      all += seconds * n.batches;
      cost += units.back().cost * n.batches;
    }
  }
  const double chunks = n.scenarios / chunk;
  const double work = Simulate(units, gpus, cost / all, n.overhead).seconds;
  const double moved = chunk * bytes * (1 / (n.link * gpus) + (machines - 1.0) / machines / n.network);
  const double settled = chunk * moments * n.settle / n.cores;
  // The slowest of three stages sets the pace of a pipeline, the others are paid for once.
  const double total = work + moved + settled, pace = way.pipeline ? std::max({work, moved, settled}) : total;
  Spread out;
  out.devices = chunks * work;
  out.moving = chunks * moved;
  out.settling = chunks * settled;
  out.calibrating = n.underlyings * n.calibrate / n.cores;
  out.seconds = out.calibrating + chunks * pace + total - pace;
  return out;
}

} // namespace

int main(int argc, char **argv) {
  std::string path;
  for (int i = 1; i < argc; i++) {
    if (std::strncmp(argv[i], "--benchmark_out=", 16) == 0) {
      path = argv[i] + 16;
    }
  }
  const Job job(200);
  std::vector<Unit> units = Record(job);
  units = Record(job); // once the machine is warm
  double all = 0, cost = 0;
  for (const Unit &u : units) {
    all += 256 * u.seconds;
    cost += 256 * u.cost;
  }
  std::string json = "{\"benchmark\": \"scale\",\n \"queue\": [";
  std::printf("%zu recorded units, %.2f s on one device\ndevices  measured s  simulated s  ratio  pieces\n",
              units.size(), all);
  std::vector<double> one, two;
  for (int turn = 0; turn < 5; turn++) {
    one.push_back(Run(job, 1));
    two.push_back(Run(job, 2));
  }
  for (int devices : {1, 2}) {
    const double measured = Median(devices == 1 ? one : two);
    const Outcome simulated = Simulate(units, devices, cost / all, 5e-6);
    std::printf("%7d  %10.3f  %11.3f  %5.3f  %6llu\n", devices, measured, simulated.seconds,
                simulated.seconds / measured, static_cast<unsigned long long>(simulated.pieces));
    char line[160];
    std::snprintf(line, sizeof line, "%s\n  {\"devices\": %d, \"measured\": %.4f, \"simulated\": %.4f}",
                  devices == 1 ? "" : ",", devices, measured, simulated.seconds);
    json += line;
  }
  json += "],\n \"night\": [";
  const Night night;
  const Way ways[] = {{"one after the other", false, false, 1},
                      {"as it is", false, true, 1},
                      {"positions added up on the devices too", true, true, 10}};
  const char *comma = "";
  for (const Way &way : ways) {
    std::printf("\nA bank's night, %s, minutes\n", way.name);
    std::printf("GPUs      all  efficiency   devices    moving  adding up  calibrating\n");
    double first = 0;
    for (int gpus : {1, 8, 64, 512}) {
      const Spread s = Simulate(night, gpus, way);
      first = gpus == 1 ? s.seconds : first;
      std::printf("%4d  %7.2f  %9.0f%%  %8.2f  %8.2f  %9.2f  %11.3f\n", gpus, s.seconds / 60,
                  100 * first / (gpus * s.seconds), s.devices / 60, s.moving / 60, s.settling / 60,
                  s.calibrating / 60);
      char line[160];
      std::snprintf(line, sizeof line, "%s\n  {\"way\": \"%s\", \"gpus\": %d, \"seconds\": %.1f}", comma,
                    way.name, gpus, s.seconds);
      json += line;
      comma = ",";
    }
  }
  json += "]}\n";
  if (!path.empty()) {
    FILE *file = std::fopen(path.c_str(), "w");
    if (!file || std::fputs(json.c_str(), file) < 0 || std::fclose(file) != 0) {
      std::fprintf(stderr, "%s cannot be written\n", path.c_str());
      return 1;
    }
  }
  return 0;
}
