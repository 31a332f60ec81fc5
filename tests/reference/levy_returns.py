"""Payoffs of returns between fixings, and geometric averages, under exponential Levy models; as levy_chains.

Squares of returns: E exp(-s Q) of Q = sum of ln^2 is the product of the increments', a quadrature over their
law; E sqrt(Q) is an integral of it over s, and the law of Q follows by the trapezoid sum over a line in the
right half plane (Abate, Whitt 1992). Cliquets: a return within its floor and cap has two atoms and a density;
the sum is expanded over how many returns sit at each atom, and the law of the others' sum is kept as
polynomials between its breaks.
"""

import math

import numpy as np

from levy import YEAR, Density, Nodes, nodes_for
from levy_chains import sign_of, step
from levy_payoffs import option, tail


def geometric(trades, fixings, spot):
    """(phi (G - K))+, G the geometric mean of all fixings."""
    total = len(fixings.past) + len(fixings.future)

    def values(model, elapsed, resolution):
        known, first, count = fixings.seen_from(elapsed, spot)
        logs = sum(np.log(known)) / total
        if count == 0:
            return np.array([[max(0, sign_of(t) * (np.exp(logs) - t["strike"])), 0, 0] for t in trades])
        seconds = [first] + [fixings.gap] * (count - 1)
        weights = [(count - k) / total for k in range(count)]
        law = Density(model, np.array(seconds) / YEAR, weights, resolution)
        power = count / total  # G = exp(logs) S^power exp(Y)
        level = np.exp(logs) * spot**power
        out = []
        for trade in trades:
            sign, at = sign_of(trade), np.log(trade["strike"] / level)
            inside, mean = tail(law, sign, at)
            first_d = sign * level * mean  # to ln level
            second = first_d + trade["strike"] * float(law(at))
            out.append(
                [
                    sign * (level * mean - trade["strike"] * inside),
                    power * first_d / spot,
                    (power * power * second - power * first_d) / spot**2,
                ]
            )
        return np.array(out)

    return values


def geometric_strikes(trades, fixings, spot):
    """(phi (S_T - G))+ = S_T (phi (1 - G / S_T))+, under the law weighted by S_T."""
    total = len(fixings.past) + len(fixings.future)

    def values(model, elapsed, resolution):
        known, first, count = fixings.seen_from(elapsed, spot)
        logs = sum(np.log(known)) / total
        if count == 0:
            return np.array([[max(0, sign_of(t) * (spot - np.exp(logs))), 0, 0] for t in trades])
        seconds = np.array([first] + [fixings.gap] * (count - 1))
        weights = [(count - k) / total - 1 for k in range(count)]
        law = Density(model, seconds / YEAR, weights, resolution, True)
        power = count / total - 1
        level = np.exp(logs) * spot**power
        grown = spot * np.exp(model.carry * seconds.sum() / YEAR)
        out = []
        for trade in trades:
            f, one, two = option(law, -sign_of(trade), 1.0, level)
            one, two = power * level * one, power**2 * (level * one + level**2 * two)
            by_log, twice = grown * (f + one), grown * (f + 2 * one + two)
            out.append([grown * f, by_log / spot, (twice - by_log) / spot**2])
        return np.array(out)

    return values


# ---- squares of returns ----


