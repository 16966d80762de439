#!/bin/sh
# Turns fresh namespaces into a machine: `boot.sh NAME FOLDER INIT`, where FOLDER is the machine's disk.
# Whatever a node's programs write under /etc, /opt, /run and /var is this machine's own.
set -eu
name=$1 disk=$2 init=$3

hostname "$name"
ip link set lo up
mount --make-rshared /
mount -t tmpfs -o mode=755 run /run
for folder in etc var; do
  mkdir -p "$disk/$folder" "$disk/work-$folder"
  mount -t overlay "$folder" -o "lowerdir=/$folder,upperdir=$disk/$folder,workdir=$disk/work-$folder" "/$folder"
done
mkdir -p "$disk/opt"
mount --bind "$disk/opt" /opt

# At its first start the machine has nothing of what this one may have.
if [ ! -e "$disk/used" ]; then
  rm -rf /etc/cni /etc/containerd /etc/kube-ipam /etc/kubernetes /var/lib/kube-ipam /var/log/kube-ipam.log
  touch "$disk/used"
fi
# Containers' file systems are overlays, which cannot lie on one.
for folder in containerd kubelet; do
  mkdir -p "$disk/$folder" "/var/lib/$folder"
  mount --bind "$disk/$folder" "/var/lib/$folder"
  mount --make-rshared "/var/lib/$folder"
done

# The kubelet sets these for the whole kernel; here it finds them set.
tunable() {
  [ -e "/proc/sys/$1" ] || return 0
  mkdir -p "/run/tunables/${1%/*}"
  echo "$2" >"/run/tunables/$1"
  mount --bind "/run/tunables/$1" "/proc/sys/$1"
}
tunable vm/overcommit_memory 1
tunable vm/panic_on_oom 0
tunable kernel/panic 10
tunable kernel/panic_on_oops 1
tunable kernel/keys/root_maxkeys 1000000
tunable kernel/keys/root_maxbytes 25000000

exec "$init"
