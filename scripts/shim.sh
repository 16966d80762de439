#!/usr/bin/env bash
# Compiles dist/kube-ipam-shim, static: it must start on any node, whatever libraries that has. The new
# file replaces the old one by rename: the runtime may be executing it. `shim.sh FOLDER` puts it there;
# $CC names another compiler.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=${1:-dist}
mkdir -p "$folder"
scratch=$(mktemp -d "$folder/.shim-XXXXXX")
trap 'rm -rf "$scratch"' EXIT
"${CC:-cc}" -std=c11 -O2 -Wall -Wextra -Wconversion -Werror -static -s native/shim.c -o "$scratch/kube-ipam-shim"
mv "$scratch/kube-ipam-shim" "$folder/kube-ipam-shim"
echo "$folder/kube-ipam-shim is built ($(($(stat -c %s "$folder/kube-ipam-shim") / 1024)) KiB)"
