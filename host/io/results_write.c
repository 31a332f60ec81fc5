/* The results folder. */
#include <string.h>

#include "host/io/folder.h"
#include "host/io/results.h"
#include "host/io/sha256.h"

enum { MAX_FILES = 24 };

static bool is_ours(const char *name) {
  bool ours = strcmp(name, "results.json") == 0 || strcmp(name, "manifest.json") == 0;
  for (const qs_results_file *file = qs_results_csv_files; file->name && !ours; file++) {
    ours = strcmp(name, file->name) == 0;
  }
  return ours;
}

/* Writes the buffer's text as a file, frees it, and notes what was written. */
static qs_status write_buffer(qs_folder *folder, const char *name, qs_buffer *buffer,
                              qs_written_file *written) {
  if (buffer->failed) {
    qs_buffer_free(buffer);
    return qs_fail_memory(folder->context, "writing results");
  }
  if (qs_cancelled(folder->context)) {
    qs_buffer_free(buffer);
    return qs_fail(folder->context, QS_ERROR_CANCELLED, "%s: cancelled; nothing was written",
                   folder->place.path);
  }
  qs_status status = qs_folder_write(folder, name, buffer->text, buffer->used);
  written->name = name;
  written->size = buffer->used;
  qs_sha256(buffer->text, buffer->used, written->sha256);
  qs_buffer_free(buffer);
  return status;
}

static qs_status write_json(qs_folder *folder, const qs_results *results, qs_written_file *written) {
  qs_buffer buffer;
  qs_buffer_init(&buffer, folder->context);
  qs_status status = qs_results_to_json(folder->context, results, false, &buffer.text);
  if (status != QS_OK) {
    return status;
  }
  buffer.used = strlen(buffer.text);
  return write_buffer(folder, "results.json", &buffer, written);
}

static qs_status write_files(qs_folder *folder, const qs_results *results, const qs_config *config) {
  qs_written_file written[MAX_FILES];
  size_t count = 0;
  qs_status status = write_json(folder, results, &written[count++]);
  for (const qs_results_file *file = qs_results_csv_files; file->name && status == QS_OK; file++) {
    if (!file->present || file->present(results)) {
      qs_buffer buffer;
      qs_buffer_init(&buffer, folder->context);
      file->write(&buffer, results);
      status = write_buffer(folder, file->name, &buffer, &written[count++]);
    }
  }
  if (status == QS_OK) {
    qs_buffer buffer;
    qs_buffer_init(&buffer, folder->context);
    qs_manifest_write(&buffer, results, config, written, count);
    status = write_buffer(folder, "manifest.json", &buffer, &written[count]);
  }
  return status;
}

qs_status qs_results_write_folder(qs_context *context, const qs_results *results, const qs_config *config,
                                  const char *path) {
  qs_folder folder;
  qs_status status = qs_folder_begin(&folder, context, path, is_ours);
  if (status != QS_OK) {
    return status;
  }
  status = write_files(&folder, results, config);
  if (status != QS_OK) {
    qs_folder_abandon(&folder);
    return status;
  }
  return qs_folder_commit(&folder);
}

qs_status qs_results_folder_check(qs_context *context, const char *path) {
  return qs_folder_check(context, path, is_ours);
}
