// What the tests of worker processes share: this very program, started as a worker over the CPU backend,
// whose calls fail on command; and units of every kind.
#ifndef QS_TESTS_ENGINE_WORKER_WORLD_H
#define QS_TESTS_ENGINE_WORKER_WORLD_H

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/engine/worker_device.h"
#include "host/engine/worker_protocol.h"

namespace worker {

// What a call of a worker does, by its number over all workers of a test.
enum class fault { none, die, hang, lose, refuse };

// What workers do from now on; `always`: at every call.
void plan_faults(const std::vector<std::pair<int, fault>> &faults);
void always(fault what);
int calls();

// Serves as a worker where the program was started as one; its exit status, or -1.
int serve(int count, char **arguments);

// A unit and what it yields, as bytes.
struct work {
  std::string name;
  std::function<qs_status(const qs_backend *, qs_device *, const volatile int *cancel, char *message,
                          std::vector<double> *result)>
      run;
};
const std::vector<work> &all_work();

// The answer of the CPU backend in this process.
const std::vector<double> &answer_to(const work &w);
bool same(const std::vector<double> &a, const std::vector<double> &b);

// Devices in processes of their own.
class Workers : public ::testing::Test {
protected:
  void SetUp() override;
  void TearDown() override;
  void open(std::uint32_t devices = 1);
  void shut();

  qs_worker_spec spec = {};
  qs_context context;
  qs_arena *arena = nullptr;
  const qs_backend *backend = nullptr;
  qs_worker_opening *openings = nullptr;
  std::uint32_t count = 0;
  char message[QS_DEVICE_TEXT] = "";
};

} // namespace worker

#endif
