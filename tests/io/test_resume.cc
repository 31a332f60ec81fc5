/* A run that is killed, interrupted or out of time, or whose disk is full, goes on from its journal and gives
 * the same bits; what is not its journal is refused. */
#include <gtest/gtest.h>

#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <random>
#include <thread>

#include "resume.h"

namespace {

/* Killed again and again at random instants, each run going on from the last: no run ends otherwise than
 * killed or done, and the results are those of a run that was never disturbed. */
class Killed : public Resume {
protected:
  void kill_at_random_instants(int kills) {
    double seconds = 0;
    const auto whole = undisturbed(&seconds);
    std::mt19937 random(20261129);
    std::uniform_real_distribution<double> instant(0.0, 0.9 * seconds);
    int killed = 0, done = 0, used = 0;
    for (int round = 0; killed < kills; round++) {
      bool ended = false;
      while (!ended) {
        Scratch streams;
        pid_t child = start(streams, command("out", {"--resume"}), nullptr);
        sleep_for(killed < kills ? instant(random) : 0);
        kill(child, killed < kills ? SIGKILL : 0);
        Outcome outcome = finish(streams, child);
        ended = outcome.code == 0;
        killed += !ended;
        ASSERT_TRUE(ended || outcome.code == 128 + SIGKILL) << outcome.code << outcome.err;
        ASSERT_EQ(outcome.err, "");
      }
      done++;
      used += recalled("out") > 0;
      ASSERT_EQ(results("out"), whole) << "after " << killed << " kills";
      std::filesystem::remove_all(folder / "out");
      for (const std::string &name : folder.list()) {
        EXPECT_EQ(name.find(".out"), std::string::npos) << name << " stayed";
      }
      ASSERT_LT(round, 100 * kills);
    }
    EXPECT_GT(used, 0);
    printf("%d kills, %d runs done, %d of them with a journal's results\n", killed, done, used);
  }
};

TEST_F(Killed, KilledAtRandomInstants) {
  kill_at_random_instants(getenv("QS_TEST_ALL") ? 200 : 5);
}

class KilledInSections : public Killed, public testing::WithParamInterface<int> {};

TEST_P(KilledInSections, AtRandomInstants) {
  use_every_section();
  kill_at_random_instants(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Slow, KilledInSections, testing::Values(200));

TEST_F(Resume, InterruptedGoesOn) {
  double seconds = 0;
  const auto whole = undisturbed(&seconds);
  for (int signal_number : {SIGTERM, SIGINT}) {
    Scratch streams;
    pid_t child = start(streams, command("out"), nullptr);
    ASSERT_TRUE(wait_for_journal("out"));
    kill(child, signal_number);
    Outcome outcome = finish(streams, child);
    ASSERT_EQ(outcome.code, 130) << outcome.err;
    EXPECT_EQ(one_message(outcome),
              "interrupted; nothing was written but its journal: --resume goes on from there\n");
    EXPECT_FALSE(std::filesystem::exists(folder / "out"));
    EXPECT_FALSE(std::filesystem::exists(folder / ".out.journal.lock"));
    outcome = run(command("out", {"--resume"}));
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(results("out"), whole);
    EXPECT_GT(recalled("out"), 0u);
    EXPECT_FALSE(has_journal("out"));
    std::filesystem::remove_all(folder / "out");
  }
}

TEST_F(Resume, OutOfTimeIs130) {
  make_long();
  const auto begin = std::chrono::steady_clock::now();
  Outcome outcome = run(command("out", {"--max-hours", "0.0002"}));
  EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(), 20);
  EXPECT_EQ(outcome.code, 130);
  EXPECT_EQ(one_message(outcome),
            "out of time; nothing was written but its journal: --resume goes on from there\n");
  EXPECT_TRUE(has_journal("out"));
}

TEST_F(Resume, TellsWhatItFinds) {
  Outcome outcome = run({"run", config, "--resume"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.err.find("nothing to resume: the run begins anew\n"), std::string::npos) << outcome.err;
  const std::string text = Scratch::read(config);
  folder.write("n.yaml", std::string(text).replace(text.find("output: out\n"), 12, ""));
  outcome = run({"run", folder / "n.yaml", "--resume"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(one_message(outcome).find("--out DIR"), std::string::npos) << outcome.err;
  make_long();
  for (const char *said : {"nothing to resume", "pieces of work are done"}) {
    outcome = run({"run", config, "--resume", "--max-hours", "0.0002"});
    EXPECT_EQ(outcome.code, 130);
    EXPECT_NE(outcome.err.find(said), std::string::npos) << outcome.err;
  }
  outcome = run({"run", config, "--paths", "16384"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.err.find("an interrupted run left its journal; without --resume this run begins anew\n"),
            std::string::npos)
      << outcome.err;
}

TEST_F(Resume, AnothersOrADamagedJournalIsRefused) {
  make_long();
  run(command("out", {"--max-hours", "0.0002"}));
  ASSERT_TRUE(has_journal("out"));
  const std::string file = ".out.journal", whole = Scratch::read(folder / file);
  const std::vector<std::string> same = {"--resume", "--max-hours", "1e-6"};
  const std::vector<std::vector<std::string>> others = {{"--resume", "--paths", "4194304"},
                                                        {"--resume", "--seed", "2"},
                                                        {"--resume", "--set", "risk.levels=[0.9]"}};
  for (const auto &other : others) {
    Outcome outcome = run(command("out", other));
    EXPECT_EQ(outcome.code, 3);
    EXPECT_NE(one_message(outcome).find(".out.journal: the journal is of other inputs"), std::string::npos)
        << outcome.err;
  }
  std::vector<std::string> value = command("out", same);
  value[0] = "value";
  Outcome outcome = run(value);
  EXPECT_EQ(outcome.code, 3);
  EXPECT_NE(one_message(outcome).find("the journal is of another command"), std::string::npos) << outcome.err;
  std::mt19937_64 random(50);
  for (int i = 0; i < 50; i++) {
    std::string text = whole;
    const size_t at = random() % whole.size();
    const bool cut = i % 2;
    if (cut) {
      text.resize(at);
    } else {
      text[at] = static_cast<char>(text[at] ^ 1 << random() % 8);
    }
    folder.write(file, text);
    outcome = run(command("out", same));
    if (cut && at >= 144) { /* as a kill may leave it: it is gone on from, which time does not suffice for */
      EXPECT_EQ(outcome.code, 130) << at << outcome.err;
    } else {
      EXPECT_EQ(outcome.code, 3) << at << outcome.err;
      EXPECT_NE(outcome.err.find(at < 8 ? "it is no journal" : "the journal is damaged at byte"),
                std::string::npos)
          << outcome.err;
      EXPECT_EQ(Scratch::read(folder / file), text) << "and left as it is";
    }
  }
}

TEST_F(Resume, OneRunAtATimeWritesTheResults) {
  make_long();
  Scratch streams;
  pid_t child = start(streams, command("out"), nullptr);
  ASSERT_TRUE(wait_for_journal("out"));
  Outcome second = run(command("out", {"--resume"}));
  EXPECT_EQ(second.code, 5);
  EXPECT_NE(
      one_message(second).find("another run is writing its results there, process " + std::to_string(child)),
      std::string::npos)
      << second.err;
  EXPECT_EQ(run(command("beside", {"--paths", "16384"})).code, 0) << "another folder is free";
  kill(child, SIGKILL);
  finish(streams, child);
  EXPECT_EQ(run(command("out", {"--paths", "16384"})).code, 0)
      << "and so is the place once the writer is dead";
}

/* Full at many sizes: exit 5 with the reason, no results, and room once made is enough to go on. */
TEST_F(Resume, FullDisk) {
  double seconds = 0;
  const auto whole = undisturbed(&seconds);
  for (rlim_t bytes : {400, 2000, 400000}) {
    Outcome outcome = run(command("out"), [=] {
      struct rlimit limit = {bytes, bytes};
      setrlimit(RLIMIT_FSIZE, &limit);
    });
    EXPECT_EQ(outcome.code, 5) << bytes;
    EXPECT_NE(one_message(outcome).find("File too large"), std::string::npos) << outcome.err;
    EXPECT_FALSE(std::filesystem::exists(folder / "out"));
    EXPECT_EQ(has_journal("out"), outcome.err.find("--resume goes on") != std::string::npos) << outcome.err;
    EXPECT_TRUE(bytes != 400000 || has_journal("out"));
  }
  Outcome outcome = run(command("out", {"--resume"}));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(results("out"), whole);
  EXPECT_GT(recalled("out"), 0u);
}

} // namespace
