#!/bin/bash
# no_daemon_e2e.sh: the plugin without ipamd: ADD, CHECK and DEL from the store,
#   20 at once, and an ipamd that takes over with the same leases. Then an ipamd
#   that hangs: ADD says "try again" in time, DEL succeeds and is carried out
#   later; an ADD that comes after its DEL gets nothing.
lab_vpc=embedded
. "$(dirname "$0")/lab.sh"
need ping python3
lab_enter "$@"

node_start node-a
ours='{type: "cnivpc", vpc: "embedded", subnet: $s, vpcState: $f}'
jq --arg s "$lab_subnet" --arg f "$LAB/vpc.db" ".plugins[0] = $ours" "$lab_conflist" >"$LAB/alone.conflist"
leases() { ipamd_get node-a /v1/pool | jq -c '[.addresses[] | select(.state == "leased") | [.lease.attachment.containerId, .address]] | sort'; }
# The same of the store, for when nobody answers.
stored() {
  python3 - <<PY
import json, sqlite3
print(json.dumps(sorted(map(list, sqlite3.connect("$LAB/store/store.db").execute(
    "SELECT container, ip FROM address WHERE state='leased'"))), separators=(",", ":")))
PY
}
# The store where we see it, too.
mkdir "$LAB/store"
on node-a mkdir /var/lib/cnivpc
on node-a mount --bind "$LAB/store" /var/lib/cnivpc

# --- no ipamd has ever run: the conflist says where addresses come from
export CONF=$LAB/alone.conflist
expect "ADD without ipamd" pod_start node-a solo
expect "its pod is reached" ping -q -c 1 -W 2 "$(pod_ip node-a solo)"
expect "CHECK" cni_check node-a solo
expect "STATUS" cni_call node-a STATUS solo <<<"$(cni_config node-a 0 | jq -c '.cniVersion = "1.1.0"')"
for i in {1..20}; do pod_netns node-a "p$i"; done
calls=() failed=0
t=$(us)
for i in {1..20}; do cni_add node-a "p$i" >"$LAB/out.$i" & calls+=($!); done
for call in "${calls[@]}"; do wait "$call" || failed=$((failed + 1)); done
same "20 ADDs at once without ipamd, $(took "$t") ms: none fails" 0 "$failed"
same "20 addresses" 20 "$(for i in {1..20}; do pod_ip node-a "p$i"; done | sort -u | wc -l)"
expect "everything agrees" invariants node-a
calls=() failed=0
for i in {1..5}; do cni_del node-a "p$i" & calls+=($!); done
for call in "${calls[@]}"; do wait "$call" || failed=$((failed + 1)); done
same "5 DELs at once: none fails" 0 "$failed"
expect "DEL again" cni_del node-a p1
expect "everything agrees" invariants node-a
before=$(stored)
same "16 are leased" 16 "$(jq length <<<"$before")"

# --- ipamd takes over, with the shipped conflist from now on
unset CONF
ipamd_start node-a --cooldownPeriodSeconds=1
same "ipamd has the same leases" "$before" "$(leases)"
expect "everything agrees" eventually 5 invariants node-a
expect "CHECK by ipamd" cni_check node-a p20
expect "DEL by ipamd" cni_del node-a p20
expect "ADD by ipamd" cni_add node-a p20
before=$(leases)

# --- ipamd dies: the store knows where addresses come from
ipamd_stop node-a KILL || true
expect "CHECK after kill -9" cni_check node-a p20
expect "DEL" cni_del node-a p20
expect "ADD" cni_add node-a p20
expect "its pod is reached" ping -q -c 1 -W 2 "$(pod_ip node-a p20)"
expect "everything agrees" invariants node-a
before=$(stored)
ipamd_start node-a --cooldownPeriodSeconds=1
same "an ipamd that comes back has the same leases" "$before" "$(leases)"

# --- ipamd hangs
impatient=$(cni_config node-a 0 | jq -c '.timeout = 2')
kill -STOP "${ipamd_pid[node-a]}"
pod_netns node-a late
t=$(us)
rc=0
out=$(cni_call node-a ADD late <<<"$impatient" 2>/dev/null) || rc=$?
ms=$(took "$t")
same "ADD while ipamd hangs: try again later" "1 11" "$rc $(jq .code <<<"$out")"
expect "within its time-out of 2 s ($ms ms)" test "${ms%.*}" -lt 3500
refuse "the pod got no interface" in_pod node-a late ip link show eth0
t=$(us)
expect "DEL while ipamd hangs" cni_call node-a DEL p19 <<<"$impatient"
ms=$(took "$t")
expect "within its time-out ($ms ms)" test "${ms%.*}" -lt 3500
refuse "p19's interface is gone all the same" in_pod node-a p19 ip link show eth0
expect "the DEL is in the queue" test -n "$(ls "$LAB/store/queue")"
t=$(us)
out=$(cni_call node-a STATUS x <<<"$(jq -c '.cniVersion = "1.1.0"' <<<"$impatient")" 2>/dev/null) || true
same "STATUS while ipamd hangs: not available" 50 "$(jq .code <<<"$out")"
kill -CONT "${ipamd_pid[node-a]}"
not_leased() { local all; all=$(leases) && [[ $all != *"\"$1\""* ]]; }
expect "when ipamd goes on, the DEL is carried out" eventually 8 not_leased p19
expect "and the ADD that nobody waits for any more is undone" eventually 8 not_leased late
expect "the queue is empty" eventually 8 eval '[ -z "$(ls "$LAB/store/queue")" ]'
expect "everything agrees" eventually 8 invariants node-a

# --- it hangs, and is killed
kill -STOP "${ipamd_pid[node-a]}"
expect "DEL while ipamd hangs again" cni_call node-a DEL p18 <<<"$impatient"
ipamd_stop node-a KILL || true
ipamd_start node-a --cooldownPeriodSeconds=1
expect "after a restart the DEL is carried out" eventually 5 not_leased p18

# --- an ADD that hangs, its DEL, and then ipamd goes on
kill -STOP "${ipamd_pid[node-a]}"
cni_call node-a ADD late <<<"$(cni_config node-a 0)" >"$LAB/late" 2>/dev/null &
add=$!
sleep .5
expect "DEL of a pod whose ADD hangs" cni_call node-a DEL late <<<"$impatient"
kill -CONT "${ipamd_pid[node-a]}"
wait "$add" || true
expect "the pod has no address in the end" eventually 10 not_leased late
expect "everything agrees" eventually 10 invariants node-a
for i in {6..17} 20; do cni_del node-a "p$i" || not_ok "DEL p$i"; done
cni_del node-a solo
same "no address is leased in the end" "[]" "$(leases)"
expect "everything agrees" invariants node-a
lab_done
