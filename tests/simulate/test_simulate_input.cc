// What a caller in memory may get wrong, each named by its key; a config's reader refuses the same with its
// place.
#include <cstring>
#include <functional>

#include "tests/simulate/simulate_world.h"

namespace {

const double nan = std::nan(""), infinite = HUGE_VAL;

// A call on X, a spot on K, cash; all is well before `spoil`.
class Wrong : public SimulateWorld {
public:
  std::vector<qs_time> times;

  Wrong() {
    add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, 0.6}}, 100, 0, 0);
    add_underlying("K", QS_MODEL_GBM, {{QS_SIGMA, 0.6}}, 10, 0, 0);
    add_option("t1", "X", QS_CALL, 100, 30.0 / 365, -1);
    add_option("t2", "K", QS_CALL, 10, 30.0 / 365, -1);
    every_day(30);
    spec.position = "t1";
    spec.cost_weight = 1;
    add_policy(QS_HEDGE_POLICY_NONE);
    add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
  }

  qs_status check(const std::function<void(Wrong &)> &spoil) {
    build();
    spoil(*this);
    spec.instruments = instruments.data();
    spec.instrument_count = instruments.size();
    spec.policies = policies.data();
    spec.policy_count = policies.size();
    return qs_simulate_check(&context, &inputs, market, book);
  }

  // Days from as_of.
  void on_days(const std::vector<double> &days) {
    for (double day : days) {
      times.push_back(market->as_of + (qs_time)(day * 86400));
    }
    spec.dates = {0, nan, times.data(), times.size()};
  }
};

struct Case {
  const char *name;
  std::function<void(Wrong &)> spoil;
  const char *said;
};

