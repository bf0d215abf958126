#!/bin/bash
# kubernetes_nodes.sh: two real Kubernetes 1.20 nodes with deploy/cnivpc.yaml as it
#   is: pods across nodes, a Service by kube-proxy, hostPort, a StatefulSet that is
#   deleted and comes back, 100 pods and none, a node that reboots.
. "$(dirname "$0")/lab.sh"
. "$(dirname "$0")/rigs/kubernetes.sh"
kubernetes_or_skip
need ping jq curl
lab_enter "$@"

api_start
! knows_custom_resources || kubectl apply -f "$lab_root/deploy/crds.yaml" >/dev/null
nodes=(node-a node-b)
cluster_start "${nodes[@]}"

leased() { for node in "${nodes[@]}"; do pool "$node" leased; done; }
leased_are() { [ "$(leased | wc -l)" = "$1" ]; }
agree() { invariants node-a && invariants node-b; }
# get POD URL: what the pod is answered.
get() { kubectl exec "$1" -- sh -c "printf 'GET / HTTP/1.0\r\n\r\n' | nc -w 10 $2" </dev/null | tail -n 1; }

# --- pods of both nodes
workload Deployment web 4
expect "4 pods become ready" eventually 90 ready_are web 4
same "two on each node" "2 2" "$(pods web .spec.nodeName | sort | uniq -c | awk '{print $1}' | xargs)"
mapfile -t web < <(pods web .metadata.name)
mapfile -t ips < <(addresses web)
same "with 4 addresses" 4 "$(printf '%s\n' "${ips[@]}" | sort -u | wc -l)"
for from in "${web[@]}"; do
  for to in "${!web[@]}"; do
    same "$from reaches ${web[to]}" "${web[to]}" "$(get "$from" "${ips[to]} 80")"
  done
done
for node in "${nodes[@]}"; do
  for ip in "${ips[@]}"; do expect "$node pings $ip" on "$node" ping -q -c 1 -W 5 "$ip"; done
done

# --- a Service
kubectl expose deployment web --port=80 >/dev/null
service=$(kubectl get service web -o 'jsonpath={.spec.clusterIP}')
answers() { local i; for i in {1..24}; do get "$1" "$service 80"; done | sort -u | wc -l; }
reached_all() { [ "$(answers "$1")" = 4 ]; }
for from in "${web[0]}" "${web[3]}"; do expect "by its Service $from reaches all four" eventually 30 reached_all "$from"; done
for node in "${nodes[@]}"; do expect "$node reaches the Service" on "$node" curl -sf --max-time 10 "http://$service/"; done
kubectl patch service web -p '{"spec": {"type": "NodePort"}}' >/dev/null
port=$(kubectl get service web -o 'jsonpath={.spec.ports[0].nodePort}')
by_port() { curl -sf --max-time 5 "http://$(node_ip "$1"):$port/" >/dev/null; }
for node in "${nodes[@]}"; do expect "the rest of the VPC reaches it by $node's port" eventually 20 by_port "$node"; done

# --- hostPort
workload Deployment host 2 '{"containerPort": 80, "hostPort": 8081}'
expect "2 pods with a port of their node become ready" eventually 90 ready_are host 2
for node in "${nodes[@]}"; do
  pod=$(pods host "select(.spec.nodeName == \"$node\") | .metadata.name")
  same "which answers at $node's port" "$pod" "$(curl -sf --max-time 5 "http://$(node_ip "$node"):8081/")"
done
kubectl delete deployment host >/dev/null
expect "their addresses come back" eventually 120 leased_are 4
closed() { ! curl -sf --max-time 1 "http://$(node_ip node-a):8081/"; }
expect "and the port is closed" eventually 10 closed

# --- a StatefulSet
workload StatefulSet db 3
expect "a StatefulSet's 3 pods become ready" eventually 90 ready_are db 3
first=$(pods db .metadata.uid | sort)
kubectl delete pod db-1 --wait=false >/dev/null
another() { ready_are db 3 && [ "$(pods db .metadata.uid | sort)" != "$first" ]; }
expect "one that was deleted comes back" eventually 120 another
same "each with an address of its own" 3 "$(addresses db | sort -u | wc -l)"
kubectl delete statefulset db >/dev/null
expect "and their addresses come back" eventually 120 leased_are 4

# --- a hundred
t=$SECONDS
kubectl scale deployment web --replicas=100 >/dev/null
expect "100 pods become ready" eventually 400 ready_are web 100
echo "# after $((SECONDS - t)) s"
same "with 100 addresses" 100 "$(addresses web | sort -u | wc -l)"
same "which are those of the pools" "$(addresses web | sort)" "$(leased | sort)"
expect "store, VPC and kernel agree" eventually 30 agree
kubectl scale deployment web --replicas=6 >/dev/null
expect "of which 6 are left" eventually 120 leased_are 6
expect "store, VPC and kernel agree" eventually 60 agree

# --- a node reboots: all its processes, pods and networks are gone, its disk is there.
before=$(pool node-a leased | sort)
node_reboot node-a
same "after a reboot no link of a pod is there" 0 "$(on node-a ip -o link show type veth | grep -c ' ucni' || true)"
kubelet_start node-a
back() { ready_are web 6 && [ "$(pods web 'select(.status.containerStatuses[0].restartCount > 0) | 1' | wc -l)" -ge 1 ]; }
expect "its pods become ready again" eventually 240 back
expect "none of their earlier leases is left" eventually 120 leased_are 6
same "6 addresses" 6 "$(addresses web | sort -u | wc -l)"
for ip in $(addresses web); do expect "node-b pings $ip" on node-b ping -q -c 1 -W 5 "$ip"; done
echo "# before: $(xargs <<<"$before"); after: $(pool node-a leased | sort | xargs)"
expect "store, VPC and kernel agree" eventually 60 agree
lab_done
