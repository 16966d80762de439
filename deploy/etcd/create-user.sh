#!/bin/sh
# Makes the etcd user and role of kube-ipam: read and write below one prefix, nothing else.
#
#   create-user.sh USER [PREFIX]              for client certificates whose CN is USER
#   create-user.sh USER [PREFIX] < PASSWORD   with a password: its one line is read from stdin
#
# An existing user gets the new password. A user that was made without a password cannot get one
# (etcd's rule): 'etcdctl user delete' it first.
#
# PREFIX is the `prefix` of etcdConfig, default /kube-ipam/v1. Calls etcdctl (3.4 or newer, or
# $ETCDCTL) as an etcd administrator: set ETCDCTL_ENDPOINTS, ETCDCTL_CACERT, ETCDCTL_CERT,
# ETCDCTL_KEY, ETCDCTL_USER as for any other etcdctl command. Can be run again.
# It takes effect once authentication is on: etcdctl user add root && etcdctl auth enable.
set -eu

if [ $# -lt 1 ] || [ $# -gt 2 ]; then
  sed -n '2,14s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
user=$1
prefix=${2:-/kube-ipam/v1}
role="kube-ipam:$prefix"
etcdctl=${ETCDCTL:-etcdctl}
export ETCDCTL_API=3

ctl() { "$etcdctl" "$@" < /dev/null; }

if ! ctl role get "$role" > /dev/null 2>&1; then
  ctl role add "$role"
fi
ctl role grant-permission "$role" --prefix=true readwrite "$prefix/"

# The last line of a file may lack its newline.
read_password() { [ ! -t 0 ] && { IFS= read -r password || [ -n "$password" ]; }; }

if ctl user get "$user" > /dev/null 2>&1; then exists=yes; else exists=no; fi
if read_password; then
  if [ "$password" != "${password%[[:blank:]]*}" ]; then
    echo "create-user.sh: expected a password without blanks: etcdctl cuts it at the first one" >&2
    exit 1
  fi
  if [ $exists = yes ]; then deed=passwd; else deed=add; fi
  printf '%s\n' "$password" | "$etcdctl" user $deed "$user" --interactive=false
elif [ $exists = no ]; then
  ctl user add "$user" --no-password
fi
ctl user grant-role "$user" "$role"
