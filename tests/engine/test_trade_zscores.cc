// z-scores of trades' prices and Greeks against references that know nothing of this engine
// (tests/reference/trades, whose README names the methods): every payoff, model and Greek, near strikes and
// barriers and one day before expiry, linear and coin-settled, from configs at default settings.
//
// A sample runs always; all contracts, at 2^16 paths, with QS_TEST_ALL set, and then each under as many seeds
// as it takes for its rarest quantity's group, a payoff's Greek, to have 3,200 scores, at most 48. A score is
// (estimate - reference) / sqrt(std_error^2 + reference's error^2). Limits: scores.h; the hundreds of groups
// by payoff and Greek are held to as many standard errors as one of them passes once in a hundred times.
// Numbers that the results call untrusted, since few paths carry them, have no score: at most 1% may be so,
// or 5% of the sample, which has 8,192 paths.
// Early exercise has groups of its own: what holds its price or time of exercise has errors of eight groups,
// Student's of seven degrees of freedom; its other Greeks have those of the batches, as all have.
// QS_TRADES=TEXT runs those whose id contains TEXT, QS_SEEDS=N under at most N seeds.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "host/engine/early.h"
#include "tests/engine/scores.h"
#include "tests/engine/trade_rows.h"
#include "tests/full_sample.h"

