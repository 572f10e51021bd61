#!/bin/bash
# A list of captures as an array of four tasks:
#   sbatch deploy/slurm.sh captures.txt /shared/scenes
# Slurm's variables tell each task its share. Set: the array, cores, memory, time.
#SBATCH --job-name=loop3d
#SBATCH --array=0-3
#SBATCH --cpus-per-task=4
#SBATCH --mem=8G
#SBATCH --time=04:00:00
#SBATCH --requeue
# SIGTERM 60 s before the time is over: fits leave a checkpoint, and the task is queued again.
#SBATCH --signal=B:TERM@60
set -u

list=${1:?usage: sbatch slurm.sh LIST DIR}
out=${2:?usage: sbatch slurm.sh LIST DIR}

# In the background, so that bash hears the signal and hands it on.
loop3d batch "$list" -o "$out" &
batch=$!
trap 'kill -TERM "$batch" 2>/dev/null' TERM
wait "$batch"
code=$?
# `wait` itself ends with more than 128 when a signal comes; the batch's own code follows.
if kill -0 "$batch" 2>/dev/null; then
  wait "$batch"
  code=$?
fi

# 75: not now; 143: stopped with a checkpoint. Any other code is the task's own.
if [ "$code" -eq 75 ] || [ "$code" -eq 143 ]; then
  scontrol requeue "${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"
fi
exit "$code"
