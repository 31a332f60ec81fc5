#include "kernels/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/refuse.h"

static qs_dynamics dynamics_of(const qs_path_plan *plan) {
  const double *value = plan->model.value;
  const uint32_t used = qs_model_parameters(plan->model.type);
  double p[QS_PARAMETER_COUNT];
  for (uint32_t i = 0; i < QS_PARAMETER_COUNT; i++) {
    p[i] = used >> i & 1 ? value[i] : 0.0;
  }
  qs_dynamics m = {.v0 = p[QS_V0],
                   .kappa = p[QS_KAPPA],
                   .theta = p[QS_THETA],
                   .xi = p[QS_XI],
                   .rho = p[QS_RHO],
                   .lambda = p[QS_LAMBDA],
                   .mu_j = p[QS_MU_J],
                   .sigma_j = p[QS_SIGMA_J],
                   .mu_v = p[QS_MU_V],
                   .rho_j = p[QS_RHO_J],
                   .p = p[QS_P],
                   .eta1 = p[QS_ETA1],
                   .eta2 = p[QS_ETA2],
                   .sigma = p[QS_SIGMA],
                   .common = plan->common};
  const qs_model_type type = plan->model.type;
  if (type == QS_MODEL_HESTON || type == QS_MODEL_BATES || type == QS_MODEL_SVCJ) {
    m.variance = plan->scheme == QS_SCHEME_EULER ? QS_VARIANCE_EULER : QS_VARIANCE_QE;
  }
  m.jumps = type == QS_MODEL_SVCJ                               ? QS_JUMPS_VARIANCE
            : type == QS_MODEL_KOU                              ? QS_JUMPS_EXPONENTIAL
            : type == QS_MODEL_MERTON || type == QS_MODEL_BATES ? QS_JUMPS_COUNTED
                                                                : QS_JUMPS_NONE;
  return m;
}

static qs_status check_step(const qs_dynamics *m, const qs_step *step, const char *what, uint32_t index,
                            char *message) {
  const double dt = step->years;
  if (!(dt > 0.0 && dt < 100.0) || step->draw_word > 3) {
    return refuse(message, QS_ERROR_INPUT, "%s %u: its length is %g years and its draw word %u", what, index,
                  dt, step->draw_word);
  }
  if (!(step->added >= 0.0 && step->added < 1e6)) {
    return refuse(message, QS_ERROR_INPUT, "%s %u: its added variance is %g", what, index, step->added);
  }
  if (m->variance == QS_VARIANCE_QE && !(qs_step_correction(m, dt) <= QS_CORRECTION_LIMIT)) {
    return refuse(
        message, QS_ERROR_INPUT,
        "%s %u: %g years are too long for rho = %g, xi = %g, kappa = %g: |rho| xi dt (1 + kappa dt / 2) "
        "must stay below %g",
        what, index, dt, m->rho, m->xi, m->kappa, QS_CORRECTION_LIMIT);
  }
  const double jumps = m->lambda * dt;
  const double most = m->jumps == QS_JUMPS_COUNTED ? 8.0 : 0.25;
  if (jumps > most) {
    return refuse(message, QS_ERROR_INPUT, "%s %u: %g years hold %g jumps on average, at most %g", what,
                  index, dt, jumps, most);
  }
  const double unit = 1.0 + 0.5 * jumps;
  if (m->jumps == QS_JUMPS_VARIANCE && m->rho_j * m->mu_v * unit >= 1.0) {
    return refuse(message, QS_ERROR_INPUT, "%s %u: rho_j mu_v = %g needs shorter steps than %g years", what,
                  index, m->rho_j * m->mu_v, dt);
  }
  if (m->jumps == QS_JUMPS_EXPONENTIAL && m->eta1 <= 1.0 + 0.5 * jumps * m->p) {
    return refuse(message, QS_ERROR_INPUT, "%s %u: eta1 = %g needs shorter steps than %g years", what, index,
                  m->eta1, dt);
  }
  return QS_OK;
}

