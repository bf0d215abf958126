#!/bin/bash
# drift_e2e.sh: somebody removes parts of pods' networks, on the node and in the
#   pod, while ipamd runs and while it doesn't: ipamd makes them anew within a
#   second, and doesn't fight for ever with who keeps removing them.
#   env: PODS  how many lose their routes at once (default 250)
lab_vpc=embedded
. "$(dirname "$0")/lab.sh"
need ping jq setpriv
lab_enter "$@"
pods=${PODS:-250}

node_start node-a
jq '.plugins = .plugins[:1]' "$lab_conflist" >"$LAB/alone.conflist"
export CONF=$LAB/alone.conflist
pool_flags=(--pool-low=10 --pool-high=$((pods + 60)) --cooldown=1)
ipamd_start node-a "${pool_flags[@]}"
pod_start node-a web >/dev/null
ip=$(pod_ip node-a web)
host_end=$(on node-a ip -o link show type veth | grep -o 'ucni[0-9a-f]*' | head -n 1)

# --- what there is of the pod's network
has() { [ -n "$("$@" 2>/dev/null)" ]; }
route() { on node-a ip route show "$ip"; }
rule() { on node-a ip rule show pref 512 | sed -n "/to $ip lookup main/p"; }
proxy() { on node-a ip neigh show proxy | sed -n "/^$ip /p"; }
address() { in_pod node-a web ip -o addr show dev eth0 to "$ip"; }
neighbor() { in_pod node-a web ip neigh show "$(node_ip node-a)" nud permanent; }
default_route() { in_pod node-a web ip route show default; }
host_end() { on node-a ip link show "$host_end" up; }
pod_end() { in_pod node-a web ip link show eth0 up; }
alias() { on node-a ip link show "$host_end" | sed -n '/alias cnivpc:/p'; }
host_mac() { on node-a ip link show "$host_end" | sed -n "/$mac/p"; }
all_there() {
  local part
  for part in route rule proxy address neighbor default_route host_end pod_end alias; do
    has "$part" || { echo "no $part"; return 1; }
  done
}
mac=$(on node-a cat "/sys/class/net/$host_end/address")
# By ARP each time, as another host that has just come.
reached() { ip neigh flush dev fab0; ping -n -c 1 -W 1 "$ip"; }
metric() { ipamd_get node-a /metrics | awk -v m="$1" 'index($0, m) == 1 && /^[^#]/ {n += $NF} END {print n + 0}'; }
repairs() { metric "cnivpc_drift_repairs_total{outcome=\"${2:-repaired}\",part=\"$1\"}"; }

# mends PART CMD...: CMD takes PART away, and it comes back within a second.
mends() {
  local part=$1 t before; shift
  before=$(repairs "$part")
  "$@" || not_ok "$*"
  t=$(us)
  if eventually 1 has "$part"; then ok "$part comes back within a second of $* ($(took "$t") ms)"; else not_ok "$part is gone after $*"; fi
  expect "and packets flow" eventually 1 reached
  same "$part is counted once" $((before + 1)) "$(repairs "$part")"
  expect "nothing else is missing" eventually 1 all_there
}

expect "a pod is reached from the fabric" reached
expect "nothing is missing" all_there
same "nothing was mended" 0 "$(metric cnivpc_drift_repairs_total)"

# --- on the node
mends route on node-a ip route del "$ip"
mends rule on node-a ip rule del to "$ip" pref 512
mends proxy on node-a ip neigh del proxy "$ip" dev eth0
mends host_end on node-a ip link set "$host_end" down
mends alias on node-a ip link set "$host_end" alias ''
mends host_mac on node-a ip link set "$host_end" address 02:00:00:00:00:77

# --- in the pod
mends address in_pod node-a web ip addr del "$ip/32" dev eth0
mends neighbor in_pod node-a web ip neigh del "$(node_ip node-a)" dev eth0
mends default_route in_pod node-a web ip route del default
mends pod_end in_pod node-a web ip link set eth0 down
expect "the network is what the plugin made: CHECK" cni_check node-a web

