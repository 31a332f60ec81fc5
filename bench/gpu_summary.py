#!/usr/bin/env python3
"""Gathers what bench/gpu.sh measured into DIR/gpu.json and prints a short table. Usage: gpu_summary.py DIR
Exit status: 0 when every step passed, else 1."""

import json
import os
import re
import statistics
import sys


# The law of each model under the default scheme, as sass_report.py names it; gbm needs no path.
LAWS = {"gbm": None, "merton": "CONSTANT, COUNTED", "kou": "CONSTANT, EXPONENTIAL", "heston": "QE, NONE",
        "bates": "QE, COUNTED", "svcj": "QE, VARIANCE"}


def load(folder, name):
    try:
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def take_lines(folder, name):
    """The lines of a file that is needed no more."""
    path = os.path.join(folder, name)
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
        os.remove(path)
        return lines
    except OSError:
        return []


def tests(report):
    """Counts of a GoogleTest report, and what failed."""
    if report is None:
        return None
    cases = [case for suite in report["testsuites"] for case in suite["testsuite"]]
    skipped = [case for case in cases if case.get("result") == "SKIPPED"]
    failed = [case["name"] for case in cases if "failures" in case]
    return {"run": len(cases) - len(skipped), "skipped": len(skipped), "failed": failed}


def instructions(sass, row, precision="f"):
    """SASS instructions a path-step of the path kernel that the row of the throughput table ran, or None."""
    for kernel in (sass or {}).get("kernels", []):
        if kernel["kernel"] == f"paths_{precision}<{LAWS[row['model']]}, {int(row['greeks'])}, 0>":
            return kernel["step"]["all"] or None
    return None


def shares(bench, sass, clock_ghz):
    """Adds to each row its share of the issue rate: multiprocessors x clock x 128 instructions of one thread a cycle."""
    rows = [(row, "f") for row in bench["throughput"]] + [(row, "q") for row in bench.get("fast", [])] if bench else []
    for row, precision in rows:
        count = instructions(sass, row, precision)
        row["instructions_per_step"] = count
        if count and clock_ghz:
            limit = bench["multiprocessors"] * clock_ghz * 128 / count
            row["issue_limit"] = limit
            row["share_of_issue_limit"] = row["g_path_steps_per_second"] / limit


def main():
    folder = sys.argv[1]
    bench, cold, sass = (load(folder, name) for name in ("bench.json", "cold.json", "sass.json"))
    steps = [dict(zip(("step", "status", "seconds"), (name, int(status), int(seconds))))
             for name, status, seconds in (line.split("\t") for line in take_lines(folder, "log.txt.steps"))]
    clocks = [float(line.split(",")[0]) for line in take_lines(folder, "log.txt.clocks")
              if re.match(r"\s*\d+(\.\d+)?\s*,", line)]
    busy = [c for c in clocks if c > 0.5 * max(clocks)]
    clock = 1e-3 * statistics.median(busy) if busy else (bench or {}).get("clock_ghz")
    shares(bench, sass, clock)
    suites = {name: tests(load(folder, f"{name}.json")) for name in ("conformance", "arithmetic")}
    # A suite that skipped for want of a device has shown nothing.
    whole = all(s and s["run"] and not s["skipped"] and not s["failed"] for s in suites.values())
    result = {"steps": steps, "passed": bool(steps) and whole and all(step["status"] == 0 for step in steps),
              "clock_ghz_while_busy": clock, "bench": bench, "cold": cold, **suites}
    with open(os.path.join(folder, "gpu.json"), "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
    show(result)
    return 0 if result["passed"] else 1


def show(result):
    print("\nstep            status  seconds")
    for step in result["steps"]:
        print(f"{step['step']:<15} {'ok' if step['status'] == 0 else step['status']!s:>6} {step['seconds']:>8}")
    bench = result["bench"]
    if bench:
        print(f"\n{bench['device']}, {bench['multiprocessors']} multiprocessors, {result['clock_ghz_while_busy']:.2f} GHz")
        print("model    greeks payoffs  G path-steps/s  instructions  of issue limit  same bits")
        for row in bench["throughput"]:
            share = row.get("share_of_issue_limit")
            print(f"{row['model']:<8} {'yes' if row['greeks'] else 'no':<6} {row['payoffs']:>7} "
                  f"{row['g_path_steps_per_second']:>15.2f} {row['instructions_per_step'] or '':>13} "
                  f"{f'{share:.0%}' if share else '':>15}  {'yes' if row['same_bits_as_cpu'] else 'NO'}")
        print("\nfast     greeks  G path-steps/s  instructions  of issue limit  standard errors from exact")
        for row in bench.get("fast", []):
            share = row.get("share_of_issue_limit")
            print(f"{row['model']:<8} {'yes' if row['greeks'] else 'no':<6} {row['g_path_steps_per_second']:>15.2f} "
                  f"{row['instructions_per_step'] or '':>13} {f'{share:.0%}' if share else '':>15}  {row['std_errors_from_exact']:.4f}")
        print("\npayoff        model  greeks sampling  G path-steps/s  same bits")
        for row in bench.get("along_paths", []) + bench.get("of_several", []):
            print(f"{row['payoff']:<13} {row['model']:<6} {'yes' if row['greeks'] else 'no':<6} {row['sampling']:<8} "
                  f"{row['g_path_steps_per_second']:>15.2f}  {'yes' if row['same_bits_as_cpu'] else 'NO'}")
        for row in bench.get("hedging", []):
            print(f"hedging, {row['instruments']} instruments, {row['policies']} policies: "
                  f"{row['m_path_dates_per_second']:.1f} M path-dates/s, same bits: {'yes' if row['same_bits_as_cpu'] else 'NO'}")
        for row in bench.get("early", []):
            what = f"regression, {row['regression']}, {row['columns']} columns" if "regression" in row else f"states at {row['states_dates']} dates"
            print(f"early exercise, {row['paths']} paths, {what}: {1e3 * row['seconds']:.3f} ms, "
                  f"same bits: {'yes' if row['same_bits_as_cpu'] else 'NO'}")
        print(f"one valuation: warm {1e3 * bench['warm_valuation_seconds']:.2f} ms", end="")
        print(f", cold {1e3 * result['cold']['cold_valuation_seconds']:.0f} ms" if result["cold"] else "")
    for name in ("conformance", "arithmetic"):
        if result[name]:
            print(f"{name}: {result[name]['run']} run, {len(result[name]['failed'])} failed, {result[name]['skipped']} skipped")
    print("gpu: all passed" if result["passed"] else "gpu: NOT all passed")


if __name__ == "__main__":
    sys.exit(main())
