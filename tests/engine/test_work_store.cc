// A store of finished work under the scheduler: what it has is not computed again, what is computed it is
// told of, and a unit's key tells it from every other. Oracle: the same units run without a store.
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <functional>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "host/engine/scheduler.h"
#include "host/engine/work_store.h"
#include "tests/engine/fake_backend.h"
#include "tests/engine/thread_team.h"
#include "tests/engine/unit_parts.h"

extern "C" const qs_backend *qs_backend_cpu(void) {
  return fake::backend();
}

namespace {

// Pieces in memory; fails at a call if asked to.
struct Memory {
  struct piece {
    qs_piece_key key;
    std::string bytes;
  };
  std::vector<piece> held, kept;
  std::size_t recalls = 0, settled = 0;
  std::size_t fail_keep = SIZE_MAX, fail_recall = SIZE_MAX;
  qs_work_store store = {this, find, recall, keep, settle};

  static bool same(const qs_piece_key &a, const qs_piece_key &b) {
    return qs_digest_equal(a.unit, b.unit) && a.payoff_begin == b.payoff_begin &&
           a.payoff_count == b.payoff_count;
  }
  static bool find(void *data, qs_piece_key *key) {
    const piece *best = nullptr;
    for (const piece &p : static_cast<Memory *>(data)->held) {
      if (same(p.key, *key) && p.key.begin >= key->begin && p.key.end <= key->end &&
          (!best || p.key.begin < best->key.begin)) {
        best = &p;
      }
    }
    if (best) {
      *key = best->key;
    }
    return best != nullptr;
  }
  static qs_status recall(void *data, qs_context *context, const qs_piece_key *key,
                          const qs_piece_place *to) {
    Memory *m = static_cast<Memory *>(data);
    if (m->recalls++ == m->fail_recall) {
      return qs_fail(context, QS_ERROR_IO, "the store was struck by lightning");
    }
    for (const piece &p : m->held) {
      if (same(p.key, *key) && p.key.begin == key->begin && p.key.end == key->end) {
        EXPECT_EQ(p.bytes.size(), to->rows * to->row_bytes);
        for (std::size_t i = 0; i < to->rows; i++) {
          std::memcpy(to->first + i * to->stride, p.bytes.data() + i * to->row_bytes, to->row_bytes);
        }
        return QS_OK;
      }
    }
    ADD_FAILURE() << "recalled what was not found";
    return QS_ERROR_INTERNAL;
  }
  static qs_status keep(void *data, qs_context *context, const qs_piece_key *key,
                        const qs_piece_place *from) {
    Memory *m = static_cast<Memory *>(data);
    if (m->kept.size() == m->fail_keep) {
      return qs_fail(context, QS_ERROR_IO, "the store is full");
    }
    std::string bytes;
    for (std::size_t i = 0; i < from->rows; i++) {
      bytes.append(from->first + i * from->stride, from->row_bytes);
    }
    m->kept.push_back({*key, bytes});
    return QS_OK;
  }
  static qs_status settle(void *data, qs_context *) {
    static_cast<Memory *>(data)->settled++;
    return QS_OK;
  }
};

class WorkStore : public ::testing::Test {
protected:
  void SetUp() override {
    qs_context_init(&context);
    values = {parts.value(1), parts.value(2)};
    values[1].payoff_count = 5;
    values[1].batch_begin = 0;
    along = parts.along();
  }
  void TearDown() override { qs_devices_close(devices); }
  void open(std::uint32_t count) {
    qs_devices_close(devices);
    devices = nullptr;
    fake::reset(count);
    const qs_backend *backends[] = {fake::backend()};
    const qs_device_options options = {1, nullptr};
    ASSERT_EQ(qs_devices_open_from(&context, backends, 1, &options, nullptr, &devices), QS_OK);
  }
  // The moments of all units, one after the other; empty when it failed.
  std::vector<double> run(Memory *store, const qs_cut *cut = nullptr) {
    context.store = store ? &store->store : nullptr;
    std::vector<std::vector<qs_moment>> room;
    std::vector<qs_moment *> places;
    for (const qs_value_unit &u : values) {
      room.emplace_back(qs_value_unit_moments(&u), qs_moment{-1, -1});
    }
    for (auto &r : room) {
      places.push_back(r.data());
    }
    std::vector<qs_moment> path_room(qs_path_unit_moments(&along), qs_moment{-1, -1});
    qs_moment *path_place = path_room.data();
    status = qs_schedule_value(&context, devices, "value", values.data(), values.size(), cut, places.data());
    status = status ? status : qs_schedule_path(&context, devices, "paths", &along, 1, cut, &path_place);
    context.store = nullptr;
    room.push_back(path_room);
    std::vector<double> all;
    for (const auto &r : room) {
      for (const qs_moment &m : r) {
        all.push_back(m.mean);
        all.push_back(m.m2);
      }
    }
    return status == QS_OK ? all : std::vector<double>();
  }
  std::uint64_t steps() {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < qs_devices_count(devices); i++) {
      qs_device_report r;
      qs_devices_report(devices, i, &r);
      sum += r.path_steps;
    }
    return sum;
  }
  Parts parts;
  qs_context context;
  qs_devices *devices = nullptr;
  std::vector<qs_value_unit> values;
  qs_path_unit along;
  qs_status status = QS_OK;
};

