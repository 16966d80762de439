#!/usr/bin/env bash
# Installs what a new machine lacks, and nothing it has: `setup.sh build` for compiling,
# `setup.sh test` for the tests and the demo as well, `setup.sh release` for compiling for both processors. Quick when there is nothing to do.
set -euo pipefail
cd "$(dirname "$0")/.."

main() {
  case "${1:-test}" in
    build) debian_packages "${BUILD_TOOLS[@]}" ;;
    test) debian_packages "${BUILD_TOOLS[@]}" "${TEST_TOOLS[@]}" ;;
    release) debian_packages "${BUILD_TOOLS[@]}" "${RELEASE_TOOLS[@]}" ;;
    *) echo "usage: $0 [build|test|release]" >&2; exit 2 ;;
  esac
  npm_packages
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
TEST_TOOLS=(
  containernetworking-plugins:/usr/lib/cni/host-local
  iproute2:ip
  iputils-ping:ping
  util-linux:unshare
  containerd:containerd
  runc:runc
  busybox-static:/bin/busybox
  strace:strace
  qemu-user:qemu-x86_64
  zsh:zsh
  fish:fish
  prometheus:promtool
  logrotate:/usr/sbin/logrotate
)

debian_packages() {
  local missing=()
  for entry in "$@"; do
    has "${entry#*:}" || missing+=("${entry%%:*}")
  done
  [ ${#missing[@]} -eq 0 ] && return
  if [ "$(id -u)" -ne 0 ]; then
    echo "kube-ipam needs these Debian packages: ${missing[*]}" >&2
    echo "Install them with: sudo apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  if ! command -v apt-get >/dev/null; then
    echo "Expected apt-get to install ${missing[*]}, but this machine has none: install them by hand" >&2
    exit 1
  fi
  without_starting_services install "${missing[@]}"
}

has() {
  case "$1" in
    /*) [ -e "$1" ] ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

install() {
  export DEBIAN_FRONTEND=noninteractive
  echo "Installing $*" >&2
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
  node scripts/npm-installed.mjs && return
  echo "Installing npm packages" >&2
  npm install --no-save --no-audit --no-fund >&2
}

main "$@"
