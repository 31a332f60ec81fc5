#include "host/engine/greeks.h"

#include <math.h>
#include <string.h>

static const double day = 1.0 / 365;
static const double vol_point = 0.01;

int qs_parameter_slot(qs_model_type type, qs_parameter parameter) {
  uint32_t mask = qs_model_parameters(type);
  if (!(mask >> parameter & 1)) {
    return -1;
  }
  int slot = 0;
  for (unsigned p = 0; p < parameter; p++) {
    slot += (int)(mask >> p & 1);
  }
  return slot;
}

bool qs_contract_in_coin(const qs_contract *contract) {
  return contract->underlying >= 0 && contract->kind != QS_CONTRACT_SPOT &&
         (contract->settlement == QS_SETTLE_COIN || contract->kind == QS_CONTRACT_CASH);
}

static const qs_underlying_market *market_of(const qs_valuation *valuation, const qs_contract *contract) {
  return &valuation->market->underlyings[contract->underlying];
}

double qs_joint_discount(const qs_market *market, const qs_contract *leg, double carry_add, double rate_add) {
  const qs_underlying_market *first = &market->underlyings[leg->joint->underlyings[0]];
  if (!leg->joint->coin) {
    return exp(-(first->discount_rate + rate_add) * leg->years);
  }
  return first->spot * exp(-(first->coin_rate + carry_add) * leg->years) /
         qs_curve_forward(&first->curve, leg->years);
}

/* What the formulas of a contract need. */
typedef struct terms {
  const qs_contract *contract;
  const qs_underlying_market *market;
  double spot, forward, years, discount, scale; /* scale: price = scale x y0 (options, paths) */
  bool path;
  uint32_t parameters; /* the first parameter's quantity */
  double known;        /* part of a path's y0 that is known */
  double paid;         /* years to the payment: to the expiry, or to early exercise in the mean */
  bool timed;          /* it pays at several dates, each with years of its own */
  bool early;          /* the holder chooses the date */
} terms;

static terms terms_of(const qs_valuation *valuation, size_t index, bool coin) {
  const qs_contract *contract = &valuation->contracts[index];
  terms t = {.contract = contract,
             .spot = 1,
             .forward = 1,
             .years = contract->years,
             .discount = 1,
             .scale = 1,
             .path = qs_contract_on_path(contract) != NULL,
             .paid = contract->years};
  if (contract->underlying < 0) {
    return t;
  }
  t.parameters = t.path ? QS_PATH_PARAMETERS : QS_QUANTITY_PARAMETERS;
  t.known = qs_known_price(valuation, index, false);
  const qs_early_bounds *early = qs_contract_bounds(valuation, index, false);
  t.early = early != NULL;
  t.paid = early ? early->years.estimate : t.paid;
  t.timed = t.path && qs_contract_timed(valuation, index);
  t.market = market_of(valuation, contract);
  t.spot = t.market->spot;
  t.forward = qs_curve_forward(&t.market->curve, contract->years);
  bool in_coin = qs_contract_in_coin(contract);
  t.discount = exp(-(in_coin ? t.market->coin_rate : t.market->discount_rate) * contract->years);
  if (contract->joint && contract->leg) {
    t.discount = qs_joint_discount(valuation->market, contract, 0, 0);
  }
  t.scale = t.discount * (!in_coin ? t.forward : coin ? 1 : t.spot);
  return t;
}

static qs_form constant_form(double value) {
  qs_form form;
  memset(&form, 0, sizeof form);
  form.constant = value;
  return form;
}

static qs_form quantity_form(uint32_t quantity, double coefficient) {
  qs_form form = constant_form(0);
  form.now[quantity] = coefficient;
  return form;
}

/* Price, delta and gamma stand at the same places for options and for paths. */
_Static_assert((int)QS_PATH_PRICE == (int)QS_QUANTITY_PRICE && (int)QS_PATH_DELTA == (int)QS_QUANTITY_DELTA &&
                   (int)QS_PATH_GAMMA == (int)QS_QUANTITY_GAMMA,
               "one set of formulas for both");

