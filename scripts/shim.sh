#!/usr/bin/env bash
# Compiles dist/kube-ipam-shim, static: it must start on any node, whatever libraries that has. The new
# file replaces the old one by rename: the runtime may be executing it.
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p dist
scratch=$(mktemp -d dist/.shim-XXXXXX)
trap 'rm -rf "$scratch"' EXIT
"${CC:-cc}" -std=c11 -O2 -Wall -Wextra -Wconversion -Werror -static -s native/shim.c -o "$scratch/kube-ipam-shim"
mv "$scratch/kube-ipam-shim" dist/kube-ipam-shim
echo "dist/kube-ipam-shim is built ($(($(stat -c %s dist/kube-ipam-shim) / 1024)) KiB)"
