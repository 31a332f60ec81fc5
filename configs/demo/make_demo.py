#!/usr/bin/env python3
"""Makes the synthetic data of the example: btc_quotes.csv, eth_quotes.csv, positions.csv and prices.csv.

    make_demo.py            writes them beside this script
    make_demo.py --check    compares instead; exit status 1 where a file differs

Nothing here was observed on any market. Prices come from the parameters below through fourier.py, then get a bid, an ask
and noise from a seeded generator, so that the same files come out everywhere. The Python standard library is enough.
"""

import datetime
import math
import os
import random
import sys

import fourier

AS_OF = datetime.datetime(2026, 3, 2, 9, 30, tzinfo=datetime.timezone.utc)
YEAR_SECONDS = 365 * 86400
SEED = 20260302

# Parameters in quickset's own spelling; X is quoted nowhere and appears in the price history alone.
UNDERLYINGS = {
    "BTC": {
        "model": {"v0": 0.20, "kappa": 5.0, "theta": 0.24, "xi": 1.7, "rho": -0.35, "lambda": 2.5, "mu_j": -0.03,
                  "sigma_j": 0.06, "mu_v": 0.08, "rho_j": -0.25},
        "spot": 68012.35, "future_tick": 2.5, "strike_steps": (250, 500, 1000, 2000, 2500, 5000, 10000),
        "strikes": 21, "expiries": "3MAR26 6MAR26 13MAR26 27MAR26 24APR26 26JUN26 25SEP26 25DEC26",
        "open_interest": 900.0, "history_drift": 0.25,
    },
    "ETH": {
        "model": {"v0": 0.36, "kappa": 4.0, "theta": 0.42, "xi": 2.0, "rho": -0.30, "lambda": 3.0, "mu_j": -0.05,
                  "sigma_j": 0.09, "mu_v": 0.0, "rho_j": 0.0},
        "spot": 2384.17, "future_tick": 0.25, "strike_steps": (10, 25, 50, 100, 200, 250, 500, 1000),
        "strikes": 14, "expiries": "6MAR26 27MAR26 24APR26 26JUN26 25SEP26",
        "open_interest": 9000.0, "history_drift": 0.20,
    },
    "X": {
        "model": {"v0": 0.04, "kappa": 1.5, "theta": 0.04, "xi": 0.5, "rho": -0.7, "lambda": 0.0},
        "spot": 100.0, "history_drift": 0.06,
    },
}
RETURN_CORRELATION = {("BTC", "ETH"): 0.80, ("BTC", "X"): 0.30, ("ETH", "X"): 0.30}
HISTORY_DAYS = 500
HISTORY_STEPS = 24  # a day

