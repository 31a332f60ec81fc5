#!/usr/bin/env python3
"""Reference prices and derivatives of European calls for the model family, in 45 digits.

  fourier_reference.py OUTPUT.csv [FIRST [LAST]]    write the cases FIRST .. LAST - 1 (all of them by default)
  fourier_reference.py --jumps                      check the svcj jump integral against plain quadrature
Needs mpmath and gmpy2; all cases take about half an hour on one core.

The formula is not the one of host/market/fourier.c. With p = A + iv and 0 < A < 1 (Lewis 2001, here A = 0.4),

  E[min(e^X, e^k)] = e^{k(1-A)}/pi  int_0^inf Re[ e^{-ivk} phi(p) / (p (1-p)) ] dv,   call = 1 - that,

by Gauss-Legendre panels without any control variate. Characteristic functions are written as published: Heston in the
form of Albrecher, Mayer, Schoutens and Tistaert (2007), the jumps of svcj as in Duffie, Pan and Singleton (2000,
section 4.1). Derivatives are central differences of phi in 45 digits with a step of 1e-13. The column `error` is the
largest difference, over price and derivatives, between panels of one width and of two thirds of it.

Columns: id, model, every parameter, years, log_moneyness (ln K/F), then of the undiscounted call per unit of forward
c: price, delta (c - dc/dk), gamma (d2c/dk2 - dc/dk), time (dc/dT), d_<parameter>, and error.
"""
import csv
import math
import random
import sys

import gmpy2
from gmpy2 import mpc, mpfr
from mpmath import mp
from mpmath.calculus.quadrature import GaussLegendre

DIGITS = 45
BITS = int(DIGITS * 3.33) + 8
gmpy2.get_context().precision = BITS
mp.dps = DIGITS + 5
A = mpfr("0.4")
PI = gmpy2.const_pi()
PARAMETERS = "v0 kappa theta xi rho lambda mu_j sigma_j mu_v rho_j p eta1 eta2 sigma".split()
DIFFUSION = "v0 kappa theta xi rho".split()
USED = {
    "gbm": ["sigma"],
    "merton": ["lambda", "mu_j", "sigma_j", "sigma"],
    "kou": ["lambda", "p", "eta1", "eta2", "sigma"],
    "heston": DIFFUSION,
    "bates": DIFFUSION + ["lambda", "mu_j", "sigma_j"],
    "svcj": DIFFUSION + ["lambda", "mu_j", "sigma_j", "mu_v", "rho_j"],
}
STEP = mpfr(10) ** -13
CUT = mpfr(10) ** -22


def gauss_legendre(count):
    """nodes and weights on [-1, 1]; count = 3 * 2**(n-1)"""
    degree = {24: 4, 48: 5}[count]
    table = GaussLegendre(mp).calc_nodes(degree, int(DIGITS * 3.33) + 40)
    assert len(table) == count
    return [(mpfr(str(x)), mpfr(str(w))) for x, w in table]


NODES = gauss_legendre(24)


def jump_growth(m):
    """one plus the mean relative jump"""
    if "eta1" in m:
        return m["p"] * m["eta1"] / (m["eta1"] - 1) + (1 - m["p"]) * m["eta2"] / (m["eta2"] + 1)
    load = m["rho_j"] * m["mu_v"] if "mu_v" in m else 0
    return gmpy2.exp(m["mu_j"] + m["sigma_j"] ** 2 / 2) / (1 - load)


def log_phi(m, T, p):
    """ln E[exp(p X)], X = ln(S_T/F), for the model with parameters m (a dict)"""
    if "sigma" in m:
        value = m["sigma"] ** 2 * T * (p * p - p) / 2
    else:
        sigma2 = m["xi"] ** 2
        b = m["kappa"] - m["rho"] * m["xi"] * p
        gamma = gmpy2.sqrt(b * b - sigma2 * (p * p - p))
        e = gmpy2.exp(-gamma * T)
        g = (b - gamma) / (b + gamma)
        big_d = (b - gamma) / sigma2 * (1 - e) / (1 - g * e)
        big_c = m["kappa"] * m["theta"] / sigma2 * ((b - gamma) * T - 2 * gmpy2.log((1 - g * e) / (1 - g)))
        value = big_c + big_d * m["v0"]
    if "lambda" in m:
        if "eta1" in m:
            jump = m["p"] * m["eta1"] / (m["eta1"] - p) + (1 - m["p"]) * m["eta2"] / (m["eta2"] + p)
            jump *= T
        else:
            jump = gmpy2.exp(p * m["mu_j"] + p * p * m["sigma_j"] ** 2 / 2)
            jump *= jump_time(m, T, p, b, gamma, e) if "mu_v" in m else T
        value += m["lambda"] * (jump - T * (1 + p * (jump_growth(m) - 1)))
    return value


