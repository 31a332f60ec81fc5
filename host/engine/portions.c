#include "host/engine/portions.h"

#include <math.h>
#include <string.h>

#include "host/engine/scheduler.h"

enum { PORTIONS_OF_WAVE = 8 }; /* a portion is at most this part of a wave */

static const size_t default_wave_bytes = (size_t)256 << 20;

typedef struct portion {
  const qs_job *job;
  uint32_t begin, end; /* payoffs of the job */
  qs_value_unit value; /* with controls, as in the job */
  qs_path_unit path;
  qs_joint_unit joint;
  qs_controls controls;
  size_t count;                 /* of moments */
  qs_moment *simulated, *round; /* all rounds', the latest one's */
} portion;

typedef struct wave {
  size_t begin, end; /* portions */
} wave;

struct qs_portions {
  qs_context *context;
  qs_arena *arena;
  qs_simulation first; /* the first round */
  portion *portions;
  size_t count;
  wave *waves;
  size_t wave_count;
};

static qs_status no_memory(qs_context *context) {
  return qs_fail_memory(context, "valuing");
}

qs_status qs_controls_none(qs_context *context, qs_arena *arena, uint32_t count, uint32_t quantities,
                           qs_controls *controls) {
  qs_controlled *payoffs = QS_NEW(arena, count, qs_controlled);
  if (!payoffs) {
    return no_memory(context);
  }
  for (uint32_t i = 0; i < count; i++) {
    payoffs[i].place = i;
  }
  *controls = (qs_controls){payoffs, count, quantities, count, NULL, NULL};
  return QS_OK;
}

/* ---- cutting ---- */

/* Bytes that a payoff and its controls take at most. */
static size_t bytes_of(const qs_portions *p, const qs_job *job, uint32_t payoff) {
  const size_t each = (size_t)p->first.batches * job->controls.quantities * sizeof(qs_moment);
  return each * (1 + job->controls.payoffs[payoff].count) * (isnan(p->first.target) ? 1 : 2);
}

/* Cuts a job; counts its portions where there is no list yet. */
static void cut_job(qs_portions *p, const qs_job *job, size_t most) {
  for (uint32_t begin = 0, end = 0; begin < job->controls.count; begin = end) {
    size_t bytes = 0;
    while (end < job->controls.count && (end == begin || bytes + bytes_of(p, job, end) <= most)) {
      bytes += bytes_of(p, job, end++);
    }
    if (p->portions) {
      p->portions[p->count] = (portion){.job = job, .begin = begin, .end = end};
    }
    p->count++;
  }
}

static void cut_waves(qs_portions *p, size_t most) {
  size_t bytes = 0;
  for (size_t k = 0; k < p->count; k++) {
    const portion *of = &p->portions[k];
    size_t own = 0;
    for (uint32_t i = of->begin; i < of->end; i++) {
      own += bytes_of(p, of->job, i);
    }
    if (!p->wave_count || bytes + own > most) {
      p->waves[p->wave_count++] = (wave){k, k};
      bytes = 0;
    }
    bytes += own;
    p->waves[p->wave_count - 1].end = k + 1;
  }
}

qs_status qs_portions_cut(qs_context *context, qs_arena *arena, const qs_job *jobs, size_t count,
                          const qs_simulation *simulation, qs_portions **portions) {
  qs_portions *p = QS_NEW(arena, 1, qs_portions);
  if (!p) {
    return no_memory(context);
  }
  *p = (qs_portions){.context = context, .arena = arena, .first = *simulation};
  const size_t most = simulation->wave_bytes ? simulation->wave_bytes : default_wave_bytes;
  for (int listed = 0; listed <= 1; listed++) {
    p->count = 0;
    for (size_t i = 0; i < count; i++) {
      cut_job(p, &jobs[i], most / PORTIONS_OF_WAVE);
    }
    if (!listed) {
      p->portions = QS_NEW(arena, p->count, portion);
      p->waves = QS_NEW(arena, p->count, wave);
      if (!p->portions || !p->waves) {
        return no_memory(context);
      }
    }
  }
  cut_waves(p, most);
  *portions = p;
  return QS_OK;
}

/* ---- a portion's unit ---- */

/* The places in the job's unit that the portion's payoffs and their controls have, ascending, and the
 * portion's controls. */
