// Instructions that a piece of work executes, counted one by one in a child that is single-stepped.
#ifndef QS_BENCH_INSTRUCTIONS_H
#define QS_BENCH_INSTRUCTIONS_H

#include <functional>

struct Instructions {
  double all = 0;
  double vector =
      0; // vector and mask arithmetic: what only the vector ports can issue; no moves, loads, stores
};

// False where the system does not let a process step its child, or this is no x86-64. `work` runs in a copy
// of the process; it must not start threads.
bool count_instructions(const std::function<void()> &work, Instructions *count);

// Instructions of `more` less those of `less`, a unit of the rest.
bool count_difference(const std::function<void()> &less, const std::function<void()> &more, double units,
                      Instructions *count);

#endif
