/* The program quickset, over the public interface alone. */
#define _POSIX_C_SOURCE 200809L /* sigaction, isatty, nanosleep */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host/cli/advice.h"
#include "host/cli/options.h"
#include "host/cli/plan_print.h"
#include "host/cli/program.h"
#include "host/cli/progress.h"
#include "host/cli/summary.h"
#include "quickset/quickset.h"

static volatile sig_atomic_t interrupted;
static bool out_of_time;         /* --max-hours have passed */
static double started;           /* by progress_clock */
static const program_team *team; /* null: this process is alone */

/* Whether this process speaks for all. */
static bool leads(void) {
  return !team || team->team.rank == 0;
}

static void note_signal(int number) {
  (void)number;
  interrupted = 1;
}

/* The first signal asks the run to stop; a second one ends the program. A file that grows past the user's
 * limit is an error of the write, not the end of the program. */
static void watch_signals(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = note_signal;
  action.sa_flags = (int)SA_RESETHAND;
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  action.sa_handler = SIG_IGN;
  action.sa_flags = 0;
  sigaction(SIGXFSZ, &action, NULL);
}

static int fail(const qs_engine *engine, qs_status status) {
  fprintf(stderr, "quickset: %s\n", qs_engine_message(engine));
  return qs_status_exit_code(status);
}

static int fail_text(qs_status status, const char *text, const char *about) {
  fprintf(stderr, "quickset: %s%s\n", text, about);
  return qs_status_exit_code(status);
}

/* What was printed must have arrived, or the answer is not whole. */
static int finish_output(int code) {
  bool lost = fflush(stdout) != 0 || ferror(stdout);
  return lost ? fail_text(QS_ERROR_IO, "standard output cannot be written", "") : code;
}

static const char *section_key(uint32_t section) {
  switch (section) {
  case QS_SECTION_CALIBRATE:
    return "an underlying with model.calibrate: true";
  case QS_SECTION_VALUE:
    return "a portfolio, trades or cash";
  case QS_SECTION_RISK:
    return "the key risk";
  case QS_SECTION_STRESS:
    return "the key stress";
  case QS_SECTION_HEDGE:
    return "the key hedge";
  case QS_SECTION_BACKTEST:
    return "the key backtest";
  default:
    return "the key simulate";
  }
}

static void pause_for(long milliseconds) {
  struct timespec time = {.tv_sec = 0, .tv_nsec = milliseconds * 1000000};
  nanosleep(&time, NULL);
}

/* Runs the job to its end, showing how far it is; a signal or the end of its time cancels it. */
static qs_status run_job(const options *o, qs_engine *engine, const qs_inputs *inputs, uint32_t sections,
                         const qs_results **results) {
  qs_job *job = NULL;
  qs_status status = qs_job_start(engine, inputs, sections, &job);
  if (status != QS_OK) {
    return status;
  }
  progress shown;
  progress_begin(&shown, stderr, isatty(STDERR_FILENO) == 1, o->quiet || !leads());
  qs_job_state state = {.struct_size = sizeof state};
  long wait = 1;
  bool cancelled = false;
  for (qs_job_poll(job, &state); !state.finished; qs_job_poll(job, &state)) {
    progress_show(&shown, state.stage, state.done, state.total, progress_clock());
    out_of_time = out_of_time || progress_clock() - started > 3600 * o->max_hours;
    if ((interrupted || out_of_time) && !cancelled) {
      qs_job_cancel(job);
      cancelled = true;
    }
    pause_for(wait);
    wait = wait < 32 ? 2 * wait : 50;
  }
  progress_end(&shown, progress_clock());
  status = qs_job_wait(job, results);
  qs_job_destroy(job);
  return status;
}

static int print_json(qs_engine *engine, const qs_results *results) {
  char *text = NULL;
  qs_status status = qs_results_json(engine, results, &text);
  if (status != QS_OK) {
    return fail(engine, status);
  }
  fputs(text, stdout);
  qs_text_free(engine, text);
  return 0;
}

/* Whether there is something to be resumed. */
static bool can_resume(const qs_engine *engine) {
  qs_journal_info journal = {.struct_size = sizeof journal};
  qs_journal_state(engine, &journal);
  return journal.held + journal.kept > 0;
}

