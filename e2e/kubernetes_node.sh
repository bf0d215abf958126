#!/bin/bash
# kubernetes_node.sh: a real Kubernetes 1.20 node with deploy/cnivpc.yaml as it is:
#   the DaemonSet installs plugin and configuration, the node becomes Ready, pods
#   get their addresses from it; scaled to 40 and back, ipamd killed in the middle,
#   the API server killed in the middle, ipamd without a DaemonSet.
. "$(dirname "$0")/lab.sh"
. "$(dirname "$0")/rigs/kubernetes.sh"
kubernetes_or_skip
need ping jq
lab_enter "$@"

"$lab_root/deploy/image" --binary "$CNIVPC" --tag cnivpc/ipamd:0.1.0 "$LAB/ipamd.tar" >/dev/null
api_start
! knows_custom_resources || kubectl apply -f "$lab_root/deploy/crds.yaml" >/dev/null
controllers_start
node_start node-a
on node-a rm /etc/cni/net.d/10-cnivpc.conflist /opt/cni/bin/cnivpc
node_object node-a
kubelet_start node-a "$LAB/ipamd.tar"
wait_for 30 "the default service account" kubectl get serviceaccount default

pods() { kubectl get pods -l app=web -o json | jq -r "$1"; }
ready_pods() { pods '[.items[] | select(any(.status.conditions[]?; .type == "Ready" and .status == "True")) | select(.metadata.deletionTimestamp == null)] | length'; }
ready_are() { [ "$(ready_pods)" = "$1" ]; }
addresses() { pods '.items[] | select(.metadata.deletionTimestamp == null) | .status.podIP // empty'; }
leased_are() { [ "$(pool node-a leased | wc -l)" = "$1" ]; }

# --- the DaemonSet
same "the node isn't Ready before" 1 "$(is_ready node-a; echo $?)"
refuse "nor is there a network" on node-a ls /etc/cni/net.d/10-cnivpc.conflist
kubectl apply -f "$lab_root/deploy/cnivpc.yaml" >/dev/null
expect "the DaemonSet's pod becomes ready" kubectl -n kube-system rollout status daemonset cni-vpc-ipamd --timeout=120s
expect "the plugin is installed" on node-a /opt/cni/bin/cnivpc version
expect "under all its names" on node-a /opt/cni/bin/cnivpctl status
expect "the node is Ready" eventually 60 is_ready node-a
container=$(on_containerd node-a containers ls | awk '/cnivpc\/ipamd/ {print $1}' | while read -r c; do
  on_containerd node-a tasks ls | awk -v c="$c" '$1 == c && $3 == "RUNNING" {print $2}'; done)
same "ipamd has two capabilities, of 38" 0000000000003000 "$(awk '/CapEff/ {print $2}' "/proc/$container/status")"

# --- pods
kubectl create deployment web --image="$kube_image" -- /bin/pause -P >/dev/null
kubectl patch deployment web --type=json -p '[{"op": "add", "path": "/spec/template/spec/terminationGracePeriodSeconds", "value": 1},
  {"op": "add", "path": "/spec/template/spec/automountServiceAccountToken", "value": false}]' >/dev/null
kubectl scale deployment web --replicas=10 >/dev/null
expect "10 pods become ready" eventually 90 ready_are 10
same "with 10 addresses" 10 "$(addresses | sort -u | wc -l)"
same "which are those of the pool" "$(addresses | sort)" "$(pool node-a leased | sort)"
for ip in $(addresses | head -n 3); do expect "the node pings $ip" on node-a ping -q -c 1 -W 5 "$ip"; done
expect "and so does the rest of the VPC" ping -q -c 1 -W 5 "$(addresses | head -n 1)"
kubectl expose deployment web --port=80 >/dev/null
kubectl scale deployment web --replicas=40 >/dev/null
expect "40 pods become ready" eventually 180 ready_are 40
same "with 40 addresses" 40 "$(addresses | sort -u | wc -l)"

# --- ipamd is killed in the middle of it
kubectl scale deployment web --replicas=5 >/dev/null
eventually 30 ready_are 5 || true
kubectl scale deployment web --replicas=25 >/dev/null
sleep 1
kill -9 "$container"
expect "25 pods become ready though ipamd is killed" eventually 180 ready_are 25
same "with 25 addresses" 25 "$(addresses | sort -u | wc -l)"
expect "kubelet has started ipamd again" eventually 60 ipamd_get node-a /readyz

# --- the API server is killed in the middle of it
from_ipamd='(.userAgent | startswith("cnivpc"))'
# One that has just started forbids things until it has read its rules.
same "ipamd has all the rights it needs" 0 "$(audited "$from_ipamd and .responseStatus.code == 403")"
kubectl scale deployment web --replicas=30 >/dev/null
api_stop
for ip in $(pool node-a leased | head -n 3); do
  expect "without an API server $ip answers" on node-a ping -q -c 1 -W 5 "$ip"
done
api_start
expect "30 pods become ready when it is back" eventually 180 ready_are 30
expect "ipamd reaches it again" eventually 60 eval '[ "$(ipamd_get node-a /v1/node | jq -r .kubernetes)" = ok ]'

# --- and back
kubectl scale deployment web --replicas=0 >/dev/null
expect "every address comes back" eventually 120 leased_are 0
host_ends() { on node-a ip -o link show type veth | grep -c ' ucni' || true; }
same "and no link is left" 0 "$(host_ends)"
eventually 60 invariants node-a || true
expect "store, VPC and kernel agree" invariants node-a
# What it asked the API server for, all in all.
lists=$(audited "$from_ipamd and .verb == \"list\" and .objectRef.resource == \"pods\"")
expect "few lists of pods, though ipamd was killed and the API server, too: $lists" [ "$lists" -le 4 ]
same "no pod was written" 0 "$(audited "$from_ipamd and .objectRef.resource == \"pods\" and (.verb | IN(\"patch\", \"update\", \"create\", \"delete\"))")"
lab_done
