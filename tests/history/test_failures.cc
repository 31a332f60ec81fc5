// Every allocation of every call fails once: the status is QS_ERROR_MEMORY, what is returned stays untouched,
// and nothing leaks (the sanitizers look).
#include <gtest/gtest.h>

#include <cstring>
#include <functional>

#include "host/history/bootstrap.h"
#include "host/history/depth.h"
#include "host/history/forecast.h"
#include "host/history/funding.h"
#include "host/history/garch.h"
#include "host/history/regime.h"
#include "table.h"

namespace {

struct Failing {
  long count = 0, at = 0, held = 0;
  static void *allocate(void *data, size_t size) {
    auto *f = static_cast<Failing *>(data);
    if (++f->count == f->at) {
      return nullptr;
    }
    f->held++;
    return std::malloc(size);
  }
  static void release(void *data, void *block) {
    static_cast<Failing *>(data)->held -= block != nullptr;
    std::free(block);
  }
};

template <class Result> void fail_each(const std::function<qs_status(qs_context *, Result *)> &call) {
  long calls = 1;
  for (long at = 0; at <= calls; at++) {
    Failing failing;
    failing.at = at;
    qs_context context;
    qs_context_init(&context);
    context.allocator = {Failing::allocate, Failing::release, &failing};
    Result result, untouched;
    std::memset(&result, 7, sizeof result);
    std::memset(&untouched, 7, sizeof untouched);
    qs_status status = call(&context, &result);
    EXPECT_EQ(failing.held, 0);
    if (at == 0) {
      ASSERT_EQ(status, QS_OK) << context.message;
      calls = failing.count;
      ASSERT_GT(calls, 0);
    } else {
      EXPECT_EQ(status, QS_ERROR_MEMORY) << at << " of " << calls;
      EXPECT_NE(std::strstr(context.message, "out of memory while"), nullptr) << context.message;
      EXPECT_EQ(std::memcmp(&result, &untouched, sizeof result), 0) << at;
    }
  }
}

TEST(HistoryFailures, MemoryThatIsNotThere) {
  std::vector<double> rates = history::series("funding"), v = history::series("variance"),
                      r = history::series("regime");
  qs_funding_terms terms = qs_funding_binance();
  qs_funding_record record = {rates.data(), rates.size(), nullptr, 1e-8};
  fail_each<qs_funding_fit>(
      [&](qs_context *c, qs_funding_fit *f) { return qs_funding_fit_record(c, &terms, &record, f); });
  qs_premium_process process = {2e-4, 500, 0.02, 0};
  fail_each<double>(
      [&](qs_context *c, double *f) { return qs_funding_likelihood(c, &terms, &record, &process, f); });
  qs_har_settings har = {{1, 7, 30}, 1, false, 0};
  fail_each<qs_har_fit>(
      [&](qs_context *c, qs_har_fit *f) { return qs_har_fit_series(c, v.data(), v.size(), &har, f); });
  fail_each<qs_garch_fit>([&](qs_context *c, qs_garch_fit *f) {
    return qs_garch_fit_series(c, v.data(), v.data(), v.size(), f);
  });
  fail_each<qs_regime_fit>(
      [&](qs_context *c, qs_regime_fit *f) { return qs_regime_fit_series(c, r.data(), r.size(), f); });
  qs_bootstrap boot = {v.size(), 5, 50, 1, 0.9};
  auto first = [](const size_t *index, size_t, const void *data) {
    return static_cast<const double *>(data)[index[0]];
  };
  fail_each<qs_bootstrap_result>([&](qs_context *c, qs_bootstrap_result *f) {
    return qs_bootstrap_interval(c, &boot, first, v.data(), f);
  });
  double bid[] = {99, 98, 97}, ask[] = {101, 102, 104}, size[] = {1, 2, 3};
  std::vector<qs_order_book> books(12, {3, bid, size, ask, size});
  qs_order_books all = {books.data(), books.size(), 0};
  qs_depth_settings settings = {0, 0, 1};
  fail_each<qs_depth_fit>(
      [&](qs_context *c, qs_depth_fit *f) { return qs_depth_fit_books(c, &all, &settings, f); });
}

} // namespace
