#!/bin/bash
# kubernetes_page.sh: the page "Network plugins" over a real API server (1.20): it
#   finds the nodes there, asks them by pods, upgrades one and takes it back; a run
#   from elsewhere is shown, and left alone.
. "$(dirname "$0")/lab.sh"
. "$(dirname "$0")/rigs/kubernetes.sh"
kubernetes_or_skip
knows_custom_resources || { echo "# SKIPPED: this build of kube-apiserver dies of custom resources"; exit 0; }
need jq strip curl
lab_enter "$@"

# Ours, and the same with another commit; and their images, in which they are
# stripped.
readonly old=$LAB/tmp/old new=$LAB/tmp/new bin=/opt/cni/bin
cp "$CNIVPC" "$old"
commit_of() { "$@" version | sed -n 's/^Git Commit ID: *//p'; }
old_commit=$(commit_of "$old")
sed "s/$old_commit/$(tr '0-9a-f' '1-9a-f0' <<<"${old_commit:0:7}")${old_commit:7}/" "$old" >"$new"
chmod +x "$new"
strip "$old" "$new"
new_commit=$(commit_of "$new")
image() { "$lab_root/deploy/image" --binary "$1" --tag "cnivpc/ipamd:$2" "$LAB/$2.tar" >/dev/null; }
image "$old" 0.1.0
image "$new" 0.2.0

api_start
kubectl apply -f "$lab_root/deploy/crds.yaml" >/dev/null
wait_for 20 "the custom resources" kubectl get cniupgrades -A
controllers_start
node_start node-a
on node-a rm /etc/cni/net.d/10-cnivpc.conflist "$bin/cnivpc"
node_object node-a
kubelet_start node-a "$LAB"/{0.1.0,0.2.0}.tar
wait_for 30 "the default service account" kubectl get serviceaccount default
kubectl apply -f "$lab_root/deploy/cnivpc.yaml" >/dev/null
expect "the DaemonSet's pod becomes ready" kubectl -n kube-system rollout status daemonset cni-vpc-ipamd --timeout=120s
expect "the node is Ready" eventually 60 is_ready node-a
installed() { commit_of on node-a "$bin/cnivpc"; }
operations() { kubectl -n kube-system get pods -l app=plugin-operation -o name | wc -l; }
no_operations() { [ "$(operations)" = 0 ]; }

# --- the page: the new version's, of which the image is.
readonly url=http://127.0.0.1:18443
echo a-token-of-the-lab >"$LAB/tmp/token"
page_start() {
  "$1" upgrade --serve=127.0.0.1:18443 --all --image="cnivpc/ipamd:$2" --kubeconfig="$KUBECONFIG" \
    --token-file="$LAB/tmp/token" >"$LAB/tmp/page.out" 2>>"$LAB/tmp/page.log" &
  page=$!
  wait_for 20 "the page" curl -sf "$url/healthz"
}
view() { curl -sf "$url/api/view" | jq -r "$1"; }
ask() { curl -s -o "$LAB/tmp/answer" -w '%{http_code}' -H "Authorization: Bearer a-token-of-the-lab" -H 'Content-Type: application/json' -d "$2" "$url$1"; }
shows() { [ "$(view "$1")" = "$2" ]; }
page_start "$new" 0.2.0
same "it finds the nodes" "Network plugins: $url/ (1 nodes, offers 0.1.0)" "$(head -n 1 "$LAB/tmp/page.out")"
same "the service is switched on" 200 "$(ask /api/service '{"on": true}')"
expect "... and asks the node by a pod" eventually 60 shows .head.service on
same "... what it has" "node-a 10.126.0.11 0.1.0 0.1.0 outdated" "$(view '.view.rows[0] | "\(.node) \(.address) \(.version) \(.ipamd) \(.state)"')"
same "the node is upgraded" 200 "$(ask /api/runs '{"kind": "upgrade", "nodes": ["node-a"]}')"
expect "... which is shown while it is" eventually 60 shows '.view.rows[0].state' upgrading
same "... and another run isn't begun" 409 "$(ask /api/runs '{"kind": "upgrade", "nodes": ["node-a"]}')"
expect "... until it is through" eventually 120 shows .head.run.phase done
expect "... and up to date" eventually 60 shows '.view.rows[0].state' current
same "... as it says itself" "$new_commit" "$(installed)"
same "the run is on record" "done 1/1" "$(kubectl -n kube-system get cniupgrade cnivpc -o json | jq -r '.status | "\(.phase) \(.progress)"')"
same "... and nobody holds it" "" "$(kubectl -n kube-system get cniupgrade cnivpc -o 'jsonpath={.spec.holder}')"
expect "what it had is known" eventually 60 shows '.view.rows[0].can | contains(["return"])' true
same "it is taken back" 200 "$(ask /api/runs '{"kind": "return", "nodes": ["node-a"]}')"
expect "... to what it had" eventually 120 shows .head.run.phase returned
same "... as it says itself" "$old_commit" "$(installed)"

# --- by somebody else, in a terminal
"$new" upgrade --all --image=cnivpc/ipamd:0.2.0 --kubeconfig="$KUBECONFIG" --soak=8s >"$LAB/tmp/out" 2>&1 &
upgrader=$!
expect "a run from elsewhere is shown" eventually 60 shows .head.run.who elsewhere
same "... and not steered from here" 409 "$(ask /api/run '{"do": "abort"}')"
rc=0; wait "$upgrader" || rc=$?
same "... it comes to its end" 0 "$rc"
expect "... which is shown" eventually 30 shows '"\(.head.run.phase) \(.head.run.who)"' "done nobody"
expect "... and the node's state" eventually 60 shows '.view.rows[0].state' current
expect "no pod is left" eventually 60 no_operations
kill "$page"
rc=0; wait "$page" || rc=$?
same "the page ends when it is told to" 0 "$rc"
lab_done
