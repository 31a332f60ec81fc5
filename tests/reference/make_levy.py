"""Writes trades/levy_*.jsonl: references under gbm, merton and kou. Python with numpy and scipy.

python tests/reference/make_levy.py [family | family:model ...]
"""

import os
import random
import sys

from levy import DAY, Model, iso
from levy_chains import Fixings, asians, barriers, floating_asians, lookbacks
from levy_early import autocallables, bermudans, continuous
from levy_payoffs import digitals, europeans, forward_starts, pools
from levy_returns import cliquets, geometric, geometric_strikes, swaps
from levy_rows import Market, rows_of, write
from levy_scripts import script_of

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "trades")
EIGHT = 22 * 3600 + 1800  # as_of is at 09:30: 08:00 of the next day


def random_market(rng, kind, years):
    """Jumps enough within the years that 2^16 paths tell what they do: a few thousand paths have one."""
    least = 0.15 / years
    carry = round(rng.uniform(-0.03, 0.08), 3)
    sigma = round(rng.uniform(0.15, 0.7), 3)
    values = {"sigma": sigma}
    if kind == "merton":
        values["lambda"] = max(round(rng.uniform(0.3, 4), 2), round(least, 1))
        values["mu_j"] = round(rng.uniform(-0.2, 0.08), 3)
        values["sigma_j"] = round(rng.uniform(0.03, 0.2), 3)
    if kind == "kou":
        values["lambda"] = max(round(rng.uniform(0.5, 8), 2), round(2 * least, 1))
        values["p"] = round(rng.uniform(0.2, 0.7), 3)
        values["eta1"] = round(rng.uniform(12, 40), 1)
        values["eta2"] = round(rng.uniform(12, 30), 1)
    return Market(Model(kind, values, carry), 100, round(rng.uniform(0, 0.08), 3), round(rng.uniform(0, 0.03), 3))


def average_strike(rng, market, fixings):
    """A strike around what the average is going to be."""
    total, count = len(fixings.past) + len(fixings.future), len(fixings.future)
    mean = (sum(fixings.past) + count * market.spot) / total
    sd = market.model.values["sigma"] * (years_of(fixings) / 3) ** 0.5 * count / total
    return round(mean * 2.718281828 ** (sd * (rng.uniform(-1.2, 1.2) if rng.random() < 0.8 else 0)), 3)


def scaled(rng, market, years, wide):
    """A level about `wide` deviations around spot."""
    sd = market.model.values["sigma"] * max(years, 1 / 365) ** 0.5
    return round(market.spot * 2.718281828 ** (sd * rng.uniform(-wide, wide)), 1)


def near(rng, market, years, wide=1.2):
    """A strike, often next to spot."""
    if rng.random() < 0.25:
        return market.spot + rng.choice([-0.5, 0, 0.5])
    return scaled(rng, market, years, wide)


def settlement(i):
    return {"settlement": "coin"} if i % 3 == 2 else {}


def option_side(rng):
    return {"call_put": rng.choice(["call", "put"])}


def expiries(rng):
    """Seconds: a day, a day and a half, or up to a year and a half, on and off the grid of 08:00."""
    days = rng.choice([1, 2, 7, 30, 91, 182, 300, 500])
    return days * DAY + rng.choice([0, EIGHT - DAY, 3 * 3600])


def random_fixings(rng, most=None, past=None, least=1):
    """Fixings and their keys: daily, weekly or monthly; from now, or at 08:00; with past ones, or not."""
    every = rng.choice([1, 2, 7, 7, 30])
    longest = {1: 20, 2: 16, 7: 26, 30: 12}[every]
    count = rng.randint(min(max(least, 2), longest), longest)
    count = min(count, most) if most else count
    style = rng.choice(["now", "own", "eight", "eight"])
    if style == "now" and past is None:
        future = [k * every * DAY for k in range(count)]
        return Fixings(future), {"fixings": {"every": every, "to": iso(future[-1])}}
    if style == "own" and past is None:
        future = [(k + 1) * every * DAY for k in range(count)]
        return Fixings(future), {"fixings": {"every": every, "skip_first": True, "to": iso(future[-1])}}
    first = EIGHT + rng.randint(0, every - 1) * DAY
    gone = past if past is not None else rng.choice([0, 0, 3, 8])
    future = [first + k * every * DAY for k in range(count)]
    prices = [round(100 * 2.718281828 ** rng.uniform(-0.08, 0.08), 2) for _ in range(gone)]
    keys = {"fixings": {"every": every, "from": iso(first - gone * every * DAY), "to": iso(future[-1])}}
    if gone:
        keys["past"] = prices
    return Fixings(future, prices), keys


