/* underlyings, correlations. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "host/io/draft.h"
#include "host/market/names.h"
#include "host/market/shift.h"

#define AT(member) offsetof(qs_underlying_spec, member)

static qs_status read_quotes_path(qs_reader *reader, const qs_field *field, const qs_node *node,
                                  void *object) {
  (void)field;
  qs_underlying_spec *spec = object;
  return qs_schema_file_name(reader, node, &spec->quotes_source);
}

static const qs_choice model_choices[] = {{"svcj", QS_MODEL_SVCJ},     {"bates", QS_MODEL_BATES},
                                          {"heston", QS_MODEL_HESTON}, {"merton", QS_MODEL_MERTON},
                                          {"kou", QS_MODEL_KOU},       {"gbm", QS_MODEL_GBM}};

#define AT_PIECE(member) offsetof(qs_shift_spec, member)

static const qs_field shift_fields[] = {
    {"expiry", QS_FIELD_TIME, .offset = AT_PIECE(expiry)},
    {"expiry_years", QS_FIELD_NUMBER, .offset = AT_PIECE(expiry_years), .range = {0, 100, true, false}},
    {"variance", QS_FIELD_NUMBER, .offset = AT_PIECE(variance), .required = true,
     .range = {0, 100, false, false}},
};

static void init_piece(void *object) {
  *(qs_shift_spec *)object = (qs_shift_spec){.expiry_years = NAN};
}

static qs_status check_piece(qs_reader *reader, const qs_node *node, void *object) {
  const qs_shift_spec *spec = object;
  if (!isnan(spec->expiry_years) == (spec->expiry != 0)) {
    return qs_node_bad(reader, node, "must have exactly one of expiry and expiry_years");
  }
  return QS_OK;
}

static const qs_table shift_table = {shift_fields, sizeof shift_fields / sizeof shift_fields[0],
                                     sizeof(qs_shift_spec), init_piece, check_piece};

/* True, or the list of pieces. */
static qs_status read_shift(qs_reader *reader, const qs_field *field, const qs_node *node, void *object) {
  (void)field;
  static const qs_field fitted = {"shift", QS_FIELD_BOOL, .offset = AT(fit_shift)};
  static const qs_field given = {"shift",
                                 QS_FIELD_LIST,
                                 .offset = AT(shift),
                                 .count_offset = AT(shift_count),
                                 .min_count = 1,
                                 .max_count = QS_MAX_SHIFT_PIECES,
                                 .table = &shift_table};
  return qs_schema_read_field(reader, node->kind == QS_NODE_LIST ? &given : &fitted, node, object);
}

/* Ranges of parameters are qs_model_check's: some depend on each other. */
static const qs_field model_fields[] = {
    {"type", QS_FIELD_CHOICE, .offset = AT(model.type), .required = true, .choices = model_choices,
     .choice_count = 6},
    {"calibrate", QS_FIELD_BOOL, .offset = AT(calibrate)},
    {"local", QS_FIELD_BOOL, .offset = AT(local)},
    {"shift", QS_FIELD_OTHER, .table = &shift_table, .read = read_shift},
    {"v0", QS_FIELD_NUMBER, .offset = AT(model.value[QS_V0]), .range = QS_ANY},
    {"kappa", QS_FIELD_NUMBER, .offset = AT(model.value[QS_KAPPA]), .range = QS_ANY},
    {"theta", QS_FIELD_NUMBER, .offset = AT(model.value[QS_THETA]), .range = QS_ANY},
    {"xi", QS_FIELD_NUMBER, .offset = AT(model.value[QS_XI]), .range = QS_ANY},
    {"rho", QS_FIELD_NUMBER, .offset = AT(model.value[QS_RHO]), .range = QS_ANY},
    {"lambda", QS_FIELD_NUMBER, .offset = AT(model.value[QS_LAMBDA]), .range = QS_ANY},
    {"mu_j", QS_FIELD_NUMBER, .offset = AT(model.value[QS_MU_J]), .range = QS_ANY},
    {"sigma_j", QS_FIELD_NUMBER, .offset = AT(model.value[QS_SIGMA_J]), .range = QS_ANY},
    {"mu_v", QS_FIELD_NUMBER, .offset = AT(model.value[QS_MU_V]), .range = QS_ANY},
    {"rho_j", QS_FIELD_NUMBER, .offset = AT(model.value[QS_RHO_J]), .range = QS_ANY},
    {"p", QS_FIELD_NUMBER, .offset = AT(model.value[QS_P]), .range = QS_ANY},
    {"eta1", QS_FIELD_NUMBER, .offset = AT(model.value[QS_ETA1]), .range = QS_ANY},
    {"eta2", QS_FIELD_NUMBER, .offset = AT(model.value[QS_ETA2]), .range = QS_ANY},
    {"sigma", QS_FIELD_NUMBER, .offset = AT(model.value[QS_SIGMA]), .range = QS_ANY},
};

