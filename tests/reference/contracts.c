/*
 * Random European contracts with reference prices and derivatives in quad precision, for z-scores of the
 * Monte Carlo.
 *
 *   contracts COUNT FIRST LAST     writes contracts FIRST .. LAST - 1 of COUNT as CSV to stdout
 *
 * The formula is Gil-Pelaez's (1951), once under each measure: with F = 1 and phi(p) = E[e^{pX}],
 *
 *   call(k) = P1 - e^k P2,   Pj = 1/2 + 1/pi int_0^inf Re[e^{-ivk} phi(p_j) / (iv)] dv,  p_1 = 1 + iv, p_2 =
 * iv,
 *
 * by Gauss-Legendre panels, refined until two panel widths agree. Characteristic functions are written as
 * Albrecher, Mayer, Schoutens and Tistaert (2007) and Duffie, Pan and Singleton (2000) state them.
 * Derivatives by the parameters and by time are carried through the formulas by forward differentiation (dual
 * numbers), so that no derivative is written out by hand. Nothing here is shared with host/market.
 *
 * The contracts: six models in turn; maturities from 7 days to 2 years, one in forty within a week and a day;
 * total volatilities of 20% to 180%, stochastic ones of 20% to 150%; seven in ten of the stochastic-variance
 * models violate Feller's condition (2 kappa theta / xi^2 between 0.1 and 1); strikes within 1.5 standard
 * deviations; calls and puts, but puts only where the variance to expiry is above 1, whose payoff is bounded;
 * settled in cash or in coin.
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef __float128 real;
typedef _Complex float __attribute__((mode(TC))) cplx;

/* From libquadmath; its header comes with gcc alone, and linters read this file with clang. */
real expq(real x);
real cosq(real x);
real fabsq(real x);
real fmaxq(real x, real y);
real cabsq(cplx z);
cplx cexpq(cplx z);
cplx clogq(cplx z);
cplx csqrtq(cplx z);

/* in two doubles, to 32 digits */
static const real pi = (real)0x1.921fb54442d18p1 + (real)0x1.1a62633145c07p-53;

static cplx rectangular(real re, real im) {
  return __builtin_complex(re, im);
}

static real real_part(cplx z) {
  return __real__ z;
}

enum { V0, KAPPA, THETA, XI, RHO, LAMBDA, MU_J, SIGMA_J, MU_V, RHO_J, P, ETA1, ETA2, SIGMA, PARAMETERS };
enum { GBM, MERTON, KOU, HESTON, BATES, SVCJ, MODELS };
enum { SLOTS = 12, NODES = 20, RESULTS = 3 + SLOTS };

static const char *const parameter_names[PARAMETERS] = {"v0",     "kappa", "theta",   "xi",   "rho",
                                                        "lambda", "mu_j",  "sigma_j", "mu_v", "rho_j",
                                                        "p",      "eta1",  "eta2",    "sigma"};
static const char *const model_names[MODELS] = {"gbm", "merton", "kou", "heston", "bates", "svcj"};
static const unsigned heston_set = 1u << V0 | 1u << KAPPA | 1u << THETA | 1u << XI | 1u << RHO;
static const unsigned jump_set = 1u << LAMBDA | 1u << MU_J | 1u << SIGMA_J;

typedef struct contract {
  int model;
  double value[PARAMETERS];
  double years, log_moneyness;
  bool call, coin;
} contract;

static unsigned used_parameters(int model) {
  switch (model) {
  case GBM:
    return 1u << SIGMA;
  case MERTON:
    return 1u << SIGMA | jump_set;
  case KOU:
    return 1u << SIGMA | 1u << LAMBDA | 1u << P | 1u << ETA1 | 1u << ETA2;
  case HESTON:
    return heston_set;
  case BATES:
    return heston_set | jump_set;
  default:
    return heston_set | jump_set | 1u << MU_V | 1u << RHO_J;
  }
}

