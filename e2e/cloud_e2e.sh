#!/bin/bash
# cloud_e2e.sh: ipamd in UCloud's VPC, against vpcsim as API, metadata and switch: how
#   many calls it makes, and what it does when the cloud doesn't do its part. With
#   the version of UK8S's plugin that mended the mistake there, if it had it.
. "$(dirname "$0")/lab.sh"
need ping jq python3

# node-c has a second interface, in a subnet of its own. node-f is bare metal.
readonly second_mac=52:54:00:7e:01:13
lab_state='.subnets += [{id: "subnet-pods", vpc: "uvnet-lab", prefix: "10.127.0.0/24"}]
  | (.hosts[] | select(.name == "node-c").interfaces) +=
      [{id: "uni-second", mac: "'$second_mac'", subnet: "subnet-pods", address: "10.127.0.13", port: "second"}]
  | (.hosts[] | select(.name == "node-f").id) = "upm-node-f"'
lab_enter "$@"

# calls NODE [ACTION]: of the API, by that node, so far.
calls() {
  simulator "calls?limit=10000&host=$(host_of "$1")" |
    jq --arg a "${2-}" '[.calls[].action | select(. != "metadata" and . != "sts" and ($a == "" or . == $a))] | length'
}
# no_lists NODE: those but DescribeSecondaryIp.
no_lists() { simulator "calls?limit=10000&host=$(host_of "$1")" | jq '[.calls[].action | select(. != "metadata" and . != "sts" and . != "DescribeSecondaryIp")] | length'; }
# refused NODE RETCODE: calls that ended so. token_requests NODE.
refused() { simulator "calls?limit=10000&host=$(host_of "$1")" | jq --argjson c "$2" '[.calls[] | select(.ret_code == $c)] | length'; }
token_requests() { simulator "calls?limit=10000&action=sts&host=$(host_of "$1")" | jq '.calls | length'; }
host_of() { if [ "$1" = node-f ]; then echo upm-node-f; else echo "uhost-$1"; fi; }
# fault NODE RULE: one more rule, for that node's calls only.
fault() { jq -c --arg h "$(host_of "$1")" '.match.host = $h' <<<"$2" | simulator faults -X POST -d @- >/dev/null; }
no_faults() { simulator faults -X DELETE >/dev/null; }
address() { simulator "addresses/$1" -X POST -d "$2" >/dev/null || not_ok "vpcsim: $1 $2"; }
owner() { simulator "addresses?ip=$1" | jq -r '.addresses[0].mac // "nobody"'; }
state_of() { ipamd_get "$1" /v1/pool | jq -r --arg ip "$2" '.addresses[] | select(.address == $ip) | .state'; }
warm() { [ "$(pool "$1" warm | wc -l)" -ge "$2" ]; }
says() { grep -c -- "$2" "$LAB/$1/ipamd.log" >/dev/null; }
agrees() { eventually "$2" invariants "$1" || invariants "$1"; }
pings() { in_pod "$1" "$2" ping -q -c 1 -W 1 10.126.0.1; }

# --- in the background: one pod a second for 70 seconds, with ipamd's own flags but
# for a shorter cooldown; and an ipamd that was killed while it allocated.
churn() {
  local i rc=0 next=$EPOCHSECONDS before
  for i in {1..80}; do
    if [ "$i" = 11 ]; then calls node-a >"$LAB/churn.before"; fi
    pod_start node-a "churn-$i" || rc=1
    [ "$i" -le 2 ] || pod_stop node-a "churn-$((i - 2))" || rc=1
    next=$((next + 1))
    while [ "$EPOCHSECONDS" -lt "$next" ]; do sleep .05; done
  done
  calls node-a >"$LAB/churn.after"
  return $rc
}
node_start node-a
ipamd_start node-a --cooldownPeriodSeconds=5
churn >"$LAB/churn.log" 2>&1 &
churn=$!

node_start node-d
fault node-d '{"match": {"action": "AllocateBatchSecondaryIp"}, "when": {"next": 1}, "do": {"hang_ms": 3000, "effect": "done"}}'
ipamd_spawn node-d
asked() { [ "$(calls node-d AllocateBatchSecondaryIp)" = 1 ]; }
has_addresses() { [ "$(simulator "addresses?mac=$(node_mac "$1")" | jq '[.addresses[] | select(.primary | not)] | length')" -ge "$2" ]; }
wait_for 5 "an allocation under way" has_addresses node-d 3
ipamd_stop node-d KILL || true
killed_at=$SECONDS
orphans=$(simulator "addresses?mac=$(node_mac node-d)" | jq -r '.addresses[] | select(.primary | not).ip')
ipamd_start node-d

