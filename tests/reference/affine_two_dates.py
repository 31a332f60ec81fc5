"""Generator of trades/affine_two_dates.jsonl: payoffs of the price at two dates under heston, bates and svcj, from the joint
transform of both logs (affine.py) by double Fourier integrals (two_prices.py):

Asian              (K - A)+ of a sum of two prices and what is past
lookback           (K - max)+, and (K - min)+ = (K - S1)+ + (K - S2)+ - (K - max)+
discrete barrier   1{S1 < b} (K - S2)+ and its like, inside and outside of the barrier, in and out, with a rebate
capped variance    (R^2 - Q)+ and (R - sqrt Q)+ of the sum Q of two squared returns
script             formulas that equal these

python3 tests/reference/affine_two_dates.py writes it.
"""
import math
import os
import random

import numpy as np

from affine import above, least, log_mgf, part_below
from affine_paths import FOLDER, Law, deviation, exchange, node_maker, plain_call
from contract_rows import DAY_SECONDS, Contract, at_eight, draw_world, row, time_text, write, years
from two_prices import Plane, finite


class Dates:
    """Two dates of a world at one resolution: the transform of every model that is asked for, kept."""

    def __init__(self, world, dates, count):
        self.dates, self.kept = dates, {}
        self.nodes = node_maker(world, max(100, count))
        m, t = world["model"], [years(x) for x in dates]
        base = lambda s1, s2: log_mgf(m, t, [s1, s2])
        both = [deviation(world, x) for x in dates]
        self.plane = Plane(base, lambda a1, a2: finite(m, t, [-a1, -a2]), both, count)
        gap = math.sqrt(max(both[1] ** 2 - both[0] ** 2, 1e-6))
        self.disc = Plane(lambda s1, s2: log_mgf(m, t, [s1 - s2, s2]), None, (both[0], gap), count, True)

    def transform(self, m, elapsed, disc=False):
        key = (tuple(m.values()), elapsed, disc)
        if key not in self.kept:
            plane = self.disc if disc else self.plane
            t = [years(x - elapsed) for x in self.dates]
            first = plane.s1 - plane.s2 if disc else plane.s1
            self.kept[key] = np.exp(log_mgf(m, t, [first, plane.s2]))
        return self.kept[key]

    def at(self, m, spot, carry, elapsed):
        return View(self, m, Law(self.dates, [], spot, carry, elapsed), elapsed)


class View:
    """Expectations at one case."""

    def __init__(self, of, m, law, elapsed):
        self.of, self.m, self.law, self.elapsed = of, m, law, elapsed
        self.f1, self.f2 = law.forwards

    def double(self, name, strike1, strike2):
        t = self.of.transform(self.m, self.elapsed)
        return self.of.plane.value(name, t, self.f1 / strike1, self.f2 / strike2)

    def single(self, which, i, strike):
        c = [0, 0]
        c[i] = 1
        f = self.law.forwards[i]
        n = self.of.nodes((which.__name__, i, self.elapsed), self.law.times, c, [0, 0], strike / f)
        return which(n, self.law.transform(self.m, c, [0, 0], n.s), f, strike)

    def put(self, i, strike):
        return strike - self.single(least, i, strike)

    def below(self, i, strike):
        return 1 - self.single(above, i, strike)

    def put_max(self, strike):
        return strike * self.double("put_max", strike, strike)

    def put_min(self, strike):
        return self.put(0, strike) + self.put(1, strike) - self.put_max(strike)

    def mean_max(self):
        return self.f1 + exchange(self.of.nodes, self.law, self.m, 0, 1, 1)


def asian(dates, past, strike, sign):
    n = len(past) + 2

    def expect(m, spot, carry, elapsed):
        v = dates.at(m, spot, carry, elapsed)
        rest = n * strike - sum(past)
        put = rest * v.double("put_sum", rest, rest) / n
        return put if sign < 0 else put + (sum(past) + v.f1 + v.f2) / n - strike

    return expect


