// What the emulated runtime has queued: work of a stream is done, in order, when somebody waits for it.
#ifndef QS_TESTS_EMULATED_STREAMS_H
#define QS_TESTS_EMULATED_STREAMS_H

#include <cuda_runtime.h>

namespace streams {

cudaStream_t make();
cudaEvent_t make_event();
void end(cudaStream_t stream); // what is queued is done before
void end(cudaEvent_t event);

void queue(cudaStream_t stream, std::function<void()> work);
void record(cudaEvent_t event, cudaStream_t stream);
void wait(cudaStream_t stream, cudaEvent_t event); // work that is queued later comes after the event

void run(cudaStream_t stream);
void run(cudaEvent_t event);
void run_all();
bool idle(cudaStream_t stream);

// Page-locked host memory.
void pin(const void *data, std::size_t bytes);
void unpin(const void *data);
bool pinned(const void *data);

} // namespace streams

#endif