static uint32_t *choose_places(qs_arena *arena, portion *of) {
  const qs_controls *all = &of->job->controls;
  const uint32_t count = of->end - of->begin, none = UINT32_MAX;
  uint32_t *at = QS_NEW(arena, all->all, uint32_t), *places = QS_NEW(arena, all->all, uint32_t);
  qs_controlled *payoffs = QS_NEW(arena, count, qs_controlled);
  if (!at || !places || !payoffs) {
    return NULL;
  }
  memset(at, 0xff, all->all * sizeof *at);
  for (uint32_t i = 0; i < count; i++) {
    payoffs[i] = all->payoffs[of->begin + i];
    at[payoffs[i].place] = 0;
    for (uint32_t k = 0; k < payoffs[i].count; k++) {
      at[payoffs[i].control[k]] = 0;
    }
  }
  uint32_t listed = 0;
  for (uint32_t i = 0; i < all->all; i++) {
    if (at[i] != none) {
      places[listed] = i;
      at[i] = listed++;
    }
  }
  double *exact = all->exact ? QS_NEW(arena, (size_t)listed * all->quantities, double) : NULL;
  if (all->exact && !exact) {
    return NULL;
  }
  for (uint32_t i = 0; exact && i < listed; i++) {
    memcpy(exact + (size_t)i * all->quantities, all->exact + (size_t)places[i] * all->quantities,
           all->quantities * sizeof *exact);
  }
  for (uint32_t i = 0; i < count; i++) {
    payoffs[i].place = at[payoffs[i].place];
    for (uint32_t k = 0; k < payoffs[i].count; k++) {
      payoffs[i].control[k] = at[payoffs[i].control[k]];
    }
  }
  of->controls = (qs_controls){payoffs, count, all->quantities, listed, exact, all->of_jumps};
  return places;
}

static bool lay_value(qs_arena *arena, const uint32_t *places, portion *of) {
  qs_payoff_plan *plans = QS_NEW(arena, of->controls.all, qs_payoff_plan);
  for (uint32_t i = 0; plans && i < of->controls.all; i++) {
    plans[i] = of->job->value.payoffs[places[i]];
  }
  of->value = of->job->value;
  of->value.payoffs = plans;
  of->value.payoff_count = of->controls.all;
  of->count = qs_value_unit_moments(&of->value);
  return plans != NULL;
}

/* The dates that the portion's payoffs observe, as numbers of the job's; `at` [date] gets their new numbers.
 */
static uint32_t choose_dates(const portion *of, const uint32_t *places, uint32_t *at, uint32_t *dates) {
  const qs_path_unit *all = &of->job->path;
  memset(at, 0, all->path.date_count * sizeof *at);
  for (uint32_t i = 0; i < of->controls.all; i++) {
    const qs_path_payoff_plan *plan = &all->payoffs[places[i]];
    for (uint32_t d = 0; d < plan->date_count; d++) {
      at[plan->dates[d]] = 1;
    }
  }
  uint32_t count = 0;
  for (uint32_t d = 0; d < all->path.date_count; d++) {
    if (at[d]) {
      dates[count] = d;
      at[d] = count++;
    }
  }
  return count;
}

/* What the unit says of its dates, for those alone that are chosen. */
static bool keep_dates(qs_arena *arena, const uint32_t *chosen, uint32_t count, qs_path_unit *unit) {
  const uint32_t all = unit->path.date_count;
  qs_date *dates = QS_NEW(arena, count, qs_date);
  double *log_forwards = QS_NEW(arena, count, double), *years = QS_NEW(arena, count, double);
  double *added = QS_NEW(arena, (size_t)unit->added_count * count, double);
  if (!dates || !log_forwards || !years || !added) {
    return false;
  }
  for (uint32_t d = 0; d < count; d++) {
    dates[d] = unit->path.dates[chosen[d]];
    log_forwards[d] = unit->log_forwards[chosen[d]];
    years[d] = unit->years[chosen[d]];
    for (uint32_t k = 0; k < unit->added_count; k++) {
      added[(size_t)k * count + d] = unit->added_weights[(size_t)k * all + chosen[d]];
    }
  }
  unit->path.dates = dates;
  unit->path.date_count = count;
  unit->log_forwards = log_forwards;
  unit->years = years;
  unit->added_weights = added;
  return true;
}

