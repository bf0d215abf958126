#!/bin/bash
# kubernetes.sh: a real Kubernetes 1.20 in a lab: etcd, kube-apiserver, and if
#   wanted kube-controller-manager, kube-scheduler, and on nodes containerd,
#   kubelet and kube-proxy. Sourced after lab.sh; a test that needs it begins with
#
#   . "$(dirname "$0")/rigs/kubernetes.sh"
#   kubernetes_or_skip
#
#   Run by itself it says what is missing, if anything.
#   The control plane is where the fabric is, https://10.126.0.1:6443. Kubernetes
#   is built from Debian's source by rigs/build-kubernetes; without a build such a
#   test says so and is skipped. A kube-apiserver of another build of Debian's
#   source dies of custom resources: then what needs them is skipped.
#   env: K8S_BIN  its binaries (default: ~/.cache/cnivpc/kubernetes-1.20.2, else
#                 ~/.cache/cni-rigs/k8s-1.20.2)
# shellcheck shell=bash
kube_cache=${HOME:-/root}/.cache
[ -n "${K8S_BIN-}" ] || for K8S_BIN in "$kube_cache"/{cnivpc/kubernetes-1.20.2,cni-rigs/k8s-1.20.2}; do
  [ ! -x "$K8S_BIN/kubelet" ] || break
done
export K8S_BIN PATH="$PATH:$K8S_BIN"
readonly kube_server=https://10.126.0.1:6443
readonly kube_image=cnivpc.test/lab:1
kube_dir=
kube_api_pid=

kubernetes_missing() {
  local c
  for c in kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl; do
    [ -x "$K8S_BIN/$c" ] || { echo "there is no $K8S_BIN/$c: no build of Kubernetes (e2e/rigs/build-kubernetes)"; return; }
  done
  for c in etcd containerd runc ctr openssl; do
    command -v "$c" >/dev/null || { echo "$c isn't installed"; return; }
  done
  return 1
}
kubernetes_or_skip() {
  local why
  if why=$(kubernetes_missing); then echo "# SKIPPED: $why"; exit 0; fi
}
# Whether this API server survives custom resources.
knows_custom_resources() { [ -e "$K8S_BIN/custom-resources" ]; }
# Whether this API server survives custom resources.
knows_custom_resources() { [ -e "$K8S_BIN/custom-resources" ]; }

kube_daemon() {
  local name=$1; shift
  "$@" >>"$kube_dir/$name.log" 2>&1 &
}

# api_start: and waits until it answers. Everything it was asked for is in
# $LAB/kube/audit.jsonl, a line of JSON each.
api_start() {
  kube_dir=$LAB/kube
  export KUBECONFIG=$kube_dir/admin.kubeconfig
  mkdir -p "$kube_dir"
  if [ ! -e "$kube_dir/sa.key" ]; then
    openssl genrsa -out "$kube_dir/sa.key" 2048 2>/dev/null
    echo 'admintoken,admin,admin,"system:masters"' >"$kube_dir/tokens.csv"
    printf '%s\n' 'apiVersion: audit.k8s.io/v1' 'kind: Policy' 'omitStages: [RequestReceived]' \
      'rules: [{level: Metadata}]' >"$kube_dir/audit.yaml"
    kubeconfig_of admin >"$KUBECONFIG"
    kube_daemon etcd etcd --data-dir "$kube_dir/etcd" --listen-client-urls http://127.0.0.1:2379 \
      --advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380 --unsafe-no-fsync
  fi
  kube_daemon kube-apiserver kube-apiserver --etcd-servers=http://127.0.0.1:2379 --cert-dir="$kube_dir/pki" \
    --bind-address=0.0.0.0 --advertise-address=10.126.0.1 --secure-port=6443 \
    --service-account-issuer=https://lab --service-account-signing-key-file="$kube_dir/sa.key" \
    --service-account-key-file="$kube_dir/sa.key" --token-auth-file="$kube_dir/tokens.csv" \
    --authorization-mode=Node,RBAC --service-cluster-ip-range=10.96.0.0/16 --allow-privileged=true \
    --kubelet-preferred-address-types=InternalIP --audit-policy-file="$kube_dir/audit.yaml" \
    --audit-log-path="$kube_dir/audit.jsonl"
  kube_api_pid=$!
  wait_for 90 "the API server" kubectl get --raw /readyz
}
api_stop() { kill -9 "$kube_api_pid"; wait "$kube_api_pid" 2>/dev/null || true; }

