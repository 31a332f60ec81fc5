"""The joint law of log prices at several dates under svcj and its special cases, and one-dimensional Fourier prices.

X_j = ln S(t_j) / F(t_j). E[exp(sum_j s_j X_j)] follows backwards over the dates from the affine transform with a start of
its own (Duffie, Pan, Singleton 2000), whose Riccati equation and integrals are in closed form here:
    psi' = a + b psi + c psi^2, a = (s^2 - s)/2, b = rho xi s - kappa, c = xi^2 / 2, with roots r1, r2 (Re(r1 - r2) c = d > 0)
    (psi - r2)/(psi - r1) = g exp(-d t)
Payoffs of one price are integrals along Re s = 1/2, where the transform always exists (Lewis 2001).
"""
import math

import numpy as np

SECONDS_PER_YEAR = 365 * 86400
DAY = 1 / 365

PARAMETERS = {
    "svcj": "v0 kappa theta xi rho lambda mu_j sigma_j mu_v rho_j".split(),
    "bates": "v0 kappa theta xi rho lambda mu_j sigma_j".split(),
    "heston": "v0 kappa theta xi rho".split(),
    "merton": "sigma lambda mu_j sigma_j".split(),
    "kou": "sigma lambda p eta1 eta2".split(),
    "gbm": "sigma".split(),
}


def interval(m, s, psi0, years):
    """What E[exp(s dX + psi0 v_end)] = exp(phi + psi v_begin) has over `years`: (phi, psi)."""
    kappa, theta, xi, rho = m["kappa"], m["theta"], m["xi"], m["rho"]
    a, b, c = 0.5 * (s * s - s), rho * xi * s - kappa, 0.5 * xi * xi
    d = np.sqrt(b * b - 4 * a * c)
    plus, minus = -b + d, -b - d
    large = np.abs(plus) > np.abs(minus)
    r1 = np.where(large, plus / (2 * c), 2 * a / np.where(large, 1, minus))
    r2 = np.where(large, 2 * a / np.where(large, plus, 1), minus / (2 * c))
    g = (psi0 - r2) / (psi0 - r1)
    e = g * np.exp(-d * years)
    psi = (r2 - r1 * e) / (1 - e)
    phi = kappa * theta * (r2 * years - np.log((1 - e) / (1 - g)) / c)
    intensity = m.get("lambda", 0)
    if intensity:
        mu, sigma, mu_v, rho_j = m["mu_j"], m["sigma_j"], m.get("mu_v", 0), m.get("rho_j", 0)
        mean = np.exp(mu + 0.5 * sigma**2) / (1 - rho_j * mu_v) - 1
        top = np.exp(mu * s + 0.5 * sigma**2 * s * s)
        at2, at1 = 1 - mu_v * (rho_j * s + r2), 1 - mu_v * (rho_j * s + r1)
        stay = years / at2 + (at1 - at2) / (at1 * at2 * d) * np.log((at2 - at1 * e) / (at2 - at1 * g))
        phi = phi + intensity * (top * stay - years * (1 + mean * s))
    return phi, psi


def interval_levy(m, s, years):
    """ln E[exp(s dX)] of the models whose returns are independent."""
    total = 0.5 * m["sigma"] ** 2 * (s * s - s)
    if "mu_j" in m:
        jump = lambda z: np.exp(m["mu_j"] * z + 0.5 * m["sigma_j"] ** 2 * z * z)
    elif "eta1" in m:
        jump = lambda z: m["p"] * m["eta1"] / (m["eta1"] - z) + (1 - m["p"]) * m["eta2"] / (m["eta2"] + z)
    else:
        return total * years
    return (total + m["lambda"] * (jump(s) - 1 - s * (jump(1.0) - 1))) * years


def log_mgf(m, times, exponents):
    """ln E[exp(sum s_j X_j)]: times ascend, in years; exponents are arrays that broadcast."""
    phi, psi, total = 0, 0, 0
    for j in reversed(range(len(times))):
        total = total + exponents[j]
        years = times[j] - (times[j - 1] if j else 0)
        if years == 0:
            continue
        if "sigma" in m and "v0" not in m:
            phi = phi + interval_levy(m, total, years)
        else:
            one, psi = interval(m, total, psi, years)
            phi = phi + one
    return phi + psi * m.get("v0", 0)


def slow_log_mgf(m, times, exponents, steps=4000):
    """The same by Runge-Kutta, to check the closed form and its logarithms' branches."""
    psi, phi, total = 0j * exponents[0], 0j * exponents[0], 0
    intensity, mu, sigma = m.get("lambda", 0), m.get("mu_j", 0), m.get("sigma_j", 0)
    mu_v, rho_j = m.get("mu_v", 0), m.get("rho_j", 0)
    mean = math.exp(mu + 0.5 * sigma**2) / (1 - rho_j * mu_v) - 1
    for j in reversed(range(len(times))):
        total = s = total + exponents[j]
        h = (times[j] - (times[j - 1] if j else 0)) / steps
        top = np.exp(mu * s + 0.5 * sigma**2 * s * s)
        slope = lambda y: 0.5 * (s * s - s) + (m["rho"] * m["xi"] * s - m["kappa"]) * y + 0.5 * m["xi"] ** 2 * y * y
        level = lambda y: m["kappa"] * m["theta"] * y + intensity * (top / (1 - mu_v * (y + rho_j * s)) - 1 - mean * s)
        for _ in range(steps):
            k1 = slope(psi)
            k2 = slope(psi + 0.5 * h * k1)
            k3 = slope(psi + 0.5 * h * k2)
            end = psi + h * slope(psi + h * k3) / 6 + h * (k1 + 2 * k2 + 2 * k3) / 6
            middle = 0.5 * (psi + end) + h * (slope(psi) - slope(end)) / 8
            phi = phi + h * (level(psi) + 4 * level(middle) + level(end)) / 6
            psi = end
    return phi + psi * m["v0"]


