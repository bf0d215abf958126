#!/bin/bash
# kubernetes_fixed.sh: fixed addresses against a real API server (1.20) and its
#   StatefulSet controller, two ipamds as two nodes with the rights of
#   deploy/cnivpc.yaml, and vpcsim: the first ADD, the same and another node, an
#   address that the cloud lost or gave to somebody else, no API server, no ipamd,
#   a kill in the middle of a move; scaled down, deleted, by hand, a dead node.
. "$(dirname "$0")/lab.sh"
. "$(dirname "$0")/rigs/kubernetes.sh"
kubernetes_or_skip
knows_custom_resources || { echo "# SKIPPED: custom resources, of which this build of kube-apiserver dies"; exit 0; }
need curl ping jq base64
lab_enter "$@"

api_start
kubectl apply -f "$lab_root/deploy/crds.yaml" >/dev/null
wait_for 20 "the custom resources" kubectl get vpcipclaims -A
controllers_start
kubectl apply -f "$lab_root/deploy/cnivpc.yaml" >/dev/null
kubectl -n kube-system delete daemonset cni-vpc-ipamd >/dev/null
wait_for 60 "the default service account" kubectl get serviceaccount default

# ipamd has the rights of its service account, no others.
account() { kubectl -n kube-system get serviceaccount cni-vpc-ipamd -o 'jsonpath={.secrets[0].name}'; }
has_account() { [ -n "$(account)" ]; }
wait_for 60 "ipamd's service account" has_account
kubeconfig_of ipamd "$(kubectl -n kube-system get secret "$(account)" -o 'jsonpath={.data.token}' | base64 -d)" >"$LAB/ipamd.kubeconfig"

start() {
  ipamd_start "$1" --kubeconfig="$LAB/ipamd.kubeconfig" --pool-low=2 --pool-high=4 --cooldown=1 --trim-delay=1 \
    --verify-interval=2 --attach-grace=1 "${@:2}"
}
for node in node-a node-b; do
  node_start "$node"
  node_object "$node"
  start "$node"
done

# --- Kubernetes' side
# stateful_set NAME REPLICAS NODE POLICY: all of whose pods are on that node.
stateful_set() {
  kubectl apply -f - >/dev/null <<J
{"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "$1"},
 "spec": {"replicas": $2, "serviceName": "$1", "podManagementPolicy": "Parallel", "updateStrategy": {"type": "OnDelete"},
  "selector": {"matchLabels": {"app": "$1"}},
  "template": {"metadata": {"labels": {"app": "$1"}, "annotations": {
     "network.beta.kubernetes.io/ucloud-statefulset-static-ip": "true",
     "network.beta.kubernetes.io/ucloud-statefulset-ip-claim-policy": "$4"}},
   "spec": {"nodeName": "$3", "automountServiceAccountToken": false, "containers": [{"name": "c", "image": "none"}]}}}}
J
}
uid_of() { kubectl get pod "$1" -o 'jsonpath={.metadata.uid}'; }
has_pod() { [ -n "$(uid_of "$1")" ]; }
is_on() { [ "$(kubectl get pod "$1" -o 'jsonpath={.spec.nodeName}')" = "$2" ]; }
no_pod() { ! kubectl get pod "$1"; }
force_delete() { kubectl delete pod "$1" --grace-period=0 --force >/dev/null 2>&1; }
claim() { kubectl get vpcipclaim "$1" -o "jsonpath={$2}"; }
claim_is() { [ "$(claim "$1" "$2")" = "$3" ]; }
no_claim() { ! kubectl get vpcipclaim "$1"; }
event_is() { [ -n "$(kubectl get events --field-selector "involvedObject.uid=$(uid_of "$1"),reason=$2" -o name)" ]; }

