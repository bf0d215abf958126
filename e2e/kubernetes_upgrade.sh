#!/bin/bash
# kubernetes_upgrade.sh: the plugin is upgraded through a real API server (1.20), by
#   pods on a real node, while ADDs and DELs go on: by the Job of deploy/upgrader.yaml
#   with its rights, and then ipamd by `kubectl set image`; by a command that is
#   killed and followed by another one. A bad release stops at the canary; one whose
#   pods fail afterwards is taken back. Two upgraders at once; pause, abort, rollback;
#   nodes that are cordoned, tainted, unreachable, or whose kubelet is gone; an API
#   server that dies.
. "$(dirname "$0")/lab.sh"
. "$(dirname "$0")/rigs/kubernetes.sh"
kubernetes_or_skip
knows_custom_resources || { echo "# SKIPPED: this build of kube-apiserver dies of custom resources"; exit 0; }
need jq strip
lab_enter "$@"

# --- releases: ours; the same with another commit; one that asks ipamd for what
# there isn't. And their images.
readonly old=$LAB/tmp/old new=$LAB/tmp/new bad=$LAB/tmp/bad bin=/opt/cni/bin
cp "$CNIVPC" "$old"
commit_of() { "$@" version | sed -n 's/^Git Commit ID: *//p'; }
old_commit=$(commit_of "$old")
sed "s/$old_commit/$(tr '0-9a-f' '1-9a-f0' <<<"${old_commit:0:7}")${old_commit:7}/" "$old" >"$new"
sed 's#/v1/leases/acquire#/v1/leases/acquirE#' "$new" >"$bad"
chmod +x "$new" "$bad"
new_commit=$(commit_of "$new")
image() { "$lab_root/deploy/image" --binary "$1" --tag "cnivpc/ipamd:$2" "$LAB/$2.tar" >/dev/null; }
image "$old" 0.1.0
image "$new" 0.2.0
image "$bad" bad

api_start
kubectl apply -f "$lab_root/deploy/crds.yaml" >/dev/null
wait_for 20 "the custom resources" kubectl get cniupgrades -A
controllers_start
node_start node-a
on node-a rm /etc/cni/net.d/10-cnivpc.conflist "$bin/cnivpc"
node_object node-a
kubelet_start node-a "$LAB"/{0.1.0,0.2.0,bad}.tar
wait_for 30 "the default service account" kubectl get serviceaccount default
kubectl apply -f "$lab_root/deploy/cnivpc.yaml" >/dev/null
expect "the DaemonSet's pod becomes ready" kubectl -n kube-system rollout status daemonset cni-vpc-ipamd --timeout=120s
expect "the node is Ready" eventually 60 is_ready node-a

upgrade() { "$old" upgrade --kubeconfig="$KUBECONFIG" "$@"; }
status() { upgrade --all --status -o json | jq -r "$1"; }
state() { status "[.nodes[] | select(.name == \"$1\") | .state, .text] | join(\" \")"; }
installed() { commit_of on node-a "$bin/cnivpc"; }
operations() { kubectl -n kube-system get pods -l "app=plugin-operation${1:+,operation=$1}" -o name | wc -l; }
no_operations() { [ "$(operations)" = 0 ]; }
exits() {
  local what=$1 status=$2 text=$3 out rc=0; shift 3
  out=$("$@" 2>&1) || rc=$?
  if [ "$rc" = "$status" ] && grep -qF -- "$text" <<<"$out"; then ok "$what"; else not_ok "$what: exit status $rc: $out"; fi
}

# --- pods come and go all the time
: >"$LAB/failures"
calls() {
  local i=0
  until [ -e "$LAB/enough" ]; do
    i=$((i + 1))
    pod_start node-a "loop-$i" >>"$LAB/failures" 2>&1 || echo "ADD $i failed" >>"$LAB/failures"
    pod_stop node-a "loop-$i" >>"$LAB/failures" 2>&1 || echo "DEL $i failed" >>"$LAB/failures"
    echo "$i" >"$LAB/calls"
  done
}
calls &
caller=$!

