#!/usr/bin/env python3
"""The shipped examples' data: made by its script to the byte, priced rightly, and free of arbitrage a trader could do."""

import csv
import math
import os
import sys
import unittest

CONFIGS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "configs")
DEMO, HEDGING = os.path.join(CONFIGS, "demo"), os.path.join(CONFIGS, "hedging")
sys.path[:0] = [DEMO, HEDGING]
import fourier  # noqa: E402
import make_backtest_prices  # noqa: E402
import make_demo  # noqa: E402


def rows_of(name):
    with open(os.path.join(DEMO, name), encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def number(cell):
    return float(cell) if cell else None


def chain(name):
    """Per expiry: the future's (bid, ask) and {(strike, kind): (bid, ask)}."""
    futures, options = {}, {}
    for row in rows_of(f"{name.lower()}_quotes.csv"):
        parts, quote = row["instrument"].split("-"), (number(row["bid"]), number(row["ask"]))
        if len(parts) == 2:
            futures[parts[1]] = quote
        else:
            options.setdefault(parts[1], {})[int(parts[2]), parts[3]] = quote
    return futures, options


class Data(unittest.TestCase):
    def test_as_made(self):
        for name, content in make_demo.make().items():
            with open(os.path.join(DEMO, name), "rb") as file:
                self.assertTrue(file.read() == content.encode(), f"{name} is not what make_demo.py makes")

    def test_recorded_prices_as_made(self):
        with open(os.path.join(HEDGING, "backtest_prices.csv"), "rb") as file:
            made = make_backtest_prices.text().encode()
            self.assertTrue(file.read() == made, "backtest_prices.csv is not what make_backtest_prices.py makes")

    def test_positions_are_listed(self):
        listed = {row["instrument"] for name in ("btc", "eth") for row in rows_of(f"{name}_quotes.csv")}
        positions = rows_of("positions.csv")
        self.assertGreaterEqual(len(positions), 24)
        for row in positions:
            self.assertIn(row["instrument"], listed)

    def test_quotes_are_not_crossed(self):
        for name in ("btc", "eth"):
            for row in rows_of(f"{name}_quotes.csv"):
                bid, ask = number(row["bid"]), number(row["ask"])
                if bid is not None:
                    self.assertLess(bid, ask, row["instrument"])

    def test_no_executable_arbitrage(self):
        """In USD at expiry: a call or put bought or sold in coin costs coin price times the forward."""
        for name in ("BTC", "ETH"):
            futures, options = chain(name)
            for expiry, quotes in options.items():
                low, high = futures[expiry]
                for kind in "CP":
                    strikes = sorted(k for k, side in quotes if side == kind)
                    for i, j, k in zip(strikes, strikes[1:], strikes[2:]):
                        self.butterfly([quotes[s, kind] for s in (i, j, k)], (i, j, k), high, (expiry, j, kind))
                for strike in {k for k, _ in quotes}:
                    (call_bid, call_ask), (put_bid, put_ask) = quotes[strike, "C"], quotes[strike, "P"]
                    if call_bid is not None:
                        self.assertLess((call_bid - put_ask) * low, high - strike, (expiry, strike))
                    if put_bid is not None:
                        self.assertGreater((call_ask - put_bid) * high, low - strike, (expiry, strike))

    def butterfly(self, quotes, strikes, forward, what):
        """Buying the wings and selling the body must cost something: the payoff is never negative."""
        (_, low_ask), (body_bid, _), (_, high_ask) = quotes
        if body_bid is not None:
            weight = (strikes[2] - strikes[1]) / (strikes[2] - strikes[0])
            self.assertGreater((weight * low_ask + (1 - weight) * high_ask - body_bid) * forward, 0, what)


class Pricer(unittest.TestCase):
    def test_published(self):
        """Broadie and Kaya (2006)."""
        heston = {"v0": 0.010201, "kappa": 6.21, "theta": 0.019, "xi": 0.61, "rho": -0.7, "lambda": 0.0}
        price = 100 * fourier.Smile(heston, 1.0).call(math.exp(-0.0319))
        self.assertAlmostEqual(price, 6.8061, delta=5e-5)
        bates = {"v0": 0.008836, "kappa": 3.99, "theta": 0.014, "xi": 0.27, "rho": -0.79, "lambda": 0.11,
                 "mu_j": math.log(0.88) - 0.15**2 / 2, "sigma_j": 0.15, "mu_v": 0.0, "rho_j": 0.0}
        price = 100 * fourier.Smile(bates, 5.0).call(math.exp(-5 * 0.0319))
        self.assertAlmostEqual(price, 20.1642, delta=5e-5)

    def test_constant_variance_is_black(self):
        model = {"v0": 0.25, "kappa": 5.0, "theta": 0.25, "xi": 1e-3, "rho": 0.0, "lambda": 0.0}
        smile = fourier.Smile(model, 0.5)
        for moneyness in (0.6, 1.0, 1.7):
            black = fourier.black_call(moneyness, 0.5 * math.sqrt(0.5))
            self.assertAlmostEqual(smile.call(moneyness), black, delta=1e-7)  # xi squared is 1e-6


if __name__ == "__main__":
    unittest.main()
