#include "bench/kernel_work.h"

namespace {

constexpr qs_scheme kQe = QS_SCHEME_QE, kEuler = QS_SCHEME_EULER;
constexpr qs_precision kMixed = QS_PRECISION_MIXED, kDouble = QS_PRECISION_DOUBLE;
constexpr qs_model_type kHeston = QS_MODEL_HESTON, kSvcj = QS_MODEL_SVCJ;
constexpr qs_sampling kPseudo = QS_SAMPLING_PSEUDO;

Case path_case(const char *name, Unit unit, qs_path_payoff payoff, int steps, int payoffs, uint64_t paths,
               int days) {
  return {name, kSvcj, kQe, unit, kMixed, steps, payoffs, paths, 0, false, kPseudo, payoff, days, false};
}

Case local_case(const char *name, Unit unit, qs_path_payoff payoff) {
  return {name, kHeston, kEuler, unit, kMixed, 360, 1, 16384, 0, false, kPseudo, payoff, 12, true};
}

} // namespace

const std::vector<Case> kCases = {
    {"heston_price", kHeston, kQe, Unit::kValue, kMixed, 100, 1, 65536, 550},
    {"heston_tangents", kHeston, kQe, Unit::kGreeks, kMixed, 100, 1, 65536, 310},
    {"heston_full", kHeston, kQe, Unit::kHorizon, kMixed, 100, 0, 65536, 400},
    {"heston_full_of_two_streams", kHeston, kQe, Unit::kHorizonOfTwo, kMixed, 100, 0, 65536},
    {"heston_euler", kHeston, kEuler, Unit::kValue, kMixed, 100, 1, 65536},
    {"heston_euler_tangents", kHeston, kEuler, Unit::kGreeks, kMixed, 100, 1, 65536},
    {"svcj_price", kSvcj, kQe, Unit::kValue, kMixed, 365, 1, 32768, 420},
    {"svcj_tangents", kSvcj, kQe, Unit::kGreeks, kMixed, 365, 1, 32768, 250},
    {"bates_price", QS_MODEL_BATES, kQe, Unit::kValue, kMixed, 100, 1, 65536},
    {"merton_price", QS_MODEL_MERTON, kQe, Unit::kValue, kMixed, 100, 1, 65536},
    {"kou_price", QS_MODEL_KOU, kQe, Unit::kValue, kMixed, 100, 1, 65536},
    {"heston_price_double", kHeston, kQe, Unit::kValue, kDouble, 100, 1, 32768},
    {"heston_tangents_double", kHeston, kQe, Unit::kGreeks, kDouble, 100, 1, 32768},
    {"heston_sobol", kHeston, kQe, Unit::kValue, kMixed, 100, 1, 65536, 0, false, QS_SAMPLING_SOBOL},
    {"heston_mirrored", kHeston, kQe, Unit::kValue, kMixed, 100, 1, 65536, 0, false, QS_SAMPLING_ANTITHETIC},
    {"payoffs_price", kHeston, kQe, Unit::kValue, kMixed, 1, 868, 16384, 600},
    {"payoffs_price_pairs", kHeston, kQe, Unit::kValue, kMixed, 1, 868, 16384, 900, true},
    {"payoffs_13_quantities", kSvcj, kQe, Unit::kGreeks, kMixed, 1, 868, 4096, 80},
    {"payoffs_13_quantities_pairs", kSvcj, kQe, Unit::kGreeks, kMixed, 1, 868, 4096, 0, true},
    // Payoffs along a path: in path-steps for one payoff, in payoff values for many on 12 dates.
    path_case("asian_price", Unit::kPath, QS_PATH_ASIAN, 360, 1, 16384, 12),
    path_case("asian_greeks", Unit::kPathGreeks, QS_PATH_ASIAN, 360, 1, 16384, 12),
    path_case("barrier_daily_price", Unit::kPath, QS_PATH_BARRIER, 365, 1, 16384, 1),
    path_case("barrier_daily_greeks", Unit::kPathGreeks, QS_PATH_BARRIER, 365, 1, 8192, 1),
    path_case("asian_greeks_many", Unit::kPathGreeks, QS_PATH_ASIAN, 12, 100, 8192, 1),
    path_case("asian_strike_many", Unit::kPath, QS_PATH_ASIAN_STRIKE, 12, 100, 8192, 1),
    path_case("asian_geometric_many", Unit::kPath, QS_PATH_ASIAN_GEOMETRIC, 12, 100, 8192, 1),
    path_case("barrier_greeks_many", Unit::kPathGreeks, QS_PATH_BARRIER, 12, 100, 8192, 1),
    path_case("barrier_continuous_greeks_many", Unit::kPathGreeks, QS_PATH_BARRIER_CONTINUOUS, 12, 100, 8192,
              1),
    path_case("lookback_many", Unit::kPath, QS_PATH_LOOKBACK, 12, 100, 8192, 1),
    path_case("lookback_floating_many", Unit::kPath, QS_PATH_LOOKBACK_FLOATING, 12, 100, 8192, 1),
    path_case("digital_many", Unit::kPath, QS_PATH_DIGITAL, 12, 100, 8192, 1),
    path_case("cliquet_many", Unit::kPath, QS_PATH_CLIQUET, 12, 100, 8192, 1),
    path_case("variance_many", Unit::kPath, QS_PATH_VARIANCE, 12, 100, 8192, 1),
    path_case("volatility_many", Unit::kPath, QS_PATH_VOLATILITY, 12, 100, 8192, 1),
    path_case("early_many", Unit::kPath, QS_PATH_EARLY, 12, 100, 8192, 1),
    path_case("pool_many", Unit::kPath, QS_PATH_POOL, 12, 100, 8192, 1),
    path_case("autocall_many", Unit::kPath, QS_PATH_AUTOCALL, 12, 100, 8192, 1),
    path_case("script_greeks_many", Unit::kPathGreeks, QS_PATH_SCRIPT, 12, 100, 8192, 1),
    // Under a leverage function.
    local_case("local_price", Unit::kPath, QS_PATH_ASIAN),
    local_case("local_greeks", Unit::kPathGreeks, QS_PATH_ASIAN),
    // A basket of a heston and an svcj, in steps of one of them.
    {"joint_price", kHeston, kQe, Unit::kJoint, kMixed, 100, 1, 16384},
    {"joint_greeks", kHeston, kQe, Unit::kJointGreeks, kMixed, 100, 1, 8192},
    // Hedging over time: dates of a path and a policy.
    {"hedge_policies", kHeston, kQe, Unit::kRebalance, kDouble, 30, 0, 16384},
};
