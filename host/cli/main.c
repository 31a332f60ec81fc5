/* The program quickset. */
#include "host/cli/program.h"

int main(int count, char **arguments) {
  return program_main(count, arguments, NULL);
}
