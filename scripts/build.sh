#!/usr/bin/env bash
# Compiles dist/kube-ipam, one file that needs neither Node.js nor Bun where it runs. The new file
# replaces the old one by rename: overwriting a program that runs fails ("text file busy"), and libcni
# takes that for an empty answer.
#
# `build.sh x64|arm64 FOLDER` compiles for that processor instead, into that folder; without them it is
# this machine's, with the Bun that npm has put into node_modules (on x64 the baseline one, too).
set -euo pipefail
cd "$(dirname "$0")/.."

main() {
  local folder=${2:-dist} target=()
  [ -z "${1:-}" ] || target=(--target="bun-linux-$1" --compile-executable-path="$(scripts/bun-for.sh "$1")")
  mkdir -p "$folder"
  scratch=$(mktemp -d "$folder/.build-XXXXXX")
  trap 'rm -rf "$scratch"' EXIT
  # A runtime starts the plugin in any folder: no .env or bunfig.toml that lies there may speak to it. Bun ends
  # where it cannot name that folder (removed, or outside of its root), unless it is told where to go: where it is.
  # Machine code for what runs once costs a pod more than it saves: a fifth of the processor time of a cold ADD.
  # What such an ADD uses lies together: it reads and decodes less of the file. `bun bench/cold.ts --record
  # scripts/cold-add.order` writes that anew; a function that has changed since only lies elsewhere.
  node_modules/.bin/bun build --compile --compile-jit-policy=100 --bytecode-order=scripts/cold-add.order --minify --bytecode --splitting --format=esm \
    --no-compile-autoload-dotenv --no-compile-autoload-bunfig --compile-exec-argv="--cwd=/proc/self/cwd" "${target[@]}" \
    --define RELEASE_DATE="\"$(release_date)\"" \
    src/main.ts --outfile "$scratch/kube-ipam" >"$scratch/log" 2>&1 || { cat "$scratch/log" >&2; exit 1; }
  mv "$scratch/kube-ipam" "$folder/kube-ipam"
  echo "$folder/kube-ipam is built ($(($(stat -c %s "$folder/kube-ipam") / 1048576)) MiB)"
}

# The same sources give the same day, whenever they are built.
release_date() {
  if [ -n "${SOURCE_DATE_EPOCH:-}" ]; then date -u -d "@$SOURCE_DATE_EPOCH" +%F; return; fi
  git log -1 --format=%cs 2>/dev/null || date -u +%F
}

main "$@"
