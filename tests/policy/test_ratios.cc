// Values, sensitivities and locally optimal ratios against Fourier prices of one option, closed forms under
// gbm and merton, and a Riccati equation solved by Runge and Kutta.
#include <cmath>
#include <complex>
#include <cstring>

#include "host/base/model.h"
#include "host/market/black.h"
#include "host/market/characteristic.h"
#include "host/market/fourier.h"
#include "host/policy/affine.h"
#include "tests/policy/policy_world.h"

namespace {

using namespace policy_world;
using Complex = std::complex<double>;

Complex JumpTransform(const qs_model &model, Complex p, Complex d) {
  const double *v = model.value;
  if (model.type == QS_MODEL_KOU) {
    return v[QS_P] * v[QS_ETA1] / (v[QS_ETA1] - p) + (1 - v[QS_P]) * v[QS_ETA2] / (v[QS_ETA2] + p);
  }
  const Complex normal = std::exp(p * v[QS_MU_J] + 0.5 * p * p * v[QS_SIGMA_J] * v[QS_SIGMA_J]);
  return model.type == QS_MODEL_SVCJ ? normal / (1.0 - v[QS_MU_V] * (d + v[QS_RHO_J] * p)) : normal;
}

// A and B of the step by the classical Runge-Kutta method.
void RungeKutta(const qs_model &model, double years, Complex p, Complex d, Complex *a, Complex *b) {
  const double *v = model.value;
  const bool stochastic = qs_model_stochastic(&model),
             jumps = qs_model_parameters(model.type) >> QS_LAMBDA & 1;
  const double mean = jumps ? JumpTransform(model, 1, 0).real() - 1 : 0;
  auto slope = [&](Complex at, Complex *rate) {
    const Complex half = 0.5 * (p * p - p);
    *rate = stochastic ? v[QS_KAPPA] * v[QS_THETA] * at : half * v[QS_SIGMA] * v[QS_SIGMA];
    if (jumps) {
      *rate += v[QS_LAMBDA] * (JumpTransform(model, p, at) - 1.0 - p * mean);
    }
    return stochastic
               ? half - (v[QS_KAPPA] - v[QS_RHO] * v[QS_XI] * p) * at + 0.5 * v[QS_XI] * v[QS_XI] * at * at
               : Complex(0);
  };
  const int steps = 4000;
  const double h = years / steps;
  *a = 0, *b = d;
  for (int i = 0; i < steps; i++) {
    Complex r1, r2, r3, r4;
    const Complex k1 = slope(*b, &r1), k2 = slope(*b + 0.5 * h * k1, &r2), k3 = slope(*b + 0.5 * h * k2, &r3);
    const Complex k4 = slope(*b + h * k3, &r4);
    *b += h / 6 * (k1 + 2.0 * k2 + 2.0 * k3 + k4);
    *a += h / 6 * (r1 + 2.0 * r2 + 2.0 * r3 + r4);
  }
}

TEST(Affine, IsTheSolutionOfTheRiccatiEquation) {
  for (const qs_model &model : Models()) {
    for (double years : {1.0 / 365, 7.0 / 365}) {
      for (double u : {0.0, 0.7, 9.0, 120.0, 700.0}) {
        for (double real : {0.5, 1.5, 2.0}) {
          for (Complex d : {Complex(0, 0), Complex(-0.2 * u, 0.1 * u)}) {
            if (!qs_model_stochastic(&model) && d != Complex(0, 0)) {
              continue;
            }
            Complex a, b;
            RungeKutta(model, years, {real, u}, d, &a, &b);
            const qs_affine step = qs_affine_step(&model, years, 0, real, u, d.real(), d.imag());
            const double scale = 1 + std::abs(a), other = 1 + std::abs(b);
            EXPECT_NEAR(a.real(), step.a_re, 2e-7 * scale) << model.type << " " << u << " " << real;
            EXPECT_NEAR(a.imag(), step.a_im, 2e-7 * scale) << model.type << " " << u << " " << real;
            EXPECT_NEAR(b.real(), step.b_re, 2e-7 * other) << model.type << " " << u << " " << real;
            EXPECT_NEAR(b.imag(), step.b_im, 2e-7 * other) << model.type << " " << u << " " << real;
          }
        }
      }
    }
  }
}

// Value of the world's options that are alive after date n, in state (x, v), by single Fourier prices.
struct Expected {
  double value = 0, delta = 0, gamma = 0, vega = 0;
};

Expected Reference(const World &world, size_t n, double x, double v) {
  Expected sum;
  qs_model model = world.model;
  model.value[QS_V0] = v;
  const qs_policy_date &date = world.dates[n];
  for (const qs_policy_option &o : world.options) {
    const double years = o.years - date.years;
    if (years <= 1e-7) {
      continue;
    }
    const double forward = o.forward * std::exp(x), spot = date.forward * std::exp(x);
    qs_fourier_option_value value = {};
    qs_fourier_report report = {};
    qs_fourier_settings settings = qs_fourier_defaults();
    settings.added_variance = o.added - date.added;
    EXPECT_EQ(QS_OK, qs_fourier_option(&model, years, o.call, std::log(o.strike / forward), &settings, &value,
                                       &report))
        << report.problem;
    const double ratio = o.forward / date.gain; // of the forward to the gain of a unit
    sum.value += o.weight * forward * value.price;
    sum.delta += o.weight * ratio * value.delta;
    sum.gamma += o.weight * ratio * value.gamma / spot;
    sum.vega += o.weight * forward * value.parameter[QS_V0];
  }
  return sum;
}

TEST(Ratios, ValuesAndSensitivitiesAreThoseOfSingleOptions) {
  for (const qs_model &model : Models()) {
    World world(model);
    world.Dates(5, 2.0 / 365, 0);
    world.Option(true, 100, -1)
        .Option(false, 90, 2)
        .Option(true, 140, 3, 0.1)
        .Option(false, 105, -1, 6.0 / 365);
    for (size_t n = 0; n < world.dates.size(); n++) {
      world.dates[n].forward = 100 + static_cast<double>(n);
      world.dates[n].gain = 99 + static_cast<double>(n);
      world.dates[n].added = 0.0001 * static_cast<double>(n);
    }
    for (qs_policy_option &o : world.options) {
      o.added = 0.0001 * o.years * 365 / 2;
      o.forward = 103;
    }
    world.Problem(1);
    world.settings.x_count = 101;
    const qs_policy_ratios ratios = world.Ratios();
    for (size_t n : {0, 2, 4}) {
      const qs_policy_nodes &nodes = ratios.nodes[n];
      for (size_t i = 0; i < nodes.y_count; i += 5) {
        for (size_t j = 5; j < nodes.x_count; j += 15) {
          const Expected e = Reference(world, n, X(nodes, j), Y(nodes, i) * Y(nodes, i));
          const size_t at = i * nodes.x_count + j;
          EXPECT_NEAR(e.value, ratios.value[n][at], 1e-6)
              << model.type << " date " << n << " node " << i << "," << j;
          EXPECT_NEAR(e.delta, ratios.delta[n][at], 1e-6)
              << model.type << " date " << n << " node " << i << "," << j;
          EXPECT_NEAR(e.gamma, ratios.gamma[n][at], 1e-6)
              << model.type << " date " << n << " node " << i << "," << j;
          if (ratios.vega) {
            EXPECT_NEAR(e.vega, ratios.vega[n][at], 1e-4)
                << model.type << " date " << n << " node " << i << "," << j;
          }
        }
      }
    }
  }
}

// Under gbm E[S' V'(S')] = S V(S exp(sigma^2 dt)), so that the ratio is a difference of two prices.
TEST(Ratios, LocalRatioUnderGbmIsADifferenceOfBlackPrices) {
  for (double drift : {0.0, 2.0}) {
    const double sigma = 0.6;
    World world(Gbm(sigma));
    ShortCall(&world);
    world.Problem(1)->drift = drift;
    const qs_policy_ratios ratios = world.Ratios();
    const double dt = 1.0 / 365, variance = sigma * sigma * dt, m = drift * dt;
    for (size_t n : {0, 10, 28, 29}) {
      const double total = sigma * std::sqrt((30 - static_cast<double>(n)) * dt);
      const qs_policy_nodes &nodes = ratios.nodes[n];
      for (size_t j = 100; j < nodes.x_count; j += 50) {
        const double x = X(nodes, j) + m;
        auto price = [&](double at) { return 100 * std::exp(at) * qs_black_price(true, -at, total); };
        const double expected = (price(x + variance) - price(x)) / (100 * std::exp(x) * std::expm1(variance));
        EXPECT_NEAR(-expected, ratios.local[n][j], 2e-7) << n << " " << j;
        EXPECT_NEAR(std::expm1(variance) * std::exp(2 * m), ratios.relative[n][0], 1e-12);
      }
    }
  }
}

// Under merton the step's share measure is a merton law as well, and prices are sums over the numbers of
// jumps.
TEST(Ratios, LocalRatioUnderMertonIsADoubleSumOfBlackPrices) {
  const qs_model model = Merton();
  const double *v = model.value;
  const double square = v[QS_SIGMA_J] * v[QS_SIGMA_J], factor = std::exp(v[QS_MU_J] + 0.5 * square);
  World world(model);
  ShortCall(&world);
  world.Problem(1);
  const qs_policy_ratios ratios = world.Ratios();
  const double dt = 1.0 / 365, sigma2 = v[QS_SIGMA] * v[QS_SIGMA], lambda = v[QS_LAMBDA];
  for (size_t n : {0, 20, 29}) {
    const double rest = (29 - static_cast<double>(n)) * dt;
    const qs_policy_nodes &nodes = ratios.nodes[n];
    for (size_t j = 100; j < nodes.x_count; j += 100) {
      const double x = X(nodes, j);
      // E[V'] with the step under the pricing law (tilt 0) or the share measure (tilt 1)
      auto mean = [&](int tilt) {
        double sum = 0, jump_mean = v[QS_MU_J] + tilt * square, rate = tilt ? lambda * factor : lambda;
        double weight = std::exp(-rate * dt);
        for (int k = 0; k < 6; k++, weight *= rate * dt / k) {
          double later = std::exp(-lambda * rest);
          for (int l = 0; l < 25; l++, later *= lambda * rest / l) {
            const double total = sigma2 * (dt + rest) + (k + l) * square;
            const double log_mean = x + tilt * sigma2 * dt - lambda * (factor - 1) * (dt + rest) +
                                    k * (jump_mean + 0.5 * square) + l * std::log(factor);
            sum +=
                weight * later * 100 * std::exp(log_mean) * qs_black_price(true, -log_mean, std::sqrt(total));
          }
        }
        return sum;
      };
      const double variance = std::expm1(
          sigma2 * dt + lambda * dt * (std::exp(2 * v[QS_MU_J] + 2 * square) - 1 - 2 * (factor - 1)));
      const double expected = (mean(1) - mean(0)) / (100 * std::exp(x) * variance);
      EXPECT_NEAR(-expected, ratios.local[n][j], 1e-6) << n << " " << j;
    }
  }
}

// As the step shrinks the local ratio of a heston becomes delta + rho xi vega/S.
TEST(Ratios, LocalRatioUnderHestonTendsToTheMinimumVarianceDelta) {
  World world(Heston());
  world.Dates(2, 0.05 / 365, 0).Option(true, 100, -1, 0.1);
  world.Problem(1);
  const qs_policy_ratios ratios = world.Ratios();
  const double *v = world.model.value;
  const qs_policy_nodes &nodes = ratios.nodes[0];
  for (size_t i = 8; i < nodes.y_count; i += 4) {
    for (size_t j = 0; j < nodes.x_count; j += 20) {
      const size_t at = i * nodes.x_count + j;
      const double added = v[QS_RHO] * v[QS_XI] * ratios.vega[0][at] / (100 * std::exp(X(nodes, j)));
      EXPECT_GT(std::fabs(added), 0.005);
      EXPECT_NEAR(ratios.delta[0][at] + added, ratios.local[0][at], 0.002) << i << " " << j;
    }
  }
}

TEST(Ratios, ForwardsHaveRatioOne) {
  World world(Svcj());
  world.Dates(3, 1.0 / 365, 0).Option(true, 0, 2).Option(true, 100, 1).Option(false, 100, -1);
  world.Problem(1);
  const qs_policy_ratios ratios = world.Ratios();
  const size_t size = ratios.nodes[0].x_count * ratios.nodes[0].y_count;
  for (size_t i = 0; i < size; i += 7) {
    EXPECT_NEAR(3, ratios.delta[1][i], 1e-9);
    EXPECT_NEAR(3, ratios.local[1][i], 1e-9);
    EXPECT_NEAR(0, ratios.gamma[1][i], 1e-9);
  }
}

TEST(Ratios, BitsDoNotDependOnThreads) {
  World world(Svcj());
  ShortCall(&world, 6);
  world.Problem(1);
  world.settings.x_count = 65;
  world.context.threads = 1;
  const qs_policy_ratios one = world.Ratios();
  for (int threads : {2, 7}) {
    world.context.threads = threads;
    const qs_policy_ratios other = world.Ratios();
    for (size_t n = 0; n < one.date_count; n++) {
      const size_t bytes = one.nodes[n].x_count * one.nodes[n].y_count * sizeof(double);
      EXPECT_EQ(0, std::memcmp(one.local[n], other.local[n], bytes));
      EXPECT_EQ(0, std::memcmp(one.value[n], other.value[n], bytes));
      EXPECT_EQ(0, std::memcmp(one.vega[n], other.vega[n], bytes));
    }
  }
}

TEST(Ratios, BadProblemsAreRefusedByName) {
  auto refused = [](void (*spoil)(World *), const char *says) {
    World world(Gbm(0.6));
    ShortCall(&world);
    world.Problem(1);
    spoil(&world);
    qs_policy_ratios ratios = {};
    EXPECT_EQ(QS_ERROR_INPUT,
              qs_policy_make_ratios(&world.context, world.arena, &world.problem, &world.settings, &ratios));
    EXPECT_NE(nullptr, std::strstr(world.context.message, says)) << world.context.message;
    EXPECT_EQ(nullptr, ratios.value);
  };
  refused([](World *w) { w->dates[3].years = 0; }, "date 3: dates must ascend");
  refused([](World *w) { w->dates[0].years = -1; }, "date 0: dates must ascend");
  refused([](World *w) { w->dates[2].forward = 0; }, "date 2: forward");
  refused([](World *w) { w->dates[5].proportional = -1; }, "date 5: costs");
  refused([](World *w) { w->dates[5].per_unit = NAN; }, "date 5: costs");
  refused([](World *w) { w->dates[5].added = -1; }, "date 5: added variance");
  refused([](World *w) { w->options[0].years = 0.5 / 365; }, "option 0 of the hedged position: its expiry");
  refused([](World *w) { w->options[0].strike = -1; }, "option 0 of the hedged position: strike");
  refused([](World *w) { w->options[0].weight = INFINITY; }, "option 0 of the hedged position: strike");
  refused([](World *w) { w->options[0].added = -1; }, "option 0 of the hedged position: added");
  refused([](World *w) { w->problem.date_count = 1; }, "needs a date of trading");
  refused([](World *w) { w->problem.cost_weight = 0; }, "weight of costs");
  refused([](World *w) { w->problem.drift = NAN; }, "drift");
  refused([](World *w) { w->model.value[QS_SIGMA] = 0; }, "sigma");
}

} // namespace
