// Order books: what a size costs, the 3/2 fit on books that follow it and on recorded ones against numpy, the
// split over venues by its conditions of optimality, slices against a search.
#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "host/history/bootstrap.h"
#include "host/history/depth.h"
#include "table.h"

namespace {

struct Side {
  std::vector<double> price, size;
};

struct Books {
  std::vector<Side> bids, asks;
  std::vector<qs_order_book> books;
  double contract = 0;

  qs_order_books view() {
    books.clear();
    for (size_t i = 0; i < bids.size(); i++) {
      books.push_back({bids[i].price.size(), bids[i].price.data(), bids[i].size.data(), asks[i].price.data(),
                       asks[i].size.data()});
    }
    return {books.data(), books.size(), contract};
  }

  bool read(const std::string &name) {
    history::Table table;
    if (!table.read_gz(history::recorded("depth/" + name + "_25_levels_5s_20240808.csv.gz"))) {
      return false;
    }
    for (int side = 0; side < 2; side++) {
      std::vector<Side> &to = side ? asks : bids;
      to.resize(table.rows.size());
      for (int level = 0; level < 25; level++) {
        std::string of = side ? "ask_" : "bid_";
        std::vector<double> price = table.numbers(of + "px" + std::to_string(level));
        std::vector<double> size = table.numbers(of + "qty" + std::to_string(level));
        for (size_t i = 0; i < to.size(); i++) {
          to[i].price.push_back(price.at(i));
          to[i].size.push_back(size.at(i));
        }
      }
    }
    return true;
  }
};

TEST(Depth, CostsAreSumsOverLevels) {
  double bid[] = {99, 98}, bid_size[] = {2, 3}, ask[] = {101, 104}, ask_size[] = {1, 4};
  qs_order_book book = {2, bid, bid_size, ask, ask_size};
  EXPECT_EQ(qs_book_mid(&book), 100);
  EXPECT_EQ(qs_book_half_spread(&book), 1);
  EXPECT_EQ(qs_book_shown(&book, 0, true), 5);
  EXPECT_EQ(qs_book_cost(&book, 0, true, 3), 1 * 1 + 2 * 4);
  EXPECT_EQ(qs_book_cost(&book, 0, false, 4), 2 * 1 + 2 * 2);
  EXPECT_TRUE(std::isnan(qs_book_cost(&book, 0, true, 5.5)));
  // contracts of 100: level 1 of the asks is 100/101 coins
  EXPECT_NEAR(qs_book_cost(&book, 100, true, 2), 100 / 101.0 * 1 + (2 - 100 / 101.0) * 4, 1e-12);
}

// Variance of the mean of a stationary bootstrap with this mean block length over all resamples (Politis,
// Romano 1994, equation 9, of circular covariances).
double bootstrap_variance(const std::vector<double> &x, double block) {
  const double n = static_cast<double>(x.size());
  const double mean = std::accumulate(x.begin(), x.end(), 0.0) / n;
  double variance = 0;
  for (size_t lag = 0; lag < x.size(); lag++) {
    double c = 0;
    for (size_t i = 0; i < x.size(); i++) {
      c += (x[i] - mean) * (x[(i + lag) % x.size()] - mean) / n;
    }
    variance += (lag ? 2 * (1 - static_cast<double>(lag) / n) * std::pow(1 - 1 / block, lag) : 1) * c / n;
  }
  return variance;
}

// A book whose marginal price is mid + half_spread + 1.5 a sqrt(q), cut into levels that are finest at the
// top.
void add_book(double spread, double a, Books *made) {
  Side bid, ask;
  const int levels = 200;
  const double top = 5.0;
  for (int k = 0; k < levels; k++) {
    double from = top * std::pow(1.0 * k / levels, 2), to = top * std::pow((k + 1.0) / levels, 2);
    double marginal = spread + a * (to * std::sqrt(to) - from * std::sqrt(from)) / (to - from);
    ask.price.push_back(1000 + marginal - (k ? 0 : marginal - spread));
    bid.price.push_back(1000 - marginal + (k ? 0 : marginal - spread));
    ask.size.push_back(to - from);
    bid.size.push_back(to - from);
  }
  made->bids.push_back(bid);
  made->asks.push_back(ask);
}

// Fifty series of books whose impact is 2 in the mean and goes by the exponential of an autoregression. The
// impact found is the series' mean, its error that of the bootstrap in closed form, as far as its replicates
// tell: their variance has a relative deviation of sqrt(2 / 1000), and one of fifty is beyond 4.3 of them
// once in 1,000 times. The means themselves scatter as that series does: squares in units of the exact
// deviation sum to chi squared of 50 degrees, which is below 24.67 or above 86.66 once in 500 times. (Blocks
// cut the covariances of longer lags off: in units of the bootstrap's errors the mean square of 1,000 series
// of this length is 1.43.)
TEST(Depth, TheLawIsFoundWhereItHolds) {
  std::mt19937_64 g(20240808);
  std::normal_distribution<double> normal;
  const double spread = 0.5, impact = 2.0, memory = 0.4, step = 0.05;
  const double stationary = step * step / (1 - memory * memory);
  const int runs = 50, count = 250;
  double exact = std::expm1(stationary) / count;
  for (int lag = 1; lag < count; lag++) {
    exact += 2 * (1 - double(lag) / count) * std::expm1(stationary * std::pow(memory, lag)) / count;
  }
  double squares = 0;
  for (int run = 0; run < runs; run++) {
    Books made;
    std::vector<double> series;
    double state = std::sqrt(stationary) * normal(g);
    for (int i = 0; i < count; i++) {
      series.push_back(impact * std::exp(state - 0.5 * stationary));
      add_book(spread, series.back(), &made);
      state = memory * state + step * normal(g);
    }
    qs_context context;
    qs_context_init(&context);
    qs_depth_settings settings = {0.05, 4, 1};
    qs_order_books books = made.view();
    qs_depth_fit fit;
    ASSERT_EQ(qs_depth_fit_books(&context, &books, &settings, &fit), QS_OK) << context.message;
    EXPECT_NEAR(fit.half_spread, spread, 1e-9);
    EXPECT_NEAR(fit.exponent, 1.5, 0.01);
    EXPECT_LT(fit.worst, 0.01);
    const double mean = std::accumulate(series.begin(), series.end(), 0.0) / count;
    EXPECT_NEAR(fit.impact, mean, 1e-3 * mean);
    const double variance = bootstrap_variance(series, qs_bootstrap_block(series.data(), series.size()));
    EXPECT_NEAR(fit.impact_error * fit.impact_error / variance, 1, 4.3 * std::sqrt(2.0 / 1000));
    squares += std::pow(fit.impact - impact, 2) / (impact * impact * exact);
  }
  EXPECT_GT(squares, 24.67);
  EXPECT_LT(squares, 86.66);
}

class Recorded : public testing::TestWithParam<std::pair<const char *, double>> {};

TEST_P(Recorded, FitIsThatOfNumpy) {
  Books books;
  books.contract = GetParam().second;
  std::string name = GetParam().first;
  if (!books.read(name)) {
    GTEST_SKIP() << "no " << name << " in " QS_SOURCE_DIR "/../shared/data/depth, or no zlib";
  }
  qs_context context;
  qs_context_init(&context);
  qs_depth_settings settings = {0, 0, 1};
  qs_order_books view = books.view();
  qs_depth_fit fit;
  ASSERT_EQ(qs_depth_fit_books(&context, &view, &settings, &fit), QS_OK) << context.message;
  auto near = [&](const char *what, double value) {
    double expected = history::reference("depth " + name + " " + what);
    EXPECT_NEAR(value, expected, 1e-8 * std::abs(expected)) << what;
  };
  near("mid", fit.mid);
  near("half_spread", fit.half_spread);
  near("impact", fit.impact);
  near("exponent", fit.exponent);
  near("sizes", static_cast<double>(fit.sizes));
  EXPECT_GT(fit.impact_error, 0);
  std::printf("%-16s half-spread %.4f +- %.4f, impact %.4f +- %.4f per coin^1.5, exponent %.3f +- %.3f, "
              "worst miss of "
              "a mean cost %.0f%%, %g to %g coins\n",
              name.c_str(), fit.half_spread, fit.half_spread_error, fit.impact, fit.impact_error,
              fit.exponent, fit.exponent_error, 100 * fit.worst, fit.smallest, fit.largest);
}

INSTANTIATE_TEST_SUITE_P(Depth, Recorded,
                         testing::Values(std::pair("spot_btcusdt", 0.0), std::pair("usdm_btcusdt", 0.0),
                                         std::pair("usdm_ethusdt", 0.0), std::pair("cm_btcusd_perp", 100.0)),
                         [](const auto &one) { return std::string(one.param.first); });

TEST(Depth, BooksThatMakeNoSenseAreNamed) {
  auto message = [](auto change) {
    Books made;
    for (int i = 0; i < 12; i++) {
      made.bids.push_back({{99, 98, 97}, {1, 1, 1}});
      made.asks.push_back({{101, 102, 103}, {1, 1, 1}});
    }
    change(made);
    qs_context context;
    qs_context_init(&context);
    qs_depth_settings settings = {0, 0, 1};
    qs_order_books view = made.view();
    qs_depth_fit fit;
    EXPECT_EQ(qs_depth_fit_books(&context, &view, &settings, &fit), QS_ERROR_INPUT);
    return std::string(context.message);
  };
  EXPECT_NE(message([](Books &b) { b.bids[3].price[0] = 101; }).find("order book 3: best bid"),
            std::string::npos);
  EXPECT_NE(message([](Books &b) { b.asks[4].price[2] = 101.5; }).find("prices of level 2"),
            std::string::npos);
  EXPECT_NE(message([](Books &b) { b.asks[5].size[1] = 0; }).find("sizes of level 1"), std::string::npos);
  EXPECT_NE(message([](Books &b) { b.bids.resize(9); }).find("9 order books"), std::string::npos);
}

TEST(Routing, SplitsMeetTheConditionsOfOptimality) {
  std::mt19937_64 g(8);
  std::uniform_real_distribution<double> u;
  int bound = 0, part = 0;
  for (int run = 0; run < 3000; run++) {
    size_t count = 1 + static_cast<size_t>(u(g) * 8);
    std::vector<qs_venue_cost> v(count);
    double capacity = 0;
    for (qs_venue_cost &c : v) {
      c = {std::round(u(g) * 8) / 8, u(g) < 0.15 ? 0 : 0.01 + u(g), u(g) < 0.3 ? INFINITY : u(g) * 3};
      capacity += c.limit;
    }
    double size = u(g) * 6, rest = -1;
    std::vector<double> shares(count, -1);
    double marginal = qs_venue_split(v.data(), count, size, shares.data(), &rest);
    double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
    if (size > capacity) {
      EXPECT_NEAR(rest, size - capacity, 1e-9);
      EXPECT_TRUE(std::isinf(marginal));
      part++;
      continue;
    }
    EXPECT_EQ(rest, 0);
    ASSERT_NEAR(sum, size, 1e-9 * size) << run;
    for (size_t i = 0; i < count; i++) {
      ASSERT_GE(shares[i], 0);
      ASSERT_LE(shares[i], v[i].limit);
      double own = v[i].proportional + 1.5 * v[i].impact * std::sqrt(shares[i]);
      if (shares[i] == 0 && v[i].limit > 0) {
        EXPECT_GE(own, marginal - 1e-9) << run;
      } else if (shares[i] < v[i].limit * (1 - 1e-12)) {
        EXPECT_NEAR(own, marginal, 1e-7) << run;
      } else {
        EXPECT_LE(own, marginal + 1e-7) << run;
        bound++;
      }
    }
  }
  EXPECT_GT(bound, 500);
  EXPECT_GT(part, 100);
}

TEST(Routing, TwoEqualVenuesShareAndOneAloneTakesAll) {
  qs_venue_cost two[] = {{1, 2, INFINITY}, {1, 2, INFINITY}};
  double shares[2], rest;
  EXPECT_NEAR(qs_venue_split(two, 2, 8, shares, &rest), 1 + 3 * 2, 1e-12);
  EXPECT_NEAR(shares[0], 4, 1e-12);
  EXPECT_NEAR(qs_venue_cost_of(&two[0], shares[0]), 4 + 2 * 8, 1e-9);
  EXPECT_EQ(qs_venue_split(two, 2, 0, shares, &rest), 0);
  EXPECT_EQ(shares[0] + shares[1], 0);
  // spreading over n equal venues divides the impact by sqrt(n)
  double alone;
  qs_venue_split(two, 1, 8, &alone, &rest);
  double spread = 2 * (qs_venue_cost_of(&two[0], 4) - 4), whole = qs_venue_cost_of(&two[0], 8) - 8;
  EXPECT_NEAR(whole / spread, std::sqrt(2.0), 1e-12);
}

// Any other fills cost more: a random walk that keeps their sum finds nothing below, and the cheapest it
// finds from elsewhere comes back.
TEST(Routing, SlicesAreTheCheapest) {
  std::mt19937_64 g(4);
  std::normal_distribution<double> normal;
  for (size_t count : {2, 3, 6}) {
    for (double left : {0.0, 0.3, 0.8}) {
      std::vector<double> best(count), fills(count, 10.0 / static_cast<double>(count));
      qs_slice_order(10, count, left, best.data());
      ASSERT_NEAR(std::accumulate(best.begin(), best.end(), 0.0), 10, 1e-12);
      double least = qs_slice_cost(1, best.data(), count, left),
             found = qs_slice_cost(1, fills.data(), count, left);
      for (int step = 0; step < 40000; step++) {
        std::vector<double> next = fills;
        size_t a = g() % count, b = g() % count;
        double move = normal(g) * std::pow(10, -1 - 4.0 * step / 40000);
        next[a] += move;
        next[b] -= move;
        if (next[a] < 0 || next[b] < 0) {
          continue;
        }
        double cost = qs_slice_cost(1, next.data(), count, left);
        if (cost < found) {
          found = cost;
          fills = next;
        }
      }
      EXPECT_LE(least, found + 1e-10) << count << " " << left;
      EXPECT_NEAR(least, found, 1e-6 * found) << count << " " << left;
      if (left == 0) {
        EXPECT_NEAR(best[0], 10.0 / static_cast<double>(count), 1e-12); // nothing stays: equal fills
      }
    }
  }
  double one;
  qs_slice_order(10, 1, 0.5, &one);
  EXPECT_EQ(one, 10);
  EXPECT_NEAR(qs_slice_cost(2, &one, 1, 0.5), 2 * 10 * std::sqrt(10.0), 1e-12);
}

} // namespace
