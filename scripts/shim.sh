#!/usr/bin/env bash
# Compiles dist/kube-ipam-shim, static: it must start on any node, whatever libraries that has. It runs as
# root on what a tenant wrote, so it stands at random addresses and looks after its stack. The new
# file replaces the old one by rename: the runtime may be executing it. `shim.sh FOLDER` puts it there;
# $CC names another compiler.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=${1:-dist}
mkdir -p "$folder"
scratch=$(mktemp -d "$folder/.shim-XXXXXX")
trap 'rm -rf "$scratch"' EXIT
"${CC:-cc}" -std=c11 -O2 -Wall -Wextra -Wconversion -Werror \
  -static-pie -fPIE -fstack-protector-strong -D_FORTIFY_SOURCE=2 -Wl,-z,relro,-z,now -s native/shim.c -o "$scratch/kube-ipam-shim"
mv "$scratch/kube-ipam-shim" "$folder/kube-ipam-shim"
echo "$folder/kube-ipam-shim is built ($(($(stat -c %s "$folder/kube-ipam-shim") / 1024)) KiB)"