static const qs_table model_table = {model_fields, sizeof model_fields / sizeof model_fields[0],
                                     sizeof(qs_underlying_spec), NULL, NULL};

static const qs_field basis_fields[] = {
    {"volatility", QS_FIELD_NUMBER, .offset = AT(basis_volatility), .range = {0, 10, false, false}},
    {"mean_reversion", QS_FIELD_NUMBER, .offset = AT(basis_mean_reversion), .range = {0, 1e6, true, false}},
    {"correlation", QS_FIELD_NUMBER, .offset = AT(basis_correlation), .range = {-1, 1, false, false}},
};

static const qs_table basis_table = {basis_fields, sizeof basis_fields / sizeof basis_fields[0],
                                     sizeof(qs_underlying_spec), NULL, NULL};

static const qs_field underlying_fields[] = {
    {"name", QS_FIELD_TEXT, .offset = AT(name), .required = true, .max_count = QS_UNDERLYING_TEXT - 1},
    {"quotes", QS_FIELD_OTHER, .read = read_quotes_path},
    {"spot", QS_FIELD_NUMBER, .offset = AT(spot), .range = {0, 1e15, true, false}},
    {"carry", QS_FIELD_NUMBER, .offset = AT(carry), .range = {-10, 10, false, false}},
    {"discount_rate", QS_FIELD_NUMBER, .offset = AT(discount_rate), .range = {-10, 10, false, false}},
    {"coin_rate", QS_FIELD_NUMBER, .offset = AT(coin_rate), .range = {-10, 10, false, false}},
    {"model", QS_FIELD_MAP, .offset = 0, .required = true, .table = &model_table},
    {"basis", QS_FIELD_MAP, .offset = 0, .table = &basis_table},
    {"max_spread", QS_FIELD_NUMBER, .offset = AT(max_spread), .range = {0, 2, true, false}},
};

static void init_underlying(void *object) {
  qs_underlying_spec *spec = object;
  qs_underlying_spec_init(spec);
  for (size_t i = 0; i < QS_PARAMETER_COUNT; i++) {
    spec->model.value[i] = NAN;
  }
}

static qs_status check_parameters_belong(qs_reader *reader, const qs_node *model,
                                         const qs_underlying_spec *spec) {
  uint32_t used = qs_model_parameters(spec->model.type);
  char names[128] = "";
  size_t length = 0;
  for (unsigned i = 0; i < QS_PARAMETER_COUNT; i++) {
    if (used >> i & 1) {
      length += (size_t)snprintf(names + length, sizeof names - length, "%s%s", length ? ", " : "",
                                 qs_parameter_name((qs_parameter)i));
    }
  }
  const char *type = qs_model_name(spec->model.type);
  for (unsigned i = 0; i < QS_PARAMETER_COUNT; i++) {
    const char *name = qs_parameter_name((qs_parameter)i);
    bool given = spec->given >> i & 1;
    bool needed = used >> i & 1;
    if (given && !needed) {
      return qs_node_bad_key(reader, qs_node_get(model, name), "%s has no such parameter; it has %s", type,
                             names);
    }
    if (needed && !given && !spec->calibrate) {
      return qs_node_missing(reader, model, name, "%s needs %s, or calibrate: true", type, names);
    }
  }
  return QS_OK;
}

qs_model qs_model_or_harmless(const qs_underlying_spec *spec) {
  static const double harmless[QS_PARAMETER_COUNT] = {
      [QS_V0] = 0.04, [QS_KAPPA] = 1, [QS_THETA] = 0.04, [QS_XI] = 0.5,
      [QS_P] = 0.5,   [QS_ETA1] = 10, [QS_ETA2] = 10,    [QS_SIGMA] = 0.2};
  qs_model whole = spec->model;
  for (unsigned i = 0; i < QS_PARAMETER_COUNT; i++) {
    whole.value[i] = spec->given >> i & 1 ? spec->model.value[i] : harmless[i];
  }
  return whole;
}

/* The given parameters must be in their ranges; those to be fitted stand in harmless. */
static qs_status check_parameter_ranges(qs_reader *reader, const qs_node *model,
                                        const qs_underlying_spec *spec) {
  const qs_model whole = qs_model_or_harmless(spec);
  qs_parameter parameter = QS_V0;
  const char *problem = qs_model_check(&whole, &parameter);
  return problem ? qs_node_bad(reader, qs_node_get(model, qs_parameter_name(parameter)), "%s", problem)
                 : QS_OK;
}

