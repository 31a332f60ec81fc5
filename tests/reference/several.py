"""Generator of trades/several.jsonl: formulas over two and three underlyings, and the types that pay what some of
these do.

exchange, product        one-dimensional Fourier integrals of E[exp(s1 X1 + s2 X2)] along a line (Margrabe 1978)
best, worst, basket,     double Fourier integrals (two_prices.py); for gbm these are Stulz's (1982) options
spread, two digitals
three underlyings        quadrature over two normals, Black's formula over the third

Returns of gbm, merton and kou are correlated, jumps independent; pairs with a random variance have correlation 0, so that the
transform is a product. `python3 tests/reference/several.py` writes it; `several.py check` compares the double integrals under gbm
with quadrature over one normal.
"""
import math
import os
import random
import sys

import numpy as np

from affine import FIRST, PARAMETERS, SECOND, SECOND_CENTRE, STENCIL, Nodes, above, least, log_mgf, parameter_step
from affine_paths import FOLDER, deviation
from contract_rows import DAY_SECONDS, at_eight, draw_model, finish, number, time_text, underlying, write, years
from two_prices import Plane, finite


class Case:
    """Everything that a value depends on."""

    def __init__(self, models, spots, carries, correlations, elapsed=0):
        self.models, self.spots, self.carries = list(models), list(spots), list(carries)
        self.correlations, self.elapsed = list(correlations), elapsed

    def copy(self):
        return Case(self.models, self.spots, self.carries, self.correlations, self.elapsed)


def joint_log(case, dates, exponents):
    """ln E[exp(sum over assets and dates)]: exponents[asset][date]; all of the levy pair's correlation."""
    total = sum(log_mgf(m, dates, e) for m, e in zip(case.models, exponents))
    if case.correlations[0]:
        (a, b), seen = case.models[:2], [0, 0]
        for j in reversed(range(len(dates))):
            seen = [seen[i] + exponents[i][j] for i in (0, 1)]
            span = dates[j] - (dates[j - 1] if j else 0)
            total = total + case.correlations[0] * a["sigma"] * b["sigma"] * span * seen[0] * seen[1]
    return total


