#!/usr/bin/env bash
# readme_examples.sh passes a page whose examples succeed, and fails one whose example fails or that has none.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/source" "$work/build"
fence='```'
page() { printf '%s\n' "$@" >"$work/page.md"; }
runs() { bash "$here/readme_examples.sh" "$work/page.md" "$work/source" "$work/build" >"$work/log" 2>&1; }

page "$fence"'txt file=sub/a.txt' hello "$fence" "$fence"'sh test' 'grep -q hello sub/a.txt' "$fence"
runs || { cat "$work/log"; exit 1; }
page "$fence"'sh test' 'false' 'true' "$fence"
if runs; then echo "a failing example passed"; exit 1; fi
page "$fence"'sh' 'true' "$fence"
if runs; then echo "a page without examples passed"; exit 1; fi
echo ok
