// Trades on several underlyings by name beside the formulas they mean, closed forms, and europeans that
// settle on an average.
#include "tests/engine/world.h"

namespace {

const qs_time kDay = QS_SECONDS_PER_DAY;

double cdf(double x) {
  return 0.5 * std::erfc(-x / std::sqrt(2.0));
}

class Several : public testing::Test {
protected:
  void SetUp() override {
    w.add_underlying("A", QS_MODEL_GBM, {{QS_SIGMA, 0.4}}, 100, 0.02, 0.05);
    w.add_underlying("B", QS_MODEL_HESTON,
                     {{QS_V0, 0.25}, {QS_KAPPA, 2}, {QS_THETA, 0.36}, {QS_XI, 0.8}, {QS_RHO, -0.5}}, 95, 0.01,
                     0.05);
    w.add_underlying("C", QS_MODEL_GBM, {{QS_SIGMA, 0.5}}, 105, 0, 0.05);
    w.inputs.simulation.paths = 1 << 14;
    w.inputs.simulation.precision = QS_DOUBLE;
    expiry = w.inputs.as_of + 180 * kDay;
  }
  qs_trade_spec &add(const char *id, qs_trade_type type, size_t count) {
    qs_trade_spec t;
    qs_trade_spec_init(&t);
    t.id = id;
    t.type = type;
    t.underlyings = names;
    t.underlying_count = count;
    t.expiry = expiry;
    t.quantity = 3;
    w.trades.push_back(t);
    return w.trades.back();
  }
  void add_option(const char *id, qs_trade_type type, size_t count, double strike, qs_call_put side,
                  bool initial, bool weighted) {
    qs_trade_spec &t = add(id, type, count);
    t.strike = strike;
    t.call_put = side;
    t.path.initial = start;
    t.path.initial_count = initial ? count : 0;
    t.path.weights = weights;
    t.path.weight_count = weighted ? count : 0;
  }
  void add_script(const char *id, const char *payoff, size_t count,
                  const qs_schedule_spec *schedules = nullptr, size_t schedule_count = 0) {
    qs_trade_spec &t = add(id, QS_TRADE_SCRIPT, count);
    t.script.payoff = payoff;
    t.script.schedules = schedules;
    t.script.schedule_count = schedule_count;
  }
  // A trade's rows, one for each underlying, beside those of the one after it.
  void expect_equal(const std::string &a, const std::string &b, double tolerance = 1e-9) {
    for (const char *row : {"", "/B", "/C"}) {
      std::string x = a + row, y = b + row;
      if (!*row || find(x)) {
        const qs_trade_result &p = w.trade(x.c_str()), &q = w.trade(y.c_str());
        EXPECT_NEAR(p.price.estimate, q.price.estimate, tolerance * (1 + std::fabs(q.price.estimate))) << x;
        EXPECT_NEAR(p.price.std_error, q.price.std_error, tolerance) << x;
        ASSERT_EQ(p.greeks.present, q.greeks.present) << x;
        for (int g = 0; g < QS_GREEK_COUNT; g++) {
          EXPECT_NEAR(p.greeks.value[g].estimate, q.greeks.value[g].estimate,
                      tolerance * (1 + std::fabs(q.greeks.value[g].estimate)))
              << x << " " << qs_greek_name(qs_greek(g));
        }
      }
    }
  }
  bool find(const std::string &id) {
    for (size_t i = 0; i < w.results.trade_count; i++) {
      if (id == w.results.trades[i].id) {
        return true;
      }
    }
    return false;
  }