static qs_status check_plan(const qs_path_plan *plan, const qs_dynamics *m, char *message) {
  qs_parameter parameter = QS_V0;
  const char *problem = (unsigned)plan->model.type < QS_MODEL_COUNT ? qs_model_check(&plan->model, &parameter)
                                                                    : "no such model";
  if (problem) {
    return refuse(message, QS_ERROR_INPUT, "%s: %s %s", qs_model_name(plan->model.type),
                  qs_parameter_name(parameter), problem);
  }
  if (!plan->date_count || (plan->step_count && !plan->steps) || !plan->dates) {
    return refuse(message, QS_ERROR_INPUT, "a plan needs at least one date");
  }
  for (uint32_t i = 0; i < plan->step_count; i++) {
    const qs_status status = check_step(m, plan->steps + i, "step", i, message);
    if (status) {
      return status;
    }
  }
  for (uint32_t i = 0; i < plan->date_count; i++) {
    const qs_date *date = plan->dates + i;
    if (date->main_steps > plan->step_count || (i && date->main_steps < date[-1].main_steps)) {
      return refuse(message, QS_ERROR_INPUT, "date %u: dates must ascend and lie within the steps", i);
    }
    const qs_status status =
        date->side.years > 0.0 ? check_step(m, &date->side, "side step of date", i, message) : QS_OK;
    if (status) {
      return status;
    }
  }
  return QS_OK;
}

/* What the steps of one length add to a date's constants, per step. */
typedef struct step_sums {
  double drift[QS_MAX_LAW_PARAMETERS];
  double birth;
} step_sums;

static void fill_kind(const qs_dynamics *m, const qs_step *step, double *k, qs_thresholds *t,
                      step_sums *sums) {
  const double dt = step->years;
  memset(k, 0, QS_K_COUNT * sizeof *k);
  memset(t, 0, sizeof *t);
  memset(sums, 0, sizeof *sums);
  k[QS_K_YEARS] = dt;
  k[QS_K_ADDED] = step->added;
  k[QS_K_CONSTANT_V] = m->sigma * m->sigma * dt + step->added;
  if (m->variance != QS_VARIANCE_CONSTANT) {
    qs_step_variance(m, dt, k);
    k[QS_K_CONSTANT_V] += qs_step_rest(m, dt);
  }
  const uint32_t first = m->variance != QS_VARIANCE_CONSTANT ? 5 : 0;
  switch (m->jumps) {
  case QS_JUMPS_VARIANCE:
    qs_step_variance_jump(m, dt, k, t, sums->drift + 5);
    sums->birth = k[QS_K_JUMP_BIRTH];
    break;
  case QS_JUMPS_COUNTED: {
    const double mean = qs_counted_mean(m);
    qs_step_counted_jump(m, dt, k, t);
    sums->drift[first] = -dt * mean;
    sums->drift[first + 1] = -m->lambda * dt * (mean + 1.0);
    sums->drift[first + 2] = -m->lambda * dt * (mean + 1.0) * m->sigma_j;
    sums->birth = dt;
    break;
  }
  case QS_JUMPS_EXPONENTIAL:
    qs_step_exponential_jump(m, dt, k, t, sums->drift + 2);
    break;
  case QS_JUMPS_NONE:
    break;
  }
}

/* A table under construction: room for one kind per step and side step. */
typedef struct builder {
  qs_table table;
  step_sums *sums; /* [kind] */
} builder;

static size_t round_up(size_t bytes) {
  return (bytes + 63) & ~(size_t)63;
}

static bool allocate(builder *b, uint32_t steps, uint32_t dates) {
  const size_t kinds = (size_t)steps + dates;
  const size_t sizes[] = {
      kinds * QS_K_COUNT * sizeof(double), kinds * sizeof(qs_thresholds), kinds * sizeof(step_sums),
      steps * sizeof(qs_law_step),         steps * sizeof(double),        dates * sizeof(qs_law_date),
      dates * QS_D_COUNT * sizeof(double)};
  void *parts[sizeof sizes / sizeof *sizes];
  size_t total = 0;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    total += round_up(sizes[i]);
  }
  char *memory = (char *)aligned_alloc(64, total + 64);
  if (!memory) {
    return false;
  }
  size_t offset = 0;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    parts[i] = memory + offset;
    offset += round_up(sizes[i]);
  }
  b->table.memory = memory;
  b->table.coefficients = (double *)parts[0];
  b->table.thresholds = (qs_thresholds *)parts[1];
  b->sums = (step_sums *)parts[2];
  b->table.steps = (qs_law_step *)parts[3];
  b->table.weights = (double *)parts[4];
  b->table.dates = (qs_law_date *)parts[5];
  b->table.constants = (double *)parts[6];
  return true;
}

static bool is_kind(const double *k, const qs_step *step) {
  return k[QS_K_YEARS] == step->years && k[QS_K_ADDED] == step->added;
}

/* The kind of a length and an added variance; a new one where there is none yet. */
static qs_law_step law_step(builder *b, const qs_step *step) {
  qs_table *t = &b->table;
  uint32_t kind = t->kind_count;
  while (kind > 0 && !is_kind(t->coefficients + (size_t)(kind - 1) * QS_K_COUNT, step)) {
    kind--;
  }
  if (kind == 0) {
    kind = ++t->kind_count;
    fill_kind(&t->dynamics, step, t->coefficients + (size_t)(kind - 1) * QS_K_COUNT,
              t->thresholds + (kind - 1), b->sums + (kind - 1));
  }
  const qs_law_step result = {kind - 1, step->draw_block, step->draw_word};
  return result;
}

