/* A folder of its own for one test, gone when the test ends. */
#ifndef QS_TESTS_IO_SCRATCH_H
#define QS_TESTS_IO_SCRATCH_H

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

class Scratch {
public:
  /* In memory where that is possible and asked for, so that a thousand fsyncs take no time. */
  explicit Scratch(bool in_memory = false) {
    bool shared = in_memory && access("/dev/shm", W_OK | X_OK) == 0;
    std::string parent = shared ? "/dev/shm" : std::filesystem::temp_directory_path().string();
    std::string pattern = parent + "/quickset-io-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) {
      std::abort();
    }
    path_ = pattern;
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  Scratch(const Scratch &) = delete;
  Scratch &operator=(const Scratch &) = delete;

  std::string operator/(const std::string &name) const { return path_ + "/" + name; }

  void write(const std::string &name, const std::string &text) const {
    std::ofstream file(*this / name, std::ios::binary);
    file << text;
    ASSERT_TRUE(file.flush());
  }

  void write(const std::map<std::string, std::string> &files) const {
    for (const auto &[name, text] : files) {
      write(name, text);
    }
  }

  /* Every path below, sorted. */
  std::vector<std::string> list() const {
    std::vector<std::string> names;
    for (const auto &entry : std::filesystem::recursive_directory_iterator(path_)) {
      names.push_back(std::filesystem::relative(entry.path(), path_).string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  static std::string read(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

private:
  std::string path_;
};

#endif
