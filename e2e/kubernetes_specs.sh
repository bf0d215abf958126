#!/bin/bash
# kubernetes_specs.sh: Kubernetes' own [sig-network] tests (1.20.2) on two real nodes:
#   those that pass with Debian's bridge + host-local pass with cnivpc. 50 minutes.
#   env: FOCUS, SKIP  regular expressions: which tests
. "$(dirname "$0")/lab.sh"
. "$(dirname "$0")/rigs/kubernetes.sh"
kubernetes_or_skip
for program in e2e.test agnhost; do
  [ -x "$K8S_BIN/$program" ] || { echo "# SKIPPED: there is no $K8S_BIN/$program (e2e/rigs/build-kubernetes --specs)"; exit 0; }
done
need curl nc.openbsd jq python3
lab_enter "$@"

# There is no cluster DNS here, no IPv6, and no second kind of everything.
focus=${FOCUS:-'\[sig-network\].*(Granular Checks: Pods should|Services should (serve a basic endpoint|serve multiport|be able to (change the type|create a functioning NodePort|switch session)|find a service|provide secure|preserve source pod|be able to update service)|HostPort|hostPort|Proxy version v1 should proxy through a service|IngressClass|EndpointSlice|Service endpoints latency|should delete a collection|should test the lifecycle)'}
skip=${SKIP:-'sctp|SCTP|Slow|Disruptive|Serial|Feature:|DNS|ExternalName|Alpha'}

"$lab_e2e/rigs/mkspecimage.sh" "$LAB/specs.tar"
api_start
controllers_start
for node in node-a node-b; do
  node_start "$node"
  node_object "$node"
done

# run NAME: the tests; the names of those that passed go to $LAB/NAME.passed.
run() {
  local dir=$LAB/specs-$1 registry
  mkdir "$dir"
  for registry in gcAuthenticatedRegistry e2eRegistry e2eVolumeRegistry buildImageRegistry sigStorageRegistry gcrReleaseRegistry sampleRegistry; do
    echo "$registry: specs.test/none"
  done >"$dir/registries"
  printf '%s\n' 'promoterE2eRegistry: specs.test/e2e' 'dockerLibraryRegistry: specs.test/library' 'gcRegistry: specs.test/gc' >>"$dir/registries"
  KUBE_TEST_REPO_LIST=$dir/registries "$K8S_BIN/e2e.test" --kubeconfig="$KUBECONFIG" --provider=local \
    --kubectl-path="$(command -v kubectl)" --report-dir="$dir" --minStartupPods=0 --num-nodes=2 \
    --allowed-not-ready-nodes=0 --ginkgo.noColor --ginkgo.focus="$focus" --ginkgo.skip="$skip" >"$dir/log" 2>&1 || true
  python3 - "$dir" <<'P' | sort >"$LAB/$1.results"
import glob, sys, xml.etree.ElementTree as xml
for file in glob.glob(sys.argv[1] + "/junit*.xml"):
    for case in xml.parse(file).getroot().iter("testcase"):
        if case.find("skipped") is None:
            print("failed" if case.find("failure") is not None else "passed", case.get("name"), sep="\t")
P
  grep -P '^passed' "$LAB/$1.results" | cut -f2 >"$LAB/$1.passed" || true
  sed 's/^/# '"$1"': /' "$LAB/$1.results"
}
# all_ready: both nodes have a network.
all_ready() { for node in node-a node-b; do wait_for 60 "$node to be Ready" is_ready "$node"; done; }

# --- the reference: a bridge on each node, and routes between them
for node in node-a node-b; do
  i=$(node_index "$node")
  jq -n --arg subnet "10.20$i.0.0/16" '{cniVersion: "1.0.0", name: "stock", plugins: [
      {type: "bridge", bridge: "cni0", isGateway: true, hairpinMode: true,
       ipam: {type: "host-local", ranges: [[{subnet: $subnet}]], routes: [{dst: "0.0.0.0/0"}]}},
      {type: "portmap", capabilities: {portMappings: true}}]}' >"$LAB/$node.stock"
  on "$node" rm /etc/cni/net.d/10-cnivpc.conflist
  on "$node" cp "$LAB/$node.stock" /etc/cni/net.d/10-stock.conflist
  for other in node-a node-b; do
    [ "$other" = "$node" ] || on "$node" ip route add "10.20$(node_index "$other").0.0/16" via "$(node_ip "$other")"
  done
  ip route add "10.20$i.0.0/16" via "$(node_ip "$node")"
  kubelet_start "$node" "$LAB/specs.tar"
done
all_ready
run stock

# --- cnivpc, on the same nodes
for node in node-a node-b; do
  kubectl get pods -A --field-selector "spec.nodeName=$node" -o name | grep -q . && echo "# $node has pods yet"
  ipamd_start "$node" --kubeconfig="$KUBECONFIG" --pool-low=5
  on "$node" rm /etc/cni/net.d/10-stock.conflist
  on "$node" cp "$lab_conflist" /etc/cni/net.d/10-cnivpc.conflist
done
sleep 10 # containerd looks at the folder every five seconds
all_ready
run cnivpc

expect "the reference passes more than ten: $(wc -l <"$LAB/stock.passed")" [ "$(wc -l <"$LAB/stock.passed")" -gt 10 ]
while read -r name; do
  expect "$name" grep -qxF "$name" "$LAB/cnivpc.passed"
done <"$LAB/stock.passed"
no_leases() { [ -z "$(pool node-a leased)$(pool node-b leased)" ]; }
expect "every address comes back" eventually 180 no_leases
expect "store, VPC and kernel agree" eventually 30 eval 'invariants node-a && invariants node-b'
lab_done
