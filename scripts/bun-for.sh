#!/usr/bin/env bash
# Prints the path of the Bun that an executable for x64 or arm64 is compiled with, fetched once from
# npm and kept outside the checkout. For x64 it is the baseline one, which needs no AVX2.
set -euo pipefail

VERSION=1.4.5
case "${1:-}" in
  x64)
    package=bun-linux-x64-baseline
    integrity=s8yMwYcFnnrA178gji0gZbkE2WVDej/Ti1x770oPfihxyRxSMNhGhiAQNXV53aDeraZxksdvKV/RAdQBCd0qPA==
    ;;
  arm64)
    package=bun-linux-aarch64
    integrity=4BXmsSKnjOrlGWqZV4x/oWa7AVoR+B6lCXddMzOAXBIm3t50eslg9wb66gmtW1AamEQ1l1CDvmmruysEhqOWMg==
    ;;
  *) echo "usage: $0 x64|arm64" >&2; exit 2 ;;
esac
folder=${XDG_CACHE_HOME:-$HOME/.cache}/kube-ipam/$package-$VERSION

if [ ! -x "$folder/bun" ]; then
  mkdir -p "$folder"
  scratch=$(mktemp -d "$folder/.fetch-XXXXXX")
  trap 'rm -rf "$scratch"' EXIT
  npm pack --silent --pack-destination "$scratch" "@oven/$package@$VERSION" >/dev/null
  got=$(cat "$scratch"/*.tgz | openssl dgst -sha512 -binary | base64 -w 0)
  if [ "$got" != "$integrity" ]; then
    echo "expected @oven/$package@$VERSION with sha512-$integrity, got sha512-$got" >&2
    exit 1
  fi
  tar -xzf "$scratch"/*.tgz -C "$scratch" package/bin/bun
  mv "$scratch/package/bin/bun" "$folder/bun"
fi
echo "$folder/bun"
