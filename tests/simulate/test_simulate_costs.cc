// What trading costs over time: venues, dated costs, orders in parts and delivery, against closed forms.
#include <functional>

#include "host/simulate/problem.h"
#include "tests/simulate/simulate_black.h"
#include "tests/simulate/simulate_world.h"

namespace {

constexpr double kSigma = .6, kYears = 30.0 / 365;

// Short a call at the money, one decision now and the unwind at the expiry; or, with `coin`, short a coin, of
// which then exactly one is held.
class OneTrade : public SimulateWorld {
public:
  std::vector<qs_simulate_venue> venues;
  std::vector<qs_cost_change> changes;

  explicit OneTrade(bool coin = false, double days = 30) {
    add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, kSigma}}, 100, 0, 0);
    if (coin) {
      qs_trade_spec short_coin;
      qs_trade_spec_init(&short_coin);
      short_coin.id = "spot";
      short_coin.type = QS_TRADE_SPOT;
      short_coin.underlying = "X";
      short_coin.quantity = -1;
      trades.push_back(short_coin);
    } else {
      add_option("t1", "X", QS_CALL, 100, kYears, -1);
    }
    spec.dates.count = 1;
    spec.dates.spacing_days = days;
    spec.cost_weight = 1;
    inputs.simulation.paths = 1 << 16;
    add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
  }
  qs_simulate_venue &add_venue(const char *name, double fee, double half_spread, double impact) {
    qs_simulate_venue made;
    qs_simulate_venue_init(&made);
    made.name = name;
    made.taker_fee = fee;
    made.half_spread = half_spread;
    made.impact = impact;
    venues.push_back(made);
    return venues.back();
  }
  qs_cost_change &add_change(double days, double proportional, const char *venue = nullptr) {
    qs_cost_change made;
    qs_cost_change_init(&made);
    made.from = inputs.as_of + qs_time(days * 86400);
    made.proportional = proportional;
    made.venue = venue;
    changes.push_back(made);
    return changes.back();
  }
  qs_status go() {
    spec.venues = venues.data();
    spec.venue_count = venues.size();
    spec.costs.schedule = changes.data();
    spec.costs.schedule_count = changes.size();
    return run();
  }
};

double delta_now() {
  double delta;
  black(100, 100, kSigma * std::sqrt(kYears), &delta);
  return delta;
}

// The least cost of `size` at two venues a u + b u^1.5, by golden sections.
double least(double size, double a, double b, double c, double d, double *first) {
  const auto cost = [&](double u) {
    return a * u + b * std::pow(u, 1.5) + c * (size - u) + d * std::pow(size - u, 1.5);
  };
  double low = 0, high = size;
  for (int i = 0; i < 200; i++) {
    const double u = low + .381966 * (high - low), v = high - .381966 * (high - low);
    (cost(u) < cost(v) ? high : low) = cost(u) < cost(v) ? v : u;
  }
  *first = low;
  return cost(low);
}

TEST(SimulateCosts, VenuesShareAnOrderAtLeastCost) {
  OneTrade w;
  w.add_venue("deep", 0, .1, .5);
  w.add_venue("thin", 0, .2, .4);
  w.add_venue("dear", .5, 1, 1);
  ASSERT_EQ(w.go(), QS_OK) << w.context.message;
  double first;
  const double delta = delta_now(), cost = least(delta, .1, .5, .2, .4, &first);
  ASSERT_GT(first, .1);
  ASSERT_LT(first, delta - .1);
  const qs_policy_result &p = w.policy(0);
  EXPECT_NEAR(p.spread.estimate + p.impact.estimate, 2 * cost, 1e-6); // the same in and out
  EXPECT_LE(p.cost.std_error, 1e-9);
  ASSERT_EQ(w.result.venue_count, 3u);
  EXPECT_STREQ(w.result.venues[1], "thin");
  double sum = 0, turnover = 0;
  for (size_t v = 0; v < 3; v++) {
    sum += p.venues[v].cost.estimate;
    turnover += p.venues[v].turnover.estimate;
  }
  EXPECT_NEAR(sum, p.cost.estimate, 1e-12);
  EXPECT_NEAR(turnover, p.turnover.estimate, 1e-9);
  EXPECT_NEAR(p.venues[0].cost.estimate, 2 * (.1 * first + .5 * std::pow(first, 1.5)), 1e-6);
  expect_within(p.venues[0].turnover, 200 * first, 4, .1, "turnover");
  EXPECT_EQ(p.venues[2].turnover.estimate, 0);
  EXPECT_STREQ(w.result.lower_bound_why, "the policy optimal is not among the policies");
}

