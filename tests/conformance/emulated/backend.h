// kernels/cuda built by the host compiler over the emulated runtime.
#ifndef QS_TESTS_EMULATED_BACKEND_H
#define QS_TESTS_EMULATED_BACKEND_H

#include "kernels/backend.h"

namespace emulated {
const qs_backend *backend();
} // namespace emulated

#endif
