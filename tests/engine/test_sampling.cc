// Sobol points and mirrored paths through the engine: the bridge, closed forms over many scrambles with
// honest errors, bits, rounds of paths towards an error that is asked for.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/net.h"
#include "tests/engine/world.h"

namespace {

// W at the nodes has the covariance of a Brownian motion, and each node is made once.
TEST(Bridge, IsBrownianMotion) {
  for (uint32_t count : {1u, 2u, 3u, 7u, 8u, 33u}) {
    std::vector<double> times;
    for (uint32_t i = 0; i < count; i++) {
      times.push_back((i ? times.back() : 0) + 0.01 + 0.1 * std::fmod(i * 0.618, 1.0));
    }
    std::vector<qs_bridge_point> points(count);
    qs_bridge_build(times.data(), count, points.data());
    std::vector<std::vector<double>> loading(count + 1, std::vector<double>(count, 0));
    std::vector<bool> made(count + 1, false);
    made[0] = true;
    for (uint32_t r = 0; r < count; r++) {
      const qs_bridge_point &p = points[r];
      ASSERT_FALSE(made[p.node]) << count << " " << r;
      ASSERT_TRUE(made[p.left] && made[p.right]) << count << " " << r;
      made[p.node] = true;
      for (uint32_t k = 0; k < count; k++) {
        loading[p.node][k] = p.from_left * loading[p.left][k] + p.from_right * loading[p.right][k];
      }
      loading[p.node][r] += p.spread;
    }
    for (uint32_t i = 1; i <= count; i++) {
      for (uint32_t j = 1; j <= i; j++) {
        double covariance = 0;
        for (uint32_t k = 0; k < count; k++) {
          covariance += loading[i][k] * loading[j][k];
        }
        EXPECT_NEAR(covariance, times[j - 1], 1e-13) << count << " " << i << " " << j;
      }
    }
  }
}

const std::vector<std::pair<int, double>> kHeston = {
    {QS_V0, 0.25}, {QS_KAPPA, 2}, {QS_THETA, 0.36}, {QS_XI, 0.8}, {QS_RHO, -0.5}};

double normal_cdf(double x) {
  return 0.5 * std::erfc(-x / std::sqrt(2.0));
}

qs_trade_spec &add(World &w, const char *id, qs_trade_type type, int days, double strike, uint32_t every) {
  qs_trade_spec trade;
  qs_trade_spec_init(&trade);
  trade.id = id;
  trade.type = type;
  trade.underlying = "X";
  trade.expiry = w.inputs.as_of + days * QS_SECONDS_PER_DAY;
  trade.strike = strike;
  trade.path.rule.days = every;
  trade.quantity = 1;
  w.trades.push_back(trade);
  return w.trades.back();
}

// Returns over `count` periods, each clipped, under constant volatility and without carry: each is the clip
// of a lognormal.
double clipped_returns(double sigma, double years, int count, double low, double high) {
  auto call = [&](double strike) {
    const double root = sigma * std::sqrt(years), d1 = -std::log(strike) / root + 0.5 * root;
    return normal_cdf(d1) - strike * normal_cdf(d1 - root);
  };
  return count * (low + call(1 + low) - call(1 + high));
}

void add_cliquet(World &w) {
  qs_trade_spec &cliquet = add(w, "cliquet", QS_TRADE_CLIQUET, 360, NAN, 30);
  cliquet.path.local_floor = -0.05;
  cliquet.path.local_cap = 0.1;
}

const double kCliquet = clipped_returns(0.4, 30 / 365.0, 12, -0.05, 0.1);

// A down-and-out call under constant volatility without carry: reflection.
double down_and_out_call(double spot, double strike, double barrier, double sigma, double years) {
  auto call = [&](double s) {
    const double root = sigma * std::sqrt(years), d1 = std::log(s / strike) / root + 0.5 * root;
    return s * normal_cdf(d1) - strike * normal_cdf(d1 - root);
  };
  return call(spot) - spot / barrier * call(barrier * barrier / spot);
}

struct Coverage {
  double n = 0, sum = 0, square = 0, inside = 0;
  void add(qs_estimate e, double exact, double limit) {
    ASSERT_GT(e.std_error, 0);
    const double z = (e.estimate - exact) / e.std_error;
    n++;
    sum += z;
    square += z * z;
    inside += std::fabs(z) < limit;
  }
};

// Over scrambles z follows Student's t with 31 degrees of freedom: mean, spread, and the share within its 95%
// interval.
void judge(const Coverage &c, const char *what) {
  const double variance = 31.0 / 29;
  EXPECT_LT(std::fabs(c.sum / c.n), 3.5 * std::sqrt(variance / c.n)) << what;
  EXPECT_LT(std::fabs(c.square / c.n - variance), 3.5 * variance * std::sqrt(2.3 / c.n)) << what;
  EXPECT_LT(std::fabs(c.inside / c.n - 0.95), 3.5 * std::sqrt(0.95 * 0.05 / c.n)) << what;
}

TEST(Sampling, SobolErrorsAreHonestForClosedForms) {
  const double sigma = 0.4, limit = 2.0395; // the 97.5% quantile of t with 31 degrees of freedom
  Coverage cliquet, barrier;
  double sobol = 0, pseudo = 0;
  for (int seed = 1; seed <= 150; seed++) {
    for (qs_sampling_choice sampling : {QS_SAMPLING_CHOICE_SOBOL, QS_SAMPLING_CHOICE_PSEUDO}) {
      World w;
      w.inputs.simulation.paths = 4096;
      w.inputs.simulation.seed = uint64_t(seed);
      w.inputs.simulation.sampling = sampling;
      w.inputs.simulation.variance_reduction = QS_REDUCTION_NONE;
      w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, sigma}}, 100, 0, 0);
      add_cliquet(w);
      qs_trade_spec &out = add(w, "barrier", QS_TRADE_BARRIER, 360, 100, 0);
      out.path.knock = QS_KNOCK_OUT;
      out.path.lower = 85;
      w.value();
      if (sampling == QS_SAMPLING_CHOICE_PSEUDO) {
        pseudo += w.trade("cliquet").price.std_error / 150;
        continue;
      }
      cliquet.add(w.trade("cliquet").price, kCliquet, limit);
      barrier.add(w.trade("barrier").price, down_and_out_call(100, 100, 85, sigma, 360 / 365.0), limit);
      sobol += w.trade("cliquet").price.std_error / 150;
    }
    if (HasFatalFailure()) {
      return;
    }
  }
  judge(cliquet, "cliquet");
  judge(barrier, "barrier");
  EXPECT_LT(sobol, pseudo / 2);
}

