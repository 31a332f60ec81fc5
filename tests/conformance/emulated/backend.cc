#include "tests/conformance/emulated/backend.h"

extern "C" const qs_backend *qs_backend_plugin(void);

namespace emulated {

const qs_backend *backend() {
  return qs_backend_plugin();
}

} // namespace emulated
