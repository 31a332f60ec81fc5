#include "bench/instructions.h"

#if defined(__x86_64__) && defined(__linux__)
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace {

// Moves between registers and memory, by opcode in the 0F map: they issue on other ports, or nowhere.
bool is_move(unsigned map, unsigned opcode, unsigned modrm) {
  const bool memory = modrm >> 6 != 3;
  if (map == 1) {
    static const uint8_t moves[] = {0x10, 0x11, 0x12, 0x13, 0x16, 0x17, 0x28, 0x29, 0x2b, 0x6e,
                                    0x6f, 0x77, 0x7e, 0x7f, 0x90, 0x91, 0xd6, 0xe7, 0xf0};
    return std::memchr(moves, int(opcode), sizeof moves) != nullptr;
  }
  // Broadcasts and widening from memory are loads.
  return map == 2 && memory && ((opcode >= 0x18 && opcode <= 0x1b) || (opcode >= 0x58 && opcode <= 0x5b));
}

// True for a VEX or EVEX instruction that computes. Only those carry the kernels' lanes.
bool is_vector_arithmetic(uint64_t bytes) {
  const auto byte = [bytes](int i) { return unsigned(bytes >> (8 * i) & 0xff); };
  if (byte(0) == 0xc5)
    return !is_move(1, byte(2), byte(3));
  if (byte(0) == 0xc4) {
    const unsigned map = byte(1) & 31;
    // Of general registers: andn, bextr, shlx, mulx, pdep ...
    const bool general = (map == 2 && byte(3) >= 0xf2 && byte(3) <= 0xf7) || (map == 3 && byte(3) == 0xf0);
    return !general && !is_move(map, byte(3), byte(4));
  }
  return byte(0) == 0x62 && !is_move(byte(1) & 7, byte(4), byte(5));
}

} // namespace

bool count_instructions(const std::function<void()> &work, Instructions *count) {
  std::fflush(nullptr); // or the child would write it again
  const pid_t child = fork();
  if (child < 0)
    return false;
  if (child == 0) {
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0)
      _exit(1);
    raise(SIGSTOP);
    work();
    _exit(0);
  }
  Instructions found;
  int status = 0;
  bool stepping = waitpid(child, &status, 0) == child && WIFSTOPPED(status);
  while (stepping && WIFSTOPPED(status)) {
    const long rip = ptrace(PTRACE_PEEKUSER, child, offsetof(user_regs_struct, rip), nullptr);
    const long bytes = ptrace(PTRACE_PEEKTEXT, child, rip, nullptr);
    found.all++;
    found.vector += is_vector_arithmetic(uint64_t(bytes));
    stepping = ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr) == 0 && waitpid(child, &status, 0) == child;
  }
  if (!stepping) {
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return false;
  }
  *count = found;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

#else
bool count_instructions(const std::function<void()> &, Instructions *) {
  return false;
}
#endif

bool count_difference(const std::function<void()> &less, const std::function<void()> &more, double units,
                      Instructions *count) {
  Instructions a, b;
  if (!count_instructions(less, &a) || !count_instructions(more, &b))
    return false;
  *count = {(b.all - a.all) / units, (b.vector - a.vector) / units};
  return true;
}