/* Adds coefficient x y0, its known part included. */
static void add_price(const terms *t, double coefficient, qs_form *form) {
  form->now[QS_QUANTITY_PRICE] += coefficient;
  form->constant += coefficient * t->known;
}

/* Adds coefficient x the sum over payments of years x y0. What a timed contract knows is paid now. The time
 * of early exercise has an error of its own. */
static void add_paid(const terms *t, double coefficient, qs_form *form) {
  if (t->timed) {
    form->timed += coefficient * t->years;
  } else {
    add_price(t, coefficient * t->paid, form);
    form->timed += t->early ? coefficient : 0;
  }
}

static qs_form price_form(const terms *t, double coefficient) {
  qs_form form = constant_form(0);
  add_price(t, coefficient, &form);
  return form;
}

/* coefficient x (y1 - y0) */
static qs_form excess_form(const terms *t, double coefficient) {
  qs_form form = quantity_form(QS_QUANTITY_DELTA, coefficient);
  add_price(t, -coefficient, &form);
  return form;
}

/* Price of a contract without optionality, at another spot-preserving point in time. */
static double plain_price(const terms *t, double years, bool coin) {
  const qs_contract *contract = t->contract;
  double forward = t->market ? qs_curve_forward(&t->market->curve, years) : 1;
  switch (contract->kind) {
  case QS_CONTRACT_FORWARD:
    return exp(-t->market->discount_rate * years) * (forward - contract->strike);
  case QS_CONTRACT_FUTURE:
  case QS_CONTRACT_PERPETUAL: {
    double level = contract->kind == QS_CONTRACT_PERPETUAL ? t->spot : forward;
    if (contract->settlement == QS_SETTLE_LINEAR) {
      return level - contract->entry_price;
    }
    return (coin ? 1 : t->spot) * (1 / contract->entry_price - 1 / level);
  }
  case QS_CONTRACT_SPOT:
    return t->spot;
  case QS_CONTRACT_CASH:
    return contract->underlying < 0 || coin ? 1 : t->spot;
  case QS_CONTRACT_OPTION:
  case QS_CONTRACT_PATH:
    break;
  }
  return 0;
}

/* Priced by simulation. */
static bool is_simulated(const qs_contract *contract) {
  return contract->kind == QS_CONTRACT_OPTION || contract->kind == QS_CONTRACT_PATH;
}

qs_form qs_price_form(const qs_valuation *valuation, size_t contract, bool coin) {
  terms t = terms_of(valuation, contract, coin);
  if (is_simulated(t.contract)) {
    return price_form(&t, t.scale);
  }
  return constant_form(plain_price(&t, t.years, coin));
}

static qs_form option_theta(const qs_valuation *valuation, const terms *t, size_t index, bool coin) {
  qs_form form = price_form(t, -t->scale);
  const qs_contract *contract = t->contract;
  const qs_underlying_values *values = &valuation->values[contract->underlying];
  bool in_coin = qs_contract_in_coin(contract);
  if (!t->path && valuation->payoff_of[index] < values->later_first) {
    double sign = contract->call_put == QS_CALL ? 1 : -1;
    double payoff = fmax(sign * (t->spot - contract->strike), 0);
    form.constant += in_coin && coin ? payoff / t->spot : payoff;
    return form;
  }
  double years = fmax(t->years - day, 0);
  double rate = in_coin ? t->market->coin_rate : t->market->discount_rate;
  double level = in_coin ? (coin ? 1 : t->spot) : qs_curve_forward(&t->market->curve, years);
  form.later = exp(-rate * years) * level;
  form.constant += form.later * qs_known_price(valuation, index, true);
  return form;
}

/* Growth of the whole forward curve: a path's dates are reached at their own times. */
static qs_form carry_form(const terms *t, bool in_coin) {
  if (!t->path) {
    return in_coin ? excess_form(t, t->years * t->scale)
                   : quantity_form(QS_QUANTITY_DELTA, t->years * t->scale);
  }
  qs_form form = quantity_form(QS_PATH_CARRY, t->scale);
  if (in_coin) {
    add_paid(t, -t->scale, &form);
  }
  return form;
}

