#include "host/engine/trust.h"

#include <math.h>

#include "host/base/greek.h"
#include "host/base/model.h"

static const double least_paths = 20;    /* that carry a number */
static const double least_jumping = 100; /* that should have a jump */
static const double chance = 5;          /* standard deviations */
static const double rounding_of_unit = 1e-7;

enum { LEAST_BATCHES = 8 };

/* The kurtosis of n normal numbers as a normal score; their sixth to eighth moments give it a skewness, by
 * which a power of Pearson's type V is next to normal (Anscombe, Glynn 1983, eqs. 3 to 10). */
static double kurtosis_score(double kurtosis, double n) {
  const double mean = 3 * (n - 1) / (n + 1);
  const double variance = 24 * n * (n - 2) * (n - 3) / ((n + 1) * (n + 1) * (n + 3) * (n + 5));
  const double skewness =
      6 * (n * n - 5 * n + 2) / ((n + 7) * (n + 9)) * sqrt(6 * (n + 3) * (n + 5) / (n * (n - 2) * (n - 3)));
  const double a = 6 + 8 / skewness * (2 / skewness + sqrt(1 + 4 / (skewness * skewness)));
  const double x = (kurtosis - mean) / sqrt(variance);
  const double left = (1 - 2 / a) / (1 + x * sqrt(2 / (a - 4)));
  return (1 - 2 / (9 * a) - cbrt(left)) / sqrt(2 / (9 * a));
}

bool qs_few_paths(const qs_simulation *simulation, const double *means, double rounding) {
  const double batches = simulation->batches;
  double count = 0, mean = 0;
  for (uint32_t b = 0; b < simulation->batches; b++) {
    const double size = qs_batch_paths(simulation, b);
    count += size;
    mean += (means[b] - mean) * size / count;
  }
  double second = 0, fourth = 0;
  for (uint32_t b = 0; b < simulation->batches; b++) {
    const double d = means[b] - mean, square = qs_batch_paths(simulation, b) * d * d;
    second += square / batches;
    fourth += square * square / batches;
  }
  if (simulation->batches < LEAST_BATCHES || !(second > rounding * rounding * count)) {
    return false;
  }
  const double kurtosis = fourth / (second * second);
  return kurtosis - 3 > batches / least_paths && kurtosis_score(kurtosis, batches) > chance;
}

qs_estimate qs_judged_estimate(const qs_simulation *simulation, const double *means, bool *few) {
  const qs_estimate estimate = qs_batch_estimate(simulation, means);
  *few = qs_few_paths(simulation, means, rounding_of_unit * fabs(estimate.estimate));
  return estimate;
}

double qs_form_rounding(const qs_form *form) {
  double unit = fmax(fabs(form->later), fabs(form->timed));
  for (size_t q = 0; q < sizeof form->now / sizeof *form->now; q++) {
    unit = fmax(unit, fabs(form->now[q]));
  }
  return rounding_of_unit * unit;
}

void qs_trust_jumps(const qs_valuation *valuation, size_t contract, qs_trust *trust) {
  const qs_contract *of = &valuation->contracts[contract];
  if (of->kind != QS_CONTRACT_OPTION && of->kind != QS_CONTRACT_PATH) {
    return;
  }
  const qs_model *model = &valuation->market->underlyings[of->underlying].model;
  const double jumps = qs_model_jumps(model, of->years);
  const double jumping = (double)valuation->simulation.paths * -expm1(-jumps);
  if (!(jumps > 0) || !(jumping < least_jumping)) {
    return;
  }
  trust->jumping_paths = jumping;
  uint32_t counted = qs_model_jump_parameters(model->type);
  if (of->kind == QS_CONTRACT_OPTION) {
    counted &= ~(1u << QS_LAMBDA); /* in closed form */
  }
  trust->jumps |= counted << QS_GREEK_PARAMETER;
}

const char *qs_trust_why(qs_arena *arena, const qs_trust *trust) {
  char few[QS_NUMBERS_TEXT], jumps[QS_NUMBERS_TEXT];
  qs_numbers_list(trust->few, ", ", few);
  qs_numbers_list(trust->jumps, ", ", jumps);
  const char *by_few = "", *by_jumps = "";
  if (trust->few) {
    by_few = qs_arena_printf(arena, "fewer than %g paths carry %s, whose errors may be far too small",
                             least_paths, few);
  }
  if (trust->jumps) {
    by_jumps = qs_arena_printf(arena, "%s%.3g paths should have a jump, too few for %s",
                               trust->few ? "; " : "", trust->jumping_paths, jumps);
  }
  return by_few && by_jumps ? qs_arena_printf(arena, "%s%s", by_few, by_jumps) : NULL;
}
