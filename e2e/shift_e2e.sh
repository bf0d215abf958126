#!/bin/bash
# shift_e2e.sh: addresses move between nodes. A subnet with 20 addresses, 15 of
#   them on node-b and 5 on node-c; pods of node-a get theirs from there, by way of
#   vpcsim's API, over mutual TLS. Either side is killed in the middle of it, or
#   never comes back: VPC, stores and kernel agree in the end. Strangers learn
#   nothing.
lab_state='.subnets[0] |= (.prefix = "10.126.0.0/27" | .next = "10.126.0.20")'
. "$(dirname "$0")/lab.sh"
need ping openssl python3
lab_enter "$@"

certs=$LAB/certs
"$CNIVPC" --certificates "$certs" node-a=10.126.0.11 node-b=10.126.0.12 node-c=10.126.0.13
cat >"$LAB/peers" <<'PEERS'
node-a=10.126.0.11
node-b=10.126.0.12   # has all the addresses at first
node-c=10.126.0.13:7312
PEERS
peer_flags() {
  printf '%s\n' --peers-file="$LAB/peers" --peer-ca="$certs/ca.crt" \
    --peer-cert="$certs/$1.crt" --peer-key="$certs/$1.key"
}
# start NODE [FLAG...]: ipamd; a node whose pool is dry isn't ready.
start() {
  local flags
  mapfile -t flags < <(peer_flags "$1")
  ipamd_spawn "$1" --cooldown=2 --pool-low=0 "${flags[@]}" "${@:2}"
  wait_for 10 "ipamd of $1" ipamd_get "$1" /healthz
}
killed() { ipamd_stop "$1" KILL || true; }
count() { pool "$@" | wc -l; }
owns() { simulator "addresses?limit=1000&mac=$(node_mac "$1")" | jq -r '.addresses[] | select(.primary | not) | .ip'; }
owns_it() { owns "$1" | grep -x "$2"; }
has_it() { pool "$1" "${3-}" | grep -x "$2"; }
has_it_not() { ! has_it "$1" "$2"; }
none_open() { [ "$(ipamd_get "$1" /metrics | awk '/^cnivpc_shifts_open/ {n += $2} END {print n + 0}')" = 0 ]; }
events() { ipamd_get "$1" /metrics | awk -v e="side=\"$2\"" -v f="event=\"$3\"" '/^cnivpc_shift_events_total/ && index($0, e) && index($0, f) {n += $2} END {print n + 0}'; }
slowly() { sleep 1; "$@"; }
fault() { simulator faults -X POST -d "$1" >/dev/null; }

for node in node-a node-b node-c; do node_start "$node"; done
start node-c --pool-low=5 --pool-high=5
wait_for 20 "node-c has five addresses" eval '[ "$(count node-c warm)" = 5 ]'
start node-b --pool-low=30 --pool-high=30
is_full() { [ "$(count node-b warm)" -ge 12 ] && ipamd_get node-b /metrics | grep 'vpc_calls.*RESOURCE_EXHAUSTED'; }
wait_for 20 "node-b has all others" is_full
all=$(($(count node-b) + $(count node-c)))
for node in node-b node-c; do
  has=$(count "$node")
  killed "$node"
  start "$node" --pool-low=2 --pool-high=40
  wait_for 10 "$node has them still" eval '[ "$(count "$node" warm)" = "$has" ]'
done
echo "# of the subnet's $all addresses node-b has $(count node-b), node-c $(count node-c)"

# --- a pod
expect "node-b web-1: ADD" pod_start node-b web-1
start node-a --pool-high=40
t=$(us)
expect "node-a web-1: ADD, where the subnet has no address left" pod_start node-a web-1
echo "# it took $(took "$t") ms"
a1=$(pod_ip node-a web-1) b1=$(pod_ip node-b web-1)
expect "the VPC counts $a1 as node-a's" owns_it node-a "$a1"
expect "node-b doesn't have it any more" eventually 5 has_it_not node-b "$a1"
expect "from node-b's pod to node-a's" in_pod node-b web-1 ping -q -c 1 -W 2 "$a1"
expect "and the other way" in_pod node-a web-1 ping -q -c 1 -W 2 "$b1"
same "one was borrowed" 1 "$(events node-a borrower borrowed)"
same "the node with the most to spare lent it" "1 0" "$(events node-b lender lent) $(events node-c lender lent)"
same "node-a knows its story: it was probed before the pod had it" "arriving borrowed admitted leased" \
  "$(ctl node-a events "$a1" -o json | jq -r '[.events[].reason] | join(" ")')"
