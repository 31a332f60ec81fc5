// Hedging over time against a plain restatement, path by path in long double with the library's functions,
// from what rebalance.h and plan.h say; and small cases whose figures are written down.
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
    real sum = rows[QS_REBALANCE_COLLATERAL] * coin(d) * (1 - real(u.margin.haircut)) + at(u.position, d) +
               account();
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
    const auto first = [&](uint32_t v) {
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

// ---- figures written down ----

// One instrument at 100 e^x, no discounting, x given by date.
Unit small(const std::vector<double> &x) {
  Unit u(uint32_t(x.size()), 64, 7);
  for (size_t i = 0; i < u.x.size(); i++)
    u.x[i] = x[i / 64];
  u.forward.assign(x.size(), 100);
  u.discount.assign(x.size(), 1);
  Instrument &in = u.add_instrument();
  in.scale.assign(x.size(), 100);
  in.gain.assign(x.size() - 1, 100);
  return u;
}

double row_of(Unit &u, int row, size_t policy = 0) {
  Device device;
  return u.run(device)[(policy * u.width() + size_t(row)) * u.paths + 5];
}

TEST(Rebalance, CostsByHand) {
  // 4 units in and out at 100: .1% of 100, .2% half-spread and .3 a unit, .5 4^1.5, 2 a trade.
  Unit u = small({0, 0});
  u.instruments[0].costs.assign(2, qs_trade_cost{.001, kFar, .002, .3, .5, 2, 0});
  u.add_flat_policy(4, 4);
  EXPECT_DOUBLE_EQ(row_of(u, QS_REBALANCE_FEE), 2 * (.4 + 2));
  EXPECT_DOUBLE_EQ(row_of(u, QS_REBALANCE_SPREAD), 2 * (.8 + 1.2));
  EXPECT_DOUBLE_EQ(row_of(u, QS_REBALANCE_IMPACT), 2 * 4.0);
  EXPECT_DOUBLE_EQ(row_of(u, QS_REBALANCE_TURNOVER), 800);
  EXPECT_DOUBLE_EQ(row_of(u, QS_REBALANCE_TRADES), 2);
  EXPECT_DOUBLE_EQ(row_of(u, QS_REBALANCE_HEDGE), 0);
}

TEST(Rebalance, CappedFeesByHand) {
  // min(.03% of the underlying's 100, 12.5% of the unit's price): an option at 2, at .1 and at 0.
  for (double price : {2.0, .1, 0.0}) {
    Unit u = small({0, 0});
    u.instruments[0].value.assign(128, price / 100);
    u.instruments[0].costs.assign(2, qs_trade_cost{.0003, .125, 0, 0, 0, 0, 1});
    u.add_flat_policy(10, 10);
    EXPECT_DOUBLE_EQ(row_of(u, QS_REBALANCE_FEE), 20 * std::min(.03, .125 * price)) << price;
    u.instruments[0].costs.assign(2, qs_trade_cost{.0003, kFar, 0, 0, 0, 0, 1}); // no cap: even of nothing
    EXPECT_DOUBLE_EQ(row_of(u, QS_REBALANCE_FEE), 20 * .03) << price;
  }
}

TEST(Rebalance, GainsByHand) {
  Unit u = small({0, std::log(1.1), std::log(.9)});
  u.add_flat_policy(-3, -3);
  u.instruments[0].funding.assign(2 * 64, .01); // a short receives
  EXPECT_NEAR(row_of(u, QS_REBALANCE_HEDGE), 30, 1e-12);
  EXPECT_NEAR(row_of(u, QS_REBALANCE_FUNDING), 3 * .01 * (100 + 110), 1e-12);
  EXPECT_EQ(row_of(u, QS_REBALANCE_ROWS), 0); // all is closed at the end
}

TEST(Rebalance, ANotionalInCoinDoesNotTradeWhileItIsHeld) {
  // N = 330 in money is 3.3, 3 and 3.666 coins; N (1/P - 1/P') coins at P' are N (P' - P) / P.
  Unit u = small({0, std::log(1.1), std::log(.9)});
  u.instruments[0].inverse = true;
  Policy own;
  for (int d = 0; d < 2; d++)
    own.given.insert(own.given.end(), 64, d ? 3.0 : 3.3);
  u.policies.push_back(own);
  EXPECT_NEAR(row_of(u, QS_REBALANCE_HEDGE), 330 * (.1 - .2 / 1.1), 1e-12);
  EXPECT_NEAR(row_of(u, QS_REBALANCE_TURNOVER), 2 * 330, 1e-12);
}

TEST(Rebalance, TablesAtTheirEdges) {
  // States far outside the nodes, on them and between: .5 at x <= 0, 1.5 at x >= 1, and in y.
  for (const auto &[x, y, want] : std::vector<std::array<double, 3>>{{-700, .1, .5},
                                                                     {0, .1, .5},
                                                                     {.25, .1, .75},
                                                                     {1, .1, 1.5},
                                                                     {50, .1, 1.5},
                                                                     {.25, 7, 10.75},
                                                                     {.25, 1.1, 10.75},
                                                                     {.25, .35, 3.25},
                                                                     {1, 1.1, 11.5}}) {
    Unit u = small({x, 0});
    u.v.assign(u.v.size(), y * y);
    Policy policy;
    policy.bands.push_back({0, 1, .1, 1, 2, 2, {.5, 1.5, 10.5, 11.5}, {.5, 1.5, 10.5, 11.5}});
    u.policies.push_back(policy);
    u.unit = {};
    u.connect();
    Device device;
    std::vector<double> rows = u.room();
    u.unit.date_end = 1; // before the unwind
    ASSERT_EQ(qs_backend_cpu()->rebalance(device.get(), &u.unit, nullptr, device.message, rows.data()),
              QS_OK);
    EXPECT_NEAR(rows[QS_REBALANCE_ROWS * 64], want, 1e-12) << x << " " << y;
  }
}

TEST(Rebalance, AnInfiniteBandTradesNothing) {
  Unit u(9, 64, 8);
  charge(&u, &u.add_instrument());
  give_margin(&u, -1000); // nor is anything there to be closed
  u.add_flat_policy(-kFar, kFar);
  u.add_flat_policy(-kFar, kFar).centre = true;
  Device device;
  const std::vector<double> rows = u.run(device);
  for (size_t i = 0; i < rows.size(); i++)
    EXPECT_EQ(rows[i], i / 64 % u.width() == QS_REBALANCE_COLLATERAL ? -1000 : 0);
}

TEST(Rebalance, SplitByHand) {
  // 5 units at 100 for 1 and 2 a unit more, with impact 2/3 u^1.5 both: marginal costs 1 + sqrt(u) = 2 +
  // sqrt(5 - u) at u = 4. A third without impact at 2.5 caps them: 2.25, .25 and the rest.
  for (uint32_t count : {2u, 3u}) {
    Unit u = small({0, 0});
    u.venues = count;
    u.instruments[0].costs.clear();
    for (int d = 0; d < 2; d++) {
      u.instruments[0].costs.push_back({0, kFar, 0, 1, 2.0 / 3, 0, 0});
      u.instruments[0].costs.push_back({.02, kFar, 0, 0, 2.0 / 3, 0, 0});
      if (count == 3)
        u.instruments[0].costs.push_back({0, kFar, .025, 0, 0, 0, 0});
    }
    u.add_flat_policy(5, 5);
    const double a = count == 2 ? 4 : 2.25, b = count == 2 ? 1 : .25, rest = 5 - a - b;
    const int venues = QS_REBALANCE_ROWS + 1;
    EXPECT_NEAR(row_of(u, venues), 200 * a, 1e-11);
    EXPECT_NEAR(row_of(u, venues + 2), 200 * b, 1e-11);
    EXPECT_NEAR(row_of(u, venues + 1), 2 * (a + 2.0 / 3 * std::pow(a, 1.5)), 1e-12);
    EXPECT_NEAR(row_of(u, venues + 3), 2 * (2 * b + 2.0 / 3 * std::pow(b, 1.5)), 1e-12);
    if (count == 3) {
      EXPECT_NEAR(row_of(u, venues + 5), 2 * 2.5 * rest, 1e-12);
    }
    EXPECT_NEAR(row_of(u, QS_REBALANCE_TURNOVER), 1000, 1e-11);
    EXPECT_EQ(row_of(u, QS_REBALANCE_TRADES), 2);
  }
}

TEST(Rebalance, AFixedCostSendsTheOrderToOneVenue) {
  // Of the two above 4 and 1 cost 4 + 16/3 + 2 + 2/3 = 12; all at the first 5 + 2/3 5^1.5 = 12.45: below 12 +
  // twice a fixed .5 but for one fixed cost, above it for .1.
  for (double fixed : {.1, .5}) {
    Unit u = small({0, 0});
    u.venues = 2;
    u.instruments[0].costs.clear();
    for (int d = 0; d < 2; d++) {
      u.instruments[0].costs.push_back({0, kFar, 0, 1, 2.0 / 3, fixed, 0});
      u.instruments[0].costs.push_back({0, kFar, 0, 2, 2.0 / 3, fixed, 0});
    }
    u.add_flat_policy(5, 5);
    EXPECT_NEAR(row_of(u, QS_REBALANCE_ROWS + 3), fixed > .2 ? 0 : 200, 1e-11);
    EXPECT_NEAR(row_of(u, QS_REBALANCE_FEE), 2 * (fixed > .2 ? fixed : 2 * fixed), 1e-12);
  }
}

TEST(Rebalance, CollateralByHand) {
  // 10 coins at 100 that grow by 1% and go to 80: 808, a loss of 192; 90% count for a hedge of 4 units.
  Unit u = small({0, std::log(.8), std::log(.8)});
  u.with_margin = true;
  u.margin = {10, .1, .05, 1, 0, 0, 0, nullptr, 0, 0, 0, 0};
  u.margin.coin = 1;
  u.margin.haircut = .1;
  u.margin.leverage = 4;
  u.margin.band = 10; // far too much lies there, and stays
  u.margin.move = .01;
  u.margin.moved = 2;
  u.grow = {0, 1.01, 1};
  u.position.assign(3 * 64, 0);
  u.add_flat_policy(4, 4);
  EXPECT_NEAR(row_of(u, QS_REBALANCE_YIELD), -192, 1e-11);
  EXPECT_NEAR(row_of(u, QS_REBALANCE_COLLATERAL), 10.1, 1e-12);
  EXPECT_EQ(row_of(u, QS_REBALANCE_MOVING), 0);
  // Without the band: 400 / 4 = 100 for 900 at once, so 800 / .9 leave; 1/9 of 10 coins stays, grows and
  // falls to 89.78 of which 80.8 count, and the hedge has lost 80 and paid 10.89 for the moves: 80 are
  // wanted.
  u.margin.band = 0;
  const double out = 800 / .9, left = (1000 - out) * 1.01 * .8, paid = .01 * out + 2;
  const double in = (80 - (.9 * left - 80 - paid)) / .9;
  EXPECT_NEAR(row_of(u, QS_REBALANCE_MOVING), paid + .01 * in + 2, 1e-11);
  EXPECT_NEAR(row_of(u, QS_REBALANCE_COLLATERAL), (left + in) / 80, 1e-12);
}

TEST(Rebalance, AHoldingInsideItsBandStays) {
  // 0 is below [2, 4]: to 2, or with `centre` to 3; then it is inside [1, 3.5], then above [0, 1].
  Unit u = small({0, 0, 0, 0});
  for (bool centre : {false, true}) {
    Policy policy;
    policy.bands = {flat_table(2, 4), flat_table(1, 3.5), flat_table(0, 1)};
    policy.centre = centre;
    u.policies.push_back(policy);
  }
  EXPECT_DOUBLE_EQ(row_of(u, QS_REBALANCE_TURNOVER), 100 * (2 + 1 + 1));
  EXPECT_DOUBLE_EQ(row_of(u, QS_REBALANCE_TRADES), 3);
  EXPECT_DOUBLE_EQ(row_of(u, QS_REBALANCE_TURNOVER, 1), 100 * (3 + 2.5 + .5));
}

TEST(Rebalance, LiquidationByHand) {
  // 2 units from 100 to 70: equity 90 - 60 = 30 of 140, maintenance 35 (25%), so 5 lack. One of 4 parts
  // closed frees 35 (25% - 2%) = 8.05: one part, its fee .7; the rest is then sold at the unwind.
  Unit u = small({0, std::log(.7), std::log(.7)});
  u.add_flat_policy(2, 2);
  u.with_margin = true;
  u.margin = {90, .25, .25, 4, .02, 0, 0, nullptr, 0, 0, 0, 0};
  u.position.assign(3 * 64, 0);
  EXPECT_NEAR(row_of(u, QS_REBALANCE_LIQUIDATION), .7, 1e-12);
  EXPECT_EQ(row_of(u, QS_REBALANCE_LIQUIDATED), 1);
  // What is left, 1.5 units, may grow to (30 - .7) / (.25 70) units again.
  EXPECT_NEAR(row_of(u, QS_REBALANCE_TURNOVER), 200 + 70 * (29.3 / 17.5 - 1.5) + 70 * 29.3 / 17.5, 1e-11);
}

TEST(Rebalance, AVenueThatFailsByHand) {
  // 2 units from 100 to 110: half of both is gone, with half of the 100 + 20 there; the other is bought anew.
  Unit u = small({0, std::log(1.1), std::log(1.1)});
  u.add_flat_policy(2, 2);
  u.failing = 100;
  u.kept.assign(3 * 64, 1);
  u.lost.assign(3 * 64, 0);
  u.room_left.assign(3 * 64, kFar);
  std::fill(u.kept.begin() + 64, u.kept.begin() + 128, .5);
  std::fill(u.lost.begin() + 64, u.lost.begin() + 128, .5);
  EXPECT_NEAR(row_of(u, QS_REBALANCE_LOST), 60, 1e-12);
  EXPECT_NEAR(row_of(u, QS_REBALANCE_HEDGE), 20, 1e-12);
  EXPECT_NEAR(row_of(u, QS_REBALANCE_TURNOVER), 200 + 110 + 220, 1e-11);
}

TEST(Rebalance, AWrongIndexLiquidatesByHand) {
  // 2 units at 100: the account's 60 cover 25% of 200, but seen at 80 it holds 60 - 40 = 20 of the 40 that
  // 160 need. All is closed (one part), at the fee of what is seen, and 56.8 cover it at 100 again.
  Unit u = small({0, 0, 0});
  u.add_flat_policy(2, 2);
  u.with_margin = true;
  u.margin = {60, .25, .25, 1, .02};
  u.position.assign(3 * 64, 0);
  EXPECT_EQ(row_of(u, QS_REBALANCE_LIQUIDATED), 0);
  u.instruments[0].marked.assign(3 * 64, 1);
  std::fill(u.instruments[0].marked.begin() + 64, u.instruments[0].marked.begin() + 128, .8);
  EXPECT_EQ(row_of(u, QS_REBALANCE_LIQUIDATED), 1);
  EXPECT_NEAR(row_of(u, QS_REBALANCE_LIQUIDATION), .02 * 160, 1e-12);
}

TEST(Rebalance, TradesAreCutToTheInitialMargin) {
  // 30 covers 1.2 units at 25% of 100; the position's gain 20 at the next date .8 more, to 2 units.
  Unit u = small({0, 0, 0});
  u.add_flat_policy(5, 5);
  u.with_margin = true;
  u.margin = {30, .25, .1, 4, .02, 0, 0, nullptr, 0, 0, 0, 0};
  u.position.assign(3 * 64, 20);
  std::fill(u.position.begin(), u.position.begin() + 64, 0);
  EXPECT_DOUBLE_EQ(row_of(u, QS_REBALANCE_TURNOVER), 400);
  EXPECT_EQ(row_of(u, QS_REBALANCE_LIQUIDATED), 0);
}

} // namespace
