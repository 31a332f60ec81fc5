/* Good configs: every key arrives in its field, in every spelling that is allowed. */
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "host/io/config.h"
#include "host/market/time.h"
#include "sample_config.h"
#include "scratch.h"

namespace {

struct Loaded {
  qs_context context;
  qs_status status;
  qs_config *config = nullptr;
  const qs_inputs *in = nullptr;

  explicit Loaded(const std::string &path, const std::vector<const char *> &overrides = {}) {
    qs_context_init(&context);
    status = qs_config_read(&context, path.c_str(), overrides.data(), overrides.size(), &config);
    in = status == QS_OK ? qs_config_inputs(config) : nullptr;
  }
  ~Loaded() { qs_config_destroy(config); }
  Loaded(const Loaded &) = delete;
  Loaded &operator=(const Loaded &) = delete;
};

#define LOAD(name, ...)                                                                                      \
  Loaded name(__VA_ARGS__);                                                                                  \
  ASSERT_EQ(name.status, QS_OK) << name.context.message

class Sample : public testing::Test {
protected:
  void SetUp() override { folder.write(sample_files()); }
  Scratch folder;
};

TEST_F(Sample, RunAndMarket) {
  LOAD(c, folder / "config.yaml");
  EXPECT_EQ(c.in->as_of, qs_time_civil(2026, 3, 2) + 9 * 3600 + 30 * 60);
  EXPECT_STREQ(qs_config_output(c.config), (folder / "out/here").c_str());
  EXPECT_STREQ(c.in->reporting_currency, "USD");
  EXPECT_EQ(c.in->simulation.paths, 4096u);
  EXPECT_EQ(c.in->simulation.seed, 7u);
  EXPECT_EQ(c.in->simulation.precision, QS_DOUBLE);
  EXPECT_EQ(c.in->simulation.arithmetic, QS_EXACT);
  EXPECT_EQ(c.in->simulation.scheme, QS_SCHEME_CHOICE_EULER);
  EXPECT_EQ(c.in->simulation.time_step_days, 2.5);
  EXPECT_EQ(c.in->simulation.variance_reduction, QS_REDUCTION_NONE);
  EXPECT_EQ(c.in->simulation.sampling, QS_SAMPLING_CHOICE_PSEUDO);
  EXPECT_EQ(c.in->simulation.target_std_error, 0.001);
  EXPECT_EQ(c.in->simulation.max_paths, 65536u);
  EXPECT_EQ(c.in->sections,
            (uint32_t)(QS_SECTION_CALIBRATE | QS_SECTION_VALUE | QS_SECTION_RISK | QS_SECTION_STRESS |
                       QS_SECTION_HEDGE | QS_SECTION_SIMULATE | QS_SECTION_BACKTEST));
  ASSERT_EQ(c.in->underlying_count, 4u);
  const qs_underlying_spec &btc = c.in->underlyings[0];
  EXPECT_STREQ(btc.name, "BTC");
  EXPECT_STREQ(btc.quotes_source, (folder / "quotes.csv").c_str());
  EXPECT_EQ(btc.spot, 68000.5);
  EXPECT_EQ(btc.carry, 0.01);
  EXPECT_EQ(btc.discount_rate, 0.02);
  EXPECT_EQ(btc.coin_rate, 0.003);
  EXPECT_EQ(btc.model.type, QS_MODEL_SVCJ);
  EXPECT_TRUE(btc.calibrate);
  const double values[] = {0.3, 2, 0.4, 1.5, -0.4, 3, -0.05, 0.1, 0.2, -0.5};
  for (int i = 0; i < 10; i++) {
    EXPECT_EQ(btc.model.value[i], values[i]) << qs_parameter_name((qs_parameter)i);
  }
  EXPECT_EQ(btc.given, 0x3ffu);
  EXPECT_EQ(btc.basis_volatility, 0.03);
  EXPECT_EQ(btc.basis_mean_reversion, 40);
  EXPECT_EQ(btc.basis_correlation, 0.25);
  EXPECT_EQ(btc.max_spread, 0.4);
  const qs_underlying_spec &kou = c.in->underlyings[2];
  EXPECT_EQ(kou.model.value[QS_P], 0.4);
  EXPECT_EQ(kou.model.value[QS_ETA1], 10);
  EXPECT_EQ(kou.model.value[QS_ETA2], 5);
  EXPECT_EQ(kou.model.value[QS_SIGMA], 0.2);
  EXPECT_EQ(kou.given, qs_model_parameters(QS_MODEL_KOU));
  EXPECT_TRUE(std::isnan(kou.carry));
  EXPECT_EQ(kou.max_spread, 0.5);
  ASSERT_EQ(c.in->correlation_count, 2u);
  EXPECT_STREQ(c.in->correlations[1].between[0], "X");
  EXPECT_STREQ(c.in->correlations[1].between[1], "K");
  EXPECT_EQ(c.in->correlations[1].value, -0.25);
}

TEST_F(Sample, Quotes) {
  LOAD(c, folder / "config.yaml");
  const qs_underlying_spec &btc = c.in->underlyings[0];
  ASSERT_EQ(btc.quote_count, 5u);
  const qs_quote &perpetual = btc.quotes[1];
  EXPECT_STREQ(perpetual.instrument, "BTC-PERPETUAL");
  EXPECT_EQ(perpetual.bid, 68015.5);
  EXPECT_EQ(perpetual.ask, 68016);
  EXPECT_EQ(perpetual.mark, 68015.75);
  EXPECT_EQ(perpetual.open_interest, 734533380);
  EXPECT_EQ(perpetual.bid_size, 100);
  EXPECT_EQ(perpetual.ask_size, 200);
  EXPECT_EQ(perpetual.line, 3u);
  EXPECT_TRUE(std::isnan(btc.quotes[0].bid));
  EXPECT_TRUE(std::isnan(btc.quotes[4].bid));
  EXPECT_EQ(btc.quotes[4].ask, 0.01);
}

TEST_F(Sample, Book) {
  LOAD(c, folder / "config.yaml");
  ASSERT_EQ(c.in->position_count, 3u);
  const qs_position_spec *p = c.in->positions;
  EXPECT_STREQ(p[0].instrument, "BTC-27MAR26-75000-C");
  EXPECT_EQ(p[0].quantity, -25);
  EXPECT_EQ(p[0].entry_price, 0.0175);
  EXPECT_STREQ(p[0].book, "main");
  EXPECT_STREQ(p[0].venue, "deribit");
  EXPECT_EQ(p[0].line, 2u);
  EXPECT_EQ(p[1].quantity, 1500);
  EXPECT_TRUE(std::isnan(p[1].entry_price));
  EXPECT_EQ(p[1].book, nullptr);
  EXPECT_EQ(p[1].venue, nullptr);
  EXPECT_EQ(p[1].line, 4u);
  EXPECT_EQ(p[2].quantity, 2.25);
  EXPECT_STREQ(p[2].venue, "dex, two");
  EXPECT_STREQ(p[2].book, "b \"q\"");
  ASSERT_EQ(c.in->cash_count, 2u);
  EXPECT_STREQ(c.in->cash[0].currency, "BTC");
  EXPECT_EQ(c.in->cash[0].amount, 12.5);
  EXPECT_STREQ(c.in->cash[0].venue, "deribit");
  EXPECT_EQ(c.in->cash[1].amount, -100);
  ASSERT_EQ(c.in->trade_count, 5u);
  const qs_trade_spec *t = c.in->trades;
  EXPECT_STREQ(t[0].id, "t1");
  EXPECT_EQ(t[0].type, QS_TRADE_EUROPEAN);
  EXPECT_STREQ(t[0].underlying, "X");
  EXPECT_EQ(t[0].call_put, QS_CALL);
  EXPECT_EQ(t[0].strike, 105);
  EXPECT_EQ(t[0].expiry, 0);
  EXPECT_EQ(t[0].expiry_years, 0.5);
  EXPECT_EQ(t[0].quantity, 3);
  EXPECT_EQ(t[0].settlement, QS_SETTLE_LINEAR);
  EXPECT_EQ(t[0].entry_price, 1.5);
  EXPECT_STREQ(t[0].book, "b");
  EXPECT_STREQ(t[0].venue, "v");
  EXPECT_EQ(t[0].line, 34u);
  EXPECT_EQ(t[1].type, QS_TRADE_FORWARD);
  EXPECT_EQ(t[1].expiry, qs_time_civil(2026, 6, 1));
  EXPECT_TRUE(std::isnan(t[1].expiry_years));
  EXPECT_EQ(t[2].settlement, QS_SETTLE_COIN);
  EXPECT_EQ(t[3].type, QS_TRADE_PERPETUAL);
  EXPECT_EQ(t[4].type, QS_TRADE_SPOT);
  EXPECT_TRUE(std::isnan(t[4].strike));
}

TEST_F(Sample, RiskAndStress) {
  LOAD(c, folder / "config.yaml");
  EXPECT_FALSE(c.in->value.greeks);
  EXPECT_FALSE(c.in->value.vega);
  const qs_risk_spec &risk = c.in->risk;
  EXPECT_EQ(risk.horizon_days, 2);
  ASSERT_EQ(risk.level_count, 2u);
  EXPECT_EQ(risk.levels[0], 0.9);
  EXPECT_EQ(risk.drift, 0.1);
  ASSERT_EQ(risk.history_name_count, 3u);
  EXPECT_STREQ(risk.history_names[2], "K");
  ASSERT_EQ(risk.history_count, 3u);
  EXPECT_EQ(risk.history[1].time, qs_time_civil(2026, 1, 2));
  EXPECT_EQ(risk.history[2].close[2], 9.25);
  EXPECT_EQ(risk.history_window, 100u);
  ASSERT_EQ(risk.what_if_count, 1u);
  EXPECT_EQ(risk.what_if[0].call_put, QS_PUT);
  EXPECT_TRUE(risk.keep_pnl);
  ASSERT_EQ(c.in->limit_count, 2u);
  EXPECT_STREQ(c.in->limits[0].measure, "expected_shortfall");
  EXPECT_EQ(c.in->limits[0].level, 0.99);
  EXPECT_EQ(c.in->limits[0].max, 2500000);
  EXPECT_STREQ(c.in->limits[1].underlying, "BTC");
  EXPECT_STREQ(c.in->limits[1].book, "b");
  const qs_stress_spec &stress = c.in->stress;
  EXPECT_EQ(stress.spot_count, 3u);
  EXPECT_EQ(stress.volatility[1], 0.5);
  EXPECT_EQ(stress.european_options, QS_STRESS_OPTIONS_FOURIER);
  ASSERT_EQ(stress.scenario_count, 2u);
  const qs_scenario_spec &crash = stress.scenarios[0];
  EXPECT_STREQ(crash.name, "crash");
  ASSERT_EQ(crash.underlying_count, 2u);
  EXPECT_STREQ(crash.underlyings[1], "X");
  const double shocks[] = {crash.spot,          crash.volatility,     crash.skew,
                           crash.carry,         crash.jump_intensity, crash.jump_size,
                           crash.discount_rate, crash.correlation,    crash.spread_factor,
                           crash.depth_factor,  crash.fee_factor,     crash.margin_factor};
  const double expected[] = {-0.35, 0.9, -0.15, -0.08, 1, 0.5, 0.01, 0.15, 4, 0.25, 2, 1.5};
  for (size_t i = 0; i < 12; i++) {
    EXPECT_EQ(shocks[i], expected[i]) << i;
  }
  EXPECT_STREQ(crash.venue_lost, "deribit");
  EXPECT_EQ(stress.scenarios[1].spread_factor, 1);
  EXPECT_EQ(stress.scenarios[1].underlyings, nullptr);
  ASSERT_NE(stress.margin_grid, nullptr);
  EXPECT_EQ(stress.margin_grid->spot_count, 3u);
  EXPECT_EQ(stress.margin_grid->short_exponent, 0.4);
  EXPECT_EQ(stress.margin_grid->long_exponent, 0.2);
}

TEST_F(Sample, Hedge) {
  LOAD(c, folder / "config.yaml");
  const qs_hedge_spec &hedge = c.in->hedge;
  ASSERT_EQ(hedge.instrument_count, 2u);
  EXPECT_STREQ(hedge.instruments[1], "BTC-27MAR26");
  EXPECT_EQ(hedge.horizon_days, 3);
  EXPECT_EQ(hedge.cost_weight, 2.5);
  EXPECT_TRUE(std::isnan(hedge.risk_aversion));
  ASSERT_EQ(hedge.cost_count, 2u);
  const qs_cost_spec &option = hedge.costs[0];
  EXPECT_STREQ(option.instrument, "option");
  EXPECT_EQ(option.fee, 0.0003);
  EXPECT_EQ(option.fee_cap, 0.125);
  EXPECT_EQ(option.half_spread, 2);
  EXPECT_EQ(option.impact, 1.5);
  EXPECT_EQ(option.funding, 0.06);
  EXPECT_TRUE(std::isnan(hedge.costs[1].half_spread));
  const qs_hedge_limits &l = hedge.limits;
  const double limits[] = {l.max_margin, l.max_leverage, l.min_delta, l.max_delta,
                           l.min_gamma,  l.max_gamma,    l.min_vega,  l.max_vega};
  const double expected[] = {1, 2, -3, 3, -4, 4, -5, 5};
  for (size_t i = 0; i < 8; i++) {
    EXPECT_EQ(limits[i], expected[i]) << i;
  }
  ASSERT_EQ(hedge.instrument_limit_count, 1u);
  EXPECT_EQ(hedge.instrument_limits[0].min, -10);
  EXPECT_EQ(hedge.instrument_limits[0].max, 20);
  EXPECT_EQ(hedge.target_delta, 1);
  EXPECT_EQ(hedge.target_gamma, 2);
  EXPECT_EQ(hedge.target_vega, 3);
  ASSERT_EQ(hedge.target_count, 1u);
  EXPECT_EQ(hedge.target[0].quantity, 500);
  EXPECT_STREQ(hedge.book, "b");
}

TEST_F(Sample, Simulate) {
  LOAD(c, folder / "config.yaml");
  EXPECT_TRUE(c.in->sections & QS_SECTION_SIMULATE);
  const qs_simulate_spec &s = c.in->simulate;
  EXPECT_STREQ(s.position, "t1");
  ASSERT_EQ(s.instrument_count, 1u);
  EXPECT_STREQ(s.instruments[0], "X-SPOT");
  EXPECT_EQ(s.dates.count, 30u);
  EXPECT_EQ(s.dates.spacing_days, 2.5);
  EXPECT_EQ(s.costs.proportional, 0.0005);
  EXPECT_FALSE(s.costs.charge_entry || s.costs.charge_unwind);
  EXPECT_EQ(s.costs.half_spread, 0.25);
  EXPECT_EQ(s.costs.impact, 0.01);
  EXPECT_EQ(s.costs.fixed, 2);
  EXPECT_EQ(s.costs.options.fee, 0.0003);
  EXPECT_EQ(s.costs.options.fee_cap, 0.125);
  EXPECT_EQ(s.costs.options.relative_half_spread, 0.01);
  EXPECT_EQ(s.costs.delivery_fee, 0.00025);
  ASSERT_EQ(s.costs.schedule_count, 2u);
  EXPECT_EQ(s.costs.schedule[0].from, qs_time_civil(2026, 3, 12));
  EXPECT_EQ(s.costs.schedule[0].proportional, 0.0004);
  EXPECT_EQ(s.costs.schedule[0].half_spread, 0.2);
  EXPECT_EQ(s.costs.schedule[0].impact, 0.02);
  EXPECT_EQ(s.costs.schedule[0].fixed, 1);
  EXPECT_STREQ(s.costs.schedule[1].venue, "thin");
  EXPECT_EQ(s.costs.schedule[1].maker_fee, 0.0001);
  EXPECT_TRUE(std::isnan(s.costs.schedule[1].proportional)); // as before
  ASSERT_EQ(s.venue_count, 2u);
  EXPECT_STREQ(s.venues[0].name, "deep");
  EXPECT_EQ(s.venues[0].taker_fee, 0.0006);
  EXPECT_EQ(s.venues[0].half_spread, 0.1);
  EXPECT_EQ(s.venues[0].impact, 0.005);
  EXPECT_EQ(s.venues[0].fixed, 0.5);
  EXPECT_TRUE(std::isnan(s.venues[0].maker_fee) && std::isnan(s.venues[1].impact)); // as the section's
  EXPECT_EQ(s.venues[1].maker_fee, 0.0002);
  EXPECT_EQ(s.venues[1].maker_share, 0.25);
  EXPECT_EQ(s.venues[1].hazard, 0.05);
  EXPECT_EQ(s.venues[1].loss, 0.8);
  EXPECT_EQ(s.venues[1].share, 0.5);
  EXPECT_EQ(s.venues[1].limit, 40);
  EXPECT_EQ(s.venues[0].hazard, 0);
  EXPECT_TRUE(s.venues[0].loss == 1 && s.venues[0].share == 1 && std::isnan(s.venues[0].limit));
  EXPECT_EQ(s.slices.count, 3u);
  EXPECT_EQ(s.slices.over_seconds, 120);
  EXPECT_EQ(s.latency_seconds, 30);
  EXPECT_EQ(s.funding.reversion, 80);
  EXPECT_EQ(s.funding.volatility, 0.02);
  EXPECT_EQ(s.funding.mean, 0.0002);
  EXPECT_EQ(s.funding.start, 0.0004);
  EXPECT_EQ(s.funding.correlation, 0.25);
  EXPECT_EQ(s.funding.interest, 0);
  EXPECT_EQ(s.funding.band, 0.00025);
  EXPECT_EQ(s.funding.cap, 0.005);
  EXPECT_EQ(s.margin.collateral, 1000);
  EXPECT_EQ(s.margin.initial, 0.2);
  EXPECT_EQ(s.margin.maintenance, 0.1);
  EXPECT_EQ(s.margin.parts, 4u);
  EXPECT_EQ(s.margin.fee, 0.005);
  EXPECT_TRUE(s.margin.coin && s.margin.partial);
  EXPECT_STREQ(s.margin.also, "BTC-PERPETUAL");
  EXPECT_EQ(s.margin.yield, 0.015);
  EXPECT_EQ(s.margin.haircut, 0.08);
  EXPECT_EQ(s.margin.leverage, 3);
  EXPECT_EQ(s.margin.band, 0.3);
  EXPECT_EQ(s.margin.transfer_fee, 0.0007);
  EXPECT_EQ(s.margin.transfer_fixed, 1.5);
  EXPECT_EQ(s.cost_weight, 4.5);
  EXPECT_TRUE(std::isnan(s.risk_aversion));
  ASSERT_EQ(s.policy_count, 5u);
  EXPECT_EQ(s.policies[0].type, QS_HEDGE_POLICY_NONE);
  EXPECT_EQ(s.policies[0].name, nullptr);
  EXPECT_EQ(s.policies[1].type, QS_HEDGE_POLICY_DELTA_BAND);
  EXPECT_STREQ(s.policies[1].name, "band");
  EXPECT_EQ(s.policies[1].width, 0.03);
  EXPECT_EQ(s.policies[2].every, 5u);
  EXPECT_EQ(s.policies[3].variance, 0.001);
  EXPECT_EQ(s.policies[4].loss, 0.25);
  ASSERT_EQ(s.instrument_limit_count, 1u);
  EXPECT_STREQ(s.instrument_limits[0].instrument, "X-SPOT");
  EXPECT_EQ(s.instrument_limits[0].min, -3);
  EXPECT_EQ(s.instrument_limits[0].max, 4);
  EXPECT_STREQ(s.save_policy, "band");
  ASSERT_EQ(s.frontier_count, 2u);
  EXPECT_EQ(s.frontier[1], 8);
  ASSERT_EQ(s.level_count, 1u);
  EXPECT_EQ(s.levels[0], 0.75);
  EXPECT_EQ(s.drift, 0.2);
  EXPECT_TRUE(s.keep_pnl);
  EXPECT_TRUE(s.attribution);
  ASSERT_EQ(s.index_count, 2u);
  EXPECT_EQ(s.index[0].from, qs_time_civil(2026, 3, 5));
  EXPECT_EQ(s.index[0].to, qs_time_civil(2026, 3, 6) + 12 * 3600);
  EXPECT_TRUE(std::isnan(s.index[0].error)) << "stale";
  EXPECT_EQ(s.index[1].error, -0.05);
  EXPECT_EQ(s.cascade.decay, 60);
  EXPECT_EQ(s.cascade.excitation, 900);
  EXPECT_EQ(s.cascade.threshold, 0.02);
  EXPECT_EQ(s.cascade.base, 5);
  EXPECT_EQ(s.cascade.mean, -0.05);
  EXPECT_EQ(s.cascade.deviation, 0.02);
  EXPECT_EQ(s.own_impact.permanent, 0.0001);
  EXPECT_EQ(s.own_impact.transient, 0.0002);
  EXPECT_EQ(s.own_impact.decay, 300);
  EXPECT_EQ(s.real_world.value[QS_KAPPA], 2.5);
  EXPECT_EQ(s.real_world.value[QS_THETA], 0.06);
  EXPECT_TRUE(std::isnan(s.real_world.value[QS_V0]) && std::isnan(s.real_world.value[QS_SIGMA]));
}

TEST_F(Sample, SimulateByRiskAversionOnListedDates) {
  LOAD(c, folder / "config.yaml",
       {"simulate={position: t1, instruments: [X-SPOT], risk_aversion: 0.5, objective: "
        "expected_shortfall, objective_level: 0.9, policies: [leland], dates: "
        "[2026-03-02T09:30:00Z, 2026-03-10, 2026-03-20]}"});
  const qs_simulate_spec &s = c.in->simulate;
  EXPECT_EQ(s.objective, QS_OBJECTIVE_EXPECTED_SHORTFALL);
  EXPECT_EQ(s.objective_level, 0.9);
  EXPECT_TRUE(std::isnan(s.dates.spacing_days));
  ASSERT_EQ(s.dates.time_count, 3u);
  EXPECT_EQ(s.dates.times[0], c.in->as_of) << "trading at once";
  EXPECT_EQ(s.dates.times[2], qs_time_civil(2026, 3, 20));
  EXPECT_EQ(s.risk_aversion, 0.5);
  EXPECT_TRUE(std::isnan(s.cost_weight));
  EXPECT_EQ(s.policies[0].type, QS_HEDGE_POLICY_LELAND);
  EXPECT_EQ(s.costs.proportional, 0);
  EXPECT_TRUE(std::isnan(s.funding.reversion) && std::isnan(s.margin.collateral)); // there are none
  EXPECT_TRUE(std::isnan(s.cascade.decay) && s.index_count == 0);
  EXPECT_EQ(s.own_impact.permanent + s.own_impact.transient, 0);
  EXPECT_TRUE(std::isnan(s.costs.options.fee_cap));
  EXPECT_EQ(s.costs.options.fee + s.costs.options.relative_half_spread, 0);
  EXPECT_TRUE(std::isnan(s.costs.delivery_fee));
  EXPECT_EQ(s.venue_count + s.costs.schedule_count, 0u);
  EXPECT_EQ(s.slices.count, 1u);
  EXPECT_EQ(s.costs.half_spread + s.costs.impact + s.costs.fixed + s.latency_seconds, 0);
  EXPECT_TRUE(s.costs.charge_entry && s.costs.charge_unwind);
  EXPECT_EQ(s.level_count, 2u);
}

// Every name of a policy is one that a config takes.
TEST_F(Sample, SimulateTakesEveryPolicy) {
  const std::map<std::string, const char *> own = {{"delta_band", ", width: 1"},
                                                   {"fixed_interval", ", every: 1"},
                                                   {"volatility_interval", ", variance: 1"},
                                                   {"gamma_weighted", ", loss: 1"}};
  for (int type = 0; type <= QS_HEDGE_POLICY_OPTIMAL; type++) {
    const std::string name = qs_hedge_policy_name(qs_hedge_policy_type(type));
    const std::string text = "simulate.policies=[{type: " + name + (own.count(name) ? own.at(name) : "") +
                             "}, {type: none, name: band}]";
    LOAD(c, folder / "config.yaml", {text.c_str()});
    EXPECT_EQ(c.in->simulate.policies[0].type, type) << name;
  }
}

// After the first instrument there may be options, listed or by a trade's id, and policies that hold one.
TEST_F(Sample, SimulateWithOptions) {
  for (const char *option : {"X-25DEC26-100-C", "late"}) {
    const std::string section = std::string("simulate={position: late, instruments: [X-SPOT, ") + option +
                                "], risk_aversion: 1, policies: [delta_gamma, {type: delta_vega, name: v}], "
                                "dates: {count: 2, spacing_days: 1}}";
    LOAD(
        c, folder / "config.yaml",
        {"trades.5={id: late, type: european, underlying: X, call_put: call, strike: 90, expiry: 2026-12-01, "
         "quantity: 0}",
         section.c_str()});
    const qs_simulate_spec &s = c.in->simulate;
    ASSERT_EQ(s.instrument_count, 2u);
    EXPECT_STREQ(s.instruments[1], option);
    EXPECT_EQ(s.policies[0].type, QS_HEDGE_POLICY_DELTA_GAMMA);
    EXPECT_EQ(s.policies[1].type, QS_HEDGE_POLICY_DELTA_VEGA);
  }
}

// A position may be a book, all there is, or one of several of the same instrument.
TEST_F(Sample, SimulatePositions) {
  const char portfolio[] = "portfolio=[{instrument: BTC-PERPETUAL, quantity: 1}, {instrument: "
                           "BTC-27MAR26-60000-P, quantity: 2, book: q}, {instrument: BTC-PERPETUAL, "
                           "quantity: 1}]";
  for (const char *position : {"portfolio", "q", "main", "BTC-PERPETUAL", "BTC-PERPETUAL#2", "cash-BTC"}) {
    const std::string section =
        std::string("simulate={position: \"") + position +
        "\", instruments: [BTC-PERPETUAL], risk_aversion: 1, policies: [none], dates: "
        "{count: 2, spacing_days: 1}}";
    LOAD(c, folder / "config.yaml",
         {portfolio, "trades=[]", "hedge.book=q", "limits.1.book=q", section.c_str(),
          "underlyings.0.discount_rate=0", "backtest.position=q", "backtest.instrument=BTC-PERPETUAL"});
    EXPECT_STREQ(c.in->simulate.position, position);
  }
}

TEST_F(Sample, FilesAreListedWithTheirHashes) {
  LOAD(c, folder / "config.yaml");
  const char *const names[] = {"config.yaml", "quotes.csv", "positions.csv", "prices.csv", "scenarios.yaml",
                               "grid.yaml",   "costs.yaml", "target.csv",    "record.csv", "funding.csv"};
  ASSERT_EQ(qs_config_file_count(c.config), 10u);
  for (size_t i = 0; i < 10; i++) {
    const char *path = nullptr;
    const char *sha256 = nullptr;
    qs_config_file(c.config, i, &path, &sha256);
    EXPECT_EQ(path, folder / names[i]);
    EXPECT_EQ(qs_config_file_size(c.config, i), Scratch::read(path).size());
    char hash[QS_SHA256_TEXT];
    std::string text = Scratch::read(path);
    qs_sha256(text.data(), text.size(), hash);
    EXPECT_STREQ(sha256, hash);
  }
}

const char small[] =
    "as_of: 2026-03-02\nunderlyings: [{name: X, spot: 100, model: {type: gbm, sigma: 0.2}}]\n";

TEST(Config, DefaultsAreThoseOfInit) {
  Scratch folder;
  folder.write("c.yaml", small);
  LOAD(c, folder / "c.yaml");
  qs_inputs d;
  qs_inputs_init(&d);
  EXPECT_EQ(c.in->struct_size, sizeof d);
  EXPECT_EQ(c.in->sections, 0u);
  EXPECT_EQ(c.in->simulation.paths, 262144u);
  EXPECT_EQ(c.in->simulation.seed, 1u);
  EXPECT_TRUE(std::isnan(c.in->simulation.target_std_error));
  EXPECT_EQ(c.in->simulation.max_paths, 16777216u);
  EXPECT_TRUE(std::isnan(c.in->simulation.time_step_days));
  EXPECT_TRUE(c.in->value.greeks && c.in->value.vega);
  EXPECT_EQ(c.in->risk.level_count, 3u);
  EXPECT_EQ(c.in->risk.history_window, 250u);
  EXPECT_EQ(c.in->underlyings[0].basis_volatility, 0.02);
  EXPECT_EQ(c.in->underlyings[0].basis_mean_reversion, 50);
  EXPECT_EQ(qs_config_output(c.config), nullptr);
}

TEST(Config, JsonAndBlockStyleAndByteOrderMark) {
  Scratch folder;
  folder.write("c.json", R"({"as_of": "2026-03-02T00:00:00Z", "underlyings": [{"name": "X", "spot": 1e2,
    "model": {"type": "gbm", "sigma": 0.2}}], "stress": {"spot": [-0.1, 0]},
    "portfolio": [{"instrument": "X-PERPETUAL", "quantity": 3}]})");
  folder.write("c.yaml",
               "\xef\xbb\xbf---\r\nas_of: 2026-03-02\r\nunderlyings:\r\n- name: \"X\"\r\n  spot: 100\r\n"
               "  model:\r\n    type: gbm\r\n    sigma: 0.2 # comment\r\nstress: {spot: [-0.1, 0]}\r\n"
               "portfolio:\r\n- {instrument: X-PERPETUAL, quantity: 3}\r\n...\r\n");
  for (const char *name : {"c.json", "c.yaml"}) {
    LOAD(c, folder / name);
    EXPECT_EQ(c.in->as_of, qs_time_civil(2026, 3, 2));
    EXPECT_EQ(c.in->underlyings[0].spot, 100);
    EXPECT_EQ(c.in->underlyings[0].model.value[QS_SIGMA], 0.2);
    ASSERT_EQ(c.in->stress.volatility_count, 1u) << "the other axis stays unmoved";
    EXPECT_EQ(c.in->stress.volatility[0], 0);
    ASSERT_EQ(c.in->position_count, 1u);
    EXPECT_EQ(c.in->positions[0].quantity, 3);
  }
}

