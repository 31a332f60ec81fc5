#!/usr/bin/env python3
"""Counts what the GPU has to issue: registers, spills and instructions a time step of every kernel, from SASS.

usage: sass_report.py LIBRARY [--arch sm_90] [--match TEXT] [--json FILE] [--markdown FILE]
LIBRARY is whatever cuobjdump reads. CUOBJDUMP and CUFILT in the environment name the tools; c++filt serves as the latter.

"step" is what one pass of the main loop issues: a time step of a path (new random words are made every fourth step, and
are counted so), or a leaf of a payoff kernel; kernels of payoffs along a path and of formulas have many loops over dates and no
such figure.
"instructions" are those of the whole kernel, each once. "issue" is its limit on an H200 in G steps/s: 132 multiprocessors x 1.98 GHz x
128 instructions of one thread a cycle. Inner loops (thresholds of counted jumps, streams of correlated normals) count once.
"""

import argparse
import collections
import json
import os
import re
import shutil
import subprocess
import sys

ISSUE = 132 * 1.98 * 128  # G thread-instructions/s

CLASSES = (
    ("mufu", r"MUFU"),
    ("fp64", r"D(ADD|MUL|FMA|SETP|MNMX)"),
    ("convert", r"(I2F|F2I|F2F|FRND|I2I)"),
    ("memory", r"(LD|ST|LDG|STG|LDL|STL|LDS|STS|LDC|ULDC|LDU|RED|ATOM)\b"),
    ("fp32", r"F(FMA|MUL|ADD|SETP|SEL|MNMX|SET|CHK)|HFMA2"),
    ("control", r"(BRA|EXIT|BSSY|BSYNC|CALL|RET|WARPSYNC|BAR|NOP|BREAK|BPT|DEPBAR|YIELD)"),
)
INSTRUCTION = re.compile(r"^\s+/\*([0-9a-f]{4,})\*/\s+(.*?)\s*;")
PHILOX = ("-0x2daee0ad", "-0x326172a9", "0xd2511f53", "0xcd9e8d57")
BRANCH = re.compile(r"\bBRA\b.*\b0x([0-9a-f]+)$")


def tool(variable, *names):
    for name in (os.environ.get(variable), *names):
        if name and shutil.which(name):
            return name
    sys.exit(f"sass_report: none of {', '.join(names)} found; name one in {variable}")


def demangle(names):
    text = subprocess.run([tool("CUFILT", "cu++filt", "c++filt")], input="\n".join(names), capture_output=True,
                          text=True, check=True).stdout
    return dict(zip(names, text.splitlines()))


def opcode(text):
    words = text.split()
    word = words[1] if words[0].startswith("@") else words[0]
    return word


def classify(op):
    base = op.split(".")[0]
    for name, pattern in CLASSES:
        if re.match(pattern, base):
            return name
    return "integer"


# Template arguments as their enumerations in kernels/core/law.h.
NAMES = {"qs_variance": {"0": "CONSTANT", "1": "QE", "2": "EULER"},
         "qs_jumps": {"0": "NONE", "1": "COUNTED", "2": "VARIANCE", "3": "EXPONENTIAL"},
         "bool": {"0": "0", "1": "1"}}


class Kernel:
    def __init__(self, name):
        self.name, self.registers, self.stack = name, 0, 0
        self.code = []  # (address, opcode, text)

    def branches(self, backward):
        """(from, to) of the branches in that direction."""
        for address, op, text in self.code:
            match = BRANCH.search(text) if op.startswith("BRA") else None
            target = int(match.group(1), 16) if match else address
            if target < address if backward else target > address:
                yield address, target

    def loops(self):
        """(first, last) addresses of the loops; those with one head are one loop."""
        spans = {}
        for address, target in self.branches(backward=True):
            spans[target] = max(address, spans.get(target, 0))
        return sorted(spans.items())

    def main_loop(self, outer):
        """The longest loop within a loop, else the longest: a kernel's steps in time within its dates, or its leaves.
        outer: the longest of all, where the loops within are those over streams."""
        loops = self.loops() if not outer else [max(self.loops(), key=lambda s: s[1] - s[0])]
        inside = [s for s in loops if sum(t[0] <= s[0] and s[1] <= t[1] for t in loops) == 2]
        return max(inside or loops, key=lambda s: s[1] - s[0], default=None)

    def refill(self, span):
        """(first, last) of the part of a step that makes new random words: what a forward branch jumps over and holds
        most of Philox's multiplications."""
        best = None
        for address, target in self.branches(backward=False):
            if span[0] <= address and target <= span[1] + 16:
                words = sum(address < a < target and any(c in text for c in PHILOX) for a, _, text in self.code)
                if words >= 12 and (best is None or target - address > best[1] - best[0]):
                    best = (address + 16, target - 16)
        return best

    def count(self, span):
        counts = collections.Counter(classify(op) for address, op, _ in self.code if span[0] <= address <= span[1])
        counts["all"] = sum(counts.values())
        return dict(counts)

    def step(self, outer=False):
        """Counts of the main loop, each new random word used four times: "all" is what a step issues on average."""
        span = self.main_loop(outer)
        if span is None:
            return {"all": 0, "refill": 0}
        counts, part = self.count(span), self.refill(span)
        refill = self.count(part) if part else {"all": 0}
        average = {name: counts[name] - 0.75 * refill.get(name, 0) for name in counts}
        return {**average, "refill": refill["all"]}

    def spills(self):
        return sum(op.startswith(("LDL", "STL")) for _, op, _ in self.code)