# --- the Job
exits "no run on record" 1 "there was no run" upgrade --all --status
same "what is installed is the DaemonSet's" "$old_commit" "$(installed)"
job() { sed "s/0\.1\.0/$1/g" "$lab_root/deploy/upgrader.yaml"; }
job 0.2.0 | kubectl apply -f - >/dev/null
finished() { [ "$(kubectl -n kube-system get job "$1" -o 'jsonpath={.status.succeeded}')" = 1 ]; }
expect "the Job succeeds" eventually 180 finished cnivpc-upgrade-0.2.0
log=$(kubectl -n kube-system logs job/cnivpc-upgrade-0.2.0 2>&1 || true)
expect "and says so: $(tail -n 2 <<<"$log" | tr '\n' ' ')" grep -qF "done: 1 done" <<<"$log"
same "the new version is installed" "$new_commit" "$(installed)"
same "the run is on record" "done done 1/1 cnivpc/ipamd:0.2.0" \
  "$(kubectl -n kube-system get cniupgrade cnivpc -o json | jq -r '.status | "\(.phase) \(.run.nodes[0].state) \(.progress) \(.image)"')"
same "with the node's version and address" "0.1.0 10.126.0.11" "$(status '.nodes[0] | "\(.version) \(.address)"')"
expect "kubectl shows it" grep -Eq 'cnivpc +done +1/1 +1 +0 +cnivpc/ipamd:0.2.0' <(kubectl -n kube-system get cniupgrades)
same "nobody holds it" "" "$(kubectl -n kube-system get cniupgrade cnivpc -o 'jsonpath={.spec.holder}')"
expect "its pods are gone" eventually 60 no_operations
by_upgrader='(.user.username == "system:serviceaccount:kube-system:cnivpc-upgrader")'
same "the Job has all the rights it needs" 0 "$(audited "$by_upgrader and .responseStatus.code == 403")"
expect "and has asked by its account" [ "$(audited "$by_upgrader and .verb == \"create\" and .objectRef.resource == \"pods\"")" = 3 ]

# --- then ipamd, by its DaemonSet
ipamd_commit() { ipamd_get node-a /metrics | sed -n 's/^cnivpc_build_info{commit="\([^"]*\)".*/\1/p'; }
same "ipamd is the version it was started as" "$old_commit" "$(ipamd_commit)"
kubectl -n kube-system set image daemonset/cni-vpc-ipamd install=cnivpc/ipamd:0.2.0 ipamd=cnivpc/ipamd:0.2.0 >/dev/null
expect "kubectl set image replaces it" kubectl -n kube-system rollout status daemonset cni-vpc-ipamd --timeout=120s
same "by the new version" "$new_commit" "$(ipamd_commit)"
same "the plugin is the new one, too" "$new_commit" "$(installed)"

# --- a bad release, a missing image
exits "a bad release stops at the canary" 1 "rehearse" upgrade --all --image=cnivpc/ipamd:bad
same "the node has what it had" "$new_commit" "$(installed)"
same "the run has stopped" "returned failed" "$(status '"\(.phase) \(.nodes[0].state)"')"
exits "a query asks every node" 0 "node-a" upgrade --all --query --image=cnivpc/ipamd:0.1.0
same "... also for programs" "node-a true 0.1.0 0.1.0 10.126.0.11" \
  "$(upgrade --all --query --image=cnivpc/ipamd:0.1.0 -o json | jq -r '.nodes[0] | "\(.node) \(.reached) \(.version) \(.ipamd) \(.address)"')"
exits "an image that isn't there is said so" 1 "its pod doesn't start" upgrade --all --image=cnivpc.test/none:1

# --- killed in the middle
begin() {
  "$old" upgrade --kubeconfig="$KUBECONFIG" "$@" >"$LAB/tmp/out" 2>&1 &
  upgrader=$!
}
ended() { rc=0; wait "$upgrader" 2>/dev/null || rc=$?; }
at_work() { [ "$(operations upgrade)" = 1 ]; }
begin --all --image=cnivpc/ipamd:0.1.0
wait_for 60 "an operation pod that upgrades" at_work
kill -9 "$upgrader"
ended
same "a killed upgrader leaves an unfinished run" running "$(status .phase)"
exits "... no other is begun" 1 "isn't finished" upgrade --all --image=cnivpc/ipamd:0.2.0
exits "... and another upgrader ends it" 0 "done: 1 done" upgrade --all --resume
same "... with what was wanted" "$old_commit" "$(installed)"

