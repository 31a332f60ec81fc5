#!/usr/bin/env bash
#SBATCH --job-name=nightly
#SBATCH --nodes=4 --ntasks-per-node=1 --cpus-per-task=16
#SBATCH --time=4:00:00 --requeue
# A nightly run as one process a node: sbatch mpi.sh CONFIG. Requeued after 3.9 hours it goes on from its journals.
set -euo pipefail
export OMP_NUM_THREADS=$SLURM_CPUS_PER_TASK
status=0
srun quickset-mpi run "$1" --threads "$SLURM_CPUS_PER_TASK" --resume --max-hours 3.9 || status=$?
if [ "$status" = 130 ]; then
  scontrol requeue "$SLURM_JOB_ID"
fi
exit "$status"
