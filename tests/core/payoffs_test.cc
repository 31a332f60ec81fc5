// Payoffs under a normal law of ln S against closed forms in long double, the jump's remainders against
// integrals, and the moments against plain sums. Single precision too.
#define QS_REAL_DOUBLE 1
#define QS_LANES       1
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "kernels/core/key.h"
#include "kernels/core/moments.h"
#include "kernels/core/real.h"

#include "kernels/core/paths.inc"

#include "kernels/core/payoffs.h"

#include "kernels/core/estimator.inc"

namespace {

long double normal(long double x) {
  return 0.5L * erfcl(-x / sqrtl(2.0L));
}

// Black (1976) per unit of the forward: call, its derivatives in ln F and its gamma.
struct Black {
  long double call, delta, gamma, put;
};

Black black(long double m, long double v, long double log_k) {
  const long double root = sqrtl(v), d1 = (m - log_k) / root + root / 2, d2 = d1 - root;
  const long double f = expl(m), k = expl(log_k);
  Black b;
  b.delta = f * normal(d1);
  b.call = b.delta - k * normal(d2);
  b.put = k * normal(-d2) - f * normal(-d1);
  b.gamma = f * expl(-d1 * d1 / 2) / sqrtl(2 * acosl(-1.0L)) / root;
  return b;
}

qs_payoff_value_d value(int payoff, double m, double v, double log_k) {
  const qs_date_terms_d date = qs_law_at_date_d(m, v);
  return qs_payoff_of_d(payoff, qs_law_at_strike_d(date, qs_exp_any_d(log_k), log_k));
}

TEST(Payoffs, AgreeWithBlack) {
  for (double m : {-1.0, -0.1, 0.0, 0.3})
    for (double v : {1e-6, 1e-3, 0.04, 0.5, 4.0})
      for (double x : {-8.0, -2.0, -0.3, 0.0, 0.3, 2.0, 8.0}) {
        const double log_k = m + x * std::sqrt(v);
        const Black b = black(m, v, log_k);
        const qs_payoff_value_d call = value(0, m, v, log_k), put = value(1, m, v, log_k);
        const double scale = std::exp(m), inverse = 1 / std::sqrt(v);
        EXPECT_NEAR(call.price, double(b.call), 1e-14 * scale);
        EXPECT_NEAR(put.price, double(b.put), 1e-14 * scale + 1e-15 * std::exp(log_k));
        EXPECT_NEAR(call.delta, double(b.delta), 1e-14 * scale);
        EXPECT_NEAR(put.delta, double(b.delta) - scale, 1e-14 * scale);
        EXPECT_NEAR(qs_estimate_gamma_d(call, inverse), double(b.gamma), 1e-12 * double(b.gamma) + 1e-14);
        EXPECT_EQ(put.edge, call.edge);
        const qs_payoff_value_d forward = value(2, m, v, log_k);
        EXPECT_NEAR(forward.price, scale - std::exp(log_k), 1e-14 * (scale + std::exp(log_k)));
        EXPECT_EQ(forward.edge, 0.0);
      }
}

TEST(Payoffs, ArePutAndCallsIntrinsicWithoutVariance) {
  for (double m : {-0.2, 0.1}) {
    const double f = std::exp(m);
    EXPECT_NEAR(value(0, m, 0, -0.5).price, f - std::exp(-0.5), 1e-15);
    EXPECT_NEAR(value(0, m, 0, 0.5).price, 0, 1e-15);
    EXPECT_NEAR(value(1, m, 0, 0.5).price, std::exp(0.5) - f, 1e-15);
    EXPECT_NEAR(value(1, m, 0, -0.5).price, 0, 1e-15);
    EXPECT_NEAR(value(0, m, 0, m).price, 0, 1e-12); // of the least deviation, 1e-12
  }
}

TEST(Payoffs, AllowAStrikeOfZero) {
  const double none = -std::numeric_limits<double>::infinity();
  EXPECT_NEAR(value(0, 0.1, 0.2, none).price, std::exp(0.1), 1e-15);
  EXPECT_NEAR(value(0, 0.1, 0.2, none).delta, std::exp(0.1), 1e-15);
  EXPECT_NEAR(value(1, 0.1, 0.2, none).price, 0, 1e-15);
  EXPECT_NEAR(value(2, 0.1, 0.2, none).price, std::exp(0.1), 1e-15);
}

TEST(Payoffs, VarianceMovesThePriceByHalfOfGamma) {
  const double m = 0.05, v = 0.3, log_k = 0.2, h = 1e-5;
  for (int payoff : {0, 1, 2}) {
    const qs_payoff_value_d y = value(payoff, m, v, log_k);
    const double gamma = qs_estimate_gamma_d(y, 1 / std::sqrt(v));
    const double by_v =
        (value(payoff, m, v + h, log_k).price - value(payoff, m, v - h, log_k).price) / (2 * h);
    const double by_m =
        (value(payoff, m + h, v, log_k).price - value(payoff, m - h, v, log_k).price) / (2 * h);
    EXPECT_NEAR(0.5 * gamma, by_v, 1e-9);
    EXPECT_NEAR(y.delta, by_m, 1e-9);
    EXPECT_NEAR(qs_estimate_tangent_d(y.delta, gamma, 0.7, -0.2), 0.7 * by_m - 0.2 * by_v, 1e-9);
  }
}

// One more normal jump, its mean forward held, by the difference of two laws in long double.
TEST(OneMoreJump, SeriesAndDifferenceAgreeWithLongDouble) {
  for (double mu : {-0.3, -0.02, 0.0, 0.05})
    for (double sigma : {0.0, 0.01, 0.2})
      for (double v : {0.02, 0.3, 1.5})
        for (double x : {-1.5, 0.0, 1.0, 2.5}) {
          const double m = 0.03, log_k = m + x * std::sqrt(v);
          const double more_m = mu + 0.5 * sigma * sigma, more_v = sigma * sigma;
          double d[QS_D_COUNT] = {};
          d[QS_D_MARK_KBAR] = std::expm1(more_m);
          d[QS_D_MARK_SIZE] = mu * mu + sigma * sigma;
          qs_jump_series(mu, sigma, d + QS_D_MARK_SERIES);
          const Black was = black(m, v, log_k),
                      with = black((long double)m + more_m, (long double)v + more_v, log_k);
          const long double exact = with.call - was.call - expm1l(more_m) * was.delta;
          const qs_date_terms_d date = qs_law_at_date_d(m, v);
          const qs_strike_terms_d t = qs_law_at_strike_d(date, std::exp(log_k), log_k);
          const qs_payoff_value_d y = qs_payoff_call_d(t), y_with = value(0, m + more_m, v + more_v, log_k);
          const double gamma = qs_estimate_gamma_d(y, date.inverse);
          EXPECT_NEAR(qs_estimate_jump_d(y, y_with.price, gamma, t.d2, date.inverse, d), double(exact),
                      1e-13);
          // The series alone, where single precision would take it.
          if (d[QS_D_MARK_SIZE] / v > 0.06)
            continue;
          d[QS_D_MARK_SIZE] = 0;
          EXPECT_NEAR(qs_estimate_jump_d(y, y_with.price, gamma, t.d2, date.inverse, d), double(exact),
                      2e-5 * std::fabs(double(exact)) + 1e-9 * gamma);
        }
}

// Two-sided exponential jumps: the excess integrals against the trapezoidal rule over the jump's density.
TEST(ExponentialJumps, ExcessIsTheIntegralOverTheJump) {
  for (double v : {0.005, 0.09, 1.0})
    for (double x : {-3.0, -0.5, 0.0, 1.0, 4.0})
      for (double eta : {1.3, 8.0, 60.0}) {
        const double m = -0.02, log_k = m + x * std::sqrt(v);
        const qs_date_terms_d date = qs_law_at_date_d(m, v);
        const qs_strike_terms_d t = qs_law_at_strike_d(date, std::exp(log_k), log_k);
        const Black was = black(m, v, log_k);
        double d[QS_D_COUNT] = {};
        d[QS_D_UP_RATE] = eta - 1, d[QS_D_DOWN_RATE] = eta + 1;
        d[QS_D_LAMBDA_UP] = 1 / (eta - 1), d[QS_D_P_DOWN] = 1 / (eta + 1);
        const qs_exponential_excess_d e = qs_estimate_exponential_d(qs_payoff_call_d(t), t, date.half, d);
        // In u = exp(-eta j), uniform on (0, 1): E[f(j)] = int f(-ln(u) / eta) du; for the heavy tail of
        // upward jumps under eta near 1, u = w^8 keeps the integrand bounded.
        long double up = 0, down = 0;
        const int count = 40000;
        for (int i = 0; i < count; i++) {
          const long double w = (i + 0.5L) / count, u = powl(w, 8), density = 8 * powl(w, 7) / count;
          const long double j = -logl(u) / eta;
          const Black rise = black(m + j, v, log_k), fall = black(m - j, v, log_k);
          up += (rise.call - was.call - expm1l(j) * was.delta) * density;
          down += (fall.call - was.call - expm1l(-j) * was.delta) * density;
        }
        EXPECT_NEAR(e.by_lambda, double(up), 1e-6 * double(up) + 1e-12) << v << " " << x << " " << eta;
        EXPECT_NEAR(e.by_p, double(down), 1e-6 * double(down) + 1e-12) << v << " " << x << " " << eta;
      }
}

TEST(Moments, AreThoseOfPlainSums) {
  std::mt19937 random(1);
  std::normal_distribution<double> draw(1e6, 1e-3);
  const int count = 12;
  std::vector<double> values(size_t(count) * QS_POSITIONS);
  for (double &x : values)
    x = draw(random);
  qs_spread spread[QS_POSITIONS];
  for (int j = 0; j < QS_POSITIONS; j++) {
    qs_position p = qs_position_start(values[size_t(j)]);
    for (int i = 1; i < count; i++)
      p = qs_position_add(p, values[size_t(i) * QS_POSITIONS + size_t(j)]);
    spread[j] = qs_position_finish(p, count);
  }
  const qs_spread whole = qs_spread_tree(spread, count);
  long double mean = 0, m2 = 0;
  for (double x : values)
    mean += (long double)x / values.size();
  for (double x : values)
    m2 += (x - mean) * (x - mean);
  EXPECT_NEAR(whole.mean, double(mean), 1e-9);
  EXPECT_NEAR(whole.m2 / double(m2), 1, 1e-6);
  EXPECT_EQ(qs_spread_scale(whole, 2.0).m2, 4 * whole.m2);
}

} // namespace
