/* What the files of the risk section share. */
#ifndef QS_HOST_RISK_SECTION_H
#define QS_HOST_RISK_SECTION_H

#include "host/engine/tail.h"
#include "host/risk/risk.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The book's P&L on the horizon's paths. */
typedef struct qs_risk_sample {
  qs_horizon *horizon;
  const qs_market *market;
  const qs_book *book;
  const qs_risk_spec *spec;
  size_t paths;
  const double *pnl;    /* [paths] */
  const double *losses; /* [paths] -pnl, from `begin` on ascending */
  size_t begin;
} qs_risk_sample;

/* Adds a reason (printf style) not to trust the section to result->why and takes result->trusted away. */
qs_status qs_risk_distrust(qs_context *context, qs_arena *arena, qs_risk_result *result, const char *format,
                           ...) __attribute__((format(printf, 4, 5)));

/* Fills result->components: positions in the order of the book, then the market's underlyings. */
qs_status qs_risk_components(qs_context *context, qs_arena *arena, const qs_risk_sample *sample,
                             qs_risk_result *result);

/* Fills result->incremental: the what-if trades in their order, then "all" of them together. */
qs_status qs_risk_incremental_run(qs_context *context, qs_arena *arena, const qs_risk_sample *sample,
                                  qs_risk_result *result);

/* Log-returns of a price file. */
typedef struct qs_moves {
  size_t count, underlyings;
  const double *log_move; /* [count][underlyings], ascending in time; 0 where the book holds nothing */
} qs_moves;

/* Checks the price file; QS_ERROR_INPUT names row and column. It must have a column for every underlying that
 * the book holds, and none of an unknown name. */
qs_status qs_history_check(qs_context *context, const qs_risk_spec *spec, const qs_market *market,
                           const qs_book *book);

/* Overlapping returns over `days` of a file that passed the check: each row against the last row that is at
 * least 95% of `days` earlier (closes wander by an hour, and a Monday follows a Friday). None at all when
 * more than half of them would span over 1.5 times `days`: the rows lie too far apart. */
qs_status qs_history_moves(qs_context *context, qs_arena *arena, const qs_risk_spec *spec,
                           const qs_market *market, const qs_book *book, double days, qs_moves *moves);

/* pnl[moves->count]: the book revalued by Fourier prices after each move, at once: every forward of an
 * underlying moves as its spot, the model stays (volatility sticks to moneyness), no time passes. Trades
 * along paths move by their expansions. `precise` tells whether every price met its tolerance, 1e-9 of the
 * forward. */
qs_status qs_history_pnl(qs_context *context, const qs_market *market, const qs_book *book,
                         const qs_moves *moves, double *pnl, bool *precise);

#ifdef __cplusplus
}
#endif
#endif