def jump_time(m, T, p, b, gamma, e):
    """int_0^T dt / (c - mu_v D(t)), c = 1 - p rho_j mu_v, as Duffie, Pan and Singleton state it (their b is -b)"""
    a, mu, b = p - p * p, m["mu_v"], -b
    c = 1 - p * m["rho_j"] * mu
    first = (gamma - b) * T / ((gamma - b) * c + mu * a)
    second = 2 * mu * a / ((gamma * c) ** 2 - (b * c - mu * a) ** 2)
    return first - second * gmpy2.log(1 - ((gamma + b) * c - mu * a) / (2 * gamma * c) * (1 - e))


def integrands(m, used, T, k, v):
    """Re of the integrand and of its derivatives: price, delta, gamma, time, parameters; and its size"""
    p = mpc(A, v)
    base = gmpy2.exp(log_phi(m, T, p)) * gmpy2.exp(mpc(0, -v * k))
    weight = base / (p * (1 - p))
    out = [weight, weight * (1 - (1 - A - mpc(0, v))), base]
    h = STEP * T
    out.append(weight * (log_phi(m, T + h, p) - log_phi(m, T - h, p)) / (2 * h))
    for name in used:
        h = STEP * max(abs(m[name]), mpfr("0.01"))
        up, down = dict(m), dict(m)
        up[name] += h
        down[name] -= h
        out.append(weight * (log_phi(up, T, p) - log_phi(down, T, p)) / (2 * h))
    return [x.real for x in out], abs(base)


def spread(m, T):
    """standard deviation of the diffusion, roughly, and the reach of the jumps"""
    if "sigma" in m:
        variance = m["sigma"] ** 2 * T
    else:
        f = (1 - gmpy2.exp(-m["kappa"] * T)) / m["kappa"]
        rate = m["lambda"] * m["mu_v"] / m["kappa"] if "mu_v" in m else 0
        variance = m["v0"] * f + (m["theta"] + rate) * (T - f)
    reach = mpfr(0)
    if "eta1" in m:
        reach = 8 / m["eta1"] + 8 / m["eta2"]
    elif "lambda" in m:
        reach = abs(m["mu_j"]) + 6 * m["sigma_j"]
        if "mu_v" in m:
            reach += 8 * abs(m["rho_j"]) * m["mu_v"]
    return gmpy2.sqrt(variance), reach


def panels(m, T, k, phase):
    """widths that keep the phase of the integrand within `phase` on a panel; jumps die out at high v"""
    deviation, reach = spread(m, T)
    v, dead = mpfr(0), 12 / max(m.get("sigma_j", mpfr(0)), mpfr("1e-9"))
    while True:
        span = abs(k) + 12 * deviation + (reach if "eta1" in m or v < dead else 0)
        width = min(phase / span, (v + A) * phase / 16)
        yield v, width
        v += width


def integrate(m, used, T, k, phase):
    total = None
    for v, width in panels(m, T, k, phase):
        largest = mpfr(0)
        for x, weight in NODES:
            values, size = integrands(m, used, T, k, v + width * (x + 1) / 2)
            largest = max(largest, size)
            if total is None:
                total = [mpfr(0)] * len(values)
            total = [t + weight * width / 2 * y for t, y in zip(total, values)]
        if largest < CUT:
            break
    factor = gmpy2.exp(k * (1 - A)) / PI
    out = [-factor * t for t in total]
    out[0] += 1
    out[1] += 1
    out[2] = -out[2]
    return out


def reference(m, used, T, k):
    """results and the largest difference between two panel widths"""
    phase, error = mpfr(24), mpfr(1)
    coarse = integrate(m, used, T, k, phase)
    while phase > 1:
        phase *= mpfr(2) / 3
        fine = integrate(m, used, T, k, phase)
        error = max(abs(a - b) for a, b in zip(fine, coarse))
        if error < mpfr(10) ** -17:
            break
        coarse = fine
    return fine, error


def heston(v0, kappa, theta, xi, rho):
    return dict(zip(DIFFUSION, (v0, kappa, theta, xi, rho)))


def gauss(lam, mu_j, sigma_j):
    return {"lambda": lam, "mu_j": mu_j, "sigma_j": sigma_j}