namespace {

const size_t kAtOnce = 64, kScores = 3200, kMostSeeds = 48;
const double kEarlyFreedom = QS_EARLY_GROUPS - 1;

// A whole number in the environment, or what stands for it.
size_t setting(const char *name, size_t otherwise) {
  const char *text = std::getenv(name);
  return text ? size_t(std::strtoul(text, nullptr, 10)) : otherwise;
}

std::string kind_of(const std::string &quantity) {
  return quantity.substr(0, quantity.find('/'));
}

struct Collected {
  Scores by_greek, by_payoff, early, early_grouped; // early exercise, by payoff and Greek
  double worst_exact = 0; // error of estimators without variance, of the trade's size
  size_t numbers = 0, untrusted = 0;
};

// What single precision is measured by: a price, or 1 where the payoff is no part of one; over the spot for
// its first derivative to that, over its square for the second.
double unit_of(const TradeRow &row, const std::string &quantity) {
  const bool pure = row.payoff == "cliquet" || row.payoff == "variance_swap" ||
                    row.payoff == "volatility_swap" || row.payoff == "autocallable";
  const json_t *first = json_array_get(json_object_get(row.json.get(), "underlyings"), 0);
  const double spot = json_number_value(json_object_get(first, "spot")), unit = pure ? 1 : spot;
  const std::string kind = kind_of(quantity);
  const bool second = kind == "gamma" || kind == "cross_gamma";
  return kind == "delta" || kind == "net_delta" ? unit / spot : second ? unit / (spot * spot) : unit;
}

// By how much more than its value a pool's levels are rounded: a narrow range is their difference.
double magnified(const TradeRow &row) {
  const json_t *trade = json_object_get(row.json.get(), "trade");
  const double low = json_number_value(json_object_get(trade, "lower")),
               high = json_number_value(json_object_get(trade, "upper"));
  return row.payoff == "pool" && low > 0 && high > low ? std::max(1.0, 0.5 / std::log(high / low)) : 1;
}

// Theta is the difference of two that are rounded each.
double places(const std::string &quantity) {
  return kind_of(quantity) == "theta" ? std::sqrt(2.0) : 1;
}

// An estimator without variance, or with an error that is mostly rounding. Values of the unit's size, or of
// their own, are each right to about a place of single precision, 2^-23, and their mean is no better, since
// what is rounded once (levels, strikes, exp) is wrong in the same direction on all paths and under all
// seeds: a score would be the same again and again.
bool is_exact(const TradeRow &row, const std::string &quantity, const Number &estimate,
              const Number &expected) {
  const double rounding = 0x1p-23 * places(quantity);
  const double size = std::max(unit_of(row, quantity), magnified(row) * std::fabs(expected.value));
  return estimate.error <= 1.25 * rounding * size;
}

// It must be right to what single precision leaves of it: prices to 5e-7 of the spot, theta, the difference
// of two, to sqrt(2) times that, gammas, which a conditional law a day before expiry magnifies, to 3e-5; or
// to five of its own errors, where what little was sampled is more than that.
void add_exact(const TradeRow &row, const std::string &quantity, const Number &estimate,
               const Number &expected, Collected *to) {
  const bool second = kind_of(quantity) == "gamma" || kind_of(quantity) == "cross_gamma";
  const double unit = unit_of(row, quantity), limit = second ? 3e-5 : 1e-5 * places(quantity);
  const double size = std::fabs(expected.value) + (second ? 1 : 0.05) * unit;
  const double error = std::max(0.0, std::fabs(estimate.value - expected.value) - 5 * expected.error);
  to->worst_exact = std::max(to->worst_exact, error / size);
  EXPECT_LE(error, std::max(limit * size, 5 * estimate.error))
      << row.id << ": " << quantity << " " << estimate.value << " +- " << estimate.error << ", expected "
      << expected.value;
}

// Whether a number of early exercise holds its price or the time of exercise (host/engine/greeks.h).
bool has_groups(const std::string &kind) {
  return kind == "price" || kind == "theta" || kind == "d_rate" || kind == "d_carry" || kind == "net_delta";
}

void add_row(const TradeAnswers &answers, const TradeRow &row, Collected *to) {
  EXPECT_EQ(answers.trusted(row), answers.all_trusted(row)) << row.id;
  for (auto &wanted : row.reference) {
    Number estimate;
    if (!answers.find(row, wanted.first, &estimate)) {
      ADD_FAILURE() << row.id << ": the results have no " << wanted.first;
      continue;
    }
    to->numbers++;
    if (!estimate.trusted) {
      to->untrusted++;
      continue;
    }
    if (is_exact(row, wanted.first, estimate, wanted.second)) {
      add_exact(row, wanted.first, estimate, wanted.second, to);
      continue;
    }
    const double error = std::hypot(estimate.error, wanted.second.error);
    const double z = (estimate.value - wanted.second.value) / error;
    const double shared = std::pow(wanted.second.error / error, 2);
    const std::string item = row.id + " " + wanted.first;
    if (!(std::fabs(z) < 4.5)) {
      std::printf("%s: %s %.9g +- %.2g, expected %.9g +- %.2g\n", row.id.c_str(), wanted.first.c_str(),
                  estimate.value, estimate.error, wanted.second.value, wanted.second.error);
    }
    const std::string group = row.payoff + " " + kind_of(wanted.first);
    if (row.payoff == "bermudan" || row.payoff == "american") {
      (has_groups(kind_of(wanted.first)) ? to->early_grouped : to->early).add(group, z, item, shared);
    } else {
      to->by_greek.add(kind_of(wanted.first), z, item, shared);
      to->by_payoff.add(group, z, item, shared);
    }
  }
}

// How many seeds each row runs under, so that its groups have scores enough.
std::vector<size_t> seeds_of(const std::vector<TradeRow> &rows, bool all) {
  std::map<std::string, size_t> members;
  for (auto &row : rows) {
    for (auto &wanted : row.reference) {
      members[row.payoff + " " + kind_of(wanted.first)]++;
    }
  }
  const size_t most = setting("QS_SEEDS", kMostSeeds);
  std::vector<size_t> seeds;
  for (auto &row : rows) {
    size_t least = kScores;
    for (auto &wanted : row.reference) {
      least = std::min(least, members[row.payoff + " " + kind_of(wanted.first)]);
    }
    seeds.push_back(all ? std::min(most, (kScores + least - 1) / least) : 1);
  }
  return seeds;
}

// The rows that run: all, or one of every eight, another one each time so that every model is visited.
std::vector<TradeRow> chosen(bool all) {
  const std::vector<TradeRow> rows = read_trade_rows();
  const char *part = std::getenv("QS_TRADES");
  std::vector<TradeRow> result;
  for (size_t i = 0; i < rows.size(); i++) {
    const bool named = part && rows[i].id.find(part) != std::string::npos;
    if (part ? named : all || i % 8 == i / 8 % 8) {
      result.push_back(rows[i]);
    }
  }
  return result;
}

TEST(TradeZScores, AgainstReferences) {
  const bool all = FullSample();
  const std::vector<TradeRow> rows = chosen(all);
  ASSERT_FALSE(rows.empty());
  const std::vector<size_t> seeds = seeds_of(rows, all);
  Collected collected;
  TradeRunner runner;
  for (size_t seed = 1; seed <= *std::max_element(seeds.begin(), seeds.end()); seed++) {
    std::vector<const TradeRow *> batch;
    for (size_t i = 0; i <= rows.size(); i++) {
      if (i < rows.size() && seed <= seeds[i]) {
        batch.push_back(&rows[i]);
      }
      if (!batch.empty() && (batch.size() == kAtOnce || i == rows.size())) {
        const TradeAnswers answers = runner.run(batch, seed, all ? 65536 : 8192);
        for (const TradeRow *row : batch) {
          add_row(answers, *row, &collected);
        }
        batch.clear();
      }
    }
    ASSERT_FALSE(testing::Test::HasFatalFailure());
  }
  collected.by_greek.judge(all, 1e9, collected.by_greek.errors_of_groups());
  collected.by_payoff.judge(all, 1e9, collected.by_payoff.errors_of_groups());
  collected.early.judge(all, 1e9, collected.early.errors_of_groups());
  collected.early_grouped.judge(all, kEarlyFreedom, collected.early_grouped.errors_of_groups(), true);
  std::printf("%zu contracts; estimators without variance: within %.1e of the trade\n", rows.size(),
              collected.worst_exact);
  std::printf("%zu of %zu numbers are not trusted and have no score\n", collected.untrusted,
              collected.numbers);
  if (!std::getenv("QS_TRADES")) {
    EXPECT_LE(double(collected.untrusted), (all ? 0.01 : 0.05) * double(collected.numbers));
  }
}

} // namespace
