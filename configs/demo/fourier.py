"""European option prices under svcj by Fourier inversion, in plain Python. Slow and small: it makes the example's data
and shares nothing with quickset's own pricer.

Characteristic function: Duffie, Pan and Singleton (2000), with Heston's part in the form of Albrecher, Mayer, Schoutens
and Tistaert (2007) that stays on one branch, and the jump part integrated over time by Gauss-Legendre quadrature.
Price: Lewis (2001), one integral for all strikes, by the trapezoidal rule on the whole line.
"""

import cmath
import math

GAUSS = 24
STEP = 0.1
NEGLIGIBLE = 1e-11


def legendre(n):
    """Nodes and weights of the n-point Gauss-Legendre rule on [0, 1]."""
    rule = []
    for i in range(n):
        x = math.cos(math.pi * (i + 0.75) / (n + 0.5))
        for _ in range(50):
            below, at = 1.0, x
            for k in range(2, n + 1):
                below, at = at, ((2 * k - 1) * x * at - (k - 1) * below) / k
            slope = n * (x * at - below) / (x * x - 1)
            x -= at / slope
        rule.append(((1 - x) / 2, 1 / ((1 - x * x) * slope * slope)))
    return rule


RULE = legendre(GAUSS)


def heston_b(m, u, years):
    """Heston's coefficient of the variance after `years`, with what its integral needs: (b, d, g)."""
    beta = m["kappa"] - 1j * m["rho"] * m["xi"] * u
    d = cmath.sqrt(beta * beta + m["xi"] ** 2 * (1j * u + u * u))
    g = (beta - d) / (beta + d)
    decay = cmath.exp(-d * years)
    return (beta - d) / m["xi"] ** 2 * (1 - decay) / (1 - g * decay), d, g


def log_characteristic(m, u, years):
    """ln E[exp(iu ln(S_T/F_T))] of the model m, a dict of svcj parameters; complex u is allowed."""
    b, d, g = heston_b(m, u, years)
    beta = m["kappa"] - 1j * m["rho"] * m["xi"] * u
    mean_part = (beta - d) * years - 2 * cmath.log((1 - g * cmath.exp(-d * years)) / (1 - g))
    result = m["kappa"] * m["theta"] / m["xi"] ** 2 * mean_part + b * m["v0"]
    if m["lambda"] > 0:
        price_jump = cmath.exp(1j * u * m["mu_j"] - 0.5 * m["sigma_j"] ** 2 * u * u)
        mean_jump = math.exp(m["mu_j"] + 0.5 * m["sigma_j"] ** 2) / (1 - m["rho_j"] * m["mu_v"]) - 1
        average = 0
        for node, weight in RULE:
            at = heston_b(m, u, years * node)[0]
            average += weight * price_jump / (1 - m["mu_v"] * (1j * u * m["rho_j"] + at))
        result += m["lambda"] * years * (average - 1 - 1j * u * mean_jump)
    return result


class Smile:
    """Call and put prices of one expiry, per unit of the forward."""

    def __init__(self, model, years):
        self.nodes = []
        k = 0
        while True:
            u = k * STEP
            value = cmath.exp(log_characteristic(model, u - 0.5j, years)) / (u * u + 0.25)
            if abs(value) < NEGLIGIBLE:
                break
            self.nodes.append((u, value * STEP * (0.5 if k == 0 else 1)))
            k += 1

    def call(self, moneyness):
        """E[(S_T/F - moneyness)+]"""
        shift = -math.log(moneyness)
        total = sum((cmath.exp(1j * u * shift) * value).real for u, value in self.nodes)
        return 1 - math.sqrt(moneyness) / math.pi * total

    def put(self, moneyness):
        return self.call(moneyness) - 1 + moneyness


def normal_cdf(x):
    return 0.5 * math.erfc(-x / math.sqrt(2))


def black_call(moneyness, deviation):
    """Black (1976) per unit of the forward; deviation = volatility * sqrt(years)."""
    d1 = -math.log(moneyness) / deviation + deviation / 2
    return normal_cdf(d1) - moneyness * normal_cdf(d1 - deviation)


def implied_deviation(price, moneyness):
    """The deviation at which Black's call has this price, by bisection."""
    low, high = 1e-6, 8.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if black_call(moneyness, middle) < price else (low, middle)
    return (low + high) / 2