TEST_F(Sample, InlineListsDoAsFilesDo) {
  LOAD(c, folder / "config.yaml",
       {"stress.scenarios=[{name: a, spot: 0.1}]", "stress.margin_grid={spot: [0.1], volatility: [0]}",
        "hedge.costs=[{instrument: spot, fee: 0.1}]",
        "hedge.target.positions=[{instrument: BTC-PERPETUAL, quantity: 4}]",
        "portfolio=[{instrument: BTC-PERPETUAL, quantity: 1}, {instrument: BTC-27MAR26, quantity: 2, "
        "entry_price: 5}]"});
  EXPECT_EQ(c.in->stress.scenarios[0].spot, 0.1);
  EXPECT_EQ(c.in->stress.margin_grid->spot[0], 0.1);
  EXPECT_EQ(c.in->stress.margin_grid->short_exponent, 0.30);
  EXPECT_EQ(c.in->hedge.costs[0].fee, 0.1);
  EXPECT_EQ(c.in->hedge.target[0].quantity, 4);
  ASSERT_EQ(c.in->position_count, 2u);
  EXPECT_EQ(c.in->positions[1].entry_price, 5);
}

TEST_F(Sample, OverridesReplaceAppendAndCreate) {
  LOAD(c, folder / "config.yaml",
       {"simulation.seed=99", "underlyings.1.spot=123.5", "risk.levels=[0.5, 0.75, 0.99]",
        "risk.levels.1=0.8", "cash.2={currency: X, amount: 5}", "cash.2.amount=6", "output=elsewhere",
        "simulation.time_step=auto", "trades.0.id=\"5\"", "simulate.position=\"5\"",
        "underlyings.2.basis.volatility=0.07"});
  EXPECT_EQ(c.in->simulation.seed, 99u);
  EXPECT_EQ(c.in->underlyings[1].spot, 123.5);
  ASSERT_EQ(c.in->risk.level_count, 3u);
  EXPECT_EQ(c.in->risk.levels[1], 0.8);
  ASSERT_EQ(c.in->cash_count, 3u);
  EXPECT_EQ(c.in->cash[2].amount, 6);
  EXPECT_STREQ(qs_config_output(c.config), (folder / "elsewhere").c_str());
  EXPECT_TRUE(std::isnan(c.in->simulation.time_step_days));
  EXPECT_STREQ(c.in->trades[0].id, "5");
  EXPECT_EQ(c.in->underlyings[2].basis_volatility, 0.07);
  ASSERT_EQ(qs_config_override_count(c.config), 11u);
  EXPECT_STREQ(qs_config_override(c.config, 1), "underlyings.1.spot=123.5");
}

