#include "host/io/config.h"

#include <stddef.h>
#include <string.h>

#include "host/base/text.h"
#include "host/io/buffer.h"
#include "host/io/draft.h"
#include "host/io/sha256.h"

struct qs_config {
  qs_arena *arena; /* holds the config itself too */
  const char *path, *output;
  const qs_inputs *inputs;
  const qs_file *files;
  size_t file_count;
  const char **overrides;
  size_t override_count;
  char fingerprint[QS_SHA256_TEXT];
};

#define AT(member) offsetof(qs_draft, inputs.member)

static qs_status read_output(qs_reader *reader, const qs_field *field, const qs_node *node, void *object) {
  (void)field;
  qs_draft *draft = object;
  return qs_schema_file_name(reader, node, &draft->output);
}

static qs_status read_currency(qs_reader *reader, const qs_field *field, const qs_node *node, void *object) {
  (void)field;
  static const qs_field text = {"reporting_currency", QS_FIELD_TEXT, .offset = AT(reporting_currency),
                                .max_count = 16};
  return qs_schema_read_field(reader, &text, node, object);
}

static qs_status read_portfolio(qs_reader *reader, const qs_field *field, const qs_node *node, void *object) {
  qs_draft *draft = object;
  return qs_positions_read(reader, field, node, &draft->portfolio, &draft->inputs.positions,
                           &draft->inputs.position_count);
}

static const qs_field config_fields[] = {
    {"as_of", QS_FIELD_TIME, .offset = AT(as_of), .required = true},
    {"output", QS_FIELD_OTHER, .read = read_output},
    {"reporting_currency", QS_FIELD_OTHER, .read = read_currency},
    {"simulation", QS_FIELD_MAP, .offset = AT(simulation), .table = &qs_simulation_table},
    {"underlyings", QS_FIELD_LIST, .offset = AT(underlyings), .count_offset = AT(underlying_count),
     .required = true, .min_count = 1, .max_count = 256, .table = &qs_underlying_table},
    {"correlations", QS_FIELD_LIST, .offset = AT(correlations), .count_offset = AT(correlation_count),
     .max_count = 32640, .table = &qs_correlation_table},
    {"common_jumps", QS_FIELD_LIST, .offset = AT(common_jumps), .count_offset = AT(common_jump_count),
     .max_count = 128, .table = &qs_common_jump_table},
    {"portfolio", QS_FIELD_OTHER, .read = read_portfolio, .table = &qs_position_table},
    {"cash", QS_FIELD_LIST, .offset = AT(cash), .count_offset = AT(cash_count), .table = &qs_cash_table},
    {"trades", QS_FIELD_LIST, .offset = AT(trades), .count_offset = AT(trade_count),
     .table = &qs_trade_table},
    {"value", QS_FIELD_MAP, .offset = AT(value), .table = &qs_value_table},
    {"risk", QS_FIELD_MAP, .offset = AT(risk), .table = &qs_risk_table},
    {"limits", QS_FIELD_LIST, .offset = AT(limits), .count_offset = AT(limit_count), .max_count = 4096,
     .table = &qs_limit_table},
    {"stress", QS_FIELD_MAP, .offset = AT(stress), .table = &qs_stress_table},
    {"hedge", QS_FIELD_MAP, .offset = AT(hedge), .table = &qs_hedge_table},
    {"simulate", QS_FIELD_MAP, .offset = AT(simulate), .table = &qs_simulate_table},
    {"backtest", QS_FIELD_MAP, .offset = AT(backtest), .table = &qs_backtest_table},
};

const qs_table qs_config_table = {config_fields, sizeof config_fields / sizeof config_fields[0],
                                  sizeof(qs_draft), NULL, NULL};

const qs_table *qs_config_schema(void) {
  return &qs_config_table;
}

static uint32_t sections_of(const qs_draft *draft) {
  const qs_inputs *in = &draft->inputs;
  uint32_t sections = 0;
  for (size_t i = 0; i < in->underlying_count; i++) {
    sections |= in->underlyings[i].calibrate ? QS_SECTION_CALIBRATE : 0u;
  }
  bool holds = in->position_count + in->trade_count + in->cash_count > 0;
  sections |= holds || qs_node_get(draft->root, "value") ? QS_SECTION_VALUE : 0u;
  sections |= qs_node_get(draft->root, "risk") ? QS_SECTION_RISK : 0u;
  sections |= qs_node_get(draft->root, "stress") ? QS_SECTION_STRESS : 0u;
  sections |= qs_node_get(draft->root, "hedge") ? QS_SECTION_HEDGE : 0u;
  sections |= qs_node_get(draft->root, "simulate") ? QS_SECTION_SIMULATE : 0u;
  sections |= qs_node_get(draft->root, "backtest") ? QS_SECTION_BACKTEST : 0u;
  return sections;
}

