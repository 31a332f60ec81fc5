/* Writes a bad case's files, and says where the message must point. */
#ifndef QS_TESTS_IO_BAD_FOLDER_H
#define QS_TESTS_IO_BAD_FOLDER_H

#include "bad_cases.h"
#include "sample_config.h"
#include "scratch.h"

/* The place "file:line:column:" of the mark, or nothing where the case has none. */
inline std::string write_bad_case(const Scratch &folder, const BadCase &c) {
  std::map<std::string, std::string> files = sample_files();
  std::string place;
  std::string &file = files[c.file];
  if (c.text == "absent") {
    files.erase(c.file);
  } else {
    size_t at = c.find.empty() ? 0 : file.find(c.find);
    EXPECT_NE(at, std::string::npos) << c.name << ": nothing to replace";
    file.replace(at == std::string::npos ? 0 : at, c.find.empty() ? file.size() : c.find.size(), c.text);
    size_t mark = file.find('@');
    if (mark != std::string::npos) {
      file.erase(mark, 1);
      size_t line_start = file.rfind('\n', mark ? mark - 1 : 0);
      line_start = mark == 0 || line_start == std::string::npos ? 0 : line_start + 1;
      auto line = 1 + std::count(file.begin(), file.begin() + (long)mark, '\n');
      place =
          (folder / c.file) + ":" + std::to_string(line) + ":" + std::to_string(mark - line_start + 1) + ": ";
    }
  }
  folder.write(files);
  return place;
}

#endif