/* Sums over the steps up to a date. */
typedef struct running {
  double years, constant, drift, sums[QS_MAX_LAW_PARAMETERS], birth;
  double rest, rest_kappa; /* of the trapezoidal rules, per unit of the long-run mean, and its derivative */
} running;

/* What is not given to the nodes of a step's rule. */
static void take_rest(running *r, const qs_dynamics *m, double dt) {
  const qs_trapezoid rule = qs_step_trapezoid(m, dt);
  r->rest += (1.0 - rule.share) * dt;
  r->rest_kappa -= rule.slope * dt;
}

static void take_step(running *r, const qs_table *t, const step_sums *sums, uint32_t kind) {
  const double *k = t->coefficients + (size_t)kind * QS_K_COUNT;
  const step_sums *s = sums + kind;
  take_rest(r, &t->dynamics, k[QS_K_YEARS]);
  r->years += k[QS_K_YEARS];
  r->constant += k[QS_K_CONSTANT_V];
  r->drift += k[QS_K_DRIFT];
  r->birth += s->birth;
  for (int i = 0; i < QS_MAX_LAW_PARAMETERS; i++) {
    r->sums[i] += s->drift[i];
  }
}

static void fill_marks(const qs_dynamics *m, const running *r, double *d) {
  const double years = r->years;
  switch (m->jumps) {
  case QS_JUMPS_COUNTED:
  case QS_JUMPS_VARIANCE:
    d[QS_D_COUNTED_MEAN] = m->mu_j + 0.5 * m->sigma_j * m->sigma_j;
    d[QS_D_MARK_MEAN] = d[QS_D_COUNTED_MEAN];
    d[QS_D_MARK_VARIANCE] = m->sigma_j * m->sigma_j;
    d[QS_D_MARK_WEIGHT] = r->birth;
    d[QS_D_MARK_KBAR] = qs_counted_mean(m);
    d[QS_D_MARK_SIZE] = m->mu_j * m->mu_j + m->sigma_j * m->sigma_j;
    qs_jump_series(m->mu_j, m->sigma_j, d + QS_D_MARK_SERIES);
    break;
  case QS_JUMPS_EXPONENTIAL:
    d[QS_D_UP_SCALE] = 1.0 / m->eta1;
    d[QS_D_DOWN_SCALE] = 1.0 / m->eta2;
    d[QS_D_UP_RATE] = m->eta1 - 1.0;
    d[QS_D_DOWN_RATE] = m->eta2 + 1.0;
    d[QS_D_LAMBDA_UP] = years * m->p / d[QS_D_UP_RATE];
    d[QS_D_LAMBDA_DOWN] = years * (1.0 - m->p) / d[QS_D_DOWN_RATE];
    d[QS_D_P_UP] = years * m->lambda / d[QS_D_UP_RATE];
    d[QS_D_P_DOWN] = -years * m->lambda / d[QS_D_DOWN_RATE];
    break;
  case QS_JUMPS_NONE:
    break;
  }
}

static void fill_rest(const qs_dynamics *m, const running *r, double *d) {
  const double own = d[QS_D_OWN], mean = qs_long_run(m);
  const double by_jumps = m->jumps == QS_JUMPS_VARIANCE ? own * r->rest / m->kappa : 0.0;
  d[QS_D_REST_V0 + 1] = own * mean * r->rest_kappa - by_jumps * (mean - m->theta);
  d[QS_D_REST_V0 + 2] = own * r->rest;
  d[QS_D_REST_V0 + 4] = d[QS_D_OWN_RHO] * r->rest * mean;
  d[QS_D_REST_LAMBDA] = by_jumps * m->mu_v;
  d[QS_D_REST_MU_V] = by_jumps * m->lambda;
}

static void fill_date(const qs_dynamics *m, const running *r, double *d) {
  memset(d, 0, QS_D_COUNT * sizeof *d);
  d[QS_D_DRIFT] = r->drift;
  memcpy(d + QS_D_DRIFT_0, r->sums, sizeof r->sums);
  d[QS_D_CONSTANT_V] = r->constant;
  d[QS_D_CONSTANT_SIGMA] = 2.0 * m->sigma * r->years;
  d[QS_D_OWN] = 1.0 - m->rho * m->rho;
  d[QS_D_OWN_RHO] = -2.0 * m->rho;
  d[QS_D_SIGMA_J] = m->sigma_j;
  d[QS_D_MU_V] = m->mu_v;
  d[QS_D_RHO_J] = m->rho_j;
  fill_rest(m, r, d);
  fill_marks(m, r, d);
}

