/* Times and names of listed instruments against dates computed with Python's datetime. */
#include <gtest/gtest.h>

#include <string>

#include "host/market/names.h"
#include "host/market/time.h"

namespace {

TEST(Time, ParsesTheFormsThatAreStated) {
  const struct {
    const char *text;
    qs_time time;
  } cases[] = {
      {"2026-08-01T17:58:04Z", 1785607084},
      {"2026-08-01 17:58:04", 1785607084},
      {"2026-08-01T17:58:04.999Z", 1785607084},
      {"2026-08-01", 1785542400},
      {"1970-01-01T00:00:01Z", 1},
      {"2000-02-29", 951782400},
      {"1969-12-31T23:59:59Z", -1},
      {"9999-12-31T23:59:59Z", 253402300799},
      {"0001-01-01", -62135596800},
  };
  for (const auto &c : cases) {
    qs_time time = 0;
    ASSERT_TRUE(qs_time_parse(c.text, &time)) << c.text;
    EXPECT_EQ(time, c.time) << c.text;
  }
}

TEST(Time, RejectsEverythingElse) {
  for (const char *text : {"",
                           "2026",
                           "2026-8-1",
                           "2026-08-01T",
                           "2026-08-01T17",
                           "2026-08-01T17:58",
                           "2026-08-01T24:00:00Z",
                           "2026-08-01T17:60:00Z",
                           "2026-08-01T17:58:60Z",
                           "2026-02-29",
                           "1900-02-29",
                           "2026-13-01",
                           "2026-00-10",
                           "2026-04-31",
                           "2026-08-01T17:58:04Zx",
                           "2026-08-01T17:58:04+01:00",
                           "2026-08-01T17:58:04.Z",
                           " 2026-08-01",
                           "2026-08-01 ",
                           "0000-01-01",
                           "-026-01-01",
                           "2026/08/01",
                           "2026-08-01x17:58:04Z"}) {
    qs_time time = 42;
    EXPECT_FALSE(qs_time_parse(text, &time)) << text;
    EXPECT_EQ(time, 42) << text;
  }
}

TEST(Time, FormatIsTheInverse) {
  /* Every 9,999,991 seconds (a prime, so all hours, days and months are met) over eight thousand years. */
  for (qs_time t = -62135596800; t < 253402300799; t += 9999991) {
    char text[QS_TIME_TEXT];
    qs_time back = 0;
    qs_time_format(t, text);
    ASSERT_TRUE(qs_time_parse(text, &back)) << text;
    ASSERT_EQ(back, t) << text;
  }
  char text[QS_TIME_TEXT];
  qs_time_format(1785607084, text);
  EXPECT_STREQ(text, "2026-08-01T17:58:04Z");
}

TEST(Time, YearsAreActual365) {
  EXPECT_DOUBLE_EQ(qs_time_years(0, 365 * 86400), 1.0);
  EXPECT_DOUBLE_EQ(qs_time_years(1785607084, 1786089600), 482516.0 / 31536000.0);
}

TEST(Names, ParsesOptions) {
  const struct {
    const char *text, *underlying;
    qs_time expiry;
    double strike;
    qs_call_put call_put;
  } cases[] = {
      {"BTC-7AUG26-62000-C", "BTC", 1786089600, 62000, QS_CALL},
      {"BTC-07AUG26-62000-C", "BTC", 1786089600, 62000, QS_CALL},
      {"ETH-29FEB24-2250-P", "ETH", 1709193600, 2250, QS_PUT},
      {"XRP-25DEC26-0d525-C", "XRP", 1798185600, 0.525, QS_CALL},
      {"XRP_USDC-25DEC26-0.525-P", "XRP_USDC", 1798185600, 0.525, QS_PUT},
      {"X-1JAN27-123456789012345-P", "X", 1798790400, 123456789012345, QS_PUT},
  };
  for (const auto &c : cases) {
    qs_listed_name name;
    ASSERT_TRUE(qs_listed_name_parse(c.text, &name)) << c.text;
    EXPECT_STREQ(name.underlying, c.underlying);
    EXPECT_EQ(name.kind, QS_LISTED_OPTION);
    EXPECT_EQ(name.expiry, c.expiry) << c.text;
    EXPECT_EQ(name.strike, c.strike);
    EXPECT_EQ(name.call_put, c.call_put);
  }
}

TEST(Names, ParsesFuturesPerpetualAndIndex) {
  qs_listed_name name;
  ASSERT_TRUE(qs_listed_name_parse("BTC-25SEP26", &name));
  EXPECT_EQ(name.kind, QS_LISTED_FUTURE);
  EXPECT_EQ(name.expiry, 1790323200);
  ASSERT_TRUE(qs_listed_name_parse("BTC-PERPETUAL", &name));
  EXPECT_EQ(name.kind, QS_LISTED_PERPETUAL);
  EXPECT_EQ(name.expiry, 0);
  ASSERT_TRUE(qs_listed_name_parse("ETH-INDEX", &name));
  EXPECT_EQ(name.kind, QS_LISTED_INDEX);
  EXPECT_STREQ(name.underlying, "ETH");
}

TEST(Names, RejectsJunk) {
  const std::string long_name(32, 'B');
  for (const std::string &text : {std::string(""),
                                  std::string("BTC"),
                                  std::string("BTC-"),
                                  std::string("-7AUG26"),
                                  std::string("BTC-0AUG26"),
                                  std::string("BTC-32AUG26"),
                                  std::string("BTC-31SEP26"),
                                  std::string("BTC-29FEB26"),
                                  std::string("BTC-7aug26"),
                                  std::string("BTC-7AGO26"),
                                  std::string("BTC-7AUG2026"),
                                  std::string("BTC-7AUG2"),
                                  std::string("BTC-007AUG26"),
                                  std::string("BTC-AUG26"),
                                  std::string("BTC-7AUG26-"),
                                  std::string("BTC-7AUG26-62000"),
                                  std::string("BTC-7AUG26-62000-"),
                                  std::string("BTC-7AUG26-62000-X"),
                                  std::string("BTC-7AUG26-62000-c"),
                                  std::string("BTC-7AUG26-62000-CC"),
                                  std::string("BTC-7AUG26--C"),
                                  std::string("BTC-7AUG26-0-C"),
                                  std::string("BTC-7AUG26-0.0-C"),
                                  std::string("BTC-7AUG26-062000-C"),
                                  std::string("BTC-7AUG26--62000-C"),
                                  std::string("BTC-7AUG26-+62000-C"),
                                  std::string("BTC-7AUG26-6e4-C"),
                                  std::string("BTC-7AUG26-62000.-C"),
                                  std::string("BTC-7AUG26-.5-C"),
                                  std::string("BTC-7AUG26-1.2.3-C"),
                                  std::string("BTC-7AUG26-1d2d3-C"),
                                  std::string("BTC-7AUG26-nan-C"),
                                  std::string("BTC-7AUG26-1234567890123456-C"),
                                  std::string("BTC-PERPETUAL-C"),
                                  std::string("BTC-perpetual"),
                                  std::string("BTC PERPETUAL"),
                                  std::string("BTC-7AUG26 "),
                                  std::string(" BTC-7AUG26"),
                                  std::string("B\xff-7AUG26"),
                                  long_name + "-INDEX"}) {
    qs_listed_name name;
    name.strike = 42;
    EXPECT_FALSE(qs_listed_name_parse(text.c_str(), &name)) << text;
    EXPECT_EQ(name.strike, 42) << text;
  }
}

} // namespace
