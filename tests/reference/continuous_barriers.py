#!/usr/bin/env python3
"""Writes continuous_barriers.csv: barriers watched at all times, by methods that are not quickset's.

  continuous_barriers.py OUTPUT.csv     Needs mpmath, numpy and the QuantLib package; ten minutes on one core.

heston   QuantLib's finite differences (FdHestonBarrierEngine) on three grids, each twice as fine in time and space as
         the one before; the value is Richardson's of the two finest (second order), its error the distance between the
         two such values.
kou      The Laplace transform in the expiry of a down-and-out call's price solves a linear equation whose solution is
         piecewise a sum of exponentials (Kou, Wang 2004; Sepp 2004): roots of G(theta) = alpha, coefficients from
         continuity at the strike, zero at the barrier, and the jumps' overshoots. Inverted by Gaver and Stehfest in 80
         digits. Derivatives are those of the exponentials. The error is the change from 16 to 20 terms. An up-and-out
         put is the down-and-out call of the dual model (price and strike exchanged).
merton   Simulation without bias: paths at the times of jumps, with the probability of staying inside between them in
         closed form (Metwally, Atiya 2002), the option without barrier as control. The error is its standard error.

Columns: id, model, knock-out type, put or call, spot 100, strike, barrier, rate, carry, days, parameters, price and its
error, delta and gamma (dV/dS, d2V/dS2; empty: none) and their errors.
"""
import csv
import math
import sys

import mpmath
import numpy as np
import QuantLib as ql

SPOT = 100.0
PARAMETERS = ["v0", "kappa", "theta", "xi", "rho", "lambda", "mu_j", "sigma_j", "p", "eta1", "eta2", "sigma"]
HESTON = [
    # id, side, call, strike, barrier, rate, carry, days, v0 kappa theta xi rho
    ("calm", "down", 1, 100, 90, 0.03, 0.03, 180, (0.09, 2.0, 0.09, 0.4, -0.6)),
    ("steep", "down", 1, 105, 85, 0.0, 0.0, 365, (0.16, 1.5, 0.12, 0.8, -0.9)),
    ("wild", "down", 1, 95, 80, 0.05, 0.02, 90, (0.36, 3.0, 0.4, 1.6, -0.4)),
    ("up", "up", 0, 95, 120, 0.02, 0.04, 180, (0.09, 2.0, 0.09, 0.5, 0.5)),
    ("put", "up", 0, 105, 115, 0.02, 0.0, 120, (0.16, 2.0, 0.2, 0.7, -0.7)),
]
KOU = [
    # id, call, strike, barrier, days, sigma lambda p eta1 eta2
    ("published", 1, 100, 90, 365, (0.2, 3.0, 0.3, 50.0, 33.333333333333336)),
    ("large", 1, 100, 85, 180, (0.25, 2.0, 0.4, 12.0, 8.0)),
    ("frequent", 1, 110, 80, 365, (0.3, 10.0, 0.5, 20.0, 15.0)),
    ("rare", 1, 95, 92, 60, (0.5, 0.5, 0.2, 6.0, 5.0)),
    ("put", 0, 100, 115, 180, (0.25, 3.0, 0.6, 15.0, 12.0)),
]
MERTON = [
    ("middle", "down", 1, 100, 88, 180, (0.25, 3.0, -0.05, 0.1)),
    ("crash", "down", 1, 105, 80, 365, (0.2, 1.0, -0.2, 0.15)),
    ("frequent", "up", 0, 100, 115, 90, (0.3, 12.0, 0.01, 0.06)),
]


def heston_once(case, scale):
    _, side, call, strike, barrier, rate, carry, days, (v0, kappa, theta, xi, rho) = case
    today = ql.Date(1, 1, 2026)
    ql.Settings.instance().evaluationDate = today
    curve = lambda r: ql.YieldTermStructureHandle(ql.FlatForward(today, r, ql.Actual365Fixed()))
    spot = ql.QuoteHandle(ql.SimpleQuote(SPOT))
    process = ql.HestonProcess(curve(rate), curve(rate - carry), spot, v0, kappa, theta, xi, rho)
    model = ql.HestonModel(process)
    option = ql.BarrierOption(
        ql.Barrier.DownOut if side == "down" else ql.Barrier.UpOut, barrier, 0.0,
        ql.PlainVanillaPayoff(ql.Option.Call if call else ql.Option.Put, strike), ql.EuropeanExercise(today + days))
    option.setPricingEngine(
        ql.FdHestonBarrierEngine(model, 50 * scale, 100 * scale, 50 * scale, 0,
                                 ql.FdmSchemeDesc.ModifiedCraigSneyd()))
    return np.array([option.NPV(), option.delta(), option.gamma()])


def heston(case):
    coarse, middle, fine = (heston_once(case, scale) for scale in (1, 2, 4))
    before, value = middle + (middle - coarse) / 3, fine + (fine - middle) / 3
    return value, abs(value - before)


