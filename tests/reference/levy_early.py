"""Exercise at dates and barriers at all times under exponential Levy models; as levy_chains.

Bermudans by backward quadrature over nodes that end at each date's boundary, which is a root; barriers at all
times under gbm by images (Reiner, Rubinstein 1991; Kunitomo, Ikeda 1992).
"""

import numpy as np
from scipy.optimize import brentq

from levy import YEAR, Density, nodes_for
from levy_chains import Bounds, option, sign_of, step


def bermudans(trades, dates, spot, rate_of, extra=0.0):
    """Exercised at the dates (seconds, equally spaced but for the first), the last of which is the expiry."""

    def values(model, elapsed, resolution):
        left = [t - elapsed for t in dates if t > elapsed]
        seconds = left[-1]
        start = step(model, left[0], resolution)
        law = step(model, left[1] - left[0], resolution) if len(left) > 1 else start
        whole = Density(model, seconds / YEAR, (1.0,), resolution)
        low, high = min(whole.low, start.low), max(whole.high, start.high)
        bounds = Bounds(min(start.sd, law.sd), resolution)
        out = []
        for trade in trades:
            rate = rate_of(trade, model) + extra
            e = bermudan(trade, left, start, law, low, high, bounds, spot, rate)
            out.append(np.array(e) * np.exp(rate_of(trade, model) * seconds / YEAR) * np.exp(extra * seconds / YEAR))
        return np.array(out)

    values.rated = lambda by: bermudans(trades, dates, spot, rate_of, extra + by)
    return values


def bermudan(trade, left, start, law, low, high, bounds, spot, rate):
    """The value now and its derivatives to spot."""
    sign, strike = sign_of(trade), trade["strike"]
    at = np.log(strike / spot)
    low, high = min(low, at - 1e-6), max(high, at + 1e-6)
    gap = (left[1] - left[0]) / YEAR if len(left) > 1 else 0

    def paid(x):
        return sign * (spot * np.exp(x) - strike)

    nodes = nodes_for(bounds, low, high, (at,))
    value = np.maximum(paid(nodes.y), 0.0)
    for _ in range(len(left) - 1):
        weighted, fade = nodes.w * value, np.exp(-rate * gap)

        def held(x):
            return fade * (law(nodes.y[None, :] - np.atleast_1d(x)[:, None]) @ weighted)

        # Where holding and exercise are worth the same; away from the ends, which the law does not reach.
        x = np.linspace(low + 0.02 * (high - low), high - 0.02 * (high - low), 600)
        gain = held(x) - np.maximum(paid(x), 0.0)
        breaks = []
        for k in np.nonzero((gain[:-1] > 0) != (gain[1:] > 0))[0]:
            if max(paid(x[k]), paid(x[k + 1])) > 1e-9:
                breaks.append(brentq(lambda u: held(u)[0] - max(paid(u), 0.0), x[k], x[k + 1], xtol=1e-14))
        new = nodes_for(bounds, low, high, breaks)
        value = np.maximum(held(new.y), np.maximum(paid(new.y), 0.0))
        nodes = new
    weighted, fade = nodes.w * value, np.exp(-rate * left[0] / YEAR)
    e = [
        float(fade * (law_order @ weighted)) for law_order in (start(nodes.y), -start(nodes.y, 1), start(nodes.y, 2))
    ]
    return [e[0], e[1] / spot, (e[2] - e[1]) / spot**2]


# ---- autocallable notes ----


def autocallables(trades, fixings, spot, rate_of, extra=0.0):
    """The law of ln S while a note lives, by coupons missed and by whether it was knocked in."""

    def values(model, elapsed, resolution):
        _, first, count = fixings.seen_from(elapsed, spot)
        assert elapsed < fixings.future[0]
        out = []
        for trade in trades:
            rate = rate_of(trade, model) + extra
            out.append(autocallable(trade, model, first, fixings.gap, count, resolution, spot, rate))
        return np.array(out)

    values.first = fixings.future[0]
    values.rated = lambda by: autocallables(trades, fixings, spot, rate_of, extra + by)
    return values


