/* The command line. */
#ifndef QS_HOST_CLI_OPTIONS_H
#define QS_HOST_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quickset/engine.h"

typedef enum command_kind {
  COMMAND_HELP,
  COMMAND_VERSION,
  COMMAND_INFO,
  COMMAND_CHECK,
  COMMAND_PLAN,
  COMMAND_RUN,
  COMMAND_SHARD,
  COMMAND_ADVISE
} command_kind;

enum {
  MAX_OVERRIDES = 256,
  MAX_MERGED = 1024,
  MAX_OPTION_TEXT = 64,
  MAX_USAGE_MESSAGE = 256,
  MAX_HOLDINGS = 8
};

/* "0.45", or "X-SPOT=0.45". */
typedef struct holding_option {
  const char *name; /* name_length bytes; null: not named */
  size_t name_length;
  double value;
} holding_option;

typedef struct options {
  command_kind command;
  const char *name;  /* of the command, as it was given */
  uint32_t sections; /* of COMMAND_RUN: what was asked for; 0: all that the config has */
  const char *config;
  const char *out; /* null: the config's own */
  qs_backend_choice backend;
  int threads;
  bool quiet, json, fail_on_breach, resume;
  double max_hours;               /* NaN: no limit */
  uint32_t share, shares;         /* of COMMAND_SHARD, from 0 */
  const char *merged[MAX_MERGED]; /* journals of shares */
  size_t merged_count;
  const char *overrides[MAX_OVERRIDES]; /* those of --set, then --seed and --paths */
  size_t override_count;
  const char *policy;    /* of hedge: a saved policy that is asked, in place of a config */
  double spot, variance; /* the state it is asked in; NaN: not given */
  holding_option holdings[MAX_HOLDINGS];
  size_t holding_count;
  const char *time; /* a text; null: now */
  char seed[MAX_OPTION_TEXT], paths[MAX_OPTION_TEXT];
} options;

/* False when the command line makes no sense; `message` then says why. */
bool options_parse(options *o, int count, char **arguments, char message[MAX_USAGE_MESSAGE]);

/* The text of --help. */
const char *options_help(void);

#endif
