// All mechanics of hedging over time at once: their parts add up, and the bits are the same from any number
// of threads and every instruction set.
#include "tests/simulate/simulate_world.h"

namespace {

constexpr double kDay = 1.0 / 365;
constexpr qs_time kHour = 3600;

qs_status hold_some(void *, const qs_policy_view *view, double *target) {
  for (size_t i = 0; i < view->path_count; i++)
    target[i] = view->date % 3 ? target[i] : (view->spot[i] - 95) / 10;
  return QS_OK;
}

// A coin's book by its perpetual; with an option beside it, or filled in parts.
class Together : public SimulateWorld {
public:
  explicit Together(bool option) {
    add_underlying("X", QS_MODEL_SVCJ,
                   {{QS_V0, .3},
                    {QS_KAPPA, 5},
                    {QS_THETA, .3},
                    {QS_XI, 1.2},
                    {QS_RHO, -.35},
                    {QS_LAMBDA, .9},
                    {QS_MU_J, -.1},
                    {QS_SIGMA_J, .05},
                    {QS_MU_V, .1},
                    {QS_RHO_J, -.2}},
                   100, .08, .05);
    add_option("far", "X", QS_CALL, 97, 12 * kDay, -1.5);
    add_option("near", "X", QS_PUT, 103, 3.5 * kDay, -1);
    add_option("h", "X", QS_CALL, 105, 40 * kDay, .1);
    instruments = {"X-PERPETUAL"};
    every_day(10);
    inputs.simulation.paths = 8192 + 1024; // more than a block
    spec.cost_weight = 1;
    spec.keep_pnl = true;
    spec.costs.proportional = .001;
    spec.costs.half_spread = .02;
    spec.costs.impact = .03;
    spec.costs.fixed = .001;
    spec.latency_seconds = 600;
    spec.funding.reversion = 80;
    spec.funding.volatility = .02;
    spec.funding.correlation = .25;
    margin(option ? 40 : .4, .25, .2, 4, .01);
    spec.margin.yield = .03;
    spec.margin.haircut = .02;
    if (option) {
      spec.margin.partial = true;
    } else { // coins, which are moved
      spec.margin.coin = true;
      spec.margin.leverage = 2;
      spec.margin.band = .3;
      spec.margin.transfer_fee = .0005;
      spec.margin.transfer_fixed = .01;
    }
    spec.cascade = {60, 900, .02, 20, -.04, .02};
    spec.own_impact = {.001, .004, 300};
    windows[0] = {inputs.as_of + 3 * 24 * kHour, inputs.as_of + 5 * 24 * kHour, std::nan("")};
    windows[1] = {inputs.as_of + 6 * 24 * kHour, inputs.as_of + 7 * 24 * kHour + 300, .1};
    spec.index = windows;
    spec.index_count = 2;
    for (qs_cost_change &change : changes)
      qs_cost_change_init(&change);
    for (int v = 0; v < 3; v++) {
      qs_simulate_venue_init(&venues[v]);
      venues[v].name = v == 0 ? "a" : v == 1 ? "b" : "c";
      venues[v].hazard = 2 * v;
      venues[v].loss = .5 + .2 * v;
      venues[v].share = 1 + v;
      venues[v].taker_fee = v == 1 ? .0008 : std::nan("");
    }
    venues[2].limit = .6;
    spec.venues = venues;
    spec.venue_count = 3;
    if (option) {
      instruments.push_back("h");
      spec.costs.options.fee = .0003;
      spec.costs.options.fee_cap = .125;
      spec.costs.options.relative_half_spread = .01;
      add_policy(QS_HEDGE_POLICY_DELTA_GAMMA);
    } else {
      spec.slices.count = 3;
      spec.slices.over_seconds = 1200;
      changes[0].from = inputs.as_of + 4 * 24 * kHour;
      changes[0].half_spread = .03;
      changes[1].from = inputs.as_of + 5 * 24 * kHour;
      changes[1].venue = "b";
      changes[1].proportional = .0011;
      spec.costs.schedule = changes;
      spec.costs.schedule_count = 2;
    }
    add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
    add_policy(QS_HEDGE_POLICY_FIXED_INTERVAL).every = 3;
    add_policy(QS_HEDGE_POLICY_CALLBACK).function = hold_some;
  }

private:
  qs_simulate_index windows[2];
  qs_simulate_venue venues[3];
  qs_cost_change changes[2];
};

TEST(Together, AllPartsAddUp) {
  for (bool option : {false, true}) {
    Together w(option);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    for (size_t i = 0; i < w.result.policy_count; i++) {
      const qs_policy_result &p = w.policy(i);
      const double sum = p.options.estimate + p.hedge.estimate + p.funding.estimate + p.collateral.estimate -
                         p.fees.estimate - p.spread.estimate - p.impact.estimate - p.liquidation.estimate -
                         p.lost.estimate - p.transfers.estimate;
      EXPECT_EQ(p.transfers.estimate > 0, !option) << p.name;
      EXPECT_NEAR(p.net.estimate, sum, 1e-11) << p.name;
      EXPECT_NEAR(p.net.estimate, p.mean.estimate - p.cost.estimate, 1e-11) << p.name;
      for (const qs_estimate &e : {p.options, p.hedge, p.funding, p.fees, p.spread, p.impact, p.liquidation,
                                   p.lost, p.liquidated, p.failed, p.collateral})
        EXPECT_NE(e.estimate, 0) << p.name << " " << &e - &p.options;
      long double mean = 0, traded = 0;
      for (size_t k = 0; k < p.pnl_count; k++)
        mean += p.pnl[k];
      EXPECT_NEAR(double(mean / p.pnl_count), p.net.estimate, 1e-11);
      for (size_t v = 0; v < 3; v++)
        traded += p.venues[v].turnover.estimate;
      EXPECT_LE(double(traded), p.turnover.estimate * (1 + 1e-12));
    }
  }
}

TEST(Together, TheBitsAreThoseOfAnyThreadsAndInstructionSet) {
  for (bool option : {false, true}) {
    std::vector<std::vector<double>> pnl;
    for (const char *target : {"portable", "x86-64-v3", "x86-64-v4"}) {
      Together w(option);
      w.inputs.simulation.paths = 1024;
      const int threads = target == std::string("x86-64-v3") ? 5 : 1;
      qs_devices_close(w.devices);
      w.devices = nullptr;
      if (qs_devices_open(&w.context, QS_BACKEND_CPU, threads, target, &w.devices) != QS_OK)
        continue;
      w.context.threads = threads;
      ASSERT_EQ(w.run(), QS_OK) << w.context.message;
      pnl.emplace_back();
      for (size_t i = 0; i < w.result.policy_count; i++)
        pnl.back().insert(pnl.back().end(), w.policy(i).pnl, w.policy(i).pnl + w.policy(i).pnl_count);
    }
    ASSERT_GE(pnl.size(), 2u);
    for (size_t k = 1; k < pnl.size(); k++)
      EXPECT_EQ(pnl[k], pnl[0]);
  }
}

} // namespace