  const char *const names[3] = {"A", "B", "C"};
  const double start[3] = {100, 90, 110}, weights[3] = {0.5, 0.3, 0.2};
  qs_time expiry = 0;
  World w;
};

TEST_F(Several, AreTheirFormulas) {
  add_option("basket", QS_TRADE_BASKET, 3, 1.02, QS_CALL, true, true);
  add_script("basket script", "max(0.005 * A[T] + 0.3 / 90 * B[T] + 0.2 / 110 * C[T] - 1.02, 0)", 3);
  add_option("basket put", QS_TRADE_BASKET, 2, 80, QS_PUT, false, true);
  add_script("basket put script", "max(80 - (0.5 * A[T] + 0.3 * B[T]), 0)", 2);
  add_option("spread", QS_TRADE_SPREAD, 2, 3, QS_CALL, false, false);
  add_script("spread script", "max(A[T] - B[T] - 3, 0)", 2);
  add_option("exchange", QS_TRADE_EXCHANGE, 2, NAN, QS_CALL, true, false);
  add_script("exchange script", "max(A[T] / 100 - B[T] / 90, 0)", 2);
  add_option("best", QS_TRADE_BEST_OF, 3, 1.1, QS_CALL, true, false);
  add_script("best script", "max(max(A[T] / 100, B[T] / 90, C[T] / 110) - 1.1, 0)", 3);
  add_option("worst", QS_TRADE_WORST_OF, 3, 0.9, QS_PUT, true, false);
  add_script("worst script", "max(0.9 - min(A[T] / 100, B[T] / 90, C[T] / 110), 0)", 3);
  w.value();
  for (const char *id : {"basket", "basket put", "spread", "exchange", "best", "worst"}) {
    expect_equal(id, std::string(id) + " script");
  }
}

TEST_F(Several, AutocallablesAreTheirFormulas) {
  const qs_time dates[] = {expiry - 120 * kDay, expiry - 60 * kDay, expiry};
  const qs_schedule_spec named[] = {{"one", dates, 1, {}, true}, {"two", dates + 1, 1, {}, true}};
  const double calls[] = {1.05, 1, 0.95};
  for (bool smooth : {false, true}) {
    qs_trade_spec &t = add(smooth ? "smooth" : "jumps", QS_TRADE_AUTOCALLABLE, 2);
    t.path.fixings = dates;
    t.path.fixing_count = 3;
    t.path.initial = start;
    t.path.initial_count = 2;
    t.path.autocall = calls;
    t.path.autocall_count = 3;
    t.path.coupon = 0.03;
    t.path.coupon_barrier = 0.85;
    t.path.memory = true;
    t.path.knock_in = 0.75;
    t.path.knock_in_at = smooth ? QS_KNOCK_IN_AT_FIXINGS : QS_KNOCK_IN_AT_EXPIRY;
    t.path.smoothing = smooth ? 0.05 : 0;
  }
  const std::string body =
      "p = min(A[one] / 100, B[one] / 90); q = min(A[two] / 100, B[two] / 90);"
      "r = min(A[T] / 100, B[T] / 90);"
      "c = if(p >= 1.05, 1, 0#); d = if(q >= 1, 1, 0#); e = if(r >= 0.95, 1, 0#);"
      "x = if(p >= 0.85, 1, 0#); y = if(q >= 0.85, 1, 0#); z = if(r >= 0.85, 1, 0#);"
      "o = 1 + (1 - x); n = 1 + o * (1 - y);"
      "exp(0.05 * 120 / 365) * (0.03 * x + c) +"
      "exp(0.05 * 60 / 365) * (1 - c) * (0.03 * y * o + d) +"
      "(1 - c) * (1 - d) * (0.03 * z * n + 1 - (1 - e) * if(@ < 0.75, 1, 0#) * max(1 - r, 0))";
  const auto with = [&](const std::string &width, const std::string &watched) {
    std::string text;
    for (char c : body) {
      text += c == '#' ? width : c == '@' ? watched : std::string(1, c);
    }
    return text;
  };
  const std::string jumps = with("", "r"), smooth = with(", 0.05", "min(min(p, q), r)");
  add_script("jumps script", jumps.c_str(), 2, named, 2);
  add_script("smooth script", smooth.c_str(), 2, named, 2);
  w.value();
  expect_equal("jumps", "jumps script");
  expect_equal("smooth", "smooth script");
  const qs_trade_result &a = w.trade("jumps");
  EXPECT_GT(a.price.estimate, 0.6);
  EXPECT_LT(a.price.estimate, 1.1);
}

// On one underlying in a list it is the note in closed form; names need not be words of a formula.
TEST_F(Several, NamesAndLists) {
  w.add_underlying("D-1", QS_MODEL_GBM, {{QS_SIGMA, 0.3}}, 50, 0, 0.05);
  static const char *const odd[] = {"D-1", "A"};
  const double initial[] = {50, 100};
  qs_trade_spec &t = add("exchange", QS_TRADE_EXCHANGE, 2);
  t.underlyings = odd;
  t.path.initial = initial;
  t.path.initial_count = 2;
  for (bool list : {false, true}) {
    qs_trade_spec &note = add(list ? "list" : "one", QS_TRADE_AUTOCALLABLE, list ? 1 : 0);
    note.underlying = "A";
    note.path.rule.days = 60;
    note.path.rule.skip_first = true;
    note.path.initial = start;
    note.path.initial_count = 1;
    static const double level = 1.02;
    note.path.autocall = &level;
    note.path.autocall_count = 1;
    note.path.coupon = 0.02;
    note.path.knock_in = 0.8;
  }
  w.inputs.simulation.paths = 1 << 16;
  w.value();
  EXPECT_EQ(w.trade("list").price.estimate, w.trade("one").price.estimate);
  EXPECT_EQ(w.trade("list").greeks.value[QS_GREEK_DELTA].estimate,
            w.trade("one").greeks.value[QS_GREEK_DELTA].estimate);
  // Margrabe (1978), without correlation: forwards 1 and exp(.02 t).
  const double years = 180 / 365.0, v = std::sqrt((0.09 + 0.16) * years), d = -0.02 * years / v + v / 2;
  const double exact = 3 * std::exp(-0.05 * years) * (cdf(d) - std::exp(0.02 * years) * cdf(d - v));
  const qs_estimate price = w.trade("exchange").value;
  EXPECT_NEAR(price.estimate, exact, 4 * price.std_error);
}

TEST_F(Several, Seasoned) {
  const qs_time now = w.inputs.as_of;
  const qs_time dates[] = {now - 100 * kDay, now - 40 * kDay, expiry};
  const double past[] = {90, 80, 85, 81}; // the worst is .9, then .8
  for (int knock = 0; knock < 2; knock++) {
    qs_trade_spec &t = add(knock ? "in" : "note", QS_TRADE_AUTOCALLABLE, 2);
    t.path.fixings = dates;
    t.path.fixing_count = 3;
    t.path.past = past;
    t.path.past_count = 4;
    t.path.initial = start;
    t.path.initial_count = 2;
    static const double level = 1;
    t.path.autocall = &level;
    t.path.autocall_count = 1;
    t.path.coupon = 0.03;
    t.path.coupon_barrier = knock ? 0 : 0.95;
    t.path.memory = true;
    t.path.knock_in = 0.81;
    t.path.knock_in_at = knock ? QS_KNOCK_IN_AT_FIXINGS : QS_KNOCK_IN_AT_EXPIRY;
  }
  // Two coupons are owed; the knocked-in note pays its last one and min(1, the worst).
  add_script(
      "note script",
      "r = min(A[T] / 100, B[T] / 90); 1 + 0.09 * if(r >= 0.95, 1, 0) - if(r < 0.81, 1, 0) * max(1 - r, 0)",
      2);
  add_script("in script", "0.03 + min(1, A[T] / 100, B[T] / 90)", 2);
  w.value();
  for (const char *id : {"note", "in"}) {
    const qs_estimate a = w.trade(id).price, b = w.trade(std::string(id) + " script").price;
    EXPECT_NEAR(a.estimate, b.estimate, 4 * std::hypot(a.std_error, b.std_error)) << id;
  }
}

// E[(A - K)+] of an average over the last part of a year by two moments: at so short a part the third is far
// below the error.
double averaged_call(double forward, double strike, const std::vector<double> &times, double past_sum,
                     size_t count, double sigma) {
  double second = 0, mine = 0;
  for (double s : times) {
    mine += forward;
    for (double t : times) {
      second += forward * forward * std::exp(sigma * sigma * std::min(s, t));
    }
  }
  const double n = static_cast<double>(count), k = strike - past_sum / n, m = mine / n;
  const double v = std::sqrt(std::log(second / (mine * mine))), d = std::log(m / k) / v + v / 2;
  return m * cdf(d) - k * cdf(d - v);
}

TEST(SettlementAverage, IsThatOfTheLastMinutes) {
  const double sigma = 0.8, year = 365.0 * kDay;
  for (qs_time left : {qs_time(kDay), qs_time(1200)}) { // a day, and within the window
    for (uint64_t apart : {60u, 300u}) {
      World w;
      w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, sigma}}, 100, 0, 0);
      w.inputs.simulation.paths = 1 << 15;
      w.inputs.simulation.precision = QS_DOUBLE;
      const qs_time now = w.inputs.as_of;
      std::vector<double> past(1800 > left ? static_cast<size_t>((1800 - left) / qs_time(apart)) : 0, 100.3),
          times;
      for (qs_time at = left - 1800 + qs_time(apart); at <= left; at += qs_time(apart)) {
        if (at > 0) {
          times.push_back(static_cast<double>(at) / year);
        }
      }
      for (bool coin : {false, true}) {
        qs_trade_spec &t = w.add_option(coin ? "coin" : "linear", "X", QS_CALL, 100, NAN, 1,
                                        coin ? QS_SETTLE_COIN : QS_SETTLE_LINEAR);
        t.expiry = now + left;
        t.path.settlement_average = {30, apart};
        t.path.past = past.data();
        t.path.past_count = past.size();
      }
      w.value();
      const double exact = averaged_call(100, 100, times, 100.3 * static_cast<double>(past.size()),
                                         times.size() + past.size(), sigma);
      const qs_trade_result &r = w.trade("linear");
      EXPECT_NEAR(r.price.estimate, exact, 4 * r.price.std_error + 1e-5) << left << " " << apart;
      EXPECT_NEAR(w.trade("coin").price_coin.estimate, exact / 100, 4 * r.price.std_error + 1e-7);
      EXPECT_STREQ(r.kind, "european");
      const double h = 1e-5;
      auto at = [&](double shift) {
        return averaged_call(100 * std::exp(shift), 100, times, 100.3 * static_cast<double>(past.size()),
                             times.size() + past.size(), sigma);
      };
      const qs_estimate delta = r.greeks.value[QS_GREEK_DELTA], gamma = r.greeks.value[QS_GREEK_GAMMA];
      const double first = (at(h) - at(-h)) / (2 * h), second = (at(h) + at(-h) - 2 * at(0)) / (h * h);
      EXPECT_NEAR(delta.estimate, first / 100, 4 * delta.std_error + 1e-5);
      EXPECT_NEAR(gamma.estimate, (second - first) / 1e4, 4 * gamma.std_error + 1e-4 * second / 1e4);
    }
  }
}

