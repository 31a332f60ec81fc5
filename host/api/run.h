/* A run in its two parts, for run.c and plan.c. */
#ifndef QS_HOST_API_RUN_H
#define QS_HOST_API_RUN_H

#include "host/api/engine.h"
#include "host/book/book.h"
#include "host/engine/valuation.h"
#include "host/market/market.h"

enum { QS_MAX_STAGES = 16 };

typedef struct qs_run_state {
  qs_engine *engine;
  qs_context *context;
  qs_arena *arena;   /* of the results */
  qs_arena *scratch; /* of the run */
  const qs_inputs *inputs;
  uint32_t sections;
  struct qs_warm *warm; /* the market, with its memory; released by who runs (warm.h) */
  bool keeps;           /* the engine may have it already, and may keep it */
  qs_market *market;
  qs_book *book;
  qs_simulation simulation;
  qs_contract *instruments; /* of the hedge */
  qs_valuation valuation;   /* of the book, then the instruments */
  qs_results *results;
  qs_stage_time *stages; /* [QS_MAX_STAGES] */
  double started;        /* the stage that runs, and what the context's tally was then */
  qs_tally tally;
  bool share; /* of the work alone: nothing is reported */
} qs_run_state;

/* Copies and checks the inputs, builds market and book, and calibrates. Engine, context, arena, inputs,
 * sections, results and stages are set. */
qs_status qs_run_prepare(qs_run_state *r);

/* The sections, with the simulation that the state has by then; the scratch is set too. */
qs_status qs_run_sections(qs_run_state *r);

#endif
