"""Prices under all six models by finite differences in (ln S, v): Europeans, exercise at dates or at any time, barriers watched
at all times. Nothing of the engine is in here: no paths, no bridges, no policies.

    U_tau = v/2 U_xx + rho xi v U_xv + xi^2 v/2 U_vv + (b - v/2 - lambda k) U_x + kappa (theta - v) U_v + lambda (E U(x + J, v + Z) - U) - r U

on grids that are finer around the spot, and around v = 0, by the modified Craig-Sneyd scheme (In 't Hout, Welfert 2009), begun
with four damped steps. What jumps do is a matrix: U is linear between nodes of x, and the law of J integrates that exactly;
Z, an exponential jump of v, by Gauss and Laguerre. The complementarity of exercise at any time by Ikonen and Toivanen's (2009)
splitting, with steps that grow away from the expiry. Of gbm, merton and kou v is one node.

`python3 tests/reference/pde.py` compares with Fourier prices and published values.
"""
import math

import numpy as np
from scipy.linalg.lapack import dgttrf, dgttrs
from scipy.special import ndtr

DAY = 1 / 365


class Contract:
    """rate: what the value is discounted at. `dates`: years of exercise, the last the expiry; `anytime`: exercise at all times.
    low, high: barriers that end it, for `rebate` at the expiry."""

    def __init__(self, sign, strike, years, dates=(), anytime=False, low=None, high=None, rebate=0.0):
        self.sign, self.strike, self.years = sign, strike, years
        self.dates, self.anytime = list(dates), anytime
        self.low, self.high, self.rebate = low, high, rebate

    def intrinsic(self, x):
        return self.sign * (np.exp(x) - self.strike)

    def averaged(self, x):
        """The payoff's mean over the cell of each node."""
        edges = np.concatenate([[1.5 * x[0] - 0.5 * x[1]], 0.5 * (x[1:] + x[:-1]), [1.5 * x[-1] - 0.5 * x[-2]]])
        k = math.log(self.strike)
        if self.sign > 0:
            a, b = np.maximum(edges[:-1], k), np.maximum(edges[1:], k)
        else:
            a, b = np.minimum(edges[:-1], k), np.minimum(edges[1:], k)
        return self.sign * (np.exp(b) - np.exp(a) - self.strike * (b - a)) / (edges[1:] - edges[:-1])


def spread_of(kind, m, years):
    """About the deviation of ln S."""
    if "v0" in m:
        e = -math.expm1(-m["kappa"] * years) / m["kappa"]
        variance = m["theta"] * years + (m["v0"] - m["theta"]) * e
    else:
        variance = m["sigma"] ** 2 * years
    if "mu_v" in m:
        variance += 0.5 * m["lambda"] * m["mu_v"] * years**2
    return math.sqrt(variance + m.get("lambda", 0) * years * jump_square(kind, m))


def jump_square(kind, m):
    if kind == "kou":
        return 2 * m["p"] / m["eta1"] ** 2 + 2 * (1 - m["p"]) / m["eta2"] ** 2
    return m.get("mu_j", 0) ** 2 + m.get("sigma_j", 0) ** 2


def jump_reach(kind, m):
    if kind == "kou":
        return 26 / m["eta2"], 26 / m["eta1"]
    if "sigma_j" not in m:
        return 0.0, 0.0
    far = abs(m["mu_j"]) + 6.5 * m["sigma_j"] + 14 * m.get("mu_v", 0) * abs(m.get("rho_j", 0))
    return far, far


