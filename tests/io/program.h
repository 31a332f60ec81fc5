/* The program from outside: started with its streams in files, waited for, and what it said. */
#ifndef QS_TESTS_IO_PROGRAM_H
#define QS_TESTS_IO_PROGRAM_H

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "scratch.h"

struct Outcome {
  int code; /* 128 + signal where one ended it */
  std::string out, err;
};

/* Starts the program with its streams in files of the folder; `limit` is called in the child before. */
inline pid_t start(const Scratch &streams, std::vector<std::string> arguments,
                   const std::function<void()> &limit) {
  if (arguments.empty() || arguments[0][0] != '/') { /* else it names a program */
    arguments.insert(arguments.begin(), QS_BINARY_DIR "/bin/quickset");
  }
  std::vector<char *> pointers;
  for (std::string &argument : arguments) {
    pointers.push_back(argument.data());
  }
  pointers.push_back(nullptr);
  std::string out = streams / "stdout";
  std::string err = streams / "stderr";
  pid_t child = fork();
  if (child == 0) {
    int null_file = open("/dev/null", O_RDONLY);
    int out_file = open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    int err_file = open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(null_file, 0);
    dup2(out_file, 1);
    dup2(err_file, 2);
    if (limit) {
      limit();
    }
    execv(pointers[0], pointers.data());
    _exit(127);
  }
  return child;
}

inline Outcome finish(const Scratch &streams, pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), Scratch::read(streams / "stdout"),
          Scratch::read(streams / "stderr")};
}

inline Outcome run(const std::vector<std::string> &arguments, const std::function<void()> &limit = nullptr) {
  Scratch streams;
  return finish(streams, start(streams, arguments, limit));
}

/* The message of an error: one line that names the program. */
inline std::string one_message(const Outcome &outcome) {
  EXPECT_EQ(outcome.err.rfind("quickset: ", 0), 0u) << outcome.err;
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  return outcome.err.substr(std::min<size_t>(10, outcome.err.size()));
}

#endif