def years_of(fixings):
    return fixings.future[-1] / DAY / 365


def last_day(rng):
    """All fixings but the last have been, and that is within the day."""
    gone = rng.choice([4, 9])
    prices = [round(100 * 2.718281828 ** rng.uniform(-0.05, 0.05), 2) for _ in range(gone)]
    return Fixings([EIGHT], prices), {
        "fixings": {"every": 7, "from": iso(EIGHT - 7 * gone * DAY), "to": iso(EIGHT)},
        "past": prices,
    }


def family_european(rng, kind, n):
    expiry = expiries(rng)
    market = random_market(rng, kind, expiry / DAY / 365)
    trades = []
    for i in range(6):
        trade = {"type": "european", **option_side(rng), "strike": near(rng, market, expiry / DAY / 365)}
        trades.append({**trade, "expiry": iso(expiry), **settlement(i)})
    return market, trades, expiry, europeans(trades, expiry, market.spot)


def family_digital(rng, kind, n):
    expiry = EIGHT + rng.choice([0, 5400]) if n % 6 == 0 else expiries(rng)  # the last day
    market = random_market(rng, kind, expiry / DAY / 365)
    trades = []
    for i in range(6):
        trade = {"type": "digital", **option_side(rng), "strike": near(rng, market, expiry / DAY / 365)}
        trade.update({"pays": "asset"} if i % 2 else {"amount": rng.choice([1, 50])})
        trades.append({**trade, "expiry": iso(expiry), **settlement(i)})
    return market, trades, expiry, digitals(trades, expiry, market.spot)


def family_start(rng, kind, n):
    start = expiries(rng)
    expiry = start + rng.choice([1, 7, 30, 120, 250]) * DAY
    market = random_market(rng, kind, (expiry - start) / DAY / 365)
    sd = market.model.values["sigma"] * ((expiry - start) / DAY / 365) ** 0.5
    trades = []
    for i in range(6):
        k = round(2.718281828 ** (rng.uniform(-1, 1) * sd), 3)
        trade = {"type": "forward_start", **option_side(rng), "moneyness": k, "start": iso(start)}
        trades.append({**trade, "expiry": iso(expiry), **settlement(i)})
    return market, trades, expiry, forward_starts(trades, start, expiry, market.spot)


def family_asian(rng, kind, n):
    fixings, keys = last_day(rng) if n % 6 == 0 else random_fixings(rng)
    market = random_market(rng, kind, years_of(fixings))
    trades = []
    for i in range(6):
        trade = {"type": "asian", **option_side(rng), "strike": average_strike(rng, market, fixings)}
        trades.append({**trade, **keys, **settlement(i)})
    return market, trades, fixings.future[-1], asians(trades, fixings, market.spot)


def family_geometric(rng, kind, n):
    fixings, keys = last_day(rng) if n % 6 == 0 else random_fixings(rng)
    market = random_market(rng, kind, years_of(fixings))
    trades = []
    for i in range(6):
        trade = {"type": "asian", "average": "geometric", **option_side(rng)}
        trades.append({**trade, "strike": average_strike(rng, market, fixings), **keys, **settlement(i)})
    return market, trades, fixings.future[-1], geometric(trades, fixings, market.spot)


