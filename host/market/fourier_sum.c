#include "host/market/fourier_sum.h"

#include "host/market/clones.h"
#include "host/market/lane_math.h"

typedef double lanes __attribute__((vector_size(QS_SUM_LANES * sizeof(double))));

enum { LANES = QS_SUM_LANES, GROUP = 4 };

/* Cosine and sine of x_j k for every node of the panel and the lanes' strikes. */
typedef struct angle_table {
  lanes cosine[QS_PANEL_NODES], sine[QS_PANEL_NODES];
} angle_table;

QS_LANE void turn(const lanes *k, double x, lanes *cosine, lanes *sine) {
  for (int l = 0; l < LANES; l++) {
    double s, c;
    qs_lane_sincos(x * (*k)[l], &s, &c);
    (*cosine)[l] = c;
    (*sine)[l] = s;
  }
}

/* By doubling: the nodes m .. 2m - 1 are the first m turned by m steps, so that rounding grows with log2 of
 * the panel only. */
QS_LANE void fill_angles(const qs_fourier_panel *panel, const lanes *k, angle_table *table) {
  turn(k, panel->start, &table->cosine[0], &table->sine[0]);
  for (size_t m = 1; m < panel->nodes; m *= 2) {
    lanes c, s;
    turn(k, panel->step * (double)m, &c, &s);
    for (size_t j = 0; j < m && m + j < panel->nodes; j++) {
      table->cosine[m + j] = table->cosine[j] * c - table->sine[j] * s;
      table->sine[m + j] = table->sine[j] * c + table->cosine[j] * s;
    }
  }
}

/* Four channels at a time, so that their sums stay in registers. */
QS_LANE void sum_group(const qs_fourier_panel *panel, const angle_table *table, size_t first, lanes *sum) {
  lanes a = {0}, b = {0}, c = {0}, d = {0};
  for (size_t j = 0; j < panel->nodes; j++) {
    const double(*cell)[2] = &panel->cell[j][first];
    lanes co = table->cosine[j], si = table->sine[j];
    a += co * cell[0][0] + si * cell[0][1];
    b += co * cell[1][0] + si * cell[1][1];
    c += co * cell[2][0] + si * cell[2][1];
    d += co * cell[3][0] + si * cell[3][1];
  }
  sum[0] = a;
  sum[1] = b;
  sum[2] = c;
  sum[3] = d;
}

QS_LANE void sum_one(const qs_fourier_panel *panel, const angle_table *table, size_t channel, lanes *sum) {
  lanes a = {0};
  for (size_t j = 0; j < panel->nodes; j++) {
    const double *cell = panel->cell[j][channel];
    a += table->cosine[j] * cell[0] + table->sine[j] * cell[1];
  }
  *sum = a;
}

QS_CLONES void qs_fourier_panel_sum(const qs_fourier_panel *panel, size_t count, const double *log_moneyness,
                                    double *const *target) {
  for (size_t i = 0; i < count; i += LANES) {
    size_t active = count - i < LANES ? count - i : LANES;
    lanes k = {0};
    for (size_t l = 0; l < active; l++) {
      k[l] = fmin(fmax(log_moneyness[i + l], panel->low), panel->high);
    }
    angle_table table;
    fill_angles(panel, &k, &table);
    lanes sum[QS_PANEL_CHANNELS];
    size_t c = 0;
    for (; c + GROUP <= panel->channels; c += GROUP) {
      sum_group(panel, &table, c, &sum[c]);
    }
    for (; c < panel->channels; c++) {
      sum_one(panel, &table, c, &sum[c]);
    }
    for (c = 0; c < panel->channels; c++) {
      for (size_t l = 0; l < active; l++) {
        target[c][i + l] += sum[c][l];
      }
    }
  }
}
