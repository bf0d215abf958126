#!/bin/bash
# podman_e2e.sh: podman with its CNI back end and the shipped conflist:
#   containers and a pod get addresses, reach each other and another node, and a
#   published port is reached through portmap. podman calls VERSION before each
#   ADD and DEL, with dummies in the environment, and the DEL of `run --rm` comes
#   from a process without its caller's environment.
. "$(dirname "$0")/lab.sh"
need podman runc ping busybox catatonit iptables
lab_enter "$@"

node_start node-a
node_start node-b
for node in node-a node-b; do ipamd_start "$node" --cooldownPeriodSeconds=1; done
pod_start node-b other
"$lab_e2e/rigs/mkimage.sh" "$LAB/image.tar"
readonly image=cnivpc.test/lab:1

# The process limits are explicit and small: podman's own want CAP_SYS_RESOURCE.
cat >"$LAB/containers.conf" <<J
[engine]
runtime="runc"
cgroup_manager="cgroupfs"
events_logger="file"
[network]
network_backend="cni"
cni_plugin_dirs=["/opt/cni/bin"]
network_config_dir="/etc/cni/net.d"
default_network="cnivpc"
[containers]
log_driver="k8s-file"
default_ulimits=["nofile=4096:4096","nproc=4096:4096"]
J
export CONTAINERS_CONF=$LAB/containers.conf
p() {
  on node-a podman --root "$LAB/podman/root" --runroot "$LAB/podman/run" --tmpdir "$LAB/podman/tmp" \
    --storage-driver overlay "$@" </dev/null
}
address_of() { p exec "$1" ip -4 addr show dev eth0 | awk '/inet / {sub("/.*", "", $2); print $2; exit}'; }
leased() { pool node-a leased | wc -l; }

expect "the image is loaded" p load -q -i "$LAB/image.tar"
expect "a container in the foreground has an address and a route" \
  p run --rm --network cnivpc --entrypoint /bin/sh "$image" -c 'ip -4 addr show eth0 | grep inet && ip route | grep default'
expect "container c1, with a published port" p run -d --name c1 --network cnivpc -p 8080:80 --entrypoint /bin/sh "$image" \
  -c 'while true; do printf "HTTP/1.0 200 OK\r\n\r\nhello from c1\n" | nc -l -p 80; done'
expect "a pod" p pod create --name pod1 --network cnivpc
expect "the pod starts" p pod start pod1
expect "a container in the pod" p run -d --pod pod1 --name in1 "$image"
a1=$(address_of c1) a2=$(address_of in1)
expect "different addresses: $a1 $a2" test -n "$a1" -a -n "$a2" -a "$a1" != "$a2"
same "podman knows the address" "$a1" "$(p inspect c1 | jq -r '.[0].NetworkSettings.Networks.cnivpc.IPAddress')"
expect "node to container" on node-a ping -q -c 1 -W 2 "$a1"
expect "container to container" p exec c1 ping -c 1 -W 2 "$a2"
expect "container to a pod on the other node" p exec c1 ping -c 1 -W 2 "$(pod_ip node-b other)"
expect "a pod on the other node to the container" in_pod node-b other ping -q -c 1 -W 2 "$a1"
# nc takes one connection at a time, and its loop a moment between two.
expect "the published port answers another host" eventually 5 curl -sf -m 2 "http://$(node_ip node-a):8080/"
expect "and a pod on another node" eventually 5 on node-b ip netns exec other curl -sf -m 2 "http://$(node_ip node-a):8080/"
expect "c1 is removed" p rm -f -t 0 c1
refuse "the published port is closed" curl -sf -m 2 "http://$(node_ip node-a):8080/"
expect "the pod is removed" p pod rm -f -t 0 pod1
nothing_left() { [ "$(leased)" = 0 ] && [ "$(on node-a ip -o link | grep -c ucni)" = 0 ]; }
expect "no address is leased and no host end is left" eventually 10 nothing_left
lab_done
