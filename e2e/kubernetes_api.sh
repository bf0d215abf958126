#!/bin/bash
# kubernetes_api.sh: ipamd and a real API server (1.20), pods as objects only:
#   its Ipamd resource, the demand of scheduled pods, Events, Calico's annotation,
#   few calls, and none that a pod waits for; the API server dies and comes back.
. "$(dirname "$0")/lab.sh"
. "$(dirname "$0")/rigs/kubernetes.sh"
kubernetes_or_skip
need curl
lab_enter "$@"

api_start
if knows_custom_resources; then
  kubectl apply -f "$lab_root/deploy/crds.yaml" >/dev/null
  wait_for 20 "the custom resources" kubectl get ipamds -A
else
  echo "# SKIPPED: custom resources, of which this build of kube-apiserver dies"
fi
kubectl create serviceaccount default >/dev/null # nobody else does, without the controllers
node_start node-a
node_object node-a
on node-a rm /etc/cni/net.d/10-cnivpc.conflist
ipamd_start node-a --kubeconfig="$KUBECONFIG" --pool-low=2 --pool-high=20 --trim-delay=1 \
  --conflist=/etc/cni/net.d/10-cnivpc.conflist

# pod_object NAME [ANNOTATION [NODE]]: a pod that is scheduled to the node, or NODE;
# its uid.
pod_object() {
  kubectl create -o jsonpath='{.metadata.uid}' -f - <<J
{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "$1", "annotations": {"${2:-mine}": "true"}},
 "spec": {"nodeName": "${3:-node-a}", "automountServiceAccountToken": false, "containers": [{"name": "c", "image": "none"}]}}
J
}
# add NAME UID: as kubelet has it, with the pod's uid.
add() {
  on node-a ip netns add "$1" 2>/dev/null || true
  CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=$1;K8S_POD_INFRA_CONTAINER_ID=$1;K8S_POD_UID=$2" cni_add node-a "$1"
}
metric() { ipamd_get node-a /metrics | awk -v m="$1" '$1 == m {print $2}'; }
metric_is() { [ "$(metric "$1")" = "$2" ]; }
warm_is() { [ "$(pool node-a warm | wc -l)" = "$1" ]; }
ipamd_field() { kubectl -n kube-system get ipamd node-a -o "jsonpath={$1}"; }
ipamd_is() { [ "$(ipamd_field "$1")" = "$2" ]; }
shipped() { on node-a cmp "$lab_conflist" /etc/cni/net.d/10-cnivpc.conflist; }

expect "the runtime's configuration was written when an address could be leased" eventually 5 shipped
if knows_custom_resources; then
  expect "the Ipamd resource is there" eventually 10 ipamd_is .spec.addr 10.126.0.11:7312
  same "it belongs to its node" "Node node-a" "$(ipamd_field '.metadata.ownerReferences[0].kind}{" "}{.metadata.ownerReferences[0].name')"
  same "by its uid" "$(kubectl get node node-a -o 'jsonpath={.metadata.uid}')" "$(ipamd_field '.metadata.ownerReferences[0].uid')"
  expect "it tells how full the pool is" eventually 10 ipamd_is .status.current 2
  same "with UK8S's word" normal "$(ipamd_field .status.status)"
  expect "kubectl shows it" grep -Eq 'node-a +10.126.0.11:7312 +subnet-lab +2 +normal' <(kubectl -n kube-system get ipamds)
fi

# Demand: pods that are scheduled here and have no network yet.
declare -A uid
for i in {1..6}; do uid[p$i]=$(pod_object "p$i"); done
expect "scheduled pods are seen" eventually 5 metric_is cnivpc_kubernetes_pods_expected 6
expect "the pool is filled for them, beside the low watermark" eventually 5 warm_is 8
calls=$(vpc_calls AllocateSecondaryIp)
for i in {1..6}; do expect "p$i gets an address" add "p$i" "${uid[p$i]}"; done
same "none is expected any more" 0 "$(metric cnivpc_kubernetes_pods_expected)"
same "the VPC wasn't asked again" "$calls" "$(vpc_calls AllocateSecondaryIp)"
! knows_custom_resources || expect "the resource follows" eventually 15 ipamd_is .status.current 2

# The API server's own log says what it was asked for.
from_ipamd='(.userAgent | startswith("cnivpc"))'
same "one list of pods" 1 "$(audited "$from_ipamd and .verb == \"list\" and .objectRef.resource == \"pods\"")"
same "no write to a pod" 0 "$(audited "$from_ipamd and .objectRef.resource == \"pods\" and (.verb | IN(\"patch\", \"update\", \"create\", \"delete\"))")"
same "no pod was asked for by name" 0 "$(audited "$from_ipamd and .verb == \"get\" and .objectRef.resource == \"pods\"")"

# Why a pod has no address is an Event of the pod.
simulator faults -X PUT -d '[{"match":{"action":"write"},"do":{"ret_code":57000,"message":"no more IP"}}]' >/dev/null
last=
for i in 7 8 9; do
  uid[p$i]=$(pod_object "p$i")
  add "p$i" "${uid[p$i]}" >/dev/null || last=p$i
done
event() { kubectl get events --field-selector "involvedObject.uid=${uid[$1]}" -o 'jsonpath={.items[0].reason}'; }
event_is() { [ "$(event "$1")" = "$2" ]; }
expect "the pod that got none has an Event with the reason" eventually 10 event_is "$last" subnet-exhausted
expect "which kubectl describe shows" grep -q 'subnet-exhausted.*no address left' <(kubectl describe pod "$last")
expect "a pod that got one has none" event_is p7 ""
simulator faults -X DELETE >/dev/null
warm_again() { [ "$(pool node-a warm | wc -l)" -ge 3 ]; }
wait_for 30 "addresses again" warm_again

