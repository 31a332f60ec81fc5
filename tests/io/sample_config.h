/* A config that uses every key, with the files that it names. */
#ifndef QS_TESTS_IO_SAMPLE_CONFIG_H
#define QS_TESTS_IO_SAMPLE_CONFIG_H

#include <map>
#include <string>

inline const char sample_yaml[] = R"(# every key
as_of: 2026-03-02T09:30:00Z
output: out/here
reporting_currency: USD
simulation: {paths: 4096, seed: 7, precision: double, arithmetic: exact, sampling: pseudo, scheme: euler, time_step: 2.5, variance_reduction: none, target_std_error: 0.001, max_paths: 65536}
underlyings:
  - name: BTC
    quotes: quotes.csv
    spot: 68000.5
    carry: 0.01
    discount_rate: 0.02
    coin_rate: 0.003
    model: {type: svcj, calibrate: true, v0: 0.3, kappa: 2, theta: 0.4, xi: 1.5, rho: -0.4, lambda: 3, mu_j: -0.05, sigma_j: 0.1, mu_v: 0.2, rho_j: -0.5, shift: true}
    basis: {volatility: 0.03, mean_reversion: 40, correlation: 0.25}
    max_spread: 0.4
  - name: X
    spot: 100
    discount_rate: 0.05
    model: {type: heston, v0: 0.04, kappa: 1.5, theta: 0.05, xi: 0.5, rho: -0.7, local: false}
  - name: K
    spot: 10
    model: {type: kou, sigma: 0.2, lambda: 1, p: 0.4, eta1: 10, eta2: 5, shift: [{expiry_years: 0.25, variance: 0.01}, {expiry: 2026-12-25T08:00:00Z, variance: 0.02}]}
  - name: G
    spot: 20
    model: {type: gbm, sigma: 0.25}
correlations:
  - {between: [BTC, X], value: 0.5}
  - {between: [X, K], value: -0.25}
portfolio: positions.csv
cash:
  - {currency: BTC, amount: 12.5, book: main, venue: deribit}
  - {currency: USD, amount: -100}
trades:
  - {id: t1, type: european, underlying: X, call_put: call, strike: 105, expiry_years: 0.5, quantity: 3, settlement: linear, entry_price: 1.5, book: b, venue: v}
  - {id: t2, type: forward, underlying: X, strike: 101, expiry: 2026-06-01, quantity: -3}
  - {id: t3, type: future, underlying: BTC, expiry: 2026-06-26T08:00:00Z, quantity: 1000, settlement: coin}
  - {id: t4, type: perpetual, underlying: BTC, quantity: 1000, settlement: coin, entry_price: 67000}
  - {id: t5, type: spot, underlying: K, quantity: 2}
value: {greeks: false, vega: false}
risk:
  horizon_days: 2
  levels: [0.9, 0.99]
  drift: 0.1
  history: prices.csv
  history_window: 100
  what_if:
    - {id: w1, type: european, underlying: BTC, call_put: put, strike: 60000, expiry: 2026-05-15T08:00:00Z, quantity: 2, settlement: coin}
  keep_pnl: true
limits:
  - {measure: expected_shortfall, level: 0.99, max: 2500000}
  - {measure: delta, underlying: BTC, book: b, max: 120}
stress:
  spot: [-0.5, 0, 0.5]
  volatility: [-0.25, 0.5]
  european_options: fourier
  scenarios: scenarios.yaml
  margin_grid: grid.yaml
hedge:
  instruments: [BTC-PERPETUAL, BTC-27MAR26]
  horizon_days: 3
  cost_weight: 2.5
  costs: costs.yaml
  limits: {max_margin: 1, max_leverage: 2, min_delta: -3, max_delta: 3, min_gamma: -4, max_gamma: 4, min_vega: -5, max_vega: 5}
  instrument_limits:
    - {instrument: BTC-27MAR26, min: -10, max: 20}
  target: {delta: 1, gamma: 2, vega: 3, positions: target.csv}
  book: b
simulate:
  position: t1
  instruments: [X-SPOT]
  dates: {count: 30, spacing_days: 2.5}
  costs: {proportional: 0.0005, charge_entry: false, charge_unwind: false, half_spread: 0.25, impact: 0.01, fixed: 2, options: {fee: 0.0003, fee_cap: 0.125, relative_half_spread: 0.01}, delivery_fee: 0.00025,
          schedule: [{from: 2026-03-12, proportional: 0.0004, half_spread: 0.2, impact: 0.02, fixed: 1}, {from: 2026-03-20, venue: thin, maker_fee: 0.0001}]}
  venues:
    - {name: deep, taker_fee: 0.0006, half_spread: 0.1, impact: 0.005, fixed: 0.5}
    - {name: thin, maker_fee: 0.0002, maker_share: 0.25, hazard: 0.05, loss: 0.8, share: 0.5, limit: 40}
  slices: {count: 3, over_seconds: 120}
  cost_weight: 4.5
  policies:
    - none
    - {type: delta_band, name: band, width: 0.03}
    - {type: fixed_interval, every: 5}
    - {type: volatility_interval, variance: 0.001}
    - {type: gamma_weighted, loss: 0.25}
  frontier: [0.5, 8]
  instrument_limits: [{instrument: X-SPOT, min: -3, max: 4}]
  save_policy: band
  levels: [0.75]
  drift: 0.2
  keep_pnl: true
  attribution: true
  real_world: {kappa: 2.5, theta: 0.06}
  latency_seconds: 30
  funding: {reversion: 80, volatility: 0.02, mean: 0.0002, start: 0.0004, correlation: 0.25, interest: 0, band: 0.00025, cap: 0.005}
  margin: {collateral: 1000, initial: 0.2, maintenance: 0.1, parts: 4, fee: 0.005, coin: true, yield: 0.015, haircut: 0.08, leverage: 3,
           band: 0.3, transfer_fee: 0.0007, transfer_fixed: 1.5, also: BTC-PERPETUAL, partial: true}
  index: [{from: 2026-03-05, to: 2026-03-06T12:00:00Z}, {from: 2026-03-07, to: 2026-03-08, error: -0.05}]
  cascade: {decay: 60, excitation: 900, threshold: 0.02, base: 5, mean: -0.05, deviation: 0.02}
  own_impact: {permanent: 0.0001, transient: 0.0002, decay: 300}
