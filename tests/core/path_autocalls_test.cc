// Autocallable notes under gbm against iterated quadrature over their states.
#include "tests/core/path_references.h"

namespace {

using namespace paths;

// A note over n equally spaced dates, its levels per F_T.
struct Note {
  std::vector<double> calls; // levels
  double coupon_level, coupon, redemption, in, slope;
  int watched; // as level[4]
  int owed;    // as level[5]
  std::vector<double> weights;

  Exotic exotic() const {
    std::vector<double> policy;
    for (double c : calls) {
      policy.push_back(c > 0 && c < kNone ? std::log(c) : c > 0 ? 1e4 : -1e4);
      policy.push_back(coupon_level > 0 ? std::log(coupon_level) : -1e4);
    }
    return {QS_PATH_AUTOCALL,
            1,
            all_dates(uint32_t(calls.size())),
            weights,
            {redemption, coupon, in, slope, double(watched), double(owed)},
            nullptr,
            policy};
  }
};

// The integral of f from a to b, split at `kinks` into pieces of at most `piece`, by Gauss and Legendre.
struct Nodes {
  std::vector<double> x, w;
};

Nodes nodes_between(double a, double b, std::vector<double> kinks, double piece) {
  static const double at[] = {0.1488743389816312, 0.4333953941292472, 0.6794095682990244, 0.8650633666889845,
                              0.9739065285171717};
  static const double by[] = {0.2955242247147529, 0.2692667193099963, 0.2190863625159820, 0.1494513491505806,
                              0.0666713443086881};
  kinks.push_back(a), kinks.push_back(b);
  std::sort(kinks.begin(), kinks.end());
  Nodes r;
  for (size_t k = 0; k + 1 < kinks.size(); k++) {
    const double from = std::max(a, kinks[k]), to = std::min(b, kinks[k + 1]);
    if (!(to > from))
      continue;
    const int parts = 1 + int((to - from) / piece);
    for (int i = 0; i < parts; i++) {
      const double half = (to - from) / parts / 2, centre = from + (2 * i + 1) * half;
      for (int j = 0; j < 5; j++)
        for (double side : {-1.0, 1.0})
          r.x.push_back(centre + side * half * at[j]), r.w.push_back(half * by[j]);
    }
  }
  return r;
}

// The value at the start, ln S / F_T = start, of what follows, backwards over the states after each date: ln
// S, coupons owed, knocked in or not. Between dates ln S moves by Normal(drift - variance / 2, variance).
double value(const Note &note, double start, double drift, double variance) {
  const size_t n = note.calls.size(), most = n + size_t(std::max(0, note.owed));
  const bool memory = note.owed >= 0;
  const double root = std::sqrt(variance), reach = 9 * root * std::sqrt(double(n));
  const auto log_of = [](double level) { return level > 0 && level < kNone ? std::log(level) : 99.0; };
  // after[in][owed](x): what is still to come at a date, once it was not called there.
  Nodes here{{start}, {1}};
  std::vector<Nodes> at(n + 1);
  at[0] = here;
  for (size_t d = 1; d <= n; d++)
    at[d] = nodes_between(start - reach, start + reach,
                          {log_of(note.calls[d - 1]), log_of(note.coupon_level), log_of(note.in),
                           log_of(note.redemption / note.slope)},
                          0.4 * root);
  std::vector<std::vector<double>> after(2 * (most + 2)), before;
  for (auto &a : after)
    a.assign(at[n].x.size(), 0.0);
  for (size_t d = n; d > 0; d--) {
    // What state (in, owed) is paid at date d, by its node.
    const Nodes &to = at[d], &from = at[d - 1];
    before.assign(2 * (most + 2), {});
    std::vector<std::vector<double>> pays_in(2 * (most + 1), std::vector<double>(to.x.size()));
    for (size_t in = 0; in < 2; in++)
      for (size_t owed = 0; owed <= most; owed++)
        for (size_t k = 0; k < to.x.size(); k++) {
          const double s = std::exp(to.x[k]), w = note.weights[d - 1];
          const bool now_in = in || note.watched == 2 || ((note.watched == 1 || d == n) && s < note.in);
          const bool pays = s >= note.coupon_level, called = s >= note.calls[d - 1];
          const size_t left = pays || !memory ? 0 : owed + 1;
          double sum = pays ? w * note.coupon * (memory ? double(owed) + 1 : 1) : 0;
          if (called || d == n)
            sum += w * note.redemption;
          if (!called && d == n && now_in)
            sum -= w * std::max(0.0, note.redemption - note.slope * s);
          if (!called && d < n && left <= most)
            sum += after[now_in * (most + 2) + left][k];
          pays_in[in * (most + 1) + owed][k] = sum;
        }
    for (auto &b : before)
      b.assign(from.x.size(), 0.0);
    for (size_t x = 0; x < from.x.size(); x++)
      for (size_t k = 0; k < to.x.size(); k++) {
        const double p = to.w[k] * density(to.x[k] - from.x[x] - drift + variance / 2, variance);
        if (p > 1e-25)
          for (size_t in = 0; in < 2; in++)
            for (size_t owed = 0; owed <= most; owed++)
              before[in * (most + 2) + owed][x] += p * pays_in[in * (most + 1) + owed][k];
      }
    after.swap(before);
  }
  return after[size_t(std::max(0, note.owed))][0];
}

std::vector<Note> notes() {
  const std::vector<double> w = {1.03, 1.02, 1.01, 1}, falling = {1.15, 1.08, 1, .9};
  return {{falling, .8, .03, 1, .75, 1 / .95, 1, 0, w},
          {falling, .8, .03, 1, .75, 1 / .95, 0, 0, w},
          {falling, .9, .05, 1.02, .85, 1, 1, 2, w},
          {falling, .9, .05, 1, .85, 1, 2, -1, w},
          {{kNone, 1.05, 1.05, 1.05}, 1.05, .04, 1, .7, 1.1, 0, 1, w},
          {{1.05, 1.05, 1.05, 1.05}, 0, .02, .9, 0, 1, 1, -1, w},
          {{1, 1, 1, .6}, .95, 0, 1, .8, 1, 1, -1, w}};
}

void check(double years, double sigma, double carry, const std::vector<Note> &list, const std::string &what) {
  Device device;
  const int n = int(list[0].calls.size());
  PathValuation run(typical(QS_MODEL_GBM), years, 2 * n, n, {});
  run.model.value[QS_SIGMA] = sigma;
  for (const Note &note : list)
    run.exotics.push_back(note.exotic());
  run.carry = carry;
  run.unit.path_count = 1 << 16;
  run.unit.precision = QS_PRECISION_DOUBLE;
  run.unit.greeks = true;
  run.value(device);
  for (uint32_t i = 0; i < list.size(); i++) {
    const auto at = [&](double shift, double vol, double rate) {
      return value(list[i], shift - carry * years, rate * years / n, vol * vol * years / n);
    };
    const std::string name = what + " note " + std::to_string(i);
    const double h = 0.02 * sigma * std::sqrt(years), mid = at(0, sigma, carry);
    const auto slope = [&](double a, double b, double by) { return (a - b) / (2 * by); };
    // Differences of two widths, extrapolated: off by the fourth power of the width.
    const auto first = [&](double s) { return slope(at(s, sigma, carry), at(-s, sigma, carry), s); };
    const auto second = [&](double s) {
      return (at(s, sigma, carry) + at(-s, sigma, carry) - 2 * mid) / (s * s);
    };
    const double delta = (4 * first(h) - first(2 * h)) / 3, curve = (4 * second(h) - second(2 * h)) / 3;
    expect_within(run.estimate(i, QS_PATH_PRICE), mid, name);
    expect_within(run.estimate(i, QS_PATH_DELTA), delta, name + " delta");
    expect_within(run.estimate(i, QS_PATH_GAMMA), curve - delta, name + " gamma");
    expect_within(run.estimate(i, QS_PATH_CARRY),
                  slope(at(0, sigma, carry + 1e-3), at(0, sigma, carry - 1e-3), 1e-3), name + " carry");
    expect_within(run.estimate(i, QS_PATH_PARAMETERS),
                  slope(at(0, sigma * 1.001, carry), at(0, sigma * .999, carry), .001 * sigma),
                  name + " sigma");
  }
}

TEST(PathAutocalls, UnderGbmAreIteratedQuadrature) {
  check(1, 0.4, 0.05, notes(), "a year,");
}

TEST(PathAutocalls, AreRebatesAndBarriers) {
  // Without coupons: a rebate at the hit of one level, one for never hitting it, and a put that it knocks
  // out, under every law; on the same paths, so to rounding.
  Device device;
  const uint32_t n = 6;
  const double level = 1.1, redemption = 0.98, slope = 1.02;
  const std::vector<double> w = {1.05, 1.04, 1.03, 1.02, 1.01, 1}, one(n, 1.0);
  const Note note = {std::vector<double>(n, level), 0, 0, redemption, 0, slope, 2, -1, w};
  const auto all = all_dates(n);
  for (qs_model_type type : kTypes) {
    PathValuation run(typical(type), 0.5, 24, int(n),
                      {note.exotic(),
                       {QS_PATH_BARRIER, 1, all, w, {1e3, 0, level, redemption, 0, 1}},
                       {QS_PATH_BARRIER, 1, all, one, {1e3, 0, level, redemption, 1}},
                       {QS_PATH_BARRIER, -1, all, one, {redemption / slope, 0, level, 0}}});
    run.carry = 0.05;
    run.unit.path_count = 1 << 13;
    run.unit.precision = QS_PRECISION_DOUBLE;
    run.unit.greeks = true;
    run.value(device);
    for (uint32_t q = 0; q < run.quantities(); q++) {
      const double sum =
          run.estimate(1, q).value + run.estimate(2, q).value - slope * run.estimate(3, q).value;
      const Estimate e = run.estimate(0, q);
      // Gamma's control is another.
      EXPECT_NEAR(e.value, sum,
                  q == QS_PATH_GAMMA ? kDeviations * (e.error + run.estimate(1, q).error) : 1e-11)
          << qs_model_name(type) << " " << q;
    }
  }
}

TEST(PathAutocalls, NearTheLastDates) {
  // A day to the last but one date, the price between the levels.
  const std::vector<double> w = {1.0001, 1};
  const std::vector<double> calls = {1.01, 1.005};
  check(2.0 / 365, 0.5, 0.05,
        {{calls, .99, .05, 1, .98, 1, 1, 3, w}, {calls, 1.005, .05, 1, .97, 1, 0, 0, w}}, "two days,");
  check(1.0 / 365, 0.5, 0.05,
        {{{1.01}, .99, .05, 1, .98, 1, 1, 3, {1}}, {{.99}, .97, .05, 1, .995, 1, 0, -1, {1}}}, "a day,");
}

} // namespace
