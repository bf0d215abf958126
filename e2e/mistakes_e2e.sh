#!/bin/bash
# mistakes_e2e.sh: mistakes that users of UK8S's plugin met, with the version that
#   mended each there. Those that need a cloud are in cloud_e2e.sh; those of ARP in
#   netlink/arp/station_test.cc; those of rules and routes in drift_e2e.sh.
lab_vpc=embedded
. "$(dirname "$0")/lab.sh"
need ping jq
lab_enter "$@"

node_start node-a
ours='{type: "cnivpc", vpc: "embedded", subnet: $s, vpcState: $f}'
jq --arg s "$lab_subnet" --arg f "$LAB/vpc.db" ".plugins[0] = $ours" "$lab_conflist" >"$LAB/alone.conflist"
mkdir "$LAB/store"
on node-a mkdir /var/lib/cnivpc
on node-a mount --bind "$LAB/store" /var/lib/cnivpc
leased() { pool node-a leased | wc -l; }
is_leased() { [ "$(leased)" = "$1" ]; }

# --- 1.3.2: a duplicate address when ipamd and the plugin allocate at once
export CONF=$LAB/alone.conflist
for i in {1..30}; do pod_netns node-a "p$i"; done
calls=() failed=0
for i in {1..30}; do
  cni_add node-a "p$i" >"$LAB/out.$i" & calls+=($!)
  [ "$i" != 10 ] || ipamd_spawn node-a --cooldownPeriodSeconds=1
done
for call in "${calls[@]}"; do wait "$call" || failed=$((failed + 1)); done
wait_for 10 "ipamd" ipamd_get node-a /readyz
for i in {1..30}; do
  [ -s "$LAB/node-a/pods/p$i.json" ] || expect "p$i, told to try again, succeeds" cni_add node-a "p$i"
done
same "1.3.2: 30 pods have 30 addresses when ipamd starts among their ADDs ($failed were told to try again)" 30 \
  "$(for i in {1..30}; do pod_ip node-a "p$i"; done | sort -u | wc -l)"
expect "1.3.2: and everything agrees" eventually 5 invariants node-a
for i in {1..30}; do cni_del node-a "p$i" || not_ok "DEL p$i"; done
unset CONF

# --- an address lost when a record can't be written
ipamd_stop node-a TERM
on node-a mkdir -p /var/lib/full
on node-a mount -t tmpfs -o size=2m tmpfs /var/lib/full
ipamd_start node-a --state-dir=/var/lib/full --cooldownPeriodSeconds=0 --vpc-state="$LAB/vpc2.db"
full=$(cni_config node-a 0 | jq -c '.stateDir = "/var/lib/full"')
on node-a dd if=/dev/zero of=/var/lib/full/filler bs=4k >/dev/null 2>&1 || true
pod_netns node-a unlucky
tries=0
while cni_call node-a ADD unlucky <<<"$full" >/dev/null 2>&1 && [ "$tries" -lt 100 ]; do
  cni_call node-a DEL unlucky <<<"$full" >/dev/null 2>&1 || true
  tries=$((tries + 1))
done
refuse "an ADD whose lease can't be recorded gets no interface" in_pod node-a unlucky ip link show eth0
on node-a rm /var/lib/full/filler
expect "with room again it succeeds" eventually 10 eval 'cni_call node-a ADD unlucky <<<"$full"'
expect "DEL" cni_call node-a DEL unlucky <<<"$full"
agrees() { on node-a "$lab_e2e/invariants.py" /var/lib/full/store.db "$LAB/vpc2.db" "$(node_mac node-a)"; }
expect "and no address is lost: store and VPC agree" eventually 10 agrees
ipamd_stop node-a TERM

# --- 21.10.1: a lock that times out so that DEL fails
ipamd_start node-a --cooldownPeriodSeconds=1
pod_start node-a locked >/dev/null
ipamd_stop node-a TERM
on node-a flock -F /var/lib/cnivpc/store.lock sleep 30 &
holder=$!
sleep .3
impatient=$(cni_config node-a 0 | jq -c '.timeout = 2')
t=$(us)
expect "21.10.1: DEL succeeds while somebody holds the store's lock" cni_call node-a DEL locked <<<"$impatient"
ms=$(took "$t")
expect "21.10.1: within its time-out of 2 s ($ms ms)" test "${ms%.*}" -lt 3500
refuse "21.10.1: the pod's interface is gone" in_pod node-a locked ip link show eth0
pkill -P "$holder" 2>/dev/null || kill "$holder"
wait "$holder" 2>/dev/null || true
ipamd_start node-a --cooldownPeriodSeconds=1
expect "21.10.1: and its address is given back when the lock is free" eventually 10 is_leased 0
expect "everything agrees" eventually 10 invariants node-a

# --- 1.2.0: addresses lost when ipamd dies; DELs that come while it is down
readonly quick=(--cooldownPeriodSeconds=1 --sweep-interval=1 --attach-grace=1)
ipamd_stop node-a TERM
ipamd_start node-a "${quick[@]}"
for i in {1..12}; do pod_start node-a "d$i" >/dev/null; done
dels=()
for i in {1..4}; do cni_del node-a "d$i" & dels+=($!); done
ipamd_stop node-a KILL || true
for call in "${dels[@]}"; do wait "$call" || true; done
for i in {1..8}; do cni_del node-a "d$i" || not_ok "DEL d$i while ipamd is down"; done
for i in {5..8}; do refuse "ipamd down: DEL takes the network of d$i down" in_pod node-a "d$i" ip link show eth0; done
survivors() { for i in {9..12}; do pod_ip node-a "d$i"; done | sort; }
ipamd_start node-a "${quick[@]}"
same "1.2.0: after the daemon's death the pods that live have their addresses" "$(survivors)" \
  "$(ipamd_get node-a /v1/pool | jq -r '.addresses[] | select(.lease) | .address' | sort)"
expect "1.2.0: and no address is lost" eventually 10 invariants node-a
nobody_rests() { [ -z "$(pool node-a cooling)" ]; }
expect "those of the pods deleted meanwhile are free again" eventually 10 nobody_rests

# --- 1.3.2: the state file is damaged
ipamd_stop node-a KILL || true
on node-a sh -c 'rm -f /var/lib/cnivpc/store.db-wal /var/lib/cnivpc/store.db-shm
  dd if=/dev/urandom of=/var/lib/cnivpc/store.db bs=4096 count=3 conv=notrunc 2>/dev/null'
ipamd_start node-a "${quick[@]}"
same "1.3.2: with a damaged store the pods have their addresses" "$(survivors)" "$(pool node-a leased | sort)"
for i in {1..6}; do pod_start node-a "e$i" >/dev/null || not_ok "1.3.2: ADD e$i"; done
same "1.3.2: and new pods get none of those" 10 "$({ survivors; for i in {1..6}; do pod_ip node-a "e$i"; done; } | sort -u | wc -l)"
expect "1.3.2: each pod is reached at its own" on node-a ping -q -c 1 -W 2 "$(pod_ip node-a d9)"
expect "1.3.2: and everything agrees" eventually 10 invariants node-a
lab_done