class Grid:
    """Made of the base case and kept for what is bumped, so that bumps have no noise of the grid."""

    def __init__(self, kind, m, carry, spot, contract, nx, nv):
        self.kind, self.contract, x0 = kind, contract, math.log(spot)
        t = contract.years
        wide = spread_of(kind, m, t)
        shift = carry * t
        low = x0 - 6.5 * wide + min(shift, 0) - 0.5 * wide
        high = x0 + 6.5 * wide + max(shift, 0) + 0.5 * wide
        k = math.log(contract.strike)
        low, high = min(low, k - 2 * wide), max(high, k + 2 * wide)
        low = low if contract.low is None else math.log(contract.low)
        high = high if contract.high is None else math.log(contract.high)
        # asinh of the distance from spot in units of the deviation, evenly.
        c = 0.8 * wide
        ends = math.asinh((low - x0) / c), math.asinh((high - x0) / c)
        inner = x0 + c * np.sinh(np.linspace(ends[0], ends[1], nx))
        inner[0], inner[-1] = low, high
        down, up = jump_reach(kind, m)
        below = low - ghosts(down, inner[1] - inner[0], nx)[::-1]
        above = high + ghosts(up, inner[-1] - inner[-2], nx)
        self.x = np.concatenate([below, inner, above])
        self.first, self.count = len(below) + 1, nx - 2
        self.x0 = x0
        if "v0" in m:
            scale = m["xi"] ** 2 * -math.expm1(-m["kappa"] * t) / (2 * m["kappa"])
            top = 1.5 * max(m["v0"], m["theta"]) + 14 * scale + 10 * m.get("mu_v", 0)
            a = 0.4 * min(max(m["v0"], 0.3 * m["theta"]), 3 * m["v0"])
            self.v = a * np.sinh(np.linspace(0, math.asinh(top / a), nv))
            self.v0 = m["v0"]
        else:
            self.v = np.array([m["sigma"] ** 2])
            self.v0 = self.v[0]


def ghosts(reach, h, nx):
    if reach <= 0:
        return np.array([])
    out, at = [], 0.0
    while at < reach:
        h *= 1 + 6 / nx
        at += h
        out.append(at)
    return np.array(out)


def differences(x):
    """First and second derivative at the inner nodes, [3][n - 2]."""
    a, b = x[1:-1] - x[:-2], x[2:] - x[1:-1]
    one = np.array([-b / (a * (a + b)), (b - a) / (a * b), a / (b * (a + b))])
    two = np.array([2 / (a * (a + b)), -2 / (a * b), 2 / (b * (a + b))])
    return one, two


def v_operators(v):
    """Dense first and second derivatives; at 0 forward of second order, at the top backward, no second there."""
    n = len(v)
    one, two = np.zeros((n, n)), np.zeros((n, n))
    if n == 1:
        return one, two
    d1, d2 = differences(v)
    for k in range(3):
        one[np.arange(1, n - 1), np.arange(1, n - 1) + k - 1] = d1[k]
        two[np.arange(1, n - 1), np.arange(1, n - 1) + k - 1] = d2[k]
    h, g = v[1] - v[0], v[2] - v[0]
    one[0, :3] = [-(h + g) / (h * g), g / (h * (g - h)), -h / (g * (g - h))]
    one[-1, -2:] = np.array([-1, 1]) / (v[-1] - v[-2])
    return one, two


def gauss_integral(y, mean, deviation):
    """The integral of the normal's distribution function up to y."""
    z = (y - mean) / deviation
    return (y - mean) * ndtr(z) + deviation * np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)


def kou_integral(y, m):
    p, up, down = m["p"], m["eta1"], m["eta2"]
    low, high = np.minimum(y, 0), np.maximum(y, 0)
    below = (1 - p) * np.exp(down * low) / down
    above = (1 - p) * high + p * (high - -np.expm1(-up * high) / up)
    return np.where(y < 0, below, (1 - p) / down + above)


def hats(x, rows, integral):
    """[row][node]: the mean of the hat function of each node around x[row] + J."""
    g = integral(x[None, :] - x[rows][:, None])
    slope = (g[:, 1:] - g[:, :-1]) / (x[1:] - x[:-1])[None, :]
    out = np.zeros_like(g)
    out[:, 0], out[:, -1] = slope[:, 0], 1 - slope[:, -1]
    out[:, 1:-1] = slope[:, 1:] - slope[:, :-1]
    return out


def moved_up(v, z):
    """Interpolation of a function of v to v + z; flat beyond the top."""
    n = len(v)
    out = np.zeros((n, n))
    for i in range(n):
        at = min(v[i] + z, v[-1])
        j = min(max(int(np.searchsorted(v, at)) - 2, 0), max(n - 4, 0))
        out[i, j : j + 4] = lagrange(v[j : j + 4], at)
    return out


