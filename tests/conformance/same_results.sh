#!/usr/bin/env bash
# The program gives the same results to the byte on the CPU, on an emulated GPU behind a real plug-in, and on both at once.
# Usage: same_results.sh QUICKSET CONFIG PLUGIN_FOLDER DRIVER_FOLDER WORK_FOLDER [OPTION...]
set -euo pipefail
quickset=$1 config=$2 plugin=$3 driver=$4 work=$5
shift 5
rm -rf "$work"
mkdir -p "$work"
for backend in cpu cuda auto; do
  status=0
  QUICKSET_PLUGIN_DIR=$plugin LD_LIBRARY_PATH=$driver${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} \
    "$quickset" run "$config" --backend "$backend" --paths 1024 --quiet "$@" --out "$work/$backend" || status=$?
  # So few paths leave some numbers untrusted (4), and the demo may breach a limit (6): what counts is that all agree.
  case $status in 0 | 4 | 6) ;; *) exit 1 ;; esac
done
grep -q '"emulated GPU"' "$work/cuda/manifest.json"
for backend in cuda auto; do
  for file in "$work"/cpu/*; do
    name=$(basename "$file")
    [ "$name" = manifest.json ] || cmp "$file" "$work/$backend/$name"
  done
done