def lookback(dates, past, strike, sign, floating):
    top = (sign < 0) == floating  # the greatest
    seen = (max(past) if top else min(past)) if past else None

    def expect(m, spot, carry, elapsed):
        v = dates.at(m, spot, carry, elapsed)
        if floating:
            return v.mean_max() + v.put_max(seen) - v.f2 if top else v.f2 - seen + v.put_min(seen)
        if top:
            least_paid = strike if seen is None else max(strike, seen)
            return v.mean_max() + v.put_max(least_paid) - strike
        reached = strike if seen is None else min(strike, seen)
        return strike - reached + v.put_min(reached)

    return expect


def alive(v, barrier, up):
    """P(both inside)."""
    both = v.double("below", barrier, barrier)
    return both if up else 1 - v.below(0, barrier) - v.below(1, barrier) + both


def knocked_out(v, strike, sign, barrier, up):
    """(sign (S2 - K))+ while both are inside, K inside too."""
    k, b = strike, barrier
    put_below = k * v.double("below_put", b, k)
    if up and sign < 0:
        return put_below
    if up:
        return b * v.double("below_part", b, b) - k * v.double("below", b, b) + put_below
    # S1 > b: all less those with S1 < b.
    linear_first = v.f2 / v.f1 * v.single(part_below, 0, b) - k * v.below(0, b)
    if sign > 0:
        return v.f2 - k + v.put(1, k) - linear_first - put_below
    linear = lambda first: (k * v.below(1, b) - v.single(part_below, 1, b)) if not first else (
        k * v.double("below", b, b) - b * v.double("below_part", b, b))
    return v.put(1, k) - linear(False) - (put_below - linear(True))


def barrier(dates, strike, sign, level, up, knock_in, rebate):
    def expect(m, spot, carry, elapsed):
        v = dates.at(m, spot, carry, elapsed)
        out, stays = knocked_out(v, strike, sign, level, up), alive(v, level, up)
        if not knock_in:
            return out + rebate * (1 - stays)
        put = v.put(1, strike)
        return (put if sign < 0 else put + v.f2 - strike) - out + rebate * stays

    return expect


def realised(dates, past, strike, annualisation, cap, root):
    scale = annualisation / 2

    def expect(m, spot, carry, elapsed):
        law = Law(dates.dates, [], spot, carry, elapsed)
        t = dates.transform(m, elapsed, True)
        drift1, drift2 = math.log(law.forwards[0] / past), math.log(law.forwards[1] / law.forwards[0])
        rest = dates.disc.in_disc(t, drift1, drift2, cap / math.sqrt(scale), root)
        return cap - math.sqrt(scale) * rest - strike if root else cap**2 - scale * rest - strike**2

    return expect


def level_near(world, rng, low, high):
    return float(f"{world['spot'] * math.exp(rng.uniform(low, high)):.4g}")


