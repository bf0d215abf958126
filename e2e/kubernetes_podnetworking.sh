#!/bin/bash
# kubernetes_podnetworking.sh: pods in subnets of their own on two real Kubernetes
#   1.20 nodes with deploy/cnivpc.yaml as it is: by annotation and by default, across
#   nodes and subnets, an exhausted subnet, a name that doesn't exist, ipamd killed, a
#   node that reboots, and a PodNetworking that is deleted.
lab_state='.subnets += [
  {id: "subnet-red", vpc: "uvnet-lab", prefix: "10.127.0.0/16"},
  {id: "subnet-small", vpc: "uvnet-lab", prefix: "10.129.0.0/28"},
  {id: "subnet-blue", vpc: "uvnet-lab", prefix: "10.128.0.0/16"}]'
. "$(dirname "$0")/lab.sh"
. "$(dirname "$0")/rigs/kubernetes.sh"
kubernetes_or_skip
knows_custom_resources || { echo "# SKIPPED: custom resources, of which this build of kube-apiserver dies"; exit 0; }
need ping jq curl
lab_enter "$@"

api_start
kubectl apply -f "$lab_root/deploy/crds.yaml" >/dev/null
wait_for 20 "the custom resources" kubectl get podnetworkings
nodes=(node-a node-b)
cluster_start "${nodes[@]}"

# networking NAME SUBNET...
networking() {
  jq -n --arg name "$1" '{apiVersion: "vpc.uk8s.ucloud.cn/v1beta1", kind: "PodNetworking",
    metadata: {name: $name}, spec: {subnetIds: $ARGS.positional}}' --args "${@:2}" | kubectl apply -f - >/dev/null
}
named() { echo "{\"network.kubernetes.io/ucloud-pod-networking-name\": \"$1\"}"; }
# nets NAME: the first two bytes of its pods' addresses, each once.
nets() { addresses "$1" | cut -d. -f1,2 | sort -u | xargs; }
no_pods() { [ -z "$(kubectl get pods -l "app=$1" -o name)" ]; }
get() { kubectl exec "$1" -- sh -c "printf 'GET / HTTP/1.0\r\n\r\n' | nc -w 10 $2 80" </dev/null | tail -n 1; }
reaches() { [ "$(get "$1" "$3")" = "$2" ]; }
# all_reach NAME NAME: every pod of the one every pod of the other.
all_reach() {
  local from name ip
  for from in $(pods "$1" .metadata.name); do
    while read -r name ip; do
      expect "$from reaches $name at $ip" eventually 10 reaches "$from" "$name" "$ip"
    done < <(pods "$2" '"\(.metadata.name) \(.status.podIP)"')
  done
}
# interfaces NODE: how many the cloud says that the node has.
interfaces() { simulator "interfaces?host=uhost-$1" | jq '.interfaces | length'; }
interfaces_are() { [ "$(interfaces "$1")" = "$2" ]; }
# agree NODE: ipamd's addresses are those that the VPC counts as its interfaces', and
# its leases those that the kernel has rules for.
agree() {
  local node=$1 pool mac
  pool=$(ipamd_get "$node" /v1/pool)
  diff <(jq -r '.addresses[].address' <<<"$pool" | sort) \
    <(for mac in $(simulator "interfaces?host=uhost-$node" | jq -r '.interfaces[].mac'); do
        simulator "addresses?limit=10000&mac=$mac" | jq -r '.addresses[] | select(.primary | not) | .ip'
      done | sort) &&
    diff <(jq -r '.addresses[] | select(.state == "leased") | .address' <<<"$pool" | sort) \
      <(on "$node" ip rule | awk '$1 == "512:" {print $5}' | sort)
}
ipamd_of() { kubectl -n kube-system get ipamd "$1" -o "jsonpath={$2}"; }
no_ipamd() { ! kubectl -n kube-system get ipamd "$1"; }
event_of() { [ -n "$(kubectl get events --field-selector "involvedObject.name=$1,reason=$2" -o name)" ]; }

# --- by annotation
networking red subnet-red
workload Deployment web 2
workload Deployment red 4 null "$(named red)"
expect "2 pods of the node's own subnet become ready" eventually 90 ready_are web 2
expect "4 pods of another subnet become ready" eventually 120 ready_are red 4
same "two on each node" "2 2" "$(pods red .spec.nodeName | sort | uniq -c | awk '{print $1}' | xargs)"
same "with addresses of it" 10.127 "$(nets red)"
same "and the others of the node's own" 10.126 "$(nets web)"
for node in "${nodes[@]}"; do same "$node has one more interface" 2 "$(interfaces "$node")"; done
all_reach red red
all_reach red web
all_reach web red
for node in "${nodes[@]}"; do
  for ip in $(addresses red); do expect "$node pings $ip" on "$node" ping -q -c 1 -W 5 "$ip"; done
