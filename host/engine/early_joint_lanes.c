/* Features of states, and what martingales move by, over rows of lanes: the core's own functions in double.
 */
#include <math.h>
#include <string.h>

#define QS_LANES       64
#define QS_REAL_DOUBLE 1
#include "host/engine/early_joint_state.h"

#include "kernels/core/script.inc"

#include "kernels/core/policy.inc"

#include "kernels/core/regression.inc"

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
    const double v0 = e->random[a] ? e->unit->assets[a].path.model.value[QS_V0] : 0;
    qs_regression_growth_d(from ? from->x[a] + at : NULL, e->unit->shifts[a], to->x[a] + to_at, growth);
    if (isnan(means[a].slope)) {
      memset(rise, 0, QS_LANES * sizeof *rise);
    } else {
      qs_regression_rise_d(from ? from->v[a] + at : NULL, v0, to->v[a] + to_at, means[a].constant,
                           means[a].slope, rise);
    }
  }
}

LANE_CLONES void qs_early_joint_slopes(const qs_early_joint *e, const double *control, const double *features,
                                       double *slopes) {
  qs_regression_slopes_d(&e->counts, control, features, slopes);
}
