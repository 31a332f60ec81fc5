// What multilevel Monte Carlo (Giles 2008) could save at most: the variance of the difference of two levels,
// of which the coarser takes steps twice as long with the same random numbers summed, against the variance of
// the finest level alone.
//
// Level l takes 4 x 2^l equal steps of Andersen's QE-M (2008, equations 17-33) over a year, the finest 128,
// about what the engine's own grid takes (123). With V_l and C_l = steps of both paths the best cost at equal
// error and bias is (sum of sqrt(V_l C_l))^2 against V C of the finest level alone: their ratio is the
// saving, the cost of a payoff and of starting a path left out. `controlled` has the forward and European
// options at the strike and the barrier as controls on both sides, by least squares on every level, as if
// their means were known on every level: they are not, so that it is a bound too. Written on its own, in
// double precision, since the engine's kernels have no coupled steps.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace {

enum { LEVELS = 6, COARSEST = 4, CONTROLS = 3, QUANTITIES = 3 }; // price, delta, d_v0

struct Model {
  double v0, kappa, theta, xi, rho;
  double lambda, mu_j, sigma_j, mu_v, rho_j; // svcj's jumps
};

struct Case {
  const char *name;
  Model model;
  double strike, barrier; // barrier 0: a European call
};

const Case cases[] = {
    {"heston, down-and-out call at 0.8", {0.25, 2, 0.36, 0.8, -0.5, 0, 0, 0, 0, 0}, 1, 0.8},
    {"heston, down-and-out call at 0.6", {0.25, 2, 0.36, 0.8, -0.5, 0, 0, 0, 0, 0}, 1, 0.6},
    {"Feller violated, down-and-out call at 0.8", {0.25, 2, 0.36, 2.5, -0.5, 0, 0, 0, 0, 0}, 1, 0.8},
    {"Feller violated, European call", {0.25, 2, 0.36, 2.5, -0.5, 0, 0, 0, 0, 0}, 1, 0},
    {"equity-like, down-and-out call at 0.9", {0.04, 1.5, 0.04, 0.5, -0.7, 0, 0, 0, 0, 0}, 1, 0.9},
    {"svcj, down-and-out call at 0.8", {0.25, 2, 0.3, 0.8, -0.5, 3, -0.05, 0.08, 0.08, -0.2}, 1, 0.8},
    {"svcj, European call", {0.25, 2, 0.3, 0.8, -0.5, 3, -0.05, 0.08, 0.08, -0.2}, 1, 0},
};

// The random numbers of a step: normals of the variance and of the price, and what jumps add to both.
struct Draw {
  double variance, price, jump_v, jump_x;
};

double normal_cdf(double x) {
  return 0.5 * std::erfc(-x / std::sqrt(2.0));
}

// The constants of a step.
struct Step {
  Step(const Model &m, double length) : years(length) {
    decay = std::exp(-m.kappa * years);
    const double part = 1 - decay;
    from_v = m.xi * m.xi * decay * part / m.kappa;
    from_theta = m.theta * m.xi * m.xi * part * part / (2 * m.kappa);
    const double slope = m.rho / m.xi, own = 1 - m.rho * m.rho;
    k1 = 0.5 * years * (m.kappa * slope - 0.5) - slope;
    k2 = 0.5 * years * (m.kappa * slope - 0.5) + slope;
    k3 = 0.5 * years * own;
    a = k2 + 0.5 * k3;
    const double mean = std::exp(m.mu_j + 0.5 * m.sigma_j * m.sigma_j) / (1 - m.rho_j * m.mu_v) - 1;
    drift = -m.lambda * mean * years;
  }
  double years, decay, from_v, from_theta, k1, k2, k3, a, drift;
};

// One step of QE-M; returns the variance of ln S over it. `own` gets the variance that the price's own normal
// has, which moves x unless it is taken up by the conditional law (`conditional`).
double advance(const Model &m, const Step &s, const Draw &d, bool conditional, double *x, double *v,
               double *own) {
  const double before = *v, mean = m.theta + (before - m.theta) * s.decay;
  const double spread = before * s.from_v + s.from_theta, psi = spread / (mean * mean);
  double after, k0;
  if (psi <= 1.5) {
    const double inverse = 2 / psi, b2 = inverse - 1 + std::sqrt(inverse * (inverse - 1)),
                 a = mean / (1 + b2);
    const double root = std::sqrt(b2) + d.variance;
    after = a * root * root;
    k0 = -s.a * b2 * a / (1 - 2 * s.a * a) + 0.5 * std::log1p(-2 * s.a * a);
  } else {
    const double p = (psi - 1) / (psi + 1), beta = (1 - p) / mean, u = normal_cdf(d.variance);
    after = u <= p ? 0 : std::log((1 - p) / normal_cdf(-d.variance)) / beta;
    k0 = -std::log(p + beta * (1 - p) / (beta - s.a));
  }
  k0 -= (s.k1 + 0.5 * s.k3) * before;
  const double spread_x = s.k3 * (before + after);
  *x += k0 + s.k1 * before + s.k2 * after + s.drift + (conditional ? 0 : std::sqrt(spread_x) * d.price);
  *own += spread_x;
  *v = after;
  return 0.5 * s.years * (before + after);
}