same "node-b knows where it went" "leaving lent" "$(ctl node-b events "$a1" -o json | jq -r '[.events[].reason] | join(" ")')"
same "which can be asked from another node" "leaving lent" \
  "$(ctl node-a events "$a1" -n node-b -o json | jq -r '[.events[].reason] | join(" ")')"
expect "as can how it is" grep "node-b, 10.126.0.12" <<<"$(ctl node-a status -n node-b || true)"
refuse "but not what would change it" ctl node-a pop node-b -n node-b
expect "a node that isn't in the list is told so" grep "node node-z is isn't known" <<<"$(ctl node-a get pool -n node-z 2>&1 || true)"
expect "and tells why it doesn't have it" grep "node node-a" <<<"$(ctl node-b why "$a1")"
expect "no shift is open" none_open node-a
expect "nor on the other side" none_open node-b

# --- several at once
started=()
for i in 2 3 4 5 6; do pod_netns node-a "web-$i"; cni_add node-a "web-$i" >"$LAB/node-a/$i" & started+=($!); done
failed=0
for pid in "${started[@]}"; do wait "$pid" || failed=$((failed + 1)); done
same "five ADDs at once, each with an address from node-b" 0 "$failed"
ips=$(for i in 1 2 3 4 5 6; do pod_ip node-a "web-$i"; done)
same "six different ones" 6 "$(sort -u <<<"$ips" | wc -l)"

# --- until there is none to spare
for i in $(seq 7 40); do
  pod_netns node-a "web-$i"
  cni_add node-a "web-$i" >"$LAB/out" || break
done
expect "then an ADD is told why it gets none" grep -q "no other node lent an address: none of 2 nodes" "$LAB/out"
expect "and so is who asks later" grep "no other node lent" <<<"$(ctl node-a why "default/web-$i")"
same "the others keep as many as their low watermarks" "2 2" "$(count node-b warm) $(count node-c warm)"
expect "the log says that no node lent one" grep -q "no other node lent an address" "$LAB/node-a/ipamd.log"

# --- back again, the other way round
last=$((i - 1))
for i in $(seq 2 "$last"); do pod_stop node-a "web-$i" || not_ok "node-a web-$i: DEL"; done
wait_for 20 "node-a's addresses have cooled" eval '[ "$(count node-a cooling)" = 0 ]'
for i in 2 3 4 5; do expect "node-b web-$i: ADD, from node-a" pod_start node-b "web-$i"; done
expect "node-b has borrowed" test "$(events node-b borrower borrowed)" -ge 1
for node in node-a node-b node-c; do
  wait_for 10 "all is settled" none_open "$node"
  expect "$node: VPC, store and kernel agree" invariants "$node"
done

# --- strangers
url=https://10.126.0.12:7312
ask() { on node-a curl -sS --max-time 5 "$@"; }
mine=(--cacert "$certs/ca.crt" --cert "$certs/node-a.crt" --key "$certs/node-a.key")
refuse "without a certificate nothing is told" ask -k "$url/v1/spare"
"$CNIVPC" --certificates "$LAB/others" node-a=10.126.0.11
refuse "nor with one of another authority" ask -k --cert "$LAB/others/node-a.crt" --key "$LAB/others/node-a.key" "$url/v1/spare"
same "node-a is told" node-b "$(ask "${mine[@]}" "$url/v1/spare" | jq -r .node)"
lend='{"key":"k","node":"node-c","mac":"52:54:00:7e:00:13","subnet":"subnet-lab"}'
same "node-a doesn't speak for node-c" PERMISSION_DENIED "$(ask "${mine[@]}" "$url/v1/lend" -d "$lend" | jq -r .code)"
other='{"key":"k","node":"node-a","mac":"52:54:00:7e:00:11","subnet":"subnet-other"}'
same "nothing is lent to another subnet" FAILED_PRECONDITION "$(ask "${mine[@]}" "$url/v1/lend" -d "$other" | jq -r .code)"
same "ipamd's other calls aren't there" UNIMPLEMENTED "$(ask "${mine[@]}" "$url/v1/gc" -d '{"network":"cnivpc","valid":[]}' | jq -r .code)"
expect "strangers are counted" eval 'ipamd_get node-b /metrics | grep cnivpc_peer_strangers_total'
killed node-c
tr -dc a-z0-9 </dev/urandom | head -c 32 >"$LAB/token" || true
ipamd_spawn node-c --cooldown=2 --pool-low=0 --peer-token-file="$LAB/token"
wait_for 10 "ipamd of node-c" ipamd_get node-c /healthz
by_token() { ask "http://10.126.0.13:7312/v1/spare" "$@"; }
same "with a token instead of certificates: nothing without it" UNAUTHENTICATED "$(by_token | jq -r .code)"
same "nor with another" UNAUTHENTICATED "$(by_token -H "Authorization: Bearer 0123456789abcdef0123456789abcdef" | jq -r .code)"
same "with it node-c answers" node-c "$(by_token -H "Authorization: Bearer $(cat "$LAB/token")" | jq -r .node)"

