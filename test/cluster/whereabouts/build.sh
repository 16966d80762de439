#!/bin/sh
# Builds whereabouts for the cluster tests, once, outside the checkout: two to five minutes with a cold Go
# cache. Where its Go module is not served, its tests are skipped with these words.
set -u

version=0.9.2
here=$(cd "$(dirname "$0")" && pwd)
folder=${XDG_CACHE_HOME:-$HOME/.cache}/kube-ipam/whereabouts-v$version
module=github.com/k8snetworkplumbingwg/whereabouts

[ ! -x "$folder/whereabouts" ] || exit 0
mkdir -p "$folder"
cd "$here" || exit 1
if ! go mod download "$module"; then
  echo "the Go module $module is not served here: the tests with the real whereabouts are skipped" >&2
  exit 0
fi
# A half-written executable must never be taken for a finished one: build beside it, then rename.
CGO_ENABLED=0 nice -n 19 go build -trimpath -ldflags "-s -w" -o "$folder/whereabouts.$$" "$module/cmd" || exit 1
mv "$folder/whereabouts.$$" "$folder/whereabouts"
