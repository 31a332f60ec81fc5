// Instructions that a piece of work executes, counted one by one in a child that stops at each.
#ifndef QS_BENCH_INSTRUCTIONS_H
#define QS_BENCH_INSTRUCTIONS_H

#include <functional>
#include <map>

#include "bench/vector_form.h"

struct Instructions {
  double all = 0; // between the first and the last place of those below: a kernel, not the tables it is given
  double vector = 0;            // vector and mask arithmetic: what only the vector ports can issue
  std::map<Form, double> forms; // of which they are
};

// False where an instruction is not stopped at, or this is no x86-64 with Linux. `work` runs in a copy
// of the process; it must not start threads.
bool count_instructions(const std::function<void()> &work, Instructions *count);

// What `more` has beyond `less`; no form fewer than none.
Instructions operator-(const Instructions &more, const Instructions &less);

Instructions operator/(const Instructions &all, double parts);

// Instructions of `more` less those of `less`.
bool count_difference(const std::function<void()> &less, const std::function<void()> &more,
                      Instructions *count);

#endif
