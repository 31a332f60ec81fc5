// Hedging over time against a plain restatement, path by path in long double with the library's functions,
// from what rebalance.h and plan.h say.
#include "tests/core/rebalance_world.h"

namespace {

using namespace rebalance;

typedef long double real;

// Linear in x and y between nodes, the nearest node's outside.
real band_at(const Table &t, const std::vector<double> &edge, real x, real y) {
  const auto place = [](real value, real low, real step, int32_t count, int32_t *node) {
    const real at = std::min(std::max((value - low) / step, real(0)), real(count - 1));
    *node = std::min(int32_t(std::floor(at)), count > 1 ? count - 2 : 0);
    return at - *node;
  };
  int32_t i = 0, j = 0;
  const real fx = place(x, t.x_low, t.x_step, t.x_count, &i);
  const real fy = t.y_count > 1 ? place(y, t.y_low, t.y_step, t.y_count, &j) : 0;
  const auto node = [&](int32_t a, int32_t b) { return real(edge[size_t(b * t.x_count + a)]); };
  const real below = node(i, j) * (1 - fx) + node(i + 1, j) * fx;
  return t.y_count > 1 ? below * (1 - fy) + (node(i, j + 1) * (1 - fx) + node(i + 1, j + 1) * fx) * fy
                       : below;
}

// One policy on one path.
struct Walk {
  const Unit &u;
  const Policy &policy;
  uint64_t path;
  real rows[QS_REBALANCE_ROWS] = {};
  std::vector<real> held, venues; // of each venue what was traded there, and what that cost
  real last_x = 0, since = 0;
  bool looks_back;

  Walk(const Unit &unit, const Policy &walked, uint64_t number)
      : u(unit), policy(walked), path(number), held(u.instruments.size()), venues(2 * u.venues),
        looks_back(policy.rule != QS_RULE_ALWAYS) {
    rows[QS_REBALANCE_COLLATERAL] = u.with_margin ? u.margin.collateral : 0;
    for (uint32_t d = 0; d < u.dates; d++) {
      if (d)
        gain(d);
      if (d && !u.kept.empty())
        fail(d);
      if (d && u.with_margin)
        liquidate(d);
      trade(d);
    }
    if (looks_back) {
      rows[QS_REBALANCE_LAST_X] = last_x;
      rows[QS_REBALANCE_SINCE] = since;
    }
  }

  real at(const std::vector<double> &states, uint32_t row) const { return states[row * u.paths + path]; }
  real growth(uint32_t d) const { return std::exp(at(u.x, u.filled[d])); }
  real m(size_t k, uint32_t d) const {
    return u.instruments[k].value.empty() ? growth(d) : at(u.instruments[k].value, d);
  }
  real price(size_t k, uint32_t d) const { return u.instruments[k].scale[d] * m(k, d); }

  void gain(uint32_t d) {
    for (size_t k = 0; k < held.size(); k++) {
      const Instrument &in = u.instruments[k];
      rows[QS_REBALANCE_HEDGE] += held[k] * in.gain[d - 1] * (m(k, d) - m(k, d - 1));
      if (!in.funding.empty())
        rows[QS_REBALANCE_FUNDING] -= u.discount[d - 1] * held[k] * price(k, d - 1) * at(in.funding, d - 1);
      if (in.inverse) // the notional in money stays
        held[k] *= price(k, d - 1) / price(k, d);
    }
    if (u.with_margin) {
      const real then = rows[QS_REBALANCE_COLLATERAL] * coin(d - 1);
      rows[QS_REBALANCE_COLLATERAL] *= u.grow.empty() ? 1 : u.grow[d];
      rows[QS_REBALANCE_YIELD] += rows[QS_REBALANCE_COLLATERAL] * coin(d) - then;
    }
  }