/* A complex number with its derivatives by time (slot 0) and by the model's parameters (slots 1 ..). */
typedef struct dual {
  int slots;
  cplx v, d[SLOTS];
} dual;

static dual constant(int slots, cplx v) {
  dual out = {.slots = slots, .v = v};
  return out;
}

static dual add(dual a, dual b) {
  a.v += b.v;
  for (int i = 0; i < a.slots; i++) {
    a.d[i] += b.d[i];
  }
  return a;
}

static dual scale(dual a, cplx b) {
  a.v *= b;
  for (int i = 0; i < a.slots; i++) {
    a.d[i] *= b;
  }
  return a;
}

static dual sub(dual a, dual b) {
  return add(a, scale(b, -1));
}

static dual shift(dual a, cplx b) {
  a.v += b;
  return a;
}

static dual mul(dual a, dual b) {
  dual out = constant(a.slots, a.v * b.v);
  for (int i = 0; i < a.slots; i++) {
    out.d[i] = a.d[i] * b.v + a.v * b.d[i];
  }
  return out;
}

/* f(a) with f' = slope there */
static dual chain(dual a, cplx value, cplx slope) {
  dual out = scale(a, slope);
  out.v = value;
  return out;
}

static dual inverse(dual a) {
  cplx r = 1 / a.v;
  return chain(a, r, -r * r);
}

static dual divide(dual a, dual b) {
  return mul(a, inverse(b));
}

static dual exponential(dual a) {
  cplx e = cexpq(a.v);
  return chain(a, e, e);
}

static dual logarithm(dual a) {
  return chain(a, clogq(a.v), 1 / a.v);
}

static dual root(dual a) {
  cplx r = csqrtq(a.v);
  return chain(a, r, 1 / (2 * r));
}

/* The model's parameters and time as dual numbers, each the variable of its own slot. */
typedef struct variables {
  dual time, value[PARAMETERS];
} variables;

static variables make_variables(const contract *c, int *slots) {
  variables out;
  unsigned used = used_parameters(c->model);
  *slots = 1;
  for (int i = 0; i < PARAMETERS; i++) {
    *slots += (int)(used >> i & 1);
  }
  out.time = constant(*slots, (real)c->years);
  out.time.d[0] = 1;
  for (int i = 0, slot = 1; i < PARAMETERS; i++) {
    out.value[i] = constant(*slots, (real)c->value[i]);
    if (used >> i & 1) {
      out.value[i].d[slot++] = 1;
    }
  }
  return out;
}

/* One plus the mean relative jump. */
static dual jump_growth(const contract *c, const variables *x) {
  const dual *v = x->value;
  if (c->model == KOU) {
    dual up = divide(mul(v[P], v[ETA1]), shift(v[ETA1], -1));
    dual down = divide(mul(shift(scale(v[P], -1), 1), v[ETA2]), shift(v[ETA2], 1));
    return add(up, down);
  }
  dual growth = exponential(add(v[MU_J], scale(mul(v[SIGMA_J], v[SIGMA_J]), 0.5)));
  if (c->model == SVCJ) {
    growth = divide(growth, shift(scale(mul(v[RHO_J], v[MU_V]), -1), 1));
  }
  return growth;
}

/* int_0^T dt / (c - mu_v D(t)), with the sign of Duffie, Pan and Singleton's b */
static dual jump_time(const variables *x, cplx p, dual b, dual gamma, dual e) {
  dual a = constant(b.slots, p - p * p), mu = x->value[MU_V];
  dual c = shift(scale(mul(x->value[RHO_J], mu), -p), 1), ma = mul(mu, a), bc = mul(b, c), gc = mul(gamma, c);
  dual first = divide(mul(sub(gamma, b), x->time), add(sub(gc, bc), ma));
  dual gap = sub(bc, ma);
  dual second = divide(scale(ma, 2), sub(mul(gc, gc), mul(gap, gap)));
  dual inside = mul(divide(sub(add(gc, bc), ma), scale(gc, 2)), shift(scale(e, -1), 1));
  return sub(first, mul(second, logarithm(shift(scale(inside, -1), 1))));
}

