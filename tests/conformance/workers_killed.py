#!/usr/bin/env python3
"""The program gives the CPU's results to the byte whatever becomes of the worker process of its (emulated) GPU.

Usage: workers_killed.py QUICKSET CONFIG PLUGIN_FOLDER DRIVER_FOLDER WORK_FOLDER
"""

import filecmp
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

quickset, config, plugin, driver, work = sys.argv[1:]
environment = dict(os.environ, QUICKSET_PLUGIN_DIR=plugin,
                   LD_LIBRARY_PATH=driver + ":" + os.environ.get("LD_LIBRARY_PATH", ""))


def workers_of(process):
    """Process numbers of the workers that the process has now."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat") as stat:
                state, parent = stat.read().rsplit(")", 1)[1].split()[:2]
            with open(f"/proc/{name}/cmdline") as line:
                if int(parent) == process and state != "Z" and "--device-worker" in line.read():
                    found.append(int(name))
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def start(name, *options):
    out = os.path.join(work, name)
    return out, subprocess.Popen([quickset, "value", config, "--paths", "1024", "--quiet", "--out", out, *options],
                                 env=environment)


def killed(name, backend, most, pause):
    """Kills workers of a run, at most so many, and never sooner than `pause` seconds after each other."""
    out, run = start(name, "--backend", backend)
    kills = 0
    while run.poll() is None:
        for worker in workers_of(run.pid) if kills < most else []:
            time.sleep(random.uniform(0, pause))
            try:
                os.kill(worker, signal.SIGKILL)
                kills += 1
            except ProcessLookupError:
                pass
        time.sleep(0.005)
    assert run.returncode in (0, 4), f"{name}: exit status {run.returncode}"
    with open(os.path.join(out, "manifest.json")) as manifest:
        made = json.load(manifest)
    print(f"{name}: {kills} kills; {made['backend_note']}; {made['devices']}")
    return out, kills, made


def compare(want, got):
    for name in sorted(os.listdir(want)):
        same = filecmp.cmp(os.path.join(want, name), os.path.join(got, name), shallow=False)
        assert name == "manifest.json" or same, f"{got}/{name} differs"


random.seed(5)
shutil.rmtree(work, ignore_errors=True)
os.makedirs(work)
reference, run = start("cpu", "--backend", "cpu")
assert run.wait() in (0, 4)

# Three may die in one unit: what one process did not do the next one does.
out, kills, made = killed("replaced", "cuda", 3, 0.3)
compare(reference, out)
device = made["devices"][0]
assert device["restarts"] in range(1, kills + 1) and device["failure"] is None, device
assert device["restart"] == "its worker process ended by signal 9", device

# All of them die soon: the device may count as lost, or be none, and the CPU does its work.
out, kills, made = killed("lost", "auto", 1000, 0.01)
compare(reference, out)
device = made["devices"][0]
assert kills >= 1 and (device["failure"] or device["restarts"] or made["backend_note"]), made
