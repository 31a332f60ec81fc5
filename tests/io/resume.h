/* A book that the program runs in part, and what it leaves. */
#ifndef QS_TESTS_IO_RESUME_H
#define QS_TESTS_IO_RESUME_H

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "program.h"

/* Trades of every kind of unit, in every section that simulates values; some states for every path beside. */
inline const char book[] = R"(as_of: 2026-03-02T09:30:00Z
output: out
simulation: {paths: 32768}
underlyings:
  - {name: X, spot: 100, discount_rate: 0.05, model: {type: heston, v0: 0.04, kappa: 1.5, theta: 0.04, xi: 0.5, rho: -0.7}}
  - {name: Y, spot: 50, discount_rate: 0.05, model: {type: merton, sigma: 0.3, lambda: 0.5, mu_j: -0.1, sigma_j: 0.2}}
correlations: [{between: [X, Y], value: 0.5}]
trades:
  - {id: call, type: european, underlying: X, call_put: call, strike: 105, expiry_years: 0.5, quantity: 3}
  - {id: put, type: european, underlying: Y, call_put: put, strike: 48, expiry_years: 0.25, quantity: -2}
  - {id: asian, type: asian, underlying: X, call_put: call, strike: 100, expiry: 2026-06-26T08:00:00Z, quantity: 1,
     fixings: {every: week, from: 2026-03-06T08:00:00Z, to: 2026-06-26T08:00:00Z}}
  - {id: best, type: best_of, underlyings: [X, Y], call_put: call, strike: 1.05, weights: [0.01, 0.02],
     expiry: 2026-06-26T08:00:00Z, quantity: 10}
  - {id: early, type: bermudan, underlying: X, call_put: put, strike: 100, expiry: 2026-05-29T08:00:00Z, quantity: 1,
     exercise: [2026-03-27T08:00:00Z, 2026-04-24T08:00:00Z, 2026-05-29T08:00:00Z]}
risk: {horizon_days: 1, levels: [0.95]}
stress: {spot: [-0.1, 0, 0.1], volatility: [0, 0.5]}
)";

/* Every section that there is, hedging over time and a backtest among them. */
inline const char every_section[] = R"(as_of: 2026-01-05T08:00:00Z
output: out
simulation: {paths: 32768}
underlyings:
  - {name: BTC, quotes: quotes.csv, model: {type: heston, v0: 0.28, kappa: 8, theta: 0.3, xi: 1.5, rho: -0.4}}
trades:
  - {id: call, type: european, underlying: BTC, call_put: call, strike: 60000, expiry: 2026-01-30T08:00:00Z, quantity: -10, book: hedged}
  - {id: asian, type: asian, underlying: BTC, call_put: put, strike: 60000, quantity: 2, book: other,
     fixings: {every: week, from: 2026-01-09T08:00:00Z, to: 2026-02-27T08:00:00Z}}
  - {id: early, type: bermudan, underlying: BTC, call_put: put, strike: 58000, expiry: 2026-02-27T08:00:00Z, quantity: 1, book: other,
     exercise: [2026-01-30T08:00:00Z, 2026-02-27T08:00:00Z]}
risk: {horizon_days: 1, levels: [0.95]}
stress: {spot: [-0.1, 0, 0.1]}
hedge: {instruments: [BTC-PERPETUAL], risk_aversion: 1.0e-6}
simulate:
  position: hedged
  instruments: [BTC-PERPETUAL]
  dates: {count: 5, spacing_days: 1}
  costs: {proportional: 0.0005}
  risk_aversion: 1.0e-4
  policies: [none, delta_every_date, whalley_wilmott]
backtest:
  position: hedged
  instrument: BTC-PERPETUAL
  prices: )" QS_SOURCE_DIR R"(/configs/hedging/backtest_prices.csv
  dates: {count: 12, spacing_days: 1}
  costs: {proportional: 0.0005}
  risk_aversion: 1.0e-4
  policies: [delta_every_date, none]
)";

class Resume : public testing::Test {
protected:
  void SetUp() override { use(book); }
  void use_every_section() {
    folder.write("quotes.csv", "instrument,bid,ask,mark,open_interest\nBTC-INDEX,,,58144.65,\n"
                               "BTC-PERPETUAL,58140,58149,58144.5,1000000\n");
    use(every_section);
  }
  void use(const char *text) {
    folder.write("c.yaml", text);
    config = folder / "c.yaml";
  }
  /* From here on the book has european trades alone, of so many paths that it takes hours. */
  void make_long() {
    std::string text = book;
    text.erase(text.find("  - {id: asian"), text.find("risk:") - text.find("  - {id: asian"));
    text.replace(text.find("32768"), 5, "100000000");
    folder.write("c.yaml", text);
  }
  bool wait_for_journal(const std::string &out) {
    for (int i = 0; i < 4000 && !has_journal(out); i++) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return has_journal(out);
  }
  std::vector<std::string> command(const std::string &out, std::vector<std::string> more = {}) {
    std::vector<std::string> all = {"run", config, "--threads", "2", "--quiet", "--out", folder / out};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  /* Every file of results but the manifest, which has times. */
  std::map<std::string, std::string> results(const std::string &out) {
    std::map<std::string, std::string> files;
    for (const auto &entry : std::filesystem::directory_iterator(folder / out)) {
      if (entry.path().filename() != "manifest.json") {
        files[entry.path().filename()] = Scratch::read(entry.path());
      }
    }
    EXPECT_EQ(files.count("results.json"), 1u);
    EXPECT_EQ(files.count("stress.csv"), 1u);
    return files;
  }
  /* The results of a run that nothing disturbed, and how long it took. */
  std::map<std::string, std::string> undisturbed(double *seconds) {
    const auto begin = std::chrono::steady_clock::now();
    Outcome outcome = run(command("whole"));
    *seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_FALSE(has_journal("whole"));
    return results("whole");
  }
  bool has_journal(const std::string &out) {
    return std::filesystem::exists(folder / ("." + out + ".journal"));
  }
  uint64_t recalled(const std::string &out) {
    const std::string manifest = Scratch::read(folder / (out + "/manifest.json"));
    const size_t at = manifest.find("\"recalled\": ");
    return at == std::string::npos ? 0 : std::stoull(manifest.substr(at + 12));
  }
  Scratch folder;
  std::string config;
};

inline void sleep_for(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

#endif