# --- kubelet's side
# A pod NAME's N-th sandbox is NAME.N. add NODE NAME: a sandbox for the pod that
# is there now; del NODE NAME: of its last one.
sandbox() { echo "$1.$(cat "$LAB/sandboxes.$1")"; }
add() {
  local node=$1 name=$2 n=0
  [ ! -e "$LAB/sandboxes.$name" ] || n=$(cat "$LAB/sandboxes.$name")
  echo $((n + 1)) >"$LAB/sandboxes.$name"
  on "$node" ip netns add "$(sandbox "$name")"
  CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=$name;K8S_POD_INFRA_CONTAINER_ID=$(sandbox "$name");K8S_POD_UID=$(uid_of "$name")" \
    cni_add "$node" "$(sandbox "$name")"
}
del() { cni_del "$1" "$(sandbox "$2")" >/dev/null && on "$1" ip netns del "$(sandbox "$2")"; }
ip_of() { pod_ip "$1" "$(sandbox "$2")"; }
# add_again [-n TIMES] NODE NAME: tried again, as kubelet does.
add_again() {
  local try most=20
  [ "$1" != -n ] || { most=$2; shift 2; }
  for ((try = 0; try < most; try++)); do
    add "$@" && return
    sleep 1
  done
  return 1
}
owner() { simulator "addresses?ip=$1" | jq -r '[.addresses[] | select(.primary | not) | .mac] | join(" ")'; }
owner_is() { [ "$(owner "$1")" = "$2" ]; }
state_on() { ipamd_get "$1" /v1/pool | jq -r --arg ip "$2" '[.addresses[] | select(.address == $ip) | .state] | join(" ")'; }
state_is() { [ "$(state_on "$1" "$2")" = "$3" ]; }
metric() { ipamd_get "$1" /metrics | awk -v m="$2" '$1 == m {print $2}'; }
leads() { [ "$(metric "$1" cnivpc_fixed_leads)" = 1 ]; }
one_leads() { leads node-a || leads node-b; }
from_ipamd='(.userAgent | startswith("cnivpc"))'
asked_by_name() { audited "$from_ipamd and .verb == \"get\" and .objectRef.resource == \"$1\""; }

# --- the first ADD
stateful_set db 2 node-a 3s
for name in db-0 db-1; do
  wait_for 20 "$name" has_pod "$name"
  expect "$name gets an address" add node-a "$name"
done
ip=$(ip_of node-a db-0)
same "there is a claim with it" "$ip" "$(claim db-0 .spec.ip)"
same "it says that the pod has it" "true true" "$(claim db-0 '.status.attached}{" "}{.metadata.labels.attached')"
same "for how long it is kept" 3s "$(claim db-0 .status.releaseTime)"
same "whose it is" "db cni-vpc-ipamd" "$(claim db-0 '.metadata.labels.owner-statefulset}{" "}{.metadata.finalizers[0]')"
same "on which interface" "$(node_mac node-a)" "$(claim db-0 .status.mac)"
same "and of which subnet" "subnet-lab uvnet-lab 255.255.0.0 10.126.0.1" "$(claim db-0 '.spec.subnetId}{" "}{.spec.vpcId}{" "}{.spec.mask}{" "}{.spec.gateway')"
expect "kubectl shows it" grep -Eq "db-0 +$ip +true +3s" <(kubectl get vpcipclaims)
expect "the pod answers" ping -q -c 1 -W 5 "$ip"

# --- an ordinary pod's ADD makes no call
ordinary() {
  kubectl create -f - >/dev/null <<J
{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "$1", "annotations": {"${2:-mine}": "true"}},
 "spec": {"nodeName": "node-a", "automountServiceAccountToken": false, "containers": [{"name": "c", "image": "none"}]}}