def family_geometric_strike(rng, kind, n):
    fixings, keys = last_day(rng) if n % 6 == 0 else random_fixings(rng)
    market = random_market(rng, kind, years_of(fixings))
    trades = []
    for side, coin in (("call", 0), ("put", 0), ("call", 2), ("put", 2)):
        trade = {"type": "asian", "average": "geometric", "floating": True, "call_put": side}
        trades.append({**trade, **keys, **settlement(coin)})
    return market, trades, fixings.future[-1], geometric_strikes(trades, fixings, market.spot)


def family_pool(rng, kind, n):
    expiry = expiries(rng)
    market = random_market(rng, kind, expiry / DAY / 365)
    trades = []
    for i in range(4):
        entry = near(rng, market, expiry / DAY / 365)
        trade = {"type": "pool", "pays": "divergence_loss" if i < 3 else "value", "entry": entry, "deposit": 100}
        if i:
            far = market.model.values["sigma"] * (expiry / DAY / 365) ** 0.5 * rng.uniform(0.5, 1.5)
            trade.update({"lower": round(entry * 2.718281828**-far, 2), "upper": round(entry * 2.718281828**far, 2)})
        trades.append({**trade, "expiry": iso(expiry), **settlement(i)})
    return market, trades, expiry, pools(trades, expiry, market.spot)


def family_floating(rng, kind, n):
    fixings, keys = last_day(rng) if n % 6 == 0 else random_fixings(rng)
    market = random_market(rng, kind, years_of(fixings))
    trades = []
    for side, coin in (("call", 0), ("put", 0), ("call", 2), ("put", 2)):
        trades.append({"type": "asian", "floating": True, "call_put": side, **keys, **settlement(coin)})
    return market, trades, fixings.future[-1], floating_asians(trades, fixings, market.spot)


def family_lookback(rng, kind, n):
    fixings, keys = last_day(rng) if n % 6 == 0 else random_fixings(rng)
    market = random_market(rng, kind, years_of(fixings))
    trades = []
    for i in range(6):
        trade = {"type": "lookback", **option_side(rng)}
        trade.update({"floating": True} if i > 3 else {"strike": near(rng, market, years_of(fixings))})
        trades.append({**trade, **keys, **settlement(i)})
    return market, trades, fixings.future[-1], lookbacks(trades, fixings, market.spot)


def random_barrier(rng, market, years, i):
    sd = market.model.values["sigma"] * max(years, 1 / 365) ** 0.5
    trade = {
        "type": "barrier",
        **option_side(rng),
        "strike": near(rng, market, years),
        "knock": rng.choice(["out", "in"]),
    }
    which = rng.choice(["lower", "upper", "both"])
    for side, way in (("lower", -1), ("upper", 1)):
        if which in (side, "both"):
            far = rng.uniform(0.7, 2.2) if which == "both" else rng.choice([0.1, 0.5, 1.0, 1.5, 2.0])
            trade[side] = round(market.spot * 2.718281828 ** (way * far * sd), 2)
    if rng.random() < 0.6:
        trade["rebate"] = rng.choice([1, 5])
        if trade["knock"] == "out" and rng.random() < 0.6:
            trade["rebate_paid"] = "hit"
    return {**trade, **settlement(i)}


def rate_of(market):
    def rate(trade, model):
        return market.coin_rate + model.carry if trade.get("settlement") == "coin" else market.rate

    return rate


def family_barrier(rng, kind, n):
    if n % 6 == 0:
        fixings, keys = Fixings([EIGHT]), {"fixings": [iso(EIGHT)]}
    else:
        fixings, keys = random_fixings(rng, past=0)
    market = random_market(rng, kind, years_of(fixings))
    trades = []
    for i in range(4):
        trade = random_barrier(rng, market, years_of(fixings), i)
        trades.append({**trade, "monitoring": "discrete", **keys})
    return market, trades, fixings.future[-1], barriers(trades, fixings, market.spot, rate_of(market))


def family_continuous(rng, kind, n):
    expiry = EIGHT if n % 6 == 0 else expiries(rng)
    market = random_market(rng, kind, expiry / DAY / 365)
    trades = []
    for i in range(6):
        trade = random_barrier(rng, market, expiry / DAY / 365, i)
        trades.append({**trade, "expiry": iso(expiry)})
    return market, trades, expiry, continuous(trades, expiry, market.spot, rate_of(market))


