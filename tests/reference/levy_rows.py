"""From expectations of payoffs to rows of tests/reference/trades: discounting, Greeks, errors, JSON Lines.

A batch is a market and trades on it that are valued together: values(model, elapsed, resolution) gives
[trade][E, dE/dS, d2E/dS2], expectations of what is paid, undiscounted, `elapsed` seconds after as_of with spot
where it was. Derivatives to parameters are central differences of that.
"""

import json
import math

import numpy as np

from levy import COARSE, DAY, FINE, YEAR

PARAMETERS = {
    "gbm": ["sigma"],
    "merton": ["sigma", "lambda", "mu_j", "sigma_j"],
    "kou": ["sigma", "lambda", "p", "eta1", "eta2"],
}


class Market:
    def __init__(self, model, spot, rate, coin_rate):
        self.model, self.spot, self.rate, self.coin_rate = model, spot, rate, coin_rate

    def config(self, name):
        return {
            "name": name,
            "spot": self.spot,
            "carry": self.model.carry,
            "discount_rate": self.rate,
            "coin_rate": self.coin_rate,
            "model": self.model.config(),
        }


def discount(market, model, coin, years):
    rate = market.coin_rate + model.carry if coin else market.rate
    return math.exp(-rate * years)


def greeks_of(market, coin, seconds, values, resolution, theta):
    """{quantity: array over the trades}; coin: array of 0 and 1; seconds: array of expiries."""
    model = market.model
    count = len(seconds)
    years = np.array(seconds) / YEAR

    def factor(m, less):
        return np.array([discount(market, m, coin[i], (seconds[i] - less) / YEAR) for i in range(count)])

    now = values(model, 0, resolution)
    resolution = resolution.value_alone()
    d = factor(model, 0)
    out = {"price": d * now[:, 0], "delta": d * now[:, 1], "gamma": d * now[:, 2]}
    out["d_rate"] = -years * out["price"]
    if hasattr(values, "rated"):  # paid at a time that depends on the rate
        h = 1e-4
        up, down = (values.rated(by)(model, 0, resolution)[:, 0] for by in (h, -h))
        out["d_rate"] = d * (np.exp(-h * years) * up - np.exp(h * years) * down) / (2 * h)
    if theta:
        out["theta"] = factor(model, DAY) * values(model, DAY, resolution)[:, 0] - out["price"]
    for name in ["carry"] + PARAMETERS[model.kind]:
        size = 0.3 if name == "carry" else max(abs(model.values[name]), 0.05)
        h = resolution.bump * size
        up, down = model.moved(name, h), model.moved(name, -h)
        one = factor(up, 0) * values(up, 0, resolution)[:, 0]
        out["d_" + name] = (one - factor(down, 0) * values(down, 0, resolution)[:, 0]) / (2 * h)
    out["net_delta"] = out["delta"] - out["price"] / market.spot
    return out


def rounded(value, error):
    """As many digits as a tenth of the error tells, at most 10."""
    if value == 0 or not math.isfinite(value):
        return value
    digits = 10
    if error > 0:
        digits = min(10, max(3, int(math.ceil(math.log10(abs(value) / error))) + 2))
    return float("%.*g" % (digits, value))


def rows_of(market, trades, seconds, values, source, prefix, theta=True, least=0.0):
    """Rows of one batch. trades: configs without underlying and id; ids are prefix and a number. Those worth less
    than `least` are left out."""
    coin = [trade.get("settlement") == "coin" for trade in trades]
    fine = greeks_of(market, coin, seconds, values, FINE, theta)
    coarse = greeks_of(market, coin, seconds, values, COARSE, theta)
    rows = []
    for i, trade in enumerate(trades):
        reference = {}
        price = abs(fine["price"][i])
        if price < least:
            continue  # a few paths in a million would tell
        for name, value in fine.items():
            if name == "net_delta" and not coin[i]:
                continue
            error = abs(value[i] - coarse[name][i]) + 1e-10 * (abs(value[i]) + 1e-2 * price)
            reference[name] = [rounded(float(value[i]), error), float("%.1e" % error)]
            if error > 2e-5 * abs(value[i]) + 1e-7 * price:
                print(prefix, i, name, value[i], coarse[name][i], flush=True)
        name = "%s%d" % (prefix.replace("-", ""), i)
        rows.append(
            {
                "id": "%s-%d" % (prefix, i),
                "underlyings": [market.config(name)],
                "trade": {**trade, "underlying": name, "quantity": 1},
                "reference": reference,
                "source": source,
            }
        )
    return rows


def write(path, rows):
    with open(path, "w") as file:
        for row in rows:
            file.write(json.dumps(row, separators=(",", ":")) + "\n")
