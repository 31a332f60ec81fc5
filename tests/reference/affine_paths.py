"""Generator of trades/affine_paths.jsonl: payoffs along a path under heston, bates and svcj whose value is a sum of
one-dimensional integrals of the joint transform of the log prices (affine.py):

digital            P(S_T > K) and E[S_T; S_T > K]
forward start      E[S_1 (S_T/S_1 - k)+], the transform of X_T - X_1 under the measure of S_1
cliquet            local floor and cap alone: a sum of call spreads on S_d/S_(d-1)
variance swap      E[X_d - X_(d-1)] and the square's, derivatives of the transform at 0
geometric Asian    the transform of a weighted sum of logs, date by date (Kim, Wee 2014)
two fixings        floating Asian and lookback of two fixings are options to exchange one date's price for the other's
script             formulas that equal these

python3 tests/reference/affine_paths.py writes trades/affine_paths.jsonl.
"""
import math
import os
import random

import numpy as np

from affine import Nodes, above, least, log_mgf, moments, part_below
from contract_rows import DAY_SECONDS, Contract, at_eight, draw_world, row, time_text, write, years

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "trades")


class Law:
    """A payoff's dates seen from `elapsed`: fixings that are known, and the transform of the others."""

    def __init__(self, dates, past, spot, carry, elapsed):
        fixed = [t for t in dates if t > 0 and t <= elapsed]
        self.known = list(past) + [spot] * (len(fixed) + len([t for t in dates if t <= 0]) - len(past))
        self.times = [years(t - elapsed) for t in dates if t > elapsed]
        self.forwards = [spot * math.exp(carry * t) for t in self.times]

    def transform(self, m, coefficients, extra, s):
        """E[exp(sum (c_j s + e_j) X_j)]."""
        return np.exp(log_mgf(m, self.times, [c * s + e for c, e in zip(coefficients, extra)]))


def node_maker(world, count):
    """Nodes by what they are for: made at the base case once, and kept for what is moved."""
    kept = {}

    def nodes(key, times, coefficients, extra, moneyness):
        if key not in kept:
            base = lambda s: log_mgf(world["model"], times, [c * s + e for c, e in zip(coefficients, extra)])
            kept[key] = Nodes(base, count, math.log(moneyness))
        return kept[key]

    return nodes


def plain_call(nodes, law, m, strike, sign, key="last"):
    """(sign (S_T - strike))+ at the law's last date."""
    c, e = [0] * (len(law.times) - 1) + [1], [0] * len(law.times)
    f = law.forwards[-1]
    n = nodes((key, len(law.times)), law.times, c, e, strike / f)
    call = f - least(n, law.transform(m, c, e, n.s), f, strike)
    return call if sign > 0 else call - f + strike


def exchange(nodes, law, m, i, k, sign):
    """(sign (S_(i+1) - k S_i))+, of two dates to come."""
    count = len(law.times)
    c, e = [0] * count, [0] * count
    c[i], c[i + 1], e[i] = -1, 1, 1
    ratio = law.forwards[i + 1] / law.forwards[i]
    n = nodes(("exchange", i, count), law.times, c, e, k / ratio)
    call = ratio - least(n, law.transform(m, c, e, n.s), ratio, k)
    return law.forwards[i] * (call if sign > 0 else call - ratio + k)


def digital(world, count, expiry, strike, sign, asset, amount):
    nodes = node_maker(world, count)

    def expect(m, spot, carry, elapsed):
        law = Law([expiry], [], spot, carry, elapsed)
        if not law.times:
            paid = spot if asset else amount
            return paid if sign * (spot - strike) > 0 else 0
        f = law.forwards[0]
        n = nodes(elapsed, law.times, [1], [0], strike / f)
        t = law.transform(m, [1], [0], n.s)
        whole, part = (f, part_below(n, t, f, strike)) if asset else (1, 1 - above(n, t, f, strike))
        return (whole - part if sign > 0 else part) * (1 if asset else amount)

    return expect


