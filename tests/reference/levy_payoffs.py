"""Expectations of payoffs under exponential Levy models: [trade][E, dE/dS, d2E/dS2], undiscounted.

Times are seconds after as_of. Fixings up to `elapsed` are known and take today's spot, which is held when
spot moves.
"""

import numpy as np

from levy import YEAR, Density, nodes_for


def terminal(model, years, resolution):
    """Law of ln S(T) / S and nodes maker."""
    return Density(model, years, (1.0,), resolution)


def tail(density, sign, at):
    """P(phi X > phi at), E exp(X) there; the densities at `at` are the caller's."""
    if sign > 0:
        nodes = nodes_for(density, max(at, density.low), density.high) if at < density.high else None
    else:
        nodes = nodes_for(density, density.low, min(at, density.high)) if at > density.low else None
    if nodes is None:
        return 0.0, 0.0
    weights = nodes.w * density(nodes.y)
    return weights.sum(), (weights * np.exp(nodes.y)).sum()


def digitals(trades, expiry, spot):
    """Cash and asset digitals at one expiry."""

    def values(model, elapsed, resolution):
        out = []
        years = (expiry - elapsed) / YEAR
        law = terminal(model, years, resolution) if years > 0 else None
        for trade in trades:
            sign, strike = (1 if trade["call_put"] == "call" else -1), trade["strike"]
            asset = trade.get("pays") == "asset"
            if law is None:
                paid = (spot if asset else trade.get("amount", 1)) if sign * (spot - strike) > 0 else 0
                out.append([paid, 0, 0])
                continue
            at = np.log(strike / spot)
            inside, mean = tail(law, sign, at)
            p, slope = float(law(at)), float(law(at, 1))
            # d/dS of the probability: the edge ln(K/S) moves by -1/S.
            first, second = sign * p / spot, sign * (-slope - p) / spot**2
            if asset:  # S E[e^X 1]: the edge has e^at = K / S
                k = strike / spot
                one = sign * k * p / spot
                two = sign * (-(k * p + k * slope) - k * p) / spot**2
                out.append([spot * mean, mean + spot * one, 2 * one + spot * two])
            else:
                amount = trade.get("amount", 1)
                out.append([amount * inside, amount * first, amount * second])
        return np.array(out)

    return values


def option(law, sign, strike, spot):
    """(phi (S e^X - K))+ : E, dE/dS, d2E/dS2."""
    at = np.log(strike / spot)
    inside, mean = tail(law, sign, at)
    p = float(law(at))
    return [sign * (spot * mean - strike * inside), sign * mean, strike / spot / spot * p]


def europeans(trades, expiry, spot):
    def values(model, elapsed, resolution):
        law = terminal(model, (expiry - elapsed) / YEAR, resolution)
        return np.array([option(law, 1 if t["call_put"] == "call" else -1, t["strike"], spot) for t in trades])

    return values


def forward_starts(trades, start, expiry, spot):
    def values(model, elapsed, resolution):
        law = terminal(model, (expiry - max(start, elapsed)) / YEAR, resolution)
        grown = np.exp(model.carry * max(start - elapsed, 0) / YEAR)
        out = []
        for trade in trades:
            sign, k = (1 if trade["call_put"] == "call" else -1), trade["moneyness"]
            e = option(law, sign, k, 1.0)
            if start > elapsed:
                out.append([spot * grown * e[0], grown * e[0], 0.0])
            else:
                out.append(option(law, sign, k * spot, spot))
        return np.array(out)

    return values


def pools(trades, expiry, spot):
    """Positions of liquidity at the expiry: any function of the price, over panels that end where it bends."""

    def values(model, elapsed, resolution):
        law = terminal(model, (expiry - elapsed) / YEAR, resolution)
        out = []
        for trade in trades:
            breaks = [np.log(trade[key] / spot) for key in ("lower", "upper") if key in trade]
            nodes = nodes_for(law, law.low, law.high, breaks)
            paid = nodes.w * pool(trade, spot * np.exp(nodes.y))
            # A move of ln S moves the law.
            e = [paid @ law(nodes.y), -(paid @ law(nodes.y, 1)), paid @ law(nodes.y, 2)]
            out.append([e[0], e[1] / spot, (e[2] - e[1]) / spot**2])
        return np.array(out)

    return values


def pool(trade, s):
    """Worth of the position of one unit of deposit at the entry, or its divergence from the tokens held."""
    low, high = np.sqrt(trade.get("lower", 0.0)), np.sqrt(trade.get("upper", np.inf))

    def coins(p):
        return 1 / np.clip(np.sqrt(p), low, high) - 1 / high

    def cash(p):
        return np.clip(np.sqrt(p), low, high) - low

    entry = trade["entry"]
    liquidity = trade["deposit"] / (coins(entry) * entry + cash(entry))
    worth = liquidity * (coins(s) * s + cash(s))
    if trade["pays"] == "divergence_loss":
        worth = worth - liquidity * (coins(entry) * s + cash(entry))
    return worth
