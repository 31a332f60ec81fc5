#include "host/book/path_terms.h"

#include <math.h>
#include <string.h>

static int compare_doubles(const double *a, const double *b, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (a[i] != b[i] && !(isnan(a[i]) && isnan(b[i]))) {
      return isnan(b[i]) || a[i] < b[i] ? -1 : 1;
    }
  }
  return 0;
}

static unsigned flags_of(const qs_path_terms *t) {
  return (unsigned)t->put | (unsigned)t->floating << 1 | (unsigned)t->geometric << 2 |
         (unsigned)t->asset << 3 | (unsigned)t->knock_in << 4 | (unsigned)t->continuous << 5 |
         (unsigned)t->knocked << 6 | (unsigned)t->at_hit << 7 | (unsigned)t->memory << 8;
}

int qs_path_terms_compare(const qs_path_terms *a, const qs_path_terms *b) {
  if (a->expiry != b->expiry) {
    return a->expiry < b->expiry ? -1 : 1;
  }
  if (a->type != b->type) {
    return a->type < b->type ? -1 : 1;
  }
  if (flags_of(a) != flags_of(b)) {
    return flags_of(a) < flags_of(b) ? -1 : 1;
  }
  if (a->count != b->count) {
    return a->count < b->count ? -1 : 1;
  }
  for (size_t i = 0; i < a->count; i++) {
    if (a->dates[i] != b->dates[i]) {
      return a->dates[i] < b->dates[i] ? -1 : 1;
    }
  }
  int order = compare_doubles(a->number, b->number, QS_TERM_COUNT);
  order = order ? order : compare_doubles(a->fixings, b->fixings, a->count);
  if (!order && a->calls) {
    order = compare_doubles(a->calls, b->calls, a->count);
  }
  return order || !a->script ? order : qs_script_compare(a->script, b->script);
}

/* The terms seen from one moment: the first `known` fixings have happened. */
typedef struct moment {
  const qs_path_terms *terms;
  const double *number;
  size_t known;
  double spot, forward;
} moment;

static double value_of(const moment *m, size_t i) {
  double fixing = m->terms->fixings[i];
  return isnan(fixing) ? m->spot : fixing;
}

static double last_value(const moment *m) {
  return value_of(m, m->terms->count - 1);
}

static double sign_of(const qs_path_terms *terms) {
  return terms->put ? -1 : 1;
}

static double positive(double x) {
  return x > 0 ? x : 0;
}

static void settle(qs_path_left *left, double known) {
  left->settled = true;
  left->known = known;
}

static void fill_weights(qs_path_left *left, double weight) {
  for (uint32_t i = 0; i < left->count; i++) {
    left->weights[i] = weight;
  }
}

/* (phi (S(T) - strike))+, as an average of one. */
static void make_european(const moment *m, double strike, qs_path_left *left) {
  if (left->count == 0) {
    settle(left, positive(left->sign * (last_value(m) - strike)));
    return;
  }
  left->dates += left->count - 1;
  left->count = 1;
  left->payoff = QS_PATH_ASIAN;
  left->weights[0] = 1;
  left->level[0] = strike / m->forward;
}

static void left_of_digital(const moment *m, qs_path_left *left) {
  double strike = m->number[QS_TERM_STRIKE], amount = m->number[QS_TERM_AMOUNT];
  if (left->count == 0) {
    double spot = last_value(m);
    settle(left, left->sign * (spot - strike) > 0 ? (m->terms->asset ? spot : amount) : 0);
    return;
  }
  left->payoff = QS_PATH_DIGITAL;
  left->level[0] = strike / m->forward;
  left->level[1] = m->terms->asset ? 0 : amount / m->forward;
}

double qs_pool_tokens(double liquidity, double lower, double upper, double price, double *base) {
  double root = sqrt(fmin(fmax(price, lower), upper));
  *base = liquidity * (1 / root - 1 / sqrt(upper));
  return liquidity * (root - sqrt(lower));
}

