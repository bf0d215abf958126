#!/bin/bash
# libcni_e2e.sh: the plugin keeps the CNI specification as the reference libcni
#   sees it, for cniVersion 0.3.1, 0.4.0 and 1.0.0: results, CHECK right after ADD
#   and after all sorts of damage, DEL any number of times and under all
#   circumstances, ADDs at once, error envelopes. Then chained: portmap, bandwidth
#   and tuning.
. "$(dirname "$0")/lab.sh"
need go ping iptables tc
lab_enter "$@"

driver=$LAB/bin/libcni-driver
export GOCACHE=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/cnivpc/go
(cd "$lab_e2e/rigs/libcni-driver" && GOPATH=/usr/share/gocode GO111MODULE=off GOPROXY=off GOFLAGS='' CGO_ENABLED=0 go build -o "$driver" main.go)

node_start node-a
# Without repairs: CHECK is to see the damage.
ipamd_start node-a --cooldownPeriodSeconds=1 --repair=none
list=$LAB/list.conflist
kube="IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=%s;K8S_POD_INFRA_CONTAINER_ID=x;K8S_POD_UID=1"
# cni VERB POD [NETNS]: a call through libcni, with the conflist in $list.
cni() {
  on node-a env CNI_PATH=/opt/cni/bin CNI_CACHE="$LAB/cache" CNI_CONTAINERID="${CNI_CONTAINERID:-$2}" \
    CNI_ARGS="${CNI_ARGS-${kube//%s/$2}}" CNI_CAPABILITIES="${CNI_CAPABILITIES-}" \
    "$driver" "$1" "$list" "${3-/run/netns/$2}"
}
host_ends() { on node-a ip -o link show type veth | grep -c ' ucni' || true; }
nothing_left() {
  same "$1: no host end, route, rule, proxy or lease is left" "0 0 0 0 0" "$(host_ends) $(on node-a sh -c '
    echo $(ip route | grep -c ucni) $(ip rule | grep -c ^512:) $(ip neigh show proxy | wc -l)') $(pool node-a leased | wc -l)"
}