  // What the hedge has gained and not lost.
  real account() const {
    return rows[QS_REBALANCE_HEDGE] + rows[QS_REBALANCE_FUNDING] - rows[QS_REBALANCE_FEE] -
           rows[QS_REBALANCE_SPREAD] - rows[QS_REBALANCE_IMPACT] - rows[QS_REBALANCE_LIQUIDATION] -
           rows[QS_REBALANCE_LOST] - rows[QS_REBALANCE_MOVING];
  }
  // What a unit of collateral is worth.
  real coin(uint32_t d) const { return u.margin.coin ? u.discount[d] * u.forward[d] * growth(d) : 1; }

  // By the prices that the venue sees.
  real marked(size_t k, uint32_t d) const {
    const Instrument &in = u.instruments[k];
    return in.scale[d] * (in.marked.empty() ? m(k, d) : at(in.marked, d));
  }
  real equity(uint32_t d) const {
    const real shown = u.margin.coin ? marked(0, d) / price(0, d) : 1; // what a coin is worth to the venue
    real sum = rows[QS_REBALANCE_COLLATERAL] * coin(d) * shown * (1 - real(u.margin.haircut)) +
               at(u.position, d) + account();
    for (size_t k = 0; k < held.size(); k++)
      sum += u.discount[d] * held[k] * (marked(k, d) - price(k, d));
    return sum - (u.required.empty() ? 0 : at(u.required, d));
  }

  void fail(uint32_t d) {
    const real lay = u.with_margin ? rows[QS_REBALANCE_COLLATERAL] * coin(d) : u.failing;
    rows[QS_REBALANCE_LOST] += at(u.lost, d) * std::max(lay + account(), real(0));
    for (real &h : held)
      h *= at(u.kept, d);
  }
  real notional(uint32_t d, const std::vector<real> &holding) const {
    real sum = 0;
    for (size_t k = 0; k < holding.size(); k++)
      sum += u.discount[d] * std::fabs(holding[k] * marked(k, d));
    return sum;
  }

  // One part after the other, until what is left is covered.
  void liquidate(uint32_t d) {
    const real all = notional(d, held), has = equity(d);
    int closed = 0;
    const auto covered = [&] {
      const real share = real(closed) / u.margin.parts;
      return has - u.margin.fee * share * all >= u.margin.maintenance * (1 - share) * all;
    };
    while (all > 0 && closed < u.margin.parts && !covered())
      closed++;
    rows[QS_REBALANCE_LIQUIDATED] += closed > 0;
    rows[QS_REBALANCE_LIQUIDATION] += u.margin.fee * all * closed / u.margin.parts;
    for (real &h : held)
      h *= 1 - real(closed) / u.margin.parts;
  }

  real seen(uint32_t d) const { return u.seen.empty() ? at(u.x, u.decided[d]) : at(u.seen, d); }

  bool acts(uint32_t d) {
    const real x = seen(d), v = at(u.v, u.decided[d]);
    since += d ? v * u.lapse[d] : 0;
    const Table *weights = policy.weights.empty() ? nullptr : &policy.weights[d];
    const real move = std::exp(x - last_x) - 1;
    const real weight = weights ? band_at(*weights, weights->low, x, std::sqrt(v)) : 1;
    const bool due = policy.rule == QS_RULE_INTERVAL   ? d % uint32_t(policy.limit) == 0
                     : policy.rule == QS_RULE_VARIANCE ? since >= policy.limit
                                                       : weight * move * move >= policy.limit;
    if (d && !due)
      return false;
    last_x = x;
    since = 0;
    return true;
  }

  std::vector<real> wanted(uint32_t d) {
    std::vector<real> target(held.size());
    const uint32_t decisions = u.dates - 1;
    if (d == decisions)
      return target;
    for (size_t k = 0; k < held.size(); k++) {
      if (!policy.given.empty()) {
        const double given = policy.given[(k * decisions + d) * u.paths + path];
        target[k] = std::isnan(given) ? held[k] : given;
        continue;
      }
      const Table &t = policy.bands[k * decisions + d];
      const real x = seen(d), y = std::sqrt(at(u.v, u.decided[d]));
      const real low = band_at(t, t.low, x, y), high = band_at(t, t.high, x, y);
      const bool inside = held[k] >= low && held[k] <= high;
      target[k] = inside ? held[k] : policy.centre ? (low + high) / 2 : held[k] < low ? low : high;
    }
    return looks_back && !acts(d) ? held : target;
  }

