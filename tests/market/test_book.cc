/* The book: listed names, trades and cash become contracts; what is refused, and how the message says it. */
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

#include "fixture.h"
#include "host/book/book.h"

namespace {

constexpr double seconds_per_year = 31536000;

/* What a C caller may leave in an enum. */
template <class Enum> void set_raw(Enum *target, int value) {
  static_assert(sizeof *target == sizeof value, "enums are ints");
  std::memcpy(target, &value, sizeof value);
}

class Book : public testing::Test {
protected:
  void SetUp() override {
    list.add("BTC-PERPETUAL", 62687.5, 62688.0);
    list.add("BTC-25SEP26", 63070, 63080);
    list.add("BTC-25DEC26", NAN, NAN, 63700);
    list.add("BTC-25DEC26-70000-C", 0.05, 0.06, 0.0555);
    list.add("BTC-25DEC26-70000-P", 0.15, 0.16);
    list.add("BTC-25DEC26-80000-C", 0.02, NAN);
    market.underlyings = {gbm_spec("BTC", &list), gbm_spec("X")};
    market.underlyings[1].spot = 100;
    market.underlyings[1].carry = 0.03;
    ASSERT_EQ(market.build(), QS_OK) << market.message();
  }

  qs_status build() {
    market.inputs.positions = positions.data();
    market.inputs.position_count = positions.size();
    market.inputs.trades = trades.data();
    market.inputs.trade_count = trades.size();
    market.inputs.cash = cash.data();
    market.inputs.cash_count = cash.size();
    return qs_book_build(&market.context, market.arena, &market.inputs, market.market, &book);
  }

  static qs_trade_spec european(const char *id) {
    qs_trade_spec trade;
    qs_trade_spec_init(&trade);
    trade.id = id;
    trade.underlying = "X";
    trade.strike = 100;
    trade.expiry_years = 0.5;
    trade.quantity = 2;
    return trade;
  }

