/* The whole program, alone or as one process of several. */
#ifndef QS_HOST_CLI_PROGRAM_H
#define QS_HOST_CLI_PROGRAM_H

#include "quickset/team.h"

typedef struct program_team {
  qs_team team;
  int (*wait)(void *data); /* until every process is there, with the team's data; 0: they are */
} program_team;

/* Reads the command line, does what it says, and returns the exit status. `team` is null for a process alone;
 * else the first process alone writes and prints results. */
int program_main(int count, char **arguments, const program_team *team);

#endif