TEST(Config, OverridesMakeWhatIsMissing) {
  Scratch folder;
  folder.write("c.yaml", small);
  LOAD(c, folder / "c.yaml",
       {"simulation.paths=64", "trades.0={id: a, type: spot, underlying: X, quantity: 2}", "trades.1.id=b",
        "trades.1.type=spot", "trades.1.underlying=X", "trades.1.quantity=-1", "risk.horizon_days=10"});
  EXPECT_EQ(c.in->simulation.paths, 64u);
  ASSERT_EQ(c.in->trade_count, 2u);
  EXPECT_STREQ(c.in->trades[1].id, "b");
  EXPECT_EQ(c.in->risk.horizon_days, 10);
  EXPECT_EQ(c.in->sections, (uint32_t)(QS_SECTION_VALUE | QS_SECTION_RISK));
}

TEST(Config, PathsAreRelativeToTheConfigUnlessAbsolute) {
  Scratch folder;
  std::filesystem::create_directory(folder / "deep");
  folder.write("elsewhere.csv", "instrument,quantity\nX-PERPETUAL,1\n");
  folder.write("deep/c.yaml",
               std::string(small) + "portfolio: ../elsewhere.csv\noutput: " + (folder / "abs") + "\n");
  LOAD(c, folder / "deep/c.yaml");
  EXPECT_EQ(c.in->position_count, 1u);
  EXPECT_STREQ(qs_config_output(c.config), (folder / "abs").c_str());
}

/* The shipped examples, where they are. */
TEST(Config, ShippedConfigsLoad) {
  LOAD(c, QS_SOURCE_DIR "/configs/demo/nightly.yaml");
  EXPECT_GE(c.in->position_count, 24u);
  EXPECT_GE(c.in->stress.scenario_count, 10u);
  ASSERT_NE(c.in->stress.margin_grid, nullptr);
  EXPECT_EQ(c.in->stress.margin_grid->spot_count, 9u);
}

/* A large book is read in time that grows with its size. */
TEST(Config, TwoHundredThousandPositions) {
  Scratch folder;
  std::string rows = "instrument,quantity,book\n";
  for (int i = 0; i < 200000; i++) {
    rows += "X-27MAR26-" + std::to_string(1000 + i % 5000) + "-C," + std::to_string(i) + ",b" +
            std::to_string(i % 7) + "\n";
  }
  folder.write("p.csv", rows);
  folder.write("c.yaml", std::string(small) + "portfolio: p.csv\n");
  LOAD(c, folder / "c.yaml");
  ASSERT_EQ(c.in->position_count, 200000u);
  EXPECT_EQ(c.in->positions[199999].quantity, 199999);
  EXPECT_EQ(c.in->positions[199999].line, 200001u);
}

} // namespace
