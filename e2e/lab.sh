# lab.sh: a small VPC on one machine: nodes as namespaces, ipamd in each, pods by
#   calling the plugin as a container runtime does. Sourced by quickstart, the
#   *_e2e.sh tests and the benchmarks; docs/labs.md tells more.
#
#   . e2e/lab.sh
#   lab_enter "$@"               # from here on inside the lab, as its first process
#   node_start node-a; ipamd_start node-a
#   pod_start node-a web-1; on node-a ping -c 1 "$(pod_ip node-a web-1)"
#
#   The lab has network, PID, mount, UTS and IPC namespaces of its own, and its
#   files are in a tmpfs that nobody else sees: nothing gets out, and when the
#   script ends or is killed, nothing is left.
#
#   The VPC is vpcsim's: UCloud's API, the metadata and the switch between the
#   nodes. With lab_vpc=embedded, set before lab_enter, the nodes are on a plain
#   bridge instead, and what gives them addresses is in ipamd.
#   env: CNIVPC    the binary (default: bazel-bin/cnivpc of this checkout)
#        LAB_DISK  a folder, absent or empty, for the lab's files: to keep the
#                  logs, or to have databases on a disk. It isn't removed.
# shellcheck shell=bash
set -euo pipefail
lab_e2e=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
lab_root=$(dirname "$lab_e2e")
CNIVPC=$(readlink -m "${CNIVPC:-$lab_root/bazel-bin/cnivpc}")
readonly LAB=/run/cnivpc-lab
readonly lab_conflist=$lab_root/deploy/10-cnivpc.conflist
export CNIVPC PATH="$PATH:/usr/sbin:/sbin"

die() { echo "error: $*" >&2; exit 1; }