# --- how many calls
node_start node-b
ipamd_start node-b --pool-low=50 --pool-high=60
expect "a pool of 50 is filled from empty" eventually 10 warm node-b 50
n=$(calls node-b)
expect "by 3 calls at most: $n" [ "$n" -le 3 ]
ipamd_stop node-b
ipamd_start node-b --pool-low=250 --pool-high=260 --verify-interval=1 --cooldownPeriodSeconds=1
expect "a pool of 250" eventually 10 warm node-b 250
n=$(calls node-b DescribeSecondaryIp) m=$(no_lists node-b)
verified() { [ "$(calls node-b DescribeSecondaryIp)" -ge $((n + 4)) ]; }
t=$(us)
expect "is compared with the VPC" eventually 10 verified
looks=$(($(took "$t" | cut -d. -f1) / 1000 + 2))
n=$(($(calls node-b DescribeSecondaryIp) - n))
expect "by one call each second: $n in $((looks - 2)) s" [ "$n" -le "$looks" ]
same "and no other" "$m" "$(no_lists node-b)"

# --- 1.0.1: an expired token
pod_start node-b web-1
n=$(token_requests node-b)
fault node-b '{"match": {"action": "write"}, "when": {"next": 1}, "do": {"expire_token": true}}'
for i in {2..4}; do pod_start node-b "web-$i" || not_ok "ADD web-$i"; done
expect "1.0.1: the token expires under an allocation" eventually 5 eval '[ "$(refused node-b 174)" = 1 ]'
expect "1.0.1: which succeeds nevertheless" eventually 5 warm node-b 250
same "1.0.1: with one new token" "$((n + 1))" "$(token_requests node-b)"
refuse "1.0.1: and nobody needs to know" says node-b 'reason=vpc-'

# --- 1.2.1: an address that was given to another host's interface
fault node-b '{"match": {"action": "write"}, "when": {"next": 1}, "do": {"wrong_mac": true}}'
pod_start node-b web-5 || not_ok "ADD web-5"
expect "1.2.1: an answer that names another's MAC is noticed" eventually 5 says node-b "was given to mac=.* instead of mac=$(node_mac node-b), and isn't used; given back: yes"
expect "1.2.1: another address is taken" eventually 5 warm node-b 250
expect "everything agrees" agrees node-b 15

# --- 1.3.0: an address that the VPC no longer has
ip=$(pod_ip node-b web-1)
expect "a pod reaches the gateway" pings node-b web-1
n=$(vpc_dropped spoofed) m=$(vpc_dropped no-owner)
# So that there is time to look before it is mended.
fault node-b '{"match": {"action": "AllocateSecondaryIp"}, "do": {"latency_at": "before", "latency": {"distribution": "constant", "ms": 6000}}}'
address take '{"ip": "'"$ip"'"}'
refuse "when its address is nobody's it doesn't" pings node-b web-1
expect "what it sends is dropped as spoofed" [ "$(vpc_dropped spoofed)" -gt "$n" ]
refuse "it can't be reached" ping -q -c 1 -W 1 "$ip"
expect "what is sent to it has no owner" [ "$(vpc_dropped no-owner)" -gt "$m" ]
no_faults
expect "1.3.0: the address is claimed again" eventually 20 eval '[ "$(owner "$ip")" = "$(node_mac node-b)" ]'
expect "1.3.0: and the pod reaches the gateway" eventually 5 pings node-b web-1
gone=$(pool node-b warm | head -n 1)
address move '{"ip": "'"$gone"'", "mac": "'"$(node_mac node-i)"'"}'
expect "1.3.0: a warm address that is another host's now leaves the pool" eventually 20 eval '[ -z "$(state_of node-b "$gone")" ]'
expect "1.3.0: with its reason" says node-b "reason=lost address=$gone"
same "1.3.0: and stays with the other host" "$(node_mac node-i)" "$(owner "$gone")"
address move '{"ip": "'"$ip"'", "mac": "'"$(node_mac node-i)"'"}'
expect "an address that a pod has and another host, too, is told" eventually 20 says node-b "reason=lost address=$ip"
same "and stays with the pod" leased "$(state_of node-b "$ip")"
address move '{"ip": "'"$ip"'", "mac": "'"$(node_mac node-b)"'"}'
expect "until it is back" eventually 20 says node-b "reason=reclaimed address=$ip"
stray=10.126.70.1
address give '{"ip": "'"$stray"'", "mac": "'"$(node_mac node-b)"'"}'
expect "an address that came unasked is taken in" eventually 20 eval '[ "$(state_of node-b "$stray")" = warm ]'
expect "everything agrees" agrees node-b 15

