#include "bench/instructions.h"

#if defined(__x86_64__) && defined(__linux__)
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>

extern "C" const char __executable_start, etext; // of the linker

namespace {

// Where the child writes how often it came to each instruction: open addressing by the instruction's address.
struct Place {
  uint64_t address, times;
};
constexpr uint64_t kPlaces = 1 << 16;
struct Places {
  uint64_t last, full;
  Place place[kPlaces];
};
Places *places;

constexpr greg_t kTrapFlag = 0x100;

// Once an instruction, before it.
void on_step(int, siginfo_t *, void *context) {
  mcontext_t *machine = &static_cast<ucontext_t *>(context)->uc_mcontext;
  machine->gregs[REG_EFL] |= kTrapFlag;
  const uint64_t address = uint64_t(machine->gregs[REG_RIP]);
  if (address == places->last) // a string instruction stops at each of its repetitions
    return;
  places->last = address;
  uint64_t at = address * 0x9e3779b97f4a7c15u >> 48;
  for (uint64_t tries = 0; tries < kPlaces; tries++, at = (at + 1) % kPlaces) {
    if (places->place[at].address == address || !places->place[at].address) {
      places->place[at].address = address;
      places->place[at].times++;
      return;
    }
  }
  places->full = 1;
}

void run_child(const std::function<void()> &work) {
  struct sigaction action = {};
  action.sa_sigaction = on_step;
  action.sa_flags = SA_SIGINFO;
  if (sigaction(SIGTRAP, &action, nullptr) != 0)
    _exit(1);
  raise(SIGTRAP);
  work();
  _exit(0);
}

// Of this program itself, not of the libraries.
bool is_ours(uint64_t address) {
  return address >= reinterpret_cast<uint64_t>(&__executable_start) &&
         address < reinterpret_cast<uint64_t>(&etext);
}

} // namespace

// The child's code is at the same addresses as ours.
bool count_instructions(const std::function<void()> &work, Instructions *count) {
  void *room = mmap(nullptr, sizeof(Places), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED)
    return false;
  places = static_cast<Places *>(room);
  std::fflush(nullptr); // or the child would write it again
  const pid_t child = fork();
  if (child == 0)
    run_child(work);
  int status = 0;
  const bool ended =
      child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  Instructions found;
  uint64_t first = UINT64_MAX, last = 0;
  for (const Place &place : places->place) {
    Form form;
    if (!place.address || !is_ours(place.address) ||
        !vector_form(reinterpret_cast<const uint8_t *>(place.address), &form))
      continue;
    first = std::min(first, place.address), last = std::max(last, place.address);
    found.vector += double(place.times);
    found.forms[form] += double(place.times);
  }
  for (const Place &place : places->place)
    found.all += place.address >= first && place.address <= last ? double(place.times) : 0;
  const bool whole = ended && !places->full;
  munmap(room, sizeof(Places));
  if (whole)
    *count = found;
  return whole;
}

#else
bool count_instructions(const std::function<void()> &, Instructions *) {
  return false;
}
#endif

Instructions operator-(const Instructions &more, const Instructions &less) {
  Instructions rest = {more.all - less.all, more.vector - less.vector, {}};
  for (const auto &entry : more.forms) {
    const auto before = less.forms.find(entry.first);
    const double times = entry.second - (before == less.forms.end() ? 0 : before->second);
    if (times > 0)
      rest.forms[entry.first] = times;
  }
  return rest;
}

Instructions operator/(const Instructions &all, double parts) {
  Instructions part = {all.all / parts, all.vector / parts, all.forms};
  for (auto &entry : part.forms)
    entry.second /= parts;
  return part;
}

bool count_difference(const std::function<void()> &less, const std::function<void()> &more,
                      Instructions *count) {
  Instructions a, b;
  if (!count_instructions(less, &a) || !count_instructions(more, &b))
    return false;
  *count = b - a;
  return true;
}