def family_cliquet(rng, kind, n):
    fixings, keys = random_fixings(rng, most=9, past=rng.choice([0, 2, None]), least=4)
    market = random_market(rng, kind, years_of(fixings))
    sd = market.model.values["sigma"] * (fixings.gap / DAY / 365) ** 0.5
    returns = len(fixings.past) + len(fixings.future) - 1
    trades = []
    for i in range(4):
        trade = {"type": "cliquet", **keys, "local_floor": round(-sd * rng.uniform(0.3, 1.5), 4)}
        trade["local_cap"] = round(sd * rng.uniform(0.3, 1.5), 4)
        if rng.random() < 0.3:
            trade["moneyness"] = round(1 + sd * rng.uniform(-0.3, 0.3), 4)
        if i != 1:
            trade["global_floor"] = round(sd * returns**0.5 * rng.uniform(-0.5, 0.3), 4)
        if i != 0 and rng.random() < 0.7:
            trade["global_cap"] = round(sd * returns**0.5 * rng.uniform(0.5, 1.2), 4)
        trades.append({**trade, **settlement(i)})
    return market, trades, fixings.future[-1], cliquets(trades, fixings, market.spot)


def family_swap(rng, kind, n):
    fixings, keys = random_fixings(rng, past=rng.choice([0, 3, None]), least=13)
    market = random_market(rng, kind, years_of(fixings))
    every = fixings.gap / DAY
    v = market.model.values
    jumps = {"gbm": 0.0, "merton": v.get("mu_j", 0) ** 2 + v.get("sigma_j", 0) ** 2, "kou": 0.0}[kind]
    if kind == "kou":
        jumps = 2 * v["p"] / v["eta1"] ** 2 + 2 * (1 - v["p"]) / v["eta2"] ** 2
    level = (v["sigma"] ** 2 + v.get("lambda", 0) * jumps) ** 0.5
    trades = []
    for i in range(4):
        trade = {
            "type": "variance_swap" if i % 2 else "volatility_swap",
            **keys,
            "annualisation": round(365 / every, 4),
        }
        trade["strike"] = round(level * rng.uniform(0.8, 1.2), 2)
        if i > 1 or rng.random() < 0.3:
            trade["cap"] = round(level * rng.uniform(0.9, 1.6), 2)
        trades.append(trade)
    return market, trades, fixings.future[-1], swaps(trades, fixings, market.spot)


def family_bermudan(rng, kind, n):
    every, count = rng.choice([(7, 12), (14, 10), (30, 12), (30, 6), (91, 4)])
    market = random_market(rng, kind, every * count / 365)
    dates = [(k + 1) * every * DAY for k in range(count)]
    trades = []
    for i in range(3):
        trade = {"type": "bermudan", "call_put": "call" if market.model.carry < 0 and i == 1 else "put"}
        trade["strike"] = scaled(rng, market, dates[-1] / DAY / 365, 0.5)
        trade["exercise"] = {"every": every, "skip_first": True, "to": iso(dates[-1])}
        trades.append({**trade, **settlement(i)})
    return market, trades, dates[-1], bermudans(trades, dates, market.spot, rate_of(market))


def family_autocallable(rng, kind, n):
    fixings, keys = random_fixings(rng, past=0, most=10)
    market = random_market(rng, kind, years_of(fixings))
    sd = market.model.values["sigma"] * years_of(fixings) ** 0.5
    count = len(fixings.future)
    trades = []
    for i in range(4):
        top = 2.718281828 ** (sd * rng.uniform(0.0, 0.8))
        trade = {"type": "autocallable", "initial": rng.choice([100, 98, 103]), **keys}
        trade["autocall"] = round(top, 3) if i % 2 else [round(top - 0.02 * sd * d, 3) for d in range(count)]
        trade["coupon"] = round(rng.uniform(0.01, 0.05), 3)
        trade["coupon_barrier"] = round(2.718281828 ** (-sd * rng.uniform(0.1, 0.8)), 3)
        if i > 1:
            trade["memory"] = True
        trade["knock_in"] = round(2.718281828 ** (-sd * rng.uniform(0.3, 1.0)), 3)
        if i % 2:
            trade["knock_in_at"] = "fixings"
        trades.append({**trade, **settlement(i)})
    return market, trades, fixings.future[-1], autocallables(trades, fixings, market.spot, rate_of(market))


