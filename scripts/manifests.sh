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
  # Apart from the rest: 'kubectl delete -f' of what was applied must not take the records of addresses along.
  { head_line; render --show-only templates/definitions.yaml | tidy; } >"$scratch/crds.yaml"
  { head_line; cat deploy/rbac/namespace.yaml; render | without_definitions | tidy; } >"$scratch/kube-ipam.yaml"
  { head_line; cat deploy/rbac/namespace.yaml; render -f "$OUT/etcd.values.yaml" | without_definitions | tidy; } >"$scratch/kube-ipam-etcd.yaml"
  { head_line; cat deploy/rbac/namespace.yaml; render --set cleanup=true --show-only templates/cleanup.yaml | tidy; } >"$scratch/cleanup.yaml"
  if [ "${1:-}" = --check ]; then
    for file in crds.yaml kube-ipam.yaml kube-ipam-etcd.yaml cleanup.yaml; do
      diff -u "$OUT/$file" "$scratch/$file" || { echo "$OUT/$file: run scripts/manifests.sh" >&2; exit 1; }
    done
    return
  fi
  mv "$scratch"/*.yaml "$OUT/"
}

head_line() { echo "# Made from deploy/chart by scripts/manifests.sh: change the chart, not this."; }

render() { "$helm" template kube-ipam deploy/chart --namespace kube-ipam "$@" 2>/dev/null; }

# Each document begins with '---' and the file that it comes from.
without_definitions() {
  awk '/^---$/ { getline source; skips = source ~ /templates\/definitions[.]yaml$/; if (!skips) print; $0 = source } !skips'
}

tidy() {
  sed -e '/app.kubernetes.io\/managed-by: Helm/d' -e '/^# Source: /d' -e 's/[[:space:]]*$//' -e '/^$/d'
}

main "$@"