  QuoteList list;
  MarketFixture market;
  std::vector<qs_position_spec> positions;
  std::vector<qs_trade_spec> trades;
  std::vector<qs_cash_spec> cash;
  qs_book *book = nullptr;
};

TEST_F(Book, ListedNames) {
  positions = {{"BTC-25DEC26-70000-C", 3, NAN, nullptr, nullptr, 2},
               {"BTC-25DEC26-70000-P", -1, 0.14, "vol", "D", 3},
               {"BTC-25DEC26-80000-C", 1, NAN, "", "", 4},
               {"BTC-7AUG26-62000-P", 1, NAN, nullptr, nullptr, 5},
               {"BTC-25SEP26", 1e5, 60000, nullptr, nullptr, 6},
               {"BTC-25DEC26", 1e5, NAN, nullptr, nullptr, 7},
               {"BTC-30OCT26", 1e5, NAN, nullptr, nullptr, 8},
               {"BTC-PERPETUAL", -5e4, NAN, nullptr, nullptr, 9},
               {"BTC-25DEC26-70000-C", 1, NAN, "b", nullptr, 10},
               {"BTC-25DEC26-70000-C", 1, NAN, "c", nullptr, 11}};
  ASSERT_EQ(build(), QS_OK) << market.message();
  ASSERT_EQ(book->count, 10u);
  const qs_contract *c = book->contracts;

  EXPECT_STREQ(c[0].id, "BTC-25DEC26-70000-C");
  EXPECT_STREQ(c[8].id, "BTC-25DEC26-70000-C#2");
  EXPECT_STREQ(c[9].id, "BTC-25DEC26-70000-C#3");
  EXPECT_STREQ(c[8].instrument, "BTC-25DEC26-70000-C");
  EXPECT_STREQ(qs_contract_kind_name(c[0].kind), "european");
  EXPECT_EQ(c[0].settlement, QS_SETTLE_COIN);
  EXPECT_EQ(c[0].call_put, QS_CALL);
  EXPECT_EQ(c[0].strike, 70000);
  EXPECT_EQ(c[0].expiry, 1798185600);
  EXPECT_EQ(c[0].years, 12578516 / seconds_per_year);
  EXPECT_NEAR(c[0].forward, 63700, 1e-9);
  EXPECT_EQ(c[0].quantity, 3);
  EXPECT_STREQ(c[0].book, "main");
  EXPECT_EQ(c[0].venue, nullptr);
  EXPECT_EQ(c[0].mark, 0.0555);
  EXPECT_EQ(c[0].underlying, 0);

  EXPECT_EQ(c[1].call_put, QS_PUT);
  EXPECT_DOUBLE_EQ(c[1].mark, 0.155); /* no mark: the mid */
  EXPECT_EQ(c[1].entry_price, 0.14);
  EXPECT_STREQ(c[1].book, "vol");
  EXPECT_STREQ(c[1].venue, "D");
  EXPECT_TRUE(std::isnan(c[2].mark)); /* one side is no mark */
  EXPECT_STREQ(c[2].book, "main");
  EXPECT_EQ(c[2].venue, nullptr);

  EXPECT_EQ(c[3].strike, 62000); /* not in the quotes: its name says everything */
  EXPECT_TRUE(std::isnan(c[3].mark));
  EXPECT_NEAR(c[3].forward, qs_curve_forward(&market.market->underlyings[0].curve, 482516 / seconds_per_year),
              1e-9);

  EXPECT_STREQ(qs_contract_kind_name(c[4].kind), "future");
  EXPECT_EQ(c[4].entry_price, 60000);
  EXPECT_EQ(c[4].mark, 63075);
  ASSERT_NE(c[4].future, nullptr);
  EXPECT_STREQ(c[4].future->instrument, "BTC-25SEP26");
  EXPECT_NEAR(c[5].entry_price, 63700, 1e-9); /* not given: its price now */
  EXPECT_EQ(c[5].mark, 63700);
  EXPECT_EQ(c[6].future, nullptr); /* not quoted: from the curve */
  EXPECT_GT(c[6].forward, 63075);
  EXPECT_LT(c[6].forward, 63700);
  EXPECT_EQ(c[6].entry_price, c[6].forward);

  EXPECT_STREQ(qs_contract_kind_name(c[7].kind), "perpetual");
  EXPECT_EQ(c[7].years, 0);
  EXPECT_EQ(c[7].expiry, 0);
  EXPECT_EQ(c[7].forward, 62687.75);
  EXPECT_EQ(c[7].entry_price, 62687.75);
  EXPECT_EQ(c[7].future, &market.market->underlyings[0].perpetual);
}

TEST_F(Book, TradesAndCash) {
  trades = {european("t1"), european("t2"), european("t3"), european("t4"), european("t5")};
  trades[1].expiry_years = NAN;
  trades[1].expiry = market.inputs.as_of + 73 * 86400;
  trades[1].settlement = QS_SETTLE_COIN;
  trades[1].call_put = QS_PUT;
  trades[2].type = QS_TRADE_FORWARD;
  trades[3].type = QS_TRADE_PERPETUAL;
  trades[3].strike = trades[3].expiry_years = NAN;
  trades[3].entry_price = 90;
  trades[4].type = QS_TRADE_SPOT;
  trades[4].strike = trades[4].expiry_years = NAN;
  cash = {{"USD", -1000, nullptr, nullptr}, {"BTC", 12.5, "main", "D"}, {"BTC", 1, "b", nullptr}};
  ASSERT_EQ(build(), QS_OK) << market.message();
  ASSERT_EQ(book->count, 8u);
  const qs_contract *c = book->contracts;
  EXPECT_STREQ(c[0].id, "t1");
  EXPECT_EQ(c[0].instrument, nullptr);
  EXPECT_EQ(c[0].years, 0.5);
  EXPECT_EQ(c[0].expiry, market.inputs.as_of + 15768000);
  EXPECT_NEAR(c[0].forward, 101.51130646157189, 1e-11);
  EXPECT_EQ(c[0].settlement, QS_SETTLE_LINEAR);
  EXPECT_EQ(c[1].years, 0.2);
  EXPECT_EQ(c[1].settlement, QS_SETTLE_COIN);
  EXPECT_EQ(c[1].call_put, QS_PUT);
  EXPECT_STREQ(qs_contract_kind_name(c[2].kind), "forward");
  EXPECT_EQ(c[3].entry_price, 90);
  EXPECT_EQ(c[3].forward, 100);
  EXPECT_STREQ(qs_contract_kind_name(c[4].kind), "spot");
  EXPECT_EQ(c[4].years, 0);

  EXPECT_STREQ(c[5].id, "cash-USD");
  EXPECT_EQ(c[5].underlying, -1);
  EXPECT_EQ(c[5].forward, 1);
  EXPECT_EQ(c[5].quantity, -1000);
  EXPECT_STREQ(c[6].id, "cash-BTC");
  EXPECT_STREQ(c[7].id, "cash-BTC#2");
  EXPECT_EQ(c[6].underlying, 0);
  EXPECT_EQ(c[6].forward, 62687.75);
  EXPECT_STREQ(qs_contract_kind_name(c[6].kind), "cash");
}

TEST_F(Book, RefusesBadPositions) {
  const struct {
    qs_position_spec position;
    const char *words;
  } cases[] = {
      {{nullptr, 1, NAN, nullptr, nullptr, 3}, "positions[1] (line 3): instrument: missing"},
      {{"BTC-FOO", 1, NAN, nullptr, nullptr, 3},
       "positions[1] (line 3): instrument: \"BTC-FOO\" is not the name"},
      {{"ETH-25DEC26", 1, NAN, nullptr, nullptr, 0},
       "positions[1]: instrument: ETH-25DEC26: ETH is none of this run"},
      {{"BTC-INDEX", 1, NAN, nullptr, nullptr, 3}, "instrument: BTC-INDEX: an index cannot be held"},
      {{"BTC-1AUG26-60000-C", 1, NAN, nullptr, nullptr, 3},
       "positions[1] (line 3): instrument: BTC-1AUG26-60000-C expired at 2026-08-01T08:00:00Z; must be after "
       "as_of "
       "2026-08-01T17:58:04Z"},
      {{"BTC-31JUL26", 1, NAN, nullptr, nullptr, 3}, "instrument: BTC-31JUL26 expired at"},
      {{"BTC-25DEC26", NAN, NAN, nullptr, nullptr, 3},
       "positions[1] (line 3): quantity: missing or not a number"},
      {{"BTC-25DEC26", INFINITY, NAN, nullptr, nullptr, 3},
       "positions[1] (line 3): quantity: inf; must be finite"},
      {{"BTC-25DEC26", 1, 0, nullptr, nullptr, 3}, "entry_price: 0; must be finite and greater than 0"},
      {{"BTC-25DEC26", 1, -INFINITY, nullptr, nullptr, 3},
       "positions[1] (line 3): entry_price: -inf; must be finite"},
  };
  for (const auto &c : cases) {
    positions = {{"BTC-PERPETUAL", 1, NAN, nullptr, nullptr, 2}, c.position};
    book = nullptr;
    EXPECT_EQ(build(), QS_ERROR_INPUT) << c.words;
    EXPECT_NE(market.message().find(c.words), std::string::npos) << market.message();
    EXPECT_EQ(book, nullptr);
  }
}

TEST_F(Book, RefusesBadTrades) {
  using Change = void (*)(qs_trade_spec &);
  const struct {
    Change change;
    const char *words;
  } cases[] = {
      {[](qs_trade_spec &t) { t.id = nullptr; }, "trades[1] (line 7): id: missing"},
      {[](qs_trade_spec &t) { t.id = "t1"; }, "trades[1] (line 7): id: t1 is a duplicate"},
      {[](qs_trade_spec &t) { t.id = "BTC-PERPETUAL"; }, "id: BTC-PERPETUAL is a duplicate"},
      {[](qs_trade_spec &t) { set_raw(&t.type, 99); }, "type: 99; must be european, forward"},
      {[](qs_trade_spec &t) { t.underlying = "DOGE"; }, "underlying: DOGE is none of this run's underlyings"},
      {[](qs_trade_spec &t) { t.underlying = nullptr; },
       "underlying: nothing is none of this run's underlyings"},
      {[](qs_trade_spec &t) { t.strike = NAN; }, "strike: missing or not a number; a european needs it"},
      {[](qs_trade_spec &t) { t.strike = 0; }, "strike: 0; must be finite and greater than 0"},
      {[](qs_trade_spec &t) { t.strike = INFINITY; }, "strike: inf; must be finite"},
      {[](qs_trade_spec &t) { t.expiry = 1798185600; }, "expiry: given twice; exactly one of"},
      {[](qs_trade_spec &t) { t.expiry_years = NAN; }, "expiry: missing; exactly one of"},
      {[](qs_trade_spec &t) { t.expiry_years = -1; },
       "expiry_years: -1; must be greater than 0 and at most 100"},
      {[](qs_trade_spec &t) { t.expiry_years = INFINITY; }, "expiry_years: inf; must be greater than 0"},
      {[](qs_trade_spec &t) {
         t.expiry_years = NAN;
         t.expiry = 1785542400;
       },
       "expiry: 2026-08-01T00:00:00Z; must be after as_of 2026-08-01T17:58:04Z"},
      {[](qs_trade_spec &t) { t.quantity = NAN; }, "quantity: missing or not a number"},
      {[](qs_trade_spec &t) { set_raw(&t.call_put, 7); }, "call_put: 7; must be call or put"},
      {[](qs_trade_spec &t) { set_raw(&t.settlement, 7); }, "settlement: 7; must be linear or coin"},
      {[](qs_trade_spec &t) {
         t.type = QS_TRADE_FORWARD;
         t.settlement = QS_SETTLE_COIN;
       },
       "settlement: coin; a forward is linear"},
      {[](qs_trade_spec &t) { t.type = QS_TRADE_FUTURE; }, "strike: a future has none"},
      {[](qs_trade_spec &t) {
         t.type = QS_TRADE_SPOT;
         t.strike = NAN;
       },
       "expiry: a spot has none"},
      {[](qs_trade_spec &t) { t.entry_price = -1; }, "entry_price: -1; must be finite and at least 0"},
  };
  for (const auto &c : cases) {
    positions = {{"BTC-PERPETUAL", 1, NAN, nullptr, nullptr, 2}};
    trades = {european("t1"), european("t2")};
    trades[1].line = 7;
    c.change(trades[1]);
    EXPECT_EQ(build(), QS_ERROR_INPUT) << c.words;
    EXPECT_NE(market.message().find(c.words), std::string::npos) << market.message();
    EXPECT_EQ(market.message().find("trades[1] (line 7): "), 0u) << market.message();
  }
}

TEST_F(Book, RefusesBadCash) {
  const struct {
    qs_cash_spec cash;
    const char *words;
  } cases[] = {
      {{nullptr, 1, nullptr, nullptr}, "cash[0]: currency: missing"},
      {{"EUR", 1, nullptr, nullptr}, "cash[0]: currency: EUR; must be USD or one of this run's underlyings"},
      {{"USD", NAN, nullptr, nullptr}, "cash[0]: amount: missing or not a number"},
      {{"USD", -INFINITY, nullptr, nullptr}, "cash[0]: amount: -inf; must be finite"},
  };
  for (const auto &c : cases) {
    cash = {c.cash};
    EXPECT_EQ(build(), QS_ERROR_INPUT) << c.words;
    EXPECT_NE(market.message().find(c.words), std::string::npos) << market.message();
  }
}

TEST_F(Book, ResolvesListsThatAreNotInTheBook) {
  const char *names[] = {"BTC-PERPETUAL", "BTC-25DEC26-70000-C"};
  qs_contract *contracts = nullptr;
  ASSERT_EQ(qs_book_resolve_names(&market.context, market.arena, market.market, "hedge.instruments", names, 2,
                                  &contracts),
            QS_OK);
  EXPECT_EQ(contracts[0].quantity, 1);
  EXPECT_STREQ(contracts[1].id, "BTC-25DEC26-70000-C");

  const char *twice[] = {"BTC-PERPETUAL", "BTC-PERPETUAL"};
  EXPECT_EQ(qs_book_resolve_names(&market.context, market.arena, market.market, "hedge.instruments", twice, 2,
                                  &contracts),
            QS_ERROR_INPUT);
  EXPECT_EQ(market.message(), "hedge.instruments[1]: BTC-PERPETUAL is a duplicate");

  const char *bad[] = {"BTC-PERP"};
  EXPECT_EQ(qs_book_resolve_names(&market.context, market.arena, market.market, "hedge.instruments", bad, 1,
                                  &contracts),
            QS_ERROR_INPUT);
  EXPECT_EQ(market.message().find("hedge.instruments[0]: instrument: \"BTC-PERP\""), 0u) << market.message();

  qs_position_spec target = {"BTC-PERPETUAL", -3, NAN, nullptr, nullptr, 0};
  ASSERT_EQ(qs_book_resolve_positions(&market.context, market.arena, market.market, "hedge.target", &target,
                                      1, &contracts),
            QS_OK);
  EXPECT_EQ(contracts[0].quantity, -3);

  qs_trade_spec trade = european("w1");
  ASSERT_EQ(qs_book_resolve_trades(&market.context, market.arena, market.market, "risk.what_if", &trade, 1,
                                   &contracts),
            QS_OK);
  EXPECT_EQ(contracts[0].strike, 100);
}

/* Allocations fail one after another; each time the status says so and nothing is handed out. */
struct FailingAllocator {
  int left;
  static void *allocate(void *data, size_t size) {
    FailingAllocator *self = static_cast<FailingAllocator *>(data);
    return self->left-- > 0 ? malloc(size) : nullptr;
  }
  static void release(void *, void *block) { free(block); }
};

TEST_F(Book, SurvivesEveryFailedAllocation) {
  /* Large enough that the arena asks for chunks while the market and the book are built. */
  QuoteList many;
  many.add("BTC-PERPETUAL", 62687.5, 62688.0);
  for (int strike = 1; strike <= 5000; strike++) {
    many.add("BTC-25DEC26-" + std::to_string(1000 * strike) + "-C", 0.05, 0.06);
  }
  std::vector<qs_position_spec> held(8000, {"BTC-25DEC26-70000-C", 1, NAN, nullptr, nullptr, 0});
  bool succeeded = false;
  int allowed = 0;
  for (; !succeeded; allowed++) {
    ASSERT_LT(allowed, 1000);
    FailingAllocator failing = {allowed};
    qs_context context;
    qs_context_init(&context);
    context.allocator = {FailingAllocator::allocate, FailingAllocator::release, &failing};
    qs_arena *arena = qs_arena_create(&context);
    if (!arena) {
      continue;
    }
    qs_underlying_spec spec = gbm_spec("BTC", &many);
    qs_inputs inputs;
    qs_inputs_init(&inputs);
    inputs.as_of = market.inputs.as_of;
    inputs.underlyings = &spec;
    inputs.underlying_count = 1;
    inputs.positions = held.data();
    inputs.position_count = held.size();
    qs_market *built = nullptr;
    qs_book *made = nullptr;
    qs_status status = qs_market_build(&context, arena, &inputs, &built);
    EXPECT_EQ(status == QS_OK, built != nullptr);
    if (status == QS_OK) {
      status = qs_book_build(&context, arena, &inputs, built, &made);
      EXPECT_EQ(status == QS_OK, made != nullptr);
    }
    succeeded = status == QS_OK;
    if (!succeeded) {
      EXPECT_EQ(status, QS_ERROR_MEMORY) << context.message;
      EXPECT_EQ(std::string(context.message).find("out of memory while"), 0u) << context.message;
    }
    qs_arena_destroy(arena);
  }
  EXPECT_GT(allowed, 5);
}

} // namespace
