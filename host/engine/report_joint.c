/* The cross gammas of formulas over several underlyings, and their derivatives to correlations. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "host/engine/greeks.h"
#include "host/engine/joint_correlation.h"
#include "host/engine/report.h"
#include "host/engine/trust.h"

static size_t pairs_of(const qs_contract *contract) {
  size_t n = contract->joint && contract->leg == 0 ? contract->joint->asset_count : 1;
  return n * (n - 1) / 2;
}

/* Mean and error of one quantity of the trade's unit, times `scale`, and whether few paths carry it. */
static void fill_pair(const qs_valuation *v, const qs_joint_leg *leg, uint32_t a, uint32_t b, double scale,
                      double *scratch, qs_cross_gamma_result *to) {
  const uint32_t q = qs_joint_pair_quantity(&leg->plan->unit, a, b);
  for (uint32_t k = 0; k < v->simulation.batches; k++) {
    scratch[k] = scale * leg->moments[k * leg->stride + q].mean;
  }
  to->value = qs_judged_estimate(&v->simulation, scratch, &to->untrusted);
}

qs_status qs_report_cross_gammas(qs_context *context, qs_arena *arena, const qs_valuation *v,
                                 qs_results *results) {
  size_t count = 0, listed = 0;
  for (size_t i = 0; v->legs && v->greeks && i < v->count; i++) {
    count += pairs_of(&v->contracts[i]);
  }
  qs_cross_gamma_result *list = QS_NEW(arena, count, qs_cross_gamma_result);
  double *scratch = QS_NEW(arena, v->simulation.batches, double);
  if (!list || !scratch) {
    return qs_fail_memory(context, "reporting values");
  }
  for (size_t i = 0; listed < count && i < v->count; i++) {
    const qs_contract *contract = &v->contracts[i];
    for (uint32_t a = 0; pairs_of(contract) && a < contract->joint->asset_count; a++) {
      for (uint32_t b = a + 1; b < contract->joint->asset_count; b++) {
        const qs_underlying_market *x = &v->market->underlyings[contract->joint->underlyings[a]];
        const qs_underlying_market *y = &v->market->underlyings[contract->joint->underlyings[b]];
        const double scale =
            contract->quantity * qs_joint_discount(v->market, contract, 0, 0) / (x->spot * y->spot);
        qs_cross_gamma_result *to = &list[listed++];
        *to = (qs_cross_gamma_result){.id = contract->id, .between = {x->name, y->name}};
        fill_pair(v, &v->legs[i], a, b, scale, scratch, to);
      }
    }
  }
  results->cross_gammas = list;
  results->cross_gamma_count = count;
  return QS_OK;
}

/* ---- correlations ---- */

/* What the reporting of correlations works with. */
typedef struct reporter {
  qs_context *context;
  qs_arena *arena;
  const qs_valuation *v;
  qs_correlation_result *list;
  double **batches;       /* [listed]: the entry's batch means */
  uint32_t (*drivers)[2]; /* [listed]: as pairs.h numbers them */
  size_t listed, capacity;
  const char **names; /* [2 underlyings]: of drivers */
  size_t *places;     /* [2 underlyings][2 underlyings]: 1 + place of a sum */
} reporter;

static qs_status no_memory(const reporter *r) {
  return qs_fail_memory(r->context, "reporting derivatives to correlations");
}

static qs_status name_drivers(reporter *r) {
  const qs_market *market = r->v->market;
  const size_t n = market->underlying_count;
  r->names = QS_NEW(r->arena, 2 * n, const char *);
  r->places = QS_NEW(r->arena, 4 * n * n, size_t);
  if (!r->names || !r->places) {
    return no_memory(r);
  }
  for (size_t u = 0; u < n; u++) {
    const size_t size = strlen(market->underlyings[u].name) + sizeof ".variance";
    char *name = QS_NEW(r->arena, size, char);
    if (!name) {
      return no_memory(r);
    }
    snprintf(name, size, "%s.variance", market->underlyings[u].name);
    r->names[u] = market->underlyings[u].name;
    r->names[n + u] = name;
  }
  return QS_OK;
}

/* The list's next entry, with batch means of 0; null: out of memory. */
static double *add_entry(reporter *r, const qs_contract *contract, const char *book, uint32_t i, uint32_t j) {
  double *means = QS_NEW(r->arena, r->v->simulation.batches, double);
  r->list[r->listed] = (qs_correlation_result){
      .id = contract ? contract->id : NULL, .book = book, .between = {r->names[i], r->names[j]}};
  r->batches[r->listed] = means;
  r->drivers[r->listed][0] = i;
  r->drivers[r->listed++][1] = j;
  return means;
}

