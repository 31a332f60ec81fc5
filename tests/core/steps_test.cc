// One step at a time, in double: the distribution of the next variance over an even grid of draws has the
// moments that it should, the conditional forward is a martingale, and tangents are the differences' limit.
#define QS_REAL_DOUBLE 1
#define QS_LANES       1
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "kernels/core/key.h"
#include "kernels/core/real.h"

#include "kernels/core/paths.inc"

namespace {

constexpr uint32_t kWords = 1u << 20;

// An even grid over the draws, each the middle of its cell.
uint32_t word_of(uint32_t i) {
  return i * (0xffffffffu / kWords + 1) + (0xffffffffu / kWords) / 2;
}

struct Step {
  double v, gain;
};

Step step(double m, double q, double loading, uint32_t word) {
  const qs_qe_match_d match = qs_qe_matched_d(m, q);
  const qs_uniform_draw_d draw = qs_draw_word_d(word);
  const qs_qe_branch_d branch = qs_qe_branched_d(match.half_psi);
  const double log_u = qs_log_d(qs_qe_argument_d(0, match.half_psi, draw));
  const double z = qs_normal_quantile_from_log_d(draw.centre, log_u);
  const qs_qe_fix_d fixed = qs_qe_fixed_d(0, 2 * loading * match.mean, match.half_psi, branch);
  const double root = std::sqrt(branch.c * branch.s);
  const double growth = qs_qe_growth_d(0, match.half_psi, branch, root, log_u, z);
  const qs_qe_end_d end = qs_qe_ended_d(match.mean, growth, fixed.load, fixed.fixed);
  return {end.v, 0.5 * end.gain};
}

qs_qe_tangent_d tangents(double m, double q, double loading, uint32_t word) {
  const qs_qe_match_d match = qs_qe_matched_d(m, q);
  const qs_uniform_draw_d draw = qs_draw_word_d(word);
  const qs_qe_branch_d branch = qs_qe_branched_d(match.half_psi);
  const double log_u = qs_log_d(qs_qe_argument_d(0, match.half_psi, draw));
  const double z = qs_normal_quantile_from_log_d(draw.centre, log_u);
  const qs_qe_fix_d fixed = qs_qe_fixed_d(0, 2 * loading * match.mean, match.half_psi, branch);
  const double root = std::sqrt(branch.c * branch.s);
  const double growth = qs_qe_growth_d(0, match.half_psi, branch, root, log_u, z);
  return qs_qe_tangents_d(0, match, branch, fixed, root, growth, log_u, z, loading);
}

// psi from deep in the quadratic branch to deep in the exponential one.
const double kPsi[] = {1e-6, 1e-3, 0.1, 0.9, 1.49, 1.51, 3.0, 20.0};

TEST(QuadraticExponential, MatchesMeanAndVarianceAndKeepsTheForward) {
  const double m = 0.04;
  for (double psi : kPsi) {
    // |A| Var / m at half of the limit that the correction is made for, the exponent within a deviation of
    // 1/2.
    const double q = 0.5 * psi * m * m, loading = -std::fmin(0.1 / psi, 0.5 / std::sqrt(psi)) / m;
    double mean = 0, square = 0, forward = 0;
    for (uint32_t i = 0; i < kWords; i++) {
      const Step s = step(m, q, loading, word_of(i));
      mean += s.v / kWords;
      square += s.v * s.v / kWords;
      forward += std::exp(s.gain) / kWords;
    }
    // The grid leaves out half a cell at each end, which costs most for the heaviest tail: the quantile's
    // square there is about 2 ln(kWords) 2^-21 of a standard deviation.
    const double deviation = std::sqrt(2 * q);
    EXPECT_NEAR(mean, m, 1e-5 * deviation) << psi;
    EXPECT_NEAR((square - mean * mean) / (2 * q), 1, 3e-4) << psi;
    EXPECT_NEAR(forward, 1, 1e-5) << psi;
  }
}

TEST(QuadraticExponential, IsContinuousInTheDrawAtTheMedian) {
  for (double psi : kPsi) {
    const double q = 0.5 * psi * 0.04 * 0.04;
    EXPECT_NEAR(step(0.04, q, 0, 0x7fffffffu).v, step(0.04, q, 0, 0x80000000u).v, 1e-9) << psi;
  }
}

TEST(QuadraticExponential, TangentsAreTheLimitOfDifferences) {
  const double m = 0.04;
  for (double psi : kPsi) {
    const double q = 0.5 * psi * m * m, loading = -std::fmin(0.1 / psi, 0.5 / std::sqrt(psi)) / m;
    for (uint32_t i = 0; i < 64; i++) {
      const uint32_t word = i * 0x04000000u + 0x01234567u;
      const qs_qe_tangent_d t = tangents(m, q, loading, word);
      const auto check = [&](double dm, double dq, double da, double v, double gain, const char *what) {
        const double h = 1e-5;
        const Step up = step(m + h * dm, q + h * dq, loading + h * da, word);
        const Step down = step(m - h * dm, q - h * dq, loading - h * da, word);
        const double dv = (up.v - down.v) / (2 * h), dg = (up.gain - down.gain) / (2 * h);
        EXPECT_NEAR(v, dv, 1e-6 * (std::fabs(dv) + m)) << what << " psi " << psi << " word " << i;
        EXPECT_NEAR(gain, dg, 1e-6 * (std::fabs(dg) + 1)) << what << " psi " << psi << " word " << i;
      };
      // The kink at v' = 0 and the branches' border are no derivatives.
      check(m, 0, 0, t.v_mean * m, t.gain_mean * m, "mean");
      check(0, q, 0, -t.v_spread * q, -t.gain_spread * q, "spread");
      check(0, 0, loading, 0, t.excess * loading, "loading");
    }
  }
}

TEST(QuadraticExponential, WithoutVarianceItIsTheMean) {
  const Step s = step(0.09, 0, -1.0, 0x12345678u);
  EXPECT_NEAR(s.v, 0.09, 1e-15);
  EXPECT_NEAR(s.gain, 0, 1e-12);
  const qs_qe_tangent_d t = tangents(0.09, 0, -1.0, 0x12345678u);
  EXPECT_NEAR(t.v_mean, 1, 1e-12);
  EXPECT_TRUE(std::isfinite(t.v_spread) && std::isfinite(t.gain_spread) && std::isfinite(t.excess));
}

// The compound Poisson law of a step, by one draw: moments of (price jumps' number, variance jump).
TEST(VarianceJump, HasTheCompoundPoissonMoments) {
  qs_dynamics m{};
  m.variance = QS_VARIANCE_QE;
  m.jumps = QS_JUMPS_VARIANCE;
  m.kappa = 2, m.theta = .2, m.xi = 1, m.lambda = 5, m.mu_v = .3, m.mu_j = -.1, m.sigma_j = .1, m.rho_j = -.5;
  const double a = 0.05;
  double k[QS_K_COUNT] = {}, drift[5];
  qs_thresholds t{};
  qs_step_variance_jump(&m, a / m.lambda, k, &t, drift);
  double n = 0, nn = 0, y = 0, yy = 0, ny = 0, forward = 0;
  constexpr uint32_t kCount =
      1u << 24; // a jump is rare, and its words' low halves matter: a finer grid, spread
  for (uint32_t i = 0; i < kCount; i++) {
    const uint32_t word = i * 256u + (i * 2654435761u >> 24);
    const qs_jump_d j = qs_draw_jump_d(word, t.jump, k);
    n += j.number / kCount;
    nn += j.number * j.number / kCount;
    y += j.size / kCount;
    yy += j.size * j.size / kCount;
    ny += j.number * j.size / kCount;
    forward += std::exp(j.number * k[QS_K_JUMP_MEAN] + m.rho_j * j.size + k[QS_K_DRIFT]) / kCount;
  }
  EXPECT_NEAR(n / a, 1, 1e-4);
  EXPECT_NEAR(nn / (a + a * a), 1, a * a);
  EXPECT_NEAR(y / (a * m.mu_v), 1, 1e-4);
  EXPECT_NEAR((yy - y * y) / (2 * a * m.mu_v * m.mu_v), 1, 1e-3);
  EXPECT_NEAR(ny / (m.mu_v * (a + a * a)), 1, 1e-3);
  EXPECT_NEAR(forward, 1, 1e-6);
}

TEST(ExponentialJump, IsBornWithSizeZero) {
  // A word just below the threshold has a size next to zero, so that paths are continuous in lambda.
  qs_dynamics m{};
  m.jumps = QS_JUMPS_VARIANCE;
  m.kappa = 1, m.xi = 1, m.lambda = 3, m.mu_v = .2;
  double k[QS_K_COUNT] = {}, drift[5];
  qs_thresholds t{};
  qs_step_variance_jump(&m, 0.01, k, &t, drift);
  const qs_jump_d last = qs_draw_jump_d(t.jump - 1, t.jump, k), next = qs_draw_jump_d(t.jump, t.jump, k);
  EXPECT_EQ(last.number, 1.0);
  EXPECT_LT(last.size, 1e-8);
  EXPECT_EQ(next.number, 0.0);
  EXPECT_EQ(next.size, 0.0);
}

} // namespace