# With pipefail no pipe may end in `grep -q`, which doesn't read to the end.
# --- tests say `ok - WHAT` and `not ok - WHAT`, and end with lab_done
lab_failures=0
lab_checks=0
ok() { lab_checks=$((lab_checks + 1)); echo "ok - $*"; }
not_ok() { lab_failures=$((lab_failures + 1)); echo "not ok - $*"; }
# expect WHAT CMD...: CMD succeeds; what it printed is shown only if not.
expect() {
  local what=$1 out; shift
  if out=$("$@" 2>&1); then ok "$what"; else not_ok "$what: $(tail -n 5 <<<"$out" | tr '\n' ' ')"; fi
}
# refuse WHAT CMD...: CMD fails.
refuse() {
  local what=$1 out; shift
  if out=$("$@" 2>&1); then not_ok "$what: $(tail -n 5 <<<"$out" | tr '\n' ' ')"; else ok "$what"; fi
}
# same WHAT EXPECTED ACTUAL
same() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1: expected \"$2\", got \"$3\""; fi; }
lab_done() {
  echo "# $(basename "$0"): $lab_checks checks ok, $lab_failures not, $SECONDS s"
  if [ "$lab_failures" != 0 ]; then
    local log
    for log in "$LAB"/*/*.log; do
      [ ! -s "$log" ] || { echo "# the end of $log"; tail -n "${SHOW_LOGS:-15}" "$log" | sed 's/^/#   /'; }
    done >&2
  fi
  [ "$lab_failures" = 0 ] && [ "$lab_checks" -gt 0 ]
  exit
}
need() { local c; for c; do command -v "$c" >/dev/null || die "$c is missing (tools/deps.sh installs it)"; done; }
# wait_for SECONDS WHAT CMD...: until CMD succeeds; ends the script if it doesn't.
wait_for() { eventually "$1" "${@:3}" || die "timed out after $1 s: $2"; }
# eventually SECONDS CMD...
eventually() {
  local end=$((${EPOCHREALTIME/[.,]/} + $(printf '%.0f' "$1e6"))); shift
  until "$@" >/dev/null 2>&1; do
    [ "${EPOCHREALTIME/[.,]/}" -lt "$end" ] || return 1
    sleep .02
  done
}
# What a command took, in milliseconds with a tenth: t=$(us); ...; took "$t"
us() { echo "${EPOCHREALTIME/[.,]/}"; }
took() { local us=$((${EPOCHREALTIME/[.,]/} - $1)); echo "$((us / 1000)).$((us % 1000 / 100))"; }

# --- the lab itself
# lab_enter ARGS...: runs the calling script again inside a lab, instead of
# what would follow.
lab_enter() {
  if [ -n "${IN_LAB-}" ]; then lab_set_up; return; fi
  lab_run "$@"
  exit
}
# lab_run ARGS...: runs the calling script again inside a lab, and then goes on.
lab_run() {
  [ "$(id -u)" = 0 ] || die "needs root, for network namespaces"
  need unshare nsenter setpriv ip jq curl
  [ -x "$CNIVPC" ] || die "there is no $CNIVPC: bazel build //:cnivpc, or set CNIVPC"
  [ -z "${LAB_DISK-}" ] || { mkdir -p "$LAB_DISK"; LAB_DISK=$(readlink -f "$LAB_DISK"); export LAB_DISK; }
  lab_started=$EPOCHSECONDS
  # A signal to us ends the lab, and so does our death (--pdeathsig).
  trap 'lab_interrupted 130' INT
  trap 'lab_interrupted 143' TERM
  trap 'lab_interrupted 129' HUP
  IN_LAB=1 setpriv --pdeathsig KILL unshare --net --uts --ipc --mount --pid --fork \
    --mount-proc --kill-child --propagation private "$(readlink -f "$0")" "$@" <&0 &
  lab_process=$!
  local rc=0
  wait "$lab_process" || rc=$?
  lab_end
  return "$rc"
}

# The lab's first process dies with unshare, takes all others with it, and is a
# zombie or gone only when they are.
lab_end() {
  trap '' INT TERM HUP
  local first
  first=$(grep -lsx "PPid:	$lab_process" /proc/[0-9]*/status | tr -cd '0-9\n' | head -n 1) || true
  kill -9 "$lab_process" 2>/dev/null || true
  wait "$lab_process" 2>/dev/null || true
  [ -z "$first" ] || eventually 10 lab_is_over "$first" || echo "warning: process $first doesn't end" >&2
  # Container runtimes leave their cgroups to whoever started them.
  local top
  for top in /sys/fs/cgroup/{,*/}{k8s.io,default,libpod_parent}; do
    [ ! -d "$top" ] || find "$top" -depth -type d -newermt "@$((lab_started - 1))" -exec rmdir {} + 2>/dev/null || true
  done
  trap - INT TERM HUP
}

lab_interrupted() {
  lab_end
  printf '\nInterrupted. The lab is gone.\n' >&2
  exit "$1"
}
lab_is_over() { [ ! -d "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null; }

lab_set_up() {
  unset IN_LAB
  trap - INT TERM HUP
  mount -t tmpfs -o mode=755 run /run
  mkdir -p "$LAB" /run/netns
  [ -z "${LAB_DISK-}" ] || mount --bind "$LAB_DISK" "$LAB"
  # A copy, so that a build in the meantime changes nothing.
  mkdir "$LAB/bin" "$LAB/tmp"
  export TMPDIR=$LAB/tmp
  cp "$CNIVPC" "$LAB/bin/cnivpc"
  CNIVPC=$LAB/bin/cnivpc
  hostname fabric
  ip link set lo up
  echo 1 >/proc/sys/net/ipv4/ip_forward
  case $lab_vpc in
    ucloud) vpcsim_start ;;
    embedded)
      ip link add fab0 type bridge
      ip addr add 10.126.0.1/16 dev fab0
      ip link set fab0 up
      ;;
    *) die "lab_vpc is ucloud or embedded" ;;
  esac
}