// Sixteen times the points: a factor 4 by chance.
TEST(Sampling, SobolErrorsFallFasterThanByChance) {
  double error[2];
  for (int level = 0; level < 2; level++) {
    World w;
    w.inputs.simulation.paths = level ? 131072 : 8192;
    w.inputs.simulation.sampling = QS_SAMPLING_CHOICE_SOBOL;
    w.inputs.simulation.variance_reduction = QS_REDUCTION_NONE;
    w.add_underlying("X", QS_MODEL_HESTON, kHeston);
    w.add_option("call", "X", QS_CALL, 100, 1);
    w.value();
    EXPECT_EQ(w.simulation.batches, 32u);
    error[level] = w.trade("call").price.std_error;
  }
  EXPECT_LT(error[1], error[0] / 7);
}

TEST(Sampling, PathsAreRoundedUpToWholeNets) {
  qs_simulation_spec spec{};
  spec.sampling = QS_SAMPLING_CHOICE_SOBOL;
  for (uint64_t paths : {1024u, 1025u, 2000u, 4096u, 100000u, 262144u, 262145u, 1000003u}) {
    spec.paths = paths;
    const qs_simulation s = qs_simulation_resolve(&spec);
    EXPECT_EQ(s.paths, s.batches * s.batch_paths) << paths;
    EXPECT_EQ(s.batch_paths & (s.batch_paths - 1), 0u) << paths;
    EXPECT_GE(s.paths, paths);
    EXPECT_LT(s.paths, paths + std::max<uint64_t>(64, paths / 16)) << paths;
    EXPECT_GE(s.batches, 16u);
    EXPECT_LE(s.batches, 64u);
  }
}

