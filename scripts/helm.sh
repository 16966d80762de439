#!/usr/bin/env bash
# Builds Helm from its Go module, once, outside the checkout; prints the program's path. Takes a few
# minutes when cold, nothing when it is there. Any Helm 3 or 4 renders the chart; this one is for the
# tests, the demo and deploy/manifests, so that everybody gets the same bytes. `helm.sh --missing` builds
# nothing: it says what is missing, and how long that takes.
set -euo pipefail

VERSION=4.3.1
folder=${KUBE_IPAM_HELM:-${XDG_CACHE_HOME:-$HOME/.cache}/kube-ipam/helm-v$VERSION}

if [ "${1:-}" = --missing ]; then
  [ -x "$folder/helm" ] || echo "Helm $VERSION, about 3 minutes"
  exit
fi
if [ ! -x "$folder/helm" ]; then
  mkdir -p "$folder"
  # A half-written executable must never be taken for a finished one: build beside it, then rename.
  scratch=$(mktemp -d "$folder/.build-XXXXXX")
  trap 'rm -rf "$scratch"' EXIT
  GOBIN=$scratch CGO_ENABLED=0 nice -n 19 go install -trimpath -ldflags "-s -w" "helm.sh/helm/v4/cmd/helm@v$VERSION" >&2
  mv "$scratch/helm" "$folder/helm"
fi
echo "$folder/helm"
