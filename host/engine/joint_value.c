/* Valuing formulas over several underlyings: the jobs of those that share paths, and their values by leg. */
#include <math.h>
#include <string.h>

#include "host/engine/joint_correlation.h"
#include "host/engine/joint_group.h"
#include "host/engine/scheduler.h"
#include "host/market/time.h"

/* A formula now or a day later: its plan, and where its moments are; without, it is settled. */
typedef struct moment_plan {
  qs_joint_plan plan;
  qs_moment *moments;
  size_t stride;
  const qs_control_use *use;
  /* Of early exercise: what the unit yields for all of its payoffs, which is extrapolated to `moments`. */
  qs_moment *raw;
  uint32_t payoffs;
} moment_plan;

struct qs_joint_book {
  qs_context *context;
  qs_arena *arena;
  qs_devices *devices;
  moment_plan *plans; /* [formula][now, later] */
  size_t each;        /* 2, or without Greeks 1 */
  qs_joint_leg *legs; /* [contracts] */
  double **errors;    /* [contracts]: the legs' greek_error */
};

static qs_status no_memory(qs_context *context) {
  return qs_fail_memory(context, "valuing formulas over several underlyings");
}

static bool is_first(const qs_contract *contract) {
  return contract->joint && contract->leg == 0;
}

/* ---- planning ---- */

/* The group's controls, and where its results go; the job has the formulas alone. */
static qs_status control_group(const qs_joint_book *book, const qs_valuation *v,
                               const qs_joint_member *members, size_t count, qs_job *job) {
  const qs_joint_unit plain = job->joint;
  const size_t quantities = qs_joint_unit_quantities(&plain);
  job->moments = QS_NEW(book->arena, qs_joint_unit_moments(&plain), qs_moment);
  const bool wanted = v->simulation.control && plain.greeks == v->greeks;
  job->use = wanted ? QS_NEW(book->arena, count, qs_control_use) : NULL;
  if (!job->moments || (wanted && !job->use)) {
    return no_memory(book->context);
  }
  for (size_t i = 0; i < count; i++) {
    moment_plan *to = &book->plans[members[i].index];
    to->moments = job->moments + i * quantities;
    to->stride = count * quantities;
    to->use = job->use ? job->use + i : NULL;
  }
  return v->simulation.control
             ? qs_controls_of_joint(book->context, book->arena, &plain, &job->joint, &job->controls)
             : qs_controls_none(book->context, book->arena, (uint32_t)count, (uint32_t)quantities,
                                &job->controls);
}

/* The job of a formula that is exercised early: it has a unit of its own, or, exercised at once, none. */
static qs_status plan_early(const qs_joint_book *book, moment_plan *to, qs_job *job) {
  qs_joint_plan *plan = &to->plan;
  job->joint.payoff_count = 0;
  qs_status status = qs_early_joint_plan_solve(book->context, book->arena, book->devices, true, plan);
  if (status) {
    return status;
  }
  const uint32_t quantities = qs_joint_unit_quantities(&plan->unit);
  to->payoffs = plan->unit.payoff_count;
  to->raw = QS_NEW(book->arena, qs_joint_unit_moments(&plan->unit), qs_moment);
  to->moments = to->raw;
  to->stride = quantities;
  if (!to->raw) {
    return no_memory(book->context);
  }
  if (plan->exercised) {
    return qs_early_joint_known(book->context, book->arena, plan, to->raw);
  }
  job->joint = plan->unit;
  job->moments = to->raw;
  return qs_controls_none(book->context, book->arena, to->payoffs, quantities, &job->controls);
}

/* The job of a group of formulas: one unit. */
static qs_status plan_group(const qs_joint_book *book, const qs_valuation *v, const qs_joint_member *members,
                            size_t count, qs_job *job) {
  static const double no_shifts[QS_MAX_JOINT] = {0};
  qs_joint_payoff *payoffs = QS_NEW(book->arena, count, qs_joint_payoff);
  if (!payoffs) {
    return no_memory(book->context);
  }
  const qs_joint_plan *head = &book->plans[members[0].index].plan;
  for (size_t i = 0; i < count; i++) {
    qs_joint_plan *plan = &book->plans[members[i].index].plan;
    const bool later = members[i].origin > members[i].terms->as_of;
    qs_status status =
        qs_joint_plan_build(book->context, book->arena, v->market, members[i].terms, &v->simulation, NULL,
                            no_shifts, 1, later, v->greeks && !later, i ? head : NULL, plan);
    if (status) {
      return status;
    }
    if (!plan->settled) {
      payoffs[i] = plan->unit.payoffs[0];
    }
  }
  *job = (qs_job){.joint = head->unit};
  if (head->settled) {
    return QS_OK;
  }
  if (head->policy) {
    return plan_early(book, &book->plans[members[0].index], job);
  }
  job->joint.payoffs = payoffs;
  job->joint.payoff_count = (uint32_t)count;
  return control_group(book, v, members, count, job);
}

