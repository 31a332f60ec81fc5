"""Payoffs of many fixings under exponential Levy models: recursions over the law of an increment.

Averages (Carverhill, Clewlow 1990): S_1 + ... + S_n = S exp(Y_1), Y_k = X_k + ln(1 + exp(Y_(k+1))), Y_n = X_n.
Extremes: the same with max(0, Y) (Lindley 1952; Spitzer 1956). The law of Y goes through a matrix of the
increment's density over Gauss-Legendre nodes. Barriers: the law of ln S that is alive, on nodes that end at the
barriers. Fixings up to `elapsed` are known and take today's spot, which is held when spot moves.
"""

import numpy as np

from levy import YEAR, Density, nodes_for


class Fixings:
    """Dates in seconds after as_of, ascending and equally spaced but for the first; prices of past ones."""

    def __init__(self, future, past=()):
        self.future, self.past = list(future), list(past)
        gaps = {b - a for a, b in zip(self.future[:-1], self.future[1:])}
        assert len(gaps) <= 1
        self.gap = gaps.pop() if gaps else None

    def seen_from(self, elapsed, spot):
        """Known values, seconds to the first date to come, number of dates to come."""
        left = [t - elapsed for t in self.future if t > elapsed]
        known = self.past + [spot] * (len(self.future) - len(left))
        return known, (left[0] if left else 0), len(left)


def step(model, seconds, resolution):
    return Density(model, seconds / YEAR, (1.0,), resolution)


def top_law(model, first, gap, count, resolution, join, break_at=None):
    """The law of Y_1: a function of y and of the order of its derivative, and its range."""
    start = step(model, first, resolution)
    if count == 1:
        return (lambda y, order=0: start(np.atleast_1d(y), order)), start.low, start.high, start.sd
    law = step(model, gap, resolution)
    high = join(law.high)
    for _ in range(count - 2):
        high = join(high + law.high)
        if high > 40:
            break
    # What the whole path may reach bounds it better than a sum of extremes.
    whole = Density(model, gap * (count - 1) / YEAR, (1.0,), resolution)
    high = min(high + law.high, max(whole.high, law.high) + (np.log(count) if break_at is None else 0))
    nodes = nodes_for(law, law.low, high, () if break_at is None else (break_at,))
    joined = join(nodes.y)
    matrix = law(nodes.y[:, None] - joined[None, :]) * nodes.w[None, :]
    q = law(nodes.y)
    for _ in range(count - 2):
        q = matrix @ q
    weights = nodes.w * q
    kept = np.abs(weights) > 1e-18
    joined, weights = joined[kept], weights[kept]

    def top(y, order=0):
        y = np.atleast_1d(y)
        return start(y[:, None] - joined[None, :], order) @ weights

    return top, start.low, high + start.high, start.sd


class Bounds:
    """What nodes_for needs of a density, of a law made here."""

    def __init__(self, sd, resolution):
        self.sd, self.resolution = sd, resolution


def integrate(top, low, high, sd, resolution, breaks):
    nodes = nodes_for(Bounds(sd, resolution), low, high, breaks)
    return nodes.y, nodes.w * top(nodes.y)


def smooth_average(y):
    return np.logaddexp(0.0, y)


def asians(trades, fixings, spot):
    """(phi (A - K))+, A the mean of all fixings."""
    total = len(fixings.past) + len(fixings.future)

    def values(model, elapsed, resolution):
        known, first, count = fixings.seen_from(elapsed, spot)
        base = sum(known) / total
        if count == 0:
            return np.array([[max(0, sign_of(t) * (base - t["strike"])), 0, 0] for t in trades])
        top, low, high, sd = top_law(model, first, fixings.gap, count, resolution, smooth_average)
        out = []
        for trade in trades:
            sign, left = sign_of(trade), trade["strike"] - base
            at = np.log(left * total / spot) if left > 0 else -np.inf
            y, w = integrate(top, low, high, sd, resolution, (at,))
            mean = np.exp(y) / total
            inside = sign * (y - at) > 0
            e = np.sum(w * inside * sign * (spot * mean - left))
            first_d = np.sum(w * inside * sign * mean)
            second = float(top(at)[0]) * left / spot / spot if low < at < high else 0.0
            out.append([e, first_d, second])
        return np.array(out)

    return values