# --- what others do with intent stays
expect "a second address in the pod" in_pod node-a web ip addr add 192.0.2.1/32 dev eth0
expect "a default route of its own" in_pod node-a web ip route replace default dev eth0 scope link
expect "a rule of somebody's" on node-a ip rule add to "$ip" pref 1024 lookup main
before=$(metric cnivpc_drift_repairs_total)
on node-a ip route del "$ip"
expect "the route is mended" eventually 1 has route
expect "the second address is still there" in_pod node-a web ip -o addr show to 192.0.2.1
expect "so is the pod's own default route" eval 'default_route | grep "scope link"'
same "and nothing else was mended" $((before + 1)) "$(metric cnivpc_drift_repairs_total)"
on node-a ip rule del to "$ip" pref 1024 lookup main
in_pod node-a web ip route replace default via "$(node_ip node-a)" dev eth0 onlink

# A route to elsewhere is somebody's; when it goes ours comes back.
pod_start node-a moved >/dev/null
moved=$(pod_ip node-a moved)
on node-a ip route replace "$moved" dev eth0
expect "a route to elsewhere isn't taken away" eventually 1 eval '[ "$(repairs route failed)" -gt 0 ]'
expect "it is still there" eval 'on node-a ip route show "$moved" | grep "dev eth0"'
on node-a ip route del "$moved"
expect "and ours comes back within a second of its end" eventually 1 eval 'on node-a ip route show "$moved" | grep ucni'
cni_del node-a moved >/dev/null

# --- 1.2.0: the pod's rule added twice
rules() { on node-a ip rule show pref 512 | grep -c "to $1 lookup main" || true; }
for i in $(pool node-a warm); do on node-a ip rule add to "$i" pref 512; done
pod_start node-a twice >/dev/null
twice=$(pod_ip node-a twice)
same "1.2.0: an address whose rule was left behind has one rule when a pod gets it" 1 "$(rules "$twice")"
for i in {1..4}; do
  on node-a ip rule del to "$twice" pref 512
  for j in {1..10}; do on node-a ip rule add to "$twice" pref 512 2>/dev/null || true; sleep .02; done
done
same "1.2.0: and still one when ipamd and somebody else make it anew at once" 1 "$(rules "$twice")"
cni_del node-a twice >/dev/null
same "1.2.0: and none when the pod is gone" 0 "$(rules "$twice")"

# --- somebody removes it again and again
pod_start node-a fought >/dev/null
fought=$(pod_ip node-a fought)
before=$(repairs rule)
touch "$LAB/fight"
(while [ -e "$LAB/fight" ]; do on node-a ip rule del to "$fought" pref 512 2>/dev/null || true; sleep .1; done) &
fighter=$!
held() { [ "$(metric cnivpc_drift_held_back)" = 1 ]; }
expect "a rule that is removed again and again is left alone in the end" eventually 10 held
made=$(($(repairs rule) - before))
same "after it was made anew a few times" 10 "$made"
cpu() { awk '{print ($14 + $15) * 10}' "/proc/${ipamd_pid[node-a]}/stat"; }
t=$(cpu); sleep 2; t=$(($(cpu) - t))
same "and is left alone from then on" "$made" "$(($(repairs rule) - before))"
expect "which costs nothing ($t ms of CPU in 2 s)" test "$t" -lt 200
expect "cnivpctl why tells it" eval 'ctl node-a why "$fought" | grep -i drift-held'
expect "so does the journal" eval 'ctl node-a events | grep drift-held'
on node-a ip rule del to "$ip" pref 512
expect "other pods are mended meanwhile" eventually 1 has rule
on node-a ip route del "$fought"
expect "so are the other parts of that pod" eventually 1 has on node-a ip route show "$fought"
rm "$LAB/fight"
wait "$fighter"
cni_del node-a fought >/dev/null
refuse "a lease that has ended is no longer counted" held

# --- a DEL isn't undone
for i in {1..20}; do pod_start node-a "short$i" >/dev/null; done
for i in {1..20}; do
  short=$(pod_ip node-a "short$i")
  on node-a ip route del "$short"; on node-a ip rule del to "$short" pref 512
  sleep ".0$i"
  cni_del node-a "short$i" >/dev/null
done
eventually 5 invariants node-a || true
expect "DELs amid repairs leave nothing behind" invariants node-a