static bool lay_path(qs_arena *arena, const uint32_t *places, portion *of) {
  const qs_path_unit *all = &of->job->path;
  qs_path_payoff_plan *plans = QS_NEW(arena, of->controls.all, qs_path_payoff_plan);
  uint32_t *at = QS_NEW(arena, all->path.date_count, uint32_t);
  uint32_t *chosen = QS_NEW(arena, all->path.date_count, uint32_t);
  if (!plans || !at || !chosen) {
    return false;
  }
  of->path = *all;
  of->path.payoffs = plans;
  of->path.payoff_count = of->controls.all;
  of->count = qs_path_unit_moments(&of->path);
  if (!keep_dates(arena, chosen, choose_dates(of, places, at, chosen), &of->path)) {
    return false;
  }
  for (uint32_t i = 0; i < of->controls.all; i++) {
    plans[i] = all->payoffs[places[i]];
    uint32_t *dates = QS_NEW(arena, plans[i].date_count, uint32_t);
    if (!dates) {
      return false;
    }
    for (uint32_t d = 0; d < plans[i].date_count; d++) {
      dates[d] = at[plans[i].dates[d]];
    }
    plans[i].dates = dates;
  }
  return true;
}

/* What is common to the payoffs is common to their dates too: they stay as they are. */
static bool lay_joint(qs_arena *arena, const uint32_t *places, portion *of) {
  qs_joint_payoff *payoffs = QS_NEW(arena, of->controls.all, qs_joint_payoff);
  for (uint32_t i = 0; payoffs && i < of->controls.all; i++) {
    payoffs[i] = of->job->joint.payoffs[places[i]];
  }
  of->joint = of->job->joint;
  of->joint.payoffs = payoffs;
  of->joint.payoff_count = of->controls.all;
  of->count = qs_joint_unit_moments(&of->joint);
  return payoffs != NULL;
}

static bool lay_unit(qs_arena *arena, const uint32_t *places, portion *of) {
  return of->job->value.payoff_count  ? lay_value(arena, places, of)
         : of->job->path.payoff_count ? lay_path(arena, places, of)
                                      : lay_joint(arena, places, of);
}

static qs_status lay_portion(const qs_portions *p, qs_arena *arena, portion *of) {
  const uint32_t *places = choose_places(arena, of);
  bool laid = places && lay_unit(arena, places, of);
  if (laid) {
    of->simulated = QS_NEW(arena, of->count, qs_moment);
    of->round = isnan(p->first.target) ? of->simulated : QS_NEW(arena, of->count, qs_moment);
  }
  return laid && of->simulated && of->round ? QS_OK : no_memory(p->context);
}

/* ---- simulating ---- */

/* The simulation of one round alone; *first_path is where it begins (Sobol: in every batch). */
static qs_simulation round_of(const qs_portions *p, uint32_t round, uint64_t *first_path) {
  qs_simulation of = p->first;
  of.paths <<= round ? round - 1 : 0;
  of.batch_paths <<= round ? round - 1 : 0;
  *first_path = !round ? 0 : of.sampling == QS_SAMPLING_SOBOL ? of.batch_paths : of.paths;
  return of;
}

/* Merges a round, as many paths as before it, into what was simulated (Chan, Golub, LeVeque 1983). */
static void merge_round(const portion *of, const qs_simulation *round) {
  const size_t stride = of->count / round->batches;
  for (size_t i = 0; i < of->count; i++) {
    const double n = qs_batch_paths(round, (uint32_t)(i / stride)),
                 d = of->round[i].mean - of->simulated[i].mean;
    of->simulated[i].mean += d / 2;
    of->simulated[i].m2 += of->round[i].m2 + d * d * n / 2;
  }
}

/* The units of a wave in lists for the scheduler, one of each kind. */
typedef struct unit_list {
  qs_value_unit *values;
  qs_path_unit *paths;
  qs_joint_unit *joints;
  qs_moment **value_places, **path_places, **joint_places;
  size_t value_count, path_count, joint_count;
} unit_list;

static bool make_list(qs_arena *arena, size_t count, unit_list *list) {
  *list = (unit_list){.values = QS_NEW(arena, count, qs_value_unit),
                      .paths = QS_NEW(arena, count, qs_path_unit),
                      .joints = QS_NEW(arena, count, qs_joint_unit),
                      .value_places = QS_NEW(arena, count, qs_moment *),
                      .path_places = QS_NEW(arena, count, qs_moment *),
                      .joint_places = QS_NEW(arena, count, qs_moment *)};
  return list->values && list->paths && list->joints && list->value_places && list->path_places &&
         list->joint_places;
}

