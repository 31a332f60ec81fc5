#!/bin/sh
# Fails unless gcc vectorises every lane loop of script.inc at the widest vectors: for each of the 16 codes by date and
# the 29 derivatives to their operands, and for the loops of series.
# usage: vectorises.sh COMPILER SOURCE_DIR MARCH BYTES REAL_DOUBLE
set -eu
compiler=$1 source=$2 march=$3 bytes=$4 double=$5
report=$("$compiler" -std=c17 -O3 -fopenmp -march="$march" -mprefer-vector-width=512 -ffp-contract=off \
  -fno-trapping-math -fno-math-errno -fno-thread-jumps -I"$source" -DQS_LANES=128 -DQS_REAL_DOUBLE="$double" \
  -DQS_SCRIPT_SET=set -DQS_SCRIPT_NAME='"set"' -fopt-info-vec -c "$source/tests/script/script_loops.c" -o /dev/null 2>&1 |
  grep "loop vectorized using $bytes byte vectors" | sed -n 's/.*script\.inc:\([0-9]*\):.*/\1/p')
loop=0
lines=$(grep -n QS_SIMD "$source/kernels/core/script.inc" | cut -d: -f1 | tr '\n' ' ')
# shellcheck disable=SC2086
set -- $lines
for line in "$@"; do
  loop=$((loop + 1)) wanted=1
  case $loop in 1) wanted=16 ;; 2) wanted=29 ;; esac
  found=$(echo "$report" | awk -v first="$line" '$1 > first && $1 <= first + 3 { n++ } END { print n + 0 }')
  echo "loop at line $line: $found of $wanted vectorised with $bytes bytes for $march"
  test "$found" -ge "$wanted"
done
test "$loop" -gt 2
