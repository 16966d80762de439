#!/bin/sh
# Builds Kubernetes for the cluster tests, once, outside the checkout; prints the folder that holds
# its programs (etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kubectl).
# Takes about 10 minutes and 3 GB of Go build cache when cold, nothing when the programs are there.
# `build.sh --missing` builds nothing: it says what is missing, and how long that takes.
set -eu

version=1.34.4
here=$(cd "$(dirname "$0")" && pwd)
folder=${KUBE_IPAM_KUBERNETES:-${XDG_CACHE_HOME:-$HOME/.cache}/kube-ipam/kubernetes-v$version}

if [ "${1:-}" = --missing ]; then
  [ -x "$folder/kube" ] || echo "Kubernetes $version, about 10 minutes on two cores and 3 GB of Go's build cache"
  exit
fi
if [ ! -x "$folder/kube" ]; then
  mkdir -p "$folder"
  stamp=k8s.io/component-base/version
  # The API server and the kubelet compare these stamps, so they must be there.
  flags="-s -w -X $stamp.gitVersion=v$version -X $stamp.gitMajor=1 -X $stamp.gitMinor=34 \
-X $stamp.gitTreeState=clean -X $stamp.gitCommit=0000000000000000000000000000000000000000 \
-X $stamp.buildDate=2026-01-01T00:00:00Z"
  # A half-written executable must never be taken for a finished one: build beside it, then rename.
  (cd "$here/build" && CGO_ENABLED=0 nice -n 19 go build -trimpath -ldflags "$flags" -o "$folder/kube.$$" .) >&2
  mv "$folder/kube.$$" "$folder/kube"
fi
for program in etcd kube-apiserver kube-controller-manager kube-scheduler kubelet kubectl; do
  [ -e "$folder/$program" ] || ln -sfn kube "$folder/$program"
done
echo "$folder"
