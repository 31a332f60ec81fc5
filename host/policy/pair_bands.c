#include "host/policy/pair_bands.h"

#include <math.h>

bool qs_policy_pair_holdings(qs_arena *arena, double low, double high, size_t below, size_t above,
                             qs_policy_holdings *h) {
  double *node = QS_NEW(arena, below + above + 2, double);
  for (size_t i = 0; node && i <= below; i++) {
    node[i] = below ? low * (double)(below - i) / (double)below : 0;
  }
  for (size_t i = 0; node && i <= above; i++) {
    node[below + 1 + i] = above ? high * (double)i / (double)above : 0;
  }
  *h = (qs_policy_holdings){.count = below + above + 2,
                            .zero = below + 1,
                            .below = below ? -low / (double)below : 0,
                            .above = above ? high / (double)above : 0,
                            .node = node};
  return node;
}

qs_policy_cell qs_policy_find_holding(const qs_policy_holdings *h, double b) {
  const size_t last = h->count - 1;
  if (b >= 0) {
    const double place = h->above > 0 ? fmin(b / h->above, (double)(last - h->zero)) : 0;
    const size_t i = (size_t)place, at = h->zero + i;
    return (qs_policy_cell){at, at < last ? at + 1 : at, place - (double)i};
  }
  const double place = h->below > 0 ? fmin(-b / h->below, (double)(h->zero - 1)) : 0;
  const size_t i = (size_t)place, at = h->zero - 1 - i;
  return (qs_policy_cell){at, at > 0 ? at - 1 : at, place - (double)i};
}

qs_policy_corners qs_policy_find_corners(const qs_policy_nodes *nodes, double x, double y) {
  double right, up;
  const size_t j = qs_policy_linear((x - nodes->x_low) / nodes->x_step, nodes->x_count, &right);
  const size_t i = qs_policy_linear((y - nodes->y_low) / nodes->y_step, nodes->y_count, &up);
  const size_t at = i * nodes->x_count + j;
  qs_policy_corners p = {
      .at = {at, at + 1}, .weight = {(1 - up) * (1 - right), (1 - up) * right}, .count = 2};
  if (nodes->y_count > 1) {
    p.at[2] = at + nodes->x_count;
    p.at[3] = p.at[2] + 1;
    p.weight[2] = up * (1 - right);
    p.weight[3] = up * right;
    p.count = 4;
  }
  return p;
}

/* A table with `width` numbers from state to state, linear in the state, at a place of the other's holding.
 */
static double edge(const float *table, size_t width, const qs_policy_corners *p, qs_policy_cell cell) {
  double sum = 0;
  for (size_t i = 0; i < p->count; i++) {
    const float *row = table + p->at[i] * width;
    sum += p->weight[i] * ((1 - cell.part) * (double)row[cell.at] + cell.part * (double)row[cell.next]);
  }
  return sum;
}

/* An edge of the second's band: with the first where it is, but no farther than where the first trades too.
 */
static double second_edge(const float *table, size_t width, size_t count, const qs_policy_corners *p,
                          qs_policy_cell cell) {
  const qs_policy_cell below = {count, count, 0}, above = {count + 1, count + 1, 0};
  const double alone = edge(table, width, p, cell);
  const double one = edge(table, width, p, below), other = edge(table, width, p, above);
  return fmin(fmax(alone, fmin(one, other)), fmax(one, other));
}

void qs_policy_pair_bands_trade(const qs_policy_pair_bands *b, const qs_policy_corners *p,
                                double holding[QS_POLICY_PAIR], qs_policy_band band[QS_POLICY_PAIR]) {
  const size_t count = b->holdings[0].count;
  const qs_policy_cell one = qs_policy_find_holding(&b->holdings[0], holding[0]);
  band[1].low = second_edge(b->low[1], b->stride[1], count, p, one);
  band[1].high = fmax(band[1].low, second_edge(b->high[1], b->stride[1], count, p, one));
  holding[1] = fmin(fmax(holding[1], band[1].low), band[1].high);
  const qs_policy_cell two = qs_policy_find_holding(&b->holdings[1], holding[1]);
  band[0].low = edge(b->low[0], b->stride[0], p, two);
  band[0].high = fmax(band[0].low, edge(b->high[0], b->stride[0], p, two));
  holding[0] = fmin(fmax(holding[0], band[0].low), band[0].high);
  for (int i = 0; i < QS_POLICY_PAIR; i++) { /* edges are rounded */
    holding[i] = fmin(fmax(holding[i], b->least[i]), b->most[i]);
  }
}
