#!/usr/bin/env bash
# All that a machine with a GPU should be asked, in under 8 minutes. Usage: bench/gpu.sh DIR
# Builds the plug-in for this machine's GPU, then: one valuation cold, throughput of every model, of fast arithmetic, of
# payoffs along paths and of policies over time, conformance of the bits on every model, payoff, sampling and policy, all 2^32
# inputs of core's scalar functions against the CPU, compute-sanitizer on a part of the conformance suite, and the instruction
# counts of every kernel. Figures and verdicts go to DIR as JSON (gpu.json has the essence of all) with log.txt; the build
# stays in build/gpu.
# Needs an NVIDIA driver, nvcc, cmake, a C++ compiler, python3 and GoogleTest; none of quickset's other libraries.
# Exit status: 0 all passed; 1 something failed; 2 usage; 5 no GPU, or a tool is missing.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 5

if [ $# -ne 1 ]; then
  echo "usage: bench/gpu.sh DIR" >&2
  exit 2
fi
if ! command -v nvcc >/dev/null && [ -x /usr/local/cuda/bin/nvcc ]; then
  export PATH=$PATH:/usr/local/cuda/bin
fi
for tool in nvidia-smi nvcc cmake python3; do
  if ! command -v "$tool" >/dev/null; then
    [ "$tool" = nvidia-smi ] && echo "gpu: no NVIDIA GPU here: nvidia-smi, which comes with the driver, is not found" >&2
    [ "$tool" = nvidia-smi ] || echo "gpu: $tool is not found" >&2
    exit 5
  fi
done
if ! gpus=$(nvidia-smi --query-gpu=name,driver_version,compute_cap --format=csv,noheader 2>&1) || [ -z "$gpus" ]; then
  echo "gpu: no NVIDIA GPU here: nvidia-smi says: ${gpus:-nothing}" >&2
  exit 5
fi
mkdir -p "$1" || exit 5
out=$(cd "$1" && pwd)
build=$PWD/build/gpu
capability=$(head -1 <<<"$gpus" | awk -F', *' '{gsub(/\./, "", $3); print $3}')
deadline=$((SECONDS + 470))
steps=$out/log.txt.steps
: >"$out/log.txt"
: >"$steps"
export QUICKSET_PLUGIN_DIR=$build/lib

# step NAME SECONDS COMMAND...: runs it under that limit and what is left of the whole; its output goes to the log.
# Its status, time and name are kept for the summary; 125 stands for "not begun: the time was up".
step() {
  local name=$1 limit=$2 start=$SECONDS status=0
  shift 2
  [ $((deadline - SECONDS)) -ge "$limit" ] || limit=$((deadline - SECONDS))
  printf '== %s\n' "$name" | tee -a "$out/log.txt"
  if [ "$limit" -le 0 ]; then
    status=125
  else
    timeout "$limit" "$@" >>"$out/log.txt" 2>&1 || status=$?
  fi
  printf '%s\t%s\t%s\n' "$name" "$status" $((SECONDS - start)) >>"$steps"
  [ "$status" -eq 0 ] || printf '   failed with status %s; the log ends:\n%s\n' "$status" "$(tail -5 "$out/log.txt")"
  return "$status"
}

tests="--gtest_brief=1 --gtest_color=no"
sanitize() {
  # shellcheck disable=SC2086
  compute-sanitizer --tool "$1" --error-exitcode 9 "$build/bin/test_conformance_gpu" $tests \
    --gtest_filter='All/*.*/cuda_heston_greeks:All/*.*/cuda_svcj_price:All/*.*/cuda_kou_horizon:All/*.*/cuda_svcj_sobol:All/*.*/cuda_leverage_pseudo:All/RebalanceConformance.SameBits*/cuda_everything:All/RebalanceConformance.SameBits*/cuda_single:All/JointConformance.SameBits*/cuda_heston_svcj_pseudo:All/JointConformance.SameBits*/cuda_kou_gbm_heston_pseudo:All/RegressionConformance.SameBits*/cuda_two'
}

# Clocks while the throughput is measured, twice a second.
watch_clocks() {
  nvidia-smi --query-gpu=clocks.sm,power.draw,temperature.gpu --format=csv,noheader,nounits -lms 500
}

throughput() {
  local watcher status=0
  watch_clocks >"$out/log.txt.clocks" 2>/dev/null &
  watcher=$!
  "$build/bin/gpu_bench" "$out/bench.json" || status=$?
  kill "$watcher" 2>/dev/null
  return "$status"
}
export -f sanitize throughput watch_clocks
export build out tests

printf '%s\n' "$gpus" | tee -a "$out/log.txt"
if step configure 60 cmake -S bench/gpu -B "$build" -DCMAKE_BUILD_TYPE=Release \
  "-DQS_CUDA_ARCHITECTURES=$capability-real" && step build 240 cmake --build "$build" -j "$(nproc)" --target gpu; then
  step cold 60 "$build/bin/gpu_bench" --cold "$out/cold.json"
  step throughput 90 bash -c throughput
  # shellcheck disable=SC2086
  step conformance 120 "$build/bin/test_conformance_gpu" $tests "--gtest_output=json:$out/conformance.json"
  # shellcheck disable=SC2086
  step arithmetic 120 "$build/bin/test_arithmetic" $tests "--gtest_output=json:$out/arithmetic.json"
  if command -v compute-sanitizer >/dev/null; then
    for tool in memcheck racecheck initcheck; do
      step "$tool" 60 bash -c "sanitize $tool"
    done
  fi
  if command -v cuobjdump >/dev/null; then
    step sass 90 python3 bench/sass_report.py --arch "sm_$capability" --json "$out/sass.json" "$build/lib/libquickset_cuda.so"
  fi
fi
python3 bench/gpu_summary.py "$out"
