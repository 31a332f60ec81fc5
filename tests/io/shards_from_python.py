#!/usr/bin/env python3
"""configs/cluster/shards.py gives the results of a run alone, to the byte, and none where a share fails.

Usage: shards_from_python.py QUICKSET SHARDS_PY CONFIG WORK_FOLDER
"""

import filecmp
import json
import os
import shutil
import subprocess
import sys

quickset, shards, config, work = sys.argv[1:]
shutil.rmtree(work, ignore_errors=True)
os.makedirs(work)
options = ["--paths", "2048", "--quiet", "--backend", "cpu"]


def run(out, *more):
    command = [sys.executable, shards, config, out, "--shares", "3", "--quickset", quickset, "--", *options, *more]
    return subprocess.run(command, stderr=subprocess.PIPE, text=True)


alone = os.path.join(work, "alone")
together = os.path.join(work, "together")
code = subprocess.run([quickset, "run", config, "--out", alone, *options]).returncode
assert code in (0, 4), code
made = run(together)
assert made.returncode == code, made.stderr
names = sorted(os.listdir(alone))
assert sorted(os.listdir(together)) == names
for name in names:
    same = filecmp.cmp(os.path.join(alone, name), os.path.join(together, name), shallow=False)
    assert same or name == "manifest.json", f"{name} differs"
left = [name for name in os.listdir(work) if "share" in name and not name.endswith(".lock")]
assert not left, f"{left} are left"

# Rounds of a target_std_error, too.
options += ["--set", "simulation.target_std_error=0.002", "--set", "simulation.max_paths=16384"]
alone, together = os.path.join(work, "alone_rounds"), os.path.join(work, "together_rounds")
code = subprocess.run([quickset, "run", config, "--out", alone, *options]).returncode
made = run(together)
assert made.returncode == code, made.stderr
with open(os.path.join(alone, "results.json")) as file:
    assert json.load(file)["paths"] > 2048
assert filecmp.cmp(os.path.join(alone, "results.json"), os.path.join(together, "results.json"), shallow=False)
left = [name for name in os.listdir(work) if "share" in name and not name.endswith(".lock")]
assert not left, f"{left} are left"

# A share whose inputs are refused ends it all, at once and without results.
failed = run(os.path.join(work, "failed"), "--set", "simulation.seed=nothing")
assert failed.returncode == 1 and "exit status 3" in failed.stderr, failed.stderr
assert 1 <= failed.stderr.count("quickset: --set simulation.seed=nothing") <= 3, failed.stderr
assert not os.path.exists(os.path.join(work, "failed"))