const qs_cut cuts[] = {{0, 0, 0}, {1, 0, 0}, {7, 3, 0}, {1, 1, 0}};

TEST_F(WorkStore, WhatItWasToldOfStandsInForTheDevices) {
  open(1);
  const std::vector<double> want = run(nullptr);
  ASSERT_FALSE(want.empty());
  std::mt19937 random(1);
  for (std::uint32_t count : {1u, 2u, 3u}) {
    for (const qs_cut &cut : cuts) {
      Memory first;
      open(count);
      ASSERT_EQ(run(&first, &cut), want);
      EXPECT_EQ(first.settled, 2u);
      const std::uint64_t all = steps();
      for (int percent : {0, 30, 70, 100}) { // of the pieces are there
        Memory second;
        for (const Memory::piece &p : first.kept) {
          if (static_cast<int>(random() % 100) < percent) {
            second.held.push_back(p);
          }
        }
        open(count);
        ASSERT_EQ(run(&second, &cut), want) << count << " devices, " << percent << "%";
        EXPECT_EQ(second.recalls, second.held.size());
        Memory third; // what the two had together is all there is
        third.held = second.held;
        third.held.insert(third.held.end(), second.kept.begin(), second.kept.end());
        const std::uint64_t done = steps();
        EXPECT_EQ(done == 0, second.held.size() == first.kept.size());
        EXPECT_EQ(done == all, second.held.empty());
        open(count);
        ASSERT_EQ(run(&third, &cut), want);
        EXPECT_EQ(steps(), 0u);
        EXPECT_TRUE(third.kept.empty());
      }
    }
  }
}

TEST_F(WorkStore, PathsOfStatesAreNotKept) {
  open(1);
  std::uint64_t key = 7;
  double weight = 1;
  qs_horizon_unit h = {};
  h.path = parts.path;
  h.keys = &key;
  h.weights = &weight;
  h.key_count = 1;
  h.path_end = 640;
  std::vector<double> x(3 * 640), v(3 * 640);
  double *to_x = x.data(), *to_v = v.data();
  Memory m;
  context.store = &m.store;
  EXPECT_EQ(qs_schedule_horizon(&context, devices, "risk", &h, 1, nullptr, &to_x, &to_v), QS_OK);
  EXPECT_TRUE(m.kept.empty());
}

TEST_F(WorkStore, ItsFailureEndsTheRun) {
  for (std::uint32_t count : {1u, 3u}) {
    const qs_cut cut = {1, 0, 0};
    Memory all;
    open(count);
    ASSERT_FALSE(run(&all, &cut).empty());
    for (std::size_t at : {0u, 1u, 5u}) {
      if (count > 1 && at > 1) {
        continue; // neighbouring pieces may come as one
      }
      Memory m;
      m.fail_keep = at;
      open(count);
      EXPECT_TRUE(run(&m, &cut).empty());
      EXPECT_EQ(status, QS_ERROR_IO);
      EXPECT_STREQ(context.message, "the store is full");
      Memory r;
      r.held = all.kept;
      r.fail_recall = std::min(at, all.kept.size() - 1);
      EXPECT_TRUE(run(&r, &cut).empty());
      EXPECT_EQ(status, QS_ERROR_IO);
      EXPECT_STREQ(context.message, "the store was struck by lightning");
    }
  }
}