static dual log_phi(const contract *c, const variables *x, cplx p) {
  const dual *v = x->value;
  int slots = x->time.slots;
  dual out, jump = x->time;
  if (c->model < HESTON) {
    out = scale(mul(mul(v[SIGMA], v[SIGMA]), x->time), (p * p - p) / 2);
  } else {
    dual square = mul(v[XI], v[XI]);
    dual b = sub(v[KAPPA], scale(mul(v[RHO], v[XI]), p));
    dual gamma = root(sub(mul(b, b), scale(square, p * p - p)));
    dual e = exponential(scale(mul(gamma, x->time), -1));
    dual minus = sub(b, gamma), g = divide(minus, add(b, gamma));
    dual one = constant(slots, 1), bracket = sub(one, mul(g, e));
    dual big_d = divide(mul(divide(minus, square), sub(one, e)), bracket);
    dual log_ratio = logarithm(divide(bracket, sub(one, g)));
    dual integral = divide(sub(mul(minus, x->time), scale(log_ratio, 2)), square);
    out = add(mul(mul(v[KAPPA], v[THETA]), integral), mul(big_d, v[V0]));
    if (c->model == SVCJ) {
      jump = jump_time(x, p, scale(b, -1), gamma, e);
    }
  }
  if (c->model == GBM || c->model == HESTON) {
    return out;
  }
  if (c->model == KOU) {
    dual up = divide(mul(v[P], v[ETA1]), shift(v[ETA1], -p));
    dual down = divide(mul(shift(scale(v[P], -1), 1), v[ETA2]), shift(v[ETA2], p));
    jump = mul(jump, add(up, down));
  } else {
    dual exponent = add(scale(v[MU_J], p), scale(mul(v[SIGMA_J], v[SIGMA_J]), p * p / 2));
    jump = mul(jump, exponential(exponent));
  }
  dual drift = mul(x->time, shift(scale(shift(jump_growth(c, x), -1), p), 1));
  return add(out, mul(v[LAMBDA], sub(jump, drift)));
}

/* Nodes and weights of Gauss and Legendre on [-1, 1], by Newton's method. */
static void gauss_legendre(real *x, real *w) {
  for (int i = 0; i < NODES; i++) {
    real z = cosq(pi * (i + 0.75) / (NODES + 0.5)), slope = 1;
    for (int step = 0; step < 12; step++) {
      real a = 1, b = 0;
      for (int j = 0; j < NODES; j++) {
        real next = ((2 * j + 1) * z * a - j * b) / (j + 1);
        b = a;
        a = next;
      }
      slope = NODES * (z * a - b) / (z * z - 1);
      z -= a / slope;
    }
    x[i] = z;
    w[i] = 2 / ((1 - z * z) * slope * slope);
  }
}

/* Deviation of the diffusion and reach of the jumps: how far the density goes, roughly. */
static void spread(const contract *c, double *deviation, double *reach) {
  const double *v = c->value;
  double variance = v[SIGMA] * v[SIGMA] * c->years;
  if (c->model >= HESTON) {
    double f = -expm1(-v[KAPPA] * c->years) / v[KAPPA];
    double rate = c->model == SVCJ ? v[LAMBDA] * v[MU_V] / v[KAPPA] : 0;
    variance = v[V0] * f + (v[THETA] + rate) * (c->years - f);
  }
  *deviation = sqrt(variance);
  *reach = 0;
  if (c->model == KOU) {
    *reach = 8 / v[ETA1] + 8 / v[ETA2];
  } else if (c->model != GBM && c->model != HESTON) {
    *reach = fabs(v[MU_J]) + 6 * v[SIGMA_J] + (c->model == SVCJ ? 8 * fabs(v[RHO_J]) * v[MU_V] : 0);
  }
}

