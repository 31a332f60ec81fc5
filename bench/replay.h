// The vector arithmetic of a kernel without the rest of it, to see how fast it could be: the instructions
// that were counted, each as often, in an unrolled loop of machine code that is written here. No instruction
// waits for another (the registers written take turns, 14 or 28 of them) and none reads or writes memory.
#ifndef QS_BENCH_REPLAY_H
#define QS_BENCH_REPLAY_H

#include <map>

#include "bench/vector_form.h"

// The core's clock in Hz, best of several: on a chain of multiplications, 3 cycles each.
double clock_rate();

// Cycles that all of `forms` take together, best of many loops; 0 where this is no x86-64 or an instruction
// cannot run here. Runs in a copy of the process.
double replay_cycles(const std::map<Form, double> &forms, double clock);

// Vector instructions a cycle, of independent ones, on registers of 16 << length bytes.
struct Width {
  double fma, add, whole; // fused multiply-add in single precision, addition, addition of whole numbers
  double most;            // of these and of their mixtures: the limit
};
Width measure_width(int length, double clock);

#endif
