#include "host/cli/options.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quickset/inputs.h"

static const char help_text[] =
    "quickset: Monte Carlo risk of a derivatives book\n"
    "\n"
    "  quickset run CONFIG        everything the config has\n"
    "  quickset calibrate CONFIG  fit the models to the quotes\n"
    "  quickset value CONFIG      value and Greeks, by position and book\n"
    "  quickset risk CONFIG       value at risk and expected shortfall\n"
    "  quickset stress CONFIG     the stress grid and scenarios\n"
    "  quickset hedge CONFIG      what to trade now\n"
    "  quickset hedge --policy FILE --spot S --holding H [--variance V] [--time T]\n"
    "                             what a saved policy (simulate_policy.txt) trades in this state; of two\n"
    "                             instruments: --holding H --holding H2, or --holding NAME=H for each\n"
    "  quickset simulate CONFIG   policies of hedging over time, on the same paths\n"
    "  quickset backtest CONFIG   policies of hedging over time, on recorded prices\n"
    "  quickset shard CONFIG --shard I/N --out FILE\n"
    "                             share I of N of the run's work, for `quickset run --merge`\n"
    "  quickset check CONFIG      validate the config and all that it names; run nothing\n"
    "  quickset plan CONFIG       what a run will take: units of work, time and memory\n"
    "  quickset info              devices and version\n"
    "\n"
    "  --out DIR                  write results there, not to the config's `output`\n"
    "  --backend auto|cpu|cuda    devices to use (auto)\n"
    "  --threads N                CPU threads (all)\n"
    "  --seed N, --paths N        as simulation.seed and simulation.paths\n"
    "  --set KEY=VALUE            override a key: --set underlyings.0.spot=65000 (may be repeated)\n"
    "  --resume                   go on from what an interrupted or killed run of the same inputs left\n"
    "  --merge FILE               take what a shard has computed (may be repeated; with shard: for a "
    "target's\n"
    "                             later rounds)\n"
    "  --max-hours H              stop after H hours, to be resumed\n"
    "  --json                     print results.json instead of the summary\n"
    "  --quiet                    print nothing but errors\n"
    "  --fail-on-breach           exit 6 when a limit of the config is breached\n"
    "  --version, --help\n"
    "\n"
    "Exit status: 0 done; 2 usage; 3 bad input; 4 done, but some numbers cannot be trusted; 5 device, "
    "memory\n"
    "or disk; 6 a limit is breached (with --fail-on-breach); 130 interrupted or out of time: no results, "
    "but\n"
    "--resume goes on.\n";

const char *options_help(void) {
  return help_text;
}

typedef struct command_name {
  const char *name;
  command_kind command;
  uint32_t sections;
} command_name;

static const command_name commands[] = {
    {"run", COMMAND_RUN, 0},
    {"calibrate", COMMAND_RUN, QS_SECTION_CALIBRATE},
    {"value", COMMAND_RUN, QS_SECTION_VALUE},
    {"risk", COMMAND_RUN, QS_SECTION_RISK},
    {"stress", COMMAND_RUN, QS_SECTION_STRESS},
    {"hedge", COMMAND_RUN, QS_SECTION_HEDGE},
    {"simulate", COMMAND_RUN, QS_SECTION_SIMULATE},
    {"backtest", COMMAND_RUN, QS_SECTION_BACKTEST},
    {"shard", COMMAND_SHARD, 0},
    {"check", COMMAND_CHECK, 0},
    {"plan", COMMAND_PLAN, 0},
    {"info", COMMAND_INFO, 0},
    {"help", COMMAND_HELP, 0},
    {"version", COMMAND_VERSION, 0},
};

/* A command line while it is read. */
typedef struct line {
  int count, at;
  char **arguments;
  char *message;
} line;

static bool complain(line *l, const char *what, const char *about) {
  snprintf(l->message, MAX_USAGE_MESSAGE, "%s '%.100s'; see quickset --help", what, about);
  return false;
}

/* The value of an option: after its =, or the next argument. Null when there is none. */
static const char *option_value(line *l, const char *option) {
  const char *equals = strchr(option, '=');
  if (equals) {
    return equals + 1;
  }
  return l->at + 1 < l->count ? l->arguments[++l->at] : NULL;
}

static bool is_option(const char *argument, const char *name) {
  size_t length = strlen(name);
  return strncmp(argument, name, length) == 0 && (argument[length] == '\0' || argument[length] == '=');
}

/* A whole number from 0 to max. */
static bool read_number(const char *text, uint64_t max, uint64_t *number) {
  uint64_t value = 0;
  for (const char *c = text; *c; c++) {
    uint64_t digit = (uint64_t)(*c - '0');
    if (*c < '0' || *c > '9' || value > (max - digit) / 10) {
      return false;
    }
    value = 10 * value + digit;
  }
  *number = value;
  return *text != '\0';
}

static bool add_override(line *l, options *o, const char *text) {
  if (o->override_count >= MAX_OVERRIDES - 2) {
    return complain(l, "too many overrides, at most 254; one too many is", text);
  }
  o->overrides[o->override_count++] = text;
  return true;
}