/* What the position's tokens at one price are worth at another. */
static double tokens_worth(const moment *m, double held_at, double price) {
  const double *n = m->number;
  double base = 0;
  double quote = qs_pool_tokens(n[QS_TERM_SCALE], n[QS_TERM_LOWER], n[QS_TERM_UPPER], held_at, &base);
  return quote + base * price;
}

static void left_of_pool(const moment *m, qs_path_left *left) {
  const double *n = m->number;
  double entry = n[QS_TERM_STRIKE];
  if (left->count == 0) {
    double spot = last_value(m);
    settle(left, tokens_worth(m, spot, spot) - (entry > 0 ? tokens_worth(m, entry, spot) : 0));
    return;
  }
  left->payoff = QS_PATH_POOL;
  left->level[0] = n[QS_TERM_SCALE] / sqrt(m->forward);
  left->level[1] = n[QS_TERM_LOWER] / m->forward;
  left->level[2] = n[QS_TERM_UPPER] / m->forward;
  left->level[3] = entry / m->forward;
}

static void left_of_asian(const moment *m, qs_path_left *left) {
  const qs_path_terms *terms = m->terms;
  double weight = 1 / (double)terms->count, strike = m->number[QS_TERM_STRIKE];
  double sum = 0, logs = 0;
  for (size_t i = 0; i < m->known; i++) {
    sum += weight * value_of(m, i);
    logs += weight * log(value_of(m, i) / m->forward);
  }
  if (left->count == 0) {
    double average = terms->geometric ? m->forward * exp(logs) : sum;
    settle(left, positive(left->sign * (terms->floating ? last_value(m) - average : average - strike)));
    return;
  }
  if (terms->floating) {
    left->payoff = terms->geometric ? QS_PATH_ASIAN_GEOMETRIC_STRIKE : QS_PATH_ASIAN_STRIKE;
  } else {
    left->payoff = terms->geometric ? QS_PATH_ASIAN_GEOMETRIC : QS_PATH_ASIAN;
  }
  left->level[0] = terms->floating ? 1 : strike / m->forward;
  left->level[1] = terms->geometric ? exp(logs) : sum / m->forward;
  fill_weights(left, weight);
}

static bool outside(const moment *m, double spot) {
  return spot <= m->number[QS_TERM_LOWER] || spot >= m->number[QS_TERM_UPPER];
}

/* Touched after as_of or at it, by what has been seen by now. */
static bool just_touched(const moment *m) {
  const qs_path_terms *terms = m->terms;
  if (terms->continuous) {
    return outside(m, m->spot);
  }
  for (size_t i = 0; i < m->known; i++) {
    if (terms->dates[i] >= terms->as_of && outside(m, m->spot)) {
      return true;
    }
  }
  return false;
}

static void left_of_barrier(const moment *m, qs_path_left *left) {
  const qs_path_terms *terms = m->terms;
  double strike = m->number[QS_TERM_STRIKE], rebate = m->number[QS_TERM_REBATE];
  bool touched = terms->knocked || just_touched(m);
  if (touched && !terms->knock_in) {
    settle(left, terms->at_hit ? 0 : rebate);
    left->due = terms->at_hit && !terms->knocked ? rebate : 0;
    return;
  }
  if (touched || (left->count == 0 && !terms->knock_in)) {
    make_european(m, strike, left);
    return;
  }
  if (left->count == 0) {
    settle(left, rebate);
    return;
  }
  left->payoff = terms->continuous ? QS_PATH_BARRIER_CONTINUOUS : QS_PATH_BARRIER;
  left->bridge = terms->continuous;
  left->at_hit = terms->at_hit;
  left->level[0] = strike / m->forward;
  left->level[1] = m->number[QS_TERM_LOWER] / m->forward;
  left->level[2] = m->number[QS_TERM_UPPER] / m->forward;
  left->level[3] = rebate / m->forward;
  left->level[4] = terms->knock_in;
  left->level[5] = terms->at_hit;
  fill_weights(left, 1);
}

