/* A run cut into shares for many machines, and a run of several processes over MPI: the bits of a run alone.
 */
#include <fcntl.h>
#include <sys/file.h>

#include <csignal>
#include <random>

#include "resume.h"

namespace {

class Shares : public Resume {
protected:
  std::vector<std::string> shard(int share, int shares, std::vector<std::string> more = {}) {
    std::vector<std::string> all = {
        "shard", config,      "--shard", std::to_string(share) + "/" + std::to_string(shares),
        "--out", file(share), "--quiet", "--threads",
        "1"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  std::string file(int share) { return folder / ("share" + std::to_string(share)); }
};

TEST_F(Shares, MergedGiveTheBitsOfARunAlone) {
  double seconds = 0;
  const auto whole = undisturbed(&seconds);
  std::vector<std::string> merge;
  for (int i = 1; i <= 3; i++) {
    Outcome outcome = run(shard(i, 3));
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.err + outcome.out, "");
    merge.insert(merge.end(), {"--merge", file(i)});
  }
  Outcome outcome = run(command("out", merge));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(results("out"), whole);
  const uint64_t all = recalled("out");
  EXPECT_GT(all, 10u);
  EXPECT_TRUE(std::filesystem::exists(file(1))) << "they stay";
  outcome = run(command("part", {"--merge", file(1), "--merge", file(3)}));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(results("part"), whole) << "what is missing is computed";
  EXPECT_LT(recalled("part"), all);
  EXPECT_GT(recalled("part"), 0u);
}

/* Rounds of paths towards a target: in shares, round by round, each paid for once. */
TEST_F(Shares, TakeEveryRoundOfATarget) {
  const std::vector<std::string> target = {"--paths", "4096",
                                           "--set",   "simulation.target_std_error=0.0002",
                                           "--set",   "simulation.max_paths=16384"};
  ASSERT_EQ(run(command("whole", target)).code, 0);
  const auto whole = results("whole");
  ASSERT_NE(whole.at("results.json").find("\"paths\": 16384"), std::string::npos) << "three rounds";
  std::vector<std::string> merge = target;
  std::vector<bool> more;
  do {
    const std::vector<std::string> before = merge;
    more.push_back(false);
    for (int i = 1; i <= 3; i++) {
      const std::string fresh = file(i) + "." + std::to_string(more.size());
      std::vector<std::string> all = {"shard",  config,    "--shard",   std::to_string(i) + "/3",
                                      "--json", "--quiet", "--threads", "1",
                                      "--out",  fresh};
      all.insert(all.end(), before.begin(), before.end());
      merge.insert(merge.end(), {"--merge", fresh});
      Outcome outcome = run(all);
      ASSERT_EQ(outcome.code, 0) << outcome.err;
      more.back() = more.back() || outcome.out.find("\"more\": true") != std::string::npos;
    }
    if (more.size() == 2) { /* what is missing of later rounds is computed by who merges */
      ASSERT_EQ(run(command("early", merge)).code, 0);
      EXPECT_EQ(results("early"), whole);
    }
  } while (more.back() && more.size() < 9);
  EXPECT_EQ(more, std::vector<bool>({true, true, false})) << "the third has the most paths";
  ASSERT_EQ(run(command("out", merge)).code, 0);
  EXPECT_EQ(results("out"), whole);
  EXPECT_GT(recalled("out"), recalled("early"));
}

TEST_F(Shares, AreOfOneRunAlone) {
  ASSERT_EQ(run(shard(1, 2)).code, 0);
  for (const char *name : {"--seed", "--paths"}) {
    Outcome outcome = run(command("out", {"--merge", file(1), name, "16384"}));
    EXPECT_EQ(outcome.code, 3);
    EXPECT_NE(one_message(outcome).find("share1: the journal is of other inputs"), std::string::npos)
        << outcome.err;
  }
  Outcome outcome = run(command("out", {"--merge", file(2)}));
  EXPECT_EQ(outcome.code, 3);
  EXPECT_NE(one_message(outcome).find("share2: the journal cannot be opened: No such file"),
            std::string::npos)
      << outcome.err;
  EXPECT_FALSE(has_journal("out"));
}

TEST_F(Shares, MayBeResumed) {
  double seconds = 0;
  const auto whole = undisturbed(&seconds);
  Scratch streams;
  pid_t child = start(streams, shard(1, 2), nullptr);
  sleep_for(0.5 * seconds);
  kill(child, SIGKILL);
  finish(streams, child);
  for (int i = 1; i <= 2; i++) {
    Outcome outcome = run(shard(i, 2, {"--resume"}));
    ASSERT_EQ(outcome.code, 0) << outcome.err;
  }
  ASSERT_EQ(run(command("out", {"--merge", file(1), "--merge", file(2)})).code, 0);
  EXPECT_EQ(results("out"), whole);
}

#ifdef QS_MPI
class Ranks : public Resume {
protected:
  /* mpirun refuses root, and more processes than cores, unless it is told that this is meant. */
  pid_t start_ranks(const Scratch &streams, int ranks, const std::vector<std::string> &more) {
    std::vector<std::string> all = {QS_MPIEXEC, "-np", std::to_string(ranks),
                                    QS_BINARY_DIR "/bin/quickset-mpi"};
    const std::vector<std::string> rest = command("out", more);
    all.insert(all.end(), rest.begin(), rest.end());
    all[7] = "1"; /* thread a process */
    return start(streams, all, [] {
      for (const char *name : {"OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM",
                               "OMPI_MCA_rmaps_base_oversubscribe"}) {
        setenv(name, "1", 1);
      }
    });
  }
  /* Of a process that may end at any moment. */
  static std::string command_line(const std::string &process) {
    char text[4096];
    const int file = open(("/proc/" + process + "/cmdline").c_str(), O_RDONLY);
    const ssize_t size = file < 0 ? 0 : read(file, text, sizeof text);
    close(file);
    return {text, static_cast<size_t>(size > 0 ? size : 0)};
  }
  /* Kills every process that works in this folder, mpirun among them, until none is left. */
  void kill_all() {
    for (bool found = true; found;) {
      found = false;
      for (const auto &entry : std::filesystem::directory_iterator("/proc")) {
        const std::string process = entry.path().filename();
        if (process.find_first_not_of("0123456789") == std::string::npos &&
            command_line(process).find(config) != std::string::npos) {
          kill(std::stoi(process), SIGKILL);
          found = true;
        }
      }
    }
  }
  /* Until what held the locks is dead altogether, which a kill begins. */
  void wait_for_locks() {
    for (const std::string &name : folder.list()) {
      if (name.size() > 5 && name.substr(name.size() - 5) == ".lock") {
        const int file = open((folder / name).c_str(), O_RDWR);
        if (file >= 0) {
          flock(file, LOCK_EX);
          close(file);
        }
      }
    }
  }
  Outcome run_ranks(int ranks, const std::vector<std::string> &more = {}) {
    Scratch streams;
    return finish(streams, start_ranks(streams, ranks, more));
  }
};

TEST_F(Ranks, GiveTheBitsOfARunAlone) {
  double seconds = 0;
  const auto whole = undisturbed(&seconds);
  for (int ranks : {2, 3}) {
    Outcome outcome = run_ranks(ranks);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(results("out"), whole) << ranks;
    for (const std::string &name : folder.list()) {
      EXPECT_EQ(name.find(".out"), std::string::npos) << name << " stayed";
    }
  }
}

TEST_F(Ranks, ShareEveryRoundOfATarget) {
  const std::vector<std::string> target = {"--paths", "4096",
                                           "--set",   "simulation.target_std_error=0.0002",
                                           "--set",   "simulation.max_paths=16384"};
  ASSERT_EQ(run(command("whole", target)).code, 0);
  Outcome outcome = run_ranks(2, target);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(results("out"), results("whole"));
}

/* All processes of a run are killed at random instants; other numbers of them, or one alone, go on. */
class KilledRanks : public Ranks {
protected:
  void kill_at_random_instants(int kills) {
    double seconds = 0;
    const auto whole = undisturbed(&seconds);
    std::mt19937 random(7);
    std::uniform_real_distribution<double> instant(0.2, 0.4 + 1.5 * seconds);
    int killed = 0, done = 0, used = 0;
    while (killed < kills) {
      Scratch streams;
      pid_t child = start_ranks(streams, 2 + killed % 2, {"--resume"});
      sleep_for(instant(random));
      kill_all();
      Outcome outcome = finish(streams, child);
      wait_for_locks();
      ASSERT_TRUE(outcome.code == 0 || outcome.code == 128 + SIGKILL) << outcome.code << outcome.err;
      killed += outcome.code != 0;
      if (killed % 5 == 3 && outcome.code != 0) {
        outcome = run(command("out", {"--resume"}));
        ASSERT_EQ(outcome.code, 0) << outcome.err;
      }
      if (outcome.code == 0) {
        ASSERT_EQ(results("out"), whole) << "after " << killed << " kills";
        done++;
        used += recalled("out") > 0;
        std::filesystem::remove_all(folder / "out");
      }
    }
    printf("%d kills, %d runs done, %d of them with a journal's results\n", killed, done, used);
  }
};

TEST_F(KilledRanks, KilledAtRandomInstants) {
  kill_at_random_instants(getenv("QS_TEST_ALL") ? 200 : 3);
}

class KilledRanksInSections : public KilledRanks, public testing::WithParamInterface<int> {};

TEST_P(KilledRanksInSections, AtRandomInstants) {
  use_every_section();
  kill_at_random_instants(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Slow, KilledRanksInSections, testing::Values(200));

TEST_F(Ranks, BadInputEndsAll) {
  Outcome outcome = run_ranks(2, {"--set", "risk.levels=[2]"});
  EXPECT_EQ(outcome.code, 3) << outcome.err;
  EXPECT_NE(outcome.err.find("risk.levels"), std::string::npos) << outcome.err;
}
#endif

} // namespace
