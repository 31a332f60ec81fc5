/* Texts and hashes, against the C library and published vectors. */
#include <gtest/gtest.h>

#include <clocale>
#include <cmath>
#include <cstring>
#include <cwchar>
#include <random>
#include <string>
#include <vector>

#include "host/base/text.h"
#include "host/io/sha256.h"

namespace {

TEST(Sha256, PublishedVectors) {
  struct {
    std::string text;
    const char *hash;
  } cases[] = {
      /* FIPS 180-4 examples and NIST's long message */
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopq"
       "rstnopqrstu",
       "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
      {std::string(1000000, 'a'), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
      /* around the padding's edges, from Python's hashlib */
      {std::string(55, 'a'), "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
      {std::string(56, 'a'), "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"},
      {std::string(63, 'a'), "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"},
      {std::string(64, 'a'), "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"},
      {std::string(65, 'a'), "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0"},
      {std::string(119, 'a'), "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb"},
      {std::string(120, 'a'), "2f3d335432c70b580af0e8e1b3674a7c020d683aa5f73aaaedfdc55af904c21c"},
  };
  for (const auto &c : cases) {
    char hash[QS_SHA256_TEXT];
    qs_sha256(c.text.data(), c.text.size(), hash);
    EXPECT_STREQ(hash, c.hash) << c.text.size() << " bytes";
  }
}

TEST(Text, ClassifiesWholeTexts) {
  double number = -1;
  for (const char *text : {"1", "-1", "+1", "1.", ".5", "1.5e3", "1E-3", "0", "007", "-0"}) {
    EXPECT_EQ(qs_text_classify(text, &number), QS_TEXT_NUMBER) << text;
    EXPECT_EQ(number, std::strtod(text, nullptr)) << text;
  }
  for (const char *text :
       {".nan", ".inf", "-.INF", "nan", "NaN", "inf", "-inf", "Infinity", "1e999", "-1e999"}) {
    EXPECT_EQ(qs_text_classify(text, nullptr), QS_TEXT_NOT_FINITE) << text;
  }
  for (const char *text : {"1x", "0x10", "1,000", "1_000", "--1",   "e5",  "1e", "1e+", ".",   "-",
                           "1 ", " 1",   "1.2.3", "0o7",   "12:30", "yes", "no", "on",  "off", "infinit"}) {
    EXPECT_EQ(qs_text_classify(text, nullptr), QS_TEXT_WORD) << text;
  }
  for (const char *text : {"true", "False", "TRUE"}) {
    EXPECT_EQ(qs_text_classify(text, nullptr), QS_TEXT_BOOL) << text;
  }
  for (const char *text : {"", "~", "null", "NULL"}) {
    EXPECT_EQ(qs_text_classify(text, nullptr), QS_TEXT_NULL) << text;
  }
}

TEST(Text, CountsStopAtTwoToTheSixtyFour) {
  uint64_t n = 5;
  EXPECT_TRUE(qs_text_count("18446744073709551615", &n));
  EXPECT_EQ(n, UINT64_MAX);
  EXPECT_TRUE(qs_text_count("00000000000000000007", &n));
  EXPECT_EQ(n, 7u);
  for (const char *text :
       {"18446744073709551616", "-1", "+1", "1.0", "", "1e3", "99999999999999999999", "1 "}) {
    EXPECT_FALSE(qs_text_count(text, &n)) << text;
  }
}

TEST(Text, NumbersReadBack) {
  std::mt19937_64 bits(20260801);
  int shorter = 0;
  for (int i = 0; i < 100000; i++) {
    uint64_t pattern = bits();
    double value = 0;
    std::memcpy(&value, &pattern, sizeof value);
    if (i % 2 == 0) {
      value = std::round((double)(pattern >> 20) / 1e7) / 1000; /* what a person would write */
    }
    if (!std::isfinite(value)) {
      continue;
    }
    char text[QS_NUMBER_TEXT];
    qs_text_from_number(value, text);
    double back = std::strtod(text, nullptr);
    ASSERT_EQ(std::memcmp(&back, &value, sizeof value), 0) << text;
    shorter += std::strlen(text) < 17;
  }
  EXPECT_GT(shorter, 40000);
  char text[QS_NUMBER_TEXT];
  qs_text_from_number(0.1, text);
  EXPECT_STREQ(text, "0.1");
  qs_text_from_number(-0.0, text);
  EXPECT_STREQ(text, "-0");
}

/* A caller's decimal comma must not reach files. */
TEST(Text, NumbersDoNotFollowTheLocale) {
  const char *found = nullptr;
  for (const char *name : {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8", "fr_FR"}) {
    found = found ? found : std::setlocale(LC_ALL, name);
  }
  if (!found) {
    GTEST_SKIP() << "no locale with a decimal comma is installed here";
  }
  double number = 0;
  EXPECT_EQ(qs_text_classify("1.5", &number), QS_TEXT_NUMBER);
  char text[QS_NUMBER_TEXT];
  qs_text_from_number(2.5, text);
  std::setlocale(LC_ALL, "C");
  EXPECT_EQ(number, 1.5);
  EXPECT_STREQ(text, "2.5");
}

TEST(Text, ShowsLittleAndOnOneLine) {
  char shown[QS_SHOWN_TEXT];
  qs_text_show("a\nb\x7f", shown);
  EXPECT_STREQ(shown, "a\\x0Ab\\x7F");
  qs_text_show(std::string(1000, 'x').c_str(), shown);
  EXPECT_EQ(std::string(shown), std::string(60, 'x') + "...");
  qs_text_show(std::string(1000, '\n').c_str(), shown);
  EXPECT_LT(std::strlen(shown), (size_t)QS_SHOWN_TEXT);
  std::string umlauts;
  for (int i = 0; i < 50; i++) {
    umlauts += "\xc3\xa4";
  }
  qs_text_show(umlauts.c_str(), shown);
  qs_text_flaw flaw;
  EXPECT_TRUE(qs_text_valid(shown, std::strlen(shown), 1000, &flaw)) << "a character was cut";
}

TEST(Text, FindsWhatWasMeant) {
  const char *const keys[] = {"paths", "seed", "precision", "v0", "xi"};
  EXPECT_STREQ(qs_text_closest("pahts", keys, 5), "paths");
  EXPECT_STREQ(qs_text_closest("path", keys, 5), "paths");
  EXPECT_STREQ(qs_text_closest("sede", keys, 5), "seed");
  EXPECT_STREQ(qs_text_closest("precison", keys, 5), "precision");
  EXPECT_STREQ(qs_text_closest("v1", keys, 5), "v0");
  EXPECT_EQ(qs_text_closest("volatility", keys, 5), nullptr);
  EXPECT_EQ(qs_text_closest(std::string(5000, 'p').c_str(), keys, 5), nullptr);
}

/* Random bytes, against the C library's own decoder. */
TEST(Text, ValidityIsThatOfTheCLibrary) {
  if (!std::setlocale(LC_CTYPE, "C.UTF-8")) {
    GTEST_SKIP() << "the locale C.UTF-8 is not installed here";
  }
  std::mt19937 random(7);
  const unsigned char lead[] = {0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xef,
                                0xf0, 0xf1, 0xf4, 0xf5, 0xff, 0x80, 'a'};
  const unsigned char next[] = {0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 'a'};
  int valid = 0;
  for (int i = 0; i < 200000; i++) {
    std::string text(1 + random() % 4, 'a');
    for (size_t k = 0; k < text.size(); k++) {
      text[k] = (char)(k == 0 ? lead[random() % sizeof lead] : next[random() % sizeof next]);
    }
    std::mbstate_t state{};
    wchar_t wide = 0;
    size_t length = std::mbrtowc(&wide, text.data(), text.size(), &state);
    /* The C library goes on beyond the last character of Unicode. */
    bool unicode = wide <= 0x10ffff && (wide < 0xd800 || wide > 0xdfff);
    bool expected = length != (size_t)-1 && length != (size_t)-2 && unicode;
    size_t ours = qs_text_character(text.data(), text.size());
    ASSERT_EQ(ours != 0, expected) << testing::PrintToString(
        std::vector<unsigned char>(text.begin(), text.end()));
    ASSERT_TRUE(!expected || ours == length) << "case " << i;
    valid += expected;
  }
  std::setlocale(LC_CTYPE, "C");
  EXPECT_GT(valid, 1000);
}

TEST(Text, FlawsHaveAPlace) {
  struct {
    std::string text;
    uint32_t line, column;
  } cases[] = {
      {std::string("ab\0c", 4), 1, 3},
      {"a\n\xc3\xa4\xff", 2, 2},
      {"a\x1b[0m", 1, 2},
      {"\xef\xbb\xbf"
       "a\n\xef\xbb\xbf",
       2, 1},
      {"\xed\xa0\x80", 1, 1},
      {"aa\n" + std::string(101, 'b'), 2, 101},
  };
  for (const auto &c : cases) {
    qs_text_flaw flaw;
    ASSERT_FALSE(qs_text_valid(c.text.data(), c.text.size(), 100, &flaw));
    EXPECT_EQ(flaw.line, c.line);
    EXPECT_EQ(flaw.column, c.column);
    EXPECT_NE(flaw.what, nullptr);
  }
  std::string good = "\xef\xbb\xbf"
                     "a\tb\r\n\xe2\x82\xac\n" +
                     std::string(100, 'c');
  qs_text_flaw flaw;
  EXPECT_TRUE(qs_text_valid(good.data(), good.size(), 100, &flaw));
}

} // namespace
