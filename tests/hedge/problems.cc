#include "tests/hedge/problems.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "host/base/arena.h"

namespace hedge_test {

uint64_t Random::bits() {
  uint64_t z = (state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

double Random::uniform() {
  return (static_cast<double>(bits() >> 12) + 0.5) / 4503599627370496.0;
}

double Random::normal() {
  return std::sqrt(-2 * std::log(uniform())) * std::cos(6.283185307179586 * uniform());
}

double Random::log_uniform(double low, double high) {
  return std::exp(uniform(std::log(low), std::log(high)));
}

Problem::Problem(size_t n)
    : count(n), covariance(n * n), cross(n), linear(n), impact(n), funding(n), lower(n, -infinity),
      upper(n, infinity), position(n) {}

void Problem::from_samples(const std::vector<double> &samples, size_t sample_count) {
  const size_t width = count + 1;
  std::vector<long double> mean(width), moment(width * width);
  for (size_t s = 0; s < sample_count; s++) {
    for (size_t i = 0; i < width; i++) {
      mean[i] += samples[s * width + i] / static_cast<long double>(sample_count);
    }
  }
  for (size_t s = 0; s < sample_count; s++) {
    for (size_t i = 0; i < width; i++) {
      for (size_t j = 0; j < width; j++) {
        moment[i * width + j] += (samples[s * width + i] - mean[i]) * (samples[s * width + j] - mean[j]) /
                                 static_cast<long double>(sample_count - 1);
      }
    }
  }
  for (size_t i = 0; i < count; i++) {
    for (size_t j = 0; j < count; j++) {
      covariance[i * count + j] = static_cast<double>(moment[i * width + j]);
    }
    cross[i] = static_cast<double>(moment[i * width + count]);
  }
  constant = static_cast<double>(moment[count * width + count]);
}

qs_hedge_problem Problem::view() {
  row_views.clear();
  gross_views.clear();
  for (const Row &row : rows) {
    row_views.push_back({row.coefficients.data(), row.offset, row.lower, row.upper});
  }
  for (const Gross &g : gross) {
    gross_views.push_back({g.up.data(), g.down.data(), g.base, g.limit});
  }
  qs_hedge_problem problem = {};
  problem.count = count;
  problem.covariance = covariance.data();
  problem.cross = cross.data();
  problem.constant = constant;
  problem.linear = linear.data();
  problem.impact = impact.data();
  problem.funding = funding.data();
  problem.lower = lower.data();
  problem.upper = upper.data();
  problem.position = position.data();
  problem.rows = row_views.data();
  problem.row_count = row_views.size();
  problem.gross = gross_views.data();
  problem.gross_count = gross_views.size();
  return problem;
}

Problem Problem::permuted(const std::vector<size_t> &order) const {
  Problem out(order.size());
  out.constant = constant;
  out.rows = rows;
  out.gross = gross;
  for (Row &row : out.rows) {
    row.coefficients.resize(order.size());
  }
  for (Gross &g : out.gross) {
    g.up.resize(order.size());
    g.down.resize(order.size());
  }
  for (size_t i = 0; i < order.size(); i++) {
    const size_t o = order[i];
    out.cross[i] = cross[o];
    out.linear[i] = linear[o];
    out.impact[i] = impact[o];
    out.funding[i] = funding[o];
    out.lower[i] = lower[o];
    out.upper[i] = upper[o];
    out.position[i] = position[o];
    for (size_t j = 0; j < order.size(); j++) {
      out.covariance[i * order.size() + j] = covariance[o * count + order[j]];
    }
    for (size_t k = 0; k < rows.size(); k++) {
      out.rows[k].coefficients[i] = rows[k].coefficients[o];
    }
    for (size_t k = 0; k < gross.size(); k++) {
      out.gross[k].up[i] = gross[k].up[o];
      out.gross[k].down[i] = gross[k].down[o];
    }
  }
  return out;
}

Problem Problem::first(size_t n) const {
  std::vector<size_t> order(n);
  for (size_t i = 0; i < n; i++) {
    order[i] = i;
  }
  return permuted(order);
}

double Problem::objective(const std::vector<double> &x) const {
  long double total = constant;
  for (size_t i = 0; i < count; i++) {
    long double slope = 2.0L * cross[i] + funding[i];
    for (size_t j = 0; j < count; j++) {
      slope += static_cast<long double>(covariance[i * count + j]) * x[j];
    }
    const long double size = std::fabs(static_cast<long double>(x[i]));
    total += slope * x[i] + linear[i] * size + impact[i] * size * std::sqrt(size);
  }
  return static_cast<double>(total);
}

static double held_term(const Gross &g, size_t i, double held) {
  return held > 0 ? g.up[i] * held : -g.down[i] * held;
}

bool Problem::feasible(const std::vector<double> &x, double tolerance) const {
  for (size_t i = 0; i < count; i++) {
    const double room = tolerance * std::fabs(x[i]);
    if (x[i] < lower[i] - room || x[i] > upper[i] + room) {
      return false;
    }
  }
  for (const Row &row : rows) {
    double value = row.offset, size = std::fabs(row.offset);
    for (size_t i = 0; i < count; i++) {
      value += row.coefficients[i] * x[i];
      size += std::fabs(row.coefficients[i] * x[i]);
    }
    if (value < row.lower - tolerance * size || value > row.upper + tolerance * size) {
      return false;
    }
  }
  for (const Gross &g : gross) {
    double value = g.base;
    for (size_t i = 0; i < count; i++) {
      value += held_term(g, i, position[i] + x[i]);
    }
    if (value > g.limit + tolerance * std::fabs(value)) {
      return false;
    }
  }
  return true;
}

Solution solve(Problem &problem, const Solution *start) {
  Solution out;
  qs_context context;
  qs_context_init(&context);
  qs_arena *arena = qs_arena_create(&context);
  const qs_hedge_problem view = problem.view();
  qs_hedge_solution *solution = nullptr, from = {};
  if (start) {
    Solution copy = *start;
    from.outcome = start->outcome;
    from.x = copy.x.data();
    from.trade_multiplier = copy.trade_multiplier.data();
    from.row_multiplier = copy.row_multiplier.data();
    from.gross_multiplier = copy.gross_multiplier.data();
    out.status = qs_hedge_optimise(&context, arena, &view, &from, &solution);
  } else {
    out.status = qs_hedge_optimise(&context, arena, &view, nullptr, &solution);
  }
  if (!out.status) {
    out.outcome = solution->outcome;
    out.x.assign(solution->x, solution->x + problem.count);
    out.trade_multiplier.assign(solution->trade_multiplier, solution->trade_multiplier + problem.count);
    out.row_multiplier.assign(solution->row_multiplier, solution->row_multiplier + problem.rows.size());
    out.gross_multiplier.assign(solution->gross_multiplier,
                                solution->gross_multiplier + problem.gross.size());
    out.objective = solution->objective;
    out.kkt = solution->kkt;
    out.iterations = solution->iterations;
    out.conflicts.assign(solution->conflicts, solution->conflicts + solution->conflict_count);
    out.why = solution->why ? solution->why : "";
  } else {
    out.why = context.message;
  }
  qs_arena_destroy(arena);
  return out;
}

namespace {

// Draws the parts of a random problem in turn.
struct Maker {
  Random &random;
  Problem p;
  std::vector<double> unit, natural,
      point; // quantity with a P&L of 1; with the P&L to be hedged; meets every limit

  Maker(Random &source, size_t n) : random(source), p(n), unit(n + 1), natural(n), point(n) {}
  void samples(bool degenerate);
  void costs();
  void trades();
  void row();
  void gross();
};

void Maker::samples(bool degenerate) {
  const size_t n = p.count, factors = 1 + random.below(n + 3), count = n + 2 + random.below(3 * n + 5);
  std::vector<double> loadings((n + 1) * factors), own(n + 1), data((n + 1) * count);
  std::vector<size_t> copied(n + 1);
  for (size_t i = 0; i <= n; i++) {
    unit[i] = random.log_uniform(1e-6, 1e8);
    own[i] = random.log_uniform(1e-4, 1);
    copied[i] = degenerate && i < n && random.chance(0.3) ? random.below(i + 1) : i;
    const double size = degenerate && i < n && random.chance(0.2) ? 0 : 1; // no P&L at all
    own[i] *= size;
    for (size_t f = 0; f < factors; f++) {
      loadings[i * factors + f] = size * random.normal() / static_cast<double>(f + 1);
    }
  }
  const double book = random.log_uniform(1, 1e8);
  unit[n] = 1 / book;
  for (size_t s = 0; s < count; s++) {
    std::vector<double> factor(factors), pnl(n + 1);
    for (double &f : factor) {
      f = random.normal();
    }
    for (size_t i = 0; i <= n; i++) {
      pnl[i] = own[i] * random.normal();
      for (size_t f = 0; f < factors; f++) {
        pnl[i] += loadings[i * factors + f] * factor[f];
      }
      pnl[i] = pnl[copied[i]];
      data[s * (n + 1) + i] = pnl[i] / unit[i];
    }
  }
  p.from_samples(data, count);
  for (size_t i = 0; i < n; i++) {
    const double variance = p.covariance[i * n + i];
    natural[i] = variance > 0 && p.constant > 0 ? std::sqrt(p.constant / variance) : unit[i] * book;
  }
}

void Maker::costs() {
  for (size_t i = 0; i < p.count; i++) {
    // In units of what the instrument alone can gain.
    const double slope = 2 * (p.constant > 0 ? p.constant : 1) / natural[i];
    p.linear[i] = random.chance(0.7) ? slope * random.log_uniform(1e-4, 2) : 0;
    p.impact[i] = random.chance(0.5) ? slope / std::sqrt(natural[i]) * random.log_uniform(1e-4, 100) : 0;
    p.funding[i] = random.chance(0.2) ? p.linear[i] * random.uniform(-0.9, 0.9) : 0;
  }
}

void Maker::trades() {
  for (size_t i = 0; i < p.count; i++) {
    p.position[i] = random.chance(0.5) ? natural[i] * random.normal() : 0;
    point[i] = random.chance(0.5) ? 0.3 * natural[i] * random.normal() : 0;
    if (random.chance(0.4)) {
      p.lower[i] = std::min(0.0, point[i]) - natural[i] * random.log_uniform(1e-3, 2);
      p.upper[i] = std::max(0.0, point[i]) + natural[i] * random.log_uniform(1e-3, 2);
    }
    if (random.chance(0.05)) {
      p.lower[i] = p.upper[i] = point[i];
    }
  }
}

void Maker::row() {
  Row row;
  row.coefficients.resize(p.count);
  const double scale = random.log_uniform(1e-6, 1e6);
  double value = 0, size = 0;
  for (size_t i = 0; i < p.count; i++) {
    row.coefficients[i] = random.chance(0.8) ? scale * random.normal() / natural[i] : 0;
    value += row.coefficients[i] * point[i];
    size += std::fabs(row.coefficients[i] * natural[i]);
  }
  row.offset = size * random.normal();
  value += row.offset;
  if (random.chance(0.3) && value != row.offset) {
    row.lower = row.upper = value;
  } else {
    row.lower = random.chance(0.7) ? value - size * random.log_uniform(1e-3, 1) : -infinity;
    row.upper =
        std::isinf(row.lower) || random.chance(0.5) ? value + size * random.log_uniform(1e-3, 1) : infinity;
  }
  p.rows.push_back(row);
}

void Maker::gross() {
  Gross g;
  g.up.resize(p.count);
  g.down.resize(p.count);
  double value = 0;
  for (size_t i = 0; i < p.count; i++) {
    g.up[i] = random.chance(0.7) ? random.uniform() / natural[i] : 0;
    g.down[i] = random.chance(0.5) ? g.up[i] : random.uniform() / natural[i];
    value += held_term(g, i, p.position[i] + point[i]);
  }
  g.base = random.uniform();
  g.limit = (g.base + value) * (1 + random.log_uniform(1e-3, 1));
  p.gross.push_back(g);
}

} // namespace

Problem random_problem(Random &random, size_t n, bool degenerate) {
  Maker maker(random, n);
  maker.samples(degenerate);
  maker.costs();
  maker.trades();
  for (size_t k = random.below(4); k-- > 0;) {
    maker.row();
  }
  for (size_t k = random.below(3); k-- > 0;) {
    maker.gross();
  }
  return maker.p;
}

// min over v in [low, high] of slope v + linear |v| + impact |v|^1.5 + sum_k weight_k (up (p+v)+ + down
// (-p-v)+): convex, so at an end, at a kink or where the derivative vanishes between two of them.
static long double least_on_line(const Problem &p, const Solution &s, size_t i, long double slope,
                                 long double low, long double high) {
  auto value = [&](long double v) {
    const long double size = std::fabs(v), held = p.position[i] + v;
    long double total = slope * v + p.linear[i] * size + p.impact[i] * size * std::sqrt(size);
    for (size_t k = 0; k < p.gross.size(); k++) {
      const long double weight = std::max(0.0, s.gross_multiplier[k]);
      total += weight * (held > 0 ? p.gross[k].up[i] * held : -p.gross[k].down[i] * held);
    }
    return total;
  };
  std::vector<long double> places = {low, high};
  for (long double kink : {0.0L, -static_cast<long double>(p.position[i])}) {
    if (kink > low && kink < high) {
      places.push_back(kink);
    }
  }
  std::sort(places.begin(), places.end());
  const size_t pieces = places.size() - 1;
  for (size_t piece = 0; piece < pieces; piece++) {
    const long double middle = (places[piece] + places[piece + 1]) / 2;
    const long double sign = middle < 0 ? -1 : 1, held = p.position[i] + middle;
    long double flat = slope + sign * p.linear[i];
    for (size_t k = 0; k < p.gross.size(); k++) {
      const long double weight = std::max(0.0, s.gross_multiplier[k]);
      flat += weight * (held > 0 ? p.gross[k].up[i] : -p.gross[k].down[i]);
    }
    if (p.impact[i] > 0 && flat * sign < 0) { // flat + sign 1.5 impact sqrt(|v|) = 0
      const long double root = -flat * sign / (1.5L * p.impact[i]);
      places.push_back(std::clamp(sign * root * root, places[piece], places[piece + 1]));
    }
  }
  long double least = value(places[0]);
  for (long double place : places) {
    least = std::min(least, value(place));
  }
  return least;
}

long double dual_bound(const Problem &p, const Solution &s) {
  long double total = p.constant;
  for (size_t k = 0; k < p.rows.size(); k++) {
    const long double multiplier = s.row_multiplier[k];
    if (multiplier == 0) {
      continue; // the bound may be infinite
    }
    total += multiplier * (p.rows[k].offset - (multiplier > 0 ? p.rows[k].upper : p.rows[k].lower));
  }
  for (size_t k = 0; k < p.gross.size(); k++) {
    total +=
        static_cast<long double>(std::max(0.0, s.gross_multiplier[k])) * (p.gross[k].base - p.gross[k].limit);
  }
  for (size_t i = 0; i < p.count; i++) {
    long double tangent = 0;
    for (size_t j = 0; j < p.count; j++) {
      tangent += static_cast<long double>(p.covariance[i * p.count + j]) * s.x[j];
    }
    total -= tangent * s.x[i];
    long double slope = 2 * tangent + 2.0L * p.cross[i] + p.funding[i];
    for (size_t k = 0; k < p.rows.size(); k++) {
      slope += static_cast<long double>(s.row_multiplier[k]) * p.rows[k].coefficients[i];
    }
    const long double reach = 10 * (std::fabs(s.x[i]) + std::fabs(p.position[i]));
    total += least_on_line(p, s, i, slope, std::max<long double>(p.lower[i], -reach),
                           std::min<long double>(p.upper[i], reach));
  }
  return total;
}

} // namespace hedge_test
