/*
 * A payoff along a path as the book holds it, and what of it is left at a moment: fixings up to then become
 * numbers, the rest is a payoff of kernels/plan.h.
 */
#ifndef QS_HOST_BOOK_PATH_TERMS_H
#define QS_HOST_BOOK_PATH_TERMS_H

#include "host/base/arena.h"
#include "host/script/trade.h"
#include "kernels/plan.h"
#include "quickset/inputs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Numbers of the terms; what a type has not is 0. Amounts and levels are in the reporting currency. */
typedef enum qs_term {
  QS_TERM_STRIKE, /* of swaps as paid: the variance, or the volatility; of an autocallable the initial price;
                     of a pool the price whose tokens are held against it, 0: none are */
  QS_TERM_AMOUNT, /* of an autocallable the redemption */
  QS_TERM_LOWER,  /* 0: none; of an autocallable where it knocks in */
  QS_TERM_UPPER,  /* infinity: none; so are the floors and caps below */
  QS_TERM_REBATE,
  QS_TERM_MONEYNESS,
  QS_TERM_LOCAL_FLOOR,
  QS_TERM_LOCAL_CAP,
  QS_TERM_GLOBAL_FLOOR,
  QS_TERM_GLOBAL_CAP,
  QS_TERM_CAP,   /* of swaps as the strike */
  QS_TERM_SCALE, /* of swaps: realised variance = scale x sum of squared returns; of a pool: its liquidity */
  QS_TERM_COUPON,
  QS_TERM_COUPON_LEVEL, /* a price */
  QS_TERM_COUNT
} qs_term;

typedef struct qs_path_terms {
  qs_trade_type type;
  qs_trade_type called; /* what the trade says it is; `type` is what it means (host/script/meant.h) */
  bool put;
  bool floating, geometric, asset, knock_in, continuous, knocked, at_hit, memory;
  double number[QS_TERM_COUNT];
  qs_time as_of, expiry;
  const qs_time *dates;  /* [count] ascending, the last is the expiry; a continuous barrier has that alone */
  const double *fixings; /* [count]; NaN: after as_of, or not needed */
  const double *calls;   /* of an autocallable, [count]: the prices at which it is called */
  size_t count;
  const qs_script *script; /* of a script alone; it observes `dates` by their numbers */
} qs_path_terms;

/* The tokens of a pool position of the given liquidity in the range [lower, upper] (0 and infinity: none) at
 * a price: *base of the underlying, returned what is in the reporting currency (Adams et al. 2021, section
 * 6). */
double qs_pool_tokens(double liquidity, double lower, double upper, double price, double *base);

/* An order of payoffs; 0 where they are the same. */
int qs_path_terms_compare(const qs_path_terms *a, const qs_path_terms *b);

/* What is left of it. Its value per unit of F is what the payoff yields + known / F, and `due` is paid beside
 * it. Without a payoff (`settled`) the first is 0. */
typedef struct qs_path_left {
  bool settled;
  double known; /* paid at expiry, whatever comes */
  double due;   /* paid at the moment itself */
  qs_path_payoff payoff;
  double sign;
  double level[QS_PATH_LEVELS]; /* relative to the forward, as plan.h says */
  bool bridge;                  /* watched between its dates: they may be refined */
  bool at_hit;                  /* the weights are to say what a rebate at each date is worth at the expiry */
  const qs_time *dates;         /* [count], after the moment */
  double *weights;              /* [count] */
  uint32_t count;
  const double *policy; /* [count][policy_width], see qs_path_payoff_plan */
  uint32_t policy_width;
  const qs_script_program *program; /* of a script, as the next two: see qs_path_payoff_plan */
  const uint32_t *observed;
  const double *observations;
} qs_path_left;

/* The dates that stand for all times from `now` to an expiry after it: how many, and number i of them, the
 * last being the expiry. */
uint32_t qs_american_dates(qs_time now, qs_time expiry);
qs_time qs_american_date(qs_time now, qs_time expiry, uint32_t i, uint32_t count);

/* What is left at `now` (as_of or later): fixings between as_of and then take the value `spot`, as does one
 * at as_of; `forward` is the expiry's at that moment. False when memory is out. */
bool qs_path_terms_left(qs_arena *arena, const qs_path_terms *terms, qs_time now, double spot, double forward,
                        qs_path_left *left);

#ifdef __cplusplus
}
#endif
#endif