# --- two at once; pause, abort
soaks() { [ "$(status '"\(.phase) \(.nodes[0].state)"')" = "running upgraded" ]; }
begin --all --image=cnivpc/ipamd:0.2.0 --soak=60s
wait_for 90 "a run that soaks" soaks
exits "a second upgrader loses" 4 "another upgrader is at work" upgrade --all --resume
exits "... one that begins anew, too" 4 "another upgrader is at work" upgrade --all --image=cnivpc/ipamd:0.1.0
exits "who is at work is paused" 0 "isn't finished" upgrade --all --pause
same "... on record" "true paused" "$(kubectl -n kube-system get cniupgrade cnivpc -o json | jq -r '.status | "\(.run.paused) \(.phase)"')"
exits "... and goes on" 1 "isn't finished" upgrade --all --resume
exits "... and is aborted" 1 "reason: aborted" upgrade --all --abort
ended
same "... which ends it" 1 "$rc"
same "... and leaves what is upgraded" "stopped upgraded $new_commit" "$(status '"\(.phase) \(.nodes[0].state)"') $(installed)"
exits "and it is taken back" 0 "returned: 1 returned" upgrade --all --rollback
same "... to what was there" "$old_commit" "$(installed)"

# --- other pods fail after the upgrade
begin --all --image=cnivpc/ipamd:0.2.0 --soak=10s
wait_for 90 "a run that soaks" soaks
for _ in {1..60}; do ipamd_get node-a /v1/leases/acquire -X POST -d '{}' >/dev/null || true; done
ended
same "ADDs that fail after an upgrade stop it" 1 "$rc"
expect "... with the reason" grep -q 'reason: node-a: .* ADDs have failed since the look before' "$LAB/tmp/out"
same "... and the node goes back" "returned returned $old_commit" "$(status '"\(.phase) \(.nodes[0].state)"') $(installed)"

# --- nodes that aren't as they should be; objects only
# other_node NAME READY SPEC
other_node() {
  jq -n --arg n "$1" --arg ready "$2" --argjson spec "$3" '
    {apiVersion: "v1", kind: "Node", metadata: {name: $n}, spec: $spec,
     status: {capacity: {cpu: "1"}, allocatable: {cpu: "1"},
              conditions: [{type: "Ready", status: $ready, message: "as told", lastHeartbeatTime: now | todate}]}}' |
    kubectl create -f - >/dev/null
}
other_node node-cordoned True '{"unschedulable": true}'
other_node node-tainted True '{"taints": [{"key": "dedicated", "value": "db", "effect": "NoSchedule"}]}'
other_node node-sick False '{}'
other_node node-silent Unknown '{}'
other_node node-gone True '{}'
exits "what can't be upgraded is said so" 1 "done: 1 done, 5 skipped" upgrade --all --image=cnivpc/ipamd:0.2.0
same "the node that is well has it" "$new_commit" "$(installed)"
same "a cordoned node" "skipped cordoned; if you mean it: --force" "$(state node-cordoned)"
same "a tainted one" "skipped tainted (dedicated=db:NoSchedule); if you mean it: --force" "$(state node-tainted)"
same "one that isn't ready" "skipped not ready: as told" "$(state node-sick)"
same "one that is silent" "skipped unreachable: as told" "$(state node-silent)"
expect "one whose kubelet is gone: $(state node-gone)" grep -q '^skipped .*kubelet' <(state node-gone)
exits "a node that isn't there" 1 "the cluster has no node node-z" upgrade --nodes=node-a,node-z --image=cnivpc/ipamd:0.1.0

# --- the API server is killed in the middle
begin --nodes=node-a --image=cnivpc/ipamd:0.1.0 --soak=5s
wait_for 60 "an operation pod that upgrades" at_work
api_stop
sleep 3
api_start
ended
same "an API server that dies is waited for: $(tail -n 1 "$LAB/tmp/out")" "0 $old_commit" "$rc $(installed)"

touch "$LAB/enough"
wait "$caller" || true
same "no ADD and no DEL of $(cat "$LAB/calls") failed" "" "$(cat "$LAB/failures")"
expect "store, VPC and kernel agree" eventually 60 invariants node-a
lab_done
