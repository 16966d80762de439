#!/usr/bin/env bash
# Shows kube-ipam on a real Kubernetes: two nodes with kubelets and containerd, pods on a wire between them. All of
# it runs on a machine of its own inside this one (own-machine.sh) and ends with the demo, however that ends.
set -euo pipefail
cd "$(dirname "$0")/.."

ADDRESS=10.188.0.216

main() {
  say "Two nodes. The pods' network, a file on each, puts pods on a wire and asks kube-ipam for their addresses:"
  network | indent
  for node in node1 node2; do network | "$node" sh -c 'mkdir -p /etc/cni/net.d; cat >/etc/cni/net.d/10-lan.conflist'; done
  eventually nodes_ready
  run kubectl get nodes

  say "Each node gets kube-ipam's image, dist/kube-ipam-image.tar."
  for node in node1 node2; do on "$node" ctr -n k8s.io images import - <dist/kube-ipam-image.tar; done

  say "One command installs it. No value, no database: the addresses are kept in Kubernetes' own API."
  run helm install kube-ipam deploy/chart --namespace kube-ipam --create-namespace
  run kubectl -n kube-ipam rollout status daemonset/kube-ipam-agent --timeout=240s

  say "A Deployment asks for $ADDRESS and gets exactly that."
  deployment fixed-ip-test >"$work/fixed-ip-test.yaml"
  show fixed-ip-test.yaml
  run kubectl apply -f fixed-ip-test.yaml
  run kubectl rollout status deployment/fixed-ip-test --timeout=120s
  run kubectl get pods -o wide
  reach
  local pod node
  pod=$(pod_of fixed-ip-test)
  node=$(node_of "$pod")

  say "Its pod is deleted, and $node takes no new ones: the new pod has the same address on the other node."
  run kubectl cordon "$node"
  run kubectl delete pod "$pod"
  run kubectl rollout status deployment/fixed-ip-test --timeout=120s
  run kubectl get pods -o wide
  expect "the new pod on another node than $node" [ "$(node_of "$(pod_of fixed-ip-test)")" != "$node" ]
  reach
  run kubectl uncordon "$node"

  say "Another Deployment wants $ADDRESS, too. It is refused, never given another address in its place."
  deployment latecomer >"$work/latecomer.yaml"
  run kubectl apply -f latecomer.yaml
  pod=$(eventually pod_of latecomer)
  eventually refused "$pod"
  run kubectl get pods -o wide
  width=116 run kubectl events --for "pod/$pod" --types=Warning

  say "Who has what? Kubernetes itself says it, and kube-ipam's plugin for kubectl says more."
  run kubectl get kaddr
  kubectl wait --for=condition=Available apiservice/v1.ipam.kube-ipam.io --timeout=120s >"$work/log"
  run kubectl ipam list -A

  say "Why does that pod wait? What to do?"
  width=116 on "$(node_of "$pod")" /opt/cni/bin/kube-ipam why "default/$pod" --kubeconfig /etc/kubernetes/admin.conf

  say "The first Deployment ends. The pod that waited gets the address, by itself."
  run kubectl delete deployment fixed-ip-test --cascade=foreground
  run kubectl rollout status deployment/latecomer --timeout=120s
  run kubectl get pods -o wide
  reach
  echo
  echo "That was kube-ipam on a real cluster, in $(($(date +%s) - DEMO_BEGAN)) seconds. 'make test-nodes' proves the rest."
}

network() {
  cat <<'CONF'
{
  "cniVersion": "1.0.0",
  "name": "lan",
  "plugins": [{
    "type": "macvlan",
    "master": "wire0",
    "ipam": { "type": "kube-ipam", "subnet": "10.188.0.0/16", "gateway": "10.188.0.1" }
  }]
}
CONF
}

deployment() {
  cat <<YAML
apiVersion: apps/v1
kind: Deployment
metadata: { name: $1 }
spec:
  selector: { matchLabels: { app: $1 } }
  strategy: { type: Recreate }
  template:
    metadata:
      labels: { app: $1 }
      annotations:
        kube-ipam.ip: $ADDRESS
    spec:
      terminationGracePeriodSeconds: 2
      containers: [{ name: main, image: localhost/pause:1 }]
YAML
}

nodes_ready() { kubectl wait --for=condition=Ready node/node1 node/node2 --timeout=1s &>"$work/log"; }

pod_of() { kubectl get pods -l "app=$1" -o jsonpath='{.items[0].metadata.name}' 2>"$work/log"; }

node_of() { kubectl get pod "$1" -o jsonpath='{.spec.nodeName}'; }

refused() { kubectl events --for "pod/$1" | grep -q "address $ADDRESS is held by"; }

# The router of the wire, which is no node, gets an answer from the pod.
reach() {
  local answer
  answer=$(router ping -c 1 -w 10 "$ADDRESS") || fail "the router to reach $ADDRESS, but no answer came"
  sed -n "s/^64 bytes from \([^:]*\):.*time=\(.*\)/\n    The network's router reaches \1 in \2/p" <<<"$answer"
}

eventually() {
  for _ in $(seq 240); do
    if "$@"; then return; fi
    sleep 0.5
  done
  fail "within two minutes: $*"
}

expect() {
  local what=$1
  shift
  "$@" || fail "$what"
}

fail() {
  echo "Expected $1" >&2
  exit 1
}

# Each shows the command as one would type it, and what it says.
run() {
  printf '\n    $ %s\n' "$*"
  case "$*" in
    *' -f '*) (cd "$work" && "$@") 2>&1 | indent ;;
    # Helm tells at length that folders of the chart are links.
    helm*) "$@" 2> >(grep -v 'found symbolic link' >&2) | indent ;;
    *) "$@" 2>&1 | indent ;;
  esac
}
on() {
  printf '\n    %s# %s\n' "$1" "${*:2}"
  "$@" 2>&1 | indent
}
show() {
  printf '\n    $ cat %s\n' "$1"
  indent <"$work/$1"
}
say() { printf '\n%s\n' "$*"; }
# Tables stay as they are, sentences are folded where a width is given.
indent() { fold -s -w "${width:-1000}" | sed 's/^/    /'; }

# What is needed: first what stops the demo at once, last what takes long.
prepare() {
  if [ "$(id -u)" -ne 0 ]; then
    echo "Real nodes need root: run this with sudo. 'make demo' shows kube-ipam without Kubernetes, and without root." >&2
    exit 1
  fi
  scripts/setup.sh demo-cluster
  announce_programs
  test/cluster/build.sh >/dev/null
  scripts/helm.sh >/dev/null
  make --no-print-directory image
  say "A control plane and two nodes start; that takes half a minute."
}

# Compilers say nothing for minutes.
announce_programs() {
  local missing
  missing=$(test/cluster/build.sh --missing && scripts/helm.sh --missing)
  [ -n "$missing" ] || return 0
  echo "To be compiled first, once, from public Go modules, into ${XDG_CACHE_HOME:-~/.cache}/kube-ipam:" >&2
  indent >&2 <<<"$missing"
  if ! command -v go >/dev/null; then
    echo "That needs Go 1.24 or newer: https://go.dev/doc/install" >&2
    exit 1
  fi
}

if [ -n "${DEMO_BEGAN:-}" ]; then
  work=$(mktemp -d)
  main
else
  prepare
  DEMO_BEGAN=$(date +%s) exec scripts/own-machine.sh node_modules/.bin/bun scripts/two-nodes.ts scripts/demo-cluster.sh
fi
