#!/bin/bash
# two_nodes_e2e.sh: pods on two nodes reach each other, and their network is, to
#   the letter, the one that users of UK8S know: names, /32, onlink route,
#   permanent neighbour, rule 512, MTU, port range, proxy neighbour and no proxy
#   ARP. Gratuitous ARP after ADD, fast answers to ARP, nothing left after DEL.
lab_vpc=embedded
. "$(dirname "$0")/lab.sh"
need ping tcpdump arping sha1sum
lab_enter "$@"

node_start node-a
node_start node-b
node_start node-c 1400
for node in node-a node-b node-c; do ipamd_start "$node" --cooldownPeriodSeconds=2; done

# What another host of the segment sees while the first pod comes.
on node-b timeout 20 tcpdump -lnei eth0 arp >"$LAB/arp" 2>"$LAB/tcpdump" &
tcpdump=$!
eventually 5 grep -q listening "$LAB/tcpdump" || die "tcpdump doesn't start: $(cat "$LAB/tcpdump")"

for node in node-a node-b; do
  for pod in web-1 web-2 web-3; do expect "$node $pod: ADD" pod_start "$node" "$pod"; done
done
expect "node-c web-1: ADD" pod_start node-c web-1

all=$(for node in node-a node-b node-c; do for pod in web-1 web-2 web-3; do pod_ip "$node" "$pod" 2>/dev/null || true; done; done)
same "7 pods have 7 different addresses" 7 "$(sort -u <<<"$all" | wc -l)"
a1=$(pod_ip node-a web-1) a2=$(pod_ip node-a web-2) b1=$(pod_ip node-b web-1)
ip_a=$(node_ip node-a) ip_b=$(node_ip node-b)

# --- announced
announced() { grep -q "$(node_mac node-a) > ff:ff:ff:ff:ff:ff.*Request who-has $a1 .*tell $a1" "$LAB/arp"; }
expect "another host has seen $a1 announced with the node's MAC" eventually 3 announced
kill "$tcpdump" 2>/dev/null || true

# --- reached
expect "pod to pod on one node" in_pod node-a web-1 ping -q -c 1 -W 2 "$a2"
expect "pod to pod across nodes" in_pod node-a web-1 ping -q -c 1 -W 2 "$b1"
expect "and the other way" in_pod node-b web-1 ping -q -c 1 -W 2 "$a1"
expect "pod to a pod on a node with a smaller MTU" in_pod node-a web-1 ping -q -c 1 -W 2 "$(pod_ip node-c web-1)"
expect "pod to its node" in_pod node-a web-1 ping -q -c 1 -W 2 "$ip_a"
expect "pod to the other node" in_pod node-a web-1 ping -q -c 1 -W 2 "$ip_b"
expect "node to its pod" on node-a ping -q -c 1 -W 2 "$a1"
expect "node to a pod on the other node" on node-b ping -q -c 1 -W 2 "$a1"
expect "a host without a plugin to a pod" ping -q -c 1 -W 2 "$a1"
on node-b timeout 10 tcpdump -lnc 1 -i eth0 "icmp[0] == 8 and dst $b1" >"$LAB/icmp" 2>"$LAB/tcpdump" &
eventually 5 grep -q listening "$LAB/tcpdump" || die "tcpdump doesn't start: $(cat "$LAB/tcpdump")"
in_pod node-a web-1 ping -q -c 2 -i .2 -W 2 "$b1" >/dev/null
expect "no NAT: a packet comes with the pod's own address" eventually 3 grep -q "IP $a1 > $b1" "$LAB/icmp"

# --- ARP
on node-b ip neigh flush dev eth0
arp=$(on node-b arping -b -c 3 -w 4 -I eth0 "$a1" 2>&1) || true
same "ARP for $a1 is answered by node-a's MAC only" "$(node_mac node-a)" \
  "$(grep -oiE '\[[0-9a-f:]{17}\]' <<<"$arp" | tr -d '[]' | tr '[:upper:]' '[:lower:]' | sort -u)"
slowest=$(sed -n 's/.* \([0-9.]*\)ms$/\1/p' <<<"$arp" | sort -n | tail -n 1)
expect "within 100 ms each time (slowest: ${slowest:-none} ms)" awk "BEGIN {exit !(${slowest:-1000} < 100)}"
refuse "a pod's address that nobody has isn't answered" on node-b arping -c 1 -w 1 -I eth0 10.126.67.200
same "no blanket proxy ARP on node-a" "" "$(on node-a grep -lx 1 -r /proc/sys/net/ipv4/conf --include=proxy_arp || true)"

