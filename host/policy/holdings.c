#include "host/policy/holdings.h"

#include <math.h>

static const double fair = 0.6;    /* of sqrt(v) now, where targets of a jump are looked at */
static const double likely = 0.75; /* of the reach of x: where targets say how far holdings go */

bool qs_policy_make_holdings(qs_arena *arena, const qs_policy_ground *g, size_t wanted, double margin,
                             qs_policy_holdings *holdings) {
  wanted = wanted < QS_LEAST_HOLDINGS  ? QS_LEAST_HOLDINGS
           : wanted > QS_MOST_HOLDINGS ? QS_MOST_HOLDINGS
                                       : wanted;
  double least = fmin(g->problem->holding, 0), most = fmax(g->problem->holding, 0);
  /* at a small variance a jump has targets without bounds */
  const double calm = qs_policy_jumps(g->problem) ? fair * sqrt(g->problem->model->value[QS_V0]) : 0;
  for (size_t n = 0; n < g->ratios.date_count; n++) {
    const qs_policy_nodes *nodes = &g->ratios.nodes[n];
    for (size_t i = 0; i < nodes->x_count * nodes->y_count; i++) {
      double x = nodes->x_low + (double)(i % nodes->x_count) * nodes->x_step;
      double y = nodes->y_low + (double)(i / nodes->x_count) * nodes->y_step;
      if (fabs(x) <= likely * fabs(nodes->x_low) && (nodes->y_count == 1 || y >= calm)) {
        least = fmin(least, -g->ratios.local[n][i]);
        most = fmax(most, -g->ratios.local[n][i]);
      }
    }
  }
  double width = fmax(most - least, 1e-9);
  least -= margin * width;
  most += margin * width;
  size_t spaces = wanted - 2, below = (size_t)(-least / (most - least) * (double)spaces + 0.5);
  below = below < 1 ? 1 : below > spaces - 1 ? spaces - 1 : below;
  double *made = QS_NEW(arena, wanted, double);
  for (size_t i = 0; made && i < wanted; i++) {
    made[i] = i <= below ? least * (double)(below - i) / (double)below
                         : most * (double)(i - below - 1) / (double)(spaces - below);
  }
  *holdings = (qs_policy_holdings){wanted, below + 1, made};
  return made;
}

double qs_policy_crossing(const qs_policy_holdings *h, const double *f, double shift) {
  size_t i = 0;
  while (i + 2 < h->count && f[i + 1] + shift < 0) {
    i++;
  }
  double a = f[i] + shift, b = f[i + 1] + shift, from = h->holding[i], to = h->holding[i + 1];
  if (to == from) { /* between the derivatives on both sides of 0 */
    return from;
  }
  return b > a ? from - a * (to - from) / (b - a) : from;
}