TEST(SimulateCosts, OneVenueIsTheSectionsCosts) {
  double objective[2];
  for (int i : {0, 1}) {
    OneTrade w;
    w.spec.costs.proportional = i ? .9 : .001;
    w.spec.costs.half_spread = .02;
    w.spec.costs.impact = .3;
    w.spec.costs.fixed = .1;
    if (i)
      w.add_venue("own", .001, NAN, NAN); // the rest is the section's
    ASSERT_EQ(w.go(), QS_OK) << w.context.message;
    objective[i] = w.policy(0).objective.estimate;
    if (i) {
      EXPECT_NEAR(w.policy(0).venues[0].cost.estimate, w.policy(0).cost.estimate, 1e-12);
    }
  }
  EXPECT_EQ(objective[0], objective[1]);
}

TEST(SimulateCosts, MakersPayTheirFeeAndNoSpread) {
  // A quarter of a coin is filled as maker: (.25 x -.0002 + .75 x .001) x 100, and .75 .2 + .75^1.5 .4.
  OneTrade w(true);
  qs_simulate_venue &v = w.add_venue("own", .001, .2, .4);
  v.maker_fee = -.0002;
  v.maker_share = .25;
  w.spec.costs.charge_unwind = false;
  ASSERT_EQ(w.go(), QS_OK) << w.context.message;
  EXPECT_NEAR(w.policy(0).fees.estimate, .07, 1e-9);
  EXPECT_NEAR(w.policy(0).spread.estimate, .15, 1e-9);
  EXPECT_NEAR(w.policy(0).impact.estimate, .4 * std::pow(.75, 1.5), 1e-9);
}

TEST(SimulateCosts, ProgrammesKnowTheCheapestVenue) {
  // One is the cheapest at every price: the bound is that of its costs alone. Where which is depends on the
  // price, or there is impact, there is none.
  const auto run = [](const std::function<void(OneTrade *)> &change) {
    OneTrade w;
    w.spec.dates.count = 2;
    w.spec.dates.spacing_days = 15;
    w.policies.clear();
    w.add_policy(QS_HEDGE_POLICY_OPTIMAL);
    w.inputs.simulation.paths = 16384;
    change(&w);
    EXPECT_EQ(w.go(), QS_OK) << w.context.message;
    EXPECT_TRUE(w.result.trusted) << w.result.why;
    return std::pair(w.result.lower_bound.estimate,
                     std::string(w.result.lower_bound_why ? w.result.lower_bound_why : ""));
  };
  const auto plain = run([](OneTrade *w) {
    w->spec.costs.proportional = .001;
    w->spec.costs.half_spread = .01;
  });
  EXPECT_EQ(plain.second, "");
  const auto dominated = run([](OneTrade *w) {
    w->add_venue("impact", .0011, .02, .3).fixed = 1;
    w->add_venue("best", .001, .01, 0);
    w->add_venue("dear", .002, .01, 0);
  });
  EXPECT_EQ(dominated.second, "");
  EXPECT_EQ(dominated.first, plain.first);
  // Why there is none, without a run.
  const auto why = [](double fee, double half_spread, double impact, double fixed) {
    OneTrade w;
    w.add_venue("fee", .001, 0, 0);
    w.add_venue("other", fee, half_spread, impact).fixed = fixed;
    EXPECT_EQ(w.go(), QS_OK) << w.context.message;
    qs_simulate_problem problem;
    EXPECT_EQ(qs_simulate_problem_make(&w.context, w.arena, &w.inputs, w.market, w.book, &problem), QS_OK);
    const char *said = qs_simulate_beyond(&problem);
    return std::string(said ? said : "");
  };
  EXPECT_EQ(why(0, .1, 0, 0), "which venue is the cheapest depends on the price");
  EXPECT_EQ(why(0, 0, .1, 0), "impact is not in the dynamic programme");
  EXPECT_EQ(why(0, 0, 0, .1), "a fixed cost of each trade is not convex");
  EXPECT_EQ(why(.001, 0, .1, .1), "");
}

