#!/bin/bash
# conflict_e2e.sh: addresses that somebody else uses (RFC 5227), on a bridge, where
#   hosts hear each other's ARP: one that comes from the VPC and is in use never
#   gets to a pod; one that a pod has is defended once, and then it is told.
lab_vpc=embedded
. "$(dirname "$0")/lab.sh"
need ping jq arping
lab_enter "$@"
metric() { ipamd_get node-a /metrics | awk -v m="$1" '$1 == m {print $2}'; }
state_of() { ipamd_get node-a /v1/pool | jq -r --arg ip "$1" '.addresses[] | select(.address == $ip) | .state'; }
is() { [ "$(state_of "$1")" = "$2" ]; }
counts() { [ "$(metric "$1")" = "$2" ]; }
warm() { [ "$(pool node-a warm | wc -l)" = "$1" ]; }
says() { grep -c -- "$1" "$LAB/node-a/ipamd.log" >/dev/null; }

# A host that has an address of the pods' subnet, which is the VPC's second one.
readonly taken=10.126.64.3 squatter_mac=52:54:00:00:00:99
ip netns add squatter
ip link add squatter type veth peer name eth0 address $squatter_mac netns squatter
ip link set squatter master fab0 up
ip -n squatter link set eth0 up
ip -n squatter addr add $taken/16 dev eth0
squatter() { ip netns exec squatter "$@"; }

node_start node-a
ipamd_start node-a --conflict-hold=2 --cooldownPeriodSeconds=1
expect "three addresses are warm in the end" eventually 5 warm 3
expect "the one in use is quarantined" is $taken quarantined
expect "that was one conflict" counts cnivpc_acd_conflicts_total 1
expect "the log says who has it" says "reason=conflict address=$taken .*used by $squatter_mac"
refuse "the squatter noticed nothing: no neighbour entry of ours" \
  squatter sh -c "ip neigh show | grep -i $(node_mac node-a)"
expect "later it goes back to the VPC" eventually 10 eval '! is $taken quarantined && [ -z "$(state_of $taken)" ]'
expect "everything agrees" eventually 5 invariants node-a

for i in 1 2 3 4; do pod_start node-a "web-$i" >/dev/null || not_ok "ADD web-$i"; done
ours=$(for i in 1 2 3 4; do pod_ip node-a "web-$i"; done)
same "no pod got the address in use" 0 "$(grep -cx "$taken" <<<"$ours")"

# --- somebody claims an address that a pod has
ip=$(pod_ip node-a web-1)
sleep .5 # ipamd's own announcements
squatter ip addr add "$ip/16" dev eth0
squatter arping -q -U -c 1 -I eth0 "$ip"
expect "the first claim is answered by an announcement" eventually 3 counts cnivpc_acd_defended_total 1
same "and not more than that" 0 "$(metric cnivpc_acd_contested_total)"
squatter arping -q -U -c 1 -I eth0 "$ip"
expect "a second claim soon after isn't, it is told" eventually 3 counts cnivpc_acd_contested_total 1
same "defended once" 1 "$(metric cnivpc_acd_defended_total)"
expect "the log says by whom" says "contested.*$ip.*$squatter_mac"
expect "the pod keeps its address" is "$ip" leased
squatter ip addr del "$ip/16" dev eth0
expect "and is reached when the other has let go" eventually 5 on node-a ping -q -c 1 -W 1 "$ip"
for i in 1 2 3 4; do cni_del node-a "web-$i" || not_ok "DEL web-$i"; done
expect "everything agrees" eventually 5 invariants node-a
lab_done
