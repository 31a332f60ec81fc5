// Path-steps, payoff values and hedging decisions a second of the CPU backend, finishing and payoff included,
// for each instruction set that this processor has, on one thread and on two.
//
// Usage: bench_paths [--benchmark_out=FILE | --json FILE] [--seconds S] [FILTER]
// A figure is the best of many short runs, one thread and two in turn: by the processor's time on one thread,
// so that a busy machine does not show, by the wall's on two. Cycles are those of the core's clock
// (replay.h); they are given for 16 path-steps, the lanes of an AVX-512 register in single precision.
// Instructions for 16 path-steps are counted one by one (instructions.h): all, and the vector arithmetic
// among them. Beside them what that arithmetic needs at least, as a share of the cycles that were taken:
//   limit     at as many vector instructions a cycle as this processor was seen to issue, of any kind
//   unrolled  in a loop of the very same instructions, each as often, written out so that none waits for
//   another
//             and none touches memory: divisions, roots, shuffles and the like cost there what they cost
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

#include "bench/instructions.h"
#include "bench/kernel_work.h"
#include "bench/replay.h"

namespace {

constexpr const char *kTargets[] = {"x86-64-v4", "x86-64-v3"};
constexpr int kLengths[] = {2, 1}; // of their registers, 16 bytes << length

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double processor_seconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

struct Figure {
  const Case *work;
  const char *target;
  int threads;
  double rate;               // path-steps, or payoff values, a second
  double cycles;             // of one core, for 16 of them
  double speed_up;           // over one thread, run by run in turn: the median; 0 for one thread
  Instructions instructions; // for 16 of them; 0 where they could not be counted
  double limit, unrolled;    // cycles that they take at least
};

struct Seconds {
  double wall, processor;
};

Seconds run_once(qs_device *device, Work &work) {
  const Seconds begin = {wall_seconds(), processor_seconds()};
  work.run(device);
  return {wall_seconds() - begin.wall, processor_seconds() - begin.processor};
}

// Path-steps, payoff values, or dates of a path and a policy.
double items(const Case &c) {
  const bool joint = c.unit == Unit::kJoint || c.unit == Unit::kJointGreeks;
  return double(c.paths) * (c.payoffs > 1 ? c.payoffs : c.steps) *
         (joint                        ? kJointAssets
          : c.unit == Unit::kRebalance ? kHedgePolicies
                                       : 1);
}

// One thread and two in turn, so that both meet the same clock and the same neighbours.
std::array<Figure, 2> measure(const Case &c, const char *target, qs_device *const devices[2], double clock,
                              double seconds) {
  Work work(c);
  double best[2] = {1e9, 1e9};
  std::vector<double> speed_up;
  const double stop = wall_seconds() + seconds;
  while (speed_up.size() < 5 || wall_seconds() < stop) {
    const Seconds one = run_once(devices[0], work), two = run_once(devices[1], work);
    best[0] = std::min(best[0], one.processor);
    best[1] = std::min(best[1], two.wall);
    speed_up.push_back(one.wall / two.wall);
  }
  std::sort(speed_up.begin(), speed_up.end());
  const double done = items(c);
  std::array<Figure, 2> figures;
  for (int t = 0; t < 2; t++)
    figures[t] = {&c, target, t + 1, done / best[t], clock * (t + 1) * best[t] / done * 16, 0, {}, 0, 0};
  figures[1].speed_up = speed_up[speed_up.size() / 2];
  return figures;
}

// Paths of what is counted, a multiple of the kernels' lanes: the fewer the sooner, but the end of a batch,
// which is of 1,024 paths, is to weigh little.
uint64_t counted_paths(const Case &c) {
  if (c.payoffs < 2)
    return 128;
  return c.unit == Unit::kValue ? 1024 : c.unit == Unit::kPath ? 256 : 512;
}

// Instructions of a case's run for each of its items, 16 at a time: what of two sizes the larger has more.
bool count_items(const Case &c, qs_device *device, Instructions *instructions) {
  Case less = c, more = c;
  less.paths = more.paths = counted_paths(c);
  if (c.payoffs > 1) {
    less.payoffs = c.pairs ? 2 : 1, more.payoffs = 2 * less.payoffs;
  } else {
    less.steps = std::max(4, c.days), more.steps = 2 * less.steps;
  }
  const double dt = c.steps == 1 ? 0.01 : 1.0 / c.steps;
  Work small(less, dt), large(more, dt);
  small.run(device); // so that no symbol is looked up when it is counted
  if (!count_difference([&] { small.run(device); }, [&] { large.run(device); }, instructions))
    return false;
  *instructions = *instructions / (items(more) / 2 / 16);
  return true;
}

void count(const Case &c, const Width &width, double clock, qs_device *device, Figure *figure) {
  if (!count_items(c, device, &figure->instructions))
    return;
  figure->limit = width.most > 0 ? figure->instructions.vector / width.most : 0;
  figure->unrolled = replay_cycles(figure->instructions.forms, clock);
}

bool write_json(const char *path, const std::vector<Figure> &figures, double clock) {
  FILE *file = std::fopen(path, "w");
  if (!file)
    return false;
  std::fprintf(file, "{\"clock_hz\": %.4g, \"benchmarks\": [", clock);
  const char *separator = "";
  for (const Figure &f : figures) {
    std::fprintf(
        file,
        "%s\n  {\"name\": \"%s/%s/threads:%d\", \"%s_per_second\": %.6g, \"cycles_per_16\": %.4g, "
        "\"instructions_per_16\": %.4g, \"vector_instructions_per_16\": %.4g, \"share_of_limit\": %.4g, "
        "\"unrolled_cycles_per_16\": %.4g, \"share_of_unrolled\": %.4g, "
        "\"speed_up\": %.4g, \"steps\": %d, \"payoffs\": %d, \"paths\": %llu, \"target\": %.4g}",
        separator, f.work->name, f.target, f.threads, f.work->payoffs > 1 ? "payoffs" : "path_steps", f.rate,
        f.cycles, f.instructions.all, f.instructions.vector, f.limit / f.cycles, f.unrolled,
        f.unrolled / f.cycles, f.speed_up, f.work->steps, f.work->payoffs, (unsigned long long)f.work->paths,
        f.work->target * 1e6);
    separator = ",";
  }
  std::fprintf(file, "\n]}\n");
  return std::fclose(file) == 0;
}

void print_row(const Figure &f) {
  std::printf("%-27s %-10s %7d %10.1f %12.1f", f.work->name, f.target, f.threads, f.rate / 1e6, f.cycles);
  if (f.speed_up > 0)
    std::printf("   %.2f x one thread", f.speed_up);
  if (f.instructions.all > 0)
    std::printf(" %8.1f %8.1f %7.0f%% %9.1f %7.0f%%", f.instructions.all, f.instructions.vector,
                100 * f.limit / f.cycles, f.unrolled, 100 * f.unrolled / f.cycles);
  if (f.threads == 1 && f.work->target > 0 && !std::strcmp(f.target, kTargets[0]))
    std::printf("   %.2f of the target %.0f", f.rate / 1e6 / f.work->target, f.work->target);
  std::printf("\n");
  std::fflush(stdout);
}

} // namespace

