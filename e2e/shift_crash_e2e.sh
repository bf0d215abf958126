#!/bin/bash
# shift_crash_e2e.sh: kill -9 of the borrower's and of the lender's ipamd at every
#   step of a shift that changes something: writes to the stores and to the VPC,
#   and messages between the two. After each, no address may be usable on both
#   nodes, and the runtime's next ADD gets one; in the end every address has one
#   owner, in the stores, the VPC and the kernel (invariants.py).
#   env: EVERY  only each EVERY-th step of a kind (default 5); 1 takes long
# The embedded VPC: what a killed ipamd asked for shows at once (shift_e2e.sh has
# the cloud's, which takes minutes).
lab_vpc=embedded
. "$(dirname "$0")/lab.sh"
need strace python3
lab_enter "$@"

readonly every=${EVERY:-5}
certs=$LAB/certs
"$CNIVPC" --certificates "$certs" node-a=10.126.0.11 node-b=10.126.0.12
# start NODE [FLAG...]
start() {
  ipamd_spawn "$1" --subnet=10.126.64.0/24 --cooldown=0 --pool-low=0 --pool-high=400 --attach-grace=1 \
    --sweep-interval=1 --peers=node-a=10.126.0.11,node-b=10.126.0.12 --peer-ca="$certs/ca.crt" \
    --peer-cert="$certs/$1.crt" --peer-key="$certs/$1.key" "${@:2}"
  wait_for 10 "ipamd of $1" ipamd_get "$1" /healthz
}
running() { kill -0 "${ipamd_pid[$1]}" 2>/dev/null; }
stopped() { ! running "$1"; }
up() { running "$1" || start "$1"; }
count() { pool "$@" | wc -l; }
open_shifts() { ipamd_get "$1" /metrics | awk '/^cnivpc_shifts_open/ {n += $2} END {print n + 0}'; }
none_open() { [ "$(open_shifts "$1")" = 0 ]; }
usable() { ipamd_get "$1" /v1/pool | jq -r '.addresses[] | select(.state | IN("fresh", "warm", "leased", "cooling")) | .address'; }
add() { cni_call node-a ADD "$1" <"$LAB/config" 2>/dev/null; }

# attach NODE STEP N: kills its ipamd as a thread of it enters its N-th STEP.
attach() {
  strace -f -o "$LAB/$1/strace" -e trace="$2" -e inject="$2:signal=KILL:when=$3" \
    -p "${ipamd_pid[$1]}" 2>"$LAB/$1/attached" &
  tracer=$!
  wait_for 5 "strace is attached" grep ' attached' "$LAB/$1/attached"
}
detach() {
  kill "$tracer" 2>/dev/null || true
  # It has been seen to wait for ever for a thread that died with its process.
  eventually 3 lab_is_over "$tracer" || kill -9 "$tracer" 2>/dev/null || true
  wait "$tracer" 2>/dev/null || true
}

# A pod that takes what an earlier death has left with node-a: it has to borrow.
pods=0
dry() {
  local state
  for state in fresh warm; do
    while [ -n "$(pool node-a "$state")" ]; do
      pods=$((pods + 1))
      on node-a ip netns add "p$pods"
      eventually 10 add "p$pods" || { echo "an ADD with a warm pool failed"; return; }
    done
  done
}
# try NODE STEP N: an ADD on node-a, in which NODE's ipamd dies at that step, or
# not (exit status 1) as there is no such step. What is wrong goes to stdout.
try() {
  local pod rc=0 killed=0
  dry
  pods=$((pods + 1)) pod=p$pods
  on node-a ip netns add "$pod"
  attach "$@"
  add "$pod" >"$LAB/out" || rc=$?
  eventually .3 stopped "$1" || killed=1
  detach
  up "$1"
  both=$({ usable node-a; usable node-b; } | sort | uniq -d)
  [ -z "$both" ] || echo "usable on both: $both"
  # What a runtime does when a call failed.
  [ "$rc" = 0 ] || eventually 30 add "$pod" || echo "the next ADD failed: $(add "$pod")"
  return "$killed"
}

# Again, for an address that comes late from an earlier death makes borrowing
# needless.
try_hard() {
  local i
  for i in 1 2 3; do
    ! try "$@" >>"$LAB/problem" || return 0
  done
  return 1
}

node_start node-a
node_start node-b
cni_config node-a 0 >"$LAB/config"
start node-b --pool-low=400
wait_for 30 "node-b has the whole subnet" eval '[ "$(count node-b warm)" -ge 250 ]'
all=$(count node-b)
ipamd_stop node-b KILL || true
start node-b
start node-a
on node-a ip netns add first
expect "node-a borrows" add first
echo "# of $all addresses"

# The borrower is a client of libcurl's, the lender a server of libevent's.
declare -A steps=([node-a]="pwrite64 write sendto recvfrom" [node-b]="pwrite64 write sendto read")
for node in node-a node-b; do
  for step in ${steps[$node]}; do
    n=1 deaths=0
    : >"$LAB/problems"
    : >"$LAB/problem"
    while try_hard "$node" "$step" "$n"; do
      deaths=$((deaths + 1))
      sed "s/^/$node $step $n: /" "$LAB/problem" >>"$LAB/problems"
      : >"$LAB/problem"
      n=$((n + every))
    done
    same "$node killed at $deaths of its ${step}s" "" "$(cat "$LAB/problems" "$LAB/problem")"
    echo "$deaths" >>"$LAB/deaths"
  done
done
deaths=$(awk '{n += $1} END {print n}' "$LAB/deaths")
expect "$deaths deaths were tried" [ "$deaths" -ge 10 ]
echo "# open: node-a $(open_shifts node-a), node-b $(open_shifts node-b); waiting for promises that nobody knows of any more"
for node in node-a node-b; do
  expect "no shift of $node is open" eventually 90 none_open "$node"
  expect "$node: VPC, store and kernel agree" eventually 10 invariants "$node"
done
same "no address is lost" "$all" "$(($(count node-a) + $(count node-b)))"
same "none is in two pools" "" "$({ pool node-a; pool node-b; } | sort | uniq -d)"
lab_done
