#!/usr/bin/env python3
"""Time and memory of a mixed book: N trades of every kind on ten underlyings under all six models.

usage: book.py QUICKSET [--trades 100,1000,10000] [--paths N] [--threads N] [--set KEY=VALUE]... [--out FILE] [--keep DIR]

A book of N trades is the first N of one fixed pseudo-random sequence, whose every hundred hold the same kinds, so that
two books differ in size alone. Most dates are listed expiries and rules from them; one trade in twenty has dates of its
own. The program values each book with all Greeks in a process of its own, of which wall and processor time and the most
resident memory are printed as JSON, each also for one trade.
"""
import argparse
import datetime
import json
import os
import random
import subprocess
import sys
import tempfile
import time

AS_OF = datetime.datetime(2026, 3, 2, 9, 30)
LISTED = ["2026-03-13", "2026-03-27", "2026-04-24", "2026-05-29", "2026-06-26", "2026-09-25", "2026-12-25", "2027-03-26"]
UNDERLYINGS = [
    ("A", 64000, "svcj", "v0: 0.25, kappa: 3, theta: 0.3, xi: 1.5, rho: -0.3, lambda: 1, mu_j: -0.05, sigma_j: 0.08, "
     "mu_v: 0.08, rho_j: -0.2"),
    ("B", 1900, "bates", "v0: 0.4, kappa: 3, theta: 0.4, xi: 1.8, rho: -0.3, lambda: 2, mu_j: -0.05, sigma_j: 0.1"),
    ("C", 100, "heston", "v0: 0.04, kappa: 1.5, theta: 0.04, xi: 0.5, rho: -0.7"),
    ("D", 140, "heston", "v0: 0.5, kappa: 4, theta: 0.45, xi: 1.9, rho: -0.2"),
    ("E", 4100, "heston", "v0: 0.03, kappa: 2, theta: 0.04, xi: 0.4, rho: -0.75"),
    ("F", 25, "merton", "sigma: 0.35, lambda: 0.8, mu_j: -0.1, sigma_j: 0.15"),
    ("G", 9, "kou", "sigma: 0.5, lambda: 2, p: 0.4, eta1: 12, eta2: 9"),
    ("H", 1.1, "gbm", "sigma: 0.09"),
    ("I", 80, "gbm", "sigma: 0.3"),
    ("J", 600, "svcj", "v0: 0.35, kappa: 4, theta: 0.35, xi: 1.6, rho: -0.25, lambda: 1.5, mu_j: -0.04, sigma_j: 0.06, "
     "mu_v: 0.05, rho_j: -0.1"),
]
KINDS = (["european"] * 20 + ["coin"] * 10 + ["digital"] * 8 + ["asian"] * 10 + ["discrete"] * 6 + ["continuous"] * 8 +
         ["lookback"] * 6 + ["forward_start"] * 5 + ["cliquet"] * 5 + ["variance_swap"] * 5 + ["volatility_swap"] * 2 +
         ["script"] * 8 + ["pair"] * 5 + ["three"] + ["bermudan"])
SCRIPTS = ["max(mean(S[monthly]) - K, 0)", "max(sum(max(min(returns(S[monthly]), 0.05), -0.03)), 0)",
           "max(last(S[weekly]) - 0.9 * min(S[weekly]), 0)", "if(S[T] > K, 1, 0, W)"]
PAIRS = ["max(0.5 * {a}[T] / {x} + 0.5 * {b}[T] / {y} - M, 0)", "max(max({a}[T] / {x}, {b}[T] / {y}) - M, 0)",
         "max({a}[T] / {x} - M * {b}[T] / {y}, 0)"]


