#!/usr/bin/env bash
# A whole Slurm on this machine, for tests: `one_machine.sh start FOLDER` and `one_machine.sh stop FOLDER`.
# Everything it writes lies in FOLDER; commands find it by SLURM_CONF=FOLDER/slurm.conf. Needs root, and the programs of
# Debian's slurm-wlm and munge. The partition `main` has as many cores as told in CORES (8): shards that share a core are
# slow, but they are what is tested. Accounting is off, as it often is where a cluster is small.
set -euo pipefail

action=$1
folder=$(mkdir -p "$2" && cd "$2" && pwd)
cores=${CORES:-8}
host=$(hostname -s)
export PATH=$PATH:/usr/sbin:/sbin

stop() {
  export SLURM_CONF=$folder/slurm.conf
  if timeout 10 scancel --partition main 2>/dev/null && timeout 10 scancel --partition urgent 2>/dev/null; then
    for _ in $(seq 50); do [ -z "$(timeout 5 squeue --noheader 2>/dev/null)" ] && break; sleep 0.2; done
  fi
  for name in slurmd slurmctld munged; do
    pid=$(cat "$folder/$name.pid" 2>/dev/null || true)
    if [ -n "$pid" ] && kill "$pid" 2>/dev/null; then
      for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
      kill -9 "$pid" 2>/dev/null || true
    fi
  done
  # Steps of a job that would not end outlive slurmd; each is told by the folder in its environment.
  for environment in /proc/[0-9]*/environ; do
    pid=${environment//[^0-9]/}
    if [ "$pid" != $$ ] && tr '\0' '\n' 2>/dev/null <"$environment" | grep -qx "SLURM_CONF=$folder/slurm.conf" &&
      tr '\0' '\n' 2>/dev/null <"$environment" | grep -q '^SLURM_JOB_ID='; then
      kill -9 "$pid" 2>/dev/null || true
    fi
  done
}

start() {
  for program in munged slurmctld slurmd sbatch; do
    command -v "$program" >/dev/null || { echo "no $program on this machine" >&2; exit 77; }
  done
  [ "$(id -u)" = 0 ] || { echo "only root can start a Slurm" >&2; exit 77; }
  mkdir -p "$folder"/{munge,state,spool}
  chmod 700 "$folder/munge"
  # munged trusts no path that others can write to; its socket lies in the folder, so ask for that to be let be.
  head -c 128 /dev/urandom >"$folder/munge/key"
  chmod 400 "$folder/munge/key"
  munged --force --key-file="$folder/munge/key" --socket="$folder/munge/socket" --pid-file="$folder/munged.pid" \
    --log-file="$folder/munge/log" --seed-file="$folder/munge/seed" --num-threads=2
  ports=$(python3 - <<'PYTHON'
import socket
held = [socket.socket() for _ in range(2)]
for each in held:
    each.bind(("127.0.0.1", 0))
print(*(each.getsockname()[1] for each in held))
PYTHON
  )
  cat >"$folder/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=${ports% *}
SlurmdPort=${ports#* }
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_interval=2,sched_min_interval=0,requeue_delay=0
KillWait=5
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cores State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP PriorityTier=1 PreemptMode=REQUEUE
PartitionName=urgent Nodes=$host MaxTime=INFINITE State=UP PriorityTier=10 PreemptMode=OFF
CONF
  export SLURM_CONF=$folder/slurm.conf
  slurmctld -c
  slurmd -c
  for _ in $(seq 150); do
    [ "$(sinfo --noheader --partition main --format %t 2>/dev/null)" = idle ] && exit 0
    sleep 0.2
  done
  echo "Slurm did not start within 30 seconds; see $folder/*.log" >&2
  stop
  exit 1
}

case $action in
  start) start ;;
  stop) stop ;;
  *) echo "start or stop" >&2; exit 2 ;;
esac