# --- deaths. Something that is asked for is done by the VPC, and nobody is told.
for i in 2 3 4 5; do pod_stop node-b "web-$i" || not_ok "node-b web-$i: DEL"; done
fill_b() { [ "$(count node-b warm)" -ge 8 ]; }
# All of node-a's and node-c's go to node-b, so that these have to borrow.
killed node-a; killed node-c
start node-a --pool-high=0 --trim-delay=0
start node-c --pool-high=0 --trim-delay=0
wait_for 60 "node-a has given all back" eval '[ "$(count node-a)" = 1 ]'
wait_for 60 "node-c has given all back" eval '[ "$(count node-c)" = 0 ]'
killed node-a; killed node-b; killed node-c
start node-b --pool-low=30 --pool-high=30
wait_for 60 "node-b has got them" fill_b
wait_for 60 "and the subnet is full" eval 'ipamd_get node-b /metrics | grep "vpc_calls.*RESOURCE_EXHAUSTED"'
killed node-b
start node-b --pool-low=2 --pool-high=40
start node-a --pool-high=40
start node-c --pool-high=40

# The borrower dies while the VPC moves the address.
fault '{"match":{"action":"MoveSecondaryIPMac"},"when":{"next":1},"do":{"hang_ms":30000,"effect":"done"}}'
pod_netns node-a late-1
cni_add node-a late-1 >"$LAB/out" 2>&1 & pid=$!
wait_for 10 "an address arrives at node-a" eval '[ -n "$(pool node-a arriving)" ]'
moved=$(pool node-a arriving)
wait_for 10 "the VPC has moved it" owns_it node-a "$moved"
killed node-a
wait "$pid" || true
start node-a --pool-high=40
same "after kill -9 of the borrower $moved is arriving, and not used" arriving \
  "$(ipamd_get node-a /v1/pool | jq -r --arg a "$moved" '.addresses[] | select(.address == $a) | .state')"
same "node-b doesn't use it either" leaving \
  "$(ipamd_get node-b /v1/pool | jq -r --arg a "$moved" '.addresses[] | select(.address == $a) | .state')"

# Another borrower dies before the VPC has heard of it, for good.
fault '{"match":{"action":"MoveSecondaryIPMac"},"when":{"next":1},"do":{"hang_ms":30000}}'
pod_netns node-c never
cni_add node-c never >"$LAB/out" 2>&1 & pid=$!
wait_for 10 "an address arrives at node-c" eval '[ -n "$(pool node-c arriving)" ]'
kept=$(pool node-c arriving)
died=$EPOCHSECONDS
killed node-c
wait "$pid" || true

# The lender dies when it has promised.
fault '{"match":{"action":"MoveSecondaryIPMac"},"when":{"next":1},"do":{"latency":{"distribution":"constant","ms":3000}}}'
pod_netns node-a late-2
cni_add node-a late-2 >"$LAB/out" 2>&1 & pid=$!
wait_for 10 "another address arrives at node-a" eval '[ "$(count node-a arriving)" = 2 ]'
killed node-b
start node-b --pool-low=2 --pool-high=40
rc=0; wait "$pid" || rc=$?
same "the lender's death doesn't disturb the ADD" "0 " "$rc $(jq -r '.msg // ""' "$LAB/out")"
a2=$(pod_ip node-a late-2)
expect "and it learns that $a2 is gone" eventually 30 has_it_not node-b "$a2"

echo "# waiting until nothing of what was lost can take effect"
expect "the borrower finds out that $moved is its own" eventually 120 slowly has_it node-a "$moved" warm
expect "and tells the lender" eventually 10 has_it_not node-b "$moved"
expect "what the other borrower never took is the lender's again" eventually 170 slowly has_it node-b "$kept" warm
echo "# $((EPOCHSECONDS - died)) s after the borrower's death"
for node in node-a node-b; do
  expect "no shift of $node is open" eventually 10 none_open "$node"
  expect "$node: VPC, store and kernel agree" invariants "$node"
done
expect "no address was lost: the VPC's $all are node-a's and node-b's" \
  test "$(($(owns node-a | wc -l) + $(owns node-b | wc -l)))" = "$all"
expect "none is in two pools" test -z "$({ pool node-a; pool node-b; } | sort | uniq -d)"
lab_done