/* A run that was stopped: nothing of it but its journal is left. */
static int stop(const qs_engine *engine) {
  return fail_text(QS_ERROR_CANCELLED,
                   interrupted ? "interrupted; nothing was written" : "out of time; nothing was written",
                   can_resume(engine) ? " but its journal: --resume goes on from there" : "");
}

/* *whole: the results are written, where they were to be. */
static int report(const options *o, qs_engine *engine, const qs_config *config, const qs_results *results,
                  const char *folder, bool *whole) {
  if (interrupted) {
    return stop(engine);
  }
  if (!leads()) {
    *whole = true;
    return 0;
  }
  qs_status status = folder ? qs_results_write(engine, results, config, folder) : QS_OK;
  if (status != QS_OK) {
    return fail(engine, status);
  }
  *whole = true;
  int code = 0;
  if (o->json) {
    code = print_json(engine, results);
  } else if (!o->quiet) {
    summary_print(stdout, results, o->config, folder);
  }
  if (code == 0 && o->fail_on_breach && results->breach_count > 0) {
    code = fail_text(QS_ERROR_LIMIT, "a limit is breached; see `breaches` in the results", "");
  } else if (code == 0 && !results->trusted) {
    code = fail_text(QS_ERROR_UNTRUSTED,
                     "some numbers cannot be trusted; see `trusted` and `why` in the results", "");
  }
  return finish_output(code);
}

/* Opens the journal beside the results and says what it finds. */
static qs_status open_journal(const options *o, qs_engine *engine, const qs_config *config, uint32_t sections,
                              const char *folder) {
  qs_journal_spec spec;
  qs_journal_spec_init(&spec);
  spec.folder = folder;
  spec.inputs = qs_config_fingerprint(config);
  spec.sections = sections;
  spec.resume = o->resume;
  spec.merged = o->merged;
  spec.merged_count = o->merged_count;
  if (o->command == COMMAND_SHARD) {
    spec.path = folder;
    spec.share = o->share;
    spec.shares = o->shares;
  }
  qs_status status = qs_journal_open(engine, &spec);
  if (status == QS_OK && team && team->wait(team->team.data) != 0) {
    return QS_ERROR_DEVICE;
  }
  if (status != QS_OK || o->quiet || !leads()) {
    return status;
  }
  qs_journal_info journal = {.struct_size = sizeof journal};
  qs_journal_state(engine, &journal);
  if (o->resume && journal.found) {
    fprintf(stderr, "resuming: %llu pieces of work are done\n", (unsigned long long)journal.held);
  } else if (o->resume) {
    fputs("nothing to resume: the run begins anew\n", stderr);
  } else if (o->merged_count) {
    fprintf(stderr, "merging: %llu pieces of work are done\n", (unsigned long long)journal.held);
  } else if (journal.found) {
    fputs("an interrupted run left its journal; without --resume this run begins anew\n", stderr);
  }
  return QS_OK;
}

/* A share has no results but its journal. */
static int report_share(const options *o, const qs_engine *engine) {
  qs_journal_info journal = {.struct_size = sizeof journal};
  qs_journal_state(engine, &journal);
  const unsigned long long held = (unsigned long long)journal.held, kept = (unsigned long long)journal.kept;
  if (o->json) {
    printf("{\"share\": %u, \"shares\": %u, \"held\": %llu, \"kept\": %llu, \"more\": %s}\n", o->share + 1,
           o->shares, held, kept, journal.more ? "true" : "false");
  } else if (!o->quiet) {
    printf("Share %u of %u: %llu pieces of work in %s", o->share + 1, o->shares,
           o->merged_count ? kept : held + kept, o->out);
    puts(journal.more
             ? "; another round of the target may be needed: all shares again, each into a new file, with "
               "--merge of all files so far"
             : "");
  }
  return finish_output(0);
}

