// Problems of hedging over time that the tests share.
#ifndef QS_TESTS_POLICY_WORLD_H
#define QS_TESTS_POLICY_WORLD_H

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "host/policy/classical.h"

namespace policy_world {

inline qs_model Make(qs_model_type type, const std::vector<std::pair<qs_parameter, double>> &values) {
  qs_model model = {};
  model.type = type;
  for (const auto &entry : values) {
    model.value[entry.first] = entry.second;
  }
  return model;
}

inline qs_model Gbm(double sigma) {
  return Make(QS_MODEL_GBM, {{QS_SIGMA, sigma}});
}

inline qs_model Merton() {
  return Make(QS_MODEL_MERTON, {{QS_SIGMA, 0.5}, {QS_LAMBDA, 3}, {QS_MU_J, -0.08}, {QS_SIGMA_J, 0.1}});
}

inline qs_model Kou() {
  return Make(QS_MODEL_KOU, {{QS_SIGMA, 0.5}, {QS_LAMBDA, 3}, {QS_P, 0.4}, {QS_ETA1, 14}, {QS_ETA2, 10}});
}

inline qs_model Heston() {
  return Make(QS_MODEL_HESTON, {{QS_V0, 0.36}, {QS_KAPPA, 3}, {QS_THETA, 0.4}, {QS_XI, 1.2}, {QS_RHO, -0.4}});
}

inline qs_model Bates() {
  qs_model model = Heston();
  model.type = QS_MODEL_BATES;
  model.value[QS_LAMBDA] = 2;
  model.value[QS_MU_J] = -0.06;
  model.value[QS_SIGMA_J] = 0.08;
  return model;
}

// Much like the fit of BTC that the README shows.
inline qs_model Svcj() {
  return Make(QS_MODEL_SVCJ, {{QS_V0, 0.2014},
                              {QS_KAPPA, 4.967},
                              {QS_THETA, 0.2624},
                              {QS_XI, 1.68},
                              {QS_RHO, -0.3456},
                              {QS_LAMBDA, 0.9329},
                              {QS_MU_J, -0.1002},
                              {QS_SIGMA_J, 0.001},
                              {QS_MU_V, 0.1088},
                              {QS_RHO_J, -0.1976}});
}

inline std::vector<qs_model> Models() {
  return {Gbm(0.6), Merton(), Kou(), Heston(), Bates(), Svcj()};
}

// A problem with what it points to; copies would dangle.
struct World {
  qs_model model = {};
  std::vector<qs_policy_option> options;
  std::vector<qs_policy_date> dates;
  qs_policy_problem problem = {};
  qs_policy_settings settings = {};
  qs_context context;
  qs_arena *arena;

  explicit World(const qs_model &m) : model(m) {
    qs_context_init(&context);
    arena = qs_arena_create(&context);
  }
  ~World() { qs_arena_destroy(arena); }
  World(const World &) = delete;
  World &operator=(const World &) = delete;

  // `trades` dates from now on, `interval` apart, and the unwinding; the forward is 100, flat.
  World &Dates(size_t trades, double interval, double cost) {
    for (size_t n = 0; n <= trades; n++) {
      dates.push_back({static_cast<double>(n) * interval, 100, 100, 1, cost, 0, 0});
    }
    return *this;
  }
  // Expires with the last date unless told otherwise.
  World &Option(bool call, double strike, double quantity, double years = 0) {
    options.push_back({call, false, years > 0 ? years : dates.back().years, strike, 100, quantity, 0});
    return *this;
  }
  qs_policy_problem *Problem(double weight) {
    problem = {&model, options.data(), options.size(), dates.data(), dates.size(), 0, weight, 0};
    return &problem;
  }
  qs_policy_ratios Ratios() {
    qs_policy_ratios ratios = {};
    EXPECT_EQ(QS_OK, qs_policy_make_ratios(&context, arena, &problem, &settings, &ratios)) << context.message;
    return ratios;
  }
};

// The short call of the examples: at the money, daily for thirty days, five basis points.
inline void ShortCall(World *world, size_t days = 30) {
  world->Dates(days, 1.0 / 365, 0.0005).Option(true, 100, -1);
}

inline double X(const qs_policy_nodes &nodes, size_t j) {
  return nodes.x_low + static_cast<double>(j) * nodes.x_step;
}

inline double Y(const qs_policy_nodes &nodes, size_t i) {
  return nodes.y_low + static_cast<double>(i) * nodes.y_step;
}

} // namespace policy_world

#endif
