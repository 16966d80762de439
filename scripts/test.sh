#!/usr/bin/env bash
# Runs every test of src/ and test/ against the built executable and closes with one line
# `N passed, N failed[, N skipped]`. Arguments narrow it down: `scripts/test.sh test/conformance`.
set -euo pipefail
cd "$(dirname "$0")/.."

main() {
  [ "$(id -u)" -eq 0 ] || become_root_of_own_namespace "$@"
  [ $# -gt 0 ] || set -- src bench test/house test/kit test/conformance test/process test/plugins $(folder_if_there test/etcd)
  scratch=$(mktemp -d -t kube-ipam-run-XXXXXX)
  # Whatever a killed test leaves lies in here, or bears this name.
  mkdir "$scratch/tmp"
  export TMPDIR="$scratch/tmp" KUBE_IPAM_NAMESPACES="kube-ipam-$$"
  trap clean_up EXIT
  # On a node the executable has neither node_modules nor the sources around it.
  cp dist/kube-ipam "$scratch/kube-ipam"
  export KUBE_IPAM_EXECUTABLE="$scratch/kube-ipam"
  export KUBE_IPAM_SUBJECTS="${KUBE_IPAM_SUBJECTS:-kube-ipam,host-local}"
  # The first time that takes a minute or two, longer than a test may wait for it.
  node_modules/.bin/bun test/kit/make-etcd.ts
  local status=0
  node_modules/.bin/bun test --parallel=2 --no-orphans --only-failures --timeout=60000 "$@" 2>&1 |
    tee "$scratch/output" || status=$?
  report "$scratch/output" "$status"
}

# Tests make network namespaces. A user who is not root may do so inside a user namespace; what only
# the machine's root may do (containerd) is then skipped with a message.
become_root_of_own_namespace() {
  exec unshare --user --map-root-user --mount --net --propagation private \
    sh -c 'mount -t tmpfs run /run && exec "$@"' sh "$PWD/scripts/test.sh" "$@"
}

# Tests tidy up after themselves; this is for those that were killed.
clean_up() {
  rm -rf "$scratch"
  ip netns list | awk '{print $1}' | grep "^$KUBE_IPAM_NAMESPACES-" | xargs -r -n 1 ip netns del || true
}

folder_if_there() { if [ -d "$1" ]; then echo "$1"; fi; }

report() {
  local passed failed skipped
  passed=$(count pass "$1")
  failed=$(count fail "$1")
  skipped=$(count skip "$1")
  # A run that broke off has printed no failure of its own.
  if [ "$2" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
  if [ "$passed" -eq 0 ]; then failed=$((failed + 1)); fi
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" -eq 0 ]
}

count() { sed -nE "s/^ *([0-9]+) $1\$/\1/p" "$2" | tail -n 1 | grep . || echo 0; }

main "$@"