/* Runs the sections and writes and reports what they say. The journal stays where it can be of use. */
static int compute(const options *o, qs_engine *engine, const qs_config *config, uint32_t sections,
                   const char *folder) {
  const qs_results *results = NULL;
  qs_status status = run_job(o, engine, qs_config_inputs(config), sections, &results);
  bool useless = status == QS_ERROR_INPUT || status == QS_ERROR_USAGE;
  int code = 0;
  if (status == QS_OK && o->command == COMMAND_SHARD) {
    code = report_share(o, engine);
  } else if (status == QS_OK) {
    code = report(o, engine, config, results, folder, &useless);
    qs_results_destroy(results);
  } else if (status == QS_ERROR_CANCELLED) {
    code = stop(engine);
  } else {
    fprintf(stderr, "quickset: %s%s\n", qs_engine_message(engine),
            !useless && can_resume(engine) ? "; --resume goes on from what was computed" : "");
    code = qs_status_exit_code(status);
  }
  qs_journal_close(engine, useless || (!can_resume(engine) && (code != 0 || o->command == COMMAND_RUN)));
  return code;
}

static int run(const options *o, qs_engine *engine, const qs_config *config) {
  const qs_inputs *inputs = qs_config_inputs(config);
  uint32_t sections = o->sections ? o->sections : inputs->sections;
  if (!(sections & inputs->sections)) {
    fprintf(stderr, "quickset: %s: `quickset %s` needs %s in the config\n", o->config, o->name,
            o->sections ? section_key(o->sections)
                        : "a book, or one of the keys risk, stress, hedge, simulate and backtest");
    return qs_status_exit_code(QS_ERROR_INPUT);
  }
  const char *folder = o->out ? o->out : qs_config_output(config);
  if (!folder && (o->resume || o->merged_count || !isnan(o->max_hours))) {
    return fail_text(QS_ERROR_USAGE, "a run can be resumed beside its results alone: give --out DIR or the ",
                     "key `output`");
  }
  const bool shard = o->command == COMMAND_SHARD;
  qs_status status = folder && !shard ? qs_results_check_folder(engine, folder) : QS_OK;
  if (status == QS_OK && folder) {
    status = open_journal(o, engine, config, sections & inputs->sections, folder);
  }
  return status == QS_OK ? compute(o, engine, config, sections, folder) : fail(engine, status);
}

static int check(const options *o, qs_engine *engine, const qs_config *config) {
  qs_status status = qs_check(engine, qs_config_inputs(config));
  if (status != QS_OK) {
    return fail(engine, status);
  }
  if (!o->quiet) {
    const qs_inputs *in = qs_config_inputs(config);
    printf("%s: valid: %zu underlyings, %zu positions, %zu trades, %zu cash balances, %zu files read\n",
           o->config, in->underlying_count, in->position_count, in->trade_count, in->cash_count,
           qs_config_file_count(config));
  }
  return finish_output(0);
}

/* Writes nothing, so that a signal may end the program as it is. */
static int plan(const options *o, qs_engine *engine, const qs_config *config) {
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  const qs_inputs *inputs = qs_config_inputs(config);
  const qs_plan *made = NULL;
  char *text = NULL;
  qs_status status = qs_plan_make(engine, inputs, inputs->sections, &made);
  if (status == QS_OK && o->json) {
    status = qs_plan_json(engine, made, &text);
  }
  if (status != QS_OK) {
    qs_plan_destroy(made);
    return fail(engine, status);
  }
  if (text) {
    fputs(text, stdout);
  } else if (!o->quiet) {
    plan_print(stdout, made, o->config);
  }
  qs_text_free(engine, text);
  qs_plan_destroy(made);
  return finish_output(0);
}

static int info(qs_engine *engine) {
  char *text = NULL;
  qs_status status = qs_engine_info(engine, &text);
  if (status != QS_OK) {
    return fail(engine, status);
  }
  fputs(text, stdout);
  qs_text_free(engine, text);
  return finish_output(0);
}

/* What is held of the policy's instruments, in its order; false, with the reason in `message`, where the
 * command line does not say. */