# kubeconfig_of USER [TOKEN]
kubeconfig_of() {
  cat <<J
apiVersion: v1
kind: Config
clusters: [{name: lab, cluster: {server: "$kube_server", insecure-skip-tls-verify: true}}]
users: [{name: $1, user: {token: ${2:-admintoken}}}]
contexts: [{name: lab, context: {cluster: lab, user: $1}}]
current-context: lab
J
}

# controllers_start: the controllers and the scheduler.
controllers_start() {
  kube_daemon kube-controller-manager kube-controller-manager --kubeconfig="$KUBECONFIG" --leader-elect=false \
    --service-account-private-key-file="$kube_dir/sa.key" --root-ca-file="$kube_dir/pki/apiserver.crt" \
    --use-service-account-credentials=false --cert-dir="$kube_dir/kcm"
  kube_daemon kube-scheduler kube-scheduler --kubeconfig="$KUBECONFIG" --leader-elect=false --cert-dir="$kube_dir/ks"
}

# node_object NODE: kubelet 1.20 panics over a Node without capacity.
node_object() {
  jq -n --arg n "$1" --arg ip "$(node_ip "$1")" '
    {apiVersion: "v1", kind: "Node", metadata: {name: $n, labels: {"kubernetes.io/hostname": $n}}, spec: {},
     status: {capacity: {cpu: "1"}, allocatable: {cpu: "1"},
              addresses: [{type: "InternalIP", address: $ip}, {type: "Hostname", address: $n}]}}' |
    kubectl create -f - >/dev/null
}

# kubelet_start NODE [IMAGE.tar...]: containerd, kubelet and kube-proxy on a node
# of the lab.
declare -A kube_node_pids=()
kubelet_start() {
  local node=$1 dir=$LAB/$1/kube image; shift
  # Not "on", whose own process $! would be.
  local here=(nsenter -t "${node_pid[$node]}" --net --uts --mount --)
  mkdir -p "$dir/manifests"
  [ -e "$LAB/image.tar" ] || "$lab_e2e/rigs/mkimage.sh" "$LAB/image.tar"
  cat >"$dir/containerd.toml" <<J
version = 2
root = "$dir/root"
state = "$dir/state"
[grpc]
  address = "$dir/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$kube_image"
  restrict_oom_score_adj = true
  disable_apparmor = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/opt/cni/bin"
    conf_dir = "/etc/cni/net.d"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.internal.v1.opt"]
  path = "$dir/opt"
J
  "${here[@]}" containerd -c "$dir/containerd.toml" >>"$LAB/$node/containerd.log" 2>&1 &
  kube_node_pids[$node]=" $!"
  wait_for 30 "containerd on $node" on_containerd "$node" version
  for image in "$LAB/image.tar" "$@"; do on_containerd "$node" images import "$image" >/dev/null; done
  cat >"$dir/kubelet.yaml" <<J
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
cgroupDriver: cgroupfs
cgroupsPerQOS: false
enforceNodeAllocatable: []
failSwapOn: false
nodeStatusUpdateFrequency: 1s
syncFrequency: 2s
staticPodPath: $dir/manifests
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
evictionHard: {memory.available: "1Mi", nodefs.available: "1%", imagefs.available: "1%"}
maxPods: 250
J
  on "$node" ip route add unreachable 169.254.0.0/16 # kubelet asks there for a cloud
  "${here[@]}" kubelet --kubeconfig="$KUBECONFIG" --config="$dir/kubelet.yaml" --root-dir="$dir/kubelet" \
    --cert-dir="$dir/pki" --hostname-override="$node" --node-ip="$(node_ip "$node")" --container-runtime=remote \
    --container-runtime-endpoint="unix://$dir/containerd.sock" --cni-conf-dir=/etc/cni/net.d \
    >>"$LAB/$node/kubelet.log" 2>&1 &
  kube_node_pids[$node]+=" $!"
  "${here[@]}" kube-proxy --kubeconfig="$KUBECONFIG" --hostname-override="$node" --proxy-mode=iptables \
    --conntrack-max-per-core=0 --conntrack-tcp-timeout-established=0 --conntrack-tcp-timeout-close-wait=0 \
    >>"$LAB/$node/kube-proxy.log" 2>&1 &
  kube_node_pids[$node]+=" $!"
}

