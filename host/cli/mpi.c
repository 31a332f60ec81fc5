/* The program quickset-mpi: quickset as so many processes as MPI starts. */
#include <mpi.h>
#include <stddef.h>

#include "host/cli/program.h"
#include "quickset/worker.h"

enum { MOST_BYTES = 1 << 30 }; /* of one message: MPI counts in int */

/* Every rank in turn tells its part to all. */
static int gather(void *data, void *bytes, const size_t *sizes) {
  const program_team *team = data;
  char *part = bytes;
  for (uint32_t rank = 0; rank < team->team.ranks; rank++) {
    for (size_t done = 0; done < sizes[rank];) {
      const size_t left = sizes[rank] - done, count = left < MOST_BYTES ? left : MOST_BYTES;
      if (MPI_Bcast(part + done, (int)count, MPI_BYTE, (int)rank, MPI_COMM_WORLD) != MPI_SUCCESS) {
        return 1;
      }
      done += count;
    }
    part += sizes[rank];
  }
  return 0;
}

static int wait_for_all(void *data) {
  (void)data;
  return MPI_Barrier(MPI_COMM_WORLD) == MPI_SUCCESS ? 0 : 1;
}

int main(int count, char **arguments) {
  int level = 0, rank = 0, ranks = 1, worked = 0;
  if (qs_worker_main(count, arguments, &worked)) {
    return worked;
  }
  if (MPI_Init_thread(&count, &arguments, MPI_THREAD_SERIALIZED, &level) != MPI_SUCCESS) {
    return 5;
  }
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  program_team team = {.wait = wait_for_all};
  qs_team_init(&team.team);
  team.team.rank = (uint32_t)rank;
  team.team.ranks = (uint32_t)ranks;
  team.team.gather = gather;
  team.team.data = &team;
  int code = level < MPI_THREAD_SERIALIZED ? 5 : program_main(count, arguments, ranks > 1 ? &team : NULL);
  /* Statuses 4 and 6 come from the first process alone, with results; the others wait for it. */
  if (code != 0 && code != 4 && code != 6) {
    MPI_Abort(MPI_COMM_WORLD, code);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Finalize();
  return code;
}