static qs_status read_draft(qs_reader *reader, const char *const *overrides, size_t override_count) {
  qs_node *root = NULL;
  qs_draft *draft = reader->draft;
  qs_status status = qs_tree_read(reader, reader->config_path, NULL, NULL, &root);
  if (status == QS_OK && root->kind != QS_NODE_MAP) {
    status = qs_node_bad(reader, root, "must be a mapping with as_of, underlyings and more");
  }
  for (size_t i = 0; i < override_count && status == QS_OK; i++) {
    status = qs_tree_override(reader, root, overrides[i]);
  }
  if (status != QS_OK) {
    return status;
  }
  draft->root = root;
  qs_inputs_init(&draft->inputs);
  status = qs_schema_read(reader, &qs_config_table, root, draft);
  if (status == QS_OK) {
    draft->inputs.sections = sections_of(draft);
    status = qs_draft_check(reader, draft);
  }
  return status;
}

/* The hash of every file's hash and of the overrides. */
static qs_status take_fingerprint(qs_reader *reader, qs_config *config) {
  qs_buffer buffer;
  qs_buffer_init(&buffer, reader->context);
  for (const qs_file *file = config->files; file; file = file->next) {
    qs_buffer_append(&buffer, file->sha256, strlen(file->sha256) + 1);
  }
  for (size_t i = 0; i < config->override_count; i++) {
    qs_buffer_append(&buffer, config->overrides[i], strlen(config->overrides[i]) + 1);
  }
  const bool failed = buffer.failed;
  if (!failed) {
    qs_sha256(buffer.text, buffer.used, config->fingerprint);
  }
  qs_buffer_free(&buffer);
  return failed ? qs_reader_no_memory(reader) : QS_OK;
}

static qs_status read_config(qs_reader *reader, const char *path, const char *const *overrides,
                             size_t override_count, qs_config **config) {
  qs_config *made = QS_NEW(reader->arena, 1, qs_config);
  char *path_copy = qs_arena_strdup(reader->arena, path);
  qs_draft *draft = QS_NEW(reader->arena, 1, qs_draft);
  const char **copies = QS_NEW(reader->arena, override_count, const char *);
  if (!made || !path_copy || !draft || !copies) {
    return qs_reader_no_memory(reader);
  }
  for (size_t i = 0; i < override_count; i++) {
    copies[i] = qs_arena_strdup(reader->arena, overrides[i]);
    if (!copies[i]) {
      return qs_reader_no_memory(reader);
    }
  }
  reader->config_path = path_copy;
  reader->draft = draft;
  qs_status status = read_draft(reader, overrides, override_count);
  if (status != QS_OK) {
    return status;
  }
  *made = (qs_config){.arena = reader->arena,
                      .path = path_copy,
                      .output = draft->output,
                      .inputs = &draft->inputs,
                      .files = reader->files,
                      .file_count = reader->file_count,
                      .overrides = copies,
                      .override_count = override_count};
  status = take_fingerprint(reader, made);
  if (status == QS_OK) {
    *config = made;
  }
  return status;
}

qs_status qs_config_read(qs_context *context, const char *path, const char *const *overrides,
                         size_t override_count, qs_config **config) {
  qs_reader reader = {
      .context = context, .arena = qs_arena_create(context), .scratch = qs_arena_create(context)};
  qs_status status = reader.arena && reader.scratch
                         ? read_config(&reader, path, overrides, override_count, config)
                         : qs_reader_no_memory(&reader);
  qs_arena_destroy(reader.scratch);
  if (status != QS_OK) {
    qs_arena_destroy(reader.arena);
  }
  return status;
}

void qs_config_destroy(qs_config *config) {
  if (config) {
    qs_arena_destroy(config->arena);
  }
}

const qs_inputs *qs_config_inputs(const qs_config *config) {
  return config->inputs;
}

const char *qs_config_output(const qs_config *config) {
  return config->output;
}

const char *qs_config_path(const qs_config *config) {
  return config->path;
}

const char *qs_config_fingerprint(const qs_config *config) {
  return config->fingerprint;
}

size_t qs_config_file_count(const qs_config *config) {
  return config->file_count;
}

size_t qs_config_override_count(const qs_config *config) {
  return config->override_count;
}

const char *qs_config_override(const qs_config *config, size_t index) {
  return index < config->override_count ? config->overrides[index] : NULL;
}

static const qs_file *file_at(const qs_config *config, size_t index) {
  const qs_file *file = config->files;
  while (file && index-- > 0) {
    file = file->next;
  }
  return file;
}

void qs_config_file(const qs_config *config, size_t index, const char **path, const char **sha256) {
  const qs_file *file = file_at(config, index);
  *path = file ? file->path : NULL;
  *sha256 = file ? file->sha256 : NULL;
}

uint64_t qs_config_file_size(const qs_config *config, size_t index) {
  const qs_file *file = file_at(config, index);
  return file ? file->size : 0;
}
