#!/usr/bin/env python3
"""Calls that are not made. Usage: check_banned.py ROOT

Everywhere: functions that overflow, hide errors, keep state between calls or start a shell. In the library (all but
host/cli, tests and benchmarks) nothing prints, ends the process or starts MPI either.
"""

import re
import sys

import sources

EVERYWHERE = (
    "strcpy strcat sprintf vsprintf gets atoi atol atoll atof strtok rand srand gmtime localtime ctime asctime system popen"
).split()
LIBRARY = "printf vprintf puts putchar perror exit _exit _Exit quick_exit abort MPI_Init MPI_Init_thread".split()
LIBRARY_NAMES = "stdout stderr".split()


def pattern(calls, names=()):
    parts = [r"(?<![\w.>:])(?:std::|::)?(?P<call>" + "|".join(calls) + r")\s*\("]
    if names:
        parts.append(r"\b(?P<name>" + "|".join(names) + r")\b")
    return re.compile("|".join(parts))


ANYWHERE_PATTERN = pattern(EVERYWHERE)
LIBRARY_PATTERN = pattern(EVERYWHERE + LIBRARY, LIBRARY_NAMES)


def is_library(path):
    return path.split("/")[0] in ("kernels", "host", "include") and not path.startswith("host/cli/")


def check(root):
    problems = []
    for path in sources.walk(root):
        text = sources.blank(sources.read(root, path))
        found = (LIBRARY_PATTERN if is_library(path) else ANYWHERE_PATTERN).finditer(text)
        for match in found:
            line = text.count("\n", 0, match.start()) + 1
            what = next(filter(None, match.groupdict().values()))
            problems.append(f"{path}:{line}: {what} is banned here")
    return problems


if __name__ == "__main__":
    sys.exit(sources.report(check(sys.argv[1]), "banned calls"))
