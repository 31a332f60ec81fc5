"""Writes trades/pde_*.jsonl: early exercise and barriers watched at all times, by finite differences (pde.py). Python with numpy
and scipy.

python tests/reference/make_pde.py [early|barriers]

Every number is computed on three grids, each 1.7 times as fine in ln S, v and time as the one before; in time 2.9 times where
exercise is at any time, which is of first order there. The value is Richardson's of the two finer, of second order, the error
the distance to that of the two coarser. Greeks to parameters, carry and rate are central differences on one
grid; delta and gamma are the solution's, theta its value a day later. Rates are held with the forward in d_rate.
"""

import math
import os
import random
import sys

from affine import PARAMETERS, parameter_step
from contract_rows import DAY_SECONDS, at_eight, draw_world, finish, number, time_text, underlying, write, years
from pde import Contract, Grid, Numbers, spread_of

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "trades")
GRIDS = ((75, 24, 36), (128, 41, 61), (217, 69, 104))
LINES = ((150, 1, 100), (255, 1, 170), (434, 1, 289))  # constant v
FINER = 1.7


def rate_of(world, coin):
    return world["coin_rate"] + world["carry"] if coin else world["discount_rate"]


def greeks(world, contract, coin, size):
    kind, m, carry, rate = world["type"], world["model"], world["carry"], rate_of(world, coin)
    nx, nv, steps = size
    grid = Grid(kind, m, carry, world["spot"], contract, nx, nv)
    price = lambda m=m, b=0.0, r=0.0: Numbers(grid, m, carry + b, rate + r + (b if coin else 0), steps).price
    base = Numbers(grid, m, carry, rate, steps)
    out = {"price": base.price, "delta": base.delta, "gamma": base.gamma}
    if base.theta is not None:
        out["theta"] = base.theta
    h = 0.002
    out["d_carry"] = (price(b=h) - price(b=-h)) / (2 * h)
    if contract.dates or contract.anytime:
        out["d_rate"] = (price(r=h) - price(r=-h)) / (2 * h)
    else:
        out["d_rate"] = -contract.years * base.price
    if coin:
        out["net_delta"] = base.delta - base.price / world["spot"]
    for name in PARAMETERS[kind]:
        h = 2 * parameter_step(name, m[name])
        out["d_" + name] = (price({**m, name: m[name] + h}) - price({**m, name: m[name] - h})) / (2 * h)
    return out


def made(identity, world, contract, trade, coin):
    sizes = GRIDS if "v0" in world["model"] else LINES
    if contract.anytime:
        sizes = [(nx, nv, int(40 * FINER ** (2 * k))) for k, (nx, nv, _) in enumerate(sizes)]
    coarse, middle, fine = (greeks(world, contract, coin, s) for s in sizes)
    reference, scale = {}, abs(fine["price"])
    for name, c in fine.items():
        a, b = coarse[name], middle[name]
        less = 1 / (FINER**2 - 1)
        value, before = c + (c - b) * less, b + (b - a) * less
        reference[name] = [number(value), float(f"{abs(value - before) + 1e-7 * (abs(value) + 0.01 * scale):.2g}")]
    trade = {**trade, "underlying": world["name"], "quantity": 1}
    if coin:
        trade["settlement"] = "coin"
    print(identity, reference["price"], flush=True)
    return finish(identity, [underlying(world)], None, trade, reference, "finite differences")


def world_of(rng, kind, name, expiry):
    if kind in ("heston", "bates", "svcj"):
        world = draw_world(rng, kind, name, expiry)
        m = world["model"]
        # A grid of v needs no more than Feller's condition missed by a factor of two.
        m["xi"] = min(m["xi"], round(1.4 * math.sqrt(2 * m["kappa"] * m["theta"]), 3))
        m["v0"], m["theta"] = max(m["v0"], 0.03), max(m["theta"], 0.03)
    else:
        least = 0.1 / years(expiry)
        m = {"sigma": round(rng.uniform(0.15, 0.6), 3)}
        if kind == "merton":
            m.update({"lambda": max(round(rng.uniform(0.3, 4), 2), round(least, 1)), "mu_j": round(rng.uniform(-0.15, 0.08), 3),
                      "sigma_j": round(rng.uniform(0.04, 0.15), 3)})
        if kind == "kou":
            m.update({"lambda": max(round(rng.uniform(0.5, 6), 2), round(least, 1)), "p": round(rng.uniform(0.2, 0.7), 3),
                      "eta1": round(rng.uniform(12, 40), 1), "eta2": round(rng.uniform(12, 30), 1)})
        world = {"name": name, "type": kind, "model": m, "spot": 100, "carry": 0, "discount_rate": 0, "coin_rate": 0}
    return world