/* Adds coefficient x dy0/dphi of a piece of the shift. At the expiry dc/dV = F^2 d2c/dF2 / 2, the conditional
 * law being normal. */
static void add_shift(const qs_valuation *valuation, const terms *t, size_t piece, double coefficient,
                      qs_form *form) {
  if (t->path) {
    size_t parameters = (size_t)__builtin_popcount(qs_model_parameters(t->market->model.type));
    form->now[QS_PATH_PARAMETERS + parameters + piece] += coefficient;
    return;
  }
  double years = qs_shift_years(&t->market->shift, piece, valuation->market->as_of, t->contract->expiry);
  form->now[QS_QUANTITY_GAMMA] += 0.5 * years * coefficient;
}

bool qs_shift_form(const qs_valuation *valuation, size_t contract, size_t piece, bool coin, qs_form *form) {
  terms t = terms_of(valuation, contract, coin);
  *form = constant_form(0);
  bool there = is_simulated(t.contract) && qs_contract_local(valuation, contract) == QS_LOCAL_NOT;
  if (there) {
    add_shift(valuation, &t, piece, t.scale, form);
  }
  return there;
}

/* How far a row of the calibration's sensitivities moves when every quote does. */
static double parallel_move(const qs_underlying_market *market, size_t row) {
  double sum = 0;
  for (size_t j = 0; j < market->sensitivity_count; j++) {
    sum += market->parameter_by_quote[row * market->sensitivity_count + j];
  }
  return sum;
}

static bool option_vega(const qs_valuation *valuation, const terms *t, qs_form *form) {
  const qs_underlying_market *market = t->market;
  qs_model_type type = market->model.type;
  *form = constant_form(0);
  if (market->parameter_by_quote) {
    for (unsigned p = 0; p < QS_PARAMETER_COUNT; p++) {
      int slot = qs_parameter_slot(type, (qs_parameter)p);
      if (slot >= 0) {
        form->now[t->parameters + (uint32_t)slot] = vol_point * t->scale * parallel_move(market, p);
      }
    }
    for (size_t piece = 0; piece < market->shift.count; piece++) {
      double move = parallel_move(market, QS_PARAMETER_COUNT + piece);
      add_shift(valuation, t, piece, vol_point * t->scale * move, form);
    }
    return true;
  }
  if (type == QS_MODEL_GBM) {
    form->now[t->parameters] = vol_point * t->scale;
    return true;
  }
  return false;
}

/* With the leverage held the parameters and the quotes have no meaning of their own. */
static bool has_under_leverage(qs_local_kind kind, qs_greek greek) {
  switch (greek) {
  case QS_GREEK_DELTA:
  case QS_GREEK_NET_DELTA:
  case QS_GREEK_THETA:
  case QS_GREEK_D_RATE:
    return true;
  case QS_GREEK_GAMMA:
    return kind <= QS_LOCAL_SMOOTH;
  case QS_GREEK_D_CARRY:
    return kind <= QS_LOCAL_WATCHED;
  default:
    return kind == QS_LOCAL_NOT;
  }
}

static bool option_greek(const qs_valuation *valuation, const terms *t, size_t index, qs_greek greek,
                         bool coin, qs_form *form) {
  bool in_coin = qs_contract_in_coin(t->contract);
  double s = t->spot, d = t->discount;
  if (!has_under_leverage(qs_contract_local(valuation, index), greek)) {
    return false;
  }
  switch (greek) {
  case QS_GREEK_DELTA:
    *form = in_coin && coin ? excess_form(t, d / s)
                            : quantity_form(QS_QUANTITY_DELTA, in_coin ? d : d * t->forward / s);
    return true;
  case QS_GREEK_GAMMA:
    if (in_coin && coin) {
      *form = excess_form(t, -2 * d / (s * s));
      form->now[QS_QUANTITY_GAMMA] = d / (s * s);
    } else {
      *form = quantity_form(QS_QUANTITY_GAMMA, in_coin ? d / s : d * t->forward / (s * s));
    }
    return true;
  case QS_GREEK_THETA:
    *form = option_theta(valuation, t, index, coin);
    return true;
  case QS_GREEK_VEGA:
    return option_vega(valuation, t, form);
  case QS_GREEK_D_RATE:
    *form = constant_form(0);
    add_paid(t, -t->scale, form);
    return true;
  case QS_GREEK_D_CARRY:
    *form = carry_form(t, in_coin);
    return true;
  case QS_GREEK_NET_DELTA:
    *form = excess_form(t, d);
    return in_coin;
  default:
    break;
  }
  int slot = qs_parameter_slot(t->market->model.type, (qs_parameter)(greek - QS_GREEK_PARAMETER));
  if (slot < 0) {
    return false;
  }
  *form = quantity_form(t->parameters + (uint32_t)slot, t->scale);
  return true;
}