static void list_units(const qs_portions *p, const wave *of, uint32_t k, unit_list *list) {
  uint64_t first = 0;
  const qs_simulation round = round_of(p, k, &first);
  for (size_t i = of->begin; i < of->end; i++) {
    const portion *mine = &p->portions[i];
    qs_moment *place = k ? mine->round : mine->simulated;
    if (mine->value.payoff_count) {
      qs_value_unit *unit = &list->values[list->value_count];
      *unit = mine->value;
      unit->path_count = round.paths;
      unit->batch_paths = round.batch_paths;
      unit->first_path = first;
      list->value_places[list->value_count++] = place;
    } else if (mine->path.payoff_count) {
      qs_path_unit *unit = &list->paths[list->path_count];
      *unit = mine->path;
      unit->path_count = round.paths;
      unit->batch_paths = round.batch_paths;
      unit->first_path = first;
      list->path_places[list->path_count++] = place;
    } else {
      qs_joint_unit *unit = &list->joints[list->joint_count];
      *unit = mine->joint;
      unit->path_count = round.paths;
      unit->batch_paths = round.batch_paths;
      unit->first_path = first;
      list->joint_places[list->joint_count++] = place;
    }
  }
}

static qs_status run_list(qs_context *context, qs_devices *devices, const unit_list *list) {
  qs_status status =
      qs_schedule_value(context, devices, "value", list->values, list->value_count, NULL, list->value_places);
  if (!status && list->path_count) {
    status =
        qs_schedule_path(context, devices, "paths", list->paths, list->path_count, NULL, list->path_places);
  }
  if (!status && list->joint_count) {
    status = qs_schedule_joint(context, devices, "formulas", list->joints, list->joint_count, NULL,
                               list->joint_places);
  }
  return status;
}

static qs_status simulate(qs_portions *p, qs_devices *devices, const wave *of, uint32_t k) {
  qs_arena *arena = qs_arena_create(p->context);
  unit_list list = {0};
  qs_status status = arena && make_list(arena, of->end - of->begin, &list) ? QS_OK : no_memory(p->context);
  if (!status) {
    list_units(p, of, k, &list);
    status = run_list(p->context, devices, &list);
  }
  uint64_t first = 0;
  const qs_simulation round = round_of(p, k, &first);
  for (size_t i = of->begin; !status && k && i < of->end; i++) {
    merge_round(&p->portions[i], &round);
  }
  qs_arena_destroy(arena);
  return status;
}

/* Brings what was simulated to the jobs' moments. */
static void conclude(qs_portions *p, const wave *of, uint32_t round) {
  qs_simulation so_far = p->first;
  so_far.paths <<= round;
  so_far.batch_paths <<= round;
#pragma omp parallel for num_threads(p->context->threads) schedule(dynamic, 1)
  for (size_t i = of->begin; i < of->end; i++) {
    const portion *mine = &p->portions[i];
    const qs_job *job = mine->job;
    qs_controls_apply(&mine->controls, &so_far, mine->simulated, job->controls.count,
                      job->moments + (size_t)mine->begin * job->controls.quantities,
                      job->use ? job->use + mine->begin : NULL);
  }
}

qs_status qs_portions_round(qs_portions *p, qs_devices *devices, uint32_t round) {
  const bool kept = p->wave_count == 1 && !isnan(p->first.target);
  qs_status status = QS_OK;
  for (size_t w = 0; !status && w < p->wave_count; w++) {
    const wave *of = &p->waves[w];
    qs_arena *arena = kept ? p->arena : qs_arena_create(p->context);
    status = arena ? QS_OK : no_memory(p->context);
    for (size_t i = of->begin; !status && !(kept && round) && i < of->end; i++) {
      status = lay_portion(p, arena, &p->portions[i]);
    }
    for (uint32_t k = kept ? round : 0; !status && k <= round; k++) {
      status = simulate(p, devices, of, k);
    }
    if (!status) {
      conclude(p, of, round);
    }
    if (!kept) {
      qs_arena_destroy(arena);
    }
  }
  return status;
}
