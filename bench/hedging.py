#!/usr/bin/env python3
"""Time of hedging over time with its mechanics: a book of 100 options under svcj, 30 dates, 10 policies.

usage: hedging.py QUICKSET [--paths 262144] [--threads 2] [--case NAME ...] [--repeat 1] [--keep DIR]

Cases are what is on: nothing but costs (plain), what a venue charges and asks for (charges: latency, funding, margin), each way
of failing or trading beside it (charges and index, cascade, own_impact, venues, slices), and all of it (all). What is printed
as JSON, a line a case, are wall and processor seconds of the whole process; processor seconds are what a busy machine leaves
nearly alone.
"""
import argparse
import json
import os
import resource
import statistics
import subprocess
import tempfile
import time

EXPIRIES = ["2026-01-16T08:00:00Z", "2026-02-06T08:00:00Z", "2026-02-27T08:00:00Z", "2026-03-27T08:00:00Z"]

CHARGES = {
    "latency_seconds": 60,
    "funding": {"reversion": 83, "volatility": 0.0077, "correlation": 0.25},
    "margin": {"collateral": 1.0, "coin": True, "yield": 0.01, "haircut": 0.05, "initial": 0.05, "maintenance": 0.025,
               "parts": 5, "fee": 0.005, "leverage": 2, "band": 0.5, "transfer_fee": 0.0001},
}

OTHERS = {
    "index": {"index": [{"from": "2026-01-12T08:00:00Z", "to": "2026-01-13T20:00:00Z"},
                        {"from": "2026-01-20T08:00:00Z", "to": "2026-01-21T08:00:00Z", "error": -0.05}]},
    "cascade": {"cascade": {"decay": 100, "excitation": 1000, "threshold": 0.03, "base": 1, "mean": -0.03, "deviation": 0.02}},
    "own_impact": {"own_impact": {"permanent": 0.0005, "transient": 0.002, "decay": 300}},
    "venues": {"venues": [{"name": "a", "hazard": 0.02, "impact": 0.02},
                          {"name": "b", "hazard": 0.05, "loss": 0.5, "taker_fee": 0.0004},
                          {"name": "c", "hazard": 0.1, "limit": 50, "maker_fee": 0.0001, "maker_share": 0.2}]},
    "slices": {"slices": {"count": 3, "over_seconds": 600}},
}

POLICIES = ["none", "delta_every_date", "local_every_date", "whalley_wilmott", "zakamouline", "leland", "minimum_variance_delta",
            "net_delta", {"type": "fixed_interval", "every": 5}, {"type": "gamma_weighted", "loss": 0.5}]


def config(paths, case):
    trades = [{"id": f"o{i}", "type": "european", "underlying": "X", "call_put": "put" if i % 2 else "call",
               "strike": 75 + i // 2, "expiry": EXPIRIES[i // 2 % 4], "quantity": (0.1 + 0.004 * i) * (1 if i % 3 == 1 else -1)}
              for i in range(100)]
    simulate = {"position": "portfolio", "instruments": ["X-PERPETUAL"], "dates": {"count": 30, "spacing_days": 1},
                "costs": {"proportional": 0.0005, "half_spread": 0.01, "impact": 0.01, "fixed": 0.001}, "cost_weight": 1,
                "policies": POLICIES}
    simulate.update({} if case == "plain" else CHARGES)
    for name, keys in OTHERS.items():
        simulate.update(keys if case in (name, "all") else {})
    model = {"type": "svcj", "v0": .2014, "kappa": 4.967, "theta": .2624, "xi": 1.68, "rho": -.3456, "lambda": .9329,
             "mu_j": -.1002, "sigma_j": .001, "mu_v": .1088, "rho_j": -.1976}
    return {"as_of": "2026-01-05T08:00:00Z", "simulation": {"paths": paths, "seed": 1}, "trades": trades, "simulate": simulate,
            "underlyings": [{"name": "X", "spot": 100, "carry": 0.02, "discount_rate": 0.03, "model": model}]}


def run(program, path, threads):
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    out = subprocess.run([program, "simulate", path, "--json", "--quiet", "--threads", str(threads)], check=True,
                         stdout=subprocess.PIPE).stdout
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    policy = json.loads(out)["simulate"]["policies"][1]
    return wall, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, policy


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--paths", type=int, default=262144)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--case", action="append", choices=["plain", "charges", *OTHERS, "all"])
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--keep", help="leave the configs here")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or scratch
        os.makedirs(folder, exist_ok=True)
        for case in args.case or ["plain", "charges", *OTHERS, "all"]:
            path = os.path.join(folder, f"hedging_{case}.yaml")
            with open(path, "w") as f:
                json.dump(config(args.paths, case), f)
            walls, processor, policies = zip(*[run(args.program, path, args.threads) for _ in range(args.repeat)])
            print(json.dumps({"benchmark": "hedging", "case": case, "paths": args.paths, "dates": 30, "policies": len(POLICIES),
                              "threads": args.threads, "wall_seconds": round(statistics.median(walls), 2),
                              "processor_seconds": round(statistics.median(processor), 2),
                              "liquidated": round(policies[0]["liquidated"]["estimate"], 4),
                              "failed": round(policies[0]["failed"]["estimate"], 4)}), flush=True)


if __name__ == "__main__":
    main()
