#include "host/script/trade.h"

#include <string.h>

/* The name of the expiry among the schedules; that of the date of exercise, the one date of what early
 * exercise pays. */
static const char expiry_name[] = "T", exercise_name[] = "t";

static uint32_t index_of(const qs_fixings *fixings, qs_time date) {
  size_t low = 0, high = fixings->count - 1;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (fixings->dates[middle] < date) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return (uint32_t)low;
}

static qs_status fill_schedule(qs_context *context, qs_arena *arena, const char *place, qs_time as_of,
                               const qs_fixings *fixings, const qs_schedule_spec *from,
                               qs_script_schedule *to) {
  const qs_time *dates = NULL;
  size_t count = 0;
  qs_flaw flaw;
  qs_status status =
      qs_schedule_dates(arena, from, as_of, fixings->dates[fixings->count - 1], &dates, &count, &flaw);
  if (status == QS_ERROR_INPUT) {
    return qs_fail(context, QS_ERROR_INPUT, "%s: %s: %s", place, flaw.key, flaw.why);
  }
  uint32_t *indices = status ? NULL : QS_NEW(arena, count, uint32_t);
  if (!indices) {
    return qs_fail_memory(context, "listing the dates of a formula");
  }
  for (size_t i = 0; i < count; i++) {
    indices[i] = index_of(fixings, dates[i]);
  }
  *to = (qs_script_schedule){from->name ? from->name : "", indices, (uint32_t)count, from->single};
  return QS_OK;
}

qs_status qs_script_of_trade(qs_context *context, qs_arena *arena, const char *place,
                             const qs_trade_spec *trade, const char *const *underlyings, qs_time as_of,
                             const qs_fixings *fixings, qs_script *script) {
  const qs_script_spec *spec = &trade->script;
  qs_script_schedule *schedules = QS_NEW(arena, spec->schedule_count + 1, qs_script_schedule);
  qs_script_constant *constants = QS_NEW(arena, spec->constant_count, qs_script_constant);
  uint32_t *last = QS_NEW(arena, 1, uint32_t);
  if (!schedules || !constants || !last) {
    return qs_fail_memory(context, "listing the names of a formula");
  }
  const bool early = qs_trade_early(trade->type);
  const size_t listed = early ? 0 : spec->schedule_count;
  *last = early ? 0 : (uint32_t)(fixings->count - 1);
  schedules[0] = (qs_script_schedule){early ? exercise_name : expiry_name, last, 1, true};
  for (size_t i = 0; i < spec->constant_count; i++) {
    const qs_constant_spec *from = &spec->constants[i];
    constants[i] = (qs_script_constant){from->name ? from->name : "", from->value};
  }
  for (size_t i = 0; i < listed; i++) {
    qs_status status =
        fill_schedule(context, arena, place, as_of, fixings, &spec->schedules[i], &schedules[i + 1]);
    if (status) {
      return status;
    }
  }
  const qs_script_names names = {.constants = constants,
                                 .schedules = schedules,
                                 .underlyings = underlyings               ? underlyings
                                                : trade->underlying_count ? trade->underlyings
                                                                          : &trade->underlying,
                                 .constant_count = (uint32_t)spec->constant_count,
                                 .schedule_count = (uint32_t)listed + 1,
                                 .underlying_count =
                                     trade->underlying_count ? (uint32_t)trade->underlying_count : 1,
                                 .date_count = early ? 1 : (uint32_t)fixings->count};
  const char *payoff = spec->payoff ? spec->payoff : "";
  return qs_script_compile(context, arena, place, payoff, strlen(payoff), &names, script);
}

static int compare_bytes(const void *a, size_t a_count, const void *b, size_t b_count, size_t size) {
  if (a_count != b_count) {
    return a_count < b_count ? -1 : 1;
  }
  return a_count ? memcmp(a, b, a_count * size) : 0;
}

int qs_script_compare(const qs_script *a, const qs_script *b) {
  const qs_script_program *x = &a->program, *y = &b->program;
  const int orders[] = {
      compare_bytes(x->codes, x->code_count, y->codes, y->code_count, sizeof *x->codes),
      compare_bytes(x->constants, x->constant_count, y->constants, y->constant_count, sizeof *x->constants),
      compare_bytes(x->rows, x->row_count, y->rows, y->row_count, sizeof *x->rows),
      compare_bytes(a->observations, x->observation_count, b->observations, y->observation_count,
                    sizeof *a->observations),
      (x->result > y->result) - (x->result < y->result)};
  for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
    if (orders[i]) {
      return orders[i];
    }
  }
  return 0;
}
