#!/usr/bin/env python3
"""A run in shares, driven from Python: every share is a call of `quickset shard`, made by whatever runs calls.

Usage: shards.py CONFIG OUT [--shares 8] [--workers 2] [--by threads|dask|ray] [--quickset PROGRAM] [-- OPTION...]

`threads` needs nothing but Python; its threads only wait for the programs that they start. `dask` takes the cluster that
DASK_SCHEDULER_ADDRESS names, or makes one here; `ray` likewise by RAY_ADDRESS. CONFIG, what it names, OUT and its shares must be
where all workers see them. OPTIONs (--paths, --seed, --set ..) go to every call. A share that fails is tried again and goes on from
its own journal; the results are those of a run alone, to the byte.
"""

import argparse
import json
import os
import subprocess
import sys

TRIES = 3
AGAIN = (5, 130)  # device, memory or disk; stopped: another try may end better. Anything else is the inputs' fault
DONE = (0, 4, 6)  # results, some of which may be untrusted or breach a limit


def compute_share(command, journal):
    """Computes one share into the journal, from where an earlier try has come to; what it says of itself."""
    for _ in range(TRIES):
        made = subprocess.run([*command, "--out", journal, "--resume", "--quiet", "--json"], stdout=subprocess.PIPE)
        if made.returncode not in AGAIN:
            break
    if made.returncode:
        raise RuntimeError(f"{journal}: exit status {made.returncode}")
    return json.loads(made.stdout)


def by_threads(calls, workers):
    import concurrent.futures

    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return list(pool.map(lambda call: compute_share(*call), calls))


def by_dask(calls, workers):
    from dask.distributed import Client

    address = os.environ.get("DASK_SCHEDULER_ADDRESS")
    with Client(address) if address else Client(n_workers=workers, threads_per_worker=1) as client:
        return client.gather(client.map(compute_share, *zip(*calls), pure=False))


def by_ray(calls, workers):
    import ray

    ray.init(num_cpus=None if "RAY_ADDRESS" in os.environ else workers)
    task = ray.remote(compute_share)
    return ray.get([task.remote(*call) for call in calls])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config")
    parser.add_argument("out")
    parser.add_argument("--shares", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--by", choices=("threads", "dask", "ray"), default="threads")
    parser.add_argument("--quickset", default="quickset")
    split = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    args, options = parser.parse_args(sys.argv[1:split]), sys.argv[split + 1:]
    out = os.path.abspath(args.out)
    config = os.path.abspath(args.config)
    run = {"threads": by_threads, "dask": by_dask, "ray": by_ray}[args.by]
    journals, merged, more = [], [], True
    while more:  # once, but for the rounds of a target_std_error
        number = "" if not journals else f".{len(journals) // args.shares + 1}"
        fresh = [f"{out}.share{i}{number}" for i in range(1, args.shares + 1)]
        calls = [([args.quickset, "shard", config, "--shard", f"{i + 1}/{args.shares}", *merged, *options], journal)
                 for i, journal in enumerate(fresh)]
        try:
            more = any(share["more"] for share in run(calls, args.workers))
        except RuntimeError as failure:
            sys.exit(f"shards: {failure}")
        journals += fresh
        merged = [option for journal in journals for option in ("--merge", journal)]
    code = subprocess.run([args.quickset, "run", config, "--out", out, *merged, *options]).returncode
    if code in DONE:
        for journal in journals:
            os.remove(journal)
    return code


if __name__ == "__main__":
    sys.exit(main())
