// Hedging over time: what a policy, its costs and its margin are. Plain data that the host fills and
// rebalance.inc reads; arrays are borrowed. Freestanding; C17, C++17 and CUDA C++.
//
// Money is of as_of (discounted). A state is x = ln S / F and y = sqrt(v).
#ifndef QS_CORE_REBALANCE_H
#define QS_CORE_REBALANCE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// A band of holdings over the states of one date: linear in x and in y between nodes, that of the nearest
// node outside. Numbers are finite: what is meant to be infinite is +-1e300.
typedef struct qs_band_table {
  double x_low, x_rate; // rate: nodes per unit of x, > 0
  double y_low, y_rate;
  int32_t x_count, y_count; // x at least 2; y 1: not looked at
  const double *low, *high; // [y_count][x_count]; low <= high
} qs_band_table;

// When a policy that looks back acts; the first date always does.
typedef enum qs_rebalance_rule {
  QS_RULE_ALWAYS = 0,   // at every date
  QS_RULE_INTERVAL = 1, // at every date whose number is a multiple of `limit`
  QS_RULE_VARIANCE = 2, // once the variance that passed since it last acted is at least `limit`
  QS_RULE_MOVE = 3 // once weight(x, y) (S / S then - 1)^2 is at least `limit`; weight: `low` of its table
} qs_rebalance_rule;

// What trading one unit of an instrument costs at one date. A fee is min(fee x price of the underlying or of
// the unit, cap x price of the unit).
typedef struct qs_trade_cost {
  double fee;    // fraction
  double cap;    // fraction of the unit's own price; 1e300: none
  double spread; // fraction of the unit's price
  double unit;   // money a unit, beside the spread
  double impact; // money, times |units|^1.5
  double fixed;  // money for every trade, however small
  int32_t spot;  // the fee is a fraction of the underlying's price, not the unit's
} qs_trade_cost;

enum { QS_MAX_VENUES = 8 }; // that an order is split over

// What an account must hold beside its hedge, and what happens when it does not. The order at a date: the
// collateral grows, the hedge is closed where margin is short, the policy says what it wants, collateral is
// moved, and the trade goes as far as it is covered.
typedef struct qs_margin_rule {
  double collateral;  // in the account at the start: money, or coins where `coin` is set
  double initial;     // fraction of a hedge's notional that a trade may not leave uncovered
  double maintenance; // likewise; below it the hedge is closed in `parts` equal parts, until it is covered
  int32_t parts;
  double fee;     // fraction of what is closed
  int32_t coin;   // the collateral is coins, worth D F e^x each
  double haircut; // fraction of the collateral's worth that does not count, below 1
  const double
      *grow;       // [date_count]: what a unit of collateral has become since the date before, > 0; null: 1
  double leverage; // > 0: the hedge that is wanted is so many times the account once collateral was moved
  double band;     // fraction of that account within which nothing is moved, >= 0
  double move, moved; // what moving costs: a fraction of it, and money for each time
} qs_margin_rule;

// Rows of a policy's result, [row][path]; then its holdings of each instrument; then for each venue, where
// there are any, what was traded there and what that cost (fees, spread and impact).
enum {
  QS_REBALANCE_HEDGE,   // what the hedge gained
  QS_REBALANCE_FUNDING, // received
  QS_REBALANCE_FEE,     // paid, fixed costs among them; and so on
  QS_REBALANCE_SPREAD,
  QS_REBALANCE_IMPACT,
  QS_REBALANCE_LIQUIDATION, // fees of it
  QS_REBALANCE_LOST,        // what lay at venues that failed
  QS_REBALANCE_TURNOVER,    // what was traded
  QS_REBALANCE_TRADES,      // their number
  QS_REBALANCE_LIQUIDATED,  // number of dates at which margin was short
  QS_REBALANCE_YIELD,       // what the collateral gained
  QS_REBALANCE_MOVING,      // paid for moving collateral
  QS_REBALANCE_COLLATERAL,  // what lies in the account: money of as_of, or coins
  QS_REBALANCE_LAST_X,      // of a policy that looks back: where it last acted
  QS_REBALANCE_SINCE,       // the variance since
  QS_REBALANCE_ROWS
};

#ifdef __cplusplus
}
#endif
#endif