def floating_asians(trades, fixings, spot):
    """(phi (S_T - A))+: with Z = sum of fixings / S after a fixing, under the law weighted by S, ln Z_(k+1) =
    ln(1 + exp(u)), u = ln Z_k - X (Rogers, Shi 1995), and the payoff is S_T (phi (1 - Z_T / n))+."""
    total = len(fixings.past) + len(fixings.future)

    def values(model, elapsed, resolution):
        known, first, count = fixings.seen_from(elapsed, spot)
        base = sum(known)
        if count == 0:
            return np.array([[max(0, sign_of(t) * (spot - base / total)), 0, 0] for t in trades])
        start = step(model, first, resolution)
        law = step(model, fixings.gap, resolution) if count > 1 else start
        seconds = first + (count - 1) * (fixings.gap or 0)
        whole = Density(model, seconds / YEAR, (1.0,), resolution)
        begin = np.log(base / spot) if base > 0 else 0.0
        high = np.log(total) + max(whole.high - whole.low, start.high - start.low)
        low = min(begin - start.high, -law.high)
        sd = min(start.sd, law.sd)
        nodes = nodes_for(Bounds(sd, resolution), low, high, (np.log(total - 1),))
        z = smooth_average(nodes.y)

        def matrix(density, from_z, years):
            x = from_z[:, None] - nodes.y[None, :]
            return density(x) * np.exp(x - model.carry * years) * nodes.w[None, :]

        backward = matrix(law, z, fixings.gap / YEAR) if count > 1 else None
        growth = np.exp(model.carry * seconds / YEAR)
        result = {}
        for sign in (1, -1):
            f = np.maximum(0.0, sign * (1.0 - np.exp(z) / total))
            for _ in range(count - 1 if base > 0 else count - 2):
                f = backward @ f
            h = 67 * resolution.bump * sd * spot
            s = spot + h * np.arange(-2, 3)
            if not resolution.derivatives:
                s = np.full(5, float(spot))
            if base > 0:
                e = s * growth * (matrix(start, np.log(base / s), first / YEAR) @ f)
            else:  # Z after the first fixing is 1
                e = s * growth * (matrix(law, np.zeros(1), fixings.gap / YEAR) @ f)
            one = (8 * (e[3] - e[1]) - (e[4] - e[0])) / (12 * h)
            two = (16 * (e[3] + e[1]) - (e[4] + e[0]) - 30 * e[2]) / (12 * h * h)
            result[sign] = [e[2], one, two if base > 0 else 0.0]
        return np.array([result[sign_of(t)] for t in trades])

    return values


def sign_of(trade):
    return 1 if trade["call_put"] == "call" else -1


def lookbacks(trades, fixings, spot):
    """Fixed (phi (X - K))+, X the greatest for a call, the least for a put; floating phi (S_T - X), the other
    way round. The least of S is the greatest of -ln S."""

    def values(model, elapsed, resolution):
        known, first, count = fixings.seen_from(elapsed, spot)
        out = [None] * len(trades)
        for way in (1, -1):
            mine = [
                i
                for i, t in enumerate(trades)
                if (1 if (t["call_put"] == "put") == bool(t.get("floating")) else -1) == way
            ]
            if not mine:
                continue
            extreme = (max(known) if way > 0 else min(known)) if known else None
            if count == 0:
                for i in mine:
                    sign = sign_of(trades[i])
                    last = known[-1]
                    paid = (
                        sign * (last - extreme)
                        if trades[i].get("floating")
                        else max(0, sign * (extreme - trades[i]["strike"]))
                    )
                    out[i] = [paid, 0, 0]
                continue
            source = model if way > 0 else Mirror(model)
            top, low, high, sd = top_law(
                source, first, fixings.gap, count, resolution, lambda y: np.maximum(0.0, y), 0.0
            )
            for i in mine:
                out[i] = lookback(
                    trades[i], way, extreme, top, low, high, sd, resolution, spot, model, first, fixings.gap, count
                )
        return np.array(out)

    return values


class Mirror:
    """The model of -ln S."""

    def __init__(self, model):
        self.model, self.values = model, model.values

    def exponent(self, u):
        return self.model.exponent(-u)

    def jump_spread(self):
        return self.model.jump_spread()