done
for node in "${nodes[@]}"; do
  same "$node's pool there is an Ipamd resource" subnet-red "$(ipamd_of "$node-subnet-red" .spec.subnet)"
  expect "cnivpctl shows $node's addresses there" bash -c "$(declare -p node_pid); $(declare -f on ctl); CNIVPC=$CNIVPC; ctl $node get pool -o wide | grep -q subnet-red || ctl $node get pod | grep -q 10.127"
  expect "and its pool" bash -c "$(declare -p node_pid); $(declare -f on ctl); CNIVPC=$CNIVPC; ctl $node status | grep -q 'subnet-red on eth'"
done

# --- a pod that comes again
first=$(pods red .metadata.name | head -n 1)
kubectl delete pod "$first" --wait=false >/dev/null
another() { ready_are red 4 && ! pods red .metadata.name | grep -qx "$first"; }
expect "a pod that was deleted is replaced" eventually 90 another
same "by one of that subnet" 10.127 "$(nets red)"

# --- a name that doesn't exist
workload Deployment lost 1 null "$(named green)"
has_event() { event_of "$(pods lost .metadata.name)" networking-missing; }
expect "a pod whose PodNetworking doesn't exist is told so" eventually 60 has_event
same "and has no address" "" "$(addresses lost)"
networking green subnet-blue
expect "it becomes ready when there is one" eventually 120 ready_are lost 1
same "in its subnet" 10.128 "$(nets lost)"
kubectl delete deployment lost >/dev/null

# --- a subnet that is full
networking small subnet-small subnet-blue
workload Deployment small 14 null "$(named small)"
expect "14 pods become ready, though the first subnet has no room for them" eventually 240 ready_are small 14
same "some of them in the second" "10.128 10.129" "$(nets small)"
kubectl delete deployment small >/dev/null

# --- for all pods
networking default subnet-red
workload Deployment plain 2
workload Deployment own 2 null '{"network.kubernetes.io/ucloud-pod-networking-disable": "true"}'
expect "pods without an annotation become ready" eventually 90 ready_are plain 2
same "in the default's subnet" 10.127 "$(nets plain)"
expect "so do those that are to have none" eventually 90 ready_are own 2
same "in the node's own" 10.126 "$(nets own)"
kubectl delete podnetworking default >/dev/null
kubectl delete deployment plain own >/dev/null

# --- ipamd is killed
kill_ipamds() { kubectl -n kube-system delete pod -l app=cni-vpc-ipamd --grace-period=0 --force >/dev/null 2>&1; }
before=$(addresses red | sort)
kill_ipamds
kubectl scale deployment red --replicas=8 >/dev/null
expect "8 pods become ready while ipamd is killed and comes back" eventually 180 ready_are red 8
same "all of that subnet" 10.127 "$(nets red)"
same "those that ran kept their addresses" "$before" "$(comm -12 <(echo "$before") <(addresses red | sort))"
all_reach web red
kubectl scale deployment red --replicas=4 >/dev/null
expect "4 are left" eventually 90 ready_are red 4

# --- an interface flaps, with which the kernel forgets its routes
for state in down up; do on node-a ip link set eth1 "$state"; done
has_route() { on node-a ip route show table 1001 | grep -q default; }
expect "an interface that was down has its routes again" eventually 10 has_route
all_reach red red

# --- a node reboots
node_reboot node-a
kubelet_start node-a
back() { ready_are red 4 && ready_are web 2 && [ "$(pods red 'select(.status.containerStatuses[0].restartCount > 0) | 1' | wc -l)" -ge 1 ]; }
expect "after a reboot a node's pods become ready again" eventually 240 back
same "in their subnet" 10.127 "$(nets red)"
all_reach red red
all_reach web red
for node in "${nodes[@]}"; do expect "ipamd, VPC and kernel of $node agree" eventually 60 agree "$node"; done

# --- the end
kubectl delete podnetworking red green small >/dev/null
sleep 3
same "pods of a PodNetworking that is gone run on" 4 "$(ready_are red 4 && echo 4)"
all_reach web red
kubectl delete deployment red >/dev/null
expect "they go" eventually 60 no_pods red
for node in "${nodes[@]}"; do
  expect "then $node's interface is given back" eventually 240 interfaces_are "$node" 1
  expect "with its Ipamd resource" eventually 20 no_ipamd "$node-subnet-red"
  same "and its store" "" "$(on "$node" find /var/lib/cnivpc/subnets -mindepth 1)"
done
all_reach web web
lab_done
