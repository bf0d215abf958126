#!/bin/bash
# vpcsim_nic_e2e.sh: a second network interface, from CreateNetworkInterface to
#   DeleteNetworkInterface: attached, it is a link in the node's namespace, with
#   the addresses the VPC gave it and no others; also after vpcsim was restarted
#   and after the node was rebooted.
#   env: CNIVPC  the binary (default: bazel-bin/cnivpc)
lab_state='.quotas.interfaces_per_host = 3
  | .subnets += [{id: "subnet-pods", prefix: "10.127.0.0/24", next: "10.127.0.20"}]'
# shellcheck source-path=SCRIPTDIR source=lab.sh
. "$(dirname "$(readlink -f "$0")")/lab.sh"
# shellcheck disable=SC2034
lab_vpc=embedded # vpcsim is started below, with a file
lab_enter "$@"
need sha1sum ping arping
ip addr del 10.126.0.1/16 dev fab0
ip link del fab0
lab_vpc=ucloud

readonly pods=10.127.0
start_vpcsim() {
  vpcsim_start --persist="$LAB/cloud.db"
  simulator keys -d '{"public_key": "alice", "private_key": "secret"}' >/dev/null
}
# call ACTION NAME=VALUE...: signed, as the API reference says.
call() {
  local all=("Action=$1" Region=cn-bj2 PublicKey=alice "${@:2}") curl=() p signature
  signature=$(printf '%s\n' "${all[@]}" | LC_ALL=C sort -t = -k 1,1 | sed 's/=//' | tr -d '\n' |
    { cat; printf secret; } | sha1sum | cut -d ' ' -f 1)
  for p in "${all[@]}" "Signature=$signature"; do curl+=(--data-urlencode "$p"); done
  curl -s --max-time 10 "${curl[@]}" http://127.0.0.1:18080/
}
code() { jq -r .RetCode; }
create() { call CreateNetworkInterface VPCId=uvnet-lab SubnetId=subnet-pods "$@" | jq -c .NetworkInterface; }
# uni, mac and address of what create printed.
uni() { jq -r .InterfaceId <<<"$1"; }
mac() { jq -r '.MacAddress | ascii_downcase' <<<"$1"; }
address() { jq -r '.PrivateIpSet[0]' <<<"$1"; }
attach() { call AttachNetworkInterface InterfaceId="$(uni "$2")" InstanceId="uhost-$1" | code; }
detach() { call DetachNetworkInterface InterfaceId="$(uni "$2")" InstanceId="uhost-$1" | code; }
# link NODE INTERFACE: the name of the link that has its MAC; fails without.
link() { on "$1" ip -j link | jq -er --arg m "$(mac "$2")" '.[] | select(.address == $m) | .ifname'; }
has_no_link() { ! link "$@" >/dev/null; }
# set_up NODE INTERFACE: as who attached it does by hand. What is from its subnet
# leaves through it, or else it would be spoofed on eth0.
set_up() {
  local dev
  dev=$(link "$1" "$2")
  on "$1" ip link set "$dev" up
  on "$1" ip addr add "$(address "$2")/24" dev "$dev"
  on "$1" ip route add $pods.0/24 dev "$dev" table 1001
  on "$1" ip route add default via $pods.1 dev "$dev" table 1001
  on "$1" ip rule del from $pods.0/24 2>/dev/null || true
  on "$1" ip rule add from $pods.0/24 lookup 1001
  eventually 5 on "$1" sh -c "ip link show $dev | grep 'state UP'"
}
pings() { on "$1" ping -c 1 -W 2 -I "$2" "$3"; }

start_vpcsim
node_start node-a
node_start node-b 1400
one=$(create Name=pods SecurityMode=1 PrioritySecGroup.0.SecGroupId=secgroup-1 PrioritySecGroup.0.Priority=2)

# --- attached
expect "a created interface is nobody's link" has_no_link node-a "$one"
same "it is attached" 0 "$(attach node-a "$one")"
expect "its link comes" eventually 5 link node-a "$one"
same "called eth1" eth1 "$(link node-a "$one")"
same "down, without address" 'DOWN 0' \
  "$(on node-a ip -j addr show eth1 | jq -r '.[0] | "\(.operstate) \(.addr_info | length)"')"
same "twice: 58205" 58205 "$(attach node-a "$one")"
same "its security groups are shown" '1 secgroup-1 2' "$(
  call DescribeNetworkInterface InterfaceId.0="$(uni "$one")" WithSecGroup=true |
    jq -r '.NetworkInterfaceSet[0] | "\(.SecGroupCount) \(.SecGroup[0].SecGroupId) \(.SecGroup[0].Priority)"'
)"
same "... only if asked for" null \
  "$(call DescribeNetworkInterface InterfaceId.0="$(uni "$one")" | jq -r '.NetworkInterfaceSet[0].SecGroup')"
same "the metadata has it" "$(mac "$one")" \
  "$(on node-a curl -s http://100.80.80.80/meta-data/v1.json | jq -r '.uhost."network-interfaces"[1].mac | ascii_downcase')"