def forward_start(world, count, dates, k, sign, share=1):
    nodes = node_maker(world, count)

    def expect(m, spot, carry, elapsed):
        law = Law(dates, [], spot, carry, elapsed)
        if not law.times:
            return share * max(sign * (1 - k) * spot, 0)
        if len(law.times) == 1:
            return share * plain_call(nodes, law, m, k * law.known[0], sign)
        return share * exchange(nodes, law, m, 0, k, sign)

    return expect


def cliquet(world, count, dates, past, k, floor, cap):
    nodes = node_maker(world, count)

    def clipped(m, law, j, c, ratio):
        """min(max(R - k, floor), cap) = floor + min(R, k + cap) - min(R, k + floor)."""
        zeros, part = [0] * len(c), []
        for level in (k + cap, k + floor):
            n = nodes((len(c), j, level), law.times, c, zeros, level / ratio)
            part.append(least(n, law.transform(m, c, zeros, n.s), ratio, level))
        return floor + part[0] - part[1]

    def expect(m, spot, carry, elapsed):
        law = Law(dates, past, spot, carry, elapsed)
        known = law.known
        total = sum(max(floor, min(cap, known[i] / known[i - 1] - k)) for i in range(1, len(known)))
        size = len(law.times)
        for j in range(size):
            if j == 0 and not known:
                continue
            c = [0] * size
            c[j] = 1
            if j:
                c[j - 1] = -1
            ratio = law.forwards[j] / (law.forwards[j - 1] if j else known[-1])
            total += clipped(m, law, j, c, ratio)
        return total

    return expect