/* Room for every leg's part. */
static qs_status make_legs(const qs_joint_book *book, const qs_valuation *v) {
  size_t trade = 0;
  for (size_t i = 0; i < v->count; i++) {
    for (uint32_t leg = 0; is_first(&v->contracts[i]) && leg < v->contracts[i].joint->asset_count; leg++) {
      const moment_plan *now = &book->plans[trade * book->each];
      const qs_joint_unit *unit = &now->plan.unit;
      qs_joint_leg *to = &book->legs[i + leg];
      to->quantities = 1;
      if (v->greeks) {
        to->quantities = QS_PATH_PARAMETERS + qs_joint_asset_quantity(unit, leg + 1) -
                         qs_joint_asset_quantity(unit, leg) - 2;
      }
      to->plan = &now->plan;
      to->moments = now->moments;
      to->stride = now->stride;
      to->use = leg ? NULL : now->use;
      to->now = QS_NEW(book->arena, (size_t)v->simulation.batches * to->quantities, qs_moment);
      book->errors[i + leg] = now->plan.policy ? QS_NEW(book->arena, to->quantities, double) : NULL;
      if (now->plan.policy && !book->errors[i + leg]) {
        return no_memory(book->context);
      }
      if (v->greeks && leg == 0 && now[1].moments) {
        to->later = QS_NEW(book->arena, v->simulation.batches, qs_moment);
      }
      if (!to->now || (v->greeks && leg == 0 && now[1].moments && !to->later)) {
        return no_memory(book->context);
      }
    }
    trade += is_first(&v->contracts[i]);
  }
  return QS_OK;
}

static qs_status plan_members(qs_joint_book *book, const qs_valuation *v, qs_joint_member *members,
                              size_t count, qs_job *jobs, size_t *job_count) {
  size_t listed = 0;
  for (size_t i = 0; i < v->count; i++) {
    for (size_t later = 0; is_first(&v->contracts[i]) && later < book->each; later++, listed++) {
      const qs_joint_terms *terms = v->contracts[i].joint;
      members[listed] = (qs_joint_member){terms, terms->as_of + (later ? QS_SECONDS_PER_DAY : 0), listed, 0};
    }
  }
  qs_joint_members_sort(members, count);
  for (size_t begin = 0, end = 0; begin < count; begin = end) {
    end = qs_joint_group_end(members, count, begin, count);
    qs_status status = plan_group(book, v, members + begin, end - begin, &jobs[*job_count]);
    if (status) {
      return status;
    }
    *job_count += jobs[*job_count].joint.payoff_count > 0;
  }
  return make_legs(book, v);
}

qs_status qs_joint_book_plan(qs_context *context, qs_arena *arena, qs_devices *devices, const qs_valuation *v,
                             qs_joint_book **book, qs_job *jobs, size_t *job_count) {
  *book = NULL;
  size_t trades = 0;
  for (size_t i = 0; i < v->count; i++) {
    trades += is_first(&v->contracts[i]);
  }
  if (!trades) {
    return QS_OK;
  }
  qs_joint_book *made = QS_NEW(arena, 1, qs_joint_book);
  if (!made) {
    return no_memory(context);
  }
  *made = (qs_joint_book){.context = context, .arena = arena, .devices = devices, .each = v->greeks ? 2 : 1};
  const size_t count = trades * made->each;
  made->plans = QS_NEW(arena, count, moment_plan);
  made->legs = QS_NEW(arena, v->count, qs_joint_leg);
  made->errors = QS_NEW(arena, v->count, double *);
  qs_joint_member *members = QS_NEW(arena, count, qs_joint_member);
  qs_status status = made->plans && made->legs && made->errors && members
                         ? plan_members(made, v, members, count, jobs, job_count)
                         : no_memory(context);
  if (!status) {
    *book = made;
  }
  return status;
}

/* ---- values by leg ---- */

static qs_moment per_unit(qs_moment moment, double forward) {
  return (qs_moment){moment.mean / forward, moment.m2 / (forward * forward)};
}

/* A leg's part of the formula's moments, laid out as a path unit's, per unit of its own forward. */
static void lay_leg(const qs_joint_leg *from, uint32_t leg, bool greeks, uint32_t batches, qs_moment *now) {
  const qs_joint_unit *unit = &from->plan->unit;
  const uint32_t asset = greeks ? qs_joint_asset_quantity(unit, leg) : 0;
  const uint32_t parameters = greeks ? from->quantities - QS_PATH_PARAMETERS : 0;
  const double forward = from->plan->forward[leg];
  for (uint32_t b = 0; b < batches; b++) {
    const qs_moment *row = from->moments + b * from->stride;
    qs_moment *out = now + (size_t)b * from->quantities;
    out[QS_PATH_PRICE] = leg ? (qs_moment){0, 0} : per_unit(row[0], forward);
    for (uint32_t q = 0; greeks && q < parameters + 3; q++) {
      static const uint32_t fixed[] = {QS_PATH_DELTA, QS_PATH_CARRY};
      const uint32_t at = q < 2 ? fixed[q] : q < parameters + 2 ? QS_PATH_PARAMETERS + q - 2 : QS_PATH_GAMMA;
      const uint32_t source = q < parameters + 2 ? asset + q : qs_joint_pair_quantity(unit, leg, leg);
      out[at] = per_unit(row[source], forward);
    }
  }
}

