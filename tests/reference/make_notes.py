"""Writes trades/notes.jsonl: autocallables on one underlying under gbm, merton and kou. Python with numpy and scipy.

Backwards over the fixings: what is still to come, as a function of ln S and of the note's state (coupons owed,
knocked in or not), is integrated against the law of an increment (levy.py) by Gauss-Legendre panels that end at
the note's levels. Derivatives are central differences of four points; the error is that between two resolutions.
"""

import json
import math
import os
import random

import numpy as np

from levy import COARSE, DAY, FINE, YEAR, Density, iso
from levy_rows import PARAMETERS, rounded
from make_levy import FOLDER, random_market


def panels(low, high, kinks, width, nodes):
    """Nodes and weights of panels at most `width` wide that end at the kinks."""
    x, w = np.polynomial.legendre.leggauss(nodes)
    ends = sorted({low, high, *(k for k in kinks if low < k < high)})
    points, weights = [], []
    for a, b in zip(ends, ends[1:]):
        count = 1 + int((b - a) / width)
        for i in range(count):
            half = (b - a) / count / 2
            centre = a + (2 * i + 1) * half
            points.append(centre + half * x)
            weights.append(half * w)
    return np.concatenate(points), np.concatenate(weights)


def log_or(level, otherwise):
    return math.log(level) if level else otherwise


class Note:
    """initial = 100; times in seconds from as_of; amounts as in a config."""

    def __init__(self, times, trade):
        self.times, self.trade = times, trade
        self.calls = trade["autocall"] if isinstance(trade["autocall"], list) else [trade["autocall"]] * len(times)

    def kinks(self, date):
        t = self.trade
        levels = [self.calls[date], t.get("coupon_barrier"), t.get("knock_in"), t.get("redemption", 1)]
        return [math.log(k) for k in levels if k]

    def pays(self, date, x, inside, owed):
        """At a fixing, ln S/initial = x: what is paid, where it goes on, coupons owed then, where knocked in."""
        t, last = self.trade, date + 1 == len(self.times)
        coupon, memory, redemption = t.get("coupon", 0), t.get("memory", False), t.get("redemption", 1)
        paid = x >= log_or(t.get("coupon_barrier"), -np.inf)
        called = x >= math.log(self.calls[date])
        amount = np.where(paid, coupon * ((owed + 1) if memory else 1), 0.0)
        watched = last or t.get("knock_in_at") == "fixings"
        low = (x < log_or(t.get("knock_in"), -np.inf)) if watched else np.zeros(x.shape, bool)
        inside = low | bool(inside)
        if last:
            lost = np.where(inside & ~called, np.maximum(redemption - np.exp(x), 0), 0)
            return amount + redemption - lost, np.zeros(x.shape, bool), paid, inside
        return amount + np.where(called, redemption, 0.0), ~called, paid, inside


def value(note, model, rate, start, elapsed, resolution):
    """Of what is paid, discounted at `rate`, from ln S/initial = start, `elapsed` seconds after as_of."""
    times = [0.0] + [(t - elapsed) / YEAR for t in note.times]
    n, memory = len(note.times), note.trade.get("memory", False)
    states = n + 1 if memory else 1
    after = None
    sd = model.values["sigma"] * math.sqrt(times[-1])
    spread, slow = model.jump_spread()
    size = math.sqrt(model.values.get("lambda", 0) * times[-1]) * spread
    reach = 8 * sd + 8 * size + (6 * spread if spread else 0) + (20 / slow if math.isfinite(slow) else 0)
    for date in range(n - 1, -1, -1):
        years = times[date + 1] - times[date]
        width = resolution.width / 2 * model.values["sigma"] * math.sqrt(years)
        x, w = panels(start - reach, start + reach, note.kinks(date), width, resolution.nodes)
        left = np.exp(-rate * years)
        due = np.zeros((2, states, x.size))
        for inside in range(2):
            for owed in range(states):
                paid, alive, coupon, knocked = note.pays(date, x, inside, owed)
                total = paid.copy()
                if after is not None:
                    going = after(x)
                    more = min(owed + 1, states - 1) if memory else 0
                    kept = np.where(coupon, 0, more)
                    total += np.where(alive, going[knocked.astype(int), kept, np.arange(x.size)], 0.0)
                due[inside, owed] = left * total
        law = Density(model, years, resolution=resolution)

        def after(at, x=x, w=w, due=due, law=law):
            out = np.empty((2, states, at.size))
            for begin in range(0, at.size, 256):
                part = at[begin : begin + 256]
                kernel = law(x[None, :] - part[:, None]) * w[None, :]
                out[:, :, begin : begin + part.size] = np.einsum("ax,sox->soa", kernel, due)
            return out

    return after(np.array([start]))[0, 0, 0]