class Pair:
    """One contract on two underlyings at one resolution."""

    def __init__(self, base, worlds, kind, terms, expiry, count):
        self.worlds, self.kind, self.terms, self.expiry, self.count = worlds, kind, terms, expiry, count
        self.kept, self.planes, self.lines = {}, {}, {}
        self.base = base

    def line(self, log_transform, moneyness):
        """Nodes of a one-dimensional integral, made at the base case, and the transform there."""
        key = "line"
        if key not in self.lines:
            self.lines[key] = Nodes(log_transform, 2 * self.count, math.log(moneyness))
        n = self.lines[key]
        return n, np.exp(log_transform(n.s))

    def plane(self, case, t, spread):
        if spread not in self.planes:
            m = self.base.models
            if spread:
                ok = lambda a1, a2: finite(m[0], [t], [1 + 2 * a1]) and finite(m[1], [t], [-a2])
            else:
                ok = lambda a1, a2: finite(m[0], [t], [-a1]) and finite(m[1], [t], [-a2])
            both = [levy_deviation(w, self.expiry) for w in self.worlds]
            self.planes[spread] = Plane(lambda a, b: joint_log(self.base, [t], [[a], [b]]), ok, both, self.count, False, spread)
        plane = self.planes[spread]
        key = (tuple(tuple(m.values()) for m in case.models), tuple(case.correlations), case.elapsed, spread)
        if key not in self.kept:
            self.kept[key] = np.exp(joint_log(case, [t], [[plane.s1], [plane.s2]]))
        return plane, self.kept[key]

    def value(self, case):
        """E[payoff]."""
        t = years(self.expiry - case.elapsed)
        f = [s * math.exp(c * t) for s, c in zip(case.spots, case.carries)]
        return getattr(self, self.kind)(case, t, f, **self.terms)

    def exchange(self, case, t, f, weight):
        n, transform = self.line(lambda s: joint_log(case, [t], [[s], [1 - s]]), weight * f[1] / f[0])
        return f[0] - least(n, transform, f[0] / (weight * f[1]), 1) * weight * f[1]

    def product(self, case, t, f, unit, strike):
        at = lambda s: joint_log(case, [t], [[s], [s]])
        growth = float(np.exp(at(np.array([1 + 0j])))[0].real)
        mean = f[0] * f[1] / unit * growth
        n, transform = self.line(lambda s: at(s) - s * math.log(growth), strike / mean)
        return mean - least(n, transform, mean, strike)

    def returns(self, case, t, f, start):
        dates = [years(start - case.elapsed), t]
        grow = [math.exp(c * (t - dates[0])) for c in case.carries]
        n, transform = self.line(lambda s: joint_log(case, dates, [[-s, s], [s - 1, 1 - s]]), grow[1] / grow[0])
        return grow[0] - least(n, transform, grow[0] / grow[1], 1) * grow[1]

    def single_above(self, case, t, f, i, strike):
        at = lambda s: log_mgf(case.models[i], [t], [s])
        if ("one", i) not in self.lines:
            self.lines["one", i] = Nodes(at, 2 * self.count, math.log(strike / f[i]))
        n = self.lines["one", i]
        return above(n, np.exp(at(n.s)), f[i], strike)

    def single_least(self, case, t, f, i, strike):
        at = lambda s: log_mgf(case.models[i], [t], [s])
        if ("two", i) not in self.lines:
            self.lines["two", i] = Nodes(at, 2 * self.count, math.log(strike / f[i]))
        n = self.lines["two", i]
        return least(n, np.exp(at(n.s)), f[i], strike)

    def digital(self, case, t, f, strikes):
        plane, m = self.plane(case, t, False)
        both = plane.value("below", m, f[0] / strikes[0], f[1] / strikes[1])
        return self.single_above(case, t, f, 0, strikes[0]) + self.single_above(case, t, f, 1, strikes[1]) - 1 + both

    def put_max(self, case, t, f, strike):
        plane, m = self.plane(case, t, False)
        return strike * plane.value("put_max", m, f[0] / strike, f[1] / strike)

    def best_call(self, case, t, f, weight, strike):
        f = [f[0], weight * f[1]]
        best = f[1] + self.exchange(case, t, f, 1)
        return best - strike + self.put_max(case, t, f, strike)

    def worst_put(self, case, t, f, weight, strike):
        f = [f[0], weight * f[1]]
        puts = sum(strike - self.single_least(case, t, f, i, strike) for i in (0, 1))
        return puts - self.put_max(case, t, f, strike)

    def worst_call(self, case, t, f, weight, strike):
        worst = f[0] - self.exchange(case, t, f, weight)
        return worst - strike + self.worst_put(case, t, f, weight, strike)

    def basket(self, case, t, f, weights, strike, sign):
        f = [w * x for w, x in zip(weights, f)]
        plane, m = self.plane(case, t, False)
        put = strike * plane.value("put_sum", m, f[0] / strike, f[1] / strike)
        return put if sign < 0 else put + sum(f) - strike

    def spread(self, case, t, f, weight, strike):
        f = [f[0], weight * f[1]]
        plane, m = self.plane(case, t, True)
        return strike * plane.value("spread", m, f[0] / strike, f[1] / strike)


def levy_deviation(world, seconds):
    m = world["model"]
    if "v0" in m:
        return deviation(world, seconds)
    jumps = 0
    if "mu_j" in m:
        jumps = m["lambda"] * (m["mu_j"] ** 2 + m["sigma_j"] ** 2)
    if "eta1" in m:
        jumps = 2 * m["lambda"] * (m["p"] / m["eta1"] ** 2 + (1 - m["p"]) / m["eta2"] ** 2)
    return math.sqrt((m["sigma"] ** 2 + jumps) * years(seconds))