# The book: underlying, expiry (None: the perpetual), moneyness aimed at, C, P or F (future), quantity, book, and the
# entry price over today's mid. Options in coin, futures and perpetual in USD notional.
BOOK = [
    ("BTC", "27MAR26", 1.10, "C", -25, "main", 1.25),
    ("BTC", "27MAR26", 1.20, "C", -15, "main", 1.60),
    ("BTC", "27MAR26", 0.90, "P", 20, "main", 0.90),
    ("BTC", "27MAR26", 0.80, "P", -20, "main", 1.10),
    ("BTC", "24APR26", 1.15, "C", -20, "main", 1.05),
    ("BTC", "24APR26", 0.85, "P", 25, "main", 0.95),
    ("BTC", "26JUN26", 1.30, "C", -12, "main", 1.30),
    ("BTC", "26JUN26", 0.75, "P", 15, "main", 0.85),
    ("BTC", "26JUN26", 1.00, "C", 8, "main", 0.92),
    ("BTC", "25DEC26", 1.50, "C", 10, "main", 0.75),
    ("BTC", "25DEC26", 0.60, "P", 10, "main", 1.05),
    ("BTC", "26JUN26", 1.0, "F", 1500000, "main", 0.985),
    ("BTC", "25SEP26", 1.0, "F", -800000, "main", 1.012),
    ("BTC", None, 1.0, "F", -600000, "main", 1.003),
    ("BTC", "3MAR26", 1.02, "C", -10, "vol", 1.40),
    ("BTC", "3MAR26", 0.98, "P", -10, "vol", 1.35),
    ("BTC", "6MAR26", 1.00, "C", -18, "vol", 1.10),
    ("BTC", "6MAR26", 1.00, "P", -18, "vol", 1.12),
    ("BTC", "6MAR26", 1.08, "C", 30, "vol", 1.00),
    ("BTC", "6MAR26", 0.92, "P", 30, "vol", 0.95),
    ("BTC", "13MAR26", 1.05, "C", -15, "vol", 1.08),
    ("BTC", "13MAR26", 0.95, "P", -15, "vol", 1.04),
    ("BTC", "27MAR26", 1.00, "C", 22, "vol", 0.97),
    ("BTC", "27MAR26", 1.00, "P", 22, "vol", 0.98),
    ("BTC", "25SEP26", 1.00, "C", -6, "vol", 1.02),
    ("BTC", "25SEP26", 1.00, "P", -6, "vol", 1.01),
    ("BTC", "13MAR26", 1.0, "F", 250000, "vol", 1.001),
    ("BTC", None, 1.0, "F", 150000, "vol", 0.999),
    ("ETH", "27MAR26", 1.10, "C", -250, "main", 1.15),
    ("ETH", "27MAR26", 0.85, "P", 300, "main", 0.90),
    ("ETH", "26JUN26", 1.00, "C", 150, "main", 0.88),
    ("ETH", "26JUN26", 1.0, "F", -200000, "main", 1.015),
    ("ETH", None, 1.0, "F", 120000, "main", 0.996),
    ("ETH", "6MAR26", 1.00, "C", -120, "vol", 1.20),
    ("ETH", "6MAR26", 1.00, "P", -120, "vol", 1.18),
    ("ETH", "24APR26", 1.00, "C", 140, "vol", 1.00),
    ("ETH", "24APR26", 1.00, "P", 140, "vol", 1.02),
    ("ETH", "25SEP26", 1.30, "C", -80, "vol", 1.10),
]


class Noise:
    """Uniform and normal numbers whose sequence Python promises to keep (only random() is promised)."""

    def __init__(self, name):
        self.generator = random.Random(f"{SEED} {name}")

    def uniform(self):
        return self.generator.random()

    def normal(self):
        radius = math.sqrt(-2 * math.log(1 - self.uniform()))
        return radius * math.cos(2 * math.pi * self.uniform())


def expiry_years(name):
    date = datetime.datetime.strptime(name, "%d%b%y").replace(hour=8, tzinfo=datetime.timezone.utc)
    return (date - AS_OF).total_seconds() / YEAR_SECONDS


def forward(spot, years):
    """A curve that starts at 7% a year and flattens towards 4%."""
    return spot * math.exp((0.04 + 0.03 * math.exp(-4 * years)) * years)


def to_tick(price, tick, rounding):
    """The multiple of tick at, below or above, exact in decimal."""
    return round(rounding(round(price / tick, 9)) * tick, 6)


def option_tick(price):
    return 0.0001 if price < 0.005 else 0.0005


def text(price):
    return "" if price is None else f"{price:.6f}".rstrip("0").rstrip(".")


def strikes_of(underlying, years, level):
    """About as many strikes as the underlying lists, out to some two deviations on either side."""
    model = underlying["model"]
    deviation = math.sqrt((model["v0"] + model["theta"]) / 2 * years) * 1.15
    low, high = level * math.exp(-2.2 * deviation), level * math.exp(2.2 * deviation)
    steps = underlying["strike_steps"]
    step = next((s for s in steps if (high - low) / s <= underlying["strikes"]), steps[-1])
    return range(math.ceil(low / step) * step, math.floor(high / step) * step + 1, step)


