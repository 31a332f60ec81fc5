// The law of a period against the exact transform of (x', v'), and as an operator against Fourier values.
#include <cmath>
#include <complex>

#include "host/policy/affine.h"
#include "host/policy/frictionless.h"
#include "host/policy/gauss.h"
#include "tests/policy/policy_world.h"

namespace {

using namespace policy_world;
using Complex = std::complex<double>;

TEST(Gauss, MatchesMomentsOfAGammaLaw) {
  // Gamma of shape 2 and mean 2: cumulants 2 (k - 1)!, moments (k + 1)!
  double cumulant[10] = {0, 2, 2, 4, 12, 48, 240, 1440, 10080, 80640}, node[8], weight[8];
  ASSERT_EQ(5u, qs_gauss_from_cumulants(5, cumulant, node, weight));
  double factorial = 1;
  for (int k = 0; k < 10; k++) {
    factorial *= k + 1;
    double sum = 0;
    for (int i = 0; i < 5; i++) {
      EXPECT_GT(node[i], 0);
      sum += weight[i] * std::pow(node[i], k);
    }
    EXPECT_NEAR(1, sum / factorial, 1e-9) << k;
  }
  cumulant[2] = 0;
  EXPECT_EQ(1u, qs_gauss_from_cumulants(5, cumulant, node, weight));
  EXPECT_EQ(2, node[0]);
}

// What the points' transform may be wrong by: two points for the integral of v leave 5e-5 in a day and 1.5e-4
// in a week; jumps that come at half of the period, and of the variance too, leave more.
double Largest(const qs_model &model, double days) {
  const bool week = days > 1;
  return model.type == QS_MODEL_HESTON  ? (week ? 2e-4 : 7e-5)
         : model.type == QS_MODEL_BATES ? (week ? 8e-4 : 7e-5)
                                        : (week ? 1.6e-3 : 1e-3);
}

// Transforms over the scales of the period: worst differences stay where the header's use needs them.
TEST(Law, PointsHaveTheTransformOfTheExactLaw) {
  for (const qs_model &model : {Heston(), Bates(), Svcj()}) {
    for (double days : {1.0, 7.0}) {
      for (double v : {0.05, 0.2, 0.6}) {
        World world(model);
        const double years = days / 365;
        const qs_policy_step step = {&model, years, 0, 0, 0, 0.5};
        qs_policy_points points;
        ASSERT_EQ(QS_OK, qs_policy_make_points(world.arena, &step, v, &points));
        const double deviation = std::sqrt(v * years), moves = model.value[QS_XI] * deviation;
        for (double a : {0.0, 0.5, 1.0}) {
          for (double b : {-1.0, 0.0, 1.0}) {
            const double u = a / deviation, w = b / moves;
            const qs_affine f = qs_affine_step(&model, years, 0, 0.5, u, 0, w);
            Complex sum = 0;
            for (size_t i = 0; i < points.count; i++) {
              const qs_policy_point &p = points.point[i];
              sum += p.weight * std::exp(Complex(0.5 * p.z, u * p.z + w * p.v));
            }
            const Complex exact = std::exp(Complex(f.a_re + v * f.b_re, f.a_im + v * f.b_im));
            EXPECT_LT(std::abs(sum - exact), Largest(model, days))
                << model.type << " " << v << " " << a << " " << b;
          }
        }
        auto moment = [&](double p) {
          const qs_affine f = qs_affine_step(&model, years, 0, p, 0, 0, 0);
          return std::exp(f.a_re + v * f.b_re);
        };
        double first = 0, second = 0, fourth = 0;
        for (size_t i = 0; i < points.count; i++) {
          const double gain = std::expm1(points.point[i].z), weight = points.point[i].weight;
          first += weight * gain;
          second += weight * gain * gain;
          fourth += weight * std::pow(gain, 4);
        }
        EXPECT_NEAR(0, first, 1e-13);
        EXPECT_NEAR(1, second / (moment(2) - 1), days > 1 ? 3e-4 : 1e-5);
        EXPECT_NEAR(1, fourth / (moment(4) - 4 * moment(3) + 6 * moment(2) - 3), days > 1 ? 3e-3 : 3e-5);
      }
    }
  }
}

// A mean of next values is the value, and their covariance with the price gives the local ratio: both are
// known from Fourier sums.
TEST(Law, OperatorAgreesWithFourierValuesAndRatios) {
  enum { LANES = QS_POLICY_LANES };
  for (const qs_model &model : Models()) {
    World world(model);
    world.Dates(2, 1.0 / 365, 0).Option(true, 100, -1, 20.0 / 365).Option(false, 90, 1, 40.0 / 365);
    world.Problem(1);
    const qs_policy_ratios ratios = world.Ratios();
    const qs_policy_nodes &nodes = ratios.nodes[0];
    qs_policy_law law;
    ASSERT_EQ(QS_OK,
              qs_policy_make_law(&world.context, world.arena, &nodes, &world.model, 1.0 / 365, 0, &law));
    const size_t size = nodes.x_count * nodes.y_count;
    std::vector<double> f(size * LANES), out(size * LANES);
    for (size_t i = 0; i < size; i++) {
      const double spot = std::exp(X(nodes, i % nodes.x_count));
      f[i * LANES] = ratios.value[1][i];
      f[i * LANES + 1] = ratios.value[1][i] * spot;
      f[i * LANES + 2] = spot;
    }
    qs_policy_expect(&law, 2, LANES, f.data(), out.data());
    // What goes beyond the nodes is that of the nearest one: small in the middle, and not at the ends.
    const double near[3] = {5e-5, 5e-7, 1.5e-4}, far[3] = {0.01, 2e-4, 0.025};
    const double edge[3] = {0.08, 5e-6, 0.025};
    for (size_t at = 0; at < size; at++) {
      const size_t row = at / nodes.x_count;
      const double x = X(nodes, at % nodes.x_count), part = std::fabs(x / nodes.x_low), spot = std::exp(x);
      const bool inside = nodes.y_count == 1 || (row >= 5 && row + 7 < nodes.y_count);
      if (part >= 0.625 || (!inside && part >= 0.375)) {
        continue;
      }
      const double *limit = !inside ? edge : part < 0.375 ? near : far, *mean = &out[at * LANES];
      const double ratio = (mean[1] - mean[0] * spot) / (100 * spot * spot * ratios.relative[0][row]);
      EXPECT_NEAR(ratios.value[0][at], mean[0], limit[0]) << model.type << " " << row << " " << x;
      EXPECT_NEAR(1, mean[2] / spot, limit[1]) << model.type << " " << row << " " << x;
      EXPECT_NEAR(ratios.local[0][at], ratio, limit[2]) << model.type << " " << row << " " << x;
    }
  }
}

TEST(Frictionless, KnownRootOfTheMinimum) {
  World world(Gbm(0.2));
  world.Dates(21, 1.0 / 12 / 21, 0).Option(true, 100, -1);
  world.Problem(1);
  qs_policy_ground ground;
  double closed = 0;
  ASSERT_EQ(QS_OK,
            qs_policy_make_ground(&world.context, world.arena, &world.problem, &world.settings, &ground));
  ASSERT_EQ(QS_OK, qs_policy_j0_independent(&world.context, world.arena, &world.problem, 0, &closed));
  EXPECT_NEAR(0.42790, std::sqrt(closed), 5e-6);
  EXPECT_NEAR(0.42790, std::sqrt(ground.j0), 1e-5);
}

TEST(Frictionless, TablesAgreeWithTheClosedForm) {
  for (const qs_model &model : {Gbm(0.6), Merton(), Kou()}) {
    World world(model);
    world.Dates(10, 1.0 / 365, 0).Option(true, 100, -1).Option(false, 95, 2).Option(true, 110, 1);
    world.Problem(1);
    qs_policy_ground ground;
    double closed = 0;
    ASSERT_EQ(QS_OK,
              qs_policy_make_ground(&world.context, world.arena, &world.problem, &world.settings, &ground));
    ASSERT_EQ(QS_OK, qs_policy_j0_independent(&world.context, world.arena, &world.problem, 0, &closed));
    EXPECT_NEAR(1, ground.j0 / closed, 2e-4) << model.type;
  }
  World world(Heston());
  ShortCall(&world, 3);
  double unused;
  EXPECT_EQ(QS_ERROR_INPUT,
            qs_policy_j0_independent(&world.context, world.arena, world.Problem(1), 0, &unused));
  World later(Gbm(0.5));
  later.Dates(3, 1.0 / 365, 0).Option(true, 100, 1, 0.5);
  EXPECT_EQ(QS_ERROR_INPUT,
            qs_policy_j0_independent(&later.context, later.arena, later.Problem(1), 0, &unused));
}

// Cerny and Kallsen (2008): with continuous trading and no drift the minimum is the integral of xi^2 (1 -
// rho^2) E[v (dV/dv)^2]; here as a double Fourier integral, E[v e^(s x + d v)] from the transform's
// derivative.
double ContinuousHeston(const qs_model &model, double T) {
  const double *p = model.value, h = 2, pi = std::acos(-1);
  const int nodes = 90, times = 24;
  double total = 0;
  for (int k = 0; k < times; k++) {
    const double t = T * (k + 0.5) / times, rest = T - t;
    std::vector<Complex> weight(nodes), d(nodes);
    for (int j = 0; j < nodes; j++) {
      const double u = (j + 0.5) * h;
      const qs_affine later = qs_affine_step(&model, rest, 0, 0.5, u, 0, 0);
      d[j] = Complex(later.b_re, later.b_im);
      weight[j] = 100.0 * d[j] * std::exp(Complex(later.a_re, later.a_im)) / (u * u + 0.25);
    }
    auto mean = [&](double u, Complex at) { // E[v exp((1 + i u) x + at v)]
      const double e = 1e-4;
      auto value = [&](double shift) {
        const qs_affine f = qs_affine_step(&model, t, 0, 1, u, at.real() + shift, at.imag());
        return std::exp(Complex(f.a_re + p[QS_V0] * f.b_re, f.a_im + p[QS_V0] * f.b_im));
      };
      return (value(e) - value(-e)) / (2 * e);
    };
    double sum = 0;
    for (int i = 0; i < nodes; i++) {
      for (int j = 0; j < nodes; j++) {
        const double a = (i + 0.5) * h, b = (j + 0.5) * h;
        sum += (weight[i] * weight[j] * mean(a + b, d[i] + d[j])).real();
        sum += (weight[i] * std::conj(weight[j]) * mean(a - b, d[i] + std::conj(d[j]))).real();
      }
    }
    total += sum * h * h / (2 * pi * pi) * T / times;
  }
  return total * p[QS_XI] * p[QS_XI] * (1 - p[QS_RHO] * p[QS_RHO]);
}

TEST(Frictionless, HestonTendsToTheContinuousMinimum) {
  const double T = 30.0 / 365, continuous = ContinuousHeston(Heston(), T);
  double j0[3];
  for (int i = 0; i < 3; i++) {
    World world(Heston());
    const size_t dates = size_t{20} << i;
    world.Dates(dates, T / static_cast<double>(dates), 0).Option(true, 100, -1);
    world.Problem(1);
    qs_policy_ground ground;
    ASSERT_EQ(QS_OK,
              qs_policy_make_ground(&world.context, world.arena, &world.problem, &world.settings, &ground));
    j0[i] = ground.j0;
  }
  EXPECT_GT(j0[0], j0[1]);
  EXPECT_GT(j0[1], j0[2]);
  EXPECT_GT(j0[2], continuous);
  // orders 1 and 3/2 of the period, the latter from the gamma at expiry, are taken out
  const double fine = 2 * j0[2] - j0[1], coarse = 2 * j0[1] - j0[0], root = std::sqrt(8);
  EXPECT_NEAR(continuous, (root * fine - coarse) / (root - 1), 0.015 * continuous) << j0[0] << " " << j0[1];
}

} // namespace