class Triple:
    """A basket of three under gbm: quadrature over two normals, Black's formula over the third."""

    def __init__(self, base, worlds, kind, terms, expiry, count):
        x, w = np.polynomial.legendre.leggauss(count)
        z, w = 8.5 * x, 8.5 * w * np.exp(-0.5 * (8.5 * x) ** 2) / math.sqrt(2 * math.pi)
        self.z, self.w, self.terms, self.expiry = z, w[:, None] * w[None, :], terms, expiry

    def value(self, case):
        t, c = years(self.expiry - case.elapsed), case.correlations
        weights, strike = self.terms["weights"], self.terms["strike"]
        f = [a * s * math.exp(g * t) for a, s, g in zip(weights, case.spots, case.carries)]
        v = [m["sigma"] * math.sqrt(t) for m in case.models]
        l = np.linalg.cholesky(np.array([[1, c[0], c[1]], [c[0], 1, c[2]], [c[1], c[2], 1]]))
        z1, z2 = self.z[:, None], self.z[None, :]
        y1 = f[0] * np.exp(v[0] * z1 - 0.5 * v[0] ** 2)
        y2 = f[1] * np.exp(v[1] * (l[1, 0] * z1 + l[1, 1] * z2) - 0.5 * v[1] ** 2)
        rest = v[2] * l[2, 2]
        y3 = f[2] * np.exp(v[2] * (l[2, 0] * z1 + l[2, 1] * z2) - 0.5 * (v[2] ** 2 - rest**2))
        k = strike - y1 - y2
        d1 = np.log(y3 / np.where(k > 0, k, 1)) / rest + 0.5 * rest
        value = np.where(k > 0, y3 * normal(d1) - k * normal(d1 - rest), y3 - k)
        return float(np.sum(self.w * value))


def normal(x):
    from scipy.special import ndtr

    return ndtr(x)


def greeks(of, base, worlds, expiry, stretch, names, flat):
    """All quantities of all underlyings; `flat`: no derivative to spots."""
    rate, n = worlds[0]["discount_rate"], len(worlds)
    value = lambda case: math.exp(-rate * years(expiry - case.elapsed)) * of.value(case)
    price, out = value(base), {}
    place = lambda i: "" if i == 0 else "/" + names[i]

    def moved(change):
        values = []
        for k in STENCIL:
            case = base.copy()
            change(case, k)
            values.append(value(case))
        return values

    def slope(change, h):
        return sum(c * v for c, v in zip(FIRST, moved(change))) / h

    out["price"], out["d_rate"] = price, -years(expiry) * price
    late = base.copy()
    late.elapsed = DAY_SECONDS
    out["theta"] = value(late) - price
    for i in range(n):
        h = stretch * 0.04 * levy_deviation(worlds[i], expiry)
        scaled = lambda case, k, i=i, h=h: case.spots.__setitem__(i, case.spots[i] * math.exp(h * k))
        if not flat:
            values = moved(scaled)
            first = sum(c * v for c, v in zip(FIRST, values)) / h
            second = (sum(c * v for c, v in zip(SECOND, values)) + SECOND_CENTRE * price) / h**2
            out["delta" + place(i)] = first / base.spots[i]
            out["gamma" + place(i)] = (second - first) / base.spots[i] ** 2
        for j in range(i) if not flat else ():
            h2 = stretch * 0.04 * levy_deviation(worlds[j], expiry)
            total = 0
            for c, k in zip(FIRST, STENCIL):
                both = lambda case, q, k=k: (scaled(case, k), case.spots.__setitem__(j, case.spots[j] * math.exp(h2 * q)))
                total += c * slope(both, h2) / h
            out[f"cross_gamma/{names[j]}/{names[i]}"] = total / (base.spots[i] * base.spots[j])
        h = stretch * 0.004
        out["d_carry" + place(i)] = slope(lambda case, k: case.carries.__setitem__(i, case.carries[i] + h * k), h)
        for p in PARAMETERS[worlds[i]["type"]]:
            h = stretch * parameter_step(p, worlds[i]["model"][p])
            change = lambda case, k: case.models.__setitem__(i, {**case.models[i], p: case.models[i][p] + h * k})
            out[f"d_{p}" + place(i)] = slope(change, h)
    for at, (i, j) in enumerate(pairs_of(names)):
        if base.correlations[at]:
            h = stretch * 0.02 * (1 - abs(base.correlations[at]))
            change = lambda case, k: case.correlations.__setitem__(at, case.correlations[at] + h * k)
            out[f"d_correlation/{names[i]}/{names[j]}"] = slope(change, h)
    return out


