// What the benchmark has to know of a GPU beside what the backend says.
#ifndef QS_BENCH_GPU_FACTS_H
#define QS_BENCH_GPU_FACTS_H

struct gpu_facts {
  int multiprocessors;
  double clock_ghz;    // the highest that the device allows itself
  int driver, runtime; // versions as CUDA writes them: 13000 is 13.0
};

// False where the device does not answer.
bool gpu_facts_of(int ordinal, gpu_facts *facts);

#endif
