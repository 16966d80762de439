#!/bin/sh
# Builds what one of the test's nodes runs, once, outside the checkout: containerd 2.x with its shim, and
# main plugins that know CNI 1.1.0. Prints the folder that holds them. Takes some minutes when cold.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
containerd=github.com/containerd/containerd/v2
plugins=github.com/containernetworking/plugins

main() {
  version=$(version_of "$containerd")
  folder=${XDG_CACHE_HOME:-$HOME/.cache}/kube-ipam/containerd-$version-plugins-$(version_of "$plugins")
  [ -x "$folder/containerd" ] || build
  echo "$folder"
}

version_of() { sed -n "s|^	$1 v||p" "$here/containerd/go.mod"; }

# A folder half filled must never be taken for a finished one: build beside it, then rename.
build() {
  staged=$folder.$$
  mkdir -p "$staged/cni"
  trap 'rm -rf "$staged"' EXIT
  compile "$staged/" -tags 'no_btrfs no_devmapper no_zfs' -ldflags "-s -w -X $containerd/version.Version=$version" \
    "$containerd/cmd/containerd" "$containerd/cmd/containerd-shim-runc-v2"
  compile "$staged/cni/" -ldflags '-s -w' \
    "$plugins/plugins/ipam/host-local" "$plugins/plugins/main/bridge" \
    "$plugins/plugins/main/loopback" "$plugins/plugins/main/macvlan"
  rm -rf "$folder"
  mv "$staged" "$folder"
}

compile() {
  target=$1
  shift
  (cd "$here/containerd" && CGO_ENABLED=0 nice -n 19 go build -trimpath -o "$target" "$@") >&2
}

main
