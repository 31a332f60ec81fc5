#include "bad_cases.h"

namespace {

const char C[] = "config.yaml", R[] = "record.csv", F[] = "funding.csv";

/* A backtest of a book on X, whose model is as given, by prices at hours from two days before. */
std::string config(const std::string &model, const std::string &position, const std::string &rest) {
  return "as_of: 2026-03-04T06:00:00Z\nunderlyings: [{name: X, spot: 100, model: " + model +
         "}]\n"
         "trades:\n"
         "  - {id: c, type: european, underlying: X, call_put: call, strike: 100, expiry: 2026-04-01, "
         "quantity: 1}\n"
         "  - {id: a, type: asian, underlying: X, call_put: call, strike: 100, fixings: [2026-03-05, "
         "2026-03-06], expiry: 2026-03-06, quantity: 1}\n"
         "backtest:\n  position: " +
         position + "\n  instrument: X-SPOT\n  prices: record.csv\n  cost_weight: 1\n" + rest;
}

const char gbm[] = "{type: gbm, sigma: 0.2}",
           heston[] = "{type: heston, v0: 0.04, kappa: 1, theta: 0.04, xi: 0.5, rho: 0}";
const char days[] = "  dates: {count: 9, spacing_days: 0.25}\n", none[] = "  policies: [none]\n";

void add_price_cases(std::vector<BadCase> &cases) {
  const std::vector<BadCase> more = {
      {"backtest_no_prices", C, "  prices: record.csv\n", "", {"backtest.prices: got nothing"}},
      {"backtest_prices_are_gone", R, "", "absent", {"backtest.prices: got ", "record.csv: No such file"}},
      {"backtest_prices_are_a_list",
       C,
       "prices: record.csv",
       "prices: @[1, 2]",
       {"backtest.prices: got a list"}},
      {"backtest_prices_without_rows", R, "", "time,price\n", {"backtest.prices"}},
      {"backtest_prices_of_one_row",
       R,
       "",
       "time,price\n@2026-03-02T06:00:00Z,10\n",
       {"backtest.prices.time: got 2026-03-02T06:00:00Z: must have at least 2 rows"}},
      {"backtest_prices_without_time", R, "time,price", "price", {"backtest.prices"}},
      {"backtest_prices_another_column",
       R,
       "time,price",
       "time,@close",
       {"backtest.prices.close: got close: unknown column"}},
      {"backtest_prices_no_price_column",
       R,
       "",
       "time\n2026-03-02T06:00:00Z\n",
       {"backtest.prices.price: got nothing: the column is required"}},
      {"backtest_price_of_zero",
       R,
       "06:00:00Z,10\n",
       "06:00:00Z,@0\n",
       {"backtest.prices.price: got 0: must be a number greater than 0"}},
      {"backtest_price_below_zero",
       R,
       "06:00:00Z,10\n",
       "06:00:00Z,@-3\n",
       {"backtest.prices.price: got -3"}},
      {"backtest_price_is_empty",
       R,
       "06:00:00Z,10\n",
       "06:00:00Z,\n",
       {"backtest.prices.price: got an empty cell: must be a number greater than 0"}},
      {"backtest_price_is_a_word",
       R,
       "06:00:00Z,10\n",
       "06:00:00Z,@high\n",
       {"backtest.prices.price: got high"}},
      {"backtest_time_is_a_word",
       R,
       "2026-03-02T18:00:00Z",
       "@noon",
       {"backtest.prices.time: got noon: must be a time such as 2026-08-01T17:58:00Z, or seconds since "
        "1970"}},
      {"backtest_time_too_late",
       R,
       "2026-03-02T18:00:00Z",
       "@999999999999",
       {"backtest.prices.time: got 999999999999"}},
      {"backtest_time_stands_twice",
       R,
       "1772452800",
       "@2026-03-02T06:00:00Z",
       {"backtest.prices.time: got 2026-03-02T06:00:00Z: times must ascend; the row before has "
        "2026-03-02T06:00:00Z"}},
      {"backtest_gap_between_bars",
       R,
       "2026-03-02T18:00:00Z",
       "@2026-03-02T19:00:00Z",
       {"backtest.prices.time: got 2026-03-02T19:00:00Z: must be 2026-03-02T18:00:00Z: rows are 21600 "
        "seconds apart, as the first two are"}},
  };
  cases.insert(cases.end(), more.begin(), more.end());
}

void add_funding_cases(std::vector<BadCase> &cases) {
  const std::vector<BadCase> more = {
      {"backtest_funding_is_gone", F, "", "absent", {"backtest.funding: got ", "funding.csv: No such file"}},
      {"backtest_funding_of_prices",
       F,
       "time,rate",
       "time,@price",
       {"backtest.funding.price: got price: unknown column"}},
      {"backtest_funding_above_one",
       F,
       "Z,3e-4",
       "Z,@3",
       {"backtest.funding.rate: got 3: must be a number at least -1 and at most 1"}},
      {"backtest_funding_with_a_gap",
       F,
       "2026-03-06T16",
       "@2026-03-07T16",
       {"backtest.funding.time: got 2026-03-07T16:00:00Z: must be 2026-03-06T16:00:00Z: rows are 172800 "
        "seconds apart"}},
      {"backtest_funding_ends_early",
       F,
       "",
       "time,rate\n2026-03-02T16:00:00Z,0\n2026-03-03T00:00:00Z,0\n",
       {"backtest.funding: got funding.csv: must have every payment from the first date to the last"}},
      {"backtest_funding_begins_late",
       F,
       "",
       "time,rate\n2026-03-03T08:00:00Z,0\n2026-03-03T16:00:00Z,0\n",
       {"backtest.funding: got funding.csv: must have every payment"}},
      {"backtest_funding_of_a_spot",
       C,
       "instrument: K-PERPETUAL\n  prices: record.csv\n  funding: funding",
       "instrument: K-SPOT\n  prices: record.csv\n  funding: @funding",
       {"backtest.funding: got funding.csv: a spot pays none; must be a perpetual's"}},
  };
  cases.insert(cases.end(), more.begin(), more.end());
}

void add_date_cases(std::vector<BadCase> &cases) {
  const std::string rule = "dates: {count: 9, spacing_days: 0.5}";
  const std::vector<BadCase> more = {
      {"backtest_no_dates", C, "  " + rule + "\n", "", {"backtest.dates: got nothing"}},
      {"backtest_dates_past_the_prices",
       C,
       rule,
       "dates: @{count: 10, spacing_days: 0.5}",
       {"backtest.dates: got a mapping: 2026-03-07T09:30:00Z is none of the prices' times; must be within "
        "the "
        "times of the prices, from 2026-03-02T06:00:00Z to 2026-03-07T00:00:00Z"}},
      {"backtest_date_before_as_of",
       C,
       rule,
       "dates: [@2026-03-01, 2026-03-02]",
       {"backtest.dates.0: got 2026-03-01: in the past"}},
      {"backtest_few_dates",
       C,
       rule,
       "dates: @{count: 8, spacing_days: 0.5}",
       {"backtest.dates: got a mapping: must be at least 9 and the unwind"}},
      {"backtest_dates_at_one_bar",
       C,
       rule,
       "dates: @{count: 9, spacing_days: 0.1}",
       {"backtest.dates: got a mapping: date 1 must be acted on at another bar"}},
      {"backtest_latency_past_a_date",
       C,
       "latency_bars: 1",
       "latency_bars: @2",
       {"backtest.latency_bars: got 2: must be fewer bars than from one date to the next"}},
      {"backtest_latency_below_zero",
       C,
       "latency_bars: 1",
       "latency_bars: @-1",
       {"backtest.latency_bars: got -1"}},
      {"backtest_prices_begin_late",
       R,
       "",
       "time,price\n2026-03-03T00:00:00Z,10\n2026-03-03T06:00:00Z,10\n",
       {"config.yaml", "backtest.dates: got a mapping: 2026-03-02T09:30:00Z is none of the prices' times"}},
  };
  cases.insert(cases.end(), more.begin(), more.end());
}

void add_name_cases(std::vector<BadCase> &cases) {
  const std::string fixings = "  dates: [2026-03-05, 2026-03-06]\n";
  const std::string policies = "policies: [none, {type: delta_band, name: band, width: 0.03}]";
  const std::vector<BadCase> more = {
      {"backtest_unknown_position",
       C,
       "position: t5",
       "position: @t9",
       {"backtest.position: got t9: must be portfolio"}},
      {"backtest_position_of_another",
       C,
       "position: t5",
       "position: @t1",
       {"backtest.position: got t1: t1 is not of the underlying K"}},
      {"backtest_unknown_instrument",
       C,
       "instrument: K-PERPETUAL",
       "instrument: @K-MOON",
       {"backtest.instrument: got K-MOON: unknown instrument"}},
      {"backtest_instruments",
       C,
       "instrument: K-PERPETUAL",
       "@instruments: [K-SPOT]",
       {"backtest.instruments: got a list: unknown key (did you mean 'instrument'?)"}},
      {"backtest_by_a_future",
       C,
       "instrument: K-PERPETUAL",
       "instrument: @K-25DEC26",
       {"backtest.instrument: got K-25DEC26: its own price is not recorded; must be a spot or a perpetual"}},
      {"backtest_discounted",
       C,
       "  position: t5\n  instrument: K-PERPETUAL",
       "  position: t1\n  instrument: @X-SPOT",
       {"backtest.instrument: got X-SPOT: the discount_rate of X is 0.05; must be 0"}},
      {"backtest_unknown_policy",
       C,
       policies,
       "policies: [none, @delta]",
       {"backtest.policies.1: got delta: must be one of"}},
      {"backtest_policy_that_looks_back",
       C,
       policies,
       "policies: [{type: @fixed_interval, every: 3}]",
       {"backtest.policies.0.type: got fixed_interval: is no table of the state, and is not replayed"}},
      {"backtest_policy_by_regression",
       C,
       policies,
       "policies: [none, @regression]",
       {"backtest.policies.1: got regression: is no table"}},
      {"backtest_policy_with_an_option",
       C,
       policies,
       "policies: [@delta_gamma]",
       {"backtest.policies.0: got delta_gamma: holds an option, whose prices are not recorded"}},
      {"backtest_policy_stands_twice",
       C,
       policies + "\n  compare: band",
       "policies: [none, @none]\n  compare: none",
       {"backtest.policies.1: got none: another policy is called so"}},
      {"backtest_compare_with_nothing",
       C,
       "compare: band",
       "compare: @bend",
       {"backtest.compare: got bend: must be the name of a policy of the section"}},
      {"backtest_both_weights",
       C,
       "  risk_aversion: 0.5\n  policies: [none, {type: delta_band",
       "  cost_weight: 1\n  risk_aversion: 0.5\n  policies: [none, {type: delta_band",
       {"backtest", "cost_weight"}},
      {"backtest_no_weight",
       C,
       "  risk_aversion: 0.5\n  policies: [none, {type: delta_band",
       "  policies: [none, {type: delta_band",
       {"backtest", "cost_weight"}},
      {"backtest_along_a_path",
       C,
       "",
       config(gbm, "@a", fixings + none),
       {"backtest.position: got a: has a trade along a path"}},
      {"backtest_optimal_along_a_path",
       C,
       "",
       config(gbm, "a", fixings + "  policies: [@optimal]\n"),
       {"backtest.policies.0: got optimal: needs a price before the expiry"}},
  };
  cases.insert(cases.end(), more.begin(), more.end());
}

void add_number_cases(std::vector<BadCase> &cases) {
  const std::vector<BadCase> more = {
      {"backtest_unknown_state",
       C,
       "marks: expected",
       "marks: @implied",
       {"backtest.variance.marks: got implied: must be one of expected, last"}},
      {"backtest_marks_are_the_same",
       C,
       "marks: expected",
       "marks: @same",
       {"backtest.variance.marks: got same"}},
      {"backtest_constant_variance",
       C,
       "told: same",
       "told: @last",
       {"backtest.variance.told: got last: needs a model whose variance is random"}},
      {"backtest_bars_too_long",
       C,
       "",
       config(heston, "c", std::string(days) + none + "  variance: {told: @garch}\n"),
       {"backtest.variance.told: got garch: needs prices at bars that divide an hour"}},
      {"backtest_account_of_what",
       C,
       "account: coin",
       "account: @dollar",
       {"backtest.account: got dollar: must be one of reporting, coin"}},
      {"backtest_margin_of_nothing",
       C,
       "margin: {collateral: 1000, maintenance: 0.1, parts: 4, fee: 0.005}\n  account",
       "margin: {collateral: 1000, maintenance: @0}\n  account",
       {"backtest.margin.maintenance: got 0"}},
      {"backtest_no_maintenance",
       C,
       "margin: {collateral: 1000, maintenance: 0.1, parts: 4, fee: 0.005}\n  account",
       "margin: {collateral: 1000}\n  account",
       {"backtest.margin.maintenance: got nothing"}},
      {"backtest_relative_half_spread",
       C,
       "relative_half_spread: 0.0001",
       "relative_half_spread: @2",
       {"backtest.costs.relative_half_spread: got 2: must be a number at least 0 and at most 1"}},
      {"backtest_schedule_backwards",
       C,
       "from: 2026-03-05T08:00:00Z, relative",
       "from: @2026-03-04T07:00:00Z, relative",
       {"backtest.costs.schedule.1.from: got 2026-03-04T07:00:00Z: must not be before the one in front of "
        "it"}},
      {"backtest_schedule_without_time",
       C,
       "- {from: 2026-03-04T08:00:00Z, proportional: 0.0004}\n      - {from: 2026-03-05",
       "- @{proportional: 0.0004}\n      - {from: 2026-03-05",
       {"backtest.costs.schedule.0.from: got nothing"}},
      {"backtest_schedule_proportional",
       C,
       "from: 2026-03-04T08:00:00Z, proportional: 0.0004}\n      - {from: 2026-03-05",
       "from: 2026-03-04T08:00:00Z, proportional: @1.5}\n      - {from: 2026-03-05",
       {"backtest.costs.schedule.0.proportional: got 1.5: must be a number at least 0 and at most 1"}},
      {"backtest_schedule_of_a_venue",
       C,
       "from: 2026-03-05T08:00:00Z, relative",
       "from: 2026-03-05T08:00:00Z, @venue: deep, relative",
       {"backtest.costs.schedule.1.venue: got deep: "}},
      {"backtest_schedule_is_a_list",
       C,
       "    schedule:\n      - {from: 2026-03-04T08:00:00Z, proportional: 0.0004}\n      - {from: "
       "2026-03-05T08:00:00Z, relative_half_spread: 0.0002, impact: 0.02}",
       "    schedule: @3",
       {"backtest.costs.schedule: got 3"}},
      {"backtest_level", C, "level: 0.9,", "level: @1,", {"backtest.intervals.level: got 1"}},
      {"backtest_replicates",
       C,
       "replicates: 500",
       "replicates: @10",
       {"backtest.intervals.replicates: got 10"}},
      {"backtest_seed", C, "seed: 3}", "seed: @-3}", {"backtest.intervals.seed: got -3"}},
  };
  cases.insert(cases.end(), more.begin(), more.end());
}

} // namespace

void add_backtest_cases(std::vector<BadCase> &cases) {
  add_price_cases(cases);
  add_funding_cases(cases);
  add_date_cases(cases);
  add_name_cases(cases);
  add_number_cases(cases);
}
