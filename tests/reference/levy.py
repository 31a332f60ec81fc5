"""Exponential Levy models with a Gaussian part: densities of ln S over an interval, by Fourier inversion.

All by numbers that converge spectrally: the characteristic function of an increment falls like that of its
Gaussian part, so the trapezoid sum of its inversion is exact to rounding, and so is interpolation of the
density on a fine grid; the integrals over it are Gauss-Legendre sums over panels a few deviations wide that
end wherever the integrand has a kink. Every reference is computed in two resolutions.
"""

import numpy as np
from scipy.interpolate import make_interp_spline

AS_OF = 1772443800  # 2026-03-02T09:30:00Z
DAY = 86400
YEAR = 365 * DAY


class Resolution:
    """How fine: nodes a panel, panel width in deviations, oversampling of densities, size of tails."""

    def __init__(self, nodes, width, over, tail, bump, derivatives=True):
        self.nodes, self.width, self.over, self.tail, self.bump = nodes, width, over, tail, bump
        self.derivatives = derivatives  # whether those to spot are wanted

    def value_alone(self):
        return Resolution(self.nodes, self.width, self.over, self.tail, self.bump, False)


FINE = Resolution(16, 3.0, 14, 1e-14, 3e-4)
COARSE = Resolution(12, 2.9, 9, 1e-12, 6e-4)


class Model:
    """gbm, merton or kou with its parameters by their names in a config, and the carry."""

    def __init__(self, kind, values, carry):
        self.kind, self.values, self.carry = kind, dict(values), carry

    def moved(self, name, by):
        values = dict(self.values)
        carry = self.carry
        if name == "carry":
            carry += by
        else:
            values[name] += by
        return Model(self.kind, values, carry)

    def jump_transform(self, u):
        """E exp(i u J) of a jump J of ln S."""
        v = self.values
        if self.kind == "merton":
            return np.exp(1j * u * v["mu_j"] - 0.5 * (v["sigma_j"] * u) ** 2)
        up, down = v["eta1"], v["eta2"]
        return v["p"] * up / (up - 1j * u) + (1 - v["p"]) * down / (down + 1j * u)

    def exponent(self, u):
        """ln E exp(i u X) of the increment X of ln S over a year."""
        sigma = self.values["sigma"]
        drift = self.carry - 0.5 * sigma * sigma
        result = -0.5 * (sigma * u) ** 2
        if self.kind != "gbm":
            intensity = self.values["lambda"]
            mean = self.jump_transform(np.array([-1j]))[0].real  # E exp(J)
            drift -= intensity * (mean - 1)
            result = result + intensity * (self.jump_transform(u) - 1)
        return result + 1j * u * drift

    def jump_spread(self):
        """Deviation of a jump, and the slowest rate at which its law falls."""
        v = self.values
        if self.kind == "gbm":
            return 0.0, np.inf
        if self.kind == "merton":
            return np.hypot(v["mu_j"], v["sigma_j"]), np.inf
        second = 2 * v["p"] / v["eta1"] ** 2 + 2 * (1 - v["p"]) / v["eta2"] ** 2
        return np.sqrt(second), min(v["eta1"], v["eta2"])

    def config(self):
        return {"type": self.kind, **self.values}


class Density:
    """The law of sum_k w_k X_k, X_k the increments of ln S over intervals: a spline over a fine grid. Weighted by S at
    the end, with `by_price`."""

    def __init__(self, model, years, weights=(1.0,), resolution=FINE, by_price=False):
        years = np.atleast_1d(np.asarray(years, float))
        weights = np.atleast_1d(np.asarray(weights, float))
        self.model, self.resolution = model, resolution
        gauss = model.values["sigma"] * np.sqrt(np.sum(years * weights**2))
        spread, rate = model.jump_spread()
        intensity = model.values.get("lambda", 0.0)
        size = spread * np.sqrt(intensity * np.sum(years * weights**2))
        most = np.max(np.abs(weights))
        far = 9 * gauss + 9 * size + (12 * spread * most if spread else 0)
        if np.isfinite(rate):
            far += 34 * most / rate
        self.sd, self.years = gauss, float(np.sum(years))
        # exp(-(u gauss)^2 / 2) is 1e-18 where u gauss = 9.1
        step = np.pi / (9.2 / gauss) / resolution.over
        count = 1 << int(np.ceil(np.log2(2 * far / step)))
        k = np.fft.fftfreq(count, 1.0 / count)
        u = 2 * np.pi * k / (count * step)
        tilt = -1j if by_price else 0.0
        grown = model.exponent(np.array([tilt]))[0] if by_price else 0.0

        def exponent(u):
            return model.exponent(u + tilt) - grown

        drift = np.sum(years * weights) * (exponent(np.array([1e-6]))[0].imag / 1e-6)
        phi = np.zeros(count, complex)
        used = np.abs(u) * gauss < 9.4
        total = np.zeros(np.count_nonzero(used), complex)
        for t, w in zip(years, weights):
            total += t * exponent(u[used] * w)
        phi[used] = np.exp(total - 1j * u[used] * drift)
        density = np.real(np.fft.fft(phi)) / (count * step)
        x = drift + step * k
        order = np.argsort(x)
        x, density = x[order], density[order]
        kept = np.nonzero(density > resolution.tail * density.max())[0]
        first, last = max(kept[0] - 8, 0), min(kept[-1] + 9, count)
        self.low, self.high = x[first], x[last - 1]
        self.spline = make_interp_spline(x[first:last], density[first:last], k=7)

    def __call__(self, x, order=0):
        x = np.asarray(x, float)
        inside = (x > self.low) & (x < self.high)
        result = np.zeros(x.shape)
        result[inside] = self.spline(x[inside], nu=order)
        return result


class Nodes:
    """Gauss-Legendre nodes y and weights w on panels over [low, high] that end at the given breaks."""

    def __init__(self, low, high, width, resolution, breaks=()):
        ends = [low] + sorted(b for b in breaks if low < b < high) + [high]
        x, w = np.polynomial.legendre.leggauss(resolution.nodes)
        ys, ws = [], []
        for a, b in zip(ends[:-1], ends[1:]):
            panels = max(1, int(np.ceil((b - a) / width)))
            edges = np.linspace(a, b, panels + 1)
            half = 0.5 * (edges[1] - edges[0])
            ys.append((0.5 * (edges[:-1] + edges[1:])[:, None] + half * x[None, :]).ravel())
            ws.append(np.tile(half * w, panels))
        self.y, self.w = np.concatenate(ys), np.concatenate(ws)


def nodes_for(density, low, high, breaks=()):
    return Nodes(low, high, density.resolution.width * density.sd, density.resolution, breaks)


def iso(offset):
    """The time `offset` seconds after as_of, as configs write it."""
    import datetime

    moment = datetime.datetime.fromtimestamp(AS_OF + offset, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