TEST(SimulateCosts, ChangeFromDatesOn) {
  // .001 of delta x 100 in, .003 of it out, whose mean is the same; a change after the unwind is none.
  OneTrade w;
  w.spec.costs.proportional = .001;
  w.add_change(29.5, .003).fixed = .5;
  w.add_change(30.5, 1);
  ASSERT_EQ(w.go(), QS_OK) << w.context.message;
  expect_within(w.policy(0).fees, .004 * delta_now() * 100 + .5, 4, .001, "fees");
  // Of a venue alone: it takes all until it is the dearer one, which others follow that have no fee of their
  // own.
  OneTrade two;
  two.spec.costs.proportional = .001;
  two.add_venue("a", .0005, 0, 0);
  two.add_venue("b", NAN, 0, 0);
  two.add_change(10, .0004);
  two.add_change(30, .002, "a");
  ASSERT_EQ(two.go(), QS_OK) << two.context.message;
  const qs_policy_result &p = two.policy(0);
  EXPECT_NEAR(p.venues[0].turnover.estimate, delta_now() * 100, 1e-4);
  EXPECT_NEAR(p.venues[0].cost.estimate, .0005 * delta_now() * 100, 1e-7);
  expect_within(p.venues[1].cost, .0004 * delta_now() * 100, 4, .001, "after the change");
}

TEST(SimulateCosts, TheProgrammeKnowsDatedCosts) {
  // Dear dates in the middle, at which it hardly trades: its own objective is what is simulated, and above
  // that of dates that are cheap and below that of dates that are dear throughout.
  double objective[3];
  for (int i : {0, 1, 2}) {
    OneTrade w;
    w.spec.dates.count = 4;
    w.spec.dates.spacing_days = 7.5;
    w.inputs.simulation.paths = 1 << 15;
    w.spec.costs.proportional = i == 2 ? .01 : .0005;
    if (i == 1) {
      w.add_change(7.5, .01);
      w.add_change(15, .0005);
    }
    w.policies.clear();
    w.add_policy(QS_HEDGE_POLICY_OPTIMAL);
    w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
    ASSERT_EQ(w.go(), QS_OK) << w.context.message;
    EXPECT_TRUE(w.result.trusted) << w.result.why;
    ASSERT_EQ(w.result.lower_bound_why, nullptr);
    EXPECT_LE(w.result.gap.estimate, 1e-3 * w.result.lower_bound.estimate + 4 * w.result.gap.std_error);
    objective[i] = w.result.lower_bound.estimate;
    expect_within(w.policy(0).objective, objective[i], 4, .02 * objective[i], "the optimum");
    EXPECT_GT(w.policy(1).objective.estimate + 4 * w.policy(1).objective.std_error, objective[i]);
  }
  EXPECT_LT(objective[0] * 1.001, objective[1]);
  EXPECT_LT(objective[1] * 1.001, objective[2]);
}

