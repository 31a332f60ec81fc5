#!/usr/bin/env python3
"""Who may include whom. Usage: check_includes.py ROOT

kernels/core includes itself and freestanding headers alone; a backend includes core, kernels/*.h and the public headers,
never host or the other backend; host reaches paths only through kernels/backend.h and kernels/plan.h; risk, stress,
hedge and simulate do not include each other; host/policy, numerics alone, stands on base and market; cli includes the public headers and its own folder alone.
"""

import os
import re
import sys

import sources

FREESTANDING = {"stdint.h", "stddef.h", "stdbool.h", "float.h", "limits.h"}
PUBLIC = "include/quickset/"
# What host may see of the kernels: the interface, the plan, the keys of the random streams that a plan names, and the
# programs of payoff scripts, how these, exercise policies and their regression are evaluated over lanes, which needs no path, and the
# leverage function, the funding rate and what venues give, which are fitted as paths take them; and what a
# hedge over time meets along a path: cascades, and how it moves the price itself.
HOST_MAY_SEE = {"kernels/backend.h", "kernels/plan.h", "kernels/core/key.h", "kernels/core/script.h",
                "kernels/core/script.inc", "kernels/core/policy.inc", "kernels/core/regression.inc", "kernels/core/leverage.h",
                "kernels/core/funding.h", "kernels/core/venue.h", "kernels/core/cascade.h",
                "kernels/core/impact.h", "kernels/unit_walk.h"}
CAPABILITIES = {"risk", "stress", "hedge", "simulate"}
STANDS_ON = {"host/policy": {"host/base", "host/market"}}  # these folders alone, of host
INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]*([<\"])([^>\"]+)[>\"]", re.MULTILINE)


def resolve(root, path, quote, name):
    """The included file relative to root, or None for a header of the system or of another library."""
    beside = os.path.normpath(os.path.join(os.path.dirname(path), name)).replace(os.sep, "/")
    if quote == '"' and os.path.exists(os.path.join(root, beside)):
        return beside
    if name.startswith("quickset/"):
        return "include/" + name
    if name.startswith(("host/", "kernels/", "include/", "tests/", "bench/")):
        return os.path.normpath(name)
    return None


def folder(path):
    """'kernels/core', 'host/risk', 'kernels', 'include/quickset', ..."""
    parts = path.split("/")
    return "/".join(parts[:2]) if len(parts) > 2 else parts[0]


def backend_header(path):
    return path.startswith("kernels/") and path.count("/") == 1


def why_not(path, target, name):
    """Why path may not include target (None: a system header called name), or None where it may."""
    here = folder(path)
    if here == "kernels/core":
        if target is None:
            return None if name in FREESTANDING else "core includes only itself and freestanding headers"
        return None if folder(target) == here else "core includes only itself"
    if target is None:
        return None
    there = folder(target)
    if path.startswith("include/"):
        return None if target.startswith(PUBLIC) else "a public header includes only public headers"
    if path.startswith("kernels/"):
        if there == here or target.startswith(PUBLIC) or backend_header(target):
            return None
        if there == "kernels/core":
            return None
        return "a backend includes core, kernels/*.h and public headers alone"
    if path.startswith("host/"):
        if there == here or target.startswith(PUBLIC):
            return None
        if here == "host/cli":
            return "the program includes public headers alone"
        if target.startswith("kernels/"):
            if target in HOST_MAY_SEE:
                return None
            return "host reaches paths only through kernels/backend.h and kernels/plan.h"
        if not target.startswith("host/"):
            return "host includes host, kernels/backend.h, kernels/plan.h and public headers alone"
        if here == "host/base":
            return "host/base stands under all other folders"
        if here == "host/history" and there != "host/base":
            return "host/history stands on host/base alone"
        if there == "host/cli":
            return "nothing includes the program"
        if here in STANDS_ON and there not in STANDS_ON[here]:
            return "it includes " + " and ".join(sorted(STANDS_ON[here])) + " alone"
        if here.split("/")[1] in CAPABILITIES and there.split("/")[1] in CAPABILITIES:
            return "capabilities do not include each other"
    return None


def check(root):
    problems = []
    for path in sources.walk(root, folders={"kernels", "host", "include"}):
        text = sources.blank(sources.read(root, path), keep_strings=True)
        for match in INCLUDE.finditer(text):
            quote, name = match.groups()
            reason = why_not(path, resolve(root, path, quote, name), name)
            if reason:
                line = text.count("\n", 0, match.start()) + 1
                problems.append(f"{path}:{line}: includes {name}: {reason}")
    return problems


if __name__ == "__main__":
    sys.exit(sources.report(check(sys.argv[1]), "include direction"))
