// A strike's terms in single precision, from the money to far beyond what a book holds: the lesser of each
// pair against long double, and no subnormal number anywhere, which would cost more than the rest of a
// payoff.
#define QS_REAL_DOUBLE 0
#include <gtest/gtest.h>

#include <cmath>

#include "kernels/core/normal.h"

#include "kernels/core/real.h"

#include "kernels/core/payoffs.h"

namespace {

long double normal(long double x) {
  return 0.5L * erfcl(-x / sqrtl(2.0L));
}

// Strikes `distance` deviations from the middle of the law.
qs_strike_terms_f terms(float m, float v, float distance) {
  const float log_k = m + distance * std::sqrt(v);
  return qs_law_at_strike_f(qs_law_at_date_f(m, v), qs_exp_any_f(log_k), log_k);
}

TEST(FarStrikes, KeepTheirRelativeAccuracy) {
  for (float m : {-1.0f, 0.0f, 0.3f})
    for (float v : {1e-4f, 0.01f, 0.3f})
      for (float distance = -10.5f; distance <= 10.5f; distance += 0.25f) {
        const qs_strike_terms_f t = terms(m, v, distance);
        const long double asset = expl(m) * normal(-fabsl(t.d1)), cash = t.k * normal(-fabsl(t.d2));
        // The roundings of d, M and k count d times in the tail.
        const double within = 1e-6 * (1 + std::fabs(distance)) * (1 + std::fabs(m) / std::sqrt(v));
        EXPECT_NEAR(double((t.d1 < 0 ? t.asset_above : t.asset_below) / asset), 1, within);
        EXPECT_NEAR(double((t.d2 < 0 ? t.cash_above : t.cash_below) / cash), 1, within);
      }
}

TEST(FarStrikes, EndInZeroAndNeverInSubnormalNumbers) {
  for (float m : {-4.0f, -0.5f, 0.0f, 1.0f})
    for (float v : {0.0f, 1e-6f, 1e-3f, 0.1f, 2.0f})
      for (float distance = -40; distance <= 40; distance += 0.0625f) {
        const qs_strike_terms_f t = terms(m, v, distance);
        for (float x : {t.edge, t.asset_above, t.asset_below, t.cash_above, t.cash_below,
                        qs_payoff_call_f(t).price, qs_payoff_put_f(t).price})
          EXPECT_NE(std::fpclassify(x), FP_SUBNORMAL) << m << " " << v << " " << distance;
        if (distance > 20) {
          EXPECT_EQ(qs_payoff_call_f(t).price, 0);
        }
      }
}

} // namespace