# --- given its address, it reaches all
set_up node-a "$one"
expect "the subnet's gateway answers" pings node-a "$(address "$one")" $pods.1
expect "... ARP with the gateway's MAC" eventually 5 on node-a sh -c "ip neigh show $pods.1 | grep 02:76:70:63:00:01"
expect "a node of another subnet reaches it" on node-b ping -c 1 -W 2 "$(address "$one")"
two=$(create Name=pods)
attach node-b "$two" >/dev/null
eventually 5 link node-b "$two"
same "it has the MTU of the node's eth0" 1400 "$(on node-b ip -j link show eth1 | jq '.[0].mtu')"
set_up node-b "$two"
expect "two nodes reach each other in the second subnet" pings node-a "$(address "$one")" "$(address "$two")"

# --- a secondary address
secondary=$(call AllocateSecondaryIp Zone=cn-bj2-04 Mac="$(mac "$one")" ObjectId=uni-node-a SubnetId=subnet-pods VPCId=uvnet-lab | jq -r .IpInfo.Ip)
on node-a ip addr add "$secondary/32" dev eth1
expect "a secondary address answers another node" pings node-b "$(address "$two")" "$secondary"
on node-b ip neigh flush dev eth1
expect "... and its ARP" on node-b arping -q -c 1 -w 3 -I eth1 "$secondary"
dropped=$(vpc_dropped spoofed)
on node-a ip addr add $pods.200/32 dev eth1
refuse "an address that the VPC hasn't given does not" pings node-a $pods.200 "$(address "$two")"
expect "... it is dropped as spoofed" [ "$(vpc_dropped spoofed)" -gt "$dropped" ]
dropped=$(vpc_dropped spoofed)
on node-a ip route add 10.126.0.12/32 dev eth1
refuse "nor does eth0's address on eth1" pings node-a 10.126.0.11 10.126.0.12
expect "... it is dropped as spoofed, too" [ "$(vpc_dropped spoofed)" -gt "$dropped" ]
on node-a ip route del 10.126.0.12/32 dev eth1
on node-a ip addr del $pods.200/32 dev eth1

# --- how many a host can have
three=$(create Name=more)
same "a third interface" 0 "$(attach node-a "$three")"
expect "is eth2" eventually 5 on node-a ip link show eth2
same "a fourth: 58209" 58209 "$(attach node-a "$(create Name=more)")"
simulator faults -d '{"match": {"action": "AttachNetworkInterface"}, "when": {"next": 1}, "do": {"ret_code": 58209}}' >/dev/null
four=$(create Name=more)
same "or when a fault says so" 58209 "$(attach node-b "$four")"
same "... once" 0 "$(attach node-b "$four")"
same "detached, it can be deleted" '0 0' \
  "$(detach node-b "$four") $(call DeleteNetworkInterface InterfaceId="$(uni "$four")" | code)"

# --- vpcsim is restarted
vpcsim_stop KILL || true
start_vpcsim
expect "after a restart the same links go on" pings node-b "$(address "$two")" "$secondary"
expect "... node with node, through eth0, too" on node-a ping -c 1 -W 2 10.126.0.12
vpcsim_stop || true
ip link del "$(ip -j link | jq -r --arg n "nic$(mac "$two" | tr -d :)" '.[] | select(.ifname == $n) | .ifname')"
ip link add nic00000000abcd type veth peer name nobody
start_vpcsim
expect "a link that went meanwhile is plugged again" eventually 5 link node-b "$two"
expect "one that was left over is gone" eventually 5 sh -c '! ip link show nic00000000abcd'
set_up node-b "$two"
expect "and works" pings node-b "$(address "$two")" "$secondary"

# --- a node is rebooted
node_stop node-a
refuse "a node that is off doesn't answer" pings node-b "$(address "$two")" "$secondary"
node_start node-a
expect "after a reboot its interfaces are plugged again" eventually 5 link node-a "$one"
expect "... all of them" eventually 5 link node-a "$three"
same "down, without address" 'DOWN 0' \
  "$(on node-a ip -j addr show "$(link node-a "$one")" | jq -r '.[0] | "\(.operstate) \(.addr_info | length)"')"
set_up node-a "$one"
on node-a ip addr add "$secondary/32" dev "$(link node-a "$one")"
expect "and work" pings node-b "$(address "$two")" "$secondary"
before=$(on node-b ip -j link show eth1 | jq '.[0].ifindex')
node_boots node-b
expect "a node that boots in its old namespace has new links" \
  eventually 5 on node-b sh -c "! ip -o link show eth1 | grep '^$before:' && ip link show eth1"
same "down again" DOWN "$(on node-b ip -j link show eth1 | jq -r '.[0].operstate')"

# --- detached
same "it is detached" 0 "$(detach node-a "$one")"
expect "its link goes" eventually 5 has_no_link node-a "$one"
expect "... and the other end" eventually 5 sh -c "! ip link show nic$(mac "$one" | tr -d :)"
expect "the other interface stays" link node-a "$three"
expect "eth0, too" on node-a ping -c 1 -W 2 10.126.0.12
same "to another node" 0 "$(attach node-b "$one")"
expect "it comes there" eventually 5 link node-b "$one"
simulator reset -X POST >/dev/null
expect "a reset takes it back to where it was at the start" eventually 5 link node-a "$one"
expect "... and away from here" eventually 5 has_no_link node-b "$one"
lab_done
