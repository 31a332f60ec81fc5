#!/usr/bin/env bash
# Runs the examples of a Markdown page in a scratch copy of the tree, in their order: a fenced block marked `file=NAME` is
# written to NAME there, and one marked `sh test` is run by bash and must succeed. The scratch tree has the build folder as
# build/, so build/bin/quickset is there.
# Usage: readme_examples.sh PAGE SOURCE_DIR BUILD_DIR
set -euo pipefail
page=$(realpath "$1") source=$(realpath "$2") build=$(realpath "$3")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tar -C "$source" --exclude=./build --exclude=./.git --exclude=./out -cf - . | tar -C "$scratch" -xf -
ln -s "$build" "$scratch/build"
python3 - "$page" "$scratch" <<'PY'
import os, re, subprocess, sys

page, scratch = sys.argv[1:]
text = open(page, encoding="utf-8").read()
ran = 0
for match in re.finditer(r"^```([^\n]*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
    words, body = match.group(1).split(), match.group(2)
    names = [word[5:] for word in words if word.startswith("file=")]
    for name in names:
        path = os.path.join(scratch, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(body)
    if words[:1] == ["sh"] and "test" in words[1:]:
        line = text.count("\n", 0, match.start()) + 1
        print(f"== {os.path.basename(page)}:{line}", flush=True)
        status = subprocess.run(["bash", "-euo", "pipefail", "-c", body], cwd=scratch, stdin=subprocess.DEVNULL).returncode
        if status:
            sys.exit(f"{page}:{line}: exit status {status}")
        ran += 1
if not ran:
    sys.exit(f"{page}: no block is marked `sh test`")
print(f"{ran} example(s) ran")
PY