CALM, STORM = heston(0.04, 1.5, 0.04, 0.5, -0.7), heston(0.36, 2, 0.25, 2.5, -0.5)
SETS = [
    # model, parameters, maturities in years, strikes in standard deviations
    ("gbm", {"sigma": 0.05}, (1 / 730, 1), (-8, 0, 3)),
    ("gbm", {"sigma": 2.0}, (7 / 365, 5), (-2, 0, 8)),
    ("merton", {"sigma": 0.2, **gauss(0.5, -0.1, 0.15)}, (1 / 730, 30 / 365, 1, 5), (-4, -1, 0, 1, 8)),
    ("merton", {"sigma": 0.05, **gauss(20, 0.02, 0.03)}, (7 / 365, 1), (-8, 0, 2)),
    ("merton", {"sigma": 0.8, **gauss(3, 0.3, 0.02)}, (2 / 365, 0.25), (-2, 0, 4)),
    ("kou", {"sigma": 0.3, "lambda": 2, "p": 0.4, "eta1": 12, "eta2": 6}, (1 / 730, 7 / 365, 0.5, 5), (-8, -1, 0, 1, 3)),
    ("kou", {"sigma": 0.1, "lambda": 15, "p": 0.7, "eta1": 40, "eta2": 30}, (7 / 365, 1), (-2, 0, 4)),
    ("kou", {"sigma": 1.5, "lambda": 1, "p": 0.1, "eta1": 3, "eta2": 2.5}, (30 / 365, 2), (-2, 0, 4)),
    ("heston", CALM, (1 / 730, 7 / 365, 0.25, 2), (-8, -2, 0, 1, 4)),
    ("heston", STORM, (2 / 365, 30 / 365, 1, 5), (-4, -1, 0, 2, 8)),
    ("heston", heston(1e-4, 1, 0.05, 1, -0.9), (1 / 365, 0.1), (-8, -2, 0, 1, 6)),
    ("heston", heston(0.0025, 3, 0.0025, 0.1, 0.95), (1 / 365, 1), (-4, 0, 2)),
    ("heston", heston(0.5, 0.5, 1.6, 4, -0.95), (7 / 365, 1), (-3, 0, 1.5)),
    ("heston", heston(0.2, 1, 0.4, 2.83, 0.6), (14 / 365, 0.5), (-2, 0, 3)),
    ("heston", heston(0.09, 2, 0.16, 0.02, -0.3), (30 / 365, 2), (-2, 0, 2)),
    ("bates", {**CALM, **gauss(0.8, -0.12, 0.1)}, (1 / 730, 7 / 365, 0.25, 2), (-8, -2, 0, 1, 4)),
    ("bates", {**STORM, **gauss(15, 0.03, 0.08)}, (2 / 365, 30 / 365, 1), (-4, -1, 0, 2, 8)),
    ("bates", {**heston(0.002, 4, 0.04, 0.8, -0.5), **gauss(2, -0.3, 0.2)}, (1 / 365, 14 / 365), (-6, -1, 0, 0.2)),
    ("bates", {**heston(0.3, 1, 0.3, 2.4, 0.3), **gauss(4, 0.25, 0.03)}, (10 / 365, 0.5), (-2, 0, 4)),
    ("svcj", {**CALM, **gauss(0.8, -0.12, 0.1), "mu_v": 0.05, "rho_j": -0.4}, (1 / 730, 7 / 365, 0.25, 2), (-8, -2, 0, 1, 4)),
    ("svcj", {**STORM, **gauss(8, 0.02, 0.06), "mu_v": 0.3, "rho_j": 0.2}, (2 / 365, 30 / 365, 1), (-4, -1, 0, 2, 6)),
    ("svcj", {**heston(0.15, 8, 0.1, 2, -0.3), **gauss(20, -0.02, 0.05), "mu_v": 0.5, "rho_j": -0.1},
     (1 / 365, 7 / 365, 0.5), (-3, 0, 1, 4)),
    ("svcj", {**heston(0.003, 3, 0.05, 1, -0.8), **gauss(1, -0.2, 0.25), "mu_v": 1.0, "rho_j": -0.5},
     (2 / 365, 21 / 365), (-6, -1, 0, 0.3)),
]
# Broadie and Kaya (2006), with their prices at S = K = 100
PUBLISHED = [
    ("heston", heston(0.010201, 6.21, 0.019, 0.61, -0.7), 1, -0.0319),
    ("heston", heston(0.09, 2, 0.09, 1, -0.3), 5, -0.25),
    ("bates", {**heston(0.008836, 3.99, 0.014, 0.27, -0.79), **gauss(0.11, math.log(0.88) - 0.15**2 / 2, 0.15)}, 5, -0.1595),
]