# node_reboot NODE: what a node loses when its power is cut: processes, networks,
# /run. Its disk is as it was. kubelet_start is to follow.
node_reboot() {
  local node=$1 pids pid netns
  pids=$(on_containerd "$node" tasks ls -q | while read -r c; do on_containerd "$node" tasks ps "$c" | awk 'NR > 1 {print $1}'; done)
  # shellcheck disable=SC2086
  for pid in ${kube_node_pids[$node]} $pids $(for pid in $pids; do awk '/^PPid/ {print $2}' "/proc/$pid/status"; done 2>/dev/null | sort -u); do
    [ "$pid" -le 1 ] || [ "$pid" = $$ ] || kill -9 "$pid" 2>/dev/null || true
  done
  # shellcheck disable=SC2086
  wait ${kube_node_pids[$node]} 2>/dev/null || true
  for netns in $(on "$node" ip netns list | awk '{print $1}'); do on "$node" ip netns del "$netns"; done
  # Some lie upon others.
  on "$node" sh -c 'for i in 1 2 3 4; do cut -d" " -f2 /proc/mounts | grep -F /kube/ | sort -ru | xargs -r umount -l; done' 2>/dev/null || true
  on "$node" sh -c 'iptables-save -c >/dev/null && for t in nat filter mangle; do iptables -t $t -F; iptables -t $t -X; done' || true
  on "$node" ip rule flush
  on "$node" ip rule add priority 32766 table main
  on "$node" ip rule add priority 32767 table default
  on "$node" rm -rf "$LAB/$node/kube/state" /run/cni-vpc-ipamd.sock
  on "$node" ip route del unreachable 169.254.0.0/16
  node_boots "$node"
}

on_containerd() { on "$1" ctr --address "$LAB/$1/kube/containerd.sock" -n k8s.io "${@:2}"; }
is_ready() { kubectl get node "$1" | grep -w Ready >/dev/null; }

# audited FILTER: how many requests satisfy a jq filter, such as
# '.verb == "patch" and .objectRef.resource == "pods"'.
audited() { jq -r "select($1) | .verb" "$kube_dir/audit.jsonl" | wc -l; }

# cluster_start NODE...: controllers, and deploy/cnivpc.yaml as it is on these nodes. The
# API server has started.
cluster_start() {
  local node
  "$lab_root/deploy/image" --binary "$CNIVPC" --tag cnivpc/ipamd:0.1.0 "$LAB/ipamd.tar" >/dev/null
  controllers_start
  for node in "$@"; do
    node_start "$node"
    on "$node" rm /etc/cni/net.d/10-cnivpc.conflist /opt/cni/bin/cnivpc
    node_object "$node"
    kubelet_start "$node" "$LAB/ipamd.tar"
  done
  kubectl apply -f "$lab_root/deploy/cnivpc.yaml" >/dev/null
  wait_for 30 "the default service account" kubectl get serviceaccount default
  expect "the DaemonSet is ready on both nodes" kubectl -n kube-system rollout status daemonset cni-vpc-ipamd --timeout=180s
  for node in "$@"; do expect "$node is Ready" eventually 60 is_ready "$node"; done
}

# workload KIND NAME REPLICAS [PORT [ANNOTATIONS]]: pods that answer with their name on
# port 80, spread over the nodes. PORT, if it isn't null, takes the place of their
# containerPort; both are JSON.
workload() {
  jq -n --arg kind "$1" --arg name "$2" --argjson replicas "$3" --arg image "$kube_image" \
    --argjson port "${4-null}" --argjson annotations "${5-null}" '
    {apiVersion: "apps/v1", kind: $kind, metadata: {name: $name},
     spec: {replicas: $replicas, selector: {matchLabels: {app: $name}},
            template: {metadata: {labels: {app: $name}, annotations: ($annotations // {})},
              spec: {automountServiceAccountToken: false, terminationGracePeriodSeconds: 1,
                topologySpreadConstraints: [{maxSkew: 1, topologyKey: "kubernetes.io/hostname",
                  whenUnsatisfiable: "ScheduleAnyway", labelSelector: {matchLabels: {app: $name}}}],
                containers: [{name: "c", image: $image, imagePullPolicy: "Never", ports: [$port // {containerPort: 80}],
                  command: ["/bin/sh", "-c", "hostname >/www/index.html; httpd -h /www; exec pause -P"]}]}}}}
    | if $kind == "StatefulSet" then .spec.serviceName = $name else . end' | kubectl apply -f - >/dev/null
}
# pods NAME FILTER: of each of its pods that isn't about to go; ready_are NAME COUNT.
pods() { kubectl get pods -l "app=$1" -o json | jq -r ".items[] | select(.metadata.deletionTimestamp == null) | $2"; }
ready_are() { [ "$(pods "$1" 'select(any(.status.conditions[]?; .type == "Ready" and .status == "True")) | 1' | wc -l)" = "$2" ]; }
addresses() { pods "$1" '.status.podIP // empty'; }

if [ "${BASH_SOURCE[0]}" = "$0" ]; then ! kubernetes_missing; fi