TEST(SimulateCosts, AnOrderInPartsIsFilledAtTheMeanPrice) {
  // One coin bought over six hours from an hour on: what is left is S_0 less the mean price, whose variance
  // is a mean of covariances S_0^2 (exp(sigma^2 min(s, t)) - 1).
  for (uint64_t count : {1u, 2u, 7u}) {
    OneTrade w(true);
    w.spec.latency_seconds = 3600;
    w.spec.slices = {count, 6 * 3600};
    w.spec.costs.impact = .5;
    w.spec.costs.fixed = .1;
    ASSERT_EQ(w.go(), QS_OK) << w.context.message;
    double variance = 0;
    for (uint64_t i = 0; i < count; i++)
      for (uint64_t k = 0; k < count; k++) {
        const double hours = 1 + (count > 1 ? 6.0 * double(std::min(i, k)) / double(count - 1) : 0);
        variance += 1e4 * std::expm1(kSigma * kSigma * hours / 24 / 365) / double(count * count);
      }
    const qs_policy_result &p = w.policy(0);
    expect_within(p.variance, variance, 4, .01 * variance, "variance");
    EXPECT_NEAR(p.impact.estimate, .5 / std::sqrt(double(count)) + .5, 1e-9);
    EXPECT_NEAR(p.fees.estimate, .1 * double(count + 1), 1e-9);
  }
}

TEST(SimulateCosts, PartsAtTheSameTimeAreOneFill) {
  for (const char *instrument : {"X-SPOT", "X-PERPETUAL", "X-24APR26"}) {
    double variance[2];
    for (int i : {0, 1}) {
      OneTrade w;
      w.instruments = {instrument};
      w.spec.dates.count = 6;
      w.spec.dates.spacing_days = 5;
      w.spec.latency_seconds = 600;
      w.inputs.simulation.paths = 8192;
      if (i)
        w.spec.slices = {4, 0};
      ASSERT_EQ(w.go(), QS_OK) << w.context.message;
      variance[i] = w.policy(0).variance.estimate;
    }
    EXPECT_NEAR(variance[1], variance[0], 1e-10 * variance[0]) << instrument;
  }
}

TEST(SimulateCosts, AFutureThatExpiresIsDelivered) {
  for (bool delivered : {false, true}) {
    OneTrade w(true);
    w.instruments = {"X-3MAR26"};
    const qs_time dates[] = {w.inputs.as_of, qs_time_civil(2026, 3, 3) + 8 * 3600};
    w.spec.dates = {0, NAN, dates, 2};
    w.spec.costs.proportional = .001;
    w.spec.costs.half_spread = .2;
    w.spec.costs.impact = .1;
    if (delivered)
      w.spec.costs.delivery_fee = .00025;
    ASSERT_EQ(w.go(), QS_OK) << w.context.message;
    // It is a notional of 100 that is held in coin: S_0 / S_T units at the end.
    const double variance = kSigma * kSigma * 22.5 / 24 / 365;
    EXPECT_NEAR(w.policy(0).fees.estimate, delivered ? .125 : .2, 1e-9);
    const double spread = .2 * std::exp(variance), impact = .1 * std::exp(1.875 * variance);
    if (delivered) {
      EXPECT_NEAR(w.policy(0).spread.estimate, .2, 1e-9);
      EXPECT_NEAR(w.policy(0).impact.estimate, .1, 1e-9);
    } else {
      expect_within(w.policy(0).spread, .2 + spread, 4, .0001, "spread");
      expect_within(w.policy(0).impact, .1 + impact, 4, .0001, "impact");
    }
  }
}

