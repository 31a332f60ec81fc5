#!/usr/bin/env python3
"""Time of an answer on demand: a vanilla book under many scenarios, from the start of the program to its results.

usage: on_demand.py QUICKSET [--positions 1000] [--scenarios 100] [--paths 65536] [--repeat 5] [--keep DIR]

European options on the ten underlyings of book.py, each scenario another shock of spot, volatility and carry. By Fourier
inversion and, once, simulated, side by side; what is printed as JSON are wall seconds of the whole process (the median), and how
many standard errors apart the two are at most.
"""
import argparse
import json
import os
import random
import statistics
import subprocess
import tempfile
import time

import book


def config(positions, scenarios, paths):
    draw = random.Random(5)
    lines = [f"as_of: {book.stamp(book.AS_OF)}", f"simulation: {{paths: {paths}}}", "underlyings:"]
    for name, spot, model, values in book.UNDERLYINGS:
        lines.append(f"  - {{name: {name}, spot: {spot}, carry: 0.02, discount_rate: 0.03, model: {{type: {model}, {values}}}}}")
    lines.append("trades:")
    for i in range(positions):
        name, spot, _, _ = draw.choice(book.UNDERLYINGS)
        strike = round(spot * draw.choice([.7, .75, .8, .85, .9, .95, 1, 1.05, 1.1, 1.15, 1.2, 1.3]), 4)
        lines.append(f"  - {{id: t{i}, quantity: {draw.choice([-3, -1, 1, 2])}, underlying: {name}, type: european, "
                     f"call_put: {draw.choice(['call', 'put'])}, strike: {strike}, expiry: {book.listed(draw)}}}")
    lines += ["stress:", "  scenarios:"]
    for k in range(scenarios):
        lines.append(f"    - {{name: s{k}, spot: {draw.uniform(-.4, .4):.3f}, volatility: {draw.uniform(-.3, 1):.3f}, "
                     f"carry: {draw.uniform(-.05, .05):.3f}}}")
    return "\n".join(lines) + "\n"


def answer(program, path, options):
    start = time.monotonic()
    out = subprocess.run([program, "stress", path, "--json", "--quiet", "--set", f"stress.european_options={options}"],
                         check=True, stdout=subprocess.PIPE).stdout
    seconds = time.monotonic() - start
    return seconds, [s["pnl"] for s in json.loads(out)["stress"]["scenarios"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--positions", type=int, default=1000)
    parser.add_argument("--scenarios", type=int, default=100)
    parser.add_argument("--paths", type=int, default=65536)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--keep", help="leave the config here")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or scratch
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, "on_demand.yaml")
        with open(path, "w") as f:
            f.write(config(args.positions, args.scenarios, args.paths))
        times, exact = zip(*[answer(args.program, path, "fourier") for _ in range(args.repeat)])
        slow, simulated = answer(args.program, path, "simulated")
    apart = max(abs(a["estimate"] - b["estimate"]) / b["std_error"] for a, b in zip(exact[0], simulated))
    print(json.dumps({"benchmark": "on_demand", "positions": args.positions, "scenarios": args.scenarios,
                      "fourier_seconds": round(statistics.median(times), 3), "simulated_seconds": round(slow, 3),
                      "simulated_paths": args.paths, "standard_errors_apart": round(apart, 2)}))


if __name__ == "__main__":
    main()