/* Forward, future, perpetual, spot, cash: exact. `level` is F, or S for the perpetual. */
static bool plain_greek(const terms *t, qs_greek greek, bool coin, qs_form *form) {
  const qs_contract *contract = t->contract;
  bool margined = contract->kind == QS_CONTRACT_FUTURE || contract->kind == QS_CONTRACT_PERPETUAL;
  bool inverse = margined && contract->settlement == QS_SETTLE_COIN;
  double level = contract->kind == QS_CONTRACT_PERPETUAL ? t->spot : t->forward;
  double years = contract->kind == QS_CONTRACT_PERPETUAL ? 0 : t->years;
  double delta = 0, gamma = 0, carry = 0, rate = 0;
  if (inverse) {
    delta = coin ? 1 / (level * t->spot) : 1 / contract->entry_price;
    gamma = coin ? -2 / (level * t->spot * t->spot) : 0;
    carry = years / level * (coin ? 1 : t->spot);
  } else if (margined) {
    delta = level / t->spot;
    carry = years * level;
  } else if (contract->kind == QS_CONTRACT_FORWARD) {
    delta = t->discount * t->forward / t->spot;
    carry = years * t->discount * t->forward;
    rate = -years * plain_price(t, years, false);
  } else {
    delta = contract->underlying >= 0 && !coin ? 1 : 0;
  }
  switch (greek) {
  case QS_GREEK_DELTA:
    *form = constant_form(delta);
    return contract->underlying >= 0;
  case QS_GREEK_GAMMA:
    *form = constant_form(gamma);
    return contract->underlying >= 0;
  case QS_GREEK_THETA:
    *form = constant_form(plain_price(t, fmax(t->years - day, 0), coin) - plain_price(t, t->years, coin));
    return contract->underlying >= 0;
  case QS_GREEK_D_RATE:
    *form = constant_form(rate);
    return contract->kind == QS_CONTRACT_FORWARD || margined;
  case QS_GREEK_D_CARRY:
    *form = constant_form(carry);
    return contract->kind == QS_CONTRACT_FORWARD || margined;
  case QS_GREEK_NET_DELTA:
    *form = constant_form(1 / level);
    return inverse;
  default:
    return false;
  }
}

bool qs_greek_form(const qs_valuation *valuation, size_t contract, qs_greek greek, bool coin, qs_form *form) {
  terms t = terms_of(valuation, contract, coin);
  if (is_simulated(t.contract)) {
    return option_greek(valuation, &t, contract, greek, coin, form);
  }
  return plain_greek(&t, greek, coin, form);
}

qs_form qs_forward_form(const qs_valuation *valuation, size_t contract) {
  terms t = terms_of(valuation, contract, false);
  bool in_coin = qs_contract_in_coin(t.contract);
  switch (t.contract->kind) {
  case QS_CONTRACT_OPTION:
  case QS_CONTRACT_PATH:
    return in_coin ? excess_form(&t, t.scale) : quantity_form(QS_QUANTITY_DELTA, t.scale);
  case QS_CONTRACT_FORWARD:
    return constant_form(t.discount * t.forward);
  case QS_CONTRACT_FUTURE:
    return constant_form(in_coin ? t.spot / t.forward : t.forward);
  case QS_CONTRACT_PERPETUAL:
  case QS_CONTRACT_SPOT:
  case QS_CONTRACT_CASH:
    break;
  }
  return constant_form(0);
}
