#!/usr/bin/env python3
"""Write the nightly job on a whole option chain as a config: every option of the chain is a position.

usage: chain_job.py CHAIN.csv OUTDIR [--paths N] [--model svcj] [--run QUICKSET]

With --run the program is run on it, and its wall and processor time and its peak memory are printed. The book holds each listed option once, long or short by a fixed pseudo-random rule, and the hedge may use the
perpetual, five futures and twenty options near the money. The chain itself is referred to, not copied.
"""
import argparse
import csv
import os
import re
import resource
import subprocess
import sys
import time

MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()


def snapshot_time(path):
    stamp = re.search(r"(\d{8})T(\d{6})Z", os.path.basename(path))
    if not stamp:
        sys.exit(f"{path}: the name tells no snapshot time such as 20260801T175804Z")
    d, t = stamp.groups()
    return f"{d[:4]}-{d[4:6]}-{d[6:]}T{t[:2]}:{t[2:4]}:{t[4:]}Z"


def expiry_key(text):
    day, month, year = re.fullmatch(r"(\d{1,2})([A-Z]{3})(\d{2})", text).groups()
    return int(year), MONTHS.index(month), int(day)


def number(text):
    return float(text) if text else None


def two_sided(row):
    return number(row["bid"]) and number(row["ask"])


def level(row):
    return (number(row["bid"]) + number(row["ask"])) / 2 if two_sided(row) else number(row["mark"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("chain")
    parser.add_argument("out")
    parser.add_argument("--paths", type=int, default=262144)
    parser.add_argument("--model", default="svcj")
    parser.add_argument("--run", metavar="QUICKSET", help="run this program on the job and print what it took")
    args = parser.parse_args()
    with open(args.chain, newline="") as f:
        rows = list(csv.DictReader(f))
    name = rows[0]["instrument"].split("-")[0]
    as_of = snapshot_time(args.chain)
    now = (int(as_of[2:4]), int(as_of[5:7]) - 1, int(as_of[8:10]))
    options, futures, perpetual, index = [], [], None, None
    for row in rows:
        parts = row["instrument"].split("-")
        if len(parts) == 4 and expiry_key(parts[1]) > now:
            options.append(row)
        elif parts[1] == "PERPETUAL":
            perpetual = row
        elif parts[1] == "INDEX":
            index = row
        elif len(parts) == 2 and expiry_key(parts[1]) > now:
            futures.append(row)
    futures.sort(key=lambda r: expiry_key(r["instrument"].split("-")[1]))
    spot = level(index or perpetual or futures[0])
    os.makedirs(args.out, exist_ok=True)
    seed = 1
    with open(os.path.join(args.out, "positions.csv"), "w", newline="") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow(["instrument", "quantity", "book"])
        for row in options:
            seed = seed * 6364136223846793005 + 1442695040888963407 & (1 << 64) - 1
            quantity = (seed >> 33) % 41 - 20 or 1
            out.writerow([row["instrument"], quantity / 10, "calls" if row["instrument"].endswith("C") else "puts"])
    near = [r for r in options if two_sided(r) and
            (float(r["instrument"].split("-")[2]) >= spot) == r["instrument"].endswith("C")]
    near.sort(key=lambda r: (abs(float(r["instrument"].split("-")[2]) / spot - 1), r["instrument"]))
    tradable = [r for r in futures if two_sided(r)]
    hedge = ([perpetual] if perpetual else []) + tradable[-5:] + near[:20]
    lines = [
        f"as_of: {as_of}",
        "output: results",
        f"simulation: {{paths: {args.paths}, seed: 1}}",
        "underlyings:",
        f"  - name: {name}",
        f"    quotes: {os.path.abspath(args.chain)}",
        f"    model: {{type: {args.model}, calibrate: true}}",
    ]
    if not index and not perpetual:
        lines.append(f"    spot: {spot}")
    lines += [
        "portfolio: positions.csv",
        f"cash: [{{currency: {name}, amount: 100, book: calls}}]",
        "value: {greeks: true}",
        "risk: {horizon_days: 1, levels: [0.95, 0.975, 0.99]}",
        "stress:",
        "  spot: [-0.5, -0.2, -0.1, 0, 0.1, 0.2, 0.5]",
        "  volatility: [-0.25, 0, 0.5]",
        "  scenarios:",
        "    - {name: crash, spot: -0.35, volatility: 0.9, skew: -0.15, jump_intensity: 1}",
        "    - {name: bleed, spot: -0.12, volatility: -0.1}",
        "    - {name: melt-up, spot: 0.3, volatility: 0.35, skew: 0.2}",
        "    - {name: squeeze, spot: 0.15, volatility: 0.2, carry: 0.15}",
        "    - {name: calm, volatility: -0.35}",
        "    - {name: panic, volatility: 1}",
        "    - {name: jumpy, jump_intensity: 1, jump_size: 0.5}",
        "    - {name: skewed, skew: -0.2}",
        "    - {name: backwardation, carry: -0.2}",
        "    - {name: rates, discount_rate: 0.02}",
    ]
    if hedge:
        lines.append("hedge: {instruments: [" + ", ".join(r["instrument"] for r in hedge) +
                     "], horizon_days: 1, risk_aversion: 1.0e-6}")
    with open(os.path.join(args.out, "nightly.yaml"), "w") as f:
        f.write("\n".join(lines) + "\n")
    if args.run:
        sys.exit(measure([args.run, "run", os.path.join(args.out, "nightly.yaml")]))


def measure(command):
    """Run the command; print its times and peak memory; its exit status"""
    begin = time.monotonic()
    status = subprocess.run(command).returncode
    wall = time.monotonic() - begin
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"status {status}, {wall:.1f} s wall, {used.ru_utime + used.ru_stime:.1f} s processor, "
          f"peak {used.ru_maxrss / 1024:.0f} MB")
    return status


if __name__ == "__main__":
    main()