// Mirrored normals take the first order out of the sum of returns.
TEST(Sampling, MirroredPathsAreUnbiasedAndLower) {
  Coverage c;
  double mirrored = 0, plain = 0;
  for (int seed = 1; seed <= 150; seed++) {
    for (qs_variance_reduction reduction : {QS_REDUCTION_ANTITHETIC, QS_REDUCTION_NONE}) {
      World w;
      w.inputs.simulation.paths = 2048; // 32 batches of 64
      w.inputs.simulation.seed = uint64_t(seed);
      w.inputs.simulation.variance_reduction = reduction;
      w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, 0.4}}, 100, 0, 0);
      add_cliquet(w);
      w.value();
      const qs_estimate price = w.trade("cliquet").price;
      if (reduction == QS_REDUCTION_NONE) {
        plain += price.std_error;
      } else {
        mirrored += price.std_error;
        c.add(price, kCliquet, 2.0395);
      }
    }
  }
  judge(c, "mirrored");
  EXPECT_LT(mirrored, plain / 1.5);
}

void make_target(World *w, double target, uint64_t most, qs_sampling_choice sampling) {
  w->inputs.simulation.paths = 8192;
  w->inputs.simulation.sampling = sampling;
  w->inputs.simulation.target_std_error = target;
  w->inputs.simulation.max_paths = most;
  w->add_underlying("X", QS_MODEL_HESTON, kHeston);
  w->add_option("call", "X", QS_CALL, 100, 1);
  add(*w, "asian", QS_TRADE_ASIAN, 360, 100, 30);
  w->build();
  w->simulation.target = target;
  ASSERT_EQ(qs_valuation_run(&w->context, w->arena, w->devices, w->market, w->book->contracts, w->book->count,
                             &w->simulation, true, &w->valuation),
            QS_OK)
      << w->context.message;
  w->results = qs_results();
  ASSERT_EQ(qs_report_values(&w->context, w->arena, &w->valuation, &w->results), QS_OK);
}

TEST(Target, IsReachedWithNoMoreRoundsThanItTakes) {
  for (qs_sampling_choice sampling : {QS_SAMPLING_CHOICE_PSEUDO, QS_SAMPLING_CHOICE_SOBOL}) {
    const double target = sampling == QS_SAMPLING_CHOICE_SOBOL ? 3e-5 : 2e-4;
    World w, again;
    make_target(&w, target, 1 << 22, sampling);
    make_target(&again, target, 1 << 22, sampling);
    EXPECT_TRUE(w.results.target_reached);
    EXPECT_GT(w.valuation.simulation.paths, 8192u);
    EXPECT_LE(w.trade("call").price.std_error, 100 * target);
    EXPECT_LE(w.trade("asian").price.std_error, 100 * target);
    EXPECT_EQ(std::memcmp(&w.trade("asian").price, &again.trade("asian").price, sizeof(qs_estimate)), 0);
    // Half as many would not have done.
    World half;
    make_target(&half, target, w.valuation.simulation.paths / 2, sampling);
    EXPECT_EQ(half.valuation.simulation.paths, w.valuation.simulation.paths / 2);
    EXPECT_FALSE(half.results.target_reached);
    EXPECT_TRUE(half.trade("call").target_missed || half.trade("asian").target_missed);
  }
}

// Rounds are the same net, or paths that were not there before: as one run of all paths.
TEST(Target, RoundsAddUpToOneRun) {
  for (qs_sampling_choice sampling : {QS_SAMPLING_CHOICE_PSEUDO, QS_SAMPLING_CHOICE_SOBOL}) {
    World rounds, once;
    for (World *w : {&rounds, &once}) {
      w->inputs.simulation.variance_reduction = QS_REDUCTION_NONE;
    }
    make_target(&rounds, 1e-9, 32768, sampling);
    EXPECT_EQ(rounds.valuation.simulation.paths, 32768u);
    once.inputs.simulation.paths = 32768;
    once.inputs.simulation.sampling = sampling;
    once.add_underlying("X", QS_MODEL_HESTON, kHeston);
    once.add_option("call", "X", QS_CALL, 100, 1);
    add(once, "asian", QS_TRADE_ASIAN, 360, 100, 30);
    once.value();
    for (const char *id : {"call", "asian"}) {
      const qs_estimate a = rounds.trade(id).price, b = once.trade(id).price;
      EXPECT_NEAR(a.estimate, b.estimate, 1e-11) << id;
      EXPECT_NEAR(a.std_error / b.std_error, 1, 1e-6) << id;
    }
  }
}

} // namespace
