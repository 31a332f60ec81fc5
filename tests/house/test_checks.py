#!/usr/bin/env python3
"""The checks of this folder can fail: each is shown a small tree that breaks one rule, and one that breaks none."""

import os
import tempfile
import unittest

import check_banned
import check_includes
import check_size


def problems(check, files):
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            full = os.path.join(root, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as file:
                file.write(text)
        return check(root)


class Includes(unittest.TestCase):
    def verdict(self, path, include, **others):
        files = {path: f"#include {include}\n", **{k.replace("__", "/") + ".h": "" for k in others}}
        return problems(check_includes.check, files)

    def test_allowed(self):
        for path, include in [
            ("kernels/core/a.h", '"kernels/core/b.h"'),
            ("kernels/core/a.h", "<stdint.h>"),
            ("kernels/cpu/a.c", '"kernels/core/b.h"'),
            ("kernels/cpu/a.c", '"kernels/backend.h"'),
            ("kernels/cuda/a.cu", "<cuda_runtime.h>"),
            ("kernels/plan.h", '"quickset/model.h"'),
            ("host/risk/a.c", '"host/market/b.h"'),
            ("host/risk/a.c", '"kernels/plan.h"'),
            ("host/engine/a.c", '"kernels/core/key.h"'),
            ("host/history/a.c", '"kernels/core/funding.h"'),
            ("host/simulate/a.c", '"kernels/core/impact.h"'),
            ("host/base/a.c", "<stdio.h>"),
            ("host/policy/a.c", '"host/market/b.h"'),
            ("host/cli/a.c", '"quickset/engine.h"'),
            ("host/cli/a.c", '"host/cli/b.h"'),
            ("tests/core/a.cpp", '"kernels/core/b.h"'),
        ]:
            self.assertEqual(self.verdict(path, include), [], f"{path} {include}")

    def test_forbidden(self):
        for path, include in [
            ("kernels/core/a.h", "<math.h>"),
            ("kernels/core/a.h", '"kernels/plan.h"'),
            ("kernels/core/a.h", '"quickset/model.h"'),
            ("kernels/core/a.inc", '"host/base/b.h"'),
            ("kernels/cpu/a.c", '"host/base/context.h"'),
            ("kernels/cpu/a.c", '"kernels/cuda/b.h"'),
            ("kernels/cuda/a.cu", '"kernels/cpu/b.h"'),
            ("kernels/plan.h", '"host/base/context.h"'),
            ("host/market/a.c", '"kernels/core/b.h"'),
            ("host/engine/a.c", '"kernels/cpu/b.h"'),
            ("host/base/a.c", '"host/market/b.h"'),
            ("host/history/a.c", '"host/market/b.h"'),
            ("host/risk/a.c", '"host/hedge/b.h"'),
            ("host/stress/a.c", '"host/risk/b.h"'),
            ("host/policy/a.c", '"host/engine/b.h"'),
            ("host/risk/a.c", '"host/cli/b.h"'),
            ("host/cli/a.c", '"host/base/context.h"'),
            ("host/cli/a.c", '"kernels/plan.h"'),
            ("include/quickset/a.h", '"host/base/context.h"'),
        ]:
            self.assertEqual(len(self.verdict(path, include)), 1, f"{path} {include}")

    def test_relative_paths_do_not_hide(self):
        found = self.verdict("host/risk/a.c", '"../hedge/b.h"', host__hedge__b=1)
        self.assertEqual(found, ["host/risk/a.c:1: includes ../hedge/b.h: capabilities do not include each other"])

    def test_comments_do_not_count(self):
        files = {"kernels/core/a.h": "/* not\n#include <math.h>\n*/\n// #include <math.h>\n"}
        self.assertEqual(problems(check_includes.check, files), [])


class Banned(unittest.TestCase):
    def verdict(self, path, text):
        return problems(check_banned.check, {path: text})

    def test_every_name_is_found(self):
        for call in check_banned.EVERYWHERE:
            self.assertEqual(len(self.verdict("tests/a.cpp", f"int x;\n y = {call} (z);\n")), 1, call)
        for call in check_banned.LIBRARY:
            self.assertEqual(len(self.verdict("host/io/a.c", f"{call}(z);\n")), 1, call)
        self.assertEqual(self.verdict("host/io/a.c", "\nfputs(a, stderr);\n"), ["host/io/a.c:2: stderr is banned here"])

    def test_allowed(self):
        self.assertEqual(self.verdict("host/cli/main.c", 'printf("%d", exit_code(x)); fputs(a, stderr);'), [])
        self.assertEqual(self.verdict("tests/a.cpp", "std::abort();"), [])
        self.assertEqual(self.verdict("host/io/a.c", "snprintf(a, 1, b); gmtime_r(t, &tm); x.exit(); qs_exit();"), [])

    def test_comments_and_strings_do_not_count(self):
        text = '/* printf(x) */ // exit(1)\nconst char *a = "abort() \\" exit(";\nchar c = \'"\'; \n'
        self.assertEqual(self.verdict("kernels/cpu/a.c", text), [])
        self.assertEqual(len(self.verdict("kernels/cpu/a.c", text + "abort();")), 1)


class Size(unittest.TestCase):
    def test_limits(self):
        self.assertEqual(problems(check_size.check, {"host/a.c": "\n" * 600, "kernels/cuda/a.cu": "\n" * 150}), [])
        self.assertEqual(len(problems(check_size.check, {"host/a.c": "\n" * 601})), 1)
        self.assertEqual(len(problems(check_size.check, {"kernels/cuda/a.cu": "\n" * 151})), 1)


if __name__ == "__main__":
    unittest.main()
