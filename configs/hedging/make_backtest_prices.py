#!/usr/bin/env python3
"""Writes backtest_prices.csv beside this file: made-up hourly prices of bitcoin, 28 days from 2025-12-28.

ln S moves each hour by sqrt(v / 8760) z - v / 17520, and v by 20 (0.3 - v) / 8760 + 1.5 sqrt(v / 8760) y (floored at .02),
z and y normal with correlation -.4 by Box and Muller from the generator x -> 6364136223846793005 x +
1442695040888963407 (mod 2^64), whose upper 53 bits are a uniform number. No market's prices are in it.
"""

import datetime
import math
import pathlib

def uniforms(state=20251228):
    while True:
        state = (6364136223846793005 * state + 1442695040888963407) % 2**64
        yield ((state >> 11) + 0.5) / 2**53


def text():
    numbers = uniforms()
    time = datetime.datetime(2025, 12, 28, 8)
    price, v = 58000.0, 0.25
    rows = ["time,price"]
    for _ in range(28 * 24 + 1):
        rows.append(f"{time:%Y-%m-%dT%H:%M:%SZ},{price:.2f}")
        radius, angle = math.sqrt(-2 * math.log(next(numbers))), 2 * math.pi * next(numbers)
        z, y = radius * math.cos(angle), radius * math.sin(angle)
        y = -0.4 * z + math.sqrt(1 - 0.16) * y
        price *= math.exp(math.sqrt(v / 8760) * z - v / 17520)
        v = max(v + 20 * (0.3 - v) / 8760 + 1.5 * math.sqrt(v / 8760) * y, 0.02)
        time += datetime.timedelta(hours=1)
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    pathlib.Path(__file__).with_name("backtest_prices.csv").write_text(text(), encoding="utf-8")
