#!/usr/bin/env bash
# A nightly run as a Slurm job array: 8 shares on any nodes, then one job that merges them. It needs no MPI.
# Usage, from a folder that all nodes see: array.sh CONFIG [quickset [ROUNDS]]
# A job that is out of time, or whose node is lost, is queued again and goes on from its own journal. With target_std_error, ROUNDS
# arrays one after the other double the paths (1 to begin with); one that nothing is left for ends soon.
set -euo pipefail
config=$1 quickset=${2:-quickset} rounds=${3:-1} shares=8
# shellcheck disable=SC2016 # the job expands these
again='status=$?; [ $status != 130 ] || scontrol requeue $SLURM_JOB_ID; exit $status'
options="--resume --max-hours 3.9 --threads \$SLURM_CPUS_PER_TASK"
merged="" after=()
for ((r = 1; r <= rounds; r++)); do
  share="$quickset shard $config --shard \$SLURM_ARRAY_TASK_ID/$shares --out share\$SLURM_ARRAY_TASK_ID.$r $options$merged"
  array=$(sbatch --parsable --requeue "${after[@]}" --array="1-$shares" --cpus-per-task=16 --time=4:00:00 --wrap "$share; $again")
  after=("--dependency=afterok:$array")
  for ((i = 1; i <= shares; i++)); do
    merged+=" --merge share$i.$r"
  done
done
merge="$quickset run $config $options$merged"
sbatch --requeue "${after[@]}" --cpus-per-task=16 --time=4:00:00 --wrap "$merge; $again"
