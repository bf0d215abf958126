#!/bin/bash
# two_versions_e2e.sh: this build's plugin with an earlier build's ipamd, and the
#   other way round, as while a node is upgraded: ADD, CHECK and DEL work, pods that
#   one version has set up are taken down by the other, and ipamd of either version
#   goes on with the other's store.
#   env: PREVIOUS  the earlier executable (default: the newest that
#                  rigs/build-previous has built); without one it is skipped
. "$(dirname "$0")/lab.sh"
newest() { ls -t "${HOME:-/root}"/.cache/cnivpc/previous/* 2>/dev/null | head -n 1; }
PREVIOUS=$(readlink -m "${PREVIOUS:-$(newest)}")
[ -f "$PREVIOUS" ] && [ -x "$PREVIOUS" ] || { echo "# SKIPPED: no earlier build (e2e/rigs/build-previous)"; exit 0; }
export PREVIOUS
need ping
lab_enter "$@"

readonly now=$CNIVPC before=$LAB/bin/before
cp "$PREVIOUS" "$before"
commit_of() { "$1" version | sed -n 's/^Git Commit ID: *//p'; }
same "two builds of different commits: $(commit_of "$before"), $(commit_of "$now")" 0 \
  "$([ "$(commit_of "$before")" != "$(commit_of "$now")" ]; echo $?)"

node=node-a
node_start "$node"
plugin_is() { on "$node" ln -sfn "$1" /opt/cni/bin/cnivpc; }
ipamd_is() {
  CNIVPC=$1 ipamd_start "$node" --pool-low=4 --pool-high=12 --cooldown=1
  same "ipamd is of the build" "$(commit_of "$1")" \
    "$(ipamd_get "$node" /metrics | sed -n 's/^cnivpc_build_info{commit="\([^"]*\)".*/\1/p')"
}
reached() { ping -q -c 1 -W 5 "$(pod_ip "$node" "$1")"; }
leased() { pool "$node" leased | wc -l; }

# life WHAT POD: all verbs by the plugin that is installed.
life() {
  expect "$1: ADD" pod_start "$node" "$2"
  expect "$1: the pod answers" reached "$2"
  expect "$1: CHECK" cni_check "$node" "$2"
  expect "$1: DEL" pod_stop "$node" "$2"
}
for pair in "$now $before" "$before $now"; do
  read -r plugin daemon <<<"$pair"
  name=$([ "$plugin" = "$now" ] && echo "new plugin, old ipamd" || echo "old plugin, new ipamd")
  plugin_is "$plugin"
  ipamd_is "$daemon"
  life "$name" first
  for i in 1 2 3; do expect "$name: ADD of a pod that stays" pod_start "$node" "stays-$i"; done
  # The other plugin takes over, then the other ipamd.
  plugin_is "$daemon"
  expect "$name, then the other plugin: CHECK" cni_check "$node" stays-1
  expect "$name, then the other plugin: DEL" pod_stop "$node" stays-1
  ipamd_stop "$node"
  plugin_is "$plugin"
  expect "$name, without ipamd: DEL" pod_stop "$node" stays-2
  expect "$name, without ipamd: ADD" pod_start "$node" offline
  ipamd_is "$plugin"
  same "$name, then the other ipamd: it has the leases" 2 "$(leased)"
  for pod in stays-3 offline; do
    expect "$name, then the other ipamd: $pod answers" reached "$pod"
    expect "$name, then the other ipamd: CHECK" cni_check "$node" "$pod"
    expect "$name, then the other ipamd: DEL" pod_stop "$node" "$pod"
  done
  same "$name: nothing is leased" 0 "$(leased)"
  expect "$name: store, VPC and kernel agree" eventually 30 invariants "$node"
  ipamd_stop "$node"
done
lab_done
