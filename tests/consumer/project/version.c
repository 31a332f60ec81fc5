/* The least that a caller in C does: the version it runs with is the one it was compiled against. */
#include <stdio.h>
#include <string.h>

#include "quickset/engine.h"
#include "quickset/status.h"
#include "quickset/version.h"

int main(void) {
  printf("quickset %s\n", qs_version());
  return strcmp(qs_version(), QS_VERSION_STRING) == 0 && strcmp(qs_status_name(QS_OK), "ok") == 0 ? 0 : 1;
}
