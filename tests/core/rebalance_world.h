// What the tests of hedging over time share: a unit with all that it points to, filled at random, run on the
// CPU backend.
#ifndef TESTS_CORE_REBALANCE_WORLD_H
#define TESTS_CORE_REBALANCE_WORLD_H

#include <functional>
#include <random>

#include "tests/core/paths_world.h"

namespace rebalance {

using paths::Device;

constexpr double kFar = 1e300;

// The bands of one date; one row of y where the variance is not looked at.
struct Table {
  double x_low, x_step, y_low, y_step;
  int32_t x_count, y_count;
  std::vector<double> low, high;

  qs_band_table plain() const {
    return {x_low,   1 / x_step, y_low,      y_count > 1 ? 1 / y_step : 0,
            x_count, y_count,    low.data(), high.data()};
  }
};

// The same band everywhere.
inline Table flat_table(double low, double high) {
  return {0, 1, 0, 1, 2, 1, {low, low}, {high, high}};
}

struct Instrument {
  std::vector<double> scale, gain, value, funding, marked; // the last three may be empty
  std::vector<qs_trade_cost> costs;
  bool inverse = false;
};

struct Policy {
  std::vector<Table> bands;  // [instrument][decision]
  std::vector<double> given; // [instrument][decision][path], instead
  std::vector<Table> weights;
  qs_rebalance_rule rule = QS_RULE_ALWAYS;
  double limit = 1;
  bool centre = false;
};

class Unit {
public:
  Unit(uint32_t date_count, uint64_t path_count, uint32_t seed)
      : dates(date_count), paths(path_count), random(seed) {
    x.assign(dates * paths, 0);
    v.assign(dates * paths, 0);
    for (uint32_t d = 0; d < dates; d++) {
      decided.push_back(d);
      filled.push_back(d);
      forward.push_back(uniform(50, 150));
      discount.push_back(uniform(.9, 1));
      lapse.push_back(d ? uniform(.001, .01) : 0);
      for (uint64_t p = 0; p < paths; p++) {
        x[d * paths + p] = (d ? x[(d - 1) * paths + p] : 0) + uniform(-.08, .08);
        v[d * paths + p] = uniform(.01, .5);
      }
    }
  }

  double uniform(double low, double high) { return std::uniform_real_distribution<>(low, high)(random); }

  std::vector<double> several(size_t count, double low, double high) {
    std::vector<double> values(count);
    for (double &value : values)
      value = uniform(low, high);
    return values;
  }

  // Prices follow e^x; costs nothing.
  Instrument &add_instrument() {
    Instrument made;
    made.scale = several(dates, 80, 120);
    made.gain = several(dates - 1, 80, 120);
    made.costs.assign(dates, qs_trade_cost{0, kFar, 0, 0, 0, 0, 0});
    instruments.push_back(made);
    return instruments.back();
  }

  // Bands of all instruments about a slope in x, all different; some holdings are short.
  Table random_table(int32_t nx, int32_t ny, double width) {
    Table t = {uniform(-.2, -.1), .3 / nx, .1, .6 / ny, nx, ny, {}, {}};
    const double level = uniform(-3, 3), slope = uniform(-20, 20);
    for (int32_t i = 0; i < nx * ny; i++) {
      const double middle = level + slope * (t.x_low + t.x_step * (i % nx)) + uniform(-.3, .3);
      t.low.push_back(middle - uniform(0, width));
      t.high.push_back(middle + uniform(0, width));
    }
    return t;
  }

  Policy &add_policy(double width = .5, int32_t nx = 9, int32_t ny = 4) {
    Policy made;
    for (size_t i = 0; i < instruments.size() * (dates - 1); i++)
      made.bands.push_back(random_table(nx, ny, width));
    policies.push_back(made);
    return policies.back();
  }

  Policy &add_flat_policy(double low, double high) {
    Policy made;
    made.bands.assign(instruments.size() * (dates - 1), flat_table(low, high));
    policies.push_back(made);
    return policies.back();
  }

