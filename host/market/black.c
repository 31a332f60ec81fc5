#include "host/market/black.h"

#include <float.h>
#include <math.h>

#define INV_SQRT_2PI 0.39894228040143267794
#define INV_SQRT_2   0.70710678118654752440

enum { MILLS_TERMS = 28, GAUSS_NODES = 10, STEP_LIMIT = 64 };

static const double moneyness_limit = 1400;

static double normal_cdf(double x) {
  return 0.5 * erfc(-x * INV_SQRT_2);
}

/*
 * The integral of Y'(h + tau) over [-t, t], Y(z) = N(z)/n(z), for h + t <= 1/2: ten-point Gauss-Legendre.
 *
 * Y'(-v) = 1 - v Y(-v), the slope of the inverse Mills ratio, behaves as 1/v^2 and would cancel if it were
 * computed so. It comes from a Chebyshev series of (v + 4)^2 Y'(-v) in 1 - 7/(v + 4), after the mapping of
 * Shepherd and Laframboise (1981); the coefficients were computed with 50 digits. All nodes go through the
 * recurrence together, as vector code.
 */
static double mills_difference(double h, double t) {
  static const double c[MILLS_TERMS] = {
      8.2879216125130503966,       -10.56642967348781927,      4.2132003257202187007,
      -1.0804579359777068739,      0.14438588612727277072,     0.0067327386889929340247,
      -0.005902944071109990402,    0.00037604263578772781437,  0.00020689200340173138929,
      -0.000025950902821886248388, -8.6107182432708262931e-6,  1.2472655584268983576e-6,
      4.4238268138643612548e-7,    -4.8820578564225232548e-8,  -2.5887553119301791658e-8,
      9.9372554975425333842e-10,   1.5445650174364357569e-9,   8.4631453425237322731e-11,
      -8.3782843670230539435e-11,  -1.4964299297123378646e-11, 3.3801567577331355277e-12,
      1.4331808370410427248e-12,   -1.119023775704875069e-14,  -9.8445296171210193959e-14,
      -1.5633257379896378761e-14,  4.1656020895753929638e-15,  1.8824268719098914759e-15,
      5.8051003711238684889e-17};
  static const double node[GAUSS_NODES] = {
      -0.97390652851717172008, -0.86506336668898451073, -0.67940956829902440623, -0.43339539412924719080,
      -0.14887433898163121089, 0.14887433898163121089,  0.43339539412924719080,  0.67940956829902440623,
      0.86506336668898451073,  0.97390652851717172008};
  static const double weight[GAUSS_NODES] = {
      0.06667134430868813759, 0.14945134915058059315, 0.21908636251598204400, 0.26926671930999635509,
      0.29552422471475287017, 0.29552422471475287017, 0.26926671930999635509, 0.21908636251598204400,
      0.14945134915058059315, 0.06667134430868813759};
  double r[GAUSS_NODES], u[GAUSS_NODES], b1[GAUSS_NODES] = {0}, b2[GAUSS_NODES] = {0};
  for (int j = 0; j < GAUSS_NODES; j++) {
    r[j] = 1 / (4 - h - node[j] * t);
    u[j] = 2 - 14 * r[j];
  }
  for (int i = MILLS_TERMS - 1; i > 0; i--) {
    for (int j = 0; j < GAUSS_NODES; j++) {
      double b0 = c[i] + u[j] * b1[j] - b2[j];
      b2[j] = b1[j];
      b1[j] = b0;
    }
  }
  double sum = 0;
  for (int j = 0; j < GAUSS_NODES; j++) {
    sum += weight[j] * (c[0] + 0.5 * u[j] * b1[j] - b2[j]) * r[j] * r[j];
  }
  return sum * t;
}

/* e^{-x} N(h - t), which is n(h + t) N(h - t)/n(h - t): far out by the asymptotic series of the ratio, whose
 * eighth term is 1e-17 there. */
static double second_term(double x, double h, double t) {
  double v = t - h;
  if (v < 30) {
    return exp(-x) * normal_cdf(-v);
  }
  double square = 1 / (v * v), ratio = 1;
  for (int n = 7; n > 0; n--) {
    ratio = 1 - (2 * n - 1) * square * ratio;
  }
  return INV_SQRT_2PI * exp(-0.5 * (h + t) * (h + t)) * ratio / v;
}

/*
 * Price over its maximum for x = -|k| <= 0: N(h + t) - e^{-x} N(h - t), h = x/s, t = s/2. Where t is small
 * beside |h| the two terms cancel; their difference is then n(h + t) times an integral of a positive
 * function.
 */
static double scaled_price(double x, double s) {
  if (s <= 0) {
    return 0;
  }
  double h = x / s, t = 0.5 * s;
  if (t <= 0.3 * fmax(1, -h)) {
    return INV_SQRT_2PI * exp(-0.5 * (h + t) * (h + t)) * mills_difference(h, t);
  }
  return normal_cdf(h + t) - second_term(x, h, t);
}

/* One minus scaled_price, without cancellation. */
static double scaled_complement(double x, double s) {
  double h = x / s, t = 0.5 * s;
  return normal_cdf(-h - t) + second_term(x, h, t);
}

double qs_black_out_of_the_money(double log_moneyness, double total_vol) {
  double k = log_moneyness;
  if (isnan(k) || isnan(total_vol)) {
    return NAN;
  }
  double maximum = k < 0 ? exp(k) : 1;
  return isinf(total_vol) ? maximum : maximum * scaled_price(-fabs(k), total_vol);
}