def four(x):
    return float(f"{x:.4g}")


def early_rows(kind, count):
    rng = random.Random("early " + kind)
    for i in range(count):
        anytime = kind == "gbm" or i % 2 == 1
        every, dates = rng.choice([(14, 5), (30, 6), (30, 4), (61, 5)])
        times = [at_eight(every * (k + 1)) for k in range(dates)]
        expiry = times[-1]
        world = world_of(rng, kind, f"early{kind}{i}", expiry)
        # What is worth exercising: a put with interest, or a call on what pays.
        put = rng.random() < 0.7
        world["discount_rate"] = rng.choice([0.04, 0.08, 0.12])
        world["carry"] = rng.choice([0.02, 0.05]) if put else rng.choice([-0.04, -0.08])
        coin = i % 4 == 3
        wide = spread_of(kind, world["model"], years(expiry))
        strike = four(world["spot"] * math.exp(rng.uniform(-0.4, 0.6) * wide * (1 if put else -1)))
        trade = {"type": "american" if anytime else "bermudan", "call_put": "put" if put else "call", "strike": strike}
        if anytime:
            trade["expiry"] = time_text(expiry)
        else:
            trade["exercise"] = [time_text(t) for t in times]
        left = [] if anytime else [years(t) for t in times]
        contract = Contract(-1 if put else 1, strike, years(expiry), left, anytime)
        yield made(f"pde-{trade['type']}-{kind}-{i}", world, contract, trade, coin)


def barrier_rows(kind, count):
    rng = random.Random("barrier " + kind)
    expiries = [DAY_SECONDS + 10800, at_eight(5), at_eight(30), at_eight(75), at_eight(180), at_eight(400)]
    for i in range(count):
        expiry = expiries[i % len(expiries)]
        world = world_of(rng, kind, f"watched{kind}{i}", expiry)
        world["carry"], world["discount_rate"] = rng.choice([-0.02, 0, 0.03, 0.06]), rng.choice([0, 0.03, 0.06])
        wide, spot = spread_of(kind, world["model"], years(expiry)), world["spot"]
        sign = rng.choice([1, -1])
        which = rng.choice(["lower", "upper", "both"])
        trade = {"type": "barrier", "call_put": "call" if sign > 0 else "put", "knock": "out"}
        levels = {"lower": None, "upper": None}
        for side, way in (("lower", -1), ("upper", 1)):
            if which in (side, "both"):
                far = rng.uniform(0.8, 2) if which == "both" else rng.choice([0.3, 0.7, 1.2, 1.8])
                levels[side] = trade[side] = four(spot * math.exp(way * far * wide))
        low, high = levels["lower"] or spot * math.exp(-wide), levels["upper"] or spot * math.exp(wide)
        trade["strike"] = strike = four(low + rng.uniform(0.15, 0.75) * (high - low))
        rebate = rng.choice([0, 0, four(0.02 * spot)])
        if rebate:
            trade["rebate"] = rebate
        trade["expiry"] = time_text(expiry)
        contract = Contract(sign, strike, years(expiry), low=levels["lower"], high=levels["upper"], rebate=rebate)
        row = made(f"pde-watched-{kind}-{i}", world, contract, trade, i % 3 == 2)
        if row["reference"]["price"][0] > 0.002 * spot:  # what a few paths in a thousand pay tells no error
            yield row


FAMILIES = {
    "early": (early_rows, {"gbm": 8, "merton": 8, "kou": 8, "heston": 10, "bates": 8, "svcj": 8}),
    "barriers": (barrier_rows, {"merton": 8, "kou": 8, "heston": 14, "bates": 12, "svcj": 12}),
}

if __name__ == "__main__":
    for chosen in sys.argv[1:] or FAMILIES:
        rows_of, counts = FAMILIES[chosen]
        write(os.path.join(FOLDER, f"pde_{chosen}.jsonl"), [r for kind, n in counts.items() for r in rows_of(kind, n)])