def contracts(rng, world, times):
    width = deviation(world, times[0])
    made = {}

    def dates(count):
        if count not in made:
            made[count] = Dates(world, times, count)
        return made[count]

    fixings = {"fixings": [time_text(t) for t in times]}
    schedules = {"schedules": {"d": fixings["fixings"]}, "expiry": time_text(times[1])}

    def contract(trade, build, method, coin=False, skip=()):
        return Contract(world, trade, times[1], lambda n: build(dates(n)), width, "double Fourier: " + method, coin, skip)

    gone = [time_text(at_eight(-7 * i)) for i in (1, 0)]
    past = [level_near(world, rng, -0.5 * width, 0.5 * width) for _ in gone]
    seasoned = {"fixings": gone + fixings["fixings"], "past": past}
    for sign in (1, -1):
        side = {"call_put": "call" if sign > 0 else "put"}
        k = level_near(world, rng, -0.5 * width, 0.5 * width)
        coin = rng.random() < 0.5
        yield "asian", contract({"type": "asian", **side, "strike": k, **fixings}, lambda d, k=k, s=sign: asian(d, [], k, s), "put on a sum", coin)
        yield "asian_seasoned", contract({"type": "asian", **side, "strike": k, **seasoned},
                                         lambda d, k=k, s=sign: asian(d, past, k, s), "put on a sum", not coin)
        yield "lookback", contract({"type": "lookback", **side, "strike": k, **fixings},
                                   lambda d, k=k, s=sign: lookback(d, [], k, s, False), "put on the greatest", coin)
        yield "lookback_floating", contract({"type": "lookback", "floating": True, **side, **seasoned},
                                            lambda d, s=sign: lookback(d, past, None, s, True), "put on the greatest", not coin)
        difference = "mean(S[d]) - K" if sign > 0 else "K - mean(S[d])"
        yield "script_asian", contract({"type": "script", "payoff": f"max({difference}, 0)", "constants": {"K": k}, **schedules},
                                       lambda d, k=k, s=sign: asian(d, [], k, s), "put on a sum", not coin)
    formula = "max(max(S[d]) - K, 0)"
    yield "script_lookback", contract({"type": "script", "payoff": formula, "constants": {"K": k}, **schedules},
                                      lambda d, k=k: lookback(d, [], k, 1, False), "put on the greatest")
    for i in range(5):
        sign, up, knock_in = rng.choice([1, -1]), rng.random() < 0.5, rng.random() < 0.4
        away = rng.choice([0.05, 0.5, 1.0, 1.5]) * width
        level = float(f"{world['spot'] * math.exp(away if up else -away):.4g}")
        strike = level_near(world, rng, -0.9 * away, 0.9 * away)
        rebate = rng.choice([0, 0, round(0.02 * world["spot"], 2)])
        trade = {"type": "barrier", "call_put": "call" if sign > 0 else "put", "strike": strike, "knock": "in" if knock_in else "out",
                 "upper" if up else "lower": level, "monitoring": "discrete", **fixings}
        if rebate:
            trade["rebate"] = rebate
        build = lambda d, a=(strike, sign, level, up, knock_in, rebate): barrier(d, *a)
        coin = rng.random() < 0.5
        yield "barrier", contract(trade, build, "inside at both dates", coin)
        if i < 2:
            touched = "max(S[d]) >= B" if up else "min(S[d]) <= B"
            option = "max(S[T] - K, 0)" if sign > 0 else "max(K - S[T], 0)"
            branches = f"{option}, R" if knock_in else f"R, {option}"
            trade = {"type": "script", "payoff": f"if({touched}, {branches})", "constants": {"K": strike, "B": level, "R": rebate}, **schedules}
            yield "script_barrier", contract(trade, build, "inside at both dates", not coin)
    last = [past[-1]]
    with_last = {"fixings": gone[1:] + fixings["fixings"], "past": last}
    per_year = max(1, round(2 / years(times[1])))
    for root in (False, True):
        size = math.sqrt(per_year / 2) * deviation(world, times[1])
        cap, strike = float(f"{size * rng.choice([0.8, 1.5]):.3g}"), float(f"{size:.2g}")
        trade = {"type": "volatility_swap" if root else "variance_swap", "strike": strike, "cap": cap, "annualisation": per_year, **with_last}
        build = lambda d, a=(last[0], strike, per_year, cap, root): realised(d, *a)
        yield "volatility_capped" if root else "variance_capped", contract(trade, build, "of a disc")
        value = "a * mean(logreturns(S[d])^2)"
        formula = f"min(sqrt({value}), C) - K" if root else f"min({value}, C^2) - K^2"
        trade = {"type": "script", "payoff": formula, "constants": {"a": per_year, "C": cap, "K": strike},
                 "schedules": {"d": with_last["fixings"]}, "past": last, "expiry": time_text(times[1])}
        yield "script_realised", contract(trade, build, "of a disc")


def main():
    rng, rows = random.Random(1129), []
    days = [(2, 4), (7, 32), (25, 88), (60, 180), (115, 365)]
    for kind in ("heston", "bates", "svcj"):
        for first, last in days:
            times = [at_eight(first), at_eight(last)]
            world = draw_world(rng, kind, "", times[0])
            for name, contract in contracts(rng, world, times):
                contract.world = {**world, "name": f"Q{len(rows)}"}
                contract.trade["underlying"] = contract.world["name"]
                rows.append(row(f"{kind}_2_{name}_{len(rows)}", contract, (64, 1.3), (92, 1)))
            print(kind, first, last, len(rows), flush=True)
    write(os.path.join(FOLDER, "affine_two_dates.jsonl"), rows)


if __name__ == "__main__":
    main()