// The path's probability of not having been below `level` (its log), jumps at the ends of steps, and its end.
struct End {
  double x, own, alive; // own: with the conditional law, the variance of x
};

End follow(const Case &c, const Step &s, const std::vector<Draw> &draws, double x, double v) {
  const bool watched = c.barrier > 0;
  const double level = watched ? std::log(c.barrier) : 0;
  double alive = 1, own = 0;
  for (const Draw &d : draws) {
    const double from = x, variance = advance(c.model, s, d, !watched, &x, &v, &own);
    if (watched) {
      const double gap = (from - level) * (x - level);
      alive *= from > level && x > level ? -std::expm1(-2 * gap / (variance + 1e-300)) : 0;
    }
    x += d.jump_x;
    v += d.jump_v;
  }
  return {x, own, watched && x <= level ? 0 : alive};
}

// The quantities of a path, then its controls'.
using Row = double[QUANTITIES][1 + CONTROLS];

void evaluate(const Case &c, const Step &s, const std::vector<Draw> &draws, Row row) {
  const double h = 1e-4;
  auto numbers = [&](double x, double v, double *to) {
    const End end = follow(c, s, draws, x, v);
    if (c.barrier > 0) {
      const double spot = std::exp(end.x);
      to[0] = end.alive * std::fmax(spot - c.strike, 0);
      to[1] = spot;
      to[2] = std::fmax(spot - c.strike, 0);
      to[3] = std::fmax(c.barrier - spot, 0);
    } else { // the conditional law, and the forward alone for a control
      const double root = std::sqrt(end.own), forward = std::exp(end.x + 0.5 * end.own);
      const double d = (end.x - std::log(c.strike)) / root;
      to[0] = forward * normal_cdf(d + root) - c.strike * normal_cdf(d);
      to[1] = forward;
      to[2] = to[3] = 0;
    }
  };
  double up[1 + CONTROLS], down[1 + CONTROLS];
  numbers(0, c.model.v0, row[0]);
  numbers(h, c.model.v0, up);
  numbers(-h, c.model.v0, down);
  for (int k = 0; k <= CONTROLS; k++) {
    row[1][k] = (up[k] - down[k]) / (2 * h);
  }
  numbers(0, c.model.v0 + h, up);
  numbers(0, c.model.v0 - h, down);
  for (int k = 0; k <= CONTROLS; k++) {
    row[2][k] = (up[k] - down[k]) / (2 * h);
  }
}

void draw_path(const Model &m, double years, std::mt19937_64 *random, std::vector<Draw> *draws) {
  std::normal_distribution<double> normal;
  for (Draw &d : *draws) {
    d = {normal(*random), normal(*random), 0, 0};
    if (m.lambda > 0) {
      std::poisson_distribution<int> count(m.lambda * years);
      for (int n = count(*random); n > 0; n--) {
        const double z = std::exponential_distribution<double>(1 / m.mu_v)(*random);
        d.jump_v += z * -std::expm1(-m.kappa * years) / (m.kappa * years);
        d.jump_x += m.mu_j + m.rho_j * z + m.sigma_j * normal(*random);
      }
    }
  }
}

// Pairs of steps as one.
void halve(const std::vector<Draw> &fine, std::vector<Draw> *coarse) {
  for (size_t i = 0; i < coarse->size(); i++) {
    const Draw &a = fine[2 * i], &b = fine[2 * i + 1];
    const double root = std::sqrt(0.5);
    (*coarse)[i] = {root * (a.variance + b.variance), root * (a.price + b.price), a.jump_v + b.jump_v,
                    a.jump_x + b.jump_x};
  }
}

