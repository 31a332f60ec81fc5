#!/usr/bin/env bash
# The house's rules, format and lint over the tracked files, with warnings as errors.
# Usage: lint.sh PRESET BUILD_DIR (of that preset; it is configured here, clang-tidy wants the compile commands)
set -euo pipefail
cd "$(dirname "$0")/../.."
preset=$1 build=$2
jobs=$(nproc)
failed=()

# step NAME COMMAND...: goes on after a failure, so that one run names them all.
step() {
  local name=$1 start=$SECONDS status=ok
  shift
  "$@" || { status=FAILED; failed+=("$name"); }
  printf '== %-16s %s, %d s\n' "$name" "$status" $((SECONDS - start))
}

# tracked PATTERN...: the tracked files that are still there, each ended by a zero byte. In a container the tree may
# belong to another user, which git would refuse.
tracked() {
  git -c safe.directory='*' ls-files -z -- "$@" | while IFS= read -r -d '' file; do
    [ ! -f "$file" ] || printf '%s\0' "$file"
  done
}

# Names the files and the first place in each; all places would be pages.
format() {
  tracked '*.c' '*.h' '*.cc' '*.cpp' '*.cu' '*.cuh' '*.inc' | xargs -0 -r clang-format --dry-run -Werror 2>"$work/format" ||
    { awk -F: '/error:/ && !seen[$1]++' "$work/format"; echo "put them right by clang-format -i"; return 1; }
}

# kernels/sobol.c is left out: its table of 60,000 numbers takes minutes. Of the kernels' instantiations, which differ by
# width and precision alone, each width and precision is looked at once.
# A right shift of a negative number is the implementation's to define, and gcc, clang and nvcc agree (arithmetic).
static_analysis() {
  tracked 'host/*.c' 'kernels/*.c' 'bench/*.c' 'tests/*.c' | tr '\0' '\n' |
    grep -vxE 'kernels/sobol.c|kernels/cpu/(v3_.*|v4_double|portable_mixed|rebalance_(v3|portable)).c|tests/core/lanes_256.c' >"$work/cppcheck.list"
  cppcheck --quiet -j "$jobs" --std=c11 --language=c --enable=warning,performance,portability --inline-suppr \
    --error-exitcode=1 --suppress=missingIncludeSystem --suppress=shiftTooManyBitsSigned \
    --suppress=invalidPointerCast -I . -I include -I "$build/include" \
    --file-list="$work/cppcheck.list"
}

# clang comes without omp.h; gcc's declares the same functions, but for an attribute of gcc's own. Kernels' instantiations
# as above. From the last file to the first: the kernels, which take longest, are not what is waited for at the end.
tidy() {
  cmake --preset "$preset" >"$work/configure.log" 2>&1 || { cat "$work/configure.log"; return 1; }
  mkdir -p "$work/openmp"
  sed 's/__malloc__ *(omp_free)/__malloc__/' "$(gcc -print-file-name=include/omp.h)" >"$work/openmp/omp.h"
  python3 - "$build/compile_commands.json" >"$work/tidy.list" <<'PY'
import json, os, re, sys
here = os.getcwd() + "/"
files = {os.path.normpath(os.path.join(c["directory"], c["file"])) for c in json.load(open(sys.argv[1]))}
inside = sorted((f[len(here):] for f in files if f.startswith(here)), reverse=True)
again = re.compile("kernels/cpu/(v3_.*|v4_double|portable_mixed|rebalance_(v3|portable)).c|tests/core/lanes_256.c")
inside = [f for f in inside if not again.fullmatch(f)]
# The tests' GoogleTest macros cost more than all of the library, and the compiler's warnings see them already.
sys.stdout.write("".join(f + "\0" for f in inside if f.endswith(".c") and not f.startswith("build")))
PY
  mkdir -p "$work/database"
  sed 's/-fno-thread-jumps//g; s/-fno-tree-pre//g' "$build/compile_commands.json" >"$work/database/compile_commands.json" # gcc's own
  xargs -0 -r -n 1 -P "$jobs" -a "$work/tidy.list" clang-tidy --quiet -p "$work/database" --extra-arg=-isystem"$work/openmp" \
    --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-ignored-optimization-argument >"$work/tidy.log" \
    2>"$work/tidy.err" || { cat "$work/tidy.log"; grep -v 'warnings\? generated\|Suppressed' "$work/tidy.err"; return 1; }
}

shell() {
  if ! command -v shellcheck >/dev/null; then
    echo "shellcheck is not installed: skipped"
    return 0
  fi
  shellcheck run .ci/run
  tracked '*.sh' | xargs -0 -r shellcheck
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PYTHONDONTWRITEBYTECODE=1
step includes python3 tests/house/check_includes.py .
step banned python3 tests/house/check_banned.py .
step size python3 tests/house/check_size.py .
step rules-self-test python3 tests/house/test_checks.py --quiet
step clang-format format
step shellcheck shell
step cppcheck static_analysis
step clang-tidy tidy
if [ ${#failed[@]} -gt 0 ]; then
  echo "check: failed: ${failed[*]}" >&2
  exit 1
fi
echo "check: all passed"