int main(int argc, char **argv) {
  const char *json = nullptr, *filter = "";
  double seconds = 0.4;
  for (int i = 1; i < argc; i++) {
    const std::string argument = argv[i];
    if (argument.rfind("--benchmark_out=", 0) == 0)
      json = argv[i] + std::strlen("--benchmark_out=");
    else if (argument == "--json" && i + 1 < argc)
      json = argv[++i];
    else if (argument == "--seconds" && i + 1 < argc)
      seconds = std::strtod(argv[++i], nullptr);
    else if (argument.rfind("--", 0) != 0)
      filter = argv[i];
  }
  const double clock = clock_rate();
  std::printf("core clock %.2f GHz\n", clock * 1e-9);
  Width widths[2];
  for (int t = 0; t < 2; t++) {
    widths[t] = measure_width(kLengths[t], clock);
    std::printf("%s: vector instructions a cycle: %.2f fused multiply-adds, %.2f additions, %.2f of whole "
                "numbers, at most %.2f "
                "of a mixture\n",
                kTargets[t], widths[t].fma, widths[t].add, widths[t].whole, widths[t].most);
  }
  std::printf("%-27s %-10s %7s %10s %12s %8s %8s %8s %9s %8s\n", "case", "target", "threads", "M a second",
              "cycles/16", "instr.", "vector", "of limit", "unrolled", "of it");
  std::vector<Figure> figures;
  for (const Case &c : kCases) {
    for (int t = 0; t < 2 && std::strstr(c.name, filter); t++) {
      char message[QS_DEVICE_TEXT] = "";
      qs_device *devices[2] = {};
      bool open = true;
      for (int i = 0; i < 2 && open; i++) {
        const qs_device_options options = {i + 1, kTargets[t]};
        open = qs_backend_cpu()->open(0, &options, message, &devices[i]) == QS_OK;
      }
      if (open) {
        std::array<Figure, 2> pair = measure(c, kTargets[t], devices, clock, seconds);
        count(c, widths[t], clock, devices[0], &pair[0]);
        for (const Figure &figure : pair) {
          figures.push_back(figure);
          print_row(figure);
        }
      }
      for (qs_device *device : devices) {
        if (device)
          qs_backend_cpu()->close(device);
      }
    }
  }
  if (json && !write_json(json, figures, clock)) {
    std::fprintf(stderr, "cannot write %s\n", json);
    return 1;
  }
  return 0;
}