def kou_laplace(alpha, x, k, h, sigma, lam, p, eta1, eta2):
    """The transform at alpha of E[(e^X - e^k)+; not below h], X from x without drift of e^X, and its x-derivatives."""
    mp = mpmath.mp
    q = 1 - p
    mean = p * eta1 / (eta1 - 1) + q * eta2 / (eta2 + 1) - 1
    mu = -sigma**2 / 2 - lam * mean
    # (G(t) - alpha) (eta1 - t) (eta2 + t) = 0
    a, b, c = sigma**2 / 2, mu, -(lam + alpha)
    poly = [-a, a * (eta1 - eta2) - b, a * eta1 * eta2 + b * (eta1 - eta2) - c,
            b * eta1 * eta2 + c * (eta1 - eta2) + lam * (p * eta1 - q * eta2),
            c * eta1 * eta2 + lam * eta1 * eta2]
    roots = sorted((mp.re(r) for r in mp.polyroots(poly, maxsteps=500, extraprec=400)), reverse=True)
    down = roots[2:]
    # Unknowns: c_1 .. c_4 below the strike, d_1, d_2 above it.
    strike = mp.e**k
    e = lambda t, y: mp.e**(t * y)
    rows, right = [], []
    rows.append([e(t, k) for t in roots] + [-e(t, k) for t in down])
    right.append(strike / alpha - strike / alpha)
    rows.append([t * e(t, k) for t in roots] + [-t * e(t, k) for t in down])
    right.append(strike / alpha)
    rows.append([e(t, h) for t in roots] + [0, 0])
    right.append(0)
    rows.append([e(t, h) * eta2 / (eta2 + t) for t in roots] + [0, 0])
    right.append(0)
    rows.append([e(t, k) * eta1 / (eta1 - t) for t in roots] + [-e(t, k) * eta1 / (eta1 - t) for t in down])
    right.append(strike / alpha * eta1 / (eta1 - 1) - strike / alpha)
    rows.append([e(t, k) * eta2 / (eta2 + t) for t in roots] + [-e(t, k) * eta2 / (eta2 + t) for t in down])
    right.append(strike / alpha * eta2 / (eta2 + 1) - strike / alpha)
    solution = mp.lu_solve(mp.matrix(rows), mp.matrix(right))
    if x < k:
        terms = [(solution[i], roots[i]) for i in range(4)]
        own = [mp.mpf(0)] * 3
    else:
        terms = [(solution[4 + j], down[j]) for j in range(2)]
        own = [(mp.e**x - strike) / alpha, mp.e**x / alpha, mp.e**x / alpha]
    return [own[n] + sum(w * t**n * e(t, x) for w, t in terms) for n in range(3)]


