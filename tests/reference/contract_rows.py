"""Rows of tests/reference/trades/: a contract's Greeks from a function that gives its expectation, and the row's text.

An expectation is that of the payoff, undiscounted, as a function of (model, spot, carry, elapsed seconds): the last moves the
moment of valuation, and dates up to it have fixed at the spot. What the Greeks mean is in DESIGN.md and host/engine/greeks.c.
"""
import datetime
import json
import math


import affine
from affine import FIRST, PARAMETERS, SECOND, SECOND_CENTRE, SECONDS_PER_YEAR, STENCIL

AS_OF = datetime.datetime(2026, 3, 2, 9, 30, 0)
DAY_SECONDS = 86400


def time_text(seconds):
    return (AS_OF + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def at_eight(days):
    """Seconds to 08:00 UTC, `days` days from as_of's day."""
    return days * DAY_SECONDS - 5400


def years(seconds):
    return seconds / SECONDS_PER_YEAR


class Contract:
    """One contract: `make(count)` returns its expectation with quadratures of about `count` nodes."""

    def __init__(self, world, trade, expiry, make, width, method, coin=False, skip=()):
        self.world, self.trade, self.expiry, self.make = world, dict(trade), expiry, make
        self.width, self.method, self.coin, self.skip = width, method, coin, set(skip)
        self.trade.setdefault("underlying", world["name"])
        self.trade.setdefault("quantity", 1)
        if coin:
            self.trade["settlement"] = "coin"


def pricer(contract, count):
    w, expect = contract.world, contract.make(count)

    def price(model, spot, carry, elapsed):
        left = years(max(contract.expiry - elapsed, 0))
        value = expect(model, spot, carry, elapsed)
        if contract.coin:
            return value * math.exp(-(w["coin_rate"] + carry) * left)
        return value * math.exp(-w["discount_rate"] * left)

    return price


def greeks(contract, count, stretch):
    """All quantities, with steps of differences `stretch` times the usual."""
    w, price = contract.world, pricer(contract, count)
    m, spot, carry = w["model"], w["spot"], w["carry"]
    base = price(m, spot, carry, 0)
    h = stretch * 0.04 * contract.width
    moved = [price(m, spot * math.exp(h * k), carry, 0) for k in STENCIL]
    first = sum(c * v for c, v in zip(FIRST, moved)) / h
    second = (sum(c * v for c, v in zip(SECOND, moved)) + SECOND_CENTRE * base) / h**2
    out = {"price": base, "delta": first / spot, "gamma": (second - first) / spot**2}
    out["theta"] = price(m, spot, carry, DAY_SECONDS) - base
    out["d_rate"] = -years(contract.expiry) * base
    h = stretch * 0.004
    out["d_carry"] = sum(c * price(m, spot, carry + h * k, 0) for c, k in zip(FIRST, STENCIL)) / h
    if contract.coin:
        out["net_delta"] = out["delta"] - base / spot
    for name in PARAMETERS[w["type"]]:
        h = stretch * affine.parameter_step(name, m[name])
        bumped = [price({**m, name: m[name] + h * k}, spot, carry, 0) for k in STENCIL]
        out["d_" + name] = sum(c * v for c, v in zip(FIRST, bumped)) / h
    return {k: v for k, v in out.items() if k not in contract.skip}


def underlying(world):
    keys = ("name", "spot", "carry", "discount_rate", "coin_rate")
    model = {"type": world["type"], **{p: world["model"][p] for p in PARAMETERS[world["type"]]}}
    return {**{k: world[k] for k in keys}, "model": model}


def number(x):
    return float(f"{x:.12g}")


def row(identity, contract, coarse, fine):
    """Two resolutions; their difference is the error, rounding of differences besides."""
    a, b = greeks(contract, *coarse), greeks(contract, *fine)
    scale = contract.world["spot"] * 1e-12
    reference = {k: [number(b[k]), float(f"{abs(a[k] - b[k]) + 1e-9 * abs(b[k]) + scale:.2g}")] for k in b}
    return finish(identity, [underlying(contract.world)], None, contract.trade, reference, contract.method)


def finish(identity, underlyings, correlations, trade, reference, method):
    out = {"id": identity, "underlyings": underlyings}
    if correlations:
        out["correlations"] = correlations
    out.update({"trade": trade, "reference": reference, "source": method})
    return out


def write(path, rows):
    with open(path, "w") as f:
        for r in rows:
            f.write(json.dumps(r) + "\n")
    worst = sorted(((r["reference"][k][1] / max(abs(r["reference"][k][0]), 1e-3), r["id"], k) for r in rows for k in r["reference"]))
    print(path, len(rows), "contracts; least exact:", worst[-3:])


def draw_model(rng, kind, expiry):
    """Parameters with Feller's condition violated in most, and jumps enough for 8,192 paths to tell an error: at least a
    jump in 50 paths."""
    pick = lambda low, high, digits=4: round(math.exp(rng.uniform(math.log(low), math.log(high))), digits)
    m = {"v0": pick(0.02, 0.5), "kappa": pick(0.6, 5, 3), "theta": pick(0.03, 0.4), "rho": round(rng.uniform(-0.85, 0.25), 2)}
    feller = math.sqrt(2 * m["kappa"] * m["theta"])
    m["xi"] = min(2.5, max(0.2, round(feller * rng.choice([0.7, 1.2, 1.5, 2.0]), 3)))
    if kind in ("bates", "svcj"):
        m.update({"lambda": max(pick(0.3, 3, 2), round(min(8, 0.02 / years(expiry)), 2)), "mu_j": round(rng.uniform(-0.15, 0.05), 3), "sigma_j": pick(0.03, 0.15, 3)})
    if kind == "svcj":
        m.update({"mu_v": pick(0.02, 0.15, 3), "rho_j": round(rng.uniform(-0.5, 0.2), 2)})
    return m


def draw_world(rng, kind, name, expiry):
    return {"name": name, "type": kind, "model": draw_model(rng, kind, expiry), "spot": rng.choice([20, 100, 100, 4000]),
            "carry": rng.choice([-0.02, 0, 0.03, 0.06]), "discount_rate": rng.choice([0, 0.02, 0.05]),
            "coin_rate": rng.choice([0, 0.01])}