  // The plain unit; all of it may be changed before it is run.
  void connect() {
    plain_instruments.clear();
    plain_policies.clear();
    bands.clear();
    bands.resize(2 * policies.size());
    for (const Instrument &i : instruments)
      plain_instruments.push_back({i.scale.data(), i.gain.data(), i.value.empty() ? nullptr : i.value.data(),
                                   i.costs.data(), i.funding.empty() ? nullptr : i.funding.data(), i.inverse,
                                   i.marked.empty() ? nullptr : i.marked.data()});
    margin.grow = grow.empty() ? nullptr : grow.data();
    for (size_t i = 0; i < policies.size(); i++) {
      const Policy &p = policies[i];
      for (const Table &t : p.bands)
        bands[2 * i].push_back(t.plain());
      for (const Table &t : p.weights)
        bands[2 * i + 1].push_back(t.plain());
      plain_policies.push_back(
          {bands[2 * i].empty() ? nullptr : bands[2 * i].data(), p.given.empty() ? nullptr : p.given.data(),
           bands[2 * i + 1].empty() ? nullptr : bands[2 * i + 1].data(), p.rule, p.limit, p.centre});
    }
    unit = {};
    unit.path_end = unit.stride = paths;
    unit.x = x.data();
    unit.v = v.data();
    unit.row_count = uint32_t(x.size() / paths);
    unit.date_count = unit.date_end = dates;
    unit.decided = decided.data();
    unit.filled = filled.data();
    unit.forward = forward.data();
    unit.discount = discount.data();
    unit.lapse = lapse.data();
    unit.instruments = plain_instruments.data();
    unit.instrument_count = uint32_t(instruments.size());
    unit.policies = plain_policies.data();
    unit.policy_count = uint32_t(policies.size());
    unit.margin = with_margin ? &margin : nullptr;
    unit.position = with_margin ? position.data() : nullptr;
    unit.required = required.empty() ? nullptr : required.data();
    unit.seen = seen.empty() ? nullptr : seen.data();
    failure = {failing, kept.data(), lost.data(), room_left.data(), venues ? closed.data() : nullptr};
    unit.failure = kept.empty() ? nullptr : &failure;
    unit.venue_count = venues;
  }

  // Room for all rows; what is not written stays NaN.
  std::vector<double> room() const {
    return std::vector<double>(policies.size() * width() * paths, std::nan(""));
  }

  size_t width() const { return size_t(QS_REBALANCE_ROWS) + instruments.size() + 2 * venues; }

  std::vector<double> run(Device &device) {
    connect();
    std::vector<double> rows = room();
    EXPECT_EQ(qs_backend_cpu()->rebalance(device.get(), &unit, nullptr, device.message, rows.data()), QS_OK)
        << device.message;
    return rows;
  }

  uint32_t dates, venues = 0; // venues: of the first instrument, whose costs are then by date and venue
  uint64_t paths;
  std::mt19937 random;
  std::vector<double> x, v, forward, discount, lapse, position, required, seen, grow;
  std::vector<double> kept, lost, room_left, closed; // where venues fail
  double failing = 0;                                // what lies there at the start
  std::vector<uint32_t> decided, filled;
  std::vector<Instrument> instruments;
  std::vector<Policy> policies;
  bool with_margin = false;
  qs_margin_rule margin = {};
  qs_rebalance_failure failure = {};

