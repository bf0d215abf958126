#!/bin/bash
# kubernetes_condition.sh: a node of a real Kubernetes whose subnet is used up says so
#   by its condition NetworkUnavailable (--node-condition): it is tainted, pods aren't
#   scheduled to it, and all that ends when there are addresses again.
lab_state='.subnets[0] |= (.prefix = "10.126.0.0/27" | .next = "10.126.0.20")'
. "$(dirname "$0")/lab.sh"
. "$(dirname "$0")/rigs/kubernetes.sh"
kubernetes_or_skip
lab_enter "$@"

api_start
! knows_custom_resources || kubectl apply -f "$lab_root/deploy/crds.yaml" >/dev/null
controllers_start
node_start node-a
node_object node-a
kubelet_start node-a

# The rights are those of the manifests, and no more.
account=system:serviceaccount:kube-system:cni-vpc-ipamd
kubectl apply -f "$lab_root/deploy/cnivpc.yaml" >/dev/null
kubectl -n kube-system delete daemonset cni-vpc-ipamd >/dev/null
refuse "without deploy/node-condition.yaml ipamd may not write a Node" kubectl auth can-i patch nodes --subresource=status --as="$account"
kubectl apply -f "$lab_root/deploy/node-condition.yaml" >/dev/null
secret_of() { kubectl -n kube-system get serviceaccount cni-vpc-ipamd -o json | jq -re '.secrets[0].name'; }
wait_for 30 "the service account's token" secret_of
token=$(kubectl -n kube-system get secret "$(secret_of)" -o jsonpath='{.data.token}' | base64 -d)
kubeconfig_of ipamd "$token" >"$LAB/ipamd.kubeconfig"

# start ipamd_start|ipamd_spawn
start() { "$1" node-a --kubeconfig="$LAB/ipamd.kubeconfig" --node-condition --pool-low=2 --pool-high=4 --cooldown=1; }
condition() { kubectl get node node-a -o json | jq -r --arg f "$1" '.status.conditions[]? | select(.type == "NetworkUnavailable")[$f]'; }
condition_is() { [ "$(condition status)" = "$1" ]; }
tainted() { kubectl get node node-a -o json | jq -e '.spec.taints[]? | select(.key == "node.kubernetes.io/network-unavailable" and .effect == "NoSchedule")'; }
untainted() { ! tainted; }
writes() { audited '.verb == "patch" and .objectRef.resource == "nodes" and (.userAgent | startswith("cnivpc"))'; }
running() { kubectl get pods -l app=web -o json | jq '[.items[] | select(.status.phase == "Running" and .metadata.deletionTimestamp == null)] | length'; }
running_are() { [ "$(running)" = "$1" ]; }

start ipamd_start
expect "a node with addresses says so" eventually 30 condition_is False
same "and why" AddressesAvailable "$(condition reason)"
wait_for 60 "the node to be Ready" is_ready node-a
refuse "it isn't tainted" tainted

# More pods than the subnet has addresses.
kubectl create deployment web --image="$kube_image" -- /bin/pause -P >/dev/null
kubectl patch deployment web --type=json -p '[{"op": "add", "path": "/spec/template/spec/terminationGracePeriodSeconds", "value": 1},
  {"op": "add", "path": "/spec/template/spec/automountServiceAccountToken", "value": false}]' >/dev/null
kubectl scale deployment web --replicas=30 >/dev/null
expect "the subnet is used up, and the node says so" eventually 120 condition_is True
same "and why" NoAddresses "$(condition reason)"
message=$(condition message)
expect "in words: $message" grep -q "no free address" <<<"$message"
expect "Kubernetes taints it" eventually 20 tainted
expect "kubelet's conditions are as they were" is_ready node-a
kubectl run late --image="$kube_image" --restart=Never --command -- /bin/pause -P >/dev/null
unscheduled() { kubectl get pod late -o json | jq -e '.spec.nodeName == null and any(.status.conditions[]?; .reason == "Unschedulable" and (.message | contains("network-unavailable")))'; }
expect "no pod is scheduled to it" eventually 30 unscheduled

ipamd_stop node-a 9 || true
start ipamd_spawn
sleep 15 # what passes in the beginning isn't told
expect "an ipamd that was killed and started says it, too" eventually 40 condition_is True

kubectl scale deployment web --replicas=3 >/dev/null
expect "there are addresses again, and the node says so" eventually 90 condition_is False
expect "the taint is taken off" eventually 20 untainted
is_running() { [ "$(kubectl get pod late -o jsonpath='{.status.phase}')" = Running ]; }
expect "the pod that waited runs" eventually 60 is_running
expect "as do those that stayed" eventually 60 running_are 3
since=$(condition lastTransitionTime) before=$(writes)
ipamd_stop node-a
start ipamd_start
writes_again() { [ "$(writes)" -gt "$before" ]; }
expect "an ipamd that is started anew says so again" eventually 30 writes_again
same "since when it is so" "$since" "$(condition lastTransitionTime)"
count=$(writes)
expect "with few writes: $count" [ "$count" -le 10 ]
same "and none refused" 0 "$(audited '(.user.username == "'"$account"'") and .objectRef.resource == "nodes" and .responseStatus.code == 403')"

# It can be taken off by hand (docs/kubernetes.md).
ipamd_stop node-a
kubectl get --raw /api/v1/nodes/node-a/status | jq '.status.conditions |= map(select(.type != "NetworkUnavailable"))' |
  kubectl replace --raw /api/v1/nodes/node-a/status -f - >/dev/null
same "taken off by hand it is gone" "" "$(condition status)"
lab_done