class Nodes:
    """Quadrature for (1/2 pi i) int f(s) exp(-s moneyness) ds through s = 1/2, for the transform exp(log_transform(s)), along
    s = 1/2 + scale (sin(bend) (cosh y - 1) + i cos(bend) sinh y), y > 0, by equal steps of y. A bend to the side where the
    exponential falls takes off the oscillation (Boyarchenko, Levendorskii 2019); a transform of an affine model has its
    singularities on the real axis alone (Lucic 2007). Made once for a contract, so that its error is smooth in the
    parameters."""

    def __init__(self, log_transform, count, moneyness=0):
        variance = 1e-12
        at_middle = log_transform(0.5 + 0j).real
        for u in (0.1, 1, 10, 100, 1000, 1e4):
            fall = 2 * (at_middle - log_transform(0.5 + 1j * u).real) / u**2
            variance = max(variance, fall if fall * u * u > 0.5 else 0)
            if fall * u * u > 0.5:
                break
        variance = max(variance, 1e-10)
        scale = 1 / math.sqrt(variance)
        bend = 0 if abs(moneyness * scale) < 0.1 else math.copysign(0.4, moneyness)
        along = lambda y: 0.5 + scale * (math.sin(bend) * (np.cosh(y) - 1) + 1j * math.cos(bend) * np.sinh(y))
        size = lambda y: (log_transform(along(y)) - along(y) * moneyness).real + 0.5 * moneyness - at_middle - y
        top = 1.5
        while size(top) > -34 and top < 40:
            top *= 1.05
        y = (np.arange(count) + 0.5) * top / count
        self.s = along(y)
        self.variance = variance
        self.black = np.exp(0.5 * variance * self.s * (self.s - 1))
        self.weight = scale * (math.sin(bend) * np.sinh(y) + 1j * math.cos(bend) * np.cosh(y)) * top / count / math.pi


def along_contour(nodes, transform, level, strike, divisor):
    """Of the transform less Black's of the nodes' variance, which takes off the poles at 0 and 1 that lie near."""
    moneyness = np.exp(-nodes.s * math.log(strike / level))
    return float(np.sum(nodes.weight * (transform - nodes.black) * moneyness / divisor).imag)


def black(nodes, level, strike):
    """N(d1), N(d2)."""
    root = math.sqrt(nodes.variance)
    d2 = math.log(level / strike) / root - 0.5 * root
    return 0.5 * math.erfc(-(d2 + root) / math.sqrt(2)), 0.5 * math.erfc(-d2 / math.sqrt(2))


def least(nodes, transform, level, strike):
    """E[min(Y, strike)] of a price Y = level exp(y), E[exp(y)] = 1, where E[exp(s y)] at the nodes is `transform`."""
    n1, n2 = black(nodes, level, strike)
    return strike * along_contour(nodes, transform, level, strike, nodes.s * (1 - nodes.s)) + level * (1 - n1) + strike * n2


def above(nodes, transform, level, strike):
    """P(Y > strike)."""
    return along_contour(nodes, transform, level, strike, nodes.s) + black(nodes, level, strike)[1]


def part_below(nodes, transform, level, strike):
    """E[Y; Y < strike]."""
    whole = level * (1 - black(nodes, level, strike)[0])
    return strike * along_contour(nodes, transform, level, strike, 1 - nodes.s) + whole


def moments(log_transform, radius=0.25, count=32):
    """E[y], E[y^2] of a log price, by Cauchy's formula on a circle about 0."""
    z = radius * np.exp(2j * np.pi * (np.arange(count) + 0.5) / count)
    f = np.exp(log_transform(z))
    return float(np.mean(f / z).real), float(2 * np.mean(f / z**2).real)


# Central differences: offsets and weights of the first and second derivative, errors of order 6.
STENCIL = (-3, -2, -1, 1, 2, 3)
FIRST = (-1 / 60, 3 / 20, -3 / 4, 3 / 4, -3 / 20, 1 / 60)
SECOND = (1 / 90, -3 / 20, 3 / 2, 3 / 2, -3 / 20, 1 / 90)
SECOND_CENTRE = -49 / 18


def parameter_step(name, value):
    if name == "rho":
        return min(0.01, 0.1 * (1 - abs(value)))
    if name in ("mu_j", "rho_j"):
        return 0.004
    return 0.01 * value if value else 0.001
