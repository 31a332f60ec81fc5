// The same from C++: the headers carry extern "C" guards.
#include <iostream>
#include <string>

#include "quickset/engine.h"
#include "quickset/status.h"
#include "quickset/version.h"

int main() {
  std::cout << "quickset " << qs_version() << '\n';
  return qs_version() == std::string(QS_VERSION_STRING) && qs_status_name(QS_OK) == std::string("ok") ? 0 : 1;
}
