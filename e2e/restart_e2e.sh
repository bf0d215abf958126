#!/bin/bash
# restart_e2e.sh: ipamd is restarted again and again, gracefully and by kill -9,
#   while pods come and go: no DEL fails, no ADD fails over a graceful restart, and
#   over a kill -9 only with "try again later". Leases are kept. Then GC, which
#   removes what isn't valid of its own network, and STATUS.
. "$(dirname "$0")/lab.sh"
need ping python3
lab_enter "$@"

readonly flags=(--availablePodIPLowWatermark=20 --availablePodIPHighWatermark=100
  --cooldownPeriodSeconds=1 --attach-grace=1 --sweep-interval=1)
node_start node-a
ipamd_start node-a "${flags[@]}"
config=$(cni_config node-a 0)
leases() { ipamd_get node-a /v1/pool | jq -c '[.addresses[] | select(.state == "leased") | [.lease.attachment.containerId, .address]] | sort'; }
for i in {1..5}; do pod_start node-a "stays-$i"; done
before=$(leases)

# come_and_go I: ADD and DEL until somebody says stop. A line "VERB CODE" each; 0
# is success.
come_and_go() {
  local n=0 rc out
  pod_netns node-a "busy-$1"
  while [ ! -e "$LAB/stop" ]; do
    n=$((n + 1))
    for verb in ADD DEL; do
      rc=0
      out=$(CNI_CONTAINERID=busy-$1-$n CNI_NETNS=/run/netns/busy-$1 cni_call node-a "$verb" "busy-$1" <<<"$config" 2>/dev/null) || rc=$?
      if [ "$rc" = 0 ]; then echo "$verb 0"; else echo "$verb $(jq -c .code <<<"$out" 2>/dev/null || echo none) $out"; fi
    done
  done
}
count() { grep -c "$1" "$LAB"/calls.* | awk -F: '{n += $2} END {print n + 0}'; }
# under_load TIMES SIGNAL: restarts under six loops of ADD and DEL.
under_load() {
  local i loops=() t ms slowest=0
  rm -f "$LAB/stop" "$LAB"/calls.*
  for i in {1..6}; do come_and_go "$2-$i" >"$LAB/calls.$i" & loops+=($!); done
  for ((i = 0; i < $1; i++)); do
    sleep ".$((RANDOM % 5 + 3))"
    ipamd_stop node-a "$2" || [ "$2" = KILL ] || not_ok "SIG$2: exit status $?"
    t=$(us)
    ipamd_start node-a "${flags[@]}"
    ms=$(took "$t")
    [ "${ms%.*}" -le "${slowest%.*}" ] || slowest=$ms
  done
  touch "$LAB/stop"
  wait "${loops[@]}"
  echo "# $1 restarts by SIG$2: $(count '^ADD') ADDs, $(count '^DEL') DELs; ready again after $slowest ms at most"
  same "SIG$2: no DEL failed" 0 "$(count '^DEL [^0]')"
  expect "SIG$2: there were calls enough to mean something" test "$(count '^ADD 0')" -ge 50
}

under_load 8 TERM
same "no ADD failed" 0 "$(count '^ADD [^0]')"
grep -h '^[A-Z]* [^0]' "$LAB"/calls.* | sort | uniq -c || true
same "the leases of the pods that stayed are the same" "$before" "$(leases)"
expect "everything agrees" eventually 5 invariants node-a

under_load 8 KILL
echo "# ADDs that were told to try again: $(count '^ADD 11')"
same "no ADD failed otherwise" 0 "$(($(count '^ADD [^0]') - $(count '^ADD 11')))"
grep -h '^[A-Z]* [^0]' "$LAB"/calls.* | sort | uniq -c || true
expect "everything agrees" eventually 10 invariants node-a
same "the leases of the pods that stayed are the same" "$before" "$(leases)"
for i in {1..5}; do expect "stays-$i is reached" ping -q -c 1 -W 2 "$(pod_ip node-a "stays-$i")"; done
expect "CHECK of one" cni_check node-a stays-1

# --- the addresses of a dead node's pods: nothing else than the store has them
ipamd_stop node-a
expect "a graceful stop, and STATUS from the store" cni_call node-a STATUS x <<<"$(jq -c '.cniVersion = "1.1.0"' <<<"$config")"
ipamd_start node-a "${flags[@]}"

# --- GC: what isn't valid of this network goes, and nothing else
gc() { cni_call node-a GC x <<<"$(jq -c --arg n "$1" --argjson v "$2" '.cniVersion = "1.1.0" | .name = $n | .["cni.dev/valid-attachments"] = $v' <<<"$config")"; }
valid() { printf '%s\n' "$@" | jq -R '{containerID: ., ifname: "eth0"}' | jq -sc .; }
for pod in g1 g2 g3; do pod_start node-a "$pod"; done
pod_netns node-a o1
expect "a pod of another network" cni_call node-a ADD o1 <<<"$(jq -c '.name = "other"' <<<"$config")"
stay=(stays-{1..5})
expect "GC" gc cnivpc "$(valid "${stay[@]}" g1)"
same "what was valid, and the other network's, is still leased" "g1 o1 ${stay[*]}" "$(leases | jq -r 'map(.[0]) | join(" ")')"
for pod in g2 g3; do refuse "$pod has no network any more" in_pod node-a "$pod" ip link show eth0; done
expect "g1 is reached" ping -q -c 1 -W 2 "$(pod_ip node-a g1)"
expect "GC again" gc cnivpc "$(valid "${stay[@]}" g1)"
expect "DEL of what GC has taken" cni_del node-a g2
expect "GC of the other network: none is valid" gc other '[]'
same "only that one has gone" "g1 ${stay[*]}" "$(leases | jq -r 'map(.[0]) | join(" ")')"
expect "everything agrees" eventually 5 invariants node-a
ipamd_stop node-a
pod_start node-a g4
expect "GC without ipamd" gc cnivpc "$(valid "${stay[@]}")"
ipamd_start node-a "${flags[@]}"
same "did the same" "${stay[*]}" "$(leases | jq -r 'map(.[0]) | join(" ")')"

# --- STATUS
status() { cni_call node-a STATUS x <<<"$(jq -c '.cniVersion = "1.1.0"' <<<"$config")"; }
expect "STATUS" status
t=$(us); status; expect "in $(took "$t") ms" test "$(($(us) - t))" -lt 500000
ipamd_stop node-a
ipamd_start node-a --subnet=10.126.80.0/29 --vpc-state="$LAB/small.db" --state-dir=/var/lib/small --availablePodIPLowWatermark=0 --availablePodIPHighWatermark=0
small=0
pod_netns node-a small0
while cni_call node-a ADD "small$small" <<<"$config" >/dev/null 2>&1; do small=$((small + 1)); pod_netns node-a "small$small"; done
code=$(status | jq .code) || true
same "STATUS of a subnet without an address" 50 "$code"
expect "DEL of a pod" cni_call node-a DEL small0 <<<"$config"
lab_done