static void left_of_lookback(const moment *m, qs_path_left *left) {
  const qs_path_terms *terms = m->terms;
  bool greatest = terms->put == terms->floating;
  double extreme = greatest ? 0 : INFINITY, strike = m->number[QS_TERM_STRIKE];
  for (size_t i = 0; i < m->known; i++) {
    extreme = greatest ? fmax(extreme, value_of(m, i)) : fmin(extreme, value_of(m, i));
  }
  if (left->count == 0) {
    settle(left, terms->floating ? left->sign * (last_value(m) - extreme)
                                 : positive(left->sign * (extreme - strike)));
    return;
  }
  left->payoff = terms->floating ? QS_PATH_LOOKBACK_FLOATING : QS_PATH_LOOKBACK;
  left->level[0] = terms->floating ? 0 : strike / m->forward;
  left->level[1] = extreme / m->forward;
}

static void left_of_forward_start(const moment *m, qs_path_left *left) {
  double moneyness = m->number[QS_TERM_MONEYNESS];
  if (m->known > 0) {
    make_european(m, moneyness * value_of(m, 0), left);
    return;
  }
  left->payoff = QS_PATH_ASIAN_STRIKE;
  left->level[0] = moneyness;
  left->weights[0] = 1; /* of the start alone */
}

static double clip(double x, double low, double high) {
  return fmax(low, fmin(high, x));
}

static void left_of_cliquet(const moment *m, qs_path_left *left) {
  const double *n = m->number;
  double banked = 0;
  for (size_t i = 1; i < m->known; i++) {
    double growth = value_of(m, i) / value_of(m, i - 1) - n[QS_TERM_MONEYNESS];
    banked += clip(growth, n[QS_TERM_LOCAL_FLOOR], n[QS_TERM_LOCAL_CAP]);
  }
  if (left->count == 0) {
    settle(left, clip(banked, n[QS_TERM_GLOBAL_FLOOR], n[QS_TERM_GLOBAL_CAP]));
    return;
  }
  left->payoff = QS_PATH_CLIQUET;
  left->known = banked;
  left->level[0] = n[QS_TERM_LOCAL_FLOOR];
  left->level[1] = n[QS_TERM_LOCAL_CAP];
  left->level[2] = (n[QS_TERM_GLOBAL_FLOOR] - banked) / m->forward;
  left->level[3] = (n[QS_TERM_GLOBAL_CAP] - banked) / m->forward;
  left->level[4] = n[QS_TERM_MONEYNESS];
  left->level[5] = m->known ? value_of(m, m->known - 1) / m->forward : 0;
  fill_weights(left, 1 / m->forward);
}

static void left_of_swap(const moment *m, qs_path_left *left) {
  const double *n = m->number;
  bool volatility = m->terms->type == QS_TRADE_VOLATILITY_SWAP;
  double realised = 0, scale = n[QS_TERM_SCALE], unit = m->forward;
  for (size_t i = 1; i < m->known; i++) {
    double growth = log(value_of(m, i) / value_of(m, i - 1));
    realised += scale * growth * growth;
  }
  if (left->count == 0) {
    double paid = volatility ? sqrt(realised) : realised;
    settle(left, fmin(n[QS_TERM_CAP], paid) - n[QS_TERM_STRIKE]);
    return;
  }
  double under_root = volatility ? unit * unit : unit;
  left->payoff = volatility ? QS_PATH_VOLATILITY : QS_PATH_VARIANCE;
  left->level[0] = n[QS_TERM_STRIKE] / unit;
  left->level[1] = n[QS_TERM_CAP] / unit;
  left->level[2] = realised / under_root;
  left->level[3] = scale / under_root;
  left->level[4] = m->known ? value_of(m, m->known - 1) / m->forward : 0;
}

/* An autocallable note so far. */
typedef struct note {
  bool called, knocked_in;
  size_t owed; /* coupons missed since one was last paid */
} note;