def variance_swap(world, count, dates, past, strike, annualisation):
    def expect(m, spot, carry, elapsed):
        law = Law(dates, past, spot, carry, elapsed)
        known, size = law.known, len(law.times)
        total = sum(math.log(known[i] / known[i - 1]) ** 2 for i in range(1, len(known)))
        for j in range(size):
            if j == 0 and not known:
                continue
            c = [0] * size
            c[j] = 1
            if j:
                c[j - 1] = -1
            one, two = moments(lambda s: log_mgf(m, law.times, [x * s for x in c]), 0.25, 24 + count // 100)
            drift = math.log(law.forwards[j] / (law.forwards[j - 1] if j else known[-1]))
            total += two + 2 * drift * one + drift**2
        return annualisation / (len(dates) - 1) * total - strike**2

    return expect


def geometric(world, count, dates, past, strike, sign):
    nodes = node_maker(world, count)
    w = 1 / len(dates)

    def expect(m, spot, carry, elapsed):
        law = Law(dates, past, spot, carry, elapsed)
        level = math.exp(w * sum(math.log(x) for x in law.known) + w * sum(math.log(x) for x in law.forwards))
        size = len(law.times)
        if not size:
            return max(sign * (level - strike), 0)
        c, e = [w] * size, [0] * size
        n = nodes(size, law.times, c, e, strike / level)
        growth = float(law.transform(m, c, e, np.array([1 + 0j]))[0].real)
        mean = level * growth
        call = mean - least(n, law.transform(m, c, e, n.s) * growth**-n.s, mean, strike)
        return call if sign > 0 else call - mean + strike

    return expect


def deviation(world, seconds):
    """Roughly that of ln S at a time."""
    m, t = world["model"], years(seconds)
    part = (1 - math.exp(-m["kappa"] * t)) / m["kappa"]
    jumps = m.get("lambda", 0) * (m.get("mu_j", 0) ** 2 + m.get("sigma_j", 0) ** 2 + m.get("mu_v", 0) * t / 2)
    return math.sqrt(m["theta"] * (t - part) + m["v0"] * part + jumps * t)


def near(world, rng, seconds, wide=1.0):
    """A strike within `wide` deviations of the forward, often very near."""
    z = rng.choice([0, 0.03, -0.03, rng.uniform(-1, 1), rng.uniform(-1, 1)]) * wide
    return float(f"{world['spot'] * math.exp(world['carry'] * years(seconds) + z * deviation(world, seconds)):.4g}")


ALWAYS = [DAY_SECONDS, at_eight(2), at_eight(4), at_eight(11), at_eight(25), at_eight(60), at_eight(115), at_eight(297), at_eight(480)]


def digitals(rng, world, expiry):
    sign, asset = rng.choice([1, -1]), rng.random() < 0.4
    strike, amount = near(world, rng, expiry), 1 if asset else rng.choice([1, 10])
    side = "call" if sign > 0 else "put"
    base = {"type": "digital", "call_put": side, "strike": strike, "expiry": time_text(expiry), "pays": "asset" if asset else "cash"}
    if not asset:
        base["amount"] = amount
    make = lambda count: digital(world, count, expiry, strike, sign, asset, amount)
    yield "digital", Contract(world, base, expiry, make, deviation(world, expiry), "Fourier"), False
    paid = "S[T]" if asset else "amount"
    formula = {"type": "script", "payoff": f"if(S[T] {'>' if sign > 0 else '<'} K, {paid}, 0)", "expiry": time_text(expiry),
               "constants": {"K": strike, **({} if asset else {"amount": amount})}}
    yield "script_digital", Contract(world, formula, expiry, make, deviation(world, expiry), "Fourier", rng.random() < 0.5), True


def forward_starts(rng, world, expiry):
    start = min(at_eight(max(1, round(expiry / DAY_SECONDS * rng.choice([0.1, 0.4, 0.8])))), expiry - DAY_SECONDS)
    k, sign, coin = rng.choice([0.9, 1, 1, 1.05]), rng.choice([1, -1]), rng.random() < 0.5
    side, dates = "call" if sign > 0 else "put", [start, expiry]
    base = {"type": "forward_start", "call_put": side, "start": time_text(start), "moneyness": k, "expiry": time_text(expiry)}
    make = lambda count: forward_start(world, count, dates, k, sign)
    width = deviation(world, expiry)
    yield "forward_start", Contract(world, base, expiry, make, width, "Fourier, forward transform", coin), False
    difference = "S[T] - k * S[start]" if sign > 0 else "k * S[start] - S[T]"
    formula = {"type": "script", "payoff": f"max({difference}, 0)", "constants": {"k": k}, "expiry": time_text(expiry),
               "schedules": {"start": time_text(start)}}
    yield "script_forward_start", Contract(world, formula, expiry, make, width, "Fourier, forward transform", not coin), True
    half = lambda count: forward_start(world, count, dates, 1, sign, 0.5)
    floating = {"type": "asian", "floating": True, "call_put": side, "fixings": [time_text(t) for t in dates]}
    yield "asian_floating", Contract(world, floating, expiry, half, width, "Fourier: half of an exchange", coin), False
    whole = lambda count: forward_start(world, count, dates, 1, sign)
    looking = {"type": "lookback", "floating": True, "call_put": side, "fixings": [time_text(t) for t in dates]}
    yield "lookback_floating", Contract(world, looking, expiry, whole, width, "Fourier: an exchange", not coin), False


def fixing_dates(rng, world, expiry, most):
    """From 2 to `most` dates, some past; the known values."""
    count = rng.randint(2, most)
    gone = rng.choice([0, 0, 1, 2])
    dates = [at_eight(-7 * i) for i in range(gone)][::-1]
    past = [float(f"{world['spot'] * math.exp(0.05 * rng.gauss(0, 1)):.5g}") for _ in dates]
    step = expiry / DAY_SECONDS / count
    coming = sorted({min(at_eight(max(1, round(step * (i + 1)))), expiry) for i in range(count - 1)} | {expiry})
    return dates + coming, past


def dated(dates, past, **keys):
    return {**keys, "fixings": [time_text(t) for t in dates], **({"past": past} if past else {})}


def cliquets(rng, world, expiry):
    dates, past = fixing_dates(rng, world, expiry, 6)
    k, floor, cap, coin = rng.choice([1, 1, 0.98]), rng.choice([0, -0.03, -0.1]), rng.choice([0.04, 0.1, 0.3]), rng.random() < 0.4
    make = lambda count: cliquet(world, count, dates, past, k, floor, cap)
    width, skip = deviation(world, expiry), () if past else ("delta", "gamma", "net_delta")
    base = dated(dates, past, type="cliquet", moneyness=k, local_floor=floor, local_cap=cap)
    yield "cliquet", Contract(world, base, expiry, make, width, "Fourier, sum of spreads", coin, skip), False
    formula = {"type": "script", "expiry": time_text(expiry), "constants": {"k": k, "cap": cap, "floor": floor},
               "payoff": "sum(max(floor, min(cap, returns(S[d]) + 1 - k)))", "schedules": {"d": [time_text(t) for t in dates]}}
    if past:
        formula["past"] = past
    yield "script_cliquet", Contract(world, formula, expiry, make, width, "Fourier, sum of spreads", not coin, skip), True


def swaps(rng, world, expiry):
    dates, past = fixing_dates(rng, world, expiry, 30)
    strike, annualisation = rng.choice([0.2, 0.5]), 365
    make = lambda count: variance_swap(world, count, dates, past, strike, annualisation)
    skip = () if past else ("delta", "gamma")
    base = dated(dates, past, type="variance_swap", strike=strike, annualisation=annualisation)
    yield "variance_swap", Contract(world, base, expiry, make, 1, "moments of the transform", False, skip), False
    formula = {"type": "script", "payoff": "a * mean(logreturns(S[d])^2) - K^2", "constants": {"a": annualisation, "K": strike},
               "expiry": time_text(expiry), "schedules": {"d": [time_text(t) for t in dates]}}
    if past:
        formula["past"] = past
    yield "script_variance", Contract(world, formula, expiry, make, 1, "moments of the transform", False, skip), True


def geometrics(rng, world, expiry):
    dates, past = fixing_dates(rng, world, expiry, 40)
    sign, coin = rng.choice([1, -1]), rng.random() < 0.5
    strike = near(world, rng, expiry, 0.6)
    make = lambda count: geometric(world, count, dates, past, strike, sign)
    width = deviation(world, expiry) * 0.6
    base = dated(dates, past, type="asian", average="geometric", call_put="call" if sign > 0 else "put", strike=strike)
    yield "asian_geometric", Contract(world, base, expiry, make, width, "Fourier, weighted sum of logs", coin), False
    mean = "exp(mean(log(S[d])))"
    formula = {"type": "script", "payoff": f"max({mean} - K, 0)" if sign > 0 else f"max(K - {mean}, 0)", "constants": {"K": strike},
               "expiry": time_text(expiry), "schedules": {"d": [time_text(t) for t in dates]}}
    if past:
        formula["past"] = past
    yield "script_geometric", Contract(world, formula, expiry, make, width, "Fourier, weighted sum of logs", not coin), True


def main():
    rng, rows = random.Random(20261129), []
    for kind in ("heston", "bates", "svcj"):
        for family, most in ((digitals, 17), (forward_starts, 11), (cliquets, 11), (swaps, 8), (geometrics, 14)):
            for i in range(most):
                expiry = ALWAYS[i % len(ALWAYS)]
                if family is not digitals and expiry < at_eight(4):
                    expiry = ALWAYS[2 + (i + most) % 7]
                world = draw_world(rng, kind, f"P{len(rows)}", expiry)
                for name, contract, formula in family(rng, world, expiry):
                    if formula and i % 3:
                        continue
                    contract.world = {**world, "name": f"P{len(rows)}"}
                    contract.trade["underlying"] = contract.world["name"]
                    rows.append(row(f"{kind}_{name}_{len(rows)}", contract, (100, 1.3), (160, 1)))
    write(os.path.join(FOLDER, "affine_paths.jsonl"), rows)


if __name__ == "__main__":
    main()