def square_transform(law, moved, s):
    """E exp(-s (X + moved)^2), for an array of s."""
    model, years = law.model, law.years
    v = model.values
    if model.kind == "kou":
        # Far out the square turns fast: panels are finer there than the law asks for.
        nodes = Nodes(law.low, law.high, 0.25 * law.resolution.width * law.sd, law.resolution, (-moved,))
        weights = nodes.w * law(nodes.y)
        square = (nodes.y + moved) ** 2
        parts = np.array_split(s, max(1, len(s) // 100))
        return np.concatenate([np.exp(-part[:, None] * square[None, :]) @ weights for part in parts])
    intensity = v.get("lambda", 0.0) * years
    drift = model.exponent(np.array([1e-6]))[0].imag / 1e-6 * years + moved
    drift -= intensity * v.get("mu_j", 0.0)  # of the part without jumps
    total, weight = 0.0, math.exp(-intensity)
    for k in range(1 if intensity == 0 else 60):
        mean = drift + k * v.get("mu_j", 0.0)
        one = 1 + 2 * s * (v["sigma"] ** 2 * years + k * v.get("sigma_j", 0.0) ** 2)
        total = total + weight * np.exp(-s * mean * mean / one) / np.sqrt(one)
        weight *= intensity / (k + 1)
        if weight < 1e-18:
            break
    return total


class Squares:
    """Q = banked + sum of squared returns, of which the first is from `moved` on, or not counted."""

    def __init__(self, model, fixings, elapsed, spot, resolution):
        known, first, count = fixings.seen_from(elapsed, spot)
        self.banked = sum(np.log(b / a) ** 2 for a, b in zip(known[:-1], known[1:]))
        self.first = step(model, first, resolution) if known else None
        self.law = step(model, fixings.gap, resolution) if count > 1 else self.first
        self.count = count - 1
        self.moved = np.log(spot / known[-1]) if known else 0.0
        self.kept = {}

    def moments(self, moved):
        """Mean of Q and about its deviation."""
        parts = [(self.law, 0.0)] * self.count + ([(self.first, moved)] if self.first else [])
        mean, variance = self.banked, 0.0
        seen = {}
        for law, shift in parts:
            if (id(law), shift) not in seen:
                nodes = nodes_for(law, law.low, law.high)
                w = nodes.w * law(nodes.y)
                m2 = np.sum(w * (nodes.y + shift) ** 2)
                seen[id(law), shift] = m2, np.sum(w * (nodes.y + shift) ** 4) - m2 * m2
            mean += seen[id(law), shift][0]
            variance += seen[id(law), shift][1]
        return mean, np.sqrt(variance)

    def transform(self, s, moved):
        """E exp(-s (Q - banked))."""
        result = np.ones(len(s), complex if np.iscomplexobj(s) else float)
        if self.count:
            key = (len(s), complex(s[0]), complex(s[-1]))
            if key not in self.kept:
                self.kept[key] = square_transform(self.law, 0.0, s) ** self.count
            result = self.kept[key]
        if self.first:
            result = result * square_transform(self.first, moved, s)
        return result


def mean_root(squares, moved):
    """E sqrt(Q) = 1 / (2 sqrt(pi)) int (1 - E exp(-s Q)) s^(-3/2) ds; with s = e^t."""
    mean, _ = squares.moments(moved)
    t, h = np.linspace(-34, 34, 681, retstep=True)
    s = np.exp(t) / mean
    one_less = -np.expm1(np.log(np.maximum(squares.transform(s, moved), 1e-300)) - s * squares.banked)
    # Below s = e^-20 / mean the difference is s E Q, to its rounding.
    one_less = np.where(t < -18, s * mean, one_less)
    total = np.sum(one_less / np.sqrt(s)) * h
    tails = (
        2 * np.sqrt(s[0]) * mean
        - 0.5 * h * (one_less[0] / np.sqrt(s[0]))
        + 2 / np.sqrt(s[-1])
        - 0.5 * h / np.sqrt(s[-1])
    )
    return (total + tails) / (2 * np.sqrt(np.pi))


def mean_capped(squares, moved, cap, root, resolution):
    """E min(cap, Q), or with `root` of min(cap, sqrt(Q)): by the law of Q - banked over [0, level]."""
    level = (cap * cap if root else cap) - squares.banked
    if level <= 0:
        return cap
    _, deviation = squares.moments(moved)
    # P(Q <= q) = e^(aq) / T' sum over the line a + i u; aliases are e^(-2 a T).
    period = 2 * level
    a = (18.0 if resolution.nodes > 14 else 15.0) / period
    spacing = 2 * np.pi / (2 * period)
    terms, block = [], 256
    k = 0
    while True:
        u = spacing * (k + np.arange(block))
        phi = squares.transform(a + 1j * u, moved) / (a + 1j * u)
        terms.append(phi)
        k += block
        if np.abs(phi[-1]) * spacing * np.exp(a * level) < 1e-13 * level or k > 60000:
            break
    phi = np.concatenate(terms)
    phi[0] *= 0.5
    u = spacing * np.arange(len(phi))
    # int_0^level P(Q <= q) g(q) dq, g = 1, or 1 / (2 sqrt(banked + q)): of q = x^2 the integrand is smooth.
    x = Nodes(0.0, 1.0, 0.04, resolution)
    q = level * x.y**2
    weight = x.w * 2 * level * x.y
    if root:
        weight = weight / (2 * np.sqrt(squares.banked + q))
    cdf = np.exp(a * q) * spacing / np.pi * np.real(np.exp(1j * q[:, None] * u[None, :]) @ phi)
    return cap - np.sum(weight * cdf)


def swaps(trades, fixings, spot):
    """Variance and volatility swaps, capped or not."""
    returns = len(fixings.past) + len(fixings.future) - 1

    def values(model, elapsed, resolution):
        squares = Squares(model, fixings, elapsed, spot, resolution)
        out = []
        for trade in trades:
            scale = trade["annualisation"] / returns
            root, cap = trade["type"] == "volatility_swap", trade.get("cap")

            def paid(moved):
                if cap is None and not root:
                    return scale * squares.moments(moved)[0] - trade["strike"] ** 2
                if cap is None:
                    return math.sqrt(scale) * mean_root(squares, moved) - trade["strike"]
                unit = math.sqrt(scale) if root else scale
                level = cap / unit if root else cap * cap / unit
                strike = trade["strike"] if root else trade["strike"] ** 2
                return unit * mean_capped(squares, moved, level, root, resolution) - strike

            out.append(by_first(paid, squares.moved, squares.first, spot, resolution))
        return np.array(out)

    return values


def by_first(paid, moved, first, spot, resolution):
    """A value that spot moves through the first return alone, and its derivatives."""
    if first is None or not resolution.derivatives:
        return [paid(moved), 0.0, 0.0]
    h = 133 * resolution.bump * first.sd
    e = [paid(moved + k * h) for k in (-2, -1, 0, 1, 2)]
    one = (8 * (e[3] - e[1]) - (e[4] - e[0])) / (12 * h)
    two = (16 * (e[3] + e[1]) - (e[4] + e[0]) - 30 * e[2]) / (12 * h * h)
    return [e[2], one / spot, (two - one) / spot**2]


# ---- cliquets ----


class Clipped:
    """exp(X + moved) - k within [floor, cap]: its atoms, and its density in units t of the width, on [0, 1]."""

    def __init__(self, law, moved, k, floor, cap):
        low, high = math.log(floor + k) - moved, math.log(cap + k) - moved
        below, _ = tail(law, -1, low)
        above, _ = tail(law, 1, high)
        self.below, self.above = below, above
        self.density = (
            lambda t: law(np.log(floor + k + (cap - floor) * t) - moved)
            * (cap - floor)
            / (floor + k + (cap - floor) * t)
        )


DEGREE = 44
CHEB = np.cos(np.pi * (np.arange(DEGREE) + 0.5) / DEGREE)
GAUSS_X, GAUSS_W = np.polynomial.legendre.leggauss(40)


def piece(values):
    """A polynomial on [0, 1] from its values at the Chebyshev points."""
    return np.polynomial.chebyshev.Chebyshev.fit(0.5 * (CHEB + 1), values, DEGREE - 1, domain=[0, 1])


def convolve(pieces, density):
    """The law of the sum of one with pieces on [i, i + 1] and another of the density on [0, 1]."""
    t = 0.5 * (CHEB + 1)
    out = []
    for i in range(len(pieces) + 1):
        total = np.zeros(DEGREE)
        for j, (low, high) in ((i, (0.0 * t, t)), (i - 1, (t, 1.0 + 0.0 * t))):
            if 0 <= j < len(pieces):
                half = 0.5 * (high - low)
                r = low[:, None] + half[:, None] * (GAUSS_X[None, :] + 1)
                total += half * np.sum(
                    GAUSS_W * density(r) * pieces[j](np.clip(i + t[:, None] - r - j, 0, 1)), axis=1
                )
        out.append(piece(total))
    return out


def mean_clipped(pieces, offset, width, floor, cap):
    """E of offset + width * sum within [floor, cap]; pieces empty: the sum is 0."""
    clip = lambda x: np.minimum(np.maximum(x, floor), cap)
    if not pieces:
        return clip(offset)
    total = 0.0
    for i, p in enumerate(pieces):
        breaks = [(b - offset) / width for b in (floor, cap) if np.isfinite(b)]
        nodes = Nodes(float(i), i + 1.0, 1.0, Fixed, [b for b in breaks if i < b < i + 1])
        total += np.sum(nodes.w * p(nodes.y - i) * clip(offset + width * nodes.y))
    return total


class Fixed:
    nodes = 24


def cliquets(trades, fixings, spot):
    """Sums of returns within local floors and caps, within global ones."""

    def values(model, elapsed, resolution):
        known, first, count = fixings.seen_from(elapsed, spot)
        law = step(model, fixings.gap, resolution)
        start = step(model, first, resolution) if known else None
        iid = count - 1
        out = []
        for trade in trades:
            k, floor, cap = trade.get("moneyness", 1), trade["local_floor"], trade["local_cap"]
            lowest, highest = trade.get("global_floor", -np.inf), trade.get("global_cap", np.inf)
            width = cap - floor
            one = Clipped(law, 0.0, k, floor, cap)
            sums = [[]]
            for m in range(iid):
                sums.append([piece(one.density(0.5 * (CHEB + 1)))] if m == 0 else convolve(sums[-1], one.density))
            banked = sum(min(max(b / a - k, floor), cap) for a, b in zip(known[:-1], known[1:]))

            def paid(moved):
                if start is None:
                    return expect(sums, iid, one, banked, floor, width, lowest, highest)
                other = Clipped(start, moved, k, floor, cap)
                mine = [[piece(other.density(0.5 * (CHEB + 1)))]] + [convolve(s, other.density) for s in sums[1:]]
                return (
                    other.below * expect(sums, iid, one, banked + floor, floor, width, lowest, highest)
                    + other.above * expect(sums, iid, one, banked + cap, floor, width, lowest, highest)
                    + expect(mine, iid, one, banked + floor, floor, width, lowest, highest)
                )

            out.append(by_first(paid, np.log(spot / known[-1]) if known else 0.0, start, spot, resolution))
        return np.array(out)

    return values


def expect(sums, iid, one, banked, floor, width, lowest, highest):
    """sums[m]: pieces of m returns' sum above their floors (and of one more, where that is included)."""
    total = 0.0
    for a in range(iid + 1):  # at the cap
        for m in range(iid - a + 1):  # between
            below = iid - a - m
            ways = math.factorial(iid) // (math.factorial(a) * math.factorial(m) * math.factorial(below))
            weight = ways * one.above**a * one.below**below
            if weight:
                total += weight * mean_clipped(sums[m], banked + iid * floor + a * width, width, lowest, highest)
    return total