/* What it pays at fixing i, to which it was alive, at the price `spot`. */
static double note_pays(const moment *m, size_t i, double spot, note *n) {
  const double *number = m->number;
  bool last = i + 1 == m->terms->count;
  double paid = 0, redemption = number[QS_TERM_AMOUNT];
  n->knocked_in = n->knocked_in || ((m->terms->knock_in || last) && spot < number[QS_TERM_LOWER]);
  n->owed++;
  if (spot >= number[QS_TERM_COUPON_LEVEL]) {
    paid = number[QS_TERM_COUPON] * (m->terms->memory ? (double)n->owed : 1);
    n->owed = 0;
  }
  n->called = spot >= m->terms->calls[i];
  if (n->called || last) {
    paid += redemption;
  }
  if (last && !n->called && n->knocked_in) {
    paid -= positive(redemption - spot / number[QS_TERM_STRIKE]);
  }
  return paid;
}

/* A level's log per unit of the forward, within what a payoff takes for none. */
static double log_level(double level, double forward) {
  return level > 0 ? fmin(log(level / forward), 1e4) : -1e4;
}

/* False when memory is out. */
static bool left_of_autocallable(qs_arena *arena, const moment *m, qs_path_left *left) {
  const qs_path_terms *terms = m->terms;
  note n = {false, false, 0};
  for (size_t i = 0; i < m->known && !n.called; i++) {
    double paid = note_pays(m, i, value_of(m, i), &n);
    if (i + 1 == terms->count) {
      left->known = paid;
    } else if (terms->dates[i] >= terms->as_of) {
      left->due += paid;
    }
  }
  if (n.called || left->count == 0) {
    left->settled = true;
    return true;
  }
  double *policy = QS_NEW(arena, 2 * (size_t)left->count, double);
  for (uint32_t d = 0; policy && d < left->count; d++) {
    policy[2 * d] = log_level(terms->calls[m->known + d], m->forward);
    policy[2 * d + 1] = log_level(m->number[QS_TERM_COUPON_LEVEL], m->forward);
  }
  left->policy = policy;
  left->policy_width = 2;
  left->payoff = QS_PATH_AUTOCALL;
  left->at_hit = true;
  left->level[0] = m->number[QS_TERM_AMOUNT] / m->forward;
  left->level[1] = m->number[QS_TERM_COUPON] / m->forward;
  left->level[2] = m->number[QS_TERM_LOWER] / m->forward;
  left->level[3] = 1 / m->number[QS_TERM_STRIKE];
  left->level[4] = n.knocked_in ? 2 : terms->knock_in;
  left->level[5] = terms->memory ? (double)n.owed : -1;
  return policy != NULL;
}

/* Keeps of a script's dates to come those that it observes, and the last; `place` [left->count] tells where
 * each is kept. False when memory is out. */
static bool keep_observed(qs_arena *arena, const moment *m, qs_path_left *left, uint32_t *place) {
  const qs_script *script = m->terms->script;
  qs_time *dates = QS_NEW(arena, left->count, qs_time);
  if (!dates) {
    return false;
  }
  for (uint32_t o = 0; o < script->program.observation_count; o++) {
    size_t date = script->observations[o].date;
    if (date >= m->known) {
      place[date - m->known] = 1;
    }
  }
  uint32_t kept = 0;
  for (uint32_t d = 0; d < left->count; d++) {
    if (place[d] || d + 1 == left->count) {
      dates[kept] = left->dates[d];
      place[d] = kept++;
    }
  }
  left->dates = dates;
  left->count = kept;
  return true;
}

/* False when memory is out. */
static bool left_of_script(qs_arena *arena, const moment *m, qs_path_left *left) {
  const qs_script *script = m->terms->script;
  uint32_t count = script->program.observation_count;
  uint32_t *place = QS_NEW(arena, left->count, uint32_t);
  uint32_t *observed = QS_NEW(arena, count, uint32_t);
  double *known = QS_NEW(arena, count, double);
  if (!observed || !known || !place || !keep_observed(arena, m, left, place)) {
    return false;
  }
  for (uint32_t o = 0; o < count; o++) {
    size_t date = script->observations[o].date;
    bool past = date < m->known;
    observed[o] = past ? left->count : place[date - m->known];
    known[o] = past ? value_of(m, date) : 0;
  }
  if (left->count == 0) {
    double paid = 0;
    bool done = qs_script_evaluate(arena, &script->program, known, &paid);
    settle(left, paid);
    return done;
  }
  left->payoff = QS_PATH_SCRIPT;
  left->program = &script->program;
  left->observed = observed;
  left->observations = known;
  left->level[0] = m->forward;
  left->level[1] = script->jump_count > 0;
  return true;
}

