// Processes that exchange results, as threads.
#ifndef QS_TESTS_ENGINE_THREAD_TEAM_H
#define QS_TESTS_ENGINE_THREAD_TEAM_H

#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <vector>

struct Team {
  std::uint32_t ranks;
  std::mutex lock;
  std::condition_variable changed;
  std::vector<char *> parts;
  std::size_t there = 0, turn = 0;
  bool broken = false;
  explicit Team(std::uint32_t count) : ranks(count), parts(count) {}
  bool wait() { // until all are there; false once broken
    std::unique_lock<std::mutex> held(lock);
    const std::size_t mine = turn;
    if (++there == ranks) {
      there = 0;
      turn++;
      changed.notify_all();
    }
    changed.wait(held, [&] { return turn != mine || broken; });
    return !broken;
  }
};

struct Member {
  Team *team;
  std::uint32_t rank;
  static int gather(void *data, void *bytes, const std::size_t *sizes) {
    Member *m = static_cast<Member *>(data);
    m->team->parts[m->rank] = static_cast<char *>(bytes);
    if (!m->team->wait()) {
      return 1;
    }
    std::size_t at = 0;
    for (std::uint32_t r = 0; r < m->team->ranks; at += sizes[r++]) {
      if (r != m->rank) {
        std::memcpy(static_cast<char *>(bytes) + at, m->team->parts[r] + at, sizes[r]);
      }
    }
    return m->team->wait() ? 0 : 1;
  }
};

#endif
