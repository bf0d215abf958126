#!/bin/bash
# kubernetes_shift.sh: nodes find each other by their Ipamd resources, on a real API
#   server: one whose subnet is exhausted borrows from another; cnivpctl looks at any
#   node, from a node or with a kubeconfig from elsewhere; few calls.
lab_state='.subnets[0] |= (.prefix = "10.126.0.0/27" | .next = "10.126.0.20")'
. "$(dirname "$0")/lab.sh"
. "$(dirname "$0")/rigs/kubernetes.sh"
kubernetes_or_skip
knows_custom_resources || { echo "# SKIPPED: custom resources, of which this build of kube-apiserver dies"; exit 0; }
need openssl
lab_enter "$@"

api_start
kubectl apply -f "$lab_root/deploy/crds.yaml" >/dev/null
wait_for 20 "the custom resources" kubectl get ipamds -A
openssl rand -hex 32 >"$LAB/token"
openssl rand -hex 32 >"$LAB/wrong"
start() {
  ipamd_spawn "$1" --kubeconfig="$KUBECONFIG" --peer-token-file="$LAB/token" --cooldown=1 "${@:2}"
  wait_for 10 "ipamd of $1" ipamd_get "$1" /healthz
}
for node in node-a node-b; do node_start "$node"; node_object "$node"; done
count() { pool "$@" | wc -l; }
metric() { ipamd_get node-a /metrics | awk -v m="$1" 'index($0, m) == 1 {n += $2} END {print n + 0}'; }
ipamds() { kubectl -n kube-system get ipamds -o name | wc -l; }
both() { [ "$(ipamds)" = 2 ]; }
lists() { audited '.verb == "list" and .objectRef.resource == "ipamds" and (.userAgent | startswith("cnivpc"))'; }

start node-b --pool-low=30 --pool-high=30
is_full() { [ "$(count node-b warm)" -ge 12 ] && ipamd_get node-b /metrics | grep 'vpc_calls.*RESOURCE_EXHAUSTED'; }
wait_for 20 "node-b has the subnet's addresses" is_full
ipamd_stop node-b
start node-b --pool-low=2 --pool-high=40
start node-a --pool-low=0
expect "both have an Ipamd resource" eventually 15 both
same "nobody has asked for the nodes yet" 0 "$(lists)"

# The rights are those of the manifest.
kubectl apply -f "$lab_root/deploy/cnivpc.yaml" >/dev/null
may() { kubectl auth can-i "$@" --as=system:serviceaccount:kube-system:cni-vpc-ipamd >/dev/null; }
expect "ipamd's service account may list the resources" may list ipamds.vpc.uk8s.ucloud.cn -n kube-system
refuse "but in no other namespace" may list ipamds.vpc.uk8s.ucloud.cn -n default
refuse "and change no PodNetworking" may patch podnetworkings.vpc.uk8s.ucloud.cn

expect "a pod of node-a gets an address, of which the subnet has none" pod_start node-a web-1
a1=$(pod_ip node-a web-1)
same "it was borrowed" 1 "$(metric 'cnivpc_shift_events_total{event="borrowed",side="borrower"}')"
same "node-b lent it" "leaving lent" "$(ctl node-b events "$a1" -o json | jq -r '[.events[].reason] | join(" ")')"
for i in 2 3 4; do expect "so does another" pod_start node-a "web-$i"; done
same "for all of which the nodes were listed once" 1 "$(lists)"
same "node-b is the only one that could be asked" 1 "$(metric cnivpc_peers)"

# cnivpctl
expect "from node-a cnivpctl looks at node-b" grep -q "node-b, 10.126.0.12" <<<"$(ctl node-a status -n node-b || true)"
expect "a node that there isn't is said so" grep -q "node node-z has no Ipamd resource" <<<"$(ctl node-a get pool -n node-z 2>&1 || true)"
from_afar() { "$LAB/cnivpctl" "$@" --kubeconfig="$KUBECONFIG" --socket=/nowhere; }
ln -sf "$CNIVPC" "$LAB/cnivpctl"
tells() { from_afar get node -o json | jq -e --arg n "$1" --argjson p "$2" '.nodes[] | select(.node == $n) | .pool == $p'; }
expect "with a kubeconfig it shows all nodes" eventually 15 tells node-b "$(count node-b warm)"
from_afar get node -o wide | sed 's/^/# /'
expect "and one's status by the nodes' secret" grep -q "node-b, 10.126.0.12" <<<"$(from_afar status -n node-b --peer-token-file="$LAB/token" || true)"
same "and its pods" "web-1 web-2 web-3 web-4" \
  "$(from_afar get pod -n node-a --peer-token-file="$LAB/token" -o json | jq -r '[.addresses[].lease.attachment.containerId] | sort | join(" ")')"
refuse "not by a wrong one" from_afar status -n node-b --peer-token-file="$LAB/wrong"
expect "without one it says what is missing" grep -q "peer-token-file" <<<"$(from_afar status -n node-b 2>&1 || true)"
expect "a node that there isn't is said so" grep -q "no Ipamd resource" <<<"$(from_afar status -n node-z --peer-token-file="$LAB/token" 2>&1 || true)"
sed "s/admintoken/nonsense/" "$KUBECONFIG" >"$LAB/stranger"
expect "as is a user that may not read them" grep -q "may get and list ipamds" \
  <<<"$("$LAB/cnivpctl" get node --kubeconfig="$LAB/stranger" 2>&1 || true)"

refuse "nothing was logged that shouldn't be" grep -h "RAW:" "$LAB/node-a/ipamd.log" "$LAB/node-b/ipamd.log"

# The API server is down: whom one knows can still be asked; what was lent is settled.
api_stop
expect "while the API server is down a pod still borrows" pod_start node-a web-5
for i in 1 2 3 4 5; do expect "DEL" pod_stop node-a "web-$i"; done
expect "store, VPC and kernel agree" invariants node-a
lab_done