/* --seed and --paths are overrides too, made once the line is read so that they come last. */
static bool read_count_option(line *l, const char *option, const char *value, const char *key, char *text) {
  uint64_t number = 0;
  if (!read_number(value, UINT64_MAX, &number)) {
    snprintf(l->message, MAX_USAGE_MESSAGE, "%s must be a whole number below 2^64, not '%.60s'", option,
             value);
    return false;
  }
  snprintf(text, MAX_OPTION_TEXT, "%s=%llu", key, (unsigned long long)number);
  return true;
}

static bool read_backend(line *l, options *o, const char *value) {
  static const char *const names[] = {"auto", "cpu", "cuda"};
  for (int i = 0; i < 3; i++) {
    if (strcmp(value, names[i]) == 0) {
      o->backend = (qs_backend_choice)i;
      return true;
    }
  }
  return complain(l, "--backend must be auto, cpu or cuda, not", value);
}

static bool read_threads(line *l, options *o, const char *value) {
  uint64_t number = 0;
  if (!read_number(value, 4096, &number) || number == 0) {
    return complain(l, "--threads must be a whole number from 1 to 4096, not", value);
  }
  o->threads = (int)number;
  return true;
}

/* A finite number. */
static bool read_real(line *l, const char *option, const char *value, double *number) {
  char *end = NULL;
  *number = strtod(value, &end);
  if (end == value || *end || !isfinite(*number)) {
    snprintf(l->message, MAX_USAGE_MESSAGE, "%s must be a number, not '%.60s'", option, value);
    return false;
  }
  return true;
}

/* What is held: a number, or the name of the instrument, `=` and a number. */
static bool add_holding(line *l, options *o, const char *value) {
  const char *sign = strrchr(value, '=');
  if (o->holding_count == MAX_HOLDINGS) {
    return complain(l, "too many holdings; one too many is", value);
  }
  if (sign == value) {
    return complain(l, "--holding must be a number or NAME=NUMBER, not", value);
  }
  holding_option *made = &o->holdings[o->holding_count];
  *made = (holding_option){sign ? value : NULL, sign ? (size_t)(sign - value) : 0, 0};
  if (o->holding_count && (made->name == NULL) != (o->holdings[0].name == NULL)) {
    return complain(l, "either all holdings are named, --holding NAME=NUMBER, or none is; see", value);
  }
  o->holding_count++;
  return read_real(l, "--holding", sign ? sign + 1 : value, &made->value);
}

/* The options of a saved policy; false in `known`: it is none of them. */
static bool read_policy_option(line *l, options *o, const char *option, bool *known) {
  static const char *const names[] = {"--policy", "--spot", "--holding", "--variance", "--time"};
  size_t which = 0;
  while (which < 5 && !is_option(option, names[which])) {
    which++;
  }
  *known = which < 5;
  const char *value = *known ? option_value(l, option) : NULL;
  if (*known && (!value || !*value)) {
    return complain(l, "a value is missing after", option);
  }
  switch (which) {
  case 0:
    o->policy = value;
    return true;
  case 1:
    return read_real(l, names[which], value, &o->spot);
  case 2:
    return add_holding(l, o, value);
  case 3:
    return read_real(l, names[which], value, &o->variance);
  case 4:
    o->time = value;
    return true;
  default:
    return false;
  }
}

static bool read_hours(line *l, options *o, const char *value) {
  if (!read_real(l, "--max-hours", value, &o->max_hours)) {
    return false;
  }
  return o->max_hours > 0 || complain(l, "--max-hours must be greater than 0, not", value);
}

/* "3/8": the third of eight. */
static bool read_share(line *l, options *o, const char *value) {
  char first[16] = "";
  const char *slash = strchr(value, '/');
  uint64_t share = 0, shares = 0;
  if (slash && (size_t)(slash - value) < sizeof first) {
    memcpy(first, value, (size_t)(slash - value));
  }
  if (!read_number(first, 4096, &share) || !read_number(slash + 1, 4096, &shares) || !share ||
      share > shares || shares < 2) {
    return complain(l, "--shard must be such as 3/8, with 2 to 4096 shares, not", value);
  }
  o->share = (uint32_t)share - 1;
  o->shares = (uint32_t)shares;
  return true;
}

static bool add_merged(line *l, options *o, const char *file) {
  if (o->merged_count == MAX_MERGED) {
    return complain(l, "too many journals to merge, at most 1024; one too many is", file);
  }
  o->merged[o->merged_count++] = file;
  return true;
}