def lagrange(nodes, at, derivative=0):
    """Weights of the interpolating polynomial's value or derivative at a point."""
    powers = np.vander(nodes - at, increasing=True)
    right = np.zeros(len(nodes))
    right[derivative] = math.factorial(derivative)
    return np.linalg.solve(powers.T, right)


class Solver:
    def __init__(self, grid, m, carry, rate):
        self.grid, self.contract, self.carry, self.rate = grid, grid.contract, carry, rate
        x, v = grid.x, grid.v if "v0" in m else np.array([m["sigma"] ** 2])
        self.v, self.v0 = v, m.get("v0", grid.v0)
        a, n = grid.first, grid.count
        self.rows = slice(a, a + n)
        self.inner = x[self.rows]
        intensity = m.get("lambda", 0)
        self.jumps = []
        mean = 0.0
        if intensity:
            index = np.arange(a, a + n)
            if grid.kind == "kou":
                mean = m["p"] * m["eta1"] / (m["eta1"] - 1) + (1 - m["p"]) * m["eta2"] / (m["eta2"] + 1) - 1
                self.jumps = [(intensity * hats(x, index, lambda y: kou_integral(y, m)), None)]
            elif "mu_v" in m:
                mean = math.exp(m["mu_j"] + 0.5 * m["sigma_j"] ** 2) / (1 - m["rho_j"] * m["mu_v"]) - 1
                zs, ws = np.polynomial.laguerre.laggauss(7)
                for z, w in zip(zs * m["mu_v"], ws):
                    law = hats(x, index, lambda y: gauss_integral(y, m["mu_j"] + m["rho_j"] * z, m["sigma_j"]))
                    self.jumps.append((intensity * w * law, moved_up(v, z).T))
            else:
                mean = math.exp(m["mu_j"] + 0.5 * m["sigma_j"] ** 2) - 1
                self.jumps = [(intensity * hats(x, index, lambda y: gauss_integral(y, m["mu_j"], m["sigma_j"])), None)]
        one, two = differences(x[a - 1 : a + n + 1])
        self.dx = one
        drift = carry - intensity * mean
        self.bands = (
            0.5 * v[None, None, :] * two[:, :, None] + (drift - 0.5 * v[None, None, :]) * one[:, :, None]
        )
        self.bands[1] -= rate + intensity
        dv, dvv = v_operators(v)
        self.cross = np.zeros((1, 1))
        self.along_v = np.zeros((len(v), len(v)))
        if "v0" in m:
            self.along_v = (m["kappa"] * (m["theta"] - v))[:, None] * dv + (0.5 * m["xi"] ** 2 * v)[:, None] * dvv
            self.cross = ((m["rho"] * m["xi"] * v)[:, None] * dv).T
        self.kept = {}

    # ---- boundaries ----

    def outside(self, u, tau):
        """Sets what is known: beyond barriers, and far away."""
        c, x, a, n = self.contract, self.grid.x, self.grid.first, self.grid.count
        for part, barrier in ((slice(0, a), c.low), (slice(a + n, None), c.high)):
            if barrier is not None:
                u[part] = c.rebate * math.exp(-self.rate * tau)
                continue
            best = np.zeros(len(x[part]))
            for left in self.waits(tau):
                growth = math.exp((self.carry - self.rate) * left)
                paid = c.sign * (np.exp(x[part]) * growth - c.strike * math.exp(-self.rate * left))
                best = np.maximum(best, paid)
            u[part] = best[:, None]
        return u

    def waits(self, tau):
        c = self.contract
        if c.anytime:
            return (0.0, tau)
        if c.dates:
            now = c.years - tau
            return [d - now for d in c.dates if d > now - 1e-12]
        return (tau,)

    # ---- operators ----

    def along_x(self, u):
        a, n = self.grid.first, self.grid.count
        b = self.bands
        return b[0] * u[a - 1 : a + n - 1] + b[1] * u[a : a + n] + b[2] * u[a + 1 : a + n + 1]

    def explicit(self, u):
        """The mixed derivative and the jumps."""
        a, n = self.grid.first, self.grid.count
        d = self.dx
        out = 0.0
        if len(self.v) > 1:
            slope = d[0][:, None] * u[a - 1 : a + n - 1] + d[1][:, None] * u[a : a + n] + d[2][:, None] * u[a + 1 : a + n + 1]
            out = slope @ self.cross
        for law, up in self.jumps:
            out = out + (law @ u if up is None else (law @ u) @ up)
        return out

    def by_v(self, u):
        return u[self.rows] @ self.along_v.T if len(self.v) > 1 else 0.0

    def factors(self, h):
        """Of I - h A1 at every v, and the inverse of I - h A2."""
        if h not in self.kept:
            if len(self.kept) > 3:
                self.kept.clear()
            lines = []
            for j in range(len(self.v)):
                low, mid, up = (-h * self.bands[k, :, j] for k in range(3))
                lines.append(dgttrf(low[1:], 1 + mid, up[:-1])[:5])
            inverse = np.linalg.inv(np.eye(len(self.v)) - h * self.along_v.T) if len(self.v) > 1 else None
            self.kept[h] = lines, inverse
        return self.kept[h]

    def solve(self, y, h, edge):
        """(I - h A2)^-1 (I - h A1)^-1 y of what the corrections made; `edge`: the new values outside."""
        lines, inverse = self.factors(h)
        a, n = self.grid.first, self.grid.count
        y = y.copy()
        y[0] += h * self.bands[0, 0] * edge[a - 1]
        y[-1] += h * self.bands[2, -1] * edge[a + n]
        for j, (low, mid, up, more, pivot) in enumerate(lines):
            y[:, j] = dgttrs(low, mid, up, more, pivot, y[:, j])[0]
        return y

    def step(self, u, tau, dt, damped, held=0.0):
        """From tau to tau + dt; `held` is added to the slope. damped: Douglas's scheme, implicit."""
        theta = 1.0 if damped else 1.0 / 3
        h = theta * dt
        f0, f1, f2 = self.explicit(u), self.along_x(u), self.by_v(u)
        edge = self.outside(u.copy(), tau + dt)
        inverse = self.factors(h)[1]

        def both(y):
            y = self.solve(y - h * f1, h, edge)
            return (y - h * f2) @ inverse if inverse is not None else y

        start = u[self.rows] + dt * (f0 + f1 + f2 + held)
        new = edge.copy()
        new[self.rows] = both(start)
        if damped:
            return new
        g0, g1, g2 = self.explicit(new), self.along_x(new), self.by_v(new)
        again = start + h * (g0 - f0) + (0.5 - theta) * dt * (g0 + g1 + g2 - f0 - f1 - f2)
        new = edge.copy()
        new[self.rows] = both(again)
        return new

    # ---- time ----

    def run(self, steps):
        """The values now, and a day later where the expiry is later than that: [x][v]."""
        c = self.contract
        u = np.repeat(c.averaged(self.grid.x)[:, None], len(self.v), axis=1)
        u = self.outside(u, 0.0)
        pays = c.intrinsic(self.inner)[:, None]
        stops = sorted({c.years - d for d in c.dates} | {0.0, c.years} | ({c.years - DAY} if c.years > 1.001 * DAY else set()))
        later, held, fresh = None, np.zeros_like(u[self.rows]), True
        for begin, end in zip(stops, stops[1:]):
            if any(abs(c.years - d - begin) < 1e-12 for d in c.dates) and begin > 0:
                u[self.rows] = np.maximum(u[self.rows], pays)
            for tau, dt, damped in self.times(begin, end, steps, fresh):
                new = self.step(u, tau, dt, damped, held if c.anytime else 0.0)
                if c.anytime:
                    free = new[self.rows] - dt * held
                    new[self.rows] = np.maximum(free, pays)
                    held = (new[self.rows] - free) / dt
                u = new
            fresh = False
            if abs(end - (c.years - DAY)) < 1e-12:
                later = u
        return u, later

    def times(self, begin, end, steps, damped):
        """(tau, dt, damped) over one stretch: dt grows with the root of tau where exercise is at all times."""
        c = self.contract
        count = max(4, int(round(steps * (end - begin) / c.years)))
        if c.anytime:
            low, high = math.sqrt(begin), math.sqrt(end)
            count = max(4, int(round(steps * (high - low) / math.sqrt(c.years))))
            nodes = np.linspace(low, high, count + 1) ** 2
        else:
            nodes = np.linspace(begin, end, count + 1)
        for k, (a, b) in enumerate(zip(nodes, nodes[1:])):
            if damped and k < 2:
                yield a, 0.5 * (b - a), True
                yield 0.5 * (a + b), 0.5 * (b - a), True
            else:
                yield a, b - a, False

    def at(self, u, derivative=0):
        """Of x, at spot and v0."""
        v, x = self.v, self.grid.x
        if len(v) > 1:
            j = min(max(int(np.searchsorted(v, self.grid.v0)) - 2, 0), len(v) - 4)
            line = u[:, j : j + 4] @ lagrange(v[j : j + 4], self.v0)
        else:
            line = u[:, 0]
        a, n = self.grid.first - 1, self.grid.count + 2
        i = min(max(int(np.searchsorted(x, self.grid.x0)) - 3, a), a + n - 6)
        return float(line[i : i + 6] @ lagrange(x[i : i + 6], self.grid.x0, derivative))