// What was finished before the end is told, whatever the end is.
TEST_F(WorkStore, DevicesThatFailAndCancellationLoseNothing) {
  const qs_cut cut = {1, 0, 0};
  open(1);
  const std::vector<double> want = run(nullptr);
  for (std::uint32_t count : {1u, 3u}) {
    Memory m;
    std::uint64_t before = 0;
    for (std::uint32_t at : {0u, 4u, 20u}) {
      open(count);
      for (std::uint32_t i = 0; i < count; i++) {
        fake::the().device[i].fail_at = at;
        fake::the().device[i].delay_microseconds = 100;
      }
      EXPECT_TRUE(run(&m, &cut).empty());
      EXPECT_EQ(status, QS_ERROR_DEVICE);
      m.held.insert(m.held.end(), m.kept.begin(), m.kept.end());
      m.kept.clear();
      before += steps();
    }
    open(count);
    ASSERT_EQ(run(&m, &cut), want);
    const std::uint64_t after = steps();
    open(count);
    ASSERT_EQ(run(nullptr, &cut), want);
    EXPECT_EQ(before + after, steps()) << "nothing was computed twice";
  }
}

// Shares of a run, wherever they are computed and however many, are all that there is, and nothing twice.
TEST_F(WorkStore, SharesMakeUpTheWhole) {
  open(1);
  const std::vector<double> want = run(nullptr);
  for (const qs_cut &cut : cuts) {
    open(1);
    ASSERT_EQ(run(nullptr, &cut), want);
    const std::uint64_t all = steps();
    for (std::uint32_t ranks : {2u, 3u, 7u, 100u}) {
      Memory merged;
      std::uint64_t done = 0, most = 0;
      for (std::uint32_t rank = 0; rank < ranks; rank++) {
        Memory m;
        m.store.rank = rank;
        m.store.ranks = ranks;
        open(1);
        ASSERT_FALSE(run(&m, &cut).empty());
        merged.held.insert(merged.held.end(), m.kept.begin(), m.kept.end());
        done += steps();
        most = std::max(most, steps());
      }
      EXPECT_EQ(done, all);
      EXPECT_LT(most, ranks < 10 ? all / ranks + all / 20 : all / 30) << "they are about equal";
      open(3);
      ASSERT_EQ(run(&merged, &cut), want) << ranks << " shares";
      EXPECT_EQ(steps(), 0u);
      merged.held.resize(merged.held.size() / 2); // some are missing
      open(3);
      ASSERT_EQ(run(&merged, &cut), want) << ranks << " shares";
    }
  }
}

// Every rank's results and status, each with its own device.
struct Outcome {
  std::vector<double> numbers;
  qs_status status = QS_OK;
  std::string message;
  std::size_t kept = 0;
};

class Ranks : public WorkStore {
protected:
  std::vector<Outcome>
  run_ranks(std::uint32_t ranks,
            const std::function<void(std::uint32_t, Memory *, qs_context *, qs_value_unit *)> &prepare) {
    Team team(ranks);
    std::vector<Outcome> outcomes(ranks);
    std::vector<std::thread> threads;
    fake::reset(1);
    for (std::uint32_t r = 0; r < ranks; r++) {
      threads.emplace_back([&, r] {
        Member member = {&team, r};
        Memory memory;
        memory.store.rank = r;
        memory.store.ranks = ranks;
        memory.store.gather = Member::gather;
        memory.store.gather_data = &member;
        qs_context mine;
        qs_context_init(&mine);
        qs_value_unit unit = values[0];
        prepare(r, &memory, &mine, &unit);
        mine.store = &memory.store;
        const qs_backend *backends[] = {fake::backend()};
        const qs_device_options options = {1, nullptr};
        qs_devices *own = nullptr;
        EXPECT_EQ(qs_devices_open_from(&mine, backends, 1, &options, nullptr, &own), QS_OK);
        std::vector<qs_moment> room(qs_value_unit_moments(&unit), qs_moment{-1, -1});
        qs_moment *place = room.data();
        const qs_cut cut = {1, 3, 0};
        outcomes[r].status = qs_schedule_value(&mine, own, "value", &unit, 1, &cut, &place);
        outcomes[r].message = mine.message;
        outcomes[r].kept = memory.kept.size();
        for (const qs_moment &m : room) {
          outcomes[r].numbers.push_back(m.mean);
          outcomes[r].numbers.push_back(m.m2);
        }
        qs_devices_close(own);
      });
    }
    for (std::thread &t : threads) {
      t.join();
    }
    return outcomes;
  }
};

TEST_F(Ranks, AllHaveAllResults) {
  const std::vector<Outcome> alone = run_ranks(1, [](auto, auto, auto, auto) {});
  for (std::uint32_t ranks : {2u, 3u, 8u}) {
    const std::vector<Outcome> all = run_ranks(ranks, [](auto, auto, auto, auto) {});
    for (const Outcome &o : all) {
      EXPECT_EQ(o.status, QS_OK) << o.message;
      EXPECT_EQ(o.numbers, alone[0].numbers);
      EXPECT_GT(o.kept, 0u) << "each keeps what it computed";
    }
  }
}