/* The entries of a pair of the contract's underlyings. */
static qs_status add_pair(reporter *r, size_t index, uint32_t a, uint32_t b) {
  const qs_contract *contract = &r->v->contracts[index];
  const qs_joint_leg *leg = &r->v->legs[index];
  const qs_joint_terms *terms = contract->joint;
  const qs_market *market = r->v->market;
  const uint32_t n = (uint32_t)market->underlying_count, u = (uint32_t)terms->underlyings[a],
                 w = (uint32_t)terms->underlyings[b];
  const uint32_t drivers[QS_PAIR_COUNT][2] = {{u, w}, {n + u, n + w}, {u, n + w}, {n + u, w}};
  const double scale = contract->quantity * qs_joint_discount(market, contract, 0, 0);
  double given[QS_PAIR_COUNT], slopes[QS_DRAWN_COUNT][QS_PAIR_COUNT], drawn[QS_DRAWN_COUNT];
  double *means[QS_PAIR_COUNT] = {NULL};
  qs_pair_read(market->given, n, u, w, given);
  qs_joint_given_slopes(market, terms, &leg->plan->joint.drivers, a, b, slopes);
  for (int k = 0; k < QS_PAIR_COUNT; k++) {
    if (k == QS_PAIR_PRICES || !isnan(given[k])) {
      means[k] = add_entry(r, contract, contract->book, drivers[k][0], drivers[k][1]);
      if (!means[k]) {
        return no_memory(r);
      }
    }
  }
  for (uint32_t batch = 0; batch < r->v->simulation.batches; batch++) {
    qs_joint_drawn_slopes(leg->plan, leg->moments + batch * leg->stride, a, b, drawn);
    for (int k = 0; k < QS_PAIR_COUNT; k++) {
      for (int d = 0; means[k] && d < QS_DRAWN_COUNT; d++) {
        means[k][batch] += scale * slopes[d][k] * drawn[d];
      }
    }
  }
  return QS_OK;
}

/* Sums over the first `count` entries, of one book or (null) of all. */
static qs_status add_sums(reporter *r, size_t count, const char *book) {
  const size_t n = 2 * r->v->market->underlying_count;
  memset(r->places, 0, n * n * sizeof *r->places);
  for (size_t i = 0; i < count; i++) {
    if (book && strcmp(r->list[i].book, book) != 0) {
      continue;
    }
    const uint32_t *at = r->drivers[i];
    const uint32_t low = at[0] < at[1] ? at[0] : at[1], high = at[0] < at[1] ? at[1] : at[0];
    size_t *place = &r->places[low * n + high];
    if (!*place) {
      *place = r->listed + 1;
      if (!add_entry(r, NULL, book, at[0], at[1])) {
        return no_memory(r);
      }
    }
    for (uint32_t b = 0; b < r->v->simulation.batches; b++) {
      r->batches[*place - 1][b] += r->batches[i][b];
    }
  }
  return QS_OK;
}

static qs_status add_books(reporter *r, size_t count) {
  qs_status status = QS_OK;
  for (size_t i = 0; i < count && !status; i++) {
    bool first = true;
    for (size_t k = 0; k < i && first; k++) {
      first = strcmp(r->list[k].book, r->list[i].book) != 0;
    }
    status = first ? add_sums(r, count, r->list[i].book) : QS_OK;
  }
  return status ? status : add_sums(r, count, NULL);
}

qs_status qs_report_correlations(qs_context *context, qs_arena *arena, const qs_valuation *v,
                                 qs_results *results) {
  reporter r = {.context = context, .arena = arena, .v = v};
  for (size_t i = 0; v->legs && v->greeks && i < v->count; i++) {
    r.capacity += 3 * QS_PAIR_COUNT * pairs_of(&v->contracts[i]); /* itself, its book's sum, the total */
  }
  if (!r.capacity) {
    return QS_OK;
  }
  r.list = QS_NEW(arena, r.capacity, qs_correlation_result);
  r.batches = QS_NEW(arena, r.capacity, double *);
  r.drivers = (uint32_t(*)[2])QS_NEW(arena, 2 * r.capacity, uint32_t);
  qs_status status = r.list && r.batches && r.drivers ? name_drivers(&r) : no_memory(&r);
  for (size_t i = 0; !status && i < v->count; i++) {
    const uint32_t n = pairs_of(&v->contracts[i]) ? (uint32_t)v->contracts[i].joint->asset_count : 0;
    for (uint32_t a = 0; !status && a < n; a++) {
      for (uint32_t b = a + 1; !status && b < n; b++) {
        status = add_pair(&r, i, a, b);
      }
    }
  }
  status = status ? status : add_books(&r, r.listed);
  for (size_t i = 0; !status && i < r.listed; i++) {
    r.list[i].value = qs_judged_estimate(&v->simulation, r.batches[i], &r.list[i].untrusted);
  }
  results->d_correlations = status ? NULL : r.list;
  results->d_correlation_count = status ? 0 : r.listed;
  return status;
}
