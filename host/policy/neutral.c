#include "host/policy/neutral.h"

#include <math.h>

static const double negligible = 1e-6; /* of the largest sensitivity of a date */

static void fill(const qs_policy_ratios *position, const qs_policy_ratios *option, double *const *of_position,
                 double *const *of_option, size_t n, double low, double high, double *first, double *second) {
  const size_t states = position->nodes[n].x_count * position->nodes[n].y_count;
  double largest = 0;
  for (size_t s = 0; s < states; s++) {
    largest = fmax(largest, fabs(of_option[n][s]));
  }
  for (size_t s = 0; s < states; s++) {
    const bool met = fabs(of_option[n][s]) > negligible * largest;
    const double wanted = met ? -of_position[n][s] / of_option[n][s] : 0;
    second[s] = fmin(fmax(wanted, low), high);
    first[s] = -(position->delta[n][s] + second[s] * option->delta[n][s]);
  }
}

qs_status qs_policy_neutral(qs_context *context, qs_arena *arena, const qs_policy_ratios *position,
                            const qs_policy_ratios *option, qs_neutral_kind kind, double low, double high,
                            qs_policy_table tables[2]) {
  const bool gamma = kind == QS_NEUTRAL_GAMMA;
  double *const *of_position = gamma ? position->gamma : position->vega;
  double *const *of_option = gamma ? option->gamma : option->vega;
  if (!of_position || !of_option) {
    return qs_fail(context, QS_ERROR_INPUT, "delta_vega needs a model whose variance is random");
  }
  const size_t dates = position->date_count;
  const double **first = QS_NEW(arena, dates, const double *);
  const double **second = QS_NEW(arena, dates, const double *);
  if (!first || !second) {
    return qs_fail_memory(context, "preparing policies");
  }
  for (size_t n = 0; n < dates; n++) {
    const size_t states = position->nodes[n].x_count * position->nodes[n].y_count;
    double *holding = QS_NEW(arena, 2 * states, double);
    if (!holding) {
      return qs_fail_memory(context, "preparing policies");
    }
    fill(position, option, of_position, of_option, n, low, high, holding, holding + states);
    first[n] = holding;
    second[n] = holding + states;
  }
  tables[0] = (qs_policy_table){dates, position->nodes, first, first};
  tables[1] = (qs_policy_table){dates, position->nodes, second, second};
  return QS_OK;
}
