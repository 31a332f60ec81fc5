"""Payoffs of two prices Y_i = level_i exp(y_i) by double Fourier integrals along Re s_i = -alpha_i < 0:

E[payoff] = (1/2 pi i)^2 int int M(s1, s2) level1^s1 level2^s2 T(s1, s2) ds1 ds2, M = E[exp(s1 y1 + s2 y2)]

with the transforms T of (K - Y1 - Y2)+ (Hurd, Zhou 2010), (K - max)+, 1{Y1 < b1} 1{Y2 < b2}, 1{Y1 < b} (K - Y2)+ and
1{Y1 < b1} Y2 1{Y2 < b2}, and with Re s1 > 1 of (Y1 - Y2 - K)+; and along imaginary axes of (R^2 - y1^2 - y2^2)+ and (R - |y|)+. Payoffs that are not zero for great
prices are these and integrals over one price (affine.py).
"""
import math

import numpy as np
from scipy.special import itj0y0, j0, jv, loggamma


def finite(m, times, exponents):
    """Whether E[exp(sum s_j X_j)] is finite, for real exponents: the Riccati equation's solution lives long enough."""
    if "v0" not in m:
        s = sum(exponents)
        return "eta1" not in m or -0.8 * m["eta2"] < s < 0.8 * m["eta1"]
    psi, total = 0.0, 0.0
    mu_v, rho_j = m.get("mu_v", 0), m.get("rho_j", 0)
    for j in reversed(range(len(times))):
        total += exponents[j]
        span = times[j] - (times[j - 1] if j else 0)
        a, b, c = 0.5 * (total**2 - total), m["rho"] * m["xi"] * total - m["kappa"], 0.5 * m["xi"] ** 2
        room = b * b - 4 * a * c
        if room >= 0 and psi >= (-b + math.sqrt(room)) / (2 * c):
            return False
        if room < 0:
            root = math.sqrt(-room)
            if 2 / root * (math.pi / 2 - math.atan((2 * c * psi + b) / root)) < 1.2 * span:
                return False
        steps = 200
        for _ in range(steps):
            psi += span / steps * (a + b * psi + c * psi * psi)
            if not 1 - mu_v * (psi + rho_j * total) > 0.05:
                return False
    return True


class Plane:
    """Nodes s1 [n, 1] (u1 > 0) and s2 [1, 2 n]; weights for twice the real part. log_m(s1, s2) is the base case's, ok(a1, a2)
    tells whether the contour -a1, -a2 is in its strip, deviations are those of y1, y2. With `imaginary` both contours are axes;
    with `spread` the first is at 1 + 2 alpha."""

    def __init__(self, log_m, ok, deviations, count, imaginary=False, spread=False):
        alpha = 0.0
        if not imaginary:
            most = 0.7 / max(deviations)
            alpha = next(a for a in (48, 32, 22, 15, 10, 7, 5, 4, 3, 2.2, 1.6, 1.2, 0.9, 0.7, 0.5, 0.35, 0.25, 0.15, 0.1, 0.05, 0.02)
                         if a <= most and ok(1.25 * a, 1.25 * a))
        self.alpha = alpha
        real1, real2 = 1 + 2 * alpha if spread else -alpha, -alpha
        size = lambda u1, u2: (log_m(real1 + 1j * u1, real2 + 1j * u2) - log_m(real1 + 0j, real2 + 0j)).real
        ends = []
        for i in (0, 1):
            end = 4 / deviations[i]
            while end < 1e6 and size(*((end, 0) if i == 0 else (0, end))) > -30 + math.log(end * deviations[i]):
                end *= 1.2
            ends.append(end)
        scale = [max(alpha, 0.3 / d) if imaginary else alpha for d in deviations]
        top = [math.asinh(e / s) for e, s in zip(ends, scale)]
        y1 = (np.arange(count) + 0.5) * top[0] / count
        y2 = (np.arange(2 * count) + 0.5 - count) * top[1] / count
        self.s1 = (real1 + 1j * scale[0] * np.sinh(y1))[:, None]
        self.s2 = (real2 + 1j * scale[1] * np.sinh(y2))[None, :]
        w1, w2 = scale[0] * np.cosh(y1) * top[0] / count, scale[1] * np.cosh(y2) * top[1] / count
        self.weight = 2 * w1[:, None] * w2[None, :] / (2 * math.pi) ** 2
        self.kernels = {}

    def kernel(self, name):
        if name not in self.kernels:
            s1, s2 = self.s1, self.s2
            both = s1 + s2
            if name == "put_sum":
                t = np.exp(loggamma(-s1) + loggamma(-s2) - loggamma(2 - both))
            elif name == "spread":
                t = np.exp(loggamma(both - 1) + loggamma(-s2) - loggamma(s1 + 1))
            elif name == "put_max":
                t = 1 / ((1 - both) * s1 * s2)
            elif name == "below":
                t = 1 / (s1 * s2)
            elif name == "below_put":
                t = -1 / (s1 * s2 * (s2 - 1))
            elif name == "below_part":
                t = -1 / (s1 * (1 - s2))
            self.kernels[name] = self.weight * t
        return self.kernels[name]

    def value(self, name, transform, ratio1, ratio2):
        """With levels over strikes `ratio`, and the payoff per unit of strike. `transform` [n, 2 n] is M."""
        a, b = np.exp(self.s1[:, 0] * math.log(ratio1)), np.exp(self.s2[0] * math.log(ratio2))
        return float((a @ (self.kernel(name) * transform) @ b).real)

    def in_disc(self, transform, drift1, drift2, radius, root):
        """E[(R^2 - |y|^2)+], or with `root` E[(R - |y|)+], of y_i + drift_i; on imaginary axes."""
        key = ("disc", radius, root)
        if key not in self.kernels:
            k = np.sqrt(self.s1.imag**2 + self.s2.imag**2)
            x = k * radius
            t = 2 * math.pi / k**3 * (itj0y0(x)[0] - x * j0(x)) if root else 4 * math.pi * radius**2 * jv(2, x) / k**2
            self.kernels[key] = self.weight * t
        a, b = np.exp(self.s1[:, 0] * drift1), np.exp(self.s2[0] * drift2)
        return float((a @ (self.kernels[key] * transform) @ b).real)