  qs_rebalance_unit unit = {};
  std::vector<qs_rebalance_instrument> plain_instruments;
  std::vector<qs_rebalance_policy> plain_policies;
  std::vector<std::vector<qs_band_table>> bands;
};

// Every cost at once, other ones at every date; the fee of some is of the underlying's price.
inline void charge(Unit *u, Instrument *instrument) {
  for (uint32_t d = 0; d < u->dates; d++) {
    instrument->costs[d] = {u->uniform(0, .01),  d % 3 ? u->uniform(0, .01) : kFar,
                            u->uniform(0, .002), u->uniform(0, .05),
                            u->uniform(0, .05),  u->uniform(0, .2),
                            int32_t(d % 2)};
  }
}

// The first instrument's orders are split; some venues have no impact, and some dates' no fixed costs.
inline void open_venues(Unit *u, uint32_t count) {
  u->venues = count;
  u->instruments[0].costs.resize(u->dates * count);
  for (uint32_t i = 0; i < u->dates * count; i++) {
    const uint32_t d = i / count;
    u->instruments[0].costs[i] = {u->uniform(0, .002),
                                  kFar,
                                  u->uniform(0, .0005),
                                  u->uniform(0, .05),
                                  i % 5 == 3 ? 0 : u->uniform(.01, .2),
                                  d % 2 ? u->uniform(0, .1) : 0,
                                  int32_t(d % 3 == 1)};
  }
}

// Collateral in coin that grows, counts in part, and is moved.
inline void move_collateral(Unit *u) {
  u->margin.coin = 1;
  u->margin.collateral /= 100;
  u->margin.haircut = .1;
  u->grow = u->several(u->dates, .99, 1.02);
  u->margin.leverage = 2.5;
  u->margin.band = .2;
  u->margin.move = .001;
  u->margin.moved = .05;
}

// An account that some paths exhaust: with the position's gains, and what it must have itself.
inline void give_margin(Unit *u, double collateral) {
  u->with_margin = true;
  u->margin = {};
  u->margin.collateral = collateral;
  u->margin.initial = .3;
  u->margin.maintenance = .15;
  u->margin.parts = 4;
  u->margin.fee = .02;
  u->position = u->several(u->dates * u->paths, -60, 20);
  u->required = u->several(u->dates * u->paths, 0, 10);
}

// Venues of which at each date one in ten fails, with a third of what is held.
inline void let_fail(Unit *u, double collateral) {
  u->failing = collateral;
  u->kept.assign(u->dates * u->paths, 1);
  u->lost.assign(u->dates * u->paths, 0);
  u->room_left = u->several(u->dates * u->paths, 0, 4);
  for (size_t i = 0; i < u->kept.size(); i++) {
    if (u->uniform(0, 1) < .1) {
      u->kept[i] = 2.0 / 3;
      u->lost[i] = u->uniform(0, 1.0 / 3);
    }
    if (u->uniform(0, 1) < .02)
      u->kept[i] = u->room_left[i] = 0; // the last one
  }
  u->closed.assign(u->venues * u->paths, u->dates);
  for (size_t i = u->paths; i < u->closed.size(); i++) // the first stays open
    u->closed[i] = u->uniform(0, 1) < .5 ? std::floor(u->uniform(0, u->dates)) : u->dates;
}

// A unit with everything in it: several instruments, one of them an option's kind with its own prices and
// one in coin, funding, costs, margin, an index that is off, venues that fail, decisions before trades, and
// policies of every rule.
inline Unit everything(uint64_t paths) {
  Unit u(7, paths, 5);
  u.x = u.several(9 * paths, -.3, .3);
  u.v = u.several(9 * paths, 0, .5);
  u.decided = {0, 1, 2, 3, 5, 6, 8};
  u.filled = {0, 1, 3, 4, 5, 7, 8};
  for (int k = 0; k < 3; k++)
    charge(&u, &u.add_instrument());
  u.instruments[0].funding = u.several(6 * paths, -.01, .02);
  u.instruments[1].value = u.several(7 * paths, 0, .3);
  u.instruments[2].inverse = true;
  u.instruments[0].marked = u.several(7 * paths, .8, 1.2);
  u.instruments[1].marked = u.several(7 * paths, 0, .3);
  u.seen = u.several(7 * paths, -.3, .3);
  open_venues(&u, 4);
  give_margin(&u, 250);
  move_collateral(&u);
  let_fail(&u, 200);
  const qs_rebalance_rule rules[] = {QS_RULE_ALWAYS, QS_RULE_INTERVAL, QS_RULE_VARIANCE, QS_RULE_MOVE};
  const double limits[] = {1, 2, .004, 2};
  for (int i = 0; i < 8; i++) {
    Policy &p = u.add_policy(i % 2 ? .5 : 0, 5 + i, 1 + i % 3);
    p.rule = rules[i % 4];
    p.limit = limits[i % 4];
    p.centre = i > 3;
    for (uint32_t d = 0; i == 7 && d < u.dates - 1; d++) {
      p.weights.push_back(u.random_table(6, 3, 0));
      for (double &w : p.weights.back().low)
        w = 40 * std::fabs(w);
    }
  }
  Policy own;
  own.given = u.several(3 * 6 * paths, -2, 2);
  for (size_t i = 3; i < own.given.size(); i += 7)
    own.given[i] = std::nan(""); // keeps what it has
  u.policies.push_back(own);
  return u;
}

} // namespace rebalance

#endif
