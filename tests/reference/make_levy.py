"""Writes trades/levy_*.jsonl: references under gbm, merton and kou. Python with numpy and scipy.

    python tests/reference/make_levy.py [family ...]
"""

import os
import random
import sys

from levy import DAY, Model, iso
from levy_payoffs import digitals, forward_starts
from levy_rows import Market, rows_of, write

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "trades")
EIGHT = 22 * 3600 + 1800  # as_of is at 09:30: 08:00 of the next day


def random_market(rng, kind):
    carry = round(rng.uniform(-0.03, 0.08), 3)
    sigma = round(rng.uniform(0.15, 0.7), 3)
    values = {"sigma": sigma}
    if kind == "merton":
        values["lambda"] = round(rng.uniform(0.3, 4), 2)
        values["mu_j"] = round(rng.uniform(-0.2, 0.08), 3)
        values["sigma_j"] = round(rng.uniform(0.03, 0.2), 3)
    if kind == "kou":
        values["lambda"] = round(rng.uniform(0.5, 8), 2)
        values["p"] = round(rng.uniform(0.2, 0.7), 3)
        values["eta1"] = round(rng.uniform(12, 40), 1)
        values["eta2"] = round(rng.uniform(12, 30), 1)
    return Market(Model(kind, values, carry), 100, round(rng.uniform(0, 0.08), 3), round(rng.uniform(0, 0.03), 3))


def near(rng, market, years, wide=1.2):
    """A strike about `wide` deviations around the forward, often next to spot."""
    sd = market.model.values["sigma"] * max(years, 1 / 365) ** 0.5
    if rng.random() < 0.25:
        return market.spot + rng.choice([-0.5, 0, 0.5])
    return round(market.spot * 2.718281828 ** (sd * rng.uniform(-wide, wide)), 1)


def settlement(i):
    return {"settlement": "coin"} if i % 3 == 2 else {}


def option_side(rng):
    return {"call_put": rng.choice(["call", "put"])}


def expiries(rng):
    """Seconds: a day, a day and a half, or up to a year and a half, on and off the grid of 08:00."""
    days = rng.choice([1, 2, 7, 30, 91, 182, 300, 500])
    return days * DAY + rng.choice([0, EIGHT - DAY, 3 * 3600])


def family_digital(rng, kind, n):
    market, expiry = random_market(rng, kind), expiries(rng)
    if n % 6 == 0:
        expiry = EIGHT + rng.choice([0, 5400])  # the last day
    trades = []
    for i in range(6):
        trade = {"type": "digital", **option_side(rng), "strike": near(rng, market, expiry / DAY / 365)}
        trade.update({"pays": "asset"} if i % 2 else {"amount": rng.choice([1, 50])})
        trades.append({**trade, "expiry": iso(expiry), **settlement(i)})
    return market, trades, expiry, digitals(trades, expiry, market.spot), "law by Fourier inversion"


def family_start(rng, kind, n):
    market = random_market(rng, kind)
    start = expiries(rng)
    expiry = start + rng.choice([1, 7, 30, 120, 250]) * DAY
    trades = []
    for i in range(6):
        k = round(2.718281828 ** (rng.uniform(-1, 1) * market.model.values["sigma"] * ((expiry - start) / DAY / 365) ** 0.5), 3)
        trade = {"type": "forward_start", **option_side(rng), "moneyness": k, "start": iso(start)}
        trades.append({**trade, "expiry": iso(expiry), **settlement(i)})
    return market, trades, expiry, forward_starts(trades, start, expiry, market.spot), "law by Fourier inversion"


FAMILIES = {"digital": (family_digital, 5), "forward_start": (family_start, 4)}


def make(name):
    family, batches = FAMILIES[name]
    rows = []
    for kind in ("gbm", "merton", "kou"):
        for n in range(batches):
            rng = random.Random("%s %s %d" % (name, kind, n))
            market, trades, expiry, values, source = family(rng, kind, n)
            prefix = "%s-%s-%d" % (name, kind, n)
            rows += rows_of(market, trades, [expiry] * len(trades), values, source, prefix, expiry > DAY)
    write(os.path.join(FOLDER, "levy_%s.jsonl" % name), rows)
    print(name, len(rows), flush=True)


if __name__ == "__main__":
    for name in sys.argv[1:] or FAMILIES:
        make(name)