# --- the VPC. Its fabric is in the lab's own network namespace, with the address
# 10.126.0.1/16: vpcsim's switch, or the bridge fab0.
lab_vpc=${lab_vpc:-ucloud}
readonly lab_sim=http://127.0.0.1:18080/sim/v1
lab_vpcsim_pid=
# vpcsim_start [FLAG...]: with a subnet and nine hosts, of which those that run
# have a link. $lab_state is a jq filter that changes the cloud's description.
vpcsim_start() {
  lab_state_file >"$LAB/cloud.json"
  "$CNIVPC" vpcsim --state="$LAB/cloud.json" --fabric \
    --listen=127.0.0.1:18080,10.126.0.1:80,100.80.80.80:80 "$@" >"$LAB/vpcsim.out" 2>>"$LAB/tmp/vpcsim.log" &
  lab_vpcsim_pid=$!
  eventually 10 grep -qx ready "$LAB/vpcsim.out" || die "vpcsim: $(cat "$LAB/tmp/vpcsim.log")"
  local node
  for node in "${!node_pid[@]}"; do node_is_known "$node" || node_boots "$node"; done
}
vpcsim_stop() { kill "-${1:-TERM}" "$lab_vpcsim_pid"; wait "$lab_vpcsim_pid" 2>/dev/null; }
lab_state_file() {
  local letter
  for letter in a b c d e f g h i; do
    printf '%s %s %s\n' "node-$letter" "$(node_ip "node-$letter")" "$(node_mac "node-$letter")"
  done | jq -Rn '{zones: ["cn-bj2-04"], quotas: {secondary_per_interface: 2000}, vpcs: [{id: "uvnet-lab"}],
      subnets: [{id: "subnet-lab", vpc: "uvnet-lab", prefix: "10.126.0.0/16", next: "10.126.64.2"}],
      hosts: [inputs | split(" ") | {id: ("uhost-" + .[0]), name: .[0], role: "Uk8sServiceCharacter",
        interfaces: [{id: ("uni-" + .[0]), mac: .[2], subnet: "subnet-lab", address: .[1], port: .[0]}]}]}' |
    jq "${lab_state:-.}"
}
# simulator PATH [CURL-OPTION...]: what vpcsim says about the cloud, or does to it.
simulator() { curl -sf --max-time 10 "${@:2}" "$lab_sim/$1"; }
# vpc_calls [ACTION]: how many calls of the API there were since the start.
vpc_calls() {
  curl -sf http://127.0.0.1:18080/metrics |
    awk -v a="${1-}" -F '"' '/^vpcsim_requests_total/ && $2 !~ /^(metadata|sts)/ && (a == "" || $2 == a) {n += v[split($0, v, " ")]} END {print n + 0}'
}
# fabric COUNTER [REASON]: of all ports, forwarded frames or those dropped.
vpc_dropped() {
  curl -sf http://127.0.0.1:18080/metrics |
    awk -v r="reason=\"$1\"" '/^vpcsim_fabric_dropped_frames_total/ && index($0, r) {n += $2} END {print n + 0}'
}
vpc_forwarded() {
  curl -sf http://127.0.0.1:18080/metrics | awk '/^vpcsim_fabric_forwarded_frames_total/ {n += $2} END {print n + 0}'
}

