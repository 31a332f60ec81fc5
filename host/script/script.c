#include "host/script/script.h"

#include <math.h>
#include <string.h>

#include "host/script/build.h"

/* What is wrong with a name, or null. */
static const char *name_flaw(const char *name) {
  const size_t length = strlen(name);
  if (length == 0 || length > QS_SCRIPT_MAX_NAME) {
    return "a name in a formula has 1 to 31 characters";
  }
  if (strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != length ||
      strchr("0123456789", name[0])) {
    return "a name in a formula is of letters, digits and _, and begins with no digit";
  }
  return qs_script_reserved(name, length) ? "the formula's language has this word already" : NULL;
}

static qs_status bad_name(qs_context *context, const char *place, const char *name, const char *flaw) {
  return qs_fail(context, QS_ERROR_INPUT, "%s: got %.40s: %s", place, name, flaw);
}

/* Where dates are not ascending below date_count, or null. */
static const char *schedule_flaw(const qs_script_schedule *schedule, uint32_t date_count) {
  if (schedule->count == 0) {
    return "it holds no dates";
  }
  if (schedule->single && schedule->count != 1) {
    return "a single date must be one";
  }
  for (uint32_t i = 0; i < schedule->count; i++) {
    if (schedule->dates[i] >= date_count || (i > 0 && schedule->dates[i] <= schedule->dates[i - 1])) {
      return "its dates must ascend and be of the trade";
    }
  }
  return NULL;
}

static qs_status check_names(qs_context *context, const char *place, const qs_script_names *names) {
  for (uint32_t i = 0; i < names->constant_count; i++) {
    const char *flaw = name_flaw(names->constants[i].name);
    for (uint32_t j = 0; j < i && !flaw; j++) {
      flaw = strcmp(names->constants[i].name, names->constants[j].name) == 0 ? "a name stands for one thing"
                                                                             : NULL;
    }
    if (!flaw && !isfinite(names->constants[i].value)) {
      flaw = "its value must be finite";
    }
    if (flaw) {
      return bad_name(context, place, names->constants[i].name, flaw);
    }
  }
  for (uint32_t i = 0; i < names->schedule_count; i++) {
    const char *flaw = name_flaw(names->schedules[i].name);
    for (uint32_t j = 0; j < i && !flaw; j++) {
      flaw = strcmp(names->schedules[i].name, names->schedules[j].name) == 0
                 ? "a name stands for one list of dates"
                 : NULL;
    }
    flaw = flaw ? flaw : schedule_flaw(&names->schedules[i], names->date_count);
    if (flaw) {
      return bad_name(context, place, names->schedules[i].name, flaw);
    }
  }
  return QS_OK;
}

qs_status qs_script_compile(qs_context *context, qs_arena *arena, const char *place, const char *text,
                            size_t size, const qs_script_names *names, qs_script *script) {
  memset(script, 0, sizeof *script);
  if (size > QS_SCRIPT_MAX_TEXT) {
    return qs_fail(context, QS_ERROR_INPUT, "%s: got a formula of %zu bytes: at most %d are allowed", place,
                   size, QS_SCRIPT_MAX_TEXT);
  }
  qs_status status = check_names(context, place, names);
  if (status != QS_OK) {
    return status;
  }
  qs_script_build build = {.lexer = {.context = context, .place = place, .text = text, .size = size},
                           .names = names,
                           .arena = qs_arena_create(context)};
  qs_script_value result;
  if (!build.arena) {
    return qs_fail_memory(context, "reading a formula");
  }
  status = qs_script_build_start(&build);
  if (status == QS_OK) {
    status = qs_script_parse(&build, &result);
  }
  if (status == QS_OK) {
    status = qs_script_link(&build, &result, arena, script);
  }
  qs_arena_destroy(build.arena);
  return status;
}

size_t qs_script_scratch(const qs_script_program *program, size_t lanes, size_t real_size,
                         bool with_adjoints) {
  return (with_adjoints ? 2 : 1) * program->slot_count * lanes * real_size;
}
