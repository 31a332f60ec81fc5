#include "host/api/warm.h"

#include <string.h>

#include "host/api/copy.h"
#include "host/local/local.h"

/* What is digested with its pointers taken out: another member is digested by itself, or belongs below. */
_Static_assert(sizeof(qs_underlying_spec) == 256 && sizeof(qs_quote) == 64 && sizeof(qs_shift_spec) == 24 &&
                   sizeof(qs_correlation_spec) == 24 && sizeof(qs_common_jump_spec) == 32,
               "digest what a new pointer of these points to, then correct the size");

static void add_text(qs_digester *d, const char *text) {
  const uint64_t size = text ? strlen(text) + 1 : 0;
  qs_digest_add(d, &size, sizeof size);
  qs_digest_add(d, text ? text : "", (size_t)size);
}

static void add_array(qs_digester *d, const void *array, size_t count, size_t size) {
  const uint64_t number = array ? count : 0;
  qs_digest_add(d, &number, sizeof number);
  if (number) {
    qs_digest_add(d, array, count * size);
  }
}

static void add_underlying(qs_digester *d, const qs_underlying_spec *spec) {
  qs_underlying_spec plain;
  memcpy(&plain, spec, sizeof plain);
  plain.name = plain.quotes_source = NULL;
  plain.quotes = NULL;
  plain.shift = NULL;
  qs_digest_add(d, &plain, sizeof plain);
  add_text(d, spec->name);
  add_text(d, spec->quotes_source);
  for (size_t i = 0; spec->quotes && i < spec->quote_count; i++) {
    qs_quote quote;
    memcpy(&quote, &spec->quotes[i], sizeof quote);
    quote.instrument = NULL;
    qs_digest_add(d, &quote, sizeof quote);
    add_text(d, spec->quotes[i].instrument);
  }
  add_array(d, spec->shift, spec->shift_count, sizeof *spec->shift);
}

static void add_links(qs_digester *d, const qs_inputs *inputs) {
  add_array(d, &inputs->correlation_count, 1, sizeof inputs->correlation_count);
  for (size_t i = 0; inputs->correlations && i < inputs->correlation_count; i++) {
    const qs_correlation_spec *c = &inputs->correlations[i];
    add_text(d, c->between[0]);
    add_text(d, c->between[1]);
    qs_digest_add(d, &c->value, sizeof c->value);
  }
  add_array(d, &inputs->common_jump_count, 1, sizeof inputs->common_jump_count);
  for (size_t i = 0; inputs->common_jumps && i < inputs->common_jump_count; i++) {
    const qs_common_jump_spec *jump = &inputs->common_jumps[i];
    add_array(d, &jump->underlying_count, 1, sizeof jump->underlying_count);
    for (size_t k = 0; k < jump->underlying_count; k++) {
      add_text(d, jump->underlyings[k]);
    }
    qs_digest_add(d, &jump->lambda, sizeof jump->lambda);
    qs_digest_add(d, &jump->correlation, sizeof jump->correlation);
  }
}

/* Of all that building and fitting a market read. */
static qs_digest key_of(const qs_inputs *inputs) {
  qs_digester d = {0};
  bool local = false;
  qs_digest_add(&d, &inputs->as_of, sizeof inputs->as_of);
  add_text(&d, inputs->reporting_currency);
  add_array(&d, &inputs->underlying_count, 1, sizeof inputs->underlying_count);
  for (size_t u = 0; inputs->underlyings && u < inputs->underlying_count; u++) {
    add_underlying(&d, &inputs->underlyings[u]);
    local = local || inputs->underlyings[u].local;
  }
  add_links(&d, inputs);
  if (local) { /* leverage functions are fitted by simulation */
    const qs_local_settings settings = qs_local_resolve(&inputs->simulation);
    qs_digest_add(&d, &settings, sizeof settings);
  }
  return qs_digest_end(&d);
}

/* A new market over a copy of what the inputs say of it. */
static qs_status make(qs_context *context, const qs_inputs *inputs, qs_warm *warm) {
  const qs_inputs said = {.struct_size = sizeof said,
                          .as_of = inputs->as_of,
                          .reporting_currency = inputs->reporting_currency,
                          .underlyings = inputs->underlyings,
                          .underlying_count = inputs->underlying_count,
                          .correlations = inputs->correlations,
                          .correlation_count = inputs->correlation_count,
                          .common_jumps = inputs->common_jumps,
                          .common_jump_count = inputs->common_jump_count};
  const qs_inputs *copy = NULL;
  qs_status status = qs_inputs_copy(context, warm->arena, &said, &copy);
  return status ? status : qs_market_build(context, warm->arena, copy, &warm->market);
}

qs_status qs_warm_market(qs_context *context, const qs_engine *engine, const qs_inputs *inputs, bool kept,
                         qs_warm **warm) {
  const qs_digest key = key_of(inputs);
  for (uint32_t i = 0; kept && i < engine->kept_count; i++) {
    if (qs_digest_equal(engine->kept[i]->key, key)) {
      *warm = engine->kept[i];
      __atomic_add_fetch(&(*warm)->users, 1, __ATOMIC_RELAXED);
      return QS_OK;
    }
  }
  qs_arena *arena = qs_arena_create(context);
  qs_warm *made = arena ? QS_NEW(arena, 1, qs_warm) : NULL;
  if (!made) {
    qs_arena_destroy(arena);
    return qs_fail_memory(context, "building the market");
  }
  *made = (qs_warm){.arena = arena, .key = key, .users = 1};
  qs_status status = make(context, inputs, made);
  if (status) {
    qs_arena_destroy(arena);
    return status;
  }
  *warm = made;
  return QS_OK;
}

void qs_warm_keep(qs_engine *engine, qs_warm *warm) {
  warm->fitted = true;
  bool there = !engine->markets;
  for (uint32_t i = 0; i < engine->kept_count; i++) {
    there = there || engine->kept[i] == warm;
  }
  if (there) {
    return;
  }
  if (engine->kept_count == engine->markets) {
    qs_warm_release(engine->kept[0]);
    engine->kept_count--;
    memmove(engine->kept, engine->kept + 1, engine->kept_count * sizeof(qs_warm *));
  }
  __atomic_add_fetch(&warm->users, 1, __ATOMIC_RELAXED);
  engine->kept[engine->kept_count++] = warm;
}

void qs_warm_release(qs_warm *warm) {
  if (warm && __atomic_sub_fetch(&warm->users, 1, __ATOMIC_ACQ_REL) == 0) {
    qs_arena_destroy(warm->arena);
  }
}
