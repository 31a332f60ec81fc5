/* The program quickset. */
#include "host/cli/program.h"
#include "quickset/worker.h"

int main(int count, char **arguments) {
  int code = 0;
  if (qs_worker_main(count, arguments, &code)) {
    return code;
  }
  return program_main(count, arguments, NULL);
}