# --- 1.3.3: several interfaces
node_start node-c
ip link add second type veth peer name eth1 address $second_mac netns "${node_pid[node-c]}"
ip link set second up
on node-c ip addr add 10.127.0.13/24 dev eth1
on node-c ip link set eth1 up
secondary() { simulator "addresses?mac=$1" | jq '[.addresses[] | select(.primary | not)] | length'; }
ipamd_start node-c
expect "1.3.3: of two interfaces the default one gets the addresses" eventually 5 warm node-c 3
same "1.3.3: and the other none" "3 0" "$(secondary "$(node_mac node-c)") $(secondary $second_mac)"
ipamd_stop node-c
on node-c rm -rf /var/lib/cnivpc
ipamd_start node-c --subnet=subnet-pods
expect "1.3.3: with --subnet the one in that subnet does" eventually 5 warm node-c 3
same "1.3.3: and the other no more" "3 3" "$(secondary "$(node_mac node-c)") $(secondary $second_mac)"
pod_start node-c web-1 || not_ok "ADD web-1"
expect "1.3.3: a pod with such an address reaches that subnet's gateway" in_pod node-c web-1 ping -q -c 1 -W 1 10.127.0.1
ipamd_stop node-c

node_start node-f
on node-f ip link set eth0 down
on node-f ip link set eth0 name bond0
on node-f ip link set bond0 up
on node-f ip route add 100.80.80.80 via 10.126.0.1
on node-f ip link add eth0 type veth peer name nowhere
on node-f ip link set nowhere up
on node-f ip link set eth0 up
on node-f ip addr add 192.168.9.9/24 dev eth0
on node-f ip route add default via 192.168.9.1
ipamd_start node-f
expect "1.3.3: on bare metal it is the one that the metadata name, though the default route is another's" eventually 5 warm node-f 3
same "1.3.3: by its MAC" 3 "$(secondary "$(node_mac node-f)")"
ipamd_stop node-f
refuse "1.2.1: an interface that the VPC doesn't count as this host's is refused" \
  on node-f timeout 10 "$CNIVPC" ipamd --interface=eth0
same "1.2.1: with exit status 1" 1 "$(on node-f timeout 10 "$CNIVPC" ipamd --interface=eth0 >/dev/null 2>"$LAB/node-f/refused"; echo $?)"
expect "1.2.1: and its reason" grep 'host upm-node-f has no interface with MAC' "$LAB/node-f/refused"

# --- the cloud is down
node_start node-e
ipamd_start node-e --pool-low=5 --verify-interval=1 --verify-max-age=2
expect "five addresses" eventually 5 warm node-e 5
for what in '*' metadata sts; do
  fault node-e '{"match": {"action": "'$what'"}, "do": {"http_status": 503}}'
done
sleep 3
for i in {1..3}; do expect "API and metadata down: ADD $i succeeds all the same" pod_start node-e "web-$i"; done
ipamd_stop node-e KILL || true
ipamd_start node-e --pool-low=5 --verify-interval=1 --verify-max-age=2
expect "ipamd starts where it was" says node-e "the metadata don't answer, so the node is taken to be where it was"
for i in 4 5; do expect "ADD $i, too" pod_start node-e "web-$i"; done
same "the next has nothing to get: code 11" 11 "$(pod_start node-e web-6 | jq .code)"
expect "and the log says why" says node-e 'reason=vpc-unavailable'
no_faults
expect "API up again: ADD succeeds" eventually 90 cni_add node-e web-6

# --- the plugin alone
node_start node-g
expect "on a node where ipamd never ran the plugin allocates by itself" pod_start node-g web-1
same "for the node's own interface" "$(node_mac node-g)" "$(owner "$(pod_ip node-g web-1)")"
expect "the pod reaches the gateway" pings node-g web-1
ipamd_start node-g
same "ipamd takes its lease over" leased "$(state_of node-g "$(pod_ip node-g web-1)")"
ipamd_stop node-g
for i in {2..5}; do expect "ipamd is down: ADD $i" pod_start node-g "web-$i"; done
for i in {1..5}; do expect "DEL $i" pod_stop node-g "web-$i"; done
ipamd_start node-g
expect "everything agrees" agrees node-g 15

# --- what was in the background
rc=0
wait "$churn" || rc=$?
same "70 pods came and went, one a second: $(tail -n 1 "$LAB/churn.log")" 0 "$rc"
n=$(($(cat "$LAB/churn.after") - $(cat "$LAB/churn.before")))
expect "less than 0.1 calls a pod: $n calls for 70" [ "$n" -lt 7 ]
expect "everything agrees" agrees node-a 15
known() { local ip; for ip in $orphans; do [ -n "$(state_of node-d "$ip")" ] || return 1; done; }
expect "ipamd killed while it allocated: the addresses are found" eventually 30 known
expect "everything agrees where the cloud was down" agrees node-e 100
expect "and all is settled 75 s later" agrees node-d 100
echo "# $((SECONDS - killed_at)) s after the kill"
lab_done