def stehfest(transform, years, terms):
    mp = mpmath.mp
    result = [mp.mpf(0)] * 3
    half = terms // 2
    for i in range(1, terms + 1):
        weight = sum(mp.mpf(j)**half * mp.factorial(2 * j) /
                     (mp.factorial(half - j) * mp.factorial(j) * mp.factorial(j - 1) * mp.factorial(i - j) *
                      mp.factorial(2 * j - i)) for j in range((i + 1) // 2, min(i, half) + 1))
        values = transform(i * mp.log(2) / years)
        result = [r + (-1)**(half + i) * weight * v for r, v in zip(result, values)]
    return [r * mp.log(2) / years for r in result]


def kou(case):
    """Down-and-out calls; an up-and-out put with strike K and barrier H by exchanging price and strike: under the
    price as numeraire 1 / S has jumps of the opposite sign with the exponents eta2 + 1 up and eta1 - 1 down."""
    _, call, strike, barrier, days, parameters = case
    mpmath.mp.dps = 80
    sigma, lam, p, eta1, eta2 = (mpmath.mpf(v) for v in parameters)
    years = mpmath.mpf(days) / 365
    strike, barrier = mpmath.mpf(strike) / 100, mpmath.mpf(barrier) / 100
    if not call:
        rise, fall = p * eta1 / (eta1 - 1), (1 - p) * eta2 / (eta2 + 1)
        lam, p, eta1, eta2 = lam * (rise + fall), fall / (rise + fall), eta2 + 1, eta1 - 1

    def at(terms):
        if call:
            v = stehfest(lambda a: kou_laplace(a, mpmath.mpf(0), mpmath.log(strike), mpmath.log(barrier), sigma, lam,
                                               p, eta1, eta2), years, terms)
            return np.array([float(v[0]), float(v[1]), float(v[2] - v[1])])
        # (K - S)+ = S K (1/S - 1/K)+: with Y = 1/S from 1, V(s) = s K E'[(Y - 1/K)+; Y above 1/H].
        v = stehfest(lambda a: kou_laplace(a, mpmath.mpf(0), -mpmath.log(strike), -mpmath.log(barrier), sigma, lam, p,
                                           eta1, eta2), years, terms)
        w0, w1, w2 = (strike * t for t in v)
        # V(s) = s w(-ln s): s V' = w0 - w1, s^2 V'' = w2 - w1
        return np.array([float(w0), float(w0 - w1), float(w2 - w1)])

    value, before = at(20), at(16)
    scale = np.array([SPOT, 1.0, 1 / SPOT])
    return value * scale, abs(value - before) * scale


def merton_mean(sigma, lam, mu, s, years, strike, call):
    """The option without barrier, Merton's series."""
    mean = math.exp(mu + s * s / 2) - 1
    total = 0.0
    phi = 1 if call else -1
    cdf = lambda z: 0.5 * math.erfc(-z / math.sqrt(2))
    for n in range(80):
        weight = math.exp(-lam * years + n * math.log(lam * years) - math.lgamma(n + 1))
        v = sigma * sigma * years + n * s * s
        f = math.exp(-lam * mean * years + n * (mu + s * s / 2))
        d = (math.log(f / strike) + v / 2) / math.sqrt(v)
        total += weight * phi * (f * cdf(phi * d) - strike * cdf(phi * (d - math.sqrt(v))))
    return total


def merton(case, chunks=160, size=1 << 18):
    _, side, call, strike, barrier, days, (sigma, lam, mu, s) = case
    years, k, level, phi = days / 365, strike / 100, math.log(barrier / 100), 1 if call else -1
    drift = -0.5 * sigma**2 - lam * (math.exp(mu + s * s / 2) - 1)
    rng = np.random.Generator(np.random.PCG64(7))
    way = 1 if side == "down" else -1
    sums, squares = np.zeros(5), 0.0
    for _ in range(chunks):
        number = rng.poisson(lam * years, size)
        times = np.sort(np.where(np.arange(number.max()) < number[:, None],
                                 rng.random((size, number.max())) * years, years), axis=1)
        x, stays, t = np.zeros(size), np.ones(size), np.zeros(size)
        for j in range(number.max() + 1):
            end = times[:, j] if j < number.max() else np.full(size, years)
            length = end - t
            y = x + drift * length + sigma * np.sqrt(length) * rng.standard_normal(size)
            a, b = way * (x - level), way * (y - level)
            with np.errstate(divide="ignore", invalid="ignore"):
                hit = np.exp(-2 * a * b / (sigma**2 * length))
            stays *= np.where((a > 0) & (b > 0), 1 - np.where(length > 0, hit, 0.0), 0.0)
            x = y + np.where(j < number, mu + s * rng.standard_normal(size), 0.0)
            stays *= way * (x - level) > 0
            t = end
        whole = np.maximum(phi * (np.exp(x) - k), 0)
        out = whole * stays
        sums += [size, out.sum(), whole.sum(), (out * whole).sum(), (whole**2).sum()]
        squares += (out**2).sum()
    n, mean, plain = sums[0], sums[1] / sums[0], sums[2] / sums[0]
    cov, var = sums[3] / n - mean * plain, sums[4] / n - plain**2
    beta = cov / var
    value = mean - beta * (plain - merton_mean(sigma, lam, mu, s, years, k, call))
    error = math.sqrt((squares / n - mean**2 - beta * cov) / n)
    return SPOT * value, SPOT * error


def main(path):
    with open(path, "w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["id", "model", "side", "call", "strike", "barrier", "rate", "carry", "days"] + PARAMETERS +
                        ["price", "price_error", "delta", "delta_error", "gamma", "gamma_error"])

        def row(name, model, side, call, strike, barrier, rate, carry, days, parameters, numbers):
            writer.writerow([name, model, side, call, strike, barrier, rate, carry, days] +
                            [parameters.get(key, 0) for key in PARAMETERS] + numbers)
            out.flush()

        def three(value, error):
            return [f"{x:.9g}" if i % 2 == 0 else f"{x:.1e}"
                    for i, x in enumerate(y for pair in zip(value, error) for y in pair)]

        for case in HESTON:
            keys = dict(zip(PARAMETERS[:5], case[8]))
            row(case[0], "heston", *case[1:8], keys, three(*heston(case)))
        for case in KOU:
            name, call, strike, barrier, days, parameters = case
            keys = dict(zip(["sigma", "lambda", "p", "eta1", "eta2"], parameters))
            row(name, "kou", "down" if call else "up", call, strike, barrier, 0, 0, days, keys, three(*kou(case)))
        for case in MERTON:
            name, side, call, strike, barrier, days, parameters = case
            keys = dict(zip(["sigma", "lambda", "mu_j", "sigma_j"], parameters))
            value, error = merton(case)
            row(name, "merton", side, call, strike, barrier, 0, 0, days, keys,
                [f"{value:.9g}", f"{error:.1e}", "", "", "", ""])


if __name__ == "__main__":
    main(sys.argv[1])