# --- pods that come and go as usual give it nothing to do
before=$(metric cnivpc_drift_repairs_total)
for i in {1..40}; do
  CONF= pod_start node-a "usual$i" >/dev/null || not_ok "ADD usual$i"
  # Runtimes delete the namespace after DEL, or, when something went wrong, before.
  ((i % 2)) || on node-a ip netns del "usual$i"
  CONF= cni_del node-a "usual$i" >/dev/null || not_ok "DEL usual$i"
  ((i % 2)) && on node-a ip netns del "usual$i"
done
same "pods that come and go, also with portmap, give nothing to mend" "$before" "$(metric cnivpc_drift_repairs_total)"

# --- all at once
for ((i = 1; i < pods; i++)); do
  pod_netns node-a "many$i"
done
for ((i = 1; i < pods; i++)); do
  cni_add node-a "many$i" >/dev/null || not_ok "ADD many$i" &
  ((i % 20)) || wait $(jobs -p | grep -vx "${ipamd_pid[node-a]}" | grep -vx "${node_pid[node-a]}")
done
wait $(jobs -p | grep -vx "${ipamd_pid[node-a]}" | grep -vx "${node_pid[node-a]}")
routes() { on node-a ip route show root "$lab_subnet" | wc -l; }
rule_count() { on node-a ip rule show pref 512 | wc -l; }
proxies() { on node-a ip neigh show proxy dev eth0 | wc -l; }
are() { [ "$("$1")" = "$2" ]; }
same "$pods pods have routes" "$pods" "$(routes)"
# at_once WHAT CMD...
at_once() {
  local what=$1 t=; shift
  "$@" || not_ok "$*"
  t=$(us)
  if eventually 1 are "$what" "$pods"; then ok "$pods pods have their $what again ($(took "$t") ms) after $*"; else not_ok "$pods $what: $("$what")"; fi
}
at_once routes on node-a ip route flush root "$lab_subnet"
at_once rule_count on node-a ip rule flush pref 512
flap() { ip link set eth0 down; ip link set eth0 up; ip route add default via 10.126.0.1; }
export -f flap
at_once proxies on node-a bash -c flap
last=$(pod_ip node-a "many$((pods - 1))")
expect "and packets flow" eventually 2 eval 'ip neigh flush dev fab0; ping -n -c 1 -W 1 "$last"'
expect "everything agrees" eventually 5 invariants node-a

# --- 2.0.2: rules and routes gone after a reboot
for signal in TERM KILL; do
  ipamd_stop node-a "$signal" || true
  on node-a ip route flush root "$lab_subnet"
  on node-a ip rule flush pref 512
  on node-a bash -c flap
  in_pod node-a web ip neigh flush all nud permanent
  refuse "2.0.2: without rules, routes and proxies the pod isn't reached" reached
  ipamd_start node-a "${pool_flags[@]}"
  t=$(us)
  expect "2.0.2: ipamd, started again after SIG$signal, restores the pod's" eventually 1 all_there
  for what in routes rule_count proxies; do
    expect "2.0.2: and the $what of all $pods ($(took "$t") ms)" eventually 1 are "$what" "$pods"
  done
  expect "2.0.2: and packets flow" eventually 1 reached
done

# --- on the node alone, or not at all
ipamd_stop node-a TERM
ipamd_start node-a "${pool_flags[@]}" --repair=node
on node-a ip route del "$ip"
in_pod node-a web ip route del default
expect "--repair=node mends the node's side" eventually 1 has route
sleep 1
refuse "and leaves the pod's alone" has default_route
ipamd_stop node-a TERM
ipamd_under=(setpriv --bounding-set=-net_broadcast,-sys_admin)
ipamd_start node-a "${pool_flags[@]}"
ipamd_under=()
on node-a ip route del "$ip"
expect "without the capabilities for pods ipamd mends the node's side" eventually 1 has route
expect "and says that it can't look into pods" grep -q "cannot look into pods" "$LAB/node-a/ipamd.log"
ipamd_stop node-a TERM
ipamd_start node-a "${pool_flags[@]}" --repair=none
on node-a ip route del "$ip"
sleep 1
refuse "--repair=none mends nothing" has route
lab_done
