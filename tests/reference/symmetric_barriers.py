"""Generator of trades/symmetric_barriers.jsonl: barriers watched at all times under heston with rho = 0 and no carry, where the law
of ln S is symmetric and images are exact (Carr, Ellis, Gupta 1998): 1{B not touched} g(S_T) has the price of
    g(S) on this side of B and -(S/B) g(B^2/S) beyond it,
and with two barriers that of a sine series of g(S)/sqrt(S) (Lipton 2001):
    sum_n c_n sqrt(S_0) sin(w_n ln(S_0/L)) E[exp((1/2 + i w_n) X)], w_n = n pi / ln(U/L).
Derivatives to rho and carry are not symmetric, and are left out.

python3 tests/reference/symmetric_barriers.py writes it.
"""
import math
import os
import random

import numpy as np

from affine import above, least, log_mgf, part_below
from affine_paths import FOLDER, deviation, node_maker
from contract_rows import DAY_SECONDS, Contract, at_eight, draw_world, row, time_text, write, years


class View:
    """One date's expectations, the forward being the spot."""

    def __init__(self, nodes, m, spot, t):
        self.nodes, self.m, self.spot, self.t = nodes, m, spot, t

    def of(self, which, strike):
        n = self.nodes((which.__name__, strike, round(self.t, 9)), [self.t], [1], [0], strike / self.spot)
        return which(n, np.exp(log_mgf(self.m, [self.t], [n.s])), self.spot, strike)

    def call(self, k):
        return self.spot - self.of(least, k)

    def put(self, k):
        return k - self.of(least, k)

    def linear(self, a, b, strike, over):
        """E[a S + b; S > strike], or below it."""
        low, high = self.of(part_below, strike), self.of(above, strike)
        return a * (self.spot - low) + b * high if over else a * low + b * (1 - high)


def untouched(v, strike, sign, b, up):
    """(sign (S - K))+ where B was not touched."""
    k, image = strike, b * b / strike
    if sign > 0 and not up:
        if k >= b:
            return v.call(k) - k / b * v.put(image)
        return v.linear(1, -k, b, True) - v.linear(-k / b, b, b, False)
    if sign < 0 and up:
        if k <= b:
            return v.put(k) - k / b * v.call(image)
        return v.linear(-1, k, b, False) - v.linear(k / b, -b, b, True)
    if sign > 0:  # up, K < B: the call up to B, and its image: (S/B)(B^2/S - K) for S from B to B^2/K
        own = v.call(k) - v.linear(1, -k, b, True)
        other = v.linear(-k / b, b, b, True) - v.linear(-k / b, b, image, True)
        return own - other
    own = v.put(k) - v.linear(-1, k, b, False)
    other = v.linear(k / b, -b, b, False) - v.linear(k / b, -b, image, False)
    return own - other


def never(v, b, up):
    """P(B not touched)."""
    return v.linear(0, 1, b, not up) - v.linear(1 / b, 0, b, up)


def single(world, count, expiry, strike, sign, level, up, knock_in, rebate):
    nodes = node_maker(world, count)

    def expect(m, spot, carry, elapsed):
        v = View(nodes, m, spot, years(expiry - elapsed))
        out, stays = untouched(v, strike, sign, level, up), never(v, level, up)
        if not knock_in:
            return out + rebate * (1 - stays)
        return (v.call(strike) if sign > 0 else v.put(strike)) - out + rebate * stays

    return expect


def double(world, count, expiry, strike, sign, low, high, rebate):
    span, k = math.log(high / low), math.log(strike / low)

    def integral(w, power, begin, end):
        """int exp(power x) sin(w x) dx."""
        at = lambda x: math.exp(power * x) * (power * np.sin(w * x) - w * np.cos(w * x)) / (power**2 + w**2)
        return at(end) - at(begin)

    def expect(m, spot, carry, elapsed):
        w = np.arange(1, count * 5) * math.pi / span
        begin, end = (k, span) if sign > 0 else (0, k)
        # g(S) / sqrt(S / L) with S = L e^x
        paid = sign * (low * integral(w, 0.5, begin, end) - strike * integral(w, -0.5, begin, end))
        paid = paid - rebate * integral(w, -0.5, 0, span)
        transform = np.exp(log_mgf(m, [years(expiry - elapsed)], [0.5 + 1j * w])).real
        x = math.log(spot / low)
        return rebate + 2 / span * math.exp(0.5 * x) * float(np.sum(paid * np.sin(w * x) * transform))

    return expect


def main():
    rng, rows = random.Random(33), []
    expiries = [DAY_SECONDS + 3600, at_eight(4), at_eight(25), at_eight(60), at_eight(115), at_eight(297)]
    for i in range(54):
        expiry = expiries[i % 6]
        world = {**draw_world(rng, "heston", f"B{i}", expiry), "carry": 0}
        world["model"]["rho"] = 0
        wide, spot = deviation(world, expiry), world["spot"]
        sign, up, knock_in = rng.choice([1, -1]), rng.random() < 0.5, rng.random() < 0.4
        rebate = rng.choice([0, 0, round(0.01 * spot, 2)])
        to_text = lambda x: float(f"{x:.4g}")
        trade = {"type": "barrier", "call_put": "call" if sign > 0 else "put", "expiry": time_text(expiry)}
        if rebate:
            trade["rebate"] = rebate
        skip = ("d_rho", "d_carry")
        if i % 3 == 2:
            low, high = to_text(spot * math.exp(-rng.uniform(0.3, 2.5) * wide)), to_text(spot * math.exp(rng.uniform(0.3, 2.5) * wide))
            strike = to_text(low + (high - low) * rng.uniform(0.2, 0.8))
            trade.update(strike=strike, knock="out", lower=low, upper=high)
            make = lambda n, a=(expiry, strike, sign, low, high, rebate): double(world, n, *a)
            room, method, name = min(math.log(high / spot), math.log(spot / low)), "sine series", "barrier_double"
        else:
            away = rng.choice([0.1, 0.3, 1.0, 1.8]) * wide
            level = to_text(spot * math.exp(away if up else -away))
            inside = rng.uniform(-0.9 * away, 0.9 * away) if sign > 0 and up or sign < 0 and not up else rng.uniform(-wide, wide)
            strike = to_text(spot * math.exp(inside))
            trade.update(strike=strike, knock="in" if knock_in else "out", **{"upper" if up else "lower": level})
            make = lambda n, a=(expiry, strike, sign, level, up, knock_in, rebate): single(world, n, *a)
            room, method, name = away, "Fourier, image", "barrier_continuous"
        contract = Contract(world, trade, expiry, make, min(wide, 4 * room), method, False, skip)
        rows.append(row(f"heston_{name}_{i}", contract, (110, 1.3), (170, 1)))
    write(os.path.join(FOLDER, "symmetric_barriers.jsonl"), rows)


if __name__ == "__main__":
    main()
