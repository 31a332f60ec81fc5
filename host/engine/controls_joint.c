/* Control variates of formulas over several underlyings: of each underlying, at the last date that a formula
 * sees it, the forward and European options by Fourier prices. */
#include <math.h>
#include <string.h>

#include "host/base/model.h"
#include "host/engine/controls.h"
#include "host/market/fourier.h"

/* Strikes over the forward, in the order in which they are taken; 0: the forward itself. */
static const struct {
  double moneyness;
  bool call;
} kinds[] = {{0, true}, {1, true}, {0.85, false}, {1.18, true}};
enum { KINDS = sizeof kinds / sizeof *kinds };

typedef struct joint_builder {
  const qs_joint_unit *unit;
  qs_arena *arena;
  qs_joint_payoff *payoffs;
  uint32_t made, quantities;
  double *exact;
  uint32_t *place; /* [asset][date][kind]: 1 + place of the control, 0: not made */
} joint_builder;

/* max(S - K, 0) or max(K - S, 0); without `moneyness` S. */
static bool make_program(qs_arena *arena, double strike, bool call, qs_script_program *program) {
  if (!(strike > 0)) {
    *program = (qs_script_program){.observation_count = 1, .slot_count = 1};
    return true;
  }
  qs_script_code *codes = QS_NEW(arena, 2, qs_script_code);
  double *constants = QS_NEW(arena, 2, double);
  if (!codes || !constants) {
    return false;
  }
  enum { SPOT, STRIKE, NOTHING, GAIN, PAID, SLOTS };
  constants[0] = strike;
  codes[0] = (qs_script_code){.op = QS_SCRIPT_SUBTRACT,
                              .flags = call ? QS_SCRIPT_ACTIVE_A | QS_SCRIPT_SETS_A
                                            : QS_SCRIPT_ACTIVE_B | QS_SCRIPT_SETS_B,
                              .count = 1,
                              .to = GAIN,
                              .a = call ? SPOT : STRIKE,
                              .b = call ? STRIKE : SPOT};
  codes[1] = (qs_script_code){.op = QS_SCRIPT_GREATER,
                              .flags = QS_SCRIPT_ACTIVE_A | QS_SCRIPT_SETS_A,
                              .count = 1,
                              .to = PAID,
                              .a = GAIN,
                              .b = NOTHING};
  *program = (qs_script_program){.codes = codes,
                                 .constants = constants,
                                 .code_count = 2,
                                 .constant_count = 2,
                                 .observation_count = 1,
                                 .slot_count = SLOTS,
                                 .result = PAID};
  return true;
}

/* The steps' added variance up to a date. */
static double added_variance(const qs_joint_unit *unit, uint32_t asset, uint32_t date) {
  double sum = 0;
  for (uint32_t i = 0; i < unit->dates[date]; i++) {
    sum += unit->assets[asset].path.steps[i].added;
  }
  return sum;
}

/* What a move of the added variance adds up to at a date. */
static double moved_variance(const qs_joint_unit *unit, uint32_t asset, uint32_t move, uint32_t date) {
  const qs_joint_asset *of = &unit->assets[asset];
  double sum = 0;
  for (uint32_t i = 0; i < unit->dates[date]; i++) {
    sum += of->added_weights[(size_t)move * of->path.step_count + i];
  }
  return sum;
}

/* What moves with the correlations of an underlying's own noise is not known: not a number. */
static void leave_out(const qs_joint_unit *unit, uint32_t asset, double *exact) {
  if (unit->asset_count > 1 && unit->assets[0].cross) {
    exact[qs_joint_own_quantity(unit, asset, asset)] = NAN;
    for (uint32_t b = 0; b < unit->asset_count; b++) {
      exact[qs_joint_mean_quantity(unit, asset, b)] = NAN;
    }
  }
}

static bool fill_exact(const joint_builder *b, uint32_t asset, uint32_t date, double strike, bool call,
                       double *exact) {
  const qs_joint_unit *unit = b->unit;
  const double forward = unit->assets[asset].forward[date], years = unit->years[date];
  const qs_model *model = &unit->assets[asset].path.model;
  qs_fourier_option_value value = {.price = 1, .delta = 1};
  qs_fourier_settings settings = qs_fourier_defaults();
  qs_fourier_report report;
  settings.added_variance = added_variance(unit, asset, date);
  if (strike > 0 &&
      qs_fourier_option(model, years, call, log(strike / forward), &settings, &value, &report)) {
    return false;
  }
  exact[0] = forward * value.price;
  if (!unit->greeks) {
    return true;
  }
  uint32_t at = qs_joint_asset_quantity(unit, asset);
  exact[at++] = forward * value.delta;
  exact[at++] = years * forward * value.delta;
  for (unsigned p = 0; p < QS_PARAMETER_COUNT; p++) {
    if (qs_model_parameters(model->type) >> p & 1) {
      exact[at++] = forward * value.parameter[p];
    }
  }
  for (uint32_t k = 0; k < unit->assets[asset].added_count; k++) {
    exact[at++] = 0.5 * forward * value.gamma * moved_variance(unit, asset, k, date);
  }
  exact[qs_joint_pair_quantity(unit, asset, asset)] = forward * value.gamma;
  leave_out(unit, asset, exact);
  return true;
}