J
}
ordinary web
known() { [ "$(metric node-a cnivpc_kubernetes_pods)" = 3 ]; }
wait_for 10 "the pod to be known" known
before=$(audited "$from_ipamd and (.objectRef.resource | IN(\"pods\", \"vpcipclaims\"))")
expect "an ordinary pod gets an address" add node-a web
same "without a call of the API" "$before" "$(audited "$from_ipamd and (.objectRef.resource | IN(\"pods\", \"vpcipclaims\"))")"

# --- the same node again
del node-a db-0
same "when the pod is away its address is kept" fixed "$(state_on node-a "$ip")"
force_delete db-0
for i in 1 2 3 4; do
  ordinary "other$i"
  add node-a "other$i" >/dev/null || true
done
same "whatever other pods need" fixed "$(state_on node-a "$ip")"
wait_for 20 "another db-0" has_pod db-0
expect "the next pod of that name gets an address" add_again node-a db-0
same "it is the same" "$ip" "$(ip_of node-a db-0)"

# --- another node
stateful_set db 2 node-b 3s
del node-a db-0
force_delete db-0
wait_for 20 "db-0 on the other node" is_on db-0 node-b
expect "on another node it gets an address" add_again node-b db-0
same "it is the same" "$ip" "$(ip_of node-b db-0)"
same "the VPC moved it by its MAC" "$(node_mac node-b)" "$(owner "$ip")"
same "the claim says where it is" "$(node_mac node-b)" "$(claim db-0 .status.mac)"
same "and that nothing is under way" "" "$(claim db-0 '.metadata.annotations.vpc\.uk8s\.ucloud\.cn/moves')"
expect "the pod answers there" ping -q -c 1 -W 5 "$ip"
expect "the first node forgets it" eventually 20 state_is node-a "$ip" ""
same "none was asked for by its name there" 0 "$(simulator 'calls?action=AllocateSecondaryIp' |
  jq --arg ip "$ip" --arg mac "$(node_mac node-b)" '[.calls[] | select(.params.Ip == $ip and (.params.Mac | ascii_downcase) == $mac)] | length')"

# --- what the cloud lost, and what it gave to somebody else
del node-b db-0
simulator addresses/take -X POST -d "{\"ip\": \"$ip\"}" >/dev/null
expect "an address that the cloud lost is had again" add_again node-b db-0
same "that very one" "$ip" "$(ip_of node-b db-0)"
same "it is the node's" "$(node_mac node-b)" "$(owner "$ip")"
del node-b db-0
simulator addresses/take -X POST -d "{\"ip\": \"$ip\"}" >/dev/null
simulator addresses/give -X POST -d "{\"ip\": \"$ip\", \"mac\": \"$(node_mac node-c)\"}" >/dev/null
refuse "one that somebody else has is refused" add node-b db-0
expect "with the reason, as an Event of the pod" eventually 20 event_is db-0 fixed-taken
same "and not taken away" "$(node_mac node-c)" "$(owner "$ip")"
simulator addresses/take -X POST -d "{\"ip\": \"$ip\"}" >/dev/null
expect "when it is free again the pod gets it" add_again node-b db-0
same "the same" "$ip" "$(ip_of node-b db-0)"

# --- who isn't a StatefulSet's
ordinary lone network.beta.kubernetes.io/ucloud-statefulset-static-ip
refuse "a pod of no StatefulSet gets no fixed address" add node-a lone
expect "nor another one" eventually 20 event_is lone unsupported

# --- a pod that the watch doesn't know yet is looked up, if its name is like that
gets=$(asked_by_name pods)
expect "one that nobody knows is an ordinary one" pod_start node-b ghost-0
same "by one get" "$((gets + 1))" "$(asked_by_name pods)"

# --- without an API server, and without ipamd
del node-b db-0
api_stop
refuse "without an API server there is no fixed address" add node-b db-0
expect "but an ordinary one" pod_start node-b plain
api_start
expect "when it is back there is" add_again node-b db-0
same "the same" "$ip" "$(ip_of node-b db-0)"
del node-b db-0
ipamd_stop node-b
refuse "without ipamd there is none" add node-b db-0
start node-b
expect "with it there is" add_again node-b db-0
same "the same" "$ip" "$(ip_of node-b db-0)"

