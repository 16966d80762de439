#!/usr/bin/env bash
# Shows kube-ipam at work: real network namespaces as pods, wired by Debian's bridge plugin, which
# asks kube-ipam for their addresses. Touches nothing outside its own namespaces and folder.
set -euo pipefail
cd "$(dirname "$0")/.."

PLUGINS=/usr/lib/cni
FIXED=10.88.0.100

main() {
  [ "$(id -u)" -eq 0 ] || become_root_of_own_namespace
  prepare

  say "Three pods start. The bridge plugin wires each and asks kube-ipam for an address."
  for name in web-1 web-2 web-3; do start "$name"; done

  say "They reach each other."
  reach web-1 "$(address_of web-2)"
  reach web-3 "$(address_of web-1)"

  say "A database asks for $FIXED and gets exactly that."
  start db $FIXED
  reach web-1 $FIXED

  say "Another pod wants $FIXED too. It is refused, never given a random address in its place."
  refuse thief $FIXED

  say "The database is deleted and created anew, as another container: it has its address again."
  stop db
  start db-again $FIXED
  reach db-again "$(address_of web-1)"

  say "Its machine crashes: the namespace is gone and no DEL ever comes. The next one takes over."
  ip netns del "$prefix-db-again"
  start db-after-crash $FIXED
  reach db-after-crash "$(address_of web-1)"

  say "What the store holds:"
  "$work/bin/kube-ipam" ip list --data-dir "$work/data" 2>&1 | indent

  say "All pods end, and nothing is left:"
  for name in web-1 web-2 web-3 db-after-crash; do stop "$name"; done
  "$work/bin/kube-ipam" ip list --data-dir "$work/data" 2>&1 | indent
  echo
  echo "That was kube-ipam. 'make test' proves the rest."
}

become_root_of_own_namespace() {
  exec unshare --user --map-root-user --mount --net --propagation private \
    sh -c 'mount -t tmpfs run /run && exec "$0"' "$PWD/scripts/demo.sh"
}

prepare() {
  work=$(mktemp -d -t kube-ipam-demo-XXXXXX)
  prefix=demo$$
  trap clean_up EXIT
  mkdir "$work/bin"
  cp dist/kube-ipam "$work/bin/"
  # A namespace plays the machine, so that the bridge is not made on yours.
  ip netns add "$prefix-host"
  export KUBE_IPAM_CONFIG="$work/no-such-file.json"
  cat >"$work/net.json" <<CONF
{
  "cniVersion": "1.0.0",
  "name": "demo",
  "type": "bridge",
  "bridge": "demo0",
  "isGateway": true,
  "ipam": {
    "type": "kube-ipam",
    "subnet": "10.88.0.0/24",
    "dataDir": "$work/data",
    "runDir": "$work/run",
    "logFile": "$work/kube-ipam.log"
  }
}
CONF
  say "The network (a configuration file for the bridge plugin):"
  grep -v -e dataDir -e runDir -e logFile "$work/net.json" | sed 's|0/24",|0/24"|' | indent
}

clean_up() {
  for name in $(ip netns list | awk '{print $1}'); do
    case "$name" in "$prefix"-*) ip netns del "$name" ;; esac
  done
  rm -rf "$work"
}

# One verb of the bridge plugin for pod NAME, which may ask for ADDRESS; the answer goes to $work/NAME.json.
bridge() {
  local verb=$1 name=$2 args=IgnoreUnknown=1${3:+;IP=$3}
  CNI_COMMAND=$verb CNI_CONTAINERID=$name CNI_NETNS=/run/netns/$prefix-$name CNI_IFNAME=eth0 \
    CNI_ARGS=$args CNI_PATH=$work/bin:$PLUGINS \
    nsenter --net="/run/netns/$prefix-host" "$PLUGINS/bridge" <"$work/net.json" >"$work/$name.json"
}

start() {
  ip netns add "$prefix-$1"
  bridge ADD "$@" || { cat "$work/$1.json"; exit 1; }
  echo "    $1 has $(address_of "$1")"
}

refuse() {
  ip netns add "$prefix-$1"
  if bridge ADD "$@"; then
    echo "Expected a refusal, but $1 has $(address_of "$1")" >&2
    exit 1
  fi
  indent <"$work/$1.json"
  echo
}

stop() {
  bridge DEL "$1"
  ip netns del "$prefix-$1"
  echo "    $1 is deleted"
}

reach() {
  local answer
  if ! answer=$(nsenter --net="/run/netns/$prefix-$1" ping -c 1 -w 5 "$2"); then
    echo "Expected $1 to reach $2, but no answer came" >&2
    exit 1
  fi
  sed -n "s/^64 bytes from \([^:]*\):.*time=\(.*\)/    $1 reaches \1 in \2/p" <<<"$answer"
}

address_of() { sed -nE 's|.*"address": *"([0-9.]+)/.*|\1|p' "$work/$1.json"; }

say() { printf '\n%s\n' "$*"; }
indent() { sed 's/^/    /'; }

main