/* Adds a node's contributions: price, delta, gamma, time, parameters. Returns the integrand's size. */
static real add_node(const contract *c, const variables *x, real v, real weight, real *sum) {
  real k = c->log_moneyness, strike = expq(k), size = 0;
  cplx wave = cexpq(rectangular(0, -v * k)), factor = rectangular(0, -1 / v);
  for (int measure = 0; measure < 2; measure++) {
    dual log_value = log_phi(c, x, rectangular(measure ? 0 : 1, v));
    cplx value = cexpq(log_value.v) * wave;
    real side = measure ? -strike : 1;
    sum[0] += weight * side * real_part(value * factor);
    if (measure == 0) {
      sum[1] += weight * real_part(value * factor);
      sum[2] += weight * real_part(value);
    }
    for (int i = 0; i < log_value.slots; i++) {
      sum[3 + i] += weight * side * real_part(value * factor * log_value.d[i]);
    }
    size += cabsq(value);
  }
  return size;
}

static void integrate(const contract *c, const variables *x, real phase, const real *node, const real *weight,
                      real *out) {
  double deviation, reach;
  spread(c, &deviation, &reach);
  real span = fabs(c->log_moneyness) + 12 * deviation + reach, width = phase / span;
  memset(out, 0, RESULTS * sizeof *out);
  real largest;
  long panel = 0;
  do {
    largest = 0;
    for (int i = 0; i < NODES; i++) {
      real v = width * (panel + (node[i] + 1) / 2);
      largest = fmaxq(largest, add_node(c, x, v, weight[i] * width / 2, out));
    }
    panel++;
  } while (largest > (real)1e-21 && panel < 20000);
  for (int i = 0; i < RESULTS; i++) {
    out[i] /= pi;
  }
  out[0] += (1 - expq(c->log_moneyness)) / 2;
  out[1] += 0.5;
}

/* Panels are narrowed until all results agree to 1e-16. */
static real reference(const contract *c, const real *node, const real *weight, real *out, int *slots) {
  variables x = make_variables(c, slots);
  real coarse[RESULTS], error = 1;
  integrate(c, &x, 20, node, weight, coarse);
  real phase = 20;
  for (int level = 0; level < 12 && error > (real)1e-16; level++) {
    phase *= 0.7;
    integrate(c, &x, phase, node, weight, out);
    error = 0;
    for (int i = 0; i < 3 + *slots; i++) {
      error = fmaxq(error, fabsq(out[i] - coarse[i]));
    }
    memcpy(coarse, out, sizeof coarse);
  }
  return error;
}