def lookback(trade, way, extreme, top, low, high, sd, resolution, spot, model, first, gap, count):
    sign = sign_of(trade)
    # X = way-extreme of `extreme` and spot exp(way y)
    if trade.get("floating"):
        # E X: the known extreme where y is below it, else spot e^(way y).
        at = way * np.log(extreme / spot) if extreme else -np.inf
        y, w = integrate(top, low, high, sd, resolution, (at,))
        beyond = y > at
        mean = np.exp(way * y)
        e = np.sum(w * beyond * spot * mean) + (extreme * np.sum(w * ~beyond) if extreme else 0.0)
        one = np.sum(w * beyond * mean)
        two = way * float(top(at)[0]) * np.exp(way * at) / spot if low < at < high else 0.0
        forward = np.exp(model.carry * (first + (count - 1) * (gap or 0)) / YEAR)
        return [sign * (spot * forward - e), sign * (forward - one), -sign * two]
    strike = trade["strike"]
    floor = extreme if extreme and way * (extreme - strike) > 0 else strike
    at = way * np.log(floor / spot)
    y, w = integrate(top, low, high, sd, resolution, (at,))
    beyond = y > at
    mean = np.exp(way * y)
    e = way * np.sum(w * beyond * (spot * mean - floor)) + max(0.0, way * (floor - strike))
    one = way * np.sum(w * beyond * mean)
    two = float(top(at)[0]) * floor / spot / spot if low < at < high else 0.0
    return [e, one, two]


def barriers(trades, fixings, spot, rate_of, extra=0.0):
    """Watched at the fixings, the last of which is the expiry. rate_of(trade, model), and `extra`: at which a
    rebate that is paid at once grows until the expiry."""

    def values(model, elapsed, resolution):
        known, first, count = fixings.seen_from(elapsed, spot)
        assert count > 0  # spot is inside, so fixings that take it do nothing
        rates = [rate_of(t, model) + extra for t in trades]
        return np.array(
            [barrier(t, model, first, fixings.gap, count, resolution, spot, r) for t, r in zip(trades, rates)]
        )

    values.rated = lambda by: barriers(trades, fixings, spot, rate_of, extra + by)
    return values


def barrier(trade, model, first, gap, count, resolution, spot, rate):
    low = np.log(trade["lower"] / spot) if "lower" in trade else -np.inf
    high = np.log(trade["upper"] / spot) if "upper" in trade else np.inf
    sign, strike = sign_of(trade), trade["strike"]
    start = step(model, first, resolution)
    law = step(model, gap, resolution) if count > 1 else start
    seconds = first + (count - 1) * (gap or 0)
    whole = Density(model, seconds / YEAR, (1.0,), resolution)
    at = np.log(strike / spot)
    bounds = Bounds(min(start.sd, law.sd), resolution)
    most = min(high, max(whole.high, start.high, at + 1e-6))
    nodes = nodes_for(bounds, max(low, min(whole.low, start.low, at - 1e-6)), most, (at,))
    # Rows: the law, and its derivatives to ln spot, which moves all of ln S.
    q = np.stack([start(nodes.y, 0), -start(nodes.y, 1), start(nodes.y, 2)])
    rebate, hit = trade.get("rebate", 0), trade.get("rebate_paid") == "hit"
    knocked = np.zeros(3)
    alive = np.array([1.0, 0.0, 0.0])
    matrix = law(nodes.y[:, None] - nodes.y[None, :]) * nodes.w[None, :] if count > 1 else None
    for k in range(count):
        if k > 0:
            q = q @ matrix.T
        left = q @ nodes.w
        when = seconds - first - k * (gap or 0)
        knocked += (alive - left) * (np.exp(rate * when / YEAR) if hit else 1.0)
        alive = left
    inside = sign * (nodes.y - at) > 0
    pay = nodes.w * inside * sign * (spot * np.exp(nodes.y) - strike)
    out = q @ pay
    # d/d ln S at fixed levels: the law moves along, the payoff spot e^y is in levels of y, so y moves alone.
    result = out.copy()
    if trade["knock"] == "in":
        e = option(whole, sign, strike, spot)
        plain = np.array([e[0], spot * e[1], spot * spot * e[2] + spot * e[1]])
        result = plain - out + rebate * alive
    else:
        result = out + rebate * knocked
    value, one, two = result
    return [value, one / spot, (two - one) / spot / spot]


def option(law, sign, strike, spot):
    from levy_payoffs import option as plain

    return plain(law, sign, strike, spot)
