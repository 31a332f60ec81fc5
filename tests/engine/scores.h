// Judging z-scores of estimates against references, by groups: of one quantity, of a payoff's quantity, ...
#ifndef QS_TESTS_ENGINE_SCORES_H
#define QS_TESTS_ENGINE_SCORES_H

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

// P(|T| > t) of Student's t: with T = sqrt(freedom) tan(angle) the density is a power of the cosine. Simpson.
inline double student_tail(double t, double freedom) {
  if (freedom > 1e6) {
    return std::erfc(t / std::sqrt(2.0));
  }
  const double from = std::atan(t / std::sqrt(freedom)), pi = std::acos(-1.0);
  const int parts = 2000;
  const double h = (pi / 2 - from) / parts;
  double sum = 0;
  for (int i = 0; i <= parts; i++) {
    const double weight = i == 0 || i == parts ? 1 : i % 2 ? 4 : 2;
    sum += weight * std::pow(std::fmax(std::cos(from + i * h), 0.0), freedom - 1);
  }
  return 2 * sum * h / 3 * std::exp(std::lgamma((freedom + 1) / 2) - std::lgamma(freedom / 2)) /
         std::sqrt(pi);
}

// Where that probability is p, by bisection.
inline double student_limit(double p, double freedom) {
  double low = 0, high = 40;
  for (int i = 0; i < 200; i++) {
    double middle = (low + high) / 2;
    (student_tail(middle, freedom) > p ? low : high) = middle;
  }
  return high;
}

// Scores by the group they belong to. What is scored again under other seeds is an item of its group: its
// reference is the same each time, and so is the reference's error, the part `shared` of the score's
// variance. With r_i that part of item i, n_i its scores and n all of them, of variance one each and near
// normal,
//   Var(mean) = sum n_i (1 + (n_i - 1) r_i) / n^2
//   Var(deviation) = sum n_i (k - 1 + 2 (n_i - 1) r_i^2) / (2 n)^2     (k the fourth moment; the square of a
// score has covariance 2 r_i^2 with that of another), and the squared deviation from the mean is 1 -
// Var(mean) in the mean. Without items these are 1 / n and (k - 1) / 4n.
class Scores {
public:
  void add(const std::string &group, double z, const std::string &item = "", double shared = 0) {
    Group &to = by_group[group];
    to.scores.push_back(z);
    Item &of = to.items[item.empty() ? std::to_string(to.scores.size()) : item];
    of.count++;
    of.shared += (shared - of.shared) / of.count;
  }

  // Holds every group to its limits. All: |mean| <= 0.08 and standard deviation within 1 +- 0.05, or `errors`
  // standard errors where a group is too small to tell that. A sample: `errors` standard errors of its own
  // mean and deviation. The maximum: Bonferroni's limit at 1% for all scores together. `freedom`: what the
  // errors have at least, of Student's t; `widened`: the errors are such that the scores' deviation is one
  // all the same, and a deviation's error is by Student's fourth moment.
  void judge(bool all, double freedom = 1e9, double errors = 3, bool widened = false) const {
    const double deviation = std::sqrt(freedom / (freedom - 2)), spread = widened ? 1 : deviation;
    const double fourth = widened ? 3 + 6 / (freedom - 4) : 3;
    size_t total = 0;
    for (auto &group : by_group) {
      total += group.second.scores.size();
    }
    const double limit = student_limit(0.01 / double(total), freedom) / (widened ? deviation : 1);
    std::printf("%-28s %7s %8s %8s %8s   (limit of the maximum %.2f)\n", "of", "n", "mean", "std dev", "max",
                limit);
    for (auto &group : by_group) {
      judge_group(group.first, group.second, {all, spread, limit, errors, fourth});
    }
  }

  // How many standard errors a mean or a deviation of any of the groups passes once in a hundred times.
  double errors_of_groups() const { return student_limit(0.01 / (2 * double(by_group.size())), 1e9); }

private:
  struct Item {
    double count = 0, shared = 0;
  };
  struct Group {
    std::vector<double> scores;
    std::map<std::string, Item> items;
  };
  struct Limits {
    bool all;
    double spread, maximum, errors, fourth;
  };

  // Variances of a group's mean and deviation, of scores of variance one.
  static void variances(const Group &group, double fourth, double *of_mean, double *of_deviation) {
    double mean = 0, deviation = 0;
    for (auto &named : group.items) {
      const Item &item = named.second;
      mean += item.count * (1 + (item.count - 1) * item.shared);
      deviation += item.count * (fourth - 1 + 2 * (item.count - 1) * item.shared * item.shared);
    }
    const double n = double(group.scores.size());
    *of_mean = mean / (n * n);
    *of_deviation = deviation / (4 * n * n);
  }

  static void judge_group(const std::string &name, const Group &group, const Limits &limits) {
    const double n = double(group.scores.size());
    double mean = 0, square = 0, worst = 0, of_mean, of_deviation;
    for (double z : group.scores) {
      mean += z / n;
      worst = std::max(worst, std::fabs(z));
    }
    for (double z : group.scores) {
      square += (z - mean) * (z - mean) / n;
    }
    variances(group, limits.fourth, &of_mean, &of_deviation);
    const double mean_error = limits.errors * std::sqrt(of_mean);
    const double deviation_error = limits.errors * std::sqrt(of_deviation);
    const double deviation = std::sqrt(square / std::max(1 - of_mean, 1e-9));
    std::printf("%-28s %7.0f %8.3f %8.3f %8.2f\n", name.c_str(), n, mean, deviation, worst);
    EXPECT_LE(std::fabs(mean), limits.all ? std::max(0.08, mean_error) : mean_error) << name;
    EXPECT_LE(worst, limits.maximum) << name;
    if (8 * of_deviation <= (limits.fourth - 1) / 4) { // that of fewer than eight is not near normal
      EXPECT_LE(std::fabs(deviation / limits.spread - 1),
                limits.all ? std::max(0.05, deviation_error) : deviation_error)
          << name;
    }
  }

  std::map<std::string, Group> by_group;
};

#endif