TEST(SimulateInput, IsRefusedByItsKey) {
  const double levels[] = {0.95, 1};
  const qs_instrument_limit limits[] = {{"X-SPOT", -1, 1}, {"X-SPOT", -1, 1}};
  const qs_instrument_limit limit_of_nothing[] = {{"K-SPOT", -1, 1}}, limit_above_0[] = {{"X-SPOT", 0.5, 1}};
  const qs_instrument_limit limit_infinite[] = {{"X-SPOT", -1, infinite}};
  const std::vector<Case> cases = {
      {"no_position", [](Wrong &w) { w.spec.position = nullptr; }, "simulate: a position and a policy"},
      {"no_policy", [](Wrong &w) { w.policies.clear(); }, "simulate: a position and a policy"},
      {"save_unknown", [](Wrong &w) { w.spec.save_policy = "best"; },
       "simulate.save_policy: got best: must be the name of a policy"},
      {"save_what_looks_back",
       [](Wrong &w) {
         w.add_policy(QS_HEDGE_POLICY_FIXED_INTERVAL, "weekly").every = 7;
         w.spec.save_policy = "weekly";
       },
       "simulate.save_policy: got weekly: it looks back at its last trade"},
      {"unknown", [](Wrong &w) { w.spec.position = "t9"; }, "simulate.position: got t9: must be portfolio"},
      {"another", [](Wrong &w) { w.spec.position = "t2"; }, "simulate.position: got t2: t2 is not of"},
      {"several", [](Wrong &w) { w.spec.position = "portfolio"; }, "t2 is not of the underlying X"},
      {"instrument", [](Wrong &w) { w.instruments = {"X-MOON"}; }, "simulate.instruments.0: got X-MOON: unk"},
      {"option", [](Wrong &w) { w.instruments = {"X-7AUG26-100-C"}; }, "must be a spot, a future"},
      {"underlying", [](Wrong &w) { w.instruments = {"Z-SPOT"}; }, "got Z-SPOT: unknown underlying"},
      {"two",
       [](Wrong &w) {
         w.instruments = {"X-SPOT", "X-PERPETUAL"};
       },
       "simulate.instruments.1: got X-PERPETUAL: must be an option"},
      {"nine", [](Wrong &w) { w.instruments = {"X-SPOT", "t1", "t1", "t1", "t1", "t1", "t1", "t1", "t1"}; },
       "instruments: got 9: must be 1 to 8"},
      {"none", [](Wrong &w) { w.instruments.clear(); }, "simulate.instruments: got 0: must be 1 to 8"},
      {"option_of_another",
       [](Wrong &w) {
         w.instruments = {"X-SPOT", "K-26JUN26-10-C"};
       },
       "simulate.instruments.1: got K-26JUN26-10-C: must be of the first one's underlying"},
      {"option_of_nothing",
       [](Wrong &w) {
         w.instruments = {"X-SPOT", "t9"};
       },
       "simulate.instruments.1: got t9: must be an option: a listed one that has not expired"},
      {"option_expired",
       [](Wrong &w) {
         w.instruments = {"X-SPOT", "X-27FEB26-100-C"};
       },
       "simulate.instruments.1: got X-27FEB26-100-C: must be an option: a listed one that has not"},
      {"option_too_short",
       [](Wrong &w) {
         w.instruments = {"X-SPOT", "t1"};
       },
       "simulate.instruments.1: got t1: expires at 2026-04-01T09:30:00Z; must expire after the last date"},
      {"option_twice",
       [](Wrong &w) {
         w.instruments = {"X-SPOT", "X-26JUN26-100-C", "X-26JUN26-100-C"};
       },
       "simulate.instruments.2: got X-26JUN26-100-C: must not stand twice"},
      {"limit_of_nothing",
       [&](Wrong &w) {
         w.spec.instrument_limits = limit_of_nothing;
         w.spec.instrument_limit_count = 1;
       },
       "simulate.instrument_limits.0.instrument: got K-SPOT: must be one of the instruments"},
      {"limit_twice",
       [&](Wrong &w) {
         w.spec.instrument_limits = limits;
         w.spec.instrument_limit_count = 2;
       },
       "simulate.instrument_limits.1.instrument: got X-SPOT: must be given once"},
      {"limit_above_0",
       [&](Wrong &w) {
         w.spec.instrument_limits = limit_above_0;
         w.spec.instrument_limit_count = 1;
       },
       "simulate.instrument_limits.0: got 0.5 to 1: must be finite and hold 0"},
      {"limit_infinite",
       [&](Wrong &w) {
         w.spec.instrument_limits = limit_infinite;
         w.spec.instrument_limit_count = 1;
       },
       "simulate.instrument_limits.0: got -1 to inf: must be finite and hold 0"},
      {"optimal_without_limits",
       [&](Wrong &w) {
         w.policies[1].type = QS_HEDGE_POLICY_OPTIMAL;
         w.instruments = {"X-SPOT", "X-26JUN26-100-C"};
         w.spec.instrument_limits = limits;
         w.spec.instrument_limit_count = 1;
       },
       "simulate.policies.1: got optimal: with an option it needs instrument_limits of both instruments"},
      {"optimal_utility_within_limits",
       [&](Wrong &w) {
         w.policies[1].type = QS_HEDGE_POLICY_OPTIMAL;
         w.spec.objective = QS_OBJECTIVE_EXPONENTIAL;
         w.spec.instrument_limits = limits;
         w.spec.instrument_limit_count = 1;
       },
       "simulate.policies.1: got optimal: knows no option and no"},
      {"optimal_of_too_many_dates",
       [&](Wrong &w) {
         w.policies[1].type = QS_HEDGE_POLICY_OPTIMAL;
         w.spec.dates = {367, 0.05, nullptr, 0};
         w.spec.instrument_limits = limits;
         w.spec.instrument_limit_count = 1;
       },
       "simulate.policies.1: got optimal: with an option or instrument_limits it takes at most 366 dates"},
      {"optimal_with_two",
       [](Wrong &w) {
         w.policies[1].type = QS_HEDGE_POLICY_OPTIMAL;
         w.instruments = {"X-SPOT", "X-26JUN26-100-C", "X-26JUN26-100-P"};
       },
       "simulate.policies.1: got optimal: with several options it needs instrument_limits of every "
       "instrument"},
      {"frontier_without_limits",
       [&](Wrong &w) {
         w.instruments = {"X-SPOT", "X-26JUN26-100-C"};
         w.spec.frontier = levels;
         w.spec.frontier_count = 1;
       },
       "simulate.frontier: with an option it needs instrument_limits of both instruments"},
      {"option_fee", [](Wrong &w) { w.spec.costs.options.fee = -1; }, "simulate.costs.options.fee: got -1"},
      {"option_cap", [](Wrong &w) { w.spec.costs.options.fee_cap = infinite; },
       "simulate.costs.options.fee_cap: got inf"},
      {"option_spread", [](Wrong &w) { w.spec.costs.options.relative_half_spread = nan; },
       "simulate.costs.options.relative_half_spread: got nan"},
      {"gamma_of_nothing", [](Wrong &w) { w.policies[1].type = QS_HEDGE_POLICY_DELTA_GAMMA; },
       "simulate.policies.1: got delta_gamma: needs exactly one option among the instruments"},
      {"vega_of_two",
       [](Wrong &w) {
         w.policies[1].type = QS_HEDGE_POLICY_DELTA_VEGA;
         w.instruments = {"X-SPOT", "X-26JUN26-100-C", "X-26JUN26-100-P"};
       },
       "simulate.policies.1: got delta_vega: needs exactly one option among the instruments"},
      {"vega_that_is_constant",
       [](Wrong &w) {
         w.policies[1].type = QS_HEDGE_POLICY_DELTA_VEGA;
         w.instruments = {"X-SPOT", "X-26JUN26-100-C"};
       },
       "simulate.policies.1: got delta_vega: needs a model whose variance is random"},
      {"both", [](Wrong &w) { w.spec.risk_aversion = 1; }, "exactly one of cost_weight and risk_aversion"},
      {"neither", [](Wrong &w) { w.spec.cost_weight = nan; }, "exactly one of cost_weight and risk_aversion"},
      {"weight", [](Wrong &w) { w.spec.cost_weight = -1; }, "simulate.cost_weight: got -1"},
      {"weight_infinite", [](Wrong &w) { w.spec.cost_weight = infinite; }, "simulate.cost_weight: got inf"},
      {"cost", [](Wrong &w) { w.spec.costs.proportional = -0.1; }, "simulate.costs.proportional: got -0.1"},
      {"spread", [](Wrong &w) { w.spec.costs.half_spread = -1; }, "simulate.costs.half_spread: got -1"},
      {"impact", [](Wrong &w) { w.spec.costs.impact = nan; }, "simulate.costs.impact: got nan"},
      {"fixed", [](Wrong &w) { w.spec.costs.fixed = HUGE_VAL; }, "simulate.costs.fixed: got inf"},
      {"latency", [](Wrong &w) { w.spec.latency_seconds = -1; }, "simulate.latency_seconds: got -1"},
      {"latency_too_long", [](Wrong &w) { w.spec.latency_seconds = 86400; },
       "simulate.latency_seconds: got 86400: must be less than the 86400 seconds from date 0 to the next"},
      {"funding_of_a_spot", [](Wrong &w) { w.spec.funding.reversion = 80; },
       "simulate.funding: X-SPOT pays none"},
      {"funding_reversion",
       [](Wrong &w) {
         w.instruments = {"X-PERPETUAL"};
         w.spec.funding.reversion = 80;
         w.spec.funding.reversion = -1;
       },
       "simulate.funding.reversion: got -1: must be from 1e-06"},
      {"funding_volatility",
       [](Wrong &w) {
         w.instruments = {"X-PERPETUAL"};
         w.spec.funding.reversion = 80;
         w.spec.funding.volatility = nan;
       },
       "simulate.funding.volatility: got nan"},
      {"funding_mean",
       [](Wrong &w) {
         w.instruments = {"X-PERPETUAL"};
         w.spec.funding.reversion = 80;
         w.spec.funding.mean = 2;
       },
       "simulate.funding.mean: got 2"},
      {"funding_start",
       [](Wrong &w) {
         w.instruments = {"X-PERPETUAL"};
         w.spec.funding.reversion = 80;
         w.spec.funding.start = -2;
       },
       "simulate.funding.start: got -2"},
      {"funding_correlation",
       [](Wrong &w) {
         w.instruments = {"X-PERPETUAL"};
         w.spec.funding.reversion = 80;
         w.spec.funding.correlation = 1.5;
       },
       "simulate.funding.correlation: got 1.5"},
      {"funding_interest",
       [](Wrong &w) {
         w.instruments = {"X-PERPETUAL"};
         w.spec.funding.reversion = 80;
         w.spec.funding.interest = nan;
       },
       "simulate.funding.interest: got nan"},
      {"funding_band",
       [](Wrong &w) {
         w.instruments = {"X-PERPETUAL"};
         w.spec.funding.reversion = 80;
         w.spec.funding.band = -1;
       },
       "simulate.funding.band: got -1"},
      {"funding_cap",
       [](Wrong &w) {
         w.instruments = {"X-PERPETUAL"};
         w.spec.funding.reversion = 80;
         w.spec.funding.cap = 2;
       },
       "simulate.funding.cap: got 2"},
      {"margin_collateral",
       [](Wrong &w) {
         w.margin(100, .2, .1, 1, 0);
         w.spec.margin.collateral = -1;
       },
       "simulate.margin.collateral: got -1: must be from 0"},
      {"margin_maintenance",
       [](Wrong &w) {
         w.margin(100, .2, .1, 1, 0);
         w.spec.margin.maintenance = 0;
       },
       "simulate.margin.maintenance: got 0: must be from 1e-09"},
      {"margin_initial",
       [](Wrong &w) {
         w.margin(100, .2, .1, 1, 0);
         w.spec.margin.initial = .05;
       },
       "simulate.margin.initial: got 0.05: must be from 0.1 to 1"},
      {"margin_parts",
       [](Wrong &w) {
         w.margin(100, .2, .1, 1, 0);
         w.spec.margin.parts = 0;
       },
       "simulate.margin.parts: got 0: must be from 1 to 1000"},
      {"margin_fee",
       [](Wrong &w) {
         w.margin(100, .2, .1, 1, 0);
         w.spec.margin.fee = nan;
       },
       "simulate.margin.fee: got nan"},
      {"cascade_decay", [](Wrong &w) { w.spec.cascade.decay = 0; },
       "simulate.cascade.decay: got 0: must be from 1e-06"},
      {"cascade_excitation",
       [](Wrong &w) {
         w.spec.cascade.decay = 1;
         w.spec.cascade.excitation = nan;
       },
       "simulate.cascade.excitation: got nan"},
      {"cascade_threshold",
       [](Wrong &w) {
         w.spec.cascade.decay = 1;
         w.spec.cascade.threshold = -1;
       },
       "simulate.cascade.threshold: got -1"},
      {"cascade_base",
       [](Wrong &w) {
         w.spec.cascade.decay = 1;
         w.spec.cascade.base = infinite;
       },
       "simulate.cascade.base: got inf"},
      {"cascade_mean",
       [](Wrong &w) {
         w.spec.cascade.decay = 1;
         w.spec.cascade.mean = -11;
       },
       "simulate.cascade.mean: got -11"},
      {"cascade_deviation",
       [](Wrong &w) {
         w.spec.cascade.decay = 1;
         w.spec.cascade.deviation = -1;
       },
       "simulate.cascade.deviation: got -1"},
      {"own_impact_permanent", [](Wrong &w) { w.spec.own_impact.permanent = -1; },
       "simulate.own_impact.permanent: got -1: must be from 0 to 1"},
      {"own_impact_transient", [](Wrong &w) { w.spec.own_impact.transient = nan; },
       "simulate.own_impact.transient: got nan"},
      {"own_impact_decay", [](Wrong &w) { w.spec.own_impact.decay = infinite; },
       "simulate.own_impact.decay: got inf"},
      {"index_backwards",
       [](Wrong &w) {
         static const qs_simulate_index window = {5, 5, 0};
         w.spec.index = &window;
         w.spec.index_count = 1;
       },
       "simulate.index.0.to: must be after from"},
      {"index_overlap",
       [](Wrong &w) {
         static const qs_simulate_index windows[] = {{1, 5, 0}, {4, 6, 0}};
         w.spec.index = windows;
         w.spec.index_count = 2;
       },
       "simulate.index.1.from: must not be before the last one's to"},
      {"index_error",
       [](Wrong &w) {
         static const qs_simulate_index window = {4, 5, -1};
         w.spec.index = &window;
         w.spec.index_count = 1;
       },
       "simulate.index.0.error: got -1: must be above -1"},
      {"venue_hazard",
       [](Wrong &w) {
         static qs_simulate_venue venue;
         qs_simulate_venue_init(&venue);
         venue.name = "a";
         venue.hazard = -1;
         w.spec.venues = &venue;
         w.spec.venue_count = 1;
       },
       "simulate.venues.0.hazard: got -1: must be from 0"},
      {"venue_loss",
       [](Wrong &w) {
         static qs_simulate_venue venue;
         qs_simulate_venue_init(&venue);
         venue.name = "a";
         venue.loss = 2;
         w.spec.venues = &venue;
         w.spec.venue_count = 1;
       },
       "simulate.venues.0.loss: got 2: must be from 0 to 1"},
      {"venue_share",
       [](Wrong &w) {
         static qs_simulate_venue venue;
         qs_simulate_venue_init(&venue);
         venue.name = "a";
         venue.share = nan;
         w.spec.venues = &venue;
         w.spec.venue_count = 1;
       },
       "simulate.venues.0.share: got nan"},
      {"venue_no_share",
       [](Wrong &w) {
         static qs_simulate_venue venue;
         qs_simulate_venue_init(&venue);
         venue.name = "a";
         venue.share = 0;
         w.spec.venues = &venue;
         w.spec.venue_count = 1;
       },
       "simulate.venues: one share at least must be above 0"},
      {"venue_limit",
       [](Wrong &w) {
         static qs_simulate_venue venue;
         qs_simulate_venue_init(&venue);
         venue.name = "a";
         venue.limit = -1;
         w.spec.venues = &venue;
         w.spec.venue_count = 1;
       },
       "simulate.venues.0.limit: got -1"},
      {"cost_nan", [](Wrong &w) { w.spec.costs.proportional = nan; }, "simulate.costs.proportional: got nan"},
      {"drift", [](Wrong &w) { w.spec.drift = infinite; }, "simulate.drift: got inf"},
      {"objective", [](Wrong &w) { w.spec.objective = (qs_simulate_objective)3; },
       "simulate.objective: got 3: no such objective"},
      {"objective_level", [](Wrong &w) { w.spec.objective_level = 1; },
       "simulate.objective_level: got 1: must be between 0 and 1"},
      {"exponential_without_aversion",
       [](Wrong &w) {
         w.spec.objective = QS_OBJECTIVE_EXPONENTIAL;
         w.spec.cost_weight = 0;
       },
       "simulate.cost_weight: got 0: must be above 0 for exponential"},
      {"real_world_of_another_model", [](Wrong &w) { w.spec.real_world.value[QS_KAPPA] = 1; },
       "simulate.real_world.kappa: got 1: the model has no such parameter"},
      {"real_world_infinite", [](Wrong &w) { w.spec.real_world.value[QS_SIGMA] = infinite; },
       "simulate.real_world.sigma: got inf: must be finite"},
      {"level",
       [&](Wrong &w) {
         w.spec.levels = levels;
         w.spec.level_count = 2;
       },
       "simulate.levels.1: got 1: must be between 0 and 1"},
      {"no_dates",
       [](Wrong &w) {
         w.spec.dates = {0, 1, nullptr, 0};
       },
       "simulate.dates: must be 1 to 4095"},
      {"many_dates", [](Wrong &w) { w.spec.dates.count = UINT64_MAX; },
       "simulate.dates: must be 1 to 4095 dates"},
      {"spacing", [](Wrong &w) { w.spec.dates.spacing_days = -1; }, "spacing_days above 0"},
      {"spacing_infinite", [](Wrong &w) { w.spec.dates.spacing_days = infinite; }, "spacing_days above 0"},
      {"empty_list", [](Wrong &w) { w.on_days({}); }, "simulate.dates: must be 1 to 4095 dates"},
      {"past",
       [](Wrong &w) {
         w.on_days({-1, 1});
       },
       "simulate.dates: date 0: must ascend, none before as_of"},
      {"backwards",
       [](Wrong &w) {
         w.on_days({0, 2, 2});
       },
       "simulate.dates: date 2: must ascend"},
      {"late",
       [](Wrong &w) {
         w.on_days({0, 31});
       },
       "simulate.dates: the last is after"},
      {"type",
       [](Wrong &w) {
         const int none = 99;
         std::memcpy(&w.policies[1].type, &none, sizeof none);
       },
       "simulate.policies.1.type: got 99: no such policy"},
      {"width", [](Wrong &w) { w.policies[1].type = QS_HEDGE_POLICY_DELTA_BAND; },
       "policies.1.width: got nan"},
      {"every", [](Wrong &w) { w.policies[1].type = QS_HEDGE_POLICY_FIXED_INTERVAL; },
       "policies.1.every: got 0"},
      {"variance", [](Wrong &w) { w.policies[1].type = QS_HEDGE_POLICY_VOLATILITY_INTERVAL; },
       "policies.1.variance: got nan"},
      {"loss",
       [](Wrong &w) {
         w.policies[1].type = QS_HEDGE_POLICY_GAMMA_WEIGHTED;
         w.policies[1].loss = infinite;
       },
       "policies.1.loss: got inf"},
      {"twice", [](Wrong &w) { w.policies[1].name = "none"; }, "policies.1.name: got none: another policy"},
  };
  for (const Case &c : cases) {
    Wrong w;
    EXPECT_EQ(w.check(c.spoil), QS_ERROR_INPUT) << c.name;
    EXPECT_NE(std::string(w.context.message).find(c.said), std::string::npos)
        << c.name << ": " << w.context.message;
  }
  Wrong right;
  EXPECT_EQ(right.check([](Wrong &w) { w.on_days({0, 1, 30}); }), QS_OK) << right.context.message;
}

} // namespace
