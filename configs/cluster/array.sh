#!/usr/bin/env bash
# A nightly run as a Slurm job array: 8 shares on any nodes, then one job that merges them. It needs no MPI.
# Usage, from a folder that all nodes see: array.sh CONFIG [quickset]
# A job that is out of time, or whose node is lost, is queued again and goes on from its own journal.
set -euo pipefail
config=$1 quickset=${2:-quickset} shares=8
# shellcheck disable=SC2016 # the job expands these
again='status=$?; [ $status != 130 ] || scontrol requeue $SLURM_JOB_ID; exit $status'
options="--resume --max-hours 3.9 --threads \$SLURM_CPUS_PER_TASK"
share="$quickset shard $config --shard \$SLURM_ARRAY_TASK_ID/$shares --out share\$SLURM_ARRAY_TASK_ID $options"
merge="$quickset run $config $options"
for ((i = 1; i <= shares; i++)); do
  merge+=" --merge share$i"
done
array=$(sbatch --parsable --requeue --array="1-$shares" --cpus-per-task=16 --time=4:00:00 --wrap "$share; $again")
sbatch --requeue --dependency="afterok:$array" --cpus-per-task=16 --time=4:00:00 --wrap "$merge; $again"