// Sums of a quantity and its controls over paths; its variance, and what a regression on the controls leaves.
struct Sums {
  double count = 0, mean[1 + CONTROLS] = {}, product[1 + CONTROLS][1 + CONTROLS] = {};
  void add(const double *x) {
    count++;
    double d[1 + CONTROLS];
    for (int i = 0; i <= CONTROLS; i++) {
      d[i] = x[i] - mean[i];
      mean[i] += d[i] / count;
    }
    for (int i = 0; i <= CONTROLS; i++) {
      for (int j = 0; j <= CONTROLS; j++) {
        product[i][j] += d[i] * (x[j] - mean[j]);
      }
    }
  }
  double variance() const { return product[0][0] / (count - 1); }
  double controlled() const {
    double p[1 + CONTROLS][1 + CONTROLS];
    std::memcpy(p, product, sizeof p);
    for (int k = CONTROLS; k > 0; k--) { // takes the controls out one by one
      if (p[k][k] > 1e-9 * product[k][k] && p[k][k] > 0) {
        const double pivot = p[k][k];
        double column[1 + CONTROLS];
        for (int i = 0; i <= CONTROLS; i++) {
          column[i] = p[i][k];
        }
        for (int i = 0; i <= CONTROLS; i++) {
          for (int j = 0; j <= CONTROLS; j++) {
            p[i][j] -= column[i] * column[j] / pivot;
          }
        }
      }
    }
    return p[0][0] / (count - 1);
  }
};

struct Level {
  double steps; // that a path costs
  Sums alone[QUANTITIES], difference[QUANTITIES];
};

void simulate(const Case &c, uint64_t paths, uint64_t seed, Level *levels) {
  std::mt19937_64 random(seed);
  for (int l = 0; l < LEVELS; l++) {
    const int count = COARSEST << l;
    const Step fine(c.model, 1.0 / count), coarse(c.model, 2.0 / count);
    std::vector<Draw> draws(count), halves(count / 2);
    levels[l].steps = l ? count + count / 2 : count;
    for (uint64_t p = 0; p < paths; p++) {
      draw_path(c.model, fine.years, &random, &draws);
      Row here, below = {};
      evaluate(c, fine, draws, here);
      if (l) {
        halve(draws, &halves);
        evaluate(c, coarse, halves, below);
      }
      for (int q = 0; q < QUANTITIES; q++) {
        levels[l].alone[q].add(here[q]);
        for (int k = 0; k <= CONTROLS; k++) {
          here[q][k] -= below[q][k];
        }
        levels[l].difference[q].add(here[q]);
      }
    }
  }
}

// The saving with levels from `lowest` on.
double saving(const Level *levels, int q, int lowest, bool controlled) {
  const Level &top = levels[LEVELS - 1];
  auto variance = [&](const Sums &s) { return controlled ? s.controlled() : s.variance(); };
  double root = std::sqrt(variance(levels[lowest].alone[q]) * (COARSEST << lowest));
  for (int l = lowest + 1; l < LEVELS; l++) {
    root += std::sqrt(variance(levels[l].difference[q]) * levels[l].steps);
  }
  return variance(top.alone[q]) * (COARSEST << (LEVELS - 1)) / (root * root);
}

double best_saving(const Level *levels, int q, bool controlled) {
  double best = 1; // the finest level alone
  for (int lowest = 0; lowest < LEVELS - 1; lowest++) {
    best = std::fmax(best, saving(levels, q, lowest, controlled));
  }
  return best;
}

} // namespace

int main(int argc, char **argv) {
  uint64_t paths = 20000;
  const char *out = nullptr;
  for (int i = 1; i < argc; i++) {
    if (std::strncmp(argv[i], "--paths=", 8) == 0) {
      paths = std::strtoull(argv[i] + 8, nullptr, 10);
    } else if (std::strncmp(argv[i], "--benchmark_out=", 16) == 0) {
      out = argv[i] + 16;
    }
  }
  std::string json;
  for (const Case &c : cases) {
    static const char *const names[QUANTITIES] = {"price", "delta", "d_v0"};
    std::vector<Level> levels(LEVELS);
    simulate(c, paths, 1, levels.data());
    std::printf("%s\n", c.name);
    for (int q = 0; q < QUANTITIES; q++) {
      const Sums &finest = levels[LEVELS - 1].alone[q];
      std::printf("  %-6s mean %.4g, variance %.3g, of differences", names[q], finest.mean[0],
                  finest.variance());
      for (int l = 1; l < LEVELS; l++) {
        std::printf(" %.2g", levels[l].difference[q].variance());
      }
      const double plain = best_saving(levels.data(), q, false), held = best_saving(levels.data(), q, true);
      std::printf("; saves at most %.2f, with controls on both sides %.2f\n", plain, held);
      char row[256];
      std::snprintf(
          row, sizeof row,
          "%s  {\"case\": \"%s\", \"quantity\": \"%s\", \"saving\": %.4g, \"saving_controlled\": %.4g}",
          json.empty() ? "" : ",\n", c.name, names[q], plain, held);
      json += row;
    }
  }
  if (out) {
    if (FILE *file = std::fopen(out, "w")) {
      std::fprintf(file, "{\"paths\": %llu, \"finest_steps\": %d, \"benchmarks\": [\n%s\n]}\n",
                   static_cast<unsigned long long>(paths), COARSEST << (LEVELS - 1), json.c_str());
      std::fclose(file);
    }
  }
  return 0;
}
