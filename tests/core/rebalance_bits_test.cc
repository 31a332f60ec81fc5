// Hedging over time: the same bits from every instruction set and number of threads, for every cut of paths,
// dates and policies; what a unit refuses; and what is left when memory runs out.
#include <dlfcn.h>

#include <cstdlib>
#include <cstring>

#include "tests/core/rebalance_world.h"

namespace {
bool no_memory = false;
}

// The backend asks for its scratch memory here.
extern "C" void *aligned_alloc(size_t alignment, size_t size) {
  using function = void *(size_t, size_t);
  static function *const real = reinterpret_cast<function *>(dlsym(RTLD_NEXT, "aligned_alloc"));
  return no_memory ? nullptr : real(alignment, size);
}

namespace {

using namespace rebalance;

constexpr uint64_t kPaths = 1024;

std::vector<double> oracle() {
  static const std::vector<double> rows = [] {
    Device portable("portable", 1);
    Unit u = everything(kPaths);
    return u.run(portable);
  }();
  return rows;
}

bool same(const std::vector<double> &a, const std::vector<double> &b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

TEST(RebalanceBits, FromEveryInstructionSetAndNumberOfThreads) {
  for (double value : oracle())
    ASSERT_TRUE(std::isfinite(value));
  for (const char *target : {"portable", "x86-64-v3", "x86-64-v4"})
    for (int threads : {1, 2, 7}) {
      Device device(target, threads);
      if (device.status() != QS_OK)
        continue;
      Unit u = everything(kPaths);
      EXPECT_TRUE(same(u.run(device), oracle())) << target << " " << threads;
    }
}

// Calls `cut` on the unit, part by part, into the same rows.
std::vector<double> in_parts(Unit &u, const std::vector<std::function<void(qs_rebalance_unit *)>> &cuts) {
  Device device;
  u.connect();
  std::vector<double> rows = u.room();
  for (const auto &cut : cuts) {
    qs_rebalance_unit part = u.unit;
    cut(&part);
    EXPECT_EQ(qs_backend_cpu()->rebalance(device.get(), &part, nullptr, device.message, rows.data()), QS_OK)
        << device.message;
  }
  return rows;
}

TEST(RebalanceBits, FromAnyCutOfThePaths) {
  Unit u = everything(kPaths);
  const auto paths = [](uint64_t begin, uint64_t end) {
    return [begin, end](qs_rebalance_unit *part) {
      part->path_begin = begin;
      part->path_end = end;
    };
  };
  EXPECT_TRUE(same(in_parts(u, {paths(320, 1024), paths(0, 64), paths(64, 320)}), oracle()));
}

TEST(RebalanceBits, FromAnyCutOfTheDates) {
  Unit u = everything(kPaths);
  const auto dates = [](uint32_t begin, uint32_t end) {
    return [begin, end](qs_rebalance_unit *part) {
      part->date_begin = begin;
      part->date_end = end;
    };
  };
  EXPECT_TRUE(same(in_parts(u, {dates(0, 1), dates(1, 4), dates(4, 7)}), oracle()));
}

TEST(RebalanceBits, FromAnyCutOfThePolicies) {
  const Unit whole = everything(kPaths);
  Device device;
  for (size_t p = 0; p < whole.policies.size(); p++) {
    Unit u = everything(kPaths);
    u.policies = {whole.policies[p]};
    const std::vector<double> rows = u.run(device);
    EXPECT_EQ(std::memcmp(rows.data(), oracle().data() + p * rows.size(), rows.size() * sizeof(double)), 0)
        << p;
  }
}

// What each change makes of a good unit.
qs_status refused(const std::function<void(Unit *)> &change) {
  Device device;
  Unit u = everything(64);
  u.connect();
  change(&u);
  std::vector<double> rows = u.room();
  const qs_status status =
      qs_backend_cpu()->rebalance(device.get(), &u.unit, nullptr, device.message, rows.data());
  EXPECT_EQ(status == QS_OK, device.message[0] == 0);
  for (double value : rows)
    EXPECT_EQ(std::isnan(value), status != QS_OK); // nothing is written where it is refused
  return status;
}

#define EXPECT_REFUSED(statement) EXPECT_EQ(refused([](Unit *u) { statement; }), QS_ERROR_INPUT) << #statement

TEST(RebalanceUnits, RangesAreChecked) {
  EXPECT_EQ(refused([](Unit *) {}), QS_OK);
  EXPECT_REFUSED(u->unit.path_begin = u->unit.path_end);
  EXPECT_REFUSED(u->unit.path_begin = 1);
  EXPECT_REFUSED(u->unit.path_end = 63);
  EXPECT_REFUSED(u->unit.stride = 32);
  EXPECT_REFUSED(u->unit.stride = 100);
  EXPECT_REFUSED(u->unit.x = nullptr);
  EXPECT_REFUSED(u->unit.v = nullptr);
  EXPECT_REFUSED(u->unit.row_count = 8);
  EXPECT_REFUSED(u->unit.date_count = 1);
  EXPECT_REFUSED(u->unit.date_begin = 7);
  EXPECT_REFUSED(u->unit.date_end = 8);
  EXPECT_REFUSED(u->unit.date_end = 0);
  EXPECT_REFUSED(u->unit.instruments = nullptr);
  EXPECT_REFUSED(u->unit.instrument_count = 0);
  EXPECT_REFUSED(u->unit.instrument_count = QS_MAX_HEDGES + 1);
  EXPECT_REFUSED(u->unit.policies = nullptr);
  EXPECT_REFUSED(u->unit.policy_count = 0);
}

TEST(RebalanceUnits, DatesAreChecked) {
  EXPECT_REFUSED(u->unit.decided = nullptr);
  EXPECT_REFUSED(u->unit.filled = nullptr);
  EXPECT_REFUSED(u->unit.forward = nullptr);
  EXPECT_REFUSED(u->unit.discount = nullptr);
  EXPECT_REFUSED(u->unit.lapse = nullptr);
  EXPECT_REFUSED(u->decided[2] = 4);
  EXPECT_REFUSED(u->filled[6] = 9);
  EXPECT_REFUSED(u->filled[3] = 2);
  EXPECT_REFUSED(u->decided[6] = 5);
  for (double bad : {0.0, -1.0, double(NAN), double(INFINITY)}) {
    EXPECT_EQ(refused([bad](Unit *u) { u->forward[3] = bad; }), QS_ERROR_INPUT) << bad;
    EXPECT_EQ(refused([bad](Unit *u) { u->discount[3] = bad; }), QS_ERROR_INPUT) << bad;
    EXPECT_EQ(refused([bad](Unit *u) { u->lapse[3] = bad; }), bad == 0 ? QS_OK : QS_ERROR_INPUT) << bad;
  }
  EXPECT_EQ(refused([](Unit *u) { u->lapse[0] = NAN; }), QS_OK); // is not read
}

TEST(RebalanceUnits, InstrumentsAreChecked) {
  EXPECT_REFUSED(u->plain_instruments[1].scale = nullptr);
  EXPECT_REFUSED(u->plain_instruments[1].gain = nullptr);
  EXPECT_REFUSED(u->plain_instruments[1].costs = nullptr);
  EXPECT_REFUSED(u->instruments[2].scale[4] = 0);
  EXPECT_REFUSED(u->plain_instruments[1].inverse = true); // its own prices may be 0
  for (double bad : {double(NAN), double(INFINITY)}) {
    EXPECT_EQ(refused([bad](Unit *u) { u->instruments[0].scale[6] = bad; }), QS_ERROR_INPUT) << bad;
    EXPECT_EQ(refused([bad](Unit *u) { u->instruments[0].gain[5] = bad; }), QS_ERROR_INPUT) << bad;
  }
  for (double qs_trade_cost::*field : {&qs_trade_cost::fee, &qs_trade_cost::cap, &qs_trade_cost::spread,
                                       &qs_trade_cost::unit, &qs_trade_cost::impact, &qs_trade_cost::fixed})
    for (double bad : {-1e-9, double(NAN), double(INFINITY)})
      EXPECT_EQ(refused([=](Unit *u) { u->instruments[0].costs[6].*field = bad; }), QS_ERROR_INPUT) << bad;
}

TEST(RebalanceUnits, PoliciesAreChecked) {
  EXPECT_REFUSED(u->plain_policies[0].bands = nullptr);
  EXPECT_REFUSED(u->plain_policies[8].bands = u->plain_policies[0].bands);
  for (int rule : {4, -1}) // no such rule
    EXPECT_EQ(refused([rule](Unit *u) { std::memcpy(&u->plain_policies[0].rule, &rule, sizeof rule); }),
              QS_ERROR_INPUT);
  for (double bad : {0.0, -1.0, double(NAN), double(INFINITY)})
    EXPECT_EQ(refused([bad](Unit *u) { u->plain_policies[2].limit = bad; }), QS_ERROR_INPUT) << bad;
  EXPECT_REFUSED(u->plain_policies[1].limit = 3e9); // a number of dates
  EXPECT_REFUSED(u->plain_policies[1].limit = .5);
  EXPECT_EQ(refused([](Unit *u) { u->plain_policies[0].limit = NAN; }), QS_OK); // is not read
}

TEST(RebalanceUnits, TablesAreChecked) {
  EXPECT_REFUSED(u->bands[0][17].low = nullptr);
  EXPECT_REFUSED(u->bands[0][17].high = nullptr);
  EXPECT_REFUSED(u->bands[0][17].x_count = 1);
  EXPECT_REFUSED(u->bands[0][17].y_count = 0);
  EXPECT_REFUSED(u->bands[0][17].y_count = 1 << 20; u->bands[0][17].x_count = 1 << 12);
  for (double bad : {0.0, -1.0, double(NAN), double(INFINITY)}) {
    EXPECT_EQ(refused([bad](Unit *u) { u->bands[0][17].x_rate = bad; }), QS_ERROR_INPUT) << bad;
    EXPECT_EQ(refused([bad](Unit *u) { u->bands[4][17].y_rate = bad; }), QS_ERROR_INPUT) << bad;
  }
  for (double bad : {double(NAN), double(INFINITY), double(-INFINITY)}) {
    EXPECT_EQ(refused([bad](Unit *u) { u->bands[0][17].x_low = bad; }), QS_ERROR_INPUT) << bad;
    EXPECT_EQ(refused([bad](Unit *u) { u->bands[0][17].y_low = bad; }), QS_ERROR_INPUT) << bad;
    EXPECT_EQ(refused([bad](Unit *u) { u->policies[2].bands[17].low.back() = bad; }), QS_ERROR_INPUT) << bad;
    EXPECT_EQ(refused([bad](Unit *u) { u->policies[2].bands[17].high.back() = bad; }), QS_ERROR_INPUT) << bad;
    EXPECT_EQ(refused([bad](Unit *u) { u->policies[7].weights[5].low.back() = bad; }), QS_ERROR_INPUT) << bad;
  }
  EXPECT_REFUSED(u->policies[2].bands[0].low[3] = u->policies[2].bands[0].high[3] + 1e-9);
  EXPECT_EQ(refused([](Unit *u) { u->policies[7].weights[5].high.back() = NAN; }), QS_OK); // is not read
}

TEST(RebalanceUnits, MarginIsChecked) {
  EXPECT_REFUSED(u->unit.margin = nullptr); // what is required is for it
  EXPECT_REFUSED(u->unit.position = nullptr);
  EXPECT_EQ(refused([](Unit *u) { u->unit.required = nullptr; }), QS_OK);
  EXPECT_EQ(refused([](Unit *u) { u->unit.margin = nullptr, u->unit.required = nullptr; }), QS_OK);
  for (double bad : {double(NAN), double(INFINITY)})
    for (double qs_margin_rule::*field : {&qs_margin_rule::collateral, &qs_margin_rule::initial,
                                          &qs_margin_rule::maintenance, &qs_margin_rule::fee})
      EXPECT_EQ(refused([=](Unit *u) { u->margin.*field = bad; }), QS_ERROR_INPUT) << bad;
  EXPECT_REFUSED(u->margin.initial = .1);
  EXPECT_REFUSED(u->margin.maintenance = 0);
  EXPECT_REFUSED(u->margin.parts = 0);
  EXPECT_REFUSED(u->margin.fee = -.01);
  EXPECT_REFUSED(u->margin.haircut = 1);
  for (double bad : {-.01, double(NAN), double(INFINITY)})
    for (double qs_margin_rule::*field :
         {&qs_margin_rule::haircut, &qs_margin_rule::leverage, &qs_margin_rule::band, &qs_margin_rule::move,
          &qs_margin_rule::moved})
      EXPECT_EQ(refused([=](Unit *u) { u->margin.*field = bad; }), QS_ERROR_INPUT) << bad;
  for (double bad : {0.0, -1.0, double(NAN), double(INFINITY)})
    EXPECT_EQ(refused([=](Unit *u) { u->grow[3] = bad; }), QS_ERROR_INPUT) << bad;
  EXPECT_EQ(refused([](Unit *u) { u->grow[0] = NAN; }), QS_OK); // is not read
}

TEST(RebalanceUnits, VenuesAreChecked) {
  EXPECT_REFUSED(u->unit.venue_count = QS_MAX_VENUES + 1);
  for (double bad : {-1e-9, double(NAN), double(INFINITY)})
    for (size_t i : {size_t(0), size_t(9), size_t(27)})
      EXPECT_EQ(refused([=](Unit *u) { u->instruments[0].costs[i].impact = bad; }), QS_ERROR_INPUT) << bad;
}

TEST(RebalanceUnits, FailuresAreChecked) {
  EXPECT_REFUSED(u->failure.kept = nullptr);
  EXPECT_REFUSED(u->failure.lost = nullptr);
  EXPECT_REFUSED(u->failure.room = nullptr);
  EXPECT_REFUSED(u->failure.closed = nullptr); // there are venues
  for (double bad : {double(NAN), double(INFINITY)})
    EXPECT_EQ(refused([bad](Unit *u) { u->failure.collateral = bad; }), QS_ERROR_INPUT) << bad;
  EXPECT_EQ(refused([](Unit *u) { u->unit.failure = nullptr, u->unit.seen = nullptr; }), QS_OK);
}

TEST(RebalanceUnits, CanBeCancelled) {
  Device device;
  Unit u = everything(64);
  u.connect();
  std::vector<double> rows = u.room();
  const volatile int cancel = 1;
  EXPECT_EQ(qs_backend_cpu()->rebalance(device.get(), &u.unit, &cancel, device.message, rows.data()),
            QS_ERROR_CANCELLED);
}

TEST(RebalanceUnits, SayWhenThereIsNoMemory) {
  Device device;
  Unit u = everything(64);
  u.connect();
  std::vector<double> rows = u.room();
  no_memory = true;
  const qs_status status =
      qs_backend_cpu()->rebalance(device.get(), &u.unit, nullptr, device.message, rows.data());
  no_memory = false;
  EXPECT_EQ(status, QS_ERROR_MEMORY);
  EXPECT_NE(std::string(device.message).find("memory"), std::string::npos);
  EXPECT_EQ(qs_backend_cpu()->rebalance(device.get(), &u.unit, nullptr, device.message, rows.data()), QS_OK);
}

} // namespace
