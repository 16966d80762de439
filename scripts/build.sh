#!/usr/bin/env bash
# Compiles dist/kube-ipam, one file that needs neither Node.js nor Bun where it runs. The new file
# replaces the old one by rename: overwriting a program that runs fails ("text file busy"), and libcni
# takes that for an empty answer.
set -euo pipefail
cd "$(dirname "$0")/.."

main() {
  mkdir -p dist
  scratch=$(mktemp -d dist/.build-XXXXXX)
  trap 'rm -rf "$scratch"' EXIT
  # A runtime starts the plugin in any folder: no .env or bunfig.toml that lies there may speak to it.
  node_modules/.bin/bun build --compile --minify --bytecode --splitting --format=esm \
    --no-compile-autoload-dotenv --no-compile-autoload-bunfig \
    --define RELEASE_DATE="\"$(release_date)\"" \
    src/main.ts --outfile "$scratch/kube-ipam" >"$scratch/log" 2>&1 || { cat "$scratch/log" >&2; exit 1; }
  mv "$scratch/kube-ipam" dist/kube-ipam
  echo "dist/kube-ipam is built ($(($(stat -c %s dist/kube-ipam) / 1048576)) MiB)"
}

# The same sources give the same day, whenever they are built.
release_date() {
  if [ -n "${SOURCE_DATE_EPOCH:-}" ]; then date -u -d "@$SOURCE_DATE_EPOCH" +%F; return; fi
  git log -1 --format=%cs 2>/dev/null || date -u +%F
}

main