def autocallable(trade, model, first, gap, count, resolution, spot, rate):
    initial, coupon, redemption = trade["initial"], trade.get("coupon", 0.0), trade.get("redemption", 1.0)
    levels = trade["autocall"] if isinstance(trade["autocall"], list) else [trade["autocall"]] * count
    memory, knock = trade.get("memory", False), trade.get("knock_in", 0.0)
    floor, at_fixings = trade.get("coupon_barrier", 0.0), trade.get("knock_in_at") == "fixings"
    start = step(model, first, resolution)
    law = step(model, gap, resolution) if count > 1 else start
    seconds = first + (count - 1) * (gap or 0)
    whole = Density(model, seconds / YEAR, (1.0,), resolution)
    low, high = min(start.low, whole.low), max(start.high, whole.high)
    breaks = {np.log(x * initial / spot) for x in levels + [floor, knock] if x > 0}
    nodes = nodes_for(Bounds(min(start.sd, law.sd), resolution), low, high, sorted(breaks))
    s = spot * np.exp(nodes.y) / initial
    matrix = law(nodes.y[:, None] - nodes.y[None, :]) * nodes.w[None, :] if count > 1 else None
    q = {(0, False): np.stack([start(nodes.y, 0), -start(nodes.y, 1), start(nodes.y, 2)])}
    value = np.zeros(3)
    for d in range(count):
        last = d + 1 == count
        fade = np.exp(rate * (seconds - first - d * (gap or 0)) / YEAR)
        called, paid_coupon, below = s >= levels[d], s >= floor, s < knock
        after = {}
        for (missed, knocked), p in q.items():
            weighted = p * nodes.w
            pays = coupon * (1 + (missed if memory else 0)) * paid_coupon + redemption * called
            if last:
                hurt = below | (knocked if at_fixings else False)
                pays = pays + ~called * np.where(hurt, np.minimum(redemption, s), redemption)
            value += fade * (weighted @ pays)
            for was_paid in (True, False):
                for fell in (True, False):
                    part = p * (~called & (paid_coupon == was_paid) & (below == fell))
                    key = (0 if was_paid or not memory else missed + 1, knocked or (fell and at_fixings))
                    after[key] = after.get(key, 0) + part
        if not last:
            q = {key: p @ matrix.T for key, p in after.items() if np.any(p[0] > 0)}
    e, one, two = value
    return [e, one / spot, (two - one) / spot**2]


# ---- barriers at all times, gbm ----


def images(low, high):
    """(shift, reflected) of the images of a start at 0 between low and high, either of which may be infinite."""
    if np.isinf(low) and np.isinf(high):
        return [(0.0, False)]
    if np.isinf(high):
        return [(0.0, False), (2 * low, True)]
    if np.isinf(low):
        return [(0.0, False), (2 * high, True)]
    width = high - low
    out = []
    for k in range(-12, 13):
        out += [(2 * k * width, False), (2 * low + 2 * k * width, True)]
    return out


def alive_density(y, low, high, drift, variance, start):
    """Density at y of ln S / S0 at a time of that variance, drift its mean, never outside; begun at `start`."""
    total = np.zeros_like(y)
    for shift, reflected in images(low, high):
        origin = shift - start if reflected else shift + start
        total += (-1 if reflected else 1) * np.exp(-((y - origin) ** 2) / (2 * variance))
    tilt = drift / variance * (y - start) - drift * drift / (2 * variance)
    return total * np.exp(tilt) / np.sqrt(2 * np.pi * variance)


def continuous(trades, expiry, spot, rate_of, extra=0.0):
    """Barriers watched at all times under gbm."""

    def values(model, elapsed, resolution):
        years, sigma = (expiry - elapsed) / YEAR, model.values["sigma"]
        slope = model.carry - 0.5 * sigma**2
        law = Density(model, years, (1.0,), resolution)
        rates = [rate_of(t, model) + extra for t in trades]
        return np.array(
            [continuous_one(t, law, years, sigma, slope, spot, r, resolution) for t, r in zip(trades, rates)]
        )

    values.rated = lambda by: continuous(trades, expiry, spot, rate_of, extra + by)
    return values


def continuous_one(trade, law, years, sigma, slope, spot, rate, resolution):
    low = np.log(trade["lower"] / spot) if "lower" in trade else -np.inf
    high = np.log(trade["upper"] / spot) if "upper" in trade else np.inf
    sign, strike, rebate = sign_of(trade), trade["strike"], trade.get("rebate", 0)
    at = np.log(strike / spot)

    def alive(start, t):
        v = sigma * np.sqrt(t)
        reach = 9.5 * v + abs(slope) * t
        nodes = nodes_for(Bounds(v, resolution), max(low, start - reach), min(high, start + reach), (at,))
        return nodes, nodes.w * alive_density(nodes.y, low, high, slope * t, sigma**2 * t, start)

    def undiscounted(start):
        nodes, w = alive(start, years)
        kept = w.sum()
        inside = sign * (nodes.y - at) > 0
        e = np.sum(w * inside * sign * (spot * np.exp(nodes.y) - strike))
        if trade["knock"] == "in":
            whole = option(law, sign, strike, spot * np.exp(start))[0]
            return whole - e + rebate * kept
        if trade.get("rebate_paid") != "hit":
            return e + rebate * (1 - kept)
        # E exp(rate (T - tau)): by parts, an integral over the probability of being alive. In t = T x^2.
        times = nodes_for(Bounds(0.05, resolution), 0.0, 1.0)
        t, tw = years * times.y**2, times.w * 2 * years * times.y
        survival = np.array([alive(start, s)[1].sum() for s in t])
        hit = np.exp(rate * years) - kept - rate * np.sum(tw * np.exp(rate * (years - t)) * survival)
        return e + rebate * hit

    if not resolution.derivatives:
        return [undiscounted(0.0), 0.0, 0.0]
    # Never across a barrier.
    h = min(133 * resolution.bump * sigma * np.sqrt(years), 0.2 * min(abs(low), abs(high)))
    e = [undiscounted(k * h) for k in (-2, -1, 0, 1, 2)]
    one = (8 * (e[3] - e[1]) - (e[4] - e[0])) / (12 * h)
    two = (16 * (e[3] + e[1]) - (e[4] + e[0]) - 30 * e[2]) / (12 * h * h)
    return [e[2], one / spot, (two - one) / spot**2]
