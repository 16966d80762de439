#!/usr/bin/env bash
# Renders deploy/manifests from the chart, for those who use no Helm. With `--check` it writes nothing
# and fails where they are not what the chart says now.
set -euo pipefail
cd "$(dirname "$0")/.."

OUT=deploy/manifests

main() {
  local helm scratch
  helm=$(scripts/helm.sh)
  scratch=$(mktemp -d)
  trap "rm -rf '$scratch'" EXIT
  { head_line; cat deploy/rbac/namespace.yaml; render; } >"$scratch/kube-ipam.yaml"
  { head_line; cat deploy/rbac/namespace.yaml; render -f "$OUT/etcd.values.yaml"; } >"$scratch/kube-ipam-etcd.yaml"
  { head_line; cat deploy/rbac/namespace.yaml; render --set cleanup=true --show-only templates/cleanup.yaml; } >"$scratch/cleanup.yaml"
  if [ "${1:-}" = --check ]; then
    for file in kube-ipam.yaml kube-ipam-etcd.yaml cleanup.yaml; do
      diff -u "$OUT/$file" "$scratch/$file" || { echo "$OUT/$file: run scripts/manifests.sh" >&2; exit 1; }
    done
    return
  fi
  mv "$scratch"/*.yaml "$OUT/"
}

head_line() { echo "# Made from deploy/chart by scripts/manifests.sh: change the chart, not this."; }

render() {
  "$helm" template kube-ipam deploy/chart --namespace kube-ipam "$@" 2>/dev/null |
    sed -e '/app.kubernetes.io\/managed-by: Helm/d' -e '/^# Source: /d' -e 's/[[:space:]]*$//' -e '/^$/d'
}

main "$@"
