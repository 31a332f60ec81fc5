/* Trades along a path that make no sense. The sample's as_of is 2026-03-02T09:30:00Z. */
#include "bad_cases.h"

namespace {

struct BadTrade {
  const char *name;
  std::string keys; /* with the mark, as in BadCase */
  std::vector<std::string> said;
};

const char call[] = "call_put: call, strike: 100, ";
const char weekly[] = "fixings: {every: week, to: 2026-06-01}";

const std::vector<BadTrade> &bad_trades() {
  static const std::string asian = std::string("type: asian, ") + call;
  static const std::string barrier = std::string("type: barrier, expiry: 2026-06-01, ") + call;
  static const std::string lookback = std::string("type: lookback, call_put: call, ");
  static const std::string start = "type: forward_start, call_put: put, expiry: 2026-06-01, ";
  static const std::string cliquet = "type: cliquet, ";
  static const std::string swap = "type: variance_swap, strike: 0.5, ";
  static const std::vector<BadTrade> cases = {
      {"digital_without_strike",
       "type: digital, call_put: call, expiry: 2026-06-01",
       {"trades.0.strike: got nothing: a digital needs this key"}},
      {"digital_with_fixings",
       std::string("type: digital, expiry: 2026-06-01, ") + call + "@" + weekly,
       {"trades.0.fixings: got a mapping: a digital has no fixings; the key must be left out"}},
      {"digital_asset_with_amount",
       std::string("type: digital, expiry: 2026-06-01, ") + call + "pays: asset, @amount: 5",
       {"trades.0.amount: got 5: the digital pays the asset; the key must be left out"}},
      {"digital_pays_coin",
       std::string("type: digital, expiry: 2026-06-01, ") + call + "pays: @coin",
       {"trades.0.pays: got coin: must be one of cash, asset"}},
      {"asian_without_fixings",
       asian + "expiry: 2026-06-01",
       {"trades.0.fixings: got nothing: an asian needs this key"}},
      {"asian_every_fortnight",
       asian + "fixings: {every: @fortnight, to: 2026-06-01}",
       {"trades.0.fixings.every: got fortnight: must be day, week, month, or a whole number of days"}},
      {"asian_rule_without_every",
       asian + "fixings: @{to: 2026-06-01}",
       {"trades.0.fixings.every: got nothing: the key is required"}},
      {"asian_unknown_key_of_the_rule",
       asian + "fixings: {every: week, @form: 2026-05-01, to: 2026-06-01}",
       {"trades.0.fixings.form: got 2026-05-01: unknown key (did you mean 'from'?)"}},
      {"asian_dates_descend",
       asian + "fixings: [2026-05-01, @2026-04-01]",
       {"trades.0.fixings.1: got 2026-04-01: must be after the time before it"}},
      {"asian_empty_list",
       asian + "expiry: 2026-06-01, fixings: @[]",
       {"trades.0.fixings: got a list: must be a list of 1 to 5000 times, or a mapping"}},
      {"asian_ends_elsewhere",
       asian + "expiry: 2026-06-02, fixings: @[2026-04-01, 2026-06-01]",
       {"trades.0.fixings: got a list: the last must be the expiry, which is 2026-06-02T00:00:00Z"}},
      {"asian_all_in_the_past",
       asian + "fixings: @[2025-04-01, 2026-02-01]",
       {"trades.0.fixings: got a list: in the past; must be after as_of, which is 2026-03-02T09:30:00Z"}},
      {"asian_rule_begins_late",
       asian + "fixings: @{every: week, from: 2026-07-01, to: 2026-06-01}",
       {"trades.0.fixings: got a mapping: the rule begins at 2026-07-01T00:00:00Z; must begin before its "
        "end"}},
      {"asian_too_many",
       asian + "expiry_years: 90, fixings: @{every: day}",
       {"trades.0.fixings: got a mapping: must be at most 5000 dates"}},
      {"asian_past_is_missing",
       asian + "fixings: [2026-02-01, 2026-06-01]",
       {"trades.0.past: got nothing: 0 values for 1 fixings before as_of; must be one value for each"}},
      {"asian_past_is_too_long",
       asian + "fixings: [2026-02-01, 2026-06-01], past: @[1, 2]",
       {"trades.0.past: got a list: 2 values for 1 fixings before as_of"}},
      {"asian_negative_past",
       asian + "fixings: [2026-02-01, 2026-06-01], past: [@-1]",
       {"trades.0.past.0: got -1: must be a number greater than 0"}},
      {"asian_floating_with_strike",
       std::string("type: asian, call_put: call, floating: true, @strike: 100, ") + weekly,
       {"trades.0.strike: got 100: a floating asian has no strike; the key must be left out"}},
      {"asian_geometric_strike",
       std::string("type: asian, call_put: call, floating: true, average: @geometric, ") + weekly,
       {"trades.0.average: got geometric: must be arithmetic where the average is the strike"}},
      {"barrier_without_knock",
       barrier + "upper: 130",
       {"trades.0.knock: got nothing: a barrier needs this key"}},
      {"barrier_without_barrier",
       barrier + "knock: out",
       {"trades.0.lower: got nothing: a barrier needs lower, upper or both"}},
      {"barrier_crossed",
       barrier + "knock: out, lower: 120, upper: @80",
       {"trades.0.upper: got 80: must be greater than lower, which is 120"}},
      {"barrier_at_hit_knocks_in",
       barrier + "knock: in, lower: 80, rebate: 1, rebate_paid: @hit",
       {"trades.0.rebate_paid: got hit: must be expiry for a barrier that knocks in"}},
      {"barrier_continuous_with_fixings",
       barrier + "knock: in, lower: 80, @" + weekly,
       {"trades.0.fixings: got a mapping: monitoring is continuous; the key must be left out"}},
      {"barrier_discrete_without_fixings",
       barrier + "knock: in, lower: 80, monitoring: discrete",
       {"trades.0.fixings: got nothing: discrete monitoring needs this key"}},
      {"barrier_negative_rebate",
       barrier + "knock: out, lower: 80, rebate: @-1",
       {"trades.0.rebate: got -1: must be a number at least 0"}},
      {"lookback_without_strike",
       lookback + weekly,
       {"trades.0.strike: got nothing: a lookback needs this key"}},
      {"lookback_floating_with_strike",
       lookback + "floating: true, @strike: 90, " + weekly,
       {"trades.0.strike: got 90: a floating lookback has no strike"}},
      {"lookback_with_average",
       lookback + "strike: 100, @average: geometric, " + weekly,
       {"trades.0.average: got geometric: a lookback has no average"}},
      {"forward_start_without_start",
       start + "moneyness: 1",
       {"trades.0.start: got nothing: a forward_start needs"}},
      {"forward_start_too_late",
       start + "start: @2026-06-01",
       {"trades.0.start: got 2026-06-01: must be given and before the expiry"}},
      {"forward_start_with_strike",
       start + "start: 2026-05-01, @strike: 100",
       {"trades.0.strike: got 100: a forward_start has no strike"}},
      {"forward_start_at_nothing",
       start + "start: 2026-05-01, moneyness: @0",
       {"trades.0.moneyness: got 0: must be a number greater than 0"}},
      {"cliquet_with_call_put",
       cliquet + "@call_put: call, " + weekly,
       {"trades.0.call_put: got call: a cliquet has no call_put"}},
      {"cliquet_local_caps_cross",
       cliquet + "local_floor: 0.1, local_cap: @0, " + weekly,
       {"trades.0.local_cap: got 0: must be at least local_floor, which is 0.1"}},
      {"cliquet_global_caps_cross",
       cliquet + "global_floor: 0.1, global_cap: @0, " + weekly,
       {"trades.0.global_cap: got 0: must be at least global_floor, which is 0.1"}},
      {"cliquet_of_one_date",
       cliquet + "fixings: @[2026-06-01]",
       {"trades.0.fixings: got a list: must be at least 2 dates"}},
      {"swap_in_coin",
       swap + "settlement: @coin, " + weekly,
       {"trades.0.settlement: got coin: must be linear for a variance_swap"}},
      {"swap_with_call_put",
       swap + "@call_put: call, " + weekly,
       {"trades.0.call_put: got call: a variance_swap has no call_put"}},
      {"swap_with_no_returns_a_year",
       swap + "annualisation: @0, " + weekly,
       {"trades.0.annualisation: got 0: must be a number greater than 0"}},
      {"swap_without_expiry",
       swap + "fixings: {every: week}",
       {"trades.0.expiry: got nothing: a variance_swap needs expiry or expiry_years"}},
      {"volatility_swap_without_strike",
       std::string("type: volatility_swap, ") + weekly,
       {"trades.0.strike: got nothing: a volatility_swap needs this key"}},
      {"volatility_swap_with_a_cap_of_nothing",
       std::string("type: volatility_swap, strike: 0.5, cap: @0, ") + weekly,
       {"trades.0.cap: got 0: must be a number greater than 0"}},
      {"volatility_swap_two_expiries",
       "type: volatility_swap, strike: 0.5, expiry: 2026-06-01, @expiry_years: 1, fixings: {every: week}",
       {"trades.0.expiry_years: got 1: expiry is given too; must be exactly one of"}},
  };
  return cases;
}

} // namespace

void add_trade_cases(std::vector<BadCase> &cases) {
  for (const BadTrade &t : bad_trades()) {
    bool marked = t.keys.find('@') != std::string::npos;
    std::string text = std::string("trades:\n  - ") + (marked ? "" : "@") +
                       "{id: e, underlying: X, quantity: 1, " + t.keys + "}\n";
    cases.push_back({t.name, "config.yaml", "trades:\n", text, t.said});
  }
}
