// Delta-gamma and delta-vega targets: what is held together has no gamma, no vega and no delta, by bumps of
// Fourier prices.
#include <cmath>

#include "host/market/fourier.h"
#include "host/policy/neutral.h"
#include "tests/policy/policy_world.h"

namespace {

using namespace policy_world;

// A short call of 60 days, hedged with one of 90 days and another strike; ten trades, three days apart.
struct Neutral {
  World world, other;
  qs_policy_ratios position, option;

  explicit Neutral(const qs_model &model) : world(model), other(model) {
    world.Dates(10, 3.0 / 365, 0.0005).Option(true, 100, -2, 60.0 / 365);
    other.Dates(10, 3.0 / 365, 0.0005).Option(false, 95, 1, 90.0 / 365);
    world.Problem(1);
    other.Problem(1);
    position = world.Ratios();
    option = other.Ratios();
  }
  // Of the two options and the spot, at date n.
  double Value(size_t n, double x, double v, double quantity, double spot) const {
    const double years = static_cast<double>(n) * 3 / 365, price = 100 * std::exp(x);
    return -2 * price * Price(true, 60.0 / 365 - years, std::log(100 / price), v) +
           quantity * price * Price(false, 90.0 / 365 - years, std::log(95 / price), v) + spot * price;
  }
  double Price(bool call, double years, double k, double v) const {
    qs_model model = world.model;
    model.value[QS_V0] = v;
    qs_fourier_option_value value = {};
    qs_fourier_report report = {};
    const qs_fourier_settings settings = qs_fourier_defaults();
    EXPECT_EQ(QS_OK, qs_fourier_option(&model, years, call, k, &settings, &value, &report));
    return value.price;
  }
};

TEST(Neutral, NothingIsLeftOfGammaOrVega) {
  Neutral h(Heston());
  for (qs_neutral_kind kind : {QS_NEUTRAL_GAMMA, QS_NEUTRAL_VEGA}) {
    qs_policy_table tables[2];
    ASSERT_EQ(QS_OK, qs_policy_neutral(&h.world.context, h.world.arena, &h.position, &h.option, kind,
                                       -INFINITY, INFINITY, tables));
    for (size_t n : {size_t{0}, size_t{9}}) {
      const qs_policy_nodes &nodes = h.position.nodes[n];
      for (size_t j : {nodes.x_count / 2 - 12, nodes.x_count / 2, nodes.x_count / 2 + 9}) {
        const size_t i = nodes.y_count / 2, at = i * nodes.x_count + j;
        const double x = X(nodes, j), v = Y(nodes, i) * Y(nodes, i);
        const double spot = tables[0].low[n][at], quantity = tables[1].low[n][at];
        EXPECT_EQ(tables[0].high[n][at], spot);
        auto value = [&](double a, double b) { return h.Value(n, x + a, v + b, quantity, spot); };
        auto alone = [&](double a, double b) { return h.Value(n, x + a, v + b, 0, 0); };
        auto delta = [](auto f) { return (f(1e-3, 0.0) - f(-1e-3, 0.0)) / 2e-3; };
        auto vega = [](auto f) { return (f(0.0, 1e-3) - f(0.0, -1e-3)) / 2e-3; };
        // d2V/dS2 = (V_xx - V_x)/S^2.
        auto gamma = [&](auto f) {
          return (f(2e-3, 0.0) - 2 * f(0.0, 0.0) + f(-2e-3, 0.0)) / 4e-6 - delta(f);
        };
        EXPECT_NEAR(0, delta(value) / delta(alone), 1e-4) << n << " " << x;
        if (kind == QS_NEUTRAL_GAMMA) {
          EXPECT_NEAR(0, gamma(value) / gamma(alone), 1e-3) << n << " " << x;
        } else {
          EXPECT_NEAR(0, vega(value) / vega(alone), 1e-4) << n << " " << x;
        }
      }
    }
  }
}

TEST(Neutral, LimitsHoldAndTheSpotTakesTheRest) {
  Neutral h(Heston());
  qs_policy_table free[2], tables[2];
  ASSERT_EQ(QS_OK, qs_policy_neutral(&h.world.context, h.world.arena, &h.position, &h.option,
                                     QS_NEUTRAL_GAMMA, -INFINITY, INFINITY, free));
  ASSERT_EQ(QS_OK, qs_policy_neutral(&h.world.context, h.world.arena, &h.position, &h.option,
                                     QS_NEUTRAL_GAMMA, -0.5, 1, tables));
  const qs_policy_nodes &nodes = h.position.nodes[4];
  bool cut = false;
  for (size_t s = 0; s < nodes.x_count * nodes.y_count; s++) {
    const double quantity = tables[1].low[4][s];
    EXPECT_EQ(std::fmin(std::fmax(free[1].low[4][s], -0.5), 1), quantity);
    EXPECT_DOUBLE_EQ(-h.position.delta[4][s] - quantity * h.option.delta[4][s], tables[0].low[4][s]);
    cut = cut || quantity != free[1].low[4][s];
  }
  EXPECT_TRUE(cut);
}

TEST(Neutral, VegaNeedsARandomVariance) {
  Neutral h(Gbm(0.6));
  qs_policy_table tables[2];
  EXPECT_EQ(QS_ERROR_INPUT, qs_policy_neutral(&h.world.context, h.world.arena, &h.position, &h.option,
                                              QS_NEUTRAL_VEGA, -1, 1, tables));
  EXPECT_EQ(QS_OK, qs_policy_neutral(&h.world.context, h.world.arena, &h.position, &h.option,
                                     QS_NEUTRAL_GAMMA, -1, 1, tables));
}

} // namespace
