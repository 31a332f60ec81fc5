#include "host/simulate/normal.h"

#include <math.h>
#include <string.h>

#include "host/market/clones.h"

static const double lost = 1e-9;   /* of a column's square that is its own: less, and it is left out */
static const double exact = 1e-14; /* of the targets' squares: what is less is their rounding */

bool qs_normal_make(qs_arena *arena, size_t count, qs_normal *normal) {
  *normal = (qs_normal){
      .count = count, .square = QS_NEW(arena, count * count, double), .right = QS_NEW(arena, count, double)};
  return normal->square && normal->right;
}

QS_CLONES static void add_squares(size_t count, const double *columns, double *square) {
  for (size_t i = 0; i < count; i++) {
    double a[QS_NORMAL_ROWS];
    for (size_t r = 0; r < QS_NORMAL_ROWS; r++) {
      a[r] = columns[r * count + i];
    }
    double *restrict to = square + i * count;
    for (size_t k = i; k < count; k++) {
      double sum = 0;
      for (size_t r = 0; r < QS_NORMAL_ROWS; r++) {
        sum += a[r] * columns[r * count + k];
      }
      to[k] += sum;
    }
  }
}

void qs_normal_add(qs_normal *normal, double *columns, double *targets, size_t rows) {
  const size_t count = normal->count;
  for (size_t r = rows; r < QS_NORMAL_ROWS; r++) {
    memset(columns + r * count, 0, count * sizeof *columns);
    targets[r] = 0;
  }
  add_squares(count, columns, normal->square);
  for (size_t r = 0; r < rows; r++) {
    for (size_t k = 0; k < count; k++) {
      normal->right[k] += targets[r] * columns[r * count + k];
    }
    normal->own += targets[r] * targets[r];
  }
  normal->rows += rows;
}

void qs_normal_merge(qs_normal *normal, const qs_normal *other) {
  const size_t count = normal->count;
  for (size_t i = 0; i < count; i++) {
    for (size_t k = i; k < count; k++) {
      normal->square[i * count + k] += other->square[i * count + k];
    }
    normal->right[i] += other->right[i];
  }
  normal->own += other->own;
  normal->rows += other->rows;
}

/* Takes column i: what is left of the others and of the right side is without it. */
QS_CLONES static void sweep(qs_normal *s, size_t i) {
  const size_t count = s->count;
  const double *own = s->square + i * count;
  const double inverse = 1 / own[i];
  for (size_t k = 0; k < count; k++) {
    double *restrict row = s->square + k * count;
    const double factor = k == i ? 0 : row[i] * inverse;
    for (size_t l = 0; l < count && factor != 0; l++) {
      row[l] -= factor * own[l];
    }
    s->right[k] -= factor * s->right[i];
  }
}

size_t qs_normal_solve(qs_normal *s, bool *taken, double *solution) {
  const size_t count = s->count;
  double *whole = solution, left = s->own; /* kept there until there is a solution */
  size_t number = 0;
  for (size_t i = 0; i < count; i++) {
    whole[i] = s->square[i * count + i];
    taken[i] = false;
    for (size_t k = 0; k < i; k++) {
      s->square[i * count + k] = s->square[k * count + i];
    }
  }
  while (number < count && number + 1 < s->rows) {
    size_t best = count;
    double most = fmax(exact * s->own, log((double)count + 1) * left / (double)(s->rows - number));
    for (size_t i = 0; i < count; i++) {
      const double own = s->square[i * count + i];
      if (!taken[i] && whole[i] > 0 && own > lost * whole[i] && s->right[i] * s->right[i] > most * own) {
        most = s->right[i] * s->right[i] / own;
        best = i;
      }
    }
    if (best == count) {
      break;
    }
    left = fmax(left - most, 0);
    sweep(s, best);
    taken[best] = true;
    number++;
  }
  for (size_t i = 0; i < count; i++) {
    solution[i] = taken[i] ? s->right[i] / s->square[i * count + i] : 0;
  }
  return number;
}