# Who asks for what there isn't must not get something else.
uid[fixed]=$(pod_object fixed 'network.beta.kubernetes.io/ucloud-statefulset-static-ip')
wait_for 10 "the pod to be known" metric_is cnivpc_kubernetes_pods 10
refuse "a pod that asks for a fixed address gets no other" add fixed "${uid[fixed]}"
expect "and is told why" eventually 10 event_is fixed unsupported
kubectl delete pod fixed --grace-period=0 --force >/dev/null 2>&1

# A pod that the watch hasn't told (it follows another node's) costs one get.
uid[late]=$(pod_object late mine node-b)
uid[other]=$(pod_object other network.kubernetes.io/ucloud-pod-networking-name node-b)
expect "a pod that the watch hasn't told gets an address" add late "${uid[late]}"
refuse "one whose PodNetworking doesn't exist gets none" add other "${uid[other]}"
expect "and is told why" eventually 10 event_is other networking-missing
expect "one of which the API server doesn't know gets one" add stranger uid-stranger
asked='(.verb == "get" and .objectRef.resource == "pods")'
same "each was asked for once" 3 "$(audited "$from_ipamd and $asked")"
kubectl delete pod late other --grace-period=0 --force >/dev/null 2>&1

# The API server dies: pods get their addresses all the same.
api_stop
health() { ipamd_get node-a /v1/node | jq -r .kubernetes; }
unreached() { [ "$(health)" != ok ] && [ "$(metric cnivpc_kubernetes_up)" = 0 ]; }
expect "status and metric tell that the API server is gone" eventually 30 unreached
expect "the log does" grep -q "isn't reached; pods get addresses all the same" "$LAB/node-a/ipamd.log"
expect "cnivpctl does" grep -q "API server isn't reached" <(ctl node-a status)
for i in 1 2 3; do expect "a pod without an API server gets an address" add "q$i" "uid-q$i"; done
expect "and gives it back" cni_del node-a q1
api_start
expect "it is reached again" eventually 60 metric_is cnivpc_kubernetes_up 1
same "and the status says so" ok "$(health)"
pod_object p10 >/dev/null
expected_some() { [ "$(metric cnivpc_kubernetes_pods)" = 10 ]; }
expect "what happens afterwards is seen" eventually 10 expected_some
kubectl delete pod p10 --grace-period=0 --force >/dev/null 2>&1
gone_some() { [ "$(metric cnivpc_kubernetes_pods)" = 9 ]; }
expect "so is a pod's end" eventually 10 gone_some

# Calico's annotation is there when the ADD returns, beside what is there.
ipamd_stop node-a
expect "the runtime's configuration stays when ipamd stops" shipped
ipamd_start node-a --kubeconfig="$KUBECONFIG" --calicoPolicyFlag --pool-low=2 --cooldown=1
uid[c1]=$(pod_object c1)
annotations() { kubectl get pod "$1" -o json | jq -c .metadata.annotations; }
expect "an ADD with Calico's annotation" add c1 "${uid[c1]}"
same "it says the address, and the rest is left alone" \
  "{\"cni.projectcalico.org/podIP\":\"$(jq -r '.ips[0].address' "$LAB/node-a/pods/c1.json")\",\"mine\":\"true\"}" "$(annotations c1)"
pod_object c2 >/dev/null
refuse "an earlier pod of that name gets no address" add c2 uid-of-an-earlier-one
same "and leaves the later one alone" '{"mine":"true"}' "$(annotations c2)"
leased() { pool node-a leased | wc -l; }
same "its lease has ended" 13 "$(leased)" # p1 to p8, q2, q3, c1
expect "cnivpctl events tells the reason" grep -q not-annotated <(ctl node-a events)
expect "store, VPC and kernel agree" eventually 10 invariants node-a

knows_custom_resources || lab_done

# The resource goes with its node.
controllers_start
kubectl delete node node-a >/dev/null
no_ipamd() { ! kubectl -n kube-system get ipamd node-a; }
expect "the Ipamd resource goes with its node" eventually 60 no_ipamd
node_object node-a
uid[c3]=$(pod_object c3)
expect "when there is something to say again" add c3 "${uid[c3]}"
expect "and comes back with it" eventually 90 ipamd_is .status.status normal
writes=$(audited "$from_ipamd and .objectRef.resource == \"ipamds\" and (.verb | IN(\"patch\", \"create\"))")
kib=$(awk '/VmRSS/ {print $2}' "/proc/${ipamd_pid[node-a]}/status")
expect "ipamd takes less than 16 MiB: $kib KiB" [ "$kib" -lt 16384 ]
# Two ipamds wrote at once when they began; twice the resource wasn't there, and was
# made after that.
expect "it was written once in five seconds at most: $writes times in $SECONDS s" [ "$(((writes - 4) * 5))" -le "$SECONDS" ]
# Its watches wait for news that may not come for minutes.
kill -TERM "${ipamd_pid[node-a]}"
has_ended() { [ ! -e "/proc/${ipamd_pid[node-a]}/exe" ]; }
expect "it stops soon when it is told to" eventually 3 has_ended
wait "${ipamd_pid[node-a]}"
same "and well" 0 "$?"
lab_done