TEST(SimulateCosts, RiseWithEveryRate) {
  // The same trades: twice a rate costs more, none less; in parts impact costs less.
  const struct {
    const char *name;
    std::function<void(OneTrade *, double)> set;
  } rates[] = {
      {"proportional", [](OneTrade *w, double by) { w->spec.costs.proportional *= by; }},
      {"half_spread", [](OneTrade *w, double by) { w->spec.costs.half_spread *= by; }},
      {"impact", [](OneTrade *w, double by) { w->spec.costs.impact *= by; }},
      {"fixed", [](OneTrade *w, double by) { w->spec.costs.fixed *= by; }},
      {"taker_fee", [](OneTrade *w, double by) { w->venues[0].taker_fee *= by; }},
      {"maker_fee", [](OneTrade *w, double by) { w->venues[1].maker_fee *= by; }},
      {"makers pay less", [](OneTrade *w, double by) { w->venues[1].maker_share /= by; }},
      {"a venue's impact", [](OneTrade *w, double by) { w->venues[0].impact *= by; }},
      {"a later fee", [](OneTrade *w, double by) { w->changes[0].proportional *= by; }},
      {"one fill", [](OneTrade *w, double by) { w->spec.slices.count /= uint64_t(by); }},
  };
  for (const auto &rate : rates) {
    double cost[2];
    for (int i : {0, 1}) {
      OneTrade w(true);
      w.inputs.simulation.paths = 1024;
      w.spec.dates = {4, 2, nullptr, 0};
      w.spec.costs.proportional = .0005;
      w.spec.costs.half_spread = .02;
      w.spec.costs.impact = .2;
      w.spec.costs.fixed = .01;
      w.spec.slices = {2, 0};
      w.add_venue("a", .0006, NAN, .25);
      w.add_venue("b", NAN, NAN, NAN).maker_fee = .0002;
      w.venues[1].maker_share = .25;
      w.add_change(8, .0007);
      rate.set(&w, i ? 2 : 1);
      ASSERT_EQ(w.go(), QS_OK) << w.context.message;
      cost[i] = w.policy(0).cost.estimate;
    }
    EXPECT_GT(cost[1], cost[0] * 1.00001) << rate.name;
  }
}

TEST(SimulateCosts, WrongOnesAreRefused) {
  const struct {
    std::function<void(OneTrade *)> change;
    const char *says;
  } cases[] = {
      {[](OneTrade *w) { w->add_venue("a", -1, 0, 0); }, "simulate.venues.0.taker_fee: got -1"},
      {[](OneTrade *w) { w->add_venue("", 0, 0, 0); }, "simulate.venues.0.name: got :"},
      {[](OneTrade *w) { w->add_venue("a", 0, 0, 0), w->add_venue("a", 0, 0, 0); },
       "simulate.venues.1.name: got a"},
      {[](OneTrade *w) { w->add_venue("a", 0, 0, 0).maker_share = NAN; },
       "simulate.venues.0.maker_share: got nan"},
      {[](OneTrade *w) { w->venues.resize(9, w->add_venue("a", 0, 0, 0)); },
       "simulate.venues: got 9: must be at most 8"},
      {[](OneTrade *w) {
         qs_simulate_venue &v = w->add_venue("a", .001, 0, 0);
         v.maker_share = .5;
         v.maker_fee = -.01;
       },
       "simulate.venues.0.maker_fee: got -0.01: with it the fee of an order is -0.0045"},
      {[](OneTrade *w) { w->add_change(3, 2); }, "simulate.costs.schedule.0.proportional: got 2"},
      {[](OneTrade *w) { w->add_change(3, 0), w->add_change(2, 0); }, "simulate.costs.schedule.1.from"},
      {[](OneTrade *w) { w->add_change(3, 0, "b"); }, "simulate.costs.schedule.0.venue: got b"},
      {[](OneTrade *w) { w->add_change(3, 0).maker_fee = 0; },
       "simulate.costs.schedule.0.maker_fee: got 0: is of a venue alone"},
      {[](OneTrade *w) { w->spec.costs.delivery_fee = -1; }, "simulate.costs.delivery_fee: got -1"},
      {[](OneTrade *w) { w->spec.slices.count = 0; }, "simulate.slices.count: got 0"},
      {[](OneTrade *w) { w->spec.slices.count = 65; }, "simulate.slices.count: got 65"},
      {[](OneTrade *w) {
         w->spec.slices = {2, NAN};
       },
       "simulate.slices.over_seconds: got nan"},
      {[](OneTrade *w) {
         w->spec.slices = {2, 30 * 86400.0};
       },
       "simulate.slices.over_seconds: got 2.592e+06: must be less than"},
  };
  for (const auto &c : cases) {
    OneTrade w;
    c.change(&w);
    EXPECT_EQ(w.go(), QS_ERROR_INPUT) << c.says;
    EXPECT_NE(std::string(w.context.message).find(c.says), std::string::npos) << w.context.message;
  }
}

} // namespace
