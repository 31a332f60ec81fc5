// Pathwise tangents against central differences in double precision with the same random numbers.
//
// A path's branch of the quadratic-exponential scheme may change with a parameter, which is no derivative;
// with a bump of 1e-6 no path of these does (else the difference would be off by a finite part of a jump, far
// beyond the tolerance). lambda, and p of kou, are no pathwise derivatives: the statistical tests hold them.
#include "tests/core/paths_world.h"

namespace {

using namespace paths;

bool pathwise(qs_model_type type, qs_parameter p) {
  return p != QS_LAMBDA && !(type == QS_MODEL_KOU && p == QS_P);
}

// Sum of the tangents' and of the differences' estimates for every parameter and payoff.
void check(qs_model model, qs_scheme scheme, double years, int steps, double tolerance) {
  Device device;
  const std::vector<Option> options = {
      {QS_PAYOFF_CALL, 0.1}, {QS_PAYOFF_PUT, -0.2}, {QS_PAYOFF_FORWARD, 0.0}};
  const auto make = [&](const qs_model &m, bool greeks) {
    Valuation run(m, years, steps, options);
    run.dates = {
        {uint32_t(steps) - 1, {0.7 * years / steps, (uint32_t(steps) - 1) / 4, (uint32_t(steps) - 1) % 4}}};
    run.unit.path.scheme = scheme;
    run.unit.precision = QS_PRECISION_DOUBLE;
    run.unit.greeks = greeks;
    run.unit.path_count = 1024;
    run.value(device);
    return run;
  };
  const Valuation base = make(model, true);
  for (unsigned p = 0; p < QS_PARAMETER_COUNT; p++) {
    const qs_parameter parameter = qs_parameter(p);
    if (!(qs_model_parameters(model.type) >> p & 1) || !pathwise(model.type, parameter))
      continue;
    const double h = 1e-6 * std::max(0.1, std::fabs(model.value[p]));
    qs_model up = model, down = model;
    up.value[p] += h;
    down.value[p] -= h;
    const Valuation high = make(up, false), low = make(down, false);
    for (uint32_t i = 0; i < options.size(); i++) {
      const double difference = (high.estimate(i, 0).value - low.estimate(i, 0).value) / (2 * h);
      const double tangent = base.estimate(i, quantity_of(model, parameter)).value;
      EXPECT_NEAR(tangent, difference, tolerance * (1e-2 + std::fabs(difference)))
          << qs_model_name(model.type) << " " << qs_parameter_name(parameter) << " payoff " << i;
    }
  }
}

TEST(Tangents, OfEveryModel) {
  for (qs_model_type type :
       {QS_MODEL_GBM, QS_MODEL_MERTON, QS_MODEL_KOU, QS_MODEL_HESTON, QS_MODEL_BATES, QS_MODEL_SVCJ})
    check(typical(type), QS_SCHEME_QE, 0.5, 20, 1e-6);
}

TEST(Tangents, WhereFellerFails) {
  for (qs_model_type type : {QS_MODEL_HESTON, QS_MODEL_BATES, QS_MODEL_SVCJ})
    check(typical(type, true), QS_SCHEME_QE, 0.5, 20, 1e-6);
}

TEST(Tangents, WithSmallMeanReversion) {
  qs_model model = typical(QS_MODEL_SVCJ);
  model.value[QS_KAPPA] = 1e-3;
  check(model, QS_SCHEME_QE, 0.5, 20, 1e-5);
}

TEST(Tangents, OfEuler) {
  // The scheme's own kinks at v = 0 are few where Feller's condition holds well.
  qs_model model = typical(QS_MODEL_SVCJ);
  model.value[QS_XI] = 0.3;
  check(model, QS_SCHEME_EULER, 0.5, 20, 1e-6);
  model.type = QS_MODEL_HESTON;
  check(model, QS_SCHEME_EULER, 0.5, 20, 1e-6);
}

// The tangents of ln of the conditional forward through the forward itself, whose exact derivatives are zero,
// on the same paths in both precisions. What single precision rounds must be right in the mean: half a place
// of rho / xi in every step, the same in every path, is many errors of a digital at the money.
TEST(Tangents, InSinglePrecisionAreRightInTheMean) {
  Device device;
  const auto run = [&](const qs_model &model, int steps, qs_precision precision) {
    Valuation valuation(model, 4.0 / 365, steps, {{QS_PAYOFF_FORWARD, 0.0}});
    valuation.unit.precision = precision;
    valuation.unit.greeks = true;
    valuation.value(device);
    return valuation;
  };
  for (qs_model_type type : {QS_MODEL_HESTON, QS_MODEL_BATES, QS_MODEL_SVCJ}) {
    qs_model calm = typical(type);
    calm.value[QS_XI] = 0.2;
    for (const qs_model &model : {calm, typical(type), typical(type, true)}) {
      for (int steps : {16, 64, 256}) {
        const Valuation single = run(model, steps, QS_PRECISION_MIXED);
        const Valuation twice = run(model, steps, QS_PRECISION_DOUBLE);
        for (qs_parameter p : {QS_V0, QS_KAPPA, QS_THETA, QS_XI, QS_RHO}) {
          const uint32_t q = quantity_of(model, p);
          EXPECT_NEAR(single.estimate(0, q).value, twice.estimate(0, q).value, 3e-7)
              << qs_model_name(type) << " " << qs_parameter_name(p) << ", " << steps << " steps";
        }
      }
    }
  }
}

TEST(Tangents, DeltaAndGammaAreTheForwardsDerivatives) {
  Device device;
  for (qs_model_type type : {QS_MODEL_MERTON, QS_MODEL_HESTON, QS_MODEL_SVCJ}) {
    // F y(ln K / F) by strikes around, on the same paths: a relative move of F by h is one of the strike by
    // -h.
    const double h = 1e-3, log_k = 0.1;
    Valuation run(typical(type, true), 0.5, 20,
                  {{QS_PAYOFF_CALL, log_k},
                   {QS_PAYOFF_CALL, log_k - std::log1p(h)},
                   {QS_PAYOFF_CALL, log_k - std::log1p(-h)}});
    run.unit.precision = QS_PRECISION_DOUBLE;
    run.unit.greeks = true;
    run.value(device);
    const double y = run.estimate(0, 0).value;
    const double up = (1 + h) * run.estimate(1, 0).value, down = (1 - h) * run.estimate(2, 0).value;
    EXPECT_NEAR(run.estimate(0, QS_QUANTITY_DELTA).value, (up - down) / (2 * h), 1e-5);
    EXPECT_NEAR(run.estimate(0, QS_QUANTITY_GAMMA).value, (up - 2 * y + down) / (h * h), 1e-4);
  }
}

} // namespace
