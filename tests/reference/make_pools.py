#!/usr/bin/env python3
"""Writes trades/pools.jsonl: pool positions under all six models. Needs gmpy2 and mpmath; some minutes.

A position of liquidity L in [a, b] is L/2 int_a^b K^(-3/2) min(S, K) dK, and E[min(S, K)] is Lewis's integral of
fourier_reference.py, so that with p = A + iv, F the forward and X = ln(S_T / F)

  E[V] = L sqrt(F) / (2 pi)  int_0^inf Re[ phi(p) / (p (1-p)) * ((b/F)^(1/2-p) - (a/F)^(1/2-p)) / (1/2 - p) ] dv,

A below 1/2 where a is 0, above where b is infinite; on the whole line it is 2 L sqrt(F) phi(1/2). A move of ln F is
a factor e^(ps) of the integrand. Characteristic functions and their derivatives by differences in 45 digits are
those of fourier_reference.py. The error is the difference between panels of two widths.
"""
import json
import math
import os
import random

import gmpy2
from gmpy2 import mpc, mpfr

from fourier_reference import NODES, PARAMETERS, PI, STEP, USED, log_phi, spread

HERE = os.path.dirname(os.path.abspath(__file__))
YEAR, DAY, AS_OF = 365 * 86400, 86400, "2026-03-02T09:30:00Z"
SPOT = 100
CUT = mpfr(10) ** -20


def moved(m, name, h):
    out = dict(m)
    out[name] += h
    return out


def bumps(m, names):
    return [(name, STEP * max(abs(m[name]), mpfr("0.01"))) for name in names]


def whole_line(m, T, forward, liquidity, names):
    """E[V], its derivatives to ln F, once and twice, and to parameters"""
    half = mpfr("0.5")
    value = 2 * liquidity * gmpy2.sqrt(forward) * gmpy2.exp(log_phi(m, T, mpc(half))).real
    out = [value, half * value, half * half * value]
    for name, h in bumps(m, names):
        up, down = log_phi(moved(m, name, h), T, mpc(half)), log_phi(moved(m, name, -h), T, mpc(half))
        out.append(value * ((up - down) / (2 * h)).real)
    return out


def within(m, T, forward, liquidity, low, high, names, phase):
    """the same, by the integral"""
    start = mpfr("0.4") if low == 0 else mpfr("0.6") if high is None else mpfr("0.45")
    ends = ([(gmpy2.log(mpfr(high) / forward), 1)] if high else []) + ([(gmpy2.log(mpfr(low) / forward), -1)] if low else [])
    deviation, reach = spread(m, T)
    span = max(abs(k) for k, _ in ends) + 12 * deviation + reach
    unit = liquidity * gmpy2.sqrt(forward) / (2 * PI)
    total, v = None, mpfr(0)
    while True:
        width = min(phase / span, (v + start) * phase / 16)
        largest = mpfr(0)
        for x, weight in NODES:
            p = mpc(start, v + width * (x + 1) / 2)
            phi = gmpy2.exp(log_phi(m, T, p))
            edge = sum(sign * gmpy2.exp(k * (mpfr("0.5") - p)) for k, sign in ends) / (mpfr("0.5") - p)
            base = phi / (p * (1 - p)) * edge
            largest = max(largest, abs(phi))
            parts = [base, base * p, base * p * p]
            for name, h in bumps(m, names):
                up, down = log_phi(moved(m, name, h), T, p), log_phi(moved(m, name, -h), T, p)
                parts.append(base * (up - down) / (2 * h))
            total = total or [mpfr(0)] * len(parts)
            total = [t + weight * width / 2 * y.real for t, y in zip(total, parts)]
        v += width
        if largest < CUT:
            return [unit * t for t in total]


def expectations(m, T, forward, liquidity, low, high, names):
    if not low and not high:
        return whole_line(m, T, forward, liquidity, names), mpfr(10) ** -15
    coarse = within(m, T, forward, liquidity, low, high, names, mpfr(12))
    fine = within(m, T, forward, liquidity, low, high, names, mpfr(8))
    return fine, max(abs(a - b) for a, b in zip(coarse, fine))


def tokens(low, high, price):
    """of a unit of liquidity: of the underlying, of the currency"""
    root = math.sqrt(min(max(price, low), high or math.inf))
    return 1 / root - (1 / math.sqrt(high) if high else 0), root - math.sqrt(low)