/* SplitMix64 (Steele, Lea, Flood 2014). */
static double uniform(uint64_t *state) {
  uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static double between(uint64_t *state, double low, double high) {
  return low + (high - low) * uniform(state);
}

static double log_between(uint64_t *state, double low, double high) {
  return exp(between(state, log(low), log(high)));
}

static double clip(double x, double low, double high) {
  return fmin(fmax(x, low), high);
}

static void draw_jumps(contract *c, uint64_t *s) {
  double *v = c->value;
  v[LAMBDA] = log_between(s, 0.5, 15);
  if (c->model == KOU) {
    v[P] = between(s, 0.1, 0.9);
    v[ETA1] = log_between(s, 5, 40);
    v[ETA2] = log_between(s, 4, 40);
    return;
  }
  v[MU_J] = between(s, -0.3, 0.3);
  v[SIGMA_J] = log_between(s, 0.02, 0.25);
  if (c->model == SVCJ) {
    v[MU_V] = log_between(s, 0.02, 0.5);
    v[RHO_J] = between(s, -0.6, 0.4);
  }
}

static void draw_variance(contract *c, uint64_t *s) {
  double *v = c->value;
  bool violates = uniform(s) < 0.7;
  v[KAPPA] = log_between(s, 0.5, 8);
  v[THETA] = pow(log_between(s, 0.2, 1.5), 2);
  v[V0] = clip(v[THETA] * log_between(s, 0.3, 3), 0.04, 2.25);
  v[XI] = sqrt(2 * v[KAPPA] * v[THETA] / (violates ? log_between(s, 0.1, 1) : log_between(s, 1, 4)));
  v[RHO] = between(s, -0.9, 0.5);
}

/* Variance of ln S_T, jumps included. */
static double total_variance(const contract *c) {
  const double *v = c->value;
  double deviation, reach, square = 0;
  spread(c, &deviation, &reach);
  if (c->model == KOU) {
    square = 2 * v[P] / (v[ETA1] * v[ETA1]) + 2 * (1 - v[P]) / (v[ETA2] * v[ETA2]);
  } else if (c->model != GBM && c->model != HESTON) {
    square = v[MU_J] * v[MU_J] + v[SIGMA_J] * v[SIGMA_J];
  }
  return deviation * deviation + v[LAMBDA] * c->years * square;
}

static contract draw(int id) {
  contract c;
  double variance;
  uint64_t s = UINT64_C(0x517cc1b727220a95) * (uint64_t)(id + 1);
  do {
    memset(&c, 0, sizeof c);
    c.model = id % MODELS;
    c.years = id / MODELS % 40 == 0 ? between(&s, 7, 8) / 365 : log_between(&s, 7.0 / 365, 2);
    if (c.model >= HESTON) {
      draw_variance(&c, &s);
    } else {
      c.value[SIGMA] = log_between(&s, 0.2, 1.5);
    }
    if (c.model != GBM && c.model != HESTON) {
      draw_jumps(&c, &s);
    }
    variance = total_variance(&c);
  } while (c.value[XI] > 4 || (c.model >= HESTON && c.value[XI] < 0.1) || sqrt(variance / c.years) > 1.8);
  c.log_moneyness = sqrt(variance) * between(&s, -1.5, 1.5);
  c.call = uniform(&s) < 0.5 && variance <= 1;
  c.coin = uniform(&s) < 0.5;
  return c;
}

static void print_header(void) {
  printf("id,model");
  for (int i = 0; i < PARAMETERS; i++) {
    printf(",%s", parameter_names[i]);
  }
  printf(",years,log_moneyness,call_put,settlement,price,delta,gamma,time");
  for (int i = 0; i < PARAMETERS; i++) {
    printf(",d_%s", parameter_names[i]);
  }
  printf(",error\n");
}

static void print_contract(int id, const contract *c, const real *node, const real *weight) {
  real out[RESULTS] = {0};
  int slots;
  real error = reference(c, node, weight, out, &slots);
  if (!c->call) {
    out[0] -= 1 - expq(c->log_moneyness);
    out[1] -= 1;
  }
  printf("%d,%s", id, model_names[c->model]);
  for (int i = 0; i < PARAMETERS; i++) {
    printf(",%.17g", c->value[i]);
  }
  printf(",%.17g,%.17g,%s,%s", c->years, c->log_moneyness, c->call ? "call" : "put",
         c->coin ? "coin" : "linear");
  for (int i = 0; i < 4; i++) {
    printf(",%.17g", (double)out[i]);
  }
  unsigned used = used_parameters(c->model);
  for (int i = 0, slot = 4; i < PARAMETERS; i++) {
    printf(",%.17g", used >> i & 1 ? (double)out[slot++] : 0.0);
  }
  printf(",%.1e\n", (double)error);
  fflush(stdout);
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: contracts COUNT FIRST LAST\n");
    return 2;
  }
  int count = (int)strtol(argv[1], NULL, 10), first = (int)strtol(argv[2], NULL, 10);
  int last = (int)strtol(argv[3], NULL, 10);
  real node[NODES], weight[NODES];
  gauss_legendre(node, weight);
  if (first == 0) {
    print_header();
  }
  for (int id = first; id < last && id < count; id++) {
    contract c = draw(id);
    print_contract(id, &c, node, weight);
  }
  return 0;
}