# valid VERSION FILE: the result keeps the rules of the specification.
valid() {
  jq -e --arg v "$1" '
    (.cniVersion == $v)
    and ((.interfaces // []) | type == "array" and length > 0 and all(.[]; (.name | type == "string" and length > 0)
      and ((.mac // "") | test("^([0-9a-f]{2}:){5}[0-9a-f]{2}$")) and ((.sandbox // "") | type == "string")))
    and ((.ips // []) | type == "array" and length > 0 and all(.[]; (.address | test("^[0-9.]+/[0-9]+$"))
      and ((.gateway // "0.0.0.0") | test("^[0-9.]+$"))
      and (if ($v | startswith("0.")) then .version == "4" else (has("version") | not) end)))
    and ((.interfaces // []) as $i | (.ips // []) | all(.[]; (has("interface") | not)
      or (.interface >= 0 and .interface < ($i | length) and ($i[.interface].sandbox // "") != "")))
    and ((.routes // []) | all(.[]; (.dst | test("^[0-9.]+/[0-9]+$")) and ((.gw // "0.0.0.0") | test("^[0-9.]+$"))))
    and ((.dns // {}) | type == "object")' "$2"
}

# damage NAME HOW BACK: after HOW, run in the node, CHECK fails; after BACK it
# passes again. $h is the host's end, $a the address, $n the node's.
damage() {
  on node-a env h="$host" a="$address" n="$(node_ip node-a)" m="$host_mac" sh -ec "$2"
  refuse "$v CHECK notices: $1" cni check "$pod"
  on node-a env h="$host" a="$address" n="$(node_ip node-a)" m="$host_mac" sh -ec "$3"
  expect "$v CHECK is content again" cni check "$pod"
}
damages() {
  host=$(jq -r '.interfaces[0].name' "$LAB/result") address=$(jq -r '.ips[0].address | split("/")[0]' "$LAB/result")
  host_mac=$(jq -r '.interfaces[0].mac' "$LAB/result")
  local in="ip -n $pod"
  damage "no rule" 'ip rule del pref 512 to $a lookup main' 'ip rule add pref 512 to $a lookup main'
  damage "no proxy neighbour" 'ip neigh del proxy $a dev eth0' 'ip neigh add proxy $a dev eth0'
  damage "no route to the pod" 'ip route del $a' 'ip route add $a dev $h scope link'
  damage "the host's end is down" 'ip link set $h down' 'ip link set $h up; ip route replace $a dev $h scope link'
  damage "no neighbour entry in the pod" "$in neigh del \$n dev eth0" "$in neigh replace \$n lladdr \$m nud permanent dev eth0"
  damage "no default route in the pod" "$in route del default" "$in route add default via \$n dev eth0 onlink"
  damage "the pod's end is down" "$in link set eth0 down" \
    "$in link set eth0 up; $in neigh replace \$n lladdr \$m nud permanent dev eth0; $in route replace default via \$n dev eth0 onlink"
  damage "no address in the pod" "$in addr flush dev eth0 scope global" \
    "$in addr add \$a/32 dev eth0; $in neigh replace \$n lladdr \$m nud permanent dev eth0; $in route replace default via \$n dev eth0 onlink"
  on node-a ip -n "$pod" link del eth0
  refuse "$v CHECK notices: no interface in the pod" cni check "$pod"
}

for v in 0.3.1 0.4.0 1.0.0; do
  pod=pod-${v//./}
  jq --arg v "$v" '.cniVersion = $v' "$lab_conflist" >"$list"
  pod_netns node-a "$pod"
  expect "$v validate" cni validate "$pod"
  t=$(us)
  cni add "$pod" >"$LAB/result" 2>"$LAB/error" && ok "$v ADD, $(took "$t") ms with libcni" || not_ok "$v ADD: $(cat "$LAB/error")"
  expect "$v result: $(jq -c '[.interfaces[].name, .ips[].address]' "$LAB/result")" valid "$v" "$LAB/result"
  expect "$v node pings the pod" on node-a ping -q -c 1 -W 2 "$(jq -r '.ips[0].address | split("/")[0]' "$LAB/result")"
  CNI_CONTAINERID=another refuse "$v another container's ADD where eth0 exists is refused" cni add "$pod"
  same "$v and takes no address" 1 "$(pool node-a leased | wc -l)"
  refuse "$v the same ADD again is refused" cni add "$pod"
  expect "$v and harms nothing" on node-a ping -q -c 1 -W 2 "$(jq -r '.ips[0].address | split("/")[0]' "$LAB/result")"
  if [ "$v" != 0.3.1 ]; then
    expect "$v CHECK right after ADD" cni check "$pod"
    damages
  fi
  expect "$v DEL" cni del "$pod"
  refuse "$v eth0 is gone" on node-a ip -n "$pod" link show eth0
  expect "$v DEL again" cni del "$pod"
  refuse "$v CHECK after DEL" cni check "$pod"
  cni add "$pod" >"$LAB/result" 2>"$LAB/error" && ok "$v ADD after DEL" || not_ok "$v ADD after DEL: $(cat "$LAB/error")"
  on node-a ip netns del "$pod"
  expect "$v DEL with the netns gone" cni del "$pod"
  expect "$v DEL with an empty CNI_NETNS" cni del "$pod" ""
  CNI_ARGS='' expect "$v DEL of a container never added" cni del never-added ""
  nothing_left "$v"

  runs=() failed=0
  for i in {1..8}; do pod_netns node-a "p$i"; done
  for i in {1..8}; do cni add "p$i" >"$LAB/p$i" 2>"$LAB/p$i.error" & runs+=($!); done
  for run in "${runs[@]}"; do wait "$run" || failed=$((failed + 1)); done
  same "$v 8 ADDs at once: none fails" 0 "$failed"
  same "$v 8 addresses" 8 "$(jq -r '.ips[0].address' "$LAB"/p[1-8] | sort -u | wc -l)"
  runs=() failed=0
  for i in {1..8}; do cni del "p$i" 2>"$LAB/p$i.error" & runs+=($!); done
  for run in "${runs[@]}"; do wait "$run" || failed=$((failed + 1)); done
  same "$v 8 DELs at once: none fails" 0 "$failed"
  for i in {1..8}; do on node-a ip netns del "p$i"; done
  nothing_left "$v after 8 at once"
done

# --- chained plugins
jq '.plugins = [.plugins[0], {type: "tuning", sysctl: {"net.ipv4.conf.all.log_martians": "1"}, mtu: 1400, mac: "0a:00:00:00:00:01"},
  {type: "bandwidth", capabilities: {bandwidth: true}}, {type: "portmap", snat: true, capabilities: {portMappings: true}}]' "$lab_conflist" >"$list"
export CNI_CAPABILITIES='{"bandwidth": {"ingressRate": 10000000, "ingressBurst": 1000000, "egressRate": 10000000, "egressBurst": 1000000},
  "portMappings": [{"hostPort": 8080, "containerPort": 80, "protocol": "tcp"}]}'
pod_netns node-a chained
cni add chained >"$LAB/result" 2>"$LAB/error" && ok "ADD with tuning, bandwidth and portmap" || not_ok "ADD with tuning, bandwidth and portmap: $(cat "$LAB/error")"
same "tuning has set sysctl, MTU and MAC" "1 1400 0a:00:00:00:00:01" \
  "$(in_pod node-a chained cat /proc/sys/net/ipv4/conf/all/log_martians /sys/class/net/eth0/mtu /sys/class/net/eth0/address | xargs)"
expect "bandwidth limits the host's end" eval "on node-a tc qdisc show dev '$(jq -r '.interfaces[0].name' "$LAB/result")' | grep tbf"
in_pod node-a chained sh -c 'while true; do printf "HTTP/1.0 200 OK\r\n\r\nhello\n" | busybox nc -l -p 80; done' >/dev/null 2>&1 &
server=$!
hello() { curl -sf -m 2 "$@" "http://$(node_ip node-a):8080/" | grep -x hello >/dev/null; }
expect "the host port answers another host" eventually 5 hello
# nc takes one connection at a time, and its loop a moment between two.
expect "and the node itself" eventually 5 on node-a curl -sf -m 2 "http://$(node_ip node-a):8080/"
expect "and 127.0.0.1 on it" eventually 5 on node-a curl -sf -m 2 http://127.0.0.1:8080/
# Without portmap, whose own CHECK fails for every IPv4 pod where ip6tables works.
cp "$list" "$LAB/chain.conflist"
jq '.plugins |= map(select(.type != "portmap"))' "$LAB/chain.conflist" >"$list"
expect "CHECK passes, whatever the later plugins changed" cni check chained
cp "$LAB/chain.conflist" "$list"
expect "DEL" cni del chained
refuse "the host port is closed" hello
kill "$server" 2>/dev/null || true
on node-a ip netns del chained
unset CNI_CAPABILITIES
nothing_left "the chain"

# --- errors, without libcni between. envelope WHAT CODE VERB POD <CONFIG
envelope() {
  local out rc=0
  out=$(cni_call node-a "$3" "$4" 2>"$LAB/error") || rc=$?
  same "error envelope, $1" "exit 1, code $2, cniVersion and msg" \
    "exit $rc, $(jq -r '"code \(.code), \(if .cniVersion then "cniVersion" else "no cniVersion" end) and \(if (.msg | length) > 0 then "msg" else "no msg" end)"' <<<"$out" 2>&1)"
}
config=$(cni_config node-a 0)
CNI_CONTAINERID='' envelope "no CNI_CONTAINERID" 4 ADD x <<<"$config"
CNI_IFNAME='' envelope "no CNI_IFNAME" 4 ADD x <<<"$config"
CNI_NETNS='' envelope "no CNI_NETNS" 4 ADD x <<<"$config"
envelope "a netns that isn't there" 4 ADD x <<<"$config"
envelope "nonsense on stdin" 6 ADD x <<<'{nonsense'
envelope "nothing on stdin" 6 ADD x </dev/null
envelope "cniVersion 99.0.0" 1 ADD x <<<"${config/1.0.0/99.0.0}"
envelope "an unknown verb" 4 FROB x <<<"$config"
same "VERSION: all of them" "0.1.0 0.2.0 0.3.0 0.3.1 0.4.0 1.0.0 1.1.0" \
  "$(cni_call node-a VERSION x <<<'{"cniVersion":"1.0.0"}' | jq -r '.supportedVersions | join(" ")')"
lab_done