def read(library, arch):
    program = tool("CUOBJDUMP", "cuobjdump")
    run = lambda what: subprocess.run([program, what, "-arch", arch, library], capture_output=True, text=True,
                                      check=True).stdout
    kernels, current = {}, None
    for line in run("--dump-sass").splitlines():
        function = re.match(r"\s+Function : (\S+)", line)
        if function:
            current = kernels.setdefault(function.group(1), Kernel(function.group(1)))
        match = INSTRUCTION.match(line)
        if match and current:
            text = match.group(2).strip("{} ")
            current.code.append((int(match.group(1), 16), opcode(text), text))
    name = None
    for line in run("--dump-resource-usage").splitlines():
        function = re.match(r"\s*Function (\S+):", line)
        name = function.group(1) if function else name
        usage = re.search(r"REG:(\d+) STACK:(\d+)", line)
        if usage and name in kernels:
            kernels[name].registers, kernels[name].stack = int(usage.group(1)), int(usage.group(2))
    return kernels


def payoffs():
    """Names of the payoffs along a path by their codes, from their registry."""
    registry = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "kernels", "core", "path_payoffs.h")
    with open(registry, encoding="utf-8") as file:
        return dict(re.findall(r"X\((\d+), (\w+), [01]\)", file.read()))


def plain(name):
    """Without return type, parameters and casts: paths_f<QE, NONE, 1, 0>."""
    if "path_payoff" in name:
        name = re.sub(r"<\(?(?:unsigned int\))?(\d+)u?,", lambda m: f"<{payoffs().get(m.group(1), m.group(1))},", name)
    name = name.replace("false", "0").replace("true", "1")
    name = re.sub(r"\((\w+)\)(\d+)", lambda m: NAMES.get(m.group(1), {}).get(m.group(2), m.group(2)), name)
    return re.sub(r"^void ", "", name).split("(")[0]


def rows(kernels, match):
    names = demangle(list(kernels))
    table = []
    for name, kernel in sorted(kernels.items(), key=lambda item: names[item[0]]):
        if match in names[name] or match in name:
            whole = "path_payoff" in name or "joint_formula" in name
            step = {"all": 0, "refill": 0} if whole else kernel.step(outer="joint_paths" in name)
            table.append({"kernel": plain(names[name]), "mangled": name,
                          "registers": kernel.registers, "stack": kernel.stack, "spills": kernel.spills(),
                          "instructions": sum(not op.startswith("NOP") for _, op, _ in kernel.code), "step": step,
                          "issue": ISSUE / step["all"] if step["all"] else None})
    return table


def markdown(table, arch):
    columns = ["fp32", "fp64", "integer", "mufu", "convert", "memory", "control"]
    lines = [f"Target {arch}; counted from the machine code, never run.", "",
             "| kernel | registers | stack | spill instructions | instructions | step | of it refill / 4 | " + " | ".join(columns) +
             " | issue limit |", "|---|" + "---:|" * (7 + len(columns))]
    for row in table:
        cells = [row["kernel"], row["registers"], row["stack"], row["spills"], row["instructions"]]
        step = [row["step"]["all"], row["step"]["refill"] / 4] + [row["step"].get(c, 0) for c in columns]
        cells += [f"{count:.0f}" if row["step"]["all"] else "" for count in step]
        cells.append(f"{row['issue']:.0f}" if row["issue"] else "")
        lines.append("| " + " | ".join(str(c) for c in cells) + " |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library")
    parser.add_argument("--arch", default="sm_90")
    parser.add_argument("--match", default="")
    parser.add_argument("--json")
    parser.add_argument("--markdown")
    options = parser.parse_args()
    table = rows(read(options.library, options.arch), options.match)
    if not table:
        sys.exit(f"sass_report: no kernel for {options.arch} in {options.library}")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"arch": options.arch, "kernels": table}, file, indent=1)
    text = markdown(table, options.arch)
    if options.markdown:
        with open(options.markdown, "w", encoding="utf-8") as file:
            file.write(text)
    if not options.json and not options.markdown:
        print(text, end="")


if __name__ == "__main__":
    main()