def random_model(rng, model):
    def between(low, high):
        return math.exp(rng.uniform(math.log(low), math.log(high)))

    jumps = gauss(between(0.5, 15), rng.uniform(-0.3, 0.3), rng.uniform(0.03, 0.25))
    if model == "gbm":
        return {"sigma": between(0.05, 2)}
    if model == "merton":
        return {"sigma": between(0.05, 1.5), **jumps}
    if model == "kou":
        return {"sigma": between(0.05, 1.5), "lambda": between(0.5, 15), "p": rng.random(),
                "eta1": between(3, 40), "eta2": between(2, 40)}
    kappa, level = between(0.5, 8), between(0.15, 1.5) ** 2
    xi = min(4.0, math.sqrt(2 * kappa * level / between(0.1, 3)))
    m = heston(level * between(0.2, 4), kappa, level, xi, rng.uniform(-0.95, 0.6))
    if model != "heston":
        m.update(jumps)
    if model == "svcj":
        m.update(mu_v=between(0.02, 0.6), rho_j=rng.uniform(-0.6, 0.4))
    return m


def cases():
    """model, parameters, years, log-moneyness: doubles, so that every digit is in the file"""
    out = [tuple(c) for c in PUBLISHED]
    for model, m, maturities, strikes in SETS:
        for T in maturities:
            exact = {name: mpfr(value) for name, value in m.items()}
            deviation, _ = spread(exact, mpfr(T))
            variance = float(deviation) ** 2
            if "mu_j" in m:
                variance += m["lambda"] * T * (m["mu_j"] ** 2 + m["sigma_j"] ** 2)
            if "eta1" in m:
                variance += 2 * m["lambda"] * T * (m["p"] / m["eta1"] ** 2 + (1 - m["p"]) / m["eta2"] ** 2)
            out += [(model, m, T, z * math.sqrt(variance)) for z in strikes]
    rng = random.Random(20260801)
    for i in range(60):
        model = ["merton", "kou", "heston", "bates", "svcj"][i % 5]
        m, T = random_model(rng, model), math.exp(rng.uniform(math.log(1 / 365), math.log(3)))
        out.append((model, m, T, rng.gauss(0, 1.5) * 0.6 * math.sqrt(T)))
    return out


def check_jumps():
    rng, worst = random.Random(1), 0
    for _ in range(20):
        m = {name: mpfr(value) for name, value in random_model(rng, "svcj").items()}
        T, p = mpfr(rng.uniform(0.01, 2)), mpc(A, mpfr(rng.uniform(0, 60)))
        b = m["kappa"] - m["rho"] * m["xi"] * p
        gamma = gmpy2.sqrt(b * b - m["xi"] ** 2 * (p * p - p))
        c, total, pieces = 1 - p * m["rho_j"] * m["mu_v"], mpc(0), 60
        for i in range(pieces):
            for x, weight in NODES:
                t = (i + (x + 1) / 2) * T / pieces
                e = gmpy2.exp(-gamma * t)
                big_d = -(p - p * p) * (1 - e) / (2 * gamma - (gamma - b) * (1 - e))
                total += weight * T / (2 * pieces) / (c - m["mu_v"] * big_d)
        worst = max(worst, abs(total - jump_time(m, T, p, b, gamma, gmpy2.exp(-gamma * T))))
    print(f"largest difference of the jump integral: {float(worst):.2g}")
    return worst < 1e-20


def main():
    if sys.argv[1] == "--jumps":
        sys.exit(0 if check_jumps() else 1)
    rows = cases()
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    last = int(sys.argv[3]) if len(sys.argv) > 3 else len(rows)
    with open(sys.argv[1], "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["id", "model", *PARAMETERS, "years", "log_moneyness", "price", "delta", "gamma", "time",
                      *("d_" + name for name in PARAMETERS), "error"])
        for i, (model, m, T, k) in list(enumerate(rows))[first:last]:
            used = USED[model]
            exact = {name: mpfr(float(m[name])) for name in used}
            values, error = reference(exact, used, mpfr(float(T)), mpfr(float(k)))
            named = dict(zip(used, values[4:]))
            out.writerow([i, model, *(repr(float(m.get(name, 0))) for name in PARAMETERS), repr(float(T)),
                          repr(float(k)), *(f"{float(v):.17g}" for v in values[:4]),
                          *(f"{float(named.get(name, 0)):.17g}" for name in PARAMETERS), f"{float(error):.1e}"])
            file.flush()


if __name__ == "__main__":
    main()