class Numbers:
    """Everything of one case at one resolution."""

    def __init__(self, grid, m, carry, rate, steps):
        solver = Solver(grid, m, carry, rate)
        now, later = solver.run(steps)
        spot = math.exp(grid.x0)
        one, two = solver.at(now, 1), solver.at(now, 2)
        self.price, self.delta, self.gamma = solver.at(now), one / spot, (two - one) / spot**2
        self.theta = None if later is None else solver.at(later) - self.price


def check():
    from affine import Nodes, least, log_mgf

    def european(m, t, spot, carry, rate, strike):
        f = spot * math.exp(carry * t)
        n = Nodes(lambda s: log_mgf(m, [t], [s]), 400, math.log(strike / f))
        return math.exp(-rate * t) * (f - least(n, np.exp(log_mgf(m, [t], [n.s])), f, strike))

    heston = {"v0": 0.09, "kappa": 2.0, "theta": 0.12, "xi": 0.9, "rho": -0.6}
    bates = {**heston, "lambda": 2.0, "mu_j": -0.08, "sigma_j": 0.1}
    cases = [("gbm", {"sigma": 0.3}), ("merton", {"sigma": 0.2, "lambda": 2.0, "mu_j": -0.08, "sigma_j": 0.1}),
             ("kou", {"sigma": 0.2, "lambda": 3.0, "p": 0.4, "eta1": 20.0, "eta2": 15.0}),
             ("heston", heston), ("bates", bates), ("svcj", {**bates, "mu_v": 0.06, "rho_j": -0.4})]
    for kind, m in cases:
        c = Contract(1, 105, 0.5)
        exact = european(m, 0.5, 100, 0.03, 0.05, 105)
        for nx, nv, steps in ((100, 32, 50), (170, 52, 85)):
            found = Numbers(Grid(kind, m, 0.03, 100, c, nx, nv), m, 0.03, 0.05, steps).price
            print(f"{kind:8} {nx:4} {found:.6f} exact {exact:.6f} off {found - exact:.1e}")
    put = {"v0": 0.0625, "kappa": 5, "theta": 0.16, "xi": 0.9, "rho": 0.1}
    for v0, known in ((0.0625, 0.5200), (0.25, 0.7960)):
        m = {**put, "v0": v0}
        c = Contract(-1, 10, 0.25, anytime=True)
        for nx, nv, steps in ((100, 32, 50), (170, 52, 85), (290, 88, 145)):
            found = Numbers(Grid("heston", m, 0.1, 10, c, nx, nv), m, 0.1, 0.1, steps).price
            print(f"american heston {v0} {nx}: {found:.6f} published {known}")
    for nx, steps in ((200, 100), (340, 170), (580, 290), (1000, 1000)):
        c = Contract(-1, 100, 1.0, anytime=True)
        found = Numbers(Grid("gbm", {"sigma": 0.2}, 0.05, 100, c, nx, 1), {"sigma": 0.2}, 0.05, 0.05, steps)
        print(f"american gbm {nx}: {found.price:.6f} 6.090371 delta {found.delta:.6f} -0.4090..")


if __name__ == "__main__":
    check()