// The variance of an average over the last part counts a third of it: the price is nearly that of a european
// which expires two thirds of 30 minutes less half a minute before.
TEST(SettlementAverage, UnderStochasticVolatility) {
  World w;
  w.add_underlying("X", QS_MODEL_HESTON,
                   {{QS_V0, 0.25}, {QS_KAPPA, 2}, {QS_THETA, 0.36}, {QS_XI, 0.8}, {QS_RHO, -0.5}}, 100, 0, 0);
  w.inputs.simulation.paths = 1 << 16;
  const double day = 1.0 / 365, minute = day / 1440;
  w.add_option("average", "X", QS_CALL, 101, 6.0 / 24 * day).path.settlement_average = {30, 60};
  w.add_option("earlier", "X", QS_CALL, 101, 6.0 / 24 * day - 19.49 * minute);
  w.add_option("plain", "X", QS_CALL, 101, 6.0 / 24 * day);
  w.value();
  const qs_estimate a = w.trade("average").price, e = w.trade("earlier").price, p = w.trade("plain").price;
  const double room = 4 * std::hypot(a.std_error, e.std_error);
  EXPECT_NEAR(a.estimate, e.estimate, room + 1e-3 * e.estimate);
  EXPECT_GT(p.estimate - a.estimate, 3 * (room + 1e-3 * e.estimate));
}

} // namespace