def four_points(f, h):
    return (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h)


def greeks(note, market, coin, resolution):
    model, base = market.model, market.coin_rate if coin else market.rate

    def price(shift=0.0, m=model, add=0.0, elapsed=0):
        rate = base + add + (m.carry if coin else 0)
        return value(note, m, rate, shift, elapsed, resolution)

    h = 0.03 * model.values["sigma"] * math.sqrt(note.times[-1] / YEAR) * (1 if resolution is FINE else 1.3)
    at = {k: price(k * h) for k in (-2, -1, 0, 1, 2)}
    out = {"price": at[0]}
    first = (8 * (at[1] - at[-1]) - (at[2] - at[-2])) / (12 * h)
    second = (16 * (at[1] + at[-1]) - (at[2] + at[-2]) - 30 * at[0]) / (12 * h * h)
    out["delta"] = first / market.spot
    out["gamma"] = (second - first) / market.spot**2
    out["d_rate"] = four_points(lambda b: price(add=b), 1e-3)
    for name in ["carry"] + PARAMETERS[model.kind]:
        size = resolution.bump * (0.3 if name == "carry" else max(abs(model.values[name]), 0.05))
        out["d_" + name] = four_points(lambda b, name=name: price(m=model.moved(name, b)), size)
    if note.times[0] > DAY:
        out["theta"] = price(elapsed=DAY) - at[0]
    if coin:
        out["net_delta"] = out["delta"] - out["price"] / market.spot
    return out


SCHEDULES = [
    [91 * DAY, 182 * DAY, 273 * DAY, 364 * DAY],
    [7 * DAY, 14 * DAY, 28 * DAY],
    [DAY, 8 * DAY + 3600],
    [30 * DAY, 61 * DAY, 91 * DAY, 122 * DAY, 152 * DAY],
    [182 * DAY, 364 * DAY, 546 * DAY],
    [DAY],
]


def note_of(rng, i):
    times = SCHEDULES[i % len(SCHEDULES)]
    start = round(rng.uniform(1, 1.1), 2)
    calls = [round(start - 0.02 * k, 2) for k in range(len(times))] if i % 2 else start
    trade = {"type": "autocallable", "initial": 100, "autocall": calls}
    trade["fixings"] = [iso(t) for t in times]
    trade["coupon"] = round(rng.uniform(0.01, 0.06), 3)
    trade["coupon_barrier"] = round(rng.uniform(0.8, 1), 2)
    if i % 3:
        trade["memory"] = True
    if i % 4:
        trade["knock_in"] = round(rng.uniform(0.7, 0.95), 2)
        trade["knock_in_at"] = "fixings" if i % 4 == 1 else "expiry"
    if i % 5 == 2:
        trade["settlement"] = "coin"
    return Note(times, trade)


def rows(kind, count=6):
    rng = random.Random("note " + kind)
    for i in range(count):
        market, note = random_market(rng, kind), note_of(rng, i)
        if "lambda" in market.model.values:  # jumps on some of the paths
            least = round(0.05 * YEAR / note.times[-1], 2)
            market.model.values["lambda"] = max(market.model.values["lambda"], least)
        coin = note.trade.get("settlement") == "coin"
        fine, coarse = (greeks(note, market, coin, r) for r in (FINE, COARSE))
        reference = {}
        for name, x in fine.items():
            error = abs(x - coarse[name]) + 1e-10 * (abs(x) + abs(fine["price"]))
            reference[name] = [rounded(float(x), error), float("%.1e" % error)]
        name = "note%s%d" % (kind, i)
        print(name, reference, flush=True)
        yield {
            "id": "note-%s-%d" % (kind, i),
            "underlyings": [market.config(name)],
            "trade": {**note.trade, "underlying": name, "quantity": 1},
            "reference": reference,
            "source": "recursion over the law of an increment",
        }


if __name__ == "__main__":
    with open(os.path.join(FOLDER, "notes.jsonl"), "w") as file:
        for kind in PARAMETERS:
            for row in rows(kind):
                file.write(json.dumps(row, separators=(",", ":")) + "\n")
                file.flush()