def stamp(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def listed(random_, least=0):
    return stamp(datetime.datetime.fromisoformat(random_.choice(LISTED[least:])) + datetime.timedelta(hours=8))


def odd(random_, least_days=2):
    return stamp(AS_OF + datetime.timedelta(seconds=random_.randint(least_days * 86400, 365 * 86400)))


def rule(every, start, end, skip=False):
    return f"{{every: {every}, from: {start}, to: {end}, skip_first: {str(skip).lower()}}}"


def trade(index):
    r = random.Random(f"book {index}")
    kind = KINDS[index * 37 % len(KINDS)]
    name, spot, _, _ = UNDERLYINGS[r.randrange(len(UNDERLYINGS))]
    own = r.random() < 0.05
    expiry = odd(r) if own else listed(r)
    late = odd(r, 120) if own else listed(r, 4)
    start = odd(random.Random(f"from {index}"), 2)[:11] + "08:00:00Z" if own else "2026-03-06T08:00:00Z"
    start = start if start < late else "2026-03-06T08:00:00Z"
    month = start if own else "2026-03-27T08:00:00Z"
    strike = round(spot * r.uniform(0.8, 1.25), 4)
    call = r.choice(["call", "put"])
    quantity = r.choice([-3, -1, 1, 2, 5])
    head = f"id: t{index}, quantity: {quantity}, book: b{index % 7}"
    single = f"{head}, underlying: {name}"
    option = f"{single}, call_put: {call}, strike: {strike}"
    if kind == "european":
        return f"{option}, type: european, expiry: {expiry}"
    if kind == "coin":
        return f"{option}, type: european, settlement: coin, expiry: {expiry}"
    if kind == "digital":
        return f"{option}, type: digital, expiry: {expiry}"
    if kind == "asian":
        average = r.choice(["arithmetic", "arithmetic", "geometric"])
        return f"{option}, type: asian, average: {average}, fixings: {rule('week', start, late)}"
    if kind in ("discrete", "continuous"):
        barrier = f"lower: {0.75 * spot:.6g}" if r.random() < 0.5 else f"upper: {1.3 * spot:.6g}"
        watched = f"monitoring: discrete, fixings: {rule('week', start, late)}" if kind == "discrete" else f"expiry: {expiry}"
        return f"{option}, type: barrier, knock: {r.choice(['in', 'out'])}, {barrier}, {watched}"
    if kind == "lookback":
        return f"{option}, type: lookback, fixings: {rule('week', start, late)}"
    if kind == "forward_start":
        return f"{single}, type: forward_start, call_put: {call}, start: {month}, moneyness: {r.uniform(.9, 1.1):.4f}, expiry: {late}"
    if kind == "cliquet":
        floors = f"local_floor: {-r.uniform(.02, .08):.4f}, local_cap: {r.uniform(.02, .08):.4f}, global_floor: 0"
        return f"{single}, type: cliquet, {floors}, fixings: {rule('month', month, late)}"
    if kind in ("variance_swap", "volatility_swap"):
        cap = ", cap: 1.5" if r.random() < 0.5 else ""
        return f"{single}, type: {kind}, strike: {r.uniform(.1, .6):.4f}{cap}, fixings: {rule('week', start, late)}"
    if kind == "script":
        schedules = f"{{monthly: {rule('month', month, late)}, weekly: {rule('week', start, late)}}}"
        constants = f"{{K: {strike}, W: {0.02 * spot:.6g}}}"
        return (f"{single}, type: script, expiry: {late}, payoff: \"{r.choice(SCRIPTS)}\", constants: {constants}, "
                f"schedules: {schedules}")
    if kind == "bermudan":
        return f"{option}, type: bermudan, exercise: {rule('month', month, late)}"
    first = r.randrange(len(UNDERLYINGS) - 2)
    some = [UNDERLYINGS[first + k] for k in range(2 if kind == "pair" else 3)]
    names = ", ".join(u[0] for u in some)
    formula = (r.choice(PAIRS).format(a=some[0][0], b=some[1][0], x=some[0][1], y=some[1][1]) if kind == "pair" else
               "max(min({}) - M, 0)".format(", ".join(f"{u[0]}[T] / {u[1]}" for u in some)))
    return (f"{head}, underlyings: [{names}], type: script, expiry: {expiry}, payoff: \"{formula}\", "
            f"constants: {{M: {r.uniform(.9, 1.1):.4f}}}")


def config(count, paths):
    lines = [f"as_of: {stamp(AS_OF)}", f"simulation: {{paths: {paths}}}", "underlyings:"]
    for name, spot, model, values in UNDERLYINGS:
        lines.append(f"  - {{name: {name}, spot: {spot}, carry: 0.02, discount_rate: 0.03, model: {{type: {model}, {values}}}}}")
    lines.append("correlations:")
    for i, x in enumerate(UNDERLYINGS):
        lines += [f"  - {{between: [{x[0]}, {y[0]}], value: 0.4}}" for y in UNDERLYINGS[i + 1:]]
    lines += ["trades:"] + [f"  - {{{trade(i)}}}" for i in range(count)]
    return "\n".join(lines) + "\n"


def measure(command):
    start = time.monotonic()
    child = subprocess.Popen(command)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 4):
        sys.exit(f"{' '.join(command)}: exit status {child.returncode}")
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--trades", default="100,1000,10000")
    parser.add_argument("--paths", type=int, default=16384)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--out", help="write the figures as JSON here")
    parser.add_argument("--keep", help="leave configs and results here")
    args = parser.parse_args()
    runs = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or scratch
        os.makedirs(folder, exist_ok=True)
        for count in [int(n) for n in args.trades.split(",")]:
            path, out = os.path.join(folder, f"book{count}.yaml"), os.path.join(folder, f"out{count}")
            with open(path, "w") as f:
                f.write(config(count, args.paths))
            command = [args.program, "value", path, "--out", out, "--quiet", "--threads", str(args.threads)]
            for one in args.set:
                command += ["--set", one]
            wall, processor, memory = measure(command)
            runs.append({"trades": count, "paths": args.paths, "wall_seconds": round(wall, 3),
                         "cpu_seconds": round(processor, 3), "peak_bytes": memory,
                         "cpu_seconds_per_trade": round(processor / count, 6)})
            print(json.dumps(runs[-1]), flush=True)
    first, last = runs[0], runs[-1]
    growth = last["cpu_seconds_per_trade"] / first["cpu_seconds_per_trade"]
    figures = {"benchmark": "book", "threads": args.threads, "runs": runs, "cost_per_trade_last_over_first": round(growth, 3)}
    print(json.dumps({"cost_per_trade_last_over_first": figures["cost_per_trade_last_over_first"]}))
    if args.out:
        with open(args.out, "w") as f:
            json.dump(figures, f, indent=1)


if __name__ == "__main__":
    main()
