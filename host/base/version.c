#include "quickset/version.h"

#include "quickset/engine.h"

const char *qs_version(void) {
  return QS_VERSION_STRING;
}