backtest:
  position: t5
  instrument: K-PERPETUAL
  prices: record.csv
  funding: funding.csv
  dates: {count: 9, spacing_days: 0.5}
  costs:
    proportional: 0.0005
    relative_half_spread: 0.0001
    impact: 0.01
    schedule:
      - {from: 2026-03-04T08:00:00Z, proportional: 0.0004}
      - {from: 2026-03-05T08:00:00Z, relative_half_spread: 0.0002, impact: 0.02}
  limits: {min: -70, max: 80}
  latency_bars: 1
  margin: {collateral: 1000, maintenance: 0.1, parts: 4, fee: 0.005}
  account: coin
  risk_aversion: 0.5
  policies: [none, {type: delta_band, name: band, width: 0.03}]
  compare: band
  variance: {marks: expected, told: same}
  intervals: {level: 0.9, replicates: 500, seed: 3}
)";

inline const char sample_quotes[] = "instrument,bid,ask,mark,open_interest,bid_size,ask_size\n"
                                    "BTC-INDEX,,,68012.35,,,\n"
                                    "BTC-PERPETUAL,68015.5,68016,68015.75,734533380,100,200\n"
                                    "BTC-27MAR26,68022.5,68025,,,,\n"
                                    "BTC-27MAR26-75000-C,0.0175,0.018,0.0177,12.5,3,4\n"
                                    "BTC-27MAR26-60000-P,,0.01,,,,\n";

inline const char sample_positions[] = "venue,quantity,instrument,entry_price,book\r\n"
                                       "deribit,-25,BTC-27MAR26-75000-C,0.0175,main\r\n"
                                       "\r\n"
                                       ",1.5e3,BTC-PERPETUAL,,\r\n"
                                       "\"dex, two\",+2.25,BTC-27MAR26-60000-P,0,\"b \"\"q\"\"\"";

inline const char sample_prices[] =
    "date,BTC,X,K\n2026-01-01,60000,100,9\n2026-01-02,61000,101,9.5\n2026-01-03,59000,99,9.25\n";

inline const char sample_record[] = "time,price\n"
                                    "2026-03-02T06:00:00Z,10\n"
                                    "1772452800,10.25\n"
                                    "2026-03-02T18:00:00Z,9.75\n"
                                    "1772496000,10.5\n"
                                    "2026-03-03T06:00:00Z,10\n"
                                    "1772539200,10.25\n"
                                    "2026-03-03T18:00:00Z,9.75\n"
                                    "1772582400,10.5\n"
                                    "2026-03-04T06:00:00Z,10\n"
                                    "1772625600,10.25\n"
                                    "2026-03-04T18:00:00Z,9.75\n"
                                    "1772668800,10.5\n"
                                    "2026-03-05T06:00:00Z,10\n"
                                    "1772712000,10.25\n"
                                    "2026-03-05T18:00:00Z,9.75\n"
                                    "1772755200,10.5\n"
                                    "2026-03-06T06:00:00Z,10\n"
                                    "1772798400,10.25\n"
                                    "2026-03-06T18:00:00Z,9.75\n"
                                    "1772841600,10.5\n";

inline const char sample_funding[] = "time,rate\n2026-03-02T16:00:00Z,0.0001\n2026-03-04T16:00:00Z,-0.0002\n"
                                     "2026-03-06T16:00:00Z,3e-4\n";

inline const char sample_scenarios[] = R"(scenarios:
  - name: crash
    underlyings: [BTC, X]
    spot: -0.35
    volatility: 0.9
    skew: -0.15
    carry: -0.08
    jump_intensity: 1.0
    jump_size: 0.5
    discount_rate: 0.01
    correlation: 0.15
    spread_factor: 4
    depth_factor: 0.25
    fee_factor: 2
    margin_factor: 1.5
    venue_lost: deribit
  - name: calm
)";

inline const char sample_costs[] =
    R"(- {instrument: option, fee: 0.0003, fee_cap: 0.125, half_spread: 2, impact: 1.5, funding: 0.06}
- {instrument: BTC-PERPETUAL}
)";

inline const char sample_grid[] =
    "spot: [-0.16, 0, 0.16]\nvolatility: [-0.25, 0.5]\nshort_exponent: 0.4\nlong_exponent: 0.2\n";

inline const char sample_target[] = "instrument,quantity\nBTC-PERPETUAL,500\n";

inline std::map<std::string, std::string> sample_files() {
  return {{"config.yaml", sample_yaml},         {"quotes.csv", sample_quotes},
          {"positions.csv", sample_positions},  {"prices.csv", sample_prices},
          {"scenarios.yaml", sample_scenarios}, {"costs.yaml", sample_costs},
          {"grid.yaml", sample_grid},           {"target.csv", sample_target},
          {"record.csv", sample_record},        {"funding.csv", sample_funding}};
}

#endif
