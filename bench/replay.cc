#include "bench/replay.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <initializer_list>
#include <utility>
#include <vector>

#if defined(__x86_64__) && defined(__linux__)
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xmmintrin.h>
#endif

namespace {

constexpr double kMultiplyCycles = 3;
constexpr double kBody = 1500;       // instructions of the loop, about
constexpr double kRunSeconds = 2e-4; // of a run
constexpr int kRuns = 100;

double processor_seconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

#if defined(__x86_64__) && defined(__linux__)

void put(std::vector<uint8_t> *code, std::initializer_list<unsigned> bytes) {
  for (unsigned byte : bytes)
    code->push_back(uint8_t(byte));
}

// Sets all registers: vectors to 1.5 in single precision, masks to ones.
void write_start(bool wide, std::vector<uint8_t> *code) {
  put(code, {0xb8, 0, 0, 0xc0, 0x3f}); // mov eax, 1.5
  if (!wide) {
    put(code, {0xc5, 0xf9, 0x6e, 0xc0, 0xc4, 0xe2, 0x7d, 0x18, 0xc0}); // vmovd, vbroadcastss
    for (unsigned n = 1; n < 16; n++)
      put(code, {0xc5, (n < 8 ? 0x80u : 0u) | 0x7c, 0x28, 0xc0 | (n & 7) << 3}); // vmovaps
  } else {
    put(code, {0x62, 0xf2, 0x7d, 0x48, 0x7c, 0xc0}); // vpbroadcastd
    for (unsigned n = 1; n < 32; n++)
      put(code, {0x62, (n >> 3 & 1 ? 0u : 0x80u) | (n >> 4 & 1 ? 0u : 0x10u) | 0x61, 0x7c, 0x48, 0x28,
                 0xc0 | (n & 7) << 3});
    for (unsigned n = 0; n < 8; n++)
      put(code, {0xc5, 0x84 | (~n & 15) << 3, 0x46, 0xc0 | n << 3 | n}); // kxnorw
  }
  while (code->size() % 64)
    code->push_back(0x90);
}

// A function of the number of rounds. Returns how often all of `forms` stand in it.
double write_loop(const std::map<Form, double> &forms, std::vector<uint8_t> *code) {
  double all = 0;
  bool wide = false;
  for (const auto &entry : forms) {
    all += entry.second;
    wide = wide || entry.first.evex;
  }
  // Each spread evenly over the loop.
  std::vector<std::pair<double, const Form *>> order;
  const double times = kBody / all;
  for (const auto &entry : forms) {
    const double count = std::floor(entry.second * times + 0.5);
    for (double i = 0; i < count; i++)
      order.emplace_back((i + 0.5) / count, &entry.first);
  }
  std::stable_sort(order.begin(), order.end(),
                   [](const auto &a, const auto &b) { return a.first < b.first; });
  write_start(wide, code);
  const size_t start = code->size();
  for (size_t i = 0; i < order.size(); i++)
    write_form(*order[i].second, unsigned(i), code);
  put(code, {0x48, 0xff, 0xcf, 0x0f, 0x85}); // dec rdi; jnz start
  const uint32_t back = uint32_t(start - (code->size() + 4));
  put(code, {back & 255, back >> 8 & 255, back >> 16 & 255, back >> 24});
  put(code, {0xc5, 0xf8, 0x77, 0xc3}); // vzeroupper; ret
  return double(order.size()) / all;
}

// Seconds of all of `forms`.
double time_loop(const std::map<Form, double> &forms) {
  std::vector<uint8_t> code;
  const double times = write_loop(forms, &code);
  void *room = mmap(nullptr, code.size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED)
    return 0;
  std::copy(code.begin(), code.end(), static_cast<uint8_t *>(room));
  if (mprotect(room, code.size(), PROT_READ | PROT_EXEC) != 0)
    return 0;
  using Loop = void (*)(uint64_t);
  const Loop loop = reinterpret_cast<Loop>(room);
  _mm_setcsr(_mm_getcsr() | 0x8040); // no slow way for subnormal numbers, which the kernels do not meet
  loop(10);
  double begin = processor_seconds();
  loop(100);
  const double rounds = std::max(1.0, std::ceil(100 * kRunSeconds / (processor_seconds() - begin)));
  double best = 1e9;
  for (int run = 0; run < kRuns; run++) {
    begin = processor_seconds();
    loop(uint64_t(rounds));
    best = std::min(best, (processor_seconds() - begin) / rounds);
  }
  munmap(room, code.size());
  return best / times;
}

#endif

Form simple(int length, unsigned map, unsigned prefix, unsigned opcode) {
  Form form;
  form.evex = length == 2;
  form.map = uint8_t(map), form.prefix = uint8_t(prefix), form.opcode = uint8_t(opcode);
  form.length = uint8_t(length);
  return form;
}

} // namespace

double clock_rate() {
  double best = 0;
  for (int run = 0; run < 50; run++) {
    constexpr int kCount = 100000;
    uint64_t x = 3;
    const double begin = processor_seconds();
    for (int i = 0; i < kCount; i++) {
      x *= x;
      __asm__ volatile("" : "+r"(x));
    }
    best = std::max(best, kCount * kMultiplyCycles / (processor_seconds() - begin));
  }
  return best;
}

#if defined(__x86_64__) && defined(__linux__)
double replay_cycles(const std::map<Form, double> &forms, double clock) {
  int ends[2];
  if (forms.empty() || pipe(ends) != 0)
    return 0;
  const pid_t child = fork();
  if (child == 0) {
    const double seconds = time_loop(forms);
    _exit(write(ends[1], &seconds, sizeof seconds) != ssize_t(sizeof seconds));
  }
  close(ends[1]);
  double seconds = 0;
  const bool read_it = child > 0 && read(ends[0], &seconds, sizeof seconds) == ssize_t(sizeof seconds);
  close(ends[0]);
  int status = 0;
  if (child > 0)
    waitpid(child, &status, 0);
  return read_it ? seconds * clock : 0;
}
#else
double replay_cycles(const std::map<Form, double> &, double) {
  return 0;
}
#endif

Width measure_width(int length, double clock) {
  const Form fma = simple(length, 2, 1, 0xb8), add = simple(length, 1, 0, 0x58),
             whole = simple(length, 1, 1, 0xfe);
  const auto rate = [clock](const std::map<Form, double> &forms) {
    const double cycles = replay_cycles(forms, clock);
    return cycles > 0 ? double(forms.size()) / cycles : 0;
  };
  Width width = {rate({{fma, 1}}), rate({{add, 1}}), rate({{whole, 1}}), 0};
  width.most = std::max({width.fma, width.add, width.whole, rate({{fma, 1}, {add, 1}}),
                         rate({{fma, 1}, {whole, 1}}), rate({{fma, 1}, {add, 1}, {whole, 1}})});
  return width;
}