def worth(trade, carry, rate, coin_rate, m, seconds, names, coin):
    """price, and derivatives, of what `seconds` are left of"""
    low, high, entry = trade.get("lower", 0), trade.get("upper"), trade["entry"]
    base, quote = tokens(low, high, entry)
    liquidity = trade["deposit"] / (base * entry + quote)
    held = (liquidity * base, liquidity * quote) if trade["pays"] == "divergence_loss" else (0, 0)
    T = seconds / YEAR
    forward = SPOT * math.exp(carry * T)
    discount = math.exp(-(coin_rate + carry if coin else rate) * T)
    if seconds <= 0:
        b, q = tokens(low, high, SPOT)
        return {"price": (liquidity * b - held[0]) * SPOT + liquidity * q - held[1]}, 0
    e, error = expectations({k: mpfr(str(v)) for k, v in m.items()}, mpfr(T), mpfr(forward), mpfr(liquidity), low, high, names)
    e = [float(x) for x in e]
    price = e[0] - held[0] * forward - held[1]
    first, second = e[1] - held[0] * forward, e[2] - held[0] * forward
    out = {
        "price": discount * price,
        "delta": discount * first / SPOT,
        "gamma": discount * (second - first) / SPOT**2,
        "d_carry": discount * T * (first - (price if coin else 0)),
        "d_rate": -T * discount * price,
    }
    for name, x in zip(names, e[3:]):
        out["d_" + name] = discount * x
    if coin:
        out["net_delta"] = out["delta"] - out["price"] / SPOT
    return out, float(error) * discount


def random_model(rng, kind):
    def r(low, high, digits=3):
        return round(rng.uniform(low, high), digits)

    m = {}
    if kind in ("heston", "bates", "svcj"):
        m = {"v0": r(0.05, 0.5), "kappa": r(1, 4, 2), "theta": r(0.05, 0.5), "xi": r(0.3, 1), "rho": r(-0.8, 0.3, 2)}
    if kind in ("merton", "bates", "svcj"):
        m.update({"lambda": r(0.5, 4, 2), "mu_j": r(-0.15, 0.08), "sigma_j": r(0.04, 0.15)})
    if kind == "svcj":
        m.update({"mu_v": r(0.03, 0.15), "rho_j": r(-0.3, 0.2, 2)})
    if kind == "kou":
        m.update({"lambda": r(0.5, 8, 2), "p": r(0.2, 0.7), "eta1": r(12, 40, 1), "eta2": r(12, 30, 1)})
    if kind in ("gbm", "merton", "kou"):
        m["sigma"] = r(0.2, 0.8)
    return m


def iso(seconds):
    days, rest = divmod(9 * 3600 + 1800 + seconds, DAY)
    import datetime

    day = datetime.date(2026, 3, 2) + datetime.timedelta(days)
    return "%sT%02d:%02d:%02dZ" % (day.isoformat(), rest // 3600, rest // 60 % 60, rest % 60)


RANGES = [(None, None), (80, 125), (95, 105), (60, None), (None, 110), (101, 150), (99.5, 100.5)]
SPANS = [22 * 3600 + 1800, DAY, 7 * DAY, 30 * DAY + 3 * 3600, 91 * DAY, 300 * DAY]


def rows(kind):
    rng = random.Random("pool " + kind)
    names = [p for p in PARAMETERS if p in USED[kind]]
    for i, (low, high) in enumerate(RANGES + RANGES[1:4]):
        m, seconds, coin = random_model(rng, kind), SPANS[i % len(SPANS)], i % 3 == 2
        if "lambda" in m:  # jumps on some of the paths
            m["lambda"] = max(m["lambda"], round(0.05 * YEAR / seconds, 2))
        carry, rate, coin_rate = (round(rng.uniform(0, 0.06), 3) for _ in range(3))
        trade = {"type": "pool", "pays": "value" if i % 2 else "divergence_loss", "deposit": 100}
        trade["entry"] = round(SPOT * rng.uniform(0.9, 1.1), 1)
        trade.update({k: v for k, v in (("lower", low), ("upper", high)) if v})
        now, error = worth(trade, carry, rate, coin_rate, m, seconds, names, coin)
        later, _ = worth(trade, carry, rate, coin_rate, m, seconds - DAY, [], coin)
        now["theta"] = later["price"] - now["price"]
        name = "pool%s%d" % (kind, i)
        trade.update({"expiry": iso(seconds), "underlying": name, "quantity": 1})
        if coin:
            trade["settlement"] = "coin"
        yield {
            "id": "pool-%s-%d" % (kind, i),
            "underlyings": [{"name": name, "spot": SPOT, "carry": carry, "discount_rate": rate, "coin_rate": coin_rate,
                             "model": {"type": kind, **m}}],
            "trade": trade,
            "reference": {k: [float("%.10g" % v), float("%.1e" % (error + 1e-10 * abs(v) + 1e-12))] for k, v in now.items()},
            "source": "Lewis's integral over the range",
        }


if __name__ == "__main__":
    with open(os.path.join(HERE, "trades", "pools.jsonl"), "w") as file:
        for kind in USED:
            for row in rows(kind):
                file.write(json.dumps(row, separators=(",", ":")) + "\n")
                file.flush()