double qs_black_price(bool call, double log_moneyness, double total_vol) {
  double k = log_moneyness;
  double value = qs_black_out_of_the_money(k, total_vol);
  double intrinsic = call ? -expm1(k) : expm1(k);
  return intrinsic > 0 ? value + intrinsic : value;
}

/* k/s, with its limits where s = 0. */
static double scaled_moneyness(double k, double s) {
  return k == 0 ? 0 : k / s;
}

double qs_black_vega(double log_moneyness, double total_vol) {
  double d1 = -scaled_moneyness(log_moneyness, total_vol) + 0.5 * total_vol;
  return INV_SQRT_2PI * exp(-0.5 * d1 * d1);
}

double qs_black_delta(bool call, double log_moneyness, double total_vol) {
  double d1 = -scaled_moneyness(log_moneyness, total_vol) + 0.5 * total_vol;
  return call ? normal_cdf(d1) : -normal_cdf(-d1);
}

double qs_black_gamma(double log_moneyness, double total_vol) {
  double vega = qs_black_vega(log_moneyness, total_vol);
  return vega == 0 ? 0 : vega / total_vol;
}

/* What is solved for: scaled_price(x, s) = target, 0 < target < 1, complement = 1 - target. */
typedef struct inversion {
  double x, target, complement;
} inversion;

/* An objective's value and its first two derivatives by the scaled price r, times r and r^2, so that they
 * stay of order one; in the upper part times 1 - r and its square. */
typedef struct objective {
  double f, first, second;
} objective;

/* 1/sqrt(-ln r): linear in s where ln r is about -x^2/(2 s^2). */
static objective lower_objective(double r, double target) {
  double l = -log(r), root = sqrt(l);
  double first = 0.5 / (l * root);
  return (objective){1 / root - 1 / sqrt(-log(target)), first, first * (1.5 / l - 1)};
}

static objective log_objective(double r, double target) {
  return (objective){log(r / target), 1, -1};
}

/* sqrt(-ln(1 - r)): linear in s where 1 - r is about exp(-s^2/8). */
static objective upper_objective(double q, double complement) {
  double l = -log(q), root = sqrt(l);
  double first = 0.5 / root;
  return (objective){root - sqrt(-log(complement)), first, first * (1 - 0.5 / l)};
}

/* Halley's step for the objective of this part of the range. */
static double next_step(const inversion *in, double s, double *residual) {
  double h = in->x / s, t = 0.5 * s, r;
  objective o;
  if (in->target > 0.5) {
    r = scaled_complement(in->x, s);
    o = upper_objective(r, in->complement);
  } else {
    r = scaled_price(in->x, s);
    o = in->target < 0.03 ? lower_objective(r, in->target) : log_objective(r, in->target);
  }
  double slope = INV_SQRT_2PI * exp(-0.5 * (h + t) * (h + t)) / r;
  double curvature = slope * (h * h / s - 0.25 * s);
  double first = o.first * slope;
  double second = o.second * slope * slope + o.first * curvature;
  double newton = -o.f / first;
  double denominator = 1 + 0.5 * newton * second / first;
  *residual = o.f;
  return denominator > 0.5 ? newton / denominator : newton;
}

static double first_guess(const inversion *in, double turn, bool below) {
  if (below) {
    double l = -log(in->target);
    return l > 3 ? fmin(turn, -in->x / sqrt(2 * l)) : turn;
  }
  return in->target > 0.5 ? fmax(turn, 2.8284271247461903 * sqrt(-log(in->complement)) - 1) : turn;
}

static double solve(const inversion *in) {
  double turn = sqrt(-2 * in->x);
  bool below = in->x < 0 && in->target < scaled_price(in->x, turn);
  double low = below ? 0 : turn, high = below ? turn : INFINITY;
  double s = first_guess(in, turn, below);
  if (s <= 0) {
    s = 2.5066282746310002 * in->target;
  }
  for (int i = 0; i < STEP_LIMIT; i++) {
    double residual;
    double step = next_step(in, s, &residual);
    if (residual == 0) {
      break;
    }
    if (residual > 0) {
      high = s;
    } else {
      low = s;
    }
    double next = s + step;
    bool inside = next > low && next < high;
    if (!inside) {
      next = isinf(high) ? 2 * s : 0.5 * (low + high);
    }
    /* a step of 1e-7 leaves an error of 1e-14 even where it was Newton's; past that, rounding would only
     * wander */
    bool done = fabs(next - s) <= (inside ? 1e-7 : 2 * DBL_EPSILON) * s;
    s = next;
    if (done) {
      break;
    }
  }
  return s;
}

qs_black_status qs_black_implied_vol(bool call, double log_moneyness, double price, double *total_vol) {
  double k = log_moneyness;
  if (!isfinite(price) || !isfinite(k) || fabs(k) > moneyness_limit) {
    return QS_BLACK_NOT_A_NUMBER;
  }
  double intrinsic = call ? -expm1(k) : expm1(k);
  double value = intrinsic > 0 ? price - intrinsic : price;
  double maximum = k < 0 ? exp(k) : 1;
  double room = call ? 1 - price : exp(k) - price;
  if (value < 0) {
    return QS_BLACK_BELOW_INTRINSIC;
  }
  if (room <= 0) {
    return QS_BLACK_ABOVE_MAXIMUM;
  }
  if (value == 0) {
    *total_vol = 0;
    return QS_BLACK_OK;
  }
  inversion in = {-fabs(k), value / maximum, room / maximum};
  *total_vol = solve(&in);
  return QS_BLACK_OK;
}
