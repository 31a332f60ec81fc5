#include "host/simulate/terminal.h"

#include <math.h>

enum { CELLS = 64, MOST = 4096, DEEPEST = 24 };
static const double tolerance = 1e-5; /* of the payoff's size, and the narrowest cell */
static const double flat = 1e-12;     /* a change of slope that is none, against the payoff's size */

const char *qs_terminal_flaw(const qs_contract *contract) {
  const qs_path_terms *terms = contract->path;
  if (contract->joint || contract->local || !terms) {
    return "is a trade along a path, which is not simulated";
  }
  size_t later = 0;
  for (size_t d = 0; d < terms->count; d++) {
    later += terms->dates[d] > terms->as_of;
  }
  const bool early = terms->type == QS_TRADE_BERMUDAN || terms->type == QS_TRADE_AMERICAN;
  return early || terms->continuous || later != 1 || terms->dates[terms->count - 1] != contract->expiry
             ? "is a trade along a path, which is not simulated"
             : NULL;
}

/* A price, relative to the forward, and what is paid there. */
typedef struct node {
  double x, spot, paid;
} node;

/* The payoff over all prices; nodes are filled from low to high. */
typedef struct shape {
  qs_context *context;
  qs_arena *scratch;
  const qs_contract *contract;
  double size;
  node *nodes;
  size_t count;
} shape;

static qs_status look(const shape *s, double x, node *at) {
  qs_path_left left = {.settled = false};
  const double spot = s->contract->forward * exp(x);
  if (!qs_path_terms_left(s->scratch, s->contract->path, s->contract->expiry, spot, spot, &left)) {
    return qs_fail_memory(s->context, "putting a payoff together");
  }
  *at = (node){x, spot, left.known + left.due};
  return left.settled && isfinite(at->paid)
             ? QS_OK
             : qs_fail(s->context, QS_ERROR_INPUT,
                       "simulate.position: got %.80s: what it pays is no number where the price is %g",
                       s->contract->id, spot);
}

static bool is_straight(const shape *s, const node *a, const node *b, const node *at) {
  const double line = a->paid + (b->paid - a->paid) * ((at->spot - a->spot) / (b->spot - a->spot));
  return fabs(at->paid - line) <= tolerance * s->size * fmax(1, at->spot / s->contract->forward);
}

/* Adds the cell from a to b, its first node left out. */
static qs_status add_cell(shape *s, node a, node b) {
  node ends[DEEPEST + 1];
  int depth = 0;
  ends[0] = b;
  while (depth >= 0) {
    node middle = {0}, quarter = {0};
    const node end = ends[depth];
    qs_status status = look(s, 0.5 * (a.x + end.x), &middle);
    status = status ? status : look(s, 0.75 * a.x + 0.25 * end.x, &quarter);
    if (status) {
      return status;
    }
    const bool straight = is_straight(s, &a, &end, &middle) && is_straight(s, &a, &end, &quarter);
    if (!straight && end.x - a.x > tolerance && depth < DEEPEST) {
      ends[++depth] = middle;
      continue;
    }
    if (s->count == MOST) {
      return qs_fail(s->context, QS_ERROR_INPUT, "simulate.position: got %.80s: its payoff is too rough",
                     s->contract->id);
    }
    s->nodes[s->count++] = a = end;
    depth--;
  }
  return QS_OK;
}

/* How far ln S may go: eight deviations at a volatility of 150%. */
static double reach_of(const qs_contract *contract) {
  return fmin(6, fmax(1, 12 * sqrt(contract->years)));
}

static qs_status fill(shape *s) {
  const double reach = reach_of(s->contract);
  node at[CELLS + 1] = {{0}}, middle = {0};
  qs_status status = look(s, 0, &middle);
  for (int i = 0; !status && i <= CELLS; i++) {
    status = look(s, reach * (2.0 * i / CELLS - 1), &at[i]);
  }
  for (int i = 0; !status && i <= CELLS; i++) { /* within a factor of two of the forward */
    s->size = fabs(at[i].x) <= 0.7 ? fmax(s->size, fabs(at[i].paid - middle.paid)) : s->size;
  }
  if (!status) {
    s->nodes[s->count++] = at[0];
  }
  for (int i = 0; !status && i < CELLS; i++) {
    status = add_cell(s, at[i], at[i + 1]);
  }
  return status;
}

static double slope(const node *a) {
  return (a[1].paid - a->paid) / (a[1].spot - a->spot);
}

/* The forward and the calls whose sum has the shape. */
static qs_status assemble(qs_arena *arena, const shape *s, qs_contract **parts, size_t *count) {
  qs_contract *made = QS_NEW(arena, s->count + 2, qs_contract);
  if (!made) {
    return qs_fail_memory(s->context, "putting a payoff together");
  }
  qs_contract plain = *s->contract;
  plain.path = plain.local = NULL;
  plain.expansion = NULL;
  plain.call_put = QS_CALL;
  made[0] = plain;
  made[0].kind = QS_CONTRACT_FORWARD;
  made[0].strike = plain.forward;
  made[0].quantity = plain.quantity * slope(s->nodes);
  size_t placed = 1;
  if (plain.settlement == QS_SETTLE_COIN) {
    made[0].strike = 0;
    made[1] = made[2] = made[0];
    made[1].quantity = plain.quantity;
    made[2].quantity = -plain.quantity;
    made[2].strike = s->nodes[0].paid - slope(s->nodes) * s->nodes[0].spot;
    placed = 3;
  }
  for (size_t i = 1; i + 1 < s->count; i++) {
    const double change = slope(&s->nodes[i]) - slope(&s->nodes[i - 1]);
    if (fabs(change) * plain.forward > flat * s->size) {
      made[placed] = plain;
      made[placed].kind = QS_CONTRACT_OPTION;
      made[placed].strike = s->nodes[i].spot;
      made[placed++].quantity = plain.quantity * change;
    }
  }
  *parts = made;
  *count = placed;
  return QS_OK;
}

qs_status qs_terminal_parts(qs_context *context, qs_arena *arena, const qs_contract *contract,
                            qs_contract **parts, size_t *count) {
  shape s = {.context = context, .scratch = qs_arena_create(context), .contract = contract};
  s.nodes = s.scratch ? QS_NEW(s.scratch, MOST, node) : NULL;
  qs_status status = s.nodes ? fill(&s) : qs_fail_memory(context, "putting a payoff together");
  status = status ? status : assemble(arena, &s, parts, count);
  qs_arena_destroy(s.scratch);
  return status;
}