def option_row(name, price, moneyness, deviation, noise):
    """One option's quotes in coin. The half-spread is some hundredths of a volatility point's worth and more in the
    wings and in the money; the mid is off by a part of it, so that no quote gives the model away."""
    width = abs(math.log(moneyness)) / deviation
    vega = math.exp(-0.5 * width * width) / math.sqrt(2 * math.pi) * deviation
    half = vega * (0.008 + 0.006 * width) + 0.02 * max(0.0, price - 0.4 * deviation) + 0.00008
    middle = max(price + 0.3 * half * noise.normal(), 0.3 * price)
    tick = option_tick(middle)
    bid = to_tick(max(middle - half, 0.0), tick, math.floor)
    ask = to_tick(middle + half, tick, math.ceil)
    if ask <= bid:
        ask = round(bid + tick, 6)
    interest = max(0.0, noise.normal() + 1.2) * math.exp(-0.6 * width)
    return name, bid if bid > 0 else None, ask, round(middle, 4), interest


def future_rows(name, underlying, noise):
    """Index, perpetual and futures in USD; the open interest of futures in USD."""
    spot, tick = underlying["spot"], underlying["future_tick"]
    rows = [(f"{name}-INDEX", None, None, spot, "")]
    perpetual = to_tick(spot * 1.00005, tick / 5, math.floor)
    size = underlying["open_interest"] * spot
    rows.append((f"{name}-PERPETUAL", perpetual, round(perpetual + tick / 5, 6), round(perpetual + tick / 10, 6),
                 str(round(size * 12))))
    for expiry in underlying["expiries"].split():
        level = forward(spot, expiry_years(expiry)) * (1 + 0.00001 * noise.normal())
        bid = to_tick(level - 0.5 * tick, tick, round)
        ticks = 1 + int(expiry_years(expiry) * 3)
        rows.append((f"{name}-{expiry}", bid, round(bid + ticks * tick, 6), round(level, 2),
                     str(round(size * (0.2 + 2 * noise.uniform()), -1)).removesuffix(".0")))
    return rows


def quotes_of(name):
    """All rows of the quotes file: (instrument, bid, ask, mark, open interest)."""
    underlying, noise = UNDERLYINGS[name], Noise(f"quotes {name}")
    rows = future_rows(name, underlying, noise)
    for expiry in underlying["expiries"].split():
        years = expiry_years(expiry)
        level = forward(underlying["spot"], years)
        smile = fourier.Smile(underlying["model"], years)
        at_the_money = fourier.implied_deviation(smile.call(1.0), 1.0)
        for strike in strikes_of(underlying, years, level):
            for kind, price in (("C", smile.call(strike / level)), ("P", smile.put(strike / level))):
                row = option_row(f"{name}-{expiry}-{strike}-{kind}", price, strike / level, at_the_money, noise)
                rows.append(row[:4] + (text(round(row[4] * underlying["open_interest"] / 4, 1)),))
    return rows


def quotes_csv(rows):
    lines = ["instrument,bid,ask,mark,open_interest"]
    lines += [f"{name},{text(bid)},{text(ask)},{text(mark)},{interest}" for name, bid, ask, mark, interest in rows]
    return "\n".join(lines) + "\n"


def instrument_of(rows, name, expiry, moneyness, kind):
    """The listed instrument nearest to the moneyness aimed at."""
    if expiry is None:
        return f"{name}-PERPETUAL"
    if kind == "F":
        return f"{name}-{expiry}"
    level = forward(UNDERLYINGS[name]["spot"], expiry_years(expiry))
    listed = [row[0] for row in rows if row[0].startswith(f"{name}-{expiry}-") and row[0].endswith(f"-{kind}")]
    return min(listed, key=lambda instrument: abs(int(instrument.split("-")[2]) / level - moneyness))