def pairs_of(names):
    return [(i, j) for j in range(len(names)) for i in range(j)]


def draw_pair(rng, kinds, expiry):
    rate, worlds = rng.choice([0, 0.03]), []
    for kind in kinds:
        pick = lambda low, high, digits=3: round(math.exp(rng.uniform(math.log(low), math.log(high))), digits)
        if kind in ("heston", "bates", "svcj"):
            m = draw_model(rng, kind, expiry)
        else:
            m = {"sigma": pick(0.1, 0.8)}
            if kind != "gbm":
                m["lambda"] = max(pick(0.3, 3, 2), round(min(8, 0.1 / years(expiry)), 2))
            if kind == "merton":
                m.update({"mu_j": round(rng.uniform(-0.15, 0.05), 3), "sigma_j": pick(0.03, 0.15)})
            if kind == "kou":
                m.update({"p": round(rng.uniform(0.2, 0.7), 2), "eta1": pick(8, 30, 1), "eta2": pick(6, 25, 1)})
        worlds.append({"type": kind, "model": m, "spot": rng.choice([20, 100, 100, 400]), "carry": rng.choice([-0.02, 0, 0.04]),
                       "discount_rate": rate, "coin_rate": 0})
    return worlds


FORMULAS = {
    "exchange": "max(A[T] - w * B[T], 0)",
    "product": "max(A[T] * B[T] / u - K, 0)",
    "returns": "max(A[T] / A[s] - B[T] / B[s], 0)",
    "digital": "if(A[T] > K and B[T] > L, 1, 0)",
    "best_call": "max(max(A[T], w * B[T]) - K, 0)",
    "worst_put": "max(K - min(A[T], w * B[T]), 0)",
    "worst_call": "max(min(A[T], w * B[T]) - K, 0)",
    "basket": "max(v * A[T] + w * B[T] - K, 0)",
    "basket_put": "max(K - v * A[T] - w * B[T], 0)",
    "spread": "max(A[T] - w * B[T] - K, 0)",
}


def draw_terms(rng, kind, worlds, expiry):
    """(arguments of the value, constants of the formula)."""
    spots = [w["spot"] for w in worlds]
    wide = levy_deviation(worlds[0], expiry)
    near = lambda x: float(f"{x * math.exp(rng.choice([0, 0.05, rng.uniform(-0.7, 0.7)]) * wide):.4g}")
    weight = float(f"{near(spots[0]) / spots[1]:.4g}")
    if kind == "exchange":
        return {"weight": weight}, {"w": weight}
    if kind == "product":
        k = near(spots[0])
        return {"unit": spots[1], "strike": k}, {"u": spots[1], "K": k}
    if kind == "returns":
        return {"start": at_eight(max(2, round(expiry / DAY_SECONDS / 3)))}, {}
    if kind == "digital":
        k, l = near(spots[0]), near(spots[1])
        return {"strikes": [k, l]}, {"K": k, "L": l}
    if kind in ("best_call", "worst_put", "worst_call"):
        k = near(spots[0])
        return {"weight": weight, "strike": k}, {"w": weight, "K": k}
    if kind == "spread":
        k = float(f"{0.2 * near(spots[0]):.3g}")
        weight = float(f"{0.8 * weight:.4g}")
        return {"weight": weight, "strike": k}, {"w": weight, "K": k}
    share = 0.5
    weights = [share, float(f"{(1 - share) * spots[0] / spots[1]:.4g}")]
    k = near(spots[0])
    terms = {"weights": weights, "strike": k, "sign": -1 if kind == "basket_put" else 1}
    return terms, {"v": weights[0], "w": weights[1], "K": k}