/* Makes a control, or finds it; 1 + its place, 0 where it has no value or memory is out (*failed). */
static uint32_t find_control(joint_builder *b, uint32_t asset, uint32_t date, int kind, bool *failed) {
  uint32_t *place = &b->place[(asset * b->unit->date_count + date) * KINDS + (uint32_t)kind];
  if (*place != 0) {
    return *place;
  }
  const double strike = kinds[kind].moneyness * b->unit->assets[asset].forward[date];
  qs_script_program *program = QS_NEW(b->arena, 1, qs_script_program);
  uint32_t *observed = QS_NEW(b->arena, 2, uint32_t);
  double *known = QS_NEW(b->arena, 1, double);
  if (!program || !observed || !known || !make_program(b->arena, strike, kinds[kind].call, program)) {
    *failed = true;
    return 0;
  }
  if (!fill_exact(b, asset, date, strike, kinds[kind].call, b->exact + (size_t)b->made * b->quantities)) {
    return 0;
  }
  observed[0] = asset;
  observed[1] = date;
  b->payoffs[b->made] = (qs_joint_payoff){program, observed, observed + 1, known, date + 1, false, NULL};
  *place = ++b->made;
  return *place;
}

/* The last date at which the formula sees each underlying; the number of the formula's dates where it never
 * does. */
static void last_dates(const qs_joint_payoff *payoff, uint32_t assets, uint32_t *last) {
  for (uint32_t a = 0; a < assets; a++) {
    last[a] = payoff->date_count;
  }
  for (uint32_t o = 0; o < payoff->program->observation_count; o++) {
    const uint32_t a = payoff->observed_asset[o], d = payoff->observed_date[o];
    if (d < payoff->date_count && (last[a] == payoff->date_count || d > last[a])) {
      last[a] = d;
    }
  }
}

static bool control_formula(joint_builder *b, const qs_joint_payoff *payoff, qs_controlled *of) {
  uint32_t last[QS_MAX_JOINT];
  bool failed = false;
  last_dates(payoff, b->unit->asset_count, last);
  for (int kind = 0; kind < KINDS && !failed; kind++) {
    for (uint32_t a = 0; a < b->unit->asset_count && !failed && of->count < QS_MOST_CONTROLS; a++) {
      const uint32_t place = last[a] < payoff->date_count ? find_control(b, a, last[a], kind, &failed) : 0;
      if (place) {
        of->control[of->count] = place - 1;
        of->kinds[of->count++] = kind ? QS_CONTROL_EUROPEAN : QS_CONTROL_FORWARD;
      }
    }
  }
  return !failed;
}

/* Expected until the formula's last date, of the underlying that jumps least; 0: none does. */
static double fewest_jumps(const qs_joint_unit *unit, const qs_joint_payoff *payoff) {
  const double years = payoff->date_count ? unit->years[payoff->date_count - 1] : 0;
  double fewest = 0;
  for (uint32_t a = 0; a < unit->asset_count; a++) {
    const double jumps = qs_model_jumps(&unit->assets[a].path.model, years);
    fewest = jumps > 0 && (!(fewest > 0) || jumps < fewest) ? jumps : fewest;
  }
  return fewest;
}

qs_status qs_controls_of_joint(qs_context *context, qs_arena *arena, const qs_joint_unit *unit,
                               qs_joint_unit *with, qs_controls *controls) {
  const size_t places = (size_t)unit->asset_count * unit->date_count * KINDS,
               most = unit->payoff_count + places;
  joint_builder b = {.unit = unit, .arena = arena, .made = unit->payoff_count};
  b.quantities = qs_joint_unit_quantities(unit);
  b.payoffs = QS_NEW(arena, most, qs_joint_payoff);
  b.exact = QS_NEW(arena, most * b.quantities, double);
  b.place = QS_NEW(arena, places, uint32_t);
  qs_controlled *payoffs = QS_NEW(arena, unit->payoff_count, qs_controlled);
  bool *of_jumps = QS_NEW(arena, b.quantities, bool);
  bool made = b.payoffs && b.exact && b.place && payoffs && of_jumps;
  for (uint32_t a = 0; made && unit->greeks && a < unit->asset_count; a++) {
    qs_controls_mark_jumps(&unit->assets[a].path.model, of_jumps + qs_joint_asset_quantity(unit, a) + 2);
  }
  if (made) {
    memcpy(b.payoffs, unit->payoffs, unit->payoff_count * sizeof *b.payoffs);
  }
  for (uint32_t i = 0; made && i < unit->payoff_count; i++) {
    payoffs[i].place = i;
    made = control_formula(&b, &unit->payoffs[i], &payoffs[i]);
    payoffs[i].jumps = fewest_jumps(unit, &unit->payoffs[i]);
  }
  if (!made) {
    return qs_fail_memory(context, "laying out control variates");
  }
  *with = *unit;
  with->payoffs = b.payoffs;
  with->payoff_count = b.made;
  *controls = (qs_controls){payoffs, unit->payoff_count, b.quantities, b.made, b.exact, of_jumps};
  return QS_OK;
}