/* Adds to d_rho what moves with it where the given correlations are held; means[batches] is room. The sum's
 * spread is that of the batches' means. */
static void hold_correlations(const qs_valuation *v, const qs_joint_terms *terms, uint32_t leg, double *means,
                              const qs_joint_leg *to) {
  const uint32_t rho = QS_PATH_PARAMETERS + 4; /* v0 kappa theta xi rho */
  const uint32_t batches = v->simulation.batches;
  qs_moment *now = to->now;
  for (uint32_t b = 0; b < batches; b++) {
    const qs_moment *row = to->moments + b * to->stride;
    means[b] = now[(size_t)b * to->quantities + rho].mean +
               qs_joint_rho_slope(v->market, terms, to->plan, row, leg) / to->plan->forward[leg];
  }
  const qs_estimate all = qs_batch_estimate(&v->simulation, means);
  const double one = all.std_error * all.std_error * (double)v->simulation.paths;
  for (uint32_t b = 0; b < batches; b++) {
    now[(size_t)b * to->quantities + rho] = (qs_moment){means[b], one * qs_batch_paths(&v->simulation, b)};
  }
}

/* What extrapolation to all times of exercise may be wrong by, laid out as the leg's quantities. */
static void lay_errors(const qs_joint_leg *from, uint32_t leg, double *error) {
  const qs_joint_unit *unit = &from->plan->unit;
  const uint32_t asset = qs_joint_asset_quantity(unit, leg),
                 parameters = from->quantities - QS_PATH_PARAMETERS;
  const double *all = from->plan->bounds.greek_error, forward = from->plan->forward[leg];
  error[QS_PATH_DELTA] = all[asset] / forward;
  error[QS_PATH_CARRY] = all[asset + 1] / forward;
  error[QS_PATH_GAMMA] = all[qs_joint_pair_quantity(unit, leg, leg)] / forward;
  for (uint32_t p = 0; p < parameters; p++) {
    error[QS_PATH_PARAMETERS + p] = all[asset + 2 + p] / forward;
  }
}

/* From what a unit of early exercise yields to the formula's moments; from the round's paths each time. */
static qs_status extrapolate(const qs_joint_book *book, const qs_valuation *v, moment_plan *to) {
  if (!to->raw || to->plan.exercised) {
    return QS_OK;
  }
  to->moments = to->raw;
  to->plan.unit.payoff_count = to->payoffs;
  return qs_early_joint_extrapolate(book->context, book->arena, &v->simulation, &to->plan, &to->moments);
}

/* The legs of the formula whose first contract is `index`, from its plans now and a day later. */
static void fill_legs(const qs_joint_book *book, const qs_valuation *v, size_t index,
                      const moment_plan *plans, double *means) {
  const qs_joint_terms *terms = v->contracts[index].joint;
  const uint32_t batches = v->simulation.batches;
  for (uint32_t leg = 0; leg < terms->asset_count; leg++) {
    qs_joint_leg *to = &book->legs[index + leg];
    to->moments = plans[0].moments;
    lay_leg(to, leg, v->greeks, batches, to->now);
    if (v->greeks && plans[0].plan.bounds.greek_error) {
      lay_errors(to, leg, book->errors[index + leg]);
      to->greek_error = book->errors[index + leg];
    }
    if (v->greeks && !isnan(to->plan->joint.drivers.rho[leg]) && terms->asset_count > 1) {
      hold_correlations(v, terms, leg, means, to);
    }
  }
  qs_joint_leg *first = &book->legs[index];
  if (plans[0].plan.bounds.present) {
    first->bounds = &plans[0].plan.bounds;
    qs_early_replace(first->bounds, &v->simulation, first->now, first->quantities);
  }
  if (v->greeks) {
    const qs_joint_plan *later = &plans[1].plan;
    first->known_later = later->settled ? later->known / later->forward[0] : 0;
    const qs_joint_leg tomorrow = {
        .quantities = 1, .plan = later, .moments = plans[1].moments, .stride = plans[1].stride};
    if (first->later) {
      lay_leg(&tomorrow, 0, false, batches, first->later);
      if (later->bounds.present) {
        qs_early_replace(&later->bounds, &v->simulation, first->later, 1);
      }
    }
  }
}

qs_status qs_joint_book_fill(qs_joint_book *book, qs_valuation *v) {
  qs_arena *scratch = qs_arena_create(book->context);
  double *means = scratch ? QS_NEW(scratch, v->simulation.batches, double) : NULL;
  qs_status status = means ? QS_OK : no_memory(book->context);
  moment_plan *plans = book->plans;
  for (size_t i = 0; !status && i < v->count; i++) {
    for (size_t k = 0; !status && is_first(&v->contracts[i]) && k < book->each; k++) {
      status = extrapolate(book, v, &plans[k]);
    }
    if (!status && is_first(&v->contracts[i])) {
      fill_legs(book, v, i, plans, means);
      plans += book->each;
    }
  }
  qs_arena_destroy(scratch);
  v->legs = book->legs;
  return status;
}