def named_trade(kind, names, constants, expiry):
    """The type that pays what the formula does."""
    w, k = constants.get("w"), constants.get("K")
    trade = {"type": kind.split("_")[0], "underlyings": names, "quantity": 1, "expiry": time_text(expiry), "weights": [1, w]}
    if kind in ("best_call", "worst_put", "worst_call"):
        trade["type"] = trade["type"] + "_of"
    if kind != "exchange":
        trade.update(strike=k, call_put="put" if kind.endswith("_put") else "call")
    if kind in ("basket", "basket_put"):
        trade["weights"] = [constants["v"], w]
    return trade


def trade_of(kind, names, constants, terms, expiry):
    formula = FORMULAS[kind].replace("A[", names[0] + "[").replace("B[", names[1] + "[")
    trade = {"type": "script", "underlyings": names, "quantity": 1, "payoff": formula, "expiry": time_text(expiry)}
    if constants:
        trade["constants"] = constants
    if kind == "returns":
        trade["schedules"] = {"s": time_text(terms["start"])}
    return trade


def reference_row(identity, maker, resolutions, worlds, names, correlations, trade, flat, method):
    base = Case([w["model"] for w in worlds], [w["spot"] for w in worlds], [w["carry"] for w in worlds], correlations)
    expiry = worlds[0]["expiry"]
    a, b = (greeks(maker(base, count), base, worlds, expiry, stretch, names, flat) for count, stretch in resolutions)
    scale = max(w["spot"] for w in worlds) * 1e-12
    reference = {k: [number(b[k]), float(f"{abs(a[k] - b[k]) + 1e-9 * abs(b[k]) + scale:.2g}")] for k in b}
    listed = [{"between": [names[i], names[j]], "value": c} for (i, j), c in zip(pairs_of(names), correlations) if c]
    return finish(identity, [underlying({**w, "name": n}) for w, n in zip(worlds, names)], listed, trade, reference, method)


def pair_row(rng, number_of, kinds, kind, expiry, correlation):
    worlds = draw_pair(rng, kinds, expiry)
    for w in worlds:
        w["expiry"] = expiry
    names = [f"R{number_of}a", f"R{number_of}b"]
    terms, constants = draw_terms(rng, kind, worlds, expiry)
    if number_of % 2 and kind not in ("product", "returns", "digital"):
        trade = named_trade(kind, names, constants, expiry)
    else:
        trade = trade_of(kind, names, constants, terms, expiry)
    name = "basket" if kind == "basket_put" else kind
    maker = lambda base, count: Pair(base, worlds, name, terms, expiry, count)
    counts = ((140, 1.3), (200, 1)) if kind in ("spread", "basket", "basket_put") else ((64, 1.3), (96, 1))
    return reference_row(f"several_{kind}_{kinds[0]}_{kinds[1]}_{number_of}", maker, counts, worlds, names,
                         [correlation], trade, kind == "returns", "Fourier")


def triple_row(rng, number_of, expiry):
    worlds = draw_pair(rng, ["gbm"] * 3, expiry)
    for w in worlds:
        w["expiry"] = expiry
    names = [f"R{number_of}{x}" for x in "abc"]
    spots = [w["spot"] for w in worlds]
    weights = [0.4] + [float(f"{0.3 * spots[0] / s:.4g}") for s in spots[1:]]
    k = float(f"{spots[0] * math.exp(rng.uniform(-0.3, 0.3) * levy_deviation(worlds[0], expiry)):.4g}")
    trade = {"type": "script", "underlyings": names, "quantity": 1, "expiry": time_text(expiry), "constants": {"K": k},
             "payoff": "max(" + " + ".join(f"{w} * {n}[T]" for w, n in zip(weights, names)) + " - K, 0)"}
    correlations = rng.choice([[0.5, 0.3, -0.2], [0.8, 0.6, 0.7], [-0.4, 0, 0.3]])
    maker = lambda base, count: Triple(base, worlds, "basket", {"weights": weights, "strike": k}, expiry, count)
    return reference_row(f"several_basket3_gbm_{number_of}", maker, ((80, 1.3), (110, 1)), worlds, names, correlations, trade, False,
                         "quadrature over two normals")