# --- killed in the middle of a move
del node-b db-0
stateful_set db 2 node-a 3s
force_delete db-0
wait_for 20 "db-0 on the first node" is_on db-0 node-a
simulator faults -X PUT -d '[{"match":{"action":"MoveSecondaryIPMac"},"do":{"latency":{"distribution":"constant","ms":3000}}}]' >/dev/null
add node-a db-0 >/dev/null &
moving() { [ "$(state_on node-a "$ip")" = arriving ]; }
expect "while it moves it is nobody's" eventually 20 moving
ipamd_stop node-a KILL || true
wait $! || true
simulator faults -X DELETE >/dev/null
start node-a
expect "killed in the middle, the next ADD ends it" add_again node-a db-0
same "with the same address" "$ip" "$(ip_of node-a db-0)"
same "which has one owner" "$(node_mac node-a)" "$(owner "$ip")"
expect "the pod answers" ping -q -c 1 -W 5 "$ip"

# --- scaled down
expect "one of the two leads" eventually 90 one_leads
other=$(claim db-1 .spec.ip)
kubectl scale statefulset db --replicas=1 >/dev/null
del node-a db-1
force_delete db-1
expect "scaled down, the claim is detached" eventually 60 claim_is db-1 .status.attached false
same "its address is kept" "$(node_mac node-a)" "$(owner "$other")"
expect "until its time is over" eventually 60 no_claim db-1
expect "then it is free in the VPC" eventually 30 owner_is "$other" ""
same "the other pod's claim stays" "true" "$(claim db-0 .status.attached)"

# --- deleted by hand
stateful_set hand 1 node-a Never
wait_for 20 hand-0 has_pod hand-0
expect "another set's pod gets an address" add_again node-a hand-0
kept=$(ip_of node-a hand-0)
kubectl delete vpcipclaim hand-0 --wait=false >/dev/null
sleep 3
same "a claim that is deleted waits for its pod" "$(node_mac node-a)" "$(owner "$kept")"
del node-a hand-0
expect "then its address is released at once" eventually 30 owner_is "$kept" ""
expect "and it goes" eventually 30 no_claim hand-0
force_delete hand-0
wait_for 20 "hand-0 again" has_pod hand-0
expect "the next pod gets a new claim" add_again node-a hand-0

# --- Never
never=$(ip_of node-a hand-0)
del node-a hand-0
kubectl delete statefulset hand >/dev/null
force_delete hand-0 || true
expect "its set deleted, the claim is detached" eventually 60 claim_is hand-0 .status.attached false
sleep 5
same "Never is never" "$(node_mac node-a)" "$(owner "$never")"

# --- the node dies: the pod's address goes with the pod
leader=node-a; leads node-a || leader=node-b
ipamd_stop node-a KILL || true
kubectl delete node node-a >/dev/null
stateful_set db 1 node-b 3s
force_delete db-0
wait_for 20 "db-0 on the other node" is_on db-0 node-b
# The move that was killed may have had a late effect until 105 s later: then it
# would be taken away from here.
expect "force-deleted from a dead node, it gets an address" add_again -n 120 node-b db-0
same "the same" "$ip" "$(ip_of node-b db-0)"
same "which has moved" "$(node_mac node-b)" "$(owner "$ip")"
expect "the pod answers there" ping -q -c 1 -W 5 "$ip"
[ "$leader" = node-b ] || expect "the other one leads by now" eventually 120 leads node-b
kubectl delete vpcipclaim hand-0 --wait=false >/dev/null
expect "a claim on a dead node is deleted: the leader gives its address back" eventually 150 owner_is "$never" ""
expect "and lets go of it" eventually 30 no_claim hand-0

# --- all goes with the set
kubectl delete statefulset db >/dev/null
del node-b db-0
force_delete db-0 || true
expect "its set deleted, the last claim goes when its time is over" eventually 90 no_claim db-0
expect "and its address" eventually 30 owner_is "$ip" ""
same "ipamd has all the rights it needs" 0 "$(audited "$from_ipamd and .responseStatus.code == 403")"
expect "store, VPC and kernel agree" eventually 30 invariants node-b
lab_done