/* How many dates stand for all times; a multiple of 4, since every fourth alone is looked at too. */
enum { AMERICAN_DATES = 48 };

uint32_t qs_american_dates(qs_time now, qs_time expiry) {
  return expiry - now < AMERICAN_DATES ? 1 : AMERICAN_DATES;
}

qs_time qs_american_date(qs_time now, qs_time expiry, uint32_t i, uint32_t count) {
  return now + (expiry - now) * (i + 1) / count;
}

/* The dates left to exercise at: those after `now`, and `now` itself where one of those since as_of, or any
 * time, is up. False when memory is out. */
static bool left_of_early(qs_arena *arena, const moment *m, qs_time now, qs_path_left *left) {
  const qs_path_terms *terms = m->terms;
  bool american = terms->type == QS_TRADE_AMERICAN;
  if (left->count == 0) {
    settle(left, positive(left->sign * (m->spot - m->number[QS_TERM_STRIKE])));
    return true;
  }
  uint32_t later = american ? qs_american_dates(now, terms->expiry) : left->count;
  bool at_once = american || (m->known && terms->dates[m->known - 1] >= terms->as_of);
  qs_time *dates = QS_NEW(arena, later + 1, qs_time);
  left->weights = QS_NEW(arena, later + 1, double);
  if (!dates || !left->weights) {
    return false;
  }
  uint32_t count = 0;
  if (at_once) {
    dates[count++] = now;
  }
  for (uint32_t i = 0; i < later; i++) {
    dates[count++] = american ? qs_american_date(now, terms->expiry, i, later) : left->dates[i];
  }
  left->dates = dates;
  left->count = count;
  left->payoff = QS_PATH_EARLY;
  left->at_hit = true;
  left->level[0] = m->number[QS_TERM_STRIKE] / m->forward;
  left->level[1] = american;
  return true;
}

bool qs_path_terms_left(qs_arena *arena, const qs_path_terms *terms, qs_time now, double spot, double forward,
                        qs_path_left *left) {
  moment m = {terms, terms->number, 0, spot, forward};
  while (m.known < terms->count && terms->dates[m.known] <= now) {
    m.known++;
  }
  *left = (qs_path_left){.sign = sign_of(terms),
                         .dates = terms->dates + m.known,
                         .weights = QS_NEW(arena, terms->count - m.known, double),
                         .count = (uint32_t)(terms->count - m.known)};
  if (!left->weights) {
    return false;
  }
  switch (terms->type) {
  case QS_TRADE_SCRIPT:
    return left_of_script(arena, &m, left);
  case QS_TRADE_DIGITAL:
    left_of_digital(&m, left);
    break;
  case QS_TRADE_AUTOCALLABLE:
    return left_of_autocallable(arena, &m, left);
  case QS_TRADE_POOL:
    left_of_pool(&m, left);
    break;
  case QS_TRADE_ASIAN:
    left_of_asian(&m, left);
    break;
  case QS_TRADE_BARRIER:
    left_of_barrier(&m, left);
    break;
  case QS_TRADE_LOOKBACK:
    left_of_lookback(&m, left);
    break;
  case QS_TRADE_FORWARD_START:
    left_of_forward_start(&m, left);
    break;
  case QS_TRADE_CLIQUET:
    left_of_cliquet(&m, left);
    break;
  case QS_TRADE_BERMUDAN:
  case QS_TRADE_AMERICAN:
    return left_of_early(arena, &m, now, left);
  default:
    left_of_swap(&m, left);
    break;
  }
  return true;
}
