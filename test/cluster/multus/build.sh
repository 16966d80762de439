#!/bin/sh
# Builds Multus for the cluster tests, once, outside the checkout: about a minute with a cold Go
# cache. Where its Go module is not served, its tests are skipped with these words.
set -u

version=4.2.3
here=$(cd "$(dirname "$0")" && pwd)
folder=${XDG_CACHE_HOME:-$HOME/.cache}/kube-ipam/multus-v$version
module=gopkg.in/k8snetworkplumbingwg/multus-cni.v4

[ ! -x "$folder/multus" ] || exit 0
mkdir -p "$folder"
cd "$here" || exit 1
if ! go mod download "$module"; then
  echo "the Go module $module is not served here: the tests with the real Multus are skipped" >&2
  exit 0
fi
# A half-written executable must never be taken for a finished one: build beside it, then rename.
CGO_ENABLED=0 nice -n 19 go build -trimpath -ldflags "-s -w" -o "$folder/multus.$$" "$module/cmd/multus" || exit 1
mv "$folder/multus.$$" "$folder/multus"