def positions_csv(quotes):
    lines = ["instrument,quantity,entry_price,book,venue"]
    for name, expiry, moneyness, kind, quantity, book, over in BOOK:
        instrument = instrument_of(quotes[name], name, expiry, moneyness, kind)
        mark = next(row[3] for row in quotes[name] if row[0] == instrument)
        tick = UNDERLYINGS[name]["future_tick"] if kind == "F" else option_tick(mark * over)
        lines.append(f"{instrument},{quantity},{text(to_tick(mark * over, tick, round))},{book},deribit")
    return "\n".join(lines) + "\n"


def cholesky(names):
    """Lower triangular factor of the correlations of the returns."""
    factor = [[0.0] * len(names) for _ in names]
    for i, row in enumerate(names):
        for j, column in enumerate(names[: i + 1]):
            target = 1.0 if i == j else RETURN_CORRELATION[tuple(sorted((row, column)))]
            rest = target - sum(factor[i][k] * factor[j][k] for k in range(j))
            factor[i][j] = math.sqrt(rest) if i == j else rest / factor[j][j]
    return factor


def next_state(m, drift, x, v, dt, normal, noise):
    """One full-truncation Euler step of (ln S, v), with a jump at most."""
    level = max(v, 0.0)
    other = m["rho"] * normal + math.sqrt(1 - m["rho"] ** 2) * noise.normal()
    x += (drift - 0.5 * level) * dt + math.sqrt(level * dt) * normal
    v += m["kappa"] * (m["theta"] - level) * dt + m["xi"] * math.sqrt(level * dt) * other
    if noise.uniform() < m["lambda"] * dt:
        jump = -m["mu_v"] * math.log(1 - noise.uniform())
        x += m["mu_j"] + m["rho_j"] * jump + m["sigma_j"] * noise.normal()
        v += jump
    return x, v


def prices_csv():
    """Daily closes that end the day before, scaled so that the last one is near the spot."""
    names = list(UNDERLYINGS)
    factor, noise, dt = cholesky(names), Noise("prices"), 1 / 365 / HISTORY_STEPS
    state = {name: (0.0, UNDERLYINGS[name]["model"]["v0"]) for name in names}
    path = []
    for step in range(HISTORY_DAYS * HISTORY_STEPS):
        normals = [noise.normal() for _ in names]
        for i, name in enumerate(names):
            own = sum(factor[i][k] * normals[k] for k in range(i + 1))
            underlying = UNDERLYINGS[name]
            state[name] = next_state(underlying["model"], underlying["history_drift"], *state[name], dt, own, noise)
        if step % HISTORY_STEPS == HISTORY_STEPS - 1:
            path.append([state[name][0] for name in names])
    scale = [UNDERLYINGS[name]["spot"] * 0.997 / math.exp(path[-1][i]) for i, name in enumerate(names)]
    first = AS_OF.date() - datetime.timedelta(days=HISTORY_DAYS)
    lines = ["date," + ",".join(names)]
    for day, row in enumerate(path):
        closes = ",".join(f"{scale[i] * math.exp(x):.2f}" for i, x in enumerate(row))
        lines.append(f"{first + datetime.timedelta(days=day)},{closes}")
    return "\n".join(lines) + "\n"


def make():
    """File name and content of everything this script makes."""
    quotes = {name: quotes_of(name) for name in ("BTC", "ETH")}
    files = {f"{name.lower()}_quotes.csv": quotes_csv(rows) for name, rows in quotes.items()}
    files["positions.csv"] = positions_csv(quotes)
    files["prices.csv"] = prices_csv()
    return files


def main():
    folder, status = os.path.dirname(os.path.abspath(__file__)), 0
    for name, content in make().items():
        path = os.path.join(folder, name)
        if "--check" in sys.argv[1:]:
            with open(path, "rb") as file:
                same = file.read() == content.encode()
            print(f"{name}: {'as made' if same else 'differs from what the script makes'}")
            status |= not same
        else:
            with open(path, "w", encoding="utf-8", newline="\n") as file:
                file.write(content)
    return status


if __name__ == "__main__":
    sys.exit(main())
