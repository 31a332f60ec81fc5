#!/usr/bin/env python3
"""Counts what the GPU has to issue: registers, spills and instructions a time step of every kernel, from SASS.

usage: sass_report.py LIBRARY [--arch sm_90] [--match TEXT] [--json FILE] [--markdown FILE]
LIBRARY is whatever cuobjdump reads. CUOBJDUMP and CUFILT in the environment name the tools; c++filt serves as the latter.

A loop is a backward branch and what it spans. The "step" column is the longest innermost loop; "issue" is its limit in G
path-steps/s on an H200: 132 multiprocessors x 1.98 GHz x 128 instructions of one thread a cycle.
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


class Kernel:
    def __init__(self, name):
        self.name, self.registers, self.stack = name, 0, 0
        self.code = []  # (address, opcode, text)

    def loops(self):
        """(first, last) addresses of the innermost loops."""
        spans = []
        for address, op, text in self.code:
            match = BRANCH.search(text) if op.startswith("BRA") else None
            if match and int(match.group(1), 16) < address:
                spans.append((int(match.group(1), 16), address))
        return [s for s in spans if not any(t != s and s[0] <= t[0] and t[1] <= s[1] for t in spans)]

    def count(self, span):
        counts = collections.Counter(classify(op) for address, op, _ in self.code if span[0] <= address <= span[1])
        counts["all"] = sum(counts.values())
        return dict(counts)

    def step(self):
        counts = [self.count(s) for s in self.loops()]
        return max(counts, key=lambda c: c["all"], default={"all": 0})

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


def rows(kernels, match):
    names = demangle(list(kernels))
    table = []
    for name, kernel in sorted(kernels.items(), key=lambda item: names[item[0]]):
        if match in names[name] or match in name:
            step = kernel.step()
            table.append({"kernel": re.sub(r"^void |\(.*\)$", "", names[name]), "mangled": name,
                          "registers": kernel.registers, "stack": kernel.stack, "spills": kernel.spills(),
                          "instructions": sum(not op.startswith("NOP") for _, op, _ in kernel.code), "step": step,
                          "issue": ISSUE / step["all"] if step["all"] else None})
    return table


def markdown(table, arch):
    columns = ["fp32", "fp64", "integer", "mufu", "convert", "memory", "control"]
    lines = [f"Target {arch}; counted from the machine code, never run.", "",
             "| kernel | registers | stack | spill instructions | step | " + " | ".join(columns) + " | issue limit |",
             "|---|" + "---:|" * (5 + len(columns))]
    for row in table:
        cells = [row["kernel"], row["registers"], row["stack"], row["spills"], row["step"]["all"]]
        cells += [row["step"].get(c, 0) for c in columns]
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
