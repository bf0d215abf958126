#!/bin/bash
# containerd_e2e.sh: containerd and runc with the shipped conflist: containers
#   get addresses by `ctr run --cni`, reach each other and other nodes, and are
#   deleted. ctr gives DEL no CNI_NETNS and no CNI_ARGS.
. "$(dirname "$0")/lab.sh"
need containerd ctr runc ping busybox catatonit
lab_enter "$@"

node_start node-a
node_start node-b
for node in node-a node-b; do ipamd_start "$node" --cooldownPeriodSeconds=1; done
"$lab_e2e/rigs/mkimage.sh" "$LAB/image.tar"
readonly image=cnivpc.test/lab:1

pid_of() { ctr_on "$1" task ls | awk -v c="$2" '$1 == c {print $2}'; }
in_container() { on "$1" nsenter -t "$(pid_of "$1" "$2")" --net -- "${@:3}"; }
address_of() { in_container "$1" "$2" ip -4 -j addr show dev eth0 | jq -er '.[0].addr_info[0].local'; }
host_ends() { on "$1" ip -o link show type veth | grep -c ' ucni' || true; }

for node in node-a node-b; do
  containerd_start "$node"
  ctr_on "$node" image import "$LAB/image.tar" >/dev/null
done
for c in c0 c1; do expect "node-a runs $c" ctr_on node-a run -d --cni "$image" "$c" /bin/pause -P; done
expect "node-b runs c0" ctr_on node-b run -d --cni "$image" c0 /bin/pause -P
a0=$(address_of node-a c0) a1=$(address_of node-a c1) b0=$(address_of node-b c0)
same "three addresses: $a0 $a1 $b0" 3 "$(printf '%s\n' "$a0" "$a1" "$b0" | sort -u | wc -l)"
same "the leases are known by containerd's names" "default-c0 default-c1" \
  "$(ipamd_get node-a /v1/pool | jq -r '[.addresses[].lease.attachment.containerId | select(.)] | sort | join(" ")')"
expect "node to container" on node-a ping -q -c 1 -W 2 "$a0"
expect "container to container" in_container node-a c0 ping -q -c 1 -W 2 "$a1"
expect "container to one on the other node" in_container node-a c0 ping -q -c 1 -W 2 "$b0"
expect "and back" in_container node-b c0 ping -q -c 1 -W 2 "$a0"

# `ctr run -d` never calls DEL. The pod's end goes with the container, and so
# does the host's; the address stays leased until somebody says DEL or GC.
for c in c0 c1; do
  ctr_on node-a task kill -s KILL "$c"
  wait_for 10 "$c ends" eval "ctr_on node-a task ls | grep '^$c .*STOPPED'"
  expect "$c is deleted" ctr_on node-a task rm "$c"
  ctr_on node-a container rm "$c"
done
no_host_ends() { [ "$(host_ends node-a)" = 0 ]; }
expect "no host end is left" eventually 5 no_host_ends
same "the addresses are still leased" 2 "$(pool node-a leased | wc -l)"
bare_del() {
  CNI_CONTAINERID=default-$1 CNI_NETNS='' CNI_ARGS='' \
    cni_call node-a DEL "$1" <<<'{"cniVersion":"1.0.0","name":"cnivpc","type":"cnivpc"}'
}
for c in c0 c1; do expect "DEL of $c without netns and arguments" bare_del "$c"; done
same "now they aren't" 0 "$(pool node-a leased | wc -l)"

# In the foreground ctr calls DEL itself.
expect "a container in the foreground" ctr_on node-a run --rm --cni "$image" c2 /bin/sh -c 'ip -4 addr show eth0 | grep -q inet'
same "its address isn't leased any more" 0 "$(pool node-a leased | wc -l)"
expect "nor is there a host end" eventually 5 no_host_ends

# Many at once.
runs=()
for i in {1..10}; do ctr_on node-a run -d --cni "$image" "m$i" /bin/pause -P >"$LAB/m$i" 2>&1 & runs+=($!); done
failed=0
for run in "${runs[@]}"; do wait "$run" || failed=$((failed + 1)); done
same "10 containers at once: none fails" 0 "$failed"
same "10 addresses" 10 "$(pool node-a leased | sort -u | wc -l)"
for i in {1..10}; do ctr_on node-a task kill -s KILL "m$i"; done
ctr_on node-b task kill -s KILL c0
lab_done
