// States along paths that tests draw by themselves, and what an optimum leaves along them.
#ifndef QS_TESTS_POLICY_PATHS_H
#define QS_TESTS_POLICY_PATHS_H

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "host/policy/bound.h"
#include "tests/policy/policy_world.h"

namespace policy_world {

// States [date][path], drawn exactly in v (a Poisson mixture of gamma laws), the integral of v by the
// trapezoidal rule over eight parts of a step, jumps at the ends of the parts.
struct Paths {
  std::vector<std::vector<double>> x, v;
  std::vector<const double *> xs, vs;

  Paths(const World &world, size_t count, unsigned seed) {
    const size_t dates = world.dates.size();
    x.assign(dates, std::vector<double>(count, 0.0));
    v.assign(dates, std::vector<double>(count, 0.0));
    std::mt19937_64 random(seed);
    for (size_t i = 0; i < count; i++) {
      double at = 0, variance = world.model.value[QS_V0];
      v[0][i] = variance;
      for (size_t n = 1; n < dates; n++) {
        Step(world.model, world.dates[n].years - world.dates[n - 1].years, random, &at, &variance);
        x[n][i] = at;
        v[n][i] = variance;
      }
    }
    for (size_t n = 0; n < dates; n++) {
      xs.push_back(x[n].data());
      vs.push_back(v[n].data());
    }
  }

  template <class Random>
  static void Step(const qs_model &m, double years, Random &random, double *x, double *v) {
    const bool stochastic = m.type == QS_MODEL_HESTON || m.type == QS_MODEL_BATES || m.type == QS_MODEL_SVCJ;
    const bool jumps = m.type == QS_MODEL_MERTON || m.type == QS_MODEL_BATES || m.type == QS_MODEL_SVCJ;
    const double *p = m.value;
    std::normal_distribution<double> normal;
    const int parts = stochastic || jumps ? 8 : 1;
    const double dt = years / parts;
    for (int k = 0; k < parts; k++) {
      double integral = p[QS_SIGMA] * p[QS_SIGMA] * dt, own = integral;
      if (stochastic) {
        const double square = p[QS_XI] * p[QS_XI], decay = std::exp(-p[QS_KAPPA] * dt);
        const double scale = square * (1 - decay) / (4 * p[QS_KAPPA]);
        std::poisson_distribution<int> mixture(*v * decay / scale / 2);
        std::gamma_distribution<double> gamma(2 * p[QS_KAPPA] * p[QS_THETA] / square + mixture(random),
                                              2 * scale);
        const double next = gamma(random);
        integral = 0.5 * dt * (*v + next);
        own = (1 - p[QS_RHO] * p[QS_RHO]) * integral;
        *x += p[QS_RHO] / p[QS_XI] * (next - *v - p[QS_KAPPA] * (p[QS_THETA] * dt - integral));
        *v = next;
      }
      *x += -0.5 * integral + std::sqrt(own) * normal(random);
      if (jumps) {
        const double loading = m.type == QS_MODEL_SVCJ ? p[QS_RHO_J] : 0, mean_v = p[QS_MU_V];
        const double mean =
            std::exp(p[QS_MU_J] + 0.5 * p[QS_SIGMA_J] * p[QS_SIGMA_J]) / (1 - loading * mean_v) - 1;
        *x -= p[QS_LAMBDA] * mean * dt;
        for (int j = std::poisson_distribution<int>(p[QS_LAMBDA] * dt)(random); j > 0; j--) {
          const double z =
              m.type == QS_MODEL_SVCJ ? std::exponential_distribution<double>(1 / mean_v)(random) : 0;
          *x += p[QS_MU_J] + loading * z + p[QS_SIGMA_J] * normal(random);
          *v += z;
        }
      }
    }
  }
};

// An optimum, followed along paths.
struct Certified {
  qs_policy_ground ground = {};
  qs_policy_optimum optimum = {};
  qs_policy_bound bound = {};
  std::vector<qs_policy_share> shares;
  std::vector<std::vector<double>> surprises;

  Certified(World *world, const Paths &paths) {
    EXPECT_EQ(QS_OK, qs_policy_make_ground(&world->context, world->arena, &world->problem, &world->settings,
                                           &ground));
    EXPECT_EQ(QS_OK,
              qs_policy_optimise(&world->context, world->arena, &ground, &world->settings, true, &optimum));
    const size_t count = paths.x[0].size(), dates = ground.ratios.date_count;
    shares.resize(count);
    surprises.assign(dates, std::vector<double>(count));
    std::vector<double *> at;
    for (auto &row : surprises) {
      at.push_back(row.data());
    }
    qs_policy_follow(&world->context, &ground, &optimum, paths.xs.data(), paths.vs.data(), count,
                     shares.data(), at.data());
    bound = qs_policy_bound_of(&ground, shares.data(), count);
  }
  // Of the mean over dates of e^2/(4 v), e the surprise's mean in bins of x: unbiased for the bins' own
  // means.
  double Remainder(const World &world, const Paths &paths) const {
    double total = 0;
    const size_t count = shares.size();
    for (size_t n = 0; n < surprises.size(); n++) {
      const int bins = 40;
      const double unit = world.dates[n].gain, low = -3.5, width = 7.0 / bins;
      const double root = ground.ratios.relative[n][ground.ratios.nodes->y_count / 2];
      const double far = std::sqrt(root * (static_cast<double>(n) + 0.01));
      std::vector<double> sum(bins), square(bins), held(bins);
      for (size_t i = 0; i < count; i++) {
        const int b = std::min(bins - 1, std::max(0, static_cast<int>((paths.x[n][i] / far - low) / width)));
        sum[b] += surprises[n][i], square[b] += surprises[n][i] * surprises[n][i], held[b]++;
      }
      for (int b = 0; b < bins; b++) {
        if (held[b] > 1) {
          const double mean = sum[b] / held[b], own = (square[b] / held[b] - mean * mean) / (held[b] - 1);
          const double v = unit * unit * root * std::exp(2 * far * (low + (b + 0.5) * width));
          total += held[b] / static_cast<double>(count) * (mean * mean - own) / (4 * v);
        }
      }
    }
    return total;
  }
};

} // namespace policy_world

#endif
