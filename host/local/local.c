#include "host/local/local.h"

#include "host/market/build.h"
#include "kernels/core/key.h"

enum { MOST_BLOCKS = 1024 };

qs_local_settings qs_local_resolve(const qs_simulation_spec *spec) {
  uint64_t blocks = (spec->paths + QS_LOCAL_BLOCK - 1) / QS_LOCAL_BLOCK;
  blocks = blocks < MOST_BLOCKS ? blocks : MOST_BLOCKS;
  return (qs_local_settings){65536, blocks * QS_LOCAL_BLOCK, spec->seed};
}

qs_status qs_local_run(qs_context *context, qs_arena *arena, qs_underlying_market *market, qs_time as_of,
                       const qs_local_settings *settings) {
  qs_arena *scratch = qs_arena_create(context);
  qs_local_result *result = QS_NEW(arena, 1, qs_local_result);
  qs_svi_surface surface = {0};
  qs_local_fit fit;
  qs_leverage *leverage = QS_NEW(arena, 1, qs_leverage);
  qs_status status = scratch && result && leverage ? qs_svi_fit(context, scratch, market, &surface)
                                                   : qs_fail_memory(context, "fitting a leverage function");
  if (status == QS_OK && surface.count == 0) {
    qs_arena_destroy(scratch);
    return qs_market_warn(context, arena, &market->calibration,
                          "no leverage function was fitted: no expiry has %d used quotes",
                          QS_SVI_LEAST_QUOTES);
  }
  if (status == QS_OK) {
    uint64_t key = qs_key(settings->seed, QS_PURPOSE_LOCAL, market->name);
    status = qs_leverage_fit(context, arena, &market->model, &surface, as_of, key, settings->particles, &fit);
  }
  if (status == QS_OK) {
    status = qs_local_reprice(context, arena, market, &surface, &fit, settings->paths, result);
  }
  qs_arena_destroy(scratch);
  if (status != QS_OK) {
    return status;
  }
  result->particles = settings->particles;
  market->calibration.local = result;
  *leverage = fit.leverage;
  market->leverage = leverage;
  if (result->least_density < 0 || result->least_increase < 0) {
    status = qs_market_warn(context, arena, &market->calibration,
                            "the implied surface under the leverage has arbitrage: least density %.2g of the "
                            "normal one, least increase of total variance %.2g",
                            result->least_density, result->least_increase);
  }
  return status;
}
