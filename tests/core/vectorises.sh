#!/bin/sh
# Fails unless gcc vectorises the loop over every function of math_list.h at the widest vectors.
# usage: vectorises.sh COMPILER SOURCE_DIR MARCH BYTES
set -eu
compiler=$1 source=$2 march=$3 bytes=$4
wanted=$(grep -c '^QS_EACH' "$source/tests/core/math_list.h")
found=$("$compiler" -std=c17 -O3 -fopenmp -march="$march" -mprefer-vector-width=512 -ffp-contract=off -fno-trapping-math \
  -fno-math-errno -I"$source" -DQS_LOOP_SET=set -fopt-info-vec -c "$source/tests/core/math_loops.c" -o /dev/null 2>&1 |
  grep -c "math_loop.inc.*loop vectorized using $bytes byte vectors") || true
echo "$found of $wanted loops vectorised with $bytes bytes for $march"
test "$found" -eq "$wanted"
