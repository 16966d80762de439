#!/usr/bin/env bash
# Installs what a new machine lacks, and nothing it has: `setup.sh build` for compiling, `demo` for
# that and the demo, `demo-cluster` for the demo on a cluster, `lint` for compiling and linting, `test` for the tests, `release` for compiling for
# both processors. Quick and silent when there is nothing to do; else it first says what it installs.
#
# `setup.sh --list demo` only names what that takes: the Debian packages, each with a file of it.
set -euo pipefail
cd "$(dirname "$0")/.."

main() {
  local list="" purpose missing tools=("${BUILD_TOOLS[@]}") npm=build
  if [ "${1:-}" = --list ]; then list=yes; shift; fi
  purpose=${1:-test}
  case "$purpose" in
    build) ;;
    lint) npm=all ;;
    demo) tools+=("${POD_TOOLS[@]}") ;;
    demo-cluster) tools+=("${POD_TOOLS[@]}" "${NODE_TOOLS[@]}") npm=all ;;
    test) tools+=("${POD_TOOLS[@]}" "${NODE_TOOLS[@]}" "${TEST_TOOLS[@]}") npm=all ;;
    release) tools+=("${RELEASE_TOOLS[@]}") ;;
    *) echo "usage: $0 [--list] [build|lint|demo|demo-cluster|test|release]" >&2; exit 2 ;;
  esac
  if [ -n "$list" ]; then printf '%s\n' "${tools[@]}"; return; fi
  mapfile -t missing < <(missing_of "${tools[@]}")
  announce "$purpose" "$npm"
  debian_packages "${missing[@]}"
  npm_packages "$npm"
}

# Each entry is PACKAGE:FILE; the package is wanted when the file (or command) is missing.
BUILD_TOOLS=(nodejs:node npm:npm)
RELEASE_TOOLS=(
  gcc:x86_64-linux-gnu-gcc
  libc6-dev:/usr/lib/x86_64-linux-gnu/libc.a
  gcc-aarch64-linux-gnu:aarch64-linux-gnu-gcc
  libc6-dev-arm64-cross:/usr/aarch64-linux-gnu/lib/libc.a
  openssl:openssl
)
# Network namespaces as pods, wired by real main plugins.
POD_TOOLS=(
  containernetworking-plugins:/usr/lib/cni/bridge
  iproute2:ip
  iputils-ping:ping
  util-linux:nsenter
)
# Real nodes, and the shim.
NODE_TOOLS=(
  containerd:containerd
  runc:runc
  busybox-static:/bin/busybox
  gcc:cc
  libc6-dev:/usr/include/stdio.h
)
TEST_TOOLS=(
  strace:strace
  qemu-user:qemu-x86_64
  zsh:zsh
  fish:fish
  prometheus:promtool
  logrotate:/usr/sbin/logrotate
  nftables:/usr/sbin/nft
)

missing_of() {
  local entry
  for entry in "$@"; do
    has "${entry#*:}" || echo "${entry%%:*}"
  done
}

has() {
  case "$1" in
    /*) [ -e "$1" ] ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

# One line for all that follows; sizes are of the download. Reads `missing`.
announce() {
  local parts=() joined
  [ ${#missing[@]} -eq 0 ] || parts+=("Debian packages ${missing[*]}")
  if ! npm_installed "$2"; then
    case "$2" in
      build) parts+=("npm packages to build with (110 MB)") ;;
      all) parts+=("npm packages to build and test with (200 MB)") ;;
    esac
  fi
  [ ${#parts[@]} -gt 0 ] || return 0
  printf -v joined '; %s' "${parts[@]}"
  echo "Missing for '$1', to be installed: ${joined:2}" >&2
}

debian_packages() {
  [ $# -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    echo "Install them with: sudo apt-get install --no-install-recommends $*" >&2
    exit 1
  fi
  if ! command -v apt-get >/dev/null; then
    echo "This machine has no apt-get: install $* by hand" >&2
    exit 1
  fi
  without_starting_services install "$@"
}

install() {
  export DEBIAN_FRONTEND=noninteractive
  apt-get install -y -q --no-install-recommends "$@" >&2 && return
  apt-get update -q >&2
  apt-get install -y -q --no-install-recommends "$@" >&2
}

# A package's start script asks policy-rc.d; 101 forbids it to start its service.
without_starting_services() {
  local policy=/usr/sbin/policy-rc.d saved=""
  if [ -e "$policy" ]; then
    saved=$(mktemp)
    cp -p "$policy" "$saved"
  fi
  # shellcheck disable=SC2064
  trap "restore_policy '$policy' '$saved'" EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  "$@"
  restore_policy "$policy" "$saved"
  trap - EXIT
}

restore_policy() {
  if [ -n "$2" ]; then mv "$2" "$1"; else rm -f "$1"; fi
}

# The lock file's versions and checksums. Not `npm ci`: it insists on the packages of all other
# platforms too, which a registry's mirror need not carry.
npm_packages() {
  npm_installed "$1" && return
  local omit=()
  # What a developer has already is kept: npm would remove it.
  if [ "$1" = build ] && [ ! -e node_modules/.bin/biome ]; then omit=(--omit=dev); fi
  npm install --no-save --no-audit --no-fund "${omit[@]}" >&2
}

npm_installed() { command -v node >/dev/null && node scripts/npm-installed.mjs "$1"; }

main "$@"
