#!/usr/bin/env bash
# Makes everything that a release consists of, in dist/release: executable and shim for x64 and arm64,
# one image archive for both, the chart, and the checksums of all of it.
set -euo pipefail
cd "$(dirname "$0")/.."

main() {
  local version work=dist/release-parts out=dist/release
  version=$(node -p 'require("./package.json").version')
  rm -rf "$work" "$out"
  mkdir -p "$out"
  scripts/build.sh x64 "$work/x64"
  CC=x86_64-linux-gnu-gcc scripts/shim.sh "$work/x64"
  scripts/build.sh arm64 "$work/arm64"
  CC=aarch64-linux-gnu-gcc scripts/shim.sh "$work/arm64"
  node_modules/.bin/bun scripts/image.ts "$out/kube-ipam-$version-image.tar" "amd64=$work/x64" "arm64=$work/arm64"
  for processor in x64 arm64; do
    for program in kube-ipam kube-ipam-shim; do
      mv "$work/$processor/$program" "$out/$program-$version-linux-$processor"
    done
  done
  # A tar whose bytes depend on nothing but the chart's.
  tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 --dereference --transform 's,^chart,kube-ipam,' \
    -C deploy -cf - chart | gzip -n >"$out/kube-ipam-$version.tgz"
  rmdir -p --ignore-fail-on-non-empty "$work"/*
  (cd "$out" && sha256sum -- * >SHA256SUMS)
  ls -l "$out"
}

main
