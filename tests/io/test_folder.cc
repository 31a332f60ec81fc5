/* A results folder appears whole or not at all: full disks, other writers, other people's files. */
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>

#include "host/io/results.h"
#include "sample_results.h"
#include "scratch.h"

namespace {

struct Writer {
  qs_context context;
  SampleResults sample;
  Writer() { qs_context_init(&context); }
  qs_status write(const std::string &path) {
    return qs_results_write_folder(&context, &sample.results, nullptr, path.c_str());
  }
  std::string message() const { return context.message; }
};

const std::vector<std::string> whole = {"backtest.csv",      "backtest_policies.csv",
                                        "books.csv",         "calibration.csv",
                                        "d_correlation.csv", "hedge.csv",
                                        "manifest.json",     "pnl.csv",
                                        "quotes.csv",        "results.json",
                                        "risk.csv",          "risk_components.csv",
                                        "simulate.csv",      "simulate_attribution.csv",
                                        "simulate_pnl.csv",  "simulate_policy.txt",
                                        "stress.csv",        "stress_positions.csv",
                                        "trades.csv",        "vega.csv"};

std::vector<std::string> under(const std::string &name, const std::vector<std::string> &files) {
  std::vector<std::string> paths = {name};
  for (const std::string &file : files) {
    paths.push_back(name + "/" + file);
  }
  return paths;
}

/* Runs in a child, where limits and mounts may be changed; its exit status. */
int in_child(const std::function<int()> &body) {
  pid_t child = fork();
  if (child == 0) {
    _exit(body());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST(Folder, IsMadeWithTheFoldersAboveIt) {
  Scratch folder;
  Writer w;
  ASSERT_EQ(w.write(folder / "a/b/out/"), QS_OK) << w.message();
  std::vector<std::string> expected = {"a", "a/b"};
  for (const std::string &path : under("a/b/out", whole)) {
    expected.push_back(path);
  }
  EXPECT_EQ(folder.list(), expected) << "nothing is left beside it";
}

TEST(Folder, ReplacesResultsAsAWhole) {
  Scratch folder;
  Writer w;
  ASSERT_EQ(w.write(folder / "out"), QS_OK);
  w.sample.results.hedge.present = false;
  w.sample.results.seed = 77;
  ASSERT_EQ(w.write(folder / "out"), QS_OK) << w.message();
  std::vector<std::string> expected = whole;
  expected.erase(std::find(expected.begin(), expected.end(), "hedge.csv"));
  EXPECT_EQ(folder.list(), under("out", expected)) << "no file of the older results stays";
  EXPECT_NE(Scratch::read(folder / "out/results.json").find("\"seed\": 77"), std::string::npos);
}

TEST(Folder, TakesAnEmptyFolderAndALinkToOne) {
  Scratch folder;
  Writer w;
  std::filesystem::create_directory(folder / "empty");
  ASSERT_EQ(w.write(folder / "empty"), QS_OK) << w.message();
  std::filesystem::create_directory_symlink("empty", folder / "link");
  ASSERT_EQ(w.write(folder / "link"), QS_OK) << w.message();
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_TRUE(std::filesystem::exists(folder / "link/results.json"));
}

TEST(Folder, RefusesWhatIsNotOurs) {
  Scratch folder;
  Writer w;
  std::filesystem::create_directory(folder / "mine");
  folder.write("mine/thesis.txt", "years of work");
  std::filesystem::create_directory(folder / "noted");
  ASSERT_EQ(w.write(folder / "noted"), QS_OK);
  folder.write("noted/notes.md", "read this");
  std::filesystem::create_directory(folder / "tables");
  folder.write("tables/trades.csv", "of another program");
  folder.write("file", "text");
  std::vector<std::string> before = folder.list();
  struct {
    const char *path, *said;
  } cases[] = {{"mine", "it holds 'thesis.txt', which is not results"},
               {"noted", "it holds 'notes.md'"},
               {"tables", "it has no manifest.json"},
               {"file", "it is a file"},
               {"mine/..", "must be a folder's own name"},
               {"file/out", "the folder above cannot be"}};
  for (const auto &c : cases) {
    qs_status status = w.write(folder / c.path);
    EXPECT_TRUE(status == QS_ERROR_INPUT || std::string(c.path) == "file/out") << c.path;
    EXPECT_NE(status, QS_OK) << c.path;
    EXPECT_NE(w.message().find(c.said), std::string::npos) << w.message();
    if (status == QS_ERROR_INPUT) {
      EXPECT_EQ(qs_results_folder_check(&w.context, (folder / c.path).c_str()), QS_ERROR_INPUT) << c.path;
    }
  }
  EXPECT_EQ(folder.list(), before);
  EXPECT_EQ(Scratch::read(folder / "mine/thesis.txt"), "years of work");
  EXPECT_EQ(qs_results_folder_check(&w.context, (folder / "new").c_str()), QS_OK);
  EXPECT_EQ(qs_results_folder_check(&w.context, (folder / "new/er").c_str()), QS_OK);
  EXPECT_EQ(folder.list(), before);
}

TEST(Folder, KeepsASecondWriterOut) {
  Scratch folder;
  Writer w;
  int lock = open((folder / ".out.lock").c_str(), O_RDWR | O_CREAT, 0600);
  ASSERT_GE(lock, 0);
  ASSERT_EQ(flock(lock, LOCK_EX | LOCK_NB), 0);
  EXPECT_EQ(w.write(folder / "out"), QS_ERROR_IO);
  EXPECT_NE(w.message().find("another run is writing"), std::string::npos) << w.message();
  EXPECT_EQ(folder.list(), std::vector<std::string>{".out.lock"});
  close(lock);
  EXPECT_EQ(w.write(folder / "out"), QS_OK) << w.message();
  EXPECT_EQ(folder.list(), under("out", whole));
}

TEST(Folder, ClearsWhatACrashLeft) {
  Scratch folder;
  Writer w;
  std::filesystem::create_directory(folder / ".out.new");
  folder.write(".out.new/results.json", "{\"half\":");
  folder.write(".out.lock", "");
  EXPECT_EQ(w.write(folder / "out"), QS_OK) << w.message();
  EXPECT_EQ(folder.list(), under("out", whole));
}

/* Two processes that write the same place all the time: a reader never sees anything but whole results. */
TEST(Folder, ReadersSeeWholeResultsAlone) {
  Scratch folder(true);
  Writer first;
  ASSERT_EQ(first.write(folder / "out"), QS_OK);
  std::vector<pid_t> children;
  for (int i = 0; i < 2; i++) {
    pid_t child = fork();
    if (child == 0) {
      Writer w;
      int written = 0;
      for (int attempt = 0; attempt < 20000 && written < 10; attempt++) {
        w.sample.results.seed = (uint64_t)attempt;
        qs_status status = w.write(folder / "out");
        if (status != QS_OK && w.message().find("another run is writing") == std::string::npos) {
          fprintf(stderr, "%s\n", w.message().c_str());
          _exit(1);
        }
        written += status == QS_OK;
        usleep(1000);
      }
      _exit(written == 10 ? 0 : 2);
    }
    children.push_back(child);
  }
  size_t looks = 0;
  for (size_t left = children.size(); left > 0; looks++) {
    int fd = open((folder / "out").c_str(), O_RDONLY | O_DIRECTORY);
    ASSERT_GE(fd, 0) << "there was a moment without results";
    int file = openat(fd, "manifest.json", O_RDONLY);
    int text = openat(fd, "results.json", O_RDONLY);
    /* The old folder is emptied once it is replaced; one that is still in place is whole. */
    struct stat held, named;
    bool in_place =
        fstat(fd, &held) == 0 && stat((folder / "out").c_str(), &named) == 0 && held.st_ino == named.st_ino;
    if (in_place) {
      EXPECT_GE(file, 0);
      EXPECT_GE(text, 0);
    }
    close(file);
    close(text);
    close(fd);
    int status = 0;
    if (waitpid(-1, &status, WNOHANG) > 0) {
      EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "a writer failed";
      left--;
    }
  }
  EXPECT_GT(looks, 10u);
  EXPECT_EQ(folder.list(), under("out", whole));
}

/* Files may not grow past a limit: every byte count at which the write can break off leaves the old results
 * whole. */
TEST(Folder, FileSizeLimit) {
  Scratch folder;
  Writer w;
  w.sample.results.seed = 1;
  ASSERT_EQ(w.write(folder / "out"), QS_OK);
  std::string before = Scratch::read(folder / "out/results.json");
  for (rlim_t limit : {0, 1, 100, 1000, 5000}) {
    int code = in_child([&] {
      signal(SIGXFSZ, SIG_IGN);
      struct rlimit r = {limit, limit};
      if (setrlimit(RLIMIT_FSIZE, &r) != 0) {
        return 9;
      }
      Writer second;
      second.sample.results.seed = 2;
      qs_status status = second.write(folder / "out");
      return status == QS_ERROR_IO && second.message().find("File too large") != std::string::npos ? 0 : 1;
    });
    EXPECT_EQ(code, 0) << limit << " bytes";
    EXPECT_EQ(folder.list(), under("out", whole)) << limit << " bytes";
    EXPECT_EQ(Scratch::read(folder / "out/results.json"), before);
  }
}

/* A mount namespace of its own, as root or as a user who becomes root in it. */
bool own_mounts() {
  unsigned uid = geteuid();
  if (unshare(CLONE_NEWNS) != 0) {
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) {
      return false;
    }
    std::ofstream("/proc/self/uid_map") << "0 " << uid << " 1";
  }
  return mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

/* A disk that is full at every size from empty to enough. */
TEST(Folder, FullDisk) {
  Scratch folder;
  std::filesystem::create_directory(folder / "disk");
  const int skip = 77;
  int code = in_child([&] {
    if (!own_mounts()) {
      return skip;
    }
    int failed = 0;
    int written = 0;
    for (int blocks = 1; blocks < 64; blocks++) {
      std::string size = "size=" + std::to_string(4 * blocks) + "k";
      if (mount("tmpfs", (folder / "disk").c_str(), "tmpfs", 0, size.c_str()) != 0) {
        return skip;
      }
      Writer w;
      qs_status status = w.write(folder / "disk/deep/out");
      bool there = std::filesystem::exists(folder / "disk/deep/out/manifest.json");
      bool empty = std::filesystem::is_empty(folder / "disk");
      bool said = w.message().find("No space left on device") != std::string::npos;
      umount((folder / "disk").c_str());
      if (status == QS_OK ? !there : !(status == QS_ERROR_IO && empty && said)) {
        fprintf(stderr, "%d blocks: status %d, there %d, empty %d: %s\n", blocks, (int)status, there, empty,
                w.message().c_str());
        return 1;
      }
      failed += status != QS_OK;
      written += status == QS_OK;
    }
    return failed > 5 && written > 5 ? 0 : 2;
  });
  if (code == skip) {
    GTEST_SKIP() << "a small file system cannot be mounted here";
  }
  EXPECT_EQ(code, 0);
}

TEST(Folder, CannotBeWrittenWhereThePermissionIsMissing) {
  Scratch folder;
  std::filesystem::create_directory(folder / "locked");
  for (const char *name : {"", "locked"}) {
    ASSERT_EQ(chmod((folder / name).c_str(), 0555), 0);
  }
  int code = in_child([&] {
    if (geteuid() == 0 && setuid(65534) != 0) {
      return 9;
    }
    Writer w;
    bool refused = w.write(folder / "locked/out") == QS_ERROR_IO &&
                   w.message().find("Permission denied") != std::string::npos;
    return refused && qs_results_folder_check(&w.context, (folder / "locked/out").c_str()) == QS_ERROR_IO ? 0
                                                                                                          : 1;
  });
  EXPECT_EQ(code, 0);
  chmod((folder / "").c_str(), 0700);
}

TEST(Folder, CancelledInTimeWritesNothing) {
  Scratch folder;
  Writer w;
  int cancel = 1;
  w.context.cancel = &cancel;
  EXPECT_EQ(w.write(folder / "a/out"), QS_ERROR_CANCELLED);
  EXPECT_TRUE(folder.list().empty());
}

TEST(Folder, NameWithNoRoomIsRefused) {
  Scratch folder;
  Writer w;
  EXPECT_EQ(w.write(folder / std::string(252, 'x')), QS_ERROR_INPUT);
  EXPECT_EQ(w.write("/"), QS_ERROR_INPUT);
  EXPECT_EQ(w.write("."), QS_ERROR_INPUT);
  EXPECT_TRUE(folder.list().empty());
}

} // namespace