static qs_status check_shift(qs_reader *reader, const qs_node *model, const qs_underlying_spec *spec) {
  const qs_node *node = qs_node_get(model, "shift");
  if (spec->fit_shift && !spec->calibrate) {
    return qs_node_bad(reader, node, "must be false, or a list of pieces, without calibrate: true");
  }
  if (spec->shift_count && spec->calibrate) {
    return qs_node_bad_key(reader, node,
                           "a list of pieces goes with given parameters; with calibrate: true "
                           "this is true or false");
  }
  return QS_OK;
}

static qs_status check_local(qs_reader *reader, const qs_node *model, const qs_underlying_spec *spec,
                             bool quotes) {
  const qs_node *node = qs_node_get(model, "local");
  if (!spec->local) {
    return QS_OK;
  }
  if (spec->model.type != QS_MODEL_HESTON) {
    return qs_node_bad(reader, node, "goes with type: heston alone");
  }
  if (spec->fit_shift || spec->shift_count) {
    return qs_node_bad(reader, node, "does not go with a shift");
  }
  return quotes ? QS_OK : qs_node_bad(reader, node, "must be false where there are no quotes to fit to");
}

static qs_status check_underlying(qs_reader *reader, const qs_node *node, void *object) {
  qs_underlying_spec *spec = object;
  const qs_node *model = qs_node_get(node, "model");
  for (unsigned i = 0; i < QS_PARAMETER_COUNT; i++) {
    if (isnan(spec->model.value[i])) {
      spec->model.value[i] = 0;
    } else {
      spec->given |= 1u << i;
    }
  }
  const qs_node *quotes = qs_node_get(node, "quotes");
  if (spec->calibrate && !quotes) {
    return qs_node_bad(reader, qs_node_get(model, "calibrate"),
                       "must be false where there are no quotes to fit to");
  }
  if (isnan(spec->spot) && !quotes) {
    return qs_node_missing(reader, node, "spot", "spot or quotes must be given");
  }
  qs_status status = check_parameters_belong(reader, model, spec);
  if (status == QS_OK) {
    status = check_parameter_ranges(reader, model, spec);
  }
  if (status == QS_OK) {
    status = check_shift(reader, model, spec);
  }
  if (status == QS_OK) {
    status = check_local(reader, model, spec, quotes != NULL);
  }
  return status == QS_OK && quotes ? qs_quotes_read(reader, quotes, spec) : status;
}

const qs_table qs_underlying_table = {underlying_fields,
                                      sizeof underlying_fields / sizeof underlying_fields[0],
                                      sizeof(qs_underlying_spec), init_underlying, check_underlying};

static qs_status read_pair(qs_reader *reader, const qs_field *field, const qs_node *node, void *object) {
  (void)field;
  qs_correlation_spec *spec = object;
  static const qs_field pair = {
      "between",      QS_FIELD_TEXTS,  0, sizeof(const char *const *), .min_count = 2,
      .max_count = 2, .distinct = true};
  struct {
    const char *const *names;
    size_t count;
  } both = {NULL, 0};
  qs_status status = qs_schema_read_field(reader, &pair, node, &both);
  if (status == QS_OK) {
    spec->between[0] = both.names[0];
    spec->between[1] = both.names[1];
  }
  return status;
}

static const qs_field correlation_fields[] = {
    {"between", QS_FIELD_OTHER, .required = true, .read = read_pair},
    {"value", QS_FIELD_NUMBER, .offset = offsetof(qs_correlation_spec, value), .required = true,
     .range = {-1, 1, true, true}},
};

const qs_table qs_correlation_table = {correlation_fields,
                                       sizeof correlation_fields / sizeof correlation_fields[0],
                                       sizeof(qs_correlation_spec), NULL, NULL};

static const qs_field common_jump_fields[] = {
    {"underlyings", QS_FIELD_TEXTS, .offset = offsetof(qs_common_jump_spec, underlyings),
     .count_offset = offsetof(qs_common_jump_spec, underlying_count), .required = true, .min_count = 2,
     .max_count = 256, .distinct = true},
    {"lambda", QS_FIELD_NUMBER, .offset = offsetof(qs_common_jump_spec, lambda), .required = true,
     .range = {0, 1e6, true, false}},
    {"correlation", QS_FIELD_NUMBER, .offset = offsetof(qs_common_jump_spec, correlation),
     .range = {-1, 1, true, true}},
};

const qs_table qs_common_jump_table = {common_jump_fields,
                                       sizeof common_jump_fields / sizeof common_jump_fields[0],
                                       sizeof(qs_common_jump_spec), NULL, NULL};