  // Collateral so that the hedge wanted is so many times the account.
  void move(uint32_t d, real wanted_hedge) {
    const qs_margin_rule &m = u.margin;
    const real wanted = wanted_hedge / m.leverage, lacks = wanted - equity(d);
    if (std::fabs(lacks) <= m.band * wanted)
      return;
    const real lies = rows[QS_REBALANCE_COLLATERAL] * coin(d);
    const real moves = std::max(lacks / (1 - real(m.haircut)), -lies);
    if (std::fabs(moves) <= 1e-9 * (wanted + std::max(lies, real(0)))) // what a rounding left
      return;
    rows[QS_REBALANCE_COLLATERAL] = moves == -lies ? 0 : rows[QS_REBALANCE_COLLATERAL] + moves / coin(d);
    rows[QS_REBALANCE_MOVING] += m.move * std::fabs(moves) + (moves != 0 ? u.discount[d] * m.moved : 0);
  }

  void pay(const qs_trade_cost &c, uint32_t d, real units, real worth, int venue = -1) {
    const real money = u.discount[d];
    const real of = c.spot ? u.forward[d] * growth(d) : worth;
    const real fee = c.cap < kFar ? std::min(c.fee * of, c.cap * worth) : c.fee * of;
    const real fees = money * (units * fee + (units > 0 ? c.fixed : 0));
    const real spread = money * units * (c.spread * worth + c.unit);
    const real impact = money * c.impact * std::pow(units, real(1.5));
    rows[QS_REBALANCE_FEE] += fees;
    rows[QS_REBALANCE_SPREAD] += spread;
    rows[QS_REBALANCE_IMPACT] += impact;
    rows[QS_REBALANCE_TURNOVER] += money * units * worth;
    if (venue >= 0) {
      venues[size_t(2 * venue)] += money * units * worth;
      venues[size_t(2 * venue + 1)] += fees + spread + impact;
    }
  }

  // The marginal cost by bisection; what is left there goes to a venue without impact at that price.
  void route(uint32_t d, real units, real worth) {
    const qs_trade_cost *c = &u.instruments[0].costs[d * u.venues];
    const auto first = [&](uint32_t v) -> real {
      if (!u.kept.empty() && at(u.closed, v) <= d)
        return 1e30L;
      const real of = c[v].spot ? u.forward[d] * growth(d) : worth;
      return c[v].fee * of + c[v].spread * worth + real(c[v].unit);
    };
    const auto given = [&](uint32_t v, real marginal) {
      const real above = marginal - first(v);
      return above <= 0 ? 0 : c[v].impact > 0 ? std::pow(above / (1.5L * c[v].impact), 2) : real(1e30);
    };
    real low = 0, high = 1e6;
    for (int i = 0; i < 200; i++) {
      const real middle = (low + high) / 2;
      real sum = 0;
      for (uint32_t v = 0; v < u.venues; v++)
        sum += given(v, middle);
      (sum < units ? low : high) = middle;
    }
    std::vector<real> share(u.venues);
    real left = units;
    for (uint32_t v = 0; v < u.venues; v++)
      left -= share[v] = c[v].impact > 0 ? given(v, low) : 0;
    for (uint32_t v = 0; v < u.venues; v++)
      if (c[v].impact <= 0 && left > 1e-15L * units && std::fabs(first(v) - low) < 1e-14L) {
        share[v] = left;
        left = 0;
      }
    EXPECT_LE(std::fabs(left), 1e-15L * (1 + units));
    const auto cost = [&](uint32_t v, real size) {
      return size > 0 ? first(v) * size + c[v].impact * std::pow(size, 1.5L) + c[v].fixed : 0;
    };
    real split = 0, best = INFINITY;
    uint32_t alone = 0;
    for (uint32_t v = 0; v < u.venues; v++) {
      split += cost(v, share[v]);
      alone = cost(v, units) < best ? v : alone;
      best = std::min(best, cost(v, units));
    }
    for (uint32_t v = 0; v < u.venues; v++)
      pay(c[v], d, best < split ? (v == alone ? units : 0) : share[v], worth, int(v));
  }

