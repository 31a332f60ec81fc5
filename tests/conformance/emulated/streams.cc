#include "tests/conformance/emulated/streams.h"

#include <deque>
#include <map>
#include <set>

struct emulated_stream {
  std::deque<std::function<void()>> work;
  std::size_t done = 0; // of all that was ever queued
};

// Reached once its stream has done so much; no stream: never recorded.
struct emulated_event {
  cudaStream_t stream = nullptr;
  std::size_t at = 0;
};

namespace streams {

namespace {

std::set<cudaStream_t> all;
std::map<const char *, std::size_t> locked; // by first byte

void run_to(cudaStream_t stream, std::size_t at) {
  while (stream->done < at && !stream->work.empty()) {
    const std::function<void()> next = std::move(stream->work.front());
    stream->work.pop_front();
    next();
    stream->done++;
  }
}

} // namespace

cudaStream_t make() {
  const cudaStream_t stream = new emulated_stream;
  all.insert(stream);
  return stream;
}

cudaEvent_t make_event() {
  return new emulated_event;
}

void end(cudaStream_t stream) {
  run(stream);
  all.erase(stream);
  delete stream;
}

void end(cudaEvent_t event) {
  delete event;
}

void queue(cudaStream_t stream, std::function<void()> work) {
  stream->work.push_back(std::move(work));
}

void record(cudaEvent_t event, cudaStream_t stream) {
  event->stream = stream;
  event->at = stream->done + stream->work.size();
}

void wait(cudaStream_t stream, cudaEvent_t event) {
  const emulated_event now = *event; // a later record changes nothing
  queue(stream, [now] {
    if (now.stream && all.count(now.stream)) {
      run_to(now.stream, now.at);
    }
  });
}

void run(cudaStream_t stream) {
  if (!stream) {
    return; // the default stream, whose work is done when it is asked for
  }
  run_to(stream, stream->done + stream->work.size());
}

void run(cudaEvent_t event) {
  if (event->stream && all.count(event->stream)) {
    run_to(event->stream, event->at);
  }
}

void run_all() {
  for (cudaStream_t stream : all) {
    run(stream);
  }
}

bool idle(cudaStream_t stream) {
  return !stream || stream->work.empty();
}

void pin(const void *data, std::size_t bytes) {
  locked[static_cast<const char *>(data)] = bytes;
}

void unpin(const void *data) {
  locked.erase(static_cast<const char *>(data));
}

bool pinned(const void *data) {
  const char *at = static_cast<const char *>(data);
  auto next = locked.upper_bound(at);
  if (next == locked.begin()) {
    return false;
  }
  next--;
  return at < next->first + next->second;
}

} // namespace streams
