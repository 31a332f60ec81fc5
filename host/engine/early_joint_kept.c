/* A solution of early exercise on several underlyings, taken from the store or kept in it. */
#include <string.h>

#include "host/engine/early_joint_state.h"
#include "host/engine/unit_key.h"
#include "host/engine/work_store.h"

/* What a solution is beside its numbers. */
typedef struct summary {
  uint32_t terms, moves, exercised, levels;
  uint32_t parent[QS_POLICY_TERMS], variable[QS_POLICY_TERMS];
  qs_early_bounds bounds;
} summary;

/* Its numbers, one array after the other. */
typedef struct numbers {
  double *centre, *rate, *bump, *coefficient; /* the last one [level][date][feature] */
  size_t count;
} numbers;

static numbers lay_numbers(const qs_early_joint *e, const qs_policy *policy, uint32_t levels, double *all) {
  const size_t wide = (size_t)e->dates * 2 * e->assets, bumps = (size_t)e->dates * e->assets * policy->moves;
  const size_t coefficients = (size_t)e->dates * qs_policy_features(policy, e->assets) * levels;
  numbers n = {.count = 2 * wide + bumps + coefficients};
  if (all) {
    n.centre = all;
    n.rate = all + wide;
    n.bump = n.rate + wide;
    n.coefficient = n.bump + bumps;
  }
  return n;
}

static uint32_t levels_kept(const qs_early_joint *e) {
  return e->task->fewer ? e->levels : 1;
}

qs_digest qs_early_joint_key(const qs_early_joint *e) {
  const qs_early_joint_task *task = e->task;
  const qs_digest unit = qs_joint_unit_key(e->unit);
  const double reals[] = {task->now, task->per};
  const uint64_t flags = (uint64_t)task->all_times | (uint64_t)(task->bounds != NULL) << 1 |
                         (uint64_t)(task->fewer != NULL) << 2 | (uint64_t)1 << 63;
  qs_digester d = {0};
  qs_digest_add(&d, unit.word, sizeof unit.word);
  qs_digest_add(&d, reals, sizeof reals);
  qs_digest_add(&d, &flags, sizeof flags);
  qs_digest_add(&d, task->keys.policy, e->assets * sizeof(uint64_t));
  qs_digest_add(&d, task->keys.nested, e->assets * sizeof(uint64_t));
  qs_digest_add(&d, task->keys.bounds, e->assets * sizeof(uint64_t));
  return qs_digest_end(&d);
}

/* The arrays of a policy's terms, in the arena. */
static bool copy_terms(qs_arena *arena, const summary *s, qs_policy *policy) {
  uint32_t *parent = QS_NEW(arena, QS_POLICY_TERMS, uint32_t),
           *variable = QS_NEW(arena, QS_POLICY_TERMS, uint32_t);
  if (!parent || !variable) {
    return false;
  }
  memcpy(parent, s->parent, sizeof s->parent);
  memcpy(variable, s->variable, sizeof s->variable);
  policy->parent = parent;
  policy->variable = variable;
  policy->terms = s->terms;
  policy->moves = s->moves;
  return true;
}

qs_status qs_early_joint_take(const qs_early_joint *e, qs_early_joint_task *task, qs_arena *arena,
                              qs_digest key, bool *found) {
  summary s;
  qs_policy policy = *task->policy;
  qs_status status = qs_store_take(e->context, key, 0, &s, sizeof s, found);
  if (status || !*found) {
    return status;
  }
  if (s.terms > QS_POLICY_TERMS || s.moves > QS_POLICY_MOVES || !s.levels || s.levels > QS_EARLY_LEVELS) {
    *found = false;
    return QS_OK;
  }
  if (!copy_terms(arena, &s, &policy)) {
    return qs_fail_memory(e->context, "recalling early exercise");
  }
  const size_t count = lay_numbers(e, &policy, s.levels, NULL).count;
  double *all = QS_NEW(arena, count, double);
  if (!all) {
    return qs_fail_memory(e->context, "recalling early exercise");
  }
  status = qs_store_take(e->context, key, 1, all, count * sizeof *all, found);
  if (status || !*found) {
    return status;
  }
  const numbers n = lay_numbers(e, &policy, s.levels, all);
  policy.centre = n.centre;
  policy.rate = n.rate;
  policy.bump = n.bump;
  policy.coefficient = n.coefficient;
  *task->policy = policy;
  task->exercised = s.exercised != 0;
  if (task->bounds) {
    *task->bounds = s.bounds;
  }
  for (uint32_t level = 1; task->fewer && level < s.levels; level++) {
    task->fewer[level - 1] = policy;
    task->fewer[level - 1].coefficient =
        n.coefficient + level * (n.count - (size_t)(n.coefficient - all)) / s.levels;
  }
  return QS_OK;
}

qs_status qs_early_joint_put(const qs_early_joint *e, qs_digest key) {
  const qs_early_joint_task *task = e->task;
  const qs_policy *policy = task->policy;
  const uint32_t levels = levels_kept(e);
  if (e->context->store->gather && e->context->store->rank) {
    return QS_OK; /* every process has solved it, the first one keeps it */
  }
  qs_arena *scratch = qs_arena_create(e->context);
  const size_t count = lay_numbers(e, policy, levels, NULL).count;
  double *all = scratch ? QS_NEW(scratch, count, double) : NULL;
  summary *s = all ? QS_NEW(scratch, 1, summary) : NULL;
  if (!s) {
    qs_arena_destroy(scratch);
    return qs_fail_memory(e->context, "keeping early exercise");
  }
  const numbers n = lay_numbers(e, policy, levels, all);
  memcpy(n.centre, policy->centre, (size_t)(n.rate - n.centre) * sizeof *all);
  memcpy(n.rate, policy->rate, (size_t)(n.bump - n.rate) * sizeof *all);
  memcpy(n.bump, policy->bump, (size_t)(n.coefficient - n.bump) * sizeof *all);
  const size_t each = (n.count - (size_t)(n.coefficient - all)) / levels;
  for (uint32_t level = 0; level < levels; level++) {
    const double *from = level ? task->fewer[level - 1].coefficient : policy->coefficient;
    memcpy(n.coefficient + level * each, from, each * sizeof *all);
  }
  s->terms = policy->terms;
  s->moves = policy->moves;
  s->exercised = task->exercised;
  s->levels = levels;
  memcpy(s->parent, policy->parent, policy->terms * sizeof *s->parent);
  memcpy(s->variable, policy->variable, policy->terms * sizeof *s->variable);
  if (task->bounds) {
    s->bounds = *task->bounds;
  }
  qs_status status = qs_store_put(e->context, key, 1, all, count * sizeof *all);
  status = status ? status : qs_store_put(e->context, key, 0, s, sizeof *s);
  qs_arena_destroy(scratch);
  return status;
}
