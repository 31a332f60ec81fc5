#include "kernels/local_table.h"

#include <stdlib.h>
#include <string.h>

#include "kernels/core/leverage.h"

/* A step's numbers; returns the weight of its likelihood ratio: `sum` is how long they have been taken. */
static double fill_step(const qs_path_leverage *l, const qs_dynamics *m, uint32_t table, double offset,
                        double years, double sum, double limit, double *to) {
  const double ratio = sum == 0.0 || sum + years <= limit ? years : 0.0;
  to[QS_LOCAL_LOW] = l->low[table] - offset;
  to[QS_LOCAL_INVERSE] = 1.0 / l->spacing[table];
  to[QS_LOCAL_ROOT] = qs_sqrt_d(years);
  to[QS_LOCAL_PULL] = m->kappa * years;
  to[QS_LOCAL_YEARS] = years;
  to[QS_LOCAL_RATIO] = ratio;
  return ratio;
}

/* The numbers of all steps, and the inverse weights of every date. */
static void fill_steps(const qs_path_unit *unit, const qs_dynamics *m, qs_local_table *local) {
  const qs_path_leverage *l = unit->leverage;
  const double limit = qs_local_ratio_years(m->v0, m->xi);
  const uint32_t steps = unit->path.step_count;
  double sum = 0.0;
  bool more = true;
  uint32_t taken = 0;
  for (uint32_t d = 0; d <= unit->path.date_count; d++) {
    const uint32_t until = d < unit->path.date_count ? unit->path.dates[d].main_steps : steps;
    for (; taken < until; taken++) {
      const double ratio =
          fill_step(l, m, l->step_table[taken], l->step_offset[taken], unit->path.steps[taken].years, sum,
                    more ? limit : 0.0, local->numbers + (size_t)taken * QS_LOCAL_NUMBERS);
      more = more && ratio > 0.0;
      sum += ratio;
    }
    if (d < unit->path.date_count) {
      const double years = unit->path.dates[d].side.years;
      const double ratio =
          fill_step(l, m, l->date_table[d], l->date_offset[d], years > 0.0 ? years : 0.0, sum,
                    more ? limit : 0.0, local->numbers + ((size_t)steps + d) * QS_LOCAL_NUMBERS);
      const double until_date = sum + (years > 0.0 ? ratio : 0.0);
      local->inverse[d] = until_date > 0.0 ? 1.0 / until_date : 0.0;
    }
  }
}

/* Every table's coefficients: its values, the first and the last one twice. */
static void fill_coefficients(const qs_path_leverage *l, double *coefficients) {
  const size_t nodes = l->node_count;
  for (uint32_t table = 0; table < l->table_count; table++) {
    double *to = coefficients + table * (nodes + 2);
    memcpy(to + 1, l->values + table * nodes, nodes * sizeof *to);
    to[0] = to[1];
    to[nodes + 1] = to[nodes];
  }
}

bool qs_local_table_build(const qs_path_unit *unit, const qs_table *table, qs_local_table *local) {
  const qs_path_leverage *l = unit->leverage;
  const qs_dynamics *m = &table->dynamics;
  const size_t steps = unit->path.step_count, dates = unit->path.date_count;
  qs_local_table made;
  memset(&made, 0, sizeof made);
  made.step_count = steps + dates;
  made.number_count = made.step_count * QS_LOCAL_NUMBERS;
  made.date_count = dates;
  made.coefficient_count = (size_t)l->table_count * (l->node_count + 2);
  const size_t numbers = made.number_count + made.coefficient_count + dates;
  made.memory = malloc(numbers * sizeof(double) + (made.step_count + 1) * sizeof *made.tables);
  if (!made.memory) {
    return false;
  }
  made.numbers = made.memory;
  made.coefficients = made.numbers + made.number_count;
  made.inverse = made.coefficients + made.coefficient_count;
  made.tables = (uint32_t *)(made.inverse + dates);
  made.nodes = (int32_t)l->node_count;
  made.v0 = m->v0;
  made.theta = m->theta;
  made.xi = m->xi;
  made.rho = m->rho;
  made.own = qs_sqrt_d(1.0 - m->rho * m->rho);
  fill_steps(unit, m, &made);
  fill_coefficients(l, made.coefficients);
  memcpy(made.tables, l->step_table, steps * sizeof *made.tables);
  memcpy(made.tables + steps, l->date_table, dates * sizeof *made.tables);
  *local = made;
  return true;
}

void qs_local_table_free(qs_local_table *local) {
  free(local->memory);
  memset(local, 0, sizeof *local);
}
