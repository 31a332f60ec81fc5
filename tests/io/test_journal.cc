/* A journal's file: what is kept comes back, whatever was cut off; what is damaged or another's is refused.
 */
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <functional>
#include <limits>
#include <thread>

#include "failing_calls.h"
#include "host/base/digest.h"
#include "host/io/journal.h"
#include "ledger.h"
#include "scratch.h"

namespace {

/* The reference values are those of Appleby's implementation. */
TEST(Digest, IsMurmurHash3) {
  const std::string fox = "The quick brown fox jumps over the lazy dog";
  qs_digester whole = {};
  qs_digest_add(&whole, fox.data(), fox.size());
  EXPECT_EQ(qs_digest_end(&whole).word[0], 0xe34bbc7bbc071b6cu);
  EXPECT_EQ(qs_digest_end(&whole).word[1], 0x7a433ca9c49a9347u);
  EXPECT_EQ(qs_digest_of("hello", 5), 0xcbd8a7b341bd9b02u);
  EXPECT_EQ(qs_digest_of("", 0), 0u);
  for (size_t cut = 0; cut <= fox.size(); cut++) {
    for (size_t then = cut; then <= fox.size(); then++) {
      qs_digester parts = {};
      qs_digest_add(&parts, fox.data(), cut);
      qs_digest_add(&parts, fox.data() + cut, then - cut);
      qs_digest_add(&parts, fox.data() + then, fox.size() - then);
      EXPECT_TRUE(qs_digest_equal(qs_digest_end(&parts), qs_digest_end(&whole))) << cut << " " << then;
    }
  }
}

qs_piece_key key(uint64_t unit, uint64_t begin, uint64_t end, uint32_t payoff = 0) {
  return {{{unit, ~unit}}, payoff, 2, begin, end};
}

/* The numbers of a piece: `rows` rows of 3 within rows of 5. */
struct Block {
  size_t rows;
  std::vector<double> numbers;
  explicit Block(size_t count, double first = -1) : rows(count), numbers(5 * count, -1) {
    for (size_t i = 0; first > 0 && i < rows; i++) {
      for (size_t k = 0; k < 3; k++) {
        numbers[5 * i + k] = first + static_cast<double>(3 * i + k);
      }
    }
  }
  qs_piece_place place() {
    return {reinterpret_cast<char *>(numbers.data()), rows, 3 * sizeof(double), 5 * sizeof(double)};
  }
};

struct Journal {
  qs_context context;
  qs_journal *journal = nullptr;
  Journal() { qs_context_init(&context); }
  ~Journal() { end(false); }
  std::vector<const char *> merged;
  uint32_t rank = 0;
  double sync_seconds = 0; // after every write
  qs_status begin(const std::string &folder, bool resume, const char *inputs = "these",
                  uint32_t sections = 2) {
    qs_journal_spec spec = {};
    spec.folder = folder.c_str();
    spec.inputs = inputs;
    spec.sections = sections;
    spec.resume = resume;
    spec.sync_seconds = sync_seconds;
    spec.merged = merged.data();
    spec.merged_count = merged.size();
    return qs_journal_begin(&context, &spec, rank, &journal);
  }
  void end(bool remove) {
    qs_journal_end(journal, remove);
    journal = nullptr;
  }
  qs_status keep(qs_piece_key k, double first, size_t rows = 2) {
    const qs_work_store *store = qs_journal_store(journal);
    Block block(rows, first);
    qs_piece_place place = block.place();
    return store->keep(store->data, &context, &k, &place);
  }
  qs_status settle() {
    const qs_work_store *store = qs_journal_store(journal);
    return store->settle(store->data, &context);
  }
  bool find(qs_piece_key *k) {
    const qs_work_store *store = qs_journal_store(journal);
    return store->find(store->data, k);
  }
  /* The first number of the piece, whose others must follow; 0: it is not there. */
  double recalled(qs_piece_key k, size_t rows = 2) {
    const qs_work_store *store = qs_journal_store(journal);
    qs_piece_key found = k;
    if (!find(&found) || found.begin != k.begin || found.end != k.end) {
      return 0;
    }
    Block block(rows);
    qs_piece_place place = block.place();
    if (store->recall(store->data, &context, &found, &place) != QS_OK) {
      return -2;
    }
    EXPECT_EQ(block.numbers, Block(rows, block.numbers[0]).numbers) << "and nothing between the rows";
    return block.numbers[0];
  }
  qs_journal_info info() {
    qs_journal_info i = {};
    i.struct_size = sizeof i;
    qs_journal_counts(journal, &i);
    return i;
  }
  std::string message() const { return context.message; }
};

/* Three pieces. */
void write_three(const std::string &folder) {
  Journal j;
  ASSERT_EQ(j.begin(folder, false), QS_OK) << j.message();
  ASSERT_EQ(j.keep(key(1, 0, 4), 10), QS_OK);
  ASSERT_EQ(j.keep(key(1, 8, 9), 20, 3), QS_OK);
  ASSERT_EQ(j.keep(key(7, 0, 4), 30), QS_OK);
}

TEST(JournalFile, WhatIsKeptComesBack) {
  Scratch folder;
  write_three(folder / "a/out");
  EXPECT_EQ(folder.list(), (std::vector<std::string>{"a", "a/.out.journal"})) << "and no lock";
  Journal j;
  ASSERT_EQ(j.begin(folder / "a/out", true), QS_OK) << j.message();
  EXPECT_EQ(j.info().held, 3u);
  EXPECT_EQ(j.recalled(key(1, 0, 4)), 10);
  EXPECT_EQ(j.recalled(key(1, 8, 9), 3), 20);
  EXPECT_EQ(j.recalled(key(7, 0, 4)), 30);
  EXPECT_EQ(j.info().recalled, 3u);
  qs_piece_key k = key(1, 0, 100);
  ASSERT_TRUE(j.find(&k));
  EXPECT_EQ(k.end, 4u);
  k = key(1, 4, 100);
  ASSERT_TRUE(j.find(&k));
  EXPECT_EQ(k.begin, 8u);
  for (qs_piece_key none : {key(1, 4, 8), key(1, 9, 100), key(1, 0, 3), key(2, 0, 4), key(1, 0, 4, 1)}) {
    EXPECT_FALSE(j.find(&none));
  }
  ASSERT_EQ(j.keep(key(1, 4, 8), 40), QS_OK);
  j.end(false);
  ASSERT_EQ(j.begin(folder / "a/out", true), QS_OK);
  EXPECT_EQ(j.recalled(key(1, 0, 4)), 10);
  EXPECT_EQ(j.recalled(key(1, 4, 8)), 40) << "it was added to";
  j.end(true);
  EXPECT_EQ(folder.list(), std::vector<std::string>{"a"}) << "the folder was there before";
  ASSERT_EQ(j.begin(folder / "b/c/out", false), QS_OK);
  ASSERT_EQ(j.keep(key(1, 4, 8), 40), QS_OK);
  j.end(true);
  EXPECT_EQ(folder.list(), std::vector<std::string>{"a"}) << "what was made for it goes with it";
}

// Synced after every write, when it is time, at its end alone or never.
TEST(JournalFile, IsSyncedAsOftenAsWanted) {
  for (double seconds : {0.0, 0.05, 1000.0}) {
    Scratch folder(true);
    Journal j;
    j.sync_seconds = seconds;
    ASSERT_EQ(j.begin(folder / "out", false), QS_OK) << j.message();
    for (uint64_t i = 0; i < 3; i++) {
      ASSERT_EQ(j.keep(key(i, 0, 4), 10), QS_OK);
      ASSERT_EQ(j.settle(), QS_OK);
      ASSERT_EQ(j.settle(), QS_OK) << "which has nothing to sync";
    }
    EXPECT_EQ(j.info().synced, seconds == 0 ? 3u : 0u);
    if (seconds == 0.05) {
      std::this_thread::sleep_for(std::chrono::milliseconds(60));
      ASSERT_EQ(j.keep(key(9, 0, 4), 10), QS_OK);
      ASSERT_EQ(j.settle(), QS_OK);
      EXPECT_LE(j.info().synced, 1u); // a disk that took more than a fiftieth of that is spared
    }
  }
  long calls[2];
  for (bool synced : {false, true}) {
    Scratch folder(true);
    Journal j;
    j.sync_seconds = synced ? 1000 : std::numeric_limits<double>::infinity();
    ASSERT_EQ(j.begin(folder / "out", false), QS_OK) << j.message();
    ASSERT_EQ(j.keep(key(1, 0, 4), 10), QS_OK);
    ASSERT_EQ(j.settle(), QS_OK);
    fail_call(FAIL_FILES, 0, EIO);
    j.end(false);
    calls[synced] = fail_nothing();
  }
  EXPECT_EQ(calls[true], calls[false] + 2) << "its data, then its name";
}

TEST(JournalFile, TheLongestOfPiecesThatBeginTogetherThatFits) {
  Scratch folder;
  Journal j;
  ASSERT_EQ(j.begin(folder / "out", false), QS_OK);
  ASSERT_EQ(j.keep(key(1, 0, 2), 10), QS_OK);
  ASSERT_EQ(j.keep(key(1, 0, 8), 20), QS_OK);
  ASSERT_EQ(j.keep(key(1, 0, 5), 30), QS_OK);
  j.end(false);
  ASSERT_EQ(j.begin(folder / "out", true), QS_OK);
  EXPECT_EQ(j.recalled(key(1, 0, 8)), 20);
  EXPECT_EQ(j.recalled(key(1, 0, 5)), 30);
  qs_piece_key k = key(1, 0, 7);
  ASSERT_TRUE(j.find(&k));
  EXPECT_EQ(k.end, 5u);
  EXPECT_EQ(j.recalled(key(1, 0, 2)), 10);
}

TEST(JournalFile, NoFileBeforeSomethingIsKept) {
  Scratch folder;
  write_three(folder / "out");
  Journal j;
  ASSERT_EQ(j.begin(folder / "out", false), QS_OK);
  EXPECT_TRUE(j.info().found);
  j.end(false);
  ASSERT_EQ(j.begin(folder / "out", true), QS_OK);
  EXPECT_EQ(j.info().held, 3u) << "an older one stays until then";
  j.end(false);
  ASSERT_EQ(j.begin(folder / "out", false), QS_OK);
  ASSERT_EQ(j.keep(key(1, 0, 4), 50), QS_OK);
  j.end(false);
  ASSERT_EQ(j.begin(folder / "out", true), QS_OK);
  EXPECT_EQ(j.info().held, 1u);
  EXPECT_EQ(j.recalled(key(1, 0, 4)), 50);
}

/* A kill may cut the file at any byte: whole records come back, and what is added then stands after them. */
TEST(JournalFile, CutOffAtAnyByte) {
  Scratch folder(true);
  write_three(folder / "out");
  const std::string whole = Scratch::read(folder / ".out.journal");
  const size_t head = 144, frame = 64 + 8, row = 24;
  ASSERT_EQ(whole.size(), head + 3 * frame + 7 * row);
  for (size_t size = 0; size < whole.size(); size++) {
    folder.write(".out.journal", whole.substr(0, size));
    Journal j;
    qs_status status = j.begin(folder / "out", true);
    if (size < head) {
      EXPECT_EQ(status, QS_ERROR_INPUT) << size;
      EXPECT_NE(j.message().find(size < 8 ? "it is no journal" : "damaged at byte 0"), std::string::npos)
          << j.message();
      continue;
    }
    ASSERT_EQ(status, QS_OK) << size << j.message();
    const size_t held = (size >= head + frame + 2 * row) + (size >= head + 2 * frame + 5 * row);
    EXPECT_EQ(j.info().held, held) << size;
    EXPECT_EQ(j.recalled(key(1, 0, 4)), held > 0 ? 10 : 0) << size;
    EXPECT_EQ(j.recalled(key(7, 0, 4)), 0) << size;
    ASSERT_EQ(j.keep(key(9, 0, 4), 60), QS_OK);
    j.end(false);
    ASSERT_EQ(j.begin(folder / "out", true), QS_OK) << size << j.message();
    EXPECT_EQ(j.info().held, held + 1) << size;
    EXPECT_EQ(j.recalled(key(9, 0, 4)), 60) << size;
  }
}

TEST(JournalFile, ZerosAtItsEndAreCutOffToo) {
  Scratch folder;
  write_three(folder / "out");
  folder.write(".out.journal", Scratch::read(folder / ".out.journal") + std::string(5000, '\0'));
  Journal j;
  ASSERT_EQ(j.begin(folder / "out", true), QS_OK) << j.message();
  EXPECT_EQ(j.info().held, 3u);
}

TEST(JournalFile, AFlippedByteAnywhereIsRefused) {
  Scratch folder(true);
  write_three(folder / "out");
  const std::string whole = Scratch::read(folder / ".out.journal");
  for (size_t at = 0; at < whole.size(); at++) {
    for (int bit : {1, 128}) {
      std::string flipped = whole;
      flipped[at] = static_cast<char>(flipped[at] ^ bit);
      folder.write(".out.journal", flipped);
      Journal j;
      EXPECT_EQ(j.begin(folder / "out", true), QS_ERROR_INPUT) << at;
      EXPECT_NE(j.message().find(at < 8 ? "it is no journal" : "the journal is damaged at byte"),
                std::string::npos)
          << j.message();
      EXPECT_EQ(Scratch::read(folder / ".out.journal"), flipped) << "it is left as it was";
    }
  }
}

TEST(JournalFile, AnothersIsRefused) {
  Scratch folder;
  write_three(folder / "out");
  Journal j;
  EXPECT_EQ(j.begin(folder / "out", true, "those"), QS_ERROR_INPUT);
  EXPECT_NE(j.message().find("of other inputs"), std::string::npos) << j.message();
  EXPECT_EQ(j.begin(folder / "out", true, "these", 6), QS_ERROR_INPUT);
  EXPECT_NE(j.message().find("its sections are 2, not 6"), std::string::npos) << j.message();
  std::string other = Scratch::read(folder / ".out.journal");
  other[24] = '9'; /* the version, with a check sum that is right */
  const uint64_t check = qs_digest_of(other.data(), 136);
  memcpy(&other[136], &check, sizeof check);
  folder.write(".out.journal", other);
  EXPECT_EQ(j.begin(folder / "out", true), QS_ERROR_INPUT);
  EXPECT_NE(j.message().find("the journal is of quickset 9"), std::string::npos) << j.message();
  folder.write(".out.journal", "as_of: 2026-03-02T09:30:00Z\n");
  EXPECT_EQ(j.begin(folder / "out", true), QS_ERROR_INPUT);
  EXPECT_NE(j.message().find("it is no journal"), std::string::npos) << j.message();
  EXPECT_EQ(j.begin(folder / std::string(242, 'x'), false), QS_ERROR_INPUT);
}

/* Every process of a run has a file of its own and reads all of them; the first one begins and ends for all.
 */
TEST(JournalFile, OneForEachProcess) {
  Scratch folder;
  folder.write(".out.journal-x", "not one of them");
  Journal of[3];
  for (uint32_t r = 0; r < 3; r++) {
    of[r].rank = r;
    ASSERT_EQ(of[r].begin(folder / "out", false), QS_OK) << of[r].message();
    ASSERT_EQ(of[r].keep(key(r, 0, 4), 10 + r), QS_OK);
  }
  for (Journal &j : of) {
    j.end(false);
  }
  EXPECT_EQ(folder.list(),
            (std::vector<std::string>{".out.journal", ".out.journal-1", ".out.journal-2", ".out.journal-x"}));
  uint64_t held = 3;
  for (uint32_t r : {0u, 1u, 5u}) {
    Journal j;
    j.rank = r;
    ASSERT_EQ(j.begin(folder / "out", true), QS_OK) << j.message();
    EXPECT_EQ(j.info().held, held++);
    for (uint32_t k = 0; k < 3; k++) {
      EXPECT_EQ(j.recalled(key(k, 0, 4)), 10 + k);
    }
    ASSERT_EQ(j.keep(key(50 + r, 0, 4), 60), QS_OK) << j.message();
  }
  Journal all;
  ASSERT_EQ(all.begin(folder / "out", true), QS_OK) << all.message();
  EXPECT_EQ(all.info().held, 6u);
  all.end(true);
  EXPECT_EQ(folder.list(), std::vector<std::string>{".out.journal-x"});
  write_three(folder / "out");
  folder.write(".out.journal-1", "of another run");
  EXPECT_EQ(all.begin(folder / "out", true), QS_ERROR_INPUT);
  EXPECT_NE(all.message().find(".out.journal-1: it is no journal"), std::string::npos) << all.message();
  ASSERT_EQ(all.begin(folder / "out", false), QS_OK);
  EXPECT_EQ(folder.list(), (std::vector<std::string>{".out.journal", ".out.journal-x", ".out.journal.lock"}));
}

TEST(JournalFile, OthersMayBeMerged) {
  Scratch folder;
  for (uint64_t i = 0; i < 3; i++) {
    Journal j;
    ASSERT_EQ(j.begin(folder / std::to_string(i), false), QS_OK);
    ASSERT_EQ(j.keep(key(1, i, i + 1), 10 + static_cast<double>(i)), QS_OK);
    ASSERT_EQ(j.keep(key(2, 0, 1), 30), QS_OK) << "the same in all of them";
  }
  const std::string names[] = {folder / ".0.journal", folder / ".1.journal", folder / ".2.journal"};
  const std::string before = Scratch::read(names[1]);
  Journal j;
  j.merged = {names[0].c_str(), names[1].c_str(), names[2].c_str()};
  ASSERT_EQ(j.begin(folder / "out", false), QS_OK) << j.message();
  for (uint64_t i = 0; i < 3; i++) {
    EXPECT_EQ(j.recalled(key(1, i, i + 1)), 10 + static_cast<double>(i));
  }
  EXPECT_EQ(j.recalled(key(2, 0, 1)), 30);
  ASSERT_EQ(j.keep(key(1, 3, 4), 40), QS_OK);
  j.end(true);
  EXPECT_EQ(folder.list(), (std::vector<std::string>{".0.journal", ".1.journal", ".2.journal"}));
  EXPECT_EQ(Scratch::read(names[1]), before) << "they are read alone";
  EXPECT_EQ(j.begin(folder / "out", false, "those"), QS_ERROR_INPUT);
  EXPECT_NE(j.message().find(".0.journal: the journal is of other inputs"), std::string::npos) << j.message();
  j.merged.push_back("gone");
  EXPECT_EQ(j.begin(folder / "out", false), QS_ERROR_INPUT);
  EXPECT_EQ(j.message(), "gone: the journal cannot be opened: No such file or directory");
  EXPECT_EQ(folder.list(), (std::vector<std::string>{".0.journal", ".1.journal", ".2.journal"}));
}

TEST(JournalFile, ItsPlaceIsOneWritersAlone) {
  Scratch folder;
  Journal first, second;
  ASSERT_EQ(first.begin(folder / "out", false), QS_OK);
  EXPECT_EQ(second.begin(folder / "out", false), QS_ERROR_IO);
  EXPECT_NE(
      second.message().find("another run is writing its results there, process " + std::to_string(getpid())),
      std::string::npos)
      << second.message();
  ASSERT_EQ(first.keep(key(1, 0, 4), 10), QS_OK);
  EXPECT_EQ(second.begin(folder / "out", true), QS_ERROR_IO);
  first.end(false);
  EXPECT_EQ(second.begin(folder / "out", true), QS_OK) << second.message();
  EXPECT_EQ(second.recalled(key(1, 0, 4)), 10);
}

/* A record that changed on disk after it was read in is not handed out. */
TEST(JournalFile, ChangedWhileInUse) {
  Scratch folder;
  write_three(folder / "out");
  Journal j;
  ASSERT_EQ(j.begin(folder / "out", true), QS_OK);
  int file = open((folder / ".out.journal").c_str(), O_WRONLY);
  ASSERT_EQ(pwrite(file, "x", 1, 144 + 64 + 5), 1);
  close(file);
  EXPECT_EQ(j.recalled(key(1, 0, 4)), -2);
  EXPECT_NE(j.message().find("has changed while it was in use"), std::string::npos);
  EXPECT_EQ(j.recalled(key(7, 0, 4)), 30);
}

/* Runs in a child, where limits may be changed; its exit status. */
int in_child(const std::function<int()> &body) {
  pid_t child = fork();
  if (child == 0) {
    _exit(body());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* A disk that is full at any byte: an error that says so, and a journal from which the rest goes on. */
TEST(JournalFile, FullDisk) {
  Scratch folder(true);
  for (rlim_t limit = 0; limit < 700; limit += 9) {
    int code = in_child([&] {
      signal(SIGXFSZ, SIG_IGN);
      struct rlimit r = {limit, limit};
      Journal j;
      if (setrlimit(RLIMIT_FSIZE, &r) != 0 || j.begin(folder / "out", false) != QS_OK) {
        return 9;
      }
      qs_status status = QS_OK;
      for (uint64_t i = 0; status == QS_OK && i < 6; i++) {
        status = j.keep(key(i, 0, 4), 10);
        status = status ? status : j.settle();
      }
      bool said = j.message().find("the journal cannot be") != std::string::npos &&
                  j.message().find("File too large") != std::string::npos;
      bool stays = j.keep(key(8, 0, 4), 10) == QS_ERROR_IO;
      return status == QS_ERROR_IO && said && stays ? 0 : 1;
    });
    EXPECT_EQ(code, 0) << limit;
    Journal j;
    ASSERT_EQ(j.begin(folder / "out", true), QS_OK) << limit << j.message();
    const uint64_t held = limit < 144 ? 0 : (limit - 144) / 120;
    EXPECT_EQ(j.info().held, held) << limit;
    j.end(true);
    EXPECT_TRUE(folder.list().empty()) << limit;
  }
}

TEST(JournalFile, EveryAllocationThatFails) {
  Scratch folder(true);
  {
    Journal j;
    ASSERT_EQ(j.begin(folder / "out", false), QS_OK);
    for (uint64_t i = 0; i < 600; i++) { /* the list of pieces grows twice */
      ASSERT_EQ(j.keep(key(i, 0, 4), 1 + static_cast<double>(i)), QS_OK);
    }
  }
  bool begun = false;
  long n = 1;
  for (; !begun; n++) {
    Ledger ledger;
    ledger.fail_at = n;
    Journal j;
    j.context.allocator = {Ledger::allocate, Ledger::release, &ledger};
    qs_status status = j.begin(folder / "out", true);
    begun = status == QS_OK;
    EXPECT_TRUE(begun || status == QS_ERROR_MEMORY) << n << j.message();
    EXPECT_EQ(begun, j.journal != nullptr);
    EXPECT_EQ(begun ? j.recalled(key(599, 0, 4)) : 600, 600);
    j.end(false);
    EXPECT_TRUE(ledger.out.empty()) << n << ": leaked";
    ASSERT_LT(n, 100);
  }
  EXPECT_GT(n, 5);
}

/* One system call after the other fails: whatever was kept by then is there, and nothing else is in the way.
 */
TEST(JournalFile, EverySystemCallThatFails) {
  long failed = 0;
  bool clean = false;
  for (long n = 1; !clean; n++) {
    Scratch folder(true);
    write_three(folder / "out");
    uint64_t kept = 0;
    fail_call(FAIL_FILES, n, EIO);
    {
      Journal j;
      qs_status status = j.begin(folder / "out", n % 2 == 0);
      for (uint64_t i = 0; status == QS_OK && i < 3; i++) {
        status = j.keep(key(100 + i, 0, 4), 70);
        status = status ? status : j.settle();
        kept += status == QS_OK;
      }
      EXPECT_TRUE(status == QS_OK || status == QS_ERROR_IO) << n << j.message();
      failed += status != QS_OK;
    }
    clean = fail_nothing() < n;
    Journal j;
    ASSERT_EQ(j.begin(folder / "out", true), QS_OK) << n << j.message();
    for (uint64_t i = 0; i < kept; i++) {
      EXPECT_EQ(j.recalled(key(100 + i, 0, 4)), 70) << n;
    }
    if (n % 2 == 0) {
      EXPECT_EQ(j.recalled(key(1, 0, 4)), 10) << n << ": what was resumed is lost";
    }
    j.end(true);
    for (const std::string &name : folder.list()) {
      EXPECT_EQ(name, ".out.journal.lock") << n << " left it"; /* its removal was what failed */
    }
    ASSERT_LT(n, 100);
  }
  EXPECT_GT(failed, 5);
}

} // namespace