/* Half a step as the trapezoidal rule takes it, 0 for none. */
static double half_step(const qs_dynamics *m, const qs_step *step) {
  return step->years > 0.0 ? 0.5 * step->years * qs_step_trapezoid(m, step->years).share : 0.0;
}

/* Weights of the trapezoidal rule: half the steps on both sides of a node. A date takes back the half step
 * that follows its last main node and, with a side step, puts in half of that one. */
static void fill_weights(const qs_path_plan *plan, const qs_dynamics *m, qs_table *t) {
  const bool trapezoid = m->variance == QS_VARIANCE_QE;
  t->start_weight = trapezoid && plan->step_count ? half_step(m, &plan->steps[0]) : 0.0;
  for (uint32_t i = 0; i < plan->step_count; i++) {
    const double next = i + 1 < plan->step_count ? half_step(m, &plan->steps[i + 1]) : 0.0;
    t->weights[i] = trapezoid ? half_step(m, &plan->steps[i]) + next : 0.0;
  }
  for (uint32_t i = 0; i < plan->date_count && trapezoid; i++) {
    const qs_date *date = plan->dates + i;
    double *d = t->constants + (size_t)i * QS_D_COUNT;
    const double next =
        date->main_steps < plan->step_count ? half_step(m, &plan->steps[date->main_steps]) : 0.0;
    const double side = half_step(m, &date->side);
    d[QS_D_REBASE] = side - next;
    d[QS_D_SIDE_WEIGHT] = side;
  }
}

void qs_table_number(qs_table *t) {
  for (uint32_t i = 0; i < t->step_count; i++) {
    t->steps[i].draw_block = i / 4;
    t->steps[i].draw_word = i % 4;
  }
  for (uint32_t i = 0; i < t->date_count; i++) {
    t->dates[i].step.draw_block = t->dates[i].main_steps / 4;
    t->dates[i].step.draw_word = t->dates[i].main_steps % 4;
  }
}

qs_status qs_table_build(const qs_path_plan *plan, char *message, qs_table *table) {
  builder b;
  memset(&b, 0, sizeof b);
  if ((unsigned)plan->model.type >= QS_MODEL_COUNT) {
    return refuse(message, QS_ERROR_INPUT, "no such model: %d", (int)plan->model.type);
  }
  qs_dynamics *m = &b.table.dynamics;
  *m = dynamics_of(plan);
  if (!(m->common >= 0.0 && m->common <= m->lambda) || (m->common > 0.0 && m->jumps != QS_JUMPS_COUNTED)) {
    return refuse(message, QS_ERROR_INPUT, "common jumps of intensity %g, of %g", m->common, m->lambda);
  }
  const qs_status status = check_plan(plan, m, message);
  if (status) {
    return status;
  }
  if (!allocate(&b, plan->step_count, plan->date_count)) {
    return refuse(message, QS_ERROR_MEMORY, "out of memory for a table of %u steps", plan->step_count);
  }
  qs_table *t = &b.table;
  for (uint32_t mask = qs_model_parameters(plan->model.type); mask; mask &= mask - 1) {
    t->parameter_count++;
  }
  t->step_count = plan->step_count;
  t->date_count = plan->date_count;
  for (uint32_t i = 0; i < plan->step_count; i++) {
    t->steps[i] = law_step(&b, plan->steps + i);
  }
  running sums;
  memset(&sums, 0, sizeof sums);
  uint32_t taken = 0;
  for (uint32_t i = 0; i < plan->date_count; i++) {
    const qs_date *date = plan->dates + i;
    for (; taken < date->main_steps; taken++) {
      take_step(&sums, t, b.sums, t->steps[taken].kind);
    }
    running here = sums;
    t->dates[i].main_steps = date->main_steps;
    t->dates[i].side = date->side.years > 0.0;
    memset(&t->dates[i].step, 0, sizeof t->dates[i].step);
    if (t->dates[i].side) {
      t->dates[i].step = law_step(&b, &date->side);
      take_step(&here, t, b.sums, t->dates[i].step.kind);
    }
    fill_date(m, &here, t->constants + (size_t)i * QS_D_COUNT);
  }
  fill_weights(plan, m, t);
  if (plan->sampling == QS_SAMPLING_SOBOL) {
    qs_table_number(t);
  }
  *table = b.table;
  return QS_OK;
}

void qs_table_free(qs_table *table) {
  free(table->memory);
  memset(table, 0, sizeof *table);
}
