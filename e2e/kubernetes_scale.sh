#!/bin/bash
# kubernetes_scale.sh: a cluster with 5,000 pods and 1,000 nodes, as objects of a real
#   API server: ipamd sees its own node's pods only, and stays small, also when it
#   lists the nodes in order to borrow.
lab_state='.subnets[0] |= (.prefix = "10.126.0.0/27" | .next = "10.126.0.20")'
. "$(dirname "$0")/lab.sh"
. "$(dirname "$0")/rigs/kubernetes.sh"
kubernetes_or_skip
knows_custom_resources || { echo "# SKIPPED: custom resources, of which this build of kube-apiserver dies"; exit 0; }
need python3 openssl
lab_enter "$@"

api_start
kubectl apply -f "$lab_root/deploy/crds.yaml" >/dev/null
wait_for 20 "the custom resources" kubectl get ipamds -A
kubectl create serviceaccount default >/dev/null
openssl rand -hex 32 >"$LAB/token"
node_start node-a
node_object node-a
ipamd_spawn node-a --kubeconfig="$KUBECONFIG" --peer-token-file="$LAB/token" --pool-low=5
wait_for 10 "ipamd" ipamd_get node-a /healthz

# make PATH COUNT TEMPLATE: objects, $i in the template being their number.
make() {
  python3 - "$kube_server$1" "$2" "$3" <<'P'
import concurrent.futures, ssl, sys, urllib.request
url, count, template = sys.argv[1], int(sys.argv[2]), sys.argv[3]
context = ssl._create_unverified_context()
def make(i):
    urllib.request.urlopen(urllib.request.Request(url, data=template.replace("$i", str(i)).encode(),
        headers={"Authorization": "Bearer admintoken", "Content-Type": "application/json"}), context=context).read()
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    list(pool.map(make, range(count)))
P
}
pods=/api/v1/namespaces/default/pods
pod='{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "NAME-$i", "labels": {"app": "web"}}, "spec": {"nodeName": "NODE",
  "automountServiceAccountToken": false, "containers": [{"name": "c", "image": "none", "env": [{"name": "A", "value": "some text"}]}]}}'
metric() { ipamd_get node-a /metrics | awk -v m="$1" '$1 == m {print $2}'; }
metric_is() { [ "$(metric "$1")" = "$2" ]; }
kib() { awk -v w="$1" '$1 == w":" {print $2}' "/proc/${ipamd_pid[node-a]}/status"; }

before=$(kib VmRSS)
make "$pods" 4950 "$(sed 's/NAME/other/; s/NODE/node-$i/' <<<"$pod")"
make "$pods" 50 "$(sed 's/NAME/own/; s/NODE/node-a/' <<<"$pod")"
expect "of 5,000 pods ipamd knows the 50 of its node" eventually 30 metric_is cnivpc_kubernetes_pods 50
after=$(kib VmRSS)
echo "# $before KiB before, $after KiB with 5,000 pods"
expect "it takes less than 16 MiB: $after KiB" [ "$after" -lt 16384 ]
ipamd_stop node-a KILL || true
ipamd_spawn node-a --kubeconfig="$KUBECONFIG" --peer-token-file="$LAB/token" --pool-low=5
expect "so it does when it starts among them" eventually 30 metric_is cnivpc_kubernetes_pods 50
expect "$(kib VmHWM) KiB at most" [ "$(kib VmHWM)" -lt 16384 ]

# Nodes from which to borrow, none of which answers.
make /apis/vpc.uk8s.ucloud.cn/v1beta1/namespaces/kube-system/ipamds 1000 '{"apiVersion": "vpc.uk8s.ucloud.cn/v1beta1", "kind": "Ipamd",
  "metadata": {"name": "node-$i"}, "spec": {"node": "node-$i", "addr": "10.126.0.1:1", "subnet": "subnet-lab"}, "status": {"current": 3, "high": 50, "low": 3, "status": "normal"}}'
simulator faults -X PUT -d '[{"match":{"action":"write"},"do":{"ret_code":57000,"message":"no more IP"}}]' >/dev/null
for i in {1..40}; do pod_start node-a "p$i" >/dev/null || break; done
expect "when the subnet is exhausted it lists the nodes" eventually 30 metric_is cnivpc_peers 1000
expect "$(kib VmHWM) KiB at most" [ "$(kib VmHWM)" -lt 20480 ]
lab_done