  void trade(uint32_t d) {
    std::vector<real> target = wanted(d);
    for (size_t k = 0; !u.kept.empty() && k < held.size(); k++) {
      const real room = at(u.room_left, d);
      target[k] = room > 0 && k ? target[k] : std::min(std::max(target[k], -room), room);
    }
    if (u.with_margin && u.margin.leverage > 0 && d + 1 < u.dates)
      move(d, notional(d, target));
    if (u.with_margin) {
      const real before = notional(d, held), more = u.margin.initial * (notional(d, target) - before);
      const real room = equity(d) - u.margin.initial * before;
      const real share = more > 0 && room < more ? std::max(room, real(0)) / more : 1;
      for (size_t k = 0; k < held.size(); k++)
        target[k] = held[k] + share * (target[k] - held[k]);
    }
    for (size_t k = 0; k < held.size(); k++) {
      const real units = std::fabs(target[k] - held[k]), worth = std::fabs(price(k, d));
      if (k == 0 && u.venues)
        route(d, units, worth);
      else
        pay(u.instruments[k].costs[d], d, units, worth);
      rows[QS_REBALANCE_TRADES] += units > 0;
      held[k] = target[k];
    }
  }
};

// Every number of every row, relative to the largest of its kind. Returns how many paths have a row that
// differs from 0, by row of the first policy.
std::vector<uint64_t> expect_restated(Unit &u) {
  Device device;
  const std::vector<double> rows = u.run(device);
  std::vector<uint64_t> used(QS_REBALANCE_ROWS);
  for (size_t p = 0; p < u.policies.size(); p++) {
    for (uint64_t path = 0; path < u.paths; path++) {
      const Walk walk(u, u.policies[p], path);
      for (size_t r = 0; r < u.width(); r++) {
        const double got = rows[(p * u.width() + r) * u.paths + path];
        const bool row = r < QS_REBALANCE_ROWS;
        const size_t after = QS_REBALANCE_ROWS + u.instruments.size();
        const double want = double(row         ? walk.rows[r]
                                   : r < after ? walk.held[r - QS_REBALANCE_ROWS]
                                               : walk.venues[r - after]);
        const bool money = (row && r <= QS_REBALANCE_TURNOVER) || r >= after || r == QS_REBALANCE_YIELD ||
                           r == QS_REBALANCE_MOVING || r == QS_REBALANCE_COLLATERAL;
        const double scale = money ? 1 + double(walk.rows[QS_REBALANCE_TURNOVER]) : 1;
        EXPECT_LE(std::fabs(got - want), 1e-12 * scale)
            << "policy " << p << " path " << path << " row " << r << ": " << got << ", not " << want;
        if (p == 0 && row)
          used[r] += want != 0;
        if (::testing::Test::HasFailure())
          return used;
      }
    }
  }
  return used;
}

TEST(Rebalance, GainsOfWhatIsHeld) {
  Unit u(9, 256, 1);
  u.add_instrument();
  u.add_instrument().value = u.several(9 * 256, -.1, .4);
  u.add_policy(0);
  u.add_policy(2);
  EXPECT_EQ(expect_restated(u)[QS_REBALANCE_HEDGE], 256u);
}

TEST(Rebalance, Costs) {
  Unit u(9, 256, 2);
  charge(&u, &u.add_instrument());
  charge(&u, &u.add_instrument());
  u.instruments[1].value = u.several(9 * 256, -.1, .4);
  u.add_policy(0);
  u.add_policy(2).centre = true;
  u.add_policy(2);
  const std::vector<uint64_t> used = expect_restated(u);
  for (int row : {QS_REBALANCE_FEE, QS_REBALANCE_SPREAD, QS_REBALANCE_IMPACT})
    EXPECT_EQ(used[size_t(row)], 256u);
}

TEST(Rebalance, Funding) {
  Unit u(9, 256, 3);
  u.add_instrument().funding = u.several(8 * 256, -.01, .02);
  u.add_policy(0);
  EXPECT_EQ(expect_restated(u)[QS_REBALANCE_FUNDING], 256u);
}

TEST(Rebalance, InstrumentsInCoin) {
  Unit u(9, 256, 4);
  u.add_instrument().inverse = true;
  charge(&u, &u.instruments[0]);
  u.add_policy(0);
  u.add_policy(2);
  EXPECT_EQ(expect_restated(u)[QS_REBALANCE_HEDGE], 256u);
}

TEST(Rebalance, RulesThatLookBack) {
  Unit u(40, 256, 5);
  charge(&u, &u.add_instrument());
  for (double interval : {1.0, 2.0, 3.9, 100.0}) {
    Policy &p = u.add_policy(.2);
    p.rule = QS_RULE_INTERVAL;
    p.limit = interval;
  }
  for (double variance : {1e-9, .004, 9.0}) {
    Policy &p = u.add_policy(.2);
    p.rule = QS_RULE_VARIANCE;
    p.limit = variance;
  }
  for (double move : {1e-9, .005, 9.0}) {
    Policy &p = u.add_policy(.2);
    p.rule = QS_RULE_MOVE;
    p.limit = move;
    for (int d = 0; move == .005 && d < 39; d++)
      p.weights.push_back(u.random_table(4, 1 + d % 2, 0));
  }
  expect_restated(u);
}

TEST(Rebalance, MarginAndLiquidation) {
  for (double collateral : {30.0, 150.0, 400.0})
    for (int32_t parts : {1, 3, 10}) {
      Unit u(9, 256, 6);
      charge(&u, &u.add_instrument());
      u.add_instrument().inverse = true;
      give_margin(&u, collateral);
      u.margin.parts = parts;
      u.add_policy(0);
      u.add_policy(2);
      const std::vector<uint64_t> used = expect_restated(u);
      if (collateral == 150) { // the mechanic is at work on some paths, not on all
        EXPECT_GT(used[QS_REBALANCE_LIQUIDATED], 10u);
        EXPECT_LT(used[QS_REBALANCE_LIQUIDATED], 250u);
      }
    }
}

TEST(Rebalance, AnIndexThatIsOff) {
  Unit u(9, 256, 9);
  charge(&u, &u.add_instrument());
  u.add_instrument().value = u.several(9 * 256, .1, .4);
  u.seen = u.several(9 * 256, -.2, .2);
  u.instruments[0].marked = u.several(9 * 256, .8, 1.2);
  u.instruments[1].marked = u.several(9 * 256, .1, .4);
  give_margin(&u, 150);
  u.add_policy(0);
  u.add_policy(.2).rule = QS_RULE_MOVE;
  u.policies[1].limit = .01;
  const std::vector<uint64_t> used = expect_restated(u);
  EXPECT_GT(used[QS_REBALANCE_LIQUIDATED], 10u);
}

TEST(Rebalance, VenuesThatFail) {
  for (bool margin : {false, true}) {
    Unit u(9, 256, 10);
    charge(&u, &u.add_instrument());
    u.add_instrument().inverse = true;
    if (margin)
      give_margin(&u, 150);
    let_fail(&u, 50);
    u.add_policy(0);
    u.add_policy(2);
    const std::vector<uint64_t> used = expect_restated(u);
    EXPECT_GT(used[QS_REBALANCE_LOST], 50u);
    EXPECT_LT(used[QS_REBALANCE_LOST], 250u);
  }
}

TEST(Rebalance, OrdersAreSplitOverVenues) {
  for (uint32_t count : {1u, 2u, 3u, 8u}) {
    Unit u(9, 256, 10 + count);
    u.add_instrument();
    charge(&u, &u.add_instrument());
    open_venues(&u, count);
    u.add_policy(0);
    u.add_policy(2).centre = true;
    EXPECT_EQ(expect_restated(u)[QS_REBALANCE_IMPACT], 256u);
  }
}

TEST(Rebalance, OneVenueHasTheBitsOfCostsAlone) {
  // And so has a cheap one beside others that are too dear for anything.
  Unit plain(9, 256, 3);
  charge(&plain, &plain.add_instrument());
  plain.add_policy(0);
  Device device;
  const std::vector<double> want = plain.run(device);
  for (uint32_t count : {1u, 3u}) {
    Unit u = plain;
    u.venues = count;
    u.instruments[0].costs.assign(9 * count, {.5, kFar, .5, 1e6, .1, 0, 0});
    for (uint32_t d = 0; d < 9; d++)
      u.instruments[0].costs[d * count + count / 2] = plain.instruments[0].costs[d];
    const std::vector<double> got = u.run(device);
    for (size_t i = 0; i < plain.width() * 256; i++)
      ASSERT_EQ(got[i], want[i]) << count << " row " << i / 256;
    for (size_t i = 0; i < 256; i++) {
      const double sum = want[QS_REBALANCE_FEE * 256 + i] + want[QS_REBALANCE_SPREAD * 256 + i] +
                         want[QS_REBALANCE_IMPACT * 256 + i];
      EXPECT_NEAR(got[(plain.width() + 2 * (count / 2) + 1) * 256 + i], sum, 1e-12 * sum);
    }
  }
}

TEST(Rebalance, MoreVenuesNeverCostMore) {
  // Without fixed costs; and with them never more than the cheapest venue alone.
  const auto cost = [](Unit &u) {
    Device device;
    const std::vector<double> rows = u.run(device);
    std::vector<double> sum(256);
    for (int row : {QS_REBALANCE_FEE, QS_REBALANCE_SPREAD, QS_REBALANCE_IMPACT})
      for (size_t i = 0; i < 256; i++)
        sum[i] += rows[size_t(row) * 256 + i];
    return sum;
  };
  for (bool fixed : {false, true}) {
    Unit all(2, 256, 12);
    all.add_instrument();
    open_venues(&all, 6);
    all.add_policy(0);
    for (qs_trade_cost &c : all.instruments[0].costs)
      c.fixed = fixed ? c.unit : 0;
    std::vector<double> before(256, kFar);
    for (uint32_t count = 1; count <= 6; count++) {
      Unit some = all;
      some.venues = fixed ? 1 : count;
      some.instruments[0].costs.clear();
      for (uint32_t d = 0; d < 2; d++)
        for (uint32_t v = 0; v < some.venues; v++)
          some.instruments[0].costs.push_back(all.instruments[0].costs[d * 6 + (fixed ? count - 1 : v)]);
      const std::vector<double> now = cost(some), most = fixed ? cost(all) : now;
      for (size_t i = 0; i < 256; i++) {
        ASSERT_LE(fixed ? most[i] : now[i], (fixed ? now[i] : before[i]) * (1 + 1e-13) + 1e-13)
            << count << " " << i;
      }
      before = now;
    }
  }
}

TEST(Rebalance, CollateralThatGrowsAndIsMoved) {
  for (bool coin : {false, true})
    for (double band : {0.0, .3}) {
      Unit u(9, 256, 14);
      charge(&u, &u.add_instrument());
      give_margin(&u, 200);
      move_collateral(&u);
      u.margin.collateral = coin ? 2 : 200;
      u.margin.coin = coin;
      u.margin.band = band;
      u.add_policy(0);
      u.add_policy(2);
      const std::vector<uint64_t> used = expect_restated(u);
      EXPECT_EQ(used[QS_REBALANCE_YIELD], 256u);
      EXPECT_GT(used[QS_REBALANCE_MOVING], 250u);
      EXPECT_GT(used[QS_REBALANCE_LIQUIDATED], 10u);
    }
}

TEST(Rebalance, EverythingAtOnce) {
  Unit u = everything(512);
  expect_restated(u);
}

} // namespace