static bool find_holdings(const options *o, const qs_saved_policy *policy, qs_live_state *state,
                          char message[MAX_USAGE_MESSAGE]) {
  const char *const names[QS_SAVED_INSTRUMENTS] = {policy->instrument, policy->second};
  double *const to[QS_SAVED_INSTRUMENTS] = {&state->holding, &state->second};
  const size_t count = policy->second ? 2 : 1;
  bool known[QS_SAVED_INSTRUMENTS] = {false, false};
  if (o->holding_count != count) {
    snprintf(message, MAX_USAGE_MESSAGE, "holding: got %zu of them: the policy has %.80s%s%.80s",
             o->holding_count, names[0], count > 1 ? " and " : " alone", count > 1 ? names[1] : "");
    return false;
  }
  for (size_t i = 0; i < count; i++) {
    const holding_option *h = &o->holdings[i];
    size_t k = h->name ? 0 : i;
    while (h->name && k < count &&
           (strlen(names[k]) != h->name_length || memcmp(names[k], h->name, h->name_length) != 0)) {
      k++;
    }
    if (k == count || known[k]) {
      snprintf(message, MAX_USAGE_MESSAGE, "holding: got %.*s: %s%.80s%s%.80s",
               (int)fmin((double)h->name_length, 80), h->name,
               k < count ? "it stands twice; the policy has " : "the policy has ", names[0],
               count > 1 ? " and " : " alone", count > 1 ? names[1] : "");
      return false;
    }
    known[k] = true;
    *to[k] = h->value;
  }
  return true;
}

/* What a saved policy trades now. */
static int advise(const options *o, qs_engine *engine) {
  qs_live_state state = {.time = (qs_time)time(NULL), .spot = o->spot, .variance = o->variance};
  char message[MAX_USAGE_MESSAGE];
  if (o->time && !qs_time_from_text(o->time, &state.time)) {
    return fail_text(QS_ERROR_USAGE, "--time must be such as 2026-08-01T08:00:00Z, not ", o->time);
  }
  qs_saved_policy *policy = NULL;
  qs_hedge_advice advice;
  qs_status status = qs_saved_policy_load(engine, o->policy, &policy);
  if (!status && !find_holdings(o, policy, &state, message)) {
    qs_saved_policy_destroy(policy);
    return fail_text(QS_ERROR_INPUT, message, "");
  }
  status = status ? status : qs_saved_policy_ask(engine, policy, &state, &advice);
  int code = status ? fail(engine, status) : 0;
  if (!status && (!o->quiet || o->json)) {
    advice_print(stdout, policy, &state, &advice, o->json);
  }
  if (!status && !advice.inside_table) {
    code = fail_text(QS_ERROR_UNTRUSTED, "the state lies outside of what the policy was made for", "");
  }
  qs_saved_policy_destroy(policy);
  return finish_output(code);
}

static int with_engine(const options *o, qs_engine *engine) {
  if (o->command == COMMAND_INFO) {
    return info(engine);
  }
  if (o->command == COMMAND_ADVISE) {
    return advise(o, engine);
  }
  qs_config *config = NULL;
  qs_status status = qs_config_load(engine, o->config, o->overrides, o->override_count, &config);
  if (status != QS_OK) {
    return fail(engine, status);
  }
  int code = o->command == COMMAND_CHECK  ? check(o, engine, config)
             : o->command == COMMAND_PLAN ? plan(o, engine, config)
                                          : run(o, engine, config);
  qs_config_destroy(config);
  return code;
}

/* An engine as the options want it, in the team. */
static qs_status make_engine(const options *o, char *reason, size_t size, qs_engine **engine) {
  qs_engine_spec spec;
  qs_engine_spec_init(&spec);
  spec.backend = o->backend;
  spec.threads = o->threads;
  spec.worker_program = "/proc/self/exe"; /* main asks qs_worker_main first */
  qs_status status = qs_engine_create(&spec, reason, size, engine);
  if (status == QS_OK && team) {
    status = qs_team_join(*engine, &team->team);
    snprintf(reason, size, "%s", status == QS_OK ? "" : qs_engine_message(*engine));
  }
  return status;
}

int program_main(int count, char **arguments, const program_team *of) {
  team = of;
  options o;
  char message[MAX_USAGE_MESSAGE];
  if (!options_parse(&o, count, arguments, message)) {
    return fail_text(QS_ERROR_USAGE, message, "");
  }
  if (o.command == COMMAND_HELP) {
    fputs(options_help(), stdout);
    return finish_output(0);
  }
  if (o.command == COMMAND_VERSION) {
    printf("quickset %s\n", qs_version());
    return finish_output(0);
  }
  started = progress_clock();
  watch_signals();
  char reason[1024] = "";
  qs_engine *engine = NULL;
  qs_status status = make_engine(&o, reason, sizeof reason, &engine);
  if (status != QS_OK) {
    qs_engine_destroy(engine);
    return fail_text(status, reason, "");
  }
  int code = with_engine(&o, engine);
  qs_engine_destroy(engine);
  return code;
}