# --- nodes: node-a is 10.126.0.11 with MAC 52:54:00:7e:00:11, node-b .12 and so
# on up to node-i. Pods have addresses of 10.126.64.0/22: the embedded VPC's
# subnet, and where vpcsim begins with those of its own, 10.126.0.0/16.
readonly lab_subnet=10.126.64.0/22
declare -A node_pid=() ipamd_pid=()
node_index() { local letters=abcdefghi prefix; prefix=${letters%"${1#node-}"*}; echo $((${#prefix} + 1)); }
node_ip() { echo "10.126.0.$((10 + $(node_index "$1")))"; }
node_mac() { echo "52:54:00:7e:00:1$(node_index "$1")"; }

# node_start NODE [MTU]
node_start() {
  local node=$1 mtu=${2:-1500}
  mkdir -p "$LAB/$node"
  unshare --net --uts --mount --propagation private "$lab_e2e/rigs/node.sh" "$node" "$LAB" \
    >"$LAB/$node/node.log" 2>&1 &
  node_pid[$node]=$!
  eventually 10 test -s "$LAB/$node/ready" || die "$node: $(cat "$LAB/$node/node.log")"
  ip link add "$node" mtu "$mtu" type veth peer name eth0 address "$(node_mac "$node")" mtu "$mtu" netns "${node_pid[$node]}"
  [ "$lab_vpc" = ucloud ] || ip link set "$node" master fab0
  ip link set "$node" up
  on "$node" ip addr add "$(node_ip "$node")/16" dev eth0
  on "$node" ip link set eth0 up
  on "$node" ip route add default via 10.126.0.1
  on "$node" find /usr/lib/cni -type f -executable -exec ln -s -t /opt/cni/bin {} +
  on "$node" ln -s "$CNIVPC" /opt/cni/bin/cnivpc
  on "$node" cp "$lab_conflist" /etc/cni/net.d/
  [ "$lab_vpc" != ucloud ] || node_boots "$node"
}
# node_boots NODE: vpcsim plugs the interfaces that are attached to the node into
# its namespace, anew: eth1 and so on. node_start does it; a reboot should.
node_boots() {
  local host
  host=$(node_host "$1") && [ -n "$host" ] || return 0
  simulator "hosts/$host/netns" -X PUT -d "{\"path\": \"/proc/${node_pid[$1]}/ns/net\"}" >/dev/null
}
# node_host NODE: its id; none if the cloud has no host with its MAC.
node_host() { simulator "interfaces?mac=$(node_mac "$1")" | jq -r '.interfaces[0].host // ""'; }
node_is_known() { [ "$(simulator "hosts?host=$(node_host "$1")" | jq -r '.hosts[0].netns // ""')" != '' ]; }
# node_stop NODE: without power, and its disk is gone; node_start may follow. What
# was started there must have ended.
node_stop() {
  kill -9 "${node_pid[$1]}"
  wait "${node_pid[$1]}" 2>/dev/null || true
  unset "node_pid[$1]"
  ip link del "$1" 2>/dev/null || true
  rm -f "$LAB/$1/ready"
  rmdir "$LAB/.$1"
}
# on NODE CMD...: runs CMD in a node's namespaces; on fabric CMD... in the lab's.
on() {
  if [ "$1" = fabric ]; then "${@:2}"; return; fi
  nsenter -t "${node_pid[$1]}" --net --uts --mount -- "${@:2}"
}

# What to start ipamd and plugins under, strace for instance.
ipamd_under=()
plugin_under=()

# --- ipamd
readonly ipamd_socket=/run/cni-vpc-ipamd.sock
# ipamd_spawn NODE [FLAG...]: starts it and doesn't wait. In UCloud's VPC it finds
# out all by itself; a CIDR as --subnet makes it an embedded one all the same.
ipamd_spawn() {
  local node=$1 vpc=(); shift
  [ "$lab_vpc" = ucloud ] || vpc=(--vpc=embedded --subnet="$lab_subnet" --vpc-state="$LAB/vpc.db")
  nsenter -t "${node_pid[$node]}" --net --uts --mount -- "${ipamd_under[@]}" "$CNIVPC" ipamd \
    "${vpc[@]}" --node="$node" --acd-timeout=200ms "$@" >>"$LAB/$node/ipamd.log" 2>&1 &
  ipamd_pid[$node]=$!
}
# ipamd_start NODE [FLAG...]: and waits until it could lease an address.
ipamd_start() {
  ipamd_spawn "$@"
  eventually 10 ipamd_get "$1" /readyz && return
  tail -n 20 "$LAB/$1/ipamd.log" >&2
  die "ipamd of $1 isn't ready after 10 s"
}
# ipamd_stop NODE [SIGNAL]: and waits for its end; its exit status.
ipamd_stop() {
  kill "-${2:-TERM}" "${ipamd_pid[$1]}"
  wait "${ipamd_pid[$1]}" 2>/dev/null
}
# ipamd_get NODE PATH [CURL-OPTION...]: what ipamd answers.
ipamd_get() { on "$1" curl -sf --max-time 10 --unix-socket "$ipamd_socket" "${@:3}" "http://ipamd$2"; }
ctl() { on "$1" "$CNIVPC" cnivpctl "${@:2}"; }
# pool NODE [STATE]: the addresses that ipamd has (in that state), one a line.
pool() { ipamd_get "$1" /v1/pool | jq -r --arg s "${2-}" '.addresses[] | select($s == "" or .state == $s) | .address'; }

# containerd_start NODE: a containerd without its CRI part. Its folders must be on
# no overlay, for it mounts overlays itself.
containerd_start() {
  local node=$1 dir=$LAB/$1/containerd
  mkdir -p "$dir"
  cat >"$dir/config.toml" <<J
version = 2
root = "$dir/root"
state = "$dir/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "$dir/socket"
[plugins."io.containerd.internal.v1.opt"]
  path = "$dir/opt"
J
  on "$node" containerd -c "$dir/config.toml" >"$LAB/$node/containerd.log" 2>&1 &
  wait_for 20 "containerd on $node" ctr_on "$node" version
}
ctr_on() { on "$1" ctr --address "$LAB/$1/containerd/socket" "${@:2}"; }

# invariants NODE: store, VPC, kernel and ipamd (if it runs) agree on who has
# which address; says where not. Only when nothing is under way.
invariants() {
  local node=$1 pool vpc=$LAB/vpc.db owner mac host
  pool=$(ipamd_get "$node" /v1/pool 2>/dev/null) || pool=
  owner=$(node_mac "$node")
  if [ "$lab_vpc" = ucloud ]; then
    vpc=$LAB/$node/vpc.json
    host=$(node_host "$node")
    [ -n "$host" ] || die "the cloud knows no host with the MAC of $node"
    owner=$(simulator "interfaces?host=$host" | jq -r '[.interfaces[].mac] | join(",")')
    for mac in ${owner//,/ }; do simulator "addresses?limit=10000&mac=$mac"; done |
      jq -s '{addresses: map(.addresses) | add}' >"$vpc"
  fi
  on "$node" "$lab_e2e/invariants.py" /var/lib/cnivpc/store.db "$vpc" "$owner" ${pool:+--api "$pool"}
}

# --- CNI calls. A pod NAME is the container id "NAME", the pod default/NAME and
# the network namespace /run/netns/NAME of its node.
# cni_call NODE VERB POD [PLUGIN] <CONFIG: one call of one plugin, as a runtime
# makes it. Variables set as CNI_... replace or add to the environment.
cni_call() {
  local node=$1 verb=$2 pod=$3 plugin=${4:-cnivpc}
  nsenter -t "${node_pid[$node]}" --net --uts --mount -- env -i PATH="$PATH" \
    CNI_COMMAND="$verb" CNI_CONTAINERID="${CNI_CONTAINERID-$pod}" CNI_NETNS="${CNI_NETNS-/run/netns/$pod}" \
    CNI_IFNAME="${CNI_IFNAME-eth0}" CNI_PATH=/opt/cni/bin \
    CNI_ARGS="${CNI_ARGS-IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=$pod;K8S_POD_INFRA_CONTAINER_ID=$pod;K8S_POD_UID=uid-$pod}" \
    "${plugin_under[@]}" "/opt/cni/bin/$plugin"
}
# cni_config NODE PLUGIN-NUMBER [RESULT]: what a runtime puts on a plugin's stdin
# (CNI SPEC §3), from the conflist CONF (default: the node's). RUNTIME is a JSON
# object of capability arguments.
cni_config() {
  local result=${3-}
  on "$1" cat "${CONF:-/etc/cni/net.d/10-cnivpc.conflist}" |
    jq -c --argjson n "$2" --argjson result "${result:-null}" --argjson runtime "${RUNTIME:-null}" '
      . as $list | .plugins[$n] | . as $plugin | {cniVersion: $list.cniVersion, name: $list.name} + .
      | if $runtime then .runtimeConfig = ($runtime | with_entries(select(.key as $k | $plugin.capabilities[$k] // false))) else . end
      | del(.capabilities) | if $result then .prevResult = $result else . end'
}
plugins() { on "$1" jq -r '.plugins[].type' "${CONF:-/etc/cni/net.d/10-cnivpc.conflist}"; }
# cni_add NODE POD: the chain's result on stdout and in the pod's file; if a
# plugin fails, its error. The milliseconds of each plugin go to POD.ms.
cni_add() {
  local node=$1 pod=$2 result='' n=0 plugin config t rc=0
  local file=$LAB/$node/pods/$pod
  mkdir -p "$LAB/$node/pods"
  : >"$file.ms"
  for plugin in $(plugins "$node"); do
    config=$(cni_config "$node" "$n" "$result")
    t=$(us)
    result=$(cni_call "$node" ADD "$pod" "$plugin" <<<"$config" 2>>"$LAB/$node/cni.log") || rc=$?
    echo "$plugin $(took "$t")" >>"$file.ms"
    [ "$rc" = 0 ] || { echo "$result"; return "$rc"; }
    n=$((n + 1))
  done
  echo "$result" | tee "$file.json"
}
# cni_check NODE POD, cni_del NODE POD: with the result of cni_add, if any. An
# error goes to stdout.
cni_check() {
  local node=$1 pod=$2 n=0 plugin result
  result=$(cat "$LAB/$node/pods/$pod.json")
  for plugin in $(plugins "$node"); do
    cni_config "$node" "$n" "$result" | cni_call "$node" CHECK "$pod" "$plugin" 2>>"$LAB/$node/cni.log" || return
    n=$((n + 1))
  done
}
cni_del() {
  local node=$1 pod=$2 n plugin config result='' t rc=0
  local file=$LAB/$node/pods/$pod
  [ ! -s "$file.json" ] || result=$(cat "$file.json")
  mapfile -t plugin < <(plugins "$node")
  for ((n = ${#plugin[@]} - 1; n >= 0; n--)); do
    config=$(cni_config "$node" "$n" "$result")
    t=$(us)
    cni_call "$node" DEL "$pod" "${plugin[n]}" <<<"$config" 2>>"$LAB/$node/cni.log" || rc=$?
    echo "${plugin[n]} $(took "$t")" >>"$file.ms"
    [ "$rc" = 0 ] || return "$rc"
  done
  rm -f "$file.json"
}
# pod_start NODE POD, pod_stop NODE POD: network namespace and ADD, DEL and all.
pod_netns() { on "$1" ip netns add "$2"; on "$1" ip -n "$2" link set lo up; }
pod_start() { pod_netns "$1" "$2"; cni_add "$1" "$2" >"$LAB/$1/out" || { cat "$LAB/$1/out"; return 1; }; }
pod_stop() { cni_del "$1" "$2" && on "$1" ip netns del "$2"; }
pod_ip() { jq -r '.ips[0].address | split("/")[0]' "$LAB/$1/pods/$2.json"; }
in_pod() { on "$1" ip netns exec "$2" "${@:3}"; }
# ms_of NODE POD [PLUGIN]: how long its last call took.
ms_of() { awk -v p="${3:-cnivpc}" '$1 == p {ms = $2} END {print ms}' "$LAB/$1/pods/$2.ms"; }
