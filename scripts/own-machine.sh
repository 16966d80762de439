#!/usr/bin/env bash
# Runs a command as on a machine of its own: `own-machine.sh COMMAND...`. Network, mounts, /run, $TMPDIR
# and processes are the command's alone and end with it, however it ends (also by Ctrl-C); only the kernel
# is shared. Real nodes need it: they start daemons that outlive the process that started them.
set -euo pipefail

main() {
  if [ "$(id -u)" -ne 0 ]; then
    echo "Real nodes need root: run this with sudo" >&2
    exit 1
  fi
  remove_stale
  export KUBE_IPAM_MACHINE="kube-ipam-$$"
  scratch=$(mktemp -d "${TMPDIR:-/tmp}/$KUBE_IPAM_MACHINE-XXXX")
  trap end_machine EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  # When this script is killed, so is unshare, and with it every process of the machine.
  TMPDIR=$scratch setpriv --pdeathsig KILL \
    unshare --net --mount --pid --fork --kill-child --mount-proc --propagation private \
    bash -euo pipefail -c 'source "$0"; as_machine "$@"' "${BASH_SOURCE[0]}" "$@" &
  machine=$!
  wait "$machine"
}

as_machine() {
  ip link set lo up
  mount -t tmpfs -o mode=755 run /run
  # Overlays, of which nodes are made, cannot be stacked on a container's root.
  if [ "$(stat -f -c %T "$TMPDIR")" = overlayfs ]; then mount -t tmpfs tmp "$TMPDIR"; fi
  "$@"
}

# The machine's first process is gone only when every other one is.
end_machine() {
  local first=""
  if [ -n "${machine:-}" ]; then
    first=$(cat "/proc/$machine/task/$machine/children" 2>/dev/null) || true
    kill -KILL "$machine" 2>/dev/null || true
  fi
  for _ in $(seq 100); do
    [ -n "${first// /}" ] && [ -d "/proc/${first// /}" ] || break
    sleep 0.1
  done
  remove_cgroups "$KUBE_IPAM_MACHINE"
  rm -rf "$scratch"
}

# What a run has left that was itself killed: its folders bear the number of its process.
remove_stale() {
  local folder name
  for folder in /sys/fs/cgroup/kube-ipam-* /sys/fs/cgroup/*/kube-ipam-* "${TMPDIR:-/tmp}"/kube-ipam-*; do
    [ -d "$folder" ] || continue
    name=$(basename "$folder" | grep -oE '^kube-ipam-[0-9]+') || continue
    if [ -d "/proc/${name#kube-ipam-}" ]; then continue; fi
    case "$folder" in
      /sys/fs/cgroup/*) remove_cgroups "$name" ;;
      *) rm -rf "$folder" ;;
    esac
  done
}

# The kernel takes a moment to see that the last process of a cgroup has ended.
remove_cgroups() {
  local folder
  for _ in $(seq 50); do
    local left=0
    for folder in "/sys/fs/cgroup/$1"-* /sys/fs/cgroup/*/"$1"-*; do
      [ -d "$folder" ] || continue
      find "$folder" -depth -type d -exec rmdir {} \; 2>/dev/null || true
      [ ! -d "$folder" ] || left=1
    done
    [ "$left" -eq 1 ] || return 0
    sleep 0.1
  done
}

# Inside the machine this file is read for its functions alone.
if [ "${BASH_SOURCE[0]}" = "$0" ] && [ -z "${KUBE_IPAM_MACHINE:-}" ]; then main "$@"; fi
