// The CPU backend's units: what a unit's parts mean, what leaves other numbers alone, and what is refused.
#include "tests/core/paths_world.h"

namespace {

using namespace paths;

void expect_same(const Valuation &a, const Valuation &b, uint32_t payoff_a, uint32_t payoff_b) {
  ASSERT_EQ(a.unit.batch_end, b.unit.batch_end);
  for (uint32_t batch = 0; batch < a.unit.batch_end; batch++)
    for (uint32_t q = 0; q < a.quantities(); q++) {
      const qs_moment &x = a.moments[(size_t(batch) * a.payoffs.size() + payoff_a) * a.quantities() + q];
      const qs_moment &y = b.moments[(size_t(batch) * b.payoffs.size() + payoff_b) * b.quantities() + q];
      EXPECT_EQ(x.mean, y.mean) << "batch " << batch << " quantity " << q;
      EXPECT_EQ(x.m2, y.m2) << "batch " << batch << " quantity " << q;
    }
}

const qs_model_type kAll[] = {QS_MODEL_GBM,    QS_MODEL_MERTON, QS_MODEL_KOU,
                              QS_MODEL_HESTON, QS_MODEL_BATES,  QS_MODEL_SVCJ};

TEST(ValueUnit, PriceIsTheSameWithAndWithoutGreeks) {
  Device device;
  for (qs_model_type type : kAll) {
    Valuation price(typical(type, true), 0.4, 20, {{QS_PAYOFF_CALL, 0.1}, {QS_PAYOFF_PUT, -0.1}});
    Valuation greeks = price;
    greeks.unit.greeks = true;
    price.value(device);
    greeks.value(device);
    for (uint32_t p = 0; p < 2; p++)
      for (uint32_t b = 0; b < price.unit.batch_end; b++) {
        const qs_moment &x = price.moments[b * 2 + p], &y = greeks.moments[(b * 2 + p) * greeks.quantities()];
        EXPECT_EQ(x.mean, y.mean) << qs_model_name(type);
        EXPECT_EQ(x.m2, y.m2) << qs_model_name(type);
      }
  }
}

TEST(ValueUnit, CallLessPutIsTheForward) {
  Device device;
  for (qs_model_type type : kAll) {
    Valuation run(typical(type, true), 0.4, 20,
                  {{QS_PAYOFF_CALL, 0.1}, {QS_PAYOFF_PUT, 0.1}, {QS_PAYOFF_FORWARD, 0.1}});
    run.unit.greeks = true;
    run.unit.precision = QS_PRECISION_DOUBLE;
    run.value(device);
    for (uint32_t q = 0; q < run.quantities(); q++) {
      const double call = run.estimate(0, q).value, put = run.estimate(1, q).value;
      EXPECT_NEAR(call - put, run.estimate(2, q).value, 1e-12 * (1 + std::fabs(call)))
          << qs_model_name(type) << q;
    }
  }
}

TEST(ValueUnit, ADateOffTheGridLeavesTheMainPathAlone) {
  Device device;
  for (qs_model_type type : kAll) {
    Valuation plain(typical(type, true), 0.4, 20, {{QS_PAYOFF_CALL, 0.1}});
    Valuation more(typical(type, true), 0.4, 20,
                   {{QS_PAYOFF_CALL, 0.0, 0}, {QS_PAYOFF_PUT, 0.0, 1}, {QS_PAYOFF_CALL, 0.1, 2}});
    // Two dates within the first step and after the seventh, by side steps, before the old one.
    more.dates = {{0, {0.007, 0, 0}}, {7, {0.013, 1, 3}}, {20, {0, 0, 0}}};
    plain.unit.greeks = more.unit.greeks = true;
    plain.value(device);
    more.value(device);
    expect_same(plain, more, 0, 2);
  }
}

TEST(ValueUnit, ASideStepOfAWholeStepIsThatStep) {
  // A date on main node 8, or by a side step of the same length from node 7 with the same draws.
  Device device;
  for (qs_model_type type : kAll) {
    Valuation main(typical(type, true), 0.4, 20, {{QS_PAYOFF_CALL, 0.05}});
    Valuation side = main;
    main.dates = {{8, {0, 0, 0}}};
    side.dates = {{7, main.steps[7]}};
    for (Valuation *run : {&main, &side}) {
      run->unit.greeks = true;
      run->unit.precision = QS_PRECISION_DOUBLE;
      run->value(device);
    }
    for (uint32_t q = 0; q < main.quantities(); q++) {
      const double x = main.estimate(0, q).value;
      EXPECT_NEAR(side.estimate(0, q).value, x, 1e-12 * (1 + std::fabs(x)))
          << qs_model_name(type) << " " << q;
    }
  }
}

TEST(ValueUnit, AShiftMovesTheForwardUnderTheStrike) {
  Device device;
  const double shift = -0.16;
  Valuation shifted(typical(QS_MODEL_HESTON), 0.4, 20, {{QS_PAYOFF_CALL, 0.1}, {QS_PAYOFF_FORWARD, 0.1}});
  shifted.shifts = {0.0, shift};
  shifted.value(device);
  Valuation moved(typical(QS_MODEL_HESTON), 0.4, 20,
                  {{QS_PAYOFF_CALL, 0.1 - shift}, {QS_PAYOFF_FORWARD, 0.1 - shift}});
  moved.value(device);
  for (uint32_t p = 0; p < 2; p++) {
    const Estimate a = shifted.estimate(p, 0, 1), b = moved.estimate(p, 0);
    EXPECT_NEAR(a.value, std::exp(shift) * b.value, 1e-14);
    EXPECT_NEAR(a.error, std::exp(shift) * b.error, 1e-12);
  }
}

TEST(ValueUnit, LongAndShortBatchesAgree) {
  // 3,136 paths: in batches of 1,024 with a short last one, of 64, and in one that needs several groups.
  Device device;
  for (bool greeks : {false, true}) {
    std::vector<Valuation> runs;
    for (uint64_t batch : {1024, 64, 3136}) {
      Valuation run(typical(QS_MODEL_SVCJ), 0.3, 12, {{QS_PAYOFF_CALL, 0.0}, {QS_PAYOFF_PUT, 0.2}});
      run.unit.greeks = greeks;
      run.unit.path_count = 3136;
      run.unit.batch_paths = batch;
      run.value(device);
      runs.push_back(run);
    }
    for (const Valuation &run : {runs[1], runs[2]})
      for (uint32_t p = 0; p < 2; p++)
        for (uint32_t q = 0; q < run.quantities(); q++) {
          const Estimate a = runs[0].estimate(p, q), b = run.estimate(p, q);
          EXPECT_NEAR(a.value, b.value, 1e-12 * (1 + std::fabs(a.value)));
          EXPECT_NEAR(a.error, b.error, 1e-9 * a.error);
        }
  }
}

TEST(ValueUnit, WithoutStepsADateIsNow) {
  Device device;
  Valuation run(typical(QS_MODEL_SVCJ), 0.3, 12, {{QS_PAYOFF_CALL, -0.1}, {QS_PAYOFF_PUT, -0.1}});
  run.dates = {{0, {0, 0, 0}}};
  run.unit.greeks = true;
  run.value(device);
  EXPECT_NEAR(run.estimate(0, 0).value, 1 - std::exp(-0.1), 1e-7);
  EXPECT_NEAR(run.estimate(1, 0).value, 0, 1e-7);
  for (uint32_t q = 0; q < run.quantities(); q++)
    EXPECT_TRUE(std::isfinite(run.estimate(0, q).value)) << q;
}

// ---- what is refused ----

struct Refusal {
  const char *what; // part of the message
  void (*change)(Valuation *run);
};

TEST(ValueUnit, RefusesWhatMakesNoSense) {
  const Refusal refusals[] = {
      {"xi must be greater than 0", [](Valuation *r) { r->model.value[QS_XI] = 0; }},
      {"no such model", [](Valuation *r) { r->model.type = qs_model_type(7); }},
      {"step 3", [](Valuation *r) { r->steps[3].years = 0; }},
      {"step 3", [](Valuation *r) { r->steps[3].years = NAN; }},
      {"draw word", [](Valuation *r) { r->steps[3].draw_word = 4; }},
      {"too long for rho", [](Valuation *r) { r->model.value[QS_XI] = 40; }},
      {"too long for rho", [](Valuation *r) { r->model.value[QS_XI] = 40, r->model.value[QS_RHO] = 0.5; }},
      {"jumps on average", [](Valuation *r) { r->model.value[QS_LAMBDA] = 60; }},
      {"rho_j", [](Valuation *r) { r->model.value[QS_RHO_J] = 11; }},
      {"dates must ascend", [](Valuation *r) { r->dates[0].main_steps = 21; }},
      {"date 0 of 0", [](Valuation *r) { r->dates.clear(); }},
      {"payoff 0", [](Valuation *r) { r->payoffs[0].date = 1; }},
      {"payoff 0", [](Valuation *r) { r->payoffs[0].payoff = qs_payoff(3); }},
      {"payoff 0", [](Valuation *r) { r->payoffs[0].log_strike = NAN; }},
      {"payoffs", [](Valuation *r) { r->payoffs.clear(); }},
      {"shift 0", [](Valuation *r) { r->shifts[0] = NAN; }},
      {"shifts", [](Valuation *r) { r->shifts.push_back(0.1), r->unit.greeks = true; }},
      {"multiples of 64", [](Valuation *r) { r->unit.path_count = 100; }},
      {"multiples of 64", [](Valuation *r) { r->unit.batch_paths = 96; }},
      {"multiples of 64",
       [](Valuation *r) { r->unit.path_count = (1ull << 32) + 64, r->unit.batch_paths = 1 << 30; }},
  };
  Device device;
  for (const Refusal &refusal : refusals) {
    Valuation run(typical(QS_MODEL_SVCJ), 0.4, 20, {{QS_PAYOFF_CALL, 0.1}});
    refusal.change(&run);
    run.connect();
    run.moments.assign(64, qs_moment{-7, -7});
    char message[QS_DEVICE_TEXT] = "";
    EXPECT_EQ(qs_backend_cpu()->value(device.get(), &run.unit, nullptr, message, run.moments.data()),
              QS_ERROR_INPUT)
        << refusal.what;
    EXPECT_NE(std::string(message).find(refusal.what), std::string::npos) << message;
    EXPECT_EQ(run.moments[0].mean, -7) << "outputs stay untouched";
  }
  Valuation run(typical(QS_MODEL_KOU), 0.4, 20, {{QS_PAYOFF_CALL, 0.1}});
  run.model.value[QS_ETA1] = 1.001;
  run.connect();
  char message[QS_DEVICE_TEXT] = "";
  EXPECT_EQ(qs_backend_cpu()->value(device.get(), &run.unit, nullptr, message, run.moments.data()),
            QS_ERROR_INPUT);
  EXPECT_NE(std::string(message).find("eta1"), std::string::npos) << message;
}

TEST(ValueUnit, StopsWhenCancelled) {
  Device device;
  Valuation run(typical(QS_MODEL_HESTON), 0.4, 20, {{QS_PAYOFF_CALL, 0.1}});
  run.connect();
  volatile int cancel = 1;
  char message[QS_DEVICE_TEXT] = "";
  EXPECT_EQ(qs_backend_cpu()->value(device.get(), &run.unit, &cancel, message, run.moments.data()),
            QS_ERROR_CANCELLED);
}

TEST(Device, SaysWhatItCannotRun) {
  const Device unknown("x86-64-v9"), none(nullptr, 0);
  EXPECT_EQ(unknown.status(), QS_ERROR_DEVICE);
  EXPECT_NE(std::string(unknown.message).find("x86-64-v9"), std::string::npos);
  EXPECT_EQ(none.status(), QS_ERROR_INPUT);
  qs_device *device = nullptr;
  const qs_device_options options = {1, nullptr};
  char message[QS_DEVICE_TEXT] = "";
  EXPECT_EQ(qs_backend_cpu()->open(1, &options, message, &device), QS_ERROR_DEVICE);
  EXPECT_EQ(device, nullptr);
  EXPECT_EQ(qs_backend_cpu()->device_count(message), 1u);
}

TEST(Device, DescribesItself) {
  Device device("portable", 3);
  qs_device_info info;
  qs_backend_cpu()->describe(device.get(), &info);
  EXPECT_STREQ(info.target, "portable");
  EXPECT_EQ(info.threads, 3);
  EXPECT_GT(info.memory_bytes, 0u);
  EXPECT_NE(info.name[0], 0);
}

} // namespace