TEST_F(Ranks, WhatEndsOneEndsAll) {
  const int stopped = 1;
  const auto cancelled = run_ranks(3, [&](std::uint32_t r, Memory *, qs_context *c, qs_value_unit *) {
    c->cancel = r == 1 ? &stopped : nullptr;
  });
  for (const Outcome &o : cancelled) {
    EXPECT_EQ(o.status, QS_ERROR_CANCELLED) << o.message;
  }
  const auto full = run_ranks(3, [&](std::uint32_t r, Memory *m, qs_context *, qs_value_unit *) {
    m->fail_keep = r == 2 ? 0 : SIZE_MAX;
  });
  EXPECT_EQ(full[2].status, QS_ERROR_IO);
  EXPECT_EQ(full[0].status, QS_ERROR_DEVICE);
  EXPECT_EQ(full[0].message, "value: process 2 failed");
  const auto other =
      run_ranks(2, [&](std::uint32_t r, Memory *, qs_context *, qs_value_unit *u) { u->path.key += r; });
  for (const Outcome &o : other) {
    EXPECT_EQ(o.status, QS_ERROR_DEVICE);
    EXPECT_NE(o.message.find("does other work: it has other inputs"), std::string::npos) << o.message;
  }
}

// What each process has solved is there for all, whatever its size; who fails to solve tells the others.
TEST(Memo, WhatOneSolvesAllHave) {
  for (const bool failing : {false, true}) {
    const std::uint32_t ranks = 3;
    Team team(ranks);
    std::vector<std::thread> threads;
    for (std::uint32_t r = 0; r < ranks; r++) {
      threads.emplace_back([&, r] {
        qs_context mine;
        qs_context_init(&mine);
        qs_arena *arena = qs_arena_create(&mine);
        Member member = {&team, r};
        Memory memory;
        memory.store.rank = r;
        memory.store.ranks = ranks;
        memory.store.gather = Member::gather;
        memory.store.gather_data = &member;
        memory.store.memo = qs_work_memo_create(arena);
        mine.store = &memory.store;
        const auto text = [](std::uint64_t i) {
          return std::string(i % 7 * 5, static_cast<char>('a' + i % 26));
        };
        for (std::uint64_t round = 0; round < 2; round++) {
          for (std::uint64_t i = r; i < 20; i += ranks) {
            const std::string bytes = text(i + round);
            EXPECT_EQ(qs_store_put(&mine, {{i, round}}, 1, bytes.data(), bytes.size()), QS_OK);
          }
          const qs_status own = failing && r == 1 ? QS_ERROR_CANCELLED : QS_OK;
          const qs_status ended = qs_store_exchange(&mine, own);
          EXPECT_EQ(ended, failing ? QS_ERROR_CANCELLED : QS_OK) << mine.message;
          for (std::uint64_t i = 0; i < 20 && !failing; i++) {
            const std::string want = text(i + round);
            std::string got(want.size(), ' ');
            bool found = false;
            EXPECT_EQ(qs_store_take(&mine, {{i, round}}, 1, got.data(), got.size(), &found), QS_OK);
            EXPECT_TRUE(found) << i;
            EXPECT_EQ(got, want);
            EXPECT_EQ(qs_store_take(&mine, {{i, round}}, 0, got.data(), got.size(), &found), QS_OK);
            EXPECT_FALSE(found) << "another part";
          }
        }
        EXPECT_EQ(memory.kept.size(), 2u * (20 / ranks + (r < 20 % ranks))) << "each keeps its own";
        qs_arena_destroy(arena);
      });
    }
    for (std::thread &t : threads) {
      t.join();
    }
  }
}

TEST_F(WorkStore, TenThousandTinyPiecesOnDevicesThatFail) {
  const qs_cut cut = {1, 0, 0};
  for (std::uint64_t i = 0; i < 160; i++) {
    values.push_back(parts.value(100 + i));
    values.back().payoff_count = 1;
  }
  open(1);
  const std::vector<double> want = run(nullptr);
  open(3);
  fake::the().device[1].fail_at = 500;
  fake::the().device[2].delay_microseconds = 50;
  Memory m;
  ASSERT_EQ(run(&m, &cut), want);
  Memory again;
  again.held = m.kept;
  std::shuffle(again.held.begin(), again.held.end(), std::mt19937(3));
  open(3);
  ASSERT_EQ(run(&again, &cut), want);
  EXPECT_EQ(steps(), 0u);
}

} // namespace