def check():
    """Double integrals under gbm against quadrature over the first normal, Black's formula over the second."""
    rng = random.Random(5)
    x, w = np.polynomial.legendre.leggauss(4000)
    for kind in ("best_call", "worst_put", "basket", "spread", "digital"):
        worlds, rho, expiry = draw_pair(rng, ["gbm", "gbm"], at_eight(100)), 0.6, at_eight(100)
        terms, _ = draw_terms(rng, kind, worlds, expiry)
        base = Case([v["model"] for v in worlds], [v["spot"] for v in worlds], [v["carry"] for v in worlds], [rho])
        got = Pair(base, worlds, kind, terms, expiry, 84).value(base)
        t = years(expiry)
        v = [v["model"]["sigma"] * math.sqrt(t) for v in worlds]
        f = [v["spot"] * math.exp(v["carry"] * t) for v in worlds]
        z = 9 * x
        weight = 9 * w * np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
        y, rest = f[0] * np.exp(v[0] * z - 0.5 * v[0] ** 2), v[1] * math.sqrt(1 - rho**2)
        g = f[1] * np.exp(v[1] * rho * z - 0.5 * (v[1] * rho) ** 2) * terms.get("weight", 1)
        call = lambda level, k: np.where(k > 0, black_call(level, np.where(k > 0, k, 1), rest), level - k)
        k = terms.get("strike", 0)
        if kind == "best_call":
            value = np.maximum(y - k, 0) + call(g, np.maximum(y, k))
        elif kind == "worst_put":
            value = np.maximum(k - y, 0) + call(g, np.minimum(y, k) + 0 * y) - g + np.minimum(y, k)
        elif kind == "basket":
            value = call(terms["weights"][1] * g, k - terms["weights"][0] * y)
        elif kind == "spread":
            value = np.where(y > k, call(g, y - k) - g + y - k, 0)
        else:
            value = (y > terms["strikes"][0]) * normal(np.log(g / terms["strikes"][1]) / rest - 0.5 * rest)
        print(kind, got, float(np.sum(weight * value)))


def black_call(level, strike, deviation_):
    d1 = np.log(level / strike) / deviation_ + 0.5 * deviation_
    return level * normal(d1) - strike * normal(d1 - deviation_)


def main():
    rng, rows = random.Random(77), []
    expiries = [at_eight(2), at_eight(4), at_eight(25), at_eight(60), at_eight(115), at_eight(297)]
    plans = [(("gbm", "gbm"), list(FORMULAS), 6), (("merton", "merton"), list(FORMULAS), 2), (("merton", "gbm"), list(FORMULAS), 1),
             (("kou", "kou"), [k for k in FORMULAS if k != "spread"], 2),
             (("heston", "heston"), [k for k in FORMULAS if k != "spread"], 3),
             (("heston", "gbm"), [k for k in FORMULAS if k != "spread"], 1),
             (("bates", "svcj"), [k for k in FORMULAS if k != "spread"], 2), (("svcj", "kou"), ["exchange", "best_call", "basket"], 1)]
    for kinds, formulas, times in plans:
        for kind in formulas:
            for i in range(times):
                expiry = expiries[(i + len(rows)) % len(expiries)]
                if kind == "returns" and expiry < at_eight(4):
                    expiry = at_eight(25)
                if expiry < at_eight(25) and not set(kinds) <= {"gbm", "heston"}:
                    expiry = expiries[2 + i % 4]
                random_variance = any(k in ("heston", "bates", "svcj") for k in kinds)
                correlation = 0 if random_variance else rng.choice([0.5, -0.3, 0.9, 0.7])
                rows.append(pair_row(rng, len(rows), kinds, kind, expiry, correlation))
        print(kinds, len(rows), flush=True)
    for i in range(8):
        rows.append(triple_row(rng, len(rows), expiries[1 + i % 5]))
    write(os.path.join(FOLDER, "several.jsonl"), rows)


if __name__ == "__main__":
    check() if sys.argv[1:] == ["check"] else main()