# --- the network of one pod, on the node
host=ucni$(printf default.web-1 | sha1sum | cut -c1-11)
link=$(on node-a ip -d -j link show "$host")
same "the host's end is $host, the SHA-1 of namespace and pod" "$host" "$(jq -r '.[0].ifname' <<<"$link")"
same "and a veth that is up" "veth UP" "$(jq -r '.[0] | "\(.linkinfo.info_kind) \(.operstate)"' <<<"$link")"
same "route to the pod" "$a1 dev $host scope link" "$(on node-a ip route show "$a1" | sed 's/ *$//')"
same "rule 512, once" "512: from all to $a1 lookup main" "$(on node-a ip rule show | grep -wF "$a1" | tr '\t' ' ')"
same "proxy neighbour on the main interface" "$a1 dev eth0 proxy" "$(on node-a ip neigh show proxy | grep -wF "$a1" | sed 's/ *$//')"
same "the node routes" 1 "$(on node-a cat /proc/sys/net/ipv4/ip_forward)"
same "no IPv4 address on the host's end" "" "$(on node-a ip -4 -o addr show dev "$host")"

# --- and in the pod
same "the pod's address is a /32" "$a1/32" "$(in_pod node-a web-1 ip -4 -j addr show dev eth0 | jq -r '.[0].addr_info | map("\(.local)/\(.prefixlen)") | join(" ")')"
same "default route via the node, onlink, and no other" "default via $ip_a dev eth0 onlink" "$(in_pod node-a web-1 ip -4 route | sed 's/ *$//')"
host_mac=$(jq -r '.[0].address' <<<"$link")
same "permanent neighbour: the host's end" "$ip_a dev eth0 lladdr $host_mac PERMANENT" "$(in_pod node-a web-1 ip -4 neigh | sed 's/ *$//')"
same "port range" "32768 60999" "$(in_pod node-a web-1 cat /proc/sys/net/ipv4/ip_local_port_range | tr '\t' ' ')"
mtu_of() { in_pod "$1" "$2" cat "/sys/class/net/${3:-eth0}/mtu"; }
same "MTU 1452" "1452 1452" "$(mtu_of node-a web-1) $(jq -r '.[0].mtu' <<<"$link")"
same "MTU 1400 where the node's interface has no more" 1400 "$(mtu_of node-c web-1)"
expect "a packet as large as that goes through" in_pod node-a web-1 ping -q -c 1 -W 2 -M "do" -s $((1452 - 28)) "$b1"

# --- the result
result=$(cat "$LAB/node-a/pods/web-1.json")
same "result: address, gateway, default route" "$a1/32 $ip_a 0.0.0.0/0" \
  "$(jq -r '"\(.ips[0].address) \(.ips[0].gateway) \(.routes[0].dst)"' <<<"$result")"
same "result: both ends with their MACs" "$host $host_mac eth0 $(in_pod node-a web-1 cat /sys/class/net/eth0/address)" \
  "$(jq -r '.interfaces | map("\(.name) \(.mac)") | join(" ")' <<<"$result")"

# --- an MTU of one's own
jq '.plugins[0].mtu = 1300' "$lab_conflist" >"$LAB/mtu.conflist"
CONF=$LAB/mtu.conflist expect "ADD with \"mtu\": 1300" pod_start node-a small
same "it is the pod's MTU" 1300 "$(mtu_of node-a small)"
CONF=$LAB/mtu.conflist pod_stop node-a small

# --- CHECK, DEL
expect "CHECK" cni_check node-a web-1
expect "DEL" cni_del node-a web-1
same "the address cools" cooling "$(ipamd_get node-a /v1/pool | jq -r --arg a "$a1" '.addresses[] | select(.address == $a) | .state')"
refuse "the pod's interface is gone" in_pod node-a web-1 ip link show eth0
refuse "the host's end is gone" on node-a ip link show "$host"
same "route, rule and proxy neighbour are gone" "" \
  "$(on node-a sh -c 'ip route; ip rule; ip neigh show proxy' | grep -wF "$a1" || true)"
refuse "nobody answers ARP for $a1 any more" on node-b arping -c 1 -w 1 -I eth0 "$a1"
expect "DEL again" cni_del node-a web-1
is_warm() { pool node-a warm | grep -x "$a1"; }
expect "the address is warm again when the time is over" eventually 5 is_warm

for node in node-a node-b node-c; do
  for pod in web-1 web-2 web-3; do on "$node" ip netns del "$pod" 2>/dev/null && { cni_del "$node" "$pod" || not_ok "$node $pod: DEL with the netns gone"; }; done
  same "nothing is left on $node" "0 0 0 0" "$(on "$node" sh -c '
    echo $(ip -o link | grep -c ucni) $(ip route | grep -c ucni) $(ip rule | grep -c ^512:) $(ip neigh show proxy | wc -l)')"
done
lab_done