def family_script(rng, kind, n):
    names = ["asian", "lookback", "cliquet", "swap", "digital", "forward_start", "barrier", "european"]
    market, trades, expiry, values = FAMILIES[names[n % len(names)]][0](rng, kind, 1 + n // len(names))
    for trade in trades:
        trade.pop("rebate_paid", None)  # a script pays at its expiry
    return market, [script_of(trade, iso(expiry)) for trade in trades], expiry, values


FAMILIES = {  # batches for each model
    "digital": (family_digital, 8),
    "forward_start": (family_start, 7),
    "asian": (family_asian, 6),
    "geometric": (family_geometric, 8),
    "geometric_strike": (family_geometric_strike, 6),
    "pool": (family_pool, 0),  # single precision leaves 4e-6 of the deposit, more than the errors: not judged yet
    "floating": (family_floating, 6),
    "lookback": (family_lookback, 6),
    "barrier": (family_barrier, 14),
    "continuous": (family_continuous, 14),
    "cliquet": (family_cliquet, 4),
    "swap": (family_swap, 4),
    "bermudan": (family_bermudan, 4),
    "autocallable": (family_autocallable, 3),
    "script": (family_script, 8),
    "european": (family_european, 0),
}
SOURCES = {
    "asian": "recursion over the law of an increment",
    "floating": "recursion over the law of an increment",
    "lookback": "recursion over the law of an increment",
    "barrier": "recursion over the law of an increment",
    "continuous": "images",
    "cliquet": "expansion over atoms of local floors and caps",
    "swap": "transform of squared returns",
    "bermudan": "backward quadrature",
    "autocallable": "recursion over the law of an increment",
}


def counted_by_steps(row):
    """A rebate at a hit between two nodes of the engine's grid counts as paid halfway, which its price hardly feels. In
    d_rate, a mean time, an allowance for it: a quarter of the first step of six hours, of all that may be paid."""
    trade, reference = row["trade"], row["reference"]
    if trade.get("rebate_paid") == "hit":
        allowance = 0.25 * 0.25 / 365 * min(trade["rebate"], reference["price"][0])
        reference["d_rate"] = [float("%.6g" % reference["d_rate"][0]), float("%.1e" % allowance)]
    return row


def make(name, kind):
    family, batches = FAMILIES[name]
    rows = []
    for n in range(batches):
        rng = random.Random("%s %s %d" % (name, kind, n))
        market, trades, expiry, values = family(rng, kind, n)
        source = SOURCES.get(name, "law by Fourier inversion")
        prefix = "%s-%s-%d" % (name, kind, n)
        # A fixing within the day takes today's spot in theta: notes leave theta out then.
        theta = expiry > DAY and getattr(values, "first", expiry) > DAY
        least = 0.02 if name in ("barrier", "continuous") else 0.0
        made = rows_of(market, trades, [expiry] * len(trades), values, source, prefix, theta, least)
        rows += [counted_by_steps(row) for row in made] if name == "continuous" else made
    write(os.path.join(FOLDER, "levy_%s_%s.jsonl" % (name, kind)), rows)
    print(name, kind, len(rows), flush=True)


if __name__ == "__main__":
    chosen = sys.argv[1:] or [name for name in FAMILIES if FAMILIES[name][1]]
    for name in chosen:
        family, _, kind = name.partition(":")
        kinds = ("gbm",) if family == "continuous" else ("gbm", "merton", "kou")
        for one in [kind] if kind else kinds:
            make(family, one)
