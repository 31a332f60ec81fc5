#!/usr/bin/env python3
"""A file does one thing and fits the head: a .cu of at most 150 lines, any other source of at most 600.
Usage: check_size.py ROOT"""

import sys

import sources

LIMITS = {".cu": 150}
LIMIT = 600
SUFFIXES = sources.SOURCE_SUFFIXES + (".py", ".sh", ".cmake")


def check(root):
    problems = []
    for path in sources.walk(root, SUFFIXES):
        limit = next((n for suffix, n in LIMITS.items() if path.endswith(suffix)), LIMIT)
        lines = sources.read(root, path).count("\n")
        if lines > limit:
            problems.append(f"{path}: {lines} lines, at most {limit}")
    return problems


if __name__ == "__main__":
    sys.exit(sources.report(check(sys.argv[1]), "file size"))