static bool read_valued_option(line *l, options *o, const char *option) {
  bool known = false, good = read_policy_option(l, o, option, &known);
  if (known) {
    return good;
  }
  static const char *const names[] = {"--out", "--backend",   "--threads", "--seed", "--paths",
                                      "--set", "--max-hours", "--shard",   "--merge"};
  size_t which = 0;
  while (which < 9 && !is_option(option, names[which])) {
    which++;
  }
  if (which == 9) {
    return complain(l, "unknown option", option);
  }
  const char *value = option_value(l, option);
  if (!value || !*value) {
    return complain(l, "a value is missing after", option);
  }
  switch (which) {
  case 0:
    o->out = value;
    return true;
  case 1:
    return read_backend(l, o, value);
  case 2:
    return read_threads(l, o, value);
  case 3:
    return read_count_option(l, "--seed", value, "simulation.seed", o->seed);
  case 4:
    return read_count_option(l, "--paths", value, "simulation.paths", o->paths);
  case 6:
    return read_hours(l, o, value);
  case 7:
    return read_share(l, o, value);
  case 8:
    return add_merged(l, o, value);
  default:
    return add_override(l, o, value);
  }
}

static bool read_option(line *l, options *o, const char *option) {
  if (strcmp(option, "--quiet") == 0) {
    o->quiet = true;
  } else if (strcmp(option, "--json") == 0) {
    o->json = true;
  } else if (strcmp(option, "--fail-on-breach") == 0) {
    o->fail_on_breach = true;
  } else if (strcmp(option, "--resume") == 0) {
    o->resume = true;
  } else if (strcmp(option, "--help") == 0 || strcmp(option, "-h") == 0) {
    o->command = COMMAND_HELP;
    o->name = "help";
  } else if (strcmp(option, "--version") == 0) {
    o->command = COMMAND_VERSION;
    o->name = "version";
  } else {
    return read_valued_option(l, o, option);
  }
  return true;
}

static bool read_word(line *l, options *o, const char *word) {
  if (o->name && o->config) {
    return complain(l, "one argument too many:", word);
  }
  if (o->name) {
    o->config = word;
    return true;
  }
  for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
    if (strcmp(word, commands[i].name) == 0) {
      o->name = commands[i].name;
      o->command = commands[i].command;
      o->sections = commands[i].sections;
      return true;
    }
  }
  return complain(l, "unknown command", word);
}

/* A saved policy is asked by `hedge` alone, without a config, and needs its state. */
static bool check_policy(line *l, options *o) {
  const bool state = !isnan(o->spot) || o->holding_count || !isnan(o->variance) || o->time;
  if (!o->policy) {
    return !state || complain(l, "a saved policy is missing, --policy FILE, after", o->name);
  }
  if (o->sections != QS_SECTION_HEDGE) {
    return complain(l, "--policy goes with the command hedge, not", o->name);
  }
  if (o->config) {
    return complain(l, "with --policy no config is read; one argument too many:", o->config);
  }
  if (isnan(o->spot) || !o->holding_count) {
    return complain(l, isnan(o->spot) ? "--spot is missing beside" : "--holding is missing beside",
                    o->policy);
  }
  o->command = COMMAND_ADVISE;
  return true;
}

/* Options of runs alone, and what a share needs. */
static bool check_run(line *l, const options *o) {
  const bool shard = o->command == COMMAND_SHARD, runs = shard || o->command == COMMAND_RUN;
  if (!runs && (o->resume || !isnan(o->max_hours))) {
    return complain(l, o->resume ? "there is no run to be resumed in" : "there is no run to be stopped in",
                    o->name);
  }
  if (o->merged_count && !runs) {
    return complain(l, "--merge goes with a run, not with", o->name);
  }
  if (shard != (o->shares > 0)) {
    return complain(l, shard ? "--shard I/N is missing after" : "--shard goes with the command shard, not",
                    o->name);
  }
  return !shard || o->out || complain(l, "--out FILE is missing after", o->name);
}

static bool check_complete(line *l, const options *o) {
  const bool needs_config = o->command == COMMAND_RUN || o->command == COMMAND_SHARD ||
                            o->command == COMMAND_CHECK || o->command == COMMAND_PLAN;
  if (!o->name) {
    snprintf(l->message, MAX_USAGE_MESSAGE, "a command is missing; see quickset --help");
    return false;
  }
  if (needs_config && !o->config) {
    return complain(l, "a config is missing after", o->name);
  }
  if (!needs_config && o->config) {
    return complain(l, "one argument too many:", o->config);
  }
  return check_run(l, o);
}

bool options_parse(options *o, int count, char **arguments, char message[MAX_USAGE_MESSAGE]) {
  memset(o, 0, sizeof *o);
  o->spot = o->variance = o->max_hours = NAN;
  line l = {.count = count, .at = 1, .arguments = arguments, .message = message};
  for (; l.at < count; l.at++) {
    const char *argument = arguments[l.at];
    bool option = argument[0] == '-' && argument[1] != '\0';
    if (!(option ? read_option(&l, o, argument) : read_word(&l, o, argument))) {
      return false;
    }
    if (o->command == COMMAND_HELP && o->name) {
      return true;
    }
  }
  if ((o->name && !check_policy(&l, o)) || !check_complete(&l, o)) {
    return false;
  }
  if (o->seed[0]) {
    o->overrides[o->override_count++] = o->seed;
  }
  if (o->paths[0]) {
    o->overrides[o->override_count++] = o->paths;
  }
  return true;
}
