// Control variates: each control's simulated mean is its exact value, the regression and its errors are right
// over many replications, and what a valuation says it gained.
#include "host/engine/controls.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "host/engine/grid.h"
#include "host/engine/scheduler.h"
#include "tests/engine/world.h"

namespace {

// Batch means of a quantity y = 2 + slope (c - 5) + noise, whose mean at c = 5 is 2.
struct Replication {
  Replication(uint32_t batches, uint32_t controls, double noise, std::mt19937_64 *random) {
    simulation.batches = batches;
    simulation.batch_paths = 128;
    simulation.paths = 128 * uint64_t(batches) - 64; // the last batch is smaller
    std::normal_distribution<double> normal;
    const uint32_t all = 1 + controls;
    std::vector<qs_moment> with(size_t(batches) * all);
    std::vector<double> exact(all, 5);
    qs_controlled payoff{};
    payoff.count = controls;
    for (uint32_t k = 0; k < controls; k++) {
      payoff.control[k] = 1 + k;
      payoff.kinds[k] = QS_CONTROL_EUROPEAN;
    }
    for (uint32_t b = 0; b < batches; b++) {
      double root = std::sqrt(qs_batch_paths(&simulation, b)), y = 2 + noise * normal(*random) / root;
      for (uint32_t k = 0; k < controls; k++) {
        double c = normal(*random) / root;
        with[b * all + 1 + k] = {5 + c, 64};
        y += (k + 1.0) * c;
      }
      with[b * all] = {y, 64};
    }
    qs_controls c = {&payoff, 1, 1, all, exact.data()};
    std::vector<qs_moment> out(batches);
    qs_controls_apply(&c, &simulation, with.data(), 1, out.data(), &use);
    std::vector<double> means;
    double count = 0, mean = 0, m2 = 0;
    for (uint32_t b = 0; b < batches; b++) {
      means.push_back(out[b].mean);
      double size = qs_batch_paths(&simulation, b), d = out[b].mean - mean;
      mean += d * size / (count + size);
      m2 += out[b].m2 + d * d * count * size / (count + size);
      count += size;
    }
    by_batch = qs_batch_estimate(&simulation, means.data());
    by_moments = {mean, std::sqrt(m2 / count / (count - 1))};
  }
  qs_simulation simulation{};
  qs_control_use use{};
  qs_estimate by_batch, by_moments;
};

// Over replications z has the law of Student's t with the residual's degrees of freedom.
TEST(Controls, RegressionIsUnbiasedAndItsErrorHonest) {
  std::mt19937_64 random(7);
  for (uint32_t batches : {20u, 32u, 256u}) {
    for (uint32_t controls : {1u, 4u}) {
      const int runs = 4000;
      const double freedom = batches - 1.0 - controls;
      double mean = 0, square = 0;
      for (int i = 0; i < runs; i++) {
        Replication r(batches, controls, 0.25, &random);
        ASSERT_GT(r.use.ratio, 1);
        ASSERT_NEAR(r.by_batch.estimate, r.by_moments.estimate, 1e-12);
        ASSERT_NEAR(r.by_batch.std_error, r.by_moments.std_error, 1e-9);
        double z = (r.by_batch.estimate - 2) / r.by_batch.std_error;
        mean += z / runs;
        square += z * z / runs;
      }
      const double variance = freedom / (freedom - 2);
      EXPECT_LT(std::fabs(mean), 4 * std::sqrt(variance / runs)) << batches << " " << controls;
      const double fourth = 3 * variance * variance * (freedom - 2) / (freedom - 4);
      EXPECT_LT(std::fabs(square - variance), 4 * std::sqrt((fourth - variance * variance) / runs))
          << batches << " " << controls;
    }
  }
}

TEST(Controls, WhatDoesNotHelpIsLeftOut) {
  std::mt19937_64 random(8);
  Replication r(64, 1, 100, &random);
  EXPECT_EQ(r.use.ratio, 1);
  EXPECT_EQ(r.use.kinds, 0u);
  Replication exact(64, 2, 0, &random); // y is the controls' own combination: more than can be told
  // What is left is the rounding of single precision: 2^-23 of the root mean square, sqrt(4 + 1/2 + ..).
  EXPECT_NEAR(exact.by_batch.estimate, 2, 1e-7);
  EXPECT_NEAR(exact.by_batch.std_error, 0x1p-23 * std::sqrt(4.5), 0.1 * 0x1p-23);
  EXPECT_NEAR(exact.by_moments.std_error, exact.by_batch.std_error, 1e-9 * 2);
  EXPECT_GT(exact.use.ratio, 1e6);
}

// Every control of every payoff, all quantities, against its exact value.
TEST(Controls, SimulatedMeansAreTheExactValues) {
  const double years[] = {0.1, 0.25, 0.5, 0.75, 1};
  const std::vector<uint32_t> dates = {0, 1, 2, 3, 4};
  const std::vector<double> weights(5, 0.2);
  std::vector<double> scores;
  for (qs_model_type type : {QS_MODEL_HESTON, QS_MODEL_BATES, QS_MODEL_SVCJ, QS_MODEL_KOU, QS_MODEL_MERTON}) {
    World w;
    qs_model model{};
    model.type = type;
    const double value[QS_PARAMETER_COUNT] = {.09, 2, .12, .4, -.6, 1, -.05, .12, .05, -.3, .4, 20, 12, .3};
    std::copy(value, value + QS_PARAMETER_COUNT, model.value);
    std::vector<qs_time> times;
    double forwards[5];
    for (int i = 0; i < 5; i++) {
      times.push_back(w.inputs.as_of + qs_time(years[i] * QS_SECONDS_PER_YEAR));
      forwards[i] = 0.04 * years[i];
    }
    bool through[5] = {true, true, true, true, true};
    qs_grid grid;
    ASSERT_EQ(qs_grid_build_through(&w.context, w.arena, &model, w.inputs.as_of, times.data(), through, 5,
                                    NAN, &grid),
              QS_OK);
    double exact_years[5], shift = 0;
    for (int i = 0; i < 5; i++) {
      exact_years[i] = qs_time_years(w.inputs.as_of, times[size_t(i)]);
    }
    auto payoff = [&](qs_path_payoff kind, double sign, std::vector<double> level) {
      qs_path_payoff_plan p{};
      p.payoff = kind, p.sign = sign, p.dates = dates.data(), p.weights = weights.data(), p.date_count = 5;
      std::copy(level.begin(), level.end(), p.level);
      return p;
    };
    const std::vector<qs_path_payoff_plan> payoffs = {
        payoff(QS_PATH_ASIAN, 1, {1.02, 0.1}), payoff(QS_PATH_ASIAN_STRIKE, -1, {1}),
        payoff(QS_PATH_BARRIER, -1, {1, 0.7, 1.4}), payoff(QS_PATH_LOOKBACK, 1, {1.1, 0}),
        payoff(QS_PATH_VARIANCE, 1, {0.1, 1e300, 0, 1})};
    qs_path_unit unit{}, with{};
    unit.path.model = model;
    unit.path.key = 12345 + uint64_t(type);
    unit.path.steps = grid.steps;
    unit.path.step_count = grid.step_count;
    unit.path.dates = grid.dates;
    unit.path.date_count = grid.date_count;
    unit.log_forwards = forwards;
    unit.years = exact_years;
    unit.payoffs = payoffs.data();
    unit.payoff_count = uint32_t(payoffs.size());
    unit.shifts = &shift;
    unit.shift_count = 1;
    unit.greeks = true;
    unit.path_count = 65536;
    unit.batch_paths = 256;
    unit.batch_end = 256;
    qs_controls controls;
    ASSERT_EQ(qs_controls_of_path(&w.context, w.arena, &unit, &with, &controls), QS_OK);
    ASSERT_GT(controls.all, controls.count + 5);
    std::vector<qs_moment> moments(qs_path_unit_moments(&with));
    qs_moment *place = moments.data();
    ASSERT_EQ(qs_schedule_path(&w.context, w.devices, "test", &with, 1, nullptr, &place), QS_OK);
    qs_simulation simulation{};
    simulation.paths = unit.path_count;
    simulation.batch_paths = unit.batch_paths;
    simulation.batches = unit.batch_end;
    for (uint32_t c = controls.count; c < controls.all; c++) {
      for (uint32_t q = 0; q < controls.quantities; q++) {
        std::vector<double> means;
        for (uint32_t b = 0; b < unit.batch_end; b++) {
          means.push_back(moments[(size_t(b) * controls.all + c) * controls.quantities + q].mean);
        }
        qs_estimate e = qs_batch_estimate(&simulation, means.data());
        double exact = controls.exact[size_t(c) * controls.quantities + q];
        if (e.std_error < 1e-9) {
          EXPECT_NEAR(e.estimate, exact, 1e-6) << qs_model_name(type) << " " << c << " " << q;
          continue;
        }
        double z = (e.estimate - exact) / e.std_error;
        EXPECT_LT(std::fabs(z), 4.8) << qs_model_name(type) << " control " << c << ", quantity " << q << ": "
                                     << e.estimate << " +- " << e.std_error << ", exact " << exact;
        scores.push_back(z);
      }
    }
  }
  double square = 0;
  for (double z : scores) {
    square += z * z / double(scores.size());
  }
  // Controls of one unit share their paths: a wide margin.
  EXPECT_GT(scores.size(), 300u);
  EXPECT_LT(square, 1.6);
  EXPECT_GT(square, 0.6);
}

const std::vector<std::pair<int, double>> kHeston = {
    {QS_V0, 0.25}, {QS_KAPPA, 2}, {QS_THETA, 0.36}, {QS_XI, 0.8}, {QS_RHO, -0.5}};

TEST(Controls, AreReportedAndCanBeTurnedOff) {
  for (qs_variance_reduction reduction : {QS_REDUCTION_AUTO, QS_REDUCTION_CONTROL, QS_REDUCTION_NONE}) {
    World w;
    w.inputs.simulation.variance_reduction = reduction;
    w.add_underlying("X", QS_MODEL_HESTON, kHeston);
    w.add_option("call", "X", QS_CALL, 100, 1);
    qs_trade_spec asian;
    qs_trade_spec_init(&asian);
    asian.id = "asian";
    asian.type = QS_TRADE_ASIAN;
    asian.underlying = "X";
    asian.strike = 100;
    asian.expiry = w.inputs.as_of + 365 * QS_SECONDS_PER_DAY;
    asian.path.rule.days = 30;
    asian.quantity = 1;
    w.trades.push_back(asian);
    w.value();
    if (reduction == QS_REDUCTION_NONE) {
      EXPECT_EQ(w.trade("call").controls, nullptr);
      EXPECT_EQ(w.trade("asian").variance_ratio, 1);
    } else {
      EXPECT_STREQ(w.trade("call").controls, "forward");
      EXPECT_STREQ(w.trade("asian").controls, "forward, average, european");
      EXPECT_GT(w.trade("call").variance_ratio, 5);
      EXPECT_GT(w.trade("asian").variance_ratio, 5);
    }
  }
}

// Trades along paths with controls against many more Sobol points without: z-scores over seeds.
TEST(Controls, TradesAlongPathsAreUnbiasedAndTheirErrorsHonest) {
  const char *const ids[] = {"asian", "floating", "digital", "barrier", "lookback"};
  auto run = [&](uint64_t paths, uint64_t seed, qs_sampling_choice sampling,
                 qs_variance_reduction reduction) {
    World w;
    w.inputs.simulation.paths = paths;
    w.inputs.simulation.seed = seed;
    w.inputs.simulation.sampling = sampling;
    w.inputs.simulation.variance_reduction = reduction;
    w.add_underlying("X", QS_MODEL_HESTON, kHeston);
    for (int i = 0; i < 5; i++) {
      qs_trade_spec t;
      qs_trade_spec_init(&t);
      t.id = ids[i];
      const qs_trade_type types[] = {QS_TRADE_ASIAN, QS_TRADE_ASIAN, QS_TRADE_DIGITAL, QS_TRADE_BARRIER,
                                     QS_TRADE_LOOKBACK};
      t.type = types[i];
      t.underlying = "X";
      t.strike = i == 1 ? NAN : 100;
      t.path.floating = i == 1;
      t.path.rule.days = i == 2 ? 0 : 30;
      t.expiry = w.inputs.as_of + 360 * QS_SECONDS_PER_DAY;
      t.quantity = 1;
      if (i == 3) {
        t.path.lower = 70;
        t.path.monitoring = QS_MONITORING_DISCRETE;
      }
      w.trades.push_back(t);
    }
    w.build();
    EXPECT_EQ(qs_valuation_run(&w.context, w.arena, w.devices, w.market, w.book->contracts, w.book->count,
                               &w.simulation, false, &w.valuation),
              QS_OK)
        << w.context.message;
    w.results = qs_results();
    EXPECT_EQ(qs_report_values(&w.context, w.arena, &w.valuation, &w.results), QS_OK);
    std::vector<qs_estimate> prices;
    for (const char *id : ids) {
      prices.push_back(w.trade(id).price);
    }
    return prices;
  };
  const std::vector<qs_estimate> exact = run(1 << 19, 1, QS_SAMPLING_CHOICE_SOBOL, QS_REDUCTION_NONE);
  for (qs_sampling_choice sampling : {QS_SAMPLING_CHOICE_PSEUDO, QS_SAMPLING_CHOICE_SOBOL}) {
    const int seeds = 100;
    // At least so many degrees of freedom: 128 batches, or 32, less one and four controls.
    const double freedom = sampling == QS_SAMPLING_CHOICE_SOBOL ? 27 : 123,
                 variance = freedom / (freedom - 2);
    double sum[5] = {}, square[5] = {}, shared[5] = {};
    for (int seed = 1; seed <= seeds; seed++) {
      const std::vector<qs_estimate> prices = run(8192, 100 + uint64_t(seed), sampling, QS_REDUCTION_AUTO);
      for (int i = 0; i < 5; i++) {
        const double z = (prices[size_t(i)].estimate - exact[size_t(i)].estimate) /
                         std::hypot(prices[size_t(i)].std_error, exact[size_t(i)].std_error);
        const double share =
            exact[size_t(i)].std_error / std::hypot(prices[size_t(i)].std_error, exact[size_t(i)].std_error);
        sum[i] += z / seeds;
        shared[i] += share * share / seeds; // of the variance: all seeds are held against one estimate
        square[i] += z * z / seeds;
      }
    }
    for (int i = 0; i < 5; i++) {
      const double limit = 4 * variance * std::sqrt(2.4 / seeds);
      EXPECT_LT(std::fabs(sum[i]), 4 * std::sqrt(variance / seeds + shared[i])) << ids[i] << " " << sampling;
      EXPECT_LT(square[i] - variance, limit) << ids[i] << " " << sampling;
      if (i != 2) { // the digital's error is as small as one is reported
        EXPECT_GT(square[i] - variance, -limit) << ids[i] << " " << sampling;
      }
    }
  }
}

} // namespace
