/*
 * Formulas over several underlyings: the units that value them, now, a day later and under shocks.
 *
 * In the book such a trade is one contract for every underlying (qs_contract.leg): the first holds its value,
 * each the Greeks to its own underlying. What their units yield is laid out for each leg as a path unit's
 * (kernels/plan.h), so that all that reads those reads these.
 */
#ifndef QS_HOST_ENGINE_JOINT_SET_H
#define QS_HOST_ENGINE_JOINT_SET_H

#include "host/engine/drivers.h"
#include "host/engine/early_joint.h"
#include "host/engine/portions.h"
#include "host/engine/revalue.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How the underlyings' normals are made, with the rows of the triangles' transposed inverses. */
typedef struct qs_joint_drivers {
  qs_drivers drivers;
  const double *own_duals, *variance_duals; /* [asset][asset] */
} qs_joint_drivers;

/* What is left of a formula at a moment, and the unit that values it; nothing to simulate where it is
 * settled. */
typedef struct qs_joint_plan {
  bool settled;
  double known;          /* what it pays then */
  const double *forward; /* [asset]: of the expiry, as seen from the moment */
  qs_joint_unit unit;
  qs_joint_drivers joint;   /* what the unit's weights are from */
  const double *regression; /* [asset][asset]: what of the prices' own normals (column) the variances' (row)
                               explain; null without cross weights */
  /* Of early exercise, else null: the policy, of which a plan as it is built has the weights alone. */
  qs_policy *policy;
  qs_early_joint_keys keys;
  bool all_times, at_once; /* the dates stand for all times; the moment itself is one more */
  const double *spot;      /* [asset] */
  double now, now_weight;  /* what exercise at once is worth, as paid at the last date; its weight */
  bool exercised;          /* at once: nothing is simulated */
  qs_early_bounds bounds;
} qs_joint_plan;

/* A formula's plan under a market, a unit of its own. shocks[underlyings] may be null; their log_spot is not
 * read, `shifts` [shift_count][asset] are. `like` may be null, or the plan of a formula that shares paths
 * with this one (joint_group.h), made with the same arguments: what they share is taken from it. */
qs_status qs_joint_plan_build(qs_context *context, qs_arena *arena, const qs_market *market,
                              const qs_joint_terms *terms, const qs_simulation *simulation,
                              const qs_shock *shocks, const double *shifts, uint32_t shift_count,
                              bool next_day, bool greeks, const qs_joint_plan *like, qs_joint_plan *plan);

/* The formulas among a valuation's contracts. */
typedef struct qs_joint_book qs_joint_book;

/* Plans the first legs among the contracts of a valuation that has its market, contracts, simulation and
 * greeks, and adds their jobs to jobs[*job_count], at most two a formula; solves what is exercised early.
 * Null where there are none. */
qs_status qs_joint_book_plan(qs_context *context, qs_arena *arena, qs_devices *devices,
                             const qs_valuation *valuation, qs_joint_book **book, qs_job *jobs,
                             size_t *job_count);

/* Fills valuation->legs from the jobs' moments and valuation->simulation; it may be filled again. */
qs_status qs_joint_book_fill(qs_joint_book *book, qs_valuation *valuation);

/* Prices in the reporting currency, undiscounted, of every first leg among the contracts under `cells` cells
 * of shocks[cell][underlyings], by batch: prices[contract][cell * batches + batch], null for other
 * contracts. */
qs_status qs_joint_revalue(qs_context *context, qs_arena *arena, qs_devices *devices, const qs_market *market,
                           const qs_contract *contracts, size_t count, const qs_simulation *simulation,
                           const qs_shock *shocks, size_t cells, double **prices);

#ifdef __cplusplus
}
#endif
#endif
