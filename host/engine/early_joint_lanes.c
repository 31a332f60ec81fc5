/* Features of states, and what martingales move by, over rows of lanes: the core's own functions in double.
 */
#include <math.h>
#include <string.h>

#define QS_LANES       64
#define QS_REAL_DOUBLE 1
#include "host/engine/early_joint_state.h"

#include "kernels/core/script.inc"

#include "kernels/core/policy.inc"

_Static_assert((int)QS_LANES == (int)QS_EARLY_LANES, "lanes");

/* Versions with fma, which the core's functions are made of; see host/market/clones.h. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) &&     \
    !defined(__SANITIZE_THREAD__)
#define LANE_CLONES __attribute__((target_clones("avx512f", "fma", "default")))
#else
#define LANE_CLONES
#endif

size_t qs_early_joint_room(const qs_early_joint *e) {
  return (2 * (size_t)e->assets + e->payoff->program->slot_count) * QS_LANES;
}

static qs_policy_state_d state_at(const qs_early_joint *e, uint32_t date, const qs_early_states *states,
                                  size_t at) {
  qs_policy_state_d state = {.assets = e->assets};
  for (uint32_t a = 0; a < e->assets; a++) {
    state.x[a] = states->x[a] + at;
    state.v[a] = states->v[a] + at;
    state.forward[a] = e->unit->assets[a].forward[date];
  }
  return state;
}

static qs_policy_pays_d pays_in(const qs_early_joint *e, double *room) {
  return (qs_policy_pays_d){e->payoff->program, e->payoff->observed_asset,
                            room + 2 * (size_t)e->assets * QS_LANES};
}

LANE_CLONES void qs_early_joint_features(const qs_early_joint *e, uint32_t date,
                                         const qs_early_states *states, size_t at, double *room,
                                         double *features, double *pays) {
  const qs_policy_state_d state = state_at(e, date, states, at);
  const qs_policy_pays_d program = pays_in(e, room);
  qs_script_start_d(program.program, QS_LANES, program.slots);
  const double *paid = qs_policy_fill_d(1, e->task->policy, date, &state, &program, room, features);
  qs_policy_scale_d(e->task->policy->weights[date], paid, pays);
}

LANE_CLONES void qs_early_joint_pays(const qs_early_joint *e, uint32_t date, const qs_early_states *states,
                                     size_t at, double *room, double *pays) {
  const qs_policy_state_d state = state_at(e, date, states, at);
  const qs_policy_pays_d program = pays_in(e, room);
  qs_script_start_d(program.program, QS_LANES, program.slots);
  const double *paid = qs_policy_fill_d(0, e->task->policy, date, &state, &program, room, room);
  qs_policy_scale_d(e->task->policy->weights[date], paid, pays);
}

LANE_CLONES void qs_early_joint_hold(const qs_early_joint *e, const double *coefficient,
                                     const double *features, double *to) {
  qs_policy_hold_d(coefficient, e->features, features, to);
}

LANE_CLONES void qs_early_joint_increments(const qs_early_joint *e, const qs_early_states *from, size_t at,
                                           const qs_early_states *to, size_t to_at,
                                           const qs_early_mean *means, double *increments) {
  for (uint32_t a = 0; a < e->assets; a++) {
    double *growth = increments + (size_t)a * QS_LANES, *rise = growth + (size_t)e->assets * QS_LANES;
    const double *x = from ? from->x[a] + at : NULL, *x_after = to->x[a] + to_at, *v_after = to->v[a] + to_at;
    const double shift = e->unit->shifts[a], slope = isnan(means[a].slope) ? 0 : means[a].slope;
    const double constant = means[a].constant, known = isnan(means[a].slope) ? 0 : 1;
    const double v0 = e->random[a] ? e->unit->assets[a].path.model.value[QS_V0] : 0;
    for (int i = 0; i < QS_LANES; i++) {
      const double before = x ? x[i] : shift;
      const double v = from ? from->v[a][at + (size_t)i] : v0;
      growth[i] = qs_exp_d(qs_min_d(40, qs_max_d(-40, x_after[i] - before))) - 1;
      rise[i] = known * (v_after[i] - (constant + slope * v));
    }
  }
}

LANE_CLONES void qs_early_joint_controls(const qs_early_joint *e, const double *features,
                                         const double *increments, double *controls) {
  const double *pays = features + (size_t)e->task->policy->terms * QS_LANES;
  for (uint32_t a = 0; a < e->assets; a++) {
    const double *growth = increments + (size_t)a * QS_LANES;
    for (uint32_t k = 0; k <= e->growth_terms; k++, controls += QS_LANES) {
      qs_policy_times_d(k < e->growth_terms ? features + (size_t)k * QS_LANES : pays, growth, controls);
    }
  }
  for (uint32_t a = 0; a < e->assets; a++) {
    const double *rise = increments + ((size_t)e->assets + a) * QS_LANES;
    for (uint32_t k = 0; e->random[a] && k < e->variance_terms; k++, controls += QS_LANES) {
      qs_policy_times_d(features + (size_t)k * QS_LANES, rise, controls);
    }
  }
}

LANE_CLONES void qs_early_joint_slopes(const qs_early_joint *e, const double *control, const double *features,
                                       double *slopes) {
  const double *pays = features + (size_t)e->task->policy->terms * QS_LANES;
  for (uint32_t a = 0; a < e->assets; a++) {
    double *to = slopes + (size_t)a * QS_LANES;
    qs_policy_hold_d(control, e->growth_terms, features, to);
    for (int i = 0; i < QS_LANES; i++) {
      to[i] += control[e->growth_terms] * pays[i];
    }
    control += e->growth_terms + 1;
  }
  for (uint32_t a = 0; a < e->assets; a++) {
    double *to = slopes + ((size_t)e->assets + a) * QS_LANES;
    qs_policy_hold_d(control, e->random[a] ? e->variance_terms : 0, features, to);
    control += e->random[a] ? e->variance_terms : 0;
  }
}
